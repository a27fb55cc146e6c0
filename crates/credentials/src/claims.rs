//! What an identity token says, read without checking its signature.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use findings_model::{Timestamp, text};
use serde_json::{Map, Value};

/// The claims that a person compares with what an index or a cloud was told to trust.
pub const SHOWN_CLAIMS: [&str; 12] = [
    "iss",
    "sub",
    "aud",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "workflow_ref",
    "job_workflow_ref",
    "ref",
    "environment",
    "event_name",
];

/// The most characters of a claim that are shown.
const LONGEST: usize = 300;

/// The claims of an identity token.
///
/// The signature is not checked: they are for messages, for comparing with what was asked for, and for rules that only ever refuse.
/// Whoever takes the token checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims(Map<String, Value>);

/// The text is no JSON web token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a JSON web token")]
pub struct NoToken;

impl Claims {
    /// Reads the claims of a token: three parts of base64url, the middle one a JSON object.
    pub fn of(token: &str) -> Result<Self, NoToken> {
        let mut parts = token.split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(NoToken);
        };
        let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if !token.bytes().all(is_word) {
            return Err(NoToken);
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(claims).map_err(|_no_base64| NoToken)?;
        serde_json::from_slice(&json).map(Self).map_err(|_no_object| NoToken)
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The moment of a claim such as `exp`.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        self.0.get(name).and_then(Value::as_i64).and_then(Timestamp::from_unix)
    }

    /// The claims to show ([`SHOWN_CLAIMS`]), each on one line; none where the token has not got it.
    pub fn shown(&self) -> BTreeMap<&'static str, Option<String>> {
        let shown = |value: &Value| match value {
            Value::String(claim) => text::shorten(&text::one_line(claim), LONGEST).into_owned(),
            other => text::shorten(&text::one_line(&other.to_string()), LONGEST).into_owned(),
        };
        SHOWN_CLAIMS.iter().map(|name| (*name, self.0.get(*name).map(shown))).collect()
    }

    /// What to type into the index's form for a publisher that this job is.
    pub fn publisher(&self) -> PublisherForm {
        let one = |name| self.text(name).map(|claim| text::shorten(&text::one_line(claim), LONGEST).into_owned());
        let repository = one("repository").and_then(|full| full.split_once('/').map(|(_, name)| name.to_owned()));
        // The workflow whose job asks: the one that holds the job, not the one that called it.
        let workflow = one("job_workflow_ref").or_else(|| one("workflow_ref")).and_then(|reference| {
            let path = reference.split_once('@').map_or(reference.as_str(), |(path, _)| path);
            path.rsplit_once('/').map(|(_, file)| file.to_owned())
        });
        PublisherForm { owner: one("repository_owner"), repository, workflow, environment: one("environment") }
    }
}

/// The four fields of an index's form for a trusted publisher on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PublisherForm {
    /// The owner of the repository.
    pub owner: Option<String>,
    /// The repository's name, without its owner.
    pub repository: Option<String>,
    /// The workflow's file name in `.github/workflows`.
    pub workflow: Option<String>,
    /// The job's environment; empty in the form where the job has none.
    pub environment: Option<String>,
}

impl PublisherForm {
    /// The fields as the form names them.
    pub fn lines(&self) -> [String; 4] {
        let value = |field: &Option<String>| field.clone().unwrap_or_else(|| "(the token does not say)".to_owned());
        [
            format!("Owner: {}", value(&self.owner)),
            format!("Repository name: {}", value(&self.repository)),
            format!("Workflow name: {}", value(&self.workflow)),
            format!("Environment name: {}", self.environment.as_deref().unwrap_or("(leave empty: the job has none)")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &Value) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part("{\"alg\":\"RS256\"}"), part(&claims.to_string()), part("signature"))
    }

    #[test]
    fn the_form_follows_from_the_claims() {
        let claims = serde_json::json!({
            "sub": "repo:octo/demo:environment:pypi", "aud": "pypi", "repository": "octo/demo", "repository_owner": "octo",
            "workflow_ref": "octo/demo/.github/workflows/release.yml@refs/heads/main",
            "job_workflow_ref": "octo/demo/.github/workflows/publish.yml@refs/heads/main",
            "environment": "pypi", "exp": 1_767_582_000, "jti": "x",
        });
        let claims = Claims::of(&token(&claims)).unwrap();
        assert_eq!(
            claims.publisher().lines(),
            ["Owner: octo", "Repository name: demo", "Workflow name: publish.yml", "Environment name: pypi"]
        );
        assert_eq!(claims.shown()["sub"].as_deref(), Some("repo:octo/demo:environment:pypi"));
        assert_eq!(claims.shown()["event_name"], None);
        assert!(!claims.shown().contains_key("jti"));
        assert_eq!(claims.time("exp").unwrap().to_string(), "2026-01-05T03:00:00Z");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "a.b", "a.b.c", "a.b.c.d", "eyJ9.bm9qc29u.x", "e\n.e30.x"] {
            assert_eq!(Claims::of(text), Err(NoToken), "{text:?}");
        }
        assert!(Claims::of("e.e30.x").is_ok());
    }

    #[test]
    fn hostile_claims_are_one_short_line() {
        let claims = serde_json::json!({ "sub": format!("a\n::error::b{}", "x".repeat(1000)) });
        let shown = Claims::of(&token(&claims)).unwrap().shown()["sub"].clone().unwrap();
        assert!(!shown.contains('\n') && shown.chars().count() <= LONGEST + 3, "{shown}");
    }
}
