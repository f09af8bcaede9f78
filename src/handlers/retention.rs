//! Object Lock on a version: GetObjectRetention, PutObjectRetention, GetObjectLegalHold,
//! PutObjectLegalHold, and what a new object is given of it.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>
//!
//! The lock of a version is kept with it, and the store refuses to remove what it protects. A write
//! to the same key makes a version of its own, so nothing else has to be refused: these four
//! operations, and the bypass of a DELETE, are all the ways to weaken a lock.
//!
//! Refused: locks in a bucket without Object Lock, dates that are past, and a retention that would
//! be shortened, weakened or removed, unless it is GOVERNANCE and the caller may bypass it.

use super::receive::receive_xml;
use super::{Context, OpenBucket, name_in};
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{LockInput, ObjectAddress, PutObjectConfig};
use crate::store::Object;
use crate::types::{Key, ObjectMeta, Timestamp, VersionId, protected_by_object_lock};
use crate::xml::{self, Document};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html>
pub(super) fn get_object_retention(context: &Context, at: &ObjectAddress) -> Result<Response> {
    let (_, object) = open_lockable(context, at, Action::GetObjectRetention)?;
    let retention = object.meta.retention.ok_or(ErrorCode::NoSuchObjectLockConfiguration)?;
    let mut document = Document::new("Retention");
    document.text("Mode", retention.mode.name());
    document.text("RetainUntilDate", &retention.until.iso8601());
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html>
pub(super) async fn put_object_retention(
    context: &Context,
    input: PutObjectConfig,
    body: &mut Body<'_>,
) -> Result<Response> {
    let PutObjectConfig { object: at, bypass_governance, expected } = input;
    let open = context.open_before_body(&at, Action::PutObjectRetention).await?;
    let (caller, now) = (context.clone(), context.now);
    receive_xml(context, body, expected, move |document| {
        let next = xml::retention(&document)?;
        let facts = caller.facts.with_retention(next.as_ref());
        caller.authorise_body(&open, &at, Action::PutObjectRetention, facts)?;
        check_lockable(&open)?;
        let bypass = bypasses_governance(&caller, &open, &at.key, at.version, bypass_governance)?;
        if let Some(retention) = next {
            check_future(retention.until, now, "RetainUntilDate")?;
        }
        change_lock(&open, &at, |meta| match meta.retention {
            Some(kept) if !kept.may_become(next, now, bypass) => Err(protected_by_object_lock()),
            _ => {
                meta.retention = next;
                Ok(())
            }
        })
    })
    .await
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html>
pub(super) fn get_object_legal_hold(context: &Context, at: &ObjectAddress) -> Result<Response> {
    let (_, object) = open_lockable(context, at, Action::GetObjectLegalHold)?;
    let held = object.meta.legal_hold.ok_or(ErrorCode::NoSuchObjectLockConfiguration)?;
    let mut document = Document::new("LegalHold");
    document.text("Status", status(held));
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html>
pub(super) async fn put_object_legal_hold(
    context: &Context,
    input: PutObjectConfig,
    body: &mut Body<'_>,
) -> Result<Response> {
    let PutObjectConfig { object: at, expected, .. } = input;
    let open = context.open_before_body(&at, Action::PutObjectLegalHold).await?;
    let caller = context.clone();
    receive_xml(context, body, expected, move |document| {
        let held = xml::legal_hold(&document)?;
        let facts = caller.facts.with_legal_hold(held);
        caller.authorise_body(&open, &at, Action::PutObjectLegalHold, facts)?;
        check_lockable(&open)?;
        change_lock(&open, &at, |meta| {
            meta.legal_hold = Some(held);
            Ok(())
        })
    })
    .await
}

/// Opens a version in a bucket that has Object Lock.
fn open_lockable(
    context: &Context,
    at: &ObjectAddress,
    action: Action,
) -> Result<(OpenBucket, Object)> {
    let (open, object) = context.open_object(at, action)?;
    check_lockable(&open)?;
    Ok((open, object))
}

fn check_lockable(open: &OpenBucket) -> Result<()> {
    match open.bucket.config().object_lock {
        Some(_) => Ok(()),
        None => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "Bucket is missing Object Lock Configuration",
        )),
    }
}

/// Weighed and changed under the key's lock: of two who change it at once, neither overlooks the
/// other's longer retention.
fn change_lock(
    open: &OpenBucket,
    at: &ObjectAddress,
    change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
) -> Result<Response> {
    open.bucket
        .update_meta(&at.key, at.version, change)
        .map_err(|error| name_in(error, ErrorCode::NoSuchKey, "Key", at.key.as_str()))?;
    Ok(Response::empty(200))
}

fn check_future(until: Timestamp, now: Timestamp, argument: &str) -> Result<()> {
    match until > now {
        true => Ok(()),
        false => {
            let message = "The retain until date must be in the future!";
            Err(S3Error::argument(message, argument, &until.iso8601()))
        }
    }
}

/// Whether a GOVERNANCE retention of that key is to be passed: if it was `asked`, and
/// `AccessDenied` to whoever may not. Where there is no Object Lock there is nothing to pass, and
/// the header is ignored: AWS refuses it there, but scripts that empty buckets always send it.
pub(super) fn bypasses_governance(
    context: &Context,
    open: &OpenBucket,
    key: &Key,
    version: Option<VersionId>,
    asked: bool,
) -> Result<bool> {
    if !asked || open.bucket.config().object_lock.is_none() {
        return Ok(false);
    }
    context.may_bypass_governance(open, key, version)?;
    Ok(true)
}

/// What the headers of a new object ask of Object Lock must be possible.
pub(super) fn check_new(open: &OpenBucket, lock: &LockInput, now: Timestamp) -> Result<()> {
    if *lock != LockInput::default() {
        check_lockable(open)?;
    }
    match lock.retention {
        Some(retention) => {
            check_future(retention.until, now, "x-amz-object-lock-retain-until-date")
        }
        None => Ok(()),
    }
}

/// Adds `x-amz-object-lock-*`, each for whoever may also ask for it by itself, as on AWS.
pub(super) fn with_lock(
    context: &Context,
    open: &OpenBucket,
    at: &ObjectAddress,
    object: &Object,
    mut response: Response,
) -> Response {
    let meta = &object.meta;
    let may = |action| context.authorise_object(open, &at.key, at.version, meta, action).is_ok();
    if let Some(retention) = object.meta.retention.filter(|_| may(Action::GetObjectRetention)) {
        response = response
            .header("x-amz-object-lock-mode", retention.mode.name())
            .header("x-amz-object-lock-retain-until-date", retention.until.iso8601());
    }
    match object.meta.legal_hold.filter(|_| may(Action::GetObjectLegalHold)) {
        Some(held) => response.header("x-amz-object-lock-legal-hold", status(held)),
        None => response,
    }
}

fn status(held: bool) -> &'static str {
    if held { "ON" } else { "OFF" }
}
