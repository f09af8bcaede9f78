//! `<LifecycleConfiguration>`, read and written.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>
//!
//! Refused as `MalformedXML`: what AWS's schema refuses. A `Status` that is not exactly `Enabled`
//! or `Disabled`, an `Expiration` that says nothing or two things, a rule with neither `Filter` nor
//! `Prefix` or with both, an action without its days, a number that is none. The rules that join
//! elements are those of [`LifecycleConfiguration::new`].

use super::pull::Pull;
use super::write::Document;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::{LIFECYCLE_RULES_MAX, LIFECYCLE_TAGS_MAX, STORAGE_CLASS_BYTES_MAX};
use crate::types::Timestamp;
use crate::types::lifecycle::{
    Expiration, LifecycleConfiguration, LifecycleRule, Midnight, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Predicates, Selector, Transition, TransitionTime, positive,
};
use std::num::NonZeroU32;
use std::str::FromStr;

/// The rules of a `<LifecycleConfiguration>`, each whole in itself, not yet checked together.
pub fn read(body: &[u8]) -> Result<Vec<LifecycleRule>> {
    let mut pull = Pull::open(body, "LifecycleConfiguration", ErrorCode::MalformedXML)?;
    let mut rules = Vec::new();
    pull.children(|pull, name| match name {
        "Rule" if rules.len() == LIFECYCLE_RULES_MAX => Err(pull.malformed()),
        "Rule" => {
            rules.push(rule(pull)?);
            Ok(())
        }
        _ => pull.skip(),
    })?;
    pull.close()?;
    Ok(rules)
}

fn rule(pull: &mut Pull<'_>) -> Result<LifecycleRule> {
    let (mut id, mut status, mut prefix, mut filtered) = (None, None, None, None);
    let (mut expires, mut noncurrent, mut abort) = (None, None, None);
    let (mut transitions, mut noncurrent_transitions) = (Vec::new(), Vec::new());
    pull.children(|pull, name| {
        match name {
            "ID" => pull.once(&mut id)?,
            "Status" => pull.once(&mut status)?,
            "Prefix" => text(pull, &mut prefix)?,
            "Filter" => once(pull, &mut filtered, filter)?,
            "Expiration" => once(pull, &mut expires, expiration)?,
            "NoncurrentVersionExpiration" => once(pull, &mut noncurrent, noncurrent_expiration)?,
            "AbortIncompleteMultipartUpload" => once(pull, &mut abort, abort_days)?,
            "Transition" => transitions.push(transition(pull)?),
            "NoncurrentVersionTransition" => {
                noncurrent_transitions.push(noncurrent_transition(pull)?);
            }
            _ => pull.skip()?,
        }
        Ok(())
    })?;
    let selector = match (prefix, filtered) {
        (Some(prefix), None) => Selector::Prefix(prefix),
        (None, Some(filter)) => filter,
        _ => return Err(pull.malformed()),
    };
    let enabled = match status.as_deref() {
        Some("Enabled") => true,
        Some("Disabled") => false,
        _ => return Err(pull.malformed()),
    };
    Ok(LifecycleRule {
        id: id.unwrap_or_default(),
        enabled,
        selector,
        expiration: expires,
        noncurrent_expiration: noncurrent,
        abort_days: abort,
        transitions,
        noncurrent_transitions,
    })
}

/// Reads a child that may stand once.
fn once<'x, T>(
    pull: &mut Pull<'x>,
    slot: &mut Option<T>,
    read: impl FnOnce(&mut Pull<'x>) -> Result<T>,
) -> Result<()> {
    let value = read(pull)?;
    pull.fill(slot, value)
}

/// The text of a child that may stand once, every blank of it: keys and tags may end in one.
fn text(pull: &mut Pull<'_>, slot: &mut Option<String>) -> Result<()> {
    once(pull, slot, |pull| pull.text())
}

fn number<T: FromStr>(pull: &mut Pull<'_>) -> Result<T> {
    pull.text()?.trim().parse().map_err(|_| pull.malformed())
}

fn filter(pull: &mut Pull<'_>) -> Result<Selector> {
    let (mut own, mut and) = (Predicates::default(), None);
    pull.children(|pull, name| match name {
        "And" => once(pull, &mut and, |pull| {
            let mut predicates = Predicates::default();
            pull.children(|pull, name| predicate(pull, name, &mut predicates))?;
            Ok(predicates)
        }),
        _ => predicate(pull, name, &mut own),
    })?;
    Ok(Selector::Filter { own, and })
}

fn predicate(pull: &mut Pull<'_>, name: &str, into: &mut Predicates) -> Result<()> {
    match name {
        "Prefix" => text(pull, &mut into.prefix),
        "Tag" if into.tags.len() == LIFECYCLE_TAGS_MAX => Err(pull.malformed()),
        "Tag" => {
            into.tags.push(tag(pull)?);
            Ok(())
        }
        "ObjectSizeGreaterThan" => once(pull, &mut into.size_greater_than, number),
        "ObjectSizeLessThan" => once(pull, &mut into.size_less_than, number),
        _ => pull.skip(),
    }
}

fn tag(pull: &mut Pull<'_>) -> Result<(String, String)> {
    let (mut key, mut value) = (None, None);
    pull.children(|pull, name| match name {
        "Key" => text(pull, &mut key),
        "Value" => text(pull, &mut value),
        _ => pull.skip(),
    })?;
    match (key, value) {
        (Some(key), Some(value)) if !key.is_empty() => Ok((key, value)),
        _ => Err(pull.malformed()),
    }
}

fn expiration(pull: &mut Pull<'_>) -> Result<Expiration> {
    let mut found = None;
    pull.children(|pull, name| match name {
        "Days" => once(pull, &mut found, |pull| {
            positive("Days", "Expiration", pull.text()?.trim()).map(Expiration::Days)
        }),
        "Date" => once(pull, &mut found, |pull| midnight(pull).map(Expiration::Date)),
        "ExpiredObjectDeleteMarker" => once(pull, &mut found, |pull| match pull.text()?.trim() {
            "true" => Ok(Expiration::ExpiredObjectDeleteMarker(true)),
            "false" => Ok(Expiration::ExpiredObjectDeleteMarker(false)),
            _ => Err(pull.malformed()),
        }),
        _ => pull.skip(),
    })?;
    found.ok_or_else(|| pull.malformed())
}

/// A date or a time of ISO 8601; boto3 sends the time, people write the date.
fn midnight(pull: &mut Pull<'_>) -> Result<Midnight> {
    let text = pull.text()?;
    let text = text.trim();
    let is_extended = text.as_bytes().get(4) == Some(&b'-');
    let time = match text.contains('T') {
        _ if !is_extended => None, // `20200101` is ISO 8601 too, and no date to AWS
        true => Timestamp::parse_iso8601(text),
        false => Timestamp::parse_iso8601(&format!("{text}T00:00:00Z")),
    };
    let time = time.ok_or_else(|| pull.malformed())?;
    Midnight::new(time)
        .ok_or_else(|| S3Error::argument("'Date' must be at midnight GMT", "Date", text))
}

fn noncurrent_expiration(pull: &mut Pull<'_>) -> Result<NoncurrentVersionExpiration> {
    const ACTION: &str = "NoncurrentVersionExpiration";
    let (mut days, mut newer) = (None, None);
    pull.children(|pull, name| match name {
        "NoncurrentDays" => {
            once(pull, &mut days, |pull| positive("NoncurrentDays", ACTION, pull.text()?.trim()))
        }
        "NewerNoncurrentVersions" => once(pull, &mut newer, |pull| newer_versions(pull, ACTION)),
        _ => pull.skip(),
    })?;
    Ok(NoncurrentVersionExpiration { days: days.ok_or_else(|| pull.malformed())?, newer })
}

fn newer_versions(pull: &mut Pull<'_>, action: &str) -> Result<NonZeroU32> {
    positive("NewerNoncurrentVersions", action, pull.text()?.trim())
}

fn abort_days(pull: &mut Pull<'_>) -> Result<NonZeroU32> {
    const DAYS: &str = "DaysAfterInitiation";
    let mut days = None;
    pull.children(|pull, name| match name {
        DAYS => once(pull, &mut days, |pull| {
            positive(DAYS, "AbortIncompleteMultipartUpload", pull.text()?.trim())
        }),
        _ => pull.skip(),
    })?;
    days.ok_or_else(|| pull.malformed())
}

fn transition(pull: &mut Pull<'_>) -> Result<Transition> {
    let (mut when, mut class) = (None, None);
    pull.children(|pull, name| match name {
        "Days" => once(pull, &mut when, |pull| number(pull).map(TransitionTime::Days)),
        "Date" => once(pull, &mut when, |pull| midnight(pull).map(TransitionTime::Date)),
        "StorageClass" => once(pull, &mut class, storage_class),
        _ => pull.skip(),
    })?;
    match (when, class) {
        (Some(when), Some(storage_class)) => Ok(Transition { when, storage_class }),
        _ => Err(pull.malformed()),
    }
}

fn noncurrent_transition(pull: &mut Pull<'_>) -> Result<NoncurrentVersionTransition> {
    const ACTION: &str = "NoncurrentVersionTransition";
    let (mut days, mut newer, mut class) = (None, None, None);
    pull.children(|pull, name| match name {
        "NoncurrentDays" => once(pull, &mut days, number),
        "NewerNoncurrentVersions" => once(pull, &mut newer, |pull| newer_versions(pull, ACTION)),
        "StorageClass" => once(pull, &mut class, storage_class),
        _ => pull.skip(),
    })?;
    match (days, class) {
        (Some(days), Some(storage_class)) => {
            Ok(NoncurrentVersionTransition { days, newer, storage_class })
        }
        _ => Err(pull.malformed()),
    }
}

/// Any name in the form of a class: new ones appear, and none of them means anything here.
fn storage_class(pull: &mut Pull<'_>) -> Result<String> {
    let class = pull.text()?.trim().to_owned();
    let good = (1..=STORAGE_CLASS_BYTES_MAX).contains(&class.len())
        && class.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if good { Ok(class) } else { Err(pull.malformed()) }
}

/// The answer of GetBucketLifecycleConfiguration: each rule in the form it was given.
pub fn write(configuration: &LifecycleConfiguration) -> String {
    let mut document = Document::new("LifecycleConfiguration");
    for rule in configuration.rules() {
        document.element("Rule", |xml| write_rule(xml, rule));
    }
    document.finish()
}

fn write_rule(xml: &mut Document, rule: &LifecycleRule) {
    xml.text("ID", &rule.id);
    match &rule.selector {
        Selector::Prefix(prefix) => {
            xml.text("Prefix", prefix);
        }
        Selector::Filter { own, and } => {
            xml.element("Filter", |xml| {
                write_predicates(xml, own);
                if let Some(and) = and {
                    xml.element("And", |xml| write_predicates(xml, and));
                }
            });
        }
    }
    xml.text("Status", if rule.enabled { "Enabled" } else { "Disabled" });
    for Transition { when, storage_class } in &rule.transitions {
        xml.element("Transition", |xml| {
            match when {
                TransitionTime::Days(days) => xml.text("Days", &days.to_string()),
                TransitionTime::Date(date) => xml.text("Date", &date.to_string()),
            };
            xml.text("StorageClass", storage_class);
        });
    }
    if let Some(expiration) = rule.expiration {
        xml.element("Expiration", |xml| write_expiration(xml, expiration));
    }
    for NoncurrentVersionTransition { days, newer, storage_class } in &rule.noncurrent_transitions {
        xml.element("NoncurrentVersionTransition", |xml| {
            write_noncurrent(xml, *days, *newer);
            xml.text("StorageClass", storage_class);
        });
    }
    if let Some(NoncurrentVersionExpiration { days, newer }) = rule.noncurrent_expiration {
        xml.element("NoncurrentVersionExpiration", |xml| {
            write_noncurrent(xml, days.get(), newer);
        });
    }
    if let Some(days) = rule.abort_days {
        xml.element("AbortIncompleteMultipartUpload", |xml| {
            xml.text("DaysAfterInitiation", &days.to_string());
        });
    }
}

fn write_predicates(xml: &mut Document, predicates: &Predicates) {
    if let Some(prefix) = &predicates.prefix {
        xml.text("Prefix", prefix);
    }
    for (key, value) in &predicates.tags {
        xml.element("Tag", |xml| {
            xml.text("Key", key).text("Value", value);
        });
    }
    if let Some(size) = predicates.size_greater_than {
        xml.text("ObjectSizeGreaterThan", &size.to_string());
    }
    if let Some(size) = predicates.size_less_than {
        xml.text("ObjectSizeLessThan", &size.to_string());
    }
}

fn write_expiration(xml: &mut Document, expiration: Expiration) {
    match expiration {
        Expiration::Days(days) => xml.text("Days", &days.to_string()),
        Expiration::Date(date) => xml.text("Date", &date.to_string()),
        Expiration::ExpiredObjectDeleteMarker(ends) => {
            xml.text("ExpiredObjectDeleteMarker", if ends { "true" } else { "false" })
        }
    };
}

fn write_noncurrent(xml: &mut Document, days: u32, newer: Option<NonZeroU32>) {
    xml.text("NoncurrentDays", &days.to_string());
    if let Some(newer) = newer {
        xml.text("NewerNoncurrentVersions", &newer.to_string());
    }
}

#[cfg(test)]
mod tests;
