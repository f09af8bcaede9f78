//! What a new object is given beside its bytes: stored headers, metadata, class, ACL, tags, lock.
//!
//! Encryption is 501: the client asks for more than bytes kept, and a silent yes would be a lie.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>

use super::parse::{self, field, printable, stored};
use super::{AclInput, LockInput, NewObject};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{self, RequestHead};
use crate::limits;
use crate::types::{ContentHeaders, Tags};

/// The classes of AWS that an ordinary bucket takes. All but STANDARD are stored and shown.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

impl NewObject {
    /// Reads the headers of PutObject, CopyObject and CreateMultipartUpload.
    pub(super) fn read(head: &RequestHead) -> Result<NewObject> {
        parse::refuse_encryption(head)?;

        Ok(NewObject {
            headers: content_headers(head)?,
            user_metadata: user_metadata(head)?,
            storage_class: storage_class(head)?,
            acl: AclInput::read(head)?,
            tags: tags(head)?,
            lock: LockInput::read(head)?,
        })
    }
}

fn content_headers(head: &RequestHead) -> Result<ContentHeaders> {
    Ok(ContentHeaders {
        content_type: stored(head, "content-type")?,
        cache_control: stored(head, "cache-control")?,
        content_disposition: stored(head, "content-disposition")?,
        content_encoding: stored(head, "content-encoding")?.and_then(without_aws_chunked),
        content_language: stored(head, "content-language")?,
        expires: stored(head, "expires")?,
        website_redirect_location: website_redirect_location(head)?,
    })
}

/// `aws-chunked` is of the transfer, not of the object: `aws-chunked,gzip` is stored as `gzip`, and
/// what is kept keeps its spaces.
fn without_aws_chunked(value: String) -> Option<String> {
    let chunked = |token: &&str| token.trim().eq_ignore_ascii_case("aws-chunked");
    if !value.split(',').any(|token| chunked(&token)) {
        return Some(value);
    }
    let kept: Vec<&str> = value.split(',').filter(|token| !chunked(token)).collect();
    let kept = kept.join(",");
    let kept = kept.trim_matches([' ', ',']);
    (!kept.is_empty()).then(|| kept.to_owned())
}

fn website_redirect_location(head: &RequestHead) -> Result<Option<String>> {
    let location = stored(head, "x-amz-website-redirect-location")?;
    let leads = |location: &String| {
        ["/", "http://", "https://"].iter().any(|start| location.starts_with(start))
    };
    match location.as_ref().is_none_or(leads) {
        true => Ok(location),
        false => Err(ErrorCode::InvalidRedirectLocation.into()),
    }
}

/// `x-amz-meta-*`, in order of arrival; a name that comes twice gets both values, with a comma
/// between them, as on AWS. Names and values together are at most 2 KB.
fn user_metadata(head: &RequestHead) -> Result<Vec<(String, String)>> {
    const PREFIX: &str = "x-amz-meta-";
    let mut metadata: Vec<(String, String)> = Vec::new();
    for (header, value) in head.headers_with_prefix(PREFIX) {
        let name = metadata_name(&header[PREFIX.len()..])?;
        let value = printable(&header, value)?;
        match metadata.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => metadata.push((name, value)),
        }
    }
    let bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits::USER_METADATA_BYTES_MAX {
        return Err(S3Error::from(ErrorCode::MetadataTooLarge)
            .with("Size", bytes.to_string())
            .with("MaxSizeAllowed", limits::USER_METADATA_BYTES_MAX.to_string()));
    }
    Ok(metadata)
}

/// The name becomes a header name of answers; from a query it could be anything.
fn metadata_name(name: &str) -> Result<String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    match !name.is_empty() && name.bytes().all(token) {
        true => Ok(name.to_owned()),
        false => Err(S3Error::argument("Invalid name of user metadata", "x-amz-meta-", name)),
    }
}

/// `x-amz-tagging`: pairs written as a query is.
fn tags(head: &RequestHead) -> Result<Tags> {
    const NAME: &str = "x-amz-tagging";
    let Some(text) = field(head, NAME) else { return Ok(Tags::default()) };
    let pairs = head::params(text).map_err(|_| {
        let message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL \
                       query parameters without tag name duplicates.";
        S3Error::argument(message, NAME, text)
    })?;
    Tags::of_object(
        pairs.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect(),
    )
}

fn storage_class(head: &RequestHead) -> Result<Option<String>> {
    match field(head, "x-amz-storage-class") {
        None | Some("STANDARD") => Ok(None),
        Some(class) if STORAGE_CLASSES.contains(&class) => Ok(Some(class.to_owned())),
        Some(class) => {
            Err(S3Error::from(ErrorCode::InvalidStorageClass).with("StorageClassRequested", class))
        }
    }
}
