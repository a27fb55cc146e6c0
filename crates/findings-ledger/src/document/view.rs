//! The ledger in the words of the document. Every text from outside passes through [`md`], which escapes it for Markdown.

use findings_model::{
    AdvisoryId, CoverageState, Finding, ScanSummary, ScannerState, Scope, Severity, SeveritySource, Status, Subject,
    date_text,
    text::{self, markdown_inline as md},
};
use serde::Serialize;
use time::Date;

use super::{DocumentInput, plan_of::plans_of};
use crate::{Plan, PlanProblem, PlanStatus, events::exception_words};

/// The longest description that is shown, in characters.
const DESCRIPTION: usize = 600;
/// The most names of packages or files that one table cell lists.
const LISTED: usize = 10;
/// The most findings that stand in the document with everything about them, the worst first, and the most excepted ones. GitHub
/// shows no Markdown file of more than half a megabyte, and nobody reads one.
const SHOWN: usize = 500;
/// The most plans that cannot be read that are told one by one.
const PROBLEMS: usize = 50;

#[derive(Serialize)]
pub(super) struct View {
    project: String,
    updated: String,
    total: usize,
    days_since_scan: String,
    overdue: String,
    incomplete: bool,
    caveat: &'static str,
    breakdown: Vec<Row>,
    groups: Vec<Group>,
    excepted: Vec<Excepted>,
    excepted_count: usize,
    more_excepted: String,
    scans: Vec<ScanRow>,
    plans: PlanSummary,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    severity: &'static str,
    count: usize,
    days: u32,
}

#[derive(Serialize)]
struct Group {
    title: &'static str,
    count: usize,
    findings: Vec<Entry>,
    /// How many more there are, in words; empty where all are shown.
    more: String,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    label: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Excepted {
    id: String,
    text: String,
}

#[derive(Serialize)]
struct ScanRow {
    scanner: String,
    file: String,
    coverage: &'static str,
    last_complete: String,
    why: String,
}

#[derive(Serialize)]
struct PlanSummary {
    total: usize,
    by_status: Vec<StatusRow>,
    overdue: usize,
}

#[derive(Serialize)]
struct StatusRow {
    status: &'static str,
    count: usize,
}

impl View {
    pub(super) fn new(input: &DocumentInput<'_>) -> Self {
        let ledger = input.ledger;
        let today = input.now.date();
        let mut order = Severity::ALL;
        order.sort_by_key(|s| s.list_order());
        // The ledger is gone through once: of a large one every look is a look into memory.
        let mut by_severity: Vec<(Severity, Vec<&Finding>)> = order.into_iter().map(|s| (s, Vec::new())).collect();
        let (mut cleared, mut overdue): (Vec<&Finding>, usize) = (Vec::new(), 0);
        for finding in &ledger.findings {
            if finding.is_open() {
                overdue += usize::from(input.sla.due_of(finding) < today);
                let of_severity = |(severity, _): &&mut (Severity, _)| *severity == finding.rating.severity;
                if let Some((_, list)) = by_severity.iter_mut().find(of_severity) {
                    list.push(finding);
                }
            } else if matches!(finding.status, Status::Excepted { .. }) {
                cleared.push(finding);
            }
        }
        let total: usize = by_severity.iter().map(|(_, list)| list.len()).sum();
        let worst = by_severity.iter().flat_map(|(_, list)| list).take(SHOWN);
        let shown: Vec<&Finding> = worst.chain(cleared.iter().take(SHOWN)).copied().collect();
        let plans = plans_of(input.plans, &ledger.findings, &shown);
        let mut room = SHOWN;
        let groups = by_severity
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(severity, list)| {
                let (shown, left_out) = list.split_at(list.len().min(room));
                room -= shown.len();
                Group {
                    title: title(*severity),
                    count: list.len(),
                    findings: shown
                        .iter()
                        .map(|f| entry(f, plans.get(&f.finding_id).map(AsRef::as_ref), input))
                        .collect(),
                    more: more(left_out, input),
                }
            })
            .collect();
        let incomplete =
            ledger.scanners.values().any(|s| s.newest.iter().any(|n| n.coverage != CoverageState::Complete));
        let never_scanned = ledger.scanners.values().all(|s| s.last_usable.is_none());
        Self {
            project: md(ledger.project.as_str()),
            updated: input.now.to_string(),
            total,
            days_since_scan: days_since_scan(ledger.scanners.values(), today),
            overdue: format!("{overdue} of {total}"),
            incomplete,
            caveat: match (never_scanned, incomplete) {
                (true, _) => ", because no scan could be used yet",
                (false, true) => " by the scans that could be used",
                (false, false) => "",
            },
            breakdown: by_severity
                .iter()
                .map(|(severity, list)| Row {
                    severity: severity.as_str(),
                    count: list.len(),
                    days: input.sla.days(*severity),
                })
                .collect(),
            groups,
            excepted: cleared
                .iter()
                .take(SHOWN)
                .filter_map(|f| excepted(f, plans.get(&f.finding_id).map(AsRef::as_ref)))
                .collect(),
            excepted_count: cleared.len(),
            more_excepted: match cleared.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!("And {more} more: findings.json has them all."),
            },
            scans: ledger.scanners.values().flat_map(|s| s.newest.iter().map(|scan| scan_row(scan, s))).collect(),
            plans: plan_summary(input, today),
            problems: problems(input.plans.problems()),
        }
    }
}

fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
        Severity::Unknown => "Unknown severity",
    }
}

/// What is left out, in numbers; empty where it is nothing.
fn more(left_out: &[&Finding], input: &DocumentInput<'_>) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let today = input.now.date();
    let overdue = left_out.iter().filter(|f| input.sla.due_of(f) < today).count();
    let unverified = left_out.iter().filter(|f| f.status != Status::Open).count();
    let word = if left_out.len() == 1 { "finding" } else { "findings" };
    format!(
        "And {} more {word} of this severity ({overdue} overdue, {unverified} not verified): findings.json has them all.",
        left_out.len()
    )
}

fn problems(problems: &[PlanProblem]) -> Vec<String> {
    let mut told: Vec<String> = problems.iter().take(PROBLEMS).map(|p| md(&p.to_string())).collect();
    if problems.len() > PROBLEMS {
        told.push(format!("and {} more", problems.len() - PROBLEMS));
    }
    told
}

fn entry(finding: &Finding, plan: Option<&Plan>, input: &DocumentInput<'_>) -> Entry {
    let today = input.now.date();
    let mut lines = Vec::new();
    let mut say = |label: &'static str, text: String| {
        if !text.is_empty() {
            lines.push(Line { label, text });
        }
    };
    match &finding.subject {
        Subject::Vulnerability(v) => {
            let version = v.version.as_deref().map(|v| format!(" {}", md(v))).unwrap_or_default();
            let scope = match finding.scope {
                Scope::Runtime => " (runtime)",
                Scope::Development => " (development)",
                Scope::Unknown => "",
            };
            say("Package", format!("{}{version}{scope}", md(&v.package.to_string())));
            let others: Vec<String> = v
                .all_ids()
                .into_iter()
                .map(AdvisoryId::as_str)
                .filter(|id| *id != finding.finding_id.as_str())
                .map(md)
                .collect();
            say("Also known as", others.join(", "));
        }
        Subject::Code(_) | Subject::Secret(_) => {
            let line = finding.subject.line().map(|l| format!(", line {l}")).unwrap_or_default();
            say("Location", format!("{}{line}", md(finding.subject.path().unwrap_or_default())));
            let rule = match &finding.subject {
                Subject::Code(c) => c.rule.as_str(),
                Subject::Secret(s) => s.rule.as_str(),
                Subject::Vulnerability(_) => "",
            };
            say("Rule", md(rule));
        }
    }
    let scanners: Vec<String> =
        finding.scanners.iter().filter(|(_, a)| a.ended.is_none()).map(|(name, _)| md(name.as_str())).collect();
    say("Source", if scanners.is_empty() { md(finding.source_scanner.as_str()) } else { scanners.join(", ") });
    say("Discovered", format!("{} ({} active)", date_text(finding.discovered), days(finding.age_days(today))));
    if let Status::Unverified { since } = &finding.status {
        say("Not verified", format!("last reported on {}; no scan since could confirm or end it", date_text(*since)));
    }
    say("Severity", severity(finding));
    say("Exploited", exploited(finding));
    say("Likely to be exploited", likelihood(finding));
    let due = input.sla.due_of(finding);
    let late = (today - due).whole_days();
    let overdue = if late > 0 { format!(" (**overdue** by {})", days(late)) } else { String::new() };
    say("Due", format!("{}{overdue}", date_text(due)));
    // Shortened before it is escaped: a cut must not go through an entity.
    say("Description", md(&text::shorten(&text::one_line(&finding.description), DESCRIPTION)));
    if let Some(plan) = plan {
        say("Impact", md(&plan.business_impact));
    }
    if let Some(url) = finding.reference_url.as_deref().filter(|url| text::is_linkable(url)) {
        say("Reference", format!("<{url}>"));
    }
    if finding.subject.package().is_some() {
        let fix =
            finding.fix_version.as_deref().map_or_else(|| "No".to_owned(), |version| format!("Yes ({})", md(version)));
        say("Fix available", fix);
    }
    match plan {
        Some(plan) => {
            let ended = plan
                .exception_ended(today)
                .map(|day| format!(" (ended on {}, the finding counts again)", date_text(day)));
            let ended = ended.unwrap_or_default();
            say("Remediation", format!("{}{ended}: {}", status_title(plan.status), md(&plan.planned_action)));
            if let Some(target) = plan.target_date {
                let passed = if plan.is_overdue(today) { " (**passed**)" } else { "" };
                say("Planned fix date", format!("{}{passed}", date_text(target)));
            }
            say("Assigned to", md(&plan.assigned_to));
            if plan.workaround.trim() != crate::plans::default::WORKAROUND {
                say("Workaround", md(&plan.workaround));
            }
        }
        None => say("Remediation", "No plan".to_owned()),
    }
    Entry { id: md(finding.finding_id.as_str()), lines }
}

fn days(n: i64) -> String {
    if n == 1 { "1 day".to_owned() } else { format!("{n} days") }
}

fn severity(finding: &Finding) -> String {
    let rating = &finding.rating;
    let score = rating.score.map(|s| format!(", CVSS {s}")).unwrap_or_default();
    let source = match rating.source {
        SeveritySource::Override => "set by a person",
        SeveritySource::Policy => "by policy",
        SeveritySource::AdvisoryVector => "from the advisory's vector",
        SeveritySource::AdvisoryWord => "from the advisory",
        SeveritySource::Scanner => "from the scanner",
        SeveritySource::Unknown => "nobody said",
    };
    let day = finding.rated_on.map(|day| format!(", {}", date_text(day))).unwrap_or_default();
    format!("{}{score} ({source}{day})", rating.severity)
}

fn exploited(finding: &Finding) -> String {
    let Some(kev) = &finding.exploitation.kev else { return String::new() };
    let due = kev.due_date.map(|day| format!(", due {}", date_text(day))).unwrap_or_default();
    let ransomware = if kev.known_ransomware { "; used by ransomware" } else { "" };
    format!("known to be exploited (KEV, since {}{due}){ransomware}", date_text(kev.date_added))
}

fn likelihood(finding: &Finding) -> String {
    let Some(epss) = &finding.exploitation.epss else { return String::new() };
    format!("{} within 30 days (EPSS of {}, percentile {})", epss.score, date_text(epss.date), epss.percentile)
}

fn excepted(finding: &Finding, plan: Option<&Plan>) -> Option<Excepted> {
    let Status::Excepted { by } = &finding.status else { return None };
    let (word, until) = exception_words(by);
    let place = match &finding.subject {
        Subject::Vulnerability(v) => v.package.to_string(),
        Subject::Code(_) | Subject::Secret(_) => finding.subject.path().unwrap_or_default().to_owned(),
    };
    let until = until.map(|day| format!(" until {}", date_text(day))).unwrap_or_default();
    let plan = plan.filter(|p| p.status.as_str() == word);
    let owner = plan.and_then(|p| p.owner.as_deref()).map(|o| format!(", {}", md(o))).unwrap_or_default();
    let reason = plan.and_then(|p| p.reason.as_deref()).map(|r| format!(". {}", md(r))).unwrap_or_default();
    let lacks = plan.map(Plan::exception_lacks).filter(|lacks| !lacks.is_empty());
    let lacks = lacks.map(|lacks| format!(" (**{}**)", lacks.join(", "))).unwrap_or_default();
    let word = word.replace('_', " ");
    let said = format!(" in {} ({}): {word}{until}{owner}{lacks}{reason}", md(&place), finding.rating.severity);
    Some(Excepted { id: md(finding.finding_id.as_str()), text: said })
}

fn scan_row(scan: &ScanSummary, state: &ScannerState) -> ScanRow {
    let mut why: Vec<String> = scan.reasons.iter().map(|r| md(r)).collect();
    if !scan.not_covered.is_empty() {
        let more = scan.not_covered.len().saturating_sub(LISTED);
        let mut names: Vec<String> = scan.not_covered.iter().take(LISTED).map(|n| md(n)).collect();
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        why.push(format!("not looked at: {}", names.join(", ")));
    }
    if state.retired {
        why.push("no longer used".to_owned());
    }
    ScanRow {
        scanner: md(scan.scanner.as_str()),
        file: if scan.file.is_empty() { "none".to_owned() } else { md(&scan.file) },
        coverage: scan.coverage.as_str(),
        last_complete: state.last_complete.map_or_else(|| "never".to_owned(), |at| date_text(at.date())),
        why: why.join("; "),
    }
}

fn days_since_scan<'a>(scanners: impl Iterator<Item = &'a ScannerState>, today: Date) -> String {
    match scanners.filter_map(|s| s.last_usable).max() {
        Some(last) => (today - last.date()).whole_days().max(0).to_string(),
        None => "never scanned".to_owned(),
    }
}

fn plan_summary(input: &DocumentInput<'_>, today: Date) -> PlanSummary {
    let plans: Vec<&Plan> = input.plans.all().iter().filter(|p| !p.archived).collect();
    let untouched = input.plans.untouched().len();
    let (ended, running): (Vec<&Plan>, Vec<&Plan>) = plans.iter().partition(|p| p.exception_ended(today).is_some());
    let by_status = PlanStatus::ALL
        .into_iter()
        .map(|status| StatusRow {
            status: status_title(status),
            count: running.iter().filter(|p| p.status == status).count()
                + if status == PlanStatus::New { untouched } else { 0 },
        })
        .chain([StatusRow { status: "Exception ended", count: ended.len() }])
        .filter(|row| row.count > 0)
        .collect();
    PlanSummary {
        total: plans.len() + untouched,
        by_status,
        overdue: plans.iter().filter(|p| p.is_overdue(today)).count(),
    }
}

fn status_title(status: PlanStatus) -> &'static str {
    match status {
        PlanStatus::New => "New",
        PlanStatus::InProgress => "In progress",
        PlanStatus::AwaitingUpstream => "Awaiting upstream",
        PlanStatus::Completed => "Completed",
        PlanStatus::Deferred => "Deferred",
        PlanStatus::AcceptedRisk => "Accepted risk",
        PlanStatus::FalsePositive => "False positive",
        PlanStatus::NotAffected => "Not affected",
    }
}
