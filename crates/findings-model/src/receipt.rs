use serde::{Deserialize, Serialize};

use crate::{Extra, SchemaVersion, Timestamp};

/// What a publish did, file by file (`receipt.json`): the proof by which the released baseline moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// The project's normalised name (PEP 503).
    pub project: String,
    /// The published version (PEP 440, normal form).
    pub version: String,
    /// The decision that the publish carries out; none for a publish without one.
    pub decision_id: Option<String>,
    /// The index's upload address.
    pub index: String,
    /// Whether the files went to another index than the project's own, to try the release out. Such a receipt moves no
    /// baseline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
    /// Whether the index lists every file with our digest.
    pub verified: bool,
    /// Each file of the release.
    pub files: Vec<ReceiptFile>,
    /// When the publish ended.
    pub finished_at: Timestamp,
    /// Fields of a newer writer.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Receipt {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);
}

/// What happened to one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptFile {
    /// The file's name.
    pub file: String,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// What happened.
    pub outcome: FileOutcome,
    /// Upload requests that were sent.
    pub attempts: u32,
    /// The file's size in bytes.
    pub bytes: u64,
    /// Time spent on this file, in seconds.
    pub seconds: f64,
}

/// The end of one file's upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOutcome {
    /// Sent and accepted.
    Uploaded,
    /// The index had it with the same digest.
    AlreadyThere,
    /// Not sent: a dry run, or an earlier file failed.
    Skipped,
    /// Sent and refused, or never accepted.
    Failed,
}
