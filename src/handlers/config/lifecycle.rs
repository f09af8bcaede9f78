//! Get-, Put- and DeleteBucketLifecycleConfiguration, and the headers by which other operations
//! tell of the rules.
//!
//! What the rules do is the module `lifecycle`'s; here they are stored and shown.

use super::none;
use crate::error::{ErrorCode, Result};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::lifecycle::{self, Content};
use crate::store::{Bucket, Object};
use crate::types::lifecycle::{DefaultMinimumObjectSize, LifecycleConfiguration};
use crate::types::{Key, Timestamp};
use crate::xml;

const MINIMUM_SIZE: &str = "x-amz-transition-default-minimum-object-size";

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    let Some(configuration) = &open.bucket.config().lifecycle else {
        return none(open, ErrorCode::NoSuchLifecycleConfiguration);
    };
    let response = Response::xml(xml::lifecycle::write(configuration));
    Ok(response.header(MINIMUM_SIZE, configuration.default_minimum_object_size.name()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>
pub(super) fn put(
    open: &OpenBucket,
    document: &[u8],
    minimum: Option<DefaultMinimumObjectSize>,
) -> Result<Response> {
    let (rules, minimum) = (xml::lifecycle::read(document)?, minimum.unwrap_or_default());
    let configuration = LifecycleConfiguration::new(rules, minimum)?;
    open.bucket.configure(|config| config.lifecycle = Some(configuration))?;
    Ok(Response::empty(200).header(MINIMUM_SIZE, minimum.name()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html>: no rules are
/// no error.
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    if open.bucket.config().lifecycle.is_some() {
        open.bucket.configure(|config| config.lifecycle = None)?;
    }
    Ok(Response::empty(204))
}

/// Adds `x-amz-expiration` where a rule will end this object, the current version of its key.
pub(in crate::handlers) fn with_expiration(
    response: Response,
    bucket: &Bucket,
    key: &Key,
    object: &Object,
) -> Response {
    let Some(rules) = &bucket.config().lifecycle else { return response };
    let content = Content { length: object.length, tags: Some(&object.meta.tags.0) };
    match lifecycle::expiration_header(rules, key.as_str(), object.modified, content) {
        Some(expiration) => response.header("x-amz-expiration", expiration),
        None => response,
    }
}

/// [`with_expiration`] for an object that was just written: looked up again, where there are rules
/// at all. It may be gone already, and then nothing is said.
pub(in crate::handlers) fn with_new_expiration(
    response: Response,
    bucket: &Bucket,
    key: &Key,
) -> Response {
    if bucket.config().lifecycle.is_none() {
        return response;
    }
    match bucket.object(key) {
        Ok(object) => with_expiration(response, bucket, key, &object),
        Err(_) => response,
    }
}

/// Adds `x-amz-abort-date` and `x-amz-abort-rule-id` where a rule will end this upload.
pub(in crate::handlers) fn with_abort_date(
    response: Response,
    bucket: &Bucket,
    key: &Key,
    initiated: Timestamp,
) -> Response {
    let rules = bucket.config().lifecycle.as_ref();
    match rules.and_then(|rules| lifecycle::abort_headers(rules, key.as_str(), initiated)) {
        Some((date, rule_id)) => {
            response.header("x-amz-abort-date", date).header("x-amz-abort-rule-id", rule_id)
        }
        None => response,
    }
}
