//! The document of `dashboard`, which the page is drawn from.

use findings_model::{SchemaVersion, Timestamp, date_text};
use serde::Serialize;

use crate::{
    document,
    health::{HealthDocument, HealthStatus},
    history::{History, is_abandoned},
    measure::{DurationSummary, Measured},
    names::{ExecutionId, WorkflowName},
    publish::PublishingStats,
    record::{RunRecord, SCHEMA_VERSION},
    rollup::{DailyTotals, DayTotals},
    scans::ScanStats,
    seconds::Seconds,
    stats::{DataQuality, ExecutionTime, RunCounts, StatsDocument, WorkflowStats},
    trend::SuccessTrend,
    window::Days,
    words::RunStatus,
};

/// Runs in `recent_workflows`.
pub const RECENT_RUNS: usize = 10;
/// Days in `days`.
const SHOWN_DAYS: i64 = 30;
/// Months in `months`.
const SHOWN_MONTHS: usize = 12;
/// Runs in `run_times`.
const SHOWN_RUN_TIMES: usize = 30;

/// The document of `dashboard`. The six keys of the Python system come first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DashboardDocument {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// The moment that all windows end at.
    pub generated_at: Timestamp,
    /// Publish attempts of two windows.
    pub publishing_stats: TwoWindows,
    /// The newest runs by start, newest first, at most ten.
    pub recent_workflows: Vec<RunRecord>,
    /// The last seven days beside the seven before.
    pub success_trend: SuccessTrend,
    /// Runs that are running now.
    pub active_workflows: usize,
    /// One word for the publish attempts of the last seven days.
    pub health_status: HealthStatus,
    /// Why it is that word.
    pub health_reason: String,
    /// How many of the newest attempts of all time failed in a row.
    pub consecutive_failures: Measured<usize>,
    /// Finished runs of the last thirty days.
    pub runs: RunCounts,
    /// Lengths of the successful runs of the last thirty days.
    pub execution_time: ExecutionTime,
    /// Lengths of the failed runs of the last thirty days.
    pub failed_execution_time: DurationSummary,
    /// Each workflow's last thirty days.
    pub workflows: Vec<WorkflowStats>,
    /// Scans of the last thirty days.
    pub scans: ScanStats,
    /// The last thirty days (UTC) one by one, oldest first; days without runs are there too.
    pub days: Vec<DayBar>,
    /// The newest successful runs whose length is known, oldest first, at most thirty.
    pub run_times: Vec<RunTime>,
    /// The newest months in which anything ran, newest first, at most twelve.
    pub months: Vec<MonthRow>,
    /// What could not be used, and what looks wrong.
    pub data_quality: DataQuality,
}

/// The two windows that the Python system showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TwoWindows {
    /// The last week.
    pub last_7_days: PublishingStats,
    /// The last thirty days.
    pub last_30_days: PublishingStats,
}

/// The runs that ended on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayBar {
    /// The day (UTC), as `2026-01-05`.
    pub date: String,
    /// Runs that ended well.
    pub success: u64,
    /// Runs that ended with an error.
    pub failed: u64,
    /// Runs that were stopped, or never reported an end.
    pub other: u64,
}

/// How long one run took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunTime {
    /// Which run.
    pub execution_id: ExecutionId,
    /// Which workflow.
    pub workflow_name: WorkflowName,
    /// When it ended.
    pub end_time: Timestamp,
    /// How long it took, in seconds.
    pub duration_seconds: Seconds,
}

/// What happened in one month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthRow {
    /// The month, as `2026-01`.
    pub month: String,
    /// Its days together.
    #[serde(flatten)]
    pub totals: DayTotals,
}

impl DashboardDocument {
    /// The document at `now`.
    pub fn of(history: &History, now: Timestamp) -> Self {
        let month = StatsDocument::of(history, Days::MONTH, now);
        let week = StatsDocument::of(history, Days::WEEK, now);
        let health = HealthDocument::of(history, Days::WEEK, now);
        let past = || history.runs().iter().filter(|run| run.event_time().unwrap_or(run.start_time) <= now);
        let mut daily = history.daily().clone();
        daily.merge(DailyTotals::of(past().filter(|run| run.is_closed() || is_abandoned(run, now))));
        Self {
            schema_version: SCHEMA_VERSION,
            generated_at: now,
            publishing_stats: TwoWindows { last_7_days: week.publishing, last_30_days: month.publishing },
            recent_workflows: past().rev().take(RECENT_RUNS).cloned().collect(),
            success_trend: SuccessTrend::of(history, now),
            active_workflows: health.active_workflows,
            health_status: health.health_status,
            health_reason: health.reason,
            consecutive_failures: month.consecutive_failures,
            runs: month.runs,
            execution_time: month.execution_time,
            failed_execution_time: month.failed_execution_time,
            workflows: month.workflows,
            scans: month.scans,
            days: days(&daily, now),
            run_times: run_times(past()),
            months: months(&daily),
            data_quality: month.data_quality,
        }
    }

    /// The document as it is printed.
    pub fn to_json(&self) -> Vec<u8> {
        document::to_json(self)
    }

    /// Whether these bytes are a dashboard, as its page or its document, of this program.
    pub fn is_one(bytes: &[u8]) -> bool {
        if let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) {
            return document.get("publishing_stats").is_some() && document.get("schema_version").is_some();
        }
        String::from_utf8_lossy(bytes).contains("<h1>Release runs</h1>")
    }
}

fn days(daily: &DailyTotals, now: Timestamp) -> Vec<DayBar> {
    let date = |back: i64| now.date().checked_sub(time::Duration::days(back));
    let bar = |date: time::Date| {
        let none = DayTotals::default();
        let totals = daily.days().get(&date).unwrap_or(&none);
        let other = totals.cancelled + totals.unfinished;
        DayBar { date: date_text(date), success: totals.success, failed: totals.failed, other }
    };
    (0..SHOWN_DAYS).rev().filter_map(date).map(bar).collect()
}

fn run_times<'a>(runs: impl Iterator<Item = &'a RunRecord>) -> Vec<RunTime> {
    let time = |run: &RunRecord| {
        Some(RunTime {
            execution_id: run.execution_id.clone(),
            workflow_name: run.workflow_name.clone(),
            end_time: run.event_time()?,
            duration_seconds: run.duration()?,
        })
    };
    let mut times: Vec<RunTime> = runs.filter(|run| run.status == RunStatus::Success).filter_map(time).collect();
    times.sort_by(|a, b| (a.end_time, &a.execution_id).cmp(&(b.end_time, &b.execution_id)));
    times.split_off(times.len().saturating_sub(SHOWN_RUN_TIMES))
}

fn months(daily: &DailyTotals) -> Vec<MonthRow> {
    let row =
        |((year, month), totals): ((i32, u8), DayTotals)| MonthRow { month: format!("{year:04}-{month:02}"), totals };
    daily.by_month().into_iter().rev().take(SHOWN_MONTHS).map(row).collect()
}
