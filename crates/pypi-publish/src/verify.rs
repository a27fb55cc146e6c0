use std::time::Duration;

use dist_check::{Distribution, Sha256};
use findings_model::{PackageName, Timestamp};
use tokio::time::Instant;

use crate::{ErrorKind, IndexClient, Patience, ProjectPage, ReadError, plan::listed};

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
    /// The index could be read before, and now answers with something else.
    #[error("the index does not answer any more as it did before")]
    Lapsed {
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
            Self::Missing { .. } | Self::Lapsed { .. } => ErrorKind::Outside,
            Self::Mismatch { .. } => ErrorKind::Conflict,
            Self::Index { source, .. } => source.kind(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "name the files that were published",
            Self::Missing { .. } => "caches of an index can lag by minutes; run `publish-pypi verify` again later",
            Self::Lapsed { .. } => "look at the index's status page, then run `publish-pypi verify` again",
            Self::Mismatch { .. } => "do not use these files; find out who published the others",
            Self::Index { source, .. } => source.hint(),
        }
    }
}

/// What the index was found to list.
#[derive(Debug)]
pub struct Verification {
    /// Each file, in the order given, as it was found last.
    pub files: Vec<FoundFile>,
    /// How often the index was asked.
    pub looks: u32,
    /// How long it was waited in all.
    pub waited: Duration,
    /// Why it is not proved that the index has every file.
    pub failure: Option<VerifyError>,
}

/// What the index lists of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// The file's name.
    pub file: String,
    /// Our digest.
    pub sha256: Sha256,
    /// The digest that the index has under this name; none if it does not list the file, or that could not be learned.
    pub index_sha256: Option<Sha256>,
    /// When the index took it, where it tells that.
    pub upload_time: Option<Timestamp>,
    /// Where the index has its attestations, if it has some.
    pub provenance: Option<String>,
}

impl FoundFile {
    fn unknown(file: &Distribution) -> Self {
        Self {
            file: file.file_name().to_owned(),
            sha256: file.sha256(),
            index_sha256: None,
            upload_time: None,
            provenance: None,
        }
    }

    /// Whether the index lists the file with our digest.
    pub fn is_ours(&self) -> bool {
        self.index_sha256 == Some(self.sha256)
    }
}

/// Asks whether the index lists every file with our digest.
///
/// What is missing is asked for again, with growing waits, for at most `patience.policy.verify`, the time of the answers
/// included; no time at all asks once. A wrong digest ends it at once, and so does an index that cannot be read from the first time on in a way that no
/// wait mends. This needs nothing but the files and the index: it may be done later, and from anywhere.
pub async fn verify<S: AsyncFn(Duration)>(
    client: &IndexClient,
    files: &[&Distribution],
    patience: &Patience<S>,
) -> Verification {
    wait_for_listing(client, files, patience, Earlier::Unread).await
}

/// Whether the index has answered as an index before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    Unread,
    Read,
}

/// As [`verify`]. Of an index that was read before, no odd answer is taken for a wrong set-up.
pub(crate) async fn wait_for_listing<S: AsyncFn(Duration)>(
    client: &IndexClient,
    files: &[&Distribution],
    patience: &Patience<S>,
    mut earlier: Earlier,
) -> Verification {
    const LONGEST_WAIT: Duration = Duration::from_secs(30);
    let mut found: Vec<FoundFile> = files.iter().map(|file| FoundFile::unknown(file)).collect();
    let started = Instant::now();
    let (mut looks, mut waited, mut wait) = (0, Duration::ZERO, Duration::from_secs(1));
    let failure = loop {
        if files.is_empty() {
            break Some(VerifyError::Empty);
        }
        looks += 1;
        let error = match look(client, files, &mut found).await {
            Ok(()) => break None,
            Err(VerifyError::Index { project, source })
                if earlier == Earlier::Read && source.kind() != ErrorKind::Outside =>
            {
                VerifyError::Lapsed { project, source }
            }
            Err(error) => error,
        };
        if error.kind() != ErrorKind::Outside {
            break Some(error);
        }
        if matches!(error, VerifyError::Missing { .. }) {
            earlier = Earlier::Read;
        }
        let left = patience.policy.verify.saturating_sub(waited.max(started.elapsed()));
        if left.is_zero() {
            break Some(error);
        }
        let pause = wait.min(left);
        tracing::info!("{error}; asking again in {} s", pause.as_secs());
        patience.wait(pause).await;
        waited += pause;
        wait = (wait * 2).min(LONGEST_WAIT);
    };
    Verification { files: found, looks, waited, failure }
}

/// Asks once, and notes what is listed of each file.
async fn look(client: &IndexClient, files: &[&Distribution], found: &mut [FoundFile]) -> Result<(), VerifyError> {
    let (mut missing, mut mismatch) = (Vec::new(), None);
    let mut page: Option<(PackageName, ProjectPage)> = None;
    for (file, found) in files.iter().zip(found) {
        let unreadable = |source| VerifyError::Index { project: file.project().to_string(), source };
        let page = match &page {
            Some((project, page)) if project == file.project() => page,
            _ => {
                let fetched = client.project_once(file.project()).await.map_err(unreadable)?;
                &page.insert((file.project().clone(), fetched)).1
            }
        };
        found.index_sha256 = listed(client, page, file).await.map_err(unreadable)?;
        if let Some(listed) = page.files.get(file.file_name()) {
            found.upload_time = listed.upload_time;
            found.provenance.clone_from(&listed.provenance);
        }
        match found.index_sha256 {
            Some(theirs) if theirs == file.sha256() => {}
            Some(theirs) => {
                let (file, ours) = (file.file_name().to_owned(), file.sha256());
                mismatch.get_or_insert(VerifyError::Mismatch { file, ours, theirs });
            }
            None => missing.push(file.file_name().to_owned()),
        }
    }
    match mismatch {
        Some(mismatch) => Err(mismatch),
        None if missing.is_empty() => Ok(()),
        None => Err(VerifyError::Missing { files: missing }),
    }
}
