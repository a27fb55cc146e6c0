//! One run's scans, judged: what each proves, and what all of a scanner's reports prove together.

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use findings_model::{
    Coverage, CoverageState, Finding, Gap, Observation, Package, Scan, ScanSummary, ScannerName, ScannerState, Status,
    Subject, Timestamp,
};

use super::{Intake, Required};
use crate::Ledger;

pub(super) struct Run<'a> {
    intake: &'a Intake<'a>,
    /// The project as a package.
    own: Package,
    scans: Vec<Judged<'a>>,
    groups: BTreeMap<&'a ScannerName, Group<'a>>,
    required: BTreeSet<ScannerName>,
    missing: Vec<ScanSummary>,
}

struct Judged<'a> {
    scan: &'a Scan,
    coverage: Cow<'a, Coverage>,
}

/// One record of the run.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) observation: &'a Observation,
    pub(super) scanner: &'a ScannerName,
    pub(super) report: usize,
}

/// All reports of one scanner.
#[derive(Default)]
struct Group<'a> {
    /// Whether what they do not report may have ended: all are usable and unfiltered and name all their gaps.
    ends: bool,
    usable: bool,
    gap_packages: HashSet<&'a Package>,
    gap_files: HashSet<&'a str>,
    /// The listed packages with every version that is listed.
    packages: HashMap<&'a Package, BTreeSet<&'a str>>,
    /// Whether each report lists its packages; then a package that none lists is gone.
    lists_packages: bool,
    files: HashSet<&'a str>,
    lists_files: bool,
    /// Whether any file that the reports list is in the project's folder.
    tree_is_there: bool,
}

/// What the reports of a scanner say about the place of a finding that they do not report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// They did not look there, or cannot prove that they did.
    NotCovered,
    /// The package is no longer there.
    PackageGone,
    /// The package was looked at, at this version.
    PackageAt(Option<&'a str>),
    /// They do not list packages.
    PackageUnlisted,
    /// The file is gone.
    FileGone,
    /// The file was looked at, or they do not list files and it is there.
    FileThere,
}

impl<'a> Run<'a> {
    pub(super) fn judge(ledger: &Ledger, intake: &'a Intake<'a>) -> Self {
        let content = scanners_with_content(ledger, intake.scans);
        let mut scans: Vec<Judged<'a>> = intake
            .scans
            .iter()
            .map(|scan| Judged { scan, coverage: judge_blank(scan, &content, intake.trust_empty) })
            .collect();
        scans.sort_by(|a, b| compare_scans(a.scan, b.scan));
        let mut groups: BTreeMap<&ScannerName, Group<'a>> = BTreeMap::new();
        for judged in &scans {
            let first = !groups.contains_key(&judged.scan.scanner);
            groups.entry(&judged.scan.scanner).or_default().add(judged, first);
        }
        for scanner in intake.retired {
            if let Some(group) = groups.get_mut(scanner) {
                group.ends = false;
            }
        }
        let required = required(ledger, intake, &groups);
        let mut missing: Vec<ScanSummary> = required
            .iter()
            .filter(|name| !groups.contains_key(name) && !ledger.scanners.contains_key(name))
            .map(|name| missing(name, None, String::new(), false))
            .collect();
        for (name, state) in &ledger.scanners {
            if intake.retired.contains(name) || (!groups.contains_key(name) && !required.contains(name)) {
                continue;
            }
            let lost = lost_reports(name, state, &scans, intake.reports.get(name).copied());
            if let Some(group) = groups.get_mut(name).filter(|_| !lost.is_empty()) {
                group.ends = false;
            }
            let others = groups.contains_key(name);
            missing.extend(lost.into_iter().map(|file| self::missing(name, Some(state), file, others)));
        }
        for group in groups.values_mut() {
            group.tree_is_there = group.files.iter().any(|path| (intake.file_exists)(path));
        }
        Self { intake, own: Package::pypi(&ledger.project), scans, groups, required, missing }
    }

    /// Every record of the run, in an order that only what they say decides.
    pub(super) fn records(&self) -> Vec<Record<'a>> {
        let mut records: Vec<Record<'a>> = Vec::new();
        for (report, judged) in self.scans.iter().enumerate() {
            let scanner = &judged.scan.scanner;
            records.extend(judged.scan.observations.iter().map(|observation| Record { observation, scanner, report }));
        }
        records.sort_by(compare_records);
        records
    }

    /// Whether a file is no longer there for a scanner to look at.
    pub(super) fn file_gone(&self, scanner: &ScannerName, path: &str) -> bool {
        !self.groups.get(scanner).is_some_and(|g| g.files.contains(path)) && !(self.intake.file_exists)(path)
    }

    /// Whether a scanner gave any usable report.
    pub(super) fn is_usable(&self, scanner: &ScannerName) -> bool {
        self.groups.get(scanner).is_some_and(|g| g.usable)
    }

    /// What a scanner's reports say about the place of a finding that is not in them.
    pub(super) fn place(&self, scanner: &ScannerName, finding: &Finding) -> Place<'a> {
        let Some(group) = self.groups.get(scanner).filter(|g| g.ends) else { return Place::NotCovered };
        match &finding.subject {
            Subject::Vulnerability(v) => {
                if group.gap_packages.contains(&v.package) {
                    return Place::NotCovered;
                }
                match group.packages.get(&v.package) {
                    // Two reports may list one package at two versions: neither proves which one is in use.
                    Some(versions) => Place::PackageAt(versions.first().copied().filter(|_| versions.len() == 1)),
                    // The project itself is skipped by auditors where it is installed from its source: that is no scan of it.
                    None if v.package == self.own => Place::NotCovered,
                    None if group.lists_packages => Place::PackageGone,
                    None => Place::PackageUnlisted,
                }
            }
            Subject::Code(_) | Subject::Secret(_) => {
                let path = finding.subject.path().unwrap_or_default();
                if group.gap_files.contains(path) {
                    Place::NotCovered
                } else if group.files.contains(path) {
                    Place::FileThere
                } else if !(self.intake.file_exists)(path) {
                    // Where nothing of what the scan looked at is at hand, nothing can be told of what it did not look at.
                    if group.lists_files && !group.tree_is_there { Place::NotCovered } else { Place::FileGone }
                } else if group.lists_files {
                    // The file is there and was not looked at: the scan was narrower than the one that found it.
                    Place::NotCovered
                } else {
                    Place::FileThere
                }
            }
        }
    }

    /// The reports of the run and the required ones that are missing.
    pub(super) fn summaries(&self) -> Vec<ScanSummary> {
        let mut all: Vec<ScanSummary> = self.scans.iter().map(|j| summary(j, self.intake.now)).collect();
        all.extend(self.missing.iter().cloned());
        all.sort_by(|a, b| (&a.scanner, &a.file).cmp(&(&b.scanner, &b.file)));
        all
    }

    /// Brings the scanners' history up to date. Says whether a required scanner failed or is missing.
    pub(super) fn update_scanners(
        &self,
        scanners: &mut BTreeMap<ScannerName, ScannerState>,
        summaries: &[ScanSummary],
    ) -> bool {
        // A report that nobody could be named for is told while it is there, and then forgotten.
        scanners.retain(|name, _| *name != ScannerName::unknown());
        let mut newest: BTreeMap<&ScannerName, Vec<ScanSummary>> = BTreeMap::new();
        for summary in summaries {
            newest.entry(&summary.scanner).or_default().push(summary.clone());
        }
        for (name, scans) in newest {
            let state = scanners.entry(name.clone()).or_insert_with(|| ScannerState {
                required: false,
                retired: false,
                first_usable: None,
                last_usable: None,
                last_complete: None,
                ever_covered: false,
                newest: Vec::new(),
            });
            state.newest = scans;
        }
        for judged in &self.scans {
            let Some(state) = scanners.get_mut(&judged.scan.scanner) else { continue };
            if !judged.coverage.state.is_usable() {
                continue;
            }
            let when = when(judged.scan, self.intake.now);
            state.first_usable = state.first_usable.or(Some(self.intake.now));
            // A time behind this run's was taken from a wrong clock.
            let believed = |at: Option<Timestamp>| at.filter(|at| *at <= self.intake.now).max(Some(when));
            state.last_usable = believed(state.last_usable);
            if judged.coverage.state == CoverageState::Complete {
                state.last_complete = believed(state.last_complete);
            }
            state.ever_covered |= has_content(judged.scan);
        }
        let mut incomplete = false;
        for (name, state) in scanners.iter_mut() {
            state.retired = self.intake.retired.contains(name);
            state.required = self.required.contains(name);
            incomplete |= state.required && state.newest.iter().any(|s| !s.coverage.is_usable());
        }
        incomplete
    }
}

/// When a scan took place, as far as its report can be believed: a report from the future was made now.
fn when(scan: &Scan, now: Timestamp) -> Timestamp {
    scan.observed_at.filter(|at| *at <= now).unwrap_or(now)
}

fn has_content(scan: &Scan) -> bool {
    let looked_at = &scan.coverage.looked_at;
    !(looked_at.packages.is_empty() && looked_at.files.is_empty() && scan.observations.is_empty())
}

/// Scanners of which some report, earlier or in this run, showed that it looked at something.
fn scanners_with_content<'s>(ledger: &'s Ledger, scans: &'s [Scan]) -> HashSet<&'s ScannerName> {
    let covered = ledger.scanners.iter().filter(|(_, state)| state.ever_covered).map(|(name, _)| name);
    let open = ledger
        .findings
        .iter()
        .filter(|f| !matches!(f.status, Status::Resolved { .. }))
        .flat_map(|f| f.scanners.iter().filter(|(_, a)| a.ended.is_none()).map(|(name, _)| name));
    let now = scans
        .iter()
        .filter(|s| s.coverage.state.is_usable() && !s.coverage.blank && has_content(s))
        .map(|s| &s.scanner);
    covered.chain(open).chain(now).collect()
}

/// An empty report proves nothing once its scanner has had something to say.
fn judge_blank<'a>(
    scan: &'a Scan,
    content: &HashSet<&ScannerName>,
    trusted: &BTreeSet<ScannerName>,
) -> Cow<'a, Coverage> {
    let scanner = &scan.scanner;
    if scan.coverage.blank && scan.coverage.state.is_usable() && content.contains(scanner) && !trusted.contains(scanner)
    {
        return Cow::Owned(Coverage::failed(format!(
            "empty report after a non-empty one: it does not show that {scanner} looked at anything (trust_empty accepts it)"
        )));
    }
    Cow::Borrowed(&scan.coverage)
}

fn required(ledger: &Ledger, intake: &Intake<'_>, groups: &BTreeMap<&ScannerName, Group<'_>>) -> BTreeSet<ScannerName> {
    let mut names: BTreeSet<ScannerName> = match intake.required {
        Required::Named(names) => names.clone(),
        Required::Default => {
            let before = ledger.scanners.iter().filter(|(_, state)| state.first_usable.is_some()).map(|(name, _)| name);
            before.chain(groups.keys().copied()).filter(|name| **name != ScannerName::unknown()).cloned().collect()
        }
    };
    names.retain(|name| !intake.retired.contains(name));
    names
}

/// Reports that a scanner gave before and that this run has nothing in place of.
///
/// Reports may have another name each week, so they are counted: with as many files as before, none is lost. What is lost stays
/// expected until it is there again, or the configuration says how many reports a run has.
fn lost_reports(
    name: &ScannerName,
    state: &ScannerState,
    scans: &[Judged<'_>],
    expected: Option<usize>,
) -> Vec<String> {
    let before: BTreeSet<&str> = state.newest.iter().map(|s| s.file.as_str()).collect();
    let now: BTreeSet<&str> = scans.iter().filter(|j| j.scan.scanner == *name).map(|j| j.scan.file.as_str()).collect();
    let expected = expected.unwrap_or(if state.first_usable.is_some() { before.len().max(1) } else { 1 });
    let lost = expected.saturating_sub(now.len());
    let mut files: Vec<String> = before.difference(&now).take(lost).map(|file| (*file).to_owned()).collect();
    files.resize(lost, String::new());
    files
}

fn missing(name: &ScannerName, state: Option<&ScannerState>, file: String, others: bool) -> ScanSummary {
    let reason = match state.and_then(|s| s.last_usable) {
        Some(last) if !others || file.is_empty() => {
            format!("there is no report of {name}; the last usable one is of {last}")
        }
        Some(last) => format!("there is no report of {name} in place of {file}; the last usable one is of {last}"),
        None => format!("there is no report of {name}, and never was a usable one"),
    };
    let coverage = Coverage::missing(reason);
    let last = state.and_then(|s| s.newest.first());
    ScanSummary {
        scanner: name.clone(),
        format: last.and_then(|s| s.format),
        file,
        coverage: coverage.state,
        reasons: coverage.reasons,
        not_covered: Vec::new(),
        findings: 0,
        tool_version: None,
        observed_at: None,
    }
}

fn summary(judged: &Judged<'_>, now: Timestamp) -> ScanSummary {
    let (scan, coverage) = (judged.scan, &judged.coverage);
    let mut not_covered: Vec<String> = coverage.gaps.iter().map(Gap::label).collect();
    not_covered.sort();
    not_covered.dedup();
    ScanSummary {
        scanner: scan.scanner.clone(),
        format: scan.format,
        file: scan.file.clone(),
        coverage: coverage.state,
        reasons: coverage.reasons.clone(),
        not_covered,
        findings: scan.observations.len(),
        tool_version: scan.tool_version.clone(),
        observed_at: scan.observed_at.filter(|at| *at <= now),
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, judged: &Judged<'a>, first: bool) {
        let scan = judged.scan;
        let coverage = &judged.coverage;
        let whole = matches!(coverage.state, CoverageState::Complete | CoverageState::Partial)
            && !coverage.gaps.iter().any(|gap| matches!(gap, Gap::Unnamed(_)));
        let looked_at = &scan.coverage.looked_at;
        if first {
            (self.ends, self.lists_packages, self.lists_files) = (true, true, true);
        }
        self.ends &= whole;
        self.usable |= coverage.state.is_usable();
        self.lists_packages &= !looked_at.packages.is_empty();
        self.lists_files &= !looked_at.files.is_empty();
        for gap in &scan.coverage.gaps {
            match gap {
                Gap::Package(package) => _ = self.gap_packages.insert(package),
                Gap::File(path) => _ = self.gap_files.insert(path),
                Gap::Unnamed(_) => {}
            }
        }
        for (package, version) in &looked_at.packages {
            self.packages.entry(package).or_default().extend(version.as_deref());
        }
        self.files.extend(looked_at.files.iter().map(String::as_str));
    }
}

fn compare_scans(a: &Scan, b: &Scan) -> Ordering {
    let key = |s: &Scan| (s.observations.len(), s.observed_at, s.coverage.state);
    (&a.scanner, &a.file, &a.tool_version)
        .cmp(&(&b.scanner, &b.file, &b.tool_version))
        .then_with(|| key(a).cmp(&key(b)))
        .then_with(|| a.coverage.reasons.cmp(&b.coverage.reasons))
}

fn compare_records(a: &Record<'_>, b: &Record<'_>) -> Ordering {
    a.scanner
        .cmp(b.scanner)
        .then_with(|| compare_subjects(&a.observation.subject, &b.observation.subject))
        .then_with(|| {
            let words = |o: &Observation| (o.rating.severity.list_order(), o.rating.source, o.clearance);
            words(a.observation).cmp(&words(b.observation))
        })
        .then_with(|| a.observation.description.cmp(&b.observation.description))
        .then_with(|| a.observation.reference_url.cmp(&b.observation.reference_url))
        .then_with(|| a.report.cmp(&b.report))
}

fn compare_subjects(a: &Subject, b: &Subject) -> Ordering {
    match (a, b) {
        (Subject::Vulnerability(a), Subject::Vulnerability(b)) => (
            &a.package,
            &a.id,
            &a.version,
            &a.aliases,
            &a.fix_versions,
        )
            .cmp(&(&b.package, &b.id, &b.version, &b.aliases, &b.fix_versions)),
        (Subject::Code(a), Subject::Code(b)) => (&a.path, a.line, &a.rule, &a.text, &a.former_rules).cmp(&(
            &b.path,
            b.line,
            &b.rule,
            &b.text,
            &b.former_rules,
        )),
        (Subject::Secret(a), Subject::Secret(b)) => {
            (&a.path, a.line, &a.rule, &a.mark).cmp(&(&b.path, b.line, &b.rule, &b.mark))
        }
        _ => a.kind().cmp(&b.kind()),
    }
}
