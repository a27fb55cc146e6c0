//! Recording a release: with the commit of its tag, and beside a damaged decision of the past.

use serde_json::{Value, json};
use test_support::Checkout;

use crate::{
    scans::{Weakness, bandit, one_secret},
    system::{BASELINE, DECISION, LEDGER, System, WEEK_1, WEEK_2, WEEK_3, binary, index_with_1_0_0, refused},
};

const DAMAGED: &str = "security/findings/history/decisions/2026-01-01T000000Z-0123456789abcdef.json";

/// A release that is published and not recorded, beside a damaged decision of the past.
fn published() -> System {
    let system = System::scanned();
    publish(&system);
    system.project.write(DAMAGED, "{");
    system
}

/// Publishes a release for a secret that is found in the second week.
fn publish(system: &System) {
    let index = index_with_1_0_0();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let releases = system.releases(&index, WEEK_2);
    system.workflow_with_index(WEEK_2, releases).output().expect_success();
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
}

#[test]
fn another_decision_that_is_damaged_hinders_no_record() {
    let system = published();
    let outcome = system.record_release(WEEK_2).output().expect_success();
    assert!(outcome.stderr.contains(DAMAGED), "it is warned of: {}", outcome.stderr);
    assert_eq!((&outcome.json()["moved"], &outcome.json()["version"]), (&Value::Bool(true), &"1.0.1".into()));
    assert_eq!(system.project.text(DAMAGED), "{");
    assert_eq!(system.record_release(WEEK_2).output().expect_success().json()["moved"], false);
}

#[test]
fn the_published_decision_that_is_damaged_is_told_before_anything_is_written() {
    let system = published();
    std::fs::remove_file(system.project.join(DAMAGED)).unwrap();
    let id = system.project.json("receipt.json")["decision_id"].as_str().unwrap().to_owned();
    // Another decision takes its place, and it is damaged then.
    let ask = system.run_json("decide-release", WEEK_3).args(["--manual", "--notes", "x", "--index", "none"]);
    ask.output().expect_success();
    let kept = system.kept_decisions();
    assert!(kept.len() == 1 && kept[0].contains(&id[..16]), "{kept:?}");
    let file = format!("security/findings/history/decisions/{}", kept[0]);
    let whole = system.project.bytes(&file);
    system.project.write(&file, &whole[..whole.len() / 2]);
    let before = system.documents();
    refused(system.record_release(WEEK_3).output(), 3, &[&file, "restore it from git history"]);
    assert_eq!(system.documents(), before);
    system.project.write(&file, whole);
    system.record_release(WEEK_3).output().expect_success();
    assert!(system.kept_decisions().is_empty());
}

#[test]
fn a_damaged_decision_may_be_published_so_nothing_new_is_released_beside_it() {
    let system = System::scanned();
    system.project.write(DAMAGED, "{");
    assert_eq!(system.decide(WEEK_1)["should_release"], false);
    let before = system.project.bytes(BASELINE);
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    refused(system.workflow(WEEK_2).output(), 3, &[DAMAGED, "delete it where its release is recorded or never came"]);
    assert_eq!(system.project.bytes(BASELINE), before);
    std::fs::remove_file(system.project.join(DAMAGED)).unwrap();
    assert_eq!(system.decide(WEEK_2)["should_release"], true);
    // A decision that stands is no new one.
    system.project.write(DAMAGED, "{");
    assert_eq!(system.decide(WEEK_3)["should_release"], true);
}

#[test]
fn a_damaged_decision_is_not_healthy() {
    let system = System::scanned();
    system.project.write(DAMAGED, "{");
    let report = system.run_json("integration-orchestrator", WEEK_1).arg("health-check").output().expect_code(1).json();
    let part = &report["components"]["release_engine"];
    assert_eq!(part["state"], "unhealthy");
    assert!(part["message"].as_str().unwrap().contains(DAMAGED), "{part:#}");
}

#[test]
fn documents_on_which_nothing_can_be_decided_are_not_healthy() {
    let system = System::scanned();
    let older = system.project.bytes(LEDGER);
    publish(&system);
    system.record_release(WEEK_2).output().expect_success();
    let newest = system.project.bytes(LEDGER);
    let said = || {
        let health = system.run_json("integration-orchestrator", WEEK_2).arg("health-check").output();
        let part = health.json()["components"]["release_engine"].clone();
        let decided = system.run_json("decide-release", WEEK_2).args(["--index", "none"]).output();
        assert_eq!(health.code == Some(1), decided.code == Some(3), "{part:#}");
        assert_eq!(part["state"] == "unhealthy", decided.code == Some(3), "{part:#}");
        part["message"].as_str().unwrap().to_owned()
    };
    assert!(said().starts_with("last recorded release: 1.0.1;"));
    system.project.write(LEDGER, older);
    assert!(said().contains("it was put back to an older state"));
    for folder in ["docs/security-status", "security/findings/history"] {
        std::fs::remove_dir_all(system.project.join(folder)).unwrap();
    }
    std::fs::remove_file(system.project.join(LEDGER)).unwrap();
    assert_eq!(said(), format!("{LEDGER} is gone, but {BASELINE} is there"));
    system.project.write(LEDGER, newest);
    std::fs::remove_file(system.project.join(BASELINE)).unwrap();
    assert_eq!(said(), format!("{BASELINE} is gone, but {DECISION} was decided against one"));
}

/// A decision's document of which the findings cannot be read.
fn with_damaged_findings(decision: &str) -> String {
    let damaged = decision.replacen("\"discovered_date\":", "\"discovered\":", 1);
    assert_ne!(damaged, decision);
    damaged
}

#[test]
fn nothing_is_published_that_could_not_be_recorded() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let releases = system.releases(&index, WEEK_2);
    system.workflow_with_index(WEEK_2, releases).output().expect_success();
    let whole = system.project.text(DECISION);
    let without = whole.replacen("\"snapshot\": {", "\"snapshot\": null, \"was\": {", 1);
    for damaged in [with_damaged_findings(&whole), without] {
        system.project.write(DECISION, damaged);
        let stderr = system.publish("1.0.1", &index, WEEK_2).output().expect_code(3).stderr;
        assert!(stderr.contains(DECISION) && stderr.contains("at line"), "{stderr}");
        let health = system.run_json("integration-orchestrator", WEEK_2).arg("health-check").output().expect_code(1);
        assert_eq!(health.json()["components"]["release_engine"]["state"], "unhealthy");
    }
    assert!(index.uploads().is_empty());
    system.project.write(DECISION, whole);
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
}

#[test]
fn what_was_published_is_not_released_again_where_nothing_tells_what_it_carried() {
    let system = published();
    std::fs::remove_file(system.project.join(DAMAGED)).unwrap();
    system.project.write(DECISION, with_damaged_findings(&system.project.text(DECISION)));
    system.report("bandit.json", bandit(WEEK_3, &[Weakness::default()]));
    system.update_findings(WEEK_3).output().expect_success();
    let before = system.documents();
    let decide = system.run_json("decide-release", WEEK_3).args(["--index", "none"]);
    refused(decide.output(), 3, &[DECISION, "at line", "restore it from git history"]);
    assert_eq!(system.documents(), before);
}

#[test]
fn a_decision_that_is_damaged_beside_the_receipt_is_found_elsewhere() {
    let system = published();
    system.project.write("decision.json", with_damaged_findings(&system.project.text(DECISION)));
    assert_eq!(system.record_release(WEEK_2).output().expect_success().json()["moved"], true);
}

#[test]
fn a_decision_is_kept_though_a_damaged_file_has_its_name() {
    let system = System::scanned();
    let ask = |run: &str| {
        let run = system.run_json("decide-release", WEEK_2).env("GITHUB_RUN_ID", run);
        run.args(["--manual", "--notes", "x", "--index", "none"]).output().expect_success();
    };
    for run in ["7", "8", "7"] {
        ask(run);
    }
    let id = system.project.json(DECISION)["decision_id"].as_str().unwrap().to_owned();
    let whole = system.project.text(DECISION);
    let file = system.kept_decisions().into_iter().find(|name| name.contains(&id[..16])).unwrap();
    system.project.write(&format!("security/findings/history/decisions/{file}"), "{");
    ask("8");
    let kept = system.kept_decisions();
    let texts = kept.iter().map(|name| system.project.text(&format!("security/findings/history/decisions/{name}")));
    let texts: Vec<String> = texts.collect();
    assert!(texts.contains(&whole), "{texts:?}");
}

#[test]
fn the_first_scan_is_known_though_a_person_asked_for_the_first_release() {
    let system = System::scanned();
    for path in [BASELINE, DECISION] {
        std::fs::remove_file(system.project.join(path)).unwrap();
    }
    let ask = system.run_json("decide-release", WEEK_1).args(["--manual", "--notes", "x", "--index", "none"]);
    ask.output().expect_success();
    // As if the run had been killed between its two documents.
    std::fs::remove_file(system.project.join(BASELINE)).unwrap();
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    let decision = system.decide(WEEK_2);
    assert_eq!((&decision["should_release"], &decision["first_scan"]), (&true.into(), &Value::Null), "{decision:#}");
    assert_eq!(decision["security_changes_count"], 1);
}

#[cfg(unix)]
#[test]
fn a_kept_decision_that_is_a_link_is_one_that_cannot_be_read() {
    let system = System::scanned();
    system.project.write(DAMAGED, "");
    std::fs::remove_file(system.project.join(DAMAGED)).unwrap();
    std::os::unix::fs::symlink("elsewhere.json", system.project.join(DAMAGED)).unwrap();
    system.report("bandit.json", bandit(WEEK_2, &[Weakness::default()]));
    refused(system.workflow(WEEK_2).output(), 3, &[DAMAGED]);
}

#[test]
fn a_release_is_recorded_with_the_commit_of_its_tag() {
    let checkout = Checkout::empty();
    checkout.write("pyproject.toml", "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n");
    let tagged = checkout.commit_all("first");
    checkout.git(&["tag", "-a", "-m", "x", "v1.0.1"]);
    let newer = checkout.commit_all("second");
    let commit_of = |version: &str, more: &[&str]| {
        let receipt = json!({ "schema_version": "1.0", "project": "sample-package", "version": version,
            "index": "http://127.0.0.1/", "decision_id": null, "verified": true, "trial": false, "started_at": WEEK_1, "finished_at": WEEK_1,
            "files": [{ "file": "a.whl", "sha256": "00", "outcome": "uploaded", "attempts": 1, "bytes": 1, "seconds": 0.1 }] });
        checkout.write("receipt.json", receipt.to_string());
        // What a run began with is not what it built.
        let run = binary("integration-orchestrator").run().project(&checkout.path()).now(WEEK_1);
        let run = run.env("GITHUB_SHA", &newer).args(["record-release", "--receipt", "receipt.json"]);
        run.args(more).output().expect_success();
        let baseline: Value = serde_json::from_str(&checkout.text(BASELINE)).unwrap();
        baseline["commit"].clone()
    };
    assert_eq!(commit_of("1.0.1", &[]), tagged);
    assert_eq!(commit_of("1.0.2", &[]), Value::Null);
    assert_eq!(commit_of("1.0.3", &["--commit", &newer]), newer);
    for none in ["nope", &newer[..12], ""] {
        let run = binary("integration-orchestrator").run().project(&checkout.path()).now(WEEK_1);
        let said =
            run.args(["record-release", "--receipt", "receipt.json", "--commit", none]).output().expect_code(2).stderr;
        assert!(said.contains("full id"), "{said}");
    }
}
