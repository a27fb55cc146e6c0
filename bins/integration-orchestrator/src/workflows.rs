//! The two workflows.

use std::{fmt::Write as _, time::Instant};

use cli_support::{
    AdvisoryArgs, Context, ExitStatus, ResultExt as _, decision_text, requests, requests::DecisionInputs, scan_text,
};
use findings_model::Timestamp;
use orchestrate::{
    project::Project,
    workflow::{Run, WorkflowReport, execute_manual_release_workflow, execute_security_driven_workflow},
};
use release_decision::Request;

/// What a workflow is told of what is around it.
#[derive(Debug, clap::Args)]
pub(crate) struct Circumstances {
    /// What the index has, as `publish-pypi releases` wrote it; `none` for nothing
    #[arg(long, value_name = "FILE|none")]
    index: Option<String>,
    /// When the whole run began, jobs before this one included; its record counts from there [default: now]
    #[arg(long, value_name = "RFC3339")]
    started: Option<Timestamp>,
}

/// `security-workflow`
pub(crate) fn security(
    cx: &mut Context,
    force: bool,
    notes: Option<String>,
    advisories: &AdvisoryArgs,
    circumstances: Circumstances,
) -> anyhow::Result<ExitStatus> {
    let Circumstances { index, started: began } = circumstances;
    let started = Instant::now();
    let mut findings = requests::findings(cx)?;
    let online = advisories.resolve(cx, &mut findings)?;
    advisory_sources::attach(&mut findings, &online)
        .or_fail(ExitStatus::Usage, "the advisory sources cannot be used")?;
    let request = asked(cx, if force { Request::forced() } else { Request::auto() }, notes);
    let decision = requests::decision(cx, request, &DecisionInputs { index, ..DecisionInputs::default() })?;
    let status = requests::status(cx)?;
    let run = Run { now: cx.now(), began, nonce: cx.nonce(), elapsed: &|| started.elapsed() };
    let report = execute_security_driven_workflow(&Project::at(cx.project()), &findings, &decision, &status, run)
        .map_err(requests::workflow_failure)?;
    tell(cx, report)
}

/// `manual-workflow`
pub(crate) fn manual(
    cx: &mut Context,
    notes: String,
    no_status_update: bool,
    circumstances: Circumstances,
) -> anyhow::Result<ExitStatus> {
    let Circumstances { index, started: began } = circumstances;
    let started = Instant::now();
    let request = asked(cx, Request::manual(), Some(notes));
    let decision = requests::decision(cx, request, &DecisionInputs { index, ..DecisionInputs::default() })?;
    let status = if no_status_update { None } else { Some(requests::status(cx)?) };
    let run = Run { now: cx.now(), began, nonce: cx.nonce(), elapsed: &|| started.elapsed() };
    let report = execute_manual_release_workflow(&Project::at(cx.project()), &decision, status.as_ref(), run)
        .map_err(requests::workflow_failure)?;
    tell(cx, report)
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

fn tell(cx: &mut Context, mut report: WorkflowReport) -> anyhow::Result<ExitStatus> {
    let unrecorded = report.unrecorded.take();
    for warning in &report.warnings {
        cx.note(format!("warning: {warning}"))?;
    }
    decision_text::warn(cx, &report.release_decision)?;
    scan_text::warn(cx, &report.scans)?;
    cx.actions().outputs(report.workflow_outputs.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
    let mut summary = decision_text::summary(&report.release_decision);
    if !report.scans.is_empty() {
        summary.push('\n');
        summary.push_str(&scan_text::summary(&report.scans));
    }
    cx.actions().summary(&summary)?;
    cx.result(&report, &lines(&report))?;
    if let Some(error) = unrecorded {
        let what = "everything else is done, but the run was not recorded";
        return Err(requests::unrecorded_failure(error, what).into());
    }
    Ok(if report.success { ExitStatus::Done } else { ExitStatus::No })
}

fn lines(report: &WorkflowReport) -> String {
    let mut out = decision_text::lines(&report.release_decision);
    if let Some(sync) = &report.sync_results {
        let _infallible =
            writeln!(out, "Plans: {} added, {} removed, {} kept", sync.added, sync.removed, sync.preserved);
    }
    let status = if report.status_updated == Some(true) { "updated" } else { "left as it is" };
    let _infallible = writeln!(out, "Status: {status}\nRun: {}", report.execution_id);
    out
}
