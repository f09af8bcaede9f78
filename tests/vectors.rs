//! The signature examples of the S3 documentation, each as a whole raw request.
//!
//! Every row of `fixtures/s3-signatures.json` that is not an erratum goes through the head parser
//! and `authenticate`. The canonical request and the string to sign are compared as text: a
//! request with a spoiled signature is answered with the texts that the server computed, so what
//! is compared is also what a client's author is shown. Then each signed byte is spoiled, bit by
//! bit, and must be refused.
//!
//! The credentials are the fictitious pair of the AWS documents.

use glassbucket::auth::chunk::Chain;
use glassbucket::auth::sigv4::{Scope, SigningKey};
use glassbucket::auth::{PayloadVerified, Secret, Settings, User, Users, Verified, authenticate};
use glassbucket::digest::{BodyDigest, Digests, Expected, ExpectedChecksum};
use glassbucket::error::{ErrorCode, S3Error};
use glassbucket::http::body::{Decoder, Event};
use glassbucket::http::head::RequestHead;
use glassbucket::types::{ChecksumAlgorithm, Owner, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// What `--domain` would be given: the documents' endpoints, old and new.
const DOMAINS: [&str; 2] = ["s3.amazonaws.com", "s3.us-west-1.amazonaws.com"];

fn rows() -> Vec<Value> {
    serde_json::from_str(include_str!("fixtures/s3-signatures.json")).unwrap()
}

fn rows_of(kind: &str) -> Vec<Value> {
    rows().into_iter().filter(|row| text(row, "kind") == kind).collect()
}

fn row(name: &str) -> Value {
    rows().into_iter().find(|row| text(row, "name") == name).unwrap()
}

fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_else(|| panic!("{field} of {row}"))
}

fn users() -> Users {
    let owner = Owner { id: "doc".to_owned(), display_name: "doc".to_owned() };
    let secret = Secret::new(SECRET_KEY.to_owned());
    Users::new(vec![User::new(owner, ACCESS_KEY.to_owned(), secret)]).unwrap()
}

/// A raw request and when it is good.
struct Request {
    head: Vec<u8>,
    now: Timestamp,
}

impl Request {
    /// `None`: the parser refuses it.
    fn authenticate(&self) -> Option<Result<Verified, S3Error>> {
        let (head, _) = RequestHead::parse(&self.head).ok()??;
        let bucket = host_bucket(head.host());
        let settings = Settings { require_signed_payload: false };
        Some(authenticate(&head, bucket.as_deref(), &users(), self.now, settings))
    }

    /// The same request with the first byte of its signature changed.
    fn spoiled(&self, signature: &str) -> Request {
        let at = position(&self.head, signature);
        let mut head = self.head.clone();
        head[at] = if head[at] == b'1' { b'2' } else { b'1' };
        Request { head, now: self.now }
    }

    fn refusal(&self, signature: &str) -> S3Error {
        let error = self.spoiled(signature).authenticate().unwrap().unwrap_err();
        assert_eq!(error.code, ErrorCode::SignatureDoesNotMatch);
        error
    }
}

fn host_bucket(host: &str) -> Option<String> {
    let host = host.split(':').next().unwrap_or_default();
    if DOMAINS.contains(&host) {
        return None;
    }
    let label = DOMAINS.iter().find_map(|domain| host.strip_suffix(&format!(".{domain}")));
    Some(label.unwrap_or(host).to_owned()) // else a CNAME: the host is the bucket
}

fn position(bytes: &[u8], part: &str) -> usize {
    bytes.windows(part.len()).position(|window| window == part.as_bytes()).unwrap()
}

fn field<'e>(error: &'e S3Error, name: &str) -> &'e str {
    &error.fields.iter().find(|(field, _)| *field == name).unwrap().1
}

fn pair(header: &Value) -> (&str, &str) {
    (header[0].as_str().unwrap(), header[1].as_str().unwrap())
}

/// A V4 row as the client would have sent it. `content_length` is of the body, where the row does
/// not sign one.
fn v4_request(row: &Value, content_length: usize) -> Request {
    // Two rows are sent otherwise than they are canonicalised.
    let path = text(row, "canonical_uri").replace("%24", "$");
    let mut query = text(row, "canonical_query").replace("lifecycle=", "lifecycle");
    let headers = row["headers"].as_array().unwrap();
    let mut lines: Vec<String> =
        headers.iter().map(pair).map(|(name, value)| format!("{name}: {value}")).collect();
    let signed: Vec<&str> = headers.iter().map(pair).map(|(name, _)| name).collect();
    let signature = text(row, "signature");
    if query.contains("X-Amz-Algorithm") {
        query.push_str(&format!("&X-Amz-Signature={signature}"));
    } else {
        lines.push(format!(
            "Authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{},SignedHeaders={},\
             Signature={signature}",
            text(row, "scope"),
            signed.join(";")
        ));
    }
    if content_length > 0 && !signed.contains(&"content-length") {
        lines.push(format!("Content-Length: {content_length}"));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    let method = text(row, "method");
    let head = format!("{method} {path}{mark}{query} HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"));
    let now = Timestamp::parse_iso8601_basic(text(row, "timestamp")).unwrap();
    Request { head: head.into_bytes(), now }
}

/// A V2 row: `GET /path; Name: value; ...`, from which the older edition differs by the bucket.
fn v2_request(v2: &Value) -> Request {
    let short = match text(v2, "name").strip_prefix("v2 Older edition: ") {
        None => text(v2, "request").to_owned(),
        Some(older) => {
            let newer = match older.split(' ').next().unwrap() {
                "Upload" => "v2 Upload (CNAME bucket, repeated meta header)",
                "acl" => "v2 Fetch (?acl)",
                _ => &format!("v2 {}", older.strip_suffix(" johnsmith").unwrap()),
            };
            text(&row(newer), "request").replace("awsexamplebucket1", "johnsmith")
        }
    };
    let short = short.replace("...", ".s3.us-west-1.amazonaws.com");
    let (line, headers) = short.split_once("; ").unwrap();
    let headers = headers.replace("; filename", ";filename"); // a value, not a separator
    let (mut lines, mut date) = (vec![format!("{line} HTTP/1.1")], String::new());
    for header in headers.split("; ") {
        lines.push(header.to_owned());
        if let Some(value) = header.strip_prefix("Date: ") {
            date = value.to_owned();
        }
    }
    let now = match line.split_once("Expires=") {
        Some((_, expires)) => Timestamp::new(expires.parse::<i64>().unwrap() - 60, 0),
        None => Timestamp::parse_http_date(&date).unwrap(),
    };
    let signature = text(v2, "signature");
    if !line.contains("Signature=") {
        lines.push(format!("Authorization: AWS {ACCESS_KEY}:{signature}"));
    }
    Request { head: format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes(), now }
}

#[test]
fn sigv4_rows_reproduce_and_are_accepted() {
    let rows = rows_of("sigv4");
    assert_eq!(rows.len(), 7);
    for row in &rows {
        let name = text(row, "name");
        let request = v4_request(row, 0);
        let error = request.refusal(text(row, "signature"));
        assert_eq!(field(&error, "CanonicalRequest"), text(row, "canonical_request"), "{name}");
        let string = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            text(row, "timestamp"),
            text(row, "scope"),
            text(row, "creq_sha256")
        );
        assert_eq!(field(&error, "StringToSign"), string, "{name}");
        let verified = request.authenticate().unwrap().unwrap();
        assert_eq!(verified.user().unwrap().access_key, ACCESS_KEY, "{name}");
    }
}

#[test]
fn sigv2_rows_reproduce_and_are_accepted() {
    let rows = rows_of("sigv2");
    assert_eq!(rows.len(), 13);
    for row in &rows {
        let name = text(row, "name");
        let request = v2_request(row);
        let in_url = text(row, "signature").replace('+', "%2B").replace('=', "%3D");
        let presigned = name.contains("Query string");
        let signature = if presigned { &in_url } else { text(row, "signature") };
        let error = request.refusal(signature);
        assert_eq!(field(&error, "StringToSign"), text(row, "string_to_sign"), "{name}");
        assert!(request.authenticate().unwrap().is_ok(), "{name}");
    }
}

/// The page prints a signature for a string that breaks the page's own rule; the rule is obeyed.
#[test]
fn sigv2_delete_signs_x_amz_date_as_a_header_and_leaves_the_date_line_empty() {
    let erratum = &rows_of("sigv2-erratum")[0];
    let printed = text(erratum, "signature");
    let mut request = v2_request(erratum);
    let error = request.authenticate().unwrap().unwrap_err();
    assert_eq!(
        field(&error, "StringToSign"),
        "DELETE\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n\
         /awsexamplebucket1/photos/puppy.jpg"
    );
    let head = String::from_utf8(request.head).unwrap();
    request.head = head.replace(printed, "Ri1hpB1zpS9pGqR7y8kuNFCl4sE=").into_bytes();
    assert!(request.authenticate().unwrap().is_ok());
}

#[test]
fn post_policy_row_reproduces() {
    let row = &rows_of("sigv4-post")[0];
    let scope = Scope { date: "20151229", region: "us-east-1" };
    assert_eq!(scope.to_string(), text(row, "scope"));
    let key = SigningKey::derive(&Secret::new(SECRET_KEY.to_owned()), scope);
    assert_eq!(key.sign(text(row, "policy_b64")), text(row, "signature"));
}

/// Quoted from the same page by other projects' tests.
#[test]
fn the_second_trailer_vector_reproduces() {
    let scope = Scope { date: "20130524", region: "us-east-1" };
    let key = SigningKey::derive(&Secret::new(SECRET_KEY.to_owned()), scope);
    let previous = "e05ab64fe1dfdbf0b5870abbaabdb063c371d4e96f2767e6934d90529c5ae850";
    let mut chain = Chain::new(key, "20130524T000000Z".to_owned(), scope, previous);
    assert_eq!(
        chain.sign_trailer(&Sha256::digest("x-amz-checksum-crc32c:wdBDMA==\n")),
        "41e14ac611e27a8bb3d66c3bad6856f209297767d5dd4fc87d8fa9e422e03faf"
    );
}

/// The body of a chunk row on the wire.
fn chunked_body(chunks: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in chunks["chunks"].as_array().unwrap() {
        let bytes = usize::try_from(chunk["len"].as_u64().unwrap()).unwrap();
        let signature = text(chunk, "signature");
        body.extend(format!("{bytes:x};chunk-signature={signature}\r\n").bytes());
        body.extend(std::iter::repeat_n(b'a', bytes));
        if bytes > 0 {
            body.extend(b"\r\n");
        }
    }
    if let Some(trailer) = chunks["trailer"].as_str() {
        let signature = text(chunks, "trailer_signature");
        body.extend(format!("{trailer}\r\nx-amz-trailer-signature:{signature}\r\n").bytes());
    }
    body.extend(b"\r\n");
    body
}

/// A request and its body, verified as the server does.
fn receive(request: &Request, body: &[u8]) -> Result<PayloadVerified, S3Error> {
    receive_content(request, body, None)
}

/// The same, whatever its content is, as the content of these digests.
fn receive_content(
    request: &Request,
    body: &[u8],
    digests: Option<&Digests>,
) -> Result<PayloadVerified, S3Error> {
    let verified = request.authenticate().unwrap()?;
    let (head, _) = RequestHead::parse(&request.head).unwrap().unwrap();
    let mut decoder = Decoder::new(head.framing());
    if verified.payload().is_aws_chunked() {
        decoder.stack_aws_chunked();
    }
    let checksum = head.header("x-amz-trailer").map(|_| ChecksumAlgorithm::Crc32c);
    let mut digest = BodyDigest::new(checksum);
    let mut verifier = verified.payload().verifier();
    let mut events = Vec::new();
    decoder.decode(body, &mut events)?;
    for event in events {
        match event {
            Event::Data(range) => {
                verifier.data(&body[range.clone()]);
                if digests.is_none() {
                    digest.update(&body[range]);
                }
            }
            Event::Chunk { size, extension } => verifier.chunk(size, &extension)?,
            Event::ChunkEnd => verifier.chunk_end()?,
            Event::Trailer { name, value } => verifier.trailer(&name, &value)?,
        }
    }
    if !decoder.is_done() {
        return Err(ErrorCode::IncompleteBody.into());
    }
    let checksum = checksum.map(ExpectedChecksum::Trailer);
    let digests = digests.cloned().unwrap_or_else(|| digest.finish());
    verifier.finish(&Expected { content_md5: None, checksum }, digests)
}

fn chunk_rows() -> [(Request, Vec<u8>); 2] {
    ["Chunked upload", "Chunked upload with trailer"].map(|name| {
        let body = chunked_body(&row(&format!("{name} chunks")));
        (v4_request(&row(&format!("{name}: seed")), body.len()), body)
    })
}

#[test]
fn chunk_and_trailer_rows_are_accepted() {
    let [plain, trailer] = chunk_rows();
    assert_eq!(plain.1.len(), 66824, "the Content-Length that the row signs");
    for (request, body) in [plain, trailer] {
        assert_eq!(receive(&request, &body).unwrap().digests().bytes, 66560);
    }
}

#[test]
fn put_object_row_is_accepted_with_its_body_and_refused_with_each_bit_flipped() {
    let body = b"Welcome to Amazon S3.";
    let request = v4_request(&row("PUT object (key with $)"), body.len());
    assert!(receive(&request, body).is_ok());
    for bit in 0..body.len() * 8 {
        let mut flipped = body.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = receive(&request, &flipped).unwrap_err();
        assert_eq!(error.code, ErrorCode::XAmzContentSHA256Mismatch);
    }
    println!("{} flips of the body, all refused", body.len() * 8);
}

/// Every bit of every line of the chunked bodies, and one bit of every byte of their content.
#[test]
fn a_flipped_bit_in_a_chunked_body_is_refused() {
    let flips = std::thread::scope(|scope| {
        let rows = chunk_rows().map(|(request, body)| scope.spawn(move || flip(&request, body)));
        rows.into_iter().map(|row| row.join().unwrap()).sum::<usize>()
    });
    println!("{flips} flips of chunked bodies, all refused");
}

/// The digests stay those of the good body: it is the signatures that refuse, and no checksum.
fn flip(request: &Request, mut body: Vec<u8>) -> usize {
    let good = receive(request, &body).unwrap();
    let mut flips = 0;
    for at in 0..body.len() {
        let is_a = |at: usize| body.get(at) == Some(&b'a');
        let content = is_a(at) && (is_a(at + 1) || is_a(at - 1));
        for bit in if content { at % 8..at % 8 + 1 } else { 0..8 } {
            // Line ends are the grammar's, not the signer's.
            let is_grammar = b"\r\n".contains(&body[at]);
            if is_grammar || (!content && is_case_of_trailer_name(&body, at, bit)) {
                continue;
            }
            body[at] ^= 1 << bit;
            let received = receive_content(request, &body, Some(good.digests()));
            assert!(received.is_err(), "byte {at} bit {bit}");
            body[at] ^= 1 << bit;
            flips += 1;
        }
    }
    flips
}

/// Trailer names are signed in lower case: their case on the wire is not.
fn is_case_of_trailer_name(body: &[u8], at: usize, bit: usize) -> bool {
    let line = body[..at].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    bit == 5
        && body[line..].starts_with(b"x-amz-")
        && !body[line..at].contains(&b':')
        && body[at].is_ascii_alphabetic()
}

/// Which bits of a head are not signed, though they stand in a signed part.
fn is_same_to_the_signer(head: &[u8], at: usize, bit: usize, v2: bool) -> bool {
    let line = head[..at].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let before = &head[line..at];
    if line > 0 {
        // Header names are signed in lower case.
        return bit == 5 && head[at].is_ascii_alphabetic() && !before.contains(&b':');
    }
    // Escapes are decoded before they are signed, but for a V2 path: `%2f` is `%2F`.
    let escape = before.ends_with(b"%") || before.len() > 1 && before[at - 2] == b'%';
    let in_query = before.contains(&b'?');
    bit == 5 && escape && head[at].is_ascii_alphabetic() && (in_query || !v2)
}

/// Whether a byte is in a part that the signature covers: method, path, query, signed headers, and
/// the credentials.
fn is_signed_part(head: &[u8], at: usize, v2: bool) -> bool {
    let start = head[..at].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let end = at + head[at..].iter().position(|b| *b == b'\r').unwrap_or_default();
    let line = std::str::from_utf8(&head[start..end]).unwrap().to_ascii_lowercase();
    if head[at] == b'\r' || head[at] == b'\n' {
        return false;
    }
    if start == 0 {
        let target = line.find(" http/").unwrap();
        // SigV2 does not sign what is no sub-resource.
        let unsigned = if v2 { line.find("?prefix").unwrap_or(target) } else { target };
        return at < unsigned && line.as_bytes()[at] != b' ';
    }
    let (name, _) = line.split_once(':').unwrap();
    let colon = start + name.len();
    let v2_name = |name: &str| {
        name.starts_with("x-amz-")
            || ["authorization", "content-md5", "content-type", "date"].contains(&name)
    };
    // The colon and the space after it are HTTP's.
    (at < colon || at > colon + 1) && (!v2 || v2_name(name))
}

#[test]
fn a_flipped_bit_in_a_signed_part_of_a_head_is_refused() {
    let v4 = rows_of("sigv4").into_iter().map(|row| (v4_request(&row, 0), false));
    let v2 = rows_of("sigv2").into_iter().map(|row| (v2_request(&row), true));
    let (mut by_parser, mut by_signature) = (0, 0);
    for (request, v2) in v4.chain(v2) {
        for at in (0..request.head.len()).filter(|at| is_signed_part(&request.head, *at, v2)) {
            for bit in (0..8).filter(|bit| !is_same_to_the_signer(&request.head, at, *bit, v2)) {
                let mut flipped = Request { head: request.head.clone(), now: request.now };
                flipped.head[at] ^= 1 << bit;
                // Without its Authorization header a request is nobody's: that proves nothing.
                let proves = |verified: Verified| verified.user().is_some();
                match flipped.authenticate().map(|verified| verified.map(proves)) {
                    None => by_parser += 1,
                    Some(Err(_) | Ok(false)) => by_signature += 1,
                    Some(Ok(true)) => {
                        let head = String::from_utf8_lossy(&flipped.head);
                        panic!("accepted with bit {bit} of byte {at} flipped:\n{head}")
                    }
                }
            }
        }
    }
    println!("{by_signature} flips refused by the signature, {by_parser} by the head parser");
    assert!(by_signature > 10_000);
}
