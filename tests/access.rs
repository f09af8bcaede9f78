//! Bucket policies over a socket: who is let in, what is told to whom (security classes G and H),
//! what they refuse and what a restart leaves. ACLs and ownership are in `ownership.rs`.

mod common;

use common::OWN;
use common::client::{Answer, Request, assert_refused};
use common::sharing::{
    as_nobody, as_other, assert_denied, bucket, object, open, owner_of, put_acl, put_policy, shut,
    statement,
};
use common::xml::{text, texts};
use glassbucket::types::Timestamp;

#[test]
fn put_bucket_policy_is_answered_to_the_letter_and_survives_a_restart() {
    let server = shut();
    assert_refused(&server.call(bucket("GET", "policy")), 404, "NoSuchBucketPolicy");
    let policy = statement("Allow", "other1", "s3:GetObject", "");
    put_policy(&server, policy.clone());
    let server = server.restart(|_| {});
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
    for (action, why) in [
        ("s3:PutObjects", "Policy has invalid action"),
        ("s3:PutBucketAcl", "Action does not apply to any resource(s) in statement"),
    ] {
        let of_objects = statement("Deny", "*", action, "").replace("\"arn:aws:s3:::bkt\",", "");
        let answer = put(&of_objects);
        assert_refused(&answer, 400, "MalformedPolicy");
        assert_eq!(text(&answer.text(), "Message").as_deref(), Some(why));
    }
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
    for request in
        [object("GET", "k"), object("PUT", "new"), bucket("GET", ""), object("DELETE", "k")]
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
fn conditions_go_by_what_a_body_brings_too() {
    let server = shut();
    let create = Request::new("PUT", "/lock");
    let create = create.header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(create).status, 200);
    assert_eq!(server.call(Request::new("PUT", "/lock/k").body("x")).status, 200);
    let deny = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*",
        "Action": "s3:PutObjectRetention", "Resource": "arn:aws:s3:::lock/*", "Condition":
        {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}}}"#;
    assert_eq!(server.call(Request::new("PUT", "/lock?policy").body(deny)).status, 204);
    let until = |days: i64| Timestamp::new(server.now().secs() + days * 86_400, 0).iso8601();
    let retain = |days| {
        let date = format!("<RetainUntilDate>{}</RetainUntilDate>", until(days));
        let body = format!("<Retention><Mode>GOVERNANCE</Mode>{date}</Retention>");
        server.call(Request::new("PUT", "/lock/k?retention").body(body))
    };
    assert_denied(&retain(11));
    assert_eq!(retain(10).status, 200);
    // And what headers bring with a new object.
    let put = Request::new("PUT", "/lock/new")
        .header("x-amz-object-lock-mode", "GOVERNANCE")
        .header("x-amz-object-lock-retain-until-date", &until(20));
    assert_denied(&server.call(put.body("x")));
    assert_eq!(server.call(Request::new("HEAD", "/lock/new")).status, 404);
}

/// [`statement`] with Deny for everybody's PutObject where `condition` holds.
fn deny_put(server: &common::TestServer, condition: &str) {
    let more = format!(", \"Condition\": {condition}");
    put_policy(server, statement("Deny", "*", "s3:PutObject", &more));
}

#[test]
fn class_e_a_copy_source_is_weighed_as_it_is_read_and_not_as_it_is_spelt() {
    let server = shut();
    assert_eq!(server.call(object("PUT", "secret/s").body("x")).status, 200);
    deny_put(&server, r#"{"StringLike": {"s3:x-amz-copy-source": "bkt/secret/*"}}"#);
    let copy = |source: &str| object("PUT", "copy").header("x-amz-copy-source", source);
    for source in ["bkt/secret/s", "/bkt/secret/s", "bkt%2Fsecret%2Fs", "bkt/s%65cret/s"] {
        assert_denied(&server.call(copy(source)));
    }
    assert_denied(&server.call(copy("bkt/secret/s?versionId=null")));
    assert_eq!(server.call(copy("/bkt/k")).status, 200);
}

#[test]
fn class_e_copied_tags_are_weighed_and_not_those_of_a_header_that_does_not_count() {
    let server = shut();
    let tagged = object("PUT", "tagged").header("x-amz-tagging", "class=secret").body("x");
    assert_eq!(server.call(tagged).status, 200);
    deny_put(&server, r#"{"StringNotEquals": {"s3:RequestObjectTag/class": "public"}}"#);
    let copy = |directive: &str| {
        object("PUT", "copy")
            .header("x-amz-copy-source", "bkt/tagged")
            .header("x-amz-tagging", "class=public")
            .header("x-amz-tagging-directive", directive)
    };
    assert_denied(&server.call(copy("COPY")));
    assert_eq!(server.call(object("HEAD", "copy")).status, 404);
    assert_eq!(server.call(copy("REPLACE")).status, 200);
}

#[test]
fn class_e_a_lock_date_is_weighed_in_every_form_that_counts() {
    let server = shut();
    let make = Request::new("PUT", "/locked").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(make).status, 200);
    let condition = r#", "Condition": {"NumericGreaterThan":
        {"s3:object-lock-remaining-retention-days": "10"}}"#;
    let policy = statement("Deny", "*", "s3:PutObject", condition).replace("bkt", "locked");
    assert_eq!(server.call(Request::new("PUT", "/locked?policy").body(policy)).status, 204);
    for until in ["2099-01-01T00:00:00Z", "2099-01-01T00:00:00+00:00"] {
        let put = Request::object("PUT", "locked", "k")
            .header("x-amz-object-lock-mode", "GOVERNANCE")
            .header("x-amz-object-lock-retain-until-date", until);
        assert_denied(&server.call(put.body("x")));
    }
}

#[test]
fn class_e_a_listing_that_asks_for_no_number_is_weighed_as_the_thousand_it_gets() {
    let server = shut();
    let many = r#", "Condition": {"NumericGreaterThan": {"s3:max-keys": "10"}}"#;
    put_policy(&server, statement("Deny", "*", "s3:ListBucket*", many));
    for listing in ["", "list-type=2", "max-keys=", "max-keys=11", "versions", "versions&max-keys"]
    {
        assert_denied(&server.call(bucket("GET", listing)));
    }
    for listing in ["max-keys=10", "list-type=2&max-keys=1", "versions&max-keys=010"] {
        assert_eq!(server.call(bucket("GET", listing)).status, 200, "{listing}");
    }
    assert_eq!(server.call(bucket("HEAD", "")).status, 200);
}

/// AWS's policy for conditional writes: every object is made under If-None-Match, while the parts
/// of an upload, which can carry none, pass.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html>
#[test]
fn conditional_writes_may_be_enforced() {
    let server = shut();
    deny_put(
        &server,
        r#"{"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}"#,
    );
    assert_denied(&server.call(object("PUT", "new").body("x")));
    assert_denied(&server.call(object("PUT", "new").header("x-amz-copy-source", "bkt/k")));
    assert_eq!(server.call(object("GET", "k")).status, 200);
    let once = || object("PUT", "new").header("if-none-match", "*").body("x");
    assert_eq!(server.call(once()).status, 200);
    assert_eq!(server.call(once()).status, 412);
    // With a tag it is obeyed too, and would overwrite what has another.
    let other = object("PUT", "new").header("if-none-match", "\"0\"").body("y");
    assert_denied(&server.call(other));
    let begun = server.call(Request::new("POST", "/bkt/big?uploads"));
    assert_eq!(begun.status, 200);
    let id = text(&begun.text(), "UploadId").unwrap();
    let part = Request::new("PUT", &format!("/bkt/big?partNumber=1&uploadId={id}")).body("x");
    assert_eq!(server.call(part).status, 200);
    let done = Request::new("POST", &format!("/bkt/big?uploadId={id}"));
    assert_denied(&server.call(done.body("<CompleteMultipartUpload/>")));
}

/// A presigned URL signs its body as unsigned without a header that says so.
#[test]
fn class_e_what_a_presigned_url_does_not_say_of_its_body_is_weighed() {
    let server = shut();
    deny_put(&server, r#"{"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}"#);
    let url = server.signer(OWN).presigned("PUT", "/bkt/new", 600);
    let put = || as_nobody(&server, &Request::new("PUT", &url).body("x"));
    assert_denied(&put());
    assert_eq!(server.call(object("PUT", "new").body("x")).status, 200);
    assert_eq!(server.call(bucket("DELETE", "policy")).status, 204);
    assert_eq!(put().status, 200);
}
