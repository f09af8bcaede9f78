//! What AWS asks of a rule and of all rules together, with AWS's words where they are known.

use super::{
    DefaultMinimumObjectSize, Expiration, LifecycleConfiguration, LifecycleRule, Predicates,
    Selector, TransitionTime,
};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::{LIFECYCLE_ID_CHARS_MAX, LIFECYCLE_RULES_MAX, NEWER_NONCURRENT_VERSIONS_MAX};
use std::collections::HashSet;
use std::num::NonZeroU32;

/// The days of an action: a whole number of at least 1, else `InvalidArgument`; what is no number
/// is `MalformedXML`.
pub fn positive(element: &'static str, action: &str, text: &str) -> Result<NonZeroU32> {
    let number: i64 = text.parse().map_err(|_| S3Error::from(ErrorCode::MalformedXML))?;
    u32::try_from(number).ok().and_then(NonZeroU32::new).ok_or_else(|| {
        let sentence = format!("'{element}' for {action} action must be a positive integer");
        S3Error::argument(sentence, element, text)
    })
}

fn invalid(sentence: &'static str) -> S3Error {
    S3Error::new(ErrorCode::InvalidRequest, sentence)
}

impl LifecycleConfiguration {
    /// Checks the rules, each alone and all together, and names those that have no ID.
    ///
    /// `MalformedXML`: no rule or more than [`LIFECYCLE_RULES_MAX`]. `InvalidArgument`: an ID over
    /// [`LIFECYCLE_ID_CHARS_MAX`] characters or given twice. `InvalidRequest`: all else.
    pub fn new(
        rules: Vec<LifecycleRule>,
        default_minimum_object_size: DefaultMinimumObjectSize,
    ) -> Result<LifecycleConfiguration> {
        if rules.is_empty() || rules.len() > LIFECYCLE_RULES_MAX {
            return Err(ErrorCode::MalformedXML.into());
        }
        for rule in &rules {
            check_rule(rule)?;
        }
        check_version(&rules)?;
        Ok(LifecycleConfiguration { rules: with_ids(rules)?, default_minimum_object_size })
    }
}

/// A rule without an ID is named by its place, so that the same document gives the same names.
fn with_ids(mut rules: Vec<LifecycleRule>) -> Result<Vec<LifecycleRule>> {
    let mut taken = HashSet::new();
    for id in rules.iter().map(|rule| rule.id.as_str()).filter(|id| !id.is_empty()) {
        if !taken.insert(id.to_owned()) {
            let sentence = "Rule ID must be unique. Found same ID for more than one rule";
            return Err(S3Error::argument(sentence, "ID", id));
        }
    }
    for (index, rule) in rules.iter_mut().enumerate().filter(|(_, rule)| rule.id.is_empty()) {
        let mut id = format!("rule-{}", index + 1);
        while !taken.insert(id.clone()) {
            id.push('-');
        }
        rule.id = id;
    }
    Ok(rules)
}

/// A `Prefix` outside a `Filter` makes all of the document one of 2012, which knows less.
fn check_version(rules: &[LifecycleRule]) -> Result<()> {
    if !rules.iter().any(|rule| matches!(rule.selector, Selector::Prefix(_))) {
        return Ok(());
    }
    if rules.iter().any(|rule| matches!(rule.selector, Selector::Filter { .. })) {
        return Err(invalid("Filter element can only be used in Lifecycle V2."));
    }
    if rules.iter().any(|rule| newer_of(rule).next().is_some()) {
        return Err(invalid("NewerNoncurrentVersions element can only be used in Lifecycle V2."));
    }
    Ok(())
}

/// Each `NewerNoncurrentVersions` of a rule.
fn newer_of(rule: &LifecycleRule) -> impl Iterator<Item = NonZeroU32> {
    let expiration = rule.noncurrent_expiration.and_then(|expiration| expiration.newer);
    let transitions = rule.noncurrent_transitions.iter().filter_map(|transition| transition.newer);
    expiration.into_iter().chain(transitions)
}

fn check_rule(rule: &LifecycleRule) -> Result<()> {
    if rule.id.chars().count() > LIFECYCLE_ID_CHARS_MAX {
        let sentence = "ID length should not exceed allowed limit of 255";
        return Err(S3Error::argument(sentence, "ID", &rule.id));
    }
    let acts = rule.expiration.is_some()
        || rule.noncurrent_expiration.is_some()
        || rule.abort_days.is_some()
        || !rule.transitions.is_empty()
        || !rule.noncurrent_transitions.is_empty();
    if !acts {
        return Err(invalid("At least one action needs to be specified in a rule"));
    }
    if newer_of(rule).any(|newer| newer.get() > NEWER_NONCURRENT_VERSIONS_MAX) {
        return Err(invalid("'NewerNoncurrentVersions' must be at most 100"));
    }
    rule.selector.predicates().try_for_each(check_predicates)?;
    check_selector_fits(rule)?;
    check_one_kind_of_time(rule)
}

fn check_predicates(predicates: &Predicates) -> Result<()> {
    let mut keys = HashSet::new();
    if !predicates.tags.iter().all(|(key, _)| keys.insert(key)) {
        return Err(invalid("Duplicate Tag Keys are not allowed."));
    }
    match (predicates.size_greater_than, predicates.size_less_than) {
        (Some(above), Some(below)) if above >= below => {
            Err(invalid("'ObjectSizeGreaterThan' must be less than 'ObjectSizeLessThan'"))
        }
        _ => Ok(()),
    }
}

/// An upload has no tags and no size yet, and a delete marker never has tags.
fn check_selector_fits(rule: &LifecycleRule) -> Result<()> {
    let is_of_markers = matches!(rule.expiration, Some(Expiration::ExpiredObjectDeleteMarker(_)));
    match (rule.selector.has_tags(), rule.selector.has_size(), rule.abort_days.is_some()) {
        (true, _, true) => {
            Err(invalid("AbortIncompleteMultipartUpload cannot be specified with Tags."))
        }
        (_, true, true) => {
            Err(invalid("AbortIncompleteMultipartUpload cannot be specified with ObjectSize."))
        }
        (true, _, _) if is_of_markers => {
            Err(invalid("ExpiredObjectDeleteMarker cannot be specified with Tags."))
        }
        _ => Ok(()),
    }
}

fn check_one_kind_of_time(rule: &LifecycleRule) -> Result<()> {
    let is_date =
        |transition: &super::Transition| matches!(transition.when, TransitionTime::Date(_));
    let has_date = matches!(rule.expiration, Some(Expiration::Date(_)))
        || rule.transitions.iter().any(is_date);
    let has_days = matches!(rule.expiration, Some(Expiration::Days(_)))
        || !rule.transitions.iter().all(is_date);
    match has_date && has_days {
        true => Err(invalid(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle \
             rule",
        )),
        false => Ok(()),
    }
}
