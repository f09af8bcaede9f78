//! GetPublicAccessBlock, PutPublicAccessBlock, DeletePublicAccessBlock.
//!
//! The bucket's own four bars. They add to the server's, which no client can see or lift: a bucket
//! that bars nothing is still shut unless `--allow-public` was said. AWS bars all four for every
//! new bucket; here the server's block does that.

use crate::error::{ErrorCode, Result};
use crate::handlers::OpenBucket;
use crate::http::response::Response;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html>
pub(super) fn get(open: &OpenBucket) -> Result<Response> {
    match &open.bucket.config().public_access_block {
        Some(block) => Ok(Response::xml(xml::public_access_block_document(block))),
        None => super::none(open, ErrorCode::NoSuchPublicAccessBlockConfiguration),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html>
pub(super) fn put(open: &OpenBucket, document: &[u8]) -> Result<Response> {
    let block = xml::public_access_block(document)?;
    open.bucket.configure(|config| config.public_access_block = Some(block))?;
    Ok(Response::empty(200))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html>: also where
/// there is none.
pub(super) fn delete(open: &OpenBucket) -> Result<Response> {
    if open.bucket.config().public_access_block.is_some() {
        open.bucket.configure(|config| config.public_access_block = None)?;
    }
    Ok(Response::empty(204))
}
