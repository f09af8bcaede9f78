//! The binary as a command: what it answers, and the one sentence of its refusals.

use super::TempDir;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The file of the users.
pub const USERS: &str = "data/.glassbucket/users.json";

/// A directory in which the binary runs.
pub struct Scratch(TempDir);

impl Scratch {
    /// An empty one.
    pub fn new() -> Scratch {
        Scratch(TempDir::new())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file of that mode.
    pub fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A data directory with a root user, as a first start leaves it.
    pub fn with_root() -> Scratch {
        let scratch = Scratch::new();
        let text = r#"{"users":[{"id":"r00t","display_name":"root","email":null,
            "access_key":"GBROOT","secret_key":"roots-secret","root":true}]}"#;
        scratch.write(USERS, text, 0o600);
        let state = scratch.path().join(USERS).parent().unwrap().to_owned();
        fs::set_permissions(state, fs::Permissions::from_mode(0o700)).unwrap();
        scratch
    }
}

/// The binary in `at`, with none of the variables of whoever runs the tests.
pub fn glassbucket(at: &Scratch, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbucket"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GLASSBUCKET_") {
            command.env_remove(name);
        }
    }
    command.current_dir(at.path()).args(arguments);
    command
}

/// What was printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command that succeeds prints.
#[track_caller]
pub fn answer(at: &Scratch, arguments: &[&str]) -> String {
    let output = glassbucket(at, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The one sentence of a refusal.
#[track_caller]
pub fn refusal(output: Output) -> String {
    let sentence = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{sentence}");
    assert!(sentence.starts_with("glassbucket: ") && sentence.lines().count() == 1, "{sentence}");
    assert!(output.stdout.is_empty());
    sentence
}

/// The same of a command.
#[track_caller]
pub fn refused(at: &Scratch, arguments: &[&str]) -> String {
    refusal(glassbucket(at, arguments).output().unwrap())
}
