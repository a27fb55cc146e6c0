//! A stand-in for the service that gives identity tokens to jobs of GitHub Actions: JSON web tokens, really signed (RS256).
//!
//! It says what it is told to, records what it was asked, and fails on command.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair, PublicKeyComponents},
    signature,
};
use serde_json::{Map, Value, json};

use crate::{command::Run, index::stream::Wire, server::Server};

/// The bearer token that a job asks with.
pub const BEARER: &str = "bearer-of-the-job-0123456789abcdef";

/// Who the tokens say that they are from.
pub const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// How long a token lives, in seconds.
const LIFETIME: u64 = 300;

static KEY: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::from_pkcs8(include_bytes!("github/issuer.pk8")).expect("the key of the tests is one"));

/// One way to fail a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status.
    Status(u16),
    /// Closes the connection without an answer.
    Hangup,
    /// Answers 200 with this body.
    Body(String),
}

#[derive(Default)]
struct Inner {
    claims: Map<String, Value>,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
    asked: Vec<String>,
    given: Vec<String>,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running service.
pub struct GitHub {
    server: Server,
    shared: Shared,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHub").field("server", &self.server).finish_non_exhaustive()
    }
}

impl GitHub {
    /// Starts the service for the publish job of `octo/demo`, in the environment `pypi`.
    pub fn start() -> Self {
        let shared = Shared::default();
        lock(&shared).claims = publish_job();
        let router = Router::new()
            .route("/token", get(token))
            .route("/.well-known/jwks", get(async || document(StatusCode::OK, &jwks())))
            .with_state(Arc::clone(&shared));
        Self { server: Server::start(router), shared }
    }

    /// The value of `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub fn request_url(&self) -> String {
        format!("{}/token?api-version=2.0", self.server.url())
    }

    /// A run of a program as a step of that job: with the variables that GitHub sets.
    #[must_use]
    pub fn job(&self, run: Run) -> Run {
        self.variables().iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    /// The variables that GitHub sets for the job.
    pub fn variables(&self) -> [(&'static str, String); 12] {
        [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("CI", "true".to_owned()),
            ("GITHUB_REPOSITORY", "octo/demo".to_owned()),
            ("GITHUB_REF", "refs/heads/main".to_owned()),
            ("GITHUB_EVENT_NAME", "workflow_dispatch".to_owned()),
            ("GITHUB_ACTOR", "octocat".to_owned()),
            ("GITHUB_TRIGGERING_ACTOR", "octocat".to_owned()),
            ("GITHUB_RUN_ID", "17171717171".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "2".to_owned()),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", self.request_url()),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER.to_owned()),
        ]
    }

    /// Changes a claim of the tokens to come; `Value::Null` takes it out.
    pub fn claim(&self, name: &str, value: Value) {
        let claims = &mut lock(&self.shared).claims;
        if value.is_null() { drop(claims.remove(name)) } else { drop(claims.insert(name.to_owned(), value)) }
    }

    /// Fails the next requests, one fault each; later ones work again.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared).faults.extend(faults);
    }

    /// Fails every request from now on; none works again.
    pub fn fail_always(&self, fault: impl Into<Option<Fault>>) {
        lock(&self.shared).always = fault.into();
    }

    /// The audiences that tokens were asked for, in order, failed requests included.
    pub fn audiences(&self) -> Vec<String> {
        lock(&self.shared).asked.clone()
    }

    /// Every token that was given out.
    pub fn tokens(&self) -> Vec<String> {
        lock(&self.shared).given.clone()
    }
}

/// The claims of the publish job, as GitHub's documentation has them, without time and audience.
pub fn publish_job() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER,
        "sub": "repo:octo/demo:environment:pypi",
        "ref": "refs/heads/main",
        "ref_type": "branch",
        "sha": "0123456789abcdef0123456789abcdef01234567",
        "repository": "octo/demo",
        "repository_id": "22",
        "repository_owner": "octo",
        "repository_owner_id": "11",
        "repository_visibility": "public",
        "run_id": "17171717171",
        "run_number": "7",
        "run_attempt": "2",
        "actor": "octocat",
        "actor_id": "583231",
        "workflow": "Publish",
        "workflow_ref": "octo/demo/.github/workflows/pypi-publish.yml@refs/heads/main",
        "job_workflow_ref": "octo/demo/.github/workflows/pypi-publish.yml@refs/heads/main",
        "event_name": "workflow_dispatch",
        "environment": "pypi",
        "runner_environment": "github-hosted",
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

/// A token with these claims, signed as GitHub signs them.
pub fn sign(claims: &Map<String, Value>) -> String {
    let head = json!({ "alg": "RS256", "kid": "tests", "typ": "JWT" });
    let part = |value: &dyn AsRef<[u8]>| BASE64_URL_SAFE_NO_PAD.encode(value);
    let body = serde_json::to_string(claims).expect("claims are JSON");
    let message = format!("{}.{}", part(&head.to_string()), part(&body));
    let mut signed = vec![0; KEY.public().modulus_len()];
    KEY.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signed)
        .expect("sign a token");
    format!("{message}.{}", part(&signed))
}

/// The claims of a token, if the service signed it.
pub fn verified(token: &str) -> Option<Map<String, Value>> {
    let (message, signed) = token.rsplit_once('.')?;
    let signed = BASE64_URL_SAFE_NO_PAD.decode(signed).ok()?;
    let public = PublicKeyComponents::<Vec<u8>>::from(KEY.public());
    public.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signed).ok()?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(message.split_once('.')?.1).ok()?;
    serde_json::from_slice(&claims).ok()
}

fn jwks() -> Value {
    let public = PublicKeyComponents::<Vec<u8>>::from(KEY.public());
    let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({ "keys": [{ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "tests", "n": part(&public.n), "e": part(&public.e) }] })
}

/// An answer in JSON.
pub(crate) fn document(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

/// Seconds since 1970, by the clock.
pub(crate) fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs()
}

async fn token(
    State(shared): State<Shared>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Query(query): Query<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let bearer = format!("bearer {BEARER}");
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_allowed = header.is_some_and(|value| value.eq_ignore_ascii_case(&bearer));
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let audience = value("audience").unwrap_or_else(|| "https://github.com/octo".to_owned());
    let mut inner = lock(&shared);
    inner.asked.push(audience.clone());
    let fault = inner.faults.pop_front().or_else(|| inner.always.clone());
    match fault {
        Some(Fault::Status(status)) => {
            return (StatusCode::from_u16(status).expect("a fault names a valid status"), "told to fail")
                .into_response();
        }
        Some(Fault::Hangup) => {
            wire.cut();
            return Body::empty().into_response();
        }
        Some(Fault::Body(body)) => return body.into_response(),
        None => {}
    }
    if !is_allowed || value("api-version").is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let now = clock();
    let mut claims = inner.claims.clone();
    let number = inner.given.len();
    for (name, given) in [
        ("aud", json!(audience)),
        ("jti", json!(format!("token-{number}"))),
        ("nbf", json!(now - 10)),
        ("iat", json!(now)),
        ("exp", json!(now + LIFETIME)),
    ] {
        claims.entry(name).or_insert(given);
    }
    let token = sign(&claims);
    inner.given.push(token.clone());
    document(StatusCode::OK, &json!({ "count": token.len(), "value": token }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_is_known_and_a_changed_one_is_not() {
        let token = sign(&publish_job());
        assert_eq!(verified(&token), Some(publish_job()));
        let mut other = publish_job();
        other.insert("sub".to_owned(), json!("repo:evil/demo"));
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_string(&other).unwrap());
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(verified(&format!("{}.{claims}.{}", parts[0], parts[2])), None);
    }
}
