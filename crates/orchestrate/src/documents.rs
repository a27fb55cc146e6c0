//! Loading the documents that several steps read.

use std::path::Path;

use findings_ledger::{Ledger, LedgerError};
use findings_model::{FindingSet, PackageName, Receipt, ScannerName, Timestamp, json};
use release_decision::{Baseline, Decision, Row, StoredDecision, Version};
use state_store::{Action, DOCUMENT_LIMIT, StoreError, StoreErrorKind};

use crate::{kept, paths, project::Project};

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
    #[error("{path} is not a receipt")]
    Receipt {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The receipt was written by a newer program.
    #[error("{path} has an unsupported schema version")]
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
    /// The ledger was put back to a state before the last release.
    #[error(
        "{} does not know the newest scan of {scanner} that {} was made on: it was put back to an older state",
        paths::LEDGER,
        paths::BASELINE
    )]
    LedgerBehind {
        /// A scanner whose newest scan it lacks.
        scanner: ScannerName,
    },
    /// The ledger is of a later time than the run: one of two clocks is wrong.
    #[error(
        "{} was last updated at {updated}, and the time of this run is {now}, more than a day before: a clock is wrong",
        paths::LEDGER
    )]
    LedgerAhead {
        /// When a run last took scans in.
        updated: Timestamp,
        /// The time of this run.
        now: Timestamp,
    },
    /// There is a decision that compared with a released baseline, and the baseline is gone.
    #[error("{} is gone, but {} was decided against one", paths::BASELINE, paths::DECISION)]
    BaselineLost,
    /// A release is due, and a decision that was replaced cannot be read.
    #[error("a release is due, and {path} may be of a decision that was published already")]
    KeptDecision {
        /// The file.
        path: String,
        /// Why it cannot be read.
        #[source]
        source: Box<DocumentError>,
    },
    /// Neither a file nor a revision.
    #[error("{place} is neither a file or folder of the project nor a revision with findings")]
    NoSide {
        /// As it was given.
        place: String,
        /// What git says of it.
        #[source]
        source: git_command::GitError,
    },
    /// A file of text is something else.
    #[error("{path} is not UTF-8")]
    NotUtf8 {
        /// The file.
        path: String,
    },
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

/// Whether there is a ledger.
pub fn has_ledger(project: &Project) -> bool {
    state_store::exists(&project.path(paths::LEDGER))
}

/// The ledger, or an empty one that begins now.
pub fn ledger_or_empty(project: &Project, name: &PackageName, now: Timestamp) -> Result<Ledger, DocumentError> {
    match ledger(project)? {
        Some(ledger) => Ok(ledger),
        None => empty_ledger(project, name, now),
    }
}

fn empty_ledger(project: &Project, name: &PackageName, now: Timestamp) -> Result<Ledger, DocumentError> {
    // An empty ledger beside a baseline of scans would make everything that was known look as if it had never been.
    if baseline(project)?.is_some_and(|baseline| !baseline.scanners.is_empty()) {
        return Err(DocumentError::LedgerLost);
    }
    Ok(Ledger::empty(name, now))
}

/// Refuses a ledger of a later time than the run's: what such a run ends or decides would lie before what it is about, and
/// exceptions that are over would hold again.
pub(crate) fn refuse_ahead(updated: Timestamp, now: Timestamp) -> Result<(), DocumentError> {
    if updated.is_ahead_of(now) { Err(DocumentError::LedgerAhead { updated, now }) } else { Ok(()) }
}

/// The findings of the ledger, to decide on; those of an empty one where there is none yet.
pub(crate) fn findings_or_empty(
    project: &Project,
    name: &PackageName,
    now: Timestamp,
) -> Result<FindingSet, DocumentError> {
    let Some(bytes) = project.document(Path::new(paths::LEDGER))? else {
        return empty_ledger(project, name, now).map(Ledger::into_finding_set);
    };
    let (findings, updated) = Ledger::finding_set_from_json(&bytes)
        .map_err(|source| DocumentError::Ledger { path: paths::LEDGER.to_owned(), source })?;
    refuse_ahead(updated, now)?;
    Ok(findings)
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

/// The released baseline, or where it was never written what the first decision says that it begins with; none before that one, and
/// where that one releases the first scan.
///
/// Without a baseline that there was, everything would look like a first scan, and what is due would be swallowed.
pub(crate) fn baseline_or_first(
    project: &Project,
    last: Option<&StoredDecision>,
) -> Result<Option<Baseline>, DocumentError> {
    if let Some(known) = baseline(project)? {
        return Ok(Some(known));
    }
    let Some(last) = last else { return Ok(None) };
    if last.decision.compared_with.is_some() {
        return Err(DocumentError::BaselineLost);
    }
    // The changes of a first scan that is only recorded have a row of their own.
    let mut changes = last.decision.reasons.iter().filter(|reason| reason.finding_id.is_some());
    if last.decision.should_release && !changes.all(|reason| reason.row == Row::FirstScan) {
        return Ok(None);
    }
    let set = snapshot(paths::DECISION.to_owned(), last)?;
    let is_scanned = set.scanners.values().any(|scanner| scanner.first_usable.is_some());
    Ok(is_scanned.then(|| Baseline::first(&set, last.decision.decided_at)))
}

/// What a decision was made on, which stands in the document of this name.
pub(crate) fn snapshot(path: String, stored: &StoredDecision) -> Result<FindingSet, DocumentError> {
    stored.snapshot().map_err(|source| DocumentError::Decision { path, source })
}

/// The newest decision; none before the first one.
pub fn decision(project: &Project) -> Result<Option<StoredDecision>, DocumentError> {
    decision_at(project, Path::new(paths::DECISION))
}

/// As [`decision`], and what it was made on is not judged.
pub(crate) fn newest_decision(project: &Project) -> Result<Option<StoredDecision>, DocumentError> {
    head_of_decision_at(project, Path::new(paths::DECISION))
}

/// Which decision is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// The one with this id.
    Id(&'a str),
    /// One to release this version, or a version that it does not name.
    ReleaseOf(&'a Version),
}

impl Wanted<'_> {
    /// Whether a decision is the wanted one.
    pub fn is(self, decision: &Decision) -> bool {
        match self {
            Self::Id(id) => decision.decision_id == id,
            Self::ReleaseOf(version) => {
                decision.should_release && decision.next_version.as_ref().is_none_or(|next| next == version)
            }
        }
    }
}

/// The decision that a publish carries out, which is the one that travelled beside its receipt, the project's newest, or one that
/// was replaced before it was recorded. Where none is the wanted one, the first that there is, so that it can be named.
pub fn decision_of_publish(
    project: &Project,
    receipt: &Path,
    wanted: Wanted<'_>,
) -> Result<Option<StoredDecision>, DocumentError> {
    // Where the one beside it is damaged, the same one may be intact elsewhere.
    let beside = decision_at(project, &receipt.with_file_name("decision.json"));
    let first = match &beside {
        Ok(Some(_)) => None,
        Ok(None) | Err(_) => decision(project)?,
    };
    let is_wanted = |stored: &StoredDecision| wanted.is(&stored.decision);
    if let Some(known) = beside.as_ref().ok().and_then(Option::as_ref).or(first.as_ref()).filter(|s| is_wanted(s)) {
        return Ok(Some(known.clone()));
    }
    match kept::find(project, wanted)? {
        Some(kept) => Ok(Some(kept)),
        None => Ok(beside?.or(first)),
    }
}

/// The receipt that the newest publish left at its usual place; none where there is none.
pub(crate) fn newest_receipt(project: &Project) -> Result<Option<Receipt>, DocumentError> {
    if !state_store::exists(&project.path(paths::RECEIPT)) {
        return Ok(None);
    }
    receipt(project, Path::new(paths::RECEIPT)).map(Some)
}

/// The decision at a path, which can be recorded: what it was made on can be read.
pub(crate) fn decision_at(project: &Project, path: &Path) -> Result<Option<StoredDecision>, DocumentError> {
    let stored = head_of_decision_at(project, path)?;
    if let Some(stored) = &stored {
        snapshot(project.label(&project.path(path)), stored)?;
    }
    Ok(stored)
}

fn head_of_decision_at(project: &Project, path: &Path) -> Result<Option<StoredDecision>, DocumentError> {
    let label = || project.label(&project.path(path));
    let Some(bytes) = project.document(path)? else { return Ok(None) };
    StoredDecision::from_json(bytes).map(Some).map_err(|source| DocumentError::Decision { path: label(), source })
}

/// The receipt at a path.
pub fn receipt(project: &Project, path: &Path) -> Result<Receipt, DocumentError> {
    let label = || project.label(&project.path(path));
    let bytes = project.document(path)?.ok_or_else(|| DocumentError::Missing { path: label() })?;
    let receipt: Receipt =
        json::from_slice(&bytes).map_err(|source| DocumentError::Receipt { path: label(), source })?;
    receipt
        .schema_version
        .check(Receipt::SCHEMA)
        .map_err(|source| DocumentError::ReceiptSchema { path: label(), source })?;
    Ok(receipt)
}
