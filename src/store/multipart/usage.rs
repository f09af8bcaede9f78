//! How many bytes the uploads in progress hold.
//!
//! By the names and sizes of their files, without a look into the records of parts. A slot that was
//! once claimed counts as long as it is, also where its attempt failed: its bytes stay in the body
//! until the upload ends, and else a client could fill a disk with attempts that fail.

use super::folder;
use super::listing::in_order;
use crate::error::Result;
use crate::store::usage::file_bytes;
use crate::store::{Bucket, dir, refused};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

/// Bytes of all uploads of keys that begin with `prefix`.
pub(in crate::store) fn bytes_of_uploads(bucket: &Bucket, prefix: &str) -> Result<u64> {
    let Some(uploads) = bucket.uploads()? else { return Ok(0) };
    let mut bytes: u64 = 0;
    for (_, id) in in_order(&uploads, prefix)? {
        bytes = bytes.saturating_add(bytes_of(&uploads, id.as_str())?);
    }
    Ok(bytes)
}

/// The body has holes where parts are still to come: of it no more counts than the slots claimed.
fn bytes_of(uploads: &OwnedFd, id: &str) -> Result<u64> {
    let own = match dir::open_dir(uploads, id) {
        Ok(own) => own,
        Err(Errno::NOENT) => return Ok(0), // it ended meanwhile
        Err(error) => return Err(refused(error)),
    };
    let (mut slots, mut own_files): (u64, u64) = (0, 0);
    for entry in dir::entries(&own).map_err(refused)? {
        let (Some(name), _) = entry.map_err(refused)? else { continue };
        if folder::is_claim(&name) {
            slots += 1;
        } else if name.starts_with(folder::OWN) {
            own_files = own_files.saturating_add(file_bytes(&own, &name)?);
        }
    }
    let slot_bytes: u64 = folder::read(&own, folder::SLOT_BYTES)?.unwrap_or(0);
    let body = file_bytes(&own, folder::BODY)?;
    Ok(own_files.saturating_add(body.min(slots.saturating_mul(slot_bytes))))
}
