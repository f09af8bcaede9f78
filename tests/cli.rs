//! The binary as a person meets it: help, refusals in one sentence, precedence, users and their
//! file. What needs a running server stands at the end.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory of its own for one test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Below the build's own directory: /tmp may be a filesystem without `user.*` attributes.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("cli-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A data directory with a root user, as a first start leaves it.
    fn with_root() -> Scratch {
        let scratch = Scratch::new();
        let text = r#"{"users":[{"id":"r00t","display_name":"root","email":null,
            "access_key":"GBROOT","secret_key":"roots-secret","root":true}]}"#;
        scratch.write("data/.glassbucket/users.json", text, 0o600);
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The binary in `at`, with none of the variables of whoever runs the tests.
fn glassbucket(at: &Scratch, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbucket"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GLASSBUCKET_") {
            command.env_remove(name);
        }
    }
    command.current_dir(&at.0).args(arguments);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn answer(at: &Scratch, arguments: &[&str]) -> String {
    let output = glassbucket(at, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The one sentence of a refusal.
#[track_caller]
fn refusal(output: Output) -> String {
    let sentence = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{sentence}");
    assert!(sentence.starts_with("glassbucket: ") && sentence.lines().count() == 1, "{sentence}");
    assert!(output.stdout.is_empty());
    sentence
}

#[track_caller]
fn refused(at: &Scratch, arguments: &[&str]) -> String {
    refusal(glassbucket(at, arguments).output().unwrap())
}

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
    assert!(!at.0.join("data").exists(), "nothing is made before all is checked");
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
fn class_i_root_keys_come_together_and_not_empty_or_are_refused() {
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
fn class_k_secret_in_a_file_for_everybody_is_refused() {
    let at = Scratch::new();
    let keys = "access-key-id = 'AKID'\nsecret-access-key = 'hushhush'\n";
    at.write("file.toml", keys, 0o644);
    let sentence = refused(&at, &["serve", "--config", "file.toml"]);
    assert!(sentence.contains("every user of this machine"), "{sentence}");
    assert!(!sentence.contains("hushhush"));
}

#[test]
fn user_add_makes_what_is_not_given_and_prints_the_secret_once() {
    let at = Scratch::with_root();
    let added = answer(&at, &["user", "add", "--display-name", "alice"]);
    let field = |name: &str| {
        let line = added.lines().find(|line| line.starts_with(name)).expect(name);
        line[name.len()..].trim().to_owned()
    };
    let (key, secret) = (field("access key id"), field("secret access key"));
    assert!(key.len() == 20 && key.starts_with("GB"), "{key}");
    assert!(key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{key}");
    assert!(secret.len() == 40 && secret.bytes().all(|b| b.is_ascii_alphanumeric()));
    let id = added.lines().find_map(|line| line.strip_prefix("id ")).unwrap().trim();
    assert!(id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");

    let listed = answer(&at, &["user", "list"]);
    assert!(listed.contains(&key) && listed.contains("alice") && listed.contains("GBROOT"));
    assert!(!listed.contains(&secret) && !listed.contains("roots-secret"));
}

#[test]
fn user_add_takes_what_is_given_and_refuses_what_exists() {
    let at = Scratch::with_root();
    let given = ["user", "add", "--access-key", "AKID1", "--secret-key", "s3cret", "--id", "own1"];
    let added = answer(&at, &[&given[..], &["--display-name", "own"]].concat());
    for value in ["AKID1", "s3cret", "own1", "own"] {
        assert!(added.contains(value), "{value}");
    }
    refused(&at, &given);
    refused(&at, &["user", "add", "--access-key", "with/slash"]);
    refused(&at, &["user", "add", "--secret-key", ""]);
    assert_eq!(answer(&at, &["user", "list"]).lines().count(), 2);
}

#[test]
fn user_remove_takes_one_and_never_the_root() {
    let at = Scratch::with_root();
    for key in ["AKID1", "AKID2", "AKID3"] {
        answer(&at, &["user", "add", "--access-key", key, "--display-name", "twin"]);
    }
    assert!(refused(&at, &["user", "remove", "twin"]).contains("3 users"));
    assert!(refused(&at, &["user", "remove", "nobody"]).contains("nobody"));
    assert!(refused(&at, &["user", "remove", "root"]).contains("root"));
    assert!(answer(&at, &["user", "remove", "AKID2"]).contains("AKID2"));
    let listed = answer(&at, &["user", "list"]);
    assert!(listed.contains("AKID1") && !listed.contains("AKID2") && listed.contains("AKID3"));
}

#[test]
fn class_r_user_file_stays_private() {
    let at = Scratch::with_root();
    answer(&at, &["user", "add"]);
    let file = at.0.join("data/.glassbucket/users.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused(&at, &["user", "list"]).contains("chmod 600"));
}

#[test]
fn user_add_many_at_once_loses_none() {
    let at = Scratch::with_root();
    let add = |_| glassbucket(&at, &["user", "add"]).stdout(Stdio::null()).spawn().unwrap();
    let children: Vec<_> = (0..8).map(add).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(answer(&at, &["user", "list"]).lines().count(), 9);
}

#[test]
fn user_without_a_data_directory_makes_none() {
    let at = Scratch::new();
    assert!(refused(&at, &["user", "add"]).contains("no users yet"));
    assert!(!at.0.join("data").exists());
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
    let state = at.0.join("data/.glassbucket");
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
    // The store wants its own directory private.
    let state = at.0.join("data/.glassbucket");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let said = start_and_stop(&at, &["--config", "file.toml"]);
    assert!(said.contains("GIVEN") && !said.contains("hushhush"), "{said}");
    assert!(answer(&at, &["user", "list"]).contains("GBROOT"));
}

/// Security class K. The Referer is that of a page which was opened by a presigned URL.
#[test]
fn class_k_the_log_holds_no_signature_and_no_secret() {
    let at = Scratch::with_root();
    fs::set_permissions(at.0.join("data/.glassbucket"), fs::Permissions::from_mode(0o700)).unwrap();
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
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0, "something was made");
}
