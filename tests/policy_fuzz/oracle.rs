//! What a bucket policy says of a request, in the plainest words that AWS's pages allow: the second
//! reader of the specification, against whom `tests/policy_fuzz.rs` holds the evaluator.
//!
//! Written from the pages alone, before the evaluator was read, and meant to stay so: it works on
//! the JSON itself, tries every split of a text against a wildcard, and knows no limit. It takes a
//! document to be well-formed; what is refused is the generator's to know.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>, and beside it
//! `reference_policies_evaluation-logic.html`, `..._elements_condition_operators.html`,
//! `..._condition-logic-multiple-context-keys-or-values.html`, `..._variables.html`.
//!
//! Where the pages leave something open, the sentence that decided stands at the line.

use std::net::IpAddr;

use glassbucket::auth::access::Verdict;
use serde_json::Value;

/// One request. A key of `facts` stands once, in lower case, with all its values.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) caller: Option<String>,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) facts: Vec<(String, Vec<String>)>,
}

impl Asked {
    fn fact(&self, key: &str) -> Option<&Vec<String>> {
        self.facts.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, values)| values)
    }
}

/// An explicit deny wins, then an allow; nothing said is nothing allowed.
pub(crate) fn weigh(policy: &Value, asked: &Asked) -> Verdict {
    let variables = policy["Version"] == "2012-10-17";
    let matching: Vec<&Value> = many(&policy["Statement"])
        .into_iter()
        .filter(|statement| applies(statement, asked, variables))
        .collect();
    match matching {
        m if m.iter().any(|statement| statement["Effect"] == "Deny") => Verdict::Deny,
        m if m.is_empty() => Verdict::Silent,
        _ => Verdict::Allow,
    }
}

/// One value or a list of them.
fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Principal, action, resource and every condition.
fn applies(statement: &Value, asked: &Asked, variables: bool) -> bool {
    let (principals, others) = (&statement["Principal"], &statement["NotPrincipal"]);
    let principal =
        if others.is_null() { is_one(principals, asked) } else { !is_one(others, asked) };

    let lower = asked.action.to_lowercase();
    let named = |list: &Value| {
        let named = |one: &&Value| like(&signs(&text(one).to_lowercase(), None).unwrap(), &lower);
        many(list).iter().any(named)
    };
    let (actions, others) = (&statement["Action"], &statement["NotAction"]);
    let action = if others.is_null() { named(actions) } else { !named(others) };

    let (variables, denies) = (variables.then_some(asked), statement["Effect"] == "Deny");
    let arn = format!("arn:aws:s3:::{}", asked.resource);
    let within = |one: &&Value| Some(like(&signs(&text(one), variables)?, &arn));
    let resource = match &statement["NotResource"] {
        Value::Null => found(many(&statement["Resource"]).iter().map(within), false, denies),
        others => found(many(others).iter().map(within), true, denies),
    };

    let mut all = principal && action && resource;
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            all &= holds(operator, asked.fact(key), &many(values), variables, denies);
        }
    }
    all
}

/// One of them, or with `not` none of them. What was compared with a variable that has no value is
/// `None`: "any attempt to match it fails and causes the statement to be invalid". So an Allow for
/// all but that allows nothing. A Deny for all but that denies all: AWS's page says that it "might"
/// be invalid, and a Deny that goes away would open what it closed.
fn found(each: impl Iterator<Item = Option<bool>>, not: bool, denies: bool) -> bool {
    let each: Vec<Option<bool>> = each.collect();
    let (any, unknown) = (each.contains(&Some(true)), each.contains(&None));
    if not { !any && (denies || !unknown) } else { any }
}

/// Whether the caller is among them: everybody, or its own id in one of the forms of an account.
fn is_one(principals: &Value, asked: &Asked) -> bool {
    let everybody = |value: &&Value| text(value) == "*";
    let is_caller = |value: &&Value| {
        asked.caller.as_ref().is_some_and(|id| {
            let arns = [format!("arn:aws:iam::{id}:root"), format!("arn:aws:iam:::user/{id}")];
            text(value) == *id || arns.contains(&text(value))
        })
    };
    let aws = many(&principals["AWS"]);
    let canonical = many(&principals["CanonicalUser"]);
    principals == "*"
        || aws.iter().any(|value| everybody(value) || is_caller(value))
        || canonical.iter().any(|value| asked.caller == Some(text(value)))
}

/// One operator on one key: qualifier, `IfExists`, `Not` and the comparison itself.
fn holds(
    operator: &str,
    fact: Option<&Vec<String>>,
    wanted: &[&Value],
    variables: Option<&Asked>,
    denies: bool,
) -> bool {
    if operator == "Null" {
        return wanted.iter().any(|absent| text(absent) == fact.is_none().to_string());
    }
    let (qualifier, operator) = operator.split_once(':').unwrap_or(("", operator));
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |base| (base, true));
    let (operator, negated) = (operator.replacen("Not", "", 1), operator.contains("Not"));
    let Some(given) = fact else {
        // Nothing to compare: "no match", which is what a negated operator asks for.
        let nothing = if qualifier.is_empty() { negated } else { qualifier == "ForAllValues" };
        return if_exists || nothing;
    };
    // Several values are OR for a matching operator, NOR for a negated one.
    let one = |given: &String| {
        let each = wanted.iter().map(|wanted| compare(&operator, given, &text(wanted), variables));
        found(each, negated, denies)
    };
    match qualifier {
        "ForAllValues" => given.iter().all(one),
        _ => given.iter().any(one),
    }
}

/// `given` of the request against one value of the policy; `None` where a variable has no value.
fn compare(operator: &str, given: &str, wanted: &str, variables: Option<&Asked>) -> Option<bool> {
    let literal = |wanted: &str| {
        let one = |sign| match sign {
            Sign::Is(letter) => letter,
            Sign::One => '?',
            Sign::Any => '*',
        };
        Some(signs(wanted, variables)?.into_iter().map(one).collect::<String>())
    };
    Some(match operator {
        "StringEquals" => literal(wanted)? == given,
        "StringEqualsIgnoreCase" => literal(wanted)?.eq_ignore_ascii_case(given),
        "StringLike" => like(&signs(wanted, variables)?, given),
        "ArnEquals" | "ArnLike" => {
            // "Each of the six colon-delimited components is checked separately."
            let (wanted, given): (Vec<&str>, Vec<&str>) =
                (wanted.splitn(6, ':').collect(), given.splitn(6, ':').collect());
            let mut all = wanted.len() == given.len();
            for (wanted, given) in wanted.iter().zip(given) {
                all &= like(&signs(wanted, variables)?, given);
            }
            all
        }
        "Bool" => given.eq_ignore_ascii_case(wanted),
        "IpAddress" => given.parse().is_ok_and(|given| in_range(given, wanted)),
        _ if operator.starts_with("Numeric") => {
            ordered(&operator[7..], number(given), number(wanted))
        }
        _ if operator.starts_with("Date") => ordered(&operator[4..], moment(given), moment(wanted)),
        other => panic!("{other} is no operator"),
    })
}

/// AWS's page says nothing of spaces around one. What is none compares with nothing.
fn number(text: &str) -> f64 {
    text.trim().parse().unwrap_or(f64::NAN)
}

fn ordered(relation: &str, given: f64, wanted: f64) -> bool {
    match relation {
        "Equals" => given == wanted,
        "LessThan" => given < wanted,
        "LessThanEquals" => given <= wanted,
        "GreaterThan" => given > wanted,
        "GreaterThanEquals" => given >= wanted,
        other => panic!("{other} is no relation"),
    }
}

/// Seconds since 1970: a W3C form of ISO 8601, from the year alone to a date with a time, or epoch
/// time. What is none compares with nothing.
fn moment(text: &str) -> f64 {
    let rest = match text.len() {
        4 => "-01-01T00:00:00Z",
        7 => "-01T00:00:00Z",
        10 => "T00:00:00Z",
        _ => "",
    };
    let secs = |stamp: jiff::Timestamp| stamp.as_millisecond() as f64 / 1000.0;
    let stamp = format!("{text}{rest}").parse().map(secs).ok();
    stamp.or_else(|| text.parse().ok()).unwrap_or(f64::NAN)
}

/// CIDR, bit by bit; an address alone is itself.
fn in_range(address: IpAddr, range: &str) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(four) => format!("{:032b}", four.to_bits()),
        IpAddr::V6(six) => format!("{:0128b}", six.to_bits()),
    };
    let (base, length) = range.split_once('/').unwrap_or((range, "128"));
    let (base, address) = (bits(base.parse().unwrap()), bits(address));
    let length = length.parse::<usize>().unwrap().min(base.len());
    base.len() == address.len() && base[..length] == address[..length]
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Is(char),
    One,
    Any,
}

/// A text of the policy with its wildcards, and its variables replaced where the version has them.
/// What a request brings, and what `${*}`, `${?}` and `${$}` stand for, is never a wildcard. Spaces
/// around the name of a variable do not count; AWS's page does not say.
fn signs(text: &str, variables: Option<&Asked>) -> Option<Vec<Sign>> {
    let Some(first) = text.chars().next() else { return Some(Vec::new()) };
    if let (Some(asked), Some((name, rest))) =
        (variables, text.strip_prefix("${").and_then(|after| after.split_once('}')))
    {
        let value = match (name, name.split_once(',')) {
            ("*" | "?" | "$", _) => name.to_owned(),
            (_, None) => asked.fact(name.trim())?.first()?.clone(),
            (_, Some((key, default))) => match asked.fact(key.trim()) {
                Some(values) => values.first()?.clone(),
                None => default.trim().trim_matches('\'').to_owned(),
            },
        };
        let value = value.chars().map(Sign::Is);
        return Some(value.chain(signs(rest, variables)?).collect());
    }
    let sign = match first {
        '*' => Sign::Any,
        '?' => Sign::One,
        letter => Sign::Is(letter),
    };
    let rest = signs(&text[first.len_utf8()..], variables)?;
    Some([sign].into_iter().chain(rest).collect())
}

/// Every way to read the pattern, one after the other: exponential, and plainly right.
fn like(pattern: &[Sign], text: &str) -> bool {
    let Some((sign, rest)) = pattern.split_first() else { return text.is_empty() };
    let mut after = text.chars();
    match (sign, after.next()) {
        (Sign::Any, None) => like(rest, text),
        (Sign::Any, Some(_)) => like(rest, text) || like(pattern, after.as_str()),
        (Sign::One, Some(_)) => like(rest, after.as_str()),
        (Sign::Is(letter), Some(other)) => *letter == other && like(rest, after.as_str()),
        (_, None) => false,
    }
}
