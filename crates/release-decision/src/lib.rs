//! Policy and changes to a decision with reasons, the next version and release notes.
//!
//! - [`decide`] applies the [`Policy`]'s matrix to a `ChangeSet` and gives a [`Decision`]; [`explain`] shows which row applied to what.
//! - [`Versions`] computes the version that the release gets; [`current_version_of`] and [`source_candidates`] tell where the
//!   project's own stands.
//! - [`set_version_in`] and [`release_in_changelog`] write it into the text of a file, [`known_places`] are where copies may lie.
//! - [`Baseline`] is what the last published release was decided on; [`record_release`] moves it, by a verified receipt only.
//!
//! Nothing here reads a file, a clock or the network.

mod baseline;
mod blocks;
mod bump;
mod changelog;
mod changelog_entry;
mod decision;
mod decision_id;
mod explain;
mod index;
mod justification;
mod markdown;
mod matrix;
mod notes;
mod own_words;
mod past;
mod places;
mod policy;
mod public;
mod pyproject;
mod record;
mod settings;
mod stored;
mod template;
mod versions;
mod words;

#[cfg(test)]
mod tests;

pub use baseline::{Baseline, DocumentError};
pub use bump::{BumpError, bump};
pub use changelog::{ChangelogError, ChangelogRelease, changelog_date, is_changelog, release_in_changelog};
pub use changelog_entry::CHANGELOG_ENTRY_LIMIT;
pub use decision::{DecideError, Decision, Request, Trigger, TriggerType, decide};
pub use explain::{Explanation, MatrixRow, explain};
pub use index::{IndexError, IndexVersions};
pub use matrix::{Effect, Reason, Row};
pub use notes::{NOTES_LIMIT, NotesError, NotesOptions, NotesTemplate};
pub use past::{Past, Proof};
pub(crate) use places::version_of_tag;
pub use places::{
    Declared, Edited, Format, KnownPlace, Pattern, PatternError, PlaceError, SourceCandidate, backend_places,
    cargo_name, declared, generated_files, holds_no_own_package, known_places, own_modules, package_places,
    package_roots, set_version_in, setup_cfg_name, setup_cfg_source, setup_py_name, source_candidates,
    versions_of_tags,
};
pub use policy::{Bump, DevelopmentRule, FirstScanRule, Policy, Rule, Threshold, ThresholdError, UnknownSeverity};
pub use pyproject::{CurrentVersion, DynamicVersion, PyprojectError, current_version_of};
pub use record::{Adopt, Publication, RecordError, as_if_recorded, record_release};
pub use settings::{BumpFile, BumpMode, BumpSettings, ChangelogSetting, ProjectPath, ProjectPathError};
pub use stored::{StoredDecision, stored_decision};
pub use versions::{NextVersion, VersionError, VersionWarning, Versions};

pub use pep440_rs::Version;
