//! Which records are one flaw.

use findings_model::{AdvisoryId, Package, Vulnerability};

use crate::record::Record;

/// The records of one flaw in one package, and every id of it.
pub(crate) struct Flaw<'a> {
    pub(crate) package: &'a Package,
    pub(crate) records: Vec<&'a Record>,
}

impl<'a> Flaw<'a> {
    /// Finds the records of a vulnerability among `candidates`, which name one of its ids. None without a record, and none
    /// where several flaws could be meant.
    pub(crate) fn of(vulnerability: &'a Vulnerability, candidates: &[&'a Record]) -> Option<Self> {
        let about: Vec<&Record> = candidates.iter().copied().filter(|r| r.is_about(&vulnerability.package)).collect();
        // The record of the printed id itself is the best evidence, then one that lists it; of the other ids any may be wrong.
        let printed = std::iter::once(&vulnerability.id).chain(&vulnerability.printed);
        let start = printed
            .clone()
            .find_map(|id| about.iter().copied().find(|r| r.id == *id))
            .or_else(|| printed.clone().find_map(|id| only_flaw(&about, id)))
            .or_else(|| vulnerability.aliases.iter().find_map(|id| only_flaw(&about, id)))?;
        let records = about.into_iter().filter(|r| std::ptr::eq(*r, start) || is_one_flaw(start, r)).collect();
        Some(Self { package: &vulnerability.package, records })
    }

    /// Every id of the flaw.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &'a AdvisoryId> {
        self.records.iter().flat_map(|r| std::iter::once(&r.id).chain(&r.aliases))
    }

    /// The records that still stand.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &&'a Record> {
        self.records.iter().filter(|r| !r.withdrawn)
    }
}

/// The record that lists an id, if all that list it are one flaw.
fn only_flaw<'a>(records: &[&'a Record], id: &AdvisoryId) -> Option<&'a Record> {
    let mut naming = records.iter().copied().filter(|r| r.names(id));
    let first = naming.next()?;
    naming.all(|other| is_one_flaw(first, other)).then_some(first)
}

/// Equal CVE numbers, or a shared id where at least one side has no CVE number.
fn is_one_flaw(a: &Record, b: &Record) -> bool {
    let (of_a, of_b) = (a.cves(), b.cves());
    if !of_a.is_empty() && !of_b.is_empty() {
        return of_a == of_b;
    }
    a.names(&b.id) || b.names(&a.id) || !a.aliases.is_disjoint(&b.aliases)
}
