//! The extended attribute `user.glassbucket`: all that S3 knows of an object beside its bytes.
//!
//! ```text
//! version   1 byte    1
//! md5      16 bytes   of the content, or of the parts' MD5s
//! size      varint    the size and the time of the file that this was written for;
//! secs      varint    another one means that somebody edited the file
//! nanos     4 bytes   little endian
//! fields    tag, varint length, value; in ascending order of tags, none twice but user metadata
//! ```
//!
//! A common object (MD5, size, time, one CRC or SHA-1, a well-known content type) takes at most 60
//! bytes: so it fits inside ext4's 256-byte inode, where a byte more costs a block of 4 KiB and
//! four times the cold listing time. (With a SHA-256 it is 69 and does cost that.)
//!
//! The decoder is strict and takes any bytes: an attribute may come from another program or from a
//! later version of this one. Tags from 128 on may be skipped by a version that does not know them;
//! an unknown tag below, or another version byte, is refused: what it says may be a retention.
//!
//! Pure: `attribute` reads and writes the bytes.

mod bytes;
mod parts;

use crate::types::{
    Acl, Checksum, ChecksumAlgorithm, ChecksumType, ContentHeaders, ETag, ObjectMeta, Retention,
    RetentionMode, Timestamp, VersionId,
};
use bytes::{Decoded, Reader, push_field, push_varint, unzigzag, zigzag};
use rustix::fs::Stat;

pub(super) use bytes::Unreadable;
pub(super) use parts::PartRuns;

const VERSION: u8 = 1;

/// Tags, never renumbered.
mod tag {
    pub(super) const PART_COUNT: u8 = 1;
    pub(super) const CHECKSUM: u8 = 2;
    pub(super) const STORAGE_CLASS: u8 = 3;
    pub(super) const CONTENT_TYPE_NUMBER: u8 = 4;
    /// Marks the checksum of an object made of parts that is not of theirs, as it would be.
    pub(super) const FULL_OBJECT_CHECKSUM: u8 = 5;
    pub(super) const VERSION_ID: u8 = 16;
    pub(super) const RETENTION: u8 = 17;
    pub(super) const LEGAL_HOLD: u8 = 18;
    /// Marks the empty file of a delete marker.
    pub(super) const DELETE_MARKER: u8 = 19;
    /// Ends the head.
    pub(super) const SIDE_FILE: u8 = 31;
    /// From here on, what can go to the side file.
    pub(super) const CONTENT_TYPE: u8 = 32;
    pub(super) const CACHE_CONTROL: u8 = 33;
    pub(super) const CONTENT_DISPOSITION: u8 = 34;
    pub(super) const CONTENT_ENCODING: u8 = 35;
    pub(super) const CONTENT_LANGUAGE: u8 = 36;
    pub(super) const EXPIRES: u8 = 37;
    pub(super) const WEBSITE_REDIRECT: u8 = 38;
    pub(super) const USER_METADATA: u8 = 39;
    pub(super) const ACL: u8 = 40;
    pub(super) const PARTS: u8 = 41;
    pub(super) const OBJECT_TAG: u8 = 42;
    pub(super) const PART_CHECKSUMS: u8 = 43;
    /// From here on a decoder may skip what it does not know.
    pub(super) const OPTIONAL: u8 = 128;
}

/// Content types that are stored as their index. Append only.
const CONTENT_TYPES: [&str; 40] = [
    "application/octet-stream",
    "binary/octet-stream",
    "text/plain",
    "text/plain; charset=utf-8",
    "text/html",
    "text/html; charset=utf-8",
    "text/css",
    "text/csv",
    "text/markdown",
    "text/xml",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/xml",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-tar",
    "application/x-bzip2",
    "application/x-xz",
    "application/zstd",
    "application/x-directory",
    "application/x-www-form-urlencoded",
    "application/wasm",
    "application/vnd.apache.parquet",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/svg+xml",
    "image/tiff",
    "audio/mpeg",
    "video/mp4",
    "video/quicktime",
    "font/woff2",
    "inode/x-empty",
];

/// The attribute's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) meta: ObjectMeta,
    /// Empty unless the object was made of parts.
    pub(super) parts: PartRuns,
    /// Whether this is of a delete marker: a file without bytes that says the object is gone.
    pub(super) is_delete_marker: bool,
    /// Of the file, in bytes, when this was written.
    pub(super) size: u64,
    /// Of the file, when this was written.
    pub(super) modified: Timestamp,
}

/// The name of a side file: the first half of its content's SHA-256.
pub(super) type SideName = [u8; 16];

impl Attribute {
    /// What must stay in the attribute (the head), and what may go to a side file (the rest).
    pub(super) fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        (self.encode_head(), self.encode_rest())
    }

    fn encode_head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(64);
        let (md5, parts) = match self.meta.etag {
            ETag::Md5(md5) => (md5, None),
            ETag::Multipart(md5, parts) => (md5, Some(parts)),
        };
        head.push(VERSION);
        head.extend(md5);
        push_varint(&mut head, self.size);
        push_varint(&mut head, zigzag(self.modified.secs()));
        head.extend(self.modified.nanos().to_le_bytes());
        if let Some(parts) = parts {
            let mut value = Vec::new();
            push_varint(&mut value, parts.into());
            push_field(&mut head, tag::PART_COUNT, &value);
        }
        if let Some(checksum) = &self.meta.checksum {
            let number = checksum_number(checksum.algorithm);
            push_field(&mut head, tag::CHECKSUM, &[&[number], &checksum.value[..]].concat());
        }
        if let Some(class) = &self.meta.storage_class {
            push_field(&mut head, tag::STORAGE_CLASS, class.as_bytes());
        }
        if let Some(number) = self.content_type_number() {
            push_field(&mut head, tag::CONTENT_TYPE_NUMBER, &[number]);
        }
        if self.meta.checksum_type != implied_checksum_type(&self.meta) {
            push_field(&mut head, tag::FULL_OBJECT_CHECKSUM, &[]);
        }
        self.encode_version_fields(&mut head);
        head
    }

    /// What protects a version stays in the head: it is there even if a side file is lost.
    fn encode_version_fields(&self, head: &mut Vec<u8>) {
        if let VersionId::Id(id) = &self.meta.version_id {
            push_field(head, tag::VERSION_ID, id);
        }
        if let Some(retention) = &self.meta.retention {
            let mut value = vec![mode_number(retention.mode)];
            push_varint(&mut value, zigzag(retention.until.secs()));
            value.extend(retention.until.nanos().to_le_bytes());
            push_field(head, tag::RETENTION, &value);
        }
        if let Some(held) = self.meta.legal_hold {
            push_field(head, tag::LEGAL_HOLD, &[u8::from(held)]);
        }
        if self.is_delete_marker {
            push_field(head, tag::DELETE_MARKER, &[]);
        }
    }

    fn content_type_number(&self) -> Option<u8> {
        let content_type = self.meta.headers.content_type.as_deref()?;
        CONTENT_TYPES.iter().position(|known| *known == content_type).map(|n| n as u8)
    }

    fn encode_rest(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        let headers = &self.meta.headers;
        let content_type = match self.content_type_number() {
            Some(_) => &None,
            None => &headers.content_type,
        };
        for (tag, header) in [
            (tag::CONTENT_TYPE, content_type),
            (tag::CACHE_CONTROL, &headers.cache_control),
            (tag::CONTENT_DISPOSITION, &headers.content_disposition),
            (tag::CONTENT_ENCODING, &headers.content_encoding),
            (tag::CONTENT_LANGUAGE, &headers.content_language),
            (tag::EXPIRES, &headers.expires),
            (tag::WEBSITE_REDIRECT, &headers.website_redirect_location),
        ] {
            if let Some(header) = header {
                push_field(&mut rest, tag, header.as_bytes());
            }
        }
        for (name, value) in &self.meta.user_metadata {
            push_pair(&mut rest, tag::USER_METADATA, name, value);
        }
        if let Some(acl) = &self.meta.acl {
            let json = serde_json::to_vec(acl).expect("an ACL is strings and lists");
            push_field(&mut rest, tag::ACL, &json);
        }
        if !self.parts.runs.is_empty() {
            push_field(&mut rest, tag::PARTS, &self.parts.encode_runs());
        }
        for (key, value) in &self.meta.tags.0 {
            push_pair(&mut rest, tag::OBJECT_TAG, key, value);
        }
        if let Some((algorithm, values)) = &self.parts.checksums {
            let number = checksum_number(*algorithm);
            push_field(&mut rest, tag::PART_CHECKSUMS, &[&[number], &values[..]].concat());
        }
        rest
    }

    /// Whether the file is still the one this was written for.
    pub(super) fn is_of(&self, stat: &Stat) -> bool {
        self.size == stat.st_size as u64 && self.modified == modified(stat)
    }

    /// Reads an attribute, and the name of the side file that has the rest of it.
    pub(super) fn decode(bytes: &[u8]) -> Decoded<(Attribute, Option<SideName>)> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return Err(Unreadable::Newer);
        }
        let md5 = *reader.array::<16>()?;
        let size = reader.varint()?;
        let secs = unzigzag(reader.varint()?);
        let nanos = u32::from_le_bytes(*reader.array::<4>()?);
        let mut attribute = Attribute {
            meta: ObjectMeta::bare(ETag::Md5(md5)),
            parts: PartRuns::default(),
            is_delete_marker: false,
            size,
            modified: Timestamp::new(secs, nanos),
        };
        let side = attribute.decode_fields(reader, false)?;
        Ok((attribute, side))
    }

    /// Adds what a side file says.
    pub(super) fn decode_side(&mut self, bytes: &[u8]) -> Decoded<()> {
        self.decode_fields(Reader(bytes), true).map(|_| ())
    }

    fn decode_fields(&mut self, mut reader: Reader<'_>, beside: bool) -> Decoded<Option<SideName>> {
        let (mut side, mut last) = (None, 0);
        while !reader.0.is_empty() {
            let tag = reader.byte()?;
            let length = usize::try_from(reader.varint()?).map_err(|_| Unreadable::Damaged)?;
            let value = reader.bytes(length)?;
            let again = tag == last && matches!(tag, tag::USER_METADATA | tag::OBJECT_TAG);
            let head = tag < tag::CONTENT_TYPE;
            if (tag <= last && !again) || (beside && head) {
                return Err(Unreadable::Damaged);
            }
            last = tag;
            match tag {
                tag::SIDE_FILE => side = Some(*Reader(value).last_array()?),
                _ if head => self.decode_head_field(tag, value)?,
                _ => self.decode_rest_field(tag, value)?,
            }
        }
        Ok(side)
    }

    fn decode_head_field(&mut self, tag: u8, value: &[u8]) -> Decoded<()> {
        match tag {
            tag::PART_COUNT => {
                let mut reader = Reader(value);
                let count = u32::try_from(reader.varint()?).map_err(|_| Unreadable::Damaged)?;
                reader.end()?;
                if let ETag::Md5(md5) = self.meta.etag {
                    self.meta.etag = ETag::Multipart(md5, count);
                }
            }
            tag::CHECKSUM => {
                self.meta.checksum = Some(decode_checksum(value)?);
                self.meta.checksum_type = implied_checksum_type(&self.meta);
            }
            tag::FULL_OBJECT_CHECKSUM => self.meta.checksum_type = ChecksumType::FullObject,
            tag::STORAGE_CLASS => self.meta.storage_class = Some(text(value)?),
            tag::CONTENT_TYPE_NUMBER => {
                let [number] = *Reader(value).last_array()?;
                let known = CONTENT_TYPES.get(usize::from(number)).ok_or(Unreadable::Newer)?;
                self.meta.headers.content_type = Some((*known).to_owned());
            }
            tag::VERSION_ID => self.meta.version_id = VersionId::Id(*Reader(value).last_array()?),
            tag::RETENTION => self.meta.retention = Some(decode_retention(value)?),
            tag::LEGAL_HOLD => {
                let [held] = *Reader(value).last_array()?;
                self.meta.legal_hold = Some(held != 0);
            }
            tag::DELETE_MARKER => self.is_delete_marker = true,
            _ => return Err(Unreadable::Newer),
        }
        Ok(())
    }

    fn decode_rest_field(&mut self, tag: u8, value: &[u8]) -> Decoded<()> {
        let headers: &mut ContentHeaders = &mut self.meta.headers;
        let header = match tag {
            tag::CONTENT_TYPE => &mut headers.content_type,
            tag::CACHE_CONTROL => &mut headers.cache_control,
            tag::CONTENT_DISPOSITION => &mut headers.content_disposition,
            tag::CONTENT_ENCODING => &mut headers.content_encoding,
            tag::CONTENT_LANGUAGE => &mut headers.content_language,
            tag::EXPIRES => &mut headers.expires,
            tag::WEBSITE_REDIRECT => &mut headers.website_redirect_location,
            _ => return self.decode_structured_field(tag, value),
        };
        *header = Some(text(value)?);
        Ok(())
    }

    fn decode_structured_field(&mut self, tag: u8, value: &[u8]) -> Decoded<()> {
        let mut reader = Reader(value);
        match tag {
            tag::USER_METADATA => self.meta.user_metadata.push(decode_pair(reader)?),
            tag::OBJECT_TAG => self.meta.tags.0.push(decode_pair(reader)?),
            tag::ACL => {
                let acl: Acl = serde_json::from_slice(value).map_err(|_| Unreadable::Damaged)?;
                self.meta.acl = Some(acl);
            }
            tag::PARTS => self.parts.decode_runs(reader)?,
            tag::PART_CHECKSUMS => {
                let algorithm = checksum_algorithm(reader.byte()?)?;
                self.parts.checksums = Some((algorithm, reader.0.to_vec()));
            }
            tag::OPTIONAL.. => {}
            _ => return Err(Unreadable::Newer),
        }
        Ok(())
    }
}

/// The field that names a side file; it ends the head.
pub(super) fn push_side_name(head: &mut Vec<u8>, name: &SideName) {
    push_field(head, tag::SIDE_FILE, name);
}

/// Last-Modified of a file.
pub(super) fn modified(stat: &Stat) -> Timestamp {
    Timestamp::new(stat.st_mtime, u32::try_from(stat.st_mtime_nsec).unwrap_or(0))
}

fn decode_checksum(value: &[u8]) -> Decoded<Checksum> {
    let mut reader = Reader(value);
    let algorithm = checksum_algorithm(reader.byte()?)?;
    if reader.0.len() != algorithm.value_bytes() {
        return Err(Unreadable::Damaged);
    }
    Ok(Checksum { algorithm, value: reader.0.to_vec() })
}

/// Never renumbered.
fn checksum_number(algorithm: ChecksumAlgorithm) -> u8 {
    match algorithm {
        ChecksumAlgorithm::Crc32 => 1,
        ChecksumAlgorithm::Crc32c => 2,
        ChecksumAlgorithm::Crc64Nvme => 3,
        ChecksumAlgorithm::Sha1 => 4,
        ChecksumAlgorithm::Sha256 => 5,
    }
}

fn checksum_algorithm(number: u8) -> Decoded<ChecksumAlgorithm> {
    ChecksumAlgorithm::ALL
        .into_iter()
        .find(|algorithm| checksum_number(*algorithm) == number)
        .ok_or(Unreadable::Newer)
}

/// What a checksum is of, as algorithm and entity tag alone would have it.
fn implied_checksum_type(meta: &ObjectMeta) -> ChecksumType {
    match (&meta.etag, &meta.checksum) {
        (ETag::Multipart(..), Some(checksum)) => ChecksumType::of_parts(checksum.algorithm),
        _ => ChecksumType::FullObject,
    }
}

/// Never renumbered.
fn mode_number(mode: RetentionMode) -> u8 {
    match mode {
        RetentionMode::Governance => 1,
        RetentionMode::Compliance => 2,
    }
}

fn decode_retention(value: &[u8]) -> Decoded<Retention> {
    let mut reader = Reader(value);
    let number = reader.byte()?;
    let mode = [RetentionMode::Governance, RetentionMode::Compliance]
        .into_iter()
        .find(|mode| mode_number(*mode) == number)
        .ok_or(Unreadable::Newer)?;
    let secs = unzigzag(reader.varint()?);
    let nanos = u32::from_le_bytes(*reader.last_array::<4>()?);
    Ok(Retention { mode, until: Timestamp::new(secs, nanos) })
}

fn push_pair(out: &mut Vec<u8>, tag: u8, name: &str, value: &str) {
    let mut pair = Vec::new();
    push_varint(&mut pair, name.len() as u64);
    pair.extend(name.as_bytes());
    pair.extend(value.as_bytes());
    push_field(out, tag, &pair);
}

fn decode_pair(mut reader: Reader<'_>) -> Decoded<(String, String)> {
    let length = usize::try_from(reader.varint()?).map_err(|_| Unreadable::Damaged)?;
    let name = text(reader.bytes(length)?)?;
    Ok((name, text(reader.0)?))
}

fn text(bytes: &[u8]) -> Decoded<String> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|_| Unreadable::Damaged)
}

#[cfg(test)]
#[path = "tests/meta.rs"]
mod tests;
