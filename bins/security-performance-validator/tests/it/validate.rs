use std::fs;

use serde_json::Value;

use crate::{binary, project};

#[test]
fn the_results_are_written_whatever_they_are() {
    let project = project(&[(".github/workflows/a.yml", "on: [\n")]);
    let run = || binary().project(project.path()).args(["validate", "--format=json"]).output();
    let first = run();
    assert_eq!(first.code, Some(1), "{first:?}");
    let written = fs::read_to_string(project.path().join("validation_results.json")).unwrap();
    assert_eq!(written, first.stdout, "the file holds what is printed");
    let document: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(document["generated_at"], "2026-07-30T12:00:00Z");
    let groups: Vec<&str> =
        document["checks"].as_array().unwrap().iter().map(|check| check["group"].as_str().unwrap()).collect();
    assert!(groups.contains(&"security") && groups.contains(&"performance"));
    for check in document["checks"].as_array().unwrap() {
        for key in ["id", "group", "status", "severity", "message", "where", "help"] {
            assert!(check.get(key).is_some(), "{key}: {check}");
        }
    }
    assert_eq!(run().stdout, first.stdout, "the same twice");
}

#[test]
fn the_place_of_the_results_can_be_chosen() {
    let project = project(&[]);
    let outcome = binary().project(project.path()).args(["validate", "--output=out/results.json"]).output();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(project.path().join("out/results.json").is_file());
    assert!(!project.path().join("validation_results.json").exists());
}

#[test]
fn in_actions_there_is_a_summary_and_stdout_stays_one_document() {
    let project = project(&[(".github/workflows/a|b.yml", "on: [\n")]);
    let summary = project.path().join("summary.md");
    let outcome = binary()
        .project(project.path())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .args(["validate", "--format=json"])
        .output();
    serde_json::from_str::<Value>(&outcome.stdout).unwrap();
    assert!(outcome.stderr.contains("::error::WF-01"), "{outcome:?}");
    let summary = fs::read_to_string(summary).unwrap();
    assert!(summary.contains("| fail | WF-01 |") && summary.contains("a\\|b.yml"), "{summary}");
}

#[test]
fn help_and_a_wrong_configuration() {
    let help = binary().arg("--help").output();
    assert_eq!(help.code, Some(0));
    for word in ["validate", "security", "performance"] {
        assert!(help.stdout.contains(word), "{help:?}");
    }
    let project = project(&[("relwarden.toml", "")]);
    fs::write(project.path().join("pyproject.toml"), "[tool.relwarden]\nnonsense = 1\n").unwrap();
    fs::remove_file(project.path().join("relwarden.toml")).unwrap();
    let outcome = binary().project(project.path()).arg("security").output();
    assert!(matches!(outcome.code, Some(2 | 3)), "{outcome:?}");
    assert!(outcome.stderr.contains("nonsense"), "{outcome:?}");
}
