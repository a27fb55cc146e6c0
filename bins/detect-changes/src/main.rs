//! The `detect-changes` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_support::main(detect_changes::run)
}
