//! Hostile schedules. Two stores on one directory are as two servers: they share nothing in memory.

use crate::error::ErrorCode;
use crate::store::Bucket;
use crate::store::testing::{Scratch, config, delete, get, key, photos, put, put_if};
use crate::types::Conditions;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

fn servers(scratch: &Scratch) -> [Bucket; 2] {
    [scratch.bucket(), scratch.bucket()]
}

#[test]
fn class_q_put_if_none_match_has_exactly_one_winner() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    let absent = Conditions { if_none_match: Some("*".into()), ..Conditions::default() };
    for round in 0..40 {
        let (name, wins, start) = (format!("dir/{round}"), AtomicUsize::new(0), Barrier::new(4));
        thread::scope(|scope| {
            for n in 0..4 {
                let (servers, absent, name) = (&servers, &absent, &name);
                let (wins, start) = (&wins, &start);
                scope.spawn(move || {
                    start.wait();
                    match put_if(&servers[n % 2], name, &[n as u8], absent) {
                        Ok(_) => drop(wins.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => assert_eq!(error.code, ErrorCode::PreconditionFailed),
                    }
                });
            }
        });
        assert_eq!(wins.into_inner(), 1);
    }
}

/// Every writer replaces the version that it read: a counter that loses nothing.
#[test]
fn class_q_put_if_match_loses_no_update() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    put(&servers[0], "n", b"0");
    const EACH: usize = 25;
    thread::scope(|scope| {
        for n in 0..4 {
            let bucket = &servers[n % 2];
            scope.spawn(move || {
                let mut done = 0;
                while done < EACH {
                    let object = bucket.object(&key("n")).unwrap();
                    let body = crate::store::testing::body(&object);
                    let next = String::from_utf8(body).unwrap().parse::<usize>().unwrap() + 1;
                    let if_match = Some(object.meta.etag.quoted());
                    let on = Conditions { if_match, ..Conditions::default() };
                    done +=
                        usize::from(put_if(bucket, "n", next.to_string().as_bytes(), &on).is_ok());
                }
            });
        }
    });
    assert_eq!(get(&servers[0], "n").unwrap(), (4 * EACH).to_string().as_bytes());
}

/// `a` is there all the time, while `a/b` comes and goes and `a` is overwritten.
#[test]
fn class_q_get_object_beside_a_directory_is_never_a_false_404() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    for round in 0..15 {
        let name = format!("a{round}");
        put(&servers[0], &name, b"x");
        let (stop, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            let (servers, name, stop, looks) = (&servers, &name, &stop, &looks);
            for bucket in servers {
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        assert!(get(bucket, name).is_some(), "false 404 of {name}");
                        looks.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let below = scope.spawn(move || {
                for _ in 0..40 {
                    let below = format!("{name}/b/c");
                    put(&servers[0], &below, b"y");
                    assert!(get(&servers[0], &below).is_some());
                    assert!(servers[0].remove(&key(&below)).unwrap());
                }
            });
            let over = scope.spawn(move || (0..40).for_each(|_| put(&servers[1], name, b"z")));
            let ends = [below.join(), over.join()];
            stop.store(true, Ordering::Relaxed);
            ends.into_iter().for_each(|end| end.unwrap());
        });
        assert!(looks.into_inner() > 0);
        assert_eq!(get(&servers[0], &name).unwrap(), b"z");
    }
}

/// Four writers put and delete neighbours: each prunes the directories that another needs.
#[test]
fn class_q_put_object_survives_the_pruning_of_its_parents() {
    let scratch = Scratch::new();
    let servers = servers(&scratch);
    thread::scope(|scope| {
        for n in 0..4 {
            let bucket = &servers[n % 2];
            scope.spawn(move || {
                let name = format!("p/q/r/s/{n}");
                for _ in 0..60 {
                    put(bucket, &name, b"x");
                    assert!(get(bucket, &name).is_some());
                    assert!(bucket.remove(&key(&name)).unwrap());
                    assert!(get(bucket, &name).is_none());
                }
            });
        }
    });
    assert!(std::fs::read_dir(scratch.photos()).unwrap().next().is_none());
    assert!(scratch.staged().is_empty());
}

/// A PUT that was answered 200 is there, or its bucket was deleted after it; a deleted bucket is
/// not brought back by a PUT that was late.
#[test]
fn class_q_delete_bucket_against_put_has_one_winner() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for _ in 0..60 {
        let bucket = scratch.bucket();
        let (put, deleted) = thread::scope(|scope| {
            let put = scope.spawn(|| put_if(&bucket, "a/b/c", b"x", &Conditions::default()));
            let deleted = scope.spawn(|| delete(&store, &photos()));
            (put.join().unwrap(), deleted.join().unwrap())
        });
        match (put, deleted) {
            (Ok(_), Err(error)) => {
                assert_eq!(error.code, ErrorCode::BucketNotEmpty);
                assert_eq!(get(&bucket, "a/b/c").unwrap(), b"x");
                bucket.remove(&key("a/b/c")).unwrap();
                delete(&store, &photos()).unwrap();
            }
            (Err(error), Ok(())) => assert_eq!(error.code, ErrorCode::NoSuchBucket),
            both => panic!("{both:?}"),
        }
        assert!(!scratch.photos().exists());
    }
}

#[test]
fn class_q_create_bucket_has_exactly_one_winner() {
    let scratch = Scratch::new();
    let stores = [scratch.store(), scratch.store()];
    for _ in 0..20 {
        let wins = thread::scope(|scope| {
            let make = |n: usize| {
                let store = &stores[n % 2];
                scope.spawn(move || store.create_bucket(&photos(), config()).is_ok())
            };
            let made = [0, 1, 2, 3].map(make);
            made.into_iter().map(|m| usize::from(m.join().unwrap())).sum::<usize>()
        });
        assert_eq!(wins, 1);
        delete(&stores[0], &photos()).unwrap();
    }
}
