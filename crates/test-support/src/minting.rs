//! An index's side of trusted publishing: it names its audience, and exchanges an identity token, once, for a token of its own.
//!
//! It checks what PyPI checks (signature, audience, time, use, publisher), records what it was asked, and fails on command.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    github::{clock, document, verified},
    index::stream::Wire,
    server::Server,
};

/// One way to fail a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status.
    Status(u16),
    /// Closes the connection without an answer.
    Hangup,
    /// Mints, and closes the connection instead of answering.
    LoseAnswer,
    /// Refuses with this code and description.
    Refuse(String, String),
    /// Answers 200 with this body.
    Body(String),
}

#[derive(Default)]
struct Inner {
    audience: Option<String>,
    token: String,
    workflow: String,
    used: BTreeSet<String>,
    faults: VecDeque<Fault>,
    audience_faults: VecDeque<u16>,
    asked: usize,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running index that mints tokens and takes no files.
pub struct Minting {
    server: Server,
    shared: Shared,
}

impl std::fmt::Debug for Minting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Minting").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Minting {
    /// Starts an index that was told to trust `pypi-publish.yml` of `octo/demo`, and mints this token.
    pub fn start(token: &str) -> Self {
        let inner = Inner {
            audience: Some("pypi".to_owned()),
            token: token.to_owned(),
            workflow: "octo/demo/.github/workflows/pypi-publish.yml".to_owned(),
            ..Inner::default()
        };
        let shared = Arc::new(Mutex::new(inner));
        let router = Router::new()
            .route("/_/oidc/audience", get(audience))
            .route("/_/oidc/mint-token", post(mint))
            .with_state(Arc::clone(&shared));
        Self { server: Server::start(router), shared }
    }

    /// The upload address.
    pub fn url(&self) -> String {
        format!("{}/legacy/", self.server.url())
    }

    /// Lets the index have no trusted publishing, or have it under another name.
    pub fn audience(&self, audience: Option<&str>) {
        lock(&self.shared).audience = audience.map(str::to_owned);
    }

    /// Tells the index to trust another workflow, `owner/name/.github/workflows/file.yml`.
    pub fn trust(&self, workflow: &str) {
        workflow.clone_into(&mut lock(&self.shared).workflow);
    }

    /// Fails the next exchanges, one fault each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared).faults.extend(faults);
    }

    /// Answers the next questions for the audience with these statuses.
    pub fn fail_audience(&self, statuses: impl IntoIterator<Item = u16>) {
        lock(&self.shared).audience_faults.extend(statuses);
    }

    /// How many exchanges were asked for.
    pub fn asked(&self) -> usize {
        lock(&self.shared).asked
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a fault names a valid status")
}

async fn audience(State(shared): State<Shared>) -> Response {
    let mut inner = lock(&shared);
    if let Some(code) = inner.audience_faults.pop_front() {
        return (status(code), "told to fail").into_response();
    }
    match &inner.audience {
        Some(audience) => document(StatusCode::OK, &json!({ "audience": audience })),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn refuse(code: &str, description: &str) -> Response {
    let errors = [json!({ "code": code, "description": description })];
    let refusal = json!({ "message": "Token request failed", "errors": errors });
    document(StatusCode::UNPROCESSABLE_ENTITY, &refusal)
}

async fn mint(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, body: String) -> Response {
    let mut inner = lock(&shared);
    inner.asked += 1;
    match inner.faults.pop_front() {
        Some(Fault::Status(code)) => (status(code), "told to fail").into_response(),
        Some(Fault::Hangup) => {
            wire.cut();
            Body::empty().into_response()
        }
        Some(Fault::LoseAnswer) => {
            drop(exchange(&mut inner, &body));
            wire.cut();
            Body::empty().into_response()
        }
        Some(Fault::Refuse(code, description)) => refuse(&code, &description),
        Some(Fault::Body(body)) => body.into_response(),
        None => exchange(&mut inner, &body),
    }
}

fn exchange(inner: &mut Inner, body: &str) -> Response {
    let request: Option<Value> = serde_json::from_str(body).ok();
    let Some(token) = request.as_ref().and_then(|request| request["token"].as_str()) else {
        return refuse("invalid-payload", "body: Field required");
    };
    let Some(claims) = verified(token) else {
        return refuse("invalid-payload", &format!("malformed JWT: {token}"));
    };
    let (text, now) = (|name: &str| claims[name].as_str().unwrap_or_default().to_owned(), clock());
    if inner.audience.as_deref() != Some(&text("aud")) || claims["exp"].as_u64().is_none_or(|end| end <= now) {
        return refuse("invalid-token", "malformed or invalid token");
    }
    if !inner.used.insert(text("jti")) {
        return refuse("invalid-reuse-token", "invalid token: already used");
    }
    if text("job_workflow_ref").split('@').next() != Some(&inner.workflow) {
        let said = "valid token, but no corresponding publisher (Publisher with matching claims was not found)";
        return refuse("invalid-publisher", said);
    }
    document(StatusCode::OK, &json!({ "success": true, "token": inner.token, "expires": now + 900 }))
}
