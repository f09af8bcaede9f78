//! Hostile schedules. Two stores on one directory are as two servers.

use super::{body_of, delete, delete_version, enabled, kept, listed, put, removal};
use crate::error::ErrorCode;
use crate::store::testing::{Scratch, key, photos};
use crate::store::{Bucket, Found, ListQuery, VersionEntry};
use crate::types::VersionId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

fn servers(scratch: &Scratch) -> [Bucket; 2] {
    enabled(scratch);
    [scratch.store(), scratch.store()].map(|store| store.bucket(&photos()).unwrap())
}

fn id_and_latest(entry: &VersionEntry) -> (VersionId, bool) {
    match entry {
        VersionEntry::Version { version_id, is_latest, .. } => (*version_id, *is_latest),
        VersionEntry::DeleteMarker { marker, is_latest, .. } => (marker.version_id, *is_latest),
        VersionEntry::CommonPrefix(prefix) => panic!("{prefix}"),
    }
}

/// Every acknowledged PUT and DELETE is a version, and none comes twice.
#[test]
fn put_and_delete_race_and_each_is_a_version() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    let acknowledged: Mutex<HashMap<VersionId, Option<Vec<u8>>>> = Mutex::default();
    thread::scope(|scope| {
        for n in 0..4 {
            let (bucket, acknowledged) = (&servers[n % 2], &acknowledged);
            scope.spawn(move || {
                for round in 0..25 {
                    let body = format!("{n} {round}").into_bytes();
                    let (id, body) = match (n + round) % 3 {
                        0 => (delete(bucket, "a/k"), None),
                        _ => (put(bucket, "a/k", &body), Some(body)),
                    };
                    assert!(acknowledged.lock().unwrap().insert(id, body).is_none());
                    put(bucket, "a", b"in the way"); // and the directory comes and goes
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let lines = listed(&servers[0], "a/", "", 7);
    assert_eq!(lines.len(), acknowledged.len());
    for (n, (_, id, is_latest, body)) in lines.iter().enumerate() {
        assert_eq!(acknowledged[id], *body);
        assert_eq!(*is_latest, n == 0);
    }
    assert_eq!(listed(&servers[1], "", "", 1000).len(), acknowledged.len() + 100);
}

/// A version that moves between the two trees is found at every moment, and by the server that
/// moves it listed at every moment.
#[test]
fn get_object_of_a_version_finds_it_while_others_come_and_go() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    let kept_one = put(&servers[0], "d/k", b"kept");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (servers, done) = (&servers, &done);
        for (n, bucket) in servers.iter().enumerate() {
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let body = body_of(bucket, "d/k", Some(kept_one)).unwrap();
                    assert_eq!(body.unwrap(), b"kept");
                    if n == 1 {
                        continue;
                    }
                    let query = ListQuery { max: 1000, ..ListQuery::default() };
                    let page = bucket.list_versions(&query, None).unwrap();
                    let shown: Vec<_> = page.entries.iter().map(id_and_latest).collect();
                    let found = shown.iter().filter(|(id, _)| *id == kept_one);
                    assert_eq!(found.count(), 1, "{shown:?}");
                    let latest = shown.iter().position(|(_, is_latest)| *is_latest);
                    assert_eq!(latest, Some(0), "{shown:?}");
                }
            });
        }
        for _ in 0..60 {
            let newer = put(&servers[0], "d/k", b"newer");
            let marker = delete(&servers[0], "d/k");
            delete_version(&servers[0], "d/k", newer);
            delete_version(&servers[0], "d/k", marker);
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(kept(&scratch, "d/k"), [""; 0]);
}

/// Else a user could hide its bytes from each measure of its quota.
#[test]
fn class_m_a_version_that_comes_back_counts_at_every_moment() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    put(&servers[0], "d/k", &[b'x'; 1000]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for prefix in ["", "d/", "d/k"] {
                    assert!(servers[0].bytes_stored(prefix).unwrap() >= 1000);
                }
            }
        });
        for _ in 0..100 {
            let newer = put(&servers[0], "d/k", b"n");
            delete_version(&servers[0], "d/k", newer);
            let marker = delete(&servers[0], "d/k");
            delete_version(&servers[0], "d/k", marker);
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(servers[0].bytes_stored("").unwrap(), 1000);
}

/// DeleteBucket must not find the bucket empty because its only object is on its way to the
/// versions, or back.
#[test]
fn delete_bucket_never_wins_while_a_version_moves() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    put(&servers[0], "a/k", b"1");
    for _ in 0..60 {
        let start = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                let marker = delete(&servers[0], "a/k");
                delete_version(&servers[0], "a/k", marker);
            });
            start.wait();
            for _ in 0..4 {
                let error = servers[1].delete().unwrap_err();
                assert_eq!(error.code, ErrorCode::BucketNotEmpty);
            }
        });
    }
}

/// One version, removed by all at once: gone once, and the one below is current.
#[test]
fn delete_object_of_one_version_by_many_removes_no_other() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    for round in 0..20 {
        let name = format!("d/{round}");
        let below = put(&servers[0], &name, b"below");
        let above = put(&servers[0], &name, b"above");
        thread::scope(|scope| {
            for bucket in [&servers[0], &servers[1], &servers[0]] {
                let name = &name;
                scope.spawn(move || {
                    bucket.remove_version(&key(name), &removal(Some(above))).unwrap()
                });
            }
        });
        match servers[0].look_up(&key(&name), None).unwrap() {
            Found::Object(object) => assert_eq!(object.meta.version_id, below),
            Found::DeleteMarker(_) => panic!("a delete marker"),
        }
    }
}
