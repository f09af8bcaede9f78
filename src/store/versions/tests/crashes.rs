//! A change that was cut off between two of its steps: the state reads as if it had not begun, and
//! the next change goes on from there. Each test makes that state by hand.

use super::{Line, delete, delete_version, enabled, folder, kept, listed, put, set};
use crate::store::testing::{Scratch, get, key};
use crate::store::{Bucket, Versioning};
use crate::types::VersionId;
use std::fs::{hard_link, remove_file, rename};

fn ids(bucket: &Bucket) -> Vec<VersionId> {
    listed(bucket, "", "", 1).into_iter().map(|line: Line| line.1).collect()
}

/// The state after the current file was linked among the versions.
fn put_cut_off_after_the_link(scratch: &Scratch, versions: [VersionId; 2]) {
    let name = versions[1].to_string();
    hard_link(scratch.photos().join("k"), folder(scratch, "k").join(name)).unwrap();
}

#[test]
fn put_object_cut_off_after_the_link_lists_the_version_once() {
    for next in 0..4 {
        let scratch = Scratch::new();
        let bucket = enabled(&scratch);
        let versions = [put(&bucket, "k", b"1"), put(&bucket, "k", b"2")];
        put_cut_off_after_the_link(&scratch, versions);
        assert_eq!(ids(&bucket), [versions[1], versions[0]]);
        match next {
            0 => {
                let third = put(&bucket, "k", b"3");
                assert_eq!(ids(&bucket), [third, versions[1], versions[0]]);
                assert_eq!(kept(&scratch, "k").len(), 2);
            }
            1 => {
                let marker = delete(&bucket, "k");
                assert_eq!(ids(&bucket), [marker, versions[1], versions[0]]);
            }
            2 => {
                delete_version(&bucket, "k", versions[1]);
                assert_eq!(ids(&bucket), [versions[0]]);
                assert_eq!(get(&bucket, "k").unwrap(), b"1");
            }
            _ => {
                delete_version(&bucket, "k", versions[0]);
                assert_eq!(ids(&bucket), [versions[1]]);
                delete_version(&bucket, "k", versions[1]);
                assert_eq!(ids(&bucket), []);
                bucket.delete().unwrap();
            }
        }
    }
}

/// The second name is no person's snapshot: the file is changed in place, and stays one.
#[test]
fn put_object_acl_after_a_cut_off_put_changes_the_file_in_place() {
    use std::os::unix::fs::MetadataExt;
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let versions = [put(&bucket, "k", b"1"), put(&bucket, "k", b"2")];
    put_cut_off_after_the_link(&scratch, versions);
    let inode = || std::fs::metadata(scratch.photos().join("k")).unwrap().ino();
    let before = inode();
    let hold = |meta: &mut crate::types::ObjectMeta| {
        meta.legal_hold = Some(true);
        Ok(())
    };
    bucket.update_meta(&key("k"), None, hold).unwrap();
    assert_eq!(inode(), before);
    assert_eq!(ids(&bucket), [versions[1], versions[0]]);
}

#[test]
fn put_object_of_null_cut_off_after_the_link_leaves_one_null() {
    let scratch = Scratch::new();
    crate::store::testing::put(&scratch.bucket(), "k", b"null");
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    // As it was before the rename: the version null is current, and linked.
    let link = folder(&scratch, "k").join(&kept(&scratch, "k")[0]);
    remove_file(scratch.photos().join("k")).unwrap();
    hard_link(link, scratch.photos().join("k")).unwrap();
    assert_eq!(ids(&bucket), [VersionId::Null]);
    let second = put(&bucket, "k", b"2");
    assert_ne!(first, second);
    assert_eq!(ids(&bucket), [second, VersionId::Null]);
    assert_eq!(kept(&scratch, "k").len(), 1);
}

/// The new version null is there; the one that it took the place of is not yet removed.
#[test]
fn put_object_of_a_suspended_bucket_cut_off_before_the_last_step_has_one_null() {
    for next in [Versioning::Enabled, Versioning::Suspended] {
        let scratch = Scratch::new();
        crate::store::testing::put(&scratch.bucket(), "k", b"null");
        let bucket = enabled(&scratch);
        let first = put(&bucket, "k", b"1");
        let null = folder(&scratch, "k").join(&kept(&scratch, "k")[0]);
        let aside = scratch.path().join("aside");
        hard_link(&null, &aside).unwrap();
        let bucket_then = set(&scratch, Versioning::Suspended);
        put(&bucket_then, "k", b"new null");
        rename(&aside, &null).unwrap();
        assert_eq!(ids(&bucket), [VersionId::Null, first]);
        assert_eq!(get(&bucket, "k").unwrap(), b"new null");
        let bucket = set(&scratch, next);
        let last = put(&bucket, "k", b"last");
        match next {
            Versioning::Enabled => assert_eq!(ids(&bucket), [last, VersionId::Null, first]),
            Versioning::Suspended => assert_eq!(ids(&bucket), [VersionId::Null, first]),
        }
        let lines = listed(&bucket, "", "", 9);
        assert!(lines.iter().all(|line| line.3.as_deref() != Some(b"null")), "{lines:?}");
    }
}

/// The marker is written, the current file not yet taken away.
#[test]
fn delete_object_cut_off_after_the_marker_deletes_nothing() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    let aside = scratch.path().join("aside");
    hard_link(scratch.photos().join("k"), &aside).unwrap();
    let marker = delete(&bucket, "k");
    remove_file(folder(&scratch, "k").join(first.to_string())).unwrap();
    rename(&aside, scratch.photos().join("k")).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"1");
    assert_eq!(ids(&bucket), [first, marker]);
    let second = put(&bucket, "k", b"2");
    assert_eq!(ids(&bucket), [second, marker, first]);
    delete_version(&bucket, "k", second);
    assert_eq!(get(&bucket, "k"), None); // the marker is the latest again
    delete_version(&bucket, "k", marker);
    assert_eq!(get(&bucket, "k").unwrap(), b"1");
}

#[test]
fn delete_object_of_a_suspended_bucket_cut_off_after_the_marker_deletes_nothing() {
    let scratch = Scratch::new();
    let bucket = set(&scratch, Versioning::Suspended);
    put(&bucket, "k", b"null");
    let aside = scratch.path().join("aside");
    hard_link(scratch.photos().join("k"), &aside).unwrap();
    delete(&bucket, "k");
    rename(&aside, scratch.photos().join("k")).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"null");
    assert_eq!(ids(&bucket), [VersionId::Null]);
    delete_version(&bucket, "k", VersionId::Null);
    assert_eq!(ids(&bucket), []);
    bucket.delete().unwrap();
}

/// The object below the marker is back, the marker not yet gone.
#[test]
fn delete_object_of_a_marker_cut_off_before_the_last_step_can_be_repeated() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    let marker = delete(&bucket, "k");
    let file = folder(&scratch, "k").join(marker.to_string());
    let aside = scratch.path().join("aside");
    hard_link(&file, &aside).unwrap();
    delete_version(&bucket, "k", marker);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    rename(&aside, &file).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"1");
    assert_eq!(ids(&bucket), [first, marker]);
    assert!(delete_version(&bucket, "k", marker).delete_marker);
    assert_eq!(ids(&bucket), [first]);
}
