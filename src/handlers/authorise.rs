//! Whether the caller may do that with what is open: the one question that every door ends in.
//!
//! Stands behind `open`, which finds bucket, object or upload. What is asked here is an action of
//! AWS's on a target, with what is known of the request; the answer is `auth::access`'s. What a
//! request brings along wants permissions of its own: conditions, tags, locks, an ACL.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>

use super::{Context, OpenBucket};
use crate::auth::access::{Action, Asked, Caller, Facts, RequestFacts, Target};
use crate::error::{ErrorCode, Result};
use crate::router::{NewObject, ObjectAddress};
use crate::store::Object;
use crate::types::{Conditions, Key, ObjectMeta, Owner, VersionId};
use std::sync::Arc;

impl Context {
    /// `AccessDenied` unless the bucket's rules let the caller do that.
    pub(super) fn authorise(
        &self,
        open: &OpenBucket,
        action: Action,
        target: Target<'_>,
        facts: impl FnOnce() -> Facts,
    ) -> Result<()> {
        match open.rules().allow(Asked { caller: self.caller(), action, target }, facts) {
            true => Ok(()),
            false => Err(ErrorCode::AccessDenied.into()),
        }
    }

    /// [`Context::open_for_write`] of a bucket that is open: whether the caller may write or remove
    /// that key.
    pub(super) fn authorise_write(
        &self,
        open: &OpenBucket,
        action: Action,
        key: &Key,
    ) -> Result<()> {
        self.authorise(open, action, Target::Key(key), || self.facts())
    }

    /// Whether the caller may do that with an object that is open.
    pub(super) fn authorise_object(
        &self,
        open: &OpenBucket,
        key: &Key,
        version: Option<VersionId>,
        meta: &ObjectMeta,
        action: Action,
    ) -> Result<()> {
        let target = Target::Object(key, meta.acl.as_ref());
        self.authorise(open, of_version(action, version), target, || {
            let mut facts = self.facts_of(version);
            for (name, value) in &meta.tags.0 {
                facts.add_existing_tag(name, value.clone());
            }
            facts
        })
    }

    /// Whether the caller may do that with an object, now that a body has told these facts.
    pub(super) fn authorise_body(
        &self,
        open: &OpenBucket,
        at: &ObjectAddress,
        action: Action,
        facts: RequestFacts,
    ) -> Result<()> {
        self.with_facts(facts).object_in(open, &at.key, at.version, action).map(|_| ())
    }

    /// The conditions of a write or delete tell by their outcome what the object is: whoever may
    /// not read it may not guess at its tag (security class G). `*`, which tells only that it is
    /// there, is free, as on AWS.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
    pub(super) fn authorise_conditions(
        &self,
        open: &OpenBucket,
        key: &Key,
        version: Option<VersionId>,
        conditions: &Conditions,
    ) -> Result<()> {
        // A scope to write tells not even that (`auth::access`).
        let free = !conditions.ask_of_content() && !self.caller().acts_for_owners();
        if free || conditions.is_empty() {
            return Ok(());
        }
        match self.object_in(open, key, version, Action::GetObject) {
            Err(error) if error.code == ErrorCode::AccessDenied => Err(error),
            _ => Ok(()), // what is not there the store tells, under the key's lock
        }
    }

    /// What a new object is given beside its bytes wants permissions of its own, as on AWS: tags,
    /// a retention, a legal hold. An ACL only must not be denied: whoever may write may say who
    /// reads.
    pub(super) fn authorise_new(
        &self,
        open: &OpenBucket,
        key: &Key,
        new: &NewObject,
    ) -> Result<()> {
        let authorise = |action| self.authorise_write(open, action, key);
        if !new.tags.is_empty() {
            self.authorise_new_tags(open, key)?;
        }
        if new.lock.retention.is_some() {
            authorise(Action::PutObjectRetention)?;
        }
        if new.lock.legal_hold.is_some() {
            authorise(Action::PutObjectLegalHold)?;
        }
        let gives_acl = new.acl.canned.is_some() || !new.acl.grants.is_empty();
        if gives_acl && self.is_denied(open, Action::PutObjectAcl, key) {
            return Err(ErrorCode::AccessDenied.into());
        }
        Ok(())
    }

    /// The tags of a new object, given with it or copied. Whom the bucket's ACL lets write they
    /// only must not be denied (a deviation: AWS has no ACL that lets tag; but whoever may write
    /// any object may say what it is filed under).
    pub(super) fn authorise_new_tags(&self, open: &OpenBucket, key: &Key) -> Result<()> {
        let action = Action::PutObjectTagging;
        let by_acl = open.rules().acl_lets_write(self.caller());
        match by_acl && !self.is_denied(open, action, key) {
            true => Ok(()),
            false => self.authorise_write(open, action, key),
        }
    }

    /// Whether the caller may remove that key, or that version of it.
    pub(super) fn may_remove(
        &self,
        open: &OpenBucket,
        key: &Key,
        version: Option<VersionId>,
    ) -> Result<()> {
        let action = of_version(Action::DeleteObject, version);
        self.authorise(open, action, Target::Key(key), || self.facts_of(version))
    }

    /// Whether the caller may pass a GOVERNANCE retention of that key, or that version of it.
    pub(super) fn may_bypass_governance(
        &self,
        open: &OpenBucket,
        key: &Key,
        version: Option<VersionId>,
    ) -> Result<()> {
        let facts = || self.facts_of(version);
        self.authorise(open, Action::BypassGovernanceRetention, Target::Key(key), facts)
    }

    /// Whether the caller may know of the tags of an object that it may read.
    pub(super) fn may_read_tags(
        &self,
        open: &OpenBucket,
        at: &ObjectAddress,
        object: &Object,
    ) -> bool {
        let action = Action::GetObjectTagging;
        self.authorise_object(open, &at.key, at.version, &object.meta, action).is_ok()
    }

    /// Whether its role, or the bucket's policy, forbids the caller to do that with a key.
    pub(super) fn is_denied(&self, open: &OpenBucket, action: Action, key: &Key) -> bool {
        let asked = Asked { caller: self.caller(), action, target: Target::Key(key) };
        open.rules().deny(asked, || self.facts())
    }

    /// Who asks, and how far its role reaches.
    pub(super) fn caller(&self) -> Caller<'_> {
        Caller::of(&self.verified)
    }

    /// Whose it is what the caller writes: the bucket owner's, where the caller acts for that one.
    pub(super) fn writer(&self, open: &OpenBucket) -> Owner {
        match self.verified.user() {
            Some(_) if self.caller().acts_for_owners() => open.owner.clone(),
            Some(user) => user.owner.clone(),
            None => Owner::anonymous(),
        }
    }

    /// The same caller, of whose request more is known now.
    pub(super) fn with_facts(&self, facts: RequestFacts) -> Context {
        Context { facts: Arc::new(facts), ..self.clone() }
    }

    pub(super) fn facts(&self) -> Facts {
        Facts::new(&self.facts, &self.verified, self.now)
    }

    /// The same of a version, which the query may not be what names.
    pub(super) fn facts_of(&self, version: Option<VersionId>) -> Facts {
        let mut facts = self.facts();
        if let Some(version) = version {
            facts.set("s3:versionid", version.to_string());
        }
        facts
    }
}

/// Where a version is named the action has another name.
pub(super) fn of_version(action: Action, version: Option<VersionId>) -> Action {
    if version.is_some() { action.of_version() } else { action }
}
