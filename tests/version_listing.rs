//! ListObjectVersions over a socket: what stands in it, in which order, and page by page.

mod common;

use common::client::{Answer, Request};
use common::xml::{elements, root, text, texts, url_decode};
use common::{OTHER, TestServer};

fn list(server: &TestServer, query: &str) -> String {
    let answer = server.call(Request::new("GET", &format!("/bkt?versions&{query}")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

fn version(answer: &Answer) -> String {
    answer.header("x-amz-version-id").expect("a version").to_owned()
}

fn put(server: &TestServer, key: &str) -> String {
    version(&server.call(Request::object("PUT", "bkt", key).body("hello")))
}

fn delete(server: &TestServer, key: &str) -> String {
    version(&server.call(Request::object("DELETE", "bkt", key)))
}

/// A server with the versioned bucket `bkt`.
fn versioned() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let answer = server.call(Request::new("PUT", "/bkt?versioning").body(body));
    assert_eq!(answer.status, 200);
    server
}

/// Key and id of each line, as it stands: versions and delete markers in one order.
fn lines(page: &str) -> Vec<(String, String)> {
    let of = |inner: &str, name| text(inner, name).expect("an element");
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(start) =
        ["<Version>", "<DeleteMarker>"].iter().filter_map(|t| rest.find(t)).min()
    {
        let inner = &rest[start..];
        found.push((url_decode(&of(inner, "Key")), of(inner, "VersionId")));
        rest = &inner[1..];
    }
    found
}

fn pair(key: &str, id: &str) -> (String, String) {
    (key.to_owned(), id.to_owned())
}

#[test]
fn list_object_versions_has_the_newest_of_a_key_first() {
    let server = versioned();
    let first = put(&server, "a");
    let second = put(&server, "a");
    let marker = delete(&server, "a");
    let other = put(&server, "b");
    let page = list(&server, "");
    assert_eq!(root(&page), "ListVersionsResult");
    let expected = [pair("a", &marker), pair("a", &second), pair("a", &first), pair("b", &other)];
    assert_eq!(lines(&page), expected);
    assert_eq!(texts(&page, "Version", "IsLatest"), ["false", "false", "true"]);
    assert_eq!(texts(&page, "DeleteMarker", "IsLatest"), ["true"]);
    for (name, value) in [
        ("Size", "5"),
        ("ETag", "\"5d41402abc4b2a76b9719d911017c592\""),
        ("StorageClass", "STANDARD"),
        ("ID", "own1"),
        ("DisplayName", "own"),
    ] {
        assert_eq!(texts(&page, "Version", name), [value; 3]);
    }
    assert_eq!(texts(&page, "DeleteMarker", "ID"), ["own1"]);
    assert!(elements(elements(&page, "DeleteMarker")[0], "Size").is_empty());
    for (name, value) in
        [("Name", "bkt"), ("Prefix", ""), ("KeyMarker", ""), ("VersionIdMarker", "")]
    {
        assert_eq!(text(&page, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(text(&page, "MaxKeys").as_deref(), Some("1000"));
    assert_eq!(text(&page, "IsTruncated").as_deref(), Some("false"));
    // The plain listing shows what a plain GET finds.
    let objects = server.call(Request::new("GET", "/bkt")).text();
    assert_eq!(texts(&objects, "Contents", "Key"), ["b"]);
}

#[test]
fn list_object_versions_pages_of_any_size_make_the_whole() {
    let server = versioned();
    for key in ["a", "a", "a/b", "c d", "c d", "e"] {
        put(&server, key);
    }
    delete(&server, "a");
    delete(&server, "e");
    delete(&server, "never");
    let whole = lines(&list(&server, ""));
    assert_eq!(whole.len(), 9);
    let server = server.restart(|_| {});
    assert_eq!(lines(&list(&server, "")), whole);
    for size in 1..=10 {
        let (mut seen, mut marker) = (Vec::new(), String::new());
        loop {
            let query = format!("encoding-type=url&max-keys={size}{marker}");
            let page = list(&server, &query);
            seen.extend(lines(&page));
            let Some(key) = text(&page, "NextKeyMarker") else { break };
            let id = text(&page, "NextVersionIdMarker").expect("a version");
            marker = format!("&key-marker={key}&version-id-marker={id}");
            assert!(seen.len() < whole.len(), "the pages go on for ever");
        }
        assert_eq!(seen, whole, "pages of {size}");
    }
    let after = list(&server, "key-marker=a%2Fb");
    assert_eq!(lines(&after), whole[4..], "without a version, after all of the key's");
    let none = list(&server, "max-keys=0");
    assert_eq!(text(&none, "IsTruncated").as_deref(), Some("false"));
    assert!(lines(&none).is_empty());
}

#[test]
fn list_object_versions_groups_by_prefix_and_delimiter() {
    let server = versioned();
    for key in ["a/1", "a/1", "b", "c/1", "c/2"] {
        put(&server, key);
    }
    delete(&server, "c/1");
    let first = list(&server, "delimiter=%2F&max-keys=1");
    assert_eq!(texts(&first, "CommonPrefixes", "Prefix"), ["a/"]);
    assert_eq!(text(&first, "NextKeyMarker").as_deref(), Some("a/"));
    assert_eq!(text(&first, "NextVersionIdMarker"), None);
    assert_eq!(text(&first, "Delimiter").as_deref(), Some("/"));
    let rest = list(&server, "delimiter=%2F&key-marker=a%2F");
    assert_eq!(texts(&rest, "CommonPrefixes", "Prefix"), ["c/"]);
    assert_eq!(texts(&rest, "Version", "Key"), ["b"]);
    let below = list(&server, "prefix=c%2F&encoding-type=url");
    assert_eq!(lines(&below).len(), 3);
    assert_eq!(text(&below, "EncodingType").as_deref(), Some("url"));
    assert_eq!(text(&below, "Prefix").as_deref(), Some("c/"));
}

#[test]
fn list_object_versions_of_a_bucket_without_versioning_shows_null() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server.call(Request::object("PUT", "bkt", "k").body("hello"));
    let page = list(&server, "");
    assert_eq!(lines(&page), [pair("k", "null")]);
    assert_eq!(texts(&page, "Version", "IsLatest"), ["true"]);
}

#[test]
fn list_object_versions_refuses_what_it_cannot_go_on_from() {
    let server = versioned();
    let ask = |query: &str| server.call(Request::new("GET", &format!("/bkt?versions&{query}")));
    for query in [
        "version-id-marker=null",
        "key-marker=k&version-id-marker=x",
        "max-keys=-1",
        "encoding-type=base64",
    ] {
        let answer = ask(query);
        assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidArgument"), "{query}");
    }
    let missing = server.call(Request::new("GET", "/none?versions"));
    assert_eq!((missing.status, missing.code().as_str()), (404, "NoSuchBucket"));
    let request = Request::new("GET", "/bkt?versions");
    let denied = server.connect().call(&server.signer(OTHER), &request);
    assert_eq!((denied.status, denied.code().as_str()), (403, "AccessDenied"));
}
