//! What the headers claim of a body: `Content-MD5`, and one checksum as value or trailer.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use super::ExpectedObject;
use super::parse::field;
use crate::digest::{Expected, ExpectedChecksum};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::types::{Checksum, ChecksumAlgorithm, ChecksumType, UploadChecksum};
use base64::prelude::{BASE64_STANDARD, Engine};

const PREFIX: &str = "x-amz-checksum-";
/// Headers of that prefix that are no checksums.
const NOT_VALUES: [&str; 3] = ["algorithm", "mode", "type"];

/// The claims of a body that is sent.
pub(super) fn expected(head: &RequestHead) -> Result<Expected> {
    let came = match (value(head)?, trailer(head)?) {
        (Some(_), Some(_)) => return Err(several()),
        (Some(checksum), None) => Some(ExpectedChecksum::Value(checksum)),
        (None, trailer) => trailer.map(ExpectedChecksum::Trailer),
    };
    // `x-amz-sdk-checksum-algorithm` names what comes; alone it is a claim that nothing backs.
    if let Some(named) = algorithm(head, "x-amz-sdk-checksum-algorithm")? {
        match &came {
            Some(came) if came.algorithm() == named => {}
            Some(_) => return Err(invalid("x-amz-sdk-checksum-algorithm")),
            None => {
                return Err(S3Error::new(
                    ErrorCode::InvalidRequest,
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding \
                     x-amz-checksum-* or x-amz-trailer headers were found.",
                ));
            }
        }
    }
    let wanted = algorithm(head, "x-amz-checksum-algorithm")?;
    let checksum = match (came, wanted) {
        (Some(came), Some(wanted)) if came.algorithm() != wanted => {
            return Err(invalid("x-amz-checksum-algorithm"));
        }
        (Some(came), _) => Some(came),
        (None, wanted) => wanted.map(ExpectedChecksum::Compute),
    };
    Ok(Expected { content_md5: content_md5(head)?, checksum })
}

/// The same of a body that AWS wants protected against damage on its way: what a flipped bit
/// deletes stays deleted. A checksum that is only named protects nothing.
pub(super) fn required(head: &RequestHead) -> Result<Expected> {
    let expected = expected(head)?;
    let has_checksum = matches!(expected.checksum, Some(ExpectedChecksum::Value(_)));
    match expected.content_md5.is_some() || has_checksum {
        true => Ok(expected),
        false => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        )),
    }
}

/// The algorithm that CopyObject is to use.
pub(super) fn for_copy(head: &RequestHead) -> Result<Option<ChecksumAlgorithm>> {
    algorithm(head, "x-amz-checksum-algorithm")
}

/// What CreateMultipartUpload asks for: an algorithm, and what the object's checksum is to be of.
pub(super) fn for_multipart(head: &RequestHead) -> Result<Option<UploadChecksum>> {
    let algorithm = algorithm(head, "x-amz-checksum-algorithm")?;
    let Some(algorithm) = algorithm else {
        return match checksum_type(head)? {
            None => Ok(None),
            Some(_) => Err(S3Error::new(
                ErrorCode::InvalidRequest,
                "The x-amz-checksum-type header can only be used with the \
                 x-amz-checksum-algorithm header.",
            )),
        };
    };
    let of = checksum_type(head)?.unwrap_or(ChecksumType::of_parts(algorithm));
    if of.is_for(algorithm) {
        return Ok(Some(UploadChecksum { algorithm, of }));
    }
    let (of, algorithm) = (of.name(), algorithm.name().to_ascii_lowercase());
    let message =
        format!("The {of} checksum type cannot be used with the {algorithm} checksum algorithm.");
    Err(S3Error::new(ErrorCode::InvalidRequest, message))
}

/// `x-amz-checksum-type`.
fn checksum_type(head: &RequestHead) -> Result<Option<ChecksumType>> {
    const NAME: &str = "x-amz-checksum-type";
    let Some(text) = field(head, NAME) else { return Ok(None) };
    [ChecksumType::Composite, ChecksumType::FullObject]
        .into_iter()
        .find(|of| of.name().eq_ignore_ascii_case(text))
        .map(Some)
        .ok_or_else(|| invalid(NAME))
}

/// What a Complete says of the object to be: its checksum, what that is of, its length.
pub(super) fn of_object(head: &RequestHead) -> Result<ExpectedObject> {
    let (checksum, parts) = match object_checksum(head)? {
        Some((checksum, parts)) => (Some(checksum), parts),
        None => (None, None),
    };
    Ok(ExpectedObject { checksum, of: checksum_type(head)?, parts, length: object_size(head)? })
}

/// `x-amz-mp-object-size`, which Java's SDK always sends.
fn object_size(head: &RequestHead) -> Result<Option<u64>> {
    const NAME: &str = "x-amz-mp-object-size";
    let Some(text) = field(head, NAME) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let wrong = if text.parse::<i64>().is_ok() { "less than zero" } else { "invalid" };
        let message = format!("Value for {NAME} header is {wrong}: '{text}'");
        S3Error::new(ErrorCode::InvalidRequest, message)
    })
}

/// The checksum of the whole object that a Complete expects; `-N` after it is the number of parts,
/// as S3 writes the checksum of checksums.
fn object_checksum(head: &RequestHead) -> Result<Option<(Checksum, Option<usize>)>> {
    let Some((algorithm, text)) = sent(head)? else { return Ok(None) };
    let (text, parts) = match text.split_once('-') {
        Some((text, parts)) => {
            let parts = parts.parse().map_err(|_| invalid(algorithm.header()))?;
            (text, Some(parts))
        }
        None => (text, None),
    };
    Ok(Some((Checksum::parse(algorithm, text)?, parts)))
}

fn value(head: &RequestHead) -> Result<Option<Checksum>> {
    sent(head)?.map(|(algorithm, text)| Checksum::parse(algorithm, text)).transpose()
}

/// The one `x-amz-checksum-crc32: …` or its kin. A name not known here is an algorithm that would
/// go unchecked, so it is refused.
fn sent(head: &RequestHead) -> Result<Option<(ChecksumAlgorithm, &str)>> {
    let mut found = None;
    for (name, value) in head.headers_with_prefix(PREFIX) {
        if NOT_VALUES.contains(&&name[PREFIX.len()..]) {
            continue;
        }
        let algorithm = by_header(&name).ok_or_else(|| {
            S3Error::new(
                ErrorCode::InvalidRequest,
                "The algorithm type you specified in x-amz-checksum- header is invalid.",
            )
        })?;
        if found.replace((algorithm, value)).is_some() {
            return Err(several());
        }
    }
    Ok(found)
}

/// `x-amz-trailer` names one checksum header.
fn trailer(head: &RequestHead) -> Result<Option<ChecksumAlgorithm>> {
    let Some(name) = field(head, "x-amz-trailer") else { return Ok(None) };
    let Some(algorithm) = by_header(&name.to_ascii_lowercase()) else {
        return Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "The value specified in the x-amz-trailer header is not supported",
        ));
    };
    Ok(Some(algorithm))
}

fn by_header(name: &str) -> Option<ChecksumAlgorithm> {
    ChecksumAlgorithm::ALL.into_iter().find(|algorithm| algorithm.header() == name)
}

fn algorithm(head: &RequestHead, header: &str) -> Result<Option<ChecksumAlgorithm>> {
    let Some(name) = field(head, header) else { return Ok(None) };
    match ChecksumAlgorithm::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name)) {
        Some(algorithm) => Ok(Some(algorithm)),
        None => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid \
             types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )),
    }
}

/// `Content-MD5`: base64 of 16 bytes; empty is as wrong as malformed.
pub(super) fn content_md5(head: &RequestHead) -> Result<Option<[u8; 16]>> {
    let Some(text) = head.header("content-md5") else { return Ok(None) };
    match BASE64_STANDARD.decode(text).map(<[u8; 16]>::try_from) {
        Ok(Ok(md5)) => Ok(Some(md5)),
        _ => Err(S3Error::new(
            ErrorCode::InvalidDigest,
            "The Content-MD5 you specified was invalid.",
        )),
    }
}

fn several() -> S3Error {
    S3Error::new(
        ErrorCode::InvalidRequest,
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    )
}

fn invalid(header: &str) -> S3Error {
    S3Error::new(ErrorCode::InvalidRequest, format!("Value for {header} header is invalid."))
}
