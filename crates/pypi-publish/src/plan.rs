use std::time::Duration;

use dist_check::{DistKind, Distribution, FileName, Sha256, Target};
use findings_model::Timestamp;
use pep440_rs::Version;
use serde::{Serialize, Serializer};

use crate::{
    ErrorKind, IndexClient, Patience, ProjectPage, ReadError, error::CONFLICT, page::listed_name, similar::similar,
};

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
    /// The release is too old to take another file.
    Closed,
    /// The file, or the project with it, is larger than the index takes.
    TooBig,
    /// The release has a source archive under another name.
    SecondSdist,
}

impl Action {
    /// The word for documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Identical => "identical",
            Self::Conflict => "conflict",
            Self::Closed => "closed",
            Self::TooBig => "too_big",
            Self::SecondSdist => "second_sdist",
        }
    }

    /// Whether nothing may be sent because of it.
    pub fn is_obstacle(self) -> bool {
        !matches!(self, Self::Upload | Self::Identical)
    }
}

/// What an index takes, as far as it can be known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexRules {
    /// The largest file, in bytes.
    pub file_bytes: u64,
    /// The most that all files of a project may have together, in bytes. Counted where the index tells sizes.
    pub project_bytes: u64,
    /// Days after its first file in which a release takes new ones; none for an index that always does. Judged where the
    /// index tells upload times.
    pub release_days: Option<u32>,
}

impl Default for IndexRules {
    /// PyPI's own: 100 MiB a file and 10 GiB a project, unless a project was granted more, and 14 days.
    fn default() -> Self {
        Self { file_bytes: 100 << 20, project_bytes: 10 << 30, release_days: Some(14) }
    }
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
    /// Why nothing may be sent: one sentence.
    pub reason: Option<String>,
    /// The digest that the index has under this name.
    #[serde(serialize_with = "as_optional_text")]
    pub index_sha256: Option<Sha256>,
    /// Whether the index has the file as a withdrawn one, which installers pass over (PEP 592).
    pub yanked: bool,
}

/// What is to be done with every file of a release. Made before the first byte is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The project's normalised name.
    pub project: String,
    /// The version.
    pub version: Version,
    /// The index's upload address.
    pub index: String,
    /// Whether the index does not know the project yet: the first upload makes it.
    pub new_project: bool,
    /// Projects of the index whose names are too similar for it to make this one. Only asked for a new project on PyPI, and
    /// only for the names that come to mind first.
    pub similar: Vec<String>,
    /// Whether the index lists no file of this version yet.
    pub new_release: bool,
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
    /// The index would not take a file.
    #[error("the index would not take {file}: {reason}; nothing was sent")]
    NotTaken {
        /// The first such file.
        file: String,
        /// What is to be done with it: nothing.
        action: Action,
        /// Why.
        reason: String,
    },
}

impl PlanError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty | Self::Mixed { .. } | Self::OtherFiles => ErrorKind::Usage,
            Self::Index { source, .. } => source.kind(),
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::NotTaken { .. } => ErrorKind::Rejected,
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
            Self::NotTaken { action: Action::Closed, .. } => {
                "raise the version and build again; for an index that always takes files set `publish.limits.release_days` to 0"
            }
            Self::NotTaken { action: Action::SecondSdist, .. } => {
                "a release has one source archive; raise the version, or leave this file out"
            }
            Self::NotTaken { .. } => {
                "leave data out of the package or delete old releases; with a higher limit of the index set `publish.limits`"
            }
        }
    }
}

impl Plan {
    /// The first file because of which nothing may be sent, as the error to stop with.
    pub fn obstacle(&self) -> Option<PlanError> {
        let file = self.files.iter().find(|file| file.action.is_obstacle())?;
        let name = file.file.clone();
        Some(match (file.action, file.index_sha256) {
            (Action::Conflict, Some(theirs)) => PlanError::Conflict { file: name, ours: file.sha256, theirs },
            (action, _) => PlanError::NotTaken { file: name, action, reason: file.reason.clone().unwrap_or_default() },
        })
    }
}

/// Asks the index what it has and plans what to do with each file. All files are of one project and version.
pub async fn plan<S: AsyncFn(Duration)>(
    client: &IndexClient,
    files: &[&Distribution],
    rules: &IndexRules,
    now: Timestamp,
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
    let release = Release::of(&page, first.version());
    let mut planned = Vec::with_capacity(files.len());
    let mut project_bytes: u64 = page.files.values().filter_map(|file| file.size).fold(0, u64::saturating_add);
    for file in files {
        let theirs = match page.files.get(file.file_name()) {
            None => None,
            Some(listed) => {
                Some(client.digest(file.file_name(), listed, file.size(), patience).await.map_err(unreadable)?)
            }
        };
        let mut planned_file = plan_file(file, theirs);
        planned_file.yanked = page.files.get(file.file_name()).is_some_and(|listed| listed.is_yanked);
        if planned_file.action == Action::Upload {
            project_bytes = project_bytes.saturating_add(file.size());
            if let Some((action, reason)) = release.refusal(file, project_bytes, rules, now) {
                planned_file = PlannedFile { action, reason: Some(reason), ..planned_file };
            }
        }
        planned.push(planned_file);
    }
    let similar = if !page.is_known && client.address().target() == Target::PyPi {
        similar(client, first.project()).await
    } else {
        Vec::new()
    };
    Ok(Plan {
        project: first.project().to_string(),
        version: first.version().clone(),
        index: client.address().upload_url().to_string(),
        new_project: !page.is_known,
        similar,
        new_release: release.is_new,
        files: planned,
    })
}

/// What the index has of the version that is to be published.
struct Release<'a> {
    is_new: bool,
    first_upload: Option<Timestamp>,
    sdist: Option<&'a str>,
}

impl<'a> Release<'a> {
    fn of(page: &'a ProjectPage, version: &'a Version) -> Self {
        let mut release = Self { is_new: true, first_upload: None, sdist: None };
        for (name, file) in page.of_version(version) {
            release.is_new = false;
            release.first_upload = release.first_upload.into_iter().chain(file.upload_time).min();
            if matches!(listed_name(name), Some(FileName::Sdist { .. })) {
                release.sdist = Some(name);
            }
        }
        release
    }

    /// Why the index would not take a file that it does not have.
    fn refusal(
        &self,
        file: &Distribution,
        project_bytes: u64,
        rules: &IndexRules,
        now: Timestamp,
    ) -> Option<(Action, String)> {
        if file.size() > rules.file_bytes {
            let (size, limit) = (file.size(), rules.file_bytes);
            return Some((Action::TooBig, format!("it has {size} bytes, the limit is {limit}")));
        }
        if project_bytes > rules.project_bytes {
            let limit = rules.project_bytes;
            let reason = format!("all files of the project would have {project_bytes} bytes, the limit is {limit}");
            return Some((Action::TooBig, reason));
        }
        if let (Some(days), Some(begun)) = (rules.release_days, self.first_upload)
            && now.moment() - begun.moment() > time::Duration::days(days.into())
        {
            let date = findings_model::date_text(begun.date());
            let reason = format!("the release began on {date} and takes no new file after {days} days");
            return Some((Action::Closed, reason));
        }
        match self.sdist {
            Some(other) if file.kind() == DistKind::Sdist => {
                Some((Action::SecondSdist, format!("the release has the source archive {other} already")))
            }
            _ => None,
        }
    }
}

fn plan_file(file: &Distribution, theirs: Option<Sha256>) -> PlannedFile {
    let (action, reason) = match theirs {
        None => (Action::Upload, None),
        Some(theirs) if theirs == file.sha256() => (Action::Identical, None),
        Some(_) => (Action::Conflict, Some("the index has other bytes under this name".to_owned())),
    };
    PlannedFile {
        file: file.file_name().to_owned(),
        sha256: file.sha256(),
        bytes: file.size(),
        action,
        reason,
        index_sha256: theirs,
        yanked: false,
    }
}

/// The digest that an index has under the file's name, asked for once; none if it does not list it.
pub(crate) async fn listed(
    client: &IndexClient,
    page: &ProjectPage,
    file: &Distribution,
) -> Result<Option<Sha256>, ReadError> {
    match page.files.get(file.file_name()) {
        None => Ok(None),
        Some(listed) => client.digest_once(file.file_name(), listed, file.size()).await.map(Some),
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
