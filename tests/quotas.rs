//! Bytes stored: each operation that writes is refused at one byte too many, before its body is
//! asked for; what counts, for whom, and what makes room again.

mod common;

use common::client::{Answer, Request, assert_refused};
use common::form::Form;
use common::sharing::statement;
use common::{OTHER, OWN, TestServer, user, xml};
use glassbucket::auth::role::{Scope, Scopes};
use glassbucket::auth::{Quotas, Role, User, Users};
use glassbucket::server::{Config, UsersSource};
use std::path::Path;
use std::time::{Duration, Instant};

/// The keys of the scoped user.
const SCOPED: (&str, &str) = ("scopedkey", "scopedsecret");
const QUOTA: usize = 10_000;
/// That of no bytes.
const NO_MD5: &str = "1B2M2Y8AsgTpgAmY7PhCfg==";

fn users(config: &mut Config) {
    let bytes_max = Some(QUOTA as u64);
    let quotas = Quotas { bytes_max, ..Quotas::default() };
    let write = vec![Scope::parse("shared/a").expect("a scope")];
    let scopes = Scopes { read: Vec::new(), write };
    let own = User { root: true, ..user("own1", "own", OWN) };
    let other = User { quotas, ..user("other1", "other", OTHER) };
    let role = Role::Scoped(scopes);
    let scoped = User { quotas, role, ..user("scoped1", "scoped", SCOPED) };
    config.users = UsersSource::fixed(Users::new(vec![own, other, scoped]).expect("users"));
}

/// [`OTHER`], who has a quota, has the bucket `bkt`.
fn server() -> TestServer {
    let server = TestServer::with(users);
    assert_eq!(call(&server, Request::new("PUT", "/bkt")).status, 200);
    server
}

/// As the user with the quota.
fn call(server: &TestServer, request: Request) -> Answer {
    server.connect().call(&server.signer(OTHER), &request)
}

fn put(server: &TestServer, key: &str, bytes: usize) -> Answer {
    call(server, Request::object("PUT", "bkt", key).body(vec![b'x'; bytes]))
}

#[track_caller]
fn fill(server: &TestServer, key: &str, bytes: usize) {
    let answer = put(server, key, bytes);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[track_caller]
fn assert_full(answer: &Answer) {
    assert_refused(answer, 403, "QuotaExceeded");
}

/// Asks until it is done: room is measured anew only so often.
#[track_caller]
fn until_done(ask: impl Fn() -> Answer) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match ask() {
            answer if matches!(answer.status, 200 | 204) => return,
            answer => assert_full(&answer),
        }
        assert!(Instant::now() < end, "there is no room for ever");
    }
}

fn keys(server: &TestServer) -> Vec<String> {
    xml::texts(&call(server, Request::new("GET", "/bkt")).text(), "Contents", "Key")
}

/// Every file below a directory.
fn files(below: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(below) else { return vec![below.display().to_string()] };
    let mut files: Vec<String> =
        entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect();
    files.sort();
    files
}

/// PutObject in unsigned chunks: a fifth of what is sent is not content.
fn put_chunked(server: &TestServer, key: &str, bytes: usize) -> Answer {
    let (chunk, mut body, mut left) = (16, String::new(), bytes);
    while left > 0 {
        let size = left.min(chunk);
        body += &format!("{size:x}\r\n{}\r\n", "x".repeat(size));
        left -= size;
    }
    body += "0\r\n\r\n";
    let put = Request::new("PUT", &format!("/bkt/{key}"))
        .header("x-amz-decoded-content-length", &bytes.to_string())
        .body(body);
    let payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    server.connect().call_with_payload(&server.signer(OTHER), payload, &put)
}

fn begin_upload(server: &TestServer, key: &str) -> String {
    let answer = call(server, Request::new("POST", &format!("/bkt/{key}?uploads")));
    xml::text(&answer.text(), "UploadId").expect("an upload id")
}

fn part(id: &str, number: u16) -> Request {
    Request::new("PUT", &format!("/bkt/up?partNumber={number}&uploadId={id}"))
}

/// Writes that many bytes, with the upload of that id where it needs one.
type Write = dyn Fn(&TestServer, &str, usize) -> Answer;

#[test]
fn every_write_fits_to_the_byte_and_one_more_leaves_nothing() {
    let write: [(&str, &Write); 5] = [
        ("PutObject", &|server, _, bytes| put(server, "new", bytes)),
        ("PutObject, aws-chunked", &|server, _, bytes| put_chunked(server, "new", bytes)),
        ("CopyObject", &|server, _, bytes| {
            let source = format!("/bkt/of{bytes}");
            let copy = Request::new("PUT", "/bkt/new").header("x-amz-copy-source", &source);
            call(server, copy)
        }),
        ("UploadPart", &|server, id, bytes| call(server, part(id, 1).body(vec![b'x'; bytes]))),
        ("UploadPartCopy", &|server, id, bytes| {
            let range = format!("bytes=0-{}", bytes - 1);
            let copy = part(id, 1).header("x-amz-copy-source", "/bkt/of101");
            call(server, copy.header("x-amz-copy-source-range", &range))
        }),
    ];
    for (name, write) in write {
        let server = server();
        fill(&server, "of100", 100);
        fill(&server, "of101", 101);
        fill(&server, "rest", QUOTA - 301);
        let id = begin_upload(&server, "up");
        let before = files(&server.data());
        let answer = write(&server, &id, 101);
        assert_full(&answer);
        let message = xml::text(&answer.text(), "Message").expect("a sentence");
        assert_eq!(
            message, "9900 of the 10000 bytes that you may store are used: 101 more do not fit.",
            "{name}"
        );
        assert_eq!(files(&server.data()), before, "{name} left something");
        let answer = write(&server, &id, 100);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        assert_full(&put(&server, "more", 1));
        assert_eq!(put(&server, "empty", 0).status, 200, "what adds nothing always fits");
    }
}

#[test]
fn a_form_wants_room_for_all_of_it_and_keeps_what_its_file_has() {
    let server = server();
    let fields = [("key", "new"), ("Content-Type", "text/plain")];
    let conditions = r#"{"bucket": "bkt"}, {"key": "new"}, {"Content-Type": "text/plain"}"#;
    let form = Form::new(&fields, "content").sign_v4(&server.signer(OTHER), conditions);
    let post = || form.post(&mut server.connect(), &server.address.to_string(), "bkt");
    let whole = form.body().len();
    fill(&server, "rest", QUOTA - whole - 1);
    fill(&server, "one", 2);
    assert_full(&post());
    assert_eq!(keys(&server), ["one", "rest"]);
    assert_eq!(call(&server, Request::new("DELETE", "/bkt/one")).status, 204);
    fill(&server, "two", 1);
    until_done(post);
    assert_full(&put(&server, "more", whole - "content".len() + 1));
    until_done(|| put(&server, "more", whole - "content".len()));
}

#[test]
fn a_body_is_not_asked_for_where_there_is_no_room() {
    let server = server();
    let too_much = Request::object("PUT", "bkt", "k").body(vec![b'x'; QUOTA + 1]);
    let mut connection = server.connect();
    connection.send(&too_much.header("Expect", "100-continue").head(&server.signer(OTHER)));
    assert_full(&connection.try_answer("PUT").expect("an answer")); // and not 100
}

#[test]
fn where_there_is_a_quota_a_body_says_how_long_it_is() {
    let server = server();
    server.make_bucket("free");
    for (who, path, status) in [(OTHER, "/bkt/k", 411), (OWN, "/free/k", 200)] {
        let signer = server.signer(who);
        let head = Request::new("PUT", path).body("x").head(&signer);
        let head = String::from_utf8(head).expect("a head");
        let head = head.replace("content-length: 1\r\n", "transfer-encoding: chunked\r\n");
        let mut connection = server.connect();
        connection.send(head.as_bytes());
        connection.send(b"1\r\nx\r\n0\r\n\r\n");
        let answer = connection.answer("PUT");
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[test]
fn an_upload_that_fails_gives_its_room_back() {
    let server = server();
    let all = || Request::object("PUT", "bkt", "k").body(vec![b'x'; QUOTA]);
    for _ in 0..3 {
        let mut connection = server.connect();
        connection.send(&all().head(&server.signer(OTHER)));
        connection.send(&vec![b'y'; QUOTA]); // not what was signed
        assert_refused(&connection.answer("PUT"), 400, "XAmzContentSHA256Mismatch");
    }
    let mut connection = server.connect();
    connection.send(&all().head(&server.signer(OTHER)));
    connection.send(&[b'x'; 10]);
    drop(connection); // in the midst of it
    until_done(|| call(&server, all()));
}

#[test]
fn what_is_removed_makes_room() {
    let server = server();
    fill(&server, "old", QUOTA);
    assert_full(&put(&server, "new", 1));
    assert_full(&put(&server, "old", QUOTA)); // the old bytes go when the new ones are there
    assert_eq!(call(&server, Request::new("DELETE", "/bkt/old")).status, 204);
    until_done(|| put(&server, "new", QUOTA));
    // So it does where a person removes it, or the whole bucket.
    std::fs::remove_file(server.data().join("bkt/new")).expect("the file");
    until_done(|| put(&server, "new", QUOTA));
    assert_eq!(call(&server, Request::new("DELETE", "/bkt/new")).status, 204);
    assert_eq!(call(&server, Request::new("DELETE", "/bkt")).status, 204);
    assert_eq!(call(&server, Request::new("PUT", "/bkt")).status, 200);
    until_done(|| put(&server, "new", QUOTA));
}

/// Of a file that is written again and again, as states and indexes are, only one counts.
#[test]
fn what_was_overwritten_or_removed_is_no_reason_to_refuse() {
    let server = server();
    for _ in 0..35 {
        fill(&server, "state", QUOTA / 10);
    }
    fill(&server, "rest", QUOTA - QUOTA / 10);
    assert_eq!(call(&server, Request::new("DELETE", "/bkt/rest")).status, 204);
    fill(&server, "rest", QUOTA - QUOTA / 10);
    assert_full(&put(&server, "state", QUOTA / 10));
}

#[test]
fn what_people_put_there_counts() {
    let server = server();
    std::fs::write(server.data().join("bkt/by-hand"), vec![b'x'; QUOTA - 5]).expect("a file");
    assert_full(&put(&server, "new", 6));
    fill(&server, "new", 5);
    let server = server.restart(users);
    assert_full(&put(&server, "more", 1));
}

#[test]
fn class_m_uploads_at_once_do_not_pass_the_quota_together() {
    let server = server();
    let wrote = std::thread::scope(|scope| {
        let put = |n| put(&server, &format!("k{n}"), QUOTA / 5).status;
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || put(n))).collect();
        let statuses = threads.into_iter().map(|thread| thread.join().expect("a status"));
        statuses.filter(|status| *status == 200).count()
    });
    assert_eq!((wrote, keys(&server).len()), (5, 5));
}

#[test]
fn older_versions_count_until_they_are_removed() {
    let server = server();
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let enable = Request::new("PUT", "/bkt?versioning").body(enabled);
    assert_eq!(call(&server, enable).status, 200);
    let first = put(&server, "k", QUOTA / 2);
    let id = first.header("x-amz-version-id").expect("a version").to_owned();
    fill(&server, "k", QUOTA / 2);
    assert_full(&put(&server, "k", 1));
    assert_eq!(call(&server, Request::new("DELETE", "/bkt/k")).status, 204);
    let server = server.restart(users); // which measures before its first write
    assert_full(&put(&server, "k", 1));
    let delete = Request::new("DELETE", &format!("/bkt/k?versionId={id}"));
    assert_eq!(call(&server, delete).status, 204);
    until_done(|| put(&server, "k", QUOTA / 2));
}

#[test]
fn parts_count_complete_adds_nothing_and_abort_makes_room() {
    let server = server();
    let id = begin_upload(&server, "up");
    let answer = call(&server, part(&id, 1).body(vec![b'x'; QUOTA]));
    let etag = answer.header("ETag").expect("a tag").to_owned();
    assert_full(&put(&server, "k", 1));
    let server = server.restart(users);
    assert_full(&put(&server, "k", 1));
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    let complete = Request::new("POST", &format!("/bkt/up?uploadId={id}")).body(list);
    assert_eq!(call(&server, complete).status, 200);
    assert_full(&put(&server, "k", 1));
    assert_eq!(call(&server, Request::new("DELETE", "/bkt/up")).status, 204);
    let id = begin_upload(&server, "up");
    until_done(|| call(&server, part(&id, 1).body(vec![b'x'; QUOTA])));
    let abort = Request::new("DELETE", &format!("/bkt/up?uploadId={id}"));
    assert_eq!(call(&server, abort).status, 204);
    until_done(|| put(&server, "k", QUOTA));
}

/// Each leaves a slot of the upload's file behind: unless these count, an upload that never
/// completes holds any number of bytes.
#[test]
fn class_m_parts_that_fail_do_not_pass_the_quota_together() {
    let server = server();
    let id = begin_upload(&server, "up");
    let almost = QUOTA * 9 / 10;
    let wrong = |number| part(&id, number).body(vec![b'x'; almost]).header("content-md5", NO_MD5);
    assert_refused(&call(&server, wrong(1)), 400, "BadDigest");
    assert_full(&call(&server, wrong(2)));
    assert_full(&put(&server, "new", almost));
    let abort = Request::new("DELETE", &format!("/bkt/up?uploadId={id}"));
    assert_eq!(call(&server, abort).status, 204);
    until_done(|| put(&server, "new", QUOTA));
}

#[test]
fn what_others_write_into_a_bucket_counts_for_its_owner() {
    let server = server();
    let policy = statement("Allow", "own1", "s3:PutObject", "");
    let answer = call(&server, Request::new("PUT", "/bkt?policy").body(policy));
    assert_eq!(answer.status, 204, "{}", answer.text());
    fill(&server, "k", QUOTA - 10);
    let as_root = |bytes: usize| server.call(Request::new("PUT", "/bkt/r").body(vec![b'x'; bytes]));
    let answer = as_root(11);
    assert_full(&answer);
    assert!(!answer.text().contains("9990"), "what another has stored is not told");
    assert_eq!(as_root(10).status, 200);
    assert_full(&put(&server, "k2", 1));
}

#[test]
fn of_a_scoped_user_what_is_below_its_write_scopes_counts() {
    let server = server();
    server.make_bucket("shared");
    let as_root = |key: &str, bytes: usize| {
        server.call(Request::object("PUT", "shared", key).body(vec![b'x'; bytes])).status
    };
    let as_scoped = |key: &str, bytes: usize| {
        let put = Request::object("PUT", "shared", key).body(vec![b'x'; bytes]);
        server.connect().call(&server.signer(SCOPED), &put)
    };
    assert_eq!((as_root("b/k", 2 * QUOTA), as_root("ab", QUOTA)), (200, 200));
    assert_eq!(as_root("a/by-root", 10), 200);
    assert_full(&as_scoped("a/k", QUOTA - 9));
    assert_eq!(as_scoped("a/k", QUOTA - 10).status, 200);
    assert_full(&as_scoped("a/more", 1));
}
