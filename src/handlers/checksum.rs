//! Checksums in answers: headers, and elements of documents.
//!
//! Called by every handler that shows an object or a part. The checksum of parts' checksums
//! (COMPOSITE) is marked with their number, so that no client holds it against the content.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use crate::http::response::Response;
use crate::store::Object;
use crate::types::{Checksum, ChecksumType, ETag, PartNumber};
use crate::xml::Document;

/// Adds `x-amz-checksum-*` and its type, of the object with that tag.
pub(super) fn with_checksum(
    response: Response,
    etag: &ETag,
    checksum: Option<&Checksum>,
    of: ChecksumType,
) -> Response {
    let Some(checksum) = checksum else { return response };
    response
        .header(checksum.algorithm.header(), text(etag, checksum, of))
        .header("x-amz-checksum-type", of.name())
}

/// Adds the checksum of what is read with `x-amz-checksum-mode: ENABLED`: of a part its own. AWS
/// shows that of COMPOSITE uploads alone; here every part has one that its upload asked for.
pub(super) fn with_checksum_read(
    response: Response,
    object: &Object,
    part: Option<PartNumber>,
) -> Response {
    let (meta, of) = (&object.meta, object.meta.checksum_type);
    match part.filter(|_| object.part_count().is_some()) {
        None => with_checksum(response, &meta.etag, meta.checksum.as_ref(), of),
        Some(number) => match object.part_checksum(number) {
            None => response,
            Some(checksum) => response
                .header(checksum.algorithm.header(), checksum.base64())
                .header("x-amz-checksum-type", of.name()),
        },
    }
}

/// `<ChecksumCRC32>` or its kin, and `<ChecksumType>`, of an object that was just made.
pub(super) fn write_object_checksum(
    document: &mut Document,
    etag: &ETag,
    checksum: Option<&Checksum>,
    of: ChecksumType,
) {
    if let Some(checksum) = checksum {
        document.text(checksum.algorithm.element(), &text(etag, checksum, of));
        document.text("ChecksumType", of.name());
    }
}

/// `<ChecksumCRC32>` or its kin, of a part.
pub(super) fn write_checksum(document: &mut Document, checksum: Option<&Checksum>) {
    if let Some(checksum) = checksum {
        document.text(checksum.algorithm.element(), &checksum.base64());
    }
}

fn text(etag: &ETag, checksum: &Checksum, of: ChecksumType) -> String {
    match (of, etag) {
        (ChecksumType::Composite, ETag::Multipart(_, parts)) => {
            format!("{}-{parts}", checksum.base64())
        }
        _ => checksum.base64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ChecksumAlgorithm;

    #[test]
    fn checksums_of_checksums_are_marked_with_their_number() {
        let crc32 = Checksum { algorithm: ChecksumAlgorithm::Crc32, value: vec![0; 4] };
        let parts = ETag::Multipart([0; 16], 2);
        assert_eq!(text(&parts, &crc32, ChecksumType::Composite), "AAAAAA==-2");
        assert_eq!(text(&parts, &crc32, ChecksumType::FullObject), "AAAAAA==");
        assert_eq!(text(&ETag::Md5([0; 16]), &crc32, ChecksumType::FullObject), "AAAAAA==");
    }
}
