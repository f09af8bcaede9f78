//! The round trip of keys and paths.

use super::*;
use std::collections::HashMap;

fn round_trip(key: &str, paths: &mut HashMap<String, (String, Role)>) {
    for role in [Role::Plain, Role::Beside, Role::Versions] {
        let path = encode(key, role);
        assert_eq!(decode(&path), Some((key.to_owned(), role)), "{path:?}");
        for name in path.split('/') {
            assert!(!name.is_empty() && name != "." && name != "..", "{key:?} {path:?}");
            assert!(name.len() <= FILE_NAME_BYTES_MAX && !name.contains('\0'), "{path:?}");
        }
        if let Some(other) = paths.insert(path, (key.to_owned(), role)) {
            panic!("{key:?} {role:?} and {other:?} share a path");
        }
    }
}

/// Every key of up to `length` letters of `alphabet`.
fn all_keys(alphabet: &[&str], length: usize, visit: &mut impl FnMut(&str)) {
    let mut layer = vec![String::new()];
    for _ in 0..length {
        let longer =
            |key: &String| alphabet.iter().map(|a| format!("{key}{a}")).collect::<Vec<_>>();
        layer = layer.iter().flat_map(longer).collect();
        layer.iter().for_each(|key| visit(key));
    }
}

#[test]
fn class_d_naming_round_trips_every_short_key_and_no_two_share_a_path() {
    let mut paths = HashMap::new();
    all_keys(&["%", "~", "/", ".", "\0", "-", "v", "a", "é"], 5, &mut |key| {
        round_trip(key, &mut paths);
    });
}

/// No path but the one that encode gives is taken for the key.
#[test]
fn class_d_naming_every_path_that_decodes_is_the_only_one() {
    let mut keys = HashMap::new();
    all_keys(&["%~", "/", ".", "-", "%", "~", "0", "v", "a"], 5, &mut |path| {
        let Some(found) = decode(path) else { return };
        assert_eq!(encode(&found.0, found.1), path);
        if let Some(other) = keys.insert(found.clone(), path.to_owned())
            && other != path
        {
            panic!("{path:?} and {other:?} both decode to {found:?}");
        }
    });
}

#[test]
fn naming_examples() {
    for (key, plain) in [
        ("2024/cat.jpg", "2024/cat.jpg"),
        ("dir/", "dir/%~"),
        ("/", "%~/%~"),
        ("a//b", "a/%~/b"),
        ("../../etc/passwd", "%~../%~../etc/passwd"),
        (".", "%~."),
        ("...", "..."),
        ("100%", "100%"),
        ("a%20b", "a%20b"),
        ("%~", "%~~"),
        ("%~s", "%~~s"),
        ("%~v", "%~~v"),
        ("x\0", "x%~0"),
        (".glassbucket", ".glassbucket"),
    ] {
        assert_eq!(encode(key, Role::Plain), plain);
        assert_eq!(encode(key, Role::Beside), format!("{plain}%~"));
        assert_eq!(encode(key, Role::Versions), format!("{plain}%~v"));
    }
}

#[test]
fn class_d_naming_foreign_paths_are_no_keys() {
    let long = "k/".repeat(513);
    for path in [
        "",
        "/",
        "a/",
        "/a",
        ".",
        "..",
        "a/../b",
        "a%~v/b",
        "a%~v%~",
        "a%~%~v",
        "a%~/b",
        "%~s",
        "%~s/1",
        "a%~-",
        "a%~-/b",
        "%~-/a",
        "..%~",
        "a%~x",
        "%~a",
        "a%~%~",
        "%~%~%~",
        "%~...",
        long.as_str(),
    ] {
        assert_eq!(decode(path), None, "{path:?}");
    }
}

#[test]
fn naming_cuts_long_components_at_whole_characters() {
    let mut paths = HashMap::new();
    for letter in ["a", "é", "漢", "😀", "\0", "%~", ".", "%", "a%~"] {
        for lead in ["", "b", "bb", "bbb", "dir/"] {
            for bytes in [248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258, 506, 510, 1024] {
                let mut key = lead.to_owned();
                while key.len() + letter.len() <= bytes {
                    key.push_str(letter);
                }
                if !paths.contains_key(&encode(&key, Role::Plain)) {
                    round_trip(&key, &mut paths);
                }
            }
        }
    }
    assert_eq!(encode(&"a".repeat(255), Role::Plain), "a".repeat(255));
    let cut = format!("{}%~-/{}", "a".repeat(252), "a".repeat(48));
    assert_eq!(encode(&"a".repeat(300), Role::Plain), cut);
    let elsewhere = format!("{}%~-/{}", "a".repeat(251), "a".repeat(49));
    assert_eq!(decode(&elsewhere), None);
}

#[test]
fn naming_the_longest_path_is_under_path_max() {
    let longest = [1, 3, 255, 256, 1024]
        .iter()
        .flat_map(|n| ["\0".repeat(*n), "/".repeat(*n), "./".repeat(n / 2), "%~".repeat(n / 2)]);
    let longest = longest.map(|key| encode(&key, Role::Versions).len()).max();
    assert_eq!(longest, Some(3123));
    assert_eq!(decode(&encode(&"/".repeat(1025), Role::Plain)), None);
}
