//! What lies in a bucket and is no object: not listed, not served, never removed, and told once, so
//! that whoever copied it in learns why it does not appear.

use crate::limits::FOREIGN_NAMES_TOLD_MAX;
use crate::notice::tell;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The paths that were told, below the data directory.
#[derive(Default)]
pub(super) struct Foreign {
    told: Mutex<HashSet<String>>,
}

impl Foreign {
    /// Tells of `path` in a bucket, unless that was done.
    pub(super) fn tell_once(&self, bucket: &str, path: &str) {
        let path = format!("{bucket}/{path}");
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() == FOREIGN_NAMES_TOLD_MAX || !told.insert(path.clone()) {
            return;
        }
        drop(told); // whoever reads standard error may be slow
        tell(format_args!("{path:?} is no object, so it is neither listed nor served"));
    }

    #[cfg(test)]
    pub(super) fn told(&self) -> Vec<String> {
        let mut told: Vec<_> = self.told.lock().unwrap().iter().cloned().collect();
        told.sort();
        told
    }
}
