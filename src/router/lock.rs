//! Object Lock as the headers of a new object give it.
//!
//! Whether the bucket has Object Lock, and whether the date lies ahead, the handler knows.
//!
//! Deviation: AWS wants Content-MD5 or a checksum beside these headers, lest damaged bytes be kept
//! for years. Nothing of the kind is asked here: what a client claims is checked, what it does not
//! claim is its own risk, as with any other object.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use super::LockInput;
use super::parse::field;
use crate::error::{Result, S3Error};
use crate::http::head::RequestHead;
use crate::types::{Retention, RetentionMode};

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const LEGAL_HOLD: &str = "x-amz-object-lock-legal-hold";

impl LockInput {
    /// Reads `x-amz-object-lock-*`; `InvalidArgument` for half a retention, or none that AWS knows.
    pub(super) fn read(head: &RequestHead) -> Result<LockInput> {
        let retention = match (field(head, MODE), field(head, UNTIL)) {
            (None, None) => None,
            (Some(mode), Some(until)) => Some(retention(mode, until)?),
            (mode, _) => {
                let missing = if mode.is_some() { UNTIL } else { MODE };
                let message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must \
                               both be supplied";
                return Err(S3Error::argument(message, missing, ""));
            }
        };
        let legal_hold = match field(head, LEGAL_HOLD) {
            None => None,
            Some("ON") => Some(true),
            Some("OFF") => Some(false),
            Some(other) => {
                let message = "Legal Hold must be either of 'ON' or 'OFF'";
                return Err(S3Error::argument(message, LEGAL_HOLD, other));
            }
        };
        Ok(LockInput { retention, legal_hold })
    }
}

fn retention(mode: &str, until: &str) -> Result<Retention> {
    let known = RetentionMode::parse(mode)
        .ok_or_else(|| S3Error::argument("Unknown wormMode directive.", MODE, mode))?;
    let until = Retention::parse_until(until).ok_or_else(|| {
        let message = "The retain until date must be provided in ISO 8601 format";
        S3Error::argument(message, UNTIL, until)
    })?;
    Ok(Retention { mode: known, until })
}
