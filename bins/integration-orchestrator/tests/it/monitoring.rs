//! Run records as the orchestrator leaves them, and what it says of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    scans::one_secret,
    system::{LEDGER, System, WEEK_1, WEEK_2, find, text},
};

fn stats(system: &System, now: &str, arguments: &[&str]) -> Value {
    system.run_json("integration-orchestrator", now).arg("stats").args(arguments).output().expect_success().json()
}

#[test]
fn a22_four_workflows_in_one_second_are_four_records() {
    let system = System::scanned();
    let before = system.records().len();
    let ids: BTreeSet<String> = (0..4)
        .map(|_| text(&system.workflow(WEEK_2).output().expect_success().json(), "execution_id").to_owned())
        .collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(system.records().len() - before, 4);
    for id in ids {
        assert_eq!(system.project.json(&format!("metrics/workflow-{id}.json"))["execution_id"], id.as_str());
    }
}

#[test]
fn a24_a_quiet_week_is_no_failure_and_no_rate() {
    let system = System::scanned();
    let health = system.run_json("workflow-monitoring", WEEK_1).arg("health").output();
    assert_eq!(health.code, Some(0), "{health:?}");
    assert!(!health.stdout.contains("poor"), "{}", health.stdout);
    let stats = stats(&system, WEEK_1, &[]);
    assert_eq!(stats["success_rate_percent"], Value::Null, "{stats:#}");
    assert!(stats["success_rate_percent_reason"].is_string(), "{stats:#}");
    assert_eq!(find(&stats, "total"), &json!(1));
}

#[test]
fn a_run_s_record_has_the_keys_of_the_python_system() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let id = text(&system.workflow(WEEK_2).output().expect_success().json(), "execution_id").to_owned();
    let record = system.project.json(&format!("metrics/workflow-{id}.json"));
    let keys: BTreeSet<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    for key in [
        "workflow_name",
        "execution_id",
        "start_time",
        "end_time",
        "status",
        "duration_seconds",
        "release_triggered",
        "release_type",
        "security_changes_count",
        "quality_gates_passed",
        "publishing_success",
        "error_message",
        "error_stage",
        "security_scan_duration",
        "build_duration",
        "publish_duration",
    ] {
        assert!(keys.contains(key), "{key} in {record:#}");
    }
    assert_eq!((&record["status"], &record["release_type"]), (&json!("success"), &json!("security_auto")));
    assert_eq!((&record["release_triggered"], &record["security_changes_count"]), (&json!(true), &json!(1)));
    assert_eq!(record["quality_gates_passed"], Value::Null, "the workflow ran none");
    assert_eq!(record["publishing_success"], Value::Null, "it publishes nothing");
    assert!(record["duration_seconds"].as_f64().is_some_and(|s| s < 60.0), "{record:#}");
}

#[test]
fn a_run_that_is_part_of_a_longer_one_is_as_long_as_that() {
    let system = System::scanned();
    let began = "2026-01-12T05:30:00Z";
    let now = "2026-01-12T06:00:00Z";
    let run = system.run_json("integration-orchestrator", now);
    let run = run.args(["security-workflow", "--offline", "--index", "none", "--started", began]);
    let id = text(&run.output().expect_success().json(), "execution_id").to_owned();
    let record = system.project.json(&format!("metrics/workflow-{id}.json"));
    assert_eq!(record["start_time"], began);
    assert!(record["duration_seconds"].as_f64().is_some_and(|s| (1800.0..1860.0).contains(&s)), "{record:#}");
    let ledger = system.project.json(LEDGER);
    assert!(!ledger.to_string().contains(began), "the findings are of now");
}

#[test]
fn a_failed_run_is_recorded_with_its_stage_and_reason() {
    let system = System::scanned();
    system.project.write(LEDGER, "{");
    system.workflow(WEEK_2).output().expect_code(3);
    let record = system.records().into_iter().find(|r| r["status"] == "failed").expect("a failed run");
    assert_eq!(record["error_stage"], "security-scan");
    assert!(text(&record, "error_message").contains(LEDGER), "{record:#}");
    assert!(record["end_time"].is_string());
}

#[test]
fn a31_days_are_honoured_in_both_spellings_and_refused_when_they_are_none() {
    let system = System::scanned();
    let later = "2026-01-25T03:00:00Z";
    assert_eq!(find(&stats(&system, later, &["--days", "7"]), "total"), &json!(0));
    assert_eq!(find(&stats(&system, later, &["--days=7"]), "total"), &json!(0));
    assert_eq!(find(&stats(&system, later, &["--days=30"]), "total"), &json!(1));
    let bad = system.run("integration-orchestrator", later).args(["stats", "--days=abc"]).output().expect_code(2);
    assert!(bad.stderr.contains("--days"), "{}", bad.stderr);
    for verbose in ["--verbose", "-v"] {
        system.run("integration-orchestrator", later).args(["stats", verbose]).output().expect_success();
    }
}

#[test]
fn row_74_the_dashboard_has_its_keys() {
    let system = System::scanned();
    let dashboard =
        system.run_json("integration-orchestrator", WEEK_1).arg("dashboard").output().expect_success().json();
    for key in
        ["generated_at", "publishing_stats", "recent_workflows", "success_trend", "active_workflows", "health_status"]
    {
        assert!(!dashboard[key].is_null(), "{key} in {dashboard:#}");
    }
    for window in ["last_7_days", "last_30_days"] {
        assert!(dashboard["publishing_stats"][window].is_object(), "{window}");
    }
    assert_eq!(dashboard["recent_workflows"].as_array().map(Vec::len), Some(1));
    system.run("integration-orchestrator", WEEK_1).arg("dashboard").output().expect_success();
}
