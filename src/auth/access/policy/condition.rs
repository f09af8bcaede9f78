//! `Condition`: operators, and what they say of a request's facts.
//!
//! A condition holds where one of its values fits; all conditions of a statement must hold. The
//! negated operators are the exact opposite of the others, so a key that the request has not fits
//! them. `...IfExists` holds without the key. `ForAllValues:` wants each value of the request to
//! fit (and holds for none), `ForAnyValue:` one; without either, a key of several values is taken
//! as `ForAnyValue` is, and a negated operator as the opposite of that. A quantifier counts only
//! values that are not empty: for it, says AWS, an empty text is as no value.
//!
//! A value with a variable that the request has no value for fits nothing. AWS says that it "might
//! cause the entire statement to be invalid". Here it does so where it would let something through:
//! an Allow for all but what cannot be told allows nothing, a Deny for all but that denies all.
//!
//! Refused when the policy is written: an operator AWS has not, a value that is no number, date,
//! address, boolean or ARN where one is wanted, a key nobody knows. BinaryEquals is refused too (no
//! condition key of S3 is binary), and Null with a quantifier (it asks for no value).
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use super::super::Facts;
use super::super::facts::is_condition_key;
use super::arn::Arn;
use super::pattern::Pattern;
use crate::auth::json::Json;
use crate::types::Timestamp;
use std::cmp::Ordering;
use std::net::IpAddr;

/// One key of one operator, with its values.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: String,
    /// StringNotEquals and its like.
    negated: bool,
    if_exists: bool,
    quantifier: Option<Quantifier>,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    ForAllValues,
    ForAnyValue,
}

/// How a value of the request is held against those of the policy.
#[derive(Clone, Debug)]
enum Test {
    Text(Vec<Pattern>),
    Arn(Vec<Arn>),
    Number(Relation, Vec<f64>),
    Date(Relation, Vec<Timestamp>),
    Bool(Vec<bool>),
    Ip(Vec<Network>),
    /// True: the key must not be there.
    Null(bool),
}

/// How the request's value stands to the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

/// An address and the bits of it that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Condition {
    /// Reads `"Operator": {"key": values}`, for one key; the error is what AWS says of it.
    pub(super) fn parse(
        operator: &str,
        key: &str,
        values: Json,
        variables: bool,
    ) -> Result<Condition, &'static str> {
        let (quantifier, name) = match operator.split_once(':') {
            Some(("ForAllValues", name)) => (Some(Quantifier::ForAllValues), name),
            Some(("ForAnyValue", name)) => (Some(Quantifier::ForAnyValue), name),
            Some(_) => return Err(UNKNOWN_OPERATOR),
            None => (None, operator),
        };
        let (if_exists, name) = match name.strip_suffix("IfExists") {
            Some(name) => (true, name),
            None => (false, name),
        };
        // It asks whether the key is there, not for a value of it.
        if name == "Null" && name != operator {
            return Err(UNKNOWN_OPERATOR);
        }
        let key = key.to_ascii_lowercase();
        if !is_condition_key(&key) {
            return Err("Policy has an invalid condition key");
        }
        let values: Option<Vec<String>> =
            values.one_or_many().into_iter().map(Json::scalar).collect();
        let values = values.filter(|values| !values.is_empty()).ok_or("Invalid policy syntax.")?;
        let (negated, test) = Test::parse(name, &values, variables)?;
        Ok(Condition { key, negated, if_exists, quantifier, test })
    }

    /// Whether it holds for a request. `strict` where it would let something through: then a
    /// negated operator does not hold where the request has no value for a variable.
    pub(super) fn holds(&self, facts: &Facts, strict: bool) -> bool {
        let mut values = facts.of(&self.key);
        if let Test::Null(absent) = self.test {
            return values.next().is_none() == absent;
        }
        if self.if_exists && values.clone().next().is_none() {
            return true;
        }
        let unknown = strict && self.negated && self.test.is_unknown(facts);
        let fits = |value: &str| unknown || self.test.fits(value, facts);
        let mut filled = values.clone().filter(|value| !value.is_empty());
        match self.quantifier {
            Some(Quantifier::ForAllValues) => filled.all(|value| fits(value) != self.negated),
            Some(Quantifier::ForAnyValue) => filled.any(|value| fits(value) != self.negated),
            None => values.any(fits) != self.negated,
        }
    }

    /// Whether it lets through only what has one of these very values: no wildcard, no variable,
    /// nothing negated, and not a request that lacks the key. Networks as AWS draws the line.
    pub(super) fn is_fixed(&self) -> bool {
        let vacuous = self.if_exists || self.quantifier == Some(Quantifier::ForAllValues);
        if self.negated || vacuous {
            return false;
        }
        match &self.test {
            Test::Text(patterns) => patterns.iter().all(Pattern::is_fixed),
            Test::Arn(arns) => arns.iter().all(Arn::is_fixed),
            Test::Ip(networks) => networks.iter().all(|network| !network.is_broad()),
            Test::Number(..) | Test::Date(..) | Test::Bool(_) | Test::Null(_) => false,
        }
    }

    /// The key it asks for, in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

const UNKNOWN_OPERATOR: &str = "Invalid Condition type";
const WRONG_VALUE: &str = "Policy has an invalid condition value";

impl Test {
    /// The operator without quantifier and IfExists; the boolean says that it is negated.
    fn parse(
        operator: &str,
        values: &[String],
        variables: bool,
    ) -> Result<(bool, Test), &'static str> {
        if let Some(name) = operator.strip_prefix("Numeric") {
            let (negated, relation) = Relation::parse(name)?;
            return Ok((negated, Test::Number(relation, each(values, number)?)));
        }
        if let Some(name) = operator.strip_prefix("Date") {
            let (negated, relation) = Relation::parse(name)?;
            return Ok((negated, Test::Date(relation, each(values, date)?)));
        }
        let literal = |text: &str| Pattern::literal(text, variables);
        let folded = |text: &str| literal(text).map(Pattern::folded);
        let like = |text: &str| Pattern::compile(text, variables);
        let arn = |text: &str| Arn::parse(text, variables);
        Ok(match operator {
            "StringEquals" => (false, Test::Text(each(values, literal)?)),
            "StringNotEquals" => (true, Test::Text(each(values, literal)?)),
            "StringEqualsIgnoreCase" => (false, Test::Text(each(values, folded)?)),
            "StringNotEqualsIgnoreCase" => (true, Test::Text(each(values, folded)?)),
            "StringLike" => (false, Test::Text(each(values, like)?)),
            "StringNotLike" => (true, Test::Text(each(values, like)?)),
            "ArnEquals" | "ArnLike" => (false, Test::Arn(each(values, arn)?)),
            "ArnNotEquals" | "ArnNotLike" => (true, Test::Arn(each(values, arn)?)),
            "Bool" => (false, Test::Bool(each(values, boolean)?)),
            "IpAddress" => (false, Test::Ip(each(values, Network::parse)?)),
            "NotIpAddress" => (true, Test::Ip(each(values, Network::parse)?)),
            "Null" => match each(values, boolean)?[..] {
                [absent] => (false, Test::Null(absent)),
                _ => return Err(WRONG_VALUE),
            },
            _ => return Err(UNKNOWN_OPERATOR),
        })
    }

    /// Whether a value of the request fits one of the policy's. What is no number, date or address
    /// fits none.
    fn fits(&self, value: &str, facts: &Facts) -> bool {
        match self {
            Test::Text(patterns) => patterns.iter().any(|pattern| pattern.matches(value, facts)),
            Test::Arn(arns) => arns.iter().any(|arn| arn.matches(value, facts)),
            Test::Number(relation, wanted) => number(value).is_some_and(|number| {
                wanted.iter().any(|wanted| relation.holds(number.partial_cmp(wanted)))
            }),
            Test::Date(relation, wanted) => date(value).is_some_and(|date| {
                wanted.iter().any(|wanted| relation.holds(Some(date.cmp(wanted))))
            }),
            Test::Bool(wanted) => boolean(value).is_some_and(|value| wanted.contains(&value)),
            Test::Ip(networks) => value.parse().is_ok_and(|address: IpAddr| {
                networks.iter().any(|network| network.contains(address.to_canonical()))
            }),
            Test::Null(_) => false,
        }
    }

    /// Whether the request has no value for one of its variables.
    fn is_unknown(&self, facts: &Facts) -> bool {
        match self {
            Test::Text(patterns) => patterns.iter().any(|pattern| pattern.is_unknown(facts)),
            Test::Arn(arns) => arns.iter().any(|arn| arn.is_unknown(facts)),
            Test::Number(..) | Test::Date(..) | Test::Bool(_) | Test::Ip(_) | Test::Null(_) => {
                false
            }
        }
    }
}

/// Every value read, or what AWS says where one is not of the operator's kind.
fn each<T>(values: &[String], read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, &'static str> {
    values.iter().map(|value| read(value)).collect::<Option<_>>().ok_or(WRONG_VALUE)
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    let is = |wanted| text.eq_ignore_ascii_case(wanted);
    is("true").then_some(true).or_else(|| is("false").then_some(false))
}

/// The last second of the year 9999.
const EPOCH_SECS_MAX: i64 = 253_402_300_799;

/// A W3C form of ISO 8601, where what is left out is the first (`2026`, `2026-11`, `2026-11-21`,
/// `2026-11-21T18:52Z`, with seconds, with an offset), or seconds since 1970. Four digits are a
/// year.
fn date(text: &str) -> Option<Timestamp> {
    let is_digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        4 if is_digits => Timestamp::parse_iso8601(&format!("{text}-01-01T00:00:00Z")),
        _ if is_digits => {
            let secs = text.parse().ok().filter(|secs| *secs <= EPOCH_SECS_MAX)?;
            Some(Timestamp::new(secs, 0))
        }
        7 => Timestamp::parse_iso8601(&format!("{text}-01T00:00:00Z")),
        10 => Timestamp::parse_iso8601(&format!("{text}T00:00:00Z")),
        _ => Timestamp::parse_rfc3339(text),
    }
}

impl Relation {
    /// What follows `Numeric` or `Date`; the boolean says that it is negated.
    fn parse(name: &str) -> Result<(bool, Relation), &'static str> {
        Ok(match name {
            "Equals" => (false, Relation::Equals),
            "NotEquals" => (true, Relation::Equals),
            "LessThan" => (false, Relation::LessThan),
            "LessThanEquals" => (false, Relation::LessThanEquals),
            "GreaterThan" => (false, Relation::GreaterThan),
            "GreaterThanEquals" => (false, Relation::GreaterThanEquals),
            _ => return Err(UNKNOWN_OPERATOR),
        })
    }

    fn holds(self, found: Option<Ordering>) -> bool {
        found.is_some_and(|found| match self {
            Relation::Equals => found.is_eq(),
            Relation::LessThan => found.is_lt(),
            Relation::LessThanEquals => found.is_le(),
            Relation::GreaterThan => found.is_gt(),
            Relation::GreaterThanEquals => found.is_ge(),
        })
    }
}

impl Network {
    /// `203.0.113.0/24`, `2001:db8::/32`, or one address. IPv4 written as IPv6
    /// (`::ffff:203.0.113.0/120`) is IPv4, as it is in `aws:SourceIp`.
    fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if bits.bytes().all(|b| b.is_ascii_digit()) => {
                (address, Some(bits.parse().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(whole);
        if bits > whole {
            return None;
        }
        match address.to_canonical() {
            inner if address.is_ipv6() && inner.is_ipv4() && bits >= 96 => {
                Some(Network { address: inner, bits: bits - 96 })
            }
            _ => Some(Network { address, bits }),
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        let differing_bits_from = |differing: u32| differing >= self.bits;
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                differing_bits_from((own.to_bits() ^ other.to_bits()).leading_zeros())
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                differing_bits_from((own.to_bits() ^ other.to_bits()).leading_zeros())
            }
            _ => false,
        }
    }

    /// Wider than AWS takes for a fixed set of clients: /8 of IPv4 (no private network is wider),
    /// /32 of IPv6.
    fn is_broad(&self) -> bool {
        match self.address {
            IpAddr::V4(_) => self.bits < 8,
            IpAddr::V6(_) => self.bits < 32,
        }
    }
}
