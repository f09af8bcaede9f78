//! Uploads on a real directory: the rules one by one, then hostile schedules.

mod crashes;
mod schedules;
mod usage;

use super::{CompletePart, Expectation, PartRecord, Upload, UploadInfo, folder};
use crate::digest::BodyDigest;
use crate::error::{ErrorCode, Result};
use crate::limits::{PART_BYTES_MIN, PUT_BYTES_MAX, UPLOAD_BODY_BYTES_MAX};
use crate::store::testing::{Scratch, bare, get, key, photos, proof, put};
use crate::store::{Bucket, Durability, ListQuery, Store};
use crate::types::{
    Checksum, ChecksumAlgorithm, ChecksumType, Conditions, ETag, Owner, PartNumber, Timestamp,
    UploadChecksum, UploadId,
};
use std::os::unix::fs::MetadataExt;

fn number(n: u16) -> PartNumber {
    PartNumber::parse(&n.to_string()).unwrap()
}

fn info() -> UploadInfo {
    let mut meta = bare();
    meta.headers.content_type = Some("image/jpeg".into());
    meta.user_metadata = vec![("mtime".into(), "1".into())];
    let owner = Owner { id: "o".into(), display_name: "O".into() };
    UploadInfo { meta, checksum: None, owner, initiated: Timestamp::now() }
}

fn begin(bucket: &Bucket, name: &str) -> Upload {
    let id = super::create(bucket, &key(name), &info()).unwrap();
    reopen(bucket, name, &id)
}

/// Opens an upload, with parts of any length allowed.
fn reopen(bucket: &Bucket, name: &str, id: &UploadId) -> Upload {
    let mut upload = super::open(bucket, &key(name), id).unwrap();
    upload.part_bytes_min = 0;
    upload
}

fn send(upload: &Upload, n: u16, bytes: &[u8]) -> Result<CompletePart> {
    let mut writer = upload.part(number(n), Some(bytes.len() as u64))?;
    writer.write(bytes)?;
    writer.seal(proof(bytes)).map(|record| listed(&record))
}

fn listed(record: &PartRecord) -> CompletePart {
    CompletePart { number: record.number, etag: record.etag.clone(), checksums: Vec::new() }
}

fn complete(upload: &Upload, parts: &[CompletePart]) -> Result<ETag> {
    upload
        .complete(parts, &Conditions::default(), &Expectation::default())
        .map(|committed| committed.etag)
}

fn code<T>(result: Result<T>) -> ErrorCode {
    result.err().expect("an error").code
}

fn body_inode(upload: &Upload) -> u64 {
    let body = folder::open(upload.folder().unwrap(), folder::BODY, rustix::fs::OFlags::RDONLY);
    body.unwrap().unwrap().metadata().unwrap().ino()
}

/// Names in the folder of the bucket's uploads.
fn left(bucket: &Bucket) -> Vec<String> {
    let uploads = bucket.uploads().unwrap().unwrap();
    crate::store::dir::entries(&uploads).unwrap().map(|entry| entry.unwrap().0.unwrap()).collect()
}

#[test]
fn complete_multipart_upload_of_uniform_parts_renames_the_body() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "dir/k");
    // The first attempt sets the slot size; the others may come in any order.
    let texts = [(2, "bbbb"), (3, "cc"), (1, "aaaa")];
    let mut list = texts.map(|(n, text)| send(&upload, n, text.as_bytes()).unwrap());
    list.sort_by_key(|part| part.number);
    let mut broken = upload.part(number(9), Some(4)).unwrap();
    broken.write(b"tail").unwrap();
    drop(broken);
    let inode = body_inode(&upload);
    let etag = complete(&upload, &list).unwrap();
    assert_eq!(get(&bucket, "dir/k").unwrap(), b"aaaabbbbcc");
    let object = bucket.object(&key("dir/k")).unwrap();
    assert_eq!(object.file.metadata().unwrap().ino(), inode, "renamed, not copied");
    assert_eq!((object.meta.etag, object.meta.headers), (etag.clone(), info().meta.headers));
    assert_eq!(object.parts.runs, [(4, 2), (2, 1)]);
    let md5s = ["aaaa", "bbbb", "cc"].map(|text| md5(text.as_bytes()));
    assert_eq!(etag, ETag::Multipart(md5(&md5s.concat()), 3));
    assert_eq!(left(&bucket), [format!("{}.done", upload.id.as_str())]);
}

fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut digest = BodyDigest::new(None);
    digest.update(bytes);
    digest.finish().md5
}

#[test]
fn complete_multipart_upload_of_chosen_parts_joins_them() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let list = [(2, "bbbb"), (5, "ee"), (9, "iiiiii")];
    let list = list.map(|(n, text)| send(&upload, n, text.as_bytes()).unwrap());
    send(&upload, 7, b"unlisted").unwrap();
    complete(&upload, &list).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"bbbbeeiiiiii");
    assert_eq!(left(&bucket).len(), 1);
    assert!(scratch.staged().is_empty());
}

#[test]
fn complete_multipart_upload_with_a_short_part_in_the_middle_joins_them() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let list = [(1, "aaaa"), (2, "b"), (3, "cccc")];
    let list = list.map(|(n, text)| send(&upload, n, text.as_bytes()).unwrap());
    complete(&upload, &list).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"aaaabcccc");
}

#[test]
fn complete_multipart_upload_again_answers_the_same() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let list = [send(&upload, 1, b"one").unwrap()];
    let first = upload.complete(&list, &Conditions::default(), &Expectation::default()).unwrap();
    put(&bucket, "k", b"newer");
    for upload in [upload.clone(), reopen(&bucket, "k", &upload.id)] {
        let again =
            upload.complete(&list, &Conditions::default(), &Expectation::default()).unwrap();
        assert_eq!((again.etag, again.modified), (first.etag.clone(), first.modified));
        let other = CompletePart { number: number(2), ..list[0].clone() };
        assert_eq!(code(complete(&upload, &[other])), ErrorCode::NoSuchUpload);
        assert_eq!(code(send(&upload, 2, b"late")), ErrorCode::NoSuchUpload);
        assert_eq!(code(upload.parts(0, 10)), ErrorCode::NoSuchUpload);
        assert_eq!(code(upload.abort()), ErrorCode::NoSuchUpload);
    }
    assert_eq!(get(&bucket, "k").unwrap(), b"newer", "a repeat publishes nothing");
}

#[test]
fn complete_multipart_upload_refuses_parts_that_are_not_there() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let part = send(&upload, 1, b"one").unwrap();
    let other = CompletePart { etag: ETag::Md5([1; 16]), ..part.clone() };
    let missing = CompletePart { number: number(2), ..part.clone() };
    for list in [vec![other], vec![missing.clone()], vec![part.clone(), missing]] {
        let error = complete(&upload, &list).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidPart);
        let names: Vec<&str> = error.fields.iter().map(|field| field.0).collect();
        assert_eq!(names, ["UploadId", "PartNumber", "ETag"]);
    }
    assert_eq!(code(complete(&upload, &[])), ErrorCode::MalformedXML);
    assert!(get(&bucket, "k").is_none());
    complete(&upload, &[part]).unwrap();
}

#[test]
fn complete_multipart_upload_compares_each_checksum_with_the_record() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let mut digest = BodyDigest::new(Some(ChecksumAlgorithm::Crc32));
    digest.update(b"123456789");
    let digests = digest.finish();
    let right = digests.checksum.clone().unwrap();
    let mut writer = upload.part(number(1), Some(9)).unwrap();
    writer.write(b"123456789").unwrap();
    let proof = crate::auth::PayloadVerified::for_test(digests);
    let record = writer.seal(proof).unwrap();
    assert_eq!(record.checksum.as_ref(), Some(&right));
    let wrong = Checksum { value: vec![0; 4], ..right.clone() };
    let foreign = Checksum { algorithm: ChecksumAlgorithm::Sha1, value: vec![0; 20] };
    let with = |sum: Checksum| [CompletePart { checksums: vec![sum], ..listed(&record) }];
    assert_eq!(code(complete(&upload, &with(wrong))), ErrorCode::InvalidPart);
    assert_eq!(code(complete(&upload, &with(foreign.clone()))), ErrorCode::BadDigest);
    assert_eq!(upload.parts(0, 1).unwrap().0[0].checksum.as_ref(), Some(&right));
    let id = upload.id.clone();
    complete(&upload, &with(right)).unwrap();
    assert_eq!(complete(&reopen(&bucket, "k", &id), &with(foreign)).unwrap().to_string().len(), 34);
}

#[test]
fn complete_multipart_upload_small_parts_only_at_the_end() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let mut upload = begin(&bucket, "k");
    let opened = super::open(&bucket, &key("k"), &upload.id).unwrap();
    assert_eq!(opened.part_bytes_min, PART_BYTES_MIN);
    upload.part_bytes_min = 4;
    let list = [(1, "1234"), (2, "123"), (3, "1")];
    let list = list.map(|(n, text)| send(&upload, n, text.as_bytes()).unwrap());
    let error = complete(&upload, &list).unwrap_err();
    assert_eq!(error.code, ErrorCode::EntityTooSmall);
    let fields = |name| error.fields.iter().find(|field| field.0 == name).unwrap().1.clone();
    assert_eq!(["ProposedSize", "MinSizeAllowed", "PartNumber"].map(fields), ["3", "4", "2"]);
    complete(&upload, &[list[0].clone(), list[2].clone()]).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"12341");
}

#[test]
fn complete_multipart_upload_refused_by_a_condition_leaves_all_parts() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "k", b"there");
    let upload = begin(&bucket, "k");
    let list = [(1, "aaaa"), (2, "bbbb"), (3, "cc")];
    let list = list.map(|(n, text)| send(&upload, n, text.as_bytes()).unwrap());
    let absent = Conditions { if_none_match: Some("*".into()), ..Conditions::default() };
    for few in [&list[..2], &list[..]] {
        let refused = upload.complete(few, &absent, &Expectation::default());
        assert_eq!(code(refused), ErrorCode::PreconditionFailed);
    }
    assert_eq!(get(&bucket, "k").unwrap(), b"there");
    assert!(scratch.staged().is_empty());
    complete(&upload, &list).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"aaaabbbbcc");
}

#[test]
fn upload_part_again_the_last_record_wins() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let first = send(&upload, 1, b"first").unwrap();
    let kept = send(&upload, 2, b"kept").unwrap();
    for text in ["second", "3"] {
        send(&upload, 1, text.as_bytes()).unwrap();
    }
    let mut unknown = upload.part(number(1), None).unwrap();
    unknown.write(b"last ").unwrap();
    unknown.write(b"one").unwrap();
    let last = listed(&unknown.seal(proof(b"last one")).unwrap());
    assert_eq!(code(complete(&upload, &[first, kept.clone()])), ErrorCode::InvalidPart);
    let names = crate::store::dir::entries(upload.folder().unwrap()).unwrap();
    let own = names.filter(|entry| entry.as_ref().unwrap().0.as_ref().unwrap().starts_with("own-"));
    assert_eq!(own.count(), 1, "the bytes of lost records are removed");
    complete(&upload, &[last, kept]).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"last onekept");
}

#[test]
fn upload_part_is_as_long_as_declared() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let mut long = upload.part(number(1), Some(4)).unwrap();
    let mut short = upload.part(number(2), Some(4)).unwrap();
    long.write(b"1234").unwrap();
    assert_eq!(code(long.write(b"5")), ErrorCode::IncompleteBody);
    short.write(b"123").unwrap();
    assert_eq!(code(short.seal(proof(b"123"))), ErrorCode::IncompleteBody);
    assert_eq!(code(long.seal(proof(b"12345"))), ErrorCode::IncompleteBody);
    assert!(upload.parts(0, 10).unwrap().0.is_empty());
    assert_eq!(code(upload.part(number(1), Some(PUT_BYTES_MAX + 1))), ErrorCode::EntityTooLarge);
    drop(upload.part(number(1), Some(PUT_BYTES_MAX)).unwrap());
}

#[test]
fn upload_part_past_the_body_limit_has_a_file_of_its_own() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    drop(upload.part(number(1), Some(PUT_BYTES_MAX)).unwrap());
    let slots = u16::try_from(UPLOAD_BODY_BYTES_MAX / PUT_BYTES_MAX).unwrap();
    let inside = upload.part(number(slots), Some(1)).unwrap();
    let past = upload.part(number(slots + 1), Some(1)).unwrap();
    let names = [inside, past].map(|writer| writer.is_in_body());
    assert_eq!(names, [true, false]);
}

#[test]
fn upload_part_copy_hashes_what_it_copies() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "source", b"0123456789");
    let source = bucket.object(&key("source")).unwrap();
    let mut from = info();
    let (algorithm, of) = (ChecksumAlgorithm::Crc32c, ChecksumType::FullObject);
    from.checksum = Some(UploadChecksum { algorithm, of });
    let id = super::create(&bucket, &key("k"), &from).unwrap();
    let upload = reopen(&bucket, "k", &id);
    let record = upload.part_copy(number(1), &source, 2, 5).unwrap();
    assert_eq!(record.etag, ETag::Md5(md5(b"23456")));
    assert_eq!(record.checksum.as_ref().unwrap().algorithm, ChecksumAlgorithm::Crc32c);
    assert!(upload.part_copy(number(2), &source, 8, 5).is_err());
    complete(&upload, &[listed(&record)]).unwrap();
    assert_eq!(get(&bucket, "k").unwrap(), b"23456");
    let object = bucket.object(&key("k")).unwrap();
    assert_eq!(object.meta.checksum_type, ChecksumType::FullObject);
    assert_eq!(object.meta.checksum, record.checksum);
    assert_eq!(object.part_checksum(number(1)), record.checksum);
    assert_eq!(object.part_checksum(number(2)), None);
}

#[test]
fn abort_multipart_upload_forgets_it_all() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let part = send(&upload, 1, b"one").unwrap();
    let mut late = [Some(3), None].map(|length| upload.part(number(2), length).unwrap());
    late.iter_mut().for_each(|writer| writer.write(b"two").unwrap());
    upload.abort().unwrap();
    for writer in late {
        assert_eq!(code(writer.seal(proof(b"two"))), ErrorCode::NoSuchUpload);
    }
    assert_eq!(code(upload.abort()), ErrorCode::NoSuchUpload);
    assert_eq!(code(complete(&upload, &[part])), ErrorCode::NoSuchUpload);
    assert_eq!(code(super::open(&bucket, &key("k"), &upload.id)), ErrorCode::NoSuchUpload);
    assert!(left(&bucket).is_empty());
}

/// Abort has taken the folder out of sight and has not come to remove it.
#[test]
fn abort_multipart_upload_half_done_acknowledges_no_part() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    let mut late = [Some(3), None].map(|length| upload.part(number(1), length).unwrap());
    late.iter_mut().for_each(|writer| writer.write(b"two").unwrap());
    let (id, uploads) = (upload.id.as_str(), &upload.uploads);
    rustix::fs::renameat(uploads, id, uploads, format!("{id}.gone")).unwrap();
    for writer in late {
        assert_eq!(code(writer.seal(proof(b"two"))), ErrorCode::NoSuchUpload);
    }
    assert!(super::listing::part_numbers(upload.folder().unwrap()).unwrap().is_empty());
}

#[test]
fn upload_of_another_key_is_no_such_upload() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let none = UploadId::from_bytes([0; 16]);
    assert_eq!(code(super::open(&bucket, &key("k"), &none)), ErrorCode::NoSuchUpload);
    let upload = begin(&bucket, "k");
    assert_eq!(code(super::open(&bucket, &key("l"), &upload.id)), ErrorCode::NoSuchUpload);
    let opened = super::open(&bucket, &key("k"), &upload.id).unwrap();
    assert_eq!(opened.info().meta.user_metadata, info().meta.user_metadata);
    assert_eq!(opened.info().owner, info().owner);
}

/// The other tests leave fsync out, for speed.
#[test]
fn complete_multipart_upload_with_every_fsync() {
    let scratch = Scratch::new();
    drop(scratch.bucket());
    let store = Store::open(scratch.path(), Durability::Strict).unwrap();
    let bucket = store.bucket(&photos()).unwrap();
    for (texts, whole) in [(["aaaa", "bb"], "aaaabb"), (["a", "bbbb"], "abbbb")] {
        let upload = begin(&bucket, "k");
        let list = [1, 2].map(|n| send(&upload, n, texts[usize::from(n) - 1].as_bytes()).unwrap());
        complete(&upload, &list).unwrap();
        assert_eq!(get(&bucket, "k").unwrap(), whole.as_bytes());
    }
    begin(&bucket, "k").abort().unwrap();
}

#[test]
fn list_parts_pages() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let upload = begin(&bucket, "k");
    for n in [10_000, 2, 7, 1] {
        send(&upload, n, b"x").unwrap();
    }
    let page = |marker, max| {
        let (records, more) = upload.parts(marker, max).unwrap();
        (records.iter().map(|record| record.number.get()).collect::<Vec<_>>(), more)
    };
    assert_eq!(page(0, 1000), (vec![1, 2, 7, 10_000], false));
    assert_eq!(page(0, 4), (vec![1, 2, 7, 10_000], false));
    assert_eq!(page(0, 3), (vec![1, 2, 7], true));
    assert_eq!(page(2, 1), (vec![7], true));
    assert_eq!(page(10_000, 1), (vec![], false));
    assert_eq!(page(0, 0), (vec![], false));
}

#[test]
fn list_multipart_uploads_pages_by_key_then_id() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let names = ["b", "a/1", "a/2", "b", "c", "b"];
    let mut expected: Vec<(String, String)> =
        names.map(|name| (name.to_owned(), begin(&bucket, name).id.as_str().to_owned())).into();
    expected.sort();
    let done = begin(&bucket, "done");
    complete(&done, &[send(&done, 1, b"x").unwrap()]).unwrap();
    for max in 1..8 {
        let mut query = ListQuery { max, ..ListQuery::default() };
        let (mut together, mut id_marker) = (Vec::new(), None);
        loop {
            let page = super::list_uploads(&bucket, &query, id_marker.as_deref()).unwrap();
            assert!(page.uploads.len() <= max);
            for (key, id, _) in page.uploads {
                together.push((key.as_str().to_owned(), id.as_str().to_owned()));
            }
            if !page.truncated {
                break;
            }
            (query.after, id_marker) = (page.next_key, Some(page.next_id));
        }
        assert_eq!(together, expected, "by {max}");
    }
}

#[test]
fn list_multipart_uploads_groups_by_a_delimiter() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    for name in ["a/1", "a/2", "b", "c/1"] {
        begin(&bucket, name);
    }
    let query = |prefix: &str, after: &str, max| ListQuery {
        prefix: prefix.into(),
        delimiter: "/".into(),
        after: after.into(),
        max,
    };
    let page = |query| {
        let page = super::list_uploads(&bucket, &query, None).unwrap();
        let keys: Vec<_> = page.uploads.iter().map(|u| u.0.as_str().to_owned()).collect();
        (keys, page.common_prefixes, page.truncated, page.next_key)
    };
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let none = String::new;
    assert_eq!(page(query("", "", 9)), (owned(&["b"]), owned(&["a/", "c/"]), false, none()));
    assert_eq!(page(query("", "", 1)), (vec![], owned(&["a/"]), true, "a/".into()));
    assert_eq!(page(query("", "a/", 1)), (owned(&["b"]), vec![], true, "b".into()));
    assert_eq!(page(query("a/", "a/1", 9)), (owned(&["a/2"]), vec![], false, none()));
    assert_eq!(page(query("", "", 0)), (vec![], vec![], false, none()));
    // An upload id marker does not bring a group back that the key marker passed.
    let after = super::list_uploads(&bucket, &query("", "a/1", 9), Some("")).unwrap();
    assert_eq!(after.common_prefixes, ["c/"]);
}
