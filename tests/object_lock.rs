//! Object Lock over a socket: what sets a lock, what may weaken it, and every S3 door that must not
//! get past it.
//!
//! Time does not pass here: a server is started again on its directory with a later clock, which
//! shows on the way that locks and configurations outlive a restart.

mod common;

use common::client::{Answer, Request, assert_refused};
use common::form::Form;
use common::lifecycle;
use common::lock::{
    LATER, SOON, at, bypassing, default_rule, delete, delete_objects, object, of_version, put,
    put_configuration, put_id, put_legal_hold, put_marker, put_retention, retention, server,
    with_lock,
};
use common::xml::{elements, root, text};
use common::{OTHER, OWN, TestServer};
use glassbucket::lifecycle::{Day, sweep};
use glassbucket::types::Timestamp;

#[track_caller]
fn assert_ok(answer: &Answer) {
    assert!(matches!(answer.status, 200 | 204), "{} {}", answer.status, answer.text());
}

#[track_caller]
fn assert_readable(server: &TestServer, key: &str, id: &str) {
    let answer = server.call(object("GET", key, &of_version(id)));
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
}

#[test]
fn create_bucket_with_object_lock_is_versioned_from_the_start() {
    let server = server();
    let configuration = server.call(Request::new("GET", "/bkt?object-lock"));
    assert_ok(&configuration);
    assert_eq!(root(&configuration.text()), "ObjectLockConfiguration");
    assert_eq!(text(&configuration.text(), "ObjectLockEnabled").as_deref(), Some("Enabled"));
    assert!(elements(&configuration.text(), "Rule").is_empty());
    let versioning = server.call(Request::new("GET", "/bkt?versioning"));
    assert_eq!(text(&versioning.text(), "Status").as_deref(), Some("Enabled"));
    // A bucket that has no Object Lock is no answer to who asks for one that has.
    server.make_bucket("plain");
    let create = Request::new("PUT", "/plain").header("x-amz-bucket-object-lock-enabled", "true");
    assert_refused(&server.call(create), 409, "BucketAlreadyOwnedByYou");
    let configuration = server.call(Request::new("GET", "/plain?object-lock"));
    assert_refused(&configuration, 404, "ObjectLockConfigurationNotFoundError");
}

#[test]
fn put_object_lock_configuration_outlives_a_restart_and_is_its_owner_s() {
    let mut server = server();
    for (mode, unit, count) in [("GOVERNANCE", "Days", "30"), ("COMPLIANCE", "Years", "100")] {
        let rule = default_rule(mode, &format!("<{unit}>{count}</{unit}>"));
        assert_ok(&server.call(put_configuration("bkt", &rule)));
        server = server.restart(at("2027-03-01T12:00:00Z"));
        let document = server.call(Request::new("GET", "/bkt?object-lock")).text();
        assert_eq!(text(&document, "Mode").as_deref(), Some(mode), "{document}");
        assert_eq!(text(&document, unit).as_deref(), Some(count), "{document}");
    }
    for request in [put_configuration("bkt", ""), Request::new("GET", "/bkt?object-lock")] {
        let answer = server.connect().call(&server.signer(OTHER), &request);
        assert_refused(&answer, 403, "AccessDenied");
    }
    assert_ok(&server.call(put_configuration("bkt", "")));
    let document = server.call(Request::new("GET", "/bkt?object-lock")).text();
    assert!(elements(&document, "Rule").is_empty() && document.contains("Enabled"), "{document}");
    let missing = server.call(put_configuration("none", ""));
    assert_refused(&missing, 404, "NoSuchBucket");
}

#[test]
fn put_object_lock_configuration_refuses_what_it_cannot_keep() {
    let server = server();
    let governance = |period: &str| default_rule("GOVERNANCE", period);
    for (rule, code) in [
        (governance("<Days>0</Days>"), "InvalidRetentionPeriod"),
        (governance("<Years>-1</Years>"), "InvalidRetentionPeriod"),
        (governance("<Days>1</Days><Years>1</Years>"), "MalformedXML"),
        (governance(""), "MalformedXML"),
        (default_rule("governance", "<Days>1</Days>"), "MalformedXML"),
    ] {
        assert_refused(&server.call(put_configuration("bkt", &rule)), 400, code);
    }
    let request = Request::new("PUT", "/bkt?object-lock").body("<ObjectLockConfiguration/>");
    assert_refused(&server.call(request), 400, "MalformedXML");
}

#[test]
fn put_object_lock_configuration_wants_versioning_enabled() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    let versioning = |status: &str| {
        let document = format!("<Status>{status}</Status>");
        let document = format!("<VersioningConfiguration>{document}</VersioningConfiguration>");
        server.call(Request::new("PUT", "/bkt?versioning").body(document))
    };
    assert_refused(&server.call(put_configuration("bkt", "")), 409, "InvalidBucketState");
    assert_ok(&versioning("Suspended"));
    assert_refused(&server.call(put_configuration("bkt", "")), 409, "InvalidBucketState");
    assert_ok(&versioning("Enabled"));
    assert_ok(&server.call(put_configuration("bkt", "")));
    assert_refused(&versioning("Suspended"), 409, "InvalidBucketState");
    assert_ok(&versioning("Enabled"));
}

#[test]
fn locks_are_refused_in_a_bucket_without_object_lock() {
    let server = TestServer::start();
    server.make_bucket("bkt");
    assert_ok(&server.call(object("PUT", "k", "").body("hello")));
    for request in [
        with_lock(object("PUT", "k", ""), "GOVERNANCE", SOON),
        object("PUT", "k", "").header("x-amz-object-lock-legal-hold", "ON"),
        with_lock(object("POST", "k", "uploads"), "GOVERNANCE", SOON),
        with_lock(object("PUT", "copy", ""), "GOVERNANCE", SOON)
            .header("x-amz-copy-source", "/bkt/k"),
        put_retention("k", "GOVERNANCE", SOON),
        put_legal_hold("k", "ON"),
        object("GET", "k", "retention"),
        object("GET", "k", "legal-hold"),
    ] {
        let what = format!("{} {}", request.method, request.target());
        let answer = server.call(request);
        assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidRequest"), "{what}");
        assert!(answer.text().contains("Bucket is missing Object Lock Configuration"), "{what}");
    }
    // There is nothing to bypass: the header is ignored.
    assert_ok(&server.call(bypassing(object("DELETE", "k", ""))));
}

#[test]
fn put_object_headers_are_kept_shown_and_outlive_a_restart() {
    let server = server();
    let held = object("PUT", "k", "").header("x-amz-object-lock-legal-hold", "ON");
    put(&server, with_lock(held, "GOVERNANCE", "2030-01-01T00:00:00Z"));
    let server = server.restart(at("2027-03-02T12:00:00Z"));
    for method in ["GET", "HEAD"] {
        let answer = server.call(object(method, "k", ""));
        assert_eq!(answer.header("x-amz-object-lock-mode"), Some("GOVERNANCE"));
        assert_eq!(answer.header("x-amz-object-lock-retain-until-date"), Some(SOON));
        assert_eq!(answer.header("x-amz-object-lock-legal-hold"), Some("ON"));
    }
    assert_eq!(retention(&server, "k"), ("GOVERNANCE".to_owned(), SOON.to_owned()));
    let hold = server.call(object("GET", "k", "legal-hold")).text();
    assert_eq!((root(&hold), text(&hold, "Status").as_deref()), ("LegalHold", Some("ON")));

    put(&server, object("PUT", "plain", ""));
    let answer = server.call(object("HEAD", "plain", ""));
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("x-amz-object-lock")));
    for query in ["retention", "legal-hold"] {
        let answer = server.call(object("GET", "plain", query));
        assert_refused(&answer, 404, "NoSuchObjectLockConfiguration");
    }
}

#[test]
fn post_object_locks_by_fields_of_its_form() {
    let server = server();
    let fields = [
        ("key", "k"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-object-lock-retain-until-date", SOON),
        ("x-amz-object-lock-legal-hold", "ON"),
    ];
    let conditions = r#"{"bucket": "bkt"}, {"key": "k"}, {"x-amz-object-lock-mode": "GOVERNANCE"},
        ["starts-with", "$x-amz-object-lock-retain-until-date", "20"],
        {"x-amz-object-lock-legal-hold": "ON"}"#;
    let form = Form::new(&fields, "hello").sign_v4(&server.signer(OWN), conditions);
    let id = put_id(&form.post(&mut server.connect(), &server.address.to_string(), "bkt"));
    assert_eq!(retention(&server, "k"), ("GOVERNANCE".to_owned(), SOON.to_owned()));
    assert_refused(&server.call(bypassing(delete("k", &id))), 403, "AccessDenied");
}

#[test]
fn put_object_refuses_locks_that_are_none() {
    let server = server();
    let put = || object("PUT", "k", "").body("hello");
    for request in [
        put().header("x-amz-object-lock-mode", "GOVERNANCE"),
        put().header("x-amz-object-lock-retain-until-date", SOON),
        with_lock(put(), "governance", SOON),
        with_lock(put(), "GOVERNANCE", "Tue, 01 Jan 2030 00:00:00 GMT"),
        with_lock(put(), "GOVERNANCE", "2027-03-01T12:00:00Z"),
        put().header("x-amz-object-lock-legal-hold", "yes"),
    ] {
        assert_refused(&server.call(request), 400, "InvalidArgument");
    }
    assert_refused(&server.call(object("GET", "k", "")), 404, "NoSuchKey");
}

#[test]
fn the_default_retention_begins_with_the_version() {
    let server = server();
    let rule = default_rule("COMPLIANCE", "<Days>2</Days>");
    assert_ok(&server.call(put_configuration("bkt", &rule)));
    let upload = server.call(object("POST", "parts", "uploads")).text();
    let upload_id = text(&upload, "UploadId").expect("an upload id");
    let server = server.restart(at("2027-03-10T08:00:00Z"));
    put(&server, object("PUT", "k", ""));
    let copy = object("PUT", "copy", "").header("x-amz-copy-source", "/bkt/k");
    assert_ok(&server.call(copy));
    let part = object("PUT", "parts", &format!("partNumber=1&uploadId={upload_id}"));
    let part = server.call(part.body("hello"));
    let complete = object("POST", "parts", &format!("uploadId={upload_id}")).body(format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>\
         </CompleteMultipartUpload>",
        part.header("ETag").expect("a tag")
    ));
    assert_ok(&server.call(complete));
    for key in ["k", "copy", "parts"] {
        let until = "2027-03-12T08:00:00.000Z".to_owned();
        assert_eq!(retention(&server, key), ("COMPLIANCE".to_owned(), until), "{key}");
    }
    // What the request names wins, also where it is shorter.
    let until = "2027-03-10T09:00:00.000Z";
    put(&server, with_lock(object("PUT", "own", ""), "GOVERNANCE", until));
    assert_eq!(retention(&server, "own"), ("GOVERNANCE".to_owned(), until.to_owned()));
}

#[test]
fn create_multipart_upload_keeps_its_lock_until_complete() {
    let server = server();
    let create = object("POST", "k", "uploads").header("x-amz-object-lock-legal-hold", "ON");
    let upload = server.call(with_lock(create, "GOVERNANCE", SOON)).text();
    let upload_id = text(&upload, "UploadId").expect("an upload id");
    let server = server.restart(at("2027-04-01T00:00:00Z"));
    let part = object("PUT", "k", &format!("partNumber=1&uploadId={upload_id}")).body("hello");
    let part = server.call(part);
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>\
         </CompleteMultipartUpload>",
        part.header("ETag").expect("a tag")
    );
    let complete = object("POST", "k", &format!("uploadId={upload_id}")).body(list);
    let id = put_id(&server.call(complete));
    assert_eq!(retention(&server, "k"), ("GOVERNANCE".to_owned(), SOON.to_owned()));
    assert_refused(&server.call(bypassing(delete("k", &id))), 403, "AccessDenied");
    assert_ok(&server.call(put_legal_hold("k", "OFF")));
    assert_refused(&server.call(delete("k", &id)), 403, "AccessDenied");
    assert_ok(&server.call(bypassing(delete("k", &id))));
}

#[test]
fn put_object_retention_is_of_one_version_and_refuses_what_is_none() {
    let server = server();
    let old = put(&server, object("PUT", "k", ""));
    let new = put(&server, object("PUT", "k", ""));
    let mut request = put_retention("k", "GOVERNANCE", SOON);
    request.query = format!("retention&versionId={old}");
    assert_ok(&server.call(request.clone()));
    let get = |id: &str| server.call(object("GET", "k", &format!("retention&versionId={id}")));
    assert_eq!(text(&get(&old).text(), "RetainUntilDate").as_deref(), Some(SOON));
    assert_refused(&get(&new), 404, "NoSuchObjectLockConfiguration");

    let past = put_retention("k", "GOVERNANCE", "2027-03-01T11:59:59Z");
    assert_refused(&server.call(past), 400, "InvalidArgument");
    for (mode, until) in [("governance", SOON), ("abc", SOON), ("GOVERNANCE", "soon"), ("", "")] {
        assert_refused(&server.call(put_retention("k", mode, until)), 400, "MalformedXML");
    }
    let absent = server.call(put_retention("absent", "GOVERNANCE", SOON));
    assert_refused(&absent, 404, "NoSuchKey");
    request.query = format!("retention&versionId={}", "0".repeat(32));
    assert_refused(&server.call(request), 404, "NoSuchVersion");
    let foreign = put_retention("k", "GOVERNANCE", SOON);
    let answer = server.connect().call(&server.signer(OTHER), &foreign);
    assert_refused(&answer, 403, "AccessDenied");
}

#[test]
fn put_object_legal_hold_is_on_or_off() {
    let server = server();
    put(&server, object("PUT", "k", ""));
    for status in ["ON", "OFF"] {
        assert_ok(&server.call(put_legal_hold("k", status)));
        let answer = server.call(object("GET", "k", "legal-hold"));
        assert_eq!(text(&answer.text(), "Status").as_deref(), Some(status));
        let answer = server.call(object("HEAD", "k", ""));
        assert_eq!(answer.header("x-amz-object-lock-legal-hold"), Some(status));
    }
    assert_refused(&server.call(put_legal_hold("k", "abc")), 400, "MalformedXML");
    assert_refused(&server.call(put_legal_hold("absent", "ON")), 404, "NoSuchKey");
}

#[test]
fn governance_is_weakened_with_a_bypass_alone() {
    let server = server();
    put(&server, with_lock(object("PUT", "k", ""), "GOVERNANCE", LATER));
    let removal = || object("PUT", "k", "retention").body("<Retention/>");
    for weaker in
        [put_retention("k", "GOVERNANCE", SOON), put_retention("k", "COMPLIANCE", LATER), removal()]
    {
        assert_refused(&server.call(weaker), 403, "AccessDenied");
        assert_eq!(retention(&server, "k"), ("GOVERNANCE".to_owned(), LATER.to_owned()));
    }
    // What a client was told it may send back.
    assert_ok(&server.call(put_retention("k", "GOVERNANCE", LATER)));
    assert_ok(&server.call(put_retention("k", "GOVERNANCE", "2030-01-03T00:00:00Z")));
    assert_ok(&server.call(bypassing(put_retention("k", "GOVERNANCE", SOON))));
    assert_eq!(retention(&server, "k"), ("GOVERNANCE".to_owned(), SOON.to_owned()));
    assert_ok(&server.call(bypassing(removal())));
    let answer = server.call(object("GET", "k", "retention"));
    assert_refused(&answer, 404, "NoSuchObjectLockConfiguration");
    assert_ok(&server.call(put_retention("k", "GOVERNANCE", SOON)));
    assert_ok(&server.call(bypassing(put_retention("k", "COMPLIANCE", SOON))));
}

#[test]
fn compliance_is_extended_and_never_weakened() {
    let server = server();
    let id = put(&server, with_lock(object("PUT", "k", ""), "COMPLIANCE", SOON));
    assert_ok(&server.call(put_retention("k", "COMPLIANCE", LATER)));
    for weaker in [
        put_retention("k", "COMPLIANCE", SOON),
        put_retention("k", "GOVERNANCE", LATER),
        object("PUT", "k", "retention").body("<Retention/>"),
        delete("k", &id),
    ] {
        assert_refused(&server.call(bypassing(weaker)), 403, "AccessDenied");
        assert_eq!(retention(&server, "k"), ("COMPLIANCE".to_owned(), LATER.to_owned()));
    }
    let server = server.restart(at("2030-01-01T23:59:59Z"));
    assert_refused(&server.call(delete("k", &id)), 403, "AccessDenied");
    let server = server.restart(at("2030-01-02T00:00:00Z"));
    assert_ok(&server.call(delete("k", &id)));
    assert_refused(&server.call(object("GET", "k", "")), 404, "NoSuchKey");
}

/// Each way of S3 to lose a version, tried on one that must stay.
#[test]
fn no_door_of_s3_removes_a_protected_version() {
    for lock in ["COMPLIANCE", "legal hold"] {
        let server = server();
        let id = match lock {
            "COMPLIANCE" => put(&server, with_lock(object("PUT", "k", ""), lock, SOON)),
            _ => put(&server, object("PUT", "k", "").header("x-amz-object-lock-legal-hold", "ON")),
        };
        // The version itself, current or not.
        assert_refused(&server.call(delete("k", &id)), 403, "AccessDenied");
        assert_refused(&server.call(bypassing(delete("k", &id))), 403, "AccessDenied");
        assert_refused(&delete_objects(&server, "k", &id), 403, "AccessDenied");
        // What replaces the current version: each makes one of its own.
        assert_ok(&server.call(object("PUT", "k", "").body("other")));
        put(&server, object("PUT", "source", ""));
        let copy = object("PUT", "k", "").header("x-amz-copy-source", "/bkt/source");
        assert_ok(&server.call(copy));
        let replace = object("PUT", "k", "")
            .header("x-amz-copy-source", &format!("/bkt/k?versionId={id}"))
            .header("x-amz-metadata-directive", "REPLACE");
        assert_ok(&server.call(replace));
        let marker = server.call(object("DELETE", "k", ""));
        assert_eq!((marker.status, marker.header("x-amz-delete-marker")), (204, Some("true")));
        assert_readable(&server, "k", &id);
        assert_refused(&server.call(bypassing(delete("k", &id))), 403, "AccessDenied");
        // The bucket with all in it, and versioning, which keeps the overwritten.
        assert_refused(&server.call(Request::new("DELETE", "/bkt")), 409, "BucketNotEmpty");
        let suspend = "<VersioningConfiguration><Status>Suspended</Status>\
                       </VersioningConfiguration>";
        let suspend = server.call(Request::new("PUT", "/bkt?versioning").body(suspend));
        assert_refused(&suspend, 409, "InvalidBucketState");
        assert_ok(&server.call(Request::new("PUT", "/bkt")));
        let server = server.restart(at("2027-03-02T00:00:00Z"));
        assert_readable(&server, "k", &id);
        assert_refused(&server.call(delete("k", &id)), 403, "AccessDenied");
    }
}

/// Lifecycle removes versions by DeleteObject's door, and bypasses nothing.
#[test]
fn a_sweep_of_lifecycle_rules_waits_for_a_lock() {
    let server = server();
    let locked = with_lock(object("PUT", "k", ""), "GOVERNANCE", "2100-01-01T00:00:00Z");
    let kept = put(&server, locked);
    let held = object("PUT", "held", "").header("x-amz-object-lock-legal-hold", "ON");
    let held = put(&server, held);
    let free = put(&server, object("PUT", "free", ""));
    for key in ["k", "held", "free"] {
        put(&server, object("PUT", key, ""));
    }
    let expiration = "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>\
                      </NoncurrentVersionExpiration>";
    lifecycle::set_rules(&server, &lifecycle::rule("old", "<Filter/>", expiration));
    let get = |key: &str, id: &str| server.call(object("GET", key, &of_version(id)));

    lifecycle::sweep_in(&server, 30);
    assert_readable(&server, "k", &kept);
    assert_readable(&server, "held", &held);
    assert_refused(&get("free", &free), 404, "NoSuchVersion");
    let after = Timestamp::parse_iso8601("2100-01-01T00:00:00Z").expect("a time");
    sweep(&lifecycle::store(&server.data()), after, Day::Real, &|| false);
    assert_refused(&get("k", &kept), 404, "NoSuchVersion");
    assert_readable(&server, "held", &held);
}

#[test]
fn delete_object_passes_governance_with_a_bypass_alone() {
    let server = server();
    let kept = put(&server, with_lock(object("PUT", "k", ""), "GOVERNANCE", SOON));
    assert_refused(&server.call(delete("k", &kept)), 403, "AccessDenied");
    let marker = put_marker(&server);
    assert_ok(&server.call(delete("k", &marker)));
    assert_readable(&server, "k", &kept);
    assert_ok(&server.call(bypassing(delete("k", &kept))));
    let again = put(&server, with_lock(object("PUT", "k", ""), "GOVERNANCE", SOON));
    assert_eq!(delete_objects(&server, "k", &again).status, 200);
    assert_refused(&server.call(object("GET", "k", "")), 404, "NoSuchKey");
    assert_ok(&server.call(Request::new("DELETE", "/bkt")));
}

/// Whoever may write, or remove versions, may not for that reason lock, or pass a lock, too.
#[test]
fn locks_want_permissions_of_their_own() {
    let server = server();
    let permit = |actions: &str| {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],
            "Principal":{{"AWS":"other1"}},"Resource":"arn:aws:s3:::bkt/*"}}]}}"#
        );
        assert_ok(&server.call(Request::new("PUT", "/bkt?policy").body(policy)));
    };
    let as_other = |request: Request| server.connect().call(&server.signer(OTHER), &request);
    let held = || object("PUT", "k", "").header("x-amz-object-lock-legal-hold", "OFF");
    let locked = || with_lock(object("PUT", "k", ""), "GOVERNANCE", SOON);
    let is_shown = |answer: &Answer, name| answer.header(name).is_some();
    let id = put(&server, with_lock(held(), "GOVERNANCE", SOON));

    let plain = r#""s3:PutObject","s3:GetObject","s3:GetObjectVersion","s3:DeleteObjectVersion""#;
    permit(plain);
    assert_ok(&as_other(object("PUT", "other", "").body("hello")));
    assert_refused(&as_other(locked()), 403, "AccessDenied");
    assert_refused(&as_other(held()), 403, "AccessDenied");
    assert_refused(&as_other(bypassing(delete("k", &id))), 403, "AccessDenied");
    let seen = as_other(object("GET", "k", &of_version(&id)));
    assert_ok(&seen);
    assert!(!seen.headers.iter().any(|(name, _)| name.starts_with("x-amz-object-lock")));

    permit(&format!(
        r#"{plain},"s3:PutObjectRetention","s3:PutObjectLegalHold","s3:GetObjectRetention",
        "s3:BypassGovernanceRetention""#
    ));
    assert_ok(&as_other(locked()));
    assert_ok(&as_other(held()));
    let seen = as_other(object("GET", "k", &of_version(&id)));
    assert!(is_shown(&seen, "x-amz-object-lock-mode"));
    assert!(!is_shown(&seen, "x-amz-object-lock-legal-hold"));
    assert_refused(&as_other(delete("k", &id)), 403, "AccessDenied");
    assert_ok(&as_other(bypassing(delete("k", &id))));
}

#[test]
fn a_lock_stays_with_a_file_that_was_edited_by_hand() {
    let server = server();
    put(&server, with_lock(object("PUT", "k", ""), "GOVERNANCE", SOON));
    let file = server.data().join("bkt/k");
    let mut bytes = std::fs::read(&file).expect("the plain file");
    bytes.extend(b" world");
    std::fs::write(&file, bytes).expect("an edit");
    assert_eq!(retention(&server, "k"), ("GOVERNANCE".to_owned(), SOON.to_owned()));
}
