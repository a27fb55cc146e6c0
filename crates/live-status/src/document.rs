//! `index.json`: its shape, and the one way to read it back.

use std::{collections::BTreeMap, fmt};

use findings_model::{Extra, PackageName, SchemaError, SchemaVersion, SeverityCounts, Timestamp};
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
    pub vulnerability_summary: SeverityCounts,
    /// How many of those the newest scan could not confirm.
    pub unverified_findings: u64,
    /// How many of those are past their due date.
    pub overdue_findings: u64,
    /// Days since the oldest of those was first seen; null without any.
    pub oldest_open_days: Option<i64>,
    /// Days since the newest finding of all was first seen; null if there never was one.
    pub days_since_last_vulnerability: Option<i64>,
    /// Days since the last finding was closed; null while one is open or set aside, or the state is unknown.
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

/// Why a status document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not this shape, or it contradicts itself.
    #[error("it is not a status document")]
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

    /// Whether another document tells its reader the same of the project, at whatever time it was computed: ages and the time itself
    /// aside, which pass by themselves.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        fn said(document: &StatusDocument) -> impl PartialEq {
            (
                (&document.version, &document.repository_url),
                (document.scan_date, document.data_as_of, document.stale),
                document.overdue_findings,
            )
        }
        said(self) == said(other) && self.gives_the_same_answer_as(other)
    }

    /// Whether this version of this program computed it.
    pub fn was_generated_here(&self) -> bool {
        self.generator == Self::generator()
    }

    /// What [`StatusDocument::generator`] of a document of this program says.
    pub(crate) fn generator() -> String {
        concat!("relwarden ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    /// Whether another document gives the same answer on the same project: state, grade and what is open or set aside. How old the
    /// data are is another matter, and so is what is late.
    pub fn gives_the_same_answer_as(&self, other: &Self) -> bool {
        fn told(finding: &StatusFinding) -> impl PartialEq {
            let StatusFinding { severity, status, package, version, description, fix_version, .. } = finding;
            (severity, status, package, version, description, fix_version)
        }
        fn answer(document: &StatusDocument) -> impl PartialEq {
            fn findings(list: &[StatusFinding]) -> BTreeMap<&str, impl PartialEq> {
                list.iter().map(|finding| (finding.finding_id.as_str(), told(finding))).collect()
            }
            (
                (&document.project, document.state, document.security_grade, document.remediation_status),
                (document.vulnerability_summary, document.unverified_findings),
                (findings(&document.findings), findings(&document.excepted_findings)),
            )
        }
        answer(self) == answer(other)
    }

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
