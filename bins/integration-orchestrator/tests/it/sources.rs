//! The workflow asks the advisory service that its configuration names, and runs to its end when that fails.

use serde_json::{Value, json};
use test_support::{
    Scratch,
    osv::{Fault, Osv},
    scratch::REPORTS,
};

fn workflow(project: &Scratch, now: &str) -> Value {
    let run = test_support::binary!("integration-orchestrator").run().project(project.path()).now(now).online();
    let run = run.env("RELWARDEN_CACHE_DIR", project.join("cache"));
    run.args(["security-workflow", "--index", "none", "--format", "json"]).output().expect_success().json()
}

#[test]
fn a_workflow_looks_severities_up_and_lives_without() {
    let project = Scratch::sample();
    let osv = Osv::start();
    let vulnerability = json!({"id": "PYSEC-2024-1", "fix_versions": [], "aliases": []});
    let report = json!({"dependencies": [{"name": "demo", "version": "1.0", "vulns": [vulnerability]}], "fixes": []});
    project.write(&format!("{REPORTS}/pip-audit.json"), report.to_string());
    project.write("relwarden.toml", format!("[advisories]\nosv_url = \"{}\"\n", osv.url()));
    let record = json!({
        "id": "PYSEC-2024-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "demo"}}],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    });
    osv.put("PYSEC-2024-1", record.to_string());
    let severity = || project.json("security/findings/findings.json")["findings"][0]["severity"].clone();

    assert_eq!(workflow(&project, "2026-01-05T03:00:00Z")["warnings"], json!([]));
    assert_eq!(severity(), "critical");
    osv.fail_always(Fault::Status(403));
    let report = workflow(&project, "2026-01-12T03:00:00Z");
    assert_eq!((&report["success"], severity()), (&json!(true), json!("critical")));
    assert_eq!(report["warnings"].as_array().map(Vec::len), Some(2), "no answer, and an old one: {report:#}");
    assert_eq!(report["release_decision"]["should_release"], json!(false));
}
