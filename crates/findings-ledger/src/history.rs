//! What is kept of the past: events, the changelog, archived scans, and for how long.

mod append;
mod archive;

pub use append::{changelog_to_append, events_to_append};
pub use archive::{ScanArchive, archive_date};

use std::borrow::Cow;

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
    let oldest_kept = today.saturating_sub(Duration::days(i64::from(keep_days)));
    let is_old = |line: &str| event_date(line).is_some_and(|date| date < oldest_kept);
    let mut lines = events.split_inclusive('\n').peekable();
    let mut kept = String::new();
    // Up to the first old line nothing has to be copied.
    let mut at = 0;
    let mut any = false;
    while let Some(line) = lines.next() {
        let goes = lines.peek().is_some() && is_old(line);
        if goes && !any {
            any = true;
            kept = String::with_capacity(events.len());
            kept.push_str(&events[..at]);
        }
        if any && !goes {
            kept.push_str(line);
        }
        at += line.len();
    }
    any.then_some(kept)
}

/// The day of an event's line.
fn event_date(line: &str) -> Option<Date> {
    #[derive(Deserialize)]
    struct Dated<'l> {
        #[serde(borrow)]
        timestamp: Cow<'l, str>,
    }
    // As this program writes it, the day stands near the beginning.
    let plain = || {
        let (head, rest) = line.split_once("\"timestamp\":\"")?;
        (head.len() < 64 && rest.get(10..11) == Some("T")).then(|| parse_date(rest.get(..10)?)).flatten()
    };
    plain().or_else(|| {
        let dated: Dated<'_> = serde_json::from_str(line).ok()?;
        dated.timestamp.parse::<Timestamp>().map(Timestamp::date).ok().or_else(|| parse_date(&dated.timestamp))
    })
}

/// Whether a line of the events may be an old one: then [`retain_events`] has something to say about the file.
pub fn is_event_expired(line: &str, today: Date, keep_days: u32) -> bool {
    event_date(line).is_some_and(|date| date < today.saturating_sub(Duration::days(i64::from(keep_days))))
}
