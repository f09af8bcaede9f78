//! The documents clients send, each read into a typed value by one function.
//!
//! Called by the handlers with a whole body. Text is trimmed where S3 trims it (numbers, tags,
//! ids) and never in a key. A key is returned as it stands: the handler makes it a `Key`, so
//! that one value is checked, authorised and stored.

use super::pull::Pull;
use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use crate::types::{
    Checksum, ChecksumAlgorithm, Conditions, ETag, Owner, PartNumber, Permission, Timestamp,
};

/// One `<Object>` of a `<Delete>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteEntry {
    /// Key as given, at least one byte; the handler makes it a `Key`.
    pub key: String,
    /// `VersionId`; an empty one is none.
    pub version_id: Option<String>,
    /// `ETag`, `Size`, `LastModifiedTime`: the entry counts only while the object has them.
    pub conditions: Conditions,
}

/// `<Delete>`: its entries and `Quiet`.
///
/// No entry, more than [`limits::PAGE_MAX`], one without a key or with a condition that cannot be
/// read is `MalformedXML`; no body at all `MissingRequestBodyError`.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub fn delete(body: &[u8]) -> Result<(Vec<DeleteEntry>, bool)> {
    let mut pull = Pull::open(body, "Delete", ErrorCode::MalformedXML)?;
    let (mut entries, mut quiet) = (Vec::new(), None);
    pull.children(|pull, name| match name {
        "Object" if entries.len() == limits::PAGE_MAX => Err(pull.malformed()),
        "Object" => {
            entries.push(delete_entry(pull)?);
            Ok(())
        }
        "Quiet" => {
            let value = boolean(pull)?;
            pull.fill(&mut quiet, value)
        }
        _ => pull.skip(),
    })?;
    if entries.is_empty() {
        return Err(pull.malformed());
    }
    pull.close()?;
    Ok((entries, quiet.unwrap_or(false)))
}

fn delete_entry(pull: &mut Pull<'_>) -> Result<DeleteEntry> {
    let (mut key, mut version_id, mut etag, mut size, mut time) = (None, None, None, None, None);
    pull.children(|pull, name| match name {
        "Key" => {
            let text = pull.text()?;
            pull.fill(&mut key, text)
        }
        "VersionId" => pull.once(&mut version_id),
        "ETag" => pull.once(&mut etag),
        "LastModifiedTime" => pull.once(&mut time),
        "Size" => pull.once(&mut size),
        _ => pull.skip(),
    })?;
    let key = key.filter(|key| !key.is_empty()).ok_or_else(|| pull.malformed())?;
    let given = |text: &String| !text.is_empty();
    let size = size.map(|size| size.parse().map_err(|_| pull.malformed()));
    let time = time.map(|time| last_modified_time(&time).ok_or_else(|| pull.malformed()));
    let conditions = Conditions {
        if_match: etag.filter(given),
        if_match_size: size.transpose()?,
        if_match_last_modified: time.transpose()?,
        ..Conditions::default()
    };
    Ok(DeleteEntry { key, version_id: version_id.filter(given), conditions })
}

/// SDKs write the form of a header; the one of XML is what listings show.
fn last_modified_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse_http_date(text).or_else(|| Timestamp::parse_iso8601(text))
}

fn boolean(pull: &mut Pull<'_>) -> Result<bool> {
    match pull.text()?.trim() {
        text if text.eq_ignore_ascii_case("true") => Ok(true),
        text if text.is_empty() || text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(pull.malformed()),
    }
}

/// One `<Part>` of a `<CompleteMultipartUpload>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedPart {
    /// `PartNumber`.
    pub number: PartNumber,
    /// `ETag`; `None` if it is no tag this server makes (then `InvalidPart`).
    pub etag: Option<ETag>,
    /// The `Checksum…` elements given.
    pub checksums: Vec<Checksum>,
}

/// `<CompleteMultipartUpload>`: its parts as listed; order and duplicates are the handler's to
/// judge (`InvalidPartOrder`).
///
/// No part (also no body, as on AWS), more than [`limits::PARTS_MAX`], or one without number or
/// tag is `MalformedXML`; a number out of range `InvalidArgument`.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
pub fn complete_multipart_upload(body: &[u8]) -> Result<Vec<CompletedPart>> {
    let mut pull = Pull::open_or_malformed(body, "CompleteMultipartUpload")?;
    let mut parts = Vec::new();
    pull.children(|pull, name| match name {
        "Part" if parts.len() == usize::from(limits::PARTS_MAX) => Err(pull.malformed()),
        "Part" => {
            parts.push(completed_part(pull)?);
            Ok(())
        }
        _ => pull.skip(),
    })?;
    if parts.is_empty() {
        return Err(pull.malformed());
    }
    pull.close()?;
    Ok(parts)
}

fn completed_part(pull: &mut Pull<'_>) -> Result<CompletedPart> {
    let (mut number, mut etag) = (None, None);
    let mut checksums: Vec<Checksum> = Vec::new();
    pull.children(|pull, name| match name {
        "PartNumber" => pull.once(&mut number),
        "ETag" => pull.once(&mut etag),
        _ => match ChecksumAlgorithm::ALL.into_iter().find(|a| a.element() == name) {
            None => pull.skip(),
            Some(algorithm) if checksums.iter().any(|c| c.algorithm == algorithm) => {
                Err(pull.malformed())
            }
            Some(algorithm) => {
                checksums.push(Checksum::parse(algorithm, pull.text()?.trim())?);
                Ok(())
            }
        },
    })?;
    let number = PartNumber::parse(&number.ok_or_else(|| pull.malformed())?)?;
    let etag = ETag::parse(&etag.ok_or_else(|| pull.malformed())?);
    Ok(CompletedPart { number, etag, checksums })
}

/// `<CreateBucketConfiguration>`: its `LocationConstraint`. No body, none, an empty one and
/// `us-east-1` give `None`.
///
/// Any name of letters, digits and `-` is a place here; else `IllegalLocationConstraintException`.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
pub fn create_bucket(body: &[u8]) -> Result<Option<String>> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let mut pull = Pull::open(body, "CreateBucketConfiguration", ErrorCode::MalformedXML)?;
    let mut location = None;
    pull.children(|pull, name| match name {
        "LocationConstraint" => pull.once(&mut location),
        _ => pull.skip(),
    })?;
    pull.close()?;
    let Some(location) = location.filter(|l| !l.is_empty() && l != "us-east-1") else {
        return Ok(None);
    };
    let well_formed = location.len() <= limits::LOCATION_BYTES_MAX
        && location.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match well_formed {
        true => Ok(Some(location)),
        false => Err(ErrorCode::IllegalLocationConstraintException.into()),
    }
}

/// A grantee in an ACL document, told by its child element; `xsi:type` only repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmlGrantee {
    /// `<ID>`: a canonical user.
    Id(String),
    /// `<EmailAddress>`: a user by e-mail.
    Email(String),
    /// `<URI>`: a group.
    Uri(String),
}

/// The owner (if given) and the grants of an ACL document.
pub type AclDocument = (Option<Owner>, Vec<(XmlGrantee, Permission)>);

/// `<AccessControlPolicy>`: owner (if given) and grants.
///
/// No body is `MissingSecurityHeader`, as on AWS, where the header form is then missed. No list,
/// more than [`limits::GRANTS_MAX`] grants, or a grant without exactly one way to name its
/// grantee is `MalformedACLError`.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
pub fn access_control_policy(body: &[u8]) -> Result<AclDocument> {
    if body.trim_ascii().is_empty() {
        return Err(
            S3Error::from(ErrorCode::MissingSecurityHeader).with("MissingHeaderName", "x-amz-acl")
        );
    }
    let mut pull = Pull::open(body, "AccessControlPolicy", ErrorCode::MalformedACLError)?;
    let (mut policy_owner, mut list) = (None, None);
    pull.children(|pull, name| match name {
        "Owner" => {
            let value = owner(pull)?;
            pull.fill(&mut policy_owner, value)
        }
        "AccessControlList" => {
            let value = grants(pull)?;
            pull.fill(&mut list, value)
        }
        _ => pull.skip(),
    })?;
    let list = list.ok_or_else(|| pull.malformed())?;
    pull.close()?;
    Ok((policy_owner, list))
}

fn owner(pull: &mut Pull<'_>) -> Result<Owner> {
    let (mut id, mut display_name) = (None, None);
    pull.children(|pull, name| match name {
        "ID" => pull.once(&mut id),
        "DisplayName" => pull.once(&mut display_name),
        _ => pull.skip(),
    })?;
    let id = id.ok_or_else(|| pull.malformed())?;
    Ok(Owner { id, display_name: display_name.unwrap_or_default() })
}

fn grants(pull: &mut Pull<'_>) -> Result<Vec<(XmlGrantee, Permission)>> {
    let mut grants = Vec::new();
    pull.children(|pull, name| match name {
        "Grant" if grants.len() == limits::GRANTS_MAX => Err(pull.malformed()),
        "Grant" => {
            grants.push(grant(pull)?);
            Ok(())
        }
        _ => pull.skip(),
    })?;
    Ok(grants)
}

fn grant(pull: &mut Pull<'_>) -> Result<(XmlGrantee, Permission)> {
    let (mut whom, mut permission) = (None, None);
    pull.children(|pull, name| match name {
        "Grantee" => {
            let value = grantee(pull)?;
            pull.fill(&mut whom, value)
        }
        "Permission" => pull.once(&mut permission),
        _ => pull.skip(),
    })?;
    let permission = Permission::parse(&permission.ok_or_else(|| pull.malformed())?)?;
    Ok((whom.ok_or_else(|| pull.malformed())?, permission))
}

fn grantee(pull: &mut Pull<'_>) -> Result<XmlGrantee> {
    let mut found = None;
    pull.children(|pull, name| {
        let named = match name {
            "ID" => XmlGrantee::Id,
            "EmailAddress" => XmlGrantee::Email,
            "URI" => XmlGrantee::Uri,
            _ => return pull.skip(),
        };
        let value = named(pull.text()?.trim().to_owned());
        pull.fill(&mut found, value)
    })?;
    found.ok_or_else(|| pull.malformed())
}
