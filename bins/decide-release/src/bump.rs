//! `decide-release bump`: the next version, written into the project.

use cli_support::{Context, ExitStatus, requests, requests::DecisionInputs};
use findings_model::SchemaVersion;
use orchestrate::{
    findings::Writing,
    project::Project,
    version::{VersionBump, bump_version},
};
use release_decision::Request;
use serde::Serialize;

/// Write the next version into pyproject.toml and change nothing else in it.
#[derive(Debug, clap::Args)]
pub(crate) struct Bump {
    /// The project's version [default: what pyproject.toml says]
    #[arg(long, value_name = "V")]
    current_version: Option<String>,
    /// The version to write [default: computed]
    #[arg(long, value_name = "V")]
    next_version: Option<String>,
    /// What the index has, as `publish-pypi releases` wrote it; `none` for nothing [default: the version that was decided]
    #[arg(long, value_name = "FILE|none")]
    index: Option<String>,
    /// Say what would be written and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    current_version: Option<String>,
    next_version: String,
    file: &'static str,
    written: bool,
    reason: String,
}

impl Bump {
    /// Bumps.
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let inputs = DecisionInputs {
            current_version: self.current_version,
            next_version: self.next_version,
            index: self.index,
            ..DecisionInputs::default()
        };
        let mut request = requests::decision(cx, Request::auto(), &inputs)?;
        if self.dry_run {
            request.writing = Writing::DryRun;
        }
        let VersionBump { current, next, reason, written } =
            bump_version(&Project::at(cx.project()), &request).map_err(requests::version_failure)?;
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            current_version: current.as_ref().map(ToString::to_string),
            next_version: next.to_string(),
            file: orchestrate::paths::PYPROJECT,
            written,
            reason,
        };
        let from = document.current_version.as_deref().unwrap_or("unknown");
        let done = match (self.dry_run, written) {
            (true, _) => "would be written",
            (false, true) => "written",
            (false, false) => "was there already",
        };
        let text = format!("{from} -> {next} ({}): {done} in {}", document.reason, document.file);
        cx.actions().outputs([("next_version", document.next_version.as_str())])?;
        cx.result(&document, &text)?;
        Ok(ExitStatus::Done)
    }
}
