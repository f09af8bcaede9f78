//! What every test over a socket needs: a server in this process with a data directory of its own,
//! and, in the modules below, the few lines that speak to it and read its answers.
//!
//! The server is the real one from `Server::bind` on; only its clock, users and directories are
//! chosen here. The client knows nothing of the server but `sigv4::authorization`, which the
//! published vectors check by themselves.
// Each test file uses its own part of this module.
#![allow(dead_code, unreachable_pub)]

pub mod client;
pub mod command;
pub mod existence;
pub mod form;
pub mod lifecycle;
pub mod lock;
pub mod operations;
pub mod process;
pub mod recording;
pub mod refusals;
pub mod roles;
pub mod sharing;
pub mod upload;
pub mod website;
pub mod xml;

use client::{Answer, Connection, Request, Signer};
use glassbucket::auth::{Secret, Settings, User, Users};
use glassbucket::lifecycle::Day;
use glassbucket::server::{Clock, Config, Listen, Listeners, LogFormat, Server, UsersSource};
use glassbucket::store::{Durability, Store};
use glassbucket::types::{Owner, PublicAccessBlock, Timestamp};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The user of the Cyberduck recordings; root, so that it owns hand-made buckets.
pub const OWN: (&str, &str) = ("accesskey", "secretkey");
/// Somebody else, who owns nothing.
pub const OTHER: (&str, &str) = ("otherkey", "othersecret");

/// A directory that is gone when the test is over. It lies below `target/`, on the file system of
/// the checkout: `/tmp` may be one without extended attributes.
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes an empty one.
    pub fn new() -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a directory for the test");
        TempDir(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server; it is stopped, and its directory removed, at drop.
pub struct TestServer {
    pub address: SocketAddr,
    pub dir: TempDir,
    clock: Clock,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    /// Plain HTTP, the system's clock, the users [`OWN`] and [`OTHER`].
    pub fn start() -> TestServer {
        TestServer::with(|_| {})
    }

    /// The same after `change` has had its say.
    pub fn with(change: impl FnOnce(&mut Config)) -> TestServer {
        TestServer::listen(TempDir::new(), false, change)
    }

    /// The same without a single fsync, for tests of many requests and no crash.
    pub fn unsynced(change: impl FnOnce(&mut Config)) -> TestServer {
        let dir = TempDir::new();
        let data = dir.path().join("data");
        TestServer::listen(dir, false, |config| {
            config.store = Store::open(&data, Durability::Relaxed).expect("the store opens");
            change(config);
        })
    }

    /// The same through TLS, with a certificate of its own.
    pub fn with_tls() -> TestServer {
        TestServer::listen(TempDir::new(), true, |_| {})
    }

    /// Stops it and starts another one on its directory: of what it knew nothing is left but files.
    pub fn restart(mut self, change: impl FnOnce(&mut Config)) -> TestServer {
        let dir = std::mem::replace(&mut self.dir, TempDir::new());
        drop(self);
        TestServer::listen(dir, false, change)
    }

    fn listen(dir: TempDir, tls: bool, change: impl FnOnce(&mut Config)) -> TestServer {
        let mut config = config(dir.path());
        change(&mut config);
        let listen = [Listen { address: SocketAddr::from(([127, 0, 0, 1], 0)), tls }];
        let certs = dir.path().join("certs");
        let clock = config.clock;
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let listeners = Listeners::bind(&listen, &certs).await.expect("a free port");
                bound.send(listeners.addresses()[0]).expect("the test waits");
                Server::new(listeners, config).run(async { stopped.await.unwrap_or(()) }).await;
            });
        });
        let address = address.recv().expect("the server started");
        TestServer { address, dir, clock, stop: Some(stop), thread: Some(thread) }
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The directory of its certificate.
    pub fn certs(&self) -> PathBuf {
        self.dir.path().join("certs")
    }

    /// What the server takes for now.
    pub fn now(&self) -> Timestamp {
        match self.clock {
            Clock::System => Timestamp::now(),
            Clock::Fixed(time) => time,
        }
    }

    /// Signs as `user`, [`OWN`] or [`OTHER`].
    pub fn signer(&self, user: (&str, &str)) -> Signer {
        Signer {
            access_key: user.0.to_owned(),
            secret: Secret::new(user.1.to_owned()),
            host: self.address.to_string(),
            now: self.now(),
        }
    }

    /// A new connection in clear.
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// One request of [`OWN`], on a connection of its own.
    pub fn call(&self, request: Request) -> Answer {
        self.connect().call(&self.signer(OWN), &request)
    }

    /// Makes a bucket of [`OWN`].
    pub fn make_bucket(&self, name: &str) {
        let answer = self.call(Request::new("PUT", &format!("/{name}")));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread fails the test, unless it is failing already.
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

fn config(dir: &Path) -> Config {
    let store = Store::open(&dir.join("data"), Durability::Strict).expect("the store opens");
    Config {
        domains: Vec::new(),
        websites: Vec::new(),
        region: "us-east-1".to_owned(),
        auth: Settings { require_signed_payload: false },
        clock: Clock::System,
        log: LogFormat::Off,
        users: UsersSource::fixed(users()),
        block: PublicAccessBlock::SHUT,
        store,
        lifecycle_day: Day::Real,
    }
}

fn users() -> Users {
    let own = User { root: true, ..user("own1", "own", OWN) };
    Users::new(vec![own, user("other1", "other", OTHER)]).expect("two users")
}

/// An account with that id, name and pair of keys.
pub fn user(id: &str, name: &str, (access_key, secret): (&str, &str)) -> User {
    let owner = Owner { id: id.to_owned(), display_name: name.to_owned() };
    User::new(owner, access_key.to_owned(), Secret::new(secret.to_owned()))
}
