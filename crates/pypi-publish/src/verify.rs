use std::time::Duration;

use dist_check::{Distribution, Sha256};

use crate::{ErrorKind, IndexClient, Patience, ReadError, plan::listed};

/// Why it is not proved that the index has every file.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No files.
    #[error("there is no file to verify")]
    Empty,
    /// The index does not list a file, or not yet.
    #[error("the index does not list {}", .files.join(", "))]
    Missing {
        /// The files' names.
        files: Vec<String>,
    },
    /// The index lists a file with another digest.
    #[error("the index lists {file} with the SHA-256 {theirs}, ours is {ours}")]
    Mismatch {
        /// The file's name.
        file: String,
        /// Our digest.
        ours: Sha256,
        /// The index's digest.
        theirs: Sha256,
    },
    /// The index could not be read.
    #[error("cannot learn what the index has of {project}")]
    Index {
        /// The project.
        project: String,
        /// The cause.
        source: ReadError,
    },
}

impl VerifyError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty => ErrorKind::Usage,
            Self::Missing { .. } => ErrorKind::Outside,
            Self::Mismatch { .. } => ErrorKind::Conflict,
            Self::Index { source, .. } => source.kind(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "name the files that were published",
            Self::Missing { .. } => "caches of an index can lag by minutes; run `publish-pypi verify` again later",
            Self::Mismatch { .. } => "do not use these files; find out who published the others",
            Self::Index { source, .. } => source.hint(),
        }
    }
}

/// Proves that the index lists every file with our digest.
///
/// What is missing is asked for again, with growing waits, for at most `patience.policy.verify`; no time at all asks
/// once. A wrong digest ends it at once.
pub async fn verify<S: AsyncFn(Duration)>(
    client: &IndexClient,
    files: &[&Distribution],
    patience: &Patience<S>,
) -> Result<(), VerifyError> {
    const LONGEST_WAIT: Duration = Duration::from_secs(30);
    if files.is_empty() {
        return Err(VerifyError::Empty);
    }
    let mut waited = Duration::ZERO;
    let mut wait = Duration::from_secs(1);
    loop {
        let missing = match look(client, files).await {
            Ok(missing) if missing.is_empty() => return Ok(()),
            Ok(missing) => VerifyError::Missing { files: missing },
            Err(error) if error.kind() == ErrorKind::Outside => error,
            Err(error) => return Err(error),
        };
        let left = patience.policy.verify.saturating_sub(waited);
        if left.is_zero() {
            return Err(missing);
        }
        let pause = wait.min(left);
        tracing::info!("{missing}; asking again in {} s", pause.as_secs());
        patience.wait(pause).await;
        waited += pause;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Asks once; returns the names of the files that are not listed.
async fn look(client: &IndexClient, files: &[&Distribution]) -> Result<Vec<String>, VerifyError> {
    let mut missing = Vec::new();
    let mut page = None;
    for file in files {
        let unreadable = |source| VerifyError::Index { project: file.project().to_string(), source };
        let page = match &page {
            Some((project, page)) if project == file.project() => page,
            _ => {
                let fetched = client.project_once(file.project()).await.map_err(unreadable)?;
                &page.insert((file.project().clone(), fetched)).1
            }
        };
        match listed(client, page, file).await.map_err(unreadable)? {
            Some(theirs) if theirs == file.sha256() => {}
            Some(theirs) => {
                let file_name = file.file_name().to_owned();
                return Err(VerifyError::Mismatch { file: file_name, ours: file.sha256(), theirs });
            }
            None => missing.push(file.file_name().to_owned()),
        }
    }
    Ok(missing)
}
