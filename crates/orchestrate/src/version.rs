//! The step that writes the next version into the project.

use std::path::Path;

use release_decision::{PyprojectError, Version, VersionError, Versions, set_version};

use crate::{
    decision::DecisionRequest,
    documents::{self, DocumentError},
    findings::Writing,
    paths,
    project::Project,
};

/// What became of the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionBump {
    /// The version before; none where it is not written down.
    pub current: Option<Version>,
    /// The next version.
    pub next: Version,
    /// How it came about, in words.
    pub reason: String,
    /// Whether the project's file was changed.
    pub written: bool,
}

/// Why the version was not written.
#[derive(Debug, thiserror::Error)]
pub enum BumpVersionError {
    /// A document of ours is unusable, or the project's file cannot be read or written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// There is no version to go to.
    #[error("the next version cannot be had")]
    Version(#[source] VersionError),
    /// Nothing tells the next version.
    #[error("the next version is not known: {reason}")]
    Unknown {
        /// Why.
        reason: String,
    },
    /// The project's file takes no version.
    #[error("the version cannot be written to {}", paths::PYPROJECT)]
    Pyproject(#[source] PyprojectError),
}

/// Writes the next version into `pyproject.toml` and changes nothing else in it; the old file or the new one is there, whole.
///
/// The version is the one that the newest decision is for; where the request says what the index has, or there is no decision
/// to release, it is computed as a decision would. A project that has it already is left alone.
pub fn bump_version(project: &Project, request: &DecisionRequest) -> Result<VersionBump, BumpVersionError> {
    let decided = match (&request.index, &request.given) {
        (Some(_), _) | (_, Some(_)) => None,
        (None, None) => {
            documents::decision(project)?.map(|d| d.decision).filter(|d| d.should_release).and_then(|d| d.next_version)
        }
    };
    let versions = Versions {
        current: request.current_version.clone(),
        index: request.index.clone(),
        released: documents::baseline(project)?.and_then(|b| b.version),
        given: request.given.clone(),
    };
    let (next, reason) = if let Some(version) = decided {
        (version, "it was decided".to_owned())
    } else {
        let next = versions.next(request.policy.bump).map_err(BumpVersionError::Version)?;
        let reason = next.reason;
        (next.version.ok_or_else(|| BumpVersionError::Unknown { reason: reason.clone() })?, reason)
    };
    let path = Path::new(paths::PYPROJECT);
    let bytes = project.document(path).map_err(DocumentError::from)?;
    let bytes = bytes.ok_or_else(|| DocumentError::Missing { path: paths::PYPROJECT.to_owned() })?;
    let text = String::from_utf8_lossy(&bytes);
    let text = set_version(&text, &next).map_err(BumpVersionError::Pyproject)?;
    let written =
        request.writing == Writing::Write && project.write(path, text.as_bytes()).map_err(DocumentError::from)?;
    Ok(VersionBump { current: versions.current().cloned(), next, reason, written })
}
