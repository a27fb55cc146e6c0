use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

/// The version of a document's schema, `major.minor`. A minor step only adds; a major step may change a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct SchemaVersion {
    /// Readers refuse a major version that they do not know.
    pub major: u16,
    /// Readers take any minor version.
    pub minor: u16,
}

/// Why a document's schema version is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not of the form `major.minor`.
    #[error("schema_version {0:?} is not of the form 1.0")]
    Malformed(String),
    /// Written by a newer program.
    #[error("schema_version {found} is newer than {known}, the newest that this program knows; it was left as it is")]
    Newer {
        /// What the document says.
        found: SchemaVersion,
        /// What this program writes.
        known: SchemaVersion,
    },
    /// Of a major version that there never was, or that this program no longer reads.
    #[error("schema_version {found} is not supported; this program reads {}.0 and later", known.major)]
    Unknown {
        /// What the document says.
        found: SchemaVersion,
        /// What this program writes.
        known: SchemaVersion,
    },
}

impl SchemaVersion {
    /// A version.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Accepts every minor version of the known major one.
    pub fn check(self, known: Self) -> Result<(), SchemaError> {
        match self.major.cmp(&known.major) {
            Ordering::Greater => Err(SchemaError::Newer { found: self, known }),
            Ordering::Equal => Ok(()),
            Ordering::Less => Err(SchemaError::Unknown { found: self, known }),
        }
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for SchemaVersion {
    type Err = SchemaError;
    fn from_str(text: &str) -> Result<Self, SchemaError> {
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? }))
            .ok_or_else(|| SchemaError::Malformed(crate::text::shorten(&crate::text::one_line(text), 40).into_owned()))
    }
}

impl TryFrom<String> for SchemaVersion {
    type Error = SchemaError;
    fn try_from(text: String) -> Result<Self, SchemaError> {
        text.parse()
    }
}
