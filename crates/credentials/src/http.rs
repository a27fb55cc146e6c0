//! Requests whose answers are secrets.

use std::{error::Error as _, time::Duration};

use findings_model::text;
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{DATE, RETRY_AFTER},
    redirect::Policy,
};
use retry::retry_after;
use url::Url;
use web_address::is_loopback;
use zeroize::Zeroizing;

/// Time to make a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);
/// Time for one request.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const LONGEST: usize = 64 << 10;

/// A client for one address that follows no redirect: what it sends is for that address alone. Proxies are taken from the
/// environment as other tools do, but never for this machine.
pub(crate) fn client(address: &Url) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("relwarden/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(ATTEMPT)
        .redirect(Policy::none());
    let builder = if is_loopback(address) { builder.no_proxy() } else { builder.https_only(true) };
    builder.build()
}

/// What a service answered: status and body. The body is wiped when dropped.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection.
    #[error("no connection can be made: {0}")]
    Connect(String),
    /// No answer in time.
    #[error("there was no answer in time")]
    TimeOut,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// More bytes than any answer has.
    #[error("the answer holds more than {LONGEST} bytes")]
    TooLong,
}

/// Sends a request, once.
pub(crate) async fn send(request: RequestBuilder) -> Result<Reply, TransportError> {
    let mut response = request.send().await.map_err(|error| lost(&error))?;
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = retry_after(header(RETRY_AFTER), header(DATE));
    // As long as it may get, so that no copy is left behind by growing.
    let mut body = Zeroizing::new(Vec::with_capacity(LONGEST));
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > LONGEST {
            return Err(TransportError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status: response.status(), body, retry_after })
}

fn lost(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::TimeOut;
    }
    // The outer causes repeat the address, which may hold more than its host.
    let mut cause = error.source();
    let mut words = String::new();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    let words = text::shorten(&text::one_line(&words), 200).into_owned();
    if error.is_connect() { TransportError::Connect(words) } else { TransportError::Broken(words) }
}
