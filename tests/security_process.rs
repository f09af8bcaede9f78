//! What only a real process can show: who gets in after a first start, what it writes to its logs,
//! whom it believes to be there, and which doors it opens. Classes I, K, P and R.

mod common;

use common::client::{Answer, Connection, Request, Signer, raw_head};
use common::form::Form;
use common::operations::{At, Who, operations};
use common::process::Process;
use common::xml::url_decode;
use common::{OWN, TempDir, TestServer};
use glassbucket::auth::Secret;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

fn start(dir: &Path, arguments: &[&str]) -> Process {
    Process::start_as(dir, File::create(dir.join("log")).expect("a log"), Some(OWN), arguments)
}

/// Whatever the process has said so far, of which `last` is the end: lines leave by a thread.
fn log_up_to(dir: &Path, last: &str) -> String {
    loop {
        let log = std::fs::read_to_string(dir.join("log")).expect("the log");
        if log.contains(last) {
            return log;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn signer_of(process: &Process, (access_key, secret): (&str, &str)) -> Signer {
    let secret = Secret::new(secret.to_owned());
    Signer { access_key: access_key.to_owned(), secret, ..process.signer() }
}

/// Pairs that servers of this kind have shipped with, or their manuals and ours name.
const DEFAULTS: [(&str, &str); 14] = [
    ("minioadmin", "minioadmin"),
    ("rustfsadmin", "rustfsadmin"),
    ("minio", "minio123"),
    ("admin", "admin"),
    ("admin", "password"),
    ("root", "root"),
    ("root", ""),
    ("test", "test"),
    ("user", "pass"),
    ("accesskey", "secretkey"),
    ("some_access_key1", "some_secret_key1"),
    ("glassbucket", "glassbucket"),
    ("anonymous", ""),
    ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
];

#[test]
fn class_i_a_first_start_knows_no_default_credentials() {
    let dir = TempDir::new();
    let log = File::create(dir.path().join("log")).expect("a log");
    let process = Process::start_as(dir.path(), log, None, &[]);
    let mut connection = Connection::open(process.address);
    for pair in DEFAULTS {
        let signer = signer_of(&process, pair);
        for request in [Request::new("GET", "/"), Request::new("PUT", "/bkt")] {
            let answer = connection.call(&signer, &request);
            let told = (answer.status, answer.code());
            assert_eq!(told, (403, "InvalidAccessKeyId".to_owned()), "{pair:?}");
        }
    }
    // The one that it made is random: its log has it once.
    let said = log_up_to(dir.path(), "force_path_style");
    let of = |name: &str| {
        let mut lines = said.lines();
        lines.find_map(|line| line.strip_prefix(name)).expect("it is said").trim().to_owned()
    };
    let (key, secret) = (of("access key id"), of("secret access key"));
    assert!(secret.len() >= 32, "{} characters are few", secret.len());
    let answer = connection.call(&signer_of(&process, (&key, &secret)), &Request::new("GET", "/"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let wrong = connection.call(&signer_of(&process, (&key, "")), &Request::new("GET", "/"));
    assert_eq!(wrong.code(), "SignatureDoesNotMatch");
}

/// What a client could have signed with a secret: the signatures that must stay out of the log.
struct Attempts {
    signatures: BTreeSet<String>,
    answers: Vec<Answer>,
}

/// Each way to sign, by that signer.
fn attempt(process: &Process, signer: &Signer) -> Attempts {
    let mut signatures = BTreeSet::new();
    let mut answers = Vec::new();
    let mut send = |head: &[u8], method: &str| {
        let mut connection = Connection::open(process.address);
        connection.send(head);
        connection.finish();
        answers.push(connection.answer(method));
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let host = pair("host", &signer.host);
    let length = pair("content-length", "0");
    for (method, path) in [("PUT", "/bkt/k"), ("GET", "/bkt/k"), ("GET", "/")] {
        let head = Request::new(method, path).head(signer);
        let text = String::from_utf8_lossy(&head).into_owned();
        let (_, signature) = text.split_once("Signature=").expect("a signature");
        signatures.insert(signature[..64].to_owned());
        send(&head, method);

        let url = signer.presigned(method, path, 600);
        let (_, signature) = url.rsplit_once('=').expect("a signature");
        signatures.insert(signature.to_owned());
        let headers = [host.clone(), length.clone()];
        send(&raw_head(method, &url, &headers), method);
        // A page that was opened by the URL sends it on.
        let referer = pair("referer", &format!("http://{}{url}", signer.host));
        send(&raw_head(method, path, &[host.clone(), length.clone(), referer]), method);

        let date = signer.now.http_date();
        let v2 = signer.authorization_v2(method, path, &date);
        let (_, signature) = v2.split_once(':').expect("a signature");
        signatures.insert(signature.to_owned());
        let authorization = pair("authorization", &v2);
        let dated = [host.clone(), length.clone(), pair("date", &date), authorization];
        send(&raw_head(method, path, &dated), method);

        let url = signer.presigned_v2(method, path, signer.now.secs() + 600);
        let (_, signature) = url.rsplit_once('=').expect("a signature");
        signatures.extend([signature.to_owned(), url_decode(signature)]);
        send(&raw_head(method, &url, &headers), method);
    }
    let any = "{\"bucket\": \"bkt\"}, [\"starts-with\", \"$key\", \"\"]";
    let form = || Form::new(&[("key", "form")], "hello");
    for form in [form().sign_v4(signer, any), form().sign_v2(signer, any)] {
        signatures.extend(form.fields.last().map(|(_, signature)| signature.clone()));
        answers.push(form.post(&mut Connection::open(process.address), &signer.host, "bkt"));
    }
    Attempts { signatures, answers }
}

/// A run that fails in every way, and succeeds in every way, in both forms of the log.
#[test]
fn class_k_neither_logs_nor_answers_hold_a_secret_or_a_signature() {
    const WRONG: &str = "the-secret-that-is-not-the-one";
    for format in ["combined", "json"] {
        let dir = TempDir::new();
        let process = start(dir.path(), &["--log", format]);
        let good = process.signer();
        let made = Connection::open(process.address).call(&good, &Request::new("PUT", "/bkt"));
        assert_eq!(made.status, 200);
        let wrong = Signer { secret: Secret::new(WRONG.to_owned()), ..process.signer() };
        let (good, bad) = (attempt(&process, &good), attempt(&process, &wrong));
        let accepted = |of: &Attempts| of.answers.iter().filter(|a| a.status < 300).count();
        assert_eq!((accepted(&good), accepted(&bad)), (14, 0));
        let last = Request::new("GET", "/bkt/the-last-one");
        Connection::open(process.address).call(&process.signer(), &last);
        let log = log_up_to(dir.path(), "the-last-one");
        assert!(log.lines().count() > 34, "{log}");
        for hidden in good.signatures.iter().chain(&bad.signatures) {
            assert!(!log.contains(hidden), "{hidden} is in the {format} log: {log}");
        }
        // What was computed would let the next request in.
        for (answer, hidden) in
            bad.answers.iter().flat_map(|a| good.signatures.iter().map(move |s| (a, s)))
        {
            assert!(!answer.text().contains(hidden), "{}", answer.text());
        }
        for text in bad.answers.iter().chain(&good.answers).map(Answer::text).chain([log]) {
            assert!(!text.contains(OWN.1) && !text.contains(WRONG), "a secret: {text}");
        }
    }
}

#[test]
fn class_p_the_log_names_the_peer_and_not_what_a_header_says() {
    for format in ["combined", "json"] {
        let dir = TempDir::new();
        let process = start(dir.path(), &["--log", format]);
        let names = ["x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "via"];
        let request = names.iter().fold(Request::new("GET", "/bkt/seen"), |request, name| {
            request.header(name, "for=203.0.113.7, 203.0.113.7")
        });
        Connection::open(process.address).call(&process.signer(), &request);
        let log = log_up_to(dir.path(), "/bkt/seen");
        assert!(log.contains("127.0.0.1") && !log.contains("203.0.113.7"), "{log}");
    }
}

/// The sockets of a process that others can reach, as `/proc` has them: protocol and address.
fn open_to_others(id: u32) -> BTreeSet<(String, String)> {
    let fds = std::fs::read_dir(format!("/proc/{id}/fd")).expect("its descriptors");
    let links = fds.flatten().filter_map(|fd| std::fs::read_link(fd.path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    let own: BTreeSet<String> = names
        .filter_map(|name| Some(name.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut found = BTreeSet::new();
    for protocol in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "udplite"] {
        let table = std::fs::read_to_string(format!("/proc/{id}/net/{protocol}"));
        for row in table.unwrap_or_default().lines().skip(1) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            let (&[_, local, _, state, ..], Some(inode)) = (cells.as_slice(), cells.get(9)) else {
                continue;
            };
            // 0A is LISTEN; of the others, which have no connections, any will do.
            if own.contains(*inode) && (state == "0A" || !protocol.starts_with("tcp")) {
                found.insert((protocol.to_owned(), local.to_owned()));
            }
        }
    }
    let unix = std::fs::read_to_string(format!("/proc/{id}/net/unix")).unwrap_or_default();
    for cells in unix.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>()) {
        // Flag 10000: it accepts.
        if cells.len() > 6 && own.contains(cells[6]) && cells[3] == "00010000" {
            found.insert(("unix".to_owned(), cells.get(7).unwrap_or(&"").to_string()));
        }
    }
    found
}

#[test]
fn class_r_a_process_listens_where_it_was_told_to_and_nowhere_else() {
    let dir = TempDir::new();
    let process = start(dir.path(), &[]);
    let answer =
        Connection::open(process.address).call(&process.signer(), &Request::new("GET", "/"));
    assert_eq!(answer.status, 200);
    let port = format!("0100007F:{:04X}", process.address.port());
    assert_eq!(open_to_others(process.id()), [("tcp".to_owned(), port)].into());
}

/// Doors that other servers have for those who manage them.
const ADMIN: [&str; 20] = [
    "/minio/admin/v3/add-user?accessKey=evil",
    "/minio/admin/v3/info",
    "/minio/health/live",
    "/minio/v2/metrics/cluster",
    "/minio/bootstrap/v1/verify",
    "/rustfs/admin/v3/add-user?accessKey=evil",
    "/rustfs/rpc/read_file_stream",
    "/admin/user?uid=evil&display-name=evil",
    "/admin/metadata/user",
    "/-/reload",
    "/-/metrics",
    "/metrics",
    "/debug/pprof/",
    "/api/v1/users",
    "/v1/users",
    "/rc/noop",
    "/?Action=CreateUser&UserName=evil&Version=2010-05-08",
    "/?Action=CreateAccessKey&UserName=root&Version=2010-05-08",
    "/?Action=AssumeRole&Version=2011-06-15",
    "/.glassbucket/users.json",
];

#[test]
fn class_r_nothing_that_comes_by_the_network_changes_who_the_users_are() {
    let dir = TempDir::new();
    let log = File::create(dir.path().join("log")).expect("a log");
    let process = Process::start_as(dir.path(), log, None, &[]);
    // It makes the users when its port is its own.
    log_up_to(dir.path(), "force_path_style");
    let users = dir.path().join("data/.glassbucket/users.json");
    let before = std::fs::read(&users).expect("the users");
    let root: serde_json::Value = serde_json::from_slice(&before).expect("JSON");
    let of = |name: &str| root["users"][0][name].as_str().expect("a pair of keys");
    let (key, secret) = (of("access_key"), of("secret_key"));
    let body = "Action=CreateUser&UserName=evil&Version=2010-05-08";
    for target in ADMIN {
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "CONNECT"] {
            let request = Request::new(method, target).body(body);
            let host = ("host".to_owned(), process.address.to_string());
            let length = ("content-length".to_owned(), body.len().to_string());
            let unsigned = raw_head(method, target, &[host, length]);
            for head in [request.head(&signer_of(&process, (key, secret))), unsigned] {
                let mut connection = Connection::open(process.address);
                connection.send(&[head, body.as_bytes().to_vec()].concat());
                let answer = connection.answer(method);
                let s3 = matches!(
                    answer.status,
                    200 | 204 | 400 | 403 | 404 | 405 | 409 | 411 | 412 | 501
                );
                assert!(s3, "{method} {target}: {}", answer.status);
                assert!(!answer.text().contains(secret), "{method} {target}: {}", answer.text());
            }
        }
    }
    assert_eq!(std::fs::read(&users).expect("the users"), before);
    assert!(!String::from_utf8_lossy(&before).contains("evil"));
}

/// The same of every operation of S3, by the root itself.
#[test]
fn class_r_no_operation_of_s3_touches_the_users() {
    let server = TestServer::unsynced(|_| {});
    let users = server.data().join(".glassbucket/users.json");
    std::fs::write(&users, "{}").expect("a file");
    server.make_bucket("bkt");
    for bucket in ["bkt", ".glassbucket", "..", "glassbucket"] {
        for key in ["k", "users.json", "../.glassbucket/users.json"] {
            let at = At { bucket, key, upload: "0123456789abcdef" };
            for op in operations() {
                for who in [Who::Own, Who::Nobody] {
                    let answer = op.ask(&server, who, at);
                    assert_ne!(answer.status, 500, "{} {bucket} {key}", op.name);
                }
            }
        }
    }
    assert_eq!(std::fs::read_to_string(&users).expect("the users"), "{}");
}
