//! Versions: what an overwrite or a DELETE leaves behind in a bucket with versioning.
//!
//! Stands behind [`Bucket`]'s methods, beside [`commit`], which asks [`Versioned`] before it
//! replaces anything.
//!
//! The current version is the plain file at its key, always. The others lie below
//! `versions/<bucket-id>/`, one file each in a folder of the key's, and so do delete markers:
//! empty files with a field in their attribute. Names are inverted times ([`id`]), so the order of
//! names is the order of versions. Where a key has no plain file, its newest version is a delete
//! marker; where a person removed the plain file, there is no current version, and nothing is
//! brought back by itself.
//!
//! A version keeps its inode: it is linked or renamed, never copied, where the system allows it.
//! All changes happen under the key's lock; the orders of their steps, and what a power cut leaves
//! between them, are told in [`keep`] (PUT) and [`mod@remove`] (DELETE).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>
//!
//! Refused: to remove or replace the bytes of a version that Object Lock keeps. A person with a
//! shell is not kept from it.

mod folder;
mod id;
mod keep;
mod list;
mod remove;

use super::{Bucket, Object, Versioning, commit, object, usage};
use crate::error::{ErrorCode, Result, S3Error};
use crate::types::{
    ChecksumAlgorithm, ChecksumType, Conditions, ETag, Key, ObjectMeta, Owner, Timestamp, VersionId,
};
use folder::Folder;
use id::VersionFile;

pub(super) use keep::Versioned;
pub(super) use list::list;
pub(super) use remove::remove;

/// Bytes of all versions of a key, the current one too, as of one moment.
pub(super) fn bytes_of_key(bucket: &Bucket, key: &Key) -> Result<u64> {
    let root = bucket.root();
    let _lock = root.locks.key(bucket.inode(), key.as_str())?;
    let current = commit::current(bucket, key)?.map_or(0, |(_, object)| object.length);
    let folder = match bucket.known_id() {
        Some(id) => Folder::open(root, id, key)?,
        None => None,
    };
    let others = folder.map_or(Ok(0), |folder| usage::folder_bytes(&folder.dir))?;
    Ok(current.saturating_add(others))
}

/// What lies at a key, or at a version of it.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and taken apart at once")]
pub enum Found {
    /// An object.
    Object(Object),
    /// The mark that it was deleted.
    DeleteMarker(DeleteMarker),
}

/// A version that says: there is no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteMarker {
    /// Its id.
    pub version_id: VersionId,
    /// When the object was deleted.
    pub modified: Timestamp,
}

/// What to remove, and when not to.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The version to remove for good; `None` deletes the current one.
    pub version: Option<VersionId>,
    /// The version named must be a noncurrent one, else `PreconditionFailed`: it was judged as
    /// one, and may have become the current one since.
    pub only_noncurrent: bool,
    /// Of the version named, or of the current one.
    pub conditions: Conditions,
    /// The caller may and will pass a GOVERNANCE retention.
    pub bypass_governance: bool,
    /// The time that a retention is held against.
    pub now: Timestamp,
}

/// What a removal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Of the version that went, or of the delete marker that came; `None` in a bucket that never
    /// had versioning.
    pub version_id: Option<VersionId>,
    /// A delete marker came, or the version that went was one.
    pub delete_marker: bool,
}

/// A line of a listing of versions.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names are those of the answer's elements
pub enum VersionEntry {
    Version {
        key: Key,
        version_id: VersionId,
        is_latest: bool,
        length: u64,
        modified: Timestamp,
        etag: ETag,
        storage_class: Option<String>,
        checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
        /// `None` is the bucket's owner.
        owner: Option<Owner>,
    },
    DeleteMarker {
        key: Key,
        is_latest: bool,
        marker: DeleteMarker,
    },
    CommonPrefix(String),
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct VersionPage {
    /// In key order, the newest version of a key first.
    pub entries: Vec<VersionEntry>,
    /// More follow, after the last entry.
    pub truncated: bool,
}

/// The id that a file is sealed with; the commit looks again.
pub(super) fn expected_id(versioning: Option<Versioning>) -> VersionId {
    match versioning {
        Some(Versioning::Enabled) => VersionFile::new(None, Timestamp::now()).id(),
        Some(Versioning::Suspended) | None => VersionId::Null,
    }
}

/// The object of that key, or that version of it, or the delete marker in its place.
///
/// Without a lock; but before a named version is called absent it is looked for once more under
/// the key's, since it may be on its way between the two places.
pub(super) fn look_up(bucket: &Bucket, key: &Key, version: Option<VersionId>) -> Result<Found> {
    if let Some(found) = look(bucket, key, version)? {
        return Ok(found);
    }
    let Some(named) = version else {
        return Err(S3Error::from(ErrorCode::NoSuchKey).with("Key", key.as_str()));
    };
    let _lock = bucket.root().locks.key(bucket.inode(), key.as_str())?;
    look(bucket, key, version)?.ok_or_else(|| no_such_version(key, named))
}

/// One look at the key's place, and one among its versions.
fn look(bucket: &Bucket, key: &Key, version: Option<VersionId>) -> Result<Option<Found>> {
    match object::open(bucket, key) {
        Ok(object) if version.is_none_or(|version| object.meta.version_id == version) => {
            Ok(Some(Found::Object(object)))
        }
        Err(error) if error.code != ErrorCode::NoSuchKey => Err(error),
        Ok(_) | Err(_) => look_among_versions(bucket, key, version),
    }
}

/// The named version; without a name only the delete marker that is the newest: an object there is
/// none, see the head.
fn look_among_versions(
    bucket: &Bucket,
    key: &Key,
    version: Option<VersionId>,
) -> Result<Option<Found>> {
    let root = bucket.root();
    let (Some(_), Some(id)) = (bucket.config().versioning, bucket.known_id()) else {
        return Ok(None);
    };
    let Some(folder) = Folder::open(root, id, key)? else { return Ok(None) };
    let file = match version {
        Some(version) => folder.find(version)?,
        None => folder.newest()?,
    };
    let Some(file) = file else { return Ok(None) };
    Ok(folder.open_file(root, file)?.and_then(|object| match object.is_delete_marker {
        true => Some(Found::DeleteMarker(delete_marker(&object))),
        false => version.map(|_| Found::Object(object)),
    }))
}

fn delete_marker(object: &Object) -> DeleteMarker {
    DeleteMarker { version_id: object.meta.version_id, modified: object.modified }
}

fn no_such_version(key: &Key, version: VersionId) -> S3Error {
    S3Error::from(ErrorCode::NoSuchVersion)
        .with("Key", key.as_str())
        .with("VersionId", version.to_string())
}

/// Changes what is known of a version, in place. `MethodNotAllowed` for a delete marker.
pub(super) fn update_meta(
    bucket: &Bucket,
    key: &Key,
    version: Option<VersionId>,
    change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
) -> Result<VersionId> {
    let root = bucket.root();
    root.disk.writable()?;
    let _lock = root.locks.key(bucket.inode(), key.as_str())?;
    let versioned = Versioned::now(bucket)?;
    let folder = match &versioned {
        Some(versioned) => versioned.folder(root, key)?,
        None => None,
    };
    let current = match object::open(bucket, key) {
        Err(error) if error.code == ErrorCode::NoSuchKey && version.is_some() => None,
        opened => Some(opened?),
    };
    if let Some(current) = current {
        let id = current.meta.version_id;
        if version.is_none_or(|version| version == id) {
            let current = match folder.filter(|_| current.is_shared) {
                None => current,
                // It may be shared with what a commit that was cut off left among the versions.
                Some(folder) => {
                    folder.settle(root, Some(&current))?;
                    object::open(bucket, key)?
                }
            };
            commit::update_meta(bucket, key, current, change)?;
            return Ok(id);
        }
    }
    let version = version.unwrap_or(VersionId::Null); // one was named: without, there is a current
    update_noncurrent(bucket, folder, version, change)?.ok_or_else(|| no_such_version(key, version))
}

/// Changes what is known of a version in the folder; `None` where it is not there.
fn update_noncurrent(
    bucket: &Bucket,
    folder: Option<Folder>,
    version: VersionId,
    change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
) -> Result<Option<VersionId>> {
    let root = bucket.root();
    let Some(folder) = folder else { return Ok(None) };
    let Some(file) = folder.find(version)? else { return Ok(None) };
    let Some(object) = folder.open_file(root, file)? else { return Ok(None) };
    if object.is_delete_marker {
        return Err(ErrorCode::MethodNotAllowed.into());
    }
    if let Some(mut copy) = commit::changed(root, object, change)? {
        folder.take(&copy.hold.dir, &copy.hold.name, file)?;
        copy.hold.remove_on_drop = false;
        folder.sync(root)?;
    }
    Ok(Some(version))
}

#[cfg(test)]
mod tests;
