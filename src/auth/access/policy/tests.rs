//! Policies as they are written, and what each says of which request.

use super::*;
use crate::auth::access::RequestFacts;
use crate::auth::{Settings, Users, authenticate};
use crate::http::head::RequestHead;
use crate::types::{Retention, RetentionMode, Timestamp};
use serde_json::{Value, json};

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

fn holds(condition: Value, of: &[(&str, &str)]) -> bool {
    let policy = policy(json!({"Condition": condition}));
    policy.weigh(None, GET, "bkt/k", &facts(of)) == Verdict::Allow
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
        json!({"Condition": {"NumericEquals": {"s3:max-keys": "ten"}}}),
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
fn conditions_on_texts() {
    let referer = |operator: &str, value: Value, sent: &[(&str, &str)]| {
        holds(json!({operator: {"AWS:referer": value}}), sent)
    };
    let sent = [("aws:referer", "https://a/b")];
    for (operator, value, with, without) in [
        ("StringEquals", json!("https://a/b"), true, false),
        ("StringEquals", json!("https://a/*"), false, false),
        ("StringEquals", json!(["x", "https://a/b"]), true, false),
        ("StringNotEquals", json!(["x", "https://a/b"]), false, true),
        ("StringEqualsIgnoreCase", json!("HTTPS://A/b"), true, false),
        ("StringNotEqualsIgnoreCase", json!("HTTPS://A/b"), false, true),
        ("StringLike", json!("https://?/*"), true, false),
        ("StringNotLike", json!("https://?/*"), false, true),
        ("StringEqualsIfExists", json!("x"), false, true),
        ("StringNotEqualsIfExists", json!("https://a/b"), false, true),
        ("Null", json!("true"), false, true),
        ("Null", json!(false), true, false),
    ] {
        assert_eq!(referer(operator, value.clone(), &sent), with, "{operator} {value}");
        assert_eq!(referer(operator, value.clone(), &[]), without, "{operator} {value}, absent");
    }
}

#[test]
fn the_six_parts_of_an_arn_are_held_one_by_one() {
    let root = [("aws:principalarn", "arn:aws:iam::1234:root")];
    for (wanted, fits) in [
        ("arn:aws:iam::1234:root", true),
        ("arn:aws:iam::1*:*", true),
        ("arn:*:*:*:*:r??t", true),
        ("arn:aws:*:root:::", false),
        ("arn:aws:iam:*:root:*", false),
        ("arn:aws:*:::root", false),
    ] {
        for operator in ["ArnLike", "ArnEquals"] {
            let like = json!({operator: {"aws:PrincipalArn": wanted}});
            assert_eq!(holds(like, &root), fits, "{operator} {wanted}");
        }
        let not_like = json!({"ArnNotLike": {"aws:PrincipalArn": wanted}});
        assert_eq!(holds(not_like, &root), !fits, "ArnNotLike {wanted}");
    }
    for few in ["*", "arn:aws:iam::1234", "arn:${aws:partition}:iam::1234:root"] {
        let condition = json!({"Condition": {"ArnLike": {"aws:PrincipalArn": few}}});
        assert_malformed(&document(statement(condition)));
    }
}

/// AWS: a variable without value may make the statement invalid. An exception that cannot be told
/// widens no Allow and narrows no Deny.
#[test]
fn all_but_a_variable_without_value_is_nothing_to_allow_and_everything_to_deny() {
    let home = "arn:aws:s3:::bkt/${aws:username}/*";
    let not_resource = json!({"Resource": null, "NotResource": [home, "arn:aws:s3:::bkt/x"]});
    let not_like = json!({"Condition": {"StringNotLike": {"aws:Referer": "${aws:username}"}}});
    let not_arn =
        json!({"Condition": {"ArnNotLike": {"aws:Referer": "arn:a:b:c:d:${aws:username}"}}});
    for exception in [not_resource, not_like, not_arn] {
        for (effect, verdict) in [("Allow", Verdict::Silent), ("Deny", Verdict::Deny)] {
            let mut change = exception.clone();
            change["Effect"] = json!(effect);
            let policy = policy(change);
            let unknown = facts(&[("aws:referer", "https://a/b")]);
            assert_eq!(policy.weigh(None, GET, "bkt/k", &unknown), verdict, "{exception}");
        }
        let known = [("aws:referer", "https://a/b"), ("aws:username", "ann")];
        let known = policy(exception.clone()).weigh(None, GET, "bkt/k", &facts(&known));
        assert_eq!(known, Verdict::Allow, "{exception}");
    }
}

#[test]
fn conditions_on_numbers_dates_booleans_and_addresses() {
    for (condition, key, fitting, other) in [
        (json!({"NumericLessThanEquals": {"s3:max-keys": 10}}), "s3:max-keys", "10", "11"),
        (json!({"NumericLessThan": {"s3:max-keys": "10"}}), "s3:max-keys", "9", "10"),
        (json!({"NumericEquals": {"s3:max-keys": [1, 2]}}), "s3:max-keys", "02", "x"),
        (json!({"NumericNotEquals": {"s3:max-keys": 10}}), "s3:max-keys", "x", "10.0"),
        (json!({"NumericGreaterThan": {"s3:max-keys": 10}}), "s3:max-keys", "11", "nan"),
        (
            json!({"DateLessThan": {"aws:CurrentTime": "2026-01-01T02:00:00+02:00"}}),
            "aws:currenttime",
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
        ),
        (
            json!({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01"}}),
            "aws:CurrentTime",
            "2026-01-01T00:00:01Z",
            "2026-01-01T00:00:00Z",
        ),
        (json!({"DateLessThan": {"aws:EpochTime": 100}}), "aws:EpochTime", "99", "100"),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), "aws:SecureTransport", "true", "false"),
        (
            json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "::1"]}}),
            "aws:SourceIp",
            "192.0.2.9",
            "192.0.3.1",
        ),
        (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), "aws:SourceIp", "192.0.2.9", "::1"),
        (
            json!({"NotIpAddress": {"aws:SourceIp": "2001:db8::/33"}}),
            "aws:SourceIp",
            "2001:db8:8000::1",
            "2001:db8::1",
        ),
    ] {
        assert!(holds(condition.clone(), &[(key, fitting)]), "{condition} {fitting}");
        assert!(!holds(condition.clone(), &[(key, other)]), "{condition} {other}");
    }
}

#[test]
fn conditions_on_keys_of_several_values() {
    let key = "s3:RequestObjectTagKeys";
    let any = json!({"ForAnyValue:StringEquals": {key: ["a", "b"]}});
    let all = json!({"ForAllValues:StringEquals": {key: ["a", "b"]}});
    let none = json!({"ForAllValues:StringNotEquals": {key: ["a", "b"]}});
    for (tags, fits_any, fits_all, fits_none) in [
        (&[][..], false, true, true),
        (&["a"][..], true, true, false),
        (&["a", "c"][..], true, false, false),
        (&["c"][..], false, false, true),
    ] {
        let sent: Vec<_> = tags.iter().map(|tag| (key, *tag)).collect();
        assert_eq!(holds(any.clone(), &sent), fits_any, "{tags:?}");
        assert_eq!(holds(all.clone(), &sent), fits_all, "{tags:?}");
        assert_eq!(holds(none.clone(), &sent), fits_none, "{tags:?}");
    }
}

#[test]
fn all_conditions_must_hold() {
    let both = json!({
        "StringEquals": {"aws:Referer": "a", "aws:UserAgent": "b"},
        "Bool": {"aws:SecureTransport": true},
    });
    let sent = [("aws:referer", "a"), ("aws:useragent", "b"), ("aws:securetransport", "true")];
    assert!(holds(both.clone(), &sent));
    for missing in 0..sent.len() {
        let mut some = sent.to_vec();
        some.remove(missing);
        assert!(!holds(both.clone(), &some), "{missing}");
    }
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
        (json!({"StringEquals": {"aws:Referer": "https://a"}}), true),
        (json!({"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}), true),
    ] {
        assert_eq!(public(json!({"Condition": condition})), expected, "{condition}");
    }
    let two = json!([statement(json!({"Principal": {"AWS": "ann"}})), statement(json!({}))]);
    assert!(Policy::parse(&document(two), Some("bkt")).unwrap().is_public());
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
    let request = RequestFacts::gather(&put, peer, true);
    let of = |facts: &Facts, key: &str| facts.of(key).map(str::to_owned).collect::<Vec<_>>();
    let known = facts(&request, &put);
    for (key, values) in [
        ("aws:sourceip", &["192.0.2.7"][..]),
        ("aws:securetransport", &["true"]),
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
    let weigh = |operator: &str, value: String| {
        let condition = json!({ operator: { "aws:UserAgent": value } });
        let policy = policy(json!({"Condition": condition}));
        let of_short = policy.weigh(None, GET, "bkt/k", &self::facts(&[("aws:useragent", "a")]));
        (policy.weigh(None, GET, "bkt/k", &facts()), of_short)
    };
    let literal = format!("*{}b", "a".repeat(4000));
    assert_eq!(weigh("StringLike", literal), (Verdict::Deny, Verdict::Silent));
    // Each variable would be as long as the head.
    let variables = "${aws:UserAgent}".repeat(1000);
    assert_eq!(weigh("StringLike", variables), (Verdict::Deny, Verdict::Silent));
    assert_eq!(weigh("StringLike", "a*a".to_owned()), (Verdict::Allow, Verdict::Silent));
}
