//! When a release is due, and what is said about it.

use serde_json::{Value, json};

use crate::{
    scans::{CRITICAL, HIGH, MEDIUM, Weakness, advisory, bandit, dependency, flaw, one_secret, pip_audit},
    system::{
        DECISION, STATUS, System, WEEK_1, WEEK_2, WEEK_3, WEEK_4, changes, find, index_with_1_0_0, list, only, text,
    },
};

const PYYAML: &str = "CVE-2020-14343";

fn pyyaml() -> String {
    pip_audit(&[dependency("pyyaml", "5.3", &[flaw(PYYAML, &["GHSA-8q59-q68h-6hv4", "PYSEC-2021-142"])])])
}

/// The workflow with one advisory record about PyYAML.
#[track_caller]
fn decide_with_vector(system: &System, now: &str, vector: &str) -> Value {
    system.project.write("advisories/pyyaml.json", advisory("GHSA-8q59-q68h-6hv4", &[PYYAML], "pyyaml", vector));
    let outcome = system.workflow(now).args(["--advisories", "advisories"]).output().expect_success();
    outcome.json()["release_decision"].clone()
}

#[test]
fn a01_a_resolution_releases_once() {
    let (system, index) = (System::new(), index_with_1_0_0());
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pyyaml());
    system.workflow(WEEK_1).output().expect_success();
    system.report("pip-audit.json", pip_audit(&[dependency("pyyaml", "6.0.1", &[])]));
    let releases = system.releases(&index, WEEK_2);
    let document = system.workflow_with_index(WEEK_2, releases).output().expect_success().json();
    let decision = &document["release_decision"];
    assert_eq!((&decision["should_release"], text(decision, "trigger_type")), (&json!(true), "security_auto"));
    assert_eq!(text(decision, "justification"), "Security-driven release: 1 vulnerability resolved");
    let resolved = changes(decision, "resolved");
    assert_eq!((resolved.len(), &resolved[0]["finding_id"]), (1, &json!(PYYAML)));
    assert_eq!((&resolved[0]["new_state"], &resolved[0]["reason"]), (&json!("resolved"), &json!("upgraded")));

    system.release(&index, WEEK_2);
    let releases = system.releases(&index, WEEK_3);
    let after = system.workflow_with_index(WEEK_3, releases).output().expect_success().json();
    assert_eq!(after["release_decision"]["should_release"], false);
    assert_eq!(after["security_changes"], 0);
}

#[test]
fn a02_a_new_secret_releases_until_it_is_published() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let releases = system.releases(&index, WEEK_2);
    for now in [WEEK_2, "2026-01-12T09:00:00Z", WEEK_3] {
        let document = system.workflow_with_index(now, releases).output().expect_success().json();
        assert_eq!(document["release_decision"]["should_release"], true, "at {now}");
    }
    system.release(&index, WEEK_3);
    for now in [WEEK_3, WEEK_4, "2026-02-02T03:00:00Z"] {
        let releases = system.releases(&index, now);
        let document = system.workflow_with_index(now, releases).output().expect_success().json();
        assert_eq!(document["release_decision"]["should_release"], false, "at {now}");
        assert_eq!(document["workflow_outputs"]["changes_detected"], "false");
    }
    assert_eq!(system.ledger().len(), 1, "it is still there, and open");
}

#[test]
fn a03_a_severity_comes_from_the_advisory() {
    let system = System::scanned();
    system.report("pip-audit.json", pyyaml());
    let decision = decide_with_vector(&system, WEEK_2, CRITICAL);
    assert_eq!(decision["should_release"], true);
    let finding = only(&system.ledger(), "open");
    assert_eq!((text(&finding, "severity"), &finding["cvss_score"]), ("critical", &json!(9.8)));
    assert_ne!(finding["severity_source"], Value::Null);
    assert_eq!(system.project.json(STATUS)["security_grade"], "F");
}

#[test]
fn a03_an_unknown_severity_is_said_and_releases_like_a_high_one() {
    let system = System::scanned();
    system.report("pip-audit.json", pyyaml());
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], true);
    assert_eq!(text(&decision, "justification"), "Security-driven release: 1 new vulnerability of unknown severity");
    assert_eq!(only(&system.ledger(), "open")["severity"], "unknown");
}

#[test]
fn an_advisory_source_that_is_gone_changes_no_severity() {
    let system = System::scanned();
    system.report("pip-audit.json", pyyaml());
    decide_with_vector(&system, WEEK_2, CRITICAL);
    let decision = system.decide(WEEK_3);
    assert_eq!(only(&system.ledger(), "open")["severity"], "critical");
    assert_eq!(changes(&decision, "severity_change").len(), 0);
}

#[test]
fn a14_a_lowered_severity_is_an_improvement() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("pip-audit.json", pyyaml());
    decide_with_vector(&system, WEEK_2, CRITICAL);
    system.release(&index, WEEK_2);
    let decision = decide_with_vector(&system, WEEK_3, HIGH);
    assert_eq!(decision["should_release"], false, "{decision:#}");
    let change = &changes(&decision, "severity_change")[0];
    assert_eq!(
        (text(change, "old_state"), text(change, "new_state")),
        ("critical vulnerability", "high vulnerability")
    );
    assert_eq!(change["impact_level"], "high");
}

#[test]
fn row_27_a_raised_severity_releases() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("pip-audit.json", pyyaml());
    let decision = decide_with_vector(&system, WEEK_2, MEDIUM);
    assert_eq!(decision["should_release"], false, "a new medium one: {decision:#}");
    let decision = decide_with_vector(&system, WEEK_3, HIGH);
    // Nothing was published since: against the baseline the finding is new and high.
    assert_eq!(decision["should_release"], true);
    system.release(&index, WEEK_3);
    let decision = decide_with_vector(&system, WEEK_4, CRITICAL);
    assert_eq!(text(&decision, "justification"), "Security-driven release: 1 severity increased to high/critical");
}

#[test]
fn a15_an_unknown_severity_is_counted_and_shown() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pyyaml());
    system.workflow(WEEK_1).output().expect_success();
    let printed = system.update_findings(WEEK_1).output().expect_success().json();
    assert_eq!((&printed["summary"]["total"], &printed["summary"]["unknown"]), (&json!(1), &json!(1)));
    let status = system.project.json(STATUS);
    assert_eq!(status["vulnerability_summary"]["total"], 1);
    assert_eq!(status["vulnerability_summary"]["unknown"], 1);
    assert_eq!(status["security_grade"], "B", "graded as medium");
    assert!(system.project.text(crate::system::FINDINGS_DOCUMENT).to_lowercase().contains("unknown"));
    assert!(system.project.text(crate::system::STATUS_PAGE).to_lowercase().contains("unknown"));
}

#[test]
fn a30_the_orchestrator_s_own_documents_are_change_documents() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let workflow = system.workflow(WEEK_2).output().expect_success().json();
    system.project.write("workflow.json", workflow.to_string());
    system.project.write("decision.json", workflow["release_decision"].to_string());
    for file in ["workflow.json", "decision.json"] {
        let again = System::new();
        again.project.write("changes.json", system.project.bytes(file));
        let decision = again
            .run_json("decide-release", WEEK_2)
            .args(["--changes", "changes.json", "--index", "none"])
            .output()
            .expect_success()
            .json();
        assert_eq!(decision["should_release"], true, "{file}");
        assert_eq!(decision["security_changes"], workflow["release_decision"]["security_changes"], "{file}");
        let notes =
            |decision: &Value| text(decision, "release_notes").split("## Security Status").next().map(str::to_owned);
        assert_eq!(notes(&decision), notes(&workflow["release_decision"]), "{file}");
    }
    let python = json!({ "should_release": true, "security_changes": [
        { "change_type": "new_vulnerability", "finding_id": "CVE-2025-1", "old_state": null,
          "new_state": "HIGH vulnerability", "impact_level": "HIGH" },
        { "type": "resolved", "finding_id": "CVE-2025-2", "old_state": "low vulnerability",
          "new_state": "resolved", "impact_level": "low" },
    ] });
    let decision = System::new()
        .run_json("decide-release", WEEK_2)
        .args(["--changes", "-", "--index", "none"])
        .stdin(python.to_string())
        .output()
        .expect_success()
        .json();
    assert_eq!(
        text(&decision, "justification"),
        "Security-driven release: 1 new high/critical vulnerability, 1 vulnerability resolved"
    );
}

#[test]
fn with_changes_given_no_earlier_state_counts() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.workflow(WEEK_2).output().expect_success();
    let before = system.documents();
    let empty = json!({ "schema_version": "1.0", "first_scan": false, "changes": [], "incomplete": [] });
    let decision = system
        .run_json("decide-release", WEEK_3)
        .args(["--changes", "-"])
        .stdin(empty.to_string())
        .output()
        .expect_success()
        .json();
    assert_eq!(decision["should_release"], false);
    assert_eq!(system.documents(), before, "and nothing is written");
}

#[test]
fn a49_a_development_dependency_shows_its_scope_and_the_policy_decides() {
    let lock = "version = 1\n[[package]]\nname = \"sample-package\"\ndependencies = [{ name = \"requests\" }]\n\
        [[package]]\nname = \"requests\"\n[[package]]\nname = \"pytest\"\n";
    for (policy, releases) in [("", true), ("[tool.relwarden.release]\ndevelopment = \"ignore\"\n", false)] {
        let system = System::configured(&format!("dependencies = [\"requests\"]\n{policy}"));
        system.project.write("uv.lock", lock);
        system.clean_reports(WEEK_1);
        system.workflow(WEEK_1).output().expect_success();
        system.report("pip-audit.json", pip_audit(&[dependency("pytest", "7.0", &[flaw("PYSEC-2022-42969", &[])])]));
        let decision = system.decide(WEEK_2);
        assert_eq!(decision["should_release"], releases, "{policy:?}: {decision:#}");
        let finding = only(&system.ledger(), "open");
        assert_eq!(finding["scope"], "development");
        assert_eq!(system.project.json(STATUS)["findings"][0]["scope"], "development");

        system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
        let decision = system.decide(WEEK_3);
        assert_eq!(decision["should_release"], true, "a runtime dependency: {policy:?}");
    }
}

#[test]
fn a50_a_forced_release_names_what_is_pending_and_the_person_s_words() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let document = system
        .workflow(WEEK_2)
        .args(["--force", "--notes", "Released ahead of the conference."])
        .output()
        .expect_success()
        .json();
    let decision = &document["release_decision"];
    assert_eq!((&decision["should_release"], text(decision, "trigger_type")), (&json!(true), "manual"));
    assert_eq!(decision["security_changes_count"], 1);
    let id = text(&decision["security_changes"][0], "finding_id");
    let notes = text(decision, "release_notes");
    assert!(notes.contains("Released ahead of the conference.") && notes.contains("`Secret Keyword #1`"), "{notes}");
    assert!(!notes.contains(id) && !notes.contains("settings.py"), "the place of a secret: {notes}");
}

#[test]
fn a35_every_word_of_a_decision_is_a_word_of_the_run_records() {
    let (quiet, due) = (System::scanned(), System::scanned());
    due.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let manual = due.run_json("integration-orchestrator", WEEK_2).args(["manual-workflow", "--notes=x"]);
    let words = [
        (&quiet, quiet.workflow(WEEK_2).output().expect_success().json(), "none"),
        (&due, due.workflow(WEEK_2).output().expect_success().json(), "security_auto"),
        (&due, manual.output().expect_success().json(), "manual"),
    ];
    for (system, document, expected) in words {
        let word = text(&document["workflow_outputs"], "release_type");
        assert_eq!((word, &document["release_decision"]["trigger_type"]), (expected, &json!(expected)));
        let start = system.run("workflow-monitoring", WEEK_2).args(["start", "--workflow", "pypi-publish"]);
        let id = start.output().expect_success().stdout.trim().to_owned();
        let finish = system.run("workflow-monitoring", WEEK_2).args(["finish", "--id", &id, "--status", "success"]);
        finish.args(["--release-type", word]).output().expect_success();
        let record = system.project.json(&format!("metrics/workflow-{id}.json"));
        assert_eq!(record["release_type"], expected);
    }
}

#[test]
fn forced_without_a_change_releases_on_request() {
    let system = System::scanned();
    let document = system.workflow(WEEK_2).arg("--force").output().expect_success().json();
    let decision = &document["release_decision"];
    assert_eq!(decision["should_release"], true);
    assert_eq!(decision["trigger_type"], "manual");
}

#[test]
fn row_31_a_manual_release_is_always_due() {
    let system = System::new();
    let manual = |now: &str, request: &str| {
        system
            .run_json("decide-release", now)
            .args(["--manual", "--index", "none", "--notes", "New parser.", "--request-id", request])
            .output()
            .expect_success()
            .json()
    };
    let first = manual(WEEK_1, "1-1");
    assert_eq!((&first["should_release"], text(&first, "trigger_type")), (&json!(true), "manual"));
    assert_eq!(text(&first, "justification"), "Manual release requested");
    let notes = text(&first, "release_notes");
    for words in ["Manual Release", "New parser.", "Security Status"] {
        assert!(notes.contains(words), "{words} not in {notes}");
    }
    assert_ne!(manual(WEEK_1, "2-1")["decision_id"], first["decision_id"], "another run is another request");
    assert_eq!(manual(WEEK_2, "1-1")["decision_id"], first["decision_id"], "the time is no part of it");
}

#[test]
fn a_manual_workflow_decides_updates_the_status_and_publishes_nothing() {
    let system = System::scanned();
    let before = system.project.json(STATUS);
    let manual = |now: &str, more: &[&str]| {
        system
            .run_json("integration-orchestrator", now)
            .args(["manual-workflow", "--notes=New parser.", "--index", "none"])
            .args(more)
            .output()
            .expect_success()
            .json()
    };
    let document = manual(WEEK_2, &["--no-status-update"]);
    assert_eq!((&document["success"], &document["status_updated"]), (&json!(true), &Value::Null));
    assert_eq!(document["release_decision"]["trigger_type"], "manual");
    assert_eq!(system.project.json(STATUS), before);
    let document = manual(WEEK_2, &[]);
    assert_eq!(document["status_updated"], true);
    assert_ne!(system.project.json(STATUS)["last_updated"], before["last_updated"]);

    let without = system.run("integration-orchestrator", WEEK_2).arg("manual-workflow").output().expect_code(2);
    assert!(without.stderr.contains("--notes"), "{}", without.stderr);
}

#[test]
fn a_manual_decision_that_was_never_published_expires_with_its_run() {
    let system = System::scanned();
    system
        .run("integration-orchestrator", WEEK_2)
        .args(["manual-workflow", "--notes", "New parser.", "--index", "none"])
        .output()
        .expect_success();
    assert_eq!(find(&system.project.json(DECISION), "should_release"), &json!(true));
    assert_eq!(system.decide(WEEK_3)["should_release"], false);
}

#[test]
fn row_41_one_goes_and_another_comes() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.31.0", &[flaw("CVE-2024-35195", &[])])]));
    let decision = system.decide(WEEK_2);
    assert_eq!(changes(&decision, "resolved").len(), 1);
    assert_eq!(changes(&decision, "new_vulnerability").len(), 1);
}

#[test]
fn rows_37_to_40_what_a_comparison_says() {
    let system = System::scanned();
    let compare = || {
        let changes = system.run_json("detect-changes", WEEK_2).output().expect_success().json();
        let list = list(&changes["changes"]);
        (changes, list)
    };
    let (none, changes) = compare();
    assert_eq!((changes.len(), text(&none, "posture_trend")), (0, "unchanged"));
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    system.update_findings(WEEK_2).output().expect_success();
    let (document, changes) = compare();
    assert_eq!(changes.len(), 1, "{document:#}");
    assert_eq!((&changes[0]["old_state"], text(&changes[0], "new_state")), (&Value::Null, "high vulnerability"));
    assert_eq!(text(&document, "posture_trend"), "deteriorated");
    assert_eq!(text(&changes[0], "impact_level"), "high");
}

#[test]
fn a_comparison_names_every_scan_that_is_not_complete() {
    let system = System::scanned();
    system.report("pip-audit.json", "");
    system.update_findings(WEEK_2).output().expect_code(1);
    let document = system.run_json("detect-changes", WEEK_2).output().expect_success().json();
    let incomplete = list(&document["incomplete"]);
    assert_eq!(incomplete.len(), 1, "{document:#}");
    assert_eq!((text(&incomplete[0], "scanner"), text(&incomplete[0], "coverage")), ("pip-audit", "failed"));
    assert_eq!(document["posture_trend"], "unknown");
}

#[test]
fn folders_of_reports_can_be_compared() {
    let system = System::new();
    system.project.write("old/pip-audit.json", pyyaml());
    system.project.write("new/pip-audit.json", pip_audit(&[dependency("pyyaml", "6.0.1", &[])]));
    let document = system
        .run_json("detect-changes", WEEK_2)
        .args(["--previous", "old", "--current", "new"])
        .output()
        .expect_success()
        .json();
    let changes = list(&document["changes"]);
    assert_eq!((changes.len(), text(&changes[0], "change_type")), (1, "resolved"), "{document:#}");
    system.run("detect-changes", WEEK_2).args(["--previous", "nowhere"]).output().expect_code(2);
}

#[test]
fn a_first_scan_releases_where_the_policy_says_so() {
    let system = System::configured("[tool.relwarden.release]\nfirst_scan = \"release\"\n");
    system.clean_reports(WEEK_1);
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    assert_eq!(system.decide(WEEK_1)["should_release"], true);
}

#[test]
fn a_second_scanner_s_first_scan_is_merged_into_the_baseline() {
    let system = System::new();
    system.report("pip-audit.json", pip_audit(&[]));
    system.workflow(WEEK_1).output().expect_success();
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], false, "{decision:#}");
    let two = [10, 30].map(|line| Weakness {
        line,
        code: if line == 10 { "subprocess.call(command, shell=True)" } else { "os.system(other)" },
        ..Weakness::default()
    });
    system.report("bandit.json", bandit(WEEK_3, &two));
    assert_eq!(system.decide(WEEK_3)["should_release"], true);
}

#[test]
fn explain_prints_the_matrix_and_the_row_of_each_finding() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.workflow(WEEK_2).output().expect_success();
    let id = text(&only(&system.ledger(), "open"), "finding_id").to_owned();
    let text = system.run("decide-release", WEEK_2).arg("explain").output().expect_success().stdout;
    assert!(text.contains(&id), "{text}");
    let document = system.run_json("decide-release", WEEK_2).arg("explain").output().expect_success().json();
    assert!(document["schema_version"].is_string());
}

#[test]
fn the_notes_of_a_project_that_was_never_scanned_say_so() {
    let decision = System::new()
        .run_json("decide-release", WEEK_1)
        .args(["--manual", "--index", "none", "--notes", "New parser."])
        .output()
        .expect_success()
        .json();
    let notes = text(&decision, "release_notes");
    assert!(notes.contains("scan"), "nothing tells that no scanner ever looked:\n{notes}");
    assert!(!notes.contains("No open finding is known"), "{notes}");
}

#[test]
fn a_release_is_decided_on_complete_scans_though_another_failed() {
    let system = System::scanned();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    system.report("pip-audit.json", "");
    let document = system.workflow(WEEK_2).output().expect_code(1).json();
    assert_eq!((&document["success"], &document["release_decision"]["should_release"]), (&json!(false), &json!(true)));
    assert_eq!(document["workflow_outputs"]["should_release"], "true");
    assert_eq!(document["release_decision"]["incomplete"][0]["scanner"], "pip-audit");
}
