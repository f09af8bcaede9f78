//! DeleteObject: a delete marker comes, or a version goes for good.
//!
//! The orders, each under the key's lock and each step on the disk before the next:
//!
//! * A delete marker is written among the versions, then the current file is renamed to its place
//!   there. Cut off between the two, nothing was deleted: the current object stands, above a delete
//!   marker that is one version more.
//! * The current version goes: the previous one is renamed over it. Where that is a delete marker,
//!   or none is left, the current file is unlinked.
//! * The latest version, a delete marker, goes: the object below it is renamed to the key's place,
//!   then the marker is unlinked. Cut off between the two, the marker is an older one, and a repeat
//!   removes it.
//! * Any other version is unlinked.
//!
//! A version that is not there was removed: 204, as on AWS.

use super::folder::{Folder, Scan, check_removable, hides, put_delete_marker};
use super::id::VersionFile;
use super::keep::{Around, Versioned, check_null, name_inside};
use super::{Removal, Removed};
use crate::error::{ErrorCode, Result};
use crate::limits::COMMIT_ROUNDS_MAX;
use crate::store::commit::{self, Place, Try};
use crate::store::object::Object;
use crate::store::{Bucket, Root, Versioning, attribute, dir, refused};
use crate::types::{Key, VersionId};
use rustix::fs::{AtFlags, RenameFlags, renameat_with, unlinkat};
use rustix::io::Errno;

pub(in crate::store) fn remove(bucket: &Bucket, key: &Key, removal: &Removal) -> Result<Removed> {
    let root = bucket.root();
    root.disk.writable()?;
    for _ in 0..COMMIT_ROUNDS_MAX {
        let lock = root.locks.key(bucket.inode(), key.as_str())?;
        let Some(versioned) = Versioned::now(bucket)? else {
            return remove_unversioned(bucket, key, removal);
        };
        let Some(version) = removal.version else {
            return mark_deleted(bucket, key, removal, &versioned);
        };
        match remove_for_good(bucket, key, removal, &versioned, version)? {
            Try::Done(removed) => return Ok(removed),
            Try::Again => bucket.check_alive()?,
            Try::InTheWay(path) => {
                drop(lock); // no two locks at once: see `lock`
                commit::move_aside(bucket, &path)?;
            }
        }
    }
    Err(ErrorCode::OperationAborted.into())
}

/// Without versioning there is nothing that Object Lock could keep: it needs versioning for ever.
fn remove_unversioned(bucket: &Bucket, key: &Key, removal: &Removal) -> Result<Removed> {
    if let Some(VersionId::Id(_)) = removal.version {
        return Ok(Removed { version_id: removal.version, delete_marker: false });
    }
    commit::remove(bucket, key, &removal.conditions)?;
    Ok(Removed::default())
}

/// A delete marker becomes the latest version, also where there is no object: as on AWS.
fn mark_deleted(
    bucket: &Bucket,
    key: &Key,
    removal: &Removal,
    versioned: &Versioned,
) -> Result<Removed> {
    let root = bucket.root();
    let mut current = commit::current(bucket, key)?;
    let object = current.as_ref().map(|(_, object)| object);
    if !removal.conditions.is_empty() {
        let marker = match object {
            Some(_) => None,
            None => latest_marker(root, key, versioned)?,
        };
        if !commit::weigh_removal(&removal.conditions, object.or(marker.as_ref()))? {
            return Ok(Removed::default());
        }
    }
    let folder = versioned.make_folder(bucket, key)?;
    let is_suspended = versioned.versioning == Versioning::Suspended;
    let mut replaced = None;
    if is_suspended {
        let scan = folder.settle(root, object)?;
        check_null(root, Some(&folder), &scan, object, removal.now)?;
        replaced = scan.null;
    }
    let _told = root.moves.change(bucket.dir(), key.as_str())?;
    let mut around = Around::new(root, Some(&folder), object)?;
    let mut marker = VersionFile::new(around.newest, removal.now);
    if is_suspended {
        marker = marker.null();
    }
    put_delete_marker(root, &folder, marker)?;
    // Twice, where a person put a second file beside it.
    while let Some((place, object)) = current {
        let kept = match is_suspended && object.meta.version_id == VersionId::Null {
            true => None,
            false => Some(around.name_for_current(&object, marker.with_id())),
        };
        put_away(bucket, &place, &object, &folder, kept)?;
        current = commit::current(bucket, key)?;
        around = around.taken();
    }
    if let Some(replaced) = replaced {
        folder.unlink(replaced)?;
    }
    root.disk.sync(&folder.dir)?;
    Ok(Removed { version_id: Some(marker.id()), delete_marker: true })
}

/// The delete marker that stands where there is no current object, if one does.
fn latest_marker(root: &Root, key: &Key, versioned: &Versioned) -> Result<Option<Object>> {
    let Some(folder) = versioned.folder(root, key)? else { return Ok(None) };
    let Some(newest) = folder.newest()? else { return Ok(None) };
    Ok(folder.open_file(root, newest)?.filter(|newest| newest.is_delete_marker))
}

/// Takes the current file out of the bucket: among the versions as `kept`, or for good.
fn put_away(
    bucket: &Bucket,
    place: &Place,
    object: &Object,
    folder: &Folder,
    kept: Option<VersionFile>,
) -> Result<()> {
    let root = bucket.root();
    let _told = root.changes.change(&place.dir, &place.name)?;
    let gone = match kept {
        Some(kept) => {
            name_inside(root, object, kept)?;
            dir::rename_new(&place.dir, &place.name, &folder.dir, &kept.name())
        }
        None => unlinkat(&place.dir, &place.name, AtFlags::empty()),
    };
    match gone {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(refused(error)),
    }
    // First where it came to, then where it left.
    root.disk.sync(&folder.dir)?;
    root.disk.sync(&place.dir)?;
    commit::prune(bucket.dir(), &place.dir_path);
    Ok(())
}

/// One version goes; the one before it takes its place.
fn remove_for_good(
    bucket: &Bucket,
    key: &Key,
    removal: &Removal,
    versioned: &Versioned,
    version: VersionId,
) -> Result<Try<Removed>> {
    let root = bucket.root();
    let current = commit::current(bucket, key)?;
    let folder = versioned.folder(root, key)?;
    if let Some((place, object)) = &current
        && object.meta.version_id == version
    {
        let _told = root.moves.change(bucket.dir(), key.as_str())?;
        remove_current(bucket, removal, place, object, folder.as_ref())?;
        return Ok(Try::Done(removed(version, false)));
    }
    let Some(folder) = folder else { return Ok(Try::Done(removed(version, false))) };
    if version == VersionId::Null {
        folder.settle(root, current.as_ref().map(|(_, object)| object))?;
    }
    let Some(file) = folder.find(version)? else {
        return Ok(Try::Done(removed(version, false)));
    };
    let Some(object) = folder.open_file(root, file)? else { return Ok(Try::Again) };
    let is_marker = object.is_delete_marker;
    commit::weigh_removal(&removal.conditions, Some(&object))?;
    check_removable(&object.meta, removal.bypass_governance, removal.now)?;
    // Only here is the whole folder read: else to remove n versions would take n times n looks.
    let scan = match is_marker && current.is_none() {
        true => folder.settle(root, None)?,
        false => Scan::default(),
    };
    let is_latest = scan.newest == Some(file);
    if is_latest && removal.only_noncurrent {
        return Err(ErrorCode::PreconditionFailed.into());
    }
    if is_latest && let Some(below) = object_of(bucket, &folder, scan.second)? {
        let _told = root.moves.change(bucket.dir(), key.as_str())?;
        match commit::bring_back(bucket, key, &folder.dir, &below.name())? {
            Try::Done(()) => root.disk.sync(&folder.dir)?,
            Try::Again => return Ok(Try::Again),
            Try::InTheWay(path) => return Ok(Try::InTheWay(path)),
        }
    }
    folder.unlink(file)?;
    folder.sync_and_prune(root)?;
    Ok(Try::Done(removed(version, is_marker)))
}

fn removed(version: VersionId, delete_marker: bool) -> Removed {
    Removed { version_id: Some(version), delete_marker }
}

/// The current version goes for good.
fn remove_current(
    bucket: &Bucket,
    removal: &Removal,
    place: &Place,
    object: &Object,
    folder: Option<&Folder>,
) -> Result<()> {
    let root = bucket.root();
    if removal.only_noncurrent {
        return Err(ErrorCode::PreconditionFailed.into());
    }
    commit::weigh_removal(&removal.conditions, Some(object))?;
    check_removable(&object.meta, removal.bypass_governance, removal.now)?;
    let _told = root.changes.change(&place.dir, &place.name)?;
    let previous = match folder {
        Some(folder) => previous_of(bucket, removal, object, folder)?.zip(Some(folder)),
        None => None,
    };
    if let Some((previous, folder)) = previous {
        let (from, name) = (&folder.dir, previous.name());
        renameat_with(from, &name, &place.dir, &place.name, RenameFlags::empty())
            .map_err(refused)?;
        commit::sync_place(bucket, place)?;
    } else {
        match unlinkat(&place.dir, &place.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(refused(error)),
        }
        root.disk.sync(&place.dir)?;
        commit::prune(bucket.dir(), &place.dir_path);
    }
    match folder {
        Some(folder) => folder.sync_and_prune(root),
        None => Ok(()),
    }
}

/// What is to take the place of the current version, which goes; `None` for a delete marker, or
/// where nothing is left. What a person copied of the current one goes with it.
fn previous_of(
    bucket: &Bucket,
    removal: &Removal,
    current: &Object,
    folder: &Folder,
) -> Result<Option<VersionFile>> {
    let root = bucket.root();
    let mut scan = folder.settle(root, Some(current))?;
    let twin = folder.find(current.meta.version_id)?.filter(|twin| hides(current, *twin));
    if let Some(twin) = twin
        && let Some(object) = folder.open_file(root, twin)?
    {
        check_removable(&object.meta, removal.bypass_governance, removal.now)?;
        folder.unlink(twin)?;
        scan = folder.settle(root, Some(current))?;
    }
    object_of(bucket, folder, scan.newest)
}

/// `file`, if it is an object and no delete marker; in its attribute the id that its name says,
/// since in the bucket the attribute alone tells.
fn object_of(
    bucket: &Bucket,
    folder: &Folder,
    file: Option<VersionFile>,
) -> Result<Option<VersionFile>> {
    let Some(file) = file else { return Ok(None) };
    let root = bucket.root();
    let Some(object) = crate::store::object::open_at(root, &folder.dir, &file.name())? else {
        return Ok(None);
    };
    if object.is_delete_marker {
        return Ok(None);
    }
    if object.meta.version_id != file.id() {
        attribute::set_version(root, &object.file, file.id())?;
    }
    Ok(Some(file))
}
