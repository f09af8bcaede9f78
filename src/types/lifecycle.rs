//! A bucket's lifecycle configuration: rules that say which objects end when.
//!
//! Made by `xml::lifecycle` from what a client sent, kept as JSON in the bucket's configuration,
//! weighed by the module `lifecycle`. A value of these types has passed every rule of AWS that one
//! element can break; [`LifecycleConfiguration::new`] holds the rules that join several.
//!
//! * <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>
//! * <https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html>
//!
//! Two deviations from AWS, both on the generous side:
//!
//! * A `Filter` may hold several predicates without an `And` around them (Ceph takes that, and
//!   clients rely on it). All of them must hold, so that nothing ends that any of them spares.
//! * Transitions are accepted, stored and returned, and move nothing: there is one tier. A rule
//!   written for AWS keeps its expiration, and the storage class that objects show stays honest.
//!   AWS's least numbers of days before each class (30 for STANDARD_IA) are not asked for.

mod check;

pub use check::positive;

use super::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;

/// What PutBucketLifecycleConfiguration stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleConfiguration {
    rules: Vec<LifecycleRule>,
    /// `x-amz-transition-default-minimum-object-size`: said back, and no more.
    #[serde(default)]
    pub default_minimum_object_size: DefaultMinimumObjectSize,
}

/// `x-amz-transition-default-minimum-object-size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DefaultMinimumObjectSize {
    /// `all_storage_classes_128K`, the default since 2024.
    #[default]
    AllStorageClasses128K,
    /// `varies_by_storage_class`.
    VariesByStorageClass,
}

/// One `<Rule>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// `ID`: unique in its configuration; empty until [`LifecycleConfiguration::new`] names it.
    pub id: String,
    /// `Status`: `Enabled` or `Disabled`.
    pub enabled: bool,
    /// Which objects.
    pub selector: Selector,
    /// `Expiration`: of current versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// `NoncurrentVersionExpiration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_expiration: Option<NoncurrentVersionExpiration>,
    /// `AbortIncompleteMultipartUpload`: its `DaysAfterInitiation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_days: Option<NonZeroU32>,
    /// `Transition`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// `NoncurrentVersionTransition`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noncurrent_transitions: Vec<NoncurrentVersionTransition>,
}

/// How a rule says which objects it is for; given back in the form it came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selector {
    /// `<Prefix>` in the rule itself: the form of 2012.
    Prefix(String),
    /// `<Filter>`: its own predicates and those of `<And>`.
    Filter {
        /// Directly below `<Filter>`.
        own: Predicates,
        /// `<And>`.
        and: Option<Predicates>,
    },
}

/// What must all hold of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicates {
    /// The key begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The object has each of these tags, key and value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// `ObjectSizeGreaterThan`, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_greater_than: Option<u64>,
    /// `ObjectSizeLessThan`, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_less_than: Option<u64>,
}

/// When a current version ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiration {
    /// So many days after it was written.
    Days(NonZeroU32),
    /// From that day on.
    Date(Midnight),
    /// `ExpiredObjectDeleteMarker`: whether a delete marker with nothing below it ends at once.
    ExpiredObjectDeleteMarker(bool),
}

/// When a noncurrent version ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoncurrentVersionExpiration {
    /// `NoncurrentDays`: so many days after it became noncurrent.
    pub days: NonZeroU32,
    /// `NewerNoncurrentVersions`: and only if so many newer noncurrent ones are there, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<NonZeroU32>,
}

/// A move to another storage class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub when: TransitionTime,
    /// Where to.
    pub storage_class: String,
}

/// When a [`Transition`] happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransitionTime {
    /// So many days after the object was written; 0 is allowed here.
    Days(u32),
    /// On that day.
    Date(Midnight),
}

/// A move of noncurrent versions to another storage class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoncurrentVersionTransition {
    /// `NoncurrentDays`.
    pub days: u32,
    /// `NewerNoncurrentVersions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<NonZeroU32>,
    /// Where to.
    pub storage_class: String,
}

/// Midnight UTC at the start of a day: the only time of day a rule may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Midnight(Timestamp);

/// Seconds of a day: UTC as computers count it has no leap seconds.
pub const DAY_SECS: i64 = 24 * 60 * 60;

impl Midnight {
    /// That time, if it is midnight.
    pub fn new(time: Timestamp) -> Option<Midnight> {
        (time.secs().rem_euclid(DAY_SECS) == 0 && time.nanos() == 0).then_some(Midnight(time))
    }

    /// The time itself.
    pub fn time(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Midnight {
    /// `2026-11-21T00:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iso8601())
    }
}

impl From<Midnight> for String {
    fn from(midnight: Midnight) -> String {
        midnight.to_string()
    }
}

impl TryFrom<String> for Midnight {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Midnight, Self::Error> {
        Timestamp::parse_iso8601(&text).and_then(Midnight::new).ok_or("not a midnight in UTC")
    }
}

impl DefaultMinimumObjectSize {
    /// As in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllStorageClasses128K => "all_storage_classes_128K",
            Self::VariesByStorageClass => "varies_by_storage_class",
        }
    }

    /// Reads what [`DefaultMinimumObjectSize::name`] gives; `None` for anything else.
    pub fn parse(name: &str) -> Option<DefaultMinimumObjectSize> {
        [Self::AllStorageClasses128K, Self::VariesByStorageClass]
            .into_iter()
            .find(|size| size.name() == name)
    }
}

impl LifecycleConfiguration {
    /// Every rule, in order; each has an ID.
    pub fn rules(&self) -> &[LifecycleRule] {
        &self.rules
    }
}

impl Selector {
    /// The predicates, all of which must hold, of a `Filter`.
    pub fn predicates(&self) -> impl Iterator<Item = &Predicates> {
        let (own, and) = match self {
            Selector::Prefix(_) => (None, None),
            Selector::Filter { own, and } => (Some(own), and.as_ref()),
        };
        own.into_iter().chain(and)
    }

    /// The longest prefix that every selected key has.
    pub fn prefix(&self) -> &str {
        match self {
            Selector::Prefix(prefix) => prefix,
            Selector::Filter { .. } => self
                .predicates()
                .filter_map(|predicates| predicates.prefix.as_deref())
                .max_by_key(|prefix| prefix.len())
                .unwrap_or(""),
        }
    }

    /// Whether it asks for tags.
    pub fn has_tags(&self) -> bool {
        self.predicates().any(|predicates| !predicates.tags.is_empty())
    }

    /// Whether it asks for a size.
    pub fn has_size(&self) -> bool {
        let sized = |p: &Predicates| p.size_greater_than.or(p.size_less_than).is_some();
        self.predicates().any(sized)
    }
}

#[cfg(test)]
mod tests;
