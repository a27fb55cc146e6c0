use std::{collections::BTreeMap, fmt, io};

use findings_model::{
    Extra, FindingSet, ScannerName, ScannerState,
    json::{self, Layout},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IntoDeserializer as _, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use crate::{
    Decision,
    baseline::{DocumentError, check, read},
};

/// How many changes a decision may hold and still be indented. Indentation is a third of a document that nobody reads by eye any
/// more, and what GitHub takes in a file is bounded.
const INDENTED: usize = 2_000;

/// A decision with the findings that it was made on: `security/findings/decision.json`.
///
/// It travels beside the built files, so that the release can be recorded from it wherever the publish ran. Its JSON form is
/// the decision's with a key `snapshot`, null where the decision was made on a document of changes alone.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDecision {
    /// The decision.
    pub decision: Decision,
    /// The findings that it was made on, as the document has them: most of it, and mostly not asked for.
    snapshot: Option<Box<str>>,
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
                let snapshot = snapshot.filter(|text| text.get() != "null").map(Box::<str>::from);
                Ok(StoredDecision { decision, snapshot })
            }
        }
        deserializer.deserialize_map(Document)
    }
}

/// The decision's own keys; the snapshot is set aside in passing.
struct OwnKeys<'s, A> {
    keys: A,
    snapshot: &'s mut Option<Box<RawValue>>,
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
            *self.snapshot = Some(self.keys.next_value()?);
        }
        Ok(None)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.keys.next_value_seed(seed)
    }
}

impl StoredDecision {
    /// Reads the document; what stands under `snapshot` has to be JSON, and is judged by [`Self::snapshot`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let stored: Self = read(bytes, "decision", Decision::SCHEMA)?;
        check(stored.decision.schema_version, "decision", Decision::SCHEMA)?;
        Ok(stored)
    }

    /// The findings that the decision was made on; none where it was made on a document of changes alone.
    // Inlined, so that what reads findings from JSON is compiled where all documents are read, once.
    #[inline]
    pub fn snapshot(&self) -> Result<Option<FindingSet>, DocumentError> {
        let read = |text: &str| json::from_slice(text.as_bytes());
        let set = self.snapshot.as_deref().map(read).transpose();
        set.map_err(|source| DocumentError::Json { document: "decision", source })
    }

    /// The document as it was read, with a line feed at its end.
    pub fn to_json(&self) -> String {
        document(&self.decision, |out| out.write_all(self.snapshot.as_deref().unwrap_or("null").as_bytes()))
    }
}

/// The document of a decision and the current side of the comparison that it was made on, which [`StoredDecision`] reads, with a line
/// feed at its end. The decision is indented unless it has very many changes; a finding is one line.
pub fn stored_decision(decision: &Decision, decided_on: Option<&FindingSet>) -> String {
    #[derive(Serialize)]
    struct Head<'a> {
        lineage: &'a Option<String>,
        scanners: &'a BTreeMap<ScannerName, ScannerState>,
    }
    document(decision, |out| match decided_on {
        Some(FindingSet { lineage, scanners, findings }) => {
            json::write_with_findings(out, 1, &Head { lineage, scanners }, findings, &Extra::new())
        }
        None => out.write_all(b"null"),
    })
}

#[expect(clippy::expect_used, reason = "every key is a string, every number is finite, and memory takes every byte")]
fn document(decision: &Decision, write_snapshot: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> String {
    let is_large = decision.security_changes.len() > INDENTED;
    let layout = if is_large { Layout::Compact } else { Layout::Indented };
    let text = json::to_string(decision, layout).expect("a decision is valid JSON");
    let mut document = text.strip_suffix('}').unwrap_or(&text).trim_end().as_bytes().to_vec();
    document.extend_from_slice(b",\n  \"snapshot\": ");
    write_snapshot(&mut document).expect("a snapshot is valid JSON, and memory takes it");
    document.extend_from_slice(b"\n}\n");
    String::from_utf8(document).expect("JSON is UTF-8")
}
