//! The `integration-orchestrator` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_support::main(integration_orchestrator::run)
}
