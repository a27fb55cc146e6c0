//! The built binary on recorded reports.

mod advisories;
mod believed;
mod export;
mod import;
mod narrowed;
mod side_by_side;
mod silence;

use serde_json::{Value, json};
use test_support::{Run, Scratch, fixture, scratch::REPORTS};

const NOW: &str = "2023-07-24T04:00:00Z";

fn update_findings(project: &Scratch) -> Run {
    test_support::binary!("update-findings").run().project(project.path()).now(NOW).arg("--offline")
}

fn json(run: Run, code: i32) -> Value {
    run.args(["--format", "json"]).output().expect_code(code).json()
}

/// The sample project with one recorded trap as its only report.
fn with_trap(tool: &str, case: &str, file: &str) -> Scratch {
    let project = Scratch::sample();
    project.write(&format!("{REPORTS}/{file}"), fixture(&format!("traps/{tool}/{case}/{file}")));
    project
}

#[test]
fn a_week_s_reports_become_the_ledger_and_its_documents() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    let document = json(update_findings(&project), 0);
    assert_eq!(document["summary"]["total"], 3);
    assert_eq!(document["sync_results"]["added"], 3);
    for file in ["findings.json", "SECURITY_FINDINGS.md", "remediation-plans.yml", "history/events.ndjson"] {
        assert!(project.join(&format!("security/findings/{file}")).is_file(), "{file}");
    }
    assert_eq!(project.json("security/findings/findings.json")["findings"].as_array().map(Vec::len), Some(3));
}

#[test]
fn of_very_many_findings_the_worst_are_listed() {
    let project = Scratch::sample();
    let finding = |n: u32| {
        let severity = if n == 512 { "HIGH" } else { "LOW" };
        json!({
            "filename": "src/app.py", "line_number": n, "line_range": [n], "test_id": "B101", "test_name": "assert_used",
            "code": format!("{n} assert a{n}\n"), "issue_severity": severity, "issue_confidence": "HIGH", "issue_text": "Assert."
        })
    };
    let results: Vec<Value> = (1..=512).map(finding).collect();
    let report =
        json!({ "errors": [], "generated_at": NOW, "metrics": { "_totals": { "loc": 600 } }, "results": results });
    project.write(&format!("{REPORTS}/bandit.json"), report.to_string());

    let said = update_findings(&project).output().expect_success().stdout;
    let lines: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("512 open findings")).collect();
    assert!(lines[1].contains("high") && lines[1].contains("-512 in src/app.py"), "{said}");
    assert_eq!(lines.iter().filter(|line| line.contains(" in src/app.py")).count(), 500, "{said}");
    assert_eq!(lines[501], "  and 12 more: --format json lists every one");
    let document = json(update_findings(&project), 0);
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(512));
}

#[test]
fn reports_that_cannot_be_used_are_not_a_clean_project() {
    let project = Scratch::sample();
    project.write(&format!("{REPORTS}/notes.txt"), "no report");
    let said = update_findings(&project).output().expect_success().stdout;
    assert!(said.contains("Nothing is known") && !said.contains("No open findings"), "{said}");
}

#[test]
fn a_dry_run_says_what_it_would_do_and_writes_nothing() {
    let project = Scratch::sample();
    project.set_week("2023-07-24");
    let before = project.files();
    assert_eq!(json(update_findings(&project).arg("--dry-run"), 0)["summary"]["total"], 3);
    assert_eq!(project.files(), before);
}

#[test]
fn a_partial_scan_ends_with_1_only_where_that_is_asked() {
    let project = with_trap("pip-audit", "one-skipped", "pip-audit.json");
    assert_eq!(json(update_findings(&project), 0)["scans"][0]["coverage"], "partial");
    json(update_findings(&project).arg("--fail-on-incomplete"), 1);
}

#[test]
fn a_report_is_declared_where_neither_name_nor_content_tells() {
    let project = Scratch::sample();
    project.write(&format!("{REPORTS}/today.json"), "[]");
    assert_eq!(json(update_findings(&project), 0)["scans"][0]["coverage"], "failed");

    let declared = format!("detect-secrets={REPORTS}/today.json");
    let document = json(update_findings(&project).args(["--report", &declared]), 0);
    assert_eq!(document["scans"].as_array().map(Vec::len), Some(1), "the file is looked at once: {document:#}");
    assert_eq!(
        (&document["scans"][0]["scanner"], &document["scans"][0]["coverage"]),
        (&"detect-secrets".into(), &"complete".into())
    );
}

#[test]
fn a_declared_report_that_is_not_there_is_a_failed_one() {
    let project = Scratch::sample();
    let document = json(update_findings(&project).args(["--report", "bandit=nowhere.json"]), 1);
    assert_eq!(
        (&document["scans"][0]["file"], &document["scans"][0]["coverage"]),
        (&"nowhere.json".into(), &"failed".into())
    );
}

#[test]
fn wrong_usage_is_told_before_anything_is_read() {
    let project = Scratch::sample();
    for (arguments, says) in [
        (["--report", "pip-audit.json"], "FORMAT=FILE"),
        (["--report", "nessus=report.json"], "nessus"),
        (["--reports", "nowhere"], "nowhere"),
        (["--advisories", "nowhere"], "nowhere"),
    ] {
        let outcome = update_findings(&project).args(arguments).output().expect_code(2);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
    assert!(!project.join("security/findings/findings.json").exists());
}

#[test]
fn reports_in_the_encodings_of_other_systems_are_read() {
    let text = String::from_utf8(fixture("sample-project/weeks/2023-07-24/reports/pip-audit.json"))
        .expect("the recording is UTF-8");
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [format!("\u{feff}{text}").into_bytes(), utf16] {
        let project = Scratch::sample();
        project.write(&format!("{REPORTS}/pip-audit.json"), bytes);
        assert_eq!(json(update_findings(&project), 0)["summary"]["total"], 1);
    }
}
