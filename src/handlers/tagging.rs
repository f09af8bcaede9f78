//! GetObjectTagging, PutObjectTagging, DeleteObjectTagging.
//!
//! STUB.

use super::Context;
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{ObjectAddress, PutObjectConfig};
use crate::xml::Document;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>: an object without
/// tags has an empty set, which is no error.
pub(super) fn get_object_tagging(context: &Context, at: &ObjectAddress) -> Result<Response> {
    context.open_object(at, Action::GetObjectTagging)?;
    let mut document = Document::new("Tagging");
    document.element("TagSet", |_| {});
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>
pub(super) async fn put_object_tagging(
    _context: &Context,
    _input: PutObjectConfig,
    _body: &mut Body<'_>,
) -> Result<Response> {
    Err(ErrorCode::NotImplemented.into())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
pub(super) fn delete_object_tagging(context: &Context, at: &ObjectAddress) -> Result<Response> {
    context.open_object(at, Action::DeleteObjectTagging)?;
    Err(ErrorCode::NotImplemented.into())
}
