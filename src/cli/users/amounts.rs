//! Times, sizes and rates as people type them.
//!
//! | | form |
//! |---|---|
//! | DURATION | `90m`, `12h`, `30d` |
//! | WHEN | a DURATION from now, `2027-01-31` (its beginning, UTC), `2027-01-31T18:00:00+01:00` |
//! | SIZE | bytes, or `500K`, `500M`, `50G`, `1T`, by 1024 |
//!
//! Refused, with a sentence: 0, what is past, what is too large to mean anything, signs, fractions
//! and all other units. `GB` and `GiB` are refused too, since people disagree on what they are.

use crate::limits::DURATION_SECS_MAX;
use crate::types::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The units of sizes, the largest first.
const UNITS: [(char, u64); 4] = [('T', 1 << 40), ('G', 1 << 30), ('M', 1 << 20), ('K', 1 << 10)];

/// A limit as given on the command line, or that there shall be none. An `Option` of it is whether
/// it was given at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit<T> {
    None,
    At(T),
}

impl<T> Limit<T> {
    pub(super) fn into_option(self) -> Option<T> {
        match self {
            Limit::None => None,
            Limit::At(limit) => Some(limit),
        }
    }
}

/// WHEN or `never`.
pub(super) fn expiry(text: &str) -> Result<Limit<Timestamp>, String> {
    match text {
        "never" => Ok(Limit::None),
        _ => when(text, Timestamp::now()).map(Limit::At),
    }
}

/// SIZE or `none`.
pub(super) fn quota(text: &str) -> Result<Limit<u64>, String> {
    match text {
        "none" => Ok(Limit::None),
        _ => size(text).map(Limit::At),
    }
}

/// A number of requests or `none`.
pub(super) fn rate(text: &str) -> Result<Limit<u32>, String> {
    match text {
        "none" => Ok(Limit::None),
        _ => number(text)
            .and_then(|rate| u32::try_from(rate).ok())
            .map(Limit::At)
            .ok_or_else(|| "give requests a second, 1 or more, or none".to_owned()),
    }
}

/// DURATION, in seconds.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    let unit = match text.chars().next_back() {
        Some('m') => MINUTE,
        Some('h') => HOUR,
        Some('d') => DAY,
        _ => return Err("give minutes, hours or days: 90m, 12h, 30d".to_owned()),
    };
    let count = number(&text[..text.len() - 1])
        .ok_or_else(|| "give a whole number, 1 or more, and m, h or d".to_owned())?;
    count
        .checked_mul(unit)
        .filter(|&secs| secs <= DURATION_SECS_MAX)
        .ok_or_else(|| "that is more than a hundred years".to_owned())
}

/// That many seconds after `now`, in whole seconds, as they are kept.
pub(super) fn after(now: Timestamp, secs: u64) -> Timestamp {
    Timestamp::new(now.secs().saturating_add_unsigned(secs), 0)
}

fn when(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if text.ends_with(['m', 'h', 'd']) {
        return duration(text).map(|secs| after(now, secs));
    }
    let midnight = format!("{text}T00:00:00Z");
    let time = Timestamp::parse_rfc3339(text)
        .or_else(|| Timestamp::parse_rfc3339(&midnight))
        .ok_or_else(|| "give 30d, 12h, 2027-01-31 or 2027-01-31T18:00:00Z".to_owned())?;
    match time > now {
        true => Ok(time),
        false => Err(format!("that is past: {}", time.rfc3339())),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let unit = |&(letter, bytes): &(char, u64)| Some((text.strip_suffix(letter)?, bytes));
    let (digits, unit) = UNITS.iter().find_map(unit).unwrap_or((text, 1));
    let count = number(digits)
        .ok_or_else(|| "give a whole number of bytes, or 500K, 500M, 50G, 1T".to_owned())?;
    count.checked_mul(unit).ok_or_else(|| "that is more bytes than can be counted".to_owned())
}

/// Digits alone, and not 0.
fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&number| plain && number > 0)
}

/// A size by the largest unit that loses nothing.
pub(super) fn show_size(bytes: u64) -> String {
    let whole = UNITS.iter().find(|(_, unit)| bytes.is_multiple_of(*unit));
    whole.map_or(bytes.to_string(), |(letter, unit)| format!("{}{letter}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_minutes_hours_and_days() {
        for (text, secs) in [("1m", 60), ("12h", 43_200), ("30d", 2_592_000), ("007d", 604_800)] {
            assert_eq!(duration(text), Ok(secs), "{text}");
        }
        assert_eq!(duration("36500d"), Ok(DURATION_SECS_MAX));
        for text in ["", "d", "0d", "-1d", "+1d", "1.5h", "1 d", "1", "1w", "1D", "ä", "30dd"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
        for text in ["36501d", "18446744073709551615d", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn when_is_from_now_or_a_date_or_a_time_but_never_past() {
        let now = Timestamp::parse_rfc3339("2026-11-22T12:00:00.9Z").unwrap();
        let shown = |text: &str| when(text, now).map(Timestamp::rfc3339);
        for (text, time) in [
            ("30d", "2026-12-22T12:00:00Z"),
            ("12h", "2026-11-23T00:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T18:00:00Z", "2027-01-31T18:00:00Z"),
            ("2027-01-31T18:00:00+01:00", "2027-01-31T17:00:00Z"),
            ("2026-11-22T12:00:01Z", "2026-11-22T12:00:01Z"),
            ("9999-12-30", "9999-12-30T00:00:00Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(time), "{text}");
        }
        for past in ["2026-11-22", "2026-11-22T12:00:00Z", "1970-01-01", "-000001-01-01"] {
            assert!(when(past, now).is_err(), "{past}");
        }
        for text in ["", "soon", "2027", "2027-13-01", "2027-02-29", "2027-01-31T18:00:00", "0d"] {
            assert!(when(text, now).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_powers_of_1024() {
        for (text, bytes) in [
            ("1", 1),
            ("1000", 1000),
            ("500M", 500 << 20),
            ("50G", 50 << 30),
            ("1T", 1 << 40),
            ("3K", 3072),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
            assert_eq!(show_size(bytes), text);
        }
        assert_eq!(size("16777215T"), Ok(16_777_215 << 40));
        for text in ["", "G", "0", "0G", "-1G", "+1G", "1.5G", "1 G", "1GB", "1GiB", "1g", "x"] {
            assert!(size(text).is_err(), "{text:?}");
        }
        for text in ["16777216T", "18446744073709551616", "99999999999999999999T"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_limit_can_be_none() {
        assert_eq!(expiry("never"), Ok(Limit::None));
        assert_eq!(quota("none"), Ok(Limit::None));
        assert_eq!(quota("1K"), Ok(Limit::At(1024)));
        assert_eq!((rate("none"), rate("20")), (Ok(Limit::None), Ok(Limit::At(20))));
        assert_eq!(rate("4294967295"), Ok(Limit::At(u32::MAX)));
        for text in ["", "0", "-1", "4294967296", "1/s", "never"] {
            assert!(rate(text).is_err(), "{text:?}");
        }
    }
}
