//! Single headers and parameters to values. An empty header is as absent, unless said otherwise.
//!
//! What the other files of the router share. Refused: what would be a lie to ignore (encryption, a
//! version where none can be named), and control characters that would split an answer (security
//! class J).

use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{Framing, RequestHead};
use crate::limits;
use crate::types::{Conditions, Timestamp, VersionId};

/// A header's value; an empty one is as absent.
pub(super) fn field<'h>(head: &'h RequestHead, name: &str) -> Option<&'h str> {
    head.header(name).filter(|value| !value.is_empty())
}

/// A parameter's value; an empty one is as absent.
pub(super) fn param<'h>(head: &'h RequestHead, name: &str) -> Option<&'h str> {
    head.param(name).filter(|value| !value.is_empty())
}

/// A value that will be a header of some answer. The head parser lets no control character
/// through, but a query can carry `%0D%0A` (`response-*`, hoisted `x-amz-meta-*`): response
/// splitting, security class J.
pub(super) fn printable(name: &str, value: &str) -> Result<String> {
    match value.chars().any(|c| c != '\t' && c.is_ascii_control()) {
        false => Ok(value.to_owned()),
        true => Err(S3Error::argument("Header value contains control characters", name, "")),
    }
}

/// A header that is stored and answered as sent.
pub(super) fn stored(head: &RequestHead, name: &str) -> Result<Option<String>> {
    field(head, name).map(|value| printable(name, value)).transpose()
}

/// 501 for a header or parameter that must not be ignored.
pub(super) fn not_implemented(name: &str) -> S3Error {
    let message = format!("{name} implies functionality that is not implemented.");
    S3Error::new(ErrorCode::NotImplemented, message).with("Header", name)
}

/// 501 if one of these headers is there.
pub(super) fn refuse(head: &RequestHead, names: &[&str]) -> Result<()> {
    match names.iter().find(|name| field(head, name).is_some()) {
        Some(name) => Err(not_implemented(name)),
        None => Ok(()),
    }
}

/// Encryption at rest is not there: a client that asks for it must not believe it got it.
pub(super) fn refuse_encryption(head: &RequestHead) -> Result<()> {
    for prefix in
        ["x-amz-server-side-encryption", "x-amz-copy-source-server-side-encryption-customer-"]
    {
        if let Some((name, _)) = head.headers_with_prefix(prefix).into_iter().next() {
            let message = format!(
                "{name} is not implemented: objects are plain files. Encrypt the file system below \
                 them (LUKS)."
            );
            return Err(S3Error::new(ErrorCode::NotImplemented, message).with("Header", name));
        }
    }
    Ok(())
}

/// `versionId`, if there is one.
pub(super) fn version_id(head: &RequestHead, key: &str) -> Result<Option<VersionId>> {
    head.param("versionId").map(|id| known_version_id(id, key)).transpose()
}

/// An id that a version here could have.
pub(super) fn known_version_id(id: &str, key: &str) -> Result<VersionId> {
    VersionId::parse(id).ok_or_else(|| no_such_version(id, key))
}

/// Whether the caller wants to pass a GOVERNANCE retention; whether it may is asked later.
pub(super) fn bypass_governance(head: &RequestHead) -> bool {
    field(head, "x-amz-bypass-governance-retention")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// AWS's ids are 32 characters; what cannot be one is told apart from what is not there.
pub(super) fn no_such_version(id: &str, key: &str) -> S3Error {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    match id {
        "" => S3Error::argument("Version id cannot be the empty string", "versionId", ""),
        _ if id.len() == 32 && id.bytes().all(legal) => {
            S3Error::from(ErrorCode::NoSuchVersion).with("Key", key).with("VersionId", id)
        }
        _ => S3Error::argument("Invalid version id specified", "versionId", id),
    }
}

/// Refuses `versionId` where AWS does: on writes, uploads and buckets.
pub(super) fn no_version_id(head: &RequestHead) -> Result<()> {
    match head.param("versionId") {
        None => Ok(()),
        Some(id) => {
            let message = "This operation does not accept a version-id.";
            Err(S3Error::argument(message, "versionId", id))
        }
    }
}

/// `max-keys` and its kin: absent or more is [`limits::PAGE_MAX`].
pub(super) fn page_size(head: &RequestHead, name: &str, argument: &str) -> Result<usize> {
    let Some(text) = param(head, name) else { return Ok(limits::PAGE_MAX) };
    match text.parse::<u32>() {
        Ok(n) if n <= i32::MAX.unsigned_abs() => {
            Ok(usize::try_from(n).unwrap_or(usize::MAX).min(limits::PAGE_MAX))
        }
        _ => Err(S3Error::argument(
            format!("Argument {argument} must be an integer between 0 and 2147483647"),
            argument,
            text,
        )),
    }
}

/// Whether `encoding-type=url` was asked for; there is no other type.
pub(super) fn encoding_type_url(head: &RequestHead) -> Result<bool> {
    match param(head, "encoding-type") {
        None => Ok(false),
        Some("url") => Ok(true),
        Some(other) => {
            let message = "Invalid Encoding Method specified in Request";
            Err(S3Error::argument(message, "encoding-type", other))
        }
    }
}

/// The names of four conditional headers: match, none-match, modified and unmodified since.
pub(super) type ConditionNames = [&'static str; 4];

/// On the object itself.
pub(super) const IF: ConditionNames =
    ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/// On the source of a copy.
pub(super) const COPY_SOURCE_IF: ConditionNames = [
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
];

/// The conditions under these names; a date that cannot be read is as absent.
pub(super) fn conditions(head: &RequestHead, names: ConditionNames) -> Conditions {
    let text = |name| field(head, name).map(str::to_owned);
    let date = |name| field(head, name).and_then(Timestamp::parse_http_date);
    let [if_match, if_none_match, modified, unmodified] = names;
    Conditions {
        if_match: text(if_match),
        if_none_match: text(if_none_match),
        if_modified_since: date(modified),
        if_unmodified_since: date(unmodified),
        ..Conditions::default()
    }
}

/// The two conditions of a write. There are no dates on AWS: 501. `If-None-Match` with a tag, which
/// AWS answers by 501, means what it means in HTTP, as on other servers of this kind.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
pub(super) fn write_conditions(head: &RequestHead) -> Result<Conditions> {
    refuse(head, &["if-modified-since", "if-unmodified-since"])?;
    Ok(conditions(head, IF))
}

/// The three conditions of a delete. What else is sent is 501, and a value that cannot be read
/// `InvalidArgument`: to ignore a condition would delete what must stay.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>
pub(super) fn delete_conditions(head: &RequestHead) -> Result<Conditions> {
    const SIZE: &str = "x-amz-if-match-size";
    const TIME: &str = "x-amz-if-match-last-modified-time";
    refuse(head, &["if-none-match", "if-modified-since", "if-unmodified-since"])?;
    let invalid = |name, text| S3Error::argument("Invalid conditional header value", name, text);
    let size = field(head, SIZE).map(|text| text.parse().map_err(|_| invalid(SIZE, text)));
    let time = field(head, TIME)
        .map(|text| Timestamp::parse_http_date(text).ok_or_else(|| invalid(TIME, text)));
    Ok(Conditions {
        if_match_size: size.transpose()?,
        if_match_last_modified: time.transpose()?,
        ..conditions(head, IF)
    })
}

/// The length of the content of PutObject or UploadPart: of an aws-chunked body
/// `x-amz-decoded-content-length`, else Content-Length, which a chunked body need not tell.
///
/// Neither is `MissingContentLength`; over 5 GiB `EntityTooLarge`.
pub(super) fn content_length(head: &RequestHead) -> Result<Option<u64>> {
    let streaming =
        field(head, "x-amz-content-sha256").is_some_and(|v| v.starts_with("STREAMING-"));
    let length = match head.framing() {
        _ if streaming => Some(decoded_content_length(head)?),
        Framing::Length(length) => Some(length),
        Framing::Chunked => None,
        Framing::None => return Err(ErrorCode::MissingContentLength.into()),
    };
    match length {
        Some(length) if length > limits::PUT_BYTES_MAX => {
            Err(S3Error::from(ErrorCode::EntityTooLarge)
                .with("ProposedSize", length.to_string())
                .with("MaxSizeAllowed", limits::PUT_BYTES_MAX.to_string()))
        }
        length => Ok(length),
    }
}

fn decoded_content_length(head: &RequestHead) -> Result<u64> {
    const NAME: &str = "x-amz-decoded-content-length";
    let Some(text) = field(head, NAME) else {
        return Err(ErrorCode::MissingContentLength.into());
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| S3Error::argument("The decoded content length is not a number", NAME, text))
}
