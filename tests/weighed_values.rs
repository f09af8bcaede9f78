//! A policy weighs the value that the handler obeys (security class E), held against everything a
//! client can do to make the two differ: each value that a policy may deny is sent in every
//! spelling, on every operation that takes it. Whatever is answered, it is not in force afterwards.
//!
//! Nobody signs these requests, so that no signature stands in the way of a header that is there
//! twice; parameters that count as headers are those of a presigned URL.

mod common;

use common::client::{Answer, Request, encode};
use common::form::{BOUNDARY, Form};
use common::sharing::{as_nobody, object, put_policy};
use common::xml::text;
use common::{OWN, TestServer, lock};
use glassbucket::auth::sigv4::{Unsigned, presigned_query};
use glassbucket::types::PublicAccessBlock;

/// A header, a value that does no harm, the one that is denied, and what then shows that it is in
/// force: a sub-resource (or "" for HEAD), and what its answer contains.
struct Denied {
    header: &'static str,
    harmless: &'static str,
    value: &'static str,
    condition: &'static str,
    shown: (&'static str, &'static str),
}

const fn denied(
    header: &'static str,
    [harmless, value]: [&'static str; 2],
    condition: &'static str,
    shown: (&'static str, &'static str),
) -> Denied {
    Denied { header, harmless, value, condition, shown }
}

const GROUP: &str = "uri=\"http://acs.amazonaws.com/groups/global/AuthenticatedUsers\"";

const DENIED: [Denied; 9] = [
    denied(
        "x-amz-acl",
        ["private", "authenticated-read"],
        r#""StringEquals": {"s3:x-amz-acl": "authenticated-read"}"#,
        ("acl", "AuthenticatedUsers"),
    ),
    denied(
        "x-amz-grant-read",
        ["id=\"own1\"", GROUP],
        r#""StringLike": {"s3:x-amz-grant-read": "*AuthenticatedUsers*"}"#,
        ("acl", "AuthenticatedUsers"),
    ),
    denied(
        "x-amz-grant-full-control",
        ["id=\"own1\"", GROUP],
        r#""StringLike": {"s3:x-amz-grant-full-control": "*AuthenticatedUsers*"}"#,
        ("acl", "AuthenticatedUsers"),
    ),
    denied(
        "x-amz-storage-class",
        ["STANDARD", "GLACIER"],
        r#""StringEquals": {"s3:x-amz-storage-class": "GLACIER"}"#,
        ("", "GLACIER"),
    ),
    denied(
        "x-amz-website-redirect-location",
        ["/a", "https://b"],
        r#""StringEquals": {"s3:x-amz-website-redirect-location": "https://b"}"#,
        ("", "https://b"),
    ),
    denied(
        "x-amz-object-lock-legal-hold",
        ["OFF", "ON"],
        r#""StringEquals": {"s3:object-lock-legal-hold": "ON"}"#,
        ("legal-hold", "ON"),
    ),
    denied(
        "x-amz-tagging",
        ["a=b", "open=yes"],
        r#""StringEquals": {"s3:RequestObjectTag/open": "yes"}"#,
        ("tagging", "<Key>open</Key><Value>yes</Value>"),
    ),
    denied(
        "x-amz-tagging",
        ["a=b", "open=yes"],
        r#""ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": "open"}"#,
        ("tagging", "<Key>open</Key>"),
    ),
    denied(
        "x-amz-object-lock-mode",
        ["COMPLIANCE", "GOVERNANCE"],
        r#""StringEquals": {"s3:object-lock-mode": "GOVERNANCE"}"#,
        ("retention", "GOVERNANCE"),
    ),
];

/// `bkt`, where everybody may do anything.
fn open_server() -> TestServer {
    let server = TestServer::with(|config| config.block = PublicAccessBlock::default());
    let create = Request::new("PUT", "/bkt").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(create).status, 200);
    put_policy(&server, policy(&[statement("Allow", "")]));
    assert_eq!(server.call(object("PUT", "source").body("x")).status, 200);
    server
}

fn policy(statements: &[String]) -> String {
    format!(r#"{{"Statement": [{}]}}"#, statements.join(", "))
}

fn statement(effect: &str, more: &str) -> String {
    format!(
        r#"{{"Effect": "{effect}", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]{more}}}"#
    )
}

type Fields = Vec<(String, String)>;

/// Every way to write that header so that one reader may see another value than the next.
fn spellings(denied: &Denied) -> Vec<Fields> {
    let Denied { header, harmless, value, .. } = denied;
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let escaped = format!("%{:02x}{}", value.as_bytes()[0], &value[1..]);
    let mut spellings = vec![
        vec![field(header, value)],
        vec![field(&header.to_uppercase(), value)],
        vec![field(header, ""), field(header, value)],
        vec![field(header, value), field(header, "")],
        vec![field(header, harmless), field(header, value)],
        vec![field(header, value), field(header, harmless)],
        vec![field(&header.to_uppercase(), harmless), field(header, value)],
    ];
    for value in [
        format!("  {value}\t"),
        format!("{value},"),
        format!(",{value}"),
        format!("{value},{harmless}"),
        format!("{harmless},{value}"),
        format!("{harmless}&{value}"),
        format!("{value}&{harmless}"),
        format!("\"{value}\""),
        format!("{value}\u{a0}"),
        value.to_uppercase(),
        value.to_lowercase(),
        value.replacen('e', "%65", 1),
        value.replace('"', ""),
        value.replace('=', " = "),
        escaped,
    ] {
        spellings.push(vec![field(header, &value)]);
    }
    if *header == "x-amz-object-lock-mode" {
        let until = field("x-amz-object-lock-retain-until-date", lock::LATER);
        spellings.iter_mut().for_each(|fields| fields.push(until.clone()));
    }
    spellings
}

fn with(request: Request, fields: &Fields) -> Request {
    fields.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// Whether the value is in force on the key: the writer was nobody, so nobody may look.
fn is_in_force(server: &TestServer, key: &str, denied: &Denied) -> bool {
    let (resource, text) = denied.shown;
    let method = if resource.is_empty() { "HEAD" } else { "GET" };
    let seen = as_nobody(server, &lock::object(method, key, resource));
    seen.text().contains(text) || seen.headers.iter().any(|(_, value)| value == text)
}

/// An upload of one part, begun with these headers; the answer to its last step.
fn upload(server: &TestServer, key: &str, fields: &Fields) -> Answer {
    let begun = as_nobody(server, &with(lock::object("POST", key, "uploads"), fields));
    let Some(id) = text(&begun.text(), "UploadId") else { return begun };
    let part = lock::object("PUT", key, &format!("uploadId={id}&partNumber=1"));
    let part = as_nobody(server, &part.body("x"));
    let tag = part.header("ETag").expect("a tag");
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    as_nobody(
        server,
        &with(lock::object("POST", key, &format!("uploadId={id}")), fields).body(list),
    )
}

/// All that makes an object, given those headers.
fn write(server: &TestServer, way: usize, key: &str, fields: &Fields) -> Answer {
    let copy = || object("PUT", key).header("x-amz-copy-source", "/bkt/source");
    match way {
        0 => as_nobody(server, &with(object("PUT", key), fields).body("x")),
        1 => as_nobody(server, &with(copy(), fields)),
        2 => {
            let replace = copy().header("x-amz-metadata-directive", "REPLACE");
            let replace = replace.header("x-amz-tagging-directive", "REPLACE");
            as_nobody(server, &with(replace, fields))
        }
        3 => upload(server, key, fields),
        4 => {
            let plain = as_nobody(server, &object("PUT", key).body("x"));
            assert_eq!(plain.status, 200, "{}", plain.text());
            as_nobody(server, &with(lock::object("PUT", key, "acl"), fields))
        }
        5 => presigned(server, key, fields),
        6 => presigned(server, key, &fields.iter().rev().cloned().collect()),
        _ => posted(server, key, fields),
    }
}
const WAYS: usize = 8;

/// PutObject by a presigned URL that has the fields as parameters.
fn presigned(server: &TestServer, key: &str, fields: &Fields) -> Answer {
    let signer = server.signer(OWN);
    let headers = [("host".to_owned(), signer.host.clone())];
    let param =
        |(name, value): &(String, String)| format!("{}={}", encode(name, ""), encode(value, ""));
    let query: Vec<_> = fields.iter().map(param).collect();
    let path = format!("/bkt/{key}");
    let request = Unsigned {
        method: "PUT",
        path: &path,
        query: &query.join("&"),
        headers: &headers,
        payload: "UNSIGNED-PAYLOAD",
    };
    let (access_key, secret) = (&signer.access_key, &signer.secret);
    let query = presigned_query(&request, access_key, secret, "us-east-1", signer.now, 600);
    as_nobody(server, &Request::new("PUT", &format!("{path}?{query}")).body("x"))
}

/// PostObject with the fields, without a policy of its own.
fn posted(server: &TestServer, key: &str, fields: &Fields) -> Answer {
    let form = Form::new(&[("key", key)], "x");
    let form = fields.iter().fold(form, |form, (name, value)| form.field(name, value));
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = Request::new("POST", "/bkt").header("content-type", &media_type);
    // The headers of such a request do not count.
    let request = request.header("x-amz-acl", "private").header("x-amz-tagging", "a=b");
    as_nobody(server, &request.body(form.body()))
}

/// As long as nothing is denied, the plain spelling is obeyed on most ways: the look sees it.
fn assert_is_obeyed(server: &TestServer, denied: &Denied) {
    let plain = &spellings(denied)[0];
    let obeyed = |way: &usize| {
        let key = format!("obeyed{way}");
        write(server, *way, &key, plain);
        is_in_force(server, &key, denied)
    };
    let ways: Vec<_> = (0..WAYS).filter(obeyed).collect();
    assert!(ways.len() >= 5, "{}: {ways:?}", denied.condition);
}

#[test]
fn class_e_no_spelling_of_a_denied_value_is_obeyed() {
    let mut tried = 0;
    for denied in &DENIED {
        let server = open_server();
        assert_is_obeyed(&server, denied);
        let deny = statement("Deny", &format!(r#", "Condition": {{{}}}"#, denied.condition));
        put_policy(&server, policy(&[statement("Allow", ""), deny]));
        let mut taken = 0;
        for way in 0..WAYS {
            for (at, fields) in spellings(denied).iter().enumerate() {
                let key = format!("k{way}-{at}");
                let answer = write(&server, way, &key, fields);
                let told = || format!("{} {way} {fields:?}: {}", denied.condition, answer.text());
                assert!(!is_in_force(&server, &key, denied), "{}", told());
                assert_ne!(answer.status, 500, "{}", told());
                taken += usize::from(answer.status < 300);
                tried += 1;
            }
        }
        assert!(taken > 0, "{}", denied.condition);
    }
    println!("{tried} ways to say it");
}

#[test]
fn class_e_no_spelling_of_a_denied_prefix_or_delimiter_is_listed() {
    let server = open_server();
    let conditions = [
        r#", "Condition": {"StringLike": {"s3:prefix": "private*"}}"#,
        r#", "Condition": {"StringEquals": {"s3:delimiter": "|"}}"#,
    ];
    let deny = conditions.map(|condition| statement("Deny", condition)).join(", ");
    put_policy(&server, policy(&[statement("Allow", ""), deny]));
    let mut listed = 0;
    for listing in ["", "list-type=2", "versions", "uploads"] {
        for more in [
            "prefix=private/",
            "prefix=%70rivate/",
            "prefix=&prefix=private/",
            "prefix=private/&prefix=",
            "prefix=a&prefix=private/",
            "prefix&prefix=private/",
            "Prefix=private/",
            "prefix=private/&encoding-type=url",
            "prefix%00=private/",
            "%70refix=private/",
            "prefix=a&prefix=private/&encoding-type=url",
            "delimiter=|",
            "delimiter=%7C",
            "delimiter=/&delimiter=|",
            "delimiter=&delimiter=%7c",
            "delimiter=%7c&delimiter=/",
        ] {
            let request = Request::new("GET", &format!("/bkt?{listing}&{more}"));
            let answer = as_nobody(&server, &request);
            let obeyed = ["<Prefix>private", "<Delimiter>|", "<Delimiter>%7C"];
            let text = answer.text();
            assert!(!obeyed.iter().any(|obeyed| text.contains(obeyed)), "{more}: {text}");
            listed += usize::from(answer.status == 200);
        }
    }
    assert!(listed > 0);
}
