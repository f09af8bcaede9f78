//! Which requests are visits to a site, and what they ask for.
//!
//! A site is a host name of its own, and only whoever runs the server names one (`--website`). A
//! bucket cannot: whoever may make one called like the endpoint would take the endpoint over, and
//! with it every request that is meant for the others. For the same reason the endpoint's own names
//! (`--domain`, and what is below one) are never a site by a wildcard that happens to cover them;
//! where both cover a name, the longer of the two has it.
//!
//! What is read of a visit: method, path, the query for redirects, and the headers of conditions
//! and ranges. Signatures, sub-resources and all other parameters do not count: a site has pages
//! and no operations.
//!
//! Refused: all methods but GET and HEAD (405; OPTIONS is a preflight and judged before), and paths
//! that are no keys.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html>

use super::address::{bucket_below, decoded, without_port};
use super::parse::{self, field};
use super::subresources::method_not_allowed;
use super::{Address, GetPage};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::{Method, RequestHead};
use crate::http::range::ByteRange;
use crate::types::{BucketName, Visit};

/// A host name, or a wildcard of them, that is a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebsiteHost {
    /// This name is the site of that bucket.
    One {
        /// Lower case.
        host: String,
        /// Whose pages they are.
        bucket: BucketName,
    },
    /// Below this name every bucket has its site: `BUCKET.DOMAIN`.
    Below {
        /// Lower case.
        domain: String,
    },
}

/// The bucket whose site the request is for, as named; `None` where it is for the endpoint.
pub fn site(head: &RequestHead, websites: &[WebsiteHost], domains: &[String]) -> Option<String> {
    if websites.is_empty() {
        return None;
    }
    let host = without_port(head.host()).to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let own = websites.iter().find_map(|website| match website {
        WebsiteHost::One { host: own, bucket } if own == host => Some(bucket.as_str().to_owned()),
        _ => None,
    });
    own.or_else(|| {
        let below = websites.iter().filter_map(|website| match website {
            WebsiteHost::Below { domain } => bucket_below(host, domain),
            WebsiteHost::One { .. } => None,
        });
        let endpoint = domains.iter().filter_map(|domain| bucket_below(host, domain));
        let bucket = below.min_by_key(String::len)?;
        let endpoint = endpoint.min_by_key(String::len);
        let is_endpoint = endpoint.is_some_and(|of_domain| of_domain.len() <= bucket.len());
        (!is_endpoint && !bucket.is_empty()).then_some(bucket)
    })
}

/// The address that the cross-origin rules of a site are looked up by.
pub fn site_address(bucket: &str) -> Address {
    Address { bucket: Some(bucket.to_owned()), key: None, from_host: true }
}

/// What a visit asks for. `MethodNotAllowed`, `InvalidURI`, and `NoSuchBucket` where no bucket can
/// have the name that the host gives it.
pub fn page(head: &RequestHead, bucket: &str, tls: bool) -> Result<GetPage> {
    if !matches!(head.method(), Method::Get | Method::Head) {
        return Err(method_not_allowed(head, "object").header("Allow", "GET, HEAD"));
    }
    let path = head.path().strip_prefix('/').unwrap_or(head.path());
    let path = String::from_utf8(decoded(path)?).map_err(|_| ErrorCode::InvalidURI)?;
    Ok(GetPage {
        bucket: BucketName::parse(bucket).map_err(|_| no_such_bucket(bucket))?,
        visit: Visit { path, query: head.query().to_owned(), host: head.host().to_owned(), tls },
        range: field(head, "range").and_then(ByteRange::parse),
        if_range: field(head, "if-range").map(str::to_owned),
        conditions: parse::conditions(head, parse::IF),
    })
}

fn no_such_bucket(name: &str) -> S3Error {
    S3Error::from(ErrorCode::NoSuchBucket).with("BucketName", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> RequestHead {
        RequestHead::parse(text.as_bytes()).unwrap().unwrap().0
    }

    fn websites() -> Vec<WebsiteHost> {
        let one = |host: &str, bucket: &str| WebsiteHost::One {
            host: host.to_owned(),
            bucket: BucketName::parse(bucket).unwrap(),
        };
        let below = |domain: &str| WebsiteHost::Below { domain: domain.to_owned() };
        vec![
            one("www.example.com", "www.example.com"),
            one("log.sites.example.com", "blog"),
            below("sites.example.com"),
            below("example.com"),
            below("deep.sites.example.com"),
        ]
    }

    #[test]
    fn only_the_hosts_that_are_named_are_sites() {
        let domains = ["s3.example.com".to_owned(), "s3.deep.sites.example.com".to_owned()];
        for (host, bucket) in [
            ("www.example.com", Some("www.example.com")),
            ("WWW.Example.COM.:8443", Some("www.example.com")),
            ("log.sites.example.com", Some("blog")),
            ("x.sites.example.com", Some("x")),
            ("a.b.sites.example.com", Some("a.b")),
            ("x.deep.sites.example.com", Some("x")),
            ("other.example.com", Some("other")),
            // The endpoint, its buckets, and the bare names of wildcards.
            ("s3.example.com", None),
            ("photos.s3.example.com:443", None),
            ("s3.deep.sites.example.com", None),
            ("example.com", None),
            (".example.com", None),
            ("evilexample.com", None),
            ("localhost:8443", None),
            ("127.0.0.1:8443", None),
            ("[::1]:8443", None),
        ] {
            let head = head(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(site(&head, &websites(), &domains).as_deref(), bucket, "{host}");
            assert_eq!(site(&head, &[], &domains), None);
        }
    }

    #[test]
    fn of_a_visit_the_path_is_decoded_once_and_no_parameter_counts() {
        let target = "/a%20b/%252e%2F?acl&versionId=x&response-content-type=text/html&partNumber=2";
        let head = head(&format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nIf-None-Match: *\r\n\
             Authorization: nonsense\r\n\r\n"
        ));
        let asked = page(&head, "blog", true).unwrap();
        assert_eq!(asked.visit.path, "a b/%2e/");
        assert_eq!(asked.visit.query, target.split_once('?').unwrap().1);
        assert_eq!(asked.range, Some(ByteRange::FromTo(0, 1)));
        assert_eq!(asked.conditions.if_none_match.as_deref(), Some("*"));
    }

    #[test]
    fn a_site_takes_get_and_head_and_paths_that_are_names() {
        for (request, bucket, code) in [
            ("PUT /a", "blog", ErrorCode::MethodNotAllowed),
            ("POST /?delete", "blog", ErrorCode::MethodNotAllowed),
            ("DELETE /a", "blog", ErrorCode::MethodNotAllowed),
            ("PROPFIND /a", "blog", ErrorCode::MethodNotAllowed),
            ("GET /%zz", "blog", ErrorCode::InvalidURI),
            ("GET /%ff", "blog", ErrorCode::InvalidURI),
            ("GET /a", "x", ErrorCode::NoSuchBucket),
        ] {
            let head = head(&format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n"));
            assert_eq!(page(&head, bucket, false).unwrap_err().code, code, "{request}");
        }
    }
}
