use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Write},
};

use findings_model::{
    Extra, Finding, FindingId, FindingSet, PackageName, ScannerName, ScannerState, SchemaError, SchemaVersion,
    Timestamp,
};
use memchr::memchr;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use sha2::{Digest, Sha256};

/// Everything that is known of a project's findings (`security/findings/findings.json`), resolved ones included.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Ledger {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// The project's normalised name.
    pub project: PackageName,
    /// When the ledger began.
    pub created: Timestamp,
    /// When a run last took scans in.
    pub updated: Timestamp,
    /// The ledger's origin, a digest of project and beginning: findings of one lineage share their ids.
    pub lineage: String,
    /// Every scanner that was ever seen, with its newest scans.
    pub scanners: BTreeMap<ScannerName, ScannerState>,
    /// The findings, by id.
    pub findings: Vec<Finding>,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a document is no ledger that this program may work with. Whatever the reason, it is not to be overwritten.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The JSON cannot be read, or says something that a ledger does not.
    #[error("the findings ledger cannot be read")]
    Json(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error("the findings ledger is of another schema")]
    Schema(#[source] SchemaError),
    /// Two findings have one id.
    #[error("the findings ledger holds {0} twice")]
    Duplicate(FindingId),
}

/// What stands before the first finding, behind everything that is not one.
const FINDINGS: &str = ",\n  \"findings\": [";

/// The bytes of a finding's line, at the least, as a rule.
const USUAL_LINE: usize = 512;

/// What stands above the findings.
#[derive(Serialize)]
struct Head<'l> {
    schema_version: SchemaVersion,
    project: &'l PackageName,
    created: Timestamp,
    updated: Timestamp,
    lineage: &'l str,
    scanners: &'l BTreeMap<ScannerName, ScannerState>,
}

#[derive(Deserialize)]
struct Version {
    schema_version: SchemaVersion,
}

impl Ledger {
    /// The version that this program writes. 1.1 added to 1.0: rule sets and suppression counts of scanners, what is known of
    /// attacks on a flaw, and the day of a severity; a reader of 1.0 keeps them as fields that it does not know.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 1);

    /// A ledger that begins now.
    pub fn empty(project: &PackageName, now: Timestamp) -> Self {
        let digest = Sha256::digest(format!("{project}\n{now}"));
        Self {
            schema_version: Self::SCHEMA,
            project: project.clone(),
            created: now,
            updated: now,
            lineage: digest
                .iter()
                .take(16)
                .flat_map(|b| [b >> 4, b & 15])
                .filter_map(|d| char::from_digit(d.into(), 16))
                .collect(),
            scanners: BTreeMap::new(),
            findings: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// Reads a ledger. A newer major version is refused; unknown fields are kept. One of an older minor version is one of this
    /// version from now on: a minor step only adds, so there is nothing to convert and nothing to keep a copy of.
    pub fn from_json(bytes: &[u8]) -> Result<Self, LedgerError> {
        let in_lines = std::str::from_utf8(bytes).ok().and_then(Self::of_lines);
        let mut ledger = in_lines.map_or_else(|| serde_json::from_slice(bytes), Ok).map_err(|error| {
            // A newer schema may well look different: then its number is the reason, not the first strange field.
            match serde_json::from_slice::<Version>(bytes) {
                Ok(head) => {
                    head.schema_version.check(Self::SCHEMA).err().map_or(LedgerError::Json(error), LedgerError::Schema)
                }
                Err(_) => LedgerError::Json(error),
            }
        })?;
        ledger.schema_version.check(Self::SCHEMA).map_err(LedgerError::Schema)?;
        ledger.schema_version = ledger.schema_version.max(Self::SCHEMA);
        // In order, as this program writes them, no two can be the same.
        if !ledger.findings.is_sorted_by(|a, b| a.finding_id < b.finding_id) {
            let mut ids = HashSet::with_capacity(ledger.findings.len());
            if let Some(twice) = ledger.findings.iter().find(|f| !ids.insert(&f.finding_id)) {
                return Err(LedgerError::Duplicate(twice.finding_id.clone()));
            }
        }
        Ok(ledger)
    }

    /// Reads a document that is written as this program writes it, finding by finding; none of any other.
    fn of_lines(text: &str) -> Option<Self> {
        let at = text.find(FINDINGS)?;
        let (head, rest) = (&text[..at], &text[at + FINDINGS.len()..]);
        // The key stands in the document's own object only where everything before it is an object once a brace ends it.
        serde_json::from_str::<IgnoredAny>(&[head, "\n}"].concat()).ok()?;
        let mut rest = rest.strip_prefix('\n')?;
        let mut findings = Vec::with_capacity(rest.len() / USUAL_LINE);
        let tail = loop {
            let end = memchr(b'\n', rest.as_bytes())?;
            let finding = rest[..end].strip_prefix("    ")?;
            rest = &rest[end + 1..];
            findings.push(Finding::from_json(finding.strip_suffix(',').unwrap_or(finding)).ok()?);
            if !finding.ends_with(',') {
                break rest.strip_prefix("  ]")?;
            }
        };
        let mut ledger: Self = serde_json::from_str(&[head, FINDINGS, "]", tail].concat()).ok()?;
        ledger.findings = findings;
        Some(ledger)
    }

    /// The document's bytes: see [`Self::write_json`].
    #[expect(clippy::expect_used, reason = "memory takes every byte")]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_json(&mut bytes).expect("a ledger is written to memory");
        bytes
    }

    /// Writes the document: the same bytes for the same ledger. A finding is one line, so that what changes in one finding is one
    /// line in a comparison; the rest is indented. There is a line feed at the end.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        // Both parts are objects of their own: without their braces they are the beginning and the end of the document.
        let head = serde_json::to_string_pretty(&Head {
            schema_version: self.schema_version,
            project: &self.project,
            created: self.created,
            updated: self.updated,
            lineage: &self.lineage,
            scanners: &self.scanners,
        })?;
        out.write_all(head.strip_suffix("\n}").unwrap_or(&head).as_bytes())?;
        out.write_all(FINDINGS.as_bytes())?;
        let mut line = Vec::with_capacity(2048);
        for (at, finding) in self.findings.iter().enumerate() {
            line.clear();
            line.extend_from_slice(if at == 0 { b"\n    " } else { b",\n    " });
            finding.write_json(&mut line)?;
            out.write_all(&line)?;
        }
        out.write_all(if self.findings.is_empty() { b"]" } else { b"\n  ]" })?;
        if !self.extra.is_empty() {
            let extra = serde_json::to_string_pretty(&self.extra)?;
            out.write_all(b",")?;
            out.write_all(extra.trim_start_matches('{').strip_suffix("\n}").unwrap_or_default().as_bytes())?;
        }
        out.write_all(b"\n}\n")
    }

    /// The ledger as one side of a comparison.
    pub fn finding_set(&self) -> FindingSet {
        FindingSet {
            lineage: Some(self.lineage.clone()),
            scanners: self.scanners.clone(),
            findings: self.findings.clone(),
        }
    }

    /// As [`Self::finding_set`], where the ledger itself is no longer needed.
    pub fn into_finding_set(self) -> FindingSet {
        FindingSet { lineage: Some(self.lineage), scanners: self.scanners, findings: self.findings }
    }
}
