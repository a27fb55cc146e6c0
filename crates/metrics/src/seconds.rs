use std::fmt;

use findings_model::Timestamp;
use serde::{Serialize, Serializer};
use time::Duration;

/// A length of time, kept in whole milliseconds and written as seconds (`30.0`); 0 to ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u64);

const LONGEST_MILLIS: u64 = 10 * 366 * 24 * 3600 * 1000;

impl Seconds {
    /// So many milliseconds, at most ten years.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.min(LONGEST_MILLIS))
    }

    /// So many seconds; none for a negative, infinite or absurd number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the range is checked first"
    )]
    pub fn from_f64(seconds: f64) -> Option<Self> {
        let millis = (seconds * 1000.0).round();
        (millis >= 0.0 && millis <= LONGEST_MILLIS as f64).then_some(Self(millis as u64))
    }

    /// From one moment to a later one; none if the clock ran backwards.
    pub fn between(start: Timestamp, end: Timestamp) -> Option<Self> {
        u64::try_from((end.moment() - start.moment()).whole_milliseconds()).ok().map(Self::from_millis)
    }

    /// The moment so long after another one, in whole seconds.
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        let length = Duration::milliseconds(i64::try_from(self.0).ok()?);
        start.moment().checked_add(length).map(Timestamp::new)
    }

    /// Whole milliseconds.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// Seconds as a number to print.
    #[expect(clippy::cast_precision_loss, reason = "ten years in milliseconds fit the mantissa")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

/// As people say it: `0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.0 + 500) / 1000;
        match seconds {
            0..10 if !self.0.is_multiple_of(1000) => write!(f, "{:.1} s", self.as_f64()),
            0..60 => write!(f, "{seconds} s"),
            60..3600 if seconds.is_multiple_of(60) => write!(f, "{} min", seconds / 60),
            60..3600 => write!(f, "{} min {:02} s", seconds / 60, seconds % 60),
            3600..86_400 => write!(f, "{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
            _ => write!(f, "{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_lengths() {
        let said = |millis| Seconds::from_millis(millis).to_string();
        let all = [0, 400, 9960, 42_000, 60_000, 200_000, 7_500_000, 273_600_000].map(said);
        assert_eq!(all, ["0 s", "0.4 s", "10 s", "42 s", "1 min", "3 min 20 s", "2 h 05 min", "3 d 4 h"]);
    }

    #[test]
    fn absurd_lengths_are_none() {
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e18] {
            assert_eq!(Seconds::from_f64(bad), None);
        }
        let (start, end): (Timestamp, Timestamp) =
            ("2026-01-05T10:00:30Z".parse().unwrap(), "2026-01-05T10:00:00Z".parse().unwrap());
        assert_eq!(Seconds::between(start, end), None);
        assert_eq!(Seconds::between(end, start), Some(Seconds::from_millis(30_000)));
    }
}
