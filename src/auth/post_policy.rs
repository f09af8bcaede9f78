//! The policy of a browser's form: who signed it, and whether the form keeps to it.
//!
//! Stands behind [`crate::http::form`], whose fields it reads, and before the handler of
//! PostObject, which is given the [`Posted`]. The head of such a request says nothing of its
//! sender. Pure: the fields and a time come in, a proof goes out.
//!
//! ```text
//! policy    = base64({"expiration": "...", "conditions": [...]})
//! signature = the StringToSign is that base64: hex SigV4, or base64 of HMAC-SHA1
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTForms.html> (SigV2)
//!
//! Whoever has the form, a stranger's browser, can change all of it but the policy. So nothing of
//! the form counts that the policy does not allow (security class F): each condition must hold, a
//! condition on a field that did not come does not (as on AWS, also with an empty value), and each
//! field must have a condition. `bucket` is that of the URL, whatever a field of that name says.
//!
//! Names of fields and operators are without case, `expiration` and `conditions` are not; values
//! are compared byte by byte.
//!
//! Refused, 400 `InvalidPolicyDocument`: a policy with anything in it that is not understood, or a
//! name twice; a condition that was skipped would not have been checked.

use super::json::Json;
use super::{PayloadClaim, Scheme, User, Users, Verified, sigv2, sigv4};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::form::Form;
use crate::limits;
use crate::types::Timestamp;
use base64::prelude::{BASE64_STANDARD, Engine};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The fields that sign a policy, in SigV4 and in SigV2.
const V4_FIELDS: [&str; 4] =
    ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];
const V2_FIELDS: [&str; 2] = ["awsaccesskeyid", "signature"];

/// What needs no condition: it would have to contain itself, or is part of no object. (`file` is
/// none of the fields here: it comes after them.)
const UNCONDITIONAL: [&str; 4] = ["awsaccesskeyid", "policy", "signature", "x-amz-signature"];
/// Nor what is named so, for whoever else reads the form.
const IGNORED_PREFIX: &str = "x-ignore-";

/// A form whose sender is known, and which keeps to the policy, if it has one.
#[derive(Debug)]
pub struct Posted {
    /// Whoever signed the policy; nobody where there is none.
    pub verified: Verified,
    /// Bytes that the file may have: `content-length-range`, within S3's own bounds.
    pub length: RangeInclusive<u64>,
}

/// Verifies the policy of a form that was sent to `bucket`, and the form against it. `head` is what
/// was made of the head of the request: nobody, and nothing said of the body.
///
/// # Errors
///
/// `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `InvalidArgument` for a field that is missing,
/// `InvalidPolicyDocument`, and `AccessDenied` with AWS's sentence for what the policy forbids.
pub fn authenticate(
    form: &Form,
    head: &Verified,
    bucket: &str,
    users: &Users,
    now: Timestamp,
) -> Result<Posted> {
    if head.scheme() != Scheme::Anonymous {
        return Err(super::two_mechanisms());
    }
    // It would be of the whole form, and what is stored is a part of it.
    if !matches!(head.payload(), PayloadClaim::Unsigned) {
        let message = "x-amz-content-sha256 is not supported for uploads by a form.";
        return Err(S3Error::new(ErrorCode::InvalidRequest, message));
    }
    let any = |names: &[&str]| names.iter().any(|name| form.get(name).is_some());
    let (scheme, user, policy) = match (any(&V4_FIELDS), any(&V2_FIELDS), form.get("policy")) {
        (false, false, None) => return Ok(anonymous()),
        (false, false, Some(_)) => return Err(ErrorCode::AccessDenied.into()),
        (true, true, _) => return Err(super::two_mechanisms()),
        (_, _, None) => return Err(missing("policy")),
        (true, false, Some(policy)) => {
            (Scheme::V4Post, verify_v4(form, policy, users, now)?, policy)
        }
        (false, true, Some(policy)) => {
            (Scheme::V2Post, verify_v2(form, policy, users, now)?, policy)
        }
    };
    // None is ever given out here; see the head of `auth`.
    if form.get("x-amz-security-token").is_some_and(|token| !token.is_empty()) {
        return Err(ErrorCode::InvalidToken.into());
    }
    let policy = Policy::parse(policy)?;
    policy.check(form, bucket, now)?;
    let payload = PayloadClaim::Unsigned;
    let verified = Verified { user: Some(user.clone()), scheme, payload, hoisted: Vec::new() };
    Ok(Posted { verified, length: policy.length })
}

/// Nobody, who may put what anybody may.
fn anonymous() -> Posted {
    let (scheme, payload) = (Scheme::Anonymous, PayloadClaim::Unsigned);
    let verified = Verified { user: None, scheme, payload, hoisted: Vec::new() };
    Posted { verified, length: 0..=limits::PUT_BYTES_MAX }
}

fn verify_v4<'u>(
    form: &Form,
    policy: &str,
    users: &'u Users,
    now: Timestamp,
) -> Result<&'u Arc<User>> {
    let field = |name| form.get(name).ok_or_else(|| missing(name));
    let [algorithm, credential, date, signature] = V4_FIELDS;
    let algorithm = field(algorithm)?;
    if algorithm != sigv4::ALGORITHM {
        let message = "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"";
        return Err(S3Error::argument(message, "X-Amz-Algorithm", algorithm));
    }
    let credential = field(credential)?;
    let (access_key, scope) = sigv4::credential(credential).ok_or_else(|| {
        let message = "the Credential is mal-formed; expecting \
                       \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
        S3Error::argument(message, "X-Amz-Credential", credential)
    })?;
    let date = field(date)?;
    if Timestamp::parse_iso8601_basic(date).is_none() || date.get(..8) != Some(scope.date) {
        let message = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", \
                       and of the date in the credential";
        return Err(S3Error::argument(message, "X-Amz-Date", date));
    }
    let key = super::known_key(users, access_key, now)?;
    let signed = sigv4::SigningKey::derive(&key.secret, scope).sign(policy);
    compare(&signed, field(signature)?, access_key, policy)?;
    Ok(&key.user)
}

fn verify_v2<'u>(
    form: &Form,
    policy: &str,
    users: &'u Users,
    now: Timestamp,
) -> Result<&'u Arc<User>> {
    let [access_key, signature] = V2_FIELDS;
    let access_key = form.get(access_key).ok_or_else(|| missing("AWSAccessKeyId"))?;
    let signature = form.get(signature).ok_or_else(|| missing(signature))?;
    let key = super::known_key(users, access_key, now)?;
    compare(&sigv2::sign(&key.secret, policy), signature, access_key, policy)?;
    Ok(&key.user)
}

fn compare(computed: &str, sent: &str, access_key: &str, policy: &str) -> Result<()> {
    match super::equal(computed, sent) {
        true => Ok(()),
        false => Err(super::signature_does_not_match(access_key, policy, sent)),
    }
}

/// `InvalidArgument` in AWS's words, two spaces included.
fn missing(name: &str) -> S3Error {
    let message = format!(
        "Bucket POST must contain a field named '{name}'.  If it is specified, please check the \
         order of the fields."
    );
    S3Error::argument(message, name, "")
}

/// A policy as it was signed.
#[derive(Debug, PartialEq, Eq)]
struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
    length: RangeInclusive<u64>,
}

/// One condition on a field.
#[derive(Debug, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    /// In lower case, without its `$`.
    field: String,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Eq,
    StartsWith,
}

impl Policy {
    /// From the value of the field `policy`.
    fn parse(base64: &str) -> Result<Policy> {
        // Some encoders break lines; the signature is of the text with its breaks.
        let base64: String = base64.split_ascii_whitespace().collect();
        let decoded = BASE64_STANDARD.decode(base64);
        let json = decoded.map_err(|_| invalid("invalid Base64 encoding."))?;
        let json = String::from_utf8(json).map_err(|_| invalid("Invalid JSON."))?;
        let Ok(Json::Object(document)) = serde_json::from_str(&strict(&json)) else {
            return Err(invalid("Invalid JSON."));
        };
        let (mut expiration, mut conditions) = (None, None);
        for (name, value) in document {
            match name.as_str() {
                "expiration" => expiration = Some(parse_expiration(&value)?),
                "conditions" => conditions = Some(value),
                _ => return Err(invalid(format!("Unexpected: '{name}'"))),
            }
        }
        let expiration = expiration.ok_or_else(|| invalid("Policy missing expiration."))?;
        let conditions = conditions.ok_or_else(|| invalid("Policy missing conditions."))?;
        let Json::List(conditions) = conditions else {
            return Err(invalid("Invalid 'conditions' value: must be a List."));
        };
        let mut policy =
            Policy { expiration, conditions: Vec::new(), length: 0..=limits::PUT_BYTES_MAX };
        for condition in conditions {
            policy.add(condition)?;
        }
        Ok(policy)
    }

    /// One element of `conditions`.
    fn add(&mut self, condition: Json) -> Result<()> {
        match condition {
            Json::Object(fields) => self.conditions.push(simple(fields)?),
            Json::List(parts) => {
                let operator = parts.first().and_then(Json::text).unwrap_or_default();
                match operator.to_ascii_lowercase().as_str() {
                    "eq" => self.conditions.push(operation(Operator::Eq, &parts)?),
                    "starts-with" => {
                        self.conditions.push(operation(Operator::StartsWith, &parts)?);
                    }
                    "content-length-range" => self.limit(&parts)?,
                    other => {
                        let message = format!("Invalid Condition: unknown operation '{other}'.");
                        return Err(invalid(message));
                    }
                }
            }
            _ => return Err(invalid("Invalid condition test: must be a List or Object.")),
        }
        Ok(())
    }

    /// `["content-length-range", MIN, MAX]`; of several, all hold.
    fn limit(&mut self, parts: &[Json]) -> Result<()> {
        const NAME: &str = "content-length-range";
        let [_, min, max] = parts else { return Err(wrong_number(NAME)) };
        // Some signers write numbers as strings.
        let number = |value: &Json| match value {
            Json::Text(digits) | Json::Number(digits) => digits.parse::<u64>().ok(),
            _ => None,
        };
        let (Some(min), Some(max)) = (number(min), number(max)) else {
            return Err(invalid(format!("Invalid {NAME}: the limits must be whole numbers.")));
        };
        self.length = min.max(*self.length.start())..=max.min(*self.length.end());
        Ok(())
    }

    /// Whether the form keeps to all that can be known before the file has come.
    fn check(&self, form: &Form, bucket: &str, now: Timestamp) -> Result<()> {
        if now > self.expiration {
            return Err(denied("Policy expired."));
        }
        for condition in &self.conditions {
            let value = match condition.field.as_str() {
                "bucket" => Some(bucket),
                field => form.get(field),
            };
            if !value.is_some_and(|value| condition.holds(value)) {
                return Err(denied(format!("Policy Condition failed: {}", condition.print())));
            }
        }
        let names = form.fields().map(|(name, _)| name).chain(["bucket"]);
        let extra = names.filter(|name| !self.allows(name)).collect::<Vec<_>>();
        match extra.is_empty() {
            true => Ok(()),
            false => Err(denied(format!("Extra input fields: {}", extra.join(", ")))),
        }
    }

    /// Whether the policy has a condition on a field, or the field needs none.
    fn allows(&self, name: &str) -> bool {
        UNCONDITIONAL.contains(&name)
            || name.starts_with(IGNORED_PREFIX)
            || self.conditions.iter().any(|condition| condition.field == name)
    }
}

impl Condition {
    fn holds(&self, value: &str) -> bool {
        match self.operator {
            Operator::Eq => value == self.value,
            // AWS: a Content-Type with commas is a list, each of which must start so.
            Operator::StartsWith if self.field == "content-type" => {
                value.split(',').all(|one| one.trim().starts_with(&self.value))
            }
            Operator::StartsWith => value.starts_with(&self.value),
        }
    }

    /// As AWS names one: `["eq", "$key", "value"]`.
    fn print(&self) -> String {
        let operator = match self.operator {
            Operator::Eq => "eq",
            Operator::StartsWith => "starts-with",
        };
        format!("[\"{operator}\", \"${}\", \"{}\"]", self.field, self.value)
    }
}

/// `{"acl": "public-read"}`.
fn simple(fields: Vec<(String, Json)>) -> Result<Condition> {
    let mut fields = fields.into_iter();
    match (fields.next(), fields.next()) {
        (Some((name, Json::Text(value))), None) => {
            Ok(Condition { operator: Operator::Eq, field: name.to_ascii_lowercase(), value })
        }
        (Some(_), None) => Err(invalid("Invalid Simple-Condition: value must be a string.")),
        _ => Err(invalid(
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        )),
    }
}

/// `["eq", "$acl", "public-read"]`.
fn operation(operator: Operator, parts: &[Json]) -> Result<Condition> {
    let name = parts.first().and_then(Json::text).unwrap_or_default();
    let [_, field, value] = parts else { return Err(wrong_number(name)) };
    let field = field.text().and_then(|field| field.strip_prefix('$'));
    match (field, value) {
        (Some(field), Json::Text(value)) => {
            Ok(Condition { operator, field: field.to_ascii_lowercase(), value: value.clone() })
        }
        _ => Err(invalid(format!("Invalid {name}: expecting \"$field\" and a string."))),
    }
}

fn parse_expiration(value: &Json) -> Result<Timestamp> {
    let text = value.text().unwrap_or_default();
    let time = Timestamp::parse_iso8601(text).filter(|_| text.as_bytes().get(10) == Some(&b'T'));
    time.ok_or_else(|| invalid(format!("Invalid 'expiration' value: '{text}'")))
}

/// The escapes `\$` and `\v`, which AWS lists and JSON does not know, as JSON has them.
fn strict(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match (character, if character == '\\' { rest.next() } else { None }) {
            ('\\', Some('$')) => json.push('$'),
            ('\\', Some('v')) => json.push_str("\\u000b"),
            (character, escaped) => json.extend([character].into_iter().chain(escaped)),
        }
    }
    json
}

fn wrong_number(operator: &str) -> S3Error {
    invalid(format!("Invalid {operator}: wrong number of arguments."))
}

fn invalid(what: impl std::fmt::Display) -> S3Error {
    S3Error::new(ErrorCode::InvalidPolicyDocument, format!("Invalid Policy: {what}"))
}

fn denied(what: impl std::fmt::Display) -> S3Error {
    S3Error::new(ErrorCode::AccessDenied, format!("Invalid according to Policy: {what}"))
}

#[cfg(test)]
mod tests;
