//! The steps of a visit, from values alone.

use super::*;

fn visit(path: &str) -> Visit {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Visit {
        path: path.to_owned(),
        query: query.to_owned(),
        host: "www.example.com:8443".to_owned(),
        tls: true,
    }
}

fn site(rules: Vec<RoutingRule>) -> WebsiteConfiguration {
    WebsiteConfiguration {
        index_suffix: Some("index.html".to_owned()),
        error_key: Some("oops.html".to_owned()),
        routing_rules: rules,
        redirect_all: None,
    }
}

fn rule(key_prefix: Option<&str>, error_code: Option<u16>, redirect: Redirect) -> RoutingRule {
    let condition = RoutingCondition { key_prefix: key_prefix.map(str::to_owned), error_code };
    let condition = Some(condition).filter(|condition| *condition != RoutingCondition::default());
    RoutingRule { condition, redirect }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn serve(key: &str) -> Step {
    Step::Serve(crate::types::Key::parse(key.as_bytes().to_vec()).unwrap())
}

fn redirect(code: u16, location: &str) -> Step {
    Step::Redirect(Redirection { code, location: location.to_owned() })
}

/// Where that redirect of all requests sends a visit.
fn sent(to: Redirect, path: &str) -> String {
    match site(vec![rule(None, None, to)]).first(&visit(path)).unwrap() {
        Step::Redirect(redirection) => redirection.location,
        step => panic!("{step:?}"),
    }
}

#[test]
fn the_index_document_stands_for_the_root_and_for_every_folder() {
    let site = site(Vec::new());
    for (path, key) in [
        ("", "index.html"),
        ("a", "a"),
        ("a/", "a/index.html"),
        ("a/b/", "a/b/index.html"),
        ("/", "/index.html"),
        ("index.html", "index.html"),
    ] {
        assert_eq!(site.first(&visit(path)).unwrap(), serve(key), "{path:?}");
    }
    let longest = "k".repeat(1023) + "/";
    let error = site.first(&visit(&longest)).unwrap_err();
    assert_eq!(error.code, ErrorCode::KeyTooLongError);
}

#[test]
fn a_name_that_is_not_served_may_be_a_folder() {
    let site = site(Vec::new());
    for status in [403, 404] {
        let (index, to) = site.folder(&visit("a/b?c=d"), status).unwrap();
        assert_eq!((index.as_str(), to.code), ("a/b/index.html", 302));
        assert_eq!(to.location, "/a/b/?c=d");
    }
    for (path, status) in [("", 404), ("a/", 404), ("a", 412), ("a", 500)] {
        assert_eq!(site.folder(&visit(path), status), None, "{path:?} {status}");
    }
    assert_eq!(site.folder(&visit(&"k".repeat(1024)), 404), None);
}

#[test]
fn an_error_of_the_visitor_has_the_error_document() {
    let site = site(Vec::new());
    for status in [403, 404, 412, 416] {
        assert_eq!(site.after_error(&visit("a"), status), Some(serve("oops.html")));
    }
    assert_eq!(site.after_error(&visit("a"), 500), None);
    let without = WebsiteConfiguration { error_key: None, ..site };
    assert_eq!(without.after_error(&visit("a"), 404), None);
    let no_key = WebsiteConfiguration { error_key: Some("k".repeat(1025)), ..without };
    assert_eq!(no_key.after_error(&visit("a"), 404), None);
}

#[test]
fn of_the_rules_the_first_that_is_about_the_request_counts() {
    let to = |key: &str| Redirect { replace_key: some(key), ..Redirect::default() };
    let site = site(vec![
        rule(Some("docs/"), Some(404), to("gone")),
        rule(Some("docs/"), None, to("first")),
        rule(Some("docs/x"), None, to("never")),
        rule(None, Some(403), to("shut")),
        rule(Some("img/"), Some(404), to("no-image")),
    ]);
    assert_eq!(site.first(&visit("docs/a")).unwrap(), redirect(301, "/first"));
    assert_eq!(site.first(&visit("docs/x")).unwrap(), redirect(301, "/first"));
    assert_eq!(site.first(&visit("doc")).unwrap(), serve("doc"));
    assert_eq!(site.first(&visit("img/a")).unwrap(), serve("img/a"));
    assert_eq!(site.after_error(&visit("docs/a"), 404), Some(redirect(301, "/gone")));
    assert_eq!(site.after_error(&visit("img/a"), 404), Some(redirect(301, "/no-image")));
    assert_eq!(site.after_error(&visit("img/a"), 403), Some(redirect(301, "/shut")));
    assert_eq!(site.after_error(&visit("other"), 404), Some(serve("oops.html")));
}

#[test]
fn a_rule_replaces_the_key_its_prefix_the_host_or_the_protocol() {
    let none = Redirect::default;
    for (to, path, location) in [
        (Redirect { replace_key: some("b"), ..none() }, "docs/a?q=1", "/b?q=1"),
        (Redirect { replace_key_prefix: some("new/"), ..none() }, "a", "/new/a"),
        (Redirect { replace_key_prefix: some("resize?key="), ..none() }, "a?q", "/resize?key=a&q"),
        (Redirect { host_name: some("b.example"), ..none() }, "docs/a", "//b.example/docs/a"),
        (Redirect { protocol: some("https"), ..none() }, "a", "https://www.example.com:8443/a"),
        (Redirect { protocol: some("http"), ..none() }, "a", "http://www.example.com/a"),
        (
            Redirect { protocol: some("http"), host_name: some("b:81"), ..none() },
            "",
            "http://b:81/",
        ),
    ] {
        assert_eq!(sent(to, path), location);
    }
    let to = Redirect { replace_key_prefix: some("documents/"), ..none() };
    let site = site(vec![rule(Some("docs/"), None, Redirect { redirect_code: Some(307), ..to })]);
    assert_eq!(site.first(&visit("docs/a/b")).unwrap(), redirect(307, "/documents/a/b"));
}

#[test]
fn all_requests_are_sent_on_with_their_path_and_query() {
    for (protocol, location) in
        [(None, "//b.example/a%20b/?c=d%20e"), (Some("https"), "https://b.example/a%20b/?c=d%20e")]
    {
        let protocol = protocol.map(str::to_owned);
        let all = RedirectAll { host_name: "b.example".to_owned(), protocol };
        let site = WebsiteConfiguration { redirect_all: Some(all), ..Default::default() };
        let step = site.first(&visit("a b/?c=d%20e")).unwrap();
        assert_eq!(step, redirect(301, location));
    }
}

#[test]
fn class_o_no_visitor_makes_a_location_another_host() {
    let none = Redirect::default;
    let site = site(Vec::new());
    for path in ["/evil.example", "//evil.example", "/\\evil.example", "\\evil.example", "/"] {
        let (key, to) = match site.folder(&visit(path), 404) {
            Some((key, to)) => (key.as_str().to_owned(), to.location),
            None => continue, // it ends with a slash
        };
        assert!(key.starts_with(path));
        assert!(!to.starts_with("//") && !to.contains('\\'), "{to}");
        assert!(to.starts_with("/%2F") || to.starts_with("/%5C"), "{to}");
        for replaced in [
            Redirect { redirect_code: Some(302), ..none() },
            Redirect { replace_key_prefix: some(""), ..none() },
        ] {
            let to = sent(replaced, path);
            assert!(to.starts_with("/%2F") || to.starts_with("/%5C"), "{to}");
        }
    }
    let cut = Redirect { replace_key_prefix: some(""), ..none() };
    let site = self::site(vec![rule(Some("old"), None, cut)]);
    let step = site.first(&visit("old//evil.example")).unwrap();
    assert_eq!(step, redirect(301, "/%2F/evil.example"));
    assert_eq!(Redirection::of_object("//evil.example").location, "/%2Fevil.example");
    assert_eq!(Redirection::of_object("https://b.example/é").location, "https://b.example/%C3%A9");
}

#[test]
fn class_j_a_location_is_visible_ascii() {
    let path = "a\r\nSet-Cookie: b\0é\u{7f}\u{2028}<script>\"'#?%";
    let visit = Visit { path: path.to_owned(), query: "q=é\"<\r\n".to_owned(), ..visit("") };
    let (_, to) = site(Vec::new()).folder(&visit, 404).unwrap();
    let visible = |b: u8| (0x21..0x7f).contains(&b) && !b"\"<>\\".contains(&b);
    assert!(to.location.bytes().all(visible), "{}", to.location);
    assert_eq!(to.location.matches('?').count(), 1);
    for text in ["/a\r\nb", "https://a/\u{1}\\"] {
        let location = Redirection::of_object(text).location;
        assert!(location.bytes().all(visible), "{location}");
    }
}
