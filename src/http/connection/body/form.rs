//! A body that is a browser's form: its fields, then the content of its file as if that were all.

use super::Body;
use crate::error::S3Error;
use crate::http::body::{BadBody, Event, Piece};
use crate::http::form::{BadForm, Delimiter, FieldsDecoder, FileDecoder, Form};

impl Body<'_> {
    /// Reads the form up to its file. From then on [`Body::next`] gives the content of the file
    /// alone, and its end only where the form was closed. Before the first `next`.
    ///
    /// # Errors
    ///
    /// What [`FieldsDecoder`] refuses, and a body that ends before the file.
    pub async fn read_form(&mut self, delimiter: Delimiter) -> Result<Form, S3Error> {
        let mut fields = FieldsDecoder::new(delimiter);
        while let Some(mut piece) = self.next().await? {
            if let Some(form) = skip_fields(&mut fields, &mut piece)? {
                self.file = Some(fields.into_file());
                self.begun = Some(piece);
                return Ok(form);
            }
            self.recycle(piece.buffer);
        }
        Err(BadForm::Malformed.into())
    }

    /// The next piece of the file.
    pub(super) async fn read_file(&mut self) -> Result<Option<Piece>, BadBody> {
        if self.file.as_ref().is_some_and(FileDecoder::is_done) {
            return Ok(None); // what follows is for `drain`
        }
        let piece = match self.begun.take() {
            Some(begun) => Some(begun),
            None => self.read_piece().await?,
        };
        match (piece, &mut self.file) {
            (Some(piece), Some(file)) => content(file, piece).map(Some),
            _ => Err(BadBody::FormNotClosed),
        }
    }
}

/// Feeds `fields` with a piece. Where the file begins in it: the form, and the piece keeps only
/// what comes after the fields.
fn skip_fields(fields: &mut FieldsDecoder, piece: &mut Piece) -> Result<Option<Form>, BadForm> {
    for at in 0..piece.events.len() {
        let Event::Data(range) = piece.events[at].clone() else { continue };
        if let Some((form, used)) = fields.decode(&piece.buffer[range.clone()])? {
            piece.events.drain(..at);
            piece.events[0] = Event::Data(range.start + used..range.end);
            return Ok(Some(form));
        }
    }
    Ok(None)
}

/// The piece with only what of it is content of the file. Bytes that were held back, because they
/// might have begun a delimiter, go to the end of its buffer: that moves nothing.
fn content(file: &mut FileDecoder, mut piece: Piece) -> Result<Piece, BadBody> {
    let mut events = Vec::with_capacity(piece.events.len());
    for event in std::mem::take(&mut piece.events) {
        let Event::Data(range) = event else { continue };
        let found = file.decode(&piece.buffer[range.clone()]);
        let found = found.map_err(|_| BadBody::FormTooLong)?;
        if found.held > 0 {
            let end = piece.buffer.len();
            piece.buffer.extend_from_slice(&file.delimiter()[..found.held]);
            events.push(Event::Data(end..piece.buffer.len()));
        }
        if !found.range.is_empty() {
            let start = range.start;
            events.push(Event::Data(start + found.range.start..start + found.range.end));
        }
    }
    Ok(Piece { events, ..piece })
}
