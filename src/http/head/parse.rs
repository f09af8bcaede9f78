//! From bytes to a [`RequestHead`]: first the lines, then httparse, then the rules it leaves open.
//!
//! RFC 9112 sections 2 to 5. The lines come first because httparse takes a bare LF and folded
//! lines, which a proxy in front may read otherwise. What is refused is told in [`super`].

use super::framing::{self, Header};
use super::{BadHead, Method, RequestHead, Span, target};
use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX, LEADING_EMPTY_LINES_MAX};

/// See [`RequestHead::parse`].
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, BadHead> {
    let start = leading_empty_lines(bytes);
    let bytes_of_head = &bytes[start..];
    let bounded = &bytes_of_head[..bytes_of_head.len().min(HEAD_BYTES_MAX)];
    let Some(length) = head_length(bounded)? else {
        let full = bounded.len() == HEAD_BYTES_MAX;
        return if full { Err(BadHead::TooLarge) } else { Ok(None) };
    };
    let text = std::str::from_utf8(&bounded[..length]).map_err(|_| BadHead::NotUtf8)?;
    Ok(Some((read(text)?, start + length)))
}

fn leading_empty_lines(bytes: &[u8]) -> usize {
    let lines = bytes.chunks_exact(2).take(LEADING_EMPTY_LINES_MAX);
    2 * lines.take_while(|line| *line == b"\r\n").count()
}

/// The bytes up to and with the empty line, where it has arrived.
///
/// A control byte is told at once, without waiting for that line: else a TLS handshake on a plain
/// port would hold its connection until the time is over.
fn head_length(bytes: &[u8]) -> Result<Option<usize>, BadHead> {
    let length = empty_line(bytes)?;
    let mut head = bytes[..length.unwrap_or(bytes.len())].iter();
    if head.any(|&b| (b < b' ' && !matches!(b, b'\r' | b'\n' | b'\t')) || b == 0x7f) {
        return Err(BadHead::ControlByte);
    }
    Ok(length)
}

/// Walks the lines up to the empty one; returns where it ends.
///
/// httparse would take a bare LF for the end of a line, and a proxy in front may not: each LF must
/// follow a CR, and no line may begin as a continuation.
fn empty_line(bytes: &[u8]) -> Result<Option<usize>, BadHead> {
    let mut line_start = 0;
    for lf in memchr::memchr_iter(b'\n', bytes) {
        match &bytes[line_start..lf] {
            [b'\r'] if line_start > 0 => return Ok(Some(lf + 1)),
            [b'\r'] => return Err(BadHead::Malformed),
            [b' ' | b'\t', ..] => return Err(BadHead::FoldedLine),
            [.., b'\r'] => line_start = lf + 1,
            _ => return Err(BadHead::BareLf),
        }
    }
    Ok(None)
}

/// Reads a whole head.
fn read(text: &str) -> Result<RequestHead, BadHead> {
    let mut slots = [const { std::mem::MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_request_with_uninit_headers(&mut request, text.as_bytes(), &mut slots)
        .map_err(reason)?;
    // The whole head was given, so "partial" can only mean that the two parsers disagree.
    if parsed != httparse::Status::Complete(text.len()) {
        return Err(BadHead::Malformed);
    }
    let headers = spans(text, request.headers)?;
    let header = |name: &'static str| Header::find(text, &headers, name);
    let http_1_0 = request.version == Some(0);
    let method = Method::parse(request.method.unwrap_or_default());
    let target = target::read(text, method, request.path.unwrap_or_default())?;
    let host = framing::host(header("host"), http_1_0)?;
    if let Some(authority) = &target.authority
        && !text[authority.clone()].eq_ignore_ascii_case(&text[host.clone()])
    {
        return Err(BadHead::Host);
    }
    let framing =
        framing::framing(header("content-length"), header("transfer-encoding"), http_1_0)?;
    let expects_continue = header("expect").first().eq_ignore_ascii_case("100-continue");
    Ok(RequestHead {
        method,
        request_line: 0..memchr::memchr(b'\r', text.as_bytes()).unwrap_or(0),
        path: target.path,
        params: target::params(&text[target.query.clone()])?,
        query: target.query,
        host,
        hoisted: Vec::new(),
        framing,
        http_1_0,
        keep_alive: framing::keep_alive(header("connection"), http_1_0),
        expects_continue: expects_continue && !http_1_0,
        headers,
        text: text.to_owned(),
    })
}

/// Places of names and values, OWS trimmed.
fn spans(text: &str, headers: &[httparse::Header<'_>]) -> Result<Vec<(Span, Span)>, BadHead> {
    headers
        .iter()
        .map(|header| {
            let value = std::str::from_utf8(header.value).map_err(|_| BadHead::NotUtf8)?;
            let value = value.trim_matches([' ', '\t']);
            Ok((span(text, header.name), span(text, value)))
        })
        .collect()
}

/// Where `part`, a slice of `text`, lies in it.
pub(super) fn span(text: &str, part: &str) -> Span {
    if part.is_empty() {
        return 0..0; // an empty slice may point anywhere
    }
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    assert!(start + part.len() <= text.len(), "a part lies inside its text");
    start..start + part.len()
}

fn reason(error: httparse::Error) -> BadHead {
    match error {
        httparse::Error::TooManyHeaders => BadHead::TooManyHeaders,
        httparse::Error::Version => BadHead::Version,
        _ => BadHead::Malformed,
    }
}
