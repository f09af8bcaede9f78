//! Policies as they are written, and what each says of which request.

use super::*;
use crate::auth::access::RequestFacts;
use crate::auth::{Settings, Users, authenticate};
use crate::http::head::RequestHead;
use crate::types::{Retention, RetentionMode, Timestamp};
use serde_json::{Value, json};

mod conditions;

const GET: &str = "s3:GetObject";

/// One statement for everybody, on all of bucket `bkt`, with what `change` replaces or adds.
fn statement(change: Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"],
    });
    for (name, value) in change.as_object().unwrap() {
        let members = statement.as_object_mut().unwrap();
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
    statement
}

fn document(statements: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn policy(change: Value) -> Policy {
    Policy::parse(&document(statement(change)), Some("bkt")).unwrap()
}

fn facts(of: &[(&str, &str)]) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in of {
        facts.add(key, (*value).to_owned());
    }
    facts
}

fn weigh(policy: &Policy, caller: Option<&str>, action: &str, resource: &str) -> Verdict {
    policy.weigh(caller, action, resource, &Facts::default())
}

#[track_caller]
fn assert_malformed(document: &str) {
    match Policy::parse(document, Some("bkt")) {
        Ok(_) => panic!("taken: {document}"),
        Err(error) => assert_eq!(error.code, ErrorCode::MalformedPolicy, "{document}"),
    }
}

#[test]
fn an_explicit_deny_wins_wherever_it_stands() {
    let allow = statement(json!({"Principal": {"AWS": "ann"}}));
    let deny = statement(json!({"Effect": "Deny", "Action": "s3:Delete*"}));
    for order in [json!([allow, deny]), json!([deny, allow])] {
        let policy = Policy::parse(&document(order), Some("bkt")).unwrap();
        assert_eq!(weigh(&policy, Some("ann"), GET, "bkt/k"), Verdict::Allow);
        assert_eq!(weigh(&policy, Some("ann"), "s3:DeleteObject", "bkt/k"), Verdict::Deny);
        assert_eq!(weigh(&policy, None, "s3:DeleteObject", "bkt/k"), Verdict::Deny);
        assert_eq!(weigh(&policy, None, GET, "bkt/k"), Verdict::Silent);
    }
}

#[test]
fn principals_are_users_by_any_of_their_names() {
    for named in [
        json!({"AWS": "ann"}),
        json!({"AWS": ["bob", "ann"]}),
        json!({"AWS": "arn:aws:iam::ann:root"}),
        json!({"AWS": "arn:aws:iam:::user/ann"}),
        json!({"CanonicalUser": "ann", "Service": "logging.s3.amazonaws.com"}),
    ] {
        let policy = policy(json!({"Principal": named}));
        assert_eq!(weigh(&policy, Some("ann"), GET, "bkt/k"), Verdict::Allow, "{named}");
        assert_eq!(weigh(&policy, Some("eve"), GET, "bkt/k"), Verdict::Silent, "{named}");
        assert_eq!(weigh(&policy, None, GET, "bkt/k"), Verdict::Silent, "{named}");
    }
    for all in [json!("*"), json!({"AWS": "*"})] {
        assert_eq!(weigh(&policy(json!({"Principal": all})), None, GET, "bkt/k"), Verdict::Allow);
    }
    for bad in [
        json!("ann"),
        json!({}),
        json!([]),
        json!({"AWS": []}),
        json!({"AWS": ""}),
        json!({"AWS": 7}),
        json!({"AWS": "a*"}),
        json!({"Federated": "x"}),
        json!({"aws": "ann"}),
        json!({"AWS": "arn:aws:iam::*:root"}),
        json!({"AWS": "arn:aws:iam::ann:user/bob"}),
        json!({"AWS": "arn:aws:iam::ann:role/bob"}),
    ] {
        assert_malformed(&document(statement(json!({"Principal": bad}))));
    }
}

#[test]
fn not_principal_denies_all_others_and_allows_nobody() {
    let named = json!({"Principal": null, "NotPrincipal": {"AWS": "ann"}});
    assert_malformed(&document(statement(named)));
    let change =
        json!({"Effect": "Deny", "Principal": null, "NotPrincipal": {"CanonicalUser": "ann"}});
    let policy = policy(change);
    assert_eq!(weigh(&policy, Some("ann"), GET, "bkt/k"), Verdict::Silent);
    assert_eq!(weigh(&policy, Some("eve"), GET, "bkt/k"), Verdict::Deny);
    assert_eq!(weigh(&policy, None, GET, "bkt/k"), Verdict::Deny);
    assert!(!policy.is_public());
}

#[test]
fn actions_and_resources_are_patterns_or_their_opposite() {
    let allows = |change: Value, action, resource| {
        weigh(&policy(change), None, action, resource) == Verdict::Allow
    };
    let get = || json!({"Action": ["S3:get*", "s3:ListBucke?"]});
    assert!(allows(get(), GET, "bkt/k"));
    assert!(allows(get(), "s3:ListBucket", "bkt"));
    assert!(!allows(get(), "s3:ListBucketVersions", "bkt"));
    let not = || json!({"Action": null, "NotAction": "s3:Delete*"});
    assert!(allows(not(), GET, "bkt/k") && !allows(not(), "s3:DeleteObject", "bkt/k"));
    let public = || json!({"Resource": "arn:aws:s3:::bkt/public/*"});
    assert!(allows(public(), GET, "bkt/public/a/b"));
    assert!(!allows(public(), GET, "bkt/publi") && !allows(public(), GET, "bkt"));
    assert!(!allows(public(), GET, "bkt/Public/a"));
    let others = || json!({"Resource": null, "NotResource": "arn:aws:s3:::bkt/private/*"});
    assert!(allows(others(), GET, "bkt/a") && !allows(others(), GET, "bkt/private/a"));
    for bad in [json!("GetObject"), json!("ec2:*"), json!("s3:"), json!("s3:Get Object"), json!([])]
    {
        assert_malformed(&document(statement(json!({"Action": bad}))));
    }
    for bad in ["bkt/*", "arn:aws:s3:::other/*", "arn:aws:s3:::b/*", "arn:aws:ec2:::bkt", ""] {
        assert_malformed(&document(statement(json!({"Resource": bad}))));
    }
    for good in ["arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:s3:::b?t/x", "*"] {
        assert!(
            Policy::parse(&document(statement(json!({"Resource": good}))), Some("bkt")).is_ok()
        );
    }
}

/// A Deny of a misspelt action, or of an object's on the bucket alone, would protect nothing.
#[test]
fn an_action_is_one_of_s3_and_for_one_of_the_resources() {
    const BUCKET: &str = "arn:aws:s3:::bkt";
    const OBJECTS: &str = "arn:aws:s3:::bkt/*";
    let taken = |change: Value| {
        let deny = json!({"Effect": "Deny", "Action": null, "Resource": null});
        let mut statement = statement(deny);
        statement.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Policy::parse(&document(statement), Some("bkt")).map_err(|error| error.message.to_string())
    };
    for unknown in ["s3:PutObjects", "s3:Foo*", "s3:GetObjec", "s3:ListAllMyBuckets"] {
        for element in ["Action", "NotAction"] {
            let error = taken(json!({element: unknown, "Resource": OBJECTS})).unwrap_err();
            assert_eq!(error, "Policy has invalid action", "{unknown}");
        }
    }
    for (actions, resource) in [
        (json!("s3:PutObject"), BUCKET),
        (json!(["s3:GetObject", "s3:ListBucket"]), OBJECTS),
        (json!(["s3:ListBucket", "s3:GetObject"]), BUCKET),
        (json!("s3:DeleteBucket"), "arn:aws:s3:::bkt/"),
        (json!("s3:*Object"), BUCKET),
    ] {
        let error = taken(json!({"Action": actions, "Resource": resource})).unwrap_err();
        assert_eq!(error, "Action does not apply to any resource(s) in statement", "{actions}");
    }
    for (actions, resources) in [
        (json!("s3:*"), json!(BUCKET)),
        (json!("*"), json!(OBJECTS)),
        (json!("s3:Get*"), json!(OBJECTS)),
        (json!(["s3:GetObject", "s3:ListBucket"]), json!([BUCKET, OBJECTS])),
        (json!(["s3:GetObject", "s3:ListBucket"]), json!("arn:aws:s3:::bkt*")),
        (json!(["s3:GetObject", "s3:ListBucket"]), json!("*")),
        (json!("S3:RESTOREOBJECT"), json!("arn:aws:s3:::bkt/${aws:userid}")),
    ] {
        taken(json!({"Action": actions, "Resource": resources})).unwrap();
    }
    // An Allow that can match nothing lets nobody in; s3-tests writes one.
    taken(json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": BUCKET})).unwrap();
    taken(json!({"NotAction": "s3:PutObject", "Resource": BUCKET})).unwrap();
    taken(json!({"Action": "s3:PutObject", "NotResource": BUCKET})).unwrap();
    // What is stored was checked: it may be of another version of this table.
    let stored = document(statement(json!({"Action": "s3:NotYetKnown"})));
    assert!(Policy::parse(&stored, None).is_ok());
}

#[test]
fn sid_and_id_are_any_text() {
    let named = |sid: &str| statement(json!({"Sid": sid}));
    let two = json!([named("Allow all, even é"), named("Allow all, even é"), named("")]);
    let text = json!({"Version": "2012-10-17", "Id": "any one", "Statement": two}).to_string();
    assert!(Policy::parse(&text, Some("bkt")).is_ok());
}

#[test]
fn json_is_read_by_its_meaning_and_not_its_spelling() {
    let text = document(statement(json!({"Effect": "Deny"})));
    let escaped = text.replace("Effect", "\\u0045ffect").replace("Deny", "\\u0044eny");
    let policy = Policy::parse(&escaped, Some("bkt")).unwrap();
    assert_eq!(weigh(&policy, None, GET, "bkt/k"), Verdict::Deny);
    // The same name by another spelling is the same name.
    assert_malformed(&text.replace("\"Effect\":", "\"\\u0045ffect\":\"Allow\",\"Effect\":"));
    assert_malformed(&text.replace("Deny", "\\ud800"));
    let deep = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
    assert_malformed(&format!("{{\"Statement\":{deep}}}"));
    assert_malformed(&format!("{{\"Id\":{}\"\"}}", "{\"a\":".repeat(3000)));
    assert_malformed(&format!("{text},"));
}

#[test]
fn a_home_directory_is_a_variable() {
    let policy = policy(json!({"Resource": "arn:aws:s3:::bkt/${aws:userid}/*"}));
    let ann = facts(&[("aws:userid", "ann")]);
    assert_eq!(policy.weigh(Some("ann"), GET, "bkt/ann/k", &ann), Verdict::Allow);
    assert_eq!(policy.weigh(Some("ann"), GET, "bkt/bob/k", &ann), Verdict::Silent);
    assert_eq!(weigh(&policy, None, GET, "bkt//k"), Verdict::Silent);
}

#[test]
fn what_the_grammar_has_not_is_refused() {
    for text in [
        "",
        "[]",
        "\"x\"",
        "{",
        "{}",
        "{} {}",
        r#"{"Version": "2012-10-17"}"#,
        r#"{"Version": "2012-10-17", "Statement": []}"#,
        r#"{"Version": "2012-10-17", "Statement": {}}"#,
        r#"{"Version": "2012-10-17", "Statement": ["x"]}"#,
    ] {
        assert_malformed(text);
    }
    let good = statement(json!({}));
    assert_malformed(&json!({"Version": "2020-01-01", "Statement": good}).to_string());
    assert_malformed(&json!({"Version": 1, "Statement": good}).to_string());
    assert_malformed(&json!({"statement": good}).to_string());
    assert_malformed(&json!({"Statement": good, "Id": 1}).to_string());
    for missing in ["Effect", "Principal", "Action", "Resource"] {
        assert_malformed(&document(statement(json!({missing: null}))));
    }
    for change in [
        json!({"Effect": "allow"}),
        json!({"Sid": 1}),
        json!({"NotAction": "s3:*"}),
        json!({"NotResource": "arn:aws:s3:::bkt"}),
        json!({"Principals": "*"}),
        json!({"Condition": []}),
        json!({"Condition": {"StringEquals": "x"}}),
        json!({"Condition": {"StringEquals": {"aws:Referer": []}}}),
        json!({"Condition": {"StringEquals": {"aws:Referer": {}}}}),
        json!({"Condition": {"StringIs": {"aws:Referer": "x"}}}),
        json!({"Condition": {"NullIfExists": {"aws:Referer": "true"}}}),
        json!({"Condition": {"ForAnyValue:Null": {"aws:Referer": "true"}}}),
        json!({"Condition": {"ForSome:StringEquals": {"aws:Referer": "x"}}}),
        json!({"Condition": {"StringEquals": {"s3:prefixx": "x"}}}),
        json!({"Condition": {"StringEquals": {"Referer": "x"}}}),
        json!({"Condition": {"StringEquals": {"s3:ExistingObjectTag/": "x"}}}),
        json!({"Condition": {"StringLike": {"aws:Referer": "${aws:userid"}}}),
        json!({"Condition": {"ForAllValues:Null": {"aws:Referer": "true"}}}),
        json!({"Condition": {"ForAllValues:ForAnyValue:StringEquals": {"aws:Referer": "x"}}}),
        json!({"Condition": {"stringequals": {"aws:Referer": "x"}}}),
        json!({"Condition": {"BoolIfExistsIfExists": {"aws:SecureTransport": true}}}),
        json!({"Condition": {"StringEquals": {"aws:": "x"}}}),
        json!({"Condition": {"StringEquals": {"aws:Referer": null}}}),
        json!({"Condition": {"StringEquals": {"aws:Referer": [["x"]]}}}),
        json!({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*"}}}),
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "ten"}}}),
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "inf"}}}),
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "NaN"}}}),
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "1e999"}}}),
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "0x10"}}}),
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "${aws:userid}"}}}),
        json!({"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-13-01"}}}),
        json!({"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-0*"}}}),
        json!({"Condition": {"DateLessThan": {"aws:CurrentTime": "-1"}}}),
        json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/+8"}}}),
        json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/"}}}),
        json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0"}}}),
        json!({"Condition": {"IpAddress": {"aws:SourceIp": "::1/129"}}}),
        json!({"Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}}),
        json!({"Condition": {"Bool": {"aws:SecureTransport": "yes"}}}),
        json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}}),
        json!({"Condition": {"Null": {"aws:Referer": ["true", "false"]}}}),
    ] {
        assert_malformed(&document(statement(change)));
    }
}

/// `serde_json` keeps the last of two members: the policy would be wider than its text.
#[test]
fn a_name_stands_once() {
    let once = document(statement(json!({"Condition": {"Bool": {"aws:SecureTransport": true}}})));
    assert!(Policy::parse(&once, Some("bkt")).is_ok());
    assert_malformed(&once.replace("\"Condition\":", "\"Condition\":{},\"Condition\":"));
    assert_malformed(&once.replace("\"Bool\":", "\"Bool\":{},\"Bool\":"));
}

#[test]
fn a_stored_policy_is_read_whatever_its_bucket_is_called_now() {
    let text = document(statement(json!({})));
    assert!(Policy::parse(&text, None).is_ok());
    assert_malformed(&text.replace(":::bkt", ":::old"));
    let closed = Policy::closed();
    assert_eq!(weigh(&closed, Some("own"), GET, "bkt/k"), Verdict::Deny);
    assert_eq!(weigh(&closed, None, "s3:ListBucket", "bkt"), Verdict::Deny);
}

#[test]
fn a_policy_has_at_most_20_kilobytes() {
    let mut text = document(statement(json!({})));
    text.push_str(&" ".repeat(limits::POLICY_BYTES_MAX - text.len()));
    assert!(Policy::parse(&text, Some("bkt")).is_ok());
    text.push(' ');
    assert_malformed(&text);
}

#[test]
fn a_policy_is_public_unless_fixed_to_clients() {
    let public = |change| policy(change).is_public();
    assert!(public(json!({})));
    assert!(public(json!({"Principal": {"AWS": ["ann", "*"]}})));
    assert!(!public(json!({"Principal": {"AWS": "ann"}})));
    assert!(!public(json!({"Effect": "Deny"})));
    for (condition, expected) in [
        (json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), false),
        (json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/1"]}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}), false),
        (json!({"IpAddress": {"aws:SourceIp": "2000::/3"}}), true),
        (json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), true),
        (json!({"IpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}}), true),
        (json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}}), false),
        (json!({"StringLike": {"aws:SourceVpc": "vpc-*"}}), true),
        (json!({"StringLike": {"aws:SourceVpc": "${aws:userid}"}}), true),
        (json!({"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}}), true),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::ann:root"}}), false),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}), true),
        (json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::ann:root"}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "::ffff:10.0.0.0/104"}}), false),
        (json!({"IpAddress": {"aws:SourceIp": "::ffff:0.0.0.0/97"}}), true),
        (json!({"Null": {"aws:SourceVpc": "false"}}), true),
        (json!({"StringEquals": {"aws:Referer": "https://a"}}), true),
        (json!({"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "a"}}), true),
        (json!({"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}), true),
    ] {
        assert_eq!(public(json!({"Condition": condition})), expected, "{condition}");
    }
    // One condition of several is enough.
    let both = json!({"StringEquals": {"aws:userid": "ann"}, "StringLike": {"aws:Referer": "*"}});
    assert!(!public(json!({"Condition": both})));
    let public_of =
        |statements: Value| Policy::parse(&document(statements), Some("bkt")).unwrap().is_public();
    let (everybody, ann) = (statement(json!({})), statement(json!({"Principal": {"AWS": "ann"}})));
    assert!(public_of(json!([ann, everybody])));
    // What is denied to most does not make it less public, as on AWS: nor does a Deny make it so.
    let not = json!({"AWS": "ann"});
    let others = json!({"Effect": "Deny", "Principal": null, "NotPrincipal": not});
    let deny = statement(others);
    assert!(public_of(json!([everybody, deny])));
    assert!(!public_of(json!([ann, deny])));
}

/// Made of a request as it is sent: the keys that are no header and no parameter.
#[test]
fn facts_tell_what_a_request_is_made_of() {
    let head = |text: &str| {
        let raw = format!("{text}\r\nHost: h\r\n\r\n");
        RequestHead::parse(raw.as_bytes()).unwrap().unwrap().0
    };
    let now = Timestamp::parse_iso8601("2026-11-21T12:00:00Z").unwrap();
    let facts = |request: &RequestFacts, head: &RequestHead| {
        let settings = Settings { require_signed_payload: false };
        let verified = authenticate(head, None, &Users::default(), now, settings).unwrap();
        Facts::new(request, &verified, now)
    };
    let peer = "::ffff:192.0.2.7".parse().unwrap();
    let put = head(
        "PUT /b/k?X-Amz-Date=20261121T115950Z HTTP/1.1\r\n\
         X-Amz-Acl: private\r\nx-amz-acl: public\r\nx-amz-tagging: a=1&b%20c=d+e",
    );
    let request = RequestFacts::gather(&put, peer, Some("1.2"));
    let of = |facts: &Facts, key: &str| facts.of(key).map(str::to_owned).collect::<Vec<_>>();
    let known = facts(&request, &put);
    for (key, values) in [
        ("aws:sourceip", &["192.0.2.7"][..]),
        ("aws:securetransport", &["true"]),
        ("s3:tlsversion", &["1.2"]),
        ("aws:principaltype", &["Anonymous"]),
        ("aws:userid", &[]),
        ("s3:x-amz-acl", &["private"]),
        ("s3:requestobjecttagkeys", &["a", "b c"]),
        ("s3:requestobjecttag/b c", &["d e"]),
        ("s3:signatureage", &[]),
        ("s3:object-lock-remaining-retention-days", &[]),
    ] {
        assert_eq!(of(&known, key), values, "{key}");
    }
    let until = Timestamp::new(now.secs() + 86_401, 0);
    let retention = Retention { mode: RetentionMode::Governance, until };
    let locked = facts(&request.with_retention(Some(&retention)), &put);
    assert_eq!(of(&locked, "s3:object-lock-mode"), ["GOVERNANCE"]);
    assert_eq!(of(&locked, "s3:object-lock-remaining-retention-days"), ["2"]);
    let freed = facts(&request.with_retention(Some(&retention)).with_retention(None), &put);
    assert!(of(&freed, "s3:object-lock-mode").is_empty());
    assert_eq!(
        of(&facts(&request.with_legal_hold(true), &put), "s3:object-lock-legal-hold"),
        ["ON"]
    );
}

#[test]
fn class_m_a_policy_that_is_too_dear_to_weigh_denies() {
    let agent = "a".repeat(8000);
    let facts = || facts(&[("aws:useragent", &agent)]);
    let weigh = |operator: &str, value: Value| {
        let condition = json!({ operator: { "aws:UserAgent": value } });
        let policy = policy(json!({"Condition": condition}));
        let of_short = policy.weigh(None, GET, "bkt/k", &self::facts(&[("aws:useragent", "a")]));
        (policy.weigh(None, GET, "bkt/k", &facts()), of_short)
    };
    // Each is linear, but they are many.
    let many = |count: usize| json!((0..count).map(|n| format!("*{n}*")).collect::<Vec<_>>());
    assert_eq!(weigh("StringLike", many(30)), (Verdict::Silent, Verdict::Silent));
    assert_eq!(weigh("StringLike", many(40)), (Verdict::Deny, Verdict::Silent));
    // Each variable would be as long as the head: it is seen at the second that nothing can match.
    let variables = json!("${aws:UserAgent}".repeat(1000));
    assert_eq!(weigh("StringLike", variables), (Verdict::Silent, Verdict::Silent));
    assert_eq!(weigh("StringLike", json!("a*a")), (Verdict::Allow, Verdict::Silent));
}

#[test]
fn class_m_a_policy_is_weighed_in_its_most_steps_and_denies_at_one_more() {
    let policy = policy(json!({"Condition": {"StringLike": {"aws:UserAgent": "*b*"}}}));
    let weigh = |length: usize| {
        let facts = facts(&[("aws:useragent", &"a".repeat(length))]);
        (policy.weigh(None, GET, "bkt/k", &facts), facts.steps())
    };
    let (_, few) = weigh(1);
    let most = limits::POLICY_STEPS_MAX - few + 1;
    assert_eq!(weigh(most), (Verdict::Silent, limits::POLICY_STEPS_MAX));
    assert_eq!(weigh(most + 1), (Verdict::Deny, limits::POLICY_STEPS_MAX + 1));
}
