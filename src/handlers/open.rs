//! Opening what a request is about, for a caller who may do that with it: the one way there.
//!
//! Every door ends in [`Context::authorise`] (`authorise`). What is not there is told
//! only to whoever may list the bucket; to others it answers exactly as what they may not read,
//! before conditions and ranges are looked at (security class G). The source of a copy comes
//! through the same door as a read (class H). A missing bucket is `NoSuchBucket` to all, as on AWS.

use super::authorise::of_version;
use super::{Context, OpenBucket, blocking, name_in};
use crate::auth::access::{Action, Asked, Rules, Target};
use crate::error::{ErrorCode, Result, S3Error};
use crate::router::{CopySource, Listing, ObjectAddress, UploadAddress};
use crate::store::{Object, Upload};
use crate::types::{BucketName, Key, ObjectOwnership, Owner, VersionId, WebsiteConfiguration};

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

    /// Whether the caller may be told that there is no such object: whoever would see in a listing
    /// of that prefix that it is not there, and is not denied to ask.
    fn may_know(&self, open: &OpenBucket, key: &Key, action: Action) -> bool {
        let (caller, target) = (self.caller(), Target::Listing(key.as_str()));
        let facts = || {
            let mut facts = self.facts();
            facts.set("s3:prefix", key.as_str().to_owned());
            facts
        };
        !self.is_denied(open, action, key)
            && open.rules().allow(Asked { caller, action: Action::ListBucket, target }, facts)
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
