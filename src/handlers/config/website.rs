//! GetBucketWebsite, PutBucketWebsite, DeleteBucketWebsite. Pages are served by it where the server
//! was given a host name for the bucket (`handlers::website`).

use super::{no_content, none};
use crate::error::{ErrorCode, Result};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    match &open.bucket.config().website {
        Some(website) => Ok(Response::xml(xml::website_document(website))),
        None => none(open, ErrorCode::NoSuchWebsiteConfiguration),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let website = xml::website_configuration(document)?;
    open.bucket.configure(|config| config.website = Some(website))?;
    Ok(Response::empty(200))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html>
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    open.bucket.configure(|config| config.website = None)?;
    no_content()
}
