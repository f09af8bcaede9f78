//! GetBucketVersioning and PutBucketVersioning.
//!
//! Versioning is enabled, or suspended, and never taken away: versions that are there stay.
//!
//! Refused: to suspend it in a bucket with Object Lock, which keeps versions.

use crate::error::{ErrorCode, Result, S3Error};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::store::Versioning;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>: never enabled
/// is the empty element.
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    let enabled = open.bucket.config().versioning.map(|it| it == Versioning::Enabled);
    Ok(Response::xml(xml::versioning(enabled)))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let versioning = match xml::versioning_configuration(document)? {
        true => Versioning::Enabled,
        false => Versioning::Suspended,
    };
    open.bucket.try_configure(|config| {
        if config.object_lock.is_some() && versioning == Versioning::Suspended {
            return Err(S3Error::new(
                ErrorCode::InvalidBucketState,
                "An Object Lock configuration is present on this bucket, so the versioning state \
                 cannot be changed.",
            ));
        }
        config.versioning = Some(versioning);
        Ok(())
    })?;
    Ok(Response::empty(200))
}
