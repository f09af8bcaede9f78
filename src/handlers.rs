//! One short story an operation: what S3 does, in S3's words.
//!
//! Stands after `router`, which made the [`Operation`], and before `store`, which keeps the files.
//! Nothing here parses a header, writes a tag of XML or touches a file. A handler is given what
//! was asked and opens bucket, object or upload through `open`, which is the one way to them and
//! asks `authorise` first: authorisation comes before any information (security classes G and H),
//! so an object that may not be read answers the same whether it exists or not. A missing bucket
//! is `NoSuchBucket` to everyone, as on AWS.
//!
//! Operations without a body are plain functions and run as a whole in one hop to the blocking
//! pool; the others open the bucket in a first hop, so that `100 Continue` is never sent to
//! someone who may not write, and then `receive` their body.
//!
//! Refused here: aws-chunked bodies on anything but PutObject and UploadPart (class B).
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html>

mod acl;
mod attributes;
mod authorise;
mod bucket;
mod checksum;
mod config;
mod copy;
mod cors;
mod delete;
mod list;
mod metadata;
mod multipart;
mod object;
mod open;
mod policies;
mod post_object;
mod quota;
mod receive;
mod retention;
mod tagging;
mod torrent;
mod versions;
mod website;

pub use cors::{preflight, share};
pub use policies::Policies;
pub use website::{Page, PageError, get_page};

use crate::auth::access::{Policy, RequestFacts};
use crate::auth::{User, Users, Verified};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{ExpectedOwners, Operation};
use crate::store::{Bucket, BucketConfig, DeleteMarker, Found, Object, Store, Upload};
use crate::types::{Key, Owner, PublicAccessBlock, Timestamp, UploadId, VersionId};
use crate::usage::Usage;
use crate::xml::Document;
use std::sync::Arc;
use std::time::Duration;

/// What every handler is given.
#[derive(Clone)]
pub struct Context {
    /// The store.
    pub store: Store,
    /// The policies of buckets.
    pub policies: Arc<Policies>,
    /// What users have used up.
    pub usage: Arc<Usage>,
    /// Users, to resolve grantees and owners.
    pub users: Arc<Users>,
    /// Proof of who asks.
    pub verified: Verified,
    /// What policies may ask of the request.
    pub facts: Arc<RequestFacts>,
    /// The server's own block, beside those of the buckets.
    pub block: PublicAccessBlock,
    /// Whose the buckets must be, where the client says so.
    pub expected_owners: ExpectedOwners,
    /// The time of the request.
    pub now: Timestamp,
    /// The same by the clock of [`Usage::admit`].
    pub elapsed: Duration,
    /// Region answered in headers (`x-amz-bucket-region`).
    pub region: Arc<str>,
}

/// Authorises, then carries out. Where the operation is PostObject, `context.verified` is
/// afterwards what the form proved.
///
/// # Errors
///
/// Whatever the client is to be told; the body may then be unread in part.
pub async fn handle(
    context: &mut Context,
    operation: Operation,
    body: &mut Body<'_>,
) -> Result<Response> {
    if context.verified.payload().is_aws_chunked() && !may_be_aws_chunked(&operation) {
        return Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "The value of x-amz-content-sha256 is not allowed for this operation.",
        ));
    }
    add_facts(&operation, Arc::make_mut(&mut context.facts));
    match operation {
        Operation::PutObject(input) => object::put_object(context, input, body).await,
        Operation::PostObject(input) => post_object::post_object(context, input, body).await,
        Operation::UploadPart(input) => multipart::upload_part(context, input, body).await,
        Operation::CompleteMultipartUpload(input) => {
            multipart::complete_multipart_upload(context, input, body).await
        }
        Operation::CopyObject(input) => copy::copy_object(context, input).await,
        Operation::UploadPartCopy(input) => copy::upload_part_copy(context, input).await,
        Operation::CreateBucket(input) => bucket::create_bucket(context, input, body).await,
        Operation::DeleteObjects(input) => delete::delete_objects(context, input, body).await,
        Operation::PutBucketAcl(bucket, input) => {
            acl::put_bucket_acl(context, bucket, input, body).await
        }
        Operation::PutObjectAcl(object, input) => {
            acl::put_object_acl(context, object, input, body).await
        }
        Operation::PutObjectTagging(input) => {
            tagging::put_object_tagging(context, input, body).await
        }
        Operation::PutObjectRetention(input) => {
            retention::put_object_retention(context, input, body).await
        }
        Operation::PutObjectLegalHold(input) => {
            retention::put_object_legal_hold(context, input, body).await
        }
        Operation::PutBucketConfig(input) => config::put_bucket_config(context, input, body).await,
        bodiless => {
            let context = context.clone();
            blocking(move || without_body(&context, bodiless)).await
        }
    }
}

/// What a policy may ask for and no header says by itself.
fn add_facts(operation: &Operation, facts: &mut RequestFacts) {
    match operation {
        Operation::ListObjects(input) => facts.set_max_keys(input.listing.max_keys),
        Operation::ListObjectsV2(input) => facts.set_max_keys(input.listing.max_keys),
        Operation::ListObjectVersions(input) => facts.set_max_keys(input.listing.max_keys),
        Operation::PutObject(_)
        | Operation::CopyObject(_)
        | Operation::CompleteMultipartUpload(_) => facts.set_creates_object(true),
        Operation::CreateMultipartUpload(_)
        | Operation::UploadPart(_)
        | Operation::UploadPartCopy(_) => facts.set_creates_object(false),
        _ => {}
    }
}

/// AWS knows the streaming payload modes for these two alone.
fn may_be_aws_chunked(operation: &Operation) -> bool {
    matches!(operation, Operation::PutObject(_) | Operation::UploadPart(_))
}

/// The operations that read no body, each start to end on the blocking pool.
fn without_body(context: &Context, operation: Operation) -> Result<Response> {
    match operation {
        Operation::ListBuckets(input) => bucket::list_buckets(context, &input),
        Operation::HeadBucket(bucket) => bucket::head_bucket(context, &bucket),
        Operation::DeleteBucket(bucket) => bucket::delete_bucket(context, &bucket),
        Operation::GetBucketLocation(bucket) => config::get_bucket_location(context, &bucket),
        Operation::GetBucketAcl(bucket) => acl::get_bucket_acl(context, &bucket),
        Operation::GetBucketConfig(address) => config::get_bucket_config(context, &address),
        Operation::DeleteBucketConfig(address) => config::delete_bucket_config(context, &address),
        Operation::GetObjectAcl(object) => acl::get_object_acl(context, &object),
        Operation::GetObjectAttributes(input) => attributes::get_object_attributes(context, input),
        Operation::GetObjectTagging(object) => tagging::get_object_tagging(context, &object),
        Operation::GetObjectTorrent(object) => torrent::get_object_torrent(context, &object),
        Operation::DeleteObjectTagging(object) => tagging::delete_object_tagging(context, &object),
        Operation::GetObjectRetention(object) => retention::get_object_retention(context, &object),
        Operation::GetObjectLegalHold(object) => retention::get_object_legal_hold(context, &object),
        Operation::ListObjectVersions(input) => versions::list_object_versions(context, input),
        Operation::ListObjects(input) => list::list_objects(context, input),
        Operation::ListObjectsV2(input) => list::list_objects_v2(context, input),
        Operation::ListMultipartUploads(input) => list::list_multipart_uploads(context, input),
        // The connection keeps the body of an answer to HEAD to itself.
        Operation::GetObject(input) | Operation::HeadObject(input) => {
            object::get_object(context, input)
        }
        Operation::DeleteObject(input) => delete::delete_object(context, &input),
        Operation::CreateMultipartUpload(input) => {
            multipart::create_multipart_upload(context, input)
        }
        Operation::AbortMultipartUpload(upload) => {
            multipart::abort_multipart_upload(context, &upload)
        }
        Operation::ListParts(input) => multipart::list_parts(context, &input),
        Operation::Unconfigured(input) => config::unconfigured(context, &input),
        Operation::PutObject(_)
        | Operation::PostObject(_)
        | Operation::UploadPart(_)
        | Operation::CopyObject(_)
        | Operation::UploadPartCopy(_)
        | Operation::CompleteMultipartUpload(_)
        | Operation::CreateBucket(_)
        | Operation::DeleteObjects(_)
        | Operation::PutBucketAcl(..)
        | Operation::PutObjectAcl(..)
        | Operation::PutObjectTagging(_)
        | Operation::PutObjectRetention(_)
        | Operation::PutObjectLegalHold(_)
        | Operation::PutBucketConfig(_) => unreachable!("handle() carries out what has a body"),
    }
}

/// Runs file work where it may block. A panic there is our fault, not the client's: 500.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => Err(S3Error::internal(panic)),
    }
}

impl Context {
    /// Whoever signed the request; `AccessDenied` to an anonymous one.
    fn user(&self) -> Result<&User> {
        match self.verified.user() {
            Some(user) => Ok(user),
            None => Err(ErrorCode::AccessDenied.into()),
        }
    }

    /// A directory made by hand has no owner: it is root's.
    fn owner_of(&self, config: &BucketConfig) -> Option<Owner> {
        config.owner.clone().or_else(|| self.users.root().map(|root| root.owner.clone()))
    }
}

/// A bucket that the caller may use, and whose it is: only [`Context`] makes one.
struct OpenBucket {
    bucket: Bucket,
    owner: Owner,
    policy: Option<Arc<Policy>>,
    /// The bucket's and the server's.
    block: PublicAccessBlock,
}

impl OpenBucket {
    /// The object of that key, or a version of it. `NoSuchKey`, which names it; where a version is
    /// named, `NoSuchVersion`, and `MethodNotAllowed` for a delete marker.
    fn object(&self, key: &Key, version: Option<VersionId>) -> Result<Object> {
        let found = self
            .bucket
            .look_up(key, version)
            .map_err(|error| name_in(error, ErrorCode::NoSuchKey, "Key", key.as_str()))?;
        match (found, version) {
            (Found::Object(object), _) => Ok(object),
            (Found::DeleteMarker(marker), None) => {
                let error = S3Error::from(ErrorCode::NoSuchKey).with("Key", key.as_str());
                Err(of_delete_marker(error, &marker))
            }
            (Found::DeleteMarker(marker), Some(_)) => {
                let error = S3Error::from(ErrorCode::MethodNotAllowed)
                    .with("ResourceType", "DeleteMarker")
                    .header("Allow", "DELETE")
                    .header("Last-Modified", marker.modified.http_date());
                Err(of_delete_marker(error, &marker))
            }
        }
    }

    /// The version of an object, to be shown: of a bucket that never had versioning there is none.
    fn shown_version(&self, object: &Object) -> Option<VersionId> {
        self.bucket.config().versioning.map(|_| object.meta.version_id)
    }

    /// An upload in progress; `NoSuchUpload`, which names it.
    fn upload(&self, key: &Key, id: &UploadId) -> Result<Upload> {
        self.bucket
            .upload(key, id)
            .map_err(|error| name_in(error, ErrorCode::NoSuchUpload, "UploadId", id.as_str()))
    }
}

/// A client tells a deleted object from one that never was by these headers.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html>
fn of_delete_marker(error: S3Error, marker: &DeleteMarker) -> S3Error {
    error
        .header("x-amz-delete-marker", "true")
        .header("x-amz-version-id", marker.version_id.to_string())
}

/// Adds `x-amz-version-id`, where there is one to tell.
fn with_version(response: Response, version: Option<VersionId>) -> Response {
    match version {
        Some(version) => response.header("x-amz-version-id", version.to_string()),
        None => response,
    }
}

/// [`with_version`] for a new object: AWS tells no `null` of what it has just stored.
fn with_new_version(response: Response, version: Option<VersionId>) -> Response {
    with_version(response, version.filter(|version| *version != VersionId::Null))
}

/// AWS names what was not found in an element of its own.
fn name_in(error: S3Error, code: ErrorCode, element: &'static str, value: &str) -> S3Error {
    if error.code != code || error.fields.iter().any(|(name, _)| *name == element) {
        return error;
    }
    error.with(element, value)
}

/// An owner, or an initiator, as every listing shows one.
fn write_owner(document: &mut Document, element: &str, owner: &Owner) {
    document.element(element, |document| {
        document.text("ID", &owner.id).text("DisplayName", &owner.display_name);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_found_is_named_once() {
        let named = |error| name_in(error, ErrorCode::NoSuchKey, "Key", "k").fields;
        for error in
            [ErrorCode::NoSuchKey.into(), S3Error::from(ErrorCode::NoSuchKey).with("Key", "k")]
        {
            assert_eq!(named(error), [("Key", "k".to_owned())]);
        }
        assert!(named(ErrorCode::AccessDenied.into()).is_empty());
    }

    #[tokio::test]
    async fn a_panic_on_the_blocking_pool_is_an_internal_error() {
        let outcome: Result<()> = blocking(|| panic!("a fault of ours")).await;
        assert_eq!(outcome.unwrap_err().code, ErrorCode::InternalError);
    }
}
