//! Operations on an object, and the inputs of reading, writing and deleting one; the handlers cite
//! the page of each.
//!
//! Refused: every version but `null`, the only one there is, a version on a write, and conditions
//! on a delete other than `If-Match` (501), which must not be ignored.

use super::parse::{self, field, param};
use super::subresources::{method_not_allowed, unconfigured};
use super::{DeleteObject, GetObject, NewObject, Operation, PutAcl, PutObject, ResponseOverrides};
use super::{checksum, copy, multipart};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::http::range::ByteRange;
use crate::types::{BucketName, Key, PartNumber};

pub(super) fn route(
    head: &RequestHead,
    asked: Option<&'static str>,
    bucket: BucketName,
    key: Key,
) -> Result<Operation> {
    let method = head.method();
    if let Some("uploads" | "uploadId") = asked {
        parse::no_version_id(head)?;
        return multipart::route(head, asked, bucket, key);
    }
    match (asked, method) {
        (None, Method::Put | Method::Post) => parse::no_version_id(head)?,
        _ => parse::version_id(head, key.as_str())?,
    }
    Ok(match (asked, method) {
        (None, Method::Get) => Operation::GetObject(get_object(head, bucket, key)?),
        (None, Method::Head) => Operation::HeadObject(get_object(head, bucket, key)?),
        (None, Method::Put) => put(head, bucket, key)?,
        (None, Method::Delete) => delete_object(head, bucket, key)?,
        (Some("acl"), Method::Get) => Operation::GetObjectAcl(bucket, key),
        (Some("acl"), Method::Put) => Operation::PutObjectAcl(bucket, key, PutAcl::read(head)?),
        (Some("tagging"), Method::Get) => Operation::GetObjectTagging(bucket, key),
        (Some(name), _) => Operation::Unconfigured(unconfigured(head, name, bucket, Some(key))?),
        (None, _) => return Err(method_not_allowed(head, "object")),
    })
}

fn get_object(head: &RequestHead, bucket: BucketName, key: Key) -> Result<GetObject> {
    let part_number = head.param("partNumber").map(PartNumber::parse).transpose()?;
    if part_number.is_some() && field(head, "range").is_some() {
        return Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    // SSE-C on an object that is not encrypted: AWS's answer.
    if field(head, "x-amz-server-side-encryption-customer-algorithm").is_some() {
        return Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "The encryption parameters are not applicable to this object.",
        ));
    }
    Ok(GetObject {
        bucket,
        key,
        range: field(head, "range").and_then(ByteRange::parse),
        part_number,
        if_range: field(head, "if-range").map(str::to_owned),
        conditions: parse::conditions(head, parse::IF),
        overrides: response_overrides(head)?,
        checksum_mode: field(head, "x-amz-checksum-mode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")),
    })
}

fn response_overrides(head: &RequestHead) -> Result<ResponseOverrides> {
    let value = |name| match param(head, name) {
        Some(value) => parse::printable(name, value).map(Some),
        None => Ok(None),
    };
    Ok(ResponseOverrides {
        content_type: value("response-content-type")?,
        cache_control: value("response-cache-control")?,
        content_disposition: value("response-content-disposition")?,
        content_encoding: value("response-content-encoding")?,
        content_language: value("response-content-language")?,
        expires: value("response-expires")?,
        website_redirect_location: None,
    })
}

fn put(head: &RequestHead, bucket: BucketName, key: Key) -> Result<Operation> {
    // Half an UploadPart is not a PutObject that overwrites the whole object.
    if let Some(number) = head.param("partNumber") {
        return Err(S3Error::argument("Missing uploadId", "partNumber", number));
    }
    match field(head, "x-amz-copy-source") {
        Some(source) => copy::copy_object(head, bucket, key, source).map(Operation::CopyObject),
        None => put_object(head, bucket, key).map(Operation::PutObject),
    }
}

fn put_object(head: &RequestHead, bucket: BucketName, key: Key) -> Result<PutObject> {
    // Appending: to ignore the offset would replace the object by its tail.
    parse::refuse(head, &["x-amz-write-offset-bytes"])?;
    Ok(PutObject {
        bucket,
        key,
        length: parse::content_length(head)?,
        expected: checksum::expected(head)?,
        new: NewObject::read(head)?,
        conditions: parse::write_conditions(head)?,
    })
}

/// `If-Match` is all that AWS takes on an ordinary bucket. What else is sent is refused: to ignore
/// a condition would delete what must stay.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>
fn delete_object(head: &RequestHead, bucket: BucketName, key: Key) -> Result<Operation> {
    const REFUSED: [&str; 5] = [
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "x-amz-if-match-last-modified-time",
        "x-amz-if-match-size",
    ];
    parse::refuse(head, &REFUSED)?;
    let conditions = parse::conditions(head, parse::IF);
    Ok(Operation::DeleteObject(DeleteObject { bucket, key, conditions }))
}
