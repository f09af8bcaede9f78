//! The users as of now: what `glassbucket user` has changed holds for each request that begins
//! after the command has returned.
//!
//! Each request asks the kernel for the state of `users.json`, and one that finds it changed reads
//! it before it goes on. That costs about a microsecond a request and touches no disk. inotify
//! would spare it and give up the promise: its events come when they come, never from a network
//! filesystem, and are lost where its queue is full. A key that leaked is disabled when the command
//! says so, not some time after.
//!
//! A request keeps the users it began with; an upload under way ends as it was let in. Refused: a
//! file that cannot be read or says something impossible; the users stay as they were, and standard
//! error says why, once. A file that is gone is an editor's or a restore's moment: the users stay.

use crate::auth::Users;
use crate::limits::USERS_FILE_BYTES_MAX;
use crate::notice::tell;
use rustix::fs::OFlags;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// Where users come from.
pub struct UsersSource {
    /// The users at start.
    pub users: Users,
    /// Where they are read again, if anywhere.
    pub file: Option<UsersFile>,
}

/// Reads users from an open file; the error is a sentence, and the old users stay.
pub type LoadUsers = dyn Fn(&File) -> Result<Users, String> + Send + Sync;

/// A file of users.
pub struct UsersFile {
    /// Its path: looked at with every request.
    pub path: PathBuf,
    /// How it is read.
    pub load: Box<LoadUsers>,
}

impl UsersSource {
    /// Users that never change.
    pub fn fixed(users: Users) -> UsersSource {
        UsersSource { users, file: None }
    }
}

impl UsersFile {
    /// Opens a file of users.
    ///
    /// # Errors
    ///
    /// What the system says. Of a pipe or a device, at once: one who waits for its writer or its
    /// end holds up every request, and one is made by a slip of `mkfifo` or of a container's mount.
    pub fn open(path: &Path) -> io::Result<File> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        match file.metadata()? {
            found if !found.is_file() => Err(io::Error::other("it is no regular file")),
            found if found.len() > USERS_FILE_BYTES_MAX => {
                Err(io::Error::other("it is too large for a file of users"))
            }
            _ => Ok(file),
        }
    }
}

/// The users in force.
pub(super) struct CurrentUsers {
    in_force: RwLock<InForce>,
    file: Option<Arc<UsersFile>>,
    /// Of many requests that find the file changed one reads it, and the others wait for that.
    reading: Mutex<()>,
}

struct InForce {
    users: Arc<Users>,
    /// Of the file that was read last, whatever it said. None before the first request: between
    /// the start's reading and this value's making the file may have changed.
    seen: Option<Stamp>,
    /// That file, held open so that no later one is given its inode number.
    _held: Option<File>,
}

/// What tells a file from the one that was read: the inode where it was replaced, as `glassbucket
/// user` does; times and size where it was written in place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: u64,
}

impl Stamp {
    fn of(file: &Metadata) -> Stamp {
        Stamp {
            device: file.dev(),
            inode: file.ino(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
            bytes: file.len(),
        }
    }
}

/// What one reading found.
struct Reading {
    stamp: Stamp,
    file: Option<File>,
    users: Result<Users, String>,
}

impl UsersFile {
    /// `None` where there is no file.
    fn stamp(&self) -> Option<Stamp> {
        std::fs::metadata(&self.path).ok().map(|file| Stamp::of(&file))
    }

    /// Reads the file; where it cannot be opened `seen` stands for it.
    fn read(&self, seen: Stamp) -> Reading {
        match Self::open(&self.path).and_then(|file| Ok((Stamp::of(&file.metadata()?), file))) {
            Ok((stamp, file)) => Reading { stamp, users: (self.load)(&file), file: Some(file) },
            Err(error) => {
                let sentence = format!("cannot read {}: {error}", self.path.display());
                Reading { stamp: seen, file: None, users: Err(sentence) }
            }
        }
    }
}

impl CurrentUsers {
    pub(super) fn new(source: UsersSource) -> CurrentUsers {
        let in_force = InForce { users: Arc::new(source.users), seen: None, _held: None };
        CurrentUsers {
            in_force: RwLock::new(in_force),
            file: source.file.map(Arc::new),
            reading: Mutex::new(()),
        }
    }

    /// The users of this moment; a request keeps the ones it began with.
    pub(super) async fn get(&self) -> Arc<Users> {
        if let Some(file) = &self.file
            && self.changed(file).is_some()
        {
            let _alone = self.reading.lock().await;
            // Whoever was alone before may have read what this request saw, or something older.
            if let Some(stamp) = self.changed(file) {
                self.read(file, stamp).await;
            }
        }
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).users.clone()
    }

    /// The file's stamp, if there is a file and it is not the one that was read.
    fn changed(&self, file: &UsersFile) -> Option<Stamp> {
        let stamp = file.stamp()?;
        let seen = self.in_force.read().unwrap_or_else(PoisonError::into_inner).seen;
        (seen != Some(stamp)).then_some(stamp)
    }

    /// A panic of the reader leaves everything as it was, for the next request to try.
    async fn read(&self, file: &Arc<UsersFile>, stamp: Stamp) {
        let file = file.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || file.read(stamp)).await else { return };
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        match read.users {
            Ok(users) => in_force.users = Arc::new(users),
            Err(sentence) => tell(format_args!("the users stay as they were: {sentence}")),
        }
        in_force.seen = Some(read.stamp);
        in_force._held = read.file;
    }
}

#[cfg(test)]
mod tests;
