//! The `update-findings` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_support::main(update_findings::run)
}
