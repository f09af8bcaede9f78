//! Requests that must be refused and change nothing: they are counted, and the data directory is
//! compared, file by file, with what it was before.

use super::TestServer;
use super::client::{Answer, Request};
use super::operations::{At, On, Op, Who, operations};
use super::xml::text;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Each file with its inode, the time of its last change (of its attributes too) and its bytes.
pub type Snapshot = BTreeMap<PathBuf, (u64, i64, i64, Vec<u8>)>;

/// The data directory but for what has no meaning: bodies on their way in, and the locks of keys.
pub fn snapshot(server: &TestServer) -> Snapshot {
    fn walk(below: &Path, found: &mut Snapshot) {
        for entry in std::fs::read_dir(below).expect("a directory") {
            let path = entry.expect("an entry").path();
            let data = std::fs::symlink_metadata(&path).expect("what was listed");
            match data.is_dir() {
                true if path.ends_with("staging") || path.ends_with("locks") => {}
                true => walk(&path, found),
                false => {
                    let bytes = std::fs::read(&path).expect("a file");
                    found.insert(path, (data.ino(), data.ctime(), data.ctime_nsec(), bytes));
                }
            }
        }
    }
    let mut found = Snapshot::new();
    walk(&server.data(), &mut found);
    found
}

/// Begins an upload of that key of `bkt`, with one part, `hello`; its id.
pub fn begin(server: &TestServer, key: &str) -> String {
    let started = server.call(Request::new("POST", &format!("/bkt/{key}?uploads")));
    let id = text(&started.text(), "UploadId").expect("an upload");
    let part = Request::new("PUT", &format!("/bkt/{key}?partNumber=1&uploadId={id}"));
    assert_eq!(server.call(part.body("hello")).status, 200);
    id
}

/// A server whose bucket `bkt` has Object Lock, the object `k`, an upload of it, which is
/// returned, the object `source`, and every configuration that there is.
pub fn server() -> (TestServer, String) {
    let server = TestServer::start();
    let create = Request::new("PUT", "/bkt").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(create).status, 200);
    for key in ["k", "source"] {
        assert_eq!(server.call(Request::object("PUT", "bkt", key).body("hello")).status, 200);
    }
    let upload = begin(&server, "k");
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let puts = operations().into_iter().filter(|op| op.method == "PUT" && op.is_there());
    for op in puts.filter(|op| op.on == On::Bucket && !op.query.is_empty()) {
        let answer = op.ask(&server, Who::Own, at);
        assert!(matches!(answer.status, 200 | 204), "{}: {}", op.name, answer.text());
    }
    (server, upload)
}

/// Counts refusals; at its end nothing may have changed.
pub struct Refusals<'s> {
    server: &'s TestServer,
    before: Snapshot,
    tried: usize,
    wrong: Vec<String>,
}

impl<'s> Refusals<'s> {
    /// Begins to count.
    pub fn of(server: &'s TestServer) -> Refusals<'s> {
        Refusals { server, before: snapshot(server), tried: 0, wrong: Vec::new() }
    }

    /// An answer to HEAD tells its code by the status alone.
    pub fn expect(&mut self, op: &Op, what: &str, answer: &Answer, status: u16, code: &str) {
        self.tried += 1;
        let told = if op.method == "HEAD" { code.to_owned() } else { answer.code() };
        if (answer.status, told.as_str()) != (status, code) {
            let got = format!("{} {told}", answer.status);
            self.wrong.push(format!("{} {what}: {got} instead of {code}", op.name));
        }
    }

    /// All were as expected, and the data directory is as it was.
    #[track_caller]
    pub fn end(self) {
        assert!(self.wrong.is_empty(), "{} wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
        let after = snapshot(self.server);
        let differ = |path: &&PathBuf| self.before.get(*path) != after.get(*path);
        let paths: BTreeSet<&PathBuf> = self.before.keys().chain(after.keys()).collect();
        let changed: Vec<_> = paths.into_iter().filter(differ).collect();
        assert!(changed.is_empty(), "changed: {changed:?}");
        println!("{} requests refused", self.tried);
    }
}
