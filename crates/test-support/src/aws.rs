//! A stand-in for AWS STS and Secrets Manager: one role, secrets with versions, and every error that the services document.
//!
//! It checks identity tokens (signature, audience, time) and whether the role trusts them by a rule of the test's own, knows the keys
//! that it gave out, records what it was asked, and fails on command. It does not check request signatures: `moto` does that.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    github::{clock, verified},
    index::stream::Wire,
    server::Server,
};

/// The role that there is.
pub const ROLE: &str = "arn:aws:iam::123456789012:role/publish";
/// The id of the key of sessions.
pub const KEY_ID: &str = "ASIAEXAMPLEEXAMPLE00";
/// The key of sessions.
pub const KEY: &str = "session-key-0123456789abcdef0123456789ab";
/// The token of sessions.
pub const SESSION: &str = "session-token-0123456789abcdef0123456789abcdef";
/// The id of the key of a person, which needs no session.
pub const PERSON_KEY_ID: &str = "AKIAEXAMPLEEXAMPLE00";

/// One way to fail a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error as the service words it: HTTP status, code, message.
    Error(u16, &'static str, &'static str),
    /// Answers with this status and no document.
    Status(u16),
    /// Closes the connection without an answer.
    Hangup,
}

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `AssumeRoleWithWebIdentity`, `GetSecretValue`, `PutSecretValue`.
    pub action: String,
    /// The parameters by name, but the identity token and values of secrets.
    pub parameters: BTreeMap<String, String>,
    /// The id of the key that signed it.
    pub key_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    Text(String),
    Bytes(Vec<u8>),
}

type Trust = Box<dyn Fn(&Map<String, Value>) -> bool + Send>;

#[derive(Default)]
struct Inner {
    trust: Option<Trust>,
    /// By name, the current value last.
    secrets: BTreeMap<String, Vec<Held>>,
    faults: BTreeMap<&'static str, VecDeque<Fault>>,
    always: BTreeMap<&'static str, Fault>,
    /// Reads that still give the value before the current one.
    stale: usize,
    asked: Vec<Asked>,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running services.
pub struct Aws {
    server: Server,
    shared: Shared,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Aws {
    /// Starts services without a secret whose role trusts every token that GitHub signed for AWS.
    pub fn start() -> Self {
        let shared = Shared::default();
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&shared));
        Self { server: Server::start(router), shared }
    }

    /// The value of `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The variables that lead to a secret here.
    pub fn variables(&self, secret: &str) -> [(&'static str, String); 4] {
        [
            ("AWS_ROLE_ARN", ROLE.to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_SECRET_NAME", secret.to_owned()),
            ("AWS_ENDPOINT_URL", self.url()),
        ]
    }

    /// Makes the role trust only what the rule admits.
    pub fn trust(&self, rule: impl Fn(&Map<String, Value>) -> bool + Send + 'static) {
        lock(&self.shared).trust = Some(Box::new(rule));
    }

    /// Stores a new current value.
    pub fn put_text(&self, secret: &str, value: &str) {
        self.put(secret, Held::Text(value.to_owned()));
    }

    /// Stores a new current value as bytes.
    pub fn put_bytes(&self, secret: &str, value: &[u8]) {
        self.put(secret, Held::Bytes(value.to_vec()));
    }

    fn put(&self, secret: &str, value: Held) {
        lock(&self.shared).secrets.entry(secret.to_owned()).or_default().push(value);
    }

    /// Makes a secret without a value.
    pub fn create(&self, secret: &str) {
        lock(&self.shared).secrets.entry(secret.to_owned()).or_default();
    }

    /// The current value, if it is text.
    pub fn text(&self, secret: &str) -> Option<String> {
        match lock(&self.shared).secrets.get(secret)?.last()? {
            Held::Text(text) => Some(text.clone()),
            Held::Bytes(_) => None,
        }
    }

    /// Fails the next requests of an action, one fault each.
    pub fn fail_next(&self, action: &'static str, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared).faults.entry(action).or_default().extend(faults);
    }

    /// Fails every request of an action from now on.
    pub fn fail_always(&self, action: &'static str, fault: Fault) {
        lock(&self.shared).always.insert(action, fault);
    }

    /// Gives the value before the current one to the next readers.
    pub fn serve_stale(&self, reads: usize) {
        lock(&self.shared).stale = reads;
    }

    /// Every request, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared).asked.clone()
    }

    /// How many requests of an action came in.
    pub fn count(&self, action: &str) -> usize {
        lock(&self.shared).asked.iter().filter(|asked| asked.action == action).count()
    }
}

/// An error of a service: status, code, message.
type Refusal = (u16, &'static str, &'static str);

/// Names and values of a request without the secret ones.
type Parameters = BTreeMap<String, String>;

async fn answer(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let target =
        text(&headers, "x-amz-target").and_then(|target| target.split_once('.').map(|(_, action)| action.to_owned()));
    let (action, parameters) = match &target {
        Some(action) => (action.clone(), json_parameters(&body)),
        None => form_parameters(&body),
    };
    let key_id = text(&headers, header::AUTHORIZATION.as_str()).and_then(|value| {
        value.split_once("Credential=").map(|(_, rest)| rest.split('/').next().unwrap_or_default().to_owned())
    });
    let mut inner = lock(&shared);
    let hidden = |name: &str| matches!(name, "WebIdentityToken" | "SecretString" | "SecretBinary");
    let shown: Parameters = parameters
        .iter()
        .filter(|(name, _)| !hidden(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    inner.asked.push(Asked { action: action.clone(), parameters: shown, key_id: key_id.clone() });
    let number = inner.asked.len();
    let fault = inner.faults.get_mut(action.as_str()).and_then(VecDeque::pop_front);
    match fault.or_else(|| inner.always.get(action.as_str()).cloned()) {
        Some(Fault::Error(status, code, message)) => return refusal(target.is_some(), (status, code, message), number),
        Some(Fault::Status(status)) => return self::status(status).into_response(),
        Some(Fault::Hangup) => {
            wire.cut();
            return Body::empty().into_response();
        }
        None => {}
    }
    let done = match action.as_str() {
        "AssumeRoleWithWebIdentity" => {
            return assume(&inner, &parameters).unwrap_or_else(|error| refusal(false, error, number));
        }
        _ if !is_known(&headers, key_id.as_deref()) => {
            Err((400, "UnrecognizedClientException", "The security token included in the request is invalid."))
        }
        "GetSecretValue" => get_value(&mut inner, &parameters),
        "PutSecretValue" => put_value(&mut inner, &parameters),
        _ => Err((400, "UnknownOperationException", "")),
    };
    match done {
        Ok(document) => {
            let headers = [
                ("x-amzn-requestid", format!("request-{number}")),
                ("content-type", "application/x-amz-json-1.1".to_owned()),
            ];
            (headers, document.to_string()).into_response()
        }
        Err(error) => refusal(true, error, number),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a fault names a valid status")
}

/// Whether the request is signed with a key that is known: a session's comes with its token.
fn is_known(headers: &HeaderMap, key_id: Option<&str>) -> bool {
    match key_id {
        Some(KEY_ID) => text(headers, "x-amz-security-token").as_deref() == Some(SESSION),
        Some(PERSON_KEY_ID) => true,
        _ => false,
    }
}

fn json_parameters(body: &str) -> Parameters {
    let document: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    document
        .into_iter()
        .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

fn form_parameters(body: &str) -> (String, Parameters) {
    let mut parameters: Parameters = body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect();
    (parameters.remove("Action").unwrap_or_default(), parameters)
}

/// A text out of its form encoding.
fn plain(encoded: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default();
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next()) * 16 + digit(rest.next())).expect("two digits are a byte"),
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An error in the protocol of the service: JSON of Secrets Manager, XML of STS.
fn refusal(is_json: bool, (code, error, message): Refusal, number: usize) -> Response {
    let id = format!("request-{number}");
    if is_json {
        let document = json!({ "__type": error, "Message": message, "message": message });
        let headers = [("x-amzn-requestid", id), ("content-type", "application/x-amz-json-1.1".to_owned())];
        return (status(code), headers, document.to_string()).into_response();
    }
    let kind = if code >= 500 { "Receiver" } else { "Sender" };
    let document = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{kind}</Type><Code>{error}</Code>\
         <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    );
    (status(code), [("x-amzn-requestid", id), ("content-type", "text/xml".to_owned())], document).into_response()
}

fn assume(inner: &Inner, parameters: &Parameters) -> Result<Response, Refusal> {
    let of = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let denied = (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let claims = verified(of("WebIdentityToken")).ok_or((
        400,
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider",
    ))?;
    if claims["aud"] != "sts.amazonaws.com" {
        return Err((400, "InvalidIdentityToken", "Incorrect token audience"));
    }
    if claims["exp"].as_u64().is_none_or(|end| end <= clock()) {
        return Err((400, "ExpiredTokenException", "Token expired"));
    }
    if of("RoleArn") != ROLE || inner.trust.as_ref().is_some_and(|rule| !rule(&claims)) {
        return Err(denied);
    }
    let session = of("RoleSessionName");
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_=,.@-".contains(&b);
    if !(2..=64).contains(&session.len()) || !session.bytes().all(is_name) || of("DurationSeconds") != "900" {
        return Err((400, "ValidationError", "1 validation error detected"));
    }
    if of("Policy").len() > 2048 || serde_json::from_str::<Value>(of("Policy")).is_err() {
        return Err((400, "MalformedPolicyDocument", "The policy is not in the valid JSON format."));
    }
    let document = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
         <SubjectFromWebIdentityToken>{}</SubjectFromWebIdentityToken>\
         <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/publish/{session}</Arn>\
         <AssumedRoleId>AROAEXAMPLE:{session}</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>{KEY_ID}</AccessKeyId><SecretAccessKey>{KEY}</SecretAccessKey>\
         <SessionToken>{SESSION}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
         </AssumeRoleWithWebIdentityResponse>",
        claims["sub"].as_str().unwrap_or_default()
    );
    Ok(([("content-type", "text/xml")], document).into_response())
}

/// The name of a secret that is asked for by name or ARN.
fn name(parameters: &Parameters) -> String {
    let id = parameters.get("SecretId").map(String::as_str).unwrap_or_default();
    match id.rsplit_once(":secret:") {
        Some((_, full)) => full.get(..full.len().saturating_sub(7)).unwrap_or_default().to_owned(),
        None => id.to_owned(),
    }
}

const NO_SECRET: Refusal = (400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
const NO_VALUE: Refusal = (
    400,
    "ResourceNotFoundException",
    "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
);

fn get_value(inner: &mut Inner, parameters: &Parameters) -> Result<Value, Refusal> {
    let name = name(parameters);
    let versions = inner.secrets.get(&name).ok_or(NO_SECRET)?;
    let mut newest = versions.len();
    if inner.stale > 0 && newest > 1 {
        inner.stale -= 1;
        newest -= 1;
    }
    let held = newest.checked_sub(1).and_then(|at| versions.get(at)).ok_or(NO_VALUE)?;
    let mut document = json!({
        "ARN": arn(&name), "Name": name, "VersionId": version(newest), "VersionStages": ["AWSCURRENT"], "CreatedDate": 1.7e9,
    });
    match held {
        Held::Text(text) => document["SecretString"] = json!(text),
        Held::Bytes(bytes) => document["SecretBinary"] = json!(BASE64_STANDARD.encode(bytes)),
    }
    Ok(document)
}

fn put_value(inner: &mut Inner, parameters: &Parameters) -> Result<Value, Refusal> {
    let name = name(parameters);
    let versions = inner.secrets.get_mut(&name).ok_or(NO_SECRET)?;
    let held = match (parameters.get("SecretString"), parameters.get("SecretBinary")) {
        (Some(text), None) => Held::Text(text.clone()),
        (None, Some(bytes)) => Held::Bytes(BASE64_STANDARD.decode(bytes).unwrap_or_default()),
        _ => return Err((400, "InvalidRequestException", "You must provide either SecretString or SecretBinary.")),
    };
    versions.push(held);
    Ok(
        json!({ "ARN": arn(&name), "Name": name, "VersionId": version(versions.len()), "VersionStages": ["AWSCURRENT"] }),
    )
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}-AbCdEf")
}

fn version(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
