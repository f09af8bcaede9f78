//! A client small enough to be trusted: it writes the bytes it is told to and reads one answer.

use glassbucket::auth::sigv4::{Unsigned, authorization, presigned_query};
use glassbucket::auth::{Secret, sigv2};
use glassbucket::types::{Timestamp, hex};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

/// No answer within this time is a failure of the test, not a hang of the suite.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Lower-case hex SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Percent-encodes all but the unreserved characters and, where `keep` says so, `/`.
pub fn encode(text: &str, keep: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let char = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(char) || keep.contains(char) {
            encoded.push(char);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Who signs, for which host, when.
pub struct Signer {
    pub access_key: String,
    pub secret: Secret,
    pub host: String,
    pub now: Timestamp,
}

impl Signer {
    /// `Authorization` of version 4.
    pub fn authorization(&self, request: &Unsigned<'_>) -> String {
        authorization(request, &self.access_key, &self.secret, "us-east-1", self.now)
    }

    /// The same of version 2, of a request that has a date and nothing else to sign.
    pub fn authorization_v2(&self, method: &str, path: &str, date: &str) -> String {
        let signature = sigv2::sign(&self.secret, &format!("{method}\n\n\n{date}\n{path}"));
        format!("AWS {}:{signature}", self.access_key)
    }

    /// The target of a URL that is good for so many seconds, whatever its body.
    pub fn presigned(&self, method: &str, path: &str, secs: u32) -> String {
        let headers = [("host".to_owned(), self.host.clone())];
        let payload = "UNSIGNED-PAYLOAD";
        let request = Unsigned { method, path, query: "", headers: &headers, payload };
        let (key, secret) = (&self.access_key, &self.secret);
        let query = presigned_query(&request, key, secret, "us-east-1", self.now, secs);
        format!("{path}?{query}")
    }

    /// The same of version 2, where a URL names the second of its end. The signature comes last.
    pub fn presigned_v2(&self, method: &str, path: &str, expires: i64) -> String {
        let signature = sigv2::sign(&self.secret, &format!("{method}\n\n\n{expires}\n{path}"));
        let (key, signature) = (&self.access_key, encode(&signature, ""));
        format!("{path}?AWSAccessKeyId={key}&Expires={expires}&Signature={signature}")
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Percent-encoded, as sent.
    pub path: String,
    /// As sent, without its `?`.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// `target` is the path, percent-encoded, and perhaps `?` and a query.
    pub fn new(method: &str, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// For an object, whose key is encoded here.
    pub fn object(method: &str, bucket: &str, key: &str) -> Request {
        let mut request = Request::new(method, "");
        request.path = format!("/{bucket}/{}", encode(key, "/"));
        request
    }

    /// Adds a signed header.
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// The target as it stands in the request line.
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, self.query)
    }

    /// The head as sent, signed with SigV4 and the SHA-256 of the body.
    pub fn head(&self, signer: &Signer) -> Vec<u8> {
        self.head_with_payload(signer, &sha256(&self.body))
    }

    /// The same with that `x-amz-content-sha256`.
    pub fn head_with_payload(&self, signer: &Signer, payload: &str) -> Vec<u8> {
        let mut headers = vec![("host".to_owned(), signer.host.clone())];
        headers.push(("x-amz-content-sha256".to_owned(), payload.to_owned()));
        headers.push(("x-amz-date".to_owned(), signer.now.iso8601_basic()));
        headers.extend(self.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone())));
        let unsigned = Unsigned {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            payload,
        };
        headers.push(("authorization".to_owned(), signer.authorization(&unsigned)));
        if !self.body.is_empty() || matches!(self.method.as_str(), "PUT" | "POST") {
            headers.push(("content-length".to_owned(), self.body.len().to_string()));
        }
        raw_head(&self.method, &self.target(), &headers)
    }
}

/// A request head, byte for byte.
pub fn raw_head(method: &str, target: &str, headers: &[(String, String)]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In order, spelled as sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the header of exactly this spelling: Cyberduck 4.7.2 reads names that way.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `<Code>` of an error; empty where there is none.
    pub fn code(&self) -> String {
        super::xml::text(&self.text(), "Code").unwrap_or_default()
    }

    /// Whether the server said that it closes.
    pub fn closes(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// An error of that status and code; else the whole answer is shown.
#[track_caller]
pub fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(socket) => socket.read(buffer),
            Socket::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(socket) => socket.write(bytes),
            Socket::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Plain(socket) => socket.flush(),
            Socket::Tls(stream) => stream.flush(),
        }
    }
}

/// A connection, kept open from request to request.
pub struct Connection {
    socket: BufReader<Socket>,
}

impl Connection {
    /// In clear.
    pub fn open(address: SocketAddr) -> Connection {
        Connection { socket: BufReader::new(Socket::Plain(tcp(address))) }
    }

    /// Through TLS of that version; the certificate in `certs` is the only authority, and its name
    /// `localhost`. With `sni` the name is sent. ALPN is not offered.
    pub fn open_tls(
        address: SocketAddr,
        certs: &Path,
        version: &'static SupportedProtocolVersion,
        sni: bool,
    ) -> Connection {
        let pem = std::fs::read(certs.join("fullchain.pem")).expect("the certificate");
        let mut roots = RootCertStore::empty();
        for certificate in rustls_pemfile::certs(&mut pem.as_slice()) {
            roots.add(certificate.expect("a certificate")).expect("a usable certificate");
        }
        let mut config = ClientConfig::builder_with_protocol_versions(&[version])
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.enable_sni = sni;
        let name = "localhost".try_into().expect("a host name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a TLS client");
        let stream = StreamOwned::new(client, tcp(address));
        Connection { socket: BufReader::new(Socket::Tls(Box::new(stream))) }
    }

    /// Writes bytes as they are. A server that has refused may have closed already: the error is
    /// left for the answer to tell.
    pub fn send(&mut self, bytes: &[u8]) {
        let socket = self.socket.get_mut();
        let _ = socket.write_all(bytes).and_then(|()| socket.flush());
    }

    /// Sends nothing more; the answer can still be read.
    pub fn finish(&mut self) {
        if let Socket::Plain(socket) = self.socket.get_ref() {
            let _ = socket.shutdown(std::net::Shutdown::Write); // it may have closed already
        }
    }

    /// Signs, sends, and reads the answer.
    pub fn call(&mut self, signer: &Signer, request: &Request) -> Answer {
        self.send(&request.head(signer));
        self.send(&request.body);
        self.answer(&request.method)
    }

    /// The same with that `x-amz-content-sha256`, as of a body in chunks.
    pub fn call_with_payload(
        &mut self,
        signer: &Signer,
        payload: &str,
        request: &Request,
    ) -> Answer {
        self.send(&request.head_with_payload(signer, payload));
        self.send(&request.body);
        self.answer(&request.method)
    }

    /// The final answer to a request of that method; interim ones are skipped.
    pub fn answer(&mut self, method: &str) -> Answer {
        loop {
            let answer = self.try_answer(method).expect("an answer");
            if answer.status >= 200 {
                return answer;
            }
        }
    }

    /// The next answer, interim or final; an error where the connection ends instead.
    pub fn try_answer(&mut self, method: &str) -> io::Result<Answer> {
        let (status, headers) = self.head()?;
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            return Ok(answer);
        }
        match answer.header("Content-Length").map(|length| length.parse::<usize>()) {
            Some(Ok(length)) => {
                answer.body.resize(length, 0);
                self.socket.read_exact(&mut answer.body)?;
            }
            Some(Err(_)) => return Err(io::ErrorKind::InvalidData.into()),
            None => drop(self.socket.read_to_end(&mut answer.body)?),
        }
        Ok(answer)
    }

    /// Whether the server has closed; anything it still sends is an error.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.socket.fill_buf(), Ok([]) | Err(_))
    }

    fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let line = self.line()?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|digits| digits.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("status line {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
            headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.socket.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn tcp(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).expect("the server accepts");
    socket.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("a timeout");
    socket.set_nodelay(true).expect("no delay");
    socket
}
