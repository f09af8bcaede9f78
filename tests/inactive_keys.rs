//! Keys that are disabled, expired or replaced, in each of the six forms of a signature: 403
//! `InvalidAccessKeyId` from that moment on, also for a URL that was presigned before.

mod common;

use common::client::{Answer, Connection, Request, Signer};
use common::form::Form;
use common::{OWN, TestServer, user};
use glassbucket::auth::{PreviousKey, Secret, User, Users};
use glassbucket::server::{Clock, UsersSource};
use glassbucket::types::Timestamp;

/// When the keys of these tests end.
const END: i64 = 1_800_000_000;
const KEY: (&str, &str) = ("camkey", "camsecret");
const OLD: (&str, &str) = ("oldkey", "oldsecret");

fn at(secs: i64) -> Timestamp {
    Timestamp::new(secs, 0)
}

/// A server at that time with [`OWN`] and the user `cam`, changed.
fn server(secs: i64, change: impl FnOnce(&mut User)) -> TestServer {
    let root = User { root: true, ..user("own1", "own", OWN) };
    let mut cam = user("cam1", "cam", KEY);
    change(&mut cam);
    TestServer::with(|config| {
        config.clock = Clock::Fixed(at(secs));
        config.users = UsersSource::fixed(Users::new(vec![root, cam]).expect("two users"));
    })
}

fn signer(server: &TestServer, pair: (&str, &str), secs: i64) -> Signer {
    Signer { now: at(secs), ..server.signer(pair) }
}

/// ListBuckets in the two forms of a header and the two of a URL, and two browser's forms; signed a
/// minute ago, as a URL is that was given away.
fn answers(server: &TestServer, pair: (&str, &str), secs: i64) -> Vec<(&'static str, Answer)> {
    let before = signer(server, pair, secs - 60);
    let send = |head: String| {
        let mut connection = server.connect();
        connection.send(format!("{head}Host: {}\r\n\r\n", before.host).as_bytes());
        connection.answer("GET")
    };
    let date = before.now.http_date();
    let v2 = before.authorization_v2("GET", "/", &date);
    let v2_header = format!("Date: {date}\r\nAuthorization: {v2}\r\n");
    let v4_url = before.presigned("GET", "/", 86_400);
    let v2_url = before.presigned_v2("GET", "/", secs + 600);
    let form = Form::new(&[("key", "k")], "content");
    let conditions = r#"{"bucket": "bkt"}, {"key": "k"}"#;
    let post = |form: Form| form.post(&mut server.connect(), &before.host, "bkt");
    vec![
        ("V4 header", server.connect().call(&before, &Request::new("GET", "/"))),
        ("V2 header", send(format!("GET / HTTP/1.1\r\n{v2_header}"))),
        ("V4 URL", send(format!("GET {v4_url} HTTP/1.1\r\n"))),
        ("V2 URL", send(format!("GET {v2_url} HTTP/1.1\r\n"))),
        ("V4 form", post(form.clone().sign_v4(&before, conditions))),
        ("V2 form", post(form.sign_v2(&before, conditions))),
    ]
}

/// The signature is good: if anything is refused, it is the user's lack of rights in `bkt`.
#[track_caller]
fn assert_all_count(server: &TestServer, pair: (&str, &str), secs: i64) {
    for (form, answer) in answers(server, pair, secs) {
        let code = answer.code();
        assert!(answer.status < 300 || code == "NoSuchBucket", "{form}: {}", answer.text());
    }
}

#[track_caller]
fn assert_none_counts(server: &TestServer, pair: (&str, &str), secs: i64) {
    for (form, answer) in answers(server, pair, secs) {
        let refusal = (answer.status, answer.code());
        assert_eq!(refusal, (403, "InvalidAccessKeyId".to_owned()), "{form}");
    }
}

#[test]
fn a_disabled_key_is_refused_in_every_form() {
    assert_all_count(&server(END, |_| {}), KEY, END);
    assert_none_counts(&server(END, |cam| cam.disabled = true), KEY, END);
}

#[test]
fn an_expired_key_is_refused_in_every_form_from_its_end_on() {
    let expires = |cam: &mut User| cam.expires = Some(at(END));
    assert_all_count(&server(END - 1, expires), KEY, END - 1);
    for secs in [END, END + 1, END + 86_400] {
        assert_none_counts(&server(secs, expires), KEY, secs);
    }
}

#[test]
fn a_replaced_key_counts_in_every_form_until_its_end_and_not_for_its_successor() {
    let rotated = |cam: &mut User| {
        cam.previous = Some(PreviousKey {
            access_key: OLD.0.to_owned(),
            secret: Secret::new(OLD.1.to_owned()),
            until: at(END),
        });
    };
    let before = server(END - 1, rotated);
    assert_all_count(&before, OLD, END - 1);
    assert_all_count(&before, KEY, END - 1);
    // Each access key has its own secret.
    for (form, answer) in answers(&before, (OLD.0, KEY.1), END - 1) {
        assert_eq!(answer.code(), "SignatureDoesNotMatch", "{form}");
    }
    let after = server(END, rotated);
    assert_none_counts(&after, OLD, END);
    assert_all_count(&after, KEY, END);
    let both = server(END - 1, |cam| {
        rotated(cam);
        cam.disabled = true;
    });
    assert_none_counts(&both, OLD, END - 1);
}

/// That a key has ended is no news for whoever does not have its secret: as for one that never was.
#[test]
fn class_g_an_ended_key_is_answered_as_an_unknown_one() {
    let server = server(END, |cam| cam.disabled = true);
    let code = |connection: &mut Connection, pair| {
        let answer = connection.call(&signer(&server, pair, END), &Request::new("GET", "/"));
        (answer.status, answer.text().replace(KEY.0, "").replace("nobody", ""))
    };
    let same = |text: &str| text.split("<RequestId>").next().unwrap_or_default().to_owned();
    let mut connection = server.connect();
    let (ended, unknown) = (code(&mut connection, KEY), code(&mut connection, ("nobody", "x")));
    assert_eq!((ended.0, same(&ended.1)), (unknown.0, same(&unknown.1)));
    let wrong = code(&mut connection, (KEY.0, "wrong"));
    assert_eq!((wrong.0, same(&wrong.1)), (ended.0, same(&ended.1)));
}
