//! What a connection can do to the server: bytes that are no request, too many of them, too slow,
//! or split so that two readers see two requests. Security classes L, M and N over a socket.

mod common;

use common::client::{Connection, Request, raw_head};
use common::operations::{At, content_md5, operations};
use common::refusals::snapshot;
use common::{OWN, TestServer};
use glassbucket::limits;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server with one private object `bkt/private`.
fn server() -> TestServer {
    let server = TestServer::unsynced(|_| {});
    server.make_bucket("bkt");
    let put = Request::object("PUT", "bkt", "private").body("what nobody else may read");
    assert_eq!(server.call(put).status, 200);
    server
}

fn exists(server: &TestServer, key: &str) -> bool {
    server.call(Request::object("HEAD", "bkt", key)).status == 200
}

#[test]
fn class_n_requests_that_two_readers_may_split_differently_are_refused_and_the_connection_closed() {
    let server = server();
    let host = server.address.to_string();
    let smuggled = Request::object("DELETE", "bkt", "private").head(&server.signer(OWN));
    let put = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Content-Length: 5, 5",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "X-Folded: a\r\n b",
        "X-Spaced : a",
        "Host: other",
        "A: b\0c",
    ]
    .map(|header| format!("PUT /bkt/x HTTP/1.1\r\nHost: {host}\r\n{header}\r\n\r\n"));
    let other = [
        format!("GET /bkt/x HTTP/1.1\nHost: {host}\n\n"),
        "GET /bkt/x HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /bkt/x y HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET bkt/x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /bkt/x HTTP/2.0\r\nHost: {host}\r\n\r\n"),
        format!("GET /bkt/x HTTP/1.1\r\nHost: {host}\r\nA: {}\r\n\r\n", "x".repeat(20_000)),
    ];
    for raw in put.iter().chain(&other) {
        let mut connection = server.connect();
        // What follows must not be read as a request, whoever signed it.
        connection.send(&[raw.as_bytes(), &smuggled].concat());
        let answer = connection.answer("GET");
        assert!((400..600).contains(&answer.status) && answer.status != 500, "{raw:?}");
        assert!(answer.closes() && connection.is_closed(), "{raw:?} {}", answer.status);
    }
    assert!(exists(&server, "private"), "the server serves on");
}

/// After an answer either nothing of the body is left or the connection is: a body is never a
/// request, on operations that take one, on those that do not, and on those that are refused.
#[test]
fn class_n_a_body_is_never_read_as_a_request() {
    let server = server();
    let signer = server.signer(OWN);
    let smuggled = Request::object("DELETE", "bkt", "private").head(&signer);
    let before = snapshot(&server);
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "PUT", "POST"] {
        for (framing, body) in [
            (format!("content-length: {}", smuggled.len()), smuggled.clone()),
            ("transfer-encoding: chunked".to_owned(), chunked(&smuggled)),
            (format!("expect: 100-continue\r\ncontent-length: {}", smuggled.len()), vec![]),
        ] {
            for target in ["/bkt/absent", "/none", "/bkt?nothing", "/bkt/%zz"] {
                let mut connection = server.connect();
                let head = format!("{method} {target} HTTP/1.1\r\nhost: h\r\n{framing}\r\n\r\n");
                connection.send(&[head.as_bytes(), &body].concat());
                let answer = connection.answer(method);
                assert!(answer.status >= 400, "{method} {target}: {}", answer.status);
                if answer.closes() {
                    assert!(connection.is_closed(), "{method} {target} {framing}");
                    continue;
                }
                let get = Request::object("GET", "bkt", "private");
                let answer = connection.call(&signer, &get);
                assert_eq!(answer.text(), "what nobody else may read", "{method} {framing}");
            }
        }
    }
    assert!(snapshot(&server) == before, "a body was read as a request");
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", body.len());
    [size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

#[test]
fn class_l_a_connection_that_ends_anywhere_harms_no_other() {
    let server = server();
    let request = Request::object("PUT", "bkt", "cut").body("x".repeat(1000));
    let signer = server.signer(OWN);
    let raw = [request.head(&signer), request.body.clone()].concat();
    for cut in (0..raw.len()).step_by(37) {
        let mut connection = server.connect();
        connection.send(&raw[..cut]);
        drop(connection);
    }
    assert!(!exists(&server, "cut"), "half an object is none");
    assert!(exists(&server, "private"));
    let staging = server.data().join(".glassbucket/staging");
    let left = || {
        std::fs::read_dir(&staging).unwrap().flatten().any(|process| {
            std::fs::read_dir(process.path()).is_ok_and(|mut files| files.any(|_| true))
        })
    };
    let waited = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        !left()
    });
    assert!(waited, "staged files of connections that ended are removed");
}

/// Panics of this process, whichever thread they were caught on.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// xorshift: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("it is below")
    }
}

/// What breaks parsers: what delimits, what is empty, what is too long or too large.
const PIECES: [&[u8]; 16] = [
    b"",
    b"\r\n",
    b"\0",
    b"%",
    b"%00",
    b"%ff",
    b"/",
    b"=&=",
    b"\"",
    b"<",
    b"&#x110000;",
    b"18446744073709551616",
    b"-1",
    b"\xc3\x28",
    b"T99:99:99Z",
    &[b'a'; 5000],
];

fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        let end = (at + random.below(12)).min(bytes.len());
        let piece = match random.below(4) {
            0 => bytes[at..end].repeat(2 + random.below(3)),
            1 => vec![bytes[at] ^ (1 << random.below(8))],
            _ => PIECES[random.below(PIECES.len())].to_vec(),
        };
        bytes.splice(at..end, piece);
        if bytes.is_empty() {
            bytes.push(b'x');
        }
    }
    bytes
}

/// Real requests of every operation, unsigned parts changed after they were signed, or before: so
/// that what lies behind the signature is reached too.
#[test]
fn class_l_no_mutated_request_panics_or_stops_the_server() {
    const ROUNDS: usize = 30;
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(info);
    }));
    let server = server();
    let signer = server.signer(OWN);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut sent, mut answered) = (0, 0);
    let at = At { bucket: "bkt", key: "k", upload: "0123456789abcdef" };
    for op in operations() {
        let good = op.request(&server, common::operations::Who::Own, at);
        for round in 0..ROUNDS {
            let mut request = good.clone();
            let raw = if round % 2 == 0 {
                let raw = [request.head(&signer), request.body].concat();
                mutated(&raw, &mut random)
            } else {
                if !request.body.is_empty() {
                    request.body = mutated(&request.body, &mut random);
                    request.headers.retain(|(name, _)| name != "content-md5");
                    request = request.clone().header("content-md5", &content_md5(&request.body));
                }
                let query = mutated(format!("{}&", request.query).as_bytes(), &mut random);
                let graphic = |b: &u8| b.is_ascii_graphic() && !b"%#".contains(b);
                request.query = String::from_utf8(query.into_iter().filter(graphic).collect())
                    .expect("it is ASCII");
                [request.head(&signer), request.body].concat()
            };
            let mut connection = server.connect();
            connection.send(&raw);
            connection.finish();
            sent += 1;
            while let Ok(answer) = connection.try_answer(op.method) {
                answered += 1;
                assert_ne!(answer.status, 500, "{}: {}", op.name, String::from_utf8_lossy(&raw));
                if answer.status >= 200 {
                    break;
                }
            }
        }
    }
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a panic");
    assert_eq!(server.call(Request::new("GET", "/")).status, 200, "the server serves on");
    println!("{sent} mutated requests, {answered} answered, none by a panic");
    assert!(answered > sent / 2);
}

/// A header twice, empty, and as long as a head can be: refused or harmless, never more.
#[test]
fn class_l_headers_that_are_empty_twice_or_huge_are_harmless() {
    let server = server();
    let host = server.address.to_string();
    let names = [
        "host",
        "authorization",
        "date",
        "range",
        "if-match",
        "if-modified-since",
        "content-md5",
        "content-type",
        "content-length",
        "transfer-encoding",
        "expect",
        "connection",
        "origin",
        "x-amz-date",
        "x-amz-acl",
        "x-amz-copy-source",
        "x-amz-content-sha256",
        "x-amz-tagging",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-meta-a",
        "user-agent",
    ];
    let mut tried = 0;
    for method in ["GET", "PUT", "POST", "DELETE"] {
        for name in names {
            for value in [String::new(), "a".to_owned(), "9".repeat(8000), "\u{e9}".to_owned()] {
                for times in 1..=2 {
                    let mut headers = vec![("host".to_owned(), host.clone())];
                    headers.extend(vec![(name.to_owned(), value.clone()); times]);
                    let mut connection = server.connect();
                    connection.send(&raw_head(method, "/bkt/k", &headers));
                    connection.finish();
                    let answer = connection.answer(method);
                    assert!((400..500).contains(&answer.status) || answer.status == 501);
                    tried += 1;
                }
            }
        }
    }
    println!("{tried} heads refused");
    assert!(exists(&server, "private"), "the server serves on");
}

/// Those who come and say nothing, or begin and do not end, keep nobody else out.
#[test]
fn class_m_idle_and_half_said_connections_keep_nobody_out() {
    const EACH: usize = 100;
    let server = server();
    let open = |said: &str| -> Vec<Connection> {
        let one = |_| {
            let mut connection = server.connect();
            connection.send(said.as_bytes());
            connection
        };
        (0..EACH).map(one).collect()
    };
    let held = [
        open(""),
        open("GET /bkt/private HTTP/1.1\r\nHost: h"),
        open("PUT /bkt/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe"),
        open("PUT /bkt/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nx"),
    ];
    assert!(exists(&server, "private"));
    drop(held);
}

/// Each list, document and number at its bound and one over it.
#[test]
fn class_m_what_a_request_may_list_is_bounded() {
    let server = server();
    let delete = |count: usize| {
        let keys: String = (0..count).map(|i| format!("<Object><Key>{i}</Key></Object>")).collect();
        let body = format!("<Delete>{keys}</Delete>");
        let request = Request::new("POST", "/bkt?delete");
        server.call(request.header("content-md5", &content_md5(body.as_bytes())).body(body)).status
    };
    assert_eq!((delete(limits::PAGE_MAX), delete(limits::PAGE_MAX + 1)), (200, 400));

    let id = common::refusals::begin(&server, "k");
    let part = |number: u32| {
        let target = format!("/bkt/k?partNumber={number}&uploadId={id}");
        server.call(Request::new("PUT", &target).body("x")).status
    };
    let most = u32::from(limits::PARTS_MAX);
    assert_eq!((part(0), part(1), part(most), part(most + 1)), (400, 200, 200, 400));

    let complete = |count: usize| {
        let parts: String = (1..=count)
            .map(|n| format!("<Part><PartNumber>{n}</PartNumber><ETag>\"0\"</ETag></Part>"))
            .collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        server.call(Request::new("POST", &format!("/bkt/k?uploadId={id}")).body(body)).code()
    };
    let most = usize::from(limits::PARTS_MAX);
    assert_eq!(
        (complete(most).as_str(), complete(most + 1).as_str()),
        ("InvalidPart", "MalformedXML")
    );

    let tagging = |bytes: usize| {
        let spaces = " ".repeat(bytes - "<Tagging></Tagging>".len());
        let body = format!("<Tagging>{spaces}</Tagging>");
        server.call(Request::new("PUT", "/bkt/private?tagging").body(body)).code()
    };
    let most = limits::XML_BYTES_MAX;
    assert_eq!(tagging(most), "MalformedXML", "read whole, and it has no TagSet");
    assert_eq!(tagging(most + 1), "MaxMessageLengthExceeded");

    let with_headers = |count: usize| {
        let extra = (0..count).map(|i| (format!("a{i}"), "1".to_owned()));
        let host = ("host".to_owned(), server.address.to_string());
        let headers: Vec<_> = std::iter::once(host).chain(extra).collect();
        let mut connection = server.connect();
        connection.send(&raw_head("GET", "/bkt/private", &headers));
        connection.answer("GET").code()
    };
    assert_eq!(with_headers(limits::HEADERS_MAX - 1), "AccessDenied");
    assert_ne!(with_headers(limits::HEADERS_MAX), "AccessDenied");
}
