//! A project's folder, and what every step reads from it in the same way.

use std::path::{Component, Path, PathBuf};

use state_store::{CONFIG_LIMIT, DOCUMENT_LIMIT, Entry, EntryKind, Lock, StoreError};

use crate::{paths, scope::Scopes};

/// The most that a lock file of Python packages may hold: 32 MiB.
pub(crate) const LOCK_FILE_LIMIT: u64 = 32 * 1024 * 1024;

/// The most that a file of code may hold: 2 MiB.
pub(crate) const SOURCE_LIMIT: u64 = 2 * 1024 * 1024;

/// Folders that hold what others made, or what is made anew.
const FOREIGN: [&str; 9] =
    ["__pycache__", "build", "dist", "env", "node_modules", "site-packages", "target", "venv", "virtualenv"];

/// How deep folders are looked into, and the most files that are looked through.
const DEPTH: usize = 24;
const MOST_FILES: usize = 50_000;

/// The folder of the project that a step works on.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project in this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the project; an absolute one stays as it is.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path as people read it: below the project where it is, with `/` between its parts.
    pub fn label(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Reads a document of ours; none if there is none yet.
    pub(crate) fn document(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        state_store::read_if_there(&self.path(path), DOCUMENT_LIMIT)
    }

    /// Reads a file that the configuration names, which lies below the project; none if there is none.
    pub(crate) fn configured(&self, relative: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match state_store::read_below(&self.root, Path::new(relative), CONFIG_LIMIT) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds a folder against other runs. No link may stand on the way to one that lies below the project.
    pub(crate) fn lock(&self, folder: impl AsRef<Path>) -> Result<Lock, StoreError> {
        let folder = self.path(folder);
        match folder.strip_prefix(&self.root) {
            Ok(relative) if stays_below(relative) => state_store::lock_below(&self.root, relative),
            _ => state_store::lock(&folder),
        }
    }

    /// Writes a document of ours, if it differs from what is there. Says whether it wrote.
    pub(crate) fn write(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<bool, StoreError> {
        state_store::replace_if_changed(&self.path(path), bytes)
    }

    /// Whether a file of the project is there; only paths that stay below the project can be.
    pub(crate) fn has_file(&self, relative: &str) -> bool {
        stays_below(relative) && state_store::exists(&self.root.join(relative))
    }

    /// The files of the project, by their paths: without hidden folders, installed packages, what is built, and this program's own
    /// state. None at all where there are too many to look through, or where a folder cannot be read: a part of them would make a
    /// path look as if only one file could be meant.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut ahead = vec![(String::new(), 0_usize)];
        while let Some((folder, depth)) = ahead.pop() {
            let Ok(entries) = state_store::list(&self.root.join(&folder)) else {
                return Vec::new();
            };
            for Entry { name, kind, .. } in entries {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                let is_foreign = name.starts_with('.') || FOREIGN.contains(&name.as_str());
                match kind {
                    EntryKind::Folder if !is_foreign && depth < DEPTH => ahead.push((path, depth + 1)),
                    EntryKind::File if !paths::is_own_state(&path) => files.push(path),
                    _ => {}
                }
            }
            if files.len() + ahead.len() > MOST_FILES {
                return Vec::new();
            }
        }
        files
    }

    /// The text of a file of the project, for its lines to be compared: none of one that is not there, that cannot be read, that is
    /// larger than 2 MiB or that does not lie below the project. What is no text in it is replaced.
    pub(crate) fn source(&self, relative: &str) -> Option<String> {
        let bytes =
            stays_below(relative).then(|| state_store::read(&self.root.join(relative), SOURCE_LIMIT).ok())??;
        Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Which packages are runtime and which development, as `pyproject.toml` and the lock file tell.
    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::of_files(|name| {
            let bytes = state_store::read_if_there(&self.path(name), LOCK_FILE_LIMIT).ok().flatten()?;
            String::from_utf8(bytes).ok()
        })
    }
}

fn stays_below(relative: impl AsRef<Path>) -> bool {
    relative.as_ref().components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
}
