use cli_support::{Context, ExitStatus};
use metrics::{Days, ListDocument, ListFilter, RunStatus, plain};

use crate::{failure, words};

/// List runs, newest first.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only runs with this status
    #[arg(long, value_parser = words::run_status())]
    status: Option<RunStatus>,
    /// Only runs that ended in the last so many days, or started if they have no end [default: all]
    #[arg(long, value_name = "N")]
    days: Option<Days>,
}

impl List {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let filter = ListFilter { status: self.status, days: self.days };
        let list = ListDocument::of(&failure::history(cx)?, filter, cx.now());
        failure::warn_of_skipped(cx, &list.data_quality);
        cx.result(&list, &plain::list(&list))?;
        Ok(ExitStatus::Done)
    }
}
