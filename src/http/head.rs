//! The head of a request: request line and headers, parsed once and checked against smuggling.
//!
//! First step on a request's way: [`super::connection`] hands in what has arrived and gets a
//! [`RequestHead`], "more bytes", or a named [`BadHead`]. Pure: no I/O, no clock.
//!
//! Obeys RFC 9112 (HTTP/1.1) and RFC 9110 (semantics). Where they let a server choose, this one
//! refuses: two readers that may disagree on where a request ends, or whom it is for, are how
//! requests are smuggled (hyper CVE-2021-32714, CVE-2021-32715, RUSTSEC-2021-0020). Refused are
//! both framings at once, any second Content-Length or Transfer-Encoding, every number that is not
//! plain digits, folded lines, bare LF, control bytes, text that is not UTF-8, and a missing or
//! doubled Host. [`BadHead`] lists each.
//!
//! Deviations: an absolute-form target must agree with Host (RFC 9112 section 3.2.2 would ignore
//! Host, but Host is what S3 clients sign). Raw non-ASCII UTF-8 in a target is let pass, as on AWS:
//! old S3 clients send it. Empty Content-Type, Expect, User-Agent and Range are as absent:
//! back-ends behind nginx and FastCGI see them.

mod bad;
mod framing;
mod parse;
mod target;

pub use bad::BadHead;
pub use target::{params, percent_decode};

pub use super::body::Framing;
use std::ops::Range;

/// Request method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are HTTP's own
pub enum Method {
    Get,
    Head,
    Put,
    Post,
    Delete,
    Options,
    /// Any other token; no operation of S3 has one.
    Other,
}

impl Method {
    /// Methods are case-sensitive (RFC 9110 section 9.1).
    fn parse(token: &str) -> Method {
        match token {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        }
    }
}

/// A place in the text of a head, in bytes.
type Span = Range<usize>;

/// A request line and headers, parsed once; all of it is UTF-8.
///
/// One owned text with places in it: no header has an allocation of its own.
#[derive(Clone, Debug)]
pub struct RequestHead {
    text: String,
    method: Method,
    request_line: Span,
    path: Span,
    query: Span,
    host: Span,
    headers: Vec<(Span, Span)>,
    params: Vec<(String, Option<String>)>,
    hoisted: Vec<(String, String)>,
    framing: Framing,
    http_1_0: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl RequestHead {
    /// Reads a head from the first bytes of a connection.
    ///
    /// `None`: more bytes are wanted. Else the head and how many bytes it took, with the empty line
    /// that ends it and at most two empty lines that old clients send before it.
    pub fn parse(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, BadHead> {
        parse::parse(bytes)
    }

    /// The head of no request: nothing but these fields, which count as headers. A browser's form
    /// brings them in its body.
    pub fn of_fields(fields: Vec<(String, String)>) -> RequestHead {
        RequestHead {
            text: String::new(),
            method: Method::Post,
            request_line: 0..0,
            path: 0..0,
            query: 0..0,
            host: 0..0,
            headers: Vec::new(),
            params: Vec::new(),
            hoisted: fields,
            framing: Framing::None,
            http_1_0: false,
            keep_alive: false,
            expects_continue: false,
        }
    }

    /// Method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The method as sent, which is what was signed: also where S3 has no such method.
    pub fn method_as_sent(&self) -> &str {
        self.request_line().split(' ').next().unwrap_or_default()
    }

    /// The request line as sent, for the log.
    pub fn request_line(&self) -> &str {
        &self.text[self.request_line.clone()]
    }

    /// Path exactly as sent: percent-encoded, absolute-form targets reduced to their path. Always
    /// starts with `/` (the target `*` of OPTIONS is `/` too).
    pub fn path(&self) -> &str {
        let path = &self.text[self.path.clone()];
        if path.is_empty() { "/" } else { path }
    }

    /// Query exactly as sent, without `?`; "" if none.
    pub fn query(&self) -> &str {
        &self.text[self.query.clone()]
    }

    /// Query parameters percent-decoded once (`+` is a space), in order; value `None` where there
    /// is no `=`.
    pub fn params(&self) -> &[(String, Option<String>)] {
        &self.params
    }

    /// First parameter of that exact name; a valueless one is "".
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.params.iter().find(|(n, _)| n == name)?;
        Some(value.as_deref().unwrap_or(""))
    }

    /// First header of that name (ASCII case-insensitive), OWS trimmed; a hoisted one where no
    /// header has the name. An empty Content-Type, Expect, User-Agent or Range is `None`; other
    /// empty headers are "", for whoever reads them to refuse.
    pub fn header(&self, name: &str) -> Option<&str> {
        let sent = self.headers().find(|(n, _)| n.eq_ignore_ascii_case(name));
        let hoisted = || self.hoisted().find(|(n, _)| n.eq_ignore_ascii_case(name));
        let (name, value) = sent.or_else(hoisted)?;
        (!value.is_empty() || !empty_is_absent(name)).then_some(value)
    }

    /// All headers as sent, in order, names in the client's spelling, values OWS trimmed. Excludes
    /// hoisted ones.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(n, v)| (&self.text[n.clone()], &self.text[v.clone()]))
    }

    /// Every header of that name prefix, names lower-cased, hoisted ones included and last (for
    /// `x-amz-meta-`).
    pub fn headers_with_prefix(&self, prefix: &str) -> Vec<(String, &str)> {
        let matches = |name: &str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        self.headers()
            .chain(self.hoisted())
            .filter(|(name, _)| matches(name))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect()
    }

    /// Host header, which an absolute-form target was checked to agree with; as sent, with port;
    /// "" where an HTTP/1.0 client named none.
    pub fn host(&self) -> &str {
        &self.text[self.host.clone()]
    }

    /// Adds query parameters that count as headers (presigned requests); auth decided which.
    pub fn hoist(&mut self, headers: Vec<(String, String)>) {
        self.hoisted.extend(headers);
    }

    /// How the body is framed, already checked against smuggling.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// HTTP/1.1 without `Connection: close` (1.0 only with keep-alive).
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// An HTTP/1.0 client: it must be told `Connection: keep-alive` if it is to stay.
    pub fn is_http_1_0(&self) -> bool {
        self.http_1_0
    }

    /// `Expect: 100-continue` on HTTP/1.1. Any other expectation is ignored, as on AWS.
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    fn hoisted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.hoisted.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Headers whose emptiness says nothing; see the head of this file.
fn empty_is_absent(name: &str) -> bool {
    ["content-type", "expect", "user-agent", "range"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

#[cfg(test)]
mod tests;
