use std::{
    fs::{File, OpenOptions},
    io::{BufReader, Read as _, Take},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::{Component, Path},
};

use rustix::fs::OFlags;

use crate::{Action, StoreError, StoreErrorKind};

/// Bytes that are read at once from a file that is read piece by piece: 256 KiB.
const BUFFER: usize = 256 * 1024;

/// Opens a regular file for reading: no link is followed, a pipe or device is refused at once.
pub fn open_regular(path: &Path) -> Result<File, StoreError> {
    let fail = |kind| StoreError::new(Action::Read, path, kind);
    let kind = std::fs::symlink_metadata(path).map_err(|e| StoreError::io(Action::Read, path, e))?.file_type();
    if !kind.is_file() {
        return Err(fail(StoreErrorKind::NotRegular(if kind.is_dir() {
            "a folder"
        } else if kind.is_symlink() {
            "a symbolic link"
        } else if kind.is_fifo() {
            "a named pipe"
        } else {
            "a device or socket"
        })));
    }
    // Between the look and the open the file may have been replaced: the flags keep the open itself safe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|e| StoreError::io(Action::Read, path, e))?;
    let now = file.metadata().map_err(|e| StoreError::io(Action::Read, path, e))?;
    if !now.is_file() {
        return Err(fail(StoreErrorKind::NotRegular("no longer a file")));
    }
    Ok(file)
}

/// Opens a regular file of at most `limit` bytes, to be read piece by piece; none if nothing is there.
pub fn open_if_there(path: &Path, limit: u64) -> Result<Option<BufReader<Take<File>>>, StoreError> {
    match open_within(path, limit) {
        Ok((file, _)) => Ok(Some(BufReader::with_capacity(BUFFER, file.take(limit)))),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) => Err(e),
    }
}

/// A regular file and how many bytes it holds, `limit` at most.
fn open_within(path: &Path, limit: u64) -> Result<(File, u64), StoreError> {
    let file = open_regular(path)?;
    let size = file.metadata().map_err(|e| StoreError::io(Action::Read, path, e))?.len();
    if size > limit {
        return Err(StoreError::new(Action::Read, path, StoreErrorKind::TooLarge { size, limit }));
    }
    Ok((file, size))
}

/// Reads a whole regular file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, StoreError> {
    let (file, size) = open_within(path, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| StoreError::io(Action::Read, path, e))?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(StoreError::new(Action::Read, path, StoreErrorKind::TooLarge { size, limit }));
    }
    Ok(bytes)
}

/// The first bytes of a regular file, `most` of them at most; none if nothing is there.
pub fn read_start(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(e) if e.is_missing() => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(|e| StoreError::io(Action::Read, path, e))?;
    Ok(Some(bytes))
}

/// As [`read`], of a file whose path was given by somebody: it must lie below a folder, and no link on the way may lead out of it.
pub fn read_below(folder: &Path, relative: &Path, limit: u64) -> Result<Vec<u8>, StoreError> {
    let path = folder.join(relative);
    let refuse = || StoreError::new(Action::Read, &path, StoreErrorKind::NotBelow(folder.to_owned()));
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(refuse());
    }
    let real = |path: &Path| path.canonicalize().map_err(|e| StoreError::io(Action::Read, path, e));
    if !real(path.parent().unwrap_or(folder))?.starts_with(real(folder)?) {
        return Err(refuse());
    }
    // A link in place of the file itself is refused there.
    read(&path, limit)
}

/// As [`read`]; none if nothing is there.
pub fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    match read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_within_the_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("a"), b"12345").unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).unwrap();

        assert_eq!(read(&at("a"), 5).unwrap(), b"12345");
        assert!(matches!(read(&at("a"), 4).unwrap_err().kind, StoreErrorKind::TooLarge { size: 5, limit: 4 }));
        assert!(matches!(read(dir.path(), 9).unwrap_err().kind, StoreErrorKind::NotRegular("a folder")));
        assert!(matches!(read(&at("loop"), 9).unwrap_err().kind, StoreErrorKind::NotRegular("a symbolic link")));
        assert!(matches!(read(&at("link"), 9).unwrap_err().kind, StoreErrorKind::NotRegular("a symbolic link")));
        assert!(matches!(read(&at("pipe"), 9).unwrap_err().kind, StoreErrorKind::NotRegular("a named pipe")));
        assert_eq!(read_if_there(&at("none"), 9).unwrap(), None);
        assert_eq!(read_start(&at("a"), 2).unwrap().as_deref(), Some(b"12".as_slice()));
        assert_eq!(read_start(&at("none"), 2).unwrap(), None);
        assert!(read_start(&at("link"), 2).is_err());
        std::fs::create_dir_all(at("in/deep")).unwrap();
        std::fs::write(at("in/deep/a"), b"a").unwrap();
        std::os::unix::fs::symlink("..", at("in/out")).unwrap();
        std::os::unix::fs::symlink("deep", at("in/inner")).unwrap();
        let below = |path: &str| read_below(&at("in"), Path::new(path), 9);
        for path in ["deep/a", "./deep/a", "inner/a"] {
            assert_eq!(below(path).unwrap(), b"a", "{path}");
        }
        for path in ["../a", "/etc/hostname", "out/a", "deep/../../a"] {
            assert!(matches!(below(path).unwrap_err().kind, StoreErrorKind::NotBelow(_)), "{path}");
        }
        assert!(below("deep/b").unwrap_err().is_missing() && below("no/b").unwrap_err().is_missing());
        assert!(read(&at("none"), 9).unwrap_err().to_string().contains("there is no such file"));
    }
}
