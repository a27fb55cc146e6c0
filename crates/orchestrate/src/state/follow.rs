//! A commit of state that goes on from somebody else's.

use std::path::{Path, PathBuf};

use git_command::{CommitId, Repository};
use state_store::DOCUMENT_LIMIT;

use super::{CommitStateError, SetAside, SetAsideReason, StateRequest, message, set_aside};
use crate::{
    paths::{self, STATE},
    project::Project,
    status::{self, StatusRequest},
};

/// The three commits that meet.
pub(super) struct Commits {
    /// What both go on from.
    pub(super) base: CommitId,
    /// The commit that was not pushed.
    pub(super) ours: CommitId,
    /// The remote's newest.
    pub(super) theirs: CommitId,
}

/// What came of it.
pub(super) struct Taken {
    /// The commit behind theirs; none if theirs has all of ours.
    pub(super) commit: Option<CommitId>,
    pub(super) files: Vec<PathBuf>,
    pub(super) set_aside: Vec<SetAside>,
}

/// A file of ours.
struct Ours {
    path: PathBuf,
    /// What it holds; none where it was removed.
    content: Option<Vec<u8>>,
    /// Theirs has another content, and neither is the one before.
    clashes: bool,
}

/// Moves the work tree to their commit, and ours behind it.
pub(super) fn follow(
    project: &Project,
    repository: &Repository,
    request: &StateRequest<'_>,
    commits: &Commits,
) -> Result<Taken, CommitStateError> {
    let theirs = repository.differing(&commits.base, &commits.theirs, &STATE)?;
    let mut files = Vec::new();
    for path in repository.differing(&commits.base, &commits.ours, &STATE)? {
        let content = repository.read(&commits.ours, &path, DOCUMENT_LIMIT)?;
        let clashes = theirs.contains(&path) && repository.read(&commits.theirs, &path, DOCUMENT_LIMIT)? != content;
        files.push(Ours { path, content, clashes });
    }
    let folder = set_aside::folder(request.now, commits.ours.short());
    let findings_clash = files.iter().any(|file| file.clashes && group(&file.path) == Group::Findings);
    let status_clash = theirs.iter().any(|path| group(path) == Group::Status);
    let stays = |file: &&Ours| match group(&file.path) {
        // They are of one scan and one decision: half of ours beside half of theirs would be of none.
        Group::Findings => !findings_clash,
        // Made from the findings, below.
        Group::Status => !status_clash && !findings_clash,
        Group::Metrics => !file.clashes,
    };
    // Before the work tree is theirs, so that what cannot be set aside is still where it was.
    let mut aside = Vec::new();
    for file in files.iter().filter(|file| !stays(file) && group(&file.path) != Group::Status) {
        if let Some(content) = &file.content {
            aside.push(set_aside::put(project, &folder, &file.path, content, SetAsideReason::Conflict)?);
        }
    }
    repository.move_to(&commits.theirs)?;
    for file in files.iter().filter(stays) {
        match &file.content {
            Some(content) => {
                state_store::replace_if_changed(&project.path(&file.path), content)?;
            }
            None => state_store::remove(&project.path(&file.path))?,
        }
    }
    let ours_has_status = files.iter().any(|file| group(&file.path) == Group::Status);
    if ours_has_status && (status_clash || findings_clash) {
        let status = StatusRequest { output: PathBuf::from(paths::STATUS), ..request.status.clone() };
        // A status that cannot be computed leaves theirs, which the next run renews.
        if let Err(error) = status::refresh_held_status(project, &status) {
            tracing::warn!("the status was not computed anew: {}", crate::causes(&error));
        }
    }
    let changed = super::changed(repository)?;
    let commit = if super::is_of_substance(project, repository, &commits.theirs, &changed)? {
        Some(repository.commit(&changed, &message::message(project, request, &changed, &aside))?)
    } else {
        None
    };
    Ok(Taken { commit, files: changed, set_aside: aside })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Findings,
    Status,
    Metrics,
}

fn group(path: &Path) -> Group {
    if path.starts_with(paths::FINDINGS) && !path.starts_with(paths::SET_ASIDE) {
        Group::Findings
    } else if path.starts_with(paths::STATUS) {
        Group::Status
    } else {
        Group::Metrics
    }
}
