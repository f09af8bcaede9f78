//! CORS over a socket: what a browser hears before and with an answer, and that it hears nothing
//! where no rule lets its page in.

mod common;

use common::client::{Answer, Request, raw_head};
use common::xml::{root, texts};
use common::{OTHER, TestServer};
use glassbucket::store::{Durability, Store};

const RULES: &str = "<CORSConfiguration>\
    <CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
    <AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>\
    <AllowedHeader>content-type</AllowedHeader><ExposeHeader>ETag</ExposeHeader>\
    <MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>\
    <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule>\
    </CORSConfiguration>";
const VARY: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
const APP: &str = "https://app.example.com";

/// A server with the object `bkt/k` and, if given, rules on its bucket.
fn server(rules: Option<&str>) -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    assert_eq!(server.call(Request::new("PUT", "/bkt/k").body("hello")).status, 200);
    if let Some(rules) = rules {
        let answer = server.call(Request::new("PUT", "/bkt?cors").body(rules));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    server
}

fn unsigned(server: &TestServer, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    let host = server.address.to_string();
    let headers = [("host", host.as_str())].into_iter().chain(headers.iter().copied());
    let headers: Vec<_> = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let mut connection = server.connect();
    connection.send(&raw_head(method, target, &headers));
    connection.answer(method)
}

/// A preflight from [`APP`] for that method.
fn preflight(server: &TestServer, target: &str, method: &str, headers: &str) -> Answer {
    let asked = [
        ("origin", APP),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    unsigned(server, "OPTIONS", target, &asked)
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    assert_shut(answer);
}

/// No page of another origin may read it.
#[track_caller]
fn assert_shut(answer: &Answer) {
    let cors = answer.headers.iter().find(|(name, _)| name.starts_with("Access-Control-"));
    assert_eq!(cors, None);
}

#[test]
fn put_bucket_cors_is_kept_shown_and_deleted() {
    let server = server(None);
    let ask = |method: &str| server.call(Request::new(method, "/bkt?cors"));
    assert_refused(&ask("GET"), 404, "NoSuchCORSConfiguration");
    assert_eq!(ask("DELETE").status, 204);
    assert_eq!(server.call(Request::new("PUT", "/bkt?cors").body(RULES)).status, 200);
    let data = server.data();
    let again = TestServer::with(|config| {
        config.store = Store::open(&data, Durability::Strict).expect("the store opens");
    });
    for server in [&server, &again] {
        let shown = server.call(Request::new("GET", "/bkt?cors")).text();
        assert_eq!(root(&shown), "CORSConfiguration");
        let origins = texts(&shown, "CORSRule", "AllowedOrigin");
        assert_eq!(origins, ["https://*.example.com", "*"]);
        assert_eq!(texts(&shown, "CORSRule", "MaxAgeSeconds"), ["600"]);
        assert_eq!(preflight(server, "/bkt/k", "GET", "").status, 200);
    }
    assert_eq!(ask("DELETE").status, 204);
    assert_refused(&ask("GET"), 404, "NoSuchCORSConfiguration");
    assert_refused(&preflight(&server, "/bkt/k", "GET", ""), 403, "AccessForbidden");
}

#[test]
fn put_bucket_cors_refuses_bad_rules_and_keeps_the_old_ones() {
    let server = server(Some(RULES));
    let put = |body: &str| server.call(Request::new("PUT", "/bkt?cors").body(body));
    assert_refused(&put(&RULES.replace("PUT", "PATCH")), 400, "InvalidRequest");
    assert_refused(&put(&RULES.replace("https://*.", "https://*.*.")), 400, "InvalidRequest");
    assert_refused(&put(&RULES.replace("ETag", "a&#13;&#10;b")), 400, "InvalidRequest");
    assert_refused(&put(&RULES.replace("600", "soon")), 400, "MalformedXML");
    assert_refused(&put("<CORSConfiguration/>"), 400, "MalformedXML");
    assert_refused(&put(""), 400, "MissingRequestBodyError");
    for method in ["GET", "PUT", "DELETE"] {
        let request = Request::new(method, "/bkt?cors").body(RULES);
        let denied = server.connect().call(&server.signer(OTHER), &request);
        assert_refused(&denied, 403, "AccessDenied");
        assert_refused(&server.call(Request::new(method, "/none?cors")), 404, "NoSuchBucket");
    }
    assert_eq!(preflight(&server, "/bkt/k", "PUT", "").status, 200);
}

#[test]
fn a_preflight_is_answered_by_the_first_rule_that_matches() {
    let server = server(Some(RULES));
    let answer = preflight(&server, "/bkt/k", "PUT", "Content-Type, X-Amz-Date");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    for (name, value) in [
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Methods", "GET, PUT"),
        ("Access-Control-Allow-Headers", "content-type, x-amz-date"),
        ("Access-Control-Expose-Headers", "ETag"),
        ("Access-Control-Max-Age", "600"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", VARY),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let any = preflight(&server, "/bkt", "HEAD", "");
    assert_eq!(any.header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(any.header("Access-Control-Allow-Credentials"), None);
    // Neither the key nor a signature that is for another method matters.
    let target = "/bkt/none?X-Amz-Signature=of-another-method";
    assert_eq!(preflight(&server, target, "GET", "").status, 200);
}

#[test]
fn class_o_a_preflight_that_no_rule_matches_is_forbidden() {
    let server = server(Some(RULES));
    assert_refused(&preflight(&server, "/bkt/k", "DELETE", ""), 403, "AccessForbidden");
    let header = preflight(&server, "/bkt/k", "PUT", "x-amz-date, authorization");
    assert_refused(&header, 403, "AccessForbidden");
    assert!(header.text().contains("<Method>PUT</Method><ResourceType>OBJECT</ResourceType>"));
    for origin in ["https://example.com.evil", "http://app.example.com", "null", "https://a b"] {
        let asked = [("origin", origin), ("access-control-request-method", "GET")];
        assert_refused(&unsigned(&server, "OPTIONS", "/bkt/k", &asked), 403, "AccessForbidden");
    }
    for asked in [
        &[][..],
        &[("origin", APP)],
        &[("origin", APP), ("access-control-request-method", "TRACE")],
    ] {
        assert_refused(&unsigned(&server, "OPTIONS", "/bkt/k", asked), 400, "BadRequest");
    }
    for target in ["/none/k", "/none", "/", "*", "/UPPER/k"] {
        assert_refused(&preflight(&server, target, "GET", ""), 403, "AccessForbidden");
    }
}

#[test]
fn answers_good_and_bad_are_shared_with_the_page_that_a_rule_lets_in() {
    let server = server(Some(RULES));
    let get = |target: &str, origin: &str| {
        server.call(Request::new("GET", target).header("Origin", origin))
    };
    for (target, status) in [("/bkt/k", 200), ("/bkt", 200), ("/bkt/none", 404)] {
        let answer = get(target, APP);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(APP));
        assert_eq!(answer.header("Access-Control-Expose-Headers"), Some("ETag"));
        assert_eq!(answer.header("Vary"), Some(VARY));
    }
    let denied = unsigned(&server, "GET", "/bkt/k", &[("origin", APP)]);
    assert_eq!((denied.status, denied.header("Access-Control-Allow-Origin")), (403, Some(APP)));

    let elsewhere = get("/bkt/k", "https://evil.example");
    assert_eq!((elsewhere.status, elsewhere.header("Vary")), (200, Some(VARY)));
    assert_shut(&elsewhere);
    let deleted = server.call(Request::new("DELETE", "/bkt/gone").header("Origin", APP));
    assert_eq!(deleted.status, 204);
    assert_shut(&deleted);
    let plain = server.call(Request::new("GET", "/bkt/k"));
    assert_eq!(plain.header("Vary"), None);
    assert_shut(&plain);
}

#[test]
fn class_o_a_bucket_without_rules_shares_nothing() {
    let server = server(None);
    for target in ["/bkt/k", "/bkt", "/none/k", "/"] {
        let answer = server.call(Request::new("GET", target).header("Origin", APP));
        assert_eq!(answer.header("Vary"), None);
        assert_shut(&answer);
        assert_refused(&preflight(&server, target, "GET", ""), 403, "AccessForbidden");
    }
}
