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

use super::{NotConfigured, Unconfigured};
use crate::error::ErrorCode::{self, NotImplemented};
use crate::error::{Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::types::{BucketName, Key};
use Method::{Delete, Get, Post, Put};
use NotConfigured::{Document, Error};

/// Sub-resources that `bucket` and `object` route to operations of their own, for some methods.
pub(super) const ROUTED: &[&str] =
    &["acl", "delete", "location", "tagging", "uploadId", "uploads", "versioning"];

/// A sub-resource that is never configured here: name, on an object or a bucket, method, AWS's
/// operation, and AWS's answer where nothing is configured.
pub(super) type Row = (&'static str, On, Method, &'static str, NotConfigured);

/// What a sub-resource belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Bucket,
    Object,
}
use On::{Bucket, Object};

/// 501: an operation of S3 that this server does not have.
const LATER: NotConfigured = Error(NotImplemented);

pub(super) const UNCONFIGURED: &[Row] = &[
    ("abac", Bucket, Get, "GetBucketAbac", LATER),
    ("abac", Bucket, Put, "PutBucketAbac", LATER),
    ("accelerate", Bucket, Get, "GetBucketAccelerateConfiguration", ACCELERATE),
    ("accelerate", Bucket, Put, "PutBucketAccelerateConfiguration", LATER),
    ("analytics", Bucket, Get, "GetBucketAnalyticsConfiguration", LATER),
    ("analytics", Bucket, Put, "PutBucketAnalyticsConfiguration", LATER),
    ("analytics", Bucket, Delete, "DeleteBucketAnalyticsConfiguration", LATER),
    ("attributes", Object, Get, "GetObjectAttributes", LATER),
    ("cors", Bucket, Get, "GetBucketCors", Error(ErrorCode::NoSuchCORSConfiguration)),
    ("cors", Bucket, Put, "PutBucketCors", LATER),
    ("cors", Bucket, Delete, "DeleteBucketCors", LATER),
    ("encryption", Bucket, Get, "GetBucketEncryption", ENCRYPTION),
    ("encryption", Bucket, Put, "PutBucketEncryption", LATER),
    ("encryption", Bucket, Delete, "DeleteBucketEncryption", LATER),
    ("encryption", Object, Put, "UpdateObjectEncryption", LATER),
    ("intelligent-tiering", Bucket, Get, "GetBucketIntelligentTieringConfiguration", LATER),
    ("intelligent-tiering", Bucket, Put, "PutBucketIntelligentTieringConfiguration", LATER),
    ("intelligent-tiering", Bucket, Delete, "DeleteBucketIntelligentTieringConfiguration", LATER),
    ("inventory", Bucket, Get, "GetBucketInventoryConfiguration", LATER),
    ("inventory", Bucket, Put, "PutBucketInventoryConfiguration", LATER),
    ("inventory", Bucket, Delete, "DeleteBucketInventoryConfiguration", LATER),
    ("legal-hold", Object, Get, "GetObjectLegalHold", OBJECT_LOCK),
    ("legal-hold", Object, Put, "PutObjectLegalHold", LATER),
    ("lifecycle", Bucket, Get, "GetBucketLifecycleConfiguration", LIFECYCLE),
    ("lifecycle", Bucket, Put, "PutBucketLifecycleConfiguration", LATER),
    ("lifecycle", Bucket, Delete, "DeleteBucketLifecycle", LATER),
    ("logging", Bucket, Get, "GetBucketLogging", Document("BucketLoggingStatus", "")),
    ("logging", Bucket, Put, "PutBucketLogging", LATER),
    ("metadataConfiguration", Bucket, Get, "GetBucketMetadataConfiguration", LATER),
    ("metadataConfiguration", Bucket, Post, "CreateBucketMetadataConfiguration", LATER),
    ("metadataConfiguration", Bucket, Delete, "DeleteBucketMetadataConfiguration", LATER),
    (
        "metadataInventoryTable",
        Bucket,
        Put,
        "UpdateBucketMetadataInventoryTableConfiguration",
        LATER,
    ),
    ("metadataJournalTable", Bucket, Put, "UpdateBucketMetadataJournalTableConfiguration", LATER),
    ("metadataTable", Bucket, Get, "GetBucketMetadataTableConfiguration", LATER),
    ("metadataTable", Bucket, Post, "CreateBucketMetadataTableConfiguration", LATER),
    ("metadataTable", Bucket, Delete, "DeleteBucketMetadataTableConfiguration", LATER),
    ("metrics", Bucket, Get, "GetBucketMetricsConfiguration", LATER),
    ("metrics", Bucket, Put, "PutBucketMetricsConfiguration", LATER),
    ("metrics", Bucket, Delete, "DeleteBucketMetricsConfiguration", LATER),
    ("notification", Bucket, Get, "GetBucketNotificationConfiguration", NOTIFICATION),
    ("notification", Bucket, Put, "PutBucketNotificationConfiguration", LATER),
    ("object-lock", Bucket, Get, "GetObjectLockConfiguration", BUCKET_LOCK),
    ("object-lock", Bucket, Put, "PutObjectLockConfiguration", LATER),
    ("ownershipControls", Bucket, Get, "GetBucketOwnershipControls", OWNERSHIP),
    ("ownershipControls", Bucket, Put, "PutBucketOwnershipControls", LATER),
    ("ownershipControls", Bucket, Delete, "DeleteBucketOwnershipControls", LATER),
    ("policy", Bucket, Get, "GetBucketPolicy", Error(ErrorCode::NoSuchBucketPolicy)),
    ("policy", Bucket, Put, "PutBucketPolicy", LATER),
    ("policy", Bucket, Delete, "DeleteBucketPolicy", LATER),
    ("policyStatus", Bucket, Get, "GetBucketPolicyStatus", Error(ErrorCode::NoSuchBucketPolicy)),
    ("publicAccessBlock", Bucket, Get, "GetPublicAccessBlock", PUBLIC_ACCESS_BLOCK),
    ("publicAccessBlock", Bucket, Put, "PutPublicAccessBlock", LATER),
    ("publicAccessBlock", Bucket, Delete, "DeletePublicAccessBlock", LATER),
    ("renameObject", Object, Put, "RenameObject", LATER),
    ("replication", Bucket, Get, "GetBucketReplication", REPLICATION),
    ("replication", Bucket, Put, "PutBucketReplication", LATER),
    ("replication", Bucket, Delete, "DeleteBucketReplication", LATER),
    ("requestPayment", Bucket, Get, "GetBucketRequestPayment", REQUEST_PAYMENT),
    ("requestPayment", Bucket, Put, "PutBucketRequestPayment", LATER),
    ("restore", Object, Post, "RestoreObject", LATER),
    ("retention", Object, Get, "GetObjectRetention", OBJECT_LOCK),
    ("retention", Object, Put, "PutObjectRetention", LATER),
    ("select", Object, Post, "SelectObjectContent", LATER),
    ("session", Bucket, Get, "CreateSession", LATER),
    ("tagging", Bucket, Get, "GetBucketTagging", Error(ErrorCode::NoSuchTagSet)),
    ("tagging", Bucket, Put, "PutBucketTagging", LATER),
    ("tagging", Bucket, Delete, "DeleteBucketTagging", LATER),
    ("tagging", Object, Put, "PutObjectTagging", LATER),
    ("tagging", Object, Delete, "DeleteObjectTagging", LATER),
    ("torrent", Object, Get, "GetObjectTorrent", LATER),
    ("versioning", Bucket, Put, "PutBucketVersioning", LATER),
    ("versions", Bucket, Get, "ListObjectVersions", LATER),
    ("website", Bucket, Get, "GetBucketWebsite", WEBSITE),
    ("website", Bucket, Put, "PutBucketWebsite", LATER),
    ("website", Bucket, Delete, "DeleteBucketWebsite", LATER),
];

const ACCELERATE: NotConfigured = Document("AccelerateConfiguration", "");
const BUCKET_LOCK: NotConfigured = Error(ErrorCode::ObjectLockConfigurationNotFoundError);
const ENCRYPTION: NotConfigured = Error(ErrorCode::ServerSideEncryptionConfigurationNotFoundError);
const LIFECYCLE: NotConfigured = Error(ErrorCode::NoSuchLifecycleConfiguration);
const NOTIFICATION: NotConfigured = Document("NotificationConfiguration", "");
const OBJECT_LOCK: NotConfigured = Error(ErrorCode::NoSuchObjectLockConfiguration);
const OWNERSHIP: NotConfigured = Error(ErrorCode::OwnershipControlsNotFoundError);
const PUBLIC_ACCESS_BLOCK: NotConfigured = Error(ErrorCode::NoSuchPublicAccessBlockConfiguration);
const REPLICATION: NotConfigured = Error(ErrorCode::ReplicationConfigurationNotFoundError);
const REQUEST_PAYMENT: NotConfigured =
    Document("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>");
const WEBSITE: NotConfigured = Error(ErrorCode::NoSuchWebsiteConfiguration);

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
    let unconfigured = UNCONFIGURED.iter().map(|row| row.0);
    ROUTED.iter().copied().chain(unconfigured).find(|known| *known == name)
}

/// The row of a sub-resource that has no operation of its own here; else 405.
pub(super) fn unconfigured(
    head: &RequestHead,
    asked: &'static str,
    bucket: BucketName,
    key: Option<Key>,
) -> Result<Unconfigured> {
    let on = if key.is_some() { Object } else { Bucket };
    let row = UNCONFIGURED.iter().find(|row| (row.0, row.1, row.2) == (asked, on, head.method()));
    match row {
        Some(&(_, _, _, name, answer)) => Ok(Unconfigured { bucket, key, name, answer }),
        None => Err(method_not_allowed(head, asked)),
    }
}

/// 405, with the method and what it was tried on, in AWS's fields.
pub(super) fn method_not_allowed(head: &RequestHead, resource: &str) -> S3Error {
    let method = head.request_line().split(' ').next().unwrap_or_default();
    S3Error::from(ErrorCode::MethodNotAllowed)
        .with("Method", method)
        .with("ResourceType", resource.to_ascii_uppercase())
}
