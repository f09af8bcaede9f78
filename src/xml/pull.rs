//! A guarded pull reader over quick-xml's events: elements in, local names and text out.
//!
//! It holds one event at a time, so a document of a million small elements costs no more memory
//! than its own bytes. Attributes are never read: the two advisories against quick-xml
//! (RUSTSEC-2026-0194 and -0195) are about attributes and namespace resolution.

use crate::error::{ErrorCode, Result, S3Error};
use crate::limits::XML_DEPTH_MAX;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesRef, Event};

/// A reader that stands inside an element.
pub(super) struct Pull<'x> {
    reader: Reader<&'x [u8]>,
    /// Elements open now.
    depth: usize,
    /// What an ill-formed document is answered with.
    code: ErrorCode,
}

impl<'x> Pull<'x> {
    /// Opens a document and goes into its root, which must have this local name. What is no
    /// document at all is `MissingRequestBodyError`, as on AWS.
    pub(super) fn open(body: &'x [u8], root: &str, code: ErrorCode) -> Result<Pull<'x>> {
        if body.trim_ascii().is_empty() {
            return Err(ErrorCode::MissingRequestBodyError.into());
        }
        let text = std::str::from_utf8(body).map_err(|_| S3Error::from(code))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        reader.config_mut().check_end_names = true;
        let mut pull = Pull { reader, depth: 0, code };
        loop {
            match pull.event()? {
                Event::Decl(declaration) if is_utf8(&declaration) => {}
                Event::Text(text) if is_blank(&text) => {}
                Event::Start(start) if start.local_name().as_ref() == root => return Ok(pull),
                _ => return Err(pull.malformed()),
            }
        }
    }

    /// [`Pull::open`] where AWS answers `MalformedXML` for no document too:
    /// CompleteMultipartUpload, PutObjectRetention, PutObjectLegalHold.
    pub(super) fn open_or_malformed(body: &'x [u8], root: &str) -> Result<Pull<'x>> {
        Pull::open(body, root, ErrorCode::MalformedXML).map_err(|_| ErrorCode::MalformedXML.into())
    }

    /// The error of an ill-formed document.
    pub(super) fn malformed(&self) -> S3Error {
        self.code.into()
    }

    /// Hands the local name of each child of this element to `each`, which must consume the child
    /// by [`Pull::text`], [`Pull::skip`] or `children` itself; then leaves this element.
    pub(super) fn children(
        &mut self,
        mut each: impl FnMut(&mut Pull<'x>, &str) -> Result<()>,
    ) -> Result<()> {
        let inside = self.depth;
        loop {
            match self.event()? {
                Event::Start(start) => {
                    each(self, start.local_name().as_ref())?;
                    assert_eq!(self.depth, inside, "a child was not consumed");
                }
                Event::End(_) => return Ok(()),
                Event::Text(text) if is_blank(&text) => {}
                _ => return Err(self.malformed()),
            }
        }
    }

    /// The text of this element exactly, which must have no children; leaves it.
    pub(super) fn text(&mut self) -> Result<String> {
        let mut whole = String::new();
        loop {
            match self.event()? {
                Event::Text(text) => whole.push_str(&text.xml10_content()),
                Event::CData(text) => whole.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    whole.push(character(&reference).ok_or_else(|| self.malformed())?);
                }
                Event::End(_) => return Ok(whole),
                _ => return Err(self.malformed()),
            }
        }
    }

    /// Leaves this element, whatever is in it.
    pub(super) fn skip(&mut self) -> Result<()> {
        let outside = self.depth - 1;
        loop {
            match self.event()? {
                Event::End(_) if self.depth == outside => return Ok(()),
                Event::Eof => return Err(self.malformed()),
                Event::GeneralRef(reference) if character(&reference).is_none() => {
                    return Err(self.malformed());
                }
                _ => {}
            }
        }
    }

    /// Puts this element's text, trimmed, into `slot`; an element that came before is an error.
    pub(super) fn once(&mut self, slot: &mut Option<String>) -> Result<()> {
        let text = self.text()?.trim().to_owned();
        self.fill(slot, text)
    }

    /// Fills `slot` once.
    pub(super) fn fill<T>(&self, slot: &mut Option<T>, value: T) -> Result<()> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(self.malformed()),
        }
    }

    /// Nothing but blanks may follow the root.
    pub(super) fn close(mut self) -> Result<()> {
        loop {
            match self.event()? {
                Event::Text(text) if is_blank(&text) => {}
                Event::Eof => return Ok(()),
                _ => return Err(self.malformed()),
            }
        }
    }

    /// The next event that may matter: comments and instructions are passed over, a DOCTYPE
    /// (the door of every entity attack) and too much depth are refused.
    fn event(&mut self) -> Result<Event<'x>> {
        loop {
            let event = self.reader.read_event().map_err(|_| self.malformed())?;
            match &event {
                Event::Comment(_) | Event::PI(_) => continue,
                Event::DocType(_) => return Err(self.malformed()),
                Event::Start(_) if self.depth == XML_DEPTH_MAX => return Err(self.malformed()),
                Event::Start(_) => self.depth += 1,
                Event::End(_) => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(|| self.malformed())?;
                }
                _ => {}
            }
            return Ok(event);
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

fn is_utf8(declaration: &BytesDecl<'_>) -> bool {
    match declaration.encoding() {
        None => true,
        Some(Ok(name)) => name.eq_ignore_ascii_case("utf-8"),
        Some(Err(_)) => false,
    }
}

/// The character behind `&…;`: one of the five entities of XML, or a number. Numbers that XML 1.0
/// forbids (`&#x1;`) are read too: S3 writes such keys that way, and they must be deletable.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    let number = match &**reference {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        other => other.strip_prefix('#')?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}
