//! The content of a form's file, and the end of the form.

use super::{BadForm, Delimiter};
use crate::limits;
use std::ops::Range;

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
    /// In the content of the file of a form with this delimiter.
    pub(super) fn new(delimiter: Delimiter) -> FileDecoder {
        FileDecoder { delimiter, begun: 0, state: State::Content, ignored: 0 }
    }

    /// The delimiter.
    pub fn delimiter(&self) -> &[u8] {
        self.delimiter.as_bytes()
    }

    /// The closing delimiter was seen; what follows it is nothing to us.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes the next bytes of the body, all of them. At the end of the body [`Self::is_done`] is
    /// to be asked.
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
