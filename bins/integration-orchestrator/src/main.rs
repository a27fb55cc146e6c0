//! The `integration-orchestrator` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // An error says that a provider is installed already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    cli_support::main(integration_orchestrator::run)
}
