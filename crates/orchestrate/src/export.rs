//! The step that writes the ledger's findings in the format of another tool. Nothing of the project changes.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use change_detect::ChangeType;
use findings_export::{BaselineState, ExportFormat, ExportInput, Exported, LeftOut, PlanWords, Selection};
use findings_ledger::{Ledger, Plan, PlanNames, Plans, PlansError};
use findings_model::{AdvisoryId, Finding, FindingId, SchemaVersion};
use git_command::{GitError, Repository};
use serde::Serialize;
use state_store::StoreError;

use crate::{
    documents::{self, DocumentError},
    paths,
    project::Project,
};

/// Files that name a project's dependencies, the most exact first: a flaw of a dependency is shown at the first that is there.
const MANIFESTS: [&str; 9] = [
    "pylock.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.txt",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
];

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// The project's version, where it is known.
    pub version: Option<String>,
    /// The format.
    pub format: ExportFormat,
    /// Which findings.
    pub selection: Selection,
    /// The file to write; none to be given the document's bytes.
    pub output: Option<PathBuf>,
    /// The version of this program.
    pub tool_version: &'static str,
}

/// Why findings could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A document of ours is unusable, or there is no ledger yet.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The plan file cannot be used.
    #[error("{} cannot be used", paths::PLANS)]
    Plans {
        /// Why.
        #[source]
        source: PlansError,
    },
    /// The file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was exported: the document that `update-findings export --output FILE` prints.
#[derive(Debug, Serialize)]
pub struct ExportReport {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// The format's word.
    pub format: &'static str,
    /// Files that were written, as they were given or below the project.
    pub written: Vec<String>,
    /// How many findings are in the document.
    pub findings: usize,
    /// Selected findings that are not in it.
    pub left_out: Vec<LeftOut>,
    /// Scanners whose newest scan is not complete, a line each.
    pub incomplete: Vec<String>,
    /// The document's bytes, where no file was asked for; none where the format cannot say that there is nothing.
    #[serde(skip)]
    pub document: Option<Vec<u8>>,
}

/// Writes the ledger's findings in a format, to a file or into the report.
pub fn export_findings(project: &Project, request: &ExportRequest) -> Result<ExportReport, ExportError> {
    let ledger =
        documents::ledger(project)?.ok_or_else(|| DocumentError::Missing { path: paths::LEDGER.to_owned() })?;
    let plans_text = project.document(Path::new(paths::PLANS))?.unwrap_or_default();
    let plans = Plans::from_yaml(&plans_text).map_err(|source| ExportError::Plans { source })?;
    let plans = plan_words(&ledger, &plans);
    let baseline = baseline_states(project, &ledger)?;
    let manifest = MANIFESTS.into_iter().find(|name| project.has_file(name)).unwrap_or(paths::PYPROJECT);
    let folder = match request.format {
        ExportFormat::Sarif => folder_in_repository(project),
        ExportFormat::CyclonedxVex | ExportFormat::Openvex | ExportFormat::Csv | ExportFormat::Ndjson => String::new(),
    };
    let exported = findings_export::export(
        request.format,
        &ExportInput {
            project: &ledger.project,
            version: request.version.as_deref(),
            lineage: &ledger.lineage,
            created: ledger.created,
            updated: ledger.updated,
            findings: &ledger.findings,
            scanners: &ledger.scanners,
            plans: &plans,
            baseline: baseline.as_ref(),
            manifest,
            folder: &folder,
            tool_version: request.tool_version,
            selection: &request.selection,
        },
    );
    let Exported { document, written: findings, left_out, gaps } = exported;
    let mut report = ExportReport {
        schema_version: SchemaVersion::new(1, 0),
        format: request.format.as_str(),
        written: Vec::new(),
        findings,
        left_out,
        incomplete: gaps,
        document,
    };
    if let Some(output) = &request.output
        && let Some(bytes) = report.document.take()
    {
        project.write(output, &bytes)?;
        report.written.push(project.label(&project.path(output)));
    }
    Ok(report)
}

/// The project's folder below the top of its repository; empty where it is in none.
fn folder_in_repository(project: &Project) -> String {
    match Repository::find(project.root()) {
        Ok(repository) => repository.project_folder().into_owned(),
        Err(GitError::NoRepository { .. } | GitError::NoWorkTree { .. } | GitError::NotInstalled) => String::new(),
        Err(error) => {
            tracing::warn!("the paths in the document are those of the project: {}", crate::causes(&error));
            String::new()
        }
    }
}

/// Each finding against the released baseline; none before there is one.
fn baseline_states(
    project: &Project,
    ledger: &Ledger,
) -> Result<Option<BTreeMap<FindingId, BaselineState>>, DocumentError> {
    let Some(baseline) = documents::baseline(project)? else { return Ok(None) };
    let current = ledger.finding_set();
    let baseline = baseline.merge_first_scans(&current);
    let changed = change_detect::detect(Some(&baseline.finding_set()), &current, &|path| !project.has_file(path));
    let states = changed.changes.into_iter().map(|change| {
        let state = match change.change_type {
            ChangeType::NewVulnerability | ChangeType::Reopened => BaselineState::New,
            ChangeType::Resolved | ChangeType::Withdrawn => BaselineState::Absent,
            ChangeType::SeverityChange | ChangeType::Updated | ChangeType::Excepted | ChangeType::ExceptionExpired => {
                BaselineState::Updated
            }
        };
        (change.finding_id, state)
    });
    Ok(Some(states.collect()))
}

/// What people decided, by finding.
fn plan_words(ledger: &Ledger, plans: &Plans) -> BTreeMap<FindingId, PlanWords> {
    // A plan that says nothing reads as what everybody's plan says before somebody has thought about it.
    let untouched = Plans::from_yaml(b"findings: {x: {}}").unwrap_or_default();
    let untouched = untouched.get("x");
    let by_key: HashMap<String, &Plan> = plans
        .all()
        .iter()
        .filter(|plan| !plan.archived)
        .map(|plan| (AdvisoryId::canonical_or(&plan.key), plan))
        .collect();
    let names = PlanNames::of_all(&ledger.findings, &|name| by_key.contains_key(name));
    let of = |finding: &Finding| names.of(finding).find_map(|name| by_key.get(&*name).copied());
    let decided = |said: &str, default: Option<&str>| {
        let said = said.trim();
        (!said.is_empty() && default.is_none_or(|default| said != default)).then(|| said.to_owned())
    };
    let words = ledger.findings.iter().filter_map(|finding| {
        let plan = of(finding).filter(|plan| plan.edited)?;
        let words = PlanWords {
            action: decided(&plan.planned_action, untouched.map(|p| &*p.planned_action)),
            workaround: decided(&plan.workaround, untouched.map(|p| &*p.workaround)),
            reason: plan.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned),
            target_date: plan.target_date,
        };
        Some((finding.finding_id.clone(), words))
    });
    words.collect()
}
