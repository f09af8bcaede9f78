//! Policy, ACLs, ownership and public access block together: may this caller do that?
//!
//! What the caller's role does not reach is refused before all else (`scopes`). Then in AWS's
//! order. A Deny of the policy is the end, for the owner too, who may still read, replace
//! and remove the policy itself, so that nobody is locked out of their own bucket for good. Then
//! one Allow is enough: of being the owner, of the policy, or of an ACL.
//!
//! An object may be another's than its bucket is (`ObjectWriter`). What it says and who reads it is
//! then its own owner's: neither the bucket's owner nor the bucket's policy lets anyone read it,
//! though both may tag, lock and remove it. Under `BucketOwnerEnforced` all is the bucket owner's,
//! and no ACL counts.
//!
//! | grant on | READ | WRITE | READ_ACP | WRITE_ACP |
//! |---|---|---|---|---|
//! | a bucket | ListBucket, ListBucketVersions, ListBucketMultipartUploads | PutObject, DeleteObject | GetBucketAcl | PutBucketAcl |
//! | an object | GetObject, GetObjectVersion | nothing | GetObjectAcl | PutObjectAcl |
//!
//! The public access block takes out the grants to everybody, and what a public policy allows to
//! anyone but the bucket's owner.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html>

use super::{Action, Caller, Facts, Policy, Verdict};
use crate::auth::role::Role;
use crate::types::{
    Acl, BucketName, Grantee, Key, ObjectOwnership, Owner, Permission, PublicAccessBlock,
};

/// What a bucket says of who may do what.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'b> {
    /// The bucket.
    pub bucket: &'b BucketName,
    /// Whose it is.
    pub owner: &'b Owner,
    /// Its ACL; `None` is its owner's alone.
    pub acl: Option<&'b Acl>,
    /// Its policy.
    pub policy: Option<&'b Policy>,
    /// Who owns what others write in it.
    pub ownership: ObjectOwnership,
    /// The bucket's block and the server's together.
    pub block: PublicAccessBlock,
}

/// What an action is done with.
#[derive(Clone, Copy, Debug)]
pub enum Target<'t> {
    /// The bucket itself.
    Bucket,
    /// The bucket, to list what begins so: the very prefix that is listed.
    Listing(&'t str),
    /// A key, whether or not an object has it: to write it or to remove what is there.
    Key(&'t Key),
    /// An object that is there, with the ACL it has of its own.
    Object(&'t Key, Option<&'t Acl>),
    /// An upload in progress, and who started it; `None` where there is none.
    Upload(&'t Key, Option<&'t Owner>),
}

impl Target<'_> {
    fn key(&self) -> Option<&Key> {
        match self {
            Target::Bucket | Target::Listing(_) => None,
            Target::Key(key) | Target::Object(key, _) | Target::Upload(key, _) => Some(key),
        }
    }
}

/// Who wants to do what with what.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'t> {
    /// Who.
    pub caller: Caller<'t>,
    /// What.
    pub action: Action,
    /// With what.
    pub target: Target<'t>,
}

impl<'b> Rules<'b> {
    /// Whether the caller may do that. `facts` is asked for where a policy wants them.
    pub fn allow(&self, asked: Asked<'_>, facts: impl FnOnce() -> Facts) -> bool {
        let Asked { caller, action, target } = asked;
        if !caller.reaches(self.bucket, action, target) {
            return false;
        }
        let acting = caller.acts_as(self.owner);
        let owns_bucket = acting == Some(self.owner.id.as_str());
        if owns_bucket && action.is_of_policy() {
            return true;
        }
        let by_policy = match self.weigh_policy(asked, facts) {
            Verdict::Deny => return false,
            Verdict::Allow => owns_bucket || !self.is_restricted(),
            Verdict::Silent => false,
        };
        if *caller.role == Role::Admin {
            return true; // whoever's the object is
        }
        let by_bucket = owns_bucket || by_policy;
        match target {
            Target::Bucket | Target::Listing(_) | Target::Key(_) => {
                by_bucket || self.acl_grants(self.acl, acting, action)
            }
            Target::Upload(_, initiator) => {
                let own = |initiator: &Owner| acting == Some(initiator.id.as_str());
                by_bucket
                    || self.acl_grants(self.acl, acting, action)
                    || (action.is_of_initiator() && initiator.is_some_and(own))
            }
            Target::Object(_, acl) => {
                let foreign = self.object_owner(acl).id != self.owner.id;
                match foreign && action.is_of_object_owner() {
                    true => self.owns(acl, acting) || self.acl_grants(acl, acting, action),
                    false => by_bucket || self.acl_grants(acl, acting, action),
                }
            }
        }
    }

    /// Whether the caller's role or the policy forbids it, whoever else allows.
    pub fn deny(&self, asked: Asked<'_>, facts: impl FnOnce() -> Facts) -> bool {
        !asked.caller.reaches(self.bucket, asked.action, asked.target)
            || self.weigh_policy(asked, facts) == Verdict::Deny
    }

    /// Whether the bucket's ACL, by itself, lets the caller write any object.
    pub fn acl_lets_write(&self, caller: Caller<'_>) -> bool {
        self.acl_grants(self.acl, caller.acts_as(self.owner), Action::PutObject)
    }

    /// Whose an object with that ACL is: without one, the bucket owner's.
    pub fn object_owner<'a>(&self, acl: Option<&'a Acl>) -> &'a Owner
    where
        'b: 'a,
    {
        match acl {
            Some(acl) if self.ownership != ObjectOwnership::BucketOwnerEnforced => &acl.owner,
            _ => self.owner,
        }
    }

    /// Whether anyone at all is let in, as GetBucketPolicyStatus tells it.
    pub fn is_public(&self) -> bool {
        let by_acl = !self.block.ignore_public_acls
            && self.ownership != ObjectOwnership::BucketOwnerEnforced
            && self.acl.is_some_and(Acl::is_public);
        by_acl
            || (!self.block.restrict_public_buckets && self.policy.is_some_and(Policy::is_public))
    }

    fn weigh_policy(&self, asked: Asked<'_>, facts: impl FnOnce() -> Facts) -> Verdict {
        let Some(policy) = self.policy else { return Verdict::Silent };
        let Asked { caller, action, target } = asked;
        let resource = match target.key() {
            Some(key) => format!("{}/{}", self.bucket.as_str(), key.as_str()),
            None => self.bucket.as_str().to_owned(),
        };
        policy.weigh(caller.id, &action.name(), &resource, &facts())
    }

    /// A public policy that RestrictPublicBuckets keeps to the bucket's owner.
    fn is_restricted(&self) -> bool {
        self.block.restrict_public_buckets && self.policy.is_some_and(Policy::is_public)
    }

    /// Whether the object is the caller's own. What nobody signed for is everybody's, so the block
    /// on public ACLs closes it too.
    fn owns(&self, acl: Option<&Acl>, caller: Option<&str>) -> bool {
        let owner = self.object_owner(acl);
        match caller {
            Some(id) => owner.id == id,
            None => owner.is_anonymous() && !self.block.ignore_public_acls,
        }
    }

    fn acl_grants(&self, acl: Option<&Acl>, caller: Option<&str>, action: Action) -> bool {
        let Some(wanted) = action.permission() else { return false };
        let counts = |grantee: &Grantee| !(self.block.ignore_public_acls && grantee.is_public());
        let is_caller = |grantee: &Grantee| match grantee {
            Grantee::CanonicalUser(owner) => match caller {
                Some(id) => owner.id == id,
                None => owner.is_anonymous(),
            },
            Grantee::AllUsers => true,
            Grantee::AuthenticatedUsers => caller.is_some(),
            Grantee::LogDelivery => false,
        };
        self.ownership != ObjectOwnership::BucketOwnerEnforced
            && acl.into_iter().flat_map(|acl| &acl.grants).any(|grant| {
                let permits = [wanted, Permission::FullControl].contains(&grant.permission);
                permits && counts(&grant.grantee) && is_caller(&grant.grantee)
            })
    }
}

impl Action {
    /// As a policy names it. The variants' names are AWS's own.
    fn name(self) -> String {
        format!("s3:{self:?}")
    }

    /// What the owner of a bucket may do whatever its policy says.
    fn is_of_policy(self) -> bool {
        matches!(
            self,
            Action::GetBucketPolicy | Action::PutBucketPolicy | Action::DeleteBucketPolicy
        )
    }

    /// What whoever started an upload may do with it.
    fn is_of_initiator(self) -> bool {
        matches!(self, Action::AbortMultipartUpload | Action::ListMultipartUploadParts)
    }

    /// What an object's owner decides, and not that of the bucket around it.
    fn is_of_object_owner(self) -> bool {
        matches!(
            self,
            Action::GetObject
                | Action::GetObjectVersion
                | Action::GetObjectAttributes
                | Action::GetObjectVersionAttributes
                | Action::GetObjectAcl
                | Action::GetObjectVersionAcl
                | Action::PutObjectAcl
                | Action::PutObjectVersionAcl
        )
    }

    /// The permission of an ACL that includes it. An object's WRITE includes nothing, as on AWS,
    /// and a bucket's nothing that removes for good: a version, a lock, the bucket.
    fn permission(self) -> Option<Permission> {
        match self {
            Action::ListBucket
            | Action::ListBucketVersions
            | Action::ListBucketMultipartUploads
            | Action::GetObject
            | Action::GetObjectVersion => Some(Permission::Read),
            Action::PutObject | Action::DeleteObject => Some(Permission::Write),
            Action::GetBucketAcl | Action::GetObjectAcl | Action::GetObjectVersionAcl => {
                Some(Permission::ReadAcp)
            }
            Action::PutBucketAcl | Action::PutObjectAcl | Action::PutObjectVersionAcl => {
                Some(Permission::WriteAcp)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
