use findings_model::FindingSet;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Decision, Snapshot,
    baseline::{DocumentError, check, document_text, read},
};

/// A decision with the findings that it was made on: `security/findings/decision.json`.
///
/// It travels beside the built files, so that the release can be recorded from it wherever the publish ran. Its JSON form is
/// the decision's with a key `snapshot`, null where the decision was made on a document of changes alone.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDecision {
    /// The decision.
    pub decision: Decision,
    /// What it was made on.
    pub snapshot: Option<Snapshot>,
}

/// What stands beside the decision's own keys.
#[derive(Deserialize)]
struct Beside<'a> {
    #[serde(borrow)]
    snapshot: Option<&'a RawValue>,
}

impl StoredDecision {
    /// A decision and the current side of the comparison that it was made on.
    pub fn new(decision: Decision, decided_on: Option<&FindingSet>) -> Self {
        Self { decision, snapshot: decided_on.map(Snapshot::from) }
    }

    /// Reads the document.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let decision = Self::decision_from_json(bytes)?;
        let json = |source| DocumentError::Json { document: "decision", source };
        let Beside { snapshot } = serde_json::from_slice(bytes).map_err(json)?;
        let snapshot = snapshot.map(|raw| FindingSet::from_json(raw.get().as_bytes())).transpose().map_err(json)?;
        Ok(Self { decision, snapshot: snapshot.map(Snapshot::from) })
    }

    /// Reads the decision alone, for those who do not ask for the findings that it was made on: they are most of the document.
    pub fn decision_from_json(bytes: &[u8]) -> Result<Decision, DocumentError> {
        let decision: Decision = read(bytes, "decision", Decision::SCHEMA)?;
        check(decision.schema_version, "decision", Decision::SCHEMA)?;
        Ok(decision)
    }

    /// The document with a line feed at its end, indented unless it is large.
    pub fn to_json(&self) -> String {
        #[derive(serde::Serialize)]
        struct Document<'a> {
            #[serde(flatten)]
            decision: &'a Decision,
            snapshot: &'a Option<Snapshot>,
        }
        let entries = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.findings.len());
        let document = Document { decision: &self.decision, snapshot: &self.snapshot };
        document_text(&document, entries + self.decision.security_changes.len())
    }
}
