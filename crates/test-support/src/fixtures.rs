//! Recorded inputs: `fixtures/` of this repository, and the larger corpus that is not part of it.

use std::fs;
use std::path::{Path, PathBuf};

/// The weekly scans recorded under `fixtures/sample-project/weeks`, oldest first.
///
/// What happened in each, and what ought to be decided, stands in its `RECORDED.toml`.
pub const WEEKS: [&str; 7] =
    ["2023-07-24", "2023-07-31", "2023-08-07", "2023-08-14", "2023-08-21", "2023-08-28", "2023-09-04"];

/// The environment variable that names the larger corpus of recorded reports.
pub const CORPUS_VARIABLE: &str = "RELWARDEN_CORPUS";

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).expect("this crate lies in crates/test-support").to_path_buf()
}

/// A file or folder below `fixtures/`, which must exist.
#[track_caller]
pub fn fixture_path(relative: &str) -> PathBuf {
    let path = workspace().join("fixtures").join(relative);
    assert!(path.exists(), "there is no fixture {}", path.display());
    path
}

/// The bytes of a file below `fixtures/`.
#[track_caller]
pub fn fixture(relative: &str) -> Vec<u8> {
    read(&fixture_path(relative))
}

/// The text of a file below `fixtures/`.
#[track_caller]
pub fn fixture_text(relative: &str) -> String {
    let bytes = fixture(relative);
    String::from_utf8(bytes).unwrap_or_else(|error| panic!("fixture {relative}: {error}"))
}

/// The corpus that `RELWARDEN_CORPUS` names, if it is set; a printed line says so when a test
/// has to do without.
#[track_caller]
pub fn corpus() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os(CORPUS_VARIABLE) else {
        let caller = std::panic::Location::caller();
        println!("{CORPUS_VARIABLE} is not set: skipped {caller}");
        return None;
    };
    let folder = PathBuf::from(folder);
    assert!(folder.is_dir(), "{CORPUS_VARIABLE} names {}, which is not a folder", folder.display());
    Some(folder)
}

/// Copies the files below `from` into `to`, which is created where it does not exist.
///
/// Links are followed; anything else that is no file or folder stops the test.
#[track_caller]
pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("create {}: {error}", to.display()));
    let entries = fs::read_dir(from).unwrap_or_else(|error| panic!("list {}: {error}", from.display()));
    for entry in entries {
        let source = entry.unwrap_or_else(|error| panic!("list {}: {error}", from.display())).path();
        let name = source.file_name().expect("an entry has a name");
        copy(&source, &to.join(name));
    }
}

/// Copies a file or a whole folder.
#[track_caller]
pub(crate) fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        copy_dir(from, to);
    } else {
        fs::copy(from, to).unwrap_or_else(|error| panic!("copy {} to {}: {error}", from.display(), to.display()));
    }
}

#[track_caller]
pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}
