//! The fields of a form, which come before its file.

use super::{BadForm, Delimiter, FILE, FileDecoder, Form, parameter, split_at_parameters};
use crate::limits;
use memchr::memmem;

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
        FileDecoder::new(self.delimiter)
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
