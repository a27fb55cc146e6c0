//! Times the status page: a few requests one after the other, each over a new connection.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use cli_support::{Context, ExitStatus, Failure};
use findings_model::text;
use reqwest::{Client, redirect::Policy};
use setup_rules::ResponseSample;
use url::Url;

/// How many requests are made.
const REQUESTS: usize = 5;
/// The most that an answer may hold: 8 MiB. A status document holds some kilobytes.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;
/// How many redirections are followed; their time counts.
const REDIRECTIONS: usize = 3;

#[derive(Debug, clap::Args)]
pub(crate) struct ProbeArgs {
    /// The public address of the status document [default: status.url of the configuration]
    #[arg(long, value_name = "URL", env = "RELWARDEN_STATUS_URL")]
    status_url: Option<String>,
    /// How long one request may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    probe_timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    parsed
        .filter(|time| (Duration::from_millis(1)..=Duration::from_mins(1)).contains(time))
        .ok_or_else(|| "not a number of seconds from 0.001 to 60".to_owned())
}

/// Makes the requests; none without an address.
pub(crate) fn run(args: &ProbeArgs, cx: &mut Context) -> anyhow::Result<Vec<ResponseSample>> {
    let Some(address) = args.status_url.clone().or(cx.config()?.status.url.clone()) else {
        return Ok(Vec::new());
    };
    let url = Url::parse(&address).ok().filter(is_allowed).ok_or_else(|| {
        Failure::new(ExitStatus::Usage, "cannot use the address of the status page").hint("give an https address without user name and password (plain http only on this machine) with --status-url or status.url")
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the network runtime")?;
    Ok(runtime.block_on(async {
        let mut samples = Vec::new();
        for _ in 0..REQUESTS {
            samples.push(request(&url, args.probe_timeout).await);
        }
        samples
    }))
}

/// Whether an address may be asked: https, or http on this machine; nothing secret in it.
fn is_allowed(url: &Url) -> bool {
    web_address::may_be_asked(url) && url.username().is_empty() && url.password().is_none()
}

async fn request(url: &Url, timeout: Duration) -> ResponseSample {
    let redirections = Policy::custom(|attempt| {
        if attempt.previous().len() > REDIRECTIONS {
            attempt.error("it redirects too often")
        } else if is_allowed(attempt.url()) {
            attempt.follow()
        } else {
            attempt.error("it redirects to an address that is not https")
        }
    });
    // A client of its own for each request: the next one cannot use its connection.
    let client = Client::builder()
        .timeout(timeout)
        .redirect(redirections)
        .user_agent(concat!("relwarden/", env!("CARGO_PKG_VERSION")))
        .build();
    let start = Instant::now();
    match answer(client, url).await {
        Ok(()) => ResponseSample::Answered(start.elapsed()),
        Err(NoAnswer::Request(error)) if error.is_timeout() => {
            ResponseSample::Failed(format!("no answer within {} s", timeout.as_secs_f64()))
        }
        Err(NoAnswer::Request(error)) => ResponseSample::Failed(text::innermost(&error)),
        Err(NoAnswer::Status(status)) => ResponseSample::Failed(format!("answered {status}")),
        Err(NoAnswer::TooLarge) => {
            ResponseSample::Failed(format!("answered with more than {} MiB", ANSWER_LIMIT / 1024 / 1024))
        }
    }
}

enum NoAnswer {
    Request(reqwest::Error),
    Status(reqwest::StatusCode),
    TooLarge,
}

impl From<reqwest::Error> for NoAnswer {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(error.without_url())
    }
}

/// Reads a whole answer and forgets it.
async fn answer(client: reqwest::Result<Client>, url: &Url) -> Result<(), NoAnswer> {
    let mut response = client?.get(url.clone()).send().await?;
    if !response.status().is_success() {
        return Err(NoAnswer::Status(response.status()));
    }
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await? {
        bytes += chunk.len();
        if bytes > ANSWER_LIMIT {
            return Err(NoAnswer::TooLarge);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        for good in ["https://example.org/index.json", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/x"]
        {
            assert!(is_allowed(&Url::parse(good).unwrap()), "{good}");
        }
        for bad in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://user:word@example.org/",
            "http://127.0.0.1.example.org/",
            "http://10.0.0.1/",
        ] {
            assert!(!is_allowed(&Url::parse(bad).unwrap()), "{bad}");
        }
    }

    #[test]
    fn a_time_out_is_a_sensible_number_of_seconds() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for bad in ["0", "-1", "61", "NaN", "inf", "x", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
