//! One run of a workflow, from `start` over its stages to `finish`.

use findings_model::{Extra, SchemaVersion, Timestamp};
use serde::Serialize;

use crate::{
    error_text::tidy,
    names::{ExecutionId, StageName, StageRole, WorkflowName},
    seconds::Seconds,
    words::{FinalStatus, PublishReport, ReleaseType, RunStatus, StageStatus},
};

mod json;
#[cfg(test)]
mod tests;

pub use json::ReadRecordError;

/// The version of the documents of this crate that this program writes.
pub const SCHEMA_VERSION: SchemaVersion = SchemaVersion::new(1, 0);

/// One run: the contents of `metrics/workflow-<execution_id>.json`.
///
/// The sixteen keys of the Python system come first and keep their names. What nobody reported is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRecord {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// Which workflow ran.
    pub workflow_name: WorkflowName,
    /// The run's id, unique in the metrics folder.
    pub execution_id: ExecutionId,
    /// When the run was started.
    pub start_time: Timestamp,
    /// When the run was finished; null while it runs.
    pub end_time: Option<Timestamp>,
    /// How the run stands.
    pub status: RunStatus,
    /// From start to finish; null while it runs, and when the clock ran backwards.
    pub duration_seconds: Option<Seconds>,
    /// Whether the run was for a release.
    pub release_triggered: Option<bool>,
    /// For which kind of release.
    pub release_type: Option<ReleaseType>,
    /// How many changes of the security picture the run saw.
    pub security_changes_count: Option<u64>,
    /// Whether the project's own gates passed; null until a `quality-gates` stage ended.
    pub quality_gates_passed: Option<bool>,
    /// Whether the run published; null unless it tried. Only runs with an answer here count as publish attempts.
    pub publishing_success: Option<bool>,
    /// Why the run failed: one line, at most [`crate::ERROR_MESSAGE_LIMIT`] characters.
    pub error_message: Option<String>,
    /// The stage in which the run failed.
    pub error_stage: Option<StageName>,
    /// How long the newest `security-scan` stage took.
    pub security_scan_duration: Option<Seconds>,
    /// How long the newest `build` stage took.
    pub build_duration: Option<Seconds>,
    /// How long the newest `publish` stage took.
    pub publish_duration: Option<Seconds>,
    /// A rehearsal: part of no publish statistics.
    pub dry_run: bool,
    /// The stages in the order in which they were reported; a stage that is tried again has two entries.
    pub stages: Vec<Stage>,
    /// Keys that a newer program or somebody else put there; they survive a rewrite.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// How it stands.
    pub status: StageStatus,
    /// When it began; null if only its end was reported.
    pub start_time: Option<Timestamp>,
    /// When it ended; null while it runs.
    pub end_time: Option<Timestamp>,
    /// How long it took, from the reported times or as reported itself.
    pub duration_seconds: Option<Seconds>,
    /// Why it failed: one line, bounded as the run's.
    pub error_message: Option<String>,
    /// Keys that are not known here; they survive a rewrite.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a new run says of itself.
#[derive(Clone, Debug)]
pub struct StartReport {
    /// The run's id.
    pub id: ExecutionId,
    /// Which workflow runs.
    pub workflow: WorkflowName,
    /// Whether it is a rehearsal.
    pub dry_run: bool,
}

/// What a step says of a stage.
#[derive(Clone, Debug)]
pub struct StageReport {
    /// Which stage.
    pub name: StageName,
    /// How it stands now.
    pub status: StageStatus,
    /// How long it took, when the caller measured it; otherwise the time since it was reported as running.
    pub duration: Option<Seconds>,
    /// Why it failed, as the tool said it.
    pub error: Option<String>,
}

/// What a run says when it ends.
#[derive(Clone, Debug)]
pub struct FinishReport {
    /// How it ended.
    pub status: FinalStatus,
    /// The stage in which it failed.
    pub stage: Option<StageName>,
    /// Why it failed, as the tool said it.
    pub error: Option<String>,
    /// What kind of release it was for.
    pub release_type: Option<ReleaseType>,
    /// How many changes of the security picture it saw.
    pub security_changes: Option<u64>,
    /// What became of publishing.
    pub publish: PublishReport,
    /// How long the run took, when the caller measured it; otherwise the whole seconds since its start.
    pub duration: Option<Seconds>,
}

impl FinishReport {
    /// A report that says only how the run ended.
    pub fn new(status: FinalStatus) -> Self {
        Self {
            status,
            stage: None,
            error: None,
            release_type: None,
            security_changes: None,
            publish: PublishReport::Auto,
            duration: None,
        }
    }
}

/// Whether a report changed the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The run is finished now.
    Now,
    /// It was finished before with the same status; nothing changed.
    Before,
}

/// Why a report does not fit the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The run is over.
    #[error("run {id} is finished ({status}{}): stage {stage} comes too late", at(*.end))]
    StageAfterFinish {
        /// Which run.
        id: ExecutionId,
        /// How it ended.
        status: RunStatus,
        /// When it ended.
        end: Option<Timestamp>,
        /// The stage that was reported.
        stage: StageName,
    },
    /// The run is over, and ended otherwise than said now.
    #[error("run {id} is finished already as {status}{}; it cannot finish again as {wanted}", at(*.end))]
    FinishedOtherwise {
        /// Which run.
        id: ExecutionId,
        /// How it ended.
        status: RunStatus,
        /// When it ended.
        end: Option<Timestamp>,
        /// What was said now.
        wanted: FinalStatus,
    },
}

fn at(end: Option<Timestamp>) -> String {
    end.map(|end| format!(" at {end}")).unwrap_or_default()
}

impl RunRecord {
    /// A run that begins at `now`.
    pub fn start(report: StartReport, now: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            workflow_name: report.workflow,
            execution_id: report.id,
            start_time: now,
            end_time: None,
            status: RunStatus::Running,
            duration_seconds: None,
            release_triggered: None,
            release_type: None,
            security_changes_count: None,
            quality_gates_passed: None,
            publishing_success: None,
            error_message: None,
            error_stage: None,
            security_scan_duration: None,
            build_duration: None,
            publish_duration: None,
            dry_run: report.dry_run,
            stages: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// Takes in what a step says of a stage.
    ///
    /// The first report with an end closes the newest open stage of that name, or adds a closed one.
    pub fn report_stage(&mut self, report: StageReport, now: Timestamp) -> Result<(), ReportError> {
        if self.status != RunStatus::Running {
            return Err(ReportError::StageAfterFinish {
                id: self.execution_id.clone(),
                status: self.status,
                end: self.end_time,
                stage: report.name,
            });
        }
        let role = report.name.role();
        let open = self.stages.iter_mut().rev().find(|s| s.name == report.name && s.status == StageStatus::Running);
        if report.status == StageStatus::Running {
            if open.is_none() {
                self.stages.push(Stage {
                    name: report.name,
                    status: StageStatus::Running,
                    start_time: Some(now),
                    end_time: None,
                    duration_seconds: report.duration,
                    error_message: None,
                    extra: Extra::new(),
                });
            }
            return Ok(());
        }
        let start_time = open.as_ref().and_then(|s| s.start_time);
        let duration = report.duration.or_else(|| Seconds::between(start_time?, now));
        let error_message = report.error.as_deref().and_then(tidy);
        if let Some(stage) = open {
            (stage.status, stage.end_time, stage.duration_seconds) = (report.status, Some(now), duration);
            stage.error_message = error_message;
        } else {
            self.stages.push(Stage {
                name: report.name,
                status: report.status,
                start_time,
                end_time: Some(now),
                duration_seconds: duration,
                error_message,
                extra: Extra::new(),
            });
        }
        let ran = matches!(report.status, StageStatus::Success | StageStatus::Failed);
        match role {
            StageRole::SecurityScan if ran => self.security_scan_duration = duration,
            StageRole::Build if ran => self.build_duration = duration,
            StageRole::Publish if ran => self.publish_duration = duration,
            StageRole::QualityGates if ran => {
                self.quality_gates_passed = Some(report.status == StageStatus::Success);
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends the run at `now`. The same end reported again changes nothing.
    ///
    /// Stages that are still open become `unfinished`. A failed run without a named stage failed in its newest
    /// failed stage, or else in the newest unfinished one.
    pub fn finish(&mut self, report: FinishReport, now: Timestamp) -> Result<Finished, ReportError> {
        let status = RunStatus::from(report.status);
        if self.status != RunStatus::Running {
            return if self.status == status {
                Ok(Finished::Before)
            } else {
                Err(ReportError::FinishedOtherwise {
                    id: self.execution_id.clone(),
                    status: self.status,
                    end: self.end_time,
                    wanted: report.status,
                })
            };
        }
        (self.status, self.end_time) = (status, Some(now));
        self.duration_seconds = report.duration.or_else(|| Seconds::between(self.start_time, now));
        for stage in &mut self.stages {
            if stage.status == StageStatus::Running {
                stage.status = StageStatus::Unfinished;
            }
        }
        if let Some(kind) = report.release_type {
            self.release_type = Some(kind);
            self.release_triggered = Some(kind != ReleaseType::None);
        }
        self.security_changes_count = report.security_changes.or(self.security_changes_count);
        self.publishing_success = self.published(report.publish);
        self.error_message = report.error.as_deref().and_then(tidy);
        self.error_stage = report.stage;
        if status == RunStatus::Failed {
            if self.error_stage.is_none() {
                let newest = |status| self.stages.iter().rev().find(|s| s.status == status);
                self.error_stage =
                    newest(StageStatus::Failed).or_else(|| newest(StageStatus::Unfinished)).map(|s| s.name.clone());
            }
            if self.error_message.is_none() {
                let failed = self.stages.iter().rev().find(|s| Some(&s.name) == self.error_stage.as_ref());
                self.error_message = failed.and_then(|s| s.error_message.clone());
            }
        }
        Ok(Finished::Now)
    }

    fn published(&self, report: PublishReport) -> Option<bool> {
        match report {
            PublishReport::Success => return Some(true),
            PublishReport::Failed => return Some(false),
            PublishReport::Elsewhere => return None,
            PublishReport::Auto => {}
        }
        let tried = |s: &&Stage| s.name.role() == StageRole::Publish && s.status != StageStatus::Running;
        if let Some(stage) = self.stages.iter().rev().find(tried) {
            return match stage.status {
                StageStatus::Success => Some(true),
                StageStatus::Failed => Some(false),
                _ => None,
            };
        }
        let for_release = match self.release_type {
            Some(kind) => kind != ReleaseType::None,
            None => self.workflow_name.is_publish(),
        };
        match self.status {
            RunStatus::Success if for_release && !self.dry_run => Some(true),
            RunStatus::Failed if for_release && !self.dry_run => Some(false),
            _ => None,
        }
    }

    /// Whether the run is over.
    pub fn is_closed(&self) -> bool {
        self.status != RunStatus::Running
    }

    /// The moment that decides which window a run that is over belongs to: its end.
    ///
    /// A finished run of which no end is known (the Python system wrote such) counts from its start.
    pub fn event_time(&self) -> Option<Timestamp> {
        self.is_closed().then(|| {
            let computed = || self.duration_seconds.and_then(|d| d.after(self.start_time));
            self.end_time.or_else(computed).unwrap_or(self.start_time)
        })
    }

    /// How long the run took, as recorded or from its times.
    pub fn duration(&self) -> Option<Seconds> {
        self.duration_seconds.or_else(|| Seconds::between(self.start_time, self.end_time?))
    }
}
