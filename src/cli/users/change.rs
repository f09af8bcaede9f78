//! What changes users: each reads the file, changes one user and replaces the file under one lock.
//!
//! The rules of a list of users are `auth`'s; added here is that a name names one user, so that a
//! script that disables `camera` disables the camera. Refused, with a sentence: a name, an id or an
//! access key by which another user is known already, a name that several have (by hand, or from
//! before this rule), and to remove the root.

use super::amounts::after;
use super::file::{self, Locked};
use super::{NewUser, Rights, keys, list};
use crate::auth::role::{Scope, Scopes};
use crate::auth::{PreviousKey, Role, Secret, User, Users};
use crate::cli::say;
use crate::types::{Owner, Timestamp};
use std::path::Path;

/// Adds a user; the answer is the only place where its secret is printed.
pub(super) fn add(new: NewUser) -> Result<String, String> {
    let data = &new.directory.data;
    let (locked, mut all) = file::edit(data)?;
    let owner = Owner { id: new.id.unwrap_or_else(keys::id), display_name: new.name };
    let access_key = new.access_key.unwrap_or_else(keys::access_key);
    let secret = new.secret_key.unwrap_or_else(keys::secret);
    let mut user = User::new(owner, access_key, Secret::new(secret.clone()));
    user.email = new.email;
    new.rights.apply(&mut user);
    for name in [&user.owner.id, &user.owner.display_name].into_iter().chain(&user.email) {
        check_name(name)?;
    }
    check_unknown(&all, &user)?;
    let answer = told_once(&user, &secret);
    note_absent_buckets(data, &user);
    all.push(user);
    locked.replace(&Users::new(all)?)?;
    Ok(answer)
}

/// Changes what is given.
pub(super) fn set(data: &Path, name: &str, rights: Rights) -> Result<String, String> {
    if rights.is_empty() {
        return Err("nothing is to be changed: see glassbucket user set --help".to_owned());
    }
    let user = change(data, name, |user| rights.apply(user))?;
    note_absent_buckets(data, &user);
    Ok(shown(&user))
}

/// A new pair of keys; the one before counts for so many seconds more, or ends at once. One that
/// was still kept from a rotation before ends now.
pub(super) fn rotate(data: &Path, name: &str, keep: Option<u64>) -> Result<String, String> {
    let secret = keys::secret();
    let user = change(data, name, |user| {
        let access_key = std::mem::replace(&mut user.access_key, keys::access_key());
        let old = std::mem::replace(&mut user.secret, Secret::new(secret.clone()));
        user.previous = keep.map(|secs| {
            let until = after(Timestamp::now(), secs);
            PreviousKey { access_key, secret: old, until }
        });
    })?;
    Ok(told_once(&user, &secret))
}

/// Refuses a user's keys, or lets them count again.
pub(super) fn disable(data: &Path, name: &str, disabled: bool) -> Result<String, String> {
    Ok(shown(&change(data, name, |user| user.disabled = disabled)?))
}

/// Removes the one user that `name` fits; the root stays.
pub(super) fn remove(data: &Path, name: &str) -> Result<String, String> {
    let (locked, mut all) = file::edit(data)?;
    let index = find(&all, name)?;
    if all[index].root {
        return Err("the root user cannot be removed: it owns what nobody else does".into());
    }
    let gone = all.remove(index);
    locked.replace(&Users::new(all)?)?;
    Ok(format!("removed {} ({})\n", gone.access_key, gone.owner.display_name))
}

/// Changes the one user that `name` fits; as it is then.
fn change(data: &Path, name: &str, change: impl FnOnce(&mut User)) -> Result<User, String> {
    let (locked, mut all): (Locked, Vec<User>) = file::edit(data)?;
    let index = find(&all, name)?;
    change(&mut all[index]);
    let changed = all[index].clone();
    locked.replace(&Users::new(all)?)?;
    Ok(changed)
}

impl Rights {
    fn is_empty(&self) -> bool {
        self.role().is_none()
            && self.expires.is_none()
            && self.quota.is_none()
            && self.rate.is_none()
    }

    /// The role, if one is given. It is given as a whole: `--read photos` alone is all that the
    /// user may from then on, so that the command line can be read without the file.
    fn role(&self) -> Option<Role> {
        match (self.admin, self.account) {
            (true, _) => Some(Role::Admin),
            (_, true) => Some(Role::Account),
            _ if self.read.is_empty() && self.write.is_empty() => None,
            _ => {
                let (read, write) = (self.read.clone(), self.write.clone());
                Some(Role::Scoped(Scopes { read, write }))
            }
        }
    }

    /// What is not given stays.
    fn apply(&self, user: &mut User) {
        if let Some(role) = self.role() {
            user.role = role;
        }
        if let Some(expires) = self.expires {
            user.expires = expires.into_option();
        }
        if let Some(quota) = self.quota {
            user.quotas.bytes_max = quota.into_option();
        }
        if let Some(rate) = self.rate {
            user.quotas.requests_per_second = rate.into_option();
        }
    }
}

/// By access key id or canonical id, else by name.
fn find(all: &[User], name: &str) -> Result<usize, String> {
    let is_key = |user: &User| user.access_key == name || user.owner.id == name;
    let fits: Vec<usize> = match all.iter().position(is_key) {
        Some(index) => vec![index],
        None => (0..all.len()).filter(|&i| all[i].owner.display_name == name).collect(),
    };
    match fits.as_slice() {
        [index] => Ok(*index),
        [] => Err(format!("no user has the access key id, id or name {name:?}")),
        many => Err(format!("{} users are named {name:?}: give the access key id", many.len())),
    }
}

/// Whatever names the new user names no other.
fn check_unknown(all: &[User], new: &User) -> Result<(), String> {
    let names = |user: &User| {
        [&user.owner.display_name, &user.owner.id, &user.access_key].map(String::clone)
    };
    let known = |name: &String| all.iter().any(|user| names(user).contains(name));
    match names(new).into_iter().find(known) {
        Some(name) => Err(format!("another user is known by {name:?} already")),
        None => Ok(()),
    }
}

/// For names that are shown in listings and XML; keys are checked by [`Users::new`].
fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(format!("{name:?} names nobody: it is empty or has control characters"));
    }
    Ok(())
}

/// A bucket may well be made later, so this is no refusal; a slip of the finger looks the same.
fn note_absent_buckets(data: &Path, user: &User) {
    let Role::Scoped(scopes) = &user.role else { return };
    let mut buckets: Vec<&str> = scopes
        .read
        .iter()
        .chain(&scopes.write)
        .filter_map(Scope::bucket)
        .map(|bucket| bucket.as_str())
        .filter(|bucket| !data.join(bucket).is_dir())
        .collect();
    buckets.sort_unstable();
    buckets.dedup();
    for bucket in buckets {
        say(&format!("note: there is no bucket {bucket} yet\n"));
    }
}

/// A new pair, with its secret.
fn told_once(user: &User, secret: &str) -> String {
    format!(
        "access key id      {}\nsecret access key  {secret}\nname               {}\n\
         id                 {}\nmay                {}\n",
        user.access_key,
        user.owner.display_name,
        user.owner.id,
        list::words(user, Timestamp::now()).join(" "),
    )
}

/// As it is listed.
fn shown(user: &User) -> String {
    list::table([user], Timestamp::now())
}
