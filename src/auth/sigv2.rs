//! SigV2, for the clients that speak nothing else: Cyberduck 4.7.2, `s3cmd --signature-v2`,
//! `rclone --s3-v2-auth`, boto3 with `signature_version='s3'`.
//!
//! ```text
//! StringToSign = METHOD \n Content-MD5 \n Content-Type \n Date \n x-amz-name:value \n ... resource
//! Signature    = base64(HMAC-SHA1(secret, StringToSign))
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html>
//!
//! All `x-amz-*` headers are in the string by this rule, so none can be unsigned (security class
//! A). Host is not in it: therefore a bucket that the host named must be in the resource, and a
//! signature for the path alone is not good for it (class E).
//!
//! What the resource is differs between signers. In a header, which is good for 15 minutes and
//! leaves nobody's hands, each known way is tried: see `resources` and `SHORTER_SUB_RESOURCES`
//! below. A presigned URL is handed to others and has exactly one string: its holder could else
//! append `&tagging` to it and do something else.
//!
//! Refused: an unreadable date, or one before 1970 (403 AccessDenied), a skew over 15 minutes, an
//! expired URL, and whatever does not match. Deviation from AWS, whose message for a V4-only region
//! names the other algorithm: Cyberduck 4.7.2 hangs on those words, so nothing here has them.

use super::{PayloadClaim, Scheme, Secret, User, Users, Verified};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::types::Timestamp;
use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The query parameters that change what a request does or what is answered: those, and no others,
/// are signed by SigV2 and looked at by the router. In order, as they are signed.
pub const SUB_RESOURCES: &[&str] = &[
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// What jets3t, and so Cyberduck, leaves out of the string: its list is older, and says
/// `reponse-cache-control` for one of them. Tried for header-signed requests only.
const SHORTER_SUB_RESOURCES: &[&str] = &[
    "acl",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "requestPayment",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// base64(HMAC-SHA1(secret, text)) of a StringToSign.
pub fn sign(secret: &Secret, text: &str) -> String {
    let mut hmac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    hmac.update(text.as_bytes());
    BASE64_STANDARD.encode(hmac.finalize().into_bytes())
}

/// Verifies `Authorization: AWS key:signature`.
pub(super) fn verify_header(
    head: &RequestHead,
    host_bucket: Option<&str>,
    users: &Users,
    now: Timestamp,
) -> Result<Verified> {
    let authorization = head.header("authorization").unwrap_or_default();
    let credentials = authorization.strip_prefix("AWS ").and_then(|rest| rest.rsplit_once(':'));
    let (access_key, signature) = credentials.ok_or_else(|| {
        let message = "AWS authorization header is invalid. Expected AwsAccessKeyId:signature";
        S3Error::argument(message, "Authorization", authorization)
    })?;
    let key = super::known_key(users, access_key, now)?;
    let (time, sent) = super::request_time(head)?;
    super::check_skew(time, sent, now)?;
    // x-amz-date takes the place of Date, and is among the x-amz- lines.
    let date = if head.header("x-amz-date").is_some() { "" } else { sent };
    let start = start(head, &[], date);
    let strings = resources(head, host_bucket).into_iter().flat_map(|path| {
        [SUB_RESOURCES, SHORTER_SUB_RESOURCES]
            .map(|list| format!("{start}{path}{}", sub_resources(head, list)))
    });
    check_any(access_key, &key.secret, strings, signature)?;
    verified(head, &key.user, Scheme::V2Header, Vec::new())
}

/// Verifies `?AWSAccessKeyId=...&Expires=...&Signature=...`.
pub(super) fn verify_presigned(
    head: &RequestHead,
    host_bucket: Option<&str>,
    users: &Users,
    now: Timestamp,
) -> Result<Verified> {
    let once = |name| {
        super::param_once(head, name).ok_or_else(|| {
            let message = "Query-string authentication requires the Signature, Expires and \
                 AWSAccessKeyId parameters";
            S3Error::new(ErrorCode::AccessDenied, message)
        })
    };
    let (access_key, expires) = (once("AWSAccessKeyId")?, once("Expires")?);
    let signature = once("Signature")?;
    let key = super::known_key(users, access_key, now)?;
    check_expires(expires, now)?;
    let counts =
        |name: &str| name.starts_with("x-amz-") || name == "content-type" || name == "content-md5";
    let hoisted = super::hoisted(head, counts)?;
    let start = start(head, &hoisted, expires);
    let path = exact_resource(head, host_bucket);
    let string = format!("{start}{path}{}", sub_resources(head, SUB_RESOURCES));
    check_any(access_key, &key.secret, std::iter::once(string), signature)?;
    verified(head, &key.user, Scheme::V2Presigned, hoisted)
}

fn check_expires(text: &str, now: Timestamp) -> Result<()> {
    let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds >= 0).ok_or_else(|| {
        let message = format!("Invalid date (should be seconds since epoch): {text}");
        S3Error::new(ErrorCode::AccessDenied, message)
    })?;
    let expires = Timestamp::new(seconds, 0);
    if now > expires { Err(super::expired(expires, now)) } else { Ok(()) }
}

fn verified(
    head: &RequestHead,
    user: &Arc<User>,
    scheme: Scheme,
    hoisted: Vec<(String, String)>,
) -> Result<Verified> {
    let payload = PayloadClaim::plain(header(head, &hoisted, "x-amz-content-sha256"))?;
    Ok(Verified { user: Some(user.clone()), scheme, payload, hoisted })
}

/// A header of the request, wherever it was written.
fn header<'a>(
    head: &'a RequestHead,
    hoisted: &'a [(String, String)],
    name: &str,
) -> Option<&'a str> {
    let in_query = || hoisted.iter().find(|(other, _)| other == name).map(|(_, v)| v.as_str());
    head.header(name).or_else(in_query)
}

/// The string to sign up to the resource. An absent Content-MD5 or Content-Type is an empty line.
fn start(head: &RequestHead, hoisted: &[(String, String)], date: &str) -> String {
    let line = |name| header(head, hoisted, name).unwrap_or_default();
    let (md5, content_type) = (line("content-md5"), line("content-type"));
    let mut text = format!("{}\n{md5}\n{content_type}\n{date}\n", head.method_as_sent());
    for (name, value) in amz_headers(head, hoisted) {
        text.extend([&name, ":", &value, "\n"]);
    }
    text
}

/// `x-amz-*`, sorted; values of one name joined with a comma in order of arrival.
fn amz_headers(head: &RequestHead, hoisted: &[(String, String)]) -> BTreeMap<String, String> {
    let in_query = hoisted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in head.headers().chain(in_query) {
        let name = name.to_ascii_lowercase();
        if name.starts_with("x-amz-") {
            let joined = headers.entry(name);
            joined.and_modify(|all| all.extend([",", value])).or_insert_with(|| value.to_owned());
        }
    }
    headers
}

/// The resource by the rule: the path as sent, escapes untouched, with the bucket of the host.
fn exact_resource(head: &RequestHead, host_bucket: Option<&str>) -> String {
    match host_bucket {
        Some(bucket) => format!("/{bucket}{}", head.path()),
        None => head.path().to_owned(),
    }
}

/// The resources a header-signed request may have signed, the one by the rule first.
fn resources(head: &RequestHead, host_bucket: Option<&str>) -> Vec<String> {
    let mut resources = vec![exact_resource(head, host_bucket)];
    if host_bucket.is_some() {
        return resources;
    }
    let path = head.path();
    let bucket = path.split('/').nth(1).unwrap_or_default();
    // boto3 sends `/bkt` and signs `/bkt/`; rclone signs `/bkt`, as sent.
    if !bucket.is_empty() && path.len() == bucket.len() + 1 {
        resources.push(format!("{path}/"));
    }
    // Cyberduck 4.7.2 takes a host that begins with the bucket's name (`s3` at `s3.example.com`)
    // for virtual-host style, and signs the bucket twice.
    let agent = head.header("user-agent").unwrap_or_default();
    if agent.starts_with("Cyberduck/4.") && !bucket.is_empty() && head.host().starts_with(bucket) {
        resources.push(format!("/{bucket}{path}"));
    }
    resources
}

/// `?name&name=value` of those parameters that are in `list`, sorted, values decoded; an empty
/// value is as none (today's Cyberduck sends `?acl=` and signs `?acl`).
fn sub_resources(head: &RequestHead, list: &[&str]) -> String {
    let listed = |(name, _): &&(String, Option<String>)| list.contains(&name.as_str());
    let mut pairs: Vec<(&str, &str)> = head
        .params()
        .iter()
        .filter(listed)
        .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
        .collect();
    pairs.sort_unstable();
    let mut text = String::new();
    for (i, (name, value)) in pairs.into_iter().enumerate() {
        text.extend([if i == 0 { "?" } else { "&" }, name]);
        if !value.is_empty() {
            text.extend(["=", value]);
        }
    }
    text
}

/// Whether one of the strings was signed; the client is told the first, which is by the rule.
fn check_any(
    access_key: &str,
    secret: &Secret,
    mut strings: impl Iterator<Item = String>,
    signature: &str,
) -> Result<()> {
    let matches = |string: &String| super::equal(&sign(secret, string), signature);
    let first = strings.next().unwrap_or_default();
    if matches(&first) || strings.any(|string| matches(&string)) {
        return Ok(());
    }
    Err(super::signature_does_not_match(access_key, &first, signature))
}

#[cfg(test)]
mod tests;
