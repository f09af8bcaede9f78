//! Operations on a bucket, and their inputs; the handlers cite the page of each.
//!
//! Refused: a version, which no bucket has, page sizes that are no numbers, values that AWS does
//! not know, and a `<Delete>` or `<LifecycleConfiguration>` without a digest.

use super::parse::{self, field, param};
use super::subresources::{self, On, method_not_allowed};
use super::{
    AclInput, BucketConfigAddress, ConfigKind, CreateBucket, DeleteObjects, ListBuckets,
    ListMultipartUploads, ListObjectVersions, ListObjects, ListObjectsV2, Listing, Operation,
    PostObject, PutAcl, PutBucketConfig, Unconfigured, checksum,
};
use crate::error::{Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::types::lifecycle::DefaultMinimumObjectSize;
use crate::types::{BucketName, ObjectOwnership};
use std::ops::RangeInclusive;

/// What `max-buckets` may be.
const BUCKETS: RangeInclusive<usize> = 1..=10_000;

pub(super) fn route(
    head: &RequestHead,
    asked: Option<&'static str>,
    bucket: BucketName,
) -> Result<Operation> {
    parse::no_version_id(head)?;
    Ok(match (asked, head.method()) {
        (None, Method::Get) => list_objects(head, bucket)?,
        (None, Method::Head) => Operation::HeadBucket(bucket),
        (None, Method::Put) => Operation::CreateBucket(create_bucket(head, bucket)?),
        (None, Method::Delete) => Operation::DeleteBucket(bucket),
        (None, Method::Post) => Operation::PostObject(PostObject::read(head, bucket)?),
        (Some("acl"), Method::Get) => Operation::GetBucketAcl(bucket),
        (Some("acl"), Method::Put) => Operation::PutBucketAcl(bucket, PutAcl::read(head)?),
        (Some("delete"), Method::Post) => Operation::DeleteObjects(delete_objects(head, bucket)?),
        (Some("location"), Method::Get) => Operation::GetBucketLocation(bucket),
        (Some("uploads"), Method::Get) => {
            Operation::ListMultipartUploads(list_multipart_uploads(head, bucket)?)
        }
        (Some("versions"), Method::Get) => {
            Operation::ListObjectVersions(list_object_versions(head, bucket)?)
        }
        (Some(name), _) => configuration(head, name, bucket)?,
        (None, _) => return Err(method_not_allowed(head, "bucket")),
    })
}

/// A document that configures the bucket, or a sub-resource this server does not have.
fn configuration(head: &RequestHead, asked: &str, bucket: BucketName) -> Result<Operation> {
    let &(_, _, method, name, kind) = subresources::row(head, asked, On::Bucket)?;
    let Some(kind) = kind else {
        return Ok(Operation::Unconfigured(Unconfigured { bucket, key: None, name }));
    };
    let id = param(head, "id").map(str::to_owned);
    let address = BucketConfigAddress { bucket, kind, id, name };
    Ok(match method {
        Method::Put => {
            let expected = match kind {
                ConfigKind::Lifecycle => checksum::required(head)?,
                _ => checksum::expected(head)?,
            };
            let default_minimum_object_size = default_minimum_object_size(head)?;
            Operation::PutBucketConfig(PutBucketConfig {
                address,
                expected,
                default_minimum_object_size,
            })
        }
        Method::Delete => Operation::DeleteBucketConfig(address),
        _ => Operation::GetBucketConfig(address),
    })
}

fn default_minimum_object_size(head: &RequestHead) -> Result<Option<DefaultMinimumObjectSize>> {
    const NAME: &str = "x-amz-transition-default-minimum-object-size";
    let Some(text) = field(head, NAME) else { return Ok(None) };
    let size = DefaultMinimumObjectSize::parse(text);
    let invalid =
        || S3Error::argument("Invalid transition default minimum object size", NAME, text);
    size.map(Some).ok_or_else(invalid)
}

/// Without `max-buckets` the answer has all buckets, as it had before 2024.
pub(super) fn list_buckets(head: &RequestHead) -> Result<ListBuckets> {
    let max_buckets = match param(head, "max-buckets") {
        None => None,
        Some(text) => Some(text.parse().ok().filter(|n| BUCKETS.contains(n)).ok_or_else(|| {
            let message = "Argument max-buckets must be an integer between 1 and 10000";
            S3Error::argument(message, "max-buckets", text)
        })?),
    };
    Ok(ListBuckets {
        prefix: head.param("prefix").unwrap_or_default().to_owned(),
        max_buckets,
        continuation_token: param(head, "continuation-token").map(str::to_owned),
    })
}

fn create_bucket(head: &RequestHead, bucket: BucketName) -> Result<CreateBucket> {
    let object_lock = field(head, "x-amz-bucket-object-lock-enabled")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    const OWNERSHIP: &str = "x-amz-object-ownership";
    let parse_ownership = |name| {
        ObjectOwnership::parse(name)
            .ok_or_else(|| S3Error::argument("Invalid x-amz-object-ownership", OWNERSHIP, name))
    };
    let ownership = field(head, OWNERSHIP).map(parse_ownership).transpose()?;
    let (acl, expected) = (AclInput::read(head)?, checksum::expected(head)?);
    Ok(CreateBucket { bucket, acl, ownership, object_lock, expected })
}

fn list_objects(head: &RequestHead, bucket: BucketName) -> Result<Operation> {
    let listing = listing(head, bucket, "max-keys", "maxKeys")?;
    Ok(match param(head, "list-type") {
        None => Operation::ListObjects(ListObjects {
            listing,
            marker: head.param("marker").unwrap_or_default().to_owned(),
        }),
        Some("2") => Operation::ListObjectsV2(ListObjectsV2 {
            listing,
            start_after: head.param("start-after").map(str::to_owned),
            continuation_token: head.param("continuation-token").map(str::to_owned),
            fetch_owner: head.param("fetch-owner").is_some_and(|v| v.eq_ignore_ascii_case("true")),
        }),
        Some(other) => {
            let message = "Invalid List Type specified in Request";
            return Err(S3Error::argument(message, "list-type", other));
        }
    })
}

fn listing(
    head: &RequestHead,
    bucket: BucketName,
    max: &str,
    argument: &'static str,
) -> Result<Listing> {
    Ok(Listing {
        bucket,
        prefix: head.param("prefix").unwrap_or_default().to_owned(),
        delimiter: head.param("delimiter").unwrap_or_default().to_owned(),
        max_keys: parse::page_size(head, max, argument)?,
        encode_url: parse::encoding_type_url(head)?,
    })
}

fn list_multipart_uploads(head: &RequestHead, bucket: BucketName) -> Result<ListMultipartUploads> {
    let key_marker = head.param("key-marker").unwrap_or_default().to_owned();
    let upload_id_marker = param(head, "upload-id-marker").filter(|_| !key_marker.is_empty());
    Ok(ListMultipartUploads {
        listing: listing(head, bucket, "max-uploads", "max-uploads")?,
        upload_id_marker: upload_id_marker.map(str::to_owned),
        key_marker,
    })
}

fn list_object_versions(head: &RequestHead, bucket: BucketName) -> Result<ListObjectVersions> {
    let key_marker = head.param("key-marker").unwrap_or_default().to_owned();
    let version_id_marker = match param(head, "version-id-marker") {
        None => None,
        Some(id) if key_marker.is_empty() => {
            let message = "A version-id marker cannot be specified without a key marker.";
            return Err(S3Error::argument(message, "version-id-marker", id));
        }
        Some(id) => Some(parse::known_version_id(id, &key_marker)?),
    };
    let listing = listing(head, bucket, "max-keys", "maxKeys")?;
    Ok(ListObjectVersions { listing, key_marker, version_id_marker })
}

fn delete_objects(head: &RequestHead, bucket: BucketName) -> Result<DeleteObjects> {
    let bypass_governance = parse::bypass_governance(head);
    Ok(DeleteObjects { bucket, bypass_governance, expected: checksum::required(head)? })
}
