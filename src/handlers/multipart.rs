//! Multipart uploads: create, part, complete, abort, list parts.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
//!
//! Refused: lists of parts that do not ascend, or that name tags this server never gave. What the
//! parts themselves must be (5 MiB, acknowledged, of that tag) the store knows and refuses. A part
//! listed twice is refused as on AWS, where Ceph takes the last: it may stand for one forgotten.
//!
//! Where we deviate: AWS refuses a part without the checksum that its upload asked for, and a
//! COMPOSITE Complete that does not repeat every part's. Here the server computes the one and has
//! the other; what is sent is compared. A checksum nobody asked for is not computed (AWS makes a
//! CRC64NVME of every object).

use super::checksum::{write_checksum, write_object_checksum};
use super::list::{bool_text, write_origin, write_upload_checksum};
use super::object::{name_condition, new_meta};
use super::receive::{Terms, receive, receive_xml};
use super::{Context, blocking, config, with_new_version};
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{
    CompleteMultipartUpload, CreateMultipartUpload, ExpectedObject, ListParts, UploadAddress,
    UploadPart,
};
use crate::store::{CompletePart, Expectation, PartRecord, UploadInfo};
use crate::types::{ChecksumAlgorithm, ChecksumType, Key, ObjectMeta, UploadChecksum};
use crate::xml::{self, CompletedPart, Document};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>
pub(super) fn create_multipart_upload(
    context: &Context,
    input: CreateMultipartUpload,
) -> Result<Response> {
    let CreateMultipartUpload { bucket, key, new, checksum } = input;
    let open = context.open_for_write(&bucket, Action::PutObject, &key)?;
    context.user()?; // nobody could go on with an upload of nobody's
    let retention = new.lock.retention;
    let meta = new_meta(context, &open, &key, new)?;
    let info = UploadInfo {
        // The bucket's default is Complete's to give.
        meta: ObjectMeta { retention, ..meta },
        checksum,
        owner: context.writer(&open),
        initiated: context.now,
    };
    let id = open.bucket.create_upload(&key, info)?;
    let mut document = Document::new("InitiateMultipartUploadResult");
    document.text("Bucket", bucket.as_str());
    document.text("Key", key.as_str());
    document.text("UploadId", id.as_str());
    let response = Response::xml(document.finish());
    let response = config::with_abort_date(response, &open.bucket, &key, context.now);
    Ok(match checksum {
        None => response,
        Some(UploadChecksum { algorithm, of }) => response
            .header("x-amz-checksum-algorithm", algorithm.name())
            .header("x-amz-checksum-type", of.name()),
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>
pub(super) async fn upload_part(
    context: &Context,
    input: UploadPart,
    body: &mut Body<'_>,
) -> Result<Response> {
    let address = input.upload;
    let mut terms = Terms::content(input.expected, input.length);
    let claimed = terms.checksum;
    let opener = context.clone();
    let (open, upload, address, wanted) = blocking(move || {
        let (open, upload) = opener.open_upload(&address, Action::PutObject)?;
        let wanted = agree(claimed, upload.info().checksum.map(|wanted| wanted.algorithm))?;
        Ok((open, upload, address, wanted))
    })
    .await?;
    terms.checksum = wanted;
    // Asked for before the part has its slot, which is given out only once.
    let length = input.length;
    let room = context.room(&open, &address.key, length.or(body.length())).await?;
    let writer = blocking(move || upload.part(input.part_number, length)).await?;
    let room = if writer.is_in_body() { room.left_behind() } else { room };
    receive(context, body, terms, writer, |writer, proof| {
        let part = writer.seal(proof)?;
        room.keep(part.length);
        let response = Response::empty(200).header("ETag", part.etag.quoted());
        Ok(match part.checksum {
            None => response,
            Some(checksum) => response.header(checksum.algorithm.header(), checksum.base64()),
        })
    })
    .await
}

/// The checksum a part is given: the upload's, which the client may leave to us but not change.
fn agree(
    part: Option<ChecksumAlgorithm>,
    upload: Option<ChecksumAlgorithm>,
) -> Result<Option<ChecksumAlgorithm>> {
    match (part, upload) {
        (Some(part), Some(upload)) if part != upload => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, \
                 actual checksum Type: {}",
                upload.name().to_ascii_lowercase(),
                part.name().to_ascii_lowercase()
            ),
        )),
        (part, upload) => Ok(part.or(upload)),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
pub(super) async fn complete_multipart_upload(
    context: &Context,
    input: CompleteMultipartUpload,
    body: &mut Body<'_>,
) -> Result<Response> {
    let CompleteMultipartUpload { upload, expected, object, conditions } = input;
    let (opener, address, asked) = (context.clone(), upload.clone(), conditions.clone());
    let (open, mut stored) = blocking(move || {
        let (open, stored) = opener.open_upload(&address, Action::PutObject)?;
        opener.authorise_conditions(&open, &address.key, None, &asked)?;
        Ok((open, stored))
    })
    .await?;
    stored.retain_by_default(context.now);
    receive_xml(context, body, expected, move |document| {
        let parts = ascending(xml::complete_multipart_upload(&document)?)?;
        let wanted = stored.info().checksum;
        consecutive(&parts, wanted)?;
        let expectation = expectation(object, wanted, parts.len())?;
        let committed = stored
            .complete(&parts, &conditions, &expectation)
            .map_err(|error| name_condition(error, &conditions))?;
        let mut document = Document::new("CompleteMultipartUploadResult");
        document.text("Location", &location(&upload));
        document.text("Bucket", upload.bucket.as_str());
        document.text("Key", upload.key.as_str());
        document.text("ETag", &committed.etag.quoted());
        if let Some(UploadChecksum { of, .. }) = wanted {
            let checksum = committed.checksum.as_ref();
            write_object_checksum(&mut document, &committed.etag, checksum, of);
        }
        let response = Response::xml(document.finish());
        let response = with_new_version(response, committed.version_id);
        Ok(config::with_new_expiration(response, &open.bucket, &upload.key))
    })
    .await
}

/// What the store is to hold the object against, where that agrees with upload and list.
fn expectation(
    expected: ExpectedObject,
    upload: Option<UploadChecksum>,
    parts: usize,
) -> Result<Expectation> {
    if let (Some(of), Some(upload)) = (expected.of, upload)
        && of != upload.of
    {
        let message = format!(
            "The upload was created using the {} checksum mode. The complete request must use the \
             same checksum mode.",
            upload.of.name()
        );
        return Err(S3Error::new(ErrorCode::InvalidRequest, message));
    }
    if expected.parts.is_some_and(|n| n != parts) {
        return Err(ErrorCode::BadDigest.into());
    }
    Ok(Expectation { checksum: expected.checksum, length: expected.length })
}

/// Part numbers rise, without repeats, and each tag is one that could have been given.
fn ascending(parts: Vec<CompletedPart>) -> Result<Vec<CompletePart>> {
    if parts.is_empty() {
        return Err(ErrorCode::MalformedXML.into());
    }
    if !parts.is_sorted_by(|a, b| a.number < b.number) {
        return Err(ErrorCode::InvalidPartOrder.into());
    }
    let named =
        |part: CompletedPart| match part.etag {
            Some(etag) => Ok(CompletePart { number: part.number, etag, checksums: part.checksums }),
            None => Err(S3Error::from(ErrorCode::InvalidPart)
                .with("PartNumber", part.number.get().to_string())),
        };
    parts.into_iter().map(named).collect()
}

/// Checksums of checksums speak of parts 1 to k, so AWS wants those.
fn consecutive(parts: &[CompletePart], wanted: Option<UploadChecksum>) -> Result<()> {
    let composite = wanted.is_some_and(|wanted| wanted.of == ChecksumType::Composite);
    let in_place = |(number, part): (u16, &CompletePart)| part.number.get() == number;
    match composite && !(1..).zip(parts).all(in_place) {
        true => Err(ErrorCode::InvalidPartOrder.into()),
        false => Ok(()),
    }
}

/// Everything but unreserved characters and the slash, as in a path.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The path of the object. AWS gives a whole URL; behind a proxy we would name the wrong host, and
/// no client follows it.
fn location(upload: &UploadAddress) -> String {
    object_path(&format!("/{}", upload.bucket.as_str()), &upload.key)
}

/// The path of an object from that of its bucket.
pub(super) fn object_path(bucket: &str, key: &Key) -> String {
    format!("{bucket}/{}", utf8_percent_encode(key.as_str(), PATH))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
pub(super) fn abort_multipart_upload(
    context: &Context,
    upload: &UploadAddress,
) -> Result<Response> {
    context.open_upload(upload, Action::AbortMultipartUpload)?.1.abort()?;
    Ok(Response::empty(204))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
pub(super) fn list_parts(context: &Context, input: &ListParts) -> Result<Response> {
    let UploadAddress { bucket, key, upload_id } = &input.upload;
    let (open, upload) = context.open_upload(&input.upload, Action::ListMultipartUploadParts)?;
    let (parts, truncated) = match input.max_parts {
        0 => (Vec::new(), false),
        max => upload.parts(input.marker, max)?,
    };
    let info = upload.info();
    let mut document = Document::new("ListPartsResult");
    document.text("Bucket", bucket.as_str());
    document.text("Key", key.as_str());
    document.text("UploadId", upload_id.as_str());
    write_origin(&mut document, &open, info);
    document.text("PartNumberMarker", &input.marker.to_string());
    let next = parts.last().map_or(input.marker, |part| part.number.get());
    document.text("NextPartNumberMarker", &next.to_string());
    document.text("MaxParts", &input.max_parts.to_string());
    document.text("IsTruncated", bool_text(truncated));
    write_upload_checksum(&mut document, info);
    for part in &parts {
        document.element("Part", |document| write_part(document, part));
    }
    let response = Response::xml(document.finish());
    Ok(config::with_abort_date(response, &open.bucket, key, info.initiated))
}

fn write_part(document: &mut Document, part: &PartRecord) {
    document.text("PartNumber", &part.number.get().to_string());
    document.text("LastModified", &part.modified.iso8601());
    document.text("ETag", &part.etag.quoted());
    document.text("Size", &part.length.to_string());
    write_checksum(document, part.checksum.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{BucketName, ETag, Key, PartNumber, UploadId};

    fn part(number: &str) -> CompletedPart {
        let number = PartNumber::parse(number).unwrap();
        CompletedPart { number, etag: Some(ETag::Md5([0; 16])), checksums: vec![] }
    }

    #[test]
    fn complete_multipart_upload_wants_rising_part_numbers() {
        let code = |parts| ascending(parts).map(|_| ()).map_err(|error| error.code);
        assert_eq!(code(vec![part("1"), part("3"), part("10000")]), Ok(()));
        assert_eq!(code(vec![]), Err(ErrorCode::MalformedXML));
        assert_eq!(code(vec![part("2"), part("1")]), Err(ErrorCode::InvalidPartOrder));
        assert_eq!(code(vec![part("2"), part("2")]), Err(ErrorCode::InvalidPartOrder));
        let unknown = CompletedPart { etag: None, ..part("1") };
        assert_eq!(code(vec![unknown]), Err(ErrorCode::InvalidPart));
    }

    #[test]
    fn a_part_has_the_checksum_of_its_upload() {
        let (crc, sha) = (Some(ChecksumAlgorithm::Crc32), Some(ChecksumAlgorithm::Sha256));
        assert_eq!(agree(None, crc).unwrap(), crc);
        assert_eq!(agree(crc, None).unwrap(), crc);
        assert_eq!(agree(crc, crc).unwrap(), crc);
        assert_eq!(agree(sha, crc).unwrap_err().code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn location_is_a_path_that_can_be_asked_for() {
        let upload = UploadAddress {
            bucket: BucketName::parse("bkt").unwrap(),
            key: Key::parse("a b/+ü".into()).unwrap(),
            upload_id: UploadId::from_bytes([0; 16]),
        };
        assert_eq!(location(&upload), "/bkt/a%20b/%2B%C3%BC");
    }
}
