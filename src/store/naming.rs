//! The name of an object on disk: key to path and back, two pure functions.
//!
//! Every key S3 allows has exactly one path below its bucket, and it is the key itself wherever a
//! filesystem can hold it. Only the two bytes `%~` are special:
//!
//! ```text
//! 2024/cat.jpg    2024/cat.jpg
//! dir/            dir/%~                an empty component (a folder made by a client)
//! a/./..          a/%~./%~..            what a filesystem would walk
//! a%~b            a%~~b                 the mark itself
//! a<NUL>b         a%~0b
//! 300 bytes       <252 bytes>%~-/<48>   cut at whole characters, as much as fits first
//! a beside a/b    a%~                   the file beside the directory of that name
//! a's versions    a%~v/                 a folder in the tree of versions, never in a bucket
//! ```
//!
//! [`decode`] accepts a path only if [`encode`] of what it read gives that path back, and the key
//! is 1 to 1,024 bytes of UTF-8. All else is *foreign*: not listed, not served, never removed.
//!
//! The longest path below a bucket, or its tree of versions, is 3,123 bytes, under PATH_MAX, so one
//! call opens it relative to the bucket's handle (an absolute path could pass PATH_MAX).

use crate::limits::{FILE_NAME_BYTES_MAX, KEY_BYTES_MAX};

/// What begins every form that is not the component itself.
const MARK: &str = "%~";
/// Ends the name of a directory that holds the rest of a component too long for one name.
const CUT: &str = "%~-";
/// Ends the name of the folder of a key's versions, in the tree of versions.
const VERSIONS: &str = "%~v";

/// Which of its places a key's file lies in; in a bucket there are the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// The key's own name: also the name of the directory that holds the keys below it.
    Plain,
    /// The name with `%~` after it: the plain one is, or was, a directory.
    Beside,
    /// The name with `%~v` after it: the folder of its versions, which has a tree of its own.
    Versions,
}

/// The path of `key` below its bucket, components joined by `/`. With [`Role::Plain`] it is also
/// the directory of the keys that begin with `key` and a `/`.
pub(super) fn encode(key: &str, role: Role) -> String {
    let mut path = String::with_capacity(key.len() + MARK.len());
    let mut components = key.split('/').peekable();
    let last_suffix = match role {
        Role::Plain => "",
        Role::Beside => MARK,
        Role::Versions => VERSIONS,
    };
    while let Some(component) = components.next() {
        let suffix = if components.peek().is_none() { last_suffix } else { "" };
        encode_component(component, suffix, &mut path);
        if components.peek().is_some() {
            path.push('/');
        }
    }
    path
}

/// Appends the name of one component, with the cut directories it may need.
fn encode_component(component: &str, suffix: &str, path: &mut String) {
    if matches!(component, "" | "." | "..") {
        path.push_str(MARK);
        path.push_str(component);
        path.push_str(suffix);
        return;
    }
    let mut rest = component;
    while escaped_bytes(rest) + suffix.len() > FILE_NAME_BYTES_MAX {
        rest = encode_chunk(rest, path);
    }
    while let Some((text, tail)) = unit(rest) {
        path.push_str(text);
        rest = tail;
    }
    path.push_str(suffix);
}

/// Appends as many units of `component` as a cut directory's name can hold; returns the rest.
fn encode_chunk<'a>(component: &'a str, path: &mut String) -> &'a str {
    let (start, mut rest) = (path.len(), component);
    while let Some((text, tail)) = unit(rest) {
        if path.len() - start + text.len() > FILE_NAME_BYTES_MAX - CUT.len() {
            break;
        }
        path.push_str(text);
        rest = tail;
    }
    path.push_str(CUT);
    path.push('/');
    rest
}

/// The first unit of a component as it is written, and what follows it. A unit is never cut.
fn unit(text: &str) -> Option<(&str, &str)> {
    if let Some(tail) = text.strip_prefix(MARK) {
        return Some(("%~~", tail));
    }
    if let Some(tail) = text.strip_prefix('\0') {
        return Some(("%~0", tail));
    }
    let first = text.chars().next()?;
    Some(text.split_at(first.len_utf8()))
}

/// Length of a component as written, in bytes.
fn escaped_bytes(component: &str) -> usize {
    let marks = component.matches(MARK).count();
    let nuls = component.bytes().filter(|&b| b == 0).count();
    component.len() + marks + 2 * nuls
}

/// The key whose file has this path, and which of its places it is; `None` if the path is foreign.
pub(super) fn decode(path: &str) -> Option<(String, Role)> {
    let mut key = String::with_capacity(path.len());
    let mut role = Role::Plain;
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        let last = names.peek().is_none();
        match decode_name(name)? {
            Name::Cut(text) if !last => key.push_str(&text),
            Name::Component(text) => {
                key.push_str(&text);
                if !last {
                    key.push('/');
                }
            }
            Name::Beside(text) if last => {
                key.push_str(&text);
                role = Role::Beside;
            }
            Name::Versions(text) if last => {
                key.push_str(&text);
                role = Role::Versions;
            }
            Name::Cut(_) | Name::Beside(_) | Name::Versions(_) => return None,
        }
    }
    let counts = (1..=KEY_BYTES_MAX).contains(&key.len()) && encode(&key, role) == path;
    counts.then_some((key, role))
}

/// What one directory entry says. A file is a `Component` or a `Beside`; a directory is a
/// `Component` or a `Cut`, or in the tree of versions a `Versions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A whole component, or the last piece of a cut one.
    Component(String),
    /// The same, of the file beside the directory of that name.
    Beside(String),
    /// A piece of a component that goes on in this directory.
    Cut(String),
    /// A whole component, or its last piece: of the folder of that key's versions.
    Versions(String),
}

/// Reads one entry; `None` if no key writes it. Whether the pieces of a cut component are cut
/// where [`encode`] cuts is known only of the whole path: ask [`decode`].
pub(super) fn decode_name(name: &str) -> Option<Name> {
    match name {
        "" | "." | ".." => return None,
        "%~" | "%~." | "%~.." => return Some(Name::Component(name[MARK.len()..].to_owned())),
        "%~%~" | "%~.%~" | "%~..%~" => {
            return Some(Name::Beside(name[MARK.len()..name.len() - MARK.len()].to_owned()));
        }
        "%~%~v" | "%~.%~v" | "%~..%~v" => {
            let end = name.len() - VERSIONS.len();
            return Some(Name::Versions(name[MARK.len()..end].to_owned()));
        }
        _ => {}
    }
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(MARK) {
        text.push_str(&rest[..at]);
        rest = &rest[at + MARK.len()..];
        match rest {
            "" => return Some(Name::Beside(text)),
            "-" => return Some(Name::Cut(text)),
            "v" => return Some(Name::Versions(text)),
            _ if rest.starts_with('~') => text.push_str(MARK),
            _ if rest.starts_with('0') => text.push('\0'),
            _ => return None,
        }
        rest = &rest[1..];
    }
    text.push_str(rest);
    Some(Name::Component(text))
}

#[cfg(test)]
#[path = "tests/naming.rs"]
mod tests;
