//! The step that decides whether a release is due.

use std::path::Path;

use change_detect::ChangeSet;
use findings_model::{FindingSet, PackageName, Timestamp};
use release_decision::{
    Baseline, CurrentVersion, DecideError, Decision, FirstScanRule, IndexVersions, NotesOptions, Policy, Request,
    StoredDecision, Version, Versions,
};

use crate::{
    changes,
    documents::{self, DocumentError},
    findings::Writing,
    paths,
    project::Project,
};

/// What a decision is made with.
#[derive(Debug, Clone)]
pub struct DecisionRequest {
    /// The project's name.
    pub project: PackageName,
    /// What releases.
    pub policy: Policy,
    /// Who asks, and with which words.
    pub request: Request,
    /// The project's version; none where it is not written down.
    pub current_version: Option<CurrentVersion>,
    /// What the index has; none where it is not known.
    pub index: Option<IndexVersions>,
    /// Whether documents are written.
    pub writing: Writing,
    /// The time of the run.
    pub now: Timestamp,
}

/// Why no decision was made.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// A document of ours is unusable.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The decision itself failed.
    #[error(transparent)]
    Decide(#[from] DecideError),
}

/// Decides on what changed since the released baseline, and keeps the decision with the findings it was made on.
///
/// The first usable scan of each scanner becomes part of the baseline here.
pub fn decide(project: &Project, request: &DecisionRequest) -> Result<Decision, DecisionError> {
    let _held = hold(project, request.writing)?;
    // A decision of a newer program, or a damaged one, is not replaced.
    let last = documents::decision(project)?;
    let current = documents::ledger_or_empty(project, &request.project, request.now)?.finding_set();
    let known = documents::baseline(project)?;
    // Without the baseline everything would look like a first scan, and what is due would be swallowed.
    if known.is_none() && last.is_some_and(|last| last.decision.compared_with.is_some()) {
        return Err(DocumentError::BaselineLost.into());
    }
    let baseline = known.clone().map(|baseline| baseline.merge_first_scans(&current));
    let changes = changes::against_baseline(project, baseline.as_ref(), &current);
    let released = baseline.as_ref().and_then(|b| b.version.clone());
    let decision = decide_on(&changes, request, released)?;
    tracing::info!("decided {}: {}", decision.trigger_type.as_str(), decision.justification);
    for reason in &decision.reasons {
        tracing::debug!("{:?}: {}", reason.finding_id, reason.text);
    }
    if request.writing == Writing::Write {
        write(project, request, known.as_ref(), baseline, &current, &decision)?;
    }
    Ok(decision)
}

/// Decides on a document of changes and the policy alone. Nothing is read beside it, nothing is written.
pub fn decide_on_changes(changes: &ChangeSet, request: &DecisionRequest) -> Result<Decision, DecisionError> {
    decide_on(changes, request, None)
}

fn decide_on(
    changes: &ChangeSet,
    request: &DecisionRequest,
    released: Option<Version>,
) -> Result<Decision, DecisionError> {
    let versions =
        Versions { current: request.current_version.clone(), index: request.index.clone(), released, given: None };
    Ok(release_decision::decide(changes, &request.request, &request.policy, &versions, request.now)?)
}

fn hold(project: &Project, writing: Writing) -> Result<Option<state_store::Lock>, DocumentError> {
    match writing {
        Writing::Write => Ok(Some(state_store::lock(&project.path(paths::FINDINGS))?)),
        Writing::DryRun => Ok(None),
    }
}

fn write(
    project: &Project,
    request: &DecisionRequest,
    known: Option<&Baseline>,
    merged: Option<Baseline>,
    current: &FindingSet,
    decision: &Decision,
) -> Result<(), DocumentError> {
    // The decision goes first: a baseline without it would hide the first scan from a rerun after a crash, a decision without
    // a baseline is only made again.
    let stored = StoredDecision::new(decision.clone(), Some(current));
    project.write(paths::DECISION, stored.to_json().as_bytes())?;
    let any_usable_scan = current.scanners.values().any(|s| s.first_usable.is_some());
    let baseline = match merged {
        Some(baseline) => Some(baseline),
        None if request.policy.first_scan == FirstScanRule::Record && any_usable_scan => {
            Some(Baseline::first(current, request.now))
        }
        None => None,
    };
    if let Some(baseline) = baseline
        && known != Some(&baseline)
    {
        project.write(paths::BASELINE, baseline.to_json().as_bytes())?;
    }
    Ok(())
}

/// The presentation of release notes and of the changelog's entry: the templates of the policy, where it has any, and the project's
/// addresses.
pub fn presentation(
    project: &Project,
    policy: &Policy,
    name: &PackageName,
    status_url: Option<&str>,
) -> Result<NotesOptions, DocumentError> {
    let template = |path: &Option<String>| -> Result<Option<String>, DocumentError> {
        let Some(path) = path else { return Ok(None) };
        let bytes = project.document(Path::new(path))?.ok_or_else(|| DocumentError::Missing { path: path.clone() })?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    };
    Ok(NotesOptions {
        template: template(&policy.notes_template)?,
        changelog_template: template(&policy.changelog_template)?,
        status_url: status_url.map(str::to_owned),
        project: Some(name.as_str().to_owned()),
    })
}
