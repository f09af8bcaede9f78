//! How many bytes lie below a prefix of a bucket: objects, older versions, uploads in progress.
//!
//! For quotas. It walks the same three trees as the listings, and asks of each file only its size:
//! nothing is opened but directories, one at a time, and memory holds the names of the directories
//! still to come. Foreign names, links, sockets and pipes do not count, as they are not listed.
//!
//! The trees are walked in the order in which bytes move between them (a part becomes an object, an
//! object a version), so that what moves meanwhile is counted twice rather than not at all. The one
//! way back, from a version to the object where what was above it is removed, is told by whoever
//! goes it, and such a key is counted again: else a user could hide all its bytes from a walk.

use super::list::directory::{kind_of, open_if_there};
use super::naming::{self, Name, Role};
use super::{Bucket, dir, multipart, refused, versions};
use crate::error::{ErrorCode, Result};
use crate::limits::KEY_BYTES_MAX;
use crate::types::Key;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

/// Bytes of all keys of a bucket that begin with `prefix`.
pub(super) fn bytes_stored(bucket: &Bucket, prefix: &str) -> Result<u64> {
    let moving = bucket.root().moves.reading(bucket.dir())?;
    let uploads = multipart::bytes_of_uploads(bucket, prefix)?;
    let objects = Walk { base: bucket.dir(), is_versions: false, prefix }.bytes()?;
    let versions = match bucket.known_id() {
        Some(id) => open_if_there(&bucket.root().versions, id)?,
        None => None,
    };
    let versions = match &versions {
        Some(tree) => Walk { base: tree, is_versions: true, prefix }.bytes()?,
        None => 0,
    };
    let mut bytes = uploads.saturating_add(objects).saturating_add(versions);
    for moved in moving.changed().into_iter().filter(|key| key.starts_with(prefix)) {
        let key = Key::parse(moved.into_bytes())?;
        bytes = bytes.saturating_add(versions::bytes_of_key(bucket, &key)?);
    }
    Ok(bytes)
}

/// The size of a file; 0 where it is gone, or is none.
pub(super) fn file_bytes(dir: impl AsFd, name: &str) -> Result<u64> {
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
            Ok(u64::try_from(stat.st_size).unwrap_or(0))
        }
        Ok(_) | Err(Errno::NOENT) => Ok(0),
        Err(error) => Err(refused(error)),
    }
}

/// The sizes of the files in it.
pub(super) fn folder_bytes(folder: &OwnedFd) -> Result<u64> {
    let mut bytes: u64 = 0;
    for entry in dir::entries(folder).map_err(refused)? {
        if let (Some(entry), _) = entry.map_err(refused)? {
            bytes = bytes.saturating_add(file_bytes(folder, &entry)?);
        }
    }
    Ok(bytes)
}

/// One tree: the bucket's own, or that of its versions.
struct Walk<'a> {
    base: &'a OwnedFd,
    is_versions: bool,
    prefix: &'a str,
}

/// A directory, and the directories in it that are still to be walked.
struct Level {
    /// Below the base.
    path: String,
    /// How all keys in it begin.
    text: String,
    dirs: Vec<String>,
}

impl Level {
    /// Where the keys with that prefix are, as far as whole folders tell.
    fn of_prefix(prefix: &str) -> Level {
        let (path, text) = match prefix.rsplit_once('/') {
            Some((folder, _)) => (naming::encode(folder, Role::Plain), format!("{folder}/")),
            None => (String::new(), String::new()),
        };
        Level { path, text, dirs: Vec::new() }
    }

    /// One of its directories; `None` for a name that is none of a key's.
    fn below(&self, name: &str) -> Option<Level> {
        let text = match naming::decode_name(name)? {
            Name::Component(text) => [&self.text, &*text, "/"].concat(),
            Name::Cut(text) => [&*self.text, &text].concat(),
            Name::Beside(_) | Name::Versions(_) => return None,
        };
        let path =
            if self.path.is_empty() { name.to_owned() } else { [&self.path, "/", name].concat() };
        Some(Level { path, text, dirs: Vec::new() })
    }
}

impl Walk<'_> {
    fn bytes(&self) -> Result<u64> {
        if self.prefix.len() > KEY_BYTES_MAX {
            return Ok(0);
        }
        let mut first = Level::of_prefix(self.prefix);
        let mut bytes = self.read(&mut first)?;
        let mut levels = vec![first];
        while let Some(level) = levels.last_mut() {
            let Some(name) = level.dirs.pop() else {
                levels.pop();
                continue;
            };
            let Some(mut below) = level.below(&name).filter(|below| self.wants(&below.text)) else {
                continue;
            };
            bytes = bytes.saturating_add(self.read(&mut below)?);
            levels.push(below);
        }
        Ok(bytes)
    }

    /// Whether keys that begin so can have the prefix. None is longer than a key, which bounds the
    /// depth of what a hand made.
    fn wants(&self, text: &str) -> bool {
        text.len() <= KEY_BYTES_MAX
            && (text.starts_with(self.prefix) || self.prefix.starts_with(text))
    }

    /// Adds up the files of one directory, and notes its directories.
    fn read(&self, level: &mut Level) -> Result<u64> {
        let mut bytes: u64 = 0;
        let Some(opened) = self.open(self.base, &level.path)? else { return Ok(0) };
        for entry in dir::entries(&opened).map_err(refused)? {
            let (Some(entry), kind) = entry.map_err(refused)? else { continue };
            let Some(name) = naming::decode_name(&entry) else { continue };
            let is_dir = kind_of(&opened, &entry, kind)? == FileType::Directory;
            let has_prefix = |text: &str| [&*level.text, text].concat().starts_with(self.prefix);
            match name {
                Name::Component(_) | Name::Cut(_) if is_dir => level.dirs.push(entry),
                Name::Versions(text) if is_dir && self.is_versions && has_prefix(&text) => {
                    bytes = bytes.saturating_add(self.of_key(&opened, &entry)?);
                }
                Name::Component(text) | Name::Beside(text)
                    if !is_dir && !self.is_versions && has_prefix(&text) =>
                {
                    bytes = bytes.saturating_add(file_bytes(&opened, &entry)?);
                }
                _ => {}
            }
        }
        Ok(bytes)
    }

    /// The files of one key's versions.
    fn of_key(&self, parent: &OwnedFd, name: &str) -> Result<u64> {
        self.open(parent, name)?.map_or(Ok(0), |folder| folder_bytes(&folder))
    }

    /// What the system keeps us out of cannot be written to either; it must not shut out its user.
    fn open(&self, parent: &OwnedFd, path: &str) -> Result<Option<OwnedFd>> {
        match open_if_there(parent, path) {
            Err(error) if error.code == ErrorCode::AccessDenied => Ok(None),
            opened => opened,
        }
    }
}
