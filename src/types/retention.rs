//! Object Lock as values: how long a version must stay, and who may end that early.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>

use super::Timestamp;

/// Who may shorten a retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionMode {
    /// Whoever has `s3:BypassGovernanceRetention` and says so.
    Governance,
    /// Nobody.
    Compliance,
}

/// Until when a version can be neither removed nor overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Who may shorten it.
    pub mode: RetentionMode,
    /// The first moment at which it is over.
    pub until: Timestamp,
}

impl Retention {
    /// Whether it still forbids removal; with `bypass` the caller may and will pass governance.
    pub fn forbids(&self, now: Timestamp, bypass: bool) -> bool {
        let is_over = (now.secs(), now.nanos()) >= (self.until.secs(), self.until.nanos());
        !is_over && !(bypass && self.mode == RetentionMode::Governance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compliance_is_passed_by_time_alone() {
        let until = Timestamp::new(1000, 5);
        for (mode, now, bypass, forbids) in [
            (RetentionMode::Governance, Timestamp::new(1000, 4), false, true),
            (RetentionMode::Governance, Timestamp::new(1000, 4), true, false),
            (RetentionMode::Compliance, Timestamp::new(1000, 4), true, true),
            (RetentionMode::Compliance, Timestamp::new(1000, 5), false, false),
        ] {
            let retention = Retention { mode, until };
            assert_eq!(retention.forbids(now, bypass), forbids, "{retention:?} {now:?} {bypass}");
        }
    }
}
