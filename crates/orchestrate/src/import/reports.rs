//! Archived reports in their normalised form. The reports themselves stay where they are: they may hold secrets.

use std::collections::BTreeMap;

use findings_ledger::{Ledger, ScanArchive, import::Sighting};
use findings_model::{CoverageState, Scan, ScanSummary, Subject, Timestamp, parse_date};
use scanner_reports::Source;
use state_store::REPORT_LIMIT;
use time::{Date, Time};

use super::{
    FileKind, ImportRequest, ImportedFile,
    places::{Found, Original},
    reason,
};
use crate::{changes, project::Project};

/// What the archived reports gave.
#[derive(Default)]
pub(super) struct Archived {
    pub(super) files: Vec<ImportedFile>,
    /// Name and content of each normalised archive.
    pub(super) archives: Vec<(String, Vec<u8>)>,
    pub(super) sightings: Vec<Sighting>,
}

pub(super) fn read(project: &Project, request: &ImportRequest, original: &Original) -> Archived {
    let mut out = Archived::default();
    let mut by_day: BTreeMap<Date, Vec<&Found>> = BTreeMap::new();
    for found in &original.reports {
        match day_of(found) {
            Some(day) if day <= request.now.date() => by_day.entry(day).or_default().push(found),
            _ => out.tell(
                original,
                found,
                0,
                &["no folder above it is named after a day in the past; it stays where it is".to_owned()],
            ),
        }
    }
    for (day, reports) in by_day {
        let taken_at = Timestamp::new(day.with_time(Time::MIDNIGHT).assume_utc());
        let mut scans = Vec::new();
        for found in reports {
            scans.extend(out.report(request, original, found, day));
        }
        if scans.is_empty() {
            continue;
        }
        let summaries = summaries(project, request, &scans, taken_at);
        let archive = ScanArchive::new(&request.project, &scans, &summaries, taken_at);
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        if archive.write_json(&mut bytes).is_ok() {
            out.archives.push((archive.file_name(), bytes));
        }
    }
    out.files.sort_by(|a, b| a.file.cmp(&b.file));
    out
}

impl Archived {
    /// The usable scans of a report; what is not usable is named.
    fn report(&mut self, request: &ImportRequest, original: &Original, found: &Found, day: Date) -> Vec<Scan> {
        let label = original.label(&found.path);
        let source =
            Source { file: &label, declared: None, own_project: Some(&request.project), key: None, now: request.now };
        let scans = match state_store::read(&found.path, REPORT_LIMIT) {
            Ok(bytes) => scanner_reports::read(&bytes, &source),
            Err(error) => vec![scanner_reports::unreadable(&source, &error.kind.to_string())],
        };
        let (usable, failed): (Vec<Scan>, Vec<Scan>) =
            scans.into_iter().partition(|scan| scan.coverage.state != CoverageState::Failed);
        let mut reasons: Vec<String> = failed.into_iter().flat_map(|scan| scan.coverage.reasons).collect();
        if !reasons.is_empty() {
            reasons.push("it stays where it is".to_owned());
        }
        for observation in usable.iter().flat_map(|scan| &scan.observations) {
            if let Subject::Vulnerability(v) = &observation.subject {
                let ids = observation.subject.advisory_ids();
                self.sightings.extend(ids.map(|id| Sighting {
                    id: id.as_str().to_owned(),
                    package: Some(v.package.name().to_owned()),
                    on: day,
                }));
            }
        }
        let records = usable.iter().map(|scan| scan.observations.len()).sum();
        self.tell(original, found, records, &reasons);
        usable
    }

    fn tell(&mut self, original: &Original, found: &Found, taken: usize, reasons: &[String]) {
        self.files.push(ImportedFile {
            file: original.label(&found.path),
            kind: FileKind::Report,
            taken,
            set_aside: None,
            reason: reason(reasons),
        });
    }
}

/// The day that a folder above a report is named after.
fn day_of(found: &Found) -> Option<Date> {
    let folders = found.path.ancestors().skip(1);
    folders.filter_map(|folder| folder.file_name()).find_map(|name| parse_date(name.to_str()?))
}

/// What each scan says of itself, judged as the first of its scanner.
fn summaries(project: &Project, request: &ImportRequest, scans: &[Scan], at: Timestamp) -> Vec<ScanSummary> {
    let begin = Ledger::empty(&request.project, at);
    let ledger = changes::take_in_alone(project, begin, scans, at);
    ledger.scanners.into_values().flat_map(|state| state.newest).collect()
}
