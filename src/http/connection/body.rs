//! The body of one request, from the socket through the decoder.
//!
//! Bytes are read into a buffer that is then handed away whole: the content is copied once, by the
//! kernel (or out of the TLS record), and only what came with the head, or belongs to the request
//! after this one, a second time.
//!
//! Where the body is a form, [`Body::read_form`] reads its fields, and the body is from there on
//! the content of its file.

mod form;

use super::Connection;
use crate::http::body::{BadBody, Decoder, Framing, Piece};
use crate::http::form::FileDecoder;
use crate::http::head::RequestHead;
use crate::limits::{BODY_BUFFER_BYTES, BODY_PACE_BYTES, DRAIN_BYTES_MAX};
use crate::tls::Stream;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// The body of one request.
pub struct Body<'c> {
    connection: &'c mut Connection,
    framing: Framing,
    decoder: Decoder,
    /// The client waits for `100 Continue`.
    owes_continue: bool,
    /// Given back by [`Body::recycle`].
    spare: Vec<u8>,
    /// Only the file of a form is read on.
    file: Option<FileDecoder>,
    /// The piece in which that file begins.
    begun: Option<Piece>,
    /// Why there is no more of it.
    failed: Option<BadBody>,
    pace: Pace,
}

/// How long we have waited for how many bytes. Time in which nothing was asked of the client, as
/// the disk was slow, does not count.
#[derive(Default)]
pub(super) struct Pace {
    pub(super) waited: Duration,
    bytes: usize,
}

impl Pace {
    pub(super) fn count(&mut self, waited: Duration, bytes: usize) {
        self.waited += waited;
        self.bytes += bytes;
        if self.bytes >= BODY_PACE_BYTES {
            *self = Pace::default();
        }
    }
}

impl<'c> Body<'c> {
    pub(super) fn new(connection: &'c mut Connection, head: &RequestHead) -> Body<'c> {
        Body {
            connection,
            framing: head.framing(),
            decoder: Decoder::new(head.framing()),
            owes_continue: head.expects_continue(),
            spare: Vec::new(),
            file: None,
            begun: None,
            failed: None,
            pace: Pace::default(),
        }
    }

    /// Content-Length as sent, in bytes.
    pub fn length(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(bytes) => Some(bytes),
            Framing::None | Framing::Chunked => None,
        }
    }

    /// Content bytes decoded so far; after the end, the decoded length.
    pub fn content_bytes(&self) -> u64 {
        self.decoder.content_bytes()
    }

    /// Treat the content as aws-chunked. Before the first `next` only.
    pub fn stack_aws_chunked(&mut self) {
        self.decoder.stack_aws_chunked();
    }

    /// The next piece, at most [`BODY_BUFFER_BYTES`]; `None` at the end. Sends `100 Continue` first
    /// where the client waits for it.
    pub async fn next(&mut self) -> Result<Option<Piece>, BadBody> {
        if let Some(reason) = self.failed {
            return Err(reason);
        }
        let piece = match self.file {
            Some(_) => self.read_file().await,
            None => self.read_piece().await,
        };
        self.failed = piece.as_ref().err().copied();
        piece
    }

    /// Gives a buffer back for the next read.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > self.spare.capacity() {
            self.spare = buffer;
        }
    }

    /// After the handler: true if the connection can carry another request, because the rest (at
    /// most [`DRAIN_BYTES_MAX`]) was read and thrown away; false: close.
    ///
    /// A client that still waits for `100 Continue` may send the body or leave it out, and nobody
    /// can tell its bytes from a next request: close (class N), whatever length it declared.
    pub async fn drain(mut self) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let waits = self.owes_continue && self.connection.unread.is_empty();
        self.decoder.unstack();
        (self.file, self.begun) = (None, None);
        if self.decoder.is_done() {
            return !waits;
        }
        let long = self.decoder.remaining().is_some_and(|bytes| bytes > DRAIN_BYTES_MAX);
        if waits || long {
            return false;
        }
        let bound = self.connection.timeouts.body;
        timeout(bound, self.throw_away()).await.unwrap_or(false)
    }

    async fn throw_away(&mut self) -> bool {
        let mut left = DRAIN_BYTES_MAX;
        while let Ok(Some(piece)) = self.next().await {
            let Some(rest) = left.checked_sub(piece.buffer.len() as u64) else { return false };
            left = rest;
            self.recycle(piece.buffer);
        }
        self.decoder.is_done()
    }

    async fn read_piece(&mut self) -> Result<Option<Piece>, BadBody> {
        // Said for an empty body too: botocore, if it gets a final answer instead, takes that for
        // the answer to its next request on the connection as well, and then waits for ever.
        if std::mem::take(&mut self.owes_continue) && self.connection.unread.is_empty() {
            self.say_continue().await?;
        }
        while !self.decoder.is_done() {
            let wanted = match self.decoder.remaining() {
                Some(0) => return Err(BadBody::UnexpectedEof), // aws-chunked wants more than came
                Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX).min(BODY_BUFFER_BYTES),
                None => BODY_BUFFER_BYTES,
            };
            let mut buffer = self.buffer(wanted);
            let unread = &mut self.connection.unread;
            buffer.extend(unread.drain(..unread.len().min(wanted)));
            self.fill(&mut buffer, wanted).await?;
            let mut events = Vec::new();
            let used = self.decoder.decode(&buffer, &mut events)?;
            self.connection.unread.splice(..0, buffer.drain(used..));
            if !events.is_empty() {
                return Ok(Some(Piece { buffer, events }));
            }
            self.recycle(buffer); // a line that is not whole yet
        }
        Ok(None)
    }

    fn buffer(&mut self, wanted: usize) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.spare);
        buffer.clear();
        buffer.reserve_exact(wanted);
        buffer
    }

    async fn say_continue(&mut self) -> Result<(), BadBody> {
        let stream = &mut self.connection.stream;
        let said = async {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            stream.flush().await
        };
        bounded(self.connection.timeouts.body, said).await
    }

    /// Reads up to `wanted` bytes; waits only where the buffer is empty, and for each
    /// [`BODY_PACE_BYTES`] no longer than for a silence (security class M).
    async fn fill(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> Result<(), BadBody> {
        let (started, had) = (Instant::now(), buffer.len());
        let bound = self.connection.timeouts.body.saturating_sub(self.pace.waited);
        let reading = read_ready(&mut self.connection.stream, buffer, wanted);
        bounded(bound, reading).await?;
        self.pace.count(started.elapsed(), buffer.len() - had);
        if buffer.is_empty() { Err(BadBody::UnexpectedEof) } else { Ok(()) }
    }
}

/// Reads what is there until `wanted` bytes are in `buffer`: a TLS record holds 16 KiB at most, and
/// each piece costs its reader a write, so one record a piece would be slow. Returns when nothing
/// more is there but something was read; the end of the stream shows as no bytes.
async fn read_ready(stream: &mut Stream, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
    poll_fn(|cx| {
        while buffer.len() < wanted {
            let mut limited = (&mut *stream).take((wanted - buffer.len()) as u64);
            match pin!(limited.read_buf(buffer)).poll(cx) {
                Poll::Ready(Ok(0)) => break,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) if buffer.is_empty() => return Poll::Ready(Err(error)),
                Poll::Ready(Err(_)) => break, // what came before it counts; it will come again
                Poll::Pending if buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    })
    .await
}

async fn bounded(bound: Duration, io: impl Future<Output = io::Result<()>>) -> Result<(), BadBody> {
    match timeout(bound, io).await {
        Err(_) => Err(BadBody::Timeout),
        Ok(Err(_)) => Err(BadBody::Disconnected),
        Ok(Ok(())) => Ok(()),
    }
}
