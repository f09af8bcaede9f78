//! When conditions hold: each operator, with the key and without it.

use super::*;

fn holds(condition: Value, of: &[(&str, &str)]) -> bool {
    let policy = policy(json!({"Condition": condition}));
    policy.weigh(None, GET, "bkt/k", &facts(of)) == Verdict::Allow
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
        ("ForAllValues:StringEquals", json!("x"), false, true),
        ("ForAllValues:StringEqualsIfExists", json!("x"), false, true),
        ("ForAnyValue:StringNotEquals", json!("x"), true, false),
        ("ForAnyValue:StringEqualsIfExists", json!("x"), false, true),
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
fn conditions_on_numbers_dates_booleans_and_addresses() {
    for (condition, key, fitting, other) in [
        (json!({"NumericLessThanEquals": {"s3:max-keys": 10}}), "s3:max-keys", "10", "11"),
        (json!({"NumericLessThan": {"s3:max-keys": "10"}}), "s3:max-keys", "9", "10"),
        (json!({"NumericEquals": {"s3:max-keys": [1, 2]}}), "s3:max-keys", "02", "x"),
        (json!({"NumericNotEquals": {"s3:max-keys": 10}}), "s3:max-keys", "x", "10.0"),
        (json!({"NumericGreaterThan": {"s3:max-keys": 10}}), "s3:max-keys", "11", "nan"),
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
fn a_date_is_any_form_of_w3c_or_seconds() {
    let before = |bound: Value, now: &str| {
        holds(json!({"DateLessThan": {"aws:CurrentTime": bound}}), &[("aws:currenttime", now)])
    };
    for bound in [
        json!("2027"),
        json!(2027),
        json!("2027-01"),
        json!("2027-01-01"),
        json!("2027-01-01T00:00Z"),
        json!("2027-01-01T00:00:00Z"),
        json!("2027-01-01T00:00:00.000Z"),
        json!("2027-01-01T02:00:00+02:00"),
        json!("1798761600"),
        json!(1_798_761_600),
    ] {
        assert!(before(bound.clone(), "2026-12-31T23:59:59Z"), "{bound}");
        assert!(!before(bound.clone(), "2027-01-01T00:00:00Z"), "{bound}");
    }
}

#[test]
fn class_p_an_ipv4_address_written_as_ipv6_is_the_same() {
    for (network, inside) in [
        ("192.0.2.0/24", true),
        ("192.0.2.9/24", true),
        ("::ffff:192.0.2.0/120", true),
        ("::ffff:c000:0207", true),
        ("::ffff:192.0.2.8", false),
        ("::/0", false),
        ("0.0.0.0/0", true),
    ] {
        for spelt in ["192.0.2.7", "::ffff:192.0.2.7"] {
            let sent = [("aws:sourceip", spelt)];
            let of = |operator: &str| holds(json!({operator: {"aws:SourceIp": network}}), &sent);
            assert_eq!(of("IpAddress"), inside, "{network} {spelt}");
            assert_eq!(of("NotIpAddress"), !inside, "{network} {spelt}");
        }
    }
    let nowhere = json!({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    assert!(holds(nowhere, &[]));
}

/// AWS's page on multivalued keys: an empty text is to a quantifier as no value.
#[test]
fn a_quantifier_counts_no_empty_values() {
    let of = |operator: &str| holds(json!({operator: {"s3:prefix": "a"}}), &[("s3:prefix", "")]);
    assert!(of("ForAllValues:StringEquals"));
    assert!(!of("ForAnyValue:StringNotEquals"));
    assert!(!of("StringEquals"));
    assert!(of("StringNotEquals"));
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
