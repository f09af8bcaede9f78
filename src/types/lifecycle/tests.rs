//! Rules at their limits, and each thing that AWS refuses.

use super::*;
use crate::error::ErrorCode;

fn days(days: u32) -> NonZeroU32 {
    NonZeroU32::new(days).unwrap()
}

fn filter(own: Predicates) -> Selector {
    Selector::Filter { own, and: None }
}

/// Ends everything after a day.
fn rule(id: &str) -> LifecycleRule {
    LifecycleRule {
        id: id.to_owned(),
        enabled: true,
        selector: filter(Predicates::default()),
        expiration: Some(Expiration::Days(days(1))),
        noncurrent_expiration: None,
        abort_days: None,
        transitions: Vec::new(),
        noncurrent_transitions: Vec::new(),
    }
}

fn configuration(rules: Vec<LifecycleRule>) -> crate::error::Result<LifecycleConfiguration> {
    LifecycleConfiguration::new(rules, DefaultMinimumObjectSize::default())
}

#[track_caller]
fn refused(rule: LifecycleRule) -> ErrorCode {
    configuration(vec![rule]).expect_err("should be refused").code
}

fn tagged() -> Predicates {
    Predicates { tags: vec![("k".into(), "v".into())], ..Predicates::default() }
}

#[test]
fn lifecycle_takes_1_to_1000_rules() {
    let rules = |count: usize| (0..count).map(|n| rule(&n.to_string())).collect();
    assert!(configuration(rules(1000)).is_ok());
    for count in [0, 1001] {
        assert_eq!(configuration(rules(count)).unwrap_err().code, ErrorCode::MalformedXML);
    }
}

#[test]
fn lifecycle_ids_are_unique_and_at_most_255_characters() {
    assert!(configuration(vec![rule(&"é".repeat(255))]).is_ok());
    assert_eq!(refused(rule(&"a".repeat(256))), ErrorCode::InvalidArgument);
    let twice = configuration(vec![rule("a"), rule("a")]);
    assert_eq!(twice.unwrap_err().code, ErrorCode::InvalidArgument);
}

#[test]
fn lifecycle_names_rules_that_have_no_id_the_same_each_time() {
    let rules = || vec![rule(""), rule("rule-3"), rule("")];
    let named = configuration(rules()).unwrap();
    let ids: Vec<&str> = named.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["rule-1", "rule-3", "rule-3-"]);
    assert_eq!(configuration(rules()).unwrap(), named);
}

#[test]
fn lifecycle_refuses_a_rule_that_does_nothing() {
    assert_eq!(refused(LifecycleRule { expiration: None, ..rule("a") }), ErrorCode::InvalidRequest);
}

#[test]
fn lifecycle_days_are_positive() {
    assert_eq!(positive("Days", "Expiration", "1").unwrap(), days(1));
    for (text, code) in [
        ("0", ErrorCode::InvalidArgument),
        ("-1", ErrorCode::InvalidArgument),
        ("4294967296", ErrorCode::InvalidArgument),
        ("", ErrorCode::MalformedXML),
        ("1.5", ErrorCode::MalformedXML),
        ("one", ErrorCode::MalformedXML),
    ] {
        assert_eq!(positive("Days", "Expiration", text).unwrap_err().code, code, "{text:?}");
    }
}

#[test]
fn lifecycle_keeps_the_forms_of_2012_and_of_today_apart() {
    let old = LifecycleRule { selector: Selector::Prefix("a/".into()), ..rule("old") };
    assert!(configuration(vec![old.clone()]).is_ok());
    let mixed = configuration(vec![old.clone(), rule("new")]);
    assert_eq!(mixed.unwrap_err().code, ErrorCode::InvalidRequest);
    let newer = NoncurrentVersionExpiration { days: days(1), newer: Some(days(1)) };
    let newer = LifecycleRule { noncurrent_expiration: Some(newer), ..old };
    assert_eq!(refused(newer), ErrorCode::InvalidRequest);
}

#[test]
fn lifecycle_keeps_at_most_100_newer_noncurrent_versions() {
    let keep = |count| LifecycleRule {
        noncurrent_expiration: Some(NoncurrentVersionExpiration {
            days: days(1),
            newer: Some(days(count)),
        }),
        ..rule("a")
    };
    assert!(configuration(vec![keep(100)]).is_ok());
    assert_eq!(refused(keep(101)), ErrorCode::InvalidRequest);
}

#[test]
fn lifecycle_refuses_tags_and_sizes_on_what_has_none() {
    let sized = Predicates { size_less_than: Some(5), ..Predicates::default() };
    let uploads = LifecycleRule { expiration: None, abort_days: Some(days(1)), ..rule("a") };
    let markers = LifecycleRule {
        expiration: Some(Expiration::ExpiredObjectDeleteMarker(true)),
        ..rule("a")
    };
    assert!(configuration(vec![uploads.clone()]).is_ok());
    assert!(configuration(vec![markers.clone()]).is_ok());
    for (rule, predicates) in [(&uploads, tagged()), (&uploads, sized), (&markers, tagged())] {
        let and = Selector::Filter { own: Predicates::default(), and: Some(predicates.clone()) };
        for selector in [filter(predicates), and] {
            let rule = LifecycleRule { selector, ..rule.clone() };
            assert_eq!(refused(rule), ErrorCode::InvalidRequest);
        }
    }
}

#[test]
fn lifecycle_refuses_a_filter_that_nothing_can_pass() {
    let mut twice = tagged();
    twice.tags.push(("k".into(), "w".into()));
    let sizes = |above, below| Predicates {
        size_greater_than: Some(above),
        size_less_than: Some(below),
        ..Predicates::default()
    };
    let with = |own| LifecycleRule { selector: filter(own), ..rule("a") };
    assert_eq!(refused(with(twice)), ErrorCode::InvalidRequest);
    assert_eq!(refused(with(sizes(5, 5))), ErrorCode::InvalidRequest);
    assert!(configuration(vec![with(sizes(4, 5))]).is_ok());
}

#[test]
fn lifecycle_refuses_dates_beside_days() {
    let midnight = Midnight::new(Timestamp::new(0, 0)).unwrap();
    let to = |when| Transition { when, storage_class: "GLACIER".into() };
    let with = |when| LifecycleRule { transitions: vec![to(when)], ..rule("a") };
    assert!(configuration(vec![with(TransitionTime::Days(0))]).is_ok());
    assert_eq!(refused(with(TransitionTime::Date(midnight))), ErrorCode::InvalidRequest);
}

#[test]
fn lifecycle_dates_are_midnights_in_utc() {
    let date = |text: &str| Timestamp::parse_iso8601(text).and_then(Midnight::new);
    assert_eq!(date("2017-09-27T00:00:00Z").unwrap().to_string(), "2017-09-27T00:00:00.000Z");
    assert!(date("1969-12-31T00:00:00Z").is_some());
    for text in ["2017-09-27T00:00:01Z", "2017-09-27T00:00:00.001Z", "1969-12-31T23:59:59Z"] {
        assert!(date(text).is_none(), "{text}");
    }
}

#[test]
fn lifecycle_selector_knows_the_longest_prefix_its_keys_have() {
    let prefix = |text: &str| Predicates { prefix: Some(text.into()), ..Predicates::default() };
    let both = Selector::Filter { own: prefix("days1/"), and: Some(prefix("days1")) };
    assert_eq!(both.prefix(), "days1/");
    assert_eq!(filter(Predicates::default()).prefix(), "");
    assert_eq!(Selector::Prefix("p".into()).prefix(), "p");
}

#[test]
fn lifecycle_survives_json() {
    let midnight = Midnight::new(Timestamp::new(DAY_SECS * 20_000, 0)).unwrap();
    let whole = LifecycleRule {
        selector: Selector::Filter { own: tagged(), and: Some(tagged()) },
        expiration: Some(Expiration::Date(midnight)),
        noncurrent_expiration: Some(NoncurrentVersionExpiration { days: days(2), newer: None }),
        transitions: vec![Transition {
            when: TransitionTime::Date(midnight),
            storage_class: "GLACIER".into(),
        }],
        noncurrent_transitions: vec![NoncurrentVersionTransition {
            days: 0,
            newer: Some(days(3)),
            storage_class: "GLACIER".into(),
        }],
        ..rule("a")
    };
    let configuration = configuration(vec![whole, rule("b")]).unwrap();
    let json = serde_json::to_string(&configuration).unwrap();
    assert_eq!(serde_json::from_str::<LifecycleConfiguration>(&json).unwrap(), configuration);
    let not_midnight = json.replace("T00:00:00.000Z", "T00:00:01.000Z");
    assert!(serde_json::from_str::<LifecycleConfiguration>(&not_midnight).is_err());
}
