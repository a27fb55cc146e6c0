//! `validate`: every check, and the results in a file.

use std::path::{Path, PathBuf};

use cli_support::{Context, ExitStatus, Failure};
use orchestrate::{
    project::Project,
    validation::{self, SaveValidationError, ValidationRequest},
};
use setup_rules::Group;

use crate::{probe, report, settings::Settings};

/// The file of the results, unless another is named.
const RESULTS: &str = "validation_results.json";

#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArgs {
    /// Where the results go, as JSON
    #[arg(long, value_name = "FILE", default_value = RESULTS)]
    output: PathBuf,
    #[command(flatten)]
    probe: probe::ProbeArgs,
}

pub(crate) fn run(args: &ValidateArgs, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let output = if args.output == Path::new(RESULTS) {
        cx.path(RESULTS)
    } else {
        cx.output(&args.output, validation::is_validation)?
    };
    let settings = Settings::of(cx)?;
    let responses = probe::run(&args.probe, cx)?;
    let groups = [Group::Security, Group::Performance];
    let request = ValidationRequest {
        groups: &groups,
        settings: settings.borrowed(),
        responses: &responses,
        output: Some(&output),
        now: cx.now(),
    };
    let validation = validation::validate(&Project::at(cx.project()), &request);
    let what = format!("cannot write {}", args.output.display());
    validation::save_validation(&output, &validation).map_err(|error| match error {
        SaveValidationError::Store(error) => Failure::caused(ExitStatus::Outside, what, error),
        error @ SaveValidationError::Json(_) => Failure::caused(ExitStatus::Outside, what, error),
    })?;
    cx.note(format!("results written to {}", args.output.display()))?;
    report::print(&validation, cx)
}
