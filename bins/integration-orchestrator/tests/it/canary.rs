//! A secret in the environment of any of the binaries shows up nowhere, and no program that they start gets it.

use test_support::{
    Checkout, HookAt,
    canary::{CANARY, assert_hidden, loud},
};

use crate::system::{System, WEEK_1, binary};

/// The variables that hold secrets of a publish, each with one of its own.
fn secrets() -> Vec<(&'static str, String)> {
    let names =
        ["PYPI_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "RELWARDEN_FINGERPRINT_KEY", "TWINE_PASSWORD"];
    names.iter().enumerate().map(|(number, name)| (*name, format!("{CANARY}-{number}-of-them"))).collect()
}

#[test]
fn a_secret_of_the_environment_shows_up_nowhere() {
    let system = System::scanned();
    let values: Vec<String> = secrets().into_iter().map(|(_, value)| value).collect();
    for (name, arguments) in [
        ("update-findings", vec!["--offline"]),
        ("detect-changes", vec![]),
        ("decide-release", vec!["--index", "none", "--manual"]),
        ("publish-pypi", vec!["token", "--index", "http://127.0.0.1:9/"]),
        ("publish-pypi", vec!["check", "dist"]),
        ("update-status", vec![]),
        ("workflow-monitoring", vec!["dashboard"]),
        ("integration-orchestrator", vec!["security-workflow"]),
        ("integration-orchestrator", vec!["manual-workflow", "--notes", "n"]),
        ("security-performance-validator", vec!["validate"]),
        ("security-performance-validator", vec!["--unknown"]),
    ] {
        let run = binary(name).run().project(system.project.path()).now(WEEK_1);
        let run = secrets().into_iter().fold(run, |run, (name, value)| run.env(name, value));
        let run = loud(run, system.project.path()).args(&arguments).output();
        assert_ne!(run.code, Some(101), "{name} {arguments:?}: {}", run.stderr);
        assert_hidden(&run, system.project.path(), &values);
    }
}

#[test]
fn what_git_runs_gets_no_secret() {
    let checkout = Checkout::empty();
    checkout.write(
        "pyproject.toml",
        "[project]\nname = \"demo\"\nversion = \"1.0.0\"\n[tool.relwarden.bump]\nmode = \"commit\"\n",
    );
    checkout.commit_all("start");
    let seen = checkout.path().join("../seen");
    checkout.hook(HookAt::WorkTree, "pre-commit", &format!("env > '{}'", seen.display()));
    let run = binary("decide-release").run().project(&checkout.path()).now(WEEK_1);
    let run = secrets().into_iter().fold(run, |run, (name, value)| run.env(name, value));
    let releases = r#"{"meta":{"api-version":"1.1"},"name":"demo","versions":["1.0.0"],"files":[]}"#;
    std::fs::write(checkout.path().join("../releases.json"), releases).unwrap();
    run.args(["bump", "--index", "../releases.json"]).output().expect_success();
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.contains("PATH=") && !seen.contains("CANARY"), "{seen}");
}
