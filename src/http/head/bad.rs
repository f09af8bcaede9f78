//! Why a head is refused, and the answer that goes with each reason.
//!
//! Every one closes the connection after the answer: where one head was unintelligible, nobody can
//! know where the next one starts.

use crate::error::{ErrorCode, S3Error};

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHead {
    /// Not HTTP/1: an empty method, a header without colon, a space before the colon.
    Malformed,
    /// Over [`crate::limits::HEAD_BYTES_MAX`].
    TooLarge,
    /// Over [`crate::limits::HEADERS_MAX`].
    TooManyHeaders,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    Version,
    /// A line ended by LF without CR.
    BareLf,
    /// A header continued on the next line (obs-fold).
    FoldedLine,
    /// NUL or another control byte.
    ControlByte,
    /// Not UTF-8.
    NotUtf8,
    /// The target is no path: authority-form, fragment, `*` without OPTIONS, user info.
    Target,
    /// A percent-escape in the query that cannot be decoded, or not to UTF-8.
    Query,
    /// HTTP/1.1 without Host.
    HostMissing,
    /// More than one Host.
    HostTwice,
    /// Host is empty, is no host name, or differs from an absolute-form target's.
    Host,
    /// More than one Content-Length, equal or not.
    ContentLengthTwice,
    /// Content-Length is empty, signed, a list, hexadecimal, or over 64 bits.
    ContentLength,
    /// Content-Length and Transfer-Encoding together.
    ContentLengthAndTransferEncoding,
    /// More than one Transfer-Encoding.
    TransferEncodingTwice,
    /// Transfer-Encoding on HTTP/1.0.
    TransferEncodingOn10,
    /// A Transfer-Encoding that is not exactly `chunked`.
    TransferEncoding,
}

impl BadHead {
    /// HTTP status of the answer.
    pub fn status(self) -> u16 {
        self.code().status()
    }

    /// The code in the `<Error>` document.
    pub fn code(self) -> ErrorCode {
        match self {
            BadHead::TooLarge | BadHead::TooManyHeaders => ErrorCode::RequestHeaderSectionTooLarge,
            BadHead::Version => ErrorCode::HttpVersionNotSupported,
            BadHead::Target | BadHead::Query => ErrorCode::InvalidURI,
            BadHead::TransferEncoding => ErrorCode::NotImplemented,
            _ => ErrorCode::BadRequest,
        }
    }

    /// The sentence of the answer.
    pub fn message(self) -> &'static str {
        match self {
            BadHead::Malformed => "The request line or a header could not be parsed.",
            BadHead::TooLarge | BadHead::TooManyHeaders | BadHead::Version => self.code().message(),
            BadHead::BareLf => "A line of the request head ends without a carriage return.",
            BadHead::FoldedLine => "A header is continued on a second line.",
            BadHead::ControlByte => "The request head holds a control character.",
            BadHead::NotUtf8 => "The request head is not UTF-8.",
            BadHead::Target => self.code().message(),
            BadHead::Query => "The query string could not be decoded.",
            BadHead::HostMissing => "The Host header is missing.",
            BadHead::HostTwice => "There is more than one Host header.",
            BadHead::Host => "The Host header is not valid.",
            BadHead::ContentLengthTwice => "There is more than one Content-Length header.",
            BadHead::ContentLength => "The Content-Length header is not a number.",
            BadHead::ContentLengthAndTransferEncoding => {
                "Content-Length and Transfer-Encoding exclude each other."
            }
            BadHead::TransferEncodingTwice => "There is more than one Transfer-Encoding header.",
            BadHead::TransferEncodingOn10 => "HTTP/1.0 has no Transfer-Encoding.",
            BadHead::TransferEncoding => "The only Transfer-Encoding understood is chunked.",
        }
    }
}

impl From<BadHead> for S3Error {
    fn from(bad: BadHead) -> S3Error {
        S3Error::new(bad.code(), bad.message())
    }
}
