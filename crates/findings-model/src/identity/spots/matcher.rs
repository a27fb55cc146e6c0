//! Passes: what has a key in common is paired, and what one pass paired is left alone by the next.

use std::hash::Hash;

use super::{
    super::{FastMap, Slot, groups::Groups, lines::pair_up},
    spot::{Spot, put_in_order},
};

/// Which side of a pass takes part: findings that are present, or resolved ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    known_live: bool,
    seen_live: bool,
}

pub(super) const LIVE: Pick = Pick { known_live: true, seen_live: true };

/// How the members of a bucket are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The nearest lines, in order.
    Line,
    /// As `Line`, if both sides are as many and one of them cannot tell what its lines say.
    LineIfEven,
    /// As `Line`, if each side lies in one file.
    OneFile,
    /// In the order of paths and lines.
    Order,
}

pub(super) struct Matcher<'s, 'a> {
    pub(super) known: &'s [Spot<'a>],
    pub(super) seen: &'s [Spot<'a>],
    /// Whether only that is paired of which one side cannot tell what it says, or both say the same.
    pub(super) is_strict: bool,
    pub(super) used: Vec<bool>,
    pub(super) of: Vec<Option<usize>>,
}

impl<'s, 'a> Matcher<'s, 'a> {
    pub(super) fn new(known: &'s [Spot<'a>], seen: &'s [Spot<'a>]) -> Self {
        Self { known, seen, is_strict: false, used: vec![false; known.len()], of: vec![None; seen.len()] }
    }

    /// What is present on both sides first, then with resolved ones on one side, then on both.
    pub(super) fn each_side(&mut self, mut pass: impl FnMut(&mut Self, Pick)) {
        for (known_live, seen_live) in [(true, true), (false, true), (true, false), (false, false)] {
            pass(self, Pick { known_live, seen_live });
        }
    }

    pub(super) fn open_known(&self, pick: Pick) -> Vec<usize> {
        (0..self.known.len()).filter(|k| !self.used[*k] && self.known[*k].live == pick.known_live).collect()
    }

    pub(super) fn open_seen(&self, pick: Pick) -> Vec<usize> {
        (0..self.seen.len()).filter(|s| self.of[*s].is_none() && self.seen[*s].live == pick.seen_live).collect()
    }

    /// One pass: what has a key in common is paired.
    pub(super) fn pass<K: Eq + Hash>(
        &mut self,
        pick: Pick,
        by: By,
        known_key: impl Fn(&Spot<'a>) -> Option<K>,
        seen_key: impl Fn(&Spot<'a>) -> Option<K>,
    ) {
        let known = self.open_known(pick);
        if !known.is_empty() {
            self.pass_over(&known, &self.open_seen(pick), by, known_key, seen_key);
        }
    }

    /// The same over some of them, of which each may have several keys. Buckets are visited in the order of their first known member in
    /// the list.
    pub(super) fn pass_over<K, A, B>(
        &mut self,
        known: &[usize],
        seen: &[usize],
        by: By,
        known_keys: impl Fn(&Spot<'a>) -> A,
        seen_keys: impl Fn(&Spot<'a>) -> B,
    ) where
        K: Eq + Hash,
        A: IntoIterator<Item = K>,
        B: IntoIterator<Item = K>,
    {
        if known.is_empty() || seen.is_empty() {
            return;
        }
        let mut number: FastMap<K, usize> = FastMap::default();
        number.reserve(known.len());
        let mut known_in = Vec::with_capacity(known.len());
        for k in known {
            for key in known_keys(&self.known[*k]) {
                let next = number.len();
                known_in.push((*number.entry(key).or_insert(next), *k));
            }
        }
        let mut seen_in = Vec::with_capacity(seen.len());
        for s in seen {
            for key in seen_keys(&self.seen[*s]) {
                if let Some(bucket) = number.get(&key) {
                    seen_in.push((*bucket, *s));
                }
            }
        }
        let buckets = number.len();
        drop(number);
        let known_in = Groups::new(buckets, known_in.into_iter());
        let seen_in = Groups::new(buckets, seen_in.into_iter());
        for bucket in 0..buckets {
            self.settle(known_in.of(bucket), seen_in.of(bucket), by);
        }
    }

    /// Pairs what is still open in a bucket.
    fn settle(&mut self, known: &[usize], seen: &[usize], by: By) {
        if let ([k], [s]) = (known, seen)
            && by != By::LineIfEven
        {
            if !self.used[*k] && self.of[*s].is_none() {
                self.take(*k, *s);
            }
            return;
        }
        let mut known: Vec<usize> = known.iter().copied().filter(|k| !self.used[*k]).collect();
        let mut seen: Vec<usize> = seen.iter().copied().filter(|s| self.of[*s].is_none()).collect();
        if known.is_empty() || seen.is_empty() {
            return;
        }
        put_in_order(self.known, &mut known);
        known.dedup();
        put_in_order(self.seen, &mut seen);
        seen.dedup();
        let one_file = |spots: &[Spot<'_>], list: &[usize]| list.iter().all(|i| spots[*i].path == spots[list[0]].path);
        let pairs: Vec<(usize, usize)> = match by {
            By::OneFile if !one_file(self.known, &known) || !one_file(self.seen, &seen) => return,
            By::LineIfEven if known.len() != seen.len() || !self.is_one_side_untold(&known, &seen) => return,
            By::Line | By::LineIfEven | By::OneFile => {
                let lines =
                    |spots: &[Spot<'_>], list: &[usize]| list.iter().map(|i| spots[*i].line).collect::<Vec<_>>();
                pair_up(&lines(self.known, &known), &lines(self.seen, &seen))
            }
            By::Order => (0..known.len().min(seen.len())).map(|i| (i, i)).collect(),
        };
        for (k, s) in pairs {
            self.take(known[k], seen[s]);
        }
    }

    /// Pairs two, unless they are not to be taken for each other: what a person excepted is not what says something else.
    pub(super) fn take(&mut self, k: usize, s: usize) {
        let known = &self.known[k];
        if (self.is_strict || known.is_excepted) && known.says_something_else(&self.seen[s]) {
            return;
        }
        self.used[k] = true;
        self.of[s] = Some(k);
    }

    fn is_one_side_untold(&self, known: &[usize], seen: &[usize]) -> bool {
        known.iter().all(|k| self.known[*k].text.is_none()) || seen.iter().all(|s| self.seen[*s].text.is_none())
    }

    pub(super) fn matched(&self) -> impl Iterator<Item = (&Spot<'a>, &Spot<'a>)> {
        self.of.iter().zip(self.seen).filter_map(|(k, s)| k.map(|k| (&self.known[k], s)))
    }

    pub(super) fn write(&self, of: &mut [Slot]) {
        for (spot, k) in self.seen.iter().zip(&self.of) {
            if let Some(k) = k {
                of[spot.index] = Slot::Known(self.known[*k].index);
            }
        }
    }
}
