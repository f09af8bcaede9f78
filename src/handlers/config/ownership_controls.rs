//! GetBucketOwnershipControls, PutBucketOwnershipControls, DeleteBucketOwnershipControls.
//!
//! Refused: BucketOwnerEnforced while the bucket's ACL grants to others, as on AWS: whom it let in
//! would be shut out without a word.

use crate::error::{ErrorCode, Result};
use crate::handlers::{OpenBucket, acl};
use crate::http::response::Response;
use crate::types::ObjectOwnership;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    match open.bucket.config().ownership {
        Some(ownership) => Ok(Response::xml(xml::ownership_controls_document(ownership))),
        None => super::none(open, ErrorCode::OwnershipControlsNotFoundError),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let ownership = xml::ownership_controls(document)?;
    let acl = open.bucket.config().acl.as_ref();
    let shared = acl.is_some_and(|acl| *acl != acl::private(&open.owner));
    if ownership == ObjectOwnership::BucketOwnerEnforced && shared {
        return Err(ErrorCode::InvalidBucketAclWithObjectOwnership.into());
    }
    open.bucket.configure(|config| config.ownership = Some(ownership))?;
    Ok(Response::empty(200))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html>: also
/// where there are none.
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    if open.bucket.config().ownership.is_some() {
        open.bucket.configure(|config| config.ownership = None)?;
    }
    Ok(Response::empty(204))
}
