//! Loading the documents that several steps read.

use std::path::Path;

use findings_ledger::{Ledger, LedgerError};
use findings_model::{PackageName, Receipt, Timestamp};
use release_decision::{Baseline, StoredDecision};
use state_store::{Action, DOCUMENT_LIMIT, StoreError, StoreErrorKind};

use crate::{paths, project::Project};

/// Why a document of ours cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger cannot be understood.
    #[error("{path} cannot be used")]
    Ledger {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: LedgerError,
    },
    /// The baseline or decision cannot be understood.
    #[error("{path} cannot be used")]
    Decision {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: release_decision::DocumentError,
    },
    /// The receipt cannot be understood.
    #[error("{path} is no receipt")]
    Receipt {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The receipt was written by a newer program.
    #[error("{path} is of another schema")]
    ReceiptSchema {
        /// The file.
        path: String,
        /// Which one.
        #[source]
        source: findings_model::SchemaError,
    },
    /// There is a released baseline, and the ledger that it came from is gone.
    #[error("{} is gone, but {} is there", paths::LEDGER, paths::BASELINE)]
    LedgerLost,
    /// There is a decision that compared with a released baseline, and the baseline is gone.
    #[error("{} is gone, but {} was decided against one", paths::BASELINE, paths::DECISION)]
    BaselineLost,
    /// A file that must be there is not.
    #[error("there is no {path}")]
    Missing {
        /// The file.
        path: String,
    },
}

/// The ledger; none before the first scan.
pub fn ledger(project: &Project) -> Result<Option<Ledger>, DocumentError> {
    let path = project.path(paths::LEDGER);
    let Some(document) = state_store::open_if_there(&path, DOCUMENT_LIMIT)? else { return Ok(None) };
    let fail = |error| StoreError { action: Action::Read, path: path.clone(), kind: StoreErrorKind::Io(error) };
    if let Some(ledger) = Ledger::from_lines(document).map_err(fail)? {
        return Ok(Some(ledger));
    }
    let bytes = project.document(Path::new(paths::LEDGER))?;
    bytes
        .map(|bytes| {
            Ledger::from_json(&bytes).map_err(|source| DocumentError::Ledger { path: paths::LEDGER.to_owned(), source })
        })
        .transpose()
}

/// The ledger, or an empty one that begins now.
pub fn ledger_or_empty(project: &Project, name: &PackageName, now: Timestamp) -> Result<Ledger, DocumentError> {
    match ledger(project)? {
        Some(ledger) => Ok(ledger),
        // An empty ledger beside a baseline would make everything that was known look as if it had never been.
        None if state_store::exists(&project.path(paths::BASELINE)) => Err(DocumentError::LedgerLost),
        None => Ok(Ledger::empty(name, now)),
    }
}

/// The released baseline; none before the first decision.
pub fn baseline(project: &Project) -> Result<Option<Baseline>, DocumentError> {
    let bytes = project.document(Path::new(paths::BASELINE))?;
    bytes
        .map(|bytes| {
            Baseline::from_json(&bytes)
                .map_err(|source| DocumentError::Decision { path: paths::BASELINE.to_owned(), source })
        })
        .transpose()
}

/// The newest decision; none before the first one.
pub fn decision(project: &Project) -> Result<Option<StoredDecision>, DocumentError> {
    decision_at(project, Path::new(paths::DECISION))
}

/// The decision that a receipt belongs to: the one that travelled beside it, or the project's newest.
pub fn decision_of_receipt(project: &Project, receipt: &Path) -> Result<Option<StoredDecision>, DocumentError> {
    match decision_at(project, &receipt.with_file_name("decision.json"))? {
        Some(decision) => Ok(Some(decision)),
        None => decision(project),
    }
}

fn decision_at(project: &Project, path: &Path) -> Result<Option<StoredDecision>, DocumentError> {
    let label = || project.label(&project.path(path));
    let Some(bytes) = project.document(path)? else { return Ok(None) };
    StoredDecision::from_json(&bytes).map(Some).map_err(|source| DocumentError::Decision { path: label(), source })
}

/// The receipt at a path.
pub fn receipt(project: &Project, path: &Path) -> Result<Receipt, DocumentError> {
    let label = || project.label(&project.path(path));
    let bytes = project.document(path)?.ok_or_else(|| DocumentError::Missing { path: label() })?;
    let receipt: Receipt =
        serde_json::from_slice(&bytes).map_err(|source| DocumentError::Receipt { path: label(), source })?;
    receipt
        .schema_version
        .check(Receipt::SCHEMA)
        .map_err(|source| DocumentError::ReceiptSchema { path: label(), source })?;
    Ok(receipt)
}
