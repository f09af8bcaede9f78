//! What a role reaches of a bucket, before the bucket's own rules are asked: the bound of a user
//! that is limited to some places.
//!
//! A scope takes part in no grant. It bounds ([`Caller::reaches`]), and within it the user acts for
//! the owner of the bucket ([`Caller::acts_as`]); so what is public, and what a policy or an ACL
//! grants the user by name, is nothing to it elsewhere, as beyond AWS's permissions boundary.
//!
//! | action | wants a scope |
//! |---|---|
//! | GetObject, GetObjectAttributes, GetObjectTagging, GetObjectAcl, those of versions | to read the key |
//! | GetObjectRetention, GetObjectLegalHold | to read the key |
//! | ListBucket, ListBucketVersions, ListBucketMultipartUploads | to read the `prefix` asked for |
//! | PutObject, with tags and a retention; DeleteObject | to write the key |
//! | AbortMultipartUpload, ListMultipartUploadParts | to write the key |
//! | PutObjectAcl, Put- and DeleteObjectTagging, those of versions: of what is there | both |
//! | PutObjectRetention of what is there | both |
//! | HeadBucket; every document that configures a bucket but its policy | either, to any key of it |
//!
//! The rest is none of theirs: to remove a named version, to bypass a retention, to set or lift a
//! legal hold, to configure or delete the bucket, to read or write its policy (which names others).
//! A key that leaks can then hide what lies in a versioned bucket, but not destroy it.
//!
//! Clients wrote this table. All look at the bucket before they begin (location, versioning,
//! ownership controls, ACL, lock), and give up at some refusals. Cyberduck 4.7.2 reads an object's
//! ACL and writes it back with every rename. What locks its backups prolongs their retentions, and
//! without the bypass a retention cannot be shortened; a legal hold has no such guard.
//!
//! To change in place tells by its answer that the object is there. So it wants the read too: who
//! only writes learns nothing of what lies there (security class G).
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>

use super::{Action, Target};
use crate::auth::Verified;
use crate::auth::role::{Role, Scope, Scopes};
use crate::types::{BucketName, Owner};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'c> {
    /// The canonical id; `None` is anonymous.
    pub id: Option<&'c str>,
    /// What it may reach.
    pub role: &'c Role,
}

impl<'c> Caller<'c> {
    /// Whoever signed the request.
    pub fn of(verified: &'c Verified) -> Caller<'c> {
        match verified.user() {
            Some(user) => Caller { id: Some(&user.owner.id), role: &user.role },
            None => Caller { id: None, role: &Role::Account },
        }
    }

    /// Whether it acts for others: what it writes is the owner's of the bucket.
    pub fn acts_for_owners(self) -> bool {
        *self.role != Role::Account
    }

    /// As whom it acts in a bucket of that owner.
    pub fn acts_as<'o>(self, owner: &'o Owner) -> Option<&'o str>
    where
        'c: 'o,
    {
        if self.acts_for_owners() { Some(&owner.id) } else { self.id }
    }

    /// Whether its role lets it do that there at all.
    pub(super) fn reaches(self, bucket: &BucketName, action: Action, target: Target<'_>) -> bool {
        match self.role {
            Role::Account | Role::Admin => true,
            Role::Scoped(scopes) => include(scopes, bucket, action, target),
        }
    }
}

/// What an action wants of a scope.
enum Wants {
    Read,
    Write,
    Either,
}

/// Whether the scopes include it.
fn include(scopes: &Scopes, bucket: &BucketName, action: Action, target: Target<'_>) -> bool {
    let covers = |scope: &Scope| match target {
        Target::Bucket => scope.is_in(bucket),
        Target::Listing(prefix) => scope.covers(bucket, prefix),
        Target::Key(key) | Target::Object(key, _) | Target::Upload(key, _) => {
            scope.covers(bucket, key.as_str())
        }
    };
    let read = scopes.read.iter().any(covers);
    let write = scopes.write.iter().any(covers);
    match wants(action, target) {
        Some(Wants::Read) => read,
        Some(Wants::Write) => write && (read || !matches!(target, Target::Object(..))),
        Some(Wants::Either) => read || write,
        None => false,
    }
}

/// By the table above.
fn wants(action: Action, target: Target<'_>) -> Option<Wants> {
    use Action::*;
    match action {
        // HeadBucket; AWS has no action of its own for it.
        ListBucket if matches!(target, Target::Bucket) => Some(Wants::Either),
        // No listing is of the whole bucket by omission.
        ListBucketVersions | ListBucketMultipartUploads if matches!(target, Target::Bucket) => None,
        GetObject
        | GetObjectVersion
        | GetObjectAttributes
        | GetObjectVersionAttributes
        | GetObjectTagging
        | GetObjectVersionTagging
        | GetObjectAcl
        | GetObjectVersionAcl
        | GetObjectRetention
        | GetObjectLegalHold
        | ListBucket
        | ListBucketVersions
        | ListBucketMultipartUploads => Some(Wants::Read),
        PutObject
        | PutObjectAcl
        | PutObjectVersionAcl
        | PutObjectTagging
        | PutObjectVersionTagging
        | PutObjectRetention
        | DeleteObject
        | DeleteObjectTagging
        | DeleteObjectVersionTagging
        | AbortMultipartUpload
        | ListMultipartUploadParts => Some(Wants::Write),
        GetAccelerateConfiguration
        | GetAnalyticsConfiguration
        | GetBucketAcl
        | GetBucketCORS
        | GetBucketLocation
        | GetBucketLogging
        | GetBucketNotification
        | GetBucketObjectLockConfiguration
        | GetBucketOwnershipControls
        | GetBucketPolicyStatus
        | GetBucketPublicAccessBlock
        | GetBucketRequestPayment
        | GetBucketTagging
        | GetBucketVersioning
        | GetBucketWebsite
        | GetEncryptionConfiguration
        | GetIntelligentTieringConfiguration
        | GetInventoryConfiguration
        | GetLifecycleConfiguration
        | GetMetricsConfiguration
        | GetReplicationConfiguration => Some(Wants::Either),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
