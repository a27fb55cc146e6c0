//! Files that are written beside their place, and what killed runs left of them.

use std::{
    fs::{File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use tempfile::NamedTempFile;

use crate::{Action, EntryKind, StoreError, StoreErrorKind, list, open_regular, remove};

const PREFIX: &str = ".relwarden-";
const SUFFIX: &str = ".tmp";
/// How many characters of chance stand in a temporary name.
const CHANCE: usize = 6;
/// The longest name of a file that its temporary one repeats, in bytes: with what is around it, a system takes no longer ones.
const LONGEST: usize = 200;

/// A file that is not yet in its place.
#[derive(Debug)]
pub(crate) struct Unfinished<'p> {
    path: &'p Path,
    folder: &'p Path,
    pub(crate) temporary: NamedTempFile,
}

impl<'p> Unfinished<'p> {
    pub(crate) fn begin(path: &'p Path) -> Result<Self, StoreError> {
        let fail = |e| StoreError::io(Action::Write, path, e);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if path.is_dir() {
            return Err(StoreError::new(Action::Write, path, StoreErrorKind::NotRegular("a folder")));
        }
        std::fs::create_dir_all(folder).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => StoreError::new(Action::Write, path, StoreErrorKind::NotAFolder),
            _ => fail(e),
        })?;
        Ok(Self { path, folder, temporary: held_temporary(folder, path).map_err(fail)? })
    }

    /// Holds these bytes, on the disk, and is still not in its place.
    pub(crate) fn filled(path: &'p Path, bytes: &[u8]) -> Result<Self, StoreError> {
        let fail = |e| StoreError::io(Action::Write, path, e);
        let mut file = Self::begin(path)?;
        file.temporary.write_all(bytes).map_err(fail)?;
        file.temporary.as_file().sync_all().map_err(fail)?;
        Ok(file)
    }

    pub(crate) fn finish(self) -> Result<(), StoreError> {
        let path = self.path;
        self.temporary.as_file().sync_all().map_err(|e| StoreError::io(Action::Write, path, e))?;
        self.finish_with(Permissions::from_mode(0o644))
    }

    /// Puts a synced file in its place.
    pub(crate) fn finish_with(self, permissions: Permissions) -> Result<(), StoreError> {
        let Self { path, folder, .. } = self;
        self.put_in_place_with(permissions)?;
        sync_folder(folder).map_err(|e| StoreError::io(Action::Write, path, e))
    }

    pub(crate) fn put_in_place(self) -> Result<(), StoreError> {
        self.put_in_place_with(Permissions::from_mode(0o644))
    }

    fn put_in_place_with(self, permissions: Permissions) -> Result<(), StoreError> {
        let fail = |e| StoreError::io(Action::Write, self.path, e);
        self.temporary.as_file().set_permissions(permissions).map_err(fail)?;
        self.temporary.persist(self.path).map_err(|e| fail(e.error))?;
        Ok(())
    }
}

/// A new file beside a path, held by this process until it is in its place, so that nobody takes it for a leftover.
fn held_temporary(folder: &Path, path: &Path) -> io::Result<NamedTempFile> {
    loop {
        let named =
            tempfile::Builder::new().prefix(&prefix_of(path)).suffix(SUFFIX).rand_bytes(CHANCE).tempfile_in(folder)?;
        match flock(named.as_file(), FlockOperation::NonBlockingLockExclusive) {
            // Another run came upon it before it was held, and removes it.
            Err(Errno::WOULDBLOCK) => {}
            Ok(()) if named.as_file().metadata()?.nlink() == 0 => {}
            // Where files cannot be held, none can be proved to be left over either.
            Ok(()) | Err(_) => return Ok(named),
        }
    }
}

/// What the temporary names of a file begin with.
fn prefix_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = if name.len() <= LONGEST { &name } else { "" };
    format!("{PREFIX}{name}.")
}

/// Removes what killed runs left in a folder and some levels below it. A leftover that cannot be removed does no harm: nobody reads it.
pub(crate) fn remove_leftovers_in(folder: &Path, depth: usize) {
    for entry in list(folder).unwrap_or_default() {
        let path = folder.join(&entry.file_name);
        match entry.kind {
            EntryKind::File if entry.name.starts_with(PREFIX) && entry.name.ends_with(SUFFIX) => {
                remove_if_abandoned(&path);
            }
            EntryKind::Folder if depth > 0 => remove_leftovers_in(&path, depth - 1),
            _ => {}
        }
    }
}

/// Removes what a killed run left of one file, beside it: for who writes it under a lock of another folder.
pub fn remove_leftovers_of(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let prefix = prefix_of(path);
    let is_of_path = |name: &str| {
        let chance = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
        chance.is_some_and(|chance| chance.len() == CHANCE && chance.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let entries = list(folder).unwrap_or_default().into_iter();
    for entry in entries.filter(|entry| entry.kind == EntryKind::File && is_of_path(&entry.name)) {
        remove_if_abandoned(&folder.join(&entry.file_name));
    }
}

/// Removes a temporary file that no process holds: who writes one holds it until it is in its place.
fn remove_if_abandoned(path: &Path) {
    let Ok(file) = open_regular(path) else { return };
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        drop(remove(path));
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_and_what_is_being_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("history/scans")).unwrap();
        for name in ["a.json", ".relwarden-Ab12.tmp", "history/scans/.relwarden-x.tmp", "history/.relwarden-notes"] {
            std::fs::write(at(name), b"x").unwrap();
        }
        let target = at("history/b.json");
        let writing = Unfinished::filled(&target, b"half").unwrap();
        remove_leftovers_in(dir.path(), 2);
        assert!(at("a.json").exists() && at("history/.relwarden-notes").exists());
        assert!(!at(".relwarden-Ab12.tmp").exists() && !at("history/scans/.relwarden-x.tmp").exists());
        writing.finish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"half");
    }

    #[test]
    fn of_one_file_only_its_own_leftovers_go() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let others = [".relwarden-a.json.Ab12Cd.tmp", ".relwarden-rcpt.tmp", ".relwarden-a.toolong.tmp", "a"];
        for name in others.iter().chain(&[".relwarden-a.Ab12Cd.tmp"]) {
            std::fs::write(at(name), b"x").unwrap();
        }
        let (path, long) = (at("a"), at(&"n".repeat(LONGEST + 1)));
        let writing = [Unfinished::filled(&path, b"half").unwrap(), Unfinished::filled(&long, b"half").unwrap()];
        remove_leftovers_of(&path);
        remove_leftovers_of(&long);
        assert!(others.iter().all(|name| at(name).exists()));
        assert!(!at(".relwarden-a.Ab12Cd.tmp").exists());
        for file in writing {
            file.finish().unwrap();
        }
    }
}
