//! What advisory sources say about the flaws of one run.
//!
//! Files are read here. Services are asked by functions that the caller gives, because most programs that run these steps link
//! no network; without them nobody is asked.

use std::{collections::BTreeSet, error::Error, fmt, path::PathBuf, time::Duration};

use advisories::{AdvisoryStore, Attacks, EpssScores, FEED_BYTES, KevCatalogue, Search, Wanted};
use findings_ledger::Ledger;
use findings_model::{AdvisoryId, Finding, Scan, Status, Subject, Vulnerability};
use state_store::StoreError;

use crate::{
    findings::FindingsRequest,
    gather::{self, Records},
    project::Project,
};

/// The most advisories that one run looks up at a service.
const MOST_LOOK_UPS: usize = 2000;

/// Carries out a [`Search`] at a service and gives what went wrong, a line each.
pub struct LookUp(Box<Ask>);

type Ask = dyn Fn(&mut Search) -> Vec<String>;

impl LookUp {
    /// Takes the function that asks.
    pub fn new(ask: impl Fn(&mut Search) -> Vec<String> + 'static) -> Self {
        Self(Box::new(ask))
    }
}

impl fmt::Debug for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookUp")
    }
}

/// Says why bytes cannot be used.
pub type Usable<'a> = &'a dyn Fn(&[u8]) -> Result<(), String>;

/// Fetches a file that many read, if the bytes can be used.
pub struct Fetch(Box<dyn Fn(Usable<'_>) -> Fetched>);

impl Fetch {
    /// Takes the function that fetches.
    pub fn new(fetch: impl Fn(Usable<'_>) -> Fetched + 'static) -> Self {
        Self(Box::new(fetch))
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetch")
    }
}

/// What came of fetching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file; none if it could not be had.
    pub bytes: Option<Vec<u8>>,
    /// What went wrong, a line each.
    pub warnings: Vec<String>,
}

/// Where the KEV catalogue or the EPSS scores come from.
#[derive(Debug)]
pub enum Feed {
    /// A file.
    File(PathBuf),
    /// A service.
    Online(Fetch),
}

/// What a run may ask outside, by address, and how long it may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Online {
    /// The OSV service.
    pub service: Option<String>,
    /// The KEV catalogue.
    pub kev: Option<String>,
    /// The EPSS scores.
    pub epss: Option<String>,
    /// The folder where answers are kept; none keeps nothing.
    pub cache: Option<PathBuf>,
    /// The time for everything that the run asks for.
    pub budget: Duration,
    /// Chance, so that runs that failed together do not try again together.
    pub seed: u64,
}

/// Gathers the records about the flaws of the scans and of the ledger: from the files first, what they lack from the service.
pub(crate) fn store(
    project: &Project,
    request: &FindingsRequest,
    scans: &[Scan],
    ledger: &Ledger,
    warnings: &mut Vec<String>,
) -> Result<AdvisoryStore, StoreError> {
    let wanted = match request.advisories.as_slice() {
        [] => Wanted::default(),
        _ => Wanted::of(flaws(scans, ledger)),
    };
    let mut records = Records::default();
    for path in &request.advisories {
        gather::records_of(project, &project.path(path), &wanted, &mut records)?;
    }
    let files = records.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let (mut store, problems) = AdvisoryStore::from_records(files);
    store.add_unread(records.unread);
    warnings.extend(records.warnings);
    warnings.extend(problems.iter().map(|problem| crate::causes(problem)));
    if let Some(LookUp(ask)) = &request.look_up {
        let mut search = store.search(flaws(scans, ledger), MOST_LOOK_UPS);
        if !search.is_done() {
            warnings.extend(ask(&mut search));
            tracing::info!("{} advisory records were looked up", search.found());
            warnings.extend(store.add_found(search).iter().map(|problem| crate::causes(problem)));
        }
    }
    Ok(store)
}

/// Every flaw that a scan reports, and every one that the ledger holds and that has not ended.
fn flaws<'a>(scans: &'a [Scan], ledger: &'a Ledger) -> impl Iterator<Item = &'a Vulnerability> {
    let seen = scans.iter().flat_map(|scan| &scan.observations).map(|observation| &observation.subject);
    let open = ledger.findings.iter().filter(|f| !matches!(f.status, Status::Resolved { .. })).map(|f| &f.subject);
    seen.chain(open).filter_map(|subject| match subject {
        Subject::Vulnerability(v) => Some(v),
        Subject::Code(_) | Subject::Secret(_) => None,
    })
}

/// Tells the findings what the KEV catalogue and the EPSS scores say. What cannot be had or read changes nothing.
pub(crate) fn tell_attacks(
    project: &Project,
    request: &FindingsRequest,
    findings: &mut [Finding],
    warnings: &mut Vec<String>,
) -> Result<(), StoreError> {
    if request.kev.is_none() && request.epss.is_none() {
        return Ok(());
    }
    let present = findings.iter().filter(|f| !matches!(f.status, Status::Resolved { .. }));
    let cves: BTreeSet<AdvisoryId> =
        present.flat_map(|f| f.subject.advisory_ids()).filter(|id| id.is_cve()).cloned().collect();
    if cves.is_empty() {
        return Ok(());
    }
    let kev = match &request.kev {
        Some(feed) => read(project, feed, "the KEV catalogue", KevCatalogue::read, warnings)?,
        None => None,
    };
    let scores = |bytes: &[u8]| EpssScores::read(bytes, &cves);
    let epss = match &request.epss {
        Some(feed) => read(project, feed, "the EPSS scores", scores, warnings)?,
        None => None,
    };
    for (what, unreadable) in [
        ("entries of the KEV catalogue", kev.as_ref().map_or(0, KevCatalogue::unreadable)),
        ("lines of the EPSS scores", epss.as_ref().map_or(0, EpssScores::unreadable)),
    ] {
        if unreadable > 0 {
            warnings.push(format!("{unreadable} {what} cannot be read and do not count"));
        }
    }
    Attacks { kev: kev.as_ref(), epss: epss.as_ref() }.tell(findings);
    Ok(())
}

fn read<T, E: Error + 'static>(
    project: &Project,
    feed: &Feed,
    what: &str,
    parse: impl Fn(&[u8]) -> Result<T, E>,
    warnings: &mut Vec<String>,
) -> Result<Option<T>, StoreError> {
    let bytes = match feed {
        Feed::File(path) => Some(state_store::read(&project.path(path), FEED_BYTES)?),
        Feed::Online(Fetch(fetch)) => {
            let fetched = fetch(&|bytes| parse(bytes).map(drop).map_err(|e| crate::causes(&e)));
            warnings.extend(fetched.warnings);
            fetched.bytes
        }
    };
    Ok(bytes.and_then(|bytes| match parse(&bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            warnings.push(format!("{what} cannot be used, and what was known of it stays: {}", crate::causes(&error)));
            None
        }
    }))
}
