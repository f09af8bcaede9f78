//! The set of buckets: directories of the data directory with a bucket's name, and what is filed
//! under their ids.
//!
//! A new bucket is built in the staging folder, id and configuration first, and renamed into place:
//! nobody sees one without its owner. A directory whose name no bucket can have is ignored.
//!
//! A copy by hand (`cp -a photos album`) copies the id too. The configuration knows its bucket's
//! name: while `photos` is there and has the id, `album` has none, and is private.

use super::bucket::Open;
use super::configs::{self, Stamp};
use super::dir::{self, DIR_MODE};
use super::{Bucket, BucketConfig, Root, Store, Versioning, random_id, refused};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::DELETE_BUCKET_ROUNDS_MAX;
use crate::types::{BucketName, UploadId};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, FlockOperation, StatxFlags, XattrFlags, fgetxattr, flock, fsetxattr, fstat,
    statx, unlinkat,
};
use rustix::io::{Errno, retry_on_intr};
use std::sync::Arc;

/// The attribute of a bucket's directory that holds its id.
const ID_NAME: &str = "user.glassbucket.bucket";

impl Store {
    /// Every bucket, by name, with its configuration (hand-made ones have no owner).
    pub fn buckets(&self) -> Result<Vec<(BucketName, BucketConfig)>> {
        self.buckets_named(|_| true)
    }

    /// [`Store::buckets`] of the names that are wanted; no file of another one is read.
    pub fn buckets_named(
        &self,
        is_wanted: impl Fn(&BucketName) -> bool,
    ) -> Result<Vec<(BucketName, BucketConfig)>> {
        let mut buckets = Vec::new();
        for entry in dir::entries(&self.root.data).map_err(refused)? {
            let (name, _) = entry.map_err(refused)?;
            let name = name.and_then(|name| BucketName::parse(&name).ok());
            let Some(name) = name.filter(&is_wanted) else { continue };
            match self.bucket(&name) {
                Ok(bucket) => buckets.push((name, bucket.config().clone())),
                // A file, a bucket that was deleted since its name was read, or one that is closed
                // to us, which must not take away the list of all others.
                Err(error)
                    if matches!(error.code, ErrorCode::NoSuchBucket | ErrorCode::AccessDenied) => {}
                Err(error) => return Err(error),
            }
        }
        buckets.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(buckets)
    }

    /// One; NoSuchBucket, or AccessDenied where the system, a mount or a damaged configuration
    /// keeps us out of it.
    pub fn bucket(&self, name: &BucketName) -> Result<Bucket> {
        let root = &self.root;
        let dir = match dir::open_dir(&root.data, name.as_str()) {
            Ok(dir) => dir,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                return Err(
                    S3Error::from(ErrorCode::NoSuchBucket).with("BucketName", name.as_str())
                );
            }
            Err(error) => return Err(refused(error)),
        };
        let stat = fstat(&dir).map_err(refused)?;
        if stat.st_dev != root.device {
            return Err(closed(format_args!("{} is another filesystem", name.as_str())));
        }
        let Identity { id, filed } = identity(root, name, &dir)?;
        let (config, stamp) = match filed {
            Some((config, stamp)) => (config, Some(stamp)),
            None => (Arc::new(made_by_hand(&dir)?), None),
        };
        let (root, name, inode) = (root.clone(), name.clone(), stat.st_ino);
        Ok(Bucket::new(Open { root, name, dir, inode, id, config, stamp }))
    }

    /// Makes a directory with an id and its configuration; BucketAlreadyExists if something of
    /// that name is there.
    pub fn create_bucket(&self, name: &BucketName, config: BucketConfig) -> Result<()> {
        let root = &self.root;
        root.disk.writable()?;
        let _lock = root.locks.buckets()?;
        if dir::kind(&root.data, name.as_str()).map_err(refused)?.is_some() {
            return Err(ErrorCode::BucketAlreadyExists.into());
        }
        let id = random_id();
        let (folder, staged) = (root.staging.folder(), root.staging.fresh_name());
        let dir = dir::make_and_open(folder, &staged, DIR_MODE).map_err(refused)?;
        fsetxattr(&dir, ID_NAME, id.as_bytes(), XattrFlags::empty()).map_err(refused)?;
        root.disk.sync(&dir)?;
        configs::write(root, name, &id, config)?;
        match dir::rename_new(folder, &staged, &root.data, name.as_str()) {
            Ok(()) => root.disk.sync(&root.data),
            Err(error) => {
                let _ = unlinkat(folder, &staged, AtFlags::REMOVEDIR);
                let _ = unlinkat(&root.configs, configs::file_name(&id), AtFlags::empty());
                match error {
                    Errno::EXIST => Err(ErrorCode::BucketAlreadyExists.into()),
                    error => Err(refused(error)),
                }
            }
        }
    }
}

/// Removes a bucket with its empty directories, uploads and configuration; BucketNotEmpty where any
/// object (or foreign file) is left. It is the very directory that was opened, and authorised: one
/// that was made under its name since is another's (security class E), and this one NoSuchBucket.
pub(super) fn delete(bucket: &Bucket) -> Result<()> {
    let (root, name) = (bucket.root(), bucket.name());
    root.disk.writable()?;
    let _lock = root.locks.buckets()?;
    let is_it = |dir: OwnedFd| fstat(dir).is_ok_and(|stat| stat.st_ino == bucket.inode());
    if !dir::open_dir(&root.data, name.as_str()).is_ok_and(is_it) {
        return Err(S3Error::from(ErrorCode::NoSuchBucket).with("BucketName", name.as_str()));
    }
    // Waits for what is on its way between the bucket and its versions: `Bucket::keep_alive`.
    let alone = dir::open_dir(bucket.dir(), "").map_err(refused)?;
    retry_on_intr(|| flock(&alone, FlockOperation::LockExclusive)).map_err(refused)?;
    let Identity { id, .. } = identity(root, name, bucket.dir())?;
    if let Some(id) = &id {
        remove_empty_versions(root, id)?;
    }
    remove_empty(root, bucket)?;
    root.disk.sync(&root.data)?;
    if let Some(id) = &id {
        // Nobody finds these any more: an id is never given twice. What cannot be removed now
        // costs space, nothing else.
        let _ = unlinkat(&root.configs, configs::file_name(id), AtFlags::empty());
        let _ = dir::remove_tree(&root.uploads, id);
    }
    Ok(())
}

/// Removes the empty folders of a bucket's tree of versions, and the tree; BucketNotEmpty where any
/// version or delete marker is left.
fn remove_empty_versions(root: &Root, id: &str) -> Result<()> {
    match dir::open_dir(&root.versions, id) {
        Ok(tree) => remove_empty_below(&tree)?,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(refused(error)),
    }
    match unlinkat(&root.versions, id, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

/// A bucket that is there and cannot be used; the log is told why.
pub(super) fn closed(cause: impl std::fmt::Display) -> S3Error {
    let mut error = S3Error::from(ErrorCode::AccessDenied);
    error.cause = Some(cause.to_string());
    error
}

/// Removes the bucket's directory with all empty ones in it. The last rmdir decides against a PUT
/// that runs at the same time: it fails where anything was put.
fn remove_empty(root: &Root, bucket: &Bucket) -> Result<()> {
    for _ in 0..DELETE_BUCKET_ROUNDS_MAX {
        remove_empty_below(bucket.dir())?;
        match unlinkat(&root.data, bucket.name().as_str(), AtFlags::REMOVEDIR) {
            Ok(()) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(ErrorCode::BucketNotEmpty.into())
}

/// Removes every directory below `bucket`, or stops at the first thing that is none. By paths, not
/// by recursion: a tree may be a thousand levels deep, and handles are few.
fn remove_empty_below(bucket: &OwnedFd) -> Result<()> {
    let mut paths = vec![(String::new(), false)];
    while let Some((path, read)) = paths.pop() {
        if read {
            let (above, name) = dir::split(&path);
            match dir::open_dir(bucket, above)
                .and_then(|parent| unlinkat(parent, name, AtFlags::REMOVEDIR))
            {
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => continue,
                Err(error) => return Err(refused(error)),
            }
        }
        let found = match dir::open_dir(bucket, &path) {
            Ok(found) => found,
            Err(Errno::NOENT) => continue,
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(ErrorCode::BucketNotEmpty.into()),
            Err(error) => return Err(refused(error)),
        };
        if !path.is_empty() {
            paths.push((path.clone(), true));
        }
        for entry in dir::entries(&found).map_err(refused)? {
            let (Some(name), FileType::Directory | FileType::Unknown) = entry.map_err(refused)?
            else {
                return Err(ErrorCode::BucketNotEmpty.into());
            };
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            paths.push((path, false));
        }
    }
    Ok(())
}

/// What a bucket's directory says of it.
struct Identity {
    id: Option<String>,
    /// What is filed under the id.
    filed: Option<(Arc<BucketConfig>, Stamp)>,
}

/// The id of a bucket and what is filed under it, if the id is its own.
fn identity(root: &Root, name: &BucketName, dir: &OwnedFd) -> Result<Identity> {
    let none = Identity { id: None, filed: None };
    let Some(id) = read_id(dir)? else { return Ok(none) };
    let Some(filed) = configs::read(root, &id)? else {
        return Ok(Identity { id: Some(id), filed: None });
    };
    if *filed.name != *name.as_str()
        && let Ok(original) = dir::open_dir(&root.data, &filed.name)
        && read_id(original)?.as_ref() == Some(&id)
    {
        return Ok(none);
    }
    Ok(Identity { id: Some(id), filed: Some((filed.config, filed.stamp)) })
}

/// Whether a bucket keeps versions, and its id, as it is now and not as of opening: a
/// PutBucketVersioning that was answered holds for every change after it. It costs one look at the
/// configuration's file.
pub(super) fn versioning(bucket: &Bucket) -> Result<Option<(String, Versioning)>> {
    let root = bucket.root();
    let Some(id) = bucket.known_id() else {
        // Made by hand; it may have been given an id since.
        let Identity { id, filed } = identity(root, bucket.name(), bucket.dir())?;
        return Ok(id.zip(filed.and_then(|(config, _)| config.versioning)));
    };
    let versioning = match configs::stamp(root, id)? {
        now if now == bucket.stamp() => bucket.config().versioning,
        _ => match configs::read(root, id)? {
            Some(filed) => filed.config.versioning,
            None => {
                bucket.check_alive()?;
                bucket.config().versioning
            }
        },
    };
    Ok(versioning.map(|versioning| (id.to_owned(), versioning)))
}

/// The id in a directory's attribute; what is no id of ours counts as none.
fn read_id(dir: impl AsFd) -> Result<Option<String>> {
    let mut buffer = [0; 64];
    let length = match fgetxattr(dir, ID_NAME, &mut buffer) {
        Ok(length) => length,
        Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE) => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    let id = str::from_utf8(&buffer[..length]).ok();
    // Upload ids have the same form, checked there: 32 lower-case hex digits, safe as a file name.
    Ok(id.filter(|id| UploadId::parse(id).is_ok()).map(str::to_owned))
}

fn made_by_hand(dir: &OwnedFd) -> Result<BucketConfig> {
    let stat = statx(dir, "", AtFlags::EMPTY_PATH, StatxFlags::BTIME).map_err(refused)?;
    let created_secs = stat.stx_btime.tv_sec;
    Ok(BucketConfig { created_secs, ..BucketConfig::default() })
}

/// Changes a bucket's configuration as it is now, under the lock; its id, made if it had none.
pub(super) fn configure(
    bucket: &Bucket,
    change: impl FnOnce(&mut BucketConfig) -> Result<()>,
) -> Result<String> {
    let root = bucket.root();
    root.disk.writable()?;
    let _lock = root.locks.buckets()?;
    bucket.check_alive()?;
    let Identity { id: known, filed } = identity(root, bucket.name(), bucket.dir())?;
    let current = filed.as_ref().map_or(bucket.config(), |(config, _)| config);
    let mut config = current.clone();
    change(&mut config)?;
    let id = known.clone().unwrap_or_else(random_id);
    configs::write(root, bucket.name(), &id, config)?;
    if known.is_none() {
        fsetxattr(bucket.dir(), ID_NAME, id.as_bytes(), XattrFlags::empty()).map_err(refused)?;
        root.disk.sync(bucket.dir())?;
    }
    Ok(id)
}
