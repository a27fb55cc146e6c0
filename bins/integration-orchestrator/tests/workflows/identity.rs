//! The two ways to prove who publishes, chosen by a variable of the repository.

use test_support::{
    aws::{Aws, ROLE},
    github::{BEARER, GitHub},
    peers::TOKEN,
    sigstore::Sigstore,
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
    let ran =
        released(&stage, &github, &[("RELWARDEN_AUTH", "trusted"), ("RELWARDEN_ATTEST", "false")], &[]).expect_green();
    is_published(&stage, &github, &ran);
    assert_eq!(github.audiences(), ["pypi"], "one token, for the index");
}

#[test]
fn files_of_a_trusted_publisher_are_attested_by_the_workflow_that_publishes() {
    const AT: &str = "octo/demo/.github/workflows/security-driven-release.yml@refs/heads/main";
    let (stage, github, sigstore) = (Stage::scanned(), GitHub::start(), Sigstore::start());
    for claim in ["workflow_ref", "job_workflow_ref"] {
        github.claim(claim, AT.into());
    }
    stage.change("A Sigstore of our own", |clone| {
        std::fs::write(clone.join("trusted_root.json"), sigstore.trusted_root()).unwrap();
        let path = clone.join("relwarden.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let url = sigstore.url();
        let table = format!(
            "\n[publish.attestations]\nfulcio = \"{url}\"\nrekor = \"{url}\"\ntrusted_root = \"trusted_root.json\"\n"
        );
        std::fs::write(&path, text + &table).unwrap();
    });
    let ran =
        released(&stage, &github, &[("RELWARDEN_AUTH", "trusted")], &[("GITHUB_WORKFLOW_REF", AT)]).expect_green();
    is_published(&stage, &github, &ran);
    assert_eq!(sigstore.entries(), 2);
    assert!(stage.index.uploads().iter().all(|upload| upload.field("attestations").len() == 1));
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
