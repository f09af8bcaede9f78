//! Sweeps of buckets with versioning: what becomes a delete marker, which noncurrent versions go,
//! and what Object Lock keeps.

mod common;

use common::TestServer;
use common::client::Request;
use common::lifecycle::{DAY_RULE, put, rule, set_rules, sweep_in, with_md5};
use common::xml::texts;
use glassbucket::types::Timestamp;
use glassbucket::types::lifecycle::DAY_SECS;

const NONCURRENT: &str = "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>\
                          </NoncurrentVersionExpiration>";

/// A server whose bucket `bkt` has versioning and these rules.
fn versioned(rules: &str) -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    set_versioning(&server, "Enabled");
    set_rules(&server, rules);
    server
}

fn set_versioning(server: &TestServer, status: &str) {
    let body =
        format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    let answer = server.call(Request::new("PUT", "/bkt?versioning").body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn delete(server: &TestServer, key: &str) {
    assert_eq!(server.call(Request::object("DELETE", "bkt", key)).status, 204);
}

/// The keys of all versions, and of all delete markers.
fn versions(server: &TestServer) -> (Vec<String>, Vec<String>) {
    let listing = server.call(Request::new("GET", "/bkt?versions")).text();
    (texts(&listing, "Version", "Key"), texts(&listing, "DeleteMarker", "Key"))
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_current_version_expires_into_a_delete_marker_once() {
    let server = versioned(&rule("a", "<Filter/>", DAY_RULE));
    put(&server, "k", "1");
    for _ in 0..2 {
        sweep_in(&server, 2);
        let (objects, markers) = versions(&server);
        assert_eq!((objects.len(), markers.len()), (1, 1));
    }
    assert_eq!(server.call(Request::object("GET", "bkt", "k")).status, 404);
}

#[test]
fn noncurrent_versions_go_and_the_current_one_stays() {
    let server = versioned(&rule("a", "<Filter/>", NONCURRENT));
    for body in ["1", "2", "3"] {
        put(&server, "k", body);
    }
    put(&server, "l", "1");
    delete(&server, "l");
    sweep_in(&server, 0);
    assert_eq!(versions(&server).0.len(), 4);
    sweep_in(&server, 3);
    assert_eq!(versions(&server), (vec!["k".to_owned()], vec!["l".to_owned()]));
    assert_eq!(server.call(Request::object("GET", "bkt", "k")).text(), "3");
}

#[test]
fn as_many_newer_noncurrent_versions_stay_as_a_rule_says() {
    let keep = NONCURRENT.replace(
        "</NoncurrentDays>",
        "</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions>",
    );
    let server = versioned(&rule("a", "<Filter/>", &keep));
    for body in ["1", "2", "3", "4", "5"] {
        put(&server, "k", body);
    }
    sweep_in(&server, 3);
    assert_eq!(versions(&server).0.len(), 3);
    sweep_in(&server, 3);
    assert_eq!(versions(&server).0.len(), 3);
}

#[test]
fn a_delete_marker_goes_when_nothing_is_left_below_it() {
    let expired =
        "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
    let server = versioned(&rule("a", "<Filter/>", &(expired.to_owned() + NONCURRENT)));
    for key in ["k", "l"] {
        put(&server, key, "1");
    }
    delete(&server, "k");
    sweep_in(&server, 0);
    assert_eq!(versions(&server).1, ["k"]);
    sweep_in(&server, 3); // the version
    sweep_in(&server, 3); // and the marker, which now stands alone
    assert_eq!(versions(&server), (vec!["l".to_owned()], none()));
}

/// In a suspended bucket the version `null` is the one that is replaced.
#[test]
fn null_versions_expire_like_others() {
    let server = versioned(&rule("a", "<Filter/>", DAY_RULE));
    set_versioning(&server, "Suspended");
    put(&server, "k", "1");
    sweep_in(&server, 2);
    assert_eq!(versions(&server), (none(), vec!["k".to_owned()]));
    sweep_in(&server, 4); // the marker is as old as the rule says, and alone
    assert_eq!(versions(&server), (none(), none()));
}

/// The first page of a thousand ends in the middle of the versions of `k`.
#[test]
fn a_sweep_walks_on_where_a_page_cuts_the_versions_of_a_key() {
    let server = versioned(&rule("a", "<Filter/>", NONCURRENT));
    for n in 0..996 {
        std::fs::write(server.data().join(format!("bkt/a{n}")), "x").unwrap();
    }
    for body in ["1", "2", "3", "4", "5", "6", "7"] {
        put(&server, "k", body);
    }
    put(&server, "z", "1");
    delete(&server, "z");
    sweep_in(&server, 3);
    let (objects, markers) = versions(&server);
    assert_eq!((objects.len(), objects.last().unwrap().as_str()), (997, "k"));
    assert_eq!(markers, ["z"]);
    assert_eq!(server.call(Request::object("GET", "bkt", "k")).text(), "7");
}

#[test]
fn object_lock_keeps_what_a_rule_says_is_to_go() {
    let server = TestServer::start();
    let make = Request::new("PUT", "/bkt").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(make).status, 200);
    set_rules(&server, &rule("a", "<Filter/>", &(DAY_RULE.to_owned() + NONCURRENT)));
    for key in ["held", "retained", "free"] {
        put(&server, key, "1");
    }
    let set = |key, query: &str, document: &str| {
        let request = Request::new("PUT", &format!("/bkt/{key}?{query}"));
        let answer = server.call(with_md5(request, document));
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    set("held", "legal-hold", "<LegalHold><Status>ON</Status></LegalHold>");
    let until = Timestamp::new(Timestamp::now().secs() + 9 * DAY_SECS, 0).iso8601();
    let retention = format!(
        "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
    );
    set("retained", "retention", &retention);
    sweep_in(&server, 2); // into delete markers, which Object Lock allows
    assert_eq!(versions(&server).1, ["free", "held", "retained"]);
    sweep_in(&server, 5);
    assert_eq!(versions(&server).0, ["held", "retained"]);
    sweep_in(&server, 12);
    assert_eq!(versions(&server).0, ["held"]);
}
