//! Reports that were made in another place, at another time or of nothing.

use serde_json::{Value, json};
use test_support::{Outcome, Run, Scratch, scratch::REPORTS};

/// The runs of these tests lie after the files that they write.
const WEEK_1: &str = "2096-01-02T04:00:00Z";
const WEEK_2: &str = "2096-01-09T04:00:00Z";

fn project(dependencies: &str) -> Scratch {
    let project = Scratch::empty();
    project.write(
        "pyproject.toml",
        format!("[project]\nname = \"sample\"\nversion = \"1.0\"\ndependencies = [{dependencies}]\n"),
    );
    project
}

fn run(project: &Scratch, now: &str) -> Run {
    test_support::binary!("update-findings").run().project(project.path()).now(now).arg("--offline")
}

fn document(project: &Scratch, now: &str) -> Value {
    run(project, now).args(["--format", "json"]).output().expect_success().json()
}

fn said(project: &Scratch, now: &str) -> Outcome {
    run(project, now).output().expect_success()
}

fn report(project: &Scratch, file: &str, report: &Value) {
    project.write(&format!("{REPORTS}/{file}"), report.to_string());
}

/// A report of detect-secrets with secrets at lines of files.
fn secrets(places: &[(&str, u32)]) -> Value {
    let mut results = serde_json::Map::new();
    for (path, line) in places {
        let found = json!({"type": "Secret Keyword", "hashed_secret": format!("{:040x}", line), "line_number": line});
        results
            .entry(*path)
            .or_insert_with(|| json!([]))
            .as_array_mut()
            .into_iter()
            .for_each(|list| list.push(found.clone()));
    }
    json!({
        "version": "1.5.0",
        "plugins_used": [{"name": "KeywordDetector"}],
        "filters_used": [],
        "results": results,
        "generated_at": "2026-01-05T03:00:00Z",
    })
}

/// A report of bandit with one finding in the first of these files.
fn bandit(files: &[&str]) -> Value {
    let metrics: serde_json::Map<String, Value> = files
        .iter()
        .map(|file| ((*file).to_owned(), json!({"loc": 10, "SEVERITY.HIGH": 0})))
        .chain([("_totals".to_owned(), json!({"loc": 10}))])
        .collect();
    json!({
        "errors": [],
        "generated_at": "2026-01-05T03:00:00Z",
        "metrics": metrics,
        "results": [{
            "code": "2 hashlib.md5(x)\n", "filename": files[0], "issue_confidence": "HIGH", "issue_severity": "HIGH",
            "issue_text": "Use of weak MD5 hash", "line_number": 2, "line_range": [2], "test_id": "B324", "test_name": "hashlib"
        }],
    })
}

fn paths(document: &Value) -> Vec<&str> {
    document["findings"].as_array().into_iter().flatten().filter_map(|f| f["path"].as_str()).collect()
}

#[test]
fn what_scanners_find_in_our_own_files_is_no_finding() {
    let project = project("");
    project.write("src/a.py", "password = 'hunter2'\n");
    let own = [
        ("security/findings/baseline.json", 3),
        ("security/findings/history/scans/2026-01-05T060000Z.json", 2),
        ("docs/security-status/index.html", 5),
        ("metrics/workflow-x.json", 1),
        ("security/reports/latest/secrets-scan.json", 9),
    ];
    let all: Vec<(&str, u32)> = own.into_iter().chain([("src/a.py", 1), ("metrics/collect.py", 4)]).collect();
    report(&project, "secrets-scan.json", &secrets(&all));
    let document = document(&project, WEEK_1);
    assert_eq!(paths(&document), ["src/a.py", "metrics/collect.py"]);
    let warnings = document["warnings"].to_string();
    assert!(warnings.contains("5 findings in this program's own files"), "{warnings}");
}

#[test]
fn paths_of_a_run_elsewhere_are_those_of_the_project() {
    let project = project("");
    project.write("src/pkg/sub/a.py", "x\nhashlib.md5(x)\n");
    project.write("src/pkg/sub/b.py", "x\n");
    project.write("tests/a.py", "x\n");
    report(&project, "bandit.json", &bandit(&["src/pkg/sub/a.py", "src/pkg/sub/b.py"]));
    assert_eq!(paths(&document(&project, WEEK_1)), ["src/pkg/sub/a.py"]);
    let absolute = |file: &str| project.join(file).to_string_lossy().into_owned();
    let a = absolute("src/pkg/sub/a.py");
    for files in [
        vec![a.as_str(), &absolute("src/pkg/sub/b.py")],
        vec!["./a.py", "./b.py"],
        vec![".\\sub\\a.py", ".\\sub\\b.py"],
        vec!["/builds/group/other/src/pkg/sub/a.py"],
    ] {
        report(&project, "bandit.json", &bandit(&files));
        let document = document(&project, WEEK_2);
        assert_eq!(paths(&document), ["src/pkg/sub/a.py"], "{files:?}");
        assert_eq!(document["findings"][0]["status"], "open", "{files:?}");
    }
    // What lies outside is told by its last parts alone.
    report(
        &project,
        "bandit.json",
        &bandit(&[&format!("/{}/alice/work/venv/lib/python3/site-packages/pkg/c.py", "home")]),
    );
    let text = document(&project, WEEK_2).to_string() + &project.text("security/findings/SECURITY_FINDINGS.md");
    assert!(text.contains("pkg/c.py") && !text.contains("alice"), "{text}");
    let root = project.path().to_string_lossy().into_owned();
    let documents =
        ["findings.json", "SECURITY_FINDINGS.md"].map(|file| project.text(&format!("security/findings/{file}")));
    assert!(documents.iter().all(|text| !text.contains(root.trim_start_matches('/'))));
}

#[test]
fn a_path_that_several_files_end_with_stays_as_it_is() {
    let project = project("");
    for file in ["src/one/a.py", "src/two/a.py"] {
        project.write(file, "x\nhashlib.md5(x)\n");
    }
    report(&project, "bandit.json", &bandit(&["a.py"]));
    assert_eq!(paths(&document(&project, WEEK_1)), ["a.py"]);
}

#[test]
fn a_report_that_nobody_wrote_again_is_no_new_scan() {
    let project = project("");
    let clean = json!({"dependencies": [{"name": "requests", "version": "2.31.0", "vulns": []}], "fixes": []});
    report(&project, "pip-audit.json", &clean);
    assert_eq!(document(&project, WEEK_1)["scans"][0]["reasons"], json!([]));
    let again = said(&project, WEEK_2);
    assert!(again.stderr.contains("taken in at 2096-01-02T04:00:00Z"), "{}", again.stderr);
    let scanner = &project.json("security/findings/findings.json")["scanners"]["pip-audit"];
    assert_eq!((&scanner["last_usable"], &scanner["last_complete"]), (&json!(WEEK_1), &json!(WEEK_1)));
    // With a clock that is behind the file's time, nothing can be told.
    let behind = self::project("");
    report(&behind, "pip-audit.json", &clean);
    for now in ["2020-01-01T04:00:00Z", "2020-01-08T04:00:00Z"] {
        assert_eq!(document(&behind, now)["scans"][0]["reasons"], json!([]));
    }
}

#[test]
fn a_declared_dependency_is_not_gone_because_another_environment_was_scanned() {
    let project = project("\"requests\", \"tomli; python_version < '3.11'\"");
    let flaw = |name: &str, id: &str| json!({"name": name, "version": "1.0", "vulns": [{"id": id, "fix_versions": ["2.0"], "aliases": [], "description": "d"}]});
    let with_flaws =
        json!({"dependencies": [flaw("requests", "CVE-2026-0001"), flaw("tomli", "CVE-2026-0002")], "fixes": []});
    report(&project, "pip-audit.json", &with_flaws);
    document(&project, WEEK_1);
    report(
        &project,
        "pip-audit.json",
        &json!({"dependencies": [{"name": "pip", "version": "24.0", "vulns": []}], "fixes": []}),
    );
    let document = document(&project, WEEK_2);
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(1), "{document:#}");
    assert_eq!(
        (&document["findings"][0]["package"], &document["findings"][0]["status"]),
        (&json!("requests"), &json!("unverified"))
    );
    assert_eq!(document["scans"][0]["coverage"], "complete");
    assert!(document["scans"][0]["reasons"].to_string().contains("it leaves out requests"), "{document:#}");
}

#[test]
fn secrets_that_are_still_in_their_files_are_not_resolved_by_an_empty_report() {
    let project = project("");
    project.write("src/a.py", "user = 'me'\npassword = 'hunter2'\n");
    project.write("deploy/app.env", "TOKEN=hunter2hunter2hunter2\n");
    let found = || secrets(&[("src/a.py", 2), ("deploy/app.env", 1)]);
    report(&project, "secrets-scan.json", &found());
    document(&project, WEEK_1);
    let ledger = project.text("security/findings/findings.json");
    assert!(!ledger.contains("hunter2"), "{ledger}");
    report(&project, "secrets-scan.json", &secrets(&[]));
    let silent = document(&project, WEEK_2);
    let unverified = |document: &Value| document["summary"]["unverified"].clone();
    assert_eq!((&silent["scans"][0]["coverage"], unverified(&silent)), (&json!("filtered"), json!(2)));
    assert!(!silent["scans"][0]["reasons"].to_string().contains("a.py"), "where a secret is stays here");
    // Rotated: the lines no longer hold a text of their own.
    project.write("src/a.py", "user = 'me'\npassword = os.environ['PASSWORD']\n");
    project.write("deploy/app.env", "TOKEN=${TOKEN}\n");
    assert_eq!(document(&project, "2096-01-10T04:00:00Z")["summary"]["total"], 0);
}

#[test]
fn an_empty_file_is_not_praised() {
    let project = project("");
    project.write(&format!("{REPORTS}/pip-audit.json"), "");
    for now in [WEEK_1, WEEK_2] {
        let outcome = said(&project, now);
        assert!(outcome.stderr.contains("it holds nothing"), "{}", outcome.stderr);
    }
    assert!(project.text("security/findings/SECURITY_FINDINGS.md").contains("it holds nothing"));
}

#[test]
fn a_folder_that_is_given_twice_is_read_once_and_none_is_said() {
    let project = project("");
    report(&project, "bandit.json", &bandit(&["a.py"]));
    let twice = run(&project, WEEK_1).args(["--reports", REPORTS, "--reports", "security/reports/../reports/latest"]);
    let document = twice.args(["--format", "json"]).output().expect_success().json();
    assert_eq!(document["scans"].as_array().map(Vec::len), Some(1), "{document:#}");
    let empty = self::project("");
    assert!(said(&empty, WEEK_1).stderr.contains("there is no report in security/reports/latest"));
}

#[test]
fn a_folder_among_the_reports_is_named() {
    let project = project("");
    report(&project, "bandit.json", &bandit(&["a.py"]));
    report(&project, "sast/semgrep.json", &json!({}));
    project.write(&format!("{REPORTS}/empty/.gitkeep"), "");
    let document = document(&project, WEEK_1);
    assert_eq!(document["scans"].as_array().map(Vec::len), Some(1), "{document:#}");
    let warnings: Vec<&str> = document["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let named: Vec<&&str> =
        warnings.iter().filter(|warning| warning.contains("is a folder among the reports")).collect();
    assert!(matches!(named[..], [one] if one.contains("latest/sast") && one.contains("--reports")), "{warnings:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_is_read_whatever_bytes_its_name_has() {
    use std::os::unix::ffi::OsStrExt as _;

    let project = project("");
    report(&project, "bandit.json", &bandit(&["a.py"]));
    let odd = project.join(REPORTS).join(std::ffi::OsStr::from_bytes(b"bandit-\xff.json"));
    let usual = project.join(&format!("{REPORTS}/bandit.json"));
    std::fs::copy(&usual, odd).unwrap();
    std::fs::remove_file(usual).unwrap();
    let document = document(&project, WEEK_1);
    assert_eq!(document["scans"][0]["coverage"], "complete", "{document:#}");
    assert_eq!(document["scans"][0]["file"], "security/reports/latest/bandit-\u{fffd}.json");
}

#[test]
fn a_missing_scanner_is_named_without_a_report() {
    let project = project("");
    project.write("relwarden.toml", "[scanners]\nrequired = [\"pip_audit\"]\n");
    report(&project, "bandit.json", &bandit(&["a.py"]));
    let missing = run(&project, WEEK_1).output().expect_code(1);
    assert!(missing.stderr.contains("warning: pip-audit is missing: "), "{}", missing.stderr);
    assert!(!missing.stdout.contains("()"), "{}", missing.stdout);
    project.write("relwarden.toml", "[scanners]\nrequired = [\"pip-adit\"]\n");
    let refused = run(&project, WEEK_1).output().expect_code(2);
    assert!(refused.stderr.contains("did you mean \"pip-audit\""), "{}", refused.stderr);
}

#[test]
fn a_statement_about_the_project_itself_excepts_the_flaw_in_what_it_is_made_of() {
    let project = project("");
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2096-01-01T00:00:00Z",
        "statements": [{"vulnerability": {"name": "CVE-2018-18074"}, "products": [{"@id": "pkg:pypi/sample@1.0"}], "status": "not_affected"}],
    });
    report(&project, "v.openvex.json", &vex);
    let audit = |version: &str, vulns: Value| json!({"dependencies": [{"name": "requests", "version": version, "vulns": vulns}]});
    let flaw = json!([{"id": "PYSEC-2018-28", "aliases": ["CVE-2018-18074"], "fix_versions": []}]);
    let standing = |now: &str| {
        let document = run(&project, now).args(["--format", "json"]).output().json();
        let findings = document["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().map(|f| format!("{} {}", f["package"], f["status"]).replace('"', "")).collect::<Vec<_>>()
    };
    report(&project, "pip-audit.json", &audit("2.19", flaw.clone()));
    assert_eq!(standing(WEEK_1), ["requests excepted"]);
    project.write(&format!("{REPORTS}/pip-audit.json"), "{");
    assert_eq!(standing(WEEK_2), ["requests excepted"], "a scan that failed takes nothing back");
    report(&project, "pip-audit.json", &audit("2.20", json!([])));
    assert_eq!(standing("2096-01-16T04:00:00Z"), [""; 0], "it is mended");
    project.write("pyproject.toml", "[project]\nname = \"sample\"\nversion = \"1.1\"\n");
    report(&project, "pip-audit.json", &audit("2.19", flaw));
    let later = standing("2096-01-23T04:00:00Z");
    assert!(later.contains(&"requests open".to_owned()), "the statement is of version 1.0: {later:?}");
}

#[test]
fn a_report_of_an_unknown_tool_ends_and_spoils_nothing() {
    let project = project("");
    report(&project, "secrets-scan.json", &secrets(&[("a.py", 3), ("b.py", 3)]));
    let package = json!({"name": "requests", "version": "2.19", "ecosystem": "PyPI"});
    let packages = json!([{"package": package, "vulnerabilities": [{"id": "GHSA-x84v-xcm2-53pg"}]}]);
    report(&project, "osv-scanner.json", &json!({"results": [{"source": {}, "packages": packages}]}));
    document(&project, WEEK_1);
    project.clear_reports();
    report(&project, "secrets-scan.json", &secrets(&[("b.py", 3)]));
    report(&project, "tfsec.json", &json!({"results": [{"rule_id": "AVD-AWS-0001", "severity": "HIGH"}]}));
    report(
        &project,
        "checkov.json",
        &json!({"check_type": "terraform", "results": {"failed_checks": [{}]}, "summary": {}}),
    );
    let document = run(&project, WEEK_2).args(["--format", "json"]).output().expect_code(1).json();
    let scans = document["scans"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = scans.iter().map(|s| format!("{} {}", s["scanner"], s["coverage"]).replace('"', "")).collect();
    assert_eq!(told, ["detect-secrets complete", "osv-scanner missing", "unknown failed", "unknown failed"]);
    let open: Vec<_> = document["findings"].as_array().into_iter().flatten().map(|f| f["status"].clone()).collect();
    assert_eq!(open, ["unverified", "open"], "the flaw is unverified, one secret is gone: {}", document["findings"]);
}
