//! Users with a role, beside the two accounts that every test server has.

use super::client::{Answer, Request};
use super::operations::{At, On, Op, Who};
use super::{OTHER, OWN, TestServer, user};
use glassbucket::auth::role::{Role, Scope, Scopes};
use glassbucket::auth::{User, Users};
use glassbucket::server::{Config, UsersSource};

/// An account that owns nothing.
pub const THIRD: (&str, &str) = ("thirdkey", "thirdsecret");

/// What `--read` and `--write` make of these.
pub fn scoped(read: &[&str], write: &[&str]) -> Role {
    let parse = |texts: &[&str]| {
        texts.iter().map(|text| Scope::parse(text).expect("a scope")).collect::<Vec<_>>()
    };
    Role::Scoped(Scopes { read: parse(read), write: parse(write) })
}

/// Gives [`OTHER`] that role; [`OWN`] is root, [`THIRD`] an account.
pub fn with_role(role: Role) -> impl FnOnce(&mut Config) {
    let own = User { root: true, ..user("own1", "own", OWN) };
    let other = User { role, ..user("other1", "other", OTHER) };
    let users = Users::new(vec![own, other, user("third1", "third", THIRD)]).expect("three users");
    move |config| config.users = UsersSource::fixed(users)
}

/// One request of [`THIRD`].
pub fn as_third(server: &TestServer, request: &Request) -> Answer {
    server.connect().call(&server.signer(THIRD), request)
}

/// What an operation wants of the scopes of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A key.
    Anything,
    /// To read the key.
    Read,
    /// To list all of the bucket.
    List,
    /// To write the key.
    Write,
    /// To read and to write it.
    Change,
    /// To read the source of the copy, and to write the key.
    Copy,
    /// To reach any key of the bucket.
    Look,
    /// To write all of the bucket.
    WriteAll,
    /// To act for the owner in all things.
    Admin,
}

/// By name, as the module head of `auth::access::scopes` has it.
pub fn wants(op: &Op) -> Wants {
    match op.name {
        "ListBuckets" => Wants::Anything,
        // Of the key `nothing`.
        "CreateBucket" | "DeleteObjects" => Wants::WriteAll,
        "GetBucketPolicy" => Wants::Admin,
        "ListObjects" | "ListObjectsV2" | "ListObjectVersions" | "ListMultipartUploads" => {
            Wants::List
        }
        "PutObject"
        | "PostObject"
        | "DeleteObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "CompleteMultipartUpload"
        | "ListParts"
        | "AbortMultipartUpload" => Wants::Write,
        "CopyObject" | "UploadPartCopy" => Wants::Copy,
        "PutObjectAcl" | "PutObjectTagging" | "DeleteObjectTagging" | "PutObjectRetention" => {
            Wants::Change
        }
        "PutObjectLegalHold" => Wants::Admin,
        "GetObjectLockConfiguration" | "HeadBucket" | "GetPublicAccessBlock" => Wants::Look,
        name if name.starts_with("GetObject") || name == "HeadObject" => Wants::Read,
        name if name.starts_with("GetBucket") || name.starts_with("ListBucket") => Wants::Look,
        name if NOT_HERE.iter().any(|word| name.contains(word)) => match op.on {
            On::Bucket => Wants::Look,
            _ => Wants::Write,
        },
        _ => Wants::Admin,
    }
}

/// How those are called that are answered 501 to whoever may ask for anything there.
const NOT_HERE: &[&str] = &["Abac", "Metadata", "Rename", "Restore", "Select", "Session", "Update"];

/// The server, its objects and its upload, as the role of [`OTHER`] is to see them.
pub struct Scene {
    pub server: TestServer,
    pub upload: String,
    pub key: &'static str,
}

impl Scene {
    /// Asks as [`OTHER`].
    pub fn ask(&self, op: &Op) -> Answer {
        op.ask(&self.server, Who::Other, At { bucket: "bkt", key: self.key, upload: &self.upload })
    }
}
