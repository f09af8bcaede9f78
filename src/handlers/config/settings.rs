//! What a bucket can be told to do and this server does not: acceleration, billing the requester,
//! logs, events, encryption, replication, reports.
//!
//! To switch one off succeeds, for off is what it is; to switch it on is 501 with a sentence, for
//! a client that is told yes relies on it. What was never set is answered as AWS answers.

use crate::error::{ErrorCode, Result, S3Error};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::router::BucketConfigAddress;
use crate::xml::{self, Document};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html>:
/// never set is the empty element.
pub(super) fn get_accelerate(open: &OpenBucket) -> Result<Response> {
    let mut document = Document::new("AccelerateConfiguration");
    if open.bucket.config().acceleration_suspended {
        document.text("Status", "Suspended");
    }
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html>:
/// `Suspended` is kept, since a tool that set it looks for it.
pub(super) fn put_accelerate(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    if xml::acceleration_enabled(document)? {
        return Err(refused("Transfer acceleration: this server has one place, and no edge."));
    }
    open.bucket.configure(|config| config.acceleration_suspended = true)?;
    Ok(Response::empty(200))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html>
pub(super) fn get_request_payment() -> Result<Response> {
    let mut document = Document::new("RequestPaymentConfiguration");
    document.text("Payer", "BucketOwner");
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html>
pub(super) fn put_request_payment(document: &[u8]) -> Result<Response> {
    match xml::requester_pays(document)? {
        true => Err(refused("Requester pays: this server bills nobody.")),
        false => Ok(Response::empty(200)),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html>
pub(super) fn put_logging(document: &[u8]) -> Result<Response> {
    match xml::logging_enabled(document)? {
        true => Err(refused("Logs into a bucket: this server writes its access log to stdout.")),
        false => Ok(Response::empty(200)),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>
pub(super) fn put_notification(document: &[u8]) -> Result<Response> {
    match xml::notifies(document)? {
        true => Err(refused("Event notifications: this server sends none.")),
        false => Ok(Response::empty(200)),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html>: the objects are
/// plain files, and to say that they are encrypted would be a lie.
pub(super) fn put_encryption() -> Result<Response> {
    Err(refused(
        "Encryption at rest: objects are plain files; encrypt the file system below them (LUKS).",
    ))
}

/// Reports and automatic classes, of which a bucket may have several, each with an id: the list is
/// empty, and none has the id asked for.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketAnalyticsConfigurations.html>,
/// and the same of intelligent tiering, inventory and metrics
pub(super) fn list(root: &'static str, address: &BucketConfigAddress) -> Result<Response> {
    if address.id.is_some() {
        return Err(ErrorCode::NoSuchConfiguration.into());
    }
    let mut document = Document::new(root);
    document.text("IsTruncated", "false");
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAnalyticsConfiguration.html>, and
/// the same of intelligent tiering, inventory and metrics
pub(super) fn put_report() -> Result<Response> {
    Err(refused("Analytics, inventory, metrics, tiering: this server only keeps objects."))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html>
pub(super) fn put_replication() -> Result<Response> {
    Err(refused("Replication: this server sends its objects nowhere."))
}

fn refused(reason: &str) -> S3Error {
    S3Error::new(ErrorCode::NotImplemented, format!("Not implemented. {reason}"))
}
