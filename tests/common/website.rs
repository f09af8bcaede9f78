//! A bucket and its site: what the tests of sites share.

use super::TestServer;
use super::client::{Answer, Request, raw_head};
use glassbucket::router::WebsiteHost;
use glassbucket::server::Config;
use glassbucket::types::{BucketName, PublicAccessBlock};

pub const INDEX: &str = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>";
pub const PAGES: &str = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
    <ErrorDocument><Key>oops.html</Key></ErrorDocument>";

pub fn sites(config: &mut Config) {
    let bucket = BucketName::parse("blog").expect("a name");
    config.websites = vec![
        WebsiteHost::One { host: "blog.example".to_owned(), bucket },
        WebsiteHost::Below { domain: "sites.example".to_owned() },
    ];
    config.domains = vec!["s3.example".to_owned()];
}

/// `blog.example` is the site of bucket `blog`; the server bars the public, as by default.
pub fn shut(pages: &str) -> TestServer {
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
pub fn open(pages: &str) -> TestServer {
    shut(pages).restart(|config| {
        sites(config);
        config.block = PublicAccessBlock::default();
    })
}

pub fn configure(server: &TestServer, pages: &str) {
    let document = format!("<WebsiteConfiguration>{pages}</WebsiteConfiguration>");
    let answer = server.call(Request::new("PUT", "/blog?website").body(document));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Lets everybody do that with what is named.
pub fn allow(server: &TestServer, actions: &[&str], resources: &str) {
    let resources = resources.replace("\"blog", "\"arn:aws:s3:::blog");
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*",
        "Action": {actions:?}, "Resource": [{resources}]}}]}}"#
    );
    let answer = server.call(Request::new("PUT", "/blog?policy").body(policy));
    assert_eq!(answer.status, 204, "{}", answer.text());
}

pub fn ask(
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

pub fn get(server: &TestServer, target: &str) -> Answer {
    ask(server, "GET", "blog.example", target, &[])
}

/// The server's own page of an error.
#[track_caller]
pub fn assert_page(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-amz-error-code"), Some(code));
    assert!(answer.text().contains(&format!("<li>Code: {code}</li>")), "{}", answer.text());
    let id = answer.header("x-amz-request-id").expect("an id");
    assert!(answer.text().contains(&format!("<li>RequestId: {id}</li>")), "{}", answer.text());
}

#[track_caller]
pub fn assert_sent(answer: &Answer, status: u16, location: &str) {
    assert_eq!((answer.status, answer.header("Location")), (status, Some(location)));
    assert!(answer.body.is_empty() && answer.header("x-amz-request-id").is_some());
}

/// All of an answer that does not differ from one request to the next.
pub fn lasting(answer: &Answer) -> String {
    let id = answer.header("x-amz-request-id").unwrap_or_default();
    let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| name != "Date").collect();
    format!("{:?}", (answer.status, headers, answer.text())).replace(id, "ID")
}
