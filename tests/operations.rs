//! Each operation over a socket: status, headers and documents as AWS answers them.
//!
//! The order is that of the handlers: buckets, objects, ranges and conditions, listings, deletes.
//! Copies, multipart and ACLs are in `copy_multipart_acl.rs`.

mod common;

use common::client::{Answer, Request};
use common::operations::content_md5;
use common::xml::{elements, root, text, texts};
use common::{OTHER, OWN, TestServer};
use glassbucket::limits::XML_BYTES_MAX;

const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";

fn bucket(method: &str, query: &str) -> Request {
    Request::new(method, &format!("/bkt?{query}"))
}

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

/// A server with bucket `bkt` and, in it, the objects of those keys, each `hello`.
fn server(keys: &[&str]) -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    for key in keys {
        assert_eq!(server.call(object("PUT", key).body("hello")).status, 200, "{key}");
    }
    server
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("application/xml"));
}

fn as_other(server: &TestServer, request: &Request) -> Answer {
    server.connect().call(&server.signer(OTHER), request)
}

fn as_nobody(server: &TestServer, method: &str, target: &str) -> Answer {
    let mut connection = server.connect();
    let host = ("host".to_owned(), server.address.to_string());
    connection.send(&common::client::raw_head(method, target, &[host]));
    connection.answer(method)
}

#[test]
fn create_bucket_twice_is_fine_for_its_owner_alone() {
    let server = TestServer::start();
    let create = Request::new("PUT", "/bkt");
    assert_eq!(server.call(create.clone()).header("Location"), Some("/bkt"));
    assert_eq!(server.call(create.clone()).status, 200);
    assert_refused(&as_other(&server, &create), 409, "BucketAlreadyExists");
    let located = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>\
                   </CreateBucketConfiguration>";
    assert_refused(&server.call(create.body(located)), 409, "BucketAlreadyOwnedByYou");
    assert_eq!(server.call(Request::new("PUT", "/far").body(located)).status, 200);
    let location = |bucket| {
        let answer = server.call(Request::new("GET", &format!("/{bucket}?location")));
        assert_eq!(root(&answer.text()), "LocationConstraint");
        answer.text().contains("eu-west-1")
    };
    assert!(location("far"));
    assert!(!location("bkt"));
}

#[test]
fn list_buckets_pages_and_filters() {
    let server = TestServer::start();
    for name in ["one", "other", "two"] {
        server.make_bucket(name);
    }
    let list = |query: &str| server.call(Request::new("GET", &format!("/?{query}")));
    let names = |answer: &Answer| texts(&answer.text(), "Bucket", "Name");
    assert_eq!(names(&list("")), ["one", "other", "two"]);
    assert_eq!(names(&list("prefix=o")), ["one", "other"]);
    let page = list("max-buckets=2");
    assert_eq!(names(&page), ["one", "other"]);
    let token = text(&page.text(), "ContinuationToken").expect("a token");
    let last = list(&format!("continuation-token={token}&max-buckets=2"));
    assert_eq!(names(&last), ["two"]);
    assert_eq!(text(&last.text(), "ContinuationToken"), None);
    for bad in ["max-buckets=0", "max-buckets=10001", "max-buckets=x", "continuation-token=x"] {
        assert_refused(&list(bad), 400, "InvalidArgument");
    }
}

#[test]
fn list_buckets_shows_ones_own() {
    let server = server(&[]);
    std::fs::create_dir(server.data().join("by-hand")).unwrap();
    assert_eq!(as_other(&server, &Request::new("PUT", "/theirs")).status, 200);
    let list = Request::new("GET", "/");
    let own = server.call(list.clone()).text();
    assert_eq!(root(&own), "ListAllMyBucketsResult");
    assert_eq!(texts(&own, "Bucket", "Name"), ["bkt", "by-hand"]);
    assert_eq!(texts(&own, "Owner", "ID"), ["own1"]);
    let theirs = as_other(&server, &list).text();
    assert_eq!(texts(&theirs, "Bucket", "Name"), ["theirs"]);
    assert_refused(&as_nobody(&server, "GET", "/"), 403, "AccessDenied");
}

#[test]
fn delete_bucket_wants_it_empty() {
    let server = server(&["k"]);
    let delete = Request::new("DELETE", "/bkt");
    assert_refused(&server.call(delete.clone()), 409, "BucketNotEmpty");
    assert_eq!(server.call(object("DELETE", "k")).status, 204);
    assert_eq!(server.call(delete.clone()).status, 204);
    assert_refused(&server.call(delete), 404, "NoSuchBucket");
}

#[test]
fn head_bucket_tells_the_region() {
    let server = server(&[]);
    let answer = server.call(bucket("HEAD", ""));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-amz-bucket-region"), Some("us-east-1"));
    assert_eq!(server.call(Request::new("HEAD", "/none")).status, 404);
}

/// Security class G: to a stranger an object that is there and one that is not look the same.
#[test]
fn a_bucket_is_its_owners_alone() {
    let server = server(&["k"]);
    for target in ["/bkt", "/bkt?acl", "/bkt?location", "/bkt/k", "/bkt/none", "/bkt/k?acl"] {
        let get = Request::new("GET", target);
        assert_refused(&as_other(&server, &get), 403, "AccessDenied");
        assert_refused(&as_nobody(&server, "GET", target), 403, "AccessDenied");
    }
    let conditional = object("GET", "k").header("If-None-Match", HELLO_MD5);
    assert_refused(&as_other(&server, &conditional), 403, "AccessDenied");
    assert_refused(&as_other(&server, &object("PUT", "k").body("x")), 403, "AccessDenied");
    assert_refused(&as_other(&server, &object("DELETE", "k")), 403, "AccessDenied");
    assert_refused(&as_nobody(&server, "GET", "/none"), 404, "NoSuchBucket");
    assert_eq!(server.call(object("GET", "k")).text(), "hello");
}

#[test]
fn put_object_is_read_back_with_its_headers() {
    let server = server(&[]);
    let put = object("PUT", "k")
        .header("Content-Type", "text/plain")
        .header("Cache-Control", "no-store")
        .header("x-amz-meta-color", "blue")
        .header("x-amz-checksum-crc32", "NhCmhg==")
        .body("hello");
    let answer = server.call(put);
    assert_eq!((answer.status, answer.header("ETag")), (200, Some(HELLO_MD5)));
    assert_eq!(answer.header("x-amz-checksum-crc32"), Some("NhCmhg=="));
    for method in ["GET", "HEAD"] {
        let answer = server.call(object(method, "k").header("x-amz-checksum-mode", "ENABLED"));
        assert_eq!(answer.status, 200);
        for (name, value) in [
            ("ETag", HELLO_MD5),
            ("Content-Type", "text/plain"),
            ("Content-Length", "5"),
            ("Cache-Control", "no-store"),
            ("Accept-Ranges", "bytes"),
            ("x-amz-meta-color", "blue"),
            ("x-amz-checksum-crc32", "NhCmhg=="),
            ("x-amz-checksum-type", "FULL_OBJECT"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {name}");
        }
        assert!(answer.header("Last-Modified").is_some_and(|date| date.ends_with(" GMT")));
        assert_eq!(answer.text(), if method == "GET" { "hello" } else { "" });
    }
}

#[test]
fn put_object_that_is_not_what_it_claims_leaves_nothing() {
    let server = server(&[]);
    let put = || object("PUT", "k").body("hello");
    let wrong_md5 = put().header("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_refused(&server.call(wrong_md5), 400, "BadDigest");
    let wrong_crc = put().header("x-amz-checksum-crc32", "AAAAAA==");
    assert_refused(&server.call(wrong_crc), 400, "BadDigest");
    assert_refused(&server.call(object("GET", "k")), 404, "NoSuchKey");
}

#[test]
fn put_object_keeps_to_its_conditions() {
    let server = server(&["k"]);
    let put = |name, value| server.call(object("PUT", "k").header(name, value).body("hello"));
    assert_refused(&put("If-None-Match", "*"), 412, "PreconditionFailed");
    assert_refused(&put("If-Match", "\"x\""), 412, "PreconditionFailed");
    assert_eq!(put("If-Match", HELLO_MD5).status, 200);
    let fresh = object("PUT", "fresh").header("If-None-Match", "*");
    assert_eq!(server.call(fresh).status, 200);
}

/// Several buffers, so that reading and writing overlap, in a body of an odd length.
#[test]
fn put_object_of_many_pieces_is_whole() {
    let server = server(&[]);
    let body: Vec<u8> = (0..3_000_001u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(server.call(object("PUT", "big").body(body.clone())).status, 200);
    assert!(server.call(object("GET", "big")).body == body);
    assert!(std::fs::read(server.data().join("bkt/big")).unwrap() == body);
}

#[test]
fn get_object_answers_ranges() {
    let server = server(&["k"]);
    assert_eq!(server.call(object("PUT", "empty")).status, 200);
    let get = |key, range| server.call(object("GET", key).header("Range", range));
    for (range, content, part) in [
        ("bytes=1-2", "el", "bytes 1-2/5"),
        ("bytes=3-", "lo", "bytes 3-4/5"),
        ("bytes=-2", "lo", "bytes 3-4/5"),
        ("bytes=-9", "hello", "bytes 0-4/5"),
        ("bytes=4-99", "o", "bytes 4-4/5"),
    ] {
        let answer = get("k", range);
        assert_eq!((answer.status, answer.text().as_str()), (206, content), "{range}");
        assert_eq!(answer.header("Content-Range"), Some(part), "{range}");
    }
    for (key, range, length) in [("k", "bytes=5-", "5"), ("empty", "bytes=0-", "0")] {
        let answer = get(key, range);
        assert_refused(&answer, 416, "InvalidRange");
        assert_eq!(text(&answer.text(), "RangeRequested").as_deref(), Some(range));
        assert_eq!(text(&answer.text(), "ActualObjectSize").as_deref(), Some(length));
    }
    assert_eq!(get("k", "lines=1-2").text(), "hello");
}

#[test]
fn get_object_weighs_conditions() {
    let server = server(&["k"]);
    let get = |name, value| server.call(object("GET", "k").header(name, value));
    let unchanged = get("If-None-Match", HELLO_MD5);
    assert_eq!((unchanged.status, unchanged.header("ETag")), (304, Some(HELLO_MD5)));
    assert!(unchanged.header("Last-Modified").is_some());
    let failed = get("If-Match", "\"x\"");
    assert_refused(&failed, 412, "PreconditionFailed");
    assert_eq!(text(&failed.text(), "Condition").as_deref(), Some("If-Match"));
    let old = "Sat, 01 Jan 2000 00:00:00 GMT";
    assert_refused(&get("If-Unmodified-Since", old), 412, "PreconditionFailed");
    assert_eq!(get("If-Modified-Since", old).status, 200);
}

#[test]
fn get_object_takes_signed_overrides() {
    let server = server(&["k"]);
    let target = "/bkt/k?response-content-type=text%2Fhtml&response-cache-control=no-cache";
    let answer = server.call(Request::new("GET", target));
    assert_eq!(answer.header("Content-Type"), Some("text/html"));
    assert_eq!(answer.header("Cache-Control"), Some("no-cache"));
    let plain = server.call(object("GET", "k"));
    assert_eq!(plain.header("Content-Type"), Some("binary/octet-stream"));
}

#[test]
fn list_objects_pages_through_keys_and_prefixes() {
    let keys = ["a", "b/1", "b/2", "c d", "e"];
    let server = server(&keys);
    let first = server.call(bucket("GET", "delimiter=%2F&max-keys=2")).text();
    assert_eq!(root(&first), "ListBucketResult");
    assert_eq!(texts(&first, "Contents", "Key"), ["a"]);
    assert_eq!(texts(&first, "CommonPrefixes", "Prefix"), ["b/"]);
    assert_eq!(text(&first, "IsTruncated").as_deref(), Some("true"));
    assert_eq!(text(&first, "NextMarker").as_deref(), Some("b/"));
    assert_eq!(texts(&first, "Owner", "ID"), ["own1"]);
    let second = server.call(bucket("GET", "delimiter=%2F&marker=b%2F&encoding-type=url")).text();
    assert_eq!(texts(&second, "Contents", "Key"), ["c%20d", "e"]);
    assert_eq!(text(&second, "IsTruncated").as_deref(), Some("false"));
    let none = server.call(bucket("GET", "max-keys=0")).text();
    assert_eq!(text(&none, "IsTruncated").as_deref(), Some("false"));
    assert!(elements(&none, "Contents").is_empty());
}

#[test]
fn list_objects_v2_pages_by_token() {
    let keys = ["a", "b", "c", "d", "e"];
    let server = server(&keys);
    let (mut seen, mut token) = (Vec::new(), String::new());
    for count in ["2", "2", "1"] {
        let query = format!("list-type=2&max-keys=2{token}");
        let page = server.call(bucket("GET", &query)).text();
        assert_eq!(text(&page, "KeyCount").as_deref(), Some(count));
        assert!(elements(&page, "Owner").is_empty());
        seen.extend(texts(&page, "Contents", "Key"));
        token = match text(&page, "NextContinuationToken") {
            Some(token) => format!("&continuation-token={token}"),
            None => String::new(),
        };
    }
    assert_eq!(seen, keys);
    assert_eq!(token, "");
    let owned = server.call(bucket("GET", "list-type=2&fetch-owner=true&start-after=d")).text();
    assert_eq!(texts(&owned, "Contents", "Key"), ["e"]);
    assert_eq!(texts(&owned, "Owner", "DisplayName"), ["own"]);
    let bad = server.call(bucket("GET", "list-type=2&continuation-token=bad"));
    assert_refused(&bad, 400, "InvalidArgument");
}

#[test]
fn delete_object_is_204_whether_it_was_there_or_not() {
    let server = server(&["k"]);
    assert_eq!(server.call(object("DELETE", "k")).status, 204);
    assert_eq!(server.call(object("DELETE", "k")).status, 204);
    let gone = server.call(object("GET", "k"));
    assert_refused(&gone, 404, "NoSuchKey");
    assert_eq!(text(&gone.text(), "Key").as_deref(), Some("k"));
}

#[test]
fn delete_objects_tells_of_each_key() {
    let server = server(&["a", "b", "../c"]);
    let delete = |inner: &str| {
        let body = format!("<Delete>{inner}</Delete>");
        bucket("POST", "delete").header("Content-MD5", &content_md5(body.as_bytes())).body(body)
    };
    let two = "<Object><Key>a</Key></Object><Object><Key>../c</Key></Object>";
    let unclaimed = bucket("POST", "delete").body(format!("<Delete>{two}</Delete>"));
    assert_refused(&server.call(unclaimed), 400, "InvalidRequest");
    let answer = server.call(delete(two));
    assert_eq!(texts(&answer.text(), "Deleted", "Key"), ["a", "../c"]);
    let long = format!("<Object><Key>{}</Key></Object>", "k".repeat(1025));
    let version = "<Object><Key>b</Key><VersionId>v</VersionId></Object>";
    let quiet = format!("<Quiet>true</Quiet><Object><Key>none</Key></Object>{long}{version}");
    let answer = server.call(delete(&quiet)).text();
    assert_eq!(texts(&answer, "Error", "Code"), ["KeyTooLongError", "NoSuchVersion"]);
    assert!(elements(&answer, "Deleted").is_empty());
    let left = server.call(bucket("GET", "")).text();
    assert_eq!(texts(&left, "Contents", "Key"), ["b"]);
}

#[test]
fn delete_objects_reads_a_document_of_xml_bytes_max_and_not_a_byte_more() {
    let server = server(&["a"]);
    let of = |bytes: usize| {
        let (start, end) = ("<Delete><Object><Key>a</Key></Object>", "</Delete>");
        let body = format!("{start}{}{end}", " ".repeat(bytes - start.len() - end.len()));
        bucket("POST", "delete").header("Content-MD5", &content_md5(body.as_bytes())).body(body)
    };
    let answer = server.call(of(XML_BYTES_MAX));
    assert_eq!(texts(&answer.text(), "Deleted", "Key"), ["a"]);
    // Refused by its head: none of its body is sent.
    let mut connection = server.connect();
    connection.send(&of(XML_BYTES_MAX + 1).head(&server.signer(OWN)));
    assert_refused(&connection.answer("POST"), 400, "MaxMessageLengthExceeded");
}

#[test]
fn what_is_not_configured_is_said_as_aws_says_it() {
    let server = server(&["k"]);
    assert_refused(&server.call(bucket("GET", "policy")), 404, "NoSuchBucketPolicy");
    assert_refused(&server.call(bucket("GET", "tagging")), 404, "NoSuchTagSet");
    let lifecycle = server.call(bucket("GET", "lifecycle"));
    assert_refused(&lifecycle, 404, "NoSuchLifecycleConfiguration");
    let versioning = server.call(bucket("GET", "versioning")).text();
    assert_eq!(root(&versioning), "VersioningConfiguration");
    let tags = server.call(Request::new("GET", "/bkt/k?tagging"));
    assert_eq!((tags.status, root(&tags.text())), (200, "Tagging"));
    assert_refused(&server.call(Request::new("GET", "/bkt/none?tagging")), 404, "NoSuchKey");
    assert_refused(&server.call(Request::new("GET", "/none?policy")), 404, "NoSuchBucket");
}
