//! The project's own rules, held by reading its text: who may import whom, how long a function, a
//! file and a line may be, what a file opens with, what must not be committed.
//!
//! The import rule has one home, the table in `src/lib.rs`: this test reads it there.
//!
//! What it cannot see, since it scans lines and knows no grammar: paths made by macros, a re-export
//! that carries a name around the table, a function's end where the file is not formatted by
//! rustfmt, and `crate::` written inside a string.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
const LINE_COLUMNS_MAX: usize = 100;

/// All that may lie at the top, beside names that begin with a dot.
const TOP: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "certs",
    "tests",
    "bench",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Committed files, or files about to be; outside a clone (a source archive) what lies there.
fn committed() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    match listed {
        Ok(listed) if listed.status.success() && !listed.stdout.is_empty() => {
            let names = String::from_utf8(listed.stdout).unwrap();
            let names = names.split_terminator('\0').map(PathBuf::from);
            names.filter(|path| root().join(path).is_file()).collect()
        }
        _ => ["Cargo.toml", "README.md", "src", "tests", "bench", "certs"]
            .into_iter()
            .flat_map(|top| walk(Path::new(top)))
            .collect(),
    }
}

fn walk(below: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root().join(below)) else { return vec![below.to_owned()] };
    entries.flat_map(|entry| walk(&below.join(entry.unwrap().file_name()))).collect()
}

/// Committed Rust files below `top` with their text.
fn rust_files(top: &str) -> Vec<(PathBuf, String)> {
    committed()
        .into_iter()
        .filter(|path| path.starts_with(top) && path.extension().is_some_and(|ext| ext == "rs"))
        .map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap()))
        .collect()
}

fn all_rust_files() -> Vec<(PathBuf, String)> {
    ["src", "tests", "bench"].into_iter().flat_map(rust_files).collect()
}

#[track_caller]
fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

/// Module path of a source file: `src/http/head.rs` is `["http", "head"]`.
fn module(path: &Path) -> Vec<String> {
    let inner = path.strip_prefix("src").unwrap().with_extension("");
    inner.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

/// The lines that are code and no test: comments off, everything from `#[cfg(test)]` on dropped
/// (tests stand last in a file, and may look wherever they like).
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Module to what it may import, from the rows of the table in `src/lib.rs`.
fn import_table() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut table = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("//! | [`")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = cells[0].trim_end_matches("`]").to_owned();
        let allowed = match cells[2] {
            "nothing" => Vec::new(),
            "all of the above" | "all" => above.clone(),
            listed => listed.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
        };
        above.push(name.clone());
        table.insert(name, allowed);
    }
    table
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`; what follows the tree is ignored.
fn expand(tree: &str) -> Vec<String> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let head_end = tree.find(|c| !plain(c)).unwrap_or(tree.len());
    let head = &tree[..head_end];
    let Some(group) = tree[head_end..].strip_prefix('{') else { return vec![head.to_owned()] };
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    items.push(item);
    let items = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
    items.flat_map(expand).map(|path| format!("{head}{path}")).collect()
}

/// Every path below `crate::` that the code names, with its line.
fn crate_paths(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<(usize, &str)> = code(text).collect();
    let joined: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    let mut found = Vec::new();
    for (at, needle) in joined.match_indices("crate::") {
        // `$crate::` is a macro's, `mycrate::` another's.
        let before = joined[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = lines[joined[..at].matches('\n').count()].0;
        found.extend(expand(&joined[at + needle.len()..]).into_iter().map(|path| (line, path)));
    }
    found
}

fn may(allowed: &[String], path: &str) -> bool {
    let below = |entry: &String| {
        path == entry
            || path.strip_prefix(entry.as_str()).is_some_and(|rest| rest.starts_with("::"))
    };
    allowed.iter().any(below)
}

#[test]
fn modules_import_only_what_the_table_in_lib_rs_allows() {
    let table = import_table();
    assert!(table.len() >= 13, "the table in src/lib.rs could not be read: {table:?}");
    let mut found = Vec::new();
    for (path, text) in rust_files("src") {
        let module = module(&path);
        if ["main", "lib"].contains(&module[0].as_str()) || module.last().unwrap() == "tests" {
            continue;
        }
        let Some(allowed) = table.get(&module[0]) else {
            found.push(format!("{} is not in the table", path.display()));
            continue;
        };
        for (line, import) in crate_paths(&text) {
            let own = import.split("::").next() == Some(&module[0]);
            let limits = import.starts_with("limits");
            if !own && !limits && !may(allowed, &import) {
                found.push(format!("{}:{line} imports {import}", path.display()));
            }
        }
        // As many `super::` as the module is deep would leave it without saying `crate::`.
        let way_out = "super::".repeat(module.len());
        for (line, text) in code(&text).filter(|(_, text)| text.contains(&way_out)) {
            found.push(format!("{}:{line} leaves its module: {}", path.display(), text.trim()));
        }
    }
    assert_none(&found, "imports against the table in src/lib.rs");
}

#[test]
fn the_table_in_lib_rs_allows_nothing_that_is_not_used() {
    let files = rust_files("src");
    let mut found = Vec::new();
    for (name, allowed) in import_table() {
        // "all" is meant so: these join the rest.
        if ["handlers", "server", "cli"].contains(&name.as_str()) {
            continue;
        }
        let own = files.iter().filter(|(path, _)| module(path)[0] == name);
        let used: Vec<String> =
            own.flat_map(|(_, text)| crate_paths(text)).map(|(_, path)| path).collect();
        for entry in allowed {
            let alone = std::slice::from_ref(&entry);
            if !used.iter().any(|path| may(alone, path)) {
                found.push(format!("{name} never imports {entry}"));
            }
        }
    }
    assert_none(&found, "rows of the table in src/lib.rs that allow too much");
}

#[test]
fn import_scanner_reads_groups_and_longer_paths() {
    let text = "// crate::no\nuse crate::{a, b::{c, d::E}};\nlet x = crate::f::g();\n\
                #[cfg(test)]\nuse crate::h;\n";
    let paths: Vec<String> = crate_paths(text).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["a", "b::c", "b::d::E", "f::g"]);
    let allowed = vec!["http::head".to_owned()];
    assert!(may(&allowed, "http::head") && may(&allowed, "http::head::RequestHead"));
    assert!(!may(&allowed, "http") && !may(&allowed, "http::header"));
}

/// First line and length of each function, by rustfmt's indentation.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let before = body.split("fn ").next().unwrap_or_default();
        let qualifiers = ["pub", "const", "async", "extern"];
        let is_function = body.contains("fn ")
            && before
                .split_whitespace()
                .all(|word| qualifiers.iter().any(|qualifier| word.starts_with(qualifier)));
        if !is_function || line.ends_with(';') || line.ends_with('}') {
            continue;
        }
        let indent = &line[..line.len() - body.len()];
        let end = lines[start..].iter().position(|line| {
            line.strip_prefix(indent).is_some_and(|rest| {
                rest == "}" || (rest.starts_with(')') && rest.ends_with([';', '}']))
            })
        });
        found.push((start + 1, end.expect("a function ends") + 1));
    }
    found
}

#[test]
fn functions_fit_a_screen() {
    let mut found = Vec::new();
    for (path, text) in all_rust_files() {
        for (line, length) in functions(&text) {
            if length > FUNCTION_LINES_MAX {
                found.push(format!("{}:{line} has {length} lines", path.display()));
            }
        }
    }
    assert_none(&found, "functions too long");
}

#[test]
fn function_scanner_measures_bodies() {
    let text = "pub(crate) async fn a(\n    b: u8,\n) -> u8 {\n    b\n}\nfn c();\nfn d() {}\n\
                impl E {\n    fn f() {\n    }\n}\n// fn g() {\n";
    assert_eq!(functions(text), [(1, 5), (9, 2)]);
}

#[test]
fn files_fit_a_sitting_and_lines_a_column() {
    let mut found = Vec::new();
    for (path, text) in all_rust_files() {
        let shown = path.display();
        let count = text.lines().count();
        if count > FILE_LINES_MAX {
            found.push(format!("{shown} has {count} lines"));
        }
        for (index, line) in text.lines().enumerate() {
            // The error table is one row a code; rows of documents and addresses cannot be broken.
            let row = line.starts_with("//! |") || path == Path::new("src/error.rs");
            let exempt = row || line.contains("://");
            if line.chars().count() > LINE_COLUMNS_MAX && !exempt {
                found.push(format!("{shown}:{} has over {LINE_COLUMNS_MAX} columns", index + 1));
            }
        }
    }
    assert_none(&found, "too long");
}

#[test]
fn source_files_open_with_what_they_are_for() {
    let closed = rust_files("src").into_iter().filter(|(_, text)| !text.starts_with("//! "));
    let found: Vec<String> = closed.map(|(path, _)| path.display().to_string()).collect();
    assert_none(&found, "files that do not open with `//!`");
}

#[test]
fn nothing_is_left_unwritten_or_unsafe() {
    // `println!` and `eprintln!` panic where their reader has gone.
    let words = [
        "STUB",
        "todo!",
        "unimplemented!",
        "dbg!",
        "FIXME",
        "unsafe {",
        "unsafe fn",
        "println!(",
        "print!(",
    ];
    let mut found = Vec::new();
    for (path, text) in rust_files("src").into_iter().chain(rust_files("bench")) {
        for (index, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(*word)) {
                found.push(format!("{}:{} has {word}", path.display(), index + 1));
            }
        }
    }
    assert_none(&found, "left over");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

#[test]
fn no_private_key_and_no_path_of_one_machine_is_committed() {
    let own = env!("CARGO_MANIFEST_DIR");
    let key = concat!("PRIVATE", " KEY-----");
    let mut found = Vec::new();
    for path in committed() {
        let text = String::from_utf8_lossy(&fs::read(root().join(&path)).unwrap()).into_owned();
        if text.contains(key) {
            found.push(format!("{} holds a private key", path.display()));
        }
        for needle in [own, concat!("/home", "/"), concat!("/root", "/"), concat!("/Users", "/")] {
            // A clone at a short path (`/src` in a container) would be found everywhere.
            if needle.len() > 5 && text.contains(needle) {
                found.push(format!("{} names {needle}", path.display()));
            }
        }
    }
    assert_none(&found, "must not be committed");
}

#[test]
fn top_level_layout_is_the_asked_one() {
    let tops = committed()
        .into_iter()
        .map(|path| path.components().next().unwrap().as_os_str().to_str().unwrap().to_owned());
    let mut found: Vec<String> =
        tops.filter(|top| !TOP.contains(&top.as_str()) && !top.starts_with('.')).collect();
    found.dedup();
    assert_none(&found, "outside the layout");
}

#[test]
fn every_error_code_is_answered_somewhere() {
    let table = fs::read_to_string(root().join("src/error.rs")).unwrap();
    let rows = table.split("codes! {").nth(1).expect("the table").split("\n}").next().unwrap();
    let all: String = rust_files("src").iter().flat_map(|(_, text)| code(text)).fold(
        String::new(),
        |mut all, (_, line)| {
            // The rows themselves are no use.
            if !(line.starts_with("    ") && line.ends_with('"') && rows.contains(line)) {
                all.push_str(line);
                all.push('\n');
            }
            all
        },
    );
    let words: BTreeSet<&str> = words(&all).collect();
    let names = rows.split('\n').filter_map(|row| row.split_whitespace().next());
    let unused = names.filter(|name| !words.contains(name));
    let found: Vec<String> = unused.map(|name| format!("{name} is answered nowhere")).collect();
    assert_none(&found, "the error table");
}

#[test]
fn every_limit_is_held_to_somewhere() {
    let files = rust_files("src");
    let (limits, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|(path, _)| path == Path::new("src/limits.rs"));
    let words: BTreeSet<&str> =
        others.iter().flat_map(|(_, text)| code(text)).flat_map(|(_, line)| words(line)).collect();
    let names = limits[0].1.lines().filter_map(|line| line.strip_prefix("pub const "));
    let names = names.filter_map(|line| line.split(':').next());
    let found: Vec<String> =
        names.filter(|name| !words.contains(name)).map(str::to_owned).collect();
    assert_none(&found, "limits that nothing holds to");
}

/// The rows of README's table of security classes: letter, what stops it, its tests.
fn security_classes() -> Vec<[String; 3]> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let table = readme.split("## Security classes").nth(1).expect("the section");
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = rows.filter(|row| row.len() == 6).skip(2);
    let rows = rows.map(|row| [row[1], row[3], row[4]].map(str::to_owned)).collect::<Vec<_>>();
    let letters: String = rows.iter().map(|[letter, ..]| letter.as_str()).collect();
    assert_eq!(letters, "ABCDEFGHIJKLMNOPQR");
    rows
}

/// What stands between backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What stops a class is a module, or an item of one: `auth::equal`; or a flag.
#[test]
fn readme_says_of_every_security_class_what_stops_it() {
    let module =
        |place: &str| root().join("src").join(place.replace("::", "/")).with_extension("rs");
    let mut found = Vec::new();
    for [_, stops, _] in security_classes() {
        for place in quoted(&stops).filter(|place| !place.starts_with("--")) {
            let in_parent = place.rsplit_once("::").is_some_and(|(parent, item)| {
                let text = fs::read_to_string(module(parent));
                text.is_ok_and(|text| words(&text).any(|word| word == item))
            });
            if !module(place).is_file() && !in_parent {
                found.push(place.to_owned());
            }
        }
    }
    assert_none(&found, "places in README's table of security classes that are not there");
}

/// Whether a file is the one that the table names: a module with the tests below it, a test, or the
/// folder of one.
fn is_place(path: &Path, place: &str) -> bool {
    if place.starts_with("tests/") {
        return path.starts_with(place);
    }
    let Ok(_) = path.strip_prefix("src") else { return false };
    let (own, named) = (module(path), place.split("::").collect::<Vec<_>>());
    own.iter().map(String::as_str).take_while(|part| *part != "tests").eq(named)
}

/// A reader finds the tests of a class by its row, and by their names: neither lacks any.
#[test]
fn readme_names_every_place_with_tests_of_a_security_class_and_no_other() {
    let files: Vec<_> = ["src", "tests"].into_iter().flat_map(rust_files).collect();
    let mut found = Vec::new();
    for [letter, _, tests] in security_classes() {
        let name = format!("fn class_{}_", letter.to_ascii_lowercase());
        let has: Vec<&Path> = files
            .iter()
            .filter(|(path, text)| text.contains(&name) && !path.ends_with("tidy.rs"))
            .map(|(path, _)| path.as_path())
            .collect();
        let places: Vec<&str> = quoted(&tests).collect();
        let unnamed = has.iter().filter(|path| !places.iter().any(|place| is_place(path, place)));
        found.extend(unnamed.map(|path| format!("{letter} does not name {}", path.display())));
        let empty = places.iter().filter(|place| !has.iter().any(|path| is_place(path, place)));
        found.extend(empty.map(|place| format!("{letter} names {place}, which has no {name}")));
        if places.is_empty() {
            found.push(format!("{letter} has no test"));
        }
    }
    assert_none(&found, "README's table of security classes against the tests");
}
