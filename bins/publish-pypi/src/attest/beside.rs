//! What lies beside a distribution: its attestations, and the list of digests.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use attestations::{PredicateType, Subject};
use cli_support::{Context, ExitStatus, ResultExt as _};
use dist_check::Distribution;

/// The list of digests that `sha256sum -c` reads.
const SUMS: &str = "SHA256SUMS";

/// A distribution and where it lies.
pub(crate) struct Place {
    pub(crate) subject: Subject,
    path: PathBuf,
    /// The path as people know it: below the project.
    shown: PathBuf,
}

impl Place {
    /// Where an attestation of this file lies.
    pub(crate) fn attestation(&self, kind: PredicateType) -> PathBuf {
        self.path.with_file_name(kind.file_name(self.subject.file_name()))
    }

    /// The same path for people and documents.
    pub(crate) fn shown_attestation(&self, kind: PredicateType) -> String {
        self.shown.with_file_name(kind.file_name(self.subject.file_name())).display().to_string()
    }
}

/// Whether a path is of a file that belongs to a distribution and is none.
pub(crate) fn is_companion(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "attestation")
        || path.file_name().is_some_and(|name| name == SUMS)
}

/// Where the checked files lie, in their order.
pub(crate) fn places<'a>(
    paths: &[PathBuf],
    files: impl Iterator<Item = &'a Distribution>,
    cx: &Context,
) -> anyhow::Result<Vec<Place>> {
    files
        .map(|file| {
            let what = || format!("cannot attest {}", file.file_name());
            let subject = Subject::new(file.file_name(), file.sha256()).or_fail(ExitStatus::No, what())?;
            let is_it = |path: &&PathBuf| path.file_name().is_some_and(|name| name == file.file_name());
            let path = paths.iter().find(is_it).cloned().unwrap_or_else(|| cx.path(file.file_name()));
            let shown = path.strip_prefix(cx.project()).unwrap_or(&path).to_owned();
            Ok(Place { subject, path, shown })
        })
        .collect()
}

/// Writes the digests of the files into `SHA256SUMS` of their folder; returns the paths for people.
pub(crate) fn write_sums(places: &[Place]) -> anyhow::Result<Vec<String>> {
    let mut folders: BTreeMap<PathBuf, (PathBuf, Vec<String>)> = BTreeMap::new();
    for place in places {
        let (_, lines) = folders
            .entry(place.path.with_file_name(SUMS))
            .or_insert_with(|| (place.shown.with_file_name(SUMS), Vec::new()));
        // Two spaces: the file is read as it is (coreutils).
        lines.push(format!("{}  {}\n", place.subject.sha256(), place.subject.file_name()));
    }
    let mut written = Vec::with_capacity(folders.len());
    for (path, (shown, mut lines)) in folders {
        lines.sort_by(|one, other| one[64..].cmp(&other[64..]));
        let what = || format!("cannot write {}", shown.display());
        state_store::replace(&path, lines.concat().as_bytes()).or_fail(ExitStatus::Outside, what())?;
        written.push(shown.display().to_string());
    }
    Ok(written)
}
