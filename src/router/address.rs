//! Where a request points: bucket and key, from the path or from Host and path.
//!
//! The first step after `http::head`; `auth` wants the bucket of the Host for SigV2 strings. A
//! path is split at its raw slashes and each side percent-decoded exactly once (security class
//! D): `%2F` in the bucket's place makes a bad bucket name, in the key's place a slash of the key.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>

use super::Address;
use crate::error::{ErrorCode, Result};
use crate::http::head::{RequestHead, percent_decode};

/// Splits the path (path-style), or host and path (virtual-host style, for each of `domains`).
///
/// `/bkt` and `/bkt/` are the bucket; `//` in a key is kept: `/bkt//a` is key `/a`. A Host that is
/// a domain itself, or no `bucket.domain`, is path-style. `InvalidURI` at a bad escape.
pub fn address(head: &RequestHead, domains: &[String]) -> Result<Address> {
    let path = head.path().strip_prefix('/').unwrap_or(head.path());
    if let Some(bucket) = bucket_of_host(head.host(), domains) {
        return Ok(Address { bucket: Some(bucket), key: key(path)?, from_host: true });
    }
    if path.is_empty() {
        return Ok(Address { bucket: None, key: None, from_host: false });
    }
    let (bucket, rest) = path.split_once('/').unwrap_or((path, ""));
    let bucket = String::from_utf8(decoded(bucket)?).map_err(|_| ErrorCode::InvalidURI)?;
    Ok(Address { bucket: Some(bucket), key: key(rest)?, from_host: false })
}

fn key(raw: &str) -> Result<Option<Vec<u8>>> {
    match raw {
        "" => Ok(None),
        _ => decoded(raw).map(Some),
    }
}

pub(super) fn decoded(raw: &str) -> Result<Vec<u8>> {
    percent_decode(raw, false).ok_or_else(|| ErrorCode::InvalidURI.into())
}

/// The `bucket` of `bucket.domain[:port]`, lower case as host names are; of several domains the
/// longest that fits, so that `b.s3.example.com` is not bucket `b.s3` of `example.com`.
fn bucket_of_host(host: &str, domains: &[String]) -> Option<String> {
    let host = without_port(host).to_ascii_lowercase();
    let domains = domains.iter().map(|domain| domain.to_ascii_lowercase());
    let buckets = domains.filter_map(|domain| bucket_below(&host, &domain));
    buckets.min_by_key(String::len).filter(|bucket| !bucket.is_empty())
}

/// The `bucket` of `bucket.domain`, "" of the domain itself.
pub(super) fn bucket_below(host: &str, domain: &str) -> Option<String> {
    match host.strip_suffix(domain)? {
        "" => Some(String::new()),
        rest => rest.strip_suffix('.').map(str::to_owned),
    }
}

/// A colon inside `[…]` belongs to an IPv6 address.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}
