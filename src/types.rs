//! S3's nouns: each is parsed once, at the door, into a type that cannot hold a bad value.
//!
//! A [`Key`] that was authorised is the very value that is stored (security class E): no later
//! step decodes, cleans or re-parses it.

mod acl;
mod checksum;
mod conditions;
mod cors;
pub mod lifecycle;
mod retention;
mod sharing;
mod tags;
mod time;
mod version;
mod website;

pub use acl::{Acl, CannedAcl, Grant, Grantee, Owner, Permission};
pub use checksum::{Checksum, ChecksumAlgorithm, ChecksumType, UploadChecksum};
pub use conditions::{Conditions, Verdict};
pub use cors::{CORS_VARY, CorsConfiguration, CorsRequest, CorsRule};
pub use retention::{
    DefaultRetention, ObjectLock, Retention, RetentionMode, RetentionPeriod,
    protected_by_object_lock,
};
pub use sharing::{ObjectOwnership, PublicAccessBlock};
pub use tags::Tags;
pub use time::Timestamp;
pub use version::VersionId;
pub use website::{
    Redirect, RedirectAll, Redirection, RoutingCondition, RoutingRule, Step, Visit,
    WebsiteConfiguration,
};

use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use std::fmt;

/// The name of a bucket: 3 to 63 of `a-z 0-9 . -`, as AWS has required since 2018.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

impl BucketName {
    /// Checks the naming rules; else `InvalidBucketName`.
    pub fn parse(name: &str) -> Result<BucketName> {
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = name.as_bytes();
        let good = (3..=63).contains(&bytes.len())
            && bytes.iter().all(|&b| edge(b) || b == b'.' || b == b'-')
            && edge(bytes[0])
            && edge(bytes[bytes.len() - 1])
            && !name.contains("..")
            && !name.contains(".-")
            && !name.contains("-.")
            && name.parse::<std::net::Ipv4Addr>().is_err()
            && !name.starts_with("xn--")
            && !name.ends_with("-s3alias");
        if good {
            return Ok(BucketName(name.to_owned()));
        }
        Err(S3Error::from(ErrorCode::InvalidBucketName).with("BucketName", name))
    }

    /// The name as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key of an object: 1 to 1,024 bytes of UTF-8, any characters, never normalised.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Takes the decoded bytes of a key, from whichever door. Over 1,024 bytes `KeyTooLongError`;
    /// empty or not UTF-8 `InvalidURI`.
    pub fn parse(bytes: Vec<u8>) -> Result<Key> {
        if bytes.len() > limits::KEY_BYTES_MAX {
            return Err(S3Error::from(ErrorCode::KeyTooLongError)
                .with("Size", bytes.len().to_string())
                .with("MaxSizeAllowed", limits::KEY_BYTES_MAX.to_string()));
        }
        match String::from_utf8(bytes) {
            Ok(key) if !key.is_empty() => Ok(Key(key)),
            _ => Err(ErrorCode::InvalidURI.into()),
        }
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of a multipart upload: 32 hex digits, made here, safe in a URL and as a file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(String);

impl UploadId {
    /// Accepts only what [`UploadId::from_bytes`] makes; else `NoSuchUpload`, as no such upload
    /// can be.
    pub fn parse(id: &str) -> Result<UploadId> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if id.len() == 32 && id.bytes().all(hex) {
            return Ok(UploadId(id.to_owned()));
        }
        Err(ErrorCode::NoSuchUpload.into())
    }

    /// From 16 bytes: order of the bytes is order of the ids (the store puts a time first).
    pub fn from_bytes(bytes: [u8; 16]) -> UploadId {
        UploadId(hex(&bytes))
    }

    /// The id as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The number of a part, 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartNumber(u16);

impl PartNumber {
    /// `None` where no part can have that number.
    pub fn new(number: u16) -> Option<PartNumber> {
        (1..=limits::PARTS_MAX).contains(&number).then_some(PartNumber(number))
    }

    /// Parses decimal digits; else `InvalidArgument`.
    pub fn parse(text: &str) -> Result<PartNumber> {
        text.parse().ok().and_then(PartNumber::new).ok_or_else(|| {
            let message = "Part number must be an integer between 1 and 10000, inclusive";
            S3Error::argument(message, "partNumber", text)
        })
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// The entity tag of an object, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETag {
    /// MD5 of the content: `<32 hex>`.
    Md5([u8; 16]),
    /// MD5 of the parts' MD5s, and how many: `<32 hex>-<parts>`. `parts` 0 marks a file that was
    /// edited by hand: no client takes `…-0` for an MD5.
    Multipart([u8; 16], u32),
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ETag::Md5(md5) => f.write_str(&hex(md5)),
            ETag::Multipart(md5, parts) => write!(f, "{}-{parts}", hex(md5)),
        }
    }
}

impl ETag {
    /// With its quotes, as in a header.
    pub fn quoted(&self) -> String {
        format!("\"{self}\"")
    }

    /// Reads `"…"` or `…`; `None` where it is no form this server makes.
    pub fn parse(text: &str) -> Option<ETag> {
        let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        let (digits, parts) = match text.split_once('-') {
            Some((digits, parts)) => (digits, Some(parts.parse().ok()?)),
            None => (text, None),
        };
        let md5: [u8; 16] = unhex(digits.as_bytes())?.try_into().ok()?;
        Some(match parts {
            Some(parts) => ETag::Multipart(md5, parts),
            None => ETag::Md5(md5),
        })
    }
}

/// The headers a client stores with an object and gets back as it sent them.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentHeaders {
    /// `Content-Type`; absent is answered as `binary/octet-stream`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`, without `aws-chunked`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as sent.
    pub expires: Option<String>,
    /// `x-amz-website-redirect-location`.
    pub website_redirect_location: Option<String>,
}

/// All that S3 knows of an object beside its bytes; the store keeps it in one extended attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Entity tag.
    pub etag: ETag,
    /// The checksum the client chose, if any.
    pub checksum: Option<Checksum>,
    /// What that checksum is of.
    pub checksum_type: ChecksumType,
    /// Stored headers.
    pub headers: ContentHeaders,
    /// `x-amz-meta-NAME: VALUE`, names lower case without the prefix, in order of arrival.
    pub user_metadata: Vec<(String, String)>,
    /// `x-amz-storage-class` where it is not STANDARD: accepted and returned, nothing else.
    pub storage_class: Option<String>,
    /// Who owns it and who was granted what; `None` is the bucket owner's FULL_CONTROL alone.
    pub acl: Option<Acl>,
    /// Which version this is; [`VersionId::Null`] of a bucket without versioning.
    pub version_id: VersionId,
    /// Its tags, at most ten.
    pub tags: Tags,
    /// Until when it must stay (Object Lock).
    pub retention: Option<Retention>,
    /// Whether it must stay until that is taken back; `None` where it was never said.
    pub legal_hold: Option<bool>,
}

impl ObjectMeta {
    /// Nothing but the entity tag: a file put there by hand, or a start to build on.
    pub fn bare(etag: ETag) -> ObjectMeta {
        ObjectMeta {
            etag,
            checksum: None,
            checksum_type: ChecksumType::FullObject,
            headers: ContentHeaders::default(),
            user_metadata: Vec::new(),
            storage_class: None,
            acl: None,
            version_id: VersionId::Null,
            tags: Tags::default(),
            retention: None,
            legal_hold: None,
        }
    }

    /// What a listing tells of the checksum: its algorithm, and what it is of.
    pub fn checksum_kind(&self) -> Option<(ChecksumAlgorithm, ChecksumType)> {
        self.checksum.as_ref().map(|checksum| (checksum.algorithm, self.checksum_type))
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Reads hex of either case; `None` at any other byte or an odd length.
pub fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let nibble = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules_of_2018() {
        for good in ["abc", "a.b-c", "0ab", &"a".repeat(63)] {
            assert!(BucketName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ab",
            "nb",
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            ".ab",
            "a..b",
            "a.-b",
            "192.168.5.4",
            "xn--abc",
            "abc-s3alias",
            &"a".repeat(64),
            "a/b",
            "..",
            "a\0b",
            "bück",
        ] {
            assert_eq!(
                BucketName::parse(bad).unwrap_err().code,
                ErrorCode::InvalidBucketName,
                "{bad}"
            );
        }
    }

    #[test]
    fn keys_are_one_to_1024_bytes_of_utf8() {
        assert!(Key::parse(vec![b'k'; 1024]).is_ok());
        assert_eq!(Key::parse(vec![b'k'; 1025]).unwrap_err().code, ErrorCode::KeyTooLongError);
        assert_eq!(Key::parse(vec![]).unwrap_err().code, ErrorCode::InvalidURI);
        assert_eq!(Key::parse(vec![0xff]).unwrap_err().code, ErrorCode::InvalidURI);
    }

    #[test]
    fn etags_print_and_parse() {
        for text in ["d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e-12"] {
            assert_eq!(ETag::parse(text).unwrap().to_string(), text);
            assert_eq!(ETag::parse(&format!("\"{text}\"")).unwrap().to_string(), text);
        }
        for bad in
            ["", "\"", "x", "d41d8cd98f00b204e9800998ecf8427", "d41d8cd98f00b204e9800998ecf8427e-x"]
        {
            assert!(ETag::parse(bad).is_none(), "{bad}");
        }
    }
}
