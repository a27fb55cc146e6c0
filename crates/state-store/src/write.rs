use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read as _, Seek as _, Write},
    path::{Path, PathBuf},
};

use crate::{Action, StoreError, exists, open_regular, read_if_there, unfinished::Unfinished};

/// Bytes that are gathered before they are written or compared: 64 KiB.
const BUFFER: usize = 64 * 1024;

/// Replaces a file whole, or makes it: mode 0644, folders made as needed. After a crash the old or the new content is there.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = Unfinished::begin(path)?;
    file.temporary.write_all(bytes).map_err(|e| StoreError::io(Action::Write, path, e))?;
    file.finish()
}

/// As [`replace`], without waiting for the disk: for what can be fetched again, such as a cache. A reader sees the old or the new
/// content, whole; after a power failure the file may be empty.
pub fn replace_without_sync(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = Unfinished::begin(path)?;
    file.temporary.write_all(bytes).map_err(|e| StoreError::io(Action::Write, path, e))?;
    file.put_in_place()
}

/// As [`replace`], and leaves a file alone that already holds these bytes. Says whether it wrote.
pub fn replace_if_changed(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    if state_of(path) != Some(bytes.len() as u64) {
        return replace(path, bytes).map(|()| true);
    }
    // In memory already: nothing is gathered, and no more is read of the old file than up to the piece that differs.
    compare_and_replace(path, 0, |out| bytes.chunks(BUFFER).try_for_each(|piece| out.write_all(piece)))
}

/// As [`replace_if_changed`], for a document that is written piece by piece and never held whole: each piece is compared with
/// what is there, and only behind the first difference is anything written.
pub fn replace_if_changed_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<bool, StoreError> {
    compare_and_replace(path, BUFFER, write)
}

fn compare_and_replace(
    path: &Path,
    gathered: usize,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<bool, StoreError> {
    let fail = |e| StoreError::io(Action::Write, path, e);
    let target = match open_regular(path) {
        Ok(old) => Target::Same { old, upto: 0 },
        // What is no regular file is judged when it is replaced.
        Err(_) => Target::Other(Unfinished::begin(path)?),
    };
    let mut out = BufWriter::with_capacity(gathered, Comparing { path, target, error: None, read: Vec::new() });
    let result = write(&mut out).and_then(|()| out.flush());
    let mut comparing = match (result, out.into_parts().0) {
        (Ok(()), comparing) => comparing,
        (Err(e), mut comparing) => return Err(comparing.error.take().unwrap_or_else(|| fail(e))),
    };
    match comparing.target {
        Target::Same { ref old, upto } => {
            if old.metadata().map_err(fail)?.len() == upto {
                return Ok(false);
            }
            comparing.part_ways()?.finish()?;
        }
        Target::Other(file) => file.finish()?,
    }
    Ok(true)
}

/// The length of the regular file at a path.
fn state_of(path: &Path) -> Option<u64> {
    std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file).map(|m| m.len())
}

/// Where the bytes go.
enum Target<'p> {
    /// Nowhere: so far they are those of the old file.
    Same { old: File, upto: u64 },
    /// Into the file that will take its place.
    Other(Unfinished<'p>),
}

struct Comparing<'p> {
    path: &'p Path,
    target: Target<'p>,
    /// Why a write failed, where that is more than an error of the operating system.
    error: Option<StoreError>,
    read: Vec<u8>,
}

impl<'p> Comparing<'p> {
    /// Begins another file with what is the same in both.
    fn part_ways(&mut self) -> Result<Unfinished<'p>, StoreError> {
        let fail = |e| StoreError::io(Action::Write, self.path, e);
        let mut file = Unfinished::begin(self.path)?;
        if let Target::Same { old, upto } = &mut self.target {
            old.rewind().map_err(fail)?;
            io::copy(&mut old.take(*upto), file.temporary.as_file_mut()).map_err(fail)?;
        }
        Ok(file)
    }

    fn is_same(&mut self, bytes: &[u8]) -> bool {
        let Target::Same { old, upto } = &mut self.target else { return false };
        if self.read.len() < bytes.len() {
            self.read = vec![0; bytes.len()];
        }
        let read = &mut self.read[..bytes.len()];
        let same = old.read_exact(read).is_ok() && read == bytes;
        *upto += if same { bytes.len() as u64 } else { 0 };
        same
    }
}

impl Write for Comparing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_same(bytes) {
            return Ok(bytes.len());
        }
        if matches!(self.target, Target::Same { .. }) {
            match self.part_ways() {
                Ok(file) => self.target = Target::Other(file),
                Err(error) => {
                    self.error = Some(error);
                    return Err(io::Error::other("the file could not be begun"));
                }
            }
        }
        match &mut self.target {
            Target::Other(file) => file.temporary.write(bytes),
            Target::Same { .. } => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Other(file) => file.temporary.flush(),
            Target::Same { .. } => Ok(()),
        }
    }
}

/// Adds lines to the end of a file that belongs to somebody else (Actions' output files), or makes it.
///
/// They begin on a line of their own: where the last writer left a line without its end, that is added first.
pub fn append_lines(path: &Path, lines: &[u8]) -> Result<(), StoreError> {
    let fail = |e| StoreError::io(Action::Write, path, e);
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(fail)?;
    let mut bytes = Vec::with_capacity(lines.len() + 1);
    // An empty line too many does no harm to any of them; a line that is lost does.
    if ends_mid_line(path).unwrap_or(true) {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(lines);
    file.write_all(&bytes).map_err(fail)
}

/// Whether the last line of a file lacks its end. What is no regular file (a terminal, a pipe) cannot be asked, and has none.
fn ends_mid_line(path: &Path) -> io::Result<bool> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() == 0 {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    file.seek(io::SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Moves a file that cannot be used out of the way, to `NAME.LABEL` beside it (`NAME.LABEL.2`, … if that is taken). Gives the new path.
pub fn set_aside(path: &Path, label: &str) -> Result<PathBuf, StoreError> {
    let mut number = 1;
    let target = loop {
        let target = name_aside(path, label, number);
        if !exists(&target) {
            break target;
        }
        number += 1;
    };
    std::fs::rename(path, &target).map_err(|e| StoreError::io(Action::SetAside, path, e))?;
    Ok(target)
}

/// As [`set_aside`], but keeps a copy of what the file held and leaves the file where it is. One that is kept already is not kept
/// twice.
pub fn keep_aside(path: &Path, label: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let mut number = 1;
    loop {
        let target = name_aside(path, label, number);
        if !exists(&target) {
            return replace(&target, bytes).map(|()| target);
        }
        if read_if_there(&target, bytes.len() as u64).is_ok_and(|there| there.as_deref() == Some(bytes)) {
            return Ok(target);
        }
        number += 1;
    }
}

fn name_aside(path: &Path, label: &str, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let suffix = if number == 1 { String::new() } else { format!(".{number}") };
    path.with_file_name(format!("{name}.{label}{suffix}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::StoreErrorKind;

    #[test]
    fn a_file_is_replaced_whole_and_readable_by_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/doc.json");
        replace(&path, b"one").unwrap();
        assert!(!replace_if_changed(&path, b"one").unwrap());
        assert!(replace_if_changed(&path, b"two!").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"two!");
        replace_without_sync(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_document_in_pieces_is_compared_and_then_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/doc.json");
        let long = vec![b'x'; 3 * BUFFER];
        let put = |tail: &[u8]| {
            replace_if_changed_with(&path, |out| {
                long.chunks(1000).try_for_each(|chunk| out.write_all(chunk))?;
                out.write_all(tail)
            })
            .unwrap()
        };
        let expect = |tail: &[u8]| assert_eq!(std::fs::read(&path).unwrap(), [long.as_slice(), tail].concat());
        for (tail, writes) in
            [(b"one".as_slice(), true), (b"one", false), (b"two", true), (b"longer", true), (b"", true)]
        {
            assert_eq!(put(tail), writes, "{tail:?}");
            expect(tail);
        }
        assert!(replace_if_changed(&path, b"short").unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_document_that_fails_half_way_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("doc.json");
        replace(&path, b"old").unwrap();
        let error = replace_if_changed_with(&path, |out| {
            out.write_all(b"new")?;
            out.flush()?;
            Err(io::Error::other("half way"))
        });
        assert!(error.unwrap_err().to_string().contains("half way"));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("other"), b"same").unwrap();
        std::os::unix::fs::symlink("other", at("doc")).unwrap();
        assert!(replace_if_changed(&at("doc"), b"same").unwrap());
        assert!(std::fs::symlink_metadata(at("doc")).unwrap().is_file());
        assert_eq!(std::fs::read(at("other")).unwrap(), b"same");
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
    fn lines_begin_on_a_line_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output");
        for (before, after) in
            [(None, "a=1\n"), (Some(""), "a=1\n"), (Some("x=1\n"), "x=1\na=1\n"), (Some("x=1"), "x=1\na=1\n")]
        {
            if let Some(before) = before {
                std::fs::write(&path, before).unwrap();
            }
            append_lines(&path, b"a=1\n").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
        append_lines(Path::new("/dev/null"), b"a=1\n").unwrap();
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

    #[test]
    fn every_copy_that_is_kept_has_a_name_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.ndjson");
        let names: Vec<_> = [b"one".as_slice(), b"two", b"one", b"three"]
            .iter()
            .map(|bytes| keep_aside(&path, "corrupt-2026-01-05", bytes).unwrap())
            .map(|kept| kept.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let first = "events.ndjson.corrupt-2026-01-05";
        assert_eq!(names, [first, &format!("{first}.2"), first, &format!("{first}.3")]);
        assert_eq!(std::fs::read(dir.path().join(first)).unwrap(), b"one");
        assert_eq!(std::fs::read(dir.path().join(&names[1])).unwrap(), b"two");
    }
}
