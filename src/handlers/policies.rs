//! The policies of buckets as they were last read: every request wants its bucket's, and to read
//! one of 20 KB takes longer than all else that a small GET does.
//!
//! What is held is known by its text, which comes with the bucket each time it is opened: another
//! text is read anew, so a policy that was put counts with the next request, whoever wrote it.

use crate::auth::access::Policy;
use crate::limits::POLICY_TEXTS_HELD_BYTES_MAX;
use crate::notice::tell;
use crate::types::BucketName;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The policies that were read.
#[derive(Debug, Default)]
pub struct Policies {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    of: BTreeMap<BucketName, (String, Arc<Policy>)>,
    /// Of all these texts.
    bytes: usize,
}

impl Policies {
    /// The policy of that bucket, whose text is that.
    ///
    /// A stored one was checked before it was stored. One that cannot be read any more, damaged or
    /// written by a later server, lets nobody in; the owner can still replace it.
    pub(super) fn read(&self, bucket: &BucketName, text: &str) -> Arc<Policy> {
        if let Some((known, policy)) = self.held().of.get(bucket)
            && known == text
        {
            return policy.clone();
        }
        let policy = Policy::parse(text, None).unwrap_or_else(|error| {
            tell(format_args!("the policy of {} cannot be read: {error}", bucket.as_str()));
            Policy::closed()
        });
        let policy = Arc::new(policy);
        self.held().hold(bucket, text, policy.clone());
        policy
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn hold(&mut self, bucket: &BucketName, text: &str, policy: Arc<Policy>) {
        if let Some((before, _)) = self.of.remove(bucket) {
            self.bytes -= before.len();
        }
        if self.bytes + text.len() > POLICY_TEXTS_HELD_BYTES_MAX {
            *self = Held::default(); // costs another reading each, nothing else
        }
        self.bytes += text.len();
        self.of.insert(bucket.clone(), (text.to_owned(), policy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::POLICY_BYTES_MAX;

    /// A policy of that many bytes.
    fn text(bytes: usize) -> String {
        let policy = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*",
            "Resource": "*"}}"#;
        format!("{policy:bytes$}")
    }

    fn name(name: &str) -> BucketName {
        BucketName::parse(name).unwrap()
    }

    #[test]
    fn a_policy_is_read_once_and_anew_where_its_text_is_another() {
        let policies = Policies::default();
        let first = policies.read(&name("one"), &text(200));
        assert!(first.is_public());
        assert!(Arc::ptr_eq(&first, &policies.read(&name("one"), &text(200))));
        let denied = text(200).replace("Allow", "Deny ").replace("Deny \"", "Deny\" ");
        assert_eq!(denied.len(), 200);
        assert!(!policies.read(&name("one"), &denied).is_public());
        assert!(policies.read(&name("two"), &text(200)).is_public());
        assert!(!policies.read(&name("two"), "no policy").is_public());
    }

    #[test]
    fn class_m_policies_of_many_buckets_are_not_all_held() {
        let policies = Policies::default();
        let many = POLICY_TEXTS_HELD_BYTES_MAX / POLICY_BYTES_MAX;
        let first = policies.read(&name("first"), &text(POLICY_BYTES_MAX));
        for at in 1..many {
            policies.read(&name(&format!("bucket-{at}")), &text(POLICY_BYTES_MAX));
            policies.read(&name("bucket-1"), &text(POLICY_BYTES_MAX - at));
        }
        let is_held = || policies.held().of.contains_key(&name("first"));
        assert!(is_held() && policies.held().bytes <= POLICY_TEXTS_HELD_BYTES_MAX);
        for at in 0..2 {
            policies.read(&name(&format!("more-{at}")), &text(POLICY_BYTES_MAX));
        }
        assert!(!is_held());
        let again = policies.read(&name("first"), &text(POLICY_BYTES_MAX));
        assert!(again.is_public() && !Arc::ptr_eq(&first, &again));
    }
}
