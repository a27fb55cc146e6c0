//! The step that compares: the released baseline with the ledger, or any two sides.

mod side;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use change_detect::ChangeSet;
use findings_ledger::{Exception, Intake, Ledger, Plans, Required};
use findings_model::{AdvisoryVerdict, FindingSet, PackageName, Scan, ScannerName, Timestamp};
use release_decision::Baseline;
use scanner_reports::FingerprintKey;

use self::side::{Files, Placed, Side};
use crate::{
    documents::{self, DocumentError},
    project::Project,
    source_lines::{self, SourceLines},
};

/// What to compare.
#[derive(Debug)]
pub struct ChangesRequest {
    /// The project's name.
    pub project: PackageName,
    /// The side before: a ledger, a baseline or a folder of reports, or where there is no such path a git revision (`REV` for its
    /// ledger, `REV:PATH`); none for the released baseline.
    pub previous: Option<PathBuf>,
    /// The side now, in the same words; none for the ledger.
    pub current: Option<PathBuf>,
    /// What the configuration says of reports, for a side that is a folder of them.
    pub rules: ReportRules,
    /// The time of the run.
    pub now: Timestamp,
}

/// What a configuration says of scanners and their reports; by default nothing.
#[derive(Debug, Default)]
pub struct ReportRules {
    /// Which scanners a run cannot do without; none for every one that ever gave a usable report.
    pub required: Option<BTreeSet<ScannerName>>,
    /// Scanners that are no longer used.
    pub retired: BTreeSet<ScannerName>,
    /// How many reports of a scanner a run has; as many as the run before where nothing is said.
    pub reports: BTreeMap<ScannerName, usize>,
    /// Scanners whose empty report is believed after one with content.
    pub trust_empty: BTreeSet<ScannerName>,
    /// What the configuration excepts.
    pub exceptions: Vec<Exception>,
    /// The key for the marks of secrets.
    pub key: Option<FingerprintKey>,
}

/// Says what changed between any two sides. Nothing is written.
pub fn detect_changes(project: &Project, request: &ChangesRequest) -> Result<ChangeSet, DocumentError> {
    let previous = request.previous.as_deref().map(|path| side::at(project, path, request)).transpose()?;
    let current = match &request.current {
        Some(path) => side::at(project, path, request)?,
        None => Placed {
            side: Side::Ledger(documents::ledger_or_empty(project, &request.project, request.now)?),
            files: Files::WorkTree,
        },
    };
    let files = current.files;
    let current = match (current.side, &files) {
        // The project's files are those of now.
        (Side::Reports(mut scans), Files::WorkTree) => {
            source_lines::tell(project, &mut scans);
            Side::Reports(scans)
        }
        (other, _) => other,
    };
    let (previous, current) = match (previous.map(|p| p.side), current) {
        // Reports taken into the ledger of the side before: what an empty report may end is known only so.
        (Some(Side::Ledger(before)), Side::Reports(scans)) => {
            (Some(before.finding_set()), take_in(project, before, &scans, request).into_finding_set())
        }
        (Some(Side::Reports(before)), Side::Reports(scans)) => {
            let before = take_in(project, Ledger::empty(&request.project, request.now), &before, request);
            (Some(before.finding_set()), take_in(project, before, &scans, request).into_finding_set())
        }
        (Some(previous), current) => (Some(set_of(project, previous, request)), set_of(project, current, request)),
        (None, current) => {
            let current = set_of(project, current, request);
            let baseline = documents::baseline_or_first(project, documents::decision(project)?.as_ref())?;
            let baseline = baseline.map(|baseline| baseline.merge_first_scans(&current));
            return since_release(project, baseline.as_ref(), &current, request.now);
        }
    };
    Ok(change_detect::detect(previous.as_ref(), &current, &|path| !files.have(project, path)))
}

/// Compares the released baseline, with every scanner's first scan merged in, with what is known now.
///
/// Where both are of one origin and the baseline knows a newer scan than the ledger, the ledger was put back to an older state: what
/// it lacks says nothing, so there is no answer.
pub(crate) fn since_release(
    project: &Project,
    baseline: Option<&Baseline>,
    current: &FindingSet,
    now: Timestamp,
) -> Result<ChangeSet, DocumentError> {
    if let Some(scanner) = baseline.and_then(|baseline| behind(baseline, current, now)) {
        return Err(DocumentError::LedgerBehind { scanner });
    }
    let previous = baseline.map(Baseline::finding_set);
    let mut changes = change_detect::detect(previous.as_ref(), current, &|path| !project.has_file(path));
    if let Some(baseline) = baseline {
        changes.compared_with = changes.compared_with.map(|findings| baseline.mark(&findings));
    }
    Ok(changes)
}

/// A scanner whose newest scan the baseline knows and the ledger does not. A time ahead of now was taken from a wrong clock.
fn behind(baseline: &Baseline, current: &FindingSet, now: Timestamp) -> Option<ScannerName> {
    let is_one_origin = baseline.lineage.is_some() && baseline.lineage == current.lineage;
    let mut scanners = baseline.scanners.iter().filter(|_| is_one_origin);
    let is_behind = |name: &ScannerName, known: Timestamp| {
        known <= now && current.scanners.get(name).and_then(|s| s.last_usable).is_none_or(|newest| newest < known)
    };
    scanners.find(|(name, s)| s.last_usable.is_some_and(|known| is_behind(name, known))).map(|(name, _)| name.clone())
}

fn set_of(project: &Project, side: Side, request: &ChangesRequest) -> FindingSet {
    match side {
        Side::Ledger(ledger) => ledger.into_finding_set(),
        Side::Baseline(baseline) => baseline.finding_set(),
        Side::Reports(scans) => {
            let ledger = take_in(project, Ledger::empty(&request.project, request.now), &scans, request);
            // Its ids were given just now: they say nothing about another side's.
            FindingSet { lineage: None, ..ledger.into_finding_set() }
        }
    }
}

fn take_in(project: &Project, ledger: Ledger, scans: &[Scan], request: &ChangesRequest) -> Ledger {
    take_in_with(project, ledger, scans, &request.rules, request.now)
}

/// Takes scans in without plans, exceptions and advisory records.
pub(crate) fn take_in_alone(project: &Project, ledger: Ledger, scans: &[Scan], now: Timestamp) -> Ledger {
    take_in_with(project, ledger, scans, &ReportRules::default(), now)
}

/// Takes scans in without plans and advisory records.
fn take_in_with(project: &Project, ledger: Ledger, scans: &[Scan], rules: &ReportRules, now: Timestamp) -> Ledger {
    let scopes = project.scopes();
    let lines = SourceLines::of(project);
    let intake = Intake {
        scans,
        required: &rules.required.clone().map_or(Required::Default, Required::Named),
        retired: &rules.retired,
        reports: &rules.reports,
        trust_empty: &rules.trust_empty,
        file_exists: &|path| project.has_file(path),
        still_in: &|path, subject| lines.still_say(path, subject),
        advisory: &|_| AdvisoryVerdict::Unknown,
        advised: &|_| false,
        plans: &Plans::empty(),
        exceptions: &rules.exceptions,
        declares: &|package| scopes.declares(package),
        scope_of: &|package| scopes.of(package),
        now,
    };
    findings_ledger::take_in(ledger, &intake).ledger
}
