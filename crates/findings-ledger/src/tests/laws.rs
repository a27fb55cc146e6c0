//! Laws that hold for any scans.

use std::collections::BTreeSet;

use findings_model::{Coverage, CoverageState, Gap, LookedAt, Scan, Status};
use proptest::prelude::*;

use super::{Build, code, flaw, package, project::Project, scan, secret};

fn any_audit(scanner: &'static str) -> impl Strategy<Value = Scan> {
    let id = prop::sample::select(vec!["PYSEC-1", "PYSEC-2", "GHSA-1", "GHSA-2", "CVE-1-1", "CVE-1-2"]);
    let record = (prop::sample::select(vec!["a", "b"]), id.clone(), prop::collection::vec(id, 0..3))
        .prop_map(|(package, id, aliases)| format!("{package} 1.0 {id} {}", aliases.join(" ")));
    (
        prop::collection::vec(record, 0..5),
        prop::sample::select(vec!["a 1.0, b 1.0", "a 2.0, b 1.0", "b 1.0"]),
        any_state(),
    )
        .prop_map(move |(records, packages, state)| {
            let scan = records.iter().fold(scan(scanner).packages(packages), |scan, r| scan.finds(flaw(r.trim())));
            with_state(scan, state)
        })
}

fn any_bandit() -> impl Strategy<Value = Scan> {
    let record = (
        prop::sample::select(vec!["B1", "B2"]),
        prop::sample::select(vec!["a.py", "b.py", "c.py"]),
        1u32..5,
        prop::sample::select(vec!["x", "y"]),
    )
        .prop_map(|(rule, path, line, text)| format!("{rule} {path} {line} {text}"));
    (
        prop::collection::vec(record, 0..5),
        prop::sample::select(vec!["a.py, b.py, c.py", "a.py, b.py", "c.py"]),
        any_state(),
    )
        .prop_map(|(records, files, state)| {
            let scan = records.iter().fold(scan("bandit").files(files), |scan, r| scan.finds(code(r)));
            with_state(scan, state)
        })
}

fn any_secrets() -> impl Strategy<Value = Scan> {
    let record = (prop::sample::select(vec!["AWS", "Key"]), prop::sample::select(vec!["a.py", "b.py"]), 1u32..4)
        .prop_map(|(rule, path, line)| format!("{rule}|{path}|{line}"));
    (prop::collection::vec(record, 0..4), any_state()).prop_map(|(records, state)| {
        with_state(records.iter().fold(scan("detect-secrets"), |scan, r| scan.finds(secret(r))), state)
    })
}

fn any_state() -> impl Strategy<Value = u8> {
    0u8..8
}

fn with_state(scan: Scan, state: u8) -> Scan {
    match state {
        0 => scan.state(CoverageState::Failed),
        1 => scan.state(CoverageState::Filtered),
        2 => scan.gap(Gap::Package(package("a"))),
        3 => scan.gap(Gap::File("a.py".to_owned())),
        _ => scan,
    }
}

fn any_run() -> impl Strategy<Value = Vec<Scan>> {
    (
        prop::option::weighted(0.8, any_audit("pip-audit")),
        prop::option::weighted(0.4, any_audit("osv-scanner")),
        prop::option::weighted(0.8, any_bandit()),
        prop::option::weighted(0.5, any_secrets()),
    )
        .prop_map(|(a, b, c, d)| [a, b, c, d].into_iter().flatten().collect())
}

fn resolved(project: &Project) -> BTreeSet<String> {
    let resolved = project.ledger.findings.iter().filter(|f| matches!(f.status, Status::Resolved { .. }));
    resolved.map(|f| f.finding_id.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// `Project::take` does every run in another order and twice, and reads the ledger back from its bytes.
    #[test]
    fn order_never_matters_and_twice_is_once(runs in prop::collection::vec(any_run(), 1..5)) {
        let mut project = Project::with_files("a.py, b.py");
        for (week, scans) in runs.iter().enumerate() {
            project.take(5 + 7 * u8::try_from(week).unwrap(), scans);
        }
    }

    #[test]
    fn less_coverage_never_resolves_more(first in any_run(), second in any_run(), weaker in 0u8..6, which in 0usize..4) {
        let mut whole = Project::with_files("a.py, b.py");
        whole.take(5, &first);
        let mut less = Project::with_files("a.py, b.py");
        less.ledger = whole.ledger.clone();
        let mut reduced = second.clone();
        if let Some(scan) = reduced.get_mut(which) {
            match weaker {
                0 => scan.coverage = Coverage::failed("it crashed"),
                1 => scan.coverage.state = CoverageState::Filtered,
                2 => scan.coverage.gaps.push(Gap::Unnamed("something".to_owned())),
                3 => scan.coverage.gaps.push(Gap::Package(package("b"))),
                4 => scan.coverage.looked_at = LookedAt { files: scan.coverage.looked_at.files.iter().take(1).cloned().collect(), ..scan.coverage.looked_at.clone() },
                _ => _ = reduced.remove(which),
            }
        }
        whole.take(12, &second);
        less.take(12, &reduced);
        if weaker != 4 && weaker != 5 {
            prop_assert!(resolved(&less).is_subset(&resolved(&whole)), "{:?} {:?}", resolved(&less), resolved(&whole));
        }
        if weaker == 5 {
            // Without a scanner's report nothing that only it reports ends.
            let gone: BTreeSet<_> = second.get(which).map(|s| s.scanner.clone()).into_iter().collect();
            let before = resolved_before(&first, &gone);
            prop_assert!(resolved(&less).is_disjoint(&before));
        }
    }

    /// Nothing that was ever known is lost from the ledger, and no id changes: a finding that turned out to be another one lives on
    /// under that one's.
    #[test]
    fn findings_are_never_lost(runs in prop::collection::vec(any_run(), 1..5)) {
        let mut project = Project::with_files("a.py, b.py");
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (week, scans) in runs.iter().enumerate() {
            project.take(5 + 7 * u8::try_from(week).unwrap(), scans);
            let ids = project.ledger.findings.iter().flat_map(|f| std::iter::once(&f.finding_id).chain(f.former_ids()));
            let now: BTreeSet<String> = ids.map(ToString::to_string).collect();
            prop_assert!(known.is_subset(&now));
            known = now;
        }
    }
}

/// Findings of a first run that were reported by nobody but these scanners.
fn resolved_before(first: &[Scan], only: &BTreeSet<findings_model::ScannerName>) -> BTreeSet<String> {
    let mut project = Project::with_files("a.py, b.py");
    project.take(5, first);
    let findings = project.ledger.findings.iter().filter(|f| f.scanners.keys().all(|s| only.contains(s)));
    findings.map(|f| f.finding_id.to_string()).collect()
}
