//! The result for people.

use std::fmt::Write as _;

use cli_support::scan_text;
use findings_model::{Finding, Severity, Status, text};
use orchestrate::findings::{FindingsReport, Summary};

/// The most findings that are listed, the worst first: nobody reads more in a log.
const SHOWN: usize = 500;

/// The result as lines of text.
pub(crate) fn of(report: &FindingsReport) -> String {
    let mut out = String::new();
    let _infallible = write_text(&mut out, report);
    out
}

fn write_text(out: &mut String, report: &FindingsReport) -> std::fmt::Result {
    writeln!(out, "Scans")?;
    for scan in &report.scans {
        let count = if scan.findings == 1 { "1 finding".to_owned() } else { format!("{} findings", scan.findings) };
        writeln!(out, "  {:<9} {}, {count}", scan.coverage.as_str(), scan_text::label(scan))?;
        for reason in &scan.reasons {
            writeln!(out, "            {}", text::one_line(reason))?;
        }
    }
    if report.scans.is_empty() {
        writeln!(out, "  none")?;
    }
    writeln!(out, "\n{}", sentence(report))?;
    let worst_first =
        severities().into_iter().flat_map(|s| report.findings.iter().filter(move |f| f.rating.severity == s));
    for finding in worst_first.take(SHOWN) {
        write_line(out, finding)?;
    }
    if let Some(more @ 1..) = report.findings.len().checked_sub(SHOWN) {
        writeln!(out, "  and {more} more: --format json lists every one")?;
    }
    let sync = &report.sync_results;
    writeln!(out, "\nPlans: {} added, {} removed, {} kept", sync.added, sync.removed, sync.preserved)?;
    if !report.written.is_empty() {
        writeln!(out, "Written: {}", report.written.join(", "))?;
    }
    Ok(())
}

fn write_line(out: &mut String, finding: &Finding) -> std::fmt::Result {
    write!(out, "  {:<9} ", finding.rating.severity)?;
    let at = out.len();
    write!(out, "{} in ", finding.finding_id)?;
    match finding.subject.package() {
        Some(package) => write!(out, "{package}")?,
        None => out.push_str(finding.subject.path().unwrap_or_default()),
    }
    match &finding.status {
        Status::Open => {}
        Status::Unverified { since } => write!(out, ", unverified since {}", findings_model::date_text(*since))?,
        Status::Resolved { .. } => out.push_str(", resolved"),
        Status::Excepted { .. } => out.push_str(", excepted"),
    }
    if !text::is_plain_line(&out[at..]) {
        let shown = text::one_line(&out[at..]);
        out.replace_range(at.., &shown);
    }
    out.push('\n');
    Ok(())
}

/// One sentence about how many there are. Without a scan that could be used, none found is nothing known.
fn sentence(report: &FindingsReport) -> String {
    let summary: &Summary = &report.summary;
    let counts = summary.counts;
    if counts.total() == 0 {
        let known = report.scans.iter().any(|scan| scan.coverage.is_usable());
        return if known { "No open findings." } else { "Nothing is known: no report of this run can be used." }
            .to_owned();
    }
    let there = severities().into_iter().filter(|s| counts.of(*s) > 0);
    let parts: Vec<String> = there.map(|s| format!("{} {s}", counts.of(s))).collect();
    let unverified =
        if summary.unverified > 0 { format!("; {} of them unverified", summary.unverified) } else { String::new() };
    format!("{} open findings: {}{unverified}.", counts.total(), parts.join(", "))
}

/// The step summary, in Markdown.
pub(crate) fn summary(report: &FindingsReport) -> String {
    format!("### Security findings\n\n{}\n\n{}", sentence(report), scan_text::summary(&report.scans))
}

/// The severities in the order in which findings are listed.
fn severities() -> [Severity; Severity::ALL.len()] {
    let mut severities = Severity::ALL;
    severities.sort_by_key(|s| s.list_order());
    severities
}
