//! Totals per day, which stay when the records themselves have gone.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::AddAssign,
};

use findings_model::{Extra, SchemaError, SchemaVersion, date_text, parse_date, text};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    document,
    publish::PublishOutcome,
    record::{RunRecord, SCHEMA_VERSION},
    scans::ScanOutcome,
    words::{ReleaseType, RunStatus},
};

/// What happened on one day (UTC). Only numbers that can be added up, so that months and years are sums of days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DayTotals {
    /// Runs that ended that day, or were begun that day and never reported an end.
    pub runs: u64,
    /// Those that ended well.
    pub success: u64,
    /// Those that ended with an error.
    pub failed: u64,
    /// Those that were stopped from outside.
    pub cancelled: u64,
    /// Those that never reported an end.
    pub unfinished: u64,
    /// Attempts that published.
    pub publish_succeeded: u64,
    /// Attempts that did not.
    pub publish_failed: u64,
    /// Attempts for releases that the security picture asked for.
    pub security_auto: u64,
    /// Attempts for releases that a person asked for.
    pub manual: u64,
    /// Scans of which every required report could be used.
    pub scans_completed: u64,
    /// Scans that failed.
    pub scans_failed: u64,
    /// Successful runs whose length is known.
    pub timed: u64,
    /// Their lengths together, in milliseconds.
    pub timed_millis: u64,
    /// The longest of them, in milliseconds.
    pub longest_millis: u64,
    /// Keys of a newer program; they survive a rewrite of the file, and a new count of the day drops them.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The most of anything on one day: what every reader of JSON still tells apart, and far from what a sum can hold.
const MOST: u64 = 1 << 53;

impl DayTotals {
    fn numbers(&self) -> impl Iterator<Item = u64> {
        [
            self.runs,
            self.success,
            self.failed,
            self.cancelled,
            self.unfinished,
            self.publish_succeeded,
            self.publish_failed,
            self.security_auto,
            self.manual,
            self.scans_completed,
            self.scans_failed,
            self.timed,
            self.timed_millis,
            self.longest_millis,
        ]
        .into_iter()
    }

    fn count(&mut self, run: &RunRecord) {
        self.runs += 1;
        match run.status {
            RunStatus::Running => self.unfinished += 1,
            RunStatus::Success => self.success += 1,
            RunStatus::Failed => self.failed += 1,
            RunStatus::Cancelled => self.cancelled += 1,
        }
        if let Ok(outcome) = run.publish_outcome() {
            match outcome {
                PublishOutcome::Succeeded => self.publish_succeeded += 1,
                PublishOutcome::Failed => self.publish_failed += 1,
            }
            match run.release_type {
                Some(ReleaseType::SecurityAuto) => self.security_auto += 1,
                Some(ReleaseType::Manual) => self.manual += 1,
                Some(ReleaseType::None) | None => {}
            }
        }
        match run.scan_outcome() {
            Some(ScanOutcome::Completed) => self.scans_completed += 1,
            Some(ScanOutcome::Failed) => self.scans_failed += 1,
            None => {}
        }
        if let (RunStatus::Success, Some(length)) = (run.status, run.duration()) {
            self.timed += 1;
            self.timed_millis += length.millis();
            self.longest_millis = self.longest_millis.max(length.millis());
        }
    }
}

impl AddAssign<&Self> for DayTotals {
    fn add_assign(&mut self, day: &Self) {
        self.runs += day.runs;
        self.success += day.success;
        self.failed += day.failed;
        self.cancelled += day.cancelled;
        self.unfinished += day.unfinished;
        self.publish_succeeded += day.publish_succeeded;
        self.publish_failed += day.publish_failed;
        self.security_auto += day.security_auto;
        self.manual += day.manual;
        self.scans_completed += day.scans_completed;
        self.scans_failed += day.scans_failed;
        self.timed += day.timed;
        self.timed_millis += day.timed_millis;
        self.longest_millis = self.longest_millis.max(day.longest_millis);
    }
}

/// The day that a run counts for: that of its end, or of its start if it has no end.
pub(crate) fn day_of(run: &RunRecord) -> Date {
    run.event_time().unwrap_or(run.start_time).date()
}

/// Why bytes are no document of daily totals.
#[derive(Debug, thiserror::Error)]
pub enum ReadDailyError {
    /// Not JSON, or not of this shape.
    #[error("no document of daily totals: {0}")]
    Malformed(#[source] serde_json::Error),
    /// The document's version is too new.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A number is more than can be added up.
    #[error("{0} counts more than {MOST} of something, which cannot be")]
    TooMuch(Date),
    /// A key of `days` is no date.
    #[error("{0:?} is not a valid day (such as 2026-01-05)")]
    BadDay(String),
}

/// Totals by day: the contents of the `metrics/daily/<year>.json` files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DailyTotals {
    days: BTreeMap<Date, DayTotals>,
    extra: Extra,
}

#[derive(Serialize, Deserialize)]
struct DailyDocument {
    schema_version: SchemaVersion,
    days: BTreeMap<String, DayTotals>,
    #[serde(flatten)]
    extra: Extra,
}

impl DailyTotals {
    /// Counts runs by day, in whatever order they come.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a RunRecord>) -> Self {
        let mut totals = Self::default();
        for run in runs {
            totals.days.entry(day_of(run)).or_default().count(run);
        }
        totals
    }

    /// The days, oldest first.
    pub fn days(&self) -> &BTreeMap<Date, DayTotals> {
        &self.days
    }

    /// Reads one year's document.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReadDailyError> {
        let document: DailyDocument = serde_json::from_slice(bytes).map_err(ReadDailyError::Malformed)?;
        document.schema_version.check(SCHEMA_VERSION)?;
        let day = |(key, totals): (String, DayTotals)| match parse_date(&key).filter(|_| key.len() == 10) {
            Some(date) if totals.numbers().any(|number| number > MOST) => Err(ReadDailyError::TooMuch(date)),
            Some(date) => Ok((date, totals)),
            None => Err(ReadDailyError::BadDay(text::shorten(&text::one_line(&key), 40).into_owned())),
        };
        Ok(Self { days: document.days.into_iter().map(day).collect::<Result<_, _>>()?, extra: document.extra })
    }

    /// One year's document.
    pub fn to_json(&self) -> Vec<u8> {
        document::to_json(&DailyDocument {
            schema_version: SCHEMA_VERSION,
            days: self.days.iter().map(|(date, totals)| (date_text(*date), totals.clone())).collect(),
            extra: self.extra.clone(),
        })
    }

    /// Takes days over. Where both know a day, the entry that counted more runs stays: records that were dropped are
    /// missing from a new count, so a smaller number never replaces a larger one.
    pub fn merge(&mut self, other: Self) {
        for (date, totals) in other.days {
            match self.days.entry(date) {
                Entry::Vacant(entry) => {
                    entry.insert(totals);
                }
                Entry::Occupied(mut entry) if totals.runs > entry.get().runs => {
                    entry.insert(totals);
                }
                Entry::Occupied(_) => {}
            }
        }
        self.extra.extend(other.extra);
    }

    /// The days of one year.
    pub(crate) fn year(&self, year: i32) -> Self {
        let days = self.days.iter().filter(|(date, _)| date.year() == year);
        Self { days: days.map(|(date, totals)| (*date, totals.clone())).collect(), extra: Extra::new() }
    }

    /// The days of each month together.
    pub fn by_month(&self) -> BTreeMap<(i32, u8), DayTotals> {
        let mut months: BTreeMap<_, DayTotals> = BTreeMap::new();
        for (date, totals) in &self.days {
            *months.entry((date.year(), u8::from(date.month()))).or_default() += totals;
        }
        months
    }
}
