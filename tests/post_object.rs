//! PostObject over a socket: what a browser's form stores and is answered, and each way in which
//! one is refused. Classes A (what nobody signed), E (the authorised key is the stored one), F (the
//! policy is enforced) and J (split answers) of the security table; class D is in `nasty_keys`.

mod common;

use common::client::{Answer, Request, encode, raw_head};
use common::form::{self, BOUNDARY, Form};
use common::{OTHER, OWN, TestServer, sharing, xml};
use glassbucket::server::Clock;
use glassbucket::types::Timestamp;

/// What most of these tests let a form say.
const CONDITIONS: &str = r#"{"bucket": "bkt"}, ["starts-with", "$key", "user/"], {"acl": "private"},
    ["starts-with", "$Content-Type", "text/"], ["content-length-range", 2, 1048576]"#;

const TAGS: &str = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server
}

/// A form that [`CONDITIONS`] allows, not yet signed.
fn fields() -> Form {
    let fields = [("key", "user/${filename}"), ("acl", "private"), ("Content-Type", "text/plain")];
    Form::new(&fields, "content")
}

/// That form, signed.
fn good(server: &TestServer) -> Form {
    fields().sign_v4(&server.signer(OWN), CONDITIONS)
}

fn post(server: &TestServer, form: &Form) -> Answer {
    form.post(&mut server.connect(), &server.address.to_string(), "bkt")
}

fn get(server: &TestServer, key: &str) -> Answer {
    server.call(Request::object("GET", "bkt", key))
}

/// Refused so, and nothing was stored nor left behind.
#[track_caller]
fn assert_refused(server: &TestServer, answer: &Answer, status: u16, code: &str) {
    let told = (answer.status, answer.code());
    assert_eq!(told, (status, code.to_owned()), "{}", answer.text());
    let listing = server.call(Request::new("GET", "/bkt")).text();
    assert_eq!(xml::elements(&listing, "Contents"), [""; 0], "stored all the same");
}

#[track_caller]
fn assert_message(answer: &Answer, message: &str) {
    assert_eq!(xml::text(&answer.text(), "Message").as_deref(), Some(message));
}

#[test]
fn post_object_stores_what_a_signed_form_brings() {
    let server = server();
    let conditions = format!(
        "{CONDITIONS}, {{\"Cache-Control\": \"no-store\"}}, [\"eq\", \"$x-amz-meta-a\", \"b c\"], \
         [\"starts-with\", \"$x-amz-meta-name\", \"\"], {{\"x-amz-storage-class\": \"GLACIER\"}}, \
         [\"starts-with\", \"$tagging\", \"<Tagging>\"]"
    );
    let form = fields()
        .field("Cache-Control", "no-store")
        .field("x-amz-meta-a", "b c")
        .field("x-amz-meta-name", "${filename}")
        .field("x-amz-storage-class", "GLACIER")
        .field("tagging", TAGS)
        .field("x-ignore-me", "whatever")
        .sign_v4(&server.signer(OWN), &conditions);
    let answer = post(&server, &form);
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(answer.header("ETag"), Some("\"9a0364b9e99bb480dd25e1f0284c8555\""));
    assert_eq!(answer.header("Location"), Some("/bkt/user/file.txt"));

    let stored = get(&server, "user/file.txt");
    assert_eq!((stored.status, stored.text().as_str()), (200, "content"));
    for (name, value) in [
        ("Content-Type", "text/plain"),
        ("Cache-Control", "no-store"),
        ("x-amz-meta-a", "b c"),
        ("x-amz-meta-name", "file.txt"),
        ("x-amz-storage-class", "GLACIER"),
    ] {
        assert_eq!(stored.header(name), Some(value), "{name}");
    }
    assert_eq!(std::fs::read(server.data().join("bkt/user/file.txt")).unwrap(), b"content");
    let tags = server.call(Request::new("GET", "/bkt/user/file.txt?tagging")).text();
    assert_eq!(xml::texts(&tags, "Tag", "Key"), ["a"]);
}

#[test]
fn post_object_takes_sigv2() {
    let server = server();
    let answer = post(&server, &fields().sign_v2(&server.signer(OWN), CONDITIONS));
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(get(&server, "user/file.txt").text(), "content");
}

#[test]
fn post_object_takes_an_empty_file_and_one_that_looks_like_delimiters() {
    let server = server();
    let conditions = r#"{"bucket": "bkt"}, {"key": "k"}"#;
    // Longer than a piece, so that delimiters begin at the end of one and are none in the next.
    let nasty = format!("\r\n--{BOUNDARY}").as_bytes()[..8].repeat(100_000);
    for content in [Vec::new(), nasty, b"\r\n--AaB03\r".to_vec()] {
        let form = Form::new(&[("key", "k")], content.clone());
        let answer = post(&server, &form.sign_v4(&server.signer(OWN), conditions));
        assert_eq!(answer.status, 204, "{}", answer.text());
        assert!(get(&server, "k").body == content);
    }
}

#[test]
fn post_object_reads_a_form_however_it_is_cut_and_framed() {
    let server = server();
    let body = good(&server).body();
    for size in [1, 7, 100] {
        let mut connection = server.connect();
        let headers = [
            ("host".to_owned(), server.address.to_string()),
            ("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")),
            ("transfer-encoding".to_owned(), "chunked".to_owned()),
        ];
        connection.send(&raw_head("POST", "/bkt/", &headers));
        for chunk in body.chunks(size) {
            let framed = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
            connection.send(&framed);
        }
        connection.send(b"0\r\n\r\n");
        assert_eq!(connection.answer("POST").status, 204);
        // The connection carries on behind what nobody read of the form.
        let again = connection.call(&server.signer(OWN), &Request::object("GET", "bkt", "user/x"));
        assert_eq!(again.status, 404);
        assert_eq!(get(&server, "user/file.txt").text(), "content");
    }
}

#[test]
fn post_object_answers_as_the_form_wants() {
    let server = server();
    let with = |name: &str, value: &str| {
        let conditions = format!("{CONDITIONS}, [\"starts-with\", \"${name}\", \"\"]");
        post(&server, &fields().field(name, value).sign_v4(&server.signer(OWN), &conditions))
    };
    for (asked, status) in [("200", 200), ("204", 204), ("404", 204), ("", 204)] {
        let answer = with("success_action_status", asked);
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{asked}");
    }
    let created = with("success_action_status", "201");
    assert_eq!(created.status, 201);
    let text = created.text();
    for (element, value) in [
        ("Location", "/bkt/user/file.txt"),
        ("Bucket", "bkt"),
        ("Key", "user/file.txt"),
        ("ETag", "\"9a0364b9e99bb480dd25e1f0284c8555\""),
    ] {
        assert_eq!(xml::text(&text, element).as_deref(), Some(value), "{element}");
    }
    assert_eq!(created.header("Content-Type"), Some("application/xml"));

    let query = "bucket=bkt&key=user%2Ffile.txt&etag=%229a0364b9e99bb480dd25e1f0284c8555%22";
    for (name, url, separator) in [
        ("success_action_redirect", "http://example.com/done", '?'),
        ("redirect", "https://example.com/?a=b", '&'),
    ] {
        let answer = with(name, url);
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("Location"), Some(format!("{url}{separator}{query}").as_str()));
    }
    for none in ["example.com", "javascript:alert(1)", "http://a/\r\nSet-Cookie: b"] {
        let answer = with("success_action_redirect", none);
        assert_eq!((answer.status, answer.header("Set-Cookie")), (204, None), "{none}");
    }
}

#[test]
fn class_f_each_condition_violated_once_stores_nothing() {
    let server = server();
    for (name, value, condition) in [
        ("key", "other/k", r#"["starts-with", "$key", "user/"]"#),
        ("key", "user", r#"["starts-with", "$key", "user/"]"#),
        ("acl", "public-read", r#"["eq", "$acl", "private"]"#),
        ("Content-Type", "image/png", r#"["starts-with", "$content-type", "text/"]"#),
        ("Content-Type", "text/a,image/png", r#"["starts-with", "$content-type", "text/"]"#),
    ] {
        let answer = post(&server, &good(&server).set(name, value));
        assert_refused(&server, &answer, 403, "AccessDenied");
        let failed = format!("Invalid according to Policy: Policy Condition failed: {condition}");
        assert_message(&answer, &failed);
    }
    for name in ["x-amz-meta-a", "tagging", "Cache-Control", "x-amz-acl", "success_action_status"] {
        let answer = post(&server, &good(&server).field(name, "v"));
        assert_refused(&server, &answer, 403, "AccessDenied");
        let name = name.to_lowercase();
        assert_message(
            &answer,
            &format!("Invalid according to Policy: Extra input fields: {name}"),
        );
    }
}

#[test]
fn class_f_the_length_of_the_file_is_held_to() {
    let server = server();
    let conditions = r#"{"bucket": "bkt"}, {"key": "k"}, ["content-length-range", 3, 5]"#;
    let of = |bytes: usize| {
        let form = Form::new(&[("key", "k")], vec![b'x'; bytes]);
        post(&server, &form.sign_v4(&server.signer(OWN), conditions))
    };
    for (bytes, code) in [(0, "EntityTooSmall"), (2, "EntityTooSmall"), (6, "EntityTooLarge")] {
        assert_refused(&server, &of(bytes), 400, code);
    }
    assert_refused(&server, &of(3 << 20), 400, "EntityTooLarge");
    assert_eq!((of(3).status, of(5).status), (204, 204));
    assert_eq!(get(&server, "k").body, b"xxxxx");
}

#[test]
fn class_f_a_policy_is_good_for_its_bucket_alone() {
    let server = server();
    server.make_bucket("more");
    let form = good(&server).field("bucket", "bkt");
    let answer = form.post(&mut server.connect(), &server.address.to_string(), "more");
    assert_refused(&server, &answer, 403, "AccessDenied");
    let listing = server.call(Request::new("GET", "/more")).text();
    assert_eq!(xml::elements(&listing, "Contents"), [""; 0]);
    let form = fields().sign_v4(&server.signer(OWN), r#"["starts-with", "$key", ""]"#);
    assert_refused(&server, &post(&server, &form), 403, "AccessDenied");
}

#[test]
fn class_f_an_expired_policy_stores_nothing() {
    let late = Timestamp::parse_iso8601_basic("29990101T000001Z").expect("a date");
    let server = TestServer::with(|config| config.clock = Clock::Fixed(late));
    server.make_bucket("bkt");
    let answer = post(&server, &good(&server));
    assert_refused(&server, &answer, 403, "AccessDenied");
    assert_message(&answer, "Invalid according to Policy: Policy expired.");
}

/// The policy allows what begins with `user/`, so that is what is stored: under this very key.
#[test]
fn class_e_the_key_that_the_policy_allows_is_the_key_that_is_stored() {
    let server = server();
    for key in ["user/../other/k", "user//k", "user/./k", "user/%2e%2e/k", "user/"] {
        let answer = post(&server, &good(&server).set("key", key));
        assert_eq!(answer.status, 204, "{key}: {}", answer.text());
        assert_eq!(get(&server, key).text(), "content", "{key}");
        let location = format!("/bkt/{}", encode(key, "/"));
        assert_eq!(answer.header("Location"), Some(location.as_str()));
    }
    assert_eq!(get(&server, "other/k").status, 404);
    let mut climbing = good(&server);
    climbing.filename = "../../other/name".to_owned();
    assert_eq!(post(&server, &climbing).header("Location"), Some("/bkt/user/name"));
}

#[test]
fn post_object_refuses_whoever_did_not_sign() {
    let server = server();
    let signer = server.signer(OWN);
    let v2 = |name, value| post(&server, &fields().sign_v2(&signer, CONDITIONS).set(name, value));
    let v4 = |name, value| post(&server, &good(&server).set(name, value));
    let signature = "0".repeat(64);
    let wrong = v4("x-amz-signature", &signature);
    assert_refused(&server, &wrong, 403, "SignatureDoesNotMatch");
    assert_refused(&server, &v2("signature", "AA=="), 403, "SignatureDoesNotMatch");
    let policy = form::policy(r#"{"bucket": "bkt"}"#);
    assert_refused(&server, &v2("policy", &policy), 403, "SignatureDoesNotMatch");
    assert_refused(&server, &v2("AWSAccessKeyId", "nobody"), 403, "InvalidAccessKeyId");
    let other = fields().sign_v4(&server.signer(OTHER), CONDITIONS);
    assert_refused(&server, &post(&server, &other), 403, "AccessDenied");
    assert_refused(&server, &post(&server, &fields()), 403, "AccessDenied");
    let unsigned = fields().field("policy", &form::policy(CONDITIONS));
    assert_refused(&server, &post(&server, &unsigned), 403, "AccessDenied");
    let half = unsigned.field("AWSAccessKeyId", OWN.0);
    let answer = post(&server, &half);
    assert_refused(&server, &answer, 400, "InvalidArgument");
    assert_eq!(xml::text(&answer.text(), "ArgumentName").as_deref(), Some("signature"));
}

#[test]
fn class_a_headers_of_a_form_count_for_nothing() {
    let server = server();
    let body = good(&server).body();
    let send = |more: &[(&str, &str)]| {
        let mut headers = vec![
            ("host".to_owned(), server.address.to_string()),
            ("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")),
            ("content-length".to_owned(), body.len().to_string()),
        ];
        headers.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let mut connection = server.connect();
        connection.send(&raw_head("POST", "/bkt", &headers));
        connection.send(&body);
        connection.answer("POST")
    };
    let answer = send(&[("authorization", "Bearer token")]);
    assert_refused(&server, &answer, 400, "InvalidArgument");
    let answer = send(&[("x-amz-content-sha256", &"0".repeat(64))]);
    assert_refused(&server, &answer, 400, "InvalidRequest");
    let answer = send(&[
        ("x-amz-meta-a", "b"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-copy-source", "/bkt/secret"),
        ("cache-control", "no-store"),
    ]);
    assert_eq!(answer.status, 204, "{}", answer.text());
    let stored = get(&server, "user/file.txt");
    assert_eq!(stored.text(), "content");
    for name in ["x-amz-meta-a", "x-amz-storage-class", "Cache-Control"] {
        assert_eq!(stored.header(name), None, "{name}");
    }
    // A head that is signed, in any way, says that somebody else sends it.
    let request = Request::new("POST", "/bkt")
        .header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(body.clone());
    assert_eq!(server.call(request).code(), "InvalidArgument");
}

#[test]
fn post_object_without_policy_is_stored_where_anybody_may_write() {
    for (server, status) in [(sharing::open(), 204), (sharing::shut(), 403)] {
        sharing::put_acl(&server, "/bkt?acl", "public-read-write");
        let form = fields().set("acl", "bucket-owner-full-control").field("tagging", TAGS);
        assert_eq!(post(&server, &form).status, status);
        assert_eq!(get(&server, "user/file.txt").status, if status == 204 { 200 } else { 404 });
    }
}

/// A header could else say to the bucket's policy what the form does not say to the handler.
#[test]
fn class_a_the_policy_of_a_bucket_weighs_the_fields_of_a_form() {
    let server = sharing::open();
    let more = r#", "Condition": {"StringEquals": {"s3:x-amz-acl": "private"}}"#;
    sharing::put_policy(&server, sharing::statement("Allow", "*", "s3:PutObject", more));
    assert_eq!(post(&server, &fields()).status, 204);
    let public = fields().set("acl", "public-read").set("key", "user/public");
    let request = Request::new("POST", "/bkt")
        .header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("x-amz-acl", "private")
        .body(public.body());
    sharing::assert_denied(&sharing::as_nobody(&server, &request));
    assert_eq!(get(&server, "user/public").status, 404);
}

#[test]
fn post_object_checks_what_the_form_claims_of_its_file() {
    let server = server();
    let conditions = r#"{"bucket": "bkt"}, {"key": "k"}, ["starts-with", "$Content-MD5", ""],
        ["starts-with", "$x-amz-checksum-crc32", ""]"#;
    let claims = |md5: &str, crc: &str| {
        let fields = [("key", "k"), ("Content-MD5", md5), ("x-amz-checksum-crc32", crc)];
        post(&server, &Form::new(&fields, "123456789").sign_v4(&server.signer(OWN), conditions))
    };
    let (md5, crc) = ("JfnnlDI7RTiF9RgfG2JNCw==", "y/Q5Jg==");
    assert_refused(&server, &claims("AAAAAAAAAAAAAAAAAAAAAA==", crc), 400, "BadDigest");
    assert_refused(&server, &claims(md5, "AAAAAA=="), 400, "BadDigest");
    assert_refused(&server, &claims("x", crc), 400, "InvalidDigest");
    assert_refused(&server, &claims(md5, "x"), 400, "BadDigest");
    let answer = claims(md5, crc);
    assert_eq!((answer.status, answer.header("x-amz-checksum-crc32")), (204, Some(crc)));
}

#[test]
fn post_object_refuses_fields_it_cannot_honour() {
    let server = server();
    let any = r#"{"bucket": "bkt"}, ["starts-with", "$key", ""], ["starts-with", "$acl", ""],
        ["starts-with", "$tagging", ""], ["starts-with", "$x-amz-storage-class", ""]"#;
    let base =
        [("key", "k"), ("acl", "private"), ("tagging", ""), ("x-amz-storage-class", "STANDARD")];
    let long = "k".repeat(1025);
    for (name, value, status, code) in [
        ("key", "", 400, "InvalidArgument"),
        ("key", long.as_str(), 400, "KeyTooLongError"),
        ("acl", "everybody", 400, "InvalidArgument"),
        ("tagging", "<Tagging>", 400, "MalformedXML"),
        ("x-amz-storage-class", "HOT", 400, "InvalidStorageClass"),
    ] {
        let form = Form::new(&base, "content").set(name, value);
        let answer = post(&server, &form.sign_v4(&server.signer(OWN), any));
        assert_refused(&server, &answer, status, code);
    }
    let encrypted = Form::new(&base, "content").field("x-amz-server-side-encryption", "AES256");
    let any = format!("{any}, {{\"x-amz-server-side-encryption\": \"AES256\"}}");
    let answer = post(&server, &encrypted.sign_v4(&server.signer(OWN), &any));
    assert_refused(&server, &answer, 501, "NotImplemented");
    let keyless = Form::new(&[], "content").sign_v4(&server.signer(OWN), r#"{"bucket": "bkt"}"#);
    assert_refused(&server, &post(&server, &keyless), 400, "InvalidArgument");
}

#[test]
fn post_object_refuses_what_is_no_form() {
    let server = server();
    let host = server.address.to_string();
    let send = |body: &[u8]| form::post(&mut server.connect(), &host, "bkt", body);
    let whole = good(&server).body();
    // Whatever is missing of it, its end above all.
    for end in [0, 1, 100, whole.len() / 2, whole.len() - 20, whole.len() - 5] {
        assert_refused(&server, &send(&whole[..end]), 400, "MalformedPOSTRequest");
    }
    let fileless = String::from_utf8(whole.clone()).unwrap().replace("name=\"file\"", "name=\"f\"");
    let answer = send(fileless.as_bytes());
    assert_refused(&server, &answer, 400, "InvalidArgument");
    assert_message(&answer, "POST requires exactly one file upload per request.");
    assert_refused(
        &server,
        &post(&server, &good(&server).field("KEY", "user/k")),
        400,
        "InvalidArgument",
    );
    let long = good(&server).field("x-ignore-long", &"v".repeat(20 * 1024));
    let code = "MaxPostPreDataLengthExceededError";
    assert_refused(&server, &post(&server, &long), 400, code);
    let invalid = fields().sign_v4(&server.signer(OWN), "{}");
    assert_refused(&server, &post(&server, &invalid), 400, "InvalidPolicyDocument");
    let plain = Request::new("POST", "/bkt").header("content-type", "text/plain").body("x");
    assert_refused(&server, &server.call(plain), 412, "PreconditionFailed");
}

#[test]
fn post_object_to_no_bucket_is_no_such_bucket() {
    let server = server();
    let form = fields().sign_v4(&server.signer(OWN), &CONDITIONS.replace("bkt", "nowhere"));
    let answer = form.post(&mut server.connect(), &server.address.to_string(), "nowhere");
    assert_refused(&server, &answer, 404, "NoSuchBucket");
}

/// curl waits for it before it sends a large form.
#[test]
fn post_object_says_continue_where_the_browser_waits() {
    let server = server();
    let body = good(&server).body();
    let mut connection = server.connect();
    let headers = [
        ("host".to_owned(), server.address.to_string()),
        ("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")),
        ("content-length".to_owned(), body.len().to_string()),
        ("expect".to_owned(), "100-continue".to_owned()),
    ];
    connection.send(&raw_head("POST", "/bkt", &headers));
    assert_eq!(connection.try_answer("POST").expect("an interim answer").status, 100);
    connection.send(&body);
    assert_eq!(connection.answer("POST").status, 204);
}
