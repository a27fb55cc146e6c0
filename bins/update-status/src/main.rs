//! The `update-status` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_support::main(update_status::run)
}
