//! GetBucketLocation.

use crate::auth::access::Action;
use crate::error::Result;
use crate::handlers::Context;
use crate::http::response::Response;
use crate::types::BucketName;
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>: us-east-1 is
/// the empty element.
pub(in crate::handlers) fn get_bucket_location(
    context: &Context,
    bucket: &BucketName,
) -> Result<Response> {
    let open = context.open(bucket, Action::GetBucketLocation)?;
    let location = open.bucket.config().location.as_deref().unwrap_or("");
    Ok(Response::xml(xml::location_constraint(location)))
}
