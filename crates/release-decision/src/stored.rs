use std::collections::BTreeMap;

use findings_model::{
    Extra, FindingSet, ScannerName, ScannerState,
    json::{self, Layout},
};
use serde::{Deserialize, Serialize};

use crate::{
    Decision,
    baseline::{DocumentError, check, read, refuse_repeated},
};

/// How many changes a decision may hold and still be indented. Indentation is a third of a document that nobody reads by eye any
/// more, and what GitHub takes in a file is bounded.
const INDENTED: usize = 2_000;

/// A decision with the findings that it was made on: `security/findings/decision.json`.
///
/// It travels beside the built files, so that the release can be recorded from it wherever the publish ran. Its JSON form is
/// the decision's with a key `snapshot`.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDecision {
    /// The decision.
    pub decision: Decision,
    document: Vec<u8>,
}

#[derive(Deserialize)]
struct Snapshot {
    snapshot: FindingSet,
}

impl StoredDecision {
    /// Reads the document but for the findings, which are most of it and mostly not asked for: [`Self::snapshot`] judges them.
    pub fn from_json(document: Vec<u8>) -> Result<Self, DocumentError> {
        let decision: Decision = read(&document, "decision", Decision::SCHEMA)?;
        check(decision.schema_version, "decision", Decision::SCHEMA)?;
        Ok(Self { decision, document })
    }

    /// The findings that the decision was made on.
    // Inlined, so that what reads findings from JSON is compiled where all documents are read, once.
    #[inline]
    pub fn snapshot(&self) -> Result<FindingSet, DocumentError> {
        let Snapshot { snapshot } =
            json::from_slice(&self.document).map_err(|source| DocumentError::Json { document: "decision", source })?;
        refuse_repeated(&snapshot.findings, "decision")?;
        Ok(snapshot)
    }

    /// The document as it was read.
    pub fn document(&self) -> &[u8] {
        &self.document
    }
}

/// The document of a decision and the current side of the comparison that it was made on, which [`StoredDecision`] reads, with a line
/// feed at its end. The decision is indented unless it has very many changes; a finding is one line.
#[expect(clippy::expect_used, reason = "every key is a string, every number is finite, and memory takes every byte")]
pub fn stored_decision(decision: &Decision, decided_on: &FindingSet) -> Vec<u8> {
    #[derive(Serialize)]
    struct Head<'a> {
        lineage: &'a Option<String>,
        scanners: &'a BTreeMap<ScannerName, ScannerState>,
    }
    let FindingSet { lineage, scanners, findings } = decided_on;
    let is_large = decision.security_changes.len() > INDENTED;
    let layout = if is_large { Layout::Compact } else { Layout::Indented };
    let text = json::to_string(decision, layout).expect("a decision is valid JSON");
    let mut document = text.strip_suffix('}').unwrap_or(&text).trim_end().as_bytes().to_vec();
    document.extend_from_slice(b",\n  \"snapshot\": ");
    json::write_with_findings(&mut document, 1, &Head { lineage, scanners }, findings, &Extra::new())
        .expect("a snapshot is valid JSON, and memory takes it");
    document.extend_from_slice(b"\n}\n");
    document
}
