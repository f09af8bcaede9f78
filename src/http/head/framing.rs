//! The headers that decide where a request ends and whom it is for (security class N).
//!
//! RFC 9112 sections 3.2 (Host) and 6 (framing), without their leniencies. Refused: a second value
//! of any of the three, both framings at once, a length that is not plain digits, a coding that is
//! not `chunked` alone.

use super::super::body::Framing;
use super::{BadHead, Span};

/// Every occurrence of one header, so that a second one can be seen.
#[derive(Clone, Copy)]
pub(super) struct Header<'h> {
    text: &'h str,
    headers: &'h [(Span, Span)],
    name: &'static str,
}

impl<'h> Header<'h> {
    pub(super) fn find(
        text: &'h str,
        headers: &'h [(Span, Span)],
        name: &'static str,
    ) -> Header<'h> {
        Header { text, headers, name }
    }

    fn spans(self) -> impl Iterator<Item = &'h Span> {
        let named = move |(name, value): &'h (Span, Span)| {
            self.text[name.clone()].eq_ignore_ascii_case(self.name).then_some(value)
        };
        self.headers.iter().filter_map(named)
    }

    fn values(self) -> impl Iterator<Item = &'h str> {
        self.spans().map(move |span| &self.text[span.clone()])
    }

    /// First value; "" where there is none.
    pub(super) fn first(self) -> &'h str {
        self.values().next().unwrap_or("")
    }

    /// The value of a header that may be there once: else `twice`.
    fn once(self, twice: BadHead) -> Result<Option<&'h Span>, BadHead> {
        let mut spans = self.spans();
        let first = spans.next();
        if spans.next().is_some() { Err(twice) } else { Ok(first) }
    }
}

/// RFC 9112 section 6.3, without its leniencies.
pub(super) fn framing(
    content_length: Header<'_>,
    transfer_encoding: Header<'_>,
    http_1_0: bool,
) -> Result<Framing, BadHead> {
    let length = content_length.once(BadHead::ContentLengthTwice)?;
    let coding = transfer_encoding.once(BadHead::TransferEncodingTwice)?;
    match (length, coding) {
        (None, None) => Ok(Framing::None),
        (Some(_), Some(_)) => Err(BadHead::ContentLengthAndTransferEncoding),
        (None, Some(_)) if http_1_0 => Err(BadHead::TransferEncodingOn10),
        (None, Some(_)) if transfer_encoding.first().eq_ignore_ascii_case("chunked") => {
            Ok(Framing::Chunked)
        }
        (None, Some(_)) => Err(BadHead::TransferEncoding),
        (Some(_), None) => digits(content_length.first()).map(Framing::Length),
    }
}

/// Digits and nothing else: Rust's own `parse` takes `+5` (CVE-2021-32715).
fn digits(value: &str) -> Result<u64, BadHead> {
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadHead::ContentLength);
    }
    value.parse().map_err(|_| BadHead::ContentLength)
}

/// RFC 9112 section 3.2: one Host on HTTP/1.1, and it must look like one.
pub(super) fn host(host: Header<'_>, http_1_0: bool) -> Result<Span, BadHead> {
    let Some(span) = host.once(BadHead::HostTwice)? else {
        return if http_1_0 { Ok(0..0) } else { Err(BadHead::HostMissing) };
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]%~".contains(&b);
    let value = host.first();
    if value.is_empty() || !value.bytes().all(fits) {
        return Err(BadHead::Host);
    }
    Ok(span.clone())
}

/// RFC 9112 section 9.3: `close` wins over all; HTTP/1.0 stays only where it asks to.
pub(super) fn keep_alive(connection: Header<'_>, http_1_0: bool) -> bool {
    let says = |option: &str| {
        connection
            .values()
            .flat_map(|value| value.split(','))
            .any(|said| said.trim_matches([' ', '\t']).eq_ignore_ascii_case(option))
    };
    !says("close") && (!http_1_0 || says("keep-alive"))
}
