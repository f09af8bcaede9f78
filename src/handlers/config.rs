//! What can be asked of a bucket's configuration today: its location, and that all else is not
//! configured.
//!
//! Clients look at sub-resources before they start and give up, or retry for ever, at a 500; each
//! is answered exactly as AWS answers for a bucket on which it was never set.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>

use super::Context;
use crate::error::{Result, S3Error};
use crate::http::response::Response;
use crate::router::{NotConfigured, Unconfigured};
use crate::types::{BucketName, Key};
use crate::xml::{self, Document};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>: us-east-1 is
/// the empty element.
pub(super) fn get_bucket_location(context: &Context, bucket: &BucketName) -> Result<Response> {
    let open = context.open(bucket)?;
    let location = open.bucket.config().location.as_deref().unwrap_or("");
    Ok(Response::xml(xml::location_constraint(location)))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>: never enabled
/// is the empty element.
pub(super) fn get_bucket_versioning(context: &Context, bucket: &BucketName) -> Result<Response> {
    context.open(bucket)?;
    Ok(Response::xml(Document::new("VersioningConfiguration").finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>: no object has
/// tags yet, and that is an empty set rather than an error.
pub(super) fn get_object_tagging(
    context: &Context,
    bucket: &BucketName,
    key: &Key,
) -> Result<Response> {
    context.open(bucket)?.object(key)?;
    let mut document = Document::new("Tagging");
    document.element("TagSet", |_| {});
    Ok(Response::xml(document.finish()))
}

/// A sub-resource that cannot be configured yet; the bucket, and the object, must exist.
pub(super) fn unconfigured(context: &Context, input: &Unconfigured) -> Result<Response> {
    let open = context.open(&input.bucket)?;
    if let Some(key) = &input.key {
        open.object(key)?;
    }
    match input.answer {
        NotConfigured::Error(code) => {
            Err(S3Error::from(code).with("BucketName", input.bucket.as_str()))
        }
        NotConfigured::Document(root, inner) => {
            let mut document = Document::new(root);
            document.raw(inner);
            Ok(Response::xml(document.finish()))
        }
    }
}
