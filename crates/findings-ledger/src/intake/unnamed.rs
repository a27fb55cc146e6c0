//! Records that name an advisory and not the package: which finding they are.
//!
//! Some reports leave out what a flaw affects, in some weeks or always. Such a record is the finding of the package that comes into
//! question, and what was known without a package is the finding that a later report names. What a report clears never counts here: it
//! may be about another package.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use findings_model::{
    AdvisoryId, ExceptedBy, Finding, LookedAt, Observation, Package, Scan, Status, Subject, Vulnerability,
};

use super::{fold::Fold, run::Record};

/// The packages in which an advisory is known or reported.
type Homes = BTreeMap<AdvisoryId, BTreeSet<Package>>;

/// The scans with each record that names no package about those that come into question. Of the packages that its report lists, where it
/// lists any, these are all in which the advisory is open or reported, else the only one in which it ever was.
pub(super) fn placed<'s>(findings: &[Finding], scans: &'s [Scan]) -> Cow<'s, [Scan]> {
    if !scans.iter().flat_map(|scan| &scan.observations).any(|o| unnamed(o).is_some()) {
        return Cow::Borrowed(scans);
    }
    let (mut present, mut ever) = (reported(scans), Homes::new());
    for finding in findings {
        let Subject::Vulnerability(flaw) = &finding.subject else { continue };
        add(&mut ever, flaw);
        if !is_resolved(finding) {
            add(&mut present, flaw);
        }
    }
    let mut scans = scans.to_vec();
    for scan in &mut scans {
        let looked_at = &scan.coverage.looked_at;
        let place = |observation: Observation| {
            let Some(flaw) = unnamed(&observation) else { return vec![observation] };
            let mut homes = listed(flaw, &present, looked_at);
            if homes.is_empty() {
                homes = listed(flaw, &ever, looked_at);
                if homes.len() > 1 {
                    homes.clear();
                }
            }
            if homes.is_empty() {
                vec![observation]
            } else {
                homes.into_iter().map(|home| at(&observation, home, looked_at)).collect()
            }
        };
        scan.observations = std::mem::take(&mut scan.observations).into_iter().flat_map(place).collect();
    }
    Cow::Owned(scans)
}

/// The packages in which an advisory is, of those that a report lists, where it lists any.
fn listed<'h>(flaw: &Vulnerability, homes: &'h Homes, looked_at: &LookedAt) -> Vec<&'h Package> {
    let is_listed = |package: &&Package| !looked_at.lists_packages || looked_at.packages.contains_key(*package);
    let packages: BTreeSet<&Package> = ids(flaw).filter_map(|id| homes.get(id)).flatten().filter(is_listed).collect();
    packages.into_iter().collect()
}

/// A record about a package, at the version that its report lists.
fn at(observation: &Observation, package: &Package, looked_at: &LookedAt) -> Observation {
    let mut placed = observation.clone();
    if let Subject::Vulnerability(flaw) = &mut placed.subject {
        flaw.package = package.clone();
        flaw.version = flaw.version.take().or_else(|| looked_at.packages.get(package).cloned().flatten());
    }
    placed
}

/// Gives what is known without a package the one that a report names now. Where the advisory is a finding there already, the two are one:
/// what is to be folded.
pub(super) fn name_known(findings: &mut [Finding], scans: &[Scan]) -> Vec<Fold> {
    let is_cleared = |f: &Finding| matches!(f.status, Status::Excepted { by: ExceptedBy::Report(_) });
    let is_nameless =
        |f: &Finding| !is_resolved(f) && !is_cleared(f) && f.subject.package().is_some_and(Package::is_unnamed);
    if !findings.iter().any(is_nameless) {
        return Vec::new();
    }
    let reported = reported(scans);
    let still_unnamed: BTreeSet<&AdvisoryId> =
        scans.iter().flat_map(|scan| &scan.observations).filter_map(unnamed).flat_map(ids).collect();
    let mut folds = Vec::new();
    for at in 0..findings.len() {
        let Subject::Vulnerability(flaw) = &findings[at].subject else { continue };
        if !is_nameless(&findings[at]) || ids(flaw).any(|id| still_unnamed.contains(id)) {
            continue;
        }
        let homes: BTreeSet<&Package> = ids(flaw).filter_map(|id| reported.get(id)).flatten().collect();
        let known_in =
            |home: &Package| findings.iter().position(|other| !is_resolved(other) && is_in(other, home, flaw));
        let free = homes.iter().find(|home| known_in(home).is_none());
        if let Some(home) = free {
            let home = (*home).clone();
            if let Subject::Vulnerability(flaw) = &mut findings[at].subject {
                flaw.package = home;
            }
        } else if let Some(other) = homes.first().and_then(|home| known_in(home)) {
            folds.push((at, other));
        }
    }
    folds
}

/// The known findings that a record without a package may be: their scanner's silence about them proves nothing.
pub(super) fn contested<'f>(findings: &'f [Finding], records: &[Record<'f>]) -> impl Iterator<Item = usize> {
    let nameless: BTreeSet<&AdvisoryId> =
        records.iter().filter_map(|record| unnamed(record.observation)).flat_map(ids).collect();
    let findings = if nameless.is_empty() { &[][..] } else { findings };
    findings.iter().enumerate().filter_map(move |(at, finding)| {
        let Subject::Vulnerability(flaw) = &finding.subject else { return None };
        ids(flaw).any(|id| nameless.contains(id)).then_some(at)
    })
}

/// What a record says that names no package and clears nothing.
fn unnamed(observation: &Observation) -> Option<&Vulnerability> {
    match &observation.subject {
        Subject::Vulnerability(flaw) if flaw.package.is_unnamed() && observation.clearance.is_none() => Some(flaw),
        _ => None,
    }
}

/// Where a run's records say that advisories are.
fn reported(scans: &[Scan]) -> Homes {
    let mut homes = Homes::new();
    for observation in scans.iter().flat_map(|scan| &scan.observations).filter(|o| o.clearance.is_none()) {
        if let Subject::Vulnerability(flaw) = &observation.subject {
            add(&mut homes, flaw);
        }
    }
    homes
}

fn add(homes: &mut Homes, flaw: &Vulnerability) {
    if !flaw.package.is_unnamed() {
        for id in ids(flaw) {
            homes.entry(id.clone()).or_default().insert(flaw.package.clone());
        }
    }
}

fn is_in(finding: &Finding, package: &Package, flaw: &Vulnerability) -> bool {
    match &finding.subject {
        Subject::Vulnerability(other) if other.package == *package => {
            ids(other).any(|id| ids(flaw).any(|own| own == id))
        }
        _ => false,
    }
}

fn ids(flaw: &Vulnerability) -> impl Iterator<Item = &AdvisoryId> {
    std::iter::once(&flaw.id).chain(&flaw.aliases).chain(&flaw.printed)
}

fn is_resolved(finding: &Finding) -> bool {
    matches!(finding.status, Status::Resolved { .. })
}
