//! What all operations have in common, tried on every one of them over a socket: each first does
//! what it is for, then is refused for every reason that they share, and nothing is changed by it.

mod common;

use common::OWN;
use common::client::{Request, Signer};
use common::operations::{At, Body, On, Op, Who, operations};
use common::refusals::{Refusals, begin, server};
use glassbucket::auth::Secret;
use glassbucket::types::Timestamp;
use std::collections::BTreeSet;

#[test]
fn no_operation_of_the_router_is_forgotten() {
    let text = include_str!("../src/router.rs");
    let arms = text.lines().filter_map(|line| line.trim().strip_prefix("Operation::"));
    let names = arms.filter_map(|arm| arm.split_once("=> \"")?.1.strip_suffix("\","));
    let all = operations();
    let walked: BTreeSet<&str> = all.iter().map(|op| op.name).collect();
    assert_eq!(walked.len(), all.len(), "a name stands twice");
    let missing: Vec<&str> = names.filter(|name| !walked.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
    println!("{} operations", all.len());
}

/// Those whose good answer is none of 200 and 204.
const OTHERWISE: &[(&str, u16)] = &[
    ("DeleteBucket", 409),
    ("DeleteBucketAnalyticsConfiguration", 404),
    ("DeleteBucketIntelligentTieringConfiguration", 404),
    ("DeleteBucketInventoryConfiguration", 404),
    ("DeleteBucketMetricsConfiguration", 404),
    ("GetBucketEncryption", 404),
    ("GetBucketReplication", 404),
    ("GetObjectTorrent", 404),
];

/// The control of all that follows: what is refused there is answered here.
#[test]
fn every_operation_does_what_it_is_for() {
    let (server, _) = server();
    let mut all = operations();
    all.sort_by_key(|op| {
        let order = ["POST", "PUT", "GET", "HEAD", "DELETE"].map(|method| method != op.method);
        (order, op.name == "DeleteObject")
    });
    for op in &all {
        let id = begin(&server, "k");
        let at = At { bucket: "bkt", key: "k", upload: &id };
        let answer = op.ask(&server, Who::Own, at);
        let otherwise = OTHERWISE.iter().find(|(name, _)| *name == op.name).map(|row| row.1);
        let good = match otherwise {
            Some(status) => answer.status == status,
            None if op.is_there() => matches!(answer.status, 200 | 204),
            None => (answer.status, answer.code().as_str()) == (501, "NotImplemented"),
        };
        assert!(good, "{}: {} {}", op.name, answer.status, answer.text());
    }
}

/// CreateBucket makes it, ListBuckets asks of none.
fn needs_bucket(op: &Op) -> bool {
    op.on != On::Service && op.name != "CreateBucket"
}

#[test]
fn every_operation_on_a_bucket_that_is_not_there_is_no_such_bucket() {
    let (server, upload) = server();
    let mut refusals = Refusals::of(&server);
    for op in operations().iter().filter(|op| needs_bucket(op)) {
        for who in [Who::Own, Who::Other, Who::Nobody] {
            let answer = op.ask(&server, who, At { bucket: "none", key: "k", upload: &upload });
            refusals.expect(op, &format!("{who:?}"), &answer, 404, "NoSuchBucket");
        }
    }
    refusals.end();
}

#[test]
fn every_operation_is_denied_to_strangers_whether_the_key_is_there_or_not() {
    let (server, upload) = server();
    let mut refusals = Refusals::of(&server);
    for op in &operations() {
        for who in [Who::Other, Who::Nobody] {
            for key in ["k", "absent"] {
                let (status, code) = match (op.name, who) {
                    ("ListBuckets", Who::Other) => continue,
                    ("CreateBucket", Who::Other) => (409, "BucketAlreadyExists"),
                    // With a policy each key is weighed by itself.
                    ("DeleteObjects", _) => (200, "AccessDenied"),
                    _ => (403, "AccessDenied"),
                };
                let answer = op.ask(&server, who, At { bucket: "bkt", key, upload: &upload });
                refusals.expect(op, &format!("{who:?} {key}"), &answer, status, code);
            }
        }
    }
    refusals.end();
}

#[test]
fn every_operation_wants_good_names() {
    let (server, upload) = server();
    let mut refusals = Refusals::of(&server);
    let long = "k".repeat(1025);
    for op in &operations() {
        for bucket in ["Bkt", "b", ".glassbucket", "a..b", "127.0.0.1"] {
            if op.on != On::Service {
                let answer = op.ask(&server, Who::Own, At { bucket, key: "k", upload: &upload });
                refusals.expect(op, bucket, &answer, 400, "InvalidBucketName");
            }
        }
        if matches!(op.on, On::Object | On::Upload) || op.body == Body::Form {
            let at = At { bucket: "bkt", key: &long, upload: &upload };
            let answer = op.ask(&server, Who::Own, at);
            refusals.expect(op, "long key", &answer, 400, "KeyTooLongError");
        }
    }
    refusals.end();
}

/// Refused before anything is looked at, whoever the bucket belongs to.
#[test]
fn every_operation_wants_a_good_signature() {
    let (server, upload) = server();
    let mut refusals = Refusals::of(&server);
    let signer = |key: &str, secret: &str, late: i64| Signer {
        access_key: key.to_owned(),
        secret: Secret::new(secret.to_owned()),
        now: Timestamp::new(server.now().secs() + late, 0),
        ..server.signer(OWN)
    };
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    for op in operations().iter().filter(|op| op.body != Body::Form) {
        let request = op.request(&server, Who::Own, at);
        for (signer, code) in [
            (signer(OWN.0, "wrong", 0), "SignatureDoesNotMatch"),
            (signer("nobody", OWN.1, 0), "InvalidAccessKeyId"),
            (signer(OWN.0, OWN.1, 16 * 60), "RequestTimeTooSkewed"),
            (signer(OWN.0, OWN.1, -16 * 60), "RequestTimeTooSkewed"),
        ] {
            let answer = server.connect().call(&signer, &request);
            refusals.expect(op, "signature", &answer, 403, code);
        }
        let token = request.clone().header("x-amz-security-token", "token");
        refusals.expect(op, "token", &server.call(token), 400, "InvalidToken");
        if op.on != On::Service && op.name != "CreateBucket" {
            let expected = request.clone().header("x-amz-expected-bucket-owner", "someone");
            refusals.expect(op, "owner", &server.call(expected), 403, "AccessDenied");
        }
        // What this server has no operation for it says without reading the body.
        if op.is_there() && !request.body.is_empty() {
            let mut connection = server.connect();
            connection.send(&request.head(&server.signer(OWN)));
            connection.send(&vec![b'x'; request.body.len()]);
            let answer = connection.answer(op.method);
            refusals.expect(op, "another body", &answer, 400, "XAmzContentSHA256Mismatch");
        }
    }
    refusals.end();
}

/// Every method on every sub-resource, of a bucket and of an object, that is no operation.
#[test]
fn every_other_method_is_not_allowed() {
    let (server, upload) = server();
    let mut refusals = Refusals::of(&server);
    let all = operations();
    let mut asked: BTreeSet<&str> = all.iter().map(|op| op.query).collect();
    asked.extend(["uploadId", "partNumber=1&uploadId"]);
    asked.retain(|query| !matches!(*query, "list-type=2" | "partNumber=1"));
    for (on, query) in [On::Service, On::Bucket, On::Object]
        .into_iter()
        .flat_map(|on| asked.iter().map(move |query| (on, *query)))
    {
        for method in ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"] {
            let op = Op { name: "", on, method, query, body: Body::Nothing };
            let is = |other: &Op| {
                let same = if other.on == On::Upload {
                    query.ends_with("uploadId")
                } else {
                    other.query == query
                };
                let on = if other.on == On::Upload { On::Object } else { other.on };
                (on, other.method) == (op.on, method) && same
            };
            if all.iter().any(is) {
                continue;
            }
            let at = At { bucket: "bkt", key: "k", upload: &upload };
            let answer = op.ask(&server, Who::Own, at);
            let what = format!("{on:?} {method} {query}");
            refusals.expect(&op, &what, &answer, 405, "MethodNotAllowed");
        }
    }
    refusals.end();
}

#[test]
fn every_operation_takes_one_sub_resource_and_a_version_where_there_is_one() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let mut refusals = Refusals::of(&server);
    for op in operations().iter().filter(|op| op.on != On::Service && op.body != Body::Form) {
        let request = op.request(&server, Who::Own, at);
        let with = |more: &str| {
            let and = if request.query.is_empty() { "" } else { "&" };
            let query = format!("{}{and}{more}", request.query);
            server.call(Request { query, ..request.clone() })
        };
        if !matches!(op.query, "" | "list-type=2") || op.on == On::Upload {
            let other = if op.query == "torrent" { "acl" } else { "torrent" };
            refusals.expect(op, "two", &with(other), 400, "InvalidArgument");
        }
        let absent = "0123456789abcdef0123456789abcdef";
        let reads = op.on == On::Object && op.is_there() && !NEW.contains(&op.name);
        for (id, status, code) in [
            ("", 400, "InvalidArgument"),
            ("x", 400, "InvalidArgument"),
            (absent, 404, "NoSuchVersion"),
        ] {
            match (reads, op.name) {
                (true, "DeleteObject") if id == absent => {} // what is not there is deleted
                (true, _) => {
                    let what = format!("versionId={id}");
                    refusals.expect(op, &what, &with(&what), status, code);
                }
                (false, _) if !op.is_there() => {}
                (false, _) => {
                    let what = format!("versionId={id}");
                    refusals.expect(op, &what, &with(&what), 400, "InvalidArgument");
                }
            }
        }
    }
    refusals.end();
}

/// Operations on a key that need no object there.
const NEW: &[&str] = &["PutObject", "CopyObject", "CreateMultipartUpload"];

#[test]
fn every_operation_names_what_is_not_there() {
    let (server, upload) = server();
    let mut refusals = Refusals::of(&server);
    for op in operations().iter().filter(|op| op.is_there()) {
        let no_key = At { bucket: "bkt", key: "absent", upload: &upload };
        let no_upload = At { bucket: "bkt", key: "k", upload: "0123456789abcdef" };
        let no_source = |source: &str| {
            let request = op.request(&server, Who::Own, At { upload: &upload, ..no_upload });
            let value = (request.headers[0].0.clone(), source.to_owned());
            server.call(Request { headers: vec![value], ..request })
        };
        if op.on == On::Object && !NEW.contains(&op.name) && op.name != "DeleteObject" {
            let answer = op.ask(&server, Who::Own, no_key);
            refusals.expect(op, "key", &answer, 404, "NoSuchKey");
        }
        if op.on == On::Upload {
            for at in [no_key, no_upload] {
                let answer = op.ask(&server, Who::Own, at);
                refusals.expect(op, "upload", &answer, 404, "NoSuchUpload");
            }
        }
        if matches!(op.body, Body::Header("x-amz-copy-source", _)) {
            for (source, status, code) in [
                ("/bkt/absent", 404, "NoSuchKey"),
                ("/none/k", 404, "NoSuchBucket"),
                ("/bkt/k?versionId=0123456789abcdef0123456789abcdef", 404, "NoSuchVersion"),
                ("/bkt/k?versionId=x", 400, "InvalidArgument"),
                ("bkt", 400, "InvalidArgument"),
                ("/B/k", 400, "InvalidBucketName"),
            ] {
                refusals.expect(op, source, &no_source(source), status, code);
            }
        }
    }
    refusals.end();
}
