//! ACLs as headers: `x-amz-acl`, or `x-amz-grant-*: id="…", uri="…", emailAddress="…"`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>

use super::parse::field;
use super::{AclInput, GranteeInput, PutAcl, checksum};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::limits;
use crate::types::{CannedAcl, Grantee, Permission};

const GRANT_HEADERS: [(&str, Permission); 5] = [
    ("x-amz-grant-read", Permission::Read),
    ("x-amz-grant-write", Permission::Write),
    ("x-amz-grant-read-acp", Permission::ReadAcp),
    ("x-amz-grant-write-acp", Permission::WriteAcp),
    ("x-amz-grant-full-control", Permission::FullControl),
];

impl AclInput {
    /// Reads the headers; canned and grants together are `InvalidRequest`.
    pub(super) fn read(head: &RequestHead) -> Result<AclInput> {
        let canned = field(head, "x-amz-acl").map(CannedAcl::parse).transpose()?;
        let mut grants = Vec::new();
        for (name, permission) in GRANT_HEADERS {
            for grantee in grantees(field(head, name).unwrap_or_default())? {
                grants.push((grantee, permission));
            }
        }
        if canned.is_some() && !grants.is_empty() {
            return Err(S3Error::new(
                ErrorCode::InvalidRequest,
                "Specifying both Canned ACLs and Header Grants is not allowed",
            ));
        }
        if grants.len() > limits::GRANTS_MAX {
            return Err(ErrorCode::MalformedACLError.into());
        }
        Ok(AclInput { canned, grants })
    }
}

impl PutAcl {
    pub(super) fn read(head: &RequestHead) -> Result<PutAcl> {
        Ok(PutAcl { acl: AclInput::read(head)?, expected: checksum::expected(head)? })
    }
}

/// A comma-separated list; quotes may be left out, as some clients do and AWS takes.
fn grantees(mut list: &str) -> Result<Vec<GranteeInput>> {
    let malformed = || S3Error::new(ErrorCode::InvalidArgument, "Argument format not recognized");
    let mut grantees = Vec::new();
    while !list.trim().is_empty() {
        let (kind, rest) = list.split_once('=').ok_or_else(malformed)?;
        let (value, rest) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let (value, rest) = quoted.split_once('"').ok_or_else(malformed)?;
                (value, rest.trim_start())
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim(), &rest[end..])
            }
        };
        grantees.push(match kind.trim() {
            kind if kind.eq_ignore_ascii_case("id") => GranteeInput::Id(value.to_owned()),
            kind if kind.eq_ignore_ascii_case("emailAddress") => {
                GranteeInput::Email(value.to_owned())
            }
            kind if kind.eq_ignore_ascii_case("uri") => {
                GranteeInput::Group(Grantee::from_uri(value)?)
            }
            _ => return Err(malformed()),
        });
        list = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err(malformed()),
        };
    }
    Ok(grantees)
}
