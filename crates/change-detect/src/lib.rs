//! Two finding sets with their coverage to a change set.
//!
//! [`detect`] compares what the last release was decided on with what is known now and says what is different:
//! a [`ChangeSet`], one [`Change`] per finding at most. It knows nothing of release rules, files or today's date.
//!
//! A finding that is merely not reported is not resolved: either its ledger says so, or every scanner that reports it
//! did a complete scan without it.

mod change;
mod change_set;
mod detect;
mod posture;
mod read;

#[cfg(test)]
mod tests;

pub use change::{Change, ChangeReason, ChangeType, FindingState};
pub use change_set::{ChangeSet, IncompleteScan, OpenFinding};
pub use detect::{STILL_OPEN_LIMIT, detect};
pub use posture::{Posture, PostureTrend};
pub use read::{ChangeError, ChangeSetError};
