//! The files of a project that its checks look at.

use std::{
    cell::OnceCell,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use git_command::{GitError, Repository};
use setup_rules::Unread;
use state_store::EntryKind;

use crate::project::Project;

/// How deep folders are looked into.
pub(super) const MOST_LEVELS: usize = 32;

/// How far a walk goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Levels {
    /// The folder's own files.
    OnlyThis,
    /// The folders below it too, so many levels.
    Below(usize),
}

/// What a walk meets.
pub(super) enum Found {
    /// A regular file, by its path below the project.
    File(String),
    /// A folder that tools fill, in which git tracks nothing.
    PassedOver,
    /// A folder that could not be listed, is too deep, or of which it is not known whether git tracks something in it.
    Unread(Unread),
}

/// Walks through the folders of a project.
pub(super) struct Walker<'p> {
    project: &'p Project,
    /// The files that git tracks, in the order of their bytes, or why that is not known. Asked for once, where it matters.
    tracked: OnceCell<Result<Vec<PathBuf>, String>>,
}

impl<'p> Walker<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, tracked: OnceCell::new() }
    }

    /// Visits the files of a folder and of those below it, by name. Links are not followed; of a folder that tools fill,
    /// only the files that git tracks are visited.
    pub(super) fn walk(&self, folder: &str, levels: Levels, visit: &mut dyn FnMut(Found)) {
        let entries = match state_store::list(&self.project.path(folder)) {
            Ok(entries) => entries,
            Err(error) => {
                return visit(Found::Unread(Unread { path: shown(folder), reason: error.kind.to_string() }));
            }
        };
        for entry in entries {
            let path = if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) };
            match (entry.kind, levels) {
                (EntryKind::File, _) => visit(Found::File(path)),
                (EntryKind::Folder, Levels::Below(more)) => self.enter(path, more, visit),
                (EntryKind::Folder, Levels::OnlyThis) | (EntryKind::Other, _) => {}
            }
        }
    }

    fn enter(&self, path: String, more: usize, visit: &mut dyn FnMut(Found)) {
        if path.rsplit('/').next() == Some(".git") {
            // Git's own store, in which it tracks nothing.
        } else if setup_rules::is_tools_folder(&path) {
            self.visit_tracked(path, visit);
        } else if more == 0 {
            let reason = format!("it is more than {MOST_LEVELS} folders deep");
            visit(Found::Unread(Unread { path, reason }));
        } else {
            self.walk(&path, Levels::Below(more - 1), visit);
        }
    }

    fn visit_tracked(&self, folder: String, visit: &mut dyn FnMut(Found)) {
        let tracked = match self.tracked.get_or_init(|| tracked(self.project.root())) {
            Ok(tracked) => tracked,
            Err(why) => {
                let reason =
                    format!("tools fill this folder, and whether git tracks files in it cannot be told: {why}");
                return visit(Found::Unread(Unread { path: folder, reason }));
            }
        };
        let below = format!("{folder}/");
        let from = tracked.partition_point(|file| bytes(file) < below.as_bytes());
        let mut files = tracked[from..].iter().take_while(|file| bytes(file).starts_with(below.as_bytes())).peekable();
        if files.peek().is_none() {
            visit(Found::PassedOver);
        }
        // A tracked file that is not there was deleted, and holds nothing.
        for file in files.filter(|file| state_store::exists(&self.project.root().join(file))) {
            visit(Found::File(file.to_string_lossy().into_owned()));
        }
    }
}

fn tracked(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files =
        Repository::find(root).and_then(|repository| repository.tracked()).map_err(|error| match error {
            GitError::NoRepository { .. } => "the project lies in no git repository".to_owned(),
            error => error.to_string(),
        })?;
    files.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(files)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

fn shown(folder: &str) -> String {
    if folder.is_empty() { ".".to_owned() } else { folder.to_owned() }
}
