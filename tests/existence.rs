//! Security class G, generated: whoever may not list a bucket is answered byte for byte the same
//! about a private key whether an object has it or not, whatever is asked about it, how, and in
//! what state key and bucket are.
//!
//! Each caller asks each question of each state of a key and of a key that nothing ever had. The
//! answers are compared from the status line to the last byte, with whether the connection was
//! kept; only what no two requests have in common is masked, see `common::existence::wire`.
//!
//! What a caller's own grant shows it of an object is not compared, and exceptions are counted
//! under their reason: there are no others.

mod common;

use common::client::Request;
use common::existence::asks::{Ask, To, asks};
use common::existence::callers::{Caller, callers, users};
use common::existence::states::{States, Thing};
use common::existence::wire::{Wire, masked};
use common::existence::worlds::{Kept, Said, World, worlds};
use common::{OTHER, OWN, TestServer, user};
use glassbucket::auth::{User, Users};
use glassbucket::limits::KEY_LOCKS;
use glassbucket::server::{Clock, UsersSource};
use glassbucket::types::Timestamp;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

fn server() -> TestServer {
    TestServer::unsynced(|config| {
        config.clock = Clock::Fixed(Timestamp::now());
        let own = User { root: true, ..user("own1", "own", OWN) };
        let all = [own, user("other1", "other", OTHER)].into_iter().chain(users());
        config.users = UsersSource::fixed(Users::new(all.collect()).expect("users"));
    })
}

/// What came of it, and of how much.
#[derive(Default)]
struct Tally {
    compared: BTreeMap<String, usize>,
    exceptions: BTreeMap<&'static str, usize>,
    differ: Vec<String>,
}

/// One caller before one bucket.
struct Inquiry<'s> {
    server: &'s TestServer,
    world: World,
    caller: &'s Caller,
    wire: Wire,
}

impl Inquiry<'_> {
    /// The masked answer; `None` where the caller cannot ask that.
    fn answer(&mut self, ask: &Ask, thing: &Thing) -> Option<String> {
        let sent = self.caller.request(self.server, &self.world, ask, thing)?;
        Some(masked(&self.wire.ask(&sent), thing))
    }

    /// Asks about every state, and about nothing.
    fn compare(&mut self, ask: &Ask, states: &mut States<'_>, tally: &mut Tally) {
        let Some(of_nothing) = self.answer(ask, states.void()) else { return };
        if is_success(&of_nothing) {
            states.renew_void();
        }
        for index in 0..states.len() {
            let (is_object, thing) = states.get(index);
            if is_object && (self.caller.sees)(ask) {
                continue;
            }
            let thing = match (self.caller.reaches)(ask) {
                true => thing.with_made_up_ids(),
                false => thing.clone(),
            };
            if let Some(reason) = (self.caller.exception)(ask) {
                *tally.exceptions.entry(reason).or_default() += 1;
                continue;
            }
            let of_thing = self.answer(ask, &thing).expect("a question that was asked already");
            *tally.compared.entry(self.caller.title()).or_default() += 1;
            if of_thing != of_nothing {
                let (world, caller) = (self.world, self.caller.title());
                tally.differ.push(format!(
                    "{caller} {world:?} {}: {}\n--- there\n{of_thing}\n--- absent\n{of_nothing}\n",
                    thing.state,
                    ask.title()
                ));
            }
            if is_success(&of_thing) {
                states.renew(index);
            }
        }
    }
}

fn is_success(answer: &str) -> bool {
    let (_, last) = answer.rsplit_once("HTTP/1.1 ").expect("a status line");
    last.starts_with('2')
}

/// Each caller puts one question in so many to a bucket, another caller and another bucket the
/// next: together they put every question.
const SHARES: usize = 97;
/// The same where there is time: each caller puts each question to four kinds of bucket.
const SHARES_AT_LEISURE: usize = 5;
/// Differences that are shown whole.
const SHOWN: usize = 10;

#[test]
fn class_g_no_answer_tells_whether_a_private_object_exists() {
    compare_all(SHARES);
}

#[test]
#[ignore = "the same a dozen times over: minutes"]
fn class_g_no_answer_tells_whether_a_private_object_exists_at_leisure() {
    compare_all(SHARES_AT_LEISURE);
}

/// A thread for each processor, with a server of its own.
fn compare_all(shares: usize) {
    let (asks, worlds, turn) = (asks(), worlds(), AtomicUsize::new(0));
    let next = || {
        let number = turn.fetch_add(1, Ordering::Relaxed);
        worlds.get(number).map(|world| (number, *world))
    };
    let threads = available_parallelism().map_or(1, usize::from);
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let started: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| compare(&asks, shares, next))).collect();
        for thread in started {
            tally.add(thread.join().expect("no panic"));
        }
    });
    tally.end(asks.len());
}

/// Compares in each bucket that `next` gives, until it gives none.
fn compare(asks: &[Ask], shares: usize, next: impl Fn() -> Option<(usize, World)>) -> Tally {
    let server = server();
    let callers = callers(&server);
    let mut tally = Tally::default();
    while let Some((number, world)) = next() {
        world.make(&server);
        let mut states = States::of(&server, world);
        let asking = callers.iter().enumerate();
        for (turn, caller) in asking.filter(|(_, caller)| caller.is_asked_in(&world)) {
            let wire = Wire::new(server.address);
            let mut inquiry = Inquiry { server: &server, world, caller, wire };
            for (index, ask) in asks.iter().enumerate() {
                if (index + number + 7 * turn) % shares == 0 {
                    inquiry.compare(ask, &mut states, &mut tally);
                }
            }
        }
    }
    tally
}

/// A write in progress holds the lock of its key. Whoever is refused does not wait for it.
#[test]
fn class_g_a_key_that_is_being_written_is_refused_like_one_that_nobody_has() {
    let server = server();
    let world = World { bucket: "held", kept: Kept::Nothing, said: Said::Nothing };
    world.make(&server);
    let mut states = States::of(&server, world);
    let there: Vec<Thing> = (0..states.len()).map(|index| states.get(index).1.clone()).collect();
    states.renew_void();
    let key = there.last().expect("a key").key.clone();
    let callers = callers(&server); // they write, and a lock of theirs may be among those held
    let locks = hold_locks(&server);
    let signer = server.signer(OWN);
    let mut connection = server.connect();
    let put = Request::object("PUT", "held", &key).body("again");
    let write = std::thread::spawn(move || connection.call(&signer, &put).status);
    let mut compared = 0;
    for caller in callers.iter().filter(|caller| caller.name != "dropbox") {
        let wire = Wire::new(server.address);
        let mut inquiry = Inquiry { server: &server, world, caller, wire };
        for ask in asks().iter().filter(|ask| ask.to != To::Own).step_by(STEP) {
            let of_nothing = inquiry.answer(ask, states.void());
            assert_eq!(inquiry.answer(ask, there.last().expect("a key")), of_nothing);
            compared += 1;
        }
    }
    assert!(!write.is_finished(), "the lock is held");
    drop(locks);
    assert_eq!(write.join().expect("an answer"), 200);
    println!("{compared} answers compared while the key was held");
}

/// Every how many questions are put about a key that is held.
const STEP: usize = 29;

/// The locks of all keys that were ever written, as another process would hold them.
fn hold_locks(server: &TestServer) -> Vec<File> {
    let folder = server.data().join(".glassbucket/locks");
    let of_buckets = KEY_LOCKS.to_string();
    let files = std::fs::read_dir(folder).expect("the locks").map(|entry| entry.expect("one"));
    let of_keys = files.filter(|entry| entry.file_name().to_str() != Some(&of_buckets));
    let held = of_keys.map(|entry| {
        let file = File::open(entry.path()).expect("a lock");
        file.lock().expect("nobody writes");
        file
    });
    held.collect()
}

impl Tally {
    fn add(&mut self, other: Tally) {
        for (caller, compared) in other.compared {
            *self.compared.entry(caller).or_default() += compared;
        }
        for (reason, times) in other.exceptions {
            *self.exceptions.entry(reason).or_default() += times;
        }
        self.differ.extend(other.differ);
    }

    #[track_caller]
    fn end(&self, asks: usize) {
        for (caller, compared) in &self.compared {
            println!("{compared:7} answers compared for {caller}");
        }
        for (reason, times) in &self.exceptions {
            println!("{times:7} answers not compared: {reason}");
        }
        let compared: usize = self.compared.values().sum();
        println!("{compared:7} in all, of {asks} questions");
        let shown: String = self.differ.iter().take(SHOWN).cloned().collect();
        assert!(self.differ.is_empty(), "{} differ:\n{shown}", self.differ.len());
    }
}
