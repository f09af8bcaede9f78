//! Every question about a key: each method with each sub-resource of the router's table, and the
//! operations that there are with each condition, range and other header or parameter.

use super::super::operations::{ACL, DOCUMENTS, PARTS, TAGGING, operations};
use super::states::Thing;
use std::collections::BTreeSet;

/// What a question is put to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Key,
    /// The bucket, with the key in the body.
    Bucket,
    /// The same in a form, which the caller signs.
    Form,
    /// A key of the caller's own bucket, into which this one is copied.
    Own,
}

/// A request with the names of a thing left open: `{key}`, `{version}`, `{upload}`, `{etag}`, and
/// `{bucket}`, `{own}`, `{own-upload}` beside it.
#[derive(Clone, Debug)]
pub struct Ask {
    pub to: To,
    pub method: &'static str,
    /// The sub-resource.
    pub sub: String,
    /// The whole query.
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'static str,
}

const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"];
const RETENTION: &str = "<Retention><Mode>GOVERNANCE</Mode>\
    <RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>";
const DELETE: &str = "<Delete><Object><Key>{key}</Key></Object></Delete>";
const DELETE_VERSION: &str =
    "<Delete><Object><Key>{key}</Key><VersionId>{version}</VersionId></Object></Delete>";
const DELETE_TAG: &str = "<Delete><Object><Key>{key}</Key><ETag>{etag}</ETag></Object></Delete>";
const DELETE_SIZE: &str = "<Delete><Object><Key>{key}</Key><Size>5</Size></Object></Delete>";

/// All of them.
pub fn asks() -> Vec<Ask> {
    let subs = sub_resources();
    let mut all = Vec::new();
    for method in METHODS {
        all.extend(subs.iter().map(|sub| plain(method, sub)));
    }
    all.extend(others());
    let operations: Vec<Ask> = all.iter().filter(|ask| is_operation(ask)).cloned().collect();
    for ask in operations {
        all.extend(more_headers().iter().map(|header| ask.clone().header(header.0, header.1)));
        all.extend(MORE_QUERY.iter().map(|more| ask.clone().and_query(more)));
    }
    all
}

/// The names of the router's table and of its own operations, as a query has them.
fn sub_resources() -> BTreeSet<String> {
    let of_table = operations().into_iter().map(|op| op.query.to_owned());
    let named = of_table.filter(|query| !query.contains('=')).collect::<BTreeSet<_>>();
    let more = ["", "uploadId={upload}", "partNumber=1&uploadId={upload}", "partNumber=1"];
    let versions = ["versionId={version}", "versionId=null", "versionId=none"];
    let select = ["select&select-type=2"];
    let more = more.into_iter().chain(versions).chain(select).map(str::to_owned);
    named.into_iter().chain(more).collect()
}

fn plain(method: &'static str, sub: &str) -> Ask {
    let body = match (method, sub) {
        ("PUT", "acl") => ACL,
        ("PUT", "tagging") => TAGGING,
        ("PUT", "retention") => RETENTION,
        ("PUT", "legal-hold") => "<LegalHold><Status>ON</Status></LegalHold>",
        ("POST", "uploadId={upload}") => PARTS,
        ("POST", "delete") => DELETE,
        ("PUT", sub) if sub.is_empty() || sub.starts_with("partNumber") => "hello",
        ("PUT", sub) => DOCUMENTS.iter().find(|(name, _)| *name == sub).map_or("", |row| row.1),
        _ => "",
    };
    let mut headers = Vec::new();
    if sub == "attributes" {
        headers.push(("x-amz-object-attributes", "ETag,ObjectSize".to_owned()));
    }
    let (to, sub, query) = (To::Key, sub.to_owned(), sub.to_owned());
    Ask { to, method, sub, query, headers, body }
}

/// Copies to and from the key, and what names it in a body.
fn others() -> Vec<Ask> {
    let to = |to, method, query: &str, body| Ask { to, body, ..plain(method, query) };
    let of_key = ("x-amz-copy-source", "/{bucket}/{key}");
    let of_version = ("x-amz-copy-source", "/{bucket}/{key}?versionId={version}");
    let mut all = vec![
        plain("PUT", "").header("x-amz-copy-source", "/{bucket}/source").body(""),
        plain("PUT", "").header("x-amz-copy-source", "/{own}/source").body(""),
        plain("PUT", "").header(of_key.0, of_key.1).body(""),
        plain("PUT", "acl").header("x-amz-acl", "public-read").body(""),
        to(To::Bucket, "POST", "delete", DELETE),
        to(To::Bucket, "POST", "delete", DELETE_VERSION),
        to(To::Bucket, "POST", "delete", DELETE_TAG),
        to(To::Bucket, "POST", "delete", DELETE_SIZE),
        to(To::Form, "POST", "", ""),
    ];
    for (name, source) in [of_key, of_version] {
        for query in ["", "partNumber=1&uploadId={own-upload}"] {
            let copy = to(To::Own, "PUT", query, "").header(name, source);
            all.push(copy.clone().header("x-amz-copy-source-if-match", "{etag}"));
            all.push(copy.clone().header("x-amz-copy-source-if-match", WRONG));
            all.push(copy.clone().header("x-amz-copy-source-if-none-match", "{etag}"));
            all.push(copy.clone().header("x-amz-copy-source-if-modified-since", PAST));
            all.push(copy.clone().header("x-amz-copy-source-if-modified-since", FUTURE));
            all.push(copy.clone().header("x-amz-copy-source-if-unmodified-since", PAST));
            all.push(copy.clone().header("x-amz-metadata-directive", "REPLACE"));
            all.push(copy.clone().header("x-amz-tagging-directive", "REPLACE"));
            all.push(copy.clone().header("x-amz-copy-source-range", "bytes=0-1"));
            all.push(copy.clone().header("x-amz-copy-source-range", "bytes=0-999999999"));
            all.push(copy.clone().header("x-amz-source-expected-bucket-owner", "own1"));
            all.push(copy);
        }
    }
    all
}

const PAST: &str = "Sat, 20 Nov 1999 18:52:07 GMT";
const FUTURE: &str = "Fri, 20 Nov 2099 18:52:07 GMT";
const WRONG: &str = "\"00000000000000000000000000000000\"";

fn more_headers() -> [(&'static str, &'static str); 40] {
    [
        ("if-match", "\"{etag}\""),
        ("if-match", WRONG),
        ("if-match", "*"),
        ("if-none-match", "\"{etag}\""),
        ("if-none-match", WRONG),
        ("if-none-match", "*"),
        ("if-modified-since", PAST),
        ("if-modified-since", FUTURE),
        ("if-unmodified-since", PAST),
        ("if-unmodified-since", FUTURE),
        ("if-range", "\"{etag}\""),
        ("x-amz-if-match-size", "5"),
        ("x-amz-if-match-size", "6"),
        ("x-amz-if-match-size", "five"),
        ("x-amz-if-match-last-modified-time", PAST),
        ("x-amz-if-match-last-modified-time", FUTURE),
        ("range", "bytes=0-1"),
        ("range", "bytes=999999999-"),
        ("range", "bytes=-1"),
        ("range", "bytes=-0"),
        ("range", "bytes=0-0,2-3"),
        ("range", "lines=one"),
        ("x-amz-checksum-mode", "ENABLED"),
        ("x-amz-expected-bucket-owner", "own1"),
        ("x-amz-expected-bucket-owner", "else"),
        ("x-amz-bypass-governance-retention", "true"),
        ("x-amz-object-lock-legal-hold", "ON"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-acl", "bucket-owner-full-control"),
        ("x-amz-acl", "public-read"),
        ("x-amz-acl", "no such"),
        ("x-amz-max-parts", "0"),
        ("x-amz-object-attributes", "Nothing"),
        ("x-amz-request-payer", "requester"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-website-redirect-location", "/here"),
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("origin", "https://a.example"),
        ("expect", "100-continue"),
        ("connection", "close"),
    ]
}

const MORE_QUERY: &[&str] = &[
    "partNumber=1",
    "partNumber=2",
    "partNumber=0",
    "versionId={version}",
    "versionId=null",
    "versionId=0",
    "response-content-type=text%2Fhtml",
    "max-parts=0",
    "part-number-marker=x",
    "x-id=Any",
];

/// Whether the server has it: conditions and ranges change nothing of a 405.
fn is_operation(ask: &Ask) -> bool {
    match ask.to {
        To::Key => {}
        To::Bucket | To::Form => return true,
        To::Own => return false, // has its own
    }
    matches!(
        (ask.method, ask.sub.as_str()),
        ("GET" | "HEAD" | "PUT" | "DELETE", "")
            | ("GET" | "PUT", "acl" | "retention" | "legal-hold")
            | ("GET" | "PUT" | "DELETE", "tagging")
            | ("GET", "attributes" | "torrent")
            | ("POST", "uploads" | "restore" | "select&select-type=2")
            | ("PUT", "renameObject" | "encryption" | "partNumber=1&uploadId={upload}")
            | ("GET" | "POST" | "DELETE", "uploadId={upload}")
    )
}

impl Ask {
    fn header(mut self, name: &'static str, value: &str) -> Ask {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn body(mut self, body: &'static str) -> Ask {
        self.body = body;
        self
    }

    fn and_query(mut self, more: &str) -> Ask {
        let and = if self.query.is_empty() { "" } else { "&" };
        self.query.push_str(&format!("{and}{more}"));
        self
    }

    /// The value of a header that it brings.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// Whether it names a version, or an upload, that may be there.
    pub fn names(&self, placeholder: &str) -> bool {
        let headers = self.headers.iter().map(|(_, value)| value.as_str());
        headers.chain([self.query.as_str(), self.body]).any(|text| text.contains(placeholder))
    }

    /// In a few words.
    pub fn title(&self) -> String {
        let Ask { to, method, query, headers, .. } = self;
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{method} {to:?}?{query} [{}]", headers.join(", "))
    }
}

/// The text with its names filled in.
pub fn filled(text: &str, bucket: &str, thing: &Thing, own: &str, own_upload: &str) -> String {
    text.replace("{bucket}", bucket)
        .replace("{key}", &thing.key)
        .replace("{version}", &thing.version)
        .replace("{upload}", &thing.upload)
        .replace("{etag}", &thing.etag)
        .replace("{own}", own)
        .replace("{own-upload}", own_upload)
}
