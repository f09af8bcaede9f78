//! The documents that configure a bucket, one file a configuration; this one opens the bucket for
//! whoever may, and hands the document on.
//!
//! Clients look at configurations before they start and give up, or retry for ever, at a 500: what
//! is not set is answered exactly as AWS answers for it, and what this server cannot do is a 501
//! with a sentence.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html>, the page
//! of each operation in its file.

mod cors;
mod lifecycle;
mod location;
mod object_lock;
mod ownership_controls;
mod policy;
mod public_access_block;
mod settings;
mod tagging;
mod versioning;
mod website;

pub(super) use lifecycle::{with_abort_date, with_expiration, with_new_expiration};
pub(super) use location::get_bucket_location;

use super::receive::receive_xml;
use super::{Context, OpenBucket};
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{BucketConfigAddress, ConfigKind, PutBucketConfig, Unconfigured};
use crate::xml::Document;

/// What is asked to be done with a configuration.
#[derive(Clone, Copy)]
enum Verb {
    Get,
    Put,
    Delete,
}

/// What one must be allowed: AWS has no action of their own for most Deletes.
fn action(kind: ConfigKind, verb: Verb) -> Action {
    use ConfigKind::*;
    let (get, put) = match kind {
        Accelerate => (Action::GetAccelerateConfiguration, Action::PutAccelerateConfiguration),
        Analytics => (Action::GetAnalyticsConfiguration, Action::PutAnalyticsConfiguration),
        Cors => (Action::GetBucketCORS, Action::PutBucketCORS),
        Encryption => (Action::GetEncryptionConfiguration, Action::PutEncryptionConfiguration),
        IntelligentTiering => {
            (Action::GetIntelligentTieringConfiguration, Action::PutIntelligentTieringConfiguration)
        }
        Inventory => (Action::GetInventoryConfiguration, Action::PutInventoryConfiguration),
        Lifecycle => (Action::GetLifecycleConfiguration, Action::PutLifecycleConfiguration),
        Logging => (Action::GetBucketLogging, Action::PutBucketLogging),
        Metrics => (Action::GetMetricsConfiguration, Action::PutMetricsConfiguration),
        Notification => (Action::GetBucketNotification, Action::PutBucketNotification),
        ObjectLock => {
            (Action::GetBucketObjectLockConfiguration, Action::PutBucketObjectLockConfiguration)
        }
        OwnershipControls => {
            (Action::GetBucketOwnershipControls, Action::PutBucketOwnershipControls)
        }
        Policy => (Action::GetBucketPolicy, Action::PutBucketPolicy),
        PolicyStatus => (Action::GetBucketPolicyStatus, Action::PutBucketPolicy),
        PublicAccessBlock => {
            (Action::GetBucketPublicAccessBlock, Action::PutBucketPublicAccessBlock)
        }
        Replication => (Action::GetReplicationConfiguration, Action::PutReplicationConfiguration),
        RequestPayment => (Action::GetBucketRequestPayment, Action::PutBucketRequestPayment),
        Tagging => (Action::GetBucketTagging, Action::PutBucketTagging),
        Versioning => (Action::GetBucketVersioning, Action::PutBucketVersioning),
        Website => (Action::GetBucketWebsite, Action::PutBucketWebsite),
    };
    match (verb, kind) {
        (Verb::Get, _) => get,
        (Verb::Delete, Policy) => Action::DeleteBucketPolicy,
        (Verb::Delete, Website) => Action::DeleteBucketWebsite,
        (Verb::Put | Verb::Delete, _) => put,
    }
}

/// The document as it is, or AWS's answer for none.
pub(super) fn get_bucket_config(
    context: &Context,
    address: &BucketConfigAddress,
) -> Result<Response> {
    let open = context.open(&address.bucket, action(address.kind, Verb::Get))?;
    refuse_stranger(context, &open, address.kind)?;
    match address.kind {
        ConfigKind::Accelerate => settings::get_accelerate(&open),
        ConfigKind::Analytics => settings::list("ListBucketAnalyticsConfigurationResult", address),
        ConfigKind::Cors => cors::get(&open),
        ConfigKind::Encryption => {
            none(&open, ErrorCode::ServerSideEncryptionConfigurationNotFoundError)
        }
        ConfigKind::IntelligentTiering => {
            settings::list("ListBucketIntelligentTieringConfigurationsOutput", address)
        }
        ConfigKind::Inventory => settings::list("ListInventoryConfigurationsResult", address),
        ConfigKind::Lifecycle => lifecycle::get(&open),
        ConfigKind::Logging => Ok(empty("BucketLoggingStatus")),
        ConfigKind::Metrics => settings::list("ListMetricsConfigurationsResult", address),
        ConfigKind::Notification => Ok(empty("NotificationConfiguration")),
        ConfigKind::ObjectLock => object_lock::get(&open),
        ConfigKind::OwnershipControls => ownership_controls::get(&open),
        ConfigKind::Policy => policy::get(&open),
        ConfigKind::PolicyStatus => policy::status(&open),
        ConfigKind::PublicAccessBlock => public_access_block::get(&open),
        ConfigKind::Replication => none(&open, ErrorCode::ReplicationConfigurationNotFoundError),
        ConfigKind::RequestPayment => settings::get_request_payment(),
        ConfigKind::Tagging => tagging::get(&open),
        ConfigKind::Versioning => versioning::get(&open),
        ConfigKind::Website => website::get(&open),
    }
}

/// Reads the document and has it stored.
pub(super) async fn put_bucket_config(
    context: &Context,
    input: PutBucketConfig,
    body: &mut Body<'_>,
) -> Result<Response> {
    let PutBucketConfig { address, expected, default_minimum_object_size } = input;
    let BucketConfigAddress { bucket, kind, name, .. } = address;
    let open = context.open_blocking(&bucket, action(kind, Verb::Put)).await?;
    refuse_stranger(context, &open, kind)?;
    receive_xml(context, body, expected, move |document| match kind {
        ConfigKind::Accelerate => settings::put_accelerate(&open, &document),
        ConfigKind::Analytics
        | ConfigKind::IntelligentTiering
        | ConfigKind::Inventory
        | ConfigKind::Metrics => settings::put_report(),
        ConfigKind::Cors => cors::put(&open, &document),
        ConfigKind::Encryption => settings::put_encryption(),
        ConfigKind::Logging => settings::put_logging(&document),
        ConfigKind::Notification => settings::put_notification(&document),
        ConfigKind::Replication => settings::put_replication(),
        ConfigKind::RequestPayment => settings::put_request_payment(&document),
        ConfigKind::Tagging => tagging::put(&open, &document),
        ConfigKind::ObjectLock => object_lock::put(&open, &document),
        ConfigKind::Lifecycle => lifecycle::put(&open, &document, default_minimum_object_size),
        ConfigKind::OwnershipControls => ownership_controls::put(&open, &document),
        ConfigKind::Policy => policy::put(&open, &document),
        ConfigKind::PublicAccessBlock => public_access_block::put(&open, &document),
        ConfigKind::Versioning => versioning::put(&open, &document),
        ConfigKind::Website => website::put(&open, &document),
        ConfigKind::PolicyStatus => Err(not_implemented(name)), // AWS has no such Put
    })
    .await
}

/// Forgets the document.
pub(super) fn delete_bucket_config(
    context: &Context,
    address: &BucketConfigAddress,
) -> Result<Response> {
    let open = context.open(&address.bucket, action(address.kind, Verb::Delete))?;
    refuse_stranger(context, &open, address.kind)?;
    match address.kind {
        ConfigKind::Analytics
        | ConfigKind::IntelligentTiering
        | ConfigKind::Inventory
        | ConfigKind::Metrics => Err(ErrorCode::NoSuchConfiguration.into()),
        ConfigKind::Cors => cors::delete(&open),
        // Never there, and to delete what is not there succeeds.
        ConfigKind::Encryption | ConfigKind::Replication => no_content(),
        ConfigKind::Lifecycle => lifecycle::delete(&open),
        ConfigKind::OwnershipControls => ownership_controls::delete(&open),
        ConfigKind::Policy => policy::delete(&open),
        ConfigKind::PublicAccessBlock => public_access_block::delete(&open),
        ConfigKind::Tagging => tagging::delete(&open),
        ConfigKind::Website => website::delete(&open),
        // AWS has no Delete of these, and the router no row.
        ConfigKind::Accelerate
        | ConfigKind::Logging
        | ConfigKind::Notification
        | ConfigKind::ObjectLock
        | ConfigKind::PolicyStatus
        | ConfigKind::RequestPayment
        | ConfigKind::Versioning => Err(not_implemented(address.name)),
    }
}

/// A policy is the owner's to see and to change: another, whom it allows just that, is answered
/// 405, as on AWS.
fn refuse_stranger(context: &Context, open: &OpenBucket, kind: ConfigKind) -> Result<()> {
    let guarded = matches!(kind, ConfigKind::Policy | ConfigKind::PolicyStatus);
    match guarded && context.writer(open).id != open.owner.id {
        true => Err(ErrorCode::MethodNotAllowed.into()),
        false => Ok(()),
    }
}

/// A sub-resource that this server has no operation for; the bucket must exist.
pub(super) fn unconfigured(context: &Context, input: &Unconfigured) -> Result<Response> {
    match &input.key {
        Some(key) => context.open_for_write(&input.bucket, Action::PutObject, key)?,
        None => context.open(&input.bucket, Action::ListBucket)?,
    };
    Err(not_implemented(input.name))
}

fn not_implemented(name: &str) -> S3Error {
    S3Error::new(ErrorCode::NotImplemented, format!("{name} is not implemented."))
}

/// AWS's error for "nothing is configured".
fn none(open: &OpenBucket, code: ErrorCode) -> Result<Response> {
    Err(S3Error::from(code).with("BucketName", open.bucket.name().as_str()))
}

/// A document with nothing in it.
fn empty(root: &'static str) -> Response {
    Response::xml(Document::new(root).finish())
}

/// 204: what a Delete answers.
fn no_content() -> Result<Response> {
    Ok(Response::empty(204))
}
