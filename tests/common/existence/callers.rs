//! Callers without ListBucket: who they are, how they sign, and what each was granted.

use super::super::client::{Request, Signer, raw_head};
use super::super::form::{BOUNDARY, Form};
use super::super::operations::content_md5;
use super::super::xml::text;
use super::super::{TestServer, user};
use super::asks::{Ask, To, filled};
use super::states::Thing;
use super::wire::Sent;
use super::worlds::{Said, World};
use glassbucket::auth::User;
use glassbucket::auth::role::{Role, Scope, Scopes};
use glassbucket::auth::sigv2;
use glassbucket::auth::sigv4::{Unsigned, presigned_query};

/// Who writes objects of its own into others' buckets.
pub const MAKER: (&str, &str) = ("makerkey", "makersecret");

/// How a request says who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Nothing,
    V4,
    V4Presigned,
    V2,
}

/// One caller.
pub struct Caller {
    pub name: &'static str,
    pub sign: Sign,
    /// Whether a grant lets it see, by the answer to this, what object there is.
    pub sees: fn(&Ask) -> bool,
    /// Whether its grant reaches an upload that it names: then only made-up ids are compared.
    pub reaches: fn(&Ask) -> bool,
    /// Why an answer that tells is as it is on AWS.
    pub exception: fn(&Ask) -> Option<&'static str>,
    own_upload: String,
}

/// Whose scope is to write everywhere, and to read nowhere: what a backup's drop box is.
const DROPBOX: &str = "dropbox";

/// Everyone who signs.
const SIGNING: [&str; 10] = [
    "stranger",
    "elsewhere",
    "lister",
    "writer",
    "remover",
    "purger",
    "reader",
    "tagger",
    "acp",
    DROPBOX,
];

/// Their users, and the maker's.
pub fn users() -> impl Iterator<Item = User> {
    SIGNING.into_iter().chain(["maker"]).map(|name| {
        let (key, secret) = pair(name);
        let user = user(name, name, (&key, &secret));
        match name {
            DROPBOX => User { role: Role::Scoped(everywhere_to_write()), ..user },
            _ => user,
        }
    })
}

fn everywhere_to_write() -> Scopes {
    Scopes { read: Vec::new(), write: vec![Scope::parse("*").expect("a scope")] }
}

fn pair(name: &str) -> (String, String) {
    (format!("{name}key"), format!("{name}secret"))
}

/// All callers, each with a bucket of its own and an upload in it.
pub fn callers(server: &TestServer) -> Vec<Caller> {
    let anonymous = Caller::new("anonymous", Sign::Nothing, String::new());
    let mut callers = vec![anonymous];
    for name in SIGNING {
        let own_upload = make_own(server, name);
        callers.push(Caller::new(name, Sign::V4, own_upload.clone()));
        if name == "stranger" {
            callers.push(Caller::new(name, Sign::V2, own_upload.clone()));
            callers.push(Caller::new(name, Sign::V4Presigned, own_upload));
        }
    }
    callers
}

fn make_own(server: &TestServer, name: &str) -> String {
    let call = |request: Request| {
        let answer = server.connect().call(&signer(server, name), &request);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        answer
    };
    call(Request::new("PUT", &format!("/own-{name}")));
    call(Request::new("PUT", &format!("/own-{name}/source")).body("hello"));
    let begun = call(Request::new("POST", &format!("/own-{name}/copy?uploads")));
    text(&begun.text(), "UploadId").expect("an upload")
}

fn signer(server: &TestServer, name: &str) -> Signer {
    let (key, secret) = pair(name);
    server.signer((&key, &secret))
}

const CREATE_ONLY: &str = "If-None-Match: * of a write asks for PutObject alone, as on AWS, and \
    If-Match: *, which AWS has not, tells no more";
const IF_THERE: &str = "If-Match: * of a delete asks for DeleteObject alone, as on AWS";
const FOR_GOOD: &str = "a version that is removed for good is told from a delete marker, as on AWS";

impl Caller {
    fn new(name: &'static str, sign: Sign, own_upload: String) -> Caller {
        let sees: fn(&Ask) -> bool = match name {
            "reader" => |ask| match ask.to {
                To::Own => true,
                To::Key => {
                    let read = matches!(ask.method, "GET" | "HEAD");
                    read && !matches!(ask.sub.as_str(), "acl" | "tagging" | "attributes")
                }
                To::Bucket | To::Form => false,
            },
            "tagger" => |ask| ask.sub == "tagging",
            "acp" => |ask| ask.sub == "acl",
            _ => |_| false,
        };
        let reaches: fn(&Ask) -> bool = match name {
            "writer" | DROPBOX => |ask| ask.names("{upload}"),
            _ => |_| false,
        };
        let exception: fn(&Ask) -> Option<&'static str> = match name {
            "writer" => |ask| {
                let is_any = |name| ask.value(name) == Some("*");
                (is_any("if-none-match") || is_any("if-match")).then_some(CREATE_ONLY)
            },
            "remover" => |ask| {
                let delete = ask.method == "DELETE" && ask.value("if-match") == Some("*");
                delete.then_some(IF_THERE)
            },
            "purger" => |ask| {
                let one = ask.method == "DELETE" && ask.query.contains("versionId");
                (one || ask.body.contains("{version}")).then_some(FOR_GOOD)
            },
            _ => |_| None,
        };
        Caller { name, sign, sees, reaches, exception, own_upload }
    }

    /// Whether the bucket knows the caller as more than one stranger among others.
    pub fn is_asked_in(&self, world: &World) -> bool {
        match (world.said, self.name) {
            (_, "anonymous" | "stranger" | DROPBOX) => true,
            (Said::Nothing, _) => false,
            (Said::Acl, name) => matches!(name, "writer" | "acp"),
            _ => true,
        }
    }

    /// The name and the signature.
    pub fn title(&self) -> String {
        format!("{} ({:?})", self.name, self.sign)
    }

    /// The request as it is sent; `None` where this caller cannot ask that.
    pub fn request(
        &self,
        server: &TestServer,
        world: &World,
        ask: &Ask,
        thing: &Thing,
    ) -> Option<Sent> {
        let own = format!("own-{}", self.name);
        let fill = |text: &str| filled(text, world.bucket, thing, &own, &self.own_upload);
        let path = match ask.to {
            To::Key => format!("/{}/{}", world.bucket, thing.key),
            To::Bucket | To::Form => format!("/{}", world.bucket),
            To::Own if self.sign == Sign::Nothing => return None,
            To::Own => format!("/{own}/copy"),
        };
        let mut request = Request::new(ask.method, &path);
        request.query = fill(&ask.query);
        request.headers = ask.headers.iter().map(|(n, v)| ((*n).to_owned(), fill(v))).collect();
        request.body = fill(ask.body).into_bytes();
        if request.body.starts_with(b"<") && ask.value("content-md5").is_none() {
            request = request.header("content-md5", &content_md5(&fill(ask.body).into_bytes()));
        }
        if ask.to == To::Form {
            return self.form(server, world, request, thing);
        }
        let waits = ask.value("expect").is_some() && !request.body.is_empty();
        let head = self.head(server, &request);
        let Request { method, body, .. } = request;
        Some(Sent { method, head, body, waits })
    }

    fn head(&self, server: &TestServer, request: &Request) -> Vec<u8> {
        let signer = signer(server, self.name);
        match self.sign {
            Sign::Nothing => unsigned(&signer, request, &request.target(), &[]),
            Sign::V4 => request.head(&signer),
            Sign::V4Presigned => {
                let mut headers = vec![("host".to_owned(), signer.host.clone())];
                let amz = |name: &String| name.starts_with("x-amz-") || name == "content-md5";
                headers.extend(request.headers.iter().filter(|(name, _)| amz(name)).cloned());
                let Request { method, path, query, .. } = request;
                let payload = "UNSIGNED-PAYLOAD";
                let asked = Unsigned { method, path, query, headers: &headers, payload };
                let (key, secret) = (&signer.access_key, &signer.secret);
                let query = presigned_query(&asked, key, secret, "us-east-1", signer.now, 600);
                unsigned(&signer, request, &format!("{path}?{query}"), &[])
            }
            Sign::V2 => {
                let date = signer.now.http_date();
                let text = string_to_sign(request, &date);
                let signature = sigv2::sign(&signer.secret, &text);
                let value = format!("AWS {}:{signature}", signer.access_key);
                let target = request.target();
                unsigned(&signer, request, &target, &[("date", &date), ("authorization", &value)])
            }
        }
    }

    fn form(
        &self,
        server: &TestServer,
        world: &World,
        request: Request,
        thing: &Thing,
    ) -> Option<Sent> {
        let form = Form::new(&[("key", &thing.key)], "hello");
        let any =
            format!("{{\"bucket\": \"{}\"}}, [\"starts-with\", \"$key\", \"\"]", world.bucket);
        let signer = signer(server, self.name);
        let form = match self.sign {
            Sign::Nothing => form,
            Sign::V4 | Sign::V4Presigned => form.sign_v4(&signer, &any),
            Sign::V2 => form.sign_v2(&signer, &any),
        };
        let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = request.header("content-type", &multipart).body(form.body());
        let waits = request.headers.iter().any(|(name, _)| name == "expect");
        let head = unsigned(&signer, &request, &request.target(), &[]);
        Some(Sent { method: request.method, head, body: request.body, waits })
    }
}

/// A head with these headers beside the request's own.
fn unsigned(signer: &Signer, request: &Request, target: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut headers = vec![("host".to_owned(), signer.host.clone())];
    headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    headers.extend(request.headers.iter().cloned());
    if !request.body.is_empty() || ["PUT", "POST"].contains(&request.method.as_str()) {
        headers.push(("content-length".to_owned(), request.body.len().to_string()));
    }
    raw_head(&request.method, target, &headers)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html>
fn string_to_sign(request: &Request, date: &str) -> String {
    let value = |name: &str| {
        let header = request.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (md5, kind) = (value("content-md5"), value("content-type"));
    let amz = request.headers.iter().filter(|(name, _)| name.starts_with("x-amz-"));
    let mut amz: Vec<_> = amz.collect();
    amz.sort();
    let amz: String = amz.into_iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let is_sub = |param: &&str| {
        let name = param.split('=').next().unwrap_or_default();
        sigv2::SUB_RESOURCES.contains(&name)
    };
    let mut subs: Vec<&str> = request.query.split('&').filter(is_sub).collect();
    subs.sort_unstable_by_key(|param| param.split_once('=').unwrap_or((param, "")));
    let subs = match subs.is_empty() {
        true => String::new(),
        false => format!("?{}", subs.join("&").replace("%2F", "/")),
    };
    let (method, path) = (&request.method, &request.path);
    format!("{method}\n{md5}\n{kind}\n{date}\n{amz}{path}{subs}")
}
