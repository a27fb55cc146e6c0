//! What becomes of a bump in git: a commit, a tag or a branch, and a push; or nothing, where an earlier run did it.

use findings_model::text;
use git_command::{CommitId, FileState, GitError, Head, Push, RemoteName, RemoteRefs, Repository, TagMessage};
use release_decision::{BumpMode, Version, changelog_date};
use state_store::Replaced;

use super::{
    BumpRequest, BumpVersionError, UndoError, VersionBump,
    current::{Content, PLACE_LIMIT, Source, version_in},
    places::{File, Target},
};
use crate::project::Project;

/// What stands before the decision's id in the message of its commit and tag.
pub(super) const TRAILER: &str = "Relwarden-Decision: ";

/// What is left to be done.
pub(super) enum Course {
    /// Nothing of git's.
    Workspace,
    /// The version has its commit; it may still have to be pushed.
    Done(Done),
    /// The version has to be committed.
    Ahead(Ahead),
}

/// Where a version ended up.
pub(super) struct End {
    commit: CommitId,
    tag: Option<String>,
    branch: Option<String>,
    pushed: bool,
}

impl End {
    pub(super) fn tell(self, bump: &mut VersionBump) {
        bump.commit = Some(self.commit.as_str().to_owned());
        bump.tag = self.tag;
        bump.branch = self.branch;
        bump.pushed = self.pushed;
    }
}

/// A version that has its commit, from an earlier run or from somebody else.
pub(super) struct Done {
    repository: Repository,
    commit: CommitId,
    tag: Option<String>,
    branch: Option<String>,
    /// The remote that does not have it and should.
    owed: Option<String>,
    /// Whether the remote has it.
    pushed: bool,
}

/// A version that has to be committed.
pub(super) struct Ahead {
    repository: Repository,
    head: Head,
    /// HEAD's commit.
    base: CommitId,
    message: String,
    tag: Option<String>,
    /// The branch to be made; none where the commit goes on HEAD's own.
    new_branch: Option<String>,
    remote: Option<String>,
}

/// What is said of the version where it is committed.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    /// The message of commit and tag.
    pub(super) message: &'a str,
    /// The decision that the version is of, if it is of one.
    pub(super) decision: Option<&'a str>,
}

/// Looks at the repository and says what is left to be done.
pub(super) fn course(
    project: &Project,
    request: &BumpRequest<'_>,
    next: &Version,
    words: Words<'_>,
    source: &Source,
) -> Result<Course, BumpVersionError> {
    let settings = request.settings;
    let repository = Repository::find(project.root())?.with_ssh(request.ssh);
    let head = repository.head()?;
    let base = head.commit().cloned().ok_or(BumpVersionError::NoCommit)?;
    let remote = settings.push.then(|| settings.remote.clone());
    let decision = words.decision;
    let look = Look { repository: &repository, head: &head, remote: remote.as_deref(), next, decision, source };
    let message = words.message.to_owned();
    if settings.mode == BumpMode::PullRequest {
        let branch = settings.branch.with(next);
        if let Some(done) = look.branch(&branch)? {
            return Ok(Course::Done(done));
        }
        let new_branch = Some(branch).filter(|branch| head.branch() != Some(branch));
        return Ok(Course::Ahead(Ahead { repository, head, base, message, tag: None, new_branch, remote }));
    }
    let tag = settings.tag.with(next);
    if let Some(done) = look.tag(&tag)? {
        return Ok(Course::Done(done));
    }
    if remote.is_some() && head.branch().is_none() {
        return Err(BumpVersionError::NoBranch);
    }
    Ok(Course::Ahead(Ahead { repository, head, base, message, tag: Some(tag), new_branch: None, remote }))
}

/// What is looked at.
struct Look<'a> {
    repository: &'a Repository,
    head: &'a Head,
    /// Where it is to be pushed; none where it is not.
    remote: Option<&'a str>,
    next: &'a Version,
    decision: Option<&'a str>,
    source: &'a Source,
}

impl Look<'_> {
    /// The version's commit, if its tag is there, here or on the remote.
    fn tag(&self, tag: &str) -> Result<Option<Done>, BumpVersionError> {
        let here = self.repository.tagged(tag)?;
        let refs = match self.remote {
            Some(remote) => self.repository.remote_refs(remote, None, Some(tag))?,
            None => RemoteRefs::default(),
        };
        let there = refs.tag(tag).cloned();
        if let (Some(here), Some(there)) = (&here, &there)
            && here != there
        {
            let (here, there) = (here.short().to_owned(), there.short().to_owned());
            return Err(BumpVersionError::TwoTags { tag: tag.to_owned(), here, there });
        }
        if let (Some(object), Some(remote)) = (refs.tag_object(tag), self.remote) {
            self.repository.fetch(remote, RemoteName::Tag(tag), object)?;
        }
        let pushed = there.is_some();
        let Some(commit) = here.or(there) else { return Ok(None) };
        let what = format!("the tag {tag}");
        self.check(&what, &commit)?;
        for object in self.repository.tag_object(tag)?.iter().chain(refs.tag_object(tag)).filter(|o| **o != commit) {
            self.check_decision(&what, &commit, object)?;
        }
        let branch = self.head.branch().map(str::to_owned);
        Ok(Some(self.done(commit, Some(tag.to_owned()), branch, pushed)))
    }

    /// The version's commit, if its branch is there, here or on the remote.
    fn branch(&self, branch: &str) -> Result<Option<Done>, BumpVersionError> {
        let there = match self.remote {
            Some(remote) => self.repository.remote_refs(remote, Some(branch), None)?.branch(branch).cloned(),
            None => None,
        };
        if let (Some(there), Some(remote)) = (&there, self.remote) {
            self.repository.fetch(remote, RemoteName::Branch(branch), there)?;
        }
        let pushed = there.is_some();
        let Some(commit) = there.or(self.repository.branch(branch)?) else { return Ok(None) };
        // A run that was killed before its commit left HEAD there.
        let is_begun = !pushed && self.head.branch() == Some(branch);
        if is_begun && version_at(self.repository, &commit)?.as_ref() != Some(self.next) {
            return Ok(None);
        }
        self.check(&format!("the branch {branch}"), &commit)?;
        Ok(Some(self.done(commit, None, Some(branch.to_owned()), pushed)))
    }

    /// Refuses a commit of another version, and one of this version that another decision made.
    fn check(&self, what: &str, commit: &CommitId) -> Result<(), BumpVersionError> {
        match self.source {
            // The commit need not be of the version: what was decided stands in the tag.
            Source::Tag | Source::Nowhere => Ok(()),
            Source::File(_) => match version_at(self.repository, commit)? {
                Some(found) if found == *self.next => self.check_decision(what, commit, commit),
                found => {
                    Err(BumpVersionError::Taken { what: what.to_owned(), commit: commit.short().to_owned(), found })
                }
            },
        }
    }

    /// Refuses what says that it is of another decision. What says nothing of one is a person's own.
    fn check_decision(&self, what: &str, commit: &CommitId, object: &CommitId) -> Result<(), BumpVersionError> {
        let Some(decided) = self.decision else { return Ok(()) };
        let message = self.repository.message(object)?;
        match message.lines().rev().find_map(|line| line.strip_prefix(TRAILER)).map(str::trim) {
            Some(found) if found != decided => Err(BumpVersionError::OtherDecision {
                what: what.to_owned(),
                commit: commit.short().to_owned(),
                found: text::shorten(&text::one_line(found), 100).into_owned(),
                decided: decided.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn done(&self, commit: CommitId, tag: Option<String>, branch: Option<String>, pushed: bool) -> Done {
        let owed = self.remote.filter(|_| !pushed).map(str::to_owned);
        Done { repository: self.repository.clone(), commit, tag, branch, owed, pushed }
    }
}

/// The version that the project's files said at a commit; none where they said none that can be read.
fn version_at(repository: &Repository, commit: &CommitId) -> Result<Option<Version>, GitError> {
    let mut failure = None;
    let version = version_in(&mut |path| match repository.read(commit, path, PLACE_LIMIT) {
        Ok(Some(bytes)) => Content::of(bytes),
        Ok(None) | Err(GitError::OutsideProject { .. } | GitError::NotAFile { kind: "a folder", .. }) => {
            Content::Missing
        }
        Err(error) => {
            let why = error.to_string();
            // These tell of the file; anything else tells of git alone.
            if !matches!(error, GitError::NotAFile { .. } | GitError::TooLarge { .. }) {
                failure = failure.take().or(Some(error));
            }
            Content::Unreadable(why)
        }
    });
    failure.map_or(Ok(version), Err)
}

impl Done {
    pub(super) fn end(self, pushed: bool) -> End {
        End { commit: self.commit, tag: self.tag, branch: self.branch, pushed: pushed || self.pushed }
    }

    /// Pushes what an earlier run could not push any more.
    pub(super) fn push(self) -> Result<End, BumpVersionError> {
        let Some(remote) = self.owed.clone() else { return Ok(self.end(false)) };
        // The branch may have gone on since then, here or there: then the tag alone is missing.
        let branch = match self.branch.as_deref() {
            Some(branch) if self.tag.is_some() => {
                let there = self.repository.remote_refs(&remote, Some(branch), None)?.branch(branch).cloned();
                let has_it = match there {
                    Some(there) => self.repository.is_ancestor(&self.commit, &there).unwrap_or(false),
                    None => false,
                };
                Some(branch).filter(|_| !has_it)
            }
            branch => branch,
        };
        let push = Push { branch: branch.map(|branch| (branch, &self.commit)), tag: self.tag.as_deref() };
        self.repository.push(&remote, &push)?;
        Ok(self.end(true))
    }
}

impl Ahead {
    /// The files of the bump that differ from the last commit, or will. A file with other work in it is refused: it would be committed
    /// with the version.
    pub(super) fn files_to_commit(&self, files: &[File], target: &Target<'_>) -> Result<Vec<String>, BumpVersionError> {
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let changed = self.repository.changed(&paths)?;
        let state = |file: &File| changed.iter().find(|state| state.path.as_os_str() == file.path.as_str());
        let mut foreign = Vec::new();
        let mut ours = Vec::new();
        for file in files {
            match state(file) {
                // What git ignores, such as a lock file of a library, is changed and not committed.
                None if file.is_changed() && !self.repository.ignores(&file.path)? => ours.push(file.path.clone()),
                None => {}
                Some(state) if self.is_leftover(file, state, target)? => ours.push(file.path.clone()),
                Some(_) => foreign.push(file.path.clone()),
            }
        }
        if foreign.is_empty() { Ok(ours) } else { Err(BumpVersionError::Uncommitted { paths: foreign }) }
    }

    /// Whether a file that differs from the last commit holds just what an earlier run of this bump wrote into it.
    fn is_leftover(&self, file: &File, state: &FileState, target: &Target<'_>) -> Result<bool, GitError> {
        if state.staged && state.edited {
            return Ok(false);
        }
        let committed = self.repository.read_as_checked_out(&self.base, &file.path, PLACE_LIMIT)?;
        let Ok(committed) = committed.map(String::from_utf8).transpose() else { return Ok(false) };
        // That run began with the version of the commit, and may have been on another day.
        let current = version_at(&self.repository, &self.base)?;
        let date = file.before.as_deref().and_then(|text| changelog_date(text, target.next));
        let target = Target {
            current: current.as_ref().or(target.current),
            date: date.map_or_else(|| target.date.clone(), str::to_owned),
            ..target.clone()
        };
        let edited = file.edited(committed.as_deref(), &target).ok();
        Ok(edited.is_some() && edited == file.before)
    }

    /// Commits, tags and pushes. Where any of it fails, all of it is taken back, and the files with it.
    pub(super) fn carry_out(self, paths: &[String], replaced: Replaced) -> Result<End, BumpVersionError> {
        let mut steps = Steps::default();
        match self.go(paths, &mut steps) {
            Ok(end) => Ok(end),
            Err(cause) => match self.take_back(&steps, paths, replaced) {
                Ok(()) => Err(cause.into()),
                Err((left, source)) => {
                    Err(BumpVersionError::HalfDone { cause: cause.to_string(), left, source: Box::new(source) })
                }
            },
        }
    }

    fn go(&self, paths: &[String], steps: &mut Steps) -> Result<End, GitError> {
        if let Some(branch) = &self.new_branch {
            if paths.is_empty() {
                // The pull request was merged already.
                let branch = self.head.branch().map(str::to_owned);
                return Ok(End { commit: self.base.clone(), tag: None, branch, pushed: false });
            }
            self.repository.start_branch(branch)?;
            steps.branch = true;
        }
        let commit = if paths.is_empty() {
            self.base.clone()
        } else {
            let commit = self.repository.commit(paths, &self.message)?;
            steps.commit = Some(commit.clone());
            commit
        };
        if let Some(tag) = &self.tag {
            self.repository.tag(tag, &commit, TagMessage(&self.message))?;
            steps.tag = true;
        }
        let branch = self.new_branch.as_deref().or(self.head.branch());
        if let Some(remote) = &self.remote {
            let push = Push { branch: branch.map(|branch| (branch, &commit)), tag: self.tag.as_deref() };
            self.repository.push(remote, &push)?;
        }
        let branch = branch.map(str::to_owned);
        Ok(End { commit, tag: self.tag.clone(), branch, pushed: self.remote.is_some() })
    }

    fn take_back(&self, steps: &Steps, paths: &[String], replaced: Replaced) -> Result<(), (String, UndoError)> {
        if let (true, Some(tag)) = (steps.tag, &self.tag) {
            self.repository.remove_tag(tag).map_err(|e| (format!("the tag {tag}"), e.into()))?;
        }
        if let Some(commit) = &steps.commit {
            let undone = self.repository.undo_commit(commit, paths);
            undone.map_err(|e| (format!("the commit {}", commit.short()), e.into()))?;
        }
        if let (true, Some(branch)) = (steps.branch, &self.new_branch) {
            let left = self.repository.leave_branch(branch, &self.head);
            left.map_err(|e| (format!("the branch {branch}"), e.into()))?;
        }
        replaced.undo().map_err(|e| ("the changed files".to_owned(), e.into()))
    }
}

/// What was done so far.
#[derive(Default)]
struct Steps {
    branch: bool,
    commit: Option<CommitId>,
    tag: bool,
}
