//! Identity tokens of GitHub Actions.

use serde::Deserialize;
use url::Url;

use crate::{
    Claims, ErrorKind, Job, Patience, Secret,
    http::{self, TransportError},
};

/// Where a job of GitHub Actions asks for tokens that prove who it is.
///
/// The job has the address and the bearer token in its environment if it was given the permission `id-token: write`.
#[derive(Debug)]
pub struct IdTokenSource {
    address: Url,
    bearer: Secret,
    client: reqwest::Client,
}

/// An identity token: a JSON web token, signed by GitHub, good for about five minutes and one audience.
#[derive(Debug)]
pub struct IdToken {
    token: Secret,
    pub(crate) claims: Claims,
}

impl IdToken {
    /// The token, for the one request that it is for.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// Why there is no identity token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Not a job of GitHub Actions.
    #[error("not running in GitHub Actions, so no identity token is available")]
    OutsideActions,
    /// A pull request from a fork, whose jobs get none.
    #[error("GitHub gives no identity token to a pull request from a fork")]
    Fork,
    /// The job has not got the variables.
    #[error("the job may not ask GitHub for an identity token: {0} is not set")]
    NotPermitted(&'static str),
    /// The address would be told the bearer token unencrypted, or is none.
    #[error("ACTIONS_ID_TOKEN_REQUEST_URL is not an https address")]
    Address,
    /// No HTTP client.
    #[error("no HTTP client can be made")]
    Client,
    /// 400, 401, 403, …
    #[error("GitHub refused the request for an identity token (HTTP {0})")]
    Refused(u16),
    /// 5xx and 429, each time.
    #[error("GitHub's token service fails (HTTP {status}, after {tries} tries)")]
    Unavailable {
        /// The last status.
        status: u16,
        /// How often it was asked.
        tries: u32,
    },
    /// No answer, each time.
    #[error("GitHub's token service does not answer (after {tries} tries)")]
    Lost {
        /// Why not, the last time.
        source: TransportError,
        /// How often it was asked.
        tries: u32,
    },
    /// An answer without a token.
    #[error("what GitHub's token service answered holds no identity token")]
    Answer,
    /// A token for another audience.
    #[error("GitHub issued an identity token for audience {got:?}; {asked:?} was requested")]
    Audience {
        /// The audience asked for.
        asked: String,
        /// The token's own.
        got: String,
    },
}

impl IdTokenError {
    /// What class of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OutsideActions | Self::NotPermitted(_) | Self::Address | Self::Client => ErrorKind::Configuration,
            Self::Fork | Self::Refused(_) | Self::Audience { .. } => ErrorKind::Refused,
            Self::Unavailable { .. } | Self::Lost { .. } | Self::Answer => ErrorKind::Outside,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OutsideActions => {
                "publish from the workflow; outside of it `publish` takes a token from PYPI_TOKEN with --auth env, and nothing can be attested"
            }
            Self::Fork => "publish from a branch of the repository itself, after the pull request was merged",
            Self::NotPermitted(_) => {
                "give the job `permissions: id-token: write`; a job of a reusable workflow needs it from its caller too"
            }
            Self::Address => "leave the variable as GitHub sets it; plain http is for a server on this machine only",
            Self::Client => "look at the certificates and the proxy settings of this machine",
            Self::Refused(_) => {
                "the address and its token are good while the job runs: ask from the step itself, and run the job again"
            }
            Self::Unavailable { .. } | Self::Lost { .. } | Self::Answer => {
                "run the job again later; https://www.githubstatus.com tells of GitHub's own troubles. A runner with a list of \
                 allowed addresses must allow this one"
            }
            Self::Audience { .. } => {
                "a proxy or a custom setting stands between the job and GitHub; ask GitHub's own address"
            }
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    value: Secret,
}

impl IdTokenSource {
    /// The source that the environment names: `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub fn new(address: Option<&str>, bearer: Option<Secret>, job: &Job) -> Result<Self, IdTokenError> {
        let absent = |variable| match (job.in_actions, job.from_fork) {
            (false, _) => IdTokenError::OutsideActions,
            (true, Some(true)) => IdTokenError::Fork,
            (true, _) => IdTokenError::NotPermitted(variable),
        };
        let address = address.ok_or_else(|| absent("ACTIONS_ID_TOKEN_REQUEST_URL"))?;
        let bearer = bearer.ok_or_else(|| absent("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))?;
        let address = Url::parse(address).ok().filter(web_address::may_be_asked).ok_or(IdTokenError::Address)?;
        let client = http::client(&address).map_err(|_builder| IdTokenError::Client)?;
        Ok(Self { address, bearer, client })
    }

    /// Asks for a token that one service will take, the one that calls itself `audience`.
    pub async fn request(&self, audience: &str, patience: Patience) -> Result<IdToken, IdTokenError> {
        let address = with_audience(&self.address, audience);
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self.client.get(address.clone()).bearer_auth(self.bearer.expose());
            let request = request.header(reqwest::header::ACCEPT, "application/json");
            let (error, asked) = match http::send(request).await {
                Ok(reply) if reply.status.is_success() => return read(&reply.body, audience),
                Ok(reply) if !retry::is_temporary(reply.status.as_u16()) => {
                    return Err(IdTokenError::Refused(reply.status.as_u16()));
                }
                Ok(reply) => (IdTokenError::Unavailable { status: reply.status.as_u16(), tries }, reply.retry_after),
                Err(source) => (IdTokenError::Lost { source, tries }, None),
            };
            tracing::info!("{error}");
            if !patience.wait(tries, asked).await {
                return Err(error);
            }
        }
    }
}

/// The address with the audience, beside what its query has already.
fn with_audience(address: &Url, audience: &str) -> Url {
    let mut with = address.clone();
    let kept = address.query_pairs().filter(|(name, _)| name != "audience");
    with.query_pairs_mut().clear().extend_pairs(kept).append_pair("audience", audience);
    with
}

fn read(body: &[u8], audience: &str) -> Result<IdToken, IdTokenError> {
    let Answer { value: token } = serde_json::from_slice(body).map_err(|_no_answer| IdTokenError::Answer)?;
    let claims = Claims::of(token.expose()).map_err(|_no_token| IdTokenError::Answer)?;
    if claims.text("aud") != Some(audience) {
        let got = claims.shown().remove("aud").flatten().unwrap_or_default();
        return Err(IdTokenError::Audience { asked: audience.to_owned(), got });
    }
    Ok(IdToken { token, claims })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_joins_the_query_that_is_there() {
        let merged = |address: &str| with_audience(&Url::parse(address).unwrap(), "sts.amazonaws.com").to_string();
        assert_eq!(merged("https://example.org/t?v=1"), "https://example.org/t?v=1&audience=sts.amazonaws.com");
        assert_eq!(
            merged("https://example.org/t?audience=x&v=1"),
            "https://example.org/t?v=1&audience=sts.amazonaws.com"
        );
        assert_eq!(merged("https://example.org/t"), "https://example.org/t?audience=sts.amazonaws.com");
    }

    #[test]
    fn a_missing_variable_says_why_it_may_be_missing() {
        let in_actions = Job { in_actions: true, ..Job::default() };
        let fork = Job { from_fork: Some(true), ..in_actions.clone() };
        let absent = |job: &Job| IdTokenSource::new(None, None, job).map(drop).unwrap_err();
        assert_eq!(absent(&Job::default()), IdTokenError::OutsideActions);
        assert_eq!(absent(&fork), IdTokenError::Fork);
        assert!(absent(&in_actions).hint().contains("id-token: write"));
        let plain = IdTokenSource::new(Some("http://example.org/t"), Some(Secret::new("b".into())), &in_actions);
        assert_eq!(plain.map(drop).unwrap_err(), IdTokenError::Address);
    }
}
