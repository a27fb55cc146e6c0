//! One question to a service, tried until there is an answer or no hope of one.

use std::time::{Duration, Instant};

use findings_model::text;
use reqwest::{
    Client, Response, StatusCode,
    header::{DATE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER},
};
use retry::{Chance, is_temporary, retry_after};

use crate::{address::SourceAddress, cache::Validators, patience::Patience};

/// The most redirects that are followed, on one host.
const MOST_REDIRECTS: usize = 5;

/// What came back.
#[derive(Debug)]
pub(crate) enum Reply {
    Found {
        body: Vec<u8>,
        validators: Validators,
    },
    /// What is kept is still what there is.
    Unchanged,
    NotThere,
}

/// Why there is no answer. The words are the same for the same fault, so that a thousand of them are one warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum AskError {
    #[error("no HTTP client can be made: {0}")]
    Client(String),
    #[error("no connection can be made: {0}")]
    Connect(String),
    #[error("the connection broke: {0}")]
    Transport(String),
    #[error("there was no answer in time")]
    TimeOut,
    #[error("it answered with status {0}")]
    Status(u16),
    #[error("it redirects to another host, which is not followed")]
    Redirect,
    #[error("the answer holds more than {0} bytes")]
    TooLarge(u64),
}

/// How one question is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner<'a> {
    pub(crate) patience: &'a Patience,
    /// The end of the run's time.
    pub(crate) until: Instant,
    /// The most time for one try.
    pub(crate) try_time: Duration,
    /// The most bytes of an answer.
    pub(crate) limit: u64,
    pub(crate) seed: u64,
}

/// The client for an address. Proxies are taken from the environment as other tools do, but never for this machine.
pub(crate) fn client(address: &SourceAddress, patience: &Patience) -> Result<Client, AskError> {
    let builder = Client::builder()
        .user_agent(concat!("relwarden/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(patience.connect)
        .redirect(reqwest::redirect::Policy::custom(|attempt| {
            let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
            if same && attempt.previous().len() <= MOST_REDIRECTS { attempt.follow() } else { attempt.stop() }
        }));
    let builder = if address.is_loopback() { builder.no_proxy() } else { builder.https_only(true) };
    builder.build().map_err(|e| AskError::Client(innermost(&e)))
}

/// Asks until there is an answer, the tries or the time are used up, or trying again cannot help.
pub(crate) async fn ask(
    client: &Client,
    address: &SourceAddress,
    known: &Validators,
    manner: Manner<'_>,
) -> Result<Reply, AskError> {
    let mut chance = Chance::of(manner.seed, address.url().as_str());
    let mut made = 0;
    loop {
        let left = manner.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(AskError::TimeOut);
        }
        made += 1;
        let once = once(client, address, known, manner.limit);
        let failed = match tokio::time::timeout(left.min(manner.try_time), once).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(failed)) => failed,
            Err(_) => Failed { error: AskError::TimeOut, again: true, after: None },
        };
        let left = manner.until.saturating_duration_since(Instant::now());
        let wait = manner.patience.wait(made, &mut chance, failed.after, left).filter(|_| failed.again);
        tracing::debug!("{address}, try {made}: {}; next try: {wait:?}", failed.error);
        match wait {
            Some(wait) if wait.is_zero() => {}
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(failed.error),
        }
    }
}

struct Failed {
    error: AskError,
    again: bool,
    after: Option<Duration>,
}

async fn once(client: &Client, address: &SourceAddress, known: &Validators, limit: u64) -> Result<Reply, Failed> {
    let mut request = client.get(address.url().clone());
    for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let mut response = request.send().await.map_err(|e| lost(&e))?;
    let header = |response: &Response, name: HeaderName| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_MODIFIED if *known != Validators::default() => return Ok(Reply::Unchanged),
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Reply::NotThere),
        status if status.is_redirection() => {
            return Err(Failed { error: AskError::Redirect, again: false, after: None });
        }
        status => {
            let after = retry_after(header(&response, RETRY_AFTER).as_deref(), header(&response, DATE).as_deref());
            let status = status.as_u16();
            return Err(Failed { error: AskError::Status(status), again: is_temporary(status), after });
        }
    }
    let validators = Validators { etag: header(&response, ETAG), last_modified: header(&response, LAST_MODIFIED) };
    let too_large = || Failed { error: AskError::TooLarge(limit), again: false, after: None };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| lost(&e))? {
        if body.len() as u64 + chunk.len() as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply::Found { body, validators })
}

fn lost(error: &reqwest::Error) -> Failed {
    if error.is_connect() {
        let error = if error.is_timeout() { AskError::TimeOut } else { AskError::Connect(innermost(error)) };
        // One attempt tells: a service that cannot be reached costs a run its connection time once.
        return Failed { error, again: false, after: None };
    }
    Failed { error: AskError::Transport(innermost(error)), again: !error.is_builder(), after: None }
}

/// What the innermost cause says, on one line: the outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    text::shorten(&text::one_line(&text::innermost(error)), 200).into_owned()
}
