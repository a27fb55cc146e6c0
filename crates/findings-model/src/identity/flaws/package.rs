//! The passes over the flaws of one package.
//!
//! Every table is indexed by the small numbers of [`super::numbers`] or by positions inside the package, and kept for the next
//! package: a report names tens of thousands of them.

use std::{collections::BTreeSet, ops::Range};

use super::{
    super::NONE,
    numbers::{CveSets, IdNumbers},
};
use crate::{AdvisoryId, Finding, Status, Vulnerability};

/// The ids of one flaw as numbers.
struct Ids {
    /// Printed as its id by a scanner, and behind them its aliases. An id may stand here twice.
    all: Range<usize>,
    /// How many of them are printed.
    printed: usize,
    /// How many at the end were aliases once and are no longer told.
    former: usize,
    /// The set of CVE numbers among its id and aliases; [`NONE`] for the empty one.
    cves: usize,
}

impl Ids {
    fn printed(&self) -> Range<usize> {
        self.all.start..self.all.start + self.printed
    }

    /// All that are told now or were printed once.
    fn current(&self) -> Range<usize> {
        self.all.start..self.all.end - self.former
    }

    fn has_cve(&self) -> bool {
        self.cves != NONE
    }
}

struct Known<'a> {
    finding: &'a Finding,
    ids: Ids,
    live: bool,
}

impl Known<'_> {
    /// Whether both findings were reported side by side before this one was last seen, which makes them two flaws.
    fn stood_beside(&self, other: &Self) -> bool {
        let (born, seen) = (other.finding.discovered, self.finding.last_seen);
        born < seen || (born == seen && self.finding.status == Status::Open)
    }

    /// Whether both were last reported by the same day and nobody has looked since.
    fn fell_silent_with(&self, other: &Self) -> bool {
        let since = |known: &Self| match known.finding.status {
            Status::Unverified { since } => Some(since),
            _ => None,
        };
        since(self).is_some_and(|day| since(other) == Some(day) && other.finding.discovered <= day)
    }
}

/// Where a record of one package belongs, by positions inside that package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Known(usize),
    /// The class whose first record is this one.
    Class(usize),
}

/// The flaws of one package. Known ones are added in the order of preference.
#[derive(Default)]
pub(super) struct InPackage<'a> {
    numbers: IdNumbers<'a>,
    sets: CveSets,
    /// The id numbers of all flaws; [`Ids`] points into it.
    flat: Vec<usize>,
    known: Vec<Known<'a>>,
    seen: Vec<Ids>,
    /// For each record the known flaw that it is, or [`NONE`].
    home: Vec<usize>,
    /// For each known flaw whether it is contested.
    contested: Vec<bool>,
    classes: Classes,
    /// Classes, by their first record, that more than one flaw comes into question for.
    blocked: Vec<bool>,
    links: Links,
    same_id: Classes,
    by_id: Vec<usize>,
    by_set: Vec<usize>,
    id_asked: Vec<bool>,
    set_asked: Vec<bool>,
    of_id: Vec<Candidates>,
    of_class: Vec<Candidates>,
    cves: Vec<usize>,
}

impl<'a> InPackage<'a> {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.sets.clear();
        self.flat.clear();
        self.known.clear();
        self.seen.clear();
    }

    pub(super) fn add_known(&mut self, finding: &'a Finding, flaw: &'a Vulnerability) {
        let mut ids = self.ids(&flaw.id, flaw.printed.iter(), flaw.aliases.iter());
        for id in finding.former_aliases() {
            let number = self.numbers.number(id);
            self.flat.push(number);
        }
        (ids.former, ids.all.end) = (self.flat.len() - ids.all.end, self.flat.len());
        self.known.push(Known { finding, ids, live: !super::super::is_resolved(finding) });
    }

    pub(super) fn add_seen(&mut self, flaw: &'a Vulnerability) {
        let ids = self.ids(&flaw.id, flaw.printed.iter(), flaw.aliases.iter());
        self.seen.push(ids);
    }

    /// A record that was never printed under another id.
    pub(super) fn add_printed_once(&mut self, id: &'a AdvisoryId, aliases: &'a BTreeSet<AdvisoryId>) {
        let ids = self.ids(id, [].iter(), aliases.iter());
        self.seen.push(ids);
    }

    fn ids(
        &mut self,
        id: &'a AdvisoryId,
        printed: impl Iterator<Item = &'a AdvisoryId>,
        aliases: impl Iterator<Item = &'a AdvisoryId>,
    ) -> Ids {
        let start = self.flat.len();
        self.cves.clear();
        let mut add = |id: &'a AdvisoryId, is_own: bool| {
            let number = self.numbers.number(id);
            self.flat.push(number);
            if is_own && self.numbers.is_cve(number) {
                self.cves.push(number);
            }
        };
        add(id, true);
        let mut count = 1;
        for other in printed.filter(|other| *other != id) {
            add(other, false);
            count += 1;
        }
        aliases.for_each(|id| add(id, true));
        Ids { all: start..self.flat.len(), printed: count, former: 0, cves: self.sets.number(&mut self.cves) }
    }

    /// Runs the passes; [`Self::homes`] and [`Self::contested`] hold what came out.
    pub(super) fn run(&mut self) {
        reset(&mut self.home, self.seen.len(), NONE);
        reset(&mut self.contested, self.known.len(), false);
        reset(&mut self.blocked, self.seen.len(), false);
        self.join_equal();
        self.by_strong_evidence();
        self.by_common_id();
        self.contest();
    }

    /// The home of each record, in the order they were added.
    pub(super) fn homes(&mut self) -> impl Iterator<Item = Home> {
        self.home.iter().enumerate().map(|(s, home)| match *home {
            NONE => Home::Class(self.classes.find(s)),
            known => Home::Known(known),
        })
    }

    /// The known flaws that no record was matched to although one may be theirs.
    pub(super) fn contested(&self) -> impl Iterator<Item = usize> {
        self.contested.iter().enumerate().filter(|(_, contested)| **contested).map(|(k, _)| k)
    }

    /// Records that print the same id, and on top of them those that have equal non-empty sets of CVE numbers.
    fn join_equal(&mut self) {
        self.same_id.reset(self.seen.len());
        reset(&mut self.by_id, self.numbers.len(), NONE);
        for (s, ids) in self.seen.iter().enumerate() {
            for id in &self.flat[ids.printed()] {
                self.same_id.join(s, first_or(&mut self.by_id[*id], s));
            }
        }
        self.classes.copy(&self.same_id);
        reset(&mut self.by_set, self.sets.len(), NONE);
        for (s, ids) in self.seen.iter().enumerate().filter(|(_, ids)| ids.has_cve()) {
            self.classes.join(s, first_or(&mut self.by_set[ids.cves], s));
        }
    }

    /// Passes 1 and 2: a printed id that is known, then equal sets of CVE numbers. The rest of a class follows its members.
    ///
    /// Records that print one id always go to one finding, and that id is then known for it. So no id is ever known for two
    /// findings of a ledger, and the same records find the same home the next time.
    fn by_strong_evidence(&mut self) {
        if self.known.is_empty() {
            return;
        }
        reset(&mut self.by_id, self.numbers.len(), NONE);
        reset(&mut self.by_set, self.sets.len(), NONE);
        for (k, known) in self.known.iter().enumerate() {
            for id in &self.flat[known.ids.printed()] {
                first_or(&mut self.by_id[*id], k);
            }
            if known.ids.has_cve() {
                first_or(&mut self.by_set[known.ids.cves], k);
            }
        }
        reset(&mut self.id_asked, self.numbers.len(), false);
        reset(&mut self.set_asked, self.sets.len(), false);
        reset(&mut self.of_id, self.seen.len(), Candidates::default());
        reset(&mut self.of_class, self.seen.len(), Candidates::default());
        for (s, ids) in self.seen.iter().enumerate() {
            let mut found = Candidates::default();
            for id in &self.flat[ids.printed()] {
                found.printed = found.printed.min(self.by_id[*id]);
                self.id_asked[*id] = true;
            }
            if ids.has_cve() {
                found.cves = self.by_set[ids.cves];
                self.set_asked[ids.cves] = true;
            }
            self.of_id[self.same_id.find(s)].add(found);
            self.of_class[self.classes.find(s)].add(found);
        }
        for s in 0..self.seen.len() {
            let own = self.of_id[self.same_id.find(s)];
            let class = self.of_class[self.classes.find(s)];
            let first = [own.printed, own.cves, class.printed, class.cves].into_iter().find(|k| *k != NONE);
            self.home[s] = first.unwrap_or(NONE);
        }
        // Whoever came into question and gets nothing is not proved absent.
        for (k, known) in self.known.iter().enumerate() {
            self.contested[k] = self.flat[known.ids.printed()].iter().any(|id| self.id_asked[*id])
                || known.ids.has_cve() && self.set_asked[known.ids.cves];
        }
    }

    /// Pass 3: an id in common where one side has no CVE number, if only one flaw comes into question.
    fn by_common_id(&mut self) {
        for live in [true, false] {
            if self.home.contains(&NONE) && self.known.iter().any(|known| known.live == live) {
                self.link(Some(live), Ids::current);
                self.take_linked();
            }
        }
        // Behind all that: an id that was an alias once.
        if self.known.iter().any(|known| known.live && known.ids.former > 0) && self.home.contains(&NONE) {
            self.link(Some(true), |ids| ids.all.clone());
            self.take_linked();
        }
        if self.home.contains(&NONE) {
            self.link(None, Ids::current);
            for class in 0..self.seen.len() {
                if let Some(group) = self.links.of_class(class)
                    && group.is_one_flaw()
                {
                    self.classes.join(class, first_or(&mut group.class, class));
                }
            }
        }
    }

    /// Finds what hangs together by ids in common: known flaws that are present (or those that are not, or none) with the
    /// records that are theirs, and classes without a home.
    fn link(&mut self, live: Option<bool>, of_known: impl Fn(&Ids) -> Range<usize>) {
        let Self { links, known, seen, home, classes, blocked, flat, numbers, .. } = self;
        links.clear(known.len(), seen.len());
        for (k, flaw) in known.iter().enumerate().filter(|(_, flaw)| Some(flaw.live) == live) {
            links.of_known[k] = links.element(flaw.ids.has_cve());
            links.parts.push((links.of_known[k], of_known(&flaw.ids)));
        }
        for (s, ids) in seen.iter().enumerate() {
            let element = match home[s] {
                NONE => {
                    let class = classes.find(s);
                    if blocked[class] {
                        continue;
                    }
                    if links.of_class[class] == NONE {
                        links.of_class[class] = links.element(false);
                    }
                    links.of_class[class]
                }
                known => links.of_known[known],
            };
            if element != NONE {
                links.has_cve[element] |= ids.has_cve();
                links.parts.push((element, ids.all.clone()));
            }
        }
        links.join(flat, numbers.len());
    }

    /// Gives classes to the one known flaw that they hang together with.
    fn take_linked(&mut self) {
        let home_of_class = &mut self.by_set;
        reset(home_of_class, self.seen.len(), NONE);
        for (class, home) in home_of_class.iter_mut().enumerate() {
            match self.links.of_class(class) {
                Some(group) if group.known_count == 1 && group.is_one_flaw() => *home = group.known,
                Some(group) if group.known_count > 0 => self.blocked[class] = true,
                _ => {}
            }
        }
        for (s, home) in self.home.iter_mut().enumerate().filter(|(_, home)| **home == NONE) {
            *home = home_of_class[self.classes.find(s)];
        }
    }

    /// Whether each of two flaws has CVE numbers and none is the other's.
    fn have_no_cve_in_common(&self, a: &Known<'_>, b: &Known<'_>) -> bool {
        let cves = |known: &Known<'_>| {
            let ids = &self.flat[known.ids.current()];
            ids.iter().copied().filter(|id| self.numbers.is_cve(*id)).collect::<Vec<_>>()
        };
        let (a, b) = (cves(a), cves(b));
        !a.is_empty() && !b.is_empty() && !a.iter().any(|id| b.contains(id))
    }

    /// Known flaws that got no record although one may be theirs.
    fn contest(&mut self) {
        for home in self.home.iter().filter(|home| **home != NONE) {
            self.contested[*home] = false;
        }
        reset(&mut self.set_asked, self.known.len(), false);
        for home in self.home.iter().filter(|home| **home != NONE) {
            self.set_asked[*home] = true;
        }
        let found = &self.set_asked;
        let is_open = |k: usize, known: &Known<'_>| known.live && !found[k] && !self.contested[k];
        if self.known.iter().enumerate().any(|(k, known)| is_open(k, known)) {
            // The records that hold each id, as lists: the newest entry by id, and for each entry the one before.
            reset(&mut self.by_id, self.numbers.len(), NONE);
            let mut entries: Vec<(usize, usize)> = Vec::new();
            for (s, ids) in self.seen.iter().enumerate() {
                for id in &self.flat[ids.all.clone()] {
                    entries.push((s, self.by_id[*id]));
                    self.by_id[*id] = entries.len() - 1;
                }
            }
            let mut doubted = Vec::new();
            for (k, known) in self.known.iter().enumerate().filter(|(k, known)| is_open(*k, known)) {
                let may_be = |s: usize| {
                    if !known.ids.has_cve() || !self.seen[s].has_cve() || self.home[s] == NONE {
                        return true;
                    }
                    let home = &self.known[self.home[s]];
                    !(known.stood_beside(home)
                        || known.fell_silent_with(home) && self.have_no_cve_in_common(known, home))
                };
                let holders = |id: &usize| {
                    std::iter::successors(entries.get(self.by_id[*id]), |(_, before)| entries.get(*before))
                        .map(|(s, _)| *s)
                };
                let may_be_by_former =
                    |s: usize| self.home[s] == NONE || !known.stood_beside(&self.known[self.home[s]]);
                let (told, former) = (known.ids.current(), known.ids.current().end..known.ids.all.end);
                if self.flat[told].iter().flat_map(holders).any(may_be)
                    || self.flat[former].iter().flat_map(holders).any(may_be_by_former)
                {
                    doubted.push(k);
                }
            }
            for k in doubted {
                self.contested[k] = true;
            }
        }
        for (contested, known) in self.contested.iter_mut().zip(&self.known) {
            *contested &= known.live;
        }
    }
}

/// The known flaws that come into question first, by each kind of evidence; [`NONE`] where none does.
#[derive(Clone, Copy)]
struct Candidates {
    printed: usize,
    cves: usize,
}

impl Default for Candidates {
    fn default() -> Self {
        Self { printed: NONE, cves: NONE }
    }
}

impl Candidates {
    fn add(&mut self, other: Self) {
        self.printed = self.printed.min(other.printed);
        self.cves = self.cves.min(other.cves);
    }
}

/// What hangs together by ids in common.
#[derive(Clone, Copy)]
struct Group {
    known_count: usize,
    /// One of its known flaws.
    known: usize,
    with_cve: usize,
    /// Its first class, once classes are joined.
    class: usize,
}

impl Group {
    fn is_one_flaw(&self) -> bool {
        self.known_count <= 1 && self.with_cve <= 1
    }
}

/// Known flaws and classes (the elements), joined where they have ids in common.
#[derive(Default)]
struct Links {
    of_known: Vec<usize>,
    of_class: Vec<usize>,
    /// For each element whether anything of it has a CVE number.
    has_cve: Vec<bool>,
    /// Elements with some of their ids.
    parts: Vec<(usize, Range<usize>)>,
    together: Classes,
    groups: Vec<Group>,
    weak: Vec<bool>,
    first: Vec<usize>,
}

impl Links {
    fn clear(&mut self, known: usize, seen: usize) {
        reset(&mut self.of_known, known, NONE);
        reset(&mut self.of_class, seen, NONE);
        self.has_cve.clear();
        self.parts.clear();
    }

    fn element(&mut self, has_cve: bool) -> usize {
        self.has_cve.push(has_cve);
        self.has_cve.len() - 1
    }

    fn join(&mut self, flat: &[usize], ids: usize) {
        // Two flaws with CVE numbers, and those not equal, are never joined by what else they share.
        reset(&mut self.weak, ids, false);
        for (element, part) in &self.parts {
            if !self.has_cve[*element] {
                flat[part.clone()].iter().for_each(|id| self.weak[*id] = true);
            }
        }
        reset(&mut self.first, ids, NONE);
        self.together.reset(self.has_cve.len());
        for (element, part) in &self.parts {
            for id in flat[part.clone()].iter().filter(|id| self.weak[**id]) {
                self.together.join(*element, first_or(&mut self.first[*id], *element));
            }
        }
        let empty = Group { known_count: 0, known: NONE, with_cve: 0, class: NONE };
        reset(&mut self.groups, self.has_cve.len(), empty);
        for (element, has_cve) in self.has_cve.iter().enumerate() {
            self.groups[self.together.find(element)].with_cve += usize::from(*has_cve);
        }
        for (k, element) in self.of_known.iter().enumerate().filter(|(_, element)| **element != NONE) {
            let group = &mut self.groups[self.together.find(*element)];
            (group.known_count, group.known) = (group.known_count + 1, k);
        }
    }

    /// The group of a class that has no home and is not blocked.
    fn of_class(&mut self, class: usize) -> Option<&mut Group> {
        let element = self.of_class[class];
        (element != NONE).then(|| &mut self.groups[self.together.find(element)])
    }
}

/// Disjoint sets of positions; a set goes by its smallest member.
#[derive(Default)]
struct Classes(Vec<usize>);

impl Classes {
    fn reset(&mut self, size: usize) {
        self.0.clear();
        self.0.extend(0..size);
    }

    fn copy(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
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

fn reset<T: Copy>(table: &mut Vec<T>, length: usize, value: T) {
    table.clear();
    table.resize(length, value);
}

/// What stands in a place of a table, after putting a number there if nothing did.
fn first_or(place: &mut usize, number: usize) -> usize {
    if *place == NONE {
        *place = number;
    }
    *place
}
