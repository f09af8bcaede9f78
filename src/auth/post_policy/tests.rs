//! AWS's published form, each condition violated once, and policies that are none.

use super::*;
use crate::auth::Secret;
use crate::types::Owner;

const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The policy of AWS's example, byte by byte.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html>
const PUBLISHED: &str = concat!(
    "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCi",
    "AgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXki",
    "LCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3",
    "Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nl",
    "c3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2",
    "UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNl",
    "cnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbW",
    "V0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUv",
    "MjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIk",
    "FXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBd",
    "DQp9",
);

fn users() -> Users {
    let owner = Owner { id: "id".to_owned(), display_name: "name".to_owned() };
    let user = User::new(owner, ACCESS_KEY.to_owned(), Secret::new(SECRET.to_owned()));
    Users::new(vec![user]).unwrap()
}

/// In time for [`PUBLISHED`], which expires 2015-12-30T12:00:00.000Z.
fn now() -> Timestamp {
    Timestamp::parse_iso8601_basic("20151230T120000Z").unwrap()
}

/// The form of AWS's example, its `${filename}` replaced.
fn published() -> Vec<(&'static str, &'static str)> {
    vec![
        ("key", "user/user1/MyFile.jpg"),
        ("acl", "public-read"),
        (
            "success_action_redirect",
            "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
        ),
        ("Content-Type", "image/jpeg"),
        ("x-amz-meta-uuid", "14365123651274"),
        ("x-amz-server-side-encryption", "AES256"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", "20151229T000000Z"),
        ("x-amz-meta-tag", ""),
        ("Policy", PUBLISHED),
        ("X-Amz-Signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"),
    ]
}

fn post(fields: &[(&str, &str)]) -> Result<Posted> {
    post_to("sigv4examplebucket", fields)
}

fn post_to(bucket: &str, fields: &[(&str, &str)]) -> Result<Posted> {
    authenticate(&Form::for_test(fields), &anonymous().verified, bucket, &users(), now())
}

/// The published form, one field another.
fn with<'a>(name: &'a str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = published().into_iter().filter(|(other, _)| *other != name).collect();
    fields.extend(value.map(|value| (name, value)));
    fields
}

fn error(outcome: Result<Posted>) -> (ErrorCode, String) {
    let error = outcome.unwrap_err();
    (error.code, error.message.into_owned())
}

/// A form signed by SigV2 with this policy, to bucket `b` at 2026-01-01.
fn post_v2(policy: &str, fields: &[(&str, &str)]) -> Result<Posted> {
    let policy = BASE64_STANDARD.encode(policy);
    let signature = sigv2::sign(&Secret::new(SECRET.to_owned()), &policy);
    let signed = [("AWSAccessKeyId", ACCESS_KEY), ("signature", &signature), ("policy", &policy)];
    let form = Form::for_test(&[fields, &signed].concat());
    let now = Timestamp::parse_iso8601_basic("20260101T000000Z").unwrap();
    authenticate(&form, &anonymous().verified, "b", &users(), now)
}

/// A policy good until 2027 whose conditions are these and one for the bucket.
fn policy(conditions: &str) -> String {
    let comma = if conditions.is_empty() { "" } else { "," };
    format!(
        "{{\"expiration\": \"2027-01-01T00:00:00Z\", \
         \"conditions\": [{{\"bucket\": \"b\"}}{comma}{conditions}]}}"
    )
}

#[test]
fn the_published_form_is_verified() {
    let posted = post(&published()).unwrap();
    assert_eq!(posted.verified.user().unwrap().access_key, ACCESS_KEY);
    assert_eq!(posted.verified.scheme(), Scheme::V4Post);
    assert_eq!(posted.length, 0..=limits::PUT_BYTES_MAX);
}

#[test]
fn class_f_each_condition_of_the_published_policy_violated_once() {
    for (name, value, condition) in [
        ("key", "user/user2/f", "[\"starts-with\", \"$key\", \"user/user1/\"]"),
        ("key", "User/user1/f", "[\"starts-with\", \"$key\", \"user/user1/\"]"),
        ("acl", "public-read-write", "[\"eq\", \"$acl\", \"public-read\"]"),
        ("acl", "Public-Read", "[\"eq\", \"$acl\", \"public-read\"]"),
        (
            "success_action_redirect",
            "http://evil.example/",
            "[\"eq\", \"$success_action_redirect\", \
             \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"]",
        ),
        ("Content-Type", "text/html", "[\"starts-with\", \"$content-type\", \"image/\"]"),
        ("Content-Type", "image/png,text/html", "[\"starts-with\", \"$content-type\", \"image/\"]"),
        ("x-amz-meta-uuid", "1", "[\"eq\", \"$x-amz-meta-uuid\", \"14365123651274\"]"),
        (
            "x-amz-server-side-encryption",
            "aws:kms",
            "[\"eq\", \"$x-amz-server-side-encryption\", \"AES256\"]",
        ),
    ] {
        let expected = format!("Invalid according to Policy: Policy Condition failed: {condition}");
        let told = (ErrorCode::AccessDenied, expected);
        assert_eq!(error(post(&with(name, Some(value)))), told, "{name}: {value}");
    }
}

#[test]
fn class_f_a_condition_on_a_field_that_did_not_come_does_not_hold() {
    let signing = [&V4_FIELDS[..], &["policy"]].concat();
    for (name, _) in published() {
        let (code, message) = error(post(&with(name, None)));
        match signing.contains(&name.to_lowercase().as_str()) {
            true => assert_eq!(code, ErrorCode::InvalidArgument, "{name}"),
            false => {
                assert_eq!(code, ErrorCode::AccessDenied, "{name}");
                assert!(message.contains("Policy Condition failed"), "{name}: {message}");
            }
        }
    }
}

#[test]
fn class_f_a_field_without_condition_is_refused() {
    for name in ["x-amz-meta-more", "Cache-Control", "tagging", "submit", "bucket-name"] {
        let mut fields = published();
        fields.push((name, "v"));
        let name = name.to_lowercase();
        let message = format!("Invalid according to Policy: Extra input fields: {name}");
        assert_eq!(error(post(&fields)), (ErrorCode::AccessDenied, message));
    }
    let mut fields = published();
    fields.push(("x-ignore-more", "v"));
    assert!(post(&fields).is_ok());
}

#[test]
fn class_f_the_bucket_of_the_url_counts_and_must_have_a_condition() {
    let elsewhere = post_to("another-bucket", &published());
    assert!(error(elsewhere).1.contains("[\"eq\", \"$bucket\", \"sigv4examplebucket\"]"));
    // What a field says of it changes nothing, either way.
    for says in ["sigv4examplebucket", "another-bucket"] {
        let fields = with("bucket", Some(says));
        assert!(post(&fields).is_ok());
        assert!(post_to("another-bucket", &fields).is_err());
    }
    let unbound = r#"{"expiration": "2027-01-01T00:00:00Z", "conditions": []}"#;
    let message = "Invalid according to Policy: Extra input fields: bucket";
    assert_eq!(error(post_v2(unbound, &[])), (ErrorCode::AccessDenied, message.to_owned()));
}

#[test]
fn class_f_an_expired_policy_is_refused() {
    let form = Form::for_test(&published());
    let at = |time| {
        let now = Timestamp::parse_iso8601_basic(time).unwrap();
        authenticate(&form, &anonymous().verified, "sigv4examplebucket", &users(), now)
    };
    assert!(at("20151230T120000Z").is_ok());
    let message = "Invalid according to Policy: Policy expired.".to_owned();
    assert_eq!(error(at("20151230T120001Z")), (ErrorCode::AccessDenied, message));
}

#[test]
fn class_f_length_ranges_narrow_what_is_allowed() {
    let ranges = |text: &str| post_v2(&policy(text), &[]).unwrap().length;
    assert_eq!(ranges(r#"["content-length-range", 1, 10]"#), 1..=10);
    assert_eq!(ranges(r#"["Content-Length-Range", "1", "10"]"#), 1..=10);
    let two = r#"["content-length-range", 1, 10], ["content-length-range", 5, 20]"#;
    assert_eq!(ranges(two), 5..=10);
    let all = format!("[\"content-length-range\", 0, {}]", u64::MAX);
    assert_eq!(ranges(&all), 0..=limits::PUT_BYTES_MAX);
}

#[test]
fn a_signature_that_differs_is_refused_and_shown_what_was_signed() {
    let signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699f";
    let wrong = post(&with("X-Amz-Signature", Some(signature))).unwrap_err();
    assert_eq!(wrong.code, ErrorCode::SignatureDoesNotMatch);
    assert!(wrong.fields.contains(&("StringToSign", PUBLISHED.to_owned())));
    // Another day, region or key makes another key.
    for credential in [
        "AKIAIOSFODNN7EXAMPLE/20151229/eu-west-1/s3/aws4_request",
        "AKIAIOSFODNN7NOBODYS/20151229/us-east-1/s3/aws4_request",
    ] {
        let (code, _) = error(post(&with("X-Amz-Credential", Some(credential))));
        assert!(
            [ErrorCode::SignatureDoesNotMatch, ErrorCode::InvalidAccessKeyId].contains(&code),
            "{credential}"
        );
    }
    // The policy is not even read before its signature is.
    let (code, _) = error(post(&with("Policy", Some("e30="))));
    assert_eq!(code, ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn fields_that_sign_are_refused_where_they_cannot_be_read() {
    for (name, value) in [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA1"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/sqs/aws4_request"),
        ("X-Amz-Date", "20151228T000000Z"),
        ("X-Amz-Date", "2015-12-29"),
        ("signature", "both versions at once"),
    ] {
        let (code, _) = error(post(&with(name, Some(value))));
        assert_eq!(code, ErrorCode::InvalidArgument, "{name}: {value}");
    }
    let (code, _) = error(post(&with("x-amz-security-token", Some("t"))));
    assert_eq!(code, ErrorCode::InvalidToken);
}

#[test]
fn a_form_without_policy_is_nobodys_and_without_signature_refused() {
    let anonymous = post(&[("key", "k")]).unwrap();
    assert!(anonymous.verified.user().is_none());
    assert_eq!(anonymous.verified.scheme(), Scheme::Anonymous);
    let (code, _) = error(post(&[("key", "k"), ("policy", PUBLISHED)]));
    assert_eq!(code, ErrorCode::AccessDenied);
    for (fields, missing) in [
        (&[("AWSAccessKeyId", ACCESS_KEY), ("signature", "s")][..], "policy"),
        (&[("AWSAccessKeyId", ACCESS_KEY), ("policy", "p")], "signature"),
        (&[("signature", "s"), ("policy", "p")], "AWSAccessKeyId"),
        (&[("x-amz-date", "d"), ("policy", "p")], "x-amz-algorithm"),
    ] {
        let told = error(post(fields));
        assert_eq!(told.0, ErrorCode::InvalidArgument);
        assert!(told.1.contains(&format!("named '{missing}'")), "{}", told.1);
    }
}

/// Class B: one could be verified and the other one used.
#[test]
fn class_b_a_head_that_says_who_sends_or_what_is_refused() {
    let form = Form::for_test(&published());
    let ask =
        |head: Verified| error(authenticate(&form, &head, "sigv4examplebucket", &users(), now())).0;
    let signed = Verified { scheme: Scheme::V4Header, ..anonymous().verified };
    assert_eq!(ask(signed), ErrorCode::InvalidArgument);
    let claimed = Verified { payload: PayloadClaim::Sha256([0; 32]), ..anonymous().verified };
    assert_eq!(ask(claimed), ErrorCode::InvalidRequest);
}

#[test]
fn sigv2_policies_are_verified() {
    let good = policy(r#"["starts-with", "$key", "u/"], {"acl": "private"}"#);
    let posted = post_v2(&good, &[("key", "u/k"), ("acl", "private")]).unwrap();
    assert_eq!(posted.verified.scheme(), Scheme::V2Post);
    let encoded = BASE64_STANDARD.encode(&good);
    for (access_key, signature, code) in [
        (ACCESS_KEY, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ErrorCode::SignatureDoesNotMatch),
        (ACCESS_KEY, "", ErrorCode::SignatureDoesNotMatch),
        ("nobody", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ErrorCode::InvalidAccessKeyId),
    ] {
        let fields = [("AWSAccessKeyId", access_key), ("signature", signature)];
        let told = error(post(&[&fields[..], &[("policy", &encoded)]].concat()));
        assert_eq!(told.0, code);
    }
}

#[test]
fn names_and_operators_are_without_case_and_values_are_not() {
    let policy = policy(r#"["StArTs-WiTh", "$KeY", "foo"], ["EQ", "$x-amz-meta-A", "V"]"#);
    assert!(post_v2(&policy, &[("kEy", "foo.txt"), ("X-Amz-Meta-a", "V")]).is_ok());
    assert!(post_v2(&policy, &[("key", "Foo.txt"), ("x-amz-meta-a", "V")]).is_err());
    assert!(post_v2(&policy, &[("key", "foo.txt"), ("x-amz-meta-a", "v")]).is_err());
}

#[test]
fn an_empty_start_allows_any_value_and_commas_are_lists_in_content_type_alone() {
    let any = policy(r#"["starts-with", "$key", ""], ["starts-with", "$Content-Type", "a/"]"#);
    for content_type in ["a/b", "a/b,a/c", "a/b, a/c"] {
        assert!(post_v2(&any, &[("key", ""), ("content-type", content_type)]).is_ok());
    }
    for content_type in ["", "a/b,", "b/a", "a/b,b/a"] {
        assert!(post_v2(&any, &[("key", ""), ("content-type", content_type)]).is_err());
    }
    let start = policy(r#"["starts-with", "$key", "a"]"#);
    assert!(post_v2(&start, &[("key", "a,b")]).is_ok());
}

/// `\$` and `\v` are of AWS's table of escapes; the first is also what two backslashes and `$` are
/// not.
#[test]
fn escapes_of_a_policy_are_understood() {
    let dollar = policy(r#"{"key": "\$foo\v"}"#);
    assert!(post_v2(&dollar, &[("key", "$foo\u{b}")]).is_ok());
    let backslash = policy(r#"{"key": "\\$foo\\v\u00e4\""}"#);
    assert!(post_v2(&backslash, &[("key", "\\$foo\\vä\"")]).is_ok());
}

#[test]
fn a_policy_that_is_not_understood_is_invalid() {
    let until = r#""expiration": "2027-01-01T00:00:00Z""#;
    let mut documents = vec![
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "\u{0}".to_owned(),
        "[".repeat(10_000),
        r#"{"conditions": []}"#.to_owned(),
        format!("{{{until}}}"),
        format!("{{{until}, \"CONDITIONS\": []}}"),
        format!("{{{until}, \"conditions\": {{}}}}"),
        format!("{{{until}, \"conditions\": [], \"more\": 1}}"),
        r#"{"EXPIRATION": "2027-01-01T00:00:00Z", "conditions": []}"#.to_owned(),
    ];
    for time in ["", "x", "2027-01-01", "2027-01-01 00:00:00Z", "2027-01-01 00:00:00+00:00", "1"] {
        documents.push(format!("{{\"expiration\": \"{time}\", \"conditions\": []}}"));
    }
    documents.push(r#"{"expiration": 1, "conditions": []}"#.to_owned());
    let until = r#""expiration": "2027-01-01T00:00:00Z""#;
    let twice = r#""conditions": [{"acl": "private"}], "conditions": []"#;
    documents.push(format!("{{{until}, {twice}}}"));
    let twice = r#"{"acl": "private", "acl": "public-read"}"#;
    documents.push(format!("{{{until}, \"conditions\": [{twice}]}}"));
    for condition in [
        "{}",
        r#"{"key": "a", "acl": "b"}"#,
        r#"{"key": 1}"#,
        r#"{"key": ["a"]}"#,
        "1",
        "null",
        "[]",
        "[1]",
        r#"["eq"]"#,
        r#"["eq", "$key"]"#,
        r#"["eq", "$key", "a", "b"]"#,
        r#"["eq", "key", "a"]"#,
        r#"["eq", "$key", 1]"#,
        r#"["ends-with", "$key", "a"]"#,
        r#"["content-length-range"]"#,
        r#"["content-length-range", 0]"#,
        r#"["content-length-range", -1, 0]"#,
        r#"["content-length-range", 0, 1, 2]"#,
        r#"["content-length-range", 0, 1.5]"#,
        r#"["content-length-range", 0, "x"]"#,
        r#"["content-length-range", 0, 18446744073709551616]"#,
    ] {
        documents.push(policy(condition));
    }
    for document in documents {
        let (code, message) = error(post_v2(&document, &[]));
        assert_eq!(code, ErrorCode::InvalidPolicyDocument, "{document:.80}");
        assert!(message.starts_with("Invalid Policy: "), "{message}");
    }
    assert_eq!(Policy::parse("%").unwrap_err().code, ErrorCode::InvalidPolicyDocument);
    assert_eq!(Policy::parse("gA==").unwrap_err().code, ErrorCode::InvalidPolicyDocument);
}

#[test]
fn a_policy_may_break_its_base64() {
    let broken = BASE64_STANDARD.encode(policy("")).replace('=', "=\r\n");
    let (one, two) = broken.split_at(60);
    assert!(Policy::parse(&format!("{one}\r\n{two}")).is_ok());
}

#[test]
fn class_l_no_byte_anywhere_makes_a_policy_panic() {
    let good = policy(r#"["eq", "$key", "\$\v"], {"acl": "a"}, ["content-length-range", 0, 9]"#);
    for at in 0..good.len() {
        for byte in [0, b'"', b'\\', b'$', b'[', b'}', b',', b'-', b'9', 0xff] {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = byte;
            // Some are policies still; the others are refused by the one code there is for it.
            if let Err(error) = Policy::parse(&BASE64_STANDARD.encode(bytes)) {
                assert_eq!(error.code, ErrorCode::InvalidPolicyDocument, "{byte} at {at}");
            }
        }
    }
}
