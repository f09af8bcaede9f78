//! A case as the bytes of a request, signed by whatever way the case says and wrong in one thing.
//!
//! The V2 string and the seed of a chain are written out here: a client's view of the texts.

use super::case::{Auth, Case, Fault, Mode};
use super::{HOST, now};
use crate::common::client::{encode, raw_head, sha256};
use crate::common::form::{BOUNDARY, Form};
use crate::common::operations::content_md5;
use base64::prelude::{BASE64_STANDARD, Engine};
use glassbucket::auth::chunk::Chain;
use glassbucket::auth::sigv4::{Canonical, Scope, SigningKey, string_to_sign};
use glassbucket::auth::{Secret, sigv2};
use glassbucket::types::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

type Pairs = Vec<(String, String)>;

/// Seconds that a URL or a form is good for.
const VALID_SECS: i64 = 600;

/// A request that can be sent.
pub(super) struct Wire {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// What is stored where the request is accepted.
    pub(super) content: Vec<u8>,
}

/// Who signs, with what, when.
struct By<'c> {
    case: &'c Case,
    key: &'static str,
    secret: Secret,
    time: Timestamp,
    /// The day of the credential.
    day: String,
}

impl By<'_> {
    fn of(case: &Case) -> By<'_> {
        let (key, secret) = match case.fault {
            Fault::WrongSecret => ("accesskey", "wrong"),
            Fault::UnknownKey => ("nobodyskey", "secretkey"),
            Fault::DisabledUser => super::DISABLED,
            Fault::ExpiredUser => super::EXPIRED,
            _ => crate::common::OWN,
        };
        let seconds = match case.fault {
            Fault::SkewedEarly => -901,
            Fault::SkewedLate => 901,
            Fault::Early => -899,
            Fault::Late => 899,
            Fault::Expired if case.auth == Auth::V4Presigned => -VALID_SECS - 1,
            _ => 0,
        };
        let time = Timestamp::new(now().secs() + seconds, 0);
        let of_day = if case.fault == Fault::OtherDay { time.secs() - 86_400 } else { time.secs() };
        let day = Timestamp::new(of_day, 0).iso8601_basic()[..8].to_owned();
        By { case, key, secret: Secret::new(secret.to_owned()), time, day }
    }

    fn scope(&self) -> Scope<'_> {
        Scope { date: &self.day, region: "us-east-1" }
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::derive(&self.secret, self.scope())
    }

    /// The signature of V4 over these headers.
    fn v4(&self, query: &str, headers: &Pairs, payload: &str) -> String {
        let signed_headers = &names(headers);
        let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let params = glassbucket::http::head::params(query).expect("a query of our own");
        let (method, path) = (self.case.op.method, self.case.op.path);
        let canonical =
            Canonical { method, path, params: &params, headers: &headers, signed_headers, payload };
        let canonical = canonical.request().expect("a path of our own");
        let string = string_to_sign(&self.time.iso8601_basic(), self.scope(), &canonical);
        self.signing_key().sign(&string)
    }

    /// The signature of V2; `date` is that of the header or `Expires`.
    fn v2(&self, query: &str, headers: &Pairs, date: &str) -> String {
        let line = |name| headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
        let (md5, kind) = (line("content-md5"), line("content-type"));
        let mut string = format!("{}\n{md5}\n{kind}\n{date}\n", self.case.op.method);
        let amz = headers.iter().filter(|(name, _)| name.starts_with("x-amz-"));
        let amz: BTreeMap<_, _> = amz.map(|(name, value)| (name, value)).collect();
        amz.iter().for_each(|(name, value)| string.push_str(&format!("{name}:{value}\n")));
        string.push_str(self.case.op.path);
        if !query.is_empty() && !query.starts_with("list-type") {
            string.push_str(&format!("?{query}"));
        }
        sigv2::sign(&self.secret, &string)
    }

    fn credential(&self) -> String {
        format!("{}/{}", self.key, self.scope())
    }

    /// When a URL or a form ends.
    fn expires(&self) -> i64 {
        let left = if self.case.fault == Fault::Expired { -1 } else { VALID_SECS };
        now().secs() + left
    }

    /// The signature as sent.
    fn sent(&self, signature: &str) -> String {
        if self.case.fault == Fault::EmptySignature { String::new() } else { signature.to_owned() }
    }

    fn is_missing(&self) -> bool {
        self.case.fault == Fault::MissingSignature
    }
}

/// All of them, in order: each is signed.
fn names(headers: &Pairs) -> String {
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.join(";")
}

/// The request, its target `query` included.
pub(super) fn build(case: &Case, upload: &str) -> Wire {
    let by = By::of(case);
    let claimed = content(case, &by);
    let sent = spoiled(case, &claimed);
    let mut query = case.op.query.replace("UPLOAD", upload);
    let mut headers = headers(case, &claimed);
    let payload = case.mode.sha256().map(|word| match word {
        "hash" => sha256(&claimed),
        word => word.to_owned(),
    });
    if let Some(payload) = &payload {
        headers.push(pair("x-amz-content-sha256", payload));
    }
    let seed = sign(&by, &mut query, &mut headers, payload.as_deref());
    let mut body = match case.mode.is_stream() && case.op.has_body() {
        true => aws_chunked(&by, &seed, &claimed, &sent),
        false => sent.clone(),
    };
    if case.mode.is_chunked() {
        let size = format!("{:x}\r\n", body.len());
        body = [size.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        headers.push(pair("transfer-encoding", "chunked"));
    } else if case.op.has_body() || case.op.method == "PUT" {
        headers.push(pair("content-length", &body.len().to_string()));
    }
    if case.fault == Fault::Unfinished {
        body.truncate(body.len() / 2);
    }
    let and = if query.is_empty() { "" } else { "?" };
    let target = format!("{}{and}{query}", case.op.path);
    let content = if case.op.is_form() { case.op.content.into() } else { sent };
    Wire { head: raw_head(case.op.method, &target, &headers), body, content }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What the client says of its body.
fn content(case: &Case, by: &By<'_>) -> Vec<u8> {
    match case.op.is_form() {
        true => form(case, by).body(),
        false => case.op.content.as_bytes().to_vec(),
    }
}

/// And what it sends.
fn spoiled(case: &Case, claimed: &[u8]) -> Vec<u8> {
    let mut sent = claimed.to_vec();
    match case.fault {
        Fault::FlippedByte if !case.op.is_form() => sent[3] ^= 1,
        Fault::Cut => drop(sent.pop()),
        Fault::Grown => sent.push(b'\n'),
        _ => {}
    }
    sent
}

/// All but those that sign.
fn headers(case: &Case, claimed: &[u8]) -> Pairs {
    let mut headers = vec![pair("host", HOST)];
    let stream = case.mode.is_stream();
    if case.op.is_form() {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        headers.push(pair("content-type", &kind));
    }
    if case.mode == Mode::ContentMd5 || case.op.wants_md5() {
        headers.push(pair("content-md5", &content_md5(claimed)));
    }
    if case.mode == Mode::Checksum {
        headers.push(pair("x-amz-checksum-sha256", &checksum(claimed)));
    }
    if stream || case.mode == Mode::ChunkedLength {
        headers.push(pair("x-amz-decoded-content-length", &claimed.len().to_string()));
    }
    if case.mode.has_trailer() {
        headers.push(pair("x-amz-trailer", "x-amz-checksum-sha256"));
    }
    if stream {
        headers.push(pair("content-encoding", "aws-chunked"));
    }
    headers
}

/// Adds what signs; the signature is the seed of a chain.
fn sign(by: &By<'_>, query: &mut String, headers: &mut Pairs, payload: Option<&str>) -> String {
    match by.case.auth {
        Auth::Nobody | Auth::Public => String::new(),
        Auth::V4Header => v4_header(by, query, headers, payload.unwrap_or_default()),
        Auth::V4Presigned => {
            v4_presigned(by, query, headers, payload.unwrap_or("UNSIGNED-PAYLOAD"))
        }
        Auth::V2Header => v2_header(by, query, headers),
        Auth::V2Presigned => v2_presigned(by, query, headers),
        // Those sign the policy; a good signature of the head beside it is one too many.
        Auth::V2Post | Auth::V4Post => {
            second_door(by, headers);
            String::new()
        }
    }
}

fn add(query: &mut String, more: &str) {
    query.push_str(if query.is_empty() { "" } else { "&" });
    query.push_str(more);
}

fn v4_header(by: &By<'_>, query: &mut String, headers: &mut Pairs, payload: &str) -> String {
    if by.case.fault == Fault::TwoDoors {
        add(query, &format!("AWSAccessKeyId={}&Expires={}&Signature=a", by.key, by.expires()));
    }
    headers.push(pair("x-amz-date", &by.time.iso8601_basic()));
    let signature = by.v4(query, headers, payload);
    let mut value = format!("AWS4-HMAC-SHA256 Credential={}", by.credential());
    value.push_str(&format!(",SignedHeaders={}", names(headers)));
    if !by.is_missing() {
        value.push_str(&format!(",Signature={}", by.sent(&signature)));
    }
    headers.push(pair("authorization", &value));
    signature
}

fn v4_presigned(by: &By<'_>, query: &mut String, headers: &mut Pairs, payload: &str) -> String {
    let (credential, names) = (encode(&by.credential(), ""), encode(&names(headers), ""));
    let time = by.time.iso8601_basic();
    add(query, &format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}"));
    add(query, &format!("X-Amz-Date={time}&X-Amz-Expires={VALID_SECS}"));
    add(query, &format!("X-Amz-SignedHeaders={names}"));
    let signature = by.v4(query, headers, payload);
    if !by.is_missing() {
        add(query, &format!("X-Amz-Signature={}", by.sent(&signature)));
    }
    second_door(by, headers);
    signature
}

fn v2_header(by: &By<'_>, query: &mut String, headers: &mut Pairs) -> String {
    let date = by.time.http_date();
    let signature = by.v2(query, headers, &date);
    let mut value = format!("AWS {}", by.key);
    if !by.is_missing() {
        value.push_str(&format!(":{}", by.sent(&signature)));
    }
    headers.push(pair("date", &date));
    headers.push(pair("authorization", &value));
    if by.case.fault == Fault::TwoDoors {
        add(query, &format!("X-Amz-Credential={}", encode(&by.credential(), "")));
        add(query, "X-Amz-Signature=a");
    }
    signature
}

fn v2_presigned(by: &By<'_>, query: &mut String, headers: &mut Pairs) -> String {
    let signature = by.v2(query, headers, &by.expires().to_string());
    add(query, &format!("AWSAccessKeyId={}&Expires={}", by.key, by.expires()));
    if !by.is_missing() {
        add(query, &format!("Signature={}", encode(&by.sent(&signature), "")));
    }
    second_door(by, headers);
    signature
}

/// A good V2 signature in the header, beside the one that is there.
fn second_door(by: &By<'_>, headers: &mut Pairs) {
    if by.case.fault == Fault::TwoDoors {
        let date = by.time.http_date();
        let signature = by.v2(&by.case.op.query.replace("UPLOAD", ""), headers, &date);
        headers.push(pair("date", &date));
        headers.push(pair("authorization", &format!("AWS {}:{signature}", by.key)));
    }
}

fn form(case: &Case, by: &By<'_>) -> Form {
    let form = Form::new(&[("key", "k")], case.op.content);
    let expiration = Timestamp::new(by.expires(), 0).iso8601();
    let (time, credential) = (by.time.iso8601_basic(), by.credential());
    let v4 = format!(
        ", {{\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"}}, {{\"x-amz-date\": \"{time}\"}}, \
         {{\"x-amz-credential\": \"{credential}\"}}"
    );
    let v4 = if case.auth == Auth::V4Post { v4.as_str() } else { "" };
    let policy = BASE64_STANDARD.encode(format!(
        "{{\"expiration\": \"{expiration}\", \"conditions\": [{{\"bucket\": \"bkt\"}}, \
         [\"starts-with\", \"$key\", \"\"]{v4}]}}"
    ));
    let mut bytes = policy.clone().into_bytes();
    if case.fault == Fault::FlippedByte {
        bytes[3] ^= 1;
    }
    let sent = String::from_utf8(bytes).expect("base64, or nearly");
    let (form, name, signature) = match case.auth {
        Auth::V4Post => {
            let form = form.field("x-amz-algorithm", "AWS4-HMAC-SHA256");
            let form = form.field("x-amz-credential", &credential).field("x-amz-date", &time);
            (form, "x-amz-signature", by.signing_key().sign(&policy))
        }
        Auth::V2Post => {
            (form.field("AWSAccessKeyId", by.key), "signature", sigv2::sign(&by.secret, &policy))
        }
        _ => return form,
    };
    let form = form.field("policy", &sent);
    if by.is_missing() { form } else { form.field(name, &by.sent(&signature)) }
}

fn checksum(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}

/// The last letter of a hex or base64 text changed to another one of it.
fn flipped(text: &str) -> String {
    let first = if text.starts_with('a') { 'b' } else { 'a' };
    format!("{first}{}", &text[1..])
}

/// The body in chunks: `claimed` is what is signed, in two of them, `sent` what is sent.
fn aws_chunked(by: &By<'_>, seed: &str, claimed: &[u8], sent: &[u8]) -> Vec<u8> {
    let (case, fault) = (by.case, by.case.fault);
    let time = by.time.iso8601_basic();
    let mut chain = Chain::new(by.signing_key(), time, by.scope(), seed);
    let signed = case.mode != Mode::StreamUnsignedTrailer;
    let mut body = Vec::new();
    let half = claimed.len() / 2;
    let pieces = [(&claimed[..half], &sent[..half]), (&claimed[half..], &sent[half..])];
    for (claimed, sent) in pieces.into_iter().filter(|(_, sent)| !sent.is_empty()) {
        push_chunk(
            &mut body,
            sent,
            signed.then(|| chain.sign_chunk(&Sha256::digest(claimed))),
            fault,
        );
    }
    if fault == Fault::NoLastChunk {
        return body;
    }
    push_chunk(
        &mut body,
        b"",
        signed.then(|| chain.sign_chunk(&Sha256::digest(b""))),
        Fault::Nothing,
    );
    body.truncate(body.len() - 2);
    let mut trailer = format!("x-amz-checksum-sha256:{}", checksum(claimed));
    if case.mode.has_trailer() && fault != Fault::MissingTrailer {
        let signature = chain.sign_trailer(&Sha256::digest(format!("{trailer}\n"))).to_owned();
        if fault == Fault::FlippedTrailerChecksum {
            trailer = format!("x-amz-checksum-sha256:{}", checksum(b"other"));
        }
        body.extend_from_slice(format!("{trailer}\r\n").as_bytes());
        let signature = match fault {
            Fault::FlippedTrailerSignature => flipped(&signature),
            _ => signature,
        };
        if signed && fault != Fault::MissingTrailerSignature {
            body.extend_from_slice(format!("x-amz-trailer-signature:{signature}\r\n").as_bytes());
        }
    }
    body.extend_from_slice(b"\r\n");
    body
}

fn push_chunk(body: &mut Vec<u8>, data: &[u8], signature: Option<&str>, fault: Fault) {
    let extension = match signature {
        Some(good) if fault == Fault::FlippedChunkSignature => {
            format!(";chunk-signature={}", flipped(good))
        }
        Some(good) => format!(";chunk-signature={good}"),
        None => String::new(),
    };
    body.extend_from_slice(format!("{:x}{extension}\r\n", data.len()).as_bytes());
    body.extend_from_slice(data);
    body.extend_from_slice(b"\r\n");
}
