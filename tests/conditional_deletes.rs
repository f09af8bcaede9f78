//! Conditional deletes over a socket: `If-Match`, length and Last-Modified, of the object, of a
//! named version and entry by entry; and what is left after a condition that did not hold.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>

mod common;

use common::client::{Request, assert_refused};
use common::operations::content_md5;
use common::sharing::{put_policy, statement};
use common::xml::{text, texts};
use common::{OTHER, TestServer};

const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
const LONG_AGO: &str = "Thu, 01 Jan 2015 00:00:00 GMT";
const SIZE: &str = "x-amz-if-match-size";
const TIME: &str = "x-amz-if-match-last-modified-time";

fn object(method: &str) -> Request {
    Request::object(method, "bkt", "k")
}

/// A server with the bucket `bkt` and in it the object `k`; its Last-Modified.
fn server() -> (TestServer, String) {
    let server = TestServer::start();
    server.make_bucket("bkt");
    assert_eq!(server.call(object("PUT").body("hello")).status, 200);
    let modified = server.call(object("HEAD")).header("Last-Modified").map(str::to_owned);
    (server, modified.expect("a date"))
}

fn versioned(server: &TestServer) {
    let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(server.call(Request::new("PUT", "/bkt?versioning").body(body)).status, 200);
}

#[test]
fn delete_object_goes_by_tag_length_and_date() {
    let (server, modified) = server();
    let delete = |conditions: &[(&str, &str)]| {
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        server.call(conditions.iter().fold(object("DELETE"), with))
    };
    for bad in [
        &[("If-Match", "\"x\"")][..],
        &[("If-Match", "x")],
        &[(SIZE, "4")],
        &[(TIME, LONG_AGO)],
        &[("If-Match", HELLO_MD5), (SIZE, "4")],
        &[("If-Match", "\"x\""), (SIZE, "5"), (TIME, &modified)],
    ] {
        assert_refused(&delete(bad), 412, "PreconditionFailed");
        assert_eq!(server.call(object("GET")).text(), "hello", "{bad:?}");
    }
    let named = delete(&[("If-Match", "\"x\"")]);
    assert_eq!(text(&named.text(), "Condition").as_deref(), Some("If-Match"));
    for good in [
        &[("If-Match", HELLO_MD5)][..],
        &[("If-Match", "5d41402abc4b2a76b9719d911017c592")],
        &[("If-Match", "*")],
        &[(SIZE, "5")],
        &[("If-Match", HELLO_MD5), (SIZE, "5")],
    ] {
        assert_eq!(delete(good).status, 204, "{good:?}");
        assert_eq!(server.call(object("GET")).status, 404, "{good:?}");
        // What is gone already meets every condition.
        assert_eq!(delete(&[("If-Match", "\"x\""), (SIZE, "4")]).status, 204);
        assert_eq!(server.call(object("PUT").body("hello")).status, 200);
    }
    let modified = server.call(object("HEAD")).header("Last-Modified").map(str::to_owned);
    assert_eq!(delete(&[(TIME, &modified.expect("a date"))]).status, 204);
    assert_eq!(server.call(object("GET")).status, 404);
}

#[test]
fn delete_object_never_ignores_a_condition_it_cannot_weigh() {
    let (server, _) = server();
    for (name, value, status, code) in [
        (SIZE, "five", 400, "InvalidArgument"),
        (SIZE, "-5", 400, "InvalidArgument"),
        (TIME, "yesterday", 400, "InvalidArgument"),
        ("If-None-Match", "*", 501, "NotImplemented"),
        ("If-Unmodified-Since", LONG_AGO, 501, "NotImplemented"),
    ] {
        let request = object("DELETE").header(name, value);
        assert_refused(&server.call(request.clone()), status, code);
    }
    let request = object("DELETE").header("If-Match", "*");
    let denied = server.connect().call(&server.signer(OTHER), &request);
    assert_refused(&denied, 403, "AccessDenied");
    assert_eq!(server.call(object("GET")).text(), "hello");
}

#[test]
fn delete_objects_weighs_each_entry_by_itself() {
    let (server, modified) = server();
    let delete_all = |entries: &str| {
        let body = format!("<Delete>{entries}</Delete>");
        let request = Request::new("POST", "/bkt?delete");
        server.call(request.header("Content-MD5", &content_md5(body.as_bytes())).body(body))
    };
    let entry = |conditions: &str| format!("<Object><Key>k</Key>{conditions}</Object>");
    let bad = [
        entry("<ETag>x</ETag>"),
        entry("<Size>4</Size>"),
        entry(&format!("<LastModifiedTime>{LONG_AGO}</LastModifiedTime>")),
        entry("<ETag>*</ETag><Size>4</Size>"),
    ];
    let refused = delete_all(&bad.concat()).text();
    assert_eq!(texts(&refused, "Error", "Code"), ["PreconditionFailed"; 4]);
    assert_eq!(server.call(object("GET")).text(), "hello");
    for malformed in ["<Size>five</Size>", "<LastModifiedTime>then</LastModifiedTime>"] {
        assert_refused(&delete_all(&entry(malformed)), 400, "MalformedXML");
    }
    let all = format!(
        "<ETag>{HELLO_MD5}</ETag><Size>5</Size><LastModifiedTime>{modified}</LastModifiedTime>"
    );
    let gone = delete_all(&entry(&all)).text();
    assert_eq!(texts(&gone, "Deleted", "Key"), ["k"]);
    assert_eq!(server.call(object("GET")).status, 404);
    let again = delete_all(&bad.concat()).text();
    assert_eq!(texts(&again, "Deleted", "Key"), ["k"; 4], "what is gone meets every condition");
}

#[test]
fn delete_object_weighs_the_version_it_names() {
    let (server, _) = server();
    versioned(&server);
    let put = |body: &str| {
        let answer = server.call(object("PUT").body(body));
        answer.header("x-amz-version-id").expect("a version").to_owned()
    };
    let (older, newer) = (put("hello"), put("goodbye"));
    let delete = |version: &str, name: &str, value: &str| {
        let mut request = object("DELETE").header(name, value);
        request.query = format!("versionId={version}");
        server.call(request)
    };
    assert_refused(&delete(&older, SIZE, "7"), 412, "PreconditionFailed");
    assert_refused(&delete(&newer, "If-Match", HELLO_MD5), 412, "PreconditionFailed");
    let gone = delete(&older, "If-Match", HELLO_MD5);
    assert_eq!((gone.status, gone.header("x-amz-version-id")), (204, Some(older.as_str())));
    assert_eq!(delete(&older, SIZE, "99").status, 204, "gone already");
    assert_eq!(server.call(object("GET")).text(), "goodbye");
}

#[test]
fn a_delete_marker_meets_no_tag_and_no_length() {
    let (server, _) = server();
    versioned(&server);
    let delete = |name: &str, value: &str| server.call(object("DELETE").header(name, value));
    assert_eq!(delete(SIZE, "5").header("x-amz-delete-marker"), Some("true"));
    for (name, value) in [("If-Match", HELLO_MD5), (SIZE, "0"), (SIZE, "5"), (TIME, LONG_AGO)] {
        assert_refused(&delete(name, value), 412, "PreconditionFailed");
    }
    assert_eq!(delete("If-Match", "*").status, 204);
    let mut never = Request::object("DELETE", "bkt", "never").header("If-Match", "*");
    let answer = server.call(never.clone());
    assert_eq!((answer.status, answer.header("x-amz-delete-marker")), (204, None));
    never.method = "GET".to_owned();
    assert_eq!(server.call(never).header("x-amz-delete-marker"), Some("false"), "none was made");
}

#[test]
fn class_g_whoever_may_not_read_an_object_may_not_guess_at_its_tag() {
    let (server, _) = server();
    let policy = |action| statement("Allow", "other1", action, "");
    let as_other = |request: Request| server.connect().call(&server.signer(OTHER), &request);
    let write = |name, value| as_other(object("PUT").header(name, value).body("goodbye"));
    let delete = |name, value| as_other(object("DELETE").header(name, value));
    for action in ["s3:PutObject", "s3:DeleteObject"] {
        put_policy(&server, policy(action));
        for tag in [HELLO_MD5, "\"x\""] {
            assert_refused(&write("If-Match", tag), 403, "AccessDenied");
            assert_refused(&write("If-None-Match", tag), 403, "AccessDenied");
            assert_refused(&delete("If-Match", tag), 403, "AccessDenied");
        }
        assert_refused(&delete(SIZE, "5"), 403, "AccessDenied");
        assert_refused(&delete(SIZE, "6"), 403, "AccessDenied");
    }
    assert_eq!(server.call(object("GET")).text(), "hello");
    put_policy(&server, policy("s3:*"));
    assert_refused(&write("If-Match", "\"x\""), 412, "PreconditionFailed");
    assert_eq!(delete(SIZE, "5").status, 204);
}
