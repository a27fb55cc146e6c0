//! `history.json`: one line a day.

use findings_model::{Extra, PackageName, SchemaError, SchemaVersion, SeverityCounts, Timestamp};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::{Grade, State, StatusDocument};

/// The most days that are kept; the oldest go first.
const MOST_DAYS: usize = 400;

/// How the status was, day by day, the oldest first. A day on which nothing ran has no entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The project; none where an older program wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<PackageName>,
    /// The days.
    pub days: Vec<HistoryDay>,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The status at the end of one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryDay {
    /// The day, UTC.
    pub date: Date,
    /// The answer in one word.
    pub state: State,
    /// The grade; null when the state was unknown.
    pub grade: Option<Grade>,
    /// Open and unverified findings.
    pub open: SeverityCounts,
    /// The last day until which this answer stands without a newer one; null when it never did.
    pub holds_until: Option<Date>,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Not this shape.
    #[error("it is not a status history")]
    Malformed(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl Default for History {
    fn default() -> Self {
        Self { schema_version: Self::SCHEMA_VERSION, project: None, days: Vec::new(), extra: Extra::new() }
    }
}

impl History {
    /// What this program writes.
    pub const SCHEMA_VERSION: SchemaVersion = SchemaVersion::new(1, 0);

    /// Reads a history. Days are put in order; of two entries of one day the later one counts.
    pub fn from_json(bytes: &[u8]) -> Result<Self, HistoryError> {
        #[derive(Deserialize)]
        struct Versioned {
            schema_version: SchemaVersion,
        }
        let versioned: Versioned = serde_json::from_slice(bytes).map_err(HistoryError::Malformed)?;
        versioned.schema_version.check(Self::SCHEMA_VERSION)?;
        let mut history: Self = serde_json::from_slice(bytes).map_err(HistoryError::Malformed)?;
        for day in std::mem::take(&mut history.days) {
            history.put(day);
        }
        Ok(history)
    }

    /// Enters a day's status, in place of an earlier one of the same day.
    pub fn record(&mut self, document: &StatusDocument) {
        self.project = Some(document.project.clone());
        let until = document.stale_after.or(document.valid_until);
        self.put(HistoryDay {
            date: document.last_updated.date(),
            state: document.state,
            grade: document.security_grade,
            open: document.vulnerability_summary,
            holds_until: until.filter(|_| document.state != State::Unknown).map(Timestamp::date),
            extra: Extra::new(),
        });
        let surplus = self.days.len().saturating_sub(MOST_DAYS);
        self.days.drain(..surplus);
    }

    /// Whether the entry of the document's day is what the document says.
    pub fn tells_of(&self, document: &StatusDocument) -> bool {
        let mut again = self.clone();
        again.record(document);
        again.days == self.days
    }

    fn put(&mut self, day: HistoryDay) {
        match self.days.binary_search_by_key(&day.date, |d| d.date) {
            Ok(at) => {
                if let Some(old) = self.days.get_mut(at) {
                    let mut extra = std::mem::take(&mut old.extra);
                    extra.extend(day.extra);
                    *old = HistoryDay { extra, ..day };
                }
            }
            Err(at) => self.days.insert(at, day),
        }
    }

    /// The entry of a day, or the newest earlier one.
    pub fn at_or_before(&self, date: Date) -> Option<&HistoryDay> {
        let behind = self.days.partition_point(|d| d.date <= date);
        self.days.get(behind.checked_sub(1)?)
    }
}
