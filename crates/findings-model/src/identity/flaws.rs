//! Vulnerabilities: which printed ids are one flaw, inside one package.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Slot;
use crate::{AdvisoryId, Finding, Package, Status, Vulnerability};

/// The ids of one flaw, borrowed.
#[derive(Debug)]
struct Ids<'a> {
    /// Printed as its id by a scanner.
    printed: Vec<&'a AdvisoryId>,
    /// Printed ids and aliases.
    all: Vec<&'a AdvisoryId>,
    /// The CVE numbers among its id and aliases, in order.
    cves: Vec<&'a AdvisoryId>,
}

impl<'a> Ids<'a> {
    fn new(id: &'a AdvisoryId, printed: &'a BTreeSet<AdvisoryId>, aliases: &'a BTreeSet<AdvisoryId>) -> Self {
        let sorted = |ids: &mut Vec<&'a AdvisoryId>| {
            ids.sort_unstable();
            ids.dedup();
        };
        let mut printed: Vec<_> = std::iter::once(id).chain(printed).collect();
        sorted(&mut printed);
        let mut cves: Vec<_> = std::iter::once(id).chain(aliases).filter(|id| id.is_cve()).collect();
        sorted(&mut cves);
        let mut all: Vec<_> = printed.iter().copied().chain(aliases).collect();
        sorted(&mut all);
        Self { printed, all, cves }
    }

    fn of(v: &'a Vulnerability) -> Self {
        Self::new(&v.id, &v.printed, &v.aliases)
    }
}

/// A flaw that is known as a finding.
#[derive(Debug)]
pub(super) struct KnownFlaw<'a> {
    index: usize,
    finding: &'a Finding,
    package: &'a Package,
    ids: Ids<'a>,
    live: bool,
}

impl<'a> KnownFlaw<'a> {
    pub(super) fn new(index: usize, finding: &'a Finding, v: &'a Vulnerability) -> Self {
        Self { index, finding, package: &v.package, ids: Ids::of(v), live: !super::is_resolved(finding) }
    }

    /// The first is taken where several come into question: one that is present, then the oldest.
    fn rank(&self) -> (bool, time::Date, &'a str) {
        (!self.live, self.finding.discovered, self.finding.finding_id.as_str())
    }

    /// Whether both findings were reported side by side before this one was last seen, which makes them two flaws.
    fn stood_beside(&self, other: &Self) -> bool {
        let (born, seen) = (other.finding.discovered, self.finding.last_seen);
        born < seen || (born == seen && self.finding.status == Status::Open)
    }
}

/// A flaw that a report names.
#[derive(Debug)]
pub(super) struct SeenFlaw<'a> {
    index: usize,
    package: &'a Package,
    ids: Ids<'a>,
}

impl<'a> SeenFlaw<'a> {
    pub(super) fn new(index: usize, v: &'a Vulnerability) -> Self {
        Self { index, package: &v.package, ids: Ids::of(v) }
    }
}

/// Assigns every seen flaw, package by package.
pub(super) fn assign(
    known: &mut [KnownFlaw<'_>],
    seen: &[SeenFlaw<'_>],
    of: &mut [Slot],
    contested: &mut BTreeSet<usize>,
) {
    known.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let mut packages: HashMap<&Package, (Vec<&KnownFlaw<'_>>, Vec<&SeenFlaw<'_>>)> = HashMap::new();
    for flaw in seen {
        packages.entry(flaw.package).or_default().1.push(flaw);
    }
    for flaw in known.iter() {
        // A package without any record has nothing to assign and nothing to contest.
        if let Some(entry) = packages.get_mut(flaw.package) {
            entry.0.push(flaw);
        }
    }
    for (known, seen) in packages.into_values() {
        let ids: Vec<&Ids<'_>> = seen.iter().map(|s| &s.ids).collect();
        let outcome = InPackage::new(&known, &ids).run();
        for (s, home) in seen.iter().zip(outcome.homes) {
            of[s.index] = match home {
                Home::Known(k) => Slot::Known(known[k].index),
                Home::Class(first) => Slot::With(seen[first].index),
            };
        }
        contested.extend(outcome.contested.into_iter().map(|k| known[k].index));
    }
}

/// The classes of records of one package, without any known finding.
pub(super) fn classes(records: &[(&AdvisoryId, &BTreeSet<AdvisoryId>)]) -> Vec<usize> {
    let none = BTreeSet::new();
    let ids: Vec<Ids<'_>> = records.iter().map(|(id, aliases)| Ids::new(id, &none, aliases)).collect();
    let refs: Vec<&Ids<'_>> = ids.iter().collect();
    let homes = InPackage::new(&[], &refs).run().homes;
    homes
        .into_iter()
        .map(|home| match home {
            Home::Class(n) | Home::Known(n) => n,
        })
        .collect()
}

/// Where a record of one package belongs, by positions inside that package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    Known(usize),
    /// The class whose first record is this one.
    Class(usize),
}

struct Outcome {
    homes: Vec<Home>,
    contested: BTreeSet<usize>,
}

/// The passes over the flaws of one package. `known` is in the order of preference.
struct InPackage<'p, 'a> {
    known: &'p [&'p KnownFlaw<'a>],
    seen: &'p [&'p Ids<'a>],
    home: Vec<Option<usize>>,
    contested: BTreeSet<usize>,
}

impl<'p, 'a> InPackage<'p, 'a> {
    fn new(known: &'p [&'p KnownFlaw<'a>], seen: &'p [&'p Ids<'a>]) -> Self {
        Self { known, seen, home: vec![None; seen.len()], contested: BTreeSet::new() }
    }

    fn run(mut self) -> Outcome {
        let mut classes = self.equal_classes();
        self.by_strong_evidence(&mut classes);
        self.by_common_id(&mut classes);
        self.contest();
        let homes = (0..self.seen.len())
            .map(|s| self.home[s].map_or_else(|| Home::Class(classes.find(s)), Home::Known))
            .collect();
        Outcome { homes, contested: self.contested }
    }

    /// Records that print the same id.
    fn printed_classes(&self) -> Classes {
        let mut classes = Classes::new(self.seen.len());
        let mut by_id: HashMap<&AdvisoryId, usize> = HashMap::new();
        for (s, ids) in self.seen.iter().enumerate() {
            for id in &ids.printed {
                classes.join(s, *by_id.entry(id).or_insert(s));
            }
        }
        classes
    }

    /// Records that print the same id, or have equal non-empty sets of CVE numbers.
    fn equal_classes(&self) -> Classes {
        let mut classes = self.printed_classes();
        let mut by_cves: HashMap<&[&AdvisoryId], usize> = HashMap::new();
        for (s, ids) in self.seen.iter().enumerate() {
            if !ids.cves.is_empty() {
                classes.join(s, *by_cves.entry(&ids.cves).or_insert(s));
            }
        }
        classes
    }

    /// Passes 1 and 2: a printed id that is known, then equal sets of CVE numbers. The rest of a class follows its members.
    ///
    /// Records that print one id always go to one finding, and that id is then known for it. So no id is ever known for two
    /// findings of a ledger, and the same records find the same home the next time.
    fn by_strong_evidence(&mut self, classes: &mut Classes) {
        let mut by_id: HashMap<&AdvisoryId, Vec<usize>> = HashMap::new();
        let mut by_cves: HashMap<&[&AdvisoryId], Vec<usize>> = HashMap::new();
        for (k, flaw) in self.known.iter().enumerate() {
            for id in &flaw.ids.printed {
                by_id.entry(id).or_default().push(k);
            }
            if !flaw.ids.cves.is_empty() {
                by_cves.entry(&flaw.ids.cves).or_default().push(k);
            }
        }
        let mut same_id = self.printed_classes();
        let mut of_id: HashMap<usize, Candidates> = HashMap::new();
        let mut of_class: HashMap<usize, Candidates> = HashMap::new();
        for (s, ids) in self.seen.iter().enumerate() {
            let printed: BTreeSet<usize> =
                ids.printed.iter().filter_map(|id| by_id.get(id)).flatten().copied().collect();
            let cves: BTreeSet<usize> = by_cves.get(ids.cves.as_slice()).into_iter().flatten().copied().collect();
            let found = Candidates { printed: printed.first().copied(), cves: cves.first().copied() };
            of_id.entry(same_id.find(s)).or_default().add(found);
            of_class.entry(classes.find(s)).or_default().add(found);
            // Whoever came into question and gets nothing is not proved absent.
            self.contested.extend(printed.into_iter().chain(cves));
        }
        for s in 0..self.seen.len() {
            let own = of_id[&same_id.find(s)];
            let class = of_class[&classes.find(s)];
            self.home[s] = own.printed.or(own.cves).or(class.printed).or(class.cves);
        }
    }

    /// Pass 3: an id in common where one side has no CVE number, if only one flaw comes into question.
    fn by_common_id(&mut self, classes: &mut Classes) {
        let mut blocked = HashSet::new();
        for live in [true, false] {
            let known: Vec<usize> = (0..self.known.len()).filter(|k| self.known[*k].live == live).collect();
            for group in self.linked(&known, classes, &blocked) {
                match (group.known.as_slice(), group.is_one_flaw()) {
                    ([k], true) => {
                        for s in 0..self.seen.len() {
                            if group.classes.contains(&classes.find(s)) {
                                self.home[s] = Some(*k);
                            }
                        }
                    }
                    ([], _) => {}
                    _ => blocked.extend(group.classes),
                }
            }
        }
        for group in self.linked(&[], classes, &blocked) {
            if group.is_one_flaw() {
                let mut members = group.classes.iter();
                if let Some(first) = members.next() {
                    for other in members {
                        classes.join(*other, *first);
                    }
                }
            }
        }
    }

    /// Groups of known flaws and classes without a home that hang together by ids in common.
    fn linked(&self, known: &[usize], classes: &mut Classes, blocked: &HashSet<usize>) -> Vec<Linked> {
        let mut of_class: BTreeMap<usize, usize> = BTreeMap::new();
        let mut elements: Vec<(BTreeSet<&AdvisoryId>, bool)> = Vec::new();
        let mut position: HashMap<usize, usize> = HashMap::new();
        for k in known {
            position.insert(*k, elements.len());
            let ids = &self.known[*k].ids;
            elements.push((ids.all.iter().copied().collect(), !ids.cves.is_empty()));
        }
        for (s, ids) in self.seen.iter().enumerate() {
            let element = if let Some(k) = self.home[s] {
                let Some(element) = position.get(&k) else {
                    continue;
                };
                *element
            } else {
                let class = classes.find(s);
                if blocked.contains(&class) {
                    continue;
                }
                *of_class.entry(class).or_insert_with(|| {
                    elements.push((BTreeSet::new(), false));
                    elements.len() - 1
                })
            };
            elements[element].0.extend(&ids.all);
            elements[element].1 |= !ids.cves.is_empty();
        }
        if of_class.is_empty() {
            return Vec::new();
        }
        let mut holders: HashMap<&AdvisoryId, Vec<usize>> = HashMap::new();
        for (e, (ids, _)) in elements.iter().enumerate() {
            for id in ids {
                holders.entry(id).or_default().push(e);
            }
        }
        let mut together = Classes::new(elements.len());
        for list in holders.values() {
            // Two flaws with CVE numbers, and those not equal, are never joined by what else they share.
            if list.iter().any(|e| !elements[*e].1) {
                for e in list {
                    together.join(*e, list[0]);
                }
            }
        }
        let mut groups: BTreeMap<usize, Linked> = BTreeMap::new();
        for (e, (_, has_cve)) in elements.iter().enumerate() {
            groups.entry(together.find(e)).or_default().with_cve += usize::from(*has_cve);
        }
        for (k, e) in position {
            groups.entry(together.find(e)).or_default().known.push(k);
        }
        for (class, e) in of_class {
            groups.entry(together.find(e)).or_default().classes.insert(class);
        }
        groups.into_values().filter(|g| !g.classes.is_empty()).collect()
    }

    /// Known flaws that got no record although one may be theirs.
    fn contest(&mut self) {
        let mut holders: HashMap<&AdvisoryId, Vec<usize>> = HashMap::new();
        for (s, ids) in self.seen.iter().enumerate() {
            for id in &ids.all {
                holders.entry(id).or_default().push(s);
            }
        }
        let found: HashSet<usize> = self.home.iter().flatten().copied().collect();
        self.contested.retain(|k| !found.contains(k));
        for (k, flaw) in self.known.iter().enumerate() {
            if !flaw.live || found.contains(&k) || self.contested.contains(&k) {
                continue;
            }
            let doubt = flaw.ids.all.iter().filter_map(|id| holders.get(id)).flatten().any(|s| {
                flaw.ids.cves.is_empty()
                    || self.seen[*s].cves.is_empty()
                    || self.home[*s].is_none_or(|other| !flaw.stood_beside(self.known[other]))
            });
            if doubt {
                self.contested.insert(k);
            }
        }
        self.contested.retain(|k| self.known[*k].live);
    }
}

/// The known flaws that come into question first, by each kind of evidence.
#[derive(Clone, Copy, Default)]
struct Candidates {
    printed: Option<usize>,
    cves: Option<usize>,
}

impl Candidates {
    fn add(&mut self, other: Self) {
        let first = |a: Option<usize>, b: Option<usize>| a.into_iter().chain(b).min();
        self.printed = first(self.printed, other.printed);
        self.cves = first(self.cves, other.cves);
    }
}

/// What hangs together by ids in common.
#[derive(Default)]
struct Linked {
    known: Vec<usize>,
    classes: BTreeSet<usize>,
    with_cve: usize,
}

impl Linked {
    fn is_one_flaw(&self) -> bool {
        self.known.len() <= 1 && self.with_cve <= 1
    }
}

/// Disjoint sets of positions; a set goes by its smallest member.
struct Classes(Vec<usize>);

impl Classes {
    fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    fn find(&mut self, of: usize) -> usize {
        let mut root = of;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut at = of;
        while self.0[at] != root {
            at = std::mem::replace(&mut self.0[at], root);
        }
        root
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
