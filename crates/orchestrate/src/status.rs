//! The step that writes the public status.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use findings_model::{FindingSet, PackageName, SlaDays, Timestamp, date_text};
use live_status::{History, HistoryError, Limits, RenderError, StatusDocument, StatusInput, assess, render};
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
/// Without a ledger the state is unknown: "never scanned", or the last published answer marked as no longer vouched for.
/// A history that cannot be read is moved aside and named.
pub fn update_status(project: &Project, request: &StatusRequest) -> Result<StatusUpdate, StatusError> {
    let ledger = documents::ledger(project)?;
    let output = project.path(&request.output);
    let _held = state_store::lock(&output)?;
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
    if ledger.is_none() {
        warnings.push(format!("there is no {}; run update-findings first", crate::paths::LEDGER));
    }
    let history = history(project, &output, request.now, &mut warnings)?;

    let set = ledger.as_ref().map(findings_ledger::Ledger::finding_set);
    let document = compute(request, set.as_ref(), previous.as_ref());
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
    let published = project.path(&request.output).join("index.json");
    if documents::ledger(project)?.is_some() || state_store::exists(&published) {
        return update_status(project, request);
    }
    Ok(StatusUpdate {
        document: compute(request, None, None),
        written: Vec::new(),
        warnings: vec!["there is no scan and no published status, so there is nothing to refresh".to_owned()],
    })
}

fn compute(request: &StatusRequest, set: Option<&FindingSet>, previous: Option<&StatusDocument>) -> StatusDocument {
    assess(&StatusInput {
        project: &request.project,
        version: request.version.as_deref(),
        repository_url: request.repository_url.as_deref(),
        set,
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

fn history(
    project: &Project,
    output: &Path,
    now: Timestamp,
    warnings: &mut Vec<String>,
) -> Result<History, StatusError> {
    let path = output.join("history.json");
    let Some(bytes) = project.document(&path)? else {
        return Ok(History::default());
    };
    match History::from_json(&bytes) {
        Ok(history) => Ok(history),
        Err(HistoryError::Malformed(_)) => {
            let aside = state_store::set_aside(&path, &format!("corrupt-{}", date_text(now.date())))?;
            warnings.push(format!(
                "{} could not be read; it was moved to {} and a new history begins",
                project.label(&path),
                project.label(&aside)
            ));
            Ok(History::default())
        }
        Err(source @ HistoryError::Schema(_)) => Err(StatusError::History { path: project.label(&path), source }),
    }
}
