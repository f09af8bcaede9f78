//! What a start asks of the filesystem, and the sentences for people where it says no.
//!
//! Refused: `.glassbucket` open to others, no `user.*` attributes, names that differ in case or in
//! normal form taken for one file, and a bucket on a filesystem of its own.

use super::{Root, dir};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, OFlags, XattrFlags, fsetxattr, fstat, unlinkat};
use rustix::io::{Errno, Result};
use std::path::Path;

/// Names that must be different files: case, and the two normal forms of `é`. They begin with a
/// form that no key has, so nobody sees them in a listing.
const TWINS: [(&str, &str); 2] =
    [("%~probe-Aa", "%~probe-aA"), ("%~probe-\u{e9}", "%~probe-e\u{301}")];

/// The number of the filesystem that a file lies on.
pub(super) fn device(fd: impl AsFd) -> Result<u64> {
    Ok(fstat(fd)?.st_dev)
}

/// `.glassbucket` holds secrets: it must be ours, and nobody else may look in.
pub(super) fn check_private(private: &OwnedFd, path: &Path) -> std::result::Result<(), String> {
    let stat = fstat(private).map_err(|error| format!("{}: {error}", path.display()))?;
    let path = path.display();
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(format!("{path} belongs to another user: run the server as its owner"));
    }
    match stat.st_mode & 0o077 {
        0 => Ok(()),
        _ => Err(format!("{path} is open to other users of this machine: chmod 700 it")),
    }
}

/// Everything that the store's rules rest on, tried in the staging folder and in every bucket.
pub(super) fn check_filesystem(root: &Root, data: &Path) -> std::result::Result<(), String> {
    let folder = root.staging.folder();
    check_attributes(folder).map_err(|error| {
        format!(
            "{}: this filesystem does not keep user.* extended attributes ({error}), where the \
             objects' metadata goes: use ext4, XFS, btrfs, or tmpfs from Linux 6.6 on",
            data.display()
        )
    })?;
    check_names(folder, data)?;
    let entries = dir::entries(&root.data).map_err(|e| format!("{}: {e}", data.display()))?;
    for entry in entries {
        let (name, _) = entry.map_err(|error| format!("{}: {error}", data.display()))?;
        let Some(name) = name.filter(|name| crate::types::BucketName::parse(name).is_ok()) else {
            continue;
        };
        let Ok(bucket) = dir::open_dir(&root.data, &name) else { continue };
        let path = data.join(&name);
        if device(&bucket) != Ok(root.device) {
            return Err(format!(
                "{} is a mount or a subvolume of its own: objects are renamed into their bucket, \
                 which works only inside one filesystem. Mount it at DATA itself instead",
                path.display()
            ));
        }
        check_names(&bucket, &path)?;
    }
    Ok(())
}

fn check_attributes(folder: &OwnedFd) -> Result<()> {
    let name = "%~probe-attribute";
    let file = dir::open(folder, name, OFlags::RDWR | OFlags::CREATE)?;
    let done = fsetxattr(&file, "user.glassbucket.probe", &[0; 64], XattrFlags::empty());
    unlinkat(folder, name, AtFlags::empty())?;
    done
}

/// Two keys must be two files. A bucket that we may not write to is left alone.
fn check_names(dir: &OwnedFd, path: &Path) -> std::result::Result<(), String> {
    for (one, other) in TWINS {
        match are_twins(dir, one, other) {
            Ok(false) | Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {}
            Ok(true) => {
                return Err(format!(
                    "{}: this directory takes names that differ in case or in Unicode form for \
                     the same one, so two keys would be one object: use a directory without it",
                    path.display()
                ));
            }
            Err(error) => return Err(format!("{}: cannot write: {error}", path.display())),
        }
    }
    Ok(())
}

fn are_twins(dir: &OwnedFd, one: &str, other: &str) -> Result<bool> {
    drop(dir::open(dir, one, OFlags::RDWR | OFlags::CREATE)?);
    let twins = dir::kind(dir, other)?.is_some();
    match unlinkat(dir, one, AtFlags::empty()) {
        Err(Errno::NOENT) | Ok(()) => Ok(twins), // another start probed at the same time
        Err(error) => Err(error),
    }
}
