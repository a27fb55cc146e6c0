//! The repository that source archives are held against.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use cli_support::{ExitStatus, Failure, ResultExt as _, requests::git_status};
use dist_check::{Sha256, Source};
use git_command::{GitError, Repository};

/// The largest tracked file that is compared, in bytes: 1 GiB.
const LARGEST: u64 = 1 << 30;

/// What the repository of a folder holds: tags and changes of its newest commit, and the digest of every tracked file.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Source> {
    let repository = Repository::find(folder).map_err(|error| unusable(error, folder))?;
    let head = repository.head().map_err(|error| unusable(error, folder))?;
    let tags = match head.commit() {
        Some(commit) => repository.tags_at(commit).map_err(|error| unusable(error, folder))?,
        None => Vec::new(),
    };
    let edited = repository.edited().map_err(|error| unusable(error, folder))?;
    let mut source = Source { tags, changed: edited.iter().map(|path| shown(path)).collect(), ..Source::default() };
    for path in repository.tracked().map_err(|error| unusable(error, folder))? {
        let whole = folder.join(&path);
        // A file that was deleted is among the changes.
        let bytes =
            state_store::read_if_there(&whole, LARGEST).or_fail(ExitStatus::Outside, cannot(&whole.display()))?;
        if let Some(bytes) = bytes {
            source.files.insert(shown(&path), Sha256::of(&bytes));
        }
    }
    Ok(source)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn cannot(what: &dyn Display) -> String {
    format!("cannot compare the source archive with {what}")
}

fn unusable(error: GitError, folder: &Path) -> anyhow::Error {
    let status = git_status(&error);
    let failure = Failure::caused(status, cannot(&PathBuf::from(folder).display()), error);
    failure.hint("give the project's folder in its git repository to --source").into()
}
