//! ListObjects, ListObjectsV2 and ListMultipartUploads: one page each, as XML.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
//!
//! A page begins after the last entry of the one before, whether that was a key or a common
//! prefix. V1 says so in the open (NextMarker, with a delimiter only, as on AWS: without one the
//! last key is the marker); V2 wraps it into a token.
//!
//! Refused: continuation tokens that were not made here.

use super::{Context, OpenBucket, write_owner};
use crate::auth::access::Action;
use crate::error::{Result, S3Error};
use crate::http::response::Response;
use crate::router::{ListMultipartUploads, ListObjects, ListObjectsV2, Listing};
use crate::store::{ListEntry, ListPage, ListQuery, UploadInfo};
use crate::types::{
    ChecksumAlgorithm, ChecksumType, ETag, Key, Timestamp, UploadChecksum, UploadId,
};
use crate::xml::{self, Document};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>
pub(super) fn list_objects(context: &Context, input: ListObjects) -> Result<Response> {
    let ListObjects { listing, marker } = input;
    let open = context.open_listing(&listing, Action::ListBucket)?;
    let page = read_page(&open, &listing, &marker)?;
    let mut document = Document::new("ListBucketResult");
    write_query(&mut document, &listing);
    document.text("Marker", &encoded(&listing, &marker));
    if page.truncated && !listing.delimiter.is_empty() {
        document.text("NextMarker", &encoded(&listing, last(&page)));
    }
    document.text("MaxKeys", &listing.max_keys.to_string());
    document.text("IsTruncated", bool_text(page.truncated));
    write_entries(&mut document, &listing, &page, Some(&open));
    Ok(Response::xml(document.finish()))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
pub(super) fn list_objects_v2(context: &Context, input: ListObjectsV2) -> Result<Response> {
    let ListObjectsV2 { listing, start_after, continuation_token, fetch_owner } = input;
    let open = context.open_listing(&listing, Action::ListBucket)?;
    let after = match continuation_token.as_deref() {
        Some(token) if !token.is_empty() => parse_token(token)?,
        // A client that pages in a loop sends an empty token at first.
        _ => start_after.clone().unwrap_or_default(),
    };
    let page = read_page(&open, &listing, &after)?;
    let mut document = Document::new("ListBucketResult");
    write_query(&mut document, &listing);
    if let Some(start_after) = start_after {
        document.text("StartAfter", &encoded(&listing, &start_after));
    }
    if let Some(token) = continuation_token {
        document.text("ContinuationToken", &token);
    }
    if page.truncated {
        document.text("NextContinuationToken", &token(last(&page)));
    }
    document.text("KeyCount", &page.entries.len().to_string());
    document.text("MaxKeys", &listing.max_keys.to_string());
    document.text("IsTruncated", bool_text(page.truncated));
    write_entries(&mut document, &listing, &page, fetch_owner.then_some(&open));
    Ok(Response::xml(document.finish()))
}

/// `max-keys=0` is an empty page that is not truncated, as on AWS: no page could follow it.
fn read_page(open: &OpenBucket, listing: &Listing, after: &str) -> Result<ListPage> {
    if listing.max_keys == 0 {
        return Ok(ListPage::default());
    }
    open.bucket.list(&query(listing, after))
}

pub(super) fn query(listing: &Listing, after: &str) -> ListQuery {
    ListQuery {
        prefix: listing.prefix.clone(),
        delimiter: listing.delimiter.clone(),
        after: after.to_owned(),
        max: listing.max_keys,
    }
}

/// Where the next page begins.
fn last(page: &ListPage) -> &str {
    match page.entries.last() {
        Some(ListEntry::Object { key, .. }) => key.as_str(),
        Some(ListEntry::CommonPrefix(prefix)) => prefix,
        None => "",
    }
}

/// The first byte of a token: whoever changes its form changes this, and old ones are refused.
const TOKEN_VERSION: u8 = 1;

/// The last entry, made unreadable: clients took AWS's tokens apart where they could.
pub(super) fn token(last: &str) -> String {
    let mut bytes = vec![TOKEN_VERSION];
    bytes.extend_from_slice(last.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn parse_token(token: &str) -> Result<String> {
    let last = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| {
        let (version, last) = bytes.split_first()?;
        (*version == TOKEN_VERSION).then(|| String::from_utf8(last.to_vec()).ok())?
    });
    last.ok_or_else(|| {
        S3Error::argument(
            "The continuation token provided is incorrect",
            "continuation-token",
            token,
        )
    })
}

/// What both versions repeat of the question.
fn write_query(document: &mut Document, listing: &Listing) {
    document.text("Name", listing.bucket.as_str());
    document.text("Prefix", &encoded(listing, &listing.prefix));
    write_grouping(document, listing);
}

pub(super) fn write_grouping(document: &mut Document, listing: &Listing) {
    if !listing.delimiter.is_empty() {
        document.text("Delimiter", &encoded(listing, &listing.delimiter));
    }
    if listing.encode_url {
        document.text("EncodingType", "url");
    }
}

/// AWS writes all Contents before all CommonPrefixes.
fn write_entries(
    document: &mut Document,
    listing: &Listing,
    page: &ListPage,
    owners: Option<&OpenBucket>,
) {
    for entry in &page.entries {
        if let ListEntry::Object { .. } = entry {
            document.element("Contents", |document| {
                write_object(document, listing, entry, owners);
            });
        }
    }
    for entry in &page.entries {
        if let ListEntry::CommonPrefix(prefix) = entry {
            write_common_prefix(document, listing, prefix);
        }
    }
}

fn write_object(
    document: &mut Document,
    listing: &Listing,
    entry: &ListEntry,
    owners: Option<&OpenBucket>,
) {
    let ListEntry::Object { key, length, modified, etag, storage_class, checksum, owner } = entry
    else {
        return;
    };
    document.text("Key", &encoded(listing, key.as_str()));
    write_content(document, *modified, etag, *checksum, *length);
    if let Some(open) = owners {
        write_owner(document, "Owner", open.listed_owner(owner.as_ref()));
    }
    document.text("StorageClass", storage_class.as_deref().unwrap_or("STANDARD"));
}

/// What a listing tells of the bytes of an object, or of a version of one.
pub(super) fn write_content(
    document: &mut Document,
    modified: Timestamp,
    etag: &ETag,
    checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
    length: u64,
) {
    document.text("LastModified", &modified.iso8601());
    document.text("ETag", &etag.quoted());
    if let Some((algorithm, of)) = checksum {
        document.text("ChecksumAlgorithm", algorithm.name()).text("ChecksumType", of.name());
    }
    document.text("Size", &length.to_string());
}

pub(super) fn write_common_prefix(document: &mut Document, listing: &Listing, prefix: &str) {
    document.element("CommonPrefixes", |document| {
        document.text("Prefix", &encoded(listing, prefix));
    });
}

/// A key may hold what XML cannot carry; `encoding-type=url` is how a client asks for it safely.
pub(super) fn encoded(listing: &Listing, text: &str) -> String {
    if listing.encode_url { xml::url_encode(text) } else { text.to_owned() }
}

pub(super) fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
pub(super) fn list_multipart_uploads(
    context: &Context,
    input: ListMultipartUploads,
) -> Result<Response> {
    let ListMultipartUploads { listing, key_marker, upload_id_marker } = input;
    let open = context.open_listing(&listing, Action::ListBucketMultipartUploads)?;
    let page = match listing.max_keys {
        0 => Default::default(),
        _ => {
            open.bucket.list_uploads(&query(&listing, &key_marker), upload_id_marker.as_deref())?
        }
    };
    let mut document = Document::new("ListMultipartUploadsResult");
    document.text("Bucket", listing.bucket.as_str());
    document.text("KeyMarker", &encoded(&listing, &key_marker));
    document.text("UploadIdMarker", upload_id_marker.as_deref().unwrap_or(""));
    if page.truncated {
        document.text("NextKeyMarker", &encoded(&listing, &page.next_key));
        document.text("NextUploadIdMarker", &page.next_id);
    }
    document.text("Prefix", &encoded(&listing, &listing.prefix));
    write_grouping(&mut document, &listing);
    document.text("MaxUploads", &listing.max_keys.to_string());
    document.text("IsTruncated", bool_text(page.truncated));
    for (key, id, info) in &page.uploads {
        document.element("Upload", |document| {
            write_upload(document, &open, &listing, key, id, info);
        });
    }
    for prefix in &page.common_prefixes {
        write_common_prefix(&mut document, &listing, prefix);
    }
    Ok(Response::xml(document.finish()))
}

fn write_upload(
    document: &mut Document,
    open: &OpenBucket,
    listing: &Listing,
    key: &Key,
    id: &UploadId,
    info: &UploadInfo,
) {
    document.text("Key", &encoded(listing, key.as_str()));
    document.text("UploadId", id.as_str());
    write_origin(document, open, info);
    document.text("Initiated", &info.initiated.iso8601());
    write_upload_checksum(document, info);
}

/// Which checksums an upload keeps, if any.
pub(super) fn write_upload_checksum(document: &mut Document, info: &UploadInfo) {
    if let Some(UploadChecksum { algorithm, of }) = info.checksum {
        document.text("ChecksumAlgorithm", algorithm.name()).text("ChecksumType", of.name());
    }
}

/// Who started an upload, and what it is to become.
pub(super) fn write_origin(document: &mut Document, open: &OpenBucket, info: &UploadInfo) {
    write_owner(document, "Initiator", &info.owner);
    write_owner(document, "Owner", open.rules().object_owner(info.meta.acl.as_ref()));
    document.text("StorageClass", info.meta.storage_class.as_deref().unwrap_or("STANDARD"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn continuation_tokens_survive_any_key() {
        for key in ["", "a/b", "\u{1}\u{7f}+&%2F", "😀", &"k".repeat(1024)] {
            let token = token(key);
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
            assert_eq!(parse_token(&token).unwrap(), key);
        }
    }

    #[test]
    fn list_objects_v2_refuses_tokens_of_other_makers() {
        for bad in ["", "=", "AA", "Af8", "not a token", "Aab="] {
            let error = parse_token(bad).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidArgument, "{bad}");
            assert_eq!(error.message, "The continuation token provided is incorrect");
        }
    }
}
