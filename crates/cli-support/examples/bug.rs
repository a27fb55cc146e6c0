//! A program with a bug, to see how the binaries end on one: `cargo run -p cli-support --example bug`.

use std::process::ExitCode;

use cli_support::{Common, Context, ExitStatus};

#[derive(Debug, clap::Parser)]
struct App {
    #[command(flatten)]
    common: Common,
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

fn run(_: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let token = cx.take_secret("PYPI_TOKEN");
    assert!(token.is_none(), "a token where none was expected: {token:?}");
    let folder = cx.project();
    assert!(folder.as_os_str().is_empty(), "a folder that is not empty, where none was expected");
    cx.say("there is no bug")?;
    Ok(ExitStatus::Done)
}

fn main() -> ExitCode {
    cli_support::main(run)
}
