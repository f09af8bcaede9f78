//! SigV4 as it arrives: takes the header form or the presigned form apart and compares.
//!
//! Stands behind `auth::authenticate`. What is checked, in this order: the form of the
//! credentials, that scope and request name the same day, the access key, the time, that nothing
//! that matters is unsigned, the signature.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
//!
//! Refused beside a wrong signature: an `x-amz-*` header that is not signed (security class A: the
//! holder of a presigned PUT adds `x-amz-copy-source` and reads anything), an unsigned `host` (it
//! may name the bucket), a part of the credentials given twice, a header-signed request without
//! `x-amz-content-sha256`, and the aws-chunked modes in a presigned request (class B).

use super::{ALGORITHM, Canonical, SIGNATURE_PARAM, Scope, SigningKey, UNSIGNED_PAYLOAD};
use crate::auth::chunk::Chain;
use crate::auth::{self, PayloadClaim, Scheme, Secret, Users, Verified};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::limits;
use crate::types::Timestamp;

/// Covered by the signature as the last line of the canonical request, so it may be unsigned as a
/// header; AWS tolerates that too.
const CONTENT_SHA256: &str = "x-amz-content-sha256";
/// The parameters of a presigned query that are not headers of the request; compared without case.
const QUERY: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    SIGNATURE_PARAM,
    "X-Amz-Security-Token",
];

/// Verifies `Authorization: AWS4-HMAC-SHA256 ...`.
pub(in crate::auth) fn verify_header(
    head: &RequestHead,
    users: &Users,
    now: Timestamp,
) -> Result<Verified> {
    let (time, sent) = auth::request_time(head)?;
    let claim = Claim::from_header(head.header("authorization").unwrap_or_default(), time)?;
    let key = auth::known_key(users, claim.access_key, now)?;
    auth::check_skew(time, sent, now)?;
    claim.check_signed_headers(head)?;
    let payload = head.header(CONTENT_SHA256).ok_or_else(|| {
        let message = "Missing required header for this request: x-amz-content-sha256";
        S3Error::new(ErrorCode::InvalidRequest, message)
    })?;
    let chain = claim.check_signature(head, &key.secret, payload)?;
    Ok(Verified {
        user: Some(key.user.clone()),
        scheme: Scheme::V4Header,
        payload: PayloadClaim::header_signed(head, payload, chain)?,
        hoisted: Vec::new(),
    })
}

/// Verifies `?X-Amz-Algorithm=...&X-Amz-Signature=...`.
pub(in crate::auth) fn verify_presigned(
    head: &RequestHead,
    users: &Users,
    now: Timestamp,
) -> Result<Verified> {
    let claim = Claim::from_query(head)?;
    let key = auth::known_key(users, claim.access_key, now)?;
    check_validity(head, claim.time, now)?;
    claim.check_signed_headers(head)?;
    let counts = |name: &str| {
        name.starts_with("x-amz-") && !QUERY.iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    let hoisted = auth::hoisted(head, counts)?;
    let in_query = hoisted.iter().find(|(name, _)| name == CONTENT_SHA256);
    let in_header = head.header(CONTENT_SHA256);
    // The last line of the canonical request. A value that is not itself signed cannot be what the
    // signer wrote there: it is only checked against the body, below.
    let signed = in_header.filter(|_| claim.signs(CONTENT_SHA256) || has_param(head));
    let signed = in_query.map(|(_, value)| value.as_str()).or(signed);
    claim.check_signature(head, &key.secret, signed.unwrap_or(UNSIGNED_PAYLOAD))?;
    let payload = PayloadClaim::plain(signed.or(in_header))?;
    Ok(Verified { user: Some(key.user.clone()), scheme: Scheme::V4Presigned, payload, hoisted })
}

/// Whether the query names the payload's hash (the header of the same name then has that value, or
/// `hoisted` has refused).
fn has_param(head: &RequestHead) -> bool {
    head.params().iter().any(|(name, _)| name.eq_ignore_ascii_case(CONTENT_SHA256))
}

/// What the credentials of a request say.
struct Claim<'a> {
    access_key: &'a str,
    scope: Scope<'a>,
    signed_headers: &'a str,
    signature: &'a str,
    time: Timestamp,
}

/// Which door the credentials came through: each has its own code for bad form.
#[derive(Clone, Copy)]
enum Door {
    Header,
    Query,
}

impl Door {
    fn error(self, message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
        let code = match self {
            Door::Header => ErrorCode::AuthorizationHeaderMalformed,
            Door::Query => ErrorCode::AuthorizationQueryParametersError,
        };
        S3Error::new(code, message)
    }
}

impl<'a> Claim<'a> {
    /// `AWS4-HMAC-SHA256 Credential=...,SignedHeaders=...,Signature=...`; AWS's SDKs write `, `,
    /// Cyberduck writes `,`.
    fn from_header(authorization: &'a str, time: Timestamp) -> Result<Claim<'a>> {
        let malformed = || {
            Door::Header.error(
                "The authorization header is malformed; the authorization header requires three \
                 components: Credential, SignedHeaders, and Signature.",
            )
        };
        let rest = authorization.strip_prefix(ALGORITHM).ok_or_else(malformed)?;
        let rest = rest.strip_prefix(' ').ok_or_else(malformed)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for component in rest.split(',') {
            let (name, value) = component.trim().split_once('=').ok_or_else(malformed)?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(malformed()),
            };
            if place.replace(value).is_some() {
                return Err(malformed());
            }
        }
        let credential = credential.ok_or_else(malformed)?;
        let signed_headers = signed_headers.ok_or_else(malformed)?;
        let signature = signature.ok_or_else(malformed)?;
        Claim::new(Door::Header, credential, signed_headers, signature, time)
    }

    fn from_query(head: &'a RequestHead) -> Result<Claim<'a>> {
        let missing = || {
            Door::Query.error(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, \
                 X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
                 X-Amz-Expires parameters.",
            )
        };
        let once = |name| auth::param_once(head, name).ok_or_else(missing);
        if once("X-Amz-Algorithm")? != ALGORITHM {
            let message = "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"";
            return Err(Door::Query.error(message));
        }
        once("X-Amz-Expires")?;
        let time = Timestamp::parse_iso8601_basic(once("X-Amz-Date")?).ok_or_else(|| {
            let form = "yyyyMMdd'T'HHmmss'Z'";
            Door::Query.error(format!("X-Amz-Date must be in the ISO8601 Long Format \"{form}\""))
        })?;
        let credential = once("X-Amz-Credential")?;
        let signed_headers = once("X-Amz-SignedHeaders")?;
        Claim::new(Door::Query, credential, signed_headers, once(SIGNATURE_PARAM)?, time)
    }

    fn new(
        door: Door,
        credential: &'a str,
        signed_headers: &'a str,
        signature: &'a str,
        time: Timestamp,
    ) -> Result<Claim<'a>> {
        let (access_key, scope) = super::credential(credential).ok_or_else(|| {
            door.error(
                "The Credential is mal-formed; expecting \
                 \"<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request\".",
            )
        })?;
        let timestamp = time.iso8601_basic();
        if timestamp.get(..8) != Some(scope.date) {
            return Err(door.error(format!(
                "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \
                 \"{timestamp}\".",
                scope.date
            )));
        }
        // Each name is looked up among the headers: neither list may be long.
        if signed_headers.split(';').count() > limits::HEADERS_MAX {
            return Err(door.error("SignedHeaders names more headers than a request can have."));
        }
        Ok(Claim { access_key, scope, signed_headers, signature, time })
    }

    fn signs(&self, name: &str) -> bool {
        self.signed_headers.split(';').any(|signed| signed == name)
    }

    /// `host` and every `x-amz-*` header that arrived, but for [`CONTENT_SHA256`], must be signed.
    fn check_signed_headers(&self, head: &RequestHead) -> Result<()> {
        let mut unsigned = Vec::new();
        if !self.signs("host") {
            unsigned.push("host".to_owned());
        }
        for (name, _) in head.headers() {
            let name = name.to_ascii_lowercase();
            let must = name.starts_with("x-amz-") && name != CONTENT_SHA256;
            if must && !self.signs(&name) && !unsigned.contains(&name) {
                unsigned.push(name);
            }
        }
        if unsigned.is_empty() {
            return Ok(());
        }
        let message = "There were headers present in the request which were not signed";
        Err(S3Error::new(ErrorCode::AccessDenied, message)
            .with("HeadersNotSigned", unsigned.join(", ")))
    }

    /// The chain that the chunks of the body continue; `SignatureDoesNotMatch` otherwise.
    fn check_signature(&self, head: &RequestHead, secret: &Secret, payload: &str) -> Result<Chain> {
        // The host that names the bucket is the host that is signed, wherever it was written.
        let host = |(name, value)| match str::eq_ignore_ascii_case(name, "host") {
            true => (name, head.host()),
            false => (name, value),
        };
        let headers: Vec<(&str, &str)> = head.headers().map(host).collect();
        let canonical = Canonical {
            method: head.method_as_sent(),
            path: head.path(),
            params: head.params(),
            headers: &headers,
            signed_headers: self.signed_headers,
            payload,
        };
        let canonical = canonical.request().ok_or(ErrorCode::InvalidURI)?;
        let timestamp = self.time.iso8601_basic();
        let string = super::string_to_sign(&timestamp, self.scope, &canonical);
        let key = SigningKey::derive(secret, self.scope);
        if auth::equal(&key.sign(&string), self.signature) {
            return Ok(Chain::new(key, timestamp, self.scope, self.signature));
        }
        Err(auth::signature_does_not_match(self.access_key, &string, self.signature)
            .with("CanonicalRequestBytes", auth::spaced_hex(&canonical))
            .with("CanonicalRequest", canonical))
    }
}

/// `X-Amz-Date` and `X-Amz-Expires` against the clock.
fn check_validity(head: &RequestHead, date: Timestamp, now: Timestamp) -> Result<()> {
    let text = auth::param_once(head, "X-Amz-Expires").unwrap_or_default();
    let seconds: i64 =
        text.parse().map_err(|_| Door::Query.error("X-Amz-Expires should be a number"))?;
    if seconds < 0 {
        return Err(Door::Query.error("X-Amz-Expires must be non-negative"));
    }
    if seconds > limits::PRESIGNED_SECS_MAX {
        return Err(Door::Query.error(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given \
             X-Amz-Expires must be less than 604800 seconds",
        ));
    }
    if date.secs() - limits::CLOCK_SKEW_SECS_MAX > now.secs() {
        return Err(S3Error::new(ErrorCode::AccessDenied, "Request is not valid yet")
            .with("ServerTime", now.iso8601()));
    }
    let expires = Timestamp::new(date.secs() + seconds, 0);
    // Good for no time at all is over, also within the second in which it was made.
    if seconds == 0 || now > expires {
        return Err(auth::expired(expires, now).with("X-Amz-Expires", text));
    }
    Ok(())
}
