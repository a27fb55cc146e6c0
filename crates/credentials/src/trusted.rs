//! Trusted publishing: an identity token becomes a token of the index, good for fifteen minutes.

use bytes::Bytes;
use findings_model::{Timestamp, text};
use serde::Deserialize;
use url::Url;

use crate::{
    Claims, ErrorKind, IdToken, IdTokenError, IdTokenSource, IndexIdentity, Patience, PypiToken, Secret, TokenError,
    TokenShape,
    http::{self, TransportError},
    redact,
};

/// Who signs the identity tokens of GitHub's public service.
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// The most characters of the index's words that are shown.
const WORDS: usize = 600;

/// An index's side of trusted publishing.
#[derive(Debug)]
pub struct TrustedPublishing {
    index: IndexIdentity,
    audience: Url,
    mint: Url,
    client: reqwest::Client,
}

/// A token that the index made for this job.
#[derive(Debug)]
pub struct MintedToken {
    /// The token.
    pub token: PypiToken,
    /// When it ends, where the index says so.
    pub expires: Option<Timestamp>,
    /// What the identity token said that was given for it.
    pub claims: Claims,
}

/// What an index says no to (`warehouse/oidc/views.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MintRefusal {
    /// Trusted publishing is switched off.
    NotEnabled,
    /// The request, the token's form or its issuer.
    InvalidPayload,
    /// Signature, time or audience of the identity token.
    InvalidToken,
    /// The identity token was used before.
    ReusedToken,
    /// A pending publisher for a project that exists by now.
    PendingPublisher,
    /// No publisher matches the claims.
    Publisher,
    /// A code that this program does not know.
    Unknown,
}

impl MintRefusal {
    fn of(code: &str) -> Self {
        match code {
            "not-enabled" => Self::NotEnabled,
            "invalid-payload" => Self::InvalidPayload,
            "invalid-token" => Self::InvalidToken,
            "invalid-reuse-token" => Self::ReusedToken,
            "invalid-pending-publisher" => Self::PendingPublisher,
            "invalid-publisher" => Self::Publisher,
            _ => Self::Unknown,
        }
    }
}

/// Why the index gave no token.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    /// The address of the index is not fit for it.
    #[error("{0} cannot be asked for trusted publishing")]
    Address(Url),
    /// No HTTP client.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
    /// The index has no such thing (404) or has switched it off (403).
    #[error("{index} offers no trusted publishing (HTTP {status})")]
    NotOffered {
        /// The index.
        index: IndexIdentity,
        /// What it answered.
        status: u16,
    },
    /// No identity token.
    #[error("there is no identity token to show to the index")]
    Identity(#[source] IdTokenError),
    /// The index would refuse this job, whatever it is told to trust.
    #[error("{0}")]
    Hopeless(Obstacle),
    /// The index asks for identity tokens of another service.
    #[error("{index} asks for an identity token for {audience:?}, which another service takes")]
    Audience {
        /// The index.
        index: IndexIdentity,
        /// The audience that it asks for, cleaned.
        audience: String,
    },
    /// The index said no.
    #[error("{index} refused the identity token ({code}): {said}")]
    Refused {
        /// The index.
        index: IndexIdentity,
        /// What it says no to.
        refusal: MintRefusal,
        /// Its own code, cleaned.
        code: String,
        /// Its own words, cleaned.
        said: String,
        /// What the identity token said.
        claims: Box<Claims>,
    },
    /// 5xx and 429, each time.
    #[error("{index} fails when asked for trusted publishing (HTTP {status}, after {tries} tries)")]
    Unavailable {
        /// The index.
        index: IndexIdentity,
        /// The last status.
        status: u16,
        /// How often it was asked.
        tries: u32,
    },
    /// No answer, each time.
    #[error("{index} does not answer when asked for trusted publishing (after {tries} tries)")]
    Lost {
        /// The index.
        index: IndexIdentity,
        /// Why not, the last time.
        source: TransportError,
        /// How often it was asked.
        tries: u32,
    },
    /// An answer in no known form.
    #[error("{0} answered in a form that trusted publishing does not have")]
    Answer(IndexIdentity),
    /// The token that came back is none.
    #[error("what {index} gave is not a valid token")]
    Token {
        /// The index.
        index: IndexIdentity,
        /// What is wrong with it.
        source: TokenError,
    },
}

/// What an index refuses whatever publisher it was told of, seen in the claims before it is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// `pull_request_target`, which runs with the rights of the target on the words of a stranger.
    #[error("an index takes no trusted publishing from a workflow that pull_request_target started")]
    PullRequestTarget,
    /// A GitHub Enterprise Server, whose tokens PyPI does not know.
    #[error("the identity token is signed by {0}, which PyPI does not trust; it trusts github.com only")]
    Issuer(String),
    /// A token that says neither branch nor commit.
    #[error("the identity token names neither a ref nor a commit")]
    NoReference,
}

impl Obstacle {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::PullRequestTarget => {
                "start the publishing workflow by workflow_dispatch, schedule, release or a pushed tag"
            }
            Self::Issuer(_) => "publish with a token: --auth aws, or --auth env with PYPI_TOKEN",
            Self::NoReference => "publish from a workflow that runs on a branch or a tag",
        }
    }
}

impl TrustedError {
    /// What class of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Address(_) | Self::Client(_) | Self::NotOffered { .. } => ErrorKind::Configuration,
            Self::Identity(error) => error.kind(),
            Self::Hopeless(_) | Self::Audience { .. } => ErrorKind::Refused,
            Self::Refused { refusal, .. } => match refusal {
                MintRefusal::NotEnabled => ErrorKind::Outside,
                _ => ErrorKind::Refused,
            },
            Self::Unavailable { .. } | Self::Lost { .. } | Self::Answer(_) | Self::Token { .. } => ErrorKind::Outside,
        }
    }

    /// What to do about it, with what to type into the index's form where that is what is wrong.
    pub fn hint(&self) -> String {
        match self {
            Self::Address(_) => "trusted publishing needs an https address".to_owned(),
            Self::Client(_) => "look at the certificates and the proxy settings of this machine".to_owned(),
            Self::NotOffered { .. } => {
                "use --auth aws, or --auth env with PYPI_TOKEN, for an index without trusted publishing".to_owned()
            }
            Self::Identity(error) => error.hint().to_owned(),
            Self::Hopeless(obstacle) => obstacle.hint().to_owned(),
            Self::Audience { .. } => "nothing was sent; whoever runs the index could act as this job elsewhere with such a token: ask \
                                      them for an audience of the index's own, or publish with --auth env and PYPI_TOKEN"
                .to_owned(),
            Self::Refused { index, refusal, claims, .. } => refusal_hint(index, *refusal, claims),
            Self::Unavailable { .. } | Self::Lost { .. } | Self::Answer(_) | Self::Token { .. } => {
                "run the command again later; https://status.python.org tells of PyPI's own troubles".to_owned()
            }
        }
    }
}

fn refusal_hint(index: &IndexIdentity, refusal: MintRefusal, claims: &Claims) -> String {
    let form = || claims.publisher().lines().join("; ");
    match refusal {
        MintRefusal::NotEnabled => {
            "trusted publishing is switched off on the index; https://status.python.org tells until when".to_owned()
        }
        MintRefusal::InvalidPayload => {
            "the index does not take tokens of this kind: it trusts github.com, not an Enterprise Server, and a new project \
             needs a pending publisher of the very same name"
                .to_owned()
        }
        MintRefusal::InvalidToken => {
            let says = |claim| claims.shown().get(claim).cloned().flatten().unwrap_or_else(|| "nothing".to_owned());
            let expires = claims.time("exp").map_or_else(|| "never".to_owned(), |time| time.to_string());
            format!(
                "the token is for the audience {} and ends at {expires}: compare the index with --index, and this machine's clock",
                says("aud")
            )
        }
        MintRefusal::ReusedToken => "run the command again: each try asks GitHub for a token of its own".to_owned(),
        MintRefusal::PendingPublisher => format!(
            "the project exists by now: delete the pending publisher and add a publisher to the project itself, with {}",
            form()
        ),
        MintRefusal::Publisher => {
            let place = match index {
                IndexIdentity::PyPi => "https://pypi.org/manage/project/YOUR-PROJECT/settings/publishing/",
                IndexIdentity::TestPyPi => "https://test.pypi.org/manage/project/YOUR-PROJECT/settings/publishing/",
                IndexIdentity::Other(_) => "the index's page of publishers",
            };
            let mut hint = format!("compare what the index was told at {place} with this job: {}", form());
            if is_reusable(claims) {
                hint.push_str(
                    ". The job stands in a reusable workflow, which PyPI does not support: move the publish job into the \
                     workflow that starts",
                );
            }
            hint
        }
        MintRefusal::Unknown => {
            format!("look the code up in the index's documentation of trusted publishing; the job is {}", form())
        }
    }
}

/// Whether the job stands in another workflow file than the one that was started.
pub fn is_reusable(claims: &Claims) -> bool {
    let path = |claim| claims.text(claim).map(|reference| reference.split('@').next().unwrap_or_default().to_owned());
    path("job_workflow_ref").is_some()
        && path("workflow_ref").is_some()
        && path("job_workflow_ref") != path("workflow_ref")
}

/// What the claims say that an index refuses whatever it was told to trust.
pub fn obstacle(claims: &Claims, index: &IndexIdentity) -> Option<Obstacle> {
    if claims.text("event_name") == Some("pull_request_target") {
        return Some(Obstacle::PullRequestTarget);
    }
    let is_public = matches!(index, IndexIdentity::PyPi | IndexIdentity::TestPyPi);
    if is_public
        && let Some(issuer) = claims.text("iss")
        && issuer != GITHUB_ISSUER
    {
        return Some(Obstacle::Issuer(text::one_line(issuer)));
    }
    let is_empty = |claim| claims.text(claim).is_none_or(str::is_empty);
    (is_empty("ref") && is_empty("sha")).then_some(Obstacle::NoReference)
}

#[derive(Deserialize)]
struct AudienceAnswer {
    audience: String,
}

#[derive(Deserialize)]
struct MintAnswer {
    token: Secret,
    expires: Option<i64>,
}

#[derive(Deserialize)]
struct RefusalAnswer {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<RefusalReason>,
}

#[derive(Deserialize)]
struct RefusalReason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    description: String,
}

impl TrustedPublishing {
    /// Prepares to ask the index that takes uploads at this address.
    pub fn at(upload: &Url) -> Result<Self, TrustedError> {
        let address = || TrustedError::Address(upload.clone());
        let host = upload.host_str().filter(|_| web_address::may_be_asked(upload)).ok_or_else(address)?;
        let (audience, mint) = (upload.join("/_/oidc/audience"), upload.join("/_/oidc/mint-token"));
        let (Ok(audience), Ok(mint)) = (audience, mint) else {
            return Err(address());
        };
        let client = http::client(upload).map_err(TrustedError::Client)?;
        Ok(Self { index: IndexIdentity::of_host(host), audience, mint, client })
    }

    /// The name under which the index wants to be addressed in identity tokens. This is how an index says that it offers trusted
    /// publishing at all.
    pub async fn audience(&self, patience: Patience) -> Result<String, TrustedError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (error, asked) = match http::send(self.client.get(self.audience.clone())).await {
                Ok(reply) if reply.status.is_success() => {
                    let answer: Result<AudienceAnswer, _> = serde_json::from_slice(&reply.body);
                    let AudienceAnswer { audience } =
                        answer.map_err(|_no_json| TrustedError::Answer(self.index.clone()))?;
                    if self.index.may_be_called(&audience) {
                        return Ok(audience);
                    }
                    let audience = text::shorten(&text::one_line(&audience), 80).into_owned();
                    return Err(TrustedError::Audience { index: self.index.clone(), audience });
                }
                Ok(reply) if !retry::is_temporary(reply.status.as_u16()) => {
                    return Err(TrustedError::NotOffered { index: self.index.clone(), status: reply.status.as_u16() });
                }
                Ok(reply) => (self.unavailable(reply.status.as_u16(), tries), reply.retry_after),
                Err(source) => (TrustedError::Lost { index: self.index.clone(), source, tries }, None),
            };
            tracing::info!("{error}");
            if !patience.wait(tries, asked).await {
                return Err(error);
            }
        }
    }

    /// Exchanges identity tokens, a new one for each try, for a token of the index. `look` sees each before it is sent, and may
    /// refuse.
    pub async fn mint<E: From<TrustedError>>(
        &self,
        source: &IdTokenSource,
        audience: &str,
        patience: Patience,
        mut look: impl FnMut(&IdToken) -> Result<(), E>,
    ) -> Result<MintedToken, E> {
        let mut tries = 0;
        loop {
            tries += 1;
            let identity = source.request(audience, patience).await.map_err(TrustedError::Identity)?;
            look(&identity)?;
            if let Some(obstacle) = obstacle(identity.claims(), &self.index) {
                return Err(TrustedError::Hopeless(obstacle).into());
            }
            let (error, asked) = match http::send(self.question(&identity)).await {
                Ok(reply) if reply.status.is_success() => return Ok(self.minted(&reply.body, identity)?),
                Ok(reply) if !retry::is_temporary(reply.status.as_u16()) => {
                    let refused = self.refused(reply.status.as_u16(), &reply.body, &identity);
                    // An identity token whose answer was lost may have been used: the next one was not.
                    let is_used = matches!(refused, TrustedError::Refused { refusal: MintRefusal::ReusedToken, .. });
                    if !is_used {
                        return Err(refused.into());
                    }
                    (refused, None)
                }
                Ok(reply) => (self.unavailable(reply.status.as_u16(), tries), reply.retry_after),
                Err(source) => (TrustedError::Lost { index: self.index.clone(), source, tries }, None),
            };
            tracing::info!("{error}");
            if !patience.wait(tries, asked).await {
                return Err(error.into());
            }
        }
    }

    fn unavailable(&self, status: u16, tries: u32) -> TrustedError {
        TrustedError::Unavailable { index: self.index.clone(), status, tries }
    }

    fn question(&self, identity: &IdToken) -> reqwest::RequestBuilder {
        let token = identity.token().expose();
        // The characters of a JSON web token need no escape; `Claims::of` has seen to that.
        let mut body = zeroize::Zeroizing::new(Vec::with_capacity(token.len() + 12));
        body.extend_from_slice(b"{\"token\":\"");
        body.extend_from_slice(token.as_bytes());
        body.extend_from_slice(b"\"}");
        self.client
            .post(self.mint.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .header(reqwest::header::ACCEPT, "application/json")
            .body(Bytes::from_owner(body))
    }

    fn minted(&self, body: &[u8], identity: IdToken) -> Result<MintedToken, TrustedError> {
        let answer: MintAnswer =
            serde_json::from_slice(body).map_err(|_no_json| TrustedError::Answer(self.index.clone()))?;
        let shape = match self.index {
            IndexIdentity::PyPi | IndexIdentity::TestPyPi => TokenShape::Pypi,
            IndexIdentity::Other(_) => TokenShape::Opaque,
        };
        let token = PypiToken::of(answer.token, shape)
            .map_err(|source| TrustedError::Token { index: self.index.clone(), source })?;
        Ok(MintedToken { token, expires: answer.expires.and_then(Timestamp::from_unix), claims: identity.claims })
    }

    fn refused(&self, status: u16, body: &[u8], identity: &IdToken) -> TrustedError {
        let Ok(answer) = serde_json::from_slice::<RefusalAnswer>(body) else {
            return if status == 404 {
                TrustedError::NotOffered { index: self.index.clone(), status }
            } else {
                TrustedError::Answer(self.index.clone())
            };
        };
        let code = answer.errors.first().map(|reason| reason.code.clone()).unwrap_or_default();
        let reasons: Vec<&str> = answer.errors.iter().map(|reason| reason.description.trim()).collect();
        let said = if reasons.is_empty() { answer.message.clone() } else { reasons.join("; ") };
        let said = said.replace(identity.token().expose(), "***");
        TrustedError::Refused {
            index: self.index.clone(),
            refusal: MintRefusal::of(&code),
            code: if code.is_empty() { format!("HTTP {status}") } else { redact::words(&code, 60) },
            said: redact::words(&said, WORDS),
            claims: Box::new(identity.claims().clone()),
        }
    }
}

#[cfg(test)]
mod tests;
