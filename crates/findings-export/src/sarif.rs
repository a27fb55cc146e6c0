//! SARIF 2.1.0, made for GitHub code scanning: one run per scanner that saw a finding first, worst findings first where a limit
//! cuts.
//!
//! Every run has the same driver and its own category (`automationDetails.id`), so that one scanner's run never closes
//! another's alerts. A rule is an advisory's finding or a scanner's rule; GitHub reads `security-severity` from the rule, which is
//! why every flaw of a dependency is a rule of its own, under the id that never changes.

mod rules;
mod size;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{ExceptedBy, Finding, FindingId, ScannerName, Severity, Status, Subject, date_text};

use crate::{BaselineState, ExportInput, Exported, LeftOut, LeftOutReason, StatusWord, limits, words};
use rules::Rules;
use wire::{
    ArtifactLocation, AutomationDetails, Driver, Invocation, Location, Log, LogicalLocation, Message, Notification,
    PhysicalLocation, Region, ResultOut, ResultProperties, Run, Suppression, Tool,
};

pub(crate) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What a vulnerability's line is called in a message, at most so many characters of it.
const MESSAGE: usize = 300;

/// One scanner's part of the document, before it is written.
struct Part<'a> {
    scanner: &'a ScannerName,
    /// The worst first.
    findings: Vec<&'a Finding>,
    gaps: Vec<String>,
    /// Results that were left out of this run.
    cut: usize,
}

pub(crate) fn write(input: &ExportInput<'_>) -> Exported {
    let mut parts = parts(input);
    let mut left_out: BTreeMap<LeftOutReason, usize> = BTreeMap::new();
    let mut gaps: Vec<String> = parts.iter().flat_map(|part| part.gaps.clone()).collect();
    let mut notes = Vec::new();
    if parts.len() > limits::RUNS {
        // Those with the worst findings stay, whatever their names.
        parts.sort_by_key(|part| (part.findings.first().map_or(u8::MAX, |f| order(f).0), part.scanner));
        for gone in parts.drain(limits::RUNS..) {
            *left_out.entry(LeftOutReason::Runs).or_default() += gone.findings.len();
            notes.push(format!(
                "{} findings of {} are not in this file: it has as many runs as an upload may have",
                gone.findings.len(),
                gone.scanner
            ));
        }
        parts.sort_by_key(|part| part.scanner);
    }
    for part in &mut parts {
        // Every result may bring a rule of its own, and there may be as many rules as results.
        let cut = part.findings.len().saturating_sub(limits::RESULTS.min(limits::RULES));
        if cut > 0 {
            *left_out.entry(LeftOutReason::Results).or_default() += cut;
            part.findings.truncate(part.findings.len() - cut);
            part.cut = cut;
        }
    }
    if parts.is_empty() {
        gaps.push("no scanner has reported yet: nothing is known".to_owned());
    }
    let bytes = loop {
        let bytes = words::json(&log(input, &parts, &notes));
        let Some(share) = size::share_that_fits(&bytes) else { break bytes };
        let mut cut = 0;
        for part in &mut parts {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share between 0 and 1 of at most 25,000"
            )]
            let kept = (part.findings.len() as f64 * share) as usize;
            cut += part.findings.len() - kept;
            part.cut += part.findings.len() - kept;
            part.findings.truncate(kept);
        }
        if cut == 0 {
            break bytes;
        }
        *left_out.entry(LeftOutReason::Size).or_default() += cut;
    };
    Exported {
        document: Some(bytes),
        written: parts.iter().map(|part| part.findings.len()).sum(),
        left_out: left_out.into_iter().map(|(reason, count)| LeftOut { count, reason }).collect(),
        gaps,
    }
}

/// Where a finding stands in a list that is cut at its end: what is there before what is resolved, the worst first.
fn order(finding: &Finding) -> (u8, &FindingId) {
    let behind = if matches!(finding.status, Status::Resolved { .. }) { 10 } else { 0 };
    (behind + finding.rating.severity.list_order(), &finding.finding_id)
}

fn parts<'a>(input: &ExportInput<'a>) -> Vec<Part<'a>> {
    let mut by_scanner: BTreeMap<&ScannerName, Vec<&Finding>> = BTreeMap::new();
    for scanner in input.scanners.keys() {
        by_scanner.entry(scanner).or_default();
    }
    for finding in input.selected() {
        // Against a baseline, a result is one of four things; what the baseline already knew as resolved is none of them.
        let is_resolved = matches!(finding.status, Status::Resolved { .. });
        let is_absent = |states: &BTreeMap<FindingId, BaselineState>| {
            states.get(&finding.finding_id) == Some(&BaselineState::Absent)
        };
        if is_resolved && !input.baseline.is_some_and(is_absent) {
            continue;
        }
        by_scanner.entry(&finding.source_scanner).or_default().push(finding);
    }
    by_scanner
        .into_iter()
        .map(|(scanner, mut findings)| {
            findings.sort_by(|a, b| order(a).cmp(&order(b)));
            let gaps = match input.scanners.get(scanner) {
                Some(state) => words::gaps(scanner, state),
                None => vec![words::line(&format!("{scanner}: nothing is known of its newest scan"), 300)],
            };
            Part { scanner, findings, gaps, cut: 0 }
        })
        .collect()
}

fn log<'a>(input: &ExportInput<'a>, parts: &[Part<'a>], notes: &[String]) -> Log<'a> {
    let mut runs: Vec<Run<'a>> = Vec::with_capacity(parts.len().max(1));
    let mut categories = BTreeSet::new();
    for part in parts {
        let is_first = runs.is_empty();
        runs.push(run(input, part, if is_first { notes } else { &[] }, &mut categories));
    }
    if runs.is_empty() {
        // GitHub takes no file without a run; and a run that did not take place is none that found nothing.
        runs.push(Run {
            tool: tool(input, Vec::new()),
            automation_details: AutomationDetails { id: "relwarden/".to_owned() },
            original_uri_base_ids: wire::base_ids(),
            invocations: [Invocation {
                execution_successful: false,
                tool_execution_notifications: vec![Notification::error(
                    "no scanner has reported yet: nothing is known",
                )],
            }],
            results: Vec::new(),
        });
    }
    Log { schema: SCHEMA, version: "2.1.0", runs }
}

fn tool<'a>(input: &ExportInput<'a>, rules: Vec<wire::Rule<'a>>) -> Tool<'a> {
    Tool { driver: Driver { name: "Relwarden", version: input.tool_version, rules } }
}

fn run<'a>(input: &ExportInput<'a>, part: &Part<'a>, notes: &[String], categories: &mut BTreeSet<String>) -> Run<'a> {
    let rules = Rules::of(&part.findings);
    let results = part.findings.iter().map(|finding| result(input, finding, &rules)).collect();
    let state = input.scanners.get(part.scanner);
    // A scan that looked at something ran, even where it left something out.
    let ran = state
        .is_some_and(|s| !s.retired && !s.newest.is_empty() && s.newest.iter().all(|scan| scan.coverage.is_usable()));
    let mut notifications: Vec<Notification> = part.gaps.iter().map(|gap| Notification::error(gap)).collect();
    if part.cut > 0 {
        let text = format!(
            "{} findings of {} are not in this run: it has as many results as an upload may have; the most severe were kept",
            part.cut, part.scanner
        );
        notifications.push(Notification::warning(&words::line(&text, 500)));
    }
    notifications.extend(notes.iter().map(|note| Notification::warning(&words::line(note, 500))));
    Run {
        tool: tool(input, rules.into_wire()),
        automation_details: AutomationDetails { id: category(part.scanner, categories) },
        original_uri_base_ids: wire::base_ids(),
        invocations: [Invocation { execution_successful: ran, tool_execution_notifications: notifications }],
        results,
    }
}

/// `relwarden/bandit/`: what GitHub tells the runs of one tool apart by. Two scanners never share one.
fn category(scanner: &ScannerName, taken: &mut BTreeSet<String>) -> String {
    let name = scanner.as_str();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '-' }).collect();
    let mut id = format!("relwarden/{plain}/");
    if plain != name || !taken.insert(id.clone()) {
        id = format!("relwarden/{plain}-{}/", &words::digest(&[name])[..8]);
        taken.insert(id.clone());
    }
    id
}

fn result<'a>(input: &ExportInput<'a>, finding: &'a Finding, rules: &Rules<'a>) -> ResultOut<'a> {
    let (rule_id, rule_index) = rules.of_finding(finding);
    let path = finding.subject.path().map(words::uri_path).filter(|uri| !uri.is_empty());
    let path = path.unwrap_or_else(|| words::uri_path(input.manifest));
    // GitHub takes paths from the top of the repository, whatever base they name.
    let folder = words::uri_path(input.folder);
    let uri = if folder.is_empty() { path } else { format!("{folder}/{path}") };
    let line = finding.subject.line().unwrap_or(1).max(1);
    let (version, logical) = match &finding.subject {
        Subject::Vulnerability(v) => {
            let purl = words::purl(&v.package, v.version.as_deref());
            let logical = LogicalLocation { name: v.package.name(), fully_qualified_name: purl, kind: "package" };
            (v.version.as_deref().map(|v| words::line(v, 100)), vec![logical])
        }
        Subject::Code(_) | Subject::Secret(_) => (None, Vec::new()),
    };
    let mark = words::digest(&["relwardenFindingId/v1", input.lineage, finding.finding_id.as_str()]);
    ResultOut {
        rule_id,
        rule_index,
        level: level(finding.rating.severity),
        message: Message { text: message(finding) },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri, uri_base_id: "%SRCROOT%" },
                region: Region { start_line: line },
            },
            logical_locations: logical,
        }],
        partial_fingerprints: BTreeMap::from([("relwardenFindingId/v1", mark[..32].to_owned())]),
        baseline_state: input
            .baseline
            .map(|states| states.get(&finding.finding_id).copied().unwrap_or(BaselineState::Unchanged)),
        suppressions: suppressions(input, finding),
        properties: ResultProperties {
            finding_id: finding.finding_id.as_str(),
            status: StatusWord::of(finding).as_str(),
            severity: finding.rating.severity,
            severity_source: finding.rating.source,
            version,
            fix_version: finding.fix_version.as_deref().map(|v| words::line(v, 100)),
            discovered_date: date_text(finding.discovered),
            last_seen: date_text(finding.last_seen),
        },
    }
}

/// What a person reads of a finding: what, where, how it stands, what helps.
fn message(finding: &Finding) -> String {
    let what = match &finding.subject {
        Subject::Vulnerability(v) => format!("{} in {}", v.id, words::place(finding)),
        Subject::Code(spot) => spot.rule.clone(),
        Subject::Secret(spot) => format!("Possible secret ({})", spot.rule),
    };
    let mut said = vec![words::line(&what, 200)];
    let is_secret = matches!(finding.subject, Subject::Secret(_));
    let description = words::line(&finding.description, MESSAGE);
    if !is_secret && !description.is_empty() {
        said.push(format!(": {description}"));
    }
    if let Some(fix) = &finding.fix_version {
        said.push(format!(" (fixed in {})", words::line(fix, 100)));
    }
    if let Some(kev) = finding.exploitation.kev {
        said.push(format!(" (known to be exploited, KEV, since {})", date_text(kev.date_added)));
    }
    match &finding.status {
        Status::Unverified { since } => {
            said.push(format!(" (not verified since {}: no scan could confirm or end it)", date_text(*since)));
        }
        Status::Resolved { on, reason } => {
            said.push(format!(" (resolved on {}: {})", date_text(*on), reason.as_str().replace('_', " ")));
        }
        Status::Open | Status::Excepted { .. } => {}
    }
    words::message(&said.concat())
}

fn suppressions(input: &ExportInput<'_>, finding: &Finding) -> Option<[Suppression; 1]> {
    let Status::Excepted { by } = &finding.status else { return None };
    let (words, until) = match by {
        ExceptedBy::AcceptedRisk { until } => ("risk accepted", *until),
        ExceptedBy::FalsePositive { until } => ("false positive", *until),
        ExceptedBy::NotAffected { until } => ("not affected", *until),
        ExceptedBy::Report(_) => ("cleared by the scanner's report", None),
    };
    let reason = words::some_line(input.plan(finding).and_then(|p| p.reason.as_deref()), 500);
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let until = until.map(|day| format!(" (until {})", date_text(day))).unwrap_or_default();
    let justification = format!("{words}{reason}{until}");
    Some([Suppression { kind: "external", status: "accepted", justification }])
}

/// SARIF's level of a severity; unknown is a warning, never a note.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low | Severity::Info => "note",
    }
}
