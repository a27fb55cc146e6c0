mod attestations;

use std::time::Duration;

use dist_check::Sha256;
use findings_model::PackageName;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER},
};
use retry::{is_temporary, retry_after};
use sha2::Digest as _;
use url::Url;
use web_address::may_be_asked;

use super::{DOWNLOAD, IndexClient, PAGE, SLOWEST_LINE};
use crate::{ErrorKind, ListedFile, PageError, Patience, ProjectPage, address::leads_to_pypi, page::RawPage};

/// What pages are asked for: JSON (PEP 691) if the index has it.
const PAGE_TYPES: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
/// The largest page, in bytes. The largest of PyPI have some 30 MB.
const LARGEST_PAGE: u64 = 128 << 20;

/// Why an index could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No answer.
    #[error("cannot reach {url}")]
    Unreachable {
        /// What was asked for.
        url: Url,
        /// The cause.
        source: reqwest::Error,
    },
    /// The index wants a credential, or another one.
    #[error("{url} refused to be read with status {status}")]
    Refused {
        /// What was asked for.
        url: Url,
        /// The HTTP status.
        status: u16,
    },
    /// A redirect to another server. Only one to PyPI says that the index does not know a project.
    #[error("{url} redirects to {target}, another host, which is not followed")]
    Elsewhere {
        /// What was asked for.
        url: Url,
        /// Where it leads, without what may be a secret in it.
        target: String,
    },
    /// A status that no wait changes: a redirect to nowhere, or a page that is gone.
    #[error("{url} answered with status {status}")]
    NoPage {
        /// What was asked for.
        url: Url,
        /// The HTTP status.
        status: u16,
    },
    /// Another status that is no success.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: Url,
        /// The HTTP status.
        status: u16,
    },
    /// More bytes than a page has.
    #[error("{url} sent more than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: Url,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The answer is no simple page.
    #[error("{url} is not a simple page of an index")]
    Page {
        /// What was asked for.
        url: Url,
        /// What is wrong with it.
        source: PageError,
    },
    /// A file is listed without a digest, at an address that is not asked.
    #[error("the index lists {file} without a SHA-256, and gives no https address where the file could be looked at")]
    NoDigest {
        /// The file's name.
        file: String,
    },
    /// Attestations are listed at an address that is not asked.
    #[error("the index lists attestations at {given:?}, which is not an https address")]
    Attestations {
        /// The address as listed.
        given: String,
    },
}

impl ReadError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Page { .. } | Self::Elsewhere { .. } | Self::NoPage { .. } => ErrorKind::Usage,
            Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::TooLarge { .. }
            | Self::NoDigest { .. }
            | Self::Attestations { .. } => ErrorKind::Outside,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "check the network and the index's address, then run the same command again",
            Self::Refused { .. } => {
                "set PYPI_TOKEN to a token of this index that may read it; with one set, check that it is valid and may read"
            }
            Self::Status { .. } => "look at the index's status page, then run the same command again",
            Self::Page { .. } | Self::TooLarge { .. } | Self::Elsewhere { .. } | Self::NoPage { .. } => {
                "check the address of the simple API (`publish.simple_index`)"
            }
            Self::NoDigest { .. } => "let the index list SHA-256 digests",
            Self::Attestations { .. } => "let the index list attestations at an https address",
        }
    }
}

/// A failed read, and whether and when it may be tried again.
struct Failed {
    error: Box<ReadError>,
    again: Again,
}

enum Again {
    Never,
    /// Not before the time that the index asked for, if it did.
    After(Option<Duration>),
}

impl Failed {
    fn finally(error: ReadError) -> Self {
        Self { error: Box::new(error), again: Again::Never }
    }
}

impl IndexClient {
    /// What the index lists of a project; nothing for a project that it does not know. Temporary failures are retried.
    pub(crate) async fn project<S: AsyncFn(Duration)>(
        &self,
        project: &PackageName,
        patience: &Patience<S>,
    ) -> Result<ProjectPage, ReadError> {
        let url = self.address.page(project);
        let Some(raw) = self.raw_page(project, patience).await? else {
            return Ok(ProjectPage::default());
        };
        raw.parse(&url, project).map_err(|source| ReadError::Page { url, source })
    }

    /// The page as the index sent it; none for a project that it does not know.
    pub(crate) async fn raw_page<S: AsyncFn(Duration)>(
        &self,
        project: &PackageName,
        patience: &Patience<S>,
    ) -> Result<Option<RawPage>, ReadError> {
        patiently(patience, async || self.page_once(project).await).await
    }

    /// As [`Self::project`], in one try.
    pub(crate) async fn project_once(&self, project: &PackageName) -> Result<ProjectPage, ReadError> {
        let url = self.address.page(project);
        match self.page_once(project).await {
            Ok(Some(raw)) => raw.parse(&url, project).map_err(|source| ReadError::Page { url, source }),
            Ok(None) => Ok(ProjectPage::default()),
            Err(failed) => Err(*failed.error),
        }
    }

    async fn page_once(&self, project: &PackageName) -> Result<Option<RawPage>, Failed> {
        let url = self.address.page(project);
        let response = self.get(&url).await?;
        let status = response.status();
        match elsewhere(&url, &response) {
            Some(target) if leads_to_pypi(&target) => return Ok(None),
            Some(mut target) => {
                target.set_query(None);
                let target = target.origin().ascii_serialization() + target.path();
                return Err(Failed::finally(ReadError::Elsewhere { url, target }));
            }
            None if status == StatusCode::NOT_FOUND => return Ok(None),
            None => {}
        }
        let response = success(&url, response)?;
        let header = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = header.unwrap_or_default().to_owned();
        let mut body = Vec::new();
        each_chunk(&url, response, LARGEST_PAGE, |chunk| {
            body.extend_from_slice(chunk);
        })
        .await?;
        RawPage::new(&content_type, body).map(Some).map_err(|source| Failed::finally(ReadError::Page { url, source }))
    }

    /// The digest of a listed file: the index's word, else of the file itself. Files larger than `largest` bytes have
    /// none of the digests that are asked about, and are read no further. Temporary failures are retried.
    pub(crate) async fn digest<S: AsyncFn(Duration)>(
        &self,
        name: &str,
        file: &ListedFile,
        largest: u64,
        patience: &Patience<S>,
    ) -> Result<Sha256, ReadError> {
        patiently(patience, async || self.try_digest(name, file, largest).await).await
    }

    /// As [`Self::digest`], in one try.
    pub(crate) async fn digest_once(&self, name: &str, file: &ListedFile, largest: u64) -> Result<Sha256, ReadError> {
        self.try_digest(name, file, largest).await.map_err(|failed| *failed.error)
    }

    async fn try_digest(&self, name: &str, file: &ListedFile, largest: u64) -> Result<Sha256, Failed> {
        if let Some(digest) = file.sha256 {
            return Ok(digest);
        }
        let url = file.url.as_ref().filter(|url| may_be_asked(url));
        let url = url.ok_or_else(|| Failed::finally(ReadError::NoDigest { file: name.to_owned() }))?;
        let mut hasher = sha2::Sha256::new();
        let downloaded = async {
            let time = DOWNLOAD + Duration::from_secs(largest / SLOWEST_LINE);
            let response = success(url, self.get_within(url, PAGE_TYPES, time).await?)?;
            each_chunk(url, response, largest, |chunk| hasher.update(chunk)).await
        };
        match downloaded.await {
            Err(failed) if !matches!(*failed.error, ReadError::TooLarge { .. }) => Err(failed),
            // A longer file is another one, and so is the digest of the part that was read.
            _ => Ok(Sha256::from_hasher(hasher)),
        }
    }

    /// One request. The credential goes only to the origin of the upload address, and only when that asks for one.
    async fn get(&self, url: &Url) -> Result<Response, Failed> {
        self.get_as(url, PAGE_TYPES).await
    }

    /// As [`Self::get`], with other content types.
    async fn get_as(&self, url: &Url, types: &'static str) -> Result<Response, Failed> {
        self.get_within(url, types, PAGE).await
    }

    /// As [`Self::get_as`], with another time for the whole answer.
    async fn get_within(&self, url: &Url, types: &'static str, time: Duration) -> Result<Response, Failed> {
        let request = || self.reader.get(url.clone()).header(ACCEPT, types).timeout(time);
        let mut response = request().send().await.map_err(|source| unreachable(url, source))?;
        if response.status() == StatusCode::UNAUTHORIZED
            && url.origin() == self.address.upload_url().origin()
            && let Some(credential) = self.credential()
        {
            let request = request().basic_auth("__token__", Some(credential.token().expose()));
            response = request.send().await.map_err(|source| unreachable(url, source))?;
        }
        Ok(response)
    }
}

/// Asks until there is an answer, or patience ends.
async fn patiently<T, S: AsyncFn(Duration)>(
    patience: &Patience<S>,
    once: impl AsyncFn() -> Result<T, Failed>,
) -> Result<T, ReadError> {
    let started = tokio::time::Instant::now();
    let mut tries = patience.tries(1);
    loop {
        tries.begin();
        let failed = match once().await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let Again::After(asked) = failed.again else {
            return Err(*failed.error);
        };
        let Some(wait) = tries.next_wait(started.elapsed(), asked) else {
            return Err(*failed.error);
        };
        tracing::warn!("{}; trying again in {:.1} s", failed.error, wait.as_secs_f64());
        patience.wait(wait).await;
    }
}

/// The other server that an index sends those to who ask for this project.
fn elsewhere(url: &Url, response: &Response) -> Option<Url> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok())?;
    let target = response.url().join(location).ok()?;
    (response.status().is_redirection() && target.origin() != url.origin()).then_some(target)
}

fn unreachable(url: &Url, source: reqwest::Error) -> Failed {
    let error = ReadError::Unreachable { url: url.clone(), source: source.without_url() };
    Failed { error: Box::new(error), again: Again::After(None) }
}

fn success(url: &Url, response: Response) -> Result<Response, Failed> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let asked = retry_after(text(RETRY_AFTER), text(DATE));
    let (url, status) = (url.clone(), status.as_u16());
    Err(match status {
        401 | 403 => Failed::finally(ReadError::Refused { url, status }),
        _ if is_temporary(status) => {
            Failed { error: Box::new(ReadError::Status { url, status }), again: Again::After(asked) }
        }
        300..=399 | 410 => Failed::finally(ReadError::NoPage { url, status }),
        _ => Failed::finally(ReadError::Status { url, status }),
    })
}

async fn each_chunk(url: &Url, mut response: Response, limit: u64, mut take: impl FnMut(&[u8])) -> Result<(), Failed> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(|source| unreachable(url, source))? {
        length += chunk.len() as u64;
        take(&chunk);
        if length > limit {
            return Err(Failed::finally(ReadError::TooLarge { url: url.clone(), limit }));
        }
    }
    Ok(())
}
