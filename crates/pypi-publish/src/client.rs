//! Requests to an index. Reading and sending are apart: only the sender knows the credential's use for uploads, and
//! it follows no redirect.

mod read;
mod send;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use credentials::IndexCredential;
use url::Url;
use web_address::may_be_asked;

pub use read::ReadError;
pub(crate) use send::{Answer, Load, Question};

use crate::IndexAddress;

/// Time to make a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Time for one page.
const PAGE: Duration = Duration::from_secs(30);
/// Time for a file that is downloaded for its digest, beside what the slowest line takes for its bytes.
const DOWNLOAD: Duration = Duration::from_secs(30);
/// The slowest line on which files are sent and fetched, in bytes a second.
const SLOWEST_LINE: u64 = 256 << 10;
/// The most redirects that are followed when reading.
const MOST_REDIRECTS: usize = 5;

/// A package index that is spoken to.
#[derive(Debug)]
pub struct IndexClient {
    address: IndexAddress,
    credential: Mutex<Option<Arc<IndexCredential>>>,
    reader: reqwest::Client,
    sender: reqwest::Client,
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client for the index {index}")]
pub struct ClientError {
    index: Url,
    source: reqwest::Error,
}

impl IndexClient {
    /// Prepares to speak to an index. Nothing is sent yet.
    ///
    /// Proxies are taken from the environment as other tools do, but never for an index on this machine.
    pub fn new(address: IndexAddress, credential: Option<IndexCredential>) -> Result<Self, ClientError> {
        let failed = |source: reqwest::Error| ClientError { index: address.upload_url().clone(), source };
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("relwarden-publish-pypi/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT);
            match (address.is_loopback(), address.is_plain()) {
                // Reading the machine's certificates takes longer than all else until the first byte.
                (true, true) => builder.no_proxy().tls_certs_only([]),
                (true, false) => builder.no_proxy(),
                (false, _) => builder,
            }
        };
        let reader = builder().redirect(reading_policy()).build().map_err(failed)?;
        let sender = builder().redirect(reqwest::redirect::Policy::none()).build().map_err(failed)?;
        Ok(Self { address, credential: Mutex::new(credential.map(Arc::new)), reader, sender })
    }

    /// The index.
    pub fn address(&self) -> &IndexAddress {
        &self.address
    }

    /// The credential, if there is one.
    pub fn credential(&self) -> Option<Arc<IndexCredential>> {
        self.credential.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes another credential for every request that begins from now on: a minted token lasts a quarter of an hour, a
    /// publish of many files may last longer.
    pub fn renew(&self, credential: IndexCredential) {
        *self.credential.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(credential));
    }
}

/// Redirects of pages are followed within one origin. An index that sends unknown projects elsewhere (pypiserver to
/// PyPI, for one) does not have them: what another index lists says nothing about this one.
fn reading_policy() -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(|attempt| {
        let same_origin = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
        if same_origin && may_be_asked(attempt.url()) && attempt.previous().len() <= MOST_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
