//! The users as of now: a changed `users.json` takes effect within a second, without a restart.
//!
//! A request keeps the users it began with. Refused: a file that cannot be read or says something
//! impossible; the users stay as they were, and standard error says why.

use super::Shared;
use crate::auth::Users;
use crate::limits::FILE_LOOK_INTERVAL;
use crate::notice::tell;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// Where users come from.
pub struct UsersSource {
    /// The users at start.
    pub users: Users,
    /// The file they came from, if any: looked at once a second.
    pub file: Option<PathBuf>,
    /// Reads them again, whole; the error is a sentence and the old users stay.
    pub load: Box<dyn Fn() -> Result<Users, String> + Send + Sync>,
}

impl UsersSource {
    /// Users that never change.
    pub fn fixed(users: Users) -> UsersSource {
        UsersSource { users, file: None, load: Box::new(|| Err("fixed users".to_owned())) }
    }
}

/// The users in force.
pub(super) struct CurrentUsers {
    users: RwLock<Arc<Users>>,
    source: UsersSource,
}

impl CurrentUsers {
    pub(super) fn new(source: UsersSource) -> CurrentUsers {
        CurrentUsers { users: RwLock::new(Arc::new(source.users.clone())), source }
    }

    /// The users of this moment; a request keeps the ones it began with.
    pub(super) fn get(&self) -> Arc<Users> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stamp(&self) -> Option<(SystemTime, u64)> {
        let meta = std::fs::metadata(self.source.file.as_ref()?).ok()?;
        Some((meta.modified().ok()?, std::os::unix::fs::MetadataExt::ino(&meta)))
    }

    fn reload(&self) {
        match (self.source.load)() {
            Ok(users) => {
                *self.users.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(users);
            }
            Err(sentence) => {
                tell(format_args!("the users stay as they were: {sentence}"));
            }
        }
    }
}

/// Looks at the file once a second, for ever.
pub(super) async fn reload_loop(shared: Arc<Shared>) {
    let mut seen = shared.users.stamp();
    loop {
        tokio::time::sleep(FILE_LOOK_INTERVAL).await;
        let now = shared.users.stamp();
        if now.is_some() && now != seen {
            let shared = shared.clone();
            // It waits for the lock of a `user add`. A panic there leaves the users as they were.
            let _ = tokio::task::spawn_blocking(move || shared.users.reload()).await;
            seen = now;
        }
    }
}
