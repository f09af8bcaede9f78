//! The file `users.json`: made at the first start, replaced by `glassbucket user`, read by the
//! server.
//!
//! It holds secrets in clear, as both signature versions need them: the directory has mode 0700,
//! the file 0600, and a file that others may read is refused. It is replaced whole, never written
//! in place (temporary file, fsync, rename, fsync of the directory), so a running server and a
//! power cut see the old text or the new one. Changes happen under a `flock` on the directory, so
//! that two first starts agree on one root and two `user add` both count; the running server reads
//! without it, so that nobody who holds the lock holds up requests.

use super::keys;
use crate::auth::{Secret, User, Users};
use crate::server::UsersFile;
use crate::types::{Owner, Timestamp};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const STATE: &str = ".glassbucket";
const FILE: &str = "users.json";

/// Where the state that is no object lies.
pub(in crate::cli) fn state_directory(data: &Path) -> PathBuf {
    data.join(STATE)
}

/// Where the users of a data directory are.
pub(in crate::cli) fn path(data: &Path) -> PathBuf {
    state_directory(data).join(FILE)
}

/// The users of `data`; where there is no file yet one is made with a root user, whose secret is
/// the second value.
pub(in crate::cli) fn open(data: &Path) -> Result<(Users, Option<String>), String> {
    let locked = Locked::take(data)?;
    if let Some(users) = locked.read()? {
        return Ok((users, None));
    }
    let secret = keys::secret();
    let owner = Owner { id: keys::id(), display_name: "root".into() };
    let root =
        User { root: true, ..User::new(owner, keys::access_key(), Secret::new(secret.clone())) };
    let users = Users::new(vec![root])?;
    locked.replace(&users)?;
    Ok((users, Some(secret)))
}

/// The users of an open file, whose path is for the sentence of a refusal.
pub(in crate::cli) fn read(file: &File, path: &Path) -> Result<Users, String> {
    let told = |error: io::Error| format!("cannot read {}: {error}", path.display());
    if file.metadata().map_err(told)?.mode() & 0o077 != 0 {
        return Err(format!(
            "{0} holds secret keys and other users of this machine may read it: chmod 600 {0}",
            path.display()
        ));
    }
    let text = io::read_to_string(file).map_err(told)?;
    Users::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The users as they are now.
pub(super) fn current(data: &Path) -> Result<Users, String> {
    Locked::take_existing(data)?.read()?.ok_or_else(|| no_users(data))
}

/// The users as a list, to be changed while the lock is held. Pairs that a rotation kept and that
/// are over are left out: a secret that counts for nothing need not lie on the disk.
pub(super) fn edit(data: &Path) -> Result<(Locked, Vec<User>), String> {
    let locked = Locked::take_existing(data)?;
    let users = locked.read()?.ok_or_else(|| no_users(data))?;
    let now = Timestamp::now();
    let mut all: Vec<User> = users.iter().map(|user| User::clone(user)).collect();
    for user in &mut all {
        user.previous = user.previous.take().filter(|previous| now < previous.until);
    }
    Ok((locked, all))
}

fn no_users(data: &Path) -> String {
    format!(
        "{} has no users yet: glassbucket serve makes them at its first start (is --data right?)",
        data.display()
    )
}

/// The state directory, with its lock held until this is dropped.
pub(super) struct Locked {
    directory: File,
    file: PathBuf,
}

impl Locked {
    /// Makes the state directory if it is absent.
    fn take(data: &Path) -> Result<Locked, String> {
        let state = state_directory(data);
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(data)
            .and_then(|()| match DirBuilder::new().mode(0o700).create(&state) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => File::open(data)?.sync_all(),
            })
            .map_err(|error| format!("cannot make {}: {error}", state.display()))?;
        Locked::take_existing(data)
    }

    fn take_existing(data: &Path) -> Result<Locked, String> {
        let directory = match File::open(state_directory(data)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_users(data)),
            opened => opened,
        };
        let directory = directory
            .and_then(|directory| directory.lock().map(|()| directory))
            .map_err(|error| format!("cannot lock {}: {error}", state_directory(data).display()))?;
        Ok(Locked { directory, file: path(data) })
    }

    /// The users; `None` if there is no file.
    fn read(&self) -> Result<Option<Users>, String> {
        match UsersFile::open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", self.file.display())),
            Ok(file) => read(&file, &self.file).map(Some),
        }
    }

    /// Durable when it returns.
    pub(super) fn replace(&self, users: &Users) -> Result<(), String> {
        self.write(&users.to_json())
            .map_err(|error| format!("cannot write {}: {error}", self.file.display()))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let staged = self.file.with_extension("json.new");
        // Left behind by a crash; the lock says that nobody is writing it.
        match std::fs::remove_file(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&staged, &self.file)?;
        self.directory.sync_all()
    }
}
