//! Findings that turn out to be several.

use std::collections::BTreeSet;

use findings_model::{AdvisoryId, AdvisoryIds, Finding, Subject, Vulnerability};

use super::run::Record;

/// Cuts a finding back to its own ids: those that `parted`, the records of other flaws that were taken for it, print, and those
/// that they and none of its `own` records name are theirs.
///
/// They are not remembered as former ones: what a person said of them is said of the finding that has them now.
pub(super) fn cut_back<'r>(finding: &mut Finding, own: &[&Record<'_>], parted: impl Iterator<Item = &'r Record<'r>>) {
    let own: Vec<&Vulnerability> = own.iter().filter_map(|record| flaw_of(record)).collect();
    let parted: Vec<&Vulnerability> = parted.filter_map(flaw_of).collect();
    let printed: BTreeSet<&AdvisoryId> =
        parted.iter().flat_map(|flaw| std::iter::once(&flaw.id).chain(&flaw.printed)).collect();
    let told: BTreeSet<&AdvisoryId> = own.iter().flat_map(|flaw| flaw.all_ids()).collect();
    let is_theirs = |id: &AdvisoryId| {
        !told.contains(id) && (printed.contains(id) || parted.iter().any(|flaw| flaw.aliases.contains(id)))
    };
    let (Subject::Vulnerability(flaw), Some(id)) = (&mut finding.subject, own.iter().map(|flaw| &flaw.id).min()) else {
        return;
    };
    if printed.contains(&flaw.id) {
        flaw.id = id.clone();
    }
    flaw.printed = without(&flaw.printed, |id| printed.contains(id));
    flaw.aliases = without(&flaw.aliases, |id| *id == flaw.id || is_theirs(id));
    if finding.memory.is_some() {
        finding.remember(|memory| memory.aliases = without(&memory.aliases, is_theirs));
    }
}

fn without(ids: &AdvisoryIds, is_gone: impl Fn(&AdvisoryId) -> bool) -> AdvisoryIds {
    ids.iter().filter(|id| !is_gone(id)).cloned().collect()
}

fn flaw_of<'r>(record: &Record<'r>) -> Option<&'r Vulnerability> {
    match &record.observation.subject {
        Subject::Vulnerability(flaw) => Some(flaw),
        _ => None,
    }
}
