//! Remediation plans: a file that people edit.

use serde_json::json;

use crate::{
    scans::{bandit, dependency, flaw, pip_audit},
    system::{
        FINDINGS_DOCUMENT, PLANS, STATUS, System, WEEK_1, WEEK_2, WEEK_3, WEEK_4, WEEK_5, changes, refused, text,
    },
};

const ID: &str = "PYSEC-2023-74";

fn flawed() -> String {
    pip_audit(&[dependency("requests", "2.30.0", &[flaw(ID, &["CVE-2023-32681"])])])
}

fn fixed() -> String {
    pip_audit(&[dependency("requests", "2.31.0", &[])])
}

fn with_a_plan() -> System {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", flawed());
    system.workflow(WEEK_1).output().expect_success();
    system
}

fn edit(system: &System, from: &str, to: &str) {
    let text = system.project.text(PLANS);
    assert!(text.contains(from), "{from:?} not in {text}");
    system.project.write(PLANS, text.replacen(from, to, 1));
}

#[test]
fn row_54_a_new_finding_gets_the_default_plan() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", flawed());
    let document = system.workflow(WEEK_1).output().expect_success().json();
    assert_eq!(document["sync_results"], json!({ "added": 1, "removed": 0, "preserved": 0, "errors": 0 }));
    let plans = system.project.text(PLANS);
    for words in [
        ID,
        "status: new",
        "Under evaluation",
        "security-team",
        "priority: medium",
        "Under assessment",
        "target_date: null",
    ] {
        assert!(plans.contains(words), "{words} not in {plans}");
    }
}

#[test]
fn row_55_an_untouched_plan_goes_with_its_finding() {
    let system = with_a_plan();
    system.report("pip-audit.json", fixed());
    let document = system.workflow(WEEK_2).output().expect_success().json();
    assert_eq!(document["sync_results"]["removed"], 1);
    assert!(!system.project.text(PLANS).contains(ID));
    assert!(system.project.text(FINDINGS_DOCUMENT).contains("No active security findings detected"));
}

#[test]
fn a16_an_unquoted_date_is_a_date() {
    let system = with_a_plan();
    edit(&system, "target_date: null", "target_date: 2026-12-01");
    let outcome = system.update_findings(WEEK_2).output().expect_success();
    assert_eq!(outcome.json()["warnings"], json!([]));
    assert!(system.project.text(PLANS).contains("2026-12-01"));
    assert!(system.project.text(FINDINGS_DOCUMENT).contains("2026-12-01"));
}

#[test]
fn a17_what_a_person_wrote_is_archived_with_the_resolved_finding() {
    let system = with_a_plan();
    edit(&system, "Under evaluation", "Upgrade in the June release  # agreed on Monday");
    edit(&system, "security-team", "ada");
    system.report("pip-audit.json", fixed());
    system.workflow(WEEK_2).output().expect_success();
    let plans = system.project.text(PLANS);
    for words in [ID, "Upgrade in the June release", "agreed on Monday", "ada", "completed"] {
        assert!(plans.contains(words), "{words} not in {plans}");
    }
    assert_eq!(plans.matches("auto-marked as completed").count(), 1, "{plans}");
}

#[test]
fn row_56_an_edited_plan_is_not_removed() {
    let system = with_a_plan();
    edit(&system, "security-team", "ada");
    system.report("pip-audit.json", fixed());
    let document = system.workflow(WEEK_2).output().expect_success().json();
    assert_eq!(document["sync_results"]["removed"], 0, "{:#}", document["sync_results"]);
}

#[test]
fn a17_one_edited_field_is_an_edit() {
    for (from, to) in [
        ("    status: new", "    status: in_progress"),
        ("priority: medium", "priority: high"),
        ("target_date: null", "target_date: 2026-03-01"),
        ("Under assessment", "Only the import job is affected"),
    ] {
        let system = with_a_plan();
        edit(&system, from, to);
        system.report("pip-audit.json", fixed());
        system.workflow(WEEK_2).output().expect_success();
        assert!(system.project.text(PLANS).contains(ID), "after {to}");
    }
}

#[test]
fn a18_a_resolved_plan_gets_its_note_once() {
    let system = with_a_plan();
    edit(&system, "security-team", "ada");
    system.report("pip-audit.json", fixed());
    system.workflow(WEEK_2).output().expect_success();
    let plans = system.project.text(PLANS);
    for now in [WEEK_3, WEEK_4, WEEK_5, "2026-02-09T03:00:00Z"] {
        system.workflow(now).output().expect_success();
        assert_eq!(system.project.text(PLANS), plans, "at {now}");
    }
    assert_eq!(plans.matches("auto-marked as completed").count(), 1, "{plans}");
}

#[test]
fn comments_and_unknown_keys_survive() {
    let system = with_a_plan();
    let text = system.project.text(PLANS);
    system.project.write(PLANS, format!("# Looked at every Monday.\n{text}"));
    edit(&system, "    status: new", "    status: in_progress\n    ticket: SEC-12  # ours");
    system.report(
        "pip-audit.json",
        pip_audit(&[
            dependency("requests", "2.30.0", &[flaw(ID, &["CVE-2023-32681"])]),
            dependency("certifi", "2022.12.7", &[flaw("PYSEC-2023-135", &[])]),
        ]),
    );
    system.workflow(WEEK_2).output().expect_success();
    let plans = system.project.text(PLANS);
    for words in ["# Looked at every Monday.", "ticket: SEC-12  # ours", "PYSEC-2023-135"] {
        assert!(plans.contains(words), "{words} not in {plans}");
    }
}

#[test]
fn row_63_a_bad_plan_is_named_and_the_others_count() {
    let system = with_a_plan();
    edit(&system, "priority: medium", "priority: whenever");
    let outcome = system.update_findings(WEEK_2).output();
    let warnings = outcome.json()["warnings"].to_string();
    assert!(warnings.contains(ID) && warnings.contains("whenever"), "{warnings}");
    assert!(system.project.text(PLANS).contains("whenever"), "it is left as it is");
}

#[test]
fn a_plan_file_that_is_no_yaml_is_refused_and_left_alone() {
    let system = with_a_plan();
    let torn = "findings:\n  PYSEC-2023-74: {status: new\n";
    system.project.write(PLANS, torn);
    let ledger = system.ledger();
    refused(system.update_findings(WEEK_2).output(), 3, &["remediation-plans.yml"]);
    assert_eq!(system.project.text(PLANS), torn);
    assert_eq!(system.ledger(), ledger);
}

#[test]
fn an_accepted_risk_counts_no_more_until_it_expires() {
    let system = with_a_plan();
    edit(
        &system,
        "    status: new",
        "    status: accepted_risk\n    reason: \"not reachable from our code\"\n    owner: ada\n    expires: 2026-01-20",
    );
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], false);
    assert_eq!(changes(&decision, "excepted").len(), 1, "{decision:#}");
    assert_eq!(system.ledger()[0]["status"], "excepted");
    let status = system.project.json(STATUS);
    assert_eq!((&status["security_grade"], &status["vulnerability_summary"]["total"]), (&json!("A"), &json!(0)));

    system.report("bandit.json", bandit(WEEK_4, &[]));
    system.workflow(WEEK_4).output().expect_success();
    assert_eq!(system.ledger()[0]["status"], "open");
    assert_eq!(text(&system.project.json(STATUS), "security_grade"), "B");
}

#[test]
fn row_67_a_plan_past_its_target_is_counted() {
    let system = with_a_plan();
    edit(&system, "target_date: null", "target_date: 2026-01-11");
    system.workflow(WEEK_2).output().expect_success();
    let document = system.project.text(FINDINGS_DOCUMENT);
    assert!(document.contains("**Past their target date:** 1"), "{document}");
}
