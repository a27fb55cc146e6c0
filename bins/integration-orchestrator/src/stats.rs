//! `stats`

use cli_support::{Context, ExitStatus, ResultExt as _};
use metrics::{Days, StatsDocument, plain};
use orchestrate::{monitoring, project::Project};

/// Prints the statistics.
pub(crate) fn run(cx: &mut Context, days: Days) -> anyhow::Result<ExitStatus> {
    let history = monitoring::load_history(&Project::at(cx.project()))
        .or_fail(ExitStatus::Outside, "cannot read the run records")?;
    let stats = StatsDocument::of(&history, days, cx.now());
    cx.result(&stats, &plain::stats(&stats))?;
    Ok(ExitStatus::Done)
}
