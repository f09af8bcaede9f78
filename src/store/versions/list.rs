//! ListObjectVersions: one page of versions and delete markers.
//!
//! The walk is the one of LIST; it reads the bucket's directories and those of the tree of
//! versions, which have the same form, so a key that has only old versions comes in its place. The
//! versions of a key are read under its lock, since a commit or a removal moves them between the
//! two trees.
//!
//! A page holds no more than it shows: of a key with a million versions, the newest that fit.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

use super::folder::{Folder, hides};
use super::id::VersionFile;
use super::{VersionEntry, VersionPage, delete_marker};
use crate::error::{ErrorCode, Result};
use crate::limits::LISTED_NAMES_HELD_MAX;
use crate::store::list::ListQuery;
use crate::store::list::directory::BucketDirectories;
use crate::store::list::paging::{self, Entry, common_prefix};
use crate::store::{Bucket, Object, attribute, meta, object};
use crate::types::{Key, ObjectMeta, Timestamp, VersionId};
use rustix::fs::Stat;
use std::collections::BinaryHeap;

pub(in crate::store) fn list(
    bucket: &Bucket,
    query: &ListQuery,
    marker: Option<VersionId>,
) -> Result<VersionPage> {
    bucket.check_alive()?;
    let mut directories = BucketDirectories { bucket, versions: versions_tree(bucket) };
    let first = match marker {
        Some(marker) if continues_key(query) => {
            lines(bucket, &query.after, Some(marker), query.max.saturating_add(1))?
        }
        _ => Vec::new(),
    };
    let (entries, truncated) = paging::page_of_lines(
        query,
        LISTED_NAMES_HELD_MAX,
        &mut directories,
        first,
        |key, room| lines(bucket, key, None, room),
    )?;
    let entry = |entry| match entry {
        Entry::Key(version) => version,
        Entry::CommonPrefix(prefix) => VersionEntry::CommonPrefix(prefix),
    };
    Ok(VersionPage { entries: entries.into_iter().map(entry).collect(), truncated })
}

/// Whether the key that the last page ended in is one of this listing, and in no common prefix.
fn continues_key(query: &ListQuery) -> bool {
    query.after.starts_with(&query.prefix) && common_prefix(query, &query.after).is_none()
}

/// The bucket's id; `None` for one that has no versions but the current ones.
fn versions_tree(bucket: &Bucket) -> Option<&str> {
    bucket.config().versioning.and(bucket.known_id())
}

/// The newest `room` versions of a key, or those after the version `marker`.
fn lines(
    bucket: &Bucket,
    key: &str,
    marker: Option<VersionId>,
    room: usize,
) -> Result<Vec<VersionEntry>> {
    let Ok(key) = Key::parse(key.as_bytes().to_vec()) else { return Ok(Vec::new()) };
    let root = bucket.root();
    let _lock = root.locks.key(bucket.inode(), key.as_str())?;
    let folder = match versions_tree(bucket) {
        Some(id) => Folder::open(root, id, &key)?,
        None => None,
    };
    let current = current(bucket, &key)?;
    let after = Position::of(marker, current.as_ref(), folder.as_ref())?;
    let mut lines = Vec::new();
    if let (Position::Start, Some(current)) = (&after, &current) {
        lines.push(current.line(&key, true));
    }
    let Some(folder) = folder else { return Ok(lines) };
    for file in noncurrent(&folder, current.as_ref(), &after, room.saturating_sub(lines.len()))? {
        let is_latest = current.is_none() && matches!(after, Position::Start) && lines.is_empty();
        let line = match object::open_at(root, &folder.dir, &file.name()) {
            Ok(None) => continue,
            Ok(Some(mut object)) => {
                object.meta.version_id = file.id();
                // Where a person removed the current file, nothing is the latest.
                let is_latest = is_latest && object.is_delete_marker;
                Version::Read(object).line(&key, is_latest)
            }
            Err(_) => match object::stat_at(&folder.dir, &file.name())? {
                Some(stat) => Version::Unread(file.id(), stat).line(&key, false),
                None => continue,
            },
        };
        lines.push(line);
    }
    Ok(lines)
}

/// A version that a page shows.
#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum Version {
    Read(Object),
    /// A file that cannot be read (another user's, a later version's) must not take away the
    /// listing of all others.
    Unread(VersionId, Stat),
}

impl Version {
    fn line(&self, key: &Key, is_latest: bool) -> VersionEntry {
        let key = key.clone();
        match self {
            Version::Read(object) if object.is_delete_marker => {
                VersionEntry::DeleteMarker { key, is_latest, marker: delete_marker(object) }
            }
            Version::Read(object) => {
                let (length, modified) = (object.length, object.modified);
                line(key, is_latest, &object.meta, length, modified)
            }
            Version::Unread(id, stat) => {
                let etag = attribute::derived_etag(stat);
                let meta = ObjectMeta { version_id: *id, ..ObjectMeta::bare(etag) };
                let (length, modified) = (stat.st_size as u64, meta::modified(stat));
                line(key, is_latest, &meta, length, modified)
            }
        }
    }

    /// Whether a file among the versions is this one, or one that it took the place of.
    fn hides(&self, folder: &Folder, file: VersionFile) -> Result<bool> {
        match self {
            Version::Read(object) => Ok(hides(object, file)
                || (object.meta.version_id == file.id() && folder.is_link_of(file, object)?)),
            Version::Unread(..) => Ok(false),
        }
    }

    fn id(&self) -> VersionId {
        match self {
            Version::Read(object) => object.meta.version_id,
            Version::Unread(id, _) => *id,
        }
    }
}

fn line(
    key: Key,
    is_latest: bool,
    meta: &ObjectMeta,
    length: u64,
    modified: Timestamp,
) -> VersionEntry {
    VersionEntry::Version {
        key,
        version_id: meta.version_id,
        is_latest,
        length,
        modified,
        etag: meta.etag.clone(),
        storage_class: meta.storage_class.clone(),
        checksum: meta.checksum_kind(),
        owner: meta.acl.as_ref().map(|acl| acl.owner.clone()),
    }
}

fn current(bucket: &Bucket, key: &Key) -> Result<Option<Version>> {
    match object::open(bucket, key) {
        Ok(mut object) => {
            object.is_delete_marker = false; // a marker's file put here by hand is an object
            Ok(Some(Version::Read(object)))
        }
        Err(error) if error.code == ErrorCode::NoSuchKey => Ok(None),
        Err(_) => {
            let stat = object::stat(bucket, key)?;
            Ok(stat.map(|stat| Version::Unread(VersionId::Null, stat)))
        }
    }
}

/// Where among the versions of a key a page begins.
enum Position {
    /// With the current one.
    Start,
    /// With the newest of the others.
    AfterCurrent,
    /// With the first older one.
    After(VersionFile),
}

impl Position {
    /// A marker that is gone meanwhile keeps its place, which its id tells; that of `null` is not
    /// known, and begins anew: who deletes what he lists must miss nothing.
    fn of(
        marker: Option<VersionId>,
        current: Option<&Version>,
        folder: Option<&Folder>,
    ) -> Result<Position> {
        let Some(marker) = marker else { return Ok(Position::Start) };
        if current.is_some_and(|current| current.id() == marker) {
            return Ok(Position::AfterCurrent);
        }
        let found = match VersionFile::of(marker) {
            Some(file) => Some(file),
            None => match folder {
                Some(folder) => folder.find(marker)?,
                None => None,
            },
        };
        Ok(found.map_or(Position::Start, Position::After))
    }
}

/// The newest `room` of the files that are versions of their own, newest first.
fn noncurrent(
    folder: &Folder,
    current: Option<&Version>,
    after: &Position,
    room: usize,
) -> Result<Vec<VersionFile>> {
    let mut newest = BinaryHeap::new(); // its top is the oldest
    let mut null: Option<VersionFile> = None;
    for file in folder.files()? {
        let file = file?;
        if file.is_null() {
            // Only the newest is the version `null`; it took the place of the others.
            null = Some(null.map_or(file, |null| null.min(file)));
        } else {
            push(&mut newest, folder, current, after, file)?;
        }
        if newest.len() > room {
            newest.pop();
        }
    }
    if let Some(null) = null {
        push(&mut newest, folder, current, after, null)?;
    }
    let mut files = newest.into_sorted_vec();
    files.truncate(room);
    Ok(files)
}

fn push(
    newest: &mut BinaryHeap<VersionFile>,
    folder: &Folder,
    current: Option<&Version>,
    after: &Position,
    file: VersionFile,
) -> Result<()> {
    let is_shown = match after {
        Position::After(marker) => file > *marker,
        Position::Start | Position::AfterCurrent => true,
    };
    if is_shown && !current.map_or(Ok(false), |current| current.hides(folder, file))? {
        newest.push(file);
    }
    Ok(())
}
