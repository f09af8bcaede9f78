//! One line a request, in the Combined form that people know from nginx, or as JSON.
//!
//! ```text
//! 192.0.2.7 - cyberduck [21/Nov/2026:18:52:07 +0000] "GET /photos/cat.jpg HTTP/1.1" 200 48213 "-"
//!     "Cyberduck/9.0.0" 5F0C3A9B1D2E4F67 GetObject 1.4
//! ```
//!
//! (one line: request id, operation and milliseconds follow Combined's own fields.) A presigned URL
//! lets its holder in until it expires, so the signature in a request line is masked. Lines leave
//! through a thread of their own: a slow pipe never stalls a connection; lines it cannot take are
//! dropped, counted, and the count is said.

use crate::limits::LOG_LINES_QUEUED_MAX;
use crate::notice::tell;
use crate::types::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// The form of the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Apache's and nginx's Combined form, with three fields more.
    Combined,
    /// One JSON object a line.
    Json,
    /// None.
    Off,
}

/// What is known of a request when it ends.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    pub(super) time: String,
    pub(super) client: IpAddr,
    pub(super) user: &'a str,
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) referer: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) request_id: &'a str,
    pub(super) operation: &'a str,
    pub(super) milliseconds: f64,
}

impl Entry<'_> {
    fn combined(&self) -> String {
        format!(
            "{} - {} [{}] \"{}\" {} {} \"{}\" \"{}\" {} {} {:.1}\n",
            self.client,
            escape(self.user),
            self.time,
            escape(&self.request),
            self.status,
            self.bytes,
            escape(self.referer),
            escape(self.user_agent),
            self.request_id,
            self.operation,
            self.milliseconds,
        )
    }

    fn json(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// As nginx does: a quote, a backslash and anything unprintable become `\xHH`, so that no client
/// can forge a line.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | 0..=31 | 127.. => {
                let _ = write!(out, "\\x{byte:02X}");
            }
            _ => out.push(char::from(byte)),
        }
    }
    if out.is_empty() { "-".to_owned() } else { out }
}

/// A request line, or a Referer, with the value of `Signature` and `X-Amz-Signature` masked.
pub(super) fn mask_signature(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("Signature=") {
        let value = at + "Signature=".len();
        let end = rest[value..].find(['&', ' ']).map_or(rest.len(), |n| value + n);
        out.push_str(&rest[..value]);
        out.push_str("...");
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where lines go in.
pub(super) struct AccessLog {
    format: LogFormat,
    lines: SyncSender<Line>,
    dropped: AtomicU64,
}

enum Line {
    Text(String),
    Flush(SyncSender<()>),
}

impl AccessLog {
    /// Starts the thread that writes to standard output.
    pub(super) fn start(format: LogFormat) -> AccessLog {
        let (lines, queue) = sync_channel(LOG_LINES_QUEUED_MAX);
        if format != LogFormat::Off {
            std::thread::spawn(move || write_lines(&queue));
        }
        AccessLog { format, lines, dropped: AtomicU64::new(0) }
    }

    /// The time as this log writes it.
    pub(super) fn time(&self, now: Timestamp) -> String {
        match self.format {
            LogFormat::Json => now.iso8601(),
            LogFormat::Combined | LogFormat::Off => now.log_date(),
        }
    }

    /// Whether entries are wanted at all.
    pub(super) fn is_on(&self) -> bool {
        self.format != LogFormat::Off
    }

    /// Queues a line; never waits.
    pub(super) fn write(&self, entry: &Entry<'_>) {
        let text = match self.format {
            LogFormat::Combined => entry.combined(),
            LogFormat::Json => entry.json(),
            LogFormat::Off => return,
        };
        if self.lines.try_send(Line::Text(text)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tell(format_args!("{dropped} access log lines were dropped: the reader is slow"));
        }
    }

    /// Waits, at most a second, until what was queued is written.
    pub(super) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(Duration::from_secs(1));
        }
    }
}

/// Writes until the server is gone; flushes whenever nothing more is waiting.
fn write_lines(queue: &Receiver<Line>) {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    while let Ok(first) = queue.recv() {
        let mut next = Some(first);
        while let Some(line) = next {
            match line {
                Line::Text(text) => drop(out.write_all(text.as_bytes())),
                Line::Flush(done) => {
                    let _ = out.flush();
                    let _ = done.send(());
                }
            }
            next = queue.try_recv().ok();
        }
        let _ = out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry<'static> {
        Entry {
            time: Timestamp::new(1_795_287_127, 0).log_date(),
            client: IpAddr::from([192, 0, 2, 7]),
            user: "cyberduck",
            request: "GET /photos/cat.jpg HTTP/1.1".to_owned(),
            status: 200,
            bytes: 48213,
            referer: "",
            user_agent: "Cyber\"duck\n/9",
            request_id: "5F0C3A9B1D2E4F67",
            operation: "GetObject",
            milliseconds: 1.44,
        }
    }

    #[test]
    fn class_k_combined_is_one_line_that_no_client_can_forge() {
        assert_eq!(
            entry().combined(),
            "192.0.2.7 - cyberduck [21/Nov/2026:18:52:07 +0000] \"GET /photos/cat.jpg HTTP/1.1\" \
             200 48213 \"-\" \"Cyber\\x22duck\\x0A/9\" 5F0C3A9B1D2E4F67 GetObject 1.4\n"
        );
    }

    #[test]
    fn json_is_one_object_a_line() {
        let line = entry().json();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(value["user_agent"], "Cyber\"duck\n/9");
        assert_eq!(value["status"], 200);
    }

    #[test]
    fn class_k_signatures_of_presigned_urls_are_masked() {
        assert_eq!(
            mask_signature("GET /b/k?AWSAccessKeyId=A&Signature=abc%3D&Expires=1 HTTP/1.1"),
            "GET /b/k?AWSAccessKeyId=A&Signature=...&Expires=1 HTTP/1.1"
        );
        assert_eq!(
            mask_signature("GET /b/k?X-Amz-Signature=0123 HTTP/1.1"),
            "GET /b/k?X-Amz-Signature=... HTTP/1.1"
        );
        assert_eq!(mask_signature("GET /b/Signature= HTTP/1.1"), "GET /b/Signature=... HTTP/1.1");
    }
}
