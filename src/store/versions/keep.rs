//! What a commit keeps: the version that it takes the place of.
//!
//! Enabled: link the current file among the versions, fsync that folder, then the commit renames
//! the new one over it. Cut off between the two, the current version has a second name among the
//! versions; it has the current one's id, so it is not listed twice and goes with the next change.
//!
//! Suspended: the new version is `null` and takes the place of the version `null`, wherever it
//! lies; one among the versions is removed after the new one is there. Cut off between the two, it
//! is hidden by the current one and goes with the next change. A current version with an id is
//! kept as above.
//!
//! A current file without attribute, put there by hand, counts as `null`; where there is a version
//! `null` already it is kept under an id made for it.

use super::folder::{Folder, Scan, check_removable};
use super::id::VersionFile;
use crate::error::Result;
use crate::store::commit::Place;
use crate::store::object::{self, Object};
use crate::store::{Bucket, Root, Sealed, Versioning, attribute, buckets, copy, refused};
use crate::types::{Key, Timestamp, VersionId};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, linkat};
use rustix::io::Errno;

/// A bucket that keeps versions, as it is under a key's lock.
pub(in crate::store) struct Versioned {
    pub(super) bucket_id: String,
    pub(super) versioning: Versioning,
    /// DeleteBucket waits for it.
    _alive: OwnedFd,
}

/// Versions `null` that a commit has taken the place of.
pub(in crate::store) struct Replaced {
    folder: Folder,
    null: VersionFile,
}

impl Replaced {
    /// Removes them, once the new one is there.
    pub(in crate::store) fn remove(self, root: &Root) -> Result<()> {
        self.folder.unlink(self.null)?;
        self.folder.sync_and_prune(root)
    }
}

impl Versioned {
    /// `None` for a bucket that never had versioning. Asked under the key's lock.
    pub(in crate::store) fn now(bucket: &Bucket) -> Result<Option<Versioned>> {
        let Some((bucket_id, versioning)) = buckets::versioning(bucket)? else { return Ok(None) };
        Ok(Some(Versioned { bucket_id, versioning, _alive: bucket.keep_alive()? }))
    }

    pub(super) fn folder(&self, root: &Root, key: &Key) -> Result<Option<Folder>> {
        Folder::open(root, &self.bucket_id, key)
    }

    pub(super) fn make_folder(&self, bucket: &Bucket, key: &Key) -> Result<Folder> {
        Folder::make(bucket, &self.bucket_id, key)
    }

    /// Before `sealed` is renamed to `place`: keeps what lies there, and gives `sealed` its id.
    pub(in crate::store) fn make_room(
        &self,
        bucket: &Bucket,
        key: &Key,
        place: &Place,
        sealed: &mut Sealed,
    ) -> Result<Option<Replaced>> {
        let current = object::open_at(bucket.root(), &place.dir, &place.name)?;
        match self.versioning {
            Versioning::Enabled => {
                self.make_room_enabled(bucket, key, place, current, sealed).map(|()| None)
            }
            Versioning::Suspended => self.make_room_suspended(bucket, key, place, current, sealed),
        }
    }

    fn make_room_enabled(
        &self,
        bucket: &Bucket,
        key: &Key,
        place: &Place,
        current: Option<Object>,
        sealed: &mut Sealed,
    ) -> Result<()> {
        let root = bucket.root();
        let folder = self.folder(root, key)?;
        let around = Around::new(root, folder.as_ref(), current.as_ref())?;
        let file = match VersionFile::of(sealed.version_id) {
            Some(file) if file.is_well_past(around.newest) => file,
            _ => VersionFile::new(around.newest, Timestamp::now()),
        };
        sealed.set_version(root, file.id())?;
        let Some(current) = current else { return Ok(()) };
        let folder = folder.map_or_else(|| self.make_folder(bucket, key), Ok)?;
        let kept = around.name_for_current(&current, file);
        keep(root, place, &current, &folder, kept)
    }

    fn make_room_suspended(
        &self,
        bucket: &Bucket,
        key: &Key,
        place: &Place,
        current: Option<Object>,
        sealed: &mut Sealed,
    ) -> Result<Option<Replaced>> {
        let root = bucket.root();
        sealed.set_version(root, VersionId::Null)?;
        let folder = self.folder(root, key)?;
        let scan = match &folder {
            Some(folder) => folder.settle(root, current.as_ref())?,
            None => Scan::default(),
        };
        check_null(root, folder.as_ref(), &scan, current.as_ref(), Timestamp::now())?;
        let replaced = |folder| scan.null.map(|null| Replaced { folder, null });
        let Some(current) = current.filter(|current| current.meta.version_id != VersionId::Null)
        else {
            return Ok(folder.and_then(replaced));
        };
        let folder = folder.map_or_else(|| self.make_folder(bucket, key), Ok)?;
        let around = Around::new(root, Some(&folder), Some(&current))?;
        let newer = VersionFile::new(around.newest, Timestamp::now());
        let kept = around.name_for_current(&current, newer);
        keep(root, place, &current, &folder, kept)?;
        Ok(replaced(folder))
    }
}

/// `AccessDenied` where the version `null`, current or not, is kept by Object Lock.
pub(super) fn check_null(
    root: &Root,
    folder: Option<&Folder>,
    scan: &Scan,
    current: Option<&Object>,
    now: Timestamp,
) -> Result<()> {
    if let Some(current) = current.filter(|current| current.meta.version_id == VersionId::Null) {
        check_removable(&current.meta, false, now)?;
    }
    if let (Some(folder), Some(null)) = (folder, scan.null)
        && let Some(object) = folder.open_file(root, null)?
    {
        check_removable(&object.meta, false, now)?;
    }
    Ok(())
}

/// What a new version has to be newer than, and what the current one can be named.
pub(super) struct Around {
    /// The newest version there is.
    pub(super) newest: Option<VersionFile>,
    /// The name of the current version is free among the versions.
    is_free: bool,
}

impl Around {
    /// The usual current version has an id, is newer than all that was kept, and has one link: then
    /// two looks will do, however many versions there are.
    pub(super) fn new(
        root: &Root,
        folder: Option<&Folder>,
        current: Option<&Object>,
    ) -> Result<Around> {
        let own = current.and_then(|current| VersionFile::of(current.meta.version_id));
        let Some(folder) = folder else {
            return Ok(Around { newest: own, is_free: true });
        };
        if let (Some(own), Some(current)) = (own, current)
            && !current.is_shared
            && !folder.has(own)?
        {
            return Ok(Around { newest: Some(own), is_free: true });
        }
        let scan = folder.settle(root, current)?;
        let is_free = match own {
            Some(own) => !folder.has(own)?,
            None => scan.null.is_none(),
        };
        let newest = scan.newest.into_iter().chain(own).min();
        Ok(Around { newest, is_free })
    }

    /// The same for a second file of the key, which a person put there.
    pub(super) fn taken(self) -> Around {
        Around { is_free: false, ..self }
    }

    /// What the current version is to be named, now that `newer` takes its place.
    pub(super) fn name_for_current(&self, current: &Object, newer: VersionFile) -> VersionFile {
        match VersionFile::of(current.meta.version_id) {
            Some(own) if self.is_free => own,
            None if self.is_free => newer.just_older().null(),
            _ => newer.just_older(), // put there by hand: see the head
        }
    }
}

/// Links the current file among the versions, durably. A copy where the system allows no link: of
/// another user's file, or past the filesystem's number of links.
fn keep(
    root: &Root,
    place: &Place,
    current: &Object,
    folder: &Folder,
    kept: VersionFile,
) -> Result<()> {
    name_inside(root, current, kept)?;
    match linkat(&place.dir, &place.name, &folder.dir, kept.name(), AtFlags::empty()) {
        Ok(()) => {}
        Err(Errno::PERM | Errno::MLINK) => {
            let hold = root.staging.create().map_err(refused)?;
            copy::copy_bytes(current, &hold.file)?;
            let mut meta = current.meta.clone();
            meta.version_id = kept.id();
            let parts = current.parts.clone();
            let mut sealed = Sealed::unproved(root, hold, meta, parts, current.modified)?;
            folder.take(&sealed.hold.dir, &sealed.hold.name, kept)?;
            sealed.hold.remove_on_drop = false;
        }
        Err(error) => return Err(refused(error)),
    }
    folder.sync(root)
}

/// The attribute says the same as the name, also of a file that was given an id now.
pub(super) fn name_inside(root: &Root, current: &Object, kept: VersionFile) -> Result<()> {
    match current.meta.version_id == kept.id() {
        true => Ok(()),
        false => attribute::set_version(root, &current.file, kept.id()),
    }
}
