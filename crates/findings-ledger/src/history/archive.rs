use findings_model::{
    AdvisoryId, Clearance, CvssScore, FindingKind, Observation, PackageName, Scan, ScanSummary, ScannerName,
    SchemaVersion, Severity, SeveritySource, Subject, Timestamp, parse_date,
};
use serde::Serialize;
use time::Date;

/// A run's scans in their normalised form, without secrets, e-mail addresses or raw text: a file of `history/scans/`.
#[derive(Debug, Serialize)]
pub struct ScanArchive<'a> {
    schema_version: SchemaVersion,
    project: &'a PackageName,
    taken_at: Timestamp,
    scans: Vec<ArchivedScan<'a>>,
}

#[derive(Debug, Serialize)]
struct ArchivedScan<'a> {
    #[serde(flatten)]
    summary: Option<&'a ScanSummary>,
    packages: Vec<Listed<'a>>,
    files: Vec<&'a str>,
    records: Vec<ArchivedRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: String,
    version: Option<&'a str>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Place<'a> {
    package: Option<String>,
    path: Option<&'a str>,
    line: Option<u32>,
    rule: Option<&'a str>,
    ids: Vec<&'a AdvisoryId>,
}

#[derive(Debug, Serialize)]
struct ArchivedRecord<'a> {
    kind: FindingKind,
    #[serde(flatten)]
    place: Place<'a>,
    version: Option<&'a str>,
    severity: Severity,
    severity_source: SeveritySource,
    cvss_score: Option<CvssScore>,
    clearance: Option<Clearance>,
}

impl<'a> ScanArchive<'a> {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

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
                (&scan.scanner, scan.file.as_str(), ArchivedScan::new(scan, summary))
            })
            .collect();
        for (summary, used) in summaries.iter().zip(used) {
            if !used {
                let nothing = ArchivedScan {
                    summary: Some(summary),
                    packages: Vec::new(),
                    files: Vec::new(),
                    records: Vec::new(),
                };
                archived.push((&summary.scanner, &summary.file, nothing));
            }
        }
        archived.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        Self {
            schema_version: Self::SCHEMA,
            project,
            taken_at: now,
            scans: archived.into_iter().map(|(_, _, scan)| scan).collect(),
        }
    }

    /// The file's name: `2026-01-05T030000Z.json`. It sorts by time.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.taken_at.to_string().replace(':', ""))
    }

    /// The document's bytes, with a line feed at the end.
    #[expect(
        clippy::expect_used,
        reason = "every key is text and every number finite, so nothing in an archive can fail to serialise"
    )]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("an archive serialises");
        bytes.push(b'\n');
        bytes
    }
}

/// The day of an archived scan, from its file's name; none for any other file.
pub fn archive_date(file_name: &str) -> Option<Date> {
    let stem = file_name.strip_suffix("Z.json")?;
    let (day, time) = stem.split_once('T')?;
    (time.len() == 6 && time.bytes().all(|b| b.is_ascii_digit())).then(|| parse_date(day)).flatten()
}

impl<'a> ArchivedScan<'a> {
    fn new(scan: &'a Scan, summary: Option<&'a ScanSummary>) -> Self {
        let looked_at = &scan.coverage.looked_at;
        let mut records: Vec<ArchivedRecord<'a>> = scan.observations.iter().map(ArchivedRecord::new).collect();
        records.sort_by(|a, b| (a.kind, &a.place, a.version).cmp(&(b.kind, &b.place, b.version)));
        Self {
            summary,
            packages: looked_at
                .packages
                .iter()
                .map(|(p, version)| Listed { name: p.to_string(), version: version.as_deref() })
                .collect(),
            files: looked_at.files.iter().map(String::as_str).collect(),
            records,
        }
    }
}

impl<'a> ArchivedRecord<'a> {
    fn new(observation: &'a Observation) -> Self {
        let subject = &observation.subject;
        let (rule, version) = match subject {
            Subject::Vulnerability(v) => (None, v.version.as_deref()),
            Subject::Code(c) => (Some(c.rule.as_str()), None),
            Subject::Secret(s) => (Some(s.rule.as_str()), None),
        };
        Self {
            kind: subject.kind(),
            place: Place {
                package: subject.package().map(ToString::to_string),
                path: subject.path(),
                line: subject.line(),
                rule,
                ids: subject.advisory_ids(),
            },
            version,
            severity: observation.rating.severity,
            severity_source: observation.rating.source,
            cvss_score: observation.rating.score,
            clearance: observation.clearance,
        }
    }
}
