//! ListParts and ListMultipartUploads.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
//!
//! Every page of uploads reads the `info.json` of each upload of the bucket: clients have few in
//! progress, and a second index would be a second truth.

use super::folder;
use super::record::{InfoFile, PartFile};
use super::{PartRecord, UploadPage};
use crate::error::Result;
use crate::store::list::paging::{common_prefix, lowest_key};
use crate::store::{Bucket, ListQuery, dir, refused};
use crate::types::{Key, PartNumber, UploadId};
use rustix::fd::OwnedFd;

/// The numbers of all acknowledged parts, ascending.
pub(super) fn part_numbers(own: &OwnedFd) -> Result<Vec<PartNumber>> {
    let mut numbers = Vec::new();
    for entry in dir::entries(own).map_err(refused)? {
        let (name, _) = entry.map_err(refused)?;
        numbers.extend(name.as_deref().and_then(folder::part_number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Acknowledged parts after `marker`, at most `max`; and whether more follow.
pub(super) fn parts(own: &OwnedFd, marker: u16, max: usize) -> Result<(Vec<PartRecord>, bool)> {
    let mut records = Vec::new();
    for number in part_numbers(own)?.into_iter().filter(|number| number.get() > marker) {
        if records.len() == max {
            return Ok((records, max > 0));
        }
        let file: Option<PartFile> = folder::read(own, &folder::part_name(number))?;
        records.extend(file.and_then(|file| file.record(number)));
    }
    Ok((records, false))
}

/// Uploads in progress in order of keys, then of ids. `id_marker` counts only with the key marker
/// (`query.after`), as on S3: then uploads of that very key follow if their ids are greater.
pub(in crate::store) fn list_uploads(
    bucket: &Bucket,
    query: &ListQuery,
    id_marker: Option<&str>,
) -> Result<UploadPage> {
    let mut page = UploadPage::default();
    let Some(uploads) = bucket.uploads()?.filter(|_| query.max > 0) else {
        return Ok(page);
    };
    let low = lowest_key(query);
    for (key, id) in in_order(&uploads, &query.prefix)? {
        let common = common_prefix(query, &key);
        let follows = key.as_bytes() >= low.as_slice()
            || (key == query.after
                && common.is_none()
                && id_marker.is_some_and(|marker| id.as_str() > marker));
        if !follows || (common.is_some() && common == page.common_prefixes.last().map(|p| &**p)) {
            continue;
        }
        if page.uploads.len() + page.common_prefixes.len() == query.max {
            page.truncated = true;
            return Ok(page);
        }
        if let Some(common) = common {
            (page.next_key, page.next_id) = (common.to_owned(), String::new());
            page.common_prefixes.push(common.to_owned());
        } else if let Some(info) = read_info(&uploads, &id)? {
            (page.next_key, page.next_id) = (key.clone(), id.as_str().to_owned());
            page.uploads.push((Key::parse(key.into_bytes())?, id, info.info()));
        }
    }
    (page.next_key, page.next_id) = (String::new(), String::new());
    Ok(page)
}

/// Keys and ids of all uploads with that prefix, sorted.
pub(super) fn in_order(uploads: &OwnedFd, prefix: &str) -> Result<Vec<(String, UploadId)>> {
    let mut found = Vec::new();
    for entry in dir::entries(uploads).map_err(refused)? {
        let (name, _) = entry.map_err(refused)?;
        let Some(id) = name.and_then(|name| UploadId::parse(&name).ok()) else {
            continue;
        };
        if let Some(info) = read_info(uploads, &id)?.filter(|info| info.key.starts_with(prefix)) {
            found.push((info.key, id));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// `None` where the upload ended meanwhile, or has not begun.
fn read_info(uploads: &OwnedFd, id: &UploadId) -> Result<Option<InfoFile>> {
    folder::read(uploads, &[id.as_str(), "/", folder::INFO].concat())
}
