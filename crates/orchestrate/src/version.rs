//! The step that writes the next version into the project, and commits, tags and pushes it where that is wanted.

mod current;
mod diff;
mod history;
mod places;
mod stale;

use std::path::PathBuf;

use findings_model::date_text;
use git_command::{GitError, PushRefusal};
use release_decision::{
    Baseline, BumpMode, BumpSettings, CurrentVersion, Decision, NextVersion, PyprojectError, StoredDecision, Version,
    VersionError, Versions,
};
use state_store::{Replaced, Replacement, StoreError, TogetherError};

use crate::{
    decision::DecisionRequest,
    documents::{self, DocumentError},
    findings::Writing,
    kept, paths,
    project::Project,
};
use current::{PLACE_LIMIT, Source, locate};
use history::Course;
use places::{File, Target};

pub use current::current_version;
pub(crate) use current::written_version;
pub use places::EditError;
pub use stale::StaleCopy;

/// What became of the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionBump {
    /// The version before; none where it is not written down.
    pub current: Option<Version>,
    /// The next version.
    pub next: Version,
    /// How it came about, in words.
    pub reason: String,
    /// What a person has to know of it, a sentence each.
    pub warnings: Vec<String>,
    /// What was to be done with the changed files.
    pub mode: BumpMode,
    /// The file that the version comes from; none where it comes from a tag.
    pub source: Option<String>,
    /// The files that hold the version, and the changelog.
    pub files: Vec<BumpedFile>,
    /// Whether any file was changed; in a dry run none is.
    pub written: bool,
    /// The commit that has the version; none in mode `workspace` and in a dry run.
    pub commit: Option<String>,
    /// The tag of the version.
    pub tag: Option<String>,
    /// The branch that the commit is on; none where HEAD is at no branch.
    pub branch: Option<String>,
    /// Whether the remote has it.
    pub pushed: bool,
    /// What is changed, in the form of a unified diff.
    pub diff: String,
}

/// A file that holds the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BumpedFile {
    /// The path, relative to the project.
    pub path: String,
    /// Whether it is changed, or would be.
    pub changed: bool,
}

/// Why the version was not written. Everything is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum BumpVersionError {
    /// A document of ours is unusable.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No release is due.
    #[error("no release is due: {}", standstill(released.as_ref()))]
    NothingDue {
        /// The recorded release of the newest decision; none where it was decided not to release.
        released: Option<Version>,
    },
    /// There is no version to go to.
    #[error("the next version cannot be had")]
    Version(#[source] VersionError),
    /// Nothing tells the next version.
    #[error("the next version is not known: {reason}")]
    Unknown {
        /// Why.
        reason: String,
    },
    /// The project's file says its version in no way that can be used.
    #[error("the version in {} cannot be used", paths::PYPROJECT)]
    Pyproject(#[source] PyprojectError),
    /// No file holds the version.
    #[error("no file of the project is known to hold its version")]
    NoPlace,
    /// The version comes from a tag, and the mode makes none.
    #[error("the project's version comes from a tag, and mode {} makes none", mode.as_str())]
    OnlyTags {
        /// The mode.
        mode: BumpMode,
    },
    /// A file does not take the version.
    #[error("{path} does not take the version")]
    Place {
        /// The path, relative to the project.
        path: String,
        /// Why.
        #[source]
        source: EditError,
    },
    /// Copies of the old version would stay behind.
    #[error("the old version would stay behind: {}", stale_list(copies))]
    Stale {
        /// The copies; there is at least one.
        copies: Vec<StaleCopy>,
    },
    /// Files that would be committed hold work that is not.
    #[error("{} {} changes that are not committed", paths.join(", "), if paths.len() == 1 { "has" } else { "have" })]
    Uncommitted {
        /// The paths, relative to the project.
        paths: Vec<String>,
    },
    /// Not all files could be written.
    #[error("the version cannot be written")]
    Write(#[source] TogetherError),
    /// There is nothing that a commit could follow.
    #[error("the repository has no commit yet")]
    NoCommit,
    /// There is no branch to push.
    #[error("HEAD is at no branch, so there is none to push")]
    NoBranch,
    /// The tag or branch of the version is of something else.
    #[error("{what} is there already, at {commit}, which is of {}", found.as_ref().map_or_else(|| "no known version".to_owned(), |v| format!("version {v}")))]
    Taken {
        /// `the tag v1.2.3`.
        what: String,
        /// The commit.
        commit: String,
        /// The version of that commit.
        found: Option<Version>,
    },
    /// The tag or branch of the version is of another decision.
    #[error("{what} is there already, at {commit}, and is of the decision {found}: this one is {decided}")]
    OtherDecision {
        /// `the tag v1.2.3`.
        what: String,
        /// The commit.
        commit: String,
        /// The decision that it says it is of.
        found: String,
        /// The decision that is carried out.
        decided: String,
    },
    /// Here and on the remote the tag is at different commits.
    #[error("the tag {tag} is at {here} here and at {there} on the remote")]
    TwoTags {
        /// The tag.
        tag: String,
        /// The commit here.
        here: String,
        /// The commit on the remote.
        there: String,
    },
    /// Git failed; what was done before was taken back.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Git failed, and what was done before could not be taken back whole.
    #[error("git failed ({cause}), and what was done before could not be taken back: {left}")]
    HalfDone {
        /// Why git failed.
        cause: String,
        /// What is left.
        left: String,
        /// Why it could not be taken back.
        #[source]
        source: Box<UndoError>,
    },
}

/// Why something could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file could not be written.
    #[error(transparent)]
    Files(#[from] TogetherError),
}

fn standstill(released: Option<&Version>) -> String {
    match released {
        Some(version) => format!("what was decided last is released, and {version} is recorded"),
        None => "the newest decision is not to release".to_owned(),
    }
}

fn stale_list(copies: &[StaleCopy]) -> String {
    let one =
        |copy: &StaleCopy| format!("{}:{} has {}", findings_model::text::one_line(&copy.path), copy.line, copy.version);
    copies.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Writes the next version wherever the project holds its version, all or nothing, and changes no other byte.
///
/// The version is the one that the newest decision is for; where the request says what the index has, or there is no decision
/// to release, it is computed as a decision would. Where the newest decision is not to release, or its release is recorded, nothing is
/// due, and only a version that a person names is written. A place that has it already is left alone, so that a run after a crash completes
/// what the one before began. Everything is computed and checked before the first byte is written; what fails later is taken back.
pub fn bump_version(
    project: &Project,
    request: &DecisionRequest,
    settings: &BumpSettings,
) -> Result<VersionBump, BumpVersionError> {
    let _held = match request.writing {
        Writing::Write => Some(state_store::lock(project.root())?),
        Writing::DryRun => None,
    };
    let newest = documents::decision(project)?;
    let baseline = documents::baseline(project)?;
    if request.given.is_none()
        && let Some(newest) = &newest
    {
        refuse_if_nothing_is_due(&newest.decision, baseline.as_ref())?;
    }
    let decision = newest.filter(|stored| stored.decision.should_release);
    let released = baseline.and_then(|b| b.version);
    let located =
        locate(&mut |path| places::text(project, path).ok().flatten()).map_err(BumpVersionError::Pyproject)?;
    let versions = Versions {
        current: request.current_version.clone(),
        index: request.index.clone(),
        released: released.clone(),
        given: request.given.clone(),
    };
    let (NextVersion { reason, warnings, .. }, next, decision) = next_version(&versions, request, decision)?;
    let warnings = warnings.iter().map(ToString::to_string).collect();
    if located.source == Source::Tag && settings.mode != BumpMode::Commit {
        return Err(BumpVersionError::OnlyTags { mode: settings.mode });
    }
    let current = versions.current().cloned();
    let replaced = decision.as_ref().map(|stored| replaced_entries(project, &stored.decision)).transpose()?;
    let target = Target {
        current: current.as_ref(),
        next: &next,
        date: date_text(request.now.date()),
        entry: decision.as_ref().map_or("", |stored| stored.decision.changelog_entry.as_str()),
        replaced: replaced.as_deref().unwrap_or_default(),
        tag: &settings.tag,
    };
    let id = decision.as_ref().map(|stored| stored.decision.decision_id.as_str());
    let message = message(settings, &next, id);
    let words = history::Words { message: &message, decision: id };
    let look = || history::course(project, settings, &next, words, &located.source);
    let course = match settings.mode {
        BumpMode::Workspace => Course::Workspace,
        BumpMode::Commit | BumpMode::PullRequest => look()?,
    };
    let mut bump = VersionBump {
        current: current.clone(),
        next: next.clone(),
        reason,
        warnings,
        mode: settings.mode,
        source: match &located.source {
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
    };
    if let Course::Done(done) = course {
        let end = match request.writing {
            Writing::Write => done.push()?,
            Writing::DryRun => done.end(false),
        };
        end.tell(&mut bump);
        return Ok(bump);
    }
    let files = places::files(project, &request.project, &located.source, settings, &target)?;
    if files.is_empty() && located.source != Source::Tag {
        return Err(BumpVersionError::NoPlace);
    }
    let mut old: Vec<Version> = current.iter().cloned().chain(released).collect();
    old.extend(decision.as_ref().and_then(|stored| stored.decision.current_version.clone()));
    old.retain(|version| *version != next);
    let copies = stale::copies(project, &request.project, &files, &old)?;
    if !copies.is_empty() {
        return Err(BumpVersionError::Stale { copies });
    }
    let to_commit = match &course {
        Course::Ahead(ahead) => ahead.files_to_commit(&files, &target)?,
        Course::Workspace | Course::Done(_) => Vec::new(),
    };
    bump.files = files.iter().map(|f| BumpedFile { path: f.path.clone(), changed: f.is_changed() }).collect();
    bump.diff = diff::diff(&files);
    if request.writing == Writing::DryRun {
        return Ok(bump);
    }
    let replaced = write(project, &files)?;
    bump.written = bump.files.iter().any(|file| file.changed);
    let Course::Ahead(ahead) = course else { return Ok(bump) };
    match ahead.carry_out(&to_commit, replaced) {
        Ok(end) => end.tell(&mut bump),
        // Another run may have made the same version in this very moment; what this one made was taken back.
        Err(BumpVersionError::Git(refusal @ GitError::PushRefused { why: PushRefusal::Overtaken, .. })) => {
            let Course::Done(done) = look()? else { return Err(refusal.into()) };
            (bump.files, bump.diff, bump.written) = (Vec::new(), String::new(), false);
            done.push()?.tell(&mut bump);
        }
        Err(error) => return Err(error),
    }
    Ok(bump)
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

/// What stands before the decision's id in the message of its commit and tag.
const TRAILER: &str = "Relwarden-Decision: ";

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

fn write(project: &Project, files: &[File]) -> Result<Replaced, BumpVersionError> {
    let changed: Vec<(PathBuf, &str)> =
        files.iter().filter(|f| f.is_changed()).map(|f| (project.path(&f.path), f.after.as_str())).collect();
    let replacements: Vec<Replacement<'_>> =
        changed.iter().map(|(path, text)| Replacement { path, bytes: text.as_bytes() }).collect();
    state_store::replace_together(&replacements, PLACE_LIMIT).map_err(BumpVersionError::Write)
}

/// The version that a project's files say, read in some way.
fn version_in(read: &mut dyn FnMut(&str) -> Option<String>) -> Option<Version> {
    match locate(read).ok()?.current? {
        CurrentVersion::Static(version) => Some(version),
        CurrentVersion::Dynamic(_) | CurrentVersion::Unknown { .. } => None,
    }
}
