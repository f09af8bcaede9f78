//! Over real loopback TCP. Waits that must run out have bounds of milliseconds, all others minutes.

use super::*;
use crate::http::body::{BadBody, Event};
use crate::http::response::{Response, ResponseBody, WriteOptions};
use crate::limits::{BODY_BUFFER_BYTES, BODY_PACE_BYTES, DRAIN_BYTES_MAX};
use crate::types::Timestamp;
use std::fs::File;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};

const LONG: Duration = Duration::from_secs(120);
const SHORT: Duration = Duration::from_millis(50);
const PATIENT: Timeouts =
    Timeouts { idle: LONG, head: LONG, body: LONG, linger: LONG, linger_whole: LONG };

async fn connected(timeouts: Timeouts) -> (TcpStream, Connection) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    client.set_nodelay(true).unwrap();
    (client, Connection::with_timeouts(Stream::Plain(server), timeouts))
}

fn options(close: bool) -> WriteOptions {
    WriteOptions { head_only: false, close, date: Timestamp::new(0, 0) }
}

fn with_body(body: ResponseBody) -> Response {
    Response { status: 200, headers: Vec::new(), body }
}

/// All content of a body, and how many pieces it came in.
async fn content(body: &mut Body<'_>) -> Result<(Vec<u8>, usize), BadBody> {
    let (mut content, mut pieces) = (Vec::new(), 0);
    while let Some(piece) = body.next().await? {
        pieces += 1;
        for event in &piece.events {
            if let Event::Data(range) = event {
                content.extend_from_slice(&piece.buffer[range.clone()]);
            }
        }
        body.recycle(piece.buffer);
    }
    Ok((content, pieces))
}

async fn read_to_end(mut client: TcpStream) -> String {
    let mut text = Vec::new();
    client.read_to_end(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn pipelined_requests_with_bodies_are_read_in_order() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let requests = "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none\
        PUT /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n\
        \r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
    client.write_all(requests.as_bytes()).await.unwrap();
    for (path, expected) in [("/1", "one"), ("/2", "two"), ("/3", "")] {
        let head = connection.read_head().await.unwrap();
        assert_eq!(head.path(), path);
        let mut body = connection.body(&head);
        assert_eq!(content(&mut body).await.unwrap().0, expected.as_bytes());
        assert!(body.drain().await);
        connection.write(Response::empty(200), options(false)).await.unwrap();
    }
    drop(client.shutdown().await);
    assert!(matches!(connection.read_head().await, Err(NoHead::Closed)));
    drop(connection);
    assert_eq!(read_to_end(client).await.matches("HTTP/1.1 200 OK\r\n").count(), 3);
}

#[tokio::test]
async fn a_request_sent_byte_by_byte_is_read_whole() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let sending = tokio::spawn(async move {
        let request = "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
            3;x\r\none\r\n5\r\n+five\r\n0\r\nT: t\r\n\r\n";
        for byte in request.as_bytes() {
            client.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        client
    });
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert_eq!(content(&mut body).await.unwrap().0, b"one+five");
    assert_eq!(body.content_bytes(), 8);
    assert!(body.drain().await);
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn a_large_body_comes_in_full_buffers_and_leaves_nothing_behind() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let sent: Vec<u8> = (0..3 * BODY_BUFFER_BYTES + 17).map(|i| (i % 251) as u8).collect();
    let expected = sent.clone();
    let sending = tokio::spawn(async move {
        let head = format!("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", sent.len());
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&sent).await.unwrap();
        client.write_all(b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        client
    });
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert_eq!(body.length(), Some(expected.len() as u64));
    assert!(content(&mut body).await.unwrap().0 == expected);
    assert!(body.drain().await);
    assert_eq!(connection.read_head().await.unwrap().path(), "/next");
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn expect_continue_is_answered_at_the_first_read_only() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let head = "PUT /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let request = connection.read_head().await.unwrap();
    let client = tokio::spawn(async move {
        let mut said = [0; 25];
        client.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
        client.write_all(b"ok").await.unwrap();
        client
    });
    let mut body = connection.body(&request);
    assert_eq!(content(&mut body).await.unwrap(), (b"ok".to_vec(), 1));
    assert!(body.drain().await);
    let client = client.await.unwrap();
    connection.write(Response::empty(204), options(true)).await.unwrap();
    let closing = tokio::spawn(connection.close());
    let text = read_to_end(client).await;
    assert!(text.starts_with("HTTP/1.1 204 No Content\r\n"), "{text}");
    assert!(text.ends_with("Connection: close\r\n\r\n") && !text.contains("100"), "{text}");
    closing.await.unwrap();
}

/// botocore waits for it whatever the length, and trips over a final answer in its place.
#[tokio::test]
async fn expect_continue_is_answered_for_an_empty_body_too() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let head = "PUT /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let request = connection.read_head().await.unwrap();
    let mut body = connection.body(&request);
    assert_eq!(content(&mut body).await.unwrap().0, b"");
    assert!(body.drain().await);
    drop(connection);
    assert_eq!(read_to_end(client).await, "HTTP/1.1 100 Continue\r\n\r\n");
}

#[tokio::test]
async fn expect_continue_is_not_answered_where_the_body_came_along() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let request =
        "PUT /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok";
    client.write_all(request.as_bytes()).await.unwrap();
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert_eq!(content(&mut body).await.unwrap().0, b"ok");
    assert!(body.drain().await);
    drop(connection);
    assert_eq!(read_to_end(client).await, "");
}

#[tokio::test]
async fn an_unread_body_is_drained_or_the_connection_ends() {
    for (headers, sent, stays) in [
        ("Content-Length: 5\r\n", "hello".to_owned(), true),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n".to_owned(), true),
        ("", String::new(), true),
        ("Expect: 100-continue\r\nContent-Length: 0\r\n", String::new(), false),
        ("Expect: 100-continue\r\nContent-Length: 5\r\n", String::new(), false),
        ("Transfer-Encoding: chunked\r\n", "x\r\n".to_owned(), false),
        (&format!("Content-Length: {}\r\n", DRAIN_BYTES_MAX + 1), String::new(), false),
    ] {
        let (mut client, mut connection) = connected(PATIENT).await;
        let head = format!("PUT /k HTTP/1.1\r\nHost: h\r\n{headers}\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        let head = connection.read_head().await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        assert_eq!(connection.body(&head).drain().await, stays, "{headers}");
    }
}

#[tokio::test]
async fn drain_bytes_max_at_n_and_n_plus_1() {
    for (chunked, bytes, stays) in [
        (false, DRAIN_BYTES_MAX, true),
        (false, DRAIN_BYTES_MAX + 1, false),
        (true, DRAIN_BYTES_MAX - 100, true),
        (true, DRAIN_BYTES_MAX + 1, false),
    ] {
        let (mut client, mut connection) = connected(PATIENT).await;
        let sending = tokio::spawn(async move {
            let framing = match chunked {
                true => format!("Transfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n"),
                false => format!("Content-Length: {bytes}\r\n\r\n"),
            };
            let head = format!("PUT /k HTTP/1.1\r\nHost: h\r\n{framing}");
            client.write_all(head.as_bytes()).await.unwrap();
            let end = if chunked { "\r\n0\r\n\r\n" } else { "" };
            let mut body = vec![0; usize::try_from(bytes).unwrap()];
            body.extend_from_slice(end.as_bytes());
            let _ = client.write_all(&body).await; // refused where the connection ends first
        });
        let head = connection.read_head().await.unwrap();
        assert_eq!(connection.body(&head).drain().await, stays, "{chunked} {bytes}");
        drop(connection);
        sending.await.unwrap();
    }
}

#[tokio::test]
async fn aws_chunked_is_stacked_and_its_end_is_the_bodys() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let aws = "2;chunk-signature=a\r\nok\r\n0;chunk-signature=b\r\n\r\n";
    let put = |body: &str| {
        format!("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    client.write_all((put(aws) + &put("2\r\nok\r\n")).as_bytes()).await.unwrap();
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    body.stack_aws_chunked();
    assert_eq!(content(&mut body).await.unwrap().0, b"ok");
    assert!(body.drain().await);
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    body.stack_aws_chunked();
    assert_eq!(content(&mut body).await.unwrap_err(), BadBody::UnexpectedEof);
    assert_eq!(body.next().await.unwrap_err(), BadBody::UnexpectedEof);
    assert!(!body.drain().await);
}

#[tokio::test]
async fn class_m_slow_heads_and_silent_clients_are_cut() {
    let (_client, mut connection) = connected(Timeouts { idle: SHORT, ..PATIENT }).await;
    assert!(matches!(connection.read_head().await, Err(NoHead::Closed)));

    let (mut client, mut connection) = connected(Timeouts { head: SHORT, ..PATIENT }).await;
    client.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    assert!(matches!(connection.read_head().await, Err(NoHead::Timeout)));

    let (mut client, mut connection) = connected(Timeouts { body: SHORT, ..PATIENT }).await;
    client.write_all(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel").await.unwrap();
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert_eq!(content(&mut body).await.unwrap_err(), BadBody::Timeout);
}

/// Each byte comes in time, and together they come too late.
#[tokio::test]
async fn class_m_a_body_that_trickles_is_cut() {
    let bounds = Timeouts { body: 4 * SHORT, ..PATIENT };
    let (mut client, mut connection) = connected(bounds).await;
    client.write_all(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n").await.unwrap();
    let trickle = tokio::spawn(async move {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT).await;
        }
    });
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert_eq!(content(&mut body).await.unwrap_err(), BadBody::Timeout);
    drop(connection);
    trickle.await.unwrap();
}

#[test]
fn class_m_body_pace_bytes_at_n_and_n_plus_1() {
    for (bytes, waited) in [(BODY_PACE_BYTES - 1, SHORT), (BODY_PACE_BYTES, Duration::ZERO)] {
        let mut pace = body::Pace::default();
        pace.count(SHORT / 2, 0);
        pace.count(SHORT / 2, bytes);
        assert_eq!(pace.waited, waited, "{bytes}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_told_apart_from_one_that_ends() {
    let (mut client, mut connection) = connected(PATIENT).await;
    client.write_all(b"GET / HT").await.unwrap();
    drop(client);
    assert!(matches!(connection.read_head().await, Err(NoHead::Io(_))));

    let (mut client, mut connection) = connected(PATIENT).await;
    client.write_all(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel").await.unwrap();
    drop(client);
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert_eq!(content(&mut body).await.unwrap_err(), BadBody::UnexpectedEof);
}

#[tokio::test]
async fn a_bad_head_is_told() {
    let (mut client, mut connection) = connected(PATIENT).await;
    client.write_all(b"GET / HTTP/1.1\n").await.unwrap();
    assert!(matches!(connection.read_head().await, Err(NoHead::Bad(BadHead::BareLf))));
}

/// An object of `bytes` bytes.
fn object(bytes: usize) -> (Arc<File>, Vec<u8>) {
    let content: Vec<u8> = (0..bytes).map(|i| (i % 253) as u8).collect();
    let path = std::env::temp_dir().join(format!("glassbucket-{}-{bytes}", std::process::id()));
    std::fs::write(&path, &content).unwrap();
    let file = File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (Arc::new(file), content)
}

#[tokio::test]
async fn get_object_sends_the_range_of_the_file() {
    for (length, offset, bytes) in
        [(10, 3, 4), (BODY_BUFFER_BYTES * 2 + 5, 1, BODY_BUFFER_BYTES * 2 + 3), (11, 11, 0)]
    {
        let (client, mut connection) = connected(PATIENT).await;
        let (file, content) = object(length);
        let body = ResponseBody::File { file, offset: offset as u64, bytes: bytes as u64 };
        let reading = tokio::spawn(async move {
            let mut client = client;
            let mut received = Vec::new();
            client.read_to_end(&mut received).await.unwrap();
            received
        });
        let sent = connection.write(with_body(body), options(true)).await.unwrap();
        connection.close().await;
        let received = reading.await.unwrap();
        assert_eq!(sent, bytes as u64);
        assert!(received.ends_with(&content[offset..offset + bytes]));
        let head = &received[..received.len() - bytes];
        let head = std::str::from_utf8(head).unwrap();
        assert!(head.contains(&format!("\r\nContent-Length: {bytes}\r\n")), "{head}");
        assert!(head.ends_with("\r\n\r\n"));
    }
}

#[tokio::test]
async fn get_object_of_a_file_that_shrank_breaks_the_connection_and_pads_nothing() {
    let large = 2 * BODY_BUFFER_BYTES;
    for (length, body_sent) in [(12, 0), (large, large)] {
        let (mut client, mut connection) = connected(PATIENT).await;
        let (file, _) = object(length);
        let body = ResponseBody::File { file, offset: 0, bytes: length as u64 + 1 };
        let reading = tokio::spawn(async move {
            let mut received = Vec::new();
            client.read_to_end(&mut received).await.unwrap();
            received
        });
        let error = connection.write(with_body(body), options(false)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        connection.close().await;
        let received = reading.await.unwrap();
        let head = received.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        assert_eq!(received.len() - head, body_sent);
    }
}

/// Both ends of a TLS connection with a pair made for it.
async fn connected_by_tls() -> (tokio_rustls::client::TlsStream<TcpStream>, Connection) {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types};
    let certs = std::env::temp_dir().join(format!("glassbucket-http-{}", std::process::id()));
    let acceptor = crate::tls::acceptor(&certs).unwrap();
    let pem = std::fs::read(certs.join("fullchain.pem")).unwrap();
    std::fs::remove_dir_all(&certs).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(rustls_pemfile::certs(&mut &pem[..]).next().unwrap().unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let name = pki_types::ServerName::try_from("localhost").unwrap();
    let (client, server) = tokio::join!(connector.connect(name, tcp), acceptor.accept(accepted));
    let stream = Stream::Tls(Box::new(server.unwrap()));
    (client.unwrap(), Connection::with_timeouts(stream, PATIENT))
}

#[tokio::test]
async fn put_object_and_get_object_through_tls_carry_every_byte() {
    let (client, mut connection) = connected_by_tls().await;
    let bytes = 3 * BODY_BUFFER_BYTES + 21;
    let (file, expected) = object(bytes);
    let sent = expected.clone();
    let (mut receiver, mut sender) = tokio::io::split(client);
    let sending = tokio::spawn(async move {
        let head = format!("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: {bytes}\r\n\r\n");
        sender.write_all(head.as_bytes()).await.unwrap();
        sender.write_all(&sent).await.unwrap();
        sender.flush().await.unwrap();
        sender
    });
    let head = connection.read_head().await.unwrap();
    let mut body = connection.body(&head);
    assert!(content(&mut body).await.unwrap().0 == expected);
    assert!(body.drain().await);
    let receiving = tokio::spawn(async move {
        let mut received = Vec::new();
        receiver.read_to_end(&mut received).await.unwrap();
        received
    });
    let body = ResponseBody::File { file, offset: 0, bytes: bytes as u64 };
    connection.write(with_body(body), options(true)).await.unwrap();
    let closing = tokio::spawn(connection.close());
    assert!(receiving.await.unwrap().ends_with(&expected));
    drop(sending.await.unwrap());
    closing.await.unwrap();
}

#[tokio::test]
async fn head_object_has_the_length_but_not_the_body() {
    let (client, mut connection) = connected(PATIENT).await;
    let (file, _) = object(14);
    let body = ResponseBody::File { file, offset: 0, bytes: 14 };
    let head_only = WriteOptions { head_only: true, ..options(false) };
    assert_eq!(connection.write(with_body(body), head_only).await.unwrap(), 0);
    drop(connection);
    let text = read_to_end(client).await;
    assert!(text.contains("Content-Length: 14\r\n") && text.ends_with("\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn large_bodies_in_memory_are_written_whole() {
    let (client, mut connection) = connected(PATIENT).await;
    let reading = tokio::spawn(read_to_end(client));
    let body = ResponseBody::Bytes(vec![b'x'; 3_000_000]);
    assert_eq!(connection.write(with_body(body), options(true)).await.unwrap(), 3_000_000);
    connection.close().await;
    let text = reading.await.unwrap();
    assert_eq!(text.len() - text.find("\r\n\r\n").unwrap() - 4, 3_000_000);
}

#[tokio::test]
async fn class_m_a_client_that_does_not_read_is_cut() {
    let (_client, mut connection) = connected(Timeouts { body: SHORT, ..PATIENT }).await;
    let body = ResponseBody::Bytes(vec![0; 64 * 1024 * 1024]);
    let error = connection.write(with_body(body), options(false)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_1_0_client_that_may_stay_is_told_so() {
    let (mut client, mut connection) = connected(PATIENT).await;
    client.write_all(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await.unwrap();
    assert!(connection.read_head().await.unwrap().keep_alive());
    connection.write(Response::empty(200), options(false)).await.unwrap();
    drop(connection);
    assert!(read_to_end(client).await.contains("\r\nConnection: keep-alive\r\n"));
}

/// Without the lingering the unread bytes would make the kernel send a reset, and the client
/// would lose the answer it has not read yet.
#[tokio::test]
async fn an_early_answer_reaches_a_client_that_is_still_sending() {
    let (mut client, mut connection) = connected(PATIENT).await;
    let head = "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let head = connection.read_head().await.unwrap();
    client.write_all(&[0; 100_000]).await.unwrap();
    assert!(!connection.body(&head).drain().await);
    connection.write(Response::empty(403), options(true)).await.unwrap();
    let closing = tokio::spawn(connection.close());
    // Such a client reads when all is sent: more than the buffers of two kernels hold.
    client.write_all(&vec![0; 99_999_999 - 100_000]).await.unwrap();
    assert!(read_to_end(client).await.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    closing.await.unwrap();
}

#[tokio::test]
async fn class_m_lingering_ends_where_a_client_never_does() {
    let bounds = Timeouts { linger_whole: SHORT, ..PATIENT };
    let (mut client, mut connection) = connected(bounds).await;
    connection.write(Response::empty(403), options(true)).await.unwrap();
    let sending = async { while client.write_all(&[0; 1000]).await.is_ok() {} };
    tokio::join!(connection.close(), sending);
}
