//! The browser's form: `multipart/form-data`, decoded without I/O.
//!
//! Stands between the body of a POST to a bucket ([`super::connection::Body`]) and the handler of
//! PostObject. Two decoders, one after the other: [`FieldsDecoder`] reads the small fields that
//! come first and ends where the content of the field `file` begins; [`FileDecoder`] finds the end
//! of that content, which may be gigabytes.
//!
//! ```text
//! --BOUNDARY CRLF Content-Disposition: form-data; name="key" CRLF CRLF value CRLF
//! --BOUNDARY CRLF Content-Disposition: form-data; name="file"; filename="f" CRLF CRLF content CRLF
//! --BOUNDARY--
//! ```
//!
//! RFC 7578 (form-data), RFC 2046 section 5.1.1 (the boundary), and of S3's own, since all who
//! read a form must see the same text: names of fields are without case, `${filename}` in a value
//! stands for the name of the file, what follows the file is ignored.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>
//!
//! Constant memory: the fields are bounded to [`limits::FORM_BYTES_MAX`], and of the file nothing
//! is kept: bytes that may be the start of a delimiter are the start of the delimiter, so it is
//! enough to count them.
//!
//! Refused: another media type, a part without a name, text that is not UTF-8, a form without file
//! or without its closing delimiter, more than the bound, and a field twice (two steps could read
//! two of them; AWS says nothing of it).

mod fields;
mod file;

pub use fields::FieldsDecoder;
pub use file::{FileBytes, FileDecoder};

use crate::error::{ErrorCode, S3Error};
use crate::limits;
use memchr::memmem::Finder;

/// The field whose content is the object.
const FILE: &str = "file";
/// In the value of a field: the name of the file.
const FILENAME_VARIABLE: &str = "${filename}";

/// Why a form is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadForm {
    /// The media type is another.
    NotFormData,
    /// Not the grammar, not UTF-8, or it ended before its closing delimiter.
    Malformed,
    /// More than [`limits::FORM_BYTES_MAX`] beside the file.
    TooLong,
    /// It ended, and no field was called `file`.
    NoFile,
    /// A field of this name came before.
    Twice(String),
}

impl From<BadForm> for S3Error {
    fn from(bad: BadForm) -> S3Error {
        match bad {
            // AWS documents RequestIsNotMultiPartContent for this, and answers so.
            BadForm::NotFormData => {
                let condition = "Bucket POST must be of the enclosure-type multipart/form-data";
                S3Error::from(ErrorCode::PreconditionFailed).with("Condition", condition)
            }
            BadForm::Malformed => ErrorCode::MalformedPOSTRequest.into(),
            BadForm::TooLong => S3Error::from(ErrorCode::MaxPostPreDataLengthExceededError)
                .with("MaxPostPreDataLengthBytes", limits::FORM_BYTES_MAX.to_string()),
            BadForm::NoFile => {
                let message = "POST requires exactly one file upload per request.";
                S3Error::argument(message, FILE, "0")
            }
            BadForm::Twice(name) => {
                S3Error::argument("A field of the form was given more than once.", &name, "")
            }
        }
    }
}

/// What stands before each part and at the end: CRLF, `--`, the boundary. The first line of a form
/// has it without the CRLF.
#[derive(Clone, Debug)]
pub struct Delimiter(Finder<'static>);

impl Delimiter {
    /// From the Content-Type of the request.
    ///
    /// # Errors
    ///
    /// [`BadForm::NotFormData`], or [`BadForm::Malformed`] where the boundary is missing or not 1
    /// to 70 printable characters: CR, above all, is never in it.
    pub fn from_content_type(content_type: Option<&str>) -> Result<Delimiter, BadForm> {
        let (media_type, rest) = split_at_parameters(content_type.unwrap_or_default());
        if !media_type.eq_ignore_ascii_case("multipart/form-data") {
            return Err(BadForm::NotFormData);
        }
        let boundary = parameter(rest, "boundary").ok_or(BadForm::Malformed)?;
        let printable = boundary.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        if !(1..=70).contains(&boundary.len()) || !printable {
            return Err(BadForm::Malformed);
        }
        Ok(Delimiter(Finder::new(&format!("\r\n--{boundary}")).into_owned()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.needle()
    }

    /// Where it begins.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        self.0.find(bytes)
    }

    /// How many bytes at the end of `bytes`, which does not hold all of it, may be its start. CR is
    /// its first byte and no other, so only the last CR can begin it.
    fn begun(&self, bytes: &[u8]) -> usize {
        let tail = &bytes[bytes.len().saturating_sub(self.as_bytes().len() - 1)..];
        let begun = memchr::memrchr(b'\r', tail).map_or(&tail[..0], |cr| &tail[cr..]);
        if self.as_bytes().starts_with(begun) { begun.len() } else { 0 }
    }
}

/// The fields before the file, `${filename}` replaced in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// From fields, names in lower case and no two alike, and the name of the file as the browser
    /// gives it. Only what follows the last `/` or `\` counts: old browsers send the whole path.
    fn new(mut fields: Vec<(String, String)>, filename: &str) -> Result<Form, BadForm> {
        let filename = filename.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut bytes = 0;
        for (_, value) in &mut fields {
            // Counted first: a form of nothing but variables would grow with the square.
            let variables = value.matches(FILENAME_VARIABLE).count();
            bytes += value.len() + variables * filename.len();
            if bytes > limits::FORM_BYTES_MAX {
                return Err(BadForm::TooLong);
            }
            if variables > 0 {
                *value = value.replace(FILENAME_VARIABLE, filename);
            }
        }
        Ok(Form { fields })
    }

    /// The value of a field, its name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// All fields in order, names in lower case.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Of fields, for the tests of those that read one.
    #[cfg(test)]
    pub(crate) fn for_test(fields: &[(&str, &str)]) -> Form {
        let own = |(name, value): &(&str, &str)| (name.to_lowercase(), (*value).to_owned());
        Form { fields: fields.iter().map(own).collect() }
    }
}

/// `form-data; name="key"` is `form-data` and what follows its `;`.
fn split_at_parameters(value: &str) -> (&str, &str) {
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    (kind.trim(), parameters)
}

/// The first parameter of that name (without case), quoted or not; `None` also where those before
/// it cannot be read.
fn parameter(mut rest: &str, wanted: &str) -> Option<String> {
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.trim_matches([' ', '\t', ';']).eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

/// Up to the closing quote, and what follows it. A backslash escapes a quote and nothing else, or
/// `C:\file` would lose its own: browsers write it so, against RFC 822.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let escaped = |at: usize| quoted[..at].ends_with('\\');
    let (end, _) = quoted.match_indices('"').find(|(at, _)| !escaped(*at))?;
    Some((quoted[..end].replace("\\\"", "\""), &quoted[end + 1..]))
}

#[cfg(test)]
mod tests;
