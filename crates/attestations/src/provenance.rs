use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Attestation, AttestationError, Publisher, statement::shown};

/// What an index has of a file: attestations, by who it says published them (PEP 740, the integrity API).
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// The attestations of each publisher.
    pub bundles: Vec<ListedBundle>,
}

/// The attestations of one publisher.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedBundle {
    /// The publisher in the index's words: `kind`, and what the kind has (`repository`, `workflow`, `environment`, …).
    pub publisher: Map<String, Value>,
    /// The attestations.
    pub attestations: Vec<Attestation>,
}

/// Why an answer is no provenance object.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// Not JSON, or JSON of another shape.
    #[error("it is not a provenance object (PEP 740)")]
    Json(#[source] serde_json::Error),
    /// A version of the format that is not known.
    #[error("it is of version {0}, expected 1")]
    Version(u64),
    /// One of its attestations is none.
    #[error("its attestation {number} cannot be read")]
    Attestation {
        /// Its place, counted from one.
        number: usize,
        /// What is wrong with it.
        source: AttestationError,
    },
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default = "one")]
    version: u64,
    attestation_bundles: Vec<WireBundle>,
}

#[derive(Deserialize)]
struct WireBundle {
    publisher: Map<String, Value>,
    attestations: Vec<Value>,
}

fn one() -> u64 {
    1
}

impl Provenance {
    /// Reads the integrity API's answer.
    pub fn parse(json: &[u8]) -> Result<Self, ProvenanceError> {
        let wire: Wire = serde_json::from_slice(json).map_err(ProvenanceError::Json)?;
        if wire.version != 1 {
            return Err(ProvenanceError::Version(wire.version));
        }
        let mut number = 0;
        let mut bundles = Vec::with_capacity(wire.attestation_bundles.len());
        for bundle in wire.attestation_bundles {
            let mut attestations = Vec::with_capacity(bundle.attestations.len());
            for value in bundle.attestations {
                number += 1;
                let read = Attestation::from_value(value);
                attestations.push(read.map_err(|source| ProvenanceError::Attestation { number, source })?);
            }
            bundles.push(ListedBundle { publisher: bundle.publisher, attestations });
        }
        Ok(Self { bundles })
    }

    /// All attestations, whoever they are of.
    pub fn attestations(&self) -> impl Iterator<Item = &Attestation> {
        self.bundles.iter().flat_map(|bundle| &bundle.attestations)
    }
}

impl ListedBundle {
    /// The publisher, where it is a workflow on GitHub; none where it is anything else or written in no form that GitHub has.
    pub fn github(&self) -> Option<Publisher> {
        let word = |key: &str| self.publisher.get(key).and_then(Value::as_str);
        let is_github = word("kind") == Some("GitHub");
        is_github.then(|| Publisher::github(word("repository")?, word("workflow")?).ok()).flatten()
    }

    /// The publisher for people, on one line: `GitHub, owner/name, release.yml`.
    pub fn publisher_line(&self) -> String {
        let word = |key: &str| self.publisher.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
        let words: Vec<&str> = ["kind", "repository", "workflow", "workflow_filepath", "email", "environment"]
            .into_iter()
            .filter_map(word)
            .collect();
        if words.is_empty() { "a publisher without a name".to_owned() } else { shown(&words.join(", ")) }
    }
}
