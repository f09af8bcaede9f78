//! `<VersioningConfiguration>`, in both directions.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>

use super::Document;
use super::pull::Pull;
use crate::error::{ErrorCode, Result, S3Error};

/// Reads one: whether versioning is to be `Enabled` (true) or `Suspended` (false).
///
/// No body is `MissingRequestBodyError`, another word `MalformedXML`, no Status at all
/// `IllegalVersioningConfigurationException`. `MfaDelete: Enabled` is `NotImplemented`: whoever
/// asked for it would believe that no version goes without a second factor.
pub fn versioning_configuration(body: &[u8]) -> Result<bool> {
    let mut pull = Pull::open(body, "VersioningConfiguration", ErrorCode::MalformedXML)?;
    let (mut status, mut mfa_delete) = (None, None);
    pull.children(|pull, name| match name {
        "Status" => pull.once(&mut status),
        "MfaDelete" => pull.once(&mut mfa_delete),
        _ => pull.skip(),
    })?;
    pull.close()?;
    match mfa_delete.as_deref() {
        None | Some("Disabled") => {}
        Some("Enabled") => {
            let message = "MFA delete is not implemented.";
            return Err(S3Error::new(ErrorCode::NotImplemented, message));
        }
        Some(_) => return Err(ErrorCode::MalformedXML.into()),
    }
    match status.as_deref() {
        Some("Enabled") => Ok(true),
        Some("Suspended") => Ok(false),
        Some(_) => Err(ErrorCode::MalformedXML.into()),
        None => Err(S3Error::new(
            ErrorCode::IllegalVersioningConfigurationException,
            "The Versioning element must be specified",
        )),
    }
}

/// The answer of GetBucketVersioning; where versioning never was configured the element is empty.
pub fn versioning(enabled: Option<bool>) -> String {
    let mut document = Document::new("VersioningConfiguration");
    if let Some(enabled) = enabled {
        document.text("Status", if enabled { "Enabled" } else { "Suspended" });
    }
    document.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Result<bool> {
        let body = format!("<VersioningConfiguration>{inner}</VersioningConfiguration>");
        versioning_configuration(body.as_bytes())
    }

    #[test]
    fn put_bucket_versioning_knows_two_words() {
        assert!(read("<Status>Enabled</Status>").unwrap());
        assert!(!read("<MfaDelete>Disabled</MfaDelete><Status> Suspended </Status>").unwrap());
        for (inner, code) in [
            ("", ErrorCode::IllegalVersioningConfigurationException),
            ("<Status>enabled</Status>", ErrorCode::MalformedXML),
            ("<Status/>", ErrorCode::MalformedXML),
            ("<Status>Enabled</Status><Status>Enabled</Status>", ErrorCode::MalformedXML),
            ("<Status>Enabled</Status><MfaDelete>On</MfaDelete>", ErrorCode::MalformedXML),
            ("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>", ErrorCode::NotImplemented),
        ] {
            assert_eq!(read(inner).unwrap_err().code, code, "{inner}");
        }
        let none = versioning_configuration(b" ").unwrap_err();
        assert_eq!(none.code, ErrorCode::MissingRequestBodyError);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for enabled in [true, false] {
            let document = versioning(Some(enabled));
            assert_eq!(versioning_configuration(document.as_bytes()).unwrap(), enabled);
        }
        assert!(!versioning(None).contains("Status"));
    }
}
