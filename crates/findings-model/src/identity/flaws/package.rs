//! The passes over the flaws of one package.
//!
//! Every table is indexed by the small numbers of [`super::numbers`] or by positions inside the package, and kept for the next
//! package: a report names tens of thousands of them.

mod classes;
mod contest;
mod links;
mod parting;

use std::{collections::BTreeSet, ops::Range};

use self::{classes::Classes, links::Links};
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
    /// Records, with the known flaw that they were taken for until now and are not.
    parted: Vec<(usize, usize)>,
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
    scratch: Vec<usize>,
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

    /// Runs the passes; [`Self::homes`], [`Self::contested`] and [`Self::parted`] hold what came out.
    pub(super) fn run(&mut self) {
        reset(&mut self.home, self.seen.len(), NONE);
        reset(&mut self.contested, self.known.len(), false);
        reset(&mut self.blocked, self.seen.len(), false);
        self.join_equal();
        self.by_strong_evidence();
        self.part();
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

    /// Records with the known flaw that they were taken for until now and are not, the flaw first.
    pub(super) fn parted(&self) -> impl Iterator<Item = (usize, usize)> {
        self.parted.iter().copied()
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
    /// Records that print one id always go to one finding, and that id is then known for it, and for no other that it parted
    /// from. So no id is ever known for two findings of a ledger, and the same records find the same home the next time.
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
