use std::{
    fs::{File, OpenOptions, Permissions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{Action, StoreError, StoreErrorKind, read_if_there};

const PREFIX: &str = ".relwarden-";
const SUFFIX: &str = ".tmp";

/// Whether a name is one that [`replace`] gives to a file that it has not finished.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Replaces a file whole, or makes it: mode 0644, folders made as needed. After a crash the old or the new content is there.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |e| StoreError::io(Action::Write, path, e);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err(StoreError::new(Action::Write, path, StoreErrorKind::NotRegular("a folder")));
    }
    std::fs::create_dir_all(folder).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::new(Action::Write, path, StoreErrorKind::NotAFolder),
        _ => fail(e),
    })?;
    let mut file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    sync_folder(folder).map_err(fail)
}

/// As [`replace`], and leaves a file alone that already holds these bytes. Says whether it wrote.
pub fn replace_if_changed(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    if let Ok(Some(old)) = read_if_there(path, bytes.len() as u64)
        && old == bytes
    {
        return Ok(false);
    }
    replace(path, bytes).map(|()| true)
}

/// Adds bytes to the end of a file that belongs to somebody else (Actions' output files), or makes it.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |e| StoreError::io(Action::Write, path, e);
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(fail)?;
    file.write_all(bytes).map_err(fail)
}

/// Moves a file that cannot be used out of the way, to `NAME.LABEL` beside it (`NAME.LABEL.2`, … if that is taken). Gives the new path.
pub fn set_aside(path: &Path, label: &str) -> Result<PathBuf, StoreError> {
    let fail = |e| StoreError::io(Action::SetAside, path, e);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 1;
    let target = loop {
        let suffix = if number == 1 { String::new() } else { format!(".{number}") };
        let target = path.with_file_name(format!("{name}.{label}{suffix}"));
        if std::fs::symlink_metadata(&target).is_err() {
            break target;
        }
        number += 1;
    };
    std::fs::rename(path, &target).map_err(fail)?;
    Ok(target)
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_readable_by_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/doc.json");
        replace(&path, b"one").unwrap();
        assert!(!replace_if_changed(&path, b"one").unwrap());
        assert!(replace_if_changed(&path, b"two!").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"two!");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("docs"), b"").unwrap();
        let error = replace(&dir.path().join("docs/index.json"), b"x").unwrap_err();
        assert!(matches!(error.kind, StoreErrorKind::NotAFolder), "{error}");
        std::fs::create_dir(dir.path().join("d")).unwrap();
        assert!(matches!(
            replace(&dir.path().join("d"), b"x").unwrap_err().kind,
            StoreErrorKind::NotRegular("a folder")
        ));
    }

    #[test]
    fn a_torn_file_is_kept_under_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        for expected in ["x.json.corrupt", "x.json.corrupt.2"] {
            std::fs::write(&path, b"{").unwrap();
            assert_eq!(set_aside(&path, "corrupt").unwrap().file_name().unwrap(), expected);
        }
    }
}
