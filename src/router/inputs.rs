//! The inputs of each operation, typed: what the handlers read instead of headers.
//!
//! Every field was parsed and bounded by the router; a handler that has one may use it.

mod config;
mod multipart;

pub use config::*;
pub use multipart::*;

use crate::digest::Expected;
use crate::http::form::Delimiter;
use crate::http::head::RequestHead;
use crate::http::range::ByteRange;
use crate::types::{
    BucketName, CannedAcl, ChecksumAlgorithm, Conditions, ContentHeaders, Grantee, Key,
    ObjectOwnership, PartNumber, Permission, Retention, Tags, VersionId, Visit,
};
use std::ops::RangeInclusive;

/// Whose the buckets of a request must be: a client's guard against a name that somebody else has
/// taken meanwhile. Any operation on a bucket may carry it.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedOwners {
    /// `x-amz-expected-bucket-owner`: a canonical id.
    pub bucket: Option<String>,
    /// `x-amz-source-expected-bucket-owner`, of the source of a copy.
    pub source: Option<String>,
}

/// An ACL as the headers give it: canned, or `x-amz-grant-*`, never both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AclInput {
    /// `x-amz-acl`.
    pub canned: Option<CannedAcl>,
    /// `x-amz-grant-read`, `-write`, `-read-acp`, `-write-acp`, `-full-control`, in order.
    pub grants: Vec<(GranteeInput, Permission)>,
}

/// A grantee as a client names it; the handler resolves it to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GranteeInput {
    /// `id="…"`.
    Id(String),
    /// `emailAddress="…"`.
    Email(String),
    /// `uri="…"`: always one of the groups.
    Group(Grantee),
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
#[derive(Clone, Debug)]
pub struct ListBuckets {
    /// Only buckets whose names begin with it; "" for all.
    pub prefix: String,
    /// `max-buckets`, 1 to 10,000; `None` is all of them in one answer.
    pub max_buckets: Option<usize>,
    /// `continuation-token`, as sent (opaque: the handler decodes it).
    pub continuation_token: Option<String>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
#[derive(Clone, Debug)]
pub struct CreateBucket {
    /// The name.
    pub bucket: BucketName,
    /// Its ACL.
    pub acl: AclInput,
    /// `x-amz-object-ownership`.
    pub ownership: Option<ObjectOwnership>,
    /// `x-amz-bucket-object-lock-enabled`: versioned from the first object on, for ever.
    pub object_lock: bool,
    /// Claims about the XML, if any.
    pub expected: Expected,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html> and PutObjectAcl.
#[derive(Clone, Debug)]
pub struct PutAcl {
    /// The new ACL, where headers give it.
    pub acl: AclInput,
    /// Claims about the XML, if any.
    pub expected: Expected,
}

/// What both listings share.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The bucket.
    pub bucket: BucketName,
    /// Only keys that begin with it; "" for all.
    pub prefix: String,
    /// Keys that share what follows the prefix up to it become one CommonPrefix; "" is none.
    pub delimiter: String,
    /// Entries wanted, 0 to 1,000.
    pub max_keys: usize,
    /// `encoding-type=url`.
    pub encode_url: bool,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>
#[derive(Clone, Debug)]
pub struct ListObjects {
    /// What to list.
    pub listing: Listing,
    /// Only keys after it.
    pub marker: String,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
#[derive(Clone, Debug)]
pub struct ListObjectsV2 {
    /// What to list.
    pub listing: Listing,
    /// `start-after`.
    pub start_after: Option<String>,
    /// `continuation-token`, as sent (opaque: the handler decodes it).
    pub continuation_token: Option<String>,
    /// `fetch-owner=true`.
    pub fetch_owner: bool,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
#[derive(Clone, Debug)]
pub struct ListMultipartUploads {
    /// What to list; `max_keys` is `max-uploads`.
    pub listing: Listing,
    /// `key-marker`.
    pub key_marker: String,
    /// `upload-id-marker`; ignored without a key marker.
    pub upload_id_marker: Option<String>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
#[derive(Clone, Debug)]
pub struct ListObjectVersions {
    /// What to list.
    pub listing: Listing,
    /// `key-marker`.
    pub key_marker: String,
    /// `version-id-marker`: only versions after it, of the key marker's key.
    pub version_id_marker: Option<VersionId>,
}

/// An object, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectAddress {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: Key,
    /// `versionId`; `None` is the current one.
    pub version: Option<VersionId>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
#[derive(Clone, Debug)]
pub struct DeleteObject {
    /// The object, or the version to remove for good.
    pub object: ObjectAddress,
    /// `x-amz-bypass-governance-retention`.
    pub bypass_governance: bool,
    /// `If-Match`, `x-amz-if-match-size`, `x-amz-if-match-last-modified-time`.
    pub conditions: Conditions,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
#[derive(Clone, Debug)]
pub struct DeleteObjects {
    /// The bucket.
    pub bucket: BucketName,
    /// `x-amz-bypass-governance-retention`.
    pub bypass_governance: bool,
    /// Content-MD5 or checksum of the XML; one of them must have been sent.
    pub expected: Expected,
}

/// `response-content-type` and its kin: a signed caller's overrides of the stored headers.
pub type ResponseOverrides = ContentHeaders;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html> and HeadObject.
#[derive(Clone, Debug)]
pub struct GetObject {
    /// The object, or a version of it.
    pub object: ObjectAddress,
    /// `Range`.
    pub range: Option<ByteRange>,
    /// `partNumber`, never beside a range: the bytes of one part of an object made of parts.
    pub part_number: Option<PartNumber>,
    /// `If-Range`: a tag or a date; where it is not the object's, the range does not count.
    pub if_range: Option<String>,
    /// `If-*`.
    pub conditions: Conditions,
    /// `response-*`.
    pub overrides: ResponseOverrides,
    /// `x-amz-checksum-mode: ENABLED`.
    pub checksum_mode: bool,
}

/// A visit to the site of a bucket.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html>
#[derive(Clone, Debug)]
pub struct GetPage {
    /// Whose site it is.
    pub bucket: BucketName,
    /// Path, query and host.
    pub visit: Visit,
    /// `Range`.
    pub range: Option<ByteRange>,
    /// `If-Range`, as of GetObject.
    pub if_range: Option<String>,
    /// `If-*`.
    pub conditions: Conditions,
}

/// What a new object is given beside its bytes.
#[derive(Clone, Debug, Default)]
pub struct NewObject {
    /// Stored headers.
    pub headers: ContentHeaders,
    /// User metadata, names lower case without `x-amz-meta-`.
    pub user_metadata: Vec<(String, String)>,
    /// Storage class where it is not STANDARD.
    pub storage_class: Option<String>,
    /// ACL.
    pub acl: AclInput,
    /// `x-amz-tagging`.
    pub tags: Tags,
    /// `x-amz-object-lock-*`.
    pub lock: LockInput,
}

/// Object Lock as the headers of a new object give it; where they say nothing the bucket's default
/// counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockInput {
    /// `x-amz-object-lock-mode` and `-retain-until-date`, which come together.
    pub retention: Option<Retention>,
    /// `x-amz-object-lock-legal-hold`.
    pub legal_hold: Option<bool>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
#[derive(Clone, Debug)]
pub struct PutObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: Key,
    /// Length of the content in bytes: `x-amz-decoded-content-length` of an aws-chunked body, else
    /// Content-Length; `None` of a chunked body. At most [`crate::limits::PUT_BYTES_MAX`].
    pub length: Option<u64>,
    /// How many bytes of content are taken: S3's bounds, or those of a form's policy.
    pub bytes: RangeInclusive<u64>,
    /// Claims about the content.
    pub expected: Expected,
    /// Headers, metadata, ACL.
    pub new: NewObject,
    /// `If-Match`, `If-None-Match`.
    pub conditions: Conditions,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>: all that the head says.
#[derive(Clone, Debug)]
pub struct PostObject {
    /// The bucket.
    pub bucket: BucketName,
    /// What delimits the fields of the form.
    pub delimiter: Delimiter,
    /// The path of the request as sent, without `/` at its end; `/` and a key make an object's.
    pub path: String,
}

/// And what the fields of the form say, once they have come.
#[derive(Clone, Debug)]
pub struct PostedObject {
    /// The same by PUT.
    pub put: PutObject,
    /// The fields that count as headers.
    pub head: RequestHead,
    /// `tagging`: an XML document.
    pub tagging: Option<String>,
    /// `success_action_*`.
    pub answer: PostAnswer,
}

/// What a form wants to be answered where all went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostAnswer {
    /// 303 to this URL, with bucket, key and entity tag in its query.
    Redirect(String),
    /// 200 or 204 with no body, or 201 with a document.
    Status(u16),
}

/// `x-amz-copy-source`, percent-decoded once.
#[derive(Clone, Debug)]
pub struct CopySource {
    /// Source bucket.
    pub bucket: BucketName,
    /// Source key.
    pub key: Key,
    /// `?versionId=`; `None` is the current one.
    pub version: Option<VersionId>,
    /// `x-amz-copy-source-if-*`.
    pub conditions: Conditions,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
#[derive(Clone, Debug)]
pub struct CopyObject {
    /// Destination bucket.
    pub bucket: BucketName,
    /// Destination key.
    pub key: Key,
    /// Source.
    pub source: CopySource,
    /// `x-amz-metadata-directive: REPLACE`.
    pub replace: bool,
    /// `x-amz-tagging-directive: REPLACE`.
    pub replace_tags: bool,
    /// Headers, metadata, storage class, ACL of the copy (headers and metadata count with REPLACE
    /// only).
    pub new: NewObject,
    /// `x-amz-checksum-algorithm`.
    pub checksum: Option<ChecksumAlgorithm>,
    /// `If-Match`, `If-None-Match`, of the destination.
    pub conditions: Conditions,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>
#[derive(Clone, Debug)]
pub struct GetObjectAttributes {
    /// The object, or a version of it.
    pub object: ObjectAddress,
    /// `x-amz-object-attributes`.
    pub attributes: ObjectAttributes,
    /// `x-amz-max-parts`, 0 to 1,000.
    pub max_parts: usize,
    /// `x-amz-part-number-marker`.
    pub part_number_marker: u16,
    /// `If-*`.
    pub conditions: Conditions,
}

/// Which attributes are asked for, under their own names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the answer's elements
pub struct ObjectAttributes {
    pub etag: bool,
    pub checksum: bool,
    pub object_parts: bool,
    pub storage_class: bool,
    pub object_size: bool,
}
