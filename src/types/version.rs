//! The id of one version of an object.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>

use super::{hex, unhex};
use std::fmt;

/// Names a version: `null`, or 32 hex digits as the ids of AWS are 32 characters.
///
/// What was stored while its bucket had no versioning, or had it suspended, has the id `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionId {
    /// `null`: there is at most one such version of a key.
    Null,
    /// Made here: the store puts an inverted time first, so that newer ids sort first.
    Id([u8; 16]),
}

impl VersionId {
    /// Reads the form that [`fmt::Display`] writes; `None` where no version here can have that id.
    pub fn parse(text: &str) -> Option<VersionId> {
        if text == "null" {
            return Some(VersionId::Null);
        }
        let is_ours = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let bytes = unhex(text.as_bytes()).filter(|_| text.bytes().all(is_ours))?;
        bytes.try_into().ok().map(VersionId::Id)
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionId::Null => f.write_str("null"),
            VersionId::Id(bytes) => f.write_str(&hex(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_ids_have_one_spelling() {
        for text in ["null", "00112233445566778899aabbccddeeff"] {
            assert_eq!(VersionId::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "Null", "00112233445566778899AABBCCDDEEFF", "0011", "zz", "../../etc"] {
            assert_eq!(VersionId::parse(text), None, "{text}");
        }
    }
}
