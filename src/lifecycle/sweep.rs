//! The sweep: walks the buckets that have rules and removes what is due.
//!
//! Started by the server now and then, on the blocking pool. It walks listings a page at a time, so
//! that a bucket of any size costs the same memory, and reads the rules anew with each page: a rule
//! that is taken away stops at once.
//!
//! A listing is old when it is acted on. So what it shows as due is opened, judged again as it is
//! now, tags and all, and removed by the door that DeleteObject uses, on the condition that it is
//! still the same: with that door's locks, syncs and Object Lock. Whatever changed meanwhile is
//! left to the next sweep. For the same reason several servers on one data directory do no harm.
//!
//! What cannot be removed (a file of another user, a version under Object Lock) stops nothing else.

use super::history::{History, Listed};
use super::{Content, Day, Standing, Subject, is_due, is_upload_due, prefixes};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::PAGE_MAX;
use crate::notice::tell;
use crate::store::{Bucket, Found, ListQuery, Object, Removal, Store, VersionEntry};
use crate::types::lifecycle::LifecycleConfiguration;
use crate::types::{BucketName, Conditions, Key, Timestamp, UploadId, VersionId};

/// Removes what the rules of all buckets say is due at `now`; ends early when `is_stopping`.
pub fn sweep(store: &Store, now: Timestamp, day: Day, is_stopping: &dyn Fn() -> bool) {
    let sweep = Sweep { store, now, day, is_stopping };
    let buckets = match store.buckets() {
        Ok(buckets) => buckets,
        Err(error) => return tell(format_args!("lifecycle: {error}")),
    };
    for (name, config) in buckets {
        let Some(rules) = config.lifecycle else { continue };
        match sweep.bucket(&name, &rules) {
            Err(error) if error.code != ErrorCode::NoSuchBucket => {
                tell(format_args!("lifecycle of bucket {}: {error}", name.as_str()));
            }
            _ => {}
        }
    }
}

struct Sweep<'a> {
    store: &'a Store,
    now: Timestamp,
    day: Day,
    is_stopping: &'a dyn Fn() -> bool,
}

/// A line of a listing, as far as it matters here.
struct Candidate {
    key: Key,
    version: VersionId,
    modified: Timestamp,
    is_latest: bool,
    /// Bytes; `None` for a delete marker.
    length: Option<u64>,
}

impl Candidate {
    fn of(entry: VersionEntry) -> Option<Candidate> {
        match entry {
            VersionEntry::Version { key, version_id, is_latest, length, modified, .. } => {
                let (version, length) = (version_id, Some(length));
                Some(Candidate { key, version, modified, is_latest, length })
            }
            VersionEntry::DeleteMarker { key, is_latest, marker, .. } => {
                let (version, modified) = (marker.version_id, marker.modified);
                Some(Candidate { key, version, modified, is_latest, length: None })
            }
            VersionEntry::CommonPrefix(_) => None,
        }
    }
}

impl Sweep<'_> {
    fn bucket(&self, name: &BucketName, rules: &LifecycleConfiguration) -> Result<()> {
        let of_versions = prefixes(rules, |rule| {
            rule.expiration.is_some() || rule.noncurrent_expiration.is_some()
        });
        for prefix in of_versions {
            self.versions(name, prefix)?;
        }
        for prefix in prefixes(rules, |rule| rule.abort_days.is_some()) {
            self.uploads(name, prefix)?;
        }
        Ok(())
    }

    /// The bucket as it is now, if it still has rules.
    fn open(&self, name: &BucketName) -> Result<Option<(Bucket, LifecycleConfiguration)>> {
        if (self.is_stopping)() {
            return Ok(None);
        }
        let bucket = self.store.bucket(name)?;
        let rules = bucket.config().lifecycle.clone();
        Ok(rules.map(|rules| (bucket, rules)))
    }

    /// Walks the versions below a prefix. Each is judged when the next one is known: only then is
    /// it known whether a delete marker stands alone.
    fn versions(&self, name: &BucketName, prefix: &str) -> Result<()> {
        let mut query =
            ListQuery { prefix: prefix.to_owned(), max: PAGE_MAX, ..ListQuery::default() };
        let (mut version_marker, mut history) = (None, History::default());
        let mut failed = None;
        let mut waiting: Option<Candidate> = None;
        while let Some((bucket, rules)) = self.open(name)? {
            let page = bucket.list_versions(&query, version_marker)?;
            let mut judge = |candidate: Candidate, next: Option<&Candidate>| {
                let has_older = next.is_some_and(|next| next.key == candidate.key);
                let done = self.judge(&bucket, &rules, &candidate, has_older, &mut history);
                failed = failed.take().or(done.err());
            };
            for candidate in page.entries.into_iter().filter_map(Candidate::of) {
                if (self.is_stopping)() {
                    return Ok(());
                }
                if let Some(candidate) = waiting.replace(candidate) {
                    judge(candidate, waiting.as_ref());
                }
            }
            match &waiting {
                Some(last) if page.truncated => {
                    last.key.as_str().clone_into(&mut query.after);
                    version_marker = Some(last.version);
                }
                _ => {
                    waiting.take().into_iter().for_each(|candidate| judge(candidate, None));
                    break;
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Removes a version if it is due.
    fn judge(
        &self,
        bucket: &Bucket,
        rules: &LifecycleConfiguration,
        candidate: &Candidate,
        has_older: bool,
        history: &mut History,
    ) -> Result<()> {
        let Candidate { key, modified, is_latest, length, .. } = candidate;
        let listed = Listed {
            key,
            modified: *modified,
            is_latest: *is_latest,
            is_marker: length.is_none(),
            has_older,
        };
        let Some(standing) = history.next(&listed) else { return Ok(()) };
        let content = length.map(|length| Content { length, tags: None });
        if !self.is_due(rules, key, standing, content) {
            return Ok(());
        }
        match self.remove(bucket, rules, candidate, standing) {
            Err(error) if !is_of_others(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn is_due(
        &self,
        rules: &LifecycleConfiguration,
        key: &Key,
        standing: Standing,
        content: Option<Content<'_>>,
    ) -> bool {
        let subject = Subject { key: key.as_str(), standing, content };
        is_due(rules, &subject, self.now, self.day)
    }

    /// Looks at the version as it is now and, where it is still due, removes it.
    fn remove(
        &self,
        bucket: &Bucket,
        rules: &LifecycleConfiguration,
        candidate: &Candidate,
        standing: Standing,
    ) -> Result<()> {
        let Candidate { key, version, modified, .. } = candidate;
        let current = Version::of(bucket.look_up(key, None)?);
        let is_current = current.id == *version && current.modified == *modified;
        if is_current == matches!(standing, Standing::Noncurrent { .. }) {
            return Ok(()); // it was the current one, or became it
        }
        let found = match is_current {
            true => current,
            false => Version::of(bucket.look_up(key, Some(*version))?),
        };
        let content = found
            .object
            .as_ref()
            .map(|object| Content { length: object.length, tags: Some(&object.meta.tags.0) });
        if found.modified != *modified || !self.is_due(rules, key, standing, content) {
            return Ok(());
        }
        let removal = Removal {
            // A current object goes as by a client's DELETE: a delete marker may take its place.
            version: match standing {
                Standing::Current { .. } => None,
                Standing::LoneMarker { .. } | Standing::Noncurrent { .. } => Some(*version),
            },
            only_noncurrent: matches!(standing, Standing::Noncurrent { .. }),
            conditions: found.unchanged(),
            bypass_governance: false,
            now: self.now,
        };
        bucket.remove_version(key, &removal).map(|_| ())
    }

    /// Aborts uploads that are due.
    fn uploads(&self, name: &BucketName, prefix: &str) -> Result<()> {
        let mut query =
            ListQuery { prefix: prefix.to_owned(), max: PAGE_MAX, ..ListQuery::default() };
        let mut id_marker = String::new();
        let mut failed = None;
        while let Some((bucket, rules)) = self.open(name)? {
            let id = Some(id_marker.as_str()).filter(|id| !id.is_empty());
            let page = bucket.list_uploads(&query, id)?;
            for (key, id, info) in &page.uploads {
                if is_upload_due(&rules, key.as_str(), info.initiated, self.now, self.day) {
                    failed = failed.or(abort(&bucket, key, id).err());
                }
            }
            if !page.truncated {
                break;
            }
            (query.after, id_marker) = (page.next_key, page.next_id);
        }
        failed.map_or(Ok(()), Err)
    }
}

fn abort(bucket: &Bucket, key: &Key, id: &UploadId) -> Result<()> {
    match bucket.upload(key, id).and_then(|upload| upload.abort()) {
        Err(error) if error.code != ErrorCode::NoSuchUpload => Err(error),
        _ => Ok(()), // aborted, or ended meanwhile
    }
}

/// What lies at a key or a version of it.
struct Version {
    id: VersionId,
    modified: Timestamp,
    /// `None` for a delete marker.
    object: Option<Object>,
}

impl Version {
    fn of(found: Found) -> Version {
        match found {
            Found::Object(object) => Version {
                id: object.meta.version_id,
                modified: object.modified,
                object: Some(object),
            },
            Found::DeleteMarker(marker) => {
                Version { id: marker.version_id, modified: marker.modified, object: None }
            }
        }
    }

    /// That nothing else took its place: what came since has another time.
    fn unchanged(&self) -> Conditions {
        let object = self.object.as_ref();
        Conditions {
            if_match: object.map(|object| object.meta.etag.quoted()),
            if_match_size: object.map(|object| object.length),
            if_match_last_modified: Some(self.modified),
            ..Conditions::default()
        }
    }
}

/// What others did meanwhile, or forbid, is no failure of the sweep.
fn is_of_others(error: &S3Error) -> bool {
    use ErrorCode::{AccessDenied, NoSuchKey, NoSuchVersion, PreconditionFailed};
    matches!(error.code, AccessDenied | NoSuchKey | NoSuchVersion | PreconditionFailed)
}
