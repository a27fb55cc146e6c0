//! State files that cannot be kept under their name.

use std::path::{Path, PathBuf};

use findings_ledger::PlanFile;
use findings_model::Timestamp;
use git_command::{CommitId, Repository};
use serde::{Serialize, de::IgnoredAny};
use state_store::DOCUMENT_LIMIT;

use super::CommitStateError;
use crate::{paths, project::Project};

/// A file that was put under another name, so that nothing is lost and nothing overwritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// The file, relative to the project.
    pub file: PathBuf,
    /// Where its content is now.
    pub place: PathBuf,
    /// Why.
    pub reason: SetAsideReason,
}

/// Why a file was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetAsideReason {
    /// It is cut off, or not of its format at all: conflict marks in it, for one.
    Torn,
    /// Another run changed it in the meantime.
    Conflict,
}

impl SetAsideReason {
    /// The word: `torn` or `conflict`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Torn => "torn",
            Self::Conflict => "conflict",
        }
    }
}

/// A folder for what one run sets aside: a name that sorts by time.
pub(super) fn folder(now: Timestamp, mark: &str) -> PathBuf {
    let time: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    Path::new(paths::SET_ASIDE).join(format!("{time}-{mark}"))
}

/// Puts bytes of a state file below a folder of [`folder`], under a name that nothing has.
pub(super) fn put(
    project: &Project,
    folder: &Path,
    file: &Path,
    bytes: &[u8],
    reason: SetAsideReason,
) -> Result<SetAside, CommitStateError> {
    let mut place = folder.join(file);
    let mut number = 1;
    while state_store::exists(&project.path(&place)) {
        number += 1;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        place = folder.join(file).with_file_name(format!("{name}.{number}"));
    }
    state_store::replace(&project.path(&place), bytes)?;
    Ok(SetAside { file: file.to_owned(), place, reason })
}

/// Sets the torn ones of these files aside, and puts the committed content back.
pub(super) fn torn(
    project: &Project,
    repository: &Repository,
    base: &CommitId,
    files: &[PathBuf],
    now: Timestamp,
) -> Result<Vec<SetAside>, CommitStateError> {
    let folder = folder(now, "torn");
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.starts_with(paths::SET_ASIDE)) {
        let Some(bytes) = project.document(file)? else { continue };
        if is_whole(file, &bytes) {
            continue;
        }
        found.push(put(project, &folder, file, &bytes, SetAsideReason::Torn)?);
        match repository.read(base, file, DOCUMENT_LIMIT)? {
            Some(committed) => state_store::replace(&project.path(file), &committed)?,
            None => state_store::remove(&project.path(file))?,
        }
    }
    Ok(found)
}

/// Whether a document is what its name says it is, as far as its syntax tells.
fn is_whole(file: &Path, bytes: &[u8]) -> bool {
    let is_json = |bytes: &[u8]| serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => is_json(bytes),
        Some("ndjson") => {
            let ends = bytes.is_empty() || bytes.ends_with(b"\n");
            ends && bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).all(is_json)
        }
        Some("yml") if file == Path::new(paths::PLANS) => PlanFile::read(bytes).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_documents_are_told_from_torn_ones() {
        for (name, text, whole) in [
            ("a.json", "{\"a\": [1]}\n", true),
            ("a.json", "{\"a\": [1", false),
            ("a.json", "", false),
            ("a.json", "{}{}", false),
            ("a.ndjson", "", true),
            ("a.ndjson", "{\"a\":1}\n{\"b\":2}\n", true),
            ("a.ndjson", "{\"a\":1}\n{\"b\"", false),
            ("a.ndjson", "{\"a\":1}", false),
            ("a.md", "{", true),
            (paths::PLANS, "", true),
            (paths::PLANS, "findings:\n  CVE-1-1: {status: open}\n", true),
            (paths::PLANS, "findings:\n<<<<<<< HEAD\n  CVE-1-1: {status: open}\n=======\n>>>>>>> other\n", false),
            (paths::PLANS, "findings:\n  CVE-1-1: {stat", false),
            ("other.yml", "a: [", true),
        ] {
            assert_eq!(is_whole(Path::new(name), text.as_bytes()), whole, "{name} {text:?}");
        }
    }
}
