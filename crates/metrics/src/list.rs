use findings_model::{SchemaVersion, Timestamp};
use serde::Serialize;

use crate::{
    history::History,
    record::{RunRecord, SCHEMA_VERSION},
    stats::DataQuality,
    window::{Days, Window},
    words::RunStatus,
};

/// Which runs to list; without a filter all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListFilter {
    /// Only runs that stand so.
    pub status: Option<RunStatus>,
    /// Only runs that ended, or started if they have no end, in the last so many days.
    pub days: Option<Days>,
}

/// The document of `list`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListDocument {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// The moment that the window ends at.
    pub generated_at: Timestamp,
    /// The runs by start, newest first.
    pub runs: Vec<RunRecord>,
    /// What could not be used, and what looks wrong.
    pub data_quality: DataQuality,
}

impl ListDocument {
    /// The runs that a filter lets through.
    pub fn of(history: &History, filter: ListFilter, now: Timestamp) -> Self {
        let window = filter.days.map(|days| Window::last(days, now));
        let wanted = |run: &&RunRecord| {
            let moment = run.event_time().unwrap_or(run.start_time);
            filter.status.is_none_or(|status| run.status == status)
                && window.is_none_or(|window| window.contains(moment))
        };
        Self {
            schema_version: SCHEMA_VERSION,
            generated_at: now,
            runs: history.runs().iter().rev().filter(wanted).cloned().collect(),
            data_quality: DataQuality::of(history, now),
        }
    }
}
