//! The step that compares: the released baseline with the ledger, or any two sides.

mod files;
mod side;
mod unscanned;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use change_detect::ChangeSet;
use findings_ledger::{Exception, Intake, Ledger, Plans, Required};
use findings_model::{AdvisoryVerdict, Finding, FindingSet, PackageName, Scan, ScannerName, Timestamp};
use release_decision::Baseline;
use scanner_reports::FingerprintKey;

use self::{
    files::Files,
    side::{Placed, Side},
};
use crate::{
    by_name::ByName,
    documents::{self, DocumentError},
    project::Project,
    source_lines::SourceLines,
    told_lines,
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
///
/// Reports alone do not tell what people and advisory services said of a finding, so that no such difference is a change: they are
/// taken in on top of what the other side knows, or rated as it rates.
pub fn detect_changes(project: &Project, request: &ChangesRequest) -> Result<ChangeSet, DocumentError> {
    let previous = request.previous.as_deref().map(|path| side::at(project, path, request)).transpose()?;
    let Placed { side: mut current, files } = match &request.current {
        Some(path) => side::at(project, path, request)?,
        None => Placed {
            side: Side::Ledger(documents::ledger_or_empty(project, &request.project, request.now)?),
            files: Files::WorkTree(project),
        },
    };
    let tell = |current: &mut Side, known: &[Finding]| {
        if let (Side::Reports(scans), Files::WorkTree(_)) = (current, &files) {
            // The project's files are those of now.
            told_lines::tell(project, scans, known);
        }
    };
    let file_gone = |path: &str| !files.have(path);
    let Some(previous) = previous else {
        let baseline = documents::baseline_or_first(project, documents::decision(project)?.as_ref())?;
        tell(&mut current, baseline.as_ref().map_or(&[], |baseline| &baseline.findings));
        let current = match &baseline {
            Some(baseline) => on_top_of(|| ledger_of(baseline, request), current, &files, request),
            None => alone(current, &files, request),
        };
        let baseline = baseline.map(|baseline| baseline.merge_first_scans(&current));
        return since_release(baseline.as_ref(), &current, request.now, &file_gone);
    };
    tell(&mut current, previous.side.findings());
    let (before, current) = match previous.side {
        Side::Ledger(before) if matches!(current, Side::Reports(_)) => {
            (before.finding_set(), on_top_of(|| before, current, &files, request))
        }
        Side::Ledger(before) => (before.into_finding_set(), alone(current, &files, request)),
        Side::Baseline(baseline) => {
            let current = on_top_of(|| ledger_of(&baseline, request), current, &files, request);
            (baseline.finding_set(), current)
        }
        Side::Reports(scans) => {
            let ledger = Ledger::empty(&request.project, request.now);
            let ledger = take_in(&previous.files, ledger, &scans, &Plans::empty(), request);
            let mut before = ledger.finding_set();
            let current = match current {
                Side::Reports(scans) => take_in(&files, ledger, &scans, &Plans::empty(), request).into_finding_set(),
                known => {
                    let known = alone(known, &files, request);
                    // Its ids were given just now: they say nothing about another side's.
                    before.lineage = None;
                    unscanned::rate_as(&mut before, &known, &file_gone);
                    known
                }
            };
            return Ok(unscanned::detect(before, &current, &file_gone));
        }
    };
    Ok(change_detect::detect(Some(&before), &current, &file_gone))
}

/// A side as it is by itself.
fn alone(side: Side, files: &Files<'_>, request: &ChangesRequest) -> FindingSet {
    on_top_of(|| Ledger::empty(&request.project, request.now), side, files, request)
}

/// What is known with a side: reports are taken in on top of what was known before them, as an update of the findings would. So it is
/// known what an empty report may end, and what nobody was asked for stays as it was.
fn on_top_of(before: impl FnOnce() -> Ledger, side: Side, files: &Files<'_>, request: &ChangesRequest) -> FindingSet {
    match side {
        Side::Ledger(ledger) => ledger.into_finding_set(),
        Side::Baseline(baseline) => baseline.finding_set(),
        Side::Reports(scans) => take_in(files, before(), &scans, &files.plans(), request).into_finding_set(),
    }
}

/// What a release was decided on, to take reports in on top of it.
fn ledger_of(baseline: &Baseline, request: &ChangesRequest) -> Ledger {
    let empty = Ledger::empty(&request.project, request.now);
    Ledger {
        lineage: baseline.lineage.clone().unwrap_or_else(|| empty.lineage.clone()),
        scanners: baseline.scanners.clone(),
        findings: baseline.findings.clone(),
        ..empty
    }
}

/// Compares the released baseline, with every scanner's first scan merged in, with what is known now.
///
/// Where both are of one origin and the baseline knows a newer scan than the ledger, the ledger was put back to an older state: what
/// it lacks says nothing, so there is no answer.
pub(crate) fn since_release(
    baseline: Option<&Baseline>,
    current: &FindingSet,
    now: Timestamp,
    file_gone: &dyn Fn(&str) -> bool,
) -> Result<ChangeSet, DocumentError> {
    if let Some(scanner) = baseline.and_then(|baseline| behind(baseline, current, now)) {
        return Err(DocumentError::LedgerBehind { scanner });
    }
    let previous = baseline.map(Baseline::finding_set);
    let mut changes = change_detect::detect(previous.as_ref(), current, file_gone);
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

fn take_in(files: &Files<'_>, ledger: Ledger, scans: &[Scan], plans: &Plans, request: &ChangesRequest) -> Ledger {
    take_in_with(files, ledger, scans, plans, &request.rules, request.now)
}

/// Takes scans in without plans, exceptions and advisory records.
pub(crate) fn take_in_alone(project: &Project, ledger: Ledger, scans: &[Scan], now: Timestamp) -> Ledger {
    take_in_with(&Files::WorkTree(project), ledger, scans, &Plans::empty(), &ReportRules::default(), now)
}

/// Takes scans in without advisory records.
fn take_in_with(
    files: &Files<'_>,
    ledger: Ledger,
    scans: &[Scan],
    plans: &Plans,
    rules: &ReportRules,
    now: Timestamp,
) -> Ledger {
    let scopes = files.scopes();
    let lines = SourceLines::of(|path: &str| files.source(path));
    let by_name = ByName::of(|| files.all());
    let intake = Intake {
        scans,
        required: &rules.required.clone().map_or(Required::Default, Required::Named),
        retired: &rules.retired,
        reports: &rules.reports,
        trust_empty: &rules.trust_empty,
        file_exists: &|path| files.have(path),
        still_in: &|path, subject| lines.still_say(path, subject),
        in_part: &|path, subject| lines.say_in_part(path, subject),
        suppressed_in: &|path, scanner, subject| lines.suppress(path, scanner, subject),
        may_suppress_in: &|path, scanner, subject| lines.may_suppress(path, scanner, subject),
        digest_of: &|path, line| files.digest(path, line, &lines),
        namesakes: &|path| by_name.namesakes(path).to_vec(),
        advisory: &|_| AdvisoryVerdict::Unknown,
        advised: &|_| false,
        advisory_rating: &|_| None,
        plans,
        exceptions: &rules.exceptions,
        declares: &|package| scopes.declares(package),
        scope_of: &|package| scopes.of(package),
        now,
    };
    findings_ledger::take_in(ledger, &intake).ledger
}
