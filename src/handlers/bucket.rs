//! ListBuckets, CreateBucket, HeadBucket, DeleteBucket.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
//!
//! Each user sees its own buckets, or those that its role reaches; a directory made by hand is
//! root's, and so is a bucket that was made by whoever acts for the owners of buckets.
//!
//! restic, rclone and s3cmd make the bucket before they write. So who may write all of a bucket may
//! make it, and who may write some of one that is there is answered as its owner is, and changes
//! nothing: AWS would refuse, and rclone then stores no single file. But none of them gives it an
//! ACL, a lock or an ownership: to configure it is not in their scopes.

use super::list::{parse_token, token};
use super::receive::receive_xml;
use super::{Context, acl, write_owner};
use crate::auth::Role;
use crate::auth::access::Action;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::connection::Body;
use crate::http::response::Response;
use crate::router::{CreateBucket, ListBuckets};
use crate::store::{BucketConfig, Versioning};
use crate::types::{BucketName, ObjectLock, ObjectOwnership, Owner, Timestamp};
use crate::xml::{self, Document};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
pub(super) fn list_buckets(context: &Context, input: &ListBuckets) -> Result<Response> {
    let user = context.user()?;
    let after = input.continuation_token.as_deref().map(parse_token).transpose()?;
    let is_wanted = |name: &BucketName| {
        let is_reached = match &user.role {
            Role::Account | Role::Admin => true,
            Role::Scoped(scopes) => scopes.are_in(name),
        };
        is_reached
            && name.as_str().starts_with(&input.prefix)
            && after.as_deref().is_none_or(|after| name.as_str() > after)
    };
    let mut buckets = context.store.buckets_named(is_wanted)?;
    if user.role == Role::Account {
        buckets.retain(|(_, config)| is_owner(context, config, &user.owner));
    }
    let max = input.max_buckets.unwrap_or(usize::MAX);
    let truncated = buckets.len() > max;
    buckets.truncate(max);
    let mut document = Document::new("ListAllMyBucketsResult");
    write_owner(&mut document, "Owner", &user.owner);
    document.element("Buckets", |document| {
        for (name, config) in &buckets {
            let created = Timestamp::new(config.created_secs, 0).iso8601();
            document.element("Bucket", |document| {
                document.text("Name", name.as_str()).text("CreationDate", &created);
            });
        }
    });
    if let Some((last, _)) = buckets.last().filter(|_| truncated) {
        document.text("ContinuationToken", &token(last.as_str()));
    }
    if !input.prefix.is_empty() {
        document.text("Prefix", &input.prefix);
    }
    Ok(Response::xml(document.finish()))
}

/// Names may change in users.json, ids do not: the id is who one is.
fn is_owner(context: &Context, config: &BucketConfig, user: &Owner) -> bool {
    context.owner_of(config).is_some_and(|owner| owner.id == user.id)
}

/// Whose a bucket is that the caller makes, if it may ask for one of that name.
fn owner_of_new(context: &Context, name: &BucketName) -> Result<Owner> {
    let user = context.user()?;
    let may = match &user.role {
        Role::Account => return Ok(user.owner.clone()),
        Role::Scoped(scopes) => scopes.write_in(name),
        Role::Admin => true,
    };
    let root = context.users.root().filter(|_| may).ok_or(ErrorCode::AccessDenied)?;
    Ok(root.owner.clone())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
pub(super) async fn create_bucket(
    context: &Context,
    input: CreateBucket,
    body: &mut Body<'_>,
) -> Result<Response> {
    let owner = owner_of_new(context, &input.bucket)?;
    let acl = acl::from_headers(&context.users, &input.acl, &owner, &owner)?;
    if input.ownership == Some(ObjectOwnership::BucketOwnerEnforced) && acl.is_some() {
        return Err(ErrorCode::InvalidBucketAclWithObjectOwnership.into());
    }
    let configures = acl.is_some() || input.ownership.is_some() || input.object_lock;
    if configures && matches!(context.user()?.role, Role::Scoped(_)) {
        return Err(ErrorCode::AccessDenied.into());
    }
    let creator = context.clone();
    receive_xml(context, body, input.expected, move |document| {
        let config = BucketConfig {
            created_secs: creator.now.secs(),
            owner: Some(owner),
            location: xml::create_bucket(&document)?,
            acl,
            versioning: input.object_lock.then_some(Versioning::Enabled),
            object_lock: input.object_lock.then(ObjectLock::default),
            ownership: input.ownership,
            ..BucketConfig::default()
        };
        create(&creator, &input.bucket, config)?;
        Ok(Response::empty(200).header("Location", format!("/{}", input.bucket.as_str())))
    })
    .await
}

fn create(context: &Context, name: &BucketName, config: BucketConfig) -> Result<()> {
    if let Role::Scoped(scopes) = &context.user()?.role
        && !scopes.write_all_of(name)
    {
        return recreate(context, name, config).map_err(|error| match error.code {
            ErrorCode::NoSuchBucket => ErrorCode::AccessDenied.into(),
            _ => error,
        });
    }
    match context.store.create_bucket(name, config.clone()) {
        Err(error) if error.code == ErrorCode::BucketAlreadyExists => {
            recreate(context, name, config)
        }
        made => made,
    }
}

/// Someone else's bucket is `BucketAlreadyExists`. One's own is `BucketAlreadyOwnedByYou`, but in
/// us-east-1, where AWS keeps an old promise: 200, and the ACL is set anew; though not by who only
/// acts for the owner, to whom PutBucketAcl is another matter. A bucket without Object Lock is no
/// answer to who asks for one with it.
fn recreate(context: &Context, name: &BucketName, config: BucketConfig) -> Result<()> {
    let user = &context.user()?.owner;
    let bucket = context.store.bucket(name)?;
    let exists = |code| S3Error::from(code).with("BucketName", name.as_str());
    let acts_for_owner = context.caller().acts_for_owners();
    if !acts_for_owner && !is_owner(context, bucket.config(), user) {
        return Err(exists(ErrorCode::BucketAlreadyExists));
    }
    let is_unlocked = config.object_lock.is_some() && bucket.config().object_lock.is_none();
    let gives_acl = acts_for_owner && config.acl.is_some();
    let is_elsewhere = config.location.is_some() || bucket.config().location.is_some();
    if is_unlocked || gives_acl || is_elsewhere {
        return Err(exists(ErrorCode::BucketAlreadyOwnedByYou));
    }
    let kept = bucket.config().acl.clone().unwrap_or_else(|| acl::private(user));
    let asked = config.acl.unwrap_or_else(|| acl::private(user));
    if kept != asked && !acts_for_owner {
        acl::put_anew(&context.open(name, Action::PutBucketAcl)?, asked)?;
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
pub(super) fn head_bucket(context: &Context, bucket: &BucketName) -> Result<Response> {
    let open = context.open(bucket, Action::ListBucket)?;
    let region = open.bucket.config().location.as_deref().unwrap_or(&context.region);
    Ok(Response::empty(200).header("x-amz-bucket-region", region))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
pub(super) fn delete_bucket(context: &Context, bucket: &BucketName) -> Result<Response> {
    context.open(bucket, Action::DeleteBucket)?.bucket.delete().map_err(|error| {
        super::name_in(error, ErrorCode::BucketNotEmpty, "BucketName", bucket.as_str())
    })?;
    Ok(Response::empty(204))
}
