//! The binary as a person meets it: help, refusals in one sentence, precedence; its users are in
//! `users.rs`. What needs a running server stands at the end.

mod common;

use common::command::{Scratch, answer, glassbucket, refusal, refused, text};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

#[test]
fn help_names_every_flag_with_its_variable() {
    let at = Scratch::new();
    let help = answer(&at, &["serve", "--help"]);
    for (flag, variable) in [
        ("[DATA]", "DATA"),
        ("--listen", "LISTEN"),
        ("--certs", "CERTS"),
        ("--domain", "DOMAIN"),
        ("--region", "REGION"),
        ("--config", "CONFIG"),
        ("--log", "LOG"),
        ("--durability", "DURABILITY"),
        ("--require-signed-payload", "REQUIRE_SIGNED_PAYLOAD"),
    ] {
        assert!(help.contains(flag), "{flag}");
        assert!(help.contains(&format!("[env: GLASSBUCKET_{variable}=]")), "{variable}");
    }
    assert!(answer(&at, &["--version"]).starts_with("glassbucket "));
}

#[test]
fn listen_address_that_is_none_is_refused() {
    let at = Scratch::new();
    assert!(refused(&at, &["serve", "--listen", "443"]).contains("\"443\""));
    assert!(refused(&at, &["serve", "--listen", "ftp://[::]:21"]).contains("ftp://"));
    assert!(!at.path().join("data").exists(), "nothing is made before all is checked");
}

#[test]
fn flag_beats_environment_beats_file() {
    let at = Scratch::new();
    at.write("file.toml", "region = 'in file'\n", 0o644);
    let serve = |flag: bool, variable: bool| {
        let mut command = glassbucket(&at, &["serve", "--config", "file.toml"]);
        if flag {
            command.args(["--region", "in flag"]);
        }
        if variable {
            command.env("GLASSBUCKET_REGION", "in environment");
        }
        refusal(command.output().unwrap())
    };
    assert!(serve(true, true).contains("\"in flag\""));
    assert!(serve(false, true).contains("\"in environment\""));
    assert!(serve(false, false).contains("\"in file\""));
}

#[test]
fn unknown_key_in_the_file_is_refused() {
    let at = Scratch::new();
    at.write("file.toml", "region = 'x'\nport = 443\n", 0o644);
    let sentence = refused(&at, &["serve", "--config", "file.toml"]);
    assert!(sentence.contains("file.toml: line 2: unknown field `port`"), "{sentence}");
    assert!(refused(&at, &["serve", "--config", "absent.toml"]).contains("absent.toml"));
}

#[test]
fn root_keys_come_together_or_are_refused() {
    let at = Scratch::new();
    let with = |variables: &[(&str, &str)]| {
        let mut command = glassbucket(&at, &["serve"]);
        refusal(command.envs(variables.iter().copied()).output().unwrap())
    };
    assert!(with(&[("GLASSBUCKET_ACCESS_KEY_ID", "AKID")]).contains("one of the two is missing"));
    let empty = [("GLASSBUCKET_ACCESS_KEY_ID", "A"), ("GLASSBUCKET_SECRET_ACCESS_KEY", "")];
    assert!(with(&empty).contains("is empty"));
}

#[test]
fn secret_in_a_file_for_everybody_is_refused() {
    let at = Scratch::new();
    let keys = "access-key-id = 'AKID'\nsecret-access-key = 'hushhush'\n";
    at.write("file.toml", keys, 0o644);
    let sentence = refused(&at, &["serve", "--config", "file.toml"]);
    assert!(sentence.contains("every user of this machine"), "{sentence}");
    assert!(!sentence.contains("hushhush"));
}

#[test]
fn stat_of_a_file_that_is_not_there_is_refused() {
    let at = Scratch::new();
    assert!(refused(&at, &["stat", "absent"]).contains("absent"));
}

/// Starts a server, returns what it says up to the rclone lines, and stops it by SIGTERM.
#[track_caller]
fn start_and_stop(at: &Scratch, arguments: &[&str]) -> String {
    let mut child = glassbucket(at, &["serve", "--listen", "http://127.0.0.1:0"])
        .args(arguments)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("force_path_style") && stderr.read_line(&mut said).unwrap() > 0 {}
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut rest = String::new();
    while stderr.read_line(&mut rest).unwrap() > 0 {}
    assert!(child.wait().unwrap().success(), "{said}{rest}");
    said
}

#[test]
fn serve_makes_a_root_once_and_tells_its_secret_once() {
    let at = Scratch::new();
    let first = start_and_stop(&at, &[]);
    let state = at.path().join("data/.glassbucket");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join("users.json"))), (0o700, 0o600));
    let secret = first.lines().find_map(|line| line.strip_prefix("secret access key  ")).unwrap();
    assert!(fs::read_to_string(state.join("users.json")).unwrap().contains(secret));
    let profile = fs::read_to_string(state.join("glassbucket.cyberduckprofile")).unwrap();
    assert!(profile.contains("s3.bucket.virtualhost.disable=true"));
    assert!(!profile.contains(secret));

    let second = start_and_stop(&at, &["--durability", "relaxed"]);
    assert!(!second.contains(secret), "{second}");
    assert!(second.contains("users.json") && second.contains("durability is relaxed"), "{second}");
}

#[test]
fn serve_twice_at_once_makes_one_root() {
    let at = Scratch::new();
    let said: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| start_and_stop(&at, &[]))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let makers = said.iter().filter(|said| said.contains("a new root user")).count();
    assert_eq!(makers, 1, "{said:#?}");
}

#[test]
fn serve_with_given_keys_keeps_the_root_of_the_file() {
    let at = Scratch::with_root();
    at.write("file.toml", "access-key-id = 'GIVEN'\nsecret-access-key = 'hushhush'\n", 0o600);
    let said = start_and_stop(&at, &["--config", "file.toml"]);
    assert!(said.contains("GIVEN") && !said.contains("hushhush"), "{said}");
    assert!(answer(&at, &["user", "list"]).contains("GBROOT"));
}

/// Security class K. The Referer is that of a page which was opened by a presigned URL.
#[test]
fn k_the_log_holds_no_signature_and_no_secret() {
    let at = Scratch::with_root();
    let mut child = glassbucket(&at, &["serve", "--listen", "http://127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    let port: u16 = said.trim_end().rsplit(':').next().unwrap().parse().unwrap();
    for signature in ["X-Amz-Signature", "AWSAccessKeyId=GBROOT&Expires=9999999999&Signature"] {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request = format!(
            "GET /bkt/k?{signature}=deadbeef HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
             Referer: http://h/page?{signature}=deadbeef&x=1\r\n\r\n"
        );
        client.write_all(request.as_bytes()).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let log = text(&child.wait_with_output().unwrap().stdout);
    assert_eq!(log.matches("Signature=...").count(), 4, "{log}");
    assert!(!log.contains("deadbeef") && !log.contains("roots-secret"), "{log}");
}

/// A root's secret is printed by the start that makes it: one that cannot serve must make none.
#[test]
fn serve_on_a_port_that_is_taken_makes_nothing() {
    let scratch = Scratch::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let sentence = refused(&scratch, &["serve", "data", "--listen", &address]);
    assert!(sentence.contains("cannot listen on"), "{sentence}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "something was made");
}
