//! One connection: heads in, bodies in, answers out, one request after another.
//!
//! The only part of [`crate::http`] that does I/O. The server's request loop is
//! [`Connection::read_head`], [`Connection::body`], [`Body::drain`], [`Connection::write`], and at
//! the end [`Connection::close`]. Bytes that came early (a pipelined request, the start of a body)
//! wait in `unread` and are used first.
//!
//! Every wait has its bound in [`crate::limits`] (class M): idle, head, each silence inside a body
//! or an answer, the last lingering. Whether a connection may carry another request is decided in
//! two places only: what the client wished is [`RequestHead::keep_alive`], what is possible is what
//! [`Body::drain`] returns.
//!
//! RFC 9112 sections 9 (connections) and 9.6 (lingering), RFC 9110 section 10.1.1 (`Expect`).

mod body;
mod write;

pub use body::Body;

use super::head::{BadHead, RequestHead};
use crate::limits;
use crate::tls::Stream;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// The bounds of a connection's waits; `default` has those of [`crate::limits`], a test shorter.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until the first byte of a head.
    pub idle: Duration,
    /// From there to its end.
    pub head: Duration,
    /// Each silence inside a body and the wait for each [`limits::BODY_PACE_BYTES`] of it, and each
    /// standstill of an answer.
    pub body: Duration,
    /// Each silence in the reading after the last answer.
    pub linger: Duration,
    /// The whole of that reading.
    pub linger_whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            idle: limits::IDLE_TIMEOUT,
            head: limits::HEAD_TIMEOUT,
            body: limits::BODY_TIMEOUT,
            linger: limits::LINGER_TIMEOUT,
            linger_whole: limits::LINGER_WHOLE_TIMEOUT,
        }
    }
}

/// A connection between requests.
pub struct Connection {
    stream: Stream,
    /// Read and not used yet.
    unread: Vec<u8>,
    timeouts: Timeouts,
    /// An HTTP/1.0 client wished to stay and must be told that it may.
    says_keep_alive: bool,
    /// An answer was cut short: nothing may follow it, not even an orderly end.
    broken: bool,
}

/// Why no head came.
#[derive(Debug)]
pub enum NoHead {
    /// Clean end between requests, or idle time over.
    Closed,
    /// A head began and did not end in time.
    Timeout,
    /// It is refused; the connection ends after the answer.
    Bad(BadHead),
    /// The connection broke, or ended inside a head.
    Io(io::Error),
}

impl Connection {
    /// Wraps an accepted stream.
    pub fn new(stream: Stream) -> Connection {
        Connection::with_timeouts(stream, Timeouts::default())
    }

    /// Wraps an accepted stream, with bounds of its own.
    pub fn with_timeouts(stream: Stream, timeouts: Timeouts) -> Connection {
        // Else the second small packet of an answer waits up to 40 ms for an acknowledgement. It
        // fails only where the peer has left already, which the first read will tell.
        let _ = stream.socket().set_nodelay(true);
        let unread = Vec::new();
        Connection { stream, unread, timeouts, says_keep_alive: false, broken: false }
    }

    /// The next head (pipelined bytes first). Applies `idle` and `head` of [`Timeouts`].
    ///
    /// May be dropped and called again without loss: that is how a draining server stops waiting.
    pub async fn read_head(&mut self) -> Result<RequestHead, NoHead> {
        self.unread.shrink_to(limits::HEAD_READ_BYTES);
        if self.unread.is_empty() {
            match timeout(self.timeouts.idle, self.read_some()).await {
                Err(_) | Ok(Ok(0)) => return Err(NoHead::Closed),
                Ok(Err(error)) if is_rude_end(&error) => return Err(NoHead::Closed),
                Ok(Err(error)) => return Err(NoHead::Io(error)),
                Ok(Ok(_)) => {}
            }
        }
        let bound = self.timeouts.head;
        let head = timeout(bound, self.rest_of_head()).await.map_err(|_| NoHead::Timeout)??;
        self.says_keep_alive = head.is_http_1_0() && head.keep_alive();
        Ok(head)
    }

    async fn rest_of_head(&mut self) -> Result<RequestHead, NoHead> {
        loop {
            if let Some((head, used)) = RequestHead::parse(&self.unread).map_err(NoHead::Bad)? {
                self.unread.drain(..used);
                return Ok(head);
            }
            if self.read_some().await.map_err(NoHead::Io)? == 0 {
                return Err(NoHead::Io(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    async fn read_some(&mut self) -> io::Result<usize> {
        self.unread.reserve(limits::HEAD_READ_BYTES);
        self.stream.read_buf(&mut self.unread).await
    }

    /// The body that follows `head`. Nothing is read, and no `100 Continue` sent, before the first
    /// `next`.
    pub fn body(&mut self, head: &RequestHead) -> Body<'_> {
        Body::new(self, head)
    }

    /// Orderly end: flush, shutdown, then read what still comes so that the answer is not lost to
    /// a reset (a reset makes the peer forget what it had not read yet).
    pub async fn close(mut self) {
        if !self.broken {
            let bound = self.timeouts.linger_whole;
            let _ = timeout(bound, self.linger()).await; // either way it is over now
        }
    }

    async fn linger(&mut self) -> io::Result<()> {
        let silence = self.timeouts.linger;
        timeout(silence, self.stream.shutdown()).await??;
        let mut thrown_away = Vec::with_capacity(16 * 1024);
        while timeout(silence, self.stream.read_buf(&mut thrown_away)).await?? > 0 {
            thrown_away.clear();
        }
        Ok(())
    }
}

/// Many clients end an idle connection by a reset, or TLS without its closing alert. Between
/// requests nothing can be lost by it.
fn is_rude_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof)
}

#[cfg(test)]
mod tests;
