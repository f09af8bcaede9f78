//! Browsers' forms with a signed policy, by chance, and what AWS's page says of each.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>

use super::dice::Dice;
use base64::prelude::{BASE64_STANDARD, Engine};
use glassbucket::auth::sigv4::{Scope, SigningKey};
use glassbucket::auth::{Secret, sigv2};
use glassbucket::error::ErrorCode;
use serde_json::{Value, json};

pub(crate) const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const BUCKET: &str = "box";
pub(crate) const NOW: &str = "20260101T120000Z";
pub(crate) const BOUNDARY: &str = "AaB03x";
const FILENAME: &str = "a.png";

const NAMES: [&str; 6] =
    ["key", "acl", "Content-Type", "x-amz-meta-a", "success_action_status", "Cache-Control"];
const VALUES: [&str; 8] =
    ["", "a", "ab", "a/b", "A", "a/${filename}", "image/png, image/jpeg", "image/png,text/html"];

/// A form as it is sent: fields in order, the file behind them.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) policy: Value,
    pub(crate) fields: Vec<(String, String)>,
    /// What its signature and its fields come to, before anything of the policy counts.
    pub(crate) wrong: Option<ErrorCode>,
    pub(crate) content: Vec<u8>,
}

/// A policy and a form that mostly keeps to it.
pub(crate) fn sent(dice: &mut Dice) -> Sent {
    let mut fields = Vec::new();
    let mut conditions = Vec::new();
    for name in NAMES {
        let value = *dice.one_of(&VALUES);
        if dice.percent(60) {
            fields.push((dice.any_case(name), value.to_owned()));
        } else if dice.percent(95) {
            continue;
        }
        if dice.percent(97) {
            conditions.push(condition(dice, name, &value.replace("${filename}", FILENAME)));
        }
    }
    if dice.percent(30) {
        fields.push((dice.any_case("x-ignore-a"), "anything".to_owned()));
    }
    if dice.percent(97) {
        conditions.push(condition(dice, "bucket", BUCKET));
    }
    if dice.percent(5) {
        fields.push(("bucket".to_owned(), "other".to_owned()));
    }
    if dice.percent(30) {
        conditions.push(json!([
            dice.any_case("content-length-range"),
            dice.below(10),
            if dice.percent(50) { json!("20") } else { json!(20) },
        ]));
    }
    let v4 = dice.percent(50);
    if v4 {
        let credential = format!("{ACCESS_KEY}/20260101/us-east-1/s3/aws4_request");
        for (name, value) in [
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", &credential),
            ("x-amz-date", "20260101T000000Z"),
        ] {
            fields.push((dice.any_case(name), value.to_owned()));
            if dice.percent(99) {
                conditions.push(json!({dice.any_case(name): value}));
            }
        }
    } else {
        fields.push((dice.any_case("AWSAccessKeyId"), ACCESS_KEY.to_owned()));
    }
    // Good until that moment, and with it.
    let expiration = match dice.below(20) {
        0 => "2026-01-01T11:59:59.999Z",
        1 => "2026-01-01T12:00:00.000Z",
        _ => "2026-01-02T00:00:00Z",
    };
    let policy = json!({"expiration": expiration, "conditions": conditions});
    let mut sent = Sent { policy, fields, wrong: None, content: content(dice) };
    let text = sent.policy.to_string();
    sign(&mut sent, text.as_bytes(), v4);
    spoil(dice, &mut sent);
    sent
}

/// One on that field, which a form with that value mostly keeps to.
fn condition(dice: &mut Dice, name: &str, value: &str) -> Value {
    let value = if dice.percent(4) { *dice.one_of(&VALUES) } else { value };
    let (name, dollar) = (dice.any_case(name), dice.any_case(&format!("${name}")));
    match dice.below(3) {
        0 => json!({name: value}),
        1 => json!([dice.any_case("eq"), dollar, value]),
        _ => {
            let mut length = dice.below(value.len() + 1);
            if name.eq_ignore_ascii_case("content-type") {
                length = length.min("image/".len());
            }
            json!([dice.any_case("starts-with"), dollar, value[..length]])
        }
    }
}

/// Adds the base64 of that text and a signature of it.
pub(crate) fn sign(sent: &mut Sent, text: &[u8], v4: bool) {
    let policy = BASE64_STANDARD.encode(text);
    let secret = Secret::new(SECRET.to_owned());
    let scope = Scope { date: "20260101", region: "us-east-1" };
    let (name, signature) = match v4 {
        true => ("x-amz-signature", SigningKey::derive(&secret, scope).sign(&policy)),
        false => ("signature", sigv2::sign(&secret, &policy)),
    };
    sent.fields.push(("policy".to_owned(), policy));
    sent.fields.push((name.to_owned(), signature));
}

/// Now and then: another signature, another's key, a field that is missing or there twice.
fn spoil(dice: &mut Dice, sent: &mut Sent) {
    let last = sent.fields.len() - 1;
    match dice.below(25) {
        0 => {
            sent.fields[last].1.insert(0, 'x');
            sent.wrong = Some(ErrorCode::SignatureDoesNotMatch);
        }
        1 => {
            // Another policy with the signature of this one.
            sent.fields[last - 1].1 = BASE64_STANDARD.encode("{}");
            sent.wrong = Some(ErrorCode::SignatureDoesNotMatch);
        }
        2 => {
            sent.fields.iter_mut().for_each(|(_, value)| *value = value.replace("AKIA", "AKIB"));
            sent.wrong = Some(ErrorCode::InvalidAccessKeyId);
        }
        3 => {
            sent.fields.remove(last - dice.below(2));
            sent.wrong = Some(ErrorCode::InvalidArgument);
        }
        4 => {
            let (name, value) = sent.fields[dice.below(last)].clone();
            sent.fields.push((dice.any_case(&name), value));
            sent.wrong = Some(ErrorCode::InvalidArgument);
        }
        _ => {}
    }
}

/// Bytes with what is nearly the end of a form among them.
fn content(dice: &mut Dice) -> Vec<u8> {
    let pieces = ["\r\n--AaB03", "\r\n-", "\r", "\n", "--AaB0", "y", "\r\n\r\n--AaB03y"];
    dice.text(&pieces, 5).into_bytes()
}

/// The body of the request.
pub(crate) fn body(sent: &Sent) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in &sent.fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        body.extend_from_slice(format!("{head}\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"");
    body.extend_from_slice(format!("{head}; filename=\"{FILENAME}\"\r\n\r\n").as_bytes());
    body.extend_from_slice(&sent.content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// Fields that need no condition.
const FREE: [&str; 4] = ["awsaccesskeyid", "signature", "x-amz-signature", "policy"];

/// The oracle: whether a form keeps to its policy, and how long its file may be.
pub(crate) fn allowed(policy: &Value, fields: &[(String, String)]) -> Option<(u64, u64)> {
    let mut fields: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.replace("${filename}", FILENAME)))
        .filter(|(name, _)| name != "bucket")
        .collect();
    fields.push(("bucket".to_owned(), BUCKET.to_owned()));
    let expiration: jiff::Timestamp = policy["expiration"].as_str()?.parse().ok()?;
    if "2026-01-01T12:00:00Z".parse::<jiff::Timestamp>().unwrap() > expiration {
        return None;
    }
    let mut named = Vec::new();
    let (mut least, mut most) = (0, u64::MAX);
    for condition in policy["conditions"].as_array()? {
        let simple = condition.as_object().and_then(|members| members.iter().next());
        let (operator, name, wanted) = match simple {
            Some((name, wanted)) => ("eq".to_owned(), format!("${name}"), wanted),
            None => (condition[0].as_str()?.to_lowercase(), text(&condition[1]), &condition[2]),
        };
        if operator == "content-length-range" {
            least = least.max(name.parse().ok()?);
            most = most.min(text(wanted).parse().ok()?);
            continue;
        }
        let name = name.strip_prefix('$')?.to_lowercase();
        let value = fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value)?;
        let wanted = wanted.as_str()?;
        let holds = match (operator.as_str(), name.as_str()) {
            ("eq", _) => value == wanted,
            ("starts-with", "content-type") => {
                value.split(',').all(|one| one.trim().starts_with(wanted))
            }
            ("starts-with", _) => value.starts_with(wanted),
            _ => false,
        };
        named.push(name);
        if !holds {
            return None;
        }
    }
    let needs_none = |name: &String| FREE.contains(&name.as_str()) || name.starts_with("x-ignore-");
    let all = fields.iter().all(|(name, _)| needs_none(name) || named.contains(name));
    all.then_some((least, most))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
