//! What a policy's conditions may ask of a request: condition keys and their values.
//!
//! Gathered once a request, where `server` has head and connection in hand; what only the object
//! or a body tells (tags) is added when it is known. A key that is not here has no value, which is
//! what AWS says of a key that a request does not carry.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use crate::auth::sigv4::UNSIGNED_PAYLOAD;
use crate::auth::{PayloadClaim, Scheme, Verified};
use crate::http::head::RequestHead;
use crate::limits;
use crate::types::{BucketName, Key, Retention, Tags, Timestamp};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::cell::Cell;
use std::net::IpAddr;

const COPY_SOURCE: &str = "s3:x-amz-copy-source";
const OBJECT_LOCK_MODE: &str = "s3:object-lock-mode";
const OBJECT_LOCK_UNTIL: &str = "s3:object-lock-retain-until-date";
const MAX_KEYS: &str = "s3:max-keys";
const OBJECT_CREATION: &str = "s3:objectcreationoperation";
const IF_NONE_MATCH: &str = "s3:if-none-match";
const CONTENT_SHA256: &str = "s3:x-amz-content-sha256";
const DAY_SECS: u64 = 24 * 60 * 60;

/// Headers that are condition keys, by the name they have there.
const HEADERS: &[(&str, &str)] = &[
    ("if-match", "s3:if-match"),
    ("if-none-match", IF_NONE_MATCH),
    ("referer", "aws:referer"),
    ("user-agent", "aws:useragent"),
    ("x-amz-acl", "s3:x-amz-acl"),
    ("x-amz-content-sha256", CONTENT_SHA256),
    ("x-amz-grant-full-control", "s3:x-amz-grant-full-control"),
    ("x-amz-grant-read", "s3:x-amz-grant-read"),
    ("x-amz-grant-read-acp", "s3:x-amz-grant-read-acp"),
    ("x-amz-grant-write", "s3:x-amz-grant-write"),
    ("x-amz-grant-write-acp", "s3:x-amz-grant-write-acp"),
    ("x-amz-metadata-directive", "s3:x-amz-metadata-directive"),
    ("x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold"),
    ("x-amz-object-lock-mode", OBJECT_LOCK_MODE),
    ("x-amz-object-lock-retain-until-date", OBJECT_LOCK_UNTIL),
    ("x-amz-object-ownership", "s3:x-amz-object-ownership"),
    ("x-amz-server-side-encryption", "s3:x-amz-server-side-encryption"),
    (
        "x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    ),
    (
        "x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-server-side-encryption-customer-algorithm",
    ),
    ("x-amz-storage-class", "s3:x-amz-storage-class"),
    ("x-amz-website-redirect-location", "s3:x-amz-website-redirect-location"),
];

/// Query parameters that are condition keys.
const PARAMETERS: &[(&str, &str)] =
    &[("delimiter", "s3:delimiter"), ("prefix", "s3:prefix"), ("versionId", "s3:versionid")];

/// Keys of `s3:` that are made here of something else than one header or parameter.
const DERIVED: &[&str] = &[
    "s3:authtype",
    "s3:existingobjecttag/",
    "s3:object-lock-remaining-retention-days",
    "s3:requestobjecttag/",
    "s3:requestobjecttagkeys",
    "s3:signatureage",
    "s3:signatureversion",
    "s3:tlsversion",
    COPY_SOURCE,
    MAX_KEYS,
    OBJECT_CREATION,
];

/// What of head and connection a policy may ask for, taken while both are at hand. Cheap, since
/// most buckets have no policy: [`Facts`] are made of it where one is read.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    peer: IpAddr,
    tls: Option<&'static str>,
    /// When it was signed, if it says so as version 4 does.
    signed: Option<Timestamp>,
    /// The tags that the request gives an object: by `x-amz-tagging` or, once it was read, by its
    /// body.
    tags: Vec<(String, String)>,
    values: Vec<(&'static str, String)>,
}

impl RequestFacts {
    /// `tls` is the version that the connection is encrypted by (`1.3`), if it is. `peer` is its
    /// address: a header such as `X-Forwarded-For` is anyone's to write and is not believed
    /// (security class P). Of a header or parameter that is there twice the first counts, as it
    /// does for the router: a policy must not weigh another one than the handler obeys.
    pub fn gather(head: &RequestHead, peer: IpAddr, tls: Option<&'static str>) -> RequestFacts {
        let header = |(name, key): &(&str, &'static str)| {
            let value = head.header(name).filter(|value| !value.is_empty())?;
            Some((*key, value.to_owned()))
        };
        let parameter =
            |(name, key): &(&str, &'static str)| Some((*key, head.param(name)?.to_owned()));
        let headers = HEADERS.iter().filter_map(header);
        let mut values: Vec<_> = headers.chain(PARAMETERS.iter().filter_map(parameter)).collect();
        // AWS knows no other value in a write, so policies that let nobody overwrite only ask
        // whether the header is there. One with a tag, which is obeyed here, overwrites the rest.
        values.retain(|(key, value)| *key != IF_NONE_MATCH || value == "*");
        // With more than an object may have no request is served that gives it any.
        let tags = form_pairs(head.header("x-amz-tagging").unwrap_or_default());
        let tags = tags.take(limits::OBJECT_TAGS_MAX).collect();
        let date = head.header("x-amz-date").or_else(|| head.param("X-Amz-Date"));
        let signed = date.and_then(Timestamp::parse_iso8601_basic);
        RequestFacts { peer, tls, signed, tags, values }
    }

    /// Of a listing: how many keys it lists at most, as the handler obeys it, asked for or not. A
    /// Deny of more than ten must not miss who asks for no number and gets a thousand (security
    /// class E).
    pub fn set_max_keys(&mut self, keys: usize) {
        self.set(MAX_KEYS, Some(keys.to_string()));
    }

    /// Of `s3:PutObject`: whether the request makes the object, or begins an upload or adds a part
    /// to one, where no `If-None-Match` can be sent.
    pub fn set_creates_object(&mut self, creates: bool) {
        self.set(OBJECT_CREATION, Some(creates.to_string()));
    }

    /// Of a visit to a site, where no parameter and no header of S3's counts: only who visits, from
    /// where, is weighed.
    pub fn of_visit(head: &RequestHead, peer: IpAddr, tls: Option<&'static str>) -> RequestFacts {
        let mut facts = RequestFacts::gather(head, peer, tls);
        facts.values.retain(|(key, _)| is_global(key));
        RequestFacts { signed: None, tags: Vec::new(), ..facts }
    }

    /// The same of a request whose body brings these tags.
    pub fn with_request_tags(&self, tags: &Tags) -> RequestFacts {
        RequestFacts { tags: tags.0.clone(), ..self.clone() }
    }

    /// The same of a copy, of the source that the handler reads. The header has many spellings, a
    /// slash before the bucket and escapes, and a Deny must not miss one (security class E). A
    /// version is not told: what is said of an object holds for its versions.
    pub fn with_copy_source(&self, bucket: &BucketName, key: &Key) -> RequestFacts {
        self.with(COPY_SOURCE, Some(format!("{}/{}", bucket.as_str(), key.as_str())))
    }

    /// The same of a request whose body brings this retention, or takes one away.
    pub fn with_retention(&self, retention: Option<&Retention>) -> RequestFacts {
        let until = retention.map(|retention| retention.until.iso8601());
        self.with(OBJECT_LOCK_MODE, retention.map(|retention| retention.mode.name().to_owned()))
            .with(OBJECT_LOCK_UNTIL, until)
    }

    /// The same of a request whose body sets or lifts a legal hold.
    pub fn with_legal_hold(&self, held: bool) -> RequestFacts {
        let status = if held { "ON" } else { "OFF" };
        self.with("s3:object-lock-legal-hold", Some(status.to_owned()))
    }

    /// The same with this value of a key and no other.
    fn with(&self, key: &'static str, value: Option<String>) -> RequestFacts {
        let mut facts = self.clone();
        facts.set(key, value);
        facts
    }

    fn set(&mut self, key: &'static str, value: Option<String>) {
        self.values.retain(|(other, _)| *other != key);
        self.values.extend(value.map(|value| (key, value)));
    }

    /// The same of a browser's form. The head only says who sends it and from where (`aws:...`);
    /// what is asked for stands in the fields, and a header that says something else about it must
    /// not be what a policy weighs (security class A).
    pub fn of_form(&self, fields: &RequestHead) -> RequestFacts {
        let mut facts = RequestFacts::gather(fields, self.peer, self.tls);
        facts.values.retain(|(key, _)| !is_global(key));
        facts.values.extend(self.values.iter().filter(|(key, _)| is_global(key)).cloned());
        facts.set_creates_object(true);
        facts
    }
}

/// Whether a key is about the sender and not about what is asked for.
fn is_global(key: &str) -> bool {
    key.starts_with("aws:")
}

/// Condition keys, in lower case since their case does not matter, and their values.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    values: Vec<(Cow<'static, str>, String)>,
    /// Steps of matching taken so far.
    steps: Cell<usize>,
}

impl Facts {
    /// All that is known of a request before its object and its body are.
    pub fn new(request: &RequestFacts, verified: &Verified, now: Timestamp) -> Facts {
        let values = request.values.iter().map(|(key, value)| ((*key).into(), value.clone()));
        let mut facts = Facts { values: values.collect(), steps: Cell::new(0) };
        facts.known("aws:sourceip", request.peer.to_canonical().to_string());
        facts.known("aws:securetransport", request.tls.is_some().to_string());
        if let Some(version) = request.tls {
            facts.known("s3:tlsversion", version.to_owned());
        }
        facts.known("aws:currenttime", now.iso8601());
        facts.known("aws:epochtime", now.secs().to_string());
        facts.add_caller(verified);
        for (key, value) in &request.tags {
            facts.add_request_tag(key, value.clone());
        }
        if verified.user().is_some() {
            facts.add_signature_age(request.signed, verified.scheme(), now);
        }
        // Read as the router reads it: a date in a form that counts must not pass unweighed.
        let until = facts.of(OBJECT_LOCK_UNTIL).next().and_then(Retention::parse_until);
        if let Some(until) = until {
            facts.set(OBJECT_LOCK_UNTIL, until.iso8601());
            let days = (until.secs().saturating_sub(now.secs())).max(0).cast_unsigned();
            let days = days.div_ceil(DAY_SECS).to_string();
            facts.known("s3:object-lock-remaining-retention-days", days);
        }
        facts
    }

    /// A tag that the request gives an object.
    pub fn add_request_tag(&mut self, key: &str, value: String) {
        self.add(&format!("s3:RequestObjectTag/{key}"), value);
        self.known("s3:requestobjecttagkeys", key.to_owned());
    }

    /// A tag that the object has.
    pub fn add_existing_tag(&mut self, key: &str, value: String) {
        self.add(&format!("s3:ExistingObjectTag/{key}"), value);
    }

    /// Who asks, and how that was proved.
    fn add_caller(&mut self, verified: &Verified) {
        let (kind, version) = match verified.scheme() {
            Scheme::Anonymous => return self.known("aws:principaltype", "Anonymous".to_owned()),
            Scheme::V2Header => ("REST-HEADER", "AWS"),
            Scheme::V2Presigned => ("REST-QUERY-STRING", "AWS"),
            Scheme::V2Post => ("POST", "AWS"),
            Scheme::V4Header => ("REST-HEADER", "AWS4-HMAC-SHA256"),
            Scheme::V4Presigned => ("REST-QUERY-STRING", "AWS4-HMAC-SHA256"),
            Scheme::V4Post => ("POST", "AWS4-HMAC-SHA256"),
        };
        self.known("s3:authtype", kind.to_owned());
        self.known("s3:signatureversion", version.to_owned());
        let signs_v4 = matches!(verified.scheme(), Scheme::V4Header | Scheme::V4Presigned);
        let is_silent = self.of(CONTENT_SHA256).next().is_none();
        if signs_v4 && is_silent && matches!(verified.payload(), PayloadClaim::Unsigned) {
            // What a presigned URL signs of its body without saying so.
            self.known(CONTENT_SHA256, UNSIGNED_PAYLOAD.to_owned());
        }
        let Some(user) = verified.user() else { return };
        // By its own id, also where it acts for the bucket's owner: a policy says who may not, and
        // every user is named by one form of principal.
        self.known("aws:principaltype", "Account".to_owned());
        self.known("aws:userid", user.owner.id.clone());
        self.known("aws:principalaccount", user.owner.id.clone());
        self.known("aws:username", user.owner.display_name.clone());
        self.known("aws:principalarn", format!("arn:aws:iam::{}:root", user.owner.id));
    }

    /// In milliseconds; of version 2 always 0, as on AWS.
    fn add_signature_age(&mut self, signed: Option<Timestamp>, scheme: Scheme, now: Timestamp) {
        let is_v2 = matches!(scheme, Scheme::V2Header | Scheme::V2Presigned | Scheme::V2Post);
        let signed = if is_v2 { Some(now) } else { signed };
        let Some(signed) = signed else { return };
        let milliseconds = now.secs().saturating_sub(signed.secs()).saturating_mul(1000);
        self.known("s3:signatureage", milliseconds.max(0).to_string());
    }

    fn known(&mut self, key: &'static str, value: String) {
        self.values.push((key.into(), value));
    }

    /// Adds one value of a key.
    pub fn add(&mut self, key: &str, value: String) {
        self.values.push((key.to_ascii_lowercase().into(), value));
    }

    /// Gives a key that one value alone.
    pub fn set(&mut self, key: &str, value: String) {
        let key = key.to_ascii_lowercase();
        self.values.retain(|(other, _)| *other != key);
        self.values.push((key.into(), value));
    }

    /// Counts steps of matching; false where weighing the policy has become too dear.
    pub(super) fn spend(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_add(steps));
        !self.are_spent()
    }

    /// Whether there were more steps than [`limits::POLICY_STEPS_MAX`]: what was found then is
    /// half a verdict.
    pub(super) fn are_spent(&self) -> bool {
        self.steps.get() > limits::POLICY_STEPS_MAX
    }

    /// The values of a key, which is given in lower case.
    pub fn of<'f>(&'f self, key: &'f str) -> impl Iterator<Item = &'f str> + Clone {
        self.values.iter().filter(move |(other, _)| other == key).map(|(_, value)| value.as_str())
    }
}

/// `a=1&b=2`, percent-encoded, as `x-amz-tagging` has its tags.
fn form_pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key), decode(value))
    })
}

/// Whether a condition may ask for this key, which is given in lower case. A global key that this
/// server never knows (a VPC, an organisation) has no value, as on AWS for a request that carries
/// none; an unknown key of S3's own is a slip of the pen, and with Deny one that would let in.
pub(super) fn is_condition_key(key: &str) -> bool {
    let named = |rows: &[(&str, &str)]| rows.iter().any(|(_, known)| *known == key);
    let derived = |known: &&str| match known.strip_suffix('/') {
        Some(_) => key.len() > known.len() && key.starts_with(*known),
        None => *known == key,
    };
    let global = key.strip_prefix("aws:").is_some_and(|name| !name.is_empty());
    global || named(HEADERS) || named(PARAMETERS) || DERIVED.iter().any(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Facts {
        /// Those spent so far.
        pub(in super::super) fn steps(&self) -> usize {
            self.steps.get()
        }
    }

    #[test]
    fn class_a_a_form_is_weighed_by_its_fields_and_not_by_headers() {
        let raw = "POST /bkt HTTP/1.1\r\nHost: h\r\nx-amz-acl: private\r\nif-match: *\r\n\
                   x-amz-tagging: a=header\r\nReferer: http://page/\r\n\r\n";
        let (head, _) = RequestHead::parse(raw.as_bytes()).unwrap().unwrap();
        let request = RequestFacts::gather(&head, IpAddr::from([127, 0, 0, 1]), Some("1.3"));
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![field("x-amz-acl", "public-read"), field("referer", "http://liar/")];
        let form = request.of_form(&RequestHead::of_fields(fields));
        let facts = |key: &str| {
            let value = |(known, value): &(&str, String)| (*known == key).then(|| value.clone());
            form.values.iter().filter_map(value).collect::<Vec<_>>()
        };
        assert_eq!(facts("s3:x-amz-acl"), ["public-read"]);
        assert_eq!(facts("s3:if-match"), [""; 0]);
        assert!(form.tags.is_empty());
        assert_eq!(form.tls, Some("1.3"));
        assert_eq!(facts("aws:referer"), ["http://page/"]);
    }
}
