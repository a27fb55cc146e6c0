//! `publish-pypi`: checks distribution files, publishes them to a package index and proves it.

mod attest;
mod auth;
mod check;
mod dist;
mod failure;
mod index;
mod plan;
mod publish;
mod releases;
mod report;
mod rotate;
mod source;
mod tell;
mod token;
mod verify;
mod watch;

use cli_support::{Common, Context, ExitStatus};

/// Check wheels and source archives, publish them to a package index, and prove what was published.
///
/// A file that the index has with the same digest is done; one that it has with other bytes is an error. Run the same
/// command again after a failure: it picks up where it was.
#[derive(Debug, clap::Parser)]
#[command(name = "publish-pypi", version, max_term_width = 110)]
pub struct App {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(check::Check),
    Attest(attest::Attest),
    Plan(plan::Plan),
    Publish(publish::Publish),
    Verify(verify::Verify),
    Token(token::Token),
    Rotate(rotate::Rotate),
    Releases(releases::Releases),
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs the step.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    match app.command {
        Command::Check(check) => check.run(cx),
        Command::Attest(attest) => attest.run(cx),
        Command::Plan(plan) => plan.run(cx),
        Command::Publish(publish) => publish.run(cx),
        Command::Verify(verify) => verify.run(cx),
        Command::Token(token) => token.run(cx),
        Command::Rotate(rotate) => rotate.run(cx),
        Command::Releases(releases) => releases.run(cx),
    }
}
