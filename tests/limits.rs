//! Requests per second: who has sent too many is told to slow down, and nobody else is. Bytes stored
//! are in `quotas`.

mod common;

use common::client::{Answer, Connection, Request, assert_refused};
use common::form::Form;
use common::{OTHER, OWN, TestServer, user};
use glassbucket::auth::{Quotas, User, Users};
use glassbucket::server::{Clock, Config, UsersSource};
use glassbucket::types::Timestamp;
use std::time::{Duration, Instant};

const PER_SECOND: u32 = 5;

fn limited(per_second: u32) -> Users {
    let quotas = Quotas { requests_per_second: Some(per_second), ..Quotas::default() };
    let own = User { root: true, ..user("own1", "own", OWN) };
    Users::new(vec![own, User { quotas, ..user("other1", "other", OTHER) }]).expect("two users")
}

/// Time stands still; [`OTHER`] has a limit, and [`OWN`] the bucket `bkt`.
fn server() -> TestServer {
    let at_one_moment = |config: &mut Config| {
        config.clock = Clock::Fixed(Timestamp::parse_iso8601("2027-03-01T12:00:00Z").unwrap());
        config.users = UsersSource::fixed(limited(PER_SECOND));
    };
    let server = TestServer::with(at_one_moment);
    server.make_bucket("bkt");
    server
}

fn list(server: &TestServer, connection: &mut Connection) -> Answer {
    connection.call(&server.signer(OTHER), &Request::new("GET", "/"))
}

/// Uses up what the limited user may send.
fn burst(server: &TestServer, connection: &mut Connection) {
    for _ in 0..PER_SECOND {
        assert_eq!(list(server, connection).status, 200);
    }
}

#[test]
fn a_second_s_worth_passes_and_the_next_request_is_to_slow_down() {
    let server = server();
    let connection = &mut server.connect();
    burst(&server, connection);
    let answer = list(&server, connection);
    assert_refused(&answer, 503, "SlowDown");
    assert!(answer.text().contains("<Message>Please reduce your request rate.</Message>"));
    assert!(!answer.closes(), "the client is to come again on this connection");
    let head = connection.call(&server.signer(OTHER), &Request::new("HEAD", "/bkt"));
    assert_eq!(head.status, 503);
    // Another user is not slowed, on this very connection, nor is whoever is nobody.
    for _ in 0..2 * PER_SECOND {
        let other = connection.call(&server.signer(OWN), &Request::new("GET", "/bkt"));
        assert_eq!(other.status, 200);
    }
    connection.send(b"GET /bkt HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_refused(&connection.answer("GET"), 403, "AccessDenied");
}

#[test]
fn class_m_nobody_without_the_secret_uses_up_a_user_s_rate() {
    let server = server();
    let connection = &mut server.connect();
    let forger = server.signer((OTHER.0, "guessed"));
    for _ in 0..2 * PER_SECOND {
        let answer = connection.call(&forger, &Request::new("GET", "/"));
        assert_refused(&answer, 403, "SignatureDoesNotMatch");
    }
    burst(&server, connection);
    // Nor does it tell how much of it is left.
    let answer = connection.call(&forger, &Request::new("GET", "/"));
    assert_refused(&answer, 403, "SignatureDoesNotMatch");
}

#[test]
fn requests_count_whatever_is_answered() {
    let server = server();
    let connection = &mut server.connect();
    for _ in 0..PER_SECOND {
        let answer = connection.call(&server.signer(OTHER), &Request::new("GET", "/bkt/k"));
        assert_refused(&answer, 403, "AccessDenied");
    }
    assert_refused(&list(&server, connection), 503, "SlowDown");
}

#[test]
fn a_body_is_not_asked_for_and_a_large_one_closes_the_connection() {
    let server = server();
    burst(&server, &mut server.connect());
    let put = |bytes: usize| Request::object("PUT", "bkt", "k").body(vec![b'x'; bytes]);
    let waiting = put(5).header("Expect", "100-continue");
    let mut connection = server.connect();
    connection.send(&waiting.head(&server.signer(OTHER)));
    let answer = connection.try_answer("PUT").expect("an answer");
    assert_refused(&answer, 503, "SlowDown"); // and not 100
    for (bytes, closes) in [(5, false), (1024 * 1024, false), (1024 * 1024 + 1, true)] {
        let answer = server.connect().call(&server.signer(OTHER), &put(bytes));
        assert_refused(&answer, 503, "SlowDown");
        assert_eq!(answer.closes(), closes, "{bytes}");
    }
    assert_eq!(server.call(Request::object("HEAD", "bkt", "k")).status, 404);
}

#[test]
fn forms_count_for_whoever_signed_their_policy() {
    let server = server();
    let host = server.address.to_string();
    let fields = [("key", "k"), ("Content-Type", "text/plain")];
    let conditions = r#"{"bucket": "bkt"}, {"key": "k"}, {"Content-Type": "text/plain"}"#;
    let signed = |signer| Form::new(&fields, "content").sign_v4(&signer, conditions);
    let post = |form: Form| form.post(&mut server.connect(), &host, "bkt");
    for _ in 0..2 * PER_SECOND {
        let forged = post(signed(server.signer((OTHER.0, "guessed"))));
        assert_refused(&forged, 403, "SignatureDoesNotMatch");
    }
    for _ in 0..PER_SECOND {
        assert_refused(&post(signed(server.signer(OTHER))), 403, "AccessDenied");
    }
    assert_refused(&post(signed(server.signer(OTHER))), 503, "SlowDown");
    assert_refused(&list(&server, &mut server.connect()), 503, "SlowDown");
    assert_eq!(post(signed(server.signer(OWN))).status, 204);
}

#[test]
fn the_rate_comes_back_with_time() {
    let server = TestServer::with(|config| config.users = UsersSource::fixed(limited(1)));
    let connection = &mut server.connect();
    let mut wait_for = |status: u16| {
        let end = Instant::now() + Duration::from_secs(60);
        while list(&server, connection).status != status {
            assert!(Instant::now() < end, "never {status}");
        }
    };
    wait_for(200);
    wait_for(503);
    wait_for(200);
}
