//! Pages against a naive sort, over random trees in memory, and over nasty keys on a disk.

use super::paging::{Directories, Entry, Names, page};
use super::{ListEntry, ListQuery};
use crate::error::Result;
use crate::store::Bucket;
use crate::store::testing::{Scratch, key, put};
use crate::types::ETag;
use std::collections::BTreeSet;

/// A bucket in memory: its keys, and directories that hold none.
#[derive(Default)]
struct Tree {
    keys: BTreeSet<String>,
    empty: Vec<String>,
    reads: usize,
}

impl Directories for Tree {
    fn read(&mut self, names: &mut Names<'_>) -> Result<()> {
        self.reads += 1;
        let dir = names.dir.to_owned();
        // Greatest first, as a directory has no order of its own.
        for path in self.keys.iter().chain(&self.empty).rev() {
            let Some(rest) = path.strip_prefix(&dir) else { continue };
            let item = rest.split_inclusive('/').next().unwrap_or("");
            if item.is_empty() && !self.keys.contains(path) {
                continue;
            }
            if names.add(item.to_owned()) {
                break;
            }
        }
        Ok(())
    }
}

/// Small and repeatable; xorshift.
pub(in crate::store) struct Random(pub(in crate::store) u64);

impl Random {
    pub(in crate::store) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % n
    }

    fn text(&mut self, letters: &[&str], length_max: usize) -> String {
        (0..self.below(length_max + 1)).map(|_| letters[self.below(letters.len())]).collect()
    }
}

/// What S3 says a listing is, with no thought of cost.
fn naive(keys: &BTreeSet<String>, query: &ListQuery) -> (Vec<String>, bool) {
    let group = |key: &str| {
        let rest = key.strip_prefix(query.prefix.as_str())?;
        let at = (!query.delimiter.is_empty()).then(|| rest.find(&query.delimiter)).flatten()?;
        Some(key[..query.prefix.len() + at + query.delimiter.len()].to_owned())
    };
    let after = group(&query.after).unwrap_or(query.after.clone());
    let mut all: Vec<String> = keys
        .iter()
        .filter(|key| key.starts_with(&query.prefix))
        .map(|key| group(key).unwrap_or(key.clone()))
        .filter(|entry| *entry > after)
        .collect();
    all.dedup();
    let truncated = query.max > 0 && all.len() > query.max;
    all.truncate(query.max);
    (all, truncated)
}

fn listed(tree: &mut Tree, query: &ListQuery, held_max: usize) -> (Vec<String>, bool) {
    let (entries, truncated) = page(query, held_max, tree, |key| Ok(Some(key.to_owned()))).unwrap();
    let name = |entry| match entry {
        Entry::Key(name) | Entry::CommonPrefix(name) => name,
    };
    (entries.into_iter().map(name).collect(), truncated)
}

fn random_tree(random: &mut Random, letters: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for _ in 0..random.below(25) {
        let key = random.text(letters, 7);
        if !key.is_empty() {
            tree.keys.insert(key);
        }
    }
    for _ in 0..random.below(4) {
        tree.empty.push(random.text(letters, 5) + "/");
    }
    tree
}

#[test]
fn list_pages_equal_a_naive_sort_of_random_trees() {
    let letters = ["a", "b", "-", "/", "/", "0", "\u{1}", "é"];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..20_000 {
        let mut tree = random_tree(&mut random, &letters);
        let delimiters = ["", "/", "/", "-", "a/", "//", "b-a", "é", "/a"];
        let query = ListQuery {
            prefix: random.text(&letters, 3),
            delimiter: delimiters[random.below(delimiters.len())].to_owned(),
            after: random.text(&letters, 5),
            max: random.below(6),
        };
        let held_max = [1, 2, 3, 100][random.below(4)];
        let expected = naive(&tree.keys, &query);
        let got = listed(&mut tree, &query, held_max);
        assert_eq!(got, expected, "round {round}: {query:?} of {:?}", tree.keys);
    }
}

#[test]
fn list_pages_one_after_another_are_the_whole_listing() {
    let letters = ["a", "b", "/", "/", "-"];
    let mut random = Random(7);
    for _ in 0..2_000 {
        let mut tree = random_tree(&mut random, &letters);
        let delimiter = ["", "/", "-/"][random.below(3)].to_owned();
        let mut query = ListQuery { delimiter, max: 1000, ..ListQuery::default() };
        let (whole, _) = naive(&tree.keys, &query);
        query.max = 1 + random.below(3);
        let mut together = Vec::new();
        loop {
            let (entries, truncated) = listed(&mut tree, &query, 2);
            together.extend(entries);
            if !truncated {
                break;
            }
            query.after = together.last().unwrap().clone();
        }
        assert_eq!(together, whole, "{query:?} of {:?}", tree.keys);
    }
}

#[test]
fn list_leaves_out_what_vanished_and_fills_the_page() {
    let keys = ["a", "b", "c", "d"].map(str::to_owned);
    let mut tree = Tree { keys: keys.into(), ..Tree::default() };
    let query = ListQuery { max: 2, ..ListQuery::default() };
    let known = |key: &str| Ok((key != "a" && key != "d").then(|| key.to_owned()));
    let (entries, truncated) = page(&query, 10, &mut tree, known).unwrap();
    let expected = ["b", "c"].map(|key| Entry::Key(key.to_owned()));
    assert_eq!((entries, truncated), (expected.to_vec(), false));
}

#[test]
fn list_with_a_delimiter_reads_no_further_than_the_first_key_of_a_directory() {
    let keys = (0..100).map(|n| format!("d{}/e{}/k{n}", n % 4, n % 20)).collect();
    let mut tree = Tree { keys, empty: vec!["none/".into(), "d0/none/".into()], reads: 0 };
    let query = ListQuery { delimiter: "/".into(), max: 1000, ..ListQuery::default() };
    let (entries, _) = listed(&mut tree, &query, 100);
    assert_eq!(entries, ["d0/", "d1/", "d2/", "d3/"]);
    assert!(tree.reads <= 1 + 4 * 2 + 1 + 1, "{} directories read", tree.reads);
}

#[test]
fn list_enters_only_directories_at_or_past_the_marker() {
    let keys = (0..1000).map(|n| format!("{:03}/k", n)).collect();
    let mut tree = Tree { keys, ..Tree::default() };
    let query = ListQuery { after: "500/k".into(), max: 3, ..ListQuery::default() };
    let (entries, truncated) = listed(&mut tree, &query, 5000);
    assert_eq!((entries.len(), truncated, entries[0].as_str()), (3, true, "501/k"));
    assert_eq!(tree.reads, 6, "the root, the marker's own, three entries and one beyond");
}

#[test]
fn list_of_none_is_not_truncated() {
    let mut tree = Tree { keys: ["a".to_owned()].into(), ..Tree::default() };
    assert_eq!(listed(&mut tree, &ListQuery::default(), 10), (vec![], false));
}

#[test]
fn list_a_key_of_1024_slashes_is_found() {
    let keys = ["/".repeat(1024), "a".into()].into();
    let mut tree = Tree { keys, ..Tree::default() };
    let query = ListQuery { max: 10, ..ListQuery::default() };
    let (entries, truncated) = listed(&mut tree, &query, 10);
    assert_eq!((entries.len(), entries[0].len(), truncated), (2, 1024, false));
}

/// A page of a bucket on disk, as keys and common prefixes.
fn on_disk(bucket: &Bucket, query: &ListQuery) -> (Vec<String>, bool) {
    let page = bucket.list(query).unwrap();
    let name = |entry| match entry {
        ListEntry::Object { key, .. } => key.as_str().to_owned(),
        ListEntry::CommonPrefix(prefix) => prefix,
    };
    (page.entries.into_iter().map(name).collect(), page.truncated)
}

/// Keys that no file can simply be named after, beside some that can.
fn nasty_keys() -> BTreeSet<String> {
    let long = |unit: &str, times: usize, end: &str| unit.repeat(times) + end;
    let mut keys: BTreeSet<String> =
        ["a", "a/b", "a-b", "a/", "a//", "/", "//x", ".", "..", "./..", "%~"]
            .into_iter()
            .chain([
                "%~/%~",
                "b%~",
                "b%~/c",
                "n\0l",
                "100%",
                "Sale 50%",
                "a%20b",
                "émoji 😀/é",
                "\u{1}",
            ])
            .map(str::to_owned)
            .collect();
    keys.extend([
        long("k", 255, ""),
        long("k", 256, ""),
        long("k", 252, "é"),
        long("k", 300, "/x"),
        long("k", 300, ""),
        long("é", 511, "/"),
        long("%~", 500, "/%~"),
        long("/", 40, ""),
        long("z", 1024, ""),
    ]);
    keys
}

#[test]
fn list_objects_of_a_disk_equals_a_naive_sort() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let keys = nasty_keys();
    keys.iter().for_each(|key| put(&bucket, key, b"x"));
    let every = |max| ListQuery { max, ..ListQuery::default() };
    assert_eq!(on_disk(&bucket, &every(1000)), (keys.iter().cloned().collect(), false));
    let prefixes =
        ["", "a", "a/", "k", &"k".repeat(254), "/", "%", "%~", "é", "nope/", "..", "b%~/"];
    for prefix in prefixes {
        for delimiter in ["", "/", "~", "k/", "é"] {
            for after in ["", "a", "a/b", "b%~/", &"k".repeat(300), "//x", "é"] {
                let query = ListQuery {
                    prefix: prefix.to_owned(),
                    delimiter: delimiter.to_owned(),
                    after: after.to_owned(),
                    max: 4,
                };
                assert_eq!(on_disk(&bucket, &query), naive(&keys, &query), "{query:?}");
            }
        }
    }
}

/// A thousand levels, and not a handle a level.
#[test]
fn list_objects_of_a_disk_finds_a_key_of_1024_slashes() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let deep = "/".repeat(1024);
    put(&bucket, &deep, b"x");
    for (delimiter, expected) in [("", deep.as_str()), ("/", "/")] {
        let query = ListQuery { max: 1, delimiter: delimiter.into(), ..ListQuery::default() };
        assert_eq!(on_disk(&bucket, &query), (vec![expected.to_owned()], false));
    }
}

#[test]
fn list_objects_shows_what_the_objects_are() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "k", b"hello");
    let query = ListQuery { max: 1, ..ListQuery::default() };
    let page = bucket.list(&query).unwrap();
    let [ListEntry::Object { length, etag, modified, storage_class, .. }] = &page.entries[..]
    else {
        panic!("{page:?}");
    };
    let object = bucket.object(&key("k")).unwrap();
    assert_eq!((*length, etag, *modified), (5, &object.meta.etag, object.modified));
    assert_eq!(etag.to_string(), "5d41402abc4b2a76b9719d911017c592");
    assert!(storage_class.is_none());
}

/// What no key names is not listed, makes no common prefix, and is told once.
#[test]
fn list_objects_leaves_out_foreign_names() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let photos = scratch.photos();
    for dir in ["empty/er", "%~v", "x%~v", "%~s", "%~-", "short%~-", "links"] {
        std::fs::create_dir_all(photos.join(dir)).unwrap();
    }
    for file in ["%~v/a", "x%~v/a", "%~-/a", "short%~-/a", "%~x", "%~~-%~-"] {
        std::fs::write(photos.join(file), "x").unwrap();
    }
    let cut = photos.join("y".repeat(252) + "%~-");
    std::fs::create_dir(&cut).unwrap();
    std::fs::write(cut.join("fits"), "x").unwrap();
    std::fs::write(cut.join("ab"), "254 bytes need no cut").unwrap();
    use std::os::unix::ffi::OsStrExt;
    std::fs::write(photos.join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", photos.join("links/to")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(photos.join("links/socket")).unwrap();
    std::fs::write(photos.join("by hand"), "x").unwrap();
    let expected = vec!["by hand".to_owned(), "y".repeat(252) + "fits"];
    for delimiter in ["", "/"] {
        let query = ListQuery { max: 10, delimiter: delimiter.into(), ..ListQuery::default() };
        assert_eq!(on_disk(&bucket, &query), (expected.clone(), false));
    }
    let uncut = "y".repeat(252) + "%~-/ab";
    let told = [
        "%~-",
        "%~s",
        "%~v",
        "%~x",
        "%~~-%~-",
        "(a name that is not UTF-8)",
        "links/socket",
        "links/to",
        "short%~-",
        "x%~v",
        &uncut,
    ]
    .map(|path| format!("photos/{path}"));
    assert_eq!(bucket.root().foreign.told(), told);
    drop(socket);
}

/// One object that cannot be read does not take away the listing of the others.
#[test]
fn list_objects_shows_what_cannot_be_read() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    ["a", "b", "c"].iter().for_each(|key| put(&bucket, key, b"hello"));
    let later = b"\x02whatever a later version writes";
    let path = scratch.photos().join("b");
    rustix::fs::setxattr(&path, "user.glassbucket", later, rustix::fs::XattrFlags::empty())
        .unwrap();
    assert!(bucket.object(&key("b")).is_err());
    let nobodys = std::os::unix::fs::PermissionsExt::from_mode(0o0);
    std::fs::set_permissions(scratch.photos().join("c"), nobodys).unwrap(); // root reads it still
    let page = bucket.list(&ListQuery { max: 10, ..ListQuery::default() }).unwrap();
    let [_, ListEntry::Object { key, length: 5, etag: ETag::Multipart(_, 0), .. }, _] =
        &page.entries[..]
    else {
        panic!("{page:?}");
    };
    assert_eq!(key.as_str(), "b");
}

/// `a` moves to `a%~` while it is listed; a plain file and one beside it are one key.
#[test]
fn list_objects_shows_a_key_once_wherever_it_lies() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    put(&bucket, "a", b"1");
    put(&bucket, "a/b", b"2");
    std::fs::write(scratch.photos().join("c"), "x").unwrap();
    std::fs::write(scratch.photos().join("c%~"), "x").unwrap();
    let query = ListQuery { max: 10, ..ListQuery::default() };
    assert_eq!(on_disk(&bucket, &query).0, ["a", "a/b", "c"]);
}

/// No key that is there throughout is ever missing, whatever is written around it.
#[test]
fn list_objects_misses_no_key_while_others_are_written() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let stays: Vec<String> = (0..40).map(|n| format!("stays/{n:02}")).collect();
    stays.iter().for_each(|key| put(&bucket, key, b"x"));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..150 {
                put(&bucket, &stays[n % 40], b"again");
                put(&bucket, &format!("stays/comes/{n}"), b"x");
                bucket.remove(&key(&format!("stays/comes/{n}"))).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let query = ListQuery { prefix: "stays/".into(), max: 1000, ..ListQuery::default() };
            let (mut listed, _) = on_disk(&bucket, &query);
            listed.retain(|key| !key.starts_with("stays/comes/"));
            assert_eq!(listed, stays);
        }
    });
}

/// On btrfs and tmpfs a reading of a directory misses the names that are being replaced in it.
#[test]
fn list_objects_misses_no_key_that_is_being_replaced() {
    let scratch = Scratch::new();
    let bucket = scratch.bucket();
    let keys: Vec<String> = (0..400).map(|n| format!("dir/{n:03}")).collect();
    keys.iter().for_each(|key| put(&bucket, key, b"x"));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for hot in [0, 200, 399] {
            let (key, bucket, done) = (&keys[hot], &bucket, &done);
            scope.spawn(move || {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    put(bucket, key, b"again");
                }
            });
        }
        let query = ListQuery { max: 1000, ..ListQuery::default() };
        let listings: Vec<_> = (0..60).map(|_| on_disk(&bucket, &query).0).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for listed in listings {
            assert_eq!(listed, keys);
        }
    });
}
