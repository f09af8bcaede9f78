//! From a listing of versions to what each one is in its key's history.
//!
//! Pure, and constant memory: a listing comes in key order, the newest version of a key first, so
//! one version back is all that has to be remembered.

use super::Standing;
use crate::types::{Key, Timestamp};

/// Where in a listing of versions a sweep is.
#[derive(Default)]
pub(super) struct History {
    /// The last version: its key, and when it was written.
    last: Option<(Key, Timestamp)>,
    /// Noncurrent versions of that key with content, so far.
    noncurrent: u32,
}

/// What a listing says of one version.
pub(super) struct Listed<'a> {
    pub(super) key: &'a Key,
    pub(super) modified: Timestamp,
    pub(super) is_latest: bool,
    pub(super) is_marker: bool,
    /// Whether the listing goes on with an older version of the same key.
    pub(super) has_older: bool,
}

impl History {
    /// What the next version of the listing is; `None` for a delete marker that still hides older
    /// versions, and for a version whose successor is not listed (it was removed meanwhile).
    pub(super) fn next(&mut self, version: &Listed<'_>) -> Option<Standing> {
        let Listed { key, modified, .. } = *version;
        let successor = self.last.replace((key.clone(), modified));
        let successor = successor.filter(|(last, _)| last == key).map(|(_, written)| written);
        if version.is_latest {
            self.noncurrent = 0;
            return match (version.is_marker, version.has_older) {
                (false, _) => Some(Standing::Current { modified }),
                (true, false) => Some(Standing::LoneMarker { modified }),
                (true, true) => None,
            };
        }
        let Some(written) = successor else {
            self.noncurrent = u32::from(!version.is_marker);
            return None;
        };
        let newer = self.noncurrent;
        self.noncurrent += u32::from(!version.is_marker);
        // A current file put there by hand may have an older time than what it replaced.
        Some(Standing::Noncurrent { since: written.max(modified), newer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `key time`, with `*` for the latest and `x` for a delete marker.
    fn standings(listing: &[(&str, i64, &str)]) -> Vec<Option<Standing>> {
        let keys: Vec<Key> =
            listing.iter().map(|(key, ..)| Key::parse(key.as_bytes().to_vec()).unwrap()).collect();
        let mut history = History::default();
        let standing = |(index, (_, secs, marks)): (usize, &(&str, i64, &str))| {
            history.next(&Listed {
                key: &keys[index],
                modified: Timestamp::new(*secs, 0),
                is_latest: marks.contains('*'),
                is_marker: marks.contains('x'),
                has_older: keys.get(index + 1) == Some(&keys[index]),
            })
        };
        listing.iter().enumerate().map(standing).collect()
    }

    fn noncurrent(since: i64, newer: u32) -> Option<Standing> {
        Some(Standing::Noncurrent { since: Timestamp::new(since, 0), newer })
    }

    fn current(secs: i64) -> Option<Standing> {
        Some(Standing::Current { modified: Timestamp::new(secs, 0) })
    }

    #[test]
    fn noncurrent_versions_count_from_their_successor() {
        let listing = [("a", 9, "*"), ("a", 7, ""), ("a", 5, ""), ("b", 3, "*"), ("b", 1, "")];
        let wanted = [current(9), noncurrent(9, 0), noncurrent(7, 1), current(3), noncurrent(3, 0)];
        assert_eq!(standings(&listing), wanted);
    }

    #[test]
    fn markers_hide_or_stand_alone_and_are_no_versions_to_keep() {
        let alone = Some(Standing::LoneMarker { modified: Timestamp::new(8, 0) });
        let listing = [("a", 9, "*x"), ("a", 7, "x"), ("a", 5, ""), ("b", 8, "*x"), ("c", 8, "*x")];
        let wanted = [None, noncurrent(9, 0), noncurrent(7, 0), alone, alone];
        assert_eq!(standings(&listing), wanted);
    }

    #[test]
    fn a_version_is_not_noncurrent_from_before_it_was_written() {
        assert_eq!(standings(&[("a", 1, "*"), ("a", 7, "")])[1], noncurrent(7, 0));
    }

    #[test]
    fn a_version_without_a_successor_is_left_alone() {
        let listing = [("a", 7, "*"), ("b", 5, ""), ("b", 4, "")];
        assert_eq!(standings(&listing), [current(7), None, noncurrent(5, 1)]);
    }
}
