//! Object Lock as values: how long a version must stay, and who may end that early.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>

use super::Timestamp;
use crate::error::{ErrorCode, S3Error};
use serde::{Deserialize, Serialize};

/// Who may shorten a retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RetentionMode {
    /// Whoever has `s3:BypassGovernanceRetention` and says so.
    Governance,
    /// Nobody.
    Compliance,
}

impl RetentionMode {
    /// As on the wire: upper case and nothing else.
    pub fn name(self) -> &'static str {
        match self {
            RetentionMode::Governance => "GOVERNANCE",
            RetentionMode::Compliance => "COMPLIANCE",
        }
    }

    /// Reads what [`RetentionMode::name`] writes.
    pub fn parse(text: &str) -> Option<RetentionMode> {
        [RetentionMode::Governance, RetentionMode::Compliance]
            .into_iter()
            .find(|mode| mode.name() == text)
    }
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
        now < self.until && !(bypass && self.mode == RetentionMode::Governance)
    }

    /// Whether it may be replaced by `next` (`None` takes it away): always by a longer one of the
    /// same mode, else only where it forbids nothing any more.
    pub fn may_become(&self, next: Option<Retention>, now: Timestamp, bypass: bool) -> bool {
        let is_extended =
            next.is_some_and(|next| next.mode == self.mode && next.until >= self.until);
        is_extended || !self.forbids(now, bypass)
    }

    /// Reads a RetainUntilDate, ISO 8601 in UTC or (minio-go) with an offset. It is rounded up to
    /// the millisecond, which is what answers show: a client that sends back what it was told does
    /// not shorten anything.
    pub fn parse_until(text: &str) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(text).map(whole_millis)
    }
}

/// AWS's answer to whoever would end a lock before its time, or remove what it keeps.
pub fn protected_by_object_lock() -> S3Error {
    let message = "Access Denied because object protected by object lock.";
    S3Error::new(ErrorCode::AccessDenied, message)
}

fn whole_millis(time: Timestamp) -> Timestamp {
    match time.nanos().div_ceil(1_000_000) {
        1000 => Timestamp::new(time.secs().saturating_add(1), 0),
        millis => Timestamp::new(time.secs(), millis * 1_000_000),
    }
}

/// Object Lock of a bucket: that it is there, for ever, and what its new objects are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectLock {
    /// The retention of a new object whose request names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_retention: Option<DefaultRetention>,
}

/// A retention that begins with its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultRetention {
    /// Who may shorten it.
    pub mode: RetentionMode,
    /// How long it lasts.
    pub period: RetentionPeriod,
}

/// Days of 24 hours, or years of the calendar: at least one, at most a hundred years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are those of the document's elements
pub enum RetentionPeriod {
    Days(u16),
    Years(u16),
}

impl DefaultRetention {
    /// That of a version made then.
    ///
    /// AWS does not say how long a year is. Counted by the calendar it is never too short for whom
    /// the law names years.
    pub fn begun(&self, created: Timestamp) -> Retention {
        let until = match self.period {
            RetentionPeriod::Days(days) => created.plus_days(days),
            RetentionPeriod::Years(years) => created.plus_years(years),
        };
        Retention { mode: self.mode, until: whole_millis(until) }
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

    #[test]
    fn a_retention_is_extended_by_anyone_and_weakened_by_a_bypass_of_governance_alone() {
        use RetentionMode::{Compliance, Governance};
        let retention = |mode, until| Retention { mode, until: Timestamp::new(until, 0) };
        let now = Timestamp::new(1000, 0);
        for (kept, next, without, with_bypass) in [
            ((Governance, 2000), Some((Governance, 2001)), true, true),
            ((Governance, 2000), Some((Governance, 2000)), true, true),
            ((Governance, 2000), Some((Governance, 1999)), false, true),
            ((Governance, 2000), Some((Compliance, 3000)), false, true),
            ((Governance, 2000), None, false, true),
            ((Compliance, 2000), Some((Compliance, 2001)), true, true),
            ((Compliance, 2000), Some((Compliance, 1999)), false, false),
            ((Compliance, 2000), Some((Governance, 3000)), false, false),
            ((Compliance, 2000), None, false, false),
            ((Compliance, 1000), None, true, true),
            ((Governance, 1000), Some((Compliance, 1001)), true, true),
        ] {
            let (kept, next) = (retention(kept.0, kept.1), next.map(|(m, t)| retention(m, t)));
            let may = |bypass| kept.may_become(next, now, bypass);
            assert_eq!((may(false), may(true)), (without, with_bypass), "{kept:?} {next:?}");
        }
    }

    #[test]
    fn default_retention_counts_days_of_24_hours_and_years_of_the_calendar() {
        let created = Timestamp::parse_iso8601("2028-02-29T23:30:00.0001Z").unwrap();
        for (period, until) in [
            (RetentionPeriod::Days(1), "2028-03-01T23:30:00.001Z"),
            (RetentionPeriod::Days(36_500), "2128-02-05T23:30:00.001Z"),
            (RetentionPeriod::Years(1), "2029-02-28T23:30:00.001Z"),
            (RetentionPeriod::Years(100), "2128-02-29T23:30:00.001Z"),
        ] {
            let default = DefaultRetention { mode: RetentionMode::Governance, period };
            assert_eq!(default.begun(created).until.iso8601(), until, "{period:?}");
        }
    }

    #[test]
    fn a_retain_until_date_is_never_rounded_down() {
        for (text, until) in [
            ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z"),
            ("2030-01-01T02:00:00+02:00", "2030-01-01T00:00:00.000Z"),
            ("2030-01-01T00:00:00.000001Z", "2030-01-01T00:00:00.001Z"),
            ("2029-12-31T23:59:59.999999Z", "2030-01-01T00:00:00.000Z"),
        ] {
            let read = Retention::parse_until(text).unwrap();
            assert_eq!(read.iso8601(), until);
            assert_eq!(Retention::parse_until(until), Some(read));
        }
        for text in ["", "2030-01-01", "2030-01-01T00:00:00", "Tue, 01 Jan 2030 00:00:00 GMT"] {
            assert_eq!(Retention::parse_until(text), None, "{text}");
        }
    }
}
