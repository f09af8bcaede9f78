//! The four conditional headers as one type with one [`Conditions::weigh`].
//!
//! RFC 9110 section 13.2.2 gives the order; S3 follows it:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use super::{ETag, Timestamp};

/// `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since`, or their
/// `x-amz-copy-source-if-*` twins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`: `*`, or a list of tags, quoted or not.
    pub if_match: Option<String>,
    /// `If-None-Match`, likewise.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`; an unreadable date is as absent.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`; likewise.
    pub if_unmodified_since: Option<Timestamp>,
}

/// What the conditions say of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Proceed,
    /// 304 for a read, 412 for a write or a copy's source.
    NotModified,
    /// 412.
    PreconditionFailed,
}

impl Conditions {
    /// No condition at all.
    pub fn is_empty(&self) -> bool {
        *self == Conditions::default()
    }

    /// Weighs all four against an object that exists. Times count in whole seconds, as in headers.
    pub fn weigh(&self, etag: &ETag, last_modified: Timestamp) -> Verdict {
        let modified = last_modified.secs();
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !names(tags, etag) => return Verdict::PreconditionFailed,
            (None, Some(since)) if modified > since.secs() => return Verdict::PreconditionFailed,
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) if names(tags, etag) => Verdict::NotModified,
            (None, Some(since)) if modified <= since.secs() => Verdict::NotModified,
            _ => Verdict::Proceed,
        }
    }
}

/// Whether a list of tags names this one; clients send tags quoted, bare and weak.
fn names(tags: &str, etag: &ETag) -> bool {
    let etag = etag.to_string();
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighed_in_the_order_of_rfc_9110() {
        let etag = ETag::Md5([0xab; 16]);
        let (quoted, time) = (etag.quoted(), Timestamp::new(1000, 5));
        let (before, after) = (Some(Timestamp::new(999, 0)), Some(Timestamp::new(1000, 0)));
        let none = Conditions::default();
        let tag = |text: &str| Some(text.to_owned());
        use Verdict::{NotModified, PreconditionFailed, Proceed};
        for (conditions, verdict) in [
            (none.clone(), Proceed),
            (Conditions { if_match: tag(&quoted), ..none.clone() }, Proceed),
            (Conditions { if_match: tag(&etag.to_string()), ..none.clone() }, Proceed),
            (Conditions { if_match: tag("\"x\", *"), ..none.clone() }, Proceed),
            (Conditions { if_match: tag("\"x\""), ..none.clone() }, PreconditionFailed),
            (Conditions { if_none_match: tag("*"), ..none.clone() }, NotModified),
            (Conditions { if_none_match: tag(&quoted), ..none.clone() }, NotModified),
            (
                Conditions {
                    if_none_match: tag("\"x\""),
                    if_modified_since: after,
                    ..none.clone()
                },
                Proceed,
            ),
            (Conditions { if_modified_since: after, ..none.clone() }, NotModified),
            (Conditions { if_modified_since: before, ..none.clone() }, Proceed),
            (Conditions { if_unmodified_since: before, ..none.clone() }, PreconditionFailed),
            (Conditions { if_unmodified_since: after, ..none.clone() }, Proceed),
            (Conditions { if_match: tag(&quoted), if_unmodified_since: before, ..none }, Proceed),
        ] {
            assert_eq!(conditions.weigh(&etag, time), verdict, "{conditions:?}");
        }
    }
}
