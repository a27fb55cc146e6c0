use std::collections::BTreeMap;

use change_detect::{ChangeSet, detect};
use findings_model::{
    AdvisoryId, Attribution, CoverageState, ExceptedBy, FileOutcome, Finding, FindingId, FindingSet, Package,
    PackageName, Rating, Receipt, ReceiptFile, ResolvedReason, ScanSummary, ScannerName, ScannerState, Scope, Severity,
    SeveritySource, Status, Subject, Timestamp, Vulnerability,
};
use time::{Date, macros::date};

use super::{decided, now, stored_on, text_of, versions};
use crate::{
    Adopt, Baseline, Past, Policy, Publication, RecordError, Request, Row, StoredDecision, TriggerType, as_if_recorded,
    decide, explain, record_release,
};

fn name(text: &str) -> ScannerName {
    ScannerName::parse(text).unwrap()
}

fn finding(id: &str, scanner: &str, discovered: Date) -> Finding {
    let advisory = AdvisoryId::parse(id).unwrap();
    Finding {
        finding_id: FindingId::parse(id).unwrap(),
        subject: Subject::Vulnerability(Vulnerability {
            package: Package::pypi(&PackageName::parse("requests").unwrap()),
            version: Some("2.19.0".into()),
            printed: [advisory.clone()].into(),
            id: advisory,
            aliases: [].into(),
            fix_versions: vec![],
        }),
        scope: Scope::Runtime,
        rating: Rating::word(Severity::High, SeveritySource::AdvisoryWord),
        rated_on: None,
        memory: None,
        exploitation: findings_model::Exploitation::default(),
        source_scanner: name(scanner),
        scanners: [(
            name(scanner),
            Attribution {
                first_seen: discovered,
                last_seen: discovered,
                ended: None,
                reason: None,
                seen_in: Vec::new(),
            },
        )]
        .into(),
        status: Status::Open,
        discovered,
        last_seen: discovered,
        fix_version: None,
        description: "A flaw.".into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

fn scanner(first_usable: Option<&str>) -> ScannerState {
    let at: Option<Timestamp> = first_usable.map(|t| t.parse().unwrap());
    let coverage = if at.is_some() { CoverageState::Complete } else { CoverageState::Failed };
    ScannerState {
        required: true,
        retired: false,
        first_usable: at,
        last_usable: at,
        last_complete: at,
        ever_covered: at.is_some(),
        rule_sets: Vec::new(),
        suppressed: BTreeMap::new(),
        files: BTreeMap::new(),
        newest_observed: BTreeMap::new(),
        newest: vec![ScanSummary {
            scanner: name("pip-audit"),
            format: None,
            file: "pip-audit.json".to_owned(),
            target: None,
            coverage,
            reasons: vec![],
            not_covered: vec![],
            findings: 0,
            tool_version: None,
            observed_at: None,
            report_digest: None,
            rule_set: None,
            repeats: None,
            holds_nothing: false,
        }],
    }
}

fn set(scanners: &[(&str, Option<&str>)], findings: Vec<Finding>) -> FindingSet {
    FindingSet {
        lineage: Some("one".to_owned()),
        scanners: scanners.iter().map(|(n, at)| (name(n), scanner(*at))).collect(),
        findings,
    }
}

const WEEK1: &str = "2026-01-05T03:00:00Z";
const WEEK2: &str = "2026-01-12T03:00:00Z";
const DAY1: Date = date!(2026 - 01 - 05);
const DAY2: Date = date!(2026 - 01 - 12);

fn ids(baseline: &Baseline) -> Vec<&str> {
    baseline.findings.iter().map(|f| f.finding_id.as_str()).collect()
}

#[test]
fn the_first_usable_scan_of_each_scanner_is_not_news() {
    let first = set(
        &[("pip-audit", Some(WEEK1)), ("trivy", None)],
        vec![finding("CVE-2026-1", "pip-audit", DAY1), finding("CVE-2026-2", "trivy", DAY1)],
    );
    let baseline = Baseline::first(&first, now());
    assert_eq!(ids(&baseline), ["CVE-2026-1"], "what a failed scan found is not the first usable scan");
    assert!(!baseline.scanners.contains_key(&name("trivy")));

    let second = set(
        &[("pip-audit", Some(WEEK1)), ("trivy", Some(WEEK2))],
        vec![
            finding("CVE-2026-1", "pip-audit", DAY1),
            finding("CVE-2026-2", "trivy", DAY1),
            finding("CVE-2026-3", "trivy", DAY2),
            finding("CVE-2026-4", "pip-audit", DAY2),
            {
                let mut both = finding("CVE-2026-5", "trivy", DAY2);
                both.scanners.extend(finding("CVE-2026-5", "pip-audit", DAY2).scanners);
                both
            },
        ],
    );
    let merged = baseline.merge_first_scans(&second);
    assert_eq!(
        ids(&merged),
        ["CVE-2026-1", "CVE-2026-2", "CVE-2026-3"],
        "pip-audit would have told of the others before"
    );
    let new = detect(Some(&merged.finding_set()), &second, &|_| false);
    assert_eq!(new.changes.iter().map(|c| c.finding_id.as_str()).collect::<Vec<_>>(), ["CVE-2026-4", "CVE-2026-5"]);

    let mut third = second.clone();
    third.findings.push(finding("CVE-2026-6", "trivy", date!(2026 - 01 - 19)));
    assert_eq!(merged.clone().merge_first_scans(&third), merged, "only once");
}

#[test]
fn a_lost_ledger_brings_nothing_back_as_new() {
    let first = set(&[("pip-audit", Some(WEEK1))], vec![finding("CVE-2026-1", "pip-audit", DAY1)]);
    let baseline = Baseline::first(&first, now());
    let rebuilt = FindingSet {
        lineage: Some("two".to_owned()),
        ..set(&[("pip-audit", Some(WEEK2))], vec![finding("CVE-2026-1", "pip-audit", DAY2)])
    };
    let merged = baseline.clone().merge_first_scans(&rebuilt);
    assert_eq!(merged, baseline);
    assert!(detect(Some(&merged.finding_set()), &rebuilt, &|_| false).changes.is_empty());
}

#[test]
fn a_lost_ledger_may_name_what_is_known_in_another_way() {
    let first = set(&[("pip-audit", Some(WEEK1))], vec![finding("CVE-2026-1", "pip-audit", DAY1)]);
    let mut renamed = finding("PYSEC-2026-1", "trivy", DAY2);
    let Subject::Vulnerability(flaw) = &mut renamed.subject else { panic!("no flaw") };
    flaw.aliases = [AdvisoryId::parse("CVE-2026-1").unwrap()].into();
    let scanners = [("pip-audit", Some(WEEK1)), ("trivy", Some(WEEK2))];
    let rebuilt = FindingSet { lineage: Some("two".to_owned()), ..set(&scanners, vec![renamed]) };
    let merged = Baseline::first(&first, now()).merge_first_scans(&rebuilt);
    assert_eq!(ids(&merged), ["CVE-2026-1"], "it is known, though not by this id");
}

#[test]
fn a_scanner_that_found_nothing_at_first_is_in_the_baseline() {
    let baseline = Baseline::first(&set(&[("pip-audit", Some(WEEK1))], vec![]), now());
    let second = set(&[("pip-audit", Some(WEEK1))], vec![finding("CVE-2026-1", "pip-audit", DAY2)]);
    let baseline = baseline.merge_first_scans(&second);
    let changes = detect(Some(&baseline.finding_set()), &second, &|_| false);
    assert!(decided(&changes, &Request::auto(), &Policy::default()).should_release);
}

fn receipt(version: &str, decision: Option<&str>) -> Receipt {
    Receipt {
        schema_version: Receipt::SCHEMA,
        project: "demo".to_owned(),
        version: version.to_owned(),
        decision_id: decision.map(str::to_owned),
        index: "http://127.0.0.1/".to_owned(),
        trial: false,
        verified: true,
        files: vec![ReceiptFile {
            file: format!("demo-{version}.tar.gz"),
            sha256: "0".repeat(64),
            outcome: FileOutcome::Uploaded,
            attempts: 1,
            bytes: 10,
            seconds: 0.1,
        }],
        finished_at: "2026-01-12T04:00:00Z".parse().unwrap(),
        extra: BTreeMap::new(),
    }
}

/// A baseline without findings, a current side with a new one, and the decision on it.
fn pending() -> (Baseline, FindingSet, StoredDecision) {
    let baseline = Baseline::first(&set(&[("pip-audit", Some(WEEK1))], vec![]), now());
    let current = set(&[("pip-audit", Some(WEEK1))], vec![finding("CVE-2026-1", "pip-audit", DAY2)]);
    let changes = detect(Some(&baseline.finding_set()), &current, &|_| false);
    let stored = stored_on(&decided(&changes, &Request::auto(), &Policy::default()), &current);
    (baseline, current, stored)
}

fn record(
    receipt: &Receipt,
    decision: Option<&StoredDecision>,
    baseline: Option<Baseline>,
    adopt: Adopt<'_>,
) -> Result<Baseline, RecordError> {
    record_release(Publication { receipt, decision, baseline, adopt, commit: Some("abc123".to_owned()) })
}

#[test]
fn a_release_reason_stands_until_it_is_published_and_recorded() {
    let (baseline, current, stored) = pending();
    assert!(stored.decision.should_release);
    let again = detect(Some(&baseline.finding_set()), &current, &|_| false);
    let repeated = decided(&again, &Request::auto(), &Policy::default());
    assert_eq!(repeated.decision_id, stored.decision.decision_id, "a failed publish changes nothing");

    let id = stored.decision.decision_id.as_str();
    let moved = record(&receipt("1.2.4", Some(id)), Some(&stored), Some(baseline), Adopt::Nothing).unwrap();
    assert_eq!(
        (moved.version.as_ref().unwrap().to_string().as_str(), moved.commit.as_deref()),
        ("1.2.4", Some("abc123"))
    );
    assert_eq!(moved.decision_id.as_deref(), Some(id));
    let after = detect(Some(&moved.finding_set()), &current, &|_| false);
    assert!(!decided(&after, &Request::auto(), &Policy::default()).should_release);

    let twice = record(&receipt("1.2.4", Some(id)), Some(&stored), Some(moved.clone()), Adopt::Nothing).unwrap();
    assert_eq!(twice, moved);
    assert_eq!(
        record(&receipt("1.2.4", Some(id)), None, Some(moved.clone()), Adopt::Nothing).unwrap(),
        moved,
        "already recorded"
    );
}

#[test]
fn resolving_releases_once() {
    let (baseline, mut current, stored) = pending();
    let id = stored.decision.decision_id.clone();
    let released = record(&receipt("1.2.4", Some(&id)), Some(&stored), Some(baseline), Adopt::Nothing).unwrap();
    current.findings[0].status = Status::Resolved { on: DAY2, reason: ResolvedReason::Upgraded };
    let changes = detect(Some(&released.finding_set()), &current, &|_| false);
    let mut fixed = stored_on(&decided(&changes, &Request::auto(), &Policy::default()), &current);
    fixed.decision.next_version = Some("1.2.5".parse().unwrap());
    assert_eq!(fixed.decision.justification, "Security-driven release: 1 vulnerability resolved");
    let id = fixed.decision.decision_id.clone();
    let same_version = record(&receipt("1.2.4", Some(&id)), Some(&fixed), Some(released.clone()), Adopt::Nothing);
    assert!(matches!(same_version, Err(RecordError::OtherVersion { .. })));
    let released = record(&receipt("1.2.5", Some(&id)), Some(&fixed), Some(released), Adopt::Nothing).unwrap();
    assert!(detect(Some(&released.finding_set()), &current, &|_| false).changes.is_empty());
}

#[test]
fn one_version_is_the_release_of_one_decision() {
    let (baseline, current, first) = pending();
    let by_hand =
        decide(&ChangeSet::empty(), &Request::manual(), &Policy::default(), &versions(), &Past::default(), now());
    let by_hand = stored_on(&by_hand.unwrap(), &current);
    let id = by_hand.decision.decision_id.clone();
    let released = record(&receipt("1.2.4", Some(&id)), Some(&by_hand), Some(baseline), Adopt::Nothing).unwrap();
    let id = first.decision.decision_id.clone();
    let late = record(&receipt("1.2.4", Some(&id)), Some(&first), Some(released), Adopt::Nothing).unwrap_err();
    assert!(matches!(late, RecordError::Superseded { .. }), "{late}");
}

#[test]
fn a_release_of_an_older_decision_keeps_the_scanners_that_came_since() {
    let (baseline, current, stored) = pending();
    let grype = name("grype");
    let mut later = current.clone();
    later.scanners.insert(grype.clone(), scanner(Some("2026-01-12T03:00:00Z")));
    later.findings.push(finding("GHSA-wxyz-wxyz-wxyz", "grype", DAY2));
    let merged = Baseline { scanners: later.scanners.clone(), findings: later.findings.clone(), ..baseline };

    let id = stored.decision.decision_id.clone();
    let moved = record(&receipt("1.2.4", Some(&id)), Some(&stored), Some(merged), Adopt::Nothing).unwrap();
    assert!(moved.scanners.contains_key(&grype));
    assert!(moved.findings.iter().any(|f| f.finding_id.as_str() == "GHSA-wxyz-wxyz-wxyz"));
    assert_eq!(moved.findings.len(), stored.snapshot().unwrap().findings.len() + 1);
}

#[test]
fn a_decision_of_another_project_is_not_recorded() {
    let (baseline, current, mut stored) = pending();
    assert!(!current.findings.is_empty());
    stored.decision.project = Some(PackageName::parse("another").unwrap());
    let id = stored.decision.decision_id.clone();
    let error = record(&receipt("1.2.4", Some(&id)), Some(&stored), Some(baseline), Adopt::Nothing).unwrap_err();
    assert!(matches!(error, RecordError::OtherProject { .. }), "{error}");
}

#[test]
fn what_proves_nothing_moves_nothing() {
    let (baseline, _, stored) = pending();
    let id = stored.decision.decision_id.clone();
    let good = receipt("1.2.4", Some(&id));
    let refused = |receipt: &Receipt, decision: Option<&StoredDecision>, baseline: &Baseline| {
        record(receipt, decision, Some(baseline.clone()), Adopt::Nothing).unwrap_err()
    };
    assert!(matches!(
        refused(&Receipt { verified: false, ..good.clone() }, Some(&stored), &baseline),
        RecordError::Unverified { .. }
    ));
    assert!(matches!(
        refused(&Receipt { files: vec![], ..good.clone() }, Some(&stored), &baseline),
        RecordError::NoFiles { .. }
    ));
    let trial = Receipt { trial: true, ..good.clone() };
    assert!(matches!(refused(&trial, Some(&stored), &baseline), RecordError::Trial { .. }));
    let mut failed = good.clone();
    failed.files[0].outcome = FileOutcome::Failed;
    assert!(matches!(refused(&failed, Some(&stored), &baseline), RecordError::Unpublished { .. }));
    assert!(matches!(refused(&receipt("one", Some(&id)), Some(&stored), &baseline), RecordError::Version(_)));
    assert!(matches!(refused(&good, None, &baseline), RecordError::NoDecision { .. }));
    assert!(matches!(
        refused(&receipt("1.2.4", Some("other")), Some(&stored), &baseline),
        RecordError::OtherDecision { .. }
    ));
    let newer =
        Baseline { version: Some("1.3.0".parse().unwrap()), decision_id: Some("later".to_owned()), ..baseline.clone() };
    assert!(matches!(refused(&good, Some(&stored), &newer), RecordError::Superseded { .. }));
}

#[test]
fn a_receipt_without_a_decision_leaves_what_is_pending() {
    let (baseline, current, _) = pending();
    let plain = receipt("1.2.4", None);
    let recorded = record(&plain, None, Some(baseline.clone()), Adopt::Nothing).unwrap();
    assert_eq!(recorded.version.as_ref().unwrap().to_string(), "1.2.4");
    assert_eq!(recorded.findings, baseline.findings);
    assert!(!detect(Some(&recorded.finding_set()), &current, &|_| false).changes.is_empty());
    assert_eq!(record(&plain, None, Some(recorded.clone()), Adopt::Nothing).unwrap(), recorded);
    assert_eq!(
        record(&receipt("1.1", None), None, Some(recorded.clone()), Adopt::Nothing).unwrap(),
        recorded,
        "an older branch"
    );
    let adopted = record(&plain, None, Some(recorded), Adopt::Current(&current)).unwrap();
    assert!(detect(Some(&adopted.finding_set()), &current, &|_| false).changes.is_empty());
    let none_before = record(&plain, None, None, Adopt::Nothing).unwrap();
    assert!(none_before.findings.is_empty() && none_before.scanners.is_empty());
    let first_scan = set(&[("pip-audit", Some(WEEK2))], vec![finding("CVE-2026-1", "pip-audit", DAY2)]);
    assert_eq!(ids(&none_before.merge_first_scans(&first_scan)), ["CVE-2026-1"], "the first scan is still no news");
}

#[test]
fn an_excepted_finding_that_did_not_change_has_its_row_too() {
    let until = Some(date!(2026 - 03 - 31));
    let excepted = Finding {
        status: Status::Excepted { by: ExceptedBy::AcceptedRisk { until } },
        ..finding("CVE-2026-1", "pip-audit", DAY2)
    };
    let known = [excepted, finding("CVE-2026-2", "pip-audit", DAY2)];
    let set = ChangeSet::empty();
    let decision = decided(&set, &Request::auto(), &Policy::default());
    let reasons = explain(&set, &decision, &known, &Policy::default()).reasons;
    let rows: Vec<_> = reasons.iter().map(|r| (r.row, r.text.as_str())).collect();
    assert_eq!(
        rows,
        [(
            Row::Excepted,
            "excepted finding (accepted risk until 2026-03-31), high severity: does not count, no release"
        )]
    );
}

#[test]
fn a_release_by_a_person_does_not_end_the_quiet_period_of_an_automatic_one() {
    let (baseline, _, stored) = pending();
    assert_eq!(baseline.last_automatic(), None);
    let of = |id: &str, trigger, version: &str| {
        let mut other = stored.clone();
        (other.decision.decision_id, other.decision.trigger_type) = (id.to_owned(), trigger);
        other.decision.next_version = Some(version.parse().unwrap());
        other
    };
    let published = |decision: &StoredDecision, at: &str, before: Baseline| {
        let version = decision.decision.next_version.as_ref().unwrap().to_string();
        let receipt =
            Receipt { finished_at: at.parse().unwrap(), ..receipt(&version, Some(&decision.decision.decision_id)) };
        record(&receipt, Some(decision), Some(before), Adopt::Nothing).unwrap()
    };
    let half_past_six = "2026-01-12T06:30:00Z";
    let automatic = published(&of("a", TriggerType::SecurityAuto, "1.2.4"), half_past_six, baseline);
    let manual = published(&of("b", TriggerType::Manual, "1.2.5"), "2026-01-12T08:10:00Z", automatic);
    assert_eq!(manual.last_automatic(), Some(half_past_six.parse().unwrap()));
    let plain = record(&receipt("1.2.6", None), None, Some(manual.clone()), Adopt::Nothing).unwrap();
    assert_eq!(plain.last_automatic(), manual.last_automatic());
    assert_eq!(Baseline::from_json(plain.to_json().as_bytes()).unwrap(), plain);

    let unrecorded = as_if_recorded(&manual, &of("c", TriggerType::Manual, "1.2.7")).unwrap();
    assert_eq!(unrecorded.last_automatic(), manual.last_automatic());
    let next = published(&of("d", TriggerType::SecurityAuto, "1.2.8"), "2026-01-14T06:30:00Z", plain);
    assert_eq!(next.last_automatic(), Some("2026-01-14T06:30:00Z".parse().unwrap()));
}

#[test]
fn the_documents_keep_what_they_do_not_know() {
    let (baseline, _, stored) = pending();
    insta::assert_snapshot!(baseline.to_json());
    let newer = baseline.to_json().replacen("\"1.0\"", "\"1.9\"", 1).replacen(
        "\"lineage\"",
        "\"future\": [1],\n  \"lineage\"",
        1,
    );
    let read = Baseline::from_json(newer.as_bytes()).unwrap();
    assert!(read.to_json().contains("\"future\""));
    assert!(Baseline::from_json(baseline.to_json().replacen("\"1.0\"", "\"2.0\"", 1).as_bytes()).is_err());
    assert_eq!(Baseline::from_json(baseline.to_json().as_bytes()).unwrap(), baseline);
    for bad in ["", "{}", "[]", "{\"schema_version\":\"1.0\"}"] {
        assert!(
            Baseline::from_json(bad.as_bytes()).is_err() && StoredDecision::from_json(bad.into()).is_err(),
            "{bad}"
        );
    }
    let _: ChangeSet = ChangeSet::from_json(stored.document()).unwrap();
}

#[test]
fn a_finding_is_a_line() {
    for count in [0, 1, 1_000] {
        let findings: Vec<Finding> = (0..count)
            .map(|n| finding(&format!("CVE-2023-{}", 10_000 + n), "pip-audit", date!(2026 - 01 - 05)))
            .collect();
        let set = FindingSet { findings, lineage: None, scanners: BTreeMap::new() };
        let of_one = |text: &str| text.lines().filter(|line| line.trim_start().starts_with("{\"finding_id\":")).count();
        let decision = decided(&ChangeSet::empty(), &Request::manual(), &Policy::default());
        let stored = stored_on(&decision, &set);
        assert_eq!(of_one(text_of(&stored)), set.findings.len());
        let baseline = Baseline { findings: set.findings, ..Baseline::without_scans(now()) };
        let text = baseline.to_json();
        assert_eq!(of_one(&text), baseline.findings.len());
        assert_eq!(Baseline::from_json(text.as_bytes()).unwrap(), baseline);
    }
}

#[test]
fn findings_that_cannot_be_read_are_told_where_they_are_asked_for() {
    let (baseline, _, stored) = pending();
    let parse = |text: &str| StoredDecision::from_json(text.as_bytes().to_vec());
    let whole = text_of(&stored);
    let line = 1 + whole[..whole.find("\"discovered_date\":").unwrap()].matches('\n').count();
    let damaged = parse(&whole.replacen("\"discovered_date\":", "\"discovered\":", 1)).unwrap();
    assert_eq!(damaged.decision, stored.decision);
    let error = std::error::Error::source(&damaged.snapshot().unwrap_err()).unwrap().to_string();
    assert!(error.contains(&format!("at line {line} column ")), "{error}");
    for text in [
        whole.replacen("\"snapshot\"", "\"other\"", 1),
        whole.replacen("\"snapshot\": {", "\"snapshot\": null, \"x\": {", 1),
    ] {
        assert!(parse(&text).unwrap().snapshot().is_err(), "{text}");
    }
    let finding = whole.lines().find(|line| line.trim_start().starts_with("{\"finding_id\":")).unwrap();
    let twice = parse(&whole.replacen(finding, &format!("{finding},\n{finding}"), 1)).unwrap();
    insta::assert_snapshot!(twice.snapshot().unwrap_err(), @"the decision holds the finding CVE-2026-1 twice");
    let mut repeated = baseline.clone();
    repeated.findings = vec![stored.snapshot().unwrap().findings.remove(0); 2];
    assert!(Baseline::from_json(repeated.to_json().as_bytes()).is_err());
    assert!(as_if_recorded(&baseline, &damaged).is_err());
    let id = &damaged.decision.decision_id;
    let error = record(&receipt("1.2.4", Some(id)), Some(&damaged), Some(baseline), Adopt::Nothing).unwrap_err();
    assert!(matches!(error, RecordError::Snapshot { .. }), "{error}");
    assert!(parse(&whole[..3_000]).is_err(), "cut off");
}
