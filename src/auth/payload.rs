//! What the signature says of the body, and the proof that the body is that.
//!
//! A [`PayloadClaim`] is read from `x-amz-content-sha256` when the head is verified. Its
//! [`PayloadVerifier`] follows the body past `http::body`'s decoder while the bytes go to a staged
//! file that nobody can see; only [`PayloadVerifier::finish`] makes the [`PayloadVerified`] without
//! which `store` publishes nothing.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>, the table of values.
//!
//! Refused: an aws-chunked mode in anything but a header-signed V4 request (security class B: the
//! chain has no seed to start from, and a peer skipped the check with it), though one without a
//! chain may come with a request that nobody signed; a hash that differs
//! (400 `XAmzContentSHA256Mismatch`), and whatever [`Expected::check`] refuses. Which operations
//! may be aws-chunked, PutObject and UploadPart, is for the handlers to ask, who know it.

use super::chunk::{Chain, Chunked, ChunkedVerifier};
use crate::digest::{Digests, Expected};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::types::{hex, unhex};
use sha2::{Digest, Sha256};

/// What the signature says of the body.
#[derive(Clone, Debug)]
pub enum PayloadClaim {
    /// Nothing.
    Unsigned,
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// It is in aws-chunked coding: signed chunk by chunk, or unsigned with a trailer.
    AwsChunked(Chunked),
}

impl PayloadClaim {
    /// From `x-amz-content-sha256` of a header-signed V4 request; `chain` starts at its signature.
    pub(super) fn header_signed(
        head: &RequestHead,
        value: &str,
        chain: Chain,
    ) -> Result<PayloadClaim> {
        let (chain, trailer) = match value {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => (Some(chain), false),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => (Some(chain), true),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => (None, true),
            _ => return PayloadClaim::plain(Some(value)),
        };
        Chunked::new(head, chain, trailer).map(PayloadClaim::AwsChunked)
    }

    /// From the same header, or none, of a request that nobody signed. An unsigned aws-chunked body
    /// (boto3 without credentials, over https) has no chain that could be skipped.
    pub(super) fn anonymous(head: &RequestHead) -> Result<PayloadClaim> {
        match head.header("x-amz-content-sha256") {
            Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => {
                Chunked::new(head, None, true).map(PayloadClaim::AwsChunked)
            }
            value => PayloadClaim::plain(value),
        }
    }

    /// From the same header, or none, of any other request.
    pub(super) fn plain(value: Option<&str>) -> Result<PayloadClaim> {
        let value = match value {
            None | Some(super::sigv4::UNSIGNED_PAYLOAD) => return Ok(PayloadClaim::Unsigned),
            Some(value) => value,
        };
        let hash = unhex(value.as_bytes()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        hash.map(PayloadClaim::Sha256).ok_or_else(|| {
            let message = match value.starts_with("STREAMING-") {
                true => "Streaming payloads need a SigV4 signature in the Authorization header.",
                false => {
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
                    STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
                    STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
                }
            };
            S3Error::argument(message, "x-amz-content-sha256", value)
        })
    }

    /// Whether the body is in aws-chunked coding.
    pub fn is_aws_chunked(&self) -> bool {
        matches!(self, PayloadClaim::AwsChunked(_))
    }

    /// Whether a signature covers the body.
    pub fn is_signed(&self) -> bool {
        match self {
            PayloadClaim::Unsigned => false,
            PayloadClaim::Sha256(_) => true,
            PayloadClaim::AwsChunked(chunked) => chunked.is_signed(),
        }
    }

    /// A fresh verifier for the body.
    pub fn verifier(&self) -> PayloadVerifier {
        PayloadVerifier(match self {
            PayloadClaim::Unsigned => State::Unsigned,
            PayloadClaim::Sha256(hash) => State::Sha256 { claimed: *hash, hash: Sha256::new() },
            PayloadClaim::AwsChunked(chunked) => State::AwsChunked(Box::new(chunked.verifier())),
        })
    }
}

/// Follows a body; only [`PayloadVerifier::finish`] makes a [`PayloadVerified`].
pub struct PayloadVerifier(State);

enum State {
    Unsigned,
    Sha256 { claimed: [u8; 32], hash: Sha256 },
    AwsChunked(Box<ChunkedVerifier>),
}

impl PayloadVerifier {
    /// Content bytes.
    pub fn data(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Unsigned => {}
            State::Sha256 { hash, .. } => hash.update(bytes),
            State::AwsChunked(chunks) => chunks.data(bytes),
        }
    }

    /// An aws-chunk begins; size 0 is the last.
    pub fn chunk(&mut self, size: u64, extension: &str) -> Result<()> {
        self.chunked()?.chunk(size, extension)
    }

    /// It ended: its signature is compared.
    pub fn chunk_end(&mut self) -> Result<()> {
        self.chunked()?.chunk_end()
    }

    /// A trailer line, its name in lower case.
    pub fn trailer(&mut self, name: &str, value: &str) -> Result<()> {
        self.chunked()?.trailer(name, value)
    }

    fn chunked(&mut self) -> Result<&mut ChunkedVerifier> {
        match &mut self.0 {
            State::AwsChunked(chunks) => Ok(chunks),
            _ => Err(ErrorCode::InvalidRequest.into()),
        }
    }

    /// The body is whole: every claim is checked (hash, chain, trailer signature, decoded length,
    /// Content-MD5, checksums).
    ///
    /// # Errors
    ///
    /// `XAmzContentSHA256Mismatch`, `IncompleteBody`, `MalformedTrailerError`, and what
    /// [`Expected::check`] answers.
    pub fn finish(self, expected: &Expected, digests: Digests) -> Result<PayloadVerified> {
        let trailer = match self.0 {
            State::Unsigned => None,
            State::Sha256 { claimed, hash } => {
                check_sha256(&claimed, &hash.finalize())?;
                None
            }
            State::AwsChunked(chunks) => chunks.finish(expected)?,
        };
        expected.check(&digests, trailer.as_ref())?;
        Ok(PayloadVerified { digests })
    }
}

fn check_sha256(claimed: &[u8], computed: &[u8]) -> Result<()> {
    if claimed == computed {
        return Ok(());
    }
    Err(S3Error::from(ErrorCode::XAmzContentSHA256Mismatch)
        .with("ClientComputedContentSHA256", hex(claimed))
        .with("S3ComputedContentSHA256", hex(computed)))
}

/// Proof that a whole body is what its sender signed and claimed.
#[derive(Debug)]
pub struct PayloadVerified {
    digests: Digests,
}

impl PayloadVerified {
    /// Its digests.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }
}

#[cfg(test)]
impl PayloadVerified {
    /// A proof out of thin air, for the tests of those that ask for one.
    pub(crate) fn for_test(digests: Digests) -> PayloadVerified {
        PayloadVerified { digests }
    }
}
