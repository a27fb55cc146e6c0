//! Where the old system keeps what.

use std::path::{Path, PathBuf};

use state_store::{EntryKind, StoreError};

use super::FileKind;

/// How deep archived reports are looked for.
const DEPTH: usize = 4;
/// The most reports that are looked at.
const MOST: usize = 20_000;
/// Files that keep an otherwise empty folder in git.
const KEEPERS: [&str; 2] = [".gitkeep", ".gitignore"];
/// Names below the findings' folder that are ours, not the old system's.
const OURS: [&str; 7] =
    ["findings.json", "baseline.json", "decision.json", "receipt.json", "events.ndjson", "scans", "imported"];

/// The old system's files in a folder.
#[derive(Debug)]
pub(super) struct Original {
    /// The folder that was given.
    root: PathBuf,
    /// Plans, timeline, changelog, document, and what else lies there.
    pub(super) files: Vec<Found>,
    /// Everything below `reports/archived`.
    pub(super) reports: Vec<Found>,
    /// How many more reports there are than are looked at.
    pub(super) beyond: usize,
}

/// A file that was found; what it really is (a folder, a pipe, a link) shows when it is read.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) kind: FileKind,
}

impl Original {
    /// Looks for the files; none if there is not one of them. No link is followed.
    pub(super) fn find(given: &Path) -> Result<Option<Self>, StoreError> {
        let has = |folder: &Path, name: &str, kind: EntryKind| -> Result<bool, StoreError> {
            Ok(state_store::list(folder)?.iter().any(|entry| entry.name == name && entry.kind == kind))
        };
        let mut original = Self { root: given.to_owned(), files: Vec::new(), reports: Vec::new(), beyond: 0 };
        let folder = |base: &Path, name: &str| has(base, name, EntryKind::Folder).map(|is| is.then(|| base.join(name)));
        let security = match folder(given, "security")? {
            Some(security) => security,
            None => given.to_owned(),
        };
        let findings = match folder(&security, "findings")? {
            Some(findings) => findings,
            None => given.to_owned(),
        };
        original.look(
            &findings,
            &[("remediation-plans.yml", FileKind::Plans), ("SECURITY_FINDINGS.md", FileKind::Document)],
        )?;
        if let Some(history) = folder(&findings, "history")? {
            original.look(
                &history,
                &[("remediation-timeline.yml", FileKind::Timeline), ("findings-changelog.md", FileKind::Changelog)],
            )?;
        }
        if let Some(reports) = folder(&security, "reports")?
            && let Some(archived) = folder(&reports, "archived")?
        {
            original.walk(&archived, DEPTH, MOST)?;
        }
        let is_there = original.files.iter().any(|f| f.kind != FileKind::Other) || !original.reports.is_empty();
        Ok(is_there.then_some(original))
    }

    fn look(&mut self, folder: &Path, known: &[(&str, FileKind)]) -> Result<(), StoreError> {
        for entry in state_store::list(folder)? {
            let name = entry.name.as_str();
            let kind = known.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            let is_other = entry.kind != EntryKind::Folder && !KEEPERS.contains(&name) && !OURS.contains(&name);
            // The old system left copies of its files beside them; anything else is somebody else's.
            match kind {
                Some(kind) => self.files.push(Found { path: folder.join(name), kind }),
                None if is_other && is_copy(name, known) => {
                    self.files.push(Found { path: folder.join(name), kind: FileKind::Other });
                }
                None => {}
            }
        }
        self.files.sort_by(|a, b| (a.kind, &a.path).cmp(&(b.kind, &b.path)));
        Ok(())
    }

    fn walk(&mut self, folder: &Path, depth: usize, most: usize) -> Result<(), StoreError> {
        for entry in state_store::list(folder)? {
            let path = folder.join(&entry.name);
            match entry.kind {
                EntryKind::Folder if depth > 0 => self.walk(&path, depth - 1, most)?,
                _ if KEEPERS.contains(&entry.name.as_str()) => {}
                _ if self.reports.len() >= most => self.beyond += 1,
                _ => self.reports.push(Found { path, kind: FileKind::Report }),
            }
        }
        Ok(())
    }

    /// A path as people read it: below the folder that was given.
    pub(super) fn label(&self, path: &Path) -> String {
        findings_model::text::one_line(&path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy())
    }
}

/// Whether a name is that of a copy of a known file: `remediation-plans.yml.backup`, `remediation-timeline.backup.20251026.yml`.
fn is_copy(name: &str, known: &[(&str, FileKind)]) -> bool {
    known.iter().any(|(known, _)| {
        let stem = known.rsplit_once('.').map_or(*known, |(stem, _)| stem);
        name.starts_with(stem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_beyond_the_limit_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["2023-01-01/a.json", "2023-01-01/b.json", "2023-01-02/c.json", "2023-01-02/.gitkeep"] {
            state_store::replace(&dir.path().join(name), b"{}").unwrap();
        }
        let mut original = Original { root: dir.path().to_owned(), files: Vec::new(), reports: Vec::new(), beyond: 0 };
        original.walk(dir.path(), DEPTH, 1).unwrap();
        assert_eq!((original.reports.len(), original.beyond), (1, 2));
    }
}
