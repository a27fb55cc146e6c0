//! Validation of the set-up around a project: gathers what the rules of `setup-rules` look at and answers them all.

use std::{collections::BTreeMap, io::Read as _, path::Path, time::Duration};

use findings_model::{SchemaVersion, Timestamp};
use metrics::{RunRecord, RunStatus};
use serde::Serialize;
use setup_rules::{
    Check, CheckStatus, CredentialScan, Group, PublishSettings, ResponseSample, TextFile, Unread, WorkflowTimes,
    Workflows,
};
use state_store::{StoreError, StoreErrorKind};

use self::walk::{Found, Levels, MOST_LEVELS, Walker};
use crate::{monitoring::load_history, project::Project};

mod walk;

/// The version of the validation document that this program writes.
pub const VALIDATION_VERSION: SchemaVersion = SchemaVersion::new(1, 0);

/// Where workflows stand.
const WORKFLOWS: &str = ".github/workflows";
/// Where a project's own actions stand, a folder each.
const ACTIONS: &str = ".github/actions";
/// Where templates of roles and secrets stand.
const INFRASTRUCTURE: &str = "infrastructure";
/// The most that a workflow or a template may hold: 1 MiB, GitHub's own limit for a workflow.
const TEXT_LIMIT: u64 = 1024 * 1024;
/// How many files are searched for credentials.
const MOST_FILES: usize = 50_000;
/// How much of a large file is read to tell text from data.
const HEAD_BYTES: u64 = 8192;

/// What is validated, and the values that come from outside the project's files.
#[derive(Debug, Clone, Copy)]
pub struct ValidationRequest<'a> {
    /// Which checks are wanted.
    pub groups: &'a [Group],
    /// How publishing authenticates, from the environment and the configuration.
    pub settings: PublishSettings<'a>,
    /// The requests made to the status page; none if no address is configured.
    pub responses: &'a [ResponseSample],
    /// Where the results will be written: not part of what is checked, so that a second run says the same.
    pub output: Option<&'a Path>,
    /// The time of the run.
    pub now: Timestamp,
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "a number of checks with the status of that name")]
pub struct ValidationSummary {
    pub pass: usize,
    pub warn: usize,
    pub fail: usize,
    pub unknown: usize,
}

/// The answers to all rules: the contents of `validation_results.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Validation {
    /// Version of the document.
    pub schema_version: SchemaVersion,
    /// When it was made.
    pub generated_at: Timestamp,
    /// Whether no check of severity error failed. What is unknown did not fail, and did not pass either.
    pub passed: bool,
    /// The checks counted.
    pub summary: ValidationSummary,
    /// One entry for each rule and place.
    pub checks: Vec<Check>,
}

/// Answers every rule of the groups asked for. What cannot be read is unknown in the answers, never an error of the whole.
pub fn validate(project: &Project, request: &ValidationRequest<'_>) -> Validation {
    let mut checks = Vec::new();
    if request.groups.contains(&Group::Security) {
        checks.extend(security(project, &request.settings, request.output));
    }
    if request.groups.contains(&Group::Performance) {
        checks.extend(setup_rules::check_response_time(request.responses));
        checks.extend(run_time(project, request.now));
    }
    Validation::of(checks, request.now)
}

impl Validation {
    fn of(checks: Vec<Check>, now: Timestamp) -> Self {
        let mut summary = ValidationSummary::default();
        for check in &checks {
            match check.status {
                CheckStatus::Pass => summary.pass += 1,
                CheckStatus::Warn => summary.warn += 1,
                CheckStatus::Fail => summary.fail += 1,
                CheckStatus::Unknown => summary.unknown += 1,
            }
        }
        Self { schema_version: VALIDATION_VERSION, generated_at: now, passed: summary.fail == 0, summary, checks }
    }

    /// The document as it is written.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Why the validation document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveValidationError {
    /// It has no JSON form.
    #[error("cannot write the validation as JSON")]
    Json(#[from] serde_json::Error),
    /// The file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes the validation document, replacing an older one whole.
pub fn save_validation(path: &Path, validation: &Validation) -> Result<(), SaveValidationError> {
    Ok(state_store::replace(path, &validation.to_json()?)?)
}

/// Whether these bytes are a validation document.
pub fn is_validation(bytes: &[u8]) -> bool {
    let document: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    document["schema_version"].is_string() && document["checks"].is_array() && document["passed"].is_boolean()
}

fn security(project: &Project, settings: &PublishSettings<'_>, output: Option<&Path>) -> Vec<Check> {
    let walker = Walker::new(project);
    let mut sources = Texts::default();
    sources.folder(project, &walker, WORKFLOWS, Levels::OnlyThis, &|name| has_ending(name, &["yml", "yaml"]));
    sources.folder(project, &walker, ACTIONS, Levels::Below(MOST_LEVELS), &|name| {
        matches!(name, "action.yml" | "action.yaml")
    });
    let workflows = Workflows::read(&sources.files(), &sources.unread);

    let mut templates = Texts::default();
    templates.folder(project, &walker, INFRASTRUCTURE, Levels::Below(MOST_LEVELS), &|name| {
        has_ending(name, &["json", "yaml", "yml", "template", "tf"])
    });

    let mut checks = setup_rules::check_oidc(settings, &workflows);
    checks.extend(workflows.check(settings));
    checks.extend(setup_rules::check_policies(&templates.files(), &templates.unread, settings.repository));
    checks.extend(credentials(project, &walker, output));
    checks
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Text files of the project by path, and those that could not be read.
#[derive(Debug, Default)]
struct Texts {
    texts: BTreeMap<String, String>,
    unread: Vec<Unread>,
}

impl Texts {
    /// Takes in the files of a folder, and of the folders below it for so many levels.
    fn folder(
        &mut self,
        project: &Project,
        walker: &Walker<'_>,
        folder: &str,
        levels: Levels,
        wanted: &dyn Fn(&str) -> bool,
    ) {
        walker.walk(folder, levels, &mut |found| match found {
            Found::PassedOver => {}
            Found::Unread(unread) => self.unread.push(unread),
            Found::File(path) => {
                if !wanted(path.rsplit('/').next().unwrap_or(&path)) {
                    return;
                }
                let text = match state_store::read(&project.path(&path), TEXT_LIMIT) {
                    Ok(bytes) => String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()),
                    Err(error) => Err(error.kind.to_string()),
                };
                match text {
                    Ok(text) => {
                        self.texts.insert(path, text);
                    }
                    Err(reason) => self.unread.push(Unread { path, reason }),
                }
            }
        });
    }

    fn files(&self) -> Vec<TextFile<'_>> {
        self.texts
            .iter()
            .map(|(path, text)| TextFile { path, text: text.strip_prefix('\u{feff}').unwrap_or(text) })
            .collect()
    }
}

fn credentials(project: &Project, walker: &Walker<'_>, output: Option<&Path>) -> Vec<Check> {
    let mut scan = CredentialScan::default();
    let mut files = 0;
    walker.walk("", Levels::Below(MOST_LEVELS), &mut |found| match found {
        Found::Unread(unread) => scan.skip(unread),
        Found::PassedOver => scan.pass_over(),
        Found::File(path) => {
            let full = project.path(&path);
            if output == Some(full.as_path()) {
                return;
            }
            files += 1;
            if files > MOST_FILES {
                if files == MOST_FILES + 1 {
                    scan.skip(Unread {
                        path,
                        reason: format!(
                            "the project has more than {MOST_FILES} files; this one and those behind it are left out"
                        ),
                    });
                }
                return;
            }
            match state_store::read(&full, setup_rules::MAX_FILE_BYTES) {
                Ok(bytes) => scan.add(&path, &bytes),
                Err(error) => {
                    if !matches!(error.kind, StoreErrorKind::TooLarge { .. }) || starts_as_text(&full) {
                        scan.skip(Unread { path, reason: error.kind.to_string() });
                    }
                }
            }
        }
    });
    scan.check()
}

/// Whether a file too large to be searched looks like text; what cannot be told counts as text.
fn starts_as_text(path: &Path) -> bool {
    let head = state_store::open_regular(path).ok().and_then(|file| {
        let mut head = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
        Some(head)
    });
    head.is_none_or(|head| setup_rules::is_text(&head))
}

/// The lengths of the newest successful runs of each workflow; a failed run ends when it fails, which says nothing about the target.
fn run_time(project: &Project, now: Timestamp) -> Vec<Check> {
    let history = match load_history(project) {
        Ok(history) => history,
        Err(error) => {
            return setup_rules::run_time_unknown(&format!("the run records cannot be read: {error}"));
        }
    };
    let counts = |run: &&RunRecord| {
        run.status == RunStatus::Success && !run.dry_run && run.event_time().is_some_and(|end| end <= now)
    };
    let mut runs: Vec<&RunRecord> = history.runs().iter().filter(counts).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.event_time()));
    let mut workflows: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for (run, time) in runs.iter().filter_map(|run| Some((run, run.duration()?))) {
        workflows.entry(run.workflow_name.as_str()).or_default().push(Duration::from_millis(time.millis()));
    }
    let workflows: Vec<WorkflowTimes<'_>> =
        workflows.into_iter().map(|(workflow, newest_first)| WorkflowTimes { workflow, newest_first }).collect();
    setup_rules::check_run_time(&workflows)
}
