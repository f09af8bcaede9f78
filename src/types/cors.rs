//! Cross-origin rules of a bucket: which web page of which origin may read its answers.
//!
//! A value, checked once when it is put, and one pure question: what does a browser of this origin
//! hear? The router reads the question from a request's headers, the request loop puts the answer
//! on the response.
//!
//! It fails closed: no rule, no `Access-Control-*` header, and the browser keeps the answer from
//! the page. An origin is echoed, and credentials allowed, only where a rule is about that origin;
//! a rule for `*` answers `*` and nothing about credentials (security class O: a server that
//! echoes whatever origin it is told, with credentials, lets every page in).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>

use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What an answer differs by: a cache must not serve one origin's answer to another.
pub const CORS_VARY: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/// `CORSConfiguration`: 1 to [`limits::CORS_RULES_MAX`] rules, of which the first that matches
/// counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsConfiguration(Vec<CorsRule>);

/// `CORSRule`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsRule {
    /// `ID`: at most 255 characters, unique in its configuration; shown, never asked for.
    pub id: Option<String>,
    /// `AllowedOrigin`: `scheme://host[:port]` with at most one `*`.
    pub allowed_origins: Vec<String>,
    /// `AllowedMethod`: GET, PUT, HEAD, POST, DELETE.
    pub allowed_methods: Vec<String>,
    /// `AllowedHeader`: what a preflight may ask for, with at most one `*`.
    pub allowed_headers: Vec<String>,
    /// `ExposeHeader`: what the page may read of an answer.
    pub expose_headers: Vec<String>,
    /// `MaxAgeSeconds`: how long a browser may keep the answer to a preflight.
    pub max_age_seconds: Option<u32>,
}

/// What a browser asks, by a preflight or by the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsRequest {
    /// `Origin`.
    pub origin: String,
    /// `Access-Control-Request-Method`; of an actual request its method, unless it names one.
    pub method: String,
    /// `Access-Control-Request-Headers`, lower case; of an actual request none.
    pub headers: Vec<String>,
}

impl CorsRequest {
    /// The methods that can be asked for and allowed; OPTIONS is the question itself.
    pub const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];
}

impl CorsConfiguration {
    /// Checks what AWS checks: `MalformedXML` where a rule has no origin or no method,
    /// `InvalidRequest` for what can be read and not be meant.
    pub fn new(rules: Vec<CorsRule>) -> Result<CorsConfiguration> {
        if rules.is_empty() {
            return Err(ErrorCode::MalformedXML.into());
        }
        if rules.len() > limits::CORS_RULES_MAX {
            let message = "The number of CORS rules should not exceed allowed limit of 100 rules.";
            return Err(invalid(message.to_owned()));
        }
        let mut ids = HashSet::new();
        for rule in &rules {
            rule.check()?;
            if rule.id.as_ref().is_some_and(|id| !ids.insert(id)) {
                return Err(invalid("Rule ID must be unique.".to_owned()));
            }
        }
        Ok(CorsConfiguration(rules))
    }

    /// The rules in order.
    pub fn rules(&self) -> &[CorsRule] {
        &self.0
    }

    /// The headers that let the page of `request.origin` in, by the first rule that matches;
    /// `None` where it is to stay outside.
    pub fn answer(&self, request: &CorsRequest) -> Option<Vec<(&'static str, String)>> {
        self.0.iter().find(|rule| rule.allows(request)).map(|rule| rule.headers(request))
    }
}

impl CorsRule {
    fn check(&self) -> Result<()> {
        if self.allowed_origins.is_empty() || self.allowed_methods.is_empty() {
            return Err(ErrorCode::MalformedXML.into());
        }
        if self.id.as_ref().is_some_and(|id| id.chars().count() > limits::CORS_ID_CHARS_MAX) {
            return Err(invalid("The ID value can be up to 255 characters long.".to_owned()));
        }
        let unknown = |method: &&String| !CorsRequest::METHODS.contains(&method.as_str());
        if let Some(method) = self.allowed_methods.iter().find(unknown) {
            return Err(invalid(format!(
                "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )));
        }
        for (element, patterns, is_legal) in [
            ("AllowedOrigin", &self.allowed_origins, is_visible as fn(u8) -> bool),
            ("AllowedHeader", &self.allowed_headers, is_token),
            ("ExposeHeader", &self.expose_headers, is_token),
        ] {
            patterns.iter().try_for_each(|pattern| check_pattern(element, pattern, is_legal))?;
        }
        match self.expose_headers.iter().find(|name| name.contains('*')) {
            Some(name) => Err(invalid(format!(
                "ExposeHeader \"{name}\" contains wildcard. We currently do not support wildcard \
                 for ExposeHeader."
            ))),
            None => Ok(()),
        }
    }

    fn allows(&self, request: &CorsRequest) -> bool {
        self.allowed_methods.contains(&request.method)
            && request.origin.bytes().all(is_visible)
            && self.allowed_origins.iter().any(|pattern| matches(pattern, &request.origin))
            && self.allows_headers(&request.headers)
    }

    /// Every header asked for must be allowed, not just one of them. No request with more headers
    /// than a head may have is served, so none need ask for more.
    fn allows_headers(&self, names: &[String]) -> bool {
        let patterns: Vec<String> =
            self.allowed_headers.iter().map(|pattern| pattern.to_ascii_lowercase()).collect();
        let allowed = |name: &String| {
            !name.is_empty()
                && name.bytes().all(is_token)
                && patterns.iter().any(|pattern| matches(pattern, name))
        };
        names.len() <= limits::HEADERS_MAX && names.iter().all(allowed)
    }

    fn headers(&self, request: &CorsRequest) -> Vec<(&'static str, String)> {
        let any = self.allowed_origins.iter().any(|pattern| pattern == "*");
        let origin = if any { "*" } else { &request.origin };
        let mut headers = vec![
            ("Access-Control-Allow-Origin", origin.to_owned()),
            ("Access-Control-Allow-Methods", self.allowed_methods.join(", ")),
        ];
        if !request.headers.is_empty() {
            headers.push(("Access-Control-Allow-Headers", request.headers.join(", ")));
        }
        if !self.expose_headers.is_empty() {
            headers.push(("Access-Control-Expose-Headers", self.expose_headers.join(", ")));
        }
        if let Some(seconds) = self.max_age_seconds {
            headers.push(("Access-Control-Max-Age", seconds.to_string()));
        }
        if !any {
            headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
        }
        headers
    }
}

/// What will stand in a header must not end it: a document can carry `&#13;&#10;`.
fn check_pattern(element: &str, pattern: &str, is_legal: fn(u8) -> bool) -> Result<()> {
    if pattern.is_empty() {
        return Err(ErrorCode::MalformedXML.into());
    }
    if !pattern.bytes().all(is_legal) {
        return Err(invalid(format!("{element} \"{pattern}\" contains invalid character.")));
    }
    if pattern.matches('*').count() > 1 {
        let sentence = "can not have more than one wildcard.";
        return Err(invalid(format!("{element} \"{pattern}\" {sentence}")));
    }
    Ok(())
}

fn invalid(message: String) -> S3Error {
    S3Error::new(ErrorCode::InvalidRequest, message)
}

/// An origin on the wire is ASCII: browsers send international names in punycode.
fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// Of a header name (RFC 9110 section 5.6.2), the wildcard among them.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// One `*` stands for any characters, also none; what is before and behind it may not overlap.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        CorsRule {
            allowed_origins: owned(origins),
            allowed_methods: owned(methods),
            allowed_headers: owned(headers),
            ..CorsRule::default()
        }
    }

    fn request(origin: &str, method: &str, headers: &[&str]) -> CorsRequest {
        CorsRequest {
            origin: origin.to_owned(),
            method: method.to_owned(),
            headers: headers.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn header(answer: &[(&'static str, String)], name: &str) -> Option<String> {
        answer.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
    }

    fn refused(rule: CorsRule) -> S3Error {
        CorsConfiguration::new(vec![rule]).unwrap_err()
    }

    #[test]
    fn an_origin_matches_a_pattern_with_one_wildcard_anywhere() {
        let cases = [
            ("*", "https://a.example", true),
            ("*suffix", "foo.suffix", true),
            ("*suffix", "foo.suffix.get", false),
            ("start*end", "startend", true),
            ("start*end", "start12end", true),
            ("start*end", "0start12end", false),
            ("starts*sand", "startsand", false),
            ("prefix*", "prefix", true),
            ("prefix*", "bla.prefix", false),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example.evil", false),
            ("https://a.example", "http://a.example", false),
        ];
        for (pattern, origin, allowed) in cases {
            let configuration =
                CorsConfiguration::new(vec![rule(&[pattern], &["GET"], &[])]).unwrap();
            let answer = configuration.answer(&request(origin, "GET", &[]));
            assert_eq!(answer.is_some(), allowed, "{pattern} {origin}");
        }
    }

    #[test]
    fn class_o_credentials_go_only_to_an_origin_that_the_rule_is_about() {
        let any = CorsConfiguration::new(vec![rule(&["http://a", "*"], &["GET"], &[])]).unwrap();
        let answer = any.answer(&request("http://a", "GET", &[])).unwrap();
        assert_eq!(header(&answer, "Access-Control-Allow-Origin").unwrap(), "*");
        assert_eq!(header(&answer, "Access-Control-Allow-Credentials"), None);

        let some = CorsConfiguration::new(vec![rule(&["http://*.a"], &["GET"], &[])]).unwrap();
        let answer = some.answer(&request("http://b.a", "GET", &[])).unwrap();
        assert_eq!(header(&answer, "Access-Control-Allow-Origin").unwrap(), "http://b.a");
        assert_eq!(header(&answer, "Access-Control-Allow-Credentials").unwrap(), "true");
        assert_eq!(some.answer(&request("null", "GET", &[])), None);
    }

    #[test]
    fn the_first_rule_that_allows_method_and_every_header_answers() {
        let mut second = rule(&["http://a"], &["PUT", "GET"], &["X-Amz-*", "content-type"]);
        second.expose_headers = vec!["ETag".to_owned(), "x-amz-meta-a".to_owned()];
        second.max_age_seconds = Some(3000);
        let rules = vec![rule(&["http://a"], &["PUT"], &[]), second];
        let configuration = CorsConfiguration::new(rules).unwrap();
        let plain = configuration.answer(&request("http://a", "PUT", &[])).unwrap();
        assert_eq!(header(&plain, "Access-Control-Allow-Methods").unwrap(), "PUT");
        assert_eq!(header(&plain, "Access-Control-Max-Age"), None);

        let asked = request("http://a", "PUT", &["x-amz-date", "content-type"]);
        let answer = configuration.answer(&asked).unwrap();
        let header = |name| header(&answer, name).unwrap();
        assert_eq!(header("Access-Control-Allow-Methods"), "PUT, GET");
        assert_eq!(header("Access-Control-Allow-Headers"), "x-amz-date, content-type");
        assert_eq!(header("Access-Control-Expose-Headers"), "ETag, x-amz-meta-a");
        assert_eq!(header("Access-Control-Max-Age"), "3000");

        for other in [
            request("http://a", "DELETE", &[]),
            request("http://a", "put", &[]),
            request("http://a", "PUT", &["x-amz-date", "authorization"]),
            request("http://b", "PUT", &[]),
        ] {
            assert_eq!(configuration.answer(&other), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_header_name_is_not_allowed_by_a_wildcard() {
        let configuration = CorsConfiguration::new(vec![rule(&["*"], &["GET"], &["*"])]).unwrap();
        assert!(configuration.answer(&request("o", "GET", &["x-a"])).is_some());
        for name in ["", "a b", "a\r\nb", "é"] {
            assert_eq!(configuration.answer(&request("o", "GET", &[name])), None, "{name:?}");
        }
        let many = vec!["x-a"; limits::HEADERS_MAX];
        assert!(configuration.answer(&request("o", "GET", &many)).is_some());
        let more = vec!["x-a"; limits::HEADERS_MAX + 1];
        assert_eq!(configuration.answer(&request("o", "GET", &more)), None);
    }

    #[test]
    fn put_bucket_cors_refuses_what_aws_refuses() {
        for (rule, code, words) in [
            (rule(&[], &["GET"], &[]), ErrorCode::MalformedXML, ""),
            (rule(&["*"], &[], &[]), ErrorCode::MalformedXML, ""),
            (rule(&[""], &["GET"], &[]), ErrorCode::MalformedXML, ""),
            (
                rule(&["*"], &["GET", "OPTIONS"], &[]),
                ErrorCode::InvalidRequest,
                "Unsupported method is OPTIONS",
            ),
            (
                rule(&["http://*.*"], &["GET"], &[]),
                ErrorCode::InvalidRequest,
                "AllowedOrigin \"http://*.*\" can not have more than one wildcard.",
            ),
            (
                rule(&["*"], &["GET"], &["x-*-*"]),
                ErrorCode::InvalidRequest,
                "AllowedHeader \"x-*-*\" can not have more than one wildcard.",
            ),
        ] {
            let error = refused(rule);
            assert_eq!(error.code, code);
            assert!(error.message.contains(words), "{}", error.message);
        }
    }

    #[test]
    fn class_j_nothing_that_could_end_a_header_is_stored() {
        for text in ["a\r\nSet-Cookie: b", "a b", "a\u{7f}"] {
            assert_eq!(refused(rule(&[text], &["GET"], &[])).code, ErrorCode::InvalidRequest);
            assert_eq!(refused(rule(&["*"], &["GET"], &[text])).code, ErrorCode::InvalidRequest);
            let mut exposing = rule(&["*"], &["GET"], &[]);
            exposing.expose_headers = vec![text.to_owned()];
            assert_eq!(refused(exposing).code, ErrorCode::InvalidRequest);
        }
        let mut exposing = rule(&["*"], &["GET"], &[]);
        exposing.expose_headers = vec!["x-*".to_owned()];
        assert!(refused(exposing).message.contains("do not support wildcard"));
    }

    #[test]
    fn put_bucket_cors_takes_100_rules_and_ids_of_255_characters() {
        let numbered = |count: usize| {
            let with_id = |n: usize| CorsRule {
                id: Some(format!("{n:0>255}")),
                ..rule(&["*"], &["GET"], &[])
            };
            (0..count).map(with_id).collect::<Vec<_>>()
        };
        assert_eq!(CorsConfiguration::new(numbered(100)).unwrap().rules().len(), 100);
        for bad in [
            numbered(101),
            [numbered(1), numbered(1)].concat(),
            vec![CorsRule { id: Some("i".repeat(256)), ..rule(&["*"], &["GET"], &[]) }],
        ] {
            assert_eq!(CorsConfiguration::new(bad).unwrap_err().code, ErrorCode::InvalidRequest);
        }
        assert_eq!(CorsConfiguration::new(vec![]).unwrap_err().code, ErrorCode::MalformedXML);
    }
}
