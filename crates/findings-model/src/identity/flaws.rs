//! Vulnerabilities: which printed ids are one flaw, inside one package.
//!
//! The flaws are sorted into their packages here; what is decided inside one of them stands in [`package`].

mod numbers;
mod package;

use std::collections::{BTreeMap, BTreeSet};

use self::package::{Home, InPackage};
use super::{FastMap, NONE, Slot, groups::Groups};
use crate::{AdvisoryId, Finding, Package, Vulnerability, order};

/// A flaw that is known as a finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownFlaw<'a> {
    pub(super) index: usize,
    pub(super) finding: &'a Finding,
    pub(super) flaw: &'a Vulnerability,
}

impl<'a> KnownFlaw<'a> {
    /// The first is taken where several come into question: one that is present, then the oldest.
    fn rank(&self) -> (bool, time::Date, &'a str) {
        (super::is_resolved(self.finding), self.finding.discovered, self.finding.finding_id.as_str())
    }
}

/// What is to be said of known flaws beside the records that they are.
#[derive(Debug, Default)]
pub(super) struct Asides {
    /// Flaws without a record although one may be theirs.
    pub(super) contested: BTreeSet<usize>,
    /// For a flaw the records that were taken for it until now and are others.
    pub(super) parted: BTreeMap<usize, BTreeSet<usize>>,
}

/// A flaw that a report names.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenFlaw<'a> {
    pub(super) index: usize,
    pub(super) flaw: &'a Vulnerability,
}

/// Assigns every seen flaw, package by package.
pub(super) fn assign(known: &[KnownFlaw<'_>], seen: &[SeenFlaw<'_>], of: &mut [Slot]) -> Asides {
    let mut asides = Asides::default();
    let mut packages = Packages::default();
    let seen_groups: Vec<usize> = seen.iter().map(|s| packages.number(&s.flaw.package)).collect();
    // A package without any record has nothing to assign and nothing to contest.
    let known_groups: Vec<usize> = known.iter().map(|k| packages.find(&k.flaw.package)).collect();
    let by_group = |groups: &[usize]| Groups::new(packages.len(), groups.iter().copied().zip(0..));
    let (seen_of, mut known_of) = (by_group(&seen_groups), by_group(&known_groups));
    let mut inside = InPackage::default();
    for package in 0..packages.len() {
        let seen_here = seen_of.of(package);
        let known_here = known_of.of_mut(package);
        if let ([alone], []) = (seen_here, &*known_here) {
            of[seen[*alone].index] = Slot::With(seen[*alone].index);
            continue;
        }
        order::sort_positions(known_here, &mut |a, b| known[a].rank().cmp(&known[b].rank()).then(a.cmp(&b)));
        inside.clear();
        for k in known_here.iter() {
            inside.add_known(known[*k].finding, known[*k].flaw);
        }
        for s in seen_here {
            inside.add_seen(seen[*s].flaw);
        }
        inside.run();
        for (s, home) in seen_here.iter().zip(inside.homes()) {
            of[seen[*s].index] = match home {
                Home::Known(k) => Slot::Known(known[known_here[k]].index),
                Home::Class(first) => Slot::With(seen[seen_here[first]].index),
            };
        }
        asides.contested.extend(inside.contested().map(|k| known[known_here[k]].index));
        for (k, s) in inside.parted() {
            asides.parted.entry(known[known_here[k]].index).or_default().insert(seen[seen_here[s]].index);
        }
    }
    asides
}

/// The classes of records of one package, without any known finding.
pub(super) fn classes(records: &[(&AdvisoryId, &BTreeSet<AdvisoryId>)]) -> Vec<usize> {
    let mut inside = InPackage::default();
    for (id, aliases) in records {
        inside.add_printed_once(id, aliases);
    }
    inside.run();
    inside
        .homes()
        .map(|home| match home {
            Home::Class(n) | Home::Known(n) => n,
        })
        .collect()
}

/// The packages that records name, numbered in the order of their first one.
#[derive(Default)]
struct Packages<'a> {
    numbers: FastMap<&'a Package, usize>,
    /// Records of one package mostly stand together.
    last: Option<(&'a Package, usize)>,
}

impl<'a> Packages<'a> {
    fn len(&self) -> usize {
        self.numbers.len()
    }

    fn number(&mut self, package: &'a Package) -> usize {
        if let Some((last, number)) = self.last
            && last == package
        {
            return number;
        }
        let next = self.numbers.len();
        let number = *self.numbers.entry(package).or_insert(next);
        self.last = Some((package, number));
        number
    }

    /// The number of a package, or [`NONE`].
    fn find(&mut self, package: &'a Package) -> usize {
        if let Some((last, number)) = self.last
            && last == package
        {
            return number;
        }
        let number = self.numbers.get(package).copied().unwrap_or(NONE);
        self.last = Some((package, number));
        number
    }
}
