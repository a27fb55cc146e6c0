//! `dashboard`

use anyhow::Context as _;
use cli_support::{Context, ExitStatus, ResultExt as _};
use metrics::DashboardDocument;
use orchestrate::{monitoring, project::Project};

/// Prints the dashboard's data, JSON whatever the format.
pub(crate) fn run(cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let history = monitoring::load_history(&Project::at(cx.project()))
        .or_fail(ExitStatus::Outside, "cannot read the run records")?;
    let dashboard = DashboardDocument::of(&history, cx.now());
    let text = String::from_utf8(dashboard.to_json()).context("the dashboard's data is not UTF-8")?;
    cx.result(&dashboard, &text)?;
    Ok(ExitStatus::Done)
}
