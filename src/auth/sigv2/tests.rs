//! SigV2 as its clients really sign, and what a presigned URL must not be good for.

use super::*;
use crate::auth::tests::{Draft, NOW, authenticate_now, code, field, now, parse, users};
use crate::auth::{Settings, authenticate};
use crate::error::ErrorCode;

const LAX: Settings = Settings { require_signed_payload: false };

fn date() -> String {
    now().http_date()
}

/// `method path?query` with a Date, signed over `resource`.
fn signed(path: &'static str, query: &str, resource: &str) -> String {
    let string = format!("GET\n\n\n{}\n{resource}", date());
    Draft::new("GET", path).query(query).with("Date", &date()).v2(&string)
}

#[test]
fn each_known_way_to_sign_a_resource_is_accepted_in_a_header() {
    for (path, query, resource) in [
        ("/", "", "/"),
        ("/bkt/", "max-keys=1000&prefix&delimiter=%2F", "/bkt/"),
        ("/bkt", "", "/bkt"),
        ("/bkt", "", "/bkt/"),
        ("/bkt/k%20%C3%a9", "", "/bkt/k%20%C3%a9"),
        ("/bkt", "acl=", "/bkt?acl"),
        ("/bkt", "acl", "/bkt/?acl"),
        ("/bkt/k", "uploadId=a%2Bb+c&partNumber=2", "/bkt/k?partNumber=2&uploadId=a+b c"),
        ("/bkt", "tagging", "/bkt?tagging"),
        ("/bkt", "tagging", "/bkt"),
        ("/bkt/k", "response-cache-control=no&x-id=1", "/bkt/k?response-cache-control=no"),
        ("/bkt/k", "response-cache-control=no", "/bkt/k"),
    ] {
        let raw = signed(path, query, resource);
        assert!(authenticate_now(&raw).is_ok(), "{path}?{query} as {resource}");
    }
    for (path, query, resource) in [
        ("/bkt/k", "", "/bkt/k/"),
        ("/bkt/k", "acl", "/bkt/k"),
        ("/bkt/k", "", "/bkt/k?acl"),
        ("/bkt/k", "versionId=1", "/bkt/k?versionId=2"),
        ("/bkt/a%2fb", "", "/bkt/a/b"),
        ("/local/k", "", "/local/local/k"),
    ] {
        let error = code(&signed(path, query, resource));
        assert_eq!(error, ErrorCode::SignatureDoesNotMatch, "{path}?{query} as {resource}");
    }
}

#[test]
fn cyberduck_4_doubles_a_bucket_that_the_host_begins_with() {
    let string = format!("GET\n\n\n{}\n/local/local/k", date());
    let draft = Draft::new("GET", "/local/k").with("Date", &date());
    let agent = draft.clone().with("User-Agent", "Cyberduck/4.7.2 (Mac OS X/10.10.5) (x86_64)");
    assert!(authenticate_now(&agent.v2(&string)).is_ok());
    let other = draft.with("User-Agent", "curl/8");
    assert_eq!(code(&other.v2(&string)), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn class_e_a_bucket_of_the_host_must_be_in_the_resource() {
    for (resource, good) in [("/other/bkt/k", true), ("/bkt/k", false), ("/other/bkt/k/", false)] {
        let head = parse(&signed("/bkt/k", "", resource));
        let result = authenticate(&head, Some("other"), &users(), now(), LAX);
        assert_eq!(result.is_ok(), good, "{resource}");
    }
}

#[test]
fn class_a_every_amz_header_is_in_the_string() {
    let string = format!("GET\n\n\n{}\nx-amz-acl:a,b\nx-amz-meta-z:1\n/bkt", date());
    let draft = Draft::new("GET", "/bkt").with("Date", &date());
    let draft = draft.with("X-Amz-Meta-Z", "1").with("x-amz-acl", "a").with("X-AMZ-ACL", "b");
    let raw = draft.v2(&string);
    assert!(authenticate_now(&raw).is_ok());
    let more = raw.replace("Host:", "x-amz-copy-source: /bkt/k\r\nHost:");
    assert_eq!(code(&more), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn dates_are_rfc_1123_in_three_zones_or_iso_basic() {
    let time = date();
    let time = time.strip_suffix("GMT").unwrap();
    for zone in ["GMT", "UTC", "+0000"] {
        let date = format!("{time}{zone}");
        let raw = Draft::new("GET", "/").with("Date", &date).v2(&format!("GET\n\n\n{date}\n/"));
        assert!(authenticate_now(&raw).is_ok(), "{date}");
    }
    let iso = now().iso8601_basic();
    let amz = Draft::new("GET", "/").with("x-amz-date", &iso).with("Date", "ignored");
    assert!(authenticate_now(&amz.v2(&format!("GET\n\n\n\nx-amz-date:{iso}\n/"))).is_ok());
    for bad in ["", "yesterday", "Thu, 01 Jan 1969 00:00:00 GMT", "19690101T000000Z"] {
        let raw = Draft::new("GET", "/").with("Date", bad).v2(&format!("GET\n\n\n{bad}\n/"));
        assert_eq!(code(&raw), ErrorCode::AccessDenied, "{bad}");
    }
    let raw = Draft::new("GET", "/").with("Date", &date()).with("x-amz-date", "");
    assert_eq!(code(&raw.v2("")), ErrorCode::AccessDenied);
    assert_eq!(code(&Draft::new("GET", "/").v2("")), ErrorCode::AccessDenied);
}

#[test]
fn malformed_credentials_are_refused() {
    for value in ["AWS ", "AWS accesskey", "AWS :", "AWS nobody:x", "AWS accesskey:"] {
        let draft = Draft::new("GET", "/").with("Date", &date()).with("Authorization", value);
        let code = code(&draft.raw("", &draft.headers));
        assert!(code.status() == 400 || code.status() == 403, "{value} {code:?}");
    }
}

/// A presigned GET of `/bkt/k`, its query as sent, its string to sign.
fn presigned(query: &str, string: &str) -> String {
    let draft = Draft::new("GET", "/bkt/k").query(query);
    draft.raw(&draft.v2_query(string, NOW + 60), &draft.headers)
}

#[test]
fn presigned_has_exactly_one_string() {
    let string = |resource: &str| format!("GET\n\n\n{}\n{resource}", NOW + 60);
    let good = presigned("response-expires=a+b&x-id=1", &string("/bkt/k?response-expires=a b"));
    assert!(authenticate_now(&good).is_ok());
    assert!(authenticate_now(&presigned("", &string("/bkt/k"))).is_ok());
    for (query, resource) in [("tagging", "/bkt/k"), ("", "/bkt/k/"), ("", "/bkt/bkt/k")] {
        let raw = presigned(query, &string(resource));
        assert_eq!(code(&raw), ErrorCode::SignatureDoesNotMatch, "{query} {resource}");
    }
}

#[test]
fn class_a_a_sub_resource_appended_to_a_presigned_url_is_refused() {
    let raw = presigned("", &format!("GET\n\n\n{}\n/bkt/k", NOW + 60));
    let more = SUB_RESOURCES.iter().chain(&["x-amz-acl", "content-type", "content-md5"]);
    for name in more {
        let more = raw.replacen("AWSAccessKeyId", &format!("{name}=v&AWSAccessKeyId"), 1);
        assert_eq!(code(&more), ErrorCode::SignatureDoesNotMatch, "{name}");
    }
    let header = raw.replace("Host:", "x-amz-copy-source: /bkt/secret\r\nHost:");
    assert_eq!(code(&header), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn presigned_query_may_carry_headers() {
    let string =
        format!("GET\n\ntext/plain\n{}\nx-amz-acl:private\nx-amz-meta-a:b c\n/bkt/k", NOW + 60);
    let query = "x-amz-meta-a=b+c&content-type=text/plain&X-Amz-Acl=private";
    let raw = presigned(query, &string);
    let mut verified = authenticate_now(&raw).unwrap();
    assert_eq!(verified.take_hoisted().len(), 3);
    for (header, good) in [("x-amz-acl: private", true), ("x-amz-acl: public-read", false)] {
        let both = raw.replace("Host:", &format!("{header}\r\nHost:"));
        assert_eq!(authenticate_now(&both).is_ok(), good, "{header}");
    }
}

#[test]
fn presigned_expires_in_whole_seconds_since_1970() {
    let string = |expires| format!("GET\n\n\n{expires}\n/bkt/k");
    for (expires, good) in [(NOW, true), (NOW - 1, false), (i64::MAX, true), (-1, false)] {
        let draft = Draft::new("GET", "/bkt/k");
        let raw = draft.raw(&draft.v2_query(&string(expires), expires), &draft.headers);
        assert_eq!(authenticate_now(&raw).is_ok(), good, "{expires}");
    }
    let draft = Draft::new("GET", "/bkt/k");
    let raw = draft.raw(&draft.v2_query(&string(NOW - 1), NOW - 1), &draft.headers);
    let error = authenticate_now(&raw).unwrap_err();
    assert_eq!(error.message, "Request has expired");
    assert_eq!(field(&error, "Expires"), "2026-11-21T18:52:06.000Z");
    for bad in ["x", "", "99999999999999999999"] {
        let raw = raw.replace(&format!("Expires={}", NOW - 1), &format!("Expires={bad}"));
        assert_eq!(code(&raw), ErrorCode::AccessDenied, "{bad}");
    }
}

/// Cyberduck 4.7.2 leaves SigV2 for a mode that hangs when it reads this.
#[test]
fn no_error_names_the_other_algorithm_or_a_region() {
    let unsigned = Draft::new("GET", "/");
    for raw in [
        signed("/bkt", "", "wrong"),
        unsigned.v2(""),
        unsigned.clone().with("Date", "Tue, 27 Mar 2007 19:36:42 +0000").v2(""),
        presigned("", "wrong"),
        unsigned.raw("Signature=x", &unsigned.headers),
    ] {
        let error = authenticate_now(&raw).unwrap_err();
        assert!(!format!("{error:?}").contains("AWS4-HMAC-SHA256"), "{error:?}");
        assert!(error.fields.iter().all(|(name, _)| *name != "Region"));
    }
}

#[test]
fn sub_resources_are_sorted_and_the_shorter_list_is_a_part_of_the_longer() {
    assert!(SUB_RESOURCES.is_sorted() && SHORTER_SUB_RESOURCES.is_sorted());
    assert!(SHORTER_SUB_RESOURCES.iter().all(|name| SUB_RESOURCES.contains(name)));
}
