//! Streams a body into a file nobody can see, or into memory, and decides at its end.
//!
//! Stands between `http::connection`, which reads pieces of at most
//! [`limits::BODY_BUFFER_BYTES`], and `store`: each piece is written and hashed on the blocking
//! pool while the next one is read, so two buffers are in flight and no more. Nothing is visible
//! before [`PayloadVerifier::finish`] agreed to the whole: that proof is what `finish` is given,
//! and what the store's `seal` wants.
//!
//! A body that comes in one piece, as most do, costs a single hop to the pool: write, hash, check
//! and `finish` together.
//!
//! Refused: more than [`Terms::bytes_max`], less than [`Terms::bytes_min`], more or less than was
//! declared, and whatever the decoder and the verifier refuse.
//!
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>

use super::{Context, blocking};
use crate::auth::{PayloadVerified, PayloadVerifier};
use crate::digest::{BodyDigest, Expected};
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::body::{Event, Piece};
use crate::http::connection::Body;
use crate::limits;
use crate::store::{PartWriter, Staged};
use crate::types::ChecksumAlgorithm;

/// Where the content of a body goes.
pub(super) trait Sink: Send + 'static {
    /// Appends; may block.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
}

impl Sink for Staged {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Staged::write(self, bytes)
    }
}

impl Sink for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        PartWriter::write(self, bytes)
    }
}

/// An XML body; it grows as bytes arrive, never by what was declared.
impl Sink for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// What a body must keep to.
pub(super) struct Terms {
    /// What the client claims of it.
    pub(super) expected: Expected,
    /// The checksum to compute, if any: the claimed one, or one that the upload wants.
    pub(super) checksum: Option<ChecksumAlgorithm>,
    /// Bytes of content as declared.
    pub(super) length: Option<u64>,
    /// Least bytes of content: of a form, whose policy may want some.
    pub(super) bytes_min: u64,
    /// Most bytes of content.
    pub(super) bytes_max: u64,
    /// What to answer beyond them.
    pub(super) too_large: ErrorCode,
}

impl Terms {
    /// Those of an object's or a part's content.
    pub(super) fn content(expected: Expected, length: Option<u64>) -> Terms {
        let checksum = expected.checksum.as_ref().map(|checksum| checksum.algorithm());
        let (bytes_min, bytes_max) = (0, limits::PUT_BYTES_MAX);
        let too_large = ErrorCode::EntityTooLarge;
        Terms { expected, checksum, length, bytes_min, bytes_max, too_large }
    }

    /// Those of a document.
    pub(super) fn xml(expected: Expected, body: &Body<'_>) -> Terms {
        Terms {
            bytes_max: limits::XML_BYTES_MAX as u64,
            too_large: ErrorCode::MaxMessageLengthExceeded,
            ..Terms::content(expected, body.length())
        }
    }
}

/// Receives a whole body into `sink`; where it kept to its `terms`, `finish` gets the sink and the
/// proof, on the blocking pool.
///
/// # Errors
///
/// What the decoder, the terms, the verifier, the sink or `finish` refuse.
pub(super) async fn receive<S: Sink, T: Send + 'static>(
    context: &Context,
    body: &mut Body<'_>,
    terms: Terms,
    sink: S,
    finish: impl FnOnce(S, PayloadVerified) -> Result<T> + Send + 'static,
) -> Result<T> {
    let mut meter = Meter::new(&terms)?;
    let claim = context.verified.payload();
    if claim.is_aws_chunked() {
        body.stack_aws_chunked();
    }
    let digest = BodyDigest::new(terms.checksum);
    let mut intake = Intake { sink, digest, verifier: claim.verifier() };
    let mut piece = body.next().await?;
    while let Some(current) = piece {
        meter.count(&current)?;
        if meter.is_full() {
            let tail = tail(body, &mut meter).await?;
            let finish = move || intake.take(&current)?.take(&tail)?.finish(&terms, finish);
            return blocking(finish).await;
        }
        let work = blocking(move || Ok((intake.take(&current)?, current.buffer)));
        let (following, worked) = tokio::join!(body.next(), work);
        let (back, buffer) = worked?;
        intake = back;
        body.recycle(buffer);
        piece = following?;
    }
    meter.end()?;
    blocking(move || intake.finish(&terms, finish)).await
}

/// [`receive`]s a document into memory.
pub(super) async fn receive_xml<T: Send + 'static>(
    context: &Context,
    body: &mut Body<'_>,
    expected: Expected,
    finish: impl FnOnce(Vec<u8>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let terms = Terms::xml(expected, body);
    receive(context, body, terms, Vec::new(), move |document, _proof| finish(document)).await
}

/// What follows when all declared content has come: the last chunk and trailers, of which there
/// are few. Their buffers hold nothing more that is wanted and go back at once.
async fn tail(body: &mut Body<'_>, meter: &mut Meter) -> Result<Piece> {
    let mut tail = Piece { buffer: Vec::new(), events: Vec::new() };
    while let Some(piece) = body.next().await? {
        meter.count(&piece)?;
        tail.events.extend(piece.events.into_iter().filter(|event| !is_data(event)));
        body.recycle(piece.buffer);
    }
    meter.end()?;
    Ok(tail)
}

/// Past the declared length the only data the meter lets through is empty.
fn is_data(event: &Event) -> bool {
    matches!(event, Event::Data(_))
}

/// Counts content against what was declared and what is allowed, before it is written.
struct Meter {
    received: u64,
    declared: Option<u64>,
    bytes_min: u64,
    bytes_max: u64,
    too_large: ErrorCode,
}

impl Meter {
    /// A declared length over the bound is refused before a byte is read.
    fn new(terms: &Terms) -> Result<Meter> {
        let Terms { length, bytes_min, bytes_max, too_large, .. } = *terms;
        let meter = Meter { received: 0, declared: length, bytes_min, bytes_max, too_large };
        meter.bound(length.unwrap_or(0))?;
        Ok(meter)
    }

    fn bound(&self, bytes: u64) -> Result<()> {
        if bytes <= self.bytes_max {
            return Ok(());
        }
        let error = S3Error::from(self.too_large);
        Err(error.with("MaxSizeAllowed", self.bytes_max.to_string()))
    }

    fn count(&mut self, piece: &Piece) -> Result<()> {
        for event in &piece.events {
            if let Event::Data(range) = event {
                self.received += range.len() as u64;
            }
        }
        self.bound(self.received)?;
        match self.declared {
            Some(declared) if self.received > declared => Err(ErrorCode::IncompleteBody.into()),
            _ => Ok(()),
        }
    }

    /// Whether all that was declared has come.
    fn is_full(&self) -> bool {
        self.declared == Some(self.received)
    }

    fn end(&self) -> Result<()> {
        if self.received < self.bytes_min {
            return Err(S3Error::from(ErrorCode::EntityTooSmall)
                .with("ProposedSize", self.received.to_string())
                .with("MinSizeAllowed", self.bytes_min.to_string()));
        }
        match self.declared {
            Some(declared) if self.received != declared => Err(ErrorCode::IncompleteBody.into()),
            _ => Ok(()),
        }
    }
}

/// What a body becomes as it passes.
struct Intake<S> {
    sink: S,
    digest: BodyDigest,
    verifier: PayloadVerifier,
}

impl<S: Sink> Intake<S> {
    /// Takes the next piece, event by event: a chunk's signature is weighed against exactly the
    /// data between its line and its end.
    fn take(mut self, piece: &Piece) -> Result<Intake<S>> {
        for event in &piece.events {
            match event {
                Event::Data(range) => {
                    let bytes = &piece.buffer[range.clone()];
                    self.sink.write(bytes)?;
                    self.digest.update(bytes);
                    self.verifier.data(bytes);
                }
                Event::Chunk { size, extension } => self.verifier.chunk(*size, extension)?,
                Event::ChunkEnd => self.verifier.chunk_end()?,
                Event::Trailer { name, value } => self.verifier.trailer(name, value)?,
            }
        }
        Ok(self)
    }

    fn finish<T>(
        self,
        terms: &Terms,
        finish: impl FnOnce(S, PayloadVerified) -> Result<T>,
    ) -> Result<T> {
        let proof = self.verifier.finish(&terms.expected, self.digest.finish())?;
        finish(self.sink, proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(length: Option<u64>, bytes_max: u64) -> Result<Meter> {
        Meter::new(&Terms { bytes_max, ..Terms::content(Expected::default(), length) })
    }

    fn piece(bytes: usize) -> Piece {
        Piece { buffer: vec![0; bytes], events: vec![Event::Data(0..bytes), Event::ChunkEnd] }
    }

    #[test]
    fn one_put_is_five_gib_and_not_a_byte_more() {
        assert!(meter(Some(limits::PUT_BYTES_MAX), limits::PUT_BYTES_MAX).is_ok());
        let declared = meter(Some(limits::PUT_BYTES_MAX + 1), limits::PUT_BYTES_MAX);
        assert_eq!(declared.err().map(|e| e.code), Some(ErrorCode::EntityTooLarge));
        let mut undeclared = meter(None, 8).unwrap();
        assert!(undeclared.count(&piece(8)).is_ok());
        assert_eq!(undeclared.count(&piece(1)).unwrap_err().code, ErrorCode::EntityTooLarge);
    }

    #[test]
    fn content_is_as_long_as_its_form_wants_it() {
        let between = |bytes| {
            let content = Terms::content(Expected::default(), None);
            let mut meter = Meter::new(&Terms { bytes_min: 3, bytes_max: 5, ..content }).unwrap();
            meter.count(&piece(bytes))?;
            meter.end()
        };
        assert!(between(3).is_ok() && between(5).is_ok());
        assert_eq!(between(2).unwrap_err().code, ErrorCode::EntityTooSmall);
        assert_eq!(between(6).unwrap_err().code, ErrorCode::EntityTooLarge);
    }

    #[test]
    fn content_keeps_to_its_declared_length() {
        let mut meter = meter(Some(8), 100).unwrap();
        meter.count(&piece(5)).unwrap();
        assert!(!meter.is_full());
        assert_eq!(meter.end().unwrap_err().code, ErrorCode::IncompleteBody);
        meter.count(&piece(3)).unwrap();
        assert!(meter.is_full());
        assert!(meter.end().is_ok());
        assert_eq!(meter.count(&piece(1)).unwrap_err().code, ErrorCode::IncompleteBody);
    }
}
