//! Trusted publishing and what comes of it: a token for an identity document, provenance for attested files.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Shared, lock, pages};

/// The audience that identity documents for this index have.
const AUDIENCE: &str = "pypi";

fn document(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

pub(super) async fn audience() -> Response {
    document(StatusCode::OK, &json!({ "audience": AUDIENCE }))
}

/// Mints a token for an identity document, once for each. Its signature is not looked at: whose it is, is the affair of
/// the service that issues it.
pub(super) async fn mint(State(shared): State<Shared>, body: String) -> Response {
    let refused = |code: &str, description: &str| {
        let errors = [json!({ "code": code, "description": description })];
        let answer = json!({ "message": "Token request failed", "errors": errors });
        document(StatusCode::UNPROCESSABLE_ENTITY, &answer)
    };
    let request: Option<Value> = serde_json::from_str(&body).ok();
    let Some(jwt) = request.as_ref().and_then(|request| request["token"].as_str()) else {
        return refused("invalid-payload", "body: Field required");
    };
    let claims = jwt.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    let Some(claims) = claims.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
        return refused("invalid-payload", "malformed JWT");
    };
    if claims["aud"] != AUDIENCE {
        return refused("invalid-token", "malformed or invalid token");
    }
    let id = claims["jti"].as_str().unwrap_or(jwt).to_owned();
    let mut inner = lock(&shared);
    if !inner.used_jwts.insert(id) {
        return refused("invalid-reuse-token", "invalid token: already used");
    }
    let token = format!("pypi-minted-for-a-trusted-publisher-{}", inner.used_jwts.len());
    inner.minted.insert(token.clone());
    inner.publisher = publisher(&claims);
    let expires = claims["iat"].as_i64().unwrap_or_default() + 900;
    document(StatusCode::OK, &json!({ "success": true, "token": token, "expires": expires }))
}

/// The publisher that an identity document proves: the repository, and the file of its workflow.
fn publisher(claims: &Value) -> Option<Value> {
    let (workflow, _) = claims["workflow_ref"].as_str()?.split_once('@')?;
    let workflow = workflow.rsplit('/').next()?;
    Some(json!({ "kind": "GitHub", "repository": claims["repository"].as_str()?, "workflow": workflow }))
}

/// The attestations of a file, as the integrity API gives them.
pub(super) fn provenance(shared: &Shared, project: &str, file: &str) -> Response {
    let inner = lock(shared);
    let stored = inner.files.get(file).filter(|stored| stored.project == pages::normal(project));
    let attestations = stored.and_then(|stored| serde_json::from_str::<Value>(stored.attestations.as_ref()?).ok());
    match attestations {
        Some(attestations) => {
            let usual = || json!({ "kind": "GitHub", "repository": "acme/sample", "workflow": "release.yml" });
            let publisher = inner.publisher.clone().unwrap_or_else(usual);
            let bundle = json!({ "publisher": publisher, "attestations": attestations });
            document(StatusCode::OK, &json!({ "version": 1, "attestation_bundles": [bundle] }))
        }
        None => document(StatusCode::NOT_FOUND, &json!({ "message": "No provenance available" })),
    }
}
