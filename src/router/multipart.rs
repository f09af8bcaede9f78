//! Operations of a multipart upload (`?uploads`, `?uploadId=…`), and their inputs.

use super::parse::{self, field};
use super::subresources::method_not_allowed;
use super::{
    CompleteMultipartUpload, CreateMultipartUpload, ListParts, NewObject, Operation, UploadAddress,
    UploadPart, UploadPartCopy, checksum, copy,
};
use crate::digest::Expected;
use crate::error::{Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::types::{BucketName, Key, PartNumber, UploadId};

pub(super) fn route(
    head: &RequestHead,
    asked: Option<&'static str>,
    bucket: BucketName,
    key: Key,
) -> Result<Operation> {
    let upload = |bucket, key| -> Result<UploadAddress> {
        let upload_id = UploadId::parse(head.param("uploadId").unwrap_or_default())?;
        Ok(UploadAddress { bucket, key, upload_id })
    };
    Ok(match (asked, head.method()) {
        (Some("uploads"), Method::Post) => {
            Operation::CreateMultipartUpload(create_multipart_upload(head, bucket, key)?)
        }
        (Some("uploadId"), Method::Get) => {
            Operation::ListParts(list_parts(head, upload(bucket, key)?)?)
        }
        (Some("uploadId"), Method::Put) => upload_part(head, upload(bucket, key)?)?,
        (Some("uploadId"), Method::Post) => {
            let upload = upload(bucket, key)?;
            Operation::CompleteMultipartUpload(complete_multipart_upload(head, upload)?)
        }
        (Some("uploadId"), Method::Delete) => Operation::AbortMultipartUpload(upload(bucket, key)?),
        (asked, _) => return Err(method_not_allowed(head, asked.unwrap_or_default())),
    })
}

fn create_multipart_upload(
    head: &RequestHead,
    bucket: BucketName,
    key: Key,
) -> Result<CreateMultipartUpload> {
    let new = NewObject::read(head)?;
    Ok(CreateMultipartUpload { bucket, key, new, checksum: checksum::for_multipart(head)? })
}

/// UploadPart, or UploadPartCopy where a source is named.
fn upload_part(head: &RequestHead, upload: UploadAddress) -> Result<Operation> {
    let part_number = PartNumber::parse(head.param("partNumber").unwrap_or_default())?;
    parse::refuse_encryption(head)?;
    let Some(source) = field(head, "x-amz-copy-source") else {
        let length = parse::content_length(head)?;
        let expected = checksum::expected(head)?;
        return Ok(Operation::UploadPart(UploadPart { upload, part_number, length, expected }));
    };
    let source = copy::source(head, source)?;
    let range = copy::source_range(head)?;
    Ok(Operation::UploadPartCopy(UploadPartCopy { upload, part_number, source, range }))
}

fn complete_multipart_upload(
    head: &RequestHead,
    upload: UploadAddress,
) -> Result<CompleteMultipartUpload> {
    let object = checksum::of_object(head)?;
    let expected = Expected { content_md5: checksum::content_md5(head)?, checksum: None };
    let conditions = parse::write_conditions(head)?;
    Ok(CompleteMultipartUpload { upload, expected, object, conditions })
}

fn list_parts(head: &RequestHead, upload: UploadAddress) -> Result<ListParts> {
    let marker = parse::param(head, "part-number-marker").unwrap_or("0");
    let number = marker.parse::<u32>().ok().filter(|n| i32::try_from(*n).is_ok());
    let number = number.ok_or_else(|| {
        let message = "Argument part-number-marker must be an integer between 0 and 2147483647";
        S3Error::argument(message, "part-number-marker", marker)
    })?;
    Ok(ListParts {
        upload,
        max_parts: parse::page_size(head, "max-parts", "max-parts")?,
        marker: u16::try_from(number).unwrap_or(u16::MAX), // beyond any part: an empty page
    })
}
