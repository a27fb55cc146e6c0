use findings_model::{FileOutcome, Receipt, Timestamp};
use pep440_rs::Version;
use time::Duration;

use crate::{Decision, IndexVersions, NextVersion, Policy, Versions};

/// What is known of earlier decisions and releases.
#[derive(Clone, Debug, Default)]
pub struct Past<'a> {
    /// Decisions to release that are not recorded as published, the newest first.
    pub pending: Vec<&'a Decision>,
    /// The receipt that the newest publish left; none where it is not at hand.
    pub receipt: Option<&'a Receipt>,
    /// When the last automatic release was published; none if there was none.
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
pub enum Proof {
    /// The receipt says that the index lists every file with our digest.
    Receipt,
    /// The index has the version.
    Index,
}

impl Past<'_> {
    /// What became of the pending decision that is the one that `id_of` gives for its version; none if there is none, or if its
    /// version was overtaken before anything of it was published.
    pub(crate) fn same_decision(&self, versions: &Versions, id_of: impl Fn(&Version) -> String) -> Option<Earlier> {
        self.pending.iter().find_map(|decided| {
            let version = decided.next_version.as_ref().filter(|_| decided.should_release)?;
            if versions.given.as_ref().is_some_and(|given| given != version) || id_of(version) != decided.decision_id {
                return None;
            }
            if let Some(proof) = self.proof_of(decided, versions.index.as_ref()) {
                return Some(Earlier::Published(version.clone(), proof));
            }
            let begun = versions.index.as_ref().is_some_and(|index| index.contains(version));
            let overtaken =
                versions.newest_released().is_some_and(|newest| newest > version || (newest == version && !begun));
            let left_behind = versions.current().is_some_and(|current| current > version);
            let next = || {
                let reason = decided.version_reason.clone().unwrap_or_default();
                let warnings = versions.warnings_of(version);
                Earlier::Pending(NextVersion { version: Some(version.clone()), reason, warnings })
            };
            (!overtaken && !left_behind).then(next)
        })
    }

    /// Whether a decision was published, and how that is known.
    ///
    /// A receipt tells for sure. Without one the index's word counts, if it has as many files of the version as of the one
    /// before: rather one release too few, and said so, than the same decision released twice.
    pub fn proof_of(&self, decided: &Decision, index: Option<&IndexVersions>) -> Option<Proof> {
        let version = decided.next_version.as_ref().filter(|_| decided.should_release)?;
        match self.receipt.filter(|r| r.decision_id.as_ref() == Some(&decided.decision_id)) {
            Some(receipt) => is_proof(receipt).then_some(Proof::Receipt),
            None => index.is_some_and(|index| index.has_all_of(version)).then_some(Proof::Index),
        }
    }

    /// Until when only a critical change releases; none outside of such a period.
    pub(crate) fn quiet_until(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        let end = self.last_automatic?.moment().saturating_add(Duration::hours(policy.quiet_hours.into()));
        (policy.quiet_hours > 0 && now.moment() < end).then(|| Timestamp::new(end))
    }
}

/// Whether a receipt proves that everything is published.
pub(crate) fn is_proof(receipt: &Receipt) -> bool {
    let published = |outcome| matches!(outcome, FileOutcome::Uploaded | FileOutcome::AlreadyThere);
    receipt.verified && !receipt.files.is_empty() && receipt.files.iter().all(|file| published(file.outcome))
}
