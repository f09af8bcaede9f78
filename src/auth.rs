//! Who sent this request, and what its signature says of the body.
//!
//! Stands between `http::head`, whose [`RequestHead`] it reads, and the router's operation, which
//! a handler carries out only for a [`Verified`] caller. Pure: bytes and a time come in, a value
//! goes out; no I/O and no clock.
//!
//! ```text
//! RequestHead -authenticate-> Verified { user, PayloadClaim } -verifier-> PayloadVerifier
//!                                                    body passes -finish-> PayloadVerified
//! ```
//!
//! Four forms of signature are understood, [`sigv4`] and [`sigv2`] each as header and presigned,
//! and of a browser's form, which comes after the head, the two of a [`post_policy`]. A request
//! carries one of them or none; two at once are refused, as on AWS, since a later step could take
//! the other one for the one that was verified (security class B).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html>
//!
//! Session tokens: none is ever given out here, so a request that carries one is answered as AWS
//! answers a token it does not know, 400 `InvalidToken`.

pub mod access;
pub mod chunk;
pub mod credentials;
mod payload;
pub mod post_policy;
pub mod role;
pub mod sigv2;
pub mod sigv4;

pub use credentials::{PreviousKey, Secret, User, Users};
pub use payload::{PayloadClaim, PayloadVerified, PayloadVerifier};
pub use role::{Quotas, Role};

use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::limits;
use crate::types::Timestamp;
use credentials::AccessKey;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// How a request was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Not at all.
    Anonymous,
    /// `Authorization: AWS key:signature`.
    V2Header,
    /// `?AWSAccessKeyId=...&Expires=...&Signature=...`.
    V2Presigned,
    /// `Authorization: AWS4-HMAC-SHA256 ...`.
    V4Header,
    /// `?X-Amz-Algorithm=...&X-Amz-Signature=...`.
    V4Presigned,
    /// The fields `AWSAccessKeyId` and `signature` of a form.
    V2Post,
    /// The fields `x-amz-credential`, `x-amz-signature`, ... of a form.
    V4Post,
}

/// Proof that a request's signature (or its absence) was checked. Only [`authenticate`] makes one
/// for a user, and, of the fields of a form, [`post_policy::authenticate`].
#[derive(Clone, Debug)]
pub struct Verified {
    user: Option<Arc<User>>,
    scheme: Scheme,
    payload: PayloadClaim,
    hoisted: Vec<(String, String)>,
}

impl Verified {
    /// Nobody, of a visit to a site: there no signature counts, and none is looked at.
    pub fn visitor() -> Verified {
        let payload = PayloadClaim::Unsigned;
        Verified { user: None, scheme: Scheme::Anonymous, payload, hoisted: Vec::new() }
    }

    /// The user; `None` is anonymous.
    pub fn user(&self) -> Option<&Arc<User>> {
        self.user.as_ref()
    }

    /// How it was signed.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What the signature says of the body.
    pub fn payload(&self) -> &PayloadClaim {
        &self.payload
    }

    /// Takes the query parameters that count as headers, names in lower case; the server hands
    /// them to [`RequestHead::hoist`].
    pub fn take_hoisted(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.hoisted)
    }
}

/// What [`authenticate`] needs beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Refuse a PUT or POST whose body no signature covers: UNSIGNED-PAYLOAD,
    /// STREAMING-UNSIGNED-PAYLOAD-TRAILER, and SigV2 without `x-amz-content-sha256`. An empty body
    /// is no exception: that it is empty is what would be unsigned.
    pub require_signed_payload: bool,
}

/// Verifies whichever of the four forms the request carries, at the time `now`. `host_bucket` is
/// the bucket that the Host header named (virtual-host style), if it did.
///
/// # Errors
///
/// The code AWS answers for what is wrong; `SignatureDoesNotMatch` carries the texts it computed.
pub fn authenticate(
    head: &RequestHead,
    host_bucket: Option<&str>,
    users: &Users,
    now: Timestamp,
    settings: Settings,
) -> Result<Verified> {
    let scheme = scheme(head)?;
    if scheme != Scheme::Anonymous {
        refuse_session_token(head)?;
    }
    let verified = match scheme {
        Scheme::Anonymous => anonymous(head)?,
        Scheme::V2Header => sigv2::verify_header(head, host_bucket, users, now)?,
        Scheme::V2Presigned => sigv2::verify_presigned(head, host_bucket, users, now)?,
        Scheme::V4Header => sigv4::verify_header(head, users, now)?,
        Scheme::V4Presigned => sigv4::verify_presigned(head, users, now)?,
        Scheme::V2Post | Scheme::V4Post => unreachable!("scheme() looks at no form"),
    };
    let writes = matches!(head.method(), Method::Put | Method::Post);
    if settings.require_signed_payload && writes && !verified.payload.is_signed() {
        let message = "This server takes only signed payloads: send x-amz-content-sha256.";
        return Err(S3Error::new(ErrorCode::AccessDenied, message));
    }
    Ok(verified)
}

/// Which form the credentials have, from what is there; whether it is any good is asked later.
fn scheme(head: &RequestHead) -> Result<Scheme> {
    let mut headers = head.headers().filter(|(name, _)| is(name, "authorization"));
    let header = headers.next().map(|(_, value)| value);
    let any = |names: &[&str]| names.iter().any(|name| head.param(name).is_some());
    let v4 = any(&["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"]);
    let v2 = any(&["AWSAccessKeyId", "Signature"]);
    match (header, v4, v2) {
        _ if headers.next().is_some() => Err(two_mechanisms()),
        (None, false, false) => Ok(Scheme::Anonymous),
        (None, true, false) => Ok(Scheme::V4Presigned),
        (None, false, true) => Ok(Scheme::V2Presigned),
        (Some(value), false, false) if value.starts_with(sigv4::ALGORITHM) => Ok(Scheme::V4Header),
        (Some(value), false, false) if value.starts_with("AWS ") => Ok(Scheme::V2Header),
        (Some(value), false, false) => {
            Err(S3Error::argument("Unsupported Authorization Type", "Authorization", value))
        }
        _ => Err(two_mechanisms()),
    }
}

fn two_mechanisms() -> S3Error {
    S3Error::new(
        ErrorCode::InvalidArgument,
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature \
         query string parameter or the Authorization header should be specified",
    )
    .with("ArgumentName", "Authorization")
}

/// An empty one is as absent: some tools send what an empty environment variable holds.
fn refuse_session_token(head: &RequestHead) -> Result<()> {
    const TOKEN: &str = "x-amz-security-token";
    let filled = |name: &str, value: &str| is(name, TOKEN) && !value.is_empty();
    let in_query = |(name, value): &(String, Option<String>)| {
        filled(name, value.as_deref().unwrap_or_default())
    };
    if head.headers().any(|(name, value)| filled(name, value)) || head.params().iter().any(in_query)
    {
        return Err(ErrorCode::InvalidToken.into());
    }
    Ok(())
}

/// Nobody: allowed nothing yet, but what it says of its body is held to.
fn anonymous(head: &RequestHead) -> Result<Verified> {
    let payload = PayloadClaim::anonymous(head)?;
    Ok(Verified { user: None, scheme: Scheme::Anonymous, payload, hoisted: Vec::new() })
}

fn is(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

/// In time that does not depend on where they differ (security class K).
fn equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The pair of that access key id, or `InvalidAccessKeyId`: also for one that is disabled or over,
/// as on AWS for an inactive one.
fn known_key<'u>(users: &'u Users, access_key: &str, now: Timestamp) -> Result<&'u AccessKey> {
    users.key(access_key, now).ok_or_else(|| {
        S3Error::from(ErrorCode::InvalidAccessKeyId).with("AWSAccessKeyId", access_key)
    })
}

/// The value of a parameter that must be there once and no more.
fn param_once<'h>(head: &'h RequestHead, name: &str) -> Option<&'h str> {
    let mut of_name = head.params().iter().filter(|(other, _)| other == name);
    match (of_name.next(), of_name.next()) {
        (Some((_, value)), None) => value.as_deref(),
        _ => None,
    }
}

/// When a header-signed request was made, and its text: `x-amz-date`, else `Date`, each in ISO
/// 8601 basic form (all of V4, today's Cyberduck in V2) or as an HTTP date.
fn request_time(head: &RequestHead) -> Result<(Timestamp, &str)> {
    let text = head.header("x-amz-date").or_else(|| head.header("date")).unwrap_or_default();
    Timestamp::parse_iso8601_basic(text)
        .or_else(|| Timestamp::parse_http_date(text))
        .filter(|time| time.secs() >= 0)
        .map(|time| (time, text))
        .ok_or_else(|| {
            let message = "AWS authentication requires a valid Date or x-amz-date header";
            S3Error::new(ErrorCode::AccessDenied, message)
        })
}

/// `RequestTimeTooSkewed`, with both clocks, where they are too far apart.
fn check_skew(time: Timestamp, sent: &str, now: Timestamp) -> Result<()> {
    if (time.secs() - now.secs()).abs() <= limits::CLOCK_SKEW_SECS_MAX {
        return Ok(());
    }
    let max = (limits::CLOCK_SKEW_SECS_MAX * 1000).to_string();
    Err(S3Error::from(ErrorCode::RequestTimeTooSkewed)
        .with("RequestTime", sent)
        .with("ServerTime", now.iso8601())
        .with("MaxAllowedSkewMilliseconds", max))
}

/// A presigned URL that is over.
fn expired(expires: Timestamp, now: Timestamp) -> S3Error {
    S3Error::new(ErrorCode::AccessDenied, "Request has expired")
        .with("Expires", expires.iso8601())
        .with("ServerTime", now.iso8601())
}

/// With what we signed, so that a client's author sees the difference.
fn signature_does_not_match(access_key: &str, string_to_sign: &str, provided: &str) -> S3Error {
    S3Error::from(ErrorCode::SignatureDoesNotMatch)
        .with("AWSAccessKeyId", access_key)
        .with("StringToSign", string_to_sign)
        .with("SignatureProvided", provided)
        .with("StringToSignBytes", spaced_hex(string_to_sign))
}

/// `41 57 53`: AWS's form of the `...Bytes` fields.
fn spaced_hex(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|b| format!("{b:02x}")).collect();
    bytes.join(" ")
}

/// The parameters of a presigned query whose lower-case name `counts` as that of a header: Go and
/// JavaScript SDKs put `x-amz-*` there, SigV2 signers `content-type` too.
///
/// Refused, 400: a name twice (in the query, or there and as a header) with different values, as
/// two steps could read two of them; and what no header can carry, as a line break in `x-amz-meta-`
/// would end up in the answer to a GET (security class J).
fn hoisted(head: &RequestHead, counts: impl Fn(&str) -> bool) -> Result<Vec<(String, String)>> {
    let mut hoisted: Vec<(String, String)> = Vec::new();
    for (name, value) in head.params() {
        let name = name.to_ascii_lowercase();
        if !counts(&name) {
            continue;
        }
        let value = value.as_deref().unwrap_or_default().trim_matches([' ', '\t']);
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if !name.bytes().all(token) || value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(S3Error::argument("The parameter cannot be a header.", &name, value));
        }
        let in_query = hoisted.iter().find(|(other, _)| *other == name).map(|(_, v)| v.as_str());
        match head.header(&name).or(in_query) {
            Some(other) if other == value => {}
            Some(_) => {
                let message = "The query and the headers give different values.";
                return Err(S3Error::argument(message, &name, value));
            }
            None if hoisted.len() == limits::HEADERS_MAX => {
                return Err(ErrorCode::RequestHeaderSectionTooLarge.into());
            }
            None => hoisted.push((name, value.to_owned())),
        }
    }
    Ok(hoisted)
}

#[cfg(test)]
mod tests;
