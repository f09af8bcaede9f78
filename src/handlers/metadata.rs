//! User metadata on its way out: `x-amz-meta-*` headers that any HTTP client can read.
//!
//! A value that is not ASCII goes out as one encoded-word of RFC 2047, as from AWS; one that
//! came in as an encoded-word is ASCII and goes out as it came.
//!
//! Deviation: AWS takes raw bytes of a request for ISO 8859-1, so that UTF-8, which every SDK
//! signs and sends, comes back as other characters. Here they are the UTF-8 they were signed as.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>,
//! <https://www.rfc-editor.org/rfc/rfc2047>

use crate::http::response::Response;
use base64::prelude::{BASE64_STANDARD, Engine};
use std::borrow::Cow;

/// Adds the metadata of an object to an answer.
pub(super) fn with_user_metadata(response: Response, metadata: &[(String, String)]) -> Response {
    metadata.iter().fold(response, |response, (name, value)| {
        response.header(format!("x-amz-meta-{name}"), encoded(value))
    })
}

/// One word however long: RFC 2047's 75 characters are for mail's lines, and decoders take more.
fn encoded(value: &str) -> Cow<'_, str> {
    match value.is_ascii() {
        true => Cow::Borrowed(value),
        false => Cow::Owned(format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_that_is_not_ascii_is_an_encoded_word() {
        assert_eq!(encoded("Hello World"), "Hello World");
        assert_eq!(encoded("Hello Worldé"), "=?UTF-8?B?SGVsbG8gV29ybGTDqQ==?=");
        assert_eq!(encoded("=?UTF-8?B?w6k=?="), "=?UTF-8?B?w6k=?=");
    }
}
