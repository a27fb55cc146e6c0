//! `workflow-monitoring`: records what runs do, and says how they go.

mod dashboard;
mod failure;
mod finish;
mod health;
mod list;
mod prune;
mod stage;
mod start;
mod stats;
mod words;

use cli_support::{Common, Context, ExitStatus};

/// Record workflow runs in metrics/ and say how they go.
///
/// A workflow calls start, then stage as often as it likes, then finish. The other commands read what was recorded;
/// a number that nothing supports is shown as no data, never as 0 or as good.
#[derive(Debug, clap::Parser)]
#[command(name = "workflow-monitoring", version, max_term_width = 110)]
pub struct App {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Start(start::Start),
    Stage(stage::Stage),
    Finish(finish::Finish),
    Stats(stats::Stats),
    Dashboard(dashboard::Dashboard),
    Health(health::Health),
    List(list::List),
    Prune(prune::Prune),
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs the step.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    match app.command {
        Command::Start(start) => start.run(cx),
        Command::Stage(stage) => stage.run(cx),
        Command::Finish(finish) => finish.run(cx),
        Command::Stats(stats) => stats.run(cx),
        Command::Dashboard(dashboard) => dashboard.run(cx),
        Command::Health(health) => health.run(cx),
        Command::List(list) => list.run(cx),
        Command::Prune(prune) => prune.run(cx),
    }
}
