//! `update-findings`: scanner reports into the findings ledger and its documents.

mod export;
mod import;
mod text;

use std::path::PathBuf;

use cli_support::{AdvisoryArgs, Common, Context, ExitStatus, Failure, ResultExt as _, requests, scan_text};
use findings_model::{CoverageState, ReportFormat};
use orchestrate::{
    findings::{FindingsReport, Writing, update_findings},
    project::Project,
};

/// Read scanner reports, keep the findings ledger, and write its documents.
///
/// Every file of the reports folder is looked at and recognised by its content. A finding is resolved only when a scan that
/// would have reported it covered it and did not: a scanner that failed, was filtered or skipped something resolves nothing.
#[derive(Debug, clap::Parser)]
#[command(name = "update-findings", version, max_term_width = 110)]
pub struct App {
    #[command(subcommand)]
    command: Option<Command>,
    /// A folder of reports; may be given more than once [default: security/reports/latest]
    #[arg(long, value_name = "DIR")]
    reports: Vec<PathBuf>,
    /// A report whose format cannot be told by its content, inside the reports folder or elsewhere
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_report)]
    report: Vec<(ReportFormat, PathBuf)>,
    #[command(flatten)]
    advisories: AdvisoryArgs,
    /// End with 1 also when a scan is partial or filtered
    #[arg(long)]
    fail_on_incomplete: bool,
    /// Say what would be found and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(export::Export),
    Import(import::Import),
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

fn parse_report(value: &str) -> Result<(ReportFormat, PathBuf), String> {
    let (format, file) = value.split_once('=').ok_or("give it as FORMAT=FILE, for example pip-audit=report.json")?;
    Ok((format.parse().map_err(|e: findings_model::NameError| e.to_string())?, PathBuf::from(file)))
}

/// Runs the step.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    match app.command {
        Some(Command::Export(export)) => return export.run(cx),
        Some(Command::Import(import)) => return import.run(cx),
        None => {}
    }
    for folder in &app.reports {
        if !cx.path(folder).is_dir() {
            let what = format!("there is no reports folder {}", folder.display());
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("give the folder that the scanners wrote to")
                .into());
        }
    }
    let mut request = requests::findings(cx)?;
    if !app.reports.is_empty() {
        request.folders = app.reports;
    }
    request.declared = app.report;
    let online = app.advisories.resolve(cx, &mut request)?;
    advisory_sources::attach(&mut request, &online)
        .or_fail(ExitStatus::Usage, "the advisory sources cannot be used")?;
    if app.dry_run {
        request.writing = Writing::DryRun;
    }
    let report = update_findings(&Project::at(cx.project()), &request).map_err(requests::findings_failure)?;
    announce(&report, cx)?;
    cx.result(&report, &text::of(&report))?;
    let partial = report.scans.iter().any(|s| s.coverage != CoverageState::Complete);
    let says_no = report.required_incomplete || (app.fail_on_incomplete && partial);
    // The process ends now, and takes a hundred thousand findings with it faster than they can be let go one by one.
    std::mem::forget(report);
    Ok(if says_no { ExitStatus::No } else { ExitStatus::Done })
}

fn announce(report: &FindingsReport, cx: &mut Context) -> anyhow::Result<()> {
    for warning in &report.warnings {
        cx.note(format!("warning: {warning}"))?;
    }
    scan_text::warn(cx, &report.scans)?;
    cx.actions().summary(&text::summary(report))
}
