//! Brings a finding's attributes up to what the records of a run say.

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, AdvisoryIds, Attributions, Clearance, Extra, Finding, FindingId, Rating, ScanTarget, ScannerName,
    Scope, Status, Subject, Vulnerability,
};
use smol_str::SmolStr;
use time::Date;

use super::{
    attribute, fix,
    names::preference,
    rating,
    run::{Record, Run},
};

/// A finding that was not known, still without its id.
pub(super) struct Newborn {
    pub(super) finding: Finding,
    pub(super) clearance: Option<Clearance>,
}

/// Makes a finding of records that are one; none of no record.
pub(super) fn begin(records: &[&Record<'_>], run: &Run<'_>, today: Date) -> Option<Newborn> {
    let first =
        records.iter().min_by_key(|r| (rank(&r.observation.subject), r.scanner, r.observation.begins.is_none()))?;
    let mut finding = Finding {
        finding_id: FindingId::parse("new").ok()?,
        subject: first.observation.subject.clone(),
        scope: Scope::Unknown,
        rating: Rating::unknown(),
        rated_on: None,
        memory: None,
        exploitation: findings_model::Exploitation::default(),
        source_scanner: first.scanner.clone(),
        scanners: Attributions::new(),
        status: Status::Open,
        discovered: today,
        last_seen: today,
        fix_version: None,
        description: SmolStr::default(),
        reference_url: None,
        extra: Extra::new(),
    };
    apply(&mut finding, records, run, today);
    Some(Newborn { finding, clearance: clearance(records) })
}

fn rank(subject: &Subject) -> Option<(u8, &AdvisoryId)> {
    match subject {
        Subject::Vulnerability(v) => Some(preference(&v.id)),
        _ => None,
    }
}

/// Takes over what the records say. Those that no report cleared go first, then the scanner that saw the finding first.
pub(super) fn apply(finding: &mut Finding, records: &[&Record<'_>], run: &Run<'_>, today: Date) {
    let mut records = records.to_vec();
    records.sort_by_key(|r| {
        let cleared = r.observation.clearance.is_some();
        let is_other = *r.scanner != finding.source_scanner;
        // Of two records of one call the one that also tells its first line names the line that matters.
        (cleared, is_other, r.scanner, rank(&r.observation.subject), r.observation.begins.is_none())
    });
    let Some(lead) = records.first() else { return };
    let may_forget = may_forget_aliases(finding, &records, run);
    rating::take_off_to_rate(finding);
    match (&mut finding.subject, &lead.observation.subject) {
        (Subject::Vulnerability(old), Subject::Vulnerability(new)) => {
            let forgotten = if records.len() == 1 && is_told_again(old, new) {
                AdvisoryIds::new()
            } else {
                flaw(old, new, &records, may_forget)
            };
            finding.fix_version = fix::choose(old);
            if finding.memory.is_some() || !forgotten.is_empty() {
                remember_aliases(finding, forgotten);
            }
        }
        (Subject::Code(old), Subject::Code(new)) if old == new => {}
        (Subject::Secret(old), Subject::Secret(new)) if old == new => {}
        (Subject::Code(old), Subject::Code(new)) => {
            let mut spot = new.clone();
            spot.text = spot.text.or_else(|| old.text.take());
            for rule in old.former_rules.drain(..).chain([std::mem::take(&mut old.rule)]) {
                if rule != spot.rule && !spot.former_rules.contains(&rule) {
                    spot.former_rules.push(rule);
                }
            }
            *old = spot;
        }
        (Subject::Secret(old), Subject::Secret(new)) => {
            let mut spot = new.clone();
            spot.mark = spot.mark.or_else(|| old.mark.take());
            spot.text = spot.text.or_else(|| old.text.take());
            *old = spot;
        }
        _ => return,
    }
    // What was cleared, perhaps at another version, rates nothing while something is there that was not.
    let counting = records.iter().take_while(|r| r.observation.clearance.is_none()).count();
    let rated = if counting == 0 { &records[..] } else { &records[..counting] };
    rating::by_records(finding, rated, run, today);
    if let Some(said) = records.iter().map(|r| &r.observation.description).find(|d| !d.is_empty())
        && *said != finding.description
    {
        finding.description.clone_from(said);
    }
    if let Some(url) = records.iter().find_map(|r| r.observation.reference_url.as_ref())
        && finding.reference_url.as_ref() != Some(url)
    {
        finding.reference_url = Some(url.clone());
    }
    for (at, record) in records.iter().enumerate() {
        if records[..at].iter().any(|earlier| earlier.scanner == record.scanner) {
            continue;
        }
        let by_it = records[at..].iter().filter(|other| other.scanner == record.scanner);
        let mut seen_in: Vec<ScanTarget> = by_it.filter_map(|record| run.target(record)).cloned().collect();
        seen_in.sort_unstable();
        seen_in.dedup();
        attribute(finding, record.scanner, seen_in, today);
    }
    finding.last_seen = finding.last_seen.max(today);
}

/// Keeps aliases that nobody names any more.
fn remember_aliases(finding: &mut Finding, forgotten: AdvisoryIds) {
    let named: Vec<AdvisoryId> = finding.subject.advisory_ids().cloned().collect();
    finding.remember(|memory| {
        memory.aliases.extend(forgotten);
        for id in &named {
            memory.aliases.remove(id);
        }
    });
}

/// Whether an alias that no record of this run names may be taken for withdrawn: only if everyone who could have named it
/// was heard.
fn may_forget_aliases(finding: &Finding, records: &[&Record<'_>], run: &Run<'_>) -> bool {
    let under = finding.under_override().map_or(finding.rating.source, |under| under.source);
    let is_heard = |name: &ScannerName| records.iter().any(|r| r.scanner == name) || run.is_retired(name);
    finding.scanners.iter().all(|(name, a)| a.ended.is_some() || is_heard(name))
        && (!rating::is_advisory(under) || run.is_advised(finding))
}

/// Whether a record says the same of a flaw as is known, apart from its fixes, which are taken over here.
fn is_told_again(old: &mut Vulnerability, new: &Vulnerability) -> bool {
    let is_same = old.id == new.id
        && old.version == new.version
        && old.package == new.package
        && old.aliases == new.aliases
        && old.printed == new.printed
        && old.printed.contains(&old.id)
        && old.printed.iter().all(|id| *id == old.id || old.aliases.contains(id));
    if is_same && old.fix_versions != new.fix_versions {
        old.fix_versions.clone_from(&new.fix_versions);
    }
    is_same
}

/// Takes over what the records say of a flaw. Gives the aliases that nobody names any more.
fn flaw(old: &mut Vulnerability, lead: &Vulnerability, records: &[&Record<'_>], may_forget: bool) -> AdvisoryIds {
    let all: Vec<&Vulnerability> = records
        .iter()
        .filter_map(|r| match &r.observation.subject {
            Subject::Vulnerability(v) => Some(v),
            _ => None,
        })
        .collect();
    // What was cleared may be at another version.
    let open = records.iter().take_while(|r| r.observation.clearance.is_none()).count();
    let counting = if open == 0 { all.len() } else { open };
    let mut printed = std::mem::take(&mut old.printed);
    printed.insert(old.id.clone());
    for v in &all {
        printed.insert(v.id.clone());
        printed.extend(v.printed.iter().cloned());
    }
    // A report without aliases does not take back what an earlier one said; a report with some replaces it.
    let told: AdvisoryIds = all.iter().flat_map(|v| &v.aliases).cloned().collect();
    let before = std::mem::take(&mut old.aliases);
    let mut aliases = told;
    let mut forgotten = AdvisoryIds::new();
    if aliases.is_empty() || !may_forget {
        aliases.extend(before);
    } else {
        forgotten = before;
    }
    aliases.extend(printed.iter().cloned());
    aliases.remove(&lead.id);
    for id in aliases.iter().chain([&lead.id]) {
        forgotten.remove(id);
    }
    *old = Vulnerability {
        package: lead.package.clone(),
        version: all.iter().take(counting).find_map(|v| v.version.clone()).or_else(|| old.version.take()),
        id: lead.id.clone(),
        aliases,
        printed,
        fix_versions: all.iter().flat_map(|v| &v.fix_versions).cloned().collect(),
    };
    forgotten
}

/// What the reports themselves say against a finding.
///
/// A suppression clears what its own scanner reports. A statement about the product (VEX: not affected, false positive) clears
/// what other scanners report as well, unless the same scanner reports it uncleared elsewhere.
pub(super) fn clearance(records: &[&Record<'_>]) -> Option<Clearance> {
    if records.iter().all(|r| r.observation.clearance.is_none()) {
        return None;
    }
    let uncleared: BTreeSet<&ScannerName> =
        records.iter().filter(|r| r.observation.clearance.is_none()).map(|r| r.scanner).collect();
    if uncleared.is_empty() {
        return records.iter().filter_map(|r| r.observation.clearance).max();
    }
    let statements: Vec<&Record<'_>> = records
        .iter()
        .filter(|r| !uncleared.contains(r.scanner))
        .filter(|r| matches!(r.observation.clearance, Some(Clearance::NotAffected | Clearance::FalsePositive)))
        .copied()
        .collect();
    let mut counting = records.iter().filter(|r| r.observation.clearance.is_none());
    let all = counting.all(|record| statements.iter().any(|said| speaks_of(said, record)));
    statements.iter().filter(|_| all).filter_map(|r| r.observation.clearance).max()
}

/// Whether a statement is about the version that a record is about; one without a version is about all of them.
fn speaks_of(statement: &Record<'_>, record: &Record<'_>) -> bool {
    match (&statement.observation.subject, &record.observation.subject) {
        (Subject::Vulnerability(said), Subject::Vulnerability(found)) => {
            said.version.is_none() || said.version == found.version
        }
        _ => true,
    }
}
