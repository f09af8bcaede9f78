//! Which bytes count for a user: those that lie where it may write.
//!
//! | role | what counts |
//! |---|---|
//! | account | all buckets it owns, whoever wrote there |
//! | scoped | what is below its write scopes |
//! | admin | everything |

use crate::auth::{Role, User};
use crate::error::{ErrorCode, Result};
use crate::store::{BucketConfig, Store};
use crate::types::BucketName;

/// Whether that key of a bucket of that owner is such a place.
pub(super) fn is_of(user: &User, owner_id: &str, bucket: &BucketName, key: &str) -> bool {
    match &user.role {
        Role::Account => user.owner.id == owner_id,
        Role::Scoped(scopes) => scopes.write.iter().any(|scope| scope.covers(bucket, key)),
        Role::Admin => true,
    }
}

/// Walks all of them: the bytes that lie there. Blocks, for as long as that takes.
pub(super) fn measure(user: &User, store: &Store) -> Result<u64> {
    let mut bytes: u64 = 0;
    for (name, config) in store.buckets()? {
        for prefix in prefixes(user, &name, &config) {
            match store.bucket(&name).and_then(|bucket| bucket.bytes_stored(prefix)) {
                Ok(more) => bytes = bytes.saturating_add(more),
                Err(error) if error.code == ErrorCode::NoSuchBucket => {} // it went meanwhile
                Err(error) => return Err(error),
            }
        }
    }
    Ok(bytes)
}

/// How the keys of a bucket begin that count; none of these begins with another, so that no key
/// counts twice.
fn prefixes<'u>(user: &'u User, name: &BucketName, config: &BucketConfig) -> Vec<&'u str> {
    let is_owner = || match &config.owner {
        Some(owner) => owner.id == user.owner.id,
        None => user.root,
    };
    let mut prefixes: Vec<&str> = match &user.role {
        Role::Account if !is_owner() => Vec::new(),
        Role::Account | Role::Admin => vec![""],
        Role::Scoped(scopes) => {
            let here = scopes.write.iter().filter(|scope| scope.is_in(name));
            here.map(|scope| scope.prefix()).collect()
        }
    };
    prefixes.sort_unstable();
    prefixes.dedup_by(|later, kept| later.starts_with(*kept));
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Secret;
    use crate::auth::role::{Scope, Scopes};
    use crate::types::Owner;

    fn user(id: &str, role: Role) -> User {
        let owner = Owner { id: id.into(), display_name: id.into() };
        User { role, ..User::new(owner, id.into(), Secret::new("secret".into())) }
    }

    fn scoped(write: &[&str]) -> User {
        let scope = |text: &&str| Scope::parse(text).unwrap();
        let write = write.iter().map(scope).collect();
        let read = vec![Scope::parse("*").unwrap()];
        user("scoped", Role::Scoped(Scopes { read, write }))
    }

    fn bucket(name: &str) -> BucketName {
        BucketName::parse(name).unwrap()
    }

    fn owned_by(id: &str) -> BucketConfig {
        let owner = Some(user(id, Role::Account).owner);
        BucketConfig { owner, ..BucketConfig::default() }
    }

    #[test]
    fn no_key_counts_twice_where_scopes_overlap() {
        let user = scoped(&["bkt/b", "bkt/a/x", "bkt/a", "*/b/c", "bkt/a-b", "other"]);
        assert_eq!(prefixes(&user, &bucket("bkt"), &owned_by("own")), ["a-b/", "a/", "b/"]);
        assert_eq!(prefixes(&user, &bucket("other"), &owned_by("own")), [""]);
        assert_eq!(prefixes(&user, &bucket("third"), &owned_by("own")), ["b/c/"]);
    }

    #[test]
    fn what_it_may_read_does_not_count() {
        assert!(prefixes(&scoped(&["bkt"]), &bucket("other"), &owned_by("own")).is_empty());
        assert!(!is_of(&scoped(&["bkt/a"]), "own", &bucket("bkt"), "b/k"));
        assert!(is_of(&scoped(&["bkt/a"]), "own", &bucket("bkt"), "a/k"));
    }

    #[test]
    fn an_account_has_its_buckets_and_root_those_made_by_hand() {
        let (own, admin) = (user("own", Role::Account), user("admin", Role::Admin));
        assert_eq!(prefixes(&own, &bucket("bkt"), &owned_by("own")), [""]);
        assert!(prefixes(&own, &bucket("bkt"), &owned_by("other")).is_empty());
        assert_eq!(prefixes(&admin, &bucket("bkt"), &owned_by("other")), [""]);
        assert!(prefixes(&own, &bucket("bkt"), &BucketConfig::default()).is_empty());
        let root = User { root: true, ..own };
        assert_eq!(prefixes(&root, &bucket("bkt"), &BucketConfig::default()), [""]);
    }
}
