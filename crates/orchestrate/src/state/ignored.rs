//! State that git is told to ignore: it would be missing in the next run, without a word.

use std::path::{Path, PathBuf};

use git_command::{GitError, IgnoredFile, Repository};

use crate::{paths, project::Project};

/// How many files an error names.
const NAMED: usize = 3;

/// The documents that the next run goes on from, beside the run records. What is only rendered for people can be made again.
const NEEDED: [&str; 8] = [
    paths::LEDGER,
    paths::BASELINE,
    paths::DECISION,
    paths::PLANS,
    paths::EVENTS,
    paths::CHANGELOG,
    "docs/security-status/index.json",
    "docs/security-status/history.json",
];

/// The documents of the project that the next run goes on from and that no commit would hold.
pub(crate) fn ignored(project: &Project, repository: &Repository) -> Result<Vec<IgnoredFile>, GitError> {
    let mut files: Vec<PathBuf> =
        NEEDED.iter().map(PathBuf::from).filter(|file| state_store::exists(&project.path(file))).collect();
    // The records' folder may not be listed, or be the project's own: then there are none.
    let records = state_store::list(&project.path(paths::METRICS)).unwrap_or_default();
    let record = records.iter().map(|entry| Path::new(paths::METRICS).join(&entry.name));
    files.extend(record.filter(|file| paths::is_own_state(&file.to_string_lossy())).take(1));
    repository.ignored(&files)
}

/// Files in words, the first of them by name.
pub(crate) fn listed(files: &[IgnoredFile]) -> String {
    let mut words: Vec<String> = files.iter().take(NAMED).map(ToString::to_string).collect();
    if let Some(more) = files.len().checked_sub(NAMED).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}
