//! `record-release`

use std::path::Path;

use cli_support::{Context, ExitStatus, requests};
use findings_model::SchemaVersion;
use orchestrate::{
    project::Project,
    release::{RecordRequest, record_release},
};
use serde::Serialize;

#[derive(Serialize)]
struct Recorded {
    schema_version: SchemaVersion,
    version: Option<String>,
    decision_id: Option<String>,
    baseline_findings: usize,
    moved: bool,
}

/// Moves the baseline.
pub(crate) fn run(
    cx: &mut Context,
    receipt: &Path,
    adopt_current: bool,
    commit: Option<String>,
) -> anyhow::Result<ExitStatus> {
    let request = RecordRequest { project: requests::project_name(cx)?, receipt, adopt_current, commit, now: cx.now() };
    let orchestrate::release::Recorded { baseline, moved } =
        record_release(&Project::at(cx.project()), &request).map_err(requests::record_failure)?;
    let recorded = Recorded {
        schema_version: SchemaVersion::new(1, 0),
        version: baseline.version.as_ref().map(ToString::to_string),
        decision_id: baseline.decision_id.clone(),
        baseline_findings: baseline.findings.len(),
        moved,
    };
    let version = recorded.version.as_deref().unwrap_or("unknown");
    let text = if moved {
        format!("Recorded release {version}; the next decision compares with what it was decided on.\n")
    } else {
        format!("Nothing to record: the baseline is at release {version} already.\n")
    };
    cx.result(&recorded, &text)?;
    Ok(ExitStatus::Done)
}
