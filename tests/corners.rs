//! Corners of the API that a client's own tests look into: what is answered there is small, and a
//! client that gets something else stops.

mod common;

use common::client::{Answer, Request, assert_refused, raw_head};
use common::xml::{text, texts};
use common::{OWN, TestServer};

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server
}

/// Of a request that nobody signed.
fn anonymous(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let host = ("host", server.signer(OWN).host);
    let given = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let headers: Vec<(String, String)> =
        std::iter::once(host).chain(given).map(|(name, value)| (name.into(), value)).collect();
    let mut connection = server.connect();
    connection.send(&raw_head(method, path, &headers));
    connection.answer(method)
}

#[test]
fn list_objects_v2_takes_an_empty_continuation_token_for_none() {
    let server = server();
    assert_eq!(server.call(Request::object("PUT", "bkt", "k").body("x")).status, 200);
    let list = "/bkt?list-type=2&continuation-token=";
    let page = server.call(Request::new("GET", list)).text();
    assert_eq!(text(&page, "ContinuationToken").as_deref(), Some(""));
    assert_eq!(texts(&page, "Contents", "Key"), ["k"]);
    let start_after = server.call(Request::new("GET", &format!("{list}&start-after=k"))).text();
    assert_eq!(text(&start_after, "KeyCount").as_deref(), Some("0"));
}

#[test]
fn list_objects_encodes_a_space_as_every_client_reads_it() {
    let server = server();
    assert_eq!(server.call(Request::object("PUT", "bkt", "a b/+c").body("x")).status, 200);
    for version in ["1", "2"] {
        let v2 = if version == "2" { "&list-type=2" } else { "" };
        let list = format!("/bkt?encoding-type=url&prefix=a%20b%2F{v2}");
        let page = server.call(Request::new("GET", &list)).text();
        assert_eq!(texts(&page, "Contents", "Key"), ["a%20b/%2Bc"], "V{version}");
        assert_eq!(text(&page, "Prefix").as_deref(), Some("a%20b/"), "V{version}");
    }
}

#[test]
fn a_preflight_is_judged_before_any_signature() {
    let server = server();
    for path in ["/bkt/k", "/bkt", "/absent/k", "/bkt/k?X-Amz-Signature=of-another-method"] {
        assert_refused(&anonymous(&server, "OPTIONS", path, &[]), 400, "BadRequest");
        let from_a_page =
            [("origin", "https://a.example"), ("access-control-request-method", "GET")];
        let answer = anonymous(&server, "OPTIONS", path, &from_a_page);
        assert_refused(&answer, 403, "AccessForbidden");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
    }
}

#[test]
fn nobody_is_denied_in_every_body_mode_of_boto3() {
    let server = server();
    for mode in ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        let headers = [
            ("x-amz-content-sha256", mode),
            ("x-amz-decoded-content-length", "3"),
            ("content-length", "0"),
        ];
        let answer = anonymous(&server, "PUT", "/bkt/k", &headers);
        assert_refused(&answer, 403, "AccessDenied");
    }
    assert_eq!(server.call(Request::object("HEAD", "bkt", "k")).status, 404);
}

#[test]
fn put_object_keeps_content_encoding_as_written_without_aws_chunked() {
    let server = server();
    for (sent, kept) in [
        ("deflate, gzip", Some("deflate, gzip")),
        ("deflate, gzip,aws-chunked", Some("deflate, gzip")),
        ("aws-chunked, gzip", Some("gzip")),
        ("deflate, AWS-chunked ,gzip", Some("deflate,gzip")),
        ("aws-chunked, aws-chunked", None),
    ] {
        let put = Request::object("PUT", "bkt", "k").header("Content-Encoding", sent).body("x");
        assert_eq!(server.call(put).status, 200);
        let head = server.call(Request::object("HEAD", "bkt", "k"));
        assert_eq!(head.header("Content-Encoding"), kept, "{sent}");
    }
}
