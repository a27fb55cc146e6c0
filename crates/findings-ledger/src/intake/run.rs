//! One run's scans, judged: what each proves, and what all of a scanner's reports prove together.

mod place;
mod scanners;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use findings_model::{
    Coverage, Finding, Observation, Package, Rating, Scan, ScanSummary, ScanTarget, ScannerName, ScannerState, Status,
    Subject, Timestamp, Vulnerability,
};

use super::{
    Intake, Required,
    canonical::Canonical,
    group::Group,
    lost, numbers, order, repeated, silenced,
    stale::Dates,
    summary::{self, Aside},
};
use crate::{Ledger, lead};

pub(super) use self::place::Place;

pub(super) struct Run<'a> {
    intake: &'a Intake<'a>,
    /// The project as a package.
    own: Package,
    scans: Vec<Judged<'a>>,
    groups: BTreeMap<&'a ScannerName, Group<'a>>,
    /// What was known of every scanner before this run.
    before: &'a BTreeMap<ScannerName, ScannerState>,
    /// When the reports of each scanner were made.
    dates: BTreeMap<&'a ScannerName, Dates<'a>>,
    required: BTreeSet<ScannerName>,
    retired: BTreeSet<ScannerName>,
    missing: Vec<ScanSummary>,
    /// Scanners that report no secret, though one that they reported is still there.
    silenced: BTreeSet<&'a ScannerName>,
    /// Scanners whose reports are believed that hold nothing.
    trusted: BTreeSet<ScannerName>,
}

pub(super) struct Judged<'a> {
    pub(super) scan: &'a Scan,
    /// The name that its scanner goes by.
    scanner: &'a ScannerName,
    pub(super) coverage: Cow<'a, Coverage>,
    /// When the same report was taken in first, where it is not a new one.
    pub(super) repeats: Option<Timestamp>,
    /// It counts, and nothing in it shows that anything was looked at.
    pub(super) holds_nothing: bool,
}

impl Judged<'_> {
    /// When the scan took place, as far as its report can be believed: a report from the future was made now.
    fn when(&self, now: Timestamp) -> Timestamp {
        self.scan.observed_at.filter(|at| *at <= now).or(self.repeats).unwrap_or(now)
    }
}

/// A scan of the run under the name that its scanner goes by; the summary itself says what the report says.
pub(super) struct Told {
    scanner: ScannerName,
    pub(super) summary: ScanSummary,
}

/// One record of the run.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) observation: &'a Observation,
    pub(super) scanner: &'a ScannerName,
    pub(super) report: usize,
}

impl<'a> Run<'a> {
    pub(super) fn judge(
        ledger: &Ledger,
        before: &'a BTreeMap<ScannerName, ScannerState>,
        intake: &'a Intake<'a>,
        names: &'a Canonical,
    ) -> Self {
        let trusted = names.names(intake.trust_empty);
        let retired = names.names(intake.retired);
        // Only an empty report is judged by it.
        let content = if intake.scans.iter().any(|scan| scan.coverage.blank) {
            scanners_with_content(before, &ledger.findings, intake.scans, names)
        } else {
            HashSet::new()
        };
        let mut scans: Vec<Judged<'a>> = intake
            .scans
            .iter()
            .map(|scan| {
                let scanner = names.name(&scan.scanner);
                let coverage = judge_blank(scan, scanner, &content, &trusted);
                let holds_nothing = coverage.blank && coverage.state.is_usable() && !trusted.contains(scanner);
                let is_usable = coverage.state.is_usable();
                let before = before.get(scanner).filter(|_| is_usable);
                let repeats = before.and_then(|before| repeated::since(scan, before, intake.now));
                Judged { scan, scanner, coverage, repeats, holds_nothing }
            })
            .collect();
        scans.sort_by(|a, b| order::of_scans(a.scan, b.scan));
        let dates = judge_dates(before, &mut scans, intake.now);
        let mut groups: BTreeMap<&ScannerName, Group<'a>> = BTreeMap::new();
        for judged in &scans {
            let first = !groups.contains_key(judged.scanner);
            groups.entry(judged.scanner).or_default().add(judged, first);
        }
        for scanner in &retired {
            if let Some(group) = groups.get_mut(scanner) {
                group.ends = false;
            }
        }
        let mut files: BTreeMap<&ScannerName, Vec<lost::Report<'_>>> = BTreeMap::new();
        for judged in &scans {
            let target = judged.scan.coverage.looked_at.target.as_ref();
            let report = lost::Report { file: &judged.scan.file, format: judged.scan.format, target };
            files.entry(judged.scanner).or_default().push(report);
        }
        let reports: BTreeMap<&ScannerName, usize> =
            intake.reports.iter().map(|(name, count)| (names.name(name), *count)).collect();
        let required = required(before, intake, names, &retired, &groups);
        let mut missing: Vec<ScanSummary> = required
            .iter()
            .filter(|name| !groups.contains_key(name) && !before.contains_key(*name))
            .map(|name| lost::missing(name, None, lost::Lost::default(), &[]))
            .collect();
        for (name, state) in before {
            if retired.contains(name) || (!groups.contains_key(name) && !required.contains(name)) {
                continue;
            }
            let now = files.get(name).map_or(&[][..], Vec::as_slice);
            let found_in = |target: &ScanTarget| has_open_in(&ledger.findings, name, target);
            let lost = lost::reports(state, now, reports.get(name).copied(), &found_in);
            if let Some(group) = groups.get_mut(name).filter(|_| !lost.is_empty()) {
                group.ends = false;
            }
            missing.extend(lost.into_iter().map(|lost| lost::missing(name, Some(state), lost, now)));
        }
        // A scanner that was not known before has as many reports as a person says, too.
        for (name, expected) in
            reports.iter().filter(|(name, _)| !before.contains_key(**name) && !retired.contains(**name))
        {
            let now = files.get(name).map_or(&[][..], Vec::as_slice);
            let lost = if now.is_empty() { 0 } else { expected.saturating_sub(lost::files(now)) };
            if let Some(group) = groups.get_mut(name).filter(|_| lost > 0) {
                group.ends = false;
            }
            missing.extend((0..lost).map(|_| lost::missing(name, None, lost::Lost::default(), now)));
        }
        let mut silenced = silenced::without_secrets(scans.iter().map(|judged| (judged.scanner, judged.scan)));
        silenced.retain(|scanner| {
            let may_tell = groups.get(scanner).is_some_and(|group| group.ends && group.speaks_of.secrets);
            may_tell && !trusted.contains(scanner) && silenced::is(scanner, &ledger.findings, intake)
        });
        let own = Package::pypi(&ledger.project);
        Self { intake, own, scans, groups, before, dates, required, retired, missing, silenced, trusted }
    }

    /// Every record of the run, in an order that only what they say decides.
    pub(super) fn records(&self) -> Vec<Record<'a>> {
        let mut records: Vec<Record<'a>> = Vec::new();
        for (report, judged) in self.scans.iter().enumerate() {
            let scanner = judged.scanner;
            records.extend(judged.scan.observations.iter().map(|observation| Record { observation, scanner, report }));
        }
        let ranks: BTreeMap<&ScannerName, usize> = self.groups.keys().copied().zip(0..).collect();
        let lead = |r: &Record<'_>| order::lead_of(ranks.get(r.scanner).copied().unwrap_or(usize::MAX), r);
        lead::sort(&mut records, lead, order::of_records);
        records
    }

    /// Whether a file is no longer there for a scanner to look at.
    pub(super) fn file_gone(&self, scanner: &ScannerName, path: &str) -> bool {
        !self.groups.get(scanner).is_some_and(|g| g.files().contains(path)) && !(self.intake.file_exists)(path)
    }

    /// What a record's report is about.
    pub(super) fn target(&self, record: &Record<'_>) -> Option<&'a ScanTarget> {
        self.scans.get(record.report)?.scan.coverage.looked_at.target.as_ref()
    }

    /// Whether this run had every advisory record about the flaw that a finding is.
    pub(super) fn is_advised(&self, finding: &Finding) -> bool {
        matches!(&finding.subject, Subject::Vulnerability(v) if (self.intake.advised)(v))
    }

    /// What the advisory records say of how bad a flaw is.
    pub(super) fn advisory_rating(&self, flaw: &Vulnerability) -> Option<Rating> {
        (self.intake.advisory_rating)(flaw)
    }

    /// Whether a scanner gave any usable report.
    pub(super) fn is_usable(&self, scanner: &ScannerName) -> bool {
        self.groups.get(scanner).is_some_and(|g| g.usable)
    }

    /// Whether the project no longer uses a scanner.
    pub(super) fn is_retired(&self, scanner: &ScannerName) -> bool {
        self.retired.contains(scanner)
    }

    /// Whether a scanner's reports name a flaw by its CVE numbers, in a record that is another finding.
    pub(super) fn still_names(&self, scanner: &ScannerName, flaw: &Vulnerability) -> bool {
        self.groups.get(scanner).is_some_and(|group| numbers::name(group, flaw))
    }

    /// The reports of the run and the required ones that are missing. `asides` has what else is to be said of scanners.
    pub(super) fn told(&self, asides: &BTreeMap<ScannerName, Aside>) -> Vec<Told> {
        let none = Aside::default();
        let mut all: Vec<Told> = self
            .scans
            .iter()
            .map(|judged| {
                let aside = asides.get(judged.scanner).unwrap_or(&none);
                Told { scanner: judged.scanner.clone(), summary: summary::of(judged, aside, self.intake.now) }
            })
            .collect();
        all.extend(self.missing.iter().map(|lost| Told { scanner: lost.scanner.clone(), summary: lost.clone() }));
        all.sort_by(|a, b| (&a.summary.scanner, &a.summary.file).cmp(&(&b.summary.scanner, &b.summary.file)));
        all
    }
}

/// Finds the reports that are older than what was taken in before them.
fn judge_dates<'a>(
    before: &'a BTreeMap<ScannerName, ScannerState>,
    scans: &mut [Judged<'a>],
    now: Timestamp,
) -> BTreeMap<&'a ScannerName, Dates<'a>> {
    let mut dates: BTreeMap<&ScannerName, Dates<'a>> = BTreeMap::new();
    for (name, state) in before {
        dates.insert(name, Dates::before(state, now));
    }
    for judged in scans.iter().filter(|judged| judged.coverage.state.is_usable()) {
        dates.entry(judged.scanner).or_default().add(judged.scan, now);
    }
    for judged in scans.iter_mut().filter(|judged| judged.coverage.state.is_usable()) {
        let older = dates.get(judged.scanner).and_then(|dates| dates.judge(judged.scan, &judged.coverage, now));
        if let Some(coverage) = older {
            judged.coverage = Cow::Owned(coverage);
        }
    }
    dates
}

/// Whether something is open that a scanner saw last in a target.
fn has_open_in(findings: &[Finding], scanner: &ScannerName, target: &ScanTarget) -> bool {
    findings.iter().filter(|finding| finding.is_open()).any(|finding| {
        finding.scanners.get(scanner).is_some_and(|seen| seen.ended.is_none() && seen.seen_in.contains(target))
    })
}

fn has_content(scan: &Scan) -> bool {
    let looked_at = &scan.coverage.looked_at;
    !(looked_at.packages.is_empty() && looked_at.files.is_empty() && scan.observations.is_empty())
}

/// Scanners of which some report, earlier or in this run, showed that it looked at something.
fn scanners_with_content<'s>(
    before: &'s BTreeMap<ScannerName, ScannerState>,
    findings: &'s [Finding],
    scans: &'s [Scan],
    names: &'s Canonical,
) -> HashSet<&'s ScannerName> {
    let covered = before.iter().filter(|(_, state)| state.ever_covered).map(|(name, _)| name);
    let open = findings
        .iter()
        .filter(|f| !matches!(f.status, Status::Resolved { .. }))
        .flat_map(|f| f.scanners.iter().filter(|(_, a)| a.ended.is_none()).map(|(name, _)| name));
    let now = scans
        .iter()
        .filter(|s| s.coverage.state.is_usable() && !s.coverage.blank && has_content(s))
        .map(|s| names.name(&s.scanner));
    covered.chain(open).chain(now).collect()
}

/// An empty report proves nothing once its scanner has had something to say.
fn judge_blank<'a>(
    scan: &'a Scan,
    scanner: &ScannerName,
    content: &HashSet<&ScannerName>,
    trusted: &BTreeSet<ScannerName>,
) -> Cow<'a, Coverage> {
    if scan.coverage.blank && scan.coverage.state.is_usable() && content.contains(scanner) && !trusted.contains(scanner)
    {
        return Cow::Owned(Coverage::failed(format!(
            "empty report after a non-empty one: it does not show that {} looked at anything (trust_empty accepts it)",
            scan.scanner
        )));
    }
    Cow::Borrowed(&scan.coverage)
}

fn required(
    before: &BTreeMap<ScannerName, ScannerState>,
    intake: &Intake<'_>,
    canonical: &Canonical,
    retired: &BTreeSet<ScannerName>,
    groups: &BTreeMap<&ScannerName, Group<'_>>,
) -> BTreeSet<ScannerName> {
    let mut names: BTreeSet<ScannerName> = match intake.required {
        Required::Named(names) => canonical.names(names),
        Required::Default => {
            let before = before.iter().filter(|(_, state)| state.first_usable.is_some()).map(|(name, _)| name);
            before.chain(groups.keys().copied()).filter(|name| **name != ScannerName::unknown()).cloned().collect()
        }
    };
    names.retain(|name| !retired.contains(name));
    names
}
