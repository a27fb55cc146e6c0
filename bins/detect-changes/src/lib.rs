//! `detect-changes`: what changed between two scans, ledgers or the released baseline and now.

mod text;

use std::path::PathBuf;

use cli_support::{Common, Context, ExitStatus, requests};
use orchestrate::{
    changes::{ChangesRequest, detect_changes},
    documents,
    project::Project,
};

/// Say what changed between two finding sets.
///
/// Each side is a ledger, a baseline or a folder of reports, or a git revision: REV for the ledger of that commit, REV:PATH for
/// another document or folder of it. Without flags the released baseline is compared with the ledger; without a baseline every
/// finding is new and first_scan is true. Ends with 0 whatever it found.
#[derive(Debug, clap::Parser)]
#[command(name = "detect-changes", version, max_term_width = 110)]
pub struct App {
    /// The side before: a ledger, a baseline, a folder of reports or a git revision [default: security/findings/baseline.json]
    #[arg(long, value_name = "PATH|REV")]
    previous: Option<PathBuf>,
    /// The side now [default: security/findings/findings.json]
    #[arg(long, value_name = "PATH|REV")]
    current: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs the step.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let project = Project::at(cx.project());
    let is_unknown = app.current.is_none() && !documents::has_ledger(&project);
    let request = ChangesRequest {
        project: cx.config()?.project_name()?.clone(),
        previous: app.previous,
        current: app.current,
        rules: requests::report_rules(cx)?,
        now: cx.now(),
    };
    let changes = detect_changes(&project, &request).map_err(|e| requests::document_failure(e, "cannot compare"))?;
    if is_unknown {
        cx.note(requests::never_scanned())?;
    }
    cx.actions().summary(&text::summary(&changes))?;
    let words = if is_unknown { "Not known: there was no scan yet.\n".to_owned() } else { text::of(&changes) };
    cx.result(&changes, &words)?;
    Ok(ExitStatus::Done)
}
