use change_detect::ChangeType;
use findings_model::{FileOutcome, Receipt, ReceiptFile, Severity, Timestamp};
use proptest::prelude::*;

use super::{change, changes, now, versions};
use crate::{Decision, Past, Policy, Request, Row, TriggerType, Versions, decide, explain};

const RELEASED: &str = "2026-01-12T00:00:00Z";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn decided(set: &change_detect::ChangeSet, versions: &Versions, past: &Past<'_>) -> Decision {
    decide(set, &Request::auto(), &Policy::default(), versions, past, now()).unwrap()
}

fn with_index(index: &[&str]) -> Versions {
    Versions { index: Some(index.iter().map(|v| v.parse().unwrap()).collect()), ..versions() }
}

fn pending() -> (change_detect::ChangeSet, Decision) {
    let set = changes(vec![change(ChangeType::NewVulnerability, "X-1", Severity::High)]);
    let decision = decided(&set, &versions(), &Past::default());
    assert_eq!(decision.next_version.as_ref().unwrap().to_string(), "1.2.4");
    (set, decision)
}

fn receipt(decision: &Decision, outcomes: &[FileOutcome], verified: bool) -> Receipt {
    let file = |outcome: &FileOutcome| ReceiptFile {
        file: "x-1.2.4.tar.gz".to_owned(),
        sha256: "0".repeat(64),
        outcome: *outcome,
        attempts: 1,
        bytes: 1,
        seconds: 0.1,
    };
    Receipt {
        schema_version: Receipt::SCHEMA,
        project: "x".to_owned(),
        version: "1.2.4".to_owned(),
        decision_id: Some(decision.decision_id.clone()),
        index: "http://127.0.0.1/legacy/".to_owned(),
        trial: false,
        verified,
        files: outcomes.iter().map(file).collect(),
        finished_at: now(),
        extra: std::collections::BTreeMap::default(),
    }
}

/// The verdict in few words: `release 1.2.4`, `published 1.2.4`.
fn words(decision: &Decision) -> String {
    match (&decision.next_version, &decision.already_published) {
        (Some(next), None) if decision.should_release => format!("release {next}"),
        (None, Some(version)) if !decision.should_release => format!("published {version}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_decision_keeps_its_version_until_it_is_published() {
    let (set, first) = pending();
    let past = Past { pending: vec![&first], ..Past::default() };
    let unknown_index = Versions { index: None, ..versions() };
    let bumped = Versions {
        current: Some(crate::CurrentVersion::Static("1.2.4".parse().unwrap())),
        index: None,
        ..Versions::default()
    };
    for versions in [&versions(), &unknown_index, &bumped] {
        let again = decided(&set, versions, &past);
        assert_eq!((words(&again).as_str(), &again.decision_id), ("release 1.2.4", &first.decision_id));
        assert_eq!(again.version_reason, first.version_reason);
    }
}

#[test]
fn a_published_decision_is_reported_and_not_released_again() {
    use FileOutcome::{AlreadyThere, Failed, Skipped, Uploaded};
    let (set, first) = pending();
    let on_index = with_index(&["1.2.3", "1.2.4"]);
    let cases = [
        // What the index says without a receipt.
        (None, &on_index, "published 1.2.4", "as the index tells"),
        // A receipt that proves it, whatever is known of the index.
        (Some(receipt(&first, &[Uploaded, AlreadyThere], true)), &on_index, "published 1.2.4", "as its receipt proves"),
        (Some(receipt(&first, &[Uploaded], true)), &versions(), "published 1.2.4", "as its receipt proves"),
        // A receipt that says that something is missing: the same decision goes on.
        (Some(receipt(&first, &[Uploaded, Failed], false)), &on_index, "release 1.2.4", ""),
        (Some(receipt(&first, &[Uploaded, Skipped], true)), &on_index, "release 1.2.4", ""),
        (Some(receipt(&first, &[], true)), &on_index, "release 1.2.4", ""),
        (Some(receipt(&first, &[Uploaded], false)), &versions(), "release 1.2.4", ""),
    ];
    for (receipt, versions, expected, proof) in &cases {
        let past = Past { pending: vec![&first], receipt: receipt.as_ref(), ..Past::default() };
        let again = decided(&set, versions, &past);
        assert_eq!((words(&again).as_str(), &again.decision_id), (*expected, &first.decision_id), "{receipt:?}");
        assert!(again.justification.contains(proof), "{}", again.justification);
        assert_eq!(again.reasons[0].row == Row::Published, !again.should_release);
        assert_eq!(again.release_notes.is_empty(), !again.should_release);
    }
    // A receipt of another decision proves nothing of this one.
    let other = Receipt { decision_id: Some("f".repeat(64)), ..receipt(&first, &[Uploaded], true) };
    let past = Past { pending: vec![&first], receipt: Some(&other), ..Past::default() };
    assert_eq!(words(&decided(&set, &versions(), &past)), "release 1.2.4");
}

#[test]
fn what_changed_since_is_another_decision() {
    let (set, first) = pending();
    let past = Past { pending: vec![&first], ..Past::default() };
    let mut more = set.clone();
    more.changes.push(change(ChangeType::Resolved, "X-2", Severity::Low));
    let next = decided(&more, &with_index(&["1.2.3", "1.2.4"]), &past);
    assert_eq!(words(&next), "release 1.2.5");
    assert_ne!(next.decision_id, first.decision_id);
}

#[test]
fn a_version_that_was_overtaken_is_not_released_any_more() {
    let (set, first) = pending();
    let past = Past { pending: vec![&first], ..Past::default() };
    assert_eq!(words(&decided(&set, &with_index(&["1.2.3", "2.0.0"]), &past)), "release 2.0.1");
    let ahead = Versions { current: Some(crate::CurrentVersion::Static("1.3.0".parse().unwrap())), ..versions() };
    assert_eq!(words(&decided(&set, &ahead, &past)), "release 1.3.0");
    let half = receipt(&first, &[FileOutcome::Uploaded, FileOutcome::Failed], false);
    let past = Past { receipt: Some(&half), ..past };
    assert_eq!(words(&decided(&set, &with_index(&["1.2.3", "1.2.4", "1.3.0"]), &past)), "release 1.3.1");
}

#[test]
fn a_request_of_a_person_is_carried_out_once() {
    let ask = |id: &str, past: &Past<'_>, versions: &Versions| {
        let request = Request::manual().with_notes("Faster start").with_request_id(id);
        decide(&changes(vec![]), &request, &Policy::default(), versions, past, now()).unwrap()
    };
    let first = ask("7-1", &Past::default(), &versions());
    let past = Past { pending: vec![&first], ..Past::default() };
    assert_eq!(words(&ask("7-1", &past, &with_index(&["1.2.3", "1.2.4"]))), "published 1.2.4");
    assert_eq!(words(&ask("8-1", &past, &with_index(&["1.2.3", "1.2.4"]))), "release 1.2.5");
}

fn quiet(hours: u32, severity: Severity, change_type: ChangeType, now: &str, request: &Request) -> Decision {
    let policy = Policy { quiet_hours: hours, ..Policy::default() };
    let past = Past { last_automatic: Some(at(RELEASED)), ..Past::default() };
    decide(&changes(vec![change(change_type, "X-1", severity)]), request, &policy, &versions(), &past, at(now)).unwrap()
}

#[test]
fn in_a_quiet_period_only_what_is_critical_releases() {
    use ChangeType::{NewVulnerability, Resolved};
    let auto = Request::auto();
    let releases = |hours, severity, change_type, now| quiet(hours, severity, change_type, now, &auto).should_release;
    assert!(!releases(24, Severity::High, NewVulnerability, "2026-01-12T23:59:59Z"));
    assert!(releases(24, Severity::High, NewVulnerability, "2026-01-13T00:00:00Z"), "the period is over");
    assert!(releases(24, Severity::Critical, NewVulnerability, RELEASED));
    assert!(!releases(24, Severity::Low, Resolved, RELEASED));
    assert!(releases(24, Severity::Critical, Resolved, RELEASED));
    assert!(!releases(24, Severity::Unknown, NewVulnerability, RELEASED), "unknown counts as high");
    assert!(releases(0, Severity::High, NewVulnerability, RELEASED), "there is no period by default");
    assert!(!releases(u32::MAX, Severity::High, NewVulnerability, "2200-01-01T00:00:00Z"), "longer than time itself");
    assert!(!releases(1, Severity::High, NewVulnerability, "2026-01-11T00:00:00Z"), "a clock that went back");
    assert!(quiet(24, Severity::High, NewVulnerability, RELEASED, &Request::manual()).should_release);

    let waits = quiet(24, Severity::High, NewVulnerability, RELEASED, &auto);
    assert_eq!((waits.trigger_type, &waits.next_version, waits.release_notes.as_str()), (TriggerType::None, &None, ""));
    assert_eq!(waits.reasons[0].row, Row::QuietPeriod);
    insta::assert_snapshot!(format!("{}\n{}", waits.justification, waits.explanation), @"
    Quiet period until 2026-01-13T00:00:00Z: nothing critical changed since the last automatic release
    The security findings changed since the last release: X-1 in requests is new at high severity. It waits for the end of the quiet period at 2026-01-13T00:00:00Z.
    ");
}

#[test]
fn an_explanation_says_of_a_quiet_period_what_the_decision_says() {
    let policy = Policy { quiet_hours: 24, ..Policy::default() };
    let past = Past { last_automatic: Some(at(RELEASED)), ..Past::default() };
    let set = changes(vec![change(ChangeType::NewVulnerability, "X-1", Severity::High)]);
    let decision = decide(&set, &Request::auto(), &policy, &versions(), &past, at(RELEASED)).unwrap();
    let explanation = explain(&set, &decision, &[], &policy);
    assert_eq!(explanation.quiet_until, Some(at("2026-01-13T00:00:00Z")));
    assert!(!explanation.should_release);
    let texts: Vec<&str> = explanation.reasons.iter().map(|r| r.text.as_str()).collect();
    insta::assert_snapshot!(texts.join("\n"), @"
    Quiet period until 2026-01-13T00:00:00Z: nothing critical changed since the last automatic release
    new finding, high severity; releases from high on: release, once the quiet period is over at 2026-01-13T00:00:00Z
    ");
}

#[test]
fn without_an_automatic_release_there_is_no_quiet_period() {
    let policy = Policy { quiet_hours: 24, ..Policy::default() };
    let set = changes(vec![change(ChangeType::NewVulnerability, "X-1", Severity::High)]);
    assert!(decide(&set, &Request::auto(), &policy, &versions(), &Past::default(), now()).unwrap().should_release);
}

proptest! {
    #[test]
    fn a_published_decision_is_never_released_again(severity in prop::sample::select(Severity::ALL.to_vec()), manual in any::<bool>()) {
        let request = if manual { Request::manual() } else { Request::auto() };
        let set = changes(vec![change(ChangeType::Resolved, "X-1", severity)]);
        let make = |versions: &Versions, past: &Past<'_>| decide(&set, &request, &Policy::default(), versions, past, now()).unwrap();
        let first = make(&versions(), &Past::default());
        prop_assume!(first.should_release);
        let past = Past { pending: vec![&first], ..Past::default() };
        prop_assert!(!make(&with_index(&["1.2.3", "1.2.4"]), &past).should_release);
    }
}
