//! Object Lock on a version: GetObjectRetention, PutObjectRetention, GetObjectLegalHold,
//! PutObjectLegalHold.
//!
//! STUB.

use super::Context;
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{ObjectAddress, PutObjectConfig};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html>
pub(super) fn get_object_retention(context: &Context, at: &ObjectAddress) -> Result<Response> {
    context.open_object(at, Action::GetObjectRetention)?;
    Err(ErrorCode::NoSuchObjectLockConfiguration.into())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html>
pub(super) async fn put_object_retention(
    _context: &Context,
    _input: PutObjectConfig,
    _body: &mut Body<'_>,
) -> Result<Response> {
    Err(ErrorCode::NotImplemented.into())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html>
pub(super) fn get_object_legal_hold(context: &Context, at: &ObjectAddress) -> Result<Response> {
    context.open_object(at, Action::GetObjectLegalHold)?;
    Err(ErrorCode::NoSuchObjectLockConfiguration.into())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html>
pub(super) async fn put_object_legal_hold(
    _context: &Context,
    _input: PutObjectConfig,
    _body: &mut Body<'_>,
) -> Result<Response> {
    Err(ErrorCode::NotImplemented.into())
}
