//! The step that compares: the released baseline with the ledger, or any two sides.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use change_detect::ChangeSet;
use findings_ledger::{Intake, Ledger, Plans, Required};
use findings_model::{AdvisoryVerdict, FindingSet, PackageName, Scan, Timestamp};
use release_decision::Baseline;

use crate::{
    documents::{self, DocumentError},
    gather::{self, Reading},
    project::Project,
};

/// What to compare.
#[derive(Debug, Clone)]
pub struct ChangesRequest {
    /// The project's name.
    pub project: PackageName,
    /// The side before: a ledger, a baseline or a folder of reports; none for the released baseline.
    pub previous: Option<PathBuf>,
    /// The side now; none for the ledger.
    pub current: Option<PathBuf>,
    /// The time of the run.
    pub now: Timestamp,
}

/// Says what changed. Nothing is written.
pub fn detect_changes(project: &Project, request: &ChangesRequest) -> Result<ChangeSet, DocumentError> {
    let previous = request.previous.as_deref().map(|path| side(project, path, request)).transpose()?;
    let current = match &request.current {
        Some(path) => side(project, path, request)?,
        None => Side::Ledger(documents::ledger_or_empty(project, &request.project, request.now)?),
    };
    let (previous, current) = match (previous, current) {
        // Reports taken into the ledger of the side before: what an empty report may end is known only so.
        (Some(Side::Ledger(before)), Side::Reports(scans)) => {
            (Some(before.finding_set()), take_in(project, before, &scans, request).finding_set())
        }
        (Some(Side::Reports(before)), Side::Reports(scans)) => {
            let before = take_in(project, Ledger::empty(&request.project, request.now), &before, request);
            (Some(before.finding_set()), take_in(project, before, &scans, request).finding_set())
        }
        (previous, current) => {
            let current = set_of(project, current, request);
            let previous = match previous {
                Some(side) => Some(set_of(project, side, request)),
                None => {
                    documents::baseline(project)?.map(|baseline| baseline.merge_first_scans(&current).finding_set())
                }
            };
            (previous, current)
        }
    };
    Ok(compare(project, previous.as_ref(), &current))
}

/// Compares the released baseline, with every scanner's first scan merged in, with what is known now.
pub(crate) fn against_baseline(project: &Project, baseline: Option<&Baseline>, current: &FindingSet) -> ChangeSet {
    compare(project, baseline.map(Baseline::finding_set).as_ref(), current)
}

fn compare(project: &Project, previous: Option<&FindingSet>, current: &FindingSet) -> ChangeSet {
    change_detect::detect(previous, current, &|path| !project.has_file(path))
}

/// One side of a comparison, as it was found.
enum Side {
    Ledger(Ledger),
    Baseline(Box<Baseline>),
    Reports(Vec<Scan>),
}

fn side(project: &Project, path: &Path, request: &ChangesRequest) -> Result<Side, DocumentError> {
    let full = project.path(path);
    if full.is_dir() {
        let reading = Reading { own_project: Some(&request.project), key: None, now: request.now };
        return Ok(Side::Reports(gather::scans_of_folder(project, &full, &reading, &|_| false)?));
    }
    let label = || project.label(&full);
    let bytes = project.document(path)?.ok_or_else(|| DocumentError::Missing { path: label() })?;
    // A baseline is told from a ledger by what only it says.
    if let Ok(baseline) = Baseline::from_json(&bytes) {
        return Ok(Side::Baseline(Box::new(baseline)));
    }
    Ledger::from_json(&bytes).map(Side::Ledger).map_err(|source| DocumentError::Ledger { path: label(), source })
}

fn set_of(project: &Project, side: Side, request: &ChangesRequest) -> FindingSet {
    match side {
        Side::Ledger(ledger) => ledger.finding_set(),
        Side::Baseline(baseline) => baseline.finding_set(),
        Side::Reports(scans) => {
            let ledger = take_in(project, Ledger::empty(&request.project, request.now), &scans, request);
            // Its ids were given just now: they say nothing about another side's.
            FindingSet { lineage: None, ..ledger.finding_set() }
        }
    }
}

fn take_in(project: &Project, ledger: Ledger, scans: &[Scan], request: &ChangesRequest) -> Ledger {
    let scopes = project.scopes();
    let nothing = BTreeSet::new();
    let intake = Intake {
        scans,
        required: &Required::Default,
        retired: &nothing,
        reports: &BTreeMap::new(),
        trust_empty: &nothing,
        file_exists: &|path| project.has_file(path),
        advisory: &|_| AdvisoryVerdict::Unknown,
        plans: &Plans::empty(),
        scope_of: &|package| scopes.of(package),
        now: request.now,
    };
    findings_ledger::take_in(ledger, &intake).ledger
}
