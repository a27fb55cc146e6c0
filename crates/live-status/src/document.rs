//! `index.json`: its shape, and the one way to read it back.

use std::fmt;

use findings_model::{Extra, PackageName, SchemaError, SchemaVersion, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Grade, GradeRule, ScannerStatus, StatusFinding};

/// What is known of the project's security, how old that is, and what cannot be said.
///
/// The keys `last_updated`, `scan_date`, `vulnerability_summary`, `findings`, `security_grade`,
/// `days_since_last_vulnerability` and `remediation_status` are those of the Python system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusDocument {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The program that computed it, with its version.
    pub generator: String,
    /// The project.
    pub project: PackageName,
    /// Its version, where one is known.
    pub version: Option<String>,
    /// Its public address; only what [`findings_model::text::is_linkable`] lets through.
    pub repository_url: Option<String>,
    /// When this document was computed. Says nothing about the data's age.
    pub last_updated: Timestamp,
    /// When the newest complete scan ran; null if none ever did. Never the time of the computation.
    pub scan_date: Option<Timestamp>,
    /// The moment the answer is about: the oldest of the required scanners' newest usable scans.
    pub data_as_of: Option<Timestamp>,
    /// When the next scan is due.
    pub next_expected_at: Option<Timestamp>,
    /// From this moment a scan is overdue: the data are stale.
    pub stale_after: Option<Timestamp>,
    /// After this moment there is no grade: whatever this document says, read it as unknown.
    pub valid_until: Option<Timestamp>,
    /// Whether `stale_after` had passed at `last_updated`.
    pub stale: bool,
    /// The answer in one word.
    pub state: State,
    /// The answer in one sentence.
    pub verdict: String,
    /// Why the state is what it is, the weightiest reason first; empty when there is nothing to add.
    pub reasons: Vec<String>,
    /// The grade; null exactly when `state` is unknown.
    pub security_grade: Option<Grade>,
    /// What gave the grade, or why there is none.
    pub grade_reason: String,
    /// The ladder; the first row that holds gives the grade.
    pub grade_rules: Vec<GradeRule>,
    /// Whether something of medium or higher (or unknown) severity is open.
    pub remediation_status: RemediationStatus,
    /// Open and unverified findings, by severity.
    pub vulnerability_summary: Summary,
    /// How many of those the newest scan could not confirm.
    pub unverified_findings: u64,
    /// How many of those are past their due date.
    pub overdue_findings: u64,
    /// Days since the oldest of those was first seen; null without any.
    pub oldest_open_days: Option<i64>,
    /// Days since the newest finding of all was first seen; null if there never was one.
    pub days_since_last_vulnerability: Option<i64>,
    /// Days since the last finding was closed; null while one is open or the state is unknown.
    pub days_without_open_findings: Option<i64>,
    /// Every scanner, by name.
    pub scanners: Vec<ScannerStatus>,
    /// Open and unverified findings: overdue ones first, then by severity, then the oldest.
    pub findings: Vec<StatusFinding>,
    /// Findings that a person accepted or called false; they count neither above nor in the grade.
    #[serde(default)]
    pub excepted_findings: Vec<StatusFinding>,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Grade A on fresh data.
    Ok,
    /// Grade B, C or D, or stale data.
    Attention,
    /// Grade F.
    Critical,
    /// No grade: a required scan is failed, missing or too old, or there never was one.
    Unknown,
}

impl State {
    /// Every state, the calmest first.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Attention, Self::Critical, Self::Unknown];

    /// The word: `ok`, `attention`, `critical` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Attention => "attention",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether anything of weight waits for a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RemediationStatus {
    /// Nothing above low is open.
    Current,
    /// Something critical, high, medium or of unknown severity is open.
    Pending,
    /// The state is unknown.
    Unknown,
}

impl RemediationStatus {
    /// The word: `current`, `pending` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
        }
    }
}

/// How many findings there are of each severity. In JSON also their `total`, which must be the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SummaryWire", into = "SummaryWire")]
#[expect(missing_docs, reason = "the number of findings of that severity")]
pub struct Summary {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub info: u64,
    pub unknown: u64,
}

impl Summary {
    /// All of them.
    pub fn total(&self) -> u64 {
        [self.critical, self.high, self.medium, self.low, self.info, self.unknown]
            .iter()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// How many have this severity.
    pub fn of(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
            Severity::Unknown => self.unknown,
        }
    }

    /// Counts severities.
    pub fn count(severities: impl IntoIterator<Item = Severity>) -> Self {
        let mut summary = Self::default();
        for severity in severities {
            *match severity {
                Severity::Critical => &mut summary.critical,
                Severity::High => &mut summary.high,
                Severity::Medium => &mut summary.medium,
                Severity::Low => &mut summary.low,
                Severity::Info => &mut summary.info,
                Severity::Unknown => &mut summary.unknown,
            } += 1;
        }
        summary
    }

    /// The worst severity among them, unknown right behind high.
    pub fn worst(&self) -> Option<Severity> {
        let there = Severity::ALL.into_iter().filter(|s| self.of(*s) > 0);
        there.min_by_key(|s| s.list_order())
    }
}

#[derive(Serialize, Deserialize)]
struct SummaryWire {
    total: u64,
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    info: u64,
    #[serde(default)]
    unknown: u64,
}

/// A summary whose total is not the sum of its counts.
#[derive(Debug, thiserror::Error)]
#[error("total is {total}, but the counts add up to {sum}")]
struct SummaryError {
    total: u64,
    sum: u64,
}

impl TryFrom<SummaryWire> for Summary {
    type Error = SummaryError;
    fn try_from(w: SummaryWire) -> Result<Self, SummaryError> {
        let summary =
            Self { critical: w.critical, high: w.high, medium: w.medium, low: w.low, info: w.info, unknown: w.unknown };
        let sum = summary.total();
        if sum == w.total { Ok(summary) } else { Err(SummaryError { total: w.total, sum }) }
    }
}

impl From<Summary> for SummaryWire {
    fn from(s: Summary) -> Self {
        Self {
            total: s.total(),
            critical: s.critical,
            high: s.high,
            medium: s.medium,
            low: s.low,
            info: s.info,
            unknown: s.unknown,
        }
    }
}

/// Why a status document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not this shape, or it contradicts itself.
    #[error("it is no status document")]
    Malformed(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A grade goes with every state but unknown, and only with those.
    #[error("state {state} and security_grade {grade} contradict each other")]
    Contradiction {
        /// What `state` says.
        state: State,
        /// What `security_grade` says.
        grade: &'static str,
    },
}

impl StatusDocument {
    /// What this program writes.
    pub const SCHEMA_VERSION: SchemaVersion = SchemaVersion::new(1, 0);

    /// Reads a document; counts, words, dates and the grade are checked.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        /// The version alone: a newer document need not have the shape of today.
        #[derive(Deserialize)]
        struct Versioned {
            schema_version: SchemaVersion,
        }
        let versioned: Versioned = serde_json::from_slice(bytes).map_err(DocumentError::Malformed)?;
        versioned.schema_version.check(Self::SCHEMA_VERSION)?;
        let document: Self = serde_json::from_slice(bytes).map_err(DocumentError::Malformed)?;
        if document.security_grade.is_none() == (document.state == State::Unknown) {
            Ok(document)
        } else {
            Err(DocumentError::Contradiction {
                state: document.state,
                grade: document.security_grade.map_or("null", Grade::as_str),
            })
        }
    }
}
