//! The `decide-release` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_support::main(decide_release::run)
}
