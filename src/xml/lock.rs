//! The three documents of Object Lock.
//!
//! Names are exact: a mode or a status that is spelled otherwise is `MalformedXML`, as on AWS. A
//! period that no object can be kept for is `InvalidRetentionPeriod`; AWS itself answers
//! `InvalidArgument`, its documentation and the other servers this.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ObjectLockConfiguration.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ObjectLockRetention.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ObjectLockLegalHold.html>

use super::pull::Pull;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use crate::types::{DefaultRetention, ObjectLock, Retention, RetentionMode, RetentionPeriod};

/// `<ObjectLockConfiguration>`: `Enabled` always, a rule with a default retention perhaps.
pub fn object_lock_configuration(body: &[u8]) -> Result<ObjectLock> {
    let mut pull = Pull::open(body, "ObjectLockConfiguration", ErrorCode::MalformedXML)?;
    let (mut enabled, mut default_retention) = (None, None);
    pull.children(|pull, name| match name {
        "ObjectLockEnabled" => pull.once(&mut enabled),
        "Rule" => {
            let value = rule(pull)?;
            pull.fill(&mut default_retention, value)
        }
        _ => pull.skip(),
    })?;
    match enabled.as_deref() {
        Some("Enabled") => pull.close().map(|()| ObjectLock { default_retention }),
        _ => Err(pull.malformed()),
    }
}

fn rule(pull: &mut Pull<'_>) -> Result<DefaultRetention> {
    let mut found = None;
    pull.children(|pull, name| match name {
        "DefaultRetention" => {
            let value = default_retention(pull)?;
            pull.fill(&mut found, value)
        }
        _ => pull.skip(),
    })?;
    found.ok_or_else(|| pull.malformed())
}

/// A mode, and days or years, not both.
fn default_retention(pull: &mut Pull<'_>) -> Result<DefaultRetention> {
    let (mut mode, mut days, mut years) = (None, None, None);
    pull.children(|pull, name| match name {
        "Mode" => pull.once(&mut mode),
        "Days" => pull.once(&mut days),
        "Years" => pull.once(&mut years),
        _ => pull.skip(),
    })?;
    let mode = mode.as_deref().and_then(RetentionMode::parse).ok_or_else(|| pull.malformed())?;
    let period = match (days, years) {
        (Some(days), None) => {
            RetentionPeriod::Days(count(pull, &days, limits::RETENTION_DAYS_MAX)?)
        }
        (None, Some(years)) => {
            RetentionPeriod::Years(count(pull, &years, limits::RETENTION_YEARS_MAX)?)
        }
        _ => return Err(pull.malformed()),
    };
    Ok(DefaultRetention { mode, period })
}

fn count(pull: &Pull<'_>, text: &str, max: u16) -> Result<u16> {
    let number: i64 = text.parse().map_err(|_| pull.malformed())?;
    match u16::try_from(number) {
        Ok(count @ 1..) if count <= max => Ok(count),
        _ => Err(S3Error::from(ErrorCode::InvalidRetentionPeriod)),
    }
}

/// `<Retention>`: mode and date, both or neither; neither takes the retention away.
pub fn retention(body: &[u8]) -> Result<Option<Retention>> {
    let mut pull = Pull::open_or_malformed(body, "Retention")?;
    let (mut mode, mut until) = (None, None);
    pull.children(|pull, name| match name {
        "Mode" => pull.once(&mut mode),
        "RetainUntilDate" => pull.once(&mut until),
        _ => pull.skip(),
    })?;
    let retention = match (mode, until) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let mode = RetentionMode::parse(&mode).ok_or_else(|| pull.malformed())?;
            let until = Retention::parse_until(&until).ok_or_else(|| pull.malformed())?;
            Some(Retention { mode, until })
        }
        _ => return Err(pull.malformed()),
    };
    pull.close().map(|()| retention)
}

/// `<LegalHold>`: whether its status is ON; anything but ON and OFF is malformed.
pub fn legal_hold(body: &[u8]) -> Result<bool> {
    let mut pull = Pull::open_or_malformed(body, "LegalHold")?;
    let mut status = None;
    pull.children(|pull, name| match name {
        "Status" => pull.once(&mut status),
        _ => pull.skip(),
    })?;
    match status.as_deref() {
        Some("ON") => pull.close().map(|()| true),
        Some("OFF") => pull.close().map(|()| false),
        _ => Err(pull.malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(inner: &str) -> Result<ObjectLock> {
        let body = format!("<ObjectLockConfiguration>{inner}</ObjectLockConfiguration>");
        object_lock_configuration(body.as_bytes())
    }

    fn with_default(inner: &str) -> Result<ObjectLock> {
        configuration(&format!(
            "<ObjectLockEnabled>Enabled</ObjectLockEnabled>\
             <Rule><DefaultRetention>{inner}</DefaultRetention></Rule>"
        ))
    }

    #[test]
    fn put_object_lock_configuration_reads_days_or_years() {
        let (governance, compliance) = (RetentionMode::Governance, RetentionMode::Compliance);
        for (inner, mode, period) in [
            ("<Mode>GOVERNANCE</Mode><Days>1</Days>", governance, RetentionPeriod::Days(1)),
            ("<Days>36500</Days><Mode>GOVERNANCE</Mode>", governance, RetentionPeriod::Days(36500)),
            ("<Mode>COMPLIANCE</Mode><Years>100</Years>", compliance, RetentionPeriod::Years(100)),
        ] {
            let default_retention = Some(DefaultRetention { mode, period });
            assert_eq!(with_default(inner).unwrap(), ObjectLock { default_retention }, "{inner}");
        }
        let none = configuration("<ObjectLockEnabled>Enabled</ObjectLockEnabled>").unwrap();
        assert_eq!(none, ObjectLock::default());
    }

    #[test]
    fn put_object_lock_configuration_refuses_what_is_no_period() {
        use ErrorCode::{InvalidRetentionPeriod as Period, MalformedXML};
        for (inner, code) in [
            ("<Mode>GOVERNANCE</Mode><Days>0</Days>", Period),
            ("<Mode>GOVERNANCE</Mode><Days>36501</Days>", Period),
            ("<Mode>GOVERNANCE</Mode><Years>-1</Years>", Period),
            ("<Mode>GOVERNANCE</Mode><Years>101</Years>", Period),
            ("<Mode>GOVERNANCE</Mode><Years>65537</Years>", Period),
            ("<Mode>GOVERNANCE</Mode><Days>x</Days>", MalformedXML),
            ("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>", MalformedXML),
            ("<Mode>GOVERNANCE</Mode>", MalformedXML),
            ("<Days>1</Days>", MalformedXML),
            ("<Mode>governance</Mode><Days>1</Days>", MalformedXML),
        ] {
            assert_eq!(with_default(inner).unwrap_err().code, code, "{inner}");
        }
        for inner in ["", "<ObjectLockEnabled>Disabled</ObjectLockEnabled>", "<Rule/>"] {
            assert_eq!(configuration(inner).unwrap_err().code, MalformedXML, "{inner}");
        }
    }

    #[test]
    fn put_object_retention_wants_mode_and_date_or_neither() {
        let read = |inner: &str| retention(format!("<Retention>{inner}</Retention>").as_bytes());
        let until = "<RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate>";
        let whole = read(&format!("<Mode>COMPLIANCE</Mode>{until}")).unwrap().unwrap();
        assert_eq!(whole.mode, RetentionMode::Compliance);
        assert_eq!(whole.until.iso8601(), "2030-01-01T00:00:00.000Z");
        assert_eq!(read("").unwrap(), None);
        for inner in [
            until,
            "<Mode>GOVERNANCE</Mode>",
            &format!("<Mode>abc</Mode>{until}"),
            "<Mode>GOVERNANCE</Mode><RetainUntilDate>tomorrow</RetainUntilDate>",
        ] {
            assert_eq!(read(inner).unwrap_err().code, ErrorCode::MalformedXML, "{inner}");
        }
    }

    #[test]
    fn put_object_legal_hold_is_on_or_off() {
        let read = |inner: &str| legal_hold(format!("<LegalHold>{inner}</LegalHold>").as_bytes());
        assert!(read("<Status>ON</Status>").unwrap());
        assert!(!read("<Status>OFF</Status>").unwrap());
        for inner in ["", "<Status>on</Status>", "<Status>ON</Status><Status>OFF</Status>"] {
            assert_eq!(read(inner).unwrap_err().code, ErrorCode::MalformedXML, "{inner}");
        }
    }
}
