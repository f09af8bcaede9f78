//! GetBucketTagging, PutBucketTagging, DeleteBucketTagging.

use super::{no_content, none};
use crate::error::{ErrorCode, Result};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::types::Tags;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html>: unlike an object, a
/// bucket without tags has no set.
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    match &open.bucket.config().tags {
        tags if tags.is_empty() => none(open, ErrorCode::NoSuchTagSet),
        tags => Ok(Response::xml(xml::tagging_document(tags))),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html>: replaces the set.
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let tags = Tags::of_bucket(xml::tagging(document)?)?;
    open.bucket.configure(|config| config.tags = tags)?;
    no_content()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html>
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    open.bucket.configure(|config| config.tags = Tags::default())?;
    no_content()
}
