//! `health-check`: what it must not call healthy, and what it says.

use serde_json::{Value, json};

use crate::{
    scans::{Weakness, bandit},
    system::{BASELINE, DECISION, LEDGER, PLANS, STATUS, System, WEEK_1, WEEK_2, refused},
};

const CONFLICT: &str = "findings:\n<<<<<<< HEAD\n  CVE-1-1: {status: open}\n=======\n>>>>>>> other\n";

#[track_caller]
fn component(system: &System, now: &str, code: i32, name: &str) -> Value {
    let report = system.run_json("integration-orchestrator", now).arg("health-check").output().expect_code(code).json();
    report["components"][name].clone()
}

#[track_caller]
fn unhealthy(part: &Value, words: &str) {
    assert_eq!(part["state"], "unhealthy", "{part:#}");
    assert!(part["message"].as_str().unwrap().contains(words), "{part:#}");
}

#[test]
fn a_page_that_nobody_computes_any_more_is_not_healthy() {
    let system = System::scanned();
    assert_eq!(component(&system, WEEK_2, 0, "status_output")["state"], "healthy");
    unhealthy(&component(&system, "2026-11-15T03:00:00Z", 1, "status_output"), "314 days ago, which is more than 10");
}

#[test]
fn a_page_that_is_not_what_was_written_is_not_healthy() {
    let words = |change: &dyn Fn(&System)| {
        let system = System::scanned();
        change(&system);
        let part = component(&system, WEEK_1, 1, "status_output");
        assert_eq!(part["state"], "unhealthy", "{part:#}");
        let said = part["message"].as_str().unwrap().to_owned();
        system.run("update-status", WEEK_1).output().expect_success();
        assert_eq!(component(&system, WEEK_1, 0, "status_output")["state"], "healthy", "after {said}");
        said
    };
    let write = |file: &str, text: &str| {
        let (file, text) = (format!("docs/security-status/{file}"), text.to_owned());
        words(&move |system| system.project.write(&file, &text))
    };
    assert!(write("index.html", "<html>").contains("index.html is not what update-status wrote"));
    assert!(write("history.json", "{").contains("history.json cannot be used"));
    let said = words(&|system| std::fs::remove_file(system.project.join("docs/security-status/badge.json")).unwrap());
    assert!(said.contains("badge.json is missing"), "{said}");
    let said = words(&|system| {
        let mut status = system.project.json(STATUS);
        status["project"] = json!("other-pkg");
        system.project.write(STATUS, status.to_string());
    });
    assert_eq!(said, "it is the status of other-pkg, not of sample-package: run update-status");
    let said = words(&|system| {
        let mut status = system.project.json(STATUS);
        status["vulnerability_summary"] =
            json!({ "total": 1, "low": 1, "critical": 0, "high": 0, "medium": 0, "info": 0, "unknown": 0 });
        system.project.write(STATUS, status.to_string());
    });
    assert!(said.ends_with("does not say what the ledger says: run update-status"), "{said}");
}

#[test]
fn a_page_that_is_behind_the_ledger_is_said_and_not_healthy() {
    let system = System::scanned();
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    system.update_findings(WEEK_2).output();
    let report = system.run_json("integration-orchestrator", WEEK_2).arg("health-check").output().expect_code(0).json();
    assert_eq!(report["state"], "unknown", "{report:#}");
    let said = report["components"]["status_output"]["message"].as_str().unwrap();
    assert!(said.contains("what the ledger has said since 2026-01-12T03:00:00Z is not on it"), "{said}");
}

#[test]
fn a_scan_without_news_leaves_the_page_healthy_until_it_is_computed_again() {
    let system = System::scanned();
    system.clean_reports(WEEK_2);
    system.update_findings(WEEK_2).output().expect_success();
    assert_eq!(component(&system, WEEK_2, 0, "status_output")["state"], "healthy");
}

#[test]
fn a_page_that_counts_on_an_exception_that_ended_is_not_healthy() {
    let system = System::configured(
        "[[tool.relwarden.exceptions]]\nrule = 'B602'\nstatus = 'accepted_risk'\nexpires = 2026-01-06\nreason = 'r'\nowner = 'o'\n",
    );
    system.clean_reports(WEEK_1);
    system.report("bandit.json", bandit(WEEK_1, &[Weakness::default()]));
    system.workflow(WEEK_1).output().expect_success();
    assert_eq!(system.project.json(STATUS)["excepted_findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(component(&system, "2026-01-06T23:59:59Z", 0, "status_output")["state"], "healthy");
    let after = "2026-01-07T00:00:00Z";
    unhealthy(&component(&system, after, 1, "status_output"), "an exception that ended");
    system.run("update-status", after).arg("--refresh").output().expect_success();
    assert_eq!(system.project.json(STATUS)["security_grade"], "C");
    assert_eq!(component(&system, after, 0, "security_findings")["count"], 1);
}

#[test]
fn where_the_status_is_unknown_nothing_is_healthy() {
    let system = System::scanned();
    unhealthy(&component(&system, "2026-01-15T06:00:00Z", 1, "security_findings"), "is more than 10 days old");
    for part in ["security_findings", "status_output"] {
        unhealthy(&component(&system, "2025-12-05T03:00:00Z", 1, part), "a clock is wrong");
    }
}

#[test]
fn the_ledger_and_the_page_of_another_project_are_not_published() {
    let system = System::scanned();
    let name = |name: &str| {
        let text = system.project.text("pyproject.toml");
        let line = text.lines().find(|line| line.starts_with("name")).unwrap().to_owned();
        system.project.write("pyproject.toml", text.replace(&line, &format!("name = '{name}'")));
    };
    let grade = || {
        let outcome = system.run("update-status", WEEK_1).output().expect_success();
        let status = system.project.json(STATUS);
        (status["project"].clone(), status["security_grade"].clone(), outcome.stderr)
    };
    // The same name, written in another way.
    name("Sample_Package");
    assert_eq!(grade().1, "A");
    name("other-pkg");
    unhealthy(
        &component(&system, WEEK_1, 1, "security_findings"),
        "it is the ledger of sample-package, not of other-pkg",
    );
    let (project, none, said) = grade();
    assert_eq!((project, none), (json!("other-pkg"), Value::Null));
    assert!(said.contains("is of the project sample-package, not of other-pkg"), "{said}");
    assert!(said.contains("is the history of sample-package; it was moved to"), "{said}");
    let status = system.project.json(STATUS);
    assert_eq!((&status["scan_date"], &status["scanners"]), (&Value::Null, &json!([])), "{status:#}");
    assert_eq!(system.project.json("docs/security-status/history.json")["days"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let system = System::scanned();
    assert_eq!(component(&system, WEEK_2, 0, "workflow_metrics")["state"], "healthy");
    system.project.write("metrics/workflow-torn.json", "{");
    unhealthy(&component(&system, WEEK_2, 1, "workflow_metrics"), "workflow-torn.json cannot be read");
}

#[test]
fn plans_with_conflict_marks_are_not_healthy() {
    let system = System::scanned();
    system.project.write(PLANS, CONFLICT);
    unhealthy(&component(&system, WEEK_2, 1, "security_findings"), PLANS);
}

#[test]
fn a_decision_that_is_recorded_is_not_said_to_be_due() {
    let system = System::scanned();
    let run = system.run_json("decide-release", WEEK_2).args(["--manual", "--notes", "x", "--index", "none"]);
    run.output().expect_success();
    let said = |system: &System| component(system, WEEK_2, 0, "release_engine")["message"].as_str().unwrap().to_owned();
    assert!(said(&system).ends_with("the newest decision is to release, and is not recorded as released"));
    let mut baseline = system.project.json(BASELINE);
    baseline["decision_id"] = system.project.json(DECISION)["decision_id"].clone();
    baseline["version"] = json!("1.0.0");
    system.project.write(BASELINE, baseline.to_string());
    assert_eq!(said(&system), "last recorded release: 1.0.0; it carried out the newest decision");
}

#[test]
fn without_a_scanner_in_use_it_says_why() {
    let system = System::scanned();
    system.project.write("relwarden.toml", "[scanners]\nretired = ['pip-audit', 'bandit', 'detect-secrets']\n");
    std::fs::remove_dir_all(system.project.join(test_support::scratch::REPORTS)).unwrap();
    system.update_findings(WEEK_2).output();
    let part = component(&system, WEEK_2, 0, "security_findings");
    assert_eq!(part["message"], "every scanner is retired, so nothing is scanned any more", "{part:#}");
}

#[test]
fn a_run_that_cannot_be_recorded_does_everything_else() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.project.write("metrics", "a file");
    for command in ["security-workflow", "manual-workflow"] {
        let run =
            system.run_json("integration-orchestrator", WEEK_1).env("GITHUB_OUTPUT", system.project.join("outputs"));
        let run = run.args([command, "--index", "none"]);
        let run = if command == "manual-workflow" { run.args(["--notes", "x"]) } else { run.arg("--offline") };
        let outcome = run.output().expect_code(4);
        assert!(outcome.stderr.contains("everything else is done, but the run was not recorded"), "{}", outcome.stderr);
        let document = outcome.json();
        assert_eq!((&document["success"], &document["status_updated"]), (&json!(false), &json!(true)), "{document:#}");
    }
    assert!(system.project.text("outputs").contains("should_release=true"));
    assert!(system.project.join(LEDGER).exists());
}

#[test]
fn findings_behind_a_link_are_refused_by_every_step_alike() {
    let system = System::scanned();
    std::fs::rename(system.project.join("security/findings"), system.project.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", system.project.join("security/findings")).unwrap();
    test_support::repository::git_in(system.project.path()).args(["init", "--quiet"]).output().expect_success();
    let git =
        |words: &[&str]| test_support::repository::git_in(system.project.path()).args(words).output().expect_success();
    git(&["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--allow-empty", "-m", "first"]);
    let before = system.documents();
    for (name, arguments) in [
        ("update-findings", vec!["--offline"]),
        ("decide-release", vec!["--index", "none"]),
        ("integration-orchestrator", vec!["security-workflow", "--offline", "--index", "none"]),
        ("integration-orchestrator", vec!["commit-state", "--no-push"]),
    ] {
        let outcome = system.run_json(name, WEEK_2).args(&arguments).output();
        assert!(!outcome.stderr.contains("/./"), "{}", outcome.stderr);
        refused(
            outcome,
            2,
            &["a symbolic link stands where a folder of the project is needed", "git does not follow links"],
        );
    }
    let status = |name: &String| name.starts_with("docs/");
    let same = |documents: std::collections::BTreeMap<String, Vec<u8>>| -> Vec<_> {
        documents.into_iter().filter(|(name, _)| !status(name)).collect()
    };
    assert_eq!(same(system.documents()), same(before));
}

#[test]
fn a_ledger_of_an_older_schema_leaves_one_copy() {
    let system = System::scanned();
    let older = system.project.text(LEDGER).replacen("\"schema_version\": \"1.1\"", "\"schema_version\": \"1.0\"", 1);
    system.project.write(LEDGER, &older);
    let backup = format!("{LEDGER}.bak");
    for week in [WEEK_2, "2026-01-13T03:00:00Z"] {
        system.update_findings(week).output().expect_success();
        assert_eq!(system.project.text(&backup), older);
        assert_eq!(system.project.json(LEDGER)["schema_version"], "1.1");
    }
    // There never was a version before the first.
    system.project.write(LEDGER, older.replacen("\"1.0\"", "\"0.9\"", 1));
    refused(system.update_findings(WEEK_2).output(), 3, &["schema_version 0.9 is not supported"]);
}

#[test]
fn a_hint_tells_what_mends_this_document() {
    let system = System::scanned();
    let ledger = system.project.text(LEDGER);
    system.project.write(LEDGER, ledger.replacen("\"1.1\"", "\"2.0\"", 1));
    refused(
        system.update_findings(WEEK_2).output(),
        3,
        &["use the version of this program that wrote it, or a newer one"],
    );
    std::fs::remove_file(system.project.join(LEDGER)).unwrap();
    let outcome = system.update_findings(WEEK_2).output();
    assert!(!outcome.stderr.contains("the file was left as it is"), "{}", outcome.stderr);
    refused(outcome, 3, &["restore the missing one from git history"]);
    system.project.write(LEDGER, ledger);
    system.project.write("receipt.json", "{");
    refused(system.record_release(WEEK_2).output(), 3, &["a receipt is not kept in git: run `publish-pypi publish`"]);
}

#[test]
fn a_request_of_a_person_does_not_vanish_unsaid() {
    let system = System::scanned();
    let ask = system.run_json("decide-release", WEEK_1).args(["--manual", "--notes", "x", "--index", "none"]);
    let asked = ask.output().expect_success().json();
    assert!(asked["warnings"].is_null(), "{asked:#}");
    let outcome = system.workflow(WEEK_2).output().expect_success();
    let decision = &outcome.json()["release_decision"];
    let warning = format!(
        "this decision replaces the pending request for {} of 2026-01-05T03:00:00Z",
        asked["next_version"].as_str().unwrap()
    );
    assert!(decision["warnings"][0].as_str().unwrap().starts_with(&warning), "{decision:#}");
    assert!(outcome.stderr.contains(&format!("warning: {warning}")), "{}", outcome.stderr);
    assert!(system.decide("2026-01-13T03:00:00Z")["warnings"].is_null(), "it is said once");
}

#[test]
fn what_was_recorded_is_said_as_it_is() {
    let receipt = |version: &str| {
        json!({ "schema_version": "1.0", "project": "sample-package", "version": version, "index": "http://127.0.0.1/",
            "decision_id": null, "verified": true, "trial": false, "started_at": WEEK_1, "finished_at": WEEK_1,
            "files": [{ "file": "a.whl", "sha256": "00", "outcome": "uploaded", "attempts": 1, "bytes": 1, "seconds": 0.1 }] })
        .to_string()
    };
    let system = System::scanned();
    let record = |version: &str, more: &[&str]| {
        system.project.write("receipt.json", receipt(version));
        let run = system.run("integration-orchestrator", WEEK_2).args(["record-release", "--receipt", "receipt.json"]);
        run.args(more).output().expect_success().stdout
    };
    let said = record("1.0.0", &[]);
    assert!(
        said.starts_with("Recorded release 1.0.0, which carries out no decision: what was due before it is still due.")
    );
    assert_eq!(record("1.0.0", &[]), "Nothing to record: the baseline is at release 1.0.0 already.\n");
    let said = record("1.0.1", &["--adopt-current"]);
    assert_eq!(said, "Recorded release 1.0.1 with the findings of today; the next decision compares with them.\n");
}
