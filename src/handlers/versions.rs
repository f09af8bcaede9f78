//! ListObjectVersions.
//!
//! STUB: without encoding-type, and paging by keys alone.

use super::{Context, write_owner};
use crate::auth::access::Action;
use crate::error::Result;
use crate::http::response::Response;
use crate::router::ListObjectVersions;
use crate::store::{ListQuery, VersionEntry};
use crate::xml::Document;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
pub(super) fn list_object_versions(
    context: &Context,
    input: ListObjectVersions,
) -> Result<Response> {
    let ListObjectVersions { listing, key_marker, version_id_marker } = input;
    let open = context.open(&listing.bucket, Action::ListBucketVersions)?;
    let query = ListQuery {
        prefix: listing.prefix,
        delimiter: listing.delimiter,
        after: key_marker,
        max: listing.max_keys,
    };
    let page = open.bucket.list_versions(&query, version_id_marker)?;
    let mut document = Document::new("ListVersionsResult");
    document.text("Name", listing.bucket.as_str());
    document.text("MaxKeys", &listing.max_keys.to_string());
    document.text("IsTruncated", if page.truncated { "true" } else { "false" });
    if let Some(VersionEntry::Version { key, version_id, .. }) =
        page.entries.last().filter(|_| page.truncated)
    {
        document.text("NextKeyMarker", key.as_str());
        document.text("NextVersionIdMarker", &version_id.to_string());
    }
    for entry in &page.entries {
        let VersionEntry::Version { key, version_id, is_latest, length, modified, etag, .. } =
            entry
        else {
            continue;
        };
        document.element("Version", |document| {
            document.text("Key", key.as_str());
            document.text("VersionId", &version_id.to_string());
            document.text("IsLatest", if *is_latest { "true" } else { "false" });
            document.text("LastModified", &modified.iso8601());
            document.text("ETag", &etag.quoted());
            document.text("Size", &length.to_string());
            document.text("StorageClass", "STANDARD");
            write_owner(document, "Owner", &open.owner);
        });
    }
    Ok(Response::xml(document.finish()))
}
