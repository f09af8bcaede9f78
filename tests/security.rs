//! The published ways in which servers like this were broken, tried over a socket: each test is
//! named by its class's letter in README's list, "Security classes", which also says where the
//! classes are held that need no socket.
//!
//! "Refused" means: the right status and code, nothing written, nothing disclosed.

mod common;

use common::client::{Answer, Request, Signer, raw_head, sha256};
use common::refusals::snapshot;
use common::{OTHER, OWN, TestServer};
use glassbucket::auth::chunk::Chain;
use glassbucket::auth::sigv4::{Scope, SigningKey, Unsigned};
use glassbucket::auth::{Secret, sigv2};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

const SECRET_CONTENT: &[u8] = b"what nobody else may read";

/// A server with one private object `bkt/private`.
fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    put(&server, "private", SECRET_CONTENT);
    server
}

fn put(server: &TestServer, key: &str, body: &[u8]) {
    let answer = server.call(Request::object("PUT", "bkt", key).body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn exists(server: &TestServer, key: &str) -> bool {
    server.call(Request::object("HEAD", "bkt", key)).status == 200
}

/// A signed head with one more header that the signature does not cover.
fn with_unsigned(head: &[u8], name: &str, value: &str) -> Vec<u8> {
    let end = head.len() - 2;
    [&head[..end], format!("{name}: {value}\r\n\r\n").as_bytes()].concat()
}

/// Headers that change what a request does, with a value that would.
const AMZ_HEADERS: [(&str, &str); 14] = [
    ("x-amz-copy-source", "/bkt/private"),
    ("x-amz-copy-source-range", "bytes=0-1"),
    ("x-amz-acl", "public-read"),
    ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""),
    ("x-amz-tagging", "a=b"),
    ("x-amz-meta-injected", "yes"),
    ("x-amz-storage-class", "STANDARD_IA"),
    ("x-amz-website-redirect-location", "/elsewhere"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-object-lock-mode", "COMPLIANCE"),
    ("x-amz-metadata-directive", "REPLACE"),
    ("x-amz-checksum-crc32", "AAAAAA=="),
    ("x-amz-bypass-governance-retention", "true"),
    ("X-AMZ-Unheard-Of", "1"),
];

/// Those, and every other one that the sources name: what is read is what can be smuggled.
fn amz_headers() -> BTreeMap<String, String> {
    fn scan(directory: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(directory).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                scan(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            for name in text.split('"').filter(|word| word.starts_with("x-amz-")) {
                let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if name.bytes().all(is_name) && !name.ends_with('-') {
                    found.entry(name.to_owned()).or_insert_with(|| "1".to_owned());
                }
            }
        }
    }
    let mut all = AMZ_HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    scan(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    // Part of the signature itself, and refused for what it is, 400 InvalidToken.
    all.retain(|name, _| {
        !["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"].contains(&name.as_str())
    });
    assert!(all.len() > 60, "{} headers are not all", all.len());
    all
}

/// The four ways in which a PUT of `bkt/target` can be signed: target, and headers.
fn signed_puts(signer: &Signer) -> [(String, Vec<(String, String)>); 4] {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let path = "/bkt/target";
    let host = pair("host", &signer.host);
    let length = pair("content-length", "1");
    let payload = &sha256(b"x");
    let mut v4 = vec![host.clone(), pair("x-amz-date", &signer.now.iso8601_basic())];
    v4.push(pair("x-amz-content-sha256", payload));
    let unsigned = Unsigned { method: "PUT", path, query: "", headers: &v4, payload };
    v4.push(pair("authorization", &signer.authorization(&unsigned)));
    v4.push(length.clone());
    let (date, expires) = (signer.now.http_date(), signer.now.secs() + 600);
    let v2 = pair("authorization", &signer.authorization_v2("PUT", path, &date));
    [
        (path.to_owned(), v4),
        (signer.presigned("PUT", path, 600), vec![host.clone(), length.clone()]),
        (path.to_owned(), vec![host.clone(), pair("date", &date), v2, length.clone()]),
        (signer.presigned_v2("PUT", path, expires), vec![host, length]),
    ]
}

/// Sends head and body on a connection of its own.
fn send(server: &TestServer, method: &str, head: &[u8], body: &[u8]) -> Answer {
    let mut connection = server.connect();
    connection.send(head);
    connection.send(body);
    connection.answer(method)
}

#[test]
fn class_a_unsigned_amz_headers_are_refused() {
    let server = server();
    let puts = signed_puts(&server.signer(OWN));
    let before = snapshot(&server);
    for (name, value) in amz_headers() {
        for (at, (target, headers)) in puts.iter().enumerate() {
            let head = with_unsigned(&raw_head("PUT", target, headers), &name, &value);
            let answer = send(&server, "PUT", &head, b"x");
            let (told, text) = (answer.code(), answer.text());
            if at < 2 {
                assert_eq!((answer.status, told.as_str()), (403, "AccessDenied"), "{name} {at}");
                assert!(text.contains("not signed"), "{text}");
                let listed = format!("<HeadersNotSigned>{}<", name.to_ascii_lowercase());
                assert!(text.contains(&listed), "{text}");
            } else {
                assert_eq!(
                    (answer.status, told.as_str()),
                    (403, "SignatureDoesNotMatch"),
                    "{name}"
                );
            }
        }
    }
    assert!(snapshot(&server) == before, "something was written");
    for (target, headers) in puts {
        let answer = send(&server, "PUT", &raw_head("PUT", &target, &headers), b"x");
        assert_eq!(answer.status, 200, "without it the signature is good: {}", answer.text());
    }
}

#[test]
fn class_a_sub_resources_appended_to_a_presigned_url_are_refused() {
    let server = server();
    let signer = server.signer(OWN);
    let before = snapshot(&server);
    let headers = [("host", signer.host.as_str()), ("content-length", "0")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for sub in sigv2::SUB_RESOURCES {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let path = "/bkt/private";
            let expires = signer.now.secs() + 600;
            let v2 = signer.presigned_v2(method, path, expires);
            for url in [signer.presigned(method, path, 600), v2] {
                for more in [format!("&{sub}"), format!("&{sub}=null")] {
                    let head = raw_head(method, &(url.clone() + &more), &headers);
                    let answer = send(&server, method, &head, b"");
                    assert_eq!(answer.status, 403, "{method} {sub}");
                    assert_eq!(answer.code(), "SignatureDoesNotMatch", "{method} {sub}");
                }
            }
        }
    }
    assert!(snapshot(&server) == before, "something was changed");
}

#[test]
fn class_a_the_host_must_be_signed_and_be_the_one_that_came() {
    let server = server();
    let signer = server.signer(OWN);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let payload = &sha256(b"");
    for (signs_host, host, code) in [
        (true, signer.host.as_str(), ""),
        (false, signer.host.as_str(), "AccessDenied"),
        (true, "elsewhere.example", "SignatureDoesNotMatch"),
    ] {
        let mut headers = vec![pair("x-amz-content-sha256", payload)];
        headers.push(pair("x-amz-date", &signer.now.iso8601_basic()));
        if signs_host {
            headers.push(pair("host", &signer.host));
        }
        let (method, path) = ("GET", "/bkt/private");
        let unsigned = Unsigned { method, path, query: "", headers: &headers, payload };
        let authorization = signer.authorization(&unsigned);
        headers.retain(|(name, _)| name != "host");
        headers.extend([pair("host", host), pair("authorization", &authorization)]);
        let answer = send(&server, method, &raw_head(method, path, &headers), b"");
        assert_eq!(answer.code(), code, "{host}: {}", answer.text());
        assert_eq!(answer.body == SECRET_CONTENT, code.is_empty());
    }
}

/// A signed stream of `decoded` bytes to `bkt/streamed`, its body as `write` makes it.
fn streamed(server: &TestServer, decoded: usize, write: impl Fn(&mut Chain) -> String) -> Answer {
    let signer = server.signer(OWN);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (payload, path) = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "/bkt/streamed");
    let time = signer.now.iso8601_basic();
    let mut headers = vec![pair("host", &signer.host), pair("x-amz-date", &time)];
    headers.push(pair("x-amz-content-sha256", payload));
    headers.push(pair("x-amz-decoded-content-length", &decoded.to_string()));
    let unsigned = Unsigned { method: "PUT", path, query: "", headers: &headers, payload };
    let authorization = signer.authorization(&unsigned);
    let (_, seed) = authorization.rsplit_once("Signature=").expect("a signature");
    let scope = Scope { date: &time[..8], region: "us-east-1" };
    let key = SigningKey::derive(&signer.secret, scope);
    let body = write(&mut Chain::new(key, time.clone(), scope, seed));
    headers.push(pair("content-length", &body.len().to_string()));
    headers.push(pair("authorization", &authorization));
    send(server, "PUT", &raw_head("PUT", path, &headers), body.as_bytes())
}

fn chunk(chain: &mut Chain, data: &str) -> String {
    let signature = chain.sign_chunk(&Sha256::digest(data));
    format!("{:x};chunk-signature={signature}\r\n{data}\r\n", data.len())
}

#[test]
fn class_c_every_chunk_is_signed_and_none_is_short_long_or_missing() {
    type Write = fn(&mut Chain) -> String;
    let server = server();
    let wrong: [(&str, Write); 14] = [
        ("declares more than came", |c| chunk(c, "data").replace("4;", "8;") + &chunk(c, "")),
        ("declares all there is", |c| chunk(c, "data").replace("4;", "ffffffffffffffff;")),
        ("declares 17 digits", |c| chunk(c, "data").replace("4;", "10000000000000004;")),
        ("declares a sign", |c| chunk(c, "data").replace("4;", "+4;") + &chunk(c, "")),
        ("declares 0x", |c| chunk(c, "data").replace("4;", "0x4;") + &chunk(c, "")),
        ("has no last chunk", |c| chunk(c, "data")),
        ("has a last chunk without signature", |c| chunk(c, "data") + "0\r\n\r\n"),
        ("has only the last chunk", |c| chunk(c, "")),
        ("is short", |c| chunk(c, "dat") + &chunk(c, "")),
        ("is long", |c| chunk(c, "data!") + &chunk(c, "")),
        ("goes on after the last chunk", |c| chunk(c, "data") + &chunk(c, "") + "x"),
        ("has a chunk after the last", |c| chunk(c, "") + &chunk(c, "data") + &chunk(c, "")),
        ("has a chunk that nobody signed", |c| "2\r\nda\r\n".to_owned() + &chunk(c, "ta")),
        ("has its chunks in another order", |c| {
            let (first, second, last) = (chunk(c, "ta"), chunk(c, "da"), chunk(c, ""));
            second + &first + &last
        }),
    ];
    for (what, write) in wrong {
        let answer = streamed(&server, 4, write);
        assert!(matches!(answer.status, 400 | 403), "{what}: {}", answer.status);
        assert!(!exists(&server, "streamed"), "{what}");
    }
    for decoded in [3, 5] {
        let answer = streamed(&server, decoded, |c| chunk(c, "data") + &chunk(c, ""));
        assert_eq!((answer.status, answer.code().as_str()), (400, "IncompleteBody"), "{decoded}");
        assert!(!exists(&server, "streamed"));
    }
    let good = streamed(&server, 4, |c| chunk(c, "da") + &chunk(c, "ta") + &chunk(c, ""));
    assert_eq!(good.status, 200, "{}", good.text());
}

#[test]
fn class_h_the_source_of_a_copy_is_authorised() {
    let server = server();
    let other = server.signer(OTHER);
    let mut connection = server.connect();
    assert_eq!(connection.call(&other, &Request::new("PUT", "/other")).status, 200);
    let copy =
        Request::object("PUT", "other", "stolen").header("x-amz-copy-source", "/bkt/private");
    let answer = connection.call(&other, &copy);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));

    let create = Request::new("POST", "/other/stolen?uploads");
    let upload = connection.call(&other, &create);
    let id = common::xml::text(&upload.text(), "UploadId").expect("an upload id");
    let part = Request::new("PUT", &format!("/other/stolen?partNumber=1&uploadId={id}"))
        .header("x-amz-copy-source", "/bkt/private");
    let answer = connection.call(&other, &part);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));

    let into = Request::object("PUT", "bkt", "planted").header("x-amz-copy-source", "/other/x");
    let answer = connection.call(&other, &into);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));
    assert!(!exists(&server, "planted"));
}

#[test]
fn class_i_unknown_keys_and_empty_secrets_are_refused() {
    let server = server();
    for (access_key, secret) in [("nobody", ""), ("nobody", "x"), (OWN.0, "")] {
        let signer = Signer {
            access_key: access_key.to_owned(),
            secret: Secret::new(secret.to_owned()),
            ..server.signer(OWN)
        };
        let answer = server.connect().call(&signer, &Request::object("GET", "bkt", "private"));
        assert_eq!(answer.status, 403, "{access_key}");
        assert!(!answer.text().contains(OWN.1), "the secret stands in the answer");
    }
}

#[test]
fn class_o_response_headers_of_an_anonymous_get_are_refused() {
    let server = common::sharing::open();
    common::sharing::put_acl(&server, "/bkt/k?acl", "public-read");
    let get = |query: &str| {
        common::sharing::as_nobody(&server, &Request::new("GET", &format!("/bkt/k{query}")))
    };
    assert_eq!(get("").status, 200);
    let answer = get("?response-content-type=text/html");
    assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidRequest"));
}
