use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::statement::{PredicateType, Statement, StatementError};

/// The most bytes of an attestation that are read. PyPI's have some ten thousand.
pub const LARGEST: u64 = 1 << 20;

/// The version of the format, which is always this one.
const VERSION: u64 = 1;

/// A PEP 740 attestation object: a signed statement about a file, with what is needed to prove it.
///
/// Reading one proves nothing; see [`crate::Verifier::verify`].
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    /// The signing certificate, DER.
    pub(crate) certificate: Vec<u8>,
    /// Entries of the transparency log, as Sigstore's protobuf JSON. At least one.
    pub(crate) log_entries: Vec<Value>,
    /// The in-toto statement's bytes, which are what is signed.
    pub(crate) statement: Vec<u8>,
    /// The signature over the DSSE encoding of the statement.
    pub(crate) signature: Vec<u8>,
}

/// Why a document is no attestation.
#[derive(Debug, thiserror::Error)]
pub enum AttestationError {
    /// More bytes than an attestation has.
    #[error("it has more than {LARGEST} bytes")]
    TooLarge,
    /// Not JSON, or JSON of another shape.
    #[error("it is not an attestation object (PEP 740)")]
    Json(#[source] serde_json::Error),
    /// A version of the format that is not known.
    #[error("it is of version {0}, expected {VERSION}")]
    Version(u64),
    /// A field that is not base64.
    #[error("its field {field} is not base64")]
    Base64 {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        source: base64::DecodeError,
    },
    /// No log entry.
    #[error("it has no entry of a transparency log")]
    NoLogEntry,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    version: u64,
    verification_material: WireMaterial,
    envelope: WireEnvelope,
}

#[derive(Serialize, Deserialize)]
struct WireMaterial {
    certificate: String,
    transparency_entries: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
struct WireEnvelope {
    statement: String,
    signature: String,
}

impl Attestation {
    /// Reads an attestation object.
    pub fn parse(json: &[u8]) -> Result<Self, AttestationError> {
        if json.len() as u64 > LARGEST {
            return Err(AttestationError::TooLarge);
        }
        Self::from_wire(serde_json::from_slice(json).map_err(AttestationError::Json)?)
    }

    /// Takes an attestation object out of a larger document.
    pub(crate) fn from_value(value: Value) -> Result<Self, AttestationError> {
        Self::from_wire(serde_json::from_value(value).map_err(AttestationError::Json)?)
    }

    fn from_wire(wire: Wire) -> Result<Self, AttestationError> {
        if wire.version != VERSION {
            return Err(AttestationError::Version(wire.version));
        }
        let log_entries = wire.verification_material.transparency_entries;
        if log_entries.is_empty() {
            return Err(AttestationError::NoLogEntry);
        }
        Ok(Self {
            certificate: decode("certificate", &wire.verification_material.certificate)?,
            log_entries,
            statement: decode("statement", &wire.envelope.statement)?,
            signature: decode("signature", &wire.envelope.signature)?,
        })
    }

    /// The attestation object as JSON, one line.
    pub fn to_json(&self) -> String {
        serde_json::json!({
            "version": VERSION,
            "verification_material": {
                "certificate": BASE64_STANDARD.encode(&self.certificate),
                "transparency_entries": self.log_entries,
            },
            "envelope": {
                "statement": BASE64_STANDARD.encode(&self.statement),
                "signature": BASE64_STANDARD.encode(&self.signature),
            },
        })
        .to_string()
    }

    /// What kind of statement it makes. Nothing of it is proven.
    pub fn predicate_type(&self) -> Result<PredicateType, StatementError> {
        Ok(Statement::parse(&self.statement)?.predicate_type)
    }

    /// Whether this is the same signature about the same statement. An index may write the rest of the object in another way.
    pub fn is_same(&self, other: &Self) -> bool {
        self.signature == other.signature && self.statement == other.statement && self.certificate == other.certificate
    }
}

/// Base64 with the line breaks that Python's encoder puts in.
fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, AttestationError> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(text).map_err(|source| AttestationError::Base64 { field, source })
}
