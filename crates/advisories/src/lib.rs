//! OSV records, CVSS vectors, KEV and EPSS to severity, aliases, withdrawals and exploitation.
//!
//! Most scanners of Python dependencies say that a flaw is there and not how bad it is, and the alias lists that they print are
//! sometimes mixed up. The advisory databases know both. [`AdvisoryStore::from_records`] reads OSV records (JSON or YAML, as
//! the public databases publish them), [`records_of_archive`] takes them out of an `all.zip`, [`AdvisoryStore::search`] says
//! which ones to ask a service for, [`AdvisoryStore::enrich`] puts what they say into scans, and [`AdvisoryStore::verdict`]
//! answers for a flaw that a scan no longer reports whether it was withdrawn or still affects the installed version.
//! [`KevCatalogue`] and [`EpssScores`] know of attacks; [`Attacks::tell`] puts that into findings.
//!
//! This crate reads bytes and returns values; it never opens a file, asks the network or knows the date.

mod archive;
mod enrich;
mod epss;
mod exploitation;
mod feed;
mod head;
mod kev;
mod range;
mod record;
mod search;
mod store;
#[cfg(test)]
mod tests;
mod unread;
mod yaml_fault;

pub use archive::{ArchiveError, ArchiveLimits, ArchiveRecords, Wanted, records_of_archive};
pub use epss::{EpssError, EpssScores};
pub use exploitation::Attacks;
pub use kev::{KevCatalogue, KevError};
pub use record::{RecordProblem, RecordWarning};
pub use search::{Answer, Search};
pub use store::AdvisoryStore;
pub use unread::Unread;

/// The public OSV service (<https://google.github.io/osv.dev/api/>), which is asked unless the configuration says otherwise.
pub const OSV_API: &str = "https://api.osv.dev";
/// The most that one advisory record may hold: 4 MiB.
pub const RECORD_BYTES: u64 = 4 * 1024 * 1024;
/// The most that the KEV catalogue or the EPSS scores may hold, packed or unpacked: 64 MiB.
pub const FEED_BYTES: u64 = 64 * 1024 * 1024;
