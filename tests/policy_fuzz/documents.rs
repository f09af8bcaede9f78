//! Bucket policies by the grammar, and requests that they are about: small alphabets, so that what
//! is asked for meets what is written about half of the time.

use super::dice::Dice;
use super::oracle::Asked;
use serde_json::{Map, Value, json};

const IDS: [&str; 2] = ["111122223333", "444455556666"];
const ACTIONS: [&str; 6] = [
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:ListBucket",
];
const BUCKETS: [&str; 2] = ["box", "bix"];
const LETTERS: [&str; 6] = ["a", "b", "A", "/", "é", "*"];
const PATTERN: [&str; 14] = [
    "a",
    "b",
    "A",
    "/",
    "é",
    "*",
    "*",
    "?",
    "${*}",
    "${?}",
    "${$}",
    "${aws:username}",
    "${AWS:UserName, 'a'}",
    "${aws:useragent}",
];
const MOMENTS: [&str; 9] = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2026-01-01",
    "1767225600",
    "2026-01-02T00:00:00.5Z",
    "2026-01-02T00:00:00Z",
    "1767312000",
    "2025-12-31",
    "1767225599",
];
const ADDRESSES: [&str; 5] = ["10.0.0.1", "10.1.2.3", "11.0.0.1", "2001:db8::1", "2001:db9::1"];
const RANGES: [&str; 9] = [
    "10.0.0.0/8",
    "10.0.0.1",
    "10.0.0.0/31",
    "10.1.0.0/16",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8::1/128",
    "2001:db8::1",
    "::/0",
];
const ARN_PARTS: [&str; 4] = ["aws", "iam", "a", "b"];

/// What the values of a condition key are.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    /// With several values, which only `ForAllValues` and `ForAnyValue` ask for.
    Texts,
    Number,
    Moment,
    Truth,
    Address,
    Arn,
}

pub(crate) const KEYS: [(&str, Kind); 14] = [
    ("aws:username", Kind::Text),
    ("aws:UserAgent", Kind::Text),
    ("aws:Referer", Kind::Text),
    ("s3:ExistingObjectTag/t", Kind::Text),
    ("s3:x-amz-acl", Kind::Text),
    ("s3:prefix", Kind::Text),
    ("s3:x-amz-server-side-encryption-aws-kms-key-id", Kind::Text),
    ("s3:RequestObjectTagKeys", Kind::Texts),
    ("s3:max-keys", Kind::Number),
    ("aws:CurrentTime", Kind::Moment),
    ("aws:EpochTime", Kind::Moment),
    ("aws:SecureTransport", Kind::Truth),
    ("aws:SourceIp", Kind::Address),
    ("aws:PrincipalArn", Kind::Arn),
];

/// One value, or a list of up to three.
fn list(dice: &mut Dice, mut value: impl FnMut(&mut Dice) -> Value) -> Value {
    match dice.below(2) {
        0 => (0..1 + dice.below(3)).map(|_| value(dice)).collect(),
        _ => value(dice),
    }
}

/// A policy that is well-formed.
pub(crate) fn policy(dice: &mut Dice) -> Value {
    let mut policy = Map::new();
    match dice.below(8) {
        0 => {}
        1 => drop(policy.insert("Version".into(), json!("2008-10-17"))),
        _ => drop(policy.insert("Version".into(), json!("2012-10-17"))),
    }
    if dice.percent(20) {
        policy.insert("Id".into(), json!("some id"));
    }
    let statements = 1 + dice.below(4);
    let one = dice.percent(50) && statements == 1;
    let statements: Vec<Value> = (0..statements).map(|at| statement(dice, at)).collect();
    policy.insert("Statement".into(), if one { statements[0].clone() } else { statements.into() });
    Value::Object(policy)
}

fn statement(dice: &mut Dice, at: usize) -> Value {
    let mut statement = Map::new();
    if dice.percent(30) {
        statement.insert("Sid".into(), json!(format!("S{at}")));
    }
    let effect = if dice.percent(35) { "Deny" } else { "Allow" };
    statement.insert("Effect".into(), json!(effect));
    // AWS: "Allow with NotPrincipal is not allowed."
    let not = if effect == "Deny" && dice.percent(30) { "Not" } else { "" };
    statement.insert(format!("{not}Principal"), principal(dice));
    let mut either = |dice: &mut Dice, name: &str, value| {
        let not = if dice.percent(15) { "Not" } else { "" };
        statement.insert(format!("{not}{name}"), value);
    };
    let value = list(dice, action);
    either(dice, "Action", value);
    let value = list(dice, resource);
    either(dice, "Resource", value);
    if dice.percent(50) {
        let mut conditions = Map::new();
        for _ in 0..1 + usize::from(dice.percent(30)) {
            let (operator, keys) = condition(dice);
            conditions.insert(operator, keys);
        }
        statement.insert("Condition".into(), conditions.into());
    }
    Value::Object(statement)
}

fn principal(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0..4 => json!("*"),
        4 => json!({"AWS": "*"}),
        5 => json!({"CanonicalUser": list(dice, |dice| json!(dice.one_of(&IDS)))}),
        6 => json!({"AWS": dice.one_of(&IDS), "CanonicalUser": dice.one_of(&IDS)}),
        7 => json!({"Service": "logging.s3.amazonaws.com"}),
        _ => json!({"AWS": list(dice, |dice| {
            let id = dice.one_of(&IDS);
            json!(match dice.below(3) {
                0 => (*id).to_owned(),
                1 => format!("arn:aws:iam::{id}:root"),
                _ => format!("arn:aws:iam:::user/{id}"),
            })
        })}),
    }
}

fn action(dice: &mut Dice) -> Value {
    let name = *dice.one_of(&ACTIONS);
    let (service, name) = name.split_once(':').unwrap();
    let (from, to) = (dice.below(name.len()), dice.below(name.len() + 1));
    let name = match dice.below(8) {
        0 | 1 => return json!("*"),
        2 => "*".to_owned(),
        3 => format!("{}*{}", &name[..from], &name[from.max(to)..]),
        4 => format!("{}?{}", &name[..from], &name[from + 1..]),
        _ => name.to_owned(),
    };
    json!(dice.any_case(&format!("{service}:{name}")))
}

fn resource(dice: &mut Dice) -> Value {
    let bucket = *dice.one_of(&["box", "box", "bix", "b?x", "b*", "*"]);
    match dice.below(8) {
        0 | 1 => json!("*"),
        2 => json!(format!("arn:aws:s3:::{bucket}")),
        3 | 4 => json!(format!("arn:aws:s3:::{bucket}/*")),
        _ => json!(format!("arn:aws:s3:::{bucket}/{}", dice.text(&PATTERN, 4))),
    }
}

/// An operator and what it asks of one key or two.
fn condition(dice: &mut Dice) -> (String, Value) {
    let (key, kind) = *dice.one_of(&KEYS);
    if dice.percent(10) {
        let value = truth(dice);
        return ("Null".to_owned(), json!({dice.any_case(key): value}));
    }
    let relations =
        ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"];
    let strings = [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
    ];
    let mut operator = match kind {
        Kind::Text | Kind::Texts => (*dice.one_of(&strings)).to_owned(),
        Kind::Number => format!("Numeric{}", dice.one_of(&relations)),
        Kind::Moment => format!("Date{}", dice.one_of(&relations)),
        Kind::Truth => "Bool".to_owned(),
        Kind::Address => (*dice.one_of(&["IpAddress", "NotIpAddress"])).to_owned(),
        Kind::Arn => {
            (*dice.one_of(&["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"])).to_owned()
        }
    };
    if dice.percent(20) {
        operator += "IfExists";
    }
    if dice.percent(10) || matches!(kind, Kind::Texts) {
        operator.insert_str(0, dice.one_of::<&str>(&["ForAllValues:", "ForAnyValue:"]));
    }
    let values = list(dice, |dice| wanted(dice, kind));
    (operator, json!({dice.any_case(key): values}))
}

fn truth(dice: &mut Dice) -> Value {
    dice.one_of(&[json!("true"), json!("false"), json!(true), json!(false)]).clone()
}

/// A value as a policy has it.
fn wanted(dice: &mut Dice, kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Texts => json!(dice.text(&PATTERN, 3)),
        Kind::Number if dice.percent(30) => json!(dice.below(4)),
        Kind::Truth => truth(dice),
        Kind::Address => json!(dice.one_of(&RANGES)),
        Kind::Arn => {
            let part = |dice: &mut Dice| match dice.below(3) {
                0 => "*",
                _ => *dice.one_of(&ARN_PARTS),
            };
            let (service, name) = (part(dice), part(dice));
            json!(format!("arn:aws:{service}:::{}/{name}", dice.text(&PATTERN, 2)))
        }
        _ => json!(given(dice, kind)),
    }
}

/// A value as a request brings it.
fn given(dice: &mut Dice, kind: Kind) -> String {
    match kind {
        // An empty value counts as none for some operators; AWS's pages do not agree on which.
        Kind::Text | Kind::Texts => format!("{}{}", dice.one_of(&LETTERS), dice.text(&LETTERS, 2)),
        Kind::Number => (*dice.one_of(&["0", "1", "1.5", "2", "3"])).to_owned(),
        Kind::Moment => (*dice.one_of(&MOMENTS)).to_owned(),
        Kind::Truth => (*dice.one_of(&["true", "false"])).to_owned(),
        Kind::Address => (*dice.one_of(&ADDRESSES)).to_owned(),
        Kind::Arn => {
            let service = *dice.one_of(&ARN_PARTS);
            format!("arn:aws:{service}:::{}/{}", dice.text(&LETTERS, 2), dice.one_of(&ARN_PARTS))
        }
    }
}

/// A request, of a stranger at times, each fact mostly there.
pub(crate) fn asked(dice: &mut Dice) -> Asked {
    let caller = (!dice.percent(25)).then(|| (*dice.one_of(&IDS)).to_owned());
    let bucket = *dice.one_of(&BUCKETS);
    let action = (*dice.one_of(&ACTIONS)).to_owned();
    let resource = match action.as_str() {
        "s3:ListBucket" => bucket.to_owned(),
        _ => format!("{bucket}/{}{}", dice.one_of(&LETTERS), dice.text(&LETTERS, 3)),
    };
    let mut facts = Vec::new();
    for (key, kind) in KEYS {
        let several = if matches!(kind, Kind::Texts) { 1 + dice.below(3) } else { 1 };
        if dice.percent(75) {
            let values = (0..several).map(|_| given(dice, kind)).collect();
            facts.push((key.to_lowercase(), values));
        }
    }
    Asked { caller, action, resource, facts }
}

/// The same with one thing that AWS's grammar or S3 does not have.
pub(crate) fn broken(dice: &mut Dice) -> Value {
    let mut policy = policy(dice);
    if dice.percent(20) {
        let wrong = [
            ("Statement", json!([])),
            ("Statement", json!("Allow")),
            ("Version", json!("2020-01-01")),
            ("Id", json!(1)),
            ("Extra", json!("x")),
        ];
        let (name, value) = dice.one_of(&wrong);
        policy[name] = value.clone();
        return policy;
    }
    let statement = match &mut policy["Statement"] {
        Value::Array(statements) => {
            let at = dice.below(statements.len());
            &mut statements[at]
        }
        one => one,
    };
    let members = statement.as_object_mut().unwrap();
    if dice.percent(25) {
        let missing = *dice.one_of(&["Effect", "Principal", "Action", "Resource"]);
        members.remove(missing);
        members.remove(&format!("Not{missing}"));
        return policy;
    }
    let wrong = [
        ("Effect", json!("allow")),
        ("Sid", json!(7)),
        ("Extra", json!("x")),
        ("Principal", json!("111122223333")),
        ("Principal", json!({"AWS": "1111*"})),
        ("Principal", json!({"AWS": "arn:aws:iam::111122223333:user/a"})),
        ("Principal", json!({"Someone": "*"})),
        ("Principal", json!({"AWS": []})),
        ("Action", json!([])),
        ("Action", json!("ec2:RunInstances")),
        ("Action", json!("GetObject")),
        ("Resource", json!(["*", "arn:aws:sqs:::box"])),
        ("Resource", json!("box/*")),
        ("Condition", json!("x")),
        ("Condition", json!({"StringMatches": {"s3:prefix": "a"}})),
        ("Condition", json!({"BoolNotEquals": {"aws:SecureTransport": "true"}})),
        ("Condition", json!({"ForSomeValues:StringLike": {"s3:prefix": "a"}})),
        ("Condition", json!({"NullIfExists": {"s3:prefix": "true"}})),
        ("Condition", json!({"StringLike": {"s3:nothing": "a"}})),
        ("Condition", json!({"StringLike": {"s3:prefix": {"a": "b"}}})),
        ("Condition", json!({"NumericEquals": {"s3:max-keys": "many"}})),
        ("Condition", json!({"DateEquals": {"aws:CurrentTime": "yesterday"}})),
        ("Condition", json!({"Bool": {"aws:SecureTransport": "yes"}})),
        ("Condition", json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "10.0.0.0/33"]}})),
    ];
    let (name, value) = dice.one_of(&wrong);
    members.remove(&format!("Not{name}"));
    members.insert((*name).to_owned(), value.clone());
    policy
}
