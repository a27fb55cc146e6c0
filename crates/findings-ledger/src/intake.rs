//! Brings a run's scans into the ledger.

mod canonical;
mod ending;
mod exceptions;
mod fix;
mod fold;
mod group;
mod hidden;
mod lost;
mod names;
mod numbers;
mod order;
mod parting;
mod plan_index;
mod rating;
mod refresh;
mod repeated;
mod run;
mod settling;
mod silenced;
mod stale;
mod summary;
mod unchanged;
mod unnamed;
mod used_with;

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryVerdict, Attribution, Clearance, ExceptedBy, Finding, Package, Rating, ResolvedReason, Scan, ScanSummary,
    ScanTarget, ScannerName, Scope, SeveritySource, Status, Subject, Timestamp, Vulnerability,
    identity::{self, Match, Seen},
};
use time::Date;

pub use exceptions::{Exception, ExceptionKind, ExceptionNotice, PathPattern, PathPatternError};

use crate::{
    Event, Happening, Ledger, Plans,
    lead::{self, Lead},
};
use canonical::Canonical;
use ending::Ending;
use exceptions::Exceptions;
use hidden::Hiding;
use plan_index::PlanIndex;
use run::{Record, Run};
use summary::Aside;

/// A run's scans and everything that is needed to judge them.
pub struct Intake<'a> {
    /// What the reports said, already enriched by the advisory records.
    pub scans: &'a [Scan],
    /// Which scanners the run cannot do without.
    pub required: &'a Required,
    /// Scanners that are no longer used: their findings become unverified, never resolved.
    pub retired: &'a BTreeSet<ScannerName>,
    /// How many reports of a scanner a run has, where a person said so; otherwise as many as the run before.
    pub reports: &'a BTreeMap<ScannerName, usize>,
    /// Scanners whose empty report is believed after one with content.
    pub trust_empty: &'a BTreeSet<ScannerName>,
    /// Whether a file of the project exists, by its path relative to the project.
    pub file_exists: &'a dyn Fn(&str) -> bool,
    /// Whether a file of the project still says what a finding is about, or may say it: yes where the file cannot be read or is not
    /// there, and where it is not known what the finding's line says.
    pub still_in: &'a dyn Fn(&str, &Subject) -> bool,
    /// Whether the line of a finding that is still in its file is a part of a longer statement: what was wrong may have been mended in
    /// another part of it.
    pub in_part: &'a dyn Fn(&str, &Subject) -> bool,
    /// Whether a file says what a finding is about beside a comment that tells this scanner to leave it out.
    pub suppressed_in: &'a dyn Fn(&str, &ScannerName, &Subject) -> bool,
    /// Whether a comment of a file may tell this scanner to leave out what a finding is about; yes where the file cannot be read.
    pub may_suppress_in: &'a dyn Fn(&str, &ScannerName, &Subject) -> bool,
    /// The digest of a file's text, as [`findings_model::ScannerState::files`] has it; none where it cannot be read, or has no such line,
    /// counted from 1: then the scanner read another text.
    pub digest_of: &'a dyn Fn(&str, Option<u32>) -> Option<String>,
    /// The files of the project that have the name of a path's file, in whatever folder.
    pub namesakes: &'a dyn Fn(&str) -> Vec<String>,
    /// What the advisory records say about a flaw that is no longer reported.
    pub advisory: &'a dyn Fn(&Vulnerability) -> AdvisoryVerdict,
    /// Whether this run had every advisory record about a flaw; not so where it has none, or a source did not answer.
    pub advised: &'a dyn Fn(&Vulnerability) -> bool,
    /// What the advisory records say of how bad a flaw is; none where they say nothing of it. Asked for what no report of the run
    /// names, since the scans are enriched already.
    pub advisory_rating: &'a dyn Fn(&Vulnerability) -> Option<Rating>,
    /// What people decided.
    pub plans: &'a Plans,
    /// What the configuration excepts.
    pub exceptions: &'a [Exception],
    /// Whether the project itself declares a package as a dependency, without any condition: then it is there, whatever a report
    /// leaves out.
    pub declares: &'a dyn Fn(&Package) -> bool,
    /// Which part of the dependency tree a package belongs to.
    pub scope_of: &'a dyn Fn(&Package) -> Scope,
    /// The moment of the run.
    pub now: Timestamp,
}

/// Which scanners a run cannot do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Required {
    /// Every scanner that ever gave a usable report, and every one whose report is in this run.
    Default,
    /// Exactly these.
    Named(BTreeSet<ScannerName>),
}

/// The ledger after a run, and what the run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The ledger.
    pub ledger: Ledger,
    /// What happened, by finding.
    pub events: Vec<Event>,
    /// Every report of the run, and every required scanner without one.
    pub scans: Vec<ScanSummary>,
    /// Whether a report of a required scanner failed, or is missing.
    pub required_incomplete: bool,
    /// Exceptions that hold no longer or match nothing.
    pub notices: Vec<ExceptionNotice>,
}

/// Takes a run's scans into a ledger.
///
/// A finding is resolved only when every scanner that reported it ran, covers the place where it was, and no longer reports it;
/// otherwise it is unverified. What a failed or partial scan did find is taken in all the same. Taking the same scans in again
/// at the same moment changes nothing, and the order of reports and of records does not matter.
pub fn take_in(mut ledger: Ledger, intake: &Intake<'_>) -> Taken {
    let scans = unnamed::placed(&ledger.findings, intake.scans);
    let folds = unnamed::name_known(&mut ledger.findings, &scans);
    let named = merged(&mut ledger, &folds, intake.now);
    let mut taken = take_in_named(ledger, &Intake { scans: &scans, ..*intake });
    if !named.is_empty() {
        taken.events.extend(named);
        taken.events.sort_by(|a, b| a.finding_id.cmp(&b.finding_id));
    }
    taken
}

/// The same, of records that name their packages as far as that can be told.
fn take_in_named(ledger: Ledger, intake: &Intake<'_>) -> Taken {
    match take_in_known(ledger, intake, Parting::Told) {
        Outcome::Taken(taken) => *taken,
        Outcome::Parting(ledger) => settling::take_in(*ledger, intake),
        // What is one from now on is looked at once more, with everything that is known of it.
        Outcome::Folded(ledger, merged) => with_events(take_in_named(*ledger, intake), merged),
    }
}

fn with_events(mut taken: Taken, more: Vec<Event>) -> Taken {
    taken.events.extend(more);
    taken.events.sort_by(|a, b| a.finding_id.cmp(&b.finding_id));
    taken
}

/// Folds findings into older ones, and tells it.
fn merged(ledger: &mut Ledger, folds: &[fold::Fold], now: Timestamp) -> Vec<Event> {
    let folded = fold::apply(&mut ledger.findings, folds).into_iter();
    folded
        .map(|(finding, into)| Event::new(&finding, &finding.source_scanner, Happening::Merged { into }, now))
        .collect()
}

/// What came of taking in scans.
enum Outcome {
    Taken(Box<Taken>),
    /// Findings turn out to be several: the ledger as it was.
    Parting(Box<Ledger>),
    /// Findings turned out to be one: the ledger with them folded into the oldest, and nothing taken in yet.
    Folded(Box<Ledger>, Vec<Event>),
}

/// What is done where a finding turns out to be several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// Nothing; it is told.
    Told,
    /// It parts.
    Done,
}

fn take_in_known(mut ledger: Ledger, intake: &Intake<'_>, parting: Parting) -> Outcome {
    let canonical = Canonical::of(&ledger, intake.scans);
    let scanners_before = ledger.scanners.clone();
    let run = Run::judge(&ledger, &scanners_before, intake, &canonical);
    let records = run.records();
    let seen: Vec<Seen<'_>> = records
        .iter()
        .map(|r| Seen {
            subject: &r.observation.subject,
            begins: r.observation.begins,
            scanner: r.scanner,
            report: r.report,
        })
        .collect();
    let mut assignment = identity::assign(&ledger.findings, &seen, &|scanner, path| run.file_gone(scanner, path));

    if !assignment.parted.is_empty() && parting == Parting::Told {
        return Outcome::Parting(Box::new(ledger));
    }

    assignment.contested.extend(unnamed::contested(&ledger.findings, &records));

    let known = ledger.findings.len();
    // The records of one finding stand together, in their order.
    let mut homes: Vec<(Match, &Record<'_>)> = assignment.matches.iter().copied().zip(&records).collect();
    homes.sort_by_key(|(home, _)| *home);
    let first_new = homes.partition_point(|(home, _)| matches!(home, Match::Known(_)));
    let (of_known, of_new) = homes.split_at(first_new);

    let folds = find_folds(&ledger.findings, of_known);
    if !folds.is_empty() {
        let merged = merged(&mut ledger, &folds, intake.now);
        return Outcome::Folded(Box::new(ledger), merged);
    }

    let today = intake.now.date();
    let mut steps: Vec<Step> = Vec::with_capacity(known + assignment.new);
    let mut of_known = of_known.chunk_by(|a, b| a.0 == b.0).peekable();
    let mut own: Vec<&Record<'_>> = Vec::new();
    for (k, finding) in ledger.findings.iter_mut().enumerate() {
        own.clear();
        if let Some(group) = of_known.next_if(|group| group[0].0 == Match::Known(k)) {
            own.extend(group.iter().map(|(_, record)| record));
        }
        if let Some(parted) = assignment.parted.get(&k) {
            parting::cut_back(finding, &own, parted.iter().map(|at| &records[*at]));
        }
        steps.push(advance(finding, &own, assignment.contested.contains(&k), &run, intake));
    }
    let mut names = if of_new.is_empty() { names::Names::default() } else { names::Names::of(&ledger.findings) };
    ledger.findings.reserve_exact(assignment.new);
    for group in of_new.chunk_by(|a, b| a.0 == b.0) {
        own.clear();
        own.extend(group.iter().map(|(_, record)| record));
        let Some(newborn) = refresh::begin(&own, &run, today) else { continue };
        steps.push(Step {
            before: None,
            seen: Sight::Seen(newborn.clearance),
            resolved: None,
            by: newborn.finding.source_scanner.clone(),
            old_severity: newborn.finding.rating.severity,
            hidden: Vec::new(),
            left_out: Vec::new(),
            elsewhere: Vec::new(),
        });
        ledger.findings.push(newborn.finding);
    }
    let mut born: Vec<usize> = (known..ledger.findings.len()).collect();
    let findings = &ledger.findings;
    lead::sort(
        &mut born,
        |at| names::lead(&findings[*at]),
        |a, b| names::order(&findings[*a]).cmp(&names::order(&findings[*b])),
    );
    for at in born {
        ledger.findings[at].finding_id = names.give(&ledger.findings[at]);
    }
    sort_by_id(&mut ledger.findings, &mut steps);

    let index = PlanIndex::new(intake.plans, &ledger.findings, today);
    let mut exceptions = Exceptions::new(intake.exceptions, &ledger.findings, today);
    let mut events = Vec::new();
    for (finding, step) in ledger.findings.iter_mut().zip(&steps) {
        settle(finding, step, &index, &mut exceptions, intake);
        for what in Happening::between(step.before.as_ref(), &finding.status) {
            events.push(Event::new(finding, &step.by, what, intake.now));
        }
        if step.before.is_some() && step.old_severity != finding.rating.severity {
            let what = Happening::SeverityChanged {
                from: step.old_severity,
                to: finding.rating.severity,
                source: finding.rating.source,
            };
            events.push(Event::new(finding, &step.by, what, intake.now));
        }
    }

    let scans = run.told(&asides(&steps));
    let required_incomplete = run.update_scanners(&mut ledger.scanners, &ledger.findings, &scans);
    let scans = scans.into_iter().map(|told| told.summary).collect();
    ledger.updated = intake.now;
    let notices = exceptions.notices();
    Outcome::Taken(Box::new(Taken { ledger, events, scans, required_incomplete, notices }))
}

/// Puts findings, and what the run did to each, into the order of their ids.
fn sort_by_id(findings: &mut [Finding], steps: &mut [Step]) {
    if findings.is_sorted_by(|a, b| a.finding_id <= b.finding_id) {
        return;
    }
    let by_id = |a: &Finding, b: &Finding| a.finding_id.cmp(&b.finding_id);
    let order = lead::order(findings, |f| Lead::of().text(f.finding_id.as_str()).done(), by_id);
    lead::arrange(findings, &order);
    lead::arrange(steps, &order);
}

/// The findings that this run's records, sorted by the known finding that they are, show to be one.
fn find_folds(findings: &[Finding], of_known: &[(Match, &Record<'_>)]) -> Vec<fold::Fold> {
    let groups = of_known.chunk_by(|a, b| a.0 == b.0).filter_map(|group| match group.first()?.0 {
        Match::Known(at) => Some((at, group)),
        Match::New(_) => None,
    });
    fold::find(findings, groups)
}

/// What a run did to one finding, before plans are asked.
struct Step {
    before: Option<Status>,
    seen: Sight,
    resolved: Option<ResolvedReason>,
    by: ScannerName,
    old_severity: findings_model::Severity,
    /// Scanners that may no longer look for it, and why.
    hidden: Vec<(ScannerName, Hiding)>,
    /// Scanners whose reports leave its package out, though the project declares it.
    left_out: Vec<(ScannerName, Package)>,
    /// Scanners of which no report is about what they found it in.
    elsewhere: Vec<(ScannerName, ScanTarget)>,
}

/// What is to be said of scanners, beside what their reports say.
fn asides(steps: &[Step]) -> BTreeMap<ScannerName, Aside> {
    let mut asides: BTreeMap<ScannerName, Aside> = BTreeMap::new();
    let mut hidings: BTreeMap<&ScannerName, Vec<&Hiding>> = BTreeMap::new();
    for (scanner, hiding) in steps.iter().flat_map(|step| &step.hidden) {
        hidings.entry(scanner).or_default().push(hiding);
    }
    for (scanner, hidings) in hidings {
        asides.entry(scanner.clone()).or_default().narrowed = hidden::in_words(&hidings);
    }
    for (scanner, package) in steps.iter().flat_map(|step| &step.left_out) {
        asides.entry(scanner.clone()).or_default().left_out.insert(package.clone());
    }
    for (scanner, target) in steps.iter().flat_map(|step| &step.elsewhere) {
        asides.entry(scanner.clone()).or_default().elsewhere.insert(target.clone());
    }
    asides
}

/// Whether a run reported a finding, and what the reports themselves say against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Unseen,
    Seen(Option<Clearance>),
}

/// Brings one known finding up to date with the records that are it.
fn advance(
    finding: &mut Finding,
    records: &[&Record<'_>],
    contested: bool,
    run: &Run<'_>,
    intake: &Intake<'_>,
) -> Step {
    let today = intake.now.date();
    let before = Some(finding.status.clone());
    let old_severity = finding.rating.severity;
    let mut by = finding.source_scanner.clone();
    let mut seen = Sight::Unseen;
    if let Some(first) = records.first() {
        by = first.scanner.clone();
        seen = Sight::Seen(refresh::clearance(records));
    }
    let was_resolved = matches!(finding.status, Status::Resolved { .. });
    let mut reasons = Vec::new();
    let mut hidden = Vec::new();
    let mut left_out = Vec::new();
    let mut elsewhere = Vec::new();
    let mut suppressed_for = None;
    let is_over = was_resolved && records.is_empty();
    if !contested && !is_over {
        let is_reporter = |name: &ScannerName| records.iter().any(|r| r.scanner == name);
        let silent: Vec<ScannerName> = finding
            .scanners
            .iter()
            .filter(|(name, attribution)| attribution.ended.is_none() && !is_reporter(name))
            .map(|(name, _)| name.clone())
            .collect();
        for scanner in silent {
            match ending::of(finding, &scanner, !records.is_empty(), run, intake) {
                Ending::Hidden(hiding) if finding.is_open() => hidden.push((scanner, hiding)),
                Ending::LeftOut(package) if finding.is_open() => left_out.push((scanner, package)),
                Ending::Elsewhere(target) if finding.is_open() => elsewhere.push((scanner, target)),
                Ending::Unproved | Ending::Hidden(_) | Ending::LeftOut(_) | Ending::Elsewhere(_) => {}
                Ending::Suppressed => suppressed_for = Some(scanner),
                Ending::Ended(reason) => {
                    if let Some(attribution) = finding.scanners.get_mut(&scanner) {
                        (attribution.ended, attribution.reason) = (Some(today), Some(reason));
                    }
                    reasons.push((reason, scanner));
                }
            }
        }
    }
    if !records.is_empty() {
        refresh::apply(finding, records, run, today);
        return Step { before, seen, resolved: None, by, old_severity, hidden, left_out, elsewhere };
    }
    if let Some(scanner) = suppressed_for {
        seen = Sight::Seen(Some(Clearance::Suppressed));
        by = scanner;
    }
    if reasons.is_empty() && !contested && !is_over {
        // Whoever saw it end did so earlier, and waited for one that is no longer used.
        let ended = finding.scanners.iter().filter(|(_, a)| a.ended.is_some());
        reasons.extend(ended.map(|(name, a)| (a.reason.unwrap_or(ResolvedReason::NoLongerReported), name.clone())));
    }
    reasons.sort_by(|a, b| (rank(a.0), &a.1).cmp(&(rank(b.0), &b.1)));
    let mut resolved = None;
    if let Some((reason, scanner)) = reasons.first()
        && !finding.scanners.iter().any(|(name, a)| a.ended.is_none() && !run.is_retired(name))
    {
        resolved = Some(*reason);
        by = scanner.clone();
    }
    if resolved.is_none() && !was_resolved {
        rating::by_advisories(finding, run, today);
    }
    Step { before, seen, resolved, by, old_severity, hidden, left_out, elsewhere }
}

/// Which of several reasons is told: the one that says most.
fn rank(reason: ResolvedReason) -> u8 {
    match reason {
        ResolvedReason::Withdrawn => 0,
        ResolvedReason::Removed => 1,
        ResolvedReason::Upgraded => 2,
        ResolvedReason::CodeChanged => 3,
        ResolvedReason::NoLongerReported => 4,
    }
}

/// Gives a finding its status, its scope and a person's word on its severity.
fn settle<'a>(
    finding: &mut Finding,
    step: &Step,
    plans: &PlanIndex<'a>,
    exceptions: &mut Exceptions<'a>,
    intake: &Intake<'_>,
) {
    finding.status = status(finding, step, intake.now.date());
    if matches!(finding.status, Status::Resolved { .. }) {
        return;
    }
    if let Subject::Vulnerability(v) = &finding.subject {
        finding.scope = (intake.scope_of)(&v.package);
    }
    let of_configuration = exceptions.of(finding);
    match (plans.exception(finding), of_configuration) {
        (Some((plan, by)), _) => {
            exceptions.held_in_plans(plan);
            finding.status = Status::Excepted { by };
        }
        (None, Some(by)) => finding.status = Status::Excepted { by },
        // What its own report clears does not count, with or without an exception.
        (None, None) if matches!(finding.status, Status::Excepted { .. }) => {}
        (None, None) => exceptions.counts_again(finding, plans.expired(finding)),
    }
    if let Some(severity) = plans.severity(finding) {
        rating::put_over(finding, severity);
    } else if finding.rating.source == SeveritySource::Override {
        // The person took the word back, and no scan of this run says what it was before.
        rating::take_off(finding);
    }
}

fn status(finding: &Finding, step: &Step, today: Date) -> Status {
    if let Some(reason) = step.resolved {
        return Status::Resolved { on: today, reason };
    }
    match (step.seen, &step.before) {
        (Sight::Seen(Some(clearance)), _) => Status::Excepted { by: ExceptedBy::Report(clearance) },
        (Sight::Seen(None), _) | (Sight::Unseen, None) => Status::Open,
        (Sight::Unseen, Some(before)) => match before {
            Status::Resolved { .. } | Status::Unverified { .. } | Status::Excepted { by: ExceptedBy::Report(_) } => {
                before.clone()
            }
            Status::Open | Status::Excepted { .. } => Status::Unverified { since: finding.last_seen },
        },
    }
}

/// Notes that a scanner reported a finding today, and in what.
fn attribute(finding: &mut Finding, scanner: &ScannerName, seen_in: Vec<ScanTarget>, today: Date) {
    let new = Attribution { first_seen: today, last_seen: today, ended: None, reason: None, seen_in: Vec::new() };
    let attribution = finding.scanners.get_or_insert(scanner, new);
    attribution.last_seen = attribution.last_seen.max(today);
    (attribution.ended, attribution.reason) = (None, None);
    attribution.seen_in = seen_in;
}
