//! Brings a run's scans into the ledger.

mod ending;
mod fix;
mod names;
mod plan_index;
mod refresh;
mod run;

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{
    AdvisoryVerdict, Attribution, ExceptedBy, Finding, Package, Rating, ResolvedReason, Scan, ScanSummary, ScannerName,
    Scope, SeveritySource, Status, Subject, Timestamp, Vulnerability,
    identity::{self, Match, Seen},
};
use time::Date;

use crate::{Event, Happening, Ledger, Plans};
use ending::Ending;
use plan_index::PlanIndex;
use run::{Record, Run};

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
    /// What the advisory records say about a flaw that is no longer reported.
    pub advisory: &'a dyn Fn(&Vulnerability) -> AdvisoryVerdict,
    /// What people decided.
    pub plans: &'a Plans,
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
}

/// Takes a run's scans into a ledger.
///
/// A finding is resolved only when every scanner that reported it ran, covers the place where it was, and no longer reports it;
/// otherwise it is unverified. What a failed or partial scan did find is taken in all the same. Taking the same scans in again
/// at the same moment changes nothing, and the order of reports and of records does not matter.
pub fn take_in(mut ledger: Ledger, intake: &Intake<'_>) -> Taken {
    let run = Run::judge(&ledger, intake);
    let records = run.records();
    let seen: Vec<Seen<'_>> = records
        .iter()
        .map(|r| Seen { subject: &r.observation.subject, scanner: r.scanner, report: r.report })
        .collect();
    let assignment = identity::assign(&ledger.findings, &seen, &|scanner, path| run.file_gone(scanner, path));

    let known = ledger.findings.len();
    let mut of_known: Vec<Vec<&Record<'_>>> = vec![Vec::new(); known];
    let mut of_new: Vec<Vec<&Record<'_>>> = vec![Vec::new(); assignment.new];
    for (record, home) in records.iter().zip(&assignment.matches) {
        match *home {
            Match::Known(k) => of_known[k].push(record),
            Match::New(n) => of_new[n].push(record),
        }
    }

    let today = intake.now.date();
    let mut steps: Vec<Step> = Vec::with_capacity(known + of_new.len());
    for (k, finding) in ledger.findings.iter_mut().enumerate() {
        steps.push(advance(finding, &of_known[k], assignment.contested.contains(&k), &run, intake));
    }
    let mut names = names::Names::of(&ledger.findings);
    let mut born: Vec<_> = of_new.iter().filter_map(|group| refresh::begin(group, &run, today)).collect();
    born.sort_by(|a, b| names::order(&a.finding).cmp(&names::order(&b.finding)));
    for newborn in born {
        let mut finding = newborn.finding;
        finding.finding_id = names.give(&finding);
        steps.push(Step {
            before: None,
            seen: Sight::Seen(newborn.clearance),
            resolved: None,
            by: finding.source_scanner.clone(),
            old_severity: finding.rating.severity,
        });
        ledger.findings.push(finding);
    }

    let index = PlanIndex::new(intake.plans, &ledger.findings, today);
    let mut events = Vec::new();
    for (finding, step) in ledger.findings.iter_mut().zip(&steps) {
        settle(finding, step, &index, intake);
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
    ledger.findings.sort_by(|a, b| a.finding_id.cmp(&b.finding_id));
    events.sort_by(|a, b| a.finding_id.cmp(&b.finding_id));

    let scans = run.summaries();
    let required_incomplete = run.update_scanners(&mut ledger.scanners, &scans);
    ledger.updated = intake.now;
    Taken { ledger, events, scans, required_incomplete }
}

/// What a run did to one finding, before plans are asked.
struct Step {
    before: Option<Status>,
    seen: Sight,
    resolved: Option<ResolvedReason>,
    by: ScannerName,
    old_severity: findings_model::Severity,
}

/// Whether a run reported a finding, and what the reports themselves say against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Unseen,
    Seen(Option<findings_model::Clearance>),
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
    let is_over = was_resolved && records.is_empty();
    if !contested && !is_over {
        let reporters: BTreeSet<&ScannerName> = records.iter().map(|r| r.scanner).collect();
        let silent: Vec<ScannerName> = finding
            .scanners
            .iter()
            .filter(|(name, attribution)| attribution.ended.is_none() && !reporters.contains(name))
            .map(|(name, _)| name.clone())
            .collect();
        for scanner in silent {
            if let Ending::Ended(reason) = ending::of(finding, &scanner, run, intake) {
                if let Some(attribution) = finding.scanners.get_mut(&scanner) {
                    attribution.ended = Some(today);
                }
                reasons.push((reason, scanner));
            }
        }
    }
    if !records.is_empty() {
        refresh::apply(finding, records, run, today);
        return Step { before, seen, resolved: None, by, old_severity };
    }
    reasons.sort_by(|a, b| (rank(a.0), &a.1).cmp(&(rank(b.0), &b.1)));
    let mut resolved = None;
    if let Some((reason, scanner)) = reasons.first()
        && !finding.scanners.iter().any(|(name, a)| a.ended.is_none() && !intake.retired.contains(name))
    {
        resolved = Some(*reason);
        by = scanner.clone();
    }
    Step { before, seen, resolved, by, old_severity }
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
fn settle(finding: &mut Finding, step: &Step, plans: &PlanIndex<'_>, intake: &Intake<'_>) {
    finding.status = status(finding, step, intake.now.date());
    if matches!(finding.status, Status::Resolved { .. }) {
        return;
    }
    if let Subject::Vulnerability(v) = &finding.subject {
        finding.scope = (intake.scope_of)(&v.package);
    }
    if let Some(by) = plans.exception(finding) {
        finding.status = Status::Excepted { by };
    }
    if let Some(severity) = plans.severity(finding) {
        finding.rating.severity = severity;
        finding.rating.source = SeveritySource::Override;
    } else if finding.rating.source == SeveritySource::Override {
        // The person took the word back, and no scan of this run says what it was before.
        let vectors = std::mem::take(&mut finding.rating.vectors);
        finding.rating = Rating::from_vectors(vectors, SeveritySource::Scanner).unwrap_or_else(Rating::unknown);
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

/// Notes that a scanner reported a finding today.
fn attribute(finding: &mut Finding, scanner: &ScannerName, today: Date) {
    let attribution = finding.scanners.entry(scanner.clone()).or_insert(Attribution {
        first_seen: today,
        last_seen: today,
        ended: None,
    });
    attribution.last_seen = attribution.last_seen.max(today);
    attribution.ended = None;
}
