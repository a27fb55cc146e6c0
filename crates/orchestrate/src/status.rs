//! The step that writes the public status.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use findings_ledger::Ledger;
use findings_model::{FindingSet, PackageName, SlaDays, Timestamp, date_text};
use live_status::{History, HistoryError, Known, Limits, RenderError, StatusDocument, StatusInput, assess, render};
use state_store::StoreError;

use crate::{
    documents::{self, DocumentError},
    project::Project,
};

/// What a run of `update-status` works with.
#[derive(Clone, Debug)]
pub struct StatusRequest {
    /// The project's name.
    pub project: PackageName,
    /// Its version, where one is known.
    pub version: Option<String>,
    /// Its public address.
    pub repository_url: Option<String>,
    /// The folder of the public status.
    pub output: PathBuf,
    /// Packages and files that a scanner may leave out without a mark on the grade.
    pub accepted_gaps: BTreeSet<String>,
    /// Days after which a scan of a required scanner gives no grade any more.
    pub max_scan_age_days: u32,
    /// Days between scans.
    pub scan_interval_days: u32,
    /// Days to the due date, by severity.
    pub sla: SlaDays,
    /// The moment of the answer.
    pub now: Timestamp,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct StatusUpdate {
    /// The status.
    pub document: StatusDocument,
    /// Files that were written because they changed, below the project.
    pub written: Vec<String>,
    /// What could not be used and did no harm, a line each.
    pub warnings: Vec<String>,
}

/// Why the status was not written.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The ledger is unusable; the published status was left as it is.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The published status cannot be used.
    #[error("{path} cannot be used")]
    Published {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: live_status::DocumentError,
    },
    /// The published history was written by a newer program; it was left as it is.
    #[error("{path} cannot be used")]
    History {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: HistoryError,
    },
    /// The tree could not be made.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A file or folder could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Computes the status from the ledger and writes the files of its tree that changed, each whole; `index.json` comes last.
///
/// Without a ledger, or with that of another project, the state is unknown: "never scanned", or the last published answer marked as
/// no longer vouched for. A history that cannot be read, or that is another project's, is moved aside and named; nothing of a
/// published status of another project is carried on.
pub fn update_status(project: &Project, request: &StatusRequest) -> Result<StatusUpdate, StatusError> {
    let ledger = documents::ledger(project)?;
    let _held = project.lock(&request.output)?;
    update_held_status(project, request, ledger.as_ref())
}

/// As [`update_status`], where the caller holds the lock of the output.
fn update_held_status(
    project: &Project,
    request: &StatusRequest,
    ledger: Option<&Ledger>,
) -> Result<StatusUpdate, StatusError> {
    let output = project.path(&request.output);
    let mut warnings = Vec::new();

    let previous = match load_status(project, request) {
        Ok(previous) => previous,
        Err(StatusError::Published {
            path,
            source: live_status::DocumentError::Malformed(_) | live_status::DocumentError::Contradiction { .. },
        }) => {
            warnings.push(format!("{path} could not be read as a status; it is written anew from the ledger"));
            None
        }
        Err(error) => return Err(error),
    };
    let known = Source::of(request, ledger);
    match &known {
        Source::Findings(_) => {}
        Source::Nothing => warnings.push(format!("there is no {}; run update-findings first", crate::paths::LEDGER)),
        Source::OtherProject(other) => warnings.push(format!(
            "{} is of the project {other}, not of {}: nothing of it was published; put the project's own ledger there, or where the project has a new name, write that name as \"project\" in it",
            crate::paths::LEDGER, request.project
        )),
    }
    let published = previous.as_ref().map(|previous| &previous.project);
    let history = history(project, &output, request, published, &mut warnings)?;
    let document = compute(request, known.known(), previous.as_ref());
    let mut written = Vec::new();
    for file in render(&document, history)? {
        let path = output.join(file.path);
        if project.write(&path, &file.bytes)? {
            written.push(project.label(&path));
        }
    }
    tracing::info!("status: {}, {} files written", document.verdict, written.len());
    Ok(StatusUpdate { document, written, warnings })
}

/// As [`update_status`], but writes nothing where there is nothing to refresh: neither a ledger nor a published status.
pub fn refresh_status(project: &Project, request: &StatusRequest) -> Result<StatusUpdate, StatusError> {
    let ledger = documents::ledger(project)?;
    if !is_anything_there(project, request, ledger.as_ref()) {
        return Ok(StatusUpdate {
            document: compute(request, Known::Nothing, None),
            written: Vec::new(),
            warnings: vec!["there is no scan and no published status, so there is nothing to refresh".to_owned()],
        });
    }
    let _held = project.lock(&request.output)?;
    update_held_status(project, request, ledger.as_ref())
}

/// As [`refresh_status`], where the caller holds the lock of the output.
pub(crate) fn refresh_held_status(project: &Project, request: &StatusRequest) -> Result<(), StatusError> {
    let ledger = documents::ledger(project)?;
    if is_anything_there(project, request, ledger.as_ref()) {
        update_held_status(project, request, ledger.as_ref())?;
    }
    Ok(())
}

fn is_anything_there(project: &Project, request: &StatusRequest, ledger: Option<&Ledger>) -> bool {
    ledger.is_some() || state_store::exists(&project.path(&request.output).join("index.json"))
}

/// What a status is computed from.
pub(crate) enum Source {
    Findings(FindingSet),
    Nothing,
    /// A ledger of this project, which is not the one that is asked for.
    OtherProject(PackageName),
}

impl Source {
    pub(crate) fn of(request: &StatusRequest, ledger: Option<&Ledger>) -> Self {
        match ledger {
            None => Self::Nothing,
            Some(ledger) if ledger.project != request.project => Self::OtherProject(ledger.project.clone()),
            Some(ledger) => Self::Findings(ledger.finding_set()),
        }
    }

    pub(crate) fn known(&self) -> Known<'_> {
        match self {
            Self::Findings(set) => Known::Findings(set),
            Self::Nothing => Known::Nothing,
            Self::OtherProject(other) => Known::OtherProject(other),
        }
    }
}

/// The status at the request's moment.
pub(crate) fn compute(request: &StatusRequest, known: Known<'_>, previous: Option<&StatusDocument>) -> StatusDocument {
    assess(&StatusInput {
        project: &request.project,
        version: request.version.as_deref(),
        repository_url: request.repository_url.as_deref(),
        known,
        previous,
        accepted_gaps: &request.accepted_gaps,
        limits: Limits { scan_interval_days: request.scan_interval_days, max_scan_age_days: request.max_scan_age_days },
        sla: request.sla,
        now: request.now,
    })
}

/// The published status; none if there is none yet.
pub fn load_status(project: &Project, request: &StatusRequest) -> Result<Option<StatusDocument>, StatusError> {
    let path = project.path(&request.output).join("index.json");
    let Some(bytes) = project.document(&path)? else {
        return Ok(None);
    };
    let document = StatusDocument::from_json(&bytes);
    document.map(Some).map_err(|source| StatusError::Published { path: project.label(&path), source })
}

/// The published history, to be continued.
fn history(
    project: &Project,
    output: &Path,
    request: &StatusRequest,
    published: Option<&PackageName>,
    warnings: &mut Vec<String>,
) -> Result<History, StatusError> {
    let path = output.join("history.json");
    let Some(bytes) = project.document(&path)? else {
        return Ok(History::default());
    };
    let (label, why) = match History::from_json(&bytes) {
        // An older program did not write whose history it is; the status beside it tells.
        Ok(history) => match history.project.as_ref().or(published) {
            Some(other) if *other != request.project => ("other-project", format!("is the history of {other}")),
            Some(_) | None => return Ok(history),
        },
        Err(HistoryError::Malformed(_)) => ("corrupt", "could not be read".to_owned()),
        Err(source @ HistoryError::Schema(_)) => {
            return Err(StatusError::History { path: project.label(&path), source });
        }
    };
    let aside = state_store::set_aside(&path, &format!("{label}-{}", date_text(request.now.date())))?;
    warnings.push(format!(
        "{} {why}; it was moved to {} and a new history begins",
        project.label(&path),
        project.label(&aside)
    ));
    Ok(History::default())
}
