//! Sites over a socket: which hosts are one, what is a page, what an error looks like, where
//! visitors are sent, and that a site is no second way to what is not public.

mod common;

use common::client::{Answer, Request, raw_head};
use common::sharing::as_nobody;
use common::{OWN, TestServer};
use glassbucket::router::WebsiteHost;
use glassbucket::server::Config;
use glassbucket::types::{BucketName, PublicAccessBlock};

const INDEX: &str = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>";
const PAGES: &str = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
    <ErrorDocument><Key>oops.html</Key></ErrorDocument>";

fn sites(config: &mut Config) {
    let bucket = BucketName::parse("blog").expect("a name");
    config.websites = vec![
        WebsiteHost::One { host: "blog.example".to_owned(), bucket },
        WebsiteHost::Below { domain: "sites.example".to_owned() },
    ];
    config.domains = vec!["s3.example".to_owned()];
}

/// `blog.example` is the site of bucket `blog`; the server bars the public, as by default.
fn shut(pages: &str) -> TestServer {
    let server = TestServer::with(sites);
    server.make_bucket("blog");
    configure(&server, pages);
    for (key, body) in [
        ("index.html", "home"),
        ("about", "about"),
        ("docs/index.html", "docs"),
        ("oops.html", "oops"),
        ("private/secret", "secret"),
        ("private/index.html", "secret index"),
    ] {
        let put = Request::object("PUT", "blog", key).header("content-type", "text/html");
        assert_eq!(server.call(put.body(body)).status, 200);
    }
    allow(
        &server,
        &["s3:GetObject"],
        r#""blog/index.html", "blog/about", "blog/docs/*",
        "blog/oops.html", "blog/r*""#,
    );
    server
}

/// The same with `--allow-public`: all but `private/` may be read by everybody.
fn open(pages: &str) -> TestServer {
    shut(pages).restart(|config| {
        sites(config);
        config.block = PublicAccessBlock::default();
    })
}

fn configure(server: &TestServer, pages: &str) {
    let document = format!("<WebsiteConfiguration>{pages}</WebsiteConfiguration>");
    let answer = server.call(Request::new("PUT", "/blog?website").body(document));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Lets everybody do that with what is named.
fn allow(server: &TestServer, actions: &[&str], resources: &str) {
    let resources = resources.replace("\"blog", "\"arn:aws:s3:::blog");
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*",
        "Action": {actions:?}, "Resource": [{resources}]}}]}}"#
    );
    let answer = server.call(Request::new("PUT", "/blog?policy").body(policy));
    assert_eq!(answer.status, 204, "{}", answer.text());
}

fn ask(
    server: &TestServer,
    method: &str,
    host: &str,
    target: &str,
    more: &[(&str, &str)],
) -> Answer {
    let headers = [("host", host)].into_iter().chain(more.iter().copied());
    let headers: Vec<_> = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let mut connection = server.connect();
    connection.send(&raw_head(method, target, &headers));
    connection.answer(method)
}

fn get(server: &TestServer, target: &str) -> Answer {
    ask(server, "GET", "blog.example", target, &[])
}

/// The server's own page of an error.
#[track_caller]
fn assert_page(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-amz-error-code"), Some(code));
    assert!(answer.text().contains(&format!("<li>Code: {code}</li>")), "{}", answer.text());
    let id = answer.header("x-amz-request-id").expect("an id");
    assert!(answer.text().contains(&format!("<li>RequestId: {id}</li>")), "{}", answer.text());
}

#[track_caller]
fn assert_sent(answer: &Answer, status: u16, location: &str) {
    assert_eq!((answer.status, answer.header("Location")), (status, Some(location)));
    assert!(answer.body.is_empty() && answer.header("x-amz-request-id").is_some());
}

/// All of an answer that does not differ from one request to the next.
fn lasting(answer: &Answer) -> String {
    let id = answer.header("x-amz-request-id").unwrap_or_default();
    format!("{:?}", (answer.status, &answer.headers, answer.text())).replace(id, "ID")
}

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
fn only_the_hosts_that_were_named_are_sites() {
    let server = open(PAGES);
    for host in ["blog.example", "BLOG.example:8443", "blog.example.", "blog.sites.example"] {
        assert_eq!(ask(&server, "GET", host, "/", &[]).text(), "home", "{host}");
    }
    // A bucket that is called like the endpoint takes nothing over.
    for bucket in ["s3.example", "localhost"] {
        let made = server.call(Request::new("PUT", &format!("/{bucket}")));
        assert_eq!(made.status, 200, "{}", made.text());
        let policy = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action":
            "s3:GetObject", "Resource": "arn:aws:s3:::{bucket}/*"}}]}}"#
        );
        let put = |target: &str, body: &str| {
            let answer = server.call(Request::new("PUT", &format!("/{bucket}{target}")).body(body));
            assert!(answer.status < 300, "{}", answer.text());
        };
        put("?policy", &policy);
        put("?website", &format!("<WebsiteConfiguration>{INDEX}</WebsiteConfiguration>"));
        put("/index.html", "taken over");
        let answer = ask(&server, "GET", bucket, "/", &[]);
        assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));
    }
    // Path-style and virtual-host style are what they were.
    assert_eq!(ask(&server, "GET", "blog.s3.example", "/about", &[]).text(), "about");
    assert_eq!(ask(&server, "GET", "blog.s3.example", "/docs/", &[]).code(), "AccessDenied");
    assert_eq!(as_nobody(&server, &Request::new("GET", "/blog/about")).text(), "about");
    assert_eq!(server.call(Request::new("GET", "/blog?website")).status, 200);
}

#[test]
fn without_allow_public_a_site_is_forbidden() {
    let server = shut(PAGES);
    for target in ["/", "/about", "/docs", "/docs/", "/absent"] {
        let answer = get(&server, target);
        assert_page(&answer, 403, "AccessDenied");
        assert!(answer.text().contains("<title>403 Forbidden</title>"), "{}", answer.text());
    }
    // Whoever signs is a visitor like any other.
    let mut signer = server.signer(OWN);
    signer.host = "blog.example".to_owned();
    let signed = server.connect().call(&signer, &Request::new("GET", "/about"));
    assert_page(&signed, 403, "AccessDenied");
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
fn class_g_what_is_private_looks_like_what_is_not_there() {
    for pages in [INDEX, PAGES] {
        let server = open(pages);
        for (there, absent) in [
            ("/private/secret", "/private/absent"),
            ("/private/", "/absent/"),
            ("/private", "/absent"),
            ("/private/index.html", "/private/other.html"),
        ] {
            for more in [
                ("x-none", ""),
                ("range", "bytes=99-"),
                ("if-match", "\"0\""),
                ("if-none-match", "*"),
                ("if-modified-since", "Sat, 21 Nov 1999 18:52:07 GMT"),
            ] {
                for method in ["GET", "HEAD"] {
                    let of = |target| ask(&server, method, "blog.example", target, &[more]);
                    let (there, absent) = (of(there), of(absent));
                    assert_eq!(there.status, 403);
                    assert_eq!(lasting(&there), lasting(&absent), "{more:?}");
                }
            }
        }
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
fn no_parameter_and_no_sub_resource_counts() {
    let server = open(PAGES);
    for query in [
        "acl",
        "attributes",
        "cors",
        "delete",
        "legal-hold",
        "list-type=2",
        "location",
        "policy",
        "prefix=private/",
        "retention",
        "tagging",
        "torrent",
        "uploads",
        "uploadId=x",
        "versions",
        "versioning",
        "website",
        "versionId=x",
        "partNumber=9",
        "response-content-type=text/plain",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0",
        "AWSAccessKeyId=a&Signature=b",
    ] {
        for (target, body) in [("/", "home"), ("/about", "about")] {
            let answer = get(&server, &format!("{target}?{query}"));
            assert_eq!((answer.status, answer.text().as_str()), (200, body), "{query}");
            assert_eq!(answer.header("Content-Type"), Some("text/html"), "{query}");
        }
        assert_eq!(get(&server, &format!("/private/secret?{query}")).text(), "oops", "{query}");
    }
    for (name, value) in [
        ("authorization", "AWS4-HMAC-SHA256 nonsense"),
        ("authorization", "Basic YTpi"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-security-token", "t"),
        ("x-amz-expected-bucket-owner", "somebody"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ] {
        let answer = ask(&server, "GET", "blog.example", "/about", &[(name, value)]);
        assert_eq!(answer.text(), "about", "{name}");
    }
}

/// A policy weighs what the handler obeys: a parameter that does not count opens nothing.
#[test]
fn class_e_no_parameter_is_weighed_by_a_policy() {
    let server = open(INDEX);
    let policy = |action: &str, key: &str| {
        let policy = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action": {action},
            "Resource": ["arn:aws:s3:::blog", "arn:aws:s3:::blog/*"],
            "Condition": {{"StringLike": {{"{key}": "*"}}}}}}]}}"#
        );
        let answer = server.call(Request::new("PUT", "/blog?policy").body(policy));
        assert_eq!(answer.status, 204, "{}", answer.text());
    };
    policy(r#""s3:GetObject""#, "aws:Referer");
    assert_eq!(get(&server, "/about").status, 403);
    let referred = [("referer", "https://blog.example/")];
    assert_eq!(ask(&server, "GET", "blog.example", "/about", &referred).text(), "about");
    policy(r#"["s3:GetObject", "s3:GetObjectVersion"]"#, "s3:versionid");
    assert_eq!(get(&server, "/about?versionId=null").status, 403);
    policy(r#""s3:ListBucket""#, "s3:max-keys");
    assert_eq!(get(&server, "/absent?max-keys=1").status, 403);
}

#[test]
fn a_site_takes_get_and_head_alone() {
    let server = open(PAGES);
    for method in ["PUT", "POST", "DELETE", "PATCH", "PROPFIND"] {
        let answer = ask(&server, method, "blog.example", "/about", &[("content-length", "0")]);
        assert_page(&answer, 405, "MethodNotAllowed");
        assert_eq!(answer.header("Allow"), Some("GET, HEAD"));
    }
    let mut signer = server.signer(OWN);
    signer.host = "blog.example".to_owned();
    for request in [
        Request::new("PUT", "/new").body("x"),
        Request::new("DELETE", "/about"),
        Request::new("POST", "/?delete").body("<Delete/>"),
    ] {
        assert_page(&server.connect().call(&signer, &request), 405, "MethodNotAllowed");
    }
    assert_eq!(server.call(Request::new("GET", "/blog/about")).text(), "about");
    assert_eq!(server.call(Request::new("HEAD", "/blog/new")).status, 404);
    for (target, status, code) in [
        ("/%zz", 400, "InvalidURI"),
        ("/%ff", 400, "InvalidURI"),
        (&format!("/{}", "k".repeat(1025)), 400, "KeyTooLongError"),
    ] {
        assert_page(&get(&server, target), status, code);
    }
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
fn class_o_no_path_sends_a_visitor_to_another_host_or_puts_a_script_on_a_page() {
    let server = open(INDEX);
    allow(&server, &["s3:GetObject", "s3:ListBucket"], r#""blog", "blog/*""#);
    for key in ["/evil.example", "//evil.example", "\\evil.example", "a\r\nSet-Cookie: b", "é ü"]
    {
        let index = Request::object("PUT", "blog", &format!("{key}/index.html"));
        assert_eq!(server.call(index.body("x")).status, 200, "{key:?}");
        let target = Request::object("GET", "", key).path[1..].to_owned();
        let answer = get(&server, &target);
        assert_eq!(answer.status, 302, "{target}: {}", answer.text());
        let location = answer.header("Location").expect("a location").to_owned();
        assert!(!location.starts_with("//") && !location.contains('\\'), "{location}");
        assert!(location.bytes().all(|b| (0x21..0x7f).contains(&b)), "{location}");
        assert!(answer.header("Set-Cookie").is_none());
        // And it is where the visitor wanted to go.
        assert_eq!(get(&server, &location).text(), "x", "{location}");
    }
    for target in ["/<script>alert(1)</script>", "/%3Cscript%3Ealert(1)%3C/script%3E"] {
        let page = get(&server, target);
        assert_page(&page, 404, "NoSuchKey");
        assert!(!page.text().contains("<script"), "{}", page.text());
        assert!(page.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", page.text());
    }
    let page = ask(&server, "<b>", "blog.example", "/", &[]);
    assert!(!page.text().contains("<b>"), "{}", page.text());
}

#[test]
fn class_d_a_path_is_decoded_once_and_stays_in_the_bucket() {
    let server = open(INDEX);
    server.make_bucket("other");
    let put = Request::object("PUT", "blog", "docs/%2e").body("dot");
    assert_eq!(server.call(put).status, 200);
    assert_eq!(get(&server, "/docs/%252e").text(), "dot");
    for target in [
        "/../other/",
        "/..%2fother",
        "/%2e%2e/other/k",
        "/docs/../../.glassbucket/users.json",
        "/.glassbucket/users.json",
        "/%2e%2e%2f.glassbucket%2fusers.json",
        "/docs/%00",
    ] {
        assert_eq!(get(&server, target).status, 403, "{target}");
    }
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
