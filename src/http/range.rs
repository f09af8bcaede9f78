//! The `Range` header of GetObject and HeadObject, and of `x-amz-copy-source-range`.
//!
//! RFC 9110 section 14, with S3's reading of it: one range at a time. A header that cannot be read,
//! another unit, or several ranges are answered with the whole object; a range that begins after
//! the last byte is 416. An end past the last byte is cut (Cyberduck 4.7.2 sends ends one too far).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

/// One range of bytes as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// `a-b`, b inclusive, never below a.
    FromTo(u64, u64),
    /// `a-`.
    From(u64),
    /// `-n`.
    Last(u64),
}

impl ByteRange {
    /// Reads `bytes=a-b` and its like. `None` (unreadable, other unit, several ranges) is answered
    /// with the whole object, as S3 does.
    pub fn parse(header: &str) -> Option<ByteRange> {
        let (unit, range) = header.split_once('=')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        match range.split_once('-')? {
            ("", count) => position(count).map(ByteRange::Last),
            (first, "") => position(first).map(ByteRange::From),
            (first, last) => {
                let (first, last) = (position(first)?, position(last)?);
                (first <= last).then_some(ByteRange::FromTo(first, last))
            }
        }
    }

    /// First offset and count of bytes within a content of `length`, clamped; `None` is 416.
    pub fn resolve(self, length: u64) -> Option<(u64, u64)> {
        let (first, end) = match self {
            ByteRange::FromTo(first, last) => (first, last.saturating_add(1).min(length)),
            ByteRange::From(first) => (first, length),
            ByteRange::Last(count) => (length.saturating_sub(count), length),
        };
        (first < end).then(|| (first, end - first))
    }
}

/// Digits only; what does not fit 64 bits is past every object, and so is the largest that does.
fn position(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_object_range_forms() {
        assert_eq!(ByteRange::parse("bytes=0-0"), Some(ByteRange::FromTo(0, 0)));
        assert_eq!(ByteRange::parse("Bytes=5-"), Some(ByteRange::From(5)));
        assert_eq!(ByteRange::parse("bytes=-5"), Some(ByteRange::Last(5)));
        let huge = "bytes=1-99999999999999999999999";
        assert_eq!(ByteRange::parse(huge), Some(ByteRange::FromTo(1, u64::MAX)));
    }

    #[test]
    fn get_object_unreadable_ranges_are_no_range() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "bytes= 0-1",
            "bytes=0-1 ",
            "bytes=a-b",
            "items=0-1",
            "bytes=0x1-2",
            "bytes=--1",
            "bytes=1--2",
            "bytes 0-1",
        ] {
            assert_eq!(ByteRange::parse(header), None, "{header}");
        }
    }

    #[test]
    fn get_object_ranges_are_clamped_or_416() {
        for (range, length, resolved) in [
            (ByteRange::FromTo(0, 0), 10, Some((0, 1))),
            (ByteRange::FromTo(2, 99), 10, Some((2, 8))),
            (ByteRange::FromTo(9, u64::MAX), 10, Some((9, 1))),
            (ByteRange::FromTo(10, 10), 10, None),
            (ByteRange::From(0), 10, Some((0, 10))),
            (ByteRange::From(9), 10, Some((9, 1))),
            (ByteRange::From(10), 10, None),
            (ByteRange::From(u64::MAX), 10, None),
            (ByteRange::Last(3), 10, Some((7, 3))),
            (ByteRange::Last(99), 10, Some((0, 10))),
            (ByteRange::Last(0), 10, None),
            (ByteRange::FromTo(0, 0), 0, None),
            (ByteRange::From(0), 0, None),
            (ByteRange::Last(5), 0, None),
        ] {
            assert_eq!(range.resolve(length), resolved, "{range:?} of {length}");
        }
    }
}
