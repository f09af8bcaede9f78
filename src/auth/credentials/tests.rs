//! The rules of a list of users, and what its text may say.

use super::*;

fn user(id: &str, key: &str, secret: &str, root: bool) -> User {
    let owner = Owner { id: id.to_owned(), display_name: format!("name of {id}") };
    User {
        email: Some(format!("{id}@example.com")),
        root,
        ..User::new(owner, key.to_owned(), Secret::new(secret.to_owned()))
    }
}

#[test]
fn users_are_found_and_survive_json() {
    let list = vec![user("b", "kb", "sb", false), user("z", "kz", "sz", true)];
    let users = Users::from_json(&Users::new(list).unwrap().to_json()).unwrap();
    let now = Timestamp::new(0, 0);
    assert_eq!(users.key("kb", now).unwrap().user.owner.id, "b");
    assert_eq!(users.by_id("z").unwrap().access_key, "kz");
    assert_eq!(users.by_email("B@Example.com").unwrap().secret.as_bytes(), b"sb");
    assert_eq!(users.root().unwrap().owner.id, "z");
    assert!(users.key("", now).is_none());
    let order: Vec<&str> = users.iter().map(|user| user.owner.id.as_str()).collect();
    assert_eq!(order, ["z", "b"]);
}

#[test]
fn class_i_an_empty_secret_or_key_is_refused() {
    for (key, secret) in [("", "s"), ("k", ""), ("a/b", "s"), ("a b", "s"), ("ä", "s")] {
        assert!(Users::new(vec![user("a", key, secret, false)]).is_err(), "{key:?} {secret:?}");
    }
    assert!(Users::from_json(r#"{"users":[{"id":"a","display_name":"a"}]}"#).is_err());
}

#[test]
fn duplicates_are_refused() {
    for second in [user("a", "k2", "s", false), user("b", "k", "s", false)] {
        assert!(Users::new(vec![user("a", "k", "s", false), second]).is_err());
    }
    assert!(Users::new(vec![user("a", "k", "s", true), user("b", "l", "s", true)]).is_err());
}

#[test]
fn class_k_no_message_and_no_debug_form_shows_a_secret() {
    let users = Users::new(vec![user("a", "k", "hush", true)]).unwrap();
    assert!(!format!("{users:?}").contains("hush"));
    let text = users.to_json().replace("\"hush\"", "{\"hush\":1}");
    assert!(!Users::from_json(&text).unwrap_err().contains("hush"));
}

/// As the version before roles wrote it, and as people edited it.
#[test]
fn a_file_of_the_version_before_is_read_and_written_with_nothing_new() {
    let text = r#"{"users":[
        {"id":"a","display_name":"root","access_key":"k","secret_key":"s","root":true},
        {"id":"b","display_name":"b","email":null,"access_key":"l","secret_key":"t","root":false}
    ]}"#;
    let users = Users::from_json(text).unwrap();
    let b = users.by_id("b").unwrap();
    assert_eq!((b.role.clone(), b.disabled, b.expires), (Role::Account, false, None));
    assert_eq!(b.quotas, Quotas::default());
    let written = users.to_json();
    for field in ["previous", "disabled", "expires", "admin", "read", "write", "quota", "requests"]
    {
        assert!(!written.contains(&format!("\"{field}")), "{field}: {written}");
    }
}

fn one(fields: &str) -> Result<Users, String> {
    let keys = r#""access_key":"k","secret_key":"hush""#;
    let user = format!(r#"{{"id":"a","display_name":"cam",{keys},{fields}}}"#);
    Users::from_json(&format!(r#"{{"users":[{user}]}}"#))
}

#[test]
fn what_a_user_may_survives_json() {
    let text = r#""previous":{"access_key":"old","secret_key":"o","until":"2026-12-01T00:00:00Z"},
        "disabled":true,"expires":"2027-01-01T02:00:00+02:00","read":["photos"],
        "write":["*/x/","backups/cam*"],"quota_bytes":53687091200,"requests_per_second":20"#;
    let written = one(text).unwrap().to_json();
    let users = Users::from_json(&written).unwrap();
    assert_eq!(users.to_json(), written);
    let user = users.by_id("a").unwrap();
    let Role::Scoped(scopes) = &user.role else { panic!("{:?}", user.role) };
    let texts = |scopes: &[_]| scopes.iter().map(ToString::to_string).collect::<Vec<String>>();
    assert_eq!(
        (texts(&scopes.read), texts(&scopes.write)),
        (vec!["photos".to_owned()], vec!["*/x/".to_owned(), "backups/cam*".to_owned()],)
    );
    assert!(user.disabled && written.contains(r#""expires": "2027-01-01T00:00:00Z""#), "{written}");
    assert_eq!(user.previous.as_ref().unwrap().until.rfc3339(), "2026-12-01T00:00:00Z");
    assert_eq!(user.quotas.bytes_max, Some(50 << 30));
    assert_eq!(user.quotas.requests_per_second, Some(20));
    assert_eq!(one(r#""admin":true"#).unwrap().by_id("a").unwrap().role, Role::Admin);
}

/// Who takes the last scope out by hand must not end up with more than before.
#[test]
fn an_empty_list_of_scopes_is_no_account() {
    for fields in [r#""read":[]"#, r#""write":[]"#] {
        let users = Users::from_json(&one(fields).unwrap().to_json()).unwrap();
        let role = users.by_id("a").unwrap().role.clone();
        assert!(matches!(role, Role::Scoped(ref scopes) if scopes.read.is_empty()), "{role:?}");
    }
}

#[test]
fn fields_that_are_unknown_or_nonsense_are_refused_without_a_word_of_what_they_hold() {
    for fields in [
        r#""dissabled":true"#,
        r#""admin":true,"read":["photos"]"#,
        r#""admin":true,"write":[]"#,
        r#""read":["Not A Bucket"]"#,
        r#""expires":"hush""#,
        r#""expires":"2027-01-01""#,
        r#""expires":1"#,
        r#""quota_bytes":0"#,
        r#""quota_bytes":-1"#,
        r#""quota_bytes":18446744073709551616"#,
        r#""requests_per_second":0"#,
        r#""requests_per_second":4294967296"#,
        r#""previous":{"access_key":"old","secret_key":"o"}"#,
        r#""previous":{"access_key":"old","secret_key":"o","until":"hush"}"#,
        r#""previous":{"access_key":"old","secret_key":"","until":"2026-12-01T00:00:00Z"}"#,
        r#""previous":{"access_key":"o d","secret_key":"o","until":"2026-12-01T00:00:00Z"}"#,
        r#""previous":{"access_key":"k","secret_key":"o","until":"2026-12-01T00:00:00Z"}"#,
        r#""root":true,"disabled":true"#,
        r#""root":true,"expires":"2027-01-01T00:00:00Z""#,
        r#""root":true,"read":["photos"]"#,
    ] {
        let sentence = one(fields).expect_err(fields);
        assert!(!sentence.contains("hush"), "{sentence}");
    }
}

#[test]
fn a_previous_access_key_is_nobody_elses() {
    let previous = |key: &str| PreviousKey {
        access_key: key.to_owned(),
        secret: Secret::new("s".to_owned()),
        until: Timestamp::new(10, 0),
    };
    let with = |id: &str, key: &str, old: &str| User {
        previous: Some(previous(old)),
        ..user(id, key, "s", false)
    };
    assert!(Users::new(vec![with("a", "k", "old"), with("b", "l", "older")]).is_ok());
    for second in [with("b", "l", "old"), with("b", "old", "x"), with("b", "l", "k")] {
        assert!(Users::new(vec![with("a", "k", "old"), second]).is_err());
    }
}

#[test]
fn a_pair_counts_until_the_earlier_of_its_own_end_and_the_users() {
    let at = |secs| Timestamp::new(secs, 0);
    let counts = |users: &Users, key: &str, secs| users.key(key, at(secs)).is_some();
    let rotated = |expires: Option<i64>, disabled: bool| {
        let previous = PreviousKey {
            access_key: "old".to_owned(),
            secret: Secret::new("o".to_owned()),
            until: at(10),
        };
        let (previous, expires) = (Some(previous), expires.map(at));
        Users::new(vec![User { previous, expires, disabled, ..user("a", "new", "n", false) }])
            .unwrap()
    };
    let users = rotated(None, false);
    assert!(counts(&users, "old", 9) && !counts(&users, "old", 10) && counts(&users, "new", 10));
    assert_eq!(users.key("old", at(9)).unwrap().secret.as_bytes(), b"o");
    assert_eq!(users.key("new", at(9)).unwrap().secret.as_bytes(), b"n");
    let users = rotated(Some(5), false);
    for key in ["old", "new"] {
        assert!(counts(&users, key, 4) && !counts(&users, key, 5), "{key}");
        assert!(!counts(&rotated(None, true), key, 0), "{key}");
    }
}
