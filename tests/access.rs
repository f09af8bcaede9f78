//! Who may do what, over a socket: policies, ACLs, ownership of objects, public access block, and
//! the operations that configure them, each with what it refuses and what a restart leaves.

mod common;

use common::client::{Answer, Request, raw_head};
use common::xml::{text, texts};
use common::{OTHER, OWN, TestServer};
use glassbucket::types::PublicAccessBlock;

/// The canonical id of what nobody signed for, as on AWS.
const ANONYMOUS_ID: &str = "65a011a29cdf8ec533ec3d1ccaae921c";

/// Bucket `bkt` of [`OWN`] with object `k`; the server bars the public, as by default.
fn shut() -> TestServer {
    filled(TestServer::start())
}

/// The same with `--allow-public`.
fn open() -> TestServer {
    filled(TestServer::with(|config| config.block = PublicAccessBlock::default()))
}

fn filled(server: TestServer) -> TestServer {
    server.make_bucket("bkt");
    assert_eq!(server.call(object("PUT", "k").body("hello")).status, 200);
    server
}

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

fn bucket(method: &str, query: &str) -> Request {
    Request::new(method, &format!("/bkt?{query}"))
}

fn as_other(server: &TestServer, request: &Request) -> Answer {
    server.connect().call(&server.signer(OTHER), request)
}

fn as_nobody(server: &TestServer, request: &Request) -> Answer {
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
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
}

#[track_caller]
fn assert_denied(answer: &Answer) {
    assert_refused(answer, 403, "AccessDenied");
}

/// A policy of one statement; `more` are further members of it.
fn statement(effect: &str, principal: &str, action: &str, more: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}",
        "Principal": {{"AWS": "{principal}"}}, "Action": "{action}",
        "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]{more}}}]}}"#
    )
}

#[track_caller]
fn put_policy(server: &TestServer, policy: String) {
    let answer = server.call(bucket("PUT", "policy").body(policy));
    assert_eq!(answer.status, 204, "{}", answer.text());
}

#[track_caller]
fn put_acl(server: &TestServer, target: &str, canned: &str) {
    let answer = server.call(Request::new("PUT", target).header("x-amz-acl", canned));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn put_block(server: &TestServer, bar: &str) -> Answer {
    let body = format!(
        "<PublicAccessBlockConfiguration><{bar}>true</{bar}></PublicAccessBlockConfiguration>"
    );
    server.call(bucket("PUT", "publicAccessBlock").body(body))
}

fn put_ownership(server: &TestServer, ownership: &str) -> Answer {
    let body = format!(
        "<OwnershipControls><Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule>\
         </OwnershipControls>"
    );
    server.call(bucket("PUT", "ownershipControls").body(body))
}

/// The owner that `?acl` shows to whoever `ask`s.
fn owner_of(key: &str, ask: impl Fn(&Request) -> Answer) -> String {
    let acl = ask(&Request::new("GET", &format!("/bkt/{key}?acl")));
    texts(&acl.text(), "Owner", "ID").first().cloned().unwrap_or_default()
}

#[test]
fn put_bucket_policy_is_answered_to_the_letter_and_survives_a_restart() {
    let server = shut();
    assert_refused(&server.call(bucket("GET", "policy")), 404, "NoSuchBucketPolicy");
    let policy = statement("Allow", "other1", "s3:GetObject", "");
    put_policy(&server, policy.clone());
    let server = server.restart();
    let answer = server.call(bucket("GET", "policy"));
    assert_eq!((answer.status, answer.text()), (200, policy));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(as_other(&server, &object("GET", "k")).text(), "hello");
    for _ in 0..2 {
        assert_eq!(server.call(bucket("DELETE", "policy")).status, 204);
    }
    assert_refused(&server.call(bucket("GET", "policy")), 404, "NoSuchBucketPolicy");
    assert_denied(&as_other(&server, &object("GET", "k")));
}

#[test]
fn put_bucket_policy_refuses_what_is_no_policy() {
    let server = shut();
    let put = |body: &str| server.call(bucket("PUT", "policy").body(body));
    assert_refused(&put(""), 400, "MissingRequestBodyError");
    for bad in ["{", "<Policy/>", "{\"Statement\": []}"] {
        assert_refused(&put(bad), 400, "MalformedPolicy");
    }
    let elsewhere = statement("Allow", "*", "s3:GetObject", "").replace("bkt", "other-bucket");
    assert_refused(&put(&elsewhere), 400, "MalformedPolicy");
    let not = statement("Allow", "own1", "s3:GetObject", "").replace("Principal", "NotPrincipal");
    assert_refused(&put(&not), 400, "MalformedPolicy");
    let answer = server.call(Request::new("PUT", "/none?policy").body("{}"));
    assert_refused(&answer, 404, "NoSuchBucket");
    assert_refused(&server.call(bucket("GET", "policy")), 404, "NoSuchBucketPolicy");
}

#[test]
fn a_policy_is_for_the_owner_of_the_bucket_to_see_and_to_change() {
    let server = open();
    for method in ["GET", "PUT", "DELETE"] {
        assert_denied(&as_other(&server, &bucket(method, "policy")));
        assert_denied(&as_nobody(&server, &bucket(method, "policy")));
    }
    let all = statement("Allow", "*", "s3:*", "");
    put_policy(&server, all.clone());
    for request in [bucket("GET", "policy"), bucket("PUT", "policy").body(all.clone())] {
        assert_refused(&as_other(&server, &request), 405, "MethodNotAllowed");
        assert_refused(&as_nobody(&server, &request), 405, "MethodNotAllowed");
    }
    let status = bucket("GET", "policyStatus");
    assert_refused(&as_other(&server, &status), 405, "MethodNotAllowed");
    assert_eq!(server.call(bucket("GET", "policy")).text(), all);
}

#[test]
fn an_explicit_deny_is_for_the_owner_too_who_is_never_locked_out() {
    let server = shut();
    put_policy(&server, statement("Deny", "*", "s3:*", ""));
    for request in [object("GET", "k"), object("PUT", "new"), bucket("GET", ""), object("DELETE", "k")]
    {
        assert_denied(&server.call(request));
    }
    assert_eq!(server.call(bucket("GET", "policy")).status, 200);
    assert_eq!(server.call(bucket("DELETE", "policy")).status, 204);
    assert_eq!(server.call(object("GET", "k")).text(), "hello");
}

#[test]
fn a_policy_that_allows_everybody_wants_allow_public() {
    for action in ["s3:GetObject", "s3:*"] {
        let (shut, open) = (shut(), open());
        for server in [&shut, &open] {
            put_policy(server, statement("Allow", "*", action, ""));
        }
        for ask in [as_other, as_nobody] {
            assert_denied(&ask(&shut, &object("GET", "k")));
            assert_eq!(ask(&open, &object("GET", "k")).text(), "hello");
        }
        assert_eq!(shut.call(object("GET", "k")).status, 200);
    }
}

#[test]
fn conditions_are_weighed_on_what_the_request_is() {
    let server = open();
    let with = |condition: &str| {
        let more = format!(", \"Condition\": {condition}");
        put_policy(&server, statement("Allow", "*", "s3:*", &more));
    };
    let get = || object("GET", "k");
    with(r#"{"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}"#);
    assert_eq!(as_nobody(&server, &get()).status, 200);
    with(r#"{"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}"#);
    assert_denied(&as_nobody(&server, &get()));
    // Nobody may say where they come from (security class P).
    let forwarded = get().header("X-Forwarded-For", "192.0.2.1");
    assert_denied(&as_nobody(&server, &forwarded));
    with(r#"{"Bool": {"aws:SecureTransport": "true"}}"#);
    assert_denied(&as_nobody(&server, &get()));
    with(r#"{"StringLike": {"aws:Referer": "https://example.com/*"}}"#);
    assert_denied(&as_nobody(&server, &get()));
    let referred = get().header("Referer", "https://example.com/page");
    assert_eq!(as_nobody(&server, &referred).status, 200);
    with(r#"{"StringEquals": {"s3:prefix": "a/"}, "NumericLessThanEquals": {"s3:max-keys": 5}}"#);
    assert_eq!(as_nobody(&server, &bucket("GET", "prefix=a%2F&max-keys=5")).status, 200);
    for other in ["prefix=a%2F&max-keys=6", "prefix=b%2F&max-keys=5", "max-keys=5", "prefix=a%2F"] {
        assert_denied(&as_nobody(&server, &bucket("GET", other)));
    }
    with(r#"{"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}"#);
    let put = || object("PUT", "new").body("x");
    assert_denied(&as_other(&server, &put()));
    // Of two the first counts, for the policy as for the handler.
    let two = put().header("x-amz-acl", "private").header("x-amz-acl", "bucket-owner-full-control");
    assert_denied(&as_nobody(&server, &two));
    let given = put().header("x-amz-acl", "bucket-owner-full-control");
    assert_eq!(as_other(&server, &given).status, 200);
    assert_eq!(server.call(object("GET", "new")).text(), "x");
}

#[test]
fn class_g_what_may_not_be_read_looks_like_what_is_not_there() {
    for server in [shut(), open()] {
        for (name, value) in [
            ("range", "bytes=0-1"),
            ("range", "bytes=99-"),
            ("if-match", "\"5d41402abc4b2a76b9719d911017c592\""),
            ("if-none-match", "*"),
            ("if-modified-since", "Sat, 21 Nov 1999 18:52:07 GMT"),
        ] {
            for ask in [as_other, as_nobody] {
                for method in ["GET", "HEAD"] {
                    let of = |key| ask(&server, &object(method, key).header(name, value));
                    let (there, absent) = (of("k"), of("absent"));
                    assert_eq!((there.status, absent.status), (403, 403), "{name}: {value}");
                    assert_eq!(there.code(), absent.code());
                    let names = |answer: &Answer| {
                        answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
                    };
                    assert_eq!(names(&there), names(&absent));
                    assert!(there.header("ETag").is_none());
                }
            }
        }
        for query in ["acl", "tagging", "partNumber=1", "versionId=null"] {
            let of = |key: &str| {
                as_other(&server, &Request::new("GET", &format!("/bkt/{key}?{query}"))).code()
            };
            assert_eq!((of("k"), of("absent")), ("AccessDenied".into(), "AccessDenied".into()));
        }
    }
}

#[test]
fn get_object_tells_no_such_key_to_whoever_may_list() {
    let server = open();
    put_acl(&server, "/bkt?acl", "public-read");
    assert_refused(&as_nobody(&server, &object("GET", "absent")), 404, "NoSuchKey");
    assert_denied(&as_nobody(&server, &object("GET", "k")));
    put_acl(&server, "/bkt?acl", "private");
    let condition = r#", "Condition": {"StringLike": {"s3:prefix": "public/*"}}"#;
    put_policy(&server, statement("Allow", "*", "s3:ListBucket", condition));
    assert_eq!(as_nobody(&server, &object("HEAD", "public/absent")).status, 404);
    assert_eq!(as_nobody(&server, &object("HEAD", "private/absent")).status, 403);
    put_policy(&server, statement("Allow", "*", "s3:ListBucket", ""));
    assert_refused(&as_nobody(&server, &object("GET", "absent")), 404, "NoSuchKey");
    let deny = statement("Allow", "*", "s3:ListBucket", "").replace(
        "}]}",
        r#"}, {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::bkt/*"}]}"#,
    );
    put_policy(&server, deny);
    assert_denied(&as_nobody(&server, &object("GET", "absent")));
}

#[test]
fn class_h_the_source_of_a_copy_is_read_by_whoever_may_read_it() {
    let server = shut();
    assert_eq!(as_other(&server, &Request::new("PUT", "/theirs")).status, 200);
    let copy = |source: &str| {
        let request = Request::new("PUT", "/theirs/copy").header("x-amz-copy-source", source);
        as_other(&server, &request)
    };
    let start = as_other(&server, &Request::new("POST", "/theirs/copy?uploads"));
    let id = text(&start.text(), "UploadId").expect("an upload");
    let copy_part = |source: &str| {
        let target = format!("/theirs/copy?partNumber=1&uploadId={id}");
        as_other(&server, &Request::new("PUT", &target).header("x-amz-copy-source", source))
    };
    for source in ["/bkt/k", "/bkt/absent", "/bkt/k?versionId=null"] {
        assert_denied(&copy(source));
        assert_denied(&copy_part(source));
    }
    put_policy(&server, statement("Allow", "other1", "s3:GetObject", ""));
    assert_eq!(copy("/bkt/k").status, 200);
    assert_eq!(copy_part("/bkt/k").status, 200);
    assert_denied(&copy("/bkt/absent"));
    assert_denied(&copy("/bkt/k?versionId=null"));
    // And the destination: their object into our bucket.
    let into = object("PUT", "new").header("x-amz-copy-source", "/theirs/copy");
    assert_denied(&as_other(&server, &into));
}

#[test]
fn an_acl_of_everybody_wants_allow_public_and_one_by_name_does_not() {
    let (shut, open) = (shut(), open());
    for server in [&shut, &open] {
        put_acl(server, "/bkt?acl", "public-read-write");
        put_acl(server, "/bkt/k?acl", "public-read");
        let acl = server.call(bucket("GET", "acl")).text();
        assert_eq!(texts(&acl, "Grant", "Permission"), ["READ", "WRITE", "FULL_CONTROL"]);
    }
    for ask in [as_other, as_nobody] {
        for request in [
            object("GET", "k"),
            bucket("GET", ""),
            object("PUT", "mine").body("x"),
            object("DELETE", "mine"),
        ] {
            assert_denied(&ask(&shut, &request));
            let answer = ask(&open, &request);
            assert!(answer.status < 300, "{} {}", request.method, answer.text());
        }
        for acl in [bucket("GET", "acl"), object("GET", "k?acl"), bucket("DELETE", "")] {
            assert_denied(&ask(&open, &acl));
        }
    }
    put_acl(&open, "/bkt?acl", "authenticated-read");
    assert_eq!(as_other(&open, &bucket("GET", "")).status, 200);
    assert_denied(&as_nobody(&open, &bucket("GET", "")));
    let named = bucket("PUT", "acl").header("x-amz-grant-read", "id=other1");
    assert_eq!(shut.call(named).status, 200);
    assert_eq!(as_other(&shut, &bucket("GET", "")).status, 200);
    assert_denied(&as_other(&shut, &object("PUT", "mine")));
}

#[test]
fn put_object_by_another_is_that_others_object() {
    let server = open();
    put_acl(&server, "/bkt?acl", "public-read-write");
    assert_eq!(as_other(&server, &object("PUT", "theirs").body("x")).status, 200);
    assert_eq!(as_nobody(&server, &object("PUT", "nobodys").body("x")).status, 200);
    let server = server.restart_with(|config| config.block = PublicAccessBlock::default());
    assert_eq!(owner_of("theirs", |request| as_other(&server, request)), "other1");
    assert_eq!(owner_of("nobodys", |request| as_nobody(&server, request)), ANONYMOUS_ID);
    assert_eq!(as_other(&server, &object("GET", "theirs")).text(), "x");
    // The bucket's owner sees, removes and overwrites it, and may not read it.
    for request in [object("GET", "theirs"), Request::new("GET", "/bkt/theirs?acl")] {
        assert_denied(&server.call(request));
    }
    let list = server.call(bucket("GET", "prefix=theirs")).text();
    assert_eq!(texts(&list, "Owner", "ID"), ["other1"]);
    put_policy(&server, statement("Allow", "*", "s3:*", ""));
    assert_denied(&as_nobody(&server, &object("GET", "theirs")));
    assert_eq!(server.call(object("DELETE", "theirs")).status, 204);
    assert_eq!(server.call(object("PUT", "nobodys").body("ours")).status, 200);
    assert_eq!(server.call(object("GET", "nobodys")).text(), "ours");
}

#[test]
fn put_object_acl_by_a_grantee_leaves_the_owner() {
    let server = shut();
    let grant = object("PUT", "k?acl");
    let grant = Request { path: "/bkt/k".into(), query: "acl".into(), ..grant };
    let full = grant.clone().header("x-amz-grant-full-control", "id=other1");
    assert_eq!(server.call(full).status, 200);
    assert_eq!(as_other(&server, &object("GET", "k")).status, 200);
    let read = grant.header("x-amz-grant-read-acp", "id=other1");
    assert_eq!(as_other(&server, &read).status, 200);
    assert_eq!(owner_of("k", |request| as_other(&server, request)), "own1");
    assert_denied(&as_other(&server, &object("GET", "k")));
    assert_denied(&as_other(&server, &read));
}

#[test]
fn delete_objects_authorises_each_key() {
    let server = shut();
    assert_eq!(server.call(object("PUT", "free/a").body("x")).status, 200);
    let body = "<Delete><Object><Key>k</Key></Object><Object><Key>free/a</Key></Object></Delete>";
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, body.as_bytes()) as u32;
    let crc = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, crc.to_be_bytes());
    let delete = bucket("POST", "delete").header("x-amz-checksum-crc32", &crc).body(body);
    assert_denied(&as_other(&server, &delete));
    let policy = statement("Allow", "other1", "s3:DeleteObject", "");
    put_policy(&server, policy.replace("bkt/*", "bkt/free/*"));
    let answer = as_other(&server, &delete).text();
    assert_eq!(texts(&answer, "Deleted", "Key"), ["free/a"]);
    assert_eq!(texts(&answer, "Error", "Key"), ["k"]);
    assert_eq!(texts(&answer, "Error", "Code"), ["AccessDenied"]);
    assert_eq!(server.call(object("HEAD", "k")).status, 200);
    assert_eq!(server.call(object("HEAD", "free/a")).status, 404);
}

#[test]
fn a_multipart_upload_is_for_whoever_may_write_that_key() {
    let server = shut();
    let start = |key: &str| Request::new("POST", &format!("/bkt/{key}?uploads"));
    assert_denied(&as_other(&server, &start("in/a")));
    let policy = statement("Allow", "other1", "s3:PutObject", "").replace("bkt/*", "bkt/in/*");
    put_policy(&server, policy);
    assert_denied(&as_other(&server, &start("out")));
    let id = text(&as_other(&server, &start("in/a")).text(), "UploadId").expect("an upload");
    let of = |method: &str, query: &str| {
        Request::new(method, &format!("/bkt/in/a?uploadId={id}{query}"))
    };
    let etag = as_other(&server, &of("PUT", "&partNumber=1").body("x"));
    let etag = etag.header("ETag").expect("a tag").to_owned();
    // Its initiator's and the bucket owner's: others are told nothing of it.
    assert_denied(&as_nobody(&server, &of("GET", "")));
    assert_denied(&as_nobody(&server, &of("DELETE", "")));
    let parts = as_other(&server, &of("GET", "")).text();
    assert_eq!(texts(&parts, "Initiator", "ID"), ["other1"]);
    assert_eq!(server.call(of("GET", "")).status, 200);
    let absent = Request::new("DELETE", &format!("/bkt/out?uploadId={id}"));
    assert_denied(&as_other(&server, &absent));
    assert_refused(&server.call(absent), 404, "NoSuchUpload");
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    let complete = of("POST", "").body(list);
    assert_denied(&as_nobody(&server, &complete));
    assert_eq!(as_other(&server, &complete).status, 200);
    assert_eq!(owner_of("in/a", |request| as_other(&server, request)), "other1");
}

#[test]
fn public_access_block_is_kept_and_taken_away() {
    let server = shut();
    let get = || server.call(bucket("GET", "publicAccessBlock"));
    assert_refused(&get(), 404, "NoSuchPublicAccessBlockConfiguration");
    assert_denied(&as_other(&server, &bucket("GET", "publicAccessBlock")));
    assert_denied(&as_other(&server, &bucket("PUT", "publicAccessBlock")));
    let malformed = server.call(bucket("PUT", "publicAccessBlock").body("<x/>"));
    assert_refused(&malformed, 400, "MalformedXML");
    assert_eq!(put_block(&server, "BlockPublicPolicy").status, 200);
    let server = server.restart();
    let document = server.call(bucket("GET", "publicAccessBlock")).text();
    let bars = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let values: Vec<_> = bars.iter().filter_map(|bar| text(&document, bar)).collect();
    assert_eq!(values, ["false", "false", "true", "false"]);
    for _ in 0..2 {
        assert_eq!(server.call(bucket("DELETE", "publicAccessBlock")).status, 204);
    }
    let gone = server.call(bucket("GET", "publicAccessBlock"));
    assert_refused(&gone, 404, "NoSuchPublicAccessBlockConfiguration");
}

#[test]
fn each_bar_of_the_block_bars_one_thing() {
    let server = open();
    put_acl(&server, "/bkt?acl", "public-read");
    put_acl(&server, "/bkt/k?acl", "public-read");
    put_policy(&server, statement("Allow", "*", "s3:ListBucketVersions", ""));
    let readable = || as_nobody(&server, &object("GET", "k")).status == 200;
    let by_policy = || as_nobody(&server, &bucket("GET", "versions")).status == 200;
    assert!(readable());

    assert_eq!(put_block(&server, "BlockPublicAcls").status, 200);
    for canned in ["public-read", "public-read-write", "authenticated-read"] {
        for request in [bucket("PUT", "acl"), object("PUT", "new").body("x")] {
            assert_denied(&server.call(request.header("x-amz-acl", canned)));
        }
    }
    assert_eq!(server.call(object("HEAD", "new")).status, 404);
    assert!(readable(), "what is there stays");

    assert_eq!(put_block(&server, "IgnorePublicAcls").status, 200);
    assert!(!readable());
    put_acl(&server, "/bkt/k?acl", "public-read");
    assert!(!readable() && by_policy());

    assert_eq!(put_block(&server, "BlockPublicPolicy").status, 200);
    let public = statement("Allow", "*", "s3:GetObject", "");
    assert_denied(&server.call(bucket("PUT", "policy").body(public)));
    assert!(by_policy());

    assert_eq!(put_block(&server, "RestrictPublicBuckets").status, 200);
    assert!(!by_policy() && readable());
    put_policy(&server, statement("Allow", "other1", "s3:ListBucketVersions", ""));
    assert_eq!(as_other(&server, &bucket("GET", "versions")).status, 200);
}

#[test]
fn get_bucket_policy_status_tells_whether_anyone_is_let_in() {
    let is_public = |server: &TestServer| {
        let answer = server.call(bucket("GET", "policyStatus")).text();
        text(&answer, "IsPublic").expect("a status")
    };
    let (shut, open) = (shut(), open());
    assert_eq!(is_public(&open), "false");
    for server in [&shut, &open] {
        put_policy(server, statement("Allow", "*", "s3:GetObject", ""));
    }
    assert_eq!((is_public(&shut).as_str(), is_public(&open).as_str()), ("false", "true"));
    put_policy(&open, statement("Allow", "other1", "s3:GetObject", ""));
    assert_eq!(is_public(&open), "false");
    put_acl(&open, "/bkt?acl", "public-read");
    assert_eq!(is_public(&open), "true");
}

#[test]
fn ownership_controls_are_kept_and_taken_away() {
    let server = shut();
    let none = server.call(bucket("GET", "ownershipControls"));
    assert_refused(&none, 404, "OwnershipControlsNotFoundError");
    assert_denied(&as_other(&server, &bucket("GET", "ownershipControls")));
    assert_refused(&put_ownership(&server, "Mine"), 400, "MalformedXML");
    put_acl(&server, "/bkt?acl", "public-read");
    let refused = put_ownership(&server, "BucketOwnerEnforced");
    assert_refused(&refused, 400, "InvalidBucketAclWithObjectOwnership");
    put_acl(&server, "/bkt?acl", "private");
    assert_eq!(put_ownership(&server, "BucketOwnerEnforced").status, 200);
    let server = server.restart();
    let document = server.call(bucket("GET", "ownershipControls")).text();
    assert_eq!(text(&document, "ObjectOwnership").as_deref(), Some("BucketOwnerEnforced"));
    for _ in 0..2 {
        assert_eq!(server.call(bucket("DELETE", "ownershipControls")).status, 204);
    }
    let gone = server.call(bucket("GET", "ownershipControls"));
    assert_refused(&gone, 404, "OwnershipControlsNotFoundError");
    let made = |name: &str, ownership: &str, acl: &str| {
        let request = Request::new("PUT", &format!("/{name}"));
        let request = request.header("x-amz-object-ownership", ownership);
        server.call(request.header("x-amz-acl", acl))
    };
    assert_eq!(made("preferred", "BucketOwnerPreferred", "public-read").status, 200);
    let shown = server.call(Request::new("GET", "/preferred?ownershipControls")).text();
    assert_eq!(text(&shown, "ObjectOwnership").as_deref(), Some("BucketOwnerPreferred"));
    assert_refused(&made("wrong", "Mine", "private"), 400, "InvalidArgument");
    let refused = made("wrong", "BucketOwnerEnforced", "public-read");
    assert_refused(&refused, 400, "InvalidBucketAclWithObjectOwnership");
    assert_refused(&server.call(Request::new("HEAD", "/wrong")), 404, "");
}

#[test]
fn bucket_owner_enforced_takes_no_acl_and_gives_all_to_the_bucket() {
    let server = open();
    put_acl(&server, "/bkt?acl", "public-read-write");
    assert_eq!(as_other(&server, &object("PUT", "before").body("x")).status, 200);
    put_acl(&server, "/bkt?acl", "private");
    assert_eq!(put_ownership(&server, "BucketOwnerEnforced").status, 200);
    put_policy(&server, statement("Allow", "other1", "s3:PutObject*", ""));
    let with_acl = |request: Request, canned: &str| {
        as_other(&server, &request.header("x-amz-acl", canned))
    };
    let put = || object("PUT", "new").body("x");
    assert_refused(&with_acl(put(), "private"), 400, "AccessControlListNotSupported");
    assert_eq!(with_acl(put(), "bucket-owner-full-control").status, 200);
    assert_eq!(owner_of("new", |request| server.call(request.clone())), "own1");
    let acl = || Request::new("PUT", "/bkt/new?acl");
    assert_refused(&with_acl(acl(), "private"), 400, "AccessControlListNotSupported");
    let refused = server.call(bucket("PUT", "acl").header("x-amz-acl", "private"));
    assert_refused(&refused, 400, "AccessControlListNotSupported");
    // What others wrote before is the bucket owner's now, and theirs again when it is taken back.
    assert_eq!(server.call(object("GET", "before")).text(), "x");
    assert_denied(&as_other(&server, &object("GET", "before")));
    assert_eq!(server.call(bucket("DELETE", "ownershipControls")).status, 204);
    assert_denied(&server.call(object("GET", "before")));
    assert_eq!(as_other(&server, &object("GET", "before")).text(), "x");
}

#[test]
fn bucket_owner_preferred_gives_what_is_given_away() {
    let server = shut();
    assert_eq!(put_ownership(&server, "BucketOwnerPreferred").status, 200);
    put_policy(&server, statement("Allow", "other1", "s3:PutObject", ""));
    assert_eq!(as_other(&server, &object("PUT", "kept").body("x")).status, 200);
    let given = object("PUT", "given").header("x-amz-acl", "bucket-owner-full-control").body("x");
    assert_eq!(as_other(&server, &given).status, 200);
    assert_eq!(owner_of("kept", |request| as_other(&server, request)), "other1");
    assert_eq!(owner_of("given", |request| server.call(request.clone())), "own1");
    assert_denied(&server.call(object("GET", "kept")));
    assert_denied(&as_other(&server, &object("GET", "given")));
}

#[test]
fn expected_bucket_owner_is_asked_before_anything_is_done() {
    let server = open();
    put_acl(&server, "/bkt?acl", "public-read-write");
    let (name, wrong) = ("x-amz-expected-bucket-owner", "own2");
    for request in [bucket("GET", ""), object("PUT", "new").body("x"), object("GET", "k")] {
        assert_denied(&as_nobody(&server, &request.clone().header(name, wrong)));
        assert_denied(&server.call(request.header(name, wrong)));
    }
    assert_eq!(server.call(bucket("GET", "").header(name, "own1")).status, 200);
    assert_eq!(OWN.0, "accesskey");
}
