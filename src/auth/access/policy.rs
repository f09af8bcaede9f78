//! Bucket policies: AWS's grammar read, and what it says of one request.
//!
//! Pure: a document, a caller, an action, a resource and [`Facts`] come in, a [`Verdict`] goes
//! out. An explicit Deny wins over every Allow; where no statement fits, the policy says nothing.
//!
//! Weighing is linear in what the request says, and its steps are counted over all statements: the
//! dearest policy of 20 KB that is still weighed takes 2.5 ms (security class M).
//!
//! Each user of this server is an account of its own, so a principal is a user's canonical id: by
//! itself (`"AWS": "ID"`), as `arn:aws:iam::ID:root`, as `arn:aws:iam:::user/ID`, or as
//! `"CanonicalUser": "ID"`. `*` is everybody, signed or not. An id nobody has is taken (users come
//! and go while policies stay) and names nobody; AWS refuses it. Services name nobody here.
//!
//! Refused with `MalformedPolicy`: bad JSON, names the grammar has not or that stand twice, what
//! is missing, Allow with NotPrincipal (all but some, strangers included), principals that cannot
//! be users, actions S3 has not, a Deny of what is done with none of its resources, resources
//! outside the bucket, operators and S3 condition keys nobody knows. `Sid` and `Id` are any text,
//! and two statements may have the same, as in S3 (IAM is stricter).
//!
//! Where we deviate: AWS also refuses an Allow of what is done with none of its resources
//! (`s3:PutObject` of a bucket). It lets nobody in, Ceph takes it, and clients rely on it.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>

mod action;
mod arn;
mod condition;
mod pattern;
mod principal;

use super::Facts;
use crate::auth::json::Json;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use action::Kinds;
use condition::Condition;
use pattern::Pattern;
use principal::Principals;

/// What a policy says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A Deny fits: nothing else counts.
    Deny,
    /// An Allow fits and no Deny.
    Allow,
    /// No statement fits.
    Silent,
}

/// A bucket policy, read and checked.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    principals: Principals,
    actions: Selection,
    resources: Selection,
    conditions: Vec<Condition>,
}

/// Action or Resource, or, negated, NotAction or NotResource.
#[derive(Clone, Debug)]
struct Selection {
    negated: bool,
    patterns: Vec<Pattern>,
}

/// How every resource of S3 begins.
const ARN: &str = "arn:aws:s3:::";

/// Conditions that, with fixed values, keep a statement for everybody from being public: what the
/// server knows of a client. AWS has `s3:x-amz-server-side-encryption-aws-kms-key-id` among them,
/// since only who may use that key gets further. Here it is a header that anybody can send.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>
const NARROWING: [&str; 13] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
];

impl Policy {
    /// Reads the policy of that bucket; `None` reads one that was checked when it was stored, and
    /// whose bucket may have been renamed since: what its actions and resources name is not
    /// checked again.
    ///
    /// # Errors
    ///
    /// `MalformedPolicy`, with a sentence of what is wrong; also over
    /// [`limits::POLICY_BYTES_MAX`].
    pub fn parse(document: &str, bucket: Option<&str>) -> Result<Policy> {
        if document.len() > limits::POLICY_BYTES_MAX {
            return Err(malformed("Policy is over the limit of 20 KB"));
        }
        if !document.trim_start().starts_with('{') {
            return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
        }
        let Ok(Json::Object(members)) = serde_json::from_str(document) else {
            return Err(malformed("This policy contains invalid Json"));
        };
        let variables = version_has_variables(&members)?;
        let mut statements = Vec::new();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("Version", _) | ("Id", Json::Text(_)) => {}
                ("Statement", value) => statements = value.one_or_many(),
                ("Id", _) => return Err(malformed("Invalid policy syntax.")),
                _ => return Err(malformed(format!("Unknown field {name}"))),
            }
        }
        if statements.is_empty() {
            return Err(malformed("Missing required field Statement"));
        }
        let read = |statement| Statement::parse(statement, bucket, variables);
        let statements = statements.into_iter().map(read).collect::<Result<_>>()?;
        Ok(Policy { statements })
    }

    /// The policy that denies everything to everybody: what a stored one counts as that cannot be
    /// read any more.
    pub fn closed() -> Policy {
        let everything = || {
            let any = Pattern::compile("*", false);
            Selection { negated: false, patterns: any.into_iter().collect() }
        };
        let statement = Statement {
            allow: false,
            principals: Principals::everybody(),
            actions: everything(),
            resources: everything(),
            conditions: Vec::new(),
        };
        Policy { statements: vec![statement] }
    }

    /// What it says of that action (`s3:GetObject`) on that resource by that caller, who is `None`
    /// when anonymous. `resource` is a bucket, or a bucket, a slash and a key. A policy that takes
    /// more than [`limits::POLICY_STEPS_MAX`] steps to weigh denies (security class M).
    pub fn weigh(
        &self,
        caller: Option<&str>,
        action: &str,
        resource: &str,
        facts: &Facts,
    ) -> Verdict {
        let (action, arn) = (action.to_ascii_lowercase(), format!("{ARN}{resource}"));
        let fits = |statement: &&Statement| statement.fits(caller, &action, &arn, facts);
        let (mut fitting, allowing) =
            (self.statements.iter().filter(fits), |s: &Statement| s.allow);
        let verdict = match fitting.next() {
            None => Verdict::Silent,
            Some(first) if allowing(first) && fitting.all(allowing) => Verdict::Allow,
            Some(_) => Verdict::Deny,
        };
        if facts.are_spent() { Verdict::Deny } else { verdict }
    }

    /// Whether AWS calls it public: a statement allows something to everybody, and no condition
    /// keeps it to fixed clients.
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(|statement| {
            let narrows = |condition: &Condition| {
                NARROWING.contains(&condition.key()) && condition.is_fixed()
            };
            statement.allow
                && statement.principals.has_everybody()
                && !statement.conditions.iter().any(narrows)
        })
    }
}

fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::new(ErrorCode::MalformedPolicy, message)
}

/// The two versions of the language; the elder, and the default, has no variables.
fn version_has_variables(members: &[(String, Json)]) -> Result<bool> {
    let version = members.iter().find(|(name, _)| name == "Version").map(|(_, value)| value);
    match version {
        None => Ok(false),
        Some(Json::Text(version)) if version == "2008-10-17" => Ok(false),
        Some(Json::Text(version)) if version == "2012-10-17" => Ok(true),
        Some(_) => Err(malformed(
            "The policy must contain a valid version string: 2008-10-17 or 2012-10-17",
        )),
    }
}

impl Statement {
    fn parse(statement: Json, bucket: Option<&str>, variables: bool) -> Result<Statement> {
        let Json::Object(members) = statement else {
            return Err(malformed("Invalid policy syntax."));
        };
        let (mut allow, mut principals, mut conditions) = (None, None, Vec::new());
        let (mut actions, mut resources) = (None, None);
        for (name, value) in members {
            let twice = match name.as_str() {
                "Sid" if matches!(value, Json::Text(_)) => false,
                "Effect" => allow.replace(effect(&value)?).is_some(),
                "Principal" => principals.replace(Principals::parse(value, false)?).is_some(),
                "NotPrincipal" => principals.replace(Principals::parse(value, true)?).is_some(),
                "Action" => actions.replace(Selection::actions(value, false)?).is_some(),
                "NotAction" => actions.replace(Selection::actions(value, true)?).is_some(),
                "Resource" | "NotResource" => {
                    let negated = name == "NotResource";
                    let read = Selection::resources(value, negated, bucket, variables)?;
                    resources.replace(read).is_some()
                }
                "Condition" => {
                    conditions = parse_conditions(value, variables)?;
                    false
                }
                "Sid" => return Err(malformed("Invalid policy syntax.")),
                _ => return Err(malformed(format!("Unknown field {name}"))),
            };
            if twice {
                return Err(malformed(format!("{name} and its opposite exclude each other")));
            }
        }
        let missing = |name| move || malformed(format!("Missing required field {name}"));
        let statement = Statement {
            allow: allow.ok_or_else(missing("Effect"))?,
            principals: principals.ok_or_else(missing("Principal"))?,
            actions: actions.ok_or_else(missing("Action"))?,
            resources: resources.ok_or_else(missing("Resource"))?,
            conditions,
        };
        if statement.allow && statement.principals.is_negated() {
            return Err(malformed("Allow with NotPrincipal is not allowed."));
        }
        if bucket.is_some() {
            statement.check_actions()?;
        }
        Ok(statement)
    }

    /// Refuses an action that S3 has not, and a Deny of one that is done with none of the
    /// resources: it would protect nothing.
    fn check_actions(&self) -> Result<()> {
        let (actions, resources) = (&self.actions, &self.resources);
        let must_apply = !self.allow && !actions.negated && !resources.negated;
        for action in actions.patterns.iter().map(Kinds::of_action) {
            let applies = |resource| action.meet(Kinds::of_resource(resource));
            if action == Kinds::default() {
                return Err(malformed("Policy has invalid action"));
            }
            if must_apply && !resources.patterns.iter().any(applies) {
                let message = "Action does not apply to any resource(s) in statement";
                return Err(malformed(message));
            }
        }
        Ok(())
    }

    fn fits(&self, caller: Option<&str>, action: &str, arn: &str, facts: &Facts) -> bool {
        self.principals.include(caller)
            && self.actions.has(action, facts, self.allow)
            && self.resources.has(arn, facts, self.allow)
            && self.conditions.iter().all(|condition| condition.holds(facts, self.allow))
    }
}

fn effect(value: &Json) -> Result<bool> {
    match value {
        Json::Text(effect) if effect == "Allow" => Ok(true),
        Json::Text(effect) if effect == "Deny" => Ok(false),
        _ => Err(malformed("Invalid effect")),
    }
}

/// `{"Operator": {"key": values}}`.
fn parse_conditions(value: Json, variables: bool) -> Result<Vec<Condition>> {
    let syntax = || malformed("Invalid policy syntax.");
    let Json::Object(operators) = value else { return Err(syntax()) };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else { return Err(syntax()) };
        for (key, values) in keys {
            let condition = Condition::parse(&operator, &key, values, variables);
            conditions.push(condition.map_err(malformed)?);
        }
    }
    Ok(conditions)
}

impl Selection {
    /// `*`, or `s3:` and a name with wildcards; no case (kept in lower case), no variables.
    fn actions(value: Json, negated: bool) -> Result<Selection> {
        let wild = |b: u8| b.is_ascii_alphanumeric() || b == b'*' || b == b'?';
        let read = |text: String| {
            let text = text.to_ascii_lowercase();
            let good = match text.strip_prefix("s3:") {
                Some(name) => !name.is_empty() && name.bytes().all(wild),
                None => text == "*",
            };
            Pattern::compile(&text, false).filter(|_| good)
        };
        Selection::parse(value, negated, read).ok_or_else(|| malformed("Policy has invalid action"))
    }

    /// ARNs of the bucket or what is in it.
    fn resources(
        value: Json,
        negated: bool,
        bucket: Option<&str>,
        variables: bool,
    ) -> Result<Selection> {
        let none = Facts::default();
        let read = |text: String| {
            if text == "*" {
                return Pattern::compile("*", false);
            }
            let own = text.strip_prefix(ARN)?.split('/').next()?;
            let own = Pattern::compile(own, false)?;
            let here = bucket.is_none_or(|bucket| own.matches(bucket, &none));
            Pattern::compile(&text, variables).filter(|_| here)
        };
        Selection::parse(value, negated, read)
            .ok_or_else(|| malformed("Policy has invalid resource"))
    }

    /// Each text of one or many; `None` where there is none, or `read` refuses one.
    fn parse(
        value: Json,
        negated: bool,
        read: impl Fn(String) -> Option<Pattern>,
    ) -> Option<Selection> {
        let text = |value| match value {
            Json::Text(text) => read(text),
            _ => None,
        };
        let patterns: Vec<_> = value.one_or_many().into_iter().map(text).collect::<Option<_>>()?;
        (!patterns.is_empty()).then_some(Selection { negated, patterns })
    }

    /// Whether that action or resource is among them; `strict` as in [`Condition::holds`].
    fn has(&self, text: &str, facts: &Facts, strict: bool) -> bool {
        let strict = strict && self.negated;
        let fits = |pattern: &Pattern| {
            pattern.matches(text, facts) || (strict && pattern.is_unknown(facts))
        };
        self.patterns.iter().any(fits) != self.negated
    }
}

#[cfg(test)]
mod tests;
