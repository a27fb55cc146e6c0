use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use findings_model::{Finding, FindingId, PackageName, ScannerName, ScannerState, Status, Timestamp};
use serde::{Serialize, Serializer};
use time::Date;

/// The formats of `update-findings export --to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportFormat {
    /// SARIF 2.1.0.
    Sarif,
    /// CycloneDX 1.6 with vulnerabilities and their analysis.
    CyclonedxVex,
    /// OpenVEX 0.2.0.
    Openvex,
    /// Comma-separated values after RFC 4180.
    Csv,
    /// A JSON document a line.
    Ndjson,
}

/// A word that names no export format or status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not valid; it must be one of {allowed}")]
pub struct ExportWordError {
    word: String,
    allowed: String,
}

fn word_of<T: Copy>(word: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, ExportWordError> {
    let found = all.iter().find(|value| name(**value) == word);
    found.copied().ok_or_else(|| ExportWordError {
        word: findings_model::text::shorten(&findings_model::text::one_line(word), 40).into_owned(),
        allowed: all.iter().map(|value| name(*value)).collect::<Vec<_>>().join(", "),
    })
}

impl ExportFormat {
    /// Every format, in the order of the command line's help.
    pub const ALL: [Self; 5] = [Self::Sarif, Self::CyclonedxVex, Self::Openvex, Self::Csv, Self::Ndjson];

    /// The word on the command line: `sarif`, `cyclonedx-vex`, `openvex`, `csv` or `ndjson`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sarif => "sarif",
            Self::CyclonedxVex => "cyclonedx-vex",
            Self::Openvex => "openvex",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// Whether the document is one JSON value.
    pub fn is_json(self) -> bool {
        matches!(self, Self::Sarif | Self::CyclonedxVex | Self::Openvex)
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportFormat {
    type Err = ExportWordError;
    fn from_str(word: &str) -> Result<Self, ExportWordError> {
        word_of(word, &Self::ALL, Self::as_str)
    }
}

/// The word for where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of `findings_model::Status`")]
pub enum StatusWord {
    Open,
    Unverified,
    Resolved,
    Excepted,
}

impl StatusWord {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Unverified, Self::Resolved, Self::Excepted];

    /// `open`, `unverified`, `resolved` or `excepted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unverified => "unverified",
            Self::Resolved => "resolved",
            Self::Excepted => "excepted",
        }
    }

    /// The status of a finding.
    pub fn of(finding: &Finding) -> Self {
        match finding.status {
            Status::Open => Self::Open,
            Status::Unverified { .. } => Self::Unverified,
            Status::Resolved { .. } => Self::Resolved,
            Status::Excepted { .. } => Self::Excepted,
        }
    }
}

impl FromStr for StatusWord {
    type Err = ExportWordError;
    fn from_str(word: &str) -> Result<Self, ExportWordError> {
        word_of(word, &Self::ALL, Self::as_str)
    }
}

/// Which findings are exported, by status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(BTreeSet<StatusWord>);

impl Selection {
    /// These statuses and no other.
    pub fn only(statuses: impl IntoIterator<Item = StatusWord>) -> Self {
        Self(statuses.into_iter().collect())
    }

    /// What a format has unless something else is asked for: open, unverified and excepted findings; the VEX formats, which can
    /// say `fixed`, have the resolved ones too.
    pub fn default_of(format: ExportFormat) -> Self {
        let there = Self::only([StatusWord::Open, StatusWord::Unverified, StatusWord::Excepted]);
        match format {
            ExportFormat::CyclonedxVex | ExportFormat::Openvex => there.with_resolved(),
            ExportFormat::Sarif | ExportFormat::Csv | ExportFormat::Ndjson => there,
        }
    }

    /// The same and the resolved ones.
    #[must_use]
    pub fn with_resolved(mut self) -> Self {
        self.0.insert(StatusWord::Resolved);
        self
    }

    /// Whether a finding is among them.
    pub fn has(&self, finding: &Finding) -> bool {
        self.0.contains(&StatusWord::of(finding))
    }
}

/// A finding's place against the released baseline, in SARIF's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BaselineState {
    /// Not in the baseline, or resolved there.
    New,
    /// As it was.
    Unchanged,
    /// There, with another severity, version or fix.
    Updated,
    /// In the baseline and resolved since.
    Absent,
}

/// What people decided about a finding, where they decided anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanWords {
    /// What will be done; none while nobody has said.
    pub action: Option<String>,
    /// What helps until then.
    pub workaround: Option<String>,
    /// Why there is an exception.
    pub reason: Option<String>,
    /// Until when it will be done.
    pub target_date: Option<Date>,
}

/// Everything that an export is made from.
#[derive(Clone, Debug)]
pub struct ExportInput<'a> {
    /// The project's name.
    pub project: &'a PackageName,
    /// The project's version, where it is known.
    pub version: Option<&'a str>,
    /// The ledger's origin: fingerprints and document ids are derived from it.
    pub lineage: &'a str,
    /// When the ledger began.
    pub created: Timestamp,
    /// When a run last took scans in: the time of the document.
    pub updated: Timestamp,
    /// Every finding of the ledger.
    pub findings: &'a [Finding],
    /// Every scanner, with its newest scans.
    pub scanners: &'a BTreeMap<ScannerName, ScannerState>,
    /// What people decided, by finding.
    pub plans: &'a BTreeMap<FindingId, PlanWords>,
    /// Findings against the released baseline; one that is not named is unchanged. None without a baseline.
    pub baseline: Option<&'a BTreeMap<FindingId, BaselineState>>,
    /// The file of the project that names its dependencies, relative to the project, with `/` between its parts.
    pub manifest: &'a str,
    /// The project's folder below the top of its repository; empty where it is the top, or in no repository.
    pub folder: &'a str,
    /// The version of this program.
    pub tool_version: &'a str,
    /// Which findings.
    pub selection: &'a Selection,
}

impl<'a> ExportInput<'a> {
    /// The selected findings, by id.
    pub(crate) fn selected(&self) -> Vec<&'a Finding> {
        let mut selected: Vec<&Finding> = self.findings.iter().filter(|f| self.selection.has(f)).collect();
        selected.sort_by(|a, b| a.finding_id.cmp(&b.finding_id));
        selected
    }

    pub(crate) fn plan(&self, finding: &Finding) -> Option<&'a PlanWords> {
        self.plans.get(&finding.finding_id)
    }
}

/// A document, and what is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The bytes; none where the format has no way to say that there is nothing (an OpenVEX document has at least one statement).
    pub document: Option<Vec<u8>>,
    /// How many findings are in it.
    pub written: usize,
    /// Selected findings that are not in it.
    pub left_out: Vec<LeftOut>,
    /// Scanners whose newest scan is not complete, a line each: what they would have found is not known.
    pub gaps: Vec<String>,
}

/// Selected findings that are not in the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How many.
    pub count: usize,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a selected finding is not in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutReason {
    /// VEX speaks about the flaws of dependencies: code and secret findings have no place in it.
    NotAVulnerability,
    /// More scanners than a SARIF file may have runs; the least severe were left out.
    Runs,
    /// More findings of one scanner than a SARIF run may have results; the least severe were left out.
    Results,
    /// The file would be larger than an upload may be; the least severe were left out.
    Size,
}

impl LeftOutReason {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAVulnerability => "the format speaks about vulnerabilities only",
            Self::Runs => "more scanners than a SARIF upload may have runs",
            Self::Results => "more findings of one scanner than a SARIF run may have",
            Self::Size => "the file would be larger than a SARIF upload may be",
        }
    }
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LeftOutReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
