//! The one chunk grammar: `size[;extension] CRLF data CRLF … 0[;extension] CRLF trailers CRLF`.
//!
//! `aws-chunked` is written by many hands, and differs in how it ends. Accepted, for that coding
//! only: a body that stops right after the last chunk's line or a trailer line, without the empty
//! line (botocore's older form); and a trailer line that ends `\n\r\n` (minio-go, and AWS's own
//! example), where the CRLF is part of that line's end and not the empty line.

use super::{BadBody, take};
use crate::limits::{CHUNK_LINE_BYTES_MAX, TRAILERS_MAX};
use std::borrow::Cow;

/// Whose chunks they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// `Transfer-Encoding: chunked`: extensions and trailers say nothing to us.
    Http,
    /// `aws-chunked`: both are signed.
    Aws,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    SizeLine,
    /// Bytes of the chunk still to come, never 0.
    Data(u64),
    Cr,
    Lf,
    Trailers {
        count: usize,
        /// The last line ended in a bare LF: an empty line now belongs to it.
        bare_lf: bool,
    },
    Done,
}

/// What a step saw.
pub(super) enum Step {
    /// Nothing to report yet.
    More,
    /// A chunk-size line.
    Size { size: u64, extension: Box<str> },
    /// The bytes consumed are data.
    Data,
    /// A trailer line.
    Trailer { name: Box<str>, value: Box<str> },
}

/// A chunked body, up to where it was read.
pub(super) struct Chunks {
    coding: Coding,
    state: State,
    /// The start of a line whose end has not arrived.
    line: Vec<u8>,
}

impl Chunks {
    pub(super) fn new(coding: Coding) -> Chunks {
        Chunks { coding, state: State::SizeLine, line: Vec::new() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The last data byte of a chunk was just seen.
    pub(super) fn chunk_is_over(&self) -> bool {
        self.state == State::Cr
    }

    /// Consumes some of `input`, which is not empty; not to be called when done.
    pub(super) fn step(&mut self, input: &[u8]) -> Result<(usize, Step), BadBody> {
        match self.state {
            State::Data(left) => {
                let used = take(left, input.len());
                let left = left - used as u64;
                self.state = if left == 0 { State::Cr } else { State::Data(left) };
                Ok((used, Step::Data))
            }
            State::Cr => self.expect(input, b'\r', State::Lf),
            State::Lf => self.expect(input, b'\n', State::SizeLine),
            State::SizeLine => self.line(input, Chunks::size_line),
            State::Trailers { .. } => self.line(input, Chunks::trailer_line),
            State::Done => Ok((0, Step::More)),
        }
    }

    /// The framing around these chunks is over: they must be too.
    pub(super) fn end_of_input(&mut self) -> Result<(), BadBody> {
        let ends_here = matches!(self.state, State::Trailers { .. }) && self.line.is_empty();
        if ends_here && self.coding == Coding::Aws {
            self.state = State::Done;
        }
        if self.is_done() { Ok(()) } else { Err(BadBody::UnexpectedEof) }
    }

    fn expect(&mut self, input: &[u8], byte: u8, next: State) -> Result<(usize, Step), BadBody> {
        if input.first() != Some(&byte) {
            return Err(BadBody::Malformed);
        }
        self.state = next;
        Ok((1, Step::More))
    }

    /// Collects a line, across cuts, and hands it over with its LF.
    fn line(
        &mut self,
        input: &[u8],
        read: fn(&mut Chunks, &[u8]) -> Result<Step, BadBody>,
    ) -> Result<(usize, Step), BadBody> {
        let end = memchr::memchr(b'\n', input).map(|lf| lf + 1);
        let part = &input[..end.unwrap_or(input.len())];
        if self.line.len() + part.len() > CHUNK_LINE_BYTES_MAX {
            return Err(BadBody::LineTooLong);
        }
        if end.is_none() {
            self.line.extend_from_slice(part);
            return Ok((part.len(), Step::More));
        }
        let mut kept = std::mem::take(&mut self.line);
        let line = match kept.is_empty() {
            true => Cow::Borrowed(part),
            false => {
                kept.extend_from_slice(part);
                Cow::Owned(kept)
            }
        };
        let step = read(self, &line)?;
        Ok((part.len(), step))
    }

    fn size_line(&mut self, line: &[u8]) -> Result<Step, BadBody> {
        let line = printable(line.strip_suffix(b"\r\n").ok_or(BadBody::Malformed)?)?;
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let size = hex(size)?;
        self.state = match size {
            0 => State::Trailers { count: 0, bare_lf: false },
            _ => State::Data(size),
        };
        Ok(match self.coding {
            Coding::Http => Step::More,
            Coding::Aws => Step::Size { size, extension: extension.into() },
        })
    }

    fn trailer_line(&mut self, line: &[u8]) -> Result<Step, BadBody> {
        let State::Trailers { count, bare_lf } = self.state else {
            return Err(BadBody::Malformed);
        };
        if line == b"\r\n" {
            self.state =
                if bare_lf { State::Trailers { count, bare_lf: false } } else { State::Done };
            return Ok(Step::More);
        }
        let (line, bare_lf) = match line.strip_suffix(b"\r\n") {
            Some(line) => (line, false),
            None if self.coding == Coding::Aws => (&line[..line.len() - 1], true),
            None => return Err(BadBody::Malformed),
        };
        if count == TRAILERS_MAX {
            return Err(BadBody::TooManyTrailers);
        }
        self.state = State::Trailers { count: count + 1, bare_lf };
        let (name, value) = printable(line)?.split_once(':').ok_or(BadBody::Malformed)?;
        if name.is_empty() || name.contains([' ', '\t']) {
            return Err(BadBody::Malformed);
        }
        Ok(match self.coding {
            Coding::Http => Step::More,
            Coding::Aws => Step::Trailer {
                name: name.to_ascii_lowercase().into(),
                value: value.trim_matches([' ', '\t']).into(),
            },
        })
    }
}

/// The text of a line: UTF-8 without control characters (a CR inside a line is another reader's
/// line end).
fn printable(line: &[u8]) -> Result<&str, BadBody> {
    if line.iter().any(|&b| (b < b' ' && b != b'\t') || b == 0x7f) {
        return Err(BadBody::Malformed);
    }
    std::str::from_utf8(line).map_err(|_| BadBody::Malformed)
}

/// A chunk size: 1 to 16 hex digits, so that it always fits (hyper's CVE-2021-32714 overflowed).
fn hex(digits: &str) -> Result<u64, BadBody> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BadBody::Malformed);
    }
    if digits.len() > 16 {
        return Err(BadBody::SizeOverflow);
    }
    u64::from_str_radix(digits, 16).map_err(|_| BadBody::SizeOverflow)
}
