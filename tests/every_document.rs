//! Every document that an operation reads, bad in every way that documents share, over a socket:
//! each is refused, and what was stored before stays.

mod common;

use common::OWN;
use common::client::Request;
use common::operations::{At, Body, Op, Who, operations};
use common::refusals::{Refusals, server};
use glassbucket::limits::{XML_BYTES_MAX, XML_DEPTH_MAX};

/// The operations that read a document, and the document.
fn with_documents() -> impl Iterator<Item = (Op, &'static str)> {
    let good = |op: &Op| match op.body {
        Body::Document(text) if op.is_there() => Some(text),
        _ => None,
    };
    operations().into_iter().filter_map(move |op| good(&op).map(|text| (op, text)))
}

/// What an operation says of a document that is none of its own.
fn malformed(op: &Op) -> &'static str {
    match op.query {
        "acl" => "MalformedACLError",
        "policy" => "MalformedPolicy",
        _ => "MalformedXML",
    }
}

#[test]
fn every_document_must_be_well_formed_and_of_its_own_kind() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let mut refusals = Refusals::of(&server);
    for (op, good) in with_documents() {
        let root = good.trim_start_matches('<').split(['>', ' ']).next().unwrap_or("");
        let deep = |depth: usize| format!("<{root}>{}", "<a>".repeat(depth));
        let bad = [
            good[..good.len() - 1].to_owned(),
            good[..good.len() / 2].to_owned(),
            format!("{good}<More/>"),
            format!("{good}{good}"),
            good.replace(root, "Other"),
            format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{good}"),
            deep(XML_DEPTH_MAX + 1),
            deep(100_000),
            "\u{0}".to_owned(),
            "hello".to_owned(),
            "{\"a\": [".to_owned() + &"[".repeat(100_000),
        ];
        for (number, bad) in bad.iter().enumerate() {
            let request = op.with_document(op.request(&server, Who::Own, at), bad);
            let answer = op.send(&server, Who::Own, &request);
            refusals.expect(&op, &format!("document {number}"), &answer, 400, malformed(&op));
        }
    }
    refusals.end();
}

#[test]
fn every_document_is_what_its_sender_claims_it_is() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let mut refusals = Refusals::of(&server);
    for (op, _) in with_documents() {
        let mut request = op.request(&server, Who::Own, at);
        request.headers.retain(|(name, _)| name != "content-md5");
        for (name, value, code) in [
            ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
            ("content-md5", "AAAA", "InvalidDigest"),
            ("content-md5", "!", "InvalidDigest"),
            ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
            ("x-amz-checksum-sha256", "AAAA", "BadDigest"),
            ("x-amz-checksum-sha256", "!", "BadDigest"),
            ("x-amz-checksum-md4", "AAAA", "InvalidRequest"),
            ("x-amz-sdk-checksum-algorithm", "SHA256", "InvalidRequest"),
        ] {
            // Of a completion these headers are of the object.
            if op.name == "CompleteMultipartUpload" && name != "content-md5" {
                continue;
            }
            let answer = server.call(request.clone().header(name, value));
            refusals.expect(&op, name, &answer, 400, code);
        }
    }
    refusals.end();
}

#[test]
fn every_document_is_of_bounded_length() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let mut refusals = Refusals::of(&server);
    for (op, _) in with_documents() {
        let request = Request { body: Vec::new(), ..op.request(&server, Who::Own, at) };
        let head = String::from_utf8(request.head(&server.signer(OWN))).expect("a head");
        let long = format!("content-length: {}\r\n", XML_BYTES_MAX + 1);
        let mut connection = server.connect();
        connection.send(head.replace("content-length: 0\r\n", &long).as_bytes());
        let answer = connection.answer(op.method);
        refusals.expect(&op, "too long", &answer, 400, "MaxMessageLengthExceeded");
    }
    refusals.end();
}

/// What is mandatory, and what says the same as nothing.
#[test]
fn every_empty_document_is_refused_but_where_a_header_may_say_all() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let mut refusals = Refusals::of(&server);
    for (op, _) in with_documents() {
        let code = match op.name {
            "CreateBucket" => continue,
            "PutBucketAcl" | "PutObjectAcl" => "MissingSecurityHeader",
            "CompleteMultipartUpload" | "PutObjectLegalHold" | "PutObjectRetention" => {
                "MalformedXML"
            }
            _ => "MissingRequestBodyError",
        };
        for empty in ["", " \r\n"] {
            let code =
                if op.query == "policy" && !empty.is_empty() { "MalformedPolicy" } else { code };
            let request = op.with_document(op.request(&server, Who::Own, at), empty);
            refusals.expect(&op, "empty", &server.call(request), 400, code);
        }
    }
    refusals.end();
}
