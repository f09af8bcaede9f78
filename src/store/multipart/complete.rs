//! CompleteMultipartUpload: the list is checked against the records, then the body is renamed into
//! place, or the parts are joined; what is published is always exactly what was listed.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
//!
//! A client that did not hear the answer repeats the request: it is answered the same, for a day,
//! from a small record that is written before the object is published.

use super::folder::{self, Taken};
use super::record::{self, DoneFile, InfoFile, PartFile};
use super::{CompletePart, Expectation, Upload, listing};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::PART_READS_MAX;
use crate::store::meta::PartRuns;
use crate::store::staging::Hold;
use crate::store::{Committed, Sealed, copy, refused, versions};
use crate::types::{
    Checksum, Conditions, ETag, ObjectMeta, PartNumber, Timestamp, UploadChecksum, VersionId, hex,
};
use rustix::fd::OwnedFd;
use rustix::fs::{self, OFlags};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::sync::Arc;

/// A listed part and its record.
struct Chosen {
    number: PartNumber,
    md5: [u8; 16],
    checksum: Option<Checksum>,
    file: PartFile,
}

pub(super) fn complete(
    upload: &Upload,
    parts: &[CompletePart],
    conditions: &Conditions,
    expected: &Expectation,
) -> Result<Committed> {
    let list = list_digest(parts);
    let Some(own) = &upload.folder else {
        return answer_again(upload, &list, expected.checksum.as_ref());
    };
    let Some(_turn) = upload.take_turn(own)? else {
        return answer_again(upload, &list, expected.checksum.as_ref());
    };
    if is_published(&upload.uploads, upload.id.as_str(), own)? {
        // By a Complete that did not live to say so.
        finish(upload, own)?;
        return answer_again(upload, &list, expected.checksum.as_ref());
    }
    let chosen = check(upload, own, parts)?;
    let meta = meta(upload, &chosen);
    check_length(expected.length, &chosen)?;
    check_checksum(expected.checksum.as_ref(), meta.checksum.as_ref())?;
    let mut sealed = match whole_body(upload, own, &chosen, &meta)? {
        Some(sealed) => sealed,
        None => joined(upload, own, &chosen, &meta)?,
    };
    let file = sealed.hold.name.clone();
    // From here on its absence says that it was published.
    sealed.hold.remove_on_drop = false;
    let versioning = upload.bucket.config().versioning;
    let mut done = DoneFile {
        info: InfoFile::new(&upload.key, &upload.info),
        file: file.clone(),
        list,
        etag: sealed.etag.to_string(),
        checksum: sealed.checksum.as_ref().map(record::named),
        modified: (sealed.modified.secs(), sealed.modified.nanos()),
        version_id: versioning.map(|_| sealed.version_id.to_string()),
    };
    let disk = &upload.bucket.root().disk;
    let committed = folder::write(own, disk, folder::ANSWER, Taken::Replace, &done)
        .and_then(|()| disk.sync(own))
        .and_then(|()| upload.bucket.commit(&upload.key, sealed, conditions))
        .inspect_err(|_| withdraw(own, &file))?;
    // The object is published and durable. What is left behind here, a repeat or a sweep removes.
    let version_id = committed.version_id.map(|id| id.to_string());
    if done.version_id != version_id {
        // The key, or its bucket's versioning, changed since the file was sealed.
        done.version_id = version_id;
        let _ = folder::write(own, disk, folder::ANSWER, Taken::Replace, &done);
    }
    let _ = finish(upload, own);
    Ok(committed)
}

/// Whether the body, or the file that the parts were joined in, has left for its place in the
/// bucket: then a repeat must not publish again, over what may be newer.
pub(super) fn is_published(uploads: &OwnedFd, id: &str, own: &OwnedFd) -> Result<bool> {
    if folder::open(uploads, &[id, folder::DONE].concat(), OFlags::PATH)?.is_some() {
        return Ok(true);
    }
    let is_gone = |name: &str| Ok(folder::open(own, name, OFlags::PATH)?.is_none());
    match folder::read::<DoneFile>(own, folder::ANSWER)? {
        Some(done) if is_gone(&done.file)? => Ok(true),
        _ => is_gone(folder::BODY),
    }
}

/// Takes back an answer that was not to be given. It goes before the file that it names, which it
/// would else declare published; where that one is gone already, it was, and the answer stays.
fn withdraw(own: &OwnedFd, file: &str) {
    if folder::open(own, file, OFlags::PATH).is_ok_and(|file| file.is_some()) {
        folder::remove(own, folder::ANSWER);
        if file != folder::BODY {
            folder::remove(own, file);
        }
    }
}

/// Names the list, so that a repeat is told from another request.
fn list_digest(parts: &[CompletePart]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(format!("{} {}\n", part.number.get(), part.etag));
    }
    hex(&digest.finalize())
}

/// What the first Complete of this list answered; `NoSuchUpload` for another list, or after a day.
fn answer_again(upload: &Upload, list: &str, expected: Option<&Checksum>) -> Result<Committed> {
    let done = super::read_done(&upload.uploads, &upload.id)?.filter(|done| done.list == list);
    let done = done.ok_or_else(|| upload.is_over())?;
    let etag = ETag::parse(&done.etag).ok_or_else(|| upload.is_over())?;
    let checksum = done.checksum.as_ref().and_then(record::checksum);
    check_checksum(expected, checksum.as_ref())?;
    let modified = Timestamp::new(done.modified.0, done.modified.1);
    let version_id = done.version_id.as_deref().and_then(VersionId::parse);
    Ok(Committed { etag, modified, checksum, version_id })
}

/// `BadDigest` where the client knows another checksum of the whole, or one of another kind.
fn check_checksum(expected: Option<&Checksum>, computed: Option<&Checksum>) -> Result<()> {
    match expected {
        Some(expected) if computed != Some(expected) => {
            let name = computed.unwrap_or(expected).algorithm.name().to_ascii_lowercase();
            let message =
                format!("The {name} you specified did not match the calculated checksum.");
            Err(S3Error::new(ErrorCode::BadDigest, message))
        }
        _ => Ok(()),
    }
}

/// `InvalidRequest` where the client sent, or means to have sent, another number of bytes.
fn check_length(expected: Option<u64>, chosen: &[Chosen]) -> Result<()> {
    let length = length(chosen);
    match expected {
        Some(expected) if expected != length => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            format!(
                "The provided 'x-amz-mp-object-size' header value {expected} does not match what \
                 was computed: {length}"
            ),
        )),
        _ => Ok(()),
    }
}

/// Of all parts together, in bytes.
fn length(chosen: &[Chosen]) -> u64 {
    chosen.iter().fold(0, |sum, part| sum.saturating_add(part.file.length))
}

/// The answer moves beside the folder, the folder goes.
fn finish(upload: &Upload, own: &OwnedFd) -> Result<()> {
    let done = [upload.id.as_str(), folder::DONE].concat();
    match fs::renameat(own, folder::ANSWER, &upload.uploads, &done) {
        Ok(()) | Err(Errno::NOENT) => {} // one that was killed right here has moved it
        Err(errno) => return Err(refused(errno)),
    }
    folder::discard(&upload.uploads, &upload.bucket.root().disk, upload.id.as_str())
}

/// The records of the listed parts. `InvalidPart` where one is missing or is another one's,
/// `EntityTooSmall` where one that is not the last has under 5 MiB.
fn check(upload: &Upload, own: &OwnedFd, parts: &[CompletePart]) -> Result<Vec<Chosen>> {
    if parts.is_empty() {
        return Err(ErrorCode::MalformedXML.into());
    }
    let mut chosen = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let one = choose(upload, own, part)?;
        if one.file.length < upload.part_bytes_min && index + 1 < parts.len() {
            return Err(S3Error::from(ErrorCode::EntityTooSmall)
                .with("ProposedSize", one.file.length.to_string())
                .with("MinSizeAllowed", upload.part_bytes_min.to_string())
                .with("PartNumber", part.number.get().to_string())
                .with("ETag", part.etag.to_string()));
        }
        chosen.push(one);
    }
    Ok(chosen)
}

fn choose(upload: &Upload, own: &OwnedFd, part: &CompletePart) -> Result<Chosen> {
    let invalid = || {
        S3Error::from(ErrorCode::InvalidPart)
            .with("UploadId", upload.id.as_str())
            .with("PartNumber", part.number.get().to_string())
            .with("ETag", part.etag.to_string())
    };
    let file: PartFile = folder::read(own, &folder::part_name(part.number))?.ok_or_else(invalid)?;
    let record = file.record(part.number).ok_or_else(invalid)?;
    let ETag::Md5(md5) = record.etag else { return Err(invalid()) };
    if part.etag != record.etag {
        return Err(invalid());
    }
    for given in &part.checksums {
        match &record.checksum {
            Some(kept) if kept == given => {}
            Some(kept) if kept.algorithm == given.algorithm => return Err(invalid()),
            _ => return Err(unknown_checksum(part.number, given)),
        }
    }
    Ok(Chosen { number: part.number, md5, checksum: record.checksum, file })
}

/// A claim that nothing here can confirm: the part came with another algorithm, or with none.
fn unknown_checksum(number: PartNumber, given: &Checksum) -> S3Error {
    let (name, number) = (given.algorithm.name().to_ascii_lowercase(), number.get());
    let message =
        format!("The {name} you specified for part {number} did not match what we received.");
    S3Error::new(ErrorCode::BadDigest, message)
}

/// The body itself, if it is exactly what was listed: parts 1 to k, each in its slot, all but the
/// last as long as a slot, and no attempt on it under way.
///
/// It is cut behind the last part, so nothing acknowledged may lie there: were the commit refused
/// (a condition), the client could still list it. The lock is held until the file has its new name.
fn whole_body(
    upload: &Upload,
    own: &Arc<OwnedFd>,
    chosen: &[Chosen],
    meta: &ObjectMeta,
) -> Result<Option<Sealed>> {
    let Some(slot_bytes) = folder::read::<u64>(own, folder::SLOT_BYTES)? else {
        return Ok(None);
    };
    let last = chosen.len() - 1;
    let in_place = |(index, part): (usize, &Chosen)| {
        usize::from(part.number.get()) == index + 1
            && part.file.file == folder::BODY
            && Some(part.file.offset) == slot_bytes.checked_mul(index as u64)
            && (part.file.length == slot_bytes || index == last)
    };
    if !chosen.iter().enumerate().all(in_place) {
        return Ok(None);
    }
    let Some(file) = folder::open(own, folder::BODY, OFlags::RDWR)? else {
        return Ok(None);
    };
    if !folder::try_lock(&file, true)? || is_tail_in_use(own, chosen)? {
        return Ok(None);
    }
    let length = length(chosen);
    if file.metadata()?.len() < length {
        return Err(S3Error::internal("an upload's body is shorter than its records"));
    }
    file.set_len(length)?;
    let hold =
        Hold { file, dir: own.clone(), name: folder::BODY.to_owned(), remove_on_drop: false };
    sealed(upload, hold, chosen, meta).map(Some)
}

/// Whether the body holds an acknowledged part that is not listed.
fn is_tail_in_use(own: &OwnedFd, chosen: &[Chosen]) -> Result<bool> {
    for number in listing::part_numbers(own)? {
        if usize::from(number.get()) > chosen.len() {
            let file: Option<PartFile> = folder::read(own, &folder::part_name(number))?;
            if file.is_some_and(|file| file.file == folder::BODY) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A new file of the parts' bytes, in the upload's folder.
fn joined(
    upload: &Upload,
    own: &Arc<OwnedFd>,
    chosen: &[Chosen],
    meta: &ObjectMeta,
) -> Result<Sealed> {
    let name = folder::random_name(folder::JOINED);
    let Some(file) = folder::create(own, &name)? else {
        return Err(S3Error::internal("a random name was taken"));
    };
    let hold = Hold { file, dir: own.clone(), name, remove_on_drop: true };
    let mut at = 0;
    for part in chosen {
        let (source, offset) = open_part(upload, own, part)?;
        copy::copy_range(&source, offset, part.file.length, &hold.file, at)?;
        at += part.file.length;
    }
    sealed(upload, hold, chosen, meta)
}

/// Opens a part's bytes. A repeat of the part may have taken its record's place since it was
/// checked, and removed its file: then the new record must be of the same bytes.
fn open_part(upload: &Upload, own: &OwnedFd, part: &Chosen) -> Result<(File, u64)> {
    let mut at = Some((part.file.file.clone(), part.file.offset));
    for _ in 0..PART_READS_MAX {
        let Some((name, offset)) = at else { break };
        if let Some(file) = folder::open(own, &name, OFlags::RDONLY)? {
            return Ok((file, offset));
        }
        let again: Option<PartFile> = folder::read(own, &folder::part_name(part.number))?;
        let same = again.filter(|again| again.md5() == Some(part.md5));
        at = same.map(|again| (again.file, again.offset));
    }
    Err(S3Error::from(ErrorCode::InvalidPart)
        .with("UploadId", upload.id.as_str())
        .with("PartNumber", part.number.get().to_string()))
}

/// What the upload was begun with, and what its parts make of it.
fn meta(upload: &Upload, chosen: &[Chosen]) -> ObjectMeta {
    let mut meta = ObjectMeta { etag: etag(chosen), ..upload.info.meta.clone() };
    if let Some(UploadChecksum { algorithm, of }) = upload.info.checksum {
        let parts = chosen.iter().map(|part| (part.checksum.clone(), part.file.length));
        meta.checksum = Checksum::of_parts(algorithm, of, parts);
        meta.checksum_type = of;
    }
    meta
}

/// Metadata, lengths and checksums of the parts; the fsync.
fn sealed(upload: &Upload, hold: Hold, chosen: &[Chosen], meta: &ObjectMeta) -> Result<Sealed> {
    let mut parts = PartRuns::of(chosen.iter().map(|part| part.file.length));
    if let Some(wanted) = upload.info.checksum {
        let checksums = chosen.iter().map(|part| part.checksum.clone());
        parts = parts.with_checksums(wanted.algorithm, checksums);
    }
    let bucket = &upload.bucket;
    let version_id = versions::expected_id(bucket.config().versioning);
    let meta = ObjectMeta { version_id, ..meta.clone() };
    Sealed::unproved(bucket.root(), hold, meta, parts, Timestamp::now())
}

/// MD5 of the parts' MD5s, and their number.
fn etag(chosen: &[Chosen]) -> ETag {
    let mut md5 = md5::Md5::new();
    chosen.iter().for_each(|part| md5.update(part.md5));
    ETag::Multipart(md5.finalize().into(), u32::try_from(chosen.len()).unwrap_or(u32::MAX))
}
