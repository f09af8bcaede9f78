//! Names that this process changes while their directory is read.
//!
//! Reading a directory is no snapshot: on btrfs and tmpfs a name that is replaced meanwhile moves
//! to the end, behind what the reader was promised, and a name that is written all the time would
//! never be listed. So whoever renames says so before and takes it back after, and a listing adds
//! the names that were told between the begin and the end of its reading.

use super::refused;
use crate::error::Result;
use rustix::fd::AsFd;
use rustix::fs::fstat;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who renames and who reads, in all directories of a store. Directories are told by their inode
/// number; names of another one that has the same are told from ours by a look.
#[derive(Default)]
pub(super) struct Changes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Renames under way: as many as there are threads.
    changing: Vec<(u64, String)>,
    readings: Vec<Open>,
    last: u64,
}

/// A reading under way, and the names that were told since it began: many, where it takes long.
struct Open {
    number: u64,
    inode: u64,
    names: BTreeSet<String>,
}

impl Changes {
    /// To be held from before `name` is renamed to or from until after.
    pub(super) fn change(&self, dir: impl AsFd, name: &str) -> Result<Change<'_>> {
        let inode = fstat(dir).map_err(refused)?.st_ino;
        let mut state = self.state();
        for reading in state.readings.iter_mut().filter(|reading| reading.inode == inode) {
            reading.tell(name);
        }
        state.changing.push((inode, name.to_owned()));
        Ok(Change { changes: self, inode, name: name.to_owned() })
    }

    /// To be begun before a directory is read.
    pub(super) fn reading(&self, dir: impl AsFd) -> Result<Reading<'_>> {
        let inode = fstat(dir).map_err(refused)?.st_ino;
        let mut state = self.state();
        state.last += 1;
        let mut open = Open { number: state.last, inode, names: BTreeSet::new() };
        for (_, name) in state.changing.iter().filter(|(other, _)| *other == inode) {
            open.tell(name);
        }
        let number = open.number;
        state.readings.push(open);
        Ok(Reading { changes: self, number })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn tell(&mut self, name: &str) {
        if !self.names.contains(name) {
            self.names.insert(name.to_owned());
        }
    }
}

/// A name that is being changed.
#[must_use]
pub(super) struct Change<'a> {
    changes: &'a Changes,
    inode: u64,
    name: String,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let mut state = self.changes.state();
        let ours = |(inode, name): &(u64, String)| (*inode, name) == (self.inode, &self.name);
        if let Some(at) = state.changing.iter().position(ours) {
            state.changing.swap_remove(at);
        }
    }
}

/// A directory that is being read.
#[must_use]
pub(super) struct Reading<'a> {
    changes: &'a Changes,
    number: u64,
}

impl Reading<'_> {
    /// The names that were changed since it began; each may be there or not. Asked again, only
    /// those since.
    pub(super) fn changed(&self) -> BTreeSet<String> {
        let mut state = self.changes.state();
        let mut open = state.readings.iter_mut().filter(|open| open.number == self.number);
        open.next().map(|open| std::mem::take(&mut open.names)).unwrap_or_default()
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.changes.state().readings.retain(|open| open.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{dir, testing::Scratch};

    #[test]
    fn reading_is_told_every_change_that_overlaps_it_and_no_other() {
        let (scratch, other) = (Scratch::new(), Scratch::new());
        let open = |scratch: &Scratch| dir::open_data(scratch.path()).unwrap();
        let (dir, other) = (open(&scratch), open(&other));
        let changes = Changes::default();
        drop(changes.change(&dir, "before").unwrap());
        let under_way = changes.change(&dir, "under way").unwrap();
        let reading = changes.reading(&dir).unwrap();
        drop(under_way);
        drop(changes.change(&dir, "meanwhile").unwrap());
        drop(changes.change(&dir, "meanwhile").unwrap());
        drop(changes.change(&other, "elsewhere").unwrap());
        let told = ["under way", "meanwhile"].map(str::to_owned);
        assert_eq!(reading.changed(), BTreeSet::from(told));
        assert_eq!(reading.changed(), BTreeSet::new());
        drop(reading);
        let state = changes.state();
        assert!(state.changing.is_empty() && state.readings.is_empty());
    }
}
