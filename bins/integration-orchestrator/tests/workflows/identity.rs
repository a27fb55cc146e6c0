//! The two ways to prove who publishes, chosen by a variable of the repository.

use test_support::{
    aws::{Aws, ROLE},
    github::{BEARER, GitHub},
    peers::TOKEN,
};

use crate::stage::{Ran, Stage, Start, files_of};

const FIRST: &str = "2023-07-31T04:00:00Z";

/// A weekly run that has something to release, with identity tokens from `github`.
fn released(stage: &Stage, github: &GitHub, vars: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
    stage.week("2023-07-31");
    let request_url = github.request_url();
    let mut all =
        vec![("ACTIONS_ID_TOKEN_REQUEST_URL", request_url.as_str()), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER)];
    all.extend_from_slice(env);
    stage.run(&Start { vars, env: &all, ..Start::weekly(FIRST) })
}

#[track_caller]
fn is_published(stage: &Stage, github: &GitHub, ran: &Ran) {
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.released_version(), "1.0.1");
    assert!(stage.index.asked().iter().filter(|asked| asked.method == "POST").all(|asked| asked.with_credentials));
    for token in github.tokens() {
        assert!(
            !ran.log.lines().any(|line| line.contains(&token) && !line.contains("add-mask")),
            "an identity token was printed"
        );
    }
    let kept = stage.paths("").into_iter().filter_map(|path| stage.file(&path)).collect::<Vec<_>>();
    assert!(kept.iter().all(|bytes| !String::from_utf8_lossy(bytes).contains(TOKEN)), "a token was committed");
}

#[test]
fn a_release_by_trusted_publishing() {
    let (stage, github) = (Stage::scanned(), GitHub::start());
    github.claim("workflow_ref", "octo/demo/.github/workflows/security-driven-release.yml@refs/heads/main".into());
    let ran = released(&stage, &github, &[("RELWARDEN_AUTH", "trusted")], &[]).expect_green();
    is_published(&stage, &github, &ran);
    assert_eq!(github.audiences(), ["pypi"], "one token, for the index");
}

#[test]
fn a_release_by_a_token_from_aws() {
    let (stage, github, aws) = (Stage::scanned(), GitHub::start(), Aws::start());
    aws.trust(|claims| claims["sub"] == "repo:octo/demo:environment:pypi");
    aws.put_text("relwarden/pypi", &format!("{{\"token\":\"{TOKEN}\"}}"));
    let vars = [
        ("RELWARDEN_AUTH", "aws"),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_SECRET_NAME", "relwarden/pypi"),
    ];
    let ran = released(&stage, &github, &vars, &[("AWS_ENDPOINT_URL", &aws.url())]).expect_green();
    is_published(&stage, &github, &ran);
    assert_eq!(github.audiences(), ["sts.amazonaws.com"]);
}

#[test]
fn a_role_that_does_not_trust_the_job_is_told_and_nothing_else_is_tried() {
    let (stage, github, aws) = (Stage::scanned(), GitHub::start(), Aws::start());
    aws.trust(|_| false);
    let vars = [
        ("RELWARDEN_AUTH", "aws"),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_SECRET_NAME", "relwarden/pypi"),
    ];
    let ran = released(&stage, &github, &vars, &[("AWS_ENDPOINT_URL", &aws.url())]).expect_red();
    assert_eq!((ran.job("build"), ran.job("publish"), ran.job("record")), ("success", "failure", "success"));
    assert_eq!(stage.index.count("POST"), 0);
    assert_eq!(stage.records("pypi-publish")[0]["error_stage"], "publish");
}
