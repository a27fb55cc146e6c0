//! Records that two reports of one scanner hold.

use std::collections::BTreeMap;

use super::{
    super::{FastMap, FastSet, Seen},
    Spot,
};
use crate::{ScannerName, Subject, order};

/// Records that another report of the same scanner holds as well: each with the record that stands for it.
///
/// The nth equal record of one report is the nth of another. What is left and stands alone in each of two reports, where its code
/// begins, is one, too: two formats of one tool may quote another part of a line, or name another line of a call. Only what is known as two
/// findings stays two, because none of them ended.
pub(in super::super) fn across_reports(seen: &[Seen<'_>], known: &[Spot<'_>]) -> BTreeMap<usize, usize> {
    let mut reports: FastMap<&ScannerName, FastSet<usize>> = FastMap::default();
    for (scanner, report) in first_of_reports(seen).map(|record| (record.scanner, record.report)) {
        reports.entry(scanner).or_default().insert(report);
    }
    let mut twins = BTreeMap::new();
    if reports.values().all(|of_scanner| of_scanner.len() < 2) {
        return twins;
    }
    let mut nth: FastMap<_, usize> = FastMap::default();
    let mut first: FastMap<_, usize> = FastMap::default();
    for (index, record) in seen.iter().enumerate() {
        if reports.get(record.scanner).is_none_or(|r| r.len() < 2) {
            continue;
        }
        let Some(s) = Spot::of_record(index, record.scanner, record.subject) else {
            continue;
        };
        let is_secret = matches!(record.subject, Subject::Secret(_));
        let key = (s.scanner, s.rule, s.path, s.line, begin(record, &s), s.text, s.mark, is_secret);
        let count = nth.entry((key, record.report)).or_insert(0);
        let stands_for = *first.entry((key, *count)).or_insert(index);
        *count += 1;
        if stands_for != index {
            twins.insert(index, stands_for);
        }
    }
    let stand_for: FastSet<usize> = twins.values().copied().collect();
    let mut alone: FastMap<_, Vec<(usize, usize)>> = FastMap::default();
    for (index, record) in seen.iter().enumerate() {
        if reports.get(record.scanner).is_none_or(|r| r.len() < 2)
            || twins.contains_key(&index)
            || stand_for.contains(&index)
        {
            continue;
        }
        if let Some(s) = Spot::of_record(index, record.scanner, record.subject).filter(|s| s.line > 0)
            && matches!(record.subject, Subject::Code(_))
        {
            alone.entry((s.scanner, s.rule, s.path, begin(record, &s))).or_default().push((record.report, index));
        }
    }
    if alone.values().all(|here| here.len() < 2) {
        return twins;
    }
    let live = known.iter().filter(|spot| spot.live && spot.text.is_some());
    let known: FastSet<_> = live.map(|s| (s.scanner, s.rule, s.path, s.text)).collect();
    let known_text = |index: usize| {
        let spot = Spot::of_record(index, seen[index].scanner, seen[index].subject)?;
        spot.text.filter(|_| known.contains(&(spot.scanner, spot.rule, spot.path, spot.text)))
    };
    for mut here in alone.into_values().filter(|here| here.len() > 1) {
        order::sort_by(&mut here, Ord::cmp);
        if here.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            continue;
        }
        let texts: FastSet<&str> = here.iter().filter_map(|(_, index)| known_text(*index)).collect();
        if texts.len() > 1 {
            continue;
        }
        // Of a call that is told with its first line the line says more than that one.
        let first = here.iter().min_by_key(|(_, at)| (known_text(*at).is_none(), seen[*at].begins.is_none()));
        let Some((_, first)) = first.copied() else { continue };
        twins.extend(here.iter().filter(|(_, index)| *index != first).map(|(_, index)| (*index, first)));
    }
    twins
}

/// Where the code of a record begins.
fn begin(record: &Seen<'_>, spot: &Spot<'_>) -> u32 {
    record.begins.unwrap_or(spot.line)
}

/// The first record of each run of records that come from one report.
fn first_of_reports<'s, 'a>(seen: &'s [Seen<'a>]) -> impl Iterator<Item = &'s Seen<'a>> {
    seen.chunk_by(|a, b| a.report == b.report && a.scanner == b.scanner).filter_map(|run| run.first())
}
