//! Headers and parameters that an operation reads, with values that it cannot take, over a socket:
//! one table, each row refused by its own code, and nothing changed.

mod common;

use common::client::Request;
use common::operations::{At, Op, Who, operations};
use common::refusals::{Refusals, server};

/// Operations (or the end of their names), `name: value` or `name=value`, and the code.
type Row = (&'static [&'static str], &'static str, u16, &'static str);

const LISTS: &[&str] = &["ListObjects", "ListObjectsV2", "ListObjectVersions"];
const NEW: &[&str] = &["PutObject", "CopyObject", "CreateMultipartUpload"];
const COPIES: &[&str] = &["CopyObject", "UploadPartCopy"];
const PARTS: &[&str] = &["UploadPart", "UploadPartCopy"];
const READS: &[&str] = &["GetObject", "HeadObject"];
const WITH_ACL: &[&str] =
    &["PutObject", "CopyObject", "CreateMultipartUpload", "PutObjectAcl", "PutBucketAcl"];

const ROWS: &[Row] = &[
    (LISTS, "max-keys=-1", 400, "InvalidArgument"),
    (LISTS, "max-keys=2147483648", 400, "InvalidArgument"),
    (LISTS, "max-keys=x", 400, "InvalidArgument"),
    (LISTS, "encoding-type=base64", 400, "InvalidArgument"),
    (&["ListObjects"], "list-type=3", 400, "InvalidArgument"),
    (&["ListObjectsV2"], "continuation-token=x", 400, "InvalidArgument"),
    (&["ListObjectVersions"], "version-id-marker=null", 400, "InvalidArgument"),
    (&["ListMultipartUploads"], "max-uploads=-1", 400, "InvalidArgument"),
    (&["ListMultipartUploads"], "encoding-type=x", 400, "InvalidArgument"),
    (&["ListParts"], "max-parts=-1", 400, "InvalidArgument"),
    (&["ListParts"], "part-number-marker=x", 400, "InvalidArgument"),
    (&["ListBuckets"], "max-buckets=0", 400, "InvalidArgument"),
    (&["ListBuckets"], "continuation-token=x", 400, "InvalidArgument"),
    (&["CreateBucket"], "x-amz-object-ownership: Mine", 400, "InvalidArgument"),
    (&["CreateBucket"], "x-amz-acl: mine", 400, "InvalidArgument"),
    (READS, "partNumber=0", 400, "InvalidArgument"),
    (READS, "partNumber=10001", 400, "InvalidArgument"),
    (READS, "partNumber=x", 400, "InvalidArgument"),
    (READS, "partNumber=2", 416, "InvalidPartNumber"),
    (READS, "range: bytes=5-", 416, "InvalidRange"),
    (READS, "if-match: \"x\"", 412, "PreconditionFailed"),
    (READS, "response-content-type=a%0D%0Ab", 400, "InvalidArgument"),
    (READS, "x-amz-server-side-encryption-customer-algorithm: AES256", 400, "InvalidRequest"),
    (NEW, "x-amz-server-side-encryption: AES256", 501, "NotImplemented"),
    (NEW, "x-amz-server-side-encryption-customer-algorithm: AES256", 501, "NotImplemented"),
    (PARTS, "x-amz-server-side-encryption-customer-algorithm: AES256", 501, "NotImplemented"),
    (NEW, "x-amz-storage-class: COLD PLACE", 400, "InvalidStorageClass"),
    (&["PutObject", "CreateMultipartUpload"], "x-amz-tagging: a=1&a=2", 400, "InvalidTag"),
    (NEW, "x-amz-object-lock-mode: GOVERNANCE", 400, "InvalidArgument"),
    (NEW, "x-amz-object-lock-legal-hold: MAYBE", 400, "InvalidArgument"),
    (NEW, "x-amz-website-redirect-location: elsewhere", 400, "InvalidRedirectLocation"),
    (WITH_ACL, "x-amz-acl: mine", 400, "InvalidArgument"),
    (WITH_ACL, "x-amz-grant-read: nobody", 400, "InvalidArgument"),
    (&["PutObject"], "x-amz-write-offset-bytes: 5", 501, "NotImplemented"),
    (&["PutObject"], "if-modified-since: Sat, 01 Jan 2000 00:00:00 GMT", 501, "NotImplemented"),
    (&["PutObject", "CopyObject"], "if-match: \"x\"", 412, "PreconditionFailed"),
    (&["PutObject", "CopyObject"], "if-none-match: *", 412, "PreconditionFailed"),
    (&["PutObject", "CopyObject"], "partNumber=1", 400, "InvalidArgument"),
    (&["CopyObject"], "x-amz-metadata-directive: MERGE", 400, "InvalidArgument"),
    (&["CopyObject"], "x-amz-tagging-directive: MERGE", 400, "InvalidArgument"),
    (COPIES, "x-amz-copy-source-if-match: \"x\"", 412, "PreconditionFailed"),
    (&["UploadPartCopy"], "x-amz-copy-source-range: bytes=0-9", 400, "InvalidArgument"),
    (&["UploadPartCopy"], "x-amz-copy-source-range: bytes=1-0", 400, "InvalidArgument"),
    (&["UploadPartCopy"], "x-amz-copy-source-range: 0-1", 400, "InvalidArgument"),
    (&["CreateMultipartUpload"], "x-amz-checksum-algorithm: MD4", 400, "InvalidRequest"),
    (&["CreateMultipartUpload"], "x-amz-checksum-type: FULL_OBJECT", 400, "InvalidRequest"),
    (&["DeleteObject"], "if-match: \"x\"", 412, "PreconditionFailed"),
    (&["DeleteObject"], "if-none-match: *", 501, "NotImplemented"),
    (&["DeleteObject"], "x-amz-if-match-size: many", 400, "InvalidArgument"),
    (&["DeleteObject"], "x-amz-if-match-last-modified-time: soon", 400, "InvalidArgument"),
    (&["GetObjectAttributes"], "x-amz-max-parts: x", 400, "InvalidArgument"),
    (&["GetObjectAttributes"], "x-amz-part-number-marker: x", 400, "InvalidArgument"),
    (
        &["PutBucketLifecycleConfiguration"],
        "x-amz-transition-default-minimum-object-size: some",
        400,
        "InvalidArgument",
    ),
];

fn with(request: &Request, input: &str) -> Request {
    if let Some((name, value)) = input.split_once(": ") {
        return request.clone().header(name, value);
    }
    // In place of one of the same name.
    let (name, _) = input.split_once('=').expect("a parameter");
    let kept = request.query.split('&').filter(|p| !p.is_empty() && !p.starts_with(name));
    let query = kept.chain([input]).collect::<Vec<_>>().join("&");
    Request { query, ..request.clone() }
}

#[test]
fn every_input_is_bounded() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let all = operations();
    let mut refusals = Refusals::of(&server);
    for (names, input, status, code) in ROWS {
        for name in *names {
            let op: &Op = all.iter().find(|op| op.name == *name).expect("an operation");
            let request = with(&op.request(&server, Who::Own, at), input);
            let answer = op.send(&server, Who::Own, &request);
            refusals.expect(op, input, &answer, *status, code);
        }
    }
    for number in ["0", "10001", "x", "", "-1"] {
        for op in all.iter().filter(|op| PARTS.contains(&op.name)) {
            let request = with(&op.request(&server, Who::Own, at), &format!("partNumber={number}"));
            refusals.expect(op, number, &server.call(request), 400, "InvalidArgument");
        }
    }
    refusals.end();
}

/// Its parts are gathered before conditions are weighed: they must be whole afterwards.
#[test]
fn complete_multipart_upload_that_was_refused_can_be_completed_yet() {
    let (server, upload) = server();
    let at = At { bucket: "bkt", key: "k", upload: &upload };
    let all = operations();
    let find = |name: &str| all.iter().find(|op| op.name == name).expect("an operation");
    let complete = find("CompleteMultipartUpload");
    let request = complete.request(&server, Who::Own, at);
    let first = server.call(Request::new("HEAD", "/bkt/k"));
    let parts = || find("ListParts").ask(&server, Who::Own, at);
    let listed = common::xml::texts(&parts().text(), "Part", "ETag");
    let tag = "5d41402abc4b2a76b9719d911017c592";
    let number = "<PartNumber>1</PartNumber>";
    let part = format!("<Part>{number}<ETag>{tag}</ETag></Part>");
    let twice = format!("<CompleteMultipartUpload>{part}{part}</CompleteMultipartUpload>");
    let good = String::from_utf8(request.body.clone()).expect("a list");
    for (refused, status, code) in [
        (with(&request, "if-none-match: *"), 412, "PreconditionFailed"),
        (with(&request, "if-match: \"x\""), 412, "PreconditionFailed"),
        (with(&request, "x-amz-checksum-crc32: AAAAAA=="), 400, "BadDigest"),
        (with(&request, "x-amz-mp-object-size: 6"), 400, "InvalidRequest"),
        (complete.with_document(request.clone(), &good.replace(tag, "x")), 400, "InvalidPart"),
        (
            complete.with_document(
                request.clone(),
                &good.replace(number, "<PartNumber>2</PartNumber>"),
            ),
            400,
            "InvalidPart",
        ),
        (complete.with_document(request.clone(), &twice), 400, "InvalidPartOrder"),
    ] {
        let answer = server.call(refused);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
        let now = server.call(Request::new("HEAD", "/bkt/k"));
        assert_eq!(now.header("x-amz-version-id"), first.header("x-amz-version-id"));
        assert_eq!(common::xml::texts(&parts().text(), "Part", "ETag"), listed);
    }
    assert_eq!(server.call(request).status, 200);
    assert_eq!(server.call(Request::new("GET", "/bkt/k")).text(), "hello");
    assert_eq!(parts().code(), "NoSuchUpload");
}
