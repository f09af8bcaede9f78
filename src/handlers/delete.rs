//! DeleteObject and DeleteObjects.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
//!
//! A key in a body is as hostile as one in a path (security class D: another plain-file server
//! was left through this very door): each passes `Key::parse`, as all keys do.
//!
//! Refused, entry by entry: keys and version ids that are none, and conditions that do not hold.
//! An absent key meets every condition: what was to be gone is gone. (AWS says so of directory
//! buckets, and of others that `If-Match` is 404.)

use super::authorise::of_version;
use super::object::name_condition;
use super::receive::receive_xml;
use super::retention::bypasses_governance;
use super::{Context, OpenBucket, with_version};
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::limits;
use crate::notice::tell;
use crate::router::{DeleteObject, DeleteObjects, ObjectAddress};
use crate::store::{Removal, Removed};
use crate::types::{Conditions, Key, VersionId};
use crate::xml::{self, DeleteEntry, Document};
use std::sync::Arc;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>: an absent key is
/// success too.
pub(super) fn delete_object(context: &Context, input: &DeleteObject) -> Result<Response> {
    let DeleteObject { object: ObjectAddress { bucket, key, version }, conditions, .. } = input;
    let action = of_version(Action::DeleteObject, *version);
    let open = context.open_for_write(bucket, action, key)?;
    let removed = remove(context, &open, key, *version, conditions, input.bypass_governance)
        .map_err(|error| name_condition(error, conditions))?;
    let response = with_version(Response::empty(204), removed.version_id);
    Ok(match removed.delete_marker {
        true => response.header("x-amz-delete-marker", "true"),
        false => response,
    })
}

/// Removes a key, or a version of it, for a caller who may: who may not read it may not ask by
/// conditions what it is, and only who may pass a GOVERNANCE retention does.
fn remove(
    context: &Context,
    open: &OpenBucket,
    key: &Key,
    version: Option<VersionId>,
    conditions: &Conditions,
    bypass_governance: bool,
) -> Outcome {
    context.authorise_conditions(open, key, version, conditions)?;
    let removal = Removal {
        version,
        only_noncurrent: false,
        conditions: conditions.clone(),
        bypass_governance: bypasses_governance(context, open, key, version, bypass_governance)?,
        now: context.now,
    };
    open.bucket.remove_version(key, &removal)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub(super) async fn delete_objects(
    context: &Context,
    input: DeleteObjects,
    body: &mut Body<'_>,
) -> Result<Response> {
    let open = context.open_to_remove(&input.bucket).await?;
    let (entries, quiet) =
        receive_xml(context, body, input.expected, |document| xml::delete(&document)).await?;
    let context = context.clone();
    let deletion = Deletion { context, open, bypass_governance: input.bypass_governance };
    Ok(Response::xml(delete_each(deletion, entries, quiet).await?))
}

/// What the entries of one request share.
struct Deletion {
    context: Context,
    open: OpenBucket,
    bypass_governance: bool,
}

type Outcome = Result<Removed>;

/// Every entry succeeds or fails by itself; with `quiet` only failures are told.
///
/// Each waits for the disk, and waits that overlap share a write of the filesystem's journal: in
/// shares on the blocking pool a thousand keys take a few such writes, not a thousand. The pool
/// bounds the threads of all requests together.
async fn delete_each(deletion: Deletion, entries: Vec<DeleteEntry>, quiet: bool) -> Result<String> {
    let deletion = Arc::new(deletion);
    let share = entries.len().div_ceil(limits::DELETE_SHARES).max(1);
    let shares: Vec<_> = entries
        .chunks(share)
        .map(|entries| {
            let (deletion, entries) = (deletion.clone(), entries.to_vec());
            tokio::task::spawn_blocking(move || delete_share(&deletion, entries))
        })
        .collect();
    let mut document = Document::new("DeleteResult");
    for share in shares {
        for (entry, outcome) in share.await.map_err(S3Error::internal)? {
            write_outcome(&mut document, &entry, outcome, quiet);
        }
    }
    Ok(document.finish())
}

fn delete_share(deletion: &Deletion, entries: Vec<DeleteEntry>) -> Vec<(DeleteEntry, Outcome)> {
    let outcome = |entry| {
        let outcome = delete_entry(deletion, &entry);
        (entry, outcome)
    };
    entries.into_iter().map(outcome).collect()
}

fn delete_entry(deletion: &Deletion, entry: &DeleteEntry) -> Outcome {
    let Deletion { context, open, bypass_governance } = deletion;
    let version = match entry.version_id.as_deref() {
        None => None,
        Some(id) => Some(VersionId::parse(id).ok_or(ErrorCode::NoSuchVersion)?),
    };
    let key = Key::parse(entry.key.clone().into_bytes())?;
    context.may_remove(open, &key, version)?;
    let removed = remove(context, open, &key, version, &entry.conditions, *bypass_governance);
    removed.inspect_err(|error| {
        // The answer as a whole is a 200: nobody else tells what is our own fault.
        if error.cause.is_some() {
            tell(format_args!("DeleteObjects {:?}: {error}", entry.key));
        }
    })
}

fn write_outcome(document: &mut Document, entry: &DeleteEntry, outcome: Outcome, quiet: bool) {
    match outcome {
        Ok(_) if quiet => {}
        Ok(removed) => {
            document.element("Deleted", |document| {
                write_entry(document, entry);
                write_delete_marker(document, &removed);
            });
        }
        Err(error) => {
            document.element("Error", |document| {
                write_entry(document, entry);
                document.text("Code", error.code.name()).text("Message", &error.message);
            });
        }
    }
}

/// The key as the client wrote it, so that it finds its own entry again.
fn write_entry(document: &mut Document, entry: &DeleteEntry) {
    document.text("Key", &entry.key);
    if let Some(version_id) = &entry.version_id {
        document.text("VersionId", version_id);
    }
}

/// The delete marker that came, or that went.
fn write_delete_marker(document: &mut Document, removed: &Removed) {
    if !removed.delete_marker {
        return;
    }
    document.text("DeleteMarker", "true");
    if let Some(version_id) = removed.version_id {
        document.text("DeleteMarkerVersionId", &version_id.to_string());
    }
}
