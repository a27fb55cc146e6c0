//! What fails is told, and neither released nor called safe.

use serde_json::json;
use test_support::index::Fault;

use crate::stage::{Stage, Start, files_of};

const FIRST: &str = "2023-07-31T04:00:00Z";
const NEXT: &str = "2023-08-07T04:00:00Z";

#[test]
fn a_scanner_that_crashes_releases_nothing_and_resolves_nothing() {
    let stage = Stage::scanned();
    stage.week("2023-07-24");
    stage.report("bandit.json", None);
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!((ran.job("scan"), ran.job("decide"), ran.job("publish")), ("failure", "failure", "skipped"));
    assert_eq!(ran.output("scan", "scan", "crashed"), "bandit");
    assert_eq!(ran.output("decide", "run", "should_release"), "false");
    assert_eq!(ran.output("decide", "run", "complete"), "false");
    let ledger = stage.json("security/findings/findings.json");
    let findings = ledger["findings"].as_array().unwrap();
    let of_bandit: Vec<_> =
        findings.iter().filter(|f| f["finding_id"].as_str().unwrap().starts_with("BANDIT")).collect();
    assert!(of_bandit.iter().all(|f| f["status"] == "unverified"), "{of_bandit:#?}");
    assert_eq!(of_bandit.len(), 2);
    assert_eq!(stage.status()["state"], "unknown");
    let record = stage.records("security-driven-release").pop().unwrap();
    assert_eq!(record["status"], "failed");
    assert_eq!(record["error_stage"], "security-scan");
}

#[test]
fn what_the_others_found_is_released_although_one_crashed_and_the_run_is_red() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.report("bandit.json", None);
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!((ran.job("scan"), ran.job("decide")), ("failure", "failure"));
    assert_eq!(["gate", "bump", "publish", "record"].map(|job| ran.job(job)), ["success"; 4]);
    assert_eq!(ran.output("decide", "run", "release_type"), "security_auto");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.released_version(), "1.0.1");
    assert_eq!(stage.status()["state"], "unknown", "a grade is not given without bandit");
}

#[test]
fn a_scan_that_skipped_every_dependency_is_no_clean_one() {
    let stage = Stage::scanned();
    stage.week("2023-07-24");
    let mut report = stage.report_json("pip-audit.json");
    for dependency in report["dependencies"].as_array_mut().unwrap() {
        let name = dependency["name"].clone();
        *dependency = json!({ "name": name, "skip_reason": "the service did not answer" });
    }
    stage.report("pip-audit.json", Some(report.to_string().as_bytes()));
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!((ran.job("scan"), ran.job("decide"), ran.job("publish")), ("success", "failure", "skipped"));
    let ledger = stage.json("security/findings/findings.json");
    let findings = ledger["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["status"] != "resolved"), "{findings:#?}");
    assert_eq!(stage.status()["state"], "unknown");
}

#[test]
fn no_report_at_all_is_said() {
    let stage = Stage::scanned();
    for file in ["pip-audit.json", "bandit.json", "secrets-scan.json"] {
        stage.report(file, None);
    }
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!((ran.job("scan"), ran.job("decide"), ran.job("publish")), ("failure", "failure", "skipped"));
    assert_eq!(stage.status()["state"], "unknown");
}

#[test]
fn an_index_that_recovers_gets_each_file_once() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.index.fail_uploads([Fault::Status(503), Fault::Status(503)]);
    stage.run(&Start::weekly(FIRST)).expect_green();
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.index.uploads().len(), 2);
    assert_eq!(stage.released_version(), "1.0.1");
}

#[test]
fn a_release_that_failed_for_good_goes_out_the_week_after_under_the_same_version() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.index.fail_uploads([Fault::Status(403); 8]);
    let baseline = stage.file("security/findings/baseline.json");
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!((ran.job("publish"), ran.job("record")), ("failure", "success"));
    assert_eq!(stage.file("security/findings/baseline.json"), baseline, "nothing was released");
    assert_eq!(stage.published(), files_of(&["1.0.0"]));
    let record = stage.records("pypi-publish").pop().unwrap();
    assert_eq!((&record["status"], &record["error_stage"]), (&json!("failed"), &json!("publish")));
    assert_eq!(record["publishing_success"], false);

    // The week after nothing new is found, and the reason still stands.
    let mut rest = stage.index.count("POST");
    stage.index.forgive();
    stage.reports_of("2023-08-07");
    let ran = stage.run(&Start::weekly(NEXT)).expect_green();
    rest = stage.index.count("POST") - rest;
    assert_eq!(rest, 2);
    assert_eq!(ran.output("decide", "run", "next_version"), "1.0.1");
    assert_eq!(stage.published(), files_of(&["1.0.0", "1.0.1"]));
    assert_eq!(stage.released_version(), "1.0.1");
    assert_eq!(stage.tags(), ["v1.0.1"]);
    assert_eq!(stage.records("pypi-publish").len(), 2);
}

#[test]
fn code_that_came_after_a_failed_release_does_not_go_out_as_the_older_code() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.index.fail_uploads([Fault::Status(403); 8]);
    stage.run(&Start::weekly(FIRST)).expect_red();
    stage.index.forgive();
    stage.change("Fix the hole", |clone| std::fs::write(clone.join("src/sample_package/fix.py"), "FIX = 1\n").unwrap());
    stage.reports_of("2023-08-07");
    let ran = stage.run(&Start::weekly(NEXT)).expect_red();
    assert_eq!((ran.job("bump"), ran.job("build"), ran.job("publish")), ("failure", "skipped", "skipped"));
    assert!(ran.log.contains("the tag v1.0.1 names older code"), "{}", ran.readable());
    assert_eq!(stage.published(), files_of(&["1.0.0"]));
    assert_eq!(
        stage.records("pypi-publish").last().unwrap()["error_message"],
        "not published: bump ended with failure"
    );
}

#[test]
fn an_index_that_does_not_answer_leaves_the_decision_for_the_next_run() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.index.fail_pages([Fault::Status(503); 12]);
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!((ran.job("decide"), ran.job("bump"), ran.job("publish")), ("failure", "skipped", "skipped"));
    assert_eq!(ran.output("decide", "run", "should_release"), "true", "the decision itself is made and kept");
    assert_eq!(stage.tags(), Vec::<String>::new());
}

#[test]
fn a_failed_quality_gate_stops_the_release_before_its_tag() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    stage.change("A check that fails", |clone| {
        let path = clone.join("relwarden.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("python -m tabnanny src", "exit 7")).unwrap();
    });
    let ran = stage.run(&Start::weekly(FIRST)).expect_red();
    assert_eq!(["bump", "publish", "record"].map(|job| ran.job(job)), ["skipped", "skipped", "success"]);
    assert_eq!(stage.tags(), Vec::<String>::new());
    assert_eq!(stage.published(), files_of(&["1.0.0"]));
    let record = stage.records("pypi-publish").pop().unwrap();
    assert_eq!((&record["status"], &record["error_stage"]), (&json!("failed"), &json!("quality-gates")));
}

#[test]
fn files_and_decisions_that_are_not_the_ones_handed_on_are_not_published() {
    for tamper in ["replace", "add", "decision"] {
        let stage = Stage::scanned();
        stage.week("2023-07-31");
        let ran = stage.run(&Start { env: &[("TEST_TAMPER", tamper)], ..Start::weekly(FIRST) }).expect_red();
        assert_eq!((ran.job("build"), ran.job("publish")), ("success", "failure"), "{tamper}");
        assert_eq!(stage.published(), files_of(&["1.0.0"]), "{tamper}");
    }
}

#[test]
fn code_that_came_after_the_checks_is_not_released() {
    let stage = Stage::scanned();
    stage.week("2023-07-31");
    let ran = stage.run(&Start { env: &[("TEST_PUSH_BEFORE_BUMP", "true")], ..Start::weekly(FIRST) }).expect_red();
    assert_eq!((ran.job("bump"), ran.job("build"), ran.job("publish")), ("failure", "skipped", "skipped"));
    assert!(ran.log.contains("changes that were not checked"));
    assert_eq!(stage.tags(), Vec::<String>::new());
}
