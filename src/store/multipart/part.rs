//! One attempt at a part: a slot of the body, or a file of its own; bytes; a record.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>

use super::folder::{self, Taken};
use super::record::PartFile;
use super::{PartRecord, Upload};
use crate::auth::PayloadVerified;
use crate::digest::{BodyDigest, Digests};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::{BODY_BUFFER_BYTES, PUT_BYTES_MAX, UPLOAD_BODY_BYTES_MAX};
use crate::store::Object;
use crate::types::{ETag, PartNumber, Timestamp};
use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The sink of one part attempt. Dropped without [`PartWriter::seal`] it leaves a burnt slot, or
/// nothing.
pub struct PartWriter {
    upload: Upload,
    number: PartNumber,
    /// Of the body it holds a shared lock, so that Complete knows of it.
    file: File,
    name: String,
    offset: u64,
    declared: Option<u64>,
    written: u64,
    recorded: bool,
}

impl PartWriter {
    pub(super) fn begin(
        upload: &Upload,
        number: PartNumber,
        declared: Option<u64>,
    ) -> Result<PartWriter> {
        upload.bucket.root().disk.writable()?;
        if declared.is_some_and(|length| length > PUT_BYTES_MAX) {
            return Err(ErrorCode::EntityTooLarge.into());
        }
        let folder = upload.folder()?;
        let slot = match declared {
            Some(length) if length > 0 => claim_slot(upload, folder, number, length)?,
            _ => None,
        };
        let (file, name, offset) = match slot {
            Some((file, offset)) => (file, folder::BODY.to_owned(), offset),
            None => {
                let name = folder::random_name(folder::OWN);
                let file = folder::create(folder, &name)?;
                (file.ok_or_else(|| S3Error::internal("a random name was taken"))?, name, 0)
            }
        };
        let upload = upload.clone();
        let (written, recorded) = (0, false);
        Ok(PartWriter { upload, number, file, name, offset, declared, written, recorded })
    }

    /// Appends. More than was declared is refused before it is written: behind a slot lies another.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.written + bytes.len() as u64;
        if end > self.declared.unwrap_or(PUT_BYTES_MAX) {
            return Err(match self.declared {
                Some(_) => ErrorCode::IncompleteBody.into(),
                None => ErrorCode::EntityTooLarge.into(),
            });
        }
        self.file.write_all_at(bytes, self.offset + self.written)?;
        self.written = end;
        Ok(())
    }

    /// Bytes to the disk, then the record, then its name: acknowledged.
    pub fn seal(self, proof: PayloadVerified) -> Result<PartRecord> {
        self.acknowledge(proof.digests())
    }

    /// Whether it has a slot of the body: that keeps what was written, sealed or not, as long as
    /// the upload lasts.
    pub fn is_in_body(&self) -> bool {
        self.name == folder::BODY
    }

    fn acknowledge(mut self, digests: &Digests) -> Result<PartRecord> {
        if digests.bytes != self.written || self.declared.is_some_and(|d| d != self.written) {
            return Err(ErrorCode::IncompleteBody.into());
        }
        let record = PartRecord {
            number: self.number,
            length: self.written,
            etag: ETag::Md5(digests.md5),
            checksum: digests.checksum.clone(),
            modified: Timestamp::now(),
        };
        let upload = self.upload.clone();
        let (folder, disk) = (upload.folder()?, &upload.bucket.root().disk);
        disk.sync(&self.file)?;
        let name = folder::part_name(self.number);
        let before: Option<PartFile> = folder::read(folder, &name)?;
        let file = PartFile::new(&self.name, self.offset, &record, digests.md5);
        folder::write(folder, disk, &name, Taken::Replace, &file)?;
        disk.sync(folder)?;
        if !upload.is_open(folder)? {
            // Aborted or completed meanwhile: nothing of ours may stay.
            folder::remove(folder, &name);
            return Err(upload.is_over());
        }
        self.recorded = true;
        if let Some(unused) = before.as_ref().and_then(PartFile::own_file) {
            folder::remove(folder, unused);
        }
        Ok(record)
    }
}

impl Drop for PartWriter {
    fn drop(&mut self) {
        if !self.recorded
            && self.name != folder::BODY
            && let Some(folder) = &self.upload.folder
        {
            folder::remove(folder, &self.name);
        }
    }
}

/// The slot of a part in the body, if this attempt is the first to ask for it, fits into it, and
/// nobody is completing the upload.
fn claim_slot(
    upload: &Upload,
    folder: &OwnedFd,
    number: PartNumber,
    length: u64,
) -> Result<Option<(File, u64)>> {
    let slot_bytes = match folder::read(folder, folder::SLOT_BYTES)? {
        Some(slot_bytes) => slot_bytes,
        None => first_length(upload, folder, length)?,
    };
    let slots_end = u64::from(number.get()).checked_mul(slot_bytes);
    if length > slot_bytes || slots_end.is_none_or(|end| end > UPLOAD_BODY_BYTES_MAX) {
        return Ok(None);
    }
    let offset = u64::from(number.get() - 1) * slot_bytes;
    let Some(body) = folder::open(folder, folder::BODY, OFlags::RDWR)? else {
        return Ok(None);
    };
    // Locked first and then looked at again: it may have been published in between.
    let ours = folder::try_lock(&body, false)?
        && folder::is_still(folder, folder::BODY, &body)?
        && folder::create(folder, &folder::claim_name(number))?.is_some();
    Ok(ours.then_some((body, offset)))
}

/// The first attempt's length becomes S; of several first ones, one wins.
fn first_length(upload: &Upload, folder: &OwnedFd, length: u64) -> Result<u64> {
    folder::write(folder, &upload.bucket.root().disk, folder::SLOT_BYTES, Taken::Keep, &length)?;
    Ok(folder::read(folder, folder::SLOT_BYTES)?.unwrap_or(length))
}

/// UploadPartCopy: the bytes pass through here once, since the ETag is their MD5.
pub(super) fn copy(
    upload: &Upload,
    number: PartNumber,
    source: &Object,
    offset: u64,
    length: u64,
) -> Result<PartRecord> {
    let mut writer = PartWriter::begin(upload, number, Some(length))?;
    let mut digest = BodyDigest::new(upload.info.checksum.map(|wanted| wanted.algorithm));
    let mut buffer = vec![0; BODY_BUFFER_BYTES];
    while writer.written < length {
        let want = usize::try_from(length - writer.written).unwrap_or(usize::MAX);
        let want = want.min(buffer.len());
        let got = source.file.read_at(&mut buffer[..want], offset + writer.written)?;
        if got == 0 {
            return Err(S3Error::internal("the source of a copy is shorter than it was"));
        }
        digest.update(&buffer[..got]);
        writer.write(&buffer[..got])?;
    }
    writer.acknowledge(&digest.finish())
}
