//! Every key S3 allows, through every door that takes or gives a key: the path, the copy source,
//! the XML of DeleteObjects, a browser's form, and the listings (V1 and V2, plain and
//! `encoding-type=url`, whole and in small pages). Security classes D (traversal) and E (the
//! authorised name is the stored name).
//!
//! Afterwards nothing is left: not an empty directory, not a staged file, and not one byte outside
//! the buckets has changed. `tests/clients/strace` watches the same keys from below.

mod common;

use common::client::{Request, Signer, encode, raw_head};
use common::form::Form;
use common::operations::content_md5;
use common::{OWN, TestServer, xml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The keys; `tests/clients` reads the same file.
fn corpus() -> Vec<String> {
    let mut keys: Vec<String> =
        serde_json::from_str(include_str!("fixtures/nasty-keys.json")).expect("a list of keys");
    keys.sort();
    keys
}

/// Two buckets, `src` and `dst`, with something beside them that must not change.
struct Scene {
    server: TestServer,
    signer: Signer,
    keys: Vec<String>,
}

impl Scene {
    fn new() -> Scene {
        let server = TestServer::unsynced(|_| {});
        for bucket in ["src", "dst", "bystander"] {
            server.make_bucket(bucket);
        }
        let put = server.call(Request::object("PUT", "bystander", "a/b").body("untouched"));
        assert_eq!(put.status, 200);
        std::fs::write(server.dir.path().join("outside"), "untouched").expect("a file");
        let signer = server.signer(OWN);
        Scene { server, signer, keys: corpus() }
    }

    /// One request a key on one connection; every answer must have that status.
    fn each(&self, status: u16, request: impl Fn(&str) -> Request) -> Vec<Vec<u8>> {
        let mut connection = self.server.connect();
        let mut bodies = Vec::new();
        for key in &self.keys {
            let answer = connection.call(&self.signer, &request(key));
            assert_eq!(answer.status, status, "{key:?}: {}", answer.text());
            bodies.push(answer.body);
        }
        bodies
    }

    /// All pages of a listing of `bucket`.
    fn list(&self, bucket: &str, query: &str) -> Vec<String> {
        let mut connection = self.server.connect();
        let mut keys = Vec::new();
        let mut next = String::new();
        loop {
            let request = Request::new("GET", &format!("/{bucket}?{query}{next}"));
            let answer = connection.call(&self.signer, &request);
            let text = answer.text();
            assert_eq!(answer.status, 200, "{query}: {text}");
            let page = page_keys(&text);
            assert!(!page.is_empty() || keys.is_empty(), "an empty page in the middle: {text}");
            keys.extend(page);
            if xml::text(&text, "IsTruncated").as_deref() != Some("true") {
                return keys;
            }
            next = match xml::text(&text, "NextContinuationToken") {
                Some(token) => format!("&continuation-token={}", encode(&token, "")),
                None => format!("&marker={}", encode(keys.last().expect("a key"), "")),
            };
        }
    }

    /// The same keys in the same order, however they are asked for.
    fn is_listed_everywhere(&self, bucket: &str, keys: &[String]) {
        for version in ["", "&list-type=2"] {
            for encoding in ["", "&encoding-type=url"] {
                for page in ["max-keys=1000", "max-keys=7"] {
                    let query = format!("{page}{version}{encoding}");
                    assert_eq!(self.list(bucket, &query), keys, "{query}");
                }
            }
        }
    }

    /// DeleteObjects of every key.
    fn delete_objects(&self, bucket: &str) {
        let mut list = String::from("<Delete>");
        for key in &self.keys {
            list.push_str(&format!("<Object><Key>{}</Key></Object>", xml::escape(key)));
        }
        list.push_str("</Delete>");
        let request = Request::new("POST", &format!("/{bucket}?delete")).body(list);
        let md5 = content_md5(&request.body);
        let answer = self.server.call(request.header("content-md5", &md5));
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        assert_eq!(xml::elements(&text, "Error"), [""; 0]);
        assert_eq!(xml::texts(&text, "Deleted", "Key"), self.keys);
    }
}

fn page_keys(text: &str) -> Vec<String> {
    let keys = xml::texts(text, "Contents", "Key");
    match xml::text(text, "EncodingType").as_deref() {
        Some("url") => keys.iter().map(|key| xml::url_decode(key)).collect(),
        _ => keys,
    }
}

/// Every path below `root` but those below `skip`, with the bytes of the files.
fn snapshot(root: &Path, skip: &[PathBuf]) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if skip.contains(&path) {
                continue;
            }
            let is_dir = path.symlink_metadata().expect("metadata").is_dir();
            let bytes = (!is_dir).then(|| std::fs::read(&path).expect("a file"));
            found.insert(path.clone(), bytes);
            if is_dir {
                open.push(path);
            }
        }
    }
    found
}

/// Files (not folders) below `directory`, which need not exist.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    if !directory.exists() {
        return Vec::new();
    }
    let all = snapshot(directory, &[]).into_iter();
    all.filter(|(_, bytes)| bytes.is_some()).map(|(path, _)| path).collect()
}

#[test]
fn class_d_nasty_keys_are_written_listed_read_copied_and_deleted_without_a_trace() {
    let scene = Scene::new();
    let data = scene.server.data();
    let ours = [data.join("src"), data.join("dst"), data.join(".glassbucket")];
    let before = snapshot(scene.server.dir.path(), &ours);

    scene.each(200, |key| Request::object("PUT", "src", key).body(key));
    scene.is_listed_everywhere("src", &scene.keys);
    let bodies = scene.each(200, |key| Request::object("GET", "src", key));
    assert!(bodies.iter().zip(&scene.keys).all(|(body, key)| body == key.as_bytes()));
    scene.each(200, |key| Request::object("HEAD", "src", key));

    scene.each(200, |key| {
        let source = format!("/src/{}", encode(key, "/"));
        Request::object("PUT", "dst", key).header("x-amz-copy-source", &source)
    });
    scene.is_listed_everywhere("dst", &scene.keys);
    let bodies = scene.each(200, |key| Request::object("GET", "dst", key));
    assert!(bodies.iter().zip(&scene.keys).all(|(body, key)| body == key.as_bytes()));

    scene.each(204, |key| Request::object("DELETE", "src", key));
    scene.delete_objects("dst");
    scene.each(404, |key| Request::object("GET", "dst", key));
    for bucket in ["src", "dst"] {
        scene.is_listed_everywhere(bucket, &[]);
        assert!(snapshot(&data.join(bucket), &[]).is_empty(), "{bucket} is an empty directory");
    }
    let staged = files_below(&data.join(".glassbucket/staging"));
    assert!(staged.iter().all(|path| path.ends_with("lock")), "{staged:?}");
    assert_eq!(snapshot(scene.server.dir.path(), &ours), before, "nothing else has changed");
}

/// Key and version of each line of ListObjectVersions, in order, in pages of seven.
fn listed_versions(scene: &Scene, bucket: &str) -> Vec<(String, String)> {
    let mut connection = scene.server.connect();
    let (mut lines, mut next) = (Vec::new(), String::new());
    loop {
        let target = format!("/{bucket}?versions&encoding-type=url&max-keys=7{next}");
        let answer = connection.call(&scene.signer, &Request::new("GET", &target));
        let text = answer.text();
        assert_eq!(answer.status, 200, "{target}: {text}");
        assert!(xml::elements(&text, "DeleteMarker").is_empty());
        let keys = xml::texts(&text, "Version", "Key").into_iter();
        let versions = xml::texts(&text, "Version", "VersionId");
        lines.extend(keys.map(|key| xml::url_decode(&key)).zip(versions));
        let Some(key) = xml::text(&text, "NextKeyMarker") else { return lines };
        let version = xml::text(&text, "NextVersionIdMarker").expect("its version");
        let key = encode(&xml::url_decode(&key), "");
        next = format!("&key-marker={key}&version-id-marker={version}");
    }
}

/// One request a version on one connection; every answer must have that status.
fn each_version(scene: &Scene, method: &str, status: u16, of: &[(String, String)]) -> Vec<Vec<u8>> {
    let mut connection = scene.server.connect();
    let mut bodies = Vec::new();
    for (key, version) in of {
        let mut request = Request::object(method, "src", key);
        request.query = format!("versionId={version}");
        let answer = connection.call(&scene.signer, &request);
        assert_eq!(answer.status, status, "{method} {key:?} {version}: {}", answer.text());
        bodies.push(answer.body);
    }
    bodies
}

#[test]
fn class_d_nasty_keys_keep_their_versions_and_leave_no_trace() {
    let scene = Scene::new();
    let data = scene.server.data();
    let ours = [data.join("src"), data.join(".glassbucket")];
    let before = snapshot(scene.server.dir.path(), &ours);
    let status = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let put = scene.server.call(Request::new("PUT", "/src?versioning").body(status));
    assert_eq!(put.status, 200, "{}", put.text());

    for number in ["first ", "second "] {
        let body = |key: &str| Request::object("PUT", "src", key).body([number, key].concat());
        scene.each(200, body);
    }
    let lines = listed_versions(&scene, "src");
    let twice: Vec<_> = scene.keys.iter().flat_map(|key| [key; 2]).collect();
    assert!(lines.iter().map(|(key, _)| key).eq(twice), "each key twice, in key order");
    let bodies = each_version(&scene, "GET", 200, &lines);
    let numbers = ["second ", "first "].into_iter().cycle();
    for (((key, version), body), number) in lines.iter().zip(&bodies).zip(numbers) {
        assert!(*body == [number, key].concat().into_bytes(), "{key:?} {version}");
    }
    scene.is_listed_everywhere("src", &scene.keys);

    // The old ones of half of the keys first: then the plain file goes with nothing behind it.
    let (mut order, rest): (Vec<_>, Vec<_>) =
        lines.chunks(2).enumerate().partition(|(number, _)| number % 2 == 0);
    order.extend(rest);
    let order = order.into_iter().flat_map(|(number, pair)| match number % 2 {
        0 => [pair[1].clone(), pair[0].clone()],
        _ => [pair[0].clone(), pair[1].clone()],
    });
    each_version(&scene, "DELETE", 204, &order.collect::<Vec<_>>());
    assert_eq!(listed_versions(&scene, "src"), []);
    scene.each(404, |key| Request::object("GET", "src", key));
    assert!(snapshot(&data.join("src"), &[]).is_empty(), "src is an empty directory");
    let versions = snapshot(&data.join(".glassbucket/versions"), &[]);
    assert!(versions.is_empty(), "{versions:?}");
    assert_eq!(snapshot(scene.server.dir.path(), &ours), before, "nothing else has changed");
    assert_eq!(scene.server.call(Request::new("DELETE", "/src")).status, 204);
}

/// A delete marker lies among the versions where the key has no file at all.
#[test]
fn class_d_nasty_keys_are_marked_deleted_and_brought_back() {
    let scene = Scene::new();
    let status = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    scene.server.call(Request::new("PUT", "/src?versioning").body(status));
    scene.each(200, |key| Request::object("PUT", "src", key).body(key));
    let lines = listed_versions(&scene, "src");
    scene.each(204, |key| Request::object("DELETE", "src", key));
    scene.each(404, |key| Request::object("GET", "src", key));
    assert!(files_below(&scene.server.data().join("src")).is_empty());
    assert_eq!(each_version(&scene, "GET", 200, &lines).len(), scene.keys.len());
    let page = scene.server.call(Request::new("GET", "/src?versions&encoding-type=url")).text();
    let keys = xml::texts(&page, "DeleteMarker", "Key");
    let ids = xml::texts(&page, "DeleteMarker", "VersionId");
    let markers: Vec<_> = keys.iter().map(|key| xml::url_decode(key)).zip(ids).collect();
    assert!(markers.iter().map(|(key, _)| key).eq(&scene.keys), "a delete marker of each key");
    each_version(&scene, "DELETE", 204, &markers);
    let bodies = scene.each(200, |key| Request::object("GET", "src", key));
    assert!(bodies.iter().zip(&scene.keys).all(|(body, key)| body == key.as_bytes()));
    assert_eq!(listed_versions(&scene, "src"), lines);
    assert_eq!(
        files_below(&scene.server.data().join(".glassbucket/versions")),
        [""; 0].map(PathBuf::from)
    );
}

#[test]
fn class_d_nasty_keys_of_forms_are_stored_as_they_are() {
    let scene = Scene::new();
    let ours = [scene.server.data().join("src"), scene.server.data().join(".glassbucket")];
    let before = snapshot(scene.server.dir.path(), &ours);
    let conditions = r#"{"bucket": "src"}, ["starts-with", "$key", ""]"#;
    let (mut connection, host) = (scene.server.connect(), scene.server.address.to_string());
    for key in &scene.keys {
        let form = Form::new(&[("key", key)], key.as_str()).sign_v4(&scene.signer, conditions);
        let answer = form.post(&mut connection, &host, "src");
        assert_eq!(answer.status, 204, "{key:?}: {}", answer.text());
    }
    scene.is_listed_everywhere("src", &scene.keys);
    let bodies = scene.each(200, |key| Request::object("GET", "src", key));
    assert!(bodies.iter().zip(&scene.keys).all(|(body, key)| body == key.as_bytes()));
    assert_eq!(snapshot(scene.server.dir.path(), &ours), before, "nothing else has changed");
}

#[test]
fn class_d_nasty_keys_answer_deletion_in_any_order() {
    // Last written first, so that `a` goes before `a/b` in one bucket and after it in the other.
    let mut scene = Scene::new();
    scene.keys.reverse();
    scene.each(200, |key| Request::object("PUT", "src", key).body(key));
    let mut sorted = scene.keys.clone();
    sorted.sort();
    assert_eq!(scene.list("src", "list-type=2"), sorted);
    scene.each(204, |key| Request::object("DELETE", "src", key));
    assert!(snapshot(&scene.server.data().join("src"), &[]).is_empty());
}

#[test]
fn class_d_nasty_keys_of_1025_bytes_are_too_long() {
    let scene = Scene::new();
    let answer = scene.server.call(Request::object("PUT", "src", &"k".repeat(1025)).body("x"));
    assert_eq!((answer.status, answer.code().as_str()), (400, "KeyTooLongError"));
}

#[test]
fn class_d_nasty_keys_that_are_not_utf8_are_refused() {
    let scene = Scene::new();
    for target in ["/src/%FF", "/src/a%C3", "/src/%ED%A0%80"] {
        let answer = scene.server.call(Request::new("PUT", target).body("x"));
        assert_eq!(answer.status, 400, "{target}: {}", answer.text());
    }
    // No signature covers a path that cannot be decoded: it is refused before one is looked for.
    for target in ["/src/a%2", "/src/%zz"] {
        let mut connection = scene.server.connect();
        let host = ("host".to_owned(), scene.server.address.to_string());
        connection.send(&raw_head("GET", target, &[host]));
        let answer = connection.answer("GET");
        assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidURI"), "{target}");
    }
    assert!(snapshot(&scene.server.data().join("src"), &[]).is_empty());
}
