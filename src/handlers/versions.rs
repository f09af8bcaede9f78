//! ListObjectVersions: every version and delete marker of a page of keys, as XML.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
//!
//! Versions and delete markers stand in one order, by key and the newest first, as on AWS; the
//! common prefixes follow. A page that is cut goes on after NextKeyMarker and, where that is a key
//! and not a common prefix, after its version NextVersionIdMarker.
//!
//! A bucket without versioning answers too: each of its objects is a version `null`.

use super::list::{bool_text, encoded, query, write_common_prefix, write_content, write_grouping};
use super::{Context, OpenBucket, write_owner};
use crate::auth::access::Action;
use crate::error::Result;
use crate::http::response::Response;
use crate::router::{ListObjectVersions, Listing};
use crate::store::{VersionEntry, VersionPage};
use crate::types::{Key, VersionId};
use crate::xml::Document;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
pub(super) fn list_object_versions(
    context: &Context,
    input: ListObjectVersions,
) -> Result<Response> {
    let ListObjectVersions { listing, key_marker, version_id_marker } = input;
    let open = context.open_listing(&listing, Action::ListBucketVersions)?;
    let page = match listing.max_keys {
        0 => VersionPage::default(), // not truncated, as on AWS: no page could follow it
        _ => open.bucket.list_versions(&query(&listing, &key_marker), version_id_marker)?,
    };
    let mut document = Document::new("ListVersionsResult");
    document.text("Name", listing.bucket.as_str());
    document.text("Prefix", &encoded(&listing, &listing.prefix));
    document.text("KeyMarker", &encoded(&listing, &key_marker));
    let marker = version_id_marker.map(|id| id.to_string()).unwrap_or_default();
    document.text("VersionIdMarker", &marker);
    write_next_markers(&mut document, &listing, &page);
    document.text("MaxKeys", &listing.max_keys.to_string());
    write_grouping(&mut document, &listing);
    document.text("IsTruncated", bool_text(page.truncated));
    for entry in &page.entries {
        write_version(&mut document, &listing, entry, &open);
    }
    for entry in &page.entries {
        if let VersionEntry::CommonPrefix(prefix) = entry {
            write_common_prefix(&mut document, &listing, prefix);
        }
    }
    Ok(Response::xml(document.finish()))
}

/// Where the next page begins.
fn write_next_markers(document: &mut Document, listing: &Listing, page: &VersionPage) {
    let (key, version) = match page.entries.last().filter(|_| page.truncated) {
        None => return,
        Some(VersionEntry::CommonPrefix(prefix)) => (prefix.as_str(), None),
        Some(VersionEntry::Version { key, version_id, .. }) => (key.as_str(), Some(*version_id)),
        Some(VersionEntry::DeleteMarker { key, marker, .. }) => {
            (key.as_str(), Some(marker.version_id))
        }
    };
    document.text("NextKeyMarker", &encoded(listing, key));
    if let Some(version) = version {
        document.text("NextVersionIdMarker", &version.to_string());
    }
}

fn write_version(
    document: &mut Document,
    listing: &Listing,
    entry: &VersionEntry,
    open: &OpenBucket,
) {
    match entry {
        VersionEntry::CommonPrefix(_) => {}
        VersionEntry::DeleteMarker { key, is_latest, marker } => {
            document.element("DeleteMarker", |document| {
                write_name(document, listing, key, marker.version_id, *is_latest);
                document.text("LastModified", &marker.modified.iso8601());
                write_owner(document, "Owner", &open.owner);
            });
        }
        VersionEntry::Version {
            key,
            version_id,
            is_latest,
            length,
            modified,
            etag,
            storage_class,
            checksum,
            owner,
        } => {
            document.element("Version", |document| {
                write_name(document, listing, key, *version_id, *is_latest);
                write_content(document, *modified, etag, *checksum, *length);
                document.text("StorageClass", storage_class.as_deref().unwrap_or("STANDARD"));
                write_owner(document, "Owner", open.listed_owner(owner.as_ref()));
            });
        }
    }
}

/// Which version of which key, and whether a GET without a version finds it.
fn write_name(
    document: &mut Document,
    listing: &Listing,
    key: &Key,
    version_id: VersionId,
    is_latest: bool,
) {
    document.text("Key", &encoded(listing, key.as_str()));
    document.text("VersionId", &version_id.to_string());
    document.text("IsLatest", bool_text(is_latest));
}
