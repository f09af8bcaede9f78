//! CopyObject and UploadPartCopy: bytes that go from file to file without passing through here.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>
//!
//! The source is opened like any bucket, so it is authorised like any (security class H). An ACL
//! is never copied: the copy has the one its request asks for.
//!
//! Where we deviate: the copy of a multipart object keeps its entity tag and its checksum, where
//! AWS computes the MD5 of the whole. The content is the same and the tag says so; a new one
//! would mean to read every byte. A request that asks for another checksum has them read, and
//! then the tag is the MD5, as on AWS.
//!
//! Refused: a copy onto itself that changes nothing, sources over 5 GiB, ranges outside the source.

use super::checksum::{write_checksum, write_object_checksum};
use super::object::{name_condition, new_meta, precondition_failed};
use super::{Context, OpenBucket, blocking, config, with_new_version};
use crate::auth::access::Action;
use crate::digest::{BodyDigest, Digests};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::response::Response;
use crate::limits;
use crate::router::{CopyObject, CopySource, UploadPartCopy};
use crate::store::Object;
use crate::types::{
    Checksum, ChecksumAlgorithm, ChecksumType, ETag, ObjectMeta, Tags, Verdict, VersionId,
};
use crate::xml::Document;
use std::os::unix::fs::FileExt;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
pub(super) async fn copy_object(context: &Context, input: CopyObject) -> Result<Response> {
    let context = knowing_source(context, &input.source);
    let opener = context.clone();
    let (open, source, input) = blocking(move || {
        let (open, source) = open_both(&opener, &input)?;
        Ok((open, source, input))
    })
    .await?;
    let bytes = source.0.length;
    let room = context.room(&open, &input.key, Some(bytes)).await?;
    blocking(move || {
        let response = copy_between(&context, &open, source, &input)?;
        room.keep(bytes);
        Ok(response)
    })
    .await
}

/// An object to copy from, and its version where its bucket has such.
type Source = (Object, Option<VersionId>);

/// The bucket that the copy goes to, and what it is of.
fn open_both(context: &Context, input: &CopyObject) -> Result<(OpenBucket, Source)> {
    let open = context.open_for_write(&input.bucket, Action::PutObject, &input.key)?;
    context.authorise_conditions(&open, &input.key, None, &input.conditions)?;
    let (source, source_version) = open_source(context, &input.source, !input.replace_tags)?;
    if source.length > limits::PUT_BYTES_MAX {
        return Err(source_too_large());
    }
    let onto_itself = input.source.bucket == input.bucket && input.source.key == input.key;
    // With a version named it is how an older one is brought back.
    if onto_itself && input.source.version.is_none() {
        refuse_unchanged(input, &source.meta)?;
    }
    Ok((open, (source, source_version)))
}

fn copy_between(
    context: &Context,
    open: &OpenBucket,
    (source, source_version): Source,
    input: &CopyObject,
) -> Result<Response> {
    let meta = copied_meta(context, open, input, &source)?;
    authorise_tags(context, open, input, &meta.tags)?;
    let (etag, checksum, of) = (meta.etag.clone(), meta.checksum.clone(), meta.checksum_type);
    let sealed = open.bucket.stage_copy(&source, meta)?;
    let committed = open
        .bucket
        .commit(&input.key, sealed, &input.conditions)
        .map_err(|error| name_condition(error, &input.conditions))?;
    let mut document = Document::new("CopyObjectResult");
    document.text("LastModified", &committed.modified.iso8601());
    document.text("ETag", &committed.etag.quoted());
    write_object_checksum(&mut document, &etag, checksum.as_ref(), of);
    let response = with_source_version(Response::xml(document.finish()), source_version);
    let response = with_new_version(response, committed.version_id);
    Ok(config::with_new_expiration(response, &open.bucket, &input.key))
}

/// A policy may go by what is copied: the source as it is read, not as the header spells it.
fn knowing_source(context: &Context, source: &CopySource) -> Context {
    context.with_facts(context.facts.with_copy_source(&source.bucket, &source.key))
}

/// Tags that come from the source are asked for again once they are known: a policy that looks at
/// `s3:RequestObjectTag` must weigh those that are stored, whatever a header says of others.
fn authorise_tags(
    context: &Context,
    open: &OpenBucket,
    input: &CopyObject,
    tags: &Tags,
) -> Result<()> {
    if input.replace_tags {
        return Ok(()); // asked for with all that the request itself gives
    }
    let context = context.with_facts(context.facts.with_request_tags(tags));
    context.authorise_write(open, Action::PutObject, &input.key)?;
    match tags.is_empty() {
        true => Ok(()),
        false => context.authorise_new_tags(open, &input.key),
    }
}

fn with_source_version(response: Response, version: Option<VersionId>) -> Response {
    match version {
        Some(version) => response.header("x-amz-copy-source-version-id", version.to_string()),
        None => response,
    }
}

/// Opens the source for whoever may read it, and tells which version it is where its bucket has
/// such; under its conditions: what a read would answer with 304 is 412 for a copy.
fn open_source(context: &Context, source: &CopySource, takes_tags: bool) -> Result<Source> {
    let (open, object) =
        context.open_source(source, takes_tags).map_err(|error| match error.code {
            ErrorCode::MethodNotAllowed => S3Error::new(
                ErrorCode::InvalidRequest,
                "The source of a copy request may not specifically refer to a delete marker by \
                 version id.",
            ),
            _ => error,
        })?;
    match source.conditions.weigh(&object.meta.etag, object.modified) {
        Verdict::Proceed => {
            let version = open.shown_version(&object);
            Ok((object, version))
        }
        Verdict::NotModified => Err(ErrorCode::PreconditionFailed.into()),
        Verdict::PreconditionFailed => Err(precondition_failed(&source.conditions)),
    }
}

fn source_too_large() -> S3Error {
    S3Error::new(
        ErrorCode::InvalidRequest,
        "The specified copy source is larger than the maximum allowable size for a copy source: \
         5368709120",
    )
}

/// A copy onto itself is how S3 changes metadata (Cyberduck does it with REPLACE); without a
/// change it is a mistake.
fn refuse_unchanged(input: &CopyObject, kept: &ObjectMeta) -> Result<()> {
    let storage_class = input.new.storage_class.is_some();
    let new_class = storage_class && input.new.storage_class != kept.storage_class;
    let redirect = input.new.headers.website_redirect_location.is_some();
    if input.replace || new_class || redirect {
        return Ok(());
    }
    Err(S3Error::new(
        ErrorCode::InvalidRequest,
        "This copy request is illegal because it is trying to copy an object to itself without \
         changing the object's metadata, storage class, website redirect location or encryption \
         attributes.",
    ))
}

/// The copy's metadata: the request's with REPLACE, else the source's. Storage class, redirect,
/// ACL and Object Lock are the request's either way.
fn copied_meta(
    context: &Context,
    open: &OpenBucket,
    input: &CopyObject,
    source: &Object,
) -> Result<ObjectMeta> {
    let mut meta = new_meta(context, open, &input.key, input.new.clone())?;
    if !input.replace {
        let redirect = meta.headers.website_redirect_location.take();
        meta.headers = source.meta.headers.clone();
        meta.headers.website_redirect_location = redirect;
        meta.user_metadata = source.meta.user_metadata.clone();
    }
    if !input.replace_tags {
        meta.tags = source.meta.tags.clone();
    }
    meta.etag = source.meta.etag.clone();
    meta.checksum = source.meta.checksum.clone();
    meta.checksum_type = source.meta.checksum_type;
    let other = |had: &Checksum| Some(had.algorithm) != input.checksum;
    let wanted = input.checksum.filter(|_| meta.checksum.as_ref().is_none_or(other));
    // The tag of a file that was edited by hand speaks of that one file, not of its content.
    if wanted.is_some() || matches!(meta.etag, ETag::Multipart(_, 0)) {
        let digests = read_whole(source, wanted)?;
        meta.etag = ETag::Md5(digests.md5);
        meta.checksum = digests.checksum;
        meta.checksum_type = ChecksumType::FullObject;
    }
    Ok(meta)
}

/// Reads the source once through, for a checksum nobody has computed yet.
fn read_whole(source: &Object, algorithm: Option<ChecksumAlgorithm>) -> Result<Digests> {
    let mut digest = BodyDigest::new(algorithm);
    let mut buffer = vec![0; limits::BODY_BUFFER_BYTES];
    let mut offset = 0;
    while offset < source.length {
        let count = source.file.read_at(&mut buffer, offset)?;
        if count == 0 {
            return Err(S3Error::internal("the source of a copy was cut while it was read"));
        }
        digest.update(&buffer[..count]);
        offset += count as u64;
    }
    Ok(digest.finish())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>
pub(super) async fn upload_part_copy(context: &Context, input: UploadPartCopy) -> Result<Response> {
    let UploadPartCopy { upload: address, part_number, source, range } = input;
    let context = knowing_source(context, &source);
    let (opener, key) = (context.clone(), address.key.clone());
    let (open, upload, (source, source_version)) = blocking(move || {
        let (open, upload) = opener.open_upload(&address, Action::PutObject)?;
        Ok((open, upload, open_source(&opener, &source, false)?))
    })
    .await?;
    let (offset, bytes) = part_range(range, source.length)?;
    let room = context.room(&open, &key, Some(bytes)).await?;
    let part = blocking(move || {
        let room = room.left_behind();
        let part = upload.part_copy(part_number, &source, offset, bytes)?;
        room.keep(bytes);
        Ok(part)
    })
    .await?;
    let mut document = Document::new("CopyPartResult");
    document.text("LastModified", &part.modified.iso8601());
    document.text("ETag", &part.etag.quoted());
    write_checksum(&mut document, part.checksum.as_ref());
    Ok(with_source_version(Response::xml(document.finish()), source_version))
}

/// First offset and count. Unlike a GET's, a copy's range is never clamped: a part that is shorter
/// than the client believes would spoil the object. AWS's code is InvalidArgument; Ceph's suite
/// wants InvalidRange, which AWS does not answer.
fn part_range(range: Option<(u64, u64)>, length: u64) -> Result<(u64, u64)> {
    let (offset, bytes) = match range {
        None => (0, length),
        Some((first, last)) if first <= last && last < length => (first, last - first + 1),
        Some((first, last)) => {
            return Err(S3Error::argument(
                format!("Range specified is not valid for source object of size: {length}"),
                "x-amz-copy-source-range",
                &format!("bytes={first}-{last}"),
            ));
        }
    };
    if bytes > limits::PUT_BYTES_MAX {
        return Err(source_too_large());
    }
    Ok((offset, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::NewObject;
    use crate::types::{BucketName, Conditions, Key};

    fn onto_itself(replace: bool, storage_class: Option<&str>) -> CopyObject {
        let (bucket, key) = (BucketName::parse("bkt").unwrap(), Key::parse("k".into()).unwrap());
        let source = CopySource {
            bucket: bucket.clone(),
            key: key.clone(),
            version: None,
            conditions: Conditions::default(),
        };
        let new = NewObject { storage_class: storage_class.map(Into::into), ..Default::default() };
        let conditions = Conditions::default();
        CopyObject {
            bucket,
            key,
            source,
            replace,
            replace_tags: false,
            new,
            checksum: None,
            conditions,
        }
    }

    #[test]
    fn copy_object_onto_itself_wants_a_change() {
        let kept = ObjectMeta::bare(ETag::Md5([0; 16]));
        assert!(refuse_unchanged(&onto_itself(true, None), &kept).is_ok());
        assert!(refuse_unchanged(&onto_itself(false, Some("GLACIER")), &kept).is_ok());
        let error = refuse_unchanged(&onto_itself(false, None), &kept).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        assert!(error.message.starts_with("This copy request is illegal because it is trying"));
    }

    #[test]
    fn upload_part_copy_never_clamps_its_range() {
        let five_gib = limits::PUT_BYTES_MAX;
        assert_eq!(part_range(None, 7).unwrap(), (0, 7));
        assert_eq!(part_range(Some((2, 6)), 7).unwrap(), (2, 5));
        assert!(part_range(Some((2, 7)), 7).is_err());
        assert!(part_range(Some((3, 2)), 7).is_err());
        assert!(part_range(Some((0, u64::MAX)), 7).is_err());
        assert_eq!(part_range(Some((1, five_gib)), 2 * five_gib).unwrap(), (1, five_gib));
        assert!(part_range(Some((0, five_gib)), 2 * five_gib).is_err());
        assert!(part_range(None, five_gib + 1).is_err());
    }
}
