//! `users.json`: made at the first start, changed by `glassbucket user`, read by the server.
//!
//! It holds secrets in clear, as both signature versions need them: the directory has mode 0700,
//! the file 0600, and a file that others may read is refused. It is replaced whole, never written
//! in place (temporary file, fsync, rename, fsync of the directory), so a running server and a
//! power cut see the old text or the new one. Reading and replacing happen under a `flock` on the
//! directory, so that two first starts agree on one root and two `user add` both count.
//!
//! Deviation: AWS's access key ids begin with `AKIA`; ours with `GB`, so that neither scanners nor
//! people take one for a key of AWS. Secrets are made of letters and digits alone, 40 of them (238
//! bits): AWS's alphabet has `/` and `+`, which break in URLs and unquoted shells.

use super::DataDirectory;
use crate::auth::{Secret, User, Users};
use crate::random;
use crate::types::Owner;
use clap::Args;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const STATE: &str = ".glassbucket";
const FILE: &str = "users.json";
const UPPER_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// What `user add` may be told; what is not given is made.
#[derive(Args)]
pub(super) struct NewUser {
    /// Canonical id [default: 64 random hex digits]
    #[arg(long)]
    id: Option<String>,
    /// The name that listings and ACLs show [default: the access key id]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// An address that ACL grants may name
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Access key id [default: 20 random characters that begin with GB]
    #[arg(long, value_name = "ID")]
    access_key: Option<String>,
    /// Secret access key; other users of this machine can see it while the command runs
    /// [default: 40 random characters]
    #[arg(long, value_name = "KEY")]
    secret_key: Option<String>,
    #[command(flatten)]
    directory: DataDirectory,
}

/// Where the state that is no object lies.
pub(super) fn state_directory(data: &Path) -> PathBuf {
    data.join(STATE)
}

/// Where the users of a data directory are.
pub(super) fn path(data: &Path) -> PathBuf {
    state_directory(data).join(FILE)
}

/// The users of `data`; where there is no file yet one is made with a root user, whose secret is
/// the second value.
pub(super) fn open(data: &Path) -> Result<(Users, Option<String>), String> {
    let locked = Locked::take(data)?;
    if let Some(users) = locked.read()? {
        return Ok((users, None));
    }
    let secret = random_word(40, LETTERS_AND_DIGITS);
    let owner = Owner { id: random_word(64, HEX), display_name: "root".into() };
    let root =
        User { root: true, ..User::new(owner, new_access_key(), Secret::new(secret.clone())) };
    let users = Users::new(vec![root])?;
    locked.replace(&users)?;
    Ok((users, Some(secret)))
}

/// Adds a user; the answer is the only place where its secret is printed.
pub(super) fn add(new: NewUser) -> Result<String, String> {
    let data = &new.directory.data;
    let (locked, mut all) = edit(data)?;
    let access_key = new.access_key.unwrap_or_else(new_access_key);
    let secret = new.secret_key.unwrap_or_else(|| random_word(40, LETTERS_AND_DIGITS));
    let id = new.id.unwrap_or_else(|| random_word(64, HEX));
    let display_name = new.display_name.unwrap_or_else(|| access_key.clone());
    for name in [&id, &display_name].into_iter().chain(&new.email) {
        check_name(name)?;
    }
    let user = User {
        email: new.email,
        ..User::new(Owner { id, display_name }, access_key, Secret::new(secret.clone()))
    };
    let answer = format!(
        "access key id      {}\nsecret access key  {secret}\nid                 {}\n\
         display name       {}\n",
        user.access_key, user.owner.id, user.owner.display_name
    );
    all.push(user);
    locked.replace(&Users::new(all)?)?;
    Ok(answer)
}

/// One line a user, without secrets.
pub(super) fn list(data: &Path) -> Result<String, String> {
    let users = Locked::take_existing(data)?.read()?.ok_or_else(|| no_users(data))?;
    let line = |user: &User| {
        let email = user.email.as_deref().unwrap_or("-");
        let root = if user.root { "  root" } else { "" };
        let Owner { id, display_name } = &user.owner;
        format!("{:<20}  {display_name:<20}  {email:<20}  {id}{root}\n", user.access_key)
    };
    Ok(users.iter().map(|user| line(user)).collect())
}

/// Removes the one user that `name` fits; the root stays.
pub(super) fn remove(data: &Path, name: &str) -> Result<String, String> {
    let (locked, mut all) = edit(data)?;
    let is_key = |user: &User| user.access_key == name || user.owner.id == name;
    let fits: Vec<usize> = match all.iter().position(is_key) {
        Some(index) => vec![index],
        None => (0..all.len()).filter(|&i| all[i].owner.display_name == name).collect(),
    };
    let &[index] = fits.as_slice() else {
        return Err(match fits.len() {
            0 => format!("no user has the access key id, id or name {name:?}"),
            many => format!("{many} users are named {name:?}: give the access key id"),
        });
    };
    if all[index].root {
        return Err("the root user cannot be removed: it owns what nobody else does".into());
    }
    let gone = all.remove(index);
    locked.replace(&Users::new(all)?)?;
    Ok(format!("removed {} ({})\n", gone.access_key, gone.owner.display_name))
}

/// The users as a list, to be changed while the lock is held.
fn edit(data: &Path) -> Result<(Locked, Vec<User>), String> {
    let locked = Locked::take_existing(data)?;
    let users = locked.read()?.ok_or_else(|| no_users(data))?;
    let all = users.iter().map(|user| User::clone(user)).collect();
    Ok((locked, all))
}

fn no_users(data: &Path) -> String {
    format!(
        "{} has no users yet: glassbucket serve makes them at its first start (is --data right?)",
        data.display()
    )
}

/// The state directory, with its lock held until this is dropped.
struct Locked {
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
        let told = |error: io::Error| format!("cannot read {}: {error}", self.file.display());
        let file = match File::open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(told)?,
        };
        if file.metadata().map_err(told)?.mode() & 0o077 != 0 {
            return Err(format!(
                "{0} holds secret keys and other users of this machine may read it: chmod 600 {0}",
                self.file.display()
            ));
        }
        let text = io::read_to_string(file).map_err(told)?;
        let users = Users::from_json(&text);
        users.map(Some).map_err(|error| format!("{}: {error}", self.file.display()))
    }

    /// Durable when it returns.
    fn replace(&self, users: &Users) -> Result<(), String> {
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

/// For names that are shown in listings and XML; keys are checked by [`Users::new`].
fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(format!("{name:?} names nobody: it is empty or has control characters"));
    }
    Ok(())
}

fn new_access_key() -> String {
    format!("GB{}", random_word(18, UPPER_AND_DIGITS))
}

/// `count` characters of `alphabet`, each equally likely: bytes past its largest multiple are
/// thrown away.
fn random_word(count: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut made = String::with_capacity(count);
    while made.len() < count {
        let bytes = random::bytes::<64>();
        let wanted = count - made.len();
        let fitting = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < fair);
        made.extend(fitting.take(wanted).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    made
}
