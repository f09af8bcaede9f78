//! Random sequences of operations, against a naive model of what AWS documents.

use super::{Line, body_of, delete_version, listed, put, removal};
use crate::error::ErrorCode;
use crate::store::testing::{Scratch, key, photos};
use crate::store::{Bucket, Found, Store, Versioning};
use crate::types::VersionId;

/// Each beside, below, or cut like another one: places that share directories.
const KEYS: [&str; 7] = ["a", "a/b", "a/", "a/b/c", "a%~v", "é/..", "a-b"];

/// A key's versions, newest first: the id, and the body unless it is a delete marker.
#[derive(Default)]
struct Model {
    keys: [Vec<(VersionId, Option<Vec<u8>>)>; KEYS.len()],
}

impl Model {
    fn add(&mut self, at: usize, id: VersionId, body: Option<Vec<u8>>) {
        if id == VersionId::Null {
            self.keys[at].retain(|(id, _)| *id != VersionId::Null);
        }
        self.keys[at].insert(0, (id, body));
    }

    /// As a listing, in key order.
    fn lines(&self) -> Vec<Line> {
        let mut order: Vec<_> = (0..KEYS.len()).collect();
        order.sort_by_key(|&at| KEYS[at]);
        let line = |at: usize, (n, (id, body)): (usize, &(VersionId, Option<Vec<u8>>))| {
            (KEYS[at].to_owned(), *id, n == 0, body.clone())
        };
        let of = |at: usize| self.keys[at].iter().enumerate().map(move |v| line(at, v));
        order.into_iter().flat_map(of).collect()
    }
}

/// xorshift: the same sequence each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

struct Run {
    scratch: Scratch,
    store: Store,
    bucket: Bucket,
    state: Option<Versioning>,
    model: Model,
    puts: usize,
}

impl Run {
    fn new() -> Run {
        let scratch = Scratch::new();
        let bucket = scratch.bucket();
        Run {
            store: scratch.store(),
            scratch,
            bucket,
            state: None,
            model: Model::default(),
            puts: 0,
        }
    }

    fn step(&mut self, random: &mut Random) {
        let at = random.below(KEYS.len());
        match random.below(12) {
            0..=4 => self.put(at),
            5..=6 => self.delete(at),
            7..=9 => self.delete_some_version(at, random),
            _ => self.switch(random),
        }
    }

    fn put(&mut self, at: usize) {
        self.puts += 1;
        let body = self.puts.to_string().into_bytes();
        let id = match self.state {
            None => {
                let on = Default::default();
                crate::store::testing::put_if(&self.bucket, KEYS[at], &body, &on).unwrap();
                VersionId::Null
            }
            Some(state) => {
                let id = put(&self.bucket, KEYS[at], &body);
                assert_eq!(id == VersionId::Null, state == Versioning::Suspended);
                id
            }
        };
        self.model.add(at, id, Some(body));
    }

    fn delete(&mut self, at: usize) {
        let removed = self.bucket.remove_version(&key(KEYS[at]), &removal(None)).unwrap();
        match self.state {
            None => {
                assert_eq!(removed, Default::default());
                self.model.keys[at].clear();
            }
            Some(_) => {
                assert!(removed.delete_marker);
                self.model.add(at, removed.version_id.unwrap(), None);
            }
        }
    }

    fn delete_some_version(&mut self, at: usize, random: &mut Random) {
        let versions = &mut self.model.keys[at];
        let id = match versions.len() {
            0 => VersionId::Null,
            n => versions[random.below(n)].0,
        };
        let was_marker = versions.iter().any(|(other, body)| *other == id && body.is_none());
        versions.retain(|(other, _)| *other != id);
        let removed = delete_version(&self.bucket, KEYS[at], id);
        assert_eq!(removed.delete_marker, was_marker);
    }

    fn switch(&mut self, random: &mut Random) {
        let state = [Versioning::Enabled, Versioning::Suspended][random.below(2)];
        self.bucket.configure(|config| config.versioning = Some(state)).unwrap();
        self.state = Some(state);
        if random.below(2) == 0 {
            // As often as not the bucket goes on that was opened before.
            self.bucket = self.store.bucket(&photos()).unwrap();
        }
    }

    fn check(&self, random: &mut Random) {
        let bucket = self.store.bucket(&photos()).unwrap();
        let lines = self.model.lines();
        assert_eq!(listed(&bucket, "", "", 1 + random.below(9)), lines);
        for (at, name) in KEYS.into_iter().enumerate() {
            let current = match bucket.look_up(&key(name), None) {
                Ok(Found::Object(object)) => {
                    assert_eq!(object.file.metadata().unwrap().len(), object.length);
                    Some(Some(crate::store::testing::body(&object)))
                }
                Ok(Found::DeleteMarker(marker)) => {
                    assert_eq!(marker.version_id, self.model.keys[at][0].0);
                    Some(None)
                }
                Err(error) => {
                    assert_eq!(error.code, ErrorCode::NoSuchKey);
                    None
                }
            };
            assert_eq!(current, self.model.keys[at].first().map(|(_, body)| body.clone()));
            for (id, body) in &self.model.keys[at] {
                assert_eq!(body_of(&bucket, name, Some(*id)).unwrap(), *body);
            }
        }
    }
}

#[test]
fn versions_are_those_of_a_naive_model() {
    for seed in 1_u64..=24 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut run = Run::new();
        for _ in 0..60 {
            run.step(&mut random);
            run.check(&mut random);
        }
        for (at, name) in KEYS.into_iter().enumerate() {
            for (id, _) in std::mem::take(&mut run.model.keys[at]) {
                delete_version(&run.bucket, name, id);
            }
        }
        run.bucket.delete().unwrap();
        let left = std::fs::read_dir(run.scratch.path().join(".glassbucket/versions")).unwrap();
        assert_eq!(left.count(), 0);
    }
}
