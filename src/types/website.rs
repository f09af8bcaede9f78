//! How a bucket is served as a web site: checked when it is put, stored and shown; `visit` is
//! what a site does by it.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html>

mod visit;

pub use visit::{Redirection, Step, Visit};

use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use serde::{Deserialize, Serialize};

/// `WebsiteConfiguration`: pages with rules, or all requests sent elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebsiteConfiguration {
    /// `RedirectAllRequestsTo`; then nothing else is there.
    pub redirect_all: Option<RedirectAll>,
    /// `IndexDocument`, `Suffix`: appended to a key that ends with `/`.
    pub index_suffix: Option<String>,
    /// `ErrorDocument`, `Key`.
    pub error_key: Option<String>,
    /// `RoutingRules`, the first that matches counts.
    pub routing_rules: Vec<RoutingRule>,
}

/// `RedirectAllRequestsTo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectAll {
    /// `HostName`.
    pub host_name: String,
    /// `Protocol`: `http` or `https`; `None` is that of the request.
    pub protocol: Option<String>,
}

/// `RoutingRule`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingRule {
    /// `Condition`; `None` matches every request.
    pub condition: Option<RoutingCondition>,
    /// `Redirect`.
    pub redirect: Redirect,
}

/// `Condition`, of which both parts must hold where both are given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingCondition {
    /// `KeyPrefixEquals`.
    pub key_prefix: Option<String>,
    /// `HttpErrorCodeReturnedEquals`: 4XX or 5XX.
    pub error_code: Option<u16>,
}

/// `Redirect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// `Protocol`: `http` or `https`.
    pub protocol: Option<String>,
    /// `HostName`.
    pub host_name: Option<String>,
    /// `ReplaceKeyPrefixWith`; never beside `replace_key`.
    pub replace_key_prefix: Option<String>,
    /// `ReplaceKeyWith`.
    pub replace_key: Option<String>,
    /// `HttpRedirectCode`: 301 to 305, 307 or 308.
    pub redirect_code: Option<u16>,
}

/// What AWS takes, though it says "3XX except 300".
const REDIRECT_CODES: [u16; 7] = [301, 302, 303, 304, 305, 307, 308];

impl WebsiteConfiguration {
    /// Checks what AWS checks: `InvalidArgument` and `InvalidRequest` with its sentences.
    pub fn check(&self) -> Result<()> {
        if self.routing_rules.len() > limits::ROUTING_RULES_MAX {
            let count = self.routing_rules.len();
            return Err(S3Error::new(
                ErrorCode::InvalidRequest,
                format!(
                    "{count} routing rules provided, the number of routing rules in a website \
                     configuration is limited to 50."
                ),
            ));
        }
        match &self.redirect_all {
            Some(_) if *self != self.redirecting_all() => Err(argument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                "RedirectAllRequestsTo",
            )),
            Some(all) => {
                check_host(Some(&all.host_name))?;
                check_protocol(all.protocol.as_deref())
            }
            None => self.check_pages(),
        }
    }

    /// The same without all that may not stand beside `RedirectAllRequestsTo`.
    fn redirecting_all(&self) -> WebsiteConfiguration {
        WebsiteConfiguration { redirect_all: self.redirect_all.clone(), ..Default::default() }
    }

    fn check_pages(&self) -> Result<()> {
        let Some(suffix) = &self.index_suffix else {
            let message = "A value for IndexDocument Suffix must be provided if \
                           RedirectAllRequestsTo is empty";
            return Err(argument(message, "IndexDocument"));
        };
        if suffix.is_empty() || suffix.contains('/') {
            return Err(argument("The IndexDocument Suffix is not well formed", "IndexDocument"));
        }
        if self.error_key.as_ref().is_some_and(|key| key.is_empty()) {
            return Err(argument("The ErrorDocument Key is not well formed", "ErrorDocument"));
        }
        self.routing_rules.iter().try_for_each(RoutingRule::check)
    }
}

impl RoutingRule {
    fn check(&self) -> Result<()> {
        if self.condition.as_ref().is_some_and(|c| *c == RoutingCondition::default()) {
            let message = "Condition cannot be empty. To redirect all requests without a \
                           condition, the condition element shouldn't be present.";
            return Err(S3Error::new(ErrorCode::InvalidRequest, message));
        }
        if let Some(code) = self.condition.as_ref().and_then(|c| c.error_code)
            && !(400..600).contains(&code)
        {
            let message = format!(
                "The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX."
            );
            return Err(S3Error::new(ErrorCode::InvalidRequest, message));
        }
        self.redirect.check()
    }
}

impl Redirect {
    fn check(&self) -> Result<()> {
        if *self == Redirect::default() {
            return Err(ErrorCode::MalformedXML.into());
        }
        if self.replace_key.is_some() && self.replace_key_prefix.is_some() {
            let message = "You can only define ReplaceKeyPrefix or ReplaceKey but not both.";
            return Err(S3Error::new(ErrorCode::InvalidRequest, message));
        }
        if let Some(code) = self.redirect_code
            && !REDIRECT_CODES.contains(&code)
        {
            let message = format!(
                "The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX \
                 except 300."
            );
            return Err(S3Error::new(ErrorCode::InvalidRequest, message));
        }
        check_host(self.host_name.as_deref())?;
        check_protocol(self.protocol.as_deref())
    }
}

/// A host, with a port and the begin of a path at most. An empty one would make a host of what
/// follows it in the Location, which may be the visitor's own (security class O), and a line end
/// can stand in none (class J).
fn check_host(host: Option<&str>) -> Result<()> {
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b"-._~:[]".contains(&b);
    let leads = |text: &str| {
        let host = text.split('/').next().unwrap_or_default();
        !host.is_empty() && host.bytes().all(is_host) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    match host.is_none_or(leads) {
        true => Ok(()),
        false => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "A host name must be provided to redirect requests (e.g. \"example.com\").",
        )),
    }
}

fn check_protocol(protocol: Option<&str>) -> Result<()> {
    match protocol {
        None | Some("http" | "https") => Ok(()),
        Some(_) => Err(S3Error::new(
            ErrorCode::InvalidRequest,
            "Invalid protocol, protocol can be http or https. If not defined the protocol will \
             be selected automatically.",
        )),
    }
}

fn argument(message: &'static str, name: &str) -> S3Error {
    S3Error::argument(message, name, "")
}

#[cfg(test)]
mod tests;
