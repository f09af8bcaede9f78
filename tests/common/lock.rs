//! Requests about Object Lock, on the bucket `bkt`.

use super::TestServer;
use super::client::{Answer, Request};
use super::xml::{root, text, texts};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use glassbucket::server::{Clock, Config};
use glassbucket::types::Timestamp;
use md5::Digest;

pub const SOON: &str = "2030-01-01T00:00:00.000Z";
pub const LATER: &str = "2030-01-02T00:00:00.000Z";

pub fn at(time: &str) -> impl FnOnce(&mut Config) {
    let time = Timestamp::parse_iso8601(time).expect("a time");
    move |config| config.clock = Clock::Fixed(time)
}

/// A server of 2027 with the bucket `bkt`, which has Object Lock.
pub fn server() -> TestServer {
    let server = TestServer::with(at("2027-03-01T12:00:00Z"));
    let create = Request::new("PUT", "/bkt").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(create).status, 200);
    server
}

pub fn object(method: &str, key: &str, query: &str) -> Request {
    Request { query: query.to_owned(), ..Request::object(method, "bkt", key) }
}

pub fn with_lock(request: Request, mode: &str, until: &str) -> Request {
    request
        .header("x-amz-object-lock-mode", mode)
        .header("x-amz-object-lock-retain-until-date", until)
}

pub fn bypassing(request: Request) -> Request {
    request.header("x-amz-bypass-governance-retention", "true")
}

/// Puts `hello`; its version id.
pub fn put(server: &TestServer, request: Request) -> String {
    let answer = server.call(request.body("hello"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-amz-version-id").expect("a version id").to_owned()
}

pub fn of_version(id: &str) -> String {
    format!("versionId={id}")
}

pub fn delete(key: &str, id: &str) -> Request {
    object("DELETE", key, &of_version(id))
}

pub fn put_retention(key: &str, mode: &str, until: &str) -> Request {
    let document = format!(
        "<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
    );
    object("PUT", key, "retention").body(document)
}

pub fn put_legal_hold(key: &str, status: &str) -> Request {
    let document = format!("<LegalHold><Status>{status}</Status></LegalHold>");
    object("PUT", key, "legal-hold").body(document)
}

pub fn put_configuration(bucket: &str, rule: &str) -> Request {
    Request::new("PUT", &format!("/{bucket}?object-lock")).body(format!(
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}\
         </ObjectLockConfiguration>"
    ))
}

pub fn default_rule(mode: &str, period: &str) -> String {
    format!("<Rule><DefaultRetention><Mode>{mode}</Mode>{period}</DefaultRetention></Rule>")
}

/// Mode and date that GetObjectRetention answers for the current version.
pub fn retention(server: &TestServer, key: &str) -> (String, String) {
    let answer = server.call(object("GET", key, "retention"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let document = answer.text();
    assert_eq!(root(&document), "Retention");
    let of = |name| text(&document, name).unwrap_or_default();
    (of("Mode"), of("RetainUntilDate"))
}

/// The version id that an answer names.
pub fn put_id(answer: &Answer) -> String {
    assert!(matches!(answer.status, 200 | 204), "{}", answer.text());
    answer.header("x-amz-version-id").expect("a version id").to_owned()
}

/// DeleteObjects of one version, as the answer to that entry alone.
pub fn delete_objects(server: &TestServer, key: &str, id: &str) -> Answer {
    let list =
        format!("<Delete><Object><Key>{key}</Key><VersionId>{id}</VersionId></Object></Delete>");
    let md5 = BASE64_STANDARD.encode(md5::Md5::digest(&list));
    let request = Request::new("POST", "/bkt?delete").header("Content-MD5", &md5);
    let mut answer = server.call(bypassing(request).body(list));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.status = if texts(&answer.text(), "Error", "Code").is_empty() { 200 } else { 403 };
    answer
}

/// Deletes `k` without naming a version; the id of the marker.
pub fn put_marker(server: &TestServer) -> String {
    put_id(&server.call(object("DELETE", "k", "")))
}
