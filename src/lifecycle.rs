//! What a bucket's lifecycle rules mean for one object, and the sweep that carries them out.
//!
//! This file is pure: a configuration, what is known of an object and a time in, a verdict out.
//! `history` finds which versions are noncurrent and since when; [`sweep()`] walks the store and
//! removes what is due. Handlers ask here for `x-amz-expiration` and `x-amz-abort-date`.
//!
//! * <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>
//! * <https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html>
//!
//! Days are counted from Last-Modified (of a noncurrent version: from when its successor was
//! written) and rounded up to the next midnight UTC. A file put into a bucket by hand with an old
//! time is old. The tests' short day ([`Day::Short`]) is not rounded, and no client is told of it.
//!
//! A delete marker has no tags and no size: a rule that asks for either spares it.

mod history;
mod sweep;

pub use sweep::sweep;

use crate::types::Timestamp;
use crate::types::lifecycle::{
    DAY_SECS, Expiration, LifecycleConfiguration, LifecycleRule, Predicates, Selector,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::num::NonZeroU32;

/// How long a day of a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// A day; what it ends is rounded up to midnight UTC.
    Real,
    /// So many seconds, not rounded: for tests.
    Short(NonZeroU32),
}

impl Day {
    /// When `days` are over that began at `start`.
    fn after(self, start: Timestamp, days: NonZeroU32) -> Timestamp {
        let days = i64::from(days.get());
        match self {
            Day::Short(secs) => {
                let length = days.saturating_mul(i64::from(secs.get()));
                Timestamp::new(start.secs().saturating_add(length), start.nanos())
            }
            Day::Real => {
                let end = start.secs().saturating_add(days * DAY_SECS);
                let is_midnight = end.rem_euclid(DAY_SECS) == 0 && start.nanos() == 0;
                let midnight = end.div_euclid(DAY_SECS) + i64::from(!is_midnight);
                Timestamp::new(midnight.saturating_mul(DAY_SECS), 0)
            }
        }
    }
}

/// One version of an object (or a delete marker), as rules see it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Its key.
    pub key: &'a str,
    /// What it is in its key's history.
    pub standing: Standing,
    /// Its bytes and tags; a delete marker has none.
    pub content: Option<Content<'a>>,
}

/// What rules ask of a version's content.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Length in bytes.
    pub length: u64,
    /// Tags, key and value; `None` where they are not known: then it may have any.
    pub tags: Option<&'a [(String, String)]>,
}

/// The place of a version in its key's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The current version, not a delete marker.
    Current {
        /// Last-Modified.
        modified: Timestamp,
    },
    /// A current delete marker with no version below it.
    LoneMarker {
        /// When it was made.
        modified: Timestamp,
    },
    /// Any version below the current one.
    Noncurrent {
        /// When its successor was written.
        since: Timestamp,
        /// Noncurrent versions with content that are newer.
        newer: u32,
    },
}

/// Whether a rule says that this version is to go by now.
pub fn is_due(
    configuration: &LifecycleConfiguration,
    subject: &Subject<'_>,
    now: Timestamp,
    day: Day,
) -> bool {
    enabled(configuration)
        .filter_map(|rule| deadline(rule, subject, day))
        .any(|deadline| deadline <= now)
}

/// Whether a rule says that an upload in progress is to go by now.
pub fn is_upload_due(
    configuration: &LifecycleConfiguration,
    key: &str,
    initiated: Timestamp,
    now: Timestamp,
    day: Day,
) -> bool {
    enabled(configuration)
        .filter_map(|rule| upload_deadline(rule, key, initiated, day))
        .any(|deadline| deadline <= now)
}

/// `x-amz-expiration` of a current version: the first day of its end, and the rule that says so.
pub fn expiration_header(
    configuration: &LifecycleConfiguration,
    key: &str,
    modified: Timestamp,
    content: Content<'_>,
) -> Option<String> {
    let standing = Standing::Current { modified };
    let subject = Subject { key, standing, content: Some(content) };
    let (deadline, id) = earliest(configuration, |rule| deadline(rule, &subject, Day::Real))?;
    Some(format!("expiry-date=\"{}\", rule-id=\"{id}\"", deadline.http_date()))
}

/// The values of `x-amz-abort-date` and `x-amz-abort-rule-id` of an upload in progress.
pub fn abort_headers(
    configuration: &LifecycleConfiguration,
    key: &str,
    initiated: Timestamp,
) -> Option<(String, String)> {
    let deadline = |rule: &LifecycleRule| upload_deadline(rule, key, initiated, Day::Real);
    earliest(configuration, deadline).map(|(deadline, id)| (deadline.http_date(), id))
}

/// The soonest deadline and the encoded ID of its rule; of equal ones the first rule's.
fn earliest(
    configuration: &LifecycleConfiguration,
    deadline: impl Fn(&LifecycleRule) -> Option<Timestamp>,
) -> Option<(Timestamp, String)> {
    /// What stands in a URL as it is; AWS encodes the rest of an ID.
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    enabled(configuration)
        .filter_map(|rule| Some((deadline(rule)?, rule)))
        .min_by_key(|(deadline, _)| *deadline)
        .map(|(deadline, rule)| (deadline, utf8_percent_encode(&rule.id, KEPT).to_string()))
}

/// The prefixes below which enabled rules of this kind may end something; none begins with another.
fn prefixes(
    configuration: &LifecycleConfiguration,
    is_meant: impl Fn(&LifecycleRule) -> bool,
) -> Vec<&str> {
    let meant = enabled(configuration).filter(|rule| is_meant(rule));
    let mut prefixes: Vec<&str> = meant.map(|rule| rule.selector.prefix()).collect();
    prefixes.sort_unstable(); // what begins with a prefix stands right behind it
    prefixes.dedup_by(|next, kept| next.starts_with(*kept));
    prefixes
}

fn enabled(configuration: &LifecycleConfiguration) -> impl Iterator<Item = &LifecycleRule> {
    configuration.rules().iter().filter(|rule| rule.enabled)
}

/// When this rule ends this version, if ever.
fn deadline(rule: &LifecycleRule, subject: &Subject<'_>, day: Day) -> Option<Timestamp> {
    if !selects(&rule.selector, subject) {
        return None;
    }
    match subject.standing {
        Standing::Current { modified } => match rule.expiration? {
            Expiration::Days(days) => Some(day.after(modified, days)),
            Expiration::Date(date) => Some(date.time()),
            Expiration::ExpiredObjectDeleteMarker(_) => None,
        },
        // Days and Date clear markers with nothing below them too, as on AWS.
        Standing::LoneMarker { modified } => match rule.expiration? {
            Expiration::Days(days) => Some(day.after(modified, days)),
            Expiration::Date(date) => Some(date.time()),
            Expiration::ExpiredObjectDeleteMarker(ends) => ends.then_some(modified),
        },
        Standing::Noncurrent { since, newer } => {
            let expiration = rule.noncurrent_expiration?;
            let is_kept = expiration.newer.is_some_and(|kept| newer < kept.get());
            (!is_kept).then(|| day.after(since, expiration.days))
        }
    }
}

fn upload_deadline(
    rule: &LifecycleRule,
    key: &str,
    initiated: Timestamp,
    day: Day,
) -> Option<Timestamp> {
    // A rule of uploads has neither tags nor sizes: the prefix is all there is.
    let days = rule.abort_days.filter(|_| key.starts_with(rule.selector.prefix()))?;
    Some(day.after(initiated, days))
}

fn selects(selector: &Selector, subject: &Subject<'_>) -> bool {
    match selector {
        Selector::Prefix(prefix) => subject.key.starts_with(prefix.as_str()),
        Selector::Filter { .. } => selector.predicates().all(|all| holds(all, subject)),
    }
}

fn holds(predicates: &Predicates, subject: &Subject<'_>) -> bool {
    let Predicates { prefix, tags, size_greater_than, size_less_than } = predicates;
    if prefix.as_ref().is_some_and(|prefix| !subject.key.starts_with(prefix.as_str())) {
        return false;
    }
    match subject.content {
        None => tags.is_empty() && size_greater_than.or(*size_less_than).is_none(),
        Some(content) => {
            content.tags.is_none_or(|has| tags.iter().all(|tag| has.contains(tag)))
                && size_greater_than.is_none_or(|bound| content.length > bound)
                && size_less_than.is_none_or(|bound| content.length < bound)
        }
    }
}

#[cfg(test)]
mod tests;
