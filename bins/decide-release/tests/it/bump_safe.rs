//! `bump` beside other runs, and where something of the project cannot be read.

use serde_json::{Value, json};
use test_support::HookAt;

use crate::{
    bump::{self, dynamic},
    bump_git::{bump, checkout},
};

/// A script for a hook that writes down whether another run could take each folder's lock now.
fn ask_for_locks(folders: &[&str]) -> String {
    let ask = |folder: &&str| format!("flock --nonblock {folder} true && echo free >> locks || echo held >> locks");
    folders.iter().map(ask).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_findings_are_held_from_the_look_at_the_decision_to_the_commit() {
    let checkout = checkout("mode = 'commit'");
    checkout.hook(HookAt::WorkTree, "commit-msg", &ask_for_locks(&["security/findings", "."]));
    bump(&checkout).output().expect_success();
    assert_eq!(checkout.text("locks"), "held\nfree\n");
}

#[test]
fn what_another_run_is_writing_stays_and_what_a_killed_bump_left_goes() {
    let checkout = checkout("mode = 'commit'");
    let others = [".relwarden-rcpt.tmp", ".relwarden-receipt.json.Ab12Cd.tmp", "metrics/.relwarden-x.tmp"];
    for name in others.iter().chain(&[".relwarden-pyproject.toml.Ab12Cd.tmp"]) {
        checkout.write(name, "half");
    }
    bump(&checkout).output().expect_success();
    assert!(others.iter().all(|name| checkout.join(name).exists()));
    assert!(!checkout.join(".relwarden-pyproject.toml.Ab12Cd.tmp").exists());
}

#[test]
fn git_and_its_hooks_get_no_secret_but_those_that_it_logs_in_with() {
    let checkout = checkout("mode = 'commit'");
    checkout.hook(HookAt::WorkTree, "commit-msg", "env > seen");
    let names = [
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "PYPI_TOKEN",
        "RELWARDEN_FINGERPRINT_KEY",
        "TWINE_PASSWORD",
        "UV_PUBLISH_TOKEN",
    ];
    let run = names.iter().fold(bump(&checkout), |run, name| run.env(name, "canary-of-a-secret"));
    run.output().expect_success();
    let seen = checkout.text("seen");
    let mut seen: Vec<&str> = seen.lines().filter_map(|line| line.strip_suffix("=canary-of-a-secret")).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["GH_TOKEN", "GITHUB_TOKEN"]);
}

#[test]
fn a_git_that_fails_is_no_wrong_tag() {
    let checkout = checkout("mode = 'commit'");
    checkout.write("pyproject.toml", checkout.text("pyproject.toml").replace("1.2.3", "1.2.4"));
    checkout.commit_all("second");
    checkout.git(&["tag", "v1.2.4"]);
    let blob = checkout.git(&["rev-parse", "v1.2.4:pyproject.toml"]);
    checkout.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    std::fs::remove_file(checkout.join(&format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let outcome = bump(&checkout).output().expect_code(4);
    assert!(!outcome.stderr.contains("remove it"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("no known version"), "{}", outcome.stderr);
}

#[test]
fn a_version_file_that_cannot_be_read_is_not_passed_over() {
    let settings = "[tool.setuptools.dynamic]\nversion = { attr = \"demo.__version__\" }\n";
    let project =
        bump::project(&[("pyproject.toml", &dynamic(settings)), ("demo/__init__.py", "__version__ = '0.1'\n")]);
    let decide = |id: &str| {
        let run = test_support::binary!("decide-release").run().project(project.path());
        let run = run.args(["--format", "json", "--manual", "--notes", "x", "--index", "none", "--request-id", id]);
        run.output().expect_success().json()
    };
    assert_eq!(decide("1")["next_version"], "0.1");
    project.write("src/demo/__init__.py", b"# Andr\xe9\n__version__ = '3.0.0'\n");
    let decision = decide("2");
    assert_eq!((&decision["current_version"], &decision["next_version"]), (&Value::Null, &Value::Null));
    let reason = decision["version_reason"].as_str().unwrap();
    assert!(reason.ends_with("src/demo/__init__.py cannot be read: not UTF-8"), "{reason}");
    bump::bump(&project).output().expect_code(2);
}

#[test]
fn a_changelog_that_cannot_be_kept_up_is_warned_of() {
    let project = bump::project(&[("pyproject.toml", bump::STATIC)]);
    let changelog = b"# Changelog\n\n## [Unreleased]\n\n- Andr\xe9\n";
    project.write("CHANGELOG.md", changelog);
    let outcome = bump::bump(&project).output().expect_success();
    let warning = "CHANGELOG.md is left as it is, without the new version: it is not UTF-8";
    assert_eq!(outcome.json()["warnings"], json!([warning]));
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    assert_eq!(project.bytes("CHANGELOG.md"), changelog);
}

#[test]
fn an_ssh_that_the_environment_names_is_the_one_that_runs() {
    let checkout = checkout("mode = 'commit'\npush = true\nremote = 'ssh://example.invalid/demo'");
    checkout.hook(HookAt::WorkTree, "ssh", "echo asked for \"$@\" >> asked; exit 1");
    let ssh = checkout.join(".git/hooks/ssh");
    let outcome = bump(&checkout).env("GIT_SSH", &ssh).env("GIT_SSH_VARIANT", "ssh").output();
    assert_ne!(outcome.code, Some(0));
    let asked = checkout.text("asked");
    assert!(asked.contains("example.invalid") && !asked.contains("BatchMode"), "{asked}");
}
