//! Class Q over a socket: what two requests for one key make of each other. After each round the
//! object is one that somebody sent, whole, or none; what was acknowledged last is what is there.
//!
//! Beside `store::tests::races`, which has no network between, and `crash.rs`, which kills.

mod common;

use common::client::Request;
use common::operations::PARTS;
use common::process::staged;
use common::refusals::begin;
use common::{OWN, TestServer};
use std::time::{Duration, Instant};

fn server() -> TestServer {
    let server = TestServer::unsynced(|_| {});
    server.make_bucket("bkt");
    server
}

fn get(server: &TestServer) -> (u16, Vec<u8>) {
    let answer = server.call(Request::object("GET", "bkt", "k"));
    (answer.status, answer.body)
}

/// A client whose connection broke repeats its PUT while the first one is still half there; when
/// the first one's end is noticed it must not take the object of the second with it.
#[test]
fn class_q_a_put_that_fails_takes_nothing_from_its_retry() {
    let server = server();
    let signer = server.signer(OWN);
    let body = vec![b'x'; 100_000];
    let put = Request::object("PUT", "bkt", "k").body(body.clone());
    for cut in [0, 1, 50_000, 99_999] {
        let mut broken = server.connect();
        broken.send(&put.head(&signer));
        broken.send(&body[..cut]);
        assert_eq!(server.call(put.clone()).status, 200);
        drop(broken);
        let left = || !staged(&server.data()).is_empty();
        let deadline = Instant::now() + Duration::from_secs(20);
        while left() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!left(), "the half body stays behind");
        assert_eq!(get(&server), (200, body.clone()), "cut at {cut}");
    }
    // One that is refused when it has all come.
    let mut head = String::from_utf8(put.head(&signer)).expect("a head");
    head =
        head.replace("content-length", "content-md5: AAAAAAAAAAAAAAAAAAAAAA==\r\ncontent-length");
    let mut connection = server.connect();
    connection.send(head.as_bytes());
    connection.send(&body);
    assert_eq!(connection.answer("PUT").code(), "BadDigest");
    assert_eq!(get(&server), (200, body));
}

/// A peer deleted the first one's parts while the second one read them.
#[test]
fn class_q_complete_twice_at_once_makes_one_whole_object() {
    let server = server();
    for _ in 0..10 {
        let id = begin(&server, "k");
        let complete = Request::new("POST", &format!("/bkt/k?uploadId={id}")).body(PARTS);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let one = || server.call(complete.clone());
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        for answer in answers {
            let told = (answer.status, answer.code());
            let good = told == (200, String::new()) || told == (404, "NoSuchUpload".to_owned());
            assert!(good, "{told:?}: {}", answer.text());
        }
        assert_eq!(get(&server), (200, b"hello".to_vec()));
    }
}

/// Whoever reads beside writers and deleters sees a whole object or none, and at the end what was
/// written last is there.
#[test]
fn class_q_put_against_delete_and_put_leaves_whole_objects() {
    const ROUNDS: usize = 40;
    let server = server();
    let body = |writer: u8| vec![b'a' + writer; 20_000];
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (server, put) = (&server, Request::object("PUT", "bkt", "k").body(body(writer)));
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    assert_eq!(server.call(put.clone()).status, 200);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                assert_eq!(server.call(Request::object("DELETE", "bkt", "k")).status, 204);
            }
        });
        for _ in 0..ROUNDS {
            match get(&server) {
                (200, seen) => assert!(seen == body(0) || seen == body(1), "a mixture"),
                (status, _) => assert_eq!(status, 404),
            }
        }
    });
    assert_eq!(server.call(Request::object("PUT", "bkt", "k").body("last")).status, 200);
    assert_eq!(get(&server), (200, b"last".to_vec()));
}
