//! Attestations of Sigstore's public instance that were recorded, and of one on loopback, made through the network and
//! without it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test where something is not as it should be")]

mod laws;
mod peers;
mod real;
mod sign;
mod verify;

use attestations::{Publisher, Subject};
use dist_check::Sha256;
use test_support::sigstore::{Sigstore, Workflow, publish_statement};

/// The file that most tests are about.
const FILE: &str = "sample_package-1.0.0-py3-none-any.whl";

fn subject() -> Subject {
    Subject::new(FILE, Sha256::of(b"the bytes")).unwrap()
}

fn workflow() -> Workflow {
    Workflow::new("acme/demo", "release.yml")
}

fn publisher() -> Publisher {
    Publisher::github("acme/demo", "release.yml").unwrap()
}

fn sigstore() -> Sigstore {
    drop(rustls::crypto::ring::default_provider().install_default());
    Sigstore::start()
}

fn statement() -> String {
    publish_statement(FILE, &subject().sha256().to_string())
}
