//! The built binaries, run as a workflow runs them, against what the command line promises.
//!
//! Tests named `aNN_…` are the acceptance cases of the audit of the Python system by their numbers; the `row_NN_…` ones are rows of
//! its list of behaviours. The other binaries are taken from beside this package's own: build the workspace first.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test touches real files, and fails where it cannot"
)]

mod canary;
mod chain;
mod commands;
mod corpus;
mod decision;
mod documents;
mod environment;
mod health;
mod holes;
mod identity;
mod kill;
mod monitoring;
mod outputs;
mod parallel;
mod plans;
mod publishing;
mod recorded;
mod reports;
mod revisions;
mod same;
mod scans;
mod snapshots;
mod sources;
mod state;
mod status;
mod streams;
mod system;
mod unrecorded;
mod weeks;
