//! SigV4: from a request to its canonical text, to the string to sign, to the signature.
//!
//! Signing and verifying share every line of this file; `verify` beside it only takes a received
//! request apart and compares. The four steps are those of AWS's page, under its names:
//!
//! ```text
//! CanonicalRequest = METHOD \n path \n query \n name:value \n ... \n SignedHeaders \n payload hash
//! StringToSign     = AWS4-HMAC-SHA256 \n timestamp \n scope \n hex(SHA-256(CanonicalRequest))
//! SigningKey       = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), "s3"), "aws4_request")
//! Signature        = hex(HMAC(SigningKey, StringToSign))
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
//!
//! S3 differs from AWS's other services: a path is never normalised (`a//b` and `a/../b` are keys)
//! and is encoded once. What arrives is percent-decoded once and strictly encoded again, since
//! clients differ in what they leave raw (Cyberduck sends `@` and signs `%40`).
//!
//! The document wants the names in SignedHeaders sorted. The order of the list as sent is used
//! here: a signer that sorts is understood, and so is one that does not.

mod verify;

pub(super) use verify::{verify_header, verify_presigned};

use super::Secret;
use crate::http::head::{params, percent_decode};
use crate::types::{Timestamp, hex};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest, Sha256};
use std::fmt;

/// The only algorithm: V4A (ECDSA) is not spoken here.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// `x-amz-content-sha256` of a body that the signature does not cover.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// What is wrong where a query that is about to be signed has a bad escape.
const OWN_QUERY: &str = "the query to sign is the caller's own, and encoded";
/// Left out of the canonical query: it cannot cover itself.
const SIGNATURE_PARAM: &str = "X-Amz-Signature";

/// RFC 3986 unreserved characters stay, all else is encoded.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// In a path `/` stays too.
const STRICT_PATH: &AsciiSet = &STRICT.remove(b'/');

/// Query parameters, percent-decoded; `None` where there was no `=`.
type Params = [(String, Option<String>)];

/// What a CanonicalRequest is made of.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// Percent-encoded as sent, beginning with `/`.
    pub path: &'a str,
    /// Percent-decoded once.
    pub params: &'a Params,
    /// All headers in order of arrival, in any spelling.
    pub headers: &'a [(&'a str, &'a str)],
    /// `host;x-amz-date`: which of them are signed.
    pub signed_headers: &'a str,
    /// The last line: a hash, or one of the words that stand for one.
    pub payload: &'a str,
}

impl Canonical<'_> {
    /// The CanonicalRequest; `None` where the path has a bad escape.
    pub fn request(&self) -> Option<String> {
        let mut text = String::with_capacity(1024);
        text.extend([self.method, "\n"]);
        text.extend(percent_encode(&percent_decode(self.path, false)?, STRICT_PATH));
        text.push('\n');
        push_query(&mut text, self.params);
        text.push('\n');
        for name in self.signed_headers.split(';') {
            self.push_header(&mut text, name);
        }
        text.extend(["\n", self.signed_headers, "\n", self.payload]);
        Some(text)
    }

    /// `name:value,value\n` in order of arrival; nothing where no such header came, so that an
    /// absent header and an empty one are told apart.
    fn push_header(&self, text: &mut String, name: &str) {
        let of_name = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let mut separator = None;
        for (_, value) in of_name {
            match separator {
                None => text.extend([name, ":"]),
                Some(comma) => text.push(comma),
            }
            push_collapsed(text, value);
            separator = Some(',');
        }
        if separator.is_some() {
            text.push('\n');
        }
    }
}

/// `name=value&name=` by encoded name, then value, without the signature itself.
fn push_query(text: &mut String, params: &Params) {
    let encode = |part: &str| percent_encode(part.as_bytes(), STRICT).to_string();
    let mut pairs: Vec<(String, String)> = params
        .iter()
        .filter(|(name, _)| name != SIGNATURE_PARAM)
        .map(|(name, value)| (encode(name), encode(value.as_deref().unwrap_or_default())))
        .collect();
    pairs.sort_unstable();
    for (i, (name, value)) in pairs.iter().enumerate() {
        text.extend([if i == 0 { "" } else { "&" }, name, "=", value]);
    }
}

/// Trims, and makes one space of each run of spaces.
fn push_collapsed(text: &mut String, value: &str) {
    let mut space = false;
    for c in value.trim_matches([' ', '\t']).chars() {
        if c != ' ' || !space {
            text.push(c);
        }
        space = c == ' ';
    }
}

/// `20130524/us-east-1/s3/aws4_request`: what a signature is good for. Any region is accepted
/// (Cyberduck profiles, Garage users and curl all name their own).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Eight digits.
    pub date: &'a str,
    /// As the client names it.
    pub region: &'a str,
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/s3/aws4_request", self.date, self.region)
    }
}

/// `KEY/20130524/us-east-1/s3/aws4_request` is an access key and a scope: from the right, four
/// parts that hold no `/`.
pub(super) fn credential(text: &str) -> Option<(&str, Scope<'_>)> {
    let mut parts = text.rsplitn(5, '/');
    let (Some("aws4_request"), Some("s3"), Some(region), Some(date), Some(access_key)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    Some((access_key, Scope { date, region }))
}

/// The StringToSign of a canonical request; `timestamp` is ISO 8601 basic.
pub fn string_to_sign(timestamp: &str, scope: Scope<'_>, canonical_request: &str) -> String {
    let hash = hex(&Sha256::digest(canonical_request));
    format!("{ALGORITHM}\n{timestamp}\n{scope}\n{hash}")
}

/// The key of one user, day and region. Cannot be printed.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Four HMACs, from the secret to `aws4_request`.
    pub fn derive(secret: &Secret, scope: Scope<'_>) -> SigningKey {
        let first = [b"AWS4", secret.as_bytes()].concat();
        let steps = [scope.date, scope.region, "s3", "aws4_request"];
        let key = steps.iter().fold(keyed(&first), |mut hmac, step| {
            hmac.update(step.as_bytes());
            keyed(&hmac.finalize().into_bytes())
        });
        SigningKey(key)
    }

    /// The signature of a StringToSign (or of a POST form's base64 policy), in lower-case hex.
    pub fn sign(&self, string_to_sign: &str) -> String {
        let mut hmac = self.0.clone();
        hmac.update(string_to_sign.as_bytes());
        hex(&hmac.finalize().into_bytes())
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// A request to be signed, as the client writes it. The server signs nothing; the tests do, and by
/// the same lines that verify.
pub struct Unsigned<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// Path, percent-encoded as it will be sent.
    pub path: &'a str,
    /// Query as it will be sent.
    pub query: &'a str,
    /// Headers to sign, `host` and `x-amz-*` included.
    pub headers: &'a [(String, String)],
    /// `x-amz-content-sha256` value.
    pub payload: &'a str,
}

impl Unsigned<'_> {
    /// `host;x-amz-date`.
    fn signed_headers(&self) -> String {
        let mut names: Vec<String> =
            self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        names.join(";")
    }

    fn sign(&self, params: &Params, key: &SigningKey, scope: Scope<'_>, time: &str) -> String {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let canonical = Canonical {
            method: self.method,
            path: self.path,
            params,
            headers: &headers,
            signed_headers: &self.signed_headers(),
            payload: self.payload,
        };
        let canonical = canonical.request().expect("a path that the caller has encoded");
        key.sign(&string_to_sign(time, scope, &canonical))
    }
}

/// The `Authorization` header value for `request`. Panics where path or query, which are the
/// caller's own, have a bad escape.
pub fn authorization(
    request: &Unsigned<'_>,
    access_key: &str,
    secret: &Secret,
    region: &str,
    now: Timestamp,
) -> String {
    let time = now.iso8601_basic();
    let scope = Scope { date: &time[..8], region };
    let key = SigningKey::derive(secret, scope);
    let signature = request.sign(&params(request.query).expect(OWN_QUERY), &key, scope, &time);
    let names = request.signed_headers();
    format!(
        "{ALGORITHM} Credential={access_key}/{scope},SignedHeaders={names},Signature={signature}"
    )
}

/// The whole query of a presigned URL, good for `expires_secs` from `now`: `request.query` and the
/// parameters of the signature. Panics as [`authorization`] does.
pub fn presigned_query(
    request: &Unsigned<'_>,
    access_key: &str,
    secret: &Secret,
    region: &str,
    now: Timestamp,
    expires_secs: u32,
) -> String {
    let time = now.iso8601_basic();
    let scope = Scope { date: &time[..8], region };
    let mut params = params(request.query).expect(OWN_QUERY);
    let mut push = |name: &str, value: String| params.push((name.to_owned(), Some(value)));
    push("X-Amz-Algorithm", ALGORITHM.to_owned());
    push("X-Amz-Credential", format!("{access_key}/{scope}"));
    push("X-Amz-Date", time.clone());
    push("X-Amz-Expires", expires_secs.to_string());
    push("X-Amz-SignedHeaders", request.signed_headers());
    let signature = request.sign(&params, &SigningKey::derive(secret, scope), scope, &time);
    let mut query = String::new();
    push_query(&mut query, &params);
    query.extend(["&", SIGNATURE_PARAM, "=", &signature]);
    query
}

#[cfg(test)]
mod tests;
