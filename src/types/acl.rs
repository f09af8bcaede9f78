//! Access control lists as values: stored and shown as given, weighed by `auth::access`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>

use crate::error::{ErrorCode, Result, S3Error};
use serde::{Deserialize, Serialize};

/// Who owns a bucket or an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Canonical user id.
    pub id: String,
    /// The name shown to people.
    pub display_name: String,
}

/// The canonical id of whoever signs nothing: AWS's own number for the owner of what an anonymous
/// caller wrote.
const ANONYMOUS_ID: &str = "65a011a29cdf8ec533ec3d1ccaae921c";

impl Owner {
    /// Whoever signs nothing.
    pub fn anonymous() -> Owner {
        Owner { id: ANONYMOUS_ID.to_owned(), display_name: "anonymous".to_owned() }
    }

    /// Whether it is nobody with a key.
    pub fn is_anonymous(&self) -> bool {
        self.id == ANONYMOUS_ID
    }
}

/// Whom a grant is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grantee {
    /// `xsi:type="CanonicalUser"`.
    CanonicalUser(Owner),
    /// `http://acs.amazonaws.com/groups/global/AllUsers`: anyone, signed or not.
    AllUsers,
    /// `http://acs.amazonaws.com/groups/global/AuthenticatedUsers`: anyone with a key of this server.
    AuthenticatedUsers,
    /// `http://acs.amazonaws.com/groups/s3/LogDelivery`.
    LogDelivery,
}

impl Grantee {
    /// Whether it is everybody, or everybody with a key of this server: a public grant.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>
    pub fn is_public(&self) -> bool {
        match self {
            Grantee::AllUsers | Grantee::AuthenticatedUsers => true,
            Grantee::CanonicalUser(owner) => owner.is_anonymous(),
            Grantee::LogDelivery => false,
        }
    }

    /// The URI of a group; `None` for a user.
    pub fn uri(&self) -> Option<&'static str> {
        match self {
            Grantee::CanonicalUser(_) => None,
            Grantee::AllUsers => Some("http://acs.amazonaws.com/groups/global/AllUsers"),
            Grantee::AuthenticatedUsers => {
                Some("http://acs.amazonaws.com/groups/global/AuthenticatedUsers")
            }
            Grantee::LogDelivery => Some("http://acs.amazonaws.com/groups/s3/LogDelivery"),
        }
    }

    /// The group of a URI; else `InvalidArgument`.
    pub fn from_uri(uri: &str) -> Result<Grantee> {
        [Grantee::AllUsers, Grantee::AuthenticatedUsers, Grantee::LogDelivery]
            .into_iter()
            .find(|group| group.uri() == Some(uri))
            .ok_or_else(|| S3Error::argument("Invalid group uri", "uri", uri))
    }
}

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    /// `FULL_CONTROL`
    FullControl,
    /// `READ`
    Read,
    /// `WRITE`
    Write,
    /// `READ_ACP`
    ReadAcp,
    /// `WRITE_ACP`
    WriteAcp,
}

impl Permission {
    /// All five.
    pub const ALL: [Permission; 5] =
        [Self::FullControl, Self::Read, Self::Write, Self::ReadAcp, Self::WriteAcp];

    /// As in XML.
    pub fn name(self) -> &'static str {
        match self {
            Permission::FullControl => "FULL_CONTROL",
            Permission::Read => "READ",
            Permission::Write => "WRITE",
            Permission::ReadAcp => "READ_ACP",
            Permission::WriteAcp => "WRITE_ACP",
        }
    }

    /// From XML; else `MalformedACLError`.
    pub fn parse(name: &str) -> Result<Permission> {
        Permission::ALL
            .into_iter()
            .find(|permission| permission.name() == name)
            .ok_or_else(|| ErrorCode::MalformedACLError.into())
    }
}

/// One line of an ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// For whom.
    pub grantee: Grantee,
    /// What.
    pub permission: Permission,
}

/// An access control list: an owner and at most [`crate::limits::GRANTS_MAX`] grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// The owner; may always read and write the ACL itself.
    pub owner: Owner,
    /// The grants, in the order given.
    pub grants: Vec<Grant>,
}

impl Acl {
    /// Whether it grants anything to everybody.
    pub fn is_public(&self) -> bool {
        self.grants.iter().any(|grant| grant.grantee.is_public())
    }
}

/// A canned ACL, a name for a usual list of grants.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannedAcl {
    /// Owner only.
    Private,
    /// And anyone may read.
    PublicRead,
    /// And anyone may read and write.
    PublicReadWrite,
    /// And anyone with a key may read.
    AuthenticatedRead,
    /// Amazon EC2 may read: kept as private, there is no EC2 here.
    AwsExecRead,
    /// And the bucket's owner may read the object.
    BucketOwnerRead,
    /// And the bucket's owner has full control of the object.
    BucketOwnerFullControl,
    /// And the log group may write to the bucket and read its ACL.
    LogDeliveryWrite,
}

impl CannedAcl {
    /// From `x-amz-acl`; else `InvalidArgument`.
    pub fn parse(name: &str) -> Result<CannedAcl> {
        Ok(match name {
            "private" => CannedAcl::Private,
            "public-read" => CannedAcl::PublicRead,
            "public-read-write" => CannedAcl::PublicReadWrite,
            "authenticated-read" => CannedAcl::AuthenticatedRead,
            "aws-exec-read" => CannedAcl::AwsExecRead,
            "bucket-owner-read" => CannedAcl::BucketOwnerRead,
            "bucket-owner-full-control" => CannedAcl::BucketOwnerFullControl,
            "log-delivery-write" => CannedAcl::LogDeliveryWrite,
            _ => return Err(S3Error::argument("Invalid canned ACL", "x-amz-acl", name)),
        })
    }

    /// The list it stands for. `owner` owns the thing; `bucket_owner` owns the bucket it lies in.
    pub fn expand(self, owner: &Owner, bucket_owner: &Owner) -> Acl {
        let grant = |grantee, permission| Grant { grantee, permission };
        let mut grants =
            vec![grant(Grantee::CanonicalUser(owner.clone()), Permission::FullControl)];
        let bucket_owner = || Grantee::CanonicalUser(bucket_owner.clone());
        match self {
            CannedAcl::Private | CannedAcl::AwsExecRead => {}
            CannedAcl::PublicRead => grants.push(grant(Grantee::AllUsers, Permission::Read)),
            CannedAcl::PublicReadWrite => {
                grants.push(grant(Grantee::AllUsers, Permission::Read));
                grants.push(grant(Grantee::AllUsers, Permission::Write));
            }
            CannedAcl::AuthenticatedRead => {
                grants.push(grant(Grantee::AuthenticatedUsers, Permission::Read));
            }
            CannedAcl::BucketOwnerRead => grants.push(grant(bucket_owner(), Permission::Read)),
            CannedAcl::BucketOwnerFullControl => {
                grants.push(grant(bucket_owner(), Permission::FullControl));
            }
            CannedAcl::LogDeliveryWrite => {
                grants.push(grant(Grantee::LogDelivery, Permission::Write));
                grants.push(grant(Grantee::LogDelivery, Permission::ReadAcp));
            }
        }
        grants.dedup();
        Acl { owner: owner.clone(), grants }
    }
}
