use std::time::Duration;

use serde_json::{Value, json};
use test_support::{
    github::{self, GitHub},
    minting::{Fault, Minting},
};

use super::*;
use crate::Job;

const TOKEN: &str = "pypi-minted-0123456789abcdef";

const HASTY: Patience = Patience { tries: 4, first_wait: Duration::ZERO };

fn block_on<T>(work: impl Future<Output = T>) -> T {
    // Installed by an earlier test, or now.
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn source(github: &GitHub) -> IdTokenSource {
    let bearer = Some(Secret::new(github::BEARER.to_owned()));
    IdTokenSource::new(Some(&github.request_url()), bearer, &Job::default()).unwrap()
}

fn mint(github: &GitHub, index: &Minting) -> Result<MintedToken, TrustedError> {
    block_on(async {
        let trusted = TrustedPublishing::at(&index.url().parse().unwrap())?;
        let audience = trusted.audience(HASTY).await?;
        trusted.mint(&source(github), &audience, HASTY, |_: &IdToken| Ok::<(), TrustedError>(())).await
    })
}

#[test]
fn an_identity_becomes_a_token() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    let minted = mint(&github, &index).unwrap();
    assert_eq!(minted.token.expose(), TOKEN);
    assert!(minted.expires.is_some());
    assert_eq!(minted.claims.text("sub"), Some("repo:octo/demo:environment:pypi"));
    assert_eq!(github.audiences(), ["pypi"]);
}

#[test]
fn each_try_has_an_identity_of_its_own() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    github.fail_next([github::Fault::Status(503), github::Fault::Hangup]);
    index.fail_audience([502]);
    // The second exchange is done and its answer lost: the same identity token would be refused.
    index.fail_next([Fault::Status(500), Fault::LoseAnswer]);
    assert_eq!(mint(&github, &index).unwrap().token.expose(), TOKEN);
    assert_eq!((index.asked(), github.tokens().len()), (3, 3));
}

#[test]
fn a_service_that_stays_away_is_asked_four_times() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    github.fail_always(github::Fault::Status(503));
    let error = mint(&github, &index).unwrap_err();
    assert!(matches!(&error, TrustedError::Identity(IdTokenError::Unavailable { status: 503, tries: 4 })), "{error:?}");
    assert_eq!((error.kind(), github.audiences().len()), (ErrorKind::Outside, 4));
    github.fail_always(None);
    index.fail_next(vec![Fault::Hangup; 4]);
    let error = mint(&github, &index).unwrap_err();
    assert!(matches!(error, TrustedError::Lost { tries: 4, .. }), "{error:?}");
}

#[test]
fn what_github_refuses_is_not_asked_again() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    for (fault, kind) in [
        (github::Fault::Status(401), ErrorKind::Refused),
        (github::Fault::Status(403), ErrorKind::Refused),
        (github::Fault::Body("<html>".to_owned()), ErrorKind::Outside),
        (github::Fault::Body("{\"value\":\"x\"}".to_owned()), ErrorKind::Outside),
    ] {
        let before = github.audiences().len();
        github.fail_next([fault.clone()]);
        let error = mint(&github, &index).unwrap_err();
        assert_eq!((error.kind(), github.audiences().len()), (kind, before + 1), "{fault:?}: {error}");
        assert!(!error.hint().is_empty());
    }
    github.claim("aud", json!("https://github.com/octo"));
    let error = mint(&github, &index).unwrap_err();
    assert!(matches!(error, TrustedError::Identity(IdTokenError::Audience { .. })), "{error:?}");
    assert_eq!(index.asked(), 0);
}

#[test]
fn an_index_without_it_says_so() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    index.audience(None);
    let error = mint(&github, &index).unwrap_err();
    assert!(matches!(error, TrustedError::NotOffered { status: 404, .. }), "{error:?}");
    index.audience(Some("pypi"));
    index.fail_audience([403]);
    assert!(matches!(mint(&github, &index), Err(TrustedError::NotOffered { status: 403, .. })));
    assert!(github.audiences().is_empty());
}

#[test]
fn every_refusal_has_its_own_words() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    let refused = |code: &str, said: &str| {
        index.fail_next(vec![Fault::Refuse(code.to_owned(), said.to_owned()); 4]);
        let error = mint(&github, &index).unwrap_err();
        index.fail_next([]);
        error
    };
    let mut hints = std::collections::BTreeSet::new();
    for (code, kind) in [
        ("not-enabled", ErrorKind::Outside),
        ("invalid-payload", ErrorKind::Refused),
        ("invalid-token", ErrorKind::Refused),
        ("invalid-pending-publisher", ErrorKind::Refused),
        ("invalid-publisher", ErrorKind::Refused),
        ("something-new", ErrorKind::Refused),
        ("invalid-reuse-token", ErrorKind::Refused),
    ] {
        let index = Minting::start(TOKEN);
        index.fail_next(vec![Fault::Refuse(code.to_owned(), "the index's own words".to_owned()); 4]);
        let error = mint(&github, &index).unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.to_string().contains(code) && error.to_string().contains("the index's own words"), "{error}");
        assert!(hints.insert(error.hint()), "{code} has the hint of another code");
    }
    let error = refused("invalid-publisher", "valid token, but no corresponding publisher");
    insta::with_settings!({ filters => test_support::SNAPSHOT_FILTERS.to_vec() }, {
        insta::assert_snapshot!(error, @"127.0.0.1 refused the identity token (invalid-publisher): valid token, but no corresponding publisher");
        insta::assert_snapshot!(error.hint(), @"compare what the index was told at the index's page of publishers with this job: Owner: octo; Repository name: demo; Workflow name: pypi-publish.yml; Environment name: pypi");
    });
}

#[test]
fn a_refusal_never_repeats_the_token() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    index.fail_next([Fault::Refuse(
        "invalid-payload".to_owned(),
        "malformed JWT: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2ln".to_owned(),
    )]);
    let error = mint(&github, &index).unwrap_err();
    assert!(!format!("{error:?} {error} {}", error.hint()).contains("eyJ"), "{error}");
    index.fail_next([Fault::Body(format!("{{\"token\":\"{TOKEN} \"}}"))]);
    let error = mint(&github, &index).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(TOKEN), "{error}");
}

#[test]
fn what_no_index_takes_is_seen_beforehand() {
    let of = |change: &[(&str, Value)], index: IndexIdentity| {
        let mut claims = github::publish_job();
        for (name, value) in change {
            claims.insert((*name).to_owned(), value.clone());
        }
        obstacle(&Claims::of(&github::sign(&claims)).unwrap(), &index)
    };
    assert_eq!(of(&[], IndexIdentity::PyPi), None);
    assert_eq!(
        of(&[("event_name", json!("pull_request_target"))], IndexIdentity::PyPi),
        Some(Obstacle::PullRequestTarget)
    );
    let server = [("iss", json!("https://github.example.org/_services/token"))];
    assert!(matches!(of(&server, IndexIdentity::TestPyPi), Some(Obstacle::Issuer(_))));
    assert_eq!(
        of(&server, IndexIdentity::of_host("pypi.example.org")),
        None,
        "an index of one's own trusts whom it likes"
    );
    assert_eq!(of(&[("ref", json!("")), ("sha", json!(""))], IndexIdentity::PyPi), Some(Obstacle::NoReference));
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    github.claim("event_name", json!("pull_request_target"));
    assert!(matches!(mint(&github, &index), Err(TrustedError::Hopeless(Obstacle::PullRequestTarget))));
    assert_eq!(index.asked(), 0);
}

#[test]
fn a_reusable_workflow_is_told() {
    let (github, index) = (GitHub::start(), Minting::start(TOKEN));
    github.claim("job_workflow_ref", json!("octo/shared/.github/workflows/publish.yml@refs/tags/v1"));
    let error = mint(&github, &index).unwrap_err();
    assert!(error.hint().contains("reusable workflow"), "{}", error.hint());
    assert!(error.hint().contains("Workflow name: publish.yml"), "{}", error.hint());
}
