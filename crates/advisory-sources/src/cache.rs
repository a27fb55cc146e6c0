//! Answers that were kept, a file each: a line of JSON that says what it is, and the answer as it came.

use std::path::PathBuf;

use findings_model::{SchemaVersion, Timestamp, text};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use state_store::StoreError;
use time::Duration;

use crate::address::SourceAddress;

/// How long an answer is as good as a new one.
const FRESH: Duration = Duration::hours(24);
/// How long "there is none" is believed: a record may be published any moment.
const ABSENT_FRESH: Duration = Duration::hours(1);
/// The most that the line in front of an answer may hold.
const HEADER_BYTES: u64 = 16 * 1024;

/// The folder of kept answers; none where nothing is kept.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: Option<PathBuf>,
    now: Timestamp,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The answer; none where there was nothing at the address.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) fetched_at: Timestamp,
    /// Whether it is still as good as a new one.
    pub(crate) is_fresh: bool,
    pub(crate) validators: Validators,
}

/// What a server gives to ask whether an answer is still the same (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validators {
    #[serde(default)]
    pub(crate) etag: Option<String>,
    #[serde(default)]
    pub(crate) last_modified: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    schema_version: SchemaVersion,
    url: String,
    fetched_at: Timestamp,
    found: bool,
    etag: Option<String>,
    last_modified: Option<String>,
    sha256: String,
}

impl Cache {
    pub(crate) fn new(folder: Option<PathBuf>, now: Timestamp) -> Self {
        Self { folder, now }
    }

    /// What was kept of an address. A file that is damaged, or of something else, is as good as none.
    pub(crate) fn get(&self, of: &SourceAddress, limit: u64) -> Option<Kept> {
        let bytes = state_store::read(&self.path(of)?, limit + HEADER_BYTES).ok()?;
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
        let body = &bytes[end + 1..];
        if header.schema_version.major != 1 || header.url != of.url().as_str() || header.sha256 != digest(body) {
            return None;
        }
        let age = self.now.moment() - header.fetched_at.moment();
        let life = if header.found { FRESH } else { ABSENT_FRESH };
        Some(Kept {
            body: header.found.then(|| body.to_vec()),
            fetched_at: header.fetched_at,
            // An answer from the future was kept under another clock, and proves nothing.
            is_fresh: age >= Duration::ZERO && age < life,
            validators: Validators { etag: header.etag, last_modified: header.last_modified },
        })
    }

    /// Keeps an answer.
    pub(crate) fn put(
        &self,
        of: &SourceAddress,
        body: Option<&[u8]>,
        validators: Validators,
    ) -> Result<(), StoreError> {
        let Some(path) = self.path(of) else { return Ok(()) };
        let content = body.unwrap_or_default();
        let header = Header {
            schema_version: SchemaVersion::new(1, 0),
            url: of.url().to_string(),
            fetched_at: self.now,
            found: body.is_some(),
            etag: validators.etag,
            last_modified: validators.last_modified,
            sha256: digest(content),
        };
        let Ok(mut bytes) = serde_json::to_vec(&header) else { return Ok(()) };
        bytes.push(b'\n');
        bytes.extend_from_slice(content);
        state_store::replace_without_sync(&path, &bytes)
    }

    /// A file for each address. The name is a digest: no address, however odd, leads elsewhere.
    fn path(&self, of: &SourceAddress) -> Option<PathBuf> {
        let name = format!("{}.answer", &digest(of.url().as_str().as_bytes())[..32]);
        Some(self.folder.as_ref()?.join("advisories").join(name))
    }
}

fn digest(bytes: &[u8]) -> String {
    text::hex(&Sha256::digest(bytes))
}
