use cli_support::{Context, ExitStatus};
use metrics::{ExecutionId, Seconds, StageName, StageReport, StageStatus, plain};
use orchestrate::{monitoring, project::Project};

use crate::{failure, words};

/// Record a stage's status.
///
/// Report it as running when it begins and again when it ends, or only its end, with --duration. The names
/// security-scan, quality-gates, build and publish fill the record's keys of those names.
#[derive(Debug, clap::Args)]
pub(crate) struct Stage {
    /// The run's execution id, as start printed it
    #[arg(long, value_name = "ID", env = "RELWARDEN_EXECUTION_ID")]
    id: ExecutionId,
    /// The stage's name
    #[arg(long, value_name = "NAME")]
    name: StageName,
    /// Its status
    #[arg(long, value_parser = words::stage_status())]
    status: StageStatus,
    /// How long it took, in seconds [default: the time since it was reported as running]
    #[arg(long, value_name = "SECONDS", value_parser = words::seconds)]
    duration: Option<Seconds>,
    /// Why it failed; kept as one line of at most 500 characters
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
}

impl Stage {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let what = format!("cannot record stage {} of run {}", self.name, self.id);
        let report = StageReport { name: self.name, status: self.status, duration: self.duration, error: self.error };
        let run = monitoring::report_stage(&Project::at(cx.project()), &self.id, report, cx.now())
            .map_err(failure::record(what))?;
        cx.result(&run, &plain::last_stage(&run))?;
        Ok(ExitStatus::Done)
    }
}
