//! Multipart uploads: parts come in any order, several times and at once; Complete makes an object
//! of exactly those it lists.
//!
//! Stands below `handlers::multipart`. An upload is a folder ([`folder`] draws it) with one body
//! file and a slot size S, the length of the first attempt. [`part`] writes an attempt into a slot
//! of the body if that slot was never used, else into a file of its own; [`complete`] renames the
//! body into place where it is what was listed, else joins the parts in a staged file;
//! [`listing`] shows parts and uploads, [`usage`] adds up what they hold.
//!
//! * A slot is written by one attempt, ever: so bytes that were acknowledged are never torn, and an
//!   attempt that hangs cannot write into an object that is published.
//! * A part is acknowledged by its record, renamed into place after the fsync of its bytes; the
//!   last record wins.
//! * A part that arrives after Abort or Complete finds its folder gone, and answers NoSuchUpload.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

mod complete;
mod folder;
mod listing;
mod part;
mod record;
mod sweep;
mod usage;

pub(super) use listing::list_uploads;
pub use part::PartWriter;
pub(super) use usage::bytes_of_uploads;

use super::{Bucket, Committed, Object, refused};
use crate::error::{ErrorCode, Result, S3Error};
use crate::types::{
    Checksum, Conditions, ETag, Key, ObjectMeta, Owner, PartNumber, Timestamp, UploadChecksum,
    UploadId,
};
use crate::{limits, random};
use folder::Taken;
use record::{DoneFile, InfoFile};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::sync::Arc;

/// What an upload was started with.
#[derive(Clone, Debug)]
pub struct UploadInfo {
    /// Metadata of the object to be; its etag is a placeholder.
    pub meta: ObjectMeta,
    /// `x-amz-checksum-algorithm` and `-type`.
    pub checksum: Option<UploadChecksum>,
    /// Initiator and owner.
    pub owner: Owner,
    /// Started.
    pub initiated: Timestamp,
}

/// A part that was acknowledged.
#[derive(Clone, Debug)]
pub struct PartRecord {
    /// Its number.
    pub number: PartNumber,
    /// Length in bytes.
    pub length: u64,
    /// MD5 of its bytes.
    pub etag: ETag,
    /// The checksum it came with.
    pub checksum: Option<Checksum>,
    /// When it was acknowledged.
    pub modified: Timestamp,
}

/// A part as Complete names it.
#[derive(Clone, Debug)]
pub struct CompletePart {
    /// Its number.
    pub number: PartNumber,
    /// The ETag that its upload answered.
    pub etag: ETag,
    /// Checksums given, each compared with the record's.
    pub checksums: Vec<Checksum>,
}

/// What the object made of parts must come to; what is `None` may be anything.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// Its length in bytes.
    pub length: Option<u64>,
}

/// A page of uploads.
#[derive(Clone, Debug, Default)]
pub struct UploadPage {
    /// In order of keys, then of ids.
    pub uploads: Vec<(Key, UploadId, UploadInfo)>,
    /// Groups of keys, in order.
    pub common_prefixes: Vec<String>,
    /// More follow.
    pub truncated: bool,
    /// Where the next page begins: a key or a common prefix; empty if none follows.
    pub next_key: String,
    /// The upload of that key it begins after; empty after a common prefix.
    pub next_id: String,
}

/// An upload: in progress, or completed so lately that its Complete may be repeated.
#[derive(Clone)]
pub struct Upload {
    bucket: Bucket,
    key: Key,
    id: UploadId,
    info: UploadInfo,
    /// The folder of all uploads of the bucket.
    uploads: Arc<OwnedFd>,
    /// Its own; `None` once completed.
    folder: Option<Arc<OwnedFd>>,
    part_bytes_min: u64,
}

/// Starts an upload. A folder without `info.json`, which is written last, is no upload yet.
pub(super) fn create(bucket: &Bucket, key: &Key, info: &UploadInfo) -> Result<UploadId> {
    let disk = &bucket.root().disk;
    disk.writable()?;
    sweep::sweep_sometimes(bucket);
    let uploads = bucket.make_uploads()?;
    let id = new_id(info.initiated);
    let own = super::dir::make_and_open(&uploads, id.as_str(), super::dir::DIR_MODE);
    let own = own.map_err(refused)?;
    folder::create(&own, folder::BODY)?;
    folder::write(&own, disk, folder::INFO, Taken::Replace, &InfoFile::new(key, info))?;
    disk.sync(&own)?;
    disk.sync(&uploads)?;
    Ok(id)
}

/// 8 bytes of time and 8 random ones: the order of ids is the order in which uploads began.
fn new_id(time: Timestamp) -> UploadId {
    let nanos = time.secs().saturating_mul(1_000_000_000).saturating_add(time.nanos().into());
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&u64::try_from(nanos).unwrap_or(0).to_be_bytes());
    bytes[8..].copy_from_slice(&random::bytes::<8>());
    UploadId::from_bytes(bytes)
}

/// Opens an upload; `NoSuchUpload` if the id is unknown or belongs to another key.
pub(super) fn open(bucket: &Bucket, key: &Key, id: &UploadId) -> Result<Upload> {
    let none = || S3Error::from(ErrorCode::NoSuchUpload).with("UploadId", id.as_str());
    let uploads = bucket.uploads()?.ok_or_else(none)?;
    let folder = match super::dir::open_dir(&uploads, id.as_str()) {
        Ok(folder) => Some(Arc::new(folder)),
        Err(Errno::NOENT) => None,
        Err(errno) => return Err(refused(errno)),
    };
    let file: Option<InfoFile> = match &folder {
        Some(folder) => folder::read(folder, folder::INFO)?,
        None => None,
    };
    // Between the two looks a Complete may have ended.
    let (folder, file) = match file {
        Some(file) => (folder, Some(file)),
        None => (None, read_done(&uploads, id)?.map(|done| done.info)),
    };
    let file = file.filter(|file| file.key == key.as_str()).ok_or_else(none)?;
    Ok(Upload {
        bucket: bucket.clone(),
        key: key.clone(),
        id: id.clone(),
        info: file.info(),
        uploads: Arc::new(uploads),
        folder,
        part_bytes_min: limits::PART_BYTES_MIN,
    })
}

fn read_done(uploads: &OwnedFd, id: &UploadId) -> Result<Option<DoneFile>> {
    folder::read(uploads, &[id.as_str(), folder::DONE].concat())
}

impl Upload {
    /// What it was started with.
    pub fn info(&self) -> &UploadInfo {
        &self.info
    }

    /// Gives the object to be the bucket's default retention, unless the upload was begun with one.
    /// It is Complete that makes the version, so it is then that its retention begins.
    pub fn retain_by_default(&mut self, now: Timestamp) {
        let default = || self.bucket.config().default_retention(now);
        self.info.meta.retention = self.info.meta.retention.or_else(default);
    }

    /// Where an attempt at a part goes; `length` in bytes if the client declared it. `NoSuchUpload`
    /// if the upload is over, `EntityTooLarge` over 5 GiB.
    pub fn part(&self, number: PartNumber, length: Option<u64>) -> Result<PartWriter> {
        PartWriter::begin(self, number, length)
    }

    /// The same from an existing object's bytes (UploadPartCopy); hashes as it copies.
    pub fn part_copy(
        &self,
        number: PartNumber,
        source: &Object,
        offset: u64,
        length: u64,
    ) -> Result<PartRecord> {
        part::copy(self, number, source, offset, length)
    }

    /// Acknowledged parts after `marker`, at most `max`; and whether more follow.
    pub fn parts(&self, marker: u16, max: usize) -> Result<(Vec<PartRecord>, bool)> {
        let folder = self.folder()?;
        let page = listing::parts(folder, marker, max)?;
        // A folder that is being removed reads as empty: only now is it known what was read.
        if self.is_open(folder)? { Ok(page) } else { Err(self.is_over()) }
    }

    /// Publishes the object. `InvalidPart`, `EntityTooSmall`; that the list ascends is the caller's
    /// to check. `BadDigest` where the object's checksum is not the expected one, `InvalidRequest`
    /// where its length is not. A repeat of the same list answers the same.
    pub fn complete(
        &self,
        parts: &[CompletePart],
        conditions: &Conditions,
        expected: &Expectation,
    ) -> Result<Committed> {
        complete::complete(self, parts, conditions, expected)
    }

    /// Forgets it all; `NoSuchUpload` if it is over.
    pub fn abort(&self) -> Result<()> {
        let folder = self.folder()?;
        let _turn = self.take_turn(folder)?.ok_or_else(|| self.is_over())?;
        folder::discard(&self.uploads, &self.bucket.root().disk, self.id.as_str())
    }

    fn folder(&self) -> Result<&Arc<OwnedFd>> {
        self.folder.as_ref().ok_or_else(|| self.is_over())
    }

    fn is_over(&self) -> S3Error {
        S3Error::from(ErrorCode::NoSuchUpload).with("UploadId", self.id.as_str())
    }

    /// Whether the folder is still that of an upload in progress.
    fn is_open(&self, folder: &OwnedFd) -> Result<bool> {
        folder::is_still(&self.uploads, self.id.as_str(), folder)
    }

    /// Complete and Abort go one after the other; `None` where another one has ended the upload.
    fn take_turn(&self, folder: &OwnedFd) -> Result<Option<std::fs::File>> {
        let Some(turn) = folder::open(folder, folder::INFO, rustix::fs::OFlags::RDWR)? else {
            return Ok(None);
        };
        let lock = rustix::fs::FlockOperation::LockExclusive;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&turn, lock)).map_err(refused)?;
        Ok(self.is_open(folder)?.then_some(turn))
    }
}

#[cfg(test)]
mod tests;
