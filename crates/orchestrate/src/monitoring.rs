//! Run records on disk: starting, reporting and finishing a run, reading the metrics folder, pruning it.
//!
//! Every change is made under the lock of the metrics folder and replaces one file whole, so that two steps of two
//! jobs on one machine never lose a report. Readers take no lock: see [`load_history`].

use std::path::{Path, PathBuf};

use findings_model::Timestamp;
use metrics::{
    DashboardDocument, ExecutionId, FinishReport, Finished, FolderBytes, History, HistoryReader, NameError, PruneError,
    PruneOptions, PrunePlan, PruneSummary, ReadRecordError, RenderError, ReportError, RunRecord, StageReport,
    StartReport,
};
use state_store::{DOCUMENT_LIMIT, EntryKind, StoreError, list, read, read_if_there, remove, replace};

use crate::{paths::METRICS, project::Project};

/// The most that one run's record may hold: 1 MiB. The Python system's records hold half a kilobyte.
const RECORD_LIMIT: u64 = 1024 * 1024;

/// Where the dashboard page goes unless the caller names a place.
pub const DASHBOARD_PAGE: &str = "monitoring_dashboard.html";

/// Why a run could not be started, reported on or finished.
#[derive(Debug, thiserror::Error)]
pub enum RecordRunError {
    /// The id that the caller chose is taken.
    #[error("run {id} was started before ({})", path.display())]
    Exists {
        /// The id.
        id: ExecutionId,
        /// Its file.
        path: PathBuf,
    },
    /// No run of this id has a file.
    #[error("no run {id} is recorded ({} is not there)", path.display())]
    Unknown {
        /// The id.
        id: ExecutionId,
        /// The file that it would have.
        path: PathBuf,
    },
    /// The run's file cannot be read as a record; it was left as it is.
    #[error("cannot use the record {}", path.display())]
    BadRecord {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadRecordError,
    },
    /// The run's file holds another run; it was left as it is.
    #[error("{} holds the run {found}, not {id}", path.display())]
    OtherRun {
        /// The id that was asked for.
        id: ExecutionId,
        /// The id in the file.
        found: ExecutionId,
        /// The file.
        path: PathBuf,
    },
    /// A workflow or stage has a name that cannot be recorded.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The report does not fit the run.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes the record of a run that begins at `now`.
pub fn start_run(project: &Project, report: StartReport, now: Timestamp) -> Result<RunRecord, RecordRunError> {
    let folder = project.path(METRICS);
    let _lock = project.lock(METRICS)?;
    let path = folder.join(report.id.file_name());
    if state_store::exists(&path) {
        return Err(RecordRunError::Exists { id: report.id, path: label(project, &path) });
    }
    let run = RunRecord::start(report, now);
    replace(&path, &run.to_json())?;
    Ok(run)
}

/// Adds what a step says of a stage to a run's record.
pub fn report_stage(
    project: &Project,
    id: &ExecutionId,
    report: StageReport,
    now: Timestamp,
) -> Result<RunRecord, RecordRunError> {
    change_run(project, id, |run| run.report_stage(report, now)).map(|(run, ())| run)
}

/// Ends a run's record. The same end twice is harmless, another end is an error.
pub fn finish_run(
    project: &Project,
    id: &ExecutionId,
    report: FinishReport,
    now: Timestamp,
) -> Result<(RunRecord, Finished), RecordRunError> {
    change_run(project, id, |run| run.finish(report, now))
}

fn change_run<T>(
    project: &Project,
    id: &ExecutionId,
    change: impl FnOnce(&mut RunRecord) -> Result<T, ReportError>,
) -> Result<(RunRecord, T), RecordRunError> {
    let folder = project.path(METRICS);
    let path = folder.join(id.file_name());
    let unknown = || RecordRunError::Unknown { id: id.clone(), path: label(project, &path) };
    // A lock makes the folder; a mistyped id should leave nothing behind.
    if !state_store::exists(&path) {
        return Err(unknown());
    }
    let _lock = project.lock(METRICS)?;
    let before = read_if_there(&path, RECORD_LIMIT)?.ok_or_else(unknown)?;
    let mut run = RunRecord::from_json(&before)
        .map_err(|source| RecordRunError::BadRecord { path: label(project, &path), source })?;
    if run.execution_id != *id {
        return Err(RecordRunError::OtherRun { id: id.clone(), found: run.execution_id, path: label(project, &path) });
    }
    let unchanged = run.clone();
    let outcome = change(&mut run)?;
    if run != unchanged {
        replace(&path, &run.to_json())?;
    }
    Ok((run, outcome))
}

/// Reads every run that the metrics folder knows. A file that cannot be read is named in the history, never fatal.
///
/// Runs' own files are listed and read before the monthly ones are listed: a prune writes a run into its month before it deletes the file,
/// so a run that moves meanwhile is seen in one place or both.
pub fn load_history(project: &Project) -> Result<History, StoreError> {
    let folder = project.path(METRICS);
    let mut reader = HistoryReader::new();
    for kind in Kind::IN_READING_ORDER {
        for name in files(&folder, kind)? {
            match (read_if_there(&folder.join(&name), kind.limit()), kind) {
                (Ok(None), _) => {}
                (Ok(Some(bytes)), Kind::Run) => reader.run_file(&name, &bytes),
                (Ok(Some(bytes)), Kind::Monthly) => reader.monthly_file(&name, &bytes),
                (Ok(Some(bytes)), Kind::Daily) => reader.daily_file(&name, &bytes),
                (Err(error), _) => reader.unreadable(&name, &error.kind.to_string()),
            }
        }
    }
    Ok(reader.finish())
}

/// The monitoring dashboard's data at a moment.
pub fn get_monitoring_dashboard(project: &Project, now: Timestamp) -> Result<DashboardDocument, StoreError> {
    Ok(DashboardDocument::of(&load_history(project)?, now))
}

/// Why the dashboard could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteDashboardError {
    /// The page could not be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes the dashboard: the JSON document if the file's name ends in `.json`, the page otherwise.
pub fn write_dashboard(
    project: &Project,
    path: &Path,
    dashboard: &DashboardDocument,
) -> Result<(), WriteDashboardError> {
    let json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let bytes = if json { dashboard.to_json() } else { dashboard.to_html()?.into_bytes() };
    Ok(replace(&project.path(path), &bytes)?)
}

/// Why the metrics folder could not be pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneRunsError {
    /// There is no safe plan.
    #[error("cannot prune {METRICS}/")]
    Plan(#[from] PruneError),
    /// A file could not be read, written or deleted. Nothing is lost, and pruning again goes on.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Says what [`prune`] would do, and changes nothing.
pub fn plan_prune(project: &Project, options: PruneOptions, now: Timestamp) -> Result<PrunePlan, PruneRunsError> {
    Ok(PrunePlan::of(&folder_bytes(&project.path(METRICS))?, options, now)?)
}

/// Folds old runs into monthly files and daily totals: all writes first, then all deletions.
pub fn prune(project: &Project, options: PruneOptions, now: Timestamp) -> Result<PruneSummary, PruneRunsError> {
    let folder = project.path(METRICS);
    if !state_store::exists(&folder) {
        return Ok(PruneSummary::default());
    }
    let _lock = project.lock(METRICS)?;
    let plan = PrunePlan::of(&folder_bytes(&folder)?, options, now)?;
    for write in &plan.writes {
        replace(&folder.join(&write.path), &write.bytes)?;
    }
    for path in &plan.deletes {
        remove(&folder.join(path))?;
    }
    Ok(plan.summary)
}

fn folder_bytes(folder: &Path) -> Result<FolderBytes, StoreError> {
    let mut all = FolderBytes::default();
    for name in files(folder, Kind::Run)? {
        // What is too large or no regular file stays where it is, as what is malformed does.
        let bytes = read_if_there(&folder.join(&name), RECORD_LIMIT).ok().flatten().unwrap_or_default();
        all.runs.insert(name, bytes);
    }
    for (kind, part) in [(Kind::Monthly, &mut all.monthly), (Kind::Daily, &mut all.daily)] {
        for name in files(folder, kind)? {
            let bytes = read(&folder.join(&name), kind.limit())?;
            part.insert(name, bytes);
        }
    }
    Ok(all)
}

#[derive(Clone, Copy)]
enum Kind {
    Run,
    Monthly,
    Daily,
}

impl Kind {
    const IN_READING_ORDER: [Self; 3] = [Self::Run, Self::Monthly, Self::Daily];

    fn limit(self) -> u64 {
        match self {
            Self::Run => RECORD_LIMIT,
            Self::Monthly | Self::Daily => DOCUMENT_LIMIT,
        }
    }
}

/// The files of one kind, as paths below the metrics folder. Other files in the folder are somebody else's.
fn files(folder: &Path, kind: Kind) -> Result<Vec<String>, StoreError> {
    let (below, beginning, ending) = match kind {
        Kind::Run => ("", "workflow-", ".json"),
        Kind::Monthly => ("runs/", "", ".ndjson"),
        Kind::Daily => ("daily/", "", ".json"),
    };
    let entries = list(&folder.join(below))?.into_iter();
    let ours = entries.filter(|entry| {
        let name = &entry.name;
        entry.kind != EntryKind::Folder
            && name.starts_with(beginning)
            && name.ends_with(ending)
            && !name.starts_with('.')
    });
    Ok(ours.map(|entry| format!("{below}{}", entry.name)).collect())
}

fn label(project: &Project, path: &Path) -> PathBuf {
    PathBuf::from(project.label(path))
}
