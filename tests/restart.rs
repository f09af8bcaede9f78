//! All that can be set on a bucket and on its objects, at once, outlives the server; and the data
//! directory shows the bucket: the keys as plain files with the objects' bytes, and nothing else.

mod common;

use common::client::{Answer, Request};
use common::operations::{At, DOCUMENTS, On, Op, Who, operations};
use common::xml::text;
use common::{OTHER, TestServer};
use std::collections::BTreeMap;
use std::path::Path;

const TIME: &str = "2027-03-01T12:00:00Z";

/// Key and body of each current object.
const OBJECTS: [(&str, &str); 5] = [
    ("versioned.txt", "second"),
    ("2024/all.txt", "all"),
    ("2024/copy of all.txt", "all"),
    ("2024/parts.bin", "one part"),
    ("\u{e9}/form.txt", "of a form"),
];

/// Headers of `2024/all.txt`, all to be answered as sent.
const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "max-age=60"),
    ("Content-Disposition", "attachment"),
    ("Content-Encoding", "identity"),
    ("Content-Language", "de"),
    ("Expires", "Thu, 01 Jan 2032 00:00:00 GMT"),
    ("x-amz-website-redirect-location", "/elsewhere"),
    ("x-amz-storage-class", "STANDARD_IA"),
    ("x-amz-meta-color", "blue"),
    ("x-amz-checksum-sha256", "XvXvA2S2k5xMph80s5P3s2jRvoYZZHqvg9WzlZGatik="),
    ("x-amz-object-lock-mode", "GOVERNANCE"),
    ("x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00.000Z"),
    ("x-amz-object-lock-legal-hold", "ON"),
];

#[track_caller]
fn good(answer: &Answer) -> String {
    assert!(matches!(answer.status, 200 | 204), "{} {}", answer.status, answer.text());
    answer.header("x-amz-version-id").unwrap_or_default().to_owned()
}

fn put(key: &str, body: &str) -> Request {
    Request::object("PUT", "bkt", key).body(body)
}

/// `bkt` with everything; the version that is not the current one of `versioned.txt`, the delete
/// marker on `gone.txt`, and an upload of `unfinished.bin`.
fn fill(server: &TestServer) -> [String; 3] {
    let create = Request::new("PUT", "/bkt").header("x-amz-bucket-object-lock-enabled", "true");
    let location = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>\
        </CreateBucketConfiguration>";
    good(&server.call(create.body(location)));
    let first = good(&server.call(put("versioned.txt", "first")));
    good(&server.call(put("versioned.txt", "second")));
    let all = put("2024/all.txt", "all").header("x-amz-tagging", "a=1&b=2");
    let all = HEADERS.iter().fold(all, |request, (name, value)| request.header(name, value));
    good(&server.call(all));
    let copy = put("2024/copy of all.txt", "").header("x-amz-copy-source", "/bkt/2024/all.txt");
    good(&server.call(copy));
    let grant = "id=\"other1\"";
    let acl = Request::new("PUT", "/bkt/2024/all.txt?acl").header("x-amz-grant-read", grant);
    good(&server.call(acl));
    let parts = begin(server, "2024/parts.bin", "one part");
    let list = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>ETAG</ETag></Part>\
        </CompleteMultipartUpload>";
    let (id, etag) = parts;
    let complete = Request::new("POST", &format!("/bkt/2024/parts.bin?uploadId={id}"));
    good(&server.call(complete.body(list.replace("ETAG", &etag))));
    let form = operations().into_iter().find(|op| op.name == "PostObject").expect("its row");
    let at = At { bucket: "bkt", key: "\u{e9}/form.txt", upload: "" };
    let mut request = form.request(server, Who::Own, at);
    let body = String::from_utf8(request.body).expect("a form");
    request.body = body.replace("hello", "of a form").into_bytes();
    good(&form.send(server, Who::Own, &request));
    good(&server.call(put("gone.txt", "gone")));
    let marker = good(&server.call(Request::object("DELETE", "bkt", "gone.txt")));
    let (upload, _) = begin(server, "unfinished.bin", "a part");
    for (query, document) in DOCUMENTS {
        let request = Request::new("PUT", &format!("/bkt?{query}"));
        let md5 = common::operations::content_md5(document.as_bytes());
        good(&server.call(request.header("content-md5", &md5).body(*document)));
    }
    let acl = Request::new("PUT", "/bkt?acl").header("x-amz-grant-read", grant);
    good(&server.call(acl));
    [first, marker, upload]
}

/// An upload with one part: its id, and the part's tag.
fn begin(server: &TestServer, key: &str, part: &str) -> (String, String) {
    let started = server.call(Request::new("POST", &format!("/bkt/{key}?uploads")));
    let id = text(&started.text(), "UploadId").expect("an upload");
    let target = format!("/bkt/{key}?partNumber=1&uploadId={id}");
    let answer = server.call(Request::new("PUT", &target).body(part));
    (id, answer.header("ETag").expect("a tag").to_owned())
}

/// What every operation that reads answers about everything: names and values of headers that are
/// no request's own, and the body.
fn read_all(
    server: &TestServer,
    upload: &str,
    versions: &[(&str, &str)],
) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    let mut ask = |op: &Op, key: &str, more: &str| {
        let mut request = op.request(server, Who::Own, At { bucket: "bkt", key, upload });
        if !more.is_empty() {
            let and = if request.query.is_empty() { "" } else { "&" };
            request.query.push_str(&format!("{and}versionId={more}"));
        }
        request = request.header("x-amz-checksum-mode", "ENABLED");
        let answer = server.call(request);
        let own = |name: &str| matches!(name, "x-amz-request-id" | "x-amz-id-2" | "Date");
        let headers = answer.headers.iter().filter(|(name, _)| !own(name));
        let headers: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        let mut body = answer.text();
        for id in ["RequestId", "HostId"] {
            if let Some(value) = text(&body, id) {
                body = body.replace(&value, "");
            }
        }
        let what = format!("{} {key} {more}", op.name);
        read.insert(what, format!("{}\n{headers}\n{body}", answer.status));
    };
    for op in operations().iter().filter(|op| matches!(op.method, "GET" | "HEAD")) {
        match op.on {
            On::Service | On::Bucket => ask(op, "", ""),
            On::Upload => ask(op, "unfinished.bin", ""),
            On::Object => {
                OBJECTS.iter().for_each(|(key, _)| ask(op, key, ""));
                versions.iter().for_each(|(key, id)| ask(op, key, id));
            }
        }
    }
    read
}

/// Path and bytes of each file below, directories left out.
fn files(below: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(below).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        match entry.file_type().expect("a type") {
            kind if kind.is_dir() => {
                let inner = files(&entry.path());
                assert!(!inner.is_empty(), "{name} is an empty directory");
                found.extend(
                    inner.into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)),
                );
            }
            kind => {
                assert!(kind.is_file(), "{name}");
                found.insert(name, std::fs::read(entry.path()).expect("a file"));
            }
        }
    }
    found
}

#[track_caller]
fn assert_reads_like_the_bucket(server: &TestServer) {
    let keys = OBJECTS.map(|(key, body)| (key.to_owned(), body.as_bytes().to_vec()));
    assert_eq!(files(&server.data().join("bkt")), BTreeMap::from(keys));
    let names = std::fs::read_dir(server.data()).expect("the data directory");
    let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, [".glassbucket", "bkt"]);
}

#[test]
fn everything_that_can_be_set_outlives_a_restart_beside_plain_files() {
    let server = TestServer::with(common::lock::at(TIME));
    let [first, marker, upload] = fill(&server);
    assert_reads_like_the_bucket(&server);
    let versions = [("versioned.txt", first.as_str()), ("gone.txt", marker.as_str())];
    let before = read_all(&server, &upload, &versions);
    let server = server.restart(common::lock::at(TIME));
    let after = read_all(&server, &upload, &versions);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    for (what, answer) in &before {
        assert_eq!(after.get(what), Some(answer), "{what}");
    }
    println!("{} answers are the same", before.len());
    assert_reads_like_the_bucket(&server);

    // Not only the same as before, but what was set.
    let all = server.call(
        Request::object("GET", "bkt", "2024/all.txt").header("x-amz-checksum-mode", "ENABLED"),
    );
    for (name, value) in HEADERS {
        assert_eq!(all.header(name), Some(*value), "{name}");
    }
    assert_eq!(all.header("x-amz-tagging-count"), Some("2"));
    for (query, document) in DOCUMENTS.iter().filter(|(query, _)| *query != "policy") {
        let shown = server.call(Request::new("GET", &format!("/bkt?{query}"))).text();
        let words = document.split(['<', '>', '/']).filter(|word| !word.is_empty());
        let missing: Vec<&str> = words.filter(|word| !shown.contains(word)).collect();
        assert_eq!(missing, [""; 0], "{query}: {shown}");
    }
    let other = server.signer(OTHER);
    for target in ["/bkt", "/bkt/2024/all.txt"] {
        let answer = server.connect().call(&other, &Request::new("GET", target));
        assert_eq!(answer.status, 200, "the grant on {target}: {}", answer.text());
    }
    let hidden = Request::object("GET", "bkt", "versioned.txt");
    assert_eq!(server.connect().call(&other, &hidden).status, 403);
    // Under way before, completed after.
    let target = format!("/bkt/unfinished.bin?uploadId={upload}");
    let etag = text(&server.call(Request::new("GET", &target)).text(), "ETag").expect("a part");
    let list = common::operations::PARTS.replace("\"5d41402abc4b2a76b9719d911017c592\"", &etag);
    good(&server.call(Request::new("POST", &target).body(list)));
    let path = server.data().join("bkt/unfinished.bin");
    assert_eq!(std::fs::read_to_string(path).expect("a plain file"), "a part");
}
