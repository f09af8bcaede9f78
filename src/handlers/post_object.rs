//! PostObject: a browser uploads by a form, to a policy that somebody with a key has signed for it.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>
//!
//! Who sends it stands in the form, not in the head. So its fields, 20 KB at most, are read before
//! anybody is authorised; the content of the file comes last, and is received as that of a PUT is:
//! staged where nobody sees it, and published when all of it kept to what was claimed and allowed.
//!
//! A form without policy is anonymous, and stored where a bucket lets anybody write.

use super::Context;
use super::multipart::object_path;
use super::object::put_object;
use crate::auth::post_policy;
use crate::error::Result;
use crate::http::connection::Body;
use crate::http::response::{Response, ResponseBody};
use crate::router::{PostAnswer, PostObject, PostedObject};
use crate::types::{BucketName, Key, Tags};
use crate::xml::{self, Document};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// In a query all but the unreserved characters is encoded.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>
pub(super) async fn post_object(
    context: &mut Context,
    input: PostObject,
    body: &mut Body<'_>,
) -> Result<Response> {
    let PostObject { bucket, delimiter, path } = input;
    let form = body.read_form(delimiter).await?;
    let Context { verified, users, now, .. } = context;
    let posted = post_policy::authenticate(&form, verified, bucket.as_str(), users, *now)?;
    context.usage.admit(posted.verified.user(), context.elapsed)?;
    let PostedObject { mut put, head, tagging, answer } =
        PostedObject::read(bucket.clone(), &form, posted.length)?;
    if let Some(document) = tagging {
        put.new.tags = Tags::of_object(xml::tagging(document.as_bytes())?)?;
    }
    let object = Stored { location: object_path(&path, &put.key), bucket, key: put.key.clone() };
    context.facts = Arc::new(context.facts.of_form(&head).with_request_tags(&put.new.tags));
    context.verified = posted.verified;
    Ok(object.answer(&answer, put_object(context, put, body).await?))
}

/// What was stored, as the answer tells it.
struct Stored {
    bucket: BucketName,
    key: Key,
    /// A path. AWS gives a whole URL; see CompleteMultipartUpload.
    location: String,
}

impl Stored {
    /// The answer to the same PUT, as the form wants it.
    fn answer(&self, wanted: &PostAnswer, put: Response) -> Response {
        let etag = put.headers.iter().find(|(name, _)| name == "ETag");
        let etag = etag.map(|(_, etag)| etag.clone()).unwrap_or_default();
        match wanted {
            PostAnswer::Redirect(url) => {
                Response { status: 303, ..put }.header("Location", self.redirect(url, &etag))
            }
            PostAnswer::Status(201) => {
                let body = ResponseBody::Bytes(self.document(&etag).into_bytes());
                Response { status: 201, body, ..put }
                    .header("Content-Type", "application/xml")
                    .header("Location", self.location.as_str())
            }
            PostAnswer::Status(status) => {
                Response { status: *status, ..put }.header("Location", self.location.as_str())
            }
        }
    }

    /// The URL with bucket, key and entity tag after what it has of a query, before its fragment.
    fn redirect(&self, url: &str, etag: &str) -> String {
        let (url, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
        let separator = if url.contains('?') { '&' } else { '?' };
        let encode = |text| utf8_percent_encode(text, STRICT);
        let (bucket, key, etag) = (self.bucket.as_str(), encode(self.key.as_str()), encode(etag));
        format!("{url}{separator}bucket={bucket}&key={key}&etag={etag}{fragment}")
    }

    /// In no namespace, as on AWS.
    fn document(&self, etag: &str) -> String {
        let mut document = Document::without_namespace("PostResponse");
        document.text("Location", &self.location);
        document.text("Bucket", self.bucket.as_str());
        document.text("Key", self.key.as_str());
        document.text("ETag", etag);
        document.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_object_redirects_with_what_was_stored() {
        let posted = Stored {
            bucket: BucketName::parse("bkt").unwrap(),
            key: Key::parse(b"a/b &c".to_vec()).unwrap(),
            location: String::new(),
        };
        let query = "bucket=bkt&key=a%2Fb%20%26c&etag=%22e%22";
        for (url, expected) in [
            ("http://host", format!("http://host?{query}")),
            ("http://host/p?q=1", format!("http://host/p?q=1&{query}")),
            ("http://host/p#f?", format!("http://host/p?{query}#f?")),
        ] {
            assert_eq!(posted.redirect(url, "\"e\""), expected);
        }
    }
}
