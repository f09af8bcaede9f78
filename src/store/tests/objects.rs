//! Where objects lie, what is no object, and what a change leaves behind.

use crate::error::ErrorCode;
use crate::store::testing::{Scratch, bare, body, get, key, put, put_if, put_meta};
use crate::store::{Durability, Store};
use crate::types::{Conditions, ETag};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// Every file below a directory, by its path there, with what it holds.
fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut dirs) = (Vec::new(), vec![root.to_owned()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false => {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    found.push((name, fs::read(&path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}

#[test]
fn put_object_is_a_plain_file_at_its_key() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "2024/cat.jpg", b"miau");
    let path = scratch.photos().join("2024/cat.jpg");
    assert_eq!(fs::read(&path).unwrap(), b"miau");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let private = scratch.path().join(".glassbucket");
    assert_eq!(mode(&private), 0o700);
    assert_eq!(mode(&path) & 0o600, 0o600);
    assert_eq!(mode(&path) & 0o111, 0);
    assert!(scratch.staged().is_empty());
}

#[test]
fn put_get_and_delete_every_nasty_key_and_leave_nothing() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut keys: Vec<String> = [
        "a",
        "a/b",
        "a/b/c",
        "a/",
        "a//",
        "/",
        "//",
        "/a",
        ".",
        "..",
        "../..",
        "a/../b",
        "a/./b",
        "%~",
        "%~~",
        "a%~",
        "a%~/b",
        "%~s",
        "%~v",
        "a%~v/b",
        "a%~-/b",
        "%2F",
        "a+b",
        "a&b",
        "'\"",
        "😀",
        "é",
        "e\u{301}",
        "A",
        "\0",
        "a\0b/\0",
        "\n",
        "\u{7f}",
        ".glassbucket",
        "-",
        "*",
        " ",
    ]
    .map(str::to_owned)
    .to_vec();
    for long in ["x", "é", "/", "\0", "./", "%~", "x/"] {
        for bytes in [252, 253, 254, 255, 256, 300, 1024] {
            keys.push(long.repeat(bytes / long.len()));
        }
    }
    keys.sort();
    keys.dedup();
    for round in 0..2 {
        for name in &keys {
            put(&bucket, name, format!("{round}{name}").as_bytes());
        }
        for name in &keys {
            let expected = Some(format!("{round}{name}").into_bytes());
            assert_eq!(get(&bucket, name), expected, "{name:?}");
        }
        assert_eq!(files(&scratch.photos()).len(), keys.len());
    }
    for name in &keys {
        assert!(bucket.remove(&key(name)).unwrap(), "{name:?}");
        assert_eq!(get(&bucket, name), None, "{name:?}");
        assert!(!bucket.remove(&key(name)).unwrap(), "{name:?}");
    }
    assert_eq!(fs::read_dir(scratch.photos()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
}

#[test]
fn put_a_beside_a_b_in_either_order() {
    for order in [["a", "a/b"], ["a/b", "a"]] {
        let scratch = Scratch::new();
        let bucket = scratch.bucket();
        order.iter().for_each(|name| put(&bucket, name, name.as_bytes()));
        let expected = [("a%~".to_owned(), b"a".to_vec()), ("a/b".to_owned(), b"a/b".to_vec())];
        assert_eq!(files(&scratch.photos()), {
            let mut expected = expected.to_vec();
            expected.sort();
            expected
        });
        put(&bucket, "a", b"again");
        assert_eq!(get(&bucket, "a").unwrap(), b"again");
        assert_eq!(get(&bucket, "a/b").unwrap(), b"a/b");
        assert!(bucket.remove(&key("a/b")).unwrap());
        // Nothing is moved back: the next PUT goes where the object lies.
        put(&bucket, "a", b"third");
        assert_eq!(files(&scratch.photos()), [("a%~".to_owned(), b"third".to_vec())]);
        assert!(bucket.remove(&key("a")).unwrap());
        put(&bucket, "a", b"fresh");
        assert_eq!(files(&scratch.photos()), [("a".to_owned(), b"fresh".to_vec())]);
    }
}

#[test]
fn get_object_prefers_the_plain_file_where_a_person_made_both() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    fs::write(scratch.photos().join("a%~"), "stale").unwrap();
    fs::write(scratch.photos().join("a"), "plain").unwrap();
    assert_eq!(get(&bucket, "a").unwrap(), b"plain");
    assert!(bucket.remove(&key("a")).unwrap());
    assert_eq!(get(&bucket, "a"), None);
}

/// `a` and `a%~` as two links of one inode: a rename between them does nothing.
#[test]
fn put_below_an_object_that_is_linked_to_its_other_name() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "a", b"a");
    fs::hard_link(scratch.photos().join("a"), scratch.photos().join("a%~")).unwrap();
    put(&bucket, "a/b", b"b");
    assert_eq!(
        (get(&bucket, "a").unwrap(), get(&bucket, "a/b").unwrap()),
        ("a".into(), "b".into())
    );
}

#[test]
fn put_object_moves_aside_every_object_on_its_way() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let names = ["a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/", "a/b/c/d//", "a/b/c/d//e"];
    for _ in 0..2 {
        for name in names {
            put(&bucket, name, name.as_bytes());
            for other in names.iter().take_while(|other| **other != name) {
                assert_eq!(get(&bucket, other).unwrap(), other.as_bytes());
            }
        }
    }
}

#[test]
fn class_d_get_object_of_anything_but_a_regular_file_is_no_such_key() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let at = |name: &str| scratch.photos().join(name);
    fs::write(scratch.path().join("secret"), "s").unwrap();
    fs::create_dir(at("dir")).unwrap();
    symlink("../secret", at("link")).unwrap();
    symlink("/etc", at("etc")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap();
    assert!(made.success());
    // Nor is one that we may not open (as root we may).
    fs::set_permissions(at("fifo"), fs::Permissions::from_mode(0o0)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for name in ["dir", "link", "etc", "etc/passwd", "fifo", "socket", "fifo/x", "%~s", "../secret"]
    {
        assert_eq!(get(&bucket, name), None, "{name}");
        assert!(!bucket.remove(&key(name)).unwrap(), "{name}");
    }
    // A PUT of such a name goes beside it, and a DELETE takes only what is ours.
    for name in ["dir", "link", "fifo", "socket"] {
        put(&bucket, name, name.as_bytes());
        assert_eq!(get(&bucket, name).unwrap(), name.as_bytes());
        assert!(bucket.remove(&key(name)).unwrap());
        assert!(fs::symlink_metadata(at(name)).is_ok(), "{name} is still there");
    }
    // Below a link there is no place.
    let error = put_if(&bucket, "etc/new", b"x", &Conditions::default()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InternalError);
    assert!(!Path::new("/etc/new").exists());
    assert!(scratch.staged().is_empty());
}

#[test]
fn get_object_of_a_file_copied_in_by_hand() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    fs::create_dir(scratch.photos().join("dir")).unwrap();
    fs::write(scratch.photos().join("dir/by hand.txt"), "hello").unwrap();
    let object = bucket.object(&key("dir/by hand.txt")).unwrap();
    assert_eq!(body(&object), b"hello");
    assert!(matches!(object.meta.etag, ETag::Multipart(_, 0)), "{}", object.meta.etag);
    assert_eq!(object.meta.headers.content_type, None);
    assert_eq!(bucket.object(&key("dir/by hand.txt")).unwrap().meta, object.meta);
    assert_eq!(get(&bucket, "dir"), None);
}

#[test]
fn put_object_overwrites_while_a_reader_keeps_the_old_version() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "k", b"old");
    let before = bucket.object(&key("k")).unwrap();
    put(&bucket, "k", b"newer");
    assert_eq!(body(&before), b"old");
    assert_eq!(get(&bucket, "k").unwrap(), b"newer");
}

#[test]
fn put_object_conditions() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let tag = |tag: &str| Some(tag.to_owned());
    let absent = Conditions { if_none_match: tag("*"), ..Conditions::default() };
    let etag = put_if(&bucket, "k", b"1", &absent).unwrap();
    let code = |on: &Conditions| put_if(&bucket, "k", b"x", on).unwrap_err().code;
    assert_eq!(code(&absent), ErrorCode::PreconditionFailed);
    let matches = |tags: String| Conditions { if_match: Some(tags), ..Conditions::default() };
    assert_eq!(code(&matches("\"0\"".into())), ErrorCode::PreconditionFailed);
    put_if(&bucket, "k", b"2", &matches(etag.quoted())).unwrap();
    assert_eq!(code(&matches(etag.quoted())), ErrorCode::PreconditionFailed);
    let on_absent = put_if(&bucket, "other", b"x", &matches("*".into()));
    assert_eq!(on_absent.unwrap_err().code, ErrorCode::NoSuchKey);
    assert_eq!(get(&bucket, "k").unwrap(), b"2");
    assert!(scratch.staged().is_empty());
    // A file made by hand counts, beside its directory too.
    put(&bucket, "k/x", b"x");
    assert_eq!(code(&absent), ErrorCode::PreconditionFailed);
}

#[test]
fn delete_object_prunes_what_it_leaves_empty_and_no_more() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "a/b/c/d", b"1");
    put(&bucket, "a/x", b"2");
    bucket.remove(&key("a/b/c/d")).unwrap();
    assert!(!scratch.photos().join("a/b").exists());
    assert_eq!(get(&bucket, "a/x").unwrap(), b"2");
    bucket.remove(&key("a/x")).unwrap();
    assert!(!scratch.photos().join("a").exists());
    assert!(scratch.photos().exists());
}

#[test]
fn copy_object_onto_itself_and_elsewhere() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 253) as u8).collect();
    let etag = put_if(&bucket, "from", &content, &Conditions::default()).unwrap();
    for to in ["from", "to/there"] {
        let source = bucket.object(&key("from")).unwrap();
        let mut meta = source.meta.clone();
        meta.user_metadata = vec![("to".into(), to.into())];
        let sealed = bucket.stage_copy(&source, meta).unwrap();
        let committed = bucket.commit(&key(to), sealed, &Conditions::default()).unwrap();
        assert_eq!(committed.etag, etag);
        let copy = bucket.object(&key(to)).unwrap();
        assert_eq!(body(&copy), content);
        assert_eq!((copy.meta.etag, copy.modified), (etag.clone(), committed.modified));
        assert_eq!(copy.meta.user_metadata, [("to".to_owned(), to.to_owned())]);
    }
    let source = bucket.object(&key("from")).unwrap();
    fs::write(scratch.photos().join("from"), "edited").unwrap();
    let edited = bucket.stage_copy(&source, source.meta.clone()).err().unwrap();
    assert_eq!(edited.code, ErrorCode::OperationAborted);
    assert!(scratch.staged().is_empty());
}

/// A snapshot made by `cp -al` shares the file: neither overwrite nor ACL may change it.
#[test]
fn put_object_acl_leaves_a_hard_linked_snapshot_alone() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "k", b"body");
    let before = bucket.object(&key("k")).unwrap();
    let snapshot = scratch.path().join("snapshot");
    fs::hard_link(scratch.photos().join("k"), &snapshot).unwrap();
    let change = |class: &'static str| {
        bucket
            .update_meta(&key("k"), None, |meta| {
                meta.storage_class = Some(class.into());
                Ok(())
            })
            .unwrap();
        bucket.object(&key("k")).unwrap()
    };
    let after = change("GLACIER");
    assert_eq!(after.meta.storage_class.as_deref(), Some("GLACIER"));
    assert_eq!((&after.meta.etag, after.modified), (&before.meta.etag, before.modified));
    assert_eq!(body(&after), b"body");
    assert_ne!(fs::metadata(&snapshot).unwrap().ino(), after.file.metadata().unwrap().ino());
    assert!(!crate::store::describe(&snapshot).unwrap().contains("GLACIER"));
    let in_place = change("STANDARD_IA");
    assert_eq!(in_place.file.metadata().unwrap().ino(), after.file.metadata().unwrap().ino());
    let absent = bucket.update_meta(&key("none"), None, |_| Ok(())).unwrap_err();
    assert_eq!(absent.code, ErrorCode::NoSuchKey);
}

#[test]
fn put_object_with_fsync_is_the_same() {
    let scratch = Scratch::new();
    drop(scratch.bucket());
    let store = Store::open(scratch.path(), Durability::Strict).unwrap();
    let bucket = store.bucket(&crate::store::testing::photos()).unwrap();
    for name in ["a", "a/b/c", "a/b", "top", "a/b/c"] {
        put_meta(&bucket, name, name.as_bytes(), bare(), &Conditions::default()).unwrap();
        assert_eq!(get(&bucket, name).unwrap(), name.as_bytes());
    }
    bucket.remove(&key("a/b/c")).unwrap();
    bucket
        .update_meta(&key("a"), None, |meta| {
            meta.storage_class = Some("GLACIER".into());
            Ok(())
        })
        .unwrap();
}
