use std::str::FromStr;

use findings_model::Timestamp;
use serde::Serialize;
use time::Duration;

/// A number of days: 1 to 36500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Days(u32);

/// A text or number that is no [`Days`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid number of days (a whole number from 1 to 36500)")]
pub struct DaysError(String);

impl Days {
    /// The last week.
    pub const WEEK: Self = Self(7);
    /// The last thirty days.
    pub const MONTH: Self = Self(30);

    /// So many days, at least 1 and at most 36500.
    pub const fn clamped(days: u32) -> Self {
        Self(match days {
            0 => 1,
            1..=36_500 => days,
            _ => 36_500,
        })
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// As people say it: `1 day`, `30 days`.
    pub(crate) fn in_words(self) -> String {
        match self.0 {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        }
    }

    /// The moment so many days before another; times before the year 0 do not occur, the earliest year stands for them.
    pub fn before(self, moment: Timestamp) -> Timestamp {
        let earlier = moment.moment().checked_sub(Duration::days(i64::from(self.0)));
        earlier.map_or(moment, Timestamp::new)
    }
}

impl FromStr for Days {
    type Err = DaysError;
    fn from_str(text: &str) -> Result<Self, DaysError> {
        let days = text.parse().ok().filter(|days| (1..=36_500).contains(days));
        days.map(Self).ok_or_else(|| DaysError(findings_model::text::shorten(text, 40).into_owned()))
    }
}

/// The number alone, as on the command line.
impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The moments after `from`, up to and including `to`: `(from, to]`, exact to the second.
///
/// Adjacent windows share no moment and leave none out, so their counts add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its length.
    pub days: Days,
    /// The moment after which it begins; not part of it.
    pub from: Timestamp,
    /// Its last moment.
    pub to: Timestamp,
}

impl Window {
    /// The last so many days up to `now`.
    pub fn last(days: Days, now: Timestamp) -> Self {
        Self { days, from: days.before(now), to: now }
    }

    /// The window of the same length just before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::last(self.days, self.from)
    }

    /// Whether a moment is in it.
    pub fn contains(self, moment: Timestamp) -> bool {
        self.from < moment && moment <= self.to
    }
}
