//! The step that records a release: a verified receipt moves the baseline.

use std::path::Path;

use findings_model::{PackageName, Timestamp};
use git_command::Repository;
use release_decision::{Adopt, Baseline, Pattern, Publication, RecordError, Version};

use crate::{
    documents::{self, DocumentError, Wanted},
    kept, paths,
    project::Project,
};

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct RecordRequest<'a> {
    /// The project's name.
    pub project: PackageName,
    /// The receipt that the publish left.
    pub receipt: &'a Path,
    /// Whether a receipt without a decision takes today's findings as released.
    pub adopt_current: bool,
    /// The commit that the release was built from; none to take the one that its tag is at.
    pub commit: Option<String>,
    /// How the tag of a release is spelled.
    pub tag: &'a Pattern,
    /// The time of the run.
    pub now: Timestamp,
}

/// What became of a receipt.
#[derive(Debug)]
pub struct Recorded {
    /// The baseline now.
    pub baseline: Baseline,
    /// Whether the receipt changed it; one that was recorded before, or of an older release without a decision, does not.
    pub moved: bool,
    /// What the baseline's findings are after a receipt like this one.
    pub findings: RecordedFindings,
}

/// Which findings a recorded release took into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedFindings {
    /// Those that its decision was made on.
    Decided,
    /// Today's, as a person said.
    Adopted,
    /// None: the baseline's stay, and what is pending stays pending.
    Unchanged,
}

/// Why a release was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordReleaseError {
    /// A document of ours is unusable.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The receipt is of another project.
    #[error("the receipt is of {receipt:?}, not of {project}")]
    OtherProject {
        /// The receipt's project.
        receipt: String,
        /// This project.
        project: PackageName,
    },
    /// The receipt does not prove it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Moves the baseline to what the published decision was made on. Recording the same receipt again changes nothing.
pub fn record_release(project: &Project, request: &RecordRequest<'_>) -> Result<Recorded, RecordReleaseError> {
    let receipt = documents::receipt(project, request.receipt)?;
    if PackageName::parse(&receipt.project).ok().as_ref() != Some(&request.project) {
        return Err(RecordReleaseError::OtherProject { receipt: receipt.project, project: request.project.clone() });
    }
    let _held = project.lock(paths::FINDINGS).map_err(DocumentError::from)?;
    let known = documents::baseline(project)?;
    let recorded = known.as_ref().and_then(|known| known.decision_id.as_deref());
    let decision = match receipt.decision_id.as_deref() {
        Some(id) if recorded != Some(id) => documents::decision_of_publish(project, request.receipt, Wanted::Id(id))?,
        _ => None,
    };
    // All of them are judged before anything is written.
    let kept = kept::all(project)?;
    let current = if request.adopt_current {
        Some(documents::ledger_or_empty(project, &request.project, request.now)?.finding_set())
    } else {
        None
    };
    let baseline = release_decision::record_release(Publication {
        receipt: &receipt,
        decision: decision.as_ref(),
        baseline: known,
        adopt: current.as_ref().map_or(Adopt::Nothing, Adopt::Current),
        commit: request.commit.clone().or_else(|| tagged(project, request.tag, &receipt.version)),
    })?;
    let moved = project.write(paths::BASELINE, baseline.to_json().as_bytes()).map_err(DocumentError::from)?;
    kept.forget(project, &baseline).map_err(DocumentError::from)?;
    let findings = match (&receipt.decision_id, request.adopt_current) {
        (Some(_), _) => RecordedFindings::Decided,
        (None, true) => RecordedFindings::Adopted,
        (None, false) => RecordedFindings::Unchanged,
    };
    Ok(Recorded { baseline, moved, findings })
}

/// The commit of a release's tag; none where there is no such tag here. What the tag is at was built, not what a run began with.
fn tagged(project: &Project, tag: &Pattern, version: &str) -> Option<String> {
    let version = version.parse::<Version>().ok()?;
    let commit = Repository::find(project.root()).and_then(|repository| repository.tagged(&tag.with(&version)));
    match commit {
        Ok(commit) => commit.map(|commit| commit.as_str().to_owned()),
        Err(error) => {
            tracing::debug!("the commit of {version} is not recorded: {}", crate::causes(&error));
            None
        }
    }
}
