//! GetBucketCors, PutBucketCors, DeleteBucketCors. What the rules do is in `handlers::cors`.

use super::{no_content, none};
use crate::error::{ErrorCode, Result};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    match &open.bucket.config().cors {
        Some(rules) => Ok(Response::xml(xml::cors_document(rules))),
        None => none(open, ErrorCode::NoSuchCORSConfiguration),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let rules = xml::cors_configuration(document)?;
    open.bucket.configure(|config| config.cors = Some(rules))?;
    Ok(Response::empty(200))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html>
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    open.bucket.configure(|config| config.cors = None)?;
    no_content()
}
