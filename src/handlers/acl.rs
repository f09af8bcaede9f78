//! GetBucketAcl, GetObjectAcl, PutBucketAcl, PutObjectAcl, and the ACL headers of everything that
//! creates.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
//!
//! An ACL is stored and shown as given; whom it lets in `auth::access` decides, and the public
//! access block with it: a grant to everybody is taken and counts for nothing until the block is
//! lifted. Cyberduck 4.7.2 reads the ACL before and writes it after each copy, rename and change of
//! metadata, and leaves a duplicate behind where that fails.
//!
//! Refused: grantees nobody knows, another owner than the thing has, more than
//! [`limits::GRANTS_MAX`] grants; grants to everybody where the bucket's block says
//! BlockPublicAcls; under BucketOwnerEnforced all but the ACL that holds anyway.

use super::receive::receive_xml;
use super::{Context, OpenBucket, blocking, with_version};
use crate::auth::Users;
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::limits;
use crate::router::{AclInput, GranteeInput, ObjectAddress, PutAcl};
use crate::store::Object;
use crate::types::{
    Acl, BucketName, CannedAcl, Grant, Grantee, ObjectOwnership, Owner, Permission, VersionId,
};
use crate::xml::{self, XmlGrantee};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html>
pub(super) fn get_bucket_acl(context: &Context, bucket: &BucketName) -> Result<Response> {
    let open = context.open(bucket, Action::GetBucketAcl)?;
    Ok(Response::xml(xml::acl(&bucket_acl(&open))))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
pub(super) fn get_object_acl(context: &Context, object: &ObjectAddress) -> Result<Response> {
    let (open, object) = context.open_object(object, Action::GetObjectAcl)?;
    let version = open.shown_version(&object);
    Ok(with_version(Response::xml(xml::acl(&object_acl(&open, object))), version))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>
pub(super) async fn put_bucket_acl(
    context: &Context,
    bucket: BucketName,
    input: PutAcl,
    body: &mut Body<'_>,
) -> Result<Response> {
    let opener = context.clone();
    let (open, acl) = blocking(move || {
        let open = opener.open(&bucket, Action::PutBucketAcl)?;
        let acl = bucket_acl(&open);
        Ok((open, acl))
    })
    .await?;
    replace(context, input, body, open, acl, |open, acl| {
        open.bucket.configure(|config| config.acl = Some(acl))?;
        Ok(None)
    })
    .await
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
pub(super) async fn put_object_acl(
    context: &Context,
    at: ObjectAddress,
    input: PutAcl,
    body: &mut Body<'_>,
) -> Result<Response> {
    let (opener, wanted) = (context.clone(), at.clone());
    let (open, acl) = blocking(move || {
        let (open, object) = opener.open_object(&wanted, Action::PutObjectAcl)?;
        let acl = object_acl(&open, object);
        Ok((open, acl))
    })
    .await?;
    let caller = context.clone();
    let store = move |open: OpenBucket, acl: Acl| {
        open.bucket
            .update_meta(&at.key, at.version, |meta| {
                // While the body came the object may have become another, and another's.
                caller.authorise_object(&open, &at.key, at.version, meta, Action::PutObjectAcl)?;
                if open.rules().object_owner(meta.acl.as_ref()).id != acl.owner.id {
                    return Err(ErrorCode::OperationAborted.into());
                }
                // Cyberduck writes the owner's FULL_CONTROL after every copy: kept as nothing.
                meta.acl = (acl != private(&open.owner)).then_some(acl);
                Ok(())
            })
            .map(|version| open.bucket.config().versioning.map(|_| version))
            .map_err(|error| super::name_in(error, ErrorCode::NoSuchKey, "Key", at.key.as_str()))
    };
    replace(context, input, body, open, acl, store).await
}

/// The ACL that CreateBucket sets anew on a bucket its caller has, as PutBucketAcl would.
pub(super) fn put_anew(open: &OpenBucket, acl: Acl) -> Result<()> {
    refuse_public(open, &acl)?;
    match open.rules().ownership {
        ObjectOwnership::BucketOwnerEnforced if acl != private(&open.owner) => {
            Err(ErrorCode::AccessControlListNotSupported.into())
        }
        _ => open.bucket.configure(|config| config.acl = Some(acl)),
    }
}

/// Reads the new ACL, from headers or else from the body, and has it stored; `store` tells of which
/// version, where that is to be shown.
async fn replace(
    context: &Context,
    input: PutAcl,
    body: &mut Body<'_>,
    open: OpenBucket,
    current: Acl,
    store: impl FnOnce(OpenBucket, Acl) -> Result<Option<VersionId>> + Send + 'static,
) -> Result<Response> {
    let users = context.users.clone();
    let PutAcl { acl: input, expected } = input;
    receive_xml(context, body, expected, move |document| {
        refuse_acl_if_enforced(&open, &input)?;
        let acl = match from_headers(&users, &input, &current.owner, &open.owner)? {
            Some(acl) => acl,
            None if input.canned.is_some() => private(&current.owner),
            None if document.is_empty() => return Err(ErrorCode::MissingSecurityHeader.into()),
            None => from_document(&users, &document, &current)?,
        };
        refuse_public(&open, &acl)?;
        if !open.acls_count() {
            // The one ACL that is taken there changes nothing.
            return match acl == private(&open.owner) {
                true => Ok(Response::empty(200)),
                false => Err(ErrorCode::AccessControlListNotSupported.into()),
            };
        }
        let version = store(open, acl)?;
        Ok(with_version(Response::empty(200), version))
    })
    .await
}

/// The bucket's ACL; where none was given or none counts, its owner's FULL_CONTROL.
fn bucket_acl(open: &OpenBucket) -> Acl {
    acl_that_counts(open, open.bucket.config().acl.clone())
}

/// The object's ACL; where none was given or none counts, FULL_CONTROL of the bucket's owner.
fn object_acl(open: &OpenBucket, object: Object) -> Acl {
    acl_that_counts(open, object.meta.acl)
}

fn acl_that_counts(open: &OpenBucket, acl: Option<Acl>) -> Acl {
    acl.filter(|_| open.acls_count()).unwrap_or_else(|| private(&open.owner))
}

/// The ACL of an object that the caller writes, and with it whose the object is; `None` where it
/// is the bucket owner's alone.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>
pub(super) fn of_new_object(
    context: &Context,
    open: &OpenBucket,
    input: &AclInput,
) -> Result<Option<Acl>> {
    refuse_acl_if_enforced(open, input)?;
    let given_away = input.canned == Some(CannedAcl::BucketOwnerFullControl);
    let owner = match open.rules().ownership {
        ObjectOwnership::BucketOwnerEnforced => return Ok(None),
        ObjectOwnership::BucketOwnerPreferred if given_away => open.owner.clone(),
        ObjectOwnership::BucketOwnerPreferred | ObjectOwnership::ObjectWriter => {
            context.writer(open)
        }
    };
    let acl = from_headers(&context.users, input, &owner, &open.owner)?;
    let acl = acl.unwrap_or_else(|| private(&owner));
    refuse_public(open, &acl)?;
    Ok((acl != private(&open.owner)).then_some(acl))
}

/// Where no ACL counts none is taken, but the one that says what holds anyway.
fn refuse_acl_if_enforced(open: &OpenBucket, input: &AclInput) -> Result<()> {
    let harmless = input.grants.is_empty()
        && matches!(input.canned, None | Some(CannedAcl::BucketOwnerFullControl));
    match open.acls_count() || harmless {
        true => Ok(()),
        false => Err(ErrorCode::AccessControlListNotSupported.into()),
    }
}

/// BlockPublicAcls: no new grant to everybody.
fn refuse_public(open: &OpenBucket, acl: &Acl) -> Result<()> {
    match open.block.block_public_acls && acl.is_public() {
        true => Err(ErrorCode::AccessDenied.into()),
        false => Ok(()),
    }
}

/// The owner's FULL_CONTROL and nothing else.
pub(super) fn private(owner: &Owner) -> Acl {
    CannedAcl::Private.expand(owner, owner)
}

/// The ACL that headers ask for; `None` where they say nothing, or only what holds anyway: an
/// object without an ACL of its own keeps its attribute within the inode.
pub(super) fn from_headers(
    users: &Users,
    input: &AclInput,
    owner: &Owner,
    bucket_owner: &Owner,
) -> Result<Option<Acl>> {
    if let Some(canned) = input.canned {
        let acl = canned.expand(owner, bucket_owner);
        return Ok((acl != private(owner)).then_some(acl));
    }
    if input.grants.is_empty() {
        return Ok(None);
    }
    let grants = input.grants.iter().map(|(grantee, permission)| {
        let grantee = match grantee {
            GranteeInput::Id(id) => user_by_id(users, id, owner)?,
            GranteeInput::Email(email) => user_by_email(users, email)?,
            GranteeInput::Group(group) => group.clone(),
        };
        Ok(Grant { grantee, permission: *permission })
    });
    bounded(owner, grants.collect::<Result<_>>()?).map(Some)
}

/// The ACL of an `<AccessControlPolicy>`; whose the thing is cannot be changed by it.
fn from_document(users: &Users, document: &[u8], current: &Acl) -> Result<Acl> {
    let (owner, grants) = xml::access_control_policy(document)?;
    if owner.is_some_and(|owner| owner.id != current.owner.id) {
        return Err(ErrorCode::AccessDenied.into());
    }
    let resolve = |(grantee, permission): (XmlGrantee, Permission)| {
        let grantee = match grantee {
            XmlGrantee::Id(id) => user_by_id(users, &id, &current.owner)?,
            XmlGrantee::Email(email) => user_by_email(users, &email)?,
            XmlGrantee::Uri(uri) => Grantee::from_uri(&uri)?,
        };
        Ok(Grant { grantee, permission })
    };
    bounded(&current.owner, grants.into_iter().map(resolve).collect::<Result<_>>()?)
}

fn bounded(owner: &Owner, grants: Vec<Grant>) -> Result<Acl> {
    if grants.len() > limits::GRANTS_MAX {
        return Err(S3Error::new(
            ErrorCode::MalformedACLError,
            "The ACL has more grants than the 100 that are allowed.",
        ));
    }
    Ok(Acl { owner: owner.clone(), grants })
}

/// An id names its user, under the name the user has now. The owner's own id always holds, also
/// after the owner's key was removed from users.json.
fn user_by_id(users: &Users, id: &str, owner: &Owner) -> Result<Grantee> {
    if let Some(user) = users.by_id(id) {
        return Ok(Grantee::CanonicalUser(user.owner.clone()));
    }
    if id == owner.id {
        return Ok(Grantee::CanonicalUser(owner.clone()));
    }
    Err(S3Error::argument("Invalid id", "CanonicalUser/ID", id))
}

fn user_by_email(users: &Users, email: &str) -> Result<Grantee> {
    match users.by_email(email) {
        Some(user) => Ok(Grantee::CanonicalUser(user.owner.clone())),
        None => Err(ErrorCode::UnresolvableGrantByEmailAddress.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(id: &str) -> Owner {
        Owner { id: id.into(), display_name: id.into() }
    }

    fn granted(grants: usize) -> AclInput {
        let grant = (GranteeInput::Group(Grantee::AllUsers), Permission::Read);
        AclInput { canned: None, grants: vec![grant; grants] }
    }

    fn headers(input: &AclInput) -> Result<Option<Acl>> {
        from_headers(&Users::default(), input, &owner("me"), &owner("me"))
    }

    #[test]
    fn what_holds_anyway_is_not_stored() {
        for canned in [None, Some(CannedAcl::Private), Some(CannedAcl::BucketOwnerFullControl)] {
            assert_eq!(headers(&AclInput { canned, grants: vec![] }).unwrap(), None);
        }
        let public = AclInput { canned: Some(CannedAcl::PublicRead), grants: vec![] };
        assert_eq!(headers(&public).unwrap().unwrap().grants.len(), 2);
    }

    #[test]
    fn an_acl_has_at_most_a_hundred_grants() {
        assert!(headers(&granted(limits::GRANTS_MAX)).is_ok());
        let error = headers(&granted(limits::GRANTS_MAX + 1)).unwrap_err();
        assert_eq!(error.code, ErrorCode::MalformedACLError);
    }
}
