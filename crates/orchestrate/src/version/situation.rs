//! What is known when the version is to be written, and what has to be written then.

use findings_model::date_text;
use release_decision::{Baseline, BumpMode, BumpSettings, Decision, NextVersion, StoredDecision, Version, Versions};

use super::{
    BumpRequest, BumpVersionError, BumpedFile, VersionBump,
    current::{Source, locate, read},
    diff,
    history::{self, Course, TRAILER},
    places::{self, File, Target},
    stale,
};
use crate::{
    decision::{DecisionRequest, Standing, standing},
    documents::{self, DocumentError},
    kept,
    project::Project,
};

/// What is known of the version, before and after.
pub(super) struct Situation {
    source: Source,
    current: Option<Version>,
    released: Option<Version>,
    next: Version,
    reason: String,
    warnings: Vec<String>,
    /// The decision that the version is of, if it is of one.
    decision: Option<StoredDecision>,
    /// What the decisions on the same version say in the changelog that this one replaced.
    replaced: Vec<String>,
}

/// What has to be written.
pub(super) struct Plan {
    pub(super) files: Vec<File>,
    /// The files that belong into the commit.
    pub(super) to_commit: Vec<String>,
    warnings: Vec<String>,
}

impl Situation {
    pub(super) fn of(project: &Project, request: &BumpRequest<'_>) -> Result<Self, BumpVersionError> {
        if let Some(id) = request.carried_out {
            refuse_another_decision(project, id)?;
        }
        let asked = request.decision;
        let newest = documents::decision(project)?;
        let baseline = documents::baseline(project)?;
        if asked.given.is_none()
            && let Some(newest) = &newest
        {
            refuse_if_nothing_is_due(&newest.decision, baseline.as_ref())?;
        }
        let decision = newest.filter(|stored| stored.decision.should_release);
        let versions = Versions {
            current: asked.current_version.clone(),
            index: asked.index.clone(),
            released: baseline.and_then(|b| b.version),
            given: asked.given.clone(),
        };
        let located = locate(&mut |path| read(project, path)).map_err(BumpVersionError::Pyproject)?;
        let (NextVersion { reason, warnings, .. }, next, decision) = next_version(&versions, asked, decision)?;
        let replaced = decision.as_ref().map(|stored| replaced_entries(project, &stored.decision)).transpose()?;
        if located.source == Source::Tag && request.settings.mode != BumpMode::Commit {
            return Err(BumpVersionError::OnlyTags { mode: request.settings.mode });
        }
        Ok(Self {
            source: located.source,
            current: versions.current().cloned(),
            released: versions.released,
            next,
            reason,
            warnings: warnings.iter().map(ToString::to_string).collect(),
            decision,
            replaced: replaced.unwrap_or_default(),
        })
    }

    /// A bump of which nothing is done yet.
    pub(super) fn bump(&self, settings: &BumpSettings) -> VersionBump {
        VersionBump {
            current: self.current.clone(),
            next: self.next.clone(),
            reason: self.reason.clone(),
            warnings: self.warnings.clone(),
            mode: settings.mode,
            source: match &self.source {
                Source::File(candidate) => Some(candidate.path.clone()),
                Source::Tag | Source::Nowhere => None,
            },
            files: Vec::new(),
            written: false,
            commit: None,
            tag: None,
            branch: None,
            pushed: false,
            diff: String::new(),
        }
    }

    /// What is left to be done in git.
    pub(super) fn course(&self, project: &Project, request: &BumpRequest<'_>) -> Result<Course, BumpVersionError> {
        match request.settings.mode {
            BumpMode::Workspace => Ok(Course::Workspace),
            BumpMode::Commit | BumpMode::PullRequest => {
                let decision = self.decision.as_ref().map(|stored| stored.decision.decision_id.as_str());
                let message = message(request.settings, &self.next, decision);
                let words = history::Words { message: &message, decision };
                history::course(project, request, &self.next, words, &self.source)
            }
        }
    }

    /// Computes and checks everything that has to be written.
    pub(super) fn plan(
        &self,
        project: &Project,
        request: &BumpRequest<'_>,
        course: &Course,
    ) -> Result<Plan, BumpVersionError> {
        let name = &request.decision.project;
        let target = self.target(request);
        let (files, warnings) = places::files(project, name, &self.source, request.settings, &target)?;
        if files.is_empty() && self.source != Source::Tag {
            return Err(BumpVersionError::NoPlace);
        }
        let copies = stale::copies(project, name, &files, &self.old_versions(), &self.next)?;
        if !copies.is_empty() {
            return Err(BumpVersionError::Stale { copies });
        }
        let to_commit = match course {
            Course::Ahead(ahead) => ahead.files_to_commit(&files, &target)?,
            Course::Workspace | Course::Done(_) => Vec::new(),
        };
        Ok(Plan { files, to_commit, warnings })
    }

    fn target<'a>(&'a self, request: &BumpRequest<'a>) -> Target<'a> {
        Target {
            current: self.current.as_ref(),
            next: &self.next,
            date: date_text(request.decision.now.date()),
            entry: self.decision.as_ref().map_or("", |stored| stored.decision.changelog_entry.as_str()),
            replaced: &self.replaced,
            tag: &request.settings.tag,
        }
    }

    /// The versions that must not stay behind.
    fn old_versions(&self) -> Vec<Version> {
        let decided_at = self.decision.as_ref().and_then(|stored| stored.decision.current_version.as_ref());
        let old = self.current.iter().chain(&self.released).chain(decided_at);
        old.filter(|version| **version != self.next).cloned().collect()
    }
}

impl Plan {
    pub(super) fn tell(&self, bump: &mut VersionBump) {
        let changed = |file: &File| BumpedFile { path: file.path.clone(), changed: file.is_changed() };
        bump.files = self.files.iter().map(changed).collect();
        bump.diff = diff::diff(&self.files);
        bump.warnings.extend_from_slice(&self.warnings);
    }
}

fn refuse_another_decision(project: &Project, id: &str) -> Result<(), BumpVersionError> {
    match standing(project, id)? {
        Standing::Newest => Ok(()),
        Standing::Replaced => Err(BumpVersionError::DecisionReplaced),
        Standing::NotKnown { newest } => Err(BumpVersionError::NoSuchDecision { id: id.to_owned(), newest }),
    }
}

/// What the decisions on the same version say in the changelog that this one replaced.
fn replaced_entries(project: &Project, decision: &Decision) -> Result<Vec<String>, DocumentError> {
    let kept = kept::all(project)?.into_decisions().into_iter().map(|stored| stored.decision);
    let replaced =
        kept.filter(|kept| kept.decision_id != decision.decision_id && kept.next_version == decision.next_version);
    Ok(replaced.map(|kept| kept.changelog_entry).collect())
}

fn refuse_if_nothing_is_due(newest: &Decision, baseline: Option<&Baseline>) -> Result<(), BumpVersionError> {
    if !newest.should_release {
        return Err(BumpVersionError::NothingDue { released: None });
    }
    match baseline.filter(|baseline| baseline.decision_id.as_ref() == Some(&newest.decision_id)) {
        Some(recorded) => Err(BumpVersionError::NothingDue { released: recorded.version.clone() }),
        None => Ok(()),
    }
}

/// How the next version came about, the version itself, and the decision that it is of, if it is of one.
fn next_version(
    versions: &Versions,
    request: &DecisionRequest,
    decision: Option<StoredDecision>,
) -> Result<(NextVersion, Version, Option<StoredDecision>), BumpVersionError> {
    let decided = decision.as_ref().and_then(|stored| stored.decision.next_version.clone());
    // A project that is ahead of the decision by now is not taken back, and another decision will name the version.
    let left_behind = |version: &Version| versions.current().is_some_and(|current| current > version);
    let stands = |version: &Version| request.index.is_none() && request.given.is_none() && !left_behind(version);
    if let Some(version) = decided.clone().filter(stands) {
        let reason = "it was decided".to_owned();
        return Ok((NextVersion { version: decided, reason, warnings: Vec::new() }, version, decision));
    }
    let next = versions.next(request.policy.bump).map_err(BumpVersionError::Version)?;
    let version = next.version.clone().ok_or_else(|| BumpVersionError::Unknown { reason: next.reason.clone() })?;
    // The decision's words belong to its own version only.
    let decision = decision.filter(|_| decided.as_ref() == Some(&version));
    Ok((next, version, decision))
}

/// The message of the commit and of the tag: the configured one, and the decision as a trailer.
fn message(settings: &BumpSettings, next: &Version, decision_id: Option<&str>) -> String {
    let mut message = settings.message.with(next).trim_end().to_owned();
    if let Some(id) = decision_id {
        message.push_str("\n\n");
        message.push_str(TRAILER);
        message.push_str(id);
    }
    message.push('\n');
    message
}
