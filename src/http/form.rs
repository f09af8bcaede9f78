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
//! Constant memory: the fields are bounded to [`limits::FORM_BYTES_MAX`], and of the file nothing is
//! kept: bytes that may be the start of a delimiter are the start of the delimiter, so it is enough
//! to count them.
//!
//! Refused: another media type, a part without a name, text that is not UTF-8, a form without file
//! or without its closing delimiter, more than the bound, and a field twice (two steps could read
//! two of them; AWS says nothing of it).

use crate::error::{ErrorCode, S3Error};
use crate::limits;
use memchr::memmem::{self, Finder};
use std::ops::Range;

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

/// Reads the fields, up to the content of the file.
#[derive(Debug)]
pub struct FieldsDecoder {
    delimiter: Delimiter,
    /// All that came, behind the CRLF that makes the first delimiter like the others.
    seen: Vec<u8>,
    /// Where the next part's delimiter is looked for.
    at: usize,
    fields: Vec<(String, String)>,
}

/// A part that is whole, as far as it matters.
enum Part {
    Field { name: String, value: String },
    File { filename: String },
}

impl FieldsDecoder {
    /// For a form with this delimiter.
    pub fn new(delimiter: Delimiter) -> FieldsDecoder {
        FieldsDecoder { delimiter, seen: b"\r\n".to_vec(), at: 0, fields: Vec::new() }
    }

    /// Takes the next bytes of the body, which are not empty. Where the file begins: the form, and
    /// how many bytes of `input` come before the content. Not to be called again then, nor after an
    /// error.
    pub fn decode(&mut self, input: &[u8]) -> Result<Option<(Form, usize)>, BadForm> {
        let before = self.seen.len();
        let room = (limits::FORM_BYTES_MAX + 2).saturating_sub(before);
        let taken = &input[..input.len().min(room)];
        self.seen.extend_from_slice(taken);
        while let Some(part) = self.part()? {
            match part {
                Part::Field { name, .. } if self.fields.iter().any(|(other, _)| *other == name) => {
                    return Err(BadForm::Twice(name));
                }
                Part::Field { name, value } => self.fields.push((name, value)),
                Part::File { filename } => {
                    let form = Form::new(std::mem::take(&mut self.fields), &filename)?;
                    return Ok(Some((form, self.at.saturating_sub(before))));
                }
            }
        }
        if taken.len() < input.len() {
            return Err(BadForm::TooLong);
        }
        Ok(None)
    }

    /// The decoder of what follows.
    pub fn into_file(self) -> FileDecoder {
        FileDecoder { delimiter: self.delimiter, begun: 0, state: State::Content, ignored: 0 }
    }

    /// The next part; `None` where more bytes are wanted.
    fn part(&mut self) -> Result<Option<Part>, BadForm> {
        let rest = &self.seen[self.at..];
        let Some(delimiter) = self.delimiter.find(rest) else { return Ok(None) };
        let head = delimiter + self.delimiter.as_bytes().len();
        if rest[head..].starts_with(b"--") {
            return Err(BadForm::NoFile);
        }
        let Some(end) = memmem::find(&rest[head..], b"\r\n\r\n") else { return Ok(None) };
        let (name, filename) = disposition(&rest[head..head + end])?;
        let content = head + end + 4;
        if name == FILE {
            self.at += content;
            return Ok(Some(Part::File { filename: filename.unwrap_or_default() }));
        }
        let Some(length) = self.delimiter.find(&rest[content..]) else { return Ok(None) };
        let value = text(&rest[content..content + length])?.to_owned();
        self.at += content + length;
        Ok(Some(Part::Field { name, value }))
    }
}

/// Name, in lower case, and file name of a part, from the rest of its delimiter's line and its
/// headers. A file name alone makes no file: some clients give one to every field.
fn disposition(head: &[u8]) -> Result<(String, Option<String>), BadForm> {
    let mut lines = text(head)?.split("\r\n");
    // RFC 2046: space may be put after a delimiter on its way.
    if !lines.next().unwrap_or_default().trim_matches([' ', '\t']).is_empty() {
        return Err(BadForm::Malformed);
    }
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(BadForm::Malformed)?;
        if !name.eq_ignore_ascii_case("content-disposition") {
            continue;
        }
        let (kind, parameters) = split_at_parameters(value);
        let name = parameter(parameters, "name").filter(|_| kind.eq_ignore_ascii_case("form-data"));
        let name = name.ok_or(BadForm::Malformed)?.to_ascii_lowercase();
        return Ok((name, parameter(parameters, "filename")));
    }
    Err(BadForm::Malformed)
}

fn text(bytes: &[u8]) -> Result<&str, BadForm> {
    str::from_utf8(bytes).map_err(|_| BadForm::Malformed)
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

/// Finds the end of the file's content, and of the form.
#[derive(Debug)]
pub struct FileDecoder {
    delimiter: Delimiter,
    /// Bytes at the end of what came that may be the start of a delimiter.
    begun: usize,
    state: State,
    /// Bytes after the content.
    ignored: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the content.
    Content,
    /// Behind a delimiter, and as many `-`.
    Delimited(usize),
    /// In a part that does not count.
    Ignored,
    /// Behind the closing delimiter.
    Done,
}

/// What of an input is content: bytes held back before, then a range of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileBytes {
    /// How many bytes of [`FileDecoder::delimiter`] come first: they began one and it was none.
    pub held: usize,
    /// In the input.
    pub range: Range<usize>,
}

impl FileDecoder {
    /// The delimiter.
    pub fn delimiter(&self) -> &[u8] {
        self.delimiter.as_bytes()
    }

    /// The closing delimiter was seen; what follows it is nothing to us.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes the next bytes of the body, all of them. At the end of the body [`Self::is_done`] is to
    /// be asked.
    ///
    /// # Errors
    ///
    /// [`BadForm::TooLong`] where other parts follow the file and are as long as all might be.
    pub fn decode(&mut self, input: &[u8]) -> Result<FileBytes, BadForm> {
        let mut content = FileBytes::default();
        let mut at = 0;
        while at < input.len() {
            let was = self.state;
            let (bytes, used) = match was {
                State::Done => break,
                State::Delimited(dashes) => (FileBytes::default(), self.behind(dashes, input[at])),
                State::Content | State::Ignored => self.scan(&input[at..]),
            };
            at += used;
            if was == State::Content {
                content = bytes; // it is met at the start of an input and not again: no offset
                continue;
            }
            self.ignored += used;
            if self.ignored > limits::FORM_BYTES_MAX {
                return Err(BadForm::TooLong);
            }
        }
        Ok(content)
    }

    /// `--` closes the form; after anything else a part follows. Returns bytes consumed.
    fn behind(&mut self, dashes: usize, byte: u8) -> usize {
        self.state = match (byte, dashes) {
            (b'-', 0) => State::Delimited(1),
            (b'-', _) => State::Done,
            _ => {
                self.state = State::Ignored;
                return 0; // it may be the CR of the next delimiter
            }
        };
        1
    }

    /// Up to the next delimiter: what comes before it, and bytes consumed.
    fn scan(&mut self, input: &[u8]) -> (FileBytes, usize) {
        let mut held = 0;
        if self.begun > 0 {
            let rest = &self.delimiter.as_bytes()[self.begun..];
            let same = rest.iter().zip(input).take_while(|(a, b)| a == b).count();
            if same == rest.len() {
                self.begun = 0;
                self.state = State::Delimited(0);
                return (FileBytes::default(), same);
            }
            if same == input.len() {
                self.begun += same;
                return (FileBytes::default(), same);
            }
            held = std::mem::take(&mut self.begun);
        }
        match self.delimiter.find(input) {
            Some(end) => {
                self.state = State::Delimited(0);
                (FileBytes { held, range: 0..end }, end + self.delimiter.as_bytes().len())
            }
            None => {
                self.begun = self.delimiter.begun(input);
                (FileBytes { held, range: 0..input.len() - self.begun }, input.len())
            }
        }
    }
}

#[cfg(test)]
mod tests;
