//! The binary as a process of its own, which can be killed, and bytes that are known after that.

use super::OWN;
use super::client::{Signer, sha256};
use glassbucket::auth::Secret;
use glassbucket::types::Timestamp;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Objects are up to this long: some are caught in the body, some between two directory syncs.
const OBJECT_BYTES_MAX: u64 = 200_000;

/// The binary, serving `data` in clear.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// With its log beside the data.
    pub fn start(dir: &Path) -> Process {
        let log = std::fs::File::create(dir.join("log")).expect("a log");
        Process::start_with(dir, log)
    }

    /// With that log.
    pub fn start_with(dir: &Path, log: std::fs::File) -> Process {
        Process::start_as(dir, log, Some(OWN), &[])
    }

    /// With that log, those keys of the root, or whatever it makes itself, and more arguments.
    pub fn start_as(
        dir: &Path,
        log: std::fs::File,
        keys: Option<(&str, &str)>,
        arguments: &[&str],
    ) -> Process {
        let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = probe.local_addr().expect("its address");
        drop(probe);
        let mut command = Command::new(env!("CARGO_BIN_EXE_glassbucket"));
        if let Some((access_key, secret)) = keys {
            command.env("GLASSBUCKET_ACCESS_KEY_ID", access_key);
            command.env("GLASSBUCKET_SECRET_ACCESS_KEY", secret);
        }
        let child = command
            .arg("serve")
            .arg(dir.join("data"))
            .args(["--listen", &format!("http://{address}")])
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("the binary runs");
        let process = Process { child, address };
        process.wait(dir);
        process
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("it is gone");
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn wait(&self, dir: &Path) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.address).is_err() {
            let log = || std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the server did not start: {}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Of [`OWN`].
    pub fn signer(&self) -> Signer {
        Signer {
            access_key: OWN.0.to_owned(),
            secret: Secret::new(OWN.1.to_owned()),
            host: self.address.to_string(),
            now: Timestamp::now(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes that version `version` of `key` must have; anybody can compute them again.
pub fn content(key: &str, version: u64) -> Vec<u8> {
    let digest = sha256(format!("{key} {version}").as_bytes());
    let mut state = u64::from_str_radix(&digest[..16], 16).expect("hex") | 1;
    let length = state % OBJECT_BYTES_MAX;
    let mut bytes = format!("{version} ").into_bytes();
    while (bytes.len() as u64) < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes
}

/// Staged bodies below `data`; a lock file is none.
pub fn staged(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![data.join(".glassbucket/staging")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("the staging folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("lock") {
                found.push(path);
            }
        }
    }
    found
}
