//! The files of buckets' configurations, `buckets/<id>.json`, and those that were read last.
//!
//! Every request wants its bucket's. A file may be a megabyte of rules, and to read that takes a
//! hundred times as long as all else that a small GET does: so what was read is held, and one look
//! at the file tells whether it is still that. Whoever writes a configuration, this process or
//! another, puts a new file in the place of the old one.

use super::buckets::closed;
use super::dir;
use super::{BucketConfig, Root, refused};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::{CONFIG_BYTES_MAX, CONFIGS_HELD_BYTES_MAX};
use crate::types::{BucketName, Timestamp};
use rustix::fs::{AtFlags, OFlags, Stat, fstat, statat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A configuration file.
#[derive(Serialize, Deserialize)]
struct Document<C> {
    /// Of the bucket when this was written.
    name: String,
    #[serde(flatten)]
    config: C,
}

/// What a configuration file says, and which file that was.
#[derive(Clone, Debug)]
pub(super) struct Filed {
    pub(super) name: Arc<str>,
    pub(super) config: Arc<BucketConfig>,
    pub(super) stamp: Stamp,
}

/// Tells a configuration's file from the one that takes its place. Inode numbers are given again,
/// and the kernel's clock ticks in milliseconds; the lengths of states of versioning differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    length: i64,
    changed: (i64, u64),
}

impl Stamp {
    fn of(stat: &Stat) -> Stamp {
        let changed = (stat.st_ctime, stat.st_ctime_nsec);
        Stamp { inode: stat.st_ino, length: stat.st_size, changed }
    }

    /// Whether no file that takes its place from now on can have the same: it would have to be
    /// made in the same tick of the clock.
    fn is_past(&self, now: Timestamp) -> bool {
        now.secs().saturating_sub(self.changed.0) >= 2
    }
}

/// The configurations that were read, by the ids of their buckets.
#[derive(Debug, Default)]
pub(super) struct Configs {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    of: BTreeMap<String, Filed>,
    /// Of all these files, and what each takes beside.
    bytes: usize,
}

/// What the shortest takes: id, name, owner and the empty rest.
const BYTES_OF_EACH: usize = 1024;

impl Configs {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str, stamp: Stamp) -> Option<Filed> {
        self.held().of.get(id).filter(|filed| filed.stamp == stamp).cloned()
    }

    fn hold(&self, id: &str, filed: Filed) {
        let mut held = self.held();
        if let Some(before) = held.of.remove(id) {
            held.bytes -= before.bytes();
        }
        if held.bytes + filed.bytes() > CONFIGS_HELD_BYTES_MAX {
            *held = Held::default(); // costs another reading each, nothing else
        }
        held.bytes += filed.bytes();
        held.of.insert(id.to_owned(), filed);
    }
}

impl Filed {
    fn bytes(&self) -> usize {
        usize::try_from(self.stamp.length).unwrap_or(0) + BYTES_OF_EACH
    }
}

/// The name of a configuration's file.
pub(super) fn file_name(id: &str) -> String {
    format!("{id}.json")
}

/// Which file it is now; `None` where there is none.
pub(super) fn stamp(root: &Root, id: &str) -> Result<Option<Stamp>> {
    match statat(&root.configs, file_name(id), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(Stamp::of(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// The configuration as it is now; `None` where there is none, AccessDenied where it is damaged.
pub(super) fn read(root: &Root, id: &str) -> Result<Option<Filed>> {
    let Some(stamp) = stamp(root, id)? else { return Ok(None) };
    if let Some(filed) = root.held_configs.find(id, stamp) {
        return Ok(Some(filed));
    }
    let Some(filed) = read_file(root, id)? else { return Ok(None) };
    if filed.stamp.is_past(Timestamp::now()) {
        root.held_configs.hold(id, filed.clone());
    }
    Ok(Some(filed))
}

fn read_file(root: &Root, id: &str) -> Result<Option<Filed>> {
    let file = match dir::open(&root.configs, &file_name(id), OFlags::RDONLY) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    let stamp = Stamp::of(&fstat(&file).map_err(refused)?);
    // Room for all of it makes that one read, and one at its end.
    let length = usize::try_from(stamp.length).unwrap_or(0).min(CONFIG_BYTES_MAX);
    let mut json = Vec::with_capacity(length + 1);
    file.take(CONFIG_BYTES_MAX as u64).read_to_end(&mut json)?;
    let document: Document<BucketConfig> = serde_json::from_slice(&json)
        .map_err(|error| closed(format_args!("buckets/{id}.json: {error}")))?;
    let (name, config) = (document.name.into(), Arc::new(document.config));
    Ok(Some(Filed { name, config, stamp }))
}

/// Puts a configuration in the place of the one before.
pub(super) fn write(root: &Root, name: &BucketName, id: &str, config: BucketConfig) -> Result<()> {
    let document = Document { name: name.as_str().to_owned(), config };
    let json = serde_json::to_vec_pretty(&document).map_err(S3Error::internal)?;
    // What cannot be read again must not be written: the bucket would be closed to everyone.
    if json.len() > CONFIG_BYTES_MAX {
        let message = "The configurations of this bucket would together be too large.";
        return Err(S3Error::new(ErrorCode::InvalidRequest, message));
    }
    root.write_private(&root.configs, &file_name(id), &json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filed(inode: u64, length: usize) -> Filed {
        let length = i64::try_from(length).unwrap();
        let stamp = Stamp { inode, length, changed: (100, 5) };
        Filed { name: "name".into(), config: Arc::default(), stamp }
    }

    #[test]
    fn a_configuration_is_held_until_its_file_is_another() {
        let (configs, first) = (Configs::default(), filed(1, 9));
        assert!(configs.find("id", first.stamp).is_none());
        configs.hold("id", first.clone());
        let found = configs.find("id", first.stamp).unwrap();
        assert!(Arc::ptr_eq(&found.config, &first.config));
        let later = Stamp { changed: (100, 6), ..first.stamp };
        for other in [filed(2, 9).stamp, filed(1, 8).stamp, later] {
            assert!(configs.find("id", other).is_none());
        }
        assert!(configs.find("other", first.stamp).is_none());
        configs.hold("id", filed(2, 9));
        assert!(configs.find("id", first.stamp).is_none());
        assert_eq!(configs.held().bytes, 9 + BYTES_OF_EACH);
    }

    /// Two files of one tick and length may have the same inode number, one after the other.
    #[test]
    fn a_configuration_that_was_just_written_is_not_held() {
        let stamp = filed(1, 9).stamp;
        for (now, past) in [(99, false), (100, false), (101, false), (102, true), (200, true)] {
            assert_eq!(stamp.is_past(Timestamp::new(now, 0)), past, "{now}");
        }
    }

    #[test]
    fn class_m_configurations_of_many_buckets_are_not_all_held() {
        let configs = Configs::default();
        let held = || {
            let held = configs.held();
            (held.of.len(), held.bytes)
        };
        let length = CONFIGS_HELD_BYTES_MAX / 4 - BYTES_OF_EACH;
        for inode in 0..4 {
            configs.hold(&inode.to_string(), filed(inode, length));
        }
        assert_eq!(held(), (4, CONFIGS_HELD_BYTES_MAX));
        configs.hold("more", filed(9, 0));
        assert_eq!(held(), (1, BYTES_OF_EACH));
    }
}
