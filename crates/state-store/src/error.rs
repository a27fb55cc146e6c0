use std::{fmt, io, path::PathBuf};

/// What was attempted on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Action {
    Read,
    List,
    Write,
    Remove,
    SetAside,
    Lock,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Remove => "remove",
            Self::SetAside => "set aside",
            Self::Lock => "lock",
        })
    }
}

/// Why a file could not be used as asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {kind}", path.display())]
pub struct StoreError {
    /// What was attempted.
    pub action: Action,
    /// On which path.
    pub path: PathBuf,
    /// Why it failed.
    pub kind: StoreErrorKind,
}

/// The reason of a [`StoreError`], for callers that branch.
#[derive(Debug, thiserror::Error)]
pub enum StoreErrorKind {
    /// Nothing is there.
    #[error("there is no such file or folder")]
    Missing,
    /// Something else than a regular file is there.
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),
    /// A file stands where a folder is needed.
    #[error("a file stands where a folder is needed")]
    NotAFolder,
    /// A symbolic link stands where a folder is needed.
    #[error("a symbolic link stands where a folder of the project is needed")]
    Link,
    /// The path leads out of the folder that it must lie in.
    #[error("it does not lie below {}", .0.display())]
    NotBelow(PathBuf),
    /// More bytes than the limit.
    #[error("it holds {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Bytes in the file.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Another run holds the lock.
    #[error("another run holds it for more than {0} seconds; wait for that run to end")]
    Locked(u64),
    /// This user may not do that, or the file system takes no writes.
    #[error("{0}")]
    Denied(#[source] io::Error),
    /// The operating system could not do it.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl StoreError {
    pub(crate) fn new(action: Action, path: impl Into<PathBuf>, kind: StoreErrorKind) -> Self {
        Self { action, path: path.into(), kind }
    }

    pub(crate) fn io(action: Action, path: impl Into<PathBuf>, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => StoreErrorKind::Missing,
            io::ErrorKind::NotADirectory => StoreErrorKind::NotAFolder,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::Denied(error),
            _ => StoreErrorKind::Io(error),
        };
        Self::new(action, path, kind)
    }

    /// Whether a permission is missing, so that no retry helps.
    pub fn is_denied(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Denied(_))
    }

    /// Whether nothing was there.
    pub fn is_missing(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Missing)
    }
}
