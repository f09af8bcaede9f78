//! The inputs of multipart uploads.

use super::{CopySource, NewObject};
use crate::digest::Expected;
use crate::types::{
    BucketName, Checksum, ChecksumType, Conditions, Key, PartNumber, UploadChecksum, UploadId,
};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>
#[derive(Clone, Debug)]
pub struct CreateMultipartUpload {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: Key,
    /// Headers, metadata, ACL of the object to be.
    pub new: NewObject,
    /// `x-amz-checksum-algorithm` and `-type`.
    pub checksum: Option<UploadChecksum>,
}

/// Bucket, key and upload id.
#[derive(Clone, Debug)]
pub struct UploadAddress {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: Key,
    /// `uploadId`.
    pub upload_id: UploadId,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>
#[derive(Clone, Debug)]
pub struct UploadPart {
    /// Which upload.
    pub upload: UploadAddress,
    /// `partNumber`.
    pub part_number: PartNumber,
    /// As in [`super::PutObject::length`].
    pub length: Option<u64>,
    /// Claims about the content.
    pub expected: Expected,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>
#[derive(Clone, Debug)]
pub struct UploadPartCopy {
    /// Which upload.
    pub upload: UploadAddress,
    /// `partNumber`.
    pub part_number: PartNumber,
    /// Source.
    pub source: CopySource,
    /// `x-amz-copy-source-range: bytes=a-b`, both inclusive.
    pub range: Option<(u64, u64)>,
}

/// An object made of parts, as a client expects it; what it does not speak of is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedObject {
    /// `x-amz-checksum-*`: of the whole, or of the parts' checksums.
    pub checksum: Option<Checksum>,
    /// `x-amz-checksum-type`.
    pub of: Option<ChecksumType>,
    /// How many parts, where the checksum says so.
    pub parts: Option<usize>,
    /// `x-amz-mp-object-size`, in bytes.
    pub length: Option<u64>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
#[derive(Clone, Debug)]
pub struct CompleteMultipartUpload {
    /// Which upload.
    pub upload: UploadAddress,
    /// Claims about the XML: Content-MD5 alone, as checksum headers speak of the object here.
    pub expected: Expected,
    /// What the object must come to.
    pub object: ExpectedObject,
    /// `If-Match`, `If-None-Match`.
    pub conditions: Conditions,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
#[derive(Clone, Debug)]
pub struct ListParts {
    /// Which upload.
    pub upload: UploadAddress,
    /// `max-parts`, 0 to 1,000.
    pub max_parts: usize,
    /// `part-number-marker`.
    pub marker: u16,
}
