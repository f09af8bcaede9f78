//! A changed file is in force for the next request, however it was changed.

use super::*;
use crate::auth::{Secret, User};
use crate::store::testing::Scratch;
use crate::types::Owner;
use rustix::fs::{CWD, Mode, mkfifoat};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// Users of one name, which is the whole text of the file; `!` cannot be read.
fn source(path: &Path, readings: &Arc<AtomicU32>) -> UsersSource {
    let readings = readings.clone();
    let load = move |mut file: &File| {
        readings.fetch_add(1, Ordering::Relaxed);
        let mut id = String::new();
        file.read_to_string(&mut id).unwrap();
        if id == "!" { Err("not a name".to_owned()) } else { Ok(only(&id)) }
    };
    let file = UsersFile { path: path.to_owned(), load: Box::new(load) };
    UsersSource { users: only("at start"), file: Some(file) }
}

fn only(id: &str) -> Users {
    let owner = Owner { id: id.to_owned(), display_name: "n".to_owned() };
    Users::new(vec![User::new(owner, "k".to_owned(), Secret::new("s".to_owned()))]).unwrap()
}

async fn who(users: &CurrentUsers) -> String {
    users.get().await.iter().next().unwrap().owner.id.clone()
}

/// As `glassbucket user` does.
fn replace(path: &Path, text: &str) {
    let staged = path.with_extension("new");
    fs::write(&staged, text).unwrap();
    fs::rename(staged, path).unwrap();
}

#[tokio::test]
async fn each_replacement_is_in_force_for_the_next_request() {
    let scratch = Scratch::new();
    let (path, readings) = (scratch.path().join("users.json"), Arc::default());
    let users = CurrentUsers::new(source(&path, &readings));
    // Of one length and, before Linux 6.13, in one tick of its clock: only the inode tells them
    // apart. Were the file that was read not held open, the second would be given its number.
    for round in 1000..1200 {
        let seen = users.in_force.read().unwrap().seen.map(|stamp| stamp.inode);
        replace(&path, "over");
        replace(&path, &round.to_string());
        assert_ne!(seen, Some(fs::metadata(&path).unwrap().ino()));
        assert_eq!(who(&users).await, round.to_string());
    }
    assert_eq!(readings.load(Ordering::Relaxed), 200);
    assert_eq!(who(&users).await, "1199");
    assert_eq!(readings.load(Ordering::Relaxed), 200, "read again without a change");
}

#[tokio::test]
async fn a_change_between_the_start_and_the_first_request_counts() {
    let scratch = Scratch::new();
    let path = scratch.path().join("users.json");
    replace(&path, "changed");
    assert_eq!(who(&CurrentUsers::new(source(&path, &Arc::default()))).await, "changed");
}

#[tokio::test]
async fn a_file_that_is_wrong_or_gone_leaves_the_users_as_they_were() {
    let scratch = Scratch::new();
    let (path, readings) = (scratch.path().join("users.json"), Arc::default());
    let users = CurrentUsers::new(source(&path, &readings));
    assert_eq!(who(&users).await, "at start");
    replace(&path, "good");
    assert_eq!(who(&users).await, "good");
    fs::write(&path, "!").unwrap();
    for _ in 0..3 {
        assert_eq!(who(&users).await, "good");
    }
    assert_eq!(readings.load(Ordering::Relaxed), 2, "told more than once");
    fs::write(&path, "mended").unwrap();
    assert_eq!(who(&users).await, "mended");
    fs::remove_file(&path).unwrap();
    assert_eq!(who(&users).await, "mended");
    fs::create_dir(&path).unwrap();
    assert_eq!(who(&users).await, "mended");
    fs::remove_dir(&path).unwrap();
    replace(&path, "again");
    assert_eq!(who(&users).await, "again");
}

/// A reader of a pipe waits for a writer, and of a device for its end.
#[tokio::test]
async fn class_m_what_is_no_regular_file_holds_up_no_request() {
    let scratch = Scratch::new();
    let path = scratch.path().join("users.json");
    let users = CurrentUsers::new(source(&path, &Arc::default()));
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
    assert_eq!(who(&users).await, "at start");
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert_eq!(who(&users).await, "at start");
    replace(&path, "a file again");
    assert_eq!(who(&users).await, "a file again");
}

#[test]
fn a_users_file_has_its_bytes_and_not_one_more() {
    let scratch = Scratch::new();
    let path = scratch.path().join("users.json");
    let file = File::create(&path).unwrap();
    file.set_len(USERS_FILE_BYTES_MAX).unwrap();
    assert!(UsersFile::open(&path).is_ok());
    file.set_len(USERS_FILE_BYTES_MAX + 1).unwrap();
    assert!(UsersFile::open(&path).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_requests_that_see_a_change_one_reads_it_and_none_goes_on_before() {
    let scratch = Scratch::new();
    let (path, readings) = (scratch.path().join("users.json"), Arc::default());
    let users = Arc::new(CurrentUsers::new(source(&path, &readings)));
    for round in 0..20 {
        let text = format!("round {round}");
        replace(&path, &text);
        let requests: Vec<_> = (0..16)
            .map(|_| {
                let users = users.clone();
                tokio::spawn(async move { who(&users).await })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.unwrap(), text);
        }
    }
    assert_eq!(readings.load(Ordering::Relaxed), 20);
}
