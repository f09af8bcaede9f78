//! Versions, tried on real directories: what each operation leaves, against a model of S3 in
//! memory, with hostile hands and cut-off changes.

mod crashes;
mod hands;
mod model;
mod noncurrent;
mod races;
mod rules;

use super::VersionEntry;
use crate::error::Result;
use crate::store::list::ListQuery;
use crate::store::testing::{Scratch, bare, key, photos, proof};
use crate::store::{Bucket, Committed, Found, Removal, Removed, Versioning};
use crate::types::{Conditions, ObjectMeta, Timestamp, VersionId};
use std::path::PathBuf;

/// The bucket, opened anew with that state of versioning.
fn set(scratch: &Scratch, versioning: Versioning) -> Bucket {
    scratch.bucket().configure(|config| config.versioning = Some(versioning)).unwrap();
    scratch.store().bucket(&photos()).unwrap()
}

fn enabled(scratch: &Scratch) -> Bucket {
    set(scratch, Versioning::Enabled)
}

fn put_with(bucket: &Bucket, name: &str, body: &[u8], meta: ObjectMeta) -> Result<Committed> {
    let mut staged = bucket.stage()?;
    staged.write(body)?;
    bucket.commit(&key(name), staged.seal(proof(body), meta)?, &Conditions::default())
}

/// Puts, and says which version it became.
fn put(bucket: &Bucket, name: &str, body: &[u8]) -> VersionId {
    put_with(bucket, name, body, bare()).unwrap().version_id.unwrap()
}

fn removal(version: Option<VersionId>) -> Removal {
    let (conditions, now) = (Conditions::default(), Timestamp::now());
    Removal { version, only_noncurrent: false, conditions, bypass_governance: false, now }
}

fn delete(bucket: &Bucket, name: &str) -> VersionId {
    let removed = bucket.remove_version(&key(name), &removal(None)).unwrap();
    assert!(removed.delete_marker);
    removed.version_id.unwrap()
}

fn delete_version(bucket: &Bucket, name: &str, version: VersionId) -> Removed {
    bucket.remove_version(&key(name), &removal(Some(version))).unwrap()
}

/// The body of a version; `None` of a delete marker.
fn body_of(bucket: &Bucket, name: &str, version: Option<VersionId>) -> Result<Option<Vec<u8>>> {
    match bucket.look_up(&key(name), version)? {
        Found::Object(object) => Ok(Some(crate::store::testing::body(&object))),
        Found::DeleteMarker(_) => Ok(None),
    }
}

/// A line of a listing: key, id, latest, body (`None`: a delete marker).
type Line = (String, VersionId, bool, Option<Vec<u8>>);

fn lines(bucket: &Bucket, entries: Vec<VersionEntry>) -> Vec<Line> {
    let line = |entry| match entry {
        VersionEntry::Version { key, version_id, is_latest, .. } => {
            let body = body_of(bucket, key.as_str(), Some(version_id)).unwrap();
            (key.as_str().to_owned(), version_id, is_latest, body)
        }
        VersionEntry::DeleteMarker { key, is_latest, marker, .. } => {
            (key.as_str().to_owned(), marker.version_id, is_latest, None)
        }
        VersionEntry::CommonPrefix(prefix) => (prefix, VersionId::Null, false, None),
    };
    entries.into_iter().map(line).collect()
}

/// The whole listing, in pages of `max`.
fn listed(bucket: &Bucket, prefix: &str, delimiter: &str, max: usize) -> Vec<Line> {
    let (mut all, mut after, mut marker) = (Vec::new(), String::new(), None);
    loop {
        let (prefix, delimiter) = (prefix.to_owned(), delimiter.to_owned());
        let query = ListQuery { prefix, delimiter, after, max };
        let page = bucket.list_versions(&query, marker).unwrap();
        assert!(page.entries.len() <= max);
        (after, marker) = match page.entries.last() {
            None => (String::new(), None),
            Some(VersionEntry::Version { key, version_id, .. }) => {
                (key.as_str().to_owned(), Some(*version_id))
            }
            Some(VersionEntry::DeleteMarker { key, marker, .. }) => {
                (key.as_str().to_owned(), Some(marker.version_id))
            }
            Some(VersionEntry::CommonPrefix(prefix)) => (prefix.clone(), None),
        };
        all.extend(lines(bucket, page.entries));
        if !page.truncated {
            return all;
        }
    }
}

/// The folder of a key's versions, for one whose path is the key.
fn folder(scratch: &Scratch, name: &str) -> PathBuf {
    let private = scratch.path().join(".glassbucket");
    let config = std::fs::read_dir(private.join("buckets")).unwrap().next().unwrap().unwrap();
    let id = config.path().file_stem().unwrap().to_owned();
    private.join("versions").join(id).join(format!("{name}%~v"))
}

/// The names in it.
fn kept(scratch: &Scratch, name: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder(scratch, name)) else { return Vec::new() };
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
