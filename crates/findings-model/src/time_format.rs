use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// A moment in whole seconds, UTC, written as RFC 3339 (`2026-01-05T03:00:00Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Timestamp(OffsetDateTime);

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid RFC 3339 time (such as 2026-01-05T03:00:00Z)")]
pub struct TimestampError(String);

impl Timestamp {
    /// Takes a moment; fractions of a second are dropped.
    pub fn new(moment: OffsetDateTime) -> Self {
        let utc = moment.to_offset(UtcOffset::UTC);
        Self(utc.replace_nanosecond(0).unwrap_or(utc))
    }

    /// Seconds since 1970-01-01T00:00:00Z; none outside the years that can be written.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self::new)
    }

    /// The moment.
    pub fn moment(self) -> OffsetDateTime {
        self.0
    }

    /// Whether it is so far ahead of another moment that a clock must be wrong: the clocks of two machines differ by less than a day.
    pub fn is_ahead_of(self, now: Self) -> bool {
        self.0 - now.0 > Duration::days(1)
    }

    /// The day in UTC.
    pub fn date(self) -> Date {
        self.0.date()
    }

    fn written(self) -> [u8; 20] {
        let (day, time) = (written(self.date()), self.0.time());
        let mut text = *b"0000-00-00T00:00:00Z";
        text[..day.len()].copy_from_slice(&day);
        for (at, number) in [(11, time.hour()), (14, time.minute()), (17, time.second())] {
            text[at..at + 2].copy_from_slice(&digits(number));
        }
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ascii(&self.written()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(ascii(&self.written()))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        moment(text.as_bytes())
            .map(Self)
            .ok_or_else(|| TimestampError(crate::text::shorten(&crate::text::one_line(text), 60).into_owned()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;
    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

/// A day as `2026-01-05` (ISO 8601).
pub fn date_text(date: Date) -> String {
    ascii(&written(date)).to_owned()
}

/// A day as text. A year before 0, which no text says that is read here, has its sign in place of the first digit.
pub(crate) fn written(date: Date) -> [u8; 10] {
    let year = date.year().unsigned_abs();
    let pair = |number: u32| digits(u8::try_from(number % 100).unwrap_or_default());
    let ([mut y1, y2], [y3, y4]) = (pair(year / 100), pair(year));
    if date.year() < 0 {
        y1 = b'-';
    }
    let ([m1, m2], [d1, d2]) = (digits(date.month().into()), digits(date.day()));
    [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]
}

/// A number below 100 as two digits.
fn digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

/// Reads a day from `2026-01-05`, or from the front of an RFC 3339 time.
pub fn parse_date(text: &str) -> Option<Date> {
    let day = text.get(..10)?;
    let rest = &text[10..];
    if !rest.is_empty() && !rest.starts_with(['T', 't', ' ']) {
        return None;
    }
    plain_date(day.as_bytes())
}

/// Reads `2026-01-05`. The general parsers of formats are several times as large and as slow, and documents hold many days.
pub(crate) fn plain_date(text: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = u16::from(pair(y1, y2)?) * 100 + u16::from(pair(y3, y4)?);
    let month = Month::try_from(pair(m1, m2)?).ok()?;
    Date::from_calendar_date(year.into(), month, pair(d1, d2)?).ok()
}

/// Reads an RFC 3339 time: a day, any one byte, a time of day with or without fractions, `Z` or an offset. A leap second at the end of
/// a month is the second before it. Whole seconds, UTC.
fn moment(text: &[u8]) -> Option<OffsetDateTime> {
    let (day, rest) = text.split_at_checked(10)?;
    let (clock, rest) = rest.split_at_checked(9)?;
    let [_, h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let second = pair(s1, s2)?;
    let is_leap = second == 60;
    let time = Time::from_hms(pair(h1, h2)?, pair(m1, m2)?, if is_leap { 59 } else { second }).ok()?;
    let offset = match rest.split_first() {
        Some((b'.', fraction)) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| digits > 0)?
        }
        _ => rest,
    };
    let ahead = match *offset {
        [b'Z' | b'z'] => Duration::ZERO,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (pair(h1, h2).filter(|h| *h < 24)?, pair(m1, m2).filter(|m| *m < 60)?);
            let ahead = Duration::minutes(i64::from(hours) * 60 + i64::from(minutes));
            if sign == b'-' { -ahead } else { ahead }
        }
        _ => return None,
    };
    let utc = PrimitiveDateTime::new(plain_date(day)?, time).checked_sub(ahead)?;
    let ends_a_month = (utc.hour(), utc.minute()) == (23, 59) && utc.day() == utc.month().length(utc.year());
    (!is_leap || ends_a_month).then(|| utc.assume_utc())
}

/// Two decimal digits.
fn pair(tens: u8, ones: u8) -> Option<u8> {
    let digit = |b: u8| b.is_ascii_digit().then(|| b - b'0');
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    fn general(text: &str) -> Option<OffsetDateTime> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
        moment.replace_nanosecond(0).ok()
    }

    proptest! {
        /// Every time is read as the general parser reads it, and what that refuses is refused.
        #[test]
        fn times_are_read_as_the_general_parser_reads_them(
            day in "(0000|00[0-9][0-9]|[0-9]{4}|9999)-(0[0-9]|1[0-3])-([0-2][0-9]|3[0-2])",
            clock in "[Tt _](2[0-4]|[01][0-9]):([0-5][0-9]|6[01]):([0-5][0-9]|6[01])(\\.[0-9]{0,12})?",
            offset in "(Z|z|[+-]([01][0-9]|2[0-5]):([0-5][0-9]|60)|[+]0000|)",
        ) {
            let text = format!("{day}{clock}{offset}");
            prop_assert_eq!(text.parse::<Timestamp>().ok().map(Timestamp::moment), general(&text), "{}", text);
        }

        #[test]
        fn leap_seconds_end_months(month in 1u8..=12, day in 28u8..=31, hour in 21u8..=23, ahead in -3i8..=3) {
            let text = format!("2026-{month:02}-{day:02}T{hour:02}:59:60{}{:02}:00", if ahead < 0 { '-' } else { '+' }, ahead.abs());
            prop_assert_eq!(text.parse::<Timestamp>().ok().map(Timestamp::moment), general(&text), "{}", text);
        }

        #[test]
        fn other_text_is_judged_as_the_general_parser_judges_it(text in "[0-9TZ:+. -]{0,26}") {
            prop_assert_eq!(text.parse::<Timestamp>().ok().map(Timestamp::moment), general(&text), "{}", text);
        }
    }

    proptest! {
        /// A time is written as the general writer writes it.
        #[test]
        fn times_are_written_as_the_general_writer_writes_them(seconds in -62_167_219_200i64..253_402_300_800) {
            let time = Timestamp::from_unix(seconds).unwrap();
            prop_assert_eq!(time.to_string(), time.moment().format(&Rfc3339).unwrap());
            prop_assert_eq!(serde_json::to_string(&time).unwrap(), format!("\"{time}\""));
            prop_assert_eq!(date_text(time.date()), time.to_string()[..10].to_owned());
        }
    }

    #[test]
    fn a_moment_outside_the_calendar_is_refused() {
        assert!("9999-12-31T23:59:59-23:00".parse::<Timestamp>().is_err());
    }

    #[test]
    fn times_are_utc_and_whole_seconds() {
        let t: Timestamp = "2026-01-05T05:30:00.75+02:30".parse().unwrap();
        assert_eq!(t.to_string(), "2026-01-05T03:00:00Z");
        assert!("2026-01-05".parse::<Timestamp>().is_err());
    }

    #[test]
    fn days_are_read_from_times_too() {
        assert_eq!(parse_date("2026-01-05T03:00:00Z").map(date_text).as_deref(), Some("2026-01-05"));
        assert_eq!(parse_date("2026-01-05x"), None);
        assert_eq!(parse_date("2026-13-05"), None);
    }
}
