//! Answers, from a [`Response`] to the socket.
//!
//! Head and body leave in one vectored write, so that a small answer is one TCP segment and one TLS
//! record. Of a file, what the kernel has cached is read on the spot (`RWF_NOWAIT`); what it has
//! not is read on the blocking pool, so that a slow disk stalls nobody else. In clear, cached pages
//! after the first ones go by `sendfile`, uncopied.

use super::Connection;
use crate::http::response::{Response, ResponseBody, WriteOptions};
use crate::limits::BODY_BUFFER_BYTES;
use crate::tls::Stream;
use rustix::io::ReadWriteFlags;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::time::timeout;

impl Connection {
    /// Writes head and body; returns the bytes of body sent, for the log.
    ///
    /// After an error the client has half an answer, and the connection must not be used again:
    /// [`Connection::close`] then only drops it. A file that turns out shorter than promised is
    /// such an error (`UnexpectedEof`); nothing is ever padded.
    pub async fn write(&mut self, response: Response, options: WriteOptions) -> io::Result<u64> {
        self.broken = true;
        let sent = self.write_response(response, options).await?;
        self.broken = false;
        Ok(sent)
    }

    async fn write_response(
        &mut self,
        response: Response,
        options: WriteOptions,
    ) -> io::Result<u64> {
        let connection = match options.close {
            true => Some("close"),
            false => self.says_keep_alive.then_some("keep-alive"),
        };
        let head = response.head(options, connection);
        let bytes = if response.has_body(options.head_only) { response.body.length() } else { 0 };
        match response.body {
            ResponseBody::Bytes(body) if bytes > 0 => self.send(&head, &body).await?,
            ResponseBody::File { file, offset, .. } if bytes > 0 => {
                self.send_file(head, &file, offset, bytes).await?;
            }
            _ => self.send(&head, &[]).await?,
        }
        bounded(self.timeouts.body, self.stream.flush()).await?;
        Ok(bytes)
    }

    async fn send(&mut self, mut first: &[u8], mut second: &[u8]) -> io::Result<()> {
        while !first.is_empty() || !second.is_empty() {
            let slices = [IoSlice::new(first), IoSlice::new(second)];
            let written = self.stream.write_vectored(&slices);
            let written = bounded(self.timeouts.body, written).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_first = written.min(first.len());
            first = &first[of_first..];
            second = &second[written - of_first..];
        }
        Ok(())
    }

    /// `buffer` holds the head, which leaves with the first bytes of the file.
    async fn send_file(
        &mut self,
        mut buffer: Vec<u8>,
        file: &Arc<File>,
        mut offset: u64,
        mut left: u64,
    ) -> io::Result<()> {
        let mut start = buffer.len();
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(BODY_BUFFER_BYTES);
        buffer.resize(start + size, 0);
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(size);
            let first = start > 0;
            if first || !self.send_pages(file, offset, wanted).await? {
                buffer = read(file, buffer, start, wanted, offset).await?;
                self.send(&buffer[..start + wanted], &[]).await?;
                start = 0;
            }
            offset += wanted as u64;
            left -= wanted as u64;
        }
        Ok(())
    }

    /// By `sendfile`, where that is possible and will not wait for the disk; false: nothing sent.
    ///
    /// Only the last byte is asked for: the kernel reads ahead in order, so the pages before it are
    /// there too. Where memory is so short that they are not, one read of them is waited for.
    async fn send_pages(
        &mut self,
        file: &File,
        mut offset: u64,
        wanted: usize,
    ) -> io::Result<bool> {
        let Stream::Plain(socket) = &self.stream else { return Ok(false) };
        let end = offset + wanted as u64;
        if read_cached(file, &mut [0], end - 1) == 0 {
            return Ok(false);
        }
        while offset < end {
            let left = usize::try_from(end - offset).unwrap_or(usize::MAX);
            let sending = socket.async_io(Interest::WRITABLE, || {
                Ok(rustix::fs::sendfile(socket, file, Some(&mut offset), left)?)
            });
            if bounded(self.timeouts.body, sending).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into()); // it has just shrunk
            }
        }
        Ok(true)
    }
}

/// Reads exactly `wanted` bytes at `offset` into `buffer` from `start` on, where there is room.
async fn read(
    file: &Arc<File>,
    mut buffer: Vec<u8>,
    start: usize,
    wanted: usize,
    offset: u64,
) -> io::Result<Vec<u8>> {
    let cached = read_cached(file, &mut buffer[start..start + wanted], offset);
    if cached == wanted {
        return Ok(buffer);
    }
    let file = Arc::clone(file);
    let reading = tokio::task::spawn_blocking(move || {
        let rest = &mut buffer[start + cached..start + wanted];
        file.read_exact_at(rest, offset + cached as u64).map(|()| buffer)
    });
    reading.await.map_err(io::Error::other)?
}

/// What of it needs no disk; 0 also where the filesystem cannot tell.
fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> usize {
    let mut slices = [IoSliceMut::new(buffer)];
    rustix::io::preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

/// Each progress within the bound.
async fn bounded<T>(
    bound: std::time::Duration,
    io: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    timeout(bound, io).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
