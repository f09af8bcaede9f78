//! The bytes below the attribute's fields: varints and tagged fields, written and read strictly.
//!
//! Nothing here trusts a length: what is read may come from another program or a dying disk.

/// Why bytes are no attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Unreadable {
    /// Nothing this program ever wrote.
    Damaged,
    /// Of a later version: to be refused, not served without what it says.
    Newer,
}

pub(in crate::store) type Decoded<T> = Result<T, Unreadable>;

pub(super) fn push_field(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    push_varint(out, value.len() as u64);
    out.extend(value);
}

/// LEB128: seven bits a byte, the lowest first.
pub(super) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

pub(super) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Bytes from a disk: every step checks that they are there.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Decoded<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Unreadable::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Decoded<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Unreadable::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn last_array<const N: usize>(mut self) -> Decoded<&'a [u8; N]> {
        let taken = self.array()?;
        self.end()?;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Decoded<u8> {
        self.array::<1>().map(|[byte]| *byte)
    }

    pub(super) fn varint(&mut self) -> Decoded<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Unreadable::Damaged);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unreadable::Damaged)
    }

    pub(super) fn end(&self) -> Decoded<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Unreadable::Damaged) }
    }
}
