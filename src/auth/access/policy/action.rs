//! `Action` and `NotAction`: which actions S3 has, and what each is done with.
//!
//! A name that S3 has not is a slip of the pen, which in a Deny would let in; AWS refuses it, and
//! so do we. A Deny of an action that is done with none of the statement's resources would protect
//! nothing: `s3:PutObject` of `arn:aws:s3:::bucket` without a `/*`. AWS refuses that as well.
//!
//! The names are AWS's, those too that this server has no operation for: a policy that was written
//! for AWS may have them. Actions of accounts, access points, jobs and the like are no bucket's to
//! allow, and are not here.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use super::super::Facts;
use super::pattern::Pattern;

/// What an action, or one of those that a pattern stands for, is done with; or of what a resource
/// may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    /// The bucket itself.
    pub(super) bucket: bool,
    /// What is in it.
    pub(super) object: bool,
}

impl Kinds {
    /// Those of the actions that a pattern, in lower case, stands for; neither where there is none.
    pub(super) fn of_action(pattern: &Pattern) -> Kinds {
        let facts = Facts::default();
        let stands_for =
            |name: &&str| pattern.matches(&format!("s3:{}", name.to_ascii_lowercase()), &facts);
        let any = |names: &[&str]| names.iter().any(stands_for);
        Kinds { bucket: any(&OF_BUCKETS), object: any(&OF_OBJECTS) }
    }

    /// Those of what an ARN stands for: a bucket's has no slash, and an object's has one, or a
    /// wildcard that may be one.
    pub(super) fn of_resource(pattern: &Pattern) -> Kinds {
        let slash = pattern.names('/');
        Kinds { bucket: !slash, object: slash || pattern.has_star() }
    }

    /// Whether they have one in common.
    pub(super) fn meet(self, other: Kinds) -> bool {
        (self.bucket && other.bucket) || (self.object && other.object)
    }
}

/// Actions done with a bucket.
const OF_BUCKETS: [&str; 62] = [
    "AllowVendedLogDeliveryForResource",
    "CreateBucket",
    "CreateBucketMetadataTableConfiguration",
    "DeleteBucket",
    "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketPolicy",
    "DeleteBucketWebsite",
    "GetAccelerateConfiguration",
    "GetAnalyticsConfiguration",
    "GetBucketAbac",
    "GetBucketAcl",
    "GetBucketCORS",
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketMetadataTableConfiguration",
    "GetBucketNotification",
    "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPolicyStatus",
    "GetBucketPublicAccessBlock",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetBucketWebsite",
    "GetEncryptionConfiguration",
    "GetIntelligentTieringConfiguration",
    "GetInventoryConfiguration",
    "GetLifecycleConfiguration",
    "GetMetricsConfiguration",
    "GetReplicationConfiguration",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListBucketVersions",
    "ListTagsForResource",
    "PauseReplication",
    "PutAccelerateConfiguration",
    "PutAnalyticsConfiguration",
    "PutBucketAbac",
    "PutBucketAcl",
    "PutBucketCORS",
    "PutBucketLogging",
    "PutBucketNotification",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketRequestPayment",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutBucketWebsite",
    "PutEncryptionConfiguration",
    "PutIntelligentTieringConfiguration",
    "PutInventoryConfiguration",
    "PutLifecycleConfiguration",
    "PutMetricsConfiguration",
    "PutReplicationConfiguration",
    "TagResource",
    "UntagResource",
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
];

/// Actions done with an object.
const OF_OBJECTS: [&str; 44] = [
    "AbortMultipartUpload",
    "BypassGovernanceRetention",
    "DeleteObject",
    "DeleteObjectAnnotation",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "DeleteObjectVersionAnnotation",
    "DeleteObjectVersionTagging",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAnnotation",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectTorrent",
    "GetObjectVersion",
    "GetObjectVersionAcl",
    "GetObjectVersionAnnotation",
    "GetObjectVersionAnnotationForReplication",
    "GetObjectVersionAttributes",
    "GetObjectVersionForReplication",
    "GetObjectVersionTagging",
    "GetObjectVersionTorrent",
    "InitiateReplication",
    "ListMultipartUploadParts",
    "ListObjectAnnotations",
    "ListObjectVersionAnnotations",
    "ObjectOwnerOverrideToBucketOwner",
    "PutObject",
    "PutObjectAcl",
    "PutObjectAnnotation",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "PutObjectVersionAcl",
    "PutObjectVersionAnnotation",
    "PutObjectVersionTagging",
    "ReplicateDelete",
    "ReplicateObject",
    "ReplicateObjectAnnotation",
    "ReplicateTags",
    "RestoreObject",
    "UpdateObjectEncryption",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(name: &str) -> (bool, bool) {
        let kinds = Kinds::of_action(&Pattern::compile(name, false).unwrap());
        (kinds.bucket, kinds.object)
    }

    #[test]
    fn an_action_is_done_with_a_bucket_or_an_object() {
        for (name, expected) in [
            ("s3:putobject", (false, true)),
            ("s3:listbucket", (true, false)),
            ("s3:get*", (true, true)),
            ("*", (true, true)),
            ("s3:putobjects", (false, false)),
            ("s3:getbucketpolicystatu?", (true, false)),
        ] {
            assert_eq!(kinds(name), expected, "{name}");
        }
    }

    /// Every action that a policy is ever weighed for can be written in one.
    #[test]
    fn all_our_actions_are_in_the_tables() {
        let source = include_str!("../../access.rs");
        let (_, variants) = source.split_once("pub enum Action {").unwrap();
        let (variants, _) = variants.split_once('}').unwrap();
        let names = variants.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut count = 0;
        for name in names.filter(|name| *name != "ListAllMyBuckets") {
            let name = format!("s3:{}", name.to_ascii_lowercase());
            assert_ne!(kinds(&name), (false, false), "{name}");
            count += 1;
        }
        assert!(count > 60, "{count}");
    }
}
