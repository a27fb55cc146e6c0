use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A moment in whole seconds, UTC, written as RFC 3339 (`2026-01-05T03:00:00Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(OffsetDateTime);

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no RFC 3339 time (as 2026-01-05T03:00:00Z)")]
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

    /// The day in UTC.
    pub fn date(self) -> Date {
        self.0.date()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (d, t) = (self.0.date(), self.0.time());
        write!(f, "{}T{:02}:{:02}:{:02}Z", date_text(d), t.hour(), t.minute(), t.second())
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(Self::new)
            .map_err(|_| TimestampError(crate::text::shorten(&crate::text::one_line(text), 60).into_owned()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;
    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

/// A day as `2026-01-05` (ISO 8601).
pub fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Reads a day from `2026-01-05`, or from the front of an RFC 3339 time.
pub fn parse_date(text: &str) -> Option<Date> {
    let day = text.get(..10)?;
    let rest = &text[10..];
    if !rest.is_empty() && !rest.starts_with(['T', 't', ' ']) {
        return None;
    }
    plain_day(day.as_bytes())
        .or_else(|| Date::parse(day, time::macros::format_description!("[year]-[month]-[day]")).ok())
}

/// A day as this program writes it, read without the general parser: documents hold several for each finding.
pub(crate) fn plain_day(text: &[u8]) -> Option<Date> {
    let number =
        |digits: &[u8]| digits.iter().try_fold(0u16, |n, b| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0')));
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let month = Month::try_from(u8::try_from(number(&[m1, m2])?).ok()?).ok()?;
    let day = u8::try_from(number(&[d1, d2])?).ok()?;
    Date::from_calendar_date(number(&[y1, y2, y3, y4])?.into(), month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
