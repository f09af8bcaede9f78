//! An answer before it is written, and its head as bytes.
//!
//! Last step on a request's way: handlers build a [`Response`], [`super::connection`] writes it.
//! Header names are written as given, in Title-Case: Cyberduck 4.7.2 crashes on lower-case `date`
//! and `last-modified`.
//!
//! Refused (security class J, response splitting): metadata that a client stored comes back as a
//! header. A control character in a value becomes a space, and a header whose name is no token is
//! left out; both are done again where the bytes are made, so that no way around exists.

use crate::types::Timestamp;
use std::borrow::Cow;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

/// An answer, before it is written.
#[derive(Debug)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers in order, names Title-Case. Date, Server, Content-Length, Connection are added when
    /// written.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// Body.
    pub body: ResponseBody,
}

/// The bytes of an answer.
#[derive(Debug)]
pub enum ResponseBody {
    /// Content-Length: 0 (204 and 304 carry none).
    Empty,
    /// In memory.
    Bytes(Vec<u8>),
    /// `bytes` bytes of `file` from `offset`.
    File {
        /// The object.
        file: Arc<File>,
        /// First byte.
        offset: u64,
        /// How many.
        bytes: u64,
    },
}

impl ResponseBody {
    /// Length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            ResponseBody::Empty => 0,
            ResponseBody::Bytes(bytes) => bytes.len() as u64,
            ResponseBody::File { bytes, .. } => *bytes,
        }
    }
}

/// What the writer must know beside the answer itself.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// Answers HEAD: everything but the body.
    pub head_only: bool,
    /// The connection ends after this answer, and says so.
    pub close: bool,
    /// The server's time, for `Date`.
    pub date: Timestamp,
}

impl Response {
    /// No body.
    pub fn empty(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: ResponseBody::Empty }
    }

    /// 200 with `Content-Type: application/xml`.
    pub fn xml(document: String) -> Response {
        Response::document("application/xml", document)
    }

    /// 200 with a document of that type.
    pub fn document(content_type: &'static str, document: String) -> Response {
        let body = ResponseBody::Bytes(document.into_bytes());
        Response { status: 200, headers: Vec::new(), body }.header("Content-Type", content_type)
    }

    /// Adds a header. Control characters in `value` become spaces; where `name` is no token
    /// (RFC 9110 section 5.6.2) the header is left out.
    pub fn header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Response {
        let (name, value) = (name.into(), value.into());
        if is_token(&name) {
            let value = if is_clean(&value) { value } else { clean(&value) };
            self.headers.push((name, value));
        }
        self
    }

    /// Status line and headers, with those that every answer has.
    ///
    /// Content-Length is the length of the body; an answer to HEAD that has no body at hand may
    /// bring its own. 204 and 304 have none (RFC 9110 section 8.6).
    pub(super) fn head(&self, options: WriteOptions, connection: Option<&str>) -> Vec<u8> {
        let mut head = Vec::with_capacity(512);
        put(&mut head, format_args!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)));
        let own_length = options.head_only && matches!(self.body, ResponseBody::Empty);
        let mut length = None;
        for (name, value) in self.headers.iter().filter(|(name, _)| is_token(name)) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok().filter(|_| own_length);
                continue;
            }
            let value =
                if is_clean(value) { Cow::Borrowed(value) } else { Cow::Owned(clean(value)) };
            put(&mut head, format_args!("{name}: {value}\r\n"));
        }
        put(
            &mut head,
            format_args!("Date: {}\r\nServer: glassbucket\r\n", options.date.http_date()),
        );
        if !matches!(self.status, 204 | 304) {
            let length: u64 = length.unwrap_or_else(|| self.body.length());
            put(&mut head, format_args!("Content-Length: {length}\r\n"));
        }
        if let Some(connection) = connection {
            put(&mut head, format_args!("Connection: {connection}\r\n"));
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// Whether the body goes out: a client looks for none after HEAD, 204 and 304.
    pub(super) fn has_body(&self, head_only: bool) -> bool {
        !head_only && !matches!(self.status, 204 | 304)
    }
}

fn put(head: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    head.write_fmt(text).expect("a Vec takes all");
}

fn is_clean(value: &str) -> bool {
    !value.bytes().any(|b| (b < b' ' && b != b'\t') || b == 0x7f)
}

fn clean(value: &str) -> String {
    value.chars().map(|c| if c.is_ascii_control() && c != '\t' { ' ' } else { c }).collect()
}

fn is_token(name: &str) -> bool {
    let tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(tchar)
}

/// The words of a status, as in the status line.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        411 => "Length Required",
        412 => "Precondition Failed",
        416 => "Requested Range Not Satisfiable",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "", // RFC 9112 section 4: the phrase may be empty, the space before it may not
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: &Response, head_only: bool, connection: Option<&str>) -> String {
        let date = Timestamp::new(1_795_287_127, 0);
        let options = WriteOptions { head_only, close: false, date };
        String::from_utf8(response.head(options, connection)).unwrap()
    }

    #[test]
    fn a_head_in_title_case() {
        assert_eq!(
            written(&Response::xml("<a/>".into()).header("ETag", "\"x\""), false, Some("close")),
            "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nETag: \"x\"\r\n\
             Date: Sat, 21 Nov 2026 18:52:07 GMT\r\nServer: glassbucket\r\n\
             Content-Length: 4\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn class_j_no_header_splits_the_response() {
        let mut response = Response::empty(200)
            .header("x-amz-meta-a", "b\r\nSet-Cookie: c\0\u{7f}\td é")
            .header("x-amz-meta-\r\nEvil", "1")
            .header("", "1")
            .header("a b", "1");
        assert_eq!(
            response.headers,
            [("x-amz-meta-a".into(), "b  Set-Cookie: c  \td é".to_owned())]
        );
        response.headers.push(("X".into(), "a\r\nb".into()));
        response.headers.push(("Y:".into(), "a".into()));
        let text = written(&response, false, None);
        assert!(text.contains("\r\nX: a  b\r\n"), "{text}");
        assert!(!text.contains("Y:"), "{text}");
        assert_eq!(text.lines().count(), 7, "{text}");
    }

    #[test]
    fn content_length_is_that_of_the_body() {
        let lengths = |response: &Response, head_only| {
            let text = written(response, head_only, None);
            let mut lines = text.lines();
            let length = lines.find_map(|line| line.strip_prefix("Content-Length: "));
            assert_eq!(lines.find(|line| line.starts_with("Content-Length")), None);
            length.map(str::to_owned)
        };
        let own = |response: Response| response.header("Content-Length", "99");
        assert_eq!(lengths(&own(Response::xml("abc".into())), false).as_deref(), Some("3"));
        assert_eq!(lengths(&own(Response::xml("abc".into())), true).as_deref(), Some("3"));
        assert_eq!(lengths(&own(Response::empty(200)), false).as_deref(), Some("0"));
        assert_eq!(lengths(&own(Response::empty(200)), true).as_deref(), Some("99"));
        assert_eq!(lengths(&Response::empty(204), false), None);
        assert_eq!(lengths(&Response::empty(304), false), None);
    }

    #[test]
    fn every_status_of_the_error_table_has_a_phrase() {
        for code in crate::error::ErrorCode::ALL {
            assert_ne!(reason(code.status()), "", "{}", code.name());
        }
    }
}
