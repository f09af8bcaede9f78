//! `kill -9` in the middle of eight writers, twenty times on one data directory.
//!
//! After each restart: every acknowledged object is there and whole; an overwritten one is its last
//! acknowledged version or the one that was under way; nothing that nobody wrote is listed, nothing
//! listed is torn; staging is empty. (A power cut also loses what the kernel holds: that is what
//! the order of fsync and rename is for, which `tests/clients/strace` shows.)

mod common;

use common::client::{Connection, Request, Signer, sha256};
use common::process::{Process, content, staged};
use common::{TempDir, xml};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

const ROUNDS: u64 = 20;
const WRITERS: u64 = 8;

/// Versions of one key: the last one acknowledged, and the last one sent.
#[derive(Clone, Copy, Default)]
struct Written {
    acknowledged: Option<u64>,
    sent: u64,
}

/// Every key that was ever sent.
type Ledger = BTreeMap<String, Written>;

/// Writes new keys, and overwrites one of its own, until the server is gone.
fn write_until_killed(address: SocketAddr, signer: &Signer, round: u64, writer: u64) -> Ledger {
    let mut ledger = Ledger::new();
    let mut connection = Connection::open(address);
    for number in 0.. {
        let key = match number % 3 {
            0 => format!("overwritten/{writer}"),
            _ => format!("new/{round}/{writer}/{number}"),
        };
        let version = round * 1_000_000 + number;
        let entry = ledger.entry(key.clone()).or_default();
        entry.sent = version;
        let request = Request::object("PUT", "bkt", &key).body(content(&key, version));
        connection.send(&request.head(signer));
        connection.send(&request.body);
        match connection.try_answer("PUT") {
            Ok(answer) => {
                assert_eq!(answer.status, 200, "{key}: {}", answer.text());
                entry.acknowledged = Some(version);
            }
            Err(_) => break,
        }
    }
    ledger
}

/// One round: eight writers, a kill after a moment that differs from round to round.
fn round(process: &mut Process, number: u64, ledger: &mut Ledger) {
    let signer = process.signer();
    let address = process.address;
    let ledgers: Vec<Ledger> = std::thread::scope(|scope| {
        let write = |writer| {
            let signer = &signer;
            scope.spawn(move || write_until_killed(address, signer, number, writer))
        };
        let writers: Vec<_> = (0..WRITERS).map(write).collect();
        std::thread::sleep(Duration::from_millis(60 + number * 37 % 300));
        process.kill();
        writers.into_iter().map(|writer| writer.join().expect("a writer")).collect()
    });
    for (key, written) in ledgers.into_iter().flatten() {
        let entry = ledger.entry(key).or_default();
        entry.acknowledged = written.acknowledged.or(entry.acknowledged);
        entry.sent = written.sent;
    }
}

/// All keys the server lists.
fn listed(connection: &mut Connection, signer: &Signer) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let after = keys.last().map_or(String::new(), |key| key.replace('/', "%2F"));
        let target = format!("/bkt?list-type=2&start-after={after}");
        let text = connection.call(signer, &Request::new("GET", &target)).text();
        keys.extend(xml::texts(&text, "Contents", "Key"));
        if xml::text(&text, "IsTruncated").as_deref() == Some("false") {
            return keys;
        }
    }
}

/// Compares what is listed and served with what was written since `since`.
fn verify(process: &Process, ledger: &Ledger, since: u64) -> usize {
    let signer = process.signer();
    let mut connection = Connection::open(process.address);
    let keys = listed(&mut connection, &signer);
    let there: BTreeSet<&String> = keys.iter().collect();
    for (key, written) in ledger {
        assert!(written.acknowledged.is_none() || there.contains(key), "{key} was acknowledged");
    }
    for key in &keys {
        let written = ledger.get(key).unwrap_or_else(|| panic!("nobody wrote {key}"));
        if written.sent < since {
            continue;
        }
        let answer = connection.call(&signer, &Request::object("GET", "bkt", key));
        assert_eq!(answer.status, 200, "{key}");
        let version = version_of(&answer.body);
        let acknowledged = written.acknowledged.unwrap_or(0);
        assert!((acknowledged..=written.sent).contains(&version), "{key}: version {version}");
        assert_eq!(sha256(&answer.body), sha256(&content(key, version)), "{key} is torn");
    }
    keys.len()
}

fn version_of(body: &[u8]) -> u64 {
    let digits: Vec<u8> = body.iter().copied().take_while(u8::is_ascii_digit).collect();
    String::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
}

#[test]
fn class_q_put_object_survives_kill_9_twenty_times() {
    let dir = TempDir::new();
    let mut process = Process::start(dir.path());
    let made =
        Connection::open(process.address).call(&process.signer(), &Request::new("PUT", "/bkt"));
    assert_eq!(made.status, 200, "{}", made.text());
    let mut ledger = Ledger::new();
    for number in 1..=ROUNDS {
        round(&mut process, number, &mut ledger);
        process = Process::start(dir.path());
        let found = verify(&process, &ledger, number * 1_000_000);
        assert_eq!(staged(&dir.path().join("data")), [""; 0].map(std::path::PathBuf::from));
        println!("round {number}: {found} objects, all whole");
    }
    verify(&process, &ledger, 0);
    let acknowledged = ledger.values().filter(|written| written.acknowledged.is_some()).count();
    assert!(acknowledged > 100, "the writers were killed before they wrote: {acknowledged}");
}

/// What it would say goes nowhere: the log lies on the disk that is full.
#[test]
fn internal_error_is_answered_where_nothing_can_be_logged() {
    let dir = TempDir::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let process = Process::start_with(dir.path(), full);
    let signer = process.signer();
    let mut connection = Connection::open(process.address);
    assert_eq!(connection.call(&signer, &Request::new("PUT", "/bkt")).status, 200);
    std::os::unix::fs::symlink("/etc", dir.path().join("data/bkt/link")).expect("a link");
    for _ in 0..2 {
        let put = Request::object("PUT", "bkt", "link/k").body(b"x".to_vec());
        let answer = connection.call(&signer, &put);
        assert_eq!((answer.status, answer.code()), (500, "InternalError".to_owned()));
    }
}
