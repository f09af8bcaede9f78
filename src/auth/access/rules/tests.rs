//! The table of who may do what, cell by cell.

use super::*;
use crate::types::{CannedAcl, Grant};
use Action::*;

const OWN: &str = "own";
const ANN: &str = "ann";
const EVE: &str = "eve";

fn owner(id: &str) -> Owner {
    Owner { id: id.to_owned(), display_name: id.to_owned() }
}

fn acl(of: &str, grants: &[(Grantee, Permission)]) -> Acl {
    let grant = |(grantee, permission): &(Grantee, Permission)| Grant {
        grantee: grantee.clone(),
        permission: *permission,
    };
    Acl { owner: owner(of), grants: grants.iter().map(grant).collect() }
}

fn user(id: &str) -> Grantee {
    Grantee::CanonicalUser(owner(id))
}

fn account(id: Option<&str>) -> Caller<'_> {
    Caller { id, role: &Role::Account }
}

/// A bucket of [`OWN`], and whoever asks.
struct Case {
    bucket: BucketName,
    owner: Owner,
    acl: Option<Acl>,
    policy: Option<Policy>,
    ownership: ObjectOwnership,
    block: PublicAccessBlock,
}

impl Case {
    fn new() -> Case {
        Case {
            bucket: BucketName::parse("bkt").unwrap(),
            owner: owner(OWN),
            acl: None,
            policy: None,
            ownership: ObjectOwnership::ObjectWriter,
            block: PublicAccessBlock::default(),
        }
    }

    fn acl(grants: &[(Grantee, Permission)]) -> Case {
        Case { acl: Some(acl(OWN, grants)), ..Case::new() }
    }

    /// `effect` on everything for `principal`.
    fn policy(effect: &str, principal: &str, action: &str) -> Case {
        let text = format!(
            r#"{{"Statement": {{"Effect": "{effect}", "Principal": {{"AWS": "{principal}"}},
            "Action": "{action}", "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}}}}"#
        );
        Case { policy: Some(Policy::parse(&text, Some("bkt")).unwrap()), ..Case::new() }
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            bucket: &self.bucket,
            owner: &self.owner,
            acl: self.acl.as_ref(),
            policy: self.policy.as_ref(),
            ownership: self.ownership,
            block: self.block,
        }
    }

    fn bucket(&self, caller: Option<&str>, action: Action) -> bool {
        self.rules().allow(
            Asked { caller: account(caller), action, target: Target::Bucket },
            Facts::default,
        )
    }

    fn key(&self, caller: Option<&str>, action: Action) -> bool {
        let key = Key::parse(b"k".to_vec()).unwrap();
        self.rules().allow(
            Asked { caller: account(caller), action, target: Target::Key(&key) },
            Facts::default,
        )
    }

    fn object(&self, acl: Option<&Acl>, caller: Option<&str>, action: Action) -> bool {
        let key = Key::parse(b"k".to_vec()).unwrap();
        self.rules().allow(
            Asked { caller: account(caller), action, target: Target::Object(&key, acl) },
            Facts::default,
        )
    }
}

#[test]
fn a_bucket_is_its_owners_alone() {
    let case = Case::new();
    for action in [ListBucket, GetBucketAcl, PutBucketPolicy, DeleteBucket] {
        assert!(case.bucket(Some(OWN), action));
        assert!(!case.bucket(Some(EVE), action) && !case.bucket(None, action), "{action:?}");
    }
    for action in [GetObject, GetObjectAcl, PutObjectTagging, GetObjectAttributes] {
        assert!(case.object(None, Some(OWN), action));
        assert!(!case.object(None, Some(EVE), action) && !case.object(None, None, action));
    }
    assert!(case.key(Some(OWN), PutObject) && !case.key(Some(EVE), PutObject));
}

#[test]
fn each_permission_on_a_bucket_is_these_actions() {
    let all = [ListBucket, ListBucketVersions, ListBucketMultipartUploads, GetBucketAcl]
        .into_iter()
        .chain([PutBucketAcl, DeleteBucket, PutBucketPolicy, GetBucketLocation]);
    for action in all {
        for permission in Permission::ALL {
            let fits = match permission {
                Permission::Read => action.name().contains("List"),
                Permission::ReadAcp => action == GetBucketAcl,
                Permission::WriteAcp => action == PutBucketAcl,
                Permission::Write => false,
                Permission::FullControl => {
                    !matches!(action, DeleteBucket | PutBucketPolicy | GetBucketLocation)
                }
            };
            let case = Case::acl(&[(user(ANN), permission)]);
            assert_eq!(case.bucket(Some(ANN), action), fits, "{permission:?} {action:?}");
            assert!(!case.bucket(Some(EVE), action) && !case.bucket(None, action));
        }
    }
    let case = Case::acl(&[(user(ANN), Permission::Write)]);
    assert!(case.key(Some(ANN), PutObject) && case.key(Some(ANN), DeleteObject));
    for lasting in [DeleteObjectVersion, PutObjectRetention, BypassGovernanceRetention] {
        assert!(!case.key(Some(ANN), lasting), "{lasting:?}");
    }
    assert!(!case.object(None, Some(ANN), GetObject), "to write is not to read");
}

#[test]
fn each_permission_on_an_object_is_these_actions() {
    let case = Case::new();
    for action in [GetObject, GetObjectVersion, GetObjectAcl, PutObjectAcl, PutObjectTagging] {
        for permission in Permission::ALL {
            let fits = match permission {
                Permission::Read => matches!(action, GetObject | GetObjectVersion),
                Permission::ReadAcp => action == GetObjectAcl,
                Permission::WriteAcp => action == PutObjectAcl,
                Permission::Write => false,
                Permission::FullControl => action != PutObjectTagging,
            };
            let acl = acl(OWN, &[(user(ANN), permission)]);
            assert_eq!(
                case.object(Some(&acl), Some(ANN), action),
                fits,
                "{permission:?} {action:?}"
            );
            assert!(!case.object(Some(&acl), Some(EVE), action));
        }
    }
}

#[test]
fn groups_are_everybody_and_everybody_with_a_key() {
    let everybody = Case::acl(&[(Grantee::AllUsers, Permission::Read)]);
    assert!(everybody.bucket(None, ListBucket) && everybody.bucket(Some(EVE), ListBucket));
    let signed = Case::acl(&[(Grantee::AuthenticatedUsers, Permission::Read)]);
    assert!(!signed.bucket(None, ListBucket) && signed.bucket(Some(EVE), ListBucket));
    let logs = Case::acl(&[(Grantee::LogDelivery, Permission::FullControl)]);
    assert!(!logs.bucket(None, ListBucket) && !logs.bucket(Some(EVE), ListBucket));
}

#[test]
fn an_object_of_another_is_that_others_to_share() {
    let case = Case::policy("Allow", "*", "s3:*");
    let theirs = acl(ANN, &[(user(ANN), Permission::FullControl)]);
    for action in [GetObject, GetObjectAcl, PutObjectAcl, GetObjectAttributes] {
        assert!(case.object(Some(&theirs), Some(ANN), action));
        for stranger in [Some(OWN), Some(EVE), None] {
            assert!(!case.object(Some(&theirs), stranger, action), "{stranger:?} {action:?}");
        }
    }
    assert!(case.key(Some(OWN), DeleteObject), "the bucket's owner may remove it");
    assert!(case.object(Some(&theirs), Some(OWN), PutObjectTagging));
    let shared = acl(ANN, &[(user(OWN), Permission::Read)]);
    assert!(case.object(Some(&shared), Some(OWN), GetObject));
    let enforced = Case { ownership: ObjectOwnership::BucketOwnerEnforced, ..Case::new() };
    assert!(enforced.object(Some(&theirs), Some(OWN), GetObject));
    assert!(!enforced.object(Some(&theirs), Some(ANN), GetObject), "no ACL counts");
}

#[test]
fn what_nobody_signed_for_is_everybodys_unless_barred() {
    let nobody = Owner::anonymous();
    let acl = CannedAcl::Private.expand(&nobody, &owner(OWN));
    assert!(Case::new().object(Some(&acl), None, GetObject));
    assert!(!Case::new().object(Some(&acl), Some(EVE), GetObject));
    let shut = Case { block: PublicAccessBlock::SHUT, ..Case::new() };
    assert!(!shut.object(Some(&acl), None, GetObject));
}

#[test]
fn a_policy_allows_and_its_deny_is_the_end() {
    let allow = Case::policy("Allow", ANN, "s3:GetObject");
    assert!(allow.object(None, Some(ANN), GetObject) && !allow.object(None, Some(EVE), GetObject));
    assert!(!allow.object(None, Some(ANN), GetObjectAcl));
    let deny = Case {
        acl: Some(acl(OWN, &[(user(ANN), Permission::FullControl)])),
        ..Case::policy("Deny", "*", "s3:*")
    };
    for caller in [Some(OWN), Some(ANN), None] {
        assert!(!deny.bucket(caller, ListBucket) && !deny.key(caller, PutObject));
    }
    for action in [GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy] {
        assert!(deny.bucket(Some(OWN), action), "the owner is never locked out");
        assert!(!deny.bucket(Some(ANN), action));
    }
}

#[test]
fn the_block_takes_out_grants_to_everybody_and_no_others() {
    let grants = [
        (Grantee::AllUsers, Permission::Read),
        (Grantee::AuthenticatedUsers, Permission::Read),
        (user(ANN), Permission::Read),
    ];
    let shut = |case| Case { block: PublicAccessBlock::SHUT, ..case };
    let case = shut(Case::acl(&grants));
    assert!(case.bucket(Some(ANN), ListBucket));
    assert!(!case.bucket(Some(EVE), ListBucket) && !case.bucket(None, ListBucket));
    assert!(!case.rules().is_public() && Case::acl(&grants).rules().is_public());
    let public = shut(Case::policy("Allow", "*", "s3:*"));
    assert!(public.bucket(Some(OWN), ListBucket));
    assert!(!public.bucket(Some(ANN), ListBucket) && !public.bucket(None, ListBucket));
    assert!(shut(Case::policy("Allow", ANN, "s3:*")).bucket(Some(ANN), ListBucket));
}

#[test]
fn an_upload_is_its_initiators_to_abort_and_no_others() {
    let (case, key) = (Case::new(), Key::parse(b"k".to_vec()).unwrap());
    let may = |caller, action| {
        let initiator = owner(ANN);
        case.rules().allow(
            Asked {
                caller: account(caller),
                action,
                target: Target::Upload(&key, Some(&initiator)),
            },
            Facts::default,
        )
    };
    for action in [AbortMultipartUpload, ListMultipartUploadParts] {
        assert!(may(Some(ANN), action) && may(Some(OWN), action));
        assert!(!may(Some(EVE), action) && !may(None, action));
    }
    assert!(!may(Some(ANN), PutObject), "to go on is to write");
}

#[test]
fn actions_have_the_names_of_aws() {
    assert_eq!(GetBucketCORS.name(), "s3:GetBucketCORS");
    assert_eq!(GetObject.of_version().name(), "s3:GetObjectVersion");
}
