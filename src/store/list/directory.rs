//! Reads a bucket's directories for the paging core: decodes what lies there, leaves out what is
//! foreign, joins what was cut.
//!
//! A directory is opened by its path below the bucket and closed once read, so a listing holds one
//! handle, and one for each level of a cut component, however deep the bucket is. The longest path
//! is under PATH_MAX (`naming`).
//!
//! Reading a directory is no snapshot: on btrfs and tmpfs a name that is being replaced can be
//! missed. What this process changes meanwhile is added (`changes`). For other processes, if the
//! directory's ctime moved while it was read, it is read again, a bounded number of times. The
//! result is the union; names that are gone by then fall out when the page's keys are opened.
//!
//! Every page reads its directories anew. A cache of snapshots would go into
//! [`BucketDirectories::read`], in front of the reading.

use super::paging::{Directories, Names};
use crate::error::Result;
use crate::limits::{DIRECTORY_READS_MAX, FILE_NAME_BYTES_MAX, KEY_BYTES_MAX};
use crate::store::naming::{self, Name, Role};
use crate::store::{Bucket, PRIVATE, dir, refused};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, fstat, statat};
use rustix::io::Errno;

/// A cut directory's name is as full as whole characters of up to four bytes allow; a shorter one
/// is foreign. So a component has few levels, whatever a hand made.
const CUT_NAME_BYTES_MIN: usize = FILE_NAME_BYTES_MAX - 3;

/// The directories of one bucket, and where versions are listed those of its tree of versions.
pub(in crate::store) struct BucketDirectories<'a> {
    pub(in crate::store) bucket: &'a Bucket,
    /// The bucket's id, if its tree of versions is to be read too.
    pub(in crate::store) versions: Option<&'a str>,
}

/// Which tree a directory belongs to: a key is a file in the one and a folder in the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree<'a> {
    Objects,
    /// The bucket's id.
    Versions(&'a str),
}

impl Directories for BucketDirectories<'_> {
    fn read(&mut self, names: &mut Names<'_>) -> Result<()> {
        if names.dir.len() > KEY_BYTES_MAX {
            return Ok(());
        }
        let key = names.dir.strip_suffix('/');
        let path = key.map_or_else(String::new, |key| naming::encode(key, Role::Plain));
        let Some(bucket_id) = self.versions else {
            return self.read_tree(Tree::Objects, &path, names).map(|_| ());
        };
        let moving = self.bucket.root().moves.reading(self.bucket.dir())?;
        // Again the first, for what another process moves meanwhile.
        for tree in [Tree::Objects, Tree::Versions(bucket_id), Tree::Objects] {
            if self.read_tree(tree, &path, names)? {
                return Ok(());
            }
        }
        for key in moving.changed() {
            let Some(rest) = key.strip_prefix(names.dir) else { continue };
            let end = rest.find('/').map_or(rest.len(), |slash| slash + 1);
            if names.add(rest[..end].to_owned()) {
                break;
            }
        }
        Ok(())
    }
}

impl BucketDirectories<'_> {
    /// Offers what lies at `path` of one tree; `true` says that no more are needed.
    fn read_tree(&self, tree: Tree<'_>, path: &str, names: &mut Names<'_>) -> Result<bool> {
        let bucket = self.bucket;
        let opened = match tree {
            Tree::Objects => open_if_there(bucket.dir(), path)?,
            Tree::Versions(id) => open_if_there(&bucket.root().versions, &join(id, path))?,
        };
        let Some(opened) = opened else { return Ok(false) };
        let (path, chunk) = (path.to_owned(), String::new());
        Place { bucket, tree, opened, path, chunk }.read_until_steady(names)
    }
}

/// One directory that is being read.
struct Place<'a> {
    bucket: &'a Bucket,
    tree: Tree<'a>,
    opened: OwnedFd,
    /// Below the bucket, or below its tree of versions.
    path: String,
    /// In a cut directory every component begins with it.
    chunk: String,
}

/// What came of offering an entry.
enum Offered {
    Taken,
    /// No more are needed.
    Enough,
    /// It is a cut directory, and components of it begin so.
    Cut(String),
}

impl Place<'_> {
    /// Offers the entries; `true` says that no more are needed. Reads again while the directory
    /// changes, a bounded number of times.
    fn read_until_steady(&self, names: &mut Names<'_>) -> Result<bool> {
        for _ in 0..DIRECTORY_READS_MAX {
            let before = fstat(&self.opened).map_err(refused)?;
            if self.read_once(names)? {
                return Ok(true);
            }
            let after = fstat(&self.opened).map_err(refused)?;
            if (before.st_ctime, before.st_ctime_nsec) == (after.st_ctime, after.st_ctime_nsec) {
                break;
            }
        }
        Ok(false)
    }

    fn read_once(&self, names: &mut Names<'_>) -> Result<bool> {
        let reading = self.bucket.root().changes.reading(&self.opened)?;
        let mut cut = Vec::new();
        for entry in dir::entries(&self.opened).map_err(refused)? {
            let (Some(entry), kind) = entry.map_err(refused)? else {
                self.foreign("(a name that is not UTF-8)");
                continue;
            };
            match self.offer(&entry, kind, names)? {
                Offered::Taken => {}
                Offered::Enough => return Ok(true),
                Offered::Cut(chunk) => cut.push((chunk, entry)),
            }
        }
        for entry in reading.changed() {
            // Whatever it was then, it is offered as what it is now: gone, it would make a common
            // prefix of nothing.
            let offered = self.offer(&entry, FileType::Unknown, names)?;
            if matches!(offered, Offered::Enough) {
                return Ok(true);
            }
        }
        cut.sort_unstable();
        self.read_cut(cut, names)
    }

    /// Offers one entry, if it is one of a key.
    fn offer(&self, entry: &str, kind: FileType, names: &mut Names<'_>) -> Result<Offered> {
        let Some(name) = naming::decode_name(entry) else { return Ok(self.foreign(entry)) };
        let is_dir = match kind_of(&self.opened, entry, kind)? {
            FileType::Directory => true,
            FileType::RegularFile => false,
            FileType::Unknown => return Ok(Offered::Taken), // it is gone
            _ => return Ok(self.foreign(entry)),
        };
        let item = match name {
            Name::Component(text) if is_dir => [&self.chunk, &*text, "/"].concat(),
            Name::Component(text) | Name::Beside(text) if !is_dir && self.tree == Tree::Objects => {
                [&*self.chunk, &text].concat()
            }
            Name::Versions(text) if is_dir && self.tree != Tree::Objects => {
                // Where any key will do, one whose last version just went will not.
                if names.takes_any_key() && is_empty(&self.opened, entry)? {
                    return Ok(Offered::Taken);
                }
                [&*self.chunk, &text].concat()
            }
            Name::Cut(text) if is_dir && entry.len() >= CUT_NAME_BYTES_MIN => {
                return Ok(Offered::Cut([&*self.chunk, &text].concat()));
            }
            _ => return Ok(self.foreign(entry)),
        };
        // Only the whole path tells whether a component was cut where it has to be.
        let is_foreign =
            !self.chunk.is_empty() && naming::decode(&join(&self.path, entry)).is_none();
        if is_foreign || names.dir.len() + item.len() > KEY_BYTES_MAX {
            return Ok(self.foreign(entry));
        }
        Ok(if names.add(item) { Offered::Enough } else { Offered::Taken })
    }

    fn foreign(&self, entry: &str) -> Offered {
        let path = join(&self.path, entry);
        let foreign = &self.bucket.root().foreign;
        match self.tree {
            Tree::Objects => foreign.tell_once(self.bucket.name().as_str(), &path),
            Tree::Versions(id) => foreign.tell_once(&format!("{PRIVATE}/versions/{id}"), &path),
        }
        Offered::Taken
    }

    /// Reads the cut directories among the entries.
    fn read_cut(&self, cut: Vec<(String, String)>, names: &mut Names<'_>) -> Result<bool> {
        for (chunk, entry) in cut {
            let wanted =
                names.dir.len() + chunk.len() <= KEY_BYTES_MAX && names.wants_beginning(&chunk);
            if !wanted {
                continue;
            }
            let Some(opened) = open_if_there(&self.opened, &entry)? else { continue };
            let path = join(&self.path, &entry);
            let (bucket, tree) = (self.bucket, self.tree);
            if (Place { bucket, tree, opened, path, chunk }).read_until_steady(names)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `None` where no directory is, or is no longer.
pub(in crate::store) fn open_if_there(parent: &OwnedFd, path: &str) -> Result<Option<OwnedFd>> {
    match dir::open_dir(parent, path) {
        Ok(opened) => Ok(Some(opened)),
        // XDEV: a directory that leads out of the bucket was made by hand, and is not followed.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::XDEV) => {
            Ok(None)
        }
        // Left out, its keys would look as if they had been deleted.
        Err(errno) => {
            let mut error = refused(errno);
            error.cause = Some(format!("the directory {path:?}: {errno}"));
            Err(error)
        }
    }
}

/// Whether nothing lies in a directory, or it is gone.
fn is_empty(parent: &OwnedFd, name: &str) -> Result<bool> {
    match open_if_there(parent, name)? {
        Some(opened) => Ok(dir::entries(&opened).map_err(refused)?.next().is_none()),
        None => Ok(true),
    }
}

/// Some filesystems do not say what an entry is.
pub(in crate::store) fn kind_of(opened: &OwnedFd, name: &str, kind: FileType) -> Result<FileType> {
    if kind != FileType::Unknown {
        return Ok(kind);
    }
    match statat(opened, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode)),
        Err(Errno::NOENT) => Ok(FileType::Unknown),
        Err(error) => Err(refused(error)),
    }
}

fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", only) | (only, "") => only.to_owned(),
        _ => [path, "/", name].concat(),
    }
}
