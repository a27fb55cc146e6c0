use std::str::FromStr;

use findings_model::{FileOutcome, FindingSet, PackageName, Receipt, order};
use pep440_rs::Version;

use crate::{Baseline, DocumentError, StoredDecision, TriggerType};

/// What a receipt without a decision does to the baseline's findings.
#[derive(Clone, Copy, Debug)]
pub enum Adopt<'a> {
    /// They stay: what is pending stays pending.
    Nothing,
    /// These become the baseline's, because a person says that the release took them into account.
    Current(&'a FindingSet),
}

/// A publish that is to be recorded.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    /// The proof.
    pub receipt: &'a Receipt,
    /// The decision that was carried out; none for a publish without one.
    pub decision: Option<&'a StoredDecision>,
    /// The baseline as it stands; none before the first one.
    pub baseline: Option<Baseline>,
    /// What becomes of the findings if the receipt names no decision.
    pub adopt: Adopt<'a>,
    /// The commit that the release was built from.
    pub commit: Option<String>,
}

/// Why a receipt does not move the baseline.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The index was not seen to have every file.
    #[error("the receipt of {version} is not verified: the index was not seen to list every file with our digest")]
    Unverified {
        /// The receipt's version.
        version: String,
    },
    /// The release was only tried out.
    #[error(
        "the receipt of {version} is of a trial on {index}, which is not the project's own index: nothing was released"
    )]
    Trial {
        /// The receipt's version.
        version: String,
        /// The index's upload address.
        index: String,
    },
    /// A file was not published.
    #[error("the receipt of {version} is not complete: {file} was not published")]
    Unpublished {
        /// The receipt's version.
        version: String,
        /// The first file that is not on the index.
        file: String,
    },
    /// The receipt names no file.
    #[error("the receipt of {version} names no file")]
    NoFiles {
        /// The receipt's version.
        version: String,
    },
    /// The receipt's version is not one of PEP 440.
    #[error("the receipt's version {0:?} is not a valid PEP 440 version")]
    Version(String),
    /// The receipt is about a decision, and there is none at hand.
    #[error("the receipt carries out decision {id}, which is not at hand")]
    NoDecision {
        /// The receipt's decision.
        id: String,
    },
    /// The receipt is about another decision.
    #[error("the receipt carries out decision {receipt}, but the decision at hand is {decision}")]
    OtherDecision {
        /// The receipt's decision.
        receipt: String,
        /// The decision at hand.
        decision: String,
    },
    /// The decision is of another project.
    #[error("decision {id} is of the project {decided}, not of {receipt:?}")]
    OtherProject {
        /// The decision.
        id: String,
        /// Its project.
        decided: PackageName,
        /// The receipt's project.
        receipt: String,
    },
    /// The decision was not to release.
    #[error("the receipt carries out decision {id}, which was not to release")]
    NoRelease {
        /// The decision.
        id: String,
    },
    /// The receipt is of another version than the decision.
    #[error("the receipt is of {version}, but the decision was to release {decided}")]
    OtherVersion {
        /// The receipt's version.
        version: Version,
        /// The decision's version.
        decided: Version,
    },
    /// What the decision was made on cannot be read.
    #[error("the findings that decision {id} was made on cannot be read")]
    Snapshot {
        /// The decision.
        id: String,
        /// What is wrong with them.
        #[source]
        source: DocumentError,
    },
    /// A newer release was recorded in the meantime.
    #[error(
        "the receipt is of {version}, but the baseline is at {recorded} already: an older or another release of it moves nothing"
    )]
    Superseded {
        /// The receipt's version.
        version: Version,
        /// The baseline's version.
        recorded: Version,
    },
}

/// The baseline as it will be when a decision that was published is recorded.
///
/// What that release carried is not released again, although nobody recorded it yet.
pub fn as_if_recorded(baseline: &Baseline, decision: &StoredDecision) -> Result<Baseline, DocumentError> {
    let mut moved = baseline.clone();
    move_to(&mut moved, decision.snapshot()?);
    moved.version.clone_from(&decision.decision.next_version);
    moved.decision_id = Some(decision.decision.decision_id.clone());
    moved.released_at(Some(decision.decision.trigger_type), decision.decision.decided_at);
    Ok(moved)
}

/// Moves the baseline to what a published release was decided on.
///
/// Recording the same publish again gives the same baseline. A receipt without a decision records the version and leaves
/// the findings alone, unless they are to be adopted; one of an older version than the recorded one changes nothing.
pub fn record_release(publication: Publication<'_>) -> Result<Baseline, RecordError> {
    let Publication { receipt, decision, baseline, adopt, commit } = publication;
    check(receipt)?;
    let version = Version::from_str(&receipt.version)
        .map_err(|_| RecordError::Version(findings_model::text::one_line(&receipt.version)))?;
    let recorded = baseline.as_ref().and_then(|b| b.version.clone());
    let is_older = recorded.as_ref().is_some_and(|recorded| version < *recorded);

    let Some(id) = &receipt.decision_id else {
        let mut baseline = match (baseline, adopt) {
            (Some(baseline), _) if is_older => return Ok(baseline),
            (Some(baseline), Adopt::Nothing) if recorded.as_ref() == Some(&version) => {
                return Ok(baseline);
            }
            (baseline, _) => baseline.unwrap_or_else(|| Baseline::without_scans(receipt.finished_at)),
        };
        if let Adopt::Current(set) = adopt {
            move_to(&mut baseline, set.clone());
            baseline.decision_id = None;
        }
        return Ok(released(baseline, None, version, receipt, commit));
    };

    if let Some(baseline) = baseline.as_ref().filter(|b| b.decision_id.as_ref() == Some(id)) {
        return match &baseline.version {
            Some(recorded) if *recorded != version => {
                Err(RecordError::OtherVersion { version, decided: recorded.clone() })
            }
            _ => Ok(baseline.clone()),
        };
    }
    let decision = decision.ok_or_else(|| RecordError::NoDecision { id: id.clone() })?;
    if decision.decision.decision_id != *id {
        return Err(RecordError::OtherDecision {
            receipt: id.clone(),
            decision: decision.decision.decision_id.clone(),
        });
    }
    if let Some(decided) = &decision.decision.project
        && PackageName::parse(&receipt.project).ok().as_ref() != Some(decided)
    {
        let receipt = findings_model::text::one_line(&receipt.project);
        return Err(RecordError::OtherProject { id: id.clone(), decided: decided.clone(), receipt });
    }
    if !decision.decision.should_release {
        return Err(RecordError::NoRelease { id: id.clone() });
    }
    if let Some(decided) = decision.decision.next_version.as_ref().filter(|decided| **decided != version) {
        return Err(RecordError::OtherVersion { version, decided: decided.clone() });
    }
    // One version is the release of one decision.
    let is_taken = recorded.as_ref() == Some(&version) && baseline.as_ref().is_some_and(|b| b.decision_id.is_some());
    if let Some(recorded) = recorded.filter(|_| is_older || is_taken) {
        return Err(RecordError::Superseded { version, recorded });
    }
    let snapshot = decision.snapshot().map_err(|source| RecordError::Snapshot { id: id.clone(), source })?;
    let mut baseline = baseline.unwrap_or_else(|| Baseline::without_scans(receipt.finished_at));
    move_to(&mut baseline, snapshot);
    baseline.decision_id = Some(id.clone());
    Ok(released(baseline, Some(decision.decision.trigger_type), version, receipt, commit))
}

fn check(receipt: &Receipt) -> Result<(), RecordError> {
    let version = || findings_model::text::one_line(&receipt.version);
    if receipt.trial {
        return Err(RecordError::Trial { version: version(), index: findings_model::text::one_line(&receipt.index) });
    }
    if !receipt.verified {
        return Err(RecordError::Unverified { version: version() });
    }
    if receipt.files.is_empty() {
        return Err(RecordError::NoFiles { version: version() });
    }
    match receipt.files.iter().find(|f| matches!(f.outcome, FileOutcome::Skipped | FileOutcome::Failed)) {
        Some(file) => {
            Err(RecordError::Unpublished { version: version(), file: findings_model::text::one_line(&file.file) })
        }
        None => Ok(()),
    }
}

/// Takes the snapshot as what is released. A scanner whose first scan came after the snapshot keeps what that scan said.
fn move_to(baseline: &mut Baseline, snapshot: FindingSet) {
    let mut scanners = snapshot.scanners;
    let mut findings = snapshot.findings;
    let ids = order::set(findings.iter().map(|f| f.finding_id.clone()));
    let later = std::mem::take(&mut baseline.scanners);
    let later = order::map(later.into_iter().filter(|(name, _)| !scanners.contains_key(name)));
    findings.extend(std::mem::take(&mut baseline.findings).into_iter().filter(|finding| {
        !ids.contains(&finding.finding_id) && finding.scanners.keys().all(|name| later.contains_key(name))
    }));
    scanners.extend(later);
    order::sort_by(&mut findings, |a, b| a.finding_id.cmp(&b.finding_id));
    baseline.lineage = snapshot.lineage;
    baseline.scanners = scanners;
    baseline.findings = findings;
}

fn released(
    mut baseline: Baseline,
    trigger: Option<TriggerType>,
    version: Version,
    receipt: &Receipt,
    commit: Option<String>,
) -> Baseline {
    baseline.schema_version = Baseline::SCHEMA;
    baseline.version = Some(version);
    baseline.commit = commit;
    baseline.released_at(trigger, receipt.finished_at);
    baseline
}
