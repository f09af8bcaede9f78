//! Checksums: the five algorithms, their values, and what a value is of.
//!
//! `digest` computes and compares them.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

/// One of the five checksum algorithms of S3.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumAlgorithm {
    /// ISO 3309, 4 bytes; what AWS SDKs send by default.
    Crc32,
    /// Castagnoli, 4 bytes.
    Crc32c,
    /// NVMe, 8 bytes.
    Crc64Nvme,
    /// 20 bytes.
    Sha1,
    /// 32 bytes.
    Sha256,
}

impl ChecksumAlgorithm {
    /// All five.
    pub const ALL: [ChecksumAlgorithm; 5] =
        [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As in `x-amz-checksum-algorithm` and `<ChecksumAlgorithm>`: `CRC32C`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// As in XML elements: `ChecksumCRC32C`.
    pub fn element(self) -> &'static str {
        match self {
            Self::Crc32 => "ChecksumCRC32",
            Self::Crc32c => "ChecksumCRC32C",
            Self::Crc64Nvme => "ChecksumCRC64NVME",
            Self::Sha1 => "ChecksumSHA1",
            Self::Sha256 => "ChecksumSHA256",
        }
    }

    /// The request header and trailer, lower case: `x-amz-checksum-crc32c`.
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// Length of its value in bytes, before base64.
    pub fn value_bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// A checksum of some content; `value` has [`ChecksumAlgorithm::value_bytes`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it was computed.
    pub algorithm: ChecksumAlgorithm,
    /// The value, big endian for the CRCs, as S3 encodes them.
    pub value: Vec<u8>,
}

/// What the checksum of an object is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumType {
    /// Of its parts' checksums, one after the other; no client can hold it against the content.
    Composite,
    /// Of its content.
    FullObject,
}

impl ChecksumType {
    /// As in `x-amz-checksum-type` and `<ChecksumType>`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composite => "COMPOSITE",
            Self::FullObject => "FULL_OBJECT",
        }
    }

    /// Of an object made of parts, where nothing else is said: CRC64NVME is always combined.
    pub fn of_parts(algorithm: ChecksumAlgorithm) -> ChecksumType {
        match algorithm {
            ChecksumAlgorithm::Crc64Nvme => Self::FullObject,
            _ => Self::Composite,
        }
    }

    /// Whether S3 knows that algorithm so: the checksum of the whole can be combined from those of
    /// the parts for a CRC alone.
    pub fn is_for(self, algorithm: ChecksumAlgorithm) -> bool {
        use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme};
        match self {
            Self::Composite => algorithm != Crc64Nvme,
            Self::FullObject => matches!(algorithm, Crc32 | Crc32c | Crc64Nvme),
        }
    }
}

/// What a multipart upload keeps of its parts, and makes of that in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadChecksum {
    /// Of every part.
    pub algorithm: ChecksumAlgorithm,
    /// What the object's checksum will be of; [`ChecksumType::is_for`] the algorithm.
    pub of: ChecksumType,
}
