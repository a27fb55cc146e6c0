use std::time::Duration;

use dist_check::{Distribution, Sha256};
use serde::{Serialize, Serializer};

use crate::{ErrorKind, IndexClient, Patience, ProjectPage, ReadError, error::CONFLICT};

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The index does not have it: send it.
    Upload,
    /// The index has it with the same digest: nothing to do.
    Identical,
    /// The index has other bytes of this name: nothing may be sent.
    Conflict,
}

/// What is to be done with one file, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedFile {
    /// The file's name.
    pub file: String,
    /// The digest of our file.
    #[serde(serialize_with = "as_text")]
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// What is to be done.
    pub action: Action,
    /// The digest that the index has under this name.
    #[serde(serialize_with = "as_optional_text")]
    pub index_sha256: Option<Sha256>,
}

/// What is to be done with every file of a release. Made before the first byte is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The project's normalised name.
    pub project: String,
    /// The version.
    pub version: String,
    /// The index's upload address.
    pub index: String,
    /// The files, in the order given.
    pub files: Vec<PlannedFile>,
}

/// Why there is no plan, or none to carry out.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// No files.
    #[error("there is no file to publish")]
    Empty,
    /// Files of several projects or versions.
    #[error("{file} is not of {project} {version} as the first file is")]
    Mixed {
        /// The file's name.
        file: String,
        /// The first file's project.
        project: String,
        /// The first file's version.
        version: String,
    },
    /// The index could not be read.
    #[error("cannot learn what the index has of {project}")]
    Index {
        /// The project.
        project: String,
        /// The cause.
        source: ReadError,
    },
    /// The plan and the files to send are not the same.
    #[error("the plan was made for other files than those to be sent")]
    OtherFiles,
    /// A file clashes with one on the index.
    #[error("the index has another {file}: its SHA-256 is {theirs}, ours is {ours}; nothing was sent")]
    Conflict {
        /// The first such file.
        file: String,
        /// Our digest.
        ours: Sha256,
        /// The index's digest.
        theirs: Sha256,
    },
}

impl PlanError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty | Self::Mixed { .. } | Self::OtherFiles => ErrorKind::Usage,
            Self::Index { source, .. } => source.kind(),
            Self::Conflict { .. } => ErrorKind::Conflict,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "build the project first: `python -m build`",
            Self::Mixed { .. } => "publish one project and one version at a time",
            Self::Index { source, .. } => source.hint(),
            Self::OtherFiles => "make the plan again",
            Self::Conflict { .. } => CONFLICT,
        }
    }
}

impl Plan {
    /// The first file that clashes with one on the index, as the error to stop with.
    pub fn conflict(&self) -> Option<PlanError> {
        self.files.iter().find_map(|file| match (file.action, file.index_sha256) {
            (Action::Conflict, Some(theirs)) => {
                Some(PlanError::Conflict { file: file.file.clone(), ours: file.sha256, theirs })
            }
            _ => None,
        })
    }
}

/// Asks the index what it has and plans what to do with each file. All files are of one project and version.
pub async fn plan<S: AsyncFn(Duration)>(
    client: &IndexClient,
    files: &[&Distribution],
    patience: &Patience<S>,
) -> Result<Plan, PlanError> {
    let first = files.first().ok_or(PlanError::Empty)?;
    if let Some(other) = files.iter().find(|f| f.project() != first.project() || f.version() != first.version()) {
        return Err(PlanError::Mixed {
            file: other.file_name().to_owned(),
            project: first.project().to_string(),
            version: first.version().to_string(),
        });
    }
    let unreadable = |source| PlanError::Index { project: first.project().to_string(), source };
    let page = client.project(first.project(), patience).await.map_err(unreadable)?;
    let mut planned = Vec::with_capacity(files.len());
    for file in files {
        let theirs = listed(client, &page, file).await.map_err(unreadable)?;
        planned.push(plan_file(file, theirs));
    }
    Ok(Plan {
        project: first.project().to_string(),
        version: first.version().to_string(),
        index: client.address().upload_url().to_string(),
        files: planned,
    })
}

fn plan_file(file: &Distribution, theirs: Option<Sha256>) -> PlannedFile {
    PlannedFile {
        file: file.file_name().to_owned(),
        sha256: file.sha256(),
        bytes: file.size(),
        action: match theirs {
            None => Action::Upload,
            Some(theirs) if theirs == file.sha256() => Action::Identical,
            Some(_) => Action::Conflict,
        },
        index_sha256: theirs,
    }
}

/// The digest that an index has under the file's name; none if it does not list it.
pub(crate) async fn listed(
    client: &IndexClient,
    page: &ProjectPage,
    file: &Distribution,
) -> Result<Option<Sha256>, ReadError> {
    match page.files.get(file.file_name()) {
        None => Ok(None),
        Some(listed) => client.digest(file.file_name(), listed, file.size()).await.map(Some),
    }
}

fn as_text<S: Serializer>(digest: &Sha256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
fn as_optional_text<S: Serializer>(digest: &Option<Sha256>, serializer: S) -> Result<S::Ok, S::Error> {
    match digest {
        Some(digest) => serializer.collect_str(digest),
        None => serializer.serialize_none(),
    }
}
