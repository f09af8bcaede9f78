//! The bounds of a scope, tried from within over a socket: keys and prefixes in every spelling,
//! copies, forms, uploads, what is public or granted, versions, conditions, presigned URLs.

mod common;

use common::client::{Answer, Request, assert_refused, encode};
use common::form::Form;
use common::lock;
use common::operations::content_md5;
use common::refusals::snapshot;
use common::roles::{as_third, scoped, with_role};
use common::sharing::{
    as_nobody, as_other, assert_denied, bucket, object, put_acl, put_policy, statement,
};
use common::xml::{text, texts};
use common::{OTHER, TestServer};
use glassbucket::auth::role::Role;
use glassbucket::types::PublicAccessBlock;

/// What lies outside the scope `bkt/cam` and is never to be seen or changed through it.
const OUTSIDE: &[&str] = &["a", "cam", "cam1/x", "camera/x", "dam/x", "secret"];

/// Bucket `bkt` with [`OUTSIDE`], `cam/1` and `cam/2/3`, and a user of that role.
fn scene(role: Role) -> TestServer {
    let server = TestServer::with(with_role(role));
    server.make_bucket("bkt");
    for key in OUTSIDE.iter().chain(&["cam/1", "cam/2/3"]) {
        assert_eq!(server.call(object("PUT", key).body("hello")).status, 200);
    }
    server
}

/// The same; it reads and writes `bkt/cam`.
fn folder() -> TestServer {
    scene(scoped(&["bkt/cam"], &["bkt/cam"]))
}

/// What is outside has not changed, and nothing was added there.
#[track_caller]
fn assert_untouched(server: &TestServer) {
    let listed = server.call(bucket("GET", "list-type=2"));
    let mut keys = texts(&listed.text(), "Contents", "Key");
    keys.retain(|key| !key.starts_with("cam/"));
    assert_eq!(keys, OUTSIDE);
    for key in OUTSIDE {
        assert_eq!(server.call(object("GET", key)).text(), "hello", "{key}");
    }
}

fn copy_to(key: &str, source: &str) -> Request {
    object("PUT", key).header("x-amz-copy-source", source)
}

#[test]
fn class_d_no_spelling_of_a_key_leaves_the_scope() {
    let server = folder();
    let paths = [
        "/bkt/cam/../secret",
        "/bkt/cam/%2e%2e/secret",
        "/bkt/cam%2f..%2fsecret",
        "/bkt/cam/..%2Fsecret",
        "/bkt/cam/%252e%252e/secret",
        "/bkt/cam//../../secret",
        "/bkt/./secret",
        "/bkt//cam/1",
        "/bkt//secret",
        "/bkt/%2Fcam/1",
        "/bkt/%63am1/x",
        "/bkt/cam",
        "/bkt/CAM/1",
        "/bkt/camera/x",
        "/bkt/secret%00cam/",
        "/bkt/cam/../../bkt/secret",
        "/cam/../bkt/secret",
    ];
    for path in paths {
        for method in ["GET", "PUT", "DELETE"] {
            let request = Request::new(method, path).body(if method == "PUT" { "new" } else { "" });
            let answer = as_other(&server, &request);
            // A literal `..` within the folder is a key like any other, or no key.
            assert_ne!(answer.text(), "hello", "{method} {path}");
        }
    }
    assert_untouched(&server);
    // The control: what is within is served, in every good spelling.
    for path in ["/bkt/cam/1", "/bkt/%63am/1", "/bkt/cam%2F1"] {
        assert_eq!(as_other(&server, &Request::new("GET", path)).text(), "hello", "{path}");
    }
}

#[test]
fn class_h_a_copy_reads_within_the_scope_and_writes_within_it() {
    let server = folder();
    let start = as_other(&server, &Request::new("POST", "/bkt/cam/parts?uploads"));
    let id = text(&start.text(), "UploadId").expect("an upload");
    let part = format!("/bkt/cam/parts?partNumber=1&uploadId={id}");
    for source in [
        "/bkt/secret",
        "bkt/secret",
        "/bkt/%73ecret",
        "/bkt%2Fsecret",
        "bkt/cam",
        "/bkt/camera/x",
        "/bkt/secret?versionId=null",
        "//bkt/secret",
        "/bkt/cam/../secret",
        "/bkt/cam/%2e%2e/secret",
        "/bkt/cam/1/../../secret",
        "/bkt/secret#cam/1",
        "/bkt/absent",
    ] {
        let answer = as_other(&server, &copy_to("cam/copy", source));
        assert!(answer.status >= 400, "{source}: {}", answer.text());
        let request = Request::new("PUT", &part).header("x-amz-copy-source", source);
        assert!(as_other(&server, &request).status >= 400, "{source}");
    }
    assert_denied(&as_other(&server, &copy_to("cam/copy", "/bkt/secret")));
    assert_denied(&as_other(&server, &copy_to("secret", "/bkt/cam/1")));
    assert_refused(&as_other(&server, &copy_to("cam/copy", "/bkt/cam/no")), 404, "NoSuchKey");
    assert_eq!(as_other(&server, &copy_to("cam/copy", "/bkt/cam/1")).status, 200);
    let request = Request::new("PUT", &part).header("x-amz-copy-source", "bkt/cam%2F1");
    assert_eq!(as_other(&server, &request).status, 200);
    assert_untouched(&server);
}

#[test]
fn a_listing_stays_within_the_prefix_it_was_allowed_for() {
    let server = folder();
    let upload = |key: &str| server.call(Request::new("POST", &format!("/bkt/{key}?uploads")));
    for key in ["cam/1", "secret"] {
        assert_eq!(upload(key).status, 200);
    }
    for kind in ["", "list-type=2&", "versions&", "uploads&"] {
        for query in [
            "",
            "prefix=",
            "prefix=cam",
            "prefix=c",
            "prefix=camera/",
            "prefix=%2Fcam/",
            "prefix=Cam/",
            "delimiter=/",
            "prefix=cam&delimiter=/",
            // Of two the first counts, for the scope as for the listing.
            "prefix=&prefix=cam/",
            "prefix=secret&prefix=cam/",
            "Prefix=cam/",
            "prefix=secret%00cam/",
            "key-marker=cam/&start-after=cam/&marker=cam/",
        ] {
            assert_denied(&as_other(&server, &bucket("GET", &format!("{kind}{query}"))));
        }
        for query in [
            "prefix=cam/",
            "prefix=cam/&prefix=",
            "prefix=cam/&delimiter=/",
            "prefix=cam/&start-after=secre&marker=secre&key-marker=secre",
            "prefix=cam/&start-after=a&marker=a&key-marker=a",
            "prefix=cam/&delimiter=a",
            "prefix=cam/2/",
            "prefix=cam%2F&encoding-type=url",
            "prefix=cam/&max-keys=0",
        ] {
            let answer = as_other(&server, &bucket("GET", &format!("{kind}{query}")));
            assert_eq!(answer.status, 200, "{kind}{query}: {}", answer.text());
            let text = answer.text();
            let listed = ["Contents", "Version", "Upload"].map(|of| texts(&text, of, "Key"));
            let prefixes = texts(&text, "CommonPrefixes", "Prefix");
            for key in listed.iter().flatten().chain(&prefixes) {
                let key = key.replace("%2F", "/");
                assert!(key.starts_with("cam/"), "{kind}{query}: {key}");
            }
        }
    }
    let page = as_other(&server, &bucket("GET", "list-type=2&prefix=cam/&max-keys=1")).text();
    let token = text(&page, "NextContinuationToken").expect("a token");
    let next = |prefix: &str| {
        let query = format!("list-type=2&continuation-token={token}&prefix={prefix}");
        as_other(&server, &bucket("GET", &query))
    };
    assert_eq!(texts(&next("cam/").text(), "Contents", "Key"), ["cam/2/3"]);
    assert_denied(&next(""));
}

#[test]
fn delete_objects_weighs_each_key_by_the_scope() {
    let server = folder();
    let keys = ["cam/1", "secret", "cam", "cam/../secret", "/cam/1", "camera/x", "cam/absent"];
    let entries: String =
        keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
    let named = "<Object><Key>cam/2/3</Key><VersionId>null</VersionId></Object>";
    let delete = |entries: &str| {
        let body = format!("<Delete>{entries}</Delete>");
        let md5 = content_md5(body.as_bytes());
        bucket("POST", "delete").header("content-md5", &md5).body(body)
    };
    let answer = as_other(&server, &delete(&(entries + named)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let refused = texts(&answer.text(), "Error", "Key");
    for key in ["secret", "cam", "/cam/1", "camera/x", "cam/2/3"] {
        assert!(refused.iter().any(|other| other == key), "{key}: {}", answer.text());
    }
    assert_eq!(server.call(object("GET", "cam/1")).status, 404);
    assert_eq!(server.call(object("GET", "cam/2/3")).status, 200, "a version is removed for good");
    assert_untouched(&server);
    let beside = scene(scoped(&["*"], &["bkt2"]));
    assert_denied(&as_other(&beside, &delete(named)));
}

#[test]
fn a_form_writes_within_the_scope_of_the_key_that_signed_it() {
    let server = folder();
    let post = |key: &str, filename: &str| {
        let mut form = Form::new(&[("key", key)], "new");
        form.filename = filename.to_owned();
        let conditions = r#"{"bucket": "bkt"}, ["starts-with", "$key", ""]"#;
        let form = form.sign_v4(&server.signer(OTHER), conditions);
        form.post(&mut server.connect(), &server.address.to_string(), "bkt")
    };
    assert_eq!(post("cam/${filename}", "new").status, 204);
    assert_eq!(server.call(object("GET", "cam/new")).text(), "new");
    for (key, filename) in [
        ("secret", "x"),
        ("${filename}", "secret"),
        ("${filename}", "cam"),
        ("cam${filename}", "era/x"),
        ("/cam/x", "x"),
    ] {
        assert_denied(&post(key, filename));
    }
    post("cam/${filename}", "../secret"); // stays below, or is no key
    assert_untouched(&server);
}

#[test]
fn an_upload_is_of_the_key_it_was_started_for() {
    let server = folder();
    let start = |key: &str| Request::new("POST", &format!("/bkt/{key}?uploads"));
    let theirs = text(&server.call(start("secret")).text(), "UploadId").expect("an upload");
    for key in ["secret", "cam/1"] {
        let at = format!("/bkt/{key}?uploadId={theirs}");
        for request in [
            Request::new("GET", &at),
            Request::new("DELETE", &at),
            Request::new("PUT", &format!("{at}&partNumber=1")).body("new"),
            Request::new("POST", &at).body(common::operations::PARTS),
        ] {
            let answer = as_other(&server, &request);
            let code = if key == "secret" { "AccessDenied" } else { "NoSuchUpload" };
            assert_eq!(answer.code(), code, "{} {at}", request.method);
        }
    }
    let at = format!("/bkt/secret?uploadId={theirs}");
    assert_eq!(server.call(Request::new("GET", &at)).status, 200, "it is still there");
    assert_denied(&as_other(&server, &start("secret")));
    assert_eq!(as_other(&server, &start("cam/x")).status, 200);
}

#[test]
fn what_is_public_or_granted_outside_the_scope_is_not_the_scoped_users() {
    let server = folder().restart(|config| {
        with_role(scoped(&["bkt/cam"], &["bkt/cam"]))(config);
        config.block = PublicAccessBlock::default();
    });
    for grantee in ["*", "other1"] {
        put_policy(&server, statement("Allow", grantee, "s3:*", ""));
        put_acl(&server, "/bkt?acl", "public-read-write");
        put_acl(&server, "/bkt/secret?acl", "public-read");
        for request in [
            object("GET", "secret"),
            object("HEAD", "secret"),
            object("PUT", "new"),
            bucket("GET", ""),
            bucket("GET", "policy"),
            bucket("DELETE", "policy"),
            bucket("PUT", "acl").header("x-amz-acl", "private"),
        ] {
            let answer = as_other(&server, &request);
            assert_eq!(answer.status, 403, "{} {}", request.method, request.target());
        }
        assert_eq!(as_nobody(&server, &object("GET", "secret")).status, 200, "the control");
        assert_eq!(as_other(&server, &object("GET", "cam/1")).status, 200);
    }
    assert_untouched(&server);
}

/// With what it stores itself, and where the bucket takes ACLs; of what is there it also reads it.
#[test]
fn who_writes_opens_to_everybody_what_it_writes_only_where_that_is_allowed() {
    let role = || scoped(&[], &["bkt/cam"]);
    let server = scene(role());
    let open = |key: &str| object("PUT", key).header("x-amz-acl", "public-read").body("hello");
    assert_eq!(as_other(&server, &open("cam/open")).status, 200);
    assert_denied(&as_nobody(&server, &object("GET", "cam/open")));
    let server = server.restart(|config| {
        with_role(role())(config);
        config.block = PublicAccessBlock::default();
    });
    assert_eq!(as_nobody(&server, &object("GET", "cam/open")).status, 200);
    let acl = Request::new("PUT", "/bkt/cam/1?acl").header("x-amz-acl", "public-read");
    assert_denied(&as_other(&server, &acl));
    let controls = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced\
                    </ObjectOwnership></Rule></OwnershipControls>";
    let enforce = bucket("PUT", "ownershipControls").body(controls);
    assert_eq!(server.call(enforce).status, 200);
    assert_denied(&as_nobody(&server, &object("GET", "cam/open")));
    let refused = as_other(&server, &open("cam/more"));
    assert_refused(&refused, 400, "AccessControlListNotSupported");
}

#[test]
fn a_deny_of_the_policy_is_for_a_scoped_user_and_an_admin_too() {
    for role in [scoped(&["*"], &["*"]), Role::Admin] {
        let server = scene(role);
        for principal in ["other1", "arn:aws:iam::other1:root", "*"] {
            put_policy(&server, statement("Deny", principal, "s3:GetObject", ""));
            assert_denied(&as_other(&server, &object("GET", "cam/1")));
            assert_denied(&as_other(&server, &object("GET", "absent")));
            assert_eq!(as_other(&server, &object("PUT", "cam/1").body("hello")).status, 200);
        }
        // By its own id, however it acts.
        for (key, value) in [
            ("aws:userid", "other1"),
            ("aws:username", "other"),
            ("aws:PrincipalArn", "arn:aws:iam::other1:root"),
            ("aws:PrincipalAccount", "other1"),
        ] {
            let more = format!(r#", "Condition": {{"StringEquals": {{"{key}": "{value}"}}}}"#);
            put_policy(&server, statement("Deny", "*", "s3:GetObject", &more));
            assert_denied(&as_other(&server, &object("GET", "cam/1")));
            assert_eq!(server.call(object("GET", "cam/1")).status, 200, "{key}");
        }
        put_policy(&server, statement("Deny", "own1", "s3:GetObject", ""));
        assert_eq!(as_other(&server, &object("GET", "cam/1")).status, 200);
    }
}

/// All that tells an answer from another one but for what every answer has of its own.
fn told(answer: &Answer, key: &str) -> (u16, Vec<String>, String) {
    let names = answer.headers.iter().map(|(name, _)| name.clone()).collect();
    let id = text(&answer.text(), "RequestId").unwrap_or_default();
    (answer.status, names, answer.text().replace(key, "KEY").replace(&id, "ID"))
}

#[test]
fn class_g_who_only_writes_does_not_learn_what_lies_there() {
    let server = scene(scoped(&[], &["bkt"]));
    let tag = "\"5d41402abc4b2a76b9719d911017c592\"";
    let tagging = common::operations::TAGGING;
    let acl = common::operations::ACL;
    type Ask<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);
    let refused: &[Ask<'_>] = &[
        ("GET", "", &[], ""),
        ("HEAD", "", &[], ""),
        ("GET", "", &[("range", "bytes=0-1")], ""),
        ("GET", "attributes", &[("x-amz-object-attributes", "ETag")], ""),
        ("GET", "acl", &[], ""),
        ("PUT", "acl", &[], acl),
        ("GET", "tagging", &[], ""),
        ("PUT", "tagging", &[], tagging),
        ("DELETE", "tagging", &[], ""),
        ("GET", "retention", &[], ""),
        ("GET", "legal-hold", &[], ""),
        ("GET", "torrent", &[], ""),
        ("PUT", "", &[("x-amz-copy-source", "/bkt/KEY")], ""),
        ("PUT", "", &[("if-none-match", "*")], "new"),
        ("PUT", "", &[("if-match", "*")], "new"),
        ("PUT", "", &[("if-match", tag)], "new"),
        ("DELETE", "", &[("if-match", "*")], ""),
        ("DELETE", "", &[("if-match", tag)], ""),
        ("DELETE", "", &[("x-amz-if-match-size", "5")], ""),
        ("DELETE", "versionId=null", &[], ""),
    ];
    let ask = |key: &str, (method, query, headers, body): &Ask<'_>| {
        let request = Request { query: (*query).to_owned(), ..object(method, key).body(*body) };
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(name, &value.replace("KEY", key))
        });
        told(&as_other(&server, &request), key)
    };
    let before = snapshot(&server);
    for row in refused {
        let there = ask("secret", row);
        assert_eq!(there.0, 403, "{row:?} {there:?}");
        assert_eq!(there, ask("absent", row), "{row:?}");
    }
    assert_eq!(snapshot(&server), before);
    for row in [("DELETE", "", &[][..], ""), ("PUT", "", &[][..], "hello")] {
        let there = ask("secret", &row);
        assert!(matches!(there.0, 200 | 204), "{there:?}");
        assert_eq!(there, ask("absent", &row), "{row:?}");
    }
}

#[test]
fn what_is_not_there_is_no_such_key_within_a_scope_to_read_alone() {
    let server = folder();
    assert_refused(&as_other(&server, &object("GET", "cam/absent")), 404, "NoSuchKey");
    assert_eq!(as_other(&server, &object("HEAD", "cam/absent")).status, 404);
    assert_denied(&as_other(&server, &object("GET", "absent")));
    assert_denied(&as_other(&server, &object("GET", "camabsent")));
    let reader = scene(scoped(&["bkt"], &[]));
    let put = object("PUT", "absent");
    let put = Request { query: "tagging".to_owned(), ..put }.body(common::operations::TAGGING);
    assert_denied(&as_other(&reader, &put));
}

#[test]
fn a_version_is_not_a_scoped_users_to_remove_for_good() {
    let server = scene(scoped(&["*"], &["*"]));
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(server.call(bucket("PUT", "versioning").body(versioning)).status, 200);
    let put = as_other(&server, &object("PUT", "k").body("hello"));
    let version = put.header("x-amz-version-id").expect("a version").to_owned();
    assert_eq!(as_other(&server, &object("DELETE", "k")).status, 204, "a marker");
    let named = |method: &str| Request::new(method, &format!("/bkt/k?versionId={version}"));
    assert_denied(&as_other(&server, &named("DELETE")));
    assert_eq!(as_other(&server, &named("GET")).text(), "hello");
    assert_eq!(server.call(named("DELETE")).status, 204, "the owner's it is");
}

/// To prolong is what backups do; to shorten or to hold is the owner's.
#[test]
fn a_retention_is_a_scoped_users_to_prolong_alone() {
    let server = scene(scoped(&["*"], &["*"]));
    let create = Request::new("PUT", "/lock").header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(server.call(create).status, 200);
    let put = Request::new("PUT", "/lock/k").body("hello");
    let put = lock::with_lock(put, "GOVERNANCE", "2098-01-01T00:00:00Z");
    assert_eq!(as_other(&server, &put).status, 200);
    let retain = |year: u16| {
        let mode = "<Mode>GOVERNANCE</Mode>";
        let until = format!("<RetainUntilDate>{year}-01-01T00:00:00Z</RetainUntilDate>");
        let document = format!("<Retention>{mode}{until}</Retention>");
        Request::new("PUT", "/lock/k?retention").body(document)
    };
    assert_eq!(as_other(&server, &retain(2099)).status, 200);
    for shorter in [retain(2097), lock::bypassing(retain(2097))] {
        assert_denied(&as_other(&server, &shorter));
    }
    assert_eq!(server.call(lock::bypassing(retain(2097))).status, 200, "the control");
    let hold = "<LegalHold><Status>OFF</Status></LegalHold>";
    assert_denied(&as_other(&server, &Request::new("PUT", "/lock/k?legal-hold").body(hold)));
    let held = Request::new("PUT", "/lock/h").header("x-amz-object-lock-legal-hold", "ON");
    assert_denied(&as_other(&server, &held.body("hello")));
}

#[test]
fn a_presigned_url_reaches_no_further_than_the_key_that_signed_it() {
    let server = folder();
    let signer = server.signer(OTHER);
    let fetch = |method: &str, key: &str| {
        let path = format!("/bkt/{}", encode(key, "/"));
        as_nobody(&server, &Request::new(method, &signer.presigned(method, &path, 600)))
    };
    assert_eq!(fetch("GET", "cam/1").text(), "hello");
    for key in ["secret", "camera/x", "absent"] {
        assert_denied(&fetch("GET", key));
        assert_denied(&fetch("PUT", key));
    }
    assert_untouched(&server);
}

#[test]
fn a_scope_of_one_bucket_is_not_one_of_its_neighbours() {
    let server = scene(scoped(&["bkt"], &["bkt"]));
    for name in ["bkt2", "bk", "a-bkt"] {
        let path = format!("/{name}");
        if name.len() > 2 {
            assert_eq!(as_third(&server, &Request::new("PUT", &path)).status, 200);
            assert_denied(&as_other(&server, &Request::new("GET", &path)));
            assert_denied(&as_other(&server, &Request::new("PUT", &format!("{path}/k"))));
            let copy = object("PUT", "k").header("x-amz-copy-source", &format!("/{name}/k"));
            assert_denied(&as_other(&server, &copy));
        }
    }
}
