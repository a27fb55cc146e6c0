//! What the tests of the other crates share: recorded inputs, scratch projects, programs run with a scrubbed
//! environment, and the real peers they talk to on loopback.
//!
//! A development dependency only. It depends on no crate of this workspace: a cycle through a
//! development dependency would compile the crate under test twice, and its types would not match.
//! Everything here fails the test by panicking, with a text that says what was attempted.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test helper touches real files and fails the test, or says that it is skipped, where it cannot"
)]

pub mod aws;
pub mod browser;
pub mod canary;
pub mod command;
mod filters;
pub mod fixtures;
pub mod github;
pub mod iam;
pub mod index;
pub mod killed;
pub mod macaroon;
pub mod minting;
pub mod osv;
pub mod peers;
pub mod repository;
pub mod scratch;
mod server;
pub mod sigstore;
pub mod sink;
pub mod webhook;

pub use command::{Binary, Outcome, Run};
pub use filters::SNAPSHOT_FILTERS;
pub use fixtures::{copy_dir, corpus, fixture, fixture_path, fixture_text};
pub use repository::{Checkout, HookAt};
pub use scratch::Scratch;

/// The programs of this workspace.
pub const PROGRAMS: [&str; 8] = [
    "decide-release",
    "detect-changes",
    "integration-orchestrator",
    "publish-pypi",
    "security-performance-validator",
    "update-findings",
    "update-status",
    "workflow-monitoring",
];
