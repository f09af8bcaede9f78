//! The chain of signatures of an aws-chunked body: seed, chunk, ..., last chunk, trailer.
//!
//! Fed by `http::body`'s decoder through [`super::PayloadVerifier`]. The seed is the signature of
//! the head; each chunk signs the one before it and its own bytes, so that none can be changed,
//! dropped, repeated or moved:
//!
//! ```text
//! AWS4-HMAC-SHA256-PAYLOAD \n timestamp \n scope \n previous
//!     \n hex(SHA-256("")) \n hex(SHA-256(chunk))
//! AWS4-HMAC-SHA256-TRAILER \n timestamp \n scope \n previous \n hex(SHA-256("name:value\n..."))
//! ```
//!
//! A chunk's bytes have been passed on when its signature is compared: they lie in a staged file
//! that nobody can see, and the chain decides at the end whether anybody ever will.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>
//!
//! Refused (security classes B and C): a wrong or missing chunk signature, a chunk after the last,
//! no last chunk, more or fewer bytes than `x-amz-decoded-content-length`, a trailer that was not
//! announced or did not come, one that comes after the trailer signature, a missing trailer
//! signature, a chunk extension in the unsigned mode (a signature nobody checks).
//!
//! Deviation: AWS refuses a chunk under 8 KiB that is not the last; here any size is taken, as the
//! signature, not the size, is what protects.

use super::sigv4::{Scope, SigningKey};
use crate::digest::{Expected, ExpectedChecksum};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::types::{Checksum, ChecksumAlgorithm, hex};
use sha2::{Digest, Sha256};
use std::fmt;

/// Signs the chain, and follows no body that comes after the head.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";
/// SHA-256 of nothing, a line of each chunk's StringToSign that S3 keeps for later use.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The signatures of one body, each made from the one before.
#[derive(Clone)]
pub struct Chain {
    key: SigningKey,
    timestamp: String,
    scope: String,
    previous: String,
}

/// Without the key.
impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("previous", &self.previous).finish_non_exhaustive()
    }
}

impl Chain {
    /// Starts at `seed`, the signature of the head.
    pub fn new(key: SigningKey, timestamp: String, scope: Scope<'_>, seed: &str) -> Chain {
        Chain { key, timestamp, scope: scope.to_string(), previous: seed.to_owned() }
    }

    /// Signs the next chunk, of which `sha256` is the hash; the signature is the next link.
    pub fn sign_chunk(&mut self, sha256: &[u8]) -> &str {
        let string = self.string_to_sign("PAYLOAD", &format!("{EMPTY_SHA256}\n{}", hex(sha256)));
        self.link(&string)
    }

    /// Signs the trailers, of which `sha256` is the hash: `name:value` and a line feed each.
    pub fn sign_trailer(&mut self, sha256: &[u8]) -> &str {
        let string = self.string_to_sign("TRAILER", &hex(sha256));
        self.link(&string)
    }

    fn string_to_sign(&self, kind: &str, last: &str) -> String {
        let Chain { timestamp, scope, previous, .. } = self;
        format!("AWS4-HMAC-SHA256-{kind}\n{timestamp}\n{scope}\n{previous}\n{last}")
    }

    fn link(&mut self, string_to_sign: &str) -> &str {
        self.previous = self.key.sign(string_to_sign);
        &self.previous
    }
}

/// What the head of an aws-chunked request says of its body.
#[derive(Clone, Debug)]
pub struct Chunked {
    /// `None`: the chunks are not signed.
    chain: Option<Chain>,
    decoded_bytes: u64,
    /// `x-amz-trailer`.
    announced: Option<ChecksumAlgorithm>,
    /// Whether the mode is one with a trailer.
    trailer: bool,
}

impl Chunked {
    /// Reads `x-amz-decoded-content-length` and `x-amz-trailer`.
    pub(super) fn new(head: &RequestHead, chain: Option<Chain>, trailer: bool) -> Result<Chunked> {
        let length = head.header("x-amz-decoded-content-length").ok_or_else(|| {
            let message = "You must provide the x-amz-decoded-content-length header.";
            S3Error::new(ErrorCode::MissingContentLength, message)
        })?;
        let digits = length.bytes().all(|b| b.is_ascii_digit());
        let decoded_bytes = length.parse().ok().filter(|_| digits).ok_or_else(|| {
            let message = "x-amz-decoded-content-length must be a number of bytes.";
            S3Error::argument(message, "x-amz-decoded-content-length", length)
        })?;
        let announced = head.header("x-amz-trailer").map(|name| announced(name, trailer));
        Ok(Chunked { chain, decoded_bytes, announced: announced.transpose()?, trailer })
    }

    pub(super) fn is_signed(&self) -> bool {
        self.chain.is_some()
    }

    pub(super) fn verifier(&self) -> ChunkedVerifier {
        ChunkedVerifier {
            claim: self.clone(),
            declared: 0,
            received: 0,
            open: None,
            last_seen: false,
            trailers: Sha256::new(),
            checksum: None,
            trailer_signed: false,
        }
    }
}

/// One checksum, in a mode that has trailers, is all that S3 knows to announce.
fn announced(name: &str, trailer: bool) -> Result<ChecksumAlgorithm> {
    ChecksumAlgorithm::ALL
        .into_iter()
        .find(|algorithm| trailer && algorithm.header().eq_ignore_ascii_case(name.trim()))
        .ok_or_else(|| {
            let message = "The value specified in the x-amz-trailer header is not supported";
            S3Error::new(ErrorCode::InvalidRequest, message)
        })
}

/// Follows the chunks of one body.
pub(super) struct ChunkedVerifier {
    /// Its chain moves on.
    claim: Chunked,
    /// Bytes of the chunks that have begun.
    declared: u64,
    /// Bytes that came.
    received: u64,
    /// The chunk under way: its bytes' hash and its signature as sent.
    open: Option<(Sha256, String)>,
    last_seen: bool,
    /// `name:value\n` of each trailer.
    trailers: Sha256,
    checksum: Option<Checksum>,
    trailer_signed: bool,
}

impl ChunkedVerifier {
    pub(super) fn data(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        if let Some((hash, _)) = &mut self.open
            && self.claim.is_signed()
        {
            hash.update(bytes);
        }
    }

    pub(super) fn chunk(&mut self, size: u64, extension: &str) -> Result<()> {
        if self.last_seen || self.open.is_some() {
            let message = "A chunk came after the last one.";
            return Err(S3Error::new(ErrorCode::InvalidRequest, message));
        }
        self.declared = self.declared.saturating_add(size);
        if self.declared > self.claim.decoded_bytes {
            return Err(self.wrong_length(self.declared));
        }
        let signature = match self.claim.is_signed() {
            true => chunk_signature(extension)?,
            false if extension.is_empty() => "",
            false => {
                let message = "Chunk extensions are only for signed chunks.";
                return Err(S3Error::new(ErrorCode::InvalidRequest, message));
            }
        };
        self.open = Some((Sha256::new(), signature.to_owned()));
        if size == 0 {
            self.last_seen = true;
            self.chunk_end()?;
        }
        Ok(())
    }

    /// The last chunk has ended with its size line already: a second end of it is nothing.
    pub(super) fn chunk_end(&mut self) -> Result<()> {
        let Some((hash, provided)) = self.open.take() else {
            return Ok(());
        };
        match &mut self.claim.chain {
            Some(chain) => compare(chain.sign_chunk(&hash.finalize()), &provided),
            None => Ok(()),
        }
    }

    pub(super) fn trailer(&mut self, name: &str, value: &str) -> Result<()> {
        if !self.last_seen || !self.claim.trailer || self.trailer_signed {
            return Err(ErrorCode::MalformedTrailerError.into());
        }
        if name == TRAILER_SIGNATURE {
            let chain = self.claim.chain.as_mut().ok_or(ErrorCode::MalformedTrailerError)?;
            self.trailer_signed = true;
            let hash = self.trailers.clone().finalize();
            return compare(chain.sign_trailer(&hash), value);
        }
        let algorithm = self
            .claim
            .announced
            .filter(|algorithm| algorithm.header() == name && self.checksum.is_none())
            .ok_or(ErrorCode::MalformedTrailerError)?;
        self.checksum = Some(Checksum::parse(algorithm, value)?);
        self.trailers.update(format!("{name}:{value}\n"));
        Ok(())
    }

    /// The checksum of the trailer, for [`Expected::check`] to compare.
    pub(super) fn finish(self, expected: &Expected) -> Result<Option<Checksum>> {
        if !self.last_seen || self.received != self.claim.decoded_bytes {
            return Err(self.wrong_length(self.received));
        }
        let announced = self.claim.announced;
        if self.checksum.as_ref().map(|checksum| checksum.algorithm) != announced {
            return Err(ErrorCode::MalformedTrailerError.into());
        }
        if self.claim.trailer && self.claim.is_signed() && !self.trailer_signed {
            return Err(ErrorCode::MalformedTrailerError.into());
        }
        // A checksum in the head beside the one in the trailer would leave one of them unchecked.
        match (&expected.checksum, announced) {
            (Some(ExpectedChecksum::Value(_)), Some(_)) => {
                let message = "Expecting a single x-amz-checksum- header";
                Err(S3Error::new(ErrorCode::InvalidRequest, message))
            }
            _ => Ok(self.checksum),
        }
    }

    fn wrong_length(&self, came: u64) -> S3Error {
        let message = "The body is not as long as x-amz-decoded-content-length says.";
        S3Error::new(ErrorCode::IncompleteBody, message)
            .with("NumberBytesExpected", self.claim.decoded_bytes.to_string())
            .with("NumberBytesProvided", came.to_string())
    }
}

/// The one extension that a signed chunk has.
fn chunk_signature(extension: &str) -> Result<&str> {
    extension.trim().strip_prefix("chunk-signature=").ok_or_else(|| {
        let message = "A chunk has no chunk-signature.";
        S3Error::new(ErrorCode::SignatureDoesNotMatch, message)
    })
}

fn compare(computed: &str, provided: &str) -> Result<()> {
    if super::equal(computed, provided) {
        return Ok(());
    }
    Err(S3Error::from(ErrorCode::SignatureDoesNotMatch).with("SignatureProvided", provided))
}

#[cfg(test)]
mod tests;
