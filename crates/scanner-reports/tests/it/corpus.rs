//! The corpus of recorded and hostile reports, as far as a report alone can answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use findings_model::{
    CoverageState, FindingKind, Observation, PackageName, ReportFormat, Scan, Severity, Subject, Timestamp, text,
};
use scanner_reports::{Source, read, unreadable};
use serde::Deserialize;
use test_support::fixtures::corpus;

#[expect(clippy::disallowed_methods, reason = "the corpus lies outside of the repository")]
fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn load<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    serde_json::from_slice(&bytes(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn scan(path: &Path, declared: Option<ReportFormat>, now: &str) -> Result<Vec<Scan>, String> {
    let own = PackageName::parse("sample-package").unwrap();
    let now: Timestamp = now.parse().unwrap();
    let file = path.file_name().unwrap().to_str().unwrap();
    let bytes = bytes(path);
    catch_unwind(AssertUnwindSafe(|| read(&bytes, &Source { file, declared, own_project: Some(&own), key: None, now })))
        .map_err(|_| "it panicked".to_owned())
}

#[derive(Deserialize)]
struct Report {
    file: String,
    scanner: Option<String>,
    declared_scanner_needed: bool,
    findings: usize,
    active: usize,
    distinct: usize,
    #[serde(default)]
    also_counts: Vec<usize>,
    by_severity: BTreeMap<String, usize>,
    severity_at_most: Option<BTreeMap<String, usize>>,
    ids: Vec<String>,
    packages: Vec<String>,
    incomplete: bool,
    #[serde(default)]
    incomplete_certainty: Option<String>,
    partial: bool,
    filtered: bool,
    not_scanned: Vec<String>,
}

/// Names of packages and paths in a form in which two spellings of one compare equal.
fn plain(name: &str) -> String {
    name.trim_start_matches("./").to_ascii_lowercase().replace(['_', '.'], "-")
}

fn judge_report(wanted: &Report, scans: &[Scan]) -> Vec<String> {
    let mut wrong = Vec::new();
    let all: Vec<&Observation> = scans.iter().flat_map(|s| &s.observations).collect();
    let counts: BTreeSet<usize> =
        [wanted.findings, wanted.distinct].into_iter().chain(wanted.also_counts.iter().copied()).collect();
    if !counts.contains(&all.len()) {
        wrong.push(format!("{} findings, expected one of {counts:?}", all.len()));
    }
    let active = all.iter().filter(|o| o.clearance.is_none()).count();
    if all.len() == wanted.findings && active != wanted.active {
        wrong.push(format!("{active} active, expected {}", wanted.active));
    }
    let mut severities: BTreeMap<String, usize> = BTreeMap::new();
    for observation in all.iter().filter(|o| o.subject.kind() != FindingKind::Secret) {
        *severities.entry(observation.rating.severity.to_string()).or_default() += 1;
    }
    let most = wanted.severity_at_most.as_ref().unwrap_or(&wanted.by_severity);
    if severities.iter().any(|(severity, n)| *n > most.get(severity).copied().unwrap_or(0)) {
        wrong.push(format!("severities {severities:?}, expected at most {most:?}"));
    }
    let is_all = all.len() == wanted.findings && all.iter().all(|o| o.subject.kind() != FindingKind::Secret);
    if is_all && wanted.severity_at_most.is_none() && severities != wanted.by_severity {
        wrong.push(format!("severities {severities:?}, expected {:?}", wanted.by_severity));
    }
    let have: BTreeSet<String> =
        all.iter().flat_map(|o| o.subject.advisory_ids()).map(|id| id.as_str().to_ascii_lowercase()).collect();
    let lost: Vec<_> = wanted.ids.iter().filter(|id| !have.contains(&id.to_ascii_lowercase())).collect();
    if !lost.is_empty() {
        wrong.push(format!("ids lost: {lost:?}"));
    }
    let packages: BTreeSet<String> = all.iter().filter_map(|o| o.subject.package()).map(|p| plain(p.name())).collect();
    let lost: Vec<_> =
        wanted.packages.iter().filter(|p| !packages.iter().any(|have| have.ends_with(&plain(p)))).collect();
    if !lost.is_empty() {
        wrong.push(format!("packages lost: {lost:?} of {packages:?}"));
    }
    wrong.extend(judge_coverage(wanted, scans));
    wrong
}

fn judge_coverage(wanted: &Report, scans: &[Scan]) -> Vec<String> {
    let mut wrong = Vec::new();
    let states: BTreeSet<CoverageState> = scans.iter().map(|s| s.coverage.state).collect();
    let is = |state: CoverageState| states.contains(&state);
    let certain = wanted.incomplete_certainty.as_deref().unwrap_or("must") == "must";
    if wanted.incomplete && certain && !is(CoverageState::Failed) {
        wrong.push(format!("{states:?}, expected failed"));
    }
    if !wanted.incomplete {
        let expected = match (wanted.filtered, wanted.partial) {
            (true, _) => CoverageState::Filtered,
            (false, true) => CoverageState::Partial,
            (false, false) => CoverageState::Complete,
        };
        if states != BTreeSet::from([expected]) {
            wrong.push(format!("{states:?}, expected {expected:?}: {:?}", scans[0].coverage.reasons));
        }
    }
    if wanted.declared_scanner_needed && !scans[0].coverage.blank {
        wrong.push("not blank though the content cannot tell the scanner".to_owned());
    }
    let gaps: BTreeSet<String> =
        scans.iter().flat_map(|s| &s.coverage.gaps).map(|gap| plain(gap.label().trim_start_matches("pypi:"))).collect();
    for name in &wanted.not_scanned {
        if !gaps.contains(&plain(name)) && !gaps.iter().any(|gap| gap.ends_with(&plain(name))) {
            wrong.push(format!("{name} is no gap: {gaps:?}"));
        }
    }
    // Runs without a name of their own go by the format's word.
    let names: BTreeSet<&str> =
        scans.iter().map(|s| s.scanner.as_str()).filter(|name| *name != "sarif" || scans.len() == 1).collect();
    if let Some(scanner) = &wanted.scanner
        && names != scanner.split('+').collect()
    {
        wrong.push(format!("scanner {names:?}, expected {scanner}"));
    }
    for scan in scans {
        if scan.coverage.state != CoverageState::Complete && scan.coverage.reasons.is_empty() {
            wrong.push("not complete and no reason".to_owned());
        }
    }
    wrong
}

fn table(part: &str, rows: &[(String, Vec<String>)]) {
    for (name, wrong) in rows {
        println!("{} {part}: {name} {}", if wrong.is_empty() { "right" } else { "WRONG" }, wrong.join("; "));
    }
    let right = rows.iter().filter(|(_, wrong)| wrong.is_empty()).count();
    println!("{part}: {right} of {} right", rows.len());
    assert!(!rows.is_empty(), "the corpus has no {part}");
    assert_eq!(right, rows.len(), "{part}: see the table above");
}

#[test]
fn recorded_reports_are_read_as_they_are() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("reports-corpus");
    let rows: Vec<_> = load::<Vec<Report>>(&folder.join("expected.json"))
        .iter()
        .map(|wanted| {
            let declared = wanted
                .scanner
                .as_deref()
                .filter(|_| wanted.declared_scanner_needed)
                .map(|scanner| scanner.parse().unwrap());
            let wrong = match scan(&folder.join(&wanted.file), declared, "2027-01-05T03:00:00Z") {
                Ok(scans) => judge_report(wanted, &scans),
                Err(panicked) => vec![panicked],
            };
            (wanted.file.clone(), wrong)
        })
        .collect();
    table("reports", &rows);
}

#[derive(Deserialize)]
struct Hostile {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "case")]
    name: String,
    file: String,
    outcome: BTreeSet<String>,
    new_allowed: usize,
    findings_in_file: serde_json::Value,
    #[serde(default)]
    distinct: Option<usize>,
    #[serde(default)]
    reason: Vec<String>,
    #[serde(default)]
    output_must_not_contain: Vec<String>,
    #[serde(default)]
    make: Option<String>,
}

/// Whether two observations are of one thing, by the evidence that a test needs.
fn same(a: &Observation, b: &Observation) -> bool {
    match (&a.subject, &b.subject) {
        (Subject::Vulnerability(a), Subject::Vulnerability(b)) => {
            a.package == b.package && !a.all_ids().is_disjoint(&b.all_ids())
        }
        (Subject::Code(a), Subject::Code(b)) => a.rule == b.rule && a.path == b.path && a.text == b.text,
        (Subject::Secret(a), Subject::Secret(b)) => a.rule == b.rule && a.path == b.path,
        _ => false,
    }
}

fn texts(scan: &Scan) -> Vec<String> {
    let mut texts: Vec<String> = scan.coverage.reasons.clone();
    texts.extend(scan.coverage.gaps.iter().map(findings_model::Gap::label));
    for observation in &scan.observations {
        texts.push(observation.description.replace('\n', " "));
        texts.extend(observation.reference_url.iter().map(ToString::to_string));
        texts.extend(observation.subject.path().map(str::to_owned));
        texts.extend(observation.subject.advisory_ids().map(ToString::to_string));
    }
    texts
}

fn judge_case(case: &Case, scans: &[Scan], before: &[Scan]) -> Vec<String> {
    let mut wrong = Vec::new();
    let scan = &scans[0];
    let coverage = &scan.coverage;
    let outcome = match coverage.state {
        CoverageState::Failed | CoverageState::Missing => "error",
        CoverageState::Partial | CoverageState::Filtered => "partial",
        CoverageState::Complete if coverage.blank => "incomplete",
        CoverageState::Complete => "ingest",
    };
    let mut accepted = case.outcome.clone();
    if accepted.contains("incomplete") {
        accepted.extend(["error".to_owned(), "partial".to_owned()]);
    }
    if accepted.contains("ingest") && accepted.contains("error") {
        accepted.insert("partial".to_owned());
    }
    if !accepted.contains(outcome) {
        wrong.push(format!("outcome {outcome}, accepted {accepted:?}"));
    }
    let reasons = coverage.reasons.join(" ");
    if outcome == "error"
        && !case.reason.is_empty()
        && !case.reason.iter().any(|word| reasons.to_lowercase().contains(&word.to_lowercase()))
    {
        wrong.push(format!("the reason {reasons:?} has none of {:?}", case.reason));
    }
    let found = &scan.observations;
    if outcome == "ingest"
        && case.findings_in_file.as_u64().is_some_and(|n| n != found.len() as u64 && case.distinct != Some(found.len()))
    {
        wrong.push(format!("{} findings, expected {}", found.len(), case.findings_in_file));
    }
    let old: Vec<&Observation> = before.iter().flat_map(|s| &s.observations).collect();
    let new = found.iter().filter(|o| !old.iter().any(|known| same(o, known))).count();
    if new > case.new_allowed {
        wrong.push(format!("{new} new, allowed {}", case.new_allowed));
    }
    for known in old {
        if !coverage.blank && coverage.covers(&known.subject) && !found.iter().any(|o| same(o, known)) {
            wrong.push(format!("{:?} would count as resolved", known.subject));
        }
    }
    let whole = format!("{scans:?}");
    wrong.extend(
        case.output_must_not_contain
            .iter()
            .filter(|s| s.len() > 1 && whole.contains(s.as_str()))
            .map(|s| format!("holds {s:?}")),
    );
    for shown in scans.iter().flat_map(texts).filter(|t| t.chars().any(text::is_unsafe_to_show)) {
        wrong.push(format!("{shown:?} has characters that must not be shown"));
    }
    wrong
}

#[test]
fn hostile_reports_do_no_harm() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("hostile");
    let now = "2026-01-12T03:00:00Z";
    let rows: Vec<_> = load::<Hostile>(&folder.join("expected.json"))
        .cases
        .iter()
        .map(|case| {
            let before = scan(&folder.join("baseline").join(&case.file), None, now).unwrap();
            assert_eq!(before[0].coverage.state, CoverageState::Complete, "baseline {}", case.file);
            let scans = if case.make.is_some() {
                let own = PackageName::parse("sample-package").unwrap();
                let source = Source {
                    file: &case.file,
                    declared: None,
                    own_project: Some(&own),
                    key: None,
                    now: now.parse().unwrap(),
                };
                Ok(vec![unreadable(&source, "it is a directory, not a file")])
            } else {
                scan(&folder.join("cases").join(&case.name).join(&case.file), None, now)
            };
            let wrong = match scans {
                Ok(scans) => judge_case(case, &scans, &before),
                Err(panicked) => vec![panicked],
            };
            (case.name.clone(), wrong)
        })
        .collect();
    table("hostile", &rows);
}

#[derive(Deserialize)]
struct Timeline {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    date: String,
    incomplete: Vec<Incomplete>,
    reports: Vec<String>,
}

#[derive(Deserialize)]
struct Incomplete {
    scanner: String,
    scope: serde_json::Value,
}

#[test]
fn weekly_scans_tell_what_they_covered() {
    let Some(corpus) = corpus() else { return };
    let mut rows = Vec::new();
    for entry in fs::read_dir(corpus.join("timelines")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("expected.json").exists() {
            continue;
        }
        for step in load::<Timeline>(&folder.join("expected.json")).steps {
            for report in &step.reports {
                let name = format!("{} {} {report}", folder.file_name().unwrap().to_str().unwrap(), step.date);
                let scans = scan(
                    &folder.join("scans").join(&step.date).join(report),
                    None,
                    &format!("{}T04:00:00Z", step.date),
                );
                let wrong = match scans {
                    Ok(scans) => judge_week(&step, &scans[0]),
                    Err(panicked) => vec![panicked],
                };
                rows.push((name, wrong));
            }
        }
    }
    table("timelines", &rows);
}

fn judge_week(step: &Step, scan: &Scan) -> Vec<String> {
    let wanted = step.incomplete.iter().find(|i| i.scanner == scan.scanner.as_str());
    let expected = match wanted {
        Some(i) if i.scope == "all" => CoverageState::Failed,
        Some(_) => CoverageState::Partial,
        None => CoverageState::Complete,
    };
    let mut wrong = Vec::new();
    if scan.coverage.state != expected {
        wrong.push(format!("{:?}, expected {expected:?}: {:?}", scan.coverage.state, scan.coverage.reasons));
    }
    let codes = scan.observations.iter().filter_map(|o| match &o.subject {
        Subject::Code(spot) => Some(spot),
        _ => None,
    });
    wrong.extend(
        codes
            .filter(|spot| spot.text.is_none())
            .map(|spot| format!("{} {}:{:?} has no text", spot.rule, spot.path, spot.line)),
    );
    if scan.observations.iter().any(|o| o.subject.kind() == FindingKind::Secret && o.rating.severity != Severity::High)
    {
        wrong.push("a secret is not high".to_owned());
    }
    wrong
}
