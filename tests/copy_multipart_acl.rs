//! Copies, multipart uploads and ACLs over a socket, answered as AWS answers them.

mod common;

use common::client::{Answer, Request, assert_refused};
use common::xml::{elements, root, text, texts};
use common::{OTHER, TestServer};

const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
const PART_BYTES: usize = 5 * 1024 * 1024;

fn object(method: &str, key: &str) -> Request {
    Request::object(method, "bkt", key)
}

/// A server with bucket `bkt` and in it object `k`: `hello`, with metadata.
fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let put = object("PUT", "k").header("x-amz-meta-a", "1").header("Content-Type", "text/plain");
    assert_eq!(server.call(put.body("hello")).status, 200);
    server
}

fn copy(to: &str, source: &str) -> Request {
    object("PUT", to).header("x-amz-copy-source", source)
}

#[test]
fn copy_object_keeps_or_replaces_metadata() {
    let server = server();
    server.make_bucket("other-bucket");
    let answer = server.call(copy("copied", "/bkt/k").header("x-amz-meta-b", "2"));
    assert_eq!(root(&answer.text()), "CopyObjectResult", "{}", answer.text());
    assert_eq!(text(&answer.text(), "ETag").as_deref(), Some(HELLO_MD5));
    let head = server.call(object("HEAD", "copied"));
    assert_eq!(head.header("x-amz-meta-a"), Some("1"));
    assert_eq!(head.header("x-amz-meta-b"), None);
    assert_eq!(head.header("Content-Type"), Some("text/plain"));
    let across = Request::object("PUT", "other-bucket", "k")
        .header("x-amz-copy-source", "bkt/k")
        .header("x-amz-metadata-directive", "REPLACE")
        .header("x-amz-meta-b", "2");
    assert_eq!(server.call(across).status, 200);
    let read = server.call(Request::object("GET", "other-bucket", "k"));
    assert_eq!((read.header("x-amz-meta-a"), read.header("x-amz-meta-b")), (None, Some("2")));
    assert_eq!(read.text(), "hello");
}

#[test]
fn copy_object_onto_itself_wants_a_change() {
    let server = server();
    let refused = server.call(copy("k", "/bkt/k"));
    assert_refused(&refused, 400, "InvalidRequest");
    assert!(refused.text().contains("trying to copy an object to itself without changing"));
    let replace = copy("k", "/bkt/k")
        .header("x-amz-metadata-directive", "REPLACE")
        .header("x-amz-meta-a", "2");
    assert_eq!(server.call(replace).status, 200);
    let read = server.call(object("GET", "k"));
    assert_eq!((read.text().as_str(), read.header("x-amz-meta-a")), ("hello", Some("2")));
}

#[test]
fn copy_object_weighs_the_conditions_of_its_source() {
    let server = server();
    let with = |name, value| server.call(copy("copied", "/bkt/k").header(name, value));
    let none_match = with("x-amz-copy-source-if-none-match", HELLO_MD5);
    assert_refused(&none_match, 412, "PreconditionFailed");
    assert_refused(&with("x-amz-copy-source-if-match", "\"x\""), 412, "PreconditionFailed");
    assert_eq!(with("x-amz-copy-source-if-match", HELLO_MD5).status, 200);
    assert_refused(&server.call(copy("copied", "/bkt/none")), 404, "NoSuchKey");
    assert_refused(&server.call(copy("copied", "/none/k")), 404, "NoSuchBucket");
}

#[test]
fn copy_object_computes_the_checksum_asked_for() {
    let server = server();
    let answer = server.call(copy("copied", "/bkt/k").header("x-amz-checksum-algorithm", "CRC32"));
    assert_eq!(text(&answer.text(), "ChecksumCRC32").as_deref(), Some("NhCmhg=="));
    let head = server.call(object("HEAD", "copied").header("x-amz-checksum-mode", "ENABLED"));
    assert_eq!(head.header("x-amz-checksum-crc32"), Some("NhCmhg=="));
}

/// Security class H: the source is authorised like the destination.
#[test]
fn copy_source_of_someone_else_is_denied() {
    let server = server();
    let as_other = |request: Request| server.connect().call(&server.signer(OTHER), &request);
    assert_eq!(as_other(Request::new("PUT", "/theirs")).status, 200);
    let steal = Request::object("PUT", "theirs", "k").header("x-amz-copy-source", "/bkt/k");
    assert_refused(&as_other(steal), 403, "AccessDenied");
    let absent = Request::object("PUT", "theirs", "k").header("x-amz-copy-source", "/bkt/none");
    assert_refused(&as_other(absent), 403, "AccessDenied");
    let started = as_other(Request::new("POST", "/theirs/k?uploads"));
    let id = text(&started.text(), "UploadId").expect("an upload id");
    let part = Request::new("PUT", &format!("/theirs/k?partNumber=1&uploadId={id}"));
    let part = part.header("x-amz-copy-source", "/bkt/k");
    assert_refused(&as_other(part), 403, "AccessDenied");
    let push = copy("k", "/theirs/k");
    assert_refused(&as_other(push), 403, "AccessDenied");
}

fn start(server: &TestServer, key: &str) -> String {
    let answer = server.call(Request::new("POST", &format!("/bkt/{key}?uploads")));
    assert_eq!(root(&answer.text()), "InitiateMultipartUploadResult", "{}", answer.text());
    text(&answer.text(), "UploadId").expect("an upload id")
}

fn put_part(server: &TestServer, id: &str, number: u16, body: Vec<u8>) -> String {
    let target = format!("/bkt/big?partNumber={number}&uploadId={id}");
    let answer = server.call(Request::new("PUT", &target).body(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("ETag").expect("a tag").to_owned()
}

fn complete(server: &TestServer, id: &str, parts: &[(u16, &str)]) -> Answer {
    let mut body = String::from("<CompleteMultipartUpload>");
    for (number, etag) in parts {
        body += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    }
    body += "</CompleteMultipartUpload>";
    server.call(Request::new("POST", &format!("/bkt/big?uploadId={id}")).body(body))
}

#[test]
fn multipart_upload_from_start_to_end() {
    let server = server();
    let id = start(&server, "big");
    let first = put_part(&server, &id, 1, vec![b'a'; PART_BYTES]);
    let last = put_part(&server, &id, 2, b"tail".to_vec());
    let listed = server.call(Request::new("GET", &format!("/bkt/big?uploadId={id}"))).text();
    assert_eq!(texts(&listed, "Part", "PartNumber"), ["1", "2"]);
    assert_eq!(texts(&listed, "Part", "ETag"), [first.clone(), last.clone()]);
    assert_eq!(texts(&listed, "Initiator", "ID"), ["own1"]);
    let uploads = server.call(Request::new("GET", "/bkt?uploads")).text();
    assert_eq!(texts(&uploads, "Upload", "UploadId"), std::slice::from_ref(&id));
    assert_refused(&complete(&server, &id, &[]), 400, "MalformedXML");
    let turned = complete(&server, &id, &[(2, &last), (1, &first)]);
    assert_refused(&turned, 400, "InvalidPartOrder");
    assert_refused(&complete(&server, &id, &[(1, &last)]), 400, "InvalidPart");
    let done = complete(&server, &id, &[(1, &first), (2, &last)]);
    assert_eq!(root(&done.text()), "CompleteMultipartUploadResult", "{}", done.text());
    let etag = text(&done.text(), "ETag").expect("a tag");
    assert!(etag.ends_with("-2\""), "{etag}");
    let read = server.call(object("GET", "big"));
    assert_eq!(read.header("ETag"), Some(etag.as_str()));
    assert_eq!(read.body.len(), PART_BYTES + 4);
    assert!(read.body.ends_with(b"atail"));
}

#[test]
fn get_object_by_part_number() {
    let server = server();
    let id = start(&server, "big");
    let bodies = [vec![b'a'; PART_BYTES], vec![b'b'; PART_BYTES], b"last".to_vec()];
    let parts = (1..).zip(&bodies);
    let tags: Vec<String> =
        parts.map(|(number, body)| put_part(&server, &id, number, body.clone())).collect();
    let list: Vec<(u16, &str)> = (1..).zip(tags.iter().map(String::as_str)).collect();
    assert_eq!(complete(&server, &id, &list).status, 200);
    let ask = |method, key, number| {
        let mut request = object(method, key);
        request.query = format!("partNumber={number}");
        server.call(request)
    };
    for (number, body) in (1..).zip(&bodies) {
        let answer = ask("GET", "big", number);
        assert_eq!((answer.status, answer.header("x-amz-mp-parts-count")), (206, Some("3")));
        assert!(answer.body == *body, "part {number}");
    }
    let head = ask("HEAD", "big", 3);
    assert_eq!(head.header("Content-Length"), Some("4"));
    assert_eq!(head.header("Content-Range"), Some("bytes 10485760-10485763/10485764"));
    assert_refused(&ask("GET", "big", 4), 416, "InvalidPartNumber");
    let whole = ask("GET", "k", 1);
    assert_eq!((whole.status, whole.text().as_str()), (206, "hello"));
    assert_eq!(whole.header("x-amz-mp-parts-count"), None);
    assert_refused(&ask("GET", "k", 2), 416, "InvalidPartNumber");
}

#[test]
fn abort_multipart_upload_forgets_it() {
    let server = server();
    let id = start(&server, "big");
    let etag = put_part(&server, &id, 1, b"part".to_vec());
    let abort = Request::new("DELETE", &format!("/bkt/big?uploadId={id}"));
    assert_eq!(server.call(abort.clone()).status, 204);
    assert_refused(&complete(&server, &id, &[(1, &etag)]), 404, "NoSuchUpload");
    assert_refused(&server.call(abort), 404, "NoSuchUpload");
    assert!(
        elements(&server.call(Request::new("GET", "/bkt?uploads")).text(), "Upload").is_empty()
    );
}

#[test]
fn upload_part_copy_takes_a_range() {
    let server = server();
    let id = start(&server, "big");
    let part = |range: &str| {
        let target = format!("/bkt/big?partNumber=1&uploadId={id}");
        let request = Request::new("PUT", &target).header("x-amz-copy-source", "/bkt/k");
        server.call(request.header("x-amz-copy-source-range", range))
    };
    assert_refused(&part("bytes=1-5"), 400, "InvalidArgument");
    let copied = part("bytes=1-3").text();
    assert_eq!(root(&copied), "CopyPartResult", "{copied}");
    let etag = text(&copied, "ETag").expect("a tag");
    assert_eq!(complete(&server, &id, &[(1, &etag)]).status, 200);
    assert_eq!(server.call(object("GET", "big")).text(), "ell");
}

#[test]
fn list_multipart_uploads_groups_and_pages() {
    let server = server();
    let ids: Vec<String> = ["a", "b/1", "b/2", "c"].iter().map(|k| start(&server, k)).collect();
    let page = |query: &str| server.call(Request::new("GET", &format!("/bkt?{query}"))).text();
    let grouped = page("uploads&delimiter=%2F");
    assert_eq!(texts(&grouped, "Upload", "Key"), ["a", "c"]);
    assert_eq!(texts(&grouped, "CommonPrefixes", "Prefix"), ["b/"]);
    let first = page("uploads&max-uploads=3");
    assert_eq!(texts(&first, "Upload", "UploadId"), ids[..3]);
    assert_eq!(text(&first, "IsTruncated").as_deref(), Some("true"));
    let (key, id) = (text(&first, "NextKeyMarker"), text(&first, "NextUploadIdMarker"));
    let (key, id) = (key.expect("a key"), id.expect("an id"));
    let rest =
        page(&format!("uploads&key-marker={}&upload-id-marker={id}", key.replace('/', "%2F")));
    assert_eq!(texts(&rest, "Upload", "UploadId"), ids[3..]);
}

fn put_acl(server: &TestServer, target: &str, owner: &str, grantee: &str) -> Answer {
    let body = format!(
        "<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>{owner}\
         </ID><DisplayName>own</DisplayName></Owner><AccessControlList><Grant><Grantee \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">\
         <ID>{grantee}</ID><DisplayName>x</DisplayName></Grantee><Permission>READ</Permission>\
         </Grant></AccessControlList></AccessControlPolicy>"
    );
    server.call(Request::new("PUT", target).body(body))
}

#[test]
fn acls_are_stored_and_shown_and_let_nobody_in_but_by_name() {
    let server = server();
    for target in ["/bkt?acl", "/bkt/k?acl"] {
        let acl = || server.call(Request::new("GET", target)).text();
        assert_eq!(texts(&acl(), "Grant", "Permission"), ["FULL_CONTROL"]);
        let put = Request::new("PUT", target).header("x-amz-acl", "public-read");
        assert_eq!(server.call(put).status, 200);
        assert_eq!(texts(&acl(), "Grant", "Permission"), ["READ", "FULL_CONTROL"]);
        assert!(acl().contains("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>"));
        assert_eq!(put_acl(&server, target, "own1", "other1").status, 200);
        assert!(acl().contains("<ID>other1</ID><DisplayName>other</DisplayName>"));
        assert_refused(&put_acl(&server, target, "other1", "own1"), 403, "AccessDenied");
        assert_refused(&put_acl(&server, target, "own1", "nobody"), 400, "InvalidArgument");
        let malformed = server.call(Request::new("PUT", target).body("<AccessControlPolicy>"));
        assert_refused(&malformed, 400, "MalformedACLError");
        let empty = server.call(Request::new("PUT", target));
        assert_refused(&empty, 400, "MissingSecurityHeader");
        assert_eq!(texts(&acl(), "Grant", "Permission"), ["READ"]);
    }
    let by_other = || server.connect().call(&server.signer(OTHER), &object("GET", "k"));
    assert_eq!(by_other().text(), "hello");
    let put = Request::new("PUT", "/bkt/k?acl").header("x-amz-acl", "public-read");
    assert_eq!(server.call(put).status, 200);
    assert_refused(&by_other(), 403, "AccessDenied");
}

#[test]
fn an_acl_on_create_is_kept_and_not_copied() {
    let server = server();
    let put = object("PUT", "open").header("x-amz-acl", "public-read").body("hello");
    assert_eq!(server.call(put).status, 200);
    let grants = |key: &str| {
        let acl = server.call(Request::new("GET", &format!("/bkt/{key}?acl"))).text();
        elements(&acl, "Grant").len()
    };
    assert_eq!(grants("open"), 2);
    assert_eq!(server.call(copy("closed", "/bkt/open")).status, 200);
    assert_eq!(grants("closed"), 1);
    let made = Request::new("PUT", "/public").header("x-amz-acl", "public-read");
    assert_eq!(server.call(made).status, 200);
    let acl = server.call(Request::new("GET", "/public?acl")).text();
    assert_eq!(elements(&acl, "Grant").len(), 2);
}
