//! GetObjectTorrent: AWS makes torrent files no more, and this server never did.
//!
//! An object without a torrent file is answered as Ceph answers it, 404, so that a client goes on
//! with a plain GET; 501 would say that the request could not be read.

use super::Context;
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::response::Response;
use crate::router::ObjectAddress;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html>
pub(super) fn get_object_torrent(context: &Context, at: &ObjectAddress) -> Result<Response> {
    context.open_object(at, Action::GetObject)?;
    let message = "The object has no torrent file.";
    Err(S3Error::new(ErrorCode::NoSuchKey, message).with("Key", at.key.as_str()))
}
