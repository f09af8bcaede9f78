//! Every error code S3 answers here, one table row each, and the value that carries one.
//!
//! Errors have three fates. The client is told: [`S3Error`], this file. The connection is gone or
//! unintelligible: `http` closes it for a named reason. We are wrong: `assert!`, the task ends and
//! the process lives. Nothing a peer sent, and nothing read from disk, is ever asserted on.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::borrow::Cow;
use std::fmt;
use std::io;

/// The short name for a fallible step whose error the client is told.
pub type Result<T> = std::result::Result<T, S3Error>;

macro_rules! codes {
    ($($name:ident $status:literal $message:literal)*) => {
        /// A code of the S3 error table; its name on the wire is the variant's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // the names are AWS's own, the message beside each explains it
        pub enum ErrorCode { $($name),* }

        impl ErrorCode {
            /// Every code, for tests that walk the table.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name),*];

            /// Name on the wire, HTTP status, and AWS's usual message.
            fn row(self) -> (&'static str, u16, &'static str) {
                match self { $(ErrorCode::$name => (stringify!($name), $status, $message)),* }
            }
        }
    };
}

// The one macro of the project: a table whose first column is both a variant and a string.
codes! {
    AccessControlListNotSupported 400 "The bucket does not allow ACLs"
    AccessDenied 403 "Access Denied"
    AccessForbidden 403 "CORSResponse: CORS is not enabled for this bucket."
    AuthorizationHeaderMalformed 400 "The authorization header that you provided is not valid."
    AuthorizationQueryParametersError 400 "The authorization query parameters that you provided are not valid."
    BadDigest 400 "The Content-MD5 or checksum value that you specified did not match what the server received."
    BadRequest 400 "Bad Request"
    BucketAlreadyExists 409 "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Select a different name and try again."
    BucketAlreadyOwnedByYou 409 "The bucket that you tried to create already exists, and you own it."
    BucketNotEmpty 409 "The bucket that you tried to delete is not empty."
    ConditionalRequestConflict 409 "The conditional request cannot succeed due to a conflicting operation against this resource."
    EntityTooLarge 400 "Your proposed upload exceeds the maximum allowed object size."
    EntityTooSmall 400 "Your proposed upload is smaller than the minimum allowed object size."
    HttpVersionNotSupported 505 "The HTTP version specified is not supported."
    IllegalLocationConstraintException 400 "The specified location constraint is not valid."
    IllegalVersioningConfigurationException 400 "The versioning configuration specified in the request is invalid."
    IncompleteBody 400 "You did not provide the number of bytes specified by the Content-Length HTTP header."
    InsufficientStorage 507 "There is not enough space left to store the object."
    InternalError 500 "We encountered an internal error. Please try again."
    InvalidAccessKeyId 403 "The AWS access key ID that you provided does not exist in our records."
    InvalidArgument 400 "Invalid Argument"
    InvalidBucketAclWithObjectOwnership 400 "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    InvalidBucketName 400 "The specified bucket is not valid."
    InvalidBucketState 409 "The request is not valid with the current state of the bucket."
    InvalidDigest 400 "The Content-MD5 or checksum value that you specified is not valid."
    InvalidPart 400 "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag."
    InvalidPartOrder 400 "The list of parts was not in ascending order. Parts must be ordered by part number."
    InvalidPartNumber 416 "The requested partnumber is not satisfiable"
    InvalidPolicyDocument 400 "The content of the form does not meet the conditions specified in the policy document."
    InvalidRange 416 "The requested range is not satisfiable"
    InvalidRedirectLocation 400 "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
    InvalidRequest 400 "Invalid Request"
    InvalidRetentionPeriod 400 "The default retention period must be a positive integer value, and at most 36500 days or 100 years."
    InvalidStorageClass 400 "The storage class that you specified is not valid."
    InvalidTag 400 "The tag provided was not a valid tag."
    InvalidToken 400 "The provided token is malformed or otherwise not valid."
    InvalidURI 400 "Couldn't parse the specified URI."
    KeyTooLongError 400 "Your key is too long."
    MalformedACLError 400 "The XML that you provided was not well formed or did not validate against our published schema."
    MalformedPOSTRequest 400 "The body of your POST request is not well-formed multipart/form-data."
    MalformedPolicy 400 "Policies must be valid JSON and the first byte must be '{'"
    MalformedTrailerError 400 "The request contained trailing data that was not well-formed or did not conform to our published schema."
    MalformedXML 400 "The XML that you provided was not well formed or did not validate against our published schema."
    MaxMessageLengthExceeded 400 "Your request was too large."
    MaxPostPreDataLengthExceededError 400 "Your POST request fields preceding the upload file were too large."
    MetadataTooLarge 400 "Your metadata headers exceed the maximum allowed metadata size."
    MethodNotAllowed 405 "The specified method is not allowed against this resource."
    MissingContentLength 411 "You must provide the Content-Length HTTP header."
    MissingRequestBodyError 400 "Request body is empty."
    MissingSecurityHeader 400 "Your request is missing a required header."
    NoSuchBucket 404 "The specified bucket does not exist"
    NoSuchBucketPolicy 404 "The bucket policy does not exist"
    NoSuchCORSConfiguration 404 "The CORS configuration does not exist"
    NoSuchConfiguration 404 "The specified configuration does not exist."
    NoSuchKey 404 "The specified key does not exist."
    NoSuchLifecycleConfiguration 404 "The lifecycle configuration does not exist"
    NoSuchObjectLockConfiguration 404 "The specified object does not have a ObjectLock configuration"
    NoSuchPublicAccessBlockConfiguration 404 "The public access block configuration was not found"
    NoSuchTagSet 404 "The TagSet does not exist"
    NoSuchUpload 404 "The specified multipart upload does not exist. The upload ID might not be valid, or the multipart upload might have been aborted or completed."
    NoSuchVersion 404 "The specified version does not exist."
    NoSuchWebsiteConfiguration 404 "The specified bucket does not have a website configuration"
    NotImplemented 501 "A header or query that you provided implies functionality that is not implemented."
    ObjectLockConfigurationNotFoundError 404 "Object Lock configuration does not exist for this bucket"
    OperationAborted 409 "A conflicting conditional operation is currently in progress against this resource. Try again."
    OwnershipControlsNotFoundError 404 "The bucket ownership controls were not found"
    PreconditionFailed 412 "At least one of the preconditions that you specified did not hold."
    QuotaExceeded 403 "There is no room left for this: the quota of the bucket's owner would be exceeded."
    ReplicationConfigurationNotFoundError 404 "The replication configuration was not found"
    RequestHeaderSectionTooLarge 400 "Your request header section exceeds the maximum allowed size."
    RequestTimeTooSkewed 403 "The difference between the request time and the server's time is too large."
    RequestTimeout 400 "Your socket connection to the server was not read from or written to within the timeout period."
    ServerSideEncryptionConfigurationNotFoundError 404 "The server side encryption configuration was not found"
    ServiceUnavailable 503 "Service is unable to handle request."
    SignatureDoesNotMatch 403 "The request signature that we calculated does not match the signature that you provided. Check your secret access key and signing method."
    SlowDown 503 "Please reduce your request rate."
    UnresolvableGrantByEmailAddress 400 "The email address that you provided does not match any account on record."
    XAmzContentSHA256Mismatch 400 "The provided 'x-amz-content-sha256' header does not match what was computed."
}

impl ErrorCode {
    /// The name in `<Code>`.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status it is answered with.
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// AWS's usual sentence, where a place has nothing better to say.
    pub fn message(self) -> &'static str {
        self.row().2
    }
}

/// An error the client is told, as `<Error>` XML.
#[derive(Debug)]
pub struct S3Error {
    /// What it is.
    pub code: ErrorCode,
    /// The sentence in `<Message>`.
    pub message: Cow<'static, str>,
    /// Further elements of the document, in order, e.g. `("StringToSign", …)`.
    pub fields: Vec<(&'static str, String)>,
    /// Headers of the answer beside those of every error, e.g. `("x-amz-delete-marker", …)`.
    pub headers: Vec<(&'static str, String)>,
    /// What only the log is told: the operating system's words behind an `InternalError`.
    pub cause: Option<String>,
}

impl S3Error {
    /// `code` with a sentence of its own.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> S3Error {
        let (fields, headers) = (Vec::new(), Vec::new());
        S3Error { code, message: message.into(), fields, headers, cause: None }
    }

    /// Adds an element to the answer.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> S3Error {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> S3Error {
        self.headers.push((name, value.into()));
        self
    }

    /// `InvalidArgument` in AWS's form: a sentence, the argument's name and its value.
    pub fn argument(message: impl Into<Cow<'static, str>>, name: &str, value: &str) -> S3Error {
        S3Error::new(ErrorCode::InvalidArgument, message)
            .with("ArgumentName", name)
            .with("ArgumentValue", value)
    }

    /// Our own fault: the client is told 500, the log is told why.
    pub fn internal(cause: impl fmt::Display) -> S3Error {
        let mut error = S3Error::from(ErrorCode::InternalError);
        error.cause = Some(cause.to_string());
        error
    }
}

impl From<ErrorCode> for S3Error {
    fn from(code: ErrorCode) -> S3Error {
        S3Error::new(code, code.message())
    }
}

/// What the operating system refused. A full disk and a file that is not the server's to touch are
/// said as such (to repeat such a request helps nobody); all else is our own fault.
impl From<io::Error> for S3Error {
    fn from(error: io::Error) -> S3Error {
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ErrorCode::InsufficientStorage
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ErrorCode::AccessDenied
            }
            _ => ErrorCode::InternalError,
        };
        let mut told = S3Error::from(code);
        told.cause = Some(error.to_string());
        told
    }
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for S3Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_said_as_such() {
        for (kind, code) in [
            (io::ErrorKind::StorageFull, ErrorCode::InsufficientStorage),
            (io::ErrorKind::QuotaExceeded, ErrorCode::InsufficientStorage),
            (io::ErrorKind::PermissionDenied, ErrorCode::AccessDenied),
            (io::ErrorKind::ReadOnlyFilesystem, ErrorCode::AccessDenied),
            (io::ErrorKind::Other, ErrorCode::InternalError),
        ] {
            let told = S3Error::from(io::Error::from(kind));
            assert_eq!(told.code, code);
            assert!(told.cause.is_some(), "the log is told why");
        }
    }
}
