//! What is not known is said as unknown, and before what would follow from it.

use change_detect::{ChangeSet, ChangeType, IncompleteScan, Posture};
use findings_model::{CoverageState, ScannerName, Severity, SeverityCounts};

use super::{change, changes, decided};
use crate::{Policy, Request};

fn lacking(state: CoverageState, set: ChangeSet) -> ChangeSet {
    let incomplete = vec![IncompleteScan {
        scanner: ScannerName::parse("pip-audit").unwrap(),
        file: None,
        coverage: state,
        reasons: vec!["the report ends in the middle".to_owned()],
        not_covered: Vec::new(),
        earlier: false,
    }];
    ChangeSet { incomplete, ..set }
}

fn with_posture(set: ChangeSet, open: &[Severity]) -> ChangeSet {
    let current = SeverityCounts::count(open.iter().copied());
    ChangeSet { posture: Some(Posture { previous: Some(current), current }), ..set }
}

#[test]
fn a_failed_scan_does_not_read_as_clean() {
    for state in [CoverageState::Failed, CoverageState::Missing] {
        for (open, said) in [
            (&[][..], "Whether there are open findings is not known."),
            (&[Severity::High][..], "Open findings as far as is known: 1 (1 high)."),
        ] {
            let set = lacking(state, with_posture(changes(Vec::new()), open));
            let decision = decided(&set, &Request::manual().with_notes("x"), &Policy::default());
            let notes = &decision.release_notes;
            for clean in ["did not change since", "No open finding is known"] {
                assert!(!notes.contains(clean), "{clean}: {notes}");
            }
            assert!(notes.contains(said), "{notes}");
            let unknown = notes.find("The newest scan of pip-audit").unwrap();
            assert!(unknown < notes.find("changed since the last one is not known").unwrap(), "{notes}");
            let none = decided(&set, &Request::auto(), &Policy::default()).explanation;
            assert!(none.starts_with("The newest scan of pip-audit"), "{none}");
        }
    }
    let partial = lacking(CoverageState::Partial, with_posture(changes(Vec::new()), &[]));
    let notes = decided(&partial, &Request::manual(), &Policy::default()).release_notes;
    assert!(notes.contains("No open finding is known."), "{notes}");
}

#[test]
fn a_first_scan_that_failed_sets_no_baseline() {
    let set = lacking(CoverageState::Failed, ChangeSet { first_scan: true, ..ChangeSet::empty() });
    let none = decided(&set, &Request::auto(), &Policy::default());
    assert_eq!(
        none.justification,
        "No release triggers detected: no scan could be used, so that there is no baseline yet"
    );
    let usable = with_posture(ChangeSet { first_scan: true, ..ChangeSet::empty() }, &[]);
    let none = decided(&usable, &Request::auto(), &Policy::default());
    assert_eq!(none.justification, "No release triggers detected: this first scan sets the baseline");
    let manual = decided(&lacking(CoverageState::Failed, usable), &Request::manual(), &Policy::default());
    assert!(
        manual.explanation.contains("as of now it is not known whether there are findings"),
        "{}",
        manual.explanation
    );
}

#[test]
fn what_is_found_is_told_with_what_is_not_known() {
    let found = vec![change(ChangeType::NewVulnerability, "CVE-2026-1", Severity::High)];
    let set = lacking(CoverageState::Failed, with_posture(changes(found), &[Severity::High]));
    let notes = decided(&set, &Request::auto(), &Policy::default()).release_notes;
    for part in [
        "CVE-2026-1 in requests is new",
        "**Not everything is known**",
        "pip-audit` failed: the report ends in the middle",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
}
