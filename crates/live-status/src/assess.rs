//! Findings, limits and a moment to the status document.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    Extra, Finding, FindingSet, PackageName, Severity, SeverityCounts, SlaDays, Status, Timestamp, text,
};
use time::Date;

use crate::{
    EntryStatus, Grade, Limits, RemediationStatus, State, StatusDocument,
    entry::{self, Entries},
    freshness::{Freshness, freshness},
    phrase,
};

/// What a status is computed from.
#[derive(Clone, Copy, Debug)]
pub struct StatusInput<'a> {
    /// The project.
    pub project: &'a PackageName,
    /// Its version, where one is known.
    pub version: Option<&'a str>,
    /// Its public address, where one is known.
    pub repository_url: Option<&'a str>,
    /// What the ledger says.
    pub known: Known<'a>,
    /// The published document, which is kept as the last known answer when the ledger is gone; one of another project is not looked at.
    pub previous: Option<&'a StatusDocument>,
    /// Packages and files that a scanner may leave out without a mark on the grade.
    pub accepted_gaps: &'a BTreeSet<String>,
    /// How long scans count.
    pub limits: Limits,
    /// How long findings may stay.
    pub sla: SlaDays,
    /// The moment of the answer.
    pub now: Timestamp,
}

/// What there is to tell of the project.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// Its findings.
    Findings(&'a FindingSet),
    /// There is no ledger: none yet, or none any more.
    Nothing,
    /// The ledger in its place is that of another project, and tells nothing of this one.
    OtherProject(&'a PackageName),
}

/// Computes the status.
pub fn assess(input: &StatusInput<'_>) -> StatusDocument {
    if let Known::Findings(set) = input.known {
        return of_ledger(input, set);
    }
    let previous = input.previous.filter(|previous| previous.project == *input.project);
    if let Some(previous) = previous.filter(|previous| previous.scan_date.is_some()) {
        return carried_over(input, previous);
    }
    let nothing = FindingSet { lineage: None, scanners: BTreeMap::new(), findings: Vec::new() };
    let document = of_ledger(input, &nothing);
    match input.known {
        Known::OtherProject(other) => {
            let reason = of_another(other);
            let verdict = verdict(State::Unknown, false, &document.vulnerability_summary);
            StatusDocument { verdict, reasons: vec![reason.clone()], grade_reason: reason, ..document }
        }
        Known::Findings(_) | Known::Nothing => document,
    }
}

fn of_another(project: &PackageName) -> String {
    format!("the findings ledger is that of another project, {project}")
}

fn of_ledger(input: &StatusInput<'_>, set: &FindingSet) -> StatusDocument {
    let now = input.now;
    let fresh = freshness(set, input.accepted_gaps, input.limits, now);
    let entries = entry::entries(&set.findings, input.project, input.sla, now.date());
    let judgement = judge(&fresh, &entries, input);
    let state = judgement.state;
    let Freshness { scanners, scan_date, data_as_of, .. } = fresh;
    let summary = SeverityCounts::count(entries.open.iter().map(|e| e.severity));
    StatusDocument {
        schema_version: StatusDocument::SCHEMA_VERSION,
        generator: StatusDocument::generator(),
        project: input.project.clone(),
        version: input.version.map(text::one_line),
        repository_url: repository_url(input),
        last_updated: now,
        scan_date,
        data_as_of,
        next_expected_at: data_as_of.map(|at| input.limits.next_expected_at(at)),
        stale_after: data_as_of.map(|at| input.limits.stale_after(at)),
        valid_until: data_as_of.map(|at| input.limits.valid_until(at)),
        stale: judgement.stale,
        state,
        verdict: judgement.verdict,
        reasons: judgement.reasons,
        security_grade: judgement.grade,
        grade_reason: judgement.grade_reason,
        grade_rules: Grade::rules(),
        remediation_status: remediation(state, &summary),
        vulnerability_summary: summary,
        unverified_findings: count(&entries, |e| e.unverified_since.is_some()),
        overdue_findings: count(&entries, |e| e.overdue),
        oldest_open_days: entries.open.iter().map(|e| e.days_since_discovery).max(),
        days_since_last_vulnerability: set
            .findings
            .iter()
            .filter(|f| entry::was_real(f, now.date()))
            .map(|f| f.age_days(now.date()))
            .min(),
        days_without_open_findings: days_without(set, &entries, state, now.date()),
        scanners,
        findings: entries.open,
        excepted_findings: entries.excepted,
        extra: Extra::new(),
    }
}

/// There is no ledger of the project: the last published answer, re-dated, as what was known and is no longer vouched for.
fn carried_over(input: &StatusInput<'_>, previous: &StatusDocument) -> StatusDocument {
    let today = input.now.date();
    let why = match input.known {
        Known::OtherProject(other) => of_another(other),
        Known::Findings(_) | Known::Nothing => "the findings ledger is missing".to_owned(),
    };
    let reason = match previous.data_as_of.or(previous.scan_date) {
        Some(at) => format!("{why}; below is what was known on {}", phrase::day(at.date())),
        None => why,
    };
    let all = previous.findings.iter().chain(&previous.excepted_findings).map(|finding| finding.on(today));
    let (excepted_findings, mut findings): (Vec<_>, Vec<_>) = all.partition(|f| f.status == EntryStatus::Excepted);
    entry::sort(&mut findings);
    let summary = SeverityCounts::count(findings.iter().map(|f| f.severity));
    let aged = |days: Option<i64>| {
        let between = (today - previous.last_updated.date()).whole_days();
        days.map(|days| days.saturating_add(between).max(0))
    };
    StatusDocument {
        schema_version: StatusDocument::SCHEMA_VERSION,
        generator: StatusDocument::generator(),
        project: input.project.clone(),
        version: input.version.map(text::one_line),
        repository_url: repository_url(input),
        last_updated: input.now,
        stale: previous.stale_after.is_none_or(|at| input.now > at),
        state: State::Unknown,
        verdict: verdict(State::Unknown, false, &summary),
        reasons: std::iter::once(reason.clone()).chain(last_known(&summary)).collect(),
        security_grade: None,
        grade_reason: reason,
        grade_rules: Grade::rules(),
        remediation_status: RemediationStatus::Unknown,
        vulnerability_summary: summary,
        overdue_findings: findings.iter().filter(|f| f.overdue).count() as u64,
        oldest_open_days: findings.iter().map(|f| f.days_since_discovery).max(),
        days_since_last_vulnerability: aged(previous.days_since_last_vulnerability),
        days_without_open_findings: None,
        scanners: previous.scanners.iter().map(|scanner| scanner.on(input.limits, input.now)).collect(),
        findings,
        excepted_findings,
        ..previous.clone()
    }
}

fn repository_url(input: &StatusInput<'_>) -> Option<String> {
    input.repository_url.filter(|url| text::is_linkable(url)).map(str::to_owned)
}

fn count(entries: &Entries, holds: fn(&crate::StatusFinding) -> bool) -> u64 {
    entries.open.iter().filter(|e| holds(e)).count() as u64
}

/// Grade, state and the words for them.
struct Judgement {
    grade: Option<Grade>,
    grade_reason: String,
    state: State,
    stale: bool,
    verdict: String,
    reasons: Vec<String>,
}

fn judge(fresh: &Freshness, entries: &Entries, input: &StatusInput<'_>) -> Judgement {
    let summary = SeverityCounts::count(entries.open.iter().map(|e| e.severity));
    let stale = fresh.data_as_of.is_some_and(|at| input.now > input.limits.stale_after(at));
    if !fresh.blockers.is_empty() {
        return Judgement {
            grade: None,
            grade_reason: fresh.blockers.join("; "),
            state: State::Unknown,
            stale,
            verdict: if fresh.scanners.iter().all(crate::ScannerStatus::never_scanned) {
                "Never scanned".to_owned()
            } else {
                verdict(State::Unknown, stale, &summary)
            },
            reasons: fresh.blockers.iter().cloned().chain(last_known(&summary)).collect(),
        };
    }
    let (earned, rule) = Grade::of(&summary);
    let mut reasons: Vec<String> = ended_exceptions(input).into_iter().collect();
    let (grade, grade_reason) = if earned == Grade::A && !fresh.caps.is_empty() {
        reasons.extend(fresh.caps.iter().cloned());
        (Grade::B, format!("at most B: {}", fresh.caps.join("; ")))
    } else {
        (earned, grade_reason(earned, rule, &summary))
    };
    if stale {
        reasons.insert(0, "the next scan is overdue".to_owned());
    }
    let overdue = count(entries, |e| e.overdue);
    if overdue > 0 {
        let late = phrase::count(overdue, "finding is", "findings are");
        reasons.push(format!("{late} past the due date"));
    }
    if grade == earned {
        reasons.extend(fresh.caps.iter().cloned());
    }
    reasons.extend(fresh.remarks.iter().cloned());
    let state = match grade {
        Grade::F => State::Critical,
        Grade::A if !stale => State::Ok,
        _ => State::Attention,
    };
    let verdict = match summary.worst() {
        None if !stale && state == State::Ok && fresh.holds_nothing => {
            "No findings, but a report shows no scan".to_owned()
        }
        None if !stale && state == State::Ok && !entries.excepted.is_empty() => {
            format!("No open findings; {} accepted", entries.excepted.len())
        }
        _ => verdict(state, stale, &summary),
    };
    Judgement { grade: Some(grade), grade_reason, state, stale, verdict, reasons }
}

/// That findings count again whose exceptions have ended, though no scan has noted so yet.
fn ended_exceptions(input: &StatusInput<'_>) -> Option<String> {
    let Known::Findings(set) = input.known else { return None };
    let again = set.findings.iter().filter(|f| entry::is_open_again(f, input.now.date())).count() as u64;
    let are = phrase::count(
        again,
        "finding counts again, since its exception",
        "findings count again, since their exceptions",
    );
    (again > 0).then(|| format!("{are} ended"))
}

fn grade_reason(grade: Grade, rule: &str, summary: &SeverityCounts) -> String {
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .filter(|s| summary.of(*s) > 0)
        .map(|s| match s {
            Severity::Unknown => format!("{} of unknown severity", summary.unknown),
            _ => format!("{} {s}", summary.of(s)),
        })
        .collect();
    match grade {
        _ if counts.is_empty() => "nothing is open".to_owned(),
        Grade::A => format!("{} open, too little to lower the grade", counts.join(", ")),
        _ => format!("{rule}: {} open", counts.join(", ")),
    }
}

fn verdict(state: State, stale: bool, summary: &SeverityCounts) -> String {
    match (state, summary.worst()) {
        (State::Unknown, _) => "The state is unknown".to_owned(),
        (_, Some(worst)) if worst.list_order() < Severity::Low.list_order() => worst_open(summary, worst),
        (_, Some(_)) if stale => "Only minor findings when last scanned".to_owned(),
        (_, Some(Severity::Low)) if summary.low > 10 => worst_open(summary, Severity::Low),
        (_, Some(_)) => "Only minor findings open".to_owned(),
        (_, None) if stale => "No findings when last scanned".to_owned(),
        (State::Ok, None) => "No known findings".to_owned(),
        (_, None) => "No known findings, but the scan left gaps".to_owned(),
    }
}

/// `2 high findings open`.
fn worst_open(summary: &SeverityCounts, worst: Severity) -> String {
    let (one, many) = match worst {
        Severity::Unknown => ("finding of unknown severity".to_owned(), "findings of unknown severity".to_owned()),
        other => (format!("{other} finding"), format!("{other} findings")),
    };
    format!("{} open", phrase::count(summary.of(worst), &one, &many))
}

/// What an unknown state leaves to say of the findings.
fn last_known(summary: &SeverityCounts) -> Option<String> {
    summary.worst().map(|worst| format!("last known: {}", worst_open(summary, worst)))
}

fn remediation(state: State, summary: &SeverityCounts) -> RemediationStatus {
    if state == State::Unknown {
        RemediationStatus::Unknown
    } else if summary.critical + summary.high + summary.medium + summary.unknown > 0 {
        RemediationStatus::Pending
    } else {
        RemediationStatus::Current
    }
}

/// Days since the last finding ended, or since the first scan where there never was one. Since when a finding is set aside, the
/// ledger does not tell.
fn days_without(set: &FindingSet, entries: &Entries, state: State, today: Date) -> Option<i64> {
    if state == State::Unknown || !entries.open.is_empty() || !entries.excepted.is_empty() {
        return None;
    }
    let ended = |f: &Finding| match f.status {
        Status::Resolved { on, .. } => Some(on),
        _ => None,
    };
    let first_scan = || set.scanners.values().filter_map(|s| s.first_usable).min();
    let since = set.findings.iter().filter_map(ended).max();
    let since = since.or_else(|| first_scan().map(Timestamp::date))?;
    Some((today - since).whole_days().max(0))
}
