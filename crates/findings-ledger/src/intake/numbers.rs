//! Whether reports still name a flaw by its CVE numbers, in a record that is another finding.

use std::cmp::Ordering;

use findings_model::{AdvisoryId, Observation, Package, Subject, Vulnerability};

use super::group::Group;
use crate::lead::Lead;

/// The CVE numbers of the records that no report cleared, sorted, each with its record.
pub(super) type Numbers<'a> = Vec<Number<'a>>;

/// One CVE number of one record.
pub(super) struct Number<'a> {
    lead: Lead,
    cve: &'a AdvisoryId,
    flaw: &'a Vulnerability,
}

/// Whether one record of the flaw's package has all of its CVE numbers.
///
/// A database that merges two advisories drops one of them and lists its number with the other: nothing was fixed.
pub(super) fn name(group: &Group<'_>, flaw: &Vulnerability) -> bool {
    let known = flaw.cves();
    let Some(first) = known.first() else { return false };
    let sought = (lead_of(first), &flaw.package, *first);
    let numbers = group.numbers.get_or_init(|| of(&group.found));
    let start = numbers.partition_point(|number| number.key() < sought);
    let same = numbers[start..].iter().take_while(|number| number.key() == sought);
    same.map(|number| number.flaw.cves()).any(|told| known.is_subset(&told))
}

impl<'a> Number<'a> {
    fn key(&self) -> (Lead, &'a Package, &'a AdvisoryId) {
        (self.lead, &self.flaw.package, self.cve)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

fn lead_of(cve: &AdvisoryId) -> Lead {
    Lead::of().text(cve.as_str().trim_start_matches("CVE-")).done()
}

fn of<'a>(found: &[&'a [Observation]]) -> Numbers<'a> {
    let mut numbers = Numbers::new();
    for observation in found.iter().copied().flatten().filter(|o| o.clearance.is_none()) {
        if let Subject::Vulnerability(flaw) = &observation.subject {
            let ids = std::iter::once(&flaw.id).chain(&flaw.aliases).filter(|id| id.is_cve());
            numbers.extend(ids.map(|cve| Number { lead: lead_of(cve), cve, flaw }));
        }
    }
    numbers.sort_unstable_by(Number::order);
    numbers
}
