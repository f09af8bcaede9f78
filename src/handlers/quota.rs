//! Room for what is about to be written, of the quotas that it counts for.
//!
//! A write counts for the caller where the place is one of the caller's, and for the owner of the
//! bucket, whoever writes: else a user who is full would let others, or nobody at all, write into
//! its bucket. Whose places are which, and how much lies there, `usage` knows.
//!
//! Refused: `QuotaExceeded`; where there is a quota a body that nobody says the length of, 411 as
//! AWS refuses any such.

use super::{Context, OpenBucket};
use crate::auth::User;
use crate::error::{ErrorCode, Result, S3Error};
use crate::types::Key;
use crate::usage::{Reservation, Usage};
use std::sync::Arc;

/// Room that a write has; given back unless it is kept.
#[must_use]
pub(super) struct Room(Vec<Reservation>);

impl Room {
    /// The write is done, and is that many bytes long.
    pub(super) fn keep(self, bytes: u64) {
        for reservation in self.0 {
            reservation.keep(bytes);
        }
    }

    /// The same of a write that leaves behind what it has written, though it fails.
    pub(super) fn left_behind(mut self) -> Room {
        self.0.iter_mut().for_each(Reservation::leave_behind);
        self
    }
}

impl Context {
    /// Room for so many bytes at a key that the caller may write. What adds nothing always fits.
    pub(super) async fn room(
        &self,
        open: &OpenBucket,
        key: &Key,
        bytes: Option<u64>,
    ) -> Result<Room> {
        let mut room = Room(Vec::new());
        if bytes == Some(0) {
            return Ok(room);
        }
        let caller = self.verified.user();
        let owner = match caller {
            Some(caller) if caller.owner.id == open.owner.id => None,
            _ => self.users.by_id(&open.owner.id),
        };
        let bucket = open.bucket.name();
        let counts = |user: &&Arc<User>| Usage::counts(user, &open.owner.id, bucket, key);
        for user in caller.into_iter().chain(owner).filter(counts) {
            let bytes = bytes.ok_or(ErrorCode::MissingContentLength)?;
            let reservation = self.usage.reserve(user, bytes).await;
            let is_caller = caller.is_some_and(|caller| Arc::ptr_eq(caller, user));
            room.0.push(reservation.map_err(|error| told_to(error, is_caller))?);
        }
        Ok(room)
    }
}

/// What another has stored is not the caller's to know.
fn told_to(error: S3Error, is_caller: bool) -> S3Error {
    match error.code {
        ErrorCode::QuotaExceeded if !is_caller => ErrorCode::QuotaExceeded.into(),
        _ => error,
    }
}
