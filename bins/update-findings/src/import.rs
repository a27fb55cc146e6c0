//! `update-findings import`: the files of the Python system.

use std::{fmt::Write as _, path::PathBuf};

use cli_support::{Context, ExitStatus, Failure, requests};
use findings_model::text;
use orchestrate::{
    findings::Writing,
    import::{ImportError, ImportReport, ImportRequest, import_original},
    project::Project,
};

/// Take over the plans, dates and history of the Python system
///
/// DIR is its `security` folder, the project folder around it, or the `findings` folder in it. Nothing in DIR is changed and no
/// finding's status either: what that system called resolved is kept as history. What cannot be used is named and set aside.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The folder with the old files
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Say what would be imported and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        if !cx.path(&self.folder).is_dir() {
            let what = format!("there is no folder {}", self.folder.display());
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("give the Python system's `security` folder")
                .into());
        }
        let request = ImportRequest {
            project: requests::project_name(cx)?,
            folder: self.folder,
            writing: if self.dry_run { Writing::DryRun } else { Writing::Write },
            now: cx.now(),
        };
        let report = import_original(&Project::at(cx.project()), &request).map_err(failure)?;
        for warning in &report.warnings {
            cx.note(format!("warning: {warning}"))?;
        }
        cx.result(&report, &lines(&report))?;
        Ok(ExitStatus::Done)
    }
}

fn lines(report: &ImportReport) -> String {
    let mut out = String::new();
    let _infallible = write_lines(&mut out, report);
    out
}

fn write_lines(out: &mut String, report: &ImportReport) -> std::fmt::Result {
    for file in &report.imported {
        writeln!(out, "{}: {} taken", text::one_line(&file.file), file.taken)?;
        if let Some(reason) = &file.reason {
            writeln!(out, "  not used: {}", text::one_line(reason))?;
        }
        if let Some(copy) = &file.set_aside {
            writeln!(out, "  set aside: {copy}")?;
        }
    }
    let counts = report.counts;
    writeln!(
        out,
        "\n{} plans, {} events, {} reports, {} first days moved back",
        counts.plans, counts.events, counts.reports, counts.dates
    )?;
    if !report.written.is_empty() {
        writeln!(out, "Written: {}", report.written.join(", "))?;
    }
    Ok(())
}

fn failure(error: ImportError) -> Failure {
    const WHAT: &str = "cannot import the Python system's files";
    match error {
        ImportError::Nothing { .. } => Failure::caused(ExitStatus::Usage, WHAT, error).hint(
            "give the folder that holds findings/remediation-plans.yml, findings/history or reports/archived",
        ),
        ImportError::Document(error) => requests::document_failure(error, WHAT),
        ImportError::Plans { .. } => Failure::caused(ExitStatus::BadInput, WHAT, error).hint(
            "the file was left as it is; restore it from git history or move it away, then run again (docs/runbook.md, \"A document of ours is damaged\")",
        ),
        ImportError::Store(error) => Failure::caused(ExitStatus::Outside, WHAT, error),
    }
}
