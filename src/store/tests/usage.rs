//! What counts as stored below a prefix.

use crate::store::testing::{Scratch, photos, put};
use crate::store::{Bucket, Versioning};
use std::fs;
use std::os::unix::fs::symlink;

fn versioned(scratch: &Scratch) -> Bucket {
    scratch.bucket().configure(|config| config.versioning = Some(Versioning::Enabled)).unwrap();
    scratch.store().bucket(&photos()).unwrap()
}

/// Puts keys of 1, 2, 4, ... bytes, so that a sum tells which ones count.
fn put_powers(bucket: &Bucket, keys: &[&str]) {
    for (n, key) in keys.iter().enumerate() {
        put(bucket, key, &vec![b'x'; 1 << n]);
    }
}

#[test]
fn every_form_of_a_key_counts_below_its_prefixes_and_no_others() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let long = "l".repeat(300);
    let cut = format!("dir/{long}/k");
    let keys = ["dir", "dir/", "dir/a", "dir/a/b", "dir//c", "dirt", "dir/..", &cut, "%~/x"];
    put_powers(&bucket, &keys);
    let all = 0b1_1111_1111;
    for (prefix, expected) in [
        ("", all),
        ("dir", 0b0_1111_1111),
        ("dir/", 0b0_1101_1110),
        ("dir/a", 0b0_0000_1100),
        ("dir/a/", 0b0_0000_1000),
        ("dir//", 0b0_0001_0000),
        ("dir/..", 0b0_0100_0000),
        ("dir/l", 0b0_1000_0000),
        (&cut[..270], 0b0_1000_0000),
        (&cut, 0b0_1000_0000),
        ("%~", 0b1_0000_0000),
        ("none/", 0),
        ("dir/a/b/", 0),
        (&"n".repeat(2000), 0),
    ] {
        assert_eq!(bucket.bytes_stored(prefix).unwrap(), expected, "{prefix:.20}");
    }
}

#[test]
fn versions_count_and_delete_markers_hold_nothing() {
    let scratch = Scratch::new();
    let bucket = versioned(&scratch);
    put_powers(&bucket, &["a/k", "a/k", "a/k", "b/k", "a"]);
    assert_eq!(bucket.bytes_stored("").unwrap(), 0b11111);
    assert_eq!(bucket.bytes_stored("a/").unwrap(), 0b00111);
    assert_eq!(bucket.bytes_stored("a").unwrap(), 0b10111);
    let now = crate::types::Timestamp::now();
    let removal = crate::store::Removal {
        version: None,
        only_noncurrent: false,
        conditions: Default::default(),
        bypass_governance: false,
        now,
    };
    bucket.remove_version(&crate::store::testing::key("b/k"), &removal).unwrap();
    assert_eq!(bucket.bytes_stored("b/").unwrap(), 0b01000, "it is still there, as a version");
}

#[test]
fn files_put_by_hand_count_and_foreign_ones_do_not() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let at = |name: &str| scratch.photos().join(name);
    fs::create_dir_all(at("by/hand")).unwrap();
    fs::write(at("by/hand/file"), [0; 100]).unwrap();
    fs::write(at("by/hand/no%~~key%~x"), [0; 1000]).unwrap();
    symlink("/etc/passwd", at("by/link")).unwrap();
    symlink("/etc", at("by/linked")).unwrap();
    assert_eq!(bucket.bytes_stored("").unwrap(), 100);
    assert_eq!(bucket.bytes_stored("by/").unwrap(), 100);
    assert_eq!(bucket.bytes_stored("by/linked/").unwrap(), 0);
}
