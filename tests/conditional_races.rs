//! Races for one key: a condition is weighed and its object published under one lock, so of many
//! clients that send the same condition at once exactly one wins. Terraform's state lock and every
//! other lock that is built on S3 lives of this.
//!
//! 64 clients on connections of their own: first `If-None-Match: *` on a key that is not there,
//! then `If-Match` on one that is, where each round goes on from what the winner of the last one
//! wrote. The losers are answered 412; AWS may also say 409 (ConditionalRequestConflict, "try
//! again"), which this server keeps for a name that people change by hand meanwhile.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
//!
//! Each PUT waits for the disk, so a plain `cargo test` runs few rounds. All 1,000:
//!
//! ```sh
//! GLASSBUCKET_RACE_ROUNDS=1000 cargo test --release --test conditional_races
//! ```

mod common;

use common::client::{Answer, Connection, Request};
use common::xml::texts;
use common::{OWN, TestServer};
use std::sync::Barrier;

const CLIENTS: usize = 64;
const ROUNDS: usize = 50;

fn rounds() -> usize {
    let wanted = std::env::var("GLASSBUCKET_RACE_ROUNDS").ok();
    wanted.map_or(ROUNDS, |text| text.parse().expect("a number of rounds"))
}

/// Clients that stand ready.
struct Field<'s> {
    server: &'s TestServer,
    connections: Vec<Connection>,
}

impl Field<'_> {
    fn new(server: &TestServer) -> Field<'_> {
        let connections = (0..CLIENTS).map(|_| server.connect()).collect();
        Field { server, connections }
    }

    /// Each client sends its request, signed beforehand, at the same moment.
    fn race(&mut self, request: impl Fn(usize) -> Request + Sync) -> Vec<Answer> {
        let signer = self.server.signer(OWN);
        let start = Barrier::new(CLIENTS);
        std::thread::scope(|scope| {
            let clients: Vec<_> = self
                .connections
                .iter_mut()
                .enumerate()
                .map(|(client, connection)| {
                    let request = request(client);
                    let head = request.head(&signer);
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        connection.send(&head);
                        connection.send(&request.body);
                        connection.answer(&request.method)
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().expect("an answer")).collect()
        })
    }
}

/// What client `client` writes: no two write the same.
fn body(round: usize, client: usize) -> String {
    format!("round {round}, client {client}")
}

/// The one client that was told 200, and the tag it was given; all others lost.
#[track_caller]
fn winner(answers: &[Answer]) -> (usize, String) {
    let mut winners = Vec::new();
    for (client, answer) in answers.iter().enumerate() {
        match answer.status {
            200 => winners.push((client, answer.header("ETag").expect("a tag").to_owned())),
            409 => assert_eq!(answer.code(), "ConditionalRequestConflict"),
            status => {
                assert_eq!((status, answer.code().as_str()), (412, "PreconditionFailed"));
            }
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    winners.remove(0)
}

#[track_caller]
fn assert_holds(server: &TestServer, key: &str, content: &str, etag: &str) {
    let answer = server.call(Request::object("GET", "bkt", key));
    assert_eq!((answer.text().as_str(), answer.header("ETag")), (content, Some(etag)));
}

#[test]
fn class_q_of_64_clients_with_if_none_match_exactly_one_creates_the_key() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let mut field = Field::new(&server);
    for round in 0..rounds() {
        let key = format!("lock-{round}");
        let (client, etag) = winner(&field.race(|client| {
            Request::object("PUT", "bkt", &key)
                .header("If-None-Match", "*")
                .body(body(round, client))
        }));
        assert_holds(&server, &key, &body(round, client), &etag);
    }
}

#[test]
fn class_q_of_64_clients_with_if_match_exactly_one_replaces_the_object() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let put = server.call(Request::object("PUT", "bkt", "state").body("the first"));
    let mut etag = put.header("ETag").expect("a tag").to_owned();
    let mut field = Field::new(&server);
    for round in 0..rounds() {
        let (client, next) = winner(&field.race(|client| {
            Request::object("PUT", "bkt", "state")
                .header("If-Match", &etag)
                .body(body(round, client))
        }));
        assert_holds(&server, "state", &body(round, client), &next);
        etag = next;
    }
}

#[test]
fn class_q_in_a_versioned_bucket_the_winner_alone_leaves_a_version() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(server.call(Request::new("PUT", "/bkt?versioning").body(enabled)).status, 200);
    let mut field = Field::new(&server);
    for round in 0..rounds().div_ceil(5) {
        let key = format!("lock-{round}");
        // By rounds of their own: to write again what is there would leave the tag as it is.
        let race = |field: &mut Field<'_>, half: usize, name: &str, value: &str| {
            winner(&field.race(|client| {
                Request::object("PUT", "bkt", &key)
                    .header(name, value)
                    .body(body(2 * round + half, client))
            }))
        };
        let (_, created) = race(&mut field, 0, "If-None-Match", "*");
        let (client, replaced) = race(&mut field, 1, "If-Match", &created);
        assert_holds(&server, &key, &body(2 * round + 1, client), &replaced);
        // By prefix `lock-1` would find `lock-10` too, but the later keys are not there yet.
        let versions = server.call(Request::new("GET", &format!("/bkt?versions&prefix={key}")));
        assert_eq!(texts(&versions.text(), "Version", "ETag"), [replaced, created]);
    }
}
