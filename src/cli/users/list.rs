//! How users are shown: a line each, of words that say what they are, for people and for `grep`.
//!
//! Never a secret, neither the present nor the previous one (security class K).

use super::amounts::show_size;
use crate::auth::{Role, User};
use crate::types::Timestamp;

/// Access key id, name and state in columns, and the rest in words.
pub(super) fn table<'u>(users: impl IntoIterator<Item = &'u User>, now: Timestamp) -> String {
    let rows: Vec<[String; 4]> = users.into_iter().map(|user| row(user, now)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let [keys, names, states] = [0, 1, 2].map(|column| width(column).unwrap_or_default());
    let line = |[key, name, state, words]: &[String; 4]| {
        format!("{key:<keys$}  {name:<names$}  {state:<states$}  {words}\n")
    };
    rows.iter().map(line).collect()
}

fn row(user: &User, now: Timestamp) -> [String; 4] {
    let state = match user.expires {
        _ if user.disabled => "disabled",
        Some(end) if end <= now => "expired",
        _ => "active",
    };
    let mut words = words(user, now);
    words.extend(user.email.iter().map(|email| format!("email={}", plain(email))));
    words.push(format!("id={}", plain(&user.owner.id)));
    let name = plain(&user.owner.display_name);
    [user.access_key.clone(), name, state.to_owned(), words.join(" ")]
}

/// What a user may do, how long and how much, and the pair that still counts beside its own.
pub(super) fn words(user: &User, now: Timestamp) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(user.root.then(|| "root".to_owned()));
    match &user.role {
        Role::Account => words.extend((!user.root).then(|| "account".to_owned())),
        Role::Admin => words.push("admin".to_owned()),
        Role::Scoped(scopes) => {
            let words_before = words.len();
            words.extend(scopes.read.iter().map(|scope| format!("read={}", plain(scope))));
            words.extend(scopes.write.iter().map(|scope| format!("write={}", plain(scope))));
            if words.len() == words_before {
                words.push("nothing".to_owned());
            }
        }
    }
    words.extend(user.expires.map(|end| format!("expires={}", end.rfc3339())));
    words.extend(user.quotas.bytes_max.map(|bytes| format!("quota={}", show_size(bytes))));
    words.extend(user.quotas.requests_per_second.map(|rate| format!("rate={rate}")));
    let previous = user.previous.as_ref().filter(|previous| now < previous.until);
    words.extend(previous.map(|previous| {
        format!("previous={} until={}", previous.access_key, previous.until.rfc3339())
    }));
    words
}

/// A line stays one line, and a terminal is told nothing, whatever a key or an edited file has.
fn plain(text: impl ToString) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.to_string().chars().map(shown).collect()
}
