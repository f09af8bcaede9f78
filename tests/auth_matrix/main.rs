//! Every way to sign x every way to send a body x everything that can be wrong with either, on the
//! operations that take bodies and on some that take none (security class B, and all the others
//! that begin at the door).
//!
//! What must be accepted is in it too, exactly where it is allowed: else the matrix would prove
//! nothing. What must be answered is in `rules`, which is written from the texts of S3. After each
//! refusal the data directory is what it was, and the connection is closed or carries a good
//! request as if nothing had been.

mod case;
#[path = "../common/mod.rs"]
mod common;
mod request;
mod rules;

use case::{AUTHS, Auth, Case, Fault, PUBLIC_POLICY, cases};
use common::client::{Answer, Connection, Request};
use common::refusals::{Snapshot, snapshot};
use common::{OWN, TestServer, user};
use glassbucket::auth::{User, Users};
use glassbucket::server::{Clock, UsersSource};
use glassbucket::types::{PublicAccessBlock, Timestamp};
use request::{Wire, build};
use rules::{By, refusals};
use std::collections::BTreeMap;

/// What requests name as Host; nothing resolves it.
const HOST: &str = "s3.example.com";
/// Users that were, each with its pair of keys.
const DISABLED: (&str, &str) = ("disabledkey", "disabledsecret");
const EXPIRED: (&str, &str) = ("expiredkey", "expiredsecret");

/// Noon of some day, so that a quarter of an hour either way is of the same day.
fn now() -> Timestamp {
    Timestamp::new(1_795_262_400, 0)
}

fn users() -> Users {
    let own = User { root: true, ..user("own1", "own", OWN) };
    let disabled = User { disabled: true, ..user("disabled1", "disabled", DISABLED) };
    let expired = User { expires: Some(now()), ..user("expired1", "expired", EXPIRED) };
    Users::new(vec![own, disabled, expired, user("other1", "other", common::OTHER)]).expect("users")
}

/// A server of one way to sign: bucket `bkt` with `k`, `beacon` and an upload.
struct Scene {
    server: TestServer,
    connection: Connection,
    upload: String,
    before: Snapshot,
    counts: BTreeMap<Option<By>, usize>,
    wrong: Vec<String>,
}

impl Scene {
    fn new(auth: Auth) -> Scene {
        let server = TestServer::unsynced(|config| {
            config.clock = Clock::Fixed(now());
            config.users = UsersSource::fixed(users());
            config.block = PublicAccessBlock::default();
        });
        server.make_bucket("bkt");
        assert_eq!(server.call(Request::object("PUT", "bkt", "beacon").body("lit")).status, 200);
        if auth == Auth::Public {
            let answer = server.call(Request::new("PUT", "/bkt?policy").body(PUBLIC_POLICY));
            assert_eq!(answer.status, 204, "{}", answer.text());
        }
        let connection = server.connect();
        let mut scene = Scene {
            server,
            connection,
            upload: String::new(),
            before: Snapshot::new(),
            counts: BTreeMap::new(),
            wrong: Vec::new(),
        };
        scene.restore();
        scene
    }

    /// Makes again what an accepted request has taken away.
    fn restore(&mut self) {
        let answer = self.server.call(Request::object("PUT", "bkt", "k").body("the old content"));
        assert_eq!(answer.status, 200);
        drop(self.server.call(Request::new("DELETE", "/fresh")));
        let listed = self.server.call(Request::new("GET", "/bkt?uploads")).text();
        if self.upload.is_empty() || !listed.contains(&self.upload) {
            self.upload = common::refusals::begin(&self.server, "k");
        }
        let part = format!("/bkt/k?partNumber=1&uploadId={}", self.upload);
        assert_eq!(self.server.call(Request::new("PUT", &part).body("hello")).status, 200);
        self.before = snapshot(&self.server);
    }

    fn attempt(&mut self, case: &Case) {
        let Wire { head, body, content } = build(case, &self.upload);
        self.connection.send(&head);
        self.connection.send(&body);
        if case.fault == Fault::Unfinished {
            self.connection.finish();
        }
        let answer = self.connection.answer(case.op.method);
        let reasons = refusals(case);
        let code = answer.code();
        let given = |(_, (status, reason)): &&(By, _)| answer.status == *status && code == *reason;
        match reasons.iter().find(given) {
            None if reasons.is_empty() && answer.status < 300 => self.accepted(case, &content),
            None => {
                let text = answer.text();
                self.wrong.push(format!("{case:?}: not {reasons:?} but {}: {text}", answer.status));
                self.restore();
            }
            Some((by, _)) => {
                *self.counts.entry(Some(*by)).or_default() += 1;
                assert!(!answer.text().contains("the old content"), "{case:?}");
                assert!(snapshot(&self.server) == self.before, "{case:?} changed something");
            }
        }
        self.go_on(case, &answer);
    }

    fn accepted(&mut self, case: &Case, content: &[u8]) {
        *self.counts.entry(None).or_default() += 1;
        if matches!(case.op.name, "PutObject" | "PostObject") {
            let stored = std::fs::read(self.server.data().join("bkt/k")).expect("the object");
            assert!(stored == content, "{case:?} stored something else");
        }
        if case.op.method != "GET" {
            self.restore();
        }
    }

    /// The connection is closed, or carries a good request: nothing is left over on it.
    fn go_on(&mut self, case: &Case, answer: &Answer) {
        if answer.closes() {
            assert!(self.connection.is_closed(), "{case:?} is not closed");
            self.connection = self.server.connect();
            return;
        }
        let good = Request::object("GET", "bkt", "beacon");
        let answer = self.connection.call(&self.server.signer(OWN), &good);
        assert_eq!((answer.status, answer.text().as_str()), (200, "lit"), "after {case:?}");
    }
}

#[test]
fn class_b_every_signature_with_every_body_and_every_fault() {
    let scenes = std::thread::scope(|scope| {
        let run = |auth: Auth| {
            let mut scene = Scene::new(auth);
            cases(auth).for_each(|case| scene.attempt(&case));
            (scene.counts, scene.wrong)
        };
        let threads = AUTHS.map(|auth| scope.spawn(move || run(auth)));
        threads.map(|thread| thread.join().expect("nothing is changed or left over"))
    });
    let wrong: Vec<&str> = scenes.iter().flat_map(|(_, w)| w).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let all = scenes.map(|(counts, _)| counts);
    let count = |by| all.iter().filter_map(|counts| counts.get(&by)).sum::<usize>();
    let sum: usize = all.iter().flat_map(BTreeMap::values).sum();
    println!(
        "{sum} combinations: {} accepted, {} refused by signature, {} by body mode, {} by access, \
         {} by body; nothing changed",
        count(None),
        count(Some(By::Credentials)),
        count(Some(By::Mode)),
        count(Some(By::Access)),
        count(Some(By::Body)),
    );
    // A rule that refused all would be kept by a server that is down.
    assert!(count(None) > 300 && sum > 5000, "{sum} combinations are not all");
}
