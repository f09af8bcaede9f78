//! GetBucketVersioning and PutBucketVersioning.
//!
//! STUB: never enabled.

use crate::error::{ErrorCode, Result, S3Error};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::xml::Document;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>: never enabled
/// is the empty element.
pub(super) fn get(_open: &OpenBucket) -> Result<Response> {
    Ok(Response::xml(Document::new("VersioningConfiguration").finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>
pub(super) fn put(_open: &OpenBucket, _document: &[u8]) -> Result<Response> {
    Err(S3Error::new(ErrorCode::NotImplemented, "PutBucketVersioning is not implemented."))
}
