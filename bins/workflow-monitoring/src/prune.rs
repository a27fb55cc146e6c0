use cli_support::{Context, ExitStatus};
use metrics::{Days, PruneDocument, PruneOptions, plain};
use orchestrate::{monitoring, project::Project};

use crate::failure;

/// Fold old runs into one file a month and totals a day.
///
/// Every number stays the same: the other commands read both. Stopping it anywhere loses nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Fold runs that ended so many days ago [default: retention.run_days of the configuration, 35]
    #[arg(long, value_name = "DAYS")]
    older_than: Option<Days>,
    /// Drop months whose last day is so many days ago; their totals a day stay
    #[arg(long, value_name = "DAYS", default_value_t = PruneOptions::default().drop_after)]
    drop_after: Days,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Prune {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let fold_after = match self.older_than {
            Some(days) => days,
            None => Days::clamped(cx.config()?.retention.run_days),
        };
        let options = PruneOptions { fold_after, drop_after: self.drop_after };
        let project = Project::at(cx.project());
        let summary = if self.dry_run {
            monitoring::plan_prune(&project, options, cx.now()).map(|plan| plan.summary)
        } else {
            monitoring::prune(&project, options, cx.now())
        };
        let document = PruneDocument::of(summary.map_err(failure::prune)?, self.dry_run, cx.now());
        cx.result(&document, &plain::prune(&document))?;
        Ok(ExitStatus::Done)
    }
}
