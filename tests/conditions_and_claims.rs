//! What a client makes its request depend on (`If-*`), and what it claims of a body (Content-MD5,
//! checksums), on every operation that takes them: a condition or a claim that is taken and not
//! looked at loses data without a word.

mod common;

use base64::prelude::{BASE64_STANDARD, Engine};
use common::client::{Request, assert_refused};
use common::xml::text;
use common::{OWN, TestServer};
use sha2::{Digest, Sha256};

const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
/// Of nothing that is sent here.
const OTHER_MD5: &str = "\"00000000000000000000000000000000\"";

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

/// A server with `bkt/k`, which is `hello`.
fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let put = object("PUT", "k").header("Cache-Control", "max-age=60").body("hello");
    assert_eq!(server.call(put).status, 200);
    server
}

#[test]
fn put_object_if_none_match_takes_a_tag_too() {
    let server = server();
    let put = |key, tag| server.call(object("PUT", key).header("If-None-Match", tag).body("new"));
    assert_refused(&put("k", HELLO_MD5), 412, "PreconditionFailed");
    assert_eq!(server.call(object("GET", "k")).text(), "hello");
    assert_eq!(put("k", OTHER_MD5).status, 200);
    assert_eq!(put("absent", OTHER_MD5).status, 200);
}

#[test]
fn put_object_names_the_condition_that_did_not_hold() {
    let server = server();
    for (name, value) in [("If-None-Match", "*"), ("If-Match", OTHER_MD5)] {
        let answer = server.call(object("PUT", "k").header(name, value).body("new"));
        assert_refused(&answer, 412, "PreconditionFailed");
        assert_eq!(text(&answer.text(), "Condition").as_deref(), Some(name));
    }
}

#[test]
fn copy_object_weighs_conditions_on_its_destination() {
    let server = server();
    let copy = |key, name, value| {
        let copy = object("PUT", key).header("x-amz-copy-source", "/bkt/k");
        server.call(copy.header(name, value))
    };
    assert_eq!(server.call(object("PUT", "kept").body("kept")).status, 200);
    assert_refused(&copy("kept", "If-None-Match", "*"), 412, "PreconditionFailed");
    assert_refused(&copy("kept", "If-Match", HELLO_MD5), 412, "PreconditionFailed");
    assert_refused(&copy("absent", "If-Match", HELLO_MD5), 404, "NoSuchKey");
    assert_eq!(server.call(object("GET", "kept")).text(), "kept");
    assert_eq!(copy("new", "If-None-Match", "*").status, 200);
    assert_eq!(copy("new", "If-Match", HELLO_MD5).status, 200);
}

#[test]
fn delete_object_if_match_leaves_what_has_changed() {
    let server = server();
    let delete = |key, tag| server.call(object("DELETE", key).header("If-Match", tag));
    assert_refused(&delete("k", OTHER_MD5), 412, "PreconditionFailed");
    assert_eq!(delete("absent", "*").status, 204, "what was to be gone is gone");
    assert_eq!(server.call(object("GET", "k")).text(), "hello");
    assert_eq!(delete("k", HELLO_MD5).status, 204);
    assert_eq!(server.call(object("HEAD", "k")).status, 404);
}

#[test]
fn delete_objects_leaves_entries_whose_tag_has_changed() {
    let server = server();
    let delete = |tag: &str| {
        let entry = format!("<Object><Key>k</Key><ETag>{tag}</ETag></Object>");
        let list = format!("<Delete>{entry}</Delete>");
        let sum = BASE64_STANDARD.encode(Sha256::digest(&list));
        let request = Request::new("POST", "/bkt?delete").header("x-amz-checksum-sha256", &sum);
        server.call(request.body(list))
    };
    let kept = delete(OTHER_MD5);
    assert_eq!((kept.status, kept.code().as_str()), (200, "PreconditionFailed"));
    assert_eq!(server.call(object("HEAD", "k")).status, 200);
    assert!(delete(HELLO_MD5).text().contains("<Deleted>"));
    assert_eq!(server.call(object("HEAD", "k")).status, 404);
}

#[test]
fn get_object_range_counts_only_where_if_range_names_the_object() {
    let server = server();
    let modified = server.call(object("HEAD", "k")).header("Last-Modified").map(str::to_owned);
    let modified = modified.expect("a date");
    let get = |if_range: &str| {
        let get = object("GET", "k").header("Range", "bytes=1-2");
        let answer = server.call(get.header("If-Range", if_range));
        (answer.status, answer.text())
    };
    let (part, whole) = ((206, "el".to_owned()), (200, "hello".to_owned()));
    assert_eq!(get(HELLO_MD5), part);
    assert_eq!(get(&modified), part);
    for other in [OTHER_MD5, &format!("W/{HELLO_MD5}"), "Sat, 21 Nov 2020 18:52:07 GMT", "x"] {
        assert_eq!(get(other), whole, "{other}");
    }
}

#[test]
fn get_object_not_modified_says_how_long_it_may_be_kept() {
    let server = server();
    let answer = server.call(object("GET", "k").header("If-None-Match", HELLO_MD5));
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(answer.header("Cache-Control"), Some("max-age=60"));
    assert_eq!(answer.header("ETag"), Some(HELLO_MD5));
}

#[test]
fn every_answer_has_both_ids_and_an_error_repeats_them() {
    let server = server();
    for request in [object("GET", "k"), object("GET", "absent"), Request::new("GET", "/")] {
        let answer = server.call(request);
        let id = answer.header("x-amz-request-id").expect("an id");
        let host_id = answer.header("x-amz-id-2").expect("a second id");
        if answer.status == 404 {
            assert_eq!(text(&answer.text(), "RequestId").as_deref(), Some(id));
            assert_eq!(text(&answer.text(), "HostId").as_deref(), Some(host_id));
        }
    }
}

/// MD5 of the empty body, CRC32 of `hello`: true of none of the documents below.
const WRONG_CLAIMS: [(&str, &str); 2] =
    [("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="), ("x-amz-checksum-crc32", "NhCmhg==")];

#[test]
fn documents_are_what_their_sender_claims_they_are() {
    let server = server();
    let acl = format!(
        "<AccessControlPolicy><AccessControlList><Grant><Grantee><URI>{}</URI></Grantee>\
         <Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
        "http://acs.amazonaws.com/groups/global/AllUsers"
    );
    let located = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>\
                   </CreateBucketConfiguration>";
    let documents = [("/new", located), ("/bkt?acl", &acl), ("/bkt/k?acl", &acl)];
    for (target, document) in documents {
        for (name, value) in WRONG_CLAIMS {
            let put = Request::new("PUT", target).header(name, value).body(document);
            assert_refused(&server.call(put), 400, "BadDigest");
        }
    }
    assert_eq!(server.call(Request::new("HEAD", "/new")).status, 404);
    for target in ["/bkt?acl", "/bkt/k?acl"] {
        assert!(!server.call(Request::new("GET", target)).text().contains("AllUsers"));
    }
    for (target, document) in documents {
        assert_eq!(server.call(Request::new("PUT", target).body(document)).status, 200);
    }
}

#[test]
fn complete_multipart_upload_checks_the_md5_of_its_list() {
    let server = server();
    let create = server.call(Request::new("POST", "/bkt/parts?uploads"));
    let id = text(&create.text(), "UploadId").expect("an id");
    let part = Request::new("PUT", &format!("/bkt/parts?partNumber=1&uploadId={id}")).body("hello");
    assert_eq!(server.connect().call(&server.signer(OWN), &part).status, 200);
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{HELLO_MD5}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    let complete = Request::new("POST", &format!("/bkt/parts?uploadId={id}")).body(list);
    let wrong = complete.clone().header("Content-MD5", WRONG_CLAIMS[0].1);
    assert_refused(&server.call(wrong), 400, "BadDigest");
    assert_eq!(server.call(object("HEAD", "parts")).status, 404);
    assert_eq!(server.call(complete).status, 200);
}

#[test]
fn a_bucket_of_another_owner_than_expected_is_left_alone() {
    const BUCKET: &str = "x-amz-expected-bucket-owner";
    const SOURCE: &str = "x-amz-source-expected-bucket-owner";
    let server = server();
    let (own, other) = ("own1", "other1");
    let copy = || object("PUT", "copy").header("x-amz-copy-source", "/bkt/k");
    for request in [
        object("PUT", "k").body("new").header(BUCKET, other),
        object("DELETE", "k").header(BUCKET, other),
        object("GET", "k").header(BUCKET, other),
        Request::new("GET", "/bkt?acl").header(BUCKET, other),
        Request::new("DELETE", "/bkt").header(BUCKET, other),
        copy().header(BUCKET, other),
        copy().header(BUCKET, own).header(SOURCE, other),
    ] {
        assert_refused(&server.call(request), 403, "AccessDenied");
    }
    assert_eq!(server.call(object("GET", "k").header(BUCKET, own)).text(), "hello");
    assert_eq!(server.call(copy().header(BUCKET, own).header(SOURCE, own)).status, 200);
}

/// Uploads those parts of `bkt/parts`; returns the target and the list to complete it with.
fn uploaded(server: &TestServer, algorithm: &str, parts: &[&[u8]]) -> (String, String) {
    let create = Request::new("POST", "/bkt/parts?uploads");
    let create = server.call(create.header("x-amz-checksum-algorithm", algorithm));
    let id = text(&create.text(), "UploadId").expect("an id");
    let mut list = String::new();
    for (number, part) in (1..).zip(parts) {
        let target = format!("/bkt/parts?partNumber={number}&uploadId={id}");
        let answer = server.call(Request::new("PUT", &target).body(*part));
        let etag = answer.header("ETag").expect("a tag");
        list += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    }
    let list = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    (format!("/bkt/parts?uploadId={id}"), list)
}

#[test]
fn complete_multipart_upload_has_the_checksum_of_the_parts_checksums() {
    const NAME: &str = "x-amz-checksum-sha256";
    let server = server();
    let (target, list) = uploaded(&server, "SHA256", &[b"hello"]);
    let complete = |expected: &str| {
        server.call(Request::new("POST", &target).header(NAME, expected).body(list.clone()))
    };
    let composite = BASE64_STANDARD.encode(Sha256::digest(Sha256::digest(b"hello")));
    let of_the_content = BASE64_STANDARD.encode(Sha256::digest(b"hello"));
    for wrong in [format!("{of_the_content}-1"), of_the_content, format!("{composite}-2")] {
        assert_refused(&complete(&wrong), 400, "BadDigest");
    }
    assert_refused(&complete("bad"), 400, "BadDigest");
    assert_eq!(server.call(object("HEAD", "parts")).status, 404);
    let marked = format!("{composite}-1");
    for _ in ["the first time", "and again"] {
        let answer = complete(&marked);
        assert_eq!(text(&answer.text(), "ChecksumSHA256"), Some(marked.clone()));
        assert_eq!(text(&answer.text(), "ChecksumType").as_deref(), Some("COMPOSITE"));
    }
    let head = server.call(object("HEAD", "parts").header("x-amz-checksum-mode", "ENABLED"));
    assert_eq!(head.header(NAME), Some(marked.as_str()));
}

#[test]
fn complete_multipart_upload_combines_crc64nvme_into_that_of_the_whole() {
    const NAME: &str = "x-amz-checksum-crc64nvme";
    let server = server();
    let parts: [&[u8]; 3] = [&[b'a'; 5 << 20], &[b'b'; 5 << 20], b"c"];
    let whole = object("PUT", "whole").header("x-amz-checksum-algorithm", "CRC64NVME");
    let put = server.call(whole.body(parts.concat()));
    let crc = put.header(NAME).expect("a checksum");
    let (target, list) = uploaded(&server, "CRC64NVME", &parts);
    let answer = server.call(Request::new("POST", &target).header(NAME, crc).body(list));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(text(&answer.text(), "ChecksumCRC64NVME").as_deref(), Some(crc));
    assert_eq!(text(&answer.text(), "ChecksumType").as_deref(), Some("FULL_OBJECT"));
}
