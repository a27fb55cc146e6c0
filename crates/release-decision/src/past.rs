use findings_model::{FileOutcome, Receipt, Timestamp};
use pep440_rs::Version;
use time::Duration;

use crate::{Decision, NextVersion, Policy, Versions};

/// What is known of earlier decisions and releases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past<'a> {
    /// The newest decision that was kept; none before the first one.
    pub decided: Option<&'a Decision>,
    /// The receipt that the newest publish left; none where it is not at hand.
    pub receipt: Option<&'a Receipt>,
    /// When the last automatic release was published; none if there was none, or if the last release was a person's.
    pub last_automatic: Option<Timestamp>,
}

/// What became of a decision that was made before, on the same inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// It was not published, or not all of it: it goes on under the same version, for the same reason.
    Pending(NextVersion),
    /// It was published.
    Published(Version, Proof),
}

/// How a publish is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The receipt says that the index lists every file with our digest.
    Receipt,
    /// The index has the version.
    Index,
}

impl Past<'_> {
    /// What became of the kept decision, if it is the one that `id_of` gives for its version; none where its version was overtaken
    /// before anything of it was published.
    ///
    /// A receipt tells for sure. Without one the index's word counts: rather one release too few, and said so, than the same
    /// decision released twice.
    pub(crate) fn same_decision(&self, versions: &Versions, id_of: impl Fn(&Version) -> String) -> Option<Earlier> {
        let decided = self.decided.filter(|d| d.should_release)?;
        let version = decided.next_version.clone()?;
        if versions.given.as_ref().is_some_and(|given| *given != version) || id_of(&version) != decided.decision_id {
            return None;
        }
        let receipt = self.receipt.filter(|r| r.decision_id.as_ref() == Some(&decided.decision_id));
        if receipt.is_some_and(is_proof) {
            return Some(Earlier::Published(version, Proof::Receipt));
        }
        let is_on_index = versions.index.as_ref().is_some_and(|index| index.contains(&version));
        if is_on_index && receipt.is_none() {
            return Some(Earlier::Published(version, Proof::Index));
        }
        let overtaken = versions.newest_released().is_some_and(|newest| match is_on_index {
            true => *newest > version,
            false => *newest >= version,
        });
        let left_behind = versions.current().is_some_and(|current| *current > version);
        let reason = decided.version_reason.clone().unwrap_or_default();
        (!overtaken && !left_behind).then_some(Earlier::Pending(NextVersion { version: Some(version), reason }))
    }

    /// Until when only a critical change releases; none outside of such a period.
    pub(crate) fn quiet_until(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        let end = self.last_automatic?.moment().checked_add(Duration::hours(policy.quiet_hours.into()))?;
        (policy.quiet_hours > 0 && now.moment() < end).then(|| Timestamp::new(end))
    }
}

/// Whether a receipt proves that everything is published.
pub(crate) fn is_proof(receipt: &Receipt) -> bool {
    let published = |outcome| matches!(outcome, FileOutcome::Uploaded | FileOutcome::AlreadyThere);
    receipt.verified && !receipt.files.is_empty() && receipt.files.iter().all(|file| published(file.outcome))
}
