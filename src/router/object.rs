//! Operations on an object, and the inputs of reading, writing and deleting one; the handlers cite
//! the page of each.
//!
//! Refused: a version on a write, ids that no version here can have, and conditions on a delete
//! that AWS does not have (501), which must not be ignored.

use super::parse::{self, field, param};
use super::subresources::{self, On, method_not_allowed};
use super::{
    DeleteObject, GetObject, NewObject, ObjectAddress, Operation, PutAcl, PutObject,
    PutObjectConfig, ResponseOverrides, Unconfigured,
};
use super::{attributes, checksum, copy, multipart};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::http::range::ByteRange;
use crate::limits;
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
    let version = match (asked, method) {
        (None, Method::Put | Method::Post) => {
            parse::no_version_id(head)?;
            None
        }
        _ => parse::version_id(head, key.as_str())?,
    };
    let object = ObjectAddress { bucket, key, version };
    Ok(match (asked, method) {
        (None, Method::Get) => Operation::GetObject(get_object(head, object)?),
        (None, Method::Head) => Operation::HeadObject(get_object(head, object)?),
        (None, Method::Put) => put(head, object)?,
        (None, Method::Delete) => Operation::DeleteObject(delete_object(head, object)?),
        (Some("acl"), Method::Get) => Operation::GetObjectAcl(object),
        (Some("acl"), Method::Put) => Operation::PutObjectAcl(object, PutAcl::read(head)?),
        (Some("attributes"), Method::Get) => {
            Operation::GetObjectAttributes(attributes::get_object_attributes(head, object)?)
        }
        (Some("legal-hold"), Method::Get) => Operation::GetObjectLegalHold(object),
        (Some("legal-hold"), Method::Put) => {
            Operation::PutObjectLegalHold(put_config(head, object)?)
        }
        (Some("retention"), Method::Get) => Operation::GetObjectRetention(object),
        (Some("retention"), Method::Put) => {
            Operation::PutObjectRetention(put_config(head, object)?)
        }
        (Some("tagging"), Method::Get) => Operation::GetObjectTagging(object),
        (Some("tagging"), Method::Put) => Operation::PutObjectTagging(put_config(head, object)?),
        (Some("tagging"), Method::Delete) => Operation::DeleteObjectTagging(object),
        (Some("torrent"), Method::Get) => Operation::GetObjectTorrent(object),
        (Some(asked), _) => {
            let &(_, _, _, name, _) = subresources::row(head, asked, On::Object)?;
            let ObjectAddress { bucket, key, .. } = object;
            Operation::Unconfigured(Unconfigured { bucket, key: Some(key), name })
        }
        (None, _) => return Err(method_not_allowed(head, "object")),
    })
}

fn put_config(head: &RequestHead, object: ObjectAddress) -> Result<PutObjectConfig> {
    let bypass_governance = parse::bypass_governance(head);
    Ok(PutObjectConfig { object, bypass_governance, expected: checksum::expected(head)? })
}

fn get_object(head: &RequestHead, object: ObjectAddress) -> Result<GetObject> {
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
        object,
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

fn put(head: &RequestHead, object: ObjectAddress) -> Result<Operation> {
    let ObjectAddress { bucket, key, .. } = object;
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
        bytes: 0..=limits::PUT_BYTES_MAX,
        expected: checksum::expected(head)?,
        new: NewObject::read(head)?,
        conditions: parse::write_conditions(head)?,
    })
}

fn delete_object(head: &RequestHead, object: ObjectAddress) -> Result<DeleteObject> {
    let conditions = parse::delete_conditions(head)?;
    let bypass_governance = parse::bypass_governance(head);
    Ok(DeleteObject { object, bypass_governance, conditions })
}
