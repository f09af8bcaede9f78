//! Random bytes: ids that nobody guesses or gives twice, and keys.
//!
//! From the system call itself: a static binary in a root directory of its own has no
//! `/dev/urandom` to fall back on.
//!
//! <https://man7.org/linux/man-pages/man2/getrandom.2.html>

use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};

/// `N` random bytes, at most 256: so many the kernel gives at once.
pub fn bytes<const N: usize>() -> [u8; N] {
    const { assert!(N <= 256) };
    let mut bytes = [0; N];
    let given = retry_on_intr(|| getrandom(&mut bytes[..], GetRandomFlags::empty()));
    assert_eq!(given, Ok(N), "the kernel has random bytes"); // since 3.17; openat2 wants 5.6
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        assert_ne!(bytes::<16>(), bytes::<16>());
        assert!(bytes::<256>().iter().any(|byte| *byte != 0));
    }
}
