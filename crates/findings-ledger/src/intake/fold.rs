//! Findings that turn out to be one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use findings_model::{
    AdvisoryId, Attribution, Finding, FindingId, Package, Rating, Status, Subject, Vulnerability, identity::Match,
};

use super::{fix, run::Record};

/// A finding to fold into an older one, by their positions.
pub(super) type Fold = (usize, usize);

/// Finds the flaws of one package that were known under several ids, and of which this run says that they have the same CVE
/// numbers. `records` gives for each known finding what this run says of it.
///
/// Only what had no CVE number until now can turn out to be another one: two flaws that each had their own stay two, whatever
/// an alias list says this week.
pub(super) fn find<'a>(
    findings: &'a [Finding],
    records: impl Iterator<Item = (usize, &'a [(Match, &'a Record<'a>)])>,
) -> Vec<Fold> {
    let mut learned: HashMap<usize, BTreeSet<&AdvisoryId>> = HashMap::new();
    for (at, records) in records {
        let Subject::Vulnerability(known) = &findings[at].subject else { continue };
        if has_cve(known) {
            continue;
        }
        let cves: BTreeSet<&AdvisoryId> =
            records.iter().filter_map(|(_, r)| flaw_of(&r.observation.subject)).flat_map(Vulnerability::cves).collect();
        if !cves.is_empty() {
            learned.insert(at, cves);
        }
    }
    if learned.is_empty() {
        return Vec::new();
    }
    let packages: BTreeSet<&Package> = learned.keys().filter_map(|at| findings[*at].subject.package()).collect();
    let mut same: BTreeMap<(&Package, BTreeSet<&AdvisoryId>), Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let Some(flaw) = flaw_of(&finding.subject).filter(|flaw| packages.contains(&flaw.package)) else { continue };
        if matches!(finding.status, Status::Resolved { .. }) {
            continue;
        }
        let cves = learned.get(&at).cloned().unwrap_or_else(|| flaw.cves());
        if !cves.is_empty() {
            same.entry((&flaw.package, cves)).or_default().push(at);
        }
    }
    let mut folds = Vec::new();
    for mut group in same.into_values() {
        group.sort_by_key(|at| (findings[*at].discovered, &findings[*at].finding_id));
        if let Some((oldest, younger)) = group.split_first()
            && group.iter().any(|at| learned.contains_key(at))
        {
            folds.extend(younger.iter().map(|at| (*at, *oldest)));
        }
    }
    folds
}

fn flaw_of(subject: &Subject) -> Option<&Vulnerability> {
    match subject {
        Subject::Vulnerability(flaw) => Some(flaw),
        _ => None,
    }
}

fn has_cve(flaw: &Vulnerability) -> bool {
    std::iter::once(&flaw.id).chain(&flaw.aliases).any(AdvisoryId::is_cve)
}

/// Folds findings into older ones. Gives those that are no longer there, each with the id of the one that it is.
pub(super) fn apply(findings: &mut Vec<Finding>, folds: &[Fold]) -> Vec<(Finding, FindingId)> {
    let mut folded = Vec::with_capacity(folds.len());
    for (younger, older) in folds {
        let younger = findings[*younger].clone();
        let older = &mut findings[*older];
        absorb(older, &younger);
        folded.push((younger, older.finding_id.clone()));
    }
    let gone: BTreeSet<usize> = folds.iter().map(|(younger, _)| *younger).collect();
    let mut at = 0;
    findings.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    folded
}

/// Takes over everything by which the younger finding is known and rated.
fn absorb(older: &mut Finding, younger: &Finding) {
    if let (Subject::Vulnerability(flaw), Subject::Vulnerability(other)) = (&mut older.subject, &younger.subject) {
        flaw.printed.extend([flaw.id.clone(), other.id.clone()]);
        flaw.printed.extend(other.printed.iter().cloned());
        flaw.aliases.extend(other.aliases.iter().chain(&other.printed).cloned());
        flaw.aliases.insert(other.id.clone());
        flaw.aliases.remove(&flaw.id);
        for version in &other.fix_versions {
            if !flaw.fix_versions.contains(version) {
                flaw.fix_versions.push(version.clone());
            }
        }
        older.fix_version = fix::choose(flaw);
    }
    for (scanner, theirs) in younger.scanners.iter() {
        let own = older.scanners.get_or_insert(scanner, theirs.clone());
        *own = together(own, theirs);
    }
    if stronger(&younger.rating, &older.rating) {
        older.rating = younger.rating.clone();
        older.rated_on = younger.rated_on;
    }
    older.last_seen = older.last_seen.max(younger.last_seen);
    if younger.status == Status::Open && matches!(older.status, Status::Unverified { .. }) {
        older.status = Status::Open;
    }
    older.remember(|memory| {
        memory.finding_ids.insert(younger.finding_id.clone());
        memory.finding_ids.extend(younger.former_ids().cloned());
        memory.aliases.extend(younger.former_aliases().cloned());
    });
}

/// Whether a rating goes before another: that of the stronger source, then the worse one.
fn stronger(rating: &Rating, than: &Rating) -> bool {
    let words = |r: &Rating| (r.source, std::cmp::Reverse(r.severity.rank()));
    words(rating) < words(than)
}

fn together(a: &Attribution, b: &Attribution) -> Attribution {
    let ended = a.ended.zip(b.ended).map(|(a, b)| a.max(b));
    let mut seen_in = [a.seen_in.clone(), b.seen_in.clone()].concat();
    seen_in.sort_unstable();
    seen_in.dedup();
    Attribution {
        first_seen: a.first_seen.min(b.first_seen),
        last_seen: a.last_seen.max(b.last_seen),
        ended,
        reason: a.reason.or(b.reason).filter(|_| ended.is_some()),
        seen_in,
    }
}
