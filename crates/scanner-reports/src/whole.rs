//! What a VEX document says of the project itself: it is true of all that the project is made of.
//!
//! Scanners report the project's dependencies, not the project. A statement that clears the project as a whole of a flaw is put
//! down for each package in which the flaw is reported.

use std::collections::{BTreeSet, HashMap};

use findings_model::{
    AdvisoryId, Ecosystem, Finding, Observation, Package, PackageName, ReportFormat, Scan, Status, Subject,
    Vulnerability, identity,
};
use smol_str::SmolStr;

/// The project whose reports are read.
#[derive(Clone, Copy)]
pub struct Whole<'a> {
    /// Its name.
    pub name: &'a PackageName,
    /// Its version, where it is written down. It is asked for only if a statement is about one version.
    pub version: &'a dyn Fn() -> Option<String>,
    /// What is known from earlier runs.
    pub known: &'a [Finding],
}

impl Whole<'_> {
    fn is(&self, package: &Package) -> bool {
        // CycloneDX documents may name the project without an ecosystem.
        let may_be = package.ecosystem().is_pypi() || *package.ecosystem() == Ecosystem::from(String::new());
        may_be && PackageName::parse(package.name()).is_ok_and(|name| name == *self.name)
    }
}

/// How many statements that share an id with a flaw are looked at for it. More than a few are no honest document's.
const CANDIDATES: usize = 64;

/// A statement that clears the project as a whole, and where it stands.
struct Statement {
    scan: usize,
    observation: usize,
    said: Vulnerability,
}

/// Lets what VEX documents say of the project as a whole speak of its parts.
///
/// Only what clears is carried over, only from the project's own name, and from a version only if it is the project's. What a
/// document says of a part itself goes before.
pub fn speak_of_parts(scans: &mut [Scan], whole: &Whole<'_>) {
    let statements = statements(scans, whole);
    if statements.is_empty() {
        return;
    }
    let mut by_id: HashMap<&AdvisoryId, Vec<usize>> = HashMap::new();
    for (at, statement) in statements.iter().enumerate() {
        for id in statement.said.all_ids() {
            by_id.entry(id).or_default().push(at);
        }
    }
    let mut carried: Vec<(usize, Observation)> = Vec::new();
    // What nobody reports of the project as a package is no finding of its own.
    let mut unreported: BTreeSet<(usize, usize)> = statements.iter().map(|s| (s.scan, s.observation)).collect();
    for found in reported(scans, whole) {
        let ids = found.all_ids();
        let candidates = ids.iter().filter_map(|id| by_id.get(*id)).flatten().take(CANDIDATES);
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for statement in candidates.map(|at| &statements[*at]).filter(|s| is_same_flaw(&s.said, &found)) {
            if whole.is(&found.package) {
                unreported.remove(&(statement.scan, statement.observation));
            } else if told.insert(statement.scan) {
                let observation = &scans[statement.scan].observations[statement.observation];
                carried.push((statement.scan, of_part(observation, &statement.said, &found)));
            }
        }
    }
    for (at, scan) in scans.iter_mut().enumerate() {
        let mut index = 0..;
        scan.observations.retain(|_| index.next().is_none_or(|index| !unreported.contains(&(at, index))));
    }
    for (at, observation) in carried {
        scans[at].observations.push(observation);
    }
}

fn statements(scans: &[Scan], whole: &Whole<'_>) -> Vec<Statement> {
    let mut version = None;
    let mut is_now = |stated: &str| version.get_or_insert_with(whole.version).as_deref() == Some(stated);
    let mut statements = Vec::new();
    for (scan, made) in scans.iter().enumerate().filter(|(_, scan)| is_vex(scan)) {
        for (observation, made) in made.observations.iter().enumerate() {
            if let Subject::Vulnerability(said) = &made.subject
                && made.clearance.is_some()
                && whole.is(&said.package)
                && said.version.as_deref().is_none_or(&mut is_now)
            {
                statements.push(Statement { scan, observation, said: said.clone() });
            }
        }
    }
    statements
}

/// Whether a scan may be no scan but what somebody says of flaws.
fn is_vex(scan: &Scan) -> bool {
    matches!(scan.format, Some(ReportFormat::OpenVex | ReportFormat::CycloneDx))
}

/// The flaws that scanners report, each version of a package once: in this run, or known from one before which no scan of this run
/// could confirm or end.
fn reported(scans: &[Scan], whole: &Whole<'_>) -> Vec<Vulnerability> {
    let mut seen: BTreeSet<(Package, Option<SmolStr>, AdvisoryId)> = BTreeSet::new();
    let now = scans.iter().flat_map(|scan| &scan.observations).filter(|o| o.clearance.is_none()).map(|o| &o.subject);
    let known = whole.known.iter().filter(|finding| is_unseen(finding, scans)).map(|finding| &finding.subject);
    let flaws = now.chain(known).filter_map(|subject| match subject {
        Subject::Vulnerability(found) => Some(found),
        Subject::Code(_) | Subject::Secret(_) => None,
    });
    flaws.filter(|v| seen.insert((v.package.clone(), v.version.clone(), v.id.clone()))).cloned().collect()
}

/// Whether a finding is one that a scanner reported last and that no scan of this run covers.
fn is_unseen(finding: &Finding, scans: &[Scan]) -> bool {
    let says_of = |scan: &Scan| scan.coverage.covers(&finding.subject) && !scan.coverage.blank;
    !matches!(finding.status, Status::Resolved { .. })
        && finding.scanners.iter().any(|(scanner, attribution)| {
            let of_scanner = |scan: &&Scan| scan.scanner.as_str().eq_ignore_ascii_case(scanner.as_str());
            attribution.ended.is_none() && !scans.iter().filter(of_scanner).any(says_of)
        })
}

fn is_same_flaw(said: &Vulnerability, found: &Vulnerability) -> bool {
    let ids = |v: &Vulnerability| -> BTreeSet<AdvisoryId> { v.aliases.iter().cloned().collect() };
    let (said_ids, found_ids) = (ids(said), ids(found));
    let classes = identity::flaw_classes(&[(&said.id, &said_ids), (&found.id, &found_ids)]);
    classes.first() == classes.last()
}

/// The statement, of a part.
fn of_part(statement: &Observation, said: &Vulnerability, part: &Vulnerability) -> Observation {
    let said = Vulnerability { package: part.package.clone(), version: part.version.clone(), ..said.clone() };
    Observation { subject: Subject::Vulnerability(said), ..statement.clone() }
}
