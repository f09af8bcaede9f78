//! The body of a request, decoded without I/O: bytes in, [`Event`]s out.
//!
//! Stands between the socket ([`super::connection::Body`]) and whoever reads the content. Framing
//! by Content-Length or by `Transfer-Encoding: chunked` (RFC 9112 sections 6 and 7), and inside
//! either, where the client signs a stream, AWS's own `aws-chunked`. Both chunked codings have one
//! grammar, so one reader (the private module `chunks`) reads both, stacked where they are stacked.
//!
//! Copies no content: events are ranges of the caller's buffer. Keeps at most one line of
//! [`crate::limits::CHUNK_LINE_BYTES_MAX`]; no size that a peer sends becomes an allocation.
//!
//! Refused: a size that is not 1 to 16 hex digits (class N: CVE-2021-32714), a chunk without its
//! CRLF, long lines, many trailers, bytes between the end of `aws-chunked` and the end of the body
//! around it (class C), and an end before the end.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

mod chunks;

use super::form::BadForm;
use crate::error::{ErrorCode, S3Error};
use chunks::{Chunks, Coding, Step};
use std::ops::Range;

/// How the head says the body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Neither Content-Length nor Transfer-Encoding: no body.
    None,
    /// Content-Length, in bytes.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
}

/// What the decoder saw; ranges are into the buffer it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Content bytes.
    Data(Range<usize>),
    /// An aws-chunk begins (never emitted for plain `chunked`). Size 0 is the last.
    Chunk {
        /// Declared bytes.
        size: u64,
        /// What follows the `;`, without it, e.g. `chunk-signature=…`.
        extension: Box<str>,
    },
    /// All bytes of the aws-chunk have been seen.
    ChunkEnd,
    /// An aws-chunked trailer line, name lower-cased, OWS trimmed.
    Trailer {
        /// Name.
        name: Box<str>,
        /// Value.
        value: Box<str>,
    },
}

/// Why a body is refused; the connection is closed after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBody {
    /// Not the grammar: a size, a line end, a trailer, or bytes after the end.
    Malformed,
    /// A chunk-size or trailer line over [`crate::limits::CHUNK_LINE_BYTES_MAX`].
    LineTooLong,
    /// Sizes that do not fit 64 bits.
    SizeOverflow,
    /// Over [`crate::limits::TRAILERS_MAX`].
    TooManyTrailers,
    /// The form that it is ended before its closing delimiter.
    FormNotClosed,
    /// The form that it is goes on after its file, for [`crate::limits::FORM_BYTES_MAX`] and more.
    FormTooLong,
    /// The body ended, by its framing or by the end of the connection, before it was whole.
    UnexpectedEof,
    /// Silence for [`crate::limits::BODY_TIMEOUT`], or fewer than
    /// [`crate::limits::BODY_PACE_BYTES`] in that time.
    Timeout,
    /// The connection broke.
    Disconnected,
}

impl From<BadBody> for S3Error {
    fn from(bad: BadBody) -> S3Error {
        let message = match bad {
            BadBody::Timeout => return ErrorCode::RequestTimeout.into(),
            BadBody::UnexpectedEof | BadBody::Disconnected => {
                return ErrorCode::IncompleteBody.into();
            }
            BadBody::FormNotClosed => return BadForm::Malformed.into(),
            BadBody::FormTooLong => return BadForm::TooLong.into(),
            BadBody::Malformed => "The chunked encoding of the body is malformed.",
            BadBody::LineTooLong => "A chunk size or trailer line of the body is too long.",
            BadBody::SizeOverflow => "A chunk size of the body is too large.",
            BadBody::TooManyTrailers => "The body has too many trailers.",
        };
        S3Error::new(ErrorCode::InvalidRequest, message)
    }
}

/// The framing of HTTP around the content.
enum Outer {
    /// Bytes still to come.
    Length(u64),
    Chunked(Chunks),
}

/// Sans-IO decoder: bytes in, events out.
pub struct Decoder {
    outer: Outer,
    inner: Option<Chunks>,
    content_bytes: u64,
}

impl Decoder {
    /// For a framing.
    pub fn new(framing: Framing) -> Decoder {
        let outer = match framing {
            Framing::None => Outer::Length(0),
            Framing::Length(bytes) => Outer::Length(bytes),
            Framing::Chunked => Outer::Chunked(Chunks::new(Coding::Http)),
        };
        Decoder { outer, inner: None, content_bytes: 0 }
    }

    /// Puts the aws-chunked grammar inside the HTTP framing. Before the first content byte only.
    pub fn stack_aws_chunked(&mut self) {
        assert_eq!(self.content_bytes, 0, "stacked before the body is read");
        self.inner = Some(Chunks::new(Coding::Aws));
    }

    /// Forgets the aws-chunked grammar: the rest is read only to be thrown away.
    pub(super) fn unstack(&mut self) {
        self.inner = None;
    }

    /// Consumes what it can of `input`, appends events; returns bytes consumed. Never consumes past
    /// the end of the body. After an error the decoder must not be used again.
    pub fn decode(&mut self, input: &[u8], events: &mut Vec<Event>) -> Result<usize, BadBody> {
        let mut at = 0;
        while at < input.len() && !self.outer_is_done() {
            let data = self.outer_step(input, &mut at)?;
            if data.is_empty() {
                continue;
            }
            match &mut self.inner {
                Some(inner) => decode_inner(inner, input, data, &mut self.content_bytes, events)?,
                None => {
                    self.content_bytes = add(self.content_bytes, data.len())?;
                    events.push(Event::Data(data));
                }
            }
        }
        if self.outer_is_done()
            && let Some(inner) = &mut self.inner
        {
            inner.end_of_input()?;
        }
        Ok(at)
    }

    /// The body is whole, by the framing of HTTP and, where stacked, by aws-chunked too.
    pub fn is_done(&self) -> bool {
        self.outer_is_done() && self.inner.as_ref().is_none_or(Chunks::is_done)
    }

    /// Wire bytes still to come where known.
    pub fn remaining(&self) -> Option<u64> {
        match &self.outer {
            Outer::Length(bytes) => Some(*bytes),
            Outer::Chunked(chunks) => chunks.is_done().then_some(0),
        }
    }

    /// Content bytes decoded so far; at the end, the decoded length.
    pub fn content_bytes(&self) -> u64 {
        self.content_bytes
    }

    fn outer_is_done(&self) -> bool {
        self.remaining() == Some(0)
    }

    /// Moves `at` on; returns the content of the HTTP framing that it passed.
    fn outer_step(&mut self, input: &[u8], at: &mut usize) -> Result<Range<usize>, BadBody> {
        let start = *at;
        match &mut self.outer {
            Outer::Length(bytes) => {
                *at += take(*bytes, input.len() - start);
                *bytes -= (*at - start) as u64;
                Ok(start..*at)
            }
            Outer::Chunked(chunks) => match chunks.step(&input[start..])? {
                (used, Step::Data) => {
                    *at += used;
                    Ok(start..*at)
                }
                (used, _) => {
                    *at += used;
                    Ok(*at..*at)
                }
            },
        }
    }
}

/// Runs the aws-chunked grammar over `data`, a range of `input`.
fn decode_inner(
    inner: &mut Chunks,
    input: &[u8],
    data: Range<usize>,
    content_bytes: &mut u64,
    events: &mut Vec<Event>,
) -> Result<(), BadBody> {
    let mut at = data.start;
    while at < data.end {
        if inner.is_done() {
            return Err(BadBody::Malformed); // class C: bytes that nothing has signed
        }
        let (used, step) = inner.step(&input[at..data.end])?;
        match step {
            Step::More => {}
            Step::Size { size, extension } => {
                events.push(Event::Chunk { size, extension });
                if size == 0 {
                    events.push(Event::ChunkEnd);
                }
            }
            Step::Data => {
                *content_bytes = add(*content_bytes, used)?;
                events.push(Event::Data(at..at + used));
                if inner.chunk_is_over() {
                    events.push(Event::ChunkEnd);
                }
            }
            Step::Trailer { name, value } => events.push(Event::Trailer { name, value }),
        }
        at += used;
    }
    Ok(())
}

fn add(total: u64, bytes: usize) -> Result<u64, BadBody> {
    total.checked_add(bytes as u64).ok_or(BadBody::SizeOverflow)
}

/// The smaller of what is wanted and what is there.
fn take(wanted: u64, available: usize) -> usize {
    usize::try_from(wanted).map_or(available, |wanted| wanted.min(available))
}

/// One buffer as read from the socket and what the decoder saw in it.
#[derive(Debug)]
pub struct Piece {
    /// The bytes; events index into it.
    pub buffer: Vec<u8>,
    /// In order.
    pub events: Vec<Event>,
}

#[cfg(test)]
mod tests;
