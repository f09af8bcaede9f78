//! Digests of a body while it passes, and what the client said they would be.
//!
//! Stands between `http::body`, which yields the bytes, and `store`, which must not publish them
//! before [`Expected::check`] has agreed.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use crate::error::{ErrorCode, Result, S3Error};
use crate::types::{Checksum, ChecksumAlgorithm, ChecksumType};
use base64::prelude::{BASE64_STANDARD, Engine};
use crc_fast::CrcAlgorithm;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What a client claims of the body beside its signature: `Content-MD5` and one `x-amz-checksum-*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `Content-MD5`.
    pub content_md5: Option<[u8; 16]>,
    /// The checksum, its value known, to come, or ours to find.
    pub checksum: Option<ExpectedChecksum>,
}

/// How the client speaks of its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedChecksum {
    /// `x-amz-checksum-crc32: …` came with the head.
    Value(Checksum),
    /// `x-amz-trailer: x-amz-checksum-crc32`: it comes after the body.
    Trailer(ChecksumAlgorithm),
    /// `x-amz-checksum-algorithm` alone: we compute and keep it.
    Compute(ChecksumAlgorithm),
}

impl ExpectedChecksum {
    /// The algorithm, whichever way it is spoken of.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        match self {
            Self::Value(checksum) => checksum.algorithm,
            Self::Trailer(algorithm) | Self::Compute(algorithm) => *algorithm,
        }
    }
}

impl Checksum {
    /// Reads the base64 of a header, trailer or element; `BadDigest` where it is no value of
    /// `algorithm`. AWS has the same status and sentence with InvalidRequest, which tells a client
    /// no more; Ceph's suite wants the code that names the matter.
    pub fn parse(algorithm: ChecksumAlgorithm, base64: &str) -> Result<Checksum> {
        match BASE64_STANDARD.decode(base64) {
            Ok(value) if value.len() == algorithm.value_bytes() => {
                Ok(Checksum { algorithm, value })
            }
            _ => Err(S3Error::new(
                ErrorCode::BadDigest,
                format!("Value for {} header is invalid.", algorithm.header()),
            )),
        }
    }

    /// That of an object made of parts, from theirs and their lengths in bytes: combined into the
    /// one of the whole (a CRC alone can be), or the checksum of their checksums. `None` where a
    /// part has none of `algorithm`.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
    pub fn of_parts(
        algorithm: ChecksumAlgorithm,
        of: ChecksumType,
        parts: impl IntoIterator<Item = (Option<Checksum>, u64)>,
    ) -> Option<Checksum> {
        let combined = crc_kind(algorithm).filter(|_| of == ChecksumType::FullObject);
        let (mut composite, mut whole) = (Running::new(algorithm), 0);
        for (checksum, bytes) in parts {
            let value = checksum.filter(|checksum| checksum.algorithm == algorithm)?.value;
            match combined {
                Some(kind) => {
                    let crc = value.iter().fold(0, |crc, byte| crc << 8 | u64::from(*byte));
                    whole = crc_fast::checksum_combine(kind, whole, crc, bytes);
                }
                None => composite.update(&value),
            }
        }
        Some(match combined {
            Some(_) => Checksum { algorithm, value: crc_bytes(algorithm, whole) },
            None => composite.finish(),
        })
    }

    /// As in headers and XML.
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.value)
    }
}

/// Which of the world's CRCs S3 means; `None` of what is no CRC.
fn crc_kind(algorithm: ChecksumAlgorithm) -> Option<CrcAlgorithm> {
    match algorithm {
        ChecksumAlgorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
        ChecksumAlgorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
        ChecksumAlgorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
        ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => None,
    }
}

/// A CRC as S3 writes it: big endian, of that algorithm's length.
fn crc_bytes(algorithm: ChecksumAlgorithm, crc: u64) -> Vec<u8> {
    crc.to_be_bytes()[8 - algorithm.value_bytes()..].to_vec()
}

/// A running checksum of any of the five kinds.
enum Running {
    Crc(ChecksumAlgorithm, crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Running {
    fn new(algorithm: ChecksumAlgorithm) -> Running {
        match (algorithm, crc_kind(algorithm)) {
            (_, Some(kind)) => Running::Crc(algorithm, crc_fast::Digest::new(kind)),
            (ChecksumAlgorithm::Sha1, None) => Running::Sha1(Sha1::new()),
            (_, None) => Running::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Running::Crc(_, crc) => crc.update(bytes),
            Running::Sha1(sha) => sha.update(bytes),
            Running::Sha256(sha) => sha.update(bytes),
        }
    }

    fn finish(self) -> Checksum {
        match self {
            Running::Crc(algorithm, crc) => {
                Checksum { algorithm, value: crc_bytes(algorithm, crc.finalize()) }
            }
            Running::Sha1(sha) => {
                Checksum { algorithm: ChecksumAlgorithm::Sha1, value: sha.finalize().to_vec() }
            }
            Running::Sha256(sha) => {
                Checksum { algorithm: ChecksumAlgorithm::Sha256, value: sha.finalize().to_vec() }
            }
        }
    }
}

/// Everything that is computed of an object's bytes as they pass, once.
///
/// The SHA-256 of a hex `x-amz-content-sha256` is not here: `auth` keeps that one.
pub struct BodyDigest {
    md5: Md5,
    checksum: Option<Running>,
    bytes: u64,
}

impl BodyDigest {
    /// MD5 always (it becomes the ETag), and the checksum of `algorithm` where one is wanted.
    pub fn new(algorithm: Option<ChecksumAlgorithm>) -> BodyDigest {
        BodyDigest { md5: Md5::new(), checksum: algorithm.map(Running::new), bytes: 0 }
    }

    /// Takes the next bytes of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
        self.bytes += bytes.len() as u64;
    }

    /// What they came to.
    pub fn finish(self) -> Digests {
        Digests {
            md5: self.md5.finalize().into(),
            checksum: self.checksum.map(Running::finish),
            bytes: self.bytes,
        }
    }
}

/// The digests of a whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// MD5.
    pub md5: [u8; 16],
    /// The checksum that was asked for.
    pub checksum: Option<Checksum>,
    /// Length in bytes.
    pub bytes: u64,
}

impl Expected {
    /// Compares what came with what was claimed; `trailer` is the checksum that came after the
    /// body. `BadDigest` where they differ, `InvalidRequest` where a promised trailer did not come.
    pub fn check(&self, digests: &Digests, trailer: Option<&Checksum>) -> Result<()> {
        if self.content_md5.is_some_and(|md5| md5 != digests.md5) {
            return Err(S3Error::new(
                ErrorCode::BadDigest,
                "The Content-MD5 you specified did not match what we received.",
            ));
        }
        let claimed = match &self.checksum {
            None | Some(ExpectedChecksum::Compute(_)) => return Ok(()),
            Some(ExpectedChecksum::Value(checksum)) => checksum,
            Some(ExpectedChecksum::Trailer(algorithm)) => {
                trailer.filter(|checksum| checksum.algorithm == *algorithm).ok_or_else(|| {
                    S3Error::new(
                        ErrorCode::InvalidRequest,
                        format!(
                            "The trailer {} was announced and did not come.",
                            algorithm.header()
                        ),
                    )
                })?
            }
        };
        if digests.checksum.as_ref() == Some(claimed) {
            return Ok(());
        }
        Err(S3Error::new(
            ErrorCode::BadDigest,
            format!(
                "The {} you specified did not match the calculated checksum.",
                claimed.algorithm.name()
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue and of FIPS 180, for "123456789".
    #[test]
    fn published_check_values() {
        for (algorithm, value) in [
            (ChecksumAlgorithm::Crc32, "cbf43926"),
            (ChecksumAlgorithm::Crc32c, "e3069283"),
            (ChecksumAlgorithm::Crc64Nvme, "ae8b14860a799888"),
            (ChecksumAlgorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (
                ChecksumAlgorithm::Sha256,
                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
            ),
        ] {
            let mut digest = BodyDigest::new(Some(algorithm));
            digest.update(b"1234");
            digest.update(b"56789");
            let digests = digest.finish();
            assert_eq!(crate::types::hex(&digests.checksum.unwrap().value), value);
            assert_eq!(crate::types::hex(&digests.md5), "25f9e794323b453885f5181f1b624d0b");
            assert_eq!(digests.bytes, 9);
        }
    }

    #[test]
    fn the_checksum_of_an_object_made_of_parts() {
        let of = |algorithm, bytes: &[u8]| {
            let mut digest = BodyDigest::new(Some(algorithm));
            digest.update(bytes);
            digest.finish().checksum
        };
        for algorithm in ChecksumAlgorithm::ALL {
            let pieces: [&[u8]; 4] = [b"1234", b"", b"5", b"6789"];
            let parts = || pieces.map(|piece| (of(algorithm, piece), piece.len() as u64));
            let sums = pieces.map(|piece| of(algorithm, piece).unwrap().value).concat();
            let composite = Checksum::of_parts(algorithm, ChecksumType::Composite, parts());
            assert_eq!(composite, of(algorithm, &sums), "{algorithm:?}");
            if ChecksumType::FullObject.is_for(algorithm) {
                let whole = Checksum::of_parts(algorithm, ChecksumType::FullObject, parts());
                assert_eq!(whole, of(algorithm, b"123456789"), "{algorithm:?}");
            }
            let lacking = parts().into_iter().chain([(None, 1)]);
            assert_eq!(Checksum::of_parts(algorithm, ChecksumType::Composite, lacking), None);
        }
    }

    #[test]
    fn a_claim_that_differs_is_bad_digest() {
        let mut digest = BodyDigest::new(Some(ChecksumAlgorithm::Crc32));
        digest.update(b"123456789");
        let digests = digest.finish();
        let right = Checksum::parse(ChecksumAlgorithm::Crc32, "y/Q5Jg==").unwrap();
        let wrong = Checksum::parse(ChecksumAlgorithm::Crc32, "AAAAAA==").unwrap();
        let expect = |checksum| Expected { content_md5: None, checksum: Some(checksum) };
        let trailer = expect(ExpectedChecksum::Trailer(ChecksumAlgorithm::Crc32));
        assert!(expect(ExpectedChecksum::Value(right.clone())).check(&digests, None).is_ok());
        assert!(trailer.check(&digests, Some(&right)).is_ok());
        for (expected, came) in [
            (expect(ExpectedChecksum::Value(wrong.clone())), None),
            (trailer.clone(), Some(&wrong)),
            (Expected { content_md5: Some([0; 16]), checksum: None }, None),
        ] {
            assert_eq!(expected.check(&digests, came).unwrap_err().code, ErrorCode::BadDigest);
        }
        assert_eq!(trailer.check(&digests, None).unwrap_err().code, ErrorCode::InvalidRequest);
        assert!(Checksum::parse(ChecksumAlgorithm::Crc32, "AAAAAAA=").is_err());
    }
}
