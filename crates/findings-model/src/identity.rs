//! Which observation is which finding: ordered passes over the evidence, deterministic, failing closed when ambiguous.
//!
//! No single fingerprint can tell: ids of a flaw change over its life, lines move, files are renamed, rules get new names.
//! So each kind of finding has its own evidence, the strongest first, and each record is used once:
//!
//! - **Vulnerabilities**, inside one package: an id that a scanner has already printed for the finding; then equal, non-empty
//!   sets of CVE numbers; then an id in common where one side has no CVE number, if only one flaw comes into question. Alias
//!   lists lie in both directions, so an id in common alone never joins two flaws that have different CVE numbers; and what was
//!   one finding while a CVE number was missing parts when its records turn out to have none in common.
//! - **Code**, inside one scanner: rule, file and what the line says; then the same place under a former name of the rule; then
//!   a file that is gone and a place elsewhere that says the same; then rule and file, whatever the line says now.
//! - **Secrets**, inside one scanner: type, file and keyed mark; then type and mark in a file that took the place of one that is
//!   gone; then type and file, in the order of lines; then type alone where one file is gone and one is new.
//!
//! Equal records are counted, not collapsed: two equal snippets in one file are two findings. Nothing depends on the order
//! of the input, and the time is near-linear in its length.

mod flaws;
mod groups;
mod lines;
mod spots;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{AdvisoryId, Finding, ScannerName, Status, Subject};

/// Keyed per process, so that no report can be made to fall into one bucket; nothing that comes out depends on its order.
type FastMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
type FastSet<K> = HashSet<K, foldhash::fast::RandomState>;

/// No position, in tables of positions.
const NONE: usize = usize::MAX;

/// One record of a scan, as far as identity asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// The first line of the code that it is about, where the line of the subject is a later one of it.
    pub begins: Option<u32>,
    /// Who reports it.
    pub scanner: &'a ScannerName,
    /// Which report it stands in. Equal code and secret records of one report are several findings; in two reports of one
    /// scanner they are the same one.
    pub report: usize,
}

/// What a record was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The known finding at this index.
    Known(usize),
    /// A finding that is not known yet; records with the same number are the same finding.
    New(usize),
}

/// Which records are which findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// For each record, in the order given.
    pub matches: Vec<Match>,
    /// How many findings are new: the numbers in [`Match::New`] go from 0 to one below.
    pub new: usize,
    /// Known findings that no record was matched to although one may be theirs: absence proves nothing for them.
    pub contested: BTreeSet<usize>,
    /// For a known finding the records that were taken for it until now and are other flaws: what only they tell is not its own.
    pub parted: BTreeMap<usize, BTreeSet<usize>>,
}

/// Finds out which known finding each record is, and which of the rest are one finding among themselves.
///
/// `file_gone` says for a scanner and a path whether that file is no longer there to be looked at. The order of `known` and
/// `seen` does not change which records come together; where records are interchangeable the earlier one is taken first.
pub fn assign(known: &[Finding], seen: &[Seen<'_>], file_gone: &dyn Fn(&ScannerName, &str) -> bool) -> Assignment {
    let mut of = vec![Slot::Open; seen.len()];
    let (mut known_flaws, mut seen_flaws) = (Vec::new(), Vec::new());
    let mut known_spots = spots::ByKind::default();
    let mut seen_spots = spots::ByKind::default();
    for (index, finding) in known.iter().enumerate() {
        match &finding.subject {
            Subject::Vulnerability(v) => known_flaws.push(flaws::KnownFlaw { index, finding, flaw: v }),
            other => known_spots.add(other, |s| spots::Spot::of_finding(index, finding, s)),
        }
    }
    let merged = spots::across_reports(seen, &known_spots.code);
    for (index, record) in seen.iter().enumerate() {
        match record.subject {
            Subject::Vulnerability(v) => seen_flaws.push(flaws::SeenFlaw { index, flaw: v }),
            _ if !merged.is_empty() && merged.contains_key(&index) => {}
            other => seen_spots.add(other, |s| spots::Spot::of_record(index, record.scanner, s)),
        }
    }
    let asides = flaws::assign(&known_flaws, &seen_flaws, &mut of);
    spots::assign_code(&known_spots.code, &seen_spots.code, file_gone, &mut of);
    spots::assign_secrets(&known_spots.secrets, &seen_spots.secrets, file_gone, &mut of);
    for (twin, first) in merged {
        of[twin] = match of[first] {
            Slot::Open => Slot::With(first),
            settled => settled,
        };
    }
    number(&of, asides)
}

/// Pairs two sets of findings that share no history: for each current finding the index of the previous one that it is.
///
/// No previous finding is given twice. Resolved findings on either side only pair on their strongest evidence, and only after
/// those that are present. `file_gone` says whether a file of the previous side is no longer there.
pub fn pair(previous: &[Finding], current: &[Finding], file_gone: &dyn Fn(&str) -> bool) -> Vec<Option<usize>> {
    let mut of = vec![Slot::Open; current.len()];
    let (mut known_flaws, mut seen_flaws) = (Vec::new(), Vec::new());
    let mut known_spots = spots::ByKind::default();
    let mut seen_spots = spots::ByKind::default();
    for (index, finding) in previous.iter().enumerate() {
        match &finding.subject {
            Subject::Vulnerability(v) => known_flaws.push(flaws::KnownFlaw { index, finding, flaw: v }),
            other => known_spots.add(other, |s| spots::Spot::of_finding(index, finding, s)),
        }
    }
    for (index, finding) in current.iter().enumerate() {
        match &finding.subject {
            Subject::Vulnerability(v) => seen_flaws.push(flaws::SeenFlaw { index, flaw: v }),
            other => seen_spots.add(other, |s| spots::Spot::of_finding(index, finding, s)),
        }
    }
    flaws::assign(&known_flaws, &seen_flaws, &mut of);
    let gone = |_: &ScannerName, path: &str| file_gone(path);
    spots::assign_code(&known_spots.code, &seen_spots.code, &gone, &mut of);
    spots::assign_secrets(&known_spots.secrets, &seen_spots.secrets, &gone, &mut of);

    let mut claims: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, slot) in of.iter().enumerate() {
        let Slot::Known(k) = *slot else { continue };
        claims
            .entry(k)
            .and_modify(|best| {
                if claim(&previous[k], &current[index]) < claim(&previous[k], &current[*best]) {
                    *best = index;
                }
            })
            .or_insert(index);
    }
    let mut pairs = vec![None; current.len()];
    for (k, index) in claims {
        pairs[index] = Some(k);
    }
    pairs
}

/// Which of several flaws, printed under an id with its aliases and all of one package, are the same: a class number for each,
/// by the rules for vulnerabilities without any known finding.
pub fn flaw_classes(records: &[(&AdvisoryId, &BTreeSet<AdvisoryId>)]) -> Vec<usize> {
    flaws::classes(records)
}

/// How well a current flaw fits a previous one that several claim; the smallest fits best.
fn claim<'a>(previous: &Finding, current: &'a Finding) -> (bool, bool, bool, time::Date, &'a str) {
    let gone = is_resolved(current);
    let (printed, cves) = match (&previous.subject, &current.subject) {
        (Subject::Vulnerability(p), Subject::Vulnerability(c)) => (
            c.printed.contains(&p.id) || p.printed.contains(&c.id) || c.id == p.id,
            !p.cves().is_empty() && p.cves() == c.cves(),
        ),
        _ => (true, true),
    };
    (gone, !printed, !cves, current.discovered, current.finding_id.as_str())
}

fn is_resolved(finding: &Finding) -> bool {
    matches!(finding.status, Status::Resolved { .. })
}

/// Where a record stands while the passes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// Not matched.
    Open,
    /// The known finding at this index.
    Known(usize),
    /// Not known, and the same finding as the record at this index.
    With(usize),
}

fn number(of: &[Slot], asides: flaws::Asides) -> Assignment {
    let mut numbers = vec![NONE; of.len()];
    let mut new = 0;
    let mut matches = Vec::with_capacity(of.len());
    for (index, slot) in of.iter().enumerate() {
        let group = match *slot {
            Slot::Known(k) => {
                matches.push(Match::Known(k));
                continue;
            }
            Slot::Open => index,
            Slot::With(first) => first,
        };
        if numbers[group] == NONE {
            numbers[group] = new;
            new += 1;
        }
        matches.push(Match::New(numbers[group]));
    }
    Assignment { matches, new, contested: asides.contested, parted: asides.parted }
}
