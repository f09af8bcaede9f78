//! PutObject, GetObject and HeadObject: the main job.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//!
//! Refused: conditions that do not hold (304, 412), ranges outside the object (416).
//!
//! Names of `x-amz-*` headers are written in lower case, as AWS does; the others in Title-Case.

use super::checksum::{with_checksum, with_checksum_read};
use super::metadata::with_user_metadata;
use super::receive::{Terms, receive};
use super::tagging::with_tagging_count;
use super::{
    Context, OpenBucket, acl, blocking, config, retention, with_new_version, with_version,
};
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::range::ByteRange;
use crate::http::response::{Response, ResponseBody};
use crate::router::{GetObject, NewObject, PutObject};
use crate::store::Object;
use crate::types::{
    ChecksumType, Conditions, ContentHeaders, ETag, Key, ObjectMeta, PartNumber, Timestamp,
    Verdict, VersionId,
};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
pub(super) async fn put_object(
    context: &Context,
    input: PutObject,
    body: &mut Body<'_>,
) -> Result<Response> {
    let PutObject { bucket, key, length, bytes, expected, new, conditions } = input;
    let (bytes_min, bytes_max) = (*bytes.start(), *bytes.end());
    let terms = Terms { bytes_min, bytes_max, ..Terms::content(expected, length) };
    let opener = context.clone();
    let (open, key, conditions, meta, staged) = blocking(move || {
        let open = opener.open_for_write(&bucket, Action::PutObject, &key)?;
        opener.authorise_conditions(&open, &key, None, &conditions)?;
        let meta = new_meta(&opener, &open, &key, new)?;
        let staged = open.bucket.stage()?;
        Ok((open, key, conditions, meta, staged))
    })
    .await?;
    // Of a form there is only the length of all of it.
    let room = context.room(&open, &key, length.or(body.length())).await?;
    receive(context, body, terms, staged, move |staged, proof| {
        let checksum = proof.digests().checksum.clone();
        let bytes = proof.digests().bytes;
        let sealed = staged.seal(proof, meta)?;
        let committed = open
            .bucket
            .commit(&key, sealed, &conditions)
            .map_err(|error| name_condition(error, &conditions))?;
        room.keep(bytes);
        let response = Response::empty(200).header("ETag", committed.etag.quoted());
        let response = with_new_version(response, committed.version_id);
        let response = config::with_new_expiration(response, &open.bucket, &key);
        let of = ChecksumType::FullObject;
        Ok(with_checksum(response, &committed.etag, checksum.as_ref(), of))
    })
    .await
}

/// What a new object carries beside its bytes, for a caller who may give it that. The entity tag is
/// a placeholder: the store takes it, and the checksum, from the proof that comes with the bytes.
pub(super) fn new_meta(
    context: &Context,
    open: &OpenBucket,
    key: &Key,
    new: NewObject,
) -> Result<ObjectMeta> {
    context.authorise_new(open, key, &new)?;
    retention::check_new(open, &new.lock, context.now)?;
    let default_retention = || open.bucket.config().default_retention(context.now);
    let acl = acl::of_new_object(context, open, &new.acl)?;
    Ok(ObjectMeta {
        etag: ETag::Md5([0; 16]),
        checksum: None,
        checksum_type: ChecksumType::FullObject,
        headers: new.headers,
        user_metadata: new.user_metadata,
        storage_class: new.storage_class,
        acl,
        version_id: VersionId::Null,
        tags: new.tags,
        retention: new.lock.retention.or_else(default_retention),
        legal_hold: new.lock.legal_hold,
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>, and HeadObject, which
/// differs in the body alone.
pub(super) fn get_object(context: &Context, input: GetObject) -> Result<Response> {
    // Nobody has signed for another header: else a link into a public bucket could have what is
    // stored there as text shown as a page (security class O).
    if context.verified.user().is_none() && input.overrides != ContentHeaders::default() {
        let message =
            "Request specific response headers cannot be used for anonymous GET requests.";
        return Err(S3Error::new(ErrorCode::InvalidRequest, message));
    }
    let (open, object) =
        context.open_object(&input.object, Action::GetObject).map_err(not_of_delete_marker)?;
    let version = open.shown_version(&object);
    match input.conditions.weigh(&object.meta.etag, object.modified) {
        Verdict::Proceed => {}
        Verdict::NotModified => return Ok(with_version(not_modified(&object), version)),
        Verdict::PreconditionFailed => return Err(precondition_failed(&input.conditions)),
    }
    let range = input.range.filter(|_| is_unchanged(input.if_range.as_deref(), &object));
    let part = match input.part_number {
        Some(number) => Some(part(&object, number)?).filter(|(_, bytes)| *bytes > 0),
        None => range.map(|range| resolve(range, object.length)).transpose()?,
    };
    let (offset, bytes) = part.unwrap_or((0, object.length));
    let mut response = Response::empty(if part.is_some() { 206 } else { 200 });
    response = validators(response.header("Accept-Ranges", "bytes"), &object);
    response = with_version(response, version);
    if part.is_some() {
        response = response.header("Content-Range", content_range(offset, bytes, object.length));
    }
    if let Some(parts) = object.part_count().filter(|_| input.part_number.is_some()) {
        response = response.header("x-amz-mp-parts-count", parts.to_string());
    }
    response = stored_headers(response, &object.meta, input.overrides);
    response = with_tagging_count(response, context, &open, &input.object, &object);
    response = retention::with_lock(context, &open, &input.object, &object, response);
    // The checksum of the whole: beside a range a client would hold it against a piece.
    if input.checksum_mode && (part.is_none() || input.part_number.is_some()) {
        response = with_checksum_read(response, &object, input.part_number);
    }
    if input.object.version.is_none() {
        response = config::with_expiration(response, &open.bucket, &input.object.key, &object);
    }
    response.body = ResponseBody::File { file: object.file, offset, bytes };
    Ok(response)
}

/// A key that never was is told from a deleted one in so many words, as Ceph's clients want it.
fn not_of_delete_marker(error: S3Error) -> S3Error {
    match error.code == ErrorCode::NoSuchKey && error.headers.is_empty() {
        true => error.header("x-amz-delete-marker", "false"),
        false => error,
    }
}

/// First offset and count; `InvalidRange` names the length, for the client to ask again.
fn resolve(range: ByteRange, length: u64) -> Result<(u64, u64)> {
    range.resolve(length).ok_or_else(|| {
        let requested = match range {
            ByteRange::FromTo(first, last) => format!("bytes={first}-{last}"),
            ByteRange::From(first) => format!("bytes={first}-"),
            ByteRange::Last(count) => format!("bytes=-{count}"),
        };
        S3Error::from(ErrorCode::InvalidRange)
            .with("RangeRequested", requested)
            .with("ActualObjectSize", length.to_string())
            .header("Content-Range", format!("bytes */{length}"))
    })
}

/// First offset and count of a part: how SDKs download in parallel what was uploaded so. One that
/// is not there is 416, which alone tells a HEAD why (Ceph's suite wants 400 InvalidPart).
fn part(object: &Object, number: PartNumber) -> Result<(u64, u64)> {
    object.part(number).ok_or_else(|| {
        S3Error::from(ErrorCode::InvalidPartNumber)
            .with("PartNumberRequested", number.get().to_string())
            .with("ActualPartCount", object.part_count().unwrap_or(1).to_string())
    })
}

/// `bytes FIRST-LAST/LENGTH`; a range that resolved holds at least one byte.
fn content_range(offset: u64, bytes: u64, length: u64) -> String {
    let last = (offset + bytes).saturating_sub(1);
    format!("bytes {offset}-{last}/{length}")
}

/// `PreconditionFailed`, naming the condition that did not hold.
pub(super) fn precondition_failed(conditions: &Conditions) -> S3Error {
    let name = if conditions.if_match.is_some() { "If-Match" } else { "If-Unmodified-Since" };
    S3Error::from(ErrorCode::PreconditionFailed).with("Condition", name)
}

/// [`precondition_failed`] for a write or delete, whose conditions the store weighs under its lock.
/// Where it never came to that, since people kept changing the name by hand, AWS has a code of its
/// own for "try again".
pub(super) fn name_condition(error: S3Error, conditions: &Conditions) -> S3Error {
    if error.code == ErrorCode::OperationAborted && !conditions.is_empty() {
        return ErrorCode::ConditionalRequestConflict.into();
    }
    let name = match conditions {
        Conditions { if_match: Some(_), .. } => "If-Match",
        Conditions { if_match_size: Some(_), .. } => "x-amz-if-match-size",
        Conditions { if_match_last_modified: Some(_), .. } => "x-amz-if-match-last-modified-time",
        _ => "If-None-Match",
    };
    super::name_in(error, ErrorCode::PreconditionFailed, "Condition", name)
}

/// Whether the object is the one of which a client has a part: else its range would be glued to
/// bytes of another. RFC 9110 section 13.1.5: a strong tag, or the very date of Last-Modified.
fn is_unchanged(if_range: Option<&str>, object: &Object) -> bool {
    if_range.is_none_or(|value| {
        let date = Timestamp::parse_http_date(value);
        value == object.meta.etag.quoted()
            || date.is_some_and(|date| date.secs() == object.modified.secs())
    })
}

/// 304: what a cache compares, and how long it may keep what it has (RFC 9110 section 15.4.5).
fn not_modified(object: &Object) -> Response {
    let headers = &object.meta.headers;
    let response = validators(Response::empty(304), object);
    [("Cache-Control", &headers.cache_control), ("Expires", &headers.expires)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .fold(response, |response, (name, value)| response.header(name, value))
}

/// What a cache compares: 304 carries these too.
fn validators(response: Response, object: &Object) -> Response {
    response
        .header("Last-Modified", object.modified.http_date())
        .header("ETag", object.meta.etag.quoted())
}

/// The headers kept with the object; a signed `response-*` parameter wins over the stored one.
fn stored_headers(
    mut response: Response,
    meta: &ObjectMeta,
    overrides: ContentHeaders,
) -> Response {
    let stored = &meta.headers;
    let content_type = overrides.content_type.or_else(|| stored.content_type.clone());
    let content_type = content_type.unwrap_or_else(|| "binary/octet-stream".to_owned());
    response = response.header("Content-Type", content_type);
    for (name, given, kept) in [
        ("Cache-Control", overrides.cache_control, &stored.cache_control),
        ("Content-Disposition", overrides.content_disposition, &stored.content_disposition),
        ("Content-Encoding", overrides.content_encoding, &stored.content_encoding),
        ("Content-Language", overrides.content_language, &stored.content_language),
        ("Expires", overrides.expires, &stored.expires),
        ("x-amz-website-redirect-location", None, &stored.website_redirect_location),
        ("x-amz-storage-class", None, &meta.storage_class),
    ] {
        if let Some(value) = given.or_else(|| kept.clone()) {
            response = response.header(name, value);
        }
    }
    with_user_metadata(response, &meta.user_metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_range_is_inclusive() {
        assert_eq!(content_range(0, 1, 3), "bytes 0-0/3");
        assert_eq!(content_range(2, 5, 7), "bytes 2-6/7");
    }

    #[test]
    fn get_object_names_the_failed_condition() {
        let conditions = Conditions { if_match: Some("x".into()), ..Conditions::default() };
        assert_eq!(precondition_failed(&conditions).fields[0].1, "If-Match");
        let error = precondition_failed(&Conditions::default());
        assert_eq!(error.fields[0].1, "If-Unmodified-Since");
        let size = Conditions { if_match_size: Some(1), ..Conditions::default() };
        let error = name_condition(ErrorCode::PreconditionFailed.into(), &size);
        assert_eq!(error.fields[0].1, "x-amz-if-match-size");
    }

    #[test]
    fn a_conditional_write_that_could_not_be_weighed_is_to_be_tried_again() {
        let aborted = |conditions| name_condition(ErrorCode::OperationAborted.into(), &conditions);
        let condition = Conditions { if_none_match: Some("*".into()), ..Conditions::default() };
        assert_eq!(aborted(condition).code, ErrorCode::ConditionalRequestConflict);
        assert_eq!(aborted(Conditions::default()).code, ErrorCode::OperationAborted);
    }
}
