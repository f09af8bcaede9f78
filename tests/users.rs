//! `glassbucket user`: each command with its refusals, what lies on the disk afterwards, and that a
//! running server follows with the very next request.

mod common;

use common::client::{Answer, Connection, Request, Signer, assert_refused};
use common::command::{Scratch, USERS, answer, glassbucket, refused, text};
use common::process::Process;
use glassbucket::auth::Secret;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

/// The value of a line such as `access key id      GB...`.
fn field(printed: &str, name: &str) -> String {
    let line = printed.lines().find(|line| line.starts_with(name)).expect(name);
    line[name.len()..].trim().to_owned()
}

/// Key and secret, as they are printed once.
fn pair(printed: &str) -> (String, String) {
    (field(printed, "access key id"), field(printed, "secret access key"))
}

/// The line of a user in `user list`.
fn listed(at: &Scratch, name: &str) -> String {
    let list = answer(at, &["user", "list"]);
    let mut lines = list.lines().filter(|line| line.split_whitespace().nth(1) == Some(name));
    let line = lines.next().expect(name).to_owned();
    assert_eq!(lines.next(), None);
    line
}

fn in_file(at: &Scratch) -> String {
    fs::read_to_string(at.path().join(USERS)).unwrap()
}

/// What clap says of a command line; exit code 2.
#[track_caller]
fn misread(at: &Scratch, arguments: &[&str]) -> String {
    let output = glassbucket(at, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn user_add_makes_what_is_not_given_and_prints_the_secret_once() {
    let at = Scratch::with_root();
    let added = answer(&at, &["user", "add", "alice"]);
    let (key, secret) = pair(&added);
    assert!(key.len() == 20 && key.starts_with("GB"), "{key}");
    assert!(key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{key}");
    assert!(secret.len() == 40 && secret.bytes().all(|b| b.is_ascii_alphanumeric()));
    let id = field(&added, "id ");
    assert!(id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    assert_eq!((field(&added, "name"), field(&added, "may")), ("alice".into(), "account".into()));

    assert_eq!(listed(&at, "alice"), format!("{key:<20}  alice  active  account id={id}"));
    assert!(listed(&at, "root").ends_with("  active  root id=r00t"));
}

#[test]
fn user_add_takes_what_is_given_and_refuses_what_exists() {
    let at = Scratch::with_root();
    let keys = ["--access-key", "AKID1", "--secret-key", "s3cret", "--id", "own1"];
    let added = answer(&at, &[&["user", "add", "own", "--email", "o@x"], &keys[..]].concat());
    for value in ["AKID1", "s3cret", "own1", "own"] {
        assert!(added.contains(value), "{value}");
    }
    let before = in_file(&at);
    // By whatever a user is known, nobody else is.
    for name in ["own", "own1", "AKID1", "root", "GBROOT", "r00t"] {
        assert!(refused(&at, &["user", "add", name]).contains(name), "{name}");
    }
    for taken in [["--id", "own"], ["--access-key", "own1"], ["--email", "O@X"]] {
        refused(&at, &[&["user", "add", "new"], &taken[..]].concat());
    }
    refused(&at, &["user", "add", "new", "--access-key", "with/slash"]);
    refused(&at, &["user", "add", "new", "--secret-key", ""]);
    refused(&at, &["user", "add", ""]);
    refused(&at, &["user", "add", "two\nlines"]);
    misread(&at, &["user", "add"]);
    assert_eq!(in_file(&at), before);
}

#[test]
fn user_add_and_set_say_what_a_user_may() {
    let at = Scratch::with_root();
    let limits = ["--expires", "2999-01-31", "--quota", "50G", "--rate", "20"];
    let scopes = ["--read", "photos", "--write", "backups/cam", "--write", "*/x*"];
    let added = answer(&at, &[&["user", "add", "cam"], &scopes[..], &limits[..]].concat());
    let may = "read=photos write=backups/cam/ write=*/x* expires=2999-01-31T00:00:00Z quota=50G \
               rate=20";
    assert_eq!(field(&added, "may"), may);
    assert!(listed(&at, "cam").contains(may));
    let file = in_file(&at);
    for part in ["\"expires\": \"2999-01-31T00:00:00Z\"", "\"quota_bytes\": 53687091200"] {
        assert!(file.contains(part), "{part}\n{file}");
    }

    // The role is given as a whole; what is not given stays.
    let set = answer(&at, &["user", "set", "cam", "--read", "*", "--quota", "none"]);
    assert!(set.contains("  read=* expires=2999-01-31T00:00:00Z rate=20 id="), "{set}");
    answer(&at, &["user", "set", "cam", "--admin", "--expires", "never", "--rate", "none"]);
    assert!(listed(&at, "cam").contains("active  admin id="));
    answer(&at, &["user", "set", "cam", "--account"]);
    assert!(listed(&at, "cam").contains("active  account id="));
    answer(&at, &["user", "set", "root", "--rate", "1000", "--admin"]);
    assert!(listed(&at, "root").contains("  root admin rate=1000 id="));
    assert!(!answer(&at, &["user", "list"]).contains(&pair(&added).1));
}

#[test]
fn user_add_and_set_refuse_nonsense_and_change_nothing() {
    let at = Scratch::with_root();
    answer(&at, &["user", "add", "cam", "--write", "backups"]);
    let before = in_file(&at);
    for bad in [
        ["--read", "Not-A-Bucket"],
        ["--write", ""],
        ["--expires", "yesterday"],
        ["--expires", "2020-01-01"],
        ["--expires", "0d"],
        ["--expires", "36501d"],
        ["--quota", "0"],
        ["--quota", "1GB"],
        ["--quota", "16777216T"],
        ["--rate", "0"],
        ["--rate", "4294967296"],
    ] {
        for command in [["user", "add", "new"], ["user", "set", "cam"]] {
            let said = misread(&at, &[&command[..], &bad[..]].concat());
            assert!(said.contains(bad[0]), "{said}");
        }
    }
    misread(&at, &["user", "set", "cam", "--admin", "--read", "photos"]);
    misread(&at, &["user", "set", "cam", "--account", "--write", "photos"]);
    misread(&at, &["user", "set", "cam", "--account", "--admin"]);
    misread(&at, &["user", "rotate", "cam", "--keep", "0h"]);
    assert!(refused(&at, &["user", "set", "cam"]).contains("nothing"));
    for of_root in [["--read", "photos"], ["--expires", "30d"]] {
        let sentence = refused(&at, &[&["user", "set", "root"], &of_root[..]].concat());
        assert!(sentence.contains("the root user"), "{sentence}");
    }
    for command in ["set", "rotate", "disable", "enable", "remove"] {
        let rights: &[&str] = if command == "set" { &["--admin"] } else { &[] };
        assert!(refused(&at, &[&["user", command, "nobody"], rights].concat()).contains("nobody"));
    }
    assert_eq!(in_file(&at), before);
}

#[test]
fn a_scope_of_a_bucket_that_is_not_there_is_noted_and_taken() {
    let at = Scratch::with_root();
    fs::create_dir(at.path().join("data/photos")).unwrap();
    let arguments = ["user", "add", "cam", "--read", "photos/2024", "--write", "fotos"];
    let output = glassbucket(&at, &arguments).output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "note: there is no bucket fotos yet\n");
}

#[test]
fn user_rotate_makes_a_new_pair_and_keeps_the_old_one_only_if_told() {
    let at = Scratch::with_root();
    let first = pair(&answer(&at, &["user", "add", "cam"]));
    let kept = answer(&at, &["user", "rotate", "cam", "--keep", "7d"]);
    let second = pair(&kept);
    assert!(first.0 != second.0 && first.1 != second.1);
    assert!(kept.contains(&format!("previous={} until=2", first.0)), "{kept}");
    assert!(listed(&at, "cam").contains(&format!("previous={} until=2", first.0)));
    assert!(in_file(&at).contains(&first.1), "it counts still");

    let third = pair(&answer(&at, &["user", "rotate", "cam", "--keep", "1h"]));
    assert!(!in_file(&at).contains(&first.1), "of three pairs the oldest is gone");
    assert!(listed(&at, "cam").contains(&format!("previous={}", second.0)));
    let fourth = pair(&answer(&at, &["user", "rotate", "cam"]));
    let file = in_file(&at);
    assert!(!file.contains(&second.1) && !file.contains(&third.1) && file.contains(&fourth.1));
    assert!(!file.contains("previous"));

    let root = pair(&answer(&at, &["user", "rotate", "root"]));
    assert!(listed(&at, "root").contains(&root.0) && !in_file(&at).contains("roots-secret"));
}

/// Its secret counts for nothing, so it need not lie on the disk.
#[test]
fn a_previous_pair_that_is_over_is_not_shown_and_goes_with_the_next_change() {
    let at = Scratch::with_root();
    let old = pair(&answer(&at, &["user", "add", "cam"]));
    answer(&at, &["user", "rotate", "cam", "--keep", "1h"]);
    let from = in_file(&at).find("\"until\": \"").unwrap() + "\"until\": \"".len();
    let mut file = in_file(&at);
    file.replace_range(from..from + 4, "2020");
    at.write(USERS, &file, 0o600);
    assert!(!listed(&at, "cam").contains("previous"));
    answer(&at, &["user", "add", "other"]);
    assert!(!in_file(&at).contains(&old.1));
}

#[test]
fn user_disable_and_enable_are_shown_and_never_of_the_root() {
    let at = Scratch::with_root();
    answer(&at, &["user", "add", "cam"]);
    for _ in 0..2 {
        assert!(answer(&at, &["user", "disable", "cam"]).contains("  cam  disabled  account "));
    }
    assert!(listed(&at, "cam").contains("  disabled  account "));
    for _ in 0..2 {
        assert!(answer(&at, &["user", "enable", "cam"]).contains("  cam  active  account "));
    }
    assert!(refused(&at, &["user", "disable", "root"]).contains("root user"));
    assert!(!in_file(&at).contains("disabled"));
}

#[test]
fn user_remove_takes_one_and_never_the_root() {
    let at = Scratch::with_root();
    // Of the time when names could be the same.
    let twin = |n: u8| {
        format!(r#"{{"id":"t{n}","display_name":"twin","access_key":"AKID{n}","secret_key":"s"}}"#)
    };
    let twins = [twin(1), twin(2), twin(3)].join(",");
    let text = in_file(&at).replace("\"users\":[", &format!("\"users\":[{twins},"));
    at.write(USERS, &text, 0o600);
    for command in ["remove", "disable", "rotate"] {
        assert!(refused(&at, &["user", command, "twin"]).contains("3 users"), "{command}");
    }
    assert!(refused(&at, &["user", "remove", "root"]).contains("root"));
    assert!(answer(&at, &["user", "remove", "AKID2"]).contains("AKID2"));
    let listed = answer(&at, &["user", "list"]);
    assert!(listed.contains("AKID1") && !listed.contains("AKID2") && listed.contains("AKID3"));
}

#[test]
fn class_k_user_file_stays_private_and_its_secrets_are_printed_by_nothing_else() {
    let at = Scratch::with_root();
    let (_, first) = pair(&answer(&at, &["user", "add", "cam"]));
    let (_, second) = pair(&answer(&at, &["user", "rotate", "cam", "--keep", "1h"]));
    let file = at.path().join(USERS);
    for arguments in [
        &["user", "list"][..],
        &["user", "set", "cam", "--rate", "5"],
        &["user", "disable", "cam"],
        &["user", "enable", "cam"],
        &["user", "disable", "root"],
        &["user", "add", "cam"],
        &["user", "remove", "cam"],
    ] {
        let output = glassbucket(&at, arguments).output().unwrap();
        let said = text(&[output.stdout, output.stderr].concat());
        for secret in [&first, &second, "roots-secret"] {
            assert!(!said.contains(secret), "{arguments:?}: {said}");
        }
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused(&at, &["user", "list"]).contains("chmod 600"));
}

#[test]
fn user_add_many_at_once_loses_none() {
    let at = Scratch::with_root();
    let add = |n: u8| {
        let name = format!("user{n}");
        glassbucket(&at, &["user", "add", &name]).stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(add).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(answer(&at, &["user", "list"]).lines().count(), 9);
}

#[test]
fn user_without_a_data_directory_makes_none() {
    let at = Scratch::new();
    for arguments in [&["user", "add", "cam"][..], &["user", "list"], &["user", "disable", "cam"]] {
        assert!(refused(&at, arguments).contains("no users yet"));
    }
    assert!(!at.path().join("data").exists());
}

/// A server, one connection to it that is kept, and the commands beside it.
struct Running {
    at: Scratch,
    process: Process,
    connection: Connection,
}

impl Running {
    fn start() -> Running {
        let at = Scratch::new();
        let process = Process::start(at.path());
        let connection = Connection::open(process.address);
        let mut running = Running { at, process, connection };
        // The socket is bound before the users are made.
        running.assert_counts(&(common::OWN.0.to_owned(), common::OWN.1.to_owned()));
        running
    }

    fn user(&self, arguments: &[&str]) -> String {
        answer(&self.at, &[&["user"], arguments].concat())
    }

    /// ListBuckets on the kept connection.
    fn call(&mut self, (key, secret): &(String, String)) -> Answer {
        let signer = Signer {
            access_key: key.clone(),
            secret: Secret::new(secret.clone()),
            ..self.process.signer()
        };
        self.connection.call(&signer, &Request::new("GET", "/"))
    }

    #[track_caller]
    fn assert_counts(&mut self, pair: &(String, String)) {
        let answer = self.call(pair);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    #[track_caller]
    fn assert_ended(&mut self, pair: &(String, String)) {
        assert_refused(&self.call(pair), 403, "InvalidAccessKeyId");
    }
}

/// Nothing here waits: the request after the command is the first that could know of it.
#[test]
fn each_command_is_in_force_for_the_next_request_on_a_kept_connection() {
    let mut server = Running::start();
    let first = pair(&server.user(&["add", "cam"]));
    server.assert_counts(&first);
    for _ in 0..20 {
        server.user(&["disable", "cam"]);
        server.assert_ended(&first);
        server.user(&["enable", "cam"]);
        server.assert_counts(&first);
    }
    let second = pair(&server.user(&["rotate", "cam", "--keep", "1h"]));
    server.assert_counts(&first);
    server.assert_counts(&second);
    let third = pair(&server.user(&["rotate", "cam"]));
    server.assert_ended(&first);
    server.assert_ended(&second);
    server.assert_counts(&third);
    server.user(&["remove", "cam"]);
    server.assert_ended(&third);
}

#[test]
fn a_users_file_that_a_person_breaks_lets_nobody_else_in_and_nobody_out() {
    let mut server = Running::start();
    let pair = pair(&server.user(&["add", "cam"]));
    server.assert_counts(&pair);
    let good = in_file(&server.at);
    for (broken, mode) in [
        (good.replace("\"cam\"", "\"cam"), 0o600),
        (good.replace("\"display_name\": \"cam\"", "\"display_name\": \"cam\", \"x\": 1"), 0o600),
        (good.clone(), 0o644),
    ] {
        server.at.write(USERS, &broken, mode);
        server.assert_counts(&pair);
        server.assert_counts(&pair);
    }
    fs::remove_file(server.at.path().join(USERS)).unwrap();
    server.assert_counts(&pair);
    assert!(!server.at.path().join(USERS).exists(), "no new root is made behind their back");
    let edited =
        good.replace("\"display_name\": \"cam\"", "\"display_name\": \"c\", \"disabled\": true");
    server.at.write(USERS, &edited, 0o600);
    server.assert_ended(&pair);

    let log = fs::read_to_string(server.at.path().join("log")).unwrap();
    assert_eq!(log.matches("the users stay as they were").count(), 3, "{log}");
    assert!(!log.contains(&pair.1), "{log}");
}

/// They stand for the root's whole set of keys, also where a rotation kept an old pair in the file.
#[test]
fn root_keys_given_from_outside_end_the_previous_pair_of_the_file() {
    let mut server = Running::start();
    let kept = pair(&server.user(&["rotate", "root", "--keep", "1h"]));
    server.user(&["rotate", "root", "--keep", "1h"]);
    assert!(in_file(&server.at).contains(&kept.1));
    server.assert_ended(&kept);
    server.assert_counts(&(common::OWN.0.to_owned(), common::OWN.1.to_owned()));
}
