//! The folder of one key's noncurrent versions and delete markers.
//!
//! `versions/<bucket-id>/<path>%~v/`: the path is the key's own, by the same rules (`naming`).
//! Folders are made when they are needed and pruned when they are empty. The folder of a key is
//! changed, and removed, only under the key's lock; the ones above it may go at any moment until
//! something lies in them, so whoever makes one begins anew when it does.

use super::id::VersionFile;
use crate::error::{ErrorCode, Result};
use crate::limits::COMMIT_ROUNDS_MAX;
use crate::store::naming::{Role, encode};
use crate::store::object::{self, Object};
use crate::store::{Bucket, Root, commit, dir, refused};
use crate::types::{Key, ObjectMeta, Timestamp, VersionId, protected_by_object_lock};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RenameFlags, fstat, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use std::fs::File;

/// The open folder of a key.
pub(super) struct Folder {
    pub(super) dir: OwnedFd,
    /// Below `versions`.
    path: String,
}

/// What lies in a folder.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) newest: Option<VersionFile>,
    pub(super) second: Option<VersionFile>,
    /// The version `null`.
    pub(super) null: Option<VersionFile>,
}

impl Folder {
    /// The folder of `key`; `None` where there is none.
    pub(super) fn open(root: &Root, bucket_id: &str, key: &Key) -> Result<Option<Folder>> {
        let path = path(bucket_id, key);
        match dir::open_dir(&root.versions, &path) {
            Ok(dir) => Ok(Some(Folder { dir, path })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    /// The same, made now if it is missing.
    pub(super) fn make(bucket: &Bucket, bucket_id: &str, key: &Key) -> Result<Folder> {
        let path = path(bucket_id, key);
        for _ in 0..COMMIT_ROUNDS_MAX {
            match make_all(&bucket.root().versions, &path) {
                Ok(dir) => return Ok(Folder { dir, path }),
                Err(Errno::NOENT) => {} // one above was pruned meanwhile
                Err(error) => return Err(refused(error)),
            }
        }
        Err(ErrorCode::OperationAborted.into())
    }

    /// The names of its versions, in no order.
    pub(super) fn files(&self) -> Result<impl Iterator<Item = Result<VersionFile>>> {
        let entries = dir::entries(&self.dir).map_err(refused)?;
        Ok(entries.filter_map(|entry| match entry {
            Ok((name, _)) => VersionFile::parse(&name?).map(Ok),
            Err(error) => Some(Err(refused(error))),
        }))
    }

    /// What lies here, after what a cut-off change left behind was cleared away: another link of
    /// the current version, and what a version `null` has taken the place of.
    pub(super) fn settle(&self, root: &Root, current: Option<&Object>) -> Result<Scan> {
        let mut files = self.files()?.collect::<Result<Vec<_>>>()?;
        files.sort_unstable();
        let mut scan = Scan::default();
        let mut cleared = false;
        for file in files {
            if self.is_left_over(root, file, current, scan.null)? {
                self.unlink(file)?;
                cleared = true;
                continue;
            }
            match (scan.newest, scan.second) {
                (None, _) => scan.newest = Some(file),
                (_, None) => scan.second = Some(file),
                _ => {}
            }
            if file.is_null() && scan.null.is_none() {
                scan.null = Some(file);
            }
        }
        if cleared {
            root.disk.sync(&self.dir)?;
        }
        Ok(scan)
    }

    fn is_left_over(
        &self,
        root: &Root,
        file: VersionFile,
        current: Option<&Object>,
        null: Option<VersionFile>,
    ) -> Result<bool> {
        if let Some(current) = current.filter(|current| current.meta.version_id == file.id()) {
            if self.is_link_of(file, current)? {
                return Ok(true);
            }
            // A copy that a person made of a version with an id is hidden, and stays.
            if !file.is_null() || !hides(current, file) {
                return Ok(false);
            }
        } else if !(file.is_null() && null.is_some()) {
            return Ok(false);
        }
        // Its bytes would be gone for good. The change that took its place asked this too, but a
        // file that was copied here by hand looks the same.
        let object = self.open_file(root, file)?;
        Ok(object.is_some_and(|object| is_removable(&object.meta, false, Timestamp::now())))
    }

    /// Whether this file and the current object are one, by two names.
    pub(super) fn is_link_of(&self, file: VersionFile, current: &Object) -> Result<bool> {
        let ours = fstat(&*current.file).map_err(refused)?.st_ino;
        match statat(&self.dir, file.name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(stat.st_ino == ours),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(refused(error)),
        }
    }

    /// Whether a file of that name lies here.
    pub(super) fn has(&self, file: VersionFile) -> Result<bool> {
        Ok(dir::kind(&self.dir, &file.name()).map_err(refused)?.is_some())
    }

    /// The version of that file, with the id that its name says; `None` where it is gone.
    pub(super) fn open_file(&self, root: &Root, file: VersionFile) -> Result<Option<Object>> {
        let object = object::open_at(root, &self.dir, &file.name())?;
        Ok(object.map(|mut object| {
            object.meta.version_id = file.id();
            object
        }))
    }

    /// The file of a version.
    pub(super) fn find(&self, id: VersionId) -> Result<Option<VersionFile>> {
        if let Some(file) = VersionFile::of(id) {
            return Ok(self.has(file)?.then_some(file));
        }
        let mut newest: Option<VersionFile> = None;
        for file in self.files()? {
            let file = file?;
            if file.is_null() && newest.is_none_or(|newest| file < newest) {
                newest = Some(file);
            }
        }
        Ok(newest)
    }

    /// The newest file, a delete marker where there is no current object.
    pub(super) fn newest(&self) -> Result<Option<VersionFile>> {
        self.files()?.try_fold(None, |newest: Option<VersionFile>, file| {
            let file = file?;
            Ok(Some(newest.map_or(file, |newest| newest.min(file))))
        })
    }

    /// Renames a staged file into the folder, over the one that has the name.
    pub(super) fn take(&self, from: &OwnedFd, name: &str, file: VersionFile) -> Result<()> {
        renameat_with(from, name, &self.dir, file.name(), RenameFlags::empty()).map_err(refused)
    }

    /// Removes a file for good. The caller syncs.
    pub(super) fn unlink(&self, file: VersionFile) -> Result<()> {
        match unlinkat(&self.dir, file.name(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }

    /// Waits until the folder's entries, and its way from the root, are on the disk. Something lies
    /// in it.
    pub(super) fn sync(&self, root: &Root) -> Result<()> {
        root.disk.sync(&self.dir)?;
        root.disk.sync_chain(&root.versions, &self.path, &self.dir)
    }

    /// Waits until what went is gone on the disk too; removes the folder if it is empty.
    pub(super) fn sync_and_prune(&self, root: &Root) -> Result<()> {
        root.disk.sync(&self.dir)?;
        commit::prune(&root.versions, &self.path);
        Ok(())
    }
}

fn path(bucket_id: &str, key: &Key) -> String {
    [bucket_id, "/", &encode(key.as_str(), Role::Versions)].concat()
}

/// Opens a directory below `base`, making what is missing; ENOENT where one is pruned meanwhile.
fn make_all(base: &OwnedFd, path: &str) -> rustix::io::Result<OwnedFd> {
    match dir::open_dir(base, path) {
        Err(Errno::NOENT) => {}
        opened => return opened,
    }
    let mut parent: Option<OwnedFd> = None;
    for name in path.split('/') {
        let above = parent.as_ref().unwrap_or(base);
        parent = Some(dir::make_and_open(above, name, dir::DIR_MODE)?);
    }
    parent.ok_or(Errno::NOENT)
}

/// Whether `file` is no version of its own beside the current object: it has the same id. A file
/// without attribute, put there by hand, reads as `null` and hides nothing.
pub(super) fn hides(current: &Object, file: VersionFile) -> bool {
    let same = current.meta.version_id == file.id();
    same && !(file.is_null() && current.is_bare)
}

/// Whether Object Lock lets the bytes of a version go.
fn is_removable(meta: &ObjectMeta, bypass_governance: bool, now: Timestamp) -> bool {
    let held = meta.legal_hold == Some(true);
    let kept = meta.retention.as_ref().is_some_and(|kept| kept.forbids(now, bypass_governance));
    !held && !kept
}

/// `AccessDenied` where Object Lock keeps a version: asked before its bytes are removed, or
/// replaced.
pub(super) fn check_removable(
    meta: &ObjectMeta,
    bypass_governance: bool,
    now: Timestamp,
) -> Result<()> {
    match is_removable(meta, bypass_governance, now) {
        true => Ok(()),
        false => Err(protected_by_object_lock()),
    }
}

/// Writes the empty file of a delete marker, durable under its staged name, and moves it in.
pub(super) fn put_delete_marker(root: &Root, folder: &Folder, file: VersionFile) -> Result<()> {
    let mut hold = root.staging.create().map_err(refused)?;
    write_marker(root, &hold.file, file.id())?;
    folder.take(&hold.dir, &hold.name, file)?;
    hold.remove_on_drop = false;
    folder.sync(root)
}

fn write_marker(root: &Root, file: &File, id: VersionId) -> Result<()> {
    crate::store::attribute::write_delete_marker(root, file, id)?;
    root.disk.sync(file)
}
