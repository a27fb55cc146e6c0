//! Reports as people meet them: what every format's reader makes of them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail the test, and the corpus prints its table"
)]

mod bandit;
mod corpus;
mod credentials;
mod dependencies;
mod foreign;
mod general;
mod laws;
mod modified;
mod pip_audit;
mod recorded;
mod rules_run;
mod sarif;
mod sarif_levels;
mod secrets;
mod semgrep;
mod statements;
mod support;
mod targets;
mod unreadable;
mod whole;
