//! The statistics of one window: the document of `stats`.

use std::collections::BTreeMap;

use findings_model::{SchemaVersion, Timestamp};
use serde::Serialize;

use crate::{
    document,
    history::{History, Skipped},
    measure::{DurationSummary, Measured, NoValue},
    names::{ExecutionId, WorkflowName},
    publish::{PublishingStats, consecutive_failures},
    record::{RunRecord, SCHEMA_VERSION},
    scans::ScanStats,
    seconds::Seconds,
    window::{Days, Window},
    words::RunStatus,
};

/// How long a workflow may take: five minutes, in seconds (the target of the operations documents).
pub const DURATION_TARGET: u64 = 300;

/// The document of `stats`: what happened in the last so many days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatsDocument {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// The moment that the window ends at.
    pub generated_at: Timestamp,
    /// The window.
    pub window: Window,
    /// The publish attempts; their keys stand at the top level as the Python system's did.
    #[serde(flatten)]
    pub publishing: PublishingStats,
    /// How many of the newest attempts of all time failed in a row.
    pub consecutive_failures: Measured<usize>,
    /// Runs by how they ended.
    pub runs: RunCounts,
    /// Lengths of the successful runs.
    pub execution_time: ExecutionTime,
    /// Lengths of the failed runs.
    pub failed_execution_time: DurationSummary,
    /// Each workflow by itself.
    pub workflows: Vec<WorkflowStats>,
    /// The scans.
    pub scans: ScanStats,
    /// What could not be used, and what looks wrong.
    pub data_quality: DataQuality,
}

/// Finished runs of a window by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunCounts {
    /// All of them.
    pub total: usize,
    /// All well.
    pub success: usize,
    /// With an error.
    pub failed: usize,
    /// Stopped from outside.
    pub cancelled: usize,
}

/// How long successful runs took, against the target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExecutionTime {
    /// The lengths, in seconds.
    #[serde(flatten)]
    pub summary: DurationSummary,
    /// The target for the mean, in seconds.
    pub target_seconds: u64,
    /// Whether the mean is within the target; null without a mean.
    pub within_target: Option<bool>,
}

/// One workflow's runs of a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkflowStats {
    /// Which workflow.
    pub workflow_name: WorkflowName,
    /// Its runs by how they ended.
    pub runs: RunCounts,
    /// Lengths of its successful runs.
    pub execution_time: DurationSummary,
    /// When its newest run of the window ended.
    pub last_run: Option<Timestamp>,
}

/// What could not be used, and what looks wrong. Nothing of it is part of a rate or a time; runs that never reported an end are counted
/// by day and month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataQuality {
    /// Runs that were read.
    pub runs: usize,
    /// Copies of runs that were set aside.
    pub duplicates: usize,
    /// Files and lines that could not be read.
    pub skipped: Vec<Skipped>,
    /// Runs that claim to be from the future.
    pub future: Vec<ExecutionId>,
    /// Runs that never reported an end.
    pub unfinished: Vec<ExecutionId>,
}

impl StatsDocument {
    /// The statistics of the last so many days.
    pub fn of(history: &History, days: Days, now: Timestamp) -> Self {
        let window = Window::last(days, now);
        let ended: Vec<&RunRecord> = in_window(history, window).collect();
        Self {
            schema_version: SCHEMA_VERSION,
            generated_at: now,
            window,
            publishing: PublishingStats::of(ended.iter().copied(), window),
            consecutive_failures: consecutive_failures(history.runs(), now),
            runs: RunCounts::of(ended.iter().copied()),
            execution_time: ExecutionTime::of(ended.iter().copied()),
            failed_execution_time: DurationSummary::of(lengths(ended.iter().copied(), RunStatus::Failed)),
            workflows: workflows(&ended),
            scans: ScanStats::of(history.runs(), window),
            data_quality: DataQuality::of(history, now),
        }
    }

    /// The document as it is printed.
    pub fn to_json(&self) -> Vec<u8> {
        document::to_json(self)
    }
}

/// The finished runs whose end is in a window.
pub(crate) fn in_window(history: &History, window: Window) -> impl Iterator<Item = &RunRecord> {
    history.runs().iter().filter(move |run| run.event_time().is_some_and(|end| window.contains(end)))
}

fn lengths<'a>(runs: impl Iterator<Item = &'a RunRecord>, status: RunStatus) -> impl Iterator<Item = Seconds> {
    runs.filter(move |run| run.status == status).filter_map(RunRecord::duration)
}

fn workflows(ended: &[&RunRecord]) -> Vec<WorkflowStats> {
    let mut by_name: BTreeMap<&WorkflowName, Vec<&RunRecord>> = BTreeMap::new();
    for run in ended {
        by_name.entry(&run.workflow_name).or_default().push(run);
    }
    let one = |(name, runs): (&WorkflowName, Vec<&RunRecord>)| WorkflowStats {
        workflow_name: name.clone(),
        runs: RunCounts::of(runs.iter().copied()),
        execution_time: DurationSummary::of(lengths(runs.iter().copied(), RunStatus::Success)),
        last_run: runs.iter().filter_map(|run| run.event_time()).max(),
    };
    by_name.into_iter().map(one).collect()
}

impl RunCounts {
    fn of<'a>(runs: impl Iterator<Item = &'a RunRecord>) -> Self {
        let mut counts = Self::default();
        for run in runs {
            match run.status {
                RunStatus::Running => continue,
                RunStatus::Success => counts.success += 1,
                RunStatus::Failed => counts.failed += 1,
                RunStatus::Cancelled => counts.cancelled += 1,
            }
            counts.total += 1;
        }
        counts
    }
}

impl ExecutionTime {
    fn of<'a>(runs: impl Iterator<Item = &'a RunRecord>) -> Self {
        let summary = DurationSummary::of(lengths(runs, RunStatus::Success));
        let within_target = summary.mean.value.map(|mean| mean.millis() <= DURATION_TARGET * 1000);
        Self { summary, target_seconds: DURATION_TARGET, within_target }
    }

    /// Why [`ExecutionTime::within_target`] is null.
    pub fn reason(&self) -> Option<NoValue> {
        self.summary.mean.reason
    }
}

impl DataQuality {
    /// What is wrong with a history.
    pub fn of(history: &History, now: Timestamp) -> Self {
        let ids = |runs: &mut dyn Iterator<Item = &RunRecord>| runs.map(|run| run.execution_id.clone()).collect();
        Self {
            runs: history.runs().len(),
            duplicates: history.duplicates(),
            skipped: history.skipped().to_vec(),
            future: ids(&mut history.future(now)),
            unfinished: ids(&mut history.unfinished(now)),
        }
    }
}
