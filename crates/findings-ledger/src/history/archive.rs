use std::{
    cmp::Ordering,
    io::{self, Write},
};

use findings_model::{
    AdvisoryId, Clearance, CvssScore, FindingKind, Observation, Package, PackageName, Scan, ScanSummary, ScannerName,
    SchemaVersion, Severity, SeveritySource, Subject, Timestamp, parse_date,
};
use serde::{Serialize, Serializer};
use time::Date;

use crate::lead;

/// A run's scans in their normalised form, without secrets, e-mail addresses or raw text: a file of `history/scans/`.
///
/// A package, a file and a record are a line each. A key without a value is left out.
#[derive(Debug)]
pub struct ScanArchive<'a> {
    project: &'a PackageName,
    taken_at: Timestamp,
    scans: Vec<ArchivedScan<'a>>,
}

#[derive(Debug)]
struct ArchivedScan<'a> {
    scan: Option<&'a Scan>,
    summary: Option<&'a ScanSummary>,
    records: Vec<&'a Observation>,
}

#[derive(Serialize)]
struct Head<'a> {
    schema_version: SchemaVersion,
    project: &'a str,
    taken_at: Timestamp,
}

/// A package as people read it: with its ecosystem where that is not PyPI.
struct Shown<'a>(&'a Package);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// The advisory ids of what a record is about.
struct Ids<'a>(&'a Subject);

impl Ids<'_> {
    fn is_empty(&self) -> bool {
        self.0.advisory_ids().next().is_none()
    }
}

impl Serialize for Ids<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.advisory_ids().map(AdvisoryId::as_str))
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    name: Shown<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Record<'a> {
    kind: FindingKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Ids::is_empty")]
    ids: Ids<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    severity: Severity,
    severity_source: SeveritySource,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvss_score: Option<CvssScore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clearance: Option<Clearance>,
}

impl<'a> ScanArchive<'a> {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 1);

    /// The archive of a run: its scans, and what was made of each (`Taken::scans`).
    pub fn new(project: &'a PackageName, scans: &'a [Scan], summaries: &'a [ScanSummary], now: Timestamp) -> Self {
        let mut used = vec![false; summaries.len()];
        let mut archived: Vec<(&ScannerName, &str, ArchivedScan<'a>)> = scans
            .iter()
            .map(|scan| {
                let of_scan = summaries.iter().enumerate().find(|(at, s)| {
                    !used[*at]
                        && s.scanner == scan.scanner
                        && s.file == scan.file
                        && s.findings == scan.observations.len()
                });
                let summary = of_scan.map(|(at, summary)| {
                    used[at] = true;
                    summary
                });
                let mut records: Vec<&Observation> = scan.observations.iter().collect();
                lead::sort(&mut records, |r| lead::of_subject(0, &r.subject), |a, b| compare(a, b));
                (&scan.scanner, scan.file.as_str(), ArchivedScan { scan: Some(scan), summary, records })
            })
            .collect();
        for (summary, used) in summaries.iter().zip(used) {
            if !used {
                let nothing = ArchivedScan { scan: None, summary: Some(summary), records: Vec::new() };
                archived.push((&summary.scanner, &summary.file, nothing));
            }
        }
        archived.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        Self { project, taken_at: now, scans: archived.into_iter().map(|(_, _, scan)| scan).collect() }
    }

    /// The file's name: `2026-01-05T030000Z.json`. It sorts by time.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.taken_at.to_string().replace(':', ""))
    }

    /// Writes the document, with a line feed at the end.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let head = Head { schema_version: Self::SCHEMA, project: self.project.as_str(), taken_at: self.taken_at };
        open(out, &head)?;
        out.write_all(b"\"scans\":[")?;
        for (at, scan) in self.scans.iter().enumerate() {
            out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
            scan.write_json(out)?;
        }
        out.write_all(b"]}\n")
    }
}

impl ArchivedScan<'_> {
    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.summary {
            Some(summary) => open(out, summary)?,
            None => out.write_all(b"{")?,
        }
        let looked_at = self.scan.map(|scan| &scan.coverage.looked_at);
        let packages = looked_at.iter().flat_map(|l| &l.packages);
        list(
            out,
            "packages",
            packages.map(|(package, version)| Listed { name: Shown(package), version: version.as_deref() }),
        )?;
        out.write_all(b",")?;
        list(out, "files", looked_at.iter().flat_map(|l| &l.files))?;
        out.write_all(b",")?;
        list(out, "records", self.records.iter().map(|record| Record::new(record)))?;
        out.write_all(b"}")
    }
}

/// Writes an object that is not closed, so that more keys can follow.
fn open(out: &mut dyn Write, object: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(object)?;
    out.write_all(text.strip_suffix('}').unwrap_or(&text).as_bytes())?;
    out.write_all(b",")
}

/// Writes a key and its list, an item a line.
fn list(out: &mut dyn Write, key: &str, items: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    write!(out, "\"{key}\":[")?;
    for (at, item) in items.enumerate() {
        line.clear();
        line.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut line, &item)?;
        out.write_all(&line)?;
    }
    out.write_all(b"]")
}

/// An order that only what the records say decides.
fn compare(a: &Observation, b: &Observation) -> Ordering {
    let place = match (&a.subject, &b.subject) {
        (Subject::Vulnerability(a), Subject::Vulnerability(b)) => {
            (&a.package, &a.id, &a.aliases, &a.version).cmp(&(&b.package, &b.id, &b.aliases, &b.version))
        }
        (Subject::Code(a), Subject::Code(b)) => (&a.path, a.line, &a.rule).cmp(&(&b.path, b.line, &b.rule)),
        (Subject::Secret(a), Subject::Secret(b)) => (&a.path, a.line, &a.rule).cmp(&(&b.path, b.line, &b.rule)),
        (a, b) => a.kind().cmp(&b.kind()),
    };
    let words = |o: &Observation| (o.rating.severity.list_order(), o.rating.source, o.clearance);
    place.then_with(|| words(a).cmp(&words(b)))
}

/// The day of an archived scan, from its file's name; none for any other file.
pub fn archive_date(file_name: &str) -> Option<Date> {
    let stem = file_name.strip_suffix("Z.json")?;
    let (day, time) = stem.split_once('T')?;
    (time.len() == 6 && time.bytes().all(|b| b.is_ascii_digit())).then(|| parse_date(day)).flatten()
}

impl<'a> Record<'a> {
    fn new(observation: &'a Observation) -> Self {
        let subject = &observation.subject;
        let (rule, version) = match subject {
            Subject::Vulnerability(v) => (None, v.version.as_deref()),
            Subject::Code(c) => (Some(c.rule.as_str()), None),
            Subject::Secret(s) => (Some(s.rule.as_str()), None),
        };
        Self {
            kind: subject.kind(),
            package: subject.package().map(Shown),
            path: subject.path(),
            line: subject.line(),
            rule,
            ids: Ids(subject),
            version,
            severity: observation.rating.severity,
            severity_source: observation.rating.source,
            cvss_score: observation.rating.score,
            clearance: observation.clearance,
        }
    }
}
