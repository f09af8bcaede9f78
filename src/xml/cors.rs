//! `CORSConfiguration`, read and written.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html>

use super::pull::Pull;
use super::write::Document;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use crate::types::{CorsConfiguration, CorsRule};

/// Reads one; besides what [`CorsConfiguration::new`] refuses, `MalformedXML` over
/// [`limits::CORS_BYTES_MAX`] and for a `MaxAgeSeconds` that is no number.
pub fn cors_configuration(body: &[u8]) -> Result<CorsConfiguration> {
    if body.len() > limits::CORS_BYTES_MAX {
        let message = "The CORS XML document is limited to 64 KB in size.";
        return Err(S3Error::new(ErrorCode::MalformedXML, message));
    }
    let mut pull = Pull::open(body, "CORSConfiguration", ErrorCode::MalformedXML)?;
    let mut rules = Vec::new();
    pull.children(|pull, name| match name {
        "CORSRule" => {
            rules.push(rule(pull)?);
            Ok(())
        }
        _ => pull.skip(),
    })?;
    pull.close()?;
    CorsConfiguration::new(rules)
}

fn rule(pull: &mut Pull<'_>) -> Result<CorsRule> {
    let (mut rule, mut max_age) = (CorsRule::default(), None);
    pull.children(|pull, name| {
        let list = match name {
            "AllowedOrigin" => &mut rule.allowed_origins,
            "AllowedMethod" => &mut rule.allowed_methods,
            "AllowedHeader" => &mut rule.allowed_headers,
            "ExposeHeader" => &mut rule.expose_headers,
            "ID" => return pull.once(&mut rule.id),
            "MaxAgeSeconds" => return pull.once(&mut max_age),
            _ => return pull.skip(),
        };
        list.push(pull.text()?.trim().to_owned());
        Ok(())
    })?;
    rule.id = rule.id.filter(|id| !id.is_empty());
    let seconds = max_age.map(|text| text.parse().map_err(|_| pull.malformed()));
    rule.max_age_seconds = seconds.transpose()?;
    Ok(rule)
}

/// Writes one, the elements of a rule in AWS's order.
pub fn cors_document(configuration: &CorsConfiguration) -> String {
    let mut document = Document::new("CORSConfiguration");
    for rule in configuration.rules() {
        document.element("CORSRule", |xml| write_rule(xml, rule));
    }
    document.finish()
}

fn write_rule(xml: &mut Document, rule: &CorsRule) {
    if let Some(id) = &rule.id {
        xml.text("ID", id);
    }
    for (element, list) in [
        ("AllowedMethod", &rule.allowed_methods),
        ("AllowedOrigin", &rule.allowed_origins),
        ("AllowedHeader", &rule.allowed_headers),
        ("ExposeHeader", &rule.expose_headers),
    ] {
        for text in list {
            xml.text(element, text);
        }
    }
    if let Some(seconds) = rule.max_age_seconds {
        xml.text("MaxAgeSeconds", &seconds.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_bucket_cors_reads_what_get_bucket_cors_writes() {
        let body =
            b"<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule>\
            <MaxAgeSeconds> 3000 </MaxAgeSeconds><AllowedOrigin>http://*.a</AllowedOrigin>\
            <AllowedOrigin>http://b</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
            <AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader>\
            <ExposeHeader>ETag</ExposeHeader><ID>one &amp; only</ID></CORSRule>\
            <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod>\
            </CORSRule></CORSConfiguration>";
        let read = cors_configuration(body).unwrap();
        let rule = &read.rules()[0];
        assert_eq!(rule.id.as_deref(), Some("one & only"));
        assert_eq!(rule.allowed_origins, ["http://*.a", "http://b"]);
        assert_eq!(rule.allowed_methods, ["GET", "PUT"]);
        assert_eq!(
            (&rule.allowed_headers[..], &rule.expose_headers[..]),
            (&["*".to_owned()][..], &["ETag".to_owned()][..])
        );
        assert_eq!(rule.max_age_seconds, Some(3000));
        let written = cors_document(&read);
        assert!(written.contains("<CORSRule><ID>one &amp; only</ID><AllowedMethod>GET"));
        assert_eq!(cors_configuration(written.as_bytes()).unwrap(), read);
    }

    #[test]
    fn put_bucket_cors_refuses_malformed_documents() {
        let rule = "<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>";
        let document = |rules: &str| format!("<CORSConfiguration>{rules}</CORSConfiguration>");
        for bad in [
            document(""),
            document("<CORSRule></CORSRule>"),
            document(&format!("<CORSRule>{rule}<MaxAgeSeconds>-1</MaxAgeSeconds></CORSRule>")),
            document(&format!("<CORSRule>{rule}<ID>a</ID><ID>b</ID></CORSRule>")),
            format!("<Cors><CORSRule>{rule}</CORSRule></Cors>"),
        ] {
            let error = cors_configuration(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code, ErrorCode::MalformedXML, "{bad}");
        }
        let injected = "<AllowedOrigin>http://a&#13;&#10;Set-Cookie:b</AllowedOrigin>\
            <AllowedMethod>GET</AllowedMethod>";
        let error =
            cors_configuration(document(&format!("<CORSRule>{injected}</CORSRule>")).as_bytes())
                .unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn put_bucket_cors_takes_64_kilobytes() {
        let rule = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET\
            </AllowedMethod></CORSRule></CORSConfiguration>";
        let padded = |length: usize| rule.to_owned() + &" ".repeat(length - rule.len());
        assert!(cors_configuration(padded(limits::CORS_BYTES_MAX).as_bytes()).is_ok());
        assert!(cors_configuration(padded(limits::CORS_BYTES_MAX + 1).as_bytes()).is_err());
    }
}
