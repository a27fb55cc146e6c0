//! A small package index on loopback: the legacy upload address, simple pages (PEP 503 and PEP 691), files.
//!
//! It is strict where PyPI is (digests, form fields, identical files, token), records what it was asked, and fails
//! on command. It runs on a thread of its own, so that plain tests, asynchronous tests and the demo can use it, and
//! ends with its [`Index`].

mod pages;
pub(crate) mod stream;
mod upload;

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use stream::{CutListener, Wire};
use tokio::sync::oneshot;

/// What the simple pages of the index are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// JSON (PEP 691) for clients that accept it, HTML for others; as PyPI.
    #[default]
    JsonAndHtml,
    /// HTML with SHA-256 digests; as pypiserver.
    Html,
    /// HTML without digests.
    HtmlWithoutDigests,
}

/// How an index is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The token that uploads need; none takes anything.
    pub token: Option<String>,
    /// What the simple pages are like.
    pub pages: Pages,
    /// Whether reading needs the token too.
    pub private: bool,
}

/// One way to fail one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status, without doing anything.
    Status(u16),
    /// Answers with this status before the request is read, and closes the connection.
    Early(u16),
    /// As `Status`, with `Retry-After` in seconds.
    RetryAfter(u16, u32),
    /// Closes the connection without doing anything.
    Hangup,
    /// Does what was asked and closes the connection instead of answering.
    LoseAnswer,
    /// Does what was asked and answers with this status nevertheless.
    DoThenStatus(u16),
}

/// An upload that was taken.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The form's text fields, in the order of the request.
    pub fields: Vec<(String, String)>,
    /// The file's name.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Upload {
    /// The values of a form field.
    pub fn field(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A request that reached the index, whatever came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// The path, with the query if there is one.
    pub path: String,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// Whether an `Authorization` header came with it.
    pub with_credentials: bool,
}

#[derive(Default)]
struct Inner {
    settings: Settings,
    files: BTreeMap<String, Vec<u8>>,
    /// File name to normalised project.
    projects: BTreeMap<String, String>,
    uploads: Vec<Upload>,
    asked: Vec<Asked>,
    upload_faults: VecDeque<Fault>,
    page_faults: VecDeque<Fault>,
    stale_pages: usize,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running index.
#[derive(Debug)]
pub struct Index {
    address: SocketAddr,
    shared: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Handle(Shared);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handle")
    }
}

impl Index {
    /// Starts an empty index on a free port of loopback that takes any token.
    pub fn start() -> Self {
        Self::start_with(Settings::default())
    }

    /// Starts an empty index on a free port of loopback.
    pub fn start_with(settings: Settings) -> Self {
        let shared: Shared = Arc::new(Mutex::new(Inner { settings, ..Inner::default() }));
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let router = router(Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("build a runtime for the index").block_on(async move {
                let listener = CutListener::bind().await.expect("bind a loopback port for the index");
                tell.send(listener.address()).expect("the starter waits for the address");
                let service = router.into_make_service_with_connect_info::<Wire>();
                tokio::select! {
                    ended = async { axum::serve(listener, service).await } => ended.expect("serve the index"),
                    _ = stopped => {}
                }
            });
        });
        let address = told.recv().expect("the index starts");
        Self { address, shared: Handle(shared), stop: Some(stop), thread: Some(thread) }
    }

    /// The upload address, `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The simple index, `http://127.0.0.1:PORT/simple/`.
    pub fn simple_url(&self) -> String {
        format!("http://{}/simple/", self.address)
    }

    /// The uploads that were taken, in order. An identical file is taken again and counts again.
    pub fn uploads(&self) -> Vec<Upload> {
        lock(&self.shared.0).uploads.clone()
    }

    /// Every request that came in, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.0).asked.clone()
    }

    /// How many requests of this method came in.
    pub fn count(&self, method: &str) -> usize {
        lock(&self.shared.0).asked.iter().filter(|asked| asked.method == method).count()
    }

    /// The stored files by name.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        lock(&self.shared.0).files.clone()
    }

    /// Puts a file there without an upload.
    pub fn put(&self, project: &str, file_name: &str, bytes: &[u8]) {
        let mut inner = lock(&self.shared.0);
        inner.projects.insert(file_name.to_owned(), pages::normal(project));
        inner.files.insert(file_name.to_owned(), bytes.to_vec());
    }

    /// Fails the next uploads, one fault each; later ones work again. A form that lacks a file, or is broken off, uses
    /// up no fault but [`Fault::Early`].
    pub fn fail_uploads(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.0).upload_faults.extend(faults);
    }

    /// Forgets the faults that no upload has met yet.
    pub fn forgive(&self) {
        lock(&self.shared.0).upload_faults.clear();
    }

    /// Fails the next reads of simple pages, one fault each.
    pub fn fail_pages(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.0).page_faults.extend(faults);
    }

    /// Lets the next simple pages answer as if nothing had ever been uploaded, as a cache does.
    pub fn serve_stale_pages(&self, count: usize) {
        lock(&self.shared.0).stale_pages = count;
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ended = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(home).post(post))
        .route("/legacy/", get(home).post(post))
        .route("/simple/{project}/", get(page))
        .route("/packages/{file}", get(file))
        .with_state(shared)
}

async fn home() -> &'static str {
    "a package index for tests\n"
}

/// Records a request.
fn arrive(shared: &Shared, request: &Request) {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = Asked {
        method: request.method().to_string(),
        path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        accept: text(header::ACCEPT),
        with_credentials: request.headers().contains_key(header::AUTHORIZATION),
    };
    lock(shared).asked.push(asked);
}

fn is_allowed(shared: &Shared, request: &Request) -> bool {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let inner = lock(shared);
    let Some(token) = &inner.settings.token else {
        return true;
    };
    if request.method() == Method::GET && !inner.settings.private {
        return true;
    }
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("__token__:{token}")));
    request.headers().get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn refusal(method: &Method) -> Response {
    if method == Method::GET {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"index\"")];
        (StatusCode::UNAUTHORIZED, challenge).into_response()
    } else {
        upload::answer(StatusCode::FORBIDDEN, "Invalid or non-existent authentication information.")
    }
}

/// Answers as the fault demands, or by doing what was asked.
async fn with_fault(fault: Option<Fault>, wire: &Wire, work: impl Future<Output = Response>) -> Response {
    let status = |code| StatusCode::from_u16(code).expect("a fault names a valid status");
    match fault {
        None => work.await,
        Some(Fault::Status(code) | Fault::Early(code)) => upload::answer(status(code), "told to fail"),
        Some(Fault::RetryAfter(code, seconds)) => {
            let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
            (retry_after, upload::answer(status(code), "told to fail")).into_response()
        }
        Some(Fault::Hangup) => {
            wire.cut();
            Body::empty().into_response()
        }
        Some(Fault::LoseAnswer) => {
            work.await;
            wire.cut();
            Body::empty().into_response()
        }
        Some(Fault::DoThenStatus(code)) => {
            work.await;
            upload::answer(status(code), "told to fail")
        }
    }
}

async fn post(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    arrive(&shared, &request);
    let is_allowed = is_allowed(&shared, &request);
    let hasty = {
        let faults = &mut lock(&shared).upload_faults;
        faults.pop_front_if(|fault| matches!(fault, Fault::Early(_)))
    };
    if hasty.is_some() {
        return with_fault(hasty, &wire, async { Response::default() }).await;
    }
    let form = upload::read(request).await;
    if !is_allowed {
        return refusal(&Method::POST);
    }
    match form {
        Ok(upload) => {
            let fault = lock(&shared).upload_faults.pop_front();
            with_fault(fault, &wire, async { upload::take(&shared, upload) }).await
        }
        Err(message) => upload::answer(StatusCode::BAD_REQUEST, &message),
    }
}

async fn page(
    State(shared): State<Shared>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Path(project): Path<String>,
    request: Request,
) -> Response {
    arrive(&shared, &request);
    if !is_allowed(&shared, &request) {
        return refusal(&Method::GET);
    }
    let fault = lock(&shared).page_faults.pop_front();
    let wants_json = request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(pages::JSON_TYPE.as_bytes()));
    with_fault(fault, &wire, async { pages::project(&shared, &project, wants_json) }).await
}

async fn file(State(shared): State<Shared>, Path(name): Path<String>, request: Request) -> Response {
    arrive(&shared, &request);
    if !is_allowed(&shared, &request) {
        return refusal(&Method::GET);
    }
    match lock(&shared).files.get(&name) {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
