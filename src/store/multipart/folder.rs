//! The folder of one upload, `uploads/<bucket-id>/<upload-id>/`: which files there are, and the
//! few ways in which they are made.
//!
//! ```text
//! info.json         how it began; a flock on it is held by Complete and Abort
//! body              the slots; gone once Complete has renamed it into place
//! slot-bytes        S, the length of the first attempt
//! slot-00001        claim of slot 1, made once and never removed
//! part-00001.json   the record of part 1; the last one wins
//! own-<random>      the bytes of an attempt that found no slot
//! joined-<random>   what Complete makes where it cannot publish the body
//! answer.json       what Complete is about to answer, and the file it is about to publish
//! new-<random>      a small file on its way to its name
//! ```

use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::UPLOAD_FILE_BYTES_MAX;
use crate::store::disk::Disk;
use crate::store::{dir, random_id, refused};
use crate::types::PartNumber;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{self, AtFlags, FlockOperation, OFlags};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{Read, Write};

pub(super) const INFO: &str = "info.json";
pub(super) const BODY: &str = "body";
/// What Complete is about to answer; becomes `<upload-id>.done` beside the folder.
pub(super) const ANSWER: &str = "answer.json";
/// Begins the name of a file that is one part's alone.
pub(super) const OWN: &str = "own-";
/// Begins the name of a file that Complete joins parts in.
pub(super) const JOINED: &str = "joined-";
pub(super) const SLOT_BYTES: &str = "slot-bytes";

/// Where the record of a part is.
pub(super) fn part_name(number: PartNumber) -> String {
    format!("part-{:05}.json", number.get())
}

/// The part whose record has this name.
pub(super) fn part_number(name: &str) -> Option<PartNumber> {
    let digits = name.strip_prefix("part-")?.strip_suffix(".json")?;
    PartNumber::parse(digits).ok()
}

/// The claim of a slot.
pub(super) fn claim_name(number: PartNumber) -> String {
    format!("slot-{:05}", number.get())
}

/// Whether this is the name of a claim.
pub(super) fn is_claim(name: &str) -> bool {
    name.strip_prefix("slot-").is_some_and(|digits| PartNumber::parse(digits).is_ok())
}

/// A name nobody else has.
pub(super) fn random_name(prefix: &str) -> String {
    [prefix, &random_id()].concat()
}

/// What the kernel refused inside an upload: a folder that is gone was aborted or completed.
pub(super) fn gone(errno: Errno) -> S3Error {
    match errno {
        Errno::NOENT => ErrorCode::NoSuchUpload.into(),
        errno => refused(errno),
    }
}

/// Opens a file of a folder; `None` where there is none.
pub(super) fn open(folder: impl AsFd, name: &str, flags: OFlags) -> Result<Option<File>> {
    match dir::open(folder, name, flags) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(refused(errno)),
    }
}

/// Makes a new file to write into; `None` where one of that name is.
pub(super) fn create(folder: impl AsFd, name: &str) -> Result<Option<File>> {
    match dir::open(folder, name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(Errno::EXIST) => Ok(None),
        Err(errno) => Err(gone(errno)),
    }
}

/// Reads a small JSON file; `None` where there is none, or none of ours.
pub(super) fn read<T: DeserializeOwned>(folder: impl AsFd, name: &str) -> Result<Option<T>> {
    let Some(file) = open(folder, name, OFlags::RDONLY)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(UPLOAD_FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes).ok())
}

/// What [`write()`] does with a name that is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// The last one wins.
    Replace,
    /// The first one wins.
    Keep,
}

/// Writes a small JSON file: whole and durable before it has its name. The caller syncs the folder.
pub(super) fn write(
    folder: impl AsFd,
    disk: &Disk,
    name: &str,
    taken: Taken,
    value: &impl Serialize,
) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(S3Error::internal)?;
    let new = random_name("new-");
    let Some(mut file) = create(&folder, &new)? else {
        return Err(S3Error::internal("a random name was taken"));
    };
    let named = file.write_all(&bytes).map_err(S3Error::from).and_then(|()| {
        disk.sync(&file)?;
        let renamed = match taken {
            Taken::Replace => fs::renameat(&folder, &new, &folder, name),
            Taken::Keep => fs::linkat(&folder, &new, &folder, name, AtFlags::empty()),
        };
        match renamed {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) if taken == Taken::Keep => Ok(()),
            Err(errno) => Err(gone(errno)),
        }
    });
    if named.is_err() || taken == Taken::Keep {
        remove(&folder, &new);
    }
    named
}

/// Removes a file that nothing names any more. Left behind, it goes with the folder.
pub(super) fn remove(folder: impl AsFd, name: &str) {
    let _ = fs::unlinkat(folder, name, AtFlags::empty());
}

/// Takes a lock on an open file if that needs no waiting.
pub(super) fn try_lock(file: impl AsFd, exclusive: bool) -> Result<bool> {
    let operation = match exclusive {
        true => FlockOperation::NonBlockingLockExclusive,
        false => FlockOperation::NonBlockingLockShared,
    };
    match rustix::io::retry_on_intr(|| fs::flock(&file, operation)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(refused(errno)),
    }
}

/// Whether `name` still names this open file or folder.
pub(super) fn is_still(parent: impl AsFd, name: &str, opened: impl AsFd) -> Result<bool> {
    let opened = fs::fstat(opened).map_err(refused)?;
    match fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(named) => Ok((named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(refused(errno)),
    }
}

/// Takes an upload's folder out of sight in one step, then removes it. Whoever still writes into
/// it finds, before an answer, that the upload is gone; what that leaves is swept.
pub(super) fn discard(uploads: &OwnedFd, disk: &Disk, id: &str) -> Result<()> {
    let aside = format!("{id}{GONE}");
    match fs::renameat(uploads, id, uploads, &aside) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(refused(errno)),
    }
    disk.sync(uploads)?;
    let _ = dir::remove_tree(uploads, &aside);
    Ok(())
}

/// Ends the name of a folder that is being removed.
pub(super) const GONE: &str = ".gone";
/// Ends the name of the record of a completed upload.
pub(super) const DONE: &str = ".done";
