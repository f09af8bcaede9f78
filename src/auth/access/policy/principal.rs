//! `Principal` and `NotPrincipal`: whom a statement is about.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-principal-intro.html>

use super::malformed;
use crate::auth::json::Json;
use crate::error::{Result, S3Error};

/// Those a statement names, or, negated, all but those.
#[derive(Clone, Debug)]
pub(super) struct Principals {
    negated: bool,
    named: Vec<Principal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Principal {
    /// `*`: signed or not.
    Everybody,
    /// By canonical id.
    User(String),
    /// A service of AWS: none calls here.
    Service,
}

impl Principals {
    /// `"*"`, or `{"AWS": ..., "CanonicalUser": ..., "Service": ...}`, each one or many.
    pub(super) fn parse(value: Json, negated: bool) -> Result<Principals> {
        let mut named = Vec::new();
        match value {
            Json::Text(text) if text == "*" => named.push(Principal::Everybody),
            Json::Object(kinds) => {
                for (kind, values) in kinds {
                    for value in values.one_or_many() {
                        let Json::Text(text) = value else { return Err(invalid()) };
                        named.push(Principal::parse(&kind, text).ok_or_else(invalid)?);
                    }
                }
            }
            _ => return Err(invalid()),
        }
        match named.is_empty() {
            true => Err(invalid()),
            false => Ok(Principals { negated, named }),
        }
    }

    /// `"*"`.
    pub(super) fn everybody() -> Principals {
        Principals { negated: false, named: vec![Principal::Everybody] }
    }

    /// Whether the statement is about that caller; `None` is anonymous.
    pub(super) fn include(&self, caller: Option<&str>) -> bool {
        let is = |principal: &Principal| match principal {
            Principal::Everybody => true,
            Principal::User(id) => Some(id.as_str()) == caller,
            Principal::Service => false,
        };
        self.named.iter().any(is) != self.negated
    }

    /// NotPrincipal.
    pub(super) fn is_negated(&self) -> bool {
        self.negated
    }

    /// Whether strangers are among them.
    pub(super) fn has_everybody(&self) -> bool {
        self.named.contains(&Principal::Everybody) != self.negated
    }
}

fn invalid() -> S3Error {
    malformed("Invalid principal in policy")
}

impl Principal {
    fn parse(kind: &str, text: String) -> Option<Principal> {
        match kind {
            "AWS" if text == "*" => Some(Principal::Everybody),
            "AWS" if text.starts_with("arn:") => user_of_arn(&text).map(Principal::User),
            "AWS" | "CanonicalUser" if !text.is_empty() && !text.contains(['*', '?']) => {
                Some(Principal::User(text))
            }
            "Service" if !text.is_empty() => Some(Principal::Service),
            _ => None,
        }
    }
}

/// `arn:aws:iam::ID:root`, or `arn:aws:iam:::user/ID` as Ceph and MinIO have it. A user or role
/// within an account is refused: there are none here, and to take it for the account itself would
/// let more in than was named.
fn user_of_arn(arn: &str) -> Option<String> {
    let (account, name) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let id = match name.strip_prefix("user/") {
        Some(id) if account.is_empty() => id,
        None if name == "root" => account,
        _ => return None,
    };
    (!id.is_empty() && !id.contains(['*', '?'])).then(|| id.to_owned())
}
