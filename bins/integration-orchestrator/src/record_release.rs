//! `record-release`

use std::path::Path;

use cli_support::{Context, ExitStatus, requests};
use findings_model::SchemaVersion;
use orchestrate::{
    project::Project,
    release::{RecordRequest, RecordedFindings, record_release},
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
    let tag = requests::bump_settings(cx)?.tag;
    let request = RecordRequest {
        project: requests::project_name(cx)?,
        receipt,
        adopt_current,
        commit,
        tag: &tag,
        now: cx.now(),
    };
    let orchestrate::release::Recorded { baseline, moved, findings } =
        record_release(&Project::at(cx.project()), &request).map_err(requests::record_failure)?;
    let recorded = Recorded {
        schema_version: SchemaVersion::new(1, 0),
        version: baseline.version.as_ref().map(ToString::to_string),
        decision_id: baseline.decision_id.clone(),
        baseline_findings: baseline.findings.len(),
        moved,
    };
    let version = recorded.version.as_deref().unwrap_or("unknown");
    let text = match (moved, findings) {
        (false, _) => format!("Nothing to record: the baseline is at release {version} already.\n"),
        (true, RecordedFindings::Decided) => {
            format!("Recorded release {version}; the next decision compares with what it was decided on.\n")
        }
        (true, RecordedFindings::Adopted) => {
            format!("Recorded release {version} with the findings of today; the next decision compares with them.\n")
        }
        (true, RecordedFindings::Unchanged) => format!(
            "Recorded release {version}, which carries out no decision: what was due before it is still due. With \
             --adopt-current it takes the findings of today as released.\n"
        ),
    };
    cx.result(&recorded, &text)?;
    Ok(ExitStatus::Done)
}
