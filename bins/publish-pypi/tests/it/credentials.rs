//! Each way to a credential, and what stands in the way, through stand-ins for GitHub, AWS and an index.

use serde_json::{Value, json};
use test_support::{
    Run, Scratch,
    aws::{self, Aws},
    github::{self, GitHub},
    index::{Index, Settings},
    minting::Minting,
};

use test_support::macaroon::token_with;

use crate::{dist, publish_pypi};

const SECRET: &str = "pypi-token-secret";
const OPAQUE: &str = "s3cret-token-0123456789";

fn with(run: Run, variables: impl IntoIterator<Item = (&'static str, String)>) -> Run {
    variables.into_iter().fold(run, |run, (name, value)| run.env(name, value))
}

fn configure(project: &Scratch, table: &str) {
    let text = format!("[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n\n{table}\n");
    project.write("pyproject.toml", text);
}

/// `token` in JSON, as a step of the publish job.
fn token(project: &Scratch, github: &GitHub, index: &str) -> Run {
    github.job(publish_pypi(project)).args(["--format", "json", "token", "--index", index])
}

fn aws_with(value: &str) -> Aws {
    let aws = Aws::start();
    aws.put_text(SECRET, value);
    aws
}

#[test]
fn trusted_publishing_is_proven_with_its_claims() {
    let (project, github, index) = (Scratch::empty(), GitHub::start(), Minting::start(OPAQUE));
    let run = token(&project, &github, &index.url()).output().expect_success();
    let proof = run.json();
    assert_eq!((&proof["auth"], &proof["source"]), (&json!("trusted"), &json!("trusted publishing")));
    assert_eq!(proof["claims"]["sub"], "repo:octo/demo:environment:pypi");
    assert_eq!(proof["claims"]["aud"], "pypi");
    assert_eq!(
        proof["publisher"],
        json!({ "owner": "octo", "repository": "demo", "workflow": "pypi-publish.yml", "environment": "pypi" })
    );
    assert_eq!(proof["token"]["narrowed"], false);
    assert!(proof["token"]["expires"].is_string());
    for secret in [OPAQUE, github::BEARER, &github.tokens()[0]] {
        assert!(!run.stdout.contains(secret));
        let masked = format!("::add-mask::{secret}");
        assert!(run.stderr.lines().all(|line| line == masked || !line.contains(secret)), "{}", run.stderr);
        assert!(run.stderr.lines().any(|line| line == masked), "{secret} is not masked");
    }
}

#[test]
fn a_job_publishes_with_its_identity_alone() {
    let (project, github, index) = (Scratch::empty(), GitHub::start(), Index::start_with(private(OPAQUE)));
    let publish = ["--format", "json", "publish", "--index", &index.url()];
    let run = github.job(publish_pypi(&project)).args(publish).args(dist()).output().expect_success();
    assert_eq!(run.json()["verified"], true);
    assert!(run.stderr.contains("the token comes from trusted publishing"), "{}", run.stderr);
    assert_eq!((index.uploads().len(), github.audiences()), (2, vec!["pypi".to_owned()]));
}

#[test]
fn a_job_publishes_with_the_token_of_its_role() {
    let (project, github, index) = (Scratch::empty(), GitHub::start(), Index::start_with(private(OPAQUE)));
    let aws = aws_with(&json!({ "token": OPAQUE }).to_string());
    let publish = |project| {
        let run = with(github.job(publish_pypi(project)), aws.variables(SECRET)).args(["--format", "json", "publish"]);
        run.args(["--auth", "aws", "--index", &index.url()]).args(dist()).output()
    };
    assert_eq!(publish(&project).expect_success().json()["verified"], true);

    aws.fail_always("GetSecretValue", aws::Fault::Error(400, "AccessDeniedException", "Access to KMS is not allowed"));
    let failed = publish(&Scratch::empty()).expect_code(5).json();
    assert_eq!((&failed["failure"]["stage"], &failed["failure"]["class"]), (&json!("credential"), &json!("refused")));
    assert!(failed["failure"]["request_id"].as_str().unwrap().starts_with("request-"), "{failed}");
    assert!(failed["failure"]["next"].as_str().unwrap().contains("kms:Decrypt"), "{failed}");
}

fn private(token: &str) -> Settings {
    Settings { token: Some(token.to_owned()), ..Settings::default() }
}

#[test]
fn a_token_of_aws_is_proven_with_its_role() {
    let (project, github) = (Scratch::empty(), GitHub::start());
    let aws = aws_with(&json!({ "token": OPAQUE, "package": "sample-package", "repository": "octo/demo" }).to_string());
    let run = with(token(&project, &github, "http://127.0.0.1:9/"), aws.variables(SECRET)).args(["--auth", "aws"]);
    let run = run.output().expect_success();
    let proof = run.json();
    assert_eq!(proof["auth"], "aws");
    assert_eq!(proof["aws"]["role"], aws::ROLE);
    assert_eq!(proof["aws"]["session"], "relwarden-17171717171-2");
    assert_eq!(proof["claims"]["repository_id"], "22");
    assert_eq!(proof["source"], format!("the secret {SECRET} of AWS Secrets Manager in eu-central-1"));
    assert!(run.stderr.contains("stands in for AWS"), "{}", run.stderr);
    for secret in [OPAQUE, aws::KEY, aws::SESSION, &github.tokens()[0]] {
        assert!(!run.stdout.contains(secret));
        let masked = format!("::add-mask::{secret}");
        assert!(run.stderr.lines().all(|line| line.starts_with("::add-mask::") || !line.contains(secret)));
        assert!(run.stderr.lines().any(|line| line == masked), "{secret} is not masked:\n{}", run.stderr);
    }
    assert_eq!(github.audiences(), ["sts.amazonaws.com"]);
}

#[test]
fn a_way_is_chosen_by_what_is_there_and_never_guessed() {
    let (project, github, index) = (Scratch::empty(), GitHub::start(), Minting::start(OPAQUE));
    let aws = aws_with(OPAQUE);
    let both = with(token(&project, &github, &index.url()), aws.variables(SECRET)).output().expect_code(2);
    assert!(both.stderr.contains("both trusted publishing and a secret of AWS"), "{}", both.stderr);
    assert!(both.stderr.contains("--auth"), "{}", both.stderr);

    // An index without trusted publishing leaves one way.
    index.audience(None);
    let proof = with(token(&project, &github, &index.url()), aws.variables(SECRET)).output().expect_success().json();
    assert_eq!(proof["auth"], "aws");
    index.audience(Some("pypi"));

    let given = with(token(&project, &github, &index.url()), aws.variables(SECRET)).env("PYPI_TOKEN", OPAQUE).output();
    assert!(given.expect_code(2).stderr.contains("a token in PYPI_TOKEN"));

    let configured = with(token(&project, &github, &index.url()), aws.variables(SECRET));
    configure(&project, "[tool.relwarden.publish]\nauth = \"trusted\"");
    assert_eq!(configured.output().expect_success().json()["auth"], "trusted");
}

#[test]
fn a_refusal_is_no_reason_to_try_another_way() {
    let (project, github, index) = (Scratch::empty(), GitHub::start(), Minting::start(OPAQUE));
    index.trust("octo/demo/.github/workflows/other.yml");
    let run = token(&project, &github, &index.url()).env("PYPI_TOKEN", OPAQUE).args(["--auth", "trusted"]);
    let run = run.output().expect_code(5);
    assert!(run.stderr.contains("invalid-publisher"), "{}", run.stderr);
    assert!(run.stderr.contains("Workflow name: pypi-publish.yml"), "{}", run.stderr);

    let aws = aws_with(OPAQUE);
    aws.trust(|_| false);
    let run = with(token(&project, &github, &index.url()), aws.variables(SECRET)).args(["--auth", "aws"]).output();
    assert!(run.expect_code(5).stderr.contains("sub = repo:octo/demo:environment:pypi"));
}

#[test]
fn what_is_missing_is_named() {
    let (project, github) = (Scratch::empty(), GitHub::start());
    let index = "http://127.0.0.1:9/";
    for (auth, variable, said) in [
        ("trusted", "ACTIONS_ID_TOKEN_REQUEST_URL", "id-token: write"),
        ("aws", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "id-token: write"),
        ("aws", "AWS_SECRET_NAME", "AWS_SECRET_NAME is not set"),
        ("aws", "AWS_ROLE_ARN", "AWS_ROLE_ARN is not set"),
        ("aws", "AWS_REGION", "AWS_REGION is not set"),
        ("env", "PYPI_TOKEN", "PYPI_TOKEN"),
    ] {
        let aws = aws_with(OPAQUE);
        let run = with(token(&project, &github, index), aws.variables(SECRET)).args(["--auth", auth]);
        let run = run.env("PYPI_TOKEN", OPAQUE).env(variable, "").output().expect_code(2);
        assert!(run.stderr.contains(said), "{auth} without {variable}:\n{}", run.stderr);
    }
    let fork = r#"{"pull_request":{"head":{"repo":{"fork":true}}}}"#;
    project.write("event.json", fork);
    let run = token(&project, &github, index).args(["--auth", "trusted"]).env("ACTIONS_ID_TOKEN_REQUEST_URL", "");
    let run = run.env("GITHUB_EVENT_PATH", project.join("event.json")).output().expect_code(5);
    assert!(run.stderr.contains("pull request from a fork"), "{}", run.stderr);
    let plain = token(&project, &github, index)
        .args(["--auth", "trusted"])
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://example.org/t");
    assert!(plain.output().expect_code(2).stderr.contains("not an https address"));
    let aws = aws_with(OPAQUE);
    let elsewhere =
        with(token(&project, &github, index), aws.variables(SECRET)).env("AWS_ENDPOINT_URL", "https://sts.example.org");
    assert!(elsewhere.args(["--auth", "aws"]).output().expect_code(2).stderr.contains("AWS_ENDPOINT_URL"));
}

#[test]
fn a_secret_for_something_else_is_not_used() {
    let (project, github) = (Scratch::empty(), GitHub::start());
    for (value, said) in [
        (json!({ "token": OPAQUE, "package": "other" }).to_string(), "for the package"),
        (json!({ "token": OPAQUE, "repository": "octo/other" }).to_string(), "for the repository"),
        (json!({ "password": OPAQUE }).to_string(), "without a text under the key"),
        ("{".to_owned(), "looks like JSON"),
        (format!("{OPAQUE}\n"), "line break"),
        (String::new(), "no value"),
    ] {
        let aws = aws_with(&value);
        let run = with(token(&project, &github, "http://127.0.0.1:9/"), aws.variables(SECRET)).args(["--auth", "aws"]);
        let run = run.output().expect_code(2);
        assert!(run.stderr.contains(said), "{value}:\n{}", run.stderr);
    }
}

#[test]
fn a_token_is_read_before_it_is_used() {
    let project = Scratch::empty();
    let env = |index: &str, token: &str| {
        publish_pypi(&project).env("PYPI_TOKEN", token).args(["--format", "json", "token", "--index", index]).output()
    };
    let whole = token_with("pypi.org", &["[3,\"00000000-0000-4000-8000-000000000000\"]"]);
    let proof = env("pypi", &whole).expect_success().json();
    assert_eq!(proof["token"]["index"], "PyPI");
    assert_eq!(proof["token"]["scope"], "every project of an account");
    assert_eq!(proof["token"]["narrowed_until"], "2026-01-05T03:15:00Z");
    assert!(proof["advice"][0].as_str().unwrap().contains("rotate"), "{proof}");
    let conditional = env("pypi", &token_with("pypi.org", &["[9,\"x\"]"])).expect_success().json();
    assert_eq!(conditional["token"]["unknown_condition"], true);
    assert!(conditional["advice"][0].as_str().unwrap().contains("condition"), "{conditional}");
    for (index, token, code, said) in [
        ("pypi", String::new(), 2, "arrives as empty text"),
        ("testpypi", whole.clone(), 2, "made by PyPI"),
        ("pypi", token_with("test.pypi.org", &[]), 2, "made by TestPyPI"),
        ("https://pypi.example.org/legacy/", whole.clone(), 2, "not sent to pypi.example.org"),
        ("pypi", token_with("pypi.org", &["[1,[\"other\"]]"]), 5, "the project other"),
        ("pypi", token_with("pypi.org", &["[0,1767582000,0]"]), 5, "expired"),
        ("pypi", whole[..whole.len() - 7].to_owned(), 2, "cut off"),
        ("pypi", format!("{whole}\n"), 2, "line break"),
    ] {
        let run = env(index, &token).expect_code(code);
        assert!(run.stderr.contains(said) && run.stderr.contains("hint:"), "{index}:\n{}", run.stderr);
        assert!(!run.stderr.contains(&whole[10..]), "{}", run.stderr);
    }
}

#[test]
fn the_wide_token_never_leaves_the_machine() {
    let project = Scratch::empty();
    let wide = token_with("pypi.org", &[]);
    let index = Index::start_with(Settings { token: Some(wide.clone()), ..Settings::default() });
    // An index that takes this very token and no other one refuses what it gets: a narrower one.
    let publish = ["publish", "--index", &index.url()];
    publish_pypi(&project).env("PYPI_TOKEN", &wide).args(publish).args(dist()).output().expect_code(5);
    assert!(index.uploads().is_empty());
}

#[test]
fn rules_are_judged_before_anything_is_fetched() {
    let (github, index) = (GitHub::start(), Minting::start(OPAQUE));
    let judge = |table: &str, change: &[(&str, &str)]| {
        let project = Scratch::empty();
        let run = token(&project, &github, &index.url());
        configure(&project, &format!("[tool.relwarden.publish.protection]\n{table}"));
        change.iter().fold(run, |run, (name, value)| run.env(name, value)).output()
    };
    judge(
        "branches = [\"main\"]\nactors = [\"octocat\"]\nenvironments = [\"PyPI\"]\nevents = [\"workflow_dispatch\"]",
        &[],
    )
    .expect_success();
    let before = (github.audiences().len(), index.asked());
    for (table, change, said) in [
        ("branches = [\"release/*\"]", vec![], "refs/heads/main"),
        ("actors = [\"octocat\"]", vec![("GITHUB_TRIGGERING_ACTOR", "mallory")], "mallory"),
        ("events = [\"schedule\"]", vec![], "workflow_dispatch"),
        ("repositories = [\"octo/other\"]", vec![], "octo/demo"),
        ("tags = [\"v*\"]", vec![], "refs/heads/main"),
        ("branches = [\"main\"]", vec![("GITHUB_ACTIONS", "")], "GitHub Actions only"),
        ("branches = [\"main\"]", vec![("GITHUB_REF", "")], "nothing says which"),
    ] {
        let run = judge(table, &change).expect_code(5);
        assert!(run.stderr.contains(said) && run.stderr.contains("hint:"), "{table}:\n{}", run.stderr);
    }
    assert_eq!((github.audiences().len(), index.asked()), before, "nobody was asked");

    // The environment is known from the identity token alone: that is asked for, and the index is not.
    let run = judge("environments = [\"production\"]", &[]).expect_code(5);
    assert!(run.stderr.contains("\"pypi\"; allowed: production"), "{}", run.stderr);
    assert_eq!((github.audiences().len(), index.asked()), (before.0 + 1, before.1));
    let run = judge("environments = [\"pypi\"]", &[("ACTIONS_ID_TOKEN_REQUEST_URL", ""), ("PYPI_TOKEN", OPAQUE)]);
    assert!(run.expect_code(5).stderr.contains("id-token: write"));
    judge("environments = [\"pypi\"]", &[("PYPI_TOKEN", OPAQUE)]).expect_success();
    // A variable can be set; what GitHub says counts too, whatever the credential is.
    let tagged = [("GITHUB_REF", "refs/tags/v1"), ("PYPI_TOKEN", OPAQUE)];
    let run = judge("tags = [\"v*\"]", &tagged).expect_code(5);
    assert!(run.stderr.contains("refs/heads/main"), "{}", run.stderr);
    let unasked = [tagged[0], tagged[1], ("ACTIONS_ID_TOKEN_REQUEST_URL", "")];
    judge("tags = [\"v*\"]", &unasked).expect_success();
    let run = judge("branches = [\"main\"]\nallow_local = true", &[("GITHUB_ACTIONS", ""), ("PYPI_TOKEN", OPAQUE)]);
    run.expect_success();
    assert!(judge("branches = [\"[\"]", &[]).expect_code(2).stderr.contains("not a valid pattern"));
}

#[test]
fn a_new_token_is_stored_and_proven() {
    let (project, github) = (Scratch::empty(), GitHub::start());
    let aws = aws_with(&json!({ "token": "old-token-0123456789", "package": "sample-package" }).to_string());
    let rotate = |new: &str, more: &[&str]| {
        let run = with(github.job(publish_pypi(&project)), aws.variables(SECRET)).stdin(new.as_bytes());
        run.args(["--format", "json", "rotate", "--index", "http://127.0.0.1:9/"]).args(more).output()
    };
    let dry = rotate(&format!("{OPAQUE}\n"), &["--dry-run"]).expect_success().json();
    assert_eq!((&dry["changed"], &dry["version"]), (&json!(false), &Value::Null));
    assert!(aws.text(SECRET).unwrap().contains("old-token"));
    let run = rotate(&format!("{OPAQUE}\n"), &[]).expect_success();
    let document = run.json();
    assert_eq!((&document["changed"], &document["verified"]), (&json!(true), &json!(true)));
    let stored: Value = serde_json::from_str(&aws.text(SECRET).unwrap()).unwrap();
    assert_eq!(stored, json!({ "token": OPAQUE, "package": "sample-package" }));
    assert!(!run.stdout.contains(OPAQUE));
    let again = rotate(OPAQUE, &[]).expect_success().json();
    assert_eq!((&again["changed"], &again["verified"]), (&json!(false), &json!(true)));
    assert_eq!(aws.count("PutSecretValue"), 1);

    for (new, said) in [("", "empty"), ("two words", "white space"), ("two\nlines\n", "line break")] {
        let run = rotate(new, &[]).expect_code(2);
        assert!(run.stderr.contains(said), "{new:?}:\n{}", run.stderr);
    }
    let other = aws_with(&json!({ "token": "old-token-0123456789", "package": "other" }).to_string());
    let run = with(github.job(publish_pypi(&project)), other.variables(SECRET)).stdin(OPAQUE);
    let run = run.args(["rotate", "--index", "http://127.0.0.1:9/"]).output().expect_code(2);
    assert!(run.stderr.contains("is not replaced"), "{}", run.stderr);
}

#[test]
fn a_person_rotates_with_keys_of_their_own() {
    let project = Scratch::empty();
    let aws = Aws::start();
    aws.create(SECRET);
    let run = |key: &str| {
        with(publish_pypi(&project), aws.variables(SECRET))
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", "a-key-of-a-person-0123456789")
            .stdin(OPAQUE)
            .args(["rotate", "--index", "http://127.0.0.1:9/"])
            .output()
    };
    let done = run(aws::PERSON_KEY_ID).expect_success();
    assert!(
        done.stdout.contains("read back, and current") && done.stdout.contains("revoke the old token"),
        "{}",
        done.stdout
    );
    assert_eq!(aws.text(SECRET), Some(json!({ "token": OPAQUE }).to_string()));
    assert_eq!(aws.count("AssumeRoleWithWebIdentity"), 0);
    run(concat!("AKIA", "OFNOBODYOFNOBODY")).expect_code(5);
    let nobody = with(publish_pypi(&project), aws.variables(SECRET)).stdin(OPAQUE).env("AWS_ROLE_ARN", "");
    let nobody = nobody.args(["rotate", "--index", "http://127.0.0.1:9/"]).output().expect_code(2);
    assert!(nobody.stderr.contains("AWS_ACCESS_KEY_ID"), "{}", nobody.stderr);
}
