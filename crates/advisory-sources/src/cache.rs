//! Answers that were kept, a file each: a line of JSON that says what it is, and the answer as it came.

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
};

use findings_model::{SchemaVersion, Timestamp, text};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use state_store::{EntryKind, Lock, StoreError};
use time::Duration;

use crate::address::SourceAddress;

/// How long an answer is as good as a new one.
const FRESH: Duration = Duration::hours(24);
/// How long "there is none" is believed: a record may be published any moment.
const ABSENT_FRESH: Duration = Duration::hours(1);
/// How long an answer that nobody refreshes is kept.
const KEPT: Duration = Duration::days(30);
/// The most that the line in front of an answer may hold.
const HEADER_BYTES: u64 = 16 * 1024;

/// How the names of kept answers end.
const ENDING: &str = ".answer";

/// The folder of kept answers; none where nothing is kept.
///
/// Answers are written under the lock of the folder, which takes away what killed runs left in it.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: Option<PathBuf>,
    now: Timestamp,
    lock: RefCell<Locked>,
    /// Whether answers that are too old were looked for.
    is_pruned: Cell<bool>,
}

/// The lock of the folder.
#[derive(Debug)]
enum Locked {
    No,
    Held(#[expect(dead_code, reason = "it is held for as long as it is there")] Lock),
    /// It could not be had, and is not waited for again.
    Refused,
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
        let folder = folder.map(|folder| folder.join("advisories"));
        Self { folder, now, lock: RefCell::new(Locked::No), is_pruned: Cell::new(false) }
    }

    /// What was kept of an address. A file that is damaged, or of something else, is as good as none.
    pub(crate) fn get(&self, of: &SourceAddress, limit: u64) -> Option<Kept> {
        let bytes = state_store::read(&self.path(of)?, limit + HEADER_BYTES).ok()?;
        let (header, body) = Header::read(&bytes)?;
        if header.url != of.url().as_str() || header.sha256 != digest(body) {
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

    /// Keeps an answer. The folder is held from then on, until [`Self::release`].
    pub(crate) fn put(
        &self,
        of: &SourceAddress,
        body: Option<&[u8]>,
        validators: Validators,
    ) -> Result<(), StoreError> {
        let Some(path) = self.path(of) else { return Ok(()) };
        if !self.hold()? {
            return Ok(());
        }
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

    /// Lets other runs write, after what is too old was taken away, once.
    pub(crate) fn release(&self) {
        if let (Locked::Held(_), Some(folder)) = (&*self.lock.borrow(), &self.folder)
            && !self.is_pruned.replace(true)
        {
            self.prune(folder);
        }
        self.lock.replace_with(|lock| match lock {
            Locked::Refused => Locked::Refused,
            Locked::No | Locked::Held(_) => Locked::No,
        });
    }

    /// Holds the folder. No where it could not be had before, which was told then.
    fn hold(&self) -> Result<bool, StoreError> {
        let mut lock = self.lock.borrow_mut();
        let Some(folder) = &self.folder else { return Ok(false) };
        match *lock {
            Locked::Held(_) => return Ok(true),
            Locked::Refused => return Ok(false),
            Locked::No => *lock = Locked::Refused,
        }
        *lock = Locked::Held(state_store::lock(folder)?);
        Ok(true)
    }

    /// Removes the answers that are older than [`KEPT`], and what is no answer any more. What cannot be removed does no harm.
    fn prune(&self, folder: &Path) {
        for entry in state_store::list(folder).unwrap_or_default() {
            let path = folder.join(&entry.file_name);
            if entry.kind != EntryKind::File || !entry.name.ends_with(ENDING) {
                continue;
            }
            let Ok(Some(start)) = state_store::read_start(&path, HEADER_BYTES) else { continue };
            let is_kept =
                Header::read(&start).is_some_and(|(header, _)| self.now.moment() - header.fetched_at.moment() < KEPT);
            if !is_kept {
                drop(state_store::remove(&path));
            }
        }
    }

    /// A file for each address. The name is a digest: no address, however odd, leads elsewhere.
    fn path(&self, of: &SourceAddress) -> Option<PathBuf> {
        let name = format!("{}{ENDING}", &digest(of.url().as_str().as_bytes())[..32]);
        Some(self.folder.as_ref()?.join(name))
    }
}

impl Header {
    /// The header of a kept answer, and what stands behind it.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let header: Self = serde_json::from_slice(&bytes[..end]).ok()?;
        (header.schema_version.major == 1).then_some((header, &bytes[end + 1..]))
    }
}

fn digest(bytes: &[u8]) -> String {
    text::hex(&Sha256::digest(bytes))
}
