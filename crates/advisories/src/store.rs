use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    str::FromStr,
};

use findings_model::{AdvisoryId, AdvisoryVerdict, Package, Vulnerability, identity};
use pep440_rs::Version;

use crate::{
    Search, Unread,
    range::Events,
    record::{Affected, Record, RecordProblem, RecordWarning},
};

/// Advisory records, by package and by flaw.
#[derive(Debug, Default)]
pub struct AdvisoryStore {
    records: Vec<Record>,
    packages: HashMap<Package, PackageRecords>,
    /// Records that name no package, by id: a CVE list has such.
    bare: HashMap<AdvisoryId, usize>,
    /// Ids of standing records of which an entry of a package could not be read.
    misses_packages: BTreeSet<AdvisoryId>,
    /// Ids that a service was asked for without an answer.
    unanswered: BTreeSet<AdvisoryId>,
    /// Records that could not be read.
    unread: Unread,
}

/// The records about one package.
#[derive(Debug, Default)]
struct PackageRecords {
    records: Vec<usize>,
    /// The flaw that each record is about: the position of the first record of that flaw.
    flaw: Vec<usize>,
    /// The flaws that name an id.
    by_id: HashMap<AdvisoryId, BTreeSet<usize>>,
    /// The flaw of the record that has an id as its own.
    own_id: HashMap<AdvisoryId, usize>,
}

/// The records of one flaw in one package.
pub(crate) struct Flaw<'s> {
    /// The records about the package, withdrawn ones too; never empty.
    pub(crate) records: Vec<&'s Record>,
    /// Records of its ids that name no package.
    pub(crate) bare: Vec<&'s Record>,
    /// Every id of the flaw.
    pub(crate) ids: BTreeSet<&'s AdvisoryId>,
    package: Package,
}

impl AdvisoryStore {
    /// Reads OSV records from names and bytes. A record that cannot be read, or is older than another with the same id, is
    /// left out with a warning, as are parts of a record that cannot be read; the warnings come in the order of names.
    pub fn from_records<N, B>(records: impl IntoIterator<Item = (N, B)>) -> (Self, Vec<RecordWarning>)
    where
        N: Into<String>,
        B: AsRef<[u8]>,
    {
        let mut store = Self::default();
        let warnings = store.add(records);
        (store, warnings)
    }

    /// Takes in what a search found, and which ids it got no answer for.
    pub fn add_found(&mut self, search: Search) -> Vec<RecordWarning> {
        for id in search.answered() {
            self.unread.settle(id);
        }
        self.unanswered.extend(search.unanswered);
        if search.found.is_empty() { Vec::new() } else { self.add(search.found) }
    }

    /// Takes note of records that are there and could not be given to it.
    pub fn add_unread(&mut self, unread: Unread) {
        self.unread.add(unread);
    }

    fn add<N, B>(&mut self, records: impl IntoIterator<Item = (N, B)>) -> Vec<RecordWarning>
    where
        N: Into<String>,
        B: AsRef<[u8]>,
    {
        let mut warnings = Vec::new();
        let mut read = std::mem::take(&mut self.records);
        for (name, bytes) in records {
            let name = name.into();
            let bytes = bytes.as_ref();
            match Record::read(&name, bytes) {
                Ok(record) => {
                    if record.odd > 0 {
                        let name = record.name.clone();
                        warnings.push(RecordWarning { name, problem: RecordProblem::Parts(record.odd) });
                    }
                    read.push(record);
                }
                Err(problem) => {
                    self.unread.note_record(&name, bytes);
                    warnings.push(RecordWarning { name, problem });
                }
            }
        }
        read.sort_by(|a, b| {
            (&a.id, std::cmp::Reverse(&a.modified), &a.name).cmp(&(&b.id, std::cmp::Reverse(&b.modified), &b.name))
        });
        let mut taken: Vec<Record> = Vec::with_capacity(read.len());
        for record in read {
            match taken.last() {
                Some(newer) if newer.id == record.id => {
                    let problem = RecordProblem::Superseded { id: record.id.to_string(), other: newer.name.clone() };
                    warnings.push(RecordWarning { name: record.name, problem });
                }
                _ => taken.push(record),
            }
        }
        warnings.sort_by(|a, b| a.name.cmp(&b.name));
        let (unanswered, unread) = (std::mem::take(&mut self.unanswered), std::mem::take(&mut self.unread));
        *self = Self { unanswered, unread, ..Self::index(taken) };
        warnings
    }

    /// The ids of its records.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &AdvisoryId> {
        self.records.iter().map(|record| &record.id)
    }

    /// Whether it has every record about a flaw: it knows the flaw, no id of it was asked for without an answer, and no record that
    /// could not be read may be about it.
    ///
    /// Only then may what the records say replace what they said before.
    pub fn has_all_of(&self, v: &Vulnerability) -> bool {
        self.flaw(v).is_some_and(|flaw| !self.waits_for(v, Some(&flaw)) && !self.misses(v, Some(&flaw)))
    }

    /// Whether a record that could not be read may be about a flaw.
    fn misses(&self, v: &Vulnerability, flaw: Option<&Flaw<'_>>) -> bool {
        self.unread.may_be_about(v, flaw.iter().flat_map(|flaw| &flaw.ids).copied())
    }

    /// Whether an id of a flaw was asked for without an answer.
    fn waits_for(&self, v: &Vulnerability, flaw: Option<&Flaw<'_>>) -> bool {
        let unanswered = |id: &AdvisoryId| self.unanswered.contains(id);
        v.all_ids().into_iter().any(unanswered) || flaw.is_some_and(|flaw| flaw.ids.iter().any(|id| unanswered(id)))
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    fn index(records: Vec<Record>) -> Self {
        let mut packages: HashMap<Package, PackageRecords> = HashMap::new();
        let mut bare = HashMap::new();
        let partial = records.iter().filter(|record| record.misses_packages && !record.withdrawn);
        let misses_packages = partial.map(|record| record.id.clone()).collect();
        for (index, record) in records.iter().enumerate() {
            let named: BTreeSet<&Package> = record.affected.iter().map(|a| &a.package).collect();
            for package in &named {
                packages.entry((*package).clone()).or_default().records.push(index);
            }
            if named.is_empty() {
                bare.insert(record.id.clone(), index);
            }
        }
        for entry in packages.values_mut() {
            let ids: Vec<_> = entry.records.iter().map(|r| (&records[*r].id, &records[*r].aliases)).collect();
            entry.flaw = identity::flaw_classes(&ids);
            for ((id, aliases), flaw) in ids.into_iter().zip(&entry.flaw) {
                entry.own_id.insert(id.clone(), *flaw);
                for id in std::iter::once(id).chain(aliases) {
                    entry.by_id.entry(id.clone()).or_default().insert(*flaw);
                }
            }
        }
        Self { records, packages, bare, misses_packages, ..Self::default() }
    }

    /// The records of a flaw: those of the printed id, else those of the ids it was printed under before, else those of its
    /// aliases. None where the store has none or cannot tell which of several it is.
    pub(crate) fn flaw(&self, v: &Vulnerability) -> Option<Flaw<'_>> {
        let entry = self.packages.get(&v.package)?;
        let steps: [Vec<&AdvisoryId>; 3] = [vec![&v.id], v.printed.iter().collect(), v.aliases.iter().collect()];
        let flaw = steps.iter().find_map(|ids| entry.only_flaw(ids))?;
        let records: Vec<&Record> = entry
            .records
            .iter()
            .zip(&entry.flaw)
            .filter(|(_, f)| **f == flaw)
            .map(|(r, _)| &self.records[*r])
            .collect();
        let ids: BTreeSet<&AdvisoryId> =
            records.iter().flat_map(|r| std::iter::once(&r.id).chain(&r.aliases)).collect();
        let bare = ids.iter().filter_map(|id| self.bare.get(*id)).map(|r| &self.records[*r]).collect();
        Some(Flaw { records, bare, ids, package: v.package.clone() })
    }

    /// What the records say about a flaw at the version it names.
    ///
    /// Withdrawn: every record of the flaw is. Affected: a version list, or a range (PyPI only, by PEP 440), of one that is not
    /// withdrawn holds the version. Unreadable: none does, and a record that may be about the flaw, or a part of one, cannot be read.
    /// Not affected: the versions of all of them can be compared and none holds it. Everything else is unknown. While a record is out
    /// of reach, only that the version is affected can be told.
    pub fn verdict(&self, v: &Vulnerability) -> AdvisoryVerdict {
        let flaw = self.flaw(v);
        match flaw.as_ref().map_or(AdvisoryVerdict::Unknown, |flaw| self.verdict_of(flaw, v)) {
            AdvisoryVerdict::Affected => AdvisoryVerdict::Affected,
            _ if self.waits_for(v, flaw.as_ref()) => AdvisoryVerdict::Unanswered,
            _ if self.misses(v, flaw.as_ref()) => AdvisoryVerdict::Unreadable,
            told => told,
        }
    }

    fn verdict_of(&self, flaw: &Flaw<'_>, v: &Vulnerability) -> AdvisoryVerdict {
        if flaw.records.iter().chain(&flaw.bare).all(|r| r.withdrawn) {
            return AdvisoryVerdict::Withdrawn;
        }
        let Some(text) = v.version.as_deref() else { return AdvisoryVerdict::Unknown };
        let version = Version::from_str(text).ok().filter(|_| v.package.ecosystem().is_pypi());
        let answers: Vec<Option<bool>> = flaw.affected().map(|a| a.holds(text, version.as_ref())).collect();
        if answers.contains(&Some(true)) {
            AdvisoryVerdict::Affected
        } else if flaw.affected().any(|a| a.odd > 0) || flaw.ids.iter().any(|id| self.misses_packages.contains(*id)) {
            AdvisoryVerdict::Unreadable
        } else if answers.is_empty() || answers.contains(&None) {
            AdvisoryVerdict::Unknown
        } else {
            AdvisoryVerdict::NotAffected
        }
    }
}

impl PackageRecords {
    fn only_flaw(&self, ids: &[&AdvisoryId]) -> Option<usize> {
        let own: BTreeSet<usize> = ids.iter().filter_map(|id| self.own_id.get(*id)).copied().collect();
        let named: BTreeSet<usize> = ids.iter().filter_map(|id| self.by_id.get(*id)).flatten().copied().collect();
        [own, named].into_iter().find(|flaws| flaws.len() == 1).and_then(|flaws| flaws.first().copied())
    }
}

impl<'s> Flaw<'s> {
    /// The records that count: not withdrawn, those that name no package too.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &'s Record> + '_ {
        self.records.iter().chain(&self.bare).copied().filter(|r| !r.withdrawn)
    }

    /// What the standing records say about the package.
    pub(crate) fn affected(&self) -> impl Iterator<Item = &'s Affected> + '_ {
        self.standing().flat_map(|r| &r.affected).filter(|a| a.package == self.package)
    }
}

impl Affected {
    /// Whether a version is affected; none where the entry lists nothing, or versions cannot be compared: other ecosystems
    /// order theirs in other ways, so there only the list itself is believed.
    fn holds(&self, text: &str, version: Option<&Version>) -> Option<bool> {
        if self.versions.iter().any(|listed| listed == text) {
            return Some(true);
        }
        let version = version?;
        if self.versions.iter().filter_map(|listed| Version::from_str(listed).ok()).any(|listed| listed == *version) {
            return Some(true);
        }
        let ranges: Vec<Option<bool>> = self.ranges.iter().map(|range| range.contain(version)).collect();
        if ranges.contains(&Some(true)) {
            return Some(true);
        }
        let says_something = !self.versions.is_empty() || !ranges.is_empty();
        (says_something && !ranges.contains(&None)).then_some(false)
    }
}

/// The versions that fix a flaw, as the standing records list them, in order and without repetition.
pub(crate) fn fixes(flaw: &Flaw<'_>) -> Vec<String> {
    let mut known: BTreeMap<Version, &str> = BTreeMap::new();
    for text in flaw.affected().flat_map(|a| &a.ranges).flat_map(Events::fixes) {
        if let Ok(version) = Version::from_str(text) {
            known.entry(version).or_insert(text.trim());
        }
    }
    known.into_values().map(str::to_owned).collect()
}
