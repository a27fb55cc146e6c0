//! `integration-orchestrator`: all steps but the publish, in one process.

mod commit_state;
mod dashboard;
mod health;
mod quality_gates;
mod record_release;
mod settings;
mod stats;
mod workflows;

use std::path::PathBuf;

use cli_support::{AdvisoryArgs, Common, Context, ExitStatus};

/// Run the steps from reports to status, look at the system's health, and record releases.
///
/// The workflows read reports, keep the ledger, decide, and update the status and the metrics. They never publish.
#[derive(Debug, clap::Parser)]
#[command(name = "integration-orchestrator", version, max_term_width = 110)]
pub struct App {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// Takes a commit's id as git and Actions write it.
fn full_commit_id(text: &str) -> Result<String, &'static str> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_id { Ok(text.to_owned()) } else { Err("a commit's full id is needed: 40 or 64 hexadecimal digits") }
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read the reports, update findings, decide whether a release is due, update the status
    SecurityWorkflow {
        /// Decide for a release whatever changed
        #[arg(long)]
        force: bool,
        /// Text for the release notes
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
        #[command(flatten)]
        advisories: AdvisoryArgs,
        #[command(flatten)]
        circumstances: workflows::Circumstances,
    },
    /// Decide for a release by hand and update the status; needs no scan
    ManualWorkflow {
        /// Text for the release notes
        #[arg(long, value_name = "TEXT")]
        notes: String,
        /// Leave the status as it is
        #[arg(long)]
        no_status_update: bool,
        #[command(flatten)]
        circumstances: workflows::Circumstances,
    },
    /// Say whether the system is healthy, by the ledger's last complete scans
    HealthCheck,
    /// Print the monitoring dashboard's data
    Dashboard,
    /// Print publishing statistics
    Stats {
        /// The window, in days
        #[arg(long, value_name = "N", default_value_t = metrics::Days::MONTH)]
        days: metrics::Days,
    },
    /// Move the released baseline to what a published decision was decided on
    RecordRelease {
        /// The receipt that `publish-pypi publish` left
        #[arg(long, value_name = "FILE")]
        receipt: PathBuf,
        /// Take today's findings as the baseline, for a receipt without a decision
        #[arg(long)]
        adopt_current: bool,
        /// The commit that was released [default: the one that the release's tag is at]
        #[arg(long, value_name = "SHA", value_parser = full_commit_id)]
        commit: Option<String>,
    },
    /// Commit what a run leaves for the next one (findings, decision, status, metrics), and push it
    ///
    /// Nothing is committed where nothing of substance changed. Where another run pushed first, this one goes on from there; nothing
    /// is pushed by force. Ends with 4 if the other run changed the findings too: theirs stay, ours are set aside under a name, and
    /// the step is to be run again on the newest state, which is there then. Ends with 1 if a document was cut off: it is set
    /// aside, and the committed one put back.
    CommitState(commit_state::CommitState),
    /// Print the project's own checks, for the jobs that run them
    QualityGates,
    /// Print where the configuration keeps the state and what a bump does in git, for the scripts around the programs
    Settings,
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs one subcommand.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    match app.command {
        Command::SecurityWorkflow { force, notes, advisories, circumstances } => {
            workflows::security(cx, force, notes, &advisories, circumstances)
        }
        Command::ManualWorkflow { notes, no_status_update, circumstances } => {
            workflows::manual(cx, notes, no_status_update, circumstances)
        }
        Command::HealthCheck => health::run(cx),
        Command::Dashboard => dashboard::run(cx),
        Command::Stats { days } => stats::run(cx, days),
        Command::RecordRelease { receipt, adopt_current, commit } => {
            record_release::run(cx, &receipt, adopt_current, commit)
        }
        Command::CommitState(args) => args.run(cx),
        Command::QualityGates => quality_gates::run(cx),
        Command::Settings => settings::run(cx),
    }
}
