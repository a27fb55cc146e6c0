//! A release by hand, the scan of a pull request, and the daily status.

use serde_json::json;
use test_support::index::Fault;

use crate::stage::{Stage, Start, files_of};

#[test]
fn a_manual_release_with_every_default() {
    let stage = Stage::scanned();
    let before = stage.tip();
    let inputs = json!({ "release_type": "manual", "release_notes": "", "dry_run": false });
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-25T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "manual", "next_version"), "1.0.1");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.released_version(), "1.0.1");
    assert_eq!(stage.tags(), ["v1.0.1"]);
    let subjects = stage.subjects_since(&before);
    assert_eq!(&subjects[1..], ["chore(release): 1.0.1", "chore(release): record 1.0.1 as published"], "{subjects:?}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let stage = Stage::scanned();
    let before = stage.tip();
    let inputs = json!({ "release_type": "manual", "release_notes": "", "dry_run": true });
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-25T04:00:00Z")).expect_green();
    assert_eq!(
        ["gate", "bump", "publish", "record"].map(|job| ran.job(job)),
        ["success", "skipped", "success", "skipped"]
    );
    let sums = ran.output("build", "build", "sums");
    assert!(sums.contains("sample_package-1.0.1.tar.gz"), "the files are those of the next version: {sums}");
    assert_eq!(stage.tip(), before);
    assert_eq!(stage.tags(), Vec::<String>::new());
    assert_eq!(stage.published(), files_of(&["1.0.0"]));
    assert_eq!(stage.index.count("POST"), 0);
}

#[test]
fn a35_an_automatic_decision_can_be_carried_out_by_hand_under_its_own_word() {
    let stage = Stage::scanned();
    let inputs = json!({ "release_type": "security_auto", "release_notes": "", "dry_run": false });
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs.clone(), "2023-07-25T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "auto", "release_type"), "none", "nothing changed since the baseline");
    assert_eq!(ran.job("publish"), "skipped");

    stage.week("2023-07-31");
    stage.index.fail_uploads([Fault::Status(403); 8]);
    stage.run(&Start::weekly("2023-07-31T04:00:00Z")).expect_red();
    stage.index.forgive();
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-31T09:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "auto", "release_type"), "security_auto");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.released_version(), "1.0.1");
    assert_eq!(stage.records("pypi-publish").last().unwrap()["release_type"], "security_auto");
}

#[test]
fn a_pull_request_is_scanned_and_changes_nothing() {
    let stage = Stage::scanned();
    let before = stage.tip();
    let start = Start { workflow: "security-scan", event: "pull_request", ..Start::weekly("2023-07-25T04:00:00Z") };
    let ran = stage.run(&start).expect_green();
    assert_eq!(ran.job("scan"), "success");
    assert!(ran.artifacts.join("security-reports/bandit.json").is_file());
    let sarif: serde_json::Value =
        serde_json::from_slice(&std::fs::read(ran.artifacts.join("relwarden-sarif/relwarden.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(stage.tip(), before);

    stage.report("bandit.json", None);
    let ran = stage.run(&start).expect_red();
    assert_eq!(ran.output("scan", "scan", "crashed"), "bandit");
}

#[test]
fn the_daily_status_is_deployed_and_committed_only_when_it_says_something_new() {
    let stage = Stage::scanned();
    let before = stage.tip();
    let daily = |now| Start {
        workflow: "security-status-heartbeat",
        event: "schedule",
        vars: &[("RELWARDEN_PAGES", "on")],
        ..Start::weekly(now)
    };
    let ran = stage.run(&daily("2023-07-26T05:00:00Z")).expect_green();
    assert_eq!((ran.job("refresh"), ran.job("deploy")), ("success", "success"));
    let page = std::fs::read(ran.artifacts.join("github-pages/security-status/index.json")).unwrap();
    let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
    assert_eq!(page["last_updated"], "2023-07-26T05:00:00Z");
    assert_eq!(stage.tip(), before, "only the time passed");

    stage.run(&daily("2023-08-02T05:00:00Z")).expect_green();
    assert_eq!(stage.subjects_since(&before), ["chore(security): record status"]);
    assert_eq!(stage.status()["stale"], true);
}

#[test]
fn old_run_records_are_folded_by_the_daily_run() {
    let stage = Stage::scanned();
    let daily = |now| Start { workflow: "security-status-heartbeat", event: "schedule", ..Start::weekly(now) };
    stage.change("Tear the totals", |clone| {
        std::fs::create_dir_all(clone.join("metrics/daily")).unwrap();
        std::fs::write(clone.join("metrics/daily/2023.json"), "{").unwrap();
    });
    let ran = stage.run(&daily("2023-09-01T05:00:00Z")).expect_red();
    assert_eq!((ran.job("refresh"), ran.job("deploy")), ("failure", "skipped"));
    assert_eq!(stage.status()["stale"], true, "the status is kept all the same");
    assert_eq!(stage.records("security-driven-release").len(), 1);

    stage.change("Mend the totals", |clone| {
        std::fs::remove_file(clone.join("metrics/daily/2023.json")).unwrap();
    });
    let before = stage.tip();
    stage.run(&daily("2023-09-01T06:00:00Z")).expect_green();
    assert_eq!(stage.subjects_since(&before), ["chore(security): record metrics, status"]);
    assert_eq!(stage.records("security-driven-release").len(), 0);
    assert!(stage.file("metrics/runs/2023-07.ndjson").is_some());
}

#[test]
fn a_tag_releases_the_programs_as_setup_wants_them() {
    let stage = Stage::new();
    // Stands in for the compiler, which would take minutes: what it leaves are scripts under the programs' names.
    stage.program(
        "cargo",
        r#"into="$CARGO_TARGET_DIR/release"
while [ $# -gt 0 ]; do case "$1" in
  --profile) into="$CARGO_TARGET_DIR/$2" ;;
  --package) mkdir -p "$into"; printf '#!/bin/bash\necho "%s 1.2.3"\n' "$2" > "$into/$2"; chmod +x "$into/$2"; shift ;;
esac; shift; done"#,
    );
    stage.program("gh", r#"echo "$@" > "$TEST_ARTIFACTS/gh"; cp ./*.tar.gz SHA256SUMS "$TEST_ARTIFACTS/""#);
    let start = Start {
        workflow: "programs-release",
        event: "push",
        tag: Some("v1.2.3"),
        ..Start::weekly("2023-07-25T04:00:00Z")
    };
    let ran = stage.run(&start).expect_green();
    assert_eq!(["programs", "attest", "release"].map(|job| ran.job(job)), ["success"; 3]);
    let asked = std::fs::read_to_string(ran.artifacts.join("gh")).unwrap();
    assert!(asked.starts_with("release create v1.2.3 --repo octo/demo --verify-tag"), "{asked}");
    let sums = std::fs::read_to_string(ran.artifacts.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.trim().split("  ").last(), Some("relwarden-x86_64-unknown-linux-gnu.tar.gz"));
    test_support::Run::new("sha256sum")
        .args(["--check", "SHA256SUMS"])
        .current_dir(&ran.artifacts)
        .output()
        .expect_success();
}
