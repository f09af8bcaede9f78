//! Reads and writes the extended attribute `user.glassbucket` of open files.
//!
//! Size and time in the attribute must be the file's. If they are not, somebody edited the file:
//! content headers, user metadata and ACL stay, checksums and parts go, and the ETag is derived
//! from device, inode, size and times, in the form `<32 hex>-0` that no client takes for an MD5.
//! A file without the attribute is an object too, with such an ETag and nothing else. An edit that
//! keeps size and time is not seen here.
//!
//! What is over 2 KiB, or does not fit the filesystem, goes to `.glassbucket/side/<name>`: on the
//! disk before the attribute names it, named by its content, and never removed (a `cp -a` copy of
//! the object names the same one).

use super::meta::{self, Attribute, PartRuns, SideName, Unreadable};
use super::{Root, dir, refused};
use crate::error::{Result, S3Error};
use crate::limits::{ATTRIBUTE_BYTES_MAX, SIDE_FILE_BYTES_MAX};
use crate::types::{ETag, ObjectMeta, Timestamp, VersionId, hex};
use md5::Md5;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{OFlags, Stat, XattrFlags, fgetxattr, fsetxattr, fstat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;

/// Its name; the part after `user.` is all that counts against ext4's inode.
const NAME: &str = "user.glassbucket";

/// What is known of an open file.
pub(super) struct Known {
    pub(super) meta: ObjectMeta,
    pub(super) parts: PartRuns,
    pub(super) is_delete_marker: bool,
    /// It has no attribute that can be read: put there by hand.
    pub(super) is_bare: bool,
}

/// What is known of an open file whose `fstat` this is.
pub(super) fn read(root: &Root, fd: impl AsFd, stat: &Stat) -> Result<Known> {
    let Some(mut attribute) = load(fd, |name| load_side(&root.side, name))? else {
        let (meta, parts) = (ObjectMeta::bare(derived_etag(stat)), PartRuns::default());
        return Ok(Known { meta, parts, is_delete_marker: false, is_bare: true });
    };
    if !attribute.is_of(stat) {
        attribute.meta.etag = derived_etag(stat);
        attribute.meta.checksum = None;
        attribute.parts = PartRuns::default();
    }
    let Attribute { meta, parts, is_delete_marker, .. } = attribute;
    Ok(Known { meta, parts, is_delete_marker, is_bare: false })
}

/// The attribute of a file, with what `side` finds of the rest; `None` where there is none that
/// can be read. One of a later version is an error: it may hold a retention.
pub(super) fn load(
    fd: impl AsFd,
    side: impl FnOnce(&SideName) -> Option<Vec<u8>>,
) -> Result<Option<Attribute>> {
    let mut buffer = [0; ATTRIBUTE_BYTES_MAX];
    let length = match fgetxattr(fd, NAME, &mut buffer) {
        Ok(length) => length,
        // RANGE: longer than any that this program writes.
        Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE) => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    let decoded = Attribute::decode(&buffer[..length]).and_then(|(mut attribute, name)| {
        if let Some(bytes) = name.and_then(|name| side(&name)) {
            attribute.decode_side(&bytes)?;
        }
        Ok(attribute)
    });
    match decoded {
        Ok(attribute) => Ok(Some(attribute)),
        Err(Unreadable::Damaged) => Ok(None),
        Err(Unreadable::Newer) => {
            Err(S3Error::internal("the object's attribute is of a later version of glassbucket"))
        }
    }
}

/// Writes all that is known of `file`, recording its size and time, which it returns. The caller
/// syncs the file.
pub(super) fn write(
    root: &Root,
    file: &File,
    meta: ObjectMeta,
    parts: PartRuns,
) -> Result<Timestamp> {
    let stat = fstat(file).map_err(refused)?;
    let (size, modified) = (stat.st_size as u64, meta::modified(&stat));
    let attribute = Attribute { meta, parts, is_delete_marker: false, size, modified };
    write_attribute(root, file, &attribute)?;
    Ok(modified)
}

/// The same for the empty file of a delete marker.
pub(super) fn write_delete_marker(root: &Root, file: &File, id: VersionId) -> Result<()> {
    let stat = fstat(file).map_err(refused)?;
    let mut meta = ObjectMeta::bare(ETag::Md5([0; 16]));
    meta.version_id = id;
    let (size, modified) = (stat.st_size as u64, meta::modified(&stat));
    let parts = PartRuns::default();
    let attribute = Attribute { meta, parts, is_delete_marker: true, size, modified };
    write_attribute(root, file, &attribute)
}

/// Gives the open file another version id, synced; all else stays.
pub(super) fn set_version(root: &Root, file: &File, version_id: VersionId) -> Result<()> {
    let stat = fstat(file).map_err(refused)?;
    let Known { mut meta, parts, .. } = read(root, file, &stat)?;
    meta.version_id = version_id;
    write(root, file, meta, parts)?;
    root.disk.sync(file)
}

fn write_attribute(root: &Root, file: &File, attribute: &Attribute) -> Result<()> {
    let (mut head, rest) = attribute.encode();
    if head.len() + rest.len() <= ATTRIBUTE_BYTES_MAX {
        let whole = [&head[..], &rest].concat();
        match fsetxattr(file, NAME, &whole, XattrFlags::empty()) {
            Ok(()) => return Ok(()),
            Err(Errno::NOSPC | Errno::TOOBIG | Errno::RANGE) if !rest.is_empty() => {}
            Err(error) => return Err(refused(error)),
        }
    }
    let name = write_side(root, &rest)?;
    meta::push_side_name(&mut head, &name);
    fsetxattr(file, NAME, &head, XattrFlags::empty()).map_err(refused)
}

fn side_name(bytes: &[u8]) -> SideName {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    *digest.first_chunk().expect("16 of 32 bytes")
}

fn write_side(root: &Root, bytes: &[u8]) -> Result<SideName> {
    let name = side_name(bytes);
    root.write_private(&root.side, &hex(&name), bytes)?;
    Ok(name)
}

/// A side file that is missing, or is not what its name says, says nothing: the object is then
/// served as private and without those headers.
fn load_side(side: &OwnedFd, name: &SideName) -> Option<Vec<u8>> {
    let file = File::from(dir::open(side, &hex(name), OFlags::RDONLY).ok()?);
    let mut bytes = Vec::new();
    file.take(SIDE_FILE_BYTES_MAX as u64).read_to_end(&mut bytes).ok()?;
    (side_name(&bytes) == *name).then_some(bytes)
}

/// The entity tag of a file that nobody hashed.
pub(super) fn derived_etag(stat: &Stat) -> ETag {
    let mut md5 = Md5::new();
    for number in [
        i128::from(stat.st_dev),
        i128::from(stat.st_ino),
        i128::from(stat.st_size),
        i128::from(stat.st_mtime),
        i128::from(stat.st_mtime_nsec),
        i128::from(stat.st_ctime),
        i128::from(stat.st_ctime_nsec),
    ] {
        md5.update(number.to_le_bytes());
    }
    ETag::Multipart(md5.finalize().into(), 0)
}

/// The attribute of the file at `path` in lines for people: `glassbucket stat PATH`.
pub(super) fn describe(path: &std::path::Path) -> std::io::Result<String> {
    let file = File::open(path)?;
    let stat = fstat(&file)?;
    let mut side = None;
    let attribute = load(&file, |name| {
        side = Some(hex(name));
        let private = path.ancestors().map(|up| up.join(".glassbucket/side"));
        private.filter_map(|dir| dir::open_data(&dir).ok()).find_map(|dir| load_side(&dir, name))
    });
    let attribute = attribute.map_err(|error| std::io::Error::other(error.to_string()))?;
    let mut lines = match attribute {
        None => vec![
            "no readable attribute user.glassbucket: a file put here by hand".to_owned(),
            format!("etag: {} (derived from the file's inode)", derived_etag(&stat)),
        ],
        Some(attribute) => describe_attribute(&attribute, &stat),
    };
    lines.extend(side.map(|name| format!("side file: .glassbucket/side/{name}")));
    lines.push(String::new());
    Ok(lines.join("\n"))
}

fn describe_attribute(attribute: &Attribute, stat: &Stat) -> Vec<String> {
    let meta = &attribute.meta;
    let mut lines = vec![
        format!("etag: {}", meta.etag),
        format!("size: {} bytes", attribute.size),
        format!("last modified: {}", attribute.modified.iso8601()),
    ];
    if let VersionId::Id(_) = meta.version_id {
        lines.push(format!("version: {}", meta.version_id));
    }
    if attribute.is_delete_marker {
        lines.push("delete marker: it says that the object is gone".to_owned());
    }
    if !attribute.is_of(stat) {
        let now = meta::modified(stat).iso8601();
        lines.push(format!("edited since: {} bytes, {now}; this ETag is void", stat.st_size));
    }
    if let Some(checksum) = &meta.checksum {
        let (name, of) = (checksum.algorithm.header(), meta.checksum_type.name());
        lines.push(format!("{name}: {} ({of})", checksum.base64()));
    }
    let headers = &meta.headers;
    for (name, value) in [
        ("content-type", &headers.content_type),
        ("cache-control", &headers.cache_control),
        ("content-disposition", &headers.content_disposition),
        ("content-encoding", &headers.content_encoding),
        ("content-language", &headers.content_language),
        ("expires", &headers.expires),
        ("x-amz-website-redirect-location", &headers.website_redirect_location),
        ("x-amz-storage-class", &meta.storage_class),
    ] {
        lines.extend(value.as_ref().map(|value| format!("{name}: {}", value.escape_debug())));
    }
    if let VersionId::Id(_) = meta.version_id {
        lines.push(format!("version: {}", meta.version_id));
    }
    if attribute.is_delete_marker {
        lines.push("delete marker: the object was deleted here".to_owned());
    }
    if let Some(retention) = &meta.retention {
        lines.push(format!(
            "retention: {} until {}",
            retention.mode.name(),
            retention.until.iso8601()
        ));
    }
    lines.extend(
        meta.legal_hold.map(|held| format!("legal hold: {}", if held { "ON" } else { "OFF" })),
    );
    for (key, value) in &meta.tags.0 {
        lines.push(format!("tag: {}={}", key.escape_debug(), value.escape_debug()));
    }
    for (name, value) in &meta.user_metadata {
        lines.push(format!("x-amz-meta-{}: {}", name.escape_debug(), value.escape_debug()));
    }
    if let Some(acl) = &meta.acl {
        lines.push(format!("owner: {} {}", acl.owner.id, acl.owner.display_name.escape_debug()));
        lines.extend(acl.grants.iter().map(|grant| format!("grant: {grant:?}")));
    }
    for (length, count) in &attribute.parts.runs {
        lines.push(format!("parts: {count} of {length} bytes"));
    }
    lines
}
