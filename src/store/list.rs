//! LIST: one page of a bucket's keys and common prefixes, straight from the directories.
//!
//! Stands below `handlers::list`. [`paging`] is the pure core; [`directory`] reads the disk for it.
//! Only what is on the page is opened. Foreign names, links, sockets and pipes are not listed.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

pub(in crate::store) mod directory;
pub(in crate::store) mod paging;

use super::{Bucket, attribute, meta, object};
use crate::error::{ErrorCode, Result};
use crate::limits::LISTED_NAMES_HELD_MAX;
use crate::types::{ChecksumAlgorithm, ChecksumType, ETag, Key, Owner, Timestamp};
use directory::BucketDirectories;
use paging::Entry;
use rustix::fs::Stat;

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Only keys that begin with it; any string.
    pub prefix: String,
    /// Keys with this behind the prefix are grouped; any string, empty for none.
    pub delimiter: String,
    /// Only keys and common prefixes after it; inside a common prefix it passes over all of it.
    pub after: String,
    /// Most entries, keys and common prefixes together.
    pub max: usize,
}

/// A line of a listing.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names are those of the answer's elements
pub enum ListEntry {
    Object {
        key: Key,
        length: u64,
        modified: Timestamp,
        etag: ETag,
        storage_class: Option<String>,
        checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
        /// `None` is the bucket's owner.
        owner: Option<Owner>,
    },
    CommonPrefix(String),
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    /// In key order.
    pub entries: Vec<ListEntry>,
    /// More follow; the next page begins after the last entry (key or common prefix).
    pub truncated: bool,
}

/// One page of keys and common prefixes.
pub(super) fn list(bucket: &Bucket, query: &ListQuery) -> Result<ListPage> {
    bucket.check_alive()?;
    let mut directories = BucketDirectories { bucket, versions: None };
    let resolve = |key: &str| look_up(bucket, key);
    let (entries, truncated) =
        paging::page(query, LISTED_NAMES_HELD_MAX, &mut directories, resolve)?;
    let entry = |entry| match entry {
        Entry::Key(object) => object,
        Entry::CommonPrefix(prefix) => ListEntry::CommonPrefix(prefix),
    };
    Ok(ListPage { entries: entries.into_iter().map(entry).collect(), truncated })
}

/// The line of an object; `None` if it vanished since its name was read.
fn look_up(bucket: &Bucket, key: &str) -> Result<Option<ListEntry>> {
    let Ok(key) = Key::parse(key.as_bytes().to_vec()) else { return Ok(None) };
    let object = match bucket.object(&key) {
        Ok(object) => object,
        Err(error) if error.code == ErrorCode::NoSuchKey => return Ok(None),
        // One file that cannot be read (another user's, a later version's) must not take away the
        // listing of all others; a GET of it says what is wrong.
        Err(_) => return Ok(object::stat(bucket, &key)?.map(|stat| unread(key, &stat))),
    };
    let checksum = object.meta.checksum_kind();
    Ok(Some(ListEntry::Object {
        key,
        length: object.length,
        modified: object.modified,
        etag: object.meta.etag,
        storage_class: object.meta.storage_class,
        checksum,
        owner: object.meta.acl.map(|acl| acl.owner),
    }))
}

/// The line of an object of which only this is known.
fn unread(key: Key, stat: &Stat) -> ListEntry {
    ListEntry::Object {
        key,
        length: stat.st_size as u64,
        modified: meta::modified(stat),
        etag: attribute::derived_etag(stat),
        storage_class: None,
        checksum: None,
        owner: None,
    }
}

#[cfg(test)]
pub(super) mod tests;
