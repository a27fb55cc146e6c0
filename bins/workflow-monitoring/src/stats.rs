use cli_support::{Context, ExitStatus};
use metrics::{Days, StatsDocument, markdown, plain};

use crate::failure;

/// Say how the runs of the last days went.
#[derive(Debug, clap::Args)]
pub(crate) struct Stats {
    /// How many days back, exact to the second
    #[arg(long, value_name = "N", default_value_t = Days::MONTH)]
    days: Days,
}

impl Stats {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let stats = StatsDocument::of(&failure::history(cx)?, self.days, cx.now());
        failure::warn_of_skipped(cx, &stats.data_quality);
        cx.actions().summary(&markdown::stats(&stats))?;
        cx.result(&stats, &plain::stats(&stats))?;
        Ok(ExitStatus::Done)
    }
}
