//! CopyObject, and the source of CopyObject and UploadPartCopy.
//!
//! `x-amz-copy-source` is percent-decoded exactly once (security class D: a peer decoded it twice
//! and served another bucket's files), and the key becomes the same `Key` as from a path.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

use super::parse::{self, field};
use super::{CopyObject, CopySource, NewObject, checksum};
use crate::error::{Result, S3Error};
use crate::http::head::{RequestHead, percent_decode};
use crate::types::{BucketName, Key};

const SOURCE: &str = "x-amz-copy-source";

/// The inputs of CopyObject. `If-Match` and `If-None-Match` speak of the destination.
pub(super) fn copy_object(
    head: &RequestHead,
    bucket: BucketName,
    key: Key,
    source: &str,
) -> Result<CopyObject> {
    let conditions = parse::write_conditions(head)?;
    let source = self::source(head, source)?;
    let replace = directive(head, "x-amz-metadata-directive", "Unknown metadata directive.")?;
    let replace_tags = directive(head, "x-amz-tagging-directive", "Unknown tagging directive.")?;
    let new = NewObject::read(head)?;
    let checksum = checksum::for_copy(head)?;
    Ok(CopyObject { bucket, key, source, replace, replace_tags, new, checksum, conditions })
}

/// Whether a directive says REPLACE; COPY is the default.
fn directive(head: &RequestHead, name: &str, unknown: &'static str) -> Result<bool> {
    match field(head, name) {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(S3Error::argument(unknown, name, other)),
    }
}

/// `bucket/key` or `/bucket/key`, the slash between them escaped or not (some clients escape it
/// all), then perhaps `?versionId=null`. A `?` of the key itself arrives as `%3F`.
pub(super) fn source(head: &RequestHead, text: &str) -> Result<CopySource> {
    let missing = || {
        let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
        S3Error::argument(message, SOURCE, text)
    };
    let (path, version) = match text.rsplit_once("?versionId=") {
        Some((path, version)) => (path, Some(version)),
        None => (text, None),
    };
    let invalid = || S3Error::argument("Invalid copy source encoding.", SOURCE, text);
    let path = percent_decode(path, false).ok_or_else(invalid)?;
    let path = String::from_utf8(path).map_err(|_| invalid())?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) =
        path.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(missing)?;
    Ok(CopySource {
        bucket: BucketName::parse(bucket)?,
        version: version.map(|id| parse::known_version_id(id, key)).transpose()?,
        key: Key::parse(key.as_bytes().to_vec())?,
        conditions: parse::conditions(head, parse::COPY_SOURCE_IF),
    })
}

/// `x-amz-copy-source-range: bytes=a-b`, both inclusive and nothing else.
pub(super) fn source_range(head: &RequestHead) -> Result<Option<(u64, u64)>> {
    const NAME: &str = "x-amz-copy-source-range";
    let Some(text) = field(head, NAME) else { return Ok(None) };
    let offset = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
        true => digits.parse::<u64>().ok(),
        false => None,
    };
    let range = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .and_then(|(first, last)| Some((offset(first)?, offset(last)?)))
        .filter(|(first, last)| first <= last);
    range.map(Some).ok_or_else(|| {
        S3Error::argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first \
             and last are the zero-based offsets of the first and last bytes to copy",
            NAME,
            text,
        )
    })
}
