//! What is kept with an object beside its bytes and given back with them, over a socket.

mod common;

use common::TestServer;
use common::client::{Answer, Request};
use common::xml::{text, texts};

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server
}

fn put(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let request = Request::new("PUT", "/bkt/k").body("hello");
    server.call(headers.iter().fold(request, |request, (n, v)| request.header(n, v)))
}

const STORED: [(&str, &str); 8] = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "public, max-age=14400"),
    ("Content-Disposition", "attachment; filename=\"a b.txt\""),
    ("Content-Encoding", "gzip"),
    ("Content-Language", "de, en"),
    ("Expires", "Sat, 21 Nov 2026 18:52:07 GMT"),
    ("x-amz-website-redirect-location", "https://example.com/other"),
    ("x-amz-storage-class", "STANDARD_IA"),
];

#[test]
fn stored_headers_come_back_as_sent() {
    let server = server();
    assert_eq!(put(&server, &STORED).status, 200);
    for method in ["GET", "HEAD"] {
        let answer = server.call(Request::new(method, "/bkt/k"));
        for (name, value) in STORED {
            assert_eq!(answer.header(name), Some(value), "{method} {name}");
        }
    }
    let listed = server.call(Request::new("GET", "/bkt?list-type=2")).text();
    assert_eq!(texts(&listed, "Contents", "StorageClass"), ["STANDARD_IA"]);
    assert_eq!(put(&server, &[]).status, 200);
    let bare = server.call(Request::new("HEAD", "/bkt/k"));
    assert_eq!(bare.header("Content-Type"), Some("binary/octet-stream"));
    for (name, _) in &STORED[1..] {
        assert_eq!(bare.header(name), None, "{name}");
    }
}

#[test]
fn put_object_refuses_headers_it_cannot_keep() {
    let server = server();
    for (name, value, status, code) in [
        ("x-amz-storage-class", "COLD", 400, "InvalidStorageClass"),
        ("x-amz-website-redirect-location", "example.com", 400, "InvalidRedirectLocation"),
        ("x-amz-server-side-encryption", "AES256", 501, "NotImplemented"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256", 501, "NotImplemented"),
    ] {
        let answer = put(&server, &[(name, value)]);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{name}");
    }
    let message =
        text(&put(&server, &[("x-amz-server-side-encryption", "aws:kms")]).text(), "Message");
    assert!(message.expect("a sentence").contains("LUKS"));
    assert_eq!(server.call(Request::new("HEAD", "/bkt/k")).status, 404);
}

#[test]
fn metadata_that_is_not_ascii_comes_back_as_an_encoded_word() {
    let server = server();
    let word = "=?UTF-8?B?w4TDlsOcIFMz?=";
    for (sent, kept) in [
        ("ÄÖÜ S3", word),
        (word, word),
        ("=?UTF-8?Q?=C3=84?=", "=?UTF-8?Q?=C3=84?="),
        ("plain = text?", "plain = text?"),
    ] {
        assert_eq!(put(&server, &[("x-amz-meta-a", sent)]).status, 200, "{sent}");
        for method in ["GET", "HEAD"] {
            let answer = server.call(Request::new(method, "/bkt/k"));
            assert_eq!(answer.header("x-amz-meta-a"), Some(kept), "{sent}");
        }
    }
}

#[test]
fn metadata_is_two_kilobytes_of_utf8_and_no_more() {
    let server = server();
    let name = "x-amz-meta-ab";
    assert_eq!(put(&server, &[(name, &"é".repeat(1023))]).status, 200);
    let kept = server.call(Request::new("HEAD", "/bkt/k"));
    let word = kept.header(name).expect("the metadata");
    assert_eq!(word.len(), "=?UTF-8?B??=".len() + 2046 / 3 * 4);
    let over = put(&server, &[(name, &format!("{}x", "é".repeat(1023)))]);
    assert_eq!((over.status, over.code().as_str()), (400, "MetadataTooLarge"));
}
