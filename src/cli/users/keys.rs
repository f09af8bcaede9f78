//! New access keys, secrets and ids, of the kernel's random bytes.
//!
//! Deviation: AWS's access key ids begin with `AKIA`; ours with `GB`, so that neither scanners nor
//! people take one for a key of AWS. Secrets are made of letters and digits alone, 40 of them (238
//! bits): AWS's alphabet has `/` and `+`, which break in URLs and unquoted shells.

use crate::random;

const UPPER_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// An access key id.
pub(super) fn access_key() -> String {
    format!("GB{}", random_word(18, UPPER_AND_DIGITS))
}

/// A secret access key.
pub(super) fn secret() -> String {
    random_word(40, LETTERS_AND_DIGITS)
}

/// A canonical id.
pub(super) fn id() -> String {
    random_word(64, HEX)
}

/// `count` characters of `alphabet`, each equally likely: bytes past its largest multiple are
/// thrown away.
fn random_word(count: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut made = String::with_capacity(count);
    while made.len() < count {
        let bytes = random::bytes::<64>();
        let wanted = count - made.len();
        let fitting = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < fair);
        made.extend(fitting.take(wanted).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    made
}
