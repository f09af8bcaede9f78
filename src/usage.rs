//! What a user may use up, and has: requests in a second, bytes stored.
//!
//! Stands beside the handlers. `server` asks for a request as soon as its signature is verified, so
//! that nobody who has not the secret can use up another's rate; a handler that writes asks for
//! room once its caller is authorised, and before the body is read.
//!
//! ```text
//! signature -> admit (503 SlowDown) -> authorised -> reserve (403 QuotaExceeded) -> body -> keep
//! ```
//!
//! There is no database, so what is stored is measured: by a walk over what lies where the user may
//! write (`place`), which is then kept here and counted on (`tally`). A walk runs before the
//! first write, then where the count says that there is no room (something may have been removed or
//! overwritten), and beside a write when the last one is some minutes old (hands and other servers
//! write too). Of a user there is one at a time, and one answers all that came before it began. A
//! user without a limit costs nothing.
//!
//! * An overwrite must fit beside what is there: the old bytes go when the new ones are stored.
//! * While a part or a walk is under way some bytes are counted twice: refused too early, not too
//!   late.
//! * Several servers on one filesystem each reserve for themselves: together they may pass a quota
//!   by what they write between two walks. Each counts requests for itself.
//! * What is not bytes of objects does not count: metadata, empty files, what is no key's file.
//!
//! `SlowDown` is AWS's, `QuotaExceeded` is Ceph's (AWS has no quotas).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
//! <https://docs.ceph.com/en/latest/radosgw/admin/#quota-management>

mod place;
mod rate;
mod tally;

use crate::auth::User;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::QUOTA_WALKS_MAX;
use crate::notice::tell;
use crate::store::Store;
use crate::types::{BucketName, Key};
use rate::Rate;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tally::{Measured, Tally, Verdict};
use tokio::sync::{OwnedMutexGuard, Semaphore};

/// What all users have used up, of those that have a limit.
pub struct Usage {
    store: Store,
    began: Instant,
    /// By the user's id; as many as `users.json` ever named.
    rates: Mutex<HashMap<String, Rate>>,
    /// The same.
    ledgers: Mutex<HashMap<String, Arc<Ledger>>>,
    walks: Arc<Semaphore>,
}

/// The bytes of one user.
#[derive(Default)]
struct Ledger {
    tally: Mutex<Tally>,
    /// Held while they are measured.
    walk: Arc<tokio::sync::Mutex<()>>,
}

impl Ledger {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for a write, given back at drop.
pub struct Reservation {
    ledger: Arc<Ledger>,
    bytes: u64,
    /// So much of it stays where the write fails.
    left_behind: u64,
}

impl Reservation {
    /// The write is done, and is that many bytes long.
    pub fn keep(mut self, written: u64) {
        self.left_behind = written; // the rest is what dropping does
    }

    /// From now on the write leaves behind what it has written, though it fails: all of it counts
    /// until it is measured.
    pub fn leave_behind(&mut self) {
        self.left_behind = self.bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.ledger.tally().settle(self.bytes, self.left_behind);
    }
}

impl Usage {
    /// Of the users of that store, who have sent nothing yet.
    pub fn new(store: Store) -> Usage {
        Usage {
            store,
            began: Instant::now(),
            rates: Mutex::default(),
            ledgers: Mutex::default(),
            walks: Arc::new(Semaphore::new(QUOTA_WALKS_MAX)),
        }
    }

    /// Counts a request of whoever signed it. `now` is of a clock that nobody sets: one that is put
    /// back would shut users out, one that is put forward would let them through.
    ///
    /// # Errors
    ///
    /// `SlowDown` beyond what the user may send in a second.
    pub fn admit(&self, user: Option<&Arc<User>>, now: Duration) -> Result<()> {
        let limited = user.and_then(|user| Some((user, user.quotas.requests_per_second?)));
        let Some((user, per_second)) = limited else { return Ok(()) };
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = match rates.get_mut(&user.owner.id) {
            Some(rate) => rate.take(per_second, now),
            None => {
                let mut rate = Rate::full(per_second, now);
                let admitted = rate.take(per_second, now);
                rates.insert(user.owner.id.clone(), rate);
                admitted
            }
        };
        if admitted { Ok(()) } else { Err(ErrorCode::SlowDown.into()) }
    }

    /// Whether a write of that key, in a bucket of that owner, counts for a user who has a quota.
    pub fn counts(user: &User, owner_id: &str, bucket: &BucketName, key: &Key) -> bool {
        user.quotas.bytes_max.is_some() && place::is_of(user, owner_id, bucket, key.as_str())
    }

    /// Room for so many bytes more of a user's quota; waits for a walk where one is needed.
    ///
    /// # Errors
    ///
    /// `QuotaExceeded`, with what is stored; whatever the walk could not read.
    pub async fn reserve(self: &Arc<Usage>, user: &Arc<User>, bytes: u64) -> Result<Reservation> {
        let bytes_max = user.quotas.bytes_max.unwrap_or(u64::MAX);
        let ledger = self.ledger(&user.owner.id);
        let ask = || ledger.tally().reserve(&user.role, bytes, bytes_max);
        let reserved = || Ok(Reservation { ledger: ledger.clone(), bytes, left_behind: 0 });
        if ask() == Verdict::Reserved {
            self.measure_old(user, &ledger);
            return reserved();
        }
        let came = self.now();
        let turn = ledger.walk.clone().lock_owned().await;
        let wait = ledger.tally().wait(came, self.now());
        match (ask(), wait) {
            (Verdict::Reserved, _) => return reserved(), // another has measured it meanwhile
            (Verdict::Full(there), None) => return Err(quota_exceeded(there, bytes, bytes_max)),
            (Verdict::Full(_), Some(wait)) => tokio::time::sleep(wait).await,
            (Verdict::Unmeasured, _) => {}
        }
        self.measure(user.clone(), ledger.clone(), turn).await?;
        match ask() {
            Verdict::Reserved => reserved(),
            Verdict::Full(there) => Err(quota_exceeded(there, bytes, bytes_max)),
            Verdict::Unmeasured => Err(ErrorCode::SlowDown.into()), // its role changes right now
        }
    }

    /// Measures again beside the writes, if it is time and nobody does.
    fn measure_old(self: &Arc<Usage>, user: &Arc<User>, ledger: &Arc<Ledger>) {
        if !ledger.tally().is_old(self.now()) {
            return;
        }
        let Ok(turn) = ledger.walk.clone().try_lock_owned() else { return };
        let (usage, user, ledger) = (self.clone(), user.clone(), ledger.clone());
        tokio::spawn(async move {
            let name = user.owner.display_name.clone();
            if let Err(error) = usage.measure(user, ledger, turn).await {
                tell(format_args!("what user {name:?} has stored cannot be measured: {error}"));
            }
        });
    }

    /// Walks, on the blocking pool, and of all users only a few at a time: others need it too. It
    /// goes on, and keeps its turn, where whoever asked for it is gone.
    async fn measure(
        &self,
        user: Arc<User>,
        ledger: Arc<Ledger>,
        turn: OwnedMutexGuard<()>,
    ) -> Result<()> {
        let permit = self.walks.clone().acquire_owned().await.map_err(S3Error::internal)?;
        let (store, began) = (self.store.clone(), self.began);
        let walk = move || {
            let _held = (turn, permit);
            let (start, seen) = (began.elapsed(), ledger.tally().written());
            let bytes = place::measure(&user, &store)?;
            let (role, ended) = (user.role.clone(), began.elapsed());
            let measured = Measured { bytes, role, ended, took: ended.saturating_sub(start) };
            ledger.tally().take(measured, seen);
            Ok(())
        };
        tokio::task::spawn_blocking(walk)
            .await
            .unwrap_or_else(|panic| Err(S3Error::internal(panic)))
    }

    fn ledger(&self, id: &str) -> Arc<Ledger> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        match ledgers.get(id) {
            Some(ledger) => ledger.clone(),
            None => ledgers.entry(id.to_owned()).or_default().clone(),
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

fn quota_exceeded(there: u64, bytes: u64, bytes_max: u64) -> S3Error {
    let message = format!(
        "{there} of the {bytes_max} bytes that you may store are used: {bytes} more do not fit."
    );
    S3Error::new(ErrorCode::QuotaExceeded, message)
}
