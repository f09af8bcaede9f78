//! SigV4 beside the published vectors: spelling, order, expiry, and what must be signed.

use super::*;
use crate::auth::PayloadClaim;
use crate::auth::sigv2::SUB_RESOURCES;
use crate::auth::tests::{Draft, NOW, authenticate_now, code, field};
use crate::error::ErrorCode;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn canonical(path: &str, query: &str, headers: &[(&str, &str)], signed: &str) -> String {
    let params = params(query).unwrap();
    let payload = UNSIGNED_PAYLOAD;
    let canonical = Canonical {
        method: "GET",
        path,
        params: &params,
        headers,
        signed_headers: signed,
        payload,
    };
    canonical.request().unwrap()
}

#[test]
fn headers_are_trimmed_collapsed_joined_and_found_in_any_case_and_order() {
    let headers = [
        ("X-Amz-Meta-B", " two "),
        ("x-unsigned", "no"),
        ("HOST", "h"),
        ("x-amz-meta-a", "a   b  \"c  d\""),
        ("x-amz-meta-b", "one,  three"),
        ("x-amz-meta-u", "grüße"),
        ("content-type", ""),
    ];
    let signed = "content-type;host;x-absent;x-amz-meta-a;x-amz-meta-b;x-amz-meta-u";
    assert_eq!(
        canonical("/", "", &headers, signed),
        format!(
            "GET\n/\n\ncontent-type:\nhost:h\nx-amz-meta-a:a b \"c d\"\n\
             x-amz-meta-b:two,one, three\nx-amz-meta-u:grüße\n\n{signed}\nUNSIGNED-PAYLOAD"
        )
    );
}

#[test]
fn a_path_is_encoded_once_and_never_normalised() {
    for (sent, signed) in [
        ("/", "/"),
        ("/a//b/../c/./", "/a//b/../c/./"),
        ("/sm%20all%2B@~%2A'()%C3%A9%23%25.txt", "/sm%20all%2B%40~%2A%27%28%29%C3%A9%23%25.txt"),
        ("/a+b", "/a%2Bb"),
        ("/é", "/%C3%A9"),
        ("/a%2fb%2525", "/a/b%2525"),
        ("/%ff", "/%FF"),
    ] {
        let text = canonical(sent, "", &[], "host");
        assert_eq!(text.lines().nth(1), Some(signed), "{sent}");
    }
}

#[test]
fn a_query_is_sorted_by_encoded_name_then_value() {
    for (sent, signed) in [
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=10&a", "a=&a=10&a=2"),
        ("prefix=a+b%20c%2B&uploads", "prefix=a%20b%20c%2B&uploads="),
        ("k=%7E%2a/=", "k=~%2A%2F%3D"),
        ("a-b=1&a=1&aa=1&%C3%A9=2&A=3", "%C3%A9=2&A=3&a=1&a-b=1&aa=1"),
        ("a=1&X-Amz-Signature=x&&", "a=1"),
    ] {
        let text = canonical("/", sent, &[], "host");
        assert_eq!(text.lines().nth(2), Some(signed), "{sent}");
    }
}

#[test]
fn authorization_may_have_spaces_after_its_commas_and_any_region() {
    let raw = Draft::new("GET", "/bkt").v4(EMPTY);
    assert!(authenticate_now(&raw).is_ok());
    let spaced = raw.replace(",SignedHeaders", ", SignedHeaders").replace(",Sig", ",  Sig");
    assert!(authenticate_now(&spaced).is_ok());
}

#[test]
fn malformed_credentials_are_told_apart_from_wrong_ones() {
    let raw = Draft::new("GET", "/").v4(EMPTY);
    for (from, to) in [
        ("/s3/", "/ec2/"),
        ("/aws4_request", "/aws4"),
        ("/20261121/", "/20261120/"),
        ("accesskey/20261121", "20261121"),
        (",Signature", ",Sig"),
        ("SignedHeaders=", "Signature="),
        ("HMAC-SHA256 ", "HMAC-SHA256"),
    ] {
        let bad = raw.replacen(from, to, 1);
        assert_ne!(bad, raw, "{from}");
        assert_eq!(code(&bad), ErrorCode::AuthorizationHeaderMalformed, "{to}");
    }
    let many = raw.replace("SignedHeaders=", &format!("SignedHeaders={}", "a;".repeat(200)));
    assert_eq!(code(&many), ErrorCode::AuthorizationHeaderMalformed);
}

#[test]
fn header_signed_wants_content_sha256_and_a_date() {
    let raw = Draft::new("GET", "/").v4(EMPTY);
    let without = raw.replace(&format!("x-amz-content-sha256: {EMPTY}\r\n"), "");
    let error = authenticate_now(&without).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert_eq!(error.message, "Missing required header for this request: x-amz-content-sha256");
    for date in ["", "x-amz-date: \r\n", "x-amz-date: yesterday\r\n"] {
        let bad = raw.replace("x-amz-date: 20261121T185207Z\r\n", date);
        assert_eq!(code(&bad), ErrorCode::AccessDenied, "{date}");
    }
    let odd = Draft::new("GET", "/").v4("hello");
    assert_eq!(code(&odd), ErrorCode::InvalidArgument);
}

#[test]
fn date_serves_where_x_amz_date_is_absent() {
    let now = Timestamp::new(NOW, 0);
    let draft =
        Draft::new("GET", "/").with("Date", &now.http_date()).with("x-amz-content-sha256", EMPTY);
    let unsigned =
        Unsigned { method: "GET", path: "/", query: "", headers: &draft.headers, payload: EMPTY };
    let secret = Secret::new("secretkey".to_owned());
    let value = authorization(&unsigned, "accesskey", &secret, "us-east-1", now);
    let draft = draft.with("Authorization", &value);
    assert!(authenticate_now(&draft.raw("", &draft.headers)).is_ok());
}

/// What a holder of a signed request would like to add to it.
const TEMPTING: [&str; 9] = [
    "x-amz-copy-source",
    "x-amz-acl",
    "X-Amz-Tagging",
    "x-amz-grant-full-control",
    "x-amz-server-side-encryption",
    "x-amz-object-lock-mode",
    "x-amz-metadata-directive",
    "x-amz-meta-a",
    "x-amz-decoded-content-length",
];

#[test]
fn class_a_an_unsigned_amz_header_is_refused() {
    let draft = Draft::new("PUT", "/bkt/key");
    for name in TEMPTING {
        for raw in [draft.v4(EMPTY), draft.v4_presigned()] {
            let more = raw.replace("Host:", &format!("{name}: v\r\nHost:"));
            let error = authenticate_now(&more).unwrap_err();
            assert_eq!(error.code, ErrorCode::AccessDenied);
            let message = "There were headers present in the request which were not signed";
            assert_eq!(error.message, message);
            assert_eq!(field(&error, "HeadersNotSigned"), name.to_ascii_lowercase());
        }
        assert!(authenticate_now(&draft.clone().with(name, "0").v4(EMPTY)).is_ok());
        assert!(authenticate_now(&draft.clone().with(name, "0").v4_presigned()).is_ok());
    }
    let two = draft.v4(EMPTY).replace("Host:", "x-amz-b: 1\r\nx-amz-a: 1\r\nx-amz-b: 2\r\nHost:");
    let error = authenticate_now(&two).unwrap_err();
    assert_eq!(field(&error, "HeadersNotSigned"), "x-amz-b, x-amz-a");
}

#[test]
fn class_a_host_must_be_signed_and_ordinary_headers_need_not() {
    let raw = Draft::new("GET", "/").v4(EMPTY);
    let more = raw.replace("Host:", "Range: bytes=0-1\r\namz-sdk-request: 1\r\nHost:");
    assert!(authenticate_now(&more).is_ok());
    let without = raw.replace("SignedHeaders=host;", "SignedHeaders=");
    let error = authenticate_now(&without).unwrap_err();
    assert_eq!(error.code, ErrorCode::AccessDenied);
    assert_eq!(field(&error, "HeadersNotSigned"), "host");
}

#[test]
fn class_a_a_sub_resource_appended_to_a_presigned_url_is_refused() {
    let draft = Draft::new("PUT", "/bkt/key");
    let query = draft.v4_query(UNSIGNED_PAYLOAD, 60);
    for name in SUB_RESOURCES.iter().chain(&["x-amz-acl", "prefix", "x-id"]) {
        let raw = draft.raw(&format!("{query}&{name}=v"), &draft.headers);
        assert_eq!(code(&raw), ErrorCode::SignatureDoesNotMatch, "{name}");
    }
}

#[test]
fn presigned_validity_is_one_second_to_seven_days() {
    let draft = Draft::new("GET", "/bkt/key");
    for (expires, offset, good) in [
        (1, 0, true),
        (1, -1, true),
        (1, -2, false),
        (604_800, -604_800, true),
        (604_800, -604_801, false),
        (60, 900, true),
        (60, 901, false),
    ] {
        let draft = Draft { time: NOW + offset, ..draft.clone() };
        let raw = draft.raw(&draft.v4_query(UNSIGNED_PAYLOAD, expires), &draft.headers);
        match authenticate_now(&raw) {
            Ok(_) => assert!(good, "{expires} {offset}"),
            Err(error) => {
                assert!(!good, "{expires} {offset}: {error}");
                assert_eq!(error.code, ErrorCode::AccessDenied);
                assert_eq!(field(&error, "ServerTime"), "2026-11-21T18:52:07.000Z");
                let over = error.message == "Request has expired";
                assert_eq!(over, !field(&error, "Expires").is_empty());
            }
        }
    }
    for (expires, refusal) in
        [(0, ErrorCode::AccessDenied), (604_801, ErrorCode::AuthorizationQueryParametersError)]
    {
        let raw = draft.raw(&draft.v4_query(UNSIGNED_PAYLOAD, expires), &draft.headers);
        assert_eq!(code(&raw), refusal, "{expires}");
    }
    let query = draft.v4_query(UNSIGNED_PAYLOAD, 60);
    for bad in ["-1", "abc", "", "99999999999999999999"] {
        let query = query.replace("Expires=60", &format!("Expires={bad}"));
        let raw = draft.raw(&query, &draft.headers);
        assert_eq!(code(&raw), ErrorCode::AuthorizationQueryParametersError, "{bad}");
    }
}

#[test]
fn presigned_parameters_must_be_there_once() {
    let draft = Draft::new("GET", "/bkt/key");
    let query = draft.v4_query(UNSIGNED_PAYLOAD, 60);
    for pair in query.split('&') {
        let without: Vec<&str> = query.split('&').filter(|other| *other != pair).collect();
        for bad in [without.join("&"), format!("{query}&{pair}")] {
            let raw = draft.raw(&bad, &draft.headers);
            assert_eq!(code(&raw), ErrorCode::AuthorizationQueryParametersError, "{bad}");
        }
    }
}

/// The claim of a presigned request on its body, wherever it is written.
#[test]
fn presigned_content_sha256_counts_as_query_signed_or_unsigned_header() {
    let draft = Draft::new("PUT", "/bkt/key");
    let in_query = draft.clone().query(&format!("X-Amz-Content-Sha256={EMPTY}"));
    let in_query = draft.raw(&in_query.v4_query(EMPTY, 60), &draft.headers);
    let signed = draft.clone().with("x-amz-content-sha256", EMPTY);
    let signed_header = draft.raw(&signed.v4_query(EMPTY, 60), &signed.headers);
    let unsigned_header = draft.raw(&draft.v4_query(UNSIGNED_PAYLOAD, 60), &signed.headers);
    for raw in [in_query, signed_header, unsigned_header] {
        let verified = authenticate_now(&raw).unwrap();
        assert!(matches!(verified.payload(), PayloadClaim::Sha256(_)), "{raw}");
    }
    let named = draft.query("X-Amz-Content-Sha256=UNSIGNED-PAYLOAD").v4_presigned();
    let verified = authenticate_now(&named).unwrap();
    assert!(matches!(verified.payload(), PayloadClaim::Unsigned));
}

#[test]
fn class_k_a_refusal_shows_what_was_computed_but_no_secret() {
    let raw = Draft { secret: "wrong", ..Draft::new("GET", "/bkt/key") }.v4(EMPTY);
    let error = authenticate_now(&raw).unwrap_err();
    assert!(field(&error, "CanonicalRequest").starts_with("GET\n/bkt/key\n\nhost:localhost"));
    assert!(field(&error, "CanonicalRequestBytes").starts_with("47 45 54 0a 2f"));
    assert!(field(&error, "StringToSignBytes").starts_with("41 57 53 34"));
    assert_eq!(field(&error, "AWSAccessKeyId"), "accesskey");
    assert_eq!(field(&error, "SignatureProvided").len(), 64);
    assert!(!format!("{error:?}").contains("secretkey"));
}
