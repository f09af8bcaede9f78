//! Versions over a socket: the bucket's configuration, what writes, reads and deletes answer, what
//! is on the disk, and what a restart finds. Listings of versions are in `version_listing.rs`.

mod common;

use common::client::{Answer, Request, assert_refused};
use common::operations::content_md5;
use common::xml::{root, text, texts};
use common::{OTHER, TestServer};

const NEVER: &str = "00112233445566778899aabbccddeeff";

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

fn of_version(method: &str, key: &str, version: &str) -> Request {
    let mut request = object(method, key);
    request.query = format!("versionId={version}");
    request
}

fn set_versioning(server: &TestServer, inner: &str) -> Answer {
    let body = format!("<VersioningConfiguration>{inner}</VersioningConfiguration>");
    server.call(Request::new("PUT", "/bkt?versioning").body(body))
}

fn enable(server: &TestServer) {
    assert_eq!(set_versioning(server, "<Status>Enabled</Status>").status, 200);
}

fn suspend(server: &TestServer) {
    assert_eq!(set_versioning(server, "<Status>Suspended</Status>").status, 200);
}

/// A server with the versioned bucket `bkt`.
fn versioned() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    enable(&server);
    server
}

fn version(answer: &Answer) -> Option<String> {
    answer.header("x-amz-version-id").map(str::to_owned)
}

/// Writes, and gives the new version.
#[track_caller]
fn put(server: &TestServer, key: &str, body: &str) -> String {
    let answer = server.call(object("PUT", key).body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    version(&answer).expect("a version")
}

/// Deletes, and gives the delete marker.
#[track_caller]
fn delete(server: &TestServer, key: &str) -> String {
    let answer = server.call(object("DELETE", key));
    assert_eq!((answer.status, answer.header("x-amz-delete-marker")), (204, Some("true")));
    version(&answer).expect("a delete marker")
}

fn content(server: &TestServer, key: &str, version: &str) -> (u16, String) {
    let answer = server.call(of_version("GET", key, version));
    (answer.status, answer.text())
}

#[test]
fn bucket_versioning_is_enabled_and_suspended_and_never_taken_away() {
    let mut server = TestServer::start();
    server.make_bucket("bkt");
    let get = |server: &TestServer| server.call(Request::new("GET", "/bkt?versioning")).text();
    assert_eq!(
        (root(&get(&server)), text(&get(&server), "Status")),
        ("VersioningConfiguration", None)
    );
    for status in ["Enabled", "Suspended", "Enabled"] {
        let answer = set_versioning(&server, &format!("<Status>{status}</Status>"));
        assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        server = server.restart(|_| {});
        assert_eq!(text(&get(&server), "Status").as_deref(), Some(status));
    }
    for (inner, status, code) in [
        ("", 400, "IllegalVersioningConfigurationException"),
        ("<Status>Off</Status>", 400, "MalformedXML"),
        ("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>", 501, "NotImplemented"),
    ] {
        assert_refused(&set_versioning(&server, inner), status, code);
    }
    let empty = server.call(Request::new("PUT", "/bkt?versioning"));
    assert_refused(&empty, 400, "MissingRequestBodyError");
    assert_refused(&server.call(Request::new("GET", "/none?versioning")), 404, "NoSuchBucket");
    for method in ["GET", "PUT"] {
        let request = Request::new(method, "/bkt?versioning");
        let answer = server.connect().call(&server.signer(OTHER), &request);
        assert_refused(&answer, 403, "AccessDenied");
    }
    assert_eq!(text(&get(&server), "Status").as_deref(), Some("Enabled"));
}

#[test]
fn a_bucket_that_never_had_versioning_tells_of_no_version() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let put = server.call(object("PUT", "k").body("v"));
    let copy = server.call(object("PUT", "copy").header("x-amz-copy-source", "bkt/k"));
    assert_eq!(copy.header("x-amz-copy-source-version-id"), None);
    let acl = server.call(Request::new("GET", "/bkt/k?acl"));
    for answer in [put, copy, acl, server.call(object("GET", "k"))] {
        assert_eq!((answer.status, version(&answer)), (200, None));
    }
    // Yet `null` names what is there, and nothing else does.
    assert_eq!(content(&server, "k", "null"), (200, "v".to_owned()));
    let answer = server.call(of_version("GET", "k", NEVER));
    assert_refused(&answer, 404, "NoSuchVersion");
    let deleted = server.call(object("DELETE", "k"));
    assert_eq!((deleted.header("x-amz-delete-marker"), version(&deleted)), (None, None));
    let gone = server.call(object("HEAD", "k"));
    assert_eq!((gone.status, gone.header("x-amz-delete-marker")), (404, Some("false")));
}

#[test]
fn every_write_answers_the_version_it_made_and_every_read_the_one_it_read() {
    let server = versioned();
    let first = put(&server, "k", "one");
    let second = put(&server, "k", "two");
    assert_ne!(first, second);
    assert_eq!(version(&server.call(object("GET", "k"))), Some(second.clone()));
    for (id, body) in [(&first, "one"), (&second, "two")] {
        assert_eq!(content(&server, "k", id), (200, body.to_owned()));
        for request in [
            of_version("HEAD", "k", id),
            of_version("GET", "k", id).header("If-None-Match", "*"),
            Request::new("GET", &format!("/bkt/k?acl&versionId={id}")),
        ] {
            assert_eq!(version(&server.call(request.clone())).as_ref(), Some(id), "{request:?}");
        }
    }
    let source = format!("bkt/k?versionId={first}");
    let copy = server.call(object("PUT", "copy").header("x-amz-copy-source", &source));
    assert_eq!(copy.header("x-amz-copy-source-version-id"), Some(first.as_str()));
    let copied = version(&copy).expect("a version");
    assert_eq!(content(&server, "copy", &copied), (200, "one".to_owned()));
    // How an older version is brought back: copied over the newer one.
    let back = server.call(object("PUT", "k").header("x-amz-copy-source", &source));
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(server.call(object("GET", "k")).text(), "one");
}

#[test]
fn complete_multipart_upload_answers_its_version() {
    let server = versioned();
    let source = put(&server, "source", "bytes");
    let created = server.call(Request::new("POST", "/bkt/k?uploads"));
    let upload = text(&created.text(), "UploadId").expect("an upload");
    let part = Request::new("PUT", &format!("/bkt/k?partNumber=1&uploadId={upload}"));
    let part = server.call(part.header("x-amz-copy-source", "bkt/source"));
    assert_eq!(part.header("x-amz-copy-source-version-id"), Some(source.as_str()));
    let etag = text(&part.text(), "ETag").expect("a tag");
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    let complete = Request::new("POST", &format!("/bkt/k?uploadId={upload}")).body(list);
    let answer = server.call(complete.clone());
    let id = version(&answer).expect("a version");
    assert_eq!(content(&server, "k", &id), (200, "bytes".to_owned()));
    assert_eq!(version(&server.call(complete)), Some(id), "a repeat is answered the same");
}

#[test]
fn a_deleted_key_is_told_from_one_that_never_was() {
    let server = versioned();
    let object_version = put(&server, "k", "v");
    let marker = delete(&server, "k");
    for method in ["GET", "HEAD"] {
        let answer = server.call(object(method, "k"));
        assert_eq!((answer.status, version(&answer)), (404, Some(marker.clone())));
        assert_eq!(answer.header("x-amz-delete-marker"), Some("true"));
        let named = server.call(of_version(method, "k", &marker));
        assert_eq!((named.status, version(&named)), (405, Some(marker.clone())));
        assert_eq!(named.header("x-amz-delete-marker"), Some("true"));
        assert_eq!(named.header("Allow"), Some("DELETE"));
        assert!(named.header("Last-Modified").is_some());
    }
    assert_refused(&server.call(object("GET", "k")), 404, "NoSuchKey");
    assert_refused(&server.call(of_version("GET", "k", &marker)), 405, "MethodNotAllowed");
    let copy = |source: &str| {
        server.call(object("PUT", "copy").header("x-amz-copy-source", &format!("bkt/{source}")))
    };
    assert_refused(&copy("k"), 404, "NoSuchKey");
    assert_refused(&copy(&format!("k?versionId={marker}")), 400, "InvalidRequest");
    assert_refused(&copy(&format!("k?versionId={NEVER}")), 404, "NoSuchVersion");
    assert_eq!(copy(&format!("k?versionId={object_version}")).status, 200);
    let never = server.call(object("GET", "never"));
    assert_eq!((never.status, version(&never)), (404, None));
}

#[test]
fn delete_object_of_a_version_is_for_good() {
    let server = versioned();
    let ids: Vec<_> = ["one", "two", "three"].iter().map(|body| put(&server, "k", body)).collect();
    let marker = delete(&server, "k");
    // The marker goes: the object is there again.
    let answer = server.call(of_version("DELETE", "k", &marker));
    assert_eq!((answer.status, version(&answer)), (204, Some(marker.clone())));
    assert_eq!(answer.header("x-amz-delete-marker"), Some("true"));
    assert_eq!(server.call(object("GET", "k")).text(), "three");
    // The current version goes: the one before it is current. Then one out of the middle's place.
    for (gone, current) in [(2, "two"), (0, "two")] {
        let answer = server.call(of_version("DELETE", "k", &ids[gone]));
        assert_eq!((answer.status, version(&answer)), (204, Some(ids[gone].clone())));
        assert_eq!(answer.header("x-amz-delete-marker"), None);
        let again = server.call(of_version("GET", "k", &ids[gone]));
        assert_refused(&again, 404, "NoSuchVersion");
        assert_eq!(server.call(object("GET", "k")).text(), current);
    }
    assert_eq!(server.call(of_version("DELETE", "k", &ids[0])).status, 204, "gone already");
    assert_eq!(server.call(of_version("DELETE", "never", NEVER)).status, 204);
    assert_refused(&server.call(of_version("DELETE", "k", "x")), 400, "InvalidArgument");
    assert_eq!(server.call(of_version("DELETE", "k", &ids[1])).status, 204);
    assert_refused(&server.call(object("GET", "k")), 404, "NoSuchKey");
    assert_eq!(server.call(Request::new("DELETE", "/bkt")).status, 204, "nothing is left");
}

#[test]
fn delete_objects_tells_of_versions_and_markers() {
    let server = versioned();
    let first = put(&server, "a", "one");
    let delete_all = |entries: &str| {
        let body = format!("<Delete>{entries}</Delete>");
        let request = Request::new("POST", "/bkt?delete");
        server.call(request.header("Content-MD5", &content_md5(body.as_bytes())).body(body)).text()
    };
    let made = delete_all("<Object><Key>a</Key></Object>");
    assert_eq!(texts(&made, "Deleted", "DeleteMarker"), ["true"]);
    assert!(texts(&made, "Deleted", "VersionId").is_empty());
    let marker = texts(&made, "Deleted", "DeleteMarkerVersionId").remove(0);
    let entry = |id: &str| format!("<Object><Key>a</Key><VersionId>{id}</VersionId></Object>");
    let gone = delete_all(&entry(&marker));
    assert_eq!(texts(&gone, "Deleted", "VersionId"), std::slice::from_ref(&marker));
    assert_eq!(texts(&gone, "Deleted", "DeleteMarkerVersionId"), [marker]);
    let gone = delete_all(&[entry(&first), entry("bad id")].concat());
    assert_eq!(texts(&gone, "Deleted", "VersionId"), [first]);
    assert!(texts(&gone, "Deleted", "DeleteMarker").is_empty());
    assert_eq!(texts(&gone, "Error", "Code"), ["NoSuchVersion"]);
    assert_eq!(server.call(Request::new("DELETE", "/bkt")).status, 204, "nothing is left");
}

#[test]
fn a_suspended_bucket_replaces_null_and_keeps_the_rest() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    assert_eq!(server.call(object("PUT", "k").body("before")).status, 200);
    enable(&server);
    let kept = put(&server, "k", "kept");
    assert_eq!(content(&server, "k", "null"), (200, "before".to_owned()));
    suspend(&server);
    let answer = server.call(object("PUT", "k").body("after"));
    assert_eq!((answer.status, version(&answer)), (200, None));
    let current = server.call(object("GET", "k"));
    assert_eq!((current.text().as_str(), version(&current).as_deref()), ("after", Some("null")));
    assert_eq!(content(&server, "k", "null"), (200, "after".to_owned()));
    assert_eq!(content(&server, "k", &kept), (200, "kept".to_owned()));
    assert_eq!(delete(&server, "k"), "null");
    assert_refused(&server.call(of_version("GET", "k", "null")), 405, "MethodNotAllowed");
    assert_refused(&server.call(object("GET", "k")), 404, "NoSuchKey");
    assert_eq!(content(&server, "k", &kept), (200, "kept".to_owned()));
}

#[test]
fn conditions_of_a_write_weigh_the_current_version() {
    let server = versioned();
    let write =
        |name: &str, value: &str| server.call(object("PUT", "k").header(name, value).body("new"));
    put(&server, "k", "old");
    delete(&server, "k");
    assert_refused(&write("If-Match", "*"), 404, "NoSuchKey");
    assert_eq!(write("If-None-Match", "*").status, 200, "a delete marker is no object");
    assert_refused(&write("If-None-Match", "*"), 412, "PreconditionFailed");
    assert_eq!(write("If-Match", "22af645d1859cb5ca6da0c484f1f37ea").status, 200, "unquoted");
    let copy = |name: &str, value: &str| {
        let request = object("PUT", "k").header("x-amz-copy-source", "bkt/source");
        server.call(request.header(name, value))
    };
    put(&server, "source", "copied");
    assert_refused(&copy("If-None-Match", "*"), 412, "PreconditionFailed");
    assert_refused(&copy("If-Match", "\"x\""), 412, "PreconditionFailed");
    let gone_stale = "22af645d1859cb5ca6da0c484f1f37ea";
    assert_refused(&copy("x-amz-copy-source-if-match", gone_stale), 412, "PreconditionFailed");
    assert_eq!(copy("If-Match", "*").status, 200);
    let delete = |value: &str| server.call(object("DELETE", "k").header("If-Match", value));
    assert_refused(&delete("\"x\""), 412, "PreconditionFailed");
    assert_eq!(delete("*").header("x-amz-delete-marker"), Some("true"));
    assert_refused(&delete("\"x\""), 412, "PreconditionFailed");
}

#[test]
fn the_data_directory_shows_the_current_object_and_nothing_else() {
    let server = versioned();
    let path = server.data().join("bkt/dir/k");
    let names = |server: &TestServer| -> Vec<_> {
        let entries = std::fs::read_dir(server.data().join("bkt/dir"));
        let entries = entries.into_iter().flatten();
        entries.map(|entry| entry.expect("an entry").file_name()).collect()
    };
    let first = put(&server, "dir/k", "one");
    let second = put(&server, "dir/k", "two");
    assert_eq!(std::fs::read_to_string(&path).expect("a plain file"), "two");
    assert_eq!(names(&server), ["k"]);
    let marker = delete(&server, "dir/k");
    assert!(names(&server).is_empty());
    let server = server.restart(|_| {});
    for (id, body) in [(&first, "one"), (&second, "two")] {
        assert_eq!(content(&server, "dir/k", id), (200, body.to_owned()));
    }
    assert_refused(&server.call(of_version("GET", "dir/k", &marker)), 405, "MethodNotAllowed");
    assert_eq!(server.call(of_version("DELETE", "dir/k", &marker)).status, 204);
    assert_eq!(std::fs::read_to_string(&path).expect("a plain file"), "two");
    assert_eq!(server.call(of_version("DELETE", "dir/k", &second)).status, 204);
    assert_eq!(std::fs::read_to_string(&path).expect("a plain file"), "one");
    assert_eq!(names(&server), ["k"]);
}

#[test]
fn an_acl_is_of_one_version() {
    let server = versioned();
    let first = put(&server, "k", "one");
    let second = put(&server, "k", "two");
    let grants = |id: &str| {
        let answer = server.call(Request::new("GET", &format!("/bkt/k?acl&versionId={id}")));
        texts(&answer.text(), "Grant", "Permission").len()
    };
    let public =
        |target: &str| server.call(Request::new("PUT", target).header("x-amz-acl", "public-read"));
    let answer = public(&format!("/bkt/k?acl&versionId={first}"));
    assert_eq!((answer.status, version(&answer)), (200, Some(first.clone())));
    assert_eq!((grants(&first), grants(&second)), (2, 1));
    let answer = public("/bkt/k?acl");
    assert_eq!((answer.status, version(&answer)), (200, Some(second.clone())));
    assert_eq!((grants(&first), grants(&second)), (2, 2));
    let marker = delete(&server, "k");
    assert_refused(&public("/bkt/k?acl"), 404, "NoSuchKey");
    let named = public(&format!("/bkt/k?acl&versionId={marker}"));
    assert_refused(&named, 405, "MethodNotAllowed");
}

#[test]
fn versioning_cannot_be_suspended_under_object_lock() {
    let server = TestServer::start();
    let create = Request::new("PUT", "/bkt").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(create).status, 200);
    let suspended = set_versioning(&server, "<Status>Suspended</Status>");
    assert_refused(&suspended, 409, "InvalidBucketState");
    enable(&server);
    let get = server.call(Request::new("GET", "/bkt?versioning"));
    assert_eq!(text(&get.text(), "Status").as_deref(), Some("Enabled"));
}
