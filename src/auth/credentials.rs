//! Who has a key: users, their access keys and their secrets.
//!
//! Read by `auth` to verify a signature, and by the handlers to resolve a grantee. Kept in
//! `users.json`, which `cli` writes (mode 0600) and the server re-reads; `record` is its text.
//!
//! Refused, each with a sentence for the person who edits the file: an empty access key or secret
//! (security class I: a peer verified against an empty secret), an access key with a character
//! that delimits credentials in a header, two users with the same id, key or e-mail address, two
//! roots, a root that is disabled, ends or is scoped (it owns what nobody else does), a limit of 0.
//! The pair before a rotation is a pair like any other. A [`Secret`] has no `Debug` and no
//! `Display` (class K): only [`Users::to_json`] shows it.

mod record;

use super::role::{Quotas, Role};
use crate::types::{Owner, Timestamp};
use record::{Document, Record};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// A secret key. It cannot be printed: no `Debug`, no `Display`, no `Serialize`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text of a secret key.
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The key of the HMACs.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Someone with a key.
#[derive(Clone)]
pub struct User {
    /// Canonical id and name.
    pub owner: Owner,
    /// E-mail address, by which a grant may name the user.
    pub email: Option<String>,
    /// Access key id.
    pub access_key: String,
    /// Secret key.
    pub secret: Secret,
    /// The pair before the last rotation, while it still counts.
    pub previous: Option<PreviousKey>,
    /// Owns what nobody owns: directories made by hand.
    pub root: bool,
    /// What it may reach.
    pub role: Role,
    /// Its keys count for nothing until it is enabled again.
    pub disabled: bool,
    /// From then on its keys count for nothing.
    pub expires: Option<Timestamp>,
    /// What it may use up.
    pub quotas: Quotas,
}

/// A pair that was replaced.
#[derive(Clone)]
pub struct PreviousKey {
    /// Access key id.
    pub access_key: String,
    /// Secret key.
    pub secret: Secret,
    /// From then on it counts for nothing.
    pub until: Timestamp,
}

impl User {
    /// An account without limits, never disabled, with one pair of keys.
    pub fn new(owner: Owner, access_key: String, secret: Secret) -> User {
        User {
            owner,
            email: None,
            access_key,
            secret,
            previous: None,
            root: false,
            role: Role::default(),
            disabled: false,
            expires: None,
            quotas: Quotas::default(),
        }
    }

    /// Both pairs, whether they count or not.
    fn pairs(&self) -> impl Iterator<Item = (&str, &Secret)> {
        let previous = self.previous.iter().map(|pair| (pair.access_key.as_str(), &pair.secret));
        std::iter::once((self.access_key.as_str(), &self.secret)).chain(previous)
    }
}

/// One pair of keys and whose it is: what a signature is verified with.
#[derive(Clone)]
pub(super) struct AccessKey {
    pub(super) user: Arc<User>,
    pub(super) secret: Secret,
    /// From then on it counts for nothing.
    until: Option<Timestamp>,
}

/// Everything but the secret.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.owner.id)
            .field("access_key", &self.access_key)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// All users; a value that is only looked up in. A change makes a new one.
#[derive(Clone, Default)]
pub struct Users {
    /// In the order of [`Users::iter`].
    all: Vec<Arc<User>>,
    by_key: HashMap<String, AccessKey>,
}

/// The users, without their secrets.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.all).finish()
    }
}

impl Users {
    /// From a list; the error is a sentence that names what is wrong.
    pub fn new(mut users: Vec<User>) -> Result<Users, String> {
        check(&users)?;
        users.sort_by(|a, b| {
            let order = |user: &User| (!user.root, user.owner.display_name.clone());
            order(a).cmp(&order(b)).then_with(|| a.owner.id.cmp(&b.owner.id))
        });
        let all: Vec<Arc<User>> = users.into_iter().map(Arc::new).collect();
        let by_key = all.iter().flat_map(AccessKey::of_user).collect();
        Ok(Users { all, by_key })
    }

    /// From the text of `users.json`; the error is a sentence.
    pub fn from_json(text: &str) -> Result<Users, String> {
        // serde_json's own message may quote the text, and the text holds secrets: place only.
        let document: Document = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("the users file is not as expected at line {line}, column {column}")
        })?;
        let users: Result<_, String> = document.users.into_iter().map(Record::into_user).collect();
        Users::new(users?)
    }

    /// To the text of `users.json`, secrets included.
    pub fn to_json(&self) -> String {
        let users = self.all.iter().map(|user| Record::from(&**user)).collect();
        let mut text = serde_json::to_string_pretty(&Document { users })
            .expect("strings and booleans always serialise");
        text.push('\n');
        text
    }

    /// The pair with that access key id, if it counts at that time.
    pub(super) fn key(&self, access_key: &str, now: Timestamp) -> Option<&AccessKey> {
        self.by_key
            .get(access_key)
            .filter(|key| !key.user.disabled && key.until.is_none_or(|until| now < until))
    }

    /// By canonical id.
    pub fn by_id(&self, id: &str) -> Option<&Arc<User>> {
        self.all.iter().find(|user| user.owner.id == id)
    }

    /// By e-mail address; case does not matter.
    pub fn by_email(&self, email: &str) -> Option<&Arc<User>> {
        let has = |user: &&Arc<User>| {
            user.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email))
        };
        self.all.iter().find(has)
    }

    /// The root user.
    pub fn root(&self) -> Option<&Arc<User>> {
        self.all.iter().find(|user| user.root)
    }

    /// Root first, then by display name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<User>> {
        self.all.iter()
    }
}

impl AccessKey {
    /// All pairs of a user, by access key id.
    fn of_user(user: &Arc<User>) -> Vec<(String, AccessKey)> {
        let pair = |access_key: &String, secret: &Secret, until| {
            let key = AccessKey { user: user.clone(), secret: secret.clone(), until };
            (access_key.clone(), key)
        };
        let mut pairs = vec![pair(&user.access_key, &user.secret, user.expires)];
        pairs.extend(user.previous.as_ref().map(|previous| {
            let until = user.expires.map_or(previous.until, |end| end.min(previous.until));
            pair(&previous.access_key, &previous.secret, Some(until))
        }));
        pairs
    }
}

/// What no list of users may have.
fn check(users: &[User]) -> Result<(), String> {
    let (mut keys, mut ids, mut emails) = (HashSet::new(), HashSet::new(), HashSet::new());
    for user in users {
        check_alone(user)
            .map_err(|sentence| format!("user {:?}: {sentence}", user.owner.display_name))?;
        if !ids.insert(&user.owner.id) {
            return Err(format!("two users have the id {:?}", user.owner.id));
        }
        for (access_key, _) in user.pairs() {
            if !keys.insert(access_key) {
                return Err(format!("two pairs have the access key {access_key:?}"));
            }
        }
        if let Some(email) = &user.email
            && !emails.insert(email.to_ascii_lowercase())
        {
            return Err(format!("two users have the e-mail address {email:?}"));
        }
    }
    if users.iter().filter(|user| user.root).count() > 1 {
        return Err("only one user can be root".to_owned());
    }
    Ok(())
}

/// What no user may be, whoever the others are.
fn check_alone(user: &User) -> Result<(), String> {
    let refused = |sentence: &str| Err(sentence.to_owned());
    if user.owner.id.is_empty() {
        return refused("there is no id");
    }
    for (access_key, secret) in user.pairs() {
        if !is_access_key(access_key) {
            return refused("an access key is printable ASCII without space and , / : =");
        }
        if secret.0.is_empty() {
            return refused("a secret key is empty");
        }
    }
    if user.root && (user.disabled || user.expires.is_some()) {
        return refused("the root user can neither be disabled nor expire");
    }
    if user.root && matches!(user.role, Role::Scoped(_)) {
        return refused("the root user cannot be limited to scopes");
    }
    if user.quotas.bytes_max == Some(0) || user.quotas.requests_per_second == Some(0) {
        return refused("a limit of 0 is none: disable the user instead");
    }
    Ok(())
}

/// `,`, `/`, `:` and `=` delimit a key in one of the four forms of credentials.
fn is_access_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic() && !b",/:=".contains(&b))
}

#[cfg(test)]
mod tests;
