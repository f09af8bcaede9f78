//! Tags of objects and of buckets over a socket: how they come, what they may be, what they change.

mod common;

use common::client::{Request, assert_refused};
use common::xml::{root, text, texts};
use common::{OTHER, TestServer};
use glassbucket::store::{Durability, Store};

fn tagging(method: &str, target: &str) -> Request {
    Request::new(method, &format!("{target}?tagging"))
}

fn document(pairs: &[(&str, &str)]) -> String {
    let tag =
        |(key, value): &(&str, &str)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let tags: String = pairs.iter().map(tag).collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
}

fn numbered(count: usize) -> String {
    let keys: Vec<String> = (0..count).map(|n| n.to_string()).collect();
    document(&keys.iter().map(|key| (key.as_str(), "v")).collect::<Vec<_>>())
}

/// `key=value` of each tag, in the order of the answer.
#[track_caller]
fn tags(server: &TestServer, target: &str) -> Vec<String> {
    let answer = server.call(tagging("GET", target));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(root(&answer.text()), "Tagging");
    let (keys, values) =
        (texts(&answer.text(), "Tag", "Key"), texts(&answer.text(), "Tag", "Value"));
    keys.iter().zip(&values).map(|(key, value)| format!("{key}={value}")).collect()
}

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    assert_eq!(server.call(Request::new("PUT", "/bkt/k").body("hello")).status, 200);
    server
}

/// Another server on the same data: what it knows was on the disk.
fn restarted(server: &TestServer) -> TestServer {
    let data = server.data();
    TestServer::with(|config| {
        config.store = Store::open(&data, Durability::Strict).expect("the store opens");
    })
}

#[test]
fn put_object_tagging_replaces_the_set_and_nothing_else() {
    let server = server();
    let before = server.call(Request::new("HEAD", "/bkt/k"));
    assert_eq!(before.header("x-amz-tagging-count"), None);
    assert_eq!(tags(&server, "/bkt/k"), [""; 0]);
    let first = document(&[("b", "2"), ("a", "")]);
    assert_eq!(server.call(tagging("PUT", "/bkt/k").body(first)).status, 200);
    assert_eq!(tags(&server, "/bkt/k"), ["a=", "b=2"]);
    let second = document(&[("c d", "é/1")]);
    assert_eq!(server.call(tagging("PUT", "/bkt/k").body(second)).status, 200);
    for server in [&server, &restarted(&server)] {
        assert_eq!(tags(server, "/bkt/k"), ["c d=é/1"]);
        for method in ["GET", "HEAD"] {
            let after = server.call(Request::new(method, "/bkt/k"));
            assert_eq!(after.header("x-amz-tagging-count"), Some("1"));
            assert_eq!(after.header("ETag"), before.header("ETag"));
            assert_eq!(after.header("Last-Modified"), before.header("Last-Modified"));
        }
    }
    assert_eq!(server.call(tagging("DELETE", "/bkt/k")).status, 204);
    assert_eq!(tags(&server, "/bkt/k"), [""; 0]);
    assert_eq!(server.call(tagging("DELETE", "/bkt/k")).status, 204);
}

#[test]
fn put_object_tagging_refuses_what_is_no_set_of_tags_and_keeps_the_old_one() {
    let server = server();
    let put = |body: String| server.call(tagging("PUT", "/bkt/k").body(body));
    assert_eq!(put(numbered(10)).status, 200);
    for (body, code) in [
        (numbered(11), "InvalidTag"),
        (document(&[("a", "1"), ("a", "2")]), "InvalidTag"),
        (document(&[(&"k".repeat(129), "")]), "InvalidTag"),
        (document(&[("a", &"v".repeat(257))]), "InvalidTag"),
        (document(&[("aws:a", "")]), "InvalidTag"),
        (document(&[("a&#10;", "")]), "InvalidTag"),
        ("<Tagging/>".to_owned(), "MalformedXML"),
        (String::new(), "MissingRequestBodyError"),
    ] {
        assert_refused(&put(body), 400, code);
    }
    assert_eq!(tags(&server, "/bkt/k").len(), 10);
    let damaged = tagging("PUT", "/bkt/k").body(document(&[])).header("Content-MD5", "AAAA");
    assert_refused(&server.call(damaged), 400, "InvalidDigest");
}

#[test]
fn object_tagging_names_what_is_missing() {
    let server = server();
    for method in ["GET", "PUT", "DELETE"] {
        let ask = |target: &str| server.call(tagging(method, target).body(document(&[])));
        assert_refused(&ask("/bkt/none"), 404, "NoSuchKey");
        assert_refused(&ask("/none/k"), 404, "NoSuchBucket");
        let version =
            Request::new(method, "/bkt/k?tagging&versionId=00112233445566778899aabbccddeeff");
        assert_refused(&server.call(version.body(document(&[]))), 404, "NoSuchVersion");
        let other = tagging(method, "/bkt/k").body(document(&[]));
        let denied = server.connect().call(&server.signer(OTHER), &other);
        assert_refused(&denied, 403, "AccessDenied");
    }
}

#[test]
fn put_object_takes_tags_in_a_header() {
    let server = server();
    let put = |value: &str| {
        server.call(Request::new("PUT", "/bkt/t").header("x-amz-tagging", value).body("x"))
    };
    assert_eq!(put("foo=b%20a+r&bar").status, 200);
    assert_eq!(tags(&server, "/bkt/t"), ["bar=", "foo=b a r"]);
    for (bad, code) in [
        ("a=%zz", "InvalidArgument"),
        ("a=1&a=2", "InvalidTag"),
        ("a&b&c&d&e&f&g&h&i&j&k", "InvalidTag"),
    ] {
        assert_refused(&put(bad), 400, code);
    }
    assert_eq!(tags(&server, "/bkt/t").len(), 2, "a refused PUT changes nothing");
    assert_eq!(server.call(Request::new("PUT", "/bkt/t").body("y")).status, 200);
    assert_eq!(tags(&server, "/bkt/t"), [""; 0], "an overwrite takes the tags with it");
}

#[test]
fn ten_tags_of_full_length_are_kept() {
    let server = server();
    let key = |n: usize| format!("{n}{}", "語".repeat(127));
    let pairs: Vec<(String, String)> = (0..10).map(|n| (key(n), "語".repeat(256))).collect();
    let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (&k[..], &v[..])).collect();
    assert_eq!(server.call(tagging("PUT", "/bkt/k").body(document(&borrowed))).status, 200);
    let whole = |(key, value): &(String, String)| format!("{key}={value}");
    assert_eq!(tags(&restarted(&server), "/bkt/k"), pairs.iter().map(whole).collect::<Vec<_>>());
}

#[test]
fn copy_object_copies_tags_unless_told_to_replace_them() {
    let server = server();
    assert_eq!(server.call(tagging("PUT", "/bkt/k").body(document(&[("a", "1")]))).status, 200);
    let copy = |headers: &[(&str, &str)]| {
        let request = Request::new("PUT", "/bkt/copy").header("x-amz-copy-source", "/bkt/k");
        let with = |request: Request, (n, v): &(&str, &str)| request.header(n, v);
        let answer = server.call(headers.iter().fold(request, with));
        assert_eq!(answer.status, 200, "{}", answer.text());
        tags(&server, "/bkt/copy")
    };
    let tagging = ("x-amz-tagging", "b=2");
    let replace = ("x-amz-tagging-directive", "REPLACE");
    assert_eq!(copy(&[]), ["a=1"]);
    assert_eq!(copy(&[("x-amz-metadata-directive", "REPLACE")]), ["a=1"]);
    assert_eq!(copy(&[tagging, ("x-amz-tagging-directive", "COPY")]), ["a=1"]);
    assert_eq!(copy(&[tagging, replace]), ["b=2"]);
    assert_eq!(copy(&[replace]), [""; 0]);
}

#[test]
fn create_multipart_upload_takes_tags_for_the_object_to_be() {
    let server = server();
    let create = Request::new("POST", "/bkt/m?uploads").header("x-amz-tagging", "Hello=World&foo=");
    let id = text(&server.call(create).text(), "UploadId").expect("an upload");
    let part = server
        .call(Request::new("PUT", &format!("/bkt/m?partNumber=1&uploadId={id}")).body("part"));
    let etag = part.header("ETag").expect("a tag");
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    let complete = Request::new("POST", &format!("/bkt/m?uploadId={id}")).body(list);
    assert_eq!(server.call(complete).status, 200);
    assert_eq!(tags(&server, "/bkt/m"), ["Hello=World", "foo="]);
}

#[test]
fn put_bucket_tagging_keeps_50_tags_beside_those_of_the_objects() {
    let server = server();
    assert_refused(&server.call(tagging("GET", "/bkt")), 404, "NoSuchTagSet");
    assert_eq!(server.call(tagging("PUT", "/bkt").body(numbered(50))).status, 204);
    assert_refused(&server.call(tagging("PUT", "/bkt").body(numbered(51))), 400, "InvalidTag");
    assert_eq!(tags(&restarted(&server), "/bkt").len(), 50);
    assert_eq!(tags(&server, "/bkt/k"), [""; 0]);
    for method in ["GET", "PUT", "DELETE"] {
        let request = tagging(method, "/bkt").body(numbered(1));
        let denied = server.connect().call(&server.signer(OTHER), &request);
        assert_refused(&denied, 403, "AccessDenied");
    }
    assert_refused(&server.call(tagging("PUT", "/bkt").body("<Tagging>")), 400, "MalformedXML");
    assert_eq!(tags(&server, "/bkt").len(), 50);
    assert_eq!(server.call(tagging("DELETE", "/bkt")).status, 204);
    assert_refused(&server.call(tagging("GET", "/bkt")), 404, "NoSuchTagSet");
}

/// A policy that lets [`OTHER`] do this with all objects, where the conditions hold.
fn allow_other(server: &TestServer, statements: &[(&str, &str)]) {
    let statement = |(action, condition): &(&str, &str)| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::other1:root"}},
            "Action":"s3:{action}","Resource":"arn:aws:s3:::bkt/*","Condition":{{{condition}}}}}"#
        )
    };
    let statements: Vec<String> = statements.iter().map(statement).collect();
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let put = server.call(Request::new("PUT", "/bkt?policy").body(policy));
    assert!(matches!(put.status, 200 | 204), "{}", put.text());
}

#[test]
fn put_object_tagging_is_weighed_with_the_tags_it_brings() {
    let server = server();
    let red = r#""StringEquals":{"s3:RequestObjectTag/team":"red"}"#;
    allow_other(&server, &[("PutObjectTagging", red)]);
    let put = |value: &str| {
        let request = tagging("PUT", "/bkt/k").body(document(&[("team", value)]));
        server.connect().call(&server.signer(OTHER), &request)
    };
    assert_refused(&put("blue"), 403, "AccessDenied");
    assert_eq!(tags(&server, "/bkt/k"), [""; 0]);
    assert_eq!(put("red").status, 200);
    assert_eq!(tags(&server, "/bkt/k"), ["team=red"]);
    let absent = tagging("PUT", "/bkt/none").body(document(&[("team", "red")]));
    let absent = server.connect().call(&server.signer(OTHER), &absent);
    assert_refused(&absent, 403, "AccessDenied");
}

#[test]
fn get_object_counts_tags_for_whoever_may_read_them() {
    let server = server();
    assert_eq!(server.call(tagging("PUT", "/bkt/k").body(document(&[("a", "")]))).status, 200);
    let get = || server.connect().call(&server.signer(OTHER), &Request::new("GET", "/bkt/k"));
    allow_other(&server, &[("GetObject", "")]);
    assert_eq!((get().status, get().header("x-amz-tagging-count")), (200, None));
    allow_other(&server, &[("GetObject", ""), ("GetObjectTagging", "")]);
    assert_eq!((get().status, get().header("x-amz-tagging-count")), (200, Some("1")));
}

#[test]
fn copy_object_takes_tags_only_for_whoever_may_read_and_write_them() {
    let server = server();
    assert_eq!(server.call(tagging("PUT", "/bkt/k").body(document(&[("a", "1")]))).status, 200);
    let copy = |directive: &str| {
        let request = Request::new("PUT", "/bkt/copy")
            .header("x-amz-copy-source", "/bkt/k")
            .header("x-amz-tagging-directive", directive);
        server.connect().call(&server.signer(OTHER), &request)
    };
    let both = [("GetObject", ""), ("PutObject", "")];
    allow_other(&server, &both);
    assert_refused(&copy("COPY"), 403, "AccessDenied");
    assert_eq!(copy("REPLACE").status, 200);
    for one in ["GetObjectTagging", "PutObjectTagging"] {
        allow_other(&server, &[&both[..], &[(one, "")]].concat());
        assert_refused(&copy("COPY"), 403, "AccessDenied");
    }
    let all = [&both[..], &[("GetObjectTagging", ""), ("PutObjectTagging", "")]].concat();
    allow_other(&server, &all);
    assert_eq!(copy("COPY").status, 200);
    assert_eq!(tags(&server, "/bkt/copy"), ["a=1"]);
}

#[test]
fn copy_object_tags_for_whom_the_acl_lets_write_as_put_object_does() {
    let server = server();
    let grant = Request::new("PUT", "/bkt?acl").header("x-amz-grant-write", "id=other1");
    assert_eq!(server.call(grant).status, 200);
    allow_other(&server, &[("GetObjectTagging", "")]);
    let put = |key: &str, headers: &[(&str, &str)]| {
        let request = Request::new("PUT", key);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        server.connect().call(&server.signer(OTHER), &request)
    };
    assert_eq!(put("/bkt/own", &[("x-amz-tagging", "a=1")]).status, 200);
    let source = ("x-amz-copy-source", "/bkt/own");
    assert_eq!(put("/bkt/copied", &[source]).status, 200);
    let replaced = [source, ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "b=2")];
    assert_eq!(put("/bkt/replaced", &replaced).status, 200);
    assert_eq!(tags(&server, "/bkt/copied"), ["a=1"]);
    assert_eq!(tags(&server, "/bkt/replaced"), ["b=2"]);
}

#[test]
fn each_version_has_tags_of_its_own() {
    let server = server();
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(server.call(Request::new("PUT", "/bkt?versioning").body(enabled)).status, 200);
    let put = |tags: &str| {
        let request = Request::new("PUT", "/bkt/v").header("x-amz-tagging", tags).body(tags);
        let answer = server.call(request);
        answer.header("x-amz-version-id").expect("a version").to_owned()
    };
    let (first, second) = (put("a=1"), put("b=2"));
    let of = |method: &str, version: &str| {
        Request::new(method, &format!("/bkt/v?tagging&versionId={version}"))
    };
    let keys = |version: &str| {
        let answer = server.call(of("GET", version));
        assert_eq!(answer.header("x-amz-version-id"), Some(version));
        texts(&answer.text(), "Tag", "Key")
    };
    assert_eq!((keys(&first), keys(&second)), (vec!["a".into()], vec!["b".into()]));
    let changed = server.call(of("PUT", &first).body(document(&[("c", "3")])));
    assert_eq!((changed.status, changed.header("x-amz-version-id")), (200, Some(&first[..])));
    assert_eq!((keys(&first), tags(&server, "/bkt/v")), (vec!["c".into()], vec!["b=2".into()]));
    assert_eq!(server.call(of("DELETE", &first)).status, 204);
    assert_eq!((keys(&first), keys(&second)), (vec![], vec!["b".into()]));
    let deleted = server.call(Request::new("DELETE", "/bkt/v"));
    let marker = deleted.header("x-amz-version-id").expect("a delete marker").to_owned();
    for method in ["GET", "PUT", "DELETE"] {
        let body = document(&[]);
        let refused = server.call(of(method, &marker).body(body.clone()));
        assert_refused(&refused, 405, "MethodNotAllowed");
        assert_refused(&server.call(tagging(method, "/bkt/v").body(body)), 404, "NoSuchKey");
    }
    assert_eq!(keys(&second), ["b"]);
}
