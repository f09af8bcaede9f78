//! Bodies on their way in: files nobody can see yet.
//!
//! A body is written to `.glassbucket/staging/<process>/<n>` while it is hashed. [`Staged::seal`]
//! takes the proof that every check passed, sets time and attribute, and syncs: fsync of the file,
//! after both, so that an object's bytes and metadata are durable before its name is visible. A
//! [`Staged`] or [`Sealed`] that is dropped removes its file.
//!
//! Each process holds a flock on its folder. A start sweeps the folders whose lock it gets: their
//! process is dead, whether on this host or, over a shared filesystem, on another. It may have died
//! between a rename and the fsync of the directory, and a request that finds its work done does no
//! more (a repeated DELETE or Complete): so the whole filesystem is synced once, then.

use super::attribute;
use super::dir::{self, DIR_MODE};
use super::meta::PartRuns;
use super::{Bucket, Root, Versioning, refused, versions};
use crate::auth::PayloadVerified;
use crate::error::{Result, S3Error};
use crate::types::{Checksum, ChecksumType, ETag, ObjectMeta, Timestamp, VersionId};
use rustix::fd::OwnedFd;
use rustix::fs::{self, AtFlags, FlockOperation, OFlags, Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The staging folder of this process, held by its flock while this lives.
pub(super) struct Staging {
    folder: Arc<OwnedFd>,
    next: AtomicU64,
}

impl Staging {
    /// Sweeps the folders of dead processes and makes one of our own; whether there were any.
    pub(super) fn open(parent: &OwnedFd) -> rustix::io::Result<(Staging, bool)> {
        let swept = sweep(parent)?;
        loop {
            // Until it is locked, the sweep of another start may take it for a dead one's.
            let name = super::random_id();
            dir::make(parent, &name, DIR_MODE)?;
            let folder = match dir::open_dir(parent, &name) {
                Err(Errno::NOENT) => continue,
                opened => opened?,
            };
            fs::flock(&folder, FlockOperation::LockExclusive)?;
            if fs::fstat(&folder)?.st_nlink > 0 {
                let next = AtomicU64::new(0);
                return Ok((Staging { folder: Arc::new(folder), next }, swept));
            }
        }
    }

    /// A name that no other file of this folder has had.
    pub(super) fn fresh_name(&self) -> String {
        self.next.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// The folder, for what is built in it and renamed away: side files, configurations, buckets.
    pub(super) fn folder(&self) -> &Arc<OwnedFd> {
        &self.folder
    }

    /// An empty file.
    pub(super) fn create(&self) -> rustix::io::Result<Hold> {
        let name = self.fresh_name();
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = File::from(dir::open(&self.folder, &name, flags)?);
        Ok(Hold { file, dir: self.folder.clone(), name, remove_on_drop: true })
    }
}

/// Removes every folder whose flock nobody holds; whether there was one.
fn sweep(parent: &OwnedFd) -> rustix::io::Result<bool> {
    let mut swept = false;
    let names: rustix::io::Result<Vec<_>> = dir::entries(parent)?.collect();
    for name in names?.into_iter().filter_map(|(name, _)| name) {
        let Ok(folder) = dir::open_dir(parent, &name) else { continue };
        if fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // What cannot be removed costs space, and the next start tries again.
            let _ = dir::remove_tree(parent, &name);
            swept = true;
        }
    }
    Ok(swept)
}

/// An open file and the name it has until it is published.
pub(super) struct Hold {
    pub(super) file: File,
    pub(super) dir: Arc<OwnedFd>,
    pub(super) name: String,
    /// A staged file goes when it is dropped; the body of an upload stays for the next Complete.
    pub(super) remove_on_drop: bool,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.remove_on_drop {
            // What cannot be removed now is swept at the next start.
            let _ = fs::unlinkat(&self.dir, &self.name, AtFlags::empty());
        }
    }
}

/// A file nobody can see yet; dropped, it is removed.
pub struct Staged {
    pub(super) root: Arc<Root>,
    pub(super) hold: Hold,
    /// Of the bucket when this was begun.
    versioning: Option<Versioning>,
    length: u64,
}

impl Staged {
    /// An empty one; `ServiceUnavailable` where the store is read-only.
    pub(super) fn new(bucket: &Bucket) -> Result<Staged> {
        let root = bucket.root();
        root.disk.writable()?;
        let hold = root.staging.create().map_err(refused)?;
        let versioning = bucket.config().versioning;
        Ok(Staged { root: root.clone(), hold, versioning, length: 0 })
    }

    /// Appends.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hold.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Sets time and attribute, fsyncs. `meta.etag` is taken from the proof's MD5, `meta.checksum`
    /// from its checksum.
    pub fn seal(self, proof: PayloadVerified, mut meta: ObjectMeta) -> Result<Sealed> {
        let digests = proof.digests();
        if digests.bytes != self.length {
            return Err(S3Error::internal("the proof is of another body"));
        }
        meta.etag = ETag::Md5(digests.md5);
        meta.checksum = digests.checksum.clone();
        meta.checksum_type = ChecksumType::FullObject;
        meta.version_id = versions::expected_id(self.versioning);
        Sealed::unproved(&self.root, self.hold, meta, PartRuns::default(), Timestamp::now())
    }
}

/// A staged file whose every check has passed and whose bytes and metadata are durable.
pub struct Sealed {
    pub(super) hold: Hold,
    pub(super) etag: ETag,
    pub(super) modified: Timestamp,
    pub(super) checksum: Option<Checksum>,
    /// As the attribute has it; the commit decides.
    pub(super) version_id: VersionId,
}

impl Sealed {
    /// Gives it another version id, which means another fsync: the one it was sealed with holds
    /// unless the key or its bucket's versioning changed since.
    pub(super) fn set_version(&mut self, root: &Root, version_id: VersionId) -> Result<()> {
        if self.version_id != version_id {
            attribute::set_version(root, &self.hold.file, version_id)?;
            self.version_id = version_id;
        }
        Ok(())
    }

    /// Seals a file built of content that was proved before: a copy of an object, or the parts of
    /// an upload (`parts`). The time is set, the attribute records it, and then comes the fsync.
    pub(super) fn unproved(
        root: &Root,
        hold: Hold,
        meta: ObjectMeta,
        parts: PartRuns,
        modified: Timestamp,
    ) -> Result<Sealed> {
        let time = Timespec { tv_sec: modified.secs(), tv_nsec: modified.nanos().into() };
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access: omit, last_modification: time };
        fs::futimens(&hold.file, &times).map_err(refused)?;
        let (etag, checksum) = (meta.etag.clone(), meta.checksum.clone());
        let version_id = meta.version_id;
        let modified = attribute::write(root, &hold.file, meta, parts)?;
        root.disk.sync(&hold.file)?;
        Ok(Sealed { hold, etag, modified, checksum, version_id })
    }
}
