//! `WebsiteConfiguration`, read and written.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html>

use super::pull::Pull;
use super::write::Document;
use crate::error::{ErrorCode, Result};
use crate::types::{Redirect, RedirectAll, RoutingCondition, RoutingRule, WebsiteConfiguration};

/// Reads one and checks it; a status that is no number, or an element that stands twice, is
/// `MalformedXML`.
pub fn website_configuration(body: &[u8]) -> Result<WebsiteConfiguration> {
    let mut pull = Pull::open(body, "WebsiteConfiguration", ErrorCode::MalformedXML)?;
    let mut website = WebsiteConfiguration::default();
    pull.children(|pull, name| match name {
        "RedirectAllRequestsTo" => {
            let all = redirect_all(pull)?;
            pull.fill(&mut website.redirect_all, all)
        }
        "IndexDocument" => only(pull, "Suffix", &mut website.index_suffix),
        "ErrorDocument" => only(pull, "Key", &mut website.error_key),
        "RoutingRules" => pull.children(|pull, name| match name {
            "RoutingRule" => {
                website.routing_rules.push(routing_rule(pull)?);
                Ok(())
            }
            _ => pull.skip(),
        }),
        _ => pull.skip(),
    })?;
    pull.close()?;
    website.check()?;
    Ok(website)
}

/// An element with one child that must be there.
fn only(pull: &mut Pull<'_>, child: &str, slot: &mut Option<String>) -> Result<()> {
    pull.children(|pull, name| if name == child { pull.once(slot) } else { pull.skip() })?;
    match slot {
        Some(_) => Ok(()),
        None => Err(pull.malformed()),
    }
}

fn redirect_all(pull: &mut Pull<'_>) -> Result<RedirectAll> {
    let (mut host_name, mut protocol) = (None, None);
    pull.children(|pull, name| match name {
        "HostName" => pull.once(&mut host_name),
        "Protocol" => pull.once(&mut protocol),
        _ => pull.skip(),
    })?;
    let host_name = host_name.ok_or_else(|| pull.malformed())?;
    Ok(RedirectAll { host_name, protocol })
}

fn routing_rule(pull: &mut Pull<'_>) -> Result<RoutingRule> {
    let (mut condition, mut to) = (None, None);
    pull.children(|pull, name| match name {
        "Condition" => {
            let value = routing_condition(pull)?;
            pull.fill(&mut condition, value)
        }
        "Redirect" => {
            let value = redirect(pull)?;
            pull.fill(&mut to, value)
        }
        _ => pull.skip(),
    })?;
    Ok(RoutingRule { condition, redirect: to.ok_or_else(|| pull.malformed())? })
}

fn routing_condition(pull: &mut Pull<'_>) -> Result<RoutingCondition> {
    let (mut key_prefix, mut code) = (None, None);
    pull.children(|pull, name| match name {
        "KeyPrefixEquals" => {
            let text = pull.text()?;
            pull.fill(&mut key_prefix, text)
        }
        "HttpErrorCodeReturnedEquals" => pull.once(&mut code),
        _ => pull.skip(),
    })?;
    Ok(RoutingCondition { key_prefix, error_code: status(pull, code)? })
}

/// Keys are not trimmed.
fn redirect(pull: &mut Pull<'_>) -> Result<Redirect> {
    let (mut redirect, mut code) = (Redirect::default(), None);
    pull.children(|pull, name| {
        let key = match name {
            "Protocol" => return pull.once(&mut redirect.protocol),
            "HostName" => return pull.once(&mut redirect.host_name),
            "HttpRedirectCode" => return pull.once(&mut code),
            "ReplaceKeyPrefixWith" => &mut redirect.replace_key_prefix,
            "ReplaceKeyWith" => &mut redirect.replace_key,
            _ => return pull.skip(),
        };
        let text = pull.text()?;
        pull.fill(key, text)
    })?;
    redirect.redirect_code = status(pull, code)?;
    Ok(redirect)
}

fn status(pull: &Pull<'_>, text: Option<String>) -> Result<Option<u16>> {
    text.map(|text| text.parse().map_err(|_| pull.malformed())).transpose()
}

/// Writes one.
pub fn website_document(website: &WebsiteConfiguration) -> String {
    let mut document = Document::new("WebsiteConfiguration");
    if let Some(all) = &website.redirect_all {
        document.element("RedirectAllRequestsTo", |xml| {
            xml.text("HostName", &all.host_name);
            given(xml, "Protocol", &all.protocol);
        });
    }
    for (element, child, text) in [
        ("IndexDocument", "Suffix", &website.index_suffix),
        ("ErrorDocument", "Key", &website.error_key),
    ] {
        if text.is_some() {
            document.element(element, |xml| given(xml, child, text));
        }
    }
    if !website.routing_rules.is_empty() {
        document.element("RoutingRules", |xml| {
            for rule in &website.routing_rules {
                xml.element("RoutingRule", |xml| write_rule(xml, rule));
            }
        });
    }
    document.finish()
}

fn write_rule(xml: &mut Document, rule: &RoutingRule) {
    if let Some(condition) = &rule.condition {
        xml.element("Condition", |xml| {
            let code = condition.error_code.map(|code| code.to_string());
            given(xml, "HttpErrorCodeReturnedEquals", &code);
            given(xml, "KeyPrefixEquals", &condition.key_prefix);
        });
    }
    let redirect = &rule.redirect;
    xml.element("Redirect", |xml| {
        given(xml, "Protocol", &redirect.protocol);
        given(xml, "HostName", &redirect.host_name);
        given(xml, "ReplaceKeyPrefixWith", &redirect.replace_key_prefix);
        given(xml, "ReplaceKeyWith", &redirect.replace_key);
        given(xml, "HttpRedirectCode", &redirect.redirect_code.map(|code| code.to_string()));
    });
}

fn given(xml: &mut Document, element: &str, text: &Option<String>) {
    if let Some(text) = text {
        xml.text(element, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Result<WebsiteConfiguration> {
        let body = format!("<WebsiteConfiguration>{inner}</WebsiteConfiguration>");
        website_configuration(body.as_bytes())
    }

    const INDEX: &str = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>";

    #[test]
    fn put_bucket_website_reads_what_get_bucket_website_writes() {
        let rules = "<RoutingRules><RoutingRule><Condition>\
            <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>\
            <KeyPrefixEquals>docs/</KeyPrefixEquals></Condition><Redirect>\
            <Protocol>https</Protocol><HostName>example.com</HostName>\
            <ReplaceKeyPrefixWith></ReplaceKeyPrefixWith>\
            <HttpRedirectCode>301</HttpRedirectCode></Redirect></RoutingRule></RoutingRules>";
        let pages = format!("{INDEX}<ErrorDocument><Key>404.html</Key></ErrorDocument>{rules}");
        let all = "<RedirectAllRequestsTo><HostName>example.com</HostName>\
            <Protocol>http</Protocol></RedirectAllRequestsTo>";
        for inner in [INDEX, pages.as_str(), all] {
            let website = read(inner).unwrap();
            let written = website_document(&website);
            assert!(written.ends_with(&format!("{inner}</WebsiteConfiguration>")), "{written}");
            assert_eq!(website_configuration(written.as_bytes()).unwrap(), website);
        }
    }

    #[test]
    fn put_bucket_website_refuses_what_no_site_can_be() {
        let rule = |condition: &str, redirect: &str| {
            format!(
                "{INDEX}<RoutingRules><RoutingRule>{condition}<Redirect>{redirect}</Redirect>\
                 </RoutingRule></RoutingRules>"
            )
        };
        let host = "<HostName>a</HostName>";
        let code = |code: &str| {
            format!(
                "<Condition><HttpErrorCodeReturnedEquals>{code}</HttpErrorCodeReturnedEquals>\
                 </Condition>"
            )
        };
        for (bad, expected) in [
            (String::new(), ErrorCode::InvalidArgument),
            ("<IndexDocument></IndexDocument>".to_owned(), ErrorCode::MalformedXML),
            (INDEX.replace("index", "a/b"), ErrorCode::InvalidArgument),
            (INDEX.replace("index.html", ""), ErrorCode::InvalidArgument),
            (format!("{INDEX}{INDEX}"), ErrorCode::MalformedXML),
            (
                format!("{INDEX}<RedirectAllRequestsTo>{host}</RedirectAllRequestsTo>"),
                ErrorCode::InvalidArgument,
            ),
            (
                format!(
                    "<RedirectAllRequestsTo>{host}<Protocol>ftp</Protocol></RedirectAllRequestsTo>"
                ),
                ErrorCode::InvalidRequest,
            ),
            ("<RedirectAllRequestsTo/>".to_owned(), ErrorCode::MalformedXML),
            (rule("", ""), ErrorCode::MalformedXML),
            (rule("<Condition/>", host), ErrorCode::InvalidRequest),
            (rule(&code("399"), host), ErrorCode::InvalidRequest),
            (rule(&code("many"), host), ErrorCode::MalformedXML),
            (rule("", "<HttpRedirectCode>300</HttpRedirectCode>"), ErrorCode::InvalidRequest),
            (rule("", "<HttpRedirectCode>306</HttpRedirectCode>"), ErrorCode::InvalidRequest),
            (
                rule(
                    "",
                    "<ReplaceKeyWith>a</ReplaceKeyWith>\
                     <ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>",
                ),
                ErrorCode::InvalidRequest,
            ),
        ] {
            assert_eq!(read(&bad).unwrap_err().code, expected, "{bad}");
        }
    }

    #[test]
    fn class_o_put_bucket_website_refuses_a_host_that_the_visitor_or_a_line_end_could_complete() {
        let all = |host: &str| format!("<RedirectAllRequestsTo>{host}</RedirectAllRequestsTo>");
        let by_rule = |host: &str| {
            let redirect = format!("<Redirect>{host}</Redirect>");
            format!("{INDEX}<RoutingRules><RoutingRule>{redirect}</RoutingRule></RoutingRules>")
        };
        let host = |text: &str| format!("<HostName>{text}</HostName>");
        for bad in ["", " ", "/", "?", "#a", "a&#13;&#10;Set-Cookie: b", "a b", "a@b", "a\\b", "ä"]
        {
            for document in [all(&host(bad)), by_rule(&host(bad))] {
                assert_eq!(read(&document).unwrap_err().code, ErrorCode::InvalidRequest, "{bad}");
            }
        }
        for good in ["a", "www.example.com", "a:8443", "[::1]:80", "xn--nxa.example/sub"] {
            for document in [all(&host(good)), by_rule(&host(good))] {
                assert!(read(&document).is_ok(), "{good}");
            }
        }
    }

    #[test]
    fn put_bucket_website_takes_50_routing_rules() {
        let rules = |count: usize| {
            let rule = "<RoutingRule><Redirect><HostName>a</HostName></Redirect></RoutingRule>";
            read(&format!("{INDEX}<RoutingRules>{}</RoutingRules>", rule.repeat(count)))
        };
        assert_eq!(rules(50).unwrap().routing_rules.len(), 50);
        assert_eq!(rules(51).unwrap_err().code, ErrorCode::InvalidRequest);
    }
}
