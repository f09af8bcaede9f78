//! Versions: what an overwrite or a DELETE leaves behind in a bucket with versioning.
//!
//! STUB: the bucket without versioning alone.

use super::commit;
use super::list::{self, ListEntry, ListQuery};
use super::{Bucket, Object};
use crate::error::{ErrorCode, Result, S3Error};
use crate::types::{Conditions, ETag, Key, ObjectMeta, Owner, Timestamp, VersionId};

/// What lies at a key, or at a version of it.
#[derive(Clone, Debug)]
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
        checksum: Option<crate::types::ChecksumAlgorithm>,
        owner: Option<Owner>,
    },
    DeleteMarker {
        key: Key,
        is_latest: bool,
        marker: DeleteMarker,
        owner: Option<Owner>,
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

pub(super) fn look_up(bucket: &Bucket, key: &Key, version: Option<VersionId>) -> Result<Found> {
    match version {
        None => bucket.object(key).map(Found::Object),
        Some(VersionId::Null) => match bucket.object(key) {
            Err(error) if error.code == ErrorCode::NoSuchKey => {
                Err(no_such_version(key, VersionId::Null))
            }
            found => found.map(Found::Object),
        },
        Some(version) => Err(no_such_version(key, version)),
    }
}

fn no_such_version(key: &Key, version: VersionId) -> S3Error {
    S3Error::from(ErrorCode::NoSuchVersion)
        .with("Key", key.as_str())
        .with("VersionId", version.to_string())
}

pub(super) fn remove(bucket: &Bucket, key: &Key, removal: &Removal) -> Result<Removed> {
    match removal.version {
        None | Some(VersionId::Null) => {
            commit::remove(bucket, key, &removal.conditions)?;
            Ok(Removed::default())
        }
        Some(version) => Err(no_such_version(key, version)),
    }
}

pub(super) fn update_meta(
    bucket: &Bucket,
    key: &Key,
    version: Option<VersionId>,
    change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
) -> Result<VersionId> {
    look_up(bucket, key, version)?;
    commit::update_meta(bucket, key, change)?;
    Ok(VersionId::Null)
}

pub(super) fn list(
    bucket: &Bucket,
    query: &ListQuery,
    _version_marker: Option<VersionId>,
) -> Result<VersionPage> {
    let page = list::list(bucket, query)?;
    let entry = |entry| match entry {
        ListEntry::CommonPrefix(prefix) => VersionEntry::CommonPrefix(prefix),
        ListEntry::Object { key, length, modified, etag, storage_class, checksum, owner } => {
            VersionEntry::Version {
                key,
                version_id: VersionId::Null,
                is_latest: true,
                length,
                modified,
                etag,
                storage_class,
                checksum,
                owner,
            }
        }
    };
    let entries = page.entries.into_iter().map(entry).collect();
    Ok(VersionPage { entries, truncated: page.truncated })
}
