//! Every action on every kind of target for every role, against the table of the module's head.

use super::*;
use crate::auth::access::{Asked, Facts, Policy, Rules};
use crate::types::{Acl, Grant, Grantee, Key, ObjectOwnership, Permission, PublicAccessBlock};
use Action::*;

const READ: &[Action] = &[
    GetObject,
    GetObjectVersion,
    GetObjectAttributes,
    GetObjectVersionAttributes,
    GetObjectTagging,
    GetObjectVersionTagging,
    GetObjectAcl,
    GetObjectVersionAcl,
    GetObjectRetention,
    GetObjectLegalHold,
];
const LIST: &[Action] = &[ListBucket, ListBucketVersions, ListBucketMultipartUploads];
const WRITE: &[Action] = &[
    PutObject,
    PutObjectAcl,
    PutObjectVersionAcl,
    PutObjectTagging,
    PutObjectVersionTagging,
    PutObjectRetention,
    DeleteObject,
    DeleteObjectTagging,
    DeleteObjectVersionTagging,
    AbortMultipartUpload,
    ListMultipartUploadParts,
];
const LOOK: &[Action] = &[
    GetAccelerateConfiguration,
    GetAnalyticsConfiguration,
    GetBucketAcl,
    GetBucketCORS,
    GetBucketLocation,
    GetBucketLogging,
    GetBucketNotification,
    GetBucketObjectLockConfiguration,
    GetBucketOwnershipControls,
    GetBucketPolicyStatus,
    GetBucketPublicAccessBlock,
    GetBucketRequestPayment,
    GetBucketTagging,
    GetBucketVersioning,
    GetBucketWebsite,
    GetEncryptionConfiguration,
    GetIntelligentTieringConfiguration,
    GetInventoryConfiguration,
    GetLifecycleConfiguration,
    GetMetricsConfiguration,
    GetReplicationConfiguration,
];
const NEVER: &[Action] = &[
    BypassGovernanceRetention,
    CreateBucket,
    DeleteBucket,
    DeleteBucketPolicy,
    DeleteBucketWebsite,
    DeleteObjectVersion,
    GetBucketPolicy,
    ListAllMyBuckets,
    PutAccelerateConfiguration,
    PutAnalyticsConfiguration,
    PutBucketAcl,
    PutBucketCORS,
    PutBucketLogging,
    PutBucketNotification,
    PutBucketObjectLockConfiguration,
    PutBucketOwnershipControls,
    PutBucketPolicy,
    PutBucketPublicAccessBlock,
    PutBucketRequestPayment,
    PutBucketTagging,
    PutBucketVersioning,
    PutBucketWebsite,
    PutEncryptionConfiguration,
    PutIntelligentTieringConfiguration,
    PutInventoryConfiguration,
    PutLifecycleConfiguration,
    PutMetricsConfiguration,
    PutObjectLegalHold,
    PutReplicationConfiguration,
];

fn all() -> impl Iterator<Item = Action> {
    [READ, LIST, WRITE, LOOK, NEVER].into_iter().flatten().copied()
}

fn owner(id: &str) -> Owner {
    Owner { id: id.to_owned(), display_name: id.to_owned() }
}

fn key(text: &str) -> Key {
    Key::parse(text.as_bytes().to_vec()).unwrap()
}

fn scoped(read: &[&str], write: &[&str]) -> Role {
    let parse = |scopes: &[&str]| scopes.iter().map(|text| Scope::parse(text).unwrap()).collect();
    Role::Scoped(Scopes { read: parse(read), write: parse(write) })
}

/// Bucket `bkt` of `own`, with an ACL that lets `key` do everything, as everybody.
struct Case {
    bucket: BucketName,
    owner: Owner,
    acl: Acl,
    policy: Option<Policy>,
}

impl Case {
    fn new(policy: Option<(&str, &str)>) -> Case {
        let text = |(effect, principal): (&str, &str)| {
            format!(
                r#"{{"Statement": {{"Effect": "{effect}", "Principal": {{"AWS": "{principal}"}},
                "Action": "s3:*", "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}}}}"#
            )
        };
        let grant = |grantee| Grant { grantee, permission: Permission::FullControl };
        let grants = [Grantee::AllUsers, Grantee::CanonicalUser(owner("key"))];
        Case {
            bucket: BucketName::parse("bkt").unwrap(),
            owner: owner("own"),
            acl: Acl { owner: owner("own"), grants: grants.map(grant).to_vec() },
            policy: policy.map(|policy| Policy::parse(&text(policy), Some("bkt")).unwrap()),
        }
    }

    fn may(&self, role: &Role, action: Action, target: Target<'_>) -> bool {
        let rules = Rules {
            bucket: &self.bucket,
            owner: &self.owner,
            acl: Some(&self.acl),
            policy: self.policy.as_ref(),
            ownership: ObjectOwnership::ObjectWriter,
            block: PublicAccessBlock::default(),
        };
        let caller = Caller { id: Some("key"), role };
        rules.allow(Asked { caller, action, target }, Facts::default)
    }
}

/// The table, read naively. `reads` and `writes` tell of the target, `looks` of the bucket.
fn expected(action: Action, target: Target<'_>, reads: bool, writes: bool, looks: bool) -> bool {
    let of_bucket = matches!(target, Target::Bucket);
    let in_place = matches!(target, Target::Object(..));
    match action {
        ListBucket if of_bucket => looks,
        _ if LIST.contains(&action) => reads && !of_bucket,
        _ if READ.contains(&action) => reads,
        _ if WRITE.contains(&action) => writes && (reads || !in_place),
        _ if LOOK.contains(&action) => reads || writes,
        _ => false,
    }
}

/// Scopes to read and to write, and whether they read and write `cam/1`, reach into the bucket to
/// read and to write.
type Row = (&'static [&'static str], &'static [&'static str], [bool; 4]);

const ROWS: &[Row] = &[
    (&[], &[], [false, false, false, false]),
    (&["bkt"], &[], [true, false, true, false]),
    (&[], &["bkt"], [false, true, false, true]),
    (&["bkt"], &["bkt"], [true, true, true, true]),
    (&["bkt/cam"], &["bkt/cam/"], [true, true, true, true]),
    (&["bkt/cam*"], &["bkt/camera"], [true, false, true, true]),
    (&["bkt/ca"], &["bkt/cam/1/"], [false, false, true, true]),
    (&["*"], &["other", "*/cam"], [true, true, true, true]),
    (&["other"], &["bkt2", "other/cam"], [false, false, false, false]),
];

#[test]
fn every_action_is_of_the_table() {
    let text = include_str!("../../access.rs");
    let (_, text) = text.split_once("pub enum Action {").unwrap();
    let (text, _) = text.split_once('}').unwrap();
    let variants: Vec<&str> =
        text.split([',', '\n', ' ']).filter(|word| !word.is_empty()).collect();
    let mut listed: Vec<String> = all().map(|action| format!("{action:?}")).collect();
    listed.sort();
    assert_eq!(variants, listed);
}

/// Whatever is granted elsewhere: the ACL is everybody's, and where the policy allows all it makes
/// no difference.
#[test]
fn a_scoped_user_may_what_its_scopes_include_and_nothing_else() {
    let (cam, mut tried) = (key("cam/1"), 0);
    let initiator = owner("key");
    let targets = [
        Target::Bucket,
        Target::Listing("cam/1"),
        Target::Key(&cam),
        Target::Object(&cam, None),
        Target::Upload(&cam, Some(&initiator)),
    ];
    for case in
        [Case::new(None), Case::new(Some(("Allow", "*"))), Case::new(Some(("Allow", "key")))]
    {
        for (read, write, [reads, writes, in_read, in_write]) in ROWS {
            let role = scoped(read, write);
            for (action, target) in all().flat_map(|action| targets.map(|target| (action, target)))
            {
                let (reads, writes) = match target {
                    Target::Bucket => (*in_read, *in_write),
                    _ => (*reads, *writes),
                };
                let wanted = expected(action, target, reads, writes, *in_read || *in_write);
                let told = format!("{action:?} {target:?} {read:?} {write:?}");
                assert_eq!(case.may(&role, action, target), wanted, "{told}");
                tried += 1;
            }
        }
    }
    assert!(tried > 9_000);
}

#[test]
fn class_g_a_listing_is_of_a_prefix_within_a_scope_to_read() {
    let case = Case::new(None);
    let role = scoped(&["bkt/cam"], &["bkt"]);
    for action in LIST {
        for inside in ["cam/", "cam/2024/", "cam//", "cam/.."] {
            assert!(case.may(&role, *action, Target::Listing(inside)), "{action:?} {inside}");
        }
        for outside in ["", "c", "cam", "camera/", "CAM/", "./cam/", "/cam/", "other/cam/"] {
            assert!(!case.may(&role, *action, Target::Listing(outside)), "{action:?} {outside}");
        }
    }
}

#[test]
fn an_admin_acts_for_the_owner_of_bucket_and_object() {
    let (case, k) = (Case::new(None), key("k"));
    let foreign = Acl { owner: owner("ann"), grants: Vec::new() };
    let target = Target::Object(&k, Some(&foreign));
    for action in all() {
        assert!(case.may(&Role::Admin, action, Target::Bucket));
        assert!(case.may(&Role::Admin, action, target), "{action:?}");
    }
    let role = scoped(&["*"], &["*"]);
    assert!(!case.may(&role, GetObject, target), "no more than the bucket's owner");
    assert!(case.may(&role, GetObjectTagging, target) && case.may(&role, DeleteObject, target));
}

#[test]
fn a_deny_is_for_whoever_acts_for_the_owner_too() {
    let k = key("k");
    for principal in ["key", "*"] {
        let case = Case::new(Some(("Deny", principal)));
        for role in [Role::Admin, scoped(&["*"], &["*"])] {
            for action in all() {
                let is_of_policy =
                    matches!(action, GetBucketPolicy | PutBucketPolicy | DeleteBucketPolicy);
                let exempt = is_of_policy && role == Role::Admin;
                assert_eq!(case.may(&role, action, Target::Bucket), exempt, "{action:?}");
                assert!(!case.may(&role, action, Target::Key(&k)) || exempt, "{action:?}");
            }
        }
    }
    // It is weighed with the user's own id, not with the owner's.
    let case = Case::new(Some(("Deny", "own")));
    assert!(case.may(&Role::Admin, GetObject, Target::Key(&k)));
}
