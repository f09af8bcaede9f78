//! Sites against who means them ill: which hosts are one, what is not public stays so, nothing is
//! told of it, and no visitor writes a Location or a page (security classes D, E, G, J, O).

mod common;

use common::OWN;
use common::client::Request;
use common::sharing::as_nobody;
use common::website::{INDEX, PAGES, allow, ask, assert_page, get, lasting, open, shut};

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

/// The door of a page is that of GetObject, with all that may shut it.
#[test]
fn a_site_honours_the_block_the_ownership_and_the_conditions_of_its_bucket() {
    let server = open(PAGES);
    let put = |resource: &str, document: &str| {
        let answer = server.call(Request::new("PUT", &format!("/blog{resource}")).body(document));
        assert!([200, 204].contains(&answer.status), "{}", answer.text());
    };
    let status =
        |headers: &[(&str, &str)]| ask(&server, "GET", "blog.example", "/about", headers).status;
    let block = |bar: &str| {
        let bar = format!("<{bar}>true</{bar}>");
        format!("<PublicAccessBlockConfiguration>{bar}</PublicAccessBlockConfiguration>")
    };
    assert_eq!(status(&[]), 200);
    put("?publicAccessBlock", &block("RestrictPublicBuckets"));
    assert_eq!(status(&[]), 403);
    let by_acl = Request::new("PUT", "/blog/about?acl").header("x-amz-acl", "public-read");
    assert_eq!(server.call(by_acl).status, 200);
    assert_eq!(status(&[]), 200);
    put("?publicAccessBlock", &block("IgnorePublicAcls"));
    assert_eq!(server.call(Request::new("DELETE", "/blog?policy")).status, 204);
    assert_eq!(status(&[]), 403);
    assert_eq!(server.call(Request::new("DELETE", "/blog?publicAccessBlock")).status, 204);
    assert_eq!(status(&[]), 200);
    put(
        "?ownershipControls",
        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>\
         </OwnershipControls>",
    );
    assert_eq!(status(&[]), 403);
    let forwarded = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "203.0.113.1"),
        ("forwarded", "for=203.0.113.1;proto=https"),
    ];
    for (condition, allowed) in [
        (r#""Bool": {"aws:SecureTransport": "true"}"#, false),
        (r#""Bool": {"aws:SecureTransport": "false"}"#, true),
        (r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#, false),
        (r#""IpAddress": {"aws:SourceIp": "127.0.0.0/8"}"#, true),
        (r#""StringLike": {"aws:Referer": "https://blog.example/*"}"#, false),
        (r#""Null": {"s3:authType": "true"}"#, true),
    ] {
        let statement = r#""Effect": "Allow", "Principal": "*", "Action": "s3:GetObject""#;
        let policy = format!(
            r#"{{"Statement": {{{statement}, "Resource": "arn:aws:s3:::blog/*",
            "Condition": {{{condition}}}}}}}"#
        );
        put("?policy", &policy);
        let expected = if allowed { 200 } else { 403 };
        assert_eq!((status(&[]), status(&forwarded)), (expected, expected), "{condition}");
    }
}
