//! What is on the disk and not only in memory: the one place that calls fsync.
//!
//! The promise it serves: an object's bytes and metadata are durable before its name is visible,
//! and its name is durable before the 200.
//!
//! * fsync, never fdatasync: on ext4 an attribute and a time do not count as data, and after
//!   fdatasync and a power cut the attribute is gone.
//! * A directory is synced whenever its entries changed, a replaced name included: an overwrite
//!   without it comes back as the old object.
//! * A new directory is synced in its parent by every process that has not itself seen that done,
//!   whoever made it: another one may have made it and not have come to its sync yet.
//! * A failed fsync is final. The kernel marks the pages clean, so a second call would succeed and
//!   lie; from then on this store only reads.

use super::Durability;
use super::dir::{self, DirId};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::SYNCED_DIRS_MAX;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The disk below a store, as far as this process knows it.
pub(super) struct Disk {
    durability: Durability,
    failed: AtomicBool,
    /// Directories that this process has synced in their parents, up to the data directory.
    synced: Mutex<HashSet<DirId>>,
}

impl Disk {
    /// Nothing is known to be synced yet.
    pub(super) fn new(durability: Durability) -> Disk {
        Disk { durability, failed: AtomicBool::new(false), synced: Mutex::default() }
    }

    /// Every change asks first: `ServiceUnavailable` after a failed fsync.
    pub(super) fn writable(&self) -> Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(read_only());
        }
        Ok(())
    }

    /// Waits until a file or a directory is on the disk.
    pub(super) fn sync(&self, fd: impl AsFd) -> Result<()> {
        if self.durability == Durability::Relaxed {
            return Ok(());
        }
        self.writable()?;
        rustix::fs::fsync(fd).map_err(|errno| self.fail(errno))
    }

    /// Waits until the whole filesystem is, whoever wrote to it.
    pub(super) fn sync_all(&self, fd: impl AsFd) -> Result<()> {
        if self.durability == Durability::Relaxed {
            return Ok(());
        }
        rustix::fs::syncfs(fd).map_err(|errno| self.fail(errno))
    }

    fn fail(&self, errno: Errno) -> S3Error {
        self.failed.store(true, Ordering::Release);
        let mut error = read_only();
        error.cause = Some(format!("fsync: {errno}"));
        error
    }

    /// Syncs every directory on the way from `base` to `path` in its parent, unless this process
    /// has seen that done. `leaf` is the handle of the last. Call it while the chain cannot be
    /// pruned: after a name was put into `leaf`.
    pub(super) fn sync_chain(&self, base: &OwnedFd, path: &str, leaf: &OwnedFd) -> Result<()> {
        if self.durability == Durability::Relaxed || path.is_empty() || self.has_seen(leaf)? {
            return Ok(());
        }
        let mut parent = None;
        for name in path.split('/') {
            let above = parent.as_ref().unwrap_or(base);
            let child = dir::open_dir(above, name).map_err(super::refused)?;
            if !self.has_seen(&child)? {
                self.sync(above)?;
                self.mark_seen(&child)?;
            }
            parent = Some(child);
        }
        Ok(())
    }

    fn has_seen(&self, dir: &OwnedFd) -> Result<bool> {
        let id = DirId::of(dir).map_err(super::refused)?;
        Ok(self.seen().contains(&id))
    }

    fn mark_seen(&self, dir: &OwnedFd) -> Result<()> {
        let id = DirId::of(dir).map_err(super::refused)?;
        let mut seen = self.seen();
        if seen.len() >= SYNCED_DIRS_MAX {
            seen.clear(); // costs a repeated fsync each, nothing else
        }
        seen.insert(id);
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, HashSet<DirId>> {
        self.synced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_only() -> S3Error {
    S3Error::new(
        ErrorCode::ServiceUnavailable,
        "The disk failed to keep what was written; the server only reads until it is restarted.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EINVAL of a socket stands for EIO of a dying disk: any error of fsync is final.
    #[test]
    fn put_after_a_failed_fsync_is_refused_for_ever() {
        let disk = Disk::new(Durability::Strict);
        let (bad, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let good = std::fs::File::open(std::env::temp_dir()).unwrap();
        disk.sync(&good).unwrap();
        disk.writable().unwrap();
        assert_eq!(disk.sync(&bad).unwrap_err().code, ErrorCode::ServiceUnavailable);
        assert_eq!(disk.writable().unwrap_err().code, ErrorCode::ServiceUnavailable);
        assert_eq!(disk.sync(&good).unwrap_err().code, ErrorCode::ServiceUnavailable);
        Disk::new(Durability::Relaxed).sync(&bad).unwrap();
    }
}
