//! Ways in which something looks fixed and is not.

use serde_json::json;

use crate::{
    scans::{Weakness, bandit, dependency, flaw, pip_audit},
    system::{LEDGER, STATUS, System, WEEK_1, WEEK_2, refused},
};

const ID: &str = "PYSEC-2023-74";

/// Two reports of pip-audit, the second with the only flaw.
fn two_reports() -> System {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit-dev.json", pip_audit(&[dependency("pytest", "7.0.0", &[flaw(ID, &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    system
}

fn nothing_ended(system: &System, code: i32) {
    let document = system.workflow(WEEK_2).output().expect_code(code).json();
    assert_eq!(document["release_decision"]["should_release"], false, "{document:#}");
    let finding = system.ledger().into_iter().find(|f| f["finding_id"] == ID).unwrap();
    assert_eq!(finding["status"], "unverified", "{finding:#}");
    assert_eq!(system.project.json(STATUS)["security_grade"].is_null(), code == 1);
}

#[test]
fn a_second_report_that_is_gone_ends_nothing() {
    let system = two_reports();
    std::fs::remove_file(system.project.join("security/reports/latest/pip-audit-dev.json")).unwrap();
    nothing_ended(&system, 1);
    nothing_ended(&system, 1);
}

#[test]
fn a_second_report_that_is_rubbish_ends_nothing() {
    let system = two_reports();
    std::fs::remove_file(system.project.join("security/reports/latest/pip-audit-dev.json")).unwrap();
    system.report("dev.json", "<html>502</html>");
    nothing_ended(&system, 1);
}

#[test]
fn fewer_reports_are_accepted_when_the_configuration_says_so() {
    let system = two_reports();
    std::fs::remove_file(system.project.join("security/reports/latest/pip-audit-dev.json")).unwrap();
    system.project.write("relwarden.toml", "[scanners.pip-audit]\nreports = 1\n");
    let document = system.workflow(WEEK_2).output().expect_success().json();
    assert_eq!(document["release_decision"]["should_release"], true, "{document:#}");
}

#[test]
fn a_report_under_another_name_is_the_same_report() {
    let system = two_reports();
    std::fs::remove_file(system.project.join("security/reports/latest/pip-audit-dev.json")).unwrap();
    system.report("pip-audit-tests.json", pip_audit(&[dependency("pytest", "7.0.1", &[])]));
    let document = system.workflow(WEEK_2).output().expect_success().json();
    assert_eq!(document["release_decision"]["should_release"], true, "{document:#}");
}

#[test]
fn the_project_s_own_skip_ends_nothing() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("sample-package", "1.0.0", &[flaw(ID, &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    let mut report: serde_json::Value = serde_json::from_str(&pip_audit(&[])).unwrap();
    let skipped = json!({ "name": "sample-package", "skip_reason": "distribution marked as editable" });
    report["dependencies"].as_array_mut().unwrap().push(skipped);
    system.report("pip-audit.json", report.to_string());
    nothing_ended(&system, 0);
}

#[test]
fn a_lost_ledger_beside_a_baseline_is_an_error() {
    let system = two_reports();
    std::fs::remove_file(system.project.join("security/findings/findings.json")).unwrap();
    refused(system.workflow(WEEK_2).output(), 3, &["findings.json", "baseline.json"]);
}

#[test]
fn a_lost_baseline_does_not_swallow_what_is_due() {
    let system = two_reports();
    system.workflow(WEEK_2).output();
    std::fs::remove_file(system.project.join("security/findings/baseline.json")).unwrap();
    refused(system.workflow("2026-01-19T03:00:00Z").output(), 3, &["baseline.json", "decision.json"]);
}

#[test]
fn a_narrower_scan_without_the_sources_at_hand_ends_nothing() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("bandit.json", bandit(WEEK_1, &[Weakness::default()]));
    system.workflow(WEEK_1).output().expect_success();
    system.report("bandit.json", bandit(WEEK_2, &[]).replace("run.py", "other.py"));
    let document = system.workflow(WEEK_2).output().expect_success().json();
    assert_eq!(document["release_decision"]["should_release"], false, "{document:#}");
}

#[test]
fn a_wrong_clock_does_not_keep_the_status_fresh() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.update_findings("2031-01-01T00:00:00Z").output().expect_success();
    system.run("update-status", WEEK_2).output().expect_success();
    assert!(system.project.json(STATUS)["security_grade"].is_null());
    refused(system.update_findings(WEEK_2).output(), 3, &["2031-01-01T00:00:00Z", "a clock is wrong", "runbook"]);
    // The way out: the ledger is told the right time.
    let ledger = system.project.text(LEDGER).replace("\"updated\": \"2031-01-01", "\"updated\": \"2026-01-05");
    system.project.write(LEDGER, ledger);
    system.update_findings(WEEK_2).output().expect_success();
    system.run("update-status", WEEK_2).output().expect_success();
    assert_eq!(system.project.json(STATUS)["security_grade"], "A");
}

#[test]
fn a_clock_that_went_back_resolves_and_releases_nothing() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let vulnerable = |system: &System| {
        system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw(ID, &[])])]));
    };
    vulnerable(&system);
    system.workflow(WEEK_1).output().expect_success();
    let documents = |system: &System| -> Vec<(String, Vec<u8>)> {
        system.documents().into_iter().filter(|(name, _)| name.starts_with("security/findings")).collect()
    };
    let before = documents(&system);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.31.0", &[])]));
    for now in ["2020-01-01T00:00:00Z", "2026-01-03T23:59:59Z"] {
        let words = ["security/findings/findings.json was last updated at", now, "a clock is wrong"];
        refused(system.workflow(now).output(), 3, &words);
        refused(system.update_findings(now).output(), 3, &words);
        refused(system.run("decide-release", now).output(), 3, &words);
        assert!(system.project.json(STATUS)["security_grade"].is_null());
        assert_eq!(documents(&system), before, "at {now}");
    }
    // Two machines differ by less than a day.
    let decision = system.workflow("2026-01-04T23:59:00Z").output().expect_success().json();
    assert_eq!(decision["release_decision"]["should_release"], true, "{decision:#}");
}

#[test]
fn a_first_decision_made_twice_is_the_same() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.update_findings(WEEK_1).output().expect_success();
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw(ID, &[])])]));
    system.update_findings(WEEK_2).output().expect_success();
    for _ in 0..2 {
        assert_eq!(system.decide(WEEK_2)["should_release"], false);
    }
}

#[test]
fn a_credential_in_a_reason_is_hidden() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let mut report: serde_json::Value = serde_json::from_str(&pip_audit(&[])).unwrap();
    let secret = ["gh", "p_0123456789abcdefghijABCDEFGHIJ012345"].concat();
    let why = format!("not found at https://user:hunter2@pypi.example/simple with {secret}");
    report["dependencies"].as_array_mut().unwrap().push(json!({ "name": "inner", "skip_reason": why }));
    system.report("pip-audit.json", report.to_string());
    let outcome = system.workflow(WEEK_1).output().expect_success();
    let written: Vec<u8> = system
        .documents()
        .into_iter()
        .filter(|(name, _)| !name.contains("reports/"))
        .flat_map(|(_, bytes)| bytes)
        .collect();
    let all = format!("{}{}{}", outcome.stdout, outcome.stderr, String::from_utf8_lossy(&written));
    assert!(all.contains("not found at") && !all.contains("hunter2") && !all.contains(&secret), "{all}");
}
