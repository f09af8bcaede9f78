//! Publishing, removing and changing objects: every change of a name, under the key's lock.
//!
//! A commit: take the lock of the key, weigh the condition, make the parents (never the bucket's
//! own directory: a PUT into a deleted bucket must not bring it back), rename, fsync every
//! directory whose entries changed, release. The rename goes through the parent's handle: it
//! succeeds only while that directory is linked, and with the new name in it nobody can prune it.
//!
//! `a` beside `a/b`: whoever needs the directory `a` where the file `a` lies renames it to `a%~`
//! under the lock of key `a` and makes the directory. A PUT of `a` goes where `a` lies, and nothing
//! is ever moved back: moving back makes a reader that looks at both places miss the object.
//!
//! In a bucket with versioning what a commit replaces is kept first: [`Versioned`].
//!
//! A file that no key names (a FIFO, a link, a name of another form) is never replaced or removed.

use super::naming::{Role, decode, encode};
use super::object::{self, Committed, Object, is_regular};
use super::staging::{Hold, Sealed};
use super::versions::Versioned;
use super::{Bucket, Root, attribute, copy, dir, refused};
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::COMMIT_ROUNDS_MAX;
use crate::types::{Conditions, Key, ObjectMeta, Verdict};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, RenameFlags, fstat, linkat, renameat_with, unlinkat};
use rustix::io::Errno;

/// What came of one try to reach a place.
pub(super) enum Try<T> {
    /// It is done.
    Done(T),
    /// Something changed under it (a directory was pruned, a file became a directory): look again.
    Again,
    /// A regular file lies at this path, where a directory is needed.
    InTheWay(String),
}

/// Publishes `sealed` as `key`.
pub(super) fn commit(
    bucket: &Bucket,
    key: &Key,
    mut sealed: Sealed,
    conditions: &Conditions,
) -> Result<Committed> {
    let root = bucket.root();
    root.disk.writable()?;
    for _ in 0..COMMIT_ROUNDS_MAX {
        let lock = root.locks.key(bucket.inode(), key.as_str())?;
        let versioned = Versioned::now(bucket)?;
        weigh(bucket, key, conditions)?;
        let create_only = conditions.if_none_match.as_deref() == Some("*");
        match publish(bucket, key, &mut sealed, create_only, versioned.as_ref())? {
            Try::Done(()) => {
                let Sealed { etag, modified, checksum, version_id, .. } = sealed;
                let version_id = versioned.map(|_| version_id);
                return Ok(Committed { etag, modified, checksum, version_id });
            }
            Try::Again => bucket.check_alive()?,
            Try::InTheWay(path) => {
                drop(lock); // no two locks at once: see `lock`
                move_aside(bucket, &path)?;
            }
        }
    }
    Err(ErrorCode::OperationAborted.into())
}

/// Weighs the conditions of a write against the current object. An absent one, as which a delete
/// marker counts, fails `If-Match` as 404, as on AWS, and passes all else.
fn weigh(bucket: &Bucket, key: &Key, conditions: &Conditions) -> Result<()> {
    if conditions.is_empty() {
        return Ok(());
    }
    match object::open(bucket, key) {
        Ok(object) => match conditions.weigh(&object.meta.etag, object.modified) {
            Verdict::Proceed => Ok(()),
            Verdict::NotModified | Verdict::PreconditionFailed => {
                Err(ErrorCode::PreconditionFailed.into())
            }
        },
        Err(error) if error.code == ErrorCode::NoSuchKey && conditions.if_match.is_none() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Weighs the conditions of a delete against what was found, an object or a delete marker; false
/// where nothing was, which meets them all.
///
/// An absent key is success to a conditional delete too: AWS says so of directory buckets, Ceph of
/// all. What was to be gone is gone.
pub(super) fn weigh_removal(conditions: &Conditions, found: Option<&Object>) -> Result<bool> {
    let Some(found) = found else { return Ok(conditions.is_empty()) };
    let object = Some((&found.meta.etag, found.length)).filter(|_| !found.is_delete_marker);
    match conditions.permit_removal(object, found.modified) {
        true => Ok(true),
        false => Err(ErrorCode::PreconditionFailed.into()),
    }
}

/// Where a key's file is to be put: an open directory, its path, a name.
pub(super) struct Place {
    pub(super) dir: OwnedFd,
    pub(super) dir_path: String,
    pub(super) name: String,
}

/// Renames the staged file to where `key` lies or is to lie, and syncs the way to it. In a bucket
/// with versioning, `versioned`, what lies there is kept first.
fn publish(
    bucket: &Bucket,
    key: &Key,
    sealed: &mut Sealed,
    create_only: bool,
    versioned: Option<&Versioned>,
) -> Result<Try<()>> {
    let place = match place(bucket, key)? {
        Try::Done(place) => place,
        Try::Again => return Ok(Try::Again),
        Try::InTheWay(path) => return Ok(Try::InTheWay(path)),
    };
    let replaced = match versioned {
        Some(versioned) => versioned.make_room(bucket, key, &place, sealed)?,
        None => None,
    };
    let hold = &mut sealed.hold;
    let _told = bucket.root().changes.change(&place.dir, &place.name)?;
    match rename(hold, &place, create_only) {
        Ok(()) => {}
        // The parent was pruned; or the staged file is gone, which only a person can have done, or
        // DeleteBucket, which takes the uploads with it.
        Err(Errno::NOENT) => {
            bucket.check_alive()?;
            return match fstat(&hold.file).map_err(refused)?.st_nlink {
                0 => Err(refused(Errno::NOENT)),
                _ => Ok(Try::Again),
            };
        }
        // The name was taken meanwhile: by an object put there by hand, or by a directory.
        Err(Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY) => return Ok(Try::Again),
        Err(error) => return Err(refused(error)),
    }
    sync_place(bucket, &place)?;
    if let Some(replaced) = replaced {
        replaced.remove(bucket.root())?;
    }
    Ok(Try::Done(()))
}

/// One rename. `create_only` holds against files put there by hand too, which take no lock.
fn rename(hold: &mut Hold, place: &Place, create_only: bool) -> rustix::io::Result<()> {
    let flags = if create_only { RenameFlags::NOREPLACE } else { RenameFlags::empty() };
    match renameat_with(&hold.dir, &hold.name, &place.dir, &place.name, flags) {
        Ok(()) => hold.remove_on_drop = false,
        // A filesystem without the flag: a link does not replace either.
        Err(Errno::INVAL) if create_only => {
            linkat(&hold.dir, &hold.name, &place.dir, &place.name, AtFlags::empty())?;
            unlinkat(&hold.dir, &hold.name, AtFlags::empty())?;
            hold.remove_on_drop = false;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Syncs a directory whose entries changed, and each on the way to it that is not known to be.
pub(super) fn sync_place(bucket: &Bucket, place: &Place) -> Result<()> {
    let disk = &bucket.root().disk;
    disk.sync(&place.dir)?;
    let from_data = match place.dir_path.as_str() {
        "" => bucket.name().as_str().to_owned(),
        path => format!("{}/{path}", bucket.name().as_str()),
    };
    disk.sync_chain(&bucket.root().data, &from_data, &place.dir)
}

/// The place of a key: the plain one, unless the object lies beside it, or a directory (or a file
/// that is no object) has the plain name.
fn place(bucket: &Bucket, key: &Key) -> Result<Try<Place>> {
    let plain = match reach_place(bucket, encode(key.as_str(), Role::Plain))? {
        Try::Done(place) => place,
        other => return Ok(other),
    };
    let beside = encode(key.as_str(), Role::Beside);
    let takes_plain = match dir::kind(&plain.dir, &plain.name).map_err(refused)? {
        Some(FileType::RegularFile) => true,
        Some(_) => false,
        None => !is_regular(bucket.dir(), &beside)?,
    };
    if takes_plain {
        return Ok(Try::Done(plain));
    }
    let place = reach_place(bucket, beside)?;
    if let Try::Done(place) = &place {
        check_not_foreign(place)?;
    }
    Ok(place)
}

fn check_not_foreign(place: &Place) -> Result<()> {
    match dir::kind(&place.dir, &place.name).map_err(refused)? {
        None | Some(FileType::RegularFile) => Ok(()),
        Some(_) => Err(foreign(&place.name)),
    }
}

fn foreign(name: &str) -> S3Error {
    S3Error::internal(format!("{name:?} is no object and lies where one would have to be"))
}

/// The object of `key`, and where it lies; `None` where there is none.
pub(super) fn current(bucket: &Bucket, key: &Key) -> Result<Option<(Place, Object)>> {
    for role in [Role::Plain, Role::Beside] {
        let path = encode(key.as_str(), role);
        let (dir_path, name) = dir::split(&path);
        let dir = match dir::open_dir(bucket.dir(), dir_path) {
            Ok(dir) => dir,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
            Err(error) => return Err(refused(error)),
        };
        if let Some(object) = object::open_at(bucket.root(), &dir, name)? {
            let (dir_path, name) = (dir_path.to_owned(), name.to_owned());
            return Ok(Some((Place { dir, dir_path, name }, object)));
        }
    }
    Ok(None)
}

/// Renames `name` of `from` to where `key` is to lie, which is empty, and syncs the way to it:
/// what was kept among the versions is the current object again.
pub(super) fn bring_back(
    bucket: &Bucket,
    key: &Key,
    from: &OwnedFd,
    name: &str,
) -> Result<Try<()>> {
    let place = match place(bucket, key)? {
        Try::Done(place) => place,
        Try::Again => return Ok(Try::Again),
        Try::InTheWay(path) => return Ok(Try::InTheWay(path)),
    };
    let _told = bucket.root().changes.change(&place.dir, &place.name)?;
    match dir::rename_new(from, name, &place.dir, &place.name) {
        Ok(()) => {}
        Err(Errno::NOENT | Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY) => {
            bucket.check_alive()?;
            return Ok(Try::Again);
        }
        Err(error) => return Err(refused(error)),
    }
    sync_place(bucket, &place)?;
    Ok(Try::Done(()))
}

/// Opens the directory of `path`, making what is missing.
fn reach_place(bucket: &Bucket, path: String) -> Result<Try<Place>> {
    let (dir_path, name) = dir::split(&path);
    Ok(match reach_dir(bucket, dir_path)? {
        Try::Done(dir) => {
            Try::Done(Place { dir, dir_path: dir_path.to_owned(), name: name.to_owned() })
        }
        Try::Again => Try::Again,
        Try::InTheWay(path) => Try::InTheWay(path),
    })
}

/// Opens a directory below the bucket, making what is missing of it.
fn reach_dir(bucket: &Bucket, path: &str) -> Result<Try<OwnedFd>> {
    match dir::open_dir(bucket.dir(), path) {
        Ok(dir) => return Ok(Try::Done(dir)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
        Err(error) => return Err(refused(error)),
    }
    let mut parent: Option<OwnedFd> = None;
    let mut end = 0;
    for name in path.split('/') {
        end += name.len();
        let above = parent.as_ref().unwrap_or(bucket.dir());
        match dir::make_and_open(above, name, dir::DIR_MODE) {
            Ok(child) => parent = Some(child),
            Err(Errno::NOENT) => return Ok(Try::Again),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                return match dir::kind(above, name).map_err(refused)? {
                    Some(FileType::RegularFile) => Ok(Try::InTheWay(path[..end].to_owned())),
                    None | Some(FileType::Directory) => Ok(Try::Again),
                    Some(_) => Err(foreign(&path[..end])),
                };
            }
            Err(error) => return Err(refused(error)),
        }
        end += 1;
    }
    Ok(parent.map_or(Try::Again, Try::Done))
}

/// Makes room for the directory `path`: the object that has the name moves beside it.
pub(super) fn move_aside(bucket: &Bucket, path: &str) -> Result<()> {
    let Some((key, Role::Plain)) = decode(path) else { return Err(foreign(path)) };
    let _lock = bucket.root().locks.key(bucket.inode(), &key)?;
    let (from_path, from_name) = dir::split(path);
    let Ok(from) = dir::open_dir(bucket.dir(), from_path) else { return Ok(()) };
    if dir::kind(&from, from_name).map_err(refused)? != Some(FileType::RegularFile) {
        return Ok(()); // somebody else did it, or the object is gone
    }
    let to = match reach_place(bucket, encode(&key, Role::Beside))? {
        Try::Done(to) => to,
        Try::Again => return Ok(()),
        Try::InTheWay(path) => return Err(foreign(&path)),
    };
    check_not_foreign(&to)?;
    let changes = &bucket.root().changes;
    // In this order: a listing that looks for the one and then the other finds it.
    let _told = [changes.change(&from, from_name)?, changes.change(&to.dir, &to.name)?];
    match renameat_with(&from, from_name, &to.dir, &to.name, RenameFlags::empty()) {
        Err(Errno::NOENT) => return Ok(()), // pruned; the commit looks again
        done => done.map_err(refused)?,
    }
    if dir::kind(&from, from_name).map_err(refused)? == Some(FileType::RegularFile) {
        // Both names were links of one inode: such a rename does nothing and succeeds.
        unlinkat(&from, from_name, AtFlags::empty()).map_err(refused)?;
    }
    dir::make(&from, from_name, dir::DIR_MODE).map_err(refused)?;
    sync_place(bucket, &to)?;
    if from_path == to.dir_path {
        return Ok(()); // the usual case; a cut component may have other directories
    }
    bucket.root().disk.sync(&from)
}

/// Removes the object of `key` from both its places, then the parents left empty; whether there
/// was one. The place beside goes first, or a stale file there would show for a moment. The caller
/// holds the key's lock, and the bucket keeps no versions.
pub(super) fn remove(bucket: &Bucket, key: &Key, conditions: &Conditions) -> Result<bool> {
    let root = bucket.root();
    root.disk.writable()?;
    if !conditions.is_empty() {
        let found = current(bucket, key)?.map(|(_, object)| object);
        if !weigh_removal(conditions, found.as_ref())? {
            return Ok(false);
        }
    }
    let mut left = Vec::new();
    for role in [Role::Beside, Role::Plain] {
        let path = encode(key.as_str(), role);
        let (dir_path, name) = dir::split(&path);
        let parent = match dir::open_dir(bucket.dir(), dir_path) {
            Ok(parent) => parent,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
            Err(error) => return Err(refused(error)),
        };
        if dir::kind(&parent, name).map_err(refused)? != Some(FileType::RegularFile) {
            continue;
        }
        match unlinkat(&parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(refused(error)),
        }
        root.disk.sync(&parent)?;
        left.push(dir_path.to_owned());
    }
    left.iter().for_each(|path| prune(bucket.dir(), path));
    if left.is_empty() {
        bucket.check_alive()?;
    }
    Ok(!left.is_empty())
}

/// Removes `path` and the directories above it, below `base`, while they are empty. An empty one
/// that stays, by an error or a power cut, is no harm: it is in no listing and in nobody's way.
pub(super) fn prune(base: &OwnedFd, mut path: &str) {
    while !path.is_empty() {
        let (above, name) = dir::split(path);
        let Ok(parent) = dir::open_dir(base, above) else { return };
        if unlinkat(&parent, name, AtFlags::REMOVEDIR).is_err() {
            return;
        }
        path = above;
    }
}

/// Changes what is known of the current object, in place; Last-Modified and the bytes stay. With a
/// second link (`cp -al`) the snapshot's file must stay as it is: a copy takes the name. The caller
/// holds the key's lock.
pub(super) fn update_meta(
    bucket: &Bucket,
    key: &Key,
    object: Object,
    change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
) -> Result<()> {
    match changed(bucket.root(), object, change)? {
        None => Ok(()),
        Some(mut copy) => match publish(bucket, key, &mut copy, false, None)? {
            Try::Done(()) => Ok(()),
            Try::Again | Try::InTheWay(_) => Err(ErrorCode::OperationAborted.into()),
        },
    }
}

/// Changes what is known of an object in its file, or, where that is a person's too, in a copy that
/// is to take its name.
pub(super) fn changed(
    root: &Root,
    object: Object,
    change: impl FnOnce(&mut ObjectMeta) -> Result<()>,
) -> Result<Option<Sealed>> {
    let mut meta = object.meta.clone();
    change(&mut meta)?;
    if !object.is_shared {
        attribute::write(root, &object.file, meta, object.parts)?;
        root.disk.sync(&object.file)?;
        return Ok(None);
    }
    let hold = root.staging.create().map_err(refused)?;
    copy::copy_bytes(&object, &hold.file)?;
    let parts = object.parts.clone();
    Sealed::unproved(root, hold, meta, parts, object.modified).map(Some)
}
