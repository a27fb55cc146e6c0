//! Whether reports still name a flaw by its CVE numbers, in a record that is another finding.

use findings_model::{AdvisoryId, Observation, Package, Subject, Vulnerability};

use super::group::Group;

/// The CVE numbers of the records that no report cleared, each with its record, by package and number.
pub(super) type Numbers<'a> = Vec<(&'a Package, &'a AdvisoryId, &'a Vulnerability)>;

/// Whether one record of the flaw's package has all of its CVE numbers.
///
/// A database that merges two advisories drops one of them and lists its number with the other: nothing was fixed.
pub(super) fn name(group: &Group<'_>, flaw: &Vulnerability) -> bool {
    let known = flaw.cves();
    let Some(first) = known.first().map(|first| (&flaw.package, *first)) else { return false };
    let numbers = group.numbers.get_or_init(|| of(&group.found));
    let start = numbers.partition_point(|(package, cve, _)| (*package, *cve) < first);
    let same = numbers[start..].iter().take_while(|(package, cve, _)| (*package, *cve) == first);
    same.map(|(.., told)| told.cves()).any(|told| known.is_subset(&told))
}

fn of<'a>(found: &[&'a [Observation]]) -> Numbers<'a> {
    let mut numbers = Numbers::new();
    for observation in found.iter().copied().flatten().filter(|o| o.clearance.is_none()) {
        if let Subject::Vulnerability(flaw) = &observation.subject {
            let ids = std::iter::once(&flaw.id).chain(&flaw.aliases);
            numbers.extend(ids.filter(|id| id.is_cve()).map(|cve| (&flaw.package, cve, flaw)));
        }
    }
    numbers.sort_by(|(a, cve, _), (b, of, _)| (a, cve).cmp(&(b, of)));
    numbers
}
