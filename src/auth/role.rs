//! What a user may reach at all, before its bucket is asked: the roles that `glassbucket user`
//! gives.
//!
//! | role | given by | reaches |
//! |---|---|---|
//! | [`Role::Account`] | nothing else | what policies and ACLs let it, and all of its own buckets |
//! | [`Role::Scoped`] | `--read`, `--write` | its scopes, for the owner of the bucket; nothing else |
//! | [`Role::Admin`] | `--admin` | everything, for whoever owns it |
//!
//! AWS has policies of users for this. Here the two things that owners of small servers ask for
//! have two flags, and a mistake in a document can let nobody in. A scope bounds: what a bucket's
//! policy grants beyond it does not count (AWS's permissions boundary).
//!
//! Refused, with a sentence for the command line: what names no bucket, and a prefix with a
//! character that no key can have.

use crate::types::BucketName;
use std::fmt;

/// What a user may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// An account of its own, as every user of AWS's S3 sees itself.
    #[default]
    Account,
    /// These places and no others.
    Scoped(Scopes),
    /// Acts for the owner of every bucket and every object.
    Admin,
}

/// Where a user may read and where it may write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// To read and to list.
    pub read: Vec<Scope>,
    /// To write and to delete; not to read.
    pub write: Vec<Scope>,
}

impl Scopes {
    /// Whether any of them reaches into that bucket.
    pub fn are_in(&self, bucket: &BucketName) -> bool {
        self.read.iter().chain(&self.write).any(|scope| scope.is_in(bucket))
    }

    /// Whether all that a bucket of that name may hold is there to write: who has that may make
    /// the bucket too.
    pub fn write_all_of(&self, bucket: &BucketName) -> bool {
        self.write.iter().any(|scope| scope.covers(bucket, ""))
    }
}

/// `BUCKET`, `BUCKET/FOLDER`, `BUCKET/PREFIX*`; with `*` for the bucket, every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `None` is every bucket.
    bucket: Option<BucketName>,
    /// Keys that begin so; empty for the whole bucket.
    prefix: String,
}

impl Scope {
    /// Reads the form of the command line. A prefix is a folder, its slash may be left out: who
    /// says `backups/cam` does not mean `backups/camera`. With `*` at its end it is a prefix by
    /// the letter.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub fn parse(text: &str) -> Result<Scope, String> {
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        let bucket = match bucket {
            "*" => None,
            name => Some(BucketName::parse(name).map_err(|_| {
                format!("{name:?} is no bucket name (BUCKET, BUCKET/FOLDER, BUCKET/PREFIX*, or *)")
            })?),
        };
        let prefix = match prefix.strip_suffix('*') {
            Some(letters) => letters.to_owned(),
            None if prefix.is_empty() || prefix.ends_with('/') => prefix.to_owned(),
            None => format!("{prefix}/"),
        };
        if prefix.contains('\0') {
            return Err(format!("{text:?} is a prefix of no key"));
        }
        Ok(Scope { bucket, prefix })
    }

    /// Whether it reaches into that bucket at all.
    pub fn is_in(&self, bucket: &BucketName) -> bool {
        self.bucket.as_ref().is_none_or(|own| own == bucket)
    }

    /// Whether that key of that bucket is in it; given a prefix, whether every key that begins so.
    pub fn covers(&self, bucket: &BucketName, key: &str) -> bool {
        self.is_in(bucket) && key.starts_with(&self.prefix)
    }

    /// The bucket; `None` is every one.
    pub fn bucket(&self) -> Option<&BucketName> {
        self.bucket.as_ref()
    }

    /// How its keys begin.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// As [`Scope::parse`] reads it.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.bucket.as_ref().map_or("*", BucketName::as_str))?;
        match self.prefix.as_str() {
            "" => Ok(()),
            folder if folder.ends_with('/') => write!(f, "/{folder}"),
            prefix => write!(f, "/{prefix}*"),
        }
    }
}

/// What a user may use up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Bytes stored where the user may write, older versions and uploads in progress included.
    pub bytes_max: Option<u64>,
    /// Requests in a second.
    pub requests_per_second: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_bucket_a_folder_or_a_prefix() {
        let covers = |scope: &str, bucket: &str, key: &str| {
            Scope::parse(scope).unwrap().covers(&BucketName::parse(bucket).unwrap(), key)
        };
        assert!(covers("photos", "photos", "a") && covers("photos", "photos", ""));
        assert!(!covers("photos", "photos2", "a"));
        assert!(covers("backups/cam", "backups", "cam/1"));
        assert!(!covers("backups/cam", "backups", "camera/1"));
        assert!(!covers("backups/cam", "backups", "cam") && !covers("backups/cam", "backups", ""));
        assert!(covers("backups/cam*", "backups", "camera/1"));
        assert!(covers("*", "any", "a") && covers("*/x/", "any", "x/y"));
        for text in ["photos", "backups/cam/", "backups/cam*", "*", "*/a/"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "/", "Photos", "a", "../x", "b*/c"] {
            assert!(Scope::parse(text).is_err(), "{text:?}");
        }
    }
}
