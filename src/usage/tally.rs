//! What is known of the bytes of one user: as measured, written since, and on their way.
//!
//! Never too low: a write is counted from before its first byte is read, and one that ended while
//! the walk ran counts beside what the walk found, whether the walk saw it or not. It can be too
//! high, since what is overwritten and removed is not taken off; the next measure puts that right.
//!
//! Pure: times and sizes come in.

use crate::auth::Role;
use crate::limits::{QUOTA_AGE_MAX, QUOTA_WAIT_MAX, QUOTA_WALK_PAUSE_MIN, QUOTA_WALK_PAUSE_WALKS};
use std::time::Duration;

/// The count of one user.
#[derive(Default)]
pub(super) struct Tally {
    measured: Option<Measured>,
    /// Bytes written since the measure began.
    written: u64,
    /// Bytes of writes that are under way.
    reserved: u64,
}

/// What a walk found.
pub(super) struct Measured {
    pub(super) bytes: u64,
    /// Of what the user's role was.
    pub(super) role: Role,
    pub(super) ended: Duration,
    pub(super) took: Duration,
}

/// The answer to [`Tally::reserve`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is room, and it is taken.
    Reserved,
    /// Nothing was measured yet, or the user was given another role since.
    Unmeasured,
    /// So many bytes are there already.
    Full(u64),
}

impl Tally {
    /// Takes room for so many bytes more.
    pub(super) fn reserve(&mut self, role: &Role, bytes: u64, bytes_max: u64) -> Verdict {
        let Some(measured) = self.measured.as_ref().filter(|measured| measured.role == *role)
        else {
            return Verdict::Unmeasured;
        };
        let there = measured.bytes.saturating_add(self.written).saturating_add(self.reserved);
        match there.checked_add(bytes) {
            Some(sum) if sum <= bytes_max => {
                self.reserved += bytes;
                Verdict::Reserved
            }
            _ => Verdict::Full(there),
        }
    }

    /// Gives back what was reserved; of it, so many bytes were written.
    pub(super) fn settle(&mut self, reserved: u64, written: u64) {
        self.reserved = self.reserved.saturating_sub(reserved);
        self.written = self.written.saturating_add(written);
    }

    /// Bytes written until now: a walk that begins now sees them.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Takes over what a walk found; `seen` is what [`Tally::written`] was when it began.
    pub(super) fn take(&mut self, measured: Measured, seen: u64) {
        self.written = self.written.saturating_sub(seen);
        self.measured = Some(measured);
    }

    /// How long a request that came then and finds no room waits to have it measured again. `None`
    /// is not at all: it was since the request came, so that of many in a row one walks for all;
    /// or it was of late, and takes too long to be done for each who is full.
    pub(super) fn wait(&self, came: Duration, now: Duration) -> Option<Duration> {
        let Some(measured) = &self.measured else { return Some(Duration::ZERO) };
        let wait = measured.next(QUOTA_WALK_PAUSE_MIN).saturating_sub(now);
        (measured.began() < came && wait <= QUOTA_WAIT_MAX).then_some(wait)
    }

    /// Whether it is time to look what hands and other servers did.
    pub(super) fn is_old(&self, now: Duration) -> bool {
        self.measured.as_ref().is_none_or(|measured| measured.next(QUOTA_AGE_MAX) <= now)
    }
}

impl Measured {
    fn began(&self) -> Duration {
        self.ended.saturating_sub(self.took)
    }

    /// When it may be done again, after that pause or the one that the walk itself wants.
    fn next(&self, pause: Duration) -> Duration {
        let own = self.took.saturating_mul(QUOTA_WALK_PAUSE_WALKS);
        self.ended.saturating_add(pause.max(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn measured(bytes: u64) -> Measured {
        Measured { bytes, role: Role::Account, ended: START, took: Duration::ZERO }
    }

    fn tally(bytes: u64) -> Tally {
        let mut tally = Tally::default();
        tally.take(measured(bytes), 0);
        tally
    }

    #[test]
    fn a_quota_is_so_many_bytes_and_not_one_more() {
        let mut tally = tally(90);
        assert_eq!(tally.reserve(&Role::Account, 11, 100), Verdict::Full(90));
        assert_eq!(tally.reserve(&Role::Account, 10, 100), Verdict::Reserved);
        assert_eq!(tally.reserve(&Role::Account, 1, 100), Verdict::Full(100));
        assert_eq!(tally.reserve(&Role::Account, u64::MAX, u64::MAX), Verdict::Full(100));
        assert_eq!(tally.reserve(&Role::Account, 1, 101), Verdict::Reserved, "a raised quota");
    }

    #[test]
    fn what_was_not_written_is_given_back() {
        let mut tally = tally(0);
        assert_eq!(tally.reserve(&Role::Account, 100, 100), Verdict::Reserved);
        tally.settle(100, 30);
        assert_eq!(tally.reserve(&Role::Account, 71, 100), Verdict::Full(30));
        assert_eq!(tally.reserve(&Role::Account, 70, 100), Verdict::Reserved);
        tally.settle(70, 0);
        assert_eq!(tally.reserve(&Role::Account, 70, 100), Verdict::Reserved);
    }

    #[test]
    fn a_write_that_ends_during_a_walk_counts_beside_it() {
        let mut tally = tally(0);
        assert_eq!(tally.reserve(&Role::Account, 10, 100), Verdict::Reserved);
        tally.settle(10, 10);
        assert_eq!(tally.reserve(&Role::Account, 20, 100), Verdict::Reserved);
        let seen = tally.written();
        tally.settle(20, 20); // too late for the walk, as far as anybody knows
        tally.take(measured(10), seen);
        assert_eq!(tally.reserve(&Role::Account, 71, 100), Verdict::Full(30));
    }

    #[test]
    fn another_role_reaches_elsewhere_and_is_measured_anew() {
        let mut tally = tally(0);
        assert_eq!(tally.reserve(&Role::Admin, 1, 100), Verdict::Unmeasured);
        assert_eq!(Tally::default().reserve(&Role::Account, 1, 100), Verdict::Unmeasured);
    }

    #[test]
    fn a_full_user_does_not_have_the_server_walk_all_day() {
        let nano = Duration::from_nanos(1);
        let took = |took| {
            let mut tally = Tally::default();
            tally.take(Measured { took, ..measured(0) }, 0);
            tally
        };
        let quick = took(Duration::ZERO);
        let next = START + QUOTA_WALK_PAUSE_MIN;
        assert_eq!(quick.wait(START + nano, START + nano), Some(QUOTA_WALK_PAUSE_MIN - nano));
        assert_eq!(quick.wait(START + nano, next + nano), Some(Duration::ZERO));
        assert!(!quick.is_old(next) && quick.is_old(START + QUOTA_AGE_MAX));
        let slow = took(QUOTA_AGE_MAX);
        let next = START + QUOTA_AGE_MAX * QUOTA_WALK_PAUSE_WALKS;
        let asked = next - QUOTA_WAIT_MAX;
        assert_eq!(slow.wait(asked - nano, asked - nano), None);
        assert_eq!(slow.wait(asked, asked), Some(QUOTA_WAIT_MAX));
        assert!(!slow.is_old(START + QUOTA_AGE_MAX) && slow.is_old(next));
        let new = Tally::default();
        assert!(new.wait(START, START) == Some(Duration::ZERO) && new.is_old(START));
    }

    #[test]
    fn what_was_measured_after_a_request_came_is_its_answer() {
        let mut tally = Tally::default();
        let took = Duration::from_millis(5);
        tally.take(Measured { took, ..measured(0) }, 0);
        let (began, now) = (START - took, START + Duration::from_secs(1));
        assert_eq!(tally.wait(began, now), None);
        assert_eq!(tally.wait(began + Duration::from_nanos(1), now), Some(Duration::ZERO));
    }
}
