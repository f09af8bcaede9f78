//! GetObjectAttributes: what is known of an object, without its bytes.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>
//!
//! As on AWS the checksum stands here without the number of parts that headers have behind it
//! (`-3`), and ETag without quotes.
//!
//! Where we deviate: AWS lists the parts of uploads with COMPOSITE checksums alone, and counts
//! those of all others; here each is listed with its size.

use super::checksum::write_checksum;
use super::list::bool_text;
use super::object::precondition_failed;
use super::{Context, with_version};
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result};
use crate::http::response::Response;
use crate::router::GetObjectAttributes;
use crate::store::Object;
use crate::types::{PartNumber, Verdict};
use crate::xml::Document;

/// Who may not read the object may not know this of it either: AWS asks for both permissions.
pub(super) fn get_object_attributes(
    context: &Context,
    input: GetObjectAttributes,
) -> Result<Response> {
    context.open_object(&input.object, Action::GetObjectAttributes)?;
    let (open, object) = context.open_object(&input.object, Action::GetObject)?;
    match input.conditions.weigh(&object.meta.etag, object.modified) {
        Verdict::Proceed => {}
        Verdict::NotModified => return Err(ErrorCode::PreconditionFailed.into()),
        Verdict::PreconditionFailed => return Err(precondition_failed(&input.conditions)),
    }
    let (asked, meta) = (input.attributes, &object.meta);
    let mut document = Document::new("GetObjectAttributesResponse");
    if asked.etag {
        document.text("ETag", &meta.etag.to_string());
    }
    if let Some(checksum) = meta.checksum.as_ref().filter(|_| asked.checksum) {
        document.element("Checksum", |document| {
            write_checksum(document, Some(checksum));
            document.text("ChecksumType", meta.checksum_type.name());
        });
    }
    if asked.object_parts {
        write_parts(&mut document, &object, input.part_number_marker, input.max_parts);
    }
    if asked.storage_class {
        document.text("StorageClass", meta.storage_class.as_deref().unwrap_or("STANDARD"));
    }
    if asked.object_size {
        document.text("ObjectSize", &object.length.to_string());
    }
    let response = Response::xml(document.finish());
    let response = response.header("Last-Modified", object.modified.http_date());
    Ok(with_version(response, open.shown_version(&object)))
}

/// A page of the parts after `marker`; nothing of an object that was not made of parts.
fn write_parts(document: &mut Document, object: &Object, marker: u16, max: usize) {
    let Some(count) = object.part_count() else { return };
    let page: Vec<(PartNumber, u64)> = numbers_after(marker)
        .map_while(|number| Some((number, object.part(number)?.1)))
        .take(max)
        .collect();
    let last = page.last().map_or(marker, |(number, _)| number.get());
    let truncated = !page.is_empty() && u64::from(last) < count;
    document.element("ObjectParts", |document| {
        document.text("IsTruncated", bool_text(truncated));
        document.text("MaxParts", &max.to_string());
        document.text("NextPartNumberMarker", &last.to_string());
        document.text("PartNumberMarker", &marker.to_string());
        for (number, bytes) in page {
            document.element("Part", |document| {
                write_checksum(document, object.part_checksum(number).as_ref());
                document.text("PartNumber", &number.get().to_string());
                document.text("Size", &bytes.to_string());
            });
        }
        document.text("PartsCount", &count.to_string());
    });
}

/// Each number that a part can have.
fn numbers_after(marker: u16) -> impl Iterator<Item = PartNumber> {
    (marker..).skip(1).map_while(PartNumber::new)
}
