//! `users.json` as text: what each user looks like in it, and what a person may have written there.
//!
//! ```json
//! { "id": "0123...", "display_name": "camera", "access_key": "GB...", "secret_key": "...",
//!   "previous": { "access_key": "GB...", "secret_key": "...", "until": "2026-12-01T00:00:00Z" },
//!   "expires": "2027-01-01T00:00:00Z", "read": [], "write": ["backups/cam/"],
//!   "quota_bytes": 53687091200, "requests_per_second": 20 }
//! ```
//!
//! What is absent has its default: an account of its own, without limits, never disabled. Times are
//! RFC 3339, written in whole seconds UTC; scopes are those of the command line.
//!
//! Refused: a field that is not known (a `"dissabled": true` must not be passed over), a time or a
//! scope that is none, `admin` together with scopes. An empty list of scopes is no absent one: who
//! takes the last scope out by hand leaves a user who may nothing, not an account.

use super::{PreviousKey, Secret, User};
use crate::auth::role::{Quotas, Role, Scope, Scopes};
use crate::types::{Owner, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::Not;

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) users: Vec<Record>,
}

/// One user.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    id: String,
    display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    access_key: String,
    secret_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
    #[serde(default, skip_serializing_if = "Not::not")]
    root: bool,
    #[serde(default, skip_serializing_if = "Not::not")]
    disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(default, skip_serializing_if = "Not::not")]
    admin: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    write: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_per_second: Option<u32>,
}

/// The pair before the last rotation.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Previous {
    access_key: String,
    secret_key: String,
    until: String,
}

impl Record {
    /// The user; the error is a sentence that names it.
    pub(super) fn into_user(self) -> Result<User, String> {
        let name = self.display_name.clone();
        self.read_user().map_err(|sentence| format!("user {name:?}: {sentence}"))
    }

    fn read_user(self) -> Result<User, String> {
        let role = role(self.admin, self.read, self.write)?;
        let expires = self.expires.map(|text| time("expires", &text)).transpose()?;
        let previous = self.previous.map(Previous::into_key).transpose()?;
        let quotas =
            Quotas { bytes_max: self.quota_bytes, requests_per_second: self.requests_per_second };
        Ok(User {
            owner: Owner { id: self.id, display_name: self.display_name },
            email: self.email,
            access_key: self.access_key,
            secret: Secret::new(self.secret_key),
            previous,
            root: self.root,
            role,
            disabled: self.disabled,
            expires,
            quotas,
        })
    }
}

impl Previous {
    fn into_key(self) -> Result<PreviousKey, String> {
        Ok(PreviousKey {
            until: time("until", &self.until)?,
            access_key: self.access_key,
            secret: Secret::new(self.secret_key),
        })
    }
}

fn role(
    admin: bool,
    read: Option<Vec<String>>,
    write: Option<Vec<String>>,
) -> Result<Role, String> {
    match (admin, read, write) {
        (false, None, None) => Ok(Role::Account),
        (true, None, None) => Ok(Role::Admin),
        (true, ..) => Err("an admin has no scopes (read, write)".to_owned()),
        (false, read, write) => {
            let parse = |list: Option<Vec<String>>| -> Result<Vec<Scope>, String> {
                list.unwrap_or_default().iter().map(|text| Scope::parse(text)).collect()
            };
            Ok(Role::Scoped(Scopes { read: parse(read)?, write: parse(write)? }))
        }
    }
}

/// The text is not shown: a person may have put a secret in the wrong place (security class K).
fn time(field: &str, text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| format!("{field} is not a time such as 2027-01-31T00:00:00Z"))
}

impl From<&User> for Record {
    fn from(user: &User) -> Record {
        let (read, write) = match &user.role {
            Role::Scoped(scopes) => (Some(texts(&scopes.read)), Some(texts(&scopes.write))),
            Role::Account | Role::Admin => (None, None),
        };
        let previous = user.previous.as_ref().map(|previous| Previous {
            access_key: previous.access_key.clone(),
            secret_key: previous.secret.0.clone(),
            until: previous.until.rfc3339(),
        });
        Record {
            id: user.owner.id.clone(),
            display_name: user.owner.display_name.clone(),
            email: user.email.clone(),
            access_key: user.access_key.clone(),
            secret_key: user.secret.0.clone(),
            previous,
            root: user.root,
            disabled: user.disabled,
            expires: user.expires.map(Timestamp::rfc3339),
            admin: user.role == Role::Admin,
            read,
            write,
            quota_bytes: user.quotas.bytes_max,
            requests_per_second: user.quotas.requests_per_second,
        }
    }
}

fn texts(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(Scope::to_string).collect()
}
