//! The published ways in which servers like this were broken, tried over a socket: each test is
//! named by its class's letter in README's list, "Security classes", which also says where the
//! classes are held that need no socket.
//!
//! "Refused" means: the right status and code, nothing written, nothing disclosed.

mod common;

use common::client::{Connection, Request, Signer, raw_head, sha256};
use common::{OTHER, OWN, TestServer};
use glassbucket::auth::Secret;
use glassbucket::auth::sigv4::{Unsigned, presigned_query};

const SECRET_CONTENT: &[u8] = b"what nobody else may read";

/// A server with one private object `bkt/private`.
fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    put(&server, "private", SECRET_CONTENT);
    server
}

fn put(server: &TestServer, key: &str, body: &[u8]) {
    let answer = server.call(Request::object("PUT", "bkt", key).body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn exists(server: &TestServer, key: &str) -> bool {
    server.call(Request::object("HEAD", "bkt", key)).status == 200
}

/// A signed head with one more header that the signature does not cover.
fn with_unsigned(head: &[u8], name: &str, value: &str) -> Vec<u8> {
    let end = head.len() - 2;
    [&head[..end], format!("{name}: {value}\r\n\r\n").as_bytes()].concat()
}

/// A presigned target for `path`.
fn presigned(signer: &Signer, method: &str, path: &str, query: &str) -> String {
    let headers = [("host".to_owned(), signer.host.clone())];
    let payload = "UNSIGNED-PAYLOAD";
    let request = Unsigned { method, path, query, headers: &headers, payload };
    let query =
        presigned_query(&request, &signer.access_key, &signer.secret, "us-east-1", signer.now, 600);
    format!("{path}?{query}")
}

const AMZ_HEADERS: [(&str, &str); 13] = [
    ("x-amz-copy-source", "/bkt/private"),
    ("x-amz-acl", "public-read"),
    ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""),
    ("x-amz-tagging", "a=b"),
    ("x-amz-meta-injected", "yes"),
    ("x-amz-storage-class", "STANDARD_IA"),
    ("x-amz-website-redirect-location", "/elsewhere"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-object-lock-mode", "COMPLIANCE"),
    ("x-amz-metadata-directive", "REPLACE"),
    ("x-amz-checksum-crc32", "AAAAAA=="),
    ("x-amz-bypass-governance-retention", "true"),
    ("X-AMZ-Unheard-Of", "1"),
];

#[test]
fn class_a_unsigned_amz_headers_are_refused() {
    let server = server();
    let signer = server.signer(OWN);
    for (name, value) in AMZ_HEADERS {
        let request = Request::object("PUT", "bkt", "target").body("x");
        let mut connection = server.connect();
        connection.send(&with_unsigned(&request.head(&signer), name, value));
        connection.send(b"x");
        let answer = connection.answer("PUT");
        assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"), "{name}");
        assert!(answer.text().contains("not signed"), "{}", answer.text());
        assert!(answer.text().contains("<HeadersNotSigned>"), "{}", answer.text());

        let target = presigned(&signer, "PUT", "/bkt/target", "");
        let headers = [("Host", signer.host.as_str()), (name, value), ("Content-Length", "1")];
        let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let mut connection = server.connect();
        connection.send(&raw_head("PUT", &target, &headers));
        connection.send(b"x");
        let answer = connection.answer("PUT");
        assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"), "{name}");
        assert!(!exists(&server, "target"), "{name} let something be written");
    }
}

#[test]
fn class_a_sub_resources_appended_to_a_presigned_url_are_refused() {
    let server = server();
    let signer = server.signer(OWN);
    for sub in ["tagging", "acl", "retention", "legal-hold", "uploads", "versionId=null", "torrent"]
    {
        for method in ["GET", "PUT", "DELETE"] {
            let target = presigned(&signer, method, "/bkt/private", "") + "&" + sub;
            let headers = [("Host", signer.host.as_str()), ("Content-Length", "0")];
            let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned()));
            let mut connection = server.connect();
            connection.send(&raw_head(method, &target, &headers));
            let answer = connection.answer(method);
            assert_eq!(answer.status, 403, "{method} {sub}");
        }
    }
    assert_eq!(server.call(Request::object("GET", "bkt", "private")).body, SECRET_CONTENT);
}

#[test]
fn class_g_a_private_object_answers_the_same_whether_it_exists_or_not() {
    let server = server();
    for headers in [
        vec![],
        vec![("range", "bytes=0-3")],
        vec![("if-none-match", "*")],
        vec![("if-modified-since", "Sat, 21 Nov 2020 18:52:07 GMT")],
        vec![("if-match", "\"0\"")],
    ] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            for who in [Some(OTHER), None] {
                let answers = ["private", "absent"].map(|key| {
                    let mut request = Request::object(method, "bkt", key);
                    for (name, value) in &headers {
                        request = request.header(name, value);
                    }
                    let mut connection = server.connect();
                    let answer = match who {
                        Some(user) => connection.call(&server.signer(user), &request),
                        None => anonymous(&mut connection, &server, &request),
                    };
                    (answer.status, answer.code(), answer.body.len())
                });
                // 501: a condition that S3 has not for this method is refused unseen.
                assert!(matches!(answers[0].0, 403 | 501), "{method} {headers:?}");
                assert_eq!(answers[0].0, answers[1].0, "{method} {headers:?}");
                assert_eq!(answers[0].1, answers[1].1, "{method} {headers:?}");
            }
        }
    }
    assert_eq!(server.call(Request::object("GET", "bkt", "private")).body, SECRET_CONTENT);
}

fn anonymous(
    connection: &mut Connection,
    server: &TestServer,
    request: &Request,
) -> common::client::Answer {
    let mut headers = vec![("host".to_owned(), server.address.to_string())];
    headers.extend(request.headers.iter().cloned());
    headers.push(("content-length".to_owned(), "0".to_owned()));
    connection.send(&raw_head(&request.method, &request.target(), &headers));
    connection.answer(&request.method)
}

#[test]
fn class_h_the_source_of_a_copy_is_authorised() {
    let server = server();
    let other = server.signer(OTHER);
    let mut connection = server.connect();
    assert_eq!(connection.call(&other, &Request::new("PUT", "/other")).status, 200);
    let copy =
        Request::object("PUT", "other", "stolen").header("x-amz-copy-source", "/bkt/private");
    let answer = connection.call(&other, &copy);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));

    let create = Request::new("POST", "/other/stolen?uploads");
    let upload = connection.call(&other, &create);
    let id = common::xml::text(&upload.text(), "UploadId").expect("an upload id");
    let part = Request::new("PUT", &format!("/other/stolen?partNumber=1&uploadId={id}"))
        .header("x-amz-copy-source", "/bkt/private");
    let answer = connection.call(&other, &part);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));

    let into = Request::object("PUT", "bkt", "planted").header("x-amz-copy-source", "/other/x");
    let answer = connection.call(&other, &into);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));
    assert!(!exists(&server, "planted"));
}

#[test]
fn class_i_unknown_keys_and_empty_secrets_are_refused() {
    let server = server();
    for (access_key, secret) in [("nobody", ""), ("nobody", "x"), (OWN.0, "")] {
        let signer = Signer {
            access_key: access_key.to_owned(),
            secret: Secret::new(secret.to_owned()),
            ..server.signer(OWN)
        };
        let answer = server.connect().call(&signer, &Request::object("GET", "bkt", "private"));
        assert_eq!(answer.status, 403, "{access_key}");
        assert!(!answer.text().contains(OWN.1), "the secret stands in the answer");
    }
}

#[test]
fn class_n_requests_that_two_readers_may_split_differently_are_refused_and_the_connection_closed() {
    let server = server();
    let host = server.address.to_string();
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
        connection.send(raw.as_bytes());
        let answer = connection.answer("GET");
        assert!((400..600).contains(&answer.status) && answer.status != 500, "{raw:?}");
        assert!(answer.closes() && connection.is_closed(), "{raw:?} {}", answer.status);
    }
    assert!(exists(&server, "private"), "the server serves on");
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

#[test]
fn class_o_response_headers_of_an_anonymous_get_are_refused() {
    let server = common::sharing::open();
    common::sharing::put_acl(&server, "/bkt/k?acl", "public-read");
    let get = |query: &str| {
        common::sharing::as_nobody(&server, &Request::new("GET", &format!("/bkt/k{query}")))
    };
    assert_eq!(get("").status, 200);
    let answer = get("?response-content-type=text/html");
    assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidRequest"));
}
