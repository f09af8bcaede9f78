//! The inputs of GetObjectAttributes, which come in headers of its own.
//!
//! Refused: a request that names no attribute, or one that S3 does not have.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>

use super::parse::{self, field};
use super::{GetObjectAttributes, ObjectAddress, ObjectAttributes};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::limits;

pub(super) fn get_object_attributes(
    head: &RequestHead,
    object: ObjectAddress,
) -> Result<GetObjectAttributes> {
    let max_parts = number(head, "x-amz-max-parts")?.map(|max| max.min(limits::PAGE_MAX));
    let marker = number(head, "x-amz-part-number-marker")?.unwrap_or(0);
    Ok(GetObjectAttributes {
        object,
        attributes: attributes(head)?,
        max_parts: max_parts.unwrap_or(limits::PAGE_MAX),
        part_number_marker: u16::try_from(marker).unwrap_or(u16::MAX), // past any part
        conditions: parse::conditions(head, parse::IF),
    })
}

/// One header with commas, or several: SDKs do either.
fn attributes(head: &RequestHead) -> Result<ObjectAttributes> {
    const NAME: &str = "x-amz-object-attributes";
    let headers = head.headers_with_prefix(NAME);
    let values = headers.iter().filter(|(name, _)| name == NAME).map(|(_, value)| *value);
    let mut asked = ObjectAttributes::default();
    for name in values.flat_map(|value| value.split(',')).map(str::trim) {
        match name {
            "ETag" => asked.etag = true,
            "Checksum" => asked.checksum = true,
            "ObjectParts" => asked.object_parts = true,
            "StorageClass" => asked.storage_class = true,
            "ObjectSize" => asked.object_size = true,
            "" => {}
            _ => return Err(S3Error::argument("Invalid attribute name specified.", NAME, name)),
        }
    }
    if asked == ObjectAttributes::default() {
        return Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "The x-amz-object-attributes header specifying the attributes to be retrieved is \
             either missing or empty",
        ));
    }
    Ok(asked)
}

fn number(head: &RequestHead, name: &str) -> Result<Option<usize>> {
    let Some(text) = field(head, name) else { return Ok(None) };
    match text.parse::<i32>().map(usize::try_from) {
        Ok(Ok(number)) => Ok(Some(number)),
        _ => {
            let message = format!("Argument {name} must be an integer between 0 and 2147483647");
            Err(S3Error::argument(message, name, text))
        }
    }
}
