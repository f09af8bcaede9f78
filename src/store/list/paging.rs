//! The pure core of every listing: one page of keys and common prefixes, in key order, out of
//! directories that are read only where the page needs them. No I/O here: a [`Directories`] reads.
//!
//! The items of a directory are its files, as decoded components, and its directories, as decoded
//! components with a `/` behind them. Sorted by bytes, recursion gives key order (`a` < `a-b` <
//! `a/`). The item `""` is the placeholder object of the directory itself: key `dir/`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>
//!
//! A marker inside a common prefix passes over that whole prefix, so `NextMarker` may be a key or
//! a common prefix and no group is shown twice. For `start-after` of version 2 AWS says nothing;
//! it is taken the same way.

use super::ListQuery;
use crate::error::Result;

/// One entry of a page; `T` is the line of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Entry<T> {
    Key(T),
    CommonPrefix(String),
}

/// Where directories come from: the disk, or a tree in memory.
pub(in crate::store) trait Directories {
    /// Offers every item of the directory that holds keys beginning with `names.dir` to
    /// [`Names::add`]; one that is not there has none.
    fn read(&mut self, names: &mut Names<'_>) -> Result<()>;
}

/// The page that `query` asks for, and whether more follows. `resolve` makes the line of a
/// key, `None` where it vanished meanwhile: such a key is left out and the page filled up.
pub(super) fn page<T>(
    query: &ListQuery,
    names_held_max: usize,
    directories: &mut impl Directories,
    mut resolve: impl FnMut(&str) -> Result<Option<T>>,
) -> Result<(Vec<Entry<T>>, bool)> {
    page_of_lines(query, names_held_max, directories, Vec::new(), |key, _| resolve(key))
}

/// The same where a key has any number of lines: its versions. `resolve` makes as many as it is
/// told that matter, or more. The page begins with `first`: what was left of the key before.
pub(in crate::store) fn page_of_lines<T, L: IntoIterator<Item = T>>(
    query: &ListQuery,
    names_held_max: usize,
    directories: &mut impl Directories,
    first: Vec<T>,
    mut resolve: impl FnMut(&str, usize) -> Result<L>,
) -> Result<(Vec<Entry<T>>, bool)> {
    let mut entries: Vec<_> = first.into_iter().map(Entry::Key).collect();
    if query.max == 0 {
        return Ok((Vec::new(), false));
    }
    let mut walk = Walk::new(query, names_held_max, directories);
    while entries.len() <= query.max
        && let Some(key) = walk.next_key()?
    {
        match common_prefix(query, &key) {
            Some(common) => {
                walk.window.low = after_all(common);
                entries.push(Entry::CommonPrefix(common.to_owned()));
            }
            None => {
                let room = query.max + 1 - entries.len();
                entries.extend(resolve(&key, room)?.into_iter().map(Entry::Key));
            }
        }
    }
    let truncated = entries.len() > query.max;
    entries.truncate(query.max);
    Ok((entries, truncated))
}

/// The group of a key: from its begin to the end of the first delimiter behind the prefix.
pub(in crate::store) fn common_prefix<'a>(query: &ListQuery, key: &'a str) -> Option<&'a str> {
    if query.delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(query.prefix.as_str())?;
    let at = rest.find(&query.delimiter)?;
    Some(&key[..query.prefix.len() + at + query.delimiter.len()])
}

/// The lowest key that a page may show.
pub(in crate::store) fn lowest_key(query: &ListQuery) -> Vec<u8> {
    match common_prefix(query, &query.after) {
        Some(common) => after_all(common),
        None if query.after.is_empty() => Vec::new(),
        None => just_after(&query.after),
    }
}

/// The next string after `key`.
fn just_after(key: &str) -> Vec<u8> {
    [key.as_bytes(), b"\0"].concat()
}

/// The first string after all that begin with `common`: its last byte plus one. UTF-8 has no byte
/// 255, so there is no carry.
fn after_all(common: &str) -> Vec<u8> {
    let mut bytes = common.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    bytes
}

/// The part of the key space that is still asked for.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Inclusive; need not be UTF-8.
    low: Vec<u8>,
    prefix: String,
}

impl Window {
    /// Whether all keys of an item lie below the bound. A tree that the bound lies in does not.
    fn passed(&self, dir: &str, item: &str, is_tree: bool) -> bool {
        match self.low.strip_prefix(dir.as_bytes()) {
            Some(low) => item.as_bytes() < low && !(is_tree && low.starts_with(item.as_bytes())),
            None => dir.as_bytes() < self.low.as_slice(),
        }
    }

    /// What the prefix asks of items in `dir`; only the directory the prefix ends in has any.
    fn item_prefix(&self, dir: &str) -> &str {
        self.prefix.get(dir.len()..).unwrap_or("")
    }
}

/// Collects the items of one directory that the window admits: sorted, without doubles, and at
/// most `held_max` (the smallest), so that a directory of any size takes bounded memory.
pub(in crate::store) struct Names<'a> {
    /// What all keys in this directory begin with: empty, or ends in `/`.
    pub(super) dir: &'a str,
    window: &'a Window,
    held_max: usize,
    /// Any one key will do: the directory lies below a delimiter.
    any_key: bool,
    found: Vec<String>,
    /// The greatest name kept, once some had to be dropped: none greater is taken.
    cut: Option<String>,
}

impl Names<'_> {
    /// Takes an item; `true` says that no more are needed.
    pub(super) fn add(&mut self, item: String) -> bool {
        let is_tree = item.ends_with('/');
        if self.window.passed(self.dir, &item, is_tree)
            || !item.starts_with(self.window.item_prefix(self.dir))
            || self.cut.as_ref().is_some_and(|cut| item > *cut)
        {
            return false;
        }
        if self.any_key && !is_tree {
            self.found = vec![item];
            self.cut = None;
            return true;
        }
        self.found.push(item);
        if self.found.len() >= 2 * self.held_max.max(1) {
            self.trim();
        }
        false
    }

    /// Whether the first key found ends the reading.
    pub(super) fn takes_any_key(&self) -> bool {
        self.any_key
    }

    /// Whether an item that begins so can matter: a component of which only a first chunk is known.
    pub(super) fn wants_beginning(&self, chunk: &str) -> bool {
        let prefix = self.window.item_prefix(self.dir);
        !self.window.passed(self.dir, chunk, true)
            && (chunk.starts_with(prefix) || prefix.starts_with(chunk))
            && self.cut.as_ref().is_none_or(|cut| chunk <= cut.as_str())
    }

    /// Sorts and drops what is over the bound.
    fn trim(&mut self) {
        self.found.sort_unstable();
        self.found.dedup();
        let held_max = self.held_max.max(1);
        if self.found.len() > held_max {
            self.found.truncate(held_max);
            self.cut = self.found.last().cloned();
        }
    }
}

/// A directory the walk is in.
struct Frame {
    dir: String,
    items: Vec<String>,
    next: usize,
    /// Greater items were dropped: read again from the bound when these are through.
    more: bool,
}

/// A lazy walk in key order; it enters a directory only when its turn has come. It holds names,
/// never handles, so that a key of 1,024 slashes costs no file descriptor a level.
struct Walk<'a, D> {
    query: &'a ListQuery,
    directories: &'a mut D,
    names_held_max: usize,
    window: Window,
    frames: Vec<Frame>,
    started: bool,
}

impl<'a, D: Directories> Walk<'a, D> {
    fn new(query: &'a ListQuery, names_held_max: usize, directories: &'a mut D) -> Walk<'a, D> {
        let window = Window { low: lowest_key(query), prefix: query.prefix.clone() };
        Walk { query, directories, names_held_max, window, frames: Vec::new(), started: false }
    }

    /// The next key in the window. Below a delimiter it is any key of the group.
    fn next_key(&mut self) -> Result<Option<String>> {
        if !std::mem::replace(&mut self.started, true) {
            let start = self.query.prefix.rfind('/').map_or(0, |slash| slash + 1);
            self.enter(self.query.prefix[..start].to_owned())?;
        }
        loop {
            let Some(frame) = self.frames.last_mut() else {
                return Ok(None);
            };
            let rest = frame.items.get(frame.next..).unwrap_or_default();
            let passed = |item: &String| self.window.passed(&frame.dir, item, item.ends_with('/'));
            frame.next += rest.partition_point(passed);
            let Some(item) = frame.items.get(frame.next) else {
                self.leave()?;
                continue;
            };
            frame.next += 1;
            let name = [frame.dir.as_str(), item].concat();
            if item.ends_with('/') {
                self.enter(name)?;
            } else {
                self.window.low = just_after(&name);
                return Ok(Some(name));
            }
        }
    }

    fn enter(&mut self, dir: String) -> Result<()> {
        let held: usize = self.frames.iter().map(|frame| frame.items.len()).sum();
        let mut names = Names {
            dir: &dir,
            window: &self.window,
            held_max: self.names_held_max.saturating_sub(held).max(self.names_held_max / 64),
            any_key: common_prefix(self.query, &dir).is_some(),
            found: Vec::new(),
            cut: None,
        };
        self.directories.read(&mut names)?;
        names.trim();
        let (items, more) = (names.found, names.cut.is_some());
        self.frames.push(Frame { dir, items, next: 0, more });
        Ok(())
    }

    /// The items are through: reads the directory on, or goes back to the one above.
    fn leave(&mut self) -> Result<()> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let end = after_all(&frame.dir);
        if frame.more && (frame.dir.is_empty() || self.window.low < end) {
            return self.enter(frame.dir);
        }
        // An empty directory has moved no bound; were it not passed here, a second reading of the
        // one above would enter it again.
        if !frame.dir.is_empty() && self.window.low < end {
            self.window.low = end;
        }
        Ok(())
    }
}
