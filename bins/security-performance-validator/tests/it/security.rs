use serde_json::json;

use test_support::repository::git_in;

use crate::{binary, checks, document, project};

const GOOD: &str = "on: workflow_dispatch
permissions: {}
jobs:
  publish:
    environment: pypi
    permissions: {id-token: write}
    concurrency: {group: publish, cancel-in-progress: false}
    steps:
      - run: publish-pypi publish --auth trusted dist/*
";

/// A token in the form that the index gives out, made of two halves.
fn token() -> String {
    ["pypi-Ag", "EIcHlwaS5vcmcCJGU1ZTQwYjdhLTk3ZjQtNDc3Zi1iOGQ5LTQ1ZmVhNWE2"].concat()
}

#[test]
fn a_good_project_passes() {
    let project = project(&[(".github/workflows/publish.yml", GOOD)]);
    let outcome = binary().project(project.path()).args(["security", "--format", "json"]).output();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let document = document(&outcome);
    assert_eq!(document["schema_version"], "1.0");
    assert_eq!(document["passed"], true);
    assert_eq!(document["summary"]["fail"], 0);
    for id in ["WP-01", "WP-02", "WP-03", "WP-11", "OC-01", "CR-04", "SH-08"] {
        assert!(checks(&document, id).iter().all(|check| check.starts_with("pass ")), "{id}: {outcome:?}");
    }
    assert!(document["checks"].as_array().unwrap().iter().all(|check| check["group"] == "security"));
}

#[test]
fn a_project_without_workflows_is_unknown_and_does_not_pass_for_good() {
    let project = project(&[]);
    let outcome = binary().project(project.path()).arg("security").output();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("UNKNOWN  WP-02"), "{outcome:?}");
    assert!(outcome.stdout.contains("the project has no workflow under .github/workflows"), "{outcome:?}");
    assert!(outcome.stdout.contains("what is unknown is not known to be good"), "{outcome:?}");
}

#[test]
fn an_identity_token_in_a_comment_is_none() {
    let commented = GOOD.replace("{id-token: write}", "{contents: read} # id-token: write");
    let project = project(&[(".github/workflows/publish.yml", &commented)]);
    let outcome = binary().project(project.path()).args(["security", "--format=json"]).output();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let document = document(&outcome);
    assert_eq!(document["passed"], false);
    let check = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "WP-11").unwrap();
    assert_eq!(check["where"], ".github/workflows/publish.yml:4");
    assert_eq!(
        [&check["group"], &check["status"], &check["severity"]],
        [&json!("security"), &json!("fail"), &json!("error")]
    );
    assert!(check["help"].as_str().unwrap().contains("id-token"), "{check}");
}

#[test]
fn a_leaked_token_is_found_and_never_printed() {
    let leak = format!("env:\n  PYPI_API_TOKEN: {}\n", token());
    for name in ["deploy.yaml", "deploy.yml", "a/b.toml", "setup.cfg", "x.py", "run.sh", ".env", "data.json", "README"]
    {
        let project = project(&[(name, &leak), ("security/reports/latest/raw.json", &leak), (".venv/x.py", &leak)]);
        git_in(project.path()).args(["init", "--quiet"]).output().expect_success();
        for format in ["text", "json"] {
            let outcome = binary()
                .project(project.path())
                .env("GITHUB_ACTIONS", "true")
                .args(["-vv", "--format", format, "security"])
                .output();
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(!format!("{outcome:?}").contains("EIcHlwaS5"), "{name} {format}");
            assert!(outcome.stdout.contains(&format!("{name}:2")), "{outcome:?}");
            assert!(!outcome.stdout.contains("raw.json") && !outcome.stdout.contains(".venv"), "{outcome:?}");
            assert!(outcome.stderr.contains("::error::CR-04"), "{outcome:?}");
        }
    }
}

#[test]
fn folders_that_tools_fill_are_searched_for_what_git_tracks() {
    let key = format!("KEY = \"AKIA{}\"\n", "Q3EGRMB7XYZ2WVUT");
    let files =
        [("src/target/cfg.py", key.as_str()), ("src/target/built.py", &key), ("venv/lib/x.py", &key), ("x.py", "")];
    let project = project(&files);
    let git = |arguments: &[&str]| git_in(project.path()).args(arguments).output().expect_success();
    let run = || document(&binary().project(project.path()).args(["security", "--format=json"]).output());

    let unknown = run();
    assert_eq!(checks(&unknown, "CR-11"), ["unknown none in 2 text files; 2 files or folders were not searched"]);
    let skipped = checks(&unknown, "CR-13");
    assert!(skipped.len() == 2 && skipped.iter().all(|check| check.starts_with("unknown ")), "{skipped:?}");

    git(&["init", "--quiet"]);
    git(&["add", "pyproject.toml"]);
    assert_eq!(checks(&run(), "CR-11"), ["pass none in 2 text files"]);
    assert_eq!(
        checks(&run(), "CR-13"),
        ["pass 2 text files searched; 2 folders that tools fill hold nothing tracked and were passed over"]
    );

    git(&["add", "--force", "src/target/cfg.py"]);
    assert_eq!(checks(&run(), "CR-11"), ["fail found an AWS access key ID"], "one tracked file, one key");
    std::fs::remove_file(project.path().join("src/target/cfg.py")).unwrap();
    assert_eq!(checks(&run(), "CR-11"), ["pass none in 2 text files"], "a deleted file holds no key");
}

#[test]
fn placeholders_of_documents_are_no_leaks() {
    let text = "pypi-your-token-here AKIAIOSFODNN7EXAMPLE *** ${{ secrets.PYPI_TOKEN }} ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
    let project = project(&[("README.md", text)]);
    let outcome = binary().project(project.path()).args(["security", "--format=json"]).output();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn what_cannot_be_read_is_said() {
    let project = project(&[
        (".github/workflows/a.yml", "on: [\n"),
        ("infrastructure/stack.yaml", "a: [\n"),
        ("infrastructure/main.tf", "resource {"),
    ]);
    std::fs::write(project.path().join(".github/workflows/b.yml"), b"on: push # \xff\n").unwrap();
    std::fs::write(project.path().join("large.txt"), vec![b'a'; 3 * 1024 * 1024]).unwrap();
    std::fs::write(project.path().join("large.bin"), vec![0; 3 * 1024 * 1024]).unwrap();
    std::os::unix::fs::symlink("/etc", project.path().join("link")).unwrap();
    std::os::unix::fs::symlink(".", project.path().join("loop")).unwrap();
    let outcome = binary().project(project.path()).args(["security", "--format=json"]).output();
    assert_eq!(outcome.code, Some(1), "a workflow that cannot be read fails: {outcome:?}");
    let document = document(&outcome);
    let readable = checks(&document, "WF-01");
    assert!(
        readable.len() == 2 && readable[0].starts_with("fail ") && readable[1] == "unknown it is not UTF-8 text",
        "{readable:?}"
    );
    assert_eq!(checks(&document, "OIDC-D01").len(), 2);
    let unread = checks(&document, "CR-13");
    assert!(unread.len() == 1 && unread[0].contains("more than the limit"), "{unread:?}");
}

#[test]
fn the_environment_is_judged_and_not_repeated() {
    let project = project(&[(".github/workflows/publish.yml", GOOD)]);
    let run = || binary().project(project.path()).args(["security", "--format=json"]);
    let good = run()
        .env("AWS_ROLE_ARN", "arn:aws-us-gov:iam::123456789012:role/ci/Publisher")
        .env("AWS_REGION", "us-gov-west-1")
        .env("AWS_SECRET_NAME", "pypi-token")
        .output();
    assert_eq!(good.code, Some(0), "{good:?}");
    let bad = run()
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:user/x")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_SECRET_NAME", "pypi-token")
        .output();
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(!format!("{bad:?}").contains("123456789012"), "{bad:?}");
}

#[test]
fn a_trust_policy_for_the_whole_repository_fails() {
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"},
      "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
      "StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo/demo:*"}}}]}"#;
    let project = project(&[("infrastructure/trust.json", policy)]);
    let outcome = binary()
        .project(project.path())
        .env("GITHUB_REPOSITORY", "octo/demo")
        .args(["security", "--format=json"])
        .output();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(checks(&document(&outcome), "OIDC-T07")[0].starts_with("fail "), "{outcome:?}");
}
