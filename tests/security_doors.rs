//! What comes in by a door that looks harmless: a key by a query, an internal field by a header, a
//! browser by an answer, an address by a proxy's header. Classes D, J, O and P over a socket.
//!
//! `nasty_keys.rs` has the keys that are good; here are the names that want to lead out.

mod common;

use common::client::{Answer, Request, encode};
use common::form::Form;
use common::operations::content_md5;
use common::refusals::begin;
use common::sharing::{as_nobody, as_other, assert_denied, put_policy, statement};
use common::{OWN, TestServer};
use glassbucket::types::PublicAccessBlock;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What lies beside the buckets, and must come out of no door.
const OUTSIDE: &str = "what lies outside of every bucket";

/// Names that lead elsewhere in some file system, some decoder or some shell.
const NAMES: [&str; 22] = [
    "..",
    ".",
    "../outside",
    "../../outside",
    "../../../outside",
    "a/../../outside",
    "a/../../../outside",
    "./../outside",
    "..//outside",
    "/outside",
    "//outside",
    "..%2foutside",
    "..%2f..%2foutside",
    "%2e%2e/%2e%2e/outside",
    "..%c0%af..%c0%afoutside",
    "..\\..\\outside",
    "..;/outside",
    "../.glassbucket/users.json",
    ".glassbucket/users.json",
    "../other/k",
    "outside\0",
    "\0../../outside",
];

/// Bucket `bkt` with `k`, bucket `other`, and a file above both.
fn server() -> TestServer {
    let server = TestServer::unsynced(|config| config.block = PublicAccessBlock::default());
    for bucket in ["bkt", "other"] {
        server.make_bucket(bucket);
        assert_eq!(server.call(Request::object("PUT", bucket, "k").body(OUTSIDE)).status, 200);
    }
    assert_eq!(server.call(Request::object("PUT", "bkt", "k").body("hello")).status, 200);
    for path in ["outside", "data/outside", "data/.glassbucket/outside"] {
        std::fs::write(server.dir.path().join(path), OUTSIDE).expect("a file");
    }
    server
}

/// All files but those of the bucket and what is on its way there.
fn outside_of_bkt(server: &TestServer) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(below: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(below).expect("a directory") {
            let path = entry.expect("an entry").path();
            if !path.is_dir() {
                found.insert(path.clone(), std::fs::read(&path).expect("a file"));
            } else if !["bkt", "staging", "locks", "uploads", "side"]
                .iter()
                .any(|d| path.ends_with(d))
            {
                walk(&path, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(server.dir.path(), &mut found);
    found
}

/// Every request by which a name comes in.
fn doors(name: &str, upload: &str) -> Vec<Request> {
    let plain = encode(name, "");
    let kept = encode(name, "/");
    let raw = name.replace(['\0', '\\'], "");
    let escaped = name.replace('&', "&amp;").replace('\0', "&#0;");
    let mut doors = Vec::new();
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        for path in [&plain, &kept, &raw] {
            doors.push(Request::new(method, &format!("/bkt/{path}")));
            doors.push(Request::new(method, &format!("/bkt/{path}?tagging")));
        }
        doors.push(Request::new(method, &format!("/{plain}/k")));
        doors.push(Request::new(method, &format!("/bkt/k?versionId={plain}")));
        doors.push(Request::new(method, &format!("/bkt/k?partNumber=1&uploadId={plain}")));
    }
    for parameter in ["prefix", "marker", "start-after", "continuation-token", "delimiter"] {
        for version in ["1", "2"] {
            let target = format!("/bkt?list-type={version}&{parameter}={plain}");
            doors.push(Request::new("GET", &target));
        }
    }
    for list in ["versions", "uploads"] {
        for parameter in ["prefix", "key-marker", "version-id-marker", "upload-id-marker"] {
            let target = format!("/bkt?{list}&key-marker=k&{parameter}={plain}");
            doors.push(Request::new("GET", &target));
            doors.push(Request::new("GET", &format!("/bkt?{list}&{parameter}={plain}")));
        }
    }
    doors.push(Request::new("POST", &format!("/bkt/k?uploadId={plain}")).body("<a/>"));
    doors.push(Request::new("POST", &format!("/bkt/{plain}?uploads")));
    for source in [plain.clone(), kept, format!("bkt%2f{plain}"), encode(&plain, "")] {
        for source in [format!("/bkt/{source}"), format!("/{source}/k"), source] {
            let copy = Request::new("PUT", "/bkt/copy").header("x-amz-copy-source", &source);
            doors.push(copy);
            let part = Request::new("PUT", &format!("/bkt/k?partNumber=2&uploadId={upload}"));
            doors.push(part.header("x-amz-copy-source", &source));
        }
    }
    for element in [
        format!("<Object><Key>{escaped}</Key></Object>"),
        format!("<Object><Key>k</Key><VersionId>{escaped}</VersionId></Object>"),
    ] {
        let body = format!("<Delete>{element}</Delete>");
        let request = Request::new("POST", "/bkt?delete");
        doors.push(request.header("content-md5", &content_md5(body.as_bytes())).body(body));
    }
    doors
}

#[test]
fn class_d_no_door_leads_out_of_the_bucket() {
    let server = server();
    let upload = begin(&server, "k");
    let before = outside_of_bkt(&server);
    assert!(before.len() > 3, "there is something to see: {before:?}");
    let (mut tried, mut connection) = (0, server.connect());
    let signer = server.signer(OWN);
    let any = "{\"bucket\": \"bkt\"}, [\"starts-with\", \"$key\", \"\"]";
    for name in NAMES {
        for request in doors(name, &upload) {
            let answer = connection.call(&signer, &request);
            assert_ne!(answer.status, 500, "{request:?}");
            assert!(!answer.text().contains(OUTSIDE), "{request:?}");
            assert!(!answer.text().contains("secret_key"), "{request:?}");
            if answer.closes() {
                connection = server.connect();
            }
            tried += 1;
        }
        let form = Form::new(&[("key", name)], "hello").sign_v4(&signer, any);
        let answer = form.post(&mut server.connect(), &signer.host, "bkt");
        assert!(matches!(answer.status, 204 | 400), "{name:?}: {}", answer.text());
        assert!(outside_of_bkt(&server) == before, "{name:?} reached out of the bucket");
    }
    println!("{tried} requests by every door, none led out");
}

/// What the server keeps of an object beside its content, as anybody can ask for it.
fn known(server: &TestServer, key: &str) -> Vec<(String, String)> {
    let changing = ["date", "last-modified", "x-amz-request-id", "x-amz-id-2"];
    let mut known = Vec::new();
    for (method, query) in
        [("HEAD", ""), ("GET", "?acl"), ("GET", "?tagging"), ("GET", "?retention")]
    {
        let answer = server.call(Request::new(method, &format!("/bkt/{key}{query}")));
        let is_kept = |name: &str| !changing.contains(&name.to_ascii_lowercase().as_str());
        known.extend(answer.headers.into_iter().filter(|(name, _)| is_kept(name)));
        known.push((query.to_owned(), answer.status.to_string()));
        if answer.status == 200 {
            known.push((query.to_owned(), String::from_utf8_lossy(&answer.body).into_owned()));
        }
    }
    known
}

/// Each field of an object's attribute that no client gives, under every name that a peer, AWS or
/// our own files have for it (a peer took its replication's headers from anybody).
#[test]
fn class_j_no_header_of_a_client_becomes_a_field_of_the_servers_own() {
    let server = server();
    let fields = [
        ("etag", "\"00000000000000000000000000000000\""),
        ("x-amz-version-id", "forged"),
        ("x-amz-delete-marker", "true"),
        ("x-amz-checksum-type", "COMPOSITE"),
        ("x-amz-mp-parts-count", "7"),
        ("x-amz-replication-status", "REPLICA"),
        ("x-amz-restore", "ongoing-request=\"true\""),
        ("x-amz-expiration", "rule-id=\"forged\""),
        ("x-amz-missing-meta", "7"),
        ("x-amz-tagging-count", "7"),
        ("x-amz-owner", "other1"),
        ("x-amz-object-size", "7"),
        ("x-amz-archive-status", "ARCHIVE_ACCESS"),
        ("x-amz-request-charged", "requester"),
        ("x-minio-internal-actual-size", "7"),
        ("x-minio-replication-etag", "forged"),
        ("x-minio-replication-ssec-checksum", "forged"),
        ("x-rgw-object-type", "Appendable"),
        ("x-glassbucket-etag", "forged"),
        ("user.glassbucket", "forged"),
        ("last-modified", "Mon, 01 Jan 2001 00:00:00 GMT"),
        ("content-range", "bytes 0-1/2"),
        ("accept-ranges", "none"),
        ("server", "forged"),
        ("age", "7"),
        ("location", "https://elsewhere.example/"),
        ("set-cookie", "a=b"),
        ("access-control-allow-origin", "*"),
    ];
    assert_eq!(server.call(Request::object("PUT", "bkt", "plain").body("hello")).status, 200);
    let plain = known(&server, "plain");
    for (name, value) in fields {
        let put = Request::object("PUT", "bkt", "asked").header(name, value).body("hello");
        let answer = server.call(put);
        assert!(matches!(answer.status, 200 | 400 | 501), "{name}: {}", answer.text());
        if answer.status == 200 {
            assert_eq!(known(&server, "asked"), plain, "{name} was kept");
        }
        // Nor where metadata of that name is what the client may give.
        let meta = format!("x-amz-meta-{name}");
        let put = Request::object("PUT", "bkt", "named").header(&meta, value).body("hello");
        assert_eq!(server.call(put).status, 200, "{meta}");
        let mut kept = known(&server, "named");
        kept.retain(|(name, _)| *name != meta);
        assert_eq!(kept, plain, "{meta} is more than metadata");
    }
}

/// A line break in anything that comes back as a header would be a header of the client's own.
#[test]
fn class_j_no_line_break_comes_back_in_a_header() {
    let server = server();
    let (signer, evil) = (server.signer(OWN), "a\r\nset-cookie: b");
    let in_xml = "a&#13;&#10;set-cookie: b";
    let rule = |origin: &str, header: &str, expose: &str| {
        format!(
            "<CORSConfiguration><CORSRule><AllowedOrigin>{origin}</AllowedOrigin>\
             <AllowedMethod>GET</AllowedMethod><AllowedHeader>{header}</AllowedHeader>\
             <ExposeHeader>{expose}</ExposeHeader></CORSRule></CORSConfiguration>"
        )
    };
    let documents = [
        ("cors", rule(in_xml, "*", "etag")),
        ("cors", rule("*", in_xml, "etag")),
        ("cors", rule("*", "*", in_xml)),
    ];
    for (query, body) in documents {
        let request = Request::new("PUT", &format!("/bkt?{query}"));
        let request = request.header("content-md5", &content_md5(body.as_bytes())).body(body);
        let answer = server.call(request);
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
    let mut answers: Vec<Answer> = Vec::new();
    for name in ["content-type", "content-disposition", "cache-control", "expires"] {
        let target = format!("/bkt/k?response-{name}={}", encode(evil, ""));
        answers.push(server.call(Request::new("GET", &target)));
    }
    let any = "{\"bucket\": \"bkt\"}, [\"starts-with\", \"$key\", \"\"]";
    for name in ["content-type", "x-amz-meta-a", "success_action_redirect", "cache-control"] {
        let form = Form::new(&[("key", "form"), (name, evil)], "hello");
        let form = form.sign_v4(&signer, &format!("{any}, [\"starts-with\", \"${name}\", \"\"]"));
        answers.push(form.post(&mut server.connect(), &signer.host, "bkt"));
    }
    let copy =
        Request::new("PUT", "/bkt/k2").header("x-amz-copy-source", "/bkt/a%0d%0aset-cookie:b");
    answers.push(server.call(copy));
    let key =
        Form::new(&[("key", "k\r\nset-cookie: b"), ("success_action_status", "201")], "hello");
    let key =
        key.sign_v4(&signer, &format!("{any}, [\"eq\", \"$success_action_status\", \"201\"]"));
    answers.push(key.post(&mut server.connect(), &signer.host, "bkt"));
    answers.push(server.call(Request::object("GET", "bkt", "k\r\nset-cookie: b")));
    answers.push(server.call(Request::object("HEAD", "bkt", "form")));
    for answer in answers {
        let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("set-cookie")), "{answer:?}");
    }
}

/// There is no page on the data's origin, and what an answer repeats of a request is no page.
#[test]
fn class_o_no_answer_of_the_servers_own_is_a_page() {
    let server = server();
    for path in [
        "/",
        "/index.html",
        "/login",
        "/console",
        "/ui/",
        "/minio/",
        "/browser",
        "/favicon.ico",
        "/bkt/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/%3Cscript%3E/k",
        "/bkt?%3Cscript%3E",
        "/bkt?prefix=%3Cscript%3E",
        "/bkt/k?response-content-type=text%2Fhtml",
    ] {
        let request = Request::new("GET", path).header("accept", "text/html");
        for answer in [as_nobody(&server, &request), as_other(&server, &request)] {
            let kind = answer.header("Content-Type").unwrap_or_default();
            assert_eq!(kind, "application/xml", "{path}: {}", answer.text());
            assert!(answer.status >= 400 || path == "/", "{path}");
            assert!(!answer.text().contains("<script>"), "{path}: {}", answer.text());
        }
    }
}

/// Headers by which a proxy says what it saw; nobody has configured one.
const PROXY_HEADERS: [(&str, &str); 9] = [
    ("x-forwarded-for", "203.0.113.7"),
    ("x-real-ip", "203.0.113.7"),
    ("true-client-ip", "203.0.113.7"),
    ("cf-connecting-ip", "203.0.113.7"),
    ("forwarded", "for=203.0.113.7;proto=https;host=bkt.evil.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-ssl", "on"),
    ("x-forwarded-host", "bkt.evil.example"),
    ("x-forwarded-port", "443"),
];

fn with_all(request: Request) -> Request {
    PROXY_HEADERS.iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[test]
fn class_p_a_proxys_headers_satisfy_no_condition() {
    let server = server();
    let get = || Request::object("GET", "bkt", "k");
    for condition in [
        r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
        r#"{"Bool": {"aws:SecureTransport": "true"}}"#,
    ] {
        let more = format!(r#", "Condition": {condition}"#);
        put_policy(&server, statement("Allow", "*", "s3:GetObject", &more));
        for (name, value) in PROXY_HEADERS {
            assert_denied(&as_other(&server, &get().header(name, value)));
        }
        assert_denied(&as_other(&server, &with_all(get())));
    }
    for condition in [
        r#"{"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}"#,
        r#"{"Bool": {"aws:SecureTransport": "false"}}"#,
    ] {
        let more = format!(r#", "Condition": {condition}"#);
        put_policy(&server, statement("Deny", "*", "s3:GetObject", &more));
        assert_denied(&as_other(&server, &with_all(get())));
    }
}

#[test]
fn class_p_a_proxys_headers_name_no_host_and_no_bucket() {
    let server = TestServer::with(|config| config.domains = vec!["evil.example".to_owned()]);
    server.make_bucket("bkt");
    assert_eq!(server.call(Request::object("PUT", "bkt", "k").body("hello")).status, 200);
    let list = server.call(with_all(Request::new("GET", "/")));
    assert!(list.text().contains("<ListAllMyBucketsResult"), "a bucket was taken from a header");
    let made = server.call(with_all(Request::new("PUT", "/fresh")));
    assert_eq!((made.status, made.header("Location")), (200, Some("/fresh")));
    let any = "{\"bucket\": \"bkt\"}, [\"starts-with\", \"$key\", \"\"]";
    let signer = server.signer(OWN);
    let form = Form::new(&[("key", "form")], "hello").sign_v4(&signer, any).body();
    let kind = format!("multipart/form-data; boundary={}", common::form::BOUNDARY);
    let post = Request::new("POST", "/bkt").header("content-type", &kind).body(form);
    let posted = as_nobody(&server, &with_all(post));
    assert_eq!(posted.status, 204, "{}", posted.text());
    for answer in [list, made, posted] {
        assert!(!format!("{answer:?}").contains("evil.example"), "{answer:?}");
    }
}
