//! People work in the directories too: nothing of theirs is lost, and nothing of theirs hides or
//! takes away a version.

use super::{body_of, delete, delete_version, enabled, folder, kept, listed, put};
use crate::store::testing::{Scratch, get, key};
use crate::types::{ObjectMeta, VersionId};
use std::fs;

#[test]
fn file_put_there_by_hand_is_kept_under_an_id_where_null_is_taken() {
    let scratch = Scratch::new();
    crate::store::testing::put(&scratch.bucket(), "k", b"null");
    let bucket = enabled(&scratch);
    put(&bucket, "k", b"1");
    let by_hand = scratch.photos().join("k");
    fs::remove_file(&by_hand).unwrap();
    fs::write(&by_hand, b"by hand").unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"by hand");
    assert_eq!(listed(&bucket, "", "", 9).len(), 2);
    put(&bucket, "k", b"2");
    let lines = listed(&bucket, "", "", 9);
    let bodies: Vec<_> = lines.iter().map(|line| line.3.clone().unwrap()).collect();
    assert_eq!(bodies, [b"2".to_vec(), b"by hand".into(), b"null".into()]);
    assert!(matches!(lines[1].1, VersionId::Id(_)));
    assert_eq!(lines[2].1, VersionId::Null);
    delete_version(&bucket, "k", lines[0].1);
    assert_eq!(listed(&bucket, "", "", 9), {
        let mut left = lines[1..].to_vec();
        left[0].2 = true;
        left
    });
}

#[test]
fn file_removed_by_hand_is_gone_and_its_versions_are_not() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    put(&bucket, "k", b"2");
    fs::remove_file(scratch.photos().join("k")).unwrap();
    assert_eq!(get(&bucket, "k"), None);
    assert!(bucket.look_up(&key("k"), None).is_err());
    let lines = listed(&bucket, "", "", 9);
    assert_eq!(lines, [("k".into(), first, false, Some(b"1".to_vec()))]);
    let third = put(&bucket, "k", b"3");
    let ids: Vec<_> = listed(&bucket, "", "", 9).into_iter().map(|line| line.1).collect();
    assert_eq!(ids, [third, first]);
}

#[test]
fn snapshot_by_hard_links_keeps_what_it_had_of_an_old_version() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    let snapshot = scratch.path().join("snapshot");
    fs::hard_link(scratch.photos().join("k"), &snapshot).unwrap();
    put(&bucket, "k", b"2");
    let hold = |meta: &mut ObjectMeta| {
        meta.legal_hold = Some(true);
        Ok(())
    };
    bucket.update_meta(&key("k"), Some(first), hold).unwrap();
    let told = crate::store::describe(&snapshot).unwrap();
    assert!(told.contains(&format!("version: {first}")), "{told}");
    assert_eq!(kept(&scratch, "k"), [first.to_string()]);
    assert_eq!(body_of(&bucket, "k", Some(first)).unwrap().unwrap(), b"1");
    use std::os::unix::fs::MetadataExt;
    let file = folder(&scratch, "k").join(first.to_string());
    assert_ne!(fs::metadata(file).unwrap().ino(), fs::metadata(snapshot).unwrap().ino());
}

/// `cp -a` of an old version to the key's place: the same version twice, listed once.
#[test]
fn old_version_copied_back_by_hand_is_one_version() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    let second = put(&bucket, "k", b"2");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(folder(&scratch, "k").join(first.to_string()))
        .arg(scratch.photos().join("k"))
        .status();
    assert!(copied.unwrap().success());
    let ids = || listed(&bucket, "", "", 9).into_iter().map(|line| line.1).collect::<Vec<_>>();
    assert_eq!(ids(), [first]); // the second one's file was overwritten in place
    let third = put(&bucket, "k", b"3");
    let after = ids();
    assert_eq!((after[0], after.len()), (third, 3), "{second} {after:?}");
    delete(&bucket, "k");
    assert_eq!(ids().len(), 4);
}
