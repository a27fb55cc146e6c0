use std::{error::Error, fmt, process::ExitCode};

use state_store::StoreError;

/// What mends a missing permission.
pub(crate) const DENIED: &str = "this user may not do that here: look at owner and mode of the file and its folder, and whether the file system is mounted read-only (docs/runbook.md, \"What each exit code means\")";

/// How a binary ends. One table for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// 0: done. A verdict such as "no release" is data and ends so too.
    Done,
    /// 1: the check says no, or a required scan failed or is missing.
    No,
    /// 2: wrong usage or configuration, or no credential at hand.
    Usage,
    /// 3: a document of ours cannot be read.
    BadInput,
    /// 4: something outside failed; a retry may help.
    Outside,
    /// 5: refused (authentication, permission, protection rule).
    Refused,
}

impl ExitStatus {
    /// Every status with what it means, for the documentation's table.
    pub const TABLE: [(Self, &'static str); 6] = [
        (Self::Done, "done; a verdict such as \"no release\" is data"),
        (Self::No, "the check says no; a required scan failed or is missing"),
        (Self::Usage, "usage or configuration; no credential at hand"),
        (Self::BadInput, "a document of ours (ledger, baseline, changes, receipt) cannot be read"),
        (Self::Outside, "something outside failed; a retry may help"),
        (Self::Refused, "refused: authentication, permission, protection rule"),
    ];

    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::BadInput => 3,
            Self::Outside => 4,
            Self::Refused => 5,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// What was attempted and failed, with the exit status it ends in and what to do next.
#[derive(Debug)]
pub struct Failure {
    status: ExitStatus,
    what: String,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure without a deeper cause.
    pub fn new(status: ExitStatus, what: impl Into<String>) -> Self {
        Self { status, what: what.into(), hint: None, source: None }
    }

    /// A failure with its cause.
    pub fn caused(status: ExitStatus, what: impl Into<String>, cause: impl Error + Send + Sync + 'static) -> Self {
        let is_denied = (&cause as &dyn Error).downcast_ref::<StoreError>().is_some_and(StoreError::is_denied);
        let failure = Self { source: Some(Box::new(cause)), ..Self::new(status, what) };
        // Whoever says "outside" of a file means a disk or another run; a missing permission is not mended by a retry.
        if is_denied && status == ExitStatus::Outside { failure.denied() } else { failure }
    }

    fn denied(self) -> Self {
        Self { status: ExitStatus::Refused, ..self }.hint(DENIED)
    }

    /// What to do next: a sentence, with the runbook section where there is one.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit status that the run ends in.
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// What to do next, if somebody said it.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}

/// Says what was attempted when a result is an error.
pub trait ResultExt<T> {
    /// Turns an error into a [`Failure`] with this status: `what` was attempted, the error is its cause.
    fn or_fail(self, status: ExitStatus, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Error + Send + Sync + 'static> ResultExt<T> for Result<T, E> {
    fn or_fail(self, status: ExitStatus, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|e| Failure::caused(status, what, e))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use state_store::{Action, StoreErrorKind};

    use super::*;

    #[test]
    fn a_missing_permission_is_refused_and_told() {
        let failed = |kind| {
            Failure::caused(ExitStatus::Outside, "x", StoreError { action: Action::Write, path: "a".into(), kind })
        };
        let denied = failed(StoreErrorKind::Denied(io::ErrorKind::ReadOnlyFilesystem.into()));
        assert_eq!((denied.status(), denied.hint_text()), (ExitStatus::Refused, Some(DENIED)));
        let document = StoreError {
            action: Action::Lock,
            path: "a".into(),
            kind: StoreErrorKind::Denied(io::ErrorKind::PermissionDenied.into()),
        };
        let document = crate::requests::document_failure(document.into(), "x");
        assert_eq!((document.status(), document.hint_text()), (ExitStatus::Refused, Some(DENIED)));
        let full = failed(StoreErrorKind::Io(io::ErrorKind::StorageFull.into()));
        assert_eq!((full.status(), full.hint_text()), (ExitStatus::Outside, None));
    }

    #[test]
    fn codes_are_a_published_table() {
        let codes: Vec<u8> = ExitStatus::TABLE.iter().map(|(status, _)| status.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
    }
}
