//! Words for whoever runs the server, one line each, on standard error.
//!
//! For what no client can be told: our own faults, and what a person left in the data directory.
//! No secret and no signature ever comes here, and what a client or a file name says is written
//! escaped, so that it cannot forge a line.

use std::fmt;
use std::io::Write;

/// Says a line. Standard error may be a full disk or a pipe that nobody reads: `eprintln!` would
/// panic there, and take the connection with it.
pub fn tell(words: fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("glassbucket: {words}\n").as_bytes());
}
