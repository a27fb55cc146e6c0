//! A Sigstore on loopback: a certificate authority (Fulcio, API version 2) and a transparency log (Rekor, API version 1)
//! whose certificates, timestamps, proofs and promises are real, under a root of their own.
//!
//! It gives certificates for the identity tokens of [`crate::github`], whose signature, audience and time it checks. It also
//! makes attestations by itself ([`Sigstore::attest`]), which is how wrong ones are had.

mod authority;
mod der;
mod keys;
mod log;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use crate::{github, index::stream::Wire, server::Server};
use authority::{Authority, Validity};
use keys::{Key, is_signed};
use log::Log;

const MINUTE: i64 = 60;
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A run of a workflow, as identity tokens tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// `owner/name`
    pub repository: String,
    /// The workflow's file.
    pub file: String,
    /// The branch or tag, as a ref.
    pub git_ref: String,
    /// Who vouches for the identity.
    pub issuer: String,
    /// Whom the tokens are for.
    pub audience: String,
    /// How long they hold, in seconds; less than zero for one whose time is over.
    pub lifetime: i64,
}

impl Workflow {
    /// A run on the branch `main`, as GitHub Actions tells of it.
    pub fn new(repository: &str, file: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            file: file.to_owned(),
            git_ref: "refs/heads/main".to_owned(),
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            audience: "sigstore".to_owned(),
            lifetime: 5 * MINUTE,
        }
    }

    fn claims(&self) -> Map<String, Value> {
        let at = format!("{}/.github/workflows/{}@{}", self.repository, self.file, self.git_ref);
        let mut claims = github::publish_job();
        for (name, value) in [
            ("iss", json!(self.issuer)),
            ("aud", json!(self.audience)),
            ("sub", json!(format!("repo:{}:environment:pypi", self.repository))),
            ("iat", json!(now())),
            ("exp", json!(now() + self.lifetime)),
            ("repository", json!(self.repository)),
            ("workflow_ref", json!(at)),
            ("job_workflow_ref", json!(at)),
            ("ref", json!(self.git_ref)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        claims
    }

    /// An identity token of this run, signed as GitHub signs them.
    pub fn identity(&self) -> String {
        github::sign(&self.claims())
    }
}

/// One way to fail one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status.
    Status(u16),
    /// Answers with this status and with what it was sent.
    Echo(u16),
    /// Closes the connection without an answer.
    Hangup,
    /// Answers with success and something else.
    Nonsense,
}

/// The two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The certificate authority.
    Fulcio,
    /// The transparency log.
    Rekor,
}

struct Inner {
    authority: Authority,
    log: Log,
    /// The public key's point of each certificate.
    issued: BTreeMap<Vec<u8>, Vec<u8>>,
    faults: BTreeMap<Part, VecDeque<Fault>>,
    asked: BTreeMap<Part, usize>,
    late: bool,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a time of our days")
}

/// A running Sigstore.
pub struct Sigstore {
    server: Server,
    shared: Shared,
}

impl std::fmt::Debug for Sigstore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sigstore").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Sigstore {
    /// Starts both services under a new root.
    pub fn start() -> Self {
        let inner = Inner {
            authority: Authority::new(now()),
            log: Log::new(),
            issued: BTreeMap::new(),
            faults: BTreeMap::new(),
            asked: BTreeMap::new(),
            late: false,
        };
        let shared: Shared = Arc::new(Mutex::new(inner));
        let router = Router::new()
            .route("/api/v2/signingCert", post(certificate))
            .route("/api/v1/log/entries", post(entry))
            .with_state(Arc::clone(&shared));
        Self { server: Server::start(router), shared }
    }

    /// The address of both services, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The trusted root, a JSON document.
    pub fn trusted_root(&self) -> String {
        let inner = lock(&self.shared);
        let url = self.url();
        let start = json!({ "start": "2020-01-01T00:00:00Z" });
        let log = |key: &Key, path: &str| {
            json!({
                "baseUrl": format!("{url}{path}"), "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": BASE64_STANDARD.encode(key.public()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": start,
                },
                "logId": { "keyId": BASE64_STANDARD.encode(key.id()) },
            })
        };
        let certificate = |der: &[u8]| json!({ "rawBytes": BASE64_STANDARD.encode(der) });
        let authority = &inner.authority;
        let document = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&inner.log.key, "")],
            "certificateAuthorities": [{
                "subject": { "organization": "loopback", "commonName": "loopback root" },
                "uri": url,
                "certChain": { "certificates": [
                    certificate(&authority.intermediate_certificate), certificate(&authority.root_certificate),
                ] },
                "validFor": start,
            }],
            "ctlogs": [log(&authority.log, "/ct")],
            "timestampAuthorities": [],
        });
        format!("{document:#}\n")
    }

    /// Fails the next requests to a service, one fault each; later ones work again.
    pub fn fail_next(&self, part: Part, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared).faults.entry(part).or_default().extend(faults);
    }

    /// From now on certificates are over before their signature is logged.
    pub fn issue_expired(&self) {
        lock(&self.shared).late = true;
    }

    /// How many requests a service was sent.
    pub fn asked(&self, part: Part) -> usize {
        lock(&self.shared).asked.get(&part).copied().unwrap_or_default()
    }

    /// How many entries the log has.
    pub fn entries(&self) -> usize {
        lock(&self.shared).log.len()
    }

    /// An attestation of any statement by a workflow, made without the services' addresses: a PEP 740 object.
    pub fn attest(&self, workflow: &Workflow, statement: &str) -> String {
        let key = Key::new();
        let inner = &mut *lock(&self.shared);
        let validity = validity(inner.late);
        let certificate =
            inner.authority.issue(key.point(), &workflow.claims(), validity).expect("the claims are complete");
        let signature = BASE64_STANDARD.encode(key.sign(&encoding(statement.as_bytes())));
        let payload = BASE64_STANDARD.encode(statement);
        let envelope = format!(
            r#"{{"payload":"{payload}","payloadType":"{PAYLOAD_TYPE}","signatures":[{{"sig":"{signature}"}}]}}"#
        );
        let entry = inner.log.take(&envelope, statement.as_bytes(), &signature, &der::pem(&certificate), now());
        let material = json!({
            "certificate": BASE64_STANDARD.encode(&certificate), "transparency_entries": [entry.bundled()],
        });
        json!({
            "version": 1, "verification_material": material,
            "envelope": { "statement": payload, "signature": signature },
        })
        .to_string()
    }
}

/// The statement that a file was published.
pub fn publish_statement(file_name: &str, sha256: &str) -> String {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": file_name, "digest": { "sha256": sha256 } }],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "predicate": null,
    })
    .to_string()
}

fn validity(late: bool) -> Validity {
    let from = if late { now() - 60 * MINUTE } else { now() - 5 };
    Validity { from, to: from + 10 * MINUTE }
}

/// What is signed for a payload (DSSE's pre-authentication encoding).
fn encoding(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json!({ "code": 3, "message": message }).to_string())
        .into_response()
}

fn answered(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

/// Counts a request, and fails it if that is asked for.
fn fault(shared: &Shared, part: Part, wire: &Wire, body: &str) -> Option<Response> {
    let mut inner = lock(shared);
    *inner.asked.entry(part).or_default() += 1;
    let status = |code| StatusCode::from_u16(code).expect("a fault names a valid status");
    Some(match inner.faults.get_mut(&part)?.pop_front()? {
        Fault::Status(code) => refused(status(code), "told to fail"),
        Fault::Echo(code) => refused(status(code), body),
        Fault::Hangup => {
            wire.cut();
            Body::empty().into_response()
        }
        Fault::Nonsense => answered(StatusCode::CREATED, &json!({ "who": "knows" })),
    })
}

async fn certificate(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, body: String) -> Response {
    if let Some(response) = fault(&shared, Part::Fulcio, &wire, &body) {
        return response;
    }
    match issue(&shared, &body) {
        Ok(document) => answered(StatusCode::OK, &document),
        Err(message) => refused(StatusCode::BAD_REQUEST, message),
    }
}

fn issue(shared: &Shared, body: &str) -> Result<Value, &'static str> {
    let request: Value = serde_json::from_str(body).map_err(|_| "invalid request")?;
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).ok_or("a field is missing");
    let token = text("/credentials/oidcIdentityToken")?;
    let claims = github::verified(token).ok_or("There was an error processing the identity token")?;
    let claim = |name: &str| claims.get(name).cloned().unwrap_or_default();
    if claim("aud") != "sigstore" || claim("exp").as_i64().is_none_or(|end| end < now()) {
        return Err("There was an error processing the identity token");
    }
    let key = der::from_pem(text("/publicKeyRequest/publicKey/content")?).ok_or("The public key is invalid")?;
    let proof = BASE64_STANDARD.decode(text("/publicKeyRequest/proofOfPossession")?);
    let proof = proof.map_err(|_| "The signature supplied is invalid")?;
    let point = key.last_chunk::<65>().ok_or("The public key is invalid")?;
    let subject = claim("sub");
    let subject = subject.as_str().unwrap_or_default();
    if key != der::public_key(point) || !is_signed(point, subject.as_bytes(), &proof) {
        return Err("The signature supplied in the request could not be verified");
    }
    let mut inner = lock(shared);
    let validity = validity(inner.late);
    let certificate =
        inner.authority.issue(point, &claims, validity).ok_or("There was an error creating the certificate")?;
    let chain = inner.authority.chain(&certificate);
    inner.issued.insert(certificate, point.to_vec());
    Ok(json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } } }))
}

async fn entry(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, body: String) -> Response {
    if let Some(response) = fault(&shared, Part::Rekor, &wire, &body) {
        return response;
    }
    match take(&shared, &body) {
        Ok(document) => answered(StatusCode::CREATED, &document),
        Err(message) => refused(StatusCode::BAD_REQUEST, message),
    }
}

fn take(shared: &Shared, body: &str) -> Result<Value, &'static str> {
    let request: Value = serde_json::from_str(body).map_err(|_| "invalid request")?;
    if request["kind"] != "dsse" || request["apiVersion"] != "0.0.1" {
        return Err("the kind of entry is not known");
    }
    let content = &request["spec"]["proposedContent"];
    let envelope = content["envelope"].as_str().ok_or("there is no envelope")?;
    let decoded = |text: &Value| text.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
    let pem = decoded(&content["verifiers"][0]).ok_or("there is no verifier")?;
    let certificate = der::from_pem(&String::from_utf8_lossy(&pem)).ok_or("the verifier is no certificate")?;
    let parsed: Value = serde_json::from_str(envelope).map_err(|_| "the envelope is no JSON")?;
    let payload = decoded(&parsed["payload"]).ok_or("there is no payload")?;
    let signature_text = parsed["signatures"][0]["sig"].as_str().ok_or("there is no signature")?;
    let signature = BASE64_STANDARD.decode(signature_text).map_err(|_| "the signature is no base64")?;
    let mut inner = lock(shared);
    let point = inner.issued.get(&certificate).ok_or("the certificate is not known")?;
    if !is_signed(point, &encoding(&payload), &signature) {
        return Err("the signature does not verify");
    }
    Ok(inner.log.take(envelope, &payload, signature_text, &der::pem(&certificate), now()).answer())
}
