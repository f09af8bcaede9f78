//! Sites over a socket: what is a page, what an error looks like, and where visitors are sent. That
//! a site is no second way to what is not public is in `website_security.rs`.

mod common;

use common::client::Request;
use common::sharing::as_nobody;
use common::website::{
    INDEX, PAGES, allow, ask, assert_page, assert_sent, configure, get, open, shut,
};

#[test]
fn a_page_is_the_object_of_its_path_and_of_a_folder_its_index() {
    let server = open(PAGES);
    for (target, body) in [
        ("/", "home"),
        ("/index.html", "home"),
        ("/about", "about"),
        ("/%61bout?utm=1", "about"),
        ("/docs/", "docs"),
    ] {
        let answer = get(&server, target);
        assert_eq!((answer.status, answer.text().as_str()), (200, body), "{target}");
        assert_eq!(answer.header("Content-Type"), Some("text/html"));
        assert!(answer.header("ETag").is_some() && answer.header("Last-Modified").is_some());
        let head = ask(&server, "HEAD", "blog.example", target, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("Content-Length"), answer.header("Content-Length"));
    }
}

#[test]
fn a_bucket_without_a_website_or_no_bucket_is_404() {
    let server = open(PAGES);
    assert_eq!(server.call(Request::new("DELETE", "/blog?website")).status, 204);
    let answer = get(&server, "/about");
    assert_page(&answer, 404, "NoSuchWebsiteConfiguration");
    assert!(answer.text().contains("<li>BucketName: blog</li>"), "{}", answer.text());
    for (host, name) in [("absent.sites.example", "absent"), ("x.sites.example", "x")] {
        let answer = ask(&server, "GET", host, "/", &[]);
        assert_page(&answer, 404, "NoSuchBucket");
        assert!(answer.text().contains(&format!("<li>BucketName: {name}</li>")));
    }
}

#[test]
fn an_error_document_has_the_status_of_the_error() {
    let server = open(PAGES);
    let answer = get(&server, "/absent");
    assert_eq!((answer.status, answer.text().as_str()), (403, "oops"));
    assert_eq!(answer.header("Content-Type"), Some("text/html"));
    assert_eq!(answer.header("x-amz-error-code"), Some("AccessDenied"));
    // Neither a range nor a condition is about what stands in.
    let tag = get(&server, "/oops.html").header("ETag").expect("a tag").to_owned();
    for more in [("range", "bytes=0-0"), ("if-none-match", tag.as_str())] {
        let answer = ask(&server, "GET", "blog.example", "/absent", &[more]);
        assert_eq!((answer.status, answer.text().as_str()), (403, "oops"), "{more:?}");
    }
    let head = ask(&server, "HEAD", "blog.example", "/absent", &[]);
    assert_eq!((head.status, head.header("Content-Length")), (403, Some("4")));
    // Where everybody may list, what is missing is 404.
    allow(&server, &["s3:GetObject", "s3:ListBucket"], r#""blog", "blog/*""#);
    assert_eq!(
        (get(&server, "/absent").status, get(&server, "/absent").text()),
        (404, "oops".into())
    );
    configure(&server, INDEX);
    let answer = get(&server, "/absent");
    assert_page(&answer, 404, "NoSuchKey");
    assert!(answer.text().contains("<li>Key: absent</li>"), "{}", answer.text());
    assert!(get(&server, "/absent/").text().contains("<li>Key: absent/index.html</li>"));
}

#[test]
fn an_error_document_that_cannot_be_shown_is_told_beside_the_error() {
    for (document, list, code) in [
        ("private/secret", false, "AccessDenied"),
        ("nowhere", false, "AccessDenied"),
        ("nowhere", true, "NoSuchKey"),
    ] {
        let server = open(&PAGES.replace("oops.html", document));
        if list {
            allow(&server, &["s3:GetObject", "s3:ListBucket"], r#""blog", "blog/*""#);
        }
        let answer = get(&server, "/absent");
        assert_page(&answer, if list { 404 } else { 403 }, if list { "NoSuchKey" } else { code });
        let (_, nested) = answer
            .text()
            .split_once("<h3>")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .expect("a second list");
        assert!(nested.contains("Retrieve a Custom Error Document"), "{nested}");
        assert!(nested.contains(&format!("<li>Code: {code}</li>")), "{nested}");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
    }
}

#[test]
fn a_folder_without_its_slash_is_sent_to_it_where_its_index_may_be_read() {
    let server = open(PAGES);
    assert_sent(&get(&server, "/docs"), 302, "/docs/");
    assert_sent(&get(&server, "/docs?a=%20b"), 302, "/docs/?a=%20b");
    assert_eq!(ask(&server, "HEAD", "blog.example", "/docs", &[]).status, 302);
    assert_eq!(get(&server, "/private").text(), "oops");
    // The object itself comes first.
    assert_eq!(server.call(Request::new("PUT", "/blog/docs").body("file")).status, 200);
    allow(&server, &["s3:GetObject"], r#""blog/*""#);
    assert_eq!(get(&server, "/docs").text(), "file");
}

#[test]
fn conditions_and_ranges_are_those_of_get_object() {
    let server = open(PAGES);
    let tag = get(&server, "/about").header("ETag").expect("a tag").to_owned();
    let with =
        |name: &str, value: &str| ask(&server, "GET", "blog.example", "/about", &[(name, value)]);
    assert_eq!(with("if-none-match", &tag).status, 304);
    assert_eq!(with("if-match", &tag).text(), "about");
    assert_eq!(with("if-modified-since", "Sat, 21 Nov 2099 18:52:07 GMT").status, 304);
    let part = with("range", "bytes=1-2");
    assert_eq!((part.status, part.text().as_str()), (206, "bo"));
    assert_eq!(part.header("Content-Range"), Some("bytes 1-2/5"));
    assert_eq!(with("if-match", "\"0\"").text(), "oops");
    assert_eq!(with("if-match", "\"0\"").status, 412);
    assert_eq!(with("range", "bytes=9-").status, 416);
    let put = Request::new("PUT", "/blog/docs/c").header("cache-control", "max-age=60");
    assert_eq!(server.call(put.header("content-language", "de")).status, 200);
    let answer = get(&server, "/docs/c");
    assert_eq!(answer.header("Cache-Control"), Some("max-age=60"));
    assert_eq!(answer.header("Content-Language"), Some("de"));
}

#[test]
fn all_requests_are_sent_on_also_where_nothing_is_public() {
    let to = "<RedirectAllRequestsTo><HostName>www.example</HostName>\
              <Protocol>https</Protocol></RedirectAllRequestsTo>";
    let server = shut(to);
    assert_sent(&get(&server, "/"), 301, "https://www.example/");
    assert_sent(&get(&server, "/a%20b/?c=%26d"), 301, "https://www.example/a%20b/?c=%26d");
    configure(&server, &to.replace("<Protocol>https</Protocol>", ""));
    assert_sent(&get(&server, "/private/secret"), 301, "//www.example/private/secret");
}

#[test]
fn routing_rules_send_on_by_prefix_and_by_error() {
    let rules = "<RoutingRules>\
        <RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect>\
        <ReplaceKeyPrefixWith>docs/</ReplaceKeyPrefixWith></Redirect></RoutingRule>\
        <RoutingRule><Condition><KeyPrefixEquals>thumb/</KeyPrefixEquals>\
        <HttpErrorCodeReturnedEquals>403</HttpErrorCodeReturnedEquals></Condition><Redirect>\
        <HostName>resize.example</HostName><Protocol>https</Protocol>\
        <ReplaceKeyPrefixWith>make?key=</ReplaceKeyPrefixWith>\
        <HttpRedirectCode>307</HttpRedirectCode></Redirect></RoutingRule></RoutingRules>";
    let server = open(&format!("{PAGES}{rules}"));
    assert_sent(&get(&server, "/old/a?b"), 301, "/docs/a?b");
    let made = get(&server, "/thumb/a%26b/c.png");
    assert_sent(&made, 307, "https://resize.example/make?key=a%26b/c.png");
    assert_eq!(get(&server, "/other").text(), "oops");
    assert_eq!(get(&server, "/about").text(), "about");
}

#[test]
fn an_object_that_says_it_is_elsewhere_is_301_to_whoever_may_read_it() {
    let server = open(PAGES);
    for (key, location, sent) in [
        ("r1", "/about", "/about"),
        ("r2", "https://www.example/x?y", "https://www.example/x?y"),
        ("r3", "//www.example", "/%2Fwww.example"),
        ("private/r", "/about", ""),
    ] {
        let put =
            Request::object("PUT", "blog", key).header("x-amz-website-redirect-location", location);
        assert_eq!(server.call(put).status, 200);
        let answer = get(&server, &format!("/{key}"));
        match sent {
            "" => assert_eq!((answer.status, answer.text().as_str()), (403, "oops")),
            sent => assert_sent(&answer, 301, sent),
        }
    }
    // By the endpoint it is an object as ever.
    assert_eq!(as_nobody(&server, &Request::new("GET", "/blog/r1")).status, 200);
}

#[test]
fn a_site_is_shared_with_other_origins_by_the_rules_of_its_bucket() {
    let server = open(PAGES);
    let origin = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
    let preflight = ask(&server, "OPTIONS", "blog.example", "/about", &origin);
    assert_page(&preflight, 403, "AccessForbidden");
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>https://app.example</AllowedOrigin>\
        <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
    assert_eq!(server.call(Request::new("PUT", "/blog?cors").body(rules)).status, 200);
    for (method, target, status) in
        [("OPTIONS", "/about", 200), ("GET", "/about", 200), ("GET", "/absent", 403)]
    {
        let answer = ask(&server, method, "blog.example", target, &origin);
        assert_eq!(answer.status, status);
        let allowed = answer.header("Access-Control-Allow-Origin");
        assert_eq!(allowed, Some("https://app.example"), "{method} {target}");
    }
    assert!(get(&server, "/about").header("Access-Control-Allow-Origin").is_none());
}
