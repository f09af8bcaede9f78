//! The attribute on real files: edits by hand, sizes, side files, and words for people.

use crate::store::describe;
use crate::store::testing::{Scratch, bare, get, key, put, put_meta};
use crate::types::{
    Checksum, ChecksumAlgorithm, Conditions, ETag, ObjectMeta, Retention, RetentionMode, Timestamp,
};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::fs;
use std::process::Command;

fn rich(bytes: usize) -> ObjectMeta {
    let mut meta = bare();
    meta.headers.content_type = Some("text/plain".to_owned());
    meta.headers.cache_control = Some("no-cache".to_owned());
    meta.user_metadata = vec![("big".to_owned(), "v".repeat(bytes))];
    meta
}

#[test]
fn get_object_returns_all_that_was_put() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    for bytes in [0, 10, 1900, 2048, 5000, 100_000] {
        let meta = rich(bytes);
        let etag = put_meta(&bucket, "k", b"body", meta.clone(), &Conditions::default()).unwrap();
        let object = bucket.object(&key("k")).unwrap();
        assert_eq!(object.meta, ObjectMeta { etag, ..meta }, "{bytes}");
    }
}

#[test]
fn attribute_over_2_kib_goes_to_a_side_file_that_outlives_the_object() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let sides = || fs::read_dir(scratch.path().join(".glassbucket/side")).unwrap().count();
    let path = scratch.photos().join("k");
    let attribute_bytes = || {
        let mut buffer = [0; 4096];
        getxattr(&path, "user.glassbucket", &mut buffer).unwrap()
    };
    put_meta(&bucket, "k", b"body", rich(1900), &Conditions::default()).unwrap();
    assert_eq!(sides(), 0);
    assert!(attribute_bytes() > 1900);
    put_meta(&bucket, "k", b"body", rich(2048), &Conditions::default()).unwrap();
    assert_eq!(sides(), 1);
    assert!(attribute_bytes() <= 60);
    put_meta(&bucket, "twin", b"body", rich(2048), &Conditions::default()).unwrap();
    assert_eq!(sides(), 1, "named by its content");
    let copy = scratch.photos().join("copy");
    assert!(Command::new("cp").arg("-a").arg(&path).arg(copy).status().unwrap().success());
    bucket.remove(&key("k")).unwrap();
    let copy = bucket.object(&key("copy")).unwrap();
    assert_eq!(copy.meta.user_metadata, rich(2048).user_metadata);
    // One that is lost, or was tampered with, costs the headers and not the object.
    let side = fs::read_dir(scratch.path().join(".glassbucket/side")).unwrap().next();
    fs::write(side.unwrap().unwrap().path(), "no fields").unwrap();
    let copy = bucket.object(&key("copy")).unwrap();
    assert_eq!(copy.meta.user_metadata, []);
    assert!(matches!(copy.meta.etag, ETag::Md5(_)));
}

#[test]
fn get_object_after_an_edit_keeps_headers_and_derives_the_etag() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut meta = rich(5);
    meta.acl = Some(crate::types::Acl {
        owner: crate::types::Owner { id: "o".into(), display_name: "O".into() },
        grants: vec![],
    });
    let sealed = {
        let mut staged = bucket.stage().unwrap();
        staged.write(b"before").unwrap();
        let source = staged.seal(crate::store::testing::proof(b"before"), meta.clone()).unwrap();
        bucket.commit(&key("source"), source, &Conditions::default()).unwrap();
        let source = bucket.object(&key("source")).unwrap();
        let value = vec![1, 2, 3, 4];
        let checksum = Checksum { algorithm: ChecksumAlgorithm::Crc32, value };
        bucket.stage_copy(&source, ObjectMeta { checksum: Some(checksum), ..source.meta.clone() })
    };
    bucket.commit(&key("k"), sealed.unwrap(), &Conditions::default()).unwrap();
    let before = bucket.object(&key("k")).unwrap().meta;
    assert!(before.checksum.is_some());
    fs::write(scratch.photos().join("k"), "after it").unwrap();
    let after = bucket.object(&key("k")).unwrap();
    assert_eq!(after.length, 8);
    assert!(matches!(after.meta.etag, ETag::Multipart(_, 0)));
    assert_eq!(after.meta.checksum, None);
    assert_eq!((&after.meta.headers, &after.meta.acl), (&before.headers, &before.acl));
    assert_eq!(after.meta.user_metadata, before.user_metadata);
    // A second edit is another version; an ACL set on an edited file is kept.
    fs::write(scratch.photos().join("k"), "again it").unwrap();
    assert_ne!(bucket.object(&key("k")).unwrap().meta.etag, after.meta.etag);
    bucket
        .update_meta(&key("k"), None, |meta| {
            meta.acl = None;
            Ok(())
        })
        .unwrap();
    let changed = bucket.object(&key("k")).unwrap().meta;
    assert!(changed.acl.is_none() && matches!(changed.etag, ETag::Multipart(_, 0)));
    put(&bucket, "k", b"by us");
    assert!(matches!(bucket.object(&key("k")).unwrap().meta.etag, ETag::Md5(_)));
}

#[test]
fn attribute_of_another_program_is_as_none_and_a_later_versions_is_refused() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "k", b"body");
    let path = scratch.photos().join("k");
    let set = |value: &[u8]| {
        setxattr(&path, "user.glassbucket", value, XattrFlags::empty()).unwrap();
    };
    for damaged in [&b""[..], b"\x01", b"\x01abc", &[1; 3000]] {
        set(damaged);
        assert!(matches!(bucket.object(&key("k")).unwrap().meta.etag, ETag::Multipart(_, 0)));
        assert_eq!(get(&bucket, "k").unwrap(), b"body");
    }
    set(b"\x02whatever comes");
    assert!(bucket.object(&key("k")).is_err());
}

#[test]
fn attribute_is_kept_by_the_tools_that_keep_attributes() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "k", b"body");
    let etag = bucket.object(&key("k")).unwrap().meta.etag;
    let at = |name: &str| scratch.photos().join(name);
    assert!(Command::new("cp").arg("-a").arg(at("k")).arg(at("copy")).status().unwrap().success());
    assert_eq!(bucket.object(&key("copy")).unwrap().meta.etag, etag);
    fs::rename(at("copy"), at("moved")).unwrap();
    assert_eq!(bucket.object(&key("moved")).unwrap().meta.etag, etag);
    assert!(Command::new("cp").arg(at("k")).arg(at("plain")).status().unwrap().success());
    let plain = bucket.object(&key("plain")).unwrap().meta.etag;
    assert!(matches!(plain, ETag::Multipart(_, 0)));
}

#[test]
fn stat_speaks_to_people() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let etag = put_meta(&bucket, "k", b"body", rich(3000), &Conditions::default()).unwrap();
    let lines = describe(&scratch.photos().join("k")).unwrap();
    for expected in [
        &format!("etag: {etag}"),
        "size: 4 bytes",
        "content-type: text/plain",
        "side file: ",
        "cache-control: no-cache",
        "x-amz-meta-big: vvv",
    ] {
        assert!(lines.contains(expected), "{expected}\n{lines}");
    }
    let until = Timestamp::new(2_000_000_000, 0);
    bucket
        .update_meta(&key("k"), None, |meta| {
            meta.retention = Some(Retention { mode: RetentionMode::Compliance, until });
            meta.legal_hold = Some(false);
            meta.tags.0.push(("project".into(), "bucket".into()));
            Ok(())
        })
        .unwrap();
    let lines = describe(&scratch.photos().join("k")).unwrap();
    for expected in [
        "retention: COMPLIANCE until 2033-05-18T03:33:20.000Z",
        "legal hold: OFF",
        "tag: project=bucket",
    ] {
        assert!(lines.contains(expected), "{expected}\n{lines}");
    }
    fs::write(scratch.photos().join("k"), "edited").unwrap();
    assert!(describe(&scratch.photos().join("k")).unwrap().contains("edited since: 6 bytes"));
    fs::write(scratch.photos().join("hand"), "x").unwrap();
    assert!(describe(&scratch.photos().join("hand")).unwrap().contains("by hand"));
    assert!(describe(&scratch.photos().join("none")).is_err());
}

/// A filesystem without room for more attributes (ext4 has one block for all) gets a side file.
#[test]
fn attribute_that_does_not_fit_goes_to_a_side_file() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut staged = bucket.stage().unwrap();
    staged.write(b"body").unwrap();
    let file = scratch.staged().remove(0);
    setxattr(&file, "user.filler", &[b'x'; 3000], XattrFlags::empty()).unwrap();
    let sealed = staged.seal(crate::store::testing::proof(b"body"), rich(1500)).unwrap();
    bucket.commit(&key("k"), sealed, &Conditions::default()).unwrap();
    assert_eq!(bucket.object(&key("k")).unwrap().meta.user_metadata, rich(1500).user_metadata);
}
