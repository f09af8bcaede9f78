//! The configurations of a bucket that are kept and shown, or refused with a sentence, over a
//! socket. CORS and tags have files of their own.

mod common;

use common::client::{Answer, Request, assert_refused};
use common::xml::{root, text};
use common::{OTHER, TestServer};
use glassbucket::store::{Durability, Store};

fn server() -> TestServer {
    let server = TestServer::start();
    server.make_bucket("bkt");
    server
}

/// Another server on the same data: what it knows was on the disk.
fn restarted(server: &TestServer) -> TestServer {
    let data = server.data();
    TestServer::with(|config| {
        config.store = Store::open(&data, Durability::Strict).expect("the store opens");
    })
}

fn ask(server: &TestServer, method: &str, query: &str, body: &str) -> Answer {
    server.call(Request::new(method, &format!("/bkt?{query}")).body(body))
}

#[track_caller]
fn assert_empty(answer: &Answer, name: &str) {
    assert_eq!((answer.status, root(&answer.text())), (200, name));
    assert!(answer.text().ends_with(&format!("></{name}>")), "{}", answer.text());
}

const WEBSITE: &str = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix>\
    </IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument><RoutingRules><RoutingRule>\
    <Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect>\
    <ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules>\
    </WebsiteConfiguration>";

#[test]
fn put_bucket_website_is_kept_shown_and_deleted() {
    let server = server();
    assert_refused(&ask(&server, "GET", "website", ""), 404, "NoSuchWebsiteConfiguration");
    assert_eq!(ask(&server, "PUT", "website", WEBSITE).status, 200);
    let bad = WEBSITE.replace("index.html", "a/b");
    assert_refused(&ask(&server, "PUT", "website", &bad), 400, "InvalidArgument");
    assert_refused(&ask(&server, "PUT", "website", "<Website/>"), 400, "MalformedXML");
    for server in [&server, &restarted(&server)] {
        let shown = ask(server, "GET", "website", "").text();
        let (_, inner) = WEBSITE.split_once('>').expect("a root");
        assert!(shown.ends_with(inner), "{shown}");
    }
    assert_eq!(ask(&server, "DELETE", "website", "").status, 204);
    assert_refused(&ask(&server, "GET", "website", ""), 404, "NoSuchWebsiteConfiguration");
}

#[test]
fn acceleration_can_be_suspended_and_not_enabled() {
    let server = server();
    assert_empty(&ask(&server, "GET", "accelerate", ""), "AccelerateConfiguration");
    let put = |status: &str| {
        let body =
            format!("<AccelerateConfiguration><Status>{status}</Status></AccelerateConfiguration>");
        ask(&server, "PUT", "accelerate", &body)
    };
    assert_refused(&put("Enabled"), 501, "NotImplemented");
    assert_refused(&put("Fast"), 400, "MalformedXML");
    assert_empty(&ask(&server, "GET", "accelerate", ""), "AccelerateConfiguration");
    assert_eq!(put("Suspended").status, 200);
    let shown = ask(&restarted(&server), "GET", "accelerate", "").text();
    assert_eq!(text(&shown, "Status").as_deref(), Some("Suspended"));
}

#[test]
fn the_bucket_owner_pays() {
    let server = server();
    let put = |payer: &str| {
        let body = format!(
            "<RequestPaymentConfiguration><Payer>{payer}</Payer></RequestPaymentConfiguration>"
        );
        ask(&server, "PUT", "requestPayment", &body)
    };
    assert_eq!(put("BucketOwner").status, 200);
    assert_refused(&put("Requester"), 501, "NotImplemented");
    assert_refused(&put("Nobody"), 400, "MalformedXML");
    let shown = ask(&server, "GET", "requestPayment", "").text();
    assert_eq!(text(&shown, "Payer").as_deref(), Some("BucketOwner"));
}

#[test]
fn logging_and_notifications_can_only_be_off() {
    let server = server();
    for (query, name, on) in [
        (
            "logging",
            "BucketLoggingStatus",
            "<LoggingEnabled><TargetBucket>bkt</TargetBucket><TargetPrefix/></LoggingEnabled>",
        ),
        (
            "notification",
            "NotificationConfiguration",
            "<QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:*</Event>\
             </QueueConfiguration>",
        ),
    ] {
        let document = |inner: &str| format!("<{name}>{inner}</{name}>");
        assert_eq!(ask(&server, "PUT", query, &document("")).status, 200);
        assert_refused(&ask(&server, "PUT", query, &document(on)), 501, "NotImplemented");
        assert_refused(&ask(&server, "PUT", query, "<Other/>"), 400, "MalformedXML");
        assert_empty(&ask(&server, "GET", query, ""), name);
        assert_refused(&ask(&server, "DELETE", query, ""), 405, "MethodNotAllowed");
    }
}

#[test]
fn encryption_and_replication_are_refused_and_were_never_there() {
    let server = server();
    for (query, code) in [
        ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("replication", "ReplicationConfigurationNotFoundError"),
    ] {
        let put = ask(&server, "PUT", query, "<Configuration/>");
        assert_refused(&put, 501, "NotImplemented");
        assert_refused(&ask(&server, "GET", query, ""), 404, code);
        assert_eq!(ask(&server, "DELETE", query, "").status, 204);
    }
    assert!(ask(&server, "PUT", "encryption", "").text().contains("LUKS"));
}

#[test]
fn reports_are_an_empty_list() {
    let server = server();
    for (query, list) in [
        ("analytics", "ListBucketAnalyticsConfigurationResult"),
        ("intelligent-tiering", "ListBucketIntelligentTieringConfigurationsOutput"),
        ("inventory", "ListInventoryConfigurationsResult"),
        ("metrics", "ListMetricsConfigurationsResult"),
    ] {
        let all = ask(&server, "GET", query, "").text();
        assert_eq!((root(&all), text(&all, "IsTruncated").as_deref()), (list, Some("false")));
        let one = format!("{query}&id=1");
        assert_refused(&ask(&server, "GET", &one, ""), 404, "NoSuchConfiguration");
        assert_refused(&ask(&server, "DELETE", &one, ""), 404, "NoSuchConfiguration");
        assert_refused(&ask(&server, "PUT", &one, "<Configuration/>"), 501, "NotImplemented");
    }
}

#[test]
fn no_object_has_a_torrent_file() {
    let server = server();
    assert_eq!(server.call(Request::new("PUT", "/bkt/k").body("x")).status, 200);
    let torrent = server.call(Request::new("GET", "/bkt/k?torrent"));
    assert_refused(&torrent, 404, "NoSuchKey");
    assert!(torrent.text().contains("no torrent file"));
}

#[test]
fn a_configuration_is_its_owners_alone() {
    let server = server();
    for query in [
        "accelerate",
        "analytics",
        "cors",
        "encryption",
        "logging",
        "notification",
        "replication",
        "requestPayment",
        "tagging",
        "website",
    ] {
        for method in ["GET", "PUT"] {
            let request = Request::new(method, &format!("/bkt?{query}"));
            let denied = server.connect().call(&server.signer(OTHER), &request);
            assert_refused(&denied, 403, "AccessDenied");
            let absent = server.call(Request::new(method, &format!("/none?{query}")));
            assert_refused(&absent, 404, "NoSuchBucket");
        }
    }
}
