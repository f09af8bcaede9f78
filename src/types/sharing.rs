//! How far a bucket may be shared: who owns what others write, and the public access block.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use serde::{Deserialize, Serialize};

/// Who owns an object that somebody else than the bucket's owner wrote, and whether ACLs count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectOwnership {
    /// The writer; ACLs count. What holds where nothing was said: AWS has BucketOwnerEnforced since
    /// 2023, but clients of before, Cyberduck 4.7.2 among them, send an ACL with every bucket.
    #[default]
    ObjectWriter,
    /// The bucket's owner where the writer says `bucket-owner-full-control`, else the writer.
    BucketOwnerPreferred,
    /// The bucket's owner, always. No ACL counts, and none but `bucket-owner-full-control` is
    /// taken.
    BucketOwnerEnforced,
}

impl ObjectOwnership {
    /// As in XML and headers.
    pub fn name(self) -> &'static str {
        match self {
            ObjectOwnership::ObjectWriter => "ObjectWriter",
            ObjectOwnership::BucketOwnerPreferred => "BucketOwnerPreferred",
            ObjectOwnership::BucketOwnerEnforced => "BucketOwnerEnforced",
        }
    }

    /// From XML or a header.
    pub fn parse(name: &str) -> Option<ObjectOwnership> {
        [Self::ObjectWriter, Self::BucketOwnerPreferred, Self::BucketOwnerEnforced]
            .into_iter()
            .find(|ownership| ownership.name() == name)
    }
}

/// Four bars before everybody, each by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// An ACL that grants to everybody is refused.
    pub block_public_acls: bool,
    /// What an ACL grants to everybody counts for nothing.
    pub ignore_public_acls: bool,
    /// A policy that allows everybody is refused.
    pub block_public_policy: bool,
    /// A policy that allows everybody allows nobody but the bucket's owner.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// Nothing new is refused, and nobody profits by what is there: the server's own block.
    pub const SHUT: PublicAccessBlock = PublicAccessBlock {
        block_public_acls: false,
        ignore_public_acls: true,
        block_public_policy: false,
        restrict_public_buckets: true,
    };

    /// Each bar that either has.
    pub fn and(self, other: PublicAccessBlock) -> PublicAccessBlock {
        PublicAccessBlock {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}
