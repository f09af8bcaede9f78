//! What an object made of parts remembers of them: their lengths, and their checksums.
//!
//! GetObject answers one part by its number, GetObjectAttributes lists them all.

use super::bytes::{Decoded, Reader, push_varint};
use crate::types::{Checksum, ChecksumAlgorithm};

/// An object's parts in order. Empty for one that was not made of parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct PartRuns {
    /// Their lengths as runs: a length in bytes, and how many follow each other with it. Uniform
    /// parts are two runs however many there are.
    pub(in crate::store) runs: Vec<(u64, u64)>,
    /// Their checksums' values, one after the other, where the upload wanted them: 10,000 of
    /// SHA-256 are 320 KB of a side file, of an object of at least 50 GB.
    pub(in crate::store) checksums: Option<(ChecksumAlgorithm, Vec<u8>)>,
}

impl PartRuns {
    /// From each part's length.
    pub(in crate::store) fn of(lengths: impl IntoIterator<Item = u64>) -> PartRuns {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for length in lengths {
            match runs.last_mut() {
                Some((run, count)) if *run == length => *count += 1,
                _ => runs.push((length, 1)),
            }
        }
        PartRuns { runs, checksums: None }
    }

    /// With each part's checksum, if all have one of that algorithm.
    pub(in crate::store) fn with_checksums(
        mut self,
        algorithm: ChecksumAlgorithm,
        checksums: impl IntoIterator<Item = Option<Checksum>>,
    ) -> PartRuns {
        let mut values = Vec::new();
        for checksum in checksums {
            match checksum.filter(|checksum| checksum.algorithm == algorithm) {
                Some(checksum) => values.extend(checksum.value),
                None => return self,
            }
        }
        self.checksums = Some((algorithm, values));
        self
    }

    /// How many there are.
    pub(in crate::store) fn count(&self) -> u64 {
        self.runs.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// First offset and length in bytes of the part at `index`, from 0.
    pub(in crate::store) fn place(&self, index: u64) -> Option<(u64, u64)> {
        let (mut before, mut offset) = (index, 0_u64);
        for &(bytes, count) in &self.runs {
            let skipped = before.min(count);
            offset = offset.checked_add(bytes.checked_mul(skipped)?)?;
            if before < count {
                return Some((offset, bytes));
            }
            before -= count;
        }
        None
    }

    /// The checksum of the part at `index`, from 0.
    pub(in crate::store) fn checksum(&self, index: u64) -> Option<Checksum> {
        let (algorithm, values) = self.checksums.as_ref()?;
        let mut values = values.chunks_exact(algorithm.value_bytes());
        let value = values.nth(usize::try_from(index).ok()?)?;
        Some(Checksum { algorithm: *algorithm, value: value.to_vec() })
    }

    pub(super) fn encode_runs(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (length, count) in &self.runs {
            push_varint(&mut bytes, *length);
            push_varint(&mut bytes, *count);
        }
        bytes
    }

    pub(super) fn decode_runs(&mut self, mut reader: Reader<'_>) -> Decoded<()> {
        while !reader.0.is_empty() {
            self.runs.push((reader.varint()?, reader.varint()?));
        }
        Ok(())
    }
}
