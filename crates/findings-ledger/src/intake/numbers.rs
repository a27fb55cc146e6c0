//! Whether reports still name a flaw by its CVE numbers, in a record that is another finding.

use std::collections::{BTreeSet, HashMap};

use findings_model::{AdvisoryId, Observation, Package, Subject, Vulnerability};

use super::group::Group;

/// The CVE numbers of each record that no report cleared, by package.
pub(super) type Numbers<'a> = HashMap<&'a Package, Vec<BTreeSet<&'a AdvisoryId>>>;

/// Whether one record of the flaw's package has all of its CVE numbers.
///
/// A database that merges two advisories drops one of them and lists its number with the other: nothing was fixed.
pub(super) fn name(group: &Group<'_>, flaw: &Vulnerability) -> bool {
    let known = flaw.cves();
    let numbers = group.numbers.get_or_init(|| of(&group.found));
    !known.is_empty() && numbers.get(&flaw.package).is_some_and(|all| all.iter().any(|told| known.is_subset(told)))
}

fn of<'a>(found: &[&'a [Observation]]) -> Numbers<'a> {
    let mut numbers = Numbers::new();
    for observation in found.iter().copied().flatten().filter(|o| o.clearance.is_none()) {
        if let Subject::Vulnerability(flaw) = &observation.subject {
            numbers.entry(&flaw.package).or_default().push(flaw.cves());
        }
    }
    numbers
}
