//! GetObjectAttributes, and GetObject and HeadObject of one part, over a socket.

mod common;

use common::client::{Request, assert_refused};
use common::upload::{ALL, Upload, attributes, pieces};
use common::xml::{root, text, texts};
use common::{OTHER, TestServer};

const MIB: usize = 1024 * 1024;
/// The CRC32 of "123456789".
const NINE_CRC32: &str = "y/Q5Jg==";

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server
}

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

#[test]
fn get_object_by_part_number() {
    let mut server = server();
    let (pieces, whole) = pieces();
    let mut upload = Upload::begin(&server, "k", "SHA1", "COMPOSITE");
    (1..).zip(&pieces).for_each(|(number, piece)| upload.part(number, piece.clone()));
    let etag = text(&upload.complete(&[]).text(), "ETag");
    let checksums: Vec<String> = upload.parts.iter().map(|part| part.2.clone()).collect();
    server = server.restart(|_| {});
    let mut offset = 0;
    for ((number, piece), checksum) in (1..).zip(&pieces).zip(checksums) {
        let target = format!("/bkt/k?partNumber={number}");
        for method in ["GET", "HEAD"] {
            let request = Request::new(method, &target).header("x-amz-checksum-mode", "ENABLED");
            let answer = server.call(request);
            assert_eq!((answer.status, answer.header("ETag")), (206, etag.as_deref()));
            let range = format!("bytes {offset}-{}/{}", offset + piece.len() - 1, whole.len());
            assert_eq!(answer.header("Content-Range"), Some(range.as_str()));
            assert_eq!(answer.header("x-amz-mp-parts-count"), Some("3"));
            assert_eq!(answer.header("x-amz-checksum-sha1"), Some(checksum.as_str()));
            assert_eq!(answer.header("x-amz-checksum-type"), Some("COMPOSITE"));
            assert!(method == "HEAD" || answer.body == *piece);
        }
        offset += piece.len();
    }
    let refused = server.call(Request::new("GET", "/bkt/k?partNumber=4"));
    assert_refused(&refused, 416, "InvalidPartNumber");
    assert_eq!(text(&refused.text(), "PartNumberRequested").as_deref(), Some("4"));
    assert_eq!(text(&refused.text(), "ActualPartCount").as_deref(), Some("3"));
}

#[test]
fn get_object_by_part_number_of_one_put() {
    let server = server();
    let (name, value) = ("x-amz-checksum-crc32", NINE_CRC32);
    assert_eq!(server.call(object("PUT", "k").header(name, value).body("123456789")).status, 200);
    let first = Request::new("GET", "/bkt/k?partNumber=1").header("x-amz-checksum-mode", "ENABLED");
    let answer = server.call(first);
    assert_eq!((answer.status, answer.text().as_str()), (206, "123456789"));
    assert_eq!((answer.header(name), answer.header("x-amz-mp-parts-count")), (Some(value), None));
    assert_refused(
        &server.call(Request::new("GET", "/bkt/k?partNumber=2")),
        416,
        "InvalidPartNumber",
    );
    assert_refused(
        &server.call(Request::new("GET", "/bkt/k?partNumber=0")),
        400,
        "InvalidArgument",
    );
    let range = object("GET", "k").header("Range", "bytes=0-3");
    let piece = server.call(range.header("x-amz-checksum-mode", "ENABLED"));
    assert_eq!((piece.status, piece.header(name)), (206, None));
}

#[test]
fn get_object_attributes_of_one_put() {
    let server = server();
    let put = object("PUT", "k").header("x-amz-checksum-crc32", NINE_CRC32);
    let put = put.header("x-amz-storage-class", "GLACIER").body("123456789");
    assert_eq!(server.call(put).status, 200);
    let answer = attributes(&server, "k", &[ALL]);
    assert_eq!(root(&answer.text()), "GetObjectAttributesResponse", "{}", answer.text());
    let document = answer.text();
    let (_, inside) = document.split_once("2006-03-01/\">").expect("a root");
    assert_eq!(
        inside,
        "<ETag>25f9e794323b453885f5181f1b624d0b</ETag>\
         <Checksum><ChecksumCRC32>y/Q5Jg==</ChecksumCRC32>\
         <ChecksumType>FULL_OBJECT</ChecksumType></Checksum>\
         <StorageClass>GLACIER</StorageClass><ObjectSize>9</ObjectSize>\
         </GetObjectAttributesResponse>"
    );
    let modified = server.call(object("HEAD", "k")).header("Last-Modified").map(str::to_owned);
    assert_eq!(answer.header("Last-Modified"), modified.as_deref());
    assert_eq!(answer.header("x-amz-version-id"), None);
    let few = attributes(&server, "k", &[("x-amz-object-attributes", "ObjectSize")]).text();
    assert!(few.contains("<ObjectSize>9<") && !few.contains("ETag"), "{few}");
}

#[test]
fn get_object_attributes_in_pages() {
    let server = server();
    let mut upload = Upload::begin(&server, "k", "CRC32", "COMPOSITE");
    upload.part(1, vec![b'a'; 5 * MIB]);
    upload.part(2, vec![b'b'; 5 * MIB + 1]);
    upload.part(3, b"c".to_vec());
    assert_eq!(upload.complete(&[]).status, 200);
    let page = |max: &str, marker: &str| {
        let more = [ALL, ("x-amz-max-parts", max), ("x-amz-part-number-marker", marker)];
        let document = attributes(&server, "k", &more).text();
        assert_eq!(texts(&document, "ObjectParts", "PartsCount"), ["3"]);
        let one = |name| texts(&document, "ObjectParts", name).remove(0);
        let numbers = texts(&document, "Part", "PartNumber").join(" ");
        let sizes = texts(&document, "Part", "Size").join(" ");
        (numbers, sizes, one("IsTruncated"), one("NextPartNumberMarker"))
    };
    let wanted = |numbers: &str, sizes: &str, truncated: &str, next: &str| {
        (numbers.to_owned(), sizes.to_owned(), truncated.to_owned(), next.to_owned())
    };
    assert_eq!(page("2", "0"), wanted("1 2", "5242880 5242881", "true", "2"));
    assert_eq!(page("2", "1"), wanted("2 3", "5242881 1", "false", "3"));
    assert_eq!(page("1000", "3"), wanted("", "", "false", "3"));
    assert_eq!(page("0", "1"), wanted("", "", "false", "1"));
}

#[test]
fn get_object_attributes_refuses() {
    let server = server();
    assert_eq!(server.call(object("PUT", "k").body("x")).status, 200);
    assert_refused(&attributes(&server, "k", &[]), 400, "InvalidRequest");
    let unknown = attributes(&server, "k", &[("x-amz-object-attributes", "Colour")]);
    assert_refused(&unknown, 400, "InvalidArgument");
    assert_refused(&attributes(&server, "none", &[ALL]), 404, "NoSuchKey");
    let with = |header| attributes(&server, "k", &[ALL, header]);
    assert_refused(&with(("x-amz-max-parts", "x")), 400, "InvalidArgument");
    assert_refused(&with(("x-amz-part-number-marker", "-1")), 400, "InvalidArgument");
    assert_refused(&with(("If-Match", "\"x\"")), 412, "PreconditionFailed");
    let other = Request::new("GET", "/bkt/k?attributes").header(ALL.0, ALL.1);
    let other = server.connect().call(&server.signer(OTHER), &other);
    assert_refused(&other, 403, "AccessDenied");
    let bucket = Request::new("GET", "/none/k?attributes").header(ALL.0, ALL.1);
    assert_refused(&server.call(bucket), 404, "NoSuchBucket");
}
