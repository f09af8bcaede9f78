//! One clock value and the date forms that S3 speaks.
//!
//! RFC 9110 section 5.6.7 for HTTP's dates, ISO 8601 in two forms for signatures and XML. Refused:
//! every other form, RFC 850's and asctime's among them, which no S3 client writes.

use jiff::Span;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// An instant, in whole nanoseconds, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// From seconds and nanoseconds since 1970; clamped to the years -9999 to 9999.
    pub fn new(secs: i64, nanos: u32) -> Timestamp {
        let nanos = i32::try_from(nanos.min(999_999_999)).unwrap_or(0);
        Timestamp(jiff::Timestamp::new(secs, nanos).unwrap_or(if secs < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        }))
    }

    /// The system's clock. The pure modules are given a time; only `server`, `store` and `cli` ask.
    pub fn now() -> Timestamp {
        Timestamp(jiff::Timestamp::now())
    }

    /// Seconds since 1970, rounded down.
    pub fn secs(self) -> i64 {
        self.0.as_second() - i64::from(self.0.subsec_nanosecond() < 0)
    }

    /// Nanoseconds past [`Timestamp::secs`].
    pub fn nanos(self) -> u32 {
        u32::try_from(self.0.subsec_nanosecond().rem_euclid(1_000_000_000)).unwrap_or(0)
    }

    /// That many times 24 hours later; at the end of time, its end.
    pub fn plus_days(self, days: u16) -> Timestamp {
        Timestamp::new(self.secs().saturating_add(i64::from(days) * 24 * 60 * 60), self.nanos())
    }

    /// The same day and time of a later year in UTC; of 29 February, 28 where there is none.
    pub fn plus_years(self, years: u16) -> Timestamp {
        let span = Span::new().try_years(years).unwrap_or_default();
        let later = self.0.to_zoned(TimeZone::UTC).checked_add(span);
        Timestamp(later.map_or(jiff::Timestamp::MAX, |zoned| zoned.timestamp()))
    }

    /// `2026-11-21T18:52:07.000Z`: XML. Cyberduck 4.7.2 reads local time without the milliseconds.
    pub fn iso8601(self) -> String {
        self.print("%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    /// `2026-11-21T18:52:07Z`, whole seconds: what people read and edit (RFC 3339).
    pub fn rfc3339(self) -> String {
        self.print("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `20261121T185207Z`: `x-amz-date`.
    pub fn iso8601_basic(self) -> String {
        self.print("%Y%m%dT%H%M%SZ")
    }

    /// `Sat, 21 Nov 2026 18:52:07 GMT`: `Date`, `Last-Modified`.
    pub fn http_date(self) -> String {
        self.print("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// `21/Nov/2026:18:52:07 +0000`: the access log.
    pub fn log_date(self) -> String {
        self.print("%d/%b/%Y:%H:%M:%S +0000")
    }

    fn print(self, format: &str) -> String {
        strtime::format(format, &self.0.to_zoned(TimeZone::UTC)).expect("a fixed format of ours")
    }

    /// Reads `20261121T185207Z`, nothing else.
    pub fn parse_iso8601_basic(text: &str) -> Option<Timestamp> {
        if text.len() != 16 {
            return None;
        }
        let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
        time.to_zoned(TimeZone::UTC).ok().map(|zoned| Timestamp(zoned.timestamp()))
    }

    /// Reads `2026-11-21T18:52:07Z`, with or without a fraction.
    pub fn parse_iso8601(text: &str) -> Option<Timestamp> {
        text.ends_with('Z').then(|| text.parse().ok().map(Timestamp)).flatten()
    }

    /// Reads the same, or with an offset in place of `Z`: `2026-11-21T20:52:07+02:00` (RFC 3339).
    pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
        let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b"-:.TZ+".contains(&b));
        is_plain.then(|| text.parse().ok().map(Timestamp)).flatten()
    }

    /// Reads an RFC 1123 date as S3 clients write it: zone `GMT` (Cyberduck), `UTC` (rclone) or
    /// `+0000` (s3cmd, AWS's documents); the day of the week is not checked, as on AWS.
    pub fn parse_http_date(text: &str) -> Option<Timestamp> {
        let (_, date) = text.split_once(',')?;
        let date = date.trim();
        let date = ["GMT", "UTC", "+0000", "-0000"].iter().find_map(|z| date.strip_suffix(z))?;
        let time = DateTime::strptime("%d %b %Y %H:%M:%S", date.trim_end()).ok()?;
        time.to_zoned(TimeZone::UTC).ok().map(|zoned| Timestamp(zoned.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_forms_of_s3() {
        let time = Timestamp::new(1_795_287_127, 5_000_000);
        assert_eq!(time.iso8601(), "2026-11-21T18:52:07.005Z");
        assert_eq!(time.rfc3339(), "2026-11-21T18:52:07Z");
        assert_eq!(time.iso8601_basic(), "20261121T185207Z");
        assert_eq!(time.http_date(), "Sat, 21 Nov 2026 18:52:07 GMT");
        assert_eq!(time.log_date(), "21/Nov/2026:18:52:07 +0000");
        let whole = Timestamp::new(1_795_287_127, 0);
        for text in [
            "Sat, 21 Nov 2026 18:52:07 GMT",
            "Sat, 21 Nov 2026 18:52:07 UTC",
            "Sat, 21 Nov 2026 18:52:07 +0000",
            "Mon, 21 Nov 2026 18:52:07 GMT",
        ] {
            assert_eq!(Timestamp::parse_http_date(text), Some(whole), "{text}");
        }
        assert_eq!(Timestamp::parse_iso8601_basic("20261121T185207Z"), Some(whole));
        assert_eq!(Timestamp::parse_iso8601("2026-11-21T18:52:07.005Z"), Some(time));
        for text in ["2026-11-21T18:52:07Z", "2026-11-21T20:52:07+02:00"] {
            assert_eq!(Timestamp::parse_rfc3339(text), Some(whole), "{text}");
        }
        for bad in [
            "",
            "x",
            "20261121T185207",
            "2026-11-21",
            "Sat, 31 Feb 2026 18:52:07 GMT",
            "99999999T999999Z",
        ] {
            assert_eq!(Timestamp::parse_iso8601_basic(bad), None, "{bad}");
            assert_eq!(Timestamp::parse_http_date(bad), None, "{bad}");
            assert_eq!(Timestamp::parse_rfc3339(bad), None, "{bad}");
        }
    }
}
