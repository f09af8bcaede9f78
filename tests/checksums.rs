//! Checksums over a socket: each algorithm by header, trailer and part, COMPOSITE and FULL_OBJECT.
//! What is kept is asked for again after a restart.

mod common;

use base64::prelude::{BASE64_STANDARD, Engine};
use common::client::{Answer, Request, assert_refused};
use common::upload::{ALL, Upload, attributes, begin, header, pieces};
use common::xml::{text, texts};
use common::{OWN, TestServer};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// `Checksum…` and `x-amz-checksum-…` of "123456789": the check values of the CRC catalogue.
const NINE: [(&str, &str); 5] = [
    ("CRC32", "y/Q5Jg=="),
    ("CRC32C", "4waSgw=="),
    ("CRC64NVME", "rosUhgp5mIg="),
    ("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
    ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
];

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server
}

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

/// HEAD with the checksum asked for: its value and type.
fn head(server: &TestServer, key: &str, algorithm: &str) -> (Option<String>, Option<String>) {
    let answer = server.call(object("HEAD", key).header("x-amz-checksum-mode", "ENABLED"));
    let value = |name: &str| answer.header(name).map(str::to_owned);
    (value(&header(algorithm)), value("x-amz-checksum-type"))
}

/// What [`head`] answers of such a checksum.
fn shown(value: &str, of: &str) -> (Option<String>, Option<String>) {
    (Some(value.to_owned()), Some(of.to_owned()))
}

#[test]
fn put_object_keeps_each_checksum() {
    let mut server = server();
    for (algorithm, value) in NINE {
        let name = header(algorithm);
        let put = object("PUT", algorithm).header(&name, value).body("123456789");
        let answer = server.call(put);
        assert_eq!(answer.header(&name), Some(value), "{}", answer.text());
        assert_eq!(answer.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
        assert_eq!(server.call(object("HEAD", algorithm)).header(&name), None);
        let wrong = object("PUT", algorithm).header(&name, value).body("987654321");
        assert_refused(&server.call(wrong), 400, "BadDigest");
        let short = object("PUT", algorithm).header(&name, "bad").body("123456789");
        assert_refused(&server.call(short), 400, "BadDigest");
    }
    server = server.restart(|_| {});
    for (algorithm, value) in NINE {
        assert_eq!(head(&server, algorithm, algorithm), shown(value, "FULL_OBJECT"));
        assert_eq!(server.call(object("GET", algorithm)).text(), "123456789");
    }
}

/// A PUT as AWS's SDKs send it over TLS: unsigned chunks, and the checksum behind them.
fn put_with_trailer(server: &TestServer, key: &str, name: &str, value: &str) -> Answer {
    let put = object("PUT", key)
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", "9")
        .header("x-amz-trailer", name)
        .body(format!("9\r\n123456789\r\n0\r\n{name}:{value}\r\n\r\n"));
    let payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    server.connect().call_with_payload(&server.signer(OWN), payload, &put)
}

#[test]
fn put_object_takes_each_checksum_as_a_trailer() {
    let server = server();
    for (algorithm, value) in NINE {
        let name = header(algorithm);
        let answer = put_with_trailer(&server, algorithm, &name, value);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(head(&server, algorithm, algorithm), shown(value, "FULL_OBJECT"));
        let wrong = BASE64_STANDARD.encode(vec![0; BASE64_STANDARD.decode(value).unwrap().len()]);
        for bad in [wrong.as_str(), "bad"] {
            assert_refused(&put_with_trailer(&server, "none", &name, bad), 400, "BadDigest");
        }
    }
    assert_eq!(server.call(object("HEAD", "none")).status, 404);
}

#[test]
fn complete_multipart_upload_combines_full_object_checksums() {
    let mut server = server();
    let (pieces, whole) = pieces();
    let mut wanted = Vec::new();
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME"] {
        let name = header(algorithm);
        let put = object("PUT", "whole").header("x-amz-checksum-algorithm", algorithm);
        let value = server.call(put.body(whole.clone())).header(&name).unwrap().to_owned();
        let mut upload = Upload::begin(&server, algorithm, algorithm, "FULL_OBJECT");
        (1..).zip(&pieces).for_each(|(number, piece)| upload.part(number, piece.clone()));
        let wrong = upload.parts[0].2.clone();
        assert_refused(&upload.complete(&[(&name, &wrong)]), 400, "BadDigest");
        let answer = upload.complete(&[(&name, &value), ("x-amz-checksum-type", "FULL_OBJECT")]);
        let element = format!("Checksum{algorithm}");
        assert_eq!(text(&answer.text(), &element), Some(value.clone()), "{}", answer.text());
        assert_eq!(text(&answer.text(), "ChecksumType").as_deref(), Some("FULL_OBJECT"));
        let checksums: Vec<String> = upload.parts.iter().map(|part| part.2.clone()).collect();
        wanted.push((algorithm, value, checksums));
    }
    server = server.restart(|_| {});
    for (algorithm, value, checksums) in wanted {
        assert_eq!(head(&server, algorithm, algorithm), shown(&value, "FULL_OBJECT"));
        let document = attributes(&server, algorithm, &[ALL]).text();
        let element = format!("Checksum{algorithm}");
        assert_eq!(texts(&document, "Checksum", &element), [value]);
        assert_eq!(texts(&document, "Part", &element), checksums);
    }
}

#[test]
fn complete_multipart_upload_makes_checksums_of_checksums() {
    let mut server = server();
    let (pieces, _) = pieces();
    let sha1: Vec<u8> = pieces.iter().flat_map(Sha1::digest).collect();
    let sha256: Vec<u8> = pieces.iter().flat_map(Sha256::digest).collect();
    let wanted = [
        ("SHA1", BASE64_STANDARD.encode(Sha1::digest(sha1))),
        ("SHA256", BASE64_STANDARD.encode(Sha256::digest(sha256))),
    ];
    for (algorithm, value) in &wanted {
        let mut upload = Upload::begin(&server, algorithm, algorithm, "COMPOSITE");
        (1..).zip(&pieces).for_each(|(number, piece)| upload.part(number, piece.clone()));
        let (name, marked) = (header(algorithm), format!("{value}-3"));
        let answer = upload.complete(&[(&name, &marked), ("x-amz-checksum-type", "COMPOSITE")]);
        let element = format!("Checksum{algorithm}");
        assert_eq!(text(&answer.text(), &element), Some(marked), "{}", answer.text());
    }
    server = server.restart(|_| {});
    for (algorithm, value) in &wanted {
        let marked = format!("{value}-3");
        assert_eq!(head(&server, algorithm, algorithm), shown(&marked, "COMPOSITE"));
        let document = attributes(&server, algorithm, &[ALL]).text();
        // As on AWS without the number of parts.
        assert_eq!(
            texts(&document, "Checksum", &format!("Checksum{algorithm}")),
            std::slice::from_ref(value)
        );
        assert_eq!(texts(&document, "Checksum", "ChecksumType"), ["COMPOSITE"]);
    }
}

#[test]
fn create_multipart_upload_refuses_what_cannot_be() {
    let server = server();
    let (algorithm, of) = ("x-amz-checksum-algorithm", "x-amz-checksum-type");
    for (headers, message) in [
        (&[(algorithm, "MD9")][..], "Checksum algorithm provided is unsupported."),
        (&[(of, "COMPOSITE")], "The x-amz-checksum-type header can only be used with the"),
        (&[(algorithm, "CRC32"), (of, "HALF")], "Value for x-amz-checksum-type header is invalid."),
        (
            &[(algorithm, "SHA256"), (of, "FULL_OBJECT")],
            "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
        ),
        (
            &[(algorithm, "CRC64NVME"), (of, "COMPOSITE")],
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ),
    ] {
        let answer = begin(&server, "k", headers);
        assert_refused(&answer, 400, "InvalidRequest");
        assert!(answer.text().contains(message), "{}", answer.text());
    }
    assert_eq!(
        texts(&server.call(Request::new("GET", "/bkt?uploads")).text(), "Upload", "Key"),
        [""; 0]
    );
}

#[test]
fn uploads_tell_their_checksums() {
    let server = server();
    let mut upload = Upload::begin(&server, "k", "CRC32C", "FULL_OBJECT");
    upload.part(1, b"123456789".to_vec());
    let uploads = server.call(Request::new("GET", "/bkt?uploads")).text();
    let parts = server.call(Request::new("GET", &upload.target)).text();
    assert_eq!(texts(&uploads, "Upload", "ChecksumAlgorithm"), ["CRC32C"]);
    assert_eq!(texts(&uploads, "Upload", "ChecksumType"), ["FULL_OBJECT"]);
    assert_eq!(text(&parts, "ChecksumAlgorithm").as_deref(), Some("CRC32C"));
    assert_eq!(text(&parts, "ChecksumType").as_deref(), Some("FULL_OBJECT"));
    assert_eq!(texts(&parts, "Part", "ChecksumCRC32C"), ["4waSgw=="]);
}

#[test]
fn listings_tell_which_checksums_there_are() {
    let server = server();
    let mut upload = Upload::begin(&server, "composite", "SHA256", "COMPOSITE");
    upload.part(1, b"123456789".to_vec());
    assert_eq!(upload.complete(&[]).status, 200);
    assert_eq!(server.call(object("PUT", "none").body("x")).status, 200);
    let whole = object("PUT", "whole").header("x-amz-checksum-crc32", NINE[0].1);
    assert_eq!(server.call(whole.body("123456789")).status, 200);
    for (query, entry) in [("", "Contents"), ("?list-type=2", "Contents"), ("?versions", "Version")]
    {
        let listed = server.call(Request::new("GET", &format!("/bkt{query}"))).text();
        assert_eq!(texts(&listed, entry, "ChecksumAlgorithm"), ["SHA256", "CRC32"]);
        assert_eq!(texts(&listed, entry, "ChecksumType"), ["COMPOSITE", "FULL_OBJECT"]);
    }
}

#[test]
fn upload_part_has_the_checksum_of_its_upload() {
    let server = server();
    for (wanted, _) in NINE {
        let of = if wanted == "CRC64NVME" { "FULL_OBJECT" } else { "COMPOSITE" };
        let upload = Upload::begin(&server, "k", wanted, of);
        let target = format!("{}&partNumber=1", upload.target);
        for (algorithm, value) in NINE {
            let name = header(algorithm);
            let put = |body: &str| {
                server.call(Request::new("PUT", &target).header(&name, value).body(body))
            };
            if algorithm == wanted {
                assert_eq!(put("123456789").header(&name), Some(value));
                assert_refused(&put("987654321"), 400, "BadDigest");
                continue;
            }
            let answer = put("123456789");
            assert_refused(&answer, 400, "InvalidRequest");
            let [wanted, algorithm] = [wanted, algorithm].map(str::to_lowercase);
            let types = format!("Type: {wanted}, actual checksum Type: {algorithm}</Message>");
            assert!(answer.text().contains(&types), "{}", answer.text());
        }
        let listed = server.call(Request::new("GET", &upload.target)).text();
        let value = NINE.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let kept = texts(&listed, "Part", &format!("Checksum{wanted}"));
        assert_eq!(kept, value.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn complete_multipart_upload_refuses_what_differs() {
    let server = server();
    let mut upload = Upload::begin(&server, "k", "CRC32", "COMPOSITE");
    upload.part(1, b"123456789".to_vec());
    let refused = upload.complete(&[("x-amz-checksum-type", "FULL_OBJECT")]);
    assert_refused(&refused, 400, "InvalidRequest");
    assert!(refused.text().contains("was created using the COMPOSITE checksum mode."));
    let size = "x-amz-mp-object-size";
    for (value, message) in [
        ("8", "header value 8 does not match what was computed: 9</Message>"),
        ("-1", "header is less than zero: '-1'</Message>"),
        ("x", "header is invalid: 'x'</Message>"),
    ] {
        let refused = upload.complete(&[(size, value)]);
        assert_refused(&refused, 400, "InvalidRequest");
        assert!(refused.text().contains(message), "{}", refused.text());
    }
    let other = upload.complete(&[("x-amz-checksum-crc64nvme", "rosUhgp5mIg=")]);
    assert_refused(&other, 400, "BadDigest");
    let right = std::mem::replace(&mut upload.parts[0].2, "AAAAAA==".to_owned());
    assert_refused(&upload.complete(&[]), 400, "InvalidPart");
    upload.parts[0].2 = NINE[3].1.to_owned();
    let foreign = upload.complete_with("SHA1", &[]);
    assert_refused(&foreign, 400, "BadDigest");
    assert!(foreign.text().contains("The sha1 you specified for part 1 did not match"));
    assert_eq!(server.call(object("HEAD", "k")).status, 404);
    upload.parts[0].2 = right;
    assert_eq!(upload.complete(&[(size, "9")]).status, 200);
}

#[test]
fn complete_multipart_upload_of_checksums_wants_parts_1_to_k() {
    let server = server();
    for (of, status) in [("COMPOSITE", 400), ("FULL_OBJECT", 200)] {
        let mut upload = Upload::begin(&server, "k", "CRC32", of);
        upload.part(2, b"123456789".to_vec());
        assert_eq!(upload.complete(&[]).status, status, "{of}");
    }
}

#[test]
fn copies_keep_or_replace_checksums() {
    let server = server();
    let mut upload = Upload::begin(&server, "k", "CRC32", "COMPOSITE");
    upload.part(1, b"123456789".to_vec());
    assert_eq!(upload.complete(&[]).status, 200);
    let (kept, _) = head(&server, "k", "CRC32");
    let copy = |to: &str| object("PUT", to).header("x-amz-copy-source", "/bkt/k");
    assert_eq!(server.call(copy("same")).status, 200);
    assert_eq!(head(&server, "same", "CRC32"), (kept, Some("COMPOSITE".to_owned())));
    let other = copy("other").header("x-amz-checksum-algorithm", "SHA1");
    assert_eq!(server.call(other).status, 200);
    assert_eq!(head(&server, "other", "SHA1"), shown(NINE[3].1, "FULL_OBJECT"));
    let mut upload = Upload::begin(&server, "joined", "CRC32C", "FULL_OBJECT");
    let part = Request::new("PUT", &format!("{}&partNumber=1", upload.target));
    let part = part.header("x-amz-copy-source", "/bkt/k");
    let document = server.call(part.header("x-amz-copy-source-range", "bytes=0-8")).text();
    let value = text(&document, "ChecksumCRC32C").expect("a checksum");
    upload.parts.push((1, text(&document, "ETag").expect("a tag"), value));
    assert_eq!(upload.complete(&[]).status, 200);
    assert_eq!(head(&server, "joined", "CRC32C"), shown(NINE[1].1, "FULL_OBJECT"));
}
