//! The step that writes the next version into the project, and commits, tags and pushes it where that is wanted.

mod current;
mod diff;
mod history;
mod places;
mod situation;
mod stale;

use std::path::PathBuf;

use findings_model::text;
use git_command::{GitError, PushRefusal, Ssh};
use release_decision::{BumpMode, BumpSettings, PyprojectError, Version, VersionError};
use state_store::{Replaced, Replacement, StoreError, TogetherError};

use crate::{decision::DecisionRequest, documents::DocumentError, findings::Writing, paths, project::Project};
use current::PLACE_LIMIT;
use history::Course;
use places::File;
use situation::{Plan, Situation};

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
    /// Another decision took the place of the one that is to be carried out.
    #[error("another decision took the place of the one that is carried out")]
    DecisionReplaced,
    /// The decision that is to be carried out is not known.
    #[error(
        "no decision {:?} is known here: {}",
        text::shorten(&text::one_line(id), 100),
        newest.as_ref().map_or_else(|| "there is none".to_owned(), |id| format!("the newest is {id}"))
    )]
    NoSuchDecision {
        /// Its id, as it was given.
        id: String,
        /// The newest decision's id; none before the first one.
        newest: Option<String>,
    },
    /// There is no version to go to.
    #[error("cannot determine the next version")]
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
    #[error("cannot write the version to {path}")]
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
    #[error("HEAD is detached; there is no branch to push")]
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
        Some(version) => format!("the last decision was released as {version} and recorded"),
        None => "the newest decision is not to release".to_owned(),
    }
}

fn stale_list(copies: &[StaleCopy]) -> String {
    let one = |copy: &StaleCopy| format!("{}:{} has {}", text::one_line(&copy.path), copy.line, copy.version);
    copies.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct BumpRequest<'a> {
    /// What a decision would be made with.
    pub decision: &'a DecisionRequest,
    /// Where the version is written, and what becomes of it.
    pub settings: &'a BumpSettings,
    /// The id of the decision that is carried out; none for the newest, whichever it is.
    pub carried_out: Option<&'a str>,
    /// The `ssh` through which git talks to the remote.
    pub ssh: Ssh,
}

/// Writes the next version wherever the project holds its version, all or nothing, and changes no other byte.
///
/// The version is the one that the newest decision is for; where the request says what the index has, or there is no decision
/// to release, it is computed as a decision would. Where the newest decision is not to release, or its release is recorded, nothing is
/// due, and only a version that a person names is written. A place that has it already is left alone, so that a run after a crash completes
/// what the one before began. Everything is computed and checked before the first byte is written; what fails later is taken back.
pub fn bump_version(project: &Project, request: &BumpRequest<'_>) -> Result<VersionBump, BumpVersionError> {
    let writing = request.decision.writing;
    // The decision stays the newest until it is carried out.
    let _held = match writing {
        Writing::Write => Some(project.lock(paths::FINDINGS).map_err(DocumentError::from)?),
        Writing::DryRun => None,
    };
    let situation = Situation::of(project, request)?;
    let mut bump = situation.bump(request.settings);
    let course = match situation.course(project, request)? {
        Course::Done(done) => {
            let end = if writing == Writing::Write { done.push()? } else { done.end(false) };
            end.tell(&mut bump);
            return Ok(bump);
        }
        course => course,
    };
    let plan = situation.plan(project, request, &course)?;
    plan.tell(&mut bump);
    if writing == Writing::Write {
        carry_out(project, request, &situation, &plan, course, &mut bump)?;
    }
    Ok(bump)
}

/// Writes the planned files, and makes of them in git what is left to be made.
fn carry_out(
    project: &Project,
    request: &BumpRequest<'_>,
    situation: &Situation,
    plan: &Plan,
    course: Course,
    bump: &mut VersionBump,
) -> Result<(), BumpVersionError> {
    let replaced = write(project, &plan.files)?;
    bump.written = bump.files.iter().any(|file| file.changed);
    let Course::Ahead(ahead) = course else { return Ok(()) };
    match ahead.carry_out(&plan.to_commit, replaced) {
        Ok(end) => end.tell(bump),
        // Another run may have made the same version in this very moment; what this one made was taken back.
        Err(BumpVersionError::Git(refusal @ GitError::PushRefused { why: PushRefusal::Overtaken, .. })) => {
            let Course::Done(done) = situation.course(project, request)? else { return Err(refusal.into()) };
            (bump.files, bump.diff, bump.written) = (Vec::new(), String::new(), false);
            done.push()?.tell(bump);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn write(project: &Project, files: &[File]) -> Result<Replaced, BumpVersionError> {
    for file in files {
        state_store::remove_leftovers_of(&project.path(&file.path));
    }
    let changed: Vec<(PathBuf, &str)> =
        files.iter().filter(|f| f.is_changed()).map(|f| (project.path(&f.path), f.after.as_str())).collect();
    let replacements: Vec<Replacement<'_>> =
        changed.iter().map(|(path, text)| Replacement { path, bytes: text.as_bytes() }).collect();
    state_store::replace_together(&replacements, PLACE_LIMIT).map_err(BumpVersionError::Write)
}
