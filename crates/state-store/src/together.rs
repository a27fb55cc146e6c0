use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{Action, StoreError, read, remove, unfinished::Unfinished};

/// A file that is replaced together with others.
#[derive(Clone, Copy, Debug)]
pub struct Replacement<'a> {
    /// Where it lies.
    pub path: &'a Path,
    /// What it holds afterwards.
    pub bytes: &'a [u8],
}

/// Files that were replaced together, with what they held before.
#[derive(Debug, Default)]
#[must_use = "what was there before can be put back with it"]
pub struct Replaced(Vec<Before>);

#[derive(Debug)]
struct Before {
    path: PathBuf,
    /// Content and permissions; none where there was no file.
    content: Option<(Vec<u8>, u32)>,
}

/// Why files were not replaced together.
#[derive(Debug, thiserror::Error)]
#[error("not all files could be written, so none was{}", left(not_restored))]
pub struct TogetherError {
    /// What failed first.
    #[source]
    pub cause: StoreError,
    /// Files that hold the new content because the old one could not be put back.
    pub not_restored: Vec<PathBuf>,
}

fn left(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("; what was there before could not be put back in {}", names.join(", "))
}

/// Replaces several files, or none of them: each is written beside its place and synced first, and only then are all put in place, in
/// order. Where one cannot be put in place, those before it get their old content back.
///
/// A file keeps its permissions; a new one gets mode 0644. What is there may hold `limit` bytes at most. A run that is killed leaves
/// the first files new and the rest old, each of them whole.
pub fn replace_together(files: &[Replacement<'_>], limit: u64) -> Result<Replaced, TogetherError> {
    let untouched = |cause| TogetherError { cause, not_restored: Vec::new() };
    let prepared: Vec<(Unfinished<'_>, Before)> =
        files.iter().map(|file| prepare(file, limit)).collect::<Result<_, _>>().map_err(untouched)?;
    put_in_place(prepared)
}

fn prepare<'a>(file: &Replacement<'a>, limit: u64) -> Result<(Unfinished<'a>, Before), StoreError> {
    let path = file.path;
    let content = match read(path, limit) {
        Ok(bytes) => {
            let metadata = std::fs::symlink_metadata(path).map_err(|e| StoreError::io(Action::Read, path, e))?;
            Some((bytes, metadata.permissions().mode() & 0o7777))
        }
        Err(error) if error.is_missing() => None,
        Err(error) => return Err(error),
    };
    let unfinished = Unfinished::filled(path, file.bytes)?;
    Ok((unfinished, Before { path: path.to_owned(), content }))
}

fn put_in_place(prepared: Vec<(Unfinished<'_>, Before)>) -> Result<Replaced, TogetherError> {
    let mut replaced = Replaced::default();
    for (unfinished, before) in prepared {
        let mode = before.content.as_ref().map_or(0o644, |(_, mode)| *mode);
        if let Err(cause) = unfinished.finish_with(Permissions::from_mode(mode)) {
            let not_restored = replaced.undo().err().map(|error| error.not_restored).unwrap_or_default();
            return Err(TogetherError { cause, not_restored });
        }
        replaced.0.push(before);
    }
    Ok(replaced)
}

impl Replaced {
    /// Puts back what was there before, the permissions too. All files are tried; the first failure is told.
    pub fn undo(self) -> Result<(), TogetherError> {
        let mut failed: Option<TogetherError> = None;
        for before in self.0.into_iter().rev() {
            let back = match &before.content {
                Some((bytes, mode)) => Unfinished::filled(&before.path, bytes)
                    .and_then(|unfinished| unfinished.finish_with(Permissions::from_mode(*mode))),
                None => remove(&before.path),
            };
            if let Err(cause) = back {
                failed.get_or_insert(TogetherError { cause, not_restored: Vec::new() }).not_restored.push(before.path);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(folder: &Path) -> Vec<(String, Vec<u8>, u32)> {
        let mut found: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let mode = entry.metadata().unwrap().permissions().mode();
                (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap_or_default(), mode)
            })
            .collect();
        found.sort();
        found
    }

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, mode) in [("a", 0o755), ("b", 0o600)] {
            std::fs::write(dir.path().join(name), name).unwrap();
            std::fs::set_permissions(dir.path().join(name), Permissions::from_mode(mode)).unwrap();
        }
        dir
    }

    #[test]
    fn all_are_replaced_and_put_back_with_their_permissions() {
        let dir = folder();
        let before = state(dir.path());
        let paths = ["a", "b", "new"].map(|name| dir.path().join(name));
        let files = paths.iter().map(|path| Replacement { path, bytes: b"next" }).collect::<Vec<_>>();
        let replaced = replace_together(&files, 10).unwrap();
        let after = state(dir.path());
        let seen: Vec<_> =
            after.iter().map(|(name, bytes, mode)| (name.as_str(), bytes.as_slice(), mode & 0o777)).collect();
        assert_eq!(seen, [("a", b"next".as_slice(), 0o755), ("b", b"next", 0o600), ("new", b"next", 0o644)]);
        replaced.undo().unwrap();
        assert_eq!(state(dir.path()), before);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let dir = folder();
        let before = state(dir.path());
        let paths = ["b", "a/below"].map(|name| dir.path().join(name));
        let files = paths.iter().map(|path| Replacement { path, bytes: b"next" }).collect::<Vec<_>>();
        assert!(replace_together(&files, 10).unwrap_err().not_restored.is_empty());
        assert_eq!(state(dir.path()), before);

        // The second place is taken between the preparation and the replacement.
        let paths = ["b", "c"].map(|name| dir.path().join(name));
        let prepared =
            paths.iter().map(|path| prepare(&Replacement { path, bytes: b"next" }, 10).unwrap()).collect::<Vec<_>>();
        std::fs::create_dir(dir.path().join("c")).unwrap();
        let error = put_in_place(prepared).unwrap_err();
        assert!(error.not_restored.is_empty() && error.cause.path.ends_with("c"), "{error}");
        std::fs::remove_dir(dir.path().join("c")).unwrap();
        assert_eq!(state(dir.path()), before);
    }

    #[test]
    fn links_and_large_files_are_left_alone() {
        let dir = folder();
        std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
        for (name, limit) in [("link", 10), ("a", 0)] {
            let path = dir.path().join(name);
            assert!(replace_together(&[Replacement { path: &path, bytes: b"" }], limit).is_err(), "{name}");
        }
    }
}
