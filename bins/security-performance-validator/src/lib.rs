//! `security-performance-validator`: is the set-up around the project what it must be?

mod performance;
mod probe;
mod report;
mod security;
mod settings;
mod validate;

use cli_support::{Common, Context, ExitStatus};

/// Check the set-up around the project: identity, workflows, credentials in files, response and run times.
///
/// Ends with 1 when a check of severity error fails. What cannot be told is unknown: it does not fail, and it is not passed off as good.
#[derive(Debug, clap::Parser)]
#[command(name = "security-performance-validator", version, max_term_width = 110)]
pub struct App {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run every check and write the results to a file
    Validate(validate::ValidateArgs),
    /// Check OIDC configuration, publishing authorisation, workflows, policies and credentials in files
    Security,
    /// Check the status page's response time (200 ms) and the workflows' run time (5 minutes)
    Performance(probe::ProbeArgs),
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs the step.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    match app.command {
        Command::Validate(args) => validate::run(&args, cx),
        Command::Security => security::run(cx),
        Command::Performance(args) => performance::run(&args, cx),
    }
}
