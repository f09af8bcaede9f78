//! The conditional headers as one type: [`Conditions::weigh`] for reads, writes and the source of
//! a copy, [`Conditions::permit_removal`] for deletes.
//!
//! RFC 9110 section 13.2.2 gives the order; S3 follows it:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>
//!
//! Deletes have two conditions more, which AWS has on directory buckets and Ceph on all:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

use super::{ETag, Timestamp};

/// `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since`, or their
/// `x-amz-copy-source-if-*` twins; of a delete `If-Match` and the last two.
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
    /// `x-amz-if-match-size`, or `Size` of an entry of DeleteObjects: length in bytes.
    pub if_match_size: Option<u64>,
    /// `x-amz-if-match-last-modified-time`, or `LastModifiedTime` of an entry of DeleteObjects.
    pub if_match_last_modified: Option<Timestamp>,
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

    /// Whether their outcome tells more of an object than that it is there.
    pub fn ask_of_content(&self) -> bool {
        let names_one = |tags: &Option<String>| tags.as_deref().is_some_and(|tags| tags != "*");
        let of_tags = names_one(&self.if_match) || names_one(&self.if_none_match);
        let of_time = self.if_modified_since.is_some() || self.if_unmodified_since.is_some();
        of_tags || of_time || self.if_match_size.is_some() || self.if_match_last_modified.is_some()
    }

    /// Weighs the four of a read or write against an object that exists. Times count in whole
    /// seconds, as in headers.
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

    /// Whether a delete may go on, of a version that exists: an object of this tag and length, or
    /// a delete marker, which has neither and so meets `If-Match: *` alone. Times count in whole
    /// seconds.
    pub fn permit_removal(&self, object: Option<(&ETag, u64)>, last_modified: Timestamp) -> bool {
        let tag = match (&self.if_match, object) {
            (None, _) => true,
            (Some(tags), Some((etag, _))) => names(tags, etag),
            (Some(tags), None) => tags.split(',').any(|tag| tag.trim() == "*"),
        };
        let is_size = |size| object.is_some_and(|(_, length)| length == size);
        let is_time = |time: Timestamp| time.secs() == last_modified.secs();
        tag && self.if_match_size.is_none_or(is_size)
            && self.if_match_last_modified.is_none_or(is_time)
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

    #[test]
    fn an_asterisk_asks_of_no_content() {
        let tags = |if_match: &str, if_none_match: Option<&str>| Conditions {
            if_match: Some(if_match.into()),
            if_none_match: if_none_match.map(Into::into),
            ..Default::default()
        };
        assert!(!Conditions::default().ask_of_content());
        assert!(!tags("*", Some("*")).ask_of_content());
        assert!(tags("*", Some("x")).ask_of_content());
        assert!(tags("*, \"x\"", None).ask_of_content());
        let size = Conditions { if_match_size: Some(0), ..Default::default() };
        assert!(size.ask_of_content());
    }

    #[test]
    fn a_delete_is_permitted_where_all_it_names_is_so() {
        let (etag, time) = (ETag::Md5([0xab; 16]), Timestamp::new(1000, 5));
        let tag = |text: &str| Conditions { if_match: Some(text.into()), ..Default::default() };
        let size = |size| Conditions { if_match_size: Some(size), ..Default::default() };
        let at = |secs| {
            let time = Some(Timestamp::new(secs, 0));
            Conditions { if_match_last_modified: time, ..Default::default() }
        };
        let both = Conditions { if_match_size: Some(8), ..tag(&etag.quoted()) };
        for (conditions, of_object, of_marker) in [
            (Conditions::default(), true, true),
            (tag(&etag.to_string()), true, false),
            (tag("*"), true, true),
            (tag("\"x\""), false, false),
            (size(7), true, false),
            (size(0), false, false),
            (at(1000), true, true),
            (at(1001), false, false),
            (both, false, false),
        ] {
            let object = conditions.permit_removal(Some((&etag, 7)), time);
            let marker = conditions.permit_removal(None, time);
            assert_eq!((object, marker), (of_object, of_marker), "{conditions:?}");
        }
    }
}
