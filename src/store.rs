//! The filesystem is the database: objects are plain files, found at their own key.
//!
//! Stands behind the handlers, which hand it proofs and typed values and never a path. Everything
//! here blocks; `handlers` call it on the blocking pool.
//!
//! ```text
//! DATA/
//!   photos/                             a bucket is a directory, its id in an attribute of its own
//!     2024/cat.jpg                      an object is a plain file, its metadata in one attribute
//!     2024/%~                           the object `2024/` (a folder made by a client)
//!   .glassbucket/                       mode 0700; no bucket name can start with a dot
//!     staging/<process>/<n>             bodies on their way in
//!     buckets/<bucket-id>.json          created, owner, location, ACL, and what else configures it
//!     uploads/<bucket-id>/<upload-id>/  multipart uploads in progress
//!     versions/<bucket-id>/<path>%~v/   noncurrent versions and delete markers of a key: one file
//!                                       each, named so that the newest comes first
//!     side/<name>                       metadata too large for an attribute
//!     locks/<hash>                      the lock of a key is a flock on one of them
//! ```
//!
//! State is keyed by a bucket's id, not its name: after `rm -r photos; mkdir photos` by hand the
//! old bucket's public ACL must not apply. A directory without an id is root's, and private.
//!
//! The promise: an object's bytes and metadata are durable before its name is visible, and its name
//! is durable before the 200. Nothing of the state lives only in this process, so several servers
//! may share one POSIX filesystem.
//!
//! Refused: a filesystem without `user.*` attributes, one that takes `a` and `A` (or two spellings
//! of `é`) for the same name, and buckets on another filesystem than the staging folder (a mount or
//! a btrfs subvolume), since nothing could be renamed into them.

mod attribute;
mod bucket;
mod buckets;
mod changes;
mod commit;
mod configs;
mod copy;
mod dir;
mod disk;
mod foreign;
mod list;
mod lock;
mod meta;
mod multipart;
mod naming;
mod object;
mod probe;
mod staging;
mod usage;
mod versions;

pub use bucket::{Bucket, BucketConfig, Versioning};
pub use list::{ListEntry, ListPage, ListQuery};
pub use multipart::{
    CompletePart, Expectation, PartRecord, PartWriter, Upload, UploadInfo, UploadPage,
};
pub use object::{Committed, Object};
pub use staging::{Sealed, Staged};
pub use versions::{DeleteMarker, Found, Removal, Removed, VersionEntry, VersionPage};

use crate::error::{Result, S3Error};
use crate::random;
use changes::Changes;
use configs::Configs;
use dir::DIR_MODE;
use disk::Disk;
use foreign::Foreign;
use lock::Locks;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, RenameFlags, renameat_with};
use rustix::io::Errno;
use staging::Staging;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// The private directory in the data directory.
const PRIVATE: &str = ".glassbucket";

/// Whether a 200 waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// fsync before every answer (default).
    Strict,
    /// No fsync at all.
    Relaxed,
}

/// A data directory. Clones share one.
#[derive(Clone)]
pub struct Store {
    root: Arc<Root>,
}

/// What all clones of a store, and all that came from it, share.
struct Root {
    data: OwnedFd,
    configs: OwnedFd,
    held_configs: Configs,
    uploads: OwnedFd,
    versions: OwnedFd,
    side: OwnedFd,
    staging: Staging,
    locks: Locks,
    changes: Changes,
    /// Keys that leave a bucket's tree for its tree of versions, or come back, by the handle of the
    /// bucket: such a one could be missed in both.
    moves: Changes,
    foreign: Foreign,
    disk: Disk,
    /// The device that staging lies on, and every bucket has to.
    device: u64,
}

impl Root {
    /// Puts a small file into a private directory: staged, synced, renamed, the directory synced.
    fn write_private(&self, to: &OwnedFd, name: &str, bytes: &[u8]) -> Result<()> {
        self.disk.writable()?;
        let mut hold = self.staging.create().map_err(refused)?;
        hold.file.write_all(bytes)?;
        self.disk.sync(&hold.file)?;
        renameat_with(&hold.dir, &hold.name, to, name, RenameFlags::empty()).map_err(refused)?;
        hold.remove_on_drop = false;
        self.disk.sync(to)
    }
}

impl Store {
    /// Opens or makes `data`, probes what the rules need, sweeps dead staging folders. The error is
    /// a sentence for people.
    pub fn open(data: &Path, durability: Durability) -> std::result::Result<Store, String> {
        let failed = |what: &str, error: Errno| format!("{}: {what}: {error}", data.display());
        std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
        let data_dir = dir::open_data(data).map_err(|error| failed("cannot be opened", error))?;
        let private = dir::make_and_open(&data_dir, PRIVATE, Mode::RWXU)
            .map_err(|error| failed("cannot make or open .glassbucket", error))?;
        probe::check_private(&private, &data.join(PRIVATE))?;
        let sub = |name: &str| {
            dir::make_and_open(&private, name, DIR_MODE).map_err(|error| failed(name, error))
        };
        let (staging, succeeds_another) = Staging::open(&sub("staging")?)
            .map_err(|error| failed("cannot prepare the staging folder", error))?;
        let root = Root {
            configs: sub("buckets")?,
            held_configs: Configs::default(),
            uploads: sub("uploads")?,
            versions: sub("versions")?,
            side: sub("side")?,
            locks: Locks::new(sub("locks")?),
            changes: Changes::default(),
            moves: Changes::default(),
            foreign: Foreign::default(),
            device: probe::device(staging.folder()).map_err(|error| failed("stat", error))?,
            staging,
            disk: Disk::new(durability),
            data: data_dir,
        };
        probe::check_filesystem(&root, data)?;
        if succeeds_another {
            root.disk
                .sync_all(&root.data)
                .map_err(|error| format!("{}: {error}", data.display()))?;
        }
        for made in [&private, &root.data] {
            root.disk.sync(made).map_err(|error| format!("{}: {error}", data.display()))?;
        }
        Ok(Store { root: Arc::new(root) })
    }
}

/// What is known of the file at `path`, in lines for people: `glassbucket stat PATH`. An error of
/// the system, or one that says that the attribute is of a later version.
pub fn describe(path: &Path) -> std::io::Result<String> {
    attribute::describe(path)
}

/// The system refused: a full disk and a want of rights are told as such, all else as our fault.
fn refused(errno: Errno) -> S3Error {
    S3Error::from(std::io::Error::from(errno))
}

/// 128 random bits in hex: a name that nothing else has.
fn random_id() -> String {
    crate::types::hex(&random::bytes::<16>())
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
