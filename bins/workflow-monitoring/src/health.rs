use cli_support::{Context, ExitStatus};
use metrics::{Days, HealthDocument, HealthStatus, markdown, plain};

use crate::failure;

/// Say in a word how publishing goes: excellent, good, fair, poor, or unknown without publishes.
///
/// Excellent: at least 95 of 100 publishes succeeded. Good: at least 85. Fair: at least 70. Poor: fewer. Ends with 1 if it is poor, and
/// with 0 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Health {
    /// How many days back, exact to the second
    #[arg(long, value_name = "N", default_value_t = Days::WEEK)]
    days: Days,
}

impl Health {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let health = HealthDocument::of(&failure::history(cx)?, self.days, cx.now());
        failure::warn_of_skipped(cx, &health.data_quality);
        cx.actions().outputs([("health_status", health.health_status.as_str())])?;
        cx.actions().summary(&markdown::health(&health))?;
        cx.result(&health, &plain::health(&health))?;
        Ok(match health.health_status {
            HealthStatus::Poor => ExitStatus::No,
            HealthStatus::Excellent | HealthStatus::Good | HealthStatus::Fair | HealthStatus::Unknown => {
                ExitStatus::Done
            }
        })
    }
}
