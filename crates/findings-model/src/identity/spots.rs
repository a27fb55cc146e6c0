//! Code and secret findings: which place is which, inside one scanner.

mod returned;
mod twins;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hash,
};

pub(super) use self::twins::across_reports;
use super::{FastMap, FastSet, Slot, groups::Groups, lines::pair_up};
use crate::{ExceptedBy, Finding, ScannerName, Status, Subject, order};

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
    /// A person said of it that it does not count.
    is_excepted: bool,
}

impl<'a> Spot<'a> {
    pub(super) fn of_finding(index: usize, finding: &'a Finding, subject: &'a Subject) -> Option<Self> {
        let mut spot = Self::of_record(index, &finding.source_scanner, subject)?;
        (spot.name, spot.live) = (finding.finding_id.as_str(), !super::is_resolved(finding));
        spot.is_excepted = matches!(&finding.status, Status::Excepted { by } if !matches!(by, ExceptedBy::Report(_)));
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
            is_excepted: false,
        };
        Some(match subject {
            Subject::Vulnerability(_) => return None,
            Subject::Code(c) => Self {
                rule: &c.rule,
                former: &c.former_rules,
                path: &c.path,
                line: c.line.unwrap_or(0),
                text: c.text.as_ref().map(crate::CodeText::known_by),
                ..bare
            },
            Subject::Secret(s) => Self {
                rule: &s.rule,
                path: &s.path,
                line: s.line.unwrap_or(0),
                text: s.text.as_ref().map(crate::CodeText::known_by),
                mark: s.mark.as_ref().map(crate::SecretMark::as_str),
                ..bare
            },
        })
    }

    /// What the line says; where nobody knows, its number stands in.
    fn said(&self) -> (Option<&'a str>, u32) {
        (self.text, if self.text.is_some() { 0 } else { self.line })
    }

    /// Whether it is known of both what they say, and that is not the same.
    fn says_something_else(&self, other: &Self) -> bool {
        self.text.zip(other.text).is_some_and(|(own, others)| own != others)
            && (self.mark.is_none() || self.mark != other.mark)
    }

    /// The rule, what it was called earlier, and the last part of its name where that has several.
    fn rule_names(&self) -> impl Iterator<Item = RuleName<'a>> + use<'a> {
        let last = self.rule.rsplit_once('.').map(|(_, last)| RuleName::LastPart(last));
        let whole = std::iter::once(self.rule).chain(self.former.iter().map(String::as_str)).map(RuleName::Whole);
        whole.chain(last).chain(self.checks().map(|(letters, number)| RuleName::Check(letters, number)))
    }

    /// The numbers of trivy's check under all of its names.
    fn checks(&self) -> impl Iterator<Item = (&'a str, u32)> + use<'a> {
        let is_trivy = self.scanner.as_str().eq_ignore_ascii_case("trivy");
        let names = std::iter::once(self.rule).chain(self.former.iter().map(String::as_str));
        names.filter(move |_| is_trivy).filter_map(check)
    }

    /// A total order that does not ask where in the input a spot stood, unless two are equal in everything.
    fn order(&self) -> Order<'a> {
        (self.path, self.line, self.rule, self.text, self.mark, self.former, self.name, self.index)
    }
}

/// Sorts positions by the order of their spots, which is total.
fn put_in_order(spots: &[Spot<'_>], positions: &mut [usize]) {
    order::sort_positions(positions, &mut |a, b| spots[a].order().cmp(&spots[b].order()));
}

/// A name by which a rule is known again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum RuleName<'a> {
    Whole(&'a str),
    LastPart(&'a str),
    Check(&'a str, u32),
}

/// The letters and the number of a check of trivy's, which calls one `DS002`, `DS-0002` and `AVD-DS-0002`.
fn check(rule: &str) -> Option<(&str, u32)> {
    let rule = rule.strip_prefix("AVD-").unwrap_or(rule);
    let (letters, number) = rule.split_at(rule.find(|c: char| c.is_ascii_digit())?);
    let letters = letters.strip_suffix('-').unwrap_or(letters);
    let is_check = !letters.is_empty()
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && number.bytes().all(|b| b.is_ascii_digit());
    is_check.then(|| number.parse().ok())?.map(|number| (letters, number))
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

type Gone<'g> = &'g dyn Fn(&ScannerName, &str) -> bool;

/// Runs the passes for code.
pub(super) fn assign_code<'a>(known: &[Spot<'a>], seen: &[Spot<'a>], gone: Gone<'_>, of: &mut [Slot]) {
    let mut m = Matcher::new(known, seen);
    let place = |s: &Spot<'a>| Some((s.scanner, s.rule, s.path));
    let exact = |s: &Spot<'a>| s.text.map(|text| (s.scanner, s.rule, s.path, text));
    let unsaid = |s: &Spot<'a>| place(s).filter(|_| s.text.is_none());
    m.each_side(|m, pick| m.pass(pick, By::Line, exact, exact));
    m.former_rules();
    m.renames(gone, Across::Files, |s| s.text);
    m.renamed_with_rules(gone);
    m.pass(LIVE, By::Line, place, place);
    m.each_side(|m, pick| m.pass(pick, By::Line, unsaid, unsaid));
    m.untold_returns();
    m.untold_rules();
    m.untold_renames(gone);
    m.write(of);
}

/// Runs the passes for secrets.
pub(super) fn assign_secrets<'a>(known: &[Spot<'a>], seen: &[Spot<'a>], gone: Gone<'_>, of: &mut [Slot]) {
    let mut m = Matcher::new(known, seen);
    let place = |s: &Spot<'a>| (s.scanner, s.rule, s.path);
    let marked = |s: &Spot<'a>| s.mark.map(|mark| (place(s), mark));
    m.each_side(|m, pick| m.pass(pick, By::Line, marked, marked));
    m.renames(gone, Across::OneFile, |s| s.mark);
    // Where some mark is known again the key is the same, so two different marks are two secrets. Where none is, the key
    // may have changed, and that ends nothing.
    let same_key: FastSet<&ScannerName> =
        m.matched().filter(|(k, s)| k.mark.is_some() && k.mark == s.mark).map(|(k, _)| k.scanner).collect();
    let may_be_another = |s: &Spot<'a>| s.mark.is_none() || !same_key.contains(s.scanner);
    m.each_side(|m, pick| {
        let said = |s: &Spot<'a>| s.text.map(|text| (place(s), text));
        let unmarked = |s: &Spot<'a>| said(s).filter(|_| s.mark.is_none());
        m.pass(pick, By::Line, unmarked, said);
        m.pass(pick, By::Line, said, unmarked);
        let other_key = |s: &Spot<'a>| said(s).filter(|_| pick == LIVE && may_be_another(s));
        m.pass(pick, By::Line, other_key, other_key);
    });
    m.renames(gone, Across::Files, |s| s.text.filter(|_| may_be_another(s)));
    m.each_side(|m, pick| {
        let unmarked = |s: &Spot<'a>| s.mark.is_none().then(|| place(s));
        m.pass(pick, By::Line, unmarked, |s| Some(place(s)));
        m.pass(pick, By::Line, |s| Some(place(s)), unmarked);
        let other_key = |s: &Spot<'a>| (pick == LIVE && !same_key.contains(s.scanner)).then(|| place(s));
        m.pass(pick, By::Line, other_key, other_key);
    });
    m.is_strict = true;
    m.renames(gone, Across::OneFile, |_| Some(""));
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
    /// As `Line`, if both sides are as many and one of them cannot tell what its lines say.
    LineIfEven,
    /// As `Line`, if each side lies in one file.
    OneFile,
    /// In the order of paths and lines.
    Order,
}

/// Between how many files what says the same is paired behind everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Across {
    OneFile,
    Files,
}

struct Matcher<'s, 'a> {
    known: &'s [Spot<'a>],
    seen: &'s [Spot<'a>],
    /// Whether only that is paired of which one side cannot tell what it says, or both say the same.
    is_strict: bool,
    used: Vec<bool>,
    of: Vec<Option<usize>>,
}

impl<'s, 'a> Matcher<'s, 'a> {
    fn new(known: &'s [Spot<'a>], seen: &'s [Spot<'a>]) -> Self {
        Self { known, seen, is_strict: false, used: vec![false; known.len()], of: vec![None; seen.len()] }
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
    fn pass<K: Eq + Hash>(
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

    /// A pass in which a spot may have several keys. It is settled in the order of the known ones, the same way each time.
    fn pass_with_several<K, A, B>(&mut self, known_keys: impl Fn(&Spot<'a>) -> A, seen_keys: impl Fn(&Spot<'a>) -> B)
    where
        K: Eq + Hash,
        A: IntoIterator<Item = K>,
        B: IntoIterator<Item = K>,
    {
        let mut known = self.open_known(LIVE);
        if !known.is_empty() {
            put_in_order(self.known, &mut known);
            self.pass_over(&known, &self.open_seen(LIVE), By::Line, known_keys, seen_keys);
        }
    }

    /// Buckets are visited in the order of their first known member in the list.
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
    fn take(&mut self, k: usize, s: usize) {
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

    /// The same place under another name of the rule: the scanner says that it was renamed, or only the way in front of the
    /// last part of its name changed.
    fn former_rules(&mut self) {
        let at = |s: &Spot<'a>, rule: &'a str| (s.scanner, s.path, s.said(), rule);
        let former = |s: &Spot<'a>| s.former.iter().map(|f| at(s, f)).collect::<Vec<_>>();
        if self.seen.iter().any(|s| !s.former.is_empty()) {
            self.pass_with_several(|s| Some(at(s, s.rule)), former);
        }
        if self.known.iter().any(|k| !k.former.is_empty()) {
            self.pass_with_several(former, |s| Some(at(s, s.rule)));
        }
        let last = |s: &Spot<'a>| s.rule.rsplit_once('.').map(|(_, last)| at(s, last));
        self.pass(LIVE, By::Line, last, last);
        if self.known.iter().any(|k| k.checks().next().is_some()) {
            let checks = |s: &Spot<'a>| {
                let mut checks: Vec<_> = s.checks().map(|check| (s.scanner, s.path, s.said(), check)).collect();
                order::sort_by_key(&mut checks, |(.., check)| *check);
                checks.dedup();
                checks
            };
            self.pass_with_several(checks, checks);
        }
    }

    /// Files that are gone, and places elsewhere that say the same. The more trailing parts two paths share, the earlier they
    /// are compared, so that a moved folder full of equal snippets comes out file by file.
    fn renames(&mut self, gone: Gone<'_>, across: Across, said: impl Fn(&Spot<'a>) -> Option<&'a str>) {
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
    fn renamed_with_rules(&mut self, gone: Gone<'_>) {
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

    /// The same file and a rule of which only the way in front of its last part changed, where one side cannot tell what the line
    /// says: only if as many are left on both sides.
    fn untold_rules(&mut self) {
        let known = self.open_known(LIVE);
        let seen = if known.is_empty() { Vec::new() } else { self.open_seen(LIVE) };
        let key = |s: &Spot<'a>| s.rule.rsplit_once('.').map(|(_, last)| (s.scanner, s.path, last));
        self.pass_over(&known, &seen, By::LineIfEven, key, key);
    }

    /// One file that is gone and one that is new, with findings of the same rules in the same order, where one side cannot tell what
    /// the lines say: the file was renamed.
    fn untold_renames(&mut self, gone: Gone<'_>) {
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
