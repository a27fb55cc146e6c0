//! Which exit status an error of the metrics folder ends in.

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use metrics::{DataQuality, History};
use orchestrate::{
    monitoring::{self, PruneRunsError, RecordRunError},
    project::Project,
};

/// A run could not be started, reported on or finished.
pub(crate) fn record(what: String) -> impl FnOnce(RecordRunError) -> Failure {
    move |error| {
        if let RecordRunError::Store(error) = error {
            return Failure::caused(ExitStatus::Outside, what, error);
        }
        let (status, hint) = match &error {
            RecordRunError::Unknown { .. } => {
                (ExitStatus::Usage, Some("workflow-monitoring list shows the runs that are recorded"))
            }
            RecordRunError::Exists { .. } => (ExitStatus::Usage, Some("leave --id out to have a new id made")),
            RecordRunError::Report(_) | RecordRunError::Name(_) => (ExitStatus::Usage, None),
            RecordRunError::BadRecord { .. } | RecordRunError::OtherRun { .. } => {
                (ExitStatus::BadInput, Some("move the file away, or restore it from the repository's history"))
            }
            RecordRunError::Store(_) => (ExitStatus::Outside, None),
        };
        let failure = failure(error, status, what);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The metrics folder could not be pruned.
pub(crate) fn prune(error: PruneRunsError) -> Failure {
    let status = match &error {
        PruneRunsError::Plan(_) => ExitStatus::BadInput,
        PruneRunsError::Store(_) => ExitStatus::Outside,
    };
    failure(error, status, "cannot prune the run records".to_owned())
}

fn failure<E: std::error::Error + Send + Sync + 'static>(error: E, status: ExitStatus, what: String) -> Failure {
    match Err::<(), E>(error).or_fail(status, what) {
        Err(failure) => failure,
        Ok(()) => Failure::new(status, "nothing failed"),
    }
}

/// Everything that the metrics folder knows.
pub(crate) fn history(cx: &Context) -> Result<History, Failure> {
    monitoring::load_history(&Project::at(cx.project())).or_fail(ExitStatus::Outside, "cannot read the run records")
}

/// Warns in Actions of files that are left out.
pub(crate) fn warn_of_skipped(cx: &mut Context, quality: &DataQuality) {
    if let Some(first) = quality.skipped.first() {
        let more = match quality.skipped.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        cx.actions().warning(&format!("metrics/{} is left out: {}{more}", first.file, first.reason));
    }
}
