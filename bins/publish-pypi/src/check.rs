use std::path::PathBuf;

use cli_support::{Context, ExitStatus};
use dist_check::{Level, Problem, Table, check_source};
use findings_model::SchemaVersion;
use serde::Serialize;

use crate::{
    dist::{DistArgs, problem_lines},
    index::{IndexArgs, check_options},
    source,
};

/// Check files as an index would, without speaking to one
///
/// Ends with 1 if a file has an error, with 0 if there are warnings at most.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
    /// Also hold each source archive against this folder of a git repository: tagged, unchanged, the same bytes
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    ok: bool,
    files: Vec<CheckedFile>,
    /// What the files were judged by that changes over time, and how old it is.
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct CheckedFile {
    file: String,
    ok: bool,
    sha256: Option<String>,
    problems: Vec<Problem>,
}

impl Check {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let options = check_options(&self.index.address(cx)?, cx)?;
        let mut checked = self.dist.check(&options, cx)?;
        if let Some(folder) = &self.source {
            let source = source::read(&cx.path(folder))?;
            for file in &mut checked {
                let problems = check_source(&file.inspection, &source);
                file.inspection.problems.extend(problems);
            }
        }
        let mut lines = Vec::new();
        let mut files = Vec::new();
        for file in checked {
            let inspection = file.inspection;
            lines.extend(problem_lines(&inspection));
            for problem in &inspection.problems {
                let line = format!("{}: {}: {}", inspection.file_name, problem.code, problem.message);
                match problem.level {
                    Level::Error => cx.actions().error(&line),
                    Level::Warning => cx.actions().warning(&line),
                    Level::Info => cx.actions().notice(&line),
                }
            }
            files.push(CheckedFile {
                ok: inspection.is_ok(),
                sha256: inspection.distribution.as_ref().map(|file| file.sha256().to_string()),
                file: inspection.file_name,
                problems: inspection.problems,
            });
        }
        let ok = files.iter().all(|file| file.ok);
        let document = Document { schema_version: SchemaVersion::new(1, 1), ok, files, tables: dist_check::tables() };
        let oldest = document.tables.iter().map(|table| table.as_of).min().unwrap_or_default();
        lines.push(format!("judged by PyPI's lists of classifiers, licences and platforms as of {oldest} or newer"));
        cx.result(&document, &lines.join("\n"))?;
        Ok(if ok { ExitStatus::Done } else { ExitStatus::No })
    }
}
