//! The public status, and whether the system is healthy.

use serde_json::{Value, json};

use crate::{
    scans::{Weakness, bandit, dependency, flaw, pip_audit},
    system::{BASELINE, LEDGER, STATUS, STATUS_PAGE, System, WEEK_1, WEEK_2, list, text},
};

fn health(system: &System, now: &str, code: i32) -> Value {
    let outcome = system.run_json("integration-orchestrator", now).arg("health-check").output().expect_code(code);
    outcome.json()
}

#[test]
fn a26_health_is_judged_by_the_last_complete_scans() {
    let empty = System::new();
    let report = health(&empty, WEEK_1, 0);
    assert_eq!((&report["overall_healthy"], text(&report, "state")), (&Value::Null, "unknown"));
    let said = empty.run("integration-orchestrator", WEEK_1).arg("health-check").output().expect_success();
    assert!(said.stdout.contains("unknown"), "{}", said.stdout);

    let system = System::scanned();
    let report = health(&system, WEEK_1, 0);
    assert_eq!((&report["overall_healthy"], text(&report, "state")), (&json!(true), "healthy"), "{report:#}");

    // A checkout has no reports: the ledger tells of the last scans.
    system.project.clear_reports();
    assert_eq!(health(&system, WEEK_1, 0)["overall_healthy"], true);

    // A scan without them is another matter.
    system.workflow(WEEK_2).output().expect_code(1);
    let report = health(&system, WEEK_2, 1);
    assert_eq!(report["overall_healthy"], false);
    assert_eq!(report["components"]["security_findings"]["healthy"], false);
    assert!(text(&report["components"]["security_findings"], "message").contains("pip-audit"), "{report:#}");
}

#[test]
fn a_report_that_holds_nothing_is_not_plainly_healthy() {
    let first = System::new();
    for (file, report) in [("pip-audit.json", String::new()), ("bandit.json", bandit(WEEK_1, &[]))] {
        first.report(file, report);
    }
    let outcome = first.workflow(WEEK_1).output().expect_success();
    assert!(outcome.stderr.contains("it holds nothing"), "{}", outcome.stderr);
    let report = health(&first, WEEK_1, 0);
    assert_eq!(text(&report, "state"), "unknown", "{report:#}");
    let status = first.project.json(STATUS);
    assert_eq!(
        (&status["security_grade"], &status["verdict"]),
        (&json!("A"), &json!("No findings, but a report shows no scan"))
    );
    assert!(status["reasons"].to_string().contains("pip-audit report: it holds nothing"), "{status:#}");
}

#[test]
fn a_run_without_any_report_says_so_and_counts_as_no_scan() {
    let system = System::new();
    let outcome = system.workflow(WEEK_1).output().expect_success();
    assert!(outcome.stderr.contains("there is no report in security/reports/latest"), "{}", outcome.stderr);
    let stats = system.run_json("integration-orchestrator", WEEK_1).arg("stats").output().expect_success().json();
    assert_eq!(stats["scans"]["total"], 0, "{stats:#}");
}

#[test]
fn a26_garbage_in_the_reports_is_unhealthy() {
    let system = System::scanned();
    for file in ["pip-audit.json", "bandit.json", "secrets-scan.json"] {
        system.report(file, "\u{0}\u{1}garbage");
    }
    system.workflow(WEEK_2).output().expect_code(1);
    assert_eq!(health(&system, WEEK_2, 1)["overall_healthy"], false);
}

#[test]
fn health_has_its_components_and_names_the_damaged_one() {
    let system = System::scanned();
    let report = health(&system, WEEK_1, 0);
    for part in ["security_reports", "status_output", "security_findings", "release_engine"] {
        assert!(report["components"][part]["healthy"].is_boolean(), "{part} in {report:#}");
    }
    for (part, file) in [("security_findings", LEDGER), ("release_engine", BASELINE), ("status_output", STATUS)] {
        let system = System::scanned();
        system.project.write(file, "{");
        let report = health(&system, WEEK_1, 1);
        assert_eq!(report["components"][part]["healthy"], false, "{file}: {report:#}");
    }
}

#[test]
fn a_scan_that_is_too_old_is_unhealthy() {
    let system = System::scanned();
    let report = health(&system, "2026-01-20T03:00:00Z", 1);
    assert!(text(&report["components"]["security_findings"], "message").contains("15 days"), "{report:#}");
}

#[test]
fn a28_the_scan_date_is_the_report_s_and_a_year_later_it_is_stale() {
    let system = System::new();
    system.report("bandit.json", bandit("2025-01-06T03:00:00Z", &[]));
    system.workflow(WEEK_1).output();
    let status = system.project.json(STATUS);
    assert!(text(&status, "scan_date").starts_with("2025-01-06"), "{status:#}");
    assert_eq!(status["stale"], true);
    assert_eq!((&status["state"], &status["security_grade"]), (&json!("unknown"), &Value::Null));
    assert!(text(&status, "grade_reason").contains("bandit"), "{status:#}");
    let page = system.project.text(STATUS_PAGE);
    assert!(page.contains("2025"), "{page}");
}

#[test]
fn the_published_keys_keep_their_names() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    let status = system.project.json(STATUS);
    for key in [
        "last_updated",
        "scan_date",
        "vulnerability_summary",
        "findings",
        "security_grade",
        "days_since_last_vulnerability",
        "remediation_status",
    ] {
        assert!(!status[key].is_null(), "{key} in {status:#}");
    }
    for key in ["total", "critical", "high", "medium", "low", "info"] {
        assert!(status["vulnerability_summary"][key].is_u64(), "{key}");
    }
    for key in [
        "finding_id",
        "package",
        "version",
        "severity",
        "discovered_date",
        "days_since_discovery",
        "description",
        "fix_available",
        "fix_version",
        "reference_url",
    ] {
        assert!(!status["findings"][0][key].is_null(), "{key} in {:#}", status["findings"][0]);
    }
    for key in ["schema_version", "state", "scanners", "stale_after", "next_expected_at"] {
        assert!(!status[key].is_null(), "{key}");
    }
    for file in ["index.html", "badge.json", "badge.svg", "history.json"] {
        assert!(system.project.join(&format!("docs/security-status/{file}")).is_file(), "{file}");
    }
}

#[test]
fn rows_12_to_16_and_22_the_figures() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let status = || system.project.json(STATUS);
    system.workflow(WEEK_1).output().expect_success();
    assert_eq!(
        (status()["remediation_status"].clone(), status()["days_since_last_vulnerability"].clone()),
        (json!("current"), Value::Null)
    );

    let low = Weakness { severity: "LOW", ..Weakness::default() };
    system.report("bandit.json", bandit(WEEK_1, &[low]));
    system.workflow(WEEK_1).output().expect_success();
    assert_eq!(status()["remediation_status"], "current");

    let (high, medium, low) = (
        Weakness::default(),
        Weakness { file: "src/b.py", severity: "MEDIUM", ..Weakness::default() },
        Weakness { file: "src/c.py", severity: "LOW", ..Weakness::default() },
    );
    system.report("bandit.json", bandit(WEEK_2, &[high, medium, low]));
    system.workflow(WEEK_2).output().expect_success();
    let now = status();
    let summary = &now["vulnerability_summary"];
    assert_eq!([&summary["total"], &summary["high"], &summary["medium"], &summary["low"]], [3, 1, 1, 1]);
    assert_eq!(now["remediation_status"], "pending");
    assert_eq!(now["days_since_last_vulnerability"], 0);
    system.run("update-status", "2026-01-15T03:00:00Z").output().expect_success();
    assert_eq!(status()["days_since_last_vulnerability"], 3);
    let medium = list(&status()["findings"]).into_iter().find(|f| f["severity"] == "medium").expect("the medium one");
    assert_eq!(medium["days_since_discovery"], 3);
}

#[test]
fn row_20_a_status_that_cannot_be_read_is_written_anew() {
    let system = System::scanned();
    let before = system.project.json(STATUS);
    for damaged in ["", "{", "[]"] {
        system.project.write(STATUS, damaged);
        system.run("update-status", WEEK_1).output().expect_success();
        assert_eq!(system.project.json(STATUS), before, "after {damaged:?}");
    }
}

#[test]
fn a_refresh_takes_no_new_scan_in() {
    let system = System::scanned();
    let ledger = system.project.bytes(LEDGER);
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    system.run("update-status", WEEK_2).arg("--refresh").output().expect_success();
    assert_eq!(system.project.bytes(LEDGER), ledger);
    let status = system.project.json(STATUS);
    assert_eq!((&status["vulnerability_summary"]["total"], status["last_updated"].as_str()), (&json!(0), Some(WEEK_2)));
}

#[test]
fn a_lost_ledger_is_said_and_the_last_answer_is_kept_as_such() {
    let system = System::scanned();
    std::fs::remove_file(system.project.join(LEDGER)).unwrap();
    system.run("update-status", WEEK_1).output().expect_success();
    let status = system.project.json(STATUS);
    assert_eq!((&status["state"], &status["security_grade"]), (&json!("unknown"), &Value::Null));
    assert!(status["reasons"].to_string().contains("ledger"), "{status:#}");
}
