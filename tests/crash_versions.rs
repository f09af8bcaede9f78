//! `kill -9` in the middle of writers of versions, twenty times on one data directory.
//!
//! Each writer has a bucket of its own and one request under way. After each restart every
//! acknowledged version is listed once and reads whole, with its tag; acknowledged delete markers
//! are there, deleted versions are not; the plain file is the latest version. The request that was
//! not answered has happened or not: a version more, one less, another version `null`.

mod common;

use common::client::{Answer, Connection, Request, Signer};
use common::process::{Process, content, staged};
use common::{TempDir, xml};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

const ROUNDS: u64 = 20;
const WRITERS: u64 = 6;
const KEYS: u64 = 4;

/// The number that a version's bytes are made of; `None` for a delete marker.
type Content = Option<u64>;

/// One version, as far as its writer knows.
#[derive(Clone, Debug)]
struct Version {
    id: String,
    may_be: Vec<Content>,
    may_be_tagged: Vec<Option<u64>>,
    /// Its bytes were read since it last changed.
    read: bool,
}

impl Version {
    fn new(id: &str, content: Content) -> Version {
        Version { id: id.to_owned(), may_be: vec![content], may_be_tagged: vec![None], read: false }
    }
}

/// The versions of one key, the newest first.
#[derive(Default)]
struct Versions {
    known: Vec<Version>,
    deleted: BTreeSet<String>,
    /// A delete marker was left below the latest version by a change that was cut off: it goes on
    /// as the newer of the two, so which one is to be the latest is not told any more.
    is_out_of_order: bool,
}

impl Versions {
    fn add(&mut self, id: &str, content: Content) {
        self.known.retain(|version| version.id != id);
        self.known.insert(0, Version::new(id, content));
    }

    fn find(&mut self, id: &str) -> Option<&mut Version> {
        self.known.iter_mut().find(|version| version.id == id)
    }
}

/// A request that changes something, sent and not answered.
#[derive(Clone, Debug)]
enum Change {
    Put(Content),
    Remove(String),
    Other,
}

/// A writer, its bucket, and what it was told.
struct Writer {
    bucket: String,
    keys: BTreeMap<String, Versions>,
    /// The versioning that the bucket may have.
    enabled: Vec<bool>,
    under_way: Option<(String, Change)>,
    state: u64,
    answers: u64,
}

impl Writer {
    fn new(number: u64) -> Writer {
        Writer {
            bucket: format!("kept-{number}"),
            keys: BTreeMap::new(),
            enabled: vec![true],
            under_way: None,
            state: number + 1,
            answers: 0,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.state >> 33) % below
    }

    /// Writes until the server is gone.
    fn write(&mut self, client: &mut Client) {
        while self.step(client).is_some() {
            self.under_way = None;
            self.answers += 1;
        }
    }

    /// One change; `None` when no answer comes.
    fn step(&mut self, client: &mut Client) -> Option<()> {
        let key = format!("folder/k{}", self.random(KEYS));
        let number = self.state >> 20;
        match self.random(10) {
            0..=2 => self.put(client, &key, number),
            3 => self.complete(client, &key, number),
            4 => self.mark_deleted(client, &key),
            5 => self.set_versioning(client),
            6 | 7 => self.tag(client, &key, number % 1000),
            _ => self.remove(client, &key),
        }
    }

    fn begin(&mut self, key: &str, change: Change) {
        if let Change::Put(content) = change
            && self.enabled == [false]
            && let Some(null) = self.keys.entry(key.to_owned()).or_default().find("null")
        {
            null.may_be.push(content);
            null.may_be_tagged.push(None);
            null.read = false;
        }
        self.under_way = Some((key.to_owned(), change));
    }

    fn made(&mut self, key: &str, answer: &Answer, content: Content) {
        let id = answer.header("x-amz-version-id").unwrap_or("null"); // which is not told
        self.keys.entry(key.to_owned()).or_default().add(id, content);
    }

    fn put(&mut self, client: &mut Client, key: &str, number: u64) -> Option<()> {
        self.begin(key, Change::Put(Some(number)));
        let request = Request::object("PUT", &self.bucket, key).body(content(key, number));
        let answer = client.call(&request, 200)?;
        self.made(key, &answer, Some(number));
        Some(())
    }

    fn complete(&mut self, client: &mut Client, key: &str, number: u64) -> Option<()> {
        let target = format!("/{}/{key}", self.bucket);
        let begun = client.call(&Request::new("POST", &format!("{target}?uploads")), 200)?;
        let upload = xml::text(&begun.text(), "UploadId").expect("an upload");
        let part = Request::new("PUT", &format!("{target}?partNumber=1&uploadId={upload}"));
        let answer = client.call(&part.body(content(key, number)), 200)?;
        let tag = answer.header("ETag").expect("a tag");
        let list = format!("<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>");
        let list = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        self.begin(key, Change::Put(Some(number)));
        let request = Request::new("POST", &format!("{target}?uploadId={upload}")).body(list);
        let answer = client.call(&request, 200)?;
        self.made(key, &answer, Some(number));
        Some(())
    }

    fn mark_deleted(&mut self, client: &mut Client, key: &str) -> Option<()> {
        self.begin(key, Change::Put(None));
        let answer = client.call(&Request::object("DELETE", &self.bucket, key), 204)?;
        self.made(key, &answer, None);
        Some(())
    }

    /// One of the key's versions, the latest as often as any other.
    fn choose(&mut self, key: &str, among: impl Fn(&Version) -> bool) -> Option<String> {
        let known = &self.keys.get(key)?.known;
        let ids: Vec<_> = known.iter().filter(|v| among(v)).map(|v| v.id.clone()).collect();
        match (ids.len() as u64, self.random(2)) {
            (0, _) => None,
            (_, 0) => Some(ids[0].clone()),
            (count, _) => Some(ids[self.random(count) as usize].clone()),
        }
    }

    fn remove(&mut self, client: &mut Client, key: &str) -> Option<()> {
        let Some(id) = self.choose(key, |_| true) else { return Some(()) };
        self.begin(key, Change::Remove(id.clone()));
        client.call(&version("DELETE", &self.bucket, key, "", &id), 204)?;
        let versions = self.keys.get_mut(key).expect("it was chosen");
        versions.known.retain(|version| version.id != id);
        versions.deleted.insert(id);
        Some(())
    }

    fn tag(&mut self, client: &mut Client, key: &str, value: u64) -> Option<()> {
        let is_object = |version: &Version| version.may_be != [None];
        let Some(id) = self.choose(key, is_object) else { return Some(()) };
        self.begin(key, Change::Other);
        let known = self.keys.get_mut(key).and_then(|versions| versions.find(&id));
        let known = known.expect("it was chosen");
        (known.read, known.may_be_tagged) =
            (false, [&known.may_be_tagged[..], &[Some(value)]].concat());
        let body = format!(
            "<Tagging><TagSet><Tag><Key>k</Key><Value>{value}</Value></Tag></TagSet></Tagging>"
        );
        client.call(&version("PUT", &self.bucket, key, "tagging&", &id).body(body), 200)?;
        known.may_be_tagged = vec![Some(value)];
        Some(())
    }

    fn set_versioning(&mut self, client: &mut Client) -> Option<()> {
        let enabled = self.random(3) > 0;
        self.begin("", Change::Other);
        self.enabled.push(enabled);
        client.call(&put_versioning(&self.bucket, enabled), 200)?;
        self.enabled = vec![enabled];
        Some(())
    }
}

fn version(method: &str, bucket: &str, key: &str, query: &str, id: &str) -> Request {
    let mut request = Request::object(method, bucket, key);
    request.query = format!("{query}versionId={id}");
    request
}

fn put_versioning(bucket: &str, enabled: bool) -> Request {
    let status = if enabled { "Enabled" } else { "Suspended" };
    let body = format!("<Status>{status}</Status>");
    let body = format!("<VersioningConfiguration>{body}</VersioningConfiguration>");
    Request::new("PUT", &format!("/{bucket}?versioning")).body(body)
}

/// A connection and who signs.
struct Client {
    connection: Connection,
    signer: Signer,
}

impl Client {
    fn of(process: &Process) -> Client {
        Client { connection: Connection::open(process.address), signer: process.signer() }
    }

    /// The answer, which must have that status; `None` if the server is gone.
    fn call(&mut self, request: &Request, status: u16) -> Option<Answer> {
        self.connection.send(&request.head(&self.signer));
        self.connection.send(&request.body);
        let answer = self.connection.try_answer(&request.method).ok()?;
        let target = request.target();
        assert_eq!(answer.status, status, "{} {target}: {}", request.method, answer.text());
        Some(answer)
    }

    fn ask(&mut self, request: &Request, status: u16) -> Answer {
        self.call(request, status).expect("the server is there")
    }
}

/// A line of ListObjectVersions.
#[derive(Debug)]
struct Line {
    id: String,
    is_marker: bool,
    is_latest: bool,
}

/// All of a bucket's versions by key, in the order of the listing.
fn listed(client: &mut Client, bucket: &str) -> BTreeMap<String, Vec<Line>> {
    let (mut found, mut marker) = (BTreeMap::<String, Vec<Line>>::new(), String::new());
    loop {
        let target = format!("/{bucket}?versions&max-keys=100{marker}");
        let page = client.ask(&Request::new("GET", &target), 200).text();
        let mut rest = page.as_str();
        while let Some((at, tag)) = ["<Version>", "<DeleteMarker>"]
            .iter()
            .filter_map(|tag| Some((rest.find(tag)?, *tag)))
            .min()
        {
            rest = &rest[at + tag.len()..];
            let text = |name| xml::text(rest, name).expect("an element");
            let (is_marker, is_latest) = (tag == "<DeleteMarker>", text("IsLatest") == "true");
            let line = Line { id: text("VersionId"), is_marker, is_latest };
            found.entry(text("Key")).or_default().push(line);
        }
        let Some(key) = xml::text(&page, "NextKeyMarker") else { return found };
        let id = xml::text(&page, "NextVersionIdMarker").expect("a version");
        marker = format!("&key-marker={}&version-id-marker={id}", key.replace('/', "%2F"));
    }
}

/// Holds what is listed and read against what the writer was told, which it brings up to date.
/// With `all`, also versions that were read before and did not change are read.
fn verify(client: &mut Client, data: &Path, writer: &mut Writer, all: bool) -> usize {
    let mut lines = listed(client, &writer.bucket);
    for key in lines.keys() {
        writer.keys.entry(key.clone()).or_default();
    }
    let under_way = writer.under_way.take();
    let mut count = 0;
    for (key, versions) in &mut writer.keys {
        let lines = lines.remove(key).unwrap_or_default();
        let change = under_way.as_ref().filter(|(name, _)| name == key).map(|(_, change)| change);
        check_lines(key, versions, &lines, change);
        for (line, known) in lines.iter().zip(&mut versions.known) {
            if all || !known.read {
                check_version(client, &writer.bucket, key, line, known);
            }
        }
        check_current(client, data, &writer.bucket, key, &lines, versions);
        count += lines.len();
    }
    let answer = client.ask(&Request::new("GET", &format!("/{}?versioning", writer.bucket)), 200);
    let enabled = answer.text().contains("Enabled");
    assert!(writer.enabled.contains(&enabled), "{}: {enabled}", writer.bucket);
    writer.enabled = vec![enabled];
    count
}

/// Each acknowledged version once, and no other but what the change that was cut off may have left.
fn check_lines(key: &str, versions: &mut Versions, lines: &[Line], change: Option<&Change>) {
    let told = format!("{key}: {lines:?} after {change:?}, told {:?}", versions.known);
    let ids: BTreeSet<_> = lines.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids.len(), lines.len(), "a version is listed twice: {told}");
    let mut latest_may_be = vec![versions.known.first().map(|version| version.id.clone())];
    if let Some(Change::Remove(id)) = change {
        let rest = versions.known.iter().filter(|version| version.id != *id);
        latest_may_be.push(rest.map(|version| version.id.clone()).next());
        if !ids.contains(id.as_str()) {
            versions.known.retain(|version| version.id != *id);
            versions.deleted.insert(id.clone());
        }
    }
    for known in &versions.known {
        assert!(ids.contains(known.id.as_str()), "{} was acknowledged: {told}", known.id);
    }
    let mut found = Vec::new();
    for line in lines {
        if line.id != "null" {
            assert!(!versions.deleted.contains(&line.id), "{} was deleted: {told}", line.id);
        }
        found.push(match (versions.find(&line.id), change) {
            (Some(known), _) => known.clone(),
            (None, Some(Change::Put(content))) => Version::new(&line.id, *content),
            (None, _) => panic!("nobody made {}: {told}", line.id),
        });
    }
    assert!(found.len() <= versions.known.len() + 1, "{told}");
    if let Some(Change::Put(_)) = change {
        let new = found.iter().find(|version| version.may_be.len() > 1);
        let new = new.or(found.iter().find(|v| versions.known.iter().all(|k| k.id != v.id)));
        latest_may_be.extend(new.map(|version| Some(version.id.clone())));
    }
    versions.known = found;
    let latest = lines.iter().find(|line| line.is_latest).map(|line| line.id.clone());
    versions.is_out_of_order |= lines.iter().skip(1).any(|line| line.is_marker)
        && matches!(change, Some(Change::Put(None) | Change::Remove(_)));
    assert!(
        versions.is_out_of_order || latest_may_be.contains(&latest),
        "{latest_may_be:?} {told}"
    );
    assert!(lines.iter().skip(1).all(|line| !line.is_latest), "{told}");
    assert_eq!(latest.is_some(), !lines.is_empty(), "{told}");
}

/// It reads whole, as what it may be, and has one of the tags that it may have.
fn check_version(client: &mut Client, bucket: &str, key: &str, line: &Line, known: &mut Version) {
    let mut may_be = known.may_be.iter().copied();
    known.read = true;
    if line.is_marker {
        assert!(may_be.any(|content| content.is_none()), "{key} {line:?}");
        known.may_be = vec![None];
        return;
    }
    let body = client.ask(&version("GET", bucket, key, "", &line.id), 200).body;
    let is_it = |number: &Option<u64>| number.is_some_and(|number| body == content(key, number));
    let found = may_be.find(is_it).unwrap_or_else(|| panic!("{bucket}/{key} {line:?} is torn"));
    known.may_be = vec![found];
    let tags = client.ask(&version("GET", bucket, key, "tagging&", &line.id), 200).text();
    let tag = xml::text(&tags, "Value").map(|value| value.parse().expect("a number"));
    assert!(known.may_be_tagged.contains(&tag), "{key}: {tag:?} of {known:?}");
    known.may_be_tagged = vec![tag];
}

/// The latest version is what a plain GET finds, and the plain file.
fn check_current(
    client: &mut Client,
    data: &Path,
    bucket: &str,
    key: &str,
    lines: &[Line],
    versions: &Versions,
) {
    let file = std::fs::read(data.join(bucket).join(key)).ok();
    let plain = Request::object("GET", bucket, key);
    match lines.first().filter(|line| !line.is_marker).and(versions.known.first()) {
        Some(latest) => {
            let number = latest.may_be[0].expect("an object");
            let answer = client.ask(&plain, 200);
            assert_eq!(answer.header("x-amz-version-id"), Some(latest.id.as_str()));
            assert!(answer.body == content(key, number), "{key} is not its latest version");
            assert!(file == Some(answer.body), "{key}: the file is not the latest version");
        }
        None => {
            client.ask(&plain, 404);
            assert!(file.is_none(), "{key} was deleted, and its file is there");
        }
    }
}

#[test]
fn class_q_versions_survive_kill_9_twenty_times() {
    let dir = TempDir::new();
    let data = dir.path().join("data");
    let mut process = Process::start(dir.path());
    let mut writers: Vec<_> = (0..WRITERS).map(Writer::new).collect();
    let mut client = Client::of(&process);
    for writer in &writers {
        client.ask(&Request::new("PUT", &format!("/{}", writer.bucket)), 200);
        client.ask(&put_versioning(&writer.bucket, true), 200);
    }
    for number in 1..=ROUNDS {
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let mut client = Client::of(&process);
                scope.spawn(move || writer.write(&mut client));
            }
            std::thread::sleep(Duration::from_millis(60 + number * 37 % 300));
            process.kill();
        });
        process = Process::start(dir.path());
        let mut client = Client::of(&process);
        let all = number == ROUNDS;
        let found: usize =
            writers.iter_mut().map(|writer| verify(&mut client, &data, writer, all)).sum();
        assert_eq!(staged(&data), [""; 0].map(PathBuf::from));
        println!("round {number}: {found} versions, all whole");
    }
    let answers: u64 = writers.iter().map(|writer| writer.answers).sum();
    println!("{answers} changes were acknowledged");
    assert!(answers > 200, "the writers were killed before they wrote: {answers}");
}
