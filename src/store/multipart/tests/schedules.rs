//! Thousands of interleaved attempts, repeated, longer, shorter, failed half-way, out of order, by
//! two processes, with Complete and Abort in between. Always: what is published is what was
//! listed, whatever is still being written; and a part that was acknowledged is never torn.

use super::{CompletePart, Expectation, begin, code, complete, number, proof, reopen};
use crate::error::ErrorCode;
use crate::store::Bucket;
use crate::store::list::tests::Random;
use crate::store::multipart::{PartWriter, Upload};
use crate::store::testing::{Scratch, get};
use crate::types::{Conditions, ETag, UploadId};
use std::collections::BTreeMap;

/// An attempt under way.
struct Attempt {
    n: u16,
    bytes: Vec<u8>,
    written: usize,
    writer: PartWriter,
}

/// How the upload ended.
enum End {
    Aborted,
    Completed(Vec<CompletePart>, ETag, Vec<u8>),
}

/// One schedule: what the store was asked, and what must be true of it.
struct Schedule<'a> {
    random: Random,
    buckets: &'a [Bucket; 2],
    name: String,
    id: UploadId,
    attempts: Vec<Attempt>,
    acknowledged: BTreeMap<u16, (Vec<u8>, ETag)>,
    end: Option<End>,
}

impl Schedule<'_> {
    fn run(&mut self) {
        for _ in 0..5 + self.random.below(40) {
            match self.random.below(20) {
                0..7 => self.start(),
                7..12 => self.write(),
                12..17 => self.finish(),
                17 => self.fail(),
                18 => self.complete(),
                _ => self.end_or_refuse(),
            }
        }
        while !self.attempts.is_empty() {
            self.finish();
        }
        self.complete();
        self.check();
    }

    fn upload(&mut self) -> Option<Upload> {
        let bucket = &self.buckets[self.random.below(2)];
        if matches!(self.end, Some(End::Aborted)) {
            let opened = crate::store::multipart::open(bucket, &super::key(&self.name), &self.id);
            assert_eq!(code(opened), ErrorCode::NoSuchUpload);
            return None;
        }
        Some(reopen(bucket, &self.name, &self.id))
    }

    fn start(&mut self) {
        let Some(upload) = self.upload() else { return };
        let n = 1 + self.random.below(3) as u16;
        let length = [4, 4, 4, 4, 4, 2, 7, 0][self.random.below(8)];
        let bytes: Vec<u8> = (0..length).map(|_| self.random.below(256) as u8).collect();
        let declared = (self.random.below(8) > 0).then_some(bytes.len() as u64);
        match upload.part(number(n), declared) {
            Ok(writer) => self.attempts.push(Attempt { n, bytes, written: 0, writer }),
            Err(error) => {
                assert!(self.end.is_some());
                assert_eq!(error.code, ErrorCode::NoSuchUpload);
            }
        }
    }

    fn pick(&mut self) -> Option<usize> {
        (!self.attempts.is_empty()).then(|| self.random.below(self.attempts.len()))
    }

    fn write(&mut self) {
        let Some(at) = self.pick() else { return };
        let attempt = &mut self.attempts[at];
        let more = self.random.below(attempt.bytes.len() - attempt.written + 1);
        attempt.writer.write(&attempt.bytes[attempt.written..][..more]).unwrap();
        attempt.written += more;
    }

    fn finish(&mut self) {
        let Some(at) = self.pick() else { return };
        let mut attempt = self.attempts.swap_remove(at);
        attempt.writer.write(&attempt.bytes[attempt.written..]).unwrap();
        match attempt.writer.seal(proof(&attempt.bytes)) {
            Ok(record) => {
                assert!(self.end.is_none(), "acknowledged after the end");
                self.acknowledged.insert(attempt.n, (attempt.bytes, record.etag));
            }
            Err(error) => {
                assert!(self.end.is_some(), "{error}");
                assert_eq!(error.code, ErrorCode::NoSuchUpload);
            }
        }
    }

    fn fail(&mut self) {
        if let Some(at) = self.pick() {
            self.attempts.swap_remove(at);
        }
    }

    /// Completes some or all of the parts; after the end it must answer the same again.
    fn complete(&mut self) {
        let Some(upload) = self.upload() else { return };
        if let Some(End::Completed(list, etag, _)) = &self.end {
            assert_eq!(complete(&upload, list).unwrap(), *etag);
            return;
        }
        let all = self.random.below(2) == 0;
        let chosen: Vec<_> = self.acknowledged.iter().collect();
        let chosen: Vec<_> =
            chosen.into_iter().filter(|_| all || self.random.below(3) > 0).collect();
        if chosen.is_empty() {
            return;
        }
        let list: Vec<CompletePart> = chosen.iter().map(|(n, part)| listed(**n, &part.1)).collect();
        let bytes = chosen.iter().flat_map(|(_, part)| part.0.clone()).collect();
        let etag = complete(&upload, &list).unwrap();
        self.end = Some(End::Completed(list, etag, bytes));
        self.check();
    }

    /// Abort, or a Complete that must be refused and must harm nothing.
    fn end_or_refuse(&mut self) {
        let Some(upload) = self.upload() else { return };
        let list: Vec<_> = self.acknowledged.iter().map(|(n, part)| listed(*n, &part.1)).collect();
        match self.random.below(4) {
            _ if self.end.is_some() => assert_eq!(code(upload.abort()), ErrorCode::NoSuchUpload),
            0 => {
                upload.abort().unwrap();
                self.end = Some(End::Aborted);
            }
            1 => {
                let missing = [listed(9, &ETag::Md5([0; 16]))];
                assert_eq!(code(complete(&upload, &missing)), ErrorCode::InvalidPart);
            }
            _ if list.is_empty() => {}
            _ => {
                let few = &list[..1 + self.random.below(list.len())];
                let if_match = Some("\"none\"".to_owned());
                let never = Conditions { if_match, ..Conditions::default() };
                upload.complete(few, &never, &Expectation::default()).unwrap_err();
            }
        }
    }

    fn check(&self) {
        let published = get(&self.buckets[0], &self.name);
        match &self.end {
            Some(End::Completed(_, _, bytes)) => assert_eq!(published.as_ref(), Some(bytes)),
            Some(End::Aborted) | None => assert_eq!(published, None),
        }
    }
}

fn listed(n: u16, etag: &ETag) -> CompletePart {
    CompletePart { number: number(n), etag: etag.clone(), checksums: Vec::new() }
}

#[test]
fn complete_multipart_upload_publishes_what_was_listed_under_hostile_schedules() {
    let scratch = Scratch::new();
    let buckets = [scratch.bucket(), scratch.bucket()];
    for seed in 1..=200_u64 {
        let name = format!("k{seed}");
        let id = begin(&buckets[0], &name).id;
        Schedule {
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            buckets: &buckets,
            name,
            id,
            attempts: Vec::new(),
            acknowledged: BTreeMap::new(),
            end: None,
        }
        .run();
    }
    assert!(scratch.staged().is_empty());
    assert!(super::left(&buckets[0]).iter().all(|name| !name.ends_with(".gone")));
}

/// The same with threads: parts repeat while two Completes and their lists race.
#[test]
fn complete_multipart_upload_publishes_what_was_listed_under_real_races() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    for round in 0..40 {
        let name = format!("k{round}");
        let upload = begin(&bucket, &name);
        let body = |n: u16, try_: u8| vec![n as u8 * 16 + try_; 5];
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            for n in 1..=3 {
                let upload = &upload;
                scope.spawn(move || {
                    for try_ in 0..4 {
                        let _ = super::send(upload, n, &body(n, try_));
                    }
                });
            }
            let completes = [0, 1].map(|_| scope.spawn(|| race_complete(&upload)));
            completes.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let upload_over = !outcomes.is_empty();
        let published = get(&bucket, &name);
        assert_eq!(published.is_some(), upload_over);
        for (bytes_etags, etag) in outcomes {
            let object = bucket.object(&super::key(&name)).unwrap();
            assert_eq!(object.meta.etag, etag);
            let bytes = published.clone().unwrap();
            let parts: Vec<ETag> =
                bytes.chunks(5).map(|part| ETag::Md5(super::md5(part))).collect();
            assert_eq!(parts, bytes_etags);
        }
    }
}

/// Completes whatever parts are there until that succeeds, or the upload is over.
fn race_complete(upload: &Upload) -> Option<(Vec<ETag>, ETag)> {
    for _ in 0..1000 {
        let Ok((records, _)) = upload.parts(0, 10) else { return None };
        let list: Vec<_> = records.iter().map(super::listed).collect();
        match complete(upload, &list) {
            Ok(etag) => return Some((list.into_iter().map(|part| part.etag).collect(), etag)),
            Err(error) if error.code == ErrorCode::NoSuchUpload => return None,
            Err(error) => assert!(
                matches!(error.code, ErrorCode::InvalidPart | ErrorCode::MalformedXML),
                "{error}"
            ),
        }
    }
    None
}
