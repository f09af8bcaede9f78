//! Lifecycle over a socket: the configuration and each way to get it wrong, what other operations
//! tell of it, and what a sweep leaves behind.
//!
//! Sweeps run on a store of their own, as those of a second server would, at a time that the test
//! chooses; one test waits for the server's own.

mod common;

use common::client::{Answer, Request};
use common::lifecycle::{
    DAY_RULE, document, get_rules, keys, put, put_request, rule, set_rules, store, sweep_in,
    unclaimed, with_rules,
};
use common::xml::{elements, text, texts};
use common::{OTHER, TestServer};
use glassbucket::lifecycle::{Day, sweep};
use glassbucket::types::Timestamp;
use glassbucket::types::lifecycle::DAY_SECS;
use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

#[test]
fn put_bucket_lifecycle_configuration_comes_back_as_given() {
    let rules = rule("a", "<Prefix>p/</Prefix>", DAY_RULE)
        + &rule("b", "<Prefix></Prefix>", "<Expiration><Days>9</Days></Expiration>");
    let server = with_rules(&rules);
    let answer = get_rules(&server);
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains(&rules), "{}", answer.text());
    let minimum = "x-amz-transition-default-minimum-object-size";
    assert_eq!(answer.header(minimum), Some("all_storage_classes_128K"));
    let varies = put_request("bkt", &document(&rules)).header(minimum, "varies_by_storage_class");
    assert_eq!(server.call(varies).header(minimum), Some("varies_by_storage_class"));
    assert_eq!(get_rules(&server).header(minimum), Some("varies_by_storage_class"));
    // Another server on the directory, or this one after a restart, reads the same.
    let bucket = glassbucket::types::BucketName::parse("bkt").unwrap();
    let reopened = store(&server.data()).bucket(&bucket).unwrap();
    assert_eq!(reopened.config().lifecycle.as_ref().map(|rules| rules.rules().len()), Some(2));
}

#[test]
fn put_bucket_lifecycle_configuration_names_rules_without_an_id() {
    let days = |days| format!("<Expiration><Days>{days}</Days></Expiration>");
    let unnamed = |days_, prefix| {
        format!("<Rule><Prefix>{prefix}</Prefix><Status>Enabled</Status>{}</Rule>", days(days_))
    };
    let server = with_rules(&(unnamed(1, "a") + &unnamed(2, "b")));
    assert_eq!(texts(&get_rules(&server).text(), "Rule", "ID"), ["rule-1", "rule-2"]);
}

#[test]
fn put_bucket_lifecycle_configuration_keeps_transitions_and_moves_nothing() {
    let transition = "<Transition><Days>0</Days><StorageClass>GLACIER</StorageClass></Transition>";
    let server = with_rules(&rule("a", "<Filter></Filter>", transition));
    assert!(get_rules(&server).text().contains(transition));
    put(&server, "k", "x");
    sweep_in(&server, 9);
    let listing = server.call(Request::new("GET", "/bkt")).text();
    assert_eq!(texts(&listing, "Contents", "StorageClass"), ["STANDARD"]);
}

#[test]
fn put_bucket_lifecycle_configuration_refuses() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let good = rule("a", "<Filter></Filter>", DAY_RULE);
    let zero = "<Expiration><Days>0</Days></Expiration>";
    for (rules, status, code) in [
        (String::new(), 400, "MalformedXML"),
        (good.replace("Enabled", "enabled"), 400, "MalformedXML"),
        (good.clone() + &good, 400, "InvalidArgument"),
        (rule(&"a".repeat(256), "<Filter/>", DAY_RULE), 400, "InvalidArgument"),
        (rule("a", "<Filter/>", zero), 400, "InvalidArgument"),
        (rule("a", "<Filter/>", ""), 400, "InvalidRequest"),
    ] {
        let answer = server.call(put_request("bkt", &document(&rules)));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{rules}");
    }
    let good = document(&good);
    let wrong = unclaimed("bkt", &good).header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    let size = "x-amz-transition-default-minimum-object-size";
    for (request, status, code) in [
        (unclaimed("bkt", &good), 400, "InvalidRequest"),
        (wrong, 400, "BadDigest"),
        (put_request("bkt", &good).header(size, "1"), 400, "InvalidArgument"),
        (put_request("none", &good), 404, "NoSuchBucket"),
    ] {
        let answer = server.call(request);
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    assert_eq!(get_rules(&server).code(), "NoSuchLifecycleConfiguration");
}

/// 2 MB of XML could become more than is ever read again: the bucket would be closed.
#[test]
fn put_bucket_lifecycle_configuration_refuses_what_cannot_be_read_again() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let prefix = "p".repeat(1500);
    let rules: String = (0..1000)
        .map(|n| rule(&n.to_string(), &format!("<Prefix>{prefix}{n}</Prefix>"), DAY_RULE))
        .collect();
    let answer = server.call(put_request("bkt", &document(&rules)));
    assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidRequest"));
    put(&server, "k", "the bucket still opens");
}

#[test]
fn delete_bucket_lifecycle_forgets_the_rules() {
    let server = with_rules(&rule("a", "<Filter/>", DAY_RULE));
    for _ in 0..2 {
        assert_eq!(server.call(Request::new("DELETE", "/bkt?lifecycle")).status, 204);
        let answer = get_rules(&server);
        assert_eq!((answer.status, answer.code().as_str()), (404, "NoSuchLifecycleConfiguration"));
    }
    put(&server, "k", "x");
    sweep_in(&server, 9);
    assert_eq!(keys(&server), ["k"]);
}

#[test]
fn lifecycle_configuration_is_the_owners_alone() {
    let server = with_rules(&rule("a", "<Filter/>", DAY_RULE));
    let other = server.signer(OTHER);
    for request in [
        Request::new("GET", "/bkt?lifecycle"),
        put_request("bkt", &document(&rule("b", "<Filter/>", DAY_RULE))),
        Request::new("DELETE", "/bkt?lifecycle"),
    ] {
        let answer = server.connect().call(&other, &request);
        assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDenied"));
    }
    assert_eq!(texts(&get_rules(&server).text(), "Rule", "ID"), ["a"]);
}

#[test]
fn operations_on_objects_tell_when_they_expire() {
    let server = with_rules(&rule("a rule", "<Prefix>p/</Prefix>", DAY_RULE));
    let told = |answer: Answer| {
        let header = answer.header("x-amz-expiration").map(str::to_owned)?;
        assert!(header.ends_with(" 00:00:00 GMT\", rule-id=\"a%20rule\""), "{header}");
        Some(header)
    };
    assert!(told(put(&server, "p/k", "x")).is_some());
    for method in ["GET", "HEAD"] {
        assert!(told(server.call(Request::object(method, "bkt", "p/k"))).is_some());
    }
    let copy = |to| Request::object("PUT", "bkt", to).header("x-amz-copy-source", "/bkt/p/k");
    assert!(told(server.call(copy("p/copy"))).is_some());
    assert_eq!(told(server.call(copy("copy"))), None);
    assert_eq!(told(put(&server, "q", "x")), None);
    assert_eq!(told(server.call(Request::object("GET", "bkt", "q"))), None);
}

#[test]
fn multipart_uploads_tell_when_they_end_and_then_expire() {
    let abort = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>\
                 </AbortIncompleteMultipartUpload>";
    let server = with_rules(&rule("a", "<Filter/>", &(DAY_RULE.to_owned() + abort)));
    let created = server.call(Request::new("POST", "/bkt/k?uploads"));
    assert!(created.header("x-amz-abort-date").is_some_and(|date| date.ends_with("00:00:00 GMT")));
    assert_eq!(created.header("x-amz-abort-rule-id"), Some("a"));
    let id = text(&created.text(), "UploadId").unwrap();
    let with_id =
        |method, query: &str| Request::new(method, &format!("/bkt/k?{query}uploadId={id}"));
    let part = server.call(with_id("PUT", "partNumber=1&").body("x"));
    let etag = part.header("ETag").unwrap().to_owned();
    assert_eq!(server.call(with_id("GET", "")).header("x-amz-abort-rule-id"), Some("a"));
    let complete = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    let done = server.call(with_id("POST", "").body(complete));
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.header("x-amz-expiration").is_some());
}

#[test]
fn a_sweep_removes_what_is_due_and_nothing_else() {
    let sized = "<Filter><And><Prefix>s/</Prefix><ObjectSizeGreaterThan>2</ObjectSizeGreaterThan>\
                 </And></Filter>";
    let disabled = rule("c", "<Filter/>", DAY_RULE).replace("Enabled", "Disabled");
    let filtered = "<Filter><Prefix>p/</Prefix></Filter>";
    let server =
        with_rules(&(rule("a", filtered, DAY_RULE) + &rule("b", sized, DAY_RULE) + &disabled));
    for key in ["p/a/b", "p/", "p/a", "p", "q/p/a", "s/no"] {
        put(&server, key, "12");
    }
    put(&server, "s/yes", "123");
    sweep_in(&server, 0);
    assert_eq!(keys(&server).len(), 7);
    sweep_in(&server, 2);
    assert_eq!(keys(&server), ["p", "q/p/a", "s/no"]);
    // Nothing of what went is left on the disk either.
    assert!(!server.data().join("bkt/p").is_dir());
}

/// The sweep asks whether to stop before the listing and then before each removal: the second time
/// the object that the listing has is overwritten.
#[test]
fn a_sweep_spares_what_changed_since_it_was_listed() {
    let server = with_rules(&rule("a", "<Filter/>", DAY_RULE));
    put(&server, "k", "old");
    put(&server, "l", "old");
    let tomorrow = Timestamp::new(Timestamp::now().secs() + 2 * DAY_SECS, 0);
    let newer = std::time::SystemTime::now() + Duration::from_secs(2 * DAY_SECS as u64);
    let asked = Cell::new(0);
    let overwrite = || {
        asked.set(asked.get() + 1);
        if asked.get() != 2 {
            return false;
        }
        put(&server, "k", "new");
        let file = std::fs::File::options().write(true).open(server.data().join("bkt/k")).unwrap();
        file.set_modified(newer).unwrap();
        false
    };
    sweep(&store(&server.data()), tomorrow, Day::Real, &overwrite);
    assert!(asked.get() > 2);
    assert_eq!(keys(&server), ["k"]);
    assert_eq!(server.call(Request::object("GET", "bkt", "k")).text(), "new");
}

#[test]
fn a_sweep_walks_on_over_many_pages() {
    let server = with_rules(&rule("a", "<Filter><Prefix>p</Prefix></Filter>", DAY_RULE));
    let folder = server.data().join("bkt");
    for n in 0..2500 {
        std::fs::write(folder.join(format!("p{n}")), "x").unwrap();
    }
    put(&server, "q", "x");
    sweep_in(&server, 2);
    assert_eq!(keys(&server), ["q"]);
}

#[test]
fn a_sweep_aborts_uploads_that_are_due() {
    let abort = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>\
                 </AbortIncompleteMultipartUpload>";
    let server = with_rules(&rule("a", "<Filter><Prefix>p/</Prefix></Filter>", abort));
    for key in ["p/a", "q"] {
        assert_eq!(server.call(Request::new("POST", &format!("/bkt/{key}?uploads"))).status, 200);
    }
    put(&server, "p/object", "x");
    let uploads = || {
        let listing = server.call(Request::new("GET", "/bkt?uploads")).text();
        texts(&listing, "Upload", "Key")
    };
    sweep_in(&server, 1);
    assert_eq!(uploads(), ["p/a", "q"]);
    sweep_in(&server, 4);
    assert_eq!(uploads(), ["q"]);
    assert_eq!(keys(&server), ["p/object"]);
}

/// No file of the sweep's own is needed: a second sweep at the same time finds less to do.
#[test]
fn two_servers_sweep_one_directory() {
    let server = with_rules(&rule("a", "<Filter><Prefix>p</Prefix></Filter>", DAY_RULE));
    for n in 0..200 {
        std::fs::write(server.data().join(format!("bkt/p{n}")), "x").unwrap();
    }
    put(&server, "q", "x");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| sweep_in(&server, 2));
        }
    });
    assert_eq!(keys(&server), ["q"]);
}

#[test]
fn a_server_sweeps_by_itself() {
    let short = Day::Short(NonZeroU32::MIN);
    let server = TestServer::with(|config| config.lifecycle_day = short);
    server.make_bucket("bkt");
    put(&server, "p/a", "x");
    put(&server, "q", "x");
    set_rules(&server, &rule("a", "<Prefix>p/</Prefix>", DAY_RULE));
    // Clients are told real days.
    let told = server.call(Request::object("HEAD", "bkt", "p/a"));
    assert!(told.status == 404 || told.header("x-amz-expiration").is_some());
    let deadline = Instant::now() + Duration::from_secs(60);
    while keys(&server) != ["q"] {
        assert!(Instant::now() < deadline, "{:?}", keys(&server));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(elements(&get_rules(&server).text(), "Rule").len(), 1);
}
