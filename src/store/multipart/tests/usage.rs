//! What an upload in progress counts for.

use super::*;

#[test]
fn parts_count_as_long_as_their_upload_is_in_progress() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "a/k");
    let stored = |prefix: &str| bucket.bytes_stored(prefix).unwrap();
    assert_eq!(stored(""), 0);
    let one = send(&upload, 1, &[0; 100]).unwrap();
    assert_eq!((stored(""), stored("a/"), stored("b/")), (100, 100, 0));
    let two = send(&upload, 2, &[0; 30]).unwrap();
    assert_eq!(stored(""), 130);
    send(&upload, 3, &[0; 1000]).unwrap(); // larger than a slot: a file of its own
    assert_eq!(stored(""), 1130);
    complete(&upload, &[one, two]).unwrap();
    assert_eq!(stored(""), 130, "the object, and the part that was left out is gone");
}

#[test]
fn an_aborted_upload_counts_nothing() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    send(&upload, 1, &[0; 100]).unwrap();
    upload.abort().unwrap();
    assert_eq!(bucket.bytes_stored("").unwrap(), 0);
}

#[test]
fn class_m_slots_of_attempts_that_failed_count_and_holes_do_not() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    for n in [1, 10_000] {
        let mut writer = upload.part(number(n), Some(100)).unwrap();
        writer.write(&[0; 100]).unwrap();
    }
    assert_eq!(bucket.bytes_stored("").unwrap(), 200);
}
