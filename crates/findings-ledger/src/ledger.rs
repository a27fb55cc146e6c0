use std::collections::{BTreeMap, HashSet};

use findings_model::{
    Extra, Finding, FindingId, FindingSet, PackageName, ScannerName, ScannerState, SchemaError, SchemaVersion,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Everything that is known of a project's findings (`security/findings/findings.json`), resolved ones included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

#[derive(Deserialize)]
struct Head {
    schema_version: SchemaVersion,
}

impl Ledger {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

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

    /// Reads a ledger. A newer major version is refused; unknown fields are kept.
    pub fn from_json(bytes: &[u8]) -> Result<Self, LedgerError> {
        let ledger: Self = serde_json::from_slice(bytes).map_err(|error| {
            // A newer schema may well look different: then its number is the reason, not the first strange field.
            match serde_json::from_slice::<Head>(bytes) {
                Ok(head) => {
                    head.schema_version.check(Self::SCHEMA).err().map_or(LedgerError::Json(error), LedgerError::Schema)
                }
                Err(_) => LedgerError::Json(error),
            }
        })?;
        ledger.schema_version.check(Self::SCHEMA).map_err(LedgerError::Schema)?;
        let mut ids = HashSet::with_capacity(ledger.findings.len());
        if let Some(twice) = ledger.findings.iter().find(|f| !ids.insert(&f.finding_id)) {
            return Err(LedgerError::Duplicate(twice.finding_id.clone()));
        }
        Ok(ledger)
    }

    /// The document's bytes: the same for the same ledger, indented, with a line feed at the end.
    #[expect(
        clippy::expect_used,
        reason = "every key is text and every number finite, so nothing in a ledger can fail to serialise"
    )]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a ledger serialises");
        bytes.push(b'\n');
        bytes
    }

    /// The ledger as one side of a comparison.
    pub fn finding_set(&self) -> FindingSet {
        FindingSet {
            lineage: Some(self.lineage.clone()),
            scanners: self.scanners.clone(),
            findings: self.findings.clone(),
        }
    }
}
