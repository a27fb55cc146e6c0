//! Commits, tags and branches, and taking them back.

use std::{
    fmt,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use findings_model::text;

use crate::{
    Action, CommitId, GitError, Head, Repository,
    run::{Git, joined},
};

/// Who commits where git knows nobody.
const NOBODY: [(&str, &str); 2] =
    [("user.name", "github-actions[bot]"), ("user.email", "41898282+github-actions[bot]@users.noreply.github.com")];

/// A file that differs from the last commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The path, relative to the project.
    pub path: PathBuf,
    /// Git knows the file: it is in the last commit or staged.
    pub tracked: bool,
    /// What is staged differs from the last commit.
    pub staged: bool,
    /// The file differs from what is staged.
    pub edited: bool,
}

/// A file that git is told to ignore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredFile {
    /// The path, relative to the project.
    pub path: PathBuf,
    /// The line that says so, safe to show: `.gitignore:3: *.json`.
    pub rule: String,
}

impl fmt::Display for IgnoredFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", text::one_line(&self.path.to_string_lossy()), self.rule)
    }
}

/// The text of an annotated tag.
#[derive(Clone, Copy, Debug)]
pub struct TagMessage<'a>(pub &'a str);

impl Repository {
    /// Which of these files differ from the last commit; files that git is told to ignore are left out.
    pub fn changed<P: AsRef<Path>>(&self, paths: &[P]) -> Result<Vec<FileState>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let question =
            ["--no-optional-locks", "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"];
        let answer = self.git(Action::ReadState).args(question).arg("--").args(self.all_full(paths)?).run()?;
        let mut states = Vec::new();
        for entry in answer.stdout.split(|b| *b == 0).filter(|entry| !entry.is_empty()) {
            let [staged, edited, b' ', full @ ..] = entry else { return Err(answer.not_understood()) };
            let Some(path) = self.below_project(full) else { continue };
            let tracked = *staged != b'?';
            states.push(FileState { path, tracked, staged: tracked && *staged != b' ', edited: *edited != b' ' });
        }
        Ok(states)
    }

    /// The tracked files of the project that differ from the last commit.
    pub fn edited(&self) -> Result<Vec<PathBuf>, GitError> {
        let question =
            ["--no-optional-locks", "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames"];
        let answer = self.git(Action::ReadState).args(question).run()?;
        let mut files = Vec::new();
        for entry in answer.stdout.split(|b| *b == 0).filter(|entry| !entry.is_empty()) {
            let [_, _, b' ', full @ ..] = entry else { return Err(answer.not_understood()) };
            files.extend(self.below_project(full));
        }
        Ok(files)
    }

    /// Whether git is told to ignore a file that it does not know.
    pub fn ignores(&self, path: impl AsRef<Path>) -> Result<bool, GitError> {
        // This command alone takes no literal paths; a path that begins with a dot has no magic either.
        let full = joined("./", self.full(path.as_ref())?);
        let git = self.git(Action::ReadState).args(["--no-literal-pathspecs", "check-ignore", "--quiet", "--"]);
        let answer = git.arg(full).ask()?;
        match answer.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(answer.failed()),
        }
    }

    /// Which of these files, there or not, git would leave out of a commit because it is told to ignore them; it ignores no file that
    /// it knows.
    pub fn ignored<P: AsRef<Path>>(&self, paths: &[P]) -> Result<Vec<IgnoredFile>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut question = Vec::new();
        for path in paths {
            question.extend(joined("./", self.full(path.as_ref())?).as_bytes());
            question.push(0);
        }
        // As in `ignores`.
        let git = self.git(Action::ReadState);
        let answer =
            git.args(["--no-literal-pathspecs", "check-ignore", "--verbose", "-z", "--stdin"]).stdin(question).ask()?;
        if !matches!(answer.code(), Some(0 | 1)) {
            return Err(answer.failed());
        }
        let parts: Vec<&[u8]> = answer.stdout.split(|b| *b == 0).collect();
        let mut files = Vec::new();
        for entry in parts.chunks_exact(4) {
            let [source, line, pattern, full] = entry else { return Err(answer.not_understood()) };
            // A line that takes the file out again is told too.
            let Some(path) = self.below_project(full.strip_prefix(b"./").unwrap_or(full)) else { continue };
            if !pattern.starts_with(b"!") {
                let words = [source, line, pattern].map(|part| String::from_utf8_lossy(part).into_owned());
                let [source, line, pattern] = words;
                let rule = text::shorten(&text::one_line(&format!("{source}:{line}: {pattern}")), 200).into_owned();
                files.push(IgnoredFile { path, rule });
            }
        }
        Ok(files)
    }

    /// Commits the files as they lie in the work tree, and only these: what else is staged or edited stays as it is.
    ///
    /// Hooks run and commits are signed as the user configured it. Where git knows no author, the commit is by GitHub's bot.
    pub fn commit<P: AsRef<Path>>(&self, paths: &[P], message: &str) -> Result<CommitId, GitError> {
        let new: Vec<PathBuf> =
            self.changed(paths)?.into_iter().filter(|file| !file.tracked).map(|file| file.path).collect();
        if !new.is_empty() {
            self.git(Action::Commit).args(["add", "--intent-to-add", "--"]).args(self.all_full(&new)?).run()?;
        }
        let git = self.as_somebody(Action::Commit)?;
        let git = git.args(["commit", "--only", "--quiet", "--no-edit", "--cleanup=whitespace", "--file=-", "--"]);
        let done = git.args(self.all_full(paths)?).stdin(message).run();
        if done.is_err() && !new.is_empty() {
            // The commit's own error counts; the files stay known to git if this fails too.
            drop(self.git(Action::Commit).args(["reset", "--quiet", "--"]).args(self.all_full(&new)?).ask());
        }
        done?;
        self.commit_of("HEAD", Action::Commit)?.ok_or(GitError::Answer { action: Action::Commit })
    }

    /// Takes a commit that HEAD is at back. The files of the work tree stay as they are, and so does what else is staged.
    pub fn undo_commit<P: AsRef<Path>>(&self, commit: &CommitId, paths: &[P]) -> Result<(), GitError> {
        let parent = self.commit_of(&format!("{commit}^"), Action::UndoCommit)?;
        let git = self.git(Action::UndoCommit).arg("update-ref");
        let git = match &parent {
            Some(parent) => git.args(["-m", "the push was refused", "HEAD", parent.as_str(), commit.as_str()]),
            None => git.args(["-d", "HEAD", commit.as_str()]),
        };
        let answer = git.ask()?;
        if answer.says(&["but expected"]) {
            return Err(GitError::Moved { commit: commit.short().to_owned() });
        }
        answer.good()?;
        self.git(Action::UndoCommit).args(["reset", "--quiet", "--"]).args(self.all_full(paths)?).run().map(drop)
    }

    /// The commit that a tag leads to; none if there is no such tag.
    pub fn tagged(&self, name: &str) -> Result<Option<CommitId>, GitError> {
        self.check_name("tag", "refs/tags/", name)?;
        self.commit_of(&format!("refs/tags/{name}"), Action::ReadTag)
    }

    /// What stands under a tag: the tag itself where it is annotated, otherwise the commit. None if there is no such tag.
    pub fn tag_object(&self, name: &str) -> Result<Option<CommitId>, GitError> {
        self.check_name("tag", "refs/tags/", name)?;
        self.object_of(&format!("refs/tags/{name}"), Action::ReadTag)
    }

    /// The message of a commit or of an annotated tag.
    pub fn message(&self, object: &CommitId) -> Result<String, GitError> {
        let answer = self.git(Action::ReadTag).args(["cat-file", "-p"]).arg(object.as_str()).run()?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        // Above the first empty line stands what is no message.
        Ok(text.split_once("\n\n").map(|(_, message)| message.to_owned()).unwrap_or_default())
    }

    /// Makes an annotated tag; signed where the user configured that.
    pub fn tag(&self, name: &str, commit: &CommitId, message: TagMessage<'_>) -> Result<(), GitError> {
        self.check_name("tag", "refs/tags/", name)?;
        let git = self.as_somebody(Action::Tag)?;
        let git = git.args(["tag", "--annotate", "--cleanup=whitespace", "--file=-", "--", name, commit.as_str()]);
        git.stdin(message.0).run().map(drop)
    }

    /// Takes a tag back.
    pub fn remove_tag(&self, name: &str) -> Result<(), GitError> {
        self.check_name("tag", "refs/tags/", name)?;
        self.git(Action::RemoveTag).args(["update-ref", "-d"]).arg(joined("refs/tags/", name)).run().map(drop)
    }

    /// The newest commit of a branch; none if there is no such branch.
    pub fn branch(&self, name: &str) -> Result<Option<CommitId>, GitError> {
        self.check_name("branch", "refs/heads/", name)?;
        self.commit_of(&format!("refs/heads/{name}"), Action::ReadBranch)
    }

    /// Starts a branch at HEAD and goes there; the work tree and what is staged stay as they are.
    pub fn start_branch(&self, name: &str) -> Result<(), GitError> {
        self.check_name("branch", "refs/heads/", name)?;
        let git = self.git(Action::StartBranch).args(["switch", "--quiet", "--no-track", "--create", name]);
        git.run().map(drop)
    }

    /// Goes back to where HEAD was before [`Repository::start_branch`] and removes the branch, which has no commit of its own.
    pub fn leave_branch(&self, name: &str, back: &Head) -> Result<(), GitError> {
        self.check_name("branch", "refs/heads/", name)?;
        let git = self.git(Action::LeaveBranch);
        match back {
            Head::Branch { name, .. } => git
                .args(["symbolic-ref", "-m", "the push was refused", "HEAD"])
                .arg(joined("refs/heads/", name))
                .run()?,
            Head::Detached(commit) => git.args(["update-ref", "--no-deref", "HEAD", commit.as_str()]).run()?,
        };
        let git = self.git(Action::LeaveBranch).args(["update-ref", "-d"]).arg(joined("refs/heads/", name));
        match back.commit() {
            Some(commit) => git.arg(commit.as_str()).run().map(drop),
            None => Ok(()),
        }
    }

    /// Whether one commit is another one or comes before it.
    pub fn is_ancestor(&self, older: &CommitId, newer: &CommitId) -> Result<bool, GitError> {
        let question = ["merge-base", "--is-ancestor", older.as_str(), newer.as_str()];
        let answer = self.git(Action::ResolveRevision).args(question).ask()?;
        match answer.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(answer.failed()),
        }
    }

    /// Refuses a name that git would not take, or would take for an option.
    pub(crate) fn check_name(&self, what: &'static str, start: &str, name: &str) -> Result<(), GitError> {
        let bad = || GitError::BadName { what, name: text::one_line(name) };
        if name.is_empty() || name.starts_with('-') || name.len() > 200 || name.contains('\0') {
            return Err(bad());
        }
        let answer = self.git(Action::ReadBranch).arg("check-ref-format").arg(joined(start, name)).ask()?;
        match answer.code() {
            Some(0) => Ok(()),
            Some(1) => Err(bad()),
            _ => Err(answer.failed()),
        }
    }

    /// A run of git that has an author, whom the user configured where there is one.
    fn as_somebody(&self, action: Action) -> Result<Git, GitError> {
        let known = ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"].into_iter().try_fold(true, |known, who| {
            let answer = self.git(action).args(["-c", "user.useConfigOnly=true", "var", who]).ask()?;
            Ok(known && answer.code() == Some(0))
        })?;
        let mut git = self.git(action);
        if known {
            return Ok(git);
        }
        for (key, value) in NOBODY {
            if self.setting(key)?.is_none() {
                git = git.arg("-c").arg(format!("{key}={value}"));
            }
        }
        Ok(git)
    }

    /// A setting of git's; none where nobody set it.
    pub(crate) fn setting(&self, key: &str) -> Result<Option<String>, GitError> {
        let answer = self.git(Action::ReadSettings).args(["config", "--get", key]).ask()?;
        match answer.code() {
            Some(0) => Ok(Some(answer.line()?.to_owned()).filter(|value| !value.is_empty())),
            Some(1) => Ok(None),
            _ => Err(answer.failed()),
        }
    }
}
