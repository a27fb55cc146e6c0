//! An advisory service on loopback: OSV records by id, and files such as the KEV catalogue and the EPSS scores.
//!
//! It records what it was asked and fails on command. It runs on a thread of its own and ends with its [`Osv`].

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{index::stream::Wire, server::Server};

/// One way to fail a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status.
    Status(u16),
    /// As `Status`, with `Retry-After` in seconds.
    RetryAfter(u16, u32),
    /// Closes the connection without an answer.
    Hangup,
    /// Takes the request and never answers.
    Silence,
    /// Sends the client to another address.
    Redirect(String),
    /// Answers 200 with this body.
    Body(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Stored {
    body: Vec<u8>,
    etag: Option<String>,
}

#[derive(Default)]
struct Inner {
    /// By path.
    files: BTreeMap<String, Stored>,
    next: VecDeque<Fault>,
    always: Option<Fault>,
    asked: Vec<Asked>,
}

/// A request that reached the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path as it was sent.
    pub path: String,
    /// The `User-Agent` header.
    pub agent: String,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running service.
pub struct Osv {
    server: Server,
    shared: Shared,
}

impl std::fmt::Debug for Osv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Osv").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Osv {
    /// Starts a service that has nothing, on a free port of loopback.
    pub fn start() -> Self {
        let shared = Shared::default();
        let server = Server::start(Router::new().fallback(answer).with_state(Arc::clone(&shared)));
        Self { server, shared }
    }

    /// The base address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Publishes a record under an id.
    pub fn put(&self, id: &str, record: impl Into<Vec<u8>>) {
        self.put_file(&format!("/v1/vulns/{id}"), record, None);
    }

    /// Publishes a file at a path, with an `ETag` if one is given.
    pub fn put_file(&self, path: &str, body: impl Into<Vec<u8>>, etag: Option<&str>) {
        let stored = Stored { body: body.into(), etag: etag.map(str::to_owned) };
        lock(&self.shared).files.insert(path.to_owned(), stored);
    }

    /// Fails the next requests, one fault each; later ones work again.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared).next.extend(faults);
    }

    /// Fails every request from now on; none works again.
    pub fn fail_always(&self, fault: impl Into<Option<Fault>>) {
        lock(&self.shared).always = fault.into();
    }

    /// Every request that came in, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared).asked.clone()
    }

    /// The ids of records that were asked for, in order.
    pub fn asked_ids(&self) -> Vec<String> {
        let asked = lock(&self.shared).asked.clone();
        asked.iter().filter_map(|asked| asked.path.strip_prefix("/v1/vulns/").map(str::to_owned)).collect()
    }
}

async fn answer(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    match reply(&shared, &wire, &request) {
        Some(response) => response,
        None => std::future::pending().await,
    }
}

/// The answer to a request; none for silence.
fn reply(shared: &Shared, wire: &Wire, request: &Request) -> Option<Response> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = request.uri().path().to_owned();
    let condition = header(header::IF_NONE_MATCH);
    let (fault, stored) = {
        let mut inner = lock(shared);
        inner.asked.push(Asked {
            path: path.clone(),
            agent: header(header::USER_AGENT).unwrap_or_default(),
            if_none_match: condition.clone(),
        });
        (inner.next.pop_front().or_else(|| inner.always.clone()), inner.files.get(&path).cloned())
    };
    let status = |code| StatusCode::from_u16(code).expect("a fault names a valid status");
    Some(match (fault, stored) {
        (Some(Fault::Status(code)), _) => (status(code), "told to fail").into_response(),
        (Some(Fault::RetryAfter(code, seconds)), _) => {
            (status(code), [(header::RETRY_AFTER, seconds.to_string())], "told to fail").into_response()
        }
        (Some(Fault::Hangup), _) => {
            wire.cut();
            Body::empty().into_response()
        }
        (Some(Fault::Silence), _) => return None,
        (Some(Fault::Redirect(to)), _) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        (Some(Fault::Body(body)), _) => body.into_response(),
        (None, Some(Stored { etag: Some(etag), .. })) if condition.as_deref() == Some(&etag) => {
            StatusCode::NOT_MODIFIED.into_response()
        }
        (None, Some(Stored { etag: Some(etag), body })) => ([(header::ETAG, etag)], body).into_response(),
        (None, Some(stored)) => stored.body.into_response(),
        (None, None) => (StatusCode::NOT_FOUND, r#"{"code":5,"message":"Bug not found."}"#).into_response(),
    })
}
