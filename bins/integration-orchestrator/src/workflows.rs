//! The two workflows.

use std::{fmt::Write as _, path::PathBuf, time::Instant};

use cli_support::{Context, ExitStatus, requests, requests::DecisionInputs};
use findings_model::{CoverageState, text};
use orchestrate::{
    project::Project,
    workflow::{Run, WorkflowReport, execute_manual_release_workflow, execute_security_driven_workflow},
};
use release_decision::Request;

/// `security-workflow`
pub(crate) fn security(
    cx: &mut Context,
    force: bool,
    notes: Option<String>,
    advisories: Vec<PathBuf>,
    index: Option<String>,
) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let mut findings = requests::findings(cx)?;
    findings.advisories = advisories;
    let request = asked(cx, if force { Request::forced() } else { Request::auto() }, notes);
    let decision = requests::decision(cx, request, &DecisionInputs { index, ..DecisionInputs::default() })?;
    let status = requests::status(cx)?;
    let run = Run { now: cx.now(), nonce: cx.nonce(), elapsed: &|| started.elapsed() };
    let report = execute_security_driven_workflow(&Project::at(cx.project()), &findings, &decision, &status, run)
        .map_err(requests::workflow_failure)?;
    tell(cx, &report)
}

/// `manual-workflow`
pub(crate) fn manual(cx: &mut Context, notes: String, no_status_update: bool, index: Option<String>) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let request = asked(cx, Request::manual(), Some(notes));
    let decision = requests::decision(cx, request, &DecisionInputs { index, ..DecisionInputs::default() })?;
    let status = if no_status_update { None } else { Some(requests::status(cx)?) };
    let run = Run { now: cx.now(), nonce: cx.nonce(), elapsed: &|| started.elapsed() };
    let report = execute_manual_release_workflow(&Project::at(cx.project()), &decision, status.as_ref(), run)
        .map_err(requests::workflow_failure)?;
    tell(cx, &report)
}

fn asked(cx: &Context, request: Request, notes: Option<String>) -> Request {
    let request = match notes {
        Some(notes) => request.with_notes(notes),
        None => request,
    };
    match requests::run_id(cx) {
        Some(id) => request.with_request_id(id),
        None => request,
    }
}

fn tell(cx: &mut Context, report: &WorkflowReport) -> anyhow::Result<ExitStatus> {
    for warning in &report.warnings {
        cx.note(format!("warning: {warning}"))?;
    }
    for scan in report.scans.iter().filter(|s| s.coverage != CoverageState::Complete) {
        let line = format!("{} ({}) is {}: {}", scan.scanner, scan.file, scan.coverage.as_str(), scan.reasons.join("; "));
        let line = text::one_line(&line);
        cx.note(format!("warning: {line}"))?;
        if scan.coverage.is_usable() { cx.actions().warning(&line) } else { cx.actions().error(&line) }
    }
    cx.actions().outputs(report.workflow_outputs.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
    cx.actions().summary(&summary(report))?;
    cx.result(report, &lines(report))?;
    Ok(if report.success { ExitStatus::Done } else { ExitStatus::No })
}

fn lines(report: &WorkflowReport) -> String {
    let mut out = String::new();
    let _infallible = write_lines(&mut out, report);
    out
}

fn write_lines(out: &mut String, report: &WorkflowReport) -> std::fmt::Result {
    let decision = &report.release_decision;
    writeln!(out, "{}", headline(report))?;
    writeln!(out, "Why: {}", text::one_line(&decision.justification))?;
    for reason in &decision.reasons {
        writeln!(out, "  {}", text::one_line(&reason.text))?;
    }
    for scan in report.scans.iter().filter(|s| s.coverage != CoverageState::Complete) {
        let why = text::one_line(&scan.reasons.join("; "));
        writeln!(out, "{} is {}: {why}", text::one_line(scan.scanner.as_str()), scan.coverage.as_str())?;
    }
    if let Some(sync) = &report.sync_results {
        writeln!(out, "Plans: {} added, {} removed, {} kept", sync.added, sync.removed, sync.preserved)?;
    }
    writeln!(out, "Status: {}", if report.status_updated == Some(true) { "updated" } else { "left as it is" })?;
    writeln!(out, "Run: {}", report.execution_id)
}

fn headline(report: &WorkflowReport) -> String {
    let decision = &report.release_decision;
    match (&decision.next_version, decision.should_release) {
        (Some(version), true) => format!("Release {version} ({})", decision.trigger_type.as_str()),
        (None, true) => format!("Release, version not known ({})", decision.trigger_type.as_str()),
        (_, false) => "No release".to_owned(),
    }
}

fn summary(report: &WorkflowReport) -> String {
    let mut out = format!("### {}\n\n", text::markdown(&headline(report)));
    out.push_str(&text::markdown(&report.release_decision.justification));
    out.push_str("\n\n| scanner | report | coverage |\n| --- | --- | --- |\n");
    for scan in &report.scans {
        let why = if scan.reasons.is_empty() { String::new() } else { format!(": {}", scan.reasons.join("; ")) };
        let coverage = text::markdown(text::shorten(&format!("{}{why}", scan.coverage.as_str()), 300).as_ref());
        let _infallible =
            writeln!(out, "| {} | {} | {coverage} |", text::markdown(scan.scanner.as_str()), text::markdown(&scan.file));
    }
    out
}
