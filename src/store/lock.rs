//! The lock of a key, held while a condition is weighed and a name is changed.
//!
//! It is a flock on one of 1,024 files, so that two servers on one data directory cannot both win
//! an `If-Match`; before it stands a lock in memory, where the tasks of one process queue (a flock
//! belongs to an open file, and theirs is the same).
//!
//! Keys share files, so whoever holds one lock must not ask for a second one: two that did so in
//! different orders would wait for each other for ever.

use super::dir;
use crate::error::Result;
use crate::limits::KEY_LOCKS;
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, OFlags, flock};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The directory `locks`, and what is open of it.
pub(super) struct Locks {
    dir: OwnedFd,
    files: Vec<Mutex<Option<OwnedFd>>>,
}

impl Locks {
    /// Makes no file yet: each is made when it is first needed.
    pub(super) fn new(dir: OwnedFd) -> Locks {
        Locks { dir, files: (0..=KEY_LOCKS).map(|_| Mutex::default()).collect() }
    }

    /// Locks a key of the bucket whose directory has this inode number (a bucket made by hand has
    /// no other id).
    pub(super) fn key(&self, bucket_inode: u64, key: &str) -> Result<Lock<'_>> {
        let hash = fnv1a(bucket_inode.to_le_bytes().iter().chain(key.as_bytes()));
        self.lock((hash % KEY_LOCKS as u64) as usize)
    }

    /// Locks the set of buckets and their configurations.
    pub(super) fn buckets(&self) -> Result<Lock<'_>> {
        self.lock(KEY_LOCKS)
    }

    fn lock(&self, index: usize) -> Result<Lock<'_>> {
        let mut file = self.files[index].lock().unwrap_or_else(PoisonError::into_inner);
        let open = match file.take() {
            Some(open) => open,
            None => {
                let flags = OFlags::RDWR | OFlags::CREATE;
                dir::open(&self.dir, &index.to_string(), flags).map_err(super::refused)?
            }
        };
        let open = file.insert(open);
        rustix::io::retry_on_intr(|| flock(&open, FlockOperation::LockExclusive))
            .map_err(super::refused)?;
        Ok(Lock { file })
    }
}

/// A lock that is held; dropped, it is released, first for other processes and then for our tasks.
#[must_use]
pub(super) struct Lock<'a> {
    file: MutexGuard<'a, Option<OwnedFd>>,
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Unlocking cannot fail on an open file; were it to, closing releases too.
        if self.file.as_ref().is_some_and(|file| flock(file, FlockOperation::Unlock).is_err()) {
            *self.file = None;
        }
    }
}

/// FNV-1a: every process and every version of this program must find the same file.
fn fnv1a<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn lock_hash_is_fnv1a() {
        assert_eq!(fnv1a(b"".iter()), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar".iter()), 0x8594_4171_f739_67e8);
    }

    /// Two `Locks` on one directory are as two processes: flocks of different open files.
    #[test]
    fn lock_excludes_tasks_and_processes() {
        let scratch = Scratch::new();
        let locks = || Locks::new(dir::open_data(scratch.path()).unwrap());
        let processes = [locks(), locks()];
        let inside = Mutex::new(());
        std::thread::scope(|scope| {
            for n in 0..6 {
                let (processes, inside) = (&processes, &inside);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let _lock = processes[n % 2].key(7, "k").unwrap();
                        let _alone = inside.try_lock().expect("one holder at a time");
                    }
                });
            }
        });
    }
}
