use cli_support::{Context, ExitStatus};
use metrics::{ExecutionId, FinalStatus, FinishReport, PublishReport, ReleaseType, Seconds, StageName, plain};
use orchestrate::{monitoring, project::Project};

use crate::{failure, words};

/// Record how a run ended. Doing so twice is harmless; ending it otherwise the second time is an error.
#[derive(Debug, clap::Args)]
pub(crate) struct Finish {
    /// The run's execution id, as start printed it
    #[arg(long, value_name = "ID", env = "RELWARDEN_EXECUTION_ID")]
    id: ExecutionId,
    /// How it ended
    #[arg(long, value_parser = words::final_status())]
    status: FinalStatus,
    /// The stage in which it failed [default: the newest failed one, or one whose end was not reported]
    #[arg(long, value_name = "NAME")]
    stage: Option<StageName>,
    /// Why it failed; kept as one line of at most 500 characters
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// What kind of release the run was for
    #[arg(long, value_parser = words::release_type())]
    release_type: Option<ReleaseType>,
    /// How many changes of the security picture it saw
    #[arg(long, value_name = "N")]
    security_changes: Option<u64>,
    /// What became of publishing. auto: what the publish stage said; without one, the run's own end, if it was for a
    /// release. elsewhere: something else publishes, so this run is no attempt
    #[arg(long, value_parser = words::publish_report(), default_value = "auto")]
    publish: PublishReport,
    /// How long it took, in seconds, without what it waited for people [default: the time since its start]
    #[arg(long, value_name = "SECONDS", value_parser = words::seconds)]
    duration: Option<Seconds>,
}

impl Finish {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let what = format!("cannot finish run {}", self.id);
        let report = FinishReport {
            status: self.status,
            stage: self.stage,
            error: self.error,
            release_type: self.release_type,
            security_changes: self.security_changes,
            publish: self.publish,
            duration: self.duration,
        };
        let (run, finished) = monitoring::finish_run(&Project::at(cx.project()), &self.id, report, cx.now())
            .map_err(failure::record(what))?;
        cx.result(&run, &plain::finished(&run, finished))?;
        Ok(ExitStatus::Done)
    }
}
