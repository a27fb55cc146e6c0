//! Whether the system works: judged by the documents, above all by the ledger's last complete scans.

use std::path::Path;

use findings_ledger::PlanFile;
use findings_model::{FindingSet, ScannerName, SchemaVersion, Timestamp};
use git_command::Repository;
use live_status::{Known, ScannerStatus, Standing, State, StatusDocument};
use release_decision::{Baseline, StoredDecision};
use serde::Serialize;

use crate::{
    decision,
    documents::{self, DocumentError},
    kept, monitoring, paths,
    project::Project,
    state,
    status::{Source, StatusRequest, compute},
};

mod published;

/// The state of a part or of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
    /// It works.
    Healthy,
    /// Nothing tells.
    Unknown,
    /// It does not work.
    Unhealthy,
}

impl HealthState {
    /// The word: `healthy`, `unknown` or `unhealthy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One part of the system.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// True, false, or null for unknown.
    pub healthy: Option<bool>,
    /// The same in a word.
    pub state: HealthState,
    /// Why, in a sentence.
    pub message: String,
    /// Where it lies, below the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many there are: reports, open findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

impl Component {
    fn new(state: HealthState, message: impl Into<String>) -> Self {
        let healthy = match state {
            HealthState::Healthy => Some(true),
            HealthState::Unknown => None,
            HealthState::Unhealthy => Some(false),
        };
        Self { healthy, state, message: message.into(), path: None, count: None }
    }

    fn at(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    fn counting(mut self, count: usize) -> Self {
        self.count = Some(count);
        self
    }
}

/// The answer of the health check.
#[derive(Clone, Debug, Serialize)]
pub struct HealthReport {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// True, false, or null for unknown.
    pub overall_healthy: Option<bool>,
    /// The same in a word: the worst part counts.
    pub state: HealthState,
    /// The parts.
    pub components: Components,
    /// When it was judged.
    pub timestamp: Timestamp,
}

/// The parts of the system.
#[derive(Clone, Debug, Serialize)]
pub struct Components {
    /// Reports that lie ready for the next run; a checkout without any is no fault.
    pub security_reports: Component,
    /// The ledger: can it be read, is every required scan complete and recent?
    pub security_findings: Component,
    /// Baseline and decision: can they be read, and can the next decision be made on them and the ledger?
    pub release_engine: Component,
    /// The public status: is it there and whole, does it say what the ledger says?
    pub status_output: Component,
    /// The run records: can they be read?
    pub workflow_metrics: Component,
}

/// Judges every part.
pub fn validate_integration_health(project: &Project, status: &StatusRequest, now: Timestamp) -> HealthReport {
    let components = Components {
        security_reports: reports(project),
        security_findings: findings(project, status, now),
        release_engine: engine(project, status, now),
        status_output: published::output(project, status, now),
        workflow_metrics: records(project),
    };
    let parts = [
        &components.security_findings,
        &components.release_engine,
        &components.status_output,
        &components.workflow_metrics,
        &components.security_reports,
    ];
    let worst = parts.iter().map(|c| c.state).max().unwrap_or(HealthState::Unknown);
    // Without a single scan there is nothing to be healthy, and a page that is behind the ledger is not. A project need not have a page.
    let is_behind = components.status_output.state == HealthState::Unknown && published::is_there(project, status);
    let state = match components.security_findings.state {
        _ if worst == HealthState::Unhealthy => HealthState::Unhealthy,
        HealthState::Unknown => HealthState::Unknown,
        _ if is_behind => HealthState::Unknown,
        _ => HealthState::Healthy,
    };
    HealthReport {
        schema_version: SchemaVersion::new(1, 0),
        overall_healthy: Component::new(state, "").healthy,
        state,
        components,
        timestamp: now,
    }
}

fn reports(project: &Project) -> Component {
    let component = match state_store::list(&project.path(paths::REPORTS)) {
        Err(error) => Component::new(HealthState::Unhealthy, error.to_string()),
        Ok(entries) if entries.is_empty() => {
            Component::new(HealthState::Unknown, "no report lies here; the ledger tells of the last scans").counting(0)
        }
        Ok(entries) => {
            let words = match entries.len() {
                1 => "1 report lies here".to_owned(),
                several => format!("{several} reports lie here"),
            };
            Component::new(HealthState::Healthy, words).counting(entries.len())
        }
    };
    component.at(paths::REPORTS)
}

fn findings(project: &Project, status: &StatusRequest, now: Timestamp) -> Component {
    if let Err(fault) = plans(project) {
        return Component::new(HealthState::Unhealthy, fault).at(paths::PLANS);
    }
    if let Some(component) = left_out(project) {
        return component.at(paths::FINDINGS);
    }
    let component = match documents::ledger(project) {
        Err(error) => Component::new(HealthState::Unhealthy, crate::causes(&error)),
        Ok(ledger) => match Source::of(status, ledger.as_ref()) {
            Source::Nothing => Component::new(HealthState::Unknown, "there was no scan yet"),
            Source::OtherProject(other) => Component::new(
                HealthState::Unhealthy,
                format!("it is the ledger of {other}, not of {}", status.project),
            ),
            Source::Findings(set) => {
                let request = StatusRequest { now, ..status.clone() };
                let document = compute(&request, Known::Findings(&set), None);
                scans(&set, &document).counting(document.findings.len())
            }
        },
    };
    component.at(paths::LEDGER)
}

/// State that never reaches the next run, because git is told to ignore it. Outside a repository nobody tells git anything.
fn left_out(project: &Project) -> Option<Component> {
    let repository = Repository::find(project.root()).ok()?;
    match state::ignored(project, &repository) {
        Ok(files) if files.is_empty() => None,
        Ok(files) => {
            let words = format!("git is told to ignore what the next run needs: {}", state::listed(&files));
            Some(Component::new(HealthState::Unhealthy, words))
        }
        Err(error) => {
            let words = format!("nothing tells whether git keeps what the next run needs: {}", crate::causes(&error));
            Some(Component::new(HealthState::Unknown, words))
        }
    }
}

/// Whether the plan file can be read; a run that cannot stops before it takes anything in.
fn plans(project: &Project) -> Result<(), String> {
    let bytes = project.document(Path::new(paths::PLANS)).map_err(|error| error.to_string())?.unwrap_or_default();
    match PlanFile::read(&bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{} cannot be used: {}", paths::PLANS, crate::causes(&error))),
    }
}

/// What the status says of the scans is what counts here too: where it is unknown, nothing is healthy.
fn scans(set: &FindingSet, document: &StatusDocument) -> Component {
    let required: Vec<&ScannerStatus> = document.scanners.iter().filter(|scanner| scanner.required).collect();
    let unproved: Vec<&str> = set.unproved_scanners().into_iter().map(ScannerName::as_str).collect();
    if required.is_empty() {
        return Component::new(HealthState::Unknown, without_required(set));
    }
    if document.state == State::Unknown {
        return Component::new(HealthState::Unhealthy, document.grade_reason.clone());
    }
    if !unproved.is_empty() {
        return Component::new(
            HealthState::Unknown,
            format!("the reports of {} hold nothing: nothing shows that anything was looked at", unproved.join(", ")),
        );
    }
    let count = required.len();
    let but: Vec<String> = required
        .iter()
        .filter(|scanner| scanner.standing != Standing::Complete)
        .map(|scanner| match scanner.standing {
            Standing::Stale => format!("the next {} scan is overdue", scanner.name),
            _ => format!("{} left gaps", scanner.name),
        })
        .collect();
    let words = if but.is_empty() {
        format!("all {count} required scanners are complete and recent")
    } else {
        format!("all {count} required scanners gave reports that count, but {}", but.join(", "))
    };
    Component::new(HealthState::Healthy, words)
}

/// Why no scanner is required.
fn without_required(set: &FindingSet) -> &'static str {
    let in_use = || set.scanners.values().filter(|scanner| !scanner.retired);
    if set.scanners.is_empty() {
        "there was no scan yet"
    } else if in_use().next().is_none() {
        "every scanner is retired, so nothing is scanned any more"
    } else if in_use().any(|scanner| scanner.last_usable.is_some()) {
        "no scanner is required"
    } else {
        "no scanner ever gave a usable report"
    }
}

fn engine(project: &Project, status: &StatusRequest, now: Timestamp) -> Component {
    let component = match engine_documents(project, status, now) {
        Err(error) => Component::new(HealthState::Unhealthy, crate::causes(&error)),
        Ok((None, None)) => Component::new(HealthState::Unknown, "nothing was decided yet"),
        Ok((baseline, decision)) => {
            let recorded = baseline.as_ref().and_then(|b| b.decision_id.as_ref());
            let words = match &decision {
                None => "nothing was decided yet",
                Some(d) if recorded == Some(&d.decision.decision_id) => "it carried out the newest decision",
                Some(d) if d.decision.should_release => {
                    "the newest decision is to release, and is not recorded as released"
                }
                Some(_) => "the newest decision is not to release",
            };
            let released = baseline.and_then(|b| b.version).map_or_else(|| "none".to_owned(), |v| v.to_string());
            Component::new(HealthState::Healthy, format!("last recorded release: {released}; {words}"))
        }
    };
    component.at(paths::BASELINE)
}

/// Baseline and newest decision. The decisions that were replaced have to be readable as well: one of them may be published.
fn engine_documents(
    project: &Project,
    status: &StatusRequest,
    now: Timestamp,
) -> Result<(Option<Baseline>, Option<StoredDecision>), DocumentError> {
    let (baseline, decision) = (documents::baseline(project)?, documents::decision(project)?);
    if let Some(damaged) = kept::all(project)?.damaged.into_iter().next() {
        return Err(damaged.error);
    }
    // A ledger that cannot be read is told of the findings.
    if documents::ledger(project).is_ok() {
        decision::can_decide(project, &status.project, now)?;
    }
    Ok((baseline, decision))
}

fn records(project: &Project) -> Component {
    let component = match monitoring::load_history(project) {
        Err(error) => Component::new(HealthState::Unhealthy, crate::causes(&error)),
        Ok(history) => match history.skipped() {
            [] => Component::new(HealthState::Healthy, "every run record can be read"),
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
                let words = format!("{} cannot be read ({}){more}", first.file, first.reason);
                Component::new(HealthState::Unhealthy, words)
            }
        },
    };
    component.at(paths::METRICS)
}
