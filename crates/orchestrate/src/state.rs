//! The step that commits what a run leaves for the next one, and pushes it.
//!
//! State is the findings with their history, the baseline and the decision, the public status and the run records. Two workflows may
//! push at once: the one that comes second goes on from the other's commit. Files that only one of them changed are taken over as
//! they are, and the status is computed anew. Where both changed the findings, the other's stay, ours are set aside under a name, and the
//! caller runs its step again on the newest state. Nothing is pushed by force.

mod follow;
mod ignored;
mod message;
mod set_aside;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use findings_model::Timestamp;
use git_command::{CommitId, GitError, IgnoredFile, Push, PushRefusal, Repository, Ssh};
use live_status::StatusDocument;
use state_store::{Action, DOCUMENT_LIMIT, Lock, StoreError};

use crate::{
    paths::{self, STATE},
    project::Project,
    status::StatusRequest,
};

pub(crate) use ignored::{ignored, listed};
pub use set_aside::{SetAside, SetAsideReason};

/// How often a push is tried where others push at the same time.
const TRIES: u32 = 8;
/// How long the first pause between two tries is; each further one is longer.
const PAUSE: Duration = Duration::from_millis(400);

const MIB: u64 = 1024 * 1024;
/// The largest file that GitHub takes in a push.
const LARGEST: u64 = 100 * MIB;

/// What is to be committed, and where it goes.
#[derive(Clone, Copy)]
pub struct StateRequest<'a> {
    /// The remote: a name or an address.
    pub remote: &'a str,
    /// The remote's branch; none for the one that HEAD is at.
    pub branch: Option<&'a str>,
    /// The first line of the commit's message; none to have it made from what changed.
    pub subject: Option<&'a str>,
    /// The workflow run that leaves this state, for the message.
    pub run_id: Option<&'a str>,
    /// Whether the commit is pushed.
    pub pushing: Pushing,
    /// The `ssh` through which git talks to the remote.
    pub ssh: Ssh,
    /// How the status is computed, where another run changed it too.
    pub status: &'a StatusRequest,
    /// Waits before another try.
    pub pause: &'a dyn Fn(Duration),
    /// The time of the run.
    pub now: Timestamp,
}

/// Whether the remote gets the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushing {
    /// It is pushed, and taken back here where the remote refuses it.
    Push,
    /// It stays here.
    Local,
}

/// What became of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateCommit {
    /// The commit; none if nothing of substance changed.
    pub commit: Option<CommitId>,
    /// The branch that it is on; none where HEAD is detached and nothing was to be pushed.
    pub branch: Option<String>,
    /// Whether the remote has it.
    pub pushed: bool,
    /// The files of the commit, relative to the project, sorted.
    pub files: Vec<PathBuf>,
    /// What could not be kept under its name.
    pub set_aside: Vec<SetAside>,
    /// How often others were faster.
    pub overtaken: u32,
}

impl StateCommit {
    /// Whether another run changed the findings too, so that this run's step is to be run again on the newest state.
    pub fn is_superseded(&self) -> bool {
        self.set_aside.iter().any(|aside| aside.reason == SetAsideReason::Conflict)
    }

    /// Whether a file was torn.
    pub fn has_torn_files(&self) -> bool {
        self.set_aside.iter().any(|aside| aside.reason == SetAsideReason::Torn)
    }
}

/// Why the state was not committed. The files are in the work tree as they were.
#[derive(Debug, thiserror::Error)]
pub enum CommitStateError {
    /// There is no branch to push to.
    #[error("HEAD is detached, so nothing tells which branch of {remote} the state goes to")]
    NoBranch {
        /// The remote.
        remote: String,
    },
    /// There is nothing that a commit could follow.
    #[error("the repository has no commit yet")]
    NoCommit,
    /// Git is told to ignore files that the next run goes on from.
    #[error("git is told to ignore what the next run needs: {}", listed(files))]
    Ignored {
        /// The files, and the lines that say so.
        files: Vec<IgnoredFile>,
    },
    /// The remote takes no such push, and nobody was faster.
    #[error("{remote} rejected the state commit on branch {branch}")]
    Refused {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// What it said.
        #[source]
        source: GitError,
    },
    /// Others were faster each time.
    #[error("others pushed to {branch} of {remote} each of {TRIES} times that it was tried")]
    Overtaken {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// What the remote said at last.
        #[source]
        source: GitError,
    },
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Commits what changed of the state, if anything of substance did, and pushes it.
///
/// A status that says the same as the committed one, at a later time, is nothing of substance. A document that is cut off or not of its format is set
/// aside, and the committed one put back. A push that fails for another reason than a faster one takes the commit back.
pub fn commit_state(project: &Project, request: &StateRequest<'_>) -> Result<StateCommit, CommitStateError> {
    let _held = hold(project)?;
    let repository = Repository::find(project.root())?.with_ssh(request.ssh);
    let head = repository.head()?;
    let Some(base) = head.commit() else { return Err(CommitStateError::NoCommit) };
    let branch = request.branch.or(head.branch());
    let to = match (request.pushing, branch) {
        (Pushing::Local, _) => None,
        (Pushing::Push, Some(branch)) => Some(branch),
        (Pushing::Push, None) => return Err(CommitStateError::NoBranch { remote: request.remote.to_owned() }),
    };
    let left_out = ignored(project, &repository)?;
    if !left_out.is_empty() {
        return Err(CommitStateError::Ignored { files: left_out });
    }
    let set_aside = set_aside::torn(project, &repository, base, &changed(&repository)?, request.now)?;
    let files = changed(&repository)?;
    let done = StateCommit { branch: branch.map(str::to_owned), set_aside, ..StateCommit::default() };
    if !is_of_substance(project, &repository, base, &files)? {
        return Ok(done);
    }
    for (file, size) in too_large(project, &files) {
        tracing::warn!(
            "{} holds {} MiB: GitHub, for one, takes no file of more than {} MiB",
            file.display(),
            size / MIB,
            LARGEST / MIB
        );
    }
    let text = message::message(project, request, &files, &done.set_aside);
    let commit = repository.commit(&files, &text)?;
    let done = StateCommit { commit: Some(commit), files, ..done };
    match to {
        Some(branch) => push(project, &repository, request, branch, done),
        None => Ok(done),
    }
}

/// Holds what is committed against the runs that write it, and the repository against a bump, which holds the findings too. Every other
/// step holds one folder at a time, so that none waits for one that waits for it.
fn hold(project: &Project) -> Result<Vec<Lock>, StoreError> {
    for folder in STATE {
        state_store::refuse_links(Action::Write, project.root(), Path::new(folder))?;
    }
    let is_needed = |folder: &&str| *folder == paths::FINDINGS || project.path(folder).is_dir();
    STATE.into_iter().filter(is_needed).map(|folder| project.lock(folder)).collect()
}

/// The files that may be too large for the remote, with their bytes.
fn too_large<'f>(project: &Project, files: &'f [PathBuf]) -> impl Iterator<Item = (&'f PathBuf, u64)> {
    files.iter().filter_map(|file| {
        let size = state_store::size(&project.path(file)).filter(|size| *size > LARGEST)?;
        Some((file, size))
    })
}

/// Pushes the commit; where others were faster, makes one that follows theirs, and tries again.
fn push(
    project: &Project,
    repository: &Repository,
    request: &StateRequest<'_>,
    branch: &str,
    mut done: StateCommit,
) -> Result<StateCommit, CommitStateError> {
    let remote = request.remote;
    let mut pause = PAUSE;
    while let Some(commit) = done.commit.clone() {
        let refusal = match repository.push(remote, &Push { branch: Some((branch, &commit)), tag: None }) {
            Ok(()) => return Ok(StateCommit { pushed: true, ..done }),
            Err(refusal @ GitError::PushRefused { .. }) => refusal,
            Err(error) => {
                repository.undo_commit(&commit, &done.files)?;
                return Err(error.into());
            }
        };
        let base = repository.parent(&commit)?.ok_or(CommitStateError::NoCommit)?;
        let tip = repository.fetch_branch(remote, branch)?;
        let faster = match tip {
            Some(tip) if !repository.is_ancestor(&tip, &base)? => Some(tip),
            _ if matches!(refusal, GitError::PushRefused { why: PushRefusal::Overtaken, .. }) => None,
            _ => {
                repository.undo_commit(&commit, &done.files)?;
                return Err(CommitStateError::Refused {
                    remote: remote.to_owned(),
                    branch: branch.to_owned(),
                    source: refusal,
                });
            }
        };
        done.overtaken += 1;
        if done.overtaken >= TRIES {
            repository.undo_commit(&commit, &done.files)?;
            return Err(CommitStateError::Overtaken {
                remote: remote.to_owned(),
                branch: branch.to_owned(),
                source: refusal,
            });
        }
        tracing::info!("{branch} of {remote} has moved on; trying again");
        if let Some(tip) = faster {
            let taken =
                follow::follow(project, repository, request, &follow::Commits { base, ours: commit, theirs: tip })?;
            done.set_aside.extend(taken.set_aside);
            done.commit = taken.commit;
            done.files = taken.files;
        }
        (request.pause)(pause);
        pause = pause.saturating_mul(2).min(Duration::from_secs(10));
    }
    // All of it is on the remote already, by somebody else's commit.
    Ok(done)
}

/// The files of the state that differ from the last commit, sorted; neither what a killed run left unfinished nor a project's own code
/// in a folder of the name of ours.
fn changed(repository: &Repository) -> Result<Vec<PathBuf>, GitError> {
    let files = repository.changed(&STATE)?.into_iter().map(|file| file.path);
    let is_unfinished =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".relwarden-"));
    let is_ours = |path: &PathBuf| paths::is_own_state(&path.to_string_lossy());
    let mut files: Vec<PathBuf> = files.filter(|path| is_ours(path) && !is_unfinished(path)).collect();
    files.sort();
    Ok(files)
}

/// Whether anything changed but the time at which a status was computed.
fn is_of_substance(
    project: &Project,
    repository: &Repository,
    base: &CommitId,
    files: &[PathBuf],
) -> Result<bool, CommitStateError> {
    if files.iter().any(|file| !file.starts_with(paths::STATUS)) {
        return Ok(true);
    }
    let index = PathBuf::from(paths::STATUS).join("index.json");
    let before = repository.read(base, &index, DOCUMENT_LIMIT)?;
    let now = project.document(&index)?;
    let (Some(before), Some(now)) = (before, now) else { return Ok(!files.is_empty()) };
    let read = |bytes: &[u8]| StatusDocument::from_json(bytes).ok();
    Ok(match (read(&before), read(&now)) {
        (Some(before), Some(now)) => !before.says_the_same_as(&now),
        _ => !files.is_empty(),
    })
}
