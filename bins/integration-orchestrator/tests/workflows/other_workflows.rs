//! A release by hand, the scan of a pull request, and the daily status.

use serde_json::json;

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
fn what_the_newest_findings_call_for_can_be_released_by_hand() {
    let stage = Stage::scanned();
    let inputs = json!({ "release_type": "security_auto", "release_notes": "", "dry_run": false });
    let ran = stage.run(&Start::dispatch("pypi-publish", inputs, "2023-07-25T04:00:00Z")).expect_green();
    assert_eq!(ran.output("decide", "auto", "should_release"), "false", "nothing changed since the baseline");
    assert_eq!(ran.job("publish"), "skipped");
    assert_eq!(stage.published(), files_of(&["1.0.0"]));
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
    let daily = |now| Start { workflow: "security-status-heartbeat", event: "schedule", ..Start::weekly(now) };
    let ran = stage.run(&daily("2023-07-26T05:00:00Z")).expect_green();
    assert_eq!((ran.job("refresh"), ran.job("deploy")), ("success", "success"));
    let page = std::fs::read(ran.artifacts.join("github-pages/security-status/index.json")).unwrap();
    let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
    assert_eq!(page["last_updated"], "2023-07-26T05:00:00Z");
    assert_eq!(stage.tip(), before, "only the time passed");

    stage.run(&daily("2023-08-02T05:00:00Z")).expect_green();
    assert_eq!(stage.subjects_since(&before), ["chore(security): refresh the public status"]);
    assert_eq!(stage.status()["stale"], true);
}
