//! From raw request bytes to operations: routing here, addresses and inputs in the files below.

mod addresses;
mod checksums;
mod inputs;

use super::subresources::{On, ROUTED, TABLE};
use super::*;
use crate::error::ErrorCode;

/// The operation of a request: `METHOD target`, then header lines.
fn ask(request: &str) -> Result<Operation> {
    let head = head(request);
    route(&head, &address(&head, &[])?)
}

fn head(request: &str) -> RequestHead {
    let (line, headers) = request.split_once('\n').unwrap_or((request, ""));
    let mut raw = format!("{line} HTTP/1.1\r\nHost: localhost:9100\r\n");
    for header in headers.lines() {
        raw.push_str(header.trim_start());
        raw.push_str("\r\n");
    }
    raw.push_str("\r\n");
    RequestHead::parse(raw.as_bytes()).expect("a good head").expect("a whole head").0
}

fn name(request: &str) -> String {
    match ask(request) {
        Ok(operation) => operation.name().to_owned(),
        Err(error) => error.code.name().to_owned(),
    }
}

fn refusal(request: &str) -> ErrorCode {
    match ask(request) {
        Ok(operation) => panic!("{request:?} became {}", operation.name()),
        Err(error) => error.code,
    }
}

const ID: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn requests_are_routed_to_the_operations_of_aws() {
    for (request, expected) in [
        ("GET /", "ListBuckets"),
        ("GET /?x-id=ListBuckets", "ListBuckets"),
        ("HEAD /", "MethodNotAllowed"),
        ("PUT /\nContent-Length: 0", "MethodNotAllowed"),
        ("GET /?acl", "MethodNotAllowed"),
        ("GET /bkt", "ListObjects"),
        ("GET /bkt/", "ListObjects"),
        ("GET /bkt/?max-keys=1000&prefix&delimiter=%2F", "ListObjects"),
        ("GET /bkt?list-type=2&prefix=a", "ListObjectsV2"),
        ("GET /bkt?list-type=3", "InvalidArgument"),
        ("GET /bkt?unknown", "ListObjects"),
        ("GET /bkt?ACL", "ListObjects"),
        ("GET /bkt?location", "GetBucketLocation"),
        ("GET /bkt?location=", "GetBucketLocation"),
        ("GET /bkt/?versioning", "GetBucketVersioning"),
        ("GET /bkt/?acl", "GetBucketAcl"),
        ("GET /bkt?uploads=&prefix=a", "ListMultipartUploads"),
        ("HEAD /bkt/", "HeadBucket"),
        ("PUT /bkt/\nContent-Length: 0", "CreateBucket"),
        ("PUT /bkt", "CreateBucket"),
        ("PUT /nb/\nContent-Length: 0", "InvalidBucketName"),
        ("PUT /bkt?acl\nx-amz-acl: private", "PutBucketAcl"),
        ("DELETE /bkt/", "DeleteBucket"),
        ("DELETE /bkt/?versionId=null", "InvalidArgument"),
        ("POST /bkt/?delete\nContent-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==", "DeleteObjects"),
        ("POST /bkt/\nContent-Type: multipart/form-data; boundary=x", "PostObject"),
        ("POST /bkt/\nContent-Length: 0", "PreconditionFailed"),
        ("POST /bkt/\nContent-Type: multipart/form-data", "MalformedPOSTRequest"),
        ("PATCH /bkt/", "MethodNotAllowed"),
        ("GET /bkt/k", "GetObject"),
        ("GET /bkt/k?x-id=GetObject", "GetObject"),
        ("GET /bkt/k?versionId=null", "GetObject"),
        ("HEAD /bkt/dir/", "HeadObject"),
        ("PUT /bkt/k?unknown\nContent-Length: 0", "PutObject"),
        ("PUT /bkt/k\nx-amz-copy-source: /bkt/a", "CopyObject"),
        ("DELETE /bkt/k", "DeleteObject"),
        ("POST /bkt/k\nContent-Length: 0", "MethodNotAllowed"),
        ("PATCH /bkt/k", "MethodNotAllowed"),
        ("GET /bkt/k?acl=", "GetObjectAcl"),
        ("PUT /bkt/k?acl\nContent-Length: 0", "PutObjectAcl"),
        ("GET /bkt/k?tagging", "GetObjectTagging"),
        ("POST /bkt/k?uploads=", "CreateMultipartUpload"),
        ("PUT /bkt/k?uploads\nContent-Length: 0", "MethodNotAllowed"),
        ("PUT /bkt/k?uploadId=UP1%3D&partNumber=1\nContent-Length: 0", "NoSuchUpload"),
        ("PUT /bkt/k?partNumber=1\nContent-Length: 0", "InvalidArgument"),
        ("GET /bkt/k?partNumber=1", "GetObject"),
        ("HEAD /bkt/k?partNumber=10000", "HeadObject"),
        ("GET /bkt/k?partNumber=0", "InvalidArgument"),
        ("GET /bkt/k?partNumber=", "InvalidArgument"),
        ("GET /bkt/k?partNumber=1\nRange: bytes=0-", "InvalidRequest"),
        ("GET /bkt/k?acl&tagging", "InvalidArgument"),
        ("GET /bkt/k?acl&acl=", "GetObjectAcl"),
    ] {
        assert_eq!(name(request), expected, "{request}");
    }
}

#[test]
fn multipart_requests_are_routed() {
    for (request, expected) in [
        ("PUT /bkt/k?uploadId={}&partNumber=1\nContent-Length: 0", "UploadPart"),
        ("PUT /bkt/k?uploadId={}&partNumber=1\nx-amz-copy-source: bkt/a", "UploadPartCopy"),
        ("PUT /bkt/k?uploadId={}\nContent-Length: 0", "InvalidArgument"),
        ("PUT /bkt/k?uploadId={}&partNumber=10001\nContent-Length: 0", "InvalidArgument"),
        ("PUT /bkt/k?uploadId={}&partNumber=1", "MissingContentLength"),
        ("POST /bkt/k?uploadId={}", "CompleteMultipartUpload"),
        ("POST /bkt/k?uploadId={}&uploads", "InvalidArgument"),
        ("DELETE /bkt/k?uploadId={}", "AbortMultipartUpload"),
        ("DELETE /bkt/k?uploadId={}&versionId=null", "InvalidArgument"),
        ("GET /bkt/k?uploadId={}&max-parts=1000", "ListParts"),
        ("HEAD /bkt/k?uploadId={}", "MethodNotAllowed"),
        ("PUT /bkt/?uploadId={}&partNumber=1\nContent-Length: 0", "MethodNotAllowed"),
        ("DELETE /bkt/?uploadId={}", "MethodNotAllowed"),
    ] {
        let request = request.replace("{}", ID);
        assert_eq!(name(&request), expected, "{request}");
    }
}

#[test]
fn a_preflight_names_origin_method_and_headers() {
    let asked = preflight(&head(
        "OPTIONS /bkt/k\nOrigin: http://a\nAccess-Control-Request-Method: PUT\n\
         Access-Control-Request-Headers: Content-Type,, X-Amz-Date ",
    ));
    let asked = asked.unwrap();
    assert_eq!((asked.origin.as_str(), asked.method.as_str()), ("http://a", "PUT"));
    assert_eq!(asked.headers, ["content-type", "x-amz-date"]);
    for bad in ["", "Origin: http://a", "Origin: http://a\nAccess-Control-Request-Method: put"] {
        let error = preflight(&head(&format!("OPTIONS /bkt/k\n{bad}"))).unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest, "{bad}");
    }
}

#[test]
fn a_request_for_a_page_of_another_origin_names_it() {
    assert_eq!(cross_origin(&head("GET /bkt/k")), None);
    let asked = cross_origin(&head("HEAD /bkt/k\nOrigin: http://a")).unwrap();
    assert_eq!((asked.origin.as_str(), asked.method.as_str()), ("http://a", "HEAD"));
    assert!(asked.headers.is_empty());
}

/// Security class A's neighbour: each sub-resource, with each method, on service, bucket and
/// object, ends as its own operation or an error, never as the plain one.
#[test]
fn no_sub_resource_is_mistaken_for_a_plain_operation() {
    let plain = [
        "ListBuckets",
        "CreateBucket",
        "HeadBucket",
        "DeleteBucket",
        "ListObjects",
        "ListObjectsV2",
        "GetObject",
        "HeadObject",
        "PutObject",
        "CopyObject",
        "DeleteObject",
    ];
    for sub_resource in ROUTED.iter().copied().chain(TABLE.iter().map(|row| row.0)) {
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"] {
            for target in ["/", "/bkt", "/bkt/", "/bkt/k"] {
                for query in ["?S", "?S=", "?S=x", "?a=b&S&list-type=2", "?x-id=PutObject&S"] {
                    let query = query.replace('S', sub_resource);
                    for more in ["", "\nx-amz-copy-source: /bkt/a"] {
                        let request = format!("{method} {target}{query}\nContent-Length: 0{more}");
                        let name = name(&request);
                        assert!(!plain.contains(&name.as_str()), "{request} became {name}");
                    }
                }
            }
        }
    }
}

/// Each row of the table, as a request.
#[test]
fn sub_resources_become_the_operations_of_the_table() {
    for &(sub_resource, on, method, operation, kind) in TABLE {
        let target = if on == On::Bucket { "/bkt" } else { "/bkt/k" };
        let method = format!("{method:?}").to_ascii_uppercase();
        let request =
            format!("{method} {target}?{sub_resource}\nContent-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==");
        let routed = ask(&request).unwrap();
        assert_eq!(routed.name(), operation, "{request}");
        let routed = match routed {
            Operation::GetBucketConfig(at) | Operation::DeleteBucketConfig(at) => Some(at.kind),
            Operation::PutBucketConfig(input) => Some(input.address.kind),
            _ => None,
        };
        assert_eq!(routed, kind, "{request}");
    }
}

#[test]
fn a_version_that_cannot_be_here_is_refused() {
    let id = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH";
    for sub_resource in ["", "acl&", "tagging&"] {
        let request = |id| format!("GET /bkt/k?{sub_resource}versionId={id}");
        assert!(ask(&request("null")).is_ok());
        assert_eq!(refusal(&request(id)), ErrorCode::NoSuchVersion);
        assert_eq!(refusal(&request("")), ErrorCode::InvalidArgument);
        assert_eq!(refusal(&request("foo")), ErrorCode::InvalidArgument);
    }
    assert_eq!(refusal(&format!("DELETE /bkt/k?versionId={id}")), ErrorCode::NoSuchVersion);
    let put = "PUT /bkt/k?versionId=null\nContent-Length: 0";
    assert_eq!(refusal(put), ErrorCode::InvalidArgument);
}

#[test]
fn method_not_allowed_names_method_and_resource() {
    let error = ask("DELETE /bkt/k?acl").unwrap_err();
    let fields = [("Method", "DELETE".to_owned()), ("ResourceType", "ACL".to_owned())];
    assert_eq!((error.code, error.fields), (ErrorCode::MethodNotAllowed, fields.to_vec()));
    let error = ask("PATCH /bkt").unwrap_err();
    assert_eq!(error.fields[0].1, "PATCH");
}

/// Security class A: the holder of a presigned SigV2 URL may append nothing that routes.
#[test]
fn every_sub_resource_that_routes_is_signed_by_sigv2() {
    let names = ROUTED.iter().copied().chain(TABLE.iter().map(|row| row.0));
    for name in names.chain(["partNumber", "versionId"]) {
        assert!(crate::auth::sigv2::SUB_RESOURCES.contains(&name), "{name} is not signed");
    }
}
