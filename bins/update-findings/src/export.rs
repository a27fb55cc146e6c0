//! `update-findings export`: the ledger's findings for other tools.

use std::path::PathBuf;

use cli_support::{Context, ExitStatus, Failure, Format, requests};
use findings_export::{ExportFormat, Selection, StatusWord};
use orchestrate::{
    export::{ExportError, ExportReport, ExportRequest, export_findings},
    project::Project,
};

/// Write the ledger's findings as SARIF, VEX, CSV or NDJSON
///
/// The document goes to stdout, or to a file with --output. What a format has no place for, and what goes over a limit of GitHub
/// code scanning, is counted on stderr.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The format: sarif, cyclonedx-vex, openvex, csv or ndjson
    #[arg(long, value_name = "FORMAT")]
    to: ExportFormat,
    /// The file to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Which findings: open, unverified, excepted, resolved, with a comma between them [default: open,unverified,excepted; for
    /// the VEX formats resolved ones too]
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<StatusWord>,
    /// The resolved ones too; in SARIF those that were resolved since the released baseline, as `absent`
    #[arg(long)]
    include_resolved: bool,
}

impl Export {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        if cx.format() == Format::Json && self.output.is_none() && !self.to.is_json() {
            let what = format!("{} on stdout is not one JSON document", self.to);
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("leave --format json out, or write to a file with --output FILE")
                .into());
        }
        if let Some(file) = &self.output {
            cx.output(file, |bytes| self.to.is_own(bytes))?;
        }
        let mut selection = match self.status.as_slice() {
            [] => Selection::default_of(self.to),
            statuses => Selection::only(statuses.iter().copied()),
        };
        if self.include_resolved {
            selection = selection.with_resolved();
        }
        let request = ExportRequest {
            version: requests::status(cx)?.version,
            format: self.to,
            selection,
            output: self.output,
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        let report = export_findings(&Project::at(cx.project()), &request).map_err(failure)?;
        announce(&report, &request, cx)?;
        match (&report.document, &request.output) {
            (Some(document), None) => cx.document(document),
            (None, None) => {}
            (_, Some(_)) => cx.result(&report, &text(&report))?,
        }
        Ok(ExitStatus::Done)
    }
}

fn announce(report: &ExportReport, request: &ExportRequest, cx: &mut Context) -> anyhow::Result<()> {
    for left_out in &report.left_out {
        cx.note(format!("note: {} findings are left out: {}", left_out.count, left_out.reason))?;
    }
    for gap in &report.incomplete {
        cx.note(format!("warning: not everything was scanned: {gap}"))?;
    }
    let is_empty = report.document.is_none() && report.written.is_empty();
    if is_empty {
        let file = request.output.as_ref().map_or(String::new(), |file| format!("; {} is as it was", file.display()));
        cx.note(format!("note: nothing was written: {} cannot say that there is nothing{file}", request.format))?;
    }
    Ok(())
}

fn text(report: &ExportReport) -> String {
    match report.written.as_slice() {
        [] => String::new(),
        files => format!("{} findings written to {}", report.findings, files.join(", ")),
    }
}

fn failure(error: ExportError) -> Failure {
    const WHAT: &str = "cannot export the findings";
    match error {
        ExportError::Document(error) => {
            let is_missing = matches!(error, orchestrate::documents::DocumentError::Missing { .. });
            let failure = requests::document_failure(error, WHAT);
            if is_missing { failure.hint("run update-findings first") } else { failure }
        }
        ExportError::Plans { .. } => Failure::caused(ExitStatus::BadInput, WHAT, error),
        ExportError::Store(error) => Failure::caused(ExitStatus::Outside, WHAT, error),
    }
}
