//! Checks over what surrounds a release: workflows, identity, policies, credentials in files, response and run times.
//!
//! A rule is a row ([`Rule`]: name, topic, weight, what to do) and a function that answers with [`Check`]s. Text and
//! values come in, checks go out: nothing here opens a file, asks the network or knows the time.
//!
//! What cannot be told is [`CheckStatus::Unknown`], never a pass: a document that cannot be read, a value that only the
//! repository's settings hold, a project without workflows.

mod check;
mod credentials;
mod expression;
mod node;
mod oidc;
mod performance;
mod policy;
mod shell;
#[cfg(test)]
mod tests;
mod workflow;

pub use check::{Check, CheckSeverity, CheckStatus, Group, Place, Rule, Topic};
pub use credentials::{CredentialScan, MAX_FILE_BYTES, is_text, is_tools_folder};
pub use findings_model::PublishAuth;
pub use oidc::{PublishSettings, check_oidc};
pub use performance::{
    FEWEST_RUNS, RESPONSE_TARGET, RUN_TARGET, RUNS_JUDGED, ResponseSample, WorkflowTimes, check_response_time,
    check_run_time, run_time_unknown,
};
pub use policy::check_policies;
pub use workflow::Workflows;

/// A text file of the project.
#[derive(Debug, Clone, Copy)]
pub struct TextFile<'a> {
    /// The path below the project, with `/`.
    pub path: &'a str,
    /// What it holds.
    pub text: &'a str,
}

/// A file of the project that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The path below the project, with `/`.
    pub path: String,
    /// Why, in words.
    pub reason: String,
}

/// The rows of every rule, for documents and for `--help`.
pub fn rules() -> Vec<&'static Rule> {
    oidc::RULES
        .into_iter()
        .chain(workflow::rules())
        .chain(policy::rules())
        .chain(credentials::RULES)
        .chain(performance::RULES)
        .collect()
}
