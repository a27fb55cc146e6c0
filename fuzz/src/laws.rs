//! The targets: what reads a document, and what must hold of what comes out, whatever goes in.

use std::fmt;

use advisories::{AdvisoryStore, KevCatalogue};
use change_detect::ChangeSet;
use findings_ledger::{Ledger, Plans};
use findings_model::{AdvisoryVerdict, CoverageState, Gap, Scan, Subject, Timestamp, text};
use scanner_reports::{FingerprintKey, Source, read};
use serde_json::Value;

use crate::{
    distributions,
    mutate::{Change, Seed},
    seeds::{self, MARKS},
};

/// A law that was broken, in words.
#[derive(Debug)]
pub(crate) struct Broken(String);

impl Broken {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::shorten(&text::one_line(&self.0), 400))
    }
}

type Check = fn(&[u8], Change, &Seed) -> Result<(), Broken>;

/// A parser under test.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) seeds: fn() -> Vec<Seed>,
    /// Folders of `fixtures/` with recorded documents.
    pub(crate) folders: &'static [&'static str],
    pub(crate) check: Check,
}

/// Every parser of documents from outside.
pub(crate) const TARGETS: [Target; 7] = [
    Target { name: "reports", seeds: seeds::reports, folders: &["sample-project/weeks", "traps"], check: check_report },
    Target { name: "ledger", seeds: seeds::ledgers, folders: &[], check: check_ledger },
    Target { name: "plans", seeds: seeds::plans, folders: &[], check: check_plans },
    Target {
        name: "advisories",
        seeds: seeds::advisories,
        folders: &["sample-project/advisories"],
        check: check_advisory,
    },
    Target { name: "kev", seeds: seeds::kev, folders: &[], check: check_kev },
    Target { name: "changes", seeds: seeds::changes, folders: &[], check: check_changes },
    Target { name: "distributions", seeds: distributions::seeds, folders: &[], check: check_distribution },
];

/// Runs a target's laws on one input.
pub(crate) fn check(target: &Target, bytes: &[u8], change: Change, seed: &Seed) -> Result<(), Broken> {
    (target.check)(bytes, change, seed)
}

fn law(holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken(what())) }
}

fn now() -> Result<Timestamp, Broken> {
    "2026-01-12T03:00:00Z".parse().map_err(|_| Broken::new("the time of the campaign cannot be read"))
}

fn check_report(bytes: &[u8], change: Change, seed: &Seed) -> Result<(), Broken> {
    let key = FingerprintKey::new("a key for fuzzing").map_err(|error| Broken::new(error.to_string()))?;
    let now = now()?;
    for key in [None, Some(&key)] {
        let source = Source { file: &seed.name, declared: None, own_project: None, key, now };
        let scans = read(bytes, &source);
        law(!scans.is_empty(), || "there is no scan".to_owned())?;
        for scan in &scans {
            check_scan(scan)?;
        }
        law(scans == read(bytes, &source), || "the same bytes are not the same scans".to_owned())?;
        let is_complete = |scan: &Scan| scan.coverage.state == CoverageState::Complete;
        match change {
            // NDJSON may end behind any line; a JSON document has one end.
            Change::Cut if seed.records.is_some() => {
                law(bytes.is_empty() || !scans.iter().any(is_complete), || "a cut report is complete".to_owned())?;
            }
            Change::RecordReplaced => {
                law(!scans.iter().any(is_complete), || "a record is no object, and the scan is complete".to_owned())?;
            }
            _ => {}
        }
        if change != Change::Anywhere && is_every_secret_told(bytes, seed) {
            let shown = format!("{scans:?}");
            for mark in MARKS {
                law(!shown.contains(mark), || format!("{mark} is in a scan"))?;
            }
        }
    }
    Ok(())
}

/// Whether the parser can still tell where secrets are: each record that holds a mark has the guards that it has in the seed, and so has
/// the document.
fn is_every_secret_told(bytes: &[u8], seed: &Seed) -> bool {
    let is_beside_every_mark = |guard: &str, text: &str, original: &str| {
        let count = |what: &str, text: &str| text.matches(what).count();
        count(guard, text) * count(MARKS[0], original) >= count(guard, original) * count(MARKS[0], text)
    };
    let is_told =
        |text: &str, original: &str| seed.guards.iter().all(|guard| is_beside_every_mark(guard, text, original));
    let (records, original) = (records(bytes, seed), records(&seed.bytes, seed));
    is_told(&String::from_utf8_lossy(bytes), &String::from_utf8_lossy(&seed.bytes))
        && original.first().is_none_or(|original| records.iter().all(|record| is_told(record, original)))
}

/// The records of a JSON document, each as compact JSON; none if it is no such document.
fn records(bytes: &[u8], seed: &Seed) -> Vec<String> {
    let document: Option<Value> = serde_json::from_slice(bytes).ok();
    let records = document.as_ref().and_then(|document| document.pointer(seed.records?)?.as_array());
    records.into_iter().flatten().map(Value::to_string).collect()
}

fn check_scan(scan: &Scan) -> Result<(), Broken> {
    let coverage = &scan.coverage;
    law((coverage.state == CoverageState::Complete) == coverage.reasons.is_empty(), || {
        format!("the state is {} with {} reasons", coverage.state.as_str(), coverage.reasons.len())
    })?;
    law(!coverage.blank || coverage.state.is_usable(), || "a failed scan is blank".to_owned())?;
    for reason in &coverage.reasons {
        law(reason.chars().count() <= 410, || format!("a reason has {} characters", reason.chars().count()))?;
        one_line("a reason", reason)?;
    }
    for gap in &coverage.gaps {
        one_line("a gap", &gap.label())?;
        if let Gap::File(path) = gap {
            check_path(path)?;
        }
    }
    for (package, version) in &coverage.looked_at.packages {
        one_line("a package", package.name())?;
        one_line("a version", version.as_deref().unwrap_or_default())?;
    }
    coverage.looked_at.files.iter().try_for_each(|path| check_path(path))?;
    one_line("the tool's version", scan.tool_version.as_deref().unwrap_or_default())?;
    one_line("the scanner", scan.scanner.as_str())?;
    for observation in &scan.observations {
        law(observation.description.len() <= 4096, || "a description is longer than 4 KiB".to_owned())?;
        law(!observation.description.chars().any(|c| text::is_unsafe_to_show(c) && !matches!(c, '\n' | '\t')), || {
            format!("a description must not be shown: {:?}", observation.description)
        })?;
        if let Some(url) = &observation.reference_url {
            law(text::is_linkable(url), || format!("an address is no link: {url:?}"))?;
        }
        match &observation.subject {
            Subject::Vulnerability(v) => {
                law(v.printed.contains(&v.id) && !v.aliases.contains(&v.id), || {
                    format!("the ids of {} are mixed up", v.id)
                })?;
                one_line("a package", v.package.name())?;
                one_line("a version", v.version.as_deref().unwrap_or_default())?;
                v.fix_versions.iter().try_for_each(|version| one_line("a fix", version))?;
                v.aliases.iter().chain([&v.id]).try_for_each(|id| one_line("an id", id.as_str()))?;
            }
            Subject::Code(spot) => {
                one_line("a rule", &spot.rule)?;
                spot.former_rules.iter().try_for_each(|rule| one_line("a former rule", rule))?;
                check_path(&spot.path)?;
                law(spot.line != Some(0), || "there is a line 0".to_owned())?;
            }
            Subject::Secret(spot) => {
                one_line("a detector", &spot.rule)?;
                check_path(&spot.path)?;
                law(spot.line != Some(0), || "there is a line 0".to_owned())?;
            }
        }
    }
    Ok(())
}

fn one_line(what: &str, line: &str) -> Result<(), Broken> {
    law(!line.chars().any(text::is_unsafe_to_show), || format!("{what} must not be shown: {line:?}"))
}

fn check_path(path: &str) -> Result<(), Broken> {
    one_line("a path", path)?;
    let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
    law(!leaves && !path.is_empty() && path.len() <= 1024, || format!("a path leaves the project: {path:?}"))
}

fn check_ledger(bytes: &[u8], _change: Change, _seed: &Seed) -> Result<(), Broken> {
    let Ok(ledger) = Ledger::from_json(bytes) else { return Ok(()) };
    let written = ledger.to_json();
    let again = Ledger::from_json(&written).map_err(|error| {
        Broken(format!("a ledger that was read cannot be read again: {error}: {:?}", std::error::Error::source(&error)))
    })?;
    law(again.to_json() == written, || "a ledger written twice is not the same".to_owned())?;
    law(again.findings.len() == ledger.findings.len(), || "findings got lost".to_owned())
}

fn check_plans(bytes: &[u8], _change: Change, _seed: &Seed) -> Result<(), Broken> {
    match (Plans::from_yaml(bytes), Plans::from_yaml(bytes)) {
        (Ok(plans), Ok(again)) => {
            law(plans == again, || "the same bytes are not the same plans".to_owned())?;
            plans.problems().iter().try_for_each(|problem| one_line("a problem", &problem.to_string()))
        }
        (Err(error), Err(again)) => {
            law(error == again, || "the same bytes are not the same error".to_owned())?;
            one_line("an error", &error.to_string())
        }
        _ => Err(Broken::new("the same bytes are read once and once not")),
    }
}

fn check_advisory(bytes: &[u8], _change: Change, seed: &Seed) -> Result<(), Broken> {
    let (store, warnings) = AdvisoryStore::from_records([(seed.name.clone(), bytes)]);
    law(store.len() + warnings.len() > 0, || "a record came to nothing and nobody was told".to_owned())?;
    for warning in &warnings {
        one_line("a warning", &warning.to_string())?;
    }
    let mut scans = seeds::scans_to_enrich().map_err(|error| Broken::new(error.to_string()))?;
    store.enrich(&mut scans);
    scans.iter().try_for_each(check_scan)?;
    for observation in scans.iter().flat_map(|scan| &scan.observations) {
        if let Subject::Vulnerability(v) = &observation.subject {
            let verdict = store.verdict(v);
            let tells_nothing = match verdict {
                AdvisoryVerdict::Unknown => true,
                AdvisoryVerdict::Unreadable => !warnings.is_empty(),
                _ => false,
            };
            law(!store.is_empty() || tells_nothing, || format!("no record was read, and the verdict is {verdict:?}"))?;
        }
    }
    Ok(())
}

fn check_kev(bytes: &[u8], _change: Change, _seed: &Seed) -> Result<(), Broken> {
    match KevCatalogue::read(bytes) {
        Ok(catalogue) => law(catalogue.len() < 1_000_000, || "the catalogue has more than it can have".to_owned()),
        Err(error) => one_line("an error", &error.to_string()),
    }
}

fn check_changes(bytes: &[u8], _change: Change, _seed: &Seed) -> Result<(), Broken> {
    match ChangeSet::from_json(bytes) {
        Ok(changes) => {
            let again = ChangeSet::from_json(bytes).map_err(|_| Broken::new("the same bytes are read only once"))?;
            law(changes == again, || "the same bytes are not the same changes".to_owned())
        }
        Err(error) => one_line("an error", &error.to_string()),
    }
}

fn check_distribution(bytes: &[u8], _change: Change, seed: &Seed) -> Result<(), Broken> {
    distributions::check(bytes, seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_lost_what_tells_its_secret_is_no_matter_how_many_others_have_it() {
        let seeds = seeds::reports();
        let seed = seeds.iter().find(|seed| seed.name.contains("semgrep")).unwrap();
        let whole: Value = serde_json::from_slice(&seed.bytes).unwrap();
        let record = whole["results"][0].clone();
        let with = |records: Vec<Value>| {
            let mut document = whole.clone();
            document["results"] = Value::Array(records);
            is_every_secret_told(document.to_string().as_bytes(), seed)
        };
        assert!(with(vec![record.clone(); 3]));
        let mut nameless = record.clone();
        nameless["check_id"] = Value::from("x");
        let mut harmless = record.clone();
        harmless["extra"] = Value::from("x");
        assert!(with(vec![record.clone(), harmless.clone()]));
        assert!(!with(vec![record, harmless, nameless]));
    }
}
