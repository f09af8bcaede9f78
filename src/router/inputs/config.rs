//! The inputs of what configures a bucket, or an object beside its bytes, by a document.

use super::ObjectAddress;
use crate::digest::Expected;
use crate::types::lifecycle::DefaultMinimumObjectSize;
use crate::types::{BucketName, Key};

/// A new document for an object's tags, retention or legal hold.
#[derive(Clone, Debug)]
pub struct PutObjectConfig {
    /// The object, or a version of it.
    pub object: ObjectAddress,
    /// `x-amz-bypass-governance-retention`: of PutObjectRetention alone.
    pub bypass_governance: bool,
    /// Claims about the XML.
    pub expected: Expected,
}

/// What of a bucket can be configured by a document of its own: `?cors`, `?lifecycle` ...
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of AWS's operations
pub enum ConfigKind {
    Accelerate,
    Analytics,
    Cors,
    Encryption,
    IntelligentTiering,
    Inventory,
    Lifecycle,
    Logging,
    Metrics,
    Notification,
    ObjectLock,
    OwnershipControls,
    Policy,
    PolicyStatus,
    PublicAccessBlock,
    Replication,
    RequestPayment,
    Tagging,
    Versioning,
    Website,
}

/// One configuration of a bucket.
#[derive(Clone, Debug)]
pub struct BucketConfigAddress {
    /// The bucket.
    pub bucket: BucketName,
    /// Which one.
    pub kind: ConfigKind,
    /// `id`, of the kinds that a bucket may have several of; without it all of them are meant.
    pub id: Option<String>,
    /// AWS's operation name.
    pub name: &'static str,
}

/// A new document for a configuration of a bucket.
#[derive(Clone, Debug)]
pub struct PutBucketConfig {
    /// Which one.
    pub address: BucketConfigAddress,
    /// Claims about the document.
    pub expected: Expected,
    /// `x-amz-transition-default-minimum-object-size`, which goes with a lifecycle configuration.
    pub default_minimum_object_size: Option<DefaultMinimumObjectSize>,
}

/// A sub-resource that this server has no operation for.
#[derive(Clone, Debug)]
pub struct Unconfigured {
    /// The bucket.
    pub bucket: BucketName,
    /// The key, if the sub-resource is an object's.
    pub key: Option<Key>,
    /// AWS's operation name, for the log.
    pub name: &'static str,
}
