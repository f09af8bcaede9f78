//! What must be answered, from the texts of S3 and not from what the server does.
//!
//! A request may have several reasons to be refused (a mode that its signature does not allow, and
//! a wrong secret): any of them will do, but one of them it must be. A body is judged only where
//! its sender and the mode are good: nothing of it may be looked at before.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use super::case::Fault::{self, *};
use super::case::{Auth, Case, Mode};

/// Status and code.
pub(super) type Refusal = (u16, &'static str);

const DOES_NOT_MATCH: Refusal = (403, "SignatureDoesNotMatch");
const UNKNOWN: Refusal = (403, "InvalidAccessKeyId");
const DENIED: Refusal = (403, "AccessDenied");
const ARGUMENT: Refusal = (400, "InvalidArgument");
const REQUEST: Refusal = (400, "InvalidRequest");
const INCOMPLETE: Refusal = (400, "IncompleteBody");
const DIGEST: Refusal = (400, "BadDigest");

/// Whose mistake a refusal is, for the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    Credentials,
    Mode,
    Access,
    Body,
}

/// Every reason to refuse it; none: it must be accepted.
pub(super) fn refusals(case: &Case) -> Vec<(By, Refusal)> {
    let before = [
        (By::Credentials, credentials(case.auth, case.fault)),
        (By::Mode, mode(case)),
        (By::Access, access(case)),
    ];
    let mut all: Vec<_> = before.into_iter().filter_map(|(by, why)| Some((by, why?))).collect();
    // Who sends a form is said in its body.
    if all.is_empty() || (case.op.is_form() && case.fault == Unfinished) {
        all.extend(body(case).iter().map(|why| (By::Body, *why)));
    }
    all
}

/// Who sent it, and when.
fn credentials(auth: Auth, fault: Fault) -> Option<Refusal> {
    let refusal = match (fault, auth) {
        (WrongSecret | EmptySignature, _) => DOES_NOT_MATCH,
        // The signature of a form is that of its policy.
        (FlippedByte, Auth::V2Post | Auth::V4Post) => DOES_NOT_MATCH,
        (UnknownKey | DisabledUser | ExpiredUser, _) => UNKNOWN,
        (MissingSignature, Auth::V4Header) => (400, "AuthorizationHeaderMalformed"),
        (MissingSignature, Auth::V4Presigned) => (400, "AuthorizationQueryParametersError"),
        (MissingSignature, Auth::V2Presigned) => DENIED,
        (MissingSignature, _) => ARGUMENT,
        (Expired, _) => DENIED,
        // A presigned URL that was made in the future is not valid yet.
        (SkewedLate, Auth::V4Presigned) => DENIED,
        (SkewedLate | SkewedEarly, _) => (403, "RequestTimeTooSkewed"),
        (OtherDay, Auth::V4Header) => (400, "AuthorizationHeaderMalformed"),
        (OtherDay, Auth::V4Presigned) => (400, "AuthorizationQueryParametersError"),
        (OtherDay | TwoDoors, _) => ARGUMENT,
        _ => return None,
    };
    Some(refusal)
}

/// Whether such a body may come with such a signature, to such an operation.
fn mode(case: &Case) -> Option<Refusal> {
    let auth = case.auth;
    let chained = |allowed: bool| match (allowed, case.op.streams) {
        (true, true) => None,
        (true, false) => Some(REQUEST),
        (false, _) => Some(ARGUMENT),
    };
    match case.mode {
        Mode::StreamEcdsa | Mode::StreamEcdsaTrailer | Mode::StreamUnknown => Some(ARGUMENT),
        // The chain starts at a signature in the header: others have no seed.
        Mode::StreamSigned | Mode::StreamSignedTrailer | Mode::ChunkedStream => {
            chained(auth == Auth::V4Header)
        }
        // It has no chain; a form has nobody in its head, and is no such body.
        Mode::StreamUnsignedTrailer => chained(auth == Auth::V4Header || auth.head_is_anonymous()),
        Mode::NoHeader if auth == Auth::V4Header => Some(REQUEST),
        // It would be the hash of the form.
        Mode::Signed | Mode::ChunkedSigned if case.op.is_form() => Some(REQUEST),
        _ => None,
    }
}

/// Nobody may do nothing in a private bucket.
fn access(case: &Case) -> Option<Refusal> {
    (case.auth == Auth::Nobody).then_some(DENIED)
}

/// Whether the body is what was signed or claimed.
fn body(case: &Case) -> &'static [Refusal] {
    let signed =
        matches!(case.mode, Mode::StreamSigned | Mode::StreamSignedTrailer | Mode::ChunkedStream);
    let unsigned_stream = case.mode == Mode::StreamUnsignedTrailer;
    let hashed = matches!(case.mode, Mode::Signed | Mode::ChunkedSigned);
    let claimed = matches!(case.mode, Mode::ContentMd5 | Mode::Checksum) || case.op.wants_md5();
    match case.fault {
        FlippedByte | Cut | Grown if hashed && claimed => {
            &[(400, "XAmzContentSHA256Mismatch"), DIGEST]
        }
        FlippedByte | Cut | Grown if hashed => &[(400, "XAmzContentSHA256Mismatch")],
        FlippedByte if signed => &[DOES_NOT_MATCH],
        FlippedByte if unsigned_stream || claimed => &[DIGEST],
        // Wrong in two ways at once: its signature and its length.
        Cut | Grown if signed => &[DOES_NOT_MATCH, INCOMPLETE],
        Cut | Grown if unsigned_stream => &[INCOMPLETE],
        Cut | Grown if claimed => &[DIGEST],
        FlippedChunkSignature | FlippedTrailerSignature => &[DOES_NOT_MATCH],
        FlippedTrailerChecksum if signed => &[DOES_NOT_MATCH],
        FlippedTrailerChecksum => &[DIGEST],
        MissingTrailer | MissingTrailerSignature => &[(400, "MalformedTrailerError")],
        NoLastChunk | Unfinished => &[INCOMPLETE],
        // Nothing says what the body is: what came is what was meant.
        _ => &[],
    }
}
