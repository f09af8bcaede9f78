//! What Cyberduck makes public, and what its permission pane grants: stored and shown as asked for,
//! and without effect on anybody it does not name until `--allow-public`.
//!
//! The requests are those of the recordings. A body under SigV2 is not signed, so the recorded PUT
//! of an ACL carries any other; today's engine is signed anew.

mod common;

use common::client::{Answer, Request};
use common::recording::{RECORDED_SECS, SIGV2, recorded, send};
use common::sharing::{as_nobody, as_other, assert_denied};
use common::xml::{elements, text, texts};
use common::{OTHER, OWN, TestServer, user};
use glassbucket::auth::{User, Users, sigv2};
use glassbucket::server::{Clock, Config, UsersSource};
use glassbucket::types::{PublicAccessBlock, Timestamp};

/// The file whose permissions were recorded.
const FILE: &str = "/bkt/folder/small%20file.txt";

fn at_recorded_time(config: &mut Config) {
    config.clock = Clock::Fixed(Timestamp::new(RECORDED_SECS, 0));
    let own = User { root: true, ..user("own1", "own", OWN) };
    let email = Some("other@example.com".to_owned());
    let other = User { email, ..user("other1", "other", OTHER) };
    config.users = UsersSource::fixed(Users::new(vec![own, other]).expect("two users"));
}

fn allowing_public(config: &mut Config) {
    at_recorded_time(config);
    config.block = PublicAccessBlock::default();
}

/// PUT closes the bucket's own block, DELETE opens it.
fn block(server: &TestServer, method: &str) {
    let bars =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let bars: String = bars.iter().map(|bar| format!("<{bar}>true</{bar}>")).collect();
    let document =
        format!("<PublicAccessBlockConfiguration>{bars}</PublicAccessBlockConfiguration>");
    let request = Request::new(method, "/newbucket?publicAccessBlock");
    let request = if method == "PUT" { request.body(document) } else { request };
    let answer = server.call(request);
    assert!(matches!(answer.status, 200 | 204), "{}", answer.text());
}

/// Whether everybody is let in, or nobody, by each way in that reads.
#[track_caller]
fn assert_all(server: &TestServer, status: u16) {
    for ask in [as_nobody, as_other] {
        for (method, target) in [
            ("GET", "/newbucket"),
            ("GET", "/newbucket/?max-keys=1000&prefix&delimiter=%2F"),
            ("GET", "/newbucket?list-type=2"),
            ("GET", "/newbucket?versions"),
            ("HEAD", "/newbucket"),
            ("GET", "/newbucket/k"),
            ("HEAD", "/newbucket/k"),
        ] {
            let answer = ask(server, &Request::new(method, target));
            assert_eq!(answer.status, status, "{method} {target}: {}", answer.text());
        }
        assert_denied(&ask(server, &Request::new("PUT", "/newbucket/new").body("x")));
        assert_denied(&ask(server, &Request::new("GET", "/newbucket?acl")));
        assert_denied(&ask(server, &Request::new("GET", "/newbucket/private")));
    }
}

#[test]
fn a_bucket_that_cyberduck_4_7_2_makes_public_read_is_nobodys_to_read_by_default() {
    let server = TestServer::with(at_recorded_time);
    let made = send(&mut server.connect(), &recorded(SIGV2, "MKDIR bucket /newbucket"));
    assert_eq!(made.status, 200, "{}", made.text());
    let put = |key: &str, acl: &str| {
        let put = Request::object("PUT", "newbucket", key).header("x-amz-acl", acl);
        assert_eq!(server.call(put.body("hello")).status, 200);
    };
    put("k", "public-read");
    put("private", "private");
    for target in ["/newbucket/?acl", "/newbucket/k?acl"] {
        let acl = server.call(Request::new("GET", target)).text();
        let everyone = "http://acs.amazonaws.com/groups/global/AllUsers";
        assert!(elements(&acl, "URI").contains(&everyone), "{acl}");
        assert_eq!(texts(&acl, "Grant", "Permission"), ["READ", "FULL_CONTROL"]);
    }
    assert_all(&server, 403);
    let server = server.restart(allowing_public);
    assert_all(&server, 200);
    block(&server, "PUT");
    assert_all(&server, 403);
    block(&server, "DELETE");
    assert_all(&server, 200);
    assert_all(&server.restart(at_recorded_time), 403);
}

const EVERYONE: &str =
    r#"xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>"#;
const AUTHENTICATED: &str =
    r#"xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI>"#;
const BY_ID: &str = r#"xsi:type="CanonicalUser"><ID>other1</ID>"#;
const BY_EMAIL: &str =
    r#"xsi:type="AmazonCustomerByEmail"><EmailAddress>other@example.com</EmailAddress>"#;

/// An ACL as both engines write it: the owner's grant, and these.
fn policy(grants: &[(&str, &str)]) -> String {
    let own = (r#"xsi:type="CanonicalUser"><ID>own1</ID>"#, "FULL_CONTROL");
    let grants = [own].into_iter().chain(grants.iter().copied()).map(|(grantee, permission)| {
        format!(
            "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" {grantee}\
             </Grantee><Permission>{permission}</Permission></Grant>"
        )
    });
    format!(
        "<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>own1\
         </ID><DisplayName>own</DisplayName></Owner><AccessControlList>{}</AccessControlList>\
         </AccessControlPolicy>",
        grants.collect::<String>()
    )
}

/// Grantee, permission; then whether the other user and nobody may read the file, each by default
/// and with `--allow-public`.
type Row = (&'static str, &'static str, [bool; 2], [bool; 2]);

const OF_A_FILE: [Row; 10] = [
    (EVERYONE, "READ", [false, true], [false, true]),
    (EVERYONE, "WRITE", [false, false], [false, false]),
    (EVERYONE, "FULL_CONTROL", [false, true], [false, true]),
    (AUTHENTICATED, "READ", [false, true], [false, false]),
    (BY_ID, "READ", [true, true], [false, false]),
    (BY_ID, "FULL_CONTROL", [true, true], [false, false]),
    (BY_ID, "READ_ACP", [false, false], [false, false]),
    (BY_ID, "WRITE_ACP", [false, false], [false, false]),
    (BY_EMAIL, "READ", [true, true], [false, false]),
    (BY_EMAIL, "WRITE", [false, false], [false, false]),
];

/// The same of the bucket, and of listing it.
const OF_A_BUCKET: [Row; 5] = [
    (EVERYONE, "READ", [false, true], [false, true]),
    (EVERYONE, "WRITE", [false, false], [false, false]),
    (AUTHENTICATED, "READ", [false, true], [false, false]),
    (BY_ID, "READ", [true, true], [false, false]),
    (BY_EMAIL, "READ", [true, true], [false, false]),
];

fn pane(change: fn(&mut Config)) -> TestServer {
    let server = TestServer::with(change);
    server.make_bucket("bkt");
    assert_eq!(server.call(Request::new("PUT", FILE).body("hello")).status, 200);
    server
}

/// As 4.7.2 does it: the ACL of the bucket is asked for, then the file's is put. The recording has
/// a file; for the bucket the same request is signed.
fn set_4_7_2(server: &TestServer, target: &str, body: &str) {
    let mut connection = server.connect();
    assert_eq!(send(&mut connection, &recorded(SIGV2, "INFO acl bucket")).status, 200);
    let mut put = recorded(SIGV2, "SET acl").with_body(body);
    if target != FILE {
        put.target = format!("{target}?acl");
        let signer = server.signer(OWN);
        for (name, value) in &mut put.headers {
            if name == "Authorization" {
                let text = format!("PUT\n\ntext/plain\n{}\n{}", DATE, put.target);
                *value = format!("AWS {}:{}", OWN.0, sigv2::sign(&signer.secret, &text));
            }
        }
    }
    let answer = send(&mut connection, &put);
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", answer.text());
}

/// The Date of that recorded request.
const DATE: &str = "Sat, 21 Nov 2026 18:52:08 GMT";

/// As today's engine does it.
fn set_today(server: &TestServer, target: &str, body: &str) {
    let acl = format!("{target}?acl=");
    assert_eq!(server.call(Request::new("GET", &acl)).status, 200);
    let answer =
        server.call(Request::new("PUT", &acl).header("Content-Type", "text/plain").body(body));
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", answer.text());
}

type Set = fn(&TestServer, &str, &str);

/// Sets each row, looks at what is shown, asks who may read, and takes it back.
fn walk(rows: &[Row], target: &str, read: &str, set: Set) {
    for (which, change) in [at_recorded_time, allowing_public].into_iter().enumerate() {
        let server = pane(change);
        for (grantee, permission, other, nobody) in rows {
            let place = format!("{grantee} {permission} of {target}, {which}");
            set(&server, target, &policy(&[(grantee, permission)]));
            let shown = server.call(Request::new("GET", &format!("{target}?acl"))).text();
            // Groups are shown before users; the order means nothing.
            let permissions = texts(&shown, "Grant", "Permission");
            let wanted = [(*permission).to_owned(), "FULL_CONTROL".to_owned()];
            assert!(wanted.iter().all(|one| permissions.contains(one)), "{place}: {shown}");
            assert_eq!(permissions.len(), 2, "{place}: {shown}");
            // An address is looked up once: what is granted is its user's.
            let kept = if *grantee == BY_EMAIL { BY_ID } else { grantee };
            let (_, inner) = kept.split_once('>').expect("the grantee's element");
            assert!(shown.contains(inner), "{place}: {shown}");
            let may = |answer: Answer| answer.status == 200;
            assert_eq!(may(as_other(&server, &Request::new("GET", read))), other[which], "{place}");
            assert_eq!(
                may(as_nobody(&server, &Request::new("GET", read))),
                nobody[which],
                "{place}"
            );
            let acl = as_other(&server, &Request::new("GET", &format!("{target}?acl")));
            let sees_acl = match *permission {
                "READ_ACP" => true,
                "FULL_CONTROL" => other[which],
                _ => false,
            };
            assert_eq!(may(acl), sees_acl, "{place}");
            set(&server, target, &policy(&[]));
            assert_denied(&as_other(&server, &Request::new("GET", read)));
            assert_denied(&as_nobody(&server, &Request::new("GET", read)));
        }
        let owner = server.call(Request::new("GET", &format!("{target}?acl"))).text();
        assert_eq!(texts(&owner, "Grant", "Permission"), ["FULL_CONTROL"]);
        assert_eq!(text(&owner, "ID").as_deref(), Some("own1"));
    }
}

#[test]
fn what_cyberduck_s_permission_pane_grants_on_a_file_counts_and_is_shown() {
    for set in [set_4_7_2 as Set, set_today] {
        walk(&OF_A_FILE, FILE, FILE, set);
    }
}

#[test]
fn what_cyberduck_s_permission_pane_grants_on_a_bucket_counts_and_is_shown() {
    for set in [set_4_7_2 as Set, set_today] {
        walk(&OF_A_BUCKET, "/bkt/", "/bkt/?max-keys=1000&prefix&delimiter=%2F", set);
    }
}

#[test]
fn everyone_may_write_into_a_bucket_by_cyberduck_s_pane_only_with_allow_public() {
    for (change, status) in [(at_recorded_time as fn(&mut Config), 403), (allowing_public, 200)] {
        let server = pane(change);
        set_4_7_2(&server, "/bkt/", &policy(&[(EVERYONE, "WRITE")]));
        let put = Request::new("PUT", "/bkt/new").body("x");
        assert_eq!(as_nobody(&server, &put).status, status);
        set_4_7_2(&server, "/bkt/", &policy(&[(BY_ID, "WRITE")]));
        assert_eq!(as_other(&server, &put).status, 200);
        assert_denied(&as_nobody(&server, &put));
        assert_denied(&as_other(&server, &Request::new("GET", "/bkt/")));
    }
}
