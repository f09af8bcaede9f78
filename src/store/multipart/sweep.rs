//! Removes what uploads leave behind: records of completed ones after a day, folders that a crash
//! kept from being removed, and folders that never became an upload.
//!
//! Uploads in progress stay until they are aborted, as on S3: a lifecycle rule ends them there.

use super::complete::is_published;
use super::folder;
use crate::error::Result;
use crate::limits::{UPLOAD_RECORD_SECS, UPLOAD_SWEEP_SECS};
use crate::store::{Bucket, dir, refused};
use crate::types::{Timestamp, UploadId};
use rustix::fd::OwnedFd;
use rustix::fs::{self, AtFlags, OFlags};
use std::sync::atomic::{AtomicI64, Ordering};

/// Sweeps the uploads of all buckets, if that was not done lately. An error is not the request's
/// business: what is left costs space, nothing else.
pub(super) fn sweep_sometimes(bucket: &Bucket) {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = Timestamp::now().secs();
    let last = LAST.load(Ordering::Relaxed);
    let mine = || LAST.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if now - last >= UPLOAD_SWEEP_SECS && mine() {
        let _ = sweep_all(&bucket.root().uploads, now);
    }
}

fn sweep_all(all: &OwnedFd, now_secs: i64) -> Result<()> {
    for entry in dir::entries(all).map_err(refused)? {
        let (Some(name), _) = entry.map_err(refused)? else { continue };
        if let Ok(uploads) = dir::open_dir(all, &name) {
            sweep(&uploads, now_secs)?;
        }
    }
    Ok(())
}

/// Sweeps the uploads of one bucket.
pub(super) fn sweep(uploads: &OwnedFd, now_secs: i64) -> Result<()> {
    let names: rustix::io::Result<Vec<_>> = dir::entries(uploads).map_err(refused)?.collect();
    let mut names: Vec<_> = names.map_err(refused)?.into_iter().filter_map(|(n, _)| n).collect();
    names.sort_unstable(); // a folder before the record that says it is over
    for name in names {
        let Ok(stat) = fs::statat(uploads, &name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        let is_old = now_secs - stat.st_mtime > UPLOAD_RECORD_SECS;
        let is_over = name.ends_with(folder::GONE)
            || (is_old && is_alone(uploads, &name)?)
            || (is_old && UploadId::parse(&name).is_ok() && is_no_upload(uploads, &name)?);
        if is_over {
            dir::remove_tree(uploads, &name).map_err(refused)?;
        }
    }
    Ok(())
}

/// Whether this is a record whose folder is gone: while one is there, a crash kept it from being
/// removed, and nothing else may say that it is over.
fn is_alone(uploads: &OwnedFd, name: &str) -> Result<bool> {
    let Some(id) = name.strip_suffix(folder::DONE) else { return Ok(false) };
    Ok(dir::kind(uploads, id).map_err(refused)?.is_none())
}

/// `info.json` is written last: without it nobody was told the upload's id. And a Complete that
/// published may have died before it removed the folder.
fn is_no_upload(uploads: &OwnedFd, name: &str) -> Result<bool> {
    let Ok(own) = dir::open_dir(uploads, name) else { return Ok(false) };
    Ok(folder::open(&own, folder::INFO, OFlags::RDONLY)?.is_none()
        || is_published(uploads, name, &own)?)
}
