//! Policy and changes to a decision with reasons, the next version and release notes.
//!
//! - [`decide`] applies the [`Policy`]'s matrix to a `ChangeSet` and gives a [`Decision`]; [`explain`] shows which row applied to what.
//! - [`Versions`] computes the version that the release gets; [`current_version_of`] and [`set_version`] read and write `pyproject.toml`.
//! - [`Baseline`] is what the last published release was decided on; [`record_release`] moves it, by a verified receipt only.
//!
//! Nothing here reads a file, a clock or the network.

mod baseline;
mod bump;
mod decision;
mod index;
mod justification;
mod matrix;
mod notes;
mod past;
mod policy;
mod pyproject;
mod record;
mod stored;
mod template;
mod versions;
mod words;

#[cfg(test)]
mod tests;

pub use baseline::{Baseline, DocumentError, Snapshot};
pub use bump::{BumpError, bump};
pub use decision::{DecideError, Decision, Request, Trigger, TriggerType, decide};
pub use index::{IndexError, IndexVersions};
pub use matrix::{Effect, Explanation, MatrixRow, Reason, Row, explain};
pub use notes::{NOTES_LIMIT, NotesError, NotesOptions};
pub use past::{Past, Proof};
pub use policy::{Bump, DevelopmentRule, FirstScanRule, Policy, Rule, Threshold, ThresholdError, UnknownSeverity};
pub use pyproject::{CurrentVersion, DynamicVersion, PyprojectError, current_version_of, set_version};
pub use record::{Adopt, Publication, RecordError, as_if_recorded, record_release};
pub use stored::StoredDecision;
pub use versions::{NextVersion, VersionError, Versions};

pub use pep440_rs::Version;
