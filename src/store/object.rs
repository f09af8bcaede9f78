//! Looking an object up: `openat2`, `fstat`, `fgetxattr`, and nothing else.
//!
//! Only a regular file is an object. Where none lies at the key's own path, the file beside it
//! counts (`a%~`, see `naming`); where both do, the plain one is the object.

use super::attribute::Known;
use super::meta::{self, PartRuns};
use super::naming::{Role, encode};
use super::{Bucket, Root, attribute, dir, refused};
use crate::error::{ErrorCode, Result, S3Error};
use crate::types::{Checksum, ETag, Key, ObjectMeta, PartNumber, Timestamp, VersionId};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{FileType, OFlags, RawMode, Stat, fstat};
use rustix::io::Errno;
use std::fs::File;
use std::sync::Arc;

/// An open object: its bytes and all that is known of it, of one and the same version.
#[derive(Clone, Debug)]
pub struct Object {
    /// The file.
    pub file: Arc<File>,
    /// Length in bytes.
    pub length: u64,
    /// Last-Modified.
    pub modified: Timestamp,
    /// The rest.
    pub meta: ObjectMeta,
    /// The lengths of its parts, if it was made of parts and nobody edited it since.
    pub(super) parts: PartRuns,
    /// Whether the file has a second link: a person's snapshot (`cp -al`) shares it, or a commit
    /// that was cut off left it among the versions.
    pub(super) is_shared: bool,
    /// Whether it is the empty file of a delete marker; those lie among the versions.
    pub(super) is_delete_marker: bool,
    /// Whether it has no attribute: put there by hand.
    pub(super) is_bare: bool,
}

impl Object {
    /// How many parts it was made of, if that is known; an object of one PUT has none.
    pub fn part_count(&self) -> Option<u64> {
        Some(self.parts.count()).filter(|count| *count > 0)
    }

    /// First offset and length in bytes of its part of that number; an object that was not made of
    /// parts is its own part 1.
    pub fn part(&self, number: PartNumber) -> Option<(u64, u64)> {
        let index = u64::from(number.get()) - 1;
        if self.part_count().is_none() {
            return (index == 0).then_some((0, self.length));
        }
        let (offset, bytes) = self.parts.place(index)?;
        let end = offset.checked_add(bytes)?;
        (end <= self.length).then_some((offset, bytes)) // a damaged record is none
    }

    /// The checksum of its part of that number, if its upload wanted one.
    pub fn part_checksum(&self, number: PartNumber) -> Option<Checksum> {
        self.parts.checksum(u64::from(number.get()) - 1)
    }
}

/// What a commit published.
#[derive(Clone, Debug)]
pub struct Committed {
    /// ETag.
    pub etag: ETag,
    /// Last-Modified.
    pub modified: Timestamp,
    /// Its checksum, if it has one.
    pub checksum: Option<Checksum>,
    /// Its version; `None` in a bucket that never had versioning.
    pub version_id: Option<VersionId>,
}

/// The object of `key`; NoSuchKey, or NoSuchBucket if the bucket was deleted meanwhile.
pub(super) fn open(bucket: &Bucket, key: &Key) -> Result<Object> {
    for role in [Role::Plain, Role::Beside] {
        let path = encode(key.as_str(), role);
        if let Some(object) = open_at(bucket.root(), bucket.dir(), &path)? {
            return Ok(object);
        }
    }
    bucket.check_alive()?;
    Err(S3Error::from(ErrorCode::NoSuchKey).with("Key", key.as_str()))
}

/// The object at `path` below an open directory; `None` where no regular file is.
pub(super) fn open_at(root: &Root, dir: impl AsFd, path: &str) -> Result<Option<Object>> {
    let opened = match dir::open(&dir, path, OFlags::RDONLY) {
        // A pipe or a device of another user is no object either: beside it there may be one.
        Err(Errno::ACCESS) if stat_at(&dir, path)?.is_none() => return Ok(None),
        opened => found(opened)?,
    };
    let Some(fd) = opened else { return Ok(None) };
    let stat = fstat(&fd).map_err(refused)?;
    if FileType::from_raw_mode(stat.st_mode as RawMode) != FileType::RegularFile {
        return Ok(None);
    }
    let Known { meta, parts, is_delete_marker, is_bare } = attribute::read(root, &fd, &stat)?;
    Ok(Some(Object {
        file: Arc::new(File::from(fd)),
        length: stat.st_size as u64,
        modified: meta::modified(&stat),
        meta,
        parts,
        is_shared: stat.st_nlink > 1,
        is_delete_marker,
        is_bare,
    }))
}

/// Tells "nothing there, or something that is no object" from a failure.
fn found(opened: rustix::io::Result<OwnedFd>) -> Result<Option<OwnedFd>> {
    match opened {
        Ok(fd) => Ok(Some(fd)),
        // LOOP: a symbolic link. NXIO, NODEV: a socket, a device.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO | Errno::NODEV) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// What is known of the object of `key` without opening it; `None` where there is none.
pub(super) fn stat(bucket: &Bucket, key: &Key) -> Result<Option<Stat>> {
    let plain = stat_at(bucket.dir(), &encode(key.as_str(), Role::Plain))?;
    match plain {
        Some(stat) => Ok(Some(stat)),
        None => stat_at(bucket.dir(), &encode(key.as_str(), Role::Beside)),
    }
}

/// Whether a regular file lies at `path`, without opening what does.
pub(super) fn is_regular(dir: impl AsFd, path: &str) -> Result<bool> {
    stat_at(dir, path).map(|stat| stat.is_some())
}

/// Of the regular file at `path`.
pub(super) fn stat_at(dir: impl AsFd, path: &str) -> Result<Option<Stat>> {
    let Some(fd) = found(dir::open(dir, path, OFlags::PATH))? else { return Ok(None) };
    let stat = fstat(&fd).map_err(refused)?;
    let is_file = FileType::from_raw_mode(stat.st_mode as RawMode) == FileType::RegularFile;
    Ok(is_file.then_some(stat))
}
