//! Run records, windows, statistics, trends and the dashboard.
//!
//! Values and bytes come in, values and bytes go out: no file is opened and no clock is read here.
//!
//! - [`RunRecord`] is one run; `start`, `stage` and `finish` are its reports.
//! - [`HistoryReader`] takes the files of a metrics folder and gives a [`History`]: each run once, and what could not be read.
//! - [`StatsDocument`], [`HealthDocument`] and [`DashboardDocument`] are what is said about a history at a moment.
//! - [`PrunePlan`] folds old runs together.
//!
//! # Rules of the numbers
//!
//! Windows are half open, `(now − d, now]`, exact to the second; a run belongs to the window that its end is in.
//! A number that nothing supports is null with a reason, never 0 and never good. Rates are counted in whole numbers
//! and compared as such. An attempt to publish is a finished run with an answer in `publishing_success`;
//! rehearsals, cancelled runs and runs without a release are none, and are counted beside the rate.

mod dashboard;
mod document;
mod error_text;
mod health;
mod history;
mod list;
pub mod markdown;
mod measure;
mod names;
mod page;
pub mod plain;
mod prune;
mod publish;
mod record;
mod rollup;
mod scans;
mod seconds;
mod stats;
mod svg;
#[cfg(test)]
mod tests;
mod trend;
mod window;
mod words;

pub use dashboard::{DashboardDocument, DayBar, MonthRow, RECENT_RUNS, RunTime, TwoWindows};
pub use error_text::ERROR_MESSAGE_LIMIT;
pub use health::{HealthDocument, HealthStatus};
pub use history::{History, HistoryReader, Skipped};
pub use list::{ListDocument, ListFilter};
pub use measure::{DurationSummary, Measured, NoValue, Rate};
pub use names::{ExecutionId, NameError, StageName, StageRole, WorkflowName};
pub use page::RenderError;
pub use prune::{FolderBytes, PlannedWrite, PruneDocument, PruneError, PruneOptions, PrunePlan, PruneSummary};
pub use publish::{MIN_ATTEMPTS, MIN_ATTEMPTS_ONE_DAY, NoAttempt, NotAttempts, PublishOutcome, PublishingStats};
pub use record::{
    FinishReport, Finished, ReadRecordError, ReportError, RunRecord, SCHEMA_VERSION, Stage, StageReport, StartReport,
};
pub use rollup::{DailyTotals, DayTotals, ReadDailyError};
pub use scans::{ScanOutcome, ScanStats};
pub use seconds::Seconds;
pub use stats::{DURATION_TARGET, DataQuality, ExecutionTime, RunCounts, StatsDocument, WorkflowStats};
pub use trend::{Direction, SuccessTrend};
pub use window::{Days, DaysError, Window};
pub use words::{FinalStatus, PublishReport, ReleaseType, RunStatus, StageStatus, WordError};
