//! The rules that all four forms share, and the matrix of forms and body modes.

use super::*;
use crate::types::Owner;

pub(super) const NOW: i64 = 1_795_287_127; // 2026-11-21T18:52:07Z
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const LAX: Settings = Settings { require_signed_payload: false };
const STRICT: Settings = Settings { require_signed_payload: true };

pub(super) fn now() -> Timestamp {
    Timestamp::new(NOW, 0)
}

pub(super) fn users() -> Users {
    let owner = Owner { id: "own1".to_owned(), display_name: "own".to_owned() };
    let user = User::new(owner, "accesskey".to_owned(), Secret::new("secretkey".to_owned()));
    Users::new(vec![user]).unwrap()
}

pub(super) fn parse(raw: &str) -> RequestHead {
    RequestHead::parse(raw.as_bytes()).unwrap_or_else(|e| panic!("{e:?}: {raw}")).unwrap().0
}

pub(super) fn authenticate_now(raw: &str) -> Result<Verified> {
    authenticate(&parse(raw), None, &users(), now(), LAX)
}

pub(super) fn code(raw: &str) -> ErrorCode {
    authenticate_now(raw).expect_err(raw).code
}

pub(super) fn field<'e>(error: &'e S3Error, name: &str) -> &'e str {
    error.fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str()).unwrap_or_default()
}

/// A request that can be signed in each form.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) secret: &'static str,
    pub(super) time: i64,
}

impl Draft {
    pub(super) fn new(method: &'static str, path: &'static str) -> Draft {
        let headers = vec![("Host".to_owned(), "localhost:9100".to_owned())];
        Draft { method, path, query: String::new(), headers, secret: "secretkey", time: NOW }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Draft {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn query(mut self, query: &str) -> Draft {
        self.query = query.to_owned();
        self
    }

    pub(super) fn raw(&self, query: &str, headers: &[(String, String)]) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        let lines: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        format!("{} {}{mark}{query} HTTP/1.1\r\n{lines}\r\n", self.method, self.path)
    }

    fn unsigned<'a>(
        &'a self,
        headers: &'a [(String, String)],
        payload: &'a str,
    ) -> sigv4::Unsigned<'a> {
        let (method, path, query) = (self.method, self.path, &self.query);
        sigv4::Unsigned { method, path, query, headers, payload }
    }

    /// Signed in the `Authorization` header; `payload` is `x-amz-content-sha256`.
    pub(super) fn v4(&self, payload: &str) -> String {
        let (secret, time) = (Secret::new(self.secret.to_owned()), Timestamp::new(self.time, 0));
        let mut draft = self
            .clone()
            .with("x-amz-date", &time.iso8601_basic())
            .with("x-amz-content-sha256", payload);
        let unsigned = draft.unsigned(&draft.headers, payload);
        let value = sigv4::authorization(&unsigned, "accesskey", &secret, "garage", time);
        draft.headers.push(("Authorization".to_owned(), value));
        self.raw(&self.query, &draft.headers)
    }

    /// The query of the presigned form, good for `expires` seconds.
    pub(super) fn v4_query(&self, payload: &str, expires: u32) -> String {
        let (secret, time) = (Secret::new(self.secret.to_owned()), Timestamp::new(self.time, 0));
        let unsigned = self.unsigned(&self.headers, payload);
        sigv4::presigned_query(&unsigned, "accesskey", &secret, "garage", time, expires)
    }

    pub(super) fn v4_presigned(&self) -> String {
        self.raw(&self.v4_query("UNSIGNED-PAYLOAD", 60), &self.headers)
    }

    /// SigV2 over `string`, which the caller writes down.
    pub(super) fn v2(&self, string: &str) -> String {
        let signature = sigv2::sign(&Secret::new(self.secret.to_owned()), string);
        let draft = self.clone().with("Authorization", &format!("AWS accesskey:{signature}"));
        self.raw(&self.query, &draft.headers)
    }

    pub(super) fn v2_query(&self, string: &str, expires: i64) -> String {
        let signature = sigv2::sign(&Secret::new(self.secret.to_owned()), string);
        let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let mark = if self.query.is_empty() { "" } else { "&" };
        format!(
            "{}{mark}AWSAccessKeyId=accesskey&Expires={expires}&Signature={signature}",
            self.query
        )
    }
}

const MODES: [&str; 5] = [
    EMPTY,
    "UNSIGNED-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
];

/// A PUT in `scheme` with the body mode `mode` as its `x-amz-content-sha256`.
fn put(scheme: Scheme, mode: &str, secret: &'static str) -> String {
    let mut draft = Draft::new("PUT", "/bkt/key").with("x-amz-decoded-content-length", "0");
    draft.secret = secret;
    let amz = format!("x-amz-content-sha256:{mode}\nx-amz-decoded-content-length:0");
    let with_mode = draft.clone().with("x-amz-content-sha256", mode);
    match scheme {
        Scheme::Anonymous => draft.raw("", &with_mode.headers),
        Scheme::V4Header => draft.v4(mode),
        Scheme::V4Presigned => draft.raw(&with_mode.v4_query(mode, 60), &with_mode.headers),
        Scheme::V2Header => {
            let date = now().http_date();
            with_mode.with("Date", &date).v2(&format!("PUT\n\n\n{date}\n{amz}\n/bkt/key"))
        }
        Scheme::V2Presigned => {
            let string = format!("PUT\n\n\n{NOW}\n{amz}\n/bkt/key");
            draft.raw(&with_mode.v2_query(&string, NOW), &with_mode.headers)
        }
        Scheme::V2Post | Scheme::V4Post => unreachable!("a PUT has no form"),
    }
}

const SIGNED: [Scheme; 4] =
    [Scheme::V2Header, Scheme::V2Presigned, Scheme::V4Header, Scheme::V4Presigned];

#[test]
fn class_b_streaming_modes_are_for_header_signed_v4_alone() {
    for scheme in SIGNED.into_iter().chain([Scheme::Anonymous]) {
        for mode in MODES {
            let result = authenticate_now(&put(scheme, mode, "secretkey"));
            let unsigned = scheme == Scheme::Anonymous && mode.starts_with("STREAMING-UNSIGNED");
            if mode.starts_with("STREAMING") && scheme != Scheme::V4Header && !unsigned {
                assert_eq!(
                    result.unwrap_err().code,
                    ErrorCode::InvalidArgument,
                    "{scheme:?} {mode}"
                );
            } else {
                let verified = result.unwrap_or_else(|e| panic!("{scheme:?} {mode}: {e}"));
                assert_eq!(verified.scheme(), scheme);
                assert_eq!(verified.payload().is_aws_chunked(), mode.starts_with("STREAMING"));
            }
        }
    }
}

#[test]
fn class_b_a_wrong_secret_is_refused_in_every_form_and_mode() {
    for scheme in SIGNED {
        for mode in MODES {
            let raw = put(scheme, mode, "wrong");
            assert_eq!(code(&raw), ErrorCode::SignatureDoesNotMatch, "{scheme:?} {mode}");
        }
    }
}

#[test]
fn class_i_without_users_or_with_an_unknown_key_nobody_is_let_in() {
    for scheme in SIGNED {
        let head = parse(&put(scheme, EMPTY, ""));
        let error = authenticate(&head, None, &Users::default(), now(), LAX).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidAccessKeyId);
        assert_eq!(field(&error, "AWSAccessKeyId"), "accesskey");
    }
}

#[test]
fn require_signed_payload_refuses_writes_that_no_signature_covers() {
    for scheme in SIGNED {
        for mode in MODES {
            let head = parse(&put(scheme, mode, "secretkey"));
            let result = authenticate(&head, None, &users(), now(), STRICT);
            let signed =
                mode == EMPTY || scheme == Scheme::V4Header && mode.starts_with("STREAMING-AWS4");
            assert_eq!(result.is_ok(), signed, "{scheme:?} {mode}");
        }
    }
    let get = parse(&Draft::new("GET", "/bkt/key").v4("UNSIGNED-PAYLOAD"));
    assert!(authenticate(&get, None, &users(), now(), STRICT).is_ok());
}

#[test]
fn two_mechanisms_at_once_are_refused() {
    let draft = Draft::new("GET", "/bkt/key");
    let date = now().http_date();
    let string = format!("GET\n\n\n{date}\n/bkt/key");
    let v2_query = draft.v2_query(&string, NOW);
    let v4_query = draft.v4_query("UNSIGNED-PAYLOAD", 60);
    for raw in [
        draft.clone().query(&v2_query).v4(EMPTY),
        draft.clone().query("X-Amz-Signature=x").v4(EMPTY),
        draft.clone().query(&v4_query).with("Date", &date).v2(&string),
        draft.raw(&format!("{v4_query}&{v2_query}"), &draft.headers),
        draft.clone().with("Authorization", "AWS a:b").v4(EMPTY),
    ] {
        assert_eq!(code(&raw), ErrorCode::InvalidArgument, "{raw}");
    }
}

#[test]
fn an_unknown_authorization_is_refused_and_none_is_anonymous() {
    for value in ["Bearer x", "", "AWS", "aws4-hmac-sha256 x", "AWS4-ECDSA-P256-SHA256 x"] {
        let draft = Draft::new("GET", "/").with("Authorization", value);
        assert_eq!(code(&draft.raw("", &draft.headers)), ErrorCode::InvalidArgument, "{value}");
    }
    let draft = Draft::new("GET", "/");
    let verified = authenticate_now(&draft.raw("", &draft.headers)).unwrap();
    assert!(verified.user().is_none());
}

#[test]
fn a_session_token_is_invalid_and_an_empty_one_is_none() {
    let draft = Draft::new("GET", "/");
    let token = draft.clone().with("x-amz-security-token", "t").v4(EMPTY);
    assert_eq!(code(&token), ErrorCode::InvalidToken);
    let token = draft.clone().query("X-Amz-Security-Token=t").v4_presigned();
    assert_eq!(code(&token), ErrorCode::InvalidToken);
    assert!(authenticate_now(&draft.with("x-amz-security-token", "").v4(EMPTY)).is_ok());
}

#[test]
fn a_clock_is_off_by_15_minutes_at_most() {
    for (offset, good) in [(900, true), (-900, true), (901, false), (-901, false)] {
        let mut draft = Draft::new("GET", "/");
        draft.time += offset;
        let date = Timestamp::new(draft.time, 0).http_date();
        let v2 = draft.clone().with("Date", &date).v2(&format!("GET\n\n\n{date}\n/"));
        for raw in [draft.v4(EMPTY), v2] {
            match authenticate_now(&raw) {
                Ok(_) => assert!(good, "{raw}"),
                Err(error) => {
                    assert!(!good, "{raw}");
                    assert_eq!(error.code, ErrorCode::RequestTimeTooSkewed);
                    assert_eq!(field(&error, "ServerTime"), "2026-11-21T18:52:07.000Z");
                    assert_eq!(field(&error, "MaxAllowedSkewMilliseconds"), "900000");
                    assert!(!field(&error, "RequestTime").is_empty());
                }
            }
        }
    }
}

#[test]
fn class_j_a_hoisted_parameter_is_what_a_header_could_be() {
    for bad in ["a%0d%0aSet-Cookie:%20b", "a%00", "%7f"] {
        let draft = Draft::new("PUT", "/bkt/key").query(&format!("x-amz-meta-a={bad}"));
        assert_eq!(code(&draft.v4_presigned()), ErrorCode::InvalidArgument, "{bad}");
    }
    let name = Draft::new("PUT", "/bkt/key").query("x-amz-meta-%0aa=b");
    assert_eq!(code(&name.v4_presigned()), ErrorCode::InvalidArgument);
}

#[test]
fn class_a_hoisted_parameters_come_out_and_may_not_contradict() {
    let draft = Draft::new("PUT", "/bkt/key").query("X-Amz-Acl=private&x-amz-meta-A=b&x-id=1");
    let mut verified = authenticate_now(&draft.v4_presigned()).unwrap();
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    let expected = vec![pair("x-amz-acl", "private"), pair("x-amz-meta-a", "b")];
    assert_eq!(verified.take_hoisted(), expected);
    assert!(verified.take_hoisted().is_empty());
    let twice = Draft::new("PUT", "/bkt/key").query("x-amz-acl=private&X-Amz-Acl=public-read");
    assert_eq!(code(&twice.v4_presigned()), ErrorCode::InvalidArgument);
    for (value, good) in [("private", true), ("public-read", false)] {
        let both = draft.clone().with("x-amz-acl", value).v4_presigned();
        assert_eq!(authenticate_now(&both).is_ok(), good, "{value}");
    }
}
