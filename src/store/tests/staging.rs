//! What is not published is seen by nobody and stays nowhere.

use crate::error::ErrorCode;
use crate::store::testing::{Scratch, bare, get, key, proof, put};
use crate::store::{Durability, Store};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn staged_file_goes_when_it_is_dropped() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut staged = bucket.stage().unwrap();
    staged.write(b"half a bo").unwrap();
    assert_eq!(scratch.staged().len(), 1);
    drop(staged);
    assert!(scratch.staged().is_empty());
    let mut staged = bucket.stage().unwrap();
    staged.write(b"body").unwrap();
    drop(staged.seal(proof(b"body"), bare()).unwrap());
    assert!(scratch.staged().is_empty());
    assert_eq!(fs::read_dir(scratch.photos()).unwrap().count(), 0);
}

#[test]
fn seal_refuses_the_proof_of_another_body() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut staged = bucket.stage().unwrap();
    staged.write(b"body").unwrap();
    assert!(staged.seal(proof(b"other one"), bare()).is_err());
    assert!(scratch.staged().is_empty());
}

#[test]
fn start_sweeps_the_folders_of_the_dead_and_no_others() {
    let scratch = Scratch::new();
    let dead = scratch.path().join(".glassbucket/staging/dead");
    let living = scratch.bucket();
    let mut staged = living.stage().unwrap();
    staged.write(b"in progress").unwrap();
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("7"), "half").unwrap();
    fs::create_dir(dead.join("8")).unwrap();
    let _second = scratch.store();
    assert!(!dead.exists());
    assert_eq!(scratch.staged().len(), 1);
    let sealed = staged.seal(proof(b"in progress"), bare()).unwrap();
    living.commit(&key("k"), sealed, &Default::default()).unwrap();
    assert_eq!(get(&living, "k").unwrap(), b"in progress");
}

#[test]
fn start_makes_what_is_missing_and_says_what_is_wrong() {
    let scratch = Scratch::new();
    let data = scratch.path().join("new/data");
    let open = || Store::open(&data, Durability::Relaxed);
    drop(open().unwrap());
    let private = data.join(".glassbucket");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(open().err().unwrap().contains("chmod 700"));
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    drop(open().unwrap());
    fs::remove_dir_all(&private).unwrap();
    std::os::unix::fs::symlink("/tmp", &private).unwrap();
    assert!(open().is_err());
    fs::write(scratch.path().join("file"), "").unwrap();
    assert!(Store::open(&scratch.path().join("file"), Durability::Relaxed).is_err());
}

/// Each sweeps the folders of the dead; one that is only just made has no lock yet.
#[test]
fn start_of_several_at_once_takes_no_folder_from_another() {
    let scratch = Scratch::new();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                (0..60).for_each(|_| drop(scratch.store().root.staging.create().unwrap()))
            });
        }
    });
}

/// As on a filesystem that folds case: where one name of a pair is made, the other one is found.
#[test]
fn start_refuses_a_directory_that_takes_two_keys_for_one() {
    let scratch = Scratch::new();
    drop(scratch.bucket());
    for folded in ["%~probe-aA", "%~probe-e\u{301}"] {
        fs::write(scratch.photos().join(folded), "").unwrap();
        let refused = Store::open(scratch.path(), Durability::Relaxed).err().unwrap();
        assert!(refused.contains("photos: this directory takes names that differ"), "{refused}");
        fs::remove_file(scratch.photos().join(folded)).unwrap();
    }
    drop(scratch.store());
}

#[test]
fn start_leaves_no_probe_behind() {
    let scratch = Scratch::new();
    put(&scratch.bucket(), "k", b"body");
    drop(scratch.store());
    assert_eq!(fs::read_dir(scratch.photos()).unwrap().count(), 1);
    assert!(scratch.staged().is_empty());
}

#[test]
fn put_into_a_staging_folder_that_was_emptied_by_hand_is_an_error() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut staged = bucket.stage().unwrap();
    staged.write(b"body").unwrap();
    let sealed = staged.seal(proof(b"body"), bare()).unwrap();
    scratch.staged().iter().for_each(|path| fs::remove_file(path).unwrap());
    let error = bucket.commit(&key("k"), sealed, &Default::default()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InternalError);
}
