//! The two workflows: all steps but the publish, in one process.

use std::{collections::BTreeMap, error::Error, time::Duration};

use findings_model::{SchemaVersion, Timestamp};
use metrics::{
    ExecutionId, FinalStatus, FinishReport, PublishReport, ReleaseType, Seconds, StageName, StageReport, StageStatus,
    StartReport, WorkflowName,
};
use release_decision::{Decision, TriggerType};
use serde::Serialize;

use crate::{
    decision::{self, DecisionError, DecisionRequest},
    findings::{self, FindingsError, FindingsReport, FindingsRequest, SyncResults},
    monitoring::{self, RecordRunError},
    project::Project,
    status::{self, StatusError, StatusRequest},
};

/// The name under which security-driven runs are recorded.
pub const SECURITY_WORKFLOW: &str = "security-driven-release";
/// The name under which manual runs are recorded.
pub const MANUAL_WORKFLOW: &str = "manual-release";

/// How a run knows its id and the time.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The moment of the run; every document of the run carries it.
    pub now: Timestamp,
    /// When what this run is a part of began, such as the job before it; none where it is all that there is. Its record begins then.
    pub began: Option<Timestamp>,
    /// Chance, for an id that no other run has.
    pub nonce: [u8; 16],
    /// How long the run has taken so far.
    pub elapsed: &'a dyn Fn() -> Duration,
}

/// What a workflow did: the document that the orchestrator prints.
#[derive(Debug, Serialize)]
pub struct WorkflowReport {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// Whether every step did its work and no required scan failed or is missing.
    pub success: bool,
    /// The run's id in the metrics.
    pub execution_id: ExecutionId,
    /// What changed in the plan file; null for a manual run.
    pub sync_results: Option<SyncResults>,
    /// How many changes there are.
    pub security_changes: usize,
    /// The decision.
    pub release_decision: Decision,
    /// Whether the status was written; null if nobody asked.
    pub status_updated: Option<bool>,
    /// The outputs of the step, all values text.
    pub workflow_outputs: BTreeMap<String, String>,
    /// When the run began.
    pub timestamp: Timestamp,
    /// What the scans covered; empty for a manual run.
    pub scans: Vec<findings_model::ScanSummary>,
    /// What could not be used and did no harm, a line each.
    pub warnings: Vec<String>,
    /// Why the run has no record, or none of its end.
    #[serde(skip)]
    pub unrecorded: Option<RecordRunError>,
}

/// Why a workflow did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The findings could not be updated.
    #[error("the findings were not updated")]
    Findings(#[source] FindingsError),
    /// No decision was made.
    #[error("no decision was made")]
    Decision(#[source] DecisionError),
    /// The status was not written.
    #[error("the status was not updated")]
    Status(#[source] StatusError),
    /// The run was not recorded.
    #[error("the run was not recorded")]
    Record(#[source] RecordRunError),
}

impl WorkflowError {
    /// The stage that failed, and why; none where no stage did.
    fn stage(&self) -> Option<(&'static str, &dyn Error)> {
        match self {
            Self::Findings(cause) => Some(("security-scan", cause)),
            Self::Decision(cause) => Some(("decision", cause)),
            Self::Status(cause) => Some(("status-update", cause)),
            Self::Record(_) => None,
        }
    }
}

/// Reads the reports, updates findings, decides, updates the status, records the run. Publishes nothing.
///
/// It runs to its end: when a scanner failed, the status and the metrics are written all the same, and `success` is false. A run that
/// cannot be recorded does its work too, and says so at its end.
pub fn execute_security_driven_workflow(
    project: &Project,
    findings: &FindingsRequest,
    decision: &DecisionRequest,
    status: &StatusRequest,
    run: Run<'_>,
) -> Result<WorkflowReport, WorkflowError> {
    let recorder = Recorder::start(project, SECURITY_WORKFLOW, run)?;
    let decided = recorder
        .judged_stage("security-scan", || findings::update_findings(project, findings), scan_end)
        .map_err(WorkflowError::Findings)
        .and_then(|taken| {
            let made = recorder.stage("decision", || decision::decide(project, decision));
            Ok((taken, made.map_err(WorkflowError::Decision)?))
        });
    let published = recorder.stage("status-update", || status::update_status(project, status));
    let published = published.map_err(WorkflowError::Status);
    let failure = decided.as_ref().err().or(published.as_ref().err());
    let done = decided.as_ref().ok();
    let incomplete = done.and_then(|(taken, _)| incomplete_words(taken));
    let id = recorder.id.clone();
    let unrecorded = recorder.finish(failure, incomplete.as_deref(), done.map(|(_, made)| made)).err();

    let (taken, made) = decided?;
    published?;
    Ok(report((id, run.now), made, Some(taken), Some(true), unrecorded))
}

/// Decides for a release that a person asked for and updates the status; needs no scan. Publishes nothing.
pub fn execute_manual_release_workflow(
    project: &Project,
    decision: &DecisionRequest,
    status: Option<&StatusRequest>,
    run: Run<'_>,
) -> Result<WorkflowReport, WorkflowError> {
    let recorder = Recorder::start(project, MANUAL_WORKFLOW, run)?;
    let decided = recorder.stage("decision", || decision::decide(project, decision)).map_err(WorkflowError::Decision);
    let published = status.map(|status| recorder.stage("status-update", || status::update_status(project, status)));
    let published = published.transpose().map_err(WorkflowError::Status);
    let failure = decided.as_ref().err().or(published.as_ref().err());
    let id = recorder.id.clone();
    let unrecorded = recorder.finish(failure, None, decided.as_ref().ok()).err();

    let made = decided?;
    let written = published?.map(|_| true);
    Ok(report((id, run.now), made, None, written, unrecorded))
}

fn report(
    (execution_id, timestamp): (ExecutionId, Timestamp),
    made: Decision,
    taken: Option<FindingsReport>,
    status_updated: Option<bool>,
    unrecorded: Option<RecordRunError>,
) -> WorkflowReport {
    let mut outputs: BTreeMap<String, String> =
        made.outputs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let sync = taken.as_ref().map(|t| t.sync_results);
    let summary = sync.as_ref().and_then(|sync| serde_json::to_string(sync).ok()).unwrap_or_else(|| "{}".to_owned());
    outputs.insert("sync_summary".to_owned(), summary);
    WorkflowReport {
        schema_version: SchemaVersion::new(1, 0),
        success: unrecorded.is_none() && !taken.as_ref().is_some_and(|t| t.required_incomplete),
        execution_id,
        sync_results: sync,
        security_changes: made.security_changes_count,
        status_updated,
        workflow_outputs: outputs,
        timestamp,
        scans: taken.as_ref().map(|t| t.scans.clone()).unwrap_or_default(),
        warnings: taken.map(|t| t.warnings).unwrap_or_default(),
        release_decision: made,
        unrecorded,
    }
}

/// How the scan ended. Without any report nothing was scanned, and unless a scanner is required nothing failed either.
fn scan_end(report: &FindingsReport) -> StageEnd {
    match incomplete_words(report) {
        Some(words) => StageEnd::Fault(words),
        None if report.scans.is_empty() => StageEnd::Skipped,
        None => StageEnd::Done,
    }
}

/// How a stage ended that ended without an error.
enum StageEnd {
    Done,
    /// There was nothing to do it with.
    Skipped,
    /// Not as it should, and why.
    Fault(String),
}

/// What the required scanners that failed or are missing say; none if all did their work.
fn incomplete_words(report: &FindingsReport) -> Option<String> {
    let failed = report.scans.iter().filter(|s| !s.coverage.is_usable());
    let words: Vec<String> =
        failed.map(|s| format!("{} is {}: {}", s.scanner, s.coverage.as_str(), s.reasons.join("; "))).collect();
    report.required_incomplete.then(|| words.join(" | "))
}

/// Keeps a run's record while its steps run.
struct Recorder<'a> {
    project: &'a Project,
    id: ExecutionId,
    run: Run<'a>,
    /// Why there is no record to keep.
    unstarted: Option<RecordRunError>,
}

impl<'a> Recorder<'a> {
    fn start(project: &'a Project, workflow: &str, run: Run<'a>) -> Result<Self, WorkflowError> {
        let name = WorkflowName::parse(workflow).map_err(|e| WorkflowError::Record(e.into()))?;
        let id = ExecutionId::generate(&name, run.now, run.nonce);
        let report = StartReport { id: id.clone(), workflow: name, dry_run: false };
        let unstarted = monitoring::start_run(project, report, run.began.unwrap_or(run.now)).err();
        Ok(Self { project, id, run, unstarted })
    }

    fn time(&self) -> Timestamp {
        let passed = time::Duration::try_from((self.run.elapsed)()).unwrap_or(time::Duration::MAX);
        Timestamp::new(self.run.now.moment().saturating_add(passed))
    }

    /// Runs a step and records how long it took. A step that cannot be recorded is said in the log; the step itself counts.
    fn stage<T, E: Error>(&self, name: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.judged_stage(name, step, |_| StageEnd::Done)
    }

    /// As [`Self::stage`], for a step that may end without an error and yet not as it should, as `end` says.
    fn judged_stage<T, E: Error>(
        &self,
        name: &str,
        step: impl FnOnce() -> Result<T, E>,
        end: impl Fn(&T) -> StageEnd,
    ) -> Result<T, E> {
        let before = (self.run.elapsed)();
        let outcome = step();
        if self.unstarted.is_some() {
            return outcome;
        }
        let duration = (self.run.elapsed)().saturating_sub(before);
        let (status, error) = match outcome.as_ref().map(end) {
            Ok(StageEnd::Done) => (StageStatus::Success, None),
            Ok(StageEnd::Skipped) => (StageStatus::Skipped, None),
            Ok(StageEnd::Fault(why)) => (StageStatus::Failed, Some(why)),
            Err(error) => (StageStatus::Failed, Some(crate::causes(error))),
        };
        let report =
            StageName::parse(name).map(|name| StageReport { name, status, duration: Some(seconds(duration)), error });
        let recorded = report
            .map_err(RecordRunError::from)
            .and_then(|r| monitoring::report_stage(self.project, &self.id, r, self.time()));
        if let Err(error) = recorded {
            tracing::warn!("stage {name} of run {} was not recorded: {}", self.id, crate::causes(&error));
        }
        outcome
    }

    fn finish(
        self,
        failure: Option<&WorkflowError>,
        incomplete: Option<&str>,
        made: Option<&Decision>,
    ) -> Result<(), RecordRunError> {
        if let Some(error) = self.unstarted {
            return Err(error);
        }
        let mut report = FinishReport::new(match (failure, incomplete) {
            (None, None) => FinalStatus::Success,
            _ => FinalStatus::Failed,
        });
        if let Some((stage, cause)) = failure.and_then(WorkflowError::stage) {
            report.stage = StageName::parse(stage).ok();
            report.error = Some(crate::causes(cause));
        } else if let Some(words) = incomplete {
            report.stage = StageName::parse("security-scan").ok();
            report.error = Some(words.to_owned());
        }
        report.release_type = made.map(|d| match d.trigger_type {
            TriggerType::SecurityAuto => ReleaseType::SecurityAuto,
            TriggerType::Manual => ReleaseType::Manual,
            TriggerType::None => ReleaseType::None,
        });
        report.security_changes = made.map(|d| d.security_changes_count as u64);
        report.publish = PublishReport::Elsewhere;
        // What went before is known to the second, as the record's own times are.
        report.duration = match self.run.began {
            Some(began) => Seconds::between(began, self.time()),
            None => Some(seconds((self.run.elapsed)())),
        };
        monitoring::finish_run(self.project, &self.id, report, self.time()).map(drop)
    }
}

fn seconds(duration: Duration) -> Seconds {
    Seconds::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
