//! A fresh directory for a test, removed after it.

use super::{Bucket, BucketConfig, Durability, Object, Store};
use crate::auth::PayloadVerified;
use crate::digest::BodyDigest;
use crate::error::{ErrorCode, Result};
use crate::types::{BucketName, Conditions, ETag, Key, ObjectMeta};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A directory of its own, empty at first.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("glassbucket-test-{}-{n}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Opens a store on it; a second one is as a second process.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.0, Durability::Relaxed).unwrap()
    }

    /// A store with the bucket `photos`.
    pub(crate) fn bucket(&self) -> Bucket {
        let store = self.store();
        match store.create_bucket(&photos(), config()) {
            Err(error) if error.code != ErrorCode::BucketAlreadyExists => panic!("{error}"),
            _ => store.bucket(&photos()).unwrap(),
        }
    }

    /// Where the bucket's objects lie.
    pub(crate) fn photos(&self) -> PathBuf {
        self.0.join("photos")
    }

    /// Whatever lies in the staging folders of all processes.
    pub(crate) fn staged(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.0.join(".glassbucket/staging")).unwrap();
        let files = folders.flat_map(|f| std::fs::read_dir(f.unwrap().path()).unwrap());
        files.map(|f| f.unwrap().path()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn photos() -> BucketName {
    BucketName::parse("photos").unwrap()
}

pub(crate) fn config() -> BucketConfig {
    BucketConfig { created_secs: 1_795_287_127, ..BucketConfig::default() }
}

pub(crate) fn delete(store: &Store, name: &BucketName) -> Result<()> {
    store.bucket(name)?.delete()
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text.as_bytes().to_vec()).unwrap()
}

/// Proof of a body that a test made up.
pub(crate) fn proof(body: &[u8]) -> PayloadVerified {
    let mut digest = BodyDigest::new(None);
    digest.update(body);
    PayloadVerified::for_test(digest.finish())
}

pub(crate) fn bare() -> ObjectMeta {
    ObjectMeta::bare(ETag::Md5([0; 16]))
}

pub(crate) fn put(bucket: &Bucket, name: &str, body: &[u8]) {
    put_if(bucket, name, body, &Conditions::default()).unwrap();
}

pub(crate) fn put_if(bucket: &Bucket, name: &str, body: &[u8], on: &Conditions) -> Result<ETag> {
    put_meta(bucket, name, body, bare(), on)
}

pub(crate) fn put_meta(
    bucket: &Bucket,
    name: &str,
    body: &[u8],
    meta: ObjectMeta,
    on: &Conditions,
) -> Result<ETag> {
    let mut staged = bucket.stage()?;
    staged.write(body)?;
    Ok(bucket.commit(&key(name), staged.seal(proof(body), meta)?, on)?.etag)
}

/// The body of an object; `None` is NoSuchKey.
pub(crate) fn get(bucket: &Bucket, name: &str) -> Option<Vec<u8>> {
    match bucket.object(&key(name)) {
        Ok(object) => Some(body(&object)),
        Err(error) if error.code == ErrorCode::NoSuchKey => None,
        Err(error) => panic!("{name:?}: {error}"),
    }
}

pub(crate) fn body(object: &Object) -> Vec<u8> {
    let mut bytes = vec![0; object.length as usize];
    object.file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}
