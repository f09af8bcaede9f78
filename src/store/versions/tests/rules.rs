//! What AWS documents of versions, operation by operation.

use super::{
    body_of, delete, delete_version, enabled, folder, kept, listed, put, put_with, removal, set,
};
use crate::error::ErrorCode;
use crate::store::testing::{Scratch, bare, config, get, key, photos, proof};
use crate::store::{Bucket, Durability, Removal, Versioning};
use crate::types::{Conditions, ObjectMeta, Retention, RetentionMode, Timestamp, VersionId};
use std::os::unix::fs::MetadataExt;

/// Long, cut, marked: each a path of its own in the tree of versions.
fn nasty_keys() -> Vec<String> {
    let mut keys: Vec<String> =
        ["a", "a/", "a/b", "a%~", "a%~v", "a%~v/b", "..", "%~", "\0"].map(String::from).into();
    for length in [252, 253, 254, 255, 256, 600, 1000] {
        keys.extend(["x".repeat(length), "x".repeat(length) + "/y", "é".repeat(length / 2)]);
    }
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn put_object_keeps_the_version_before_it_in_its_own_file() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "2024/cat", b"1");
    let inode = std::fs::metadata(scratch.photos().join("2024/cat")).unwrap().ino();
    assert_eq!(kept(&scratch, "2024/cat"), [""; 0]);
    let second = put(&bucket, "2024/cat", b"22");
    assert_eq!(kept(&scratch, "2024/cat"), [first.to_string()]);
    let file = folder(&scratch, "2024/cat").join(first.to_string());
    assert_eq!(std::fs::metadata(&file).unwrap().ino(), inode);
    assert_eq!(std::fs::metadata(&file).unwrap().nlink(), 1);
    assert_eq!(std::fs::read(scratch.photos().join("2024/cat")).unwrap(), b"22");
    assert_eq!(body_of(&bucket, "2024/cat", Some(first)).unwrap().unwrap(), b"1");
    assert_eq!(body_of(&bucket, "2024/cat", Some(second)).unwrap().unwrap(), b"22");
    assert_eq!(scratch.staged(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn put_object_of_before_versioning_stays_the_version_null() {
    let scratch = Scratch::new();
    crate::store::testing::put(&scratch.bucket(), "k", b"old");
    let bucket = enabled(&scratch);
    assert_eq!(listed(&bucket, "", "", 9)[0].1, VersionId::Null);
    let new = put(&bucket, "k", b"new");
    let ids: Vec<_> = listed(&bucket, "", "", 9).into_iter().map(|line| line.1).collect();
    assert_eq!(ids, [new, VersionId::Null]);
    assert_eq!(body_of(&bucket, "k", Some(VersionId::Null)).unwrap().unwrap(), b"old");
}

/// The answer of PutBucketVersioning was given while these bodies were on their way.
#[test]
fn put_bucket_versioning_holds_for_what_was_sealed_before_it() {
    let scratch = Scratch::new();
    let opened_before = scratch.bucket();
    crate::store::testing::put(&opened_before, "k", b"0");
    let mut staged = opened_before.stage().unwrap();
    staged.write(b"1").unwrap();
    let sealed = staged.seal(proof(b"1"), bare()).unwrap();
    let bucket = enabled(&scratch);
    let committed = opened_before.commit(&key("k"), sealed, &Conditions::default()).unwrap();
    let id = committed.version_id.unwrap();
    assert_ne!(id, VersionId::Null);
    assert_eq!(body_of(&bucket, "k", Some(id)).unwrap().unwrap(), b"1");
    assert_eq!(body_of(&bucket, "k", Some(VersionId::Null)).unwrap().unwrap(), b"0");

    let mut staged = bucket.stage().unwrap();
    staged.write(b"2").unwrap();
    let sealed = staged.seal(proof(b"2"), bare()).unwrap();
    set(&scratch, Versioning::Suspended);
    let committed = bucket.commit(&key("k"), sealed, &Conditions::default()).unwrap();
    assert_eq!(committed.version_id, Some(VersionId::Null));
    let lines = listed(&bucket, "", "", 9);
    assert_eq!(lines.iter().map(|line| line.1).collect::<Vec<_>>(), [VersionId::Null, id]);
}

#[test]
fn put_object_that_commits_last_is_the_newest_whenever_it_was_sealed() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let seal = |body: &[u8]| {
        let mut staged = bucket.stage().unwrap();
        staged.write(body).unwrap();
        staged.seal(proof(body), bare()).unwrap()
    };
    let (early, late) = (seal(b"sealed first"), seal(b"sealed second"));
    let commit = |sealed| bucket.commit(&key("k"), sealed, &Conditions::default()).unwrap();
    commit(late);
    let newest = commit(early).version_id;
    put(&bucket, "k", b"3");
    let bodies: Vec<_> =
        listed(&bucket, "", "", 9).into_iter().map(|line| line.3.unwrap()).collect();
    assert_eq!(bodies, [b"3".to_vec(), b"sealed first".into(), b"sealed second".into()]);
    assert_eq!(body_of(&bucket, "k", newest).unwrap().unwrap(), b"sealed first");
}

#[test]
fn put_object_of_a_suspended_bucket_replaces_null_wherever_it_lies() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "k", b"1");
    let bucket = set(&scratch, Versioning::Suspended);
    assert_eq!(put(&bucket, "k", b"2"), VersionId::Null); // the current one has an id
    assert_eq!(put(&bucket, "k", b"3"), VersionId::Null); // the current one is null
    let bucket = enabled(&scratch);
    let fourth = put(&bucket, "k", b"4");
    let bucket = set(&scratch, Versioning::Suspended);
    assert_eq!(put(&bucket, "k", b"5"), VersionId::Null); // null lies among the versions
    let lines = listed(&bucket, "", "", 9);
    let ids: Vec<_> = lines.iter().map(|line| line.1).collect();
    assert_eq!(ids, [VersionId::Null, fourth, first]);
    assert_eq!(get(&bucket, "k").unwrap(), b"5");
    assert_eq!(kept(&scratch, "k").len(), 2);
}

#[test]
fn delete_object_leaves_a_marker_that_counts_as_absent() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let first = put(&bucket, "d/k", b"1");
    let marker = delete(&bucket, "d/k");
    assert!(!scratch.photos().join("d").exists());
    assert_eq!(body_of(&bucket, "d/k", None).unwrap(), None);
    assert_eq!(body_of(&bucket, "d/k", Some(marker)).unwrap(), None);
    assert_eq!(body_of(&bucket, "d/k", Some(first)).unwrap().unwrap(), b"1");
    assert_eq!(bucket.object(&key("d/k")).unwrap_err().code, ErrorCode::NoSuchKey);
    let on = |if_match: Option<&str>, if_none_match: Option<&str>| Conditions {
        if_match: if_match.map(str::to_owned),
        if_none_match: if_none_match.map(str::to_owned),
        ..Conditions::default()
    };
    for version in [None, Some(marker)] {
        let conditions = on(Some("\"d41d8cd98f00b204e9800998ecf8427e\""), None);
        let refused = Removal { conditions, ..removal(version) };
        let error = bucket.remove_version(&key("d/k"), &refused).unwrap_err();
        assert_eq!(error.code, ErrorCode::PreconditionFailed);
    }
    let error = crate::store::testing::put_if(&bucket, "d/k", b"2", &on(Some("*"), None));
    assert_eq!(error.unwrap_err().code, ErrorCode::NoSuchKey);
    crate::store::testing::put_if(&bucket, "d/k", b"2", &on(None, Some("*"))).unwrap();
    assert_eq!(get(&bucket, "d/k").unwrap(), b"2");
    assert_eq!(listed(&bucket, "", "", 1).len(), 3);
}

#[test]
fn delete_object_of_an_absent_key_makes_a_marker_too() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let markers = [delete(&bucket, "k"), delete(&bucket, "k")];
    let lines = listed(&bucket, "", "", 9);
    let shown: Vec<_> = lines.iter().map(|line| (line.1, line.2)).collect();
    assert_eq!(shown, [(markers[1], true), (markers[0], false)]);
    let bucket = set(&scratch, Versioning::Suspended);
    assert_eq!(delete(&bucket, "k"), VersionId::Null);
    assert_eq!(delete(&bucket, "k"), VersionId::Null);
    assert_eq!(listed(&bucket, "", "", 9).len(), 3);
}

#[test]
fn delete_object_of_the_latest_version_brings_back_the_one_before() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let versions = [put(&bucket, "d/k", b"1"), put(&bucket, "d/k", b"2")];
    let marker = delete(&bucket, "d/k");
    let removed = delete_version(&bucket, "d/k", marker);
    assert!(removed.delete_marker && removed.version_id == Some(marker));
    assert_eq!(std::fs::read(scratch.photos().join("d/k")).unwrap(), b"2");
    let removed = delete_version(&bucket, "d/k", versions[1]);
    assert!(!removed.delete_marker && removed.version_id == Some(versions[1]));
    assert_eq!(get(&bucket, "d/k").unwrap(), b"1");
    assert_eq!(bucket.object(&key("d/k")).unwrap().meta.version_id, versions[0]);
    delete_version(&bucket, "d/k", versions[0]);
    assert_eq!(get(&bucket, "d/k"), None);
    assert!(!scratch.photos().join("d").exists());
    let error = bucket.look_up(&key("d/k"), Some(versions[0])).unwrap_err();
    assert_eq!(error.code, ErrorCode::NoSuchVersion);
    // What is not there was removed.
    assert_eq!(delete_version(&bucket, "d/k", versions[0]).version_id, Some(versions[0]));
    assert_eq!(delete_version(&bucket, "d/k", VersionId::Null).version_id, Some(VersionId::Null));
}

#[test]
fn delete_object_weighs_its_conditions_against_the_named_version() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let old = put_with(&bucket, "k", b"1", bare()).unwrap();
    let new = put_with(&bucket, "k", b"2", bare()).unwrap();
    let on = |etag: &crate::types::ETag| Conditions {
        if_match: Some(etag.quoted()),
        ..Conditions::default()
    };
    for (version, etag) in
        [(old.version_id, &new.etag), (new.version_id, &old.etag), (None, &old.etag)]
    {
        let wrong = Removal { conditions: on(etag), ..removal(version) };
        let error = bucket.remove_version(&key("k"), &wrong).unwrap_err();
        assert_eq!(error.code, ErrorCode::PreconditionFailed);
    }
    let right = Removal { conditions: on(&old.etag), ..removal(old.version_id) };
    bucket.remove_version(&key("k"), &right).unwrap();
    assert_eq!(listed(&bucket, "", "", 9).len(), 1);
}

fn locked(mode: RetentionMode) -> ObjectMeta {
    let until = Timestamp::new(Timestamp::now().secs() + 1000, 0);
    ObjectMeta { retention: Some(Retention { mode, until }), ..bare() }
}

#[test]
fn object_lock_keeps_a_version_from_every_door() {
    let scratch = Scratch::new();
    let held = ObjectMeta { legal_hold: Some(true), ..bare() };
    for (n, meta) in [locked(RetentionMode::Compliance), locked(RetentionMode::Governance), held]
        .iter()
        .enumerate()
    {
        let name = n.to_string();
        let bucket = set(&scratch, Versioning::Suspended);
        put_with(&bucket, &name, b"kept", meta.clone()).unwrap();
        let denied = |bucket: &Bucket| {
            let error = put_with(bucket, &name, b"x", bare()).unwrap_err();
            assert_eq!(error.code, ErrorCode::AccessDenied);
            for version in [None, Some(VersionId::Null)] {
                let error = bucket.remove_version(&key(&name), &removal(version)).unwrap_err();
                assert_eq!(error.code, ErrorCode::AccessDenied);
                assert!(error.message.contains("object lock"), "{}", error.message);
            }
        };
        denied(&bucket);
        // Neither a newer version nor a delete marker takes its bytes away.
        let bucket = enabled(&scratch);
        put(&bucket, &name, b"newer");
        delete(&bucket, &name);
        denied(&set(&scratch, Versioning::Suspended));
        let body = body_of(&bucket, &name, Some(VersionId::Null)).unwrap();
        assert_eq!(body.unwrap(), b"kept");
    }
    let bucket = enabled(&scratch);
    let bypass = Removal { bypass_governance: true, ..removal(Some(VersionId::Null)) };
    for (name, is_passed) in [("0", false), ("1", true), ("2", false)] {
        assert_eq!(bucket.remove_version(&key(name), &bypass).is_ok(), is_passed, "{name}");
    }
    let later = Timestamp::new(Timestamp::now().secs() + 2000, 0);
    let late = Removal { now: later, ..removal(Some(VersionId::Null)) };
    bucket.remove_version(&key("0"), &late).unwrap();
}

#[test]
fn put_object_acl_and_the_like_change_the_version_that_is_named() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let versions = [put(&bucket, "k", b"1"), put(&bucket, "k", b"2")];
    let hold = |meta: &mut ObjectMeta| {
        meta.legal_hold = Some(true);
        Ok(())
    };
    let changed = bucket.update_meta(&key("k"), Some(versions[0]), hold).unwrap();
    assert_eq!(changed, versions[0]);
    let is_held = |version| match bucket.look_up(&key("k"), Some(version)).unwrap() {
        crate::store::Found::Object(object) => object.meta.legal_hold,
        crate::store::Found::DeleteMarker(_) => panic!("a delete marker"),
    };
    assert_eq!(versions.map(is_held), [Some(true), None]);
    assert_eq!(bucket.update_meta(&key("k"), None, hold).unwrap(), versions[1]);
    assert_eq!(versions.map(is_held), [Some(true), Some(true)]);
    let marker = delete(&bucket, "k");
    let refused = |version| bucket.update_meta(&key("k"), version, hold).unwrap_err().code;
    assert_eq!(refused(Some(marker)), ErrorCode::MethodNotAllowed);
    assert_eq!(refused(None), ErrorCode::NoSuchKey);
    assert_eq!(refused(Some(VersionId::Null)), ErrorCode::NoSuchVersion);
}

#[test]
fn delete_bucket_only_without_versions_and_delete_markers() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    put(&bucket, "a/b", b"1");
    let marker = delete(&bucket, "a/b");
    assert_eq!(bucket.delete().unwrap_err().code, ErrorCode::BucketNotEmpty);
    let first = listed(&bucket, "", "", 9)[1].1;
    delete_version(&bucket, "a/b", first);
    assert_eq!(bucket.delete().unwrap_err().code, ErrorCode::BucketNotEmpty);
    delete_version(&bucket, "a/b", marker);
    bucket.delete().unwrap();
    for mut trees in ["versions", "buckets"]
        .map(|of| std::fs::read_dir(scratch.path().join(".glassbucket").join(of)).unwrap())
    {
        assert!(trees.next().is_none());
    }
    let error = bucket.remove_version(&key("a/b"), &removal(None)).unwrap_err();
    assert_eq!(error.code, ErrorCode::NoSuchBucket);
    // Another bucket of that name has no versions.
    scratch.store().create_bucket(&photos(), config()).unwrap();
    assert_eq!(scratch.store().bucket(&photos()).unwrap().config().versioning, None);
}

#[test]
fn list_object_versions_of_nasty_keys_on_pages_of_any_size() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let mut expected = Vec::new();
    for (n, name) in nasty_keys().iter().enumerate() {
        let mut versions = vec![(put(&bucket, name, b"1"), Some(b"1".to_vec()))];
        if n % 3 > 0 {
            versions.insert(0, (put(&bucket, name, b"2"), Some(b"2".to_vec())));
        }
        if n % 2 > 0 {
            versions.insert(0, (delete(&bucket, name), None)); // it lies in one tree only
        }
        let line = |(at, (id, body)): (usize, (VersionId, Option<Vec<u8>>))| {
            (name.clone(), id, at == 0, body)
        };
        expected.extend(versions.into_iter().enumerate().map(line));
    }
    for max in [1, 2, 7, 1000] {
        let found = listed(&bucket, "", "", max);
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!((differs, found.len()), (None, expected.len()), "{max}");
    }
    let below = |prefix: &str| {
        let begins = |line: &&super::Line| line.0.starts_with(prefix);
        expected.iter().filter(begins).cloned().collect::<Vec<_>>()
    };
    for prefix in ["a", "a/", "x", "xx", "é", "nothing"] {
        assert_eq!(listed(&bucket, prefix, "", 3), below(prefix), "{prefix}");
    }
    assert!(scratch.store().root.foreign.told().is_empty());
}

#[test]
fn list_object_versions_groups_what_only_versions_are_left_of() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    for name in ["a", "b/1", "b/2", "c/d/1", "d"] {
        put(&bucket, name, b"1");
        put(&bucket, name, b"2");
    }
    for name in ["b/1", "b/2", "c/d/1"] {
        delete(&bucket, name);
    }
    for max in [1, 2, 3, 9] {
        let names: Vec<_> = listed(&bucket, "", "/", max).into_iter().map(|line| line.0).collect();
        assert_eq!(names, ["a", "a", "b/", "c/", "d", "d"], "{max}");
    }
    let versions = listed(&bucket, "c/", "", 9);
    for line in versions {
        delete_version(&bucket, "c/d/1", line.1);
    }
    // A folder that a cut-off change left empty makes no common prefix.
    std::fs::create_dir_all(folder(&scratch, "c/e")).unwrap();
    let names: Vec<_> = listed(&bucket, "", "/", 9).into_iter().map(|line| line.0).collect();
    assert_eq!(names, ["a", "a", "b/", "d", "d"]);
}

/// The other tests leave fsync out.
#[test]
fn versions_with_fsync_are_the_same() {
    let scratch = Scratch::new();
    enabled(&scratch);
    let store = crate::store::Store::open(scratch.path(), Durability::Strict).unwrap();
    let bucket = store.bucket(&photos()).unwrap();
    let versions = [put(&bucket, "a/b/k", b"1"), put(&bucket, "a/b/k", b"2")];
    let marker = delete(&bucket, "a/b/k");
    let ids: Vec<_> = listed(&bucket, "", "", 9).into_iter().map(|line| line.1).collect();
    assert_eq!(ids, [marker, versions[1], versions[0]]);
    for version in ids {
        delete_version(&bucket, "a/b/k", version);
    }
    bucket.delete().unwrap();
}

#[test]
fn copy_object_of_an_old_version_is_a_version_of_its_own() {
    let scratch = Scratch::new();
    let bucket = enabled(&scratch);
    let old = put(&bucket, "k", b"old");
    put(&bucket, "k", b"new");
    let Ok(crate::store::Found::Object(source)) = bucket.look_up(&key("k"), Some(old)) else {
        panic!("no object");
    };
    let sealed = bucket.stage_copy(&source, source.meta.clone()).unwrap();
    let copy = bucket.commit(&key("k"), sealed, &Conditions::default()).unwrap();
    assert_ne!(copy.version_id, Some(old));
    assert_eq!(get(&bucket, "k").unwrap(), b"old");
    assert_eq!(listed(&bucket, "", "", 9).len(), 3);
}
