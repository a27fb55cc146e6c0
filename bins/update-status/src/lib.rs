//! `update-status`: the findings ledger as a public page, JSON, badges and history.

mod text;

use std::path::PathBuf;

use cli_support::{Common, Context, ExitStatus, requests};
use live_status::State;
use orchestrate::{
    project::Project,
    status::{StatusUpdate, refresh_status, update_status},
};

/// Write the public security status: a page, JSON, badges and a history.
///
/// The status is computed from the findings ledger. It says when each scanner last ran and until when the answer holds; when a
/// required scan failed, is missing or is too old, it says that the state is unknown. Whatever it says, this command ends with 0.
#[derive(Debug, clap::Parser)]
#[command(name = "update-status", version, max_term_width = 110)]
pub struct App {
    /// The folder to write [default: docs/security-status]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Only bring a status up to date with the clock (ages, staleness); run it daily between scans. Writes nothing before the
    /// first scan
    #[arg(long)]
    refresh: bool,
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
    let mut request = requests::status(cx)?;
    if let Some(output) = app.output {
        if output != request.output {
            cx.output(&output.join("index.html"), is_page)?;
            cx.output(&output.join("index.json"), is_status)?;
        }
        request.output = output;
    }
    let project = Project::at(cx.project());
    let update = if app.refresh { refresh_status(&project, &request) } else { update_status(&project, &request) };
    let update = update.map_err(requests::status_failure)?;
    announce(&update, cx)?;
    cx.result(&update.document, &text::of(&update))?;
    Ok(ExitStatus::Done)
}

/// Whether a page is one of ours.
fn is_page(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("security status</title>")
}

/// Whether a document is a status. A damaged one counts as one: it is written anew.
fn is_status(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(bytes)
        .map_or(true, |document| document.get("vulnerability_summary").is_some())
}

fn announce(update: &StatusUpdate, cx: &mut Context) -> anyhow::Result<()> {
    for warning in &update.warnings {
        cx.note(format!("warning: {warning}"))?;
        cx.actions().warning(warning);
    }
    let document = &update.document;
    if document.state == State::Unknown {
        cx.actions().warning(&format!("the security state is unknown: {}", document.grade_reason));
    } else if document.stale {
        cx.actions().warning("the security status is stale: the next scan is overdue");
    }
    cx.actions().summary(&text::summary(document))
}
