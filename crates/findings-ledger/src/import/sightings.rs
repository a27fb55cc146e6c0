use std::collections::HashMap;

use findings_model::{AdvisoryId, Finding, PackageName};
use time::Date;

use crate::Ledger;

/// The first year that is believed: no scanner of Python projects is older.
const FIRST_YEAR: i32 = 2000;

/// That a finding was there on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The id that the finding had, as it was written.
    pub id: String,
    /// The package that it was said to be in, where something was said.
    pub package: Option<String>,
    /// The day.
    pub on: Date,
}

/// Moves the first day of every finding back to the earliest day that a sighting proves. Gives how many were moved.
///
/// A sighting is about the finding of that id; without one, about the only finding with that alias, in that package where one is
/// named. A day after `today` or before the year 2000 proves nothing, and so does one after the finding's first day.
pub fn apply_sightings(ledger: &mut Ledger, sightings: &[Sighting], today: Date) -> usize {
    let mut earliest: HashMap<usize, Date> = HashMap::new();
    {
        let owners = Owners::of(ledger);
        for sighting in sightings {
            if sighting.on > today || sighting.on.year() < FIRST_YEAR {
                continue;
            }
            if let Some(at) = owners.find(ledger, sighting) {
                let day = earliest.entry(at).or_insert(sighting.on);
                *day = (*day).min(sighting.on);
            }
        }
    }
    let mut moved = 0;
    for (at, day) in earliest {
        let finding = &mut ledger.findings[at];
        if day < finding.discovered {
            finding.discovered = day;
            moved += 1;
        }
    }
    moved
}

/// Findings by the names they are known under.
struct Owners {
    by_id: HashMap<String, usize>,
    by_alias: HashMap<String, Vec<usize>>,
}

impl Owners {
    fn of(ledger: &Ledger) -> Self {
        let mut owners = Self { by_id: HashMap::new(), by_alias: HashMap::new() };
        for (at, finding) in ledger.findings.iter().enumerate() {
            owners.by_id.insert(AdvisoryId::canonical_or(finding.finding_id.as_str()), at);
            for id in finding.subject.advisory_ids() {
                owners.by_alias.entry(id.as_str().to_owned()).or_default().push(at);
            }
        }
        owners
    }

    fn find(&self, ledger: &Ledger, sighting: &Sighting) -> Option<usize> {
        let id = AdvisoryId::canonical_or(&sighting.id);
        let package = sighting.package.as_deref().map(normal);
        let fits = |at: &usize| match (&package, package_of(&ledger.findings[*at])) {
            (Some(said), Some(known)) => *said == known,
            _ => true,
        };
        if let Some(at) = self.by_id.get(&id).filter(|at| fits(at)) {
            return Some(*at);
        }
        let mut candidates = self.by_alias.get(&id)?.iter().filter(|at| fits(at));
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

fn package_of(finding: &Finding) -> Option<String> {
    finding.subject.package().map(|package| package.name().to_owned())
}

fn normal(name: &str) -> String {
    PackageName::parse(name).map_or_else(|_| name.to_owned(), String::from)
}
