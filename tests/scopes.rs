//! What users with a role may do, over a socket: every operation as every kind of role, whose it
//! is what they write, and which buckets they make and see. What tries to get out of a scope is in
//! `scope_bounds.rs`.

mod common;

use common::client::{Request, assert_refused};
use common::form::Form;
use common::operations::{PARTS, operations};
use common::refusals::{Refusals, begin, server, snapshot};
use common::roles::{Scene, Wants, as_third, scoped, wants, with_role};
use common::sharing::{as_other, assert_denied, bucket, object, owner_of, statement};
use common::xml::{text, texts};
use common::{OTHER, TestServer};
use glassbucket::auth::role::Role;

/// A user of that role before the bucket of `refusals::server`, with an upload of `key`.
fn scene(role: Role, key: &'static str) -> Scene {
    let (server, _) = server();
    assert_eq!(server.call(Request::object("PUT", "bkt", key).body("hello")).status, 200);
    let upload = begin(&server, key);
    Scene { server: server.restart(with_role(role)), upload, key }
}

/// Roles, the key they ask about, and what they may do with it.
fn roles() -> Vec<(&'static str, Role, &'static str, Vec<Wants>)> {
    use Wants::*;
    let all_but_admin = vec![Anything, Read, List, Write, Change, Copy, Look, Make, WriteAll];
    let all = [all_but_admin.clone(), vec![Admin]].concat();
    let folder = || scoped(&["bkt/in"], &["bkt/in"]);
    vec![
        ("nothing", scoped(&[], &[]), "k", vec![Anything]),
        ("elsewhere", scoped(&["bkt2", "b-kt"], &["bkt2"]), "k", vec![Anything]),
        ("read", scoped(&["bkt"], &[]), "k", vec![Anything, Read, List, Look]),
        ("write", scoped(&[], &["bkt"]), "k", vec![Anything, Write, Look, Make, WriteAll]),
        ("both", scoped(&["bkt"], &["bkt"]), "k", all_but_admin.clone()),
        ("all", scoped(&["*"], &["*"]), "k", all_but_admin),
        ("folder", folder(), "in/k", vec![Anything, Read, Write, Change, Look, Make]),
        ("beside", folder(), "in2/k", vec![Anything, Look, Make]),
        ("admin", Role::Admin, "k", all),
    ]
}

#[test]
fn every_operation_outside_the_scopes_is_denied_and_changes_nothing() {
    for (name, role, key, may) in roles() {
        let scene = scene(role, key);
        let mut refusals = Refusals::of(&scene.server);
        for op in operations().iter().filter(|op| !may.contains(&wants(op))) {
            // Its bucket has a policy: each key is weighed by itself.
            let status = if op.name == "DeleteObjects" { 200 } else { 403 };
            refusals.expect(op, name, &scene.ask(op), status, "AccessDenied");
        }
        refusals.end();
    }
}

#[test]
fn every_operation_within_the_scopes_is_answered_as_to_the_owner() {
    for (name, role, key, may) in roles() {
        let mut scene = scene(role, key);
        let mut all = operations();
        all.retain(|op| may.contains(&wants(op)));
        all.sort_by_key(|op| {
            let order = ["POST", "PUT", "GET", "HEAD", "DELETE"].map(|method| method != op.method);
            (order, op.name == "DeleteObject")
        });
        for op in &all {
            scene.upload = begin(&scene.server, key);
            let answer = scene.ask(op);
            // DeleteBucket finds it full; what is not configured, or no torrent, is not found.
            let served = matches!(answer.status, 200 | 204 | 404 | 409 | 501);
            let refused = answer.text().contains("AccessDenied");
            assert!(served && !refused, "{name}: {} {} {}", op.name, answer.status, answer.text());
        }
    }
}

/// A bucket `bkt` of `third`, in which objects are their writers', and a user who may do all there.
fn shared(role: Role) -> TestServer {
    let server = TestServer::with(with_role(role));
    assert_eq!(as_third(&server, &Request::new("PUT", "/bkt")).status, 200);
    let controls = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership>\
                    </Rule></OwnershipControls>";
    let request = bucket("PUT", "ownershipControls").body(controls);
    assert_eq!(as_third(&server, &request).status, 200);
    server
}

/// The one key that was written lies in the bucket as its owner's, who may read it.
#[track_caller]
fn assert_is_of_the_owner(server: &TestServer, key: &str) {
    let as_owner = |request: &Request| as_third(server, request);
    assert_eq!(owner_of(key, as_owner), "third1", "{key}");
    assert_eq!(as_owner(&object("GET", key)).status, 200, "{key}");
}

#[test]
fn what_is_written_for_an_owner_is_the_owners() {
    for role in [scoped(&["bkt"], &["bkt"]), Role::Admin] {
        let server = shared(role);
        assert_eq!(as_other(&server, &object("PUT", "put").body("hello")).status, 200);
        assert_is_of_the_owner(&server, "put");
        let copy = object("PUT", "copy").header("x-amz-copy-source", "/bkt/put");
        assert_eq!(as_other(&server, &copy).status, 200);
        assert_is_of_the_owner(&server, "copy");
        let given = object("PUT", "given").header("x-amz-acl", "authenticated-read");
        assert_eq!(as_other(&server, &given).status, 200);
        assert_is_of_the_owner(&server, "given");
        let form = Form::new(&[("key", "form/${filename}")], "hello");
        let conditions = r#"{"bucket": "bkt"}, ["starts-with", "$key", "form/"]"#;
        let form = form.sign_v4(&server.signer(OTHER), conditions);
        let posted = form.post(&mut server.connect(), &server.address.to_string(), "bkt");
        assert_eq!(posted.status, 204, "{}", posted.text());
        assert_is_of_the_owner(&server, "form/file.txt");

        let start = as_other(&server, &Request::new("POST", "/bkt/parts?uploads"));
        let id = text(&start.text(), "UploadId").expect("an upload");
        let query = |query: &str| format!("/bkt/parts?{query}uploadId={id}");
        let part = Request::new("PUT", &query("partNumber=1&")).body("hello");
        assert_eq!(as_other(&server, &part).status, 200);
        let parts = as_other(&server, &Request::new("GET", &query(""))).text();
        assert_eq!(texts(&parts, "Initiator", "ID"), ["third1"]);
        assert_eq!(texts(&parts, "Owner", "ID"), ["third1"]);
        let complete = Request::new("POST", &query("")).body(PARTS);
        assert_eq!(as_other(&server, &complete).status, 200);
        assert_is_of_the_owner(&server, "parts");

        let listed = as_other(&server, &bucket("GET", "")).text();
        assert_eq!(texts(&listed, "Owner", "ID"), ["third1"; 5]);
        assert_eq!(as_other(&server, &bucket("GET", "policyStatus")).status, 200);
    }
}

#[test]
fn an_object_of_another_is_the_admins_to_read_and_not_the_bucket_owners() {
    let mut server = shared(scoped(&["*"], &["*"]));
    let policy = statement("Allow", "own1", "s3:PutObject", "");
    assert_eq!(as_third(&server, &bucket("PUT", "policy").body(policy)).status, 204);
    assert_eq!(server.call(object("PUT", "k").body("hello")).status, 200);
    assert_denied(&as_third(&server, &object("GET", "k")));
    assert_denied(&as_other(&server, &object("GET", "k")));
    server = server.restart(with_role(Role::Admin));
    assert_eq!(as_other(&server, &object("GET", "k")).text(), "hello");
    assert_eq!(owner_of("k", |request| as_other(&server, request)), "own1");
    // The policy is the admin's to see and to remove, as the owner's.
    assert_eq!(as_other(&server, &bucket("GET", "policy")).status, 200);
    assert_eq!(as_other(&server, &bucket("DELETE", "policy")).status, 204);
}

#[test]
fn create_bucket_is_for_who_may_write_all_of_it_and_the_bucket_is_roots() {
    let role = scoped(&["*"], &["backups", "parts/of", "*/of"]);
    let server = TestServer::with(with_role(role));
    let create = |name: &str| as_other(&server, &Request::new("PUT", &format!("/{name}")));
    for name in ["other", "parts", "backups2", "backup"] {
        assert_denied(&create(name));
        assert_refused(&server.call(Request::new("GET", &format!("/{name}"))), 404, "NoSuchBucket");
    }
    // restic, rclone and s3cmd make it each time.
    for _ in 0..2 {
        assert_eq!(create("backups").status, 200);
    }
    let acl = server.call(Request::new("GET", "/backups?acl"));
    assert_eq!(texts(&acl.text(), "Owner", "ID"), ["own1"]);
    for (header, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-grant-write", "id=other1"),
        ("x-amz-bucket-object-lock-enabled", "true"),
        ("x-amz-object-ownership", "ObjectWriter"),
    ] {
        let request = Request::new("PUT", "/backups").header(header, value);
        assert_denied(&as_other(&server, &request));
    }
    let after = server.call(Request::new("GET", "/backups?acl"));
    assert_eq!(after.text(), acl.text(), "nothing was configured");
}

/// rclone makes the bucket before it stores a single file, also in a folder of it.
#[test]
fn create_bucket_of_one_that_is_there_is_for_who_may_write_some_of_it() {
    let server = TestServer::with(with_role(scoped(&["*"], &["parts/of"])));
    for name in ["parts", "readable"] {
        assert_eq!(as_third(&server, &Request::new("PUT", &format!("/{name}"))).status, 200);
    }
    let before = snapshot(&server);
    assert_eq!(as_other(&server, &Request::new("PUT", "/parts")).status, 200);
    assert_denied(&as_other(&server, &Request::new("PUT", "/readable")));
    let public = Request::new("PUT", "/parts").header("x-amz-acl", "public-read");
    assert_denied(&as_other(&server, &public));
    assert_eq!(snapshot(&server), before);
}

#[test]
fn an_admin_makes_buckets_for_root_and_takes_nobodys() {
    let server = TestServer::with(with_role(Role::Admin));
    assert_eq!(as_third(&server, &Request::new("PUT", "/theirs")).status, 200);
    let public = |name: &str| {
        let request = Request::new("PUT", name).header("x-amz-acl", "authenticated-read");
        as_other(&server, &request)
    };
    let before = as_third(&server, &Request::new("GET", "/theirs?acl")).text();
    assert_eq!(as_other(&server, &Request::new("PUT", "/theirs")).status, 200);
    assert_refused(&public("/theirs"), 409, "BucketAlreadyOwnedByYou");
    assert_eq!(as_third(&server, &Request::new("GET", "/theirs?acl")).text(), before);
    assert_eq!(as_other(&server, &Request::new("PUT", "/new")).status, 200);
    let acl = server.call(Request::new("GET", "/new?acl"));
    assert_eq!(texts(&acl.text(), "Owner", "ID"), ["own1"]);
    assert_eq!(as_other(&server, &Request::new("DELETE", "/theirs")).status, 204);
}

#[test]
fn list_buckets_shows_those_that_the_role_reaches() {
    let shown = |role: Role, query: &str| {
        let server = TestServer::with(with_role(role));
        for name in ["ann", "backups", "camera"] {
            server.make_bucket(name);
        }
        assert_eq!(as_third(&server, &Request::new("PUT", "/theirs")).status, 200);
        let answer = as_other(&server, &Request::new("GET", &format!("/{query}")));
        assert_eq!(texts(&answer.text(), "Owner", "ID"), ["other1"]);
        texts(&answer.text(), "Bucket", "Name")
    };
    let all = ["ann", "backups", "camera", "theirs"];
    assert_eq!(shown(Role::Account, ""), [""; 0]);
    assert_eq!(shown(Role::Admin, ""), all);
    assert_eq!(shown(scoped(&["*/folder"], &[]), ""), all);
    assert_eq!(
        shown(scoped(&["theirs", "none"], &["backups/x", "backup"]), ""),
        ["backups", "theirs"]
    );
    assert_eq!(shown(scoped(&["*"], &[]), "?prefix=ba"), ["backups"]);
    assert_eq!(shown(scoped(&["*"], &[]), "?max-buckets=2"), all[..2]);
    assert_eq!(shown(scoped(&[], &[]), ""), [""; 0]);
}
