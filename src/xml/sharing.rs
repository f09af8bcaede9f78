//! `<PublicAccessBlockConfiguration>` and `<OwnershipControls>`, in and out, and `<PolicyStatus>`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_OwnershipControls.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PolicyStatus.html>

use super::Document;
use super::pull::Pull;
use crate::error::{ErrorCode, Result};
use crate::types::{ObjectOwnership, PublicAccessBlock};

/// Reads `<PublicAccessBlockConfiguration>`; what it does not name is not barred.
pub fn public_access_block(body: &[u8]) -> Result<PublicAccessBlock> {
    let root = "PublicAccessBlockConfiguration";
    let mut pull = Pull::open(body, root, ErrorCode::MalformedXML)?;
    let (mut acls, mut ignore, mut policy, mut restrict) = (None, None, None, None);
    pull.children(|pull, name| match name {
        "BlockPublicAcls" => pull.once(&mut acls),
        "IgnorePublicAcls" => pull.once(&mut ignore),
        "BlockPublicPolicy" => pull.once(&mut policy),
        "RestrictPublicBuckets" => pull.once(&mut restrict),
        _ => pull.skip(),
    })?;
    let bar = |text: Option<String>| match text.as_deref() {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(pull.malformed()),
    };
    let block = PublicAccessBlock {
        block_public_acls: bar(acls)?,
        ignore_public_acls: bar(ignore)?,
        block_public_policy: bar(policy)?,
        restrict_public_buckets: bar(restrict)?,
    };
    pull.close()?;
    Ok(block)
}

/// Writes `<PublicAccessBlockConfiguration>`.
pub fn public_access_block_document(block: &PublicAccessBlock) -> String {
    let mut document = Document::new("PublicAccessBlockConfiguration");
    for (name, bar) in [
        ("BlockPublicAcls", block.block_public_acls),
        ("IgnorePublicAcls", block.ignore_public_acls),
        ("BlockPublicPolicy", block.block_public_policy),
        ("RestrictPublicBuckets", block.restrict_public_buckets),
    ] {
        document.text(name, &bar.to_string());
    }
    document.finish()
}

/// Reads `<OwnershipControls>`, which has exactly one rule.
pub fn ownership_controls(body: &[u8]) -> Result<ObjectOwnership> {
    let mut pull = Pull::open(body, "OwnershipControls", ErrorCode::MalformedXML)?;
    let mut ownership = None;
    pull.children(|pull, name| match name {
        "Rule" => pull.children(|pull, name| match name {
            "ObjectOwnership" => pull.once(&mut ownership),
            _ => pull.skip(),
        }),
        _ => pull.skip(),
    })?;
    let ownership = ownership.as_deref().and_then(ObjectOwnership::parse);
    let ownership = ownership.ok_or_else(|| pull.malformed())?;
    pull.close()?;
    Ok(ownership)
}

/// Writes `<OwnershipControls>`.
pub fn ownership_controls_document(ownership: ObjectOwnership) -> String {
    let mut document = Document::new("OwnershipControls");
    document.element("Rule", |document| {
        document.text("ObjectOwnership", ownership.name());
    });
    document.finish()
}

/// Writes `<PolicyStatus>`. Its one element was TRUE or FALSE for years; botocore reads `true`.
pub fn policy_status(is_public: bool) -> String {
    let mut document = Document::new("PolicyStatus");
    document.text("IsPublic", &is_public.to_string());
    document.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_public_access_block_reads_what_it_writes() {
        let some = PublicAccessBlock { block_public_acls: true, ..PublicAccessBlock::SHUT };
        for block in [PublicAccessBlock::default(), PublicAccessBlock::SHUT, some] {
            let document = public_access_block_document(&block);
            assert_eq!(public_access_block(document.as_bytes()).unwrap(), block);
        }
        let wrap = |inner: &str| {
            let root = "PublicAccessBlockConfiguration";
            format!("<{root}>{inner}</{root}>")
        };
        assert_eq!(public_access_block(wrap("").as_bytes()).unwrap(), Default::default());
        let twice = "<IgnorePublicAcls>true</IgnorePublicAcls>".repeat(2);
        for bad in [
            wrap("<BlockPublicAcls>1</BlockPublicAcls>"),
            wrap("<BlockPublicAcls/>"),
            wrap(&twice),
            "<OwnershipControls/>".to_owned(),
        ] {
            let error = public_access_block(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code, ErrorCode::MalformedXML, "{bad}");
        }
    }

    #[test]
    fn put_bucket_ownership_controls_reads_what_it_writes() {
        for ownership in [ObjectOwnership::ObjectWriter, ObjectOwnership::BucketOwnerEnforced] {
            let document = ownership_controls_document(ownership);
            assert_eq!(ownership_controls(document.as_bytes()).unwrap(), ownership);
        }
        for inner in ["", "<Rule/>", "<Rule><ObjectOwnership>Me</ObjectOwnership></Rule>"] {
            let bad = format!("<OwnershipControls>{inner}</OwnershipControls>");
            let error = ownership_controls(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code, ErrorCode::MalformedXML, "{bad}");
        }
        assert_eq!(ownership_controls(b"").unwrap_err().code, ErrorCode::MissingRequestBodyError);
    }
}
