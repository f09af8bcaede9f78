//! Who may do what: asked by the handlers after routing, before anything is read or told.
//!
//! Pure. A [`Caller`] is who asks and how far its role reaches, [`Rules`] are what a bucket says:
//! owner, ACLs, [`Policy`], ownership of objects, public access block. An [`Action`] is what is
//! asked, in AWS's own words, a [`Target`] with what, and [`Facts`] are what a policy's conditions
//! may ask of the request.
//!
//! By default nobody anonymous and no stranger is let in, whatever an ACL or a policy grants to
//! everybody: the server's own block has the meaning of AWS's IgnorePublicAcls and
//! RestrictPublicBuckets until `--allow-public` lifts it. A grant to a user by name counts always.
//!
//! Each user is an account of its own and may do all with what it owns: there are no users within
//! an account, and no policies of users. So a user sees its own buckets, where AWS shows all of the
//! account's to whoever has `s3:ListAllMyBuckets`. The two roles that act for the owners of buckets
//! (`scopes`) stand for what AWS has such policies for.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-management.html>

mod facts;
mod policy;
mod rules;
mod scopes;

pub use facts::{Facts, RequestFacts};
pub use policy::{Policy, Verdict};
pub use rules::{Asked, Rules, Target};
pub use scopes::Caller;

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
    GetAnalyticsConfiguration,
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
    GetIntelligentTieringConfiguration,
    GetInventoryConfiguration,
    GetLifecycleConfiguration,
    GetMetricsConfiguration,
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
    PutAnalyticsConfiguration,
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
    PutIntelligentTieringConfiguration,
    PutInventoryConfiguration,
    PutLifecycleConfiguration,
    PutMetricsConfiguration,
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
