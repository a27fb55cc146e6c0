//! Which exit status an error of the metrics folder ends in.

use cli_support::{Context, ExitStatus, Failure, ResultExt as _, requests};
use metrics::{DataQuality, History};
use orchestrate::{
    monitoring::{self, PruneRunsError, RecordRunError, WriteDashboardError},
    project::Project,
};

/// A run could not be started, reported on or finished.
pub(crate) fn record(what: String) -> impl FnOnce(RecordRunError) -> Failure {
    move |error| match error {
        RecordRunError::Unknown { .. } => Failure::caused(ExitStatus::Usage, what, error)
            .hint("workflow-monitoring list shows the runs that are recorded"),
        RecordRunError::Exists { .. } => {
            Failure::caused(ExitStatus::Usage, what, error).hint("leave --id out to have a new id made")
        }
        RecordRunError::Report(_) | RecordRunError::Name(_) => Failure::caused(ExitStatus::Usage, what, error),
        RecordRunError::BadRecord { .. } | RecordRunError::OtherRun { .. } => {
            Failure::caused(ExitStatus::BadInput, what, error)
                .hint("move the file away, or restore it from the repository's history")
        }
        RecordRunError::Store(error) => requests::document_failure(error.into(), &what),
    }
}

/// The dashboard could not be written.
pub(crate) fn dashboard(error: WriteDashboardError, path: &str) -> Failure {
    let what = format!("cannot write the dashboard to {path}");
    match error {
        WriteDashboardError::Store(error) => requests::document_failure(error.into(), &what),
        WriteDashboardError::Render(_) => Failure::caused(ExitStatus::Outside, what, error),
    }
}

/// The metrics folder could not be pruned.
pub(crate) fn prune(error: PruneRunsError) -> Failure {
    const WHAT: &str = "cannot prune the run records";
    match error {
        PruneRunsError::Plan(_) => Failure::caused(ExitStatus::BadInput, WHAT, error),
        PruneRunsError::Store(error) => requests::document_failure(error.into(), WHAT),
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
