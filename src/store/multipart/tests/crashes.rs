//! What a killed process leaves, and what the next one makes of it.

use super::super::{folder, sweep};
use super::{Expectation, begin, complete, left, reopen, send};
use crate::limits::UPLOAD_RECORD_SECS;
use crate::store::dir::{DIR_MODE, make_and_open, open_dir, remove_tree};
use crate::store::testing::{Scratch, get, key, photos, put};
use crate::types::Conditions;

#[test]
fn complete_multipart_upload_after_a_crash_between_rename_and_record() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let list = [send(&upload, 1, b"one").unwrap()];
    let first = complete(&upload, &list).unwrap();
    // Back to what a process killed right after the rename leaves.
    let uploads = bucket.uploads().unwrap().unwrap();
    let done = [upload.id.as_str(), folder::DONE].concat();
    let own = make_and_open(&uploads, upload.id.as_str(), DIR_MODE).unwrap();
    rustix::fs::renameat(&uploads, &done, &own, folder::ANSWER).unwrap();
    let file = super::super::InfoFile::new(&upload.key, &upload.info);
    let disk = &bucket.root().disk;
    folder::write(&own, disk, folder::INFO, folder::Taken::Replace, &file).unwrap();
    let upload = reopen(&bucket, "k", &upload.id);
    assert_eq!(complete(&upload, &list).unwrap(), first);
    assert_eq!(left(&bucket), [done]);
}

/// The parts were joined and published, and the process was killed before, or amid, saying so.
#[test]
fn complete_multipart_upload_that_joined_publishes_once() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let absent = Conditions { if_none_match: Some("*".into()), ..Conditions::default() };
    for (swept, half_said) in [(false, false), (false, true), (true, false), (true, true)] {
        let upload = begin(&bucket, "k");
        let list = [2, 5].map(|n| send(&upload, n, b"part").unwrap());
        let uploads = bucket.uploads().unwrap().unwrap();
        let done = [upload.id.as_str(), folder::DONE].concat();
        // In its way the last step fails, as if there had been no time for it.
        let in_the_way = [upload.id.as_str(), folder::GONE].concat();
        let blocked = make_and_open(&uploads, &in_the_way, DIR_MODE).unwrap();
        make_and_open(&blocked, "x", DIR_MODE).unwrap();
        let first = upload.complete(&list, &absent, &Expectation::default()).unwrap();
        remove_tree(&uploads, &in_the_way).unwrap();
        assert_eq!(left(&bucket).len(), 2);
        if !half_said {
            let own = open_dir(&uploads, upload.id.as_str()).unwrap();
            rustix::fs::renameat(&uploads, &done, &own, folder::ANSWER).unwrap();
        }
        put(&bucket, "k", b"newer");
        if swept {
            sweep::sweep(&uploads, i64::MAX).unwrap();
            assert_eq!(left(&bucket), [""; 0]);
            bucket.remove(&key("k")).unwrap();
            continue;
        }
        let again = reopen(&bucket, "k", &upload.id)
            .complete(&list, &absent, &Expectation::default())
            .unwrap();
        assert_eq!((again.etag, again.modified), (first.etag, first.modified));
        assert_eq!(get(&bucket, "k").unwrap(), b"newer");
        assert_eq!(left(&bucket), [done.as_str()]);
        sweep::sweep(&uploads, i64::MAX).unwrap();
        bucket.remove(&key("k")).unwrap();
    }
}

#[test]
fn upload_leftovers_are_swept_after_a_day() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let (done, open) = (begin(&bucket, "done"), begin(&bucket, "open"));
    complete(&done, &[send(&done, 1, b"x").unwrap()]).unwrap();
    let uploads = bucket.uploads().unwrap().unwrap();
    let half_made = "0".repeat(32);
    for name in [half_made.as_str(), "gone.gone"] {
        make_and_open(&uploads, name, DIR_MODE).unwrap();
    }
    let age_of = |name: &str, secs| {
        let flags = rustix::fs::AtFlags::empty();
        rustix::fs::statat(&uploads, name, flags).unwrap().st_mtime + UPLOAD_RECORD_SECS + secs
    };
    let record = [done.id.as_str(), folder::DONE].concat();
    sweep::sweep(&uploads, age_of(&record, 0)).unwrap();
    assert_eq!(left(&bucket).len(), 3);
    sweep::sweep(&uploads, age_of(&half_made, 1)).unwrap();
    assert_eq!(left(&bucket), [open.id.as_str()]);
}

/// The version is in the remembered answer too; here versioning came after the bucket was opened.
#[test]
fn complete_multipart_upload_again_tells_the_version_that_it_became() {
    let scratch = Scratch::new();
    let opened_before = scratch.bucket();
    put(&opened_before, "k", b"null");
    let upload = begin(&opened_before, "k");
    let list = [send(&upload, 1, b"1").unwrap()];
    let enabled = Some(crate::store::Versioning::Enabled);
    opened_before.configure(|config| config.versioning = enabled).unwrap();
    let complete = |bucket| {
        let upload = reopen(bucket, "k", &upload.id);
        upload.complete(&list, &Conditions::default(), &Expectation::default()).unwrap().version_id
    };
    let version = complete(&opened_before);
    assert!(matches!(version, Some(crate::types::VersionId::Id(_))));
    let bucket = scratch.store().bucket(&photos()).unwrap();
    assert_eq!(complete(&bucket), version);
    assert_eq!(bucket.object(&key("k")).unwrap().meta.version_id, version.unwrap());
}
