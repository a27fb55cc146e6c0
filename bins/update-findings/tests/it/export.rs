//! `update-findings export` through the binary.

use serde_json::{Value, json};
use test_support::{Run, Scratch};

use super::{json as json_of, update_findings};

/// The sample project after its first week: one flaw in requests, two weaknesses in the code.
fn first_week() -> Scratch {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    json_of(update_findings(&project), 0);
    project
}

fn export(project: &Scratch, to: &str) -> Run {
    update_findings(project).args(["export", "--to", to])
}

#[test]
fn every_format_goes_to_stdout_and_is_the_same_twice() {
    let project = first_week();
    let before = project.files();
    for to in ["sarif", "cyclonedx-vex", "openvex", "csv", "ndjson"] {
        let first = export(&project, to).output().expect_code(0).stdout;
        assert!(!first.is_empty() && first == export(&project, to).output().expect_code(0).stdout, "{to}");
    }
    assert_eq!(project.files(), before, "nothing of the project changes");
}

#[test]
fn a_file_is_written_and_the_result_says_what_is_in_it() {
    let project = first_week();
    let run = export(&project, "openvex").args(["--output", "out/vex.json"]);
    let report = json_of(run, 0);
    assert_eq!((&report["schema_version"], &report["findings"]), (&json!("1.0"), &json!(1)));
    assert_eq!(report["written"], json!(["out/vex.json"]));
    assert_eq!(report["left_out"], json!([{"count": 2, "reason": "the format speaks about vulnerabilities only"}]));
    let vex = project.json("out/vex.json");
    assert_eq!(vex["statements"][0]["status"], "under_investigation");
    assert_eq!(vex["statements"][0]["products"][0]["subcomponents"][0]["@id"], "pkg:pypi/requests@2.30.0");
}

#[test]
fn a_plan_speaks_in_the_statement() {
    let project = first_week();
    let path = "security/findings/remediation-plans.yml";
    let plans = project.text(path).replacen("planned_action: Under evaluation", "planned_action: Upgrade soon", 3);
    project.write(path, plans);
    let vex = export(&project, "openvex").output().expect_code(0).json();
    assert_eq!(vex["statements"][0]["action_statement"], "Upgrade soon");
}

#[test]
fn sarif_stands_against_the_released_baseline() {
    let project = first_week();
    let ledger = project.json("security/findings/findings.json");
    let mut findings = ledger["findings"].as_array().cloned().unwrap_or_default();
    findings.retain(|f| f["kind"] != "vulnerability");
    findings[0]["severity"] = "critical".into();
    let baseline = json!({
        "schema_version": "1.0", "lineage": ledger["lineage"], "version": "1.0.0", "decision_id": null,
        "recorded_at": "2023-07-20T00:00:00Z", "scanners": ledger["scanners"], "findings": findings,
    });
    project.write("security/findings/baseline.json", baseline.to_string());
    let sarif = export(&project, "sarif").output().expect_code(0).json();
    let mut states: Vec<(String, String)> =
        results(&sarif).iter().map(|r| (text(&r["properties"]["finding_id"]), text(&r["baselineState"]))).collect();
    states.sort();
    let states: Vec<&str> = states.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["updated", "unchanged", "new"]);
    let uri = |r: &Value| text(&r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]);
    let mut uris: Vec<String> = results(&sarif).iter().map(uri).collect();
    uris.sort();
    assert_eq!(uris, ["requirements.txt", "src/sample_package/fetch.py", "src/sample_package/fetch.py"]);
}

#[test]
fn a_scanner_that_failed_is_told_on_every_channel() {
    let project = first_week();
    project.set_week("2023-08-28");
    json_of(update_findings(&project).now("2023-08-28T04:00:00Z"), 1);
    let outcome = export(&project, "sarif").output().expect_code(0);
    assert!(outcome.stderr.contains("not everything was scanned: pip-audit"), "{}", outcome.stderr);
    let sarif = outcome.json();
    let runs = sarif["runs"].as_array().cloned().unwrap_or_default();
    let run = runs.iter().find(|r| r["automationDetails"]["id"] == "relwarden/pip-audit/");
    assert_eq!(run.map(|r| &r["invocations"][0]["executionSuccessful"]), Some(&json!(false)));
}

#[test]
fn findings_are_chosen_by_status() {
    let project = first_week();
    let count =
        |arguments: &[&str]| export(&project, "ndjson").args(arguments).output().expect_code(0).stdout.lines().count();
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--status", "resolved,excepted"]), 0);
    assert_eq!(count(&["--status", "open"]), 3);
    assert_eq!(count(&["--include-resolved"]), 3);
}

#[test]
fn wrong_usage_and_damaged_documents_have_their_codes() {
    let project = Scratch::sample();
    let outcome = export(&project, "sarif").output().expect_code(2);
    assert!(outcome.stderr.contains("run update-findings first"), "{}", outcome.stderr);
    let project = first_week();
    for arguments in [&["--status", "gone"][..], &["--format", "json"]] {
        export(&project, "csv").args(arguments).output().expect_code(2);
    }
    update_findings(&project).args(["export", "--to", "xlsx"]).output().expect_code(2);
    project.write("out", "");
    export(&project, "csv").args(["--output", "out/x.csv"]).output().expect_code(4);
    project.write("security/findings/findings.json", "{");
    export(&project, "csv").output().expect_code(3);
}

#[test]
fn a_project_that_never_had_a_flaw_has_no_openvex_document() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    project.write(
        "security/reports/latest/pip-audit.json",
        r#"{"dependencies": [{"name": "requests", "version": "2.31.0", "vulns": []}], "fixes": []}"#,
    );
    json_of(update_findings(&project), 0);
    let outcome = export(&project, "openvex").args(["--output", "vex.json"]).output().expect_code(0);
    assert!(outcome.stderr.contains("cannot say that there is nothing"), "{}", outcome.stderr);
    assert!(!project.join("vex.json").exists());
}

fn results(sarif: &Value) -> Vec<Value> {
    let runs = sarif["runs"].as_array().cloned().unwrap_or_default();
    runs.iter().flat_map(|run| run["results"].as_array().cloned().unwrap_or_default()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
