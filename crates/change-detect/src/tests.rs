//! What a reader of a change set relies on, and the laws of comparing.

mod documents;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use findings_model::{
    AdvisoryId, Attribution, CodeSpot, CodeText, CoverageState, ExceptedBy, Finding, FindingId, FindingSet, Package,
    PackageName, Rating, ResolvedReason, ScanSummary, ScannerName, ScannerState, Scope, Severity, SeveritySource,
    Status, Subject, Timestamp, Vulnerability,
};
use proptest::prelude::*;
use time::macros::date;

use crate::{ChangeReason, ChangeSet, ChangeType, FindingState, PostureTrend, detect};

fn scanner(name: &str) -> ScannerName {
    ScannerName::parse(name).unwrap()
}

fn vulnerability(id: &str, severity: Severity) -> Finding {
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
        rating: Rating::word(severity, SeveritySource::AdvisoryWord),
        rated_on: None,
        memory: None,
        exploitation: findings_model::Exploitation::default(),
        source_scanner: scanner("pip-audit"),
        scanners: [(
            scanner("pip-audit"),
            Attribution {
                first_seen: date!(2026 - 01 - 05),
                last_seen: date!(2026 - 01 - 05),
                ended: None,
                reason: None,
                seen_in: vec![],
            },
        )]
        .into(),
        status: Status::Open,
        discovered: date!(2026 - 01 - 05),
        last_seen: date!(2026 - 01 - 05),
        fix_version: None,
        description: "A flaw.".into(),
        reference_url: None,
        extra: BTreeMap::new(),
    }
}

fn code(id: &str, path: &str, says: &str) -> Finding {
    Finding {
        subject: Subject::Code(CodeSpot {
            rule: "B324".to_owned(),
            former_rules: vec![],
            path: path.to_owned(),
            line: Some(5),
            text: CodeText::of(says, false),
            aliases: [].into(),
        }),
        finding_id: FindingId::parse(id).unwrap(),
        source_scanner: scanner("bandit"),
        scanners: [(
            scanner("bandit"),
            Attribution {
                first_seen: date!(2026 - 01 - 05),
                last_seen: date!(2026 - 01 - 05),
                ended: None,
                reason: None,
                seen_in: vec![],
            },
        )]
        .into(),
        scope: Scope::Unknown,
        ..vulnerability("GHSA-aaaa-aaaa-aaaa", Severity::High)
    }
}

fn with(mut finding: Finding, status: Status) -> Finding {
    finding.status = status;
    finding
}

fn gone(reason: ResolvedReason) -> Status {
    Status::Resolved { on: date!(2026 - 01 - 12), reason }
}

fn scan(name: &str, coverage: CoverageState) -> ScanSummary {
    let reasons = if coverage == CoverageState::Complete { vec![] } else { vec!["half a file".to_owned()] };
    ScanSummary {
        scanner: scanner(name),
        format: None,
        file: format!("{name}.json"),
        target: None,
        coverage,
        reasons,
        not_covered: vec![],
        findings: 0,
        tool_version: None,
        observed_at: None,
        report_digest: None,
        rule_set: None,
        repeats: None,
        holds_nothing: false,
    }
}

fn set(findings: Vec<Finding>, coverage: CoverageState) -> FindingSet {
    let at: Option<Timestamp> = "2026-01-05T03:00:00Z".parse().ok();
    let state = |name: &str| ScannerState {
        required: true,
        retired: false,
        first_usable: at,
        last_usable: at,
        last_complete: at,
        ever_covered: true,
        rule_sets: Vec::new(),
        suppressed: BTreeMap::new(),
        files: BTreeMap::new(),
        newest_observed: BTreeMap::new(),
        newest: vec![scan(name, coverage)],
    };
    FindingSet {
        lineage: Some("one".to_owned()),
        scanners: [(scanner("pip-audit"), state("pip-audit")), (scanner("bandit"), state("bandit"))].into(),
        findings,
    }
}

fn complete(findings: Vec<Finding>) -> FindingSet {
    set(findings, CoverageState::Complete)
}

fn other_lineage(mut set: FindingSet) -> FindingSet {
    set.lineage = Some("two".to_owned());
    set
}

fn compare(previous: &FindingSet, current: &FindingSet) -> ChangeSet {
    detect(Some(previous), current, &|_| false)
}

/// One change as `type id: old -> new (impact, reason)`.
fn lines(set: &ChangeSet) -> Vec<String> {
    set.changes
        .iter()
        .map(|c| {
            let old = c.old_state.as_ref().map_or("null".to_owned(), ToString::to_string);
            let reason = c.reason.map_or("", ChangeReason::as_str);
            format!("{} {}: {old} -> {} ({}, {reason})", c.change_type, c.finding_id, c.new_state, c.impact_level)
        })
        .collect()
}

#[test]
fn the_states_are_worded_as_they_always_were() {
    let medium = complete(vec![vulnerability("CVE-2026-1", Severity::Medium)]);
    let high = complete(vec![vulnerability("CVE-2026-1", Severity::High)]);
    let none = complete(vec![]);
    assert_eq!(lines(&compare(&none, &high)), ["new_vulnerability CVE-2026-1: null -> high vulnerability (high, )"]);
    assert_eq!(
        lines(&compare(&medium, &none)),
        ["resolved CVE-2026-1: medium vulnerability -> resolved (medium, no_longer_reported)"]
    );
    assert_eq!(
        lines(&compare(&medium, &high)),
        ["severity_change CVE-2026-1: medium vulnerability -> high vulnerability (high, )"]
    );
    assert!(compare(&high, &high).changes.is_empty());
    let other = complete(vec![vulnerability("CVE-2026-2", Severity::High)]);
    assert_eq!(compare(&high, &other).changes.len(), 2);
}

#[test]
fn every_pair_of_states_has_its_change() {
    let open = || vulnerability("CVE-2026-1", Severity::High);
    let unverified = || with(open(), Status::Unverified { since: date!(2026 - 01 - 05) });
    let resolved = || with(open(), gone(ResolvedReason::Upgraded));
    let withdrawn = || with(open(), gone(ResolvedReason::Withdrawn));
    let accepted = || with(open(), Status::Excepted { by: ExceptedBy::AcceptedRisk { until: None } });
    let cleared = || with(open(), Status::Excepted { by: ExceptedBy::FalsePositive { until: None } });
    let state = |name: &str| match name {
        "absent" => vec![],
        "open" => vec![open()],
        "unverified" => vec![unverified()],
        "resolved" => vec![resolved()],
        "withdrawn" => vec![withdrawn()],
        "accepted" => vec![accepted()],
        "cleared" => vec![cleared()],
        _ => unreachable!(),
    };
    let names = ["absent", "open", "unverified", "resolved", "withdrawn", "accepted", "cleared"];
    let mut table = String::new();
    for before in names {
        for now in names {
            let changes = compare(&complete(state(before)), &complete(state(now)));
            let what = changes.changes.first().map_or("-".to_owned(), |c| match c.reason {
                Some(reason) => format!("{} ({reason})", c.change_type),
                None => c.change_type.to_string(),
            });
            writeln!(table, "{before:10} {now:10} {what}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_first_scan_is_all_new_and_has_no_trend() {
    let current = complete(vec![
        vulnerability("CVE-2026-1", Severity::High),
        with(vulnerability("CVE-2026-2", Severity::Low), gone(ResolvedReason::Removed)),
    ]);
    let changes = detect(None, &current, &|_| false);
    assert!(changes.first_scan);
    assert_eq!(lines(&changes), ["new_vulnerability CVE-2026-1: null -> high vulnerability (high, )"]);
    assert_eq!(changes.posture_trend, PostureTrend::Unknown);
    assert_eq!(changes.compared_with, None);
}

#[test]
fn without_a_usable_scan_only_what_was_found_is_told() {
    let mut none = set(vec![], CoverageState::Failed);
    none.scanners.values_mut().for_each(|scanner| scanner.first_usable = None);
    assert_eq!(detect(None, &none, &|_| false).posture, None, "that nothing is open would be a guess");
    none.findings.push(vulnerability("CVE-2026-1", Severity::High));
    assert_eq!(detect(None, &none, &|_| false).posture.unwrap().current.high, 1);
    assert_eq!(detect(None, &complete(vec![]), &|_| false).posture.unwrap().current.high, 0);
}

#[test]
fn of_an_open_finding_it_is_told_that_its_place_is_private() {
    let mut opaque = code("TRIVY-DS-0031-Dockerfile-5", "Dockerfile", "ENV TOKEN=x");
    let Subject::Code(spot) = &mut opaque.subject else { unreachable!() };
    spot.rule = "DS-0031".to_owned();
    let told = |finding: &Finding| {
        let set = complete(vec![finding.clone()]);
        compare(&set, &set).still_open[0].private_place
    };
    assert!(!told(&opaque));
    opaque.description = "Secrets passed via build-args".into();
    assert!(told(&opaque));
}

#[test]
fn what_a_scan_did_not_cover_is_not_resolved() {
    let before = complete(vec![vulnerability("CVE-2026-1", Severity::High)]);
    for coverage in [CoverageState::Partial, CoverageState::Filtered, CoverageState::Failed, CoverageState::Missing] {
        let changes = compare(&before, &set(vec![], coverage));
        assert!(changes.changes.is_empty(), "{coverage:?}");
        assert_eq!(changes.incomplete.len(), 2);
        assert_eq!(changes.posture.unwrap().current.high, 1, "it still counts");
        assert!(changes.still_open[0].unverified);
        let trend = if coverage.is_usable() { PostureTrend::Unchanged } else { PostureTrend::Unknown };
        assert_eq!(changes.posture_trend, trend);
    }
}

#[test]
fn a_scanner_that_never_listed_anything_or_is_retired_or_unknown_ends_nothing() {
    let before = complete(vec![vulnerability("CVE-2026-1", Severity::High)]);
    let mut blank = complete(vec![]);
    blank.scanners.get_mut(&scanner("pip-audit")).unwrap().ever_covered = false;
    let mut retired = complete(vec![]);
    retired.scanners.get_mut(&scanner("pip-audit")).unwrap().retired = true;
    let mut unknown = complete(vec![]);
    unknown.scanners.remove(&scanner("pip-audit"));
    let mut no_report = complete(vec![]);
    no_report.scanners.get_mut(&scanner("pip-audit")).unwrap().newest.clear();
    for current in [&blank, &retired, &unknown, &no_report] {
        assert!(compare(&before, current).changes.is_empty());
    }
    assert_eq!(compare(&before, &no_report).incomplete[0].coverage, CoverageState::Missing);
}

#[test]
fn a_flaw_that_lives_on_under_another_id_is_not_resolved() {
    let before = complete(vec![
        vulnerability("CVE-2026-1", Severity::High),
        vulnerability("GHSA-aaaa-bbbb-cccc", Severity::High),
    ]);
    let mut merged = vulnerability("CVE-2026-1", Severity::High);
    if let Subject::Vulnerability(v) = &mut merged.subject {
        v.aliases = [AdvisoryId::parse("GHSA-aaaa-bbbb-cccc").unwrap()].into();
    }
    assert!(compare(&before, &complete(vec![merged])).changes.is_empty());
}

#[test]
fn a_finding_that_was_folded_into_another_is_no_change() {
    let (older, younger) = (vulnerability("PYSEC-1", Severity::High), vulnerability("GHSA-1", Severity::High));
    let mut one = older.clone();
    one.remember(|memory| _ = memory.finding_ids.insert(younger.finding_id.clone()));
    let before = complete(vec![younger.clone(), older]);
    assert_eq!(lines(&compare(&before, &complete(vec![one.clone()]))), Vec::<String>::new());
    // One change when it ends, and none where only the younger was known.
    let ended = with(one.clone(), gone(ResolvedReason::Upgraded));
    assert_eq!(compare(&before, &complete(vec![ended])).changes.len(), 1);
    assert_eq!(lines(&compare(&complete(vec![younger]), &complete(vec![one]))), Vec::<String>::new());
}

#[test]
fn a_flaw_whose_package_is_named_at_last_is_no_change() {
    let named = vulnerability("PYSEC-1", Severity::High);
    let mut before = named.clone();
    if let Subject::Vulnerability(v) = &mut before.subject {
        v.package = Package::unnamed();
    }
    assert_eq!(lines(&compare(&complete(vec![before]), &complete(vec![named]))), Vec::<String>::new());
}

#[test]
fn a_folded_finding_is_compared_with_the_worst_that_was_known_of_it() {
    let (older, younger) = (vulnerability("GHSA-1", Severity::Medium), vulnerability("CVE-1", Severity::High));
    let mut one = vulnerability("GHSA-1", Severity::High);
    one.remember(|memory| _ = memory.finding_ids.insert(younger.finding_id.clone()));
    let before = complete(vec![younger, older]);
    assert_eq!(lines(&compare(&before, &complete(vec![one]))), Vec::<String>::new(), "high was known");
}

#[test]
fn an_id_that_two_branches_gave_to_different_findings_is_two_findings() {
    let before = complete(vec![code("BANDIT-B324-hash.py-5", "src/a/hash.py", "hashlib.md5(x)")]);
    let current = complete(vec![code("BANDIT-B324-hash.py-5", "src/b/hash.py", "hashlib.sha1(y)")]);
    assert_eq!(before.lineage, current.lineage);
    let types = |file_gone: bool| {
        let set = detect(Some(&before), &current, &|_| file_gone);
        set.changes.iter().map(|c| c.change_type.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(types(false), ["new_vulnerability", "resolved"]);
    assert_eq!(types(true), Vec::<&str>::new(), "the file was renamed");
}

#[test]
fn a_development_package_that_is_needed_at_run_time_is_an_update() {
    let scoped = |scope| complete(vec![Finding { scope, ..vulnerability("CVE-1", Severity::High) }]);
    let change = |before, now| compare(&scoped(before), &scoped(now)).changes.pop();
    let entered = change(Scope::Development, Scope::Runtime).unwrap();
    assert_eq!((entered.change_type, entered.reason), (ChangeType::Updated, Some(ChangeReason::ScopeChanged)));
    assert_eq!(entered.old_scope, Some(Scope::Development));
    assert!(change(Scope::Development, Scope::Unknown).is_some(), "unknown is treated as run time");
    for (before, now) in [(Scope::Runtime, Scope::Development), (Scope::Unknown, Scope::Runtime)] {
        assert_eq!(change(before, now), None);
    }
}

#[test]
fn a_new_find_of_a_failed_scan_is_new() {
    let found =
        with(vulnerability("CVE-2026-1", Severity::Critical), Status::Unverified { since: date!(2026 - 01 - 12) });
    let changes = compare(&complete(vec![]), &set(vec![found], CoverageState::Failed));
    assert_eq!(lines(&changes), ["new_vulnerability CVE-2026-1: null -> critical vulnerability (critical, )"]);
}

#[test]
fn unknown_severity_is_a_severity() {
    let unknown = complete(vec![vulnerability("CVE-2026-1", Severity::Unknown)]);
    let changes = compare(&complete(vec![]), &unknown);
    assert_eq!(lines(&changes), ["new_vulnerability CVE-2026-1: null -> unknown vulnerability (unknown, )"]);
    assert_eq!((changes.posture.unwrap().current.total(), changes.posture.unwrap().current.unknown), (1, 1));
    let known = complete(vec![vulnerability("CVE-2026-1", Severity::Low)]);
    assert_eq!(
        lines(&compare(&unknown, &known)),
        ["severity_change CVE-2026-1: unknown vulnerability -> low vulnerability (low, )"]
    );
}

#[test]
fn a_fix_and_a_version_are_updates() {
    let before = vulnerability("CVE-2026-1", Severity::High);
    let mut fixable = before.clone();
    fixable.fix_version = Some("2.20.0".into());
    let mut moved = before.clone();
    if let Subject::Vulnerability(v) = &mut moved.subject {
        v.version = Some("2.19.1".into());
    }
    let before = complete(vec![before]);
    let changes = compare(&before, &complete(vec![fixable]));
    assert_eq!(lines(&changes), ["updated CVE-2026-1: high vulnerability -> high vulnerability (high, fix_available)"]);
    assert_eq!(changes.changes[0].fix_version.as_deref(), Some("2.20.0"));
    let changes = compare(&before, &complete(vec![moved]));
    assert_eq!(
        lines(&changes),
        ["updated CVE-2026-1: high vulnerability -> high vulnerability (high, version_changed)"]
    );
}

#[test]
fn without_a_common_history_findings_are_known_by_evidence() {
    let before = complete(vec![code("BANDIT-B324-util.py-5", "app/util.py", "hashlib.md5(x)")]);
    let renamed = other_lineage(complete(vec![code("BANDIT-B324-hashing.py-5", "app/hashing.py", "hashlib.md5(x)")]));
    assert!(detect(Some(&before), &renamed, &|path| path == "app/util.py").changes.is_empty());
    let none = other_lineage(complete(vec![]));
    let changes = detect(Some(&before), &none, &|path| path == "app/util.py");
    assert_eq!(lines(&changes), ["resolved BANDIT-B324-util.py-5: high vulnerability -> resolved (high, removed)"]);
}

#[test]
fn the_trend_follows_grave_findings_first() {
    use Severity::{Critical, High, Low, Medium};
    let findings = |severities: &[Severity]| {
        complete(severities.iter().enumerate().map(|(n, s)| vulnerability(&format!("CVE-2026-{n:04}"), *s)).collect())
    };
    let trend = |a: &[Severity], b: &[Severity]| compare(&findings(a), &findings(b)).posture_trend;
    assert_eq!(trend(&[Low, Low], &[High]), PostureTrend::Deteriorated);
    assert_eq!(trend(&[Critical], &[Low, Low]), PostureTrend::Improved);
    assert_eq!(trend(&[High], &[Critical, Medium]), PostureTrend::SlightlyDeteriorated);
    assert_eq!(trend(&[High, Low], &[High]), PostureTrend::SlightlyImproved);
    assert_eq!(trend(&[High, Low], &[Critical, Medium]), PostureTrend::Unchanged);
}

#[test]
fn state_words_round_trip() {
    for word in ["high vulnerability", "unknown vulnerability", "resolved", "withdrawn", "excepted", "on fire"] {
        assert_eq!(FindingState::from(word.to_owned()).to_string(), word);
    }
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn status() -> impl Strategy<Value = Status> {
    let since = date!(2026 - 01 - 05);
    prop_oneof![
        4 => Just(Status::Open),
        1 => Just(Status::Unverified { since }),
        1 => Just(gone(ResolvedReason::Upgraded)),
        1 => Just(gone(ResolvedReason::Withdrawn)),
        1 => Just(Status::Excepted { by: ExceptedBy::AcceptedRisk { until: None } }),
        1 => Just(Status::Excepted { by: ExceptedBy::FalsePositive { until: None } }),
    ]
}

/// Findings in any order; at most one of each id, each with the same advisory id in both sets.
fn findings() -> impl Strategy<Value = Vec<Finding>> {
    prop::collection::btree_map(0..12_u32, (severity(), status()), 0..10)
        .prop_map(|m| {
            m.into_iter()
                .map(|(n, (sev, st))| with(vulnerability(&format!("CVE-2026-{n:04}"), sev), st))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn open(set: &[Finding]) -> BTreeMap<String, Severity> {
    set.iter().filter(|f| f.is_open()).map(|f| (f.finding_id.to_string(), f.rating.severity)).collect()
}

proptest! {
    #[test]
    fn applying_the_difference_gives_the_other_side(a in findings(), b in findings(), shared in any::<bool>()) {
        let (before, after) = (complete(a), complete(b));
        let after = if shared { after } else { other_lineage(after) };
        let changes = compare(&before, &after);
        let mut state = open(&before.findings);
        for change in &changes.changes {
            match change.new_state.severity() {
                Some(severity) => state.insert(change.finding_id.to_string(), severity),
                None => state.remove(change.finding_id.as_str()),
            };
        }
        prop_assert_eq!(&state, &open(&after.findings));
        prop_assert_eq!(changes.posture.unwrap().current.total(), state.len() as u64);
    }

    #[test]
    fn nothing_changes_between_a_set_and_itself(a in findings(), coverage in prop::sample::select(vec![CoverageState::Complete, CoverageState::Failed])) {
        prop_assert!(compare(&complete(a.clone()), &set(a, coverage)).changes.is_empty());
    }

    #[test]
    fn order_does_not_matter(a in findings(), b in findings()) {
        let sorted = |mut v: Vec<Finding>| { v.sort_by(|x, y| x.finding_id.cmp(&y.finding_id)); v };
        let one = compare(&complete(a.clone()), &complete(b.clone()));
        let two = compare(&complete(sorted(a)), &complete(sorted(b)));
        prop_assert_eq!(one.to_json(), two.to_json());
    }

    #[test]
    fn an_incomplete_scan_resolves_nothing(a in findings(), b in findings(), coverage in prop::sample::select(vec![
        CoverageState::Partial, CoverageState::Filtered, CoverageState::Failed, CoverageState::Missing,
    ])) {
        let still_there: Vec<_> = b.into_iter().filter(|f| !matches!(f.status, Status::Resolved { .. })).collect();
        let changes = compare(&complete(a), &set(still_there, coverage));
        prop_assert_eq!(changes.of_type(ChangeType::Resolved).count(), 0);
        prop_assert_eq!(changes.of_type(ChangeType::Withdrawn).count(), 0);
    }

    #[test]
    fn documents_round_trip(a in findings(), b in findings()) {
        let changes = compare(&complete(a), &complete(b));
        prop_assert_eq!(ChangeSet::from_json(changes.to_json().as_bytes()).unwrap(), changes);
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = ChangeSet::from_json(&bytes);
    }
}
