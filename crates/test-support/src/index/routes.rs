//! What the index answers where.

use std::time::Duration;

use axum::{
    Router,
    extract::{ConnectInfo, Path, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    Asked, Fault, Shared,
    fault::{Chance, read_some, with_fault},
    lock, pages,
    stream::Wire,
    trusted, upload,
};

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(home).post(take))
        .route("/legacy/", get(home).post(take))
        .route("/legacy", post(without_slash))
        .route("/simple/{project}/", get(page))
        .route("/packages/{file}", get(file))
        .route("/_/oidc/audience", get(trusted::audience))
        .route("/_/oidc/mint-token", post(trusted::mint))
        .route("/integrity/{project}/{version}/{file}/provenance", get(provenance))
        .with_state(shared)
}

async fn home() -> &'static str {
    "a package index for tests\n"
}

async fn without_slash(State(shared): State<Shared>, request: Request) -> Response {
    arrive(&shared, &request);
    let message = "An upload was attempted to /legacy but the expected upload URL is /legacy/";
    let answer = upload::answer(StatusCode::PERMANENT_REDIRECT, message);
    ([(header::LOCATION, "/legacy/")], answer).into_response()
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

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Identity {
    Nobody,
    Token,
    /// With a token that was minted for a trusted publisher.
    Trusted,
}

fn identity(shared: &Shared, request: &Request) -> Identity {
    let inner = lock(shared);
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let basic = given.strip_prefix("Basic ").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    let pair = basic.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let token = pair.strip_prefix("__token__:").map(str::trim);
    match (token, &inner.settings.token) {
        (Some(token), _) if inner.minted.contains(token) => Identity::Trusted,
        (_, None) => Identity::Token,
        (Some(token), Some(expected)) if token == expected => Identity::Token,
        _ if request.method() == Method::GET && !inner.settings.private => Identity::Token,
        _ => Identity::Nobody,
    }
}

fn refusal(method: &Method) -> Response {
    if method == Method::GET {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"index\"")];
        (StatusCode::UNAUTHORIZED, challenge).into_response()
    } else {
        upload::answer(StatusCode::FORBIDDEN, "Invalid or non-existent authentication information.")
    }
}

async fn take(State(shared): State<Shared>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    arrive(&shared, &request);
    let identity = identity(&shared, &request);
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let by_chance = lock(&shared).chance.as_mut().and_then(|chance| chance.of_upload(length.unwrap_or(0)));
    let hasty = match by_chance {
        Some(fault) => Some(fault).filter(Fault::is_hasty),
        None => lock(&shared).upload_faults.pop_front_if(|fault| fault.is_hasty()),
    };
    if let Some(Fault::ResetAt(bytes) | Fault::Stall(bytes)) = hasty {
        let _unread = read_some(request.into_body(), bytes).await;
        return with_fault(hasty, &wire, async { Response::default() }).await;
    }
    if hasty.is_some() {
        return with_fault(hasty, &wire, async { Response::default() }).await;
    }
    let form = upload::read(request).await;
    let (read_only, delay) = {
        let settings = &lock(&shared).settings;
        (settings.read_only, settings.delay)
    };
    if read_only {
        return upload::answer(StatusCode::FORBIDDEN, "Read-only mode: Uploads are temporarily disabled.");
    }
    if identity == Identity::Nobody {
        return refusal(&Method::POST);
    }
    match form {
        Ok(form) => {
            let fault = by_chance.or_else(|| {
                let mut inner = lock(&shared);
                form.content.as_ref().and_then(|_| inner.upload_faults.pop_front())
            });
            if delay > 0 {
                tokio::time::sleep(Duration::from_millis(delay)).await;
            }
            with_fault(fault, &wire, async { upload::take(&shared, form, identity == Identity::Trusted) }).await
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
    if identity(&shared, &request) == Identity::Nobody {
        return refusal(&Method::GET);
    }
    let fault = {
        let mut inner = lock(&shared);
        let by_chance = inner.chance.as_mut().and_then(Chance::of_page);
        by_chance.or_else(|| inner.page_faults.pop_front())
    };
    let wants_json = request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(pages::JSON_TYPE.as_bytes()));
    with_fault(fault, &wire, async { pages::project(&shared, &project, wants_json) }).await
}

async fn file(
    State(shared): State<Shared>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    arrive(&shared, &request);
    if identity(&shared, &request) == Identity::Nobody {
        return refusal(&Method::GET);
    }
    let fault = lock(&shared).file_faults.pop_front();
    with_fault(fault, &wire, async {
        match lock(&shared).files.get(&name) {
            Some(stored) => {
                ([(header::CONTENT_TYPE, "application/octet-stream")], stored.bytes.clone()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        }
    })
    .await
}

async fn provenance(
    State(shared): State<Shared>,
    Path((project, _version, file)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    arrive(&shared, &request);
    trusted::provenance(&shared, &project, &file)
}
