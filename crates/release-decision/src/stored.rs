use std::fmt;

use findings_model::FindingSet;
use serde::{
    Deserialize, Deserializer,
    de::{self, IntoDeserializer as _, value::MapAccessDeserializer},
};

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

impl<'de> Deserialize<'de> for StoredDecision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Document;
        impl<'de> de::Visitor<'de> for Document {
            type Value = StoredDecision;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decision")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, keys: A) -> Result<StoredDecision, A::Error> {
                let mut snapshot = None;
                let own = OwnKeys { keys, snapshot: &mut snapshot };
                let decision = Decision::deserialize(MapAccessDeserializer::new(own))?;
                Ok(StoredDecision { decision, snapshot: snapshot.map(Snapshot::from) })
            }
        }
        deserializer.deserialize_map(Document)
    }
}

/// The decision's own keys. The snapshot, which is most of the document, is read in passing.
struct OwnKeys<'s, A> {
    keys: A,
    snapshot: &'s mut Option<FindingSet>,
}

impl<'de, A: de::MapAccess<'de>> de::MapAccess<'de> for OwnKeys<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.keys.next_key::<String>()? {
            if key != "snapshot" {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            if self.snapshot.is_some() {
                return Err(de::Error::duplicate_field("snapshot"));
            }
            *self.snapshot = self.keys.next_value()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.keys.next_value_seed(seed)
    }
}

impl StoredDecision {
    /// A decision and the current side of the comparison that it was made on.
    pub fn new(decision: Decision, decided_on: Option<&FindingSet>) -> Self {
        Self { decision, snapshot: decided_on.map(Snapshot::from) }
    }

    /// Reads the document.
    // Inlined, so that what reads findings from JSON is compiled where all documents are read, once.
    #[inline]
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let stored: Self = read(bytes, "decision", Decision::SCHEMA)?;
        check(stored.decision.schema_version, "decision", Decision::SCHEMA)?;
        Ok(stored)
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
