//! A small package index on loopback: the legacy upload address, simple pages (PEP 503, PEP 691 and PEP 700), files,
//! trusted publishing, provenance (PEP 740).
//!
//! It records what it was asked, and fails on command. It always looks at what every index looks at; with
//! [`Settings::strict`] it also refuses what PyPI refuses, in PyPI's order and words, as far as that can be decided here.
//! It runs on a thread of its own, so that plain tests, asynchronous tests and the demo can use it, and ends with its
//! [`Index`].

mod fault;
mod pages;
mod routes;
mod rules;
pub(crate) mod stream;
mod trusted;
mod upload;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fault::Chance;
pub use fault::Fault;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
pub(crate) use upload::hex;

use crate::server::Server;

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
    /// Whether it refuses what PyPI refuses.
    pub strict: bool,
    /// Whether it asks for the file before it looks at the form.
    pub file_first: bool,
    /// Whether it takes nothing at the moment.
    pub read_only: bool,
    /// Whether a file that is there is refused with 409 though its bytes are the same; as pypiserver.
    pub refuses_identical: bool,
    /// The normalised names of the projects that the token may upload to; none for all.
    pub may_upload_to: Option<Vec<String>>,
    /// The largest file, in bytes; none for PyPI's 100 MiB.
    pub file_bytes: Option<u64>,
    /// The upload time that pages give, RFC 3339; none for 2026-01-05T03:00:00.000000Z.
    pub upload_time: Option<String>,
    /// Milliseconds that each upload takes.
    pub delay: u64,
}

impl Settings {
    fn upload_time(&self) -> &str {
        self.upload_time.as_deref().unwrap_or("2026-01-05T03:00:00.000000Z")
    }
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

/// A file that the index has.
#[derive(Clone, Debug)]
struct Stored {
    /// The project's normalised name.
    project: String,
    bytes: Vec<u8>,
    sha256: String,
    upload_time: String,
    /// Whether its release takes no further file.
    is_closed: bool,
    attestations: Option<String>,
}

#[derive(Default)]
struct Inner {
    settings: Settings,
    /// By file name.
    files: BTreeMap<String, Stored>,
    uploads: Vec<Upload>,
    asked: Vec<Asked>,
    upload_faults: VecDeque<Fault>,
    page_faults: VecDeque<Fault>,
    file_faults: VecDeque<Fault>,
    chance: Option<Chance>,
    stale_pages: usize,
    /// The ids of the JWTs that a token was minted for.
    used_jwts: BTreeSet<String>,
    minted: BTreeSet<String>,
    /// The publisher that the newest token was minted for, as provenance names it.
    publisher: Option<Value>,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running index.
#[derive(Debug)]
pub struct Index {
    server: Server,
    shared: Handle,
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
        let server = Server::start(routes::router(Arc::clone(&shared)));
        Self { server, shared: Handle(shared) }
    }

    /// The upload address, `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("{}/", self.server.url())
    }

    /// The upload address as PyPI has it, `http://127.0.0.1:PORT/legacy/`.
    pub fn legacy_url(&self) -> String {
        format!("{}/legacy/", self.server.url())
    }

    /// The simple index, `http://127.0.0.1:PORT/simple/`.
    pub fn simple_url(&self) -> String {
        format!("{}/simple/", self.server.url())
    }

    /// The uploads that made a file, in order. Taking an identical file again changes nothing and is none.
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
        lock(&self.shared.0).files.iter().map(|(name, stored)| (name.clone(), stored.bytes.clone())).collect()
    }

    /// How many files are stored.
    pub fn file_count(&self) -> usize {
        lock(&self.shared.0).files.len()
    }

    /// Puts a file there without an upload.
    pub fn put(&self, project: &str, file_name: &str, bytes: &[u8]) {
        let mut inner = lock(&self.shared.0);
        let upload_time = inner.settings.upload_time().to_owned();
        let stored = Stored {
            project: pages::normal(project),
            sha256: hex(&Sha256::digest(bytes)),
            bytes: bytes.to_vec(),
            upload_time,
            is_closed: false,
            attestations: None,
        };
        inner.files.insert(file_name.to_owned(), stored);
    }

    /// Lets a stored file have these attestations, a JSON array, as after an upload by a trusted publisher.
    pub fn set_attestations(&self, file_name: &str, attestations: &str) {
        let mut inner = lock(&self.shared.0);
        let stored = inner.files.get_mut(file_name).expect("the index has the file");
        stored.attestations = Some(attestations.to_owned());
    }

    /// Names this publisher in the provenance of every file.
    pub fn set_publisher(&self, publisher: Value) {
        lock(&self.shared.0).publisher = Some(publisher);
    }

    /// Fails the next downloads of files, one fault each.
    pub fn fail_files(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.0).file_faults.extend(faults);
    }

    /// Lets the releases that there are be older than the fourteen days in which PyPI takes files for them.
    pub fn close_releases(&self, uploaded: &str) {
        for stored in lock(&self.shared.0).files.values_mut() {
            uploaded.clone_into(&mut stored.upload_time);
            stored.is_closed = true;
        }
    }

    /// Fails the next uploads, one fault each; later ones work again. A form that lacks a file, or is broken off, uses
    /// up no fault but those that strike before it was read.
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

    /// From now on fails so many of a hundred requests, in every way that passes, chosen by a seed.
    pub fn fail_by_chance(&self, seed: u64, percent: u32) {
        lock(&self.shared.0).chance = Some(Chance::new(seed, percent));
    }

    /// Lets the next simple pages answer as if nothing had ever been uploaded, as a cache does.
    pub fn serve_stale_pages(&self, count: usize) {
        lock(&self.shared.0).stale_pages = count;
    }
}
