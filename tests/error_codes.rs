//! The table of error codes: each is provoked over a socket by some test of this directory, or it
//! stands here with the reason why it cannot be. Below it, the codes that no other file provokes:
//! those of heads, signatures and bodies that no operation sees.

mod common;

use common::client::{Answer, Request, Signer, raw_head};
use common::{OWN, TestServer};
use glassbucket::auth::sigv4::Unsigned;
use glassbucket::error::ErrorCode;
use std::path::Path;

/// What a test cannot bring about at will, and what holds it instead.
const UNPROVOKED: &[(ErrorCode, &str)] = &[
    (ErrorCode::InsufficientStorage, "a full disk: `error` maps what the system says"),
    (ErrorCode::OperationAborted, "a hundred lost races with hands: the tests of `store`"),
    (ErrorCode::RequestTimeout, "half a minute of silence: the tests of `http::connection`"),
    (ErrorCode::ServiceUnavailable, "a disk that cannot sync: the tests of `store::disk`"),
];

#[test]
fn every_error_code_is_provoked_over_a_socket() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut code = String::new();
    for entry in std::fs::read_dir(tests).expect("the tests") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(path).expect("a test");
            code.extend(text.lines().filter(|line| !line.trim_start().starts_with("//")));
        }
    }
    let provoked = |code_: &ErrorCode| code.contains(&format!("\"{}\"", code_.name()));
    let excused = |code: &ErrorCode| UNPROVOKED.iter().any(|(excused, _)| excused == code);
    let wrong: Vec<&str> = ErrorCode::ALL
        .iter()
        .filter(|code| provoked(code) == excused(code))
        .map(|code| code.name())
        .collect();
    assert_eq!(wrong, [""; 0], "neither provoked nor excused, or both");
    println!("{} of {}", ErrorCode::ALL.len() - UNPROVOKED.len(), ErrorCode::ALL.len());
}

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    assert_eq!(server.call(Request::new("PUT", "/bkt/k").body("hello")).status, 200);
    server
}

/// Refused so, and `bkt` holds what it held.
#[track_caller]
fn assert_refused(server: &TestServer, answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    let list = server.call(Request::new("GET", "/bkt")).text();
    assert_eq!(common::xml::texts(&list, "Contents", "Key"), ["k"]);
    assert_eq!(server.call(Request::new("GET", "/bkt/k")).text(), "hello");
}

/// Sends bytes as they are, and reads the answer.
fn raw(server: &TestServer, method: &str, bytes: &[u8]) -> Answer {
    let mut connection = server.connect();
    connection.send(bytes);
    connection.answer(method)
}

#[test]
fn heads_that_are_no_http_1_are_named() {
    let server = server();
    let host = server.address;
    let head = |version: &str, more: &str| {
        format!("GET /bkt/k HTTP/{version}\r\nHost: {host}\r\n{more}\r\n").into_bytes()
    };
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "x".repeat(20_000));
    for (bytes, status, code) in [
        (head("2.0", ""), 505, "HttpVersionNotSupported"),
        (head("1.1", &many), 400, "RequestHeaderSectionTooLarge"),
        (head("1.1", &long), 400, "RequestHeaderSectionTooLarge"),
        (head("1.1", "Transfer-Encoding: gzip\r\n"), 501, "NotImplemented"),
        (head("1.1", "Host: twice\r\n"), 400, "BadRequest"),
        (head("1.1", "Content-Length: 5, 5\r\n"), 400, "BadRequest"),
    ] {
        assert_refused(&server, &raw(&server, "GET", &bytes), status, code);
    }
}

#[test]
fn signatures_that_cannot_be_read_are_named() {
    let server = server();
    let signer = server.signer(OWN);
    let get = Request::new("GET", "/bkt/k");
    let good = String::from_utf8(get.head(&signer)).expect("a head");
    for (from, to) in [
        ("/s3/", "/sqs/"),
        ("aws4_request", "aws5_request"),
        ("Credential=", "Cred="),
        ("SignedHeaders=", "Headers="),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        let answer = raw(&server, "GET", bad.as_bytes());
        assert_refused(&server, &answer, 400, "AuthorizationHeaderMalformed");
    }
    let headers = [("host".to_owned(), signer.host.clone())];
    let presigned = |secs| signer.presigned("GET", "/bkt/k", secs);
    for target in
        [presigned(604_801), presigned(60).replace("X-Amz-Expires=60", "X-Amz-Expires=soon")]
    {
        let head = raw_head("GET", &target, &headers);
        let answer = raw(&server, "GET", &head);
        assert_refused(&server, &answer, 400, "AuthorizationQueryParametersError");
    }
}

/// A signed PUT of `bkt/new` with these headers more, and a body framed by the caller.
fn signed_put(signer: &Signer, payload: &str, more: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut headers = vec![
        ("host".to_owned(), signer.host.clone()),
        ("x-amz-content-sha256".to_owned(), payload.to_owned()),
        ("x-amz-date".to_owned(), signer.now.iso8601_basic()),
    ];
    headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let path = "/bkt/new";
    let put = Unsigned { method: "PUT", path, query: "", headers: &headers, payload };
    headers.push(("authorization".to_owned(), signer.authorization(&put)));
    let mut head = raw_head("PUT", path, &headers);
    head.extend_from_slice(body.as_bytes());
    head
}

#[test]
fn put_object_wants_to_know_how_long_it_is() {
    let server = server();
    let signer = server.signer(OWN);
    for payload in ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        let answer = raw(&server, "PUT", &signed_put(&signer, payload, &[], ""));
        assert_refused(&server, &answer, 411, "MissingContentLength");
    }
    let more = [("content-length", "5368709121")];
    let answer = raw(&server, "PUT", &signed_put(&signer, "UNSIGNED-PAYLOAD", &more, ""));
    assert_refused(&server, &answer, 400, "EntityTooLarge");
}

#[test]
fn put_object_in_chunks_is_exactly_what_it_declares() {
    let server = server();
    let signer = server.signer(OWN);
    let crc = "x-amz-checksum-crc32:NhCmhg==\r\n";
    let put = |trailer: &str, length: &str, body: &str| {
        let bytes = body.len().to_string();
        let more = [
            ("content-length", bytes.as_str()),
            ("x-amz-decoded-content-length", length),
            ("x-amz-trailer", trailer),
        ];
        let more = if trailer.is_empty() { &more[..2] } else { &more[..] };
        raw(&server, "PUT", &signed_put(&signer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", more, body))
    };
    let announced = "x-amz-checksum-crc32";
    let hello = |trailers: &str| format!("5\r\nhello\r\n0\r\n{trailers}\r\n");
    for (trailer, length, body, code) in [
        (announced, "6", hello(crc), "IncompleteBody"),
        (announced, "4", hello(crc), "IncompleteBody"),
        (announced, "5", hello(""), "MalformedTrailerError"),
        (announced, "5", hello(&crc.repeat(2)), "MalformedTrailerError"),
        (announced, "5", hello("x-amz-meta-a:b\r\n"), "MalformedTrailerError"),
        ("", "5", hello(crc), "MalformedTrailerError"),
        ("x-amz-meta-a", "5", hello(crc), "InvalidRequest"),
        (announced, "5", "5\r\nhello0\r\n\r\n".to_owned(), "InvalidRequest"),
        (announced, "5", "z\r\n".to_owned(), "InvalidRequest"),
        (announced, "five", hello(crc), "InvalidArgument"),
    ] {
        assert_refused(&server, &put(trailer, length, &body), 400, code);
    }
    assert_eq!(put(announced, "5", &hello(crc)).status, 200);
    assert_eq!(server.call(Request::new("GET", "/bkt/new")).text(), "hello");
}

#[test]
fn create_bucket_refuses_a_location_that_is_no_region() {
    let server = server();
    for bad in ["eu west 1", "../..", "&#233;", &"x".repeat(65)] {
        let body = format!(
            "<CreateBucketConfiguration><LocationConstraint>{bad}</LocationConstraint>\
             </CreateBucketConfiguration>"
        );
        let answer = server.call(Request::new("PUT", "/new").body(body));
        assert_refused(&server, &answer, 400, "IllegalLocationConstraintException");
        assert_eq!(server.call(Request::new("HEAD", "/new")).status, 404);
    }
}

#[test]
fn grants_name_whom_the_server_knows() {
    let server = server();
    let document = |grantee: &str, kind: &str| {
        format!(
            "<AccessControlPolicy><AccessControlList><Grant><Grantee xsi:type=\"{kind}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{grantee}</Grantee>\
             <Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"
        )
    };
    let email = "<EmailAddress>nobody@example.com</EmailAddress>";
    for (grant, document, code) in [
        (
            "emailAddress=\"nobody@example.com\"",
            document(email, "AmazonCustomerByEmail"),
            "UnresolvableGrantByEmailAddress",
        ),
        ("id=\"nobody\"", document("<ID>nobody</ID>", "CanonicalUser"), "InvalidArgument"),
        ("uri=\"http://a\"", document("<URI>http://a</URI>", "Group"), "InvalidArgument"),
    ] {
        for target in ["/bkt?acl", "/bkt/k?acl", "/bkt/new", "/bkt/new?uploads", "/other"] {
            let method = if target.ends_with("uploads") { "POST" } else { "PUT" };
            let request = Request::new(method, target);
            let answer = server.call(request.clone().header("x-amz-grant-read", grant));
            assert_refused(&server, &answer, 400, code);
            if target.ends_with("acl") {
                let answer = server.call(request.body(document.clone()));
                assert_refused(&server, &answer, 400, code);
            }
        }
    }
    assert_eq!(server.call(Request::new("HEAD", "/other")).status, 404);
}
