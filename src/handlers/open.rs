//! Opening what a request is about, for a caller who may do that with it: the one way there.
//!
//! Every door ends in [`Context::authorise`], which asks `auth::access`. What is not there is told
//! only to whoever may list the bucket; to others it answers exactly as what they may not read,
//! before conditions and ranges are looked at (security class G). The source of a copy comes
//! through the same door as a read (class H). A missing bucket is `NoSuchBucket` to all, as on AWS.

use super::{Context, OpenBucket, blocking, name_in};
use crate::auth::access::{Action, Asked, Caller, Facts, RequestFacts, Rules, Target};
use crate::error::{ErrorCode, Result, S3Error};
use crate::router::{CopySource, Listing, NewObject, ObjectAddress, UploadAddress};
use crate::store::{Object, Upload};
use crate::types::{
    BucketName, Conditions, Key, ObjectMeta, ObjectOwnership, Owner, VersionId,
    WebsiteConfiguration,
};
use std::sync::Arc;

impl Context {
    /// Opens a bucket for the caller to do that with it: `NoSuchBucket` to all, `AccessDenied` to
    /// whoever may not, and to the owner too where it expected another.
    pub(super) fn open(&self, name: &BucketName, action: Action) -> Result<OpenBucket> {
        let open = self.open_unauthorised(name)?;
        self.authorise(&open, action, Target::Bucket, || self.facts())?;
        Ok(open)
    }

    /// [`Context::open`] to list what begins with the prefix that is asked for.
    pub(super) fn open_listing(&self, listing: &Listing, action: Action) -> Result<OpenBucket> {
        let open = self.open_unauthorised(&listing.bucket)?;
        self.authorise(&open, action, Target::Listing(&listing.prefix), || self.facts())?;
        Ok(open)
    }

    /// [`Context::open`] for an operation that goes on to await its body.
    pub(super) async fn open_blocking(
        &self,
        name: &BucketName,
        action: Action,
    ) -> Result<OpenBucket> {
        let (context, name) = (self.clone(), name.clone());
        blocking(move || context.open(&name, action)).await
    }

    /// [`Context::open`] to write or remove that key, whether or not an object has it.
    pub(super) fn open_for_write(
        &self,
        name: &BucketName,
        action: Action,
        key: &Key,
    ) -> Result<OpenBucket> {
        let open = self.open_unauthorised(name)?;
        self.authorise_write(&open, action, key)?;
        Ok(open)
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

    /// [`Context::open`] to remove many keys, each to be authorised by [`Context::may_remove`]. A
    /// caller who may remove none, as no policy can tell one key from another, is refused at once.
    pub(super) async fn open_to_remove(&self, name: &BucketName) -> Result<OpenBucket> {
        let (context, name) = (self.clone(), name.clone());
        blocking(move || {
            let open = context.open_unauthorised(&name)?;
            if open.policy.is_none() {
                let facts = || context.facts();
                context.authorise(&open, Action::DeleteObject, Target::Bucket, facts)?;
            }
            Ok(open)
        })
        .await
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
        let free = !conditions.ask_of_content() && !self.asker().acts_for_owners();
        if free || conditions.is_empty() {
            return Ok(());
        }
        match self.object_in(open, key, version, Action::GetObject) {
            Err(error) if error.code == ErrorCode::AccessDenied => Err(error),
            _ => Ok(()), // what is not there the store tells, under the key's lock
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

    /// Opens an object, or a version of it, to do that with it. What is not there is `NoSuchKey`
    /// only to whoever may list the bucket; to others it looks like what they may not read.
    /// `MethodNotAllowed` where the named version is a delete marker.
    pub(super) fn open_object(
        &self,
        at: &ObjectAddress,
        action: Action,
    ) -> Result<(OpenBucket, Object)> {
        let open = self.open_unauthorised(&at.bucket)?;
        let object = self.object_in(&open, &at.key, at.version, action)?;
        Ok((open, object))
    }

    /// Opens a bucket for a visit to its site; nobody is authorised by that. To everybody it tells
    /// only what the owner made public by configuring a site: where it sends its visitors. Each
    /// object has to come through [`Context::object_in`]. A missing configuration is, like a
    /// missing bucket, 404 to all, as on AWS.
    pub(super) fn open_site(
        &self,
        name: &BucketName,
    ) -> Result<(OpenBucket, WebsiteConfiguration)> {
        let open = self.open_unauthorised(name)?;
        let site = open.bucket.config().website.clone().ok_or_else(|| {
            S3Error::from(ErrorCode::NoSuchWebsiteConfiguration).with("BucketName", name.as_str())
        })?;
        Ok((open, site))
    }

    /// Opens the bucket of an object that a body brings tags or a lock for. A policy may go by
    /// these: where there is one it is asked when they are known, by [`Context::authorise_body`].
    pub(super) async fn open_before_body(
        &self,
        at: &ObjectAddress,
        action: Action,
    ) -> Result<OpenBucket> {
        let (context, at) = (self.clone(), at.clone());
        blocking(move || {
            let open = context.open_unauthorised(&at.bucket)?;
            if open.policy.is_none() {
                context.object_in(&open, &at.key, at.version, action)?;
            }
            Ok(open)
        })
        .await
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

    /// The same caller, of whose request more is known now.
    pub(super) fn with_facts(&self, facts: RequestFacts) -> Context {
        Context { facts: Arc::new(facts), ..self.clone() }
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

    /// [`Context::open_object`] for the source of a copy. Its tags are only for whoever may read
    /// them: with `takes_tags` a caller who may not is refused, as on AWS.
    pub(super) fn open_source(
        &self,
        source: &CopySource,
        takes_tags: bool,
    ) -> Result<(OpenBucket, Object)> {
        let CopySource { bucket, key, version, .. } = source;
        let open = self.open_owned_by(bucket, self.expected_owners.source.as_deref())?;
        let object = self.object_in(&open, key, *version, Action::GetObject)?;
        if takes_tags && !object.meta.tags.is_empty() {
            let action = Action::GetObjectTagging;
            self.authorise_object(&open, key, *version, &object.meta, action)?;
        }
        Ok((open, object))
    }

    /// Opens an upload in progress to do that with it; what is not there is `NoSuchUpload` only to
    /// whoever may do it.
    pub(super) fn open_upload(
        &self,
        at: &UploadAddress,
        action: Action,
    ) -> Result<(OpenBucket, Upload)> {
        let UploadAddress { bucket, key, upload_id } = at;
        let open = self.open_unauthorised(bucket)?;
        let upload = open.upload(key, upload_id);
        let initiator = upload.as_ref().ok().map(|upload| &upload.info().owner);
        self.authorise(&open, action, Target::Upload(key, initiator), || self.facts())?;
        Ok((open, upload?))
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
        let by_acl = open.rules().acl_lets_write(self.asker());
        match by_acl && !self.is_denied(open, action, key) {
            true => Ok(()),
            false => self.authorise_write(open, action, key),
        }
    }

    /// Whose it is what the caller writes: the bucket owner's, where the caller acts for that one.
    pub(super) fn writer(&self, open: &OpenBucket) -> Owner {
        match self.verified.user() {
            Some(_) if self.asker().acts_for_owners() => open.owner.clone(),
            Some(user) => user.owner.clone(),
            None => Owner::anonymous(),
        }
    }

    /// The object, if the caller may do that with it; else as of [`Context::open_object`].
    pub(super) fn object_in(
        &self,
        open: &OpenBucket,
        key: &Key,
        version: Option<VersionId>,
        action: Action,
    ) -> Result<Object> {
        match open.object(key, version) {
            Ok(object) => {
                self.authorise_object(open, key, version, &object.meta, action)?;
                Ok(object)
            }
            Err(error) if self.may_know(open, key, of_version(action, version)) => Err(error),
            Err(_) => Err(ErrorCode::AccessDenied.into()),
        }
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

    /// Whether the caller may be told that there is no such object: whoever would see in a listing
    /// of that prefix that it is not there, and is not denied to ask.
    fn may_know(&self, open: &OpenBucket, key: &Key, action: Action) -> bool {
        let (caller, target) = (self.asker(), Target::Listing(key.as_str()));
        let facts = || {
            let mut facts = self.facts();
            facts.set("s3:prefix", key.as_str().to_owned());
            facts
        };
        !self.is_denied(open, action, key)
            && open.rules().allow(Asked { caller, action: Action::ListBucket, target }, facts)
    }

    /// `AccessDenied` unless the bucket's rules let the caller do that.
    fn authorise(
        &self,
        open: &OpenBucket,
        action: Action,
        target: Target<'_>,
        facts: impl FnOnce() -> Facts,
    ) -> Result<()> {
        match open.rules().allow(Asked { caller: self.asker(), action, target }, facts) {
            true => Ok(()),
            false => Err(ErrorCode::AccessDenied.into()),
        }
    }

    /// Whether its role, or the bucket's policy, forbids the caller to do that with a key.
    fn is_denied(&self, open: &OpenBucket, action: Action, key: &Key) -> bool {
        let asked = Asked { caller: self.asker(), action, target: Target::Key(key) };
        open.rules().deny(asked, || self.facts())
    }

    /// Who asks, and how far its role reaches.
    pub(super) fn asker(&self) -> Caller<'_> {
        Caller::of(&self.verified)
    }

    fn facts(&self) -> Facts {
        Facts::new(&self.facts, &self.verified, self.now)
    }

    /// The same of a version, which the query may not be what names.
    fn facts_of(&self, version: Option<VersionId>) -> Facts {
        let mut facts = self.facts();
        if let Some(version) = version {
            facts.set("s3:versionid", version.to_string());
        }
        facts
    }

    /// The bucket that the request is for, to whoever asks: nothing of it may be told before
    /// [`Context::authorise`].
    fn open_unauthorised(&self, name: &BucketName) -> Result<OpenBucket> {
        self.open_owned_by(name, self.expected_owners.bucket.as_deref())
    }

    /// The same of any bucket, if it is whose the client expects it to be.
    fn open_owned_by(&self, name: &BucketName, expected_owner: Option<&str>) -> Result<OpenBucket> {
        let bucket = self.store.bucket(name).map_err(|error| {
            name_in(error, ErrorCode::NoSuchBucket, "BucketName", name.as_str())
        })?;
        let config = bucket.config();
        let owner = self.owner_of(config).ok_or(ErrorCode::AccessDenied)?;
        if expected_owner.is_some_and(|id| id != owner.id) {
            return Err(ErrorCode::AccessDenied.into());
        }
        let policy = config.policy.as_deref().map(|text| self.policies.read(name, text));
        let block = self.block.and(config.public_access_block.unwrap_or_default());
        Ok(OpenBucket { bucket, owner, policy, block })
    }
}

/// Where a version is named the action has another name.
pub(super) fn of_version(action: Action, version: Option<VersionId>) -> Action {
    if version.is_some() { action.of_version() } else { action }
}

impl OpenBucket {
    /// What the bucket says of who may do what.
    pub(super) fn rules(&self) -> Rules<'_> {
        let config = self.bucket.config();
        Rules {
            bucket: self.bucket.name(),
            owner: &self.owner,
            acl: config.acl.as_ref(),
            policy: self.policy.as_deref(),
            ownership: config.ownership.unwrap_or_default(),
            block: self.block,
        }
    }

    /// Whether ACLs, and that objects may be another's than their bucket is, count at all.
    pub(super) fn acls_count(&self) -> bool {
        self.rules().ownership != ObjectOwnership::BucketOwnerEnforced
    }

    /// Whose a listing says a thing is that was stored with that owner.
    pub(super) fn listed_owner<'a>(&'a self, stored: Option<&'a Owner>) -> &'a Owner {
        stored.filter(|_| self.acls_count()).unwrap_or(&self.owner)
    }
}
