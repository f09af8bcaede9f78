//! GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus.
//!
//! The policy is kept and answered to the letter; `auth::access::policy` has its grammar and its
//! meaning. All four are for the bucket's owner: whoever a policy allows them, but is another, is
//! answered 405 MethodNotAllowed, as on AWS.
//!
//! Refused: what the grammar refuses (MalformedPolicy), and a public policy where the bucket's
//! block says BlockPublicPolicy.
//!
//! Where we deviate: GetBucketPolicyStatus of a bucket without a policy is 404 on AWS; here, as on
//! Ceph, it tells whether the bucket is public, by its ACL too.

use crate::auth::access::Policy;
use crate::error::{ErrorCode, Result, S3Error};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    match &open.bucket.config().policy {
        Some(policy) => Ok(Response::document("application/json", policy.clone())),
        None => super::none(open, ErrorCode::NoSuchBucketPolicy),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    if document.is_empty() {
        return Err(ErrorCode::MissingRequestBodyError.into());
    }
    let text = str::from_utf8(document).map_err(|_| S3Error::from(ErrorCode::MalformedPolicy))?;
    let policy = Policy::parse(text, Some(open.bucket.name().as_str()))?;
    if open.block.block_public_policy && policy.is_public() {
        return Err(ErrorCode::AccessDenied.into());
    }
    open.bucket.configure(|config| config.policy = Some(text.to_owned()))?;
    Ok(Response::empty(204))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html>: also where there
/// is none.
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    if open.bucket.config().policy.is_some() {
        open.bucket.configure(|config| config.policy = None)?;
    }
    Ok(Response::empty(204))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html>
pub(super) fn status(open: &OpenBucket) -> Result<Response> {
    Ok(Response::xml(xml::policy_status(open.rules().is_public())))
}
