//! The command line: what can be asked of the binary, and who answers.
//!
//! It stands outside the request's way: `serve` gathers a [`crate::server::Config`] and hands it
//! over, the other subcommands work on the data directory while a server may be running on it.
//! A refusal is one sentence on standard error and exit code 1; a command line that cannot be read
//! is clap's to explain, with exit code 2. Standard output carries answers only (the access log,
//! `user list`, `stat`), so that it can be piped; everything said to a person goes to standard
//! error.
//!
//! | file | what it does |
//! |---|---|
//! | `config` | flags, environment, file and defaults become one value |
//! | `serve` | opens the store, reads the users, runs the server until a signal |
//! | `users` | `users.json`: made at the first start, changed by `glassbucket user` |
//! | `hello` | what a person pastes into each client |
//! | `profile` | the same for Cyberduck, as a file |
//!
//! Deviation: a secret key can be given to `user add` as a flag, because the S3 tools that people
//! script do it that way; other users of the machine can see a command line while it runs, and the
//! help says so. The root's keys have no flag for this reason.

mod config;
mod hello;
mod profile;
mod serve;
mod users;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// An S3 server you can see through: objects are plain files.
#[derive(Parser)]
#[command(name = "glassbucket", version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a directory of buckets over S3
    #[command(after_help = config::AFTER_HELP)]
    Serve(Box<config::Settings>),
    /// The users who may sign requests: their keys, what they may do, how long and how much
    #[command(subcommand)]
    User(Box<users::UserCommand>),
    /// Print what the server knows of one object's file
    Stat {
        /// The file, as it lies in the data directory
        path: PathBuf,
    },
}

/// Parses the arguments and runs a subcommand; the exit code.
pub fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Serve(flags) => serve::serve(*flags),
        Command::User(command) => users::run(*command).and_then(print),
        Command::Stat { path } => crate::store::describe(&path)
            .map_err(|error| format!("{}: {error}", path.display()))
            .and_then(print),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&format!("glassbucket: {sentence}\n"));
            ExitCode::FAILURE
        }
    }
}

/// An answer, to standard output; a reader that has gone (`| head`) is not a panic.
fn print(answer: String) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(answer.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))
}

/// Words for a person, to standard error. Where nobody can read them, nothing is lost.
fn say(words: &str) {
    let _ = std::io::stderr().write_all(words.as_bytes());
}
