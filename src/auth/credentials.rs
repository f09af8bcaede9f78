//! Who has a key: users, their access keys and their secrets.
//!
//! Read by `auth` to verify a signature, and by the handlers to resolve a grantee. Kept in
//! `users.json`, which `cli` writes (mode 0600) and the server re-reads.
//!
//! Refused, each with a sentence for the person who edits the file: an empty access key or secret
//! (security class I: a peer verified against an empty secret), an access key with a character
//! that delimits credentials in a header, two users with the same id, key or e-mail address, two
//! roots. A [`Secret`] has no `Debug` and no `Display` (class K): only [`Users::to_json`] shows it.

use super::role::{Quotas, Role};
use crate::types::{Owner, Timestamp};
use serde::{Deserialize, Serialize};
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

/// `users.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    users: Vec<Record>,
}

/// One user in `users.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    id: String,
    display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    access_key: String,
    secret_key: String,
    #[serde(default)]
    root: bool,
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
        Users::new(document.users.into_iter().map(User::from).collect())
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
        let name = &user.owner.display_name;
        if user.owner.id.is_empty() {
            return Err(format!("user {name:?} has no id"));
        }
        if !is_access_key(&user.access_key) {
            return Err(format!(
                "the access key of user {name:?} must be printable ASCII without space and , / : ="
            ));
        }
        if user.secret.0.is_empty() {
            return Err(format!("user {name:?} has an empty secret key"));
        }
        if !ids.insert(&user.owner.id) {
            return Err(format!("two users have the id {:?}", user.owner.id));
        }
        if !keys.insert(&user.access_key) {
            return Err(format!("two users have the access key {:?}", user.access_key));
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

/// `,`, `/`, `:` and `=` delimit a key in one of the four forms of credentials.
fn is_access_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic() && !b",/:=".contains(&b))
}

impl From<Record> for User {
    fn from(record: Record) -> User {
        let owner = Owner { id: record.id, display_name: record.display_name };
        User {
            email: record.email,
            root: record.root,
            ..User::new(owner, record.access_key, Secret::new(record.secret_key))
        }
    }
}

impl From<&User> for Record {
    fn from(user: &User) -> Record {
        Record {
            id: user.owner.id.clone(),
            display_name: user.owner.display_name.clone(),
            email: user.email.clone(),
            access_key: user.access_key.clone(),
            secret_key: user.secret.0.clone(),
            root: user.root,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, key: &str, secret: &str, root: bool) -> User {
        let owner = Owner { id: id.to_owned(), display_name: format!("name of {id}") };
        User {
            email: Some(format!("{id}@example.com")),
            root,
            ..User::new(owner, key.to_owned(), Secret::new(secret.to_owned()))
        }
    }

    #[test]
    fn users_are_found_and_survive_json() {
        let list = vec![user("b", "kb", "sb", false), user("z", "kz", "sz", true)];
        let users = Users::from_json(&Users::new(list).unwrap().to_json()).unwrap();
        let now = Timestamp::new(0, 0);
        assert_eq!(users.key("kb", now).unwrap().user.owner.id, "b");
        assert_eq!(users.by_id("z").unwrap().access_key, "kz");
        assert_eq!(users.by_email("B@Example.com").unwrap().secret.as_bytes(), b"sb");
        assert_eq!(users.root().unwrap().owner.id, "z");
        assert!(users.key("", now).is_none());
        let order: Vec<&str> = users.iter().map(|user| user.owner.id.as_str()).collect();
        assert_eq!(order, ["z", "b"]);
    }

    #[test]
    fn class_i_an_empty_secret_or_key_is_refused() {
        for (key, secret) in [("", "s"), ("k", ""), ("a/b", "s"), ("a b", "s"), ("ä", "s")] {
            assert!(Users::new(vec![user("a", key, secret, false)]).is_err(), "{key:?} {secret:?}");
        }
        assert!(Users::from_json(r#"{"users":[{"id":"a","display_name":"a"}]}"#).is_err());
    }

    #[test]
    fn duplicates_are_refused() {
        for second in [user("a", "k2", "s", false), user("b", "k", "s", false)] {
            assert!(Users::new(vec![user("a", "k", "s", false), second]).is_err());
        }
        assert!(Users::new(vec![user("a", "k", "s", true), user("b", "l", "s", true)]).is_err());
    }

    #[test]
    fn class_k_no_message_and_no_debug_form_shows_a_secret() {
        let users = Users::new(vec![user("a", "k", "hush", true)]).unwrap();
        assert!(!format!("{users:?}").contains("hush"));
        let text = users.to_json().replace("\"hush\"", "{\"hush\":1}");
        assert!(!Users::from_json(&text).unwrap_err().contains("hush"));
    }
}
