//! Where requests point, and security classes D and E: one key corpus through each door.

use super::*;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

fn at(target: &str, host: &str, domains: &[&str]) -> Result<Address> {
    let raw = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (head, _) = RequestHead::parse(raw.as_bytes()).unwrap().unwrap();
    let domains: Vec<String> = domains.iter().map(|&domain| domain.to_owned()).collect();
    address(&head, &domains)
}

fn points(bucket: Option<&str>, key: Option<&[u8]>, from_host: bool) -> Address {
    Address { bucket: bucket.map(str::to_owned), key: key.map(<[u8]>::to_vec), from_host }
}

#[test]
fn path_style_addresses() {
    for (target, bucket, key) in [
        ("/", None, None),
        ("/bkt", Some("bkt"), None),
        ("/bkt/", Some("bkt"), None),
        ("/bkt//", Some("bkt"), Some("/")),
        ("/bkt//a", Some("bkt"), Some("/a")),
        ("/bkt/a//b/", Some("bkt"), Some("a//b/")),
        ("/bkt/../etc", Some("bkt"), Some("../etc")),
        ("/bkt/a%2Fb%20c%2520", Some("bkt"), Some("a/b c%20")),
        ("/bkt/a+b@~", Some("bkt"), Some("a+b@~")),
        ("/bkt/%00", Some("bkt"), Some("\0")),
        ("/bkt%2Fa", Some("bkt/a"), None),
        ("//a", Some(""), Some("a")),
    ] {
        let address = at(target, "localhost:9100", &[]).unwrap();
        assert_eq!(address, points(bucket, key.map(str::as_bytes), false), "{target}");
    }
}

#[test]
fn bad_escapes_are_invalid_uri() {
    for target in ["/bkt/%", "/bkt/%2", "/bkt/%zz", "/%", "/%ff"] {
        assert_eq!(at(target, "h", &[]).unwrap_err().code, ErrorCode::InvalidURI, "{target}");
    }
    assert_eq!(refusal("GET /bkt/%ff"), ErrorCode::InvalidURI);
    assert_eq!(refusal("GET /bkt%2Fa"), ErrorCode::InvalidBucketName);
    assert_eq!(refusal("GET //a"), ErrorCode::InvalidBucketName);
}

#[test]
fn virtual_host_style_addresses() {
    let domains = ["example.com", "S3.Example.com"];
    for (host, bucket) in [
        ("bkt.example.com", Some("bkt")),
        ("bkt.example.com:9100", Some("bkt")),
        ("BKT.S3.example.com", Some("bkt")),
        ("a.b.example.com", Some("a.b")),
        ("example.com", None),
        ("s3.example.com:443", None),
        ("bktexample.com", None),
        (".example.com", None),
        ("other.org", None),
        ("127.0.0.1", None),
        ("[::1]:9100", None),
        ("[::1]", None),
    ] {
        let expected = match bucket {
            Some(bucket) => points(Some(bucket), Some(b"x/y"), true),
            None => points(Some("x"), Some(b"y"), false),
        };
        assert_eq!(at("/x/y", host, &domains).unwrap(), expected, "{host}");
    }
    let bucket = at("/?acl", "bkt.example.com", &domains).unwrap();
    assert_eq!(bucket, points(Some("bkt"), None, true));
}

/// Names that break servers which decode twice, clean paths, or split in the wrong place.
fn nasty_keys() -> Vec<String> {
    let mut keys: Vec<String> = [
        "a b",
        "a+b",
        "%2F",
        "%252F",
        "%2e%2e%2f",
        "a?versionId=x",
        "?x=y",
        "a&b=c",
        "\"'<>",
        "😀/é",
        "..",
        "../../etc/passwd",
        "./a",
        "//",
        "/a",
        "a/",
        "a//b",
        "\u{1}\r\n\t",
        "\0",
        "\\..\\a",
        "#",
        "~@*():",
        "C:\\x",
    ]
    .map(str::to_owned)
    .to_vec();
    keys.push("k".repeat(1024));
    keys
}

fn encodings(key: &str) -> [String; 2] {
    let all = percent_encode(key.as_bytes(), NON_ALPHANUMERIC).to_string();
    [all.replace("%2F", "/"), all]
}

#[test]
fn class_d_keys_of_a_path_decode_exactly_once() {
    for key in nasty_keys() {
        for encoded in encodings(&key) {
            match ask(&format!("GET /bkt/{encoded}")).unwrap() {
                Operation::GetObject(input) => assert_eq!(input.object.key.as_str(), key),
                other => panic!("{other:?}"),
            }
        }
    }
    let long = format!("GET /bkt/{}", "k".repeat(1025));
    assert_eq!(refusal(&long), ErrorCode::KeyTooLongError);
}

#[test]
fn class_d_keys_of_a_copy_source_decode_exactly_once() {
    for key in nasty_keys() {
        let [path, all] = encodings(&key);
        let sources =
            [format!("/bkt/{path}"), format!("bkt/{all}"), format!("bkt%2F{all}?versionId=null")];
        for source in sources {
            match ask(&format!("PUT /bkt/k\nx-amz-copy-source: {source}")).unwrap() {
                Operation::CopyObject(input) => {
                    assert_eq!(input.source.bucket.as_str(), "bkt");
                    assert_eq!(input.source.key.as_str(), key, "{source}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn copy_sources_that_name_no_object_are_refused() {
    for (source, code) in [
        ("bkt", ErrorCode::InvalidArgument),
        ("/bkt/", ErrorCode::InvalidArgument),
        ("/", ErrorCode::InvalidArgument),
        ("bkt/%", ErrorCode::InvalidArgument),
        ("bkt/%ff", ErrorCode::InvalidArgument),
        ("B_/k", ErrorCode::InvalidBucketName),
        ("//k", ErrorCode::InvalidBucketName),
        ("bkt/k?versionId=foo", ErrorCode::InvalidArgument),
        ("bkt/k?versionId=", ErrorCode::InvalidArgument),
        ("bkt/k?versionId=3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH", ErrorCode::NoSuchVersion),
    ] {
        let request = format!("PUT /bkt/k\nx-amz-copy-source: {source}");
        assert_eq!(refusal(&request), code, "{source}");
    }
}
