use std::time::Duration;

use findings_model::PackageName;

use crate::{ErrorKind, IndexClient, Patience, ProjectPage, ReadError, page::RawPage};

/// Why it cannot be told what an index has of a project.
#[derive(Debug, thiserror::Error)]
#[error("cannot learn what the index has of {project}")]
pub struct ReleasesError {
    project: PackageName,
    source: ReadError,
}

impl ReleasesError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        self.source.hint()
    }
}

/// What the index has of a project, as one PEP 691 document.
///
/// An index that has JSON is passed on as it is. From an HTML page the document is made, with the versions that the
/// file names tell. A project that the index does not know has no files and no versions.
pub async fn releases<S: AsyncFn(Duration)>(
    client: &IndexClient,
    project: &PackageName,
    patience: &Patience<S>,
) -> Result<serde_json::Value, ReleasesError> {
    let failed = |source| ReleasesError { project: project.clone(), source };
    let raw = client.raw_page(project, patience).await.map_err(failed)?;
    let url = client.address().page(project);
    let page = match &raw {
        Some(raw) => raw.parse(&url, project).map_err(|source| failed(ReadError::Page { url: url.clone(), source }))?,
        None => ProjectPage::default(),
    };
    match raw {
        Some(RawPage::Json(body)) => serde_json::from_slice(&body)
            .map_err(|source| failed(ReadError::Page { url, source: crate::PageError::Json(source) })),
        _ => Ok(page.to_pep691(project)),
    }
}
