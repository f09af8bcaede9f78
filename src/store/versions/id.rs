//! The order of versions, and the names of their files: newer versions have smaller ones.
//!
//! An id is the time, inverted, and 64 random bits. It is made when the file is sealed, so that the
//! attribute holds it before the only fsync; under the key's lock the commit asks whether it is
//! newer than all that lies there, and makes another one, past those, where it is not (two PUTs at
//! once, a clock that was set back). So order of ids is order of commits.
//!
//! A version `null` has no id that could tell its age: its file is named by an order of its own and
//! ends in `-null`. It is given out just below the version that took its place, for which every id
//! leaves room.
//!
//! Pure but for the random bits.

use crate::random;
use crate::types::{Timestamp, VersionId, hex};

/// Ends the name of the version `null`.
const NULL: &str = "-null";
/// One nanosecond of the inverted time.
const TICK: u128 = 1 << 64;

/// The name of a version's file among the versions of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VersionFile {
    /// Smaller is newer.
    order: u128,
    is_null: bool,
}

impl VersionFile {
    /// A new one, newer than `than` with room for one between, of now if the clock allows.
    pub(super) fn new(than: Option<VersionFile>, now: Timestamp) -> VersionFile {
        let nanos = now.secs().saturating_mul(1_000_000_000).saturating_add(now.nanos().into());
        let now = u64::MAX - u64::try_from(nanos).unwrap_or(0);
        let latest = than.map_or(u64::MAX, |than| ((than.order / TICK) as u64).saturating_sub(2));
        let random = u64::from_be_bytes(random::bytes());
        VersionFile {
            order: u128::from(now.min(latest)) * TICK + u128::from(random),
            is_null: false,
        }
    }

    /// Of a version with an id; `None` for `null`.
    pub(super) fn of(id: VersionId) -> Option<VersionFile> {
        match id {
            VersionId::Id(id) => {
                Some(VersionFile { order: u128::from_be_bytes(id), is_null: false })
            }
            VersionId::Null => None,
        }
    }

    /// The one just older: for what this takes the place of, and has no name of its own.
    pub(super) fn just_older(self) -> VersionFile {
        VersionFile { order: self.order.saturating_add(TICK), ..self }
    }

    /// The same place in the order, as the version `null`.
    pub(super) fn null(self) -> VersionFile {
        VersionFile { is_null: true, ..self }
    }

    /// The same place in the order, as a version with an id.
    pub(super) fn with_id(self) -> VersionFile {
        VersionFile { is_null: false, ..self }
    }

    /// Whether it is newer than `than` and leaves room for one between.
    pub(super) fn is_well_past(self, than: Option<VersionFile>) -> bool {
        than.is_none_or(|than| self.order.saturating_add(TICK) < than.order)
    }

    /// Whether it is the version `null`.
    pub(super) fn is_null(self) -> bool {
        self.is_null
    }

    /// The id that clients name it by.
    pub(super) fn id(self) -> VersionId {
        match self.is_null {
            true => VersionId::Null,
            false => VersionId::Id(self.order.to_be_bytes()),
        }
    }

    /// The file's name.
    pub(super) fn name(self) -> String {
        let suffix = if self.is_null { NULL } else { "" };
        hex(&self.order.to_be_bytes()) + suffix
    }

    /// Reads a name; `None` if none of ours.
    pub(super) fn parse(name: &str) -> Option<VersionFile> {
        let (order, is_null) = match name.strip_suffix(NULL) {
            Some(order) => (order, true),
            None => (name, false),
        };
        let file = VersionFile::of(VersionId::parse(order)?)?;
        Some(VersionFile { is_null, ..file })
    }
}
