//! `dashboard`

use anyhow::Context as _;
use cli_support::{Context, ExitStatus, ResultExt as _};
use orchestrate::{monitoring::get_monitoring_dashboard, project::Project};

/// Prints the dashboard's data, JSON whatever the format.
pub(crate) fn run(cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let dashboard = get_monitoring_dashboard(&Project::at(cx.project()), cx.now())
        .or_fail(ExitStatus::Outside, "cannot read the run records")?;
    let text = String::from_utf8(dashboard.to_json()).context("the dashboard's data is not UTF-8")?;
    cx.result(&dashboard, &text)?;
    Ok(ExitStatus::Done)
}
