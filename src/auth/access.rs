//! Who may do what: asked by the handlers after routing, before anything is read or told.
//!
//! A bucket is its owner's alone. ACLs are stored and shown but let nobody in, as under AWS's
//! public access block, and there are no bucket policies: an anonymous caller is always denied.
//!
//! Deviation: AWS lets a user with `s3:ListAllMyBuckets` see all buckets of the account; here each
//! user is an account and sees its own.

use super::Verified;
use crate::error::{ErrorCode, Result};
use crate::types::Owner;

/// What a request wants to do, under the names of AWS's policy language without `s3:`.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are AWS's, each explained on that page
pub enum Action {
    AbortMultipartUpload,
    BypassGovernanceRetention,
    CreateBucket,
    DeleteBucket,
    DeleteBucketPolicy,
    DeleteBucketWebsite,
    DeleteObject,
    DeleteObjectTagging,
    DeleteObjectVersion,
    DeleteObjectVersionTagging,
    GetAccelerateConfiguration,
    GetBucketAcl,
    GetBucketCORS,
    GetBucketLocation,
    GetBucketLogging,
    GetBucketNotification,
    GetBucketObjectLockConfiguration,
    GetBucketOwnershipControls,
    GetBucketPolicy,
    GetBucketPolicyStatus,
    GetBucketPublicAccessBlock,
    GetBucketRequestPayment,
    GetBucketTagging,
    GetBucketVersioning,
    GetBucketWebsite,
    GetEncryptionConfiguration,
    GetLifecycleConfiguration,
    GetObject,
    GetObjectAcl,
    GetObjectAttributes,
    GetObjectLegalHold,
    GetObjectRetention,
    GetObjectTagging,
    GetObjectVersion,
    GetObjectVersionAcl,
    GetObjectVersionAttributes,
    GetObjectVersionTagging,
    GetReplicationConfiguration,
    ListAllMyBuckets,
    ListBucket,
    ListBucketMultipartUploads,
    ListBucketVersions,
    ListMultipartUploadParts,
    PutAccelerateConfiguration,
    PutBucketAcl,
    PutBucketCORS,
    PutBucketLogging,
    PutBucketNotification,
    PutBucketObjectLockConfiguration,
    PutBucketOwnershipControls,
    PutBucketPolicy,
    PutBucketPublicAccessBlock,
    PutBucketRequestPayment,
    PutBucketTagging,
    PutBucketVersioning,
    PutBucketWebsite,
    PutEncryptionConfiguration,
    PutLifecycleConfiguration,
    PutObject,
    PutObjectAcl,
    PutObjectLegalHold,
    PutObjectRetention,
    PutObjectTagging,
    PutObjectVersionAcl,
    PutObjectVersionTagging,
    PutReplicationConfiguration,
}

impl Action {
    /// The action that the same request is where it names a version.
    pub fn of_version(self) -> Action {
        match self {
            Action::DeleteObject => Action::DeleteObjectVersion,
            Action::DeleteObjectTagging => Action::DeleteObjectVersionTagging,
            Action::GetObject => Action::GetObjectVersion,
            Action::GetObjectAcl => Action::GetObjectVersionAcl,
            Action::GetObjectAttributes => Action::GetObjectVersionAttributes,
            Action::GetObjectTagging => Action::GetObjectVersionTagging,
            Action::PutObjectAcl => Action::PutObjectVersionAcl,
            Action::PutObjectTagging => Action::PutObjectVersionTagging,
            other => other,
        }
    }
}

/// Whether the caller may use a bucket of that owner or, without a bucket, list and make their
/// own: its owner may, nobody else (403 `AccessDenied`).
pub fn authorise(caller: &Verified, _action: Action, bucket_owner: Option<&Owner>) -> Result<()> {
    let Some(user) = caller.user() else {
        return Err(ErrorCode::AccessDenied.into());
    };
    match bucket_owner {
        Some(owner) if owner.id != user.owner.id => Err(ErrorCode::AccessDenied.into()),
        _ => Ok(()),
    }
}
