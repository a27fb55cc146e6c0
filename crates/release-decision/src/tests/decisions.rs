use std::collections::BTreeMap;

use change_detect::{ChangeSet, ChangeType, IncompleteScan};
use findings_model::{CoverageState, FindingKind, FindingSet, ScannerName, Severity};
use proptest::prelude::*;

use super::{change, changes, decided, now, of_kind, severity_change, stored_on, text_of, versions};
use crate::{
    CurrentVersion, DecideError, Effect, FirstScanRule, Past, Policy, Request, Row, StoredDecision, Threshold,
    TriggerType, VersionError, Versions, decide,
};

const NEW: ChangeType = ChangeType::NewVulnerability;
const RESOLVED: ChangeType = ChangeType::Resolved;

fn justification(set: Vec<change_detect::Change>) -> (bool, TriggerType, String) {
    let decision = decided(&changes(set), &Request::auto(), &Policy::default());
    (decision.should_release, decision.trigger_type, decision.justification)
}

#[test]
fn the_justifications_are_worded_as_they_always_were() {
    use Severity::{Critical, High, Info, Low, Medium};
    let none = (false, TriggerType::None, "No release triggers detected".to_owned());
    let auto = |text: &str| (true, TriggerType::SecurityAuto, format!("Security-driven release: {text}"));
    assert_eq!(justification(vec![]), none);
    for severity in [Critical, High] {
        assert_eq!(justification(vec![change(NEW, "X-1", severity)]), auto("1 new high/critical vulnerability"));
    }
    for severity in [Medium, Low, Info] {
        assert_eq!(justification(vec![change(NEW, "X-1", severity), change(NEW, "X-2", severity)]), none);
    }
    for severity in Severity::ALL {
        assert_eq!(justification(vec![change(RESOLVED, "X-1", severity)]), auto("1 vulnerability resolved"));
    }
    assert_eq!(
        justification(vec![severity_change("X-1", Medium, High)]),
        auto("1 severity increased to high/critical")
    );
    assert_eq!(justification(vec![severity_change("X-1", Low, Medium)]), none);
    assert_eq!(justification(vec![severity_change("X-1", Critical, High)]), none, "an improvement");
    assert_eq!(
        justification(vec![change(ChangeType::Reopened, "X-1", High)]),
        auto("1 reopened high/critical vulnerability")
    );
    assert_eq!(
        justification(vec![
            change(NEW, "X-1", High),
            change(NEW, "X-2", Critical),
            change(RESOLVED, "X-3", Low),
            change(RESOLVED, "X-4", Info),
            severity_change("X-5", Medium, High),
            severity_change("X-6", Low, High),
        ]),
        auto(
            "2 new high/critical vulnerabilities, 2 vulnerabilities resolved, 2 severities increased to high/critical"
        )
    );
    assert_eq!(
        justification(vec![change(NEW, "X-1", Medium), change(RESOLVED, "X-2", Low)]),
        auto("1 vulnerability resolved")
    );
    assert_eq!(
        justification(vec![change(NEW, "X-1", Severity::Unknown)]),
        auto("1 new vulnerability of unknown severity")
    );
}

#[test]
fn findings_are_called_by_their_kind() {
    use FindingKind::{Code, Secret, Vulnerability};
    let new = |id: &str, kind| of_kind(kind, change(NEW, id, Severity::High));
    let gone = |id: &str, kind| of_kind(kind, change(RESOLVED, id, Severity::High));
    for (set, words) in [
        (vec![new("X-1", Secret)], "1 new high/critical secret"),
        (vec![new("X-1", Code), new("X-2", Code)], "2 new high/critical code findings"),
        (vec![new("X-1", Code), new("X-2", Vulnerability)], "2 new high/critical findings"),
        (
            vec![new("X-1", Vulnerability), gone("X-2", Secret), gone("X-3", Code)],
            "1 new high/critical vulnerability, 2 findings resolved",
        ),
    ] {
        assert_eq!(justification(set).2, format!("Security-driven release: {words}"));
    }
    let notes = decided(&changes(vec![gone("X-1", Secret)]), &Request::auto(), &Policy::default()).release_notes;
    assert!(notes.contains("## Findings Resolved") && !notes.contains("ulnerabilit"), "{notes}");
}

#[test]
fn a_policy_of_its_own_is_worded_honestly() {
    let policy = Policy {
        new: Threshold::AtLeast(Severity::Medium).into(),
        raised: Threshold::Any.into(),
        withdrawn: Threshold::Any.into(),
        ..Policy::default()
    };
    let set = changes(vec![
        change(NEW, "X-1", Severity::Medium),
        severity_change("X-2", Severity::Info, Severity::Low),
        change(ChangeType::Withdrawn, "X-3", Severity::Low),
    ]);
    assert_eq!(
        decided(&set, &Request::auto(), &policy).justification,
        "Security-driven release: 1 new medium/high/critical vulnerability, 1 severity increased, 1 advisory withdrawn"
    );
}

#[test]
fn what_a_person_asks_for_is_manual_and_carries_what_is_pending() {
    let pending = changes(vec![change(NEW, "CVE-2026-1", Severity::Critical)]);
    for request in [Request::manual(), Request::forced()] {
        for set in [ChangeSet::empty(), pending.clone()] {
            let decision = decided(&set, &request.clone().with_notes("Faster start"), &Policy::default());
            assert!(decision.should_release);
            assert_eq!(decision.trigger_type, TriggerType::Manual);
            assert_eq!(decision.justification, "Manual release requested");
            assert_eq!((decision.reasons[0].row, decision.reasons[0].effect), (Row::Manual, Effect::Release));
            for part in ["Manual Release", "Faster start", "Security Status"] {
                assert!(decision.release_notes.contains(part), "{part}");
            }
            assert_eq!(decision.release_notes.contains("CVE-2026-1"), !set.changes.is_empty());
            assert_eq!(decision.security_changes_count, set.changes.len());
        }
    }
}

#[test]
fn a_first_scan_releases_only_if_the_policy_says_so() {
    let first =
        ChangeSet { first_scan: true, compared_with: None, ..changes(vec![change(NEW, "X-1", Severity::Critical)]) };
    let decision = decided(&first, &Request::auto(), &Policy::default());
    assert_eq!((decision.should_release, decision.trigger_type), (false, TriggerType::None));
    assert_eq!(decision.justification, "No release triggers detected: this first scan sets the baseline");
    assert_eq!(decision.reasons[0].row, Row::FirstScan);
    assert_eq!((decision.release_notes.as_str(), decision.next_version), ("", None));
    let release = Policy { first_scan: FirstScanRule::Release, ..Policy::default() };
    assert_eq!(
        decided(&first, &Request::auto(), &release).justification,
        "Security-driven release: 1 new high/critical vulnerability"
    );
}

#[test]
fn every_decision_names_its_findings_and_rows() {
    let set = changes(vec![
        change(NEW, "X-1", Severity::High),
        change(NEW, "X-2", Severity::Low),
        change(ChangeType::Excepted, "X-3", Severity::Critical),
    ]);
    let decision = decided(&set, &Request::auto(), &Policy::default());
    let rows: Vec<_> =
        decision.reasons.iter().map(|r| (r.finding_id.as_ref().unwrap().as_str(), r.row, r.effect)).collect();
    assert_eq!(
        rows,
        [("X-1", Row::New, Effect::Release), ("X-2", Row::New, Effect::None), ("X-3", Row::Excepted, Effect::None)]
    );
    assert_eq!(decision.reasons[1].text, "new finding, low severity; releases from high on: no release");
}

#[test]
fn the_same_inputs_give_the_same_id_and_others_another() {
    let set = changes(vec![change(NEW, "X-1", Severity::High), change(RESOLVED, "X-2", Severity::Low)]);
    let id = |set: &ChangeSet, request: Request, policy: &Policy, versions: &Versions| {
        decide(set, &request, policy, versions, &Past::default(), now()).unwrap().decision_id
    };
    let policy = Policy::default();
    let base = id(&set, Request::auto(), &policy, &versions());
    assert_eq!(base.len(), 64);
    let mut dated = set.clone();
    dated.changes.reverse();
    dated.changes[0].description = "Other words".to_owned();
    assert_eq!(id(&dated, Request::auto().with_notes("words").with_request_id("7"), &policy, &versions()), base);
    let next_year = "2027-01-01T00:00:00Z".parse().unwrap();
    let later = decide(&set, &Request::auto(), &policy, &versions(), &Past::default(), next_year).unwrap();
    assert_eq!(later.decision_id, base);
    let template = Some("docs/own.j2".to_owned());
    let reworded = Policy { notes_template: template.clone(), changelog_template: template, ..policy.clone() };
    assert_eq!(id(&set, Request::auto(), &reworded, &versions()), base, "other words, not another decision");

    let mut ids = vec![base];
    ids.push(id(&ChangeSet { compared_with: None, ..set.clone() }, Request::auto(), &policy, &versions()));
    ids.push(id(&changes(vec![set.changes[0].clone()]), Request::auto(), &policy, &versions()));
    ids.push(id(&set, Request::auto(), &Policy { updated: Threshold::Any.into(), ..policy.clone() }, &versions()));
    ids.push(id(&set, Request::auto(), &policy, &Versions { given: Some("3.0".parse().unwrap()), ..versions() }));
    ids.push(id(&set, Request::manual(), &policy, &versions()));
    ids.push(id(&set, Request::manual().with_notes("a"), &policy, &versions()));
    ids.push(id(&set, Request::manual().with_request_id("7"), &policy, &versions()));
    ids.push(id(&set, Request::manual().with_request_id("8"), &policy, &versions()));
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn the_outputs_are_text() {
    let decision = decided(&changes(vec![change(NEW, "X-1", Severity::High)]), &Request::auto(), &Policy::default());
    let outputs = decision.outputs();
    let names: Vec<_> = outputs.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "should_release",
            "release_type",
            "justification",
            "release_notes",
            "changes_detected",
            "next_version",
            "decision_id",
            "already_published"
        ]
    );
    assert_eq!(
        (outputs[0].1.as_str(), outputs[1].1.as_str(), outputs[4].1.as_str()),
        ("true", "security_auto", "true")
    );
    assert_eq!(outputs[5].1, "1.2.4");
    let none = decided(&changes(vec![]), &Request::auto(), &Policy::default()).outputs();
    assert_eq!(
        (none[0].1.as_str(), none[1].1.as_str(), none[4].1.as_str(), none[5].1.as_str()),
        ("false", "none", "false", "")
    );
}

#[test]
fn a_decision_without_a_version_says_why() {
    let set = changes(vec![change(NEW, "X-1", Severity::High)]);
    let decision =
        decide(&set, &Request::auto(), &Policy::default(), &Versions::default(), &Past::default(), now()).unwrap();
    assert!(decision.should_release);
    assert_eq!(decision.next_version, None);
    assert_eq!(decision.version_reason.as_deref(), Some("the project's version is not known: no file of it says one"));
    let taken = Versions { given: Some("1.2.3.0".parse().unwrap()), ..versions() };
    let error = decide(&set, &Request::auto(), &Policy::default(), &taken, &Past::default(), now()).unwrap_err();
    assert!(matches!(error, DecideError::Version(VersionError::Taken(_))));
    assert!(
        !decide(&changes(vec![]), &Request::auto(), &Policy::default(), &taken, &Past::default(), now())
            .unwrap()
            .should_release
    );
}

#[test]
fn the_document() {
    let mut set = changes(vec![change(NEW, "GHSA-aaaa-bbbb-cccc", Severity::High)]);
    set.incomplete.push(incomplete("bandit", CoverageState::Failed));
    let nothing = FindingSet { lineage: None, scanners: BTreeMap::new(), findings: Vec::new() };
    let stored = stored_on(&decided(&set, &Request::auto(), &Policy::default()), &nothing);
    insta::assert_snapshot!(text_of(&stored));
    assert!(ChangeSet::from_json(stored.document()).is_ok(), "a decision is read as the changes that it was made on");
    let newer = text_of(&stored).replacen("\"1.0\"", "\"2.0\"", 1);
    insta::assert_snapshot!(StoredDecision::from_json(newer.into_bytes()).unwrap_err(), @"the decision has an unsupported schema version");
}

#[test]
fn dynamic_versions_are_named() {
    let versions = Versions { current: Some(CurrentVersion::Dynamic(crate::DynamicVersion::Tag)), ..versions() };
    let decision =
        decide(&ChangeSet::empty(), &Request::manual(), &Policy::default(), &versions, &Past::default(), now())
            .unwrap();
    assert_eq!(
        decision.version_reason.as_deref(),
        Some("the project's version is dynamic: it comes from a version control tag")
    );
}

fn incomplete(scanner: &str, coverage: CoverageState) -> IncompleteScan {
    IncompleteScan {
        scanner: ScannerName::parse(scanner).unwrap(),
        file: Some(format!("{scanner}.json")),
        coverage,
        reasons: vec!["it ends in the middle".to_owned()],
        not_covered: vec![],
        earlier: false,
    }
}

proptest! {
    #[test]
    fn incomplete_coverage_alone_never_releases(coverages in prop::collection::vec(prop::sample::select(vec![
        CoverageState::Partial, CoverageState::Filtered, CoverageState::Failed, CoverageState::Missing,
    ]), 0..5)) {
        let mut set = changes(vec![]);
        set.incomplete = coverages.into_iter().map(|c| incomplete("bandit", c)).collect();
        let decision = decided(&set, &Request::auto(), &Policy::default());
        prop_assert_eq!(decision.trigger_type, TriggerType::None);
        prop_assert_eq!(decision.incomplete, set.incomplete);
    }
}
