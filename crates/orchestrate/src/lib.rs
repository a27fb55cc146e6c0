//! Plans and runs the steps over the project's files.
//!
//! Each step is a function that takes the project's folder and a request and gives a value; the binaries and other Rust tooling
//! call the same ones. Files are touched through `state-store` only; a step that changes documents holds their folder's lock.
//!
//! - [`findings::update_findings`]: reports into the ledger and its documents.
//! - [`export::export_findings`]: the findings in the formats of other tools; [`import::import_original`]: the Python system's files.
//! - [`changes::detect_changes`]: what changed.
//! - [`decision::decide`]: is a release due.
//! - [`version::bump_version`]: the next version, written into the project.
//! - [`release::record_release`]: a verified receipt moves the baseline.
//! - [`status::update_status`]: the public status.
//! - [`state::commit_state`]: what a run leaves for the next one, committed and pushed.
//! - [`workflow::execute_security_driven_workflow`], [`workflow::execute_manual_release_workflow`]: all of it but the publish.
//! - [`health::validate_integration_health`], [`validation::validate`]: is the system sound.
//! - [`monitoring`]: run records.

pub mod advice;
mod by_name;
pub mod changes;
pub mod decision;
pub mod documents;
pub mod export;
pub mod findings;
mod gather;
pub mod health;
pub mod import;
mod kept;
pub mod monitoring;
pub mod paths;
pub mod project;
pub mod release;
pub mod scope;
mod source_lines;
pub mod state;
mod statement;
pub mod status;
mod suppressions;
mod told_lines;
mod unlisted;
pub mod validation;
pub mod version;
pub mod workflow;

use std::error::Error;

/// An error with its causes, on one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        words.push_str(": ");
        words.push_str(&source.to_string());
        cause = source.source();
    }
    words
}
