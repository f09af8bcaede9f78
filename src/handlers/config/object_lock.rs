//! GetObjectLockConfiguration and PutObjectLockConfiguration.
//!
//! A bucket gets Object Lock when it is made or, since 2023 on AWS, by this document while its
//! versioning is enabled. It never loses it: a document without a rule takes the default retention
//! away, nothing else, and versioning cannot be suspended any more.

use super::none;
use crate::error::{ErrorCode, Result, S3Error};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::store::Versioning;
use crate::types::RetentionPeriod;
use crate::xml::{self, Document};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    let Some(lock) = open.bucket.config().object_lock else {
        return none(open, ErrorCode::ObjectLockConfigurationNotFoundError);
    };
    let mut document = Document::new("ObjectLockConfiguration");
    document.text("ObjectLockEnabled", "Enabled");
    if let Some(default) = lock.default_retention {
        let (unit, count) = match default.period {
            RetentionPeriod::Days(days) => ("Days", days),
            RetentionPeriod::Years(years) => ("Years", years),
        };
        document.element("Rule", |rule| {
            rule.element("DefaultRetention", |retention| {
                retention.text("Mode", default.mode.name()).text(unit, &count.to_string());
            });
        });
    }
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let lock = xml::object_lock_configuration(document)?;
    open.bucket.try_configure(|config| match config.versioning {
        Some(Versioning::Enabled) => {
            config.object_lock = Some(lock);
            Ok(())
        }
        _ => Err(S3Error::new(
            ErrorCode::InvalidBucketState,
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        )),
    })?;
    Ok(Response::empty(200))
}
