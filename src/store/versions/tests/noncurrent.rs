//! A removal that is meant for a noncurrent version spares one that has become the current one.

use super::*;
use crate::error::ErrorCode;

fn only_noncurrent(bucket: &Bucket, version: VersionId) -> Result<Removed> {
    let removal = Removal { only_noncurrent: true, ..removal(Some(version)) };
    bucket.remove_version(&key("k"), &removal)
}

#[test]
fn remove_only_noncurrent_spares_the_object_that_became_current() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let [first, second, third] = ["1", "2", "3"].map(|body| put(&bucket, "k", body.as_bytes()));
    only_noncurrent(&bucket, first).unwrap();
    delete_version(&bucket, "k", third);
    assert_eq!(only_noncurrent(&bucket, second).unwrap_err().code, ErrorCode::PreconditionFailed);
    assert_eq!(body_of(&bucket, "k", None).unwrap().unwrap(), b"2");
}

/// Without it, what was deleted would be there again.
#[test]
fn remove_only_noncurrent_spares_the_marker_that_became_the_latest() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    put(&bucket, "k", b"1");
    let marker = delete(&bucket, "k");
    let second = put(&bucket, "k", b"2");
    delete_version(&bucket, "k", second);
    assert_eq!(only_noncurrent(&bucket, marker).unwrap_err().code, ErrorCode::PreconditionFailed);
    assert_eq!(body_of(&bucket, "k", None).unwrap(), None);
    put(&bucket, "k", b"3");
    only_noncurrent(&bucket, marker).unwrap();
}
