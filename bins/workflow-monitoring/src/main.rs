//! The `workflow-monitoring` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_support::main(workflow_monitoring::run)
}
