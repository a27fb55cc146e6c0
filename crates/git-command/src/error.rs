use std::{fmt, io, path::PathBuf, time::Duration};

/// What git was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Action {
    FindRepository,
    ReadHead,
    ResolveRevision,
    ReadFile,
    ListFolder,
    ListTags,
    ReadTag,
    ReadBranch,
    ReadState,
    ReadSettings,
    Commit,
    UndoCommit,
    Tag,
    RemoveTag,
    StartBranch,
    LeaveBranch,
    AskRemote,
    Fetch,
    Compare,
    Follow,
    Push,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FindRepository => "find the repository",
            Self::ReadHead => "read HEAD",
            Self::ResolveRevision => "look a revision up",
            Self::ReadFile => "read a file of a commit",
            Self::ListFolder => "list a folder of a commit",
            Self::ListTags => "list the tags",
            Self::ReadTag => "look a tag up",
            Self::ReadBranch => "look a branch up",
            Self::ReadState => "compare the files with the last commit",
            Self::ReadSettings => "read the settings of git",
            Self::Commit => "commit",
            Self::UndoCommit => "take the commit back",
            Self::Tag => "make the tag",
            Self::RemoveTag => "take the tag back",
            Self::StartBranch => "start the branch",
            Self::LeaveBranch => "leave the branch",
            Self::AskRemote => "ask the remote what it has",
            Self::Fetch => "fetch from the remote",
            Self::Compare => "compare two commits",
            Self::Follow => "go on from the newest commit",
            Self::Push => "push",
        })
    }
}

/// Why a remote did not take a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushRefusal {
    /// Somebody else pushed first, or in the same moment.
    Overtaken,
    /// A hook or a rule of the remote forbids it.
    Forbidden,
}

/// Why the repository could not be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` program.
    #[error("git is not installed, or not on the PATH")]
    NotInstalled,
    /// `git` could not be started or talked to.
    #[error("git cannot be run to {action}")]
    Start {
        /// What for.
        action: Action,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder lies in no repository.
    #[error("{} lies in no git repository", folder.display())]
    NoRepository {
        /// The project's folder.
        folder: PathBuf,
    },
    /// The repository has no files to work on.
    #[error("{} belongs to a bare git repository, which has no files to work on", folder.display())]
    NoWorkTree {
        /// The project's folder.
        folder: PathBuf,
    },
    /// The repository belongs to another user, and git was not told to trust it.
    #[error("the git repository of {} belongs to another user, and git does not trust it", folder.display())]
    DubiousOwnership {
        /// The project's folder.
        folder: PathBuf,
    },
    /// A text that cannot name a revision: empty, with control characters, or an option.
    #[error("{rev:?} cannot name a revision")]
    NoRevision {
        /// The text, safe to show.
        rev: String,
    },
    /// The repository has no such commit.
    #[error("there is no revision {rev:?}")]
    NoSuchRevision {
        /// The revision as it was given, safe to show.
        rev: String,
    },
    /// The commit has no such folder.
    #[error("there is no {path} at {commit}")]
    NoSuchPath {
        /// The path, relative to the project.
        path: String,
        /// The commit.
        commit: String,
    },
    /// Something else than a file lies there at that commit.
    #[error("{path} at {commit} is {kind}, not a file")]
    NotAFile {
        /// The path, relative to the project.
        path: String,
        /// The commit.
        commit: String,
        /// What it is.
        kind: &'static str,
    },
    /// The path leads out of the project.
    #[error("{path} does not lie below the project's folder")]
    OutsideProject {
        /// The path, safe to show.
        path: String,
    },
    /// The file at that commit holds more than the limit.
    #[error("{path} at {commit} holds {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The path, relative to the project.
        path: String,
        /// The commit.
        commit: String,
        /// Bytes in the file.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Git does not take the name for a branch, a tag or a remote.
    #[error("{name:?} is not a valid git {what} name")]
    BadName {
        /// `branch`, `tag` or `remote`.
        what: &'static str,
        /// The name, safe to show.
        name: String,
    },
    /// Something else happened to the branch in the meantime.
    #[error("cannot take the commit {commit} back: the branch has moved on")]
    Moved {
        /// The commit that is still there.
        commit: CommitText,
    },
    /// The remote did not take the push; nothing of it arrived.
    #[error("{remote} refused the push: {said}")]
    PushRefused {
        /// The remote.
        remote: String,
        /// What it said, safe to show.
        said: String,
        /// What that means.
        why: PushRefusal,
    },
    /// The remote let nobody in.
    #[error("{remote} denies access: {said}")]
    Denied {
        /// The remote.
        remote: String,
        /// What git said, safe to show.
        said: String,
    },
    /// Git ran for too long and was stopped.
    #[error("git did not {action} within {} seconds and was stopped", limit.as_secs())]
    TooSlow {
        /// What it was asked for.
        action: Action,
        /// How long it may take.
        limit: Duration,
    },
    /// Git said more than anyone would read.
    #[error("git said more than {limit} bytes when asked to {action}")]
    TooMuch {
        /// What it was asked for.
        action: Action,
        /// The limit in bytes.
        limit: u64,
    },
    /// Git's answer is not of the form that its manual promises.
    #[error("git gave an answer that cannot be understood when asked to {action}")]
    Answer {
        /// What it was asked for.
        action: Action,
    },
    /// Git failed for another reason.
    #[error("git could not {action}: {said}")]
    Failed {
        /// What it was asked for.
        action: Action,
        /// What git said, safe to show.
        said: String,
    },
}

/// A commit's id as an error shows it.
pub(crate) type CommitText = String;
