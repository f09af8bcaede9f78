//! The tags of an object or a bucket: pairs of words that policies and lifecycle rules go by.
//!
//! Made in three ways (the header `x-amz-tagging`, a `Tagging` document, the `tagging` field of a
//! form), checked in this one place. They are kept in the order of their keys: S3 promises none,
//! and two equal sets are then equal values.
//!
//! Deviation: too many tags are `InvalidTag`, as AWS's pages have it; AWS itself says `BadRequest`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use crate::error::{ErrorCode, Result, S3Error};
use crate::limits;
use serde::{Deserialize, Serialize};

/// A set of tags, each key once: checked where it comes from a client, as stored where it comes
/// from the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags(pub(crate) Vec<(String, String)>);

impl Tags {
    /// The tags of an object, at most [`limits::OBJECT_TAGS_MAX`]; else `InvalidTag`.
    pub fn of_object(pairs: Vec<(String, String)>) -> Result<Tags> {
        if pairs.len() > limits::OBJECT_TAGS_MAX {
            return Err(invalid("Object tags cannot be greater than 10"));
        }
        Tags::new(pairs)
    }

    /// The tags of a bucket, at most [`limits::BUCKET_TAGS_MAX`]; else `InvalidTag`.
    pub fn of_bucket(pairs: Vec<(String, String)>) -> Result<Tags> {
        if pairs.len() > limits::BUCKET_TAGS_MAX {
            return Err(invalid("Bucket tag count cannot be greater than 50"));
        }
        Tags::new(pairs)
    }

    fn new(mut pairs: Vec<(String, String)>) -> Result<Tags> {
        for (key, value) in &pairs {
            check(key, value)?;
        }
        pairs.sort();
        if pairs.windows(2).any(|two| two[0].0 == two[1].0) {
            return Err(invalid("Cannot provide multiple Tags with the same key"));
        }
        Ok(Tags(pairs))
    }

    /// Key and value of each, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value under that very key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check(key: &str, value: &str) -> Result<()> {
    let key_chars = key.chars().count();
    if !(1..=limits::TAG_KEY_CHARS_MAX).contains(&key_chars) || !key.chars().all(is_legal) {
        let error = invalid("The TagKey you have provided is invalid");
        return Err(error.with("TagKey", key));
    }
    // Of upper case too: such a tag would pass for one that AWS gives.
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        let error = invalid("System tags cannot be added/updated by requester");
        return Err(error.with("TagKey", key));
    }
    if value.chars().count() > limits::TAG_VALUE_CHARS_MAX || !value.chars().all(is_legal) {
        let error = invalid("The TagValue you have provided is invalid");
        return Err(error.with("TagKey", key).with("TagValue", value));
    }
    Ok(())
}

/// Letters, digits and spaces of any script, and `+ - = . _ : / @`.
fn is_legal(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "+-=._:/@".contains(character)
}

fn invalid(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::InvalidTag, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn numbered(count: usize) -> Vec<(String, String)> {
        (0..count).map(|n| (n.to_string(), String::new())).collect()
    }

    #[test]
    fn an_object_has_10_tags_and_a_bucket_50() {
        assert_eq!(Tags::of_object(numbered(10)).unwrap().len(), 10);
        assert_eq!(Tags::of_object(numbered(11)).unwrap_err().code, ErrorCode::InvalidTag);
        assert_eq!(Tags::of_bucket(numbered(50)).unwrap().len(), 50);
        assert_eq!(Tags::of_bucket(numbered(51)).unwrap_err().code, ErrorCode::InvalidTag);
    }

    #[test]
    fn a_key_has_1_to_128_characters_and_a_value_0_to_256() {
        let tags = |key: &str, value: &str| Tags::of_object(pairs(&[(key, value)]));
        assert!(tags(&"ü".repeat(128), &"ü".repeat(256)).is_ok());
        assert!(tags("k", "").is_ok());
        for (key, value) in [("", "v"), (&"k".repeat(129)[..], ""), ("k", &"v".repeat(257)[..])] {
            assert_eq!(tags(key, value).unwrap_err().code, ErrorCode::InvalidTag, "{key} {value}");
        }
    }

    #[test]
    fn tags_hold_letters_digits_spaces_and_eight_signs() {
        let tags = |text: &str| Tags::of_object(pairs(&[(text, text)]));
        for good in ["a b", "Schlüssel-1", "+-=._:/@", "日本 語"] {
            assert!(tags(good).is_ok(), "{good}");
        }
        for bad in ["a&b", "a\nb", "a\0", "<a>", "a,b", "a*", "\u{85}"] {
            assert_eq!(tags(bad).unwrap_err().code, ErrorCode::InvalidTag, "{bad}");
        }
    }

    #[test]
    fn a_key_comes_once_and_never_begins_with_aws() {
        for bad in [&[("a", "1"), ("b", "2"), ("a", "3")][..], &[("aws:x", "")], &[("AWS:x", "")]] {
            let error = Tags::of_bucket(pairs(bad)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidTag, "{bad:?}");
        }
        assert!(Tags::of_object(pairs(&[("aws", ""), ("a", ""), ("A", "")])).is_ok());
    }

    #[test]
    fn tags_are_in_the_order_of_their_keys() {
        let tags = Tags::of_object(pairs(&[("foo", "bar"), ("bar", "")])).unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("bar", ""), ("foo", "bar")]);
        assert_eq!((tags.get("foo"), tags.get("Foo")), (Some("bar"), None));
        assert!(!tags.is_empty() && Tags::default().is_empty());
    }
}
