//! Passes over files that are gone: what they said stands elsewhere now.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{FastMap, FastSet},
    Gone,
    matcher::{By, LIVE, Matcher},
    spot::{Spot, put_in_order},
};
use crate::ScannerName;

/// More trailing parts of a path than this do not make two paths more alike.
const DEEPEST: usize = 24;

/// Between how many files what says the same is paired behind everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Across {
    OneFile,
    Files,
}

impl<'a> Matcher<'_, 'a> {
    /// Files that are gone, and places elsewhere that say the same. The more trailing parts two paths share, the earlier they
    /// are compared, so that a moved folder full of equal snippets comes out file by file.
    pub(super) fn renames(&mut self, gone: Gone<'_>, across: Across, said: impl Fn(&Spot<'a>) -> Option<&'a str>) {
        let known = self.open_in_gone_files(gone);
        let seen = self.open_seen(LIVE);
        if known.is_empty() || seen.is_empty() {
            return;
        }
        let deepest = known.iter().map(|k| self.known[*k].path.split('/').count()).max().unwrap_or(0).min(DEEPEST);
        for parts in (0..=deepest).rev() {
            let key = |s: &Spot<'a>| Some((s.scanner, s.rule, said(s)?, tail(s.path, parts)?));
            self.pass_over(&known, &seen, By::OneFile, key, key);
        }
        self.along_renamed_files(&known, &seen);
        if across == Across::Files {
            let said = |s: &Spot<'a>| Some((s.scanner, s.rule, said(s)?));
            self.pass_over(&known, &seen, By::Order, said, said);
        }
    }

    /// Open known spots whose file is gone.
    fn open_in_gone_files(&self, gone: Gone<'_>) -> Vec<usize> {
        let mut asked: FastMap<(&ScannerName, &str), bool> = FastMap::default();
        let mut known = self.open_known(LIVE);
        known.retain(|k| {
            let spot = &self.known[*k];
            *asked.entry((spot.scanner, spot.path)).or_insert_with(|| gone(spot.scanner, spot.path))
        });
        known
    }

    /// As [`Self::renames`], where the rule got another name in the same week.
    pub(super) fn renamed_with_rules(&mut self, gone: Gone<'_>) {
        let mut known = self.open_in_gone_files(gone);
        if known.is_empty() {
            return;
        }
        let seen = self.open_seen(LIVE);
        put_in_order(self.known, &mut known);
        let deepest = known.iter().map(|k| self.known[*k].path.split('/').count()).max().unwrap_or(0).min(DEEPEST);
        for parts in (0..=deepest).rev() {
            let keys = |s: &Spot<'a>| {
                let place = s.text.zip(tail(s.path, parts));
                let scanner = s.scanner;
                s.rule_names().filter_map(move |rule| place.map(|(text, tail)| (scanner, rule, text, tail)))
            };
            self.pass_over(&known, &seen, By::OneFile, keys, keys);
        }
    }

    /// One file that is gone and one that is new, with findings of the same rules in the same order, where one side cannot tell what
    /// the lines say: the file was renamed.
    pub(super) fn untold_renames(&mut self, gone: Gone<'_>) {
        let known = self.open_in_gone_files(gone);
        if known.is_empty() {
            return;
        }
        let seen = self.open_seen(LIVE);
        let is_untold = |spot: &Spot<'_>| spot.text.is_none();
        if !known.iter().any(|k| is_untold(&self.known[*k])) && !seen.iter().any(|s| is_untold(&self.seen[*s])) {
            return;
        }
        let had: FastSet<(&ScannerName, &str)> = self.known.iter().map(|k| (k.scanner, k.path)).collect();
        let mut by_scanner: BTreeMap<&ScannerName, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for k in known {
            by_scanner.entry(self.known[k].scanner).or_default().0.push(k);
        }
        for s in seen {
            let spot = &self.seen[s];
            if !had.contains(&(spot.scanner, spot.path))
                && let Some((_, new)) = by_scanner.get_mut(spot.scanner)
            {
                new.push(s);
            }
        }
        for (mut old, mut new) in by_scanner.into_values() {
            put_in_order(self.known, &mut old);
            put_in_order(self.seen, &mut new);
            let (Some(first), Some(first_new)) = (old.first(), new.first()) else { continue };
            let is_one_file = old.iter().all(|k| self.known[*k].path == self.known[*first].path)
                && new.iter().all(|s| self.seen[*s].path == self.seen[*first_new].path);
            let agree = |(k, s): (&usize, &usize)| {
                let (k, s) = (&self.known[*k], &self.seen[*s]);
                k.rule == s.rule && (k.text.is_none() || s.text.is_none() || k.text == s.text)
            };
            if is_one_file && old.len() == new.len() && old.iter().zip(&new).all(agree) {
                for (k, s) in old.into_iter().zip(new) {
                    self.used[k] = true;
                    self.of[s] = Some(k);
                }
            }
        }
    }

    /// What is left of a file whose other findings all went to one new file went there too.
    fn along_renamed_files(&mut self, known: &[usize], seen: &[usize]) {
        let mut went: FastMap<(&ScannerName, &str), BTreeSet<&str>> = FastMap::default();
        for s in seen {
            if let Some(k) = self.of[*s] {
                let (from, to) = (&self.known[k], &self.seen[*s]);
                went.entry((from.scanner, from.path)).or_default().insert(to.path);
            }
        }
        let to = |s: &Spot<'a>| {
            let places = went.get(&(s.scanner, s.path))?;
            let only = places.first().filter(|_| places.len() == 1)?;
            Some((s.scanner, s.rule, *only))
        };
        self.pass_over(known, seen, By::Line, to, |s| Some((s.scanner, s.rule, s.path)));
    }
}

/// The last parts of a path; none where it has fewer.
fn tail(path: &str, parts: usize) -> Option<&str> {
    if parts == 0 {
        return Some("");
    }
    let mut slashes = path.rmatch_indices('/');
    match slashes.nth(parts - 1) {
        Some((at, _)) => Some(&path[at + 1..]),
        None => (path.split('/').count() == parts).then_some(path),
    }
}
