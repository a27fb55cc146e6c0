//! The built binary on scratch projects.

use serde_json::{Value, json};
use test_support::{Outcome, Scratch};

const STATUS: &str = "docs/security-status";
const INDEX: &str = "docs/security-status/index.json";
const HISTORY: &str = "docs/security-status/history.json";
const LEDGER: &str = "security/findings/findings.json";
/// The moment of most tests, half a day after the ledger's scan.
const NOW: &str = "2026-03-30T15:00:00Z";
const SCANNED: &str = "2026-03-30T03:00:00Z";

fn update(project: &Scratch, now: &str, arguments: &[&str]) -> Outcome {
    test_support::binary!("update-status").run().project(project.path()).now(now).args(arguments).output()
}

/// The sample project, scanned once: one required scanner, no finding.
fn scanned() -> Scratch {
    let project = Scratch::sample();
    let scan = json!({
        "scanner": "pip-audit", "format": "pip-audit", "file": "security/reports/latest/pip-audit.json",
        "coverage": "complete", "reasons": [], "not_covered": [], "findings": 0,
    });
    let ledger = json!({
        "schema_version": "1.0", "project": "sample-package", "created": SCANNED, "updated": SCANNED,
        "lineage": "sample", "findings": [],
        "scanners": {"pip-audit": {
            "required": true, "first_usable": SCANNED, "last_usable": SCANNED, "last_complete": SCANNED,
            "newest": [scan],
        }},
    });
    project.write(LEDGER, ledger.to_string());
    project
}

/// Every published file with its bytes.
fn tree(project: &Scratch) -> Vec<(String, Vec<u8>)> {
    let paths = project.files().into_iter().filter(|path| path.starts_with(STATUS));
    let names = paths.map(|path| path.to_string_lossy().into_owned());
    names.map(|name| (name.clone(), project.bytes(&name))).collect()
}

#[test]
fn before_the_first_scan_the_state_is_unknown() {
    let project = Scratch::sample();
    let outcome = update(&project, NOW, &[]).expect_success();
    assert!(outcome.stdout.starts_with("unknown: Never scanned (no grade)\n"), "{outcome:?}");
    assert!(outcome.stderr.contains("run update-findings first"), "{outcome:?}");
    let names: Vec<String> = tree(&project).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "badge/open.json",
        "badge/open.svg",
        "badge/scan.json",
        "badge/scan.svg",
        "badge.json",
        "badge.svg",
        "history.json",
        "index.html",
        "index.json",
    ];
    assert_eq!(names, expected.map(|name| format!("{STATUS}/{name}")));
    assert_eq!(project.json(INDEX)["security_grade"], Value::Null);
}

#[test]
fn a_scanned_project_has_a_grade() {
    let project = scanned();
    let outcome = update(&project, NOW, &["--format", "json"]).expect_success();
    assert_eq!(outcome.json(), project.json(INDEX));
    assert_eq!(outcome.json()["security_grade"], "A");
    assert_eq!(outcome.json()["version"], "1.0.0");
    insta::assert_snapshot!(update(&project, NOW, &[]).stdout, @r"
    ok: No known findings (A)
      nothing is open
    Data as of 2026-03-30T03:00:00Z, stale after 2026-04-07T03:00:00Z
      complete      pip-audit, last usable 2026-03-30T03:00:00Z
    Nothing changed.
    ");
}

#[test]
fn where_one_scanner_gave_data_it_is_not_said_that_none_did() {
    let project = scanned();
    let mut ledger = project.json(LEDGER);
    let mut bandit = ledger["scanners"]["pip-audit"].clone();
    for key in ["first_usable", "last_usable", "last_complete"] {
        bandit[key] = Value::Null;
    }
    bandit["newest"][0]["coverage"] = json!("failed");
    ledger["scanners"]["bandit"] = bandit;
    project.write(LEDGER, ledger.to_string());
    let told = update(&project, NOW, &[]).expect_success().stdout;
    assert!(told.contains("\nNo complete picture yet\n"), "{told}");
    let none = update(&Scratch::sample(), NOW, &[]).expect_success().stdout;
    assert!(none.contains("\nNo scan gave data yet\n"), "{none}");
}

#[test]
fn two_runs_at_one_moment_give_the_same_bytes() {
    let (first, second) = (scanned(), scanned());
    for project in [&first, &second, &second] {
        update(project, NOW, &[]).expect_success();
    }
    assert_eq!(tree(&first), tree(&second));
}

#[test]
fn a_refresh_turns_the_status_stale_and_then_unknown() {
    let project = scanned();
    update(&project, NOW, &[]).expect_success();
    update(&project, "2026-04-08T03:00:00Z", &["--refresh"]).expect_success();
    let status = project.json(INDEX);
    assert_eq!((&status["stale"], &status["state"]), (&json!(true), &json!("attention")));
    assert_eq!(status["scan_date"], SCANNED);
    update(&project, "2026-04-10T03:00:00Z", &["--refresh"]).expect_success();
    let status = project.json(INDEX);
    assert_eq!((&status["security_grade"], &status["state"]), (&Value::Null, &json!("unknown")));
    assert_eq!(project.json(HISTORY)["days"].as_array().unwrap().len(), 3);
}

#[test]
fn a_refresh_of_nothing_writes_nothing() {
    let project = Scratch::sample();
    let outcome = update(&project, NOW, &["--refresh", "--format=json"]).expect_success();
    assert_eq!(outcome.json()["state"], "unknown");
    assert!(tree(&project).is_empty());
}

#[test]
fn a_file_in_the_place_of_the_folder_is_a_failure() {
    let project = scanned();
    project.write(STATUS, "not a folder");
    let outcome = update(&project, NOW, &[]).expect_code(3);
    assert!(outcome.stderr.contains("error: cannot update the status"), "{outcome:?}");
    assert!(outcome.stderr.contains("a file stands where a folder is needed"), "{outcome:?}");
    assert!(outcome.stderr.contains("hint: put what belongs there in its place"), "{outcome:?}");
    assert_eq!(project.text(STATUS), "not a folder");
}

#[test]
fn a_link_in_the_place_of_the_folder_is_refused_unless_it_lies_elsewhere() {
    let project = scanned();
    let elsewhere = Scratch::empty();
    std::fs::create_dir_all(project.join("docs")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), project.join(STATUS)).unwrap();
    let outcome = update(&project, NOW, &[]).expect_code(2);
    assert!(outcome.stderr.contains("a symbolic link stands where a folder of the project is needed"), "{outcome:?}");
    assert!(elsewhere.files().is_empty());

    // What is named outside of the project is the caller's.
    let named = elsewhere.join("link");
    std::fs::create_dir(elsewhere.join("real")).unwrap();
    std::os::unix::fs::symlink("real", &named).unwrap();
    update(&project, NOW, &["--output", named.to_str().unwrap()]).expect_success();
    assert!(elsewhere.join("real/index.json").exists());
}

#[test]
fn a_clock_far_beyond_every_due_date_is_refused() {
    let project = scanned();
    for now in ["9000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let outcome = update(&project, now, &[]).expect_code(2);
        assert!(outcome.stderr.contains("is not before the year 9000"), "{outcome:?}");
    }
    update(&project, "8999-12-31T23:59:59Z", &[]).expect_success();
}

#[test]
fn another_folder_can_be_given() {
    let project = scanned();
    update(&project, NOW, &["--output", "public/status"]).expect_success();
    assert_eq!(project.json("public/status/index.json")["security_grade"], "A");
    assert!(tree(&project).is_empty());
}

#[test]
fn a_damaged_history_is_moved_aside_and_named() {
    let project = scanned();
    project.write(HISTORY, "{\"schema_version\": \"1.0\", \"da");
    let outcome = update(&project, NOW, &[]).expect_success();
    let aside = format!("{HISTORY}.corrupt-2026-03-30");
    assert!(outcome.stderr.contains(&aside), "{outcome:?}");
    assert_eq!(project.text(&aside), "{\"schema_version\": \"1.0\", \"da");
    assert_eq!(project.json(HISTORY)["days"].as_array().unwrap().len(), 1);
}

#[test]
fn a_status_that_is_none_of_ours_is_replaced() {
    let project = scanned();
    project.write(INDEX, r#"{"last_updated": "2025-10-27 02:58:37.819468+00:00", "security_grade": "A"}"#);
    let outcome = update(&project, NOW, &[]).expect_success();
    assert!(outcome.stderr.contains("written anew"), "{outcome:?}");
    assert_eq!(project.json(INDEX)["scan_date"], SCANNED);
}

#[test]
fn documents_of_a_newer_program_are_left_alone() {
    for path in [INDEX, HISTORY, LEDGER] {
        let project = scanned();
        update(&project, NOW, &[]).expect_success();
        let mut document = project.json(path);
        document["schema_version"] = json!("2.0");
        project.write(path, document.to_string());
        let before = tree(&project);
        let outcome = update(&project, "2026-04-01T00:00:00Z", &[]).expect_code(3);
        assert!(outcome.stderr.contains(path) && outcome.stderr.contains("2.0"), "{outcome:?}");
        assert_eq!(tree(&project), before, "{path}");
    }
}

#[test]
fn a_damaged_ledger_leaves_the_last_status() {
    let project = scanned();
    update(&project, NOW, &[]).expect_success();
    let before = tree(&project);
    project.write(LEDGER, "{\"schema_version\"");
    let outcome = update(&project, NOW, &[]).expect_code(3);
    assert!(outcome.stderr.contains(LEDGER), "{outcome:?}");
    assert_eq!(tree(&project), before);
}

#[test]
fn without_its_ledger_the_last_answer_is_no_longer_vouched_for() {
    let project = scanned();
    update(&project, NOW, &[]).expect_success();
    std::fs::remove_file(project.join(LEDGER)).unwrap();
    let outcome = update(&project, NOW, &["--refresh"]).expect_success();
    assert!(outcome.stdout.contains("the findings ledger is missing"), "{outcome:?}");
    assert_eq!(project.json(INDEX)["security_grade"], Value::Null);
    assert_eq!(project.json(INDEX)["scan_date"], SCANNED);
}

#[test]
fn in_actions_the_reason_is_an_annotation_and_a_summary() {
    let project = Scratch::sample();
    let summary = project.join("summary.md");
    let outcome = test_support::binary!("update-status")
        .run()
        .project(project.path())
        .now(NOW)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .args(["--format", "json"])
        .output()
        .expect_success();
    assert_eq!(outcome.json()["state"], "unknown");
    assert!(outcome.stderr.contains("::warning"), "{outcome:?}");
    assert!(project.text("summary.md").contains("Never scanned"));
}
