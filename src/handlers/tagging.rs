//! GetObjectTagging, PutObjectTagging, DeleteObjectTagging.
//!
//! Tags belong to a version and change in place: neither its entity tag nor Last-Modified moves.
//!
//! Refused: more than [`crate::limits::OBJECT_TAGS_MAX`] tags and what no tag may hold
//! (`InvalidTag`), before anything is changed.

use super::receive::receive_xml;
use super::{Context, OpenBucket, with_version};
use crate::auth::access::Action;
use crate::error::Result;
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{ObjectAddress, PutObjectConfig};
use crate::store::Object;
use crate::types::{ObjectMeta, Tags};
use crate::xml;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>: an object without
/// tags has an empty set, which is no error.
pub(super) fn get_object_tagging(context: &Context, at: &ObjectAddress) -> Result<Response> {
    let (open, object) = context.open_object(at, Action::GetObjectTagging)?;
    let response = Response::xml(xml::tagging_document(&object.meta.tags));
    Ok(with_version(response, open.shown_version(&object)))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>: replaces the set.
pub(super) async fn put_object_tagging(
    context: &Context,
    input: PutObjectConfig,
    body: &mut Body<'_>,
) -> Result<Response> {
    let PutObjectConfig { object: at, expected, .. } = input;
    let open = context.open_before_body(&at, Action::PutObjectTagging).await?;
    let caller = context.clone();
    receive_xml(context, body, expected, move |document| {
        let tags = Tags::of_object(xml::tagging(&document)?)?;
        let facts = caller.facts.with_request_tags(&tags);
        caller.authorise_body(&open, &at, Action::PutObjectTagging, facts)?;
        replace(&open, &at, tags, 200)
    })
    .await
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
pub(super) fn delete_object_tagging(context: &Context, at: &ObjectAddress) -> Result<Response> {
    let (open, _) = context.open_object(at, Action::DeleteObjectTagging)?;
    replace(&open, at, Tags::default(), 204)
}

/// How many tags the object has, for whoever may read them.
pub(super) fn with_tagging_count(
    response: Response,
    context: &Context,
    open: &OpenBucket,
    at: &ObjectAddress,
    object: &Object,
) -> Response {
    match object.meta.tags.len() {
        0 => response,
        _ if !context.may_read_tags(open, at, object) => response,
        count => response.header("x-amz-tagging-count", count.to_string()),
    }
}

fn replace(open: &OpenBucket, at: &ObjectAddress, tags: Tags, status: u16) -> Result<Response> {
    let set = |meta: &mut ObjectMeta| {
        meta.tags = tags;
        Ok(())
    };
    let version = open.bucket.update_meta(&at.key, at.version, set)?;
    // A bucket that never had versioning shows none.
    let shown = open.bucket.config().versioning.map(|_| version);
    Ok(with_version(Response::empty(status), shown))
}
