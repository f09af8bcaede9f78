//! The background task that carries out lifecycle rules: a sweep at the start, then one an hour.
//!
//! AWS's rules have effect within a day or two. Tests cannot wait that long: with a short day
//! (`--lifecycle-debug-day`) there are four sweeps a day.

use super::Shared;
use crate::lifecycle::{Day, sweep};
use crate::limits::LIFECYCLE_SWEEP_INTERVAL;
use std::sync::Arc;
use std::time::Duration;

/// Sweeps now and then, for ever. A sweep under way ends soon after the server is told to stop.
pub(super) async fn sweep_loop(shared: Arc<Shared>, day: Day) {
    loop {
        let shared = shared.clone();
        // A panic there ends that sweep alone.
        let _ = tokio::task::spawn_blocking(move || {
            let is_stopping = || *shared.stopping.borrow();
            sweep(&shared.store, shared.clock.now(), day, &is_stopping);
        })
        .await;
        tokio::time::sleep(interval(day)).await;
    }
}

/// At least a second: an empty sweep is cheap, but not free.
fn interval(day: Day) -> Duration {
    match day {
        Day::Real => LIFECYCLE_SWEEP_INTERVAL,
        Day::Short(secs) => Duration::from_secs(u64::from(secs.get() / 4).max(1)),
    }
}
