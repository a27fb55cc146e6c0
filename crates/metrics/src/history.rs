//! What a metrics folder holds, read from the bytes of its files.

use std::{cmp::Ordering, collections::BTreeMap};

use findings_model::{Timestamp, text};
use serde::Serialize;
use time::Duration;

use crate::{
    names::ExecutionId,
    record::RunRecord,
    rollup::{DailyTotals, ReadDailyError},
    words::RunStatus,
};

/// A file, or a line of one, that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// Which file; a line of a monthly file has its number behind a colon.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// Every run that is known, each once, and what could not be read.
///
/// The result does not depend on the order of the files. A run that is known from several files is one run.
#[derive(Clone, Debug, Default)]
pub struct History {
    runs: Vec<RunRecord>,
    daily: DailyTotals,
    skipped: Vec<Skipped>,
    duplicates: usize,
}

/// How long after its start a run without a finish is taken to be running: GitHub ends a job after 6 hours, a day leaves room for waits.
const ACTIVE_HOURS: i64 = 24;
/// How far ahead of `now` the start of a run in progress may be before it counts as a mistake: clocks of two machines differ.
const CLOCK_SKEW_MINUTES: i64 = 5;

impl History {
    /// Every run, by start time and then id, oldest first.
    pub fn runs(&self) -> &[RunRecord] {
        &self.runs
    }

    /// The totals per day that earlier prunes left.
    pub fn daily(&self) -> &DailyTotals {
        &self.daily
    }

    /// What could not be read, by name.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many copies of runs were set aside.
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// Runs that were started at most a day ago and have not finished.
    pub fn active(&self, now: Timestamp) -> impl Iterator<Item = &RunRecord> {
        self.unclosed().filter(move |run| !is_abandoned(run, now) && !is_beyond(run.start_time, now))
    }

    /// Runs that were started more than a day ago and never reported an end. Nobody knows how they ended.
    pub fn unfinished(&self, now: Timestamp) -> impl Iterator<Item = &RunRecord> {
        self.unclosed().filter(move |run| is_abandoned(run, now))
    }

    /// Runs that claim to have started more than five minutes after `now`, or to have ended after it. They are part of no window.
    pub fn future(&self, now: Timestamp) -> impl Iterator<Item = &RunRecord> {
        let is_future =
            move |run: &&RunRecord| is_beyond(run.start_time, now) || run.event_time().is_some_and(|end| end > now);
        self.runs.iter().filter(is_future)
    }

    fn unclosed(&self) -> impl Iterator<Item = &RunRecord> {
        self.runs.iter().filter(|run| !run.is_closed())
    }
}

/// Whether an unfinished run was started so long ago that it cannot be running any more.
pub(crate) fn is_abandoned(run: &RunRecord, now: Timestamp) -> bool {
    now.moment() - run.start_time.moment() > Duration::hours(ACTIVE_HOURS)
}

fn is_beyond(moment: Timestamp, now: Timestamp) -> bool {
    moment.moment() - now.moment() > Duration::minutes(CLOCK_SKEW_MINUTES)
}

/// Where a copy of a record was found; a file of its own goes before a line of a monthly file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Home {
    Monthly,
    OwnFile,
}

/// Takes in the files of a metrics folder one by one.
#[derive(Default)]
pub struct HistoryReader {
    runs: BTreeMap<ExecutionId, (Home, RunRecord)>,
    daily: DailyTotals,
    skipped: Vec<Skipped>,
    duplicates: usize,
}

impl HistoryReader {
    /// A reader that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one run's own file (`workflow-….json`).
    pub fn run_file(&mut self, file: &str, bytes: &[u8]) {
        match RunRecord::from_json(bytes) {
            Ok(run) => self.keep(Home::OwnFile, run),
            Err(error) => self.skip(file, &error),
        }
    }

    /// Takes a monthly file: one record a line.
    pub fn monthly_file(&mut self, file: &str, bytes: &[u8]) {
        for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match RunRecord::from_json(line) {
                Ok(run) => self.keep(Home::Monthly, run),
                Err(error) => self.skip(&format!("{file}:{}", index + 1), &error),
            }
        }
    }

    /// Takes a file of daily totals.
    pub fn daily_file(&mut self, file: &str, bytes: &[u8]) {
        let read: Result<DailyTotals, ReadDailyError> = DailyTotals::from_json(bytes);
        match read {
            Ok(totals) => self.daily.merge(totals),
            Err(error) => self.skip(file, &error),
        }
    }

    /// Notes a file whose bytes could not be had.
    pub fn unreadable(&mut self, file: &str, why: &str) {
        self.skip(file, &why);
    }

    /// What all the files say together.
    pub fn finish(mut self) -> History {
        let mut runs: Vec<RunRecord> = self.runs.into_values().map(|(_, run)| run).collect();
        runs.sort_by(|a, b| (a.start_time, &a.execution_id).cmp(&(b.start_time, &b.execution_id)));
        self.skipped.sort();
        History { runs, daily: self.daily, skipped: self.skipped, duplicates: self.duplicates }
    }

    fn keep(&mut self, home: Home, run: RunRecord) {
        match self.runs.get_mut(&run.execution_id) {
            None => {
                self.runs.insert(run.execution_id.clone(), (home, run));
            }
            Some(known) => {
                self.duplicates += 1;
                if prefer((home, &run), (known.0, &known.1)) == Ordering::Greater {
                    *known = (home, run);
                }
            }
        }
    }

    fn skip(&mut self, file: &str, why: &dyn std::fmt::Display) {
        let reason = text::shorten(&text::one_line(&why.to_string()), 300).into_owned();
        self.skipped.push(Skipped { file: text::one_line(file), reason });
    }
}

/// Of two copies of one run the finished one counts, then its own file's, then the later end; the text decides a tie.
fn prefer((home_a, a): (Home, &RunRecord), (home_b, b): (Home, &RunRecord)) -> Ordering {
    let rank = |home, run: &RunRecord| (run.status != RunStatus::Running, home, run.event_time());
    rank(home_a, a).cmp(&rank(home_b, b)).then_with(|| a.to_json_line().cmp(&b.to_json_line()))
}
