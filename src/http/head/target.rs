//! The request target: its path and query, and the one percent-decoder.
//!
//! RFC 9112 section 3.2. Path and query leave here as they were sent, for they are signed so;
//! `router` and `auth` decode them once, by [`percent_decode`]. Refused: authority-form, a
//! fragment, user information, `*` on anything but OPTIONS, and escapes that are none.

use super::parse::span;
use super::{BadHead, Method, Span};

/// The parts of a request target.
pub(super) struct Target {
    pub(super) path: Span,
    pub(super) query: Span,
    /// Of an absolute-form target.
    pub(super) authority: Option<Span>,
}

/// RFC 9112 section 3.2: origin-form, absolute-form (what a proxy is sent), and `*` for OPTIONS.
/// `target` is a part of `text`.
pub(super) fn read(text: &str, method: Method, target: &str) -> Result<Target, BadHead> {
    if target.contains('#') {
        return Err(BadHead::Target);
    }
    if target == "*" && method == Method::Options {
        return Ok(Target { path: 0..0, query: 0..0, authority: None });
    }
    let (authority, rest) = match without_scheme(target) {
        None => (None, target),
        Some(rest) => {
            let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            (Some(authority), rest)
        }
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let rooted = path.starts_with('/') || (authority.is_some() && path.is_empty());
    // "user@host" names somebody else than it seems to; RFC 9110 section 4.2.4 has it refused.
    if !rooted || authority.is_some_and(|a| a.is_empty() || a.contains('@')) {
        return Err(BadHead::Target);
    }
    Ok(Target {
        path: span(text, path),
        query: span(text, query),
        authority: authority.map(|authority| span(text, authority)),
    })
}

fn without_scheme(target: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// Splits and decodes a query; `BadHead::Query` where an escape is bad or the text not UTF-8.
pub fn params(query: &str) -> Result<Vec<(String, Option<String>)>, BadHead> {
    let decode = |text| {
        let bytes = percent_decode(text, true).ok_or(BadHead::Query)?;
        String::from_utf8(bytes).map_err(|_| BadHead::Query)
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => Ok((decode(name)?, Some(decode(value)?))),
            None => Ok((decode(pair)?, None)),
        })
        .collect()
}

/// Percent-decodes once; `None` at a bad escape. `plus_is_space` for queries.
///
/// Strict, because a lenient decoder (`%4` or `%zz` kept as they are) gives one key two spellings,
/// and a signature check and a store that read it differently (security classes D and E).
pub fn percent_decode(text: &str, plus_is_space: bool) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
            b'+' if plus_is_space => b' ',
            _ => byte,
        });
    }
    Some(decoded)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
