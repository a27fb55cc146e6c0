//! Flaws that were taken for one while a CVE number was missing.

use super::{super::super::FastMap, Classes, InPackage, NONE, first_or, reset};
use crate::order;

/// A record of a known flaw, by their positions: the flaw first.
type Claim = (usize, usize);

impl InPackage<'_> {
    /// Parts a known flaw whose records have CVE numbers and none in common: they are several flaws, and only one is it.
    ///
    /// Records hang together by printed ids and by CVE numbers; what hangs together stays together, and records without a CVE
    /// number stay where they are.
    pub(super) fn part(&mut self) {
        self.parted.clear();
        let mut claims = self.claims_in_doubt();
        order::sort_by(&mut claims, Ord::cmp);
        for claims in claims.chunk_by(|a, b| a.0 == b.0) {
            self.part_one(claims);
        }
        if !self.parted.is_empty() {
            self.find_homes_of_parted();
        }
    }

    /// The records of the known flaws whose records have unequal sets of CVE numbers.
    fn claims_in_doubt(&mut self) -> Vec<Claim> {
        let sets = &mut self.scratch;
        reset(sets, self.known.len(), NONE);
        let mut doubted: Vec<usize> = Vec::new();
        for (home, ids) in self.home.iter().zip(&self.seen).filter(|(home, ids)| **home != NONE && ids.has_cve()) {
            if first_or(&mut sets[*home], ids.cves) != ids.cves {
                doubted.push(*home);
            }
        }
        if doubted.is_empty() {
            return Vec::new();
        }
        reset(sets, self.known.len(), NONE);
        for k in doubted {
            sets[k] = k;
        }
        let claims = self.home.iter().enumerate().filter(|(_, home)| **home != NONE && sets[**home] != NONE);
        claims.map(|(s, home)| (*home, s)).collect()
    }

    fn part_one(&mut self, claims: &[Claim]) {
        let flaws = self.flaws_of(claims);
        let Some(keeper) = self.keeper(&flaws) else { return };
        for (_, (k, s)) in flaws.into_iter().filter(|(flaw, _)| *flaw != keeper) {
            self.home[s] = NONE;
            self.parted.push((k, s));
        }
    }

    /// The records that hang together, as flaws with a number; those of flaws without a CVE number are left out.
    fn flaws_of(&mut self, claims: &[Claim]) -> Vec<(usize, Claim)> {
        let mut together = Classes::default();
        together.reset(claims.len());
        let mut first_with: FastMap<usize, usize> = FastMap::default();
        let mut first_of: FastMap<usize, usize> = FastMap::default();
        for (at, (_, s)) in claims.iter().enumerate() {
            together.join(at, *first_of.entry(self.same_id.find(*s)).or_insert(at));
            for id in self.flat[self.seen[*s].all.clone()].iter().filter(|id| self.numbers.is_cve(**id)) {
                together.join(at, *first_with.entry(*id).or_insert(at));
            }
        }
        let mut has_cve = vec![false; claims.len()];
        for (at, (_, s)) in claims.iter().enumerate() {
            has_cve[together.find(at)] |= self.seen[*s].has_cve();
        }
        let flaws = claims.iter().enumerate().map(|(at, claim)| (together.find(at), *claim));
        flaws.filter(|(flaw, _)| has_cve[*flaw]).collect()
    }

    /// Which of several flaws a known one is: the one that its finding is named after, else the one with the id that it went by
    /// last, else the one with its CVE numbers, else the one with the first printed id: they have to part in the run that tells
    /// them apart, or the same reports once more would be news. None where there is only one flaw.
    fn keeper(&self, flaws: &[(usize, Claim)]) -> Option<usize> {
        let (first, (k, _)) = *flaws.first()?;
        if flaws.iter().all(|(flaw, _)| *flaw == first) {
            return None;
        }
        let known = &self.known[k];
        let printed = |s: usize| &self.flat[self.seen[s].printed()];
        let all = |s: usize| &self.flat[self.seen[s].all.clone()];
        let names = |id: &usize| self.numbers.names(*id, known.finding.finding_id.as_str());
        let last = self.flat[known.ids.all.start];
        let has = |id: &usize| self.numbers.is_cve(*id) && self.flat[known.ids.current()].contains(id);
        let evidence: [&dyn Fn(usize) -> bool; 4] =
            [&|s| printed(s).iter().any(names), &|s| all(s).iter().any(names), &|s| printed(s).contains(&last), &|s| {
                all(s).iter().any(has)
            }];
        let told = evidence.into_iter().find_map(|speaks_for| {
            let mut spoken_for = flaws.iter().filter(|(_, (_, s))| speaks_for(*s)).map(|(flaw, _)| *flaw);
            let flaw = spoken_for.next()?;
            spoken_for.all(|other| other == flaw).then_some(flaw)
        });
        let first_printed = |s: usize| printed(s).iter().map(|id| self.numbers.id(*id)).min();
        told.or_else(|| flaws.iter().min_by_key(|(_, (_, s))| first_printed(*s)).map(|(flaw, _)| *flaw))
    }

    /// What parted goes where another part of its class is, else to the known flaw with exactly its CVE numbers that no other record
    /// with a CVE number is.
    fn find_homes_of_parted(&mut self) {
        // The first two flaws of each class: one of them is not what was parted from.
        let mut of_class = vec![[NONE; 2]; self.seen.len()];
        let mut is_taken = vec![false; self.known.len()];
        for (s, ids) in self.seen.iter().enumerate() {
            let home = self.home[s];
            if home != NONE {
                is_taken[home] |= ids.has_cve();
                let [first, second] = &mut of_class[self.classes.find(s)];
                if home < *first {
                    (*first, *second) = (home, *first);
                } else if home != *first {
                    *second = home.min(*second);
                }
            }
        }
        let mut by_numbers = vec![NONE; self.seen.len()];
        for (_, s) in &self.parted {
            let cves = self.seen[*s].cves;
            if cves != NONE && self.by_set[cves] != NONE && !is_taken[self.by_set[cves]] {
                let class = &mut by_numbers[self.classes.find(*s)];
                *class = self.by_set[cves].min(*class);
            }
        }
        for (k, s) in &self.parted {
            let class = self.classes.find(*s);
            let [first, second] = of_class[class];
            let elsewhere = if first == *k { second } else { first };
            self.home[*s] = if elsewhere == NONE { by_numbers[class] } else { elsewhere };
        }
    }
}
