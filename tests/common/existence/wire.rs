//! A connection that keeps every byte of an answer, and whether it was closed after it.

use super::states::Thing;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What stands in an answer after which the server closed.
const CLOSED: &[u8] = b"[closed]";

/// A request as it is sent.
pub struct Sent {
    pub method: String,
    pub head: Vec<u8>,
    pub body: Vec<u8>,
    /// The body goes out after `100 Continue` alone.
    pub waits: bool,
}

/// A connection that is opened when it is needed: where it is kept, the next answer proves it.
pub struct Wire {
    address: SocketAddr,
    socket: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Wire {
        Wire { address, socket: None }
    }

    /// All that comes back: interim answers too, and whether the connection ended.
    pub fn ask(&mut self, sent: &Sent) -> Vec<u8> {
        let mut socket = self.socket.take().unwrap_or_else(|| connect(self.address));
        let send = |socket: &mut BufReader<TcpStream>, bytes: &[u8]| {
            let _ = socket.get_mut().write_all(bytes); // the answer tells why
        };
        send(&mut socket, &sent.head);
        let mut answer = Vec::new();
        if sent.waits {
            answer = read(&mut socket, &sent.method);
        }
        if !sent.waits || answer.starts_with(b"HTTP/1.1 100 ") {
            send(&mut socket, &sent.body);
            answer.extend(read(&mut socket, &sent.method));
        }
        if String::from_utf8_lossy(&answer).contains("\r\nConnection: close\r\n") {
            socket.read_to_end(&mut answer).expect("an orderly end");
            answer.extend_from_slice(CLOSED);
        } else {
            self.socket = Some(socket);
        }
        answer
    }
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let socket = TcpStream::connect(address).expect("the server accepts");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    socket.set_nodelay(true).expect("no delay");
    BufReader::new(socket)
}

/// One answer, interim or final, to its last byte.
fn read(socket: &mut BufReader<TcpStream>, method: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let read = socket.read_until(b'\n', &mut answer).expect("an answer");
        assert!(read > 0, "the connection ended in {:?}", String::from_utf8_lossy(&answer));
    }
    let head = String::from_utf8_lossy(&answer).into_owned();
    let length = value(&head, "Content-Length: ").and_then(|length| length.parse().ok());
    if method != "HEAD" {
        let head = answer.len();
        answer.resize(head + length.unwrap_or(0), 0);
        socket.read_exact(&mut answer[head..]).expect("the body");
    }
    answer
}

/// The value of a header of exactly this spelling.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| line.strip_prefix(name))
}

/// The answer without what no two have in common: the request's id, the key, the ids of version
/// and upload that were asked for or that were made, and the time of what was made.
pub fn masked(answer: &[u8], thing: &Thing) -> String {
    let mut text = String::from_utf8_lossy(answer).into_owned();
    let id = value(&text, "x-amz-request-id: ").unwrap_or("no id").to_owned();
    for (word, mask) in [
        (id.as_str(), "REQUEST"),
        (thing.key.as_str(), "KEY"),
        (thing.version.as_str(), "VERSION"),
        (thing.upload.as_str(), "UPLOAD"),
    ] {
        text = text.replace(word, mask);
    }
    for name in ["x-amz-version-id: ", "DeleteMarkerVersionId>", "UploadId>", "LastModified>"] {
        if let Some(value) = after(&text, name).filter(|value| *value != "null") {
            text = text.replace(&value.to_owned(), "NEW");
        }
    }
    text
}

fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(name)?;
    rest.split(['\r', '<']).next().filter(|value| !value.is_empty())
}
