//! What `prune` would change, as a plan: first every write, then every deletion.
//!
//! Each intermediate state holds every run at least once, and readers count a run once however often it is there. So
//! a crash at any point loses nothing, and pruning again finishes the work.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{SchemaVersion, Timestamp, date_text};
use serde::Serialize;
use time::Date;

use crate::{
    record::{RunRecord, SCHEMA_VERSION},
    rollup::{DailyTotals, ReadDailyError, day_of},
    window::Days,
};

/// GitHub ends a workflow run after 35 days, so what did not finish by then never will.
const NOTHING_RUNS_LONGER: Days = Days::clamped(35);

/// How old runs have to be.
#[derive(Clone, Copy, Debug)]
pub struct PruneOptions {
    /// A run that ended so long ago moves from its own file to the month's file. Default 35 days.
    pub fold_after: Days,
    /// A month whose last day is so long ago goes; its totals per day stay. Default 400 days.
    pub drop_after: Days,
}

impl Default for PruneOptions {
    fn default() -> Self {
        Self { fold_after: Days::clamped(35), drop_after: Days::clamped(400) }
    }
}

/// The bytes of a metrics folder, by path below it (`workflow-….json`, `runs/2026-01.ndjson`, `daily/2026.json`).
#[derive(Clone, Debug, Default)]
pub struct FolderBytes {
    /// Runs' own files.
    pub runs: BTreeMap<String, Vec<u8>>,
    /// Monthly files.
    pub monthly: BTreeMap<String, Vec<u8>>,
    /// Files of daily totals.
    pub daily: BTreeMap<String, Vec<u8>>,
}

/// A file to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWrite {
    /// Path below the metrics folder.
    pub path: String,
    /// Its new contents, whole.
    pub bytes: Vec<u8>,
}

/// What to do, in this order: all writes, then all deletions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrunePlan {
    /// Files to replace.
    pub writes: Vec<PlannedWrite>,
    /// Files to delete once everything is written, as paths below the metrics folder.
    pub deletes: Vec<String>,
    /// What the plan comes to.
    pub summary: PruneSummary,
}

/// What a plan comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PruneSummary {
    /// Runs that move into a monthly file.
    pub folded: usize,
    /// Runs that keep a file of their own.
    pub kept: usize,
    /// Monthly files that go because of their age.
    pub dropped_months: Vec<String>,
    /// Monthly files that stay in spite of their age, since they hold lines that cannot be read.
    pub unreadable_months: Vec<String>,
    /// Runs' files that cannot be read; they stay as they are.
    pub unreadable_runs: Vec<String>,
}

/// The document of `prune`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PruneDocument {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// The moment that ages are counted from.
    pub generated_at: Timestamp,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// What was, or would be, done.
    #[serde(flatten)]
    pub summary: PruneSummary,
}

impl PruneDocument {
    /// What a plan comes to, done or only planned.
    pub fn of(summary: PruneSummary, dry_run: bool, now: Timestamp) -> Self {
        Self { schema_version: SCHEMA_VERSION, generated_at: now, dry_run, summary }
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// A file of daily totals would have to be replaced and cannot be read.
    #[error("cannot take over the daily totals of {path}")]
    Daily {
        /// Path below the metrics folder.
        path: String,
        /// What is wrong with it.
        source: ReadDailyError,
    },
}

impl PrunePlan {
    /// Plans for the folder as it is at `now`.
    pub fn of(folder: &FolderBytes, options: PruneOptions, now: Timestamp) -> Result<Self, PruneError> {
        let mut plan = Self::default();
        let mut months: BTreeMap<String, Month> =
            folder.monthly.iter().map(|(path, bytes)| (path.clone(), Month::read(bytes))).collect();
        let mut kept = Vec::new();
        let fold_before = options.fold_after.before(now);
        let abandoned_before = options.fold_after.max(NOTHING_RUNS_LONGER).before(now);
        for (path, bytes) in &folder.runs {
            let Ok(run) = RunRecord::from_json(bytes) else {
                plan.summary.unreadable_runs.push(path.clone());
                continue;
            };
            let old = match run.event_time() {
                Some(end) => end < fold_before,
                None => run.start_time < abandoned_before,
            };
            if old {
                let date = day_of(&run);
                months.entry(format!("runs/{}.ndjson", &date_text(date)[..7])).or_default().add(run);
                plan.deletes.push(path.clone());
                plan.summary.folded += 1;
            } else {
                kept.push(run);
            }
        }
        plan.summary.kept = kept.len();
        plan.writes_for_days(folder, &months, &kept)?;

        let drop_before = options.drop_after.before(now).date();
        for (path, month) in months {
            let gone = month.newest_day().is_some_and(|day| end_of_month(day) < drop_before);
            if gone && month.unreadable == 0 {
                if folder.monthly.contains_key(&path) {
                    plan.deletes.push(path.clone());
                }
                plan.summary.dropped_months.push(path);
                continue;
            }
            if gone {
                plan.summary.unreadable_months.push(path.clone());
            }
            if folder.monthly.get(&path) != Some(&month.bytes) {
                plan.writes.push(PlannedWrite { path, bytes: month.bytes });
            }
        }
        Ok(plan)
    }

    /// Counts the days of everything in the monthly files, and writes the years whose totals change.
    fn writes_for_days(
        &mut self,
        folder: &FolderBytes,
        months: &BTreeMap<String, Month>,
        kept: &[RunRecord],
    ) -> Result<(), PruneError> {
        let folded: BTreeMap<_, &RunRecord> =
            months.values().flat_map(|month| &month.runs).map(|run| (&run.execution_id, run)).collect();
        let days: BTreeSet<Date> = folded.values().map(|run| day_of(run)).collect();
        // A day's total holds all its runs, those that keep a file of their own for now included.
        let of_those_days = kept.iter().filter(|run| run.is_closed() && !folded.contains_key(&run.execution_id));
        let counted =
            DailyTotals::of(folded.values().copied().chain(of_those_days).filter(|run| days.contains(&day_of(run))));
        for year in days.iter().map(|day| day.year()).collect::<BTreeSet<_>>() {
            let path = format!("daily/{year:04}.json");
            let known = match folder.daily.get(&path) {
                Some(bytes) => {
                    DailyTotals::from_json(bytes).map_err(|source| PruneError::Daily { path: path.clone(), source })?
                }
                None => DailyTotals::default(),
            };
            let mut merged = known.clone();
            merged.merge(counted.year(year));
            if merged != known {
                self.writes.push(PlannedWrite { path, bytes: merged.to_json() });
            }
        }
        Ok(())
    }
}

/// A monthly file: its bytes as they are, with new lines behind them.
#[derive(Default)]
struct Month {
    bytes: Vec<u8>,
    runs: Vec<RunRecord>,
    lines: BTreeSet<Vec<u8>>,
    unreadable: usize,
}

impl Month {
    fn read(bytes: &[u8]) -> Self {
        let mut month = Self { bytes: bytes.to_vec(), ..Self::default() };
        for line in bytes.split(|b| *b == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace)) {
            match RunRecord::from_json(line) {
                Ok(run) => {
                    month.lines.insert(run.to_json_line());
                    month.runs.push(run);
                }
                Err(_) => month.unreadable += 1,
            }
        }
        month
    }

    fn add(&mut self, run: RunRecord) {
        let line = run.to_json_line();
        if self.lines.insert(line.clone()) {
            if self.bytes.last().is_some_and(|last| *last != b'\n') {
                self.bytes.push(b'\n');
            }
            self.bytes.extend(line);
            self.runs.push(run);
        }
    }

    fn newest_day(&self) -> Option<Date> {
        self.runs.iter().map(day_of).max()
    }
}

/// The last day of the month that a day is in.
fn end_of_month(day: Date) -> Date {
    let last = day.month().length(day.year());
    day.replace_day(last).unwrap_or(day)
}
