//! `Tagging`, of an object or a bucket, read and written.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html>

use super::pull::Pull;
use super::write::Document;
use crate::error::{ErrorCode, Result};
use crate::limits;
use crate::types::Tags;

/// Reads the pairs, which `Tags::of_object` or `Tags::of_bucket` then checks. No `TagSet`, two of
/// them, or a tag without key or value is `MalformedXML`.
pub fn tagging(body: &[u8]) -> Result<Vec<(String, String)>> {
    let mut pull = Pull::open(body, "Tagging", ErrorCode::MalformedXML)?;
    let mut set = None;
    pull.children(|pull, name| match name {
        "TagSet" => {
            let tags = tag_set(pull)?;
            pull.fill(&mut set, tags)
        }
        _ => pull.skip(),
    })?;
    let set = set.ok_or_else(|| pull.malformed())?;
    pull.close()?;
    Ok(set)
}

/// Past one too many no more are kept, so that the answer is `InvalidTag` whatever follows.
fn tag_set(pull: &mut Pull<'_>) -> Result<Vec<(String, String)>> {
    let mut tags = Vec::new();
    pull.children(|pull, name| match name {
        "Tag" => {
            let tag = tag(pull)?;
            if tags.len() <= limits::BUCKET_TAGS_MAX {
                tags.push(tag);
            }
            Ok(())
        }
        _ => pull.skip(),
    })?;
    Ok(tags)
}

/// Neither is trimmed: spaces count in a tag.
fn tag(pull: &mut Pull<'_>) -> Result<(String, String)> {
    let (mut key, mut value) = (None, None);
    pull.children(|pull, name| {
        let slot = match name {
            "Key" => &mut key,
            "Value" => &mut value,
            _ => return pull.skip(),
        };
        let text = pull.text()?;
        pull.fill(slot, text)
    })?;
    key.zip(value).ok_or_else(|| pull.malformed())
}

/// Writes a set; an object without tags has an empty one.
pub fn tagging_document(tags: &Tags) -> String {
    let mut document = Document::new("Tagging");
    document.element("TagSet", |set| {
        for (key, value) in tags.iter() {
            set.element("Tag", |tag| {
                tag.text("Key", key).text("Value", value);
            });
        }
    });
    document.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_object_tagging_reads_what_get_object_tagging_writes() {
        let body = b"<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag>\
            <Key>b </Key><Value> 2</Value></Tag><Tag><Value/><Key>a</Key></Tag></TagSet></Tagging>";
        let tags = Tags::of_object(tagging(body).unwrap()).unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("a", ""), ("b ", " 2")]);
        let written = tagging_document(&tags);
        assert!(written.contains("<Tag><Key>a</Key><Value></Value></Tag><Tag><Key>b </Key>"));
        assert_eq!(Tags::of_object(tagging(written.as_bytes()).unwrap()).unwrap(), tags);
        let none = tagging_document(&Tags::default());
        assert!(none.ends_with("<TagSet></TagSet></Tagging>"), "{none}");
        assert_eq!(tagging(none.as_bytes()).unwrap(), []);
    }

    #[test]
    fn put_object_tagging_refuses_malformed_documents() {
        let tag = "<Tag><Key>a</Key><Value>b</Value></Tag>";
        for bad in [
            "<Tagging/>",
            &format!("<Tagging>{tag}</Tagging>"),
            &format!("<Tagging><TagSet>{tag}</TagSet><TagSet/></Tagging>"),
            &format!("<TagSet>{tag}</TagSet>"),
            "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
            "<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>",
            "<Tagging><TagSet><Tag><Key>a</Key><Key>a</Key><Value/></Tag></TagSet></Tagging>",
        ] {
            let error = tagging(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code, ErrorCode::MalformedXML, "{bad}");
        }
    }

    #[test]
    fn put_bucket_tagging_holds_no_more_tags_than_it_must_to_refuse() {
        let many = "<Tag><Key>a</Key><Value/></Tag>".repeat(1000);
        let pairs = tagging(format!("<Tagging><TagSet>{many}</TagSet></Tagging>").as_bytes());
        assert_eq!(Tags::of_bucket(pairs.unwrap()).unwrap_err().code, ErrorCode::InvalidTag);
    }
}
