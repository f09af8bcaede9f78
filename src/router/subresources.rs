//! AWS's sub-resources: the query parameters that make a request another operation.
//!
//! Only names in this file route; every other parameter (`x-id`, which SDKs send, or a typing
//! error) is ignored, as on AWS. A name in this file never falls through to the plain operation:
//! `PUT /b/k?tagging` is not PutObject, `DELETE /b?policy` is not DeleteBucket. It is the
//! operation of its row, or 405.
//!
//! `?x` and `?x=` are the same. Two names at once are refused: AWS picks one by an order it does
//! not publish, and a holder of a presigned URL must not choose for its signer.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html>

use super::ConfigKind::{
    self, Accelerate, Analytics, Cors, Encryption, IntelligentTiering, Inventory, Lifecycle,
    Logging, Metrics, Notification, ObjectLock, OwnershipControls, Policy, PolicyStatus,
    PublicAccessBlock, Replication, RequestPayment, Tagging, Versioning, Website,
};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{Method, RequestHead};
use Method::{Delete, Get, Post, Put};

/// Sub-resources that `bucket` and `object` route to operations of their own, for some methods.
pub(super) const ROUTED: &[&str] = &[
    "acl",
    "attributes",
    "delete",
    "legal-hold",
    "location",
    "retention",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versions",
];

/// A sub-resource without a type of its own: name, on an object or a bucket, method, AWS's
/// operation, and which configuration of the bucket it is, if this server has it.
pub(super) type Row = (&'static str, On, Method, &'static str, Option<ConfigKind>);

/// What a sub-resource belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Bucket,
    Object,
}
use On::{Bucket, Object};

/// 501: an operation of S3 that this server does not have.
const ABSENT: Option<ConfigKind> = None;

pub(super) const TABLE: &[Row] = &[
    ("abac", Bucket, Get, "GetBucketAbac", ABSENT),
    ("abac", Bucket, Put, "PutBucketAbac", ABSENT),
    ("accelerate", Bucket, Get, "GetBucketAccelerateConfiguration", Some(Accelerate)),
    ("accelerate", Bucket, Put, "PutBucketAccelerateConfiguration", Some(Accelerate)),
    ("analytics", Bucket, Delete, "DeleteBucketAnalyticsConfiguration", Some(Analytics)),
    ("analytics", Bucket, Get, "GetBucketAnalyticsConfiguration", Some(Analytics)),
    ("analytics", Bucket, Put, "PutBucketAnalyticsConfiguration", Some(Analytics)),
    ("cors", Bucket, Delete, "DeleteBucketCors", Some(Cors)),
    ("cors", Bucket, Get, "GetBucketCors", Some(Cors)),
    ("cors", Bucket, Put, "PutBucketCors", Some(Cors)),
    ("encryption", Bucket, Delete, "DeleteBucketEncryption", Some(Encryption)),
    ("encryption", Bucket, Get, "GetBucketEncryption", Some(Encryption)),
    ("encryption", Bucket, Put, "PutBucketEncryption", Some(Encryption)),
    ("encryption", Object, Put, "UpdateObjectEncryption", ABSENT),
    (
        "intelligent-tiering",
        Bucket,
        Delete,
        "DeleteBucketIntelligentTieringConfiguration",
        Some(IntelligentTiering),
    ),
    (
        "intelligent-tiering",
        Bucket,
        Get,
        "GetBucketIntelligentTieringConfiguration",
        Some(IntelligentTiering),
    ),
    (
        "intelligent-tiering",
        Bucket,
        Put,
        "PutBucketIntelligentTieringConfiguration",
        Some(IntelligentTiering),
    ),
    ("inventory", Bucket, Delete, "DeleteBucketInventoryConfiguration", Some(Inventory)),
    ("inventory", Bucket, Get, "GetBucketInventoryConfiguration", Some(Inventory)),
    ("inventory", Bucket, Put, "PutBucketInventoryConfiguration", Some(Inventory)),
    ("lifecycle", Bucket, Delete, "DeleteBucketLifecycle", Some(Lifecycle)),
    ("lifecycle", Bucket, Get, "GetBucketLifecycleConfiguration", Some(Lifecycle)),
    ("lifecycle", Bucket, Put, "PutBucketLifecycleConfiguration", Some(Lifecycle)),
    ("logging", Bucket, Get, "GetBucketLogging", Some(Logging)),
    ("logging", Bucket, Put, "PutBucketLogging", Some(Logging)),
    ("metadataConfiguration", Bucket, Delete, "DeleteBucketMetadataConfiguration", ABSENT),
    ("metadataConfiguration", Bucket, Get, "GetBucketMetadataConfiguration", ABSENT),
    ("metadataConfiguration", Bucket, Post, "CreateBucketMetadataConfiguration", ABSENT),
    (
        "metadataInventoryTable",
        Bucket,
        Put,
        "UpdateBucketMetadataInventoryTableConfiguration",
        ABSENT,
    ),
    ("metadataJournalTable", Bucket, Put, "UpdateBucketMetadataJournalTableConfiguration", ABSENT),
    ("metadataTable", Bucket, Delete, "DeleteBucketMetadataTableConfiguration", ABSENT),
    ("metadataTable", Bucket, Get, "GetBucketMetadataTableConfiguration", ABSENT),
    ("metadataTable", Bucket, Post, "CreateBucketMetadataTableConfiguration", ABSENT),
    ("metrics", Bucket, Delete, "DeleteBucketMetricsConfiguration", Some(Metrics)),
    ("metrics", Bucket, Get, "GetBucketMetricsConfiguration", Some(Metrics)),
    ("metrics", Bucket, Put, "PutBucketMetricsConfiguration", Some(Metrics)),
    ("notification", Bucket, Get, "GetBucketNotificationConfiguration", Some(Notification)),
    ("notification", Bucket, Put, "PutBucketNotificationConfiguration", Some(Notification)),
    ("object-lock", Bucket, Get, "GetObjectLockConfiguration", Some(ObjectLock)),
    ("object-lock", Bucket, Put, "PutObjectLockConfiguration", Some(ObjectLock)),
    ("ownershipControls", Bucket, Delete, "DeleteBucketOwnershipControls", Some(OwnershipControls)),
    ("ownershipControls", Bucket, Get, "GetBucketOwnershipControls", Some(OwnershipControls)),
    ("ownershipControls", Bucket, Put, "PutBucketOwnershipControls", Some(OwnershipControls)),
    ("policy", Bucket, Delete, "DeleteBucketPolicy", Some(Policy)),
    ("policy", Bucket, Get, "GetBucketPolicy", Some(Policy)),
    ("policy", Bucket, Put, "PutBucketPolicy", Some(Policy)),
    ("policyStatus", Bucket, Get, "GetBucketPolicyStatus", Some(PolicyStatus)),
    ("publicAccessBlock", Bucket, Delete, "DeletePublicAccessBlock", Some(PublicAccessBlock)),
    ("publicAccessBlock", Bucket, Get, "GetPublicAccessBlock", Some(PublicAccessBlock)),
    ("publicAccessBlock", Bucket, Put, "PutPublicAccessBlock", Some(PublicAccessBlock)),
    ("renameObject", Object, Put, "RenameObject", ABSENT),
    ("replication", Bucket, Delete, "DeleteBucketReplication", Some(Replication)),
    ("replication", Bucket, Get, "GetBucketReplication", Some(Replication)),
    ("replication", Bucket, Put, "PutBucketReplication", Some(Replication)),
    ("requestPayment", Bucket, Get, "GetBucketRequestPayment", Some(RequestPayment)),
    ("requestPayment", Bucket, Put, "PutBucketRequestPayment", Some(RequestPayment)),
    ("restore", Object, Post, "RestoreObject", ABSENT),
    ("select", Object, Post, "SelectObjectContent", ABSENT),
    ("session", Bucket, Get, "CreateSession", ABSENT),
    ("tagging", Bucket, Delete, "DeleteBucketTagging", Some(Tagging)),
    ("tagging", Bucket, Get, "GetBucketTagging", Some(Tagging)),
    ("tagging", Bucket, Put, "PutBucketTagging", Some(Tagging)),
    ("versioning", Bucket, Get, "GetBucketVersioning", Some(Versioning)),
    ("versioning", Bucket, Put, "PutBucketVersioning", Some(Versioning)),
    ("website", Bucket, Delete, "DeleteBucketWebsite", Some(Website)),
    ("website", Bucket, Get, "GetBucketWebsite", Some(Website)),
    ("website", Bucket, Put, "PutBucketWebsite", Some(Website)),
];

/// The sub-resource a request names, if it names one.
pub(super) fn asked(head: &RequestHead) -> Result<Option<&'static str>> {
    let mut found = None;
    for (name, _) in head.params() {
        let Some(name) = known(name) else { continue };
        match found.replace(name) {
            Some(other) if other != name => {
                return Err(S3Error::argument(
                    "Conflicting query string parameters",
                    "ResourceType",
                    &format!("{other}, {name}"),
                ));
            }
            _ => {}
        }
    }
    Ok(found)
}

fn known(name: &str) -> Option<&'static str> {
    let of_table = TABLE.iter().map(|row| row.0);
    ROUTED.iter().copied().chain(of_table).find(|known| *known == name)
}

/// The row of a sub-resource that has no operation of its own here; else 405.
pub(super) fn row(head: &RequestHead, asked: &str, on: On) -> Result<&'static Row> {
    TABLE
        .iter()
        .find(|row| (row.0, row.1, row.2) == (asked, on, head.method()))
        .ok_or_else(|| method_not_allowed(head, asked))
}

/// 405, with the method and what it was tried on, in AWS's fields.
pub(super) fn method_not_allowed(head: &RequestHead, resource: &str) -> S3Error {
    S3Error::from(ErrorCode::MethodNotAllowed)
        .with("Method", head.method_as_sent())
        .with("ResourceType", resource.to_ascii_uppercase())
}
