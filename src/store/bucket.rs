//! An open bucket: a handle of its directory, its id and its configuration.
//!
//! All work on objects is relative to the handle. A bucket that is deleted while one is open has a
//! directory without links: nothing can be made in it any more, and whoever tries is told
//! NoSuchBucket.

use super::buckets;
use super::configs::Stamp;
use super::list::{ListPage, ListQuery};
use super::multipart::{self, Upload, UploadInfo, UploadPage};
use super::object::{self, Committed, Object};
use super::staging::{Sealed, Staged};
use super::versions::{self, Found, Removal, Removed, VersionPage};
use super::{Root, commit, copy, dir, list, refused, usage};
use crate::error::{ErrorCode, Result};
use crate::types::lifecycle::LifecycleConfiguration;
use crate::types::{
    Acl, BucketName, Conditions, CorsConfiguration, Key, ObjectLock, ObjectMeta, ObjectOwnership,
    Owner, PublicAccessBlock, Retention, Tags, Timestamp, UploadId, VersionId,
    WebsiteConfiguration,
};
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, flock, fstat};
use rustix::io::{Errno, retry_on_intr};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a bucket is beside its objects: `buckets/<id>.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketConfig {
    /// Made when, seconds since 1970.
    pub created_secs: i64,
    /// Owner; `None` for a directory made by hand: root's.
    pub owner: Option<Owner>,
    /// LocationConstraint; `None` is us-east-1.
    pub location: Option<String>,
    /// ACL as given; `None` is private.
    pub acl: Option<Acl>,
    /// Whether overwritten and deleted objects are kept; `None` where it never was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Which pages of other origins may read its answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsConfiguration>,
    /// Its own tags, not those of its objects.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// How it is served as a site, where the server was given a host name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<WebsiteConfiguration>,
    /// Acceleration was once put to `Suspended`: all there is of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acceleration_suspended: bool,
    /// Object Lock; once there, it is never taken away, and versioning stays enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<ObjectLock>,
    /// The policy as given: it is answered to the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Who owns what others write; `None` where it never was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<ObjectOwnership>,
    /// The bucket's own block, beside the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_block: Option<PublicAccessBlock>,
    /// Which objects end when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<LifecycleConfiguration>,
}

impl BucketConfig {
    /// The retention of a version that begins now and names none.
    pub fn default_retention(&self, now: Timestamp) -> Option<Retention> {
        Some(self.object_lock?.default_retention?.begun(now))
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html>: once there, it can be
/// suspended and never taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Each PUT makes a version of its own.
    Enabled,
    /// Each PUT replaces the version `null`; the others stay.
    Suspended,
}

/// An open bucket (cheap to clone: an Arc inside).
#[derive(Clone)]
pub struct Bucket {
    open: Arc<Open>,
}

/// What the clones of a bucket share.
pub(super) struct Open {
    pub(super) root: Arc<Root>,
    pub(super) name: BucketName,
    pub(super) dir: OwnedFd,
    pub(super) inode: u64,
    /// 32 hex digits; `None` for a directory made by hand, until it needs one.
    pub(super) id: Option<String>,
    pub(super) config: Arc<BucketConfig>,
    /// Of the configuration's file, when it was read.
    pub(super) stamp: Option<Stamp>,
}

impl Bucket {
    pub(super) fn new(open: Open) -> Bucket {
        Bucket { open: Arc::new(open) }
    }

    pub(super) fn root(&self) -> &Arc<Root> {
        &self.open.root
    }

    /// Its name.
    pub fn name(&self) -> &BucketName {
        &self.open.name
    }

    pub(super) fn dir(&self) -> &OwnedFd {
        &self.open.dir
    }

    pub(super) fn inode(&self) -> u64 {
        self.open.inode
    }

    /// The id that uploads and configuration are filed under; `None` for a directory made by hand.
    pub(super) fn known_id(&self) -> Option<&str> {
        self.open.id.as_deref()
    }

    /// The same, given to the directory now if it has none.
    pub(super) fn id(&self) -> Result<String> {
        match self.known_id() {
            Some(id) => Ok(id.to_owned()),
            None => buckets::configure(self, |_| Ok(())),
        }
    }

    /// The folder of its uploads, if there ever was one.
    pub(super) fn uploads(&self) -> Result<Option<OwnedFd>> {
        let Some(id) = self.known_id() else { return Ok(None) };
        match dir::open_dir(&self.root().uploads, id) {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    /// The same, made now if it is missing, its name on the disk.
    pub(super) fn make_uploads(&self) -> Result<OwnedFd> {
        let (uploads, id) = (&self.root().uploads, self.id()?);
        let folder = dir::make_and_open(uploads, &id, dir::DIR_MODE).map_err(refused)?;
        self.root().disk.sync_chain(uploads, &id, &folder)?;
        Ok(folder)
    }

    /// NoSuchBucket once its directory was removed.
    pub(super) fn check_alive(&self) -> Result<()> {
        match fstat(self.dir()).map_err(refused)?.st_nlink {
            0 => Err(ErrorCode::NoSuchBucket.into()),
            _ => Ok(()),
        }
    }

    /// Of the configuration's file as of opening.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.open.stamp
    }

    /// While this lives DeleteBucket waits: what leaves the bucket for the tree of versions, or
    /// comes back, is seen by it in the one or in the other. `NoSuchBucket` once it is deleted.
    pub(super) fn keep_alive(&self) -> Result<OwnedFd> {
        let held = dir::open_dir(self.dir(), "").map_err(refused)?; // a lock of its own
        retry_on_intr(|| flock(&held, FlockOperation::LockShared)).map_err(refused)?;
        self.check_alive()?;
        Ok(held)
    }

    /// Its configuration as of opening.
    pub fn config(&self) -> &BucketConfig {
        &self.open.config
    }

    /// Deletes it; BucketNotEmpty where any object (or foreign file) is left.
    pub fn delete(&self) -> Result<()> {
        buckets::delete(self)
    }

    /// Changes the configuration durably, as it is at that moment.
    pub fn configure(&self, change: impl FnOnce(&mut BucketConfig)) -> Result<()> {
        self.try_configure(|config| {
            change(config);
            Ok(())
        })
    }

    /// The same for a change that not every state of the bucket allows: an error changes nothing.
    pub fn try_configure(
        &self,
        change: impl FnOnce(&mut BucketConfig) -> Result<()>,
    ) -> Result<()> {
        buckets::configure(self, change).map(|_| ())
    }

    /// The object of that key, or that version of it, or the delete marker in its place.
    /// `NoSuchKey`; `NoSuchVersion` where one was named.
    pub fn look_up(&self, key: &Key, version: Option<VersionId>) -> Result<Found> {
        versions::look_up(self, key, version)
    }

    /// The object of that key; NoSuchKey, also where a delete marker is the current version.
    pub fn object(&self, key: &Key) -> Result<Object> {
        object::open(self, key)
    }

    /// An invisible file to write into.
    pub fn stage(&self) -> Result<Staged> {
        Staged::new(self)
    }

    /// Publishes: condition under the key's lock, rename, directory syncs. PreconditionFailed where
    /// the condition says so; NoSuchKey where `If-Match` meets no object.
    pub fn commit(&self, key: &Key, sealed: Sealed, conditions: &Conditions) -> Result<Committed> {
        commit::commit(self, key, sealed, conditions)
    }

    /// Deletes the current object of a bucket without versioning; whether there was one.
    #[cfg(test)]
    pub(super) fn remove(&self, key: &Key) -> Result<bool> {
        let _lock = self.root().locks.key(self.inode(), key.as_str())?;
        commit::remove(self, key, &Conditions::default())
    }

    /// DeleteObject: without a version the current object goes, or a delete marker comes; a named
    /// version goes for good. `AccessDenied` where Object Lock keeps it, `PreconditionFailed` where
    /// a condition does not hold, `NoSuchKey` where `If-Match` finds no object.
    pub fn remove_version(&self, key: &Key, removal: &Removal) -> Result<Removed> {
        versions::remove(self, key, removal)
    }

    /// Changes metadata in place, under the key's lock, synced: of the current version, or of the
    /// named one. Which it was.
    pub fn update_meta(
        &self,
        key: &Key,
        version: Option<VersionId>,
        change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
    ) -> Result<VersionId> {
        versions::update_meta(self, key, version, change)
    }

    /// Stages a copy of `source`'s bytes (reflink, else copy_file_range) with `meta`; checksum and
    /// ETag are the caller's, in `meta`. OperationAborted if the source is edited meanwhile.
    pub fn stage_copy(&self, source: &Object, mut meta: ObjectMeta) -> Result<Sealed> {
        let staged = self.stage()?;
        meta.version_id = versions::expected_id(self.config().versioning);
        copy::copy_bytes(source, &staged.hold.file)?;
        // A copy is one part, whatever its source was made of.
        Sealed::unproved(self.root(), staged.hold, meta, Default::default(), Timestamp::now())
    }

    /// One page of keys and common prefixes.
    pub fn list(&self, query: &ListQuery) -> Result<ListPage> {
        list::list(self, query)
    }

    /// One page of versions and delete markers, in key order and the newest first, after
    /// `query.after`, or after that key's version `version_marker`.
    pub fn list_versions(
        &self,
        query: &ListQuery,
        version_marker: Option<VersionId>,
    ) -> Result<VersionPage> {
        versions::list(self, query, version_marker)
    }

    /// Bytes of all keys that begin with `prefix`: objects, older versions and uploads in progress.
    /// It walks all of them.
    pub fn bytes_stored(&self, prefix: &str) -> Result<u64> {
        usage::bytes_stored(self, prefix)
    }

    /// Starts a multipart upload; the meta's etag is a placeholder.
    pub fn create_upload(&self, key: &Key, info: UploadInfo) -> Result<UploadId> {
        multipart::create(self, key, &info)
    }

    /// Opens one; NoSuchUpload if the id is unknown or belongs to another key.
    pub fn upload(&self, key: &Key, id: &UploadId) -> Result<Upload> {
        multipart::open(self, key, id)
    }

    /// Uploads in progress in key order then id order, from (key_marker, id_marker) on: with
    /// prefix/delimiter grouping like `list`.
    pub fn list_uploads(&self, query: &ListQuery, id_marker: Option<&str>) -> Result<UploadPage> {
        multipart::list_uploads(self, query, id_marker)
    }
}
