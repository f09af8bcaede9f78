//! `cargo bench`: what a signature and a signed chunk cost, without sockets and files.
//!
//! * `sigv4/get`, `sigv4/put`, `sigv2/get`: one request, from the parsed head to the caller.
//! * `head`: the same GET from raw bytes to the parsed head, for comparison.
//! * `chunks`: an aws-chunked body of signed 64 KiB chunks through the decoder and the chain, in
//!   bytes of content. Its bound is SHA-256 of the content.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use glassbucket::auth::chunk::Chain;
use glassbucket::auth::sigv4::{self, Scope, SigningKey, Unsigned};
use glassbucket::auth::{Secret, Settings, User, Users, Verified, authenticate, sigv2};
use glassbucket::http::body::{Decoder, Event};
use glassbucket::http::head::RequestHead;
use glassbucket::types::{Owner, Timestamp};
use sha2::{Digest, Sha256};
use std::hint::black_box;

const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 64;

fn now() -> Timestamp {
    Timestamp::new(1_795_287_127, 0)
}

fn secret() -> Secret {
    Secret::new(SECRET_KEY.to_owned())
}

fn users() -> Users {
    let owner = Owner { id: "own1".to_owned(), display_name: "own".to_owned() };
    let (access_key, secret) = (ACCESS_KEY.to_owned(), secret());
    let user = User::new(owner, access_key, secret);
    Users::new(vec![user]).expect("one good user")
}

fn raw(method: &str, path: &str, headers: &[(String, String)]) -> String {
    let lines: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\n{lines}\r\n")
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A request signed by V4, every header signed, and one more as SDKs leave it.
fn v4(method: &str, path: &str, more: &[(&str, &str)], payload: &str) -> String {
    let date = now().iso8601_basic();
    let own =
        [("host", "localhost:9100"), ("x-amz-date", &date), ("x-amz-content-sha256", payload)];
    let mut headers = headers(&[&own[..], more].concat());
    let unsigned = Unsigned { method, path, query: "", headers: &headers, payload };
    let value = sigv4::authorization(&unsigned, ACCESS_KEY, &secret(), "us-east-1", now());
    headers.push(("authorization".to_owned(), value));
    headers.push(("user-agent".to_owned(), "Boto3/1.40 md/Botocore#1.40 os/linux".to_owned()));
    raw(method, path, &headers)
}

fn v4_get() -> String {
    v4("GET", "/photos/2024/cat%20and%20dog.jpg", &[("range", "bytes=0-1048575")], EMPTY_SHA256)
}

fn v4_put(payload: &str, decoded_bytes: usize) -> String {
    let more = [
        ("content-type", "image/jpeg"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", &decoded_bytes.to_string()),
        ("x-amz-acl", "private"),
        ("x-amz-storage-class", "STANDARD"),
        ("x-amz-meta-mtime", "1700000000"),
    ];
    v4("PUT", "/photos/2024/cat.jpg", &more, payload)
}

fn v2_get() -> String {
    let date = now().http_date();
    let string = format!("GET\n\n\n{date}\nx-amz-request-payer:requester\n/photos/2024/cat.jpg");
    let authorization = format!("AWS {ACCESS_KEY}:{}", sigv2::sign(&secret(), &string));
    let pairs = [
        ("Date", date.as_str()),
        ("x-amz-request-payer", "requester"),
        ("Authorization", &authorization),
        ("Host", "localhost:9100"),
        ("Connection", "Keep-Alive"),
    ];
    raw("GET", "/photos/2024/cat.jpg", &headers(&pairs))
}

fn parse(raw: &str) -> RequestHead {
    let parsed = RequestHead::parse(raw.as_bytes()).expect("a good head");
    parsed.expect("a whole head").0
}

fn verify(head: &RequestHead, users: &Users) -> Verified {
    let settings = Settings { require_signed_payload: false };
    authenticate(head, None, users, now(), settings).expect("a good signature")
}

fn heads(c: &mut Criterion) {
    let users = users();
    let get = v4_get();
    c.bench_function("head", |b| b.iter(|| parse(black_box(&get))));
    let put = v4_put("UNSIGNED-PAYLOAD", 1);
    for (name, raw) in [("sigv4/get", &get), ("sigv4/put", &put), ("sigv2/get", &v2_get())] {
        let head = parse(raw);
        c.bench_function(name, |b| b.iter(|| verify(black_box(&head), &users)));
    }
}

/// The body that goes with `head`, a V4 PUT of signed chunks.
fn chunked_body(head: &str) -> Vec<u8> {
    let seed = head.split("Signature=").nth(1).and_then(|rest| rest.lines().next());
    let date = now().iso8601_basic();
    let scope = Scope { date: &date[..8], region: "us-east-1" };
    let key = SigningKey::derive(&secret(), scope);
    let mut chain = Chain::new(key, date.clone(), scope, seed.expect("a signature"));
    let content = vec![b'a'; CHUNK_BYTES];
    let mut body = Vec::new();
    for bytes in std::iter::repeat_n(CHUNK_BYTES, CHUNKS).chain([0]) {
        let signature = chain.sign_chunk(&Sha256::digest(&content[..bytes]));
        body.extend(format!("{bytes:x};chunk-signature={signature}\r\n").bytes());
        body.extend(&content[..bytes]);
        body.extend(b"\r\n");
    }
    body
}

/// Decodes and verifies as the server does, short of writing the content.
fn receive(head: &RequestHead, verified: &Verified, body: &[u8], events: &mut Vec<Event>) {
    let mut decoder = Decoder::new(head.framing());
    decoder.stack_aws_chunked();
    let mut verifier = verified.payload().verifier();
    for piece in body.chunks(glassbucket::limits::BODY_BUFFER_BYTES) {
        events.clear();
        decoder.decode(piece, events).expect("a good body");
        for event in events.iter() {
            match event {
                Event::Data(range) => verifier.data(&piece[range.clone()]),
                Event::Chunk { size, extension } => {
                    verifier.chunk(*size, extension).expect("a good chunk");
                }
                Event::ChunkEnd => verifier.chunk_end().expect("a good signature"),
                Event::Trailer { .. } => {}
            }
        }
    }
    assert!(decoder.is_done());
}

fn chunks(c: &mut Criterion) {
    let decoded = CHUNK_BYTES * CHUNKS;
    let signed = v4_put("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", decoded);
    let body = chunked_body(&signed);
    let framed = signed.replacen("\r\n", &format!("\r\ncontent-length: {}\r\n", body.len()), 1);
    let head = parse(&framed);
    let verified = verify(&head, &users());
    let mut group = c.benchmark_group("chunks");
    group.throughput(Throughput::Bytes(decoded as u64));
    group.bench_function("signed 64 KiB", |b| {
        let whole = |mut events: Vec<Event>| receive(&head, &verified, &body, &mut events);
        b.iter_batched(Vec::new, whole, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group! {
    name = cores;
    config = Criterion::default();
    targets = heads, chunks
}
criterion_main!(cores);
