//! The configuration and the context as the requests that the steps take; the steps' errors as failures are here too.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use findings_model::PackageName;
use git_command::Ssh;
use orchestrate::{
    changes::ReportRules,
    decision::{self, DecisionRequest},
    findings::{FindingsRequest, Writing},
    project::Project,
    status::StatusRequest,
    version,
};
use release_decision::{BumpSettings, CurrentVersion, IndexVersions, Policy, Request, Version};

pub use crate::failures::{
    decision_failure, document_failure, findings_failure, git_hint, git_status, record_failure, status_failure,
    unrecorded_failure, version_failure, workflow_failure,
};
use crate::{Context, ExitStatus, ResultExt as _, config};

/// The variable that holds the key for the marks of secrets.
const FINGERPRINT_KEY: &str = "RELWARDEN_FINGERPRINT_KEY";

/// What is to be told where nothing was scanned yet: without a ledger no answer says anything of the project.
pub fn never_scanned() -> String {
    let (ledger, reports) = (orchestrate::paths::LEDGER, orchestrate::paths::REPORTS);
    format!(
        "warning: there is no {ledger}: nothing has been scanned yet; put the scanner reports in {reports} and run update-findings first"
    )
}

/// What `update-findings` works with, unless its arguments say otherwise. Advisory data comes from [`crate::AdvisoryArgs`].
pub fn findings(cx: &mut Context) -> anyhow::Result<FindingsRequest> {
    let key = fingerprint_key(cx)?;
    let now = cx.now();
    let config = cx.config()?;
    let retention = config.retention;
    Ok(FindingsRequest {
        project: config.project_name()?.clone(),
        folders: vec![PathBuf::from(orchestrate::paths::REPORTS)],
        declared: Vec::new(),
        advisories: Vec::new(),
        look_up: None,
        kev: None,
        epss: None,
        required: config.scanners.required.clone(),
        retired: config.scanners.retired.clone(),
        trust_empty: config.scanners.trusted_when_empty(),
        reports: config.scanners.report_counts(),
        exceptions: config.exceptions.iter().map(|e| e.0.clone()).collect(),
        sla: config.sla,
        retention: findings_ledger::Retention { scan_days: retention.scan_days, event_days: retention.event_days },
        key,
        writing: Writing::Write,
        now,
    })
}

/// The key for the marks of secrets; none where the environment has none.
fn fingerprint_key(cx: &mut Context) -> anyhow::Result<Option<scanner_reports::FingerprintKey>> {
    let Some(text) = cx.take_secret(FINGERPRINT_KEY) else { return Ok(None) };
    let key = scanner_reports::FingerprintKey::new(&text)
        .or_fail(ExitStatus::Usage, format!("the key in {FINGERPRINT_KEY} cannot be used"))?;
    Ok(Some(key))
}

/// What the configuration says of reports that are compared.
pub fn report_rules(cx: &mut Context) -> anyhow::Result<ReportRules> {
    let key = fingerprint_key(cx)?;
    let config = cx.config()?;
    Ok(ReportRules {
        required: config.scanners.required.clone(),
        retired: config.scanners.retired.clone(),
        reports: config.scanners.report_counts(),
        trust_empty: config.scanners.trusted_when_empty(),
        exceptions: config.exceptions.iter().map(|e| e.0.clone()).collect(),
        key,
    })
}

/// What a decision is made with, beside who asks.
#[derive(Debug, Clone, Default)]
pub struct DecisionInputs {
    /// The project's version, instead of what its metadata says.
    pub current_version: Option<String>,
    /// The version to release, instead of a computed one.
    pub next_version: Option<String>,
    /// A file with what the index has, `none` for an index that has nothing; nothing is known without it.
    pub index: Option<String>,
    /// A file with the policy, instead of the configuration's.
    pub policy: Option<PathBuf>,
}

/// What a decision is made with.
pub fn decision(cx: &mut Context, mut request: Request, inputs: &DecisionInputs) -> anyhow::Result<DecisionRequest> {
    let project = Project::at(cx.project());
    let now = cx.now();
    let config = cx.config()?;
    let name = config.project_name()?.clone();
    let index = index_versions(&project, &name, inputs.index.as_deref())?;
    let given = inputs.next_version.as_deref().map(str::parse::<Version>);
    let given = given.transpose().or_fail(ExitStatus::Usage, "the version of --next-version cannot be used")?;
    let policy = match &inputs.policy {
        Some(file) => policy_file(&project, file)?,
        None => config.release.clone(),
    };
    let current_version = match &inputs.current_version {
        Some(given) => {
            let what = "the version of --current-version cannot be used";
            Some(CurrentVersion::Static(given.parse::<Version>().or_fail(ExitStatus::Usage, what)?))
        }
        None => version::current_version(&project, &name, &config.bump.tag)
            .or_fail(ExitStatus::Usage, "the version in pyproject.toml cannot be used")?,
    };
    let status_page = config.status.url.as_deref().map(status_page);
    request.presentation = decision::presentation(&project, &policy, &name, status_page.as_deref())
        .or_fail(ExitStatus::Usage, "the templates of the release notes and the changelog cannot be used")?;
    // Another policy asks what would be: the state of the project is not the place for the answer.
    let writing = if inputs.policy.is_some() { Writing::DryRun } else { Writing::Write };
    let request = request.of_project(name.clone());
    Ok(DecisionRequest { project: name, policy, request, current_version, index, given, writing, now })
}

/// The page for people beside the status document.
fn status_page(url: &str) -> Cow<'_, str> {
    let folder = url.strip_suffix("index.json").filter(|folder| folder.ends_with('/'));
    folder.map_or(Cow::Borrowed(url), |folder| Cow::Owned(format!("{folder}index.html")))
}

/// Where the next version is written, and what becomes of it.
pub fn bump_settings(cx: &mut Context) -> anyhow::Result<BumpSettings> {
    Ok(cx.config()?.bump.clone())
}

/// The `ssh` through which git talks to remotes.
pub fn ssh(cx: &Context) -> Ssh {
    if cx.var("GIT_SSH").is_some() { Ssh::Named } else { Ssh::Silent }
}

fn index_versions(project: &Project, name: &PackageName, index: Option<&str>) -> anyhow::Result<Option<IndexVersions>> {
    let Some(file) = index else { return Ok(None) };
    if file == "none" {
        return Ok(Some(IndexVersions::none()));
    }
    let bytes = state_store::read(&project.path(file), state_store::DOCUMENT_LIMIT)
        .or_fail(ExitStatus::Usage, "what the index has cannot be read")
        .map_err(|e| e.hint("write the file with `publish-pypi releases --output FILE`, or give --index none"))?;
    let what = format!("{file} does not tell what the index has");
    Ok(Some(IndexVersions::from_pep691(&bytes, name).or_fail(ExitStatus::BadInput, what)?))
}

fn policy_file(project: &Project, file: &Path) -> anyhow::Result<Policy> {
    let label = file.display();
    let bytes = state_store::read(&project.path(file), state_store::CONFIG_LIMIT)
        .or_fail(ExitStatus::Usage, format!("the policy {label} cannot be read"))?;
    let text = String::from_utf8(bytes).or_fail(ExitStatus::Usage, format!("the policy {label} is not UTF-8"))?;
    Ok(config::from_toml(&text).or_fail(ExitStatus::Usage, format!("the policy {label} cannot be used"))?)
}

/// What the status is made with.
pub fn status(cx: &mut Context) -> anyhow::Result<StatusRequest> {
    let now = cx.now();
    let project = Project::at(cx.project());
    let config = cx.config()?;
    let name = config.project_name()?.clone();
    // A status without a version is better than none.
    let version = version::current_version(&project, &name, &config.bump.tag).ok().flatten();
    Ok(StatusRequest {
        project: name,
        version: match version {
            Some(CurrentVersion::Static(version)) => Some(version.to_string()),
            _ => None,
        },
        repository_url: config.project.url.clone(),
        output: PathBuf::from(orchestrate::paths::STATUS),
        accepted_gaps: config.scanners.accepted_gaps.clone(),
        max_scan_age_days: config.status.max_scan_age_days,
        scan_interval_days: config.status.scan_interval_days,
        sla: config.sla,
        now,
    })
}

/// The name of the project, for steps that need nothing else.
pub fn project_name(cx: &mut Context) -> anyhow::Result<PackageName> {
    Ok(cx.config()?.project_name()?.clone())
}

/// The id of the request: the run of the workflow, if there is one. Another attempt of the run is the same request.
pub fn run_id(cx: &Context) -> Option<String> {
    cx.var("GITHUB_RUN_ID").map(str::to_owned)
}
