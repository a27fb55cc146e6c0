//! `health-check`

use std::fmt::Write as _;

use cli_support::{Context, ExitStatus, requests};
use findings_model::text;
use orchestrate::{
    health::{HealthReport, HealthState, validate_integration_health},
    project::Project,
};

/// Judges the system; 1 for unhealthy only, unknown is 0 and said in words.
pub(crate) fn run(cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let status = requests::status(cx)?;
    let report = validate_integration_health(&Project::at(cx.project()), &status, cx.now());
    if report.state == HealthState::Unhealthy {
        cx.actions().error("the system is unhealthy: see the health check's output");
    }
    cx.result(&report, &lines(&report))?;
    Ok(if report.state == HealthState::Unhealthy { ExitStatus::No } else { ExitStatus::Done })
}

fn lines(report: &HealthReport) -> String {
    let parts = [
        ("findings", &report.components.security_findings),
        ("release engine", &report.components.release_engine),
        ("status", &report.components.status_output),
        ("metrics", &report.components.workflow_metrics),
        ("reports", &report.components.security_reports),
    ];
    let mut out = format!("The system is {}.\n", report.state.as_str());
    for (name, part) in parts {
        let _infallible = writeln!(out, "  {:<10} {name}: {}", part.state.as_str(), text::one_line(&part.message));
    }
    out
}
