//! Verdicts at their very second, with real and with short days.

use super::*;
use crate::types::lifecycle::{Midnight, NoncurrentVersionExpiration};

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso8601(text).unwrap()
}

const WRITTEN: &str = "2026-11-21T10:30:00Z";
const CONTENT: Content<'_> = Content { length: 3, tags: Some(&[]) };

fn rule(prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: "a rule".to_owned(),
        enabled: true,
        selector: Selector::Prefix(prefix.to_owned()),
        expiration: Some(Expiration::Days(number(3))),
        noncurrent_expiration: None,
        abort_days: None,
        transitions: Vec::new(),
        noncurrent_transitions: Vec::new(),
    }
}

fn filtered(own: Predicates) -> LifecycleRule {
    LifecycleRule { selector: Selector::Filter { own, and: None }, ..rule("") }
}

fn configuration(rules: Vec<LifecycleRule>) -> LifecycleConfiguration {
    LifecycleConfiguration::new(rules, Default::default()).unwrap()
}

fn current(key: &str) -> Subject<'_> {
    let standing = Standing::Current { modified: at(WRITTEN) };
    Subject { key, standing, content: Some(CONTENT) }
}

fn marker() -> Subject<'static> {
    let standing = Standing::LoneMarker { modified: at(WRITTEN) };
    Subject { key: "k", standing, content: None }
}

/// Whether it is due at that time but not a second earlier.
#[track_caller]
fn due_from(rule: &LifecycleRule, subject: &Subject<'_>, day: Day, time: &str) {
    let (rules, time) = (configuration(vec![rule.clone()]), at(time));
    let before = Timestamp::new(time.secs() - 1, time.nanos());
    assert!(!is_due(&rules, subject, before, day), "too early");
    assert!(is_due(&rules, subject, time, day), "too late");
}

#[track_caller]
fn never_due(rule: &LifecycleRule, subject: &Subject<'_>) {
    let rules = configuration(vec![rule.clone()]);
    assert!(!is_due(&rules, subject, at("9000-01-01T00:00:00Z"), Day::Real));
}

#[test]
fn real_days_are_rounded_up_to_midnight_utc() {
    due_from(&rule(""), &current("k"), Day::Real, "2026-11-25T00:00:00Z");
    let midnight = Standing::Current { modified: at("2026-11-21T00:00:00Z") };
    let midnight = Subject { standing: midnight, ..current("k") };
    due_from(&rule(""), &midnight, Day::Real, "2026-11-24T00:00:00Z");
}

#[test]
fn short_days_are_so_many_seconds() {
    due_from(&rule(""), &current("k"), Day::Short(number(10)), "2026-11-21T10:30:30Z");
}

#[test]
fn the_longest_days_do_not_overflow() {
    let days = Expiration::Days(NonZeroU32::MAX);
    let rules = configuration(vec![LifecycleRule { expiration: Some(days), ..rule("") }]);
    for day in [Day::Real, Day::Short(NonZeroU32::MAX)] {
        assert!(!is_due(&rules, &current("k"), at("2999-01-01T00:00:00Z"), day));
    }
}

#[test]
fn dates_end_what_was_written_before_and_after() {
    let date = Midnight::new(at("2020-01-01T00:00:00Z")).unwrap();
    let dated = LifecycleRule { expiration: Some(Expiration::Date(date)), ..rule("") };
    due_from(&dated, &current("k"), Day::Short(number(10)), "2020-01-01T00:00:00Z");
}

#[test]
fn disabled_rules_do_nothing() {
    never_due(&LifecycleRule { enabled: false, ..rule("") }, &current("k"));
}

#[test]
fn prefixes_are_of_keys_not_of_folders() {
    due_from(&rule("lo"), &current("logs/a"), Day::Real, "2026-11-25T00:00:00Z");
    never_due(&rule("logs/"), &current("log"));
    never_due(&rule("ogs"), &current("logs/a"));
}

#[test]
fn all_predicates_of_a_filter_must_hold() {
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tags = [tag("a", "1"), tag("b", "2")];
    let content = Content { length: 2000, tags: Some(&tags) };
    let subject = Subject { content: Some(content), ..current("p/k") };
    let all = Predicates {
        prefix: Some("p/".into()),
        tags: vec![tag("b", "2")],
        size_greater_than: Some(1999),
        size_less_than: Some(2001),
    };
    due_from(&filtered(all.clone()), &subject, Day::Real, "2026-11-25T00:00:00Z");
    for one_fails in [
        Predicates { prefix: Some("q/".into()), ..all.clone() },
        Predicates { tags: vec![tag("b", "3")], ..all.clone() },
        Predicates { tags: vec![tag("b", "2"), tag("c", "2")], ..all.clone() },
        Predicates { size_greater_than: Some(2000), size_less_than: None, ..all.clone() },
        Predicates { size_less_than: Some(2000), size_greater_than: None, ..all.clone() },
    ] {
        never_due(&filtered(one_fails.clone()), &subject);
        // Below `And` it is the same; and what stands beside `And` counts too.
        let and = Selector::Filter { own: all.clone(), and: Some(one_fails) };
        never_due(&LifecycleRule { selector: and, ..rule("") }, &subject);
    }
}

#[test]
fn a_lone_marker_goes_at_once_or_at_its_age() {
    let expired = |ends| Some(Expiration::ExpiredObjectDeleteMarker(ends));
    let at_once = LifecycleRule { expiration: expired(true), ..rule("") };
    due_from(&at_once, &marker(), Day::Real, WRITTEN);
    due_from(&rule(""), &marker(), Day::Real, "2026-11-25T00:00:00Z");
    never_due(&LifecycleRule { expiration: expired(false), ..rule("") }, &marker());
    never_due(&at_once, &current("k"));
}

#[test]
fn a_marker_has_neither_tags_nor_a_size() {
    let sized = Predicates { size_less_than: Some(9), ..Predicates::default() };
    let tagged = Predicates { tags: vec![("a".into(), "1".into())], ..Predicates::default() };
    never_due(&filtered(sized), &marker());
    never_due(&filtered(tagged), &marker());
}

#[test]
fn noncurrent_versions_go_by_their_own_rule_and_as_many_stay_as_it_says() {
    let noncurrent = |newer| Subject {
        standing: Standing::Noncurrent { since: at(WRITTEN), newer },
        ..current("k")
    };
    never_due(&rule(""), &noncurrent(9));
    let keep = |newer| LifecycleRule {
        selector: Selector::Filter { own: Predicates::default(), and: None },
        expiration: None,
        noncurrent_expiration: Some(NoncurrentVersionExpiration { days: number(3), newer }),
        ..rule("")
    };
    due_from(&keep(None), &noncurrent(0), Day::Real, "2026-11-25T00:00:00Z");
    due_from(&keep(Some(number(5))), &noncurrent(5), Day::Real, "2026-11-25T00:00:00Z");
    never_due(&keep(Some(number(5))), &noncurrent(4));
    never_due(&keep(None), &current("k"));
}

#[test]
fn uploads_go_by_their_own_rule() {
    let aborts = |prefix: &str| LifecycleRule { abort_days: Some(number(2)), ..rule(prefix) };
    let due = |rule, time: &str, day| {
        is_upload_due(&configuration(vec![rule]), "p/k", at(WRITTEN), at(time), day)
    };
    assert!(due(aborts("p/"), "2026-11-24T00:00:00Z", Day::Real));
    assert!(!due(aborts("p/"), "2026-11-23T23:59:59Z", Day::Real));
    assert!(due(aborts("p/"), "2026-11-21T10:30:20Z", Day::Short(number(10))));
    assert!(!due(aborts("q/"), "2999-01-01T00:00:00Z", Day::Real));
    assert!(!due(rule("p/"), "2999-01-01T00:00:00Z", Day::Real));
}

#[test]
fn expiration_header_names_the_soonest_rule_in_real_days() {
    let later = LifecycleRule { expiration: Some(Expiration::Days(number(9))), ..rule("") };
    let named = |id: &str, rule: LifecycleRule| LifecycleRule { id: id.into(), ..rule };
    let rules = configuration(vec![
        named("later", later),
        named("a \"rule\"/é", rule("p/")),
        named("same", rule("p/")),
    ]);
    let header = |key| expiration_header(&rules, key, at(WRITTEN), CONTENT).unwrap();
    assert_eq!(
        header("p/k"),
        "expiry-date=\"Wed, 25 Nov 2026 00:00:00 GMT\", rule-id=\"a%20%22rule%22%2F%C3%A9\""
    );
    assert_eq!(header("k"), "expiry-date=\"Tue, 01 Dec 2026 00:00:00 GMT\", rule-id=\"later\"");
    let other = configuration(vec![rule("q/")]);
    assert_eq!(expiration_header(&other, "p/k", at(WRITTEN), CONTENT), None);
}

#[test]
fn abort_headers_name_date_and_rule() {
    let aborts = LifecycleRule { abort_days: Some(number(2)), ..rule("p/") };
    let rules = configuration(vec![aborts]);
    let (date, id) = abort_headers(&rules, "p/k", at(WRITTEN)).unwrap();
    assert_eq!((date.as_str(), id.as_str()), ("Tue, 24 Nov 2026 00:00:00 GMT", "a%20rule"));
    assert_eq!(abort_headers(&rules, "k", at(WRITTEN)), None);
}

#[test]
fn a_sweep_walks_below_no_prefix_twice() {
    let with = |prefix: &str, n: u32| LifecycleRule { id: n.to_string(), ..rule(prefix) };
    let rules = ["b/", "a/c", "a/", "a/", "a", "c"].iter().zip(0..).map(|(p, n)| with(p, n));
    let mut rules: Vec<LifecycleRule> = rules.collect();
    rules.push(LifecycleRule { enabled: false, ..with("", 9) });
    rules.push(LifecycleRule { expiration: None, abort_days: Some(number(1)), ..with("z", 8) });
    let rules = configuration(rules);
    assert_eq!(prefixes(&rules, |rule| rule.expiration.is_some()), ["a", "b/", "c"]);
    assert_eq!(prefixes(&rules, |rule| rule.abort_days.is_some()), ["z"]);
}
