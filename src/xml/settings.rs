//! The small documents of a bucket of which the server must know one thing: whether they ask for
//! what it does not do.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>

use super::pull::Pull;
use crate::error::{ErrorCode, Result};

/// `RequestPaymentConfiguration`: whether the requester pays.
pub fn requester_pays(body: &[u8]) -> Result<bool> {
    choice(body, "RequestPaymentConfiguration", "Payer", ["BucketOwner", "Requester"])
}

/// `AccelerateConfiguration`: whether it is enabled.
pub fn acceleration_enabled(body: &[u8]) -> Result<bool> {
    choice(body, "AccelerateConfiguration", "Status", ["Suspended", "Enabled"])
}

/// `BucketLoggingStatus`: whether it has a `LoggingEnabled`.
pub fn logging_enabled(body: &[u8]) -> Result<bool> {
    has_children(body, "BucketLoggingStatus")
}

/// `NotificationConfiguration`: whether it names any receiver.
pub fn notifies(body: &[u8]) -> Result<bool> {
    has_children(body, "NotificationConfiguration")
}

/// The text of the one element of a document, which is the first word (false) or the second.
fn choice(body: &[u8], root: &str, element: &str, [off, on]: [&str; 2]) -> Result<bool> {
    let mut pull = Pull::open(body, root, ErrorCode::MalformedXML)?;
    let mut word = None;
    pull.children(|pull, name| if name == element { pull.once(&mut word) } else { pull.skip() })?;
    let chosen = match word.as_deref() {
        Some(word) if word == off => false,
        Some(word) if word == on => true,
        _ => return Err(pull.malformed()),
    };
    pull.close()?;
    Ok(chosen)
}

/// Whatever the child is: what is not known here must not be taken for nothing.
fn has_children(body: &[u8], root: &str) -> Result<bool> {
    let mut pull = Pull::open(body, root, ErrorCode::MalformedXML)?;
    let mut any = false;
    pull.children(|pull, _| {
        any = true;
        pull.skip()
    })?;
    pull.close()?;
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_one_word_or_malformed() {
        let read = |inner: &str| {
            let open = "<RequestPaymentConfiguration>";
            requester_pays(format!("{open}{inner}</RequestPaymentConfiguration>").as_bytes())
        };
        assert!(!read("<Payer>BucketOwner</Payer>").unwrap());
        assert!(read("<Payer> Requester </Payer>").unwrap());
        for bad in ["", "<Payer/>", "<Payer>me</Payer>", "<Payer>Requester</Payer><Payer/>"] {
            assert_eq!(read(bad).unwrap_err().code, ErrorCode::MalformedXML, "{bad}");
        }
        let accelerate = b"<AccelerateConfiguration><Status>Enabled</Status>\
                           </AccelerateConfiguration>";
        assert!(acceleration_enabled(accelerate).unwrap());
    }

    #[test]
    fn an_empty_logging_or_notification_document_switches_off() {
        assert!(!logging_enabled(b"<BucketLoggingStatus/>").unwrap());
        assert!(
            logging_enabled(b"<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>")
                .unwrap()
        );
        assert!(!notifies(b"<NotificationConfiguration> </NotificationConfiguration>").unwrap());
        let topic = b"<NotificationConfiguration><TopicConfiguration/></NotificationConfiguration>";
        assert!(notifies(topic).unwrap());
        assert!(logging_enabled(b"").is_err() && notifies(b"<Other/>").is_err());
    }
}
