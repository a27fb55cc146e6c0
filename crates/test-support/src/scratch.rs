//! Project folders that a test may write to.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures::{copy, copy_dir, fixture_path, read};

/// Where the scanners of a project leave their reports.
pub const REPORTS: &str = "security/reports/latest";

/// A project in a temporary folder, which is removed with this value.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// An empty folder.
    #[track_caller]
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        Self { folder }
    }

    /// An empty folder below another one.
    #[track_caller]
    pub fn below(outer: &Self) -> Self {
        let folder = tempfile::Builder::new().prefix("below-").tempdir_in(outer.path()).expect("create a folder");
        Self { folder }
    }

    /// A copy of the recorded sample project, version 1.0.0, without any report.
    #[track_caller]
    pub fn sample() -> Self {
        let scratch = Self::empty();
        copy_sample(scratch.path());
        scratch
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path below the folder.
    pub fn join(&self, relative: &str) -> PathBuf {
        self.path().join(relative)
    }

    /// Brings the project to the recorded `week` (a name in [`crate::fixtures::WEEKS`]): its sources, its
    /// requirements and the reports of that week's scan instead of the ones before.
    #[track_caller]
    pub fn set_week(&self, week: &str) {
        set_week(self.path(), week);
    }

    /// Takes the reports away, as on a runner whose scanners all failed.
    #[track_caller]
    pub fn clear_reports(&self) {
        empty_folder(&self.join(REPORTS));
    }

    /// Writes a file, with the folders above it.
    #[track_caller]
    pub fn write(&self, relative: &str, contents: impl AsRef<[u8]>) {
        let path = self.join(relative);
        let parent = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(parent).unwrap_or_else(|error| panic!("create {}: {error}", parent.display()));
        fs::write(&path, contents).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }

    /// The bytes of a file.
    #[track_caller]
    pub fn bytes(&self, relative: &str) -> Vec<u8> {
        read(&self.join(relative))
    }

    /// The text of a file.
    #[track_caller]
    pub fn text(&self, relative: &str) -> String {
        String::from_utf8(self.bytes(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// A JSON file.
    #[track_caller]
    pub fn json(&self, relative: &str) -> Value {
        serde_json::from_slice(&self.bytes(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// The paths of all files below the folder, relative to it, sorted.
    #[track_caller]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        list(self.path(), self.path(), &mut files);
        files.sort();
        files
    }
}

/// Copies the recorded sample project, version 1.0.0, without any report, into `to`.
#[track_caller]
pub fn copy_sample(to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("create {}: {error}", to.display()));
    for name in ["LICENSE", "README.md", "pyproject.toml", "requirements.txt", "src"] {
        copy(&fixture_path(&format!("sample-project/{name}")), &to.join(name));
    }
}

/// Brings the sample project in `project` to a recorded week, as [`Scratch::set_week`] does.
#[track_caller]
pub fn set_week(project: &Path, week: &str) {
    let recorded = fixture_path(&format!("sample-project/weeks/{week}"));
    for name in ["src", REPORTS] {
        empty_folder(&project.join(name));
    }
    copy_dir(&recorded.join("src"), &project.join("src"));
    copy_dir(&recorded.join("reports"), &project.join(REPORTS));
    copy(&recorded.join("requirements.txt"), &project.join("requirements.txt"));
}

#[track_caller]
fn empty_folder(path: &Path) {
    if path.exists() {
        fs::remove_dir_all(path).unwrap_or_else(|error| panic!("remove {}: {error}", path.display()));
    }
    fs::create_dir_all(path).unwrap_or_else(|error| panic!("create {}: {error}", path.display()));
}

#[track_caller]
fn list(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("list {}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("list {}: {error}", folder.display())).path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            let relative = path.strip_prefix(root).expect("listed below the root");
            files.push(relative.to_path_buf());
        }
    }
}
