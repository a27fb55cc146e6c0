use cli_support::{Context, ExitStatus};
use metrics::{ExecutionId, StartReport, WorkflowName, plain};
use orchestrate::{monitoring, project::Project};

use crate::failure;

/// Record that a run begins; prints its execution id.
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    /// The workflow's name, such as security-driven-release
    #[arg(long, value_name = "NAME")]
    workflow: WorkflowName,
    /// The run's id, if something else makes it [default: workflow, time and a random part]
    #[arg(long, value_name = "ID")]
    id: Option<ExecutionId>,
    /// A rehearsal: it is part of no publish statistics
    #[arg(long)]
    dry_run: bool,
}

impl Start {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let id = self.id.unwrap_or_else(|| ExecutionId::generate(&self.workflow, cx.now(), cx.nonce()));
        let what = format!("cannot start a run of {}", self.workflow);
        let report = StartReport { id, workflow: self.workflow, dry_run: self.dry_run };
        let run = monitoring::start_run(&Project::at(cx.project()), report, cx.now()).map_err(failure::record(what))?;
        cx.actions().outputs([("execution_id", run.execution_id.as_str())])?;
        cx.result(&run, &plain::id(&run))?;
        Ok(ExitStatus::Done)
    }
}
