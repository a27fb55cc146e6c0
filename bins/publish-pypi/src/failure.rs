//! Which exit status an error ends in.

use std::error::Error;

use cli_support::{ExitStatus, Failure, ResultExt as _};
use pypi_publish::ErrorKind;

/// The exit status of a class of failures.
fn status(kind: ErrorKind) -> ExitStatus {
    match kind {
        ErrorKind::Usage => ExitStatus::Usage,
        // What the index says about the files is a verdict, and so is that they changed.
        ErrorKind::Rejected | ErrorKind::Conflict | ErrorKind::Changed => ExitStatus::No,
        ErrorKind::Refused => ExitStatus::Refused,
        ErrorKind::Outside => ExitStatus::Outside,
    }
}

/// `what` was attempted and ended in an error of this class.
pub(crate) fn of<E>(error: E, kind: ErrorKind, hint: &str, what: String) -> Failure
where
    E: Error + Send + Sync + 'static,
{
    with_status(error, status(kind), hint, what)
}

/// As [`of`], with the exit status itself.
pub(crate) fn with_status<E>(error: E, status: ExitStatus, hint: &str, what: String) -> Failure
where
    E: Error + Send + Sync + 'static,
{
    let failed: Result<(), Failure> = Err(error).or_fail(status, what.clone());
    failed.err().unwrap_or_else(|| Failure::new(status, what)).hint(hint)
}
