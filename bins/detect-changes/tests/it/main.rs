//! The built binary on recorded weeks.

#![expect(clippy::expect_used, reason = "a helper of a test fails where it cannot help")]

use serde_json::Value;
use test_support::{Outcome, Scratch, fixture_path};

fn detect_changes(project: &Scratch, previous: &str, current: &str) -> Outcome {
    test_support::binary!("detect-changes")
        .run()
        .project(project.path())
        .now("2023-09-04T04:00:00Z")
        .args(["--format", "json", "--previous", previous, "--current", current])
        .output()
}

fn reports(week: &str) -> String {
    let path = fixture_path(&format!("sample-project/weeks/{week}/reports"));
    path.to_str().expect("the path is UTF-8").to_owned()
}

fn between(previous: &str, current: &str) -> Value {
    let project = Scratch::sample();
    project.set_week(current);
    detect_changes(&project, &reports(previous), &reports(current)).expect_success().json()
}

fn types(document: &Value) -> Vec<&str> {
    let changes = document["changes"].as_array().expect("a list of changes");
    changes.iter().filter_map(|change| change["change_type"].as_str()).filter(|word| *word != "updated").collect()
}

#[test]
fn two_folders_of_reports_are_compared() {
    assert_eq!(types(&between("2023-07-24", "2023-07-31")), ["new_vulnerability"]);
    assert_eq!(types(&between("2023-07-31", "2023-08-07")), Vec::<&str>::new(), "only the printed id is another");
    assert_eq!(types(&between("2023-08-07", "2023-08-14")), ["resolved"]);
    assert_eq!(types(&between("2023-08-14", "2023-08-21")), Vec::<&str>::new(), "only lines moved");
}

#[test]
fn what_was_not_scanned_is_not_resolved() {
    let document = between("2023-08-21", "2023-08-28");
    assert_eq!(types(&document), Vec::<&str>::new());
    assert_eq!(document["incomplete"][0]["scanner"], "pip-audit");
    assert_eq!(document["incomplete"][0]["coverage"], "missing");
    assert_eq!(document["posture_trend"], "unknown");
}

#[test]
fn without_a_baseline_everything_is_new() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    let run = || test_support::binary!("detect-changes").run().project(project.path()).args(["--format", "json"]);
    let current = reports("2023-07-24");
    let document = run().args(["--current", &current]).output().expect_success().json();
    assert_eq!(document["first_scan"], true);
    assert_eq!(types(&document), ["new_vulnerability"; 3]);

    let nothing = run().output().expect_success();
    assert_eq!((&nothing.json()["first_scan"], types(&nothing.json()).len()), (&true.into(), 0));
    assert!(nothing.stderr.contains("there is no security/findings/findings.json"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("update-findings"), "{}", nothing.stderr);
}

#[test]
fn what_is_no_side_of_a_comparison_is_refused() {
    let project = Scratch::sample();
    let missing = detect_changes(&project, "nowhere.json", "pyproject.toml").expect_code(2);
    assert!(missing.stderr.contains("nowhere.json"), "{}", missing.stderr);
    let other = detect_changes(&project, "pyproject.toml", "pyproject.toml").expect_code(3);
    assert!(other.stderr.contains("pyproject.toml"), "{}", other.stderr);
}
