//! The files of the project that a side of a comparison speaks of.

use std::{
    cell::OnceCell,
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use findings_ledger::{PlanFile, Plans};
use git_command::{CommitId, Repository};
use state_store::DOCUMENT_LIMIT;

use crate::{
    paths,
    project::{LOCK_FILE_LIMIT, Project, SOURCE_LIMIT},
    scope::Scopes,
    source_lines::SourceLines,
};

/// Where the files are: what is checked out says nothing of a side that is a commit.
pub(super) enum Files<'p> {
    WorkTree(&'p Project),
    Commit(CommitFiles),
}

/// The files of a commit.
pub(super) struct CommitFiles {
    repository: Repository,
    commit: CommitId,
    /// Every path of it with its object, listed when the first is asked for; none where git could not list them.
    objects: OnceCell<Option<HashMap<PathBuf, String>>>,
}

impl Files<'_> {
    pub(super) fn of_commit(repository: Repository, commit: CommitId) -> Self {
        Self::Commit(CommitFiles { repository, commit, objects: OnceCell::new() })
    }

    /// Whether a file is there. What cannot be asked counts as there: nothing is resolved because git failed.
    pub(super) fn have(&self, path: &str) -> bool {
        match self {
            Self::WorkTree(project) => project.has_file(path),
            Self::Commit(files) => files.have(path),
        }
    }

    /// Its files, by their paths; none at all where they cannot be listed.
    pub(super) fn all(&self) -> Vec<String> {
        match self {
            Self::WorkTree(project) => project.files(),
            Self::Commit(files) => {
                let paths = files.all().into_iter().flat_map(HashMap::keys);
                paths.filter_map(|path| path.to_str()).map(str::to_owned).collect()
            }
        }
    }

    /// The text of a file of code, for its lines to be compared; none of one that is not there or cannot be read.
    pub(super) fn source(&self, path: &str) -> Option<String> {
        match self {
            Self::WorkTree(project) => project.source(path),
            Self::Commit(files) => {
                let bytes = files.read(path, SOURCE_LIMIT)?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    /// What stands for the text of a file of code that has a line: in a commit its object, for no file of it need be read.
    pub(super) fn digest<F: Fn(&str) -> Option<String>>(
        &self,
        path: &str,
        line: Option<u32>,
        lines: &SourceLines<F>,
    ) -> Option<String> {
        match self {
            Self::WorkTree(_) => lines.digest(path, line),
            Self::Commit(files) => files.all()?.get(Path::new(path)).cloned(),
        }
    }

    /// Which packages are runtime and which development.
    pub(super) fn scopes(&self) -> Scopes {
        match self {
            Self::WorkTree(project) => project.scopes(),
            Self::Commit(files) => Scopes::of_files(|name| String::from_utf8(files.read(name, LOCK_FILE_LIMIT)?).ok()),
        }
    }

    /// What people decided; nothing where there is no file of it. One that cannot be read is told: what it excepts counts as open.
    pub(super) fn plans(&self) -> Plans {
        let bytes = match self {
            Self::WorkTree(project) => project.document(paths::PLANS.as_ref()).map_err(|error| error.to_string()),
            Self::Commit(files) => {
                files.repository.read(&files.commit, paths::PLANS, DOCUMENT_LIMIT).map_err(|error| error.to_string())
            }
        };
        let read =
            |bytes: Vec<u8>| PlanFile::read(&bytes).map(PlanFile::into_decisions).map_err(|error| error.to_string());
        match bytes.and_then(|bytes| bytes.map(read).transpose()) {
            Ok(plans) => plans.unwrap_or_else(Plans::empty),
            Err(error) => {
                tracing::warn!("{} cannot be read, so that no exception in it counts: {error}", paths::PLANS);
                Plans::empty()
            }
        }
    }
}

impl CommitFiles {
    /// Every path of it; none where git could not list them.
    fn all(&self) -> Option<&HashMap<PathBuf, String>> {
        let list = || match self.repository.objects(&self.commit) {
            Ok(objects) => Some(objects),
            Err(error) => {
                let (commit, why) = (self.commit.short(), crate::causes(&error));
                tracing::warn!("the files of {commit} cannot be listed, so that none counts as gone: {why}");
                None
            }
        };
        self.objects.get_or_init(list).as_ref()
    }

    fn have(&self, path: &str) -> bool {
        let paths = self.all();
        let path = Path::new(path);
        let leads_out = |part: Component<'_>| !matches!(part, Component::Normal(_) | Component::CurDir);
        let plain = || path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
        paths.is_none_or(|paths| path.components().any(leads_out) || paths.contains_key(&plain()))
    }

    fn read(&self, path: &str, limit: u64) -> Option<Vec<u8>> {
        // Most of the files that are asked for by a fixed name are not there: that costs no further process.
        if !self.have(path) {
            return None;
        }
        self.repository.read(&self.commit, path, limit).ok().flatten()
    }
}
