//! What every binary shares: arguments, configuration, exit codes, errors, logging, Actions formats.
//!
//! A binary's `main` is one call: [`main`] parses the arguments, sets up logging, builds the [`Context`] from the
//! process once, runs the binary's `run` and turns its end into an exit code. Everything below takes values.
//!
//! ```no_run
//! # #[derive(clap::Parser)] struct App { #[command(flatten)] common: cli_support::Common }
//! # impl AsRef<cli_support::Common> for App { fn as_ref(&self) -> &cli_support::Common { &self.common } }
//! fn run(app: App, cx: &mut cli_support::Context) -> anyhow::Result<cli_support::ExitStatus> {
//!     cx.say("done")?;
//!     Ok(cli_support::ExitStatus::Done)
//! }
//! # fn wrapper() -> std::process::ExitCode {
//! cli_support::main(run)
//! # }
//! ```

pub mod actions;
mod advisory_args;
pub mod config;
mod context;
pub mod decision_text;
mod exit;
mod failures;
mod hidden;
mod logging;
mod parse;
mod render;
pub mod requests;
pub mod scan_text;

pub use advisory_args::AdvisoryArgs;
pub use config::{Attestations, Config};
pub use context::{Common, Context, Format};
pub use exit::{ExitStatus, Failure, ResultExt};
pub use hidden::Masks;

use std::process::ExitCode;

/// Runs a binary: arguments in, exit code out. A panic is told on stderr and ends with 101 at once.
pub fn main<A>(run: fn(A, &mut Context) -> anyhow::Result<ExitStatus>) -> ExitCode
where
    A: clap::Parser + AsRef<Common>,
{
    exit_on_panic();
    let app = match parse::parse::<A>() {
        Ok(app) => app,
        Err(error) => return render::arguments(&error),
    };
    let mut context = match Context::from_process(app.as_ref()) {
        Ok(context) => context,
        Err(error) => return render::early(&error, app.as_ref().format).into(),
    };
    let status = match logging::init(app.as_ref(), &context) {
        Ok(()) => match run(app, &mut context) {
            Ok(status) => status,
            Err(error) => render::error(&error, &mut context),
        },
        Err(error) => render::error(&error, &mut context),
    };
    context.flush(status).into()
}

/// Ends the process with 101 when a thread panics, after what Rust says of a panic. Released binaries do not unwind, and would end by
/// a signal otherwise; locks end with the process, and what a run left unfinished goes with the next one.
fn exit_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !render::tells_too_much(panic) {
            tell(panic);
        }
        #[expect(clippy::exit, clippy::disallowed_methods, reason = "a bug ends the process wherever it shows")]
        std::process::exit(101);
    }));
}
