use std::{
    collections::BTreeMap,
    io::{self, BufRead, Read as _, Write},
};

use findings_model::{
    Extra, Finding, FindingId, FindingSet, PackageName, ScannerName, ScannerState, SchemaError, SchemaVersion,
    Timestamp, json,
};
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
    /// The older version that the document had when it was read.
    #[serde(skip)]
    pub migrated_from: Option<SchemaVersion>,
}

/// Why a document is no ledger that this program may work with. Whatever the reason, it is not to be overwritten.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The JSON cannot be read, or says something that a ledger does not.
    #[error("the findings ledger cannot be read")]
    Json(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error("the findings ledger has an unsupported schema version")]
    Schema(#[source] SchemaError),
    /// Two findings have one id.
    #[error("the findings ledger holds {0} twice")]
    Duplicate(FindingId),
}

/// What stands before the first finding, behind everything that is not one.
const FINDINGS: &str = ",\n  \"findings\": [";

/// The most bytes of a line that is read by itself: 4 MiB. A finding takes about one KiB.
const LONGEST_LINE: u64 = 4 * 1024 * 1024;

/// The most bytes above the findings, or below, that are read by themselves: 64 MiB.
const LONGEST_HEAD: usize = 64 * 1024 * 1024;

/// Why a document cannot be read line by line.
enum Unread {
    /// The file cannot be read.
    File(io::Error),
    /// It is written in another way, or no ledger.
    OtherLayout,
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// A document of which one line at a time is in memory.
struct Lines<R> {
    document: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line with its end; empty behind the last.
    fn next(&mut self) -> Result<&str, Unread> {
        self.line.clear();
        self.document.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.line)?;
        std::str::from_utf8(&self.line).map_err(|_| Unread::OtherLayout)
    }
}

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

/// A ledger for a comparison, which a document without the other keys is not.
#[derive(Deserialize)]
#[expect(dead_code, reason = "a document without these is no ledger")]
struct Compared {
    schema_version: SchemaVersion,
    project: PackageName,
    created: Timestamp,
    updated: Timestamp,
    lineage: String,
    scanners: BTreeMap<ScannerName, ScannerState>,
    findings: Vec<Finding>,
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
            migrated_from: None,
        }
    }

    /// Reads a ledger. Another major version is refused; unknown fields are kept. One of an older minor version is one of this
    /// version from now on, and [`Self::migrated_from`] tells which it had.
    pub fn from_json(bytes: &[u8]) -> Result<Self, LedgerError> {
        let ledger: Self = Self::of_lines(bytes)
            .or_else(|_| serde_json::from_slice(bytes))
            .map_err(|error| unreadable(bytes, error))?;
        ledger.checked()
    }

    /// As [`Self::from_json`], line by line, so that a large document is never held whole. None of a document that is written in
    /// another way than this program does it, or is no ledger: what it is, [`Self::from_json`] says.
    pub fn from_lines(document: impl BufRead) -> io::Result<Option<Self>> {
        match Self::of_lines(document) {
            Ok(ledger) => Ok(ledger.checked().ok()),
            Err(Unread::File(error)) => Err(error),
            Err(Unread::OtherLayout) => Ok(None),
        }
    }

    fn checked(self) -> Result<Self, LedgerError> {
        self.schema_version.check(Self::SCHEMA).map_err(LedgerError::Schema)?;
        let found = self.schema_version;
        let migrated_from = (found < Self::SCHEMA).then_some(found);
        let ledger = Self { schema_version: found.max(Self::SCHEMA), migrated_from, ..self };
        refuse_duplicates(&ledger.findings)?;
        Ok(ledger)
    }

    /// Reads a document that is written as this program writes it.
    fn of_lines(document: impl BufRead) -> Result<Self, Unread> {
        let mut lines = Lines { document, line: Vec::new() };
        let mut head = String::new();
        loop {
            let line = lines.next()?;
            if FINDINGS.strip_prefix(",\n").is_some_and(|key| line.trim_end_matches('\n') == key) {
                break;
            }
            if line.is_empty() || head.len() > LONGEST_HEAD {
                return Err(Unread::OtherLayout);
            }
            head.push_str(line);
        }
        let head = head.strip_suffix(",\n").ok_or(Unread::OtherLayout)?;
        // The key stands in the document's own object only where everything before it is an object once a brace ends it.
        serde_json::from_str::<IgnoredAny>(&[head, "\n}"].concat()).map_err(|_| Unread::OtherLayout)?;
        let mut findings = Vec::new();
        let mut is_last = false;
        while !is_last {
            let finding = lines.next()?.strip_prefix("    ").and_then(|line| line.strip_suffix('\n'));
            let finding = finding.ok_or(Unread::OtherLayout)?;
            is_last = !finding.ends_with(',');
            let finding = finding.strip_suffix(',').unwrap_or(finding);
            findings.push(Finding::from_json(finding).map_err(|_| Unread::OtherLayout)?);
        }
        let mut tail = lines.next()?.strip_prefix("  ]").ok_or(Unread::OtherLayout)?.to_owned();
        while tail.len() <= LONGEST_HEAD {
            let line = lines.next()?;
            if line.is_empty() {
                break;
            }
            tail.push_str(line);
        }
        let around = [head, FINDINGS, "]", &tail].concat();
        let ledger: Self = serde_json::from_str(&around).map_err(|_| Unread::OtherLayout)?;
        Ok(Self { findings, ..ledger })
    }

    /// Reads a ledger for a comparison alone, and when a run last took scans in. What [`Self::from_json`] refuses is refused for the
    /// same reason.
    // Inlined, so that what reads findings from JSON is compiled where all documents are read, once.
    #[inline]
    pub fn finding_set_from_json(bytes: &[u8]) -> Result<(FindingSet, Timestamp), LedgerError> {
        let ledger: Compared = json::from_slice(bytes).map_err(|error| unreadable(bytes, error))?;
        ledger.schema_version.check(Self::SCHEMA).map_err(LedgerError::Schema)?;
        refuse_duplicates(&ledger.findings)?;
        let set = FindingSet { lineage: Some(ledger.lineage), scanners: ledger.scanners, findings: ledger.findings };
        Ok((set, ledger.updated))
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
        let head = Head {
            schema_version: self.schema_version,
            project: &self.project,
            created: self.created,
            updated: self.updated,
            lineage: &self.lineage,
            scanners: &self.scanners,
        };
        json::write_with_findings(out, 0, &head, &self.findings, &self.extra)?;
        out.write_all(b"\n")
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

/// A newer schema may well look different: then its number is the reason, not the first strange field.
fn unreadable(bytes: &[u8], error: serde_json::Error) -> LedgerError {
    match json::from_slice::<Version>(bytes) {
        Ok(head) => {
            head.schema_version.check(Ledger::SCHEMA).err().map_or(LedgerError::Json(error), LedgerError::Schema)
        }
        Err(_) => LedgerError::Json(error),
    }
}

fn refuse_duplicates(findings: &[Finding]) -> Result<(), LedgerError> {
    match findings_model::repeated_id(findings) {
        Some(id) => Err(LedgerError::Duplicate(id.clone())),
        None => Ok(()),
    }
}
