//! Releases that were published and not recorded, and other ways in which what is known of releases is behind the truth.

use serde_json::Value;
use test_support::index::Index;

use crate::{
    scans::{Weakness, bandit, dependency, flaw, one_secret, pip_audit},
    system::{BASELINE, DECISION, LEDGER, System, WEEK_1, WEEK_2, WEEK_3, WEEK_4, index_with_1_0_0, refused, text},
};

/// A secret is the reason for 1.0.1, which is published; the receipt stayed on the machine that published it.
fn published_elsewhere() -> (System, Index) {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let document = decided(&system, &index, WEEK_2);
    assert_eq!(document["next_version"], "1.0.1");
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
    std::fs::remove_file(system.project.join("receipt.json")).unwrap();
    (system, index)
}

/// The decision of a `security-workflow` with what the index has.
#[track_caller]
fn decided(system: &System, index: &Index, now: &str) -> Value {
    let releases = system.releases(index, now);
    let document = system.workflow_with_index(now, releases).output().expect_success().json();
    document["release_decision"].clone()
}

fn manual(system: &System, index: &Index, run: &str, attempt: &str) -> Value {
    let releases = system.releases(index, WEEK_2);
    let run = system.run_json("decide-release", WEEK_2).env("GITHUB_RUN_ID", run).env("GITHUB_RUN_ATTEMPT", attempt);
    run.args(["--manual", "--notes", "Faster start", "--index", releases]).output().expect_success().json()
}

#[test]
fn a_change_without_weight_does_not_release_what_was_published() {
    let (system, index) = published_elsewhere();
    let weakness = Weakness { severity: "LOW", ..Weakness::default() };
    system.report("bandit.json", bandit(WEEK_3, &[weakness]));
    let decision = decided(&system, &index, WEEK_3);
    assert_eq!((&decision["should_release"], &decision["already_published"]), (&false.into(), &"1.0.1".into()));
    assert_eq!(decision["security_changes_count"], 1, "only what came after 1.0.1: {decision:#}");
}

#[test]
fn a_change_with_weight_is_released_without_what_was_published() {
    let (system, index) = published_elsewhere();
    system.report("bandit.json", bandit(WEEK_3, &[Weakness::default()]));
    let decision = decided(&system, &index, WEEK_3);
    assert_eq!((&decision["should_release"], &decision["next_version"]), (&true.into(), &"1.0.2".into()));
    assert_eq!(decision["security_changes_count"], 1, "{decision:#}");
    assert!(text(&decision["security_changes"][0], "finding_id").contains("B602"), "{decision:#}");
}

#[test]
fn the_end_of_what_was_published_is_a_change() {
    let (system, index) = published_elsewhere();
    system.clean_reports(WEEK_3);
    system.project.write("relwarden.toml", "[scanners.detect-secrets]\ntrust_empty = true\n");
    let decision = decided(&system, &index, WEEK_3);
    // The recorded baseline has neither the secret nor its end.
    assert_eq!(decision["security_changes"][0]["change_type"], "resolved", "{decision:#}");
    assert_eq!(decision["next_version"], "1.0.2");
}

#[test]
fn a_first_scan_of_another_scanner_does_not_release_what_was_published() {
    let (system, index) = published_elsewhere();
    let finding = serde_json::json!({ "matches": [{ "vulnerability": { "id": "GHSA-aaaa-bbbb-cccc", "severity": "High" },
        "artifact": { "name": "idna", "version": "3.7", "type": "python" } }], "source": {}, "descriptor": { "name": "grype" } });
    system.report("grype.json", finding.to_string());
    let decision = decided(&system, &index, WEEK_3);
    assert_eq!((&decision["should_release"], &decision["already_published"]), (&false.into(), &"1.0.1".into()));
}

#[test]
fn half_a_publish_goes_on_under_the_same_version() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let first = decided(&system, &index, WEEK_2);
    let sdist = test_support::fixture("sample-project/dist/sample_package-1.0.1.tar.gz");
    index.put("sample-package", "sample_package-1.0.1.tar.gz", &sdist);
    let again = decided(&system, &index, WEEK_3);
    assert_eq!((&again["decision_id"], &again["next_version"]), (&first["decision_id"], &"1.0.1".into()));
    let receipt = system.publish("1.0.1", &index, WEEK_3).output().expect_success().json();
    assert_eq!((&receipt["verified"], &receipt["decision_id"]), (&true.into(), &first["decision_id"]));
    system.record_release(WEEK_3).output().expect_success();
    assert_eq!(decided(&system, &index, WEEK_4)["should_release"], false);
}

#[test]
fn of_two_decisions_for_one_version_the_newer_one_counts_as_published() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    assert_eq!(decided(&system, &index, WEEK_2)["next_version"], "1.0.1");
    // Nothing was published, so the next decision takes the number over.
    system.report("bandit.json", bandit(WEEK_3, &[Weakness::default()]));
    assert_eq!(decided(&system, &index, WEEK_3)["next_version"], "1.0.1");
    assert_eq!(system.kept_decisions().len(), 1);
    system.publish("1.0.1", &index, WEEK_3).output().expect_success();
    std::fs::remove_file(system.project.join("receipt.json")).unwrap();

    let weak = Weakness { file: "src/sample_package/other.py", severity: "LOW", ..Weakness::default() };
    system.report("bandit.json", bandit(WEEK_4, &[Weakness::default(), weak]));
    let decision = decided(&system, &index, WEEK_4);
    assert_eq!((&decision["should_release"], &decision["security_changes_count"]), (&false.into(), &1.into()));
    assert_eq!(decision["already_published"], "1.0.1");
}

#[test]
fn another_attempt_of_a_run_is_the_same_request() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    let first = manual(&system, &index, "7", "1");
    assert_eq!(first["next_version"], "1.0.1");
    system.publish("1.0.1", &index, WEEK_2).output().expect_success();
    std::fs::remove_file(system.project.join("receipt.json")).unwrap();
    let again = manual(&system, &index, "7", "2");
    assert_eq!((&again["should_release"], &again["already_published"]), (&false.into(), &"1.0.1".into()));
    assert_eq!(again["decision_id"], first["decision_id"]);
    assert_eq!(manual(&system, &index, "8", "1")["next_version"], "1.0.2", "another run is another request");
}

#[test]
fn a_request_after_a_recorded_release_is_another_one() {
    let (system, index) = (System::scanned(), index_with_1_0_0());
    let ask = |now: &str| {
        let releases = system.releases(&index, now);
        let run = system.run_json("decide-release", now).args(["--manual", "--index", releases]);
        run.output().expect_success().json()
    };
    let first = ask(WEEK_2);
    system.release(&index, WEEK_2);
    let second = ask(WEEK_4);
    assert_eq!((&second["should_release"], &second["next_version"]), (&true.into(), &"1.0.2".into()));
    assert_ne!(second["decision_id"], first["decision_id"]);
}

#[test]
fn a_dropped_manual_decision_does_not_bring_a_published_reason_back() {
    let (system, index) = published_elsewhere();
    manual(&system, &index, "7", "1");
    let decision = decided(&system, &index, WEEK_3);
    assert_eq!((&decision["should_release"], &decision["already_published"]), (&false.into(), &"1.0.1".into()));
}

#[test]
fn a_manual_release_before_the_first_scan_is_no_lost_ledger() {
    let (system, index) = (System::new(), index_with_1_0_0());
    let releases = system.releases(&index, WEEK_1);
    let run =
        system.run("integration-orchestrator", WEEK_1).args(["manual-workflow", "--notes=hi", "--index", releases]);
    run.output().expect_success();
    system.release(&index, WEEK_1);
    system.clean_reports(WEEK_2);
    let first = decided(&system, &index, WEEK_2);
    assert_eq!(first["should_release"], false, "{first:#}");
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    assert_eq!(decided(&system, &index, WEEK_3)["next_version"], "1.0.2");
}

#[test]
fn a_ledger_that_was_put_back_gives_no_answer() {
    let system = System::scanned();
    let old = system.project.bytes(LEDGER);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.19.0", &[flaw("PYSEC-2023-74", &[])])]));
    let index = index_with_1_0_0();
    decided(&system, &index, WEEK_2);
    system.release(&index, WEEK_2);
    let now = system.project.bytes(LEDGER);
    system.project.write(LEDGER, &old);
    for binary in [&["decide-release", "--index", "none"][..], &["decide-release", "explain"], &["detect-changes"]] {
        let outcome = system.run(binary[0], WEEK_3).args(&binary[1..]).output();
        refused(outcome, 3, &["findings.json", "older"]);
    }
    // The next scan knows more than the release again.
    let decision = decided(&system, &index, WEEK_4);
    assert_eq!(decision["should_release"], false, "the flaw is still there: {decision:#}");
    system.project.write(LEDGER, now);
}

#[test]
fn another_policy_is_only_asked() {
    let system = System::new();
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.19.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.update_findings(WEEK_1).output().expect_success();
    system.project.write("other.toml", "first_scan = \"release\"\n");
    let ask = |arguments: &[&str]| {
        let run = system.run_json("decide-release", WEEK_1).args(["--index", "none"]).args(arguments);
        run.output().expect_success().json()["should_release"].clone()
    };
    let before = system.documents();
    assert_eq!(ask(&["--policy", "other.toml"]), true);
    assert_eq!(system.documents(), before, "nothing is written");
    assert_eq!(ask(&[]), false);
}

#[test]
fn a_baseline_lost_after_the_first_decision_is_begun_with_what_that_was_made_on() {
    let system = System::scanned();
    let baseline = system.project.json(BASELINE);
    std::fs::remove_file(system.project.join(BASELINE)).unwrap();
    system.report("secrets-scan.json", one_secret("src/settings.py", 3));
    let decision = system.decide(WEEK_2);
    assert_eq!(decision["should_release"], true, "{decision:#}");
    assert_eq!(system.project.json(BASELINE), baseline);
    // Where a release was compared with one, nothing can be said without it.
    std::fs::remove_file(system.project.join(BASELINE)).unwrap();
    for binary in [&["decide-release", "--index", "none"][..], &["decide-release", "explain"], &["detect-changes"]] {
        refused(system.run(binary[0], WEEK_3).args(&binary[1..]).output(), 3, &["baseline.json"]);
    }
}

#[test]
fn a_decision_that_is_read_back_says_the_same() {
    let system = System::new();
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.19.0", &[flaw("PYSEC-2023-74", &[])])]));
    let first = system.decide(WEEK_1);
    assert_eq!((&first["should_release"], &first["first_scan"]), (&false.into(), &true.into()));
    let run = system.run_json("decide-release", WEEK_1).args(["--index", "none", "--changes", DECISION]);
    let again = run.output().expect_success().json();
    assert_eq!(again["should_release"], false, "{again:#}");
    assert_eq!(again["justification"], first["justification"]);
}

#[test]
fn a_flaw_of_a_development_package_releases_when_the_package_is_needed_at_run_time() {
    let system = System::configured("dependencies = [\"idna\"]\n[tool.relwarden.release]\ndevelopment = \"ignore\"\n");
    let lock = "[[package]]\nname = \"idna\"\ndependencies = [{ name = \"certifi\" }]\n[[package]]\nname = \"certifi\"\n\
                [[package]]\nname = \"requests\"\n";
    system.project.write("uv.lock", lock);
    let index = index_with_1_0_0();
    system.clean_reports(WEEK_1);
    decided(&system, &index, WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.19.0", &[flaw("PYSEC-2023-74", &[])])]));
    assert_eq!(decided(&system, &index, WEEK_2)["should_release"], false);
    // Another release is recorded meanwhile, and the flaw becomes part of the baseline.
    manual(&system, &index, "7", "1");
    system.release(&index, WEEK_2);
    assert_eq!(decided(&system, &index, WEEK_3)["should_release"], false);
    let project = system.project.text("pyproject.toml").replace("[\"idna\"]", "[\"idna\", \"requests\"]");
    system.project.write("pyproject.toml", project);
    let decision = decided(&system, &index, WEEK_4);
    assert_eq!(decision["should_release"], true, "{decision:#}");
    assert_eq!(decision["security_changes"][0]["reason"], "scope_changed");
}
