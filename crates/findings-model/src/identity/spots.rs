//! Code and secret findings: which place is which, inside one scanner.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::Hash,
};

use super::{Seen, Slot, lines::pair_up};
use crate::{Finding, ScannerName, Subject};

/// More trailing parts of a path than this do not make two paths more alike.
const DEEPEST: usize = 24;

/// A code or secret finding or record, borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    index: usize,
    /// Tells apart what is equal otherwise; empty for records.
    name: &'a str,
    scanner: &'a ScannerName,
    rule: &'a str,
    former: &'a [String],
    path: &'a str,
    /// 0 where no line is known.
    line: u32,
    text: Option<&'a str>,
    mark: Option<&'a str>,
    live: bool,
}

impl<'a> Spot<'a> {
    pub(super) fn of_finding(index: usize, finding: &'a Finding, subject: &'a Subject) -> Option<Self> {
        let mut spot = Self::of_record(index, &finding.source_scanner, subject)?;
        (spot.name, spot.live) = (finding.finding_id.as_str(), !super::is_resolved(finding));
        Some(spot)
    }

    pub(super) fn of_record(index: usize, scanner: &'a ScannerName, subject: &'a Subject) -> Option<Self> {
        let bare = Self {
            index,
            name: "",
            scanner,
            rule: "",
            former: &[],
            path: "",
            line: 0,
            text: None,
            mark: None,
            live: true,
        };
        Some(match subject {
            Subject::Vulnerability(_) => return None,
            Subject::Code(c) => Self {
                rule: &c.rule,
                former: &c.former_rules,
                path: &c.path,
                line: c.line.unwrap_or(0),
                text: c.text.as_ref().map(crate::CodeText::as_str),
                ..bare
            },
            Subject::Secret(s) => Self {
                rule: &s.rule,
                path: &s.path,
                line: s.line.unwrap_or(0),
                mark: s.mark.as_ref().map(crate::SecretMark::as_str),
                ..bare
            },
        })
    }

    /// What the line says; where nobody knows, its number stands in.
    fn said(&self) -> (Option<&'a str>, u32) {
        (self.text, if self.text.is_some() { 0 } else { self.line })
    }

    /// A total order that does not ask where in the input a spot stood, unless two are equal in everything.
    fn order(&self) -> Order<'a> {
        (self.path, self.line, self.rule, self.text, self.mark, self.former, self.name, self.index)
    }
}

type Order<'a> = (&'a str, u32, &'a str, Option<&'a str>, Option<&'a str>, &'a [String], &'a str, usize);

/// Code and secret spots apart.
#[derive(Default)]
pub(super) struct ByKind<'a> {
    pub(super) code: Vec<Spot<'a>>,
    pub(super) secrets: Vec<Spot<'a>>,
}

impl<'a> ByKind<'a> {
    pub(super) fn add(&mut self, subject: &'a Subject, spot: impl Fn(&'a Subject) -> Option<Spot<'a>>) {
        let Some(spot) = spot(subject) else { return };
        match subject {
            Subject::Secret(_) => self.secrets.push(spot),
            _ => self.code.push(spot),
        }
    }
}

/// Records that another report of the same scanner holds as well: each with the first record that stands for it.
///
/// The nth equal record of one report is the nth of another.
pub(super) fn across_reports(seen: &[Seen<'_>]) -> BTreeMap<usize, usize> {
    let mut reports: HashMap<&ScannerName, HashSet<usize>> = HashMap::new();
    for record in seen {
        reports.entry(record.scanner).or_default().insert(record.report);
    }
    let mut twins = BTreeMap::new();
    let mut nth: HashMap<_, usize> = HashMap::new();
    let mut first: HashMap<_, usize> = HashMap::new();
    for (index, record) in seen.iter().enumerate() {
        if reports.get(record.scanner).is_none_or(|r| r.len() < 2) {
            continue;
        }
        let Some(s) = Spot::of_record(index, record.scanner, record.subject) else {
            continue;
        };
        let key = (s.scanner, s.rule, s.path, s.line, s.text, s.mark, matches!(record.subject, Subject::Secret(_)));
        let count = nth.entry((key, record.report)).or_insert(0);
        let stands_for = *first.entry((key, *count)).or_insert(index);
        *count += 1;
        if stands_for != index {
            twins.insert(index, stands_for);
        }
    }
    twins
}

type Gone<'g> = &'g dyn Fn(&ScannerName, &str) -> bool;

/// Runs the passes for code.
pub(super) fn assign_code<'a>(known: &[Spot<'a>], seen: &[Spot<'a>], gone: Gone<'_>, of: &mut [Slot]) {
    let mut m = Matcher::new(known, seen);
    let place = |s: &Spot<'a>| Some((s.scanner, s.rule, s.path));
    let exact = |s: &Spot<'a>| s.text.map(|text| (s.scanner, s.rule, s.path, text));
    let unsaid = |s: &Spot<'a>| place(s).filter(|_| s.text.is_none());
    m.each_side(|m, pick| m.pass(pick, By::Line, exact, exact));
    m.former_rules();
    m.renames(gone, |s| s.text);
    m.pass(LIVE, By::Line, place, place);
    m.each_side(|m, pick| m.pass(pick, By::Line, unsaid, unsaid));
    m.write(of);
}

/// Runs the passes for secrets.
pub(super) fn assign_secrets<'a>(known: &[Spot<'a>], seen: &[Spot<'a>], gone: Gone<'_>, of: &mut [Slot]) {
    let mut m = Matcher::new(known, seen);
    let place = |s: &Spot<'a>| (s.scanner, s.rule, s.path);
    let marked = |s: &Spot<'a>| s.mark.map(|mark| (place(s), mark));
    m.each_side(|m, pick| m.pass(pick, By::Line, marked, marked));
    m.renames(gone, |s| s.mark);
    // Where some mark is known again the key is the same, so two different marks are two secrets. Where none is, the key
    // may have changed, and that ends nothing.
    let same_key: HashSet<&ScannerName> =
        m.matched().filter(|(k, s)| k.mark.is_some() && k.mark == s.mark).map(|(k, _)| k.scanner).collect();
    m.each_side(|m, pick| {
        let unmarked = |s: &Spot<'a>| s.mark.is_none().then(|| place(s));
        m.pass(pick, By::Line, unmarked, |s| Some(place(s)));
        m.pass(pick, By::Line, |s| Some(place(s)), unmarked);
        let other_key = |s: &Spot<'a>| (pick == LIVE && !same_key.contains(s.scanner)).then(|| place(s));
        m.pass(pick, By::Line, other_key, other_key);
    });
    m.renames(gone, |_| Some(""));
    m.write(of);
}

/// Which side of a pass takes part: findings that are present, or resolved ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pick {
    known_live: bool,
    seen_live: bool,
}

const LIVE: Pick = Pick { known_live: true, seen_live: true };

/// How the members of a bucket are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The nearest lines, in order.
    Line,
    /// As `Line`, if each side lies in one file.
    OneFile,
    /// In the order of paths and lines.
    Order,
}

struct Matcher<'s, 'a> {
    known: &'s [Spot<'a>],
    seen: &'s [Spot<'a>],
    used: Vec<bool>,
    of: Vec<Option<usize>>,
}

impl<'s, 'a> Matcher<'s, 'a> {
    fn new(known: &'s [Spot<'a>], seen: &'s [Spot<'a>]) -> Self {
        Self { known, seen, used: vec![false; known.len()], of: vec![None; seen.len()] }
    }

    /// What is present on both sides first, then with resolved ones on one side, then on both.
    fn each_side(&mut self, mut pass: impl FnMut(&mut Self, Pick)) {
        for (known_live, seen_live) in [(true, true), (false, true), (true, false), (false, false)] {
            pass(self, Pick { known_live, seen_live });
        }
    }

    fn open_known(&self, pick: Pick) -> Vec<usize> {
        (0..self.known.len()).filter(|k| !self.used[*k] && self.known[*k].live == pick.known_live).collect()
    }

    fn open_seen(&self, pick: Pick) -> Vec<usize> {
        (0..self.seen.len()).filter(|s| self.of[*s].is_none() && self.seen[*s].live == pick.seen_live).collect()
    }

    /// One pass: what has a key in common is paired.
    fn pass<K, A, B>(
        &mut self,
        pick: Pick,
        by: By,
        known_keys: impl Fn(&Spot<'a>) -> A,
        seen_keys: impl Fn(&Spot<'a>) -> B,
    ) where
        K: Eq + Hash,
        A: IntoIterator<Item = K>,
        B: IntoIterator<Item = K>,
    {
        let (known, seen) = (self.open_known(pick), self.open_seen(pick));
        self.pass_over(&known, &seen, by, known_keys, seen_keys);
    }

    fn pass_over<K, A, B>(
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
        // Buckets are visited in the order of their first known member, so that a spot with two keys is settled the same way
        // each time.
        let mut number: HashMap<K, usize> = HashMap::new();
        let mut buckets: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        let mut ordered = known.to_vec();
        ordered.sort_by_key(|k| self.known[*k].order());
        for k in ordered {
            for key in known_keys(&self.known[k]) {
                let bucket = *number.entry(key).or_insert_with(|| {
                    buckets.push((Vec::new(), Vec::new()));
                    buckets.len() - 1
                });
                buckets[bucket].0.push(k);
            }
        }
        for s in seen {
            for key in seen_keys(&self.seen[*s]) {
                if let Some(bucket) = number.get(&key) {
                    buckets[*bucket].1.push(*s);
                }
            }
        }
        for (mut known, mut seen) in buckets {
            known.retain(|k| !self.used[*k]);
            seen.retain(|s| self.of[*s].is_none());
            known.dedup();
            seen.dedup();
            self.settle(known, seen, by);
        }
    }

    fn settle(&mut self, mut known: Vec<usize>, mut seen: Vec<usize>, by: By) {
        if known.is_empty() || seen.is_empty() {
            return;
        }
        known.sort_by_key(|k| self.known[*k].order());
        seen.sort_by_key(|s| self.seen[*s].order());
        let one_file = |spots: &[Spot<'_>], list: &[usize]| list.iter().all(|i| spots[*i].path == spots[list[0]].path);
        let pairs: Vec<(usize, usize)> = match by {
            By::OneFile if !one_file(self.known, &known) || !one_file(self.seen, &seen) => return,
            By::Line | By::OneFile => {
                let lines =
                    |spots: &[Spot<'_>], list: &[usize]| list.iter().map(|i| spots[*i].line).collect::<Vec<_>>();
                pair_up(&lines(self.known, &known), &lines(self.seen, &seen))
            }
            By::Order => (0..known.len().min(seen.len())).map(|i| (i, i)).collect(),
        };
        for (k, s) in pairs {
            self.used[known[k]] = true;
            self.of[seen[s]] = Some(known[k]);
        }
    }

    /// The same place under another name of the rule: the scanner says that it was renamed, or only the way in front of the
    /// last part of its name changed.
    fn former_rules(&mut self) {
        let at = |s: &Spot<'a>, rule: &'a str| (s.scanner, s.path, s.said(), rule);
        self.pass(LIVE, By::Line, |s| Some(at(s, s.rule)), |s| s.former.iter().map(|f| at(s, f)).collect::<Vec<_>>());
        self.pass(LIVE, By::Line, |s| s.former.iter().map(|f| at(s, f)).collect::<Vec<_>>(), |s| Some(at(s, s.rule)));
        let last = |s: &Spot<'a>| s.rule.rsplit_once('.').map(|(_, last)| at(s, last));
        self.pass(LIVE, By::Line, last, last);
    }

    /// Files that are gone, and places elsewhere that say the same. The more trailing parts two paths share, the earlier they
    /// are compared, so that a moved folder full of equal snippets comes out file by file.
    fn renames(&mut self, gone: Gone<'_>, said: impl Fn(&Spot<'a>) -> Option<&'a str>) {
        let mut asked: HashMap<(&ScannerName, &str), bool> = HashMap::new();
        let mut known = self.open_known(LIVE);
        known.retain(|k| {
            let spot = &self.known[*k];
            *asked.entry((spot.scanner, spot.path)).or_insert_with(|| gone(spot.scanner, spot.path))
        });
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
        let with_text = |s: &Spot<'a>| Some((s.scanner, s.rule, s.text?));
        self.pass_over(&known, &seen, By::Order, with_text, with_text);
    }

    /// What is left of a file whose other findings all went to one new file went there too.
    fn along_renamed_files(&mut self, known: &[usize], seen: &[usize]) {
        let mut went: HashMap<(&ScannerName, &str), BTreeSet<&str>> = HashMap::new();
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

    fn matched(&self) -> impl Iterator<Item = (&Spot<'a>, &Spot<'a>)> {
        self.of.iter().zip(self.seen).filter_map(|(k, s)| k.map(|k| (&self.known[k], s)))
    }

    fn write(&self, of: &mut [Slot]) {
        for (spot, k) in self.seen.iter().zip(&self.of) {
            if let Some(k) = k {
                of[spot.index] = Slot::Known(self.known[*k].index);
            }
        }
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
