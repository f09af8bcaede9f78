//! Two users and nobody before one bucket: the few lines that the tests of access share.

use super::client::{Answer, Request, assert_refused, raw_head};
use super::xml::texts;
use super::{OTHER, TestServer};
use glassbucket::types::PublicAccessBlock;

/// Bucket `bkt` of the first user with object `k`; the server bars the public, as by default.
pub fn shut() -> TestServer {
    filled(TestServer::start())
}

/// The same with `--allow-public`.
pub fn open() -> TestServer {
    filled(TestServer::with(|config| config.block = PublicAccessBlock::default()))
}

pub fn filled(server: TestServer) -> TestServer {
    server.make_bucket("bkt");
    assert_eq!(server.call(object("PUT", "k").body("hello")).status, 200);
    server
}

pub fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

pub fn bucket(method: &str, query: &str) -> Request {
    Request::new(method, &format!("/bkt?{query}"))
}

pub fn as_other(server: &TestServer, request: &Request) -> Answer {
    server.connect().call(&server.signer(OTHER), request)
}

pub fn as_nobody(server: &TestServer, request: &Request) -> Answer {
    let mut connection = server.connect();
    let mut headers = vec![("host".to_owned(), server.address.to_string())];
    headers.extend(request.headers.iter().cloned());
    if !request.body.is_empty() || ["PUT", "POST"].contains(&request.method.as_str()) {
        headers.push(("content-length".to_owned(), request.body.len().to_string()));
    }
    connection.send(&raw_head(&request.method, &request.target(), &headers));
    connection.send(&request.body);
    connection.answer(&request.method)
}

#[track_caller]
pub fn assert_denied(answer: &Answer) {
    assert_refused(answer, 403, "AccessDenied");
}

/// A policy of one statement; `more` are further members of it.
pub fn statement(effect: &str, principal: &str, action: &str, more: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}",
        "Principal": {{"AWS": "{principal}"}}, "Action": "{action}",
        "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]{more}}}]}}"#
    )
}

#[track_caller]
pub fn put_policy(server: &TestServer, policy: String) {
    let answer = server.call(bucket("PUT", "policy").body(policy));
    assert_eq!(answer.status, 204, "{}", answer.text());
}

#[track_caller]
pub fn put_acl(server: &TestServer, target: &str, canned: &str) {
    let answer = server.call(Request::new("PUT", target).header("x-amz-acl", canned));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The owner that `?acl` shows to whoever `ask`s.
pub fn owner_of(key: &str, ask: impl Fn(&Request) -> Answer) -> String {
    let acl = ask(&Request::new("GET", &format!("/bkt/{key}?acl")));
    texts(&acl.text(), "Owner", "ID").first().cloned().unwrap_or_default()
}
