//! How many requests in a second: a bucket of tokens, each a request.
//!
//! It holds a second's worth, and fills as time passes: whoever was quiet may send a second's worth
//! at once, and over any longer time no more than its rate. Exact: what it holds is counted in
//! billionths of a request, so that a nanosecond brings in a whole number of them.
//!
//! Pure: a time comes in, a verdict goes out.

use std::time::Duration;

const NANOS: u64 = 1_000_000_000;

/// What is left of one user's rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Billionths of a request.
    left: u64,
    /// When that was so.
    at: Duration,
}

impl Rate {
    /// Of a user who has sent nothing lately.
    pub(super) fn full(per_second: u32, now: Duration) -> Rate {
        Rate { left: u64::from(per_second) * NANOS, at: now }
    }

    /// Takes a request out, if there is one. Times that are before the last one, as of requests
    /// that overtake each other, count as that one. The limit may be another one each time.
    pub(super) fn take(&mut self, per_second: u32, now: Duration) -> bool {
        let full = u64::from(per_second) * NANOS;
        let passed = now.saturating_sub(self.at).min(Duration::from_secs(1));
        let come = passed.as_nanos() as u64 * u64::from(per_second); // at most `full`
        self.left = (self.left + come).min(full);
        self.at = self.at.max(now);
        match self.left.checked_sub(NANOS) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    /// How many of so many requests of one moment pass.
    fn burst(rate: &mut Rate, per_second: u32, now: Duration, requests: u32) -> u32 {
        (0..requests).map(|_| u32::from(rate.take(per_second, now))).sum()
    }

    #[test]
    fn a_second_s_worth_passes_at_once_and_not_one_more() {
        for limit in [1, 2, 3, 7, 1000] {
            let mut rate = Rate::full(limit, START);
            assert_eq!(burst(&mut rate, limit, START, limit + 5), limit);
        }
    }

    #[test]
    fn a_token_comes_back_to_the_nanosecond() {
        for limit in [1, 3, 7] {
            let mut rate = Rate::full(limit, START);
            burst(&mut rate, limit, START, limit);
            let nanos = NANOS.div_ceil(limit.into());
            assert!(!rate.take(limit, START + Duration::from_nanos(nanos - 1)));
            assert!(rate.take(limit, START + Duration::from_nanos(nanos)));
            assert!(!rate.take(limit, START + Duration::from_nanos(nanos)));
        }
    }

    #[test]
    fn over_a_long_time_the_rate_is_kept_exactly() {
        let mut rate = Rate::full(3, START);
        // Asked every millisecond for a minute: the burst, and three a second.
        let passed: u32 =
            (0..60_000).map(|ms| burst(&mut rate, 3, START + Duration::from_millis(ms), 1)).sum();
        assert_eq!(passed, 3 + 3 * 60 - 1);
    }

    #[test]
    fn a_long_pause_brings_a_second_s_worth_and_no_more() {
        let mut rate = Rate::full(5, START);
        burst(&mut rate, 5, START, 5);
        let years = START + Duration::from_secs(u64::from(u32::MAX));
        assert_eq!(burst(&mut rate, 5, years, 100), 5);
        assert_eq!(burst(&mut rate, 5, Duration::MAX, 100), 5);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_brings_nothing() {
        let mut rate = Rate::full(2, START);
        assert_eq!(burst(&mut rate, 2, START, 3), 2);
        let before = Duration::from_secs(1);
        assert_eq!(burst(&mut rate, 2, before, 10), 0);
        // Nor does the way back to where it was.
        assert_eq!(burst(&mut rate, 2, START, 10), 0);
        assert_eq!(burst(&mut rate, 2, START + Duration::from_millis(500), 10), 1);
    }

    #[test]
    fn the_largest_limit_does_not_overflow() {
        let mut rate = Rate::full(u32::MAX, START);
        assert_eq!(burst(&mut rate, u32::MAX, START, 1000), 1000);
        assert_eq!(burst(&mut rate, u32::MAX, Duration::MAX, 1000), 1000);
    }

    #[test]
    fn another_limit_counts_at_once() {
        let mut rate = Rate::full(100, START);
        assert_eq!(burst(&mut rate, 2, START, 10), 2);
        let later = START + Duration::from_secs(1);
        assert_eq!(burst(&mut rate, 50, later, 100), 50);
        assert_eq!(burst(&mut rate, 0, later, 3), 0);
    }
}
