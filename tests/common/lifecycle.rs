//! What tests of lifecycle rules need: documents, a server that has them, and sweeps of a second
//! server at a time that the test chooses.

use super::TestServer;
use super::client::{Answer, Request};
use super::xml::texts;
use base64::prelude::{BASE64_STANDARD, Engine};
use glassbucket::lifecycle::{Day, sweep};
use glassbucket::store::{Durability, Store};
use glassbucket::types::Timestamp;
use glassbucket::types::lifecycle::DAY_SECS;
use md5::{Digest, Md5};
use std::path::Path;

/// Ends things a day after they were written.
pub const DAY_RULE: &str = "<Expiration><Days>1</Days></Expiration>";

/// An enabled rule.
pub fn rule(id: &str, selector: &str, action: &str) -> String {
    format!("<Rule><ID>{id}</ID>{selector}<Status>Enabled</Status>{action}</Rule>")
}

/// A whole document.
pub fn document(rules: &str) -> String {
    format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>")
}

/// PutBucketLifecycleConfiguration without a digest.
pub fn unclaimed(bucket: &str, document: &str) -> Request {
    Request::new("PUT", &format!("/{bucket}?lifecycle")).body(document)
}

/// PutBucketLifecycleConfiguration.
pub fn put_request(bucket: &str, document: &str) -> Request {
    with_md5(unclaimed(bucket, document), document)
}

/// The request with this document and its digest.
pub fn with_md5(request: Request, document: &str) -> Request {
    let md5 = BASE64_STANDARD.encode(Md5::digest(document.as_bytes()));
    request.body(document).header("Content-MD5", &md5)
}

/// A server with the bucket `bkt` and these rules.
pub fn with_rules(rules: &str) -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    set_rules(&server, rules);
    server
}

/// Gives `bkt` these rules.
#[track_caller]
pub fn set_rules(server: &TestServer, rules: &str) {
    let answer = server.call(put_request("bkt", &document(rules)));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// GetBucketLifecycleConfiguration.
pub fn get_rules(server: &TestServer) -> Answer {
    server.call(Request::new("GET", "/bkt?lifecycle"))
}

/// PutObject into `bkt`.
#[track_caller]
pub fn put(server: &TestServer, key: &str, body: &str) -> Answer {
    let answer = server.call(Request::object("PUT", "bkt", key).body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// The keys of `bkt`.
pub fn keys(server: &TestServer) -> Vec<String> {
    texts(&server.call(Request::new("GET", "/bkt")).text(), "Contents", "Key")
}

/// A second server's view of a data directory.
pub fn store(data: &Path) -> Store {
    Store::open(data, Durability::Relaxed).expect("the store opens")
}

/// A sweep of another server, so many days from now.
pub fn sweep_in(server: &TestServer, days: i64) {
    let now = Timestamp::new(Timestamp::now().secs() + days * DAY_SECS, 0);
    sweep(&store(&server.data()), now, Day::Real, &|| false);
}
