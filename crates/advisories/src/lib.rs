//! OSV records and CVSS vectors to severity, aliases and withdrawals.
//!
//! Most scanners of Python dependencies say that a flaw is there and not how bad it is, and the alias lists that they print are
//! sometimes mixed up. The advisory databases know both. [`AdvisoryStore::from_records`] reads OSV records (JSON or YAML, as
//! the public databases publish them), [`AdvisoryStore::enrich`] puts what they say into scans, and [`AdvisoryStore::verdict`]
//! answers for a flaw that a scan no longer reports whether it was withdrawn or still affects the installed version.
//!
//! This crate reads bytes and returns values; it never opens a file, asks the network or knows the date.

mod enrich;
mod range;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use record::{RecordProblem, RecordWarning};
pub use store::AdvisoryStore;
