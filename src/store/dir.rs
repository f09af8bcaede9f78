//! Directories by handle: nothing below a bucket is ever opened by an absolute path.
//!
//! Every open is an `openat2` that stays beneath its handle and follows no symbolic link, so that
//! neither a `..` nor a link dropped into a bucket leads out of it, and that neither waits for a
//! FIFO nor takes a terminal (a FIFO in a bucket would block a plain open for ever).

use crate::limits::OPENS_OF_MOVED_MAX;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RawMode, ResolveFlags, StatxFlags};
use rustix::io::{Errno, Result};
use std::path::Path;
use std::time::Duration;

/// Between two looks at a file whose lease is called back.
const LEASE_PAUSE: Duration = Duration::from_millis(10);

/// Of directories and files we make; the umask applies (nginx and people must be able to read).
pub(super) const DIR_MODE: Mode = Mode::from_raw_mode(0o755);
/// See [`DIR_MODE`].
pub(super) const FILE_MODE: Mode = Mode::from_raw_mode(0o644);

/// Opens what lies at `path` below `dir`, whatever it is; `""` is `dir` itself.
pub(super) fn open(dir: impl AsFd, path: &str, flags: OFlags) -> Result<OwnedFd> {
    let path = if path.is_empty() { "." } else { path };
    let mut flags = flags | OFlags::CLOEXEC;
    if !flags.contains(OFlags::PATH) {
        // With PATH nothing is opened that could wait, and the kernel refuses the pair.
        flags |= OFlags::NONBLOCK | OFlags::NOCTTY;
    }
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let mode = if flags.contains(OFlags::CREATE) { FILE_MODE } else { Mode::empty() };
    let mut moved = 0;
    loop {
        match fs::openat2(&dir, path, flags, mode, resolve) {
            Err(Errno::INTR) => {}
            // What lay there was renamed to another tree while the kernel opened it (a version, the
            // body of an upload), so that it is found outside: the next look tells what is there.
            Err(Errno::XDEV) if moved < OPENS_OF_MOVED_MAX => moved += 1,
            // A file server has a lease on the file (Samba's oplock): the kernel has just called it
            // back, and takes it away after /proc/sys/fs/lease-break-time.
            Err(Errno::AGAIN) => std::thread::sleep(LEASE_PAUSE),
            done => return done,
        }
    }
}

/// Opens the directory `path` below `dir`: ENOENT where nothing is, ENOTDIR or ELOOP where
/// something else is.
pub(super) fn open_dir(dir: impl AsFd, path: &str) -> Result<OwnedFd> {
    open(dir, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens the data directory itself, which alone may be reached over links.
pub(super) fn open_data(path: &Path) -> Result<OwnedFd> {
    fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Makes a directory unless something of that name is there.
pub(super) fn make(dir: impl AsFd, name: &str, mode: Mode) -> Result<()> {
    match fs::mkdirat(dir, name, mode) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes `name` and opens it.
pub(super) fn make_and_open(dir: impl AsFd, name: &str, mode: Mode) -> Result<OwnedFd> {
    make(&dir, name, mode)?;
    open_dir(&dir, name)
}

/// The directory part and the last name of a path.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// What lies at one name of an open directory; a link is a link.
pub(super) fn kind(dir: impl AsFd, name: &str) -> Result<Option<FileType>> {
    match fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode as RawMode))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A rename that replaces nothing, not even an empty directory (which a plain one would). Where the
/// filesystem has no such flag, the lock that the caller holds and a look have to do.
pub(super) fn rename_new(from: &OwnedFd, name: &str, to: &OwnedFd, new: &str) -> Result<()> {
    match fs::renameat_with(from, name, to, new, fs::RenameFlags::NOREPLACE) {
        Err(Errno::INVAL) => match kind(to, new)? {
            Some(_) => Err(Errno::EXIST),
            None => fs::renameat_with(from, name, to, new, fs::RenameFlags::empty()),
        },
        done => done,
    }
}

/// Every entry of an open directory but `.` and `..`; a name that is not UTF-8 is `None`.
pub(super) fn entries(
    dir: impl AsFd,
) -> Result<impl Iterator<Item = Result<(Option<String>, FileType)>>> {
    let entries = fs::Dir::read_from(dir)?;
    Ok(entries.filter_map(|entry| match entry {
        Err(error) => Some(Err(error)),
        Ok(entry) => match entry.file_name().to_bytes() {
            b"." | b".." => None,
            name => {
                let name = str::from_utf8(name).ok().map(str::to_owned);
                Some(Ok((name, entry.file_type())))
            }
        },
    }))
}

/// Removes `name` and all below it, of our own private tree: names there are ours and short.
pub(super) fn remove_tree(dir: impl AsFd, name: &str) -> Result<()> {
    match fs::unlinkat(&dir, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    let inner = match open_dir(&dir, name) {
        Err(Errno::NOENT) => return Ok(()),
        opened => opened?,
    };
    let names: Result<Vec<_>> = entries(&inner)?.collect();
    for name in names?.into_iter().filter_map(|(name, _)| name) {
        remove_tree(&inner, &name)?;
    }
    match fs::unlinkat(&dir, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    }
}

/// Which directory a handle is, told from a later one that was given the same inode number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DirId {
    device: (u32, u32),
    inode: u64,
    born: (i64, u32),
}

impl DirId {
    /// Asks the kernel.
    pub(super) fn of(dir: impl AsFd) -> Result<DirId> {
        let mask = StatxFlags::INO | StatxFlags::BTIME;
        let stat = fs::statx(dir, "", AtFlags::EMPTY_PATH, mask)?;
        Ok(DirId {
            device: (stat.stx_dev_major, stat.stx_dev_minor),
            inode: stat.stx_ino,
            born: (stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec),
        })
    }
}
