//! Copies of an object's bytes, made by the kernel: never through this process where it can be
//! helped.
//!
//! A reflink where the filesystem has them (XFS, btrfs: no byte moves), else `copy_file_range`,
//! else reads and writes. A copy is staged like a PUT, so a copy onto itself reads the old file
//! to its end before its name changes.

use super::meta;
use super::object::Object;
use super::refused;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::{BODY_BUFFER_BYTES, COPY_RANGE_BYTES};
use rustix::fs::{copy_file_range, fstat, ioctl_ficlone};
use rustix::io::Errno;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Fills the empty file `to` with the bytes of `source`. `OperationAborted` if a person edited the
/// source meanwhile: such a copy may be half of each.
pub(super) fn copy_bytes(source: &Object, to: &File) -> Result<()> {
    if ioctl_ficlone(to, &*source.file).is_err() {
        copy_range(&source.file, 0, source.length, to, 0)?;
    }
    let (from_stat, to_stat) =
        (fstat(&*source.file).map_err(refused)?, fstat(to).map_err(refused)?);
    let unchanged = from_stat.st_size as u64 == source.length
        && meta::modified(&from_stat) == source.modified
        && to_stat.st_size as u64 == source.length;
    if unchanged { Ok(()) } else { Err(changed()) }
}

/// Copies `length` bytes from `from` at `offset` to `to` at `to_offset`.
pub(super) fn copy_range(
    from: &File,
    mut offset: u64,
    length: u64,
    to: &File,
    mut to_offset: u64,
) -> Result<()> {
    let end = offset + length;
    while offset < end {
        let piece = usize::try_from(end - offset).unwrap_or(usize::MAX).min(COPY_RANGE_BYTES);
        // The kernel moves both offsets by what it copied.
        match copy_file_range(from, Some(&mut offset), to, Some(&mut to_offset), piece) {
            Ok(0) => return Err(changed()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {
                return copy_by_hand(from, offset, end - offset, to, to_offset);
            }
            Err(error) => return Err(refused(error)),
        }
    }
    Ok(())
}

fn copy_by_hand(
    from: &File,
    mut offset: u64,
    length: u64,
    to: &File,
    mut to_offset: u64,
) -> Result<()> {
    let end = offset + length;
    let mut buffer = vec![0; BODY_BUFFER_BYTES];
    while offset < end {
        let piece = usize::try_from(end - offset).unwrap_or(usize::MAX).min(buffer.len());
        let read = from.read_at(&mut buffer[..piece], offset)?;
        if read == 0 {
            return Err(changed());
        }
        to.write_all_at(&buffer[..read], to_offset)?;
        offset += read as u64;
        to_offset += read as u64;
    }
    Ok(())
}

fn changed() -> S3Error {
    S3Error::new(ErrorCode::OperationAborted, "The source changed while it was copied. Try again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Scratch;

    #[test]
    fn copy_by_hand_is_the_same_as_by_the_kernel() {
        let scratch = Scratch::new();
        let bytes: Vec<u8> = (0..2 * BODY_BUFFER_BYTES + 7).map(|n| (n % 251) as u8).collect();
        std::fs::write(scratch.path().join("from"), &bytes).unwrap();
        let from = File::open(scratch.path().join("from")).unwrap();
        for by_hand in [true, false] {
            let path = scratch.path().join(format!("to-{by_hand}"));
            let to = File::create(&path).unwrap();
            let length = bytes.len() as u64 - 10;
            match by_hand {
                true => copy_by_hand(&from, 3, length, &to, 5).unwrap(),
                false => copy_range(&from, 3, length, &to, 5).unwrap(),
            }
            let copied = std::fs::read(&path).unwrap();
            assert!(copied[..5] == [0; 5] && copied[5..] == bytes[3..bytes.len() - 7]);
            let past_the_end = copy_range(&from, 0, bytes.len() as u64 + 1, &to, 0);
            assert_eq!(past_the_end.unwrap_err().code, ErrorCode::OperationAborted);
        }
    }
}
