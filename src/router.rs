//! What is asked: method, address, query and headers to an [`Operation`] under AWS's own name.
//!
//! Pure, between `auth` and the handlers: every input is parsed, bounded and typed here, so that
//! a handler reads no header. In the order of a request:
//!
//! * `address`: bucket and key, from path or Host.
//! * `subresources`: AWS's query names that make a request another operation.
//! * `bucket`, `object`, `multipart`: the operations of each, with their inputs.
//! * `post_object`: the fields of a form, which come after the head, to the inputs of PutObject.
//! * `acl`, `attributes`, `checksum`, `copy`, `lock`, `new_object`, `parse`: headers to typed
//!   values.
//! * `cors`: what a browser asks for a page of another origin.
//! * `website`: which requests are no operations but visits to a site, and for which page.
//!
//! Refused: what would be another operation if an ignored part counted (a sub-resource without
//! an operation is 501 or 405, never the plain operation), and headers that imply what is not
//! there: encryption is 501, since to ignore it silently would store an object other than the one
//! asked for.
//!
//! Ignored, as nothing here depends on them: `x-amz-request-payer`, `x-amz-mfa`, an unknown Expect,
//! and parameters AWS does not know.

mod acl;
mod address;
mod attributes;
mod bucket;
mod checksum;
mod copy;
mod cors;
mod inputs;
mod lock;
mod multipart;
mod new_object;
mod object;
mod parse;
mod post_object;
mod subresources;
mod website;

pub use address::address;
pub use cors::{cross_origin, preflight};
pub use inputs::*;
pub use website::{WebsiteHost, page, site, site_address};

use crate::error::Result;
use crate::http::head::{Method, RequestHead};
use crate::types::{BucketName, Key};

/// Where a request points, before it is known what it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Bucket part, percent-decoded, not yet validated.
    pub bucket: Option<String>,
    /// Key part, percent-decoded once; `None` for the bucket itself.
    pub key: Option<Vec<u8>>,
    /// The bucket came from the Host header.
    pub from_host: bool,
}

/// Whose the buckets must be, if the client says so.
pub fn expected_owners(head: &RequestHead) -> ExpectedOwners {
    let id = |name| parse::field(head, name).map(str::to_owned);
    ExpectedOwners {
        bucket: id("x-amz-expected-bucket-owner"),
        source: id("x-amz-source-expected-bucket-owner"),
    }
}

/// The operation, its inputs parsed and checked.
pub fn route(head: &RequestHead, address: &Address) -> Result<Operation> {
    let asked = subresources::asked(head)?;
    let Some(bucket) = &address.bucket else { return service(head, asked) };
    let bucket = BucketName::parse(bucket)?;
    match &address.key {
        None => bucket::route(head, asked, bucket),
        Some(key) => object::route(head, asked, bucket, Key::parse(key.clone())?),
    }
}

/// `/` itself: ListBuckets and nothing else.
fn service(head: &RequestHead, asked: Option<&'static str>) -> Result<Operation> {
    match (asked, head.method()) {
        (None, Method::Get) => Ok(Operation::ListBuckets(bucket::list_buckets(head)?)),
        (asked, _) => Err(subresources::method_not_allowed(head, asked.unwrap_or("service"))),
    }
}

/// An S3 operation with its inputs, under AWS's own name.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // documented by AWS under the same names; the handlers cite each page
pub enum Operation {
    ListBuckets(ListBuckets),
    CreateBucket(CreateBucket),
    HeadBucket(BucketName),
    DeleteBucket(BucketName),
    GetBucketLocation(BucketName),
    GetBucketAcl(BucketName),
    PutBucketAcl(BucketName, PutAcl),
    ListObjects(ListObjects),
    ListObjectsV2(ListObjectsV2),
    ListObjectVersions(ListObjectVersions),
    ListMultipartUploads(ListMultipartUploads),
    DeleteObjects(DeleteObjects),
    GetObject(GetObject),
    HeadObject(GetObject),
    PutObject(PutObject),
    PostObject(PostObject),
    CopyObject(CopyObject),
    DeleteObject(DeleteObject),
    GetObjectAcl(ObjectAddress),
    PutObjectAcl(ObjectAddress, PutAcl),
    GetObjectAttributes(GetObjectAttributes),
    GetObjectTagging(ObjectAddress),
    GetObjectTorrent(ObjectAddress),
    PutObjectTagging(PutObjectConfig),
    DeleteObjectTagging(ObjectAddress),
    GetObjectRetention(ObjectAddress),
    PutObjectRetention(PutObjectConfig),
    GetObjectLegalHold(ObjectAddress),
    PutObjectLegalHold(PutObjectConfig),
    CreateMultipartUpload(CreateMultipartUpload),
    UploadPart(UploadPart),
    UploadPartCopy(UploadPartCopy),
    CompleteMultipartUpload(CompleteMultipartUpload),
    AbortMultipartUpload(UploadAddress),
    ListParts(ListParts),
    /// Get, Put or Delete of a document that configures a bucket; the address has AWS's name.
    GetBucketConfig(BucketConfigAddress),
    PutBucketConfig(PutBucketConfig),
    DeleteBucketConfig(BucketConfigAddress),
    /// A sub-resource that this server has no operation for: 501.
    Unconfigured(Unconfigured),
}

impl Operation {
    /// AWS's name, for the log.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::ListBuckets(_) => "ListBuckets",
            Operation::CreateBucket(_) => "CreateBucket",
            Operation::HeadBucket(_) => "HeadBucket",
            Operation::DeleteBucket(_) => "DeleteBucket",
            Operation::GetBucketLocation(_) => "GetBucketLocation",
            Operation::GetBucketAcl(_) => "GetBucketAcl",
            Operation::PutBucketAcl(..) => "PutBucketAcl",
            Operation::ListObjects(_) => "ListObjects",
            Operation::ListObjectsV2(_) => "ListObjectsV2",
            Operation::ListObjectVersions(_) => "ListObjectVersions",
            Operation::ListMultipartUploads(_) => "ListMultipartUploads",
            Operation::DeleteObjects(_) => "DeleteObjects",
            Operation::GetObject(_) => "GetObject",
            Operation::HeadObject(_) => "HeadObject",
            Operation::PutObject(_) => "PutObject",
            Operation::PostObject(_) => "PostObject",
            Operation::CopyObject(_) => "CopyObject",
            Operation::DeleteObject(_) => "DeleteObject",
            Operation::GetObjectAcl(_) => "GetObjectAcl",
            Operation::PutObjectAcl(..) => "PutObjectAcl",
            Operation::GetObjectAttributes(_) => "GetObjectAttributes",
            Operation::GetObjectTagging(_) => "GetObjectTagging",
            Operation::GetObjectTorrent(_) => "GetObjectTorrent",
            Operation::PutObjectTagging(_) => "PutObjectTagging",
            Operation::DeleteObjectTagging(_) => "DeleteObjectTagging",
            Operation::GetObjectRetention(_) => "GetObjectRetention",
            Operation::PutObjectRetention(_) => "PutObjectRetention",
            Operation::GetObjectLegalHold(_) => "GetObjectLegalHold",
            Operation::PutObjectLegalHold(_) => "PutObjectLegalHold",
            Operation::CreateMultipartUpload(_) => "CreateMultipartUpload",
            Operation::UploadPart(_) => "UploadPart",
            Operation::UploadPartCopy(_) => "UploadPartCopy",
            Operation::CompleteMultipartUpload(_) => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload(_) => "AbortMultipartUpload",
            Operation::ListParts(_) => "ListParts",
            Operation::GetBucketConfig(address) | Operation::DeleteBucketConfig(address) => {
                address.name
            }
            Operation::PutBucketConfig(input) => input.address.name,
            Operation::Unconfigured(input) => input.name,
        }
    }
}

#[cfg(test)]
mod tests;
