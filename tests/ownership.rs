//! ACLs, ownership of objects and the public access block over a socket: who is let in, the
//! operations that configure them, what they refuse and what a restart leaves.

mod common;

use common::client::{Answer, Request, assert_refused};
use common::form::Form;
use common::sharing::{
    as_nobody, as_other, assert_denied, bucket, object, open, owner_of, put_acl, put_policy, shut,
    statement,
};
use common::xml::{text, texts};
use common::{OTHER, OWN, TestServer};
use glassbucket::types::PublicAccessBlock;

/// The canonical id of what nobody signed for, as on AWS.
const ANONYMOUS_ID: &str = "65a011a29cdf8ec533ec3d1ccaae921c";

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
        for acl in [bucket("GET", "acl"), Request::new("GET", "/bkt/k?acl"), bucket("DELETE", "")] {
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
    let server = server.restart(|config| config.block = PublicAccessBlock::default());
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
    let grant = Request::new("PUT", "/bkt/k?acl");
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
fn public_access_block_is_kept_and_taken_away() {
    let server = shut();
    let get = || server.call(bucket("GET", "publicAccessBlock"));
    assert_refused(&get(), 404, "NoSuchPublicAccessBlockConfiguration");
    assert_denied(&as_other(&server, &bucket("GET", "publicAccessBlock")));
    assert_denied(&as_other(&server, &bucket("PUT", "publicAccessBlock")));
    let malformed = server.call(bucket("PUT", "publicAccessBlock").body("<x/>"));
    assert_refused(&malformed, 400, "MalformedXML");
    assert_eq!(put_block(&server, "BlockPublicPolicy").status, 200);
    let server = server.restart(|_| {});
    let document = server.call(bucket("GET", "publicAccessBlock")).text();
    let bars =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
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
    put_policy(&server, statement("Allow", "*", "s3:GetBucketLocation", ""));
    let readable = || as_nobody(&server, &object("GET", "k")).status == 200;
    let by_policy = || as_nobody(&server, &bucket("GET", "location")).status == 200;
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
    put_policy(&server, statement("Allow", "other1", "s3:GetBucketLocation", ""));
    assert_eq!(as_other(&server, &bucket("GET", "location")).status, 200);
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
    let server = server.restart(|_| {});
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
    let with_acl =
        |request: Request, canned: &str| as_other(&server, &request.header("x-amz-acl", canned));
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
}

#[test]
fn put_object_acl_does_not_take_an_object_that_became_anothers_while_its_body_came() {
    let server = shut();
    put_policy(&server, statement("Allow", "other1", "s3:PutObject", ""));
    assert_eq!(as_other(&server, &object("PUT", "mine").body("x")).status, 200);
    let owner = "<Owner><ID>other1</ID></Owner>";
    let grant = "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                 xsi:type=\"CanonicalUser\"><ID>other1</ID></Grantee>\
                 <Permission>FULL_CONTROL</Permission></Grant>";
    let acl = format!(
        "<AccessControlPolicy>{owner}<AccessControlList>{grant}</AccessControlList>\
         </AccessControlPolicy>"
    );
    let put = Request::new("PUT", "/bkt/mine?acl").header("Expect", "100-continue").body(acl);
    let mut connection = server.connect();
    connection.send(&put.head(&server.signer(OTHER)));
    let waiting = connection.try_answer("PUT").expect("an answer"); // authorised, no body yet
    assert_eq!(waiting.status, 100);
    assert_eq!(server.call(object("PUT", "mine").body("not theirs")).status, 200);
    connection.send(&put.body);
    assert_denied(&connection.answer("PUT"));
    assert_denied(&as_other(&server, &object("GET", "mine")));
    assert_eq!(owner_of("mine", |request| server.call(request.clone())), "own1");
}

#[test]
fn create_bucket_again_sets_no_acl_that_put_bucket_acl_may_not() {
    let server = open();
    let again = || Request::new("PUT", "/bkt").header("x-amz-acl", "public-read");
    put_policy(&server, statement("Deny", "*", "s3:PutBucketAcl", ""));
    assert_denied(&server.call(again()));
    assert_eq!(server.call(bucket("DELETE", "policy")).status, 204);
    assert_eq!(put_block(&server, "BlockPublicAcls").status, 200);
    assert_denied(&server.call(again()));
    assert_eq!(server.call(bucket("DELETE", "publicAccessBlock")).status, 204);
    assert_denied(&as_nobody(&server, &bucket("GET", "")));
    assert_eq!(server.call(again()).status, 200);
    assert_eq!(as_nobody(&server, &bucket("GET", "")).status, 200);
}

#[test]
fn block_public_acls_bars_every_way_to_grant_to_everybody() {
    const GROUPS: &str = "http://acs.amazonaws.com/groups/global";
    let server = open();
    let begin = || bucket("POST", "uploads").header("x-amz-acl", "public-read");
    let begin = || Request { path: "/bkt/new".to_owned(), ..begin() };
    let begun = text(&server.call(begin()).text(), "UploadId").expect("an upload");
    assert_eq!(put_block(&server, "BlockPublicAcls").status, 200);
    let groups =
        ["AllUsers", "AuthenticatedUsers"].map(|group| format!("uri=\"{GROUPS}/{group}\""));
    let nobody = format!("id=\"{ANONYMOUS_ID}\"");
    let canned = ["public-read", "public-read-write", "authenticated-read"];
    let mut acls = canned.map(|acl| ("x-amz-acl".to_owned(), acl)).to_vec();
    for grantee in groups.iter().chain([&nobody]) {
        for right in ["read", "write", "read-acp", "write-acp", "full-control"] {
            acls.push((format!("x-amz-grant-{right}"), grantee));
        }
    }
    for (header, acl) in acls {
        let copy = || object("PUT", "new").header("x-amz-copy-source", "/bkt/k");
        for request in [
            object("PUT", "new").body("x"),
            copy(),
            copy().header("x-amz-metadata-directive", "REPLACE"),
            Request::new("POST", "/bkt/new?uploads"),
            Request::new("PUT", "/bkt/k?acl"),
            bucket("PUT", "acl"),
            Request::new("PUT", "/bkt"),
        ] {
            let answer = server.call(request.clone().header(&header, acl));
            assert!([400, 403].contains(&answer.status), "{request:?} {header} {acl}");
        }
    }
    for group in ["AllUsers", "AuthenticatedUsers"] {
        let grant = format!(
            "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"Group\"><URI>{GROUPS}/{group}</URI></Grantee>\
             <Permission>READ</Permission></Grant>"
        );
        let acl = format!(
            "<AccessControlPolicy><Owner><ID>own1</ID></Owner><AccessControlList>{grant}\
             </AccessControlList></AccessControlPolicy>"
        );
        assert_denied(&server.call(Request::new("PUT", "/bkt/k?acl").body(acl.clone())));
        assert_denied(&server.call(bucket("PUT", "acl").body(acl)));
    }
    let signer = server.signer(OWN);
    let any = r#"["starts-with", "$key", ""], ["starts-with", "$acl", ""], {"bucket": "bkt"}"#;
    let form = Form::new(&[("key", "new"), ("acl", "public-read")], "x").sign_v4(&signer, any);
    assert_denied(&form.post(&mut server.connect(), &signer.host, "bkt"));
    for key in ["k", "new"] {
        assert_denied(&as_nobody(&server, &object("GET", key)));
    }
    // What was begun before keeps what it was begun with, as an object that was there does.
    let part = format!("/bkt/new?uploadId={begun}&partNumber=1");
    assert_eq!(server.call(Request::new("PUT", &part).body("x")).status, 200);
}
