//! Going on from what a remote has in the meantime.

use std::path::{Path, PathBuf};

use crate::{Action, CommitId, GitError, RemoteName, Repository};

impl Repository {
    /// The newest commit of a remote's branch, fetched so that it can be read; none if the remote has no such branch. No branch
    /// here changes.
    pub fn fetch_branch(&self, remote: &str, branch: &str) -> Result<Option<CommitId>, GitError> {
        let Some(commit) = self.remote_refs(remote, Some(branch), None)?.branch(branch).cloned() else {
            return Ok(None);
        };
        self.fetch(remote, RemoteName::Branch(branch), &commit)?;
        Ok(Some(commit))
    }

    /// The commit that a commit follows; none for a first one. Of a merge the first.
    pub fn parent(&self, commit: &CommitId) -> Result<Option<CommitId>, GitError> {
        self.commit_of(&format!("{commit}^"), Action::ResolveRevision)
    }

    /// The files at or below these paths that differ between two commits, sorted. A renamed file is one that is gone and one that
    /// is new.
    pub fn differing<P: AsRef<Path>>(
        &self,
        old: &CommitId,
        new: &CommitId,
        paths: &[P],
    ) -> Result<Vec<PathBuf>, GitError> {
        let question = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", old.as_str(), new.as_str(), "--"];
        let answer = self.git(Action::Compare).args(question).args(self.all_full(paths)?).run()?;
        let names = answer.stdout.split(|b| *b == 0).filter(|name| !name.is_empty());
        let mut found: Vec<PathBuf> = names.filter_map(|name| self.below_project(name)).collect();
        found.sort();
        Ok(found)
    }

    /// Moves HEAD, with its branch, and the work tree to a commit. What is edited and not committed stays; where the commit has another
    /// content for an edited file, nothing is done and git's refusal is the error.
    pub fn move_to(&self, commit: &CommitId) -> Result<(), GitError> {
        self.git(Action::Follow).args(["reset", "--quiet", "--keep", commit.as_str()]).run().map(drop)
    }
}
