//! What a site does with a visit: from a configuration, what is asked for and how that went, the
//! next step as a value. Nothing is opened here; `handlers::website` carries the steps out.
//!
//! ```text
//! first -> Redirect                      RedirectAllRequestsTo, a rule without an error code
//!       -> Serve(key), and if that fails
//!          folder -> Redirect            `a` is not there, but `a/index.html` is
//!          after_error -> Redirect       a rule with that error code
//!                      -> Serve(key)     the error document, with the error's own status
//!                      -> None           the server's own page of the error
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html>
//!
//! A Location is built of two kinds of text. What the owner configured is a part of a URL and
//! stays one (`resize?key=` is a common replacement); what the visitor sent is a name, and every
//! character of it that means something in a URL is encoded. None begins with `//` or `/\` by what
//! a visitor sent: a browser would take what follows for a host, and the site would send whoever
//! follows a link to it anywhere (security class O).
//!
//! Deviations: where neither protocol nor host is configured, the Location is a path, and where no
//! protocol is, it begins with `//`. AWS writes the protocol of the connection, but this server may
//! stand behind a proxy that ends TLS, and believes nothing it says of that. The query is kept, also
//! where a folder is given its slash.

use super::{Redirect, RedirectAll, RoutingRule, WebsiteConfiguration};
use crate::error::Result;
use crate::types::Key;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a visitor asks a site for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The path without its first slash, percent-decoded once: a key, the name of a folder that
    /// ends with `/`, or "".
    pub path: String,
    /// As sent, without `?`; "" if none.
    pub query: String,
    /// `Host`, as sent.
    pub host: String,
    /// Whether the connection is through TLS.
    pub tls: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Answer with this object.
    Serve(Key),
    /// Send the visitor elsewhere.
    Redirect(Redirection),
}

/// Where a visitor is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// A 3XX status.
    pub code: u16,
    /// `Location`, visible ASCII.
    pub location: String,
}

impl Redirection {
    /// What an object with `x-amz-website-redirect-location` is: 301 to that. A path is one of this
    /// site, also where it begins with two slashes.
    pub fn of_object(location: &str) -> Redirection {
        let location = encode(location, OWNERS);
        let location = match location.strip_prefix('/') {
            Some(path) => rooted(path),
            None => location,
        };
        Redirection { code: 301, location }
    }
}

impl WebsiteConfiguration {
    /// What to do before anything of the bucket was looked at. `KeyTooLongError` where no key can
    /// be what is asked for.
    pub fn first(&self, visit: &Visit) -> Result<Step> {
        if let Some(all) = &self.redirect_all {
            return Ok(Step::Redirect(all.redirection(visit)));
        }
        if let Some(redirection) = self.by_rule(visit, None) {
            return Ok(Step::Redirect(redirection));
        }
        let is_folder = visit.path.is_empty() || visit.path.ends_with('/');
        let suffix = self.index_suffix.as_deref().filter(|_| is_folder).unwrap_or_default();
        Key::parse(format!("{}{suffix}", visit.path).into_bytes()).map(Step::Serve)
    }

    /// Where what was asked for could not be served, the index of the folder of that name, and
    /// where to send the visitor if that can be. Asked also where the object is there and may not
    /// be read: the answer must not tell that (security class G).
    pub fn folder(&self, visit: &Visit, status: u16) -> Option<(Key, Redirection)> {
        let suffix = self.index_suffix.as_deref()?;
        if !matches!(status, 403 | 404) || visit.path.is_empty() || visit.path.ends_with('/') {
            return None;
        }
        let index = Key::parse(format!("{}/{suffix}", visit.path).into_bytes()).ok()?;
        let path = rooted(&format!("{}/", encode(&visit.path, VISITORS)));
        Some((index, Redirection { code: 302, location: with_query(path, visit) }))
    }

    /// What to do where what was asked for could not be served; `None` is the server's own page of
    /// the error. The error document is for 4XX.
    pub fn after_error(&self, visit: &Visit, status: u16) -> Option<Step> {
        if let Some(redirection) = self.by_rule(visit, Some(status)) {
            return Some(Step::Redirect(redirection));
        }
        let document = self.error_key.as_ref().filter(|_| (400..500).contains(&status));
        document.and_then(|key| Key::parse(key.clone().into_bytes()).ok()).map(Step::Serve)
    }

    /// By the first rule that is about that, if there is one.
    fn by_rule(&self, visit: &Visit, error: Option<u16>) -> Option<Redirection> {
        let rule = self.routing_rules.iter().find(|rule| rule.matches(&visit.path, error))?;
        Some(rule.redirection(visit))
    }
}

impl RoutingRule {
    /// Whether it is about this path and error; one without an error code is about requests, not
    /// about how they went.
    fn matches(&self, path: &str, error: Option<u16>) -> bool {
        path.starts_with(self.prefix())
            && self.condition.as_ref().and_then(|condition| condition.error_code) == error
    }

    fn prefix(&self) -> &str {
        self.condition.as_ref().and_then(|c| c.key_prefix.as_deref()).unwrap_or_default()
    }

    fn redirection(&self, visit: &Visit) -> Redirection {
        let Redirect { replace_key, replace_key_prefix, .. } = &self.redirect;
        let path = match (replace_key, replace_key_prefix) {
            (Some(key), _) => encode(key, OWNERS),
            (None, Some(prefix)) => {
                let rest = visit.path.strip_prefix(self.prefix()).unwrap_or_default();
                encode(prefix, OWNERS) + &encode(rest, VISITORS)
            }
            (None, None) => encode(&visit.path, VISITORS),
        };
        let (protocol, host) = (&self.redirect.protocol, &self.redirect.host_name);
        let origin = origin(protocol.as_deref(), host.as_deref(), visit);
        let location = with_query(origin + &rooted(&path), visit);
        Redirection { code: self.redirect.redirect_code.unwrap_or(301), location }
    }
}

impl RedirectAll {
    fn redirection(&self, visit: &Visit) -> Redirection {
        let origin = origin(self.protocol.as_deref(), Some(&self.host_name), visit);
        let path = rooted(&encode(&visit.path, VISITORS));
        Redirection { code: 301, location: with_query(origin + &path, visit) }
    }
}

/// What the owner wrote is a URL already: only what can stand in none is encoded.
const OWNERS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');

/// What the visitor sent is a name.
const VISITORS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// A path, with the slash that it begins with. A second one, which would make a host of what
/// follows, is encoded: to this server it is the same key. Backslashes are encoded already.
fn rooted(path: &str) -> String {
    match path.strip_prefix('/') {
        Some(rest) => format!("/%2F{rest}"),
        None => format!("/{path}"),
    }
}

/// What stands before the path. The visitor's own port stays only with the visitor's own protocol.
fn origin(protocol: Option<&str>, host: Option<&str>, visit: &Visit) -> String {
    match (protocol, host) {
        (None, None) => String::new(),
        (None, Some(host)) => format!("//{}", encode(host, OWNERS)),
        (Some(protocol), Some(host)) => format!("{protocol}://{}", encode(host, OWNERS)),
        (Some(protocol), None) => {
            let same = (protocol == "https") == visit.tls;
            let host = if same { &visit.host } else { without_port(&visit.host) };
            format!("{protocol}://{}", encode(host, OWNERS))
        }
    }
}

fn without_port(host: &str) -> &str {
    host.split(':').next().unwrap_or_default() // no site is an address, in whose brackets are more
}

/// The visitor's query goes along, behind one that the owner's replacement has begun.
fn with_query(location: String, visit: &Visit) -> String {
    if visit.query.is_empty() {
        return location;
    }
    let mark = if location.contains('?') { '&' } else { '?' };
    format!("{location}{mark}{}", encode(&visit.query, OWNERS))
}
