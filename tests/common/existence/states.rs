//! Keys in every state that a bucket can have them in.

use super::super::TestServer;
use super::super::client::Request;
use super::super::operations::PARTS;
use super::super::xml::text;
use super::callers::MAKER;
use super::worlds::{Kept, Said, World, done};
use std::cell::Cell;

/// The tag of `hello`.
const HELLO: &str = "5d41402abc4b2a76b9719d911017c592";
const MADE_UP_VERSION: &str = "0123456789abcdef0123456789abcdef";
const MADE_UP_UPLOAD: &str = "fedcba9876543210fedcba9876543210";

/// A key, and what a request about it may name.
#[derive(Clone, Debug)]
pub struct Thing {
    pub state: &'static str,
    pub key: String,
    /// Of a version or delete marker that it has, or made up.
    pub version: String,
    /// Of an upload of it in progress, or made up.
    pub upload: String,
    pub etag: String,
}

impl Thing {
    /// The same key, of which no version or upload is named that it has.
    pub fn with_made_up_ids(&self) -> Thing {
        let (version, upload) = (MADE_UP_VERSION.to_owned(), MADE_UP_UPLOAD.to_owned());
        Thing { version, upload, ..self.clone() }
    }
}

/// What a key is.
#[derive(Clone, Copy)]
struct State {
    name: &'static str,
    /// Whether a GET of its owner finds an object.
    is_object: bool,
    there_is: fn(&World) -> bool,
    make: fn(&Maker<'_>, &mut Thing),
}

const STATES: &[State] = &[
    absent("marker", keeps, |m, t| t.version = m.delete(t)),
    absent("older", keeps, |m, t| {
        t.version = m.put(t, "hello", &[]);
        m.put(t, "again", &[]);
        m.delete(t);
    }),
    absent("upload", always, |m, t| t.upload = m.begin(t)),
    absent("folder", always, |m, t| m.beside(t)),
    object("small", always, |m, t| t.version = m.put(t, "hello", &[])),
    object("empty", always, |m, t| t.version = m.put(t, "", &[])),
    object("large", always, |m, t| t.version = m.put(t, &"x".repeat(300_000), &[])),
    object("parts", always, |m, t| {
        let id = m.begin(t);
        let complete = Request::new("POST", &format!("/{}/{}?uploadId={id}", m.bucket(), t.key));
        done(m.server, complete.body(PARTS));
    }),
    object("dressed", always, |m, t| {
        let headers = [
            ("x-amz-tagging", "a=b"),
            ("x-amz-website-redirect-location", "/elsewhere"),
            ("x-amz-meta-a", "b"),
            ("x-amz-checksum-algorithm", "CRC32"),
            ("x-amz-storage-class", "STANDARD_IA"),
        ];
        t.version = m.put(t, "hello", &headers);
    }),
    object("granted", acls_count, |m, t| {
        t.version = m.put(t, "hello", &[("x-amz-grant-read-acp", "id=\"acp\"")]);
    }),
    object("public", acls_count, |m, t| {
        t.version = m.put(t, "hello", &[("x-amz-acl", "public-read")]);
    }),
    object("theirs", others_write, |m, t| m.put_theirs(t)),
    object("edited", always, |m, t| {
        t.version = m.put(t, "hello", &[]);
        let path = m.server.data().join(m.bucket()).join(&t.key);
        std::fs::write(path, "edited by hand").expect("the object's file");
    }),
    object("beside", always, |m, t| {
        t.version = m.put(t, "hello", &[]);
        m.beside(t);
    }),
    object("uploading", always, |m, t| {
        t.version = m.put(t, "hello", &[]);
        t.upload = m.begin(t);
    }),
    object(
        "null",
        |world| world.kept == Kept::Suspended,
        |m, t| {
            m.world.version(m.server, "Suspended");
            m.put(t, "hello", &[]);
            m.world.version(m.server, "Enabled");
        },
    ),
    object("held", locked, |m, t| {
        t.version = m.put(t, "hello", &[("x-amz-object-lock-legal-hold", "ON")]);
    }),
    object("retained", locked, |m, t| {
        let until = ("x-amz-object-lock-retain-until-date", "2099-01-01T00:00:00Z");
        t.version = m.put(t, "hello", &[("x-amz-object-lock-mode", "GOVERNANCE"), until]);
    }),
];

const fn absent(
    name: &'static str,
    there_is: fn(&World) -> bool,
    make: fn(&Maker<'_>, &mut Thing),
) -> State {
    State { name, is_object: false, there_is, make }
}

const fn object(
    name: &'static str,
    there_is: fn(&World) -> bool,
    make: fn(&Maker<'_>, &mut Thing),
) -> State {
    State { name, is_object: true, there_is, make }
}

fn always(_: &World) -> bool {
    true
}

fn keeps(world: &World) -> bool {
    world.kept != Kept::Nothing
}

fn locked(world: &World) -> bool {
    world.kept == Kept::Locked
}

fn acls_count(world: &World) -> bool {
    world.said != Said::Enforced
}

fn others_write(world: &World) -> bool {
    !matches!(world.said, Said::Nothing)
}

/// Puts a key of one bucket into a state.
struct Maker<'s> {
    server: &'s TestServer,
    world: World,
}

impl Maker<'_> {
    fn bucket(&self) -> &str {
        self.world.bucket
    }

    fn at(&self, method: &str, thing: &Thing) -> Request {
        Request::object(method, self.bucket(), &thing.key)
    }

    /// Puts that; its version, or a made-up one where there are none.
    fn put(&self, thing: &Thing, body: &str, headers: &[(&str, &str)]) -> String {
        let put = self.at("PUT", thing).body(body);
        let put = headers.iter().fold(put, |put, (name, value)| put.header(name, value));
        version_of(&done(self.server, put))
    }

    fn put_theirs(&self, thing: &mut Thing) {
        let put = self.at("PUT", thing).body("hello");
        let answer = self.server.connect().call(&self.server.signer(MAKER), &put);
        assert_eq!(answer.status, 200, "{}", answer.text());
        thing.version = version_of(&answer);
    }

    fn delete(&self, thing: &Thing) -> String {
        version_of(&done(self.server, self.at("DELETE", thing)))
    }

    /// Another key below this one.
    fn beside(&self, thing: &Thing) {
        let below = Thing { key: format!("{}/b", thing.key), ..thing.clone() };
        self.put(&below, "hello", &[]);
    }

    /// Begins an upload with one part, `hello`.
    fn begin(&self, thing: &Thing) -> String {
        let at = |query: &str| format!("/{}/{}?{query}", self.bucket(), thing.key);
        let begun = done(self.server, Request::new("POST", &at("uploads")));
        let id = text(&begun.text(), "UploadId").expect("an upload");
        let part = Request::new("PUT", &at(&format!("partNumber=1&uploadId={id}")));
        done(self.server, part.body("hello"));
        id
    }
}

fn version_of(answer: &super::super::client::Answer) -> String {
    answer.header("x-amz-version-id").unwrap_or(MADE_UP_VERSION).to_owned()
}

/// The keys of one bucket, made anew where a request has used one up.
pub struct States<'s> {
    maker: Maker<'s>,
    made: Vec<(State, Thing)>,
    void: Thing,
    count: Cell<u32>,
}

impl<'s> States<'s> {
    pub fn of(server: &'s TestServer, world: World) -> States<'s> {
        let maker = Maker { server, world };
        let void = thing("void", 0);
        let mut states = States { maker, made: Vec::new(), void, count: Cell::new(0) };
        let there = STATES.iter().filter(|state| (state.there_is)(&world));
        states.made = there.map(|state| (*state, states.make(state))).collect();
        if world.kept == Kept::Suspended {
            world.version(server, "Suspended");
        }
        states
    }

    fn make(&self, state: &State) -> Thing {
        self.count.set(self.count.get() + 1);
        let mut made = thing(state.name, self.count.get());
        let suspended = self.maker.world.kept == Kept::Suspended;
        if suspended {
            self.maker.world.version(self.maker.server, "Enabled");
        }
        (state.make)(&self.maker, &mut made);
        // Of another's object its bucket's owner is not told the tag: it is that of `hello`.
        let head = self.maker.server.call(self.maker.at("HEAD", &made));
        if let Some(tag) = head.header("ETag") {
            made.etag = tag.trim_matches('"').to_owned();
        }
        if suspended {
            self.maker.world.version(self.maker.server, "Suspended");
        }
        made
    }

    /// A key that nothing ever had.
    pub fn void(&self) -> &Thing {
        &self.void
    }

    /// The key of nothing has been used: another one.
    pub fn renew_void(&mut self) {
        self.count.set(self.count.get() + 1);
        self.void = thing("void", self.count.get());
    }

    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// Whether there is an object, and what.
    pub fn get(&self, index: usize) -> (bool, &Thing) {
        let (state, thing) = &self.made[index];
        (state.is_object, thing)
    }

    /// The same state under another key.
    pub fn renew(&mut self, index: usize) {
        let state = self.made[index].0;
        self.made[index].1 = self.make(&state);
    }
}

/// Keys of one length.
fn thing(state: &'static str, count: u32) -> Thing {
    Thing {
        state,
        key: format!("private-{count:06}"),
        version: MADE_UP_VERSION.to_owned(),
        upload: MADE_UP_UPLOAD.to_owned(),
        etag: HELLO.to_owned(),
    }
}
