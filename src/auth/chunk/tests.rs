//! The chain of an aws-chunked body: published and generated chunks, and each way to break one.

use super::*;
use crate::auth::tests::{Draft, authenticate_now, code};
use crate::auth::{PayloadVerifier, Secret, Verified};
use crate::digest::BodyDigest;
use crate::types::Timestamp;

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
/// Of "123456789".
const CRC32: &str = "y/Q5Jg==";

/// A PUT of nine bytes, and the chain that its signature begins.
fn put(mode: &str, trailer: Option<&str>) -> (Verified, Chain) {
    let mut draft = Draft::new("PUT", "/bkt/key").with("x-amz-decoded-content-length", "9");
    if let Some(trailer) = trailer {
        draft = draft.with("x-amz-trailer", trailer);
    }
    let raw = draft.v4(mode);
    let seed = raw.split("Signature=").nth(1).unwrap().lines().next().unwrap();
    let time = Timestamp::new(draft.time, 0).iso8601_basic();
    let scope = Scope { date: &time[..8], region: "garage" };
    let key = SigningKey::derive(&Secret::new("secretkey".to_owned()), scope);
    let chain = Chain::new(key, time.clone(), scope, seed);
    (authenticate_now(&raw).unwrap(), chain)
}

/// What a client sends, step by step.
enum Step {
    /// Content and its signature.
    Chunk(&'static str, String),
    Trailer(&'static str, String),
}

fn sign(chain: &mut Chain, content: &'static str) -> Step {
    let signature = chain.sign_chunk(&Sha256::digest(content)).to_owned();
    Step::Chunk(content, format!("chunk-signature={signature}"))
}

fn sign_trailer(chain: &mut Chain, text: &str) -> Step {
    let signature = chain.sign_trailer(&Sha256::digest(text)).to_owned();
    Step::Trailer(TRAILER_SIGNATURE, signature)
}

fn feed(verifier: &mut PayloadVerifier, digest: &mut BodyDigest, step: &Step) -> Result<()> {
    match step {
        Step::Chunk(content, extension) => {
            verifier.chunk(content.len() as u64, extension)?;
            verifier.data(content.as_bytes());
            digest.update(content.as_bytes());
            verifier.chunk_end()
        }
        Step::Trailer(name, value) => verifier.trailer(name, value),
    }
}

/// `None`: accepted.
fn refusal(verified: &Verified, steps: &[Step]) -> Option<ErrorCode> {
    let trailer = match verified.payload() {
        crate::auth::PayloadClaim::AwsChunked(chunked) => chunked.announced,
        _ => None,
    };
    let mut verifier = verified.payload().verifier();
    let mut digest = BodyDigest::new(trailer);
    for step in steps {
        if let Err(error) = feed(&mut verifier, &mut digest, step) {
            return Some(error.code);
        }
    }
    let checksum = trailer.map(ExpectedChecksum::Trailer);
    let expected = Expected { content_md5: None, checksum };
    verifier.finish(&expected, digest.finish()).err().map(|error| error.code)
}

/// `12345`, `6789` and the last chunk.
fn three(chain: &mut Chain) -> Vec<Step> {
    vec![sign(chain, "12345"), sign(chain, "6789"), sign(chain, "")]
}

#[test]
fn a_signed_chain_is_accepted_whole_and_in_order_only() {
    let (verified, chain) = put(SIGNED, None);
    let steps = || three(&mut chain.clone());
    assert_eq!(refusal(&verified, &steps()), None);
    let mut swapped = steps();
    swapped.swap(0, 1);
    assert_eq!(refusal(&verified, &swapped), Some(ErrorCode::SignatureDoesNotMatch));
    let mut dropped = steps();
    dropped.remove(0);
    assert_eq!(refusal(&verified, &dropped), Some(ErrorCode::SignatureDoesNotMatch));
    let mut changed = steps();
    let Step::Chunk(content, _) = &mut changed[0] else { unreachable!() };
    *content = "12346";
    assert_eq!(refusal(&verified, &changed), Some(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn class_c_an_end_before_the_last_chunk_is_refused() {
    let (verified, mut chain) = put(SIGNED, None);
    let mut steps = three(&mut chain);
    steps.pop();
    assert_eq!(refusal(&verified, &steps), Some(ErrorCode::IncompleteBody));
    assert_eq!(refusal(&verified, &[]), Some(ErrorCode::IncompleteBody));
}

#[test]
fn class_c_a_chunk_after_the_last_is_refused() {
    let (verified, mut chain) = put(SIGNED, None);
    let mut steps = three(&mut chain);
    steps.push(sign(&mut chain, ""));
    assert_eq!(refusal(&verified, &steps), Some(ErrorCode::InvalidRequest));
}

#[test]
fn class_c_the_decoded_length_is_kept_to() {
    let (verified, chain) = put(SIGNED, None);
    for contents in [&["12345", ""][..], &["12345", "67890", ""], &["", "12345"], &[""]] {
        let mut chain = chain.clone();
        let steps: Vec<Step> = contents.iter().map(|c| sign(&mut chain, c)).collect();
        assert!(refusal(&verified, &steps).is_some(), "{contents:?}");
    }
    let huge = verified.payload().verifier().chunk(u64::MAX, "chunk-signature=x");
    assert_eq!(huge.unwrap_err().code, ErrorCode::IncompleteBody);
}

#[test]
fn class_b_a_missing_or_odd_chunk_signature_is_refused() {
    let (verified, mut chain) = put(SIGNED, None);
    let Step::Chunk(_, good) = sign(&mut chain, "12345") else { unreachable!() };
    let upper = good.replace("chunk-signature=", "").to_uppercase();
    for bad in ["", "chunk-signature", "x=1", &format!("chunk-signature={upper}"), &good[..79]] {
        let steps = [Step::Chunk("12345", bad.to_owned())];
        assert_eq!(refusal(&verified, &steps), Some(ErrorCode::SignatureDoesNotMatch), "{bad}");
    }
}

#[test]
fn a_signed_trailer_is_accepted_and_must_be_announced_complete_and_signed() {
    let (verified, chain) = put(SIGNED_TRAILER, Some("x-amz-checksum-crc32"));
    let line = format!("x-amz-checksum-crc32:{CRC32}\n");
    let crc = || Step::Trailer("x-amz-checksum-crc32", CRC32.to_owned());
    let with = |trailers: &dyn Fn(&mut Chain) -> Vec<Step>| {
        let mut chain = chain.clone();
        let mut steps = three(&mut chain);
        steps.extend(trailers(&mut chain));
        refusal(&verified, &steps)
    };
    let malformed = Some(ErrorCode::MalformedTrailerError);
    assert_eq!(with(&|chain| vec![crc(), sign_trailer(chain, &line)]), None);
    assert_eq!(with(&|_| vec![crc()]), malformed, "no signature");
    assert_eq!(with(&|chain| vec![sign_trailer(chain, "")]), malformed, "no checksum");
    assert_eq!(with(&|chain| vec![sign_trailer(chain, ""), crc()]), malformed, "after it");
    assert_eq!(with(&|chain| vec![crc(), crc(), sign_trailer(chain, &line)]), malformed, "twice");
    let undeclared = || Step::Trailer("x-amz-checksum-crc32c", CRC32.to_owned());
    assert_eq!(with(&|chain| vec![undeclared(), sign_trailer(chain, &line)]), malformed);
    let wrong = Some(ErrorCode::SignatureDoesNotMatch);
    assert_eq!(with(&|chain| vec![crc(), sign_trailer(chain, "x\n")]), wrong);
    let other = || Step::Trailer("x-amz-checksum-crc32", "AAAAAA==".to_owned());
    let other_line = "x-amz-checksum-crc32:AAAAAA==\n";
    let digest = with(&|chain| vec![other(), sign_trailer(chain, other_line)]);
    assert_eq!(digest, Some(ErrorCode::BadDigest), "signed, and not that of the content");
}

/// What AWS's SDKs send by default over TLS.
#[test]
fn an_unsigned_trailer_is_accepted_and_its_checksum_is_compared() {
    let (verified, _) = put(UNSIGNED_TRAILER, Some("x-amz-checksum-crc32"));
    let chunk = |content| Step::Chunk(content, String::new());
    let crc = |value: &str| Step::Trailer("x-amz-checksum-crc32", value.to_owned());
    let all = |last| vec![chunk("123456789"), chunk(""), last];
    assert_eq!(refusal(&verified, &all(crc(CRC32))), None);
    assert_eq!(refusal(&verified, &all(crc("AAAAAA=="))), Some(ErrorCode::BadDigest));
    assert_eq!(refusal(&verified, &all(crc("?"))), Some(ErrorCode::BadDigest));
    let none = refusal(&verified, &[chunk("123456789"), chunk("")]);
    assert_eq!(none, Some(ErrorCode::MalformedTrailerError));
    let early = refusal(&verified, &[crc(CRC32)]);
    assert_eq!(early, Some(ErrorCode::MalformedTrailerError));
    let signed = [Step::Chunk("123456789", "chunk-signature=x".to_owned())];
    assert_eq!(refusal(&verified, &signed), Some(ErrorCode::InvalidRequest));
}

#[test]
fn a_head_must_announce_the_decoded_length_and_at_most_one_known_trailer() {
    let draft = || Draft::new("PUT", "/bkt/key");
    assert_eq!(code(&draft().v4(SIGNED)), ErrorCode::MissingContentLength);
    for bad in ["", "-1", "+1", "x", "18446744073709551616"] {
        let raw = draft().with("x-amz-decoded-content-length", bad).v4(SIGNED);
        assert_eq!(code(&raw), ErrorCode::InvalidArgument, "{bad}");
    }
    let draft = || draft().with("x-amz-decoded-content-length", "9");
    for (mode, trailer) in [
        (SIGNED, "x-amz-checksum-crc32"),
        (UNSIGNED_TRAILER, "x-amz-checksum-md5"),
        (UNSIGNED_TRAILER, "x-amz-checksum-crc32,x-amz-checksum-sha1"),
        (SIGNED_TRAILER, ""),
    ] {
        let raw = draft().with("x-amz-trailer", trailer).v4(mode);
        assert_eq!(code(&raw), ErrorCode::InvalidRequest, "{mode} {trailer}");
    }
}

#[test]
fn class_k_a_chain_shows_no_key() {
    let (_, chain) = put(SIGNED, None);
    let shown = format!("{chain:?}");
    assert!(shown.starts_with("Chain") && !shown.contains("key"));
}
