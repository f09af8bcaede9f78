//! Who may do what: asked by the handlers after routing, before anything is read or told.
//!
//! A bucket is its owner's alone. ACLs are stored and shown but let nobody in, as under AWS's
//! public access block, and there are no bucket policies: an anonymous caller is always denied.
//!
//! Deviation: AWS lets a user with `s3:ListAllMyBuckets` see all buckets of the account; here each
//! user is an account and sees its own.

mod facts;
mod policy;

pub use facts::{Facts, RequestFacts};
pub use policy::{Policy, Verdict};

use super::Verified;
use crate::error::{ErrorCode, Result};
use crate::types::Owner;

/// Whether the caller may use a bucket of that owner or, without a bucket, list and make their
/// own: its owner may, nobody else (403 `AccessDenied`).
pub fn authorise(caller: &Verified, bucket_owner: Option<&Owner>) -> Result<()> {
    let Some(user) = caller.user() else {
        return Err(ErrorCode::AccessDenied.into());
    };
    match bucket_owner {
        Some(owner) if owner.id != user.owner.id => Err(ErrorCode::AccessDenied.into()),
        _ => Ok(()),
    }
}
