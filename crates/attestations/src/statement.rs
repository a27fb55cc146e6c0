use std::{collections::BTreeMap, fmt};

use findings_model::text;
use serde::Deserialize;
use serde_json::Value;

/// The type of every in-toto statement of version 1.
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PUBLISH_V1: &str = "https://docs.pypi.org/attestations/publish/v1";
const SLSA_V1: &str = "https://slsa.dev/provenance/v1";

/// What an attestation states. The index takes these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PredicateType {
    /// That a workflow published the file (`https://docs.pypi.org/attestations/publish/v1`).
    Publish,
    /// How the file was built (`https://slsa.dev/provenance/v1`).
    Slsa,
}

impl PredicateType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Publish, Self::Slsa];

    /// The type's URI.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Publish => PUBLISH_V1,
            Self::Slsa => SLSA_V1,
        }
    }

    /// The word between a file's name and `.attestation`: `publish`, `slsa`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Slsa => "slsa",
        }
    }

    /// The name of the file that holds such an attestation of a distribution, by the convention of twine and uv.
    pub fn file_name(self, distribution: &str) -> String {
        format!("{distribution}.{}.attestation", self.word())
    }
}

impl fmt::Display for PredicateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why the signed statement is none that an index takes.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not JSON, or JSON of another shape.
    #[error("the signed text is not an in-toto statement")]
    Json(#[source] serde_json::Error),
    /// A statement of another version.
    #[error("the statement is of type {0:?}, expected {STATEMENT_TYPE}")]
    Type(String),
    /// The index knows two predicates, and this is neither.
    #[error("the statement's predicate type {0:?} is not one that the index takes")]
    Predicate(String),
    /// The predicate of a publish attestation is null or empty.
    #[error("the predicate of the publish attestation is not empty")]
    PublishPredicate,
    /// Not exactly one subject.
    #[error("the statement is about {0} files, expected exactly one")]
    Subjects(usize),
}

/// What is signed.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) predicate_type: PredicateType,
    /// The subject's name as written; empty if there is none.
    pub(crate) subject_name: String,
    /// The subject's `sha256` as written.
    pub(crate) sha256: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<WireSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Option<Value>,
}

#[derive(Deserialize)]
struct WireSubject {
    #[serde(default)]
    name: Option<String>,
    digest: BTreeMap<String, String>,
}

impl Statement {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(StatementError::Json)?;
        if wire.kind != STATEMENT_TYPE {
            return Err(StatementError::Type(shown(&wire.kind)));
        }
        let predicate_type = PredicateType::ALL
            .into_iter()
            .find(|known| known.uri() == wire.predicate_type)
            .ok_or_else(|| StatementError::Predicate(shown(&wire.predicate_type)))?;
        let is_empty = wire.predicate.is_none_or(|predicate| {
            predicate.is_null() || predicate.as_object().is_some_and(serde_json::Map::is_empty)
        });
        if predicate_type == PredicateType::Publish && !is_empty {
            return Err(StatementError::PublishPredicate);
        }
        match <[WireSubject; 1]>::try_from(wire.subject) {
            Ok([subject]) => Ok(Self {
                predicate_type,
                subject_name: subject.name.unwrap_or_default(),
                sha256: subject.digest.get("sha256").cloned(),
            }),
            Err(subjects) => Err(StatementError::Subjects(subjects.len())),
        }
    }
}

/// Foreign text, short and on one line.
pub(crate) fn shown(text: &str) -> String {
    text::shorten(&text::one_line(text), 200).into_owned()
}
