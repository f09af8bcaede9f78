//! The set of buckets.

use crate::error::ErrorCode;
use crate::limits::CONFIG_BYTES_MAX;
use crate::store::testing::{Scratch, config, delete, get, key, photos, put, put_if};
use crate::store::{BucketConfig, Versioning};
use crate::types::{Acl, BucketName, ObjectLock, Owner};
use std::fs;
use std::process::Command;

fn owner() -> Owner {
    Owner { id: "ab".into(), display_name: "Ab".into() }
}

fn acl() -> Acl {
    Acl { owner: owner(), grants: vec![] }
}

fn name(text: &str) -> BucketName {
    BucketName::parse(text).unwrap()
}

/// Files in one of the private folders.
fn private(scratch: &Scratch, folder: &str) -> usize {
    fs::read_dir(scratch.path().join(".glassbucket").join(folder)).unwrap().count()
}

/// A configuration that could be written and not be read again would close its bucket.
#[test]
fn a_configuration_over_its_bound_is_refused_and_changes_nothing() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.create_bucket(&photos(), config()).unwrap();
    let bucket = store.bucket(&photos()).unwrap();
    let location = |bytes: usize| Some("l".repeat(bytes));
    let error = bucket.configure(|config| config.location = location(CONFIG_BYTES_MAX));
    assert_eq!(error.unwrap_err().code, ErrorCode::InvalidRequest);
    assert_eq!(*store.bucket(&photos()).unwrap().config(), config());
    bucket.configure(|config| config.location = location(CONFIG_BYTES_MAX / 2)).unwrap();
    assert!(store.bucket(&photos()).unwrap().config().location.is_some());
}

#[test]
fn create_bucket_keeps_its_configuration() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let given = BucketConfig {
        created_secs: 7,
        owner: Some(owner()),
        location: Some("eu-west-1".into()),
        acl: None,
        versioning: Some(Versioning::Suspended),
        object_lock: Some(ObjectLock::default()),
        ..BucketConfig::default()
    };
    store.create_bucket(&photos(), given.clone()).unwrap();
    assert_eq!(*store.bucket(&photos()).unwrap().config(), given);
    let again = store.create_bucket(&photos(), config()).unwrap_err();
    assert_eq!(again.code, ErrorCode::BucketAlreadyExists);
    store.bucket(&photos()).unwrap().configure(|config| config.acl = Some(acl())).unwrap();
    let changed = BucketConfig { acl: Some(acl()), ..given };
    assert_eq!(*scratch.store().bucket(&photos()).unwrap().config(), changed);
    let refused = store.bucket(&photos()).unwrap().try_configure(|config| {
        config.object_lock = None;
        Err(ErrorCode::InvalidBucketState.into())
    });
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidBucketState);
    assert_eq!(*scratch.store().bucket(&photos()).unwrap().config(), changed);
    assert_eq!(private(&scratch, "buckets"), 1);
    assert_eq!(store.bucket(&name("none")).err().unwrap().code, ErrorCode::NoSuchBucket);
    assert!(scratch.staged().is_empty());
}

#[test]
fn list_buckets_by_name_without_what_is_none() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for bucket in ["zoo", "abc", "m-m"] {
        store.create_bucket(&name(bucket), config()).unwrap();
    }
    for ignored in ["Not-A-Bucket", "lost+found", "a"] {
        fs::create_dir(scratch.path().join(ignored)).unwrap();
    }
    fs::create_dir(scratch.path().join("by-hand")).unwrap();
    fs::write(scratch.path().join("a-file"), "").unwrap();
    std::os::unix::fs::symlink("/etc", scratch.path().join("a-link")).unwrap();
    let buckets = store.buckets().unwrap();
    let names: Vec<_> = buckets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["abc", "by-hand", "m-m", "zoo"]);
    assert_eq!((&buckets[1].1.owner, &buckets[1].1.acl), (&None, &None));
    assert!(buckets[1].1.created_secs > 1_700_000_000);
    for taken in ["by-hand", "a-file", "a-link"] {
        let error = store.create_bucket(&name(taken), config()).unwrap_err();
        assert_eq!(error.code, ErrorCode::BucketAlreadyExists, "{taken}");
    }
}

#[test]
fn bucket_made_again_by_hand_has_nothing_of_the_old_one() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    bucket.configure(|config| config.acl = Some(acl())).unwrap();
    fs::remove_dir(scratch.photos()).unwrap();
    fs::create_dir(scratch.photos()).unwrap();
    let made = scratch.store().bucket(&photos()).unwrap();
    assert_eq!((made.config().acl.as_ref(), made.known_id()), (None, None));
    // It gets an id with its first configuration.
    made.configure(|config| config.acl = Some(acl())).unwrap();
    let again = scratch.store().bucket(&photos()).unwrap();
    assert_eq!(again.config().acl, Some(acl()));
    assert_ne!(again.known_id(), bucket.known_id());
}

#[test]
fn bucket_copied_by_hand_is_private_and_a_renamed_one_is_itself() {
    let scratch = Scratch::new();
    scratch.bucket().configure(|config| config.acl = Some(acl())).unwrap();
    let album = scratch.path().join("album");
    assert!(
        Command::new("cp").arg("-a").arg(scratch.photos()).arg(&album).status().unwrap().success()
    );
    let store = scratch.store();
    assert_eq!(store.bucket(&name("album")).unwrap().config().acl, None);
    delete(&store, &name("album")).unwrap();
    assert_eq!(store.bucket(&photos()).unwrap().config().acl, Some(acl()));
    fs::rename(scratch.photos(), &album).unwrap();
    assert_eq!(store.bucket(&name("album")).unwrap().config().acl, Some(acl()));
}

#[test]
fn list_buckets_without_one_that_is_closed_to_us() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.create_bucket(&name("damaged"), config()).unwrap();
    let id = store.bucket(&name("damaged")).unwrap().id().unwrap();
    let filed = scratch.path().join(".glassbucket/buckets").join(id + ".json");
    fs::write(filed, "{").unwrap();
    store.create_bucket(&photos(), config()).unwrap();
    let closed = store.bucket(&name("damaged")).err().unwrap();
    assert_eq!(closed.code, ErrorCode::AccessDenied);
    assert!(closed.cause.unwrap().contains(".json: EOF"));
    let names: Vec<_> = store.buckets().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [photos()]);
}

#[test]
fn delete_bucket_only_when_nothing_is_left_in_it() {
    let scratch = Scratch::new();
    let (store, bucket) = (scratch.store(), scratch.bucket());
    let code = || delete(&store, &photos()).unwrap_err().code;
    put(&bucket, "a/b", b"x");
    assert_eq!(code(), ErrorCode::BucketNotEmpty);
    bucket.remove(&key("a/b")).unwrap();
    for foreign in ["x%~v", "%~s"] {
        fs::create_dir_all(scratch.photos().join("deep/er")).unwrap();
        fs::write(scratch.photos().join("deep/er").join(foreign), "").unwrap();
        assert_eq!(code(), ErrorCode::BucketNotEmpty, "{foreign}");
        fs::remove_file(scratch.photos().join("deep/er").join(foreign)).unwrap();
    }
    std::os::unix::fs::symlink("deep", scratch.photos().join("link")).unwrap();
    assert_eq!(code(), ErrorCode::BucketNotEmpty);
    fs::remove_file(scratch.photos().join("link")).unwrap();
    fs::create_dir_all(scratch.photos().join("d/".repeat(1200))).unwrap();
    let uploads = bucket.make_uploads().unwrap();
    rustix::fs::mkdirat(&uploads, "upload", rustix::fs::Mode::RWXU).unwrap();
    delete(&store, &photos()).unwrap();
    assert!(!scratch.photos().exists());
    assert_eq!((private(&scratch, "buckets"), private(&scratch, "uploads")), (0, 0));
    assert_eq!(code(), ErrorCode::NoSuchBucket);
}

/// Security class E: whoever may delete a bucket may not delete another's of the same name.
#[test]
fn delete_bucket_is_of_the_one_that_was_opened() {
    let scratch = Scratch::new();
    let opened = scratch.bucket();
    delete(&scratch.store(), &photos()).unwrap();
    let another = scratch.bucket();
    assert_eq!(opened.delete().unwrap_err().code, ErrorCode::NoSuchBucket);
    put(&another, "k", b"x");
}

#[test]
fn open_bucket_that_is_deleted_is_no_such_bucket() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    delete(&scratch.store(), &photos()).unwrap();
    for key in ["k", "a/b", "/"] {
        let error = put_if(&bucket, key, b"x", &Default::default()).unwrap_err();
        assert_eq!(error.code, ErrorCode::NoSuchBucket, "{key}");
    }
    assert_eq!(bucket.object(&key("k")).unwrap_err().code, ErrorCode::NoSuchBucket);
    assert_eq!(bucket.remove(&key("k")).unwrap_err().code, ErrorCode::NoSuchBucket);
    assert_eq!(
        bucket.configure(|config| config.acl = Some(acl())).unwrap_err().code,
        ErrorCode::NoSuchBucket
    );
    assert!(!scratch.photos().exists());
    assert_eq!(private(&scratch, "buckets"), 0);
    let made = scratch.bucket();
    assert_eq!(get(&made, "k"), None);
}
