use std::{
    collections::BinaryHeap,
    ffi::OsString,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{Action, StoreError, StoreErrorKind};

/// What a folder entry is; links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub enum EntryKind {
    File,
    Folder,
    Other,
}

/// One entry of a folder; entries are ordered by their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The entry's name; characters that are not UTF-8 are replaced.
    pub name: String,
    /// The entry's name as the system has it, by which it is opened.
    pub file_name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// The entries of a folder by name; empty if there is no such folder.
pub fn list(folder: &Path) -> Result<Vec<Entry>, StoreError> {
    let fail = |e| StoreError::io(Action::List, folder, e);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(e) => return Err(fail(e)),
    };
    // A heap puts them in order with a small part of the code of a sort.
    let mut found = BinaryHeap::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let file_name = entry.file_name();
        found.push(Entry {
            name: file_name.to_string_lossy().into_owned(),
            file_name,
            kind: if kind.is_file() {
                EntryKind::File
            } else if kind.is_dir() {
                EntryKind::Folder
            } else {
                EntryKind::Other
            },
        });
    }
    Ok(found.into_sorted_vec())
}

/// Whether something (a file, a folder, a link) is there.
pub fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// How many bytes a file holds; none if there is no regular file.
pub fn size(path: &Path) -> Option<u64> {
    std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file).map(|found| found.len())
}

/// When a file was last written, in seconds since 1970; none where that cannot be told.
pub fn modified(path: &Path) -> Option<i64> {
    let at = std::fs::symlink_metadata(path).ok()?.modified().ok()?;
    match at.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs()).ok().map(|seconds| -seconds),
    }
}

/// The absolute paths under which a folder is known: as it was named, and without the links on the way to it.
pub fn absolute_names(folder: &Path) -> Vec<PathBuf> {
    let named = std::path::absolute(folder).ok();
    let mut names: Vec<PathBuf> = named.into_iter().chain(folder.canonicalize().ok()).collect();
    names.dedup();
    names
}

/// Removes a file; nothing to do if it is gone.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) if path.is_dir() => {
            drop(e);
            Err(StoreError::new(Action::Remove, path, StoreErrorKind::NotRegular("a folder")))
        }
        other => other.map_err(|e| StoreError::io(Action::Remove, path, e)),
    }
}
