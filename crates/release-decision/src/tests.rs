//! What a maintainer relies on: the matrix, the texts, the version, the notes, the baseline.

mod baseline;
mod changelog;
mod changelog_join;
mod changelog_numbered;
mod decisions;
mod matrix;
mod notes;
mod own_words;
mod past;
mod places;
mod public;
mod templates;
mod unknown;
mod versions;

use change_detect::{Change, ChangeSet, ChangeType};
use findings_model::{FindingKind, FindingSet, Severity, Timestamp};

use crate::{Decision, IndexVersions, Past, Policy, Request, StoredDecision, Versions, decide, stored_decision};

fn now() -> Timestamp {
    "2026-01-12T03:00:00Z".parse().unwrap()
}

/// A change of a document with the fewest keys.
fn change(change_type: ChangeType, id: &str, severity: Severity) -> Change {
    let new_state = match change_type {
        ChangeType::Resolved => "resolved".to_owned(),
        ChangeType::Withdrawn => "withdrawn".to_owned(),
        ChangeType::Excepted => "excepted".to_owned(),
        _ => format!("{severity} vulnerability"),
    };
    let document = serde_json::json!({
        "change_type": change_type, "finding_id": id, "old_state": null, "new_state": new_state, "impact_level": severity,
        "kind": "vulnerability", "package": "requests", "version": "2.19.0",
    });
    serde_json::from_value(document).unwrap()
}

fn severity_change(id: &str, old: Severity, new: Severity) -> Change {
    Change { old_severity: Some(old), ..change(ChangeType::SeverityChange, id, new) }
}

fn of_kind(kind: FindingKind, change: Change) -> Change {
    Change { kind, ..change }
}

fn changes(changes: Vec<Change>) -> ChangeSet {
    ChangeSet { changes, compared_with: Some("0".repeat(64)), ..ChangeSet::empty() }
}

fn versions() -> Versions {
    Versions {
        current: Some(crate::CurrentVersion::Static("1.2.3".parse().unwrap())),
        index: Some(["1.2.2", "1.2.3"].iter().map(|v| v.parse().unwrap()).collect::<IndexVersions>()),
        ..Versions::default()
    }
}

/// A decision as its document is read.
fn stored_on(decision: &Decision, decided_on: &FindingSet) -> StoredDecision {
    let stored = StoredDecision::from_json(stored_decision(decision, decided_on)).unwrap();
    assert_eq!(&stored.decision, decision);
    assert_eq!(&stored.snapshot().unwrap(), decided_on);
    stored
}

fn text_of(stored: &StoredDecision) -> &str {
    std::str::from_utf8(stored.document()).unwrap()
}

fn decided(set: &ChangeSet, request: &Request, policy: &Policy) -> Decision {
    decide(set, request, policy, &versions(), &Past::default(), now()).unwrap()
}
