//! PostObject: what its head says and, once they have come, what the fields of its form say.
//!
//! A form says in fields what a PUT says in headers, so the fields are read by what reads headers.
//! Of the headers of such a request none counts: no policy covers them (security class A).
//!
//! Refused: a form without key. Ignored, as on AWS: fields of other names, a URL to go to that is
//! none, and a status that is none of the three.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>

use super::{NewObject, PostAnswer, PostObject, PostedObject, PutObject, checksum};
use crate::error::{Result, S3Error};
use crate::http::form::{Delimiter, Form};
use crate::http::head::RequestHead;
use crate::types::{BucketName, Conditions, Key};
use std::ops::RangeInclusive;

/// Fields of these names are those headers; `x-amz-` makes one too.
const HEADERS: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
];

impl PostObject {
    /// Reads the head.
    pub(super) fn read(head: &RequestHead, bucket: BucketName) -> Result<PostObject> {
        let delimiter = Delimiter::from_content_type(head.header("content-type"))?;
        Ok(PostObject { bucket, delimiter, path: head.path().trim_end_matches('/').to_owned() })
    }
}

impl PostedObject {
    /// Reads the fields of a form whose policy allows that many bytes of content.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` without a key, and what PutObject's headers are refused for.
    pub fn read(
        bucket: BucketName,
        form: &Form,
        bytes: RangeInclusive<u64>,
    ) -> Result<PostedObject> {
        let head = RequestHead::of_fields(headers(form)?);
        let put = PutObject {
            bucket,
            key: key(form)?,
            length: None,
            bytes,
            expected: checksum::expected(&head)?,
            new: NewObject::read(&head)?,
            conditions: Conditions::default(),
        };
        let tagging = form.get("tagging").filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(PostedObject { put, head, tagging, answer: answer(form) })
    }
}

/// The fields that count as headers; `acl` is the one that has another name there.
fn headers(form: &Form) -> Result<Vec<(String, String)>> {
    if let (Some(_), Some(acl)) = (form.get("acl"), form.get("x-amz-acl")) {
        return Err(S3Error::argument("acl and x-amz-acl are the same.", "x-amz-acl", acl));
    }
    let named = form.fields().filter_map(|(name, value)| match name {
        "acl" => Some(("x-amz-acl".to_owned(), value.to_owned())),
        _ if HEADERS.contains(&name) || name.starts_with("x-amz-") => {
            Some((name.to_owned(), value.to_owned()))
        }
        _ => None,
    });
    Ok(named.collect())
}

fn key(form: &Form) -> Result<Key> {
    match form.get("key") {
        Some("") => {
            let message = "User key must have a length greater than 0.";
            Err(S3Error::argument(message, "key", ""))
        }
        Some(key) => Key::parse(key.as_bytes().to_vec()),
        None => {
            let message = "Bucket POST must contain a field named 'key'.  If it is specified, \
                           please check the order of the fields.";
            Err(S3Error::argument(message, "key", ""))
        }
    }
}

/// `redirect` is the older name.
fn answer(form: &Form) -> PostAnswer {
    let url = form.get("success_action_redirect").or_else(|| form.get("redirect"));
    match (url.filter(|url| is_url(url)), form.get("success_action_status")) {
        (Some(url), _) => PostAnswer::Redirect(url.to_owned()),
        (None, Some("200")) => PostAnswer::Status(200),
        (None, Some("201")) => PostAnswer::Status(201),
        (None, _) => PostAnswer::Status(204),
    }
}

/// One that can stand in a header, and leads to a host: `javascript:` and its like do not.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    !host.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn read(fields: &[(&str, &str)]) -> Result<PostedObject> {
        let bucket = BucketName::parse("bkt").unwrap();
        PostedObject::read(bucket, &Form::for_test(fields), 0..=9)
    }

    #[test]
    fn post_object_reads_fields_as_put_object_reads_headers() {
        let posted = read(&[
            ("key", "a/../b%20c"),
            ("acl", "public-read"),
            ("Content-Type", "text/plain"),
            ("Cache-Control", "no-store"),
            ("x-amz-meta-Tag", "v"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("tagging", "<Tagging/>"),
            ("x-ignore-this", "v"),
            ("if-none-match", "*"),
        ]);
        let PostedObject { put, tagging, answer, .. } = posted.unwrap();
        assert_eq!(put.key.as_str(), "a/../b%20c");
        assert_eq!(put.new.headers.content_type.as_deref(), Some("text/plain"));
        assert_eq!(put.new.headers.cache_control.as_deref(), Some("no-store"));
        assert_eq!(put.new.user_metadata, [("tag".to_owned(), "v".to_owned())]);
        assert_eq!(put.new.storage_class.as_deref(), Some("GLACIER"));
        assert!(put.new.acl.canned.is_some() && put.expected.checksum.is_some());
        assert_eq!((put.length, put.bytes), (None, 0..=9));
        assert_eq!(put.conditions, Conditions::default());
        assert_eq!(tagging.as_deref(), Some("<Tagging/>"));
        assert_eq!(answer, PostAnswer::Status(204));
    }

    #[test]
    fn post_object_refuses_what_put_object_refuses() {
        let long = "k".repeat(1025);
        for (fields, code) in [
            (&[("acl", "private")][..], ErrorCode::InvalidArgument),
            (&[("key", "")], ErrorCode::InvalidArgument),
            (&[("key", &long)], ErrorCode::KeyTooLongError),
            (&[("key", "k"), ("acl", "a"), ("x-amz-acl", "b")], ErrorCode::InvalidArgument),
            (&[("key", "k"), ("acl", "nobodys")], ErrorCode::InvalidArgument),
            (&[("key", "k"), ("x-amz-storage-class", "HOT")], ErrorCode::InvalidStorageClass),
            (
                &[("key", "k"), ("x-amz-server-side-encryption", "AES256")],
                ErrorCode::NotImplemented,
            ),
            (&[("key", "k"), ("content-md5", "x")], ErrorCode::InvalidDigest),
            (&[("key", "k"), ("x-amz-meta-a b", "v")], ErrorCode::InvalidArgument),
        ] {
            assert_eq!(read(fields).unwrap_err().code, code, "{fields:?}");
        }
    }

    #[test]
    fn class_j_no_field_splits_an_answer() {
        for name in ["content-type", "x-amz-meta-a", "expires", "x-amz-website-redirect-location"] {
            let fields = [("key", "k"), (name, "/a\r\nSet-Cookie: b")];
            assert_eq!(read(&fields).unwrap_err().code, ErrorCode::InvalidArgument, "{name}");
        }
    }

    #[test]
    fn post_object_answers_what_the_form_wants() {
        let answer = |fields: &[(&str, &str)]| answer(&Form::for_test(fields));
        let status = |value| answer(&[("success_action_status", value)]);
        for (value, expected) in [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204)]
        {
            assert_eq!(status(value), PostAnswer::Status(expected), "{value}");
        }
        let url = "https://example.com/?a=b";
        let redirect = PostAnswer::Redirect(url.to_owned());
        assert_eq!(answer(&[("success_action_redirect", url)]), redirect);
        assert_eq!(answer(&[("redirect", url), ("success_action_status", "201")]), redirect);
        let both = [("redirect", "http://other/"), ("success_action_redirect", url)];
        assert_eq!(answer(&both), redirect);
        for none in [
            "",
            "x",
            "/path",
            "//host/",
            "http://",
            "http:///path",
            "https://?x",
            "javascript:alert(1)",
            "http://a b/",
            "http://a/\r\nSet-Cookie: b",
            "http://ä/",
        ] {
            let fields = [("success_action_redirect", none), ("success_action_status", "200")];
            assert_eq!(answer(&fields), PostAnswer::Status(200), "{none}");
        }
    }
}
