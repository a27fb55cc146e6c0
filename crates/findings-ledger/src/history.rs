//! What is kept of the past: events, the changelog, archived scans, and for how long.

mod append;
mod archive;

pub use append::{changelog_to_append, events_to_append};
pub use archive::{ScanArchive, archive_date};

use findings_model::{Timestamp, parse_date};
use serde::Deserialize;
use time::{Date, Duration};

/// How long the past is kept, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Archived scans; the newest is never removed.
    pub scan_days: u32,
    /// Events; the newest is never removed.
    pub event_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { scan_days: 90, event_days: 365 }
    }
}

/// Which of several dated files are older than `keep_days`, in the order of their names. The newest never is.
pub fn expired<'n>(files: impl IntoIterator<Item = (&'n str, Date)>, today: Date, keep_days: u32) -> Vec<&'n str> {
    let files: Vec<(&str, Date)> = files.into_iter().collect();
    let newest = files.iter().map(|(name, date)| (*date, *name)).max();
    let oldest_kept = today.saturating_sub(Duration::days(i64::from(keep_days)));
    let mut old: Vec<&str> = files
        .into_iter()
        .filter(|(name, date)| *date < oldest_kept && newest != Some((*date, *name)))
        .map(|(name, _)| name)
        .collect();
    old.sort_unstable();
    old
}

/// The events without those older than `keep_days`; none where nothing is to be removed. A line that cannot be read is kept,
/// and so is the last one.
pub fn retain_events(events: &str, today: Date, keep_days: u32) -> Option<String> {
    #[derive(Deserialize)]
    struct Dated {
        timestamp: String,
    }
    let oldest_kept = today.saturating_sub(Duration::days(i64::from(keep_days)));
    let lines: Vec<&str> = events.split_inclusive('\n').collect();
    let is_old = |line: &str| {
        let dated = serde_json::from_str::<Dated>(line).ok();
        let date = dated.and_then(|d| {
            d.timestamp.parse::<Timestamp>().map(Timestamp::date).ok().or_else(|| parse_date(&d.timestamp))
        });
        date.is_some_and(|date| date < oldest_kept)
    };
    let kept: Vec<&str> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| at + 1 == lines.len() || !is_old(line))
        .map(|(_, line)| *line)
        .collect();
    (kept.len() < lines.len()).then(|| kept.concat())
}
