use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Component, Path, PathBuf},
};

use findings_model::text;

use crate::{Action, GitError, run::Git};

/// The longest text that may name a revision, in bytes.
const LONGEST_REVISION: usize = 4096;

/// The repository that a project lies in.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The top of the work tree.
    root: PathBuf,
    /// The project's folder below it; empty, or with a slash at its end.
    prefix: OsString,
    shallow: bool,
    pub(crate) ssh: Ssh,
}

/// The `ssh` through which git talks to remotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ssh {
    /// Git's own choice, told to ask nobody for a password.
    #[default]
    Silent,
    /// The program that the variable `GIT_SSH` names, which git's settings would hide.
    Named,
}

/// The id of a commit: 40 or 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

/// Where the work tree is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// On a branch.
    Branch {
        /// Its name without `refs/heads/`.
        name: String,
        /// Its newest commit; none before the first one.
        commit: Option<CommitId>,
    },
    /// On a commit and no branch.
    Detached(CommitId),
}

impl CommitId {
    /// Reads an id of full length.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (digits && matches!(text.len(), 40 | 64)).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Head {
    /// The newest commit; none before the first one.
    pub fn commit(&self) -> Option<&CommitId> {
        match self {
            Self::Branch { commit, .. } => commit.as_ref(),
            Self::Detached(commit) => Some(commit),
        }
    }

    /// The branch; none where HEAD is at no branch.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch { name, .. } => Some(name),
            Self::Detached(_) => None,
        }
    }
}

impl Repository {
    /// The repository that a project's folder lies in.
    pub fn find(project: &Path) -> Result<Self, GitError> {
        let folder = || project.to_owned();
        let question =
            ["rev-parse", "--is-shallow-repository", "--is-inside-work-tree", "--show-prefix", "--show-toplevel"];
        let answer = Git::new(project, Action::FindRepository).args(question).ask()?;
        if answer.says(&["dubious ownership"]) {
            return Err(GitError::DubiousOwnership { folder: folder() });
        }
        if answer.says(&["not a git repository"]) {
            return Err(GitError::NoRepository { folder: folder() });
        }
        if answer.says(&["must be run in a work tree"]) {
            return Err(GitError::NoWorkTree { folder: folder() });
        }
        let answer = answer.good()?;
        // The prefix is an empty line at the top of the work tree; the last answer may hold line feeds itself.
        let mut lines = answer.stdout.splitn(4, |b| *b == b'\n');
        let (Some(shallow), Some(b"true"), Some(prefix), Some(root)) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(answer.not_understood());
        };
        let root = root.strip_suffix(b"\n").unwrap_or(root);
        Ok(Self {
            root: PathBuf::from(OsStr::from_bytes(root)),
            prefix: OsString::from_vec(prefix.to_vec()),
            shallow: shallow == b"true",
            ssh: Ssh::default(),
        })
    }

    /// The same, talking to remotes through this `ssh`.
    #[must_use]
    pub fn with_ssh(self, ssh: Ssh) -> Self {
        Self { ssh, ..self }
    }

    /// The project's folder below the top of the work tree: empty, or with a slash at its end.
    pub fn project_folder(&self) -> Cow<'_, str> {
        self.prefix.to_string_lossy()
    }

    /// Whether the history was cut off when the repository was cloned.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// Where the work tree is.
    pub fn head(&self) -> Result<Head, GitError> {
        let commit = self.commit_of("HEAD", Action::ReadHead)?;
        let answer = self.git(Action::ReadHead).args(["symbolic-ref", "--quiet", "HEAD"]).ask()?;
        match (answer.code(), commit) {
            (Some(0), commit) => {
                let name = answer.line()?.strip_prefix("refs/heads/").ok_or_else(|| answer.not_understood())?;
                Ok(Head::Branch { name: name.to_owned(), commit })
            }
            (Some(1), Some(commit)) => Ok(Head::Detached(commit)),
            _ => Err(answer.failed()),
        }
    }

    /// The commit that a revision names, in any of git's spellings: `v1.2.3`, `HEAD~3`, `main@{yesterday}`, an id.
    ///
    /// The text comes from outside: one that git could take for an option is refused.
    pub fn resolve(&self, rev: &str) -> Result<CommitId, GitError> {
        let shown = || text::shorten(&text::one_line(rev), 100).into_owned();
        let unfit =
            rev.is_empty() || rev.starts_with('-') || rev.len() > LONGEST_REVISION || rev.chars().any(char::is_control);
        if unfit {
            return Err(GitError::NoRevision { rev: shown() });
        }
        self.commit_of(rev, Action::ResolveRevision)?.ok_or_else(|| GitError::NoSuchRevision { rev: shown() })
    }

    /// The commit of a revision; none if there is none.
    pub(crate) fn commit_of(&self, rev: &str, action: Action) -> Result<Option<CommitId>, GitError> {
        self.object_of(&format!("{rev}^{{commit}}"), action)
    }

    /// The object that a name leads to; none if there is none.
    pub(crate) fn object_of(&self, name: &str, action: Action) -> Result<Option<CommitId>, GitError> {
        let answer = self.git(action).args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(name).ask()?;
        if answer.code() == Some(0) {
            return CommitId::parse(answer.line()?).map(Some).ok_or_else(|| answer.not_understood());
        }
        // Quiet about what is not there, and loud about what cannot be a revision at all.
        let unknown =
            answer.code() == Some(1) || answer.says(&["Needed a single revision", "unknown revision", "bad revision"]);
        if unknown { Ok(None) } else { Err(answer.failed()) }
    }

    /// A run of git at the top of the work tree.
    pub(crate) fn git(&self, action: Action) -> Git {
        Git::new(&self.root, action)
    }

    /// A path of the project as git knows it, from the top of the work tree. Only paths that stay below the project have one.
    pub(crate) fn full(&self, path: &Path) -> Result<OsString, GitError> {
        let mut full = self.prefix.clone();
        let mut first = true;
        for component in path.components() {
            match component {
                Component::Normal(name) if !name.as_bytes().contains(&0) => {
                    if !first {
                        full.push("/");
                    }
                    full.push(name);
                    first = false;
                }
                Component::CurDir => {}
                _ => {
                    let path = text::shorten(&text::one_line(&path.to_string_lossy()), 200).into_owned();
                    return Err(GitError::OutsideProject { path });
                }
            }
        }
        Ok(full)
    }

    /// Git's paths of some of the project's paths, to choose by; the whole work tree is `.`, as git takes no empty one.
    pub(crate) fn all_full<P: AsRef<Path>>(&self, paths: &[P]) -> Result<Vec<OsString>, GitError> {
        let full = |path: &P| self.full(path.as_ref()).map(|full| if full.is_empty() { ".".into() } else { full });
        paths.iter().map(full).collect()
    }

    /// A path from the top of the work tree as one of the project; none where it lies outside.
    pub(crate) fn below_project(&self, full: &[u8]) -> Option<PathBuf> {
        full.strip_prefix(self.prefix.as_bytes()).map(|path| PathBuf::from(OsStr::from_bytes(path)))
    }
}
