//! GetObjectAttributes.
//!
//! STUB.

use super::Context;
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result};
use crate::http::response::Response;
use crate::router::GetObjectAttributes;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>
pub(super) fn get_object_attributes(
    context: &Context,
    input: GetObjectAttributes,
) -> Result<Response> {
    context.open_object(&input.object, Action::GetObjectAttributes)?;
    Err(ErrorCode::NotImplemented.into())
}
